//! Queries inside expressions: scalar, IN, EXISTS, ANY and ALL.
//! DataFusion's optimizer turns them into joins.

use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use datafusion::common::Spans;
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison, SetQuantifier};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Operator, Subquery};
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
}

/// The same expression, with its columns marked as those of the outer query.
pub(crate) fn outer_references(t: Typed) -> Result<Typed> {
    use arrow::datatypes::Field;
    use datafusion::common::tree_node::{Transformed, TreeNode};
    let ty = t.ty.clone();
    let single = matches!(t.expr, Expr::Column(_));
    let expr = t
        .expr
        .transform_up(|e| {
            Ok(match e {
                Expr::Column(c) => {
                    // Only the type of a bare column is known here; the optimizer does not look at others.
                    let field_ty = if single {
                        ty.arrow()
                    } else {
                        arrow::datatypes::DataType::Null
                    };
                    let field = Arc::new(Field::new(&c.name, field_ty, true));
                    Transformed::yes(Expr::OuterReferenceColumn(field, c))
                }
                other => Transformed::no(other),
            })
        })
        .map(|t| t.data)
        .map_err(SqlError::from)?;
    if !single && expr.any_column_refs() {
        return Err(SqlError::internal("columns left in an outer expression"));
    }
    Ok(Typed::new(expr, t.ty))
}
