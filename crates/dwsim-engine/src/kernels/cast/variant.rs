//! Conversions between VARIANT, ARRAY, OBJECT or SUPER and every other type.
//! A value becomes a SQL type the way a column of its own kind would: values are sorted by kind and handed to those casts.
//!
//! Sources: Snowflake "Data type conversion" and the TO_… pages; Redshift "SUPER configurations" and "Limitations".
//! Redshift casts are lax: what does not fit is NULL unless `cast_super_null_on_error` is off.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    Float64Array, Int32Array, LargeBinaryBuilder, StringArray, StructArray, Time64NanosecondArray,
    new_null_array,
};
use arrow::compute::interleave;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
};

use super::{attempt, is_try, text};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{Call, Column, Kernel, conform};
use crate::kernels::semi::print;
use crate::types::{SqlType, TypeClass, timestamp_storage, tz_fields};
use crate::variant::{Builder, JsonStyle, Kind, Ref};

/// The kernel for a pair of types of which one is semi-structured.
pub(super) fn kernel(from: &SqlType, to: &SqlType, dialect: DialectName) -> Option<Kernel> {
    Some(match (from.class(), to.class()) {
        (TypeClass::Semi, TypeClass::Semi) => match (from, to) {
            (SqlType::Array, SqlType::Object) => return None,
            (_, SqlType::Structured(_)) => super::structured::to_structured,
            _ => semi_to_semi,
        },
        (TypeClass::Semi, TypeClass::Text) => semi_to_text,
        (TypeClass::Semi, TypeClass::Other | TypeClass::Interval | TypeClass::Null) => return None,
        (TypeClass::Semi, _) => semi_to_sql,
        (
            TypeClass::Date | TypeClass::Time | TypeClass::Timestamp | TypeClass::Binary,
            TypeClass::Semi,
        ) if dialect == DialectName::Redshift => return None,
        (
            TypeClass::Boolean
            | TypeClass::Numeric
            | TypeClass::Text
            | TypeClass::Binary
            | TypeClass::Date
            | TypeClass::Time
            | TypeClass::Timestamp,
            TypeClass::Semi,
        ) => match to {
            SqlType::Object | SqlType::Structured(_) => return None,
            SqlType::Array => sql_to_array,
            _ => sql_to_variant,
        },
        _ => return None,
    })
}

/// Whether what does not fit is NULL here.
fn lax(call: &Call<'_>) -> bool {
    is_try(call)
        || (call.env.dialect == DialectName::Redshift
            && call
                .env
                .parameter("cast_super_null_on_error")
                .is_none_or(|_| call.env.flag("cast_super_null_on_error")))
}

/// Snowflake's internal name of the target, as its messages show it; Redshift's own name.
fn target_name(call: &Call<'_>) -> String {
    if call.env.dialect == DialectName::Redshift {
        return call.returns.redshift();
    }
    match call.returns {
        SqlType::Number { .. } | SqlType::BigInt | SqlType::Integer | SqlType::SmallInt => {
            "FIXED".into()
        }
        SqlType::Double | SqlType::Real => "REAL".into(),
        SqlType::Varchar(_) | SqlType::Collated(_) | SqlType::Char(_) => "TEXT".into(),
        SqlType::Binary(_) => "BINARY".into(),
        SqlType::Time(_) => "TIME".into(),
        SqlType::Timestamp(_) => "TIMESTAMP_NTZ".into(),
        SqlType::TimestampLtz(_) => "TIMESTAMP_LTZ".into(),
        SqlType::TimestampTz(_) => "TIMESTAMP_TZ".into(),
        other => other.snowflake(),
    }
}

fn cast_error(call: &Call<'_>, value: Ref<'_>) -> SqlError {
    ErrorKind::VariantCast {
        value: print::json_text(value, JsonStyle::Compact, call.env),
        to: target_name(call),
    }
    .into()
}

// ---------------------------------------------------------------- to SQL types

