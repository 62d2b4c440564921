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

/// Rows of GENERATOR for a second of TIMELIMIT.
const ROWS_PER_SECOND: i64 = 1_000_000;

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
            let mut number = |what: &'static str, position: usize| -> Result<Option<i64>> {
                let Some(value) = call.argument(what, position) else {
                    return Ok(None);
                };
                let value = binder.expr(value)?;
                let value = binder.cast(value, &SqlType::BigInt, CastMode::Implicit)?;
                match constant(&value.expr)? {
                    ScalarValue::Int64(Some(n @ 0..)) => Ok(Some(n)),
                    _ => Err(SqlError::argument(
                        name,
                        format!("{what} must be a number that is not negative"),
                    )),
                }
            };
            let rows = number("rowcount", 0)?;
            let seconds = number("timelimit", 1)?;
            let count = match (rows, seconds) {
                (Some(rows), _) => rows,
                // How many rows a time gives is not told; here it is always the same number.
                (None, Some(seconds)) => seconds.saturating_mul(ROWS_PER_SECOND),
                (None, None) => {
                    return Err(SqlError::argument(
                        name,
                        "GENERATOR needs ROWCOUNT or TIMELIMIT",
                    ));
                }
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
