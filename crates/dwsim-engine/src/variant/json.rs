//! JSON text to encoded values and back, with the leniencies and print forms of the two warehouses.
//! Dates inside VARIANT are printed in ISO form here; session formats are applied by the casting kernels.

use std::fmt::Write;

use super::{Builder, Kind, Ref, Value};

/// How text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseMode {
    /// Snowflake's PARSE_JSON: members sorted, duplicate keys are an error, `undefined`, missing array elements, NaN and infinities accepted.
    Snowflake,
    /// Redshift's JSON_PARSE: members in the given order, strict JSON.
    Redshift,
}

/// Text that is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, pos {position}")]
pub struct JsonError {
    /// What is wrong.
    pub message: String,
    /// Byte offset from 1.
    pub position: usize,
}

/// How values are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonStyle {
    /// One line without blanks, floats as Snowflake prints them: TO_JSON, casts to text.
    Compact,
    /// One line without blanks, floats in their shortest form: how Redshift returns SUPER, JSON_SERIALIZE.
    Super,
    /// Two-space indentation: how Snowflake returns VARIANT columns.
    Pretty,
}

/// Deepest nesting accepted.
const MAX_DEPTH: usize = 1000;

/// What to do with members and strings that a warehouse refuses by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParseOptions {
    /// Of members with one key the last one stays (Redshift's `json_parse_dedup_attributes`); otherwise they are an error.
    pub keep_last_duplicate: bool,
    /// Longest string value in bytes, if there is a limit.
    pub max_string: Option<usize>,
    /// Longer strings are cut (Redshift's `json_parse_truncate_strings`); otherwise they are an error.
    pub truncate: bool,
}

/// Reads one JSON value. Returns its tree. A key that occurs twice in one object is an error.
pub fn parse_json(text: &str, mode: ParseMode) -> Result<Value, JsonError> {
    parse_json_with(text, mode, ParseOptions::default())
}

/// Reads one JSON value as the options say. Returns its tree.
pub fn parse_json_with(
    text: &str,
    mode: ParseMode,
    options: ParseOptions,
) -> Result<Value, JsonError> {
    let mut p = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        mode,
        options,
    };
    p.blank();
    let mut value = p.value(0)?;
    p.blank();
    if p.at < p.bytes.len() {
        return Err(p.fail("garbage after the value"));
    }
    if mode == ParseMode::Snowflake {
        value.sort_keys();
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    mode: ParseMode,
    options: ParseOptions,
}