/// Values of one kind, with the rows they belong to.
struct Bucket {
    ty: SqlType,
    rows: Vec<usize>,
    values: Values,
}

enum Values {
    Bool(Vec<bool>),
    Exact(Vec<i128>, u8),
    Double(Vec<f64>),
    Text(Vec<String>),
    Date(Vec<i32>),
    Time(Vec<i64>),
    Binary(Vec<Vec<u8>>),
    /// Nanoseconds.
    Timestamp(Vec<i128>),
    TimestampTz(Vec<i128>, Vec<i32>),
}

impl Values {
    fn array(self, ty: &SqlType) -> Result<ArrayRef> {
        let timestamps = |v: Vec<i128>| -> Result<ArrayRef> {
            let nanos = Decimal128Array::from(v).with_data_type(timestamp_storage(9, None));
            Ok(Arc::new(nanos))
        };
        Ok(match self {
            Values::Bool(v) => Arc::new(BooleanArray::from(v)),
            Values::Exact(v, scale) => {
                Arc::new(Decimal128Array::from(v).with_precision_and_scale(38, scale as i8)?)
            }
            Values::Double(v) => Arc::new(Float64Array::from(v)),
            Values::Text(v) => Arc::new(StringArray::from(v)),
            Values::Date(v) => Arc::new(Date32Array::from(v)),
            Values::Time(v) => Arc::new(Time64NanosecondArray::from(v)),
            Values::Binary(v) => Arc::new(BinaryArray::from_iter_values(v)),
            Values::Timestamp(v) => timestamps(v)?,
            Values::TimestampTz(v, offsets) => Arc::new(StructArray::try_new(
                tz_fields(ty.fraction().unwrap_or(9)),
                vec![timestamps(v)?, Arc::new(Int32Array::from(offsets))],
                None,
            )?),
        })
    }
}

fn sort_into(buckets: &mut Vec<Bucket>, row: usize, kind: Kind<'_>) -> bool {
    macro_rules! put {
        ($ty:expr, $variant:ident, $value:expr) => {{
            let ty = $ty;
            let value = $value;
            match buckets.iter_mut().find(|b| b.ty == ty) {
                Some(Bucket {
                    rows,
                    values: Values::$variant(v),
                    ..
                }) => {
                    rows.push(row);
                    v.push(value);
                }
                _ => buckets.push(Bucket {
                    ty,
                    rows: vec![row],
                    values: Values::$variant(vec![value]),
                }),
            }
            true
        }};
    }
    match kind {
        Kind::Bool(b) => put!(SqlType::Boolean, Bool, b),
        Kind::Decimal(v, scale) => {
            let ty = SqlType::number(38, scale);
            match buckets.iter_mut().find(|b| b.ty == ty) {
                Some(Bucket {
                    rows,
                    values: Values::Exact(values, _),
                    ..
                }) => {
                    rows.push(row);
                    values.push(v);
                }
                _ => buckets.push(Bucket {
                    ty,
                    rows: vec![row],
                    values: Values::Exact(vec![v], scale),
                }),
            }
            true
        }
        Kind::Double(d) => put!(SqlType::Double, Double, d),
        Kind::String(s) => put!(SqlType::text(), Text, s.into_owned()),
        Kind::Binary(b) => put!(SqlType::Binary(None), Binary, b.into_owned()),
        Kind::Date(d) => put!(SqlType::Date, Date, d),
        Kind::Time(t) => put!(SqlType::Time(9), Time, t),
        Kind::Timestamp(t) => put!(SqlType::Timestamp(9), Timestamp, t),
        Kind::TimestampLtz(t) => put!(SqlType::TimestampLtz(9), Timestamp, t),
        Kind::TimestampTz(v, offset) => {
            let ty = SqlType::TimestampTz(9);
            match buckets.iter_mut().find(|b| b.ty == ty) {
                Some(Bucket {
                    rows,
                    values: Values::TimestampTz(values, offsets),
                    ..
                }) => {
                    rows.push(row);
                    values.push(v);
                    offsets.push(offset);
                }
                _ => buckets.push(Bucket {
                    ty,
                    rows: vec![row],
                    values: Values::TimestampTz(vec![v], vec![offset]),
                }),
            }
            true
        }
        Kind::Null | Kind::Undefined | Kind::Array(_) | Kind::Object(_) => false,
    }
}

