//! The order of inner joins, chosen greedily by the sizes that tables, conditions and ranges of keys suggest.
//! Other joins stay as they are written; which operator runs a join is DataFusion's affair.
//!
//! Sizes follow the usual model: independent conditions, keys of the smaller domain contained in the larger one
//! (Selinger et al., "Access path selection in a relational database management system", 1979).

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, JoinConstraint, NullEquality, Result};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{
    Expr, Join, JoinType, LogicalPlan, Operator, Projection, binary_expr,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use super::TableProviderOf;
use super::lineage::origin;

/// Relations of one chain of joins that are looked at; more are left as they are written.
const MOST_RELATIONS: usize = 16;

/// A new order must promise to cost less than this share of the written one, for sizes are guesses.
const WORTHWHILE: f64 = 0.8;

/// Puts chains of inner joins into an order in which little is kept between them.
#[derive(Debug)]
pub(super) struct JoinOrder;

impl OptimizerRule for JoinOrder {
    fn name(&self) -> &str {
        "join_order"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let Some(ordered) = inner(&plan).and_then(|_| Chain::of(&plan)?.ordered()) else {
            return Ok(Transformed::no(plan));
        };
        // Who reads the join finds the columns where they were.
        let columns = plan
            .schema()
            .iter()
            .map(|(qualifier, field)| Expr::Column(Column::from((qualifier, field))))
            .collect();
        let schema = Arc::clone(plan.schema());
        let projection = Projection::try_new_with_schema(columns, Arc::new(ordered?), schema)?;
        Ok(Transformed::yes(LogicalPlan::Projection(projection)))
    }
}

/// The join, when its inputs may change places and partners.
fn inner(plan: &LogicalPlan) -> Option<&Join> {
    match plan {
        LogicalPlan::Join(j)
            if j.join_type == JoinType::Inner
                && j.null_equality == NullEquality::NullEqualsNothing =>
        {
            Some(j)
        }
        _ => None,
    }
}

/// What a projection passes on, when it only leaves columns out.
fn through(plan: &LogicalPlan) -> &LogicalPlan {
    if let LogicalPlan::Projection(p) = plan {
        let same = p
            .expr
            .iter()
            .zip(p.schema.iter())
            .all(|(e, field)| matches!(e, Expr::Column(c) if *c == Column::from(field)));
        if same && inner(&p.input).is_some() {
            return &p.input;
        }
    }
    plan
}

/// An equality of two relations.
struct Edge {
    keys: [Expr; 2],
    relations: [usize; 2],
}

/// A chain of inner joins taken apart. Sets of relations are bits of a word.
struct Chain<'a> {
    relations: Vec<&'a LogicalPlan>,
    rows: Vec<f64>,
    edges: Vec<Edge>,
    /// Conditions of any kind, with the relations they read.
    conditions: Vec<(Expr, u32)>,
    /// Share of the pairs of two relations that their equalities let through.
    selectivity: Vec<([usize; 2], f64)>,
    /// What the written order costs.
    written: f64,
}

impl<'a> Chain<'a> {
    fn of(plan: &'a LogicalPlan) -> Option<Self> {
        let mut chain = Chain {
            relations: Vec::new(),
            rows: Vec::new(),
            edges: Vec::new(),
            conditions: Vec::new(),
            selectivity: Vec::new(),
            written: 0.0,
        };
        let mut joins = Vec::new();
        chain.gather(plan, &mut joins);
        if chain.relations.len() > MOST_RELATIONS {
            return None;
        }
        let mut owner = HashMap::new();
        for (at, relation) in chain.relations.iter().enumerate() {
            for (qualifier, field) in relation.schema().iter() {
                owner.insert(Column::from((qualifier, field)), at);
            }
        }
        let reads = |e: &Expr| -> Option<u32> {
            e.column_refs()
                .into_iter()
                .try_fold(0, |set, c| Some(set | 1 << owner.get(c)?))
        };
        for (join, _) in &joins {
            for (left, right) in &join.on {
                let (l, r) = (reads(left)?, reads(right)?);
                if l.count_ones() == 1 && r.count_ones() == 1 && l != r {
                    chain.edges.push(Edge {
                        keys: [left.clone(), right.clone()],
                        relations: [l.trailing_zeros() as usize, r.trailing_zeros() as usize],
                    });
                } else {
                    let both = binary_expr(left.clone(), Operator::Eq, right.clone());
                    chain.conditions.push((both, l | r));
                }
            }
            for condition in join.filter.iter().flat_map(split_conjunction) {
                // It is asked once for each pair that meets it, in the order that is written.
                if condition.is_volatile() {
                    return None;
                }
                let set = reads(condition)?;
                chain.conditions.push((condition.clone(), set));
            }
        }
        chain.rows = chain.relations.iter().map(|r| rows(r)).collect();
        chain.selectivity = chain.selectivities();
        chain.written = joins.iter().map(|(_, [l, r])| chain.cost(*l, *r)).sum();
        Some(chain)
    }

