//! ASOF JOIN: each row of the left side with the closest row of the right side, or with NULLs.
//! Both sides are sorted together once and the last right row is carried along: n log n, whatever the data.
//!
//! Source: Snowflake "ASOF JOIN".

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::functions::core::expr_fn::{get_field, named_struct};
use datafusion::functions_window::nth_value::last_value_udwf;
use datafusion::logical_expr::expr::{NullTreatment, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::logical_plan::Window;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, SortExpr, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowFunctionDefinition, lit,
};
use datafusion::scalar::ScalarValue;
use sqlparser::ast::{self, BinaryOperator};

use super::{Binder, Relation, ScopeColumn};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;

fn refused(message: &str) -> SqlError {
    SqlError::raw(
        "002401",
        "42601",
        format!("SQL compilation error:\n{message}"),
    )
}

/// The conditions of a conjunction.
fn conjuncts<'e>(e: &'e ast::Expr, out: &mut Vec<&'e ast::Expr>) {
    match e {
        ast::Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            conjuncts(left, out);
            conjuncts(right, out);
        }
        ast::Expr::Nested(e) => conjuncts(e, out),
        e => out.push(e),
    }
}

impl Binder<'_> {
    /// An expression over the columns of one side only.
    fn over(&mut self, columns: &[ScopeColumn], e: &ast::Expr) -> Result<Typed> {
        let saved = std::mem::replace(&mut self.scope().columns, columns.to_vec());
        let bound = self.expr(e);
        self.scope().columns = saved;
        bound
    }

    /// The two operands of a comparison as left and right side, and whether they stood the other way round.
    fn sides(
        &mut self,
        l: &Relation,
        r: &Relation,
        a: &ast::Expr,
        b: &ast::Expr,
    ) -> Result<(Typed, Typed, bool)> {
        match (self.over(&l.columns, a), self.over(&r.columns, b)) {
            (Ok(x), Ok(y)) => Ok((x, y, false)),
            (x, y) => match (self.over(&l.columns, b), self.over(&r.columns, a)) {
                (Ok(left), Ok(right)) => Ok((left, right, true)),
                _ => Err(x.err().or(y.err()).unwrap_or_else(|| {
                    refused("each side of a comparison of ASOF JOIN must be of one table")
                })),
            },
        }
    }

    pub(crate) fn asof_join(
        &mut self,
        left: Relation,
        right: Relation,
        condition: &ast::Expr,
        constraint: &ast::JoinConstraint,
    ) -> Result<Relation> {
        let condition = match condition {
            ast::Expr::Nested(e) => e.as_ref(),
            e => e,
        };
        let ast::Expr::BinaryOp {
            left: a,
            op,
            right: b,
        } = condition
        else {
            return Err(refused(
                "MATCH_CONDITION of ASOF JOIN takes one comparison with >=, >, <= or <.",
            ));
        };
        let (x, y, swapped) = self.sides(&left, &right, a, b)?;
        // (the closest row is before the left one, and may be at the same place)
        let (before, equal) = match (op, swapped) {
            (BinaryOperator::GtEq, false) | (BinaryOperator::LtEq, true) => (true, true),
            (BinaryOperator::Gt, false) | (BinaryOperator::Lt, true) => (true, false),
            (BinaryOperator::LtEq, false) | (BinaryOperator::GtEq, true) => (false, true),
            (BinaryOperator::Lt, false) | (BinaryOperator::Gt, true) => (false, false),
            _ => {
                return Err(refused(
                    "MATCH_CONDITION of ASOF JOIN takes one comparison with >=, >, <= or <.",
                ));
            }
        };
        let (x, y) = self.comparable("MATCH_CONDITION", x, y)?;
        let mut keys = Vec::new();
        let mut hidden = Vec::new();
        match constraint {
            ast::JoinConstraint::None => {}
            ast::JoinConstraint::On(e) => {
                let mut all = Vec::new();
                conjuncts(e, &mut all);
                for e in all {
                    let ast::Expr::BinaryOp {
                        left: a,
                        op: BinaryOperator::Eq,
                        right: b,
                    } = e
                    else {
                        return Err(refused("ON of ASOF JOIN takes equalities only."));
                    };
                    let (l, r, _) = self.sides(&left, &right, a, b)?;
                    keys.push(self.comparable("=", l, r)?);
                }
            }
            ast::JoinConstraint::Using(names) => {
                for n in names {
                    let Some(i) = n.0.last().and_then(|p| p.as_ident()) else {
                        continue;
                    };
                    let name = self.dialect.fold(i);
                    let find = |r: &Relation| {
                        r.columns
                            .iter()
                            .find(|c| !c.hidden && c.name == name)
                            .cloned()
                            .ok_or_else(|| SqlError::new(ErrorKind::UnknownColumn(name.clone())))
                    };
                    let (l, r) = (find(&left)?, find(&right)?);
                    hidden.push(r.internal.clone());
                    keys.push(self.comparable("=", l.typed(), r.typed())?);
                }
            }
            ast::JoinConstraint::Natural => {
                return Err(refused("ASOF JOIN cannot be NATURAL."));
            }
        }
        self.closest(left, right, (x, y), keys, &hidden, before, equal)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one join")]
    fn closest(
        &mut self,
        left: Relation,
        right: Relation,
        (x, y): (Typed, Typed),
        keys: Vec<(Typed, Typed)>,
        hidden: &[Column],
        before: bool,
        equal: bool,
    ) -> Result<Relation> {
        let time = self.fresh("time");
        let side = self.fresh("side");
        let row = self.fresh("right");
        let key_names: Vec<String> = keys.iter().map(|_| self.fresh("key")).collect();
        let left_names: Vec<String> = left.columns.iter().map(|c| self.fresh(&c.name)).collect();
        let members: Vec<Expr> = right
            .columns
            .iter()
            .enumerate()
            .flat_map(|(i, c)| [lit(format!("c{i}")), Expr::Column(c.internal.clone())])
            .collect();
        let packed = named_struct(members);
        let packed_type = datafusion::logical_expr::ExprSchemable::get_type(
            &packed,
            right.plan.schema().as_ref(),
        )?;
        let null = |ty: &arrow::datatypes::DataType| -> Result<Expr> {
            Ok(Expr::Literal(ScalarValue::try_from(ty)?, None))
        };
        // At equal times the right row counts only when it may be equal: then it stands first.
        let (left_rank, right_rank) = if equal { (1i32, 0i32) } else { (0, 1) };
        let mut l: Vec<Expr> = vec![x.expr.alias(&time), lit(left_rank).alias(&side)];
        let mut r: Vec<Expr> = vec![y.expr.clone().alias(&time), lit(right_rank).alias(&side)];
        for ((a, b), n) in keys.iter().zip(&key_names) {
            l.push(a.expr.clone().alias(n));
            r.push(b.expr.clone().alias(n));
        }
        for (c, n) in left.columns.iter().zip(&left_names) {
            l.push(Expr::Column(c.internal.clone()).alias(n));
            r.push(null(&c.ty.arrow())?.alias(n));
        }
        l.push(null(&packed_type)?.alias(&row));
        r.push(packed.alias(&row));
        // A NULL matches nothing.
        let mut known = y.expr.is_not_null();
        for (_, b) in &keys {
            known = known.and(b.expr.clone().is_not_null());
        }
        let left_plan = LogicalPlanBuilder::from(left.plan).project(l)?.build()?;
        let right_plan = LogicalPlanBuilder::from(right.plan)
            .filter(known)?
            .project(r)?
            .build()?;
        let all = LogicalPlanBuilder::from(right_plan)
            .union(left_plan)?
            .build()?;
        let column = |n: &str| Expr::Column(Column::from_name(n));
        let last = Expr::from(WindowFunction {
            fun: WindowFunctionDefinition::WindowUDF(last_value_udwf()),
            params: WindowFunctionParams {
                args: vec![column(&row)],
                partition_by: key_names.iter().map(|n| column(n)).collect(),
                order_by: vec![
                    SortExpr::new(column(&time), before, true),
                    SortExpr::new(column(&side), true, false),
                ],
                window_frame: WindowFrame::new_bounds(
                    WindowFrameUnits::Rows,
                    WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                    WindowFrameBound::CurrentRow,
                ),
                filter: None,
                null_treatment: Some(NullTreatment::IgnoreNulls),
                distinct: false,
            },
        });
        let found = self.fresh("found");
        let plan = LogicalPlan::Window(Window::try_new(vec![last.alias(&found)], Arc::new(all))?);
        let mut matched = column(&time).is_not_null();
        for n in &key_names {
            matched = matched.and(column(n).is_not_null());
        }
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for (c, n) in left.columns.into_iter().zip(&left_names) {
            let internal = self.fresh(&c.name);
            exprs.push(column(n).alias(&internal));
            columns.push(ScopeColumn {
                internal: Column::from_name(internal),
                ..c
            });
        }
        for (i, c) in right.columns.into_iter().enumerate() {
            let internal = self.fresh(&c.name);
            let value = get_field(column(&found), format!("c{i}"));
            let value = datafusion::logical_expr::when(matched.clone(), value).end()?;
            exprs.push(value.alias(&internal));
            let is_hidden = c.hidden || hidden.contains(&c.internal);
            columns.push(ScopeColumn {
                internal: Column::from_name(internal),
                nullable: true,
                hidden: is_hidden,
                ..c
            });
        }
        let plan = LogicalPlanBuilder::from(plan)
            .filter(column(&side).eq(lit(left_rank)))?
            .project(exprs)?
            .build()?;
        Ok(Relation { plan, columns })
    }
}
