//! The operators `+ - * / %` and unary minus over numbers, dates, timestamps and intervals.
//! Operand and result types are chosen by the dialects; a kernel computes what [`crate::functions::Call::returns`] says.
//!
//! Decimal kernels take operands of any scale and compute the exact result, rounded half away from zero to the
//! result's scale (or truncated, where asked for), with 256-bit intermediates. What does not fit is an error.

mod decimal;
mod native;

pub use crate::kernels::datetime::arithmetic::{
    add_intervals, date_plus_days as add_days, days_between as date_difference,
    minus_interval as subtract_interval, plus_interval as add_interval,
};

use arrow::array::ArrayRef;

use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Sub,
    Mul,
    Div,
    DivTruncated,
    Rem,
}

fn dispatch(call: &Call<'_>, op: Op) -> Result<ArrayRef> {
    match call.returns {
        SqlType::Number { precision, scale } => decimal::binary(call, op, *precision, *scale),
        SqlType::SmallInt | SqlType::Integer | SqlType::BigInt => native::integer(call, op),
        SqlType::Real | SqlType::Double => native::float(call, op),
        other => Err(SqlError::internal(format!(
            "arithmetic with the result type {other}"
        ))),
    }
}

/// `a + b`: both operands decimals, or both of the machine type that is returned.
///
/// # Errors
/// [`crate::error::ErrorKind::OutOfRange`].
pub fn add(call: &Call<'_>) -> Result<ArrayRef> {
    dispatch(call, Op::Add)
}

/// `a - b`, like [`add`].
///
/// # Errors
/// [`crate::error::ErrorKind::OutOfRange`].
pub fn subtract(call: &Call<'_>) -> Result<ArrayRef> {
    dispatch(call, Op::Sub)
}

/// `a * b`, like [`add`].
///
/// # Errors
/// [`crate::error::ErrorKind::OutOfRange`].
pub fn multiply(call: &Call<'_>) -> Result<ArrayRef> {
    dispatch(call, Op::Mul)
}

/// `a / b`: decimals rounded to the result's scale, integers truncated.
///
/// # Errors
/// [`crate::error::ErrorKind::DivisionByZero`], [`crate::error::ErrorKind::OutOfRange`].
pub fn divide(call: &Call<'_>) -> Result<ArrayRef> {
    dispatch(call, Op::Div)
}

/// `a / b` with decimals cut off at the result's scale.
///
/// # Errors
/// [`crate::error::ErrorKind::DivisionByZero`], [`crate::error::ErrorKind::OutOfRange`].
pub fn divide_truncated(call: &Call<'_>) -> Result<ArrayRef> {
    dispatch(call, Op::DivTruncated)
}

/// `a % b` with the sign of `a`.
///
/// # Errors
/// [`crate::error::ErrorKind::DivisionByZero`].
pub fn remainder(call: &Call<'_>) -> Result<ArrayRef> {
    dispatch(call, Op::Rem)
}

/// `-a`: argument and result have one type.
///
/// # Errors
/// [`crate::error::ErrorKind::OutOfRange`] for the smallest machine integer.
pub fn negate(call: &Call<'_>) -> Result<ArrayRef> {
    native::negate(call)
}

#[cfg(test)]
mod tests;
