//! INSERT … VALUES / SELECT, and INSERT OVERWRITE.
//! Multi-table INSERT is in `insert_all`.

use std::sync::Arc;

use sqlparser::ast;

use super::state::RELATION;
use super::write::{Target, check_not_null, consume, table_of};
use super::{Completion, Session};
use crate::catalog::{Object, TableData};
use crate::error::{Result, SqlError};
use crate::functions::Typed;
use crate::plan::{Binder, CastMode, Relation};
use crate::types::SqlType;

/// A number as it is written, with or without a sign.
fn is_number(e: &ast::Expr) -> bool {
    match e {
        ast::Expr::Value(v) => matches!(v.value, ast::Value::Number(..)),
        ast::Expr::UnaryOp {
            op: ast::UnaryOperator::Minus | ast::UnaryOperator::Plus,
            expr,
        } => is_number(expr),
        _ => false,
    }
}

impl Session {
    pub(super) async fn insert(
        &mut self,
        i: &ast::Insert,
        parameters: &[Typed],
    ) -> Result<Completion> {
        for (what, given) in [
            ("INSERT … ON CONFLICT", i.on.is_some()),
            ("INSERT … RETURNING", i.returning.is_some()),
            ("INSERT … SET", !i.assignments.is_empty()),
            ("INSERT … PARTITION", i.partitioned.is_some()),
        ] {
            if given {
                return Err(SqlError::unsupported(what));
            }
        }
        if let Some(kind) = &i.multi_table_insert_type {
            return self.insert_all(i, kind, parameters).await;
        }
        let ast::TableObject::TableName(table) = &i.table else {
            return Err(SqlError::unsupported(
                "INSERT into something that is no table",
            ));
        };
        let (name, _) = self.table(table)?;
        let names: Vec<String> = i
            .columns
            .iter()
            .filter_map(|c| {
                c.0.last()
                    .and_then(|p| p.as_ident())
                    .map(|id| self.dialect().fold(id))
            })
            .collect();
        let mut attempts = 0;
        loop {
            let mut t = self.view()?;
            let entry = table_of(&t, &name)?;
            let (plan, identities, scanned, streams, given) = {
                let variables = self.variables.clone();
                let lookup = move |n: &str| variables.get(n).cloned();
                let mut b = self.binder(self.env(), &t, parameters);
                b.variables = Some(&lookup);
                let mut given = b.target_columns(&entry.def, &names)?;
                let source = match &i.source {
                    None => {
                        given.clear();
                        Relation {
                            plan: datafusion::logical_expr::LogicalPlanBuilder::empty(true)
                                .build()?,
                            columns: vec![],
                        }
                    }
                    Some(q) => match plain_values(q) {
                        Some(rows) => {
                            let owned = defaulted(&rows, &entry.def, &mut given);
                            let rows = match &owned {
                                Some(rows) => rows.iter().map(Vec::as_slice).collect(),
                                None => rows,
                            };
                            let width = rows.first().map_or(0, |r| r.len());
                            // Fewer values than columns fill the first columns, when no columns are named.
                            if names.is_empty()
                                && width < given.len()
                                && self.dialect().name() == crate::dialect::DialectName::Redshift
                            {
                                given.truncate(width);
                            }
                            b.insert_values(&rows, &entry.def, &given)?
                        }
                        None => {
                            let r = b.query_relation(q)?;
                            if names.is_empty()
                                && r.columns.len() < given.len()
                                && self.dialect().name() == crate::dialect::DialectName::Redshift
                            {
                                given.truncate(r.columns.len());
                            }
                            r
                        }
                    },
                };
                for g in &given {
                    let c = &entry.def.columns[*g];
                    if c.identity.as_ref().is_some_and(|id| id.always) {
                        return Err(SqlError::raw(
                            "",
                            "42601",
                            format!(
                                "cannot set an identity column to a value: column \"{}\"",
                                c.name
                            ),
                        ));
                    }
                }
                let (plan, identities) = b.fit(source, &entry.def, &given)?;
                let streams = std::mem::take(&mut b.streams);
                (plan, identities, b.scanned_rows, streams, given)
            };
            consume(&mut t, &streams);
            let rows = match self.rows_for(&plan, scanned, &entry).await {
                Ok(rows) => rows,
                Err(e) => {
                    return Err(self
                        .failing_column(e, &plan, scanned, (&name, &entry), &given)
                        .await);
                }
            };
            let rows = self.fill_identities(&t, &name, &entry, &identities, rows)?;
            check_not_null(&entry.def, &rows)?;
            let n: usize = rows.iter().map(arrow::array::RecordBatch::num_rows).sum();
            let data = if i.overwrite {
                TableData::new(Arc::clone(&entry.data.schema), rows)
            } else {
                entry.data.append(rows)?
            };
            t.set_object(
                RELATION,
                &name,
                Some(Object::Table(Arc::new(entry.with_data(data)))),
            )?;
            if self.settle(t, &mut attempts)? {
                return Ok(Completion {
                    inserted: n as u64,
                    ..Completion::of("INSERT", &name.name)
                });
            }
        }
    }
}

