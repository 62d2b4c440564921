//! JSON text to values and back: PARSE_JSON and its kin, JSON_PARSE, serialization, sizes.
//! The grammar is `variant::json`; functions that pick parts out of JSON text are `json_text`.

use std::sync::Arc;

use arrow::array::{ArrayRef, LargeBinaryBuilder};

use super::print;
use super::util::{argument, is_encoded};
use crate::env::Env;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Call;
use crate::types::REDSHIFT_MAX_VARCHAR;
use crate::variant::{
    JsonError, JsonStyle, Kind, ParseMode, ParseOptions, Ref, encode, parse_json_with,
};

pub(super) fn json_error(error: &JsonError) -> SqlError {
    ErrorKind::InvalidJson {
        message: error.to_string(),
    }
    .into()
}

/// What Redshift's settings say about parsing.
fn super_options(env: &Env) -> ParseOptions {
    ParseOptions {
        keep_last_duplicate: env.flag("json_parse_dedup_attributes"),
        max_string: Some(REDSHIFT_MAX_VARCHAR as usize),
        truncate: env.flag("json_parse_truncate_strings"),
    }
}

/// Parses a text column, or gives values as they are; `on_error` decides about what is not JSON.
fn parse_column(
    call: &Call<'_>,
    mode: ParseMode,
    options: ParseOptions,
    mut on_error: impl FnMut(JsonError) -> Result<()>,
) -> Result<ArrayRef> {
    let column = argument(call, 0)?;
    if is_encoded(column.array.as_ref()) {
        return parse_variant(call, mode, options, on_error);
    }
    let v = call.text(0)?;
    let mut buffer = Vec::new();
    let mut out = LargeBinaryBuilder::with_capacity(call.rows, call.rows * 16);
    for row in 0..call.rows {
        match v.get(row) {
            // An empty document is no document.
            Some(s) if mode == ParseMode::Snowflake && s.trim().is_empty() => out.append_null(),
            Some(s) => match parse_json_with(s, mode, options) {
                Ok(value) => {
                    buffer.clear();
                    encode(&value, &mut buffer);
                    out.append_value(&buffer);
                }
                Err(error) => {
                    on_error(error)?;
                    out.append_null();
                }
            },
            None => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// A VARIANT that holds text is parsed; one that holds anything else is what it is.
fn parse_variant(
    call: &Call<'_>,
    mode: ParseMode,
    options: ParseOptions,
    mut on_error: impl FnMut(JsonError) -> Result<()>,
) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_variant(|row| {
        let Some(bytes) = v.get(row) else {
            return Ok(None);
        };
        let Kind::String(s) = Ref::new(bytes).kind() else {
            return Ok(Some(bytes.to_vec()));
        };
        match parse_json_with(&s, mode, options) {
            Ok(value) => Ok(Some(value.encode())),
            Err(error) => on_error(error).map(|()| None),
        }
    })
}

fn snowflake_options(call: &Call<'_>) -> Result<ParseOptions> {
    let mut options = ParseOptions::default();
    if call.len() > 1 {
        match call.constant_text(1) {
            Some(Some(p)) if p.eq_ignore_ascii_case("d") => options.keep_last_duplicate = true,
            Some(Some(p)) if p.eq_ignore_ascii_case("s") => {}
            _ => return Err(call.error("the parameter of JSON parsing must be 'd' or 's'")),
        }
    }
    Ok(options)
}

/// PARSE_JSON: text, and optionally 'd' (of duplicate keys the last counts) or 's' (they are an error).
pub fn parse_json(call: &Call<'_>) -> Result<ArrayRef> {
    parse_column(call, ParseMode::Snowflake, snowflake_options(call)?, |e| {
        Err(json_error(&e))
    })
}

/// TRY_PARSE_JSON: NULL for what is not JSON.
pub fn try_parse_json(call: &Call<'_>) -> Result<ArrayRef> {
    parse_column(call, ParseMode::Snowflake, snowflake_options(call)?, |_| {
        Ok(())
    })
}

/// CHECK_JSON: NULL for JSON, else what is wrong.
pub fn check_json(call: &Call<'_>) -> Result<ArrayRef> {
    let options = snowflake_options(call)?;
    let column = argument(call, 0)?;
    let message = |s: &str| {
        parse_json_with(s, ParseMode::Snowflake, options)
            .err()
            .map(|e| e.to_string())
    };
    if is_encoded(column.array.as_ref()) {
        let v = call.variant(0)?;
        return call.map_text(|row| {
            Ok(v.get(row).and_then(|b| match Ref::new(b).kind() {
                Kind::String(s) => message(&s),
                _ => None,
            }))
        });
    }
    let v = call.text(0)?;
    call.map_text(|row| Ok(v.get(row).and_then(message)))
}

/// JSON_PARSE of Redshift: strict JSON, members in their order; invalid text is an error unless
/// `parse_super_null_on_error` is on.
pub fn json_parse(call: &Call<'_>) -> Result<ArrayRef> {
    let lenient = call.env.flag("parse_super_null_on_error");
    parse_column(call, ParseMode::Redshift, super_options(call.env), |e| {
        if lenient { Ok(()) } else { Err(json_error(&e)) }
    })
}

/// CAN_JSON_PARSE: whether JSON_PARSE would succeed.
pub fn can_json_parse(call: &Call<'_>) -> Result<ArrayRef> {
    let options = super_options(call.env);
    let v = call.text(0)?;
    call.map_bool(|row| {
        Ok(v.get(row)
            .map(|s| parse_json_with(s, ParseMode::Redshift, options).is_ok()))
    })
}

/// TO_JSON, JSON_SERIALIZE: compact JSON text.
pub fn to_json(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_text(|row| {
        Ok(v.get(row)
            .map(|b| print::json_text(Ref::new(b), JsonStyle::Compact, call.env)))
    })
}

/// JSON_SERIALIZE of Redshift: compact JSON text; longer than a VARCHAR can be is an error.
pub fn json_serialize(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_text(|row| {
        let Some(b) = v.get(row) else {
            return Ok(None);
        };
        let text = print::json_text(Ref::new(b), JsonStyle::Compact, call.env);
        if text.len() > REDSHIFT_MAX_VARCHAR as usize {
            return Err(call.error(format!(
                "the serialized value has {} bytes, more than the {REDSHIFT_MAX_VARCHAR} of VARCHAR",
                text.len()
            )));
        }
        Ok(Some(text))
    })
}

/// JSON_SERIALIZE_TO_VARBYTE: compact JSON as bytes.
pub fn json_serialize_to_varbyte(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_bytes(|row| {
        Ok(v.get(row)
            .map(|b| print::json_text(Ref::new(b), JsonStyle::Compact, call.env).into_bytes()))
    })
}

/// JSON_SIZE: bytes of the serialized value.
pub fn json_size(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_int(|row| {
        Ok(v.get(row)
            .map(|b| print::json_text(Ref::new(b), JsonStyle::Compact, call.env).len() as i64))
    })
}

/// The argument as it is: TO_VARIANT and its kin, whose work is the coercion of their argument.
pub fn identity(call: &Call<'_>) -> Result<ArrayRef> {
    let column = argument(call, 0)?;
    if column.scalar && call.rows != 1 {
        return Ok(arrow::compute::take(
            &column.array,
            &arrow::array::UInt32Array::from(vec![0; call.rows]),
            None,
        )?);
    }
    Ok(Arc::clone(&column.array))
}
