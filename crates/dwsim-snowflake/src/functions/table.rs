//! Table functions that are not of the semi-structured family: RESULT_SCAN and GENERATOR.
//! FLATTEN and its kin are in `semi`.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion::scalar::ScalarValue;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::exec::constant;
use dwsim_engine::plan::{Binder, CastMode, Relation, TableCall};
use dwsim_engine::types::SqlType;

use crate::dialect::ResultSource;

/// Largest number of rows that GENERATOR makes at once, in one batch.
const BATCH: usize = 65_536;

/// RESULT_SCAN and GENERATOR in FROM; None for other names.
pub(crate) fn table_function(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Option<Relation>> {
    match name {
        "RESULT_SCAN" => {
            let Some(id) = call.argument("", 0) else {
                return Err(SqlError::argument(name, "RESULT_SCAN needs a query id"));
            };
            let id = binder.expr(id)?;
            let id = binder.cast(id, &SqlType::text(), CastMode::Implicit)?;
            let ScalarValue::Utf8(Some(id)) = constant(&id.expr)? else {
                return Err(SqlError::raw("000709", "02000", "Statement NULL not found"));
            };
            let Some(answer) = results.result(&id) else {
                return Err(SqlError::raw(
                    "000709",
                    "02000",
                    format!("Statement {id} not found"),
                ));
            };
            binder
                .values_relation(answer.columns.clone(), answer.batches.clone())
                .map(Some)
        }
        "GENERATOR" => {
            if call.argument("timelimit", usize::MAX).is_some()
                && call.argument("rowcount", usize::MAX).is_none()
            {
                return Err(SqlError::unsupported("GENERATOR by TIMELIMIT alone"));
            }
            let Some(count) = call.argument("rowcount", 0) else {
                return Err(SqlError::argument(name, "GENERATOR needs ROWCOUNT"));
            };
            let count = binder.expr(count)?;
            let count = binder.cast(count, &SqlType::BigInt, CastMode::Implicit)?;
            let ScalarValue::Int64(Some(count @ 0..)) = constant(&count.expr)? else {
                return Err(SqlError::argument(
                    name,
                    "ROWCOUNT must be a number that is not negative",
                ));
            };
            let mut left = count as usize;
            let mut batches = Vec::new();
            while left > 0 {
                let n = left.min(BATCH);
                let options = RecordBatchOptions::new().with_row_count(Some(n));
                batches.push(RecordBatch::try_new_with_options(
                    Arc::new(Schema::empty()),
                    vec![],
                    &options,
                )?);
                left -= n;
            }
            binder.values_relation(Vec::new(), batches).map(Some)
        }
        _ => Ok(None),
    }
}