/// A column of one kind as the call's type; None when there is no such conversion.
fn convert(call: &Call<'_>, name: &str, ty: &SqlType, array: ArrayRef) -> Option<Result<ArrayRef>> {
    if ty == call.returns {
        return Some(Ok(array));
    }
    if let (SqlType::Number { .. }, SqlType::Timestamp(_), DialectName::Snowflake) =
        (ty, call.returns, call.env.dialect)
    {
        // A number inside VARIANT is an instant, and a wall clock shows it in the session's zone.
        let instant = SqlType::TimestampLtz(9);
        let middle = Call {
            returns: &instant,
            ..*call
        };
        return match convert(&middle, name, ty, array)? {
            Ok(instants) => convert(call, name, &instant, instants),
            Err(e) => Some(Err(e)),
        };
    }
    // SUPER numbers of any kind convert to BOOLEAN; Redshift refuses that for DECIMAL and float columns only.
    let kernel: Option<Kernel> = if ty.is_numeric() && *call.returns == SqlType::Boolean {
        Some(super::boolean::numeric_to_boolean)
    } else {
        super::kernel(ty, call.returns, call.env.dialect)
    };
    let rows = array.len();
    let columns = [Column {
        array,
        scalar: false,
    }];
    let call = Call {
        name,
        args: &columns,
        types: std::slice::from_ref(ty),
        returns: call.returns,
        rows,
        env: call.env,
    };
    match kernel {
        Some(kernel) => Some(kernel(&call).and_then(|a| conform(a, call.returns))),
        None if super::is_relabel(ty, call.returns) || super::is_widening(ty, call.returns) => {
            Some(conform(Arc::clone(&columns[0].array), call.returns))
        }
        None => None,
    }
}

/// Redshift: only whole numbers have a truth value.
fn refused(call: &Call<'_>, ty: &SqlType) -> bool {
    call.env.dialect == DialectName::Redshift
        && *call.returns == SqlType::Boolean
        && match ty {
            SqlType::Number { scale, .. } => *scale > 0,
            SqlType::Double => true,
            _ => false,
        }
}

fn semi_to_sql(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let lax = lax(call);
    let mut buckets = Vec::new();
    for row in 0..call.rows {
        let Some(bytes) = v.get(row) else { continue };
        let value = Ref::new(bytes);
        let kind = value.kind();
        if matches!(kind, Kind::Null | Kind::Undefined) {
            continue;
        }
        if !sort_into(&mut buckets, row, kind) && !lax {
            return Err(cast_error(call, value));
        }
    }
    let name = if lax { "try_cast" } else { call.name };
    let mut arrays: Vec<ArrayRef> = vec![new_null_array(&call.returns.arrow(), 1)];
    let mut from = vec![(0, 0); call.rows];
    for Bucket { ty, rows, values } in buckets {
        let converted = if refused(call, &ty) {
            None
        } else {
            let array = values.array(&ty)?;
            match convert(call, name, &ty, Arc::clone(&array)) {
                // The first value that fails gives the message its value.
                Some(Err(error)) => {
                    let culprit = rows.iter().enumerate().find(|(i, _)| {
                        matches!(convert(call, name, &ty, array.slice(*i, 1)), Some(Err(_)))
                    });
                    return Err(match culprit.and_then(|(_, row)| v.get(*row)) {
                        Some(bytes) => cast_error(call, Ref::new(bytes)),
                        None => error,
                    });
                }
                Some(Ok(converted)) => Some(converted),
                None => None,
            }
        };
        let Some(converted) = converted else {
            if lax {
                continue;
            }
            return Err(match rows.first().and_then(|row| v.get(*row)) {
                Some(bytes) => cast_error(call, Ref::new(bytes)),
                None => SqlError::internal("a kind of VARIANT without values"),
            });
        };
        if arrays.len() == 1 && rows.len() == call.rows {
            return Ok(converted);
        }
        for (i, row) in rows.into_iter().enumerate() {
            from[row] = (arrays.len(), i);
        }
        arrays.push(converted);
    }
    let refs: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    Ok(interleave(&refs, &from)?)
}

