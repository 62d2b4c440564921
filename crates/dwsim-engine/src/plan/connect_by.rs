//! CONNECT BY as a recursive query: LEVEL, PRIOR, CONNECT_BY_ROOT and SYS_CONNECT_BY_PATH.
//! Sources: Snowflake "CONNECT BY", "SYS_CONNECT_BY_PATH"; Redshift "CONNECT BY clause".

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::{Column, JoinType};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use sqlparser::ast;

use super::{Binder, CastMode, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::{Call, Typed};
use crate::types::SqlType;

/// Deepest level; a hierarchy that goes deeper is taken for a loop.
const MAX_LEVEL: i64 = 10_000;

/// A path that grows with every level: the call in the select list and its column.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    call: ast::Function,
    column: Column,
}

/// What the pseudo functions of the select list mean in a hierarchical query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hierarchy {
    /// Columns of the parent row, while the condition is bound.
    prior: Vec<ScopeColumn>,
    /// Columns of the root row.
    roots: Vec<ScopeColumn>,
    paths: Vec<Path>,
}

fn next_level(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.int(0)?;
    call.map_int(|row| match v.get(row) {
        Some(n) if n >= MAX_LEVEL => Err(SqlError::raw(
            "002039",
            "54001",
            format!(
                "CONNECT BY goes deeper than {MAX_LEVEL} levels: there is a loop in the hierarchy"
            ),
        )),
        other => Ok(other.map(|n| n + 1)),
    })
}

fn path_calls(items: &[ast::SelectItem]) -> Vec<ast::Function> {
    let mut out: Vec<ast::Function> = Vec::new();
    for i in items {
        let (ast::SelectItem::UnnamedExpr(e) | ast::SelectItem::ExprWithAlias { expr: e, .. }) = i
        else {
            continue;
        };
        let _ = ast::visit_expressions(e, |x: &ast::Expr| {
            if let ast::Expr::Function(f) = x
                && f.name
                    .to_string()
                    .eq_ignore_ascii_case("SYS_CONNECT_BY_PATH")
                && !out.contains(f)
            {
                out.push(f.clone());
            }
            ControlFlow::<()>::Continue(())
        });
    }
    out
}

