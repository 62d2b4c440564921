//! UPDATE: rows are found and new values computed by one plan, then put into copies of the touched batches.
//! Untouched batches and columns are shared with the version before.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array};
use arrow::compute::{concat, interleave};
use arrow::datatypes::UInt64Type;
use datafusion::common::{Column, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use sqlparser::ast;

use super::state::RELATION;
use super::write::{Target, check_not_null, consume, table_of};
use super::{Completion, Session};
use crate::catalog::{Object, ObjectName, TableData, TableEntry};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::exec::{ROW_ID, TableProviderOf};
use crate::functions::Typed;
use crate::plan::{Binder, Relation, ScopeColumn};

/// New values for some rows of a table.
pub(super) struct Changes {
    /// Row numbers.
    pub rows: UInt64Array,
    /// Position of each changed column, with its new values in the order of `rows`.
    pub columns: Vec<(usize, ArrayRef)>,
}

impl Binder<'_> {
    /// A scan with row numbers as a last, hidden column.
    pub(super) fn scan_rows(
        &mut self,
        name: &ObjectName,
        entry: &TableEntry,
        alias: &[String],
    ) -> Result<(Relation, Expr)> {
        self.scanned_rows += entry.data.rows;
        let reference = TableReference::bare(self.fresh(&name.name));
        let provider = Arc::new(TableProviderOf::with_row_ids(entry)?);
        let plan = LogicalPlanBuilder::scan(reference.clone(), provider_as_source(provider), None)?
            .build()?;
        let columns = entry
            .def
            .columns
            .iter()
            .map(|c| ScopeColumn {
                qualifier: alias.to_vec(),
                name: c.name.clone(),
                internal: Column::new(Some(reference.clone()), c.name.clone()),
                ty: c.ty.clone(),
                nullable: !c.not_null,
                origin: None,
                hidden: false,
            })
            .collect();
        let id = Expr::Column(Column::new(Some(reference), ROW_ID));
        let object = Object::Table(Arc::new(entry.clone()));
        let relation = self.allowed_rows(&object, Relation { plan, columns })?;
        Ok((relation, id))
    }

    /// The rows of a statement's target that its user may see: no others are changed.
    fn allowed_rows(&mut self, object: &Object, target: Relation) -> Result<Relation> {
        let Some(visible) = self.dialect.visible_rows(self, object)? else {
            return Ok(target);
        };
        let columns = target
            .columns
            .iter()
            .cloned()
            .map(|mut c| {
                c.qualifier = vec![visible.qualifier.clone()];
                c
            })
            .collect();
        self.set_columns(columns);
        let condition = self
            .expr(&visible.condition)
            .and_then(|t| self.condition(t));
        self.set_columns(Vec::new());
        let plan = LogicalPlanBuilder::from(target.plan)
            .filter(condition?.expr)?
            .build()?;
        Ok(Relation {
            plan,
            columns: target.columns,
        })
    }

    /// The qualifier of a statement's target: its alias, or its full name.
    pub(super) fn target_alias(
        &self,
        name: &ObjectName,
        alias: Option<&ast::TableAlias>,
    ) -> Vec<String> {
        match alias {
            Some(a) => vec![self.dialect.fold(&a.name)],
            None => vec![
                name.database.clone(),
                name.schema.clone(),
                name.name.clone(),
            ],
        }
    }

    /// The column an assignment sets.
    pub(super) fn assigned(
        &self,
        entry: &TableEntry,
        target: &ast::AssignmentTarget,
    ) -> Result<usize> {
        let ast::AssignmentTarget::ColumnName(n) = target else {
            return Err(SqlError::unsupported("assignment to a list of columns"));
        };
        // `SET t.c = …` is invalid in Redshift (r_UPDATE).
        if self.env.dialect == crate::dialect::DialectName::Redshift && n.0.len() > 1 {
            return Err(ErrorKind::UnknownColumn(n.to_string()).into());
        }
        let name =
            n.0.last()
                .and_then(|p| p.as_ident())
                .map(|i| self.dialect.fold(i))
                .ok_or_else(|| SqlError::unsupported("this assignment"))?;
        entry
            .def
            .index_of(&name)
            .ok_or_else(|| ErrorKind::UnknownColumn(name).into())
    }

    /// The value an assignment gives, as its column's type.
    pub(super) fn assigned_value(
        &mut self,
        entry: &TableEntry,
        i: usize,
        value: &ast::Expr,
    ) -> Result<Typed> {
        let c = &entry.def.columns[i];
        if matches!(value, ast::Expr::Identifier(id) if id.quote_style.is_none() && id.value.eq_ignore_ascii_case("default"))
        {
            return match self.default_of(&entry.def, i)? {
                Target::Value(t) => Ok(t),
                Target::Identity => Err(SqlError::unsupported(
                    "DEFAULT for an identity column in UPDATE",
                )),
            };
        }
        let t = self.expr(value)?;
        self.assignable(&t, &c.ty, &c.name)?;
        self.stored(t, c)
    }
}

