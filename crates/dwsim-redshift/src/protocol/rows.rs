//! Record batches as DataRow messages, column readers resolved once per batch.
//! The forms of single values are in `text` and `binary`.

use std::any::Any;

use arrow::array::{
    Array, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
    Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, IntervalMonthDayNanoArray,
    IntervalYearMonthArray, LargeBinaryArray, RecordBatch, StringArray, StructArray,
    Time64NanosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray,
};
use bytes::{BufMut, BytesMut};
use chrono_tz::Tz;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::kernels::datetime::interval::{write_day_second, write_year_month};
use dwsim_engine::kernels::datetime::style::DateStyle;
use dwsim_engine::types::{ColumnInfo, SqlType};

use super::{binary, text};

/// What the text form of values depends on.
#[derive(Debug, Clone, Copy)]
pub struct RowStyle {
    /// The session's zone, for TIMESTAMPTZ.
    pub timezone: Tz,
    /// Redshift's `extra_float_digits`: digits beyond 15 (or 6 for REAL).
    pub extra_float_digits: i32,
    /// DateStyle, for dates and timestamps.
    pub dates: DateStyle,
    /// IntervalStyle `postgres_verbose`, for INTERVAL YEAR TO MONTH and DAY TO SECOND.
    pub verbose_intervals: bool,
}

