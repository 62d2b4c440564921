//! Binding of whole queries: WITH, set operations, VALUES, ORDER BY and LIMIT around them.
//! A single SELECT is bound in `select`.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::Column;
use datafusion::common::tree_node::TreeNode;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr};
use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::binder::Cte;
use super::window::fold_constant;
use super::{Binder, BoundQuery, CastMode, Relation, ScopeColumn};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;
use crate::types::{ColumnInfo, SqlType};

impl Binder<'_> {
    /// Binds a statement's query: unknown NULL columns become text, names become the client's.
    ///
    /// # Errors
    /// Whatever is wrong with the query.
    pub fn top_query(&mut self, q: &ast::Query) -> Result<BoundQuery> {
        let r = self.query(q)?;
        let ordered = q.order_by.is_some();
        let mut exprs = Vec::with_capacity(r.columns.len());
        let mut columns = Vec::with_capacity(r.columns.len());
        let mut changed = false;
        for (i, c) in r.columns.iter().enumerate() {
            let mut t = c.typed();
            if t.ty == SqlType::Null {
                t = self.cast(t, &SqlType::text(), CastMode::Implicit)?;
                changed = true;
            }
            columns.push(ColumnInfo {
                name: c.name.clone(),
                ty: t.ty.clone(),
                nullable: c.nullable,
                origin: c.origin.clone(),
            });
            exprs.push(if matches!(t.expr, Expr::Column(_)) {
                t.expr
            } else {
                t.expr.alias(format!("{}#out{i}", c.name))
            });
        }
        let plan = if changed {
            LogicalPlanBuilder::from(r.plan).project(exprs)?.build()?
        } else {
            r.plan
        };
        Ok(BoundQuery {
            plan,
            columns,
            ordered,
            scanned_rows: self.scanned_rows,
        })
    }

    /// A query in its own name space for WITH.
    pub(crate) fn query(&mut self, q: &ast::Query) -> Result<Relation> {
        self.depth += 1;
        if self.depth > 200 {
            self.depth -= 1;
            return Err(SqlError::raw(
                "001003",
                "54001",
                "query is nested too deeply",
            ));
        }
        self.ctes.push(HashMap::new());
        let bound = self.query_inner(q);
        self.ctes.pop();
        self.depth -= 1;
        bound
    }

    /// A query that sees nothing of the one around it.
    ///
    /// # Errors
    /// What binding it gives.
    pub fn detached_query(&mut self, q: &ast::Query) -> Result<Relation> {
        let scopes = std::mem::replace(&mut self.scopes, vec![super::Scope::default()]);
        let ctes = std::mem::replace(&mut self.ctes, vec![HashMap::new()]);
        let bound = self.query(q);
        self.scopes = scopes;
        self.ctes = ctes;
        bound
    }

    fn query_inner(&mut self, q: &ast::Query) -> Result<Relation> {
        if let Some(with) = &q.with {
            for cte in &with.cte_tables {
                self.cte(cte, with.recursive)?;
            }
        }
        if !q.pipe_operators.is_empty() {
            return Err(SqlError::unsupported("the pipe operator"));
        }
        let order: Vec<ast::OrderByExpr> = match &q.order_by {
            None => vec![],
            Some(o) => match &o.kind {
                ast::OrderByKind::Expressions(e) => {
                    // `ORDER BY ALL`, which the parser takes for a name.
                    if let [one] = e.as_slice()
                        && self.env.dialect == crate::dialect::DialectName::Snowflake
                        && matches!(&one.expr, ast::Expr::Identifier(i)
                            if i.quote_style.is_none() && i.value.eq_ignore_ascii_case("ALL"))
                    {
                        return self.order_by_all(q, &one.options);
                    }
                    e.clone()
                }
                ast::OrderByKind::All(options) => {
                    return self.order_by_all(q, options);
                }
            },
        };
        let r = match q.body.as_ref() {
            ast::SetExpr::Select(s) => self.select(s, &order)?,
            other => {
                let r = self.set_expr(other)?;
                self.order_output(r, &order)?
            }
        };
        self.limit(r, q)
    }

    fn order_by_all(&mut self, q: &ast::Query, options: &ast::OrderByOptions) -> Result<Relation> {
        let r = self.set_expr(&q.body)?;
        let mut keys = Vec::new();
        let o = self.sort_options(options);
        for c in r.columns.clone() {
            let t = self.sort_operand(c.typed())?;
            keys.push(SortExpr::new(t.expr, !o.descending, o.nulls_first));
        }
        let plan = LogicalPlanBuilder::from(r.plan).sort(keys)?.build()?;
        self.limit(
            Relation {
                plan,
                columns: r.columns,
            },
            q,
        )
    }

    /// ORDER BY over a result whose inputs are gone (set operations, VALUES): ordinals and output names.
    fn order_output(&mut self, r: Relation, order: &[ast::OrderByExpr]) -> Result<Relation> {
        if order.is_empty() {
            return Ok(r);
        }
        let mut keys = Vec::new();
        let mut scope = super::Scope {
            columns: r.columns.clone(),
            ..Default::default()
        };
        scope.aggregates = false;
        self.scopes.push(scope);
        let bound: Result<()> = (|| {
            for o in order {
                let t = match ordinal(&o.expr) {
                    Some(n) => n
                        .checked_sub(1)
                        .and_then(|i| r.columns.get(i))
                        .map(ScopeColumn::typed)
                        .ok_or_else(|| bad_ordinal("ORDER BY", n))?,
                    None => self.expr(&o.expr)?,
                };
                let t = self.sort_operand(t)?;
                let s = self.sort_options(&o.options);
                keys.push(SortExpr::new(t.expr, !s.descending, s.nulls_first));
            }
            Ok(())
        })();
        self.scopes.pop();
        bound?;
        let plan = LogicalPlanBuilder::from(r.plan).sort(keys)?.build()?;
        Ok(Relation {
            plan,
            columns: r.columns,
        })
    }

    fn count(&mut self, e: &ast::Expr, what: &str) -> Result<Option<usize>> {
        if let ast::Expr::UnaryOp {
            op: ast::UnaryOperator::Minus,
            expr,
        } = e
            && self.env.dialect == crate::dialect::DialectName::Snowflake
        {
            // The grammar has no sign there.
            let at = super::expr::first_position(expr).map(|p| crate::error::Position {
                column: p.column.saturating_sub(1),
                ..p
            });
            return Err(SqlError::new(ErrorKind::Syntax {
                message: format!("{what} takes a number that is not negative"),
                near: "-".into(),
            })
            .at(at));
        }
        let t = self.expr(e)?;
        if t.ty == SqlType::Null && t.literal().is_some() {
            return Ok(None);
        }
        // Snowflake takes an empty text for "no limit".
        if self.env.dialect == crate::dialect::DialectName::Snowflake
            && t.literal_text() == Some("")
        {
            return Ok(None);
        }
        let bad = || {
            SqlError::raw(
                "001003",
                "2201W",
                format!("{what} must be a number that is not negative"),
            )
        };
        if matches!(t.expr, Expr::Placeholder(_)) {
            return Ok(Some(0));
        }
        let t = self
            .cast(t, &SqlType::BigInt, CastMode::Implicit)
            .map_err(|_| bad())?;
        match fold_constant(&t, self)? {
            ScalarValue::Int64(Some(n)) => usize::try_from(n).map(Some).map_err(|_| bad()),
            ScalarValue::Int64(None) => Ok(None),
            _ => Err(bad()),
        }
    }

    fn limit(&mut self, r: Relation, q: &ast::Query) -> Result<Relation> {
        let mut skip = 0;
        let mut fetch = None;
        match &q.limit_clause {
            None => {}
            Some(ast::LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            }) => {
                if !limit_by.is_empty() {
                    return Err(SqlError::unsupported("LIMIT BY"));
                }
                if let Some(l) = limit {
                    fetch = self.count(l, "LIMIT")?;
                }
                if let Some(o) = offset {
                    skip = self.count(&o.value, "OFFSET")?.unwrap_or(0);
                }
            }
            Some(ast::LimitClause::OffsetCommaLimit { offset, limit }) => {
                skip = self.count(offset, "OFFSET")?.unwrap_or(0);
                fetch = self.count(limit, "LIMIT")?;
            }
        }
        if let Some(f) = &q.fetch {
            if f.with_ties || f.percent {
                return Err(SqlError::unsupported("FETCH with TIES or PERCENT"));
            }
            fetch = match &f.quantity {
                Some(e) => self.count(e, "FETCH")?,
                None => Some(1),
            };
        }
        if skip == 0 && fetch.is_none() {
            return Ok(r);
        }
        let plan = LogicalPlanBuilder::from(r.plan)
            .limit(skip, fetch)?
            .build()?;
        Ok(Relation {
            plan,
            columns: r.columns,
        })
    }

    /// A query without its ORDER BY and LIMIT.
    pub(crate) fn set_expr(&mut self, e: &ast::SetExpr) -> Result<Relation> {
        match e {
            ast::SetExpr::Select(s) => self.select(s, &[]),
            ast::SetExpr::Query(q) => self.query(q),
            ast::SetExpr::SetOperation {
                op,
                set_quantifier,
                left,
                right,
            } => self.set_operation(*op, *set_quantifier, left, right),
            ast::SetExpr::Values(v) => {
                let rows: Vec<&[ast::Expr]> = v.rows.iter().map(|r| r.as_slice()).collect();
                self.values(&rows)
            }
            ast::SetExpr::Table(t) => {
                let name = t.table_name.clone().unwrap_or_default();
                let parts = match &t.schema_name {
                    Some(s) => vec![ast::Ident::new(s.clone()), ast::Ident::new(name)],
                    None => vec![ast::Ident::new(name)],
                };
                self.table_by_name(&ast::ObjectName::from(parts), None)
            }
            _ => Err(SqlError::unsupported(
                "a data-changing statement inside a query",
            )),
        }
    }

    /// Rows of expressions. Rows with subqueries are queries of their own, since a list of values is computed
    /// before any query runs.
    pub(crate) fn rows_plan(&mut self, rows: Vec<Vec<Expr>>) -> Result<LogicalPlan> {
        if !rows.iter().flatten().any(has_subquery) {
            return Ok(LogicalPlanBuilder::values(rows)?.build()?);
        }
        let mut all: Option<LogicalPlanBuilder> = None;
        for row in rows {
            let row: Vec<Expr> = row
                .into_iter()
                .map(|e| e.alias(self.fresh("column")))
                .collect();
            let one = LogicalPlanBuilder::empty(true).project(row)?;
            all = Some(match all {
                None => one,
                Some(before) => before.union(one.build()?)?,
            });
        }
        all.ok_or_else(|| SqlError::internal("VALUES without rows"))?
            .build()
            .map_err(Into::into)
    }

    /// `VALUES (…), (…)`: columns are COLUMN1, COLUMN2, … in the dialect's case.
    pub(crate) fn values(&mut self, rows: &[&[ast::Expr]]) -> Result<Relation> {
        let width = rows.first().map_or(0, |r| r.len());
        if width == 0 {
            return Err(SqlError::new(ErrorKind::Syntax {
                message: "VALUES without columns".into(),
                near: "VALUES".into(),
            }));
        }
        let mut columns: Vec<Vec<Typed>> = vec![Vec::with_capacity(rows.len()); width];
        for row in rows {
            if row.len() != width {
                return Err(SqlError::raw(
                    "001003",
                    "42601",
                    "VALUES lists must all be the same length",
                ));
            }
            for (c, e) in columns.iter_mut().zip(*row) {
                c.push(self.expr(e)?);
            }
        }
        let mut out = Vec::with_capacity(width);
        let mut types = Vec::with_capacity(width);
        for c in columns {
            let (c, ty) = self.unify("VALUES", c)?;
            types.push(ty);
            out.push(c);
        }
        let names: Vec<String> = (1..=width)
            .map(|i| match self.env.dialect {
                crate::dialect::DialectName::Snowflake => format!("COLUMN{i}"),
                crate::dialect::DialectName::Redshift => format!("column{i}"),
            })
            .collect();
        let mut iters: Vec<_> = out.into_iter().map(Vec::into_iter).collect();
        let exprs: Vec<Vec<Expr>> = (0..rows.len())
            .map(|_| {
                iters
                    .iter_mut()
                    .filter_map(Iterator::next)
                    .map(|t| t.expr)
                    .collect()
            })
            .collect();
        let plan = self.rows_plan(exprs)?;
        let fields: Vec<Column> = plan.schema().columns();
        let mut projection = Vec::with_capacity(width);
        let mut scope = Vec::with_capacity(width);
        for ((name, ty), field) in names.into_iter().zip(types).zip(fields) {
            let internal = self.fresh(&name);
            projection.push(Expr::Column(field).alias(&internal));
            scope.push(ScopeColumn {
                qualifier: vec![],
                name,
                internal: Column::from_name(internal),
                ty,
                nullable: true,
                origin: None,
                hidden: false,
            });
        }
        let plan = LogicalPlanBuilder::from(plan)
            .project(projection)?
            .build()?;
        Ok(Relation {
            plan,
            columns: scope,
        })
    }

    fn cte(&mut self, cte: &ast::Cte, recursive: bool) -> Result<()> {
        let name = self.dialect.fold(&cte.alias.name);
        let names: Vec<String> = cte
            .alias
            .columns
            .iter()
            .map(|c| self.dialect.fold(&c.name))
            .collect();
        // The word RECURSIVE is optional in Snowflake: a query that names itself is recursive.
        let own = recursive || self.env.dialect == crate::dialect::DialectName::Snowflake;
        let relation = match cte.query.body.as_ref() {
            ast::SetExpr::SetOperation {
                op: ast::SetOperator::Union,
                set_quantifier,
                left,
                right,
            } if own && mentions(right, &cte.alias.name.value) => {
                let all = matches!(set_quantifier, ast::SetQuantifier::All);
                if !all && self.env.dialect == crate::dialect::DialectName::Snowflake {
                    return Err(SqlError::raw(
                        "002087",
                        "42601",
                        "SQL compilation error:\nA recursive CTE must use UNION ALL.",
                    ));
                }
                self.recursive(&name, &names, left, right, all)?
            }
            _ => self.nested_cte(&cte.query)?,
        };
        let relation = self.rename(relation, &name, &names)?;
        if let Some(top) = self.ctes.last_mut() {
            top.insert(name, Cte { relation });
        }
        Ok(())
    }

    /// A CTE's query does not see the columns of the query it belongs to.
    fn nested_cte(&mut self, q: &ast::Query) -> Result<Relation> {
        self.query(q)
    }

    /// Gives a relation an alias and column names.
    pub(crate) fn rename(
        &mut self,
        mut r: Relation,
        alias: &str,
        names: &[String],
    ) -> Result<Relation> {
        let visible = r.columns.iter().filter(|c| !c.hidden).count();
        if names.len() > visible {
            return Err(SqlError::raw(
                "002057",
                "42P10",
                format!(
                    "table \"{alias}\" has {visible} columns available but {} columns specified",
                    names.len()
                ),
            ));
        }
        let mut n = names.iter();
        for c in r.columns.iter_mut().filter(|c| !c.hidden) {
            c.qualifier = vec![alias.to_owned()];
            if let Some(name) = n.next() {
                c.name.clone_from(name);
            }
        }
        Ok(r)
    }

    fn recursive(
        &mut self,
        name: &str,
        names: &[String],
        anchor: &ast::SetExpr,
        step: &ast::SetExpr,
        all: bool,
    ) -> Result<Relation> {
        let base = self.set_expr(anchor)?;
        // Text and numbers grow in the recursive part: the anchor's columns get room.
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for c in &base.columns {
            let ty = match &c.ty {
                SqlType::Varchar(_) | SqlType::Char(_) | SqlType::Null => SqlType::text(),
                SqlType::Number { scale, .. } => SqlType::number(38, *scale),
                other => other.clone(),
            };
            let t = self.cast(c.typed(), &ty, CastMode::Implicit)?;
            let internal = self.fresh(&c.name);
            exprs.push(t.expr.alias(&internal));
            columns.push(ScopeColumn {
                internal: Column::from_name(internal),
                ty,
                nullable: true,
                origin: None,
                ..c.clone()
            });
        }
        let base = LogicalPlanBuilder::from(base.plan)
            .project(exprs)?
            .build()?;
        let work = self.fresh(name);
        let schema = Arc::new(base.schema().as_arrow().clone());
        let table = Arc::new(CteWorkTable::new(&work, Arc::clone(&schema)));
        let scan =
            LogicalPlanBuilder::scan(work.as_str(), provider_as_source(table), None)?.build()?;
        let visible: Vec<ScopeColumn> = columns
            .iter()
            .zip(scan.schema().columns())
            .map(|(c, internal)| ScopeColumn {
                internal,
                ..c.clone()
            })
            .collect();
        let relation = self.rename(
            Relation {
                plan: scan,
                columns: visible,
            },
            name,
            names,
        )?;
        if let Some(top) = self.ctes.last_mut() {
            top.insert(name.to_owned(), Cte { relation });
        }
        let step = self.set_expr(step)?;
        if step.columns.len() != columns.len() {
            return Err(SqlError::raw(
                "002057",
                "42601",
                "each UNION query must have the same number of columns",
            ));
        }
        let mut exprs = Vec::new();
        for (have, want) in step.columns.iter().zip(&columns) {
            let t = self.cast(have.typed(), &want.ty, CastMode::Implicit)?;
            exprs.push(t.expr.alias(&want.internal.name));
        }
        let step = LogicalPlanBuilder::from(step.plan)
            .project(exprs)?
            .build()?;
        let plan: LogicalPlan = LogicalPlanBuilder::from(base)
            .to_recursive_query(work.clone(), step, !all)?
            .build()?;
        let columns = columns
            .into_iter()
            .zip(plan.schema().columns())
            .map(|(c, internal)| ScopeColumn { internal, ..c })
            .collect();
        Ok(Relation { plan, columns })
    }
}

/// Whether an expression holds a subquery that gives a value.
pub(crate) fn has_subquery(e: &Expr) -> bool {
    e.exists(|x| {
        Ok(matches!(
            x,
            Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_)
        ))
    })
    .unwrap_or(false)
}

/// Whether a query names a table somewhere.
fn mentions(e: &ast::SetExpr, name: &str) -> bool {
    use std::ops::ControlFlow;
    let mut found = false;
    let _ = ast::visit_relations(e, |r: &ast::ObjectName| {
        if let [one] = r.0.as_slice()
            && one
                .as_ident()
                .is_some_and(|i| i.value.eq_ignore_ascii_case(name))
        {
            found = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    found
}

/// A positive integer literal, which stands for an output column.
pub(crate) fn ordinal(e: &ast::Expr) -> Option<usize> {
    match e {
        ast::Expr::Value(v) => match &v.value {
            ast::Value::Number(n, _) => n.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn bad_ordinal(clause: &str, n: usize) -> SqlError {
    SqlError::raw(
        "002060",
        "42P10",
        format!("{clause} position {n} is not in select list"),
    )
}
