//! Queries inside expressions: scalar, IN, EXISTS, ANY and ALL.
//! DataFusion's optimizer turns them into joins.

use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use datafusion::common::Spans;
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::expr::{
    BinaryExpr, Case, Exists, InSubquery, SetComparison, SetQuantifier,
};
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, lit,
};
use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::{Binder, Relation, Scope};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{AggCall, AggregateOptions, Typed};
use crate::types::SqlType;

pub(crate) fn subquery(plan: LogicalPlan) -> Subquery {
    let outer_ref_columns = plan.all_out_ref_exprs();
    Subquery {
        subquery: Arc::new(plan),
        outer_ref_columns,
        spans: Spans::new(),
    }
}

/// Whether a plan gives exactly one row by aggregation.
fn is_aggregate(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(a) => a.group_expr.is_empty(),
        LogicalPlan::Projection(p) => is_aggregate(&p.input),
        LogicalPlan::SubqueryAlias(a) => is_aggregate(&a.input),
        _ => false,
    }
}

/// The only value of a group; NULL for none.
fn single_value(call: &AggCall<'_>) -> Result<ArrayRef> {
    let values = &call.args[0];
    match call.rows {
        0 => Ok(new_null_array(values.data_type(), 1)),
        1 => Ok(Arc::clone(values)),
        _ => Err(ErrorKind::SubqueryRows.into()),
    }
}