impl Parser<'_> {
    fn fail(&self, message: impl Into<String>) -> JsonError {
        JsonError {
            message: message.into(),
            position: self.at + 1,
        }
    }

    fn blank(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let end = self.at + word.len();
        let found = self.bytes.get(self.at..end).is_some_and(|b| {
            if self.mode == ParseMode::Snowflake {
                b.eq_ignore_ascii_case(word.as_bytes())
            } else {
                b == word.as_bytes()
            }
        }) && !self.bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
        if found {
            self.at = end;
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.fail(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        match self.bytes.get(self.at) {
            None => Err(self.fail(if self.mode == ParseMode::Snowflake {
                "incomplete input"
            } else {
                "unexpected end of input"
            })),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.text_value(b'"'),
            Some(b'\'') if self.mode == ParseMode::Snowflake => self.text_value(b'\''),
            Some(b'-' | b'+' | b'.' | b'0'..=b'9') => self.number(),
            Some(_) if self.word("null") => Ok(Value::Null),
            Some(_) if self.word("true") => Ok(Value::Bool(true)),
            Some(_) if self.word("false") => Ok(Value::Bool(false)),
            Some(_) if self.mode == ParseMode::Snowflake && self.word("undefined") => {
                Ok(Value::Undefined)
            }
            Some(_) if self.mode == ParseMode::Snowflake && self.word("nan") => {
                Ok(Value::Double(f64::NAN))
            }
            Some(_)
                if self.mode == ParseMode::Snowflake
                    && (self.word("infinity") || self.word("inf")) =>
            {
                Ok(Value::Double(f64::INFINITY))
            }
            Some(_) => {
                let start = self.at;
                let rest = &self.bytes[start..];
                let n = rest
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                    .count();
                let what = if n == 0 {
                    self.text[start..]
                        .chars()
                        .next()
                        .map(String::from)
                        .unwrap_or_default()
                } else {
                    self.text[start..start + n].to_owned()
                };
                self.at += n;
                Err(if n == 0 {
                    self.fail(format!("unexpected character '{what}'"))
                } else {
                    self.fail(format!("unknown keyword \"{what}\""))
                })
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut members: Vec<(String, Value)> = Vec::new();
        self.blank();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        let mut seen = std::collections::HashSet::new();
        loop {
            self.blank();
            let key = match self.bytes.get(self.at) {
                Some(b'"') => self.string(b'"')?,
                Some(b'\'') if self.mode == ParseMode::Snowflake => self.string(b'\'')?,
                Some(b) if self.mode == ParseMode::Snowflake && is_word(*b) => self.bare_key(),
                None => return Err(self.fail("incomplete object value")),
                Some(_) => return Err(self.fail("object key is not a string")),
            };
            self.blank();
            if self.bytes.get(self.at) != Some(&b':') {
                return Err(self.fail("missing colon"));
            }
            self.at += 1;
            self.blank();
            let value = self.value(depth + 1)?;
            if !seen.insert(key.clone()) {
                if !self.options.keep_last_duplicate {
                    return Err(self.fail(format!("duplicate object attribute \"{key}\"")));
                }
                members.retain(|(k, _)| *k != key);
            }
            // A member that is undefined is a member that is not there.
            if value != Value::Undefined {
                members.push((key, value));
            }
            self.blank();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                None => return Err(self.fail("incomplete object value")),
                Some(_) => return Err(self.fail("missing comma")),
            }
        }
    }

    /// A key without quotes, as Snowflake accepts it.
    fn bare_key(&mut self) -> String {
        let start = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|b| is_word(*b) || b.is_ascii_digit())
        {
            self.at += 1;
        }
        self.text[start..self.at].to_owned()
    }

    fn text_value(&mut self, quote: u8) -> Result<Value, JsonError> {
        let mut s = self.string(quote)?;
        if let Some(max) = self.options.max_string.filter(|max| s.len() > *max) {
            if !self.options.truncate {
                return Err(self.fail(format!("string value exceeds the max size of {max} bytes")));
            }
            let mut end = max;
            while !s.is_char_boundary(end) {
                end -= 1;
            }
            s.truncate(end);
        }
        Ok(Value::String(s))
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.blank();
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            self.blank();
            if self.mode == ParseMode::Snowflake
                && matches!(self.bytes.get(self.at), Some(b',' | b']'))
            {
                items.push(Value::Undefined);
            } else {
                items.push(self.value(depth + 1)?);
            }
            self.blank();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(items));
                }
                None => return Err(self.fail("incomplete array value")),
                Some(_) => return Err(self.fail("missing comma")),
            }
        }
    }

    fn string(&mut self, quote: u8) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self
                .bytes
                .get(self.at)
                .is_some_and(|b| *b != quote && *b != b'\\')
            {
                self.at += 1;
            }
            // Quote and backslash are ASCII, so the slice ends on character boundaries.
            out.push_str(&self.text[start..self.at]);
            match self.bytes.get(self.at) {
                None => return Err(self.fail("unterminated string")),
                Some(b) if *b == quote => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(_) => {
                    self.at += 1;
                    let c = *self
                        .bytes
                        .get(self.at)
                        .ok_or_else(|| self.fail("unterminated string"))?;
                    self.at += 1;
                    match c {
                        b'"' => out.push('"'),
                        b'\'' if self.mode == ParseMode::Snowflake => out.push('\''),
                        b'\\' => out.push('\\'),
                        b'/' => out.push('/'),
                        b'b' => out.push('\u{8}'),
                        b'f' => out.push('\u{c}'),
                        b'n' => out.push('\n'),
                        b'r' => out.push('\r'),
                        b't' => out.push('\t'),
                        b'u' => out.push(self.unicode()?),
                        _ => return Err(self.fail("unknown escape sequence")),
                    }
                }
            }
        }
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let v = self
            .text
            .get(self.at..self.at + 4)
            .and_then(|h| u32::from_str_radix(h, 16).ok())
            .ok_or_else(|| self.fail("bad unicode escape"))?;
        self.at += 4;
        Ok(v)
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let hi = self.hex4()?;
        if (0xD800..0xDC00).contains(&hi) && self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            self.at += 2;
            let lo = self.hex4()?;
            if (0xDC00..0xE000).contains(&lo) {
                let c = 0x10000 + ((hi - 0xD800) << 10) + (lo - 0xDC00);
                return char::from_u32(c).ok_or_else(|| self.fail("bad unicode escape"));
            }
            return Err(self.fail("unpaired surrogate"));
        }
        char::from_u32(hi).ok_or_else(|| self.fail("unpaired surrogate"))
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        let lenient = self.mode == ParseMode::Snowflake;
        if matches!(self.bytes.get(self.at), Some(b'-'))
            || (lenient && self.bytes.get(self.at) == Some(&b'+'))
        {
            self.at += 1;
        }
        if lenient && (self.word("infinity") || self.word("inf")) {
            let negative = self.bytes[start] == b'-';
            return Ok(Value::Double(if negative {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }));
        }
        let digits = |p: &mut Self| {
            let from = p.at;
            while p.bytes.get(p.at).is_some_and(u8::is_ascii_digit) {
                p.at += 1;
            }
            p.at - from
        };
        let int_start = self.at;
        let whole = digits(self);
        let mut fraction = 0;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            fraction = digits(self);
            if fraction == 0 && !lenient {
                return Err(self.fail("digits expected after the decimal point"));
            }
        }
        if whole + fraction == 0 || (whole == 0 && !lenient) {
            return Err(self.fail("not a number"));
        }
        if !lenient && whole > 1 && self.bytes[int_start] == b'0' {
            return Err(self.fail("leading zero"));
        }
        let mantissa_end = self.at;
        let mut exponent = false;
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            exponent = true;
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if digits(self) == 0 {
                return Err(self.fail("digits expected in the exponent"));
            }
        }
        let text = &self.text[start..self.at];
        if !exponent {
            let plain: String = self.text[start..mantissa_end]
                .chars()
                .filter(|c| *c != '.' && *c != '+')
                .collect();
            if let (Ok(v), true) = (plain.parse::<i128>(), fraction <= 38)
                && v.unsigned_abs() < 10u128.pow(38)
            {
                return Ok(Value::Decimal(v, fraction as u8));
            }
        }
        text.trim_start_matches('+')
            .parse()
            .map(Value::Double)
            .map_err(|_| self.fail("not a number"))
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b == b'$'
}