fn semi_to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let limit = text::limit(call.returns);
    let redshift = call.env.dialect == DialectName::Redshift;
    let lax = lax(call);
    let mut buffer = String::new();
    let mut out = arrow::array::StringBuilder::with_capacity(call.rows, call.rows * 8);
    for row in 0..call.rows {
        let Some(bytes) = v.get(row) else {
            out.append_null();
            continue;
        };
        let value = Ref::new(bytes);
        match value.kind() {
            Kind::Null | Kind::Undefined => {
                out.append_null();
                continue;
            }
            // Redshift serializes arrays and objects by JSON_SERIALIZE only.
            Kind::Array(_) | Kind::Object(_) if redshift => {
                if !lax {
                    return Err(cast_error(call, value));
                }
                out.append_null();
                continue;
            }
            _ => {}
        }
        buffer.clear();
        print::write_plain(value, call.env, &mut buffer);
        if let Some(n) = limit {
            let n = n as usize;
            let fits = buffer.len() <= n || (!redshift && buffer.chars().count() <= n);
            if !fits {
                if redshift && super::is_explicit(call) {
                    let cut = text::cut(&buffer, n).len();
                    buffer.truncate(cut);
                } else if lax {
                    out.append_null();
                    continue;
                } else {
                    return Err(text::too_long(call, &buffer));
                }
            }
        }
        out.append_value(&buffer);
    }
    Ok(Arc::new(out.finish()))
}

/// Between VARIANT, ARRAY and OBJECT. TO_ARRAY wraps what is no array; TO_OBJECT refuses what is no object;
/// as arguments of functions both are NULL.
fn semi_to_semi(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let argument = call.name == "argument";
    let mut buffer = Vec::new();
    let mut out = LargeBinaryBuilder::with_capacity(call.rows, call.rows * 16);
    for row in 0..call.rows {
        let Some(bytes) = v.get(row) else {
            out.append_null();
            continue;
        };
        let value = Ref::new(bytes);
        match (call.returns, value.kind()) {
            (SqlType::Variant, _)
            | (SqlType::Array, Kind::Array(_))
            | (SqlType::Object, Kind::Object(_)) => out.append_value(bytes),
            (_, Kind::Null | Kind::Undefined) => out.append_null(),
            _ if argument => out.append_null(),
            (SqlType::Array, _) => {
                buffer.clear();
                let mut b = Builder { out: &mut buffer };
                b.begin_array();
                b.raw(bytes);
                b.end();
                out.append_value(&buffer);
            }
            _ => match attempt(call, Err::<(), _>(cast_error(call, value)))? {
                Some(()) | None => out.append_null(),
            },
        }
    }
    Ok(Arc::new(out.finish()))
}

// ---------------------------------------------------------------- from SQL types

