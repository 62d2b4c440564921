//! The text form of a cell in a snapshot: unambiguous, on one line, and read back to the same value.
//! Which type a cell has is written in the snapshot's header, so `2024-01-01` needs no mark.

use super::{Decimal, TypeKind, Value};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use std::fmt::Write as _;

/// What stands between two cells of a row.
pub const SEPARATOR: &str = " | ";

/// Writes a value as a snapshot's cell.
#[must_use]
pub fn render(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Decimal(d) => d.to_string(),
        Value::Float(f) => render_float(*f),
        Value::Text(text) => quote_if_ambiguous(text),
        Value::Bytes(bytes) => {
            let mut hex = String::with_capacity(2 + bytes.len() * 2);
            hex.push_str("0x");
            for byte in bytes {
                let _ = write!(hex, "{byte:02x}");
            }
            hex
        }
        Value::Date(date) => date.to_string(),
        Value::Time(time) => render_time(*time),
        Value::Timestamp(at) => render_timestamp(*at),
        Value::TimestampTz(at) => format!("{}{}", render_timestamp(at.naive_local()), at.offset()),
        Value::Json(json) => render_json(json),
        Value::Interval(interval) => interval.to_string(),
        Value::Redacted(kind) => format!("<{kind}>"),
    }
}

/// The shortest text that reads back to the same float, without an exponent where it stays short.
fn render_float(f: f64) -> String {
    if f.is_nan() {
        return "NaN".to_string();
    }
    if f.is_infinite() {
        return if f > 0.0 { "Infinity" } else { "-Infinity" }.to_string();
    }
    let size = f.abs();
    if size != 0.0 && !(1e-7..1e17).contains(&size) {
        format!("{f:e}")
    } else {
        f.to_string()
    }
}

fn render_time(time: NaiveTime) -> String {
    let mut text = time.format("%H:%M:%S").to_string();
    let nanos = time.nanosecond() % 1_000_000_000;
    if nanos != 0 {
        let digits = format!(".{nanos:09}");
        text.push_str(digits.trim_end_matches('0'));
    }
    text
}

fn render_timestamp(at: NaiveDateTime) -> String {
    format!("{} {}", at.date(), render_time(at.time()))
}

/// Compact JSON with sorted keys, so that one value has one text.
fn render_json(json: &serde_json::Value) -> String {
    match json {
        serde_json::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(render_json).collect();
            format!("[{}]", items.join(","))
        }
        serde_json::Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            let pairs: Vec<String> = keys
                .into_iter()
                .map(|key| format!("{}:{}", json_string(key), render_json(&map[key])))
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
        scalar => scalar.to_string(),
    }
}

/// A JSON string literal.
pub(crate) fn json_string(text: &str) -> String {
    serde_json::Value::String(text.to_string()).to_string()
}

/// Text as it is, or JSON-quoted where a reader could take it for something else.
pub(crate) fn quote_if_ambiguous(text: &str) -> String {
    let ambiguous = text.is_empty()
        || text == "NULL"
        || text.contains('|')
        || text.starts_with(['"', '<'])
        || text.starts_with("---")
        || text.starts_with("=======")
        || text.starts_with(">>>>>>>")
        || text.starts_with(char::is_whitespace)
        || text.ends_with(char::is_whitespace)
        || text
            .chars()
            .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'));
    if ambiguous {
        json_string(text)
    } else {
        text.to_string()
    }
}

/// Why a cell could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {expected}")]
pub struct CellError {
    /// The cell.
    pub text: String,
    /// The kind its column says.
    pub expected: &'static str,
}

/// Reads a cell of a column of this kind.
///
/// # Errors
/// When the text is no value of the kind.
pub fn parse(text: &str, ty: TypeKind) -> Result<Value, CellError> {
    let bad = || CellError {
        text: text.to_string(),
        expected: ty.name(),
    };
    if text == "NULL" {
        return Ok(Value::Null);
    }
    if let Some(kind) = text
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
    {
        return Ok(Value::Redacted(kind.to_string()));
    }
    match ty {
        TypeKind::Bool => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        TypeKind::Int => text.parse().ok().map(Value::Int),
        TypeKind::Decimal => text.parse::<Decimal>().ok().map(Value::Decimal),
        TypeKind::Float => parse_float(text).map(Value::Float),
        TypeKind::Text | TypeKind::Other => parse_text(text).map(Value::Text),
        TypeKind::Bytes => text
            .strip_prefix("0x")
            .and_then(parse_hex)
            .map(Value::Bytes),
        TypeKind::Date => parse_date(text).map(Value::Date),
        TypeKind::Time => parse_time(text).map(Value::Time),
        TypeKind::Timestamp => parse_timestamp(text).map(Value::Timestamp),
        TypeKind::TimestampTz => parse_timestamp_tz(text).map(Value::TimestampTz),
        TypeKind::Json => serde_json::from_str(text).ok().map(Value::Json),
        TypeKind::Interval => text.parse().ok().map(Value::Interval),
    }
    .ok_or_else(bad)
}

