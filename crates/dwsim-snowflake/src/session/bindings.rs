//! Bind values as drivers send them, as typed literals.
//! Which placeholder a value is for is told by its key, a number from 1.

use std::collections::BTreeMap;

use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::kernels::cast::parse_decimal;
use dwsim_engine::types::{NANOS_PRECISION, SqlType};
use serde::Deserialize;

/// One binding: a type and one value, or one value per row.
#[derive(Debug, Clone, Deserialize)]
pub struct Binding {
    /// FIXED, REAL, TEXT, BOOLEAN, DATE, TIME, TIMESTAMP_NTZ, TIMESTAMP_LTZ, TIMESTAMP_TZ, BINARY, …
    #[serde(rename = "type")]
    pub ty: String,
    /// Text, null, or a list of them.
    #[serde(default)]
    pub value: serde_json::Value,
}

/// Rows of bound values: one row, or as many as the lists have.
///
/// # Errors
/// Unknown types, values that are none of their type, lists of different lengths.
pub(super) fn rows(bindings: &BTreeMap<String, Binding>) -> Result<Vec<Vec<Typed>>> {
    let mut ordered: Vec<(usize, &Binding)> = bindings
        .iter()
        .map(|(k, b)| {
            k.parse()
                .map(|k| (k, b))
                .map_err(|_| SqlError::unsupported(format!("bind variable named {k}")))
        })
        .collect::<Result<_>>()?;
    ordered.sort_by_key(|(k, _)| *k);
    let count = ordered
        .iter()
        .find_map(|(_, b)| b.value.as_array().map(Vec::len))
        .unwrap_or(1);
    (0..count)
        .map(|row| {
            ordered
                .iter()
                .map(|(_, b)| match &b.value {
                    serde_json::Value::Array(items) => match items.get(row) {
                        Some(v) => literal(&b.ty, v),
                        None => Err(SqlError::raw(
                            "002049",
                            "42601",
                            "Bind arrays differ in length",
                        )),
                    },
                    v => literal(&b.ty, v),
                })
                .collect()
        })
        .collect()
}

/// The text bound to a placeholder (from 1) that stands for a name.
///
/// # Errors
/// When there is none, or it is no text.
pub(super) fn name(bindings: &BTreeMap<String, Binding>, place: usize) -> Result<String> {
    match bindings.get(&place.to_string()).map(|b| &b.value) {
        Some(serde_json::Value::String(s)) => Ok(s.clone()),
        _ => Err(SqlError::raw(
            "002049",
            "42601",
            format!("SQL compilation error:\nBind variable {place} is not set to a text"),
        )),
    }
}

/// The bindings without those whose values have been written into the text; the others count on.
pub(super) fn without(
    bindings: &BTreeMap<String, Binding>,
    taken: &[usize],
) -> BTreeMap<String, Binding> {
    bindings
        .iter()
        .filter_map(|(key, binding)| match key.parse::<usize>() {
            Ok(n) if taken.contains(&n) => None,
            Ok(n) => {
                let before = taken.iter().filter(|t| **t < n).count();
                Some(((n - before).to_string(), binding.clone()))
            }
            Err(_) => Some((key.clone(), binding.clone())),
        })
        .collect()
}