    /// Collects relations, and joins with the sets of relations on their sides; the set of all below.
    fn gather(&mut self, plan: &'a LogicalPlan, joins: &mut Vec<(&'a Join, [u32; 2])>) -> u32 {
        let plan = through(plan);
        match inner(plan) {
            Some(join) if self.relations.len() <= MOST_RELATIONS => {
                let left = self.gather(&join.left, joins);
                let right = self.gather(&join.right, joins);
                joins.push((join, [left, right]));
                left | right
            }
            _ => {
                self.relations.push(plan);
                1 << (self.relations.len() - 1)
            }
        }
    }

    fn selectivities(&self) -> Vec<([usize; 2], f64)> {
        let mut pairs: Vec<([usize; 2], Vec<f64>)> = Vec::new();
        for edge in &self.edges {
            let values =
                |side: usize| distinct(&edge.keys[side], self.relations[edge.relations[side]]);
            let larger = values(0).max(values(1)).max(1.0);
            let [a, b] = edge.relations;
            let pair = [a.min(b), a.max(b)];
            match pairs.iter_mut().find(|(p, _)| *p == pair) {
                Some((_, all)) => all.push(larger),
                None => pairs.push((pair, vec![larger])),
            }
        }
        pairs
            .into_iter()
            .map(|(pair, mut domains)| {
                // The parts of a composite key depend on each other: each further one counts less.
                domains.sort_by(|a, b| b.total_cmp(a));
                let share = domains
                    .iter()
                    .enumerate()
                    .map(|(i, d)| (1.0 / d).powf(0.5f64.powi(i as i32)))
                    .product();
                (pair, share)
            })
            .collect()
    }

    /// Rows of the join of a set of relations.
    fn size(&self, set: u32) -> f64 {
        let has = |i: usize| set >> i & 1 == 1;
        let all: f64 = (0..self.rows.len())
            .filter(|i| has(*i))
            .map(|i| self.rows[i])
            .product();
        let equal: f64 = self
            .selectivity
            .iter()
            .filter(|([a, b], _)| has(*a) && has(*b))
            .map(|(_, share)| share)
            .product();
        let met: f64 = self
            .conditions
            .iter()
            .filter(|(_, reads)| reads & !set == 0)
            .map(|(c, _)| share(c, 1000.0))
            .product();
        (all * equal * met).max(1.0)
    }

    /// What a join costs: rows that come out, and rows of its left side, of which a table is built.
    fn cost(&self, left: u32, right: u32) -> f64 {
        self.size(left | right) + 2.0 * self.size(left) + self.size(right)
    }

    fn connected(&self, set: u32, relation: usize) -> bool {
        self.selectivity.iter().any(|([a, b], _)| {
            (*a == relation && set >> b & 1 == 1) || (*b == relation && set >> a & 1 == 1)
        })
    }

    /// The joins in a better order; None where the written one will do or a relation is joined by no equality.
    fn ordered(&self) -> Option<Result<LogicalPlan>> {
        let n = self.relations.len();
        let mut best: Option<(f64, usize, usize)> = None;
        for a in 0..n {
            for b in (0..n).filter(|b| *b != a && self.connected(1 << a, *b)) {
                let cost = self.cost(1 << a, 1 << b);
                if best.is_none_or(|(c, _, _)| cost < c) {
                    best = Some((cost, a, b));
                }
            }
        }
        let (mut cost, first, second) = best?;
        let mut order = vec![first, second];
        let mut set = 1u32 << first | 1 << second;
        while order.len() < n {
            let (added, next) = (0..n)
                .filter(|i| set >> i & 1 == 0 && self.connected(set, *i))
                .map(|i| (self.cost(set, 1 << i).min(self.cost(1 << i, set)), i))
                .min_by(|a, b| a.0.total_cmp(&b.0))?;
            cost += added;
            set |= 1 << next;
            order.push(next);
        }
        (cost < WORTHWHILE * self.written).then(|| self.build(&order))
    }

    fn build(&self, order: &[usize]) -> Result<LogicalPlan> {
        let mut plan = self.relations[order[0]].clone();
        let mut set = 1u32 << order[0];
        for next in &order[1..] {
            let all = set | 1 << next;
            let ready = |reads: u32| reads & !all == 0 && reads & !set != 0;
            let conditions = self
                .conditions
                .iter()
                .filter(|(_, reads)| ready(*reads) || (order[1] == *next && *reads & !all == 0))
                .map(|(c, _)| c.clone());
            let filter = conjunction(conditions);
            // The table is built of the left side, which should be the smaller one.
            let first = self.size(set) <= self.size(1 << next);
            let on = self
                .edges
                .iter()
                .filter_map(|e| {
                    let side = e.relations.iter().position(|r| r == next)?;
                    (set >> e.relations[1 - side] & 1 == 1).then(|| {
                        let (new, old) = (e.keys[side].clone(), e.keys[1 - side].clone());
                        if first { (old, new) } else { (new, old) }
                    })
                })
                .collect();
            let (left, right) = match (plan, self.relations[*next].clone()) {
                (old, new) if first => (old, new),
                (old, new) => (new, old),
            };
            plan = LogicalPlan::Join(Join::try_new(
                Arc::new(left),
                Arc::new(right),
                on,
                filter,
                JoinType::Inner,
                JoinConstraint::On,
                NullEquality::NullEqualsNothing,
                false,
            )?);
            set = all;
        }
        Ok(plan)
    }
}