/// Appends the value of a column at an index, which is not NULL, as an encoded value.
///
/// # Errors
/// [`ErrorKind::CannotCast`] when the type has no VARIANT form; [`super::kernel`] does not offer such casts.
pub fn encode_at(array: &dyn Array, ty: &SqlType, i: usize, b: &mut Builder<'_>) -> Result<()> {
    match array.data_type() {
        DataType::Boolean => b.bool(array.as_boolean().value(i)),
        DataType::Int16 => b.decimal(array.as_primitive::<Int16Type>().value(i).into(), 0),
        DataType::Int32 => b.decimal(array.as_primitive::<Int32Type>().value(i).into(), 0),
        DataType::Int64 => b.decimal(array.as_primitive::<Int64Type>().value(i).into(), 0),
        DataType::Decimal128(_, s) if ty.class() != TypeClass::Timestamp => {
            b.decimal(array.as_primitive::<Decimal128Type>().value(i), *s as u8);
        }
        DataType::Float32 => {
            // The decimal digits of a REAL are what it means, not those of its binary value.
            let v = array.as_primitive::<Float32Type>().value(i);
            b.double(v.to_string().parse().unwrap_or(f64::from(v)));
        }
        DataType::Float64 => b.double(array.as_primitive::<Float64Type>().value(i)),
        DataType::Utf8 => {
            let s = array.as_string::<i32>().value(i);
            b.string(if matches!(ty, SqlType::Char(_)) {
                s.trim_end_matches(' ')
            } else {
                s
            });
        }
        DataType::Binary => b.binary(array.as_binary::<i32>().value(i)),
        DataType::LargeBinary => b.raw(array.as_binary::<i64>().value(i)),
        DataType::Date32 => b.date(array.as_primitive::<Date32Type>().value(i)),
        DataType::Time64(TimeUnit::Nanosecond) => {
            b.time(array.as_primitive::<Time64NanosecondType>().value(i));
        }
        DataType::Timestamp(..) | DataType::Decimal128(..) => {
            let t = nanos(array, i)?;
            if matches!(ty, SqlType::TimestampLtz(_)) {
                b.timestamp_ltz(t);
            } else {
                b.timestamp(t);
            }
        }
        DataType::FixedSizeList(..) => crate::kernels::vector::encode(array, ty, i, b)?,
        DataType::Struct(_) if matches!(ty, SqlType::TimestampTz(_)) => {
            let parts = array.as_struct();
            let offset = parts.column(1).as_primitive::<Int32Type>().value(i);
            b.timestamp_tz(nanos(parts.column(0).as_ref(), i)?, offset);
        }
        _ => {
            return Err(ErrorKind::CannotCast {
                from: ty.snowflake(),
                to: "VARIANT".into(),
            }
            .into());
        }
    }
    Ok(())
}

/// Nanoseconds since the epoch of a stored timestamp, which is not NULL.
///
/// # Errors
/// An internal error when the array stores no timestamps.
pub fn nanos(array: &dyn Array, i: usize) -> Result<i128> {
    Ok(match array.data_type() {
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value(i),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            i128::from(array.as_primitive::<TimestampMicrosecondType>().value(i)) * 1000
        }
        other => return Err(SqlError::internal(format!("timestamps stored as {other}"))),
    })
}

fn sql_to_semi(call: &Call<'_>, wrap: bool) -> Result<ArrayRef> {
    let column = call
        .args
        .first()
        .ok_or_else(|| SqlError::internal("a cast without its argument"))?;
    let mut buffer = Vec::new();
    let mut out = LargeBinaryBuilder::with_capacity(call.rows, call.rows * 16);
    for row in 0..call.rows {
        if column.is_null(row) {
            out.append_null();
            continue;
        }
        buffer.clear();
        let mut b = Builder { out: &mut buffer };
        if wrap {
            b.begin_array();
        }
        encode_at(
            column.array.as_ref(),
            &call.types[0],
            column.index(row),
            &mut b,
        )?;
        if wrap {
            b.end();
        }
        out.append_value(&buffer);
    }
    Ok(Arc::new(out.finish()))
}

pub(super) fn sql_to_variant(call: &Call<'_>) -> Result<ArrayRef> {
    sql_to_semi(call, false)
}

fn sql_to_array(call: &Call<'_>) -> Result<ArrayRef> {
    sql_to_semi(call, true)
}

#[cfg(test)]
mod tests;