impl Binder<'_> {
    /// A query inside an expression: it sees the columns of the queries around it.
    pub(crate) fn nested_query(&mut self, q: &ast::Query) -> Result<Relation> {
        self.scopes.push(Scope::default());
        let bound = self.query(q);
        self.scopes.pop();
        bound
    }

    fn single(&self, r: &Relation) -> Result<SqlType> {
        match r.columns.as_slice() {
            [c] => Ok(c.ty.clone()),
            _ => Err(SqlError::raw(
                "002059",
                "42601",
                "subquery must return only one column",
            )),
        }
    }

    pub(crate) fn scalar_subquery(&mut self, q: &ast::Query) -> Result<Typed> {
        let r = self.nested_query(q)?;
        let ty = self.single(&r)?;
        let plan = self.one_row(r)?;
        Ok(Typed::new(Expr::ScalarSubquery(subquery(plan)), ty))
    }

    /// A correlated subquery without an aggregate of its own gets one that refuses a second row, because only
    /// aggregates can be taken out of an expression and joined.
    fn one_row(&mut self, r: Relation) -> Result<LogicalPlan> {
        if r.plan.all_out_ref_exprs().is_empty() || is_aggregate(&r.plan) {
            return Ok(r.plan);
        }
        let column = r.columns[0].typed();
        let ty = column.ty.clone();
        let value = self.collect(
            "single_value",
            single_value,
            false,
            vec![column],
            ty,
            AggregateOptions::default(),
        );
        let name = self.fresh("single");
        Ok(LogicalPlanBuilder::from(r.plan)
            .aggregate(Vec::<Expr>::new(), vec![value.expr.alias(name)])?
            .build()?)
    }

    pub(crate) fn exists(&mut self, q: &ast::Query, negated: bool) -> Result<Typed> {
        let r = self.nested_query(q)?;
        Ok(Typed::new(
            Expr::Exists(Exists::new(subquery(r.plan), negated)),
            SqlType::Boolean,
        ))
    }

    pub(crate) fn in_subquery(
        &mut self,
        e: &ast::Expr,
        q: &ast::Query,
        negated: bool,
    ) -> Result<Typed> {
        if let ast::Expr::Tuple(items) = e {
            return self.tuple_in_subquery(items, q, negated);
        }
        let value = self.expr(e)?;
        let r = self.nested_query(q)?;
        self.single(&r)?;
        let (value, plan) = self.match_column(value, r)?;
        Ok(Typed::new(
            Expr::InSubquery(InSubquery::new(
                Box::new(value.expr),
                subquery(plan),
                negated,
            )),
            SqlType::Boolean,
        ))
    }

    /// A value and the single column of a query in the type in which they are compared.
    fn match_column(&mut self, value: Typed, r: Relation) -> Result<(Typed, LogicalPlan)> {
        let column = r.columns[0].typed();
        let (v, c) = self.comparable("IN", value, column)?;
        let plan = if matches!(c.expr, Expr::Column(_)) {
            r.plan
        } else {
            let name = self.fresh("in");
            LogicalPlanBuilder::from(r.plan)
                .project(vec![c.expr.alias(name)])?
                .build()?
        };
        Ok((v, plan))
    }

    /// `(a, b) IN (select x, y …)` as EXISTS with equalities.
    fn tuple_in_subquery(
        &mut self,
        items: &[ast::Expr],
        q: &ast::Query,
        negated: bool,
    ) -> Result<Typed> {
        let left = items
            .iter()
            .map(|e| self.expr(e))
            .collect::<Result<Vec<_>>>()?;
        let r = self.nested_query(q)?;
        if r.columns.len() != left.len() {
            return Err(SqlError::raw(
                "002059",
                "42601",
                "unequal number of entries in row expressions",
            ));
        }
        let mut conditions = Vec::new();
        for (l, c) in left.into_iter().zip(&r.columns) {
            // Seen from inside the subquery, the left side's columns are outer ones.
            let outer = outer_references(l)?;
            let (a, b) = self.comparable("=", outer, c.typed())?;
            conditions.push(a.expr.eq(b.expr));
        }
        let condition = conditions
            .into_iter()
            .reduce(Expr::and)
            .ok_or_else(|| SqlError::internal("an empty row value"))?;
        let plan = LogicalPlanBuilder::from(r.plan)
            .filter(condition)?
            .build()?;
        Ok(Typed::new(
            Expr::Exists(Exists::new(subquery(plan), negated)),
            SqlType::Boolean,
        ))
    }

    /// `x = ANY (…)`, `x > ALL (…)` over a query, or over a parenthesised list.
    pub(crate) fn quantified(
        &mut self,
        left: &ast::Expr,
        op: &ast::BinaryOperator,
        right: &ast::Expr,
        all: bool,
    ) -> Result<Typed> {
        let op = match op {
            ast::BinaryOperator::Eq => Operator::Eq,
            ast::BinaryOperator::NotEq => Operator::NotEq,
            ast::BinaryOperator::Lt => Operator::Lt,
            ast::BinaryOperator::LtEq => Operator::LtEq,
            ast::BinaryOperator::Gt => Operator::Gt,
            ast::BinaryOperator::GtEq => Operator::GtEq,
            other => {
                return Err(SqlError::unsupported(format!(
                    "operator {other} with ANY or ALL"
                )));
            }
        };
        let value = self.expr(left)?;
        let right = match right {
            ast::Expr::Nested(e) => e.as_ref(),
            e => e,
        };
        let ast::Expr::Subquery(q) = right else {
            let items = match right {
                ast::Expr::Tuple(items) => items.as_slice(),
                one => std::slice::from_ref(one),
            };
            let mut out: Option<Expr> = None;
            for i in items {
                let i = self.expr(i)?;
                let one = self.compare(op, value.clone(), i)?.expr;
                out = Some(match out {
                    None => one,
                    Some(o) if all => o.and(one),
                    Some(o) => o.or(one),
                });
            }
            let out = out.ok_or_else(|| {
                SqlError::new(ErrorKind::Syntax {
                    message: "empty list".into(),
                    near: ")".into(),
                })
            })?;
            return Ok(Typed::new(out, SqlType::Boolean));
        };
        let r = self.nested_query(q)?;
        self.single(&r)?;
        let (value, plan) = self.match_column(value, r)?;
        let expr = match (op, all) {
            (Operator::Eq, false) => {
                Expr::InSubquery(InSubquery::new(Box::new(value.expr), subquery(plan), false))
            }
            (Operator::NotEq, true) => {
                Expr::InSubquery(InSubquery::new(Box::new(value.expr), subquery(plan), true))
            }
            _ if plan.all_out_ref_exprs().is_empty() => by_extremes(value.expr, op, plan, all)?,
            _ => Expr::SetComparison(SetComparison::new(
                Box::new(value.expr),
                subquery(plan),
                op,
                if all {
                    SetQuantifier::All
                } else {
                    SetQuantifier::Any
                },
            )),
        };
        Ok(Typed::new(expr, SqlType::Boolean))
    }

    /// Makes expressions that are computed as values (and not as filters) of predicates over subqueries: the
    /// optimizer turns such predicates into joins only where rows are filtered by them.
    pub(crate) fn values_only<'e>(&self, exprs: impl Iterator<Item = &'e mut Expr>) -> Result<()> {
        use datafusion::common::tree_node::{Transformed, TreeNode};
        for e in exprs {
            let found = e
                .exists(|x| Ok(matches!(x, Expr::Exists(_) | Expr::InSubquery(_))))
                .map_err(SqlError::from)?;
            if !found {
                continue;
            }
            let old = std::mem::take(e);
            *e = old
                .transform_up(|x| {
                    Ok(match x {
                        Expr::Exists(x) => {
                            let n = counted(Arc::unwrap_or_clone(x.subquery.subquery), None)?;
                            Transformed::yes(if x.negated {
                                n.eq(lit(0i64))
                            } else {
                                n.gt(lit(0i64))
                            })
                        }
                        Expr::InSubquery(x) => {
                            let plan = Arc::unwrap_or_clone(x.subquery.subquery);
                            let value = *x.expr;
                            let column = Expr::Column(plan.schema().columns()[0].clone());
                            let outer = outer_columns(
                                value.clone(),
                                column.get_type(plan.schema().as_ref())?,
                            )?;
                            let hits = counted(plan.clone(), Some(outer.eq(column.clone())))?;
                            let nulls = counted(plan.clone(), Some(column.is_null()))?;
                            let rows = counted(plan, None)?;
                            let any = Expr::Case(Case::new(
                                None,
                                vec![
                                    (Box::new(rows.eq(lit(0i64))), Box::new(lit(false))),
                                    (Box::new(hits.gt(lit(0i64))), Box::new(lit(true))),
                                    (
                                        Box::new(value.is_null().or(nulls.gt(lit(0i64)))),
                                        Box::new(lit(ScalarValue::Boolean(None))),
                                    ),
                                ],
                                Some(Box::new(lit(false))),
                            ));
                            Transformed::yes(if x.negated {
                                Expr::Not(Box::new(any))
                            } else {
                                any
                            })
                        }
                        other => Transformed::no(other),
                    })
                })
                .map(|t| t.data)
                .map_err(SqlError::from)?;
        }
        Ok(())
    }
}