/// How many values a key has in its table.
fn distinct(key: &Expr, relation: &LogicalPlan) -> f64 {
    let columns = key.column_refs();
    let mut columns = columns.into_iter();
    let (Some(column), None) = (columns.next(), columns.next()) else {
        return rows(relation);
    };
    match origin(column, relation) {
        Some((table, index)) => {
            let rows = table.data.rows as f64;
            match table.data.range(index) {
                Some((least, most)) => rows.min((most as f64 - least as f64) + 1.0),
                None => rows,
            }
        }
        None => rows(relation),
    }
}

/// How many rows a plan gives.
fn rows(plan: &LogicalPlan) -> f64 {
    let below = |share: f64| plan.inputs().first().map_or(1.0, |p| rows(p)) * share;
    match plan {
        LogicalPlan::TableScan(scan) => source_as_provider(&scan.source)
            .ok()
            .and_then(|p| {
                p.downcast_ref::<TableProviderOf>()
                    .map(TableProviderOf::len)
            })
            .map_or(1000.0, |n| n as f64),
        LogicalPlan::Filter(f) => {
            let all = rows(&f.input);
            (all * share(&f.predicate, all)).max(1.0)
        }
        LogicalPlan::Aggregate(a) if a.group_expr.is_empty() => 1.0,
        LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) => below(0.1).max(1.0),
        LogicalPlan::Limit(_) => below(1.0).min(1000.0),
        LogicalPlan::Join(j) => match j.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => rows(&j.left) * 0.5,
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => rows(&j.right) * 0.5,
            _ => rows(&j.left).max(rows(&j.right)),
        },
        LogicalPlan::Union(u) => u.inputs.iter().map(|p| rows(p)).sum(),
        LogicalPlan::Values(v) => v.values.len() as f64,
        LogicalPlan::EmptyRelation(_) => 1.0,
        _ => below(1.0),
    }
}

