//! Which column of which table an output column of a plan is, unchanged on its way.
//! What is known of the column's values is its table's affair.

use std::sync::Arc;

use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan};

use super::TableProviderOf;
use crate::catalog::TableEntry;

/// The table and the position in it of the column that a plan calls so.
pub(super) fn origin(column: &Column, plan: &LogicalPlan) -> Option<(Arc<TableEntry>, usize)> {
    let at = plan.schema().maybe_index_of_column(column)?;
    origin_at(plan, at)
}

/// The table and the position in it of an output column.
fn origin_at(plan: &LogicalPlan, at: usize) -> Option<(Arc<TableEntry>, usize)> {
    let below = |expr: &Expr, input: &LogicalPlan| {
        let mut expr = expr;
        while let Expr::Alias(alias) = expr {
            expr = &alias.expr;
        }
        match expr {
            Expr::Column(c) => origin(c, input),
            _ => None,
        }
    };
    match plan {
        LogicalPlan::TableScan(scan) => {
            let index = match &scan.projection {
                Some(columns) => columns.get(at).copied()?,
                None => at,
            };
            let provider = source_as_provider(&scan.source).ok()?;
            let table = provider.downcast_ref::<TableProviderOf>()?;
            Some((table.entry()?, index))
        }
        LogicalPlan::Projection(p) => below(p.expr.get(at)?, &p.input),
        LogicalPlan::Aggregate(a) => below(a.group_expr.get(at)?, &a.input),
        LogicalPlan::SubqueryAlias(s) => origin_at(&s.input, at),
        LogicalPlan::Filter(f) => origin_at(&f.input, at),
        LogicalPlan::Sort(s) => origin_at(&s.input, at),
        LogicalPlan::Limit(l) => origin_at(&l.input, at),
        LogicalPlan::Join(j) => {
            let width = j.left.schema().fields().len();
            match j.join_type {
                JoinType::RightSemi | JoinType::RightAnti => origin_at(&j.right, at),
                _ if at < width => origin_at(&j.left, at),
                JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                    origin_at(&j.right, at - width)
                }
                _ => None,
            }
        }
        _ => None,
    }
}