/// The rows of a bare VALUES clause.
pub(super) fn plain_values(q: &ast::Query) -> Option<Vec<&[ast::Expr]>> {
    if q.with.is_some() || q.order_by.is_some() || q.limit_clause.is_some() || q.fetch.is_some() {
        return None;
    }
    match q.body.as_ref() {
        ast::SetExpr::Values(v) => Some(v.rows.iter().map(|r| r.as_slice()).collect()),
        _ => None,
    }
}

/// Fails for a value with a query in it, which Snowflake's VALUES does not take.
fn no_query(e: &ast::Expr) -> Result<()> {
    use std::ops::ControlFlow;
    let found = ast::visit_expressions(e, |e: &ast::Expr| {
        if matches!(
            e,
            ast::Expr::Subquery(_) | ast::Expr::Exists { .. } | ast::Expr::InSubquery { .. }
        ) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    match found {
        ControlFlow::Break(()) => Err(SqlError::raw(
            "002014",
            "22000",
            format!("SQL compilation error:\nInvalid expression [{e}] in VALUES clause"),
        )),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// DEFAULT as a value.
/// DEFAULT in every row gives an identity column its next values, as if the column were not named: the rows
/// without it, and the columns that are left. None when there is no such column.
fn defaulted(
    rows: &[&[ast::Expr]],
    def: &crate::catalog::TableDef,
    given: &mut Vec<usize>,
) -> Option<Vec<Vec<ast::Expr>>> {
    let left_out: Vec<usize> = (0..given.len())
        .filter(|i| {
            def.columns[given[*i]].identity.is_some()
                && rows
                    .iter()
                    .all(|r| r.len() == given.len() && is_default(&r[*i]))
        })
        .collect();
    if left_out.is_empty() || left_out.len() == given.len() {
        return None;
    }
    let keep = |i: &usize| !left_out.contains(i);
    let rows = rows
        .iter()
        .map(|r| {
            (0..r.len())
                .filter(|i| keep(i))
                .map(|i| r[i].clone())
                .collect()
        })
        .collect();
    *given = (0..given.len())
        .filter(|i| keep(i))
        .map(|i| given[i])
        .collect();
    Some(rows)
}

fn is_default(e: &ast::Expr) -> bool {
    matches!(e, ast::Expr::Identifier(i) if i.quote_style.is_none() && i.value.eq_ignore_ascii_case("default"))
        || matches!(e, ast::Expr::Function(f) if f.name.to_string().eq_ignore_ascii_case("default") && matches!(f.args, ast::FunctionArguments::None))
}

impl Binder<'_> {
    /// The rows of INSERT … VALUES, each value as its column's type, DEFAULT resolved.
    pub(super) fn insert_values(
        &mut self,
        rows: &[&[ast::Expr]],
        def: &crate::catalog::TableDef,
        given: &[usize],
    ) -> Result<Relation> {
        use datafusion::common::Column;
        use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
        let mut out = Vec::with_capacity(rows.len());
        // Snowflake gives a column of VALUES one type: beside a number, a text is read as a number.
        let numeric: Vec<bool> = (0..given.len())
            .map(|i| {
                self.env.dialect == crate::dialect::DialectName::Snowflake
                    && def.columns[given[i]].ty.is_text()
                    && rows.iter().any(|r| r.get(i).is_some_and(is_number))
            })
            .collect();
        for row in rows {
            if row.len() != given.len() {
                return Err(match self.env.dialect {
                    crate::dialect::DialectName::Snowflake => SqlError::raw(
                        "002020",
                        "21S01",
                        format!(
                            "SQL compilation error:\nInsert value list does not match column list expecting {} but got {}",
                            given.len(),
                            row.len()
                        ),
                    ),
                    crate::dialect::DialectName::Redshift => SqlError::raw(
                        "",
                        "42601",
                        if row.len() > given.len() {
                            "INSERT has more expressions than target columns"
                        } else {
                            "INSERT has more target columns than expressions"
                        },
                    ),
                });
            }
            let mut values: Vec<Expr> = Vec::with_capacity(row.len());
            for ((e, g), numeric) in row.iter().zip(given).zip(&numeric) {
                let c = &def.columns[*g];
                let t = if is_default(e) {
                    match self.default_of(def, *g)? {
                        Target::Value(t) => t,
                        Target::Identity => {
                            return Err(SqlError::unsupported(
                                "DEFAULT for an identity column in VALUES",
                            ));
                        }
                    }
                } else {
                    if self.env.dialect == crate::dialect::DialectName::Snowflake {
                        no_query(e)?;
                    }
                    let t = self.expr(e)?;
                    self.assignable(&t, &c.ty, &c.name)?;
                    let no_number = *numeric
                        && t.literal_text()
                            .is_some_and(|s| s.trim().parse::<f64>().is_err());
                    let t = if no_number {
                        self.cast(t, &SqlType::number(38, 0), CastMode::Implicit)?
                    } else {
                        t
                    };
                    self.stored(t, c)?
                };
                values.push(t.expr);
            }
            out.push(values);
        }
        if let Some(relation) = self.literal_rows(&out, def, given)? {
            return Ok(relation);
        }
        if out.len() > 1 && out.iter().flatten().any(crate::plan::has_subquery) {
            return Err(SqlError::raw(
                "",
                "0A000",
                "can't use subqueries in multi-row VALUES",
            ));
        }
        let plan = self.rows_plan(out)?;
        let fields = plan.schema().columns();
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for (g, field) in given.iter().zip(fields) {
            let c = &def.columns[*g];
            let internal = self.fresh(&c.name);
            // A column of NULLs only has no type of its own.
            let typed = datafusion::logical_expr::cast(Expr::Column(field), c.ty.arrow());
            exprs.push(typed.alias(&internal));
            columns.push(crate::plan::ScopeColumn {
                qualifier: vec![],
                name: c.name.clone(),
                internal: Column::from_name(internal),
                ty: c.ty.clone(),
                nullable: true,
                origin: None,
                hidden: false,
            });
        }
        let plan = LogicalPlanBuilder::from(plan).project(exprs)?.build()?;
        Ok(Relation { plan, columns })
    }

    /// Rows of literals as one batch: no plan is made for each value.
    fn literal_rows(
        &mut self,
        rows: &[Vec<datafusion::logical_expr::Expr>],
        def: &crate::catalog::TableDef,
        given: &[usize],
    ) -> Result<Option<Relation>> {
        use datafusion::logical_expr::Expr;
        use datafusion::scalar::ScalarValue;
        if rows.is_empty()
            || given.is_empty()
            || !rows
                .iter()
                .flatten()
                .all(|e| matches!(e, Expr::Literal(..)))
        {
            return Ok(None);
        }
        let mut columns = Vec::with_capacity(given.len());
        let mut infos = Vec::with_capacity(given.len());
        for (k, g) in given.iter().enumerate() {
            let c = &def.columns[*g];
            let ty = c.ty.arrow();
            let null = ScalarValue::try_from(&ty)?;
            let values = rows.iter().map(|r| match &r[k] {
                Expr::Literal(ScalarValue::Null, _) => null.clone(),
                Expr::Literal(v, _) => v.clone(),
                _ => null.clone(),
            });
            columns.push(ScalarValue::iter_to_array(values)?);
            infos.push(crate::types::ColumnInfo::new(&c.name, c.ty.clone()));
        }
        let fields: Vec<_> = infos
            .iter()
            .map(|c| arrow::datatypes::Field::new(&c.name, c.ty.arrow(), true))
            .collect();
        let schema = Arc::new(arrow::datatypes::Schema::new(fields));
        let batch = arrow::array::RecordBatch::try_new(schema, columns)?;
        self.values_relation(infos, vec![batch]).map(Some)
    }

    /// A query as the source of rows.
    ///
    /// # Errors
    /// What binding it gives.
    pub fn query_relation(&mut self, q: &ast::Query) -> Result<Relation> {
        self.query(q)
    }

    /// Fails when a value may not be stored in a column without a cast.
    pub(super) fn assignable(
        &self,
        t: &Typed,
        to: &crate::types::SqlType,
        column: &str,
    ) -> Result<()> {
        let ok = t.ty == *to
            || t.ty == crate::types::SqlType::Null
            || t.ty.class() == to.class()
            || self.dialect.implicit_cast(&t.ty, to);
        if ok {
            return Ok(());
        }
        Err(match self.env.dialect {
            crate::dialect::DialectName::Redshift => SqlError::raw(
                "",
                "42804",
                format!(
                    "column \"{column}\" is of type {} but expression is of type {}",
                    self.type_name(to),
                    self.type_name(&t.ty)
                ),
            ),
            crate::dialect::DialectName::Snowflake => SqlError::raw(
                "002023",
                "22000",
                format!(
                    "SQL compilation error:\nExpression type does not match column data type, expecting {} but got {} for column {column}",
                    self.type_name(to),
                    self.type_name(&t.ty)
                ),
            ),
        })
    }
}
