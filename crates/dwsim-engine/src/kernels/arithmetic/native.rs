//! Machine integers with overflow checks, floats with zero checks, and unary minus.
//! Operands have the result's type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalYearMonthType,
};

use super::Op;
use super::decimal::type_words;
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;

fn map2<T: ArrowPrimitiveType>(
    call: &Call<'_>,
    f: impl Fn(T::Native, T::Native) -> Result<T::Native>,
) -> Result<ArrayRef> {
    let (a, b) = (call.view_primitive::<T>(0)?, call.view_primitive::<T>(1)?);
    let mut out = PrimitiveArray::<T>::builder(call.rows);
    for row in 0..call.rows {
        match (a(row), b(row)) {
            (Some(x), Some(y)) => out.append_value(f(x, y)?),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

macro_rules! checked {
    ($call:expr, $op:expr, $ty:ty) => {
        map2::<$ty>($call, |x, y| {
            let v = match $op {
                Op::Add => x.checked_add(y),
                Op::Sub => x.checked_sub(y),
                Op::Mul => x.checked_mul(y),
                Op::Div | Op::DivTruncated | Op::Rem if y == 0 => {
                    return Err(ErrorKind::DivisionByZero.into());
                }
                Op::Div | Op::DivTruncated => x.checked_div(y),
                // The smallest number modulo -1 is 0, not an overflow.
                Op::Rem => Some(x.checked_rem(y).unwrap_or(0)),
            };
            v.ok_or_else(|| out_of_range($call, String::new()))
        })
    };
}

fn out_of_range(call: &Call<'_>, value: String) -> SqlError {
    ErrorKind::OutOfRange {
        ty: type_words(call),
        value,
    }
    .into()
}

pub(super) fn integer(call: &Call<'_>, op: Op) -> Result<ArrayRef> {
    match call.returns {
        SqlType::SmallInt => checked!(call, op, Int16Type),
        SqlType::Integer => checked!(call, op, Int32Type),
        _ => checked!(call, op, Int64Type),
    }
}

macro_rules! floating {
    ($call:expr, $op:expr, $ty:ty) => {
        map2::<$ty>($call, |x, y| {
            if y == 0.0 && matches!($op, Op::Div | Op::DivTruncated | Op::Rem) {
                return Err(ErrorKind::DivisionByZero.into());
            }
            let v = match $op {
                Op::Add => x + y,
                Op::Sub => x - y,
                Op::Mul => x * y,
                Op::Div | Op::DivTruncated => x / y,
                Op::Rem => x % y,
            };
            // Redshift refuses results beyond the type, as PostgreSQL does; Snowflake has infinities.
            if v.is_infinite() && x.is_finite() && y.is_finite() && $call.env.dialect == DialectName::Redshift {
                return Err(out_of_range($call, String::new()));
            }
            Ok(v)
        })
    };
}

pub(super) fn float(call: &Call<'_>, op: Op) -> Result<ArrayRef> {
    match call.returns {
        SqlType::Real => floating!(call, op, Float32Type),
        _ => floating!(call, op, Float64Type),
    }
}

fn map1<T: ArrowPrimitiveType>(
    call: &Call<'_>,
    f: impl Fn(T::Native) -> Option<T::Native>,
) -> Result<ArrayRef> {
    let column = &call.args[0];
    let a = column.array.as_primitive_opt::<T>().ok_or_else(|| {
        SqlError::internal(format!(
            "minus: {} stored as {}",
            call.returns,
            column.array.data_type()
        ))
    })?;
    let mut out = PrimitiveArray::<T>::builder(call.rows).with_data_type(a.data_type().clone());
    for row in 0..call.rows {
        let i = column.index(row);
        if a.is_null(i) {
            out.append_null();
        } else {
            out.append_value(f(a.value(i)).ok_or_else(|| out_of_range(call, String::new()))?);
        }
    }
    Ok(Arc::new(out.finish()))
}

pub(super) fn negate(call: &Call<'_>) -> Result<ArrayRef> {
    match call.returns {
        SqlType::SmallInt => map1::<Int16Type>(call, i16::checked_neg),
        SqlType::Integer => map1::<Int32Type>(call, i32::checked_neg),
        SqlType::BigInt | SqlType::Oid => map1::<Int64Type>(call, i64::checked_neg),
        SqlType::Number { .. } => map1::<Decimal128Type>(call, i128::checked_neg),
        SqlType::Real => map1::<Float32Type>(call, |v| Some(-v)),
        SqlType::Double => map1::<Float64Type>(call, |v| Some(-v)),
        SqlType::IntervalYm => map1::<IntervalYearMonthType>(call, i32::checked_neg),
        SqlType::IntervalDs => map1::<DurationMicrosecondType>(call, i64::checked_neg),
        SqlType::Interval => map1::<IntervalMonthDayNanoType>(call, |v| {
            Some(IntervalMonthDayNano::new(
                v.months.checked_neg()?,
                v.days.checked_neg()?,
                v.nanoseconds.checked_neg()?,
            ))
        }),
        other => Err(SqlError::internal(format!("minus of {other}"))),
    }
}
