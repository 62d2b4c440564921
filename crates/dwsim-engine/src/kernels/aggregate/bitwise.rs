//! Bitwise and boolean aggregates.
//! Sources: Snowflake "BITAND_AGG", "BOOLAND_AGG"; Redshift "BIT_AND function", "BOOL_AND function".

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::datatypes::Int64Type;

use crate::error::Result;
use crate::functions::AggCall;

fn fold_ints(call: &AggCall<'_>, f: fn(i64, i64) -> i64) -> Result<ArrayRef> {
    let a = call.args[0].as_primitive::<Int64Type>();
    let v = a.iter().flatten().reduce(f);
    Ok(Arc::new(Int64Array::from(vec![v])))
}

/// Bitwise AND of 64-bit integers; NULL for no rows.
pub fn bit_and(call: &AggCall<'_>) -> Result<ArrayRef> {
    fold_ints(call, |a, b| a & b)
}

/// Bitwise OR of 64-bit integers; NULL for no rows.
pub fn bit_or(call: &AggCall<'_>) -> Result<ArrayRef> {
    fold_ints(call, |a, b| a | b)
}

/// Bitwise XOR of 64-bit integers; NULL for no rows.
pub fn bit_xor(call: &AggCall<'_>) -> Result<ArrayRef> {
    fold_ints(call, |a, b| a ^ b)
}

fn one(v: Option<bool>) -> Result<ArrayRef> {
    Ok(Arc::new(BooleanArray::from(vec![v])))
}

/// Whether all values are true; NULL for no rows.
pub fn bool_and(call: &AggCall<'_>) -> Result<ArrayRef> {
    let a = call.args[0].as_boolean();
    one((!a.is_empty()).then(|| a.iter().flatten().all(|b| b)))
}

/// Whether any value is true; NULL for no rows.
pub fn bool_or(call: &AggCall<'_>) -> Result<ArrayRef> {
    let a = call.args[0].as_boolean();
    one((!a.is_empty()).then(|| a.iter().flatten().any(|b| b)))
}

/// Whether exactly one value is true; NULL for no rows.
pub fn bool_xor(call: &AggCall<'_>) -> Result<ArrayRef> {
    let a = call.args[0].as_boolean();
    one((!a.is_empty()).then(|| a.iter().flatten().filter(|b| *b).count() == 1))
}