impl Session {
    pub(super) async fn update(
        &mut self,
        u: &ast::Update,
        parameters: &[Typed],
    ) -> Result<Completion> {
        for (what, given) in [
            ("UPDATE … RETURNING", u.returning.is_some()),
            ("UPDATE … ORDER BY", !u.order_by.is_empty()),
            ("UPDATE … LIMIT", u.limit.is_some()),
        ] {
            if given {
                return Err(SqlError::unsupported(what));
            }
        }
        let ast::TableFactor::Table {
            name: table, alias, ..
        } = &u.table.relation
        else {
            return Err(SqlError::unsupported(
                "UPDATE of something that is no table",
            ));
        };
        let (name, _) = self.table(table)?;
        let mut attempts = 0;
        loop {
            let mut t = self.view()?;
            let entry = table_of(&t, &name)?;
            let (plan, targets, scanned, streams) = {
                let variables = self.variables.clone();
                let lookup = move |n: &str| variables.get(n).cloned();
                let mut b = self.binder(self.env(), &t, parameters);
                b.variables = Some(&lookup);
                let qualifier = b.target_alias(&name, alias.as_ref());
                let (target, id) = b.scan_rows(&name, &entry, &qualifier)?;
                let from = match &u.from {
                    None => &[][..],
                    Some(
                        ast::UpdateTableFromKind::BeforeSet(f)
                        | ast::UpdateTableFromKind::AfterSet(f),
                    ) => f.as_slice(),
                };
                let source = b.dml_source(target, from, &u.table.joins)?;
                let mut builder = LogicalPlanBuilder::from(source.plan.clone());
                b.set_columns(source.columns);
                if let Some(w) = &u.selection {
                    let c = b.expr(w)?;
                    let c = b.condition(c)?;
                    builder = builder.filter(c.expr)?;
                }
                let mut exprs = vec![id.alias("row")];
                let mut targets = Vec::new();
                for a in &u.assignments {
                    let i = b.assigned(&entry, &a.target)?;
                    let v = b.assigned_value(&entry, i, &a.value)?;
                    exprs.push(v.expr.alias(format!("v{}", targets.len())));
                    targets.push(i);
                }
                b.values_only(exprs.iter_mut())?;
                let streams = std::mem::take(&mut b.streams);
                let plan = builder.project(exprs)?.build()?;
                (plan, targets, b.scanned_rows, streams)
            };
            consume(&mut t, &streams);
            let bounds = self.bounds();
            let found = self
                .engine()
                .executor
                .collect(&plan, scanned, &bounds)
                .await?;
            let (setting, on) = match self.dialect().name() {
                DialectName::Snowflake => ("ERROR_ON_NONDETERMINISTIC_UPDATE", "true"),
                DialectName::Redshift => ("error_on_nondeterministic_update", "on"),
            };
            let strict =
                (self.parameters().get(setting)).is_some_and(|v| v.eq_ignore_ascii_case(on));
            let (changes, twice) = gather(&found, &targets)?;
            if let (true, Some(row)) = (strict, twice.first()) {
                let shown = match self.dialect().name() {
                    DialectName::Snowflake => shown_row(&entry, *row),
                    DialectName::Redshift => String::new(),
                };
                return Err(ErrorKind::DuplicateMatch(shown).into());
            }
            let n = changes.as_ref().map_or(0, |c| c.rows.len());
            if let Some(changes) = changes {
                let data = apply(&entry, &changes)?;
                check_not_null(&entry.def, &data.batches)?;
                t.set_object(
                    RELATION,
                    &name,
                    Some(Object::Table(Arc::new(entry.with_data(data)))),
                )?;
            }
            if self.settle(t, &mut attempts)? {
                return Ok(Completion {
                    updated: n as u64,
                    multi_joined: twice.len() as u64,
                    ..Completion::of("UPDATE", &name.name)
                });
            }
        }
    }
}

