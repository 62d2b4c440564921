//! Conversion functions of Snowflake to BOOLEAN, FLOAT and BINARY, and the row numbers SEQ1 to SEQ8.
//! Conversions to text, numbers, dates and VARIANT are in the families of those types.

use arrow::array::ArrayRef;
use base64::Engine as _;
use datafusion::scalar::ScalarValue;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::exec::constant;
use dwsim_engine::functions::{Call, FnCall, Kernel, Param, ScalarDef, Typed};
use dwsim_engine::plan::CastMode;
use dwsim_engine::types::{SqlType, TypeClass};

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("TO_BOOLEAN", page!("to_boolean"), convert),
    ScalarDef::custom("TRY_TO_BOOLEAN", page!("try_to_boolean"), convert),
    ScalarDef::custom("TO_DOUBLE", page!("to_double"), convert),
    ScalarDef::custom("TRY_TO_DOUBLE", page!("try_to_double"), convert),
    ScalarDef::custom("TO_BINARY", page!("to_binary"), to_binary),
    ScalarDef::custom("TRY_TO_BINARY", page!("try_to_binary"), to_binary),
    ScalarDef::custom("SEQ1", page!("seq1"), sequence),
    ScalarDef::custom("SEQ2", page!("seq1"), sequence),
    ScalarDef::custom("SEQ4", page!("seq1"), sequence),
    ScalarDef::custom("SEQ8", page!("seq1"), sequence),
];

fn mode(name: &str) -> CastMode {
    if name.starts_with("TRY_") {
        CastMode::Try
    } else {
        CastMode::Explicit
    }
}

fn convert(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let double = call.name.ends_with("DOUBLE");
    call.expect(1, if double { 2 } else { 1 })?;
    let value = call.bind(0)?;
    if call.len() == 2 {
        let format = call.bind(1)?;
        let args = vec![
            call.coerce(value, Param::Text)?,
            call.coerce(format, Param::Text)?,
        ];
        let kernel = dwsim_engine::kernels::format_number::snowflake_to_double;
        return Ok(call.kernel(kernel, args, SqlType::Double));
    }
    let to = if call.name.ends_with("BOOLEAN") {
        SqlType::Boolean
    } else {
        SqlType::Double
    };
    let mode = mode(call.name);
    call.binder.cast(value, &to, mode)
}

/// TO_BINARY(value [, format]): HEX unless said otherwise.
fn to_binary(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 2)?;
    let value = call.bind(0)?;
    if value.ty.class() == TypeClass::Binary {
        return Ok(value);
    }
    let value = call.coerce(value, dwsim_engine::functions::Param::Text)?;
    let format = match call.len() {
        2 => {
            let format = call.bind(1)?;
            call.coerce(format, dwsim_engine::functions::Param::Text)?
        }
        _ => call.binder.text("HEX"),
    };
    Ok(call.kernel(binary, vec![value, format], SqlType::Binary(None)))
}

fn binary(call: &Call<'_>) -> Result<ArrayRef> {
    let (values, formats) = (call.text(0)?, call.text(1)?);
    let lenient = call.name.starts_with("TRY_");
    call.map_bytes(|row| {
        let (Some(value), Some(format)) = (values.get(row), formats.get(row)) else {
            return Ok(None);
        };
        let bytes = match format.to_ascii_uppercase().as_str() {
            "HEX" => dwsim_engine::kernels::cast::decode_hex(value).ok_or_else(|| {
                SqlError::raw(
                    "100115",
                    "22000",
                    format!("The following string is not a legal hex-encoded value: '{value}'"),
                )
            }),
            "UTF-8" | "UTF8" => Ok(value.as_bytes().to_vec()),
            "BASE64" => base64::engine::general_purpose::STANDARD
                .decode(value)
                .map_err(|_| {
                    SqlError::raw(
                        "100115",
                        "22000",
                        format!(
                            "The following string is not a legal base64-encoded value: '{value}'"
                        ),
                    )
                }),
            other => return Err(call.error(format!("'{other}' is no binary format"))),
        };
        match bytes {
            Ok(b) => Ok(Some(b)),
            Err(_) if lenient => Ok(None),
            Err(e) => Err(e),
        }
    })
}

/// SEQ1 to SEQ8: numbers from 0, one per row.
fn sequence(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 1)?;
    let signed = match call.len() {
        0 => false,
        _ => {
            let sign = call.bind(0)?;
            let sign = call.coerce(sign, Param::Int)?;
            match constant(&sign.expr)? {
                ScalarValue::Int64(Some(0)) => false,
                ScalarValue::Int64(Some(1)) => true,
                _ => {
                    return Err(SqlError::argument(
                        call.name,
                        format!("the argument of {} must be 0 or 1", call.name),
                    ));
                }
            }
        }
    };
    let number = crate::parse::expr("ROW_NUMBER() OVER (ORDER BY NULL) - 1")?;
    let value = call.binder.expr(&number)?;
    let value = call
        .binder
        .cast(value, &SqlType::BigInt, CastMode::Implicit)?;
    let (precision, kernel): (u8, Kernel) = match (call.name, signed) {
        ("SEQ1", false) => (3, wrapped::<8, false>),
        ("SEQ1", true) => (3, wrapped::<8, true>),
        ("SEQ2", false) => (5, wrapped::<16, false>),
        ("SEQ2", true) => (5, wrapped::<16, true>),
        ("SEQ4", false) => (10, wrapped::<32, false>),
        ("SEQ4", true) => (10, wrapped::<32, true>),
        (_, false) => (19, wrapped::<64, false>),
        (_, true) => (19, wrapped::<64, true>),
    };
    Ok(call.kernel(kernel, vec![value], SqlType::number(precision, 0)))
}

/// Row numbers in as many bits: after the largest signed number come 0 or the smallest signed number.
fn wrapped<const BITS: u32, const SIGNED: bool>(call: &Call<'_>) -> Result<ArrayRef> {
    let numbers = call.int(0)?;
    let half = 1i128 << (BITS - 1);
    call.map_int(|row| {
        Ok(numbers.get(row).map(|n| {
            let n = i128::from(n);
            let n = if SIGNED {
                (n + half).rem_euclid(2 * half) - half
            } else {
                n.rem_euclid(half)
            };
            n as i64
        }))
    })
}