fn literal(ty: &str, value: &serde_json::Value) -> Result<Typed> {
    let text = match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(s) => Some(s.clone()),
        other => Some(other.to_string()),
    };
    let bad = |s: &str| -> SqlError {
        ErrorKind::InvalidValue {
            what: "Bind value",
            value: format!("{s} ({ty})"),
        }
        .into()
    };
    let int = |s: &str| s.parse::<i128>().map_err(|_| bad(s));
    let text_value = |s: Option<String>| {
        let n = s.as_ref().map(|s| s.chars().count() as u32);
        (ScalarValue::Utf8(s), SqlType::Varchar(n))
    };
    let (value, ty) = match ty.to_ascii_uppercase().as_str() {
        "FIXED" => match &text {
            None => (ScalarValue::Decimal128(None, 38, 0), SqlType::number(38, 0)),
            Some(s) => match parse_decimal(s) {
                Some((v, scale @ 0..=37)) if v.unsigned_abs() < 10u128.pow(38) => (
                    ScalarValue::Decimal128(Some(v), 38, scale as i8),
                    SqlType::number(38, scale as u8),
                ),
                _ => return Err(bad(s)),
            },
        },
        "REAL" => {
            let v = text
                .as_deref()
                .map(|s| s.parse::<f64>().map_err(|_| bad(s)))
                .transpose()?;
            (ScalarValue::Float64(v), SqlType::Double)
        }
        "BOOLEAN" => {
            let v = text
                .as_deref()
                .map(|s| match s.to_ascii_lowercase().as_str() {
                    "true" | "1" => Ok(true),
                    "false" | "0" => Ok(false),
                    _ => Err(bad(s)),
                });
            (ScalarValue::Boolean(v.transpose()?), SqlType::Boolean)
        }
        // Milliseconds since the epoch; some drivers send the date itself.
        "DATE" => match text.as_deref().map(str::parse::<i64>) {
            Some(Ok(ms)) => (
                ScalarValue::Date32(Some(ms.div_euclid(86_400_000) as i32)),
                SqlType::Date,
            ),
            Some(Err(_)) => text_value(text),
            None => (ScalarValue::Date32(None), SqlType::Date),
        },
        // Nanoseconds since midnight.
        "TIME" => match text.as_deref().map(str::parse::<i64>) {
            Some(Ok(ns)) => (ScalarValue::Time64Nanosecond(Some(ns)), SqlType::Time(9)),
            Some(Err(_)) => text_value(text),
            None => (ScalarValue::Time64Nanosecond(None), SqlType::Time(9)),
        },
        // Nanoseconds since the epoch.
        "TIMESTAMP_NTZ" | "TIMESTAMP" => match text.as_deref().map(str::parse::<i128>) {
            Some(Ok(ns)) => (instant(Some(ns)), SqlType::Timestamp(9)),
            Some(Err(_)) => text_value(text),
            None => (instant(None), SqlType::Timestamp(9)),
        },
        "TIMESTAMP_LTZ" => match text.as_deref().map(str::parse::<i128>) {
            Some(Ok(ns)) => (instant(Some(ns)), SqlType::TimestampLtz(9)),
            Some(Err(_)) => text_value(text),
            None => (instant(None), SqlType::TimestampLtz(9)),
        },
        // Nanoseconds since the epoch and the offset in minutes plus 1440.
        "TIMESTAMP_TZ" => {
            let parts = text.as_deref().map(|s| match s.split_once(' ') {
                Some((ns, zone)) => Ok((int(ns)?, int(zone)? as i32 - 1440)),
                None => Err(bad(s)),
            });
            tz(parts.transpose()?)?
        }
        "BINARY" => {
            let v = text
                .as_deref()
                .map(|s| {
                    (0..s.len() / 2)
                        .map(|i| {
                            s.get(2 * i..2 * i + 2)
                                .and_then(|h| u8::from_str_radix(h, 16).ok())
                        })
                        .collect::<Option<Vec<u8>>>()
                        .ok_or_else(|| bad(s))
                })
                .transpose()?;
            (ScalarValue::Binary(v), SqlType::Binary(None))
        }
        "TEXT" | "VARIANT" | "OBJECT" | "ARRAY" | "ANY" | "NULL" => text_value(text),
        other => {
            return Err(SqlError::unsupported(format!(
                "bind values of type {other}"
            )));
        }
    };
    Ok(Typed::new(Expr::Literal(value, None), ty))
}

/// Nanoseconds since the epoch as a timestamp of nine digits is stored.
fn instant(nanos: Option<i128>) -> ScalarValue {
    ScalarValue::Decimal128(nanos, NANOS_PRECISION, 9)
}

fn tz(value: Option<(i128, i32)>) -> Result<(ScalarValue, SqlType)> {
    use arrow::array::{Decimal128Array, Int32Array, StructArray};
    use std::sync::Arc;
    let fields = dwsim_engine::types::tz_fields(9);
    let instant = Decimal128Array::from(vec![value.map(|v| v.0)])
        .with_precision_and_scale(NANOS_PRECISION, 9)?;
    let offset = Int32Array::from(vec![value.map(|v| v.1)]);
    let nulls = value
        .is_none()
        .then(|| arrow::buffer::NullBuffer::new_null(1));
    let array = StructArray::try_new(fields, vec![Arc::new(instant), Arc::new(offset)], nulls)?;
    Ok((
        ScalarValue::Struct(Arc::new(array)),
        SqlType::TimestampTz(9),
    ))
}
