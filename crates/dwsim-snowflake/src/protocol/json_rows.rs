//! Rows as drivers read them in JSON: every cell a string or null.
//! Column descriptions are in `rowtype`.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, Time64NanosecondType,
};
use dwsim_engine::env::Env;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::kernels::cast::{double_text, general};
use dwsim_engine::kernels::format::decimal;
use dwsim_engine::kernels::semi::print::json_text;
use dwsim_engine::kernels::vector::shown;
use dwsim_engine::types::{ColumnInfo, SqlType};
use dwsim_engine::variant::{JsonStyle, Ref, to_json};

/// Nanoseconds of a timestamp array's value.
pub(super) fn nanos(a: &ArrayRef, row: usize) -> Result<i128> {
    dwsim_engine::kernels::cast::nanos(a, row)
}

/// Seconds and their fraction with as many digits as the type has.
fn seconds(nanos: i128, digits: u8) -> String {
    let whole = nanos.div_euclid(1_000_000_000);
    let fraction = nanos.rem_euclid(1_000_000_000);
    if digits == 0 {
        return whole.to_string();
    }
    // A negative instant is written as a negative decimal: -1.5 and not -2 + .5.
    let (sign, whole, fraction) = if whole < 0 && fraction > 0 {
        ("-", -(whole + 1), 1_000_000_000 - fraction)
    } else if whole < 0 {
        ("-", -whole, 0)
    } else {
        ("", whole, fraction)
    };
    let text = format!("{fraction:09}");
    format!("{sign}{whole}.{}", &text[..usize::from(digits.min(9))])
}

/// A VARIANT value as JSON, dates and times in the session's formats.
pub(super) fn json(encoded: &[u8], env: Option<&Env>) -> String {
    let value = Ref::new(encoded);
    match env {
        Some(env) => match env.parameter("JSON_INDENT").and_then(|n| n.parse().ok()) {
            Some(0) => json_text(value, JsonStyle::Compact, env),
            None | Some(2) => json_text(value, JsonStyle::Pretty, env),
            Some(n) => indented(&json_text(value, JsonStyle::Pretty, env), n),
        },
        None => to_json(value, JsonStyle::Pretty),
    }
}

/// A text with two blanks per level as one with another number of them; strings hold no line ends.
fn indented(pretty: &str, blanks: usize) -> String {
    let mut out = String::with_capacity(pretty.len() * 2);
    for (i, line) in pretty.lines().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let rest = line.trim_start_matches(' ');
        let depth = (line.len() - rest.len()) / 2;
        out.extend(std::iter::repeat_n(' ', depth * blanks));
        out.push_str(rest);
    }
    out
}

/// A cell's text.
pub(super) fn cell(
    a: &ArrayRef,
    ty: &SqlType,
    row: usize,
    env: Option<&Env>,
) -> Result<Option<String>> {
    if a.is_null(row) || a.data_type() == &DataType::Null {
        return Ok(None);
    }
    let digits = ty.fraction().unwrap_or(9);
    Ok(Some(match ty {
        SqlType::Boolean => if a.as_boolean().value(row) { "1" } else { "0" }.to_owned(),
        SqlType::SmallInt => a.as_primitive::<Int16Type>().value(row).to_string(),
        SqlType::Integer => a.as_primitive::<Int32Type>().value(row).to_string(),
        SqlType::BigInt | SqlType::Oid => a.as_primitive::<Int64Type>().value(row).to_string(),
        SqlType::Number { scale, .. } => {
            decimal(a.as_primitive::<Decimal128Type>().value(row), *scale)
        }
        SqlType::Real => real(f64::from(a.as_primitive::<Float32Type>().value(row))),
        SqlType::Double => real(a.as_primitive::<Float64Type>().value(row)),
        // Spatial values arrive in the session's output format.
        SqlType::Geography | SqlType::Geometry if *a.data_type() == DataType::Utf8 => {
            a.as_string::<i32>().value(row).to_owned()
        }
        SqlType::Null
        | SqlType::Char(_)
        | SqlType::Varchar(_)
        | SqlType::Collated(_)
        | SqlType::Name => a.as_string::<i32>().value(row).to_owned(),
        SqlType::Binary(_) | SqlType::HllSketch => a
            .as_binary::<i32>()
            .value(row)
            .iter()
            .map(|b| format!("{b:02X}"))
            .collect(),
        SqlType::Date => a.as_primitive::<Date32Type>().value(row).to_string(),
        SqlType::Time(_) => seconds(
            i128::from(a.as_primitive::<Time64NanosecondType>().value(row)),
            digits,
        ),
        SqlType::Timestamp(_) | SqlType::TimestampLtz(_) => seconds(nanos(a, row)?, digits),
        SqlType::TimestampTz(_) => {
            let s = a.as_struct();
            let offset = s.column(1).as_primitive::<Int32Type>().value(row);
            format!(
                "{} {}",
                seconds(nanos(s.column(0), row)?, digits),
                offset + 1440
            )
        }
        SqlType::Variant | SqlType::Object | SqlType::Array | SqlType::Structured(_) => {
            json(a.as_binary::<i64>().value(row), env)
        }
        SqlType::Vector { .. } => shown(a, row)?,
        other => {
            return Err(SqlError::unsupported(format!(
                "results of type {}",
                other.snowflake()
            )));
        }
    }))
}

fn real(d: f64) -> String {
    let short = double_text(d, false, dwsim_engine::dialect::DialectName::Snowflake);
    // Fifteen digits are what Snowflake shows; more where they are needed to give the float back.
    match short.parse::<f64>() {
        Ok(v) if v == d => short,
        _ if d.is_finite() => general(d, 17),
        _ => short,
    }
}

/// Appends rows as JSON arrays, separated by commas, without outer brackets.
pub(super) fn write(
    columns: &[ColumnInfo],
    batch: &RecordBatch,
    env: Option<&Env>,
    out: &mut String,
) -> Result<()> {
    for row in 0..batch.num_rows() {
        if !out.is_empty() {
            out.push(',');
        }
        out.push('[');
        for (i, (c, a)) in columns.iter().zip(batch.columns()).enumerate() {
            if i > 0 {
                out.push(',');
            }
            match cell(a, &c.ty, row, env)? {
                None => out.push_str("null"),
                Some(s) => out.push_str(&serde_json::Value::String(s).to_string()),
            }
        }
        out.push(']');
    }
    Ok(())
}
