//! Table functions whose rows are a list per input row: FLATTEN, SPLIT_TO_TABLE and their kin.
//! What the lists hold is `kernels::semi`; which functions exist is the dialects' affair.

use std::sync::Arc;

use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::logical_plan::Window;
use datafusion::logical_expr::{Cast, Expr, LogicalPlan, LogicalPlanBuilder};

use super::unnest::list_of;
use super::{Binder, Relation};
use crate::error::Result;
use crate::functions::{Kernel, Typed, list_expr};
use crate::types::SqlType;

impl Binder<'_> {
    /// One value beside every row of `left`, or as the only row.
    ///
    /// # Errors
    /// When DataFusion refuses the plan.
    pub fn one_row_beside(
        &mut self,
        left: Option<Relation>,
        name: &str,
        value: Typed,
    ) -> Result<Relation> {
        let (plan, mut columns) = match left {
            Some(l) => (l.plan, l.columns),
            None => (LogicalPlanBuilder::empty(true).build()?, Vec::new()),
        };
        let internal = self.fresh(name);
        let mut exprs: Vec<Expr> = columns
            .iter()
            .map(|c| Expr::Column(c.internal.clone()))
            .collect();
        exprs.push(value.expr.alias(&internal));
        columns.push(super::ScopeColumn {
            qualifier: Vec::new(),
            name: name.to_owned(),
            internal: datafusion::common::Column::from_name(internal),
            ty: value.ty,
            nullable: false,
            origin: None,
            hidden: false,
        });
        let plan = LogicalPlanBuilder::from(plan).project(exprs)?.build()?;
        Ok(Relation { plan, columns })
    }

    /// The rows that a list kernel gives for every row of `left`, joined to it; `outer` keeps rows without any.
    /// The kernel gets the arguments and, as the last one, the number of the input row, from 1.
    ///
    /// # Errors
    /// When DataFusion refuses the plan.
    pub fn list_table(
        &mut self,
        name: &str,
        kernel: Kernel,
        mut args: Vec<Typed>,
        fields: &[(&'static str, SqlType)],
        left: Option<Relation>,
        outer: bool,
    ) -> Result<Relation> {
        // Numbers must differ between the batches of a column, so they are part of the plan.
        let (left, number) = match left {
            None => (None, self.int(1)),
            Some(mut l) => {
                let number = row_number();
                let counted =
                    LogicalPlan::Window(Window::try_new(vec![number.clone()], Arc::new(l.plan))?);
                let column = self.fresh("row");
                let mut exprs: Vec<Expr> = l
                    .columns
                    .iter()
                    .map(|c| Expr::Column(c.internal.clone()))
                    .collect();
                let counter = Expr::Column(datafusion::common::Column::from_name(
                    number.schema_name().to_string(),
                ));
                exprs.push(
                    Expr::Cast(Cast::new(Box::new(counter), SqlType::BigInt.arrow()))
                        .alias(&column),
                );
                l.plan = LogicalPlanBuilder::from(counted).project(exprs)?.build()?;
                let number = Typed::new(
                    Expr::Column(datafusion::common::Column::from_name(column)),
                    SqlType::BigInt,
                );
                (Some(l), number)
            }
        };
        args.push(number);
        let list = list_expr(name, kernel, args, list_of(fields), &self.env);
        self.unnest(left, list, fields, outer)
    }
}
