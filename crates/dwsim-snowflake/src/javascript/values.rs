//! Columns to JSON and back, by type code: `n` number, `s` text, `b` boolean, `x` bytes, `d` date or timestamp
//! in milliseconds, `v` a semi-structured value.
//!
//! Source: "SQL-JavaScript data type mapping".

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Float64Array, LargeBinaryArray, LargeBinaryBuilder,
    StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use dwsim_engine::catalog::{Returns, Routine};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::kernels::cast::{decode_hex, encode_hex};
use dwsim_engine::types::{SqlType, TypeClass};
use dwsim_engine::variant::{Builder, JsonStyle, ParseMode, Ref, quote_json, to_json};

/// The code of a type.
pub(crate) fn code(ty: &SqlType) -> char {
    match ty.class() {
        TypeClass::Numeric => 'n',
        TypeClass::Boolean => 'b',
        TypeClass::Binary => 'x',
        TypeClass::Date | TypeClass::Timestamp => 'd',
        TypeClass::Semi => 'v',
        _ => 's',
    }
}

/// Refuses what JavaScript has no type for.
pub(crate) fn check_types(r: &Routine) -> Result<()> {
    let refuse = |ty: &SqlType| -> Result<()> {
        match ty {
            SqlType::Number { .. } | SqlType::Time(_) | SqlType::Vector { .. } => {
                Err(SqlError::raw(
                    "002108",
                    "42601",
                    format!(
                        "SQL compilation error:\nLanguage JAVASCRIPT does not support type '{}' for argument or return type.",
                        ty.snowflake()
                    ),
                ))
            }
            _ => Ok(()),
        }
    };
    for a in &r.arguments {
        refuse(&a.ty)?;
    }
    match &r.returns {
        Returns::Value { ty, .. } => refuse(ty),
        _ => Ok(()),
    }
}

/// One column ready to be printed value by value.
enum Texts {
    Numbers(Float64Array),
    Millis(Float64Array),
    Bytes(BinaryArray),
    Variants(LargeBinaryArray),
    Booleans(arrow::array::BooleanArray),
    Plain(StringArray),
}

fn wrong(ty: &SqlType) -> SqlError {
    SqlError::internal(format!("a {ty} value for JavaScript"))
}

fn texts(array: &ArrayRef, ty: &SqlType) -> Result<Texts> {
    Ok(match code(ty) {
        'n' => Texts::Numbers(cast(array, &DataType::Float64)?.as_primitive().clone()),
        'b' => Texts::Booleans(array.as_boolean().clone()),
        'x' => Texts::Bytes(array.as_binary::<i32>().clone()),
        'v' => Texts::Variants(array.as_binary::<i64>().clone()),
        'd' => {
            let instants = match array.data_type() {
                DataType::Struct(_) => Arc::clone(array.as_struct().column(0)),
                _ => Arc::clone(array),
            };
            let nulls = array.nulls().cloned();
            let millis = match ty {
                SqlType::Date => {
                    let days = cast(&instants, &DataType::Int32)?;
                    let days = cast(&days, &DataType::Float64)?;
                    let days: &Float64Array = days.as_primitive();
                    days.unary::<_, arrow::datatypes::Float64Type>(|d| d * 86_400_000.0)
                }
                _ => {
                    let wide = cast(&instants, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
                    let wide = cast(&wide, &DataType::Int64)?;
                    let wide = cast(&wide, &DataType::Float64)?;
                    let wide: &Float64Array = wide.as_primitive();
                    wide.unary::<_, arrow::datatypes::Float64Type>(|us| us / 1000.0)
                }
            };
            let (_, values, _) = millis.into_parts();
            Texts::Millis(Float64Array::new(values, nulls))
        }
        _ => Texts::Plain(
            cast(array, &DataType::Utf8)?
                .as_any()
                .downcast_ref::<StringArray>()
                .ok_or_else(|| wrong(ty))?
                .clone(),
        ),
    })
}

fn number(d: f64, out: &mut String) {
    if d.is_finite() {
        let _ = write!(out, "{d}");
    } else {
        let _ = write!(
            out,
            "\"{}\"",
            if d.is_nan() {
                "NaN"
            } else if d > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }
        );
    }
}

impl Texts {
    fn write(&self, row: usize, out: &mut String) {
        match self {
            Texts::Numbers(a) | Texts::Millis(a) if a.is_valid(row) => number(a.value(row), out),
            Texts::Bytes(a) if a.is_valid(row) => {
                out.push('"');
                out.push_str(&encode_hex(a.value(row)));
                out.push('"');
            }
            Texts::Variants(a) if a.is_valid(row) => {
                out.push_str("{\"j\":");
                out.push_str(&strict(&to_json(Ref::new(a.value(row)), JsonStyle::Super)));
                out.push('}');
            }
            Texts::Booleans(a) if a.is_valid(row) => {
                out.push_str(if a.value(row) { "true" } else { "false" });
            }
            Texts::Plain(a) if a.is_valid(row) => quote_json(a.value(row), out),
            _ => out.push_str("null"),
        }
    }
}

