//! LATERAL subqueries as joins: their plan is given the distinct values of the outer columns that it uses, at the place
//! where it needs them ("Unnesting Arbitrary Queries", Neumann and Kemper, 2015), so that LIMIT, windows, aggregates and
//! set operations mean what they would mean for every row on the left. Binding the subquery is done in `from`.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema as ArrowSchema};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType, NullEquality, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::functions_aggregate::count::count;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Distinct, EmptyRelation, Expr, ExprFunctionExt, FetchType, Join, Limit,
    LogicalPlan, LogicalPlanBuilder, Operator, SkipType, SortExpr, Subquery, Window, lit,
};

use super::subquery::subquery;
use super::{Binder, Relation};
use crate::error::{Result, SqlError};
use crate::exec::TableProviderOf;

/// `a IS NOT DISTINCT FROM b`.
fn same(a: Expr, b: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(
        Box::new(a),
        Operator::IsNotDistinctFrom,
        Box::new(b),
    ))
}

/// The outer columns in a plan, and in its subqueries, that a test accepts.
fn outer_columns(plan: &LogicalPlan, wanted: &dyn Fn(&Column) -> bool) -> Result<Vec<Column>> {
    let mut found: Vec<Column> = Vec::new();
    plan.apply_with_subqueries(|p| {
        p.apply_expressions(|e| {
            e.apply(|x| {
                if let Expr::OuterReferenceColumn(_, c) = x
                    && wanted(c)
                    && !found.contains(c)
                {
                    found.push(c.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// Whether a plan may give other rows when it runs a second time.
fn is_volatile(plan: &LogicalPlan) -> Result<bool> {
    let mut volatile = false;
    plan.apply_with_subqueries(|p| {
        p.apply_expressions(|e| {
            volatile |= e.is_volatile();
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(volatile)
}

impl Binder<'_> {
    /// The plan of what stands LATERAL behind `left`, for all its rows at once, and the conditions that join the rows
    /// of both. The plan has more columns than it had. `left` is computed now when its rows differ from time to time.
    ///
    /// # Errors
    /// Plans that cannot be given outer values.
    pub(crate) fn lateral(
        &mut self,
        left: &mut Relation,
        right: LogicalPlan,
    ) -> Result<(LogicalPlan, Vec<Expr>)> {
        let used = outer_columns(&right, &|c| left.columns.iter().any(|l| l.internal == *c))?;
        if used.is_empty() {
            return Ok((right, Vec::new()));
        }
        if self.runner.is_some() && is_volatile(&left.plan)? {
            left.plan = self.computed(&left.plan)?;
        }
        let columns: Vec<(Column, Column)> = used
            .into_iter()
            .map(|c| {
                let own = Column::from_name(self.fresh(&c.name));
                (c, own)
            })
            .collect();
        let exprs: Vec<Expr> = columns
            .iter()
            .map(|(c, own)| Expr::Column(c.clone()).alias(&own.name))
            .collect();
        let values = LogicalPlanBuilder::from(left.plan.clone())
            .project(exprs)?
            .distinct()?
            .build()?;
        let on = columns
            .iter()
            .map(|(c, own)| same(Expr::Column(c.clone()), Expr::Column(own.clone())))
            .collect();
        let mut domain = Domain {
            binder: self,
            columns,
            values,
        };
        Ok((domain.pushed(right)?, on))
    }

    /// The rows of a plan as a plan with the same columns.
    fn computed(&mut self, plan: &LogicalPlan) -> Result<LogicalPlan> {
        let batches = self.rows_now(plan)?;
        let schema = Arc::new(ArrowSchema::new(
            plan.schema()
                .fields()
                .iter()
                .enumerate()
                .map(|(i, f)| Field::new(format!("c{i}"), f.data_type().clone(), true))
                .collect::<Vec<_>>(),
        ));
        let batches = batches
            .into_iter()
            .map(|b| RecordBatch::try_new(Arc::clone(&schema), b.columns().to_vec()))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        self.env.fleeting().mark();
        let alias = TableReference::bare(self.fresh("left"));
        let exprs: Vec<Expr> = plan
            .schema()
            .iter()
            .enumerate()
            .map(|(i, (qualifier, f))| {
                Expr::Column(Column::new(Some(alias.clone()), format!("c{i}")))
                    .alias_qualified(qualifier.cloned(), f.name())
            })
            .collect();
        let provider = Arc::new(TableProviderOf::rows(schema, batches));
        Ok(
            LogicalPlanBuilder::scan(alias, provider_as_source(provider), None)?
                .project(exprs)?
                .build()?,
        )
    }
}

/// The outer values that a plan is evaluated for.
struct Domain<'b, 'a> {
    binder: &'b mut Binder<'a>,
    /// Outer columns, and the columns of `values` that stand for them.
    columns: Vec<(Column, Column)>,
    values: LogicalPlan,
}

fn refused(what: &str) -> SqlError {
    SqlError::unsupported(format!("{what} with outer columns in a LATERAL subquery"))
}

impl Domain<'_, '_> {
    fn own(&self) -> Vec<Expr> {
        self.columns
            .iter()
            .map(|(_, own)| Expr::Column(own.clone()))
            .collect()
    }

    fn is_correlated(&self, plan: &LogicalPlan) -> Result<bool> {
        let wanted = |c: &Column| self.columns.iter().any(|(outer, _)| outer == c);
        Ok(!outer_columns(plan, &wanted)?.is_empty())
    }

    /// The same plan inside of an expression: it still refers to outer columns, under their other names.
    fn renamed(&self, s: Subquery) -> datafusion::common::Result<Subquery> {
        let plan = Arc::unwrap_or_clone(s.subquery);
        let plan = plan
            .transform_down_with_subqueries(|p| {
                let names = NamePreserver::new(&p);
                p.map_expressions(|e| {
                    let name = names.save(&e);
                    Ok(e.transform_up(|x| {
                        Ok(match x {
                            Expr::OuterReferenceColumn(field, c) => {
                                match self.columns.iter().find(|(outer, _)| *outer == c) {
                                    Some((_, own)) => Transformed::yes(Expr::OuterReferenceColumn(
                                        field,
                                        own.clone(),
                                    )),
                                    None => Transformed::no(Expr::OuterReferenceColumn(field, c)),
                                }
                            }
                            other => Transformed::no(other),
                        })
                    })?
                    .update_data(|e| name.restore(e)))
                })
            })?
            .data
            .recompute_schema()?;
        Ok(subquery(plan))
    }

    /// An expression whose outer columns are columns.
    fn expr(&self, e: Expr) -> Result<Expr> {
        let out = e.transform_up(|x| {
            Ok(match x {
                Expr::OuterReferenceColumn(field, c) => {
                    match self.columns.iter().find(|(outer, _)| *outer == c) {
                        Some((_, own)) => Transformed::yes(Expr::Column(own.clone())),
                        None => Transformed::no(Expr::OuterReferenceColumn(field, c)),
                    }
                }
                Expr::ScalarSubquery(s) => Transformed::yes(Expr::ScalarSubquery(self.renamed(s)?)),
                Expr::Exists(mut x) => {
                    x.subquery = self.renamed(x.subquery)?;
                    Transformed::yes(Expr::Exists(x))
                }
                Expr::InSubquery(mut x) => {
                    x.subquery = self.renamed(x.subquery)?;
                    Transformed::yes(Expr::InSubquery(x))
                }
                Expr::SetComparison(mut x) => {
                    x.subquery = self.renamed(x.subquery)?;
                    Transformed::yes(Expr::SetComparison(x))
                }
                other => Transformed::no(other),
            })
        })?;
        Ok(out.data)
    }

    /// The same under the name that it had.
    fn named(&self, e: Expr) -> Result<Expr> {
        let name = NamePreserver::new_for_projection().save(&e);
        Ok(name.restore(self.expr(e)?))
    }

    fn all_named(&self, exprs: Vec<Expr>) -> Result<Vec<Expr>> {
        exprs.into_iter().map(|e| self.named(e)).collect()
    }

    fn sorts(&self, sorts: Vec<SortExpr>) -> Result<Vec<SortExpr>> {
        sorts
            .into_iter()
            .map(|s| {
                Ok(SortExpr {
                    expr: self.expr(s.expr)?,
                    ..s
                })
            })
            .collect()
    }

    /// A plan that gives its rows for each of the values, which are further columns of it.
    fn pushed(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        if !self.is_correlated(&plan)? {
            return Ok(LogicalPlanBuilder::from(self.values.clone())
                .cross_join(plan)?
                .build()?);
        }
        let input = |p: Arc<LogicalPlan>| Arc::unwrap_or_clone(p);
        match plan {
            LogicalPlan::Projection(p) => {
                let mut exprs = self.all_named(p.expr)?;
                exprs.extend(self.own());
                let inner = self.pushed(input(p.input))?;
                Ok(LogicalPlanBuilder::from(inner).project(exprs)?.build()?)
            }
            LogicalPlan::Filter(f) => {
                let condition = self.expr(f.predicate)?;
                let inner = self.pushed(input(f.input))?;
                Ok(LogicalPlanBuilder::from(inner).filter(condition)?.build()?)
            }
            LogicalPlan::Window(w) => {
                let exprs = self.windows(w.window_expr)?;
                let inner = self.pushed(input(w.input))?;
                Ok(LogicalPlan::Window(Window::try_new(
                    exprs,
                    Arc::new(inner),
                )?))
            }
            LogicalPlan::Aggregate(a) => self.aggregate(a),
            LogicalPlan::Distinct(Distinct::All(of)) => {
                let inner = self.pushed(input(of))?;
                Ok(LogicalPlanBuilder::from(inner).distinct()?.build()?)
            }
            LogicalPlan::Sort(s) if s.fetch.is_none() => {
                let sorts = self.sorts(s.expr)?;
                let inner = self.pushed(input(s.input))?;
                Ok(LogicalPlanBuilder::from(inner).sort(sorts)?.build()?)
            }
            LogicalPlan::Limit(l) => self.limit(l),
            LogicalPlan::Join(j) => self.join(j),
            LogicalPlan::Union(u) => {
                let names: Vec<(Option<TableReference>, String)> = u
                    .schema
                    .iter()
                    .map(|(q, f)| (q.cloned(), f.name().clone()))
                    .collect();
                let mut all: Option<LogicalPlanBuilder> = None;
                for part in u.inputs {
                    let columns = part.schema().columns();
                    let inner = self.pushed(input(part))?;
                    let mut exprs = self.own();
                    for (c, (q, n)) in columns.into_iter().zip(&names) {
                        exprs.push(Expr::Column(c).alias_qualified(q.clone(), n));
                    }
                    let part = LogicalPlanBuilder::from(inner).project(exprs)?.build()?;
                    all = Some(match all {
                        None => LogicalPlanBuilder::from(part),
                        Some(b) => b.union(part)?,
                    });
                }
                match all {
                    Some(b) => Ok(b.build()?),
                    None => Err(SqlError::internal("a union of nothing")),
                }
            }
            LogicalPlan::Unnest(u) => {
                let inner = self.pushed(input(u.input))?;
                Ok(LogicalPlanBuilder::from(inner)
                    .unnest_columns_with_options(u.exec_columns, u.options)?
                    .build()?)
            }
            other => Err(refused(
                other
                    .display()
                    .to_string()
                    .split([':', ' '])
                    .next()
                    .unwrap_or("a query"),
            )),
        }
    }

    /// Window functions that see the rows of one value only.
    fn windows(&self, exprs: Vec<Expr>) -> Result<Vec<Expr>> {
        exprs
            .into_iter()
            .map(|e| {
                let name = NamePreserver::new_for_projection().save(&e);
                let own = self.own();
                let e = self.expr(e)?.transform_up(|x| {
                    Ok(match x {
                        Expr::WindowFunction(mut w) => {
                            w.params.partition_by.extend(own.clone());
                            Transformed::yes(Expr::WindowFunction(w))
                        }
                        other => Transformed::no(other),
                    })
                })?;
                Ok(name.restore(e.data))
            })
            .collect()
    }

    /// One group per value and group; without GROUP BY there is one row for every value, even where no row is.
    fn aggregate(&mut self, a: Aggregate) -> Result<LogicalPlan> {
        let names: Vec<(Option<TableReference>, String)> = a
            .schema
            .iter()
            .map(|(q, f)| (q.cloned(), f.name().clone()))
            .collect();
        let inner = self.pushed(Arc::unwrap_or_clone(a.input))?;
        let mut groups = self.all_named(a.group_expr)?;
        let aggregates = self.all_named(a.aggr_expr)?;
        let whole = groups.is_empty();
        groups.extend(self.own());
        if !whole {
            if groups.iter().any(|g| matches!(g, Expr::GroupingSet(_))) {
                return Err(refused("GROUP BY of several sets"));
            }
            return Ok(LogicalPlanBuilder::from(inner)
                .aggregate(groups, aggregates)?
                .build()?);
        }
        let nothing = LogicalPlan::EmptyRelation(EmptyRelation {
            produce_one_row: false,
            schema: Arc::clone(inner.schema()),
        });
        let marker = self.binder.fresh("rows");
        let mut counted = aggregates.clone();
        counted.push(count(lit(1i64)).alias(&marker));
        let found = LogicalPlanBuilder::from(inner)
            .aggregate(groups, counted)?
            .build()?;
        let empty = LogicalPlanBuilder::from(nothing)
            .aggregate(Vec::<Expr>::new(), aggregates)?
            .build()?;
        // Every column of either side gets a name of its own, so that they can be joined.
        let mut fresh = |columns: Vec<Column>| -> Vec<(Column, String)> {
            columns
                .into_iter()
                .map(|c| {
                    let name = self.binder.fresh(&c.name);
                    (c, name)
                })
                .collect()
        };
        let of_found = fresh(found.schema().columns());
        let of_empty = fresh(empty.schema().columns());
        let project = |plan: LogicalPlan, names: &[(Column, String)]| -> Result<LogicalPlan> {
            let exprs: Vec<Expr> = names
                .iter()
                .map(|(c, n)| Expr::Column(c.clone()).alias(n))
                .collect();
            Ok(LogicalPlanBuilder::from(plan).project(exprs)?.build()?)
        };
        let (found, empty) = (project(found, &of_found)?, project(empty, &of_empty)?);
        let name = |i: usize| Expr::Column(Column::from_name(of_found[i].1.clone()));
        let values = self.columns.len();
        let on: Vec<Expr> = self
            .own()
            .into_iter()
            .enumerate()
            .map(|(i, own)| same(own, name(i)))
            .collect();
        let there = name(of_found.len() - 1).is_not_null();
        let mut exprs = self.own();
        for (i, (qualifier, shown)) in names.iter().enumerate() {
            let none = Expr::Column(Column::from_name(of_empty[i].1.clone()));
            exprs.push(
                Expr::Case(Case::new(
                    None,
                    vec![(Box::new(there.clone()), Box::new(name(values + i)))],
                    Some(Box::new(none)),
                ))
                .alias_qualified(qualifier.clone(), shown),
            );
        }
        Ok(LogicalPlanBuilder::from(self.values.clone())
            .join_on(found, JoinType::Left, on)?
            .cross_join(empty)?
            .project(exprs)?
            .build()?)
    }

    /// LIMIT and OFFSET for each value, by numbering its rows.
    fn limit(&mut self, l: Limit) -> Result<LogicalPlan> {
        let (SkipType::Literal(skip), FetchType::Literal(fetch)) =
            (l.get_skip_type()?, l.get_fetch_type()?)
        else {
            return Err(refused("LIMIT"));
        };
        let (sorts, body) = match Arc::unwrap_or_clone(l.input) {
            // What is computed from the rows that are left is computed after the choice.
            LogicalPlan::Projection(mut p) if matches!(*p.input, LogicalPlan::Sort(_)) => {
                p.input = Arc::new(LogicalPlan::Limit(Limit {
                    skip: l.skip,
                    fetch: l.fetch,
                    input: p.input,
                }));
                return self.pushed(LogicalPlan::Projection(p));
            }
            LogicalPlan::Sort(s) => (s.expr, Arc::unwrap_or_clone(s.input)),
            other => (Vec::new(), other),
        };
        let sorts = self.sorts(sorts)?;
        let inner = self.pushed(body)?;
        let kept: Vec<Expr> = inner
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        let number = self.binder.fresh("number");
        let numbered = row_number()
            .partition_by(self.own())
            .order_by(sorts)
            .build()?
            .alias(&number);
        let number = || Expr::Column(Column::from_name(number.clone()));
        let mut condition = number().gt(lit(skip as u64));
        if let Some(n) = fetch {
            condition = condition.and(number().lt_eq(lit(skip.saturating_add(n) as u64)));
        }
        let window = LogicalPlan::Window(Window::try_new(vec![numbered], Arc::new(inner))?);
        Ok(LogicalPlanBuilder::from(window)
            .filter(condition)?
            .project(kept)?
            .build()?)
    }

    fn join(&mut self, j: Join) -> Result<LogicalPlan> {
        let equal = |(a, b): (Expr, Expr)| match j.null_equality {
            NullEquality::NullEqualsNull => same(a, b),
            NullEquality::NullEqualsNothing => a.eq(b),
        };
        if j.null_aware {
            return Err(refused("NOT IN"));
        }
        let conditions: Vec<Expr> =
            j.on.into_iter()
                .map(equal)
                .chain(j.filter)
                .map(|e| self.expr(e))
                .collect::<Result<_>>()?;
        let (left, right) = (Arc::unwrap_or_clone(j.left), Arc::unwrap_or_clone(j.right));
        let (of_left, of_right) = (self.is_correlated(&left)?, self.is_correlated(&right)?);
        // A side whose rows all stay must know the values itself.
        let keeps_left = !matches!(j.join_type, JoinType::Inner | JoinType::Right);
        let keeps_right = matches!(j.join_type, JoinType::Right | JoinType::Full);
        if matches!(
            j.join_type,
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark
        ) {
            return Err(refused("a join"));
        }
        let push_left = of_left || keeps_left || !of_right;
        let push_right = of_right || keeps_right;
        let build = |l: LogicalPlan, r: LogicalPlan, mut on: Vec<Expr>| -> Result<LogicalPlan> {
            if on.is_empty() {
                on.push(lit(true));
            }
            Ok(LogicalPlanBuilder::from(l)
                .join_on(r, j.join_type, on)?
                .build()?)
        };
        match (push_left, push_right) {
            (true, false) => {
                let left = self.pushed(left)?;
                build(left, right, conditions)
            }
            (false, _) => {
                let right = self.pushed(right)?;
                build(left, right, conditions)
            }
            (true, true) => {
                let left_columns = left.schema().columns();
                let right_columns = right.schema().columns();
                let left = self.pushed(left)?;
                let right = self.pushed(right)?;
                // The values on the right need names of their own.
                let mut twins = Vec::with_capacity(self.columns.len());
                let mut exprs: Vec<Expr> =
                    right_columns.iter().cloned().map(Expr::Column).collect();
                for (_, own) in &self.columns {
                    let twin = self.binder.fresh(&own.name);
                    exprs.push(Expr::Column(own.clone()).alias(&twin));
                    twins.push(Expr::Column(Column::from_name(twin)));
                }
                let right = LogicalPlanBuilder::from(right).project(exprs)?.build()?;
                let own = self.own();
                let mut on: Vec<Expr> = own
                    .iter()
                    .cloned()
                    .zip(twins.clone())
                    .map(|(a, b)| same(a, b))
                    .collect();
                on.extend(conditions);
                let joined = build(left, right, on)?;
                if matches!(
                    j.join_type,
                    JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark
                ) {
                    return Ok(joined);
                }
                let value = |a: Expr, b: Expr| match j.join_type {
                    JoinType::Right => b,
                    JoinType::Full => Expr::Case(Case::new(
                        None,
                        vec![(Box::new(a.clone().is_not_null()), Box::new(a))],
                        Some(Box::new(b)),
                    )),
                    _ => a,
                };
                let mut exprs: Vec<Expr> = left_columns
                    .into_iter()
                    .chain(right_columns)
                    .map(Expr::Column)
                    .collect();
                for (((_, own), a), b) in self.columns.iter().zip(own).zip(twins) {
                    exprs.push(value(a, b).alias(&own.name));
                }
                Ok(LogicalPlanBuilder::from(joined).project(exprs)?.build()?)
            }
        }
    }
}