/// The changes a plan found: row numbers first, then one column per target. Of several changes of one row the
/// first stays; such rows are listed.
pub(super) fn gather(
    found: &[RecordBatch],
    targets: &[usize],
) -> Result<(Option<Changes>, Vec<u64>)> {
    let found: Vec<&RecordBatch> = found.iter().filter(|b| b.num_rows() > 0).collect();
    if found.is_empty() {
        return Ok((None, Vec::new()));
    }
    let column = |i: usize| -> Result<ArrayRef> {
        let parts: Vec<&dyn Array> = found.iter().map(|b| b.column(i).as_ref()).collect();
        Ok(concat(&parts)?)
    };
    let rows = column(0)?;
    let rows = rows.as_primitive::<UInt64Type>();
    let mut first: HashMap<u64, u32> = HashMap::with_capacity(rows.len());
    let mut twice = std::collections::BTreeSet::new();
    for (i, r) in rows.values().iter().enumerate() {
        if *first.entry(*r).or_insert(i as u32) != i as u32 {
            twice.insert(*r);
        }
    }
    let twice: Vec<u64> = twice.into_iter().collect();
    let unique = first.len() == rows.len();
    let mut columns = Vec::with_capacity(targets.len());
    if unique {
        for (k, t) in targets.iter().enumerate() {
            columns.push((*t, column(k + 1)?));
        }
        let changes = Changes {
            rows: rows.clone(),
            columns,
        };
        return Ok((Some(changes), twice));
    }
    let mut keep: Vec<u32> = first.into_values().collect();
    keep.sort_unstable();
    let keep = arrow::array::UInt32Array::from(keep);
    let rows = arrow::compute::take(rows, &keep, None)?;
    for (k, t) in targets.iter().enumerate() {
        columns.push((*t, arrow::compute::take(&column(k + 1)?, &keep, None)?));
    }
    let changes = Changes {
        rows: rows.as_primitive::<UInt64Type>().clone(),
        columns,
    };
    Ok((Some(changes), twice))
}

/// A row as Snowflake's message about duplicates shows it: `[1, "a", NULL]`.
pub(super) fn shown_row(entry: &TableEntry, row: u64) -> String {
    let mut row = row as usize;
    for b in &entry.data.batches {
        if row < b.num_rows() {
            let shown: Vec<String> = b
                .columns()
                .iter()
                .map(|c| {
                    if c.is_null(row) {
                        return "NULL".to_owned();
                    }
                    let text =
                        arrow::util::display::array_value_to_string(c, row).unwrap_or_default();
                    if matches!(c.data_type(), arrow::datatypes::DataType::Utf8) {
                        format!("\"{text}\"")
                    } else {
                        text
                    }
                })
                .collect();
            return format!("[{}]", shown.join(", "));
        }
        row -= b.num_rows();
    }
    String::new()
}

/// A table's rows with the changes in them.
pub(super) fn apply(entry: &TableEntry, changes: &Changes) -> Result<TableData> {
    let mut at: Vec<(u64, usize)> = changes
        .rows
        .values()
        .iter()
        .enumerate()
        .map(|(i, r)| (*r, i))
        .collect();
    at.sort_unstable();
    let mut out = Vec::with_capacity(entry.data.batches.len());
    let mut first = 0u64;
    let mut next = at.as_slice();
    for b in &entry.data.batches {
        let n = b.num_rows() as u64;
        let here = next.partition_point(|(r, _)| *r < first + n);
        let (mine, rest) = next.split_at(here);
        next = rest;
        if mine.is_empty() {
            out.push(b.clone());
            first += n;
            continue;
        }
        let mut columns = b.columns().to_vec();
        for (i, values) in &changes.columns {
            let mut indices: Vec<(usize, usize)> = (0..b.num_rows()).map(|r| (0, r)).collect();
            for (r, k) in mine {
                indices[(r - first) as usize] = (1, *k);
            }
            columns[*i] = interleave(&[columns[*i].as_ref(), values.as_ref()], &indices)?;
        }
        out.push(RecordBatch::try_new(b.schema(), columns)?);
        first += n;
    }
    Ok(entry.data.reshaped(Arc::clone(&entry.data.schema), out))
}

impl Binder<'_> {
    /// The target of UPDATE, DELETE or MERGE joined with the tables of FROM or USING.
    pub(super) fn dml_source(
        &mut self,
        target: Relation,
        from: &[ast::TableWithJoins],
        joins: &[ast::Join],
    ) -> Result<Relation> {
        let mut all = target;
        for j in joins {
            all = self.join(all, j)?;
        }
        for f in from {
            all = self.table_with_joins(f, Some(all))?;
        }
        Ok(all)
    }

    /// Makes these the columns that names in the statement mean.
    pub(super) fn set_columns(&mut self, columns: Vec<ScopeColumn>) {
        self.scope().columns = columns;
    }
}