/// JSON without what only Snowflake writes in it: `undefined`, NaN and infinities outside of strings.
fn strict(json: &str) -> String {
    if !["undefined", "NaN", "Infinity", "-inf", "inf"]
        .iter()
        .any(|w| json.contains(w))
    {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        if quoted {
            if c == '\\' {
                let n = rest.chars().nth(1).map_or(1, |d| 1 + d.len_utf8());
                out.push_str(&rest[..n]);
                rest = &rest[n..];
                continue;
            }
            quoted = c != '"';
        } else if c == '"' {
            quoted = true;
        } else if let Some(word) = ["undefined", "-Infinity", "Infinity", "NaN", "-inf", "inf"]
            .iter()
            .find(|w| rest.starts_with(**w))
        {
            out.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Rows of columns as a JSON array of arrays; `rows` values each, a scalar standing for all.
pub(super) fn encode(
    columns: &[(ArrayRef, bool)],
    types: &[SqlType],
    rows: usize,
) -> Result<String> {
    let printed = columns
        .iter()
        .zip(types)
        .map(|((a, scalar), t)| Ok((texts(a, t)?, *scalar)))
        .collect::<Result<Vec<_>>>()?;
    let mut out = String::with_capacity(rows * 16);
    out.push('[');
    for row in 0..rows {
        if row > 0 {
            out.push(',');
        }
        out.push('[');
        for (i, (t, scalar)) in printed.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            t.write(if *scalar { 0 } else { row }, &mut out);
        }
        out.push(']');
    }
    out.push(']');
    Ok(out)
}

/// One row as a JSON array.
pub(crate) fn encode_row(columns: &[ArrayRef], types: &[SqlType], row: usize) -> Result<String> {
    let mut out = String::from("[");
    for (i, (a, t)) in columns.iter().zip(types).enumerate() {
        if i > 0 {
            out.push(',');
        }
        texts(&a.slice(row, 1), t)?.write(0, &mut out);
    }
    out.push(']');
    Ok(out)
}

/// The codes of types, as one text.
pub(super) fn codes(types: &[SqlType]) -> String {
    types.iter().map(code).collect()
}

/// Values that JavaScript gave as a column of a type: text for what SQL has to parse still, and its type.
///
/// # Errors
/// Values that are none of the type.
pub(crate) fn decode(values: &[&serde_json::Value], ty: &SqlType) -> Result<(ArrayRef, SqlType)> {
    use serde_json::Value as J;
    let text = |v: &J| match v {
        J::Null => None,
        J::String(s) => Some(s.clone()),
        other => Some(other.to_string()),
    };
    Ok(match code(ty) {
        'v' => {
            let mut out = LargeBinaryBuilder::new();
            let mut bytes = Vec::new();
            for v in values {
                match v {
                    J::String(s) => {
                        bytes.clear();
                        Builder { out: &mut bytes }
                            .json(s, ParseMode::Snowflake)
                            .map_err(|e| {
                                SqlError::new(ErrorKind::InvalidJson {
                                    message: e.to_string(),
                                })
                            })?;
                        out.append_value(&bytes);
                    }
                    _ => out.append_null(),
                }
            }
            (Arc::new(out.finish()), SqlType::Variant)
        }
        'x' => {
            let bytes = values
                .iter()
                .map(|v| match v {
                    J::String(s) => decode_hex(s).map(Some).ok_or_else(|| wrong(ty)),
                    _ => Ok(None),
                })
                .collect::<Result<Vec<_>>>()?;
            let array: BinaryArray = bytes.iter().map(Option::as_deref).collect();
            (Arc::new(array), SqlType::Binary(None))
        }
        'd' if values.iter().all(|v| v.is_null() || v.is_number()) => {
            let micros: arrow::array::TimestampMicrosecondArray = values
                .iter()
                .map(|v| v.as_f64().map(|ms| (ms * 1000.0) as i64))
                .collect();
            (
                cast(
                    &(Arc::new(micros) as ArrayRef),
                    &SqlType::TimestampLtz(6).arrow(),
                )?,
                SqlType::TimestampLtz(6),
            )
        }
        'n' if values.iter().all(|v| v.is_null() || v.is_number()) => {
            let numbers: Float64Array = values.iter().map(|v| v.as_f64()).collect();
            (Arc::new(numbers), SqlType::Double)
        }
        'b' if values.iter().all(|v| v.is_null() || v.is_boolean()) => {
            let flags: arrow::array::BooleanArray = values.iter().map(|v| v.as_bool()).collect();
            (Arc::new(flags), SqlType::Boolean)
        }
        _ => {
            let texts: Vec<Option<String>> = values.iter().map(|v| text(v)).collect();
            let array: StringArray = texts.iter().map(Option::as_deref).collect();
            (Arc::new(array), SqlType::text())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_json_has_no_undefined() {
        for (given, expected) in [
            (
                r#"[1,undefined,"undefined \" NaN"]"#,
                r#"[1,null,"undefined \" NaN"]"#,
            ),
            (r#"{"a":NaN,"b":-Infinity}"#, r#"{"a":null,"b":null}"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
        ] {
            assert_eq!(strict(given), expected);
        }
    }
}
