//! What a value is: TYPEOF, the IS_ predicates of both warehouses, and the AS_ functions, which convert one kind only.
//! Conversions among kinds are casts.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, LargeBinaryArray};

use super::util::is_nullish;
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::{Call, Column, conform};
use crate::types::SqlType;
use crate::variant::{Kind, Ref};

/// TYPEOF: the kind of a value by Snowflake's names.
pub fn type_of(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_text(|row| {
        Ok(v.get(row).map(|b| match Ref::new(b).kind() {
            Kind::Null | Kind::Undefined => "NULL_VALUE",
            Kind::Bool(_) => "BOOLEAN",
            Kind::Decimal(_, 0) => "INTEGER",
            Kind::Decimal(..) => "DECIMAL",
            Kind::Double(_) => "DOUBLE",
            Kind::String(_) => "VARCHAR",
            Kind::Date(_) => "DATE",
            Kind::Time(_) => "TIME",
            Kind::Timestamp(_) => "TIMESTAMP_NTZ",
            Kind::TimestampLtz(_) => "TIMESTAMP_LTZ",
            Kind::TimestampTz(..) => "TIMESTAMP_TZ",
            Kind::Binary(_) => "BINARY",
            Kind::Array(_) => "ARRAY",
            Kind::Object(_) => "OBJECT",
        }))
    })
}

/// JSON_TYPEOF: boolean, number, string, object, array or null.
pub fn json_typeof(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_text(|row| {
        Ok(v.get(row).map(|b| match Ref::new(b).kind() {
            Kind::Null | Kind::Undefined => "null",
            Kind::Bool(_) => "boolean",
            Kind::Decimal(..) | Kind::Double(_) => "number",
            Kind::Array(_) => "array",
            Kind::Object(_) => "object",
            _ => "string",
        }))
    })
}

/// A predicate over kinds. Of NULL it is NULL on Snowflake and false on Redshift.
fn test(call: &Call<'_>, f: impl Fn(Kind<'_>) -> bool) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let of_null = match call.env.dialect {
        DialectName::Redshift => Some(false),
        DialectName::Snowflake => None,
    };
    call.map_bool(|row| Ok(v.get(row).map_or(of_null, |b| Some(f(Ref::new(b).kind())))))
}

/// IS_ARRAY
pub fn is_array(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Array(_)))
}
/// IS_OBJECT
pub fn is_object(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Object(_)))
}
/// IS_SCALAR: neither array nor object nor null.
pub fn is_scalar(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| {
        !matches!(
            k,
            Kind::Array(_) | Kind::Object(_) | Kind::Null | Kind::Undefined
        )
    })
}
/// IS_BOOLEAN
pub fn is_boolean(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Bool(_)))
}
/// IS_VARCHAR (both), IS_CHAR (Snowflake).
pub fn is_varchar(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::String(_)))
}
/// IS_CHAR of Redshift: text that CHAR can hold, which is single-byte characters only.
pub fn is_char(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::String(s) if s.is_ascii()))
}
/// IS_BINARY
pub fn is_binary(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Binary(_)))
}
/// IS_DATE, IS_DATE_VALUE
pub fn is_date(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Date(_)))
}
/// IS_TIME
pub fn is_time(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Time(_)))
}
/// IS_TIMESTAMP_NTZ
pub fn is_timestamp_ntz(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Timestamp(_)))
}
/// IS_TIMESTAMP_LTZ
pub fn is_timestamp_ltz(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::TimestampLtz(_)))
}
/// IS_TIMESTAMP_TZ
pub fn is_timestamp_tz(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::TimestampTz(..)))
}
/// IS_INTEGER of Snowflake.
pub fn is_integer_value(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Decimal(_, 0)))
}
/// IS_DECIMAL of Snowflake: exact numbers, whole or not.
pub fn is_decimal(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Decimal(..)))
}
/// IS_DOUBLE, IS_REAL: any number.
pub fn is_double(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Decimal(..) | Kind::Double(_)))
}
/// IS_NULL_VALUE: JSON null.
pub fn is_null_value(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_bool(|row| Ok(v.get(row).map(|b| is_nullish(Ref::new(b)))))
}

