//! The cells of an array as text, with the type looked up once per array.
//! Quoting and escaping are left to the formats that need them.

use crate::source::format::{
    push_date, push_decimal, push_float, push_hex, push_signed, push_time, push_timestamp,
};
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;

/// An array of one of the types that sources make.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cells<'a> {
    Int16(&'a Int16Array),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    Decimal(&'a Decimal128Array, u32),
    Float32(&'a Float32Array),
    Float64(&'a Float64Array),
    Boolean(&'a BooleanArray),
    Text(&'a StringArray),
    Date(&'a Date32Array),
    Time(&'a Time64MicrosecondArray),
    /// The flag is whether the values are instants in UTC.
    Timestamp(&'a TimestampMicrosecondArray, bool),
    Binary(&'a BinaryArray),
}

impl<'a> Cells<'a> {
    /// The array's cells.
    pub(crate) fn of(array: &'a ArrayRef) -> Result<Self, ArrowError> {
        Ok(match array.data_type() {
            DataType::Int16 => Self::Int16(array.as_primitive()),
            DataType::Int32 => Self::Int32(array.as_primitive()),
            DataType::Int64 => Self::Int64(array.as_primitive()),
            DataType::Decimal128(_, scale) => {
                Self::Decimal(array.as_primitive(), u32::from(scale.unsigned_abs()))
            }
            DataType::Float32 => Self::Float32(array.as_primitive()),
            DataType::Float64 => Self::Float64(array.as_primitive()),
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Date32 => Self::Date(array.as_primitive()),
            DataType::Time64(TimeUnit::Microsecond) => Self::Time(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                Self::Timestamp(array.as_primitive(), zone.is_some())
            }
            DataType::Binary => Self::Binary(array.as_binary()),
            other => {
                return Err(ArrowError::NotYetImplemented(format!(
                    "cells of type {other}"
                )));
            }
        })
    }

    /// The text of a cell that is not NULL.
    pub(crate) fn text(&self, i: usize) -> Option<&'a str> {
        match self {
            Self::Text(a) => Some(a.value(i)),
            _ => None,
        }
    }

    /// Whether a cell is NULL.
    pub(crate) fn is_null(&self, i: usize) -> bool {
        match self {
            Self::Int16(a) => a.is_null(i),
            Self::Int32(a) => a.is_null(i),
            Self::Int64(a) => a.is_null(i),
            Self::Decimal(a, _) => a.is_null(i),
            Self::Float32(a) => a.is_null(i),
            Self::Float64(a) => a.is_null(i),
            Self::Boolean(a) => a.is_null(i),
            Self::Text(a) => a.is_null(i),
            Self::Date(a) => a.is_null(i),
            Self::Time(a) => a.is_null(i),
            Self::Timestamp(a, _) => a.is_null(i),
            Self::Binary(a) => a.is_null(i),
        }
    }

    /// Whether cells are numbers or booleans, which JSON and SQL write bare.
    pub(crate) fn is_bare(&self) -> bool {
        matches!(
            self,
            Self::Int16(_)
                | Self::Int32(_)
                | Self::Int64(_)
                | Self::Decimal(..)
                | Self::Float32(_)
                | Self::Float64(_)
                | Self::Boolean(_)
        )
    }

    /// Appends a cell that is not NULL: ISO dates, `true`/`false`, lower-case hexadecimal for bytes.
    pub(crate) fn write(&self, i: usize, out: &mut Vec<u8>) {
        match self {
            Self::Int16(a) => push_signed(a.value(i).into(), out),
            Self::Int32(a) => push_signed(a.value(i).into(), out),
            Self::Int64(a) => push_signed(a.value(i), out),
            Self::Decimal(a, scale) => push_decimal(a.value(i), *scale, out),
            Self::Float32(a) => push_float(a.value(i), out),
            Self::Float64(a) => push_float(a.value(i), out),
            Self::Boolean(a) => out.extend_from_slice(if a.value(i) { b"true" } else { b"false" }),
            Self::Text(a) => out.extend_from_slice(a.value(i).as_bytes()),
            Self::Date(a) => push_date(a.value(i), out),
            Self::Time(a) => push_time(a.value(i), out),
            Self::Timestamp(a, utc) => {
                push_timestamp(a.value(i), out);
                if *utc {
                    out.extend_from_slice(b"+00:00");
                }
            }
            Self::Binary(a) => push_hex(a.value(i), out),
        }
    }
}
