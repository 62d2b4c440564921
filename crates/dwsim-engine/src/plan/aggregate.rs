//! Aggregates and window functions taken out of a SELECT's expressions into nodes of the plan of their own.
//! How a call of one is bound is in `call` and `window`.

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{GroupingSet, WindowFunction};
use datafusion::logical_expr::logical_plan::Window;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::Binder;
use super::group::grouped;
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};

impl Binder<'_> {
    /// Plans grouping and rewrites the expressions above it to its output columns.
    pub(crate) fn aggregate(
        &mut self,
        plan: LogicalPlan,
        groups: Vec<Expr>,
        aggregates: Vec<Expr>,
        above: &mut [&mut Expr],
    ) -> Result<LogicalPlan> {
        let mut map: Vec<(Expr, Expr)> = Vec::new();
        // Computed grouping expressions become columns first, so that the aggregate groups by columns only.
        let mut computed: Vec<(Expr, Column)> = Vec::new();
        let mut as_column = |binder: &mut Self, e: Expr| -> Expr {
            match e {
                Expr::Column(_) => e,
                other => {
                    if let Some((_, c)) = computed.iter().find(|(x, _)| *x == other) {
                        return Expr::Column(c.clone());
                    }
                    let c = Column::from_name(binder.fresh("group"));
                    computed.push((other, c.clone()));
                    Expr::Column(c)
                }
            }
        };
        let groups: Vec<Expr> = groups
            .into_iter()
            .map(|g| match g {
                Expr::GroupingSet(GroupingSet::Rollup(es)) => Expr::GroupingSet(
                    GroupingSet::Rollup(es.into_iter().map(|e| as_column(self, e)).collect()),
                ),
                Expr::GroupingSet(GroupingSet::Cube(es)) => Expr::GroupingSet(GroupingSet::Cube(
                    es.into_iter().map(|e| as_column(self, e)).collect(),
                )),
                Expr::GroupingSet(GroupingSet::GroupingSets(ls)) => {
                    Expr::GroupingSet(GroupingSet::GroupingSets(
                        ls.into_iter()
                            .map(|l| l.into_iter().map(|e| as_column(self, e)).collect())
                            .collect(),
                    ))
                }
                e => as_column(self, e),
            })
            .collect();
        let mut aggregates = aggregates;
        let mut builder = LogicalPlanBuilder::from(plan);
        if !computed.is_empty() {
            let mut exprs: Vec<Expr> = builder
                .schema()
                .columns()
                .into_iter()
                .map(Expr::Column)
                .collect();
            for (e, c) in &computed {
                exprs.push(e.clone().alias(&c.name));
                map.push((e.clone(), Expr::Column(c.clone())));
            }
            builder = builder.project(exprs)?;
            // GROUPING(x) names its grouping expression.
            for a in &mut aggregates {
                if matches!(a, Expr::AggregateFunction(f) if f.func.name() == "grouping") {
                    let before = a.clone();
                    *a = replace(a.clone(), &map)?;
                    map.push((before, a.clone()));
                }
            }
        }
        for a in &aggregates {
            if let Expr::AggregateFunction(f) = a
                && f.func.name() == "grouping"
                && !f.params.args.iter().all(|x| grouped(&groups, x))
            {
                return Err(SqlError::raw(
                    "002080",
                    "42803",
                    "arguments to GROUPING must be grouping expressions of the associated query level",
                ));
            }
        }
        let mut outputs = Vec::with_capacity(aggregates.len());
        for a in aggregates {
            let c = Column::from_name(self.fresh("agg"));
            outputs.push(a.clone().alias(&c.name));
            let written = map
                .iter()
                .find(|(_, to)| *to == a)
                .map(|(from, _)| from.clone());
            if let Some(written) = written {
                map.retain(|(from, _)| *from != written);
                map.push((written, Expr::Column(c.clone())));
            }
            map.push((a, Expr::Column(c)));
        }
        let input_columns = self.scope().columns.clone();
        let plan = builder.aggregate(groups, outputs)?.build()?;
        let available = plan.schema().columns();
        for e in above.iter_mut() {
            let new = replace((**e).clone(), &map)?;
            let mut missing = None;
            new.apply(|x| {
                if let Expr::Column(c) = x
                    && !available.contains(c)
                {
                    missing = Some(c.clone());
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
            .map_err(SqlError::from)?;
            if let Some(c) = missing {
                let shown =
                    input_columns
                        .iter()
                        .find(|s| s.internal == c)
                        .map_or(c.name.clone(), |s| match s.qualifier.last() {
                            Some(q) => format!("{q}.{}", s.name),
                            None => s.name.clone(),
                        });
                return Err(ErrorKind::NotGrouped(match self.env.dialect {
                    DialectName::Redshift => shown,
                    DialectName::Snowflake => shown,
                })
                .into());
            }
            **e = new;
        }
        Ok(plan)
    }

    /// Plans window functions, one node per partitioning and order, and rewrites the expressions to its columns.
    pub(super) fn windows(
        &mut self,
        mut plan: LogicalPlan,
        above: &mut [&mut Expr],
    ) -> Result<LogicalPlan> {
        loop {
            let mut found: Vec<WindowFunction> = Vec::new();
            for e in above.iter() {
                innermost_windows(e, &mut found)?;
            }
            if found.is_empty() {
                return Ok(plan);
            }
            let mut groups: Vec<Vec<WindowFunction>> = Vec::new();
            for w in found {
                let same = |g: &&mut Vec<WindowFunction>| {
                    g[0].params.partition_by == w.params.partition_by
                        && g[0].params.order_by == w.params.order_by
                };
                match groups.iter_mut().find(same) {
                    Some(g) => g.push(w),
                    None => groups.push(vec![w]),
                }
            }
            let mut map = Vec::new();
            for g in groups {
                let mut exprs = Vec::with_capacity(g.len());
                for w in g {
                    let c = Column::from_name(self.fresh("window"));
                    let e = Expr::from(w);
                    exprs.push(e.clone().alias(&c.name));
                    map.push((e, Expr::Column(c)));
                }
                plan = LogicalPlan::Window(Window::try_new(exprs, std::sync::Arc::new(plan))?);
            }
            for e in above.iter_mut() {
                **e = replace((**e).clone(), &map)?;
            }
        }
    }

    /// Plans what is numbered inside of aggregates' arguments (SEQ4 and its kin) before the aggregates.
    pub(super) fn windows_within(
        &mut self,
        plan: LogicalPlan,
        aggregates: &mut [Expr],
        above: &mut [&mut Expr],
    ) -> Result<LogicalPlan> {
        if !aggregates.iter().any(has_window) {
            return Ok(plan);
        }
        let before = aggregates.to_vec();
        let mut inner: Vec<&mut Expr> = aggregates.iter_mut().collect();
        let plan = self.windows(plan, &mut inner)?;
        let map: Vec<(Expr, Expr)> = before
            .into_iter()
            .zip(aggregates.iter().cloned())
            .filter(|(a, b)| a != b)
            .collect();
        for e in above.iter_mut() {
            **e = replace((**e).clone(), &map)?;
        }
        Ok(plan)
    }
}

/// Window functions without others inside of them.
fn innermost_windows(e: &Expr, found: &mut Vec<WindowFunction>) -> Result<()> {
    e.apply(|x| {
        let Expr::WindowFunction(w) = x else {
            return Ok(TreeNodeRecursion::Continue);
        };
        let mut outer = false;
        x.apply_children(|c| {
            outer |= has_window(c);
            Ok(TreeNodeRecursion::Continue)
        })?;
        if outer {
            return Ok(TreeNodeRecursion::Continue);
        }
        if !found.contains(w) {
            found.push((**w).clone());
        }
        Ok(TreeNodeRecursion::Jump)
    })
    .map_err(SqlError::from)?;
    Ok(())
}

pub(crate) fn collect_aggregates(e: &Expr, out: &mut Vec<Expr>) -> Result<()> {
    e.apply(|x| {
        if let Expr::AggregateFunction(_) = x {
            if !out.contains(x) {
                out.push(x.clone());
            }
            return Ok(TreeNodeRecursion::Jump);
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map_err(SqlError::from)?;
    Ok(())
}

/// Columns that stand outside of aggregates and windows.
pub(super) fn free_columns(e: &Expr, out: &mut Vec<Expr>) -> Result<()> {
    e.apply(|x| {
        Ok(match x {
            Expr::AggregateFunction(_) | Expr::WindowFunction(_) => TreeNodeRecursion::Jump,
            Expr::Column(_) => {
                if !out.contains(x) {
                    out.push(x.clone());
                }
                TreeNodeRecursion::Continue
            }
            _ => TreeNodeRecursion::Continue,
        })
    })
    .map_err(SqlError::from)?;
    Ok(())
}

pub(super) fn has_window(e: &Expr) -> bool {
    e.exists(|x| Ok(matches!(x, Expr::WindowFunction(_))))
        .unwrap_or(false)
}

pub(super) fn is_constant(e: &Expr) -> bool {
    !e.any_column_refs()
}

/// Replaces whole subexpressions, outermost first.
pub(super) fn replace(e: Expr, map: &[(Expr, Expr)]) -> Result<Expr> {
    e.transform_down(|x| {
        Ok(match map.iter().find(|(from, _)| *from == x) {
            Some((_, to)) => Transformed::new(to.clone(), true, TreeNodeRecursion::Jump),
            None => Transformed::no(x),
        })
    })
    .map(|t| t.data)
    .map_err(SqlError::from)
}