/// Undoes [`quote_if_ambiguous`].
pub(crate) fn parse_text(text: &str) -> Option<String> {
    if text.starts_with('"') {
        serde_json::from_str(text).ok()
    } else {
        Some(text.to_string())
    }
}

fn parse_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust also takes `inf`, `nan`, `infinity`, which no snapshot writes
        _ if text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.e".contains(&b)) =>
        {
            text.parse().ok()
        }
        _ => None,
    }
}

/// Hexadecimal digits, two per byte.
pub(crate) fn parse_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok())
        .collect()
}

pub(crate) fn parse_date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

pub(crate) fn parse_time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok()
}

pub(crate) fn parse_timestamp(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()
}

/// `2024-01-01 00:00:00+00:00`; PostgreSQL's short offsets (`+00`, `-03`) are taken too.
pub(crate) fn parse_timestamp_tz(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").ok()
}

/// Splits a row's line into its cells; `types` says which cells may hold JSON.
///
/// # Errors
/// A message saying what is wrong: too few or too many cells, or an unclosed quote.
pub fn split_row<'a>(line: &'a str, types: &[TypeKind]) -> Result<Vec<&'a str>, String> {
    if types.is_empty() {
        return if line.is_empty() {
            Ok(Vec::new())
        } else {
            Err("a row without columns must be empty".to_string())
        };
    }
    let mut cells = Vec::with_capacity(types.len());
    let mut rest = line;
    for (i, ty) in types.iter().enumerate() {
        let quoted =
            rest.starts_with('"') || (*ty == TypeKind::Json && rest.starts_with(['{', '[']));
        let end = if quoted {
            end_of_json(rest).ok_or_else(|| format!("cell {} is not closed: {rest}", i + 1))?
        } else {
            0
        };
        let end = match rest[end..].find(SEPARATOR) {
            Some(at) if i + 1 < types.len() => end + at,
            Some(_) => return Err(format!("the row has more than {} cells", types.len())),
            None if i + 1 == types.len() => rest.len(),
            None => {
                return Err(format!(
                    "the row has {} cells where {} columns are declared",
                    i + 1,
                    types.len()
                ));
            }
        };
        cells.push(&rest[..end]);
        rest = rest[end..].strip_prefix(SEPARATOR).unwrap_or("");
    }
    Ok(cells)
}

/// Where the JSON value that the text starts with ends: the byte after its closing quote or bracket.
fn end_of_json(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (i, byte) in text.bytes().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => continue,
            }
        } else {
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
        if depth == 0 && !in_string {
            return Some(i + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambiguous_text_is_quoted() {
        for (text, shown) in [
            ("plain text, with: signs", "plain text, with: signs"),
            ("{not json}", "{not json}"),
            ("", r#""""#),
            ("NULL", r#""NULL""#),
            (" x", r#"" x""#),
            ("a | b", r#""a | b""#),
            ("two\nlines", r#""two\nlines""#),
            ("\"q\"", r#""\"q\"""#),
            ("--- 3 rows", r#""--- 3 rows""#),
            ("<uuid>", r#""<uuid>""#),
        ] {
            let cell = render(&Value::Text(text.to_string()));
            assert_eq!(cell, shown);
            assert_eq!(
                parse(&cell, TypeKind::Text),
                Ok(Value::Text(text.to_string()))
            );
        }
    }

    #[test]
    fn rows_split_at_separators_outside_quotes() {
        let types = [TypeKind::Text, TypeKind::Json, TypeKind::Int];
        let line = r#""a | b" | {"k":"x | y","l":[1,"]"]} | 7"#;
        assert_eq!(
            split_row(line, &types),
            Ok(vec![r#""a | b""#, r#"{"k":"x | y","l":[1,"]"]}"#, "7"])
        );
        assert!(split_row("a | 1", &types).is_err());
        assert!(split_row("a | 1 | 2 | 3", &types).is_err());
        assert!(split_row("\"a | 1 | 2", &types).is_err());
    }

    #[test]
    fn bad_cells_name_the_kind() {
        for (text, ty) in [
            ("yes", TypeKind::Bool),
            ("1.5", TypeKind::Int),
            ("inf", TypeKind::Float),
            ("2024-02-30", TypeKind::Date),
            ("0x123", TypeKind::Bytes),
            ("{", TypeKind::Json),
            ("\"open", TypeKind::Text),
        ] {
            let error = parse(text, ty).expect_err(text);
            assert!(error.to_string().contains(ty.name()));
        }
    }
}