/// The share of rows that a condition lets through.
fn share(condition: &Expr, rows: f64) -> f64 {
    // One of few values in a small table, one of many in a large one.
    let one = (1.0 / rows.max(1.0)).max(0.02);
    match condition {
        Expr::BinaryExpr(b) => match b.op {
            Operator::And => share(&b.left, rows) * share(&b.right, rows),
            Operator::Or => (share(&b.left, rows) + share(&b.right, rows)).min(1.0),
            Operator::Eq => one,
            Operator::NotEq => 1.0 - one,
            Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => 0.4,
            _ => 0.3,
        },
        Expr::Between(_) => 0.2,
        Expr::InList(list) if list.negated => 0.9,
        Expr::InList(list) => (one * list.list.len() as f64).min(0.9),
        Expr::Like(like) if like.negated => 0.9,
        Expr::Like(_) => 0.1,
        Expr::IsNull(_) => 0.05,
        Expr::IsNotNull(_) => 0.95,
        Expr::Not(inner) => 1.0 - share(inner, rows),
        _ => 0.4,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, RecordBatch};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::datasource::provider_as_source;
    use datafusion::logical_expr::{
        ColumnarValue, LogicalPlanBuilder, Volatility, col, create_udf, lit,
    };
    use datafusion::optimizer::{Optimizer, OptimizerContext};
    use datafusion::scalar::ScalarValue;

    use super::*;

    /// A table whose columns count its rows.
    fn table(name: &str, columns: &[&str], rows: i64) -> LogicalPlanBuilder {
        let fields: Vec<_> = (columns.iter())
            .map(|c| Field::new(*c, DataType::Int64, false))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let column: Arc<Int64Array> = Arc::new((0..rows).collect());
        let arrays = columns.iter().map(|_| Arc::clone(&column) as _).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).expect("batch");
        let provider = Arc::new(TableProviderOf::rows(schema, vec![batch]));
        LogicalPlanBuilder::scan(name, provider_as_source(provider), None).expect("scan")
    }

    fn on(
        left: LogicalPlanBuilder,
        right: LogicalPlanBuilder,
        l: &str,
        r: &str,
    ) -> LogicalPlanBuilder {
        let right = right.build().expect("right");
        left.join_with_expr_keys(right, JoinType::Inner, (vec![col(l)], vec![col(r)]), None)
            .expect("join")
    }

    /// The tables in the order in which the optimised plan names them, and whether its columns are as before.
    fn scanned(plan: LogicalPlanBuilder) -> Vec<String> {
        let plan = plan.build().expect("plan");
        let schema = Arc::clone(plan.schema());
        let optimizer = Optimizer::with_rules(vec![Arc::new(JoinOrder)]);
        let plan = optimizer
            .optimize(plan, &OptimizerContext::new(), |_, _| {})
            .expect("optimised");
        assert_eq!(plan.schema().fields(), schema.fields());
        plan.display_indent()
            .to_string()
            .lines()
            .filter_map(|l| Some(l.trim().strip_prefix("TableScan: ")?.to_owned()))
            .collect()
    }

    #[test]
    fn small_results_come_first() {
        let facts = || table("facts", &["id", "d", "k"], 1000);
        let dims = || table("dims", &["d"], 100);
        let kinds = || {
            let all = table("kinds", &["k"], 10);
            all.filter(col("kinds.k").eq(lit(3i64))).expect("filter")
        };
        let written = on(facts(), dims(), "facts.d", "dims.d");
        let plan = on(written, kinds(), "facts.k", "kinds.k");
        assert_eq!(scanned(plan), ["kinds", "facts", "dims"]);
        // As good as it gets.
        let written = on(kinds(), facts(), "kinds.k", "facts.k");
        let plan = on(written, dims(), "facts.d", "dims.d");
        assert_eq!(scanned(plan), ["kinds", "facts", "dims"]);
    }

    #[test]
    fn what_may_not_move_stays() {
        let facts = || table("facts", &["id", "d", "k"], 1000);
        let dims = || table("dims", &["d"], 100);
        let kinds = || table("kinds", &["k"], 1);
        // A condition that is another each time.
        let yes =
            Arc::new(|_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(ScalarValue::from(true))));
        let coin = create_udf("coin", vec![], DataType::Boolean, Volatility::Volatile, yes);
        let written = on(facts(), dims(), "facts.d", "dims.d");
        let sampled = written
            .join_with_expr_keys(
                kinds().build().expect("kinds"),
                JoinType::Inner,
                (vec![col("facts.k")], vec![col("kinds.k")]),
                Some(coin.call(vec![])),
            )
            .expect("join");
        assert_eq!(scanned(sampled), ["dims", "facts", "kinds"]);
        // An outer join.
        let written = on(facts(), dims(), "facts.d", "dims.d");
        let outer = written
            .join_with_expr_keys(
                kinds().build().expect("kinds"),
                JoinType::Left,
                (vec![col("facts.k")], vec![col("kinds.k")]),
                None,
            )
            .expect("join");
        assert_eq!(scanned(outer).last().map(String::as_str), Some("kinds"));
        // A relation that nothing ties to the others.
        let written = on(facts(), dims(), "facts.d", "dims.d");
        let crossed = written
            .cross_join(kinds().build().expect("kinds"))
            .expect("join");
        assert_eq!(scanned(crossed), ["dims", "facts", "kinds"]);
    }
}