fn whole_within(kind: &Kind<'_>, low: i128, high: i128) -> bool {
    matches!(kind, Kind::Decimal(v, 0) if (low..=high).contains(v))
}
/// IS_SMALLINT of Redshift.
pub fn is_smallint(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| whole_within(&k, i16::MIN.into(), i16::MAX.into()))
}
/// IS_INTEGER of Redshift.
pub fn is_integer(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| whole_within(&k, i32::MIN.into(), i32::MAX.into()))
}
/// IS_BIGINT of Redshift.
pub fn is_bigint(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| whole_within(&k, i64::MIN.into(), i64::MAX.into()))
}
/// IS_DECIMAL of Redshift, which does not tell whole numbers from decimals.
pub fn is_super_decimal(call: &Call<'_>) -> Result<ArrayRef> {
    is_decimal(call)
}
/// IS_FLOAT of Redshift.
pub fn is_float(call: &Call<'_>) -> Result<ArrayRef> {
    test(call, |k| matches!(k, Kind::Double(_)))
}

/// DECIMAL_PRECISION: digits of an exact number; NULL of anything else.
pub fn decimal_precision(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_int(|row| {
        Ok(v.get(row).and_then(|b| match Ref::new(b).kind() {
            Kind::Decimal(v, scale) => {
                let digits = v.unsigned_abs().checked_ilog10().map_or(1, |n| n + 1);
                Some(i64::from(digits.max(u32::from(scale))))
            }
            _ => None,
        }))
    })
}

/// DECIMAL_SCALE: digits after the point of an exact number; NULL of anything else.
pub fn decimal_scale(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_int(|row| {
        Ok(v.get(row).and_then(|b| match Ref::new(b).kind() {
            Kind::Decimal(_, scale) => Some(i64::from(scale)),
            _ => None,
        }))
    })
}

/// Whether a value of this kind is what AS_… with this result type looks for.
fn is_of(kind: &Kind<'_>, ty: &SqlType, whole: bool) -> bool {
    match ty {
        SqlType::Array => matches!(kind, Kind::Array(_)),
        SqlType::Object => matches!(kind, Kind::Object(_)),
        SqlType::Boolean => matches!(kind, Kind::Bool(_)),
        SqlType::Varchar(_) | SqlType::Collated(_) | SqlType::Char(_) => {
            matches!(kind, Kind::String(_))
        }
        SqlType::Binary(_) => matches!(kind, Kind::Binary(_)),
        SqlType::Date => matches!(kind, Kind::Date(_)),
        SqlType::Time(_) => matches!(kind, Kind::Time(_)),
        SqlType::Timestamp(_) => matches!(kind, Kind::Timestamp(_)),
        SqlType::TimestampLtz(_) => matches!(kind, Kind::TimestampLtz(_)),
        SqlType::TimestampTz(_) => matches!(kind, Kind::TimestampTz(..)),
        SqlType::Double => matches!(kind, Kind::Decimal(..) | Kind::Double(_)),
        SqlType::Number { .. } if whole => matches!(kind, Kind::Decimal(_, 0)),
        SqlType::Number { .. } => matches!(kind, Kind::Decimal(..)),
        _ => false,
    }
}

/// AS_ARRAY, AS_INTEGER, AS_DATE, …: the value as the result type when it is of that kind, else NULL.
/// AS_INTEGER takes whole numbers only, AS_DECIMAL all exact ones, AS_DOUBLE all numbers.
pub fn as_kind(call: &Call<'_>) -> Result<ArrayRef> {
    let column = call
        .args
        .first()
        .ok_or_else(|| SqlError::internal("AS_… without its argument"))?;
    let values = column
        .array
        .as_any()
        .downcast_ref::<LargeBinaryArray>()
        .ok_or_else(|| SqlError::internal("AS_… of a column that holds no VARIANT"))?;
    let whole = call.name == "AS_INTEGER";
    let other: BooleanArray = values
        .iter()
        .map(|v| Some(v.is_none_or(|b| !is_of(&Ref::new(b).kind(), call.returns, whole))))
        .collect();
    let masked = arrow::compute::nullif(values, &other)?;
    let types = [SqlType::Variant];
    let columns = [Column {
        array: masked,
        scalar: column.scalar,
    }];
    if matches!(call.returns, SqlType::Array | SqlType::Object) {
        return super::identity(&Call {
            name: call.name,
            args: &columns,
            types: &types,
            returns: call.returns,
            rows: call.rows,
            env: call.env,
        });
    }
    let kernel = crate::kernels::cast::kernel(&SqlType::Variant, call.returns, call.env.dialect)
        .ok_or_else(|| SqlError::internal(format!("no cast from VARIANT to {}", call.returns)))?;
    let out = kernel(&Call {
        name: "try_cast",
        args: &columns,
        types: &types,
        returns: call.returns,
        rows: call.rows,
        env: call.env,
    })?;
    debug_assert_eq!(out.len(), call.rows);
    let out: ArrayRef = Arc::clone(&out);
    conform(out, call.returns)
}
