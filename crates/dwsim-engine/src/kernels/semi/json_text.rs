//! Functions over JSON that stays text: JSON_EXTRACT_PATH_TEXT and its kin, validity, array length.
//! They parse on every call; SUPER and VARIANT are the better choice for data that is queried more than once.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;

use super::parse::json_error;
use super::path::{follow, parse_path};
use super::print;
use super::util::{argument, integer, is_nullish};
use crate::error::Result;
use crate::functions::Call;
use crate::types::SqlType;
use crate::variant::{JsonStyle, Kind, ParseMode, ParseOptions, Ref, Value, parse_json_with};

/// These functions accept what JSON_PARSE refuses: of a duplicate key the last one counts.
const OPTIONS: ParseOptions = ParseOptions {
    keep_last_duplicate: true,
    max_string: None,
    truncate: false,
};

/// The trailing boolean of Redshift's JSON functions, and how many arguments come before it.
fn null_if_invalid(call: &Call<'_>, row: usize) -> Result<(bool, usize)> {
    let last = call.len() - 1;
    if call.types[last] != SqlType::Boolean {
        return Ok((false, call.len()));
    }
    Ok((call.bool(last)?.get(row).unwrap_or(false), last))
}

fn parse(text: &str, lenient: bool) -> Result<Option<Vec<u8>>> {
    match parse_json_with(text, ParseMode::Redshift, OPTIONS) {
        Ok(v) => Ok(Some(v.encode())),
        Err(_) if lenient => Ok(None),
        Err(e) => Err(json_error(&e)),
    }
}

/// A JSON value as these functions show it: texts without quotes, everything else as JSON.
fn show(call: &Call<'_>, v: Ref<'_>) -> String {
    match v.kind() {
        Kind::String(s) => s.into_owned(),
        _ => print::json_text(v, JsonStyle::Compact, call.env),
    }
}

/// JSON_EXTRACT_PATH_TEXT(json, element, … [, null_if_invalid]) of Redshift. A path that is not there, and JSON null,
/// give NULL.
pub fn json_extract_path_text(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    call.map_text(|row| {
        let (lenient, end) = null_if_invalid(call, row)?;
        let Some(text) = texts.get(row) else {
            return Ok(None);
        };
        let Some(bytes) = parse(text, lenient)? else {
            return Ok(None);
        };
        let mut at = Some(Ref::new(&bytes));
        for i in 1..end {
            let column = argument(call, i)?;
            if call.types[i] == SqlType::Null || column.is_null(row) {
                return Ok(None);
            }
            let key: Cow<'_, str> = match column.array.data_type() {
                DataType::Utf8 => column
                    .array
                    .as_string::<i32>()
                    .value(column.index(row))
                    .into(),
                _ => integer(call, i, row)?.unwrap_or(-1).to_string().into(),
            };
            at = at.and_then(|v| match v.kind() {
                Kind::Array(mut items) => key.parse().ok().and_then(|n| items.nth(n)),
                _ => v.member(&key),
            });
        }
        Ok(at.filter(|v| !is_nullish(*v)).map(|v| show(call, v)))
    })
}

/// JSON_EXTRACT_ARRAY_ELEMENT_TEXT(json, position [, null_if_invalid]) of Redshift; negative positions are NULL.
pub fn json_extract_array_element_text(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    call.map_text(|row| {
        let (lenient, _) = null_if_invalid(call, row)?;
        let (Some(text), Some(at)) = (texts.get(row), integer(call, 1, row)?) else {
            return Ok(None);
        };
        let Some(bytes) = parse(text, lenient)? else {
            return Ok(None);
        };
        let array = Ref::new(&bytes);
        if !array.is_array() {
            return if lenient {
                Ok(None)
            } else {
                Err(call.error("the JSON text is not an array"))
            };
        }
        Ok(usize::try_from(at)
            .ok()
            .and_then(|at| array.element(at))
            .filter(|v| !is_nullish(*v))
            .map(|v| show(call, v)))
    })
}

/// JSON_ARRAY_LENGTH(json [, null_if_invalid]) of Redshift.
pub fn json_array_length(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    call.map_int(|row| {
        let (lenient, _) = null_if_invalid(call, row)?;
        let Some(text) = texts.get(row) else {
            return Ok(None);
        };
        match parse_json_with(text, ParseMode::Redshift, OPTIONS) {
            Ok(Value::Array(items)) => Ok(Some(items.len() as i64)),
            _ if lenient => Ok(None),
            Ok(_) => Err(call.error("the JSON text is not an array")),
            Err(e) => Err(json_error(&e)),
        }
    })
}

/// IS_VALID_JSON of Redshift: whether the text is one JSON object; arrays are IS_VALID_JSON_ARRAY's.
pub fn is_valid_json(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    call.map_bool(|row| {
        Ok(texts.get(row).map(|t| {
            matches!(
                parse_json_with(t, ParseMode::Redshift, OPTIONS),
                Ok(Value::Object(_))
            )
        }))
    })
}

/// IS_VALID_JSON_ARRAY of Redshift.
pub fn is_valid_json_array(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    call.map_bool(|row| {
        Ok(texts.get(row).map(|t| {
            matches!(
                parse_json_with(t, ParseMode::Redshift, OPTIONS),
                Ok(Value::Array(_))
            )
        }))
    })
}

/// JSON_EXTRACT_PATH_TEXT(json, path) of Snowflake: the part that a path text names, as text.
pub fn snowflake_json_extract_path_text(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, paths) = (call.text(0)?, call.text(1)?);
    call.map_text(|row| {
        let (Some(text), Some(path)) = (texts.get(row), paths.get(row)) else {
            return Ok(None);
        };
        if text.trim().is_empty() {
            return Ok(None);
        }
        let value = parse_json_with(text, ParseMode::Snowflake, ParseOptions::default())
            .map_err(|e| json_error(&e))?
            .encode();
        let steps = parse_path(path).map_err(|m| call.error(m))?;
        Ok(follow(Ref::new(&value), &steps)
            .filter(|v| !is_nullish(*v))
            .map(|v| {
                let mut out = String::new();
                print::write_plain(v, call.env, &mut out);
                out
            }))
    })
}