/// A value as JSON text.
pub fn to_json(value: Ref<'_>, style: JsonStyle) -> String {
    let mut out = String::new();
    write_json(value, style, &mut out);
    out
}

/// Appends a value as JSON text.
pub fn write_json(value: Ref<'_>, style: JsonStyle, out: &mut String) {
    write_json_with(value, style, &|_, _| false, out);
}

/// Prints a scalar in a form of its own, or returns false to leave it to the standard form.
pub type ScalarWriter<'a> = &'a dyn Fn(&Kind<'_>, &mut String) -> bool;

/// Appends a value as JSON text; `scalar` may print scalars in the session's formats.
pub fn write_json_with(
    value: Ref<'_>,
    style: JsonStyle,
    scalar: ScalarWriter<'_>,
    out: &mut String,
) {
    write_at(value, style, scalar, 0, out);
}

fn newline(style: JsonStyle, depth: usize, out: &mut String) {
    if style == JsonStyle::Pretty {
        out.push('\n');
        for _ in 0..depth {
            out.push_str("  ");
        }
    }
}

fn write_at(
    value: Ref<'_>,
    style: JsonStyle,
    scalar: ScalarWriter<'_>,
    depth: usize,
    out: &mut String,
) {
    let kind = value.kind();
    if !matches!(kind, Kind::Array(_) | Kind::Object(_)) && scalar(&kind, out) {
        return;
    }
    match kind {
        Kind::Null => out.push_str("null"),
        Kind::Undefined => out.push_str("undefined"),
        Kind::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        Kind::Decimal(v, s) => out.push_str(&crate::kernels::format::decimal(v, s)),
        Kind::Double(d) if style == JsonStyle::Super => super_double(d, out),
        Kind::Double(d) => out.push_str(&crate::kernels::format::variant_double(d)),
        Kind::String(s) => quote_json(&s, out),
        Kind::Date(d) => quote_json(&crate::kernels::format::iso_date(d), out),
        Kind::Time(t) => quote_json(&crate::kernels::format::iso_time(t), out),
        Kind::Timestamp(t) => quote_json(&crate::kernels::format::iso_timestamp(t, None), out),
        Kind::TimestampLtz(t) => {
            quote_json(&crate::kernels::format::iso_timestamp(t, Some(0)), out);
        }
        Kind::TimestampTz(t, o) => {
            quote_json(&crate::kernels::format::iso_timestamp(t, Some(o)), out);
        }
        Kind::Binary(b) => {
            out.push('"');
            for byte in b.iter() {
                let _ = write!(out, "{byte:02X}");
            }
            out.push('"');
        }
        Kind::Array(items) => {
            out.push('[');
            let mut any = false;
            for item in items {
                if any {
                    out.push(',');
                }
                any = true;
                newline(style, depth + 1, out);
                write_at(item, style, scalar, depth + 1, out);
            }
            if any {
                newline(style, depth, out);
            }
            out.push(']');
        }
        Kind::Object(pairs) => {
            out.push('{');
            let mut any = false;
            for (key, item) in pairs {
                if any {
                    out.push(',');
                }
                any = true;
                newline(style, depth + 1, out);
                quote_json(&key, out);
                out.push(':');
                if style == JsonStyle::Pretty {
                    out.push(' ');
                }
                write_at(item, style, scalar, depth + 1, out);
            }
            if any {
                newline(style, depth, out);
            }
            out.push('}');
        }
    }
}

/// A float inside SUPER: the shortest digits that give it back, as a JSON number where there is one.
fn super_double(d: f64, out: &mut String) {
    if d.is_finite() {
        let _ = if d != 0.0 && (d.abs() >= 1e15 || d.abs() < 1e-5) {
            write!(out, "{d:e}")
        } else {
            write!(out, "{d}")
        };
    } else if d.is_nan() {
        out.push_str("\"NaN\"");
    } else {
        out.push_str(if d > 0.0 {
            "\"Infinity\""
        } else {
            "\"-Infinity\""
        });
    }
}

/// Appends a JSON string literal.
pub fn quote_json(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

impl Builder<'_> {
    /// Appends the value of a JSON text.
    pub fn json(&mut self, text: &str, mode: ParseMode) -> Result<(), JsonError> {
        let value = parse_json(text, mode)?;
        self.value(&value);
        Ok(())
    }
}
