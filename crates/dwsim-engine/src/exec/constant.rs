//! The value of an expression without columns, or over one column that is at hand.
//! Everything else with columns is a plan and runs in `context`.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion::common::DFSchema;
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::create_physical_expr;
use datafusion::scalar::ScalarValue;

use crate::error::{Result, SqlError};

/// Evaluates an expression once.
///
/// # Errors
/// When it needs columns or subqueries, or its evaluation fails.
pub fn constant(expr: &Expr) -> Result<ScalarValue> {
    if expr.any_column_refs() {
        return Err(SqlError::raw(
            "001015",
            "42601",
            "a constant is needed here, not an expression with columns",
        ));
    }
    let schema = DFSchema::empty();
    let physical = create_physical_expr(
        expr,
        &schema,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )?;
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let batch = RecordBatch::try_new_with_options(
        Arc::new(Schema::empty()),
        Vec::<ArrayRef>::new(),
        &options,
    )?;
    let array = physical.evaluate(&batch)?.into_array(1)?;
    Ok(ScalarValue::try_from_array(&array, 0)?)
}

/// Whether an expression has one value for the whole statement.
pub fn is_constant(expr: &Expr) -> bool {
    !expr.any_column_refs() && !expr.is_volatile()
}

/// Evaluates an expression over the only column `value`.
///
/// # Errors
/// When it needs other columns or subqueries, or its evaluation fails.
pub fn over_column(expr: &Expr, value: &ArrayRef) -> Result<ArrayRef> {
    let field = arrow::datatypes::Field::new("value", value.data_type().clone(), true);
    let schema = Arc::new(Schema::new(vec![field]));
    let physical = create_physical_expr(
        expr,
        &DFSchema::try_from(Arc::clone(&schema))?,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )?;
    let batch = RecordBatch::try_new(schema, vec![Arc::clone(value)])?;
    Ok(physical.evaluate(&batch)?.into_array(value.len())?)
}
