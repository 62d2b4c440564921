//! The numeric models as kernels over columns, and the encodings of bytes as text.
//! The models themselves are `snowflake` and `postgres`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array};
use base64::Engine;

use super::{PostgresModel, SnowflakeModel};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Call;
use crate::kernels::cast::datetime::{Numbers, write_texts};
use crate::kernels::cast::{attempt, rescale};
use crate::types::SqlType;

fn snowflake_model(call: &Call<'_>, text: &str) -> Result<SnowflakeModel> {
    SnowflakeModel::new(text)
        .map_err(|why| call.error(format!("Invalid format model '{text}': {why}")))
}

/// Snowflake's TO_CHAR(number, model).
pub fn snowflake_to_char(call: &Call<'_>) -> Result<ArrayRef> {
    let numbers = Numbers::new(call, 0)?;
    let models = call.text(1)?;
    let mut last: Option<(String, SnowflakeModel)> = None;
    write_texts(call, |row, out| {
        let Some(text) = models.get(row).filter(|_| !call.args[0].is_null(row)) else {
            return Ok(false);
        };
        if last.as_ref().is_none_or(|(t, _)| t != text) {
            last = Some((text.to_owned(), snowflake_model(call, text)?));
        }
        let (v, scale) = numbers
            .get(call.args[0].index(row))
            .ok_or_else(|| call.error("the number has no digits"))?;
        if let Some((_, model)) = &last {
            model.write(v, scale, out);
        }
        Ok(true)
    })
}

/// Redshift's TO_CHAR(number, model).
pub fn redshift_to_char(call: &Call<'_>) -> Result<ArrayRef> {
    let numbers = Numbers::new(call, 0)?;
    let models = call.text(1)?;
    let mut last: Option<(String, PostgresModel)> = None;
    write_texts(call, |row, out| {
        let Some(text) = models.get(row).filter(|_| !call.args[0].is_null(row)) else {
            return Ok(false);
        };
        if last.as_ref().is_none_or(|(t, _)| t != text) {
            last = Some((text.to_owned(), PostgresModel::new(text)));
        }
        let (v, scale) = numbers
            .get(call.args[0].index(row))
            .ok_or_else(|| call.error("the number has no digits"))?;
        if let Some((_, model)) = &last {
            model.write(v, scale, out);
        }
        Ok(true)
    })
}

fn number_shape(call: &Call<'_>) -> Result<(u8, u8)> {
    match call.returns {
        SqlType::Number { precision, scale } => Ok((*precision, *scale)),
        other => Err(SqlError::internal(format!("{} gives {other}", call.name))),
    }
}

fn fitted(call: &Call<'_>, text: &str, v: i128, from: u8) -> Result<i128> {
    let (precision, scale) = number_shape(call)?;
    rescale(v, from, scale)
        .filter(|v| v.unsigned_abs() < 10u128.pow(u32::from(precision)))
        .ok_or_else(|| {
            ErrorKind::OutOfRange {
                ty: String::new(),
                value: text.to_owned(),
            }
            .into()
        })
}

fn read_numbers(
    call: &Call<'_>,
    mut read: impl FnMut(&str, &str) -> Result<Option<(i128, u8)>>,
) -> Result<ArrayRef> {
    let (precision, scale) = number_shape(call)?;
    let texts = call.text(0)?;
    let models = call.text(1)?;
    let mut out = Decimal128Array::builder(call.rows);
    for row in 0..call.rows {
        let (Some(text), Some(model)) = (texts.get(row), models.get(row)) else {
            out.append_null();
            continue;
        };
        let value = read(text, model).and_then(|parsed| match parsed {
            Some((v, s)) => fitted(call, text, v, s),
            None => Err(match call.env.dialect {
                crate::dialect::DialectName::Snowflake => SqlError::raw(
                    "100140",
                    "22007",
                    format!("Can't parse '{text}' as number with format '{model}'"),
                ),
                crate::dialect::DialectName::Redshift => {
                    SqlError::invalid_value("Numeric value", text)
                }
            }),
        });
        out.append_option(attempt(call, value)?);
    }
    Ok(Arc::new(
        out.finish()
            .with_precision_and_scale(precision, scale as i8)?,
    ))
}

/// Snowflake's TO_NUMBER(text, model) as a NUMBER of the declared shape; TRY_ calls give NULL for what cannot be read.
pub fn snowflake_to_number(call: &Call<'_>) -> Result<ArrayRef> {
    let mut last: Option<(String, SnowflakeModel)> = None;
    read_numbers(call, |text, model| {
        if last.as_ref().is_none_or(|(t, _)| t != model) {
            last = Some((model.to_owned(), snowflake_model(call, model)?));
        }
        Ok(last.as_ref().and_then(|(_, m)| m.parse(text)))
    })
}

/// Snowflake's TO_DOUBLE(text, model); TRY_ calls give NULL for what cannot be read.
pub fn snowflake_to_double(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, models) = (call.text(0)?, call.text(1)?);
    let mut last: Option<(String, SnowflakeModel)> = None;
    call.map_double(|row| {
        let (Some(text), Some(model)) = (texts.get(row), models.get(row)) else {
            return Ok(None);
        };
        if last.as_ref().is_none_or(|(t, _)| t != model) {
            last = Some((model.to_owned(), snowflake_model(call, model)?));
        }
        let read = last.as_ref().and_then(|(_, m)| m.parse(text));
        // The nearest float is what reading the decimal text gives.
        let float = read.and_then(|(v, scale)| format!("{v}e-{scale}").parse::<f64>().ok());
        attempt(
            call,
            float.ok_or_else(|| {
                SqlError::raw(
                    "100140",
                    "22007",
                    format!("Can't parse '{text}' as number with format '{model}'"),
                )
            }),
        )
    })
}

/// Redshift's TO_NUMBER(text, model) as a DECIMAL of the model's shape.
pub fn redshift_to_number(call: &Call<'_>) -> Result<ArrayRef> {
    let mut last: Option<(String, PostgresModel)> = None;
    read_numbers(call, |text, model| {
        if last.as_ref().is_none_or(|(t, _)| t != model) {
            last = Some((model.to_owned(), PostgresModel::new(model)));
        }
        Ok(last.as_ref().and_then(|(_, m)| m.parse(text)))
    })
}

/// Bytes in base 64.
pub fn binary_to_base64(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bytes(0)?;
    call.map_text(|row| {
        Ok(v.get(row)
            .map(|b| base64::engine::general_purpose::STANDARD.encode(b)))
    })
}

/// Bytes that are UTF-8, as their text.
pub fn binary_to_utf8(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bytes(0)?;
    call.map_text(|row| {
        v.get(row)
            .map(|b| std::str::from_utf8(b).map_err(|_| call.error("the value is not valid UTF-8")))
            .transpose()
    })
}