/// A subquery that counts the rows of a plan that fulfil a condition.
fn counted(plan: LogicalPlan, condition: Option<Expr>) -> datafusion::common::Result<Expr> {
    let mut b = LogicalPlanBuilder::from(plan);
    if let Some(c) = condition {
        b = b.filter(c)?;
    }
    let plan = b
        .aggregate(Vec::<Expr>::new(), vec![count(lit(1i64)).alias("rows")])?
        .build()?;
    Ok(Expr::ScalarSubquery(subquery(plan)))
}

/// `x > ALL (…)` and the like from the number, the smallest and the largest of the query's values.
fn by_extremes(value: Expr, op: Operator, plan: LogicalPlan, all: bool) -> Result<Expr> {
    let column = Expr::Column(plan.schema().columns()[0].clone());
    let one = |aggregate: Expr| -> Result<Expr> {
        let plan = LogicalPlanBuilder::from(plan.clone())
            .aggregate(Vec::<Expr>::new(), vec![aggregate.alias("value")])?
            .build()?;
        Ok(Expr::ScalarSubquery(subquery(plan)))
    };
    let rows = one(count(lit(1i64)))?;
    let known = one(count(column.clone()))?;
    let compare =
        |with: Expr| Expr::BinaryExpr(BinaryExpr::new(Box::new(value.clone()), op, Box::new(with)));
    let (least, most) = (one(min(column.clone()))?, one(max(column))?);
    let decided = match (op, all) {
        (Operator::Gt | Operator::GtEq, true) | (Operator::Lt | Operator::LtEq, false) => {
            compare(most)
        }
        (Operator::Lt | Operator::LtEq, true) | (Operator::Gt | Operator::GtEq, false) => {
            compare(least)
        }
        (_, true) => compare(least).and(compare(most)),
        (_, false) => compare(least).or(compare(most)),
    };
    let unknown = value.is_null().or(rows.clone().gt(known));
    // ALL is true of nothing and false as soon as one value says so; ANY the other way round.
    let settled = if all {
        Expr::IsFalse(Box::new(decided))
    } else {
        Expr::IsTrue(Box::new(decided))
    };
    Ok(Expr::Case(Case::new(
        None,
        vec![
            (Box::new(rows.eq(lit(0i64))), Box::new(lit(all))),
            (Box::new(settled), Box::new(lit(!all))),
            (Box::new(unknown), Box::new(lit(ScalarValue::Boolean(None)))),
        ],
        Some(Box::new(lit(all))),
    )))
}

/// The same expression, with its columns marked as those of the outer query.
pub(crate) fn outer_references(t: Typed) -> Result<Typed> {
    // Only the type of a bare column is known here; the optimizer does not look at others.
    let ty = match &t.expr {
        Expr::Column(_) => t.ty.arrow(),
        _ => arrow::datatypes::DataType::Null,
    };
    let single = matches!(t.expr, Expr::Column(_));
    let expr = outer_columns(t.expr, ty).map_err(SqlError::from)?;
    if !single && expr.any_column_refs() {
        return Err(SqlError::internal("columns left in an outer expression"));
    }
    Ok(Typed::new(expr, t.ty))
}

/// Columns as outer references of this type.
fn outer_columns(e: Expr, ty: arrow::datatypes::DataType) -> datafusion::common::Result<Expr> {
    use arrow::datatypes::Field;
    use datafusion::common::tree_node::{Transformed, TreeNode};
    e.transform_up(|e| {
        Ok(match e {
            Expr::Column(c) => {
                let field = Arc::new(Field::new(&c.name, ty.clone(), true));
                Transformed::yes(Expr::OuterReferenceColumn(field, c))
            }
            other => Transformed::no(other),
        })
    })
    .map(|t| t.data)
}
