//! Snowflake's types in its JSON result format: names for row types, values for cells.
//! Cells are text: days or seconds since 1970 for times, hexadecimal for bytes, JSON for semi-structured values.

use crate::value::cell::parse_hex;
use crate::value::{Decimal, Value};
use chrono::{DateTime, Days, FixedOffset, NaiveDate};
use serde::Deserialize;

/// A column as the server describes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RowType {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub precision: Option<i64>,
    pub scale: Option<i64>,
    pub length: Option<i64>,
    pub byte_length: Option<i64>,
}

/// The type in Snowflake's words: `number(10,2)`, `varchar(50)`, `timestamp_ntz(9)`.
pub(super) fn native_name(ty: &RowType) -> String {
    let kind = ty.kind.to_lowercase();
    let with =
        |name: &str, n: Option<i64>| n.map_or_else(|| name.to_string(), |n| format!("{name}({n})"));
    match kind.as_str() {
        "fixed" => format!(
            "number({},{})",
            ty.precision.unwrap_or(38),
            ty.scale.unwrap_or(0)
        ),
        "real" => "float".to_string(),
        "text" => with("varchar", ty.length),
        "binary" => with("binary", ty.length.or(ty.byte_length)),
        "time" | "timestamp_ntz" | "timestamp_ltz" | "timestamp_tz" => with(&kind, ty.scale),
        _ => kind,
    }
}

/// The value of a cell's text; the message says what it is not.
pub(super) fn decode(ty: &RowType, text: &str) -> Result<Value, String> {
    let kind = ty.kind.to_lowercase();
    let value = match kind.as_str() {
        "fixed" if ty.scale.unwrap_or(0) == 0 => text.parse().ok().map(Value::Int),
        "fixed" => text.parse().ok().map(Value::Decimal),
        "real" => match text {
            "inf" | "Infinity" => Some(Value::Float(f64::INFINITY)),
            "-inf" | "-Infinity" => Some(Value::Float(f64::NEG_INFINITY)),
            _ => text.parse().ok().map(Value::Float),
        },
        "boolean" => match text {
            "1" | "true" | "TRUE" => Some(Value::Bool(true)),
            "0" | "false" | "FALSE" => Some(Value::Bool(false)),
            _ => None,
        },
        "date" => date(text).map(Value::Date),
        "time" => instant(text)
            .filter(|at| (0..86_400).contains(&at.timestamp()))
            .map(|at| at.time())
            .map(Value::Time),
        "timestamp_ntz" => instant(text).map(|at| Value::Timestamp(at.naive_utc())),
        // the zone in which a session shows it is not part of the value
        "timestamp_ltz" => instant(text).map(|at| Value::TimestampTz(at.fixed_offset())),
        "timestamp_tz" => with_offset(text).map(Value::TimestampTz),
        "binary" => parse_hex(text).map(Value::Bytes),
        "variant" | "object" | "array" => serde_json::from_str(text).ok().map(Value::Json),
        _ => Some(Value::Text(text.to_string())),
    };
    value.ok_or_else(|| format!("`{text}` is no {kind} that dwsim can hold"))
}

fn date(text: &str) -> Option<NaiveDate> {
    let days: i64 = text.parse().ok()?;
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
    let count = Days::new(days.unsigned_abs());
    if days < 0 {
        epoch.checked_sub_days(count)
    } else {
        epoch.checked_add_days(count)
    }
}

/// `1704067200.123456789` seconds since 1970; before that the whole number is negative: `-0.5` is half a second before.
fn instant(text: &str) -> Option<DateTime<chrono::Utc>> {
    let seconds: Decimal = text.parse().ok()?;
    let unit = 10i128.checked_pow(9u32.checked_sub(u32::from(seconds.scale()))?)?;
    let nanos = seconds.mantissa().checked_mul(unit)?;
    let whole = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
    DateTime::from_timestamp(whole, u32::try_from(nanos.rem_euclid(1_000_000_000)).ok()?)
}

/// `1704067200.5 1860`: seconds, and minutes of offset plus 1440.
fn with_offset(text: &str) -> Option<DateTime<FixedOffset>> {
    let (seconds, minutes) = text.split_once(' ')?;
    let offset = minutes.parse::<i32>().ok()?.checked_sub(1440)?;
    Some(instant(seconds)?.with_timezone(&FixedOffset::east_opt(offset.checked_mul(60)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(kind: &str, precision: Option<i64>, scale: Option<i64>, length: Option<i64>) -> RowType {
        RowType {
            name: "C".into(),
            kind: kind.into(),
            precision,
            scale,
            length,
            byte_length: None,
        }
    }

    #[test]
    fn names_and_values() {
        for (ty, text, name, shown) in [
            (
                ty("fixed", Some(18), Some(0), None),
                "-12",
                "number(18,0)",
                "-12",
            ),
            (
                ty("FIXED", Some(38), Some(6), None),
                "2.416667",
                "number(38,6)",
                "2.416667",
            ),
            (ty("real", None, None, None), "0.1", "float", "0.1"),
            (
                ty("text", None, None, Some(16_777_216)),
                "x",
                "varchar(16777216)",
                "x",
            ),
            (ty("boolean", None, None, None), "1", "boolean", "true"),
            (ty("date", None, None, None), "-1", "date", "1969-12-31"),
            (
                ty("time", None, Some(9), None),
                "3661.500000000",
                "time(9)",
                "01:01:01.5",
            ),
            (
                ty("timestamp_ntz", None, Some(9), None),
                "-0.500000000",
                "timestamp_ntz(9)",
                "1969-12-31 23:59:59.5",
            ),
            (
                ty("timestamp_ltz", None, Some(3), None),
                "0.001",
                "timestamp_ltz(3)",
                "1970-01-01 00:00:00.001+00:00",
            ),
            (
                ty("timestamp_tz", None, Some(0), None),
                "0 960",
                "timestamp_tz(0)",
                "1969-12-31 16:00:00-08:00",
            ),
            (
                ty("binary", None, None, Some(8)),
                "00FF",
                "binary(8)",
                "0x00ff",
            ),
            (
                ty("variant", None, None, None),
                "{\n  \"a\": 1\n}",
                "variant",
                "{\"a\":1}",
            ),
        ] {
            assert_eq!(native_name(&ty), name);
            assert_eq!(
                decode(&ty, text).map(|value| value.to_string()),
                Ok(shown.to_string())
            );
        }
        assert!(decode(&ty("date", None, None, None), "x").is_err());
        assert!(decode(&ty("time", None, None, None), "86400").is_err());
    }
}
