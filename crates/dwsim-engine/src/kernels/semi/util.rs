//! Small helpers that the kernels of this family share.
//! Nothing here knows a function.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryBuilder};
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
};

use crate::error::{Result, SqlError};
use crate::functions::{Call, Column};
use crate::types::SqlType;
use crate::variant::{Builder, Ref};

/// Computes a VARIANT column row by row into one buffer; the closure returns false for NULL.
pub(super) fn build(
    call: &Call<'_>,
    mut f: impl FnMut(usize, &mut Builder<'_>) -> Result<bool>,
) -> Result<ArrayRef> {
    let mut out = LargeBinaryBuilder::with_capacity(call.rows, call.rows * 16);
    let mut buffer = Vec::new();
    for row in 0..call.rows {
        buffer.clear();
        let mut b = Builder { out: &mut buffer };
        if f(row, &mut b)? {
            out.append_value(&buffer);
        } else {
            out.append_null();
        }
    }
    Ok(Arc::new(out.finish()))
}

/// The encoded value of argument `i` in this row.
pub(super) fn value<'a>(call: &Call<'a>, i: usize, row: usize) -> Result<Option<Ref<'a>>> {
    Ok(call.variant(i)?.get(row).map(Ref::new))
}

/// Appends argument `i` of this row whatever its type; SQL NULL is appended by `null`.
pub(super) fn append(
    call: &Call<'_>,
    i: usize,
    row: usize,
    b: &mut Builder<'_>,
    null: impl FnOnce(&mut Builder<'_>),
) -> Result<()> {
    let column = argument(call, i)?;
    if call.types[i] == SqlType::Null || column.is_null(row) {
        null(b);
        return Ok(());
    }
    crate::kernels::cast::encode_at(column.array.as_ref(), &call.types[i], column.index(row), b)
}

/// Argument `i`.
pub(super) fn argument<'a>(call: &Call<'a>, i: usize) -> Result<&'a Column> {
    call.args
        .get(i)
        .ok_or_else(|| SqlError::internal(format!("{}: argument {i} is missing", call.name)))
}

/// Argument `i` as a whole number, whatever the numeric type (decimals are rounded toward zero); None for NULL.
pub(super) fn integer(call: &Call<'_>, i: usize, row: usize) -> Result<Option<i64>> {
    let column = argument(call, i)?;
    if call.types[i] == SqlType::Null || column.is_null(row) {
        return Ok(None);
    }
    let (a, k) = (&column.array, column.index(row));
    Ok(match a.data_type() {
        DataType::Int16 => Some(a.as_primitive::<Int16Type>().value(k).into()),
        DataType::Int32 => Some(a.as_primitive::<Int32Type>().value(k).into()),
        DataType::Int64 => Some(a.as_primitive::<Int64Type>().value(k)),
        DataType::Decimal128(_, s) => {
            let v = a.as_primitive::<Decimal128Type>().value(k);
            i64::try_from(v / 10i128.pow(u32::from(s.unsigned_abs()))).ok()
        }
        DataType::Float64 => Some(a.as_primitive::<Float64Type>().value(k) as i64),
        DataType::Float32 => Some(a.as_primitive::<Float32Type>().value(k) as i64),
        _ => {
            return Err(call.error(format!(
                "argument {} is {}, not a number",
                i + 1,
                call.types[i]
            )));
        }
    })
}

/// A position from the front, or from the back when negative, as an index; None when it lies before the front.
pub(super) fn from_either_end(position: i64, len: usize) -> Option<usize> {
    if position >= 0 {
        usize::try_from(position).ok()
    } else {
        len.checked_sub(usize::try_from(position.unsigned_abs()).ok()?)
    }
}

/// Whether an element stands for SQL NULL or JSON null.
pub(super) fn is_nullish(value: Ref<'_>) -> bool {
    value.is_null() || value.is_undefined()
}

/// An array of length one that holds an encoded value.
pub(super) fn one(encoded: &[u8]) -> ArrayRef {
    Arc::new(arrow::array::LargeBinaryArray::from_iter_values([encoded]))
}

/// Whether a column holds encoded values.
pub(super) fn is_encoded(array: &dyn Array) -> bool {
    array.data_type() == &DataType::LargeBinary
}
