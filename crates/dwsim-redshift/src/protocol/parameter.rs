//! Parameter values of Bind as typed literals.
//! Which type a parameter has was said in Parse or inferred by the session.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, LargeBinaryArray, StringArray};
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use dwsim_engine::env::Env;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{Call, Column, Typed};
use dwsim_engine::kernels::cast::{kernel, parse_decimal};
use dwsim_engine::types::SqlType;

use super::binary::{EPOCH_DAYS, EPOCH_MICROS, read_numeric};

fn literal(value: ScalarValue, ty: SqlType) -> Typed {
    Typed::new(Expr::Literal(value, None), ty)
}

fn malformed(number: usize) -> SqlError {
    SqlError::raw(
        "",
        "22P03",
        format!("incorrect binary data format in bind parameter {number}"),
    )
}

/// A text literal, which adapts to what it meets.
pub fn text(value: impl Into<String>) -> Typed {
    literal(ScalarValue::Utf8(Some(value.into())), SqlType::text())
}

/// A NULL of a type, or a bare one.
///
/// # Errors
/// When the type has no NULL literal.
pub fn null(ty: Option<&SqlType>) -> Result<Typed> {
    let ty = ty.cloned().unwrap_or(SqlType::Null);
    Ok(literal(ScalarValue::try_from(&ty.arrow())?, ty))
}

/// An exact number with as many digits as are written.
fn number(text: &str) -> Option<Typed> {
    let (v, scale) = parse_decimal(text)?;
    let (v, scale) = if scale < 0 {
        (v.checked_mul(10i128.checked_pow(scale.unsigned_abs())?)?, 0)
    } else {
        (v, scale)
    };
    let digits = v.unsigned_abs().checked_ilog10().map_or(1, |d| d + 1) as i32;
    let precision = digits.max(scale).max(1);
    if precision > 38 {
        return None;
    }
    Some(literal(
        ScalarValue::Decimal128(Some(v), precision as u8, scale as i8),
        SqlType::number(precision as u8, scale as u8),
    ))
}

/// A value in text form. Without a type it stays an untyped literal.
///
/// # Errors
/// When the text is no value of the type.
pub fn from_text(value: &str, ty: Option<&SqlType>, env: &Env) -> Result<Typed> {
    let Some(ty) = ty else {
        return Ok(text(value));
    };
    match ty {
        SqlType::Varchar(_) | SqlType::Char(_) | SqlType::Name | SqlType::Null => {
            return Ok(text(value));
        }
        SqlType::Number { .. } => {
            return number(value.trim())
                .ok_or_else(|| SqlError::invalid_value("Numeric value", value));
        }
        _ => {}
    }
    let source = SqlType::text();
    let Some(convert) = kernel(&source, ty, env.dialect) else {
        return Err(SqlError::unsupported(format!(
            "a parameter of type {}",
            ty.redshift()
        )));
    };
    let array: ArrayRef = Arc::new(StringArray::from(vec![value]));
    let out = convert(&Call {
        name: "assign",
        args: &[Column {
            array,
            scalar: true,
        }],
        types: &[source],
        returns: ty,
        rows: 1,
        env,
    })?;
    Ok(literal(ScalarValue::try_from_array(&out, 0)?, ty.clone()))
}

fn fixed<const N: usize>(bytes: &[u8], number: usize) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| malformed(number))
}

/// A value in binary form. `number` is the parameter's number, for messages.
///
/// # Errors
/// When the bytes are no value of the type, or the type is not known.
pub fn from_binary(bytes: &[u8], ty: Option<&SqlType>, index: usize) -> Result<Typed> {
    let Some(ty) = ty else {
        return Err(SqlError::raw(
            "",
            "42P18",
            format!("could not determine data type of parameter ${index}"),
        ));
    };
    let value = match ty {
        SqlType::Varchar(_) | SqlType::Char(_) | SqlType::Name | SqlType::Null => {
            let s = std::str::from_utf8(bytes).map_err(|_| {
                SqlError::raw("", "22021", "invalid byte sequence for encoding \"UTF8\"")
            })?;
            return Ok(text(s));
        }
        SqlType::Boolean => ScalarValue::Boolean(Some(fixed::<1>(bytes, index)?[0] != 0)),
        SqlType::SmallInt => ScalarValue::Int16(Some(i16::from_be_bytes(fixed(bytes, index)?))),
        SqlType::Integer => ScalarValue::Int32(Some(i32::from_be_bytes(fixed(bytes, index)?))),
        SqlType::BigInt => ScalarValue::Int64(Some(i64::from_be_bytes(fixed(bytes, index)?))),
        SqlType::Oid => {
            ScalarValue::Int64(Some(i64::from(u32::from_be_bytes(fixed(bytes, index)?))))
        }
        SqlType::Real => ScalarValue::Float32(Some(f32::from_be_bytes(fixed(bytes, index)?))),
        SqlType::Double => ScalarValue::Float64(Some(f64::from_be_bytes(fixed(bytes, index)?))),
        SqlType::Number { .. } => {
            let digits = read_numeric(bytes).ok_or_else(|| malformed(index))?;
            return number(&digits).ok_or_else(|| malformed(index));
        }
        SqlType::Date => ScalarValue::Date32(Some(
            i32::from_be_bytes(fixed(bytes, index)?)
                .checked_add(EPOCH_DAYS)
                .ok_or_else(|| malformed(index))?,
        )),
        SqlType::Time(_) => ScalarValue::Time64Nanosecond(Some(
            i64::from_be_bytes(fixed(bytes, index)?)
                .checked_mul(1000)
                .ok_or_else(|| malformed(index))?,
        )),
        SqlType::Timestamp(_) | SqlType::TimestampLtz(_) => {
            let micros = i64::from_be_bytes(fixed(bytes, index)?)
                .checked_add(EPOCH_MICROS)
                .ok_or_else(|| malformed(index))?;
            let zone = matches!(ty, SqlType::TimestampLtz(_)).then(|| Arc::from("UTC"));
            ScalarValue::TimestampMicrosecond(Some(micros), zone)
        }
        SqlType::Binary(_) | SqlType::Geometry | SqlType::Geography => {
            let array: ArrayRef = Arc::new(BinaryArray::from(vec![bytes]));
            ScalarValue::try_from_array(&array, 0)?
        }
        SqlType::Variant => {
            let s = std::str::from_utf8(bytes).map_err(|_| malformed(index))?;
            let tree =
                dwsim_engine::variant::parse_json(s, dwsim_engine::variant::ParseMode::Redshift)
                    .map_err(|e| {
                        SqlError::from(dwsim_engine::error::ErrorKind::InvalidJson {
                            message: e.to_string(),
                        })
                    })?;
            let encoded = tree.encode();
            let array: ArrayRef = Arc::new(LargeBinaryArray::from(vec![encoded.as_slice()]));
            ScalarValue::try_from_array(&array, 0)?
        }
        other => {
            return Err(SqlError::unsupported(format!(
                "a binary parameter of type {}",
                other.redshift()
            )));
        }
    };
    Ok(literal(value, ty.clone()))
}