/// A column of a batch, downcast.
enum Reader<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Int16(&'a Int16Array),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    Decimal(&'a Decimal128Array, u8),
    Float32(&'a Float32Array),
    Float64(&'a Float64Array),
    Text(&'a StringArray),
    /// Text padded with blanks to this many bytes.
    Padded(&'a StringArray, usize),
    Bytes(&'a BinaryArray),
    /// Extended well-known binary, shown in hexadecimal.
    Spatial(&'a BinaryArray),
    /// A HyperLogLog sketch, shown as JSON.
    Sketch(&'a BinaryArray),
    Variant(&'a LargeBinaryArray),
    Date(&'a Date32Array),
    Time(&'a Time64NanosecondArray),
    TimeTz(&'a StructArray, &'a Time64NanosecondArray, &'a Int32Array),
    Micros(&'a TimestampMicrosecondArray, bool),
    Nanos(&'a TimestampNanosecondArray, bool),
    Months(&'a IntervalYearMonthArray),
    Duration(&'a DurationMicrosecondArray),
    Interval(&'a IntervalMonthDayNanoArray),
}

fn cast<'a, A: Array + 'static>(array: &'a dyn Array, ty: &SqlType) -> Result<&'a A> {
    let any: &'a dyn Any = array.as_any();
    any.downcast_ref::<A>().ok_or_else(|| {
        SqlError::internal(format!(
            "a column of type {} arrived as {}",
            ty.redshift(),
            array.data_type()
        ))
    })
}

impl<'a> Reader<'a> {
    fn new(array: &'a dyn Array, ty: &SqlType) -> Result<Self> {
        let plain = ty.plain_text();
        Ok(match &plain {
            SqlType::Null => Reader::Null,
            SqlType::Boolean => Reader::Boolean(cast(array, ty)?),
            SqlType::SmallInt => Reader::Int16(cast(array, ty)?),
            SqlType::Integer => Reader::Int32(cast(array, ty)?),
            SqlType::BigInt | SqlType::Oid => Reader::Int64(cast(array, ty)?),
            SqlType::Number { scale, .. } => Reader::Decimal(cast(array, ty)?, *scale),
            SqlType::Real => Reader::Float32(cast(array, ty)?),
            SqlType::Double => Reader::Float64(cast(array, ty)?),
            SqlType::Char(n) => Reader::Padded(cast(array, ty)?, *n as usize),
            SqlType::Varchar(_) | SqlType::Collated(_) | SqlType::Name => {
                Reader::Text(cast(array, ty)?)
            }
            SqlType::Binary(_) => Reader::Bytes(cast(array, ty)?),
            SqlType::Geometry | SqlType::Geography => Reader::Spatial(cast(array, ty)?),
            SqlType::HllSketch => Reader::Sketch(cast(array, ty)?),
            SqlType::Date => Reader::Date(cast(array, ty)?),
            SqlType::Time(_) => Reader::Time(cast(array, ty)?),
            SqlType::TimeTz => {
                let pair: &StructArray = cast(array, ty)?;
                Reader::TimeTz(
                    pair,
                    cast(pair.column(0).as_ref(), ty)?,
                    cast(pair.column(1).as_ref(), ty)?,
                )
            }
            SqlType::Timestamp(s) | SqlType::TimestampLtz(s) => {
                let zoned = matches!(ty, SqlType::TimestampLtz(_));
                if *s > 6 {
                    Reader::Nanos(cast(array, ty)?, zoned)
                } else {
                    Reader::Micros(cast(array, ty)?, zoned)
                }
            }
            SqlType::IntervalYm => Reader::Months(cast(array, ty)?),
            SqlType::IntervalDs => Reader::Duration(cast(array, ty)?),
            SqlType::Interval => Reader::Interval(cast(array, ty)?),
            SqlType::Variant | SqlType::Object | SqlType::Array | SqlType::Structured(_) => {
                Reader::Variant(cast(array, ty)?)
            }
            SqlType::TimestampTz(_) | SqlType::Vector { .. } => {
                return Err(SqlError::internal(format!(
                    "type {ty} has no form in Redshift's protocol"
                )));
            }
        })
    }

    fn is_null(&self, i: usize) -> bool {
        match self {
            Reader::Null => true,
            Reader::Boolean(a) => a.is_null(i),
            Reader::Int16(a) => a.is_null(i),
            Reader::Int32(a) => a.is_null(i),
            Reader::Int64(a) => a.is_null(i),
            Reader::Decimal(a, _) => a.is_null(i),
            Reader::Float32(a) => a.is_null(i),
            Reader::Float64(a) => a.is_null(i),
            Reader::Text(a) | Reader::Padded(a, _) => a.is_null(i),
            Reader::Bytes(a) | Reader::Spatial(a) | Reader::Sketch(a) => a.is_null(i),
            Reader::Variant(a) => a.is_null(i),
            Reader::Date(a) => a.is_null(i),
            Reader::Time(a) => a.is_null(i),
            Reader::TimeTz(a, ..) => a.is_null(i),
            Reader::Micros(a, _) => a.is_null(i),
            Reader::Nanos(a, _) => a.is_null(i),
            Reader::Months(a) => a.is_null(i),
            Reader::Duration(a) => a.is_null(i),
            Reader::Interval(a) => a.is_null(i),
        }
    }

    fn write_text(&self, i: usize, style: RowStyle, out: &mut BytesMut) {
        match self {
            Reader::Null => {}
            Reader::Boolean(a) => out.put_u8(if a.value(i) { b't' } else { b'f' }),
            Reader::Int16(a) => text::integer(i64::from(a.value(i)), out),
            Reader::Int32(a) => text::integer(i64::from(a.value(i)), out),
            Reader::Int64(a) => text::integer(a.value(i), out),
            Reader::Decimal(a, scale) => text::decimal(a.value(i), *scale, out),
            Reader::Float32(a) => text::real(a.value(i), style.extra_float_digits, out),
            Reader::Float64(a) => text::double(a.value(i), style.extra_float_digits, out),
            Reader::Text(a) => out.put_slice(a.value(i).as_bytes()),
            Reader::Padded(a, n) => {
                let s = a.value(i);
                out.put_slice(s.as_bytes());
                out.put_bytes(b' ', n.saturating_sub(s.len()));
            }
            Reader::Bytes(a) => text::hex(a.value(i), out),
            Reader::Spatial(a) => {
                out.put_slice(dwsim_engine::kernels::geo::wire_hex(a.value(i)).as_bytes());
            }
            Reader::Sketch(a) => {
                out.put_slice(dwsim_engine::kernels::sketch::to_json(a.value(i)).as_bytes());
            }
            Reader::Variant(a) => text::json(a.value(i), out),
            Reader::Date(a) if style.dates.is_iso() => text::date(a.value(i), out),
            Reader::Date(a) => {
                let mut shown = String::new();
                style.dates.write_date(a.value(i), &mut shown);
                out.put_slice(shown.as_bytes());
            }
            Reader::Time(a) => text::time(a.value(i) / 1000, out),
            Reader::TimeTz(_, t, z) => text::time_tz(t.value(i) / 1000, z.value(i), out),
            Reader::Micros(a, zoned) => text::timestamp(a.value(i), *zoned, style, out),
            Reader::Nanos(a, zoned) => {
                text::timestamp(a.value(i).div_euclid(1000), *zoned, style, out);
            }
            Reader::Months(a) if style.verbose_intervals => {
                let mut shown = String::new();
                write_year_month(a.value(i), &mut shown);
                out.put_slice(shown.as_bytes());
            }
            Reader::Duration(a) if style.verbose_intervals => {
                let mut shown = String::new();
                write_day_second(a.value(i), &mut shown);
                out.put_slice(shown.as_bytes());
            }
            Reader::Months(a) => text::year_month(a.value(i), out),
            Reader::Duration(a) => text::day_second(a.value(i), out),
            Reader::Interval(a) => {
                let v = a.value(i);
                text::interval(v.months, v.days, v.nanoseconds / 1000, out);
            }
        }
    }

    fn write_binary(&self, i: usize, out: &mut BytesMut) {
        match self {
            Reader::Null => {}
            Reader::Boolean(a) => out.put_u8(u8::from(a.value(i))),
            Reader::Int16(a) => out.put_i16(a.value(i)),
            Reader::Int32(a) => out.put_i32(a.value(i)),
            Reader::Int64(a) => out.put_i64(a.value(i)),
            Reader::Decimal(a, scale) => binary::numeric(a.value(i), *scale, out),
            Reader::Float32(a) => out.put_f32(a.value(i)),
            Reader::Float64(a) => out.put_f64(a.value(i)),
            Reader::Text(a) => out.put_slice(a.value(i).as_bytes()),
            Reader::Padded(a, n) => {
                let s = a.value(i);
                out.put_slice(s.as_bytes());
                out.put_bytes(b' ', n.saturating_sub(s.len()));
            }
            Reader::Bytes(a) => out.put_slice(a.value(i)),
            Reader::Spatial(a) => {
                out.put_slice(dwsim_engine::kernels::geo::wire_hex(a.value(i)).as_bytes());
            }
            Reader::Sketch(a) => {
                out.put_slice(dwsim_engine::kernels::sketch::to_json(a.value(i)).as_bytes());
            }
            Reader::Variant(a) => text::json(a.value(i), out),
            Reader::Date(a) => out.put_i32(a.value(i) - binary::EPOCH_DAYS),
            Reader::Time(a) => out.put_i64(a.value(i) / 1000),
            Reader::TimeTz(_, t, z) => {
                out.put_i64(t.value(i) / 1000);
                out.put_i32(-z.value(i) * 60);
            }
            Reader::Micros(a, _) => out.put_i64(a.value(i) - binary::EPOCH_MICROS),
            Reader::Nanos(a, _) => {
                out.put_i64(a.value(i).div_euclid(1000) - binary::EPOCH_MICROS);
            }
            Reader::Months(a) => out.put_i32(a.value(i)),
            Reader::Duration(a) => out.put_i64(a.value(i)),
            Reader::Interval(a) => {
                let v = a.value(i);
                out.put_i64(v.nanoseconds / 1000);
                out.put_i32(v.days);
                out.put_i32(v.months);
            }
        }
    }
}

/// The wire width of a column that `oid` values share with 8-byte arrays.
fn is_oid(column: &ColumnInfo) -> bool {
    column.ty == SqlType::Oid
}

/// Appends the text form of one value; false for NULL.
///
/// # Errors
/// An internal error when the array does not fit the type.
pub fn cell_text(
    array: &dyn Array,
    ty: &SqlType,
    row: usize,
    style: RowStyle,
    out: &mut BytesMut,
) -> Result<bool> {
    let reader = Reader::new(array, ty)?;
    if reader.is_null(row) {
        return Ok(false);
    }
    reader.write_text(row, style, out);
    Ok(true)
}

/// Writes rows `from .. to` of a batch. `binary` says per column which format was asked for.
///
/// # Errors
/// An internal error when an array does not fit the declared type of its column.
pub fn write_rows(
    batch: &RecordBatch,
    columns: &[ColumnInfo],
    binary: &[bool],
    from: usize,
    to: usize,
    style: RowStyle,
    out: &mut BytesMut,
) -> Result<()> {
    let readers = batch
        .columns()
        .iter()
        .zip(columns)
        .map(|(a, c)| Reader::new(a.as_ref(), &c.ty))
        .collect::<Result<Vec<_>>>()?;
    for row in from..to {
        out.put_u8(b'D');
        let start = out.len();
        out.put_i32(0);
        out.put_u16(readers.len() as u16);
        for ((reader, column), binary) in readers.iter().zip(columns).zip(binary) {
            if reader.is_null(row) {
                out.put_i32(-1);
                continue;
            }
            let at = out.len();
            out.put_i32(0);
            if !*binary {
                reader.write_text(row, style, out);
            } else if let (true, Reader::Int64(a)) = (is_oid(column), reader) {
                out.put_u32(a.value(row) as u32);
            } else {
                reader.write_binary(row, out);
            }
            let length = (out.len() - at - 4) as i32;
            out[at..at + 4].copy_from_slice(&length.to_be_bytes());
        }
        let length = (out.len() - start) as i32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}
