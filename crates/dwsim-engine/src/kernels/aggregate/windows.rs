//! Window functions: DataFusion's own, and event counters over a partition.
//! Frames and order are DataFusion's work. Sources: Snowflake "CONDITIONAL_TRUE_EVENT", "CONDITIONAL_CHANGE_EVENT".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::row::{RowConverter, SortField};
use datafusion::functions_window as df;
use datafusion::logical_expr::WindowUDF;

use crate::error::Result;
use crate::functions::AggCall;

/// ROW_NUMBER.
pub fn row_number() -> Arc<WindowUDF> {
    df::row_number::row_number_udwf()
}
/// RANK.
pub fn rank() -> Arc<WindowUDF> {
    df::rank::rank_udwf()
}
/// DENSE_RANK.
pub fn dense_rank() -> Arc<WindowUDF> {
    df::rank::dense_rank_udwf()
}
/// PERCENT_RANK.
pub fn percent_rank() -> Arc<WindowUDF> {
    df::rank::percent_rank_udwf()
}
/// CUME_DIST.
pub fn cume_dist() -> Arc<WindowUDF> {
    df::cume_dist::cume_dist_udwf()
}
/// NTILE.
pub fn ntile() -> Arc<WindowUDF> {
    df::ntile::ntile_udwf()
}
/// LAG.
pub fn lag() -> Arc<WindowUDF> {
    df::lead_lag::lag_udwf()
}
/// LEAD.
pub fn lead() -> Arc<WindowUDF> {
    df::lead_lag::lead_udwf()
}
/// FIRST_VALUE.
pub fn first_value() -> Arc<WindowUDF> {
    df::nth_value::first_value_udwf()
}
/// LAST_VALUE.
pub fn last_value() -> Arc<WindowUDF> {
    df::nth_value::last_value_udwf()
}
/// NTH_VALUE.
pub fn nth_value() -> Arc<WindowUDF> {
    df::nth_value::nth_value_udwf()
}

/// Number of rows so far in which the condition was true.
pub fn conditional_true_event(call: &AggCall<'_>) -> Result<ArrayRef> {
    let a = call.args[0].as_boolean();
    let mut n = 0i64;
    let out: Int64Array = (0..a.len())
        .map(|i| {
            n += i64::from(a.is_valid(i) && a.value(i));
            Some(n)
        })
        .collect();
    Ok(Arc::new(out))
}

/// Number of times so far that the value differed from the last one that was not NULL.
pub fn conditional_change_event(call: &AggCall<'_>) -> Result<ArrayRef> {
    let a = &call.args[0];
    let converter = RowConverter::new(vec![SortField::new(a.data_type().clone())])?;
    let rows = converter.convert_columns(&[Arc::clone(a)])?;
    let mut n = 0i64;
    let mut last: Option<usize> = None;
    let out: Int64Array = (0..a.len())
        .map(|i| {
            if a.is_valid(i) {
                if last.is_some_and(|l| rows.row(l) != rows.row(i)) {
                    n += 1;
                }
                last = Some(i);
            }
            Some(n)
        })
        .collect();
    Ok(Arc::new(out))
}