impl Binder<'_> {
    /// `PRIOR x`: x of the parent row.
    pub(crate) fn prior(&mut self, e: &ast::Expr) -> Result<Typed> {
        let Some(h) = self.scope().hierarchy.clone() else {
            return Err(SqlError::raw(
                "002038",
                "42601",
                "PRIOR stands outside of CONNECT BY",
            ));
        };
        let columns = if h.prior.is_empty() {
            return Err(SqlError::unsupported("PRIOR in the select list"));
        } else {
            h.prior
        };
        let saved = std::mem::replace(&mut self.scope().columns, columns);
        let t = self.expr(e);
        self.scope().columns = saved;
        t
    }

    /// `CONNECT_BY_ROOT x`: x of the root row.
    pub(crate) fn connect_by_root(&mut self, e: &ast::Expr) -> Result<Typed> {
        let roots = self
            .scope()
            .hierarchy
            .as_ref()
            .map(|h| h.roots.clone())
            .unwrap_or_default();
        if roots.is_empty() {
            return Err(SqlError::raw(
                "002038",
                "42601",
                "CONNECT_BY_ROOT stands outside of a query with CONNECT BY",
            ));
        }
        let saved = std::mem::replace(&mut self.scope().columns, roots);
        let t = self.expr(e);
        self.scope().columns = saved;
        t
    }

    /// `SYS_CONNECT_BY_PATH(x, separator)` where the current query is hierarchical.
    pub(crate) fn connect_by_path(&mut self, f: &ast::Function) -> Option<Typed> {
        let h = self.scope().hierarchy.as_ref()?;
        let p = h.paths.iter().find(|p| p.call == *f)?;
        Some(Typed::new(Expr::Column(p.column.clone()), SqlType::text()))
    }

    /// The rows of a hierarchy over the relation that FROM made; the scope gets LEVEL and the root's columns.
    pub(crate) fn connect_by(&mut self, base: LogicalPlan, s: &ast::Select) -> Result<LogicalPlan> {
        let mut start = None;
        let mut relationships: &[ast::Expr] = &[];
        for c in &s.connect_by {
            match c {
                ast::ConnectByKind::StartWith { condition, .. } => start = Some(condition.as_ref()),
                ast::ConnectByKind::ConnectBy {
                    relationships: r,
                    nocycle,
                    ..
                } => {
                    if *nocycle {
                        return Err(SqlError::unsupported("CONNECT BY NOCYCLE"));
                    }
                    relationships = r;
                }
            }
        }
        let input = self.scope().columns.clone();
        let calls = path_calls(&s.projection);
        let level_name = match self.env.dialect {
            DialectName::Snowflake => "LEVEL",
            DialectName::Redshift => "level",
        };
        let visible: Vec<ScopeColumn> = input.iter().filter(|c| !c.hidden).cloned().collect();
        let own: Vec<String> = visible.iter().map(|c| self.fresh(&c.name)).collect();
        let roots: Vec<String> = visible.iter().map(|c| self.fresh(&c.name)).collect();
        let level = self.fresh("level");
        let paths: Vec<String> = calls.iter().map(|_| self.fresh("path")).collect();
        let mut all = own.clone();
        all.extend(roots.iter().cloned());
        all.push(level.clone());
        all.extend(paths.iter().cloned());
        let at = |columns: &[Column], i: usize| Expr::Column(columns[i].clone());
        let n = visible.len();

        // Roots.
        let mut anchor = LogicalPlanBuilder::from(base.clone());
        if let Some(c) = start {
            let t = self.expr(c)?;
            anchor = anchor.filter(self.condition(t)?.expr)?;
        }
        let mut exprs: Vec<Expr> = Vec::with_capacity(all.len());
        exprs.extend(
            visible
                .iter()
                .zip(&own)
                .map(|(c, a)| Expr::Column(c.internal.clone()).alias(a)),
        );
        exprs.extend(
            visible
                .iter()
                .zip(&roots)
                .map(|(c, a)| Expr::Column(c.internal.clone()).alias(a)),
        );
        exprs.push(lit(1i64).alias(&level));
        for (f, name) in calls.iter().zip(&paths) {
            exprs.push(self.path_step(f, None)?.expr.alias(name));
        }
        let anchor = anchor.project(exprs)?.build()?;

        // One more level: rows of the relation joined to those of the level before.
        let work = self.fresh("hierarchy");
        let schema = Arc::new(anchor.schema().as_arrow().clone());
        let table = Arc::new(CteWorkTable::new(&work, schema));
        let scan =
            LogicalPlanBuilder::scan(work.as_str(), provider_as_source(table), None)?.build()?;
        let parent = scan.schema().columns();
        let next = self.fresh("level");
        let mut parent_exprs: Vec<Expr> = parent.iter().cloned().map(Expr::Column).collect();
        let current = Typed::new(at(&parent, 2 * n), SqlType::BigInt);
        parent_exprs.push(
            self.kernel("next_level", next_level, vec![current], SqlType::BigInt)
                .expr
                .alias(&next),
        );
        let scan = LogicalPlanBuilder::from(scan)
            .project(parent_exprs)?
            .build()?;
        let prior: Vec<ScopeColumn> = visible
            .iter()
            .enumerate()
            .map(|(i, c)| ScopeColumn {
                internal: parent[i].clone(),
                ..c.clone()
            })
            .chain([level_column(level_name, parent[2 * n].clone())])
            .collect();
        let mut columns = input.clone();
        columns.push(level_column(level_name, Column::from_name(&next)));
        self.scope().columns = columns;
        self.scope().hierarchy = Some(Hierarchy {
            prior,
            ..Hierarchy::default()
        });
        let mut conditions = Vec::new();
        for r in relationships {
            let t = self.expr(r)?;
            conditions.push(self.condition(t)?.expr);
        }
        let joined = if conditions.is_empty() {
            LogicalPlanBuilder::from(scan).cross_join(base)?
        } else {
            LogicalPlanBuilder::from(scan).join_on(base, JoinType::Inner, conditions)?
        };
        let mut exprs: Vec<Expr> = Vec::with_capacity(all.len());
        exprs.extend(
            visible
                .iter()
                .zip(&own)
                .map(|(c, a)| Expr::Column(c.internal.clone()).alias(a)),
        );
        exprs.extend(
            roots
                .iter()
                .enumerate()
                .map(|(i, a)| at(&parent, n + i).alias(a)),
        );
        exprs.push(Expr::Column(Column::from_name(&next)).alias(&level));
        for (k, (f, name)) in calls.iter().zip(&paths).enumerate() {
            let before = Typed::new(at(&parent, 2 * n + 1 + k), SqlType::text());
            exprs.push(self.path_step(f, Some(before))?.expr.alias(name));
        }
        let step = joined.project(exprs)?.build()?;
        let plan = LogicalPlanBuilder::from(anchor)
            .to_recursive_query(work, step, false)?
            .build()?;

        // The hierarchy is what the rest of the query sees.
        let out = plan.schema().columns();
        let mut columns: Vec<ScopeColumn> = visible
            .iter()
            .enumerate()
            .map(|(i, c)| ScopeColumn {
                internal: out[i].clone(),
                ..c.clone()
            })
            .collect();
        let root_columns = visible
            .iter()
            .enumerate()
            .map(|(i, c)| ScopeColumn {
                internal: out[n + i].clone(),
                ..c.clone()
            })
            .collect();
        let mut pseudo = level_column(level_name, out[2 * n].clone());
        pseudo.hidden = false;
        columns.push(pseudo);
        let paths = calls
            .into_iter()
            .enumerate()
            .map(|(k, call)| Path {
                call,
                column: out[2 * n + 1 + k].clone(),
            })
            .collect();
        self.scope().columns = columns;
        self.scope().hierarchy = Some(Hierarchy {
            prior: vec![],
            roots: root_columns,
            paths,
        });
        // LEVEL is no column of `*`.
        if let Some(w) = &s.selection {
            let plan = self.filter_where(plan, w)?;
            return Ok(plan);
        }
        Ok(plan)
    }

    /// `before || separator || x`.
    fn path_step(&mut self, f: &ast::Function, before: Option<Typed>) -> Result<Typed> {
        let args = super::call::arguments(f);
        let [x, separator] = args else {
            return Err(SqlError::argument(
                "SYS_CONNECT_BY_PATH",
                "it takes an expression and a separator",
            ));
        };
        let (Some(x), Some(separator)) = (
            super::call::argument_expr(x),
            super::call::argument_expr(separator),
        ) else {
            return Err(SqlError::argument(
                "SYS_CONNECT_BY_PATH",
                "it takes an expression and a separator",
            ));
        };
        let x = self.expr(x)?;
        let x = self.as_text("SYS_CONNECT_BY_PATH", x)?;
        let separator = self.expr(separator)?;
        let separator = self.as_text("SYS_CONNECT_BY_PATH", separator)?;
        let mut parts = Vec::new();
        parts.extend(before);
        parts.push(separator);
        parts.push(x);
        let t = self.kernel(
            "concat",
            crate::kernels::text::concat_strict,
            parts,
            SqlType::text(),
        );
        self.cast(t, &SqlType::text(), CastMode::Implicit)
    }
}

fn level_column(name: &str, internal: Column) -> ScopeColumn {
    ScopeColumn {
        qualifier: vec![],
        name: name.to_owned(),
        internal,
        ty: SqlType::BigInt,
        nullable: false,
        origin: None,
        hidden: false,
    }
}
