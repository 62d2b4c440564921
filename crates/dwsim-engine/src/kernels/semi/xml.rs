//! XML as VARIANT: an element is an object with the tag under `@`, attributes under `@name` and the content under `$`.
//! The content is a value, an element, or an array of both; such objects are shown as XML.
//!
//! Sources: Snowflake "PARSE_XML", "CHECK_XML", "XMLGET", "TO_XML".

use std::fmt::Write as _;

use arrow::array::ArrayRef;

use super::util::value;
use crate::dialect::DialectName;
use crate::env::Env;
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;
use crate::variant::{JsonStyle, Kind, Ref, Value};

/// Deepest nesting of elements.
const DEPTH: usize = 500;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Numbers and Booleans stay texts.
    plain: bool,
    /// Blanks at the ends of texts stay.
    blanks_stay: bool,
}

type Failure = (String, usize);

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fail<T>(&self, message: impl Into<String>) -> std::result::Result<T, Failure> {
        Err((message.into(), self.at))
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn until(&mut self, end: &str, what: &str) -> std::result::Result<&'a str, Failure> {
        match self.rest().find(end) {
            Some(i) => {
                let found = &self.rest()[..i];
                self.at += i + end.len();
                Ok(found)
            }
            None => self.fail(format!("unterminated {what}")),
        }
    }

    /// Skips the declaration, comments, processing instructions and the document type.
    fn misc(&mut self) -> std::result::Result<(), Failure> {
        loop {
            self.blanks();
            let rest = self.rest();
            if rest.starts_with("<!--") {
                self.until("-->", "comment")?;
            } else if rest.starts_with("<?") {
                self.until("?>", "processing instruction")?;
            } else if rest.starts_with("<!DOCTYPE") {
                self.until(">", "document type")?;
            } else {
                return Ok(());
            }
        }
    }

    fn name(&mut self) -> std::result::Result<&'a str, Failure> {
        let rest = self.rest();
        let n = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')))
            .unwrap_or(rest.len());
        if n == 0 || rest.starts_with(|c: char| c.is_numeric() || matches!(c, '-' | '.')) {
            return self.fail("invalid name");
        }
        self.at += n;
        Ok(&rest[..n])
    }

    fn decoded(&self, text: &str) -> std::result::Result<String, Failure> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(i) = rest.find('&') {
            out.push_str(&rest[..i]);
            rest = &rest[i + 1..];
            let Some(end) = rest.find(';') else {
                return self.fail("unterminated entity reference");
            };
            let entity = &rest[..end];
            let c = match entity {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "apos" => Some('\''),
                "quot" => Some('"'),
                _ => entity
                    .strip_prefix('#')
                    .and_then(|n| match n.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16).ok(),
                        None => n.parse().ok(),
                    })
                    .and_then(char::from_u32),
            };
            match c {
                Some(c) => out.push(c),
                None => return self.fail(format!("unknown entity '{entity}'")),
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    /// A text as a number or Boolean where it is one.
    fn typed(&self, text: String) -> Value {
        if self.plain {
            return Value::String(text);
        }
        match text.as_str() {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            _ => {}
        }
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let whole = digits.split('.').next().unwrap_or_default();
        let number = !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && digits.bytes().filter(|b| *b == b'.').count() <= 1
            && !digits.starts_with('.')
            && !digits.ends_with('.')
            && (whole.len() == 1 || !whole.starts_with('0'));
        match crate::kernels::cast::parse_decimal(&text) {
            Some((v, scale @ 0..=37)) if number => Value::Decimal(v, scale as u8),
            _ => Value::String(text),
        }
    }

    fn element(&mut self, depth: usize) -> std::result::Result<Value, Failure> {
        if depth > DEPTH {
            return self.fail("nested too deeply");
        }
        if !self.rest().starts_with('<') {
            return self.fail("no opening tag");
        }
        self.at += 1;
        let tag = self.name()?;
        let mut members = vec![("@".to_owned(), Value::text(tag))];
        loop {
            self.blanks();
            if self.rest().starts_with("/>") {
                self.at += 2;
                members.push(("$".to_owned(), Value::text("")));
                break;
            }
            if self.rest().starts_with('>') {
                self.at += 1;
                let content = self.content(tag, depth)?;
                members.push(("$".to_owned(), content));
                break;
            }
            let name = self.name()?;
            self.blanks();
            if !self.rest().starts_with('=') {
                return self.fail(format!("no value of the attribute {name}"));
            }
            self.at += 1;
            self.blanks();
            let quote = match self.rest().chars().next() {
                Some(q @ ('"' | '\'')) => q,
                _ => return self.fail("an attribute's value is not quoted"),
            };
            self.at += 1;
            let raw = self.until(&quote.to_string(), "attribute value")?;
            let v = self.typed(self.decoded(raw)?);
            let key = format!("@{name}");
            if members.iter().any(|(k, _)| *k == key) {
                return self.fail(format!("the attribute {name} occurs twice"));
            }
            members.push((key, v));
        }
        members.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Value::Object(members))
    }

    fn content(&mut self, tag: &str, depth: usize) -> std::result::Result<Value, Failure> {
        let mut items = Vec::new();
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(i) = rest.find('<') else {
                return self.fail(format!("no closing tag of <{tag}>"));
            };
            text.push_str(&self.decoded(&rest[..i])?);
            self.at += i;
            let rest = self.rest();
            if rest.starts_with("<!--") {
                self.until("-->", "comment")?;
                continue;
            }
            if rest.starts_with("<![CDATA[") {
                self.at += 9;
                text.push_str(self.until("]]>", "CDATA section")?);
                continue;
            }
            if rest.starts_with("<?") {
                self.until("?>", "processing instruction")?;
                continue;
            }
            let run = std::mem::take(&mut text);
            if !run.trim().is_empty() {
                let run = if self.blanks_stay { &run } else { run.trim() };
                let v = self.typed(run.to_owned());
                items.push(v);
            }
            if rest.starts_with("</") {
                self.at += 2;
                let closing = self.name()?;
                self.blanks();
                if !self.rest().starts_with('>') {
                    return self.fail("unterminated closing tag");
                }
                self.at += 1;
                if closing != tag {
                    // The place is that of the tag's last character.
                    self.at -= 1;
                    return self.fail(format!("no opening tag for </{closing}>"));
                }
                return Ok(match items.len() {
                    0 => Value::text(""),
                    1 => items.remove(0),
                    _ => Value::Array(items),
                });
            }
            items.push(self.element(depth + 1)?);
        }
    }
}

fn parse(text: &str, plain: bool) -> std::result::Result<Value, Failure> {
    let mut p = Parser {
        text,
        at: 0,
        plain,
        blanks_stay: false,
    };
    p.misc()?;
    let root = p.element(0)?;
    p.misc()?;
    if p.rest().is_empty() {
        Ok(root)
    } else {
        p.fail("text after the end of the document")
    }
}

/// How a file of XML is taken apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct XmlDocuments {
    /// The elements inside of the outer one are the documents.
    pub strip_outer_element: bool,
    /// Blanks at the ends of texts stay.
    pub preserve_space: bool,
    /// Numbers and Booleans stay texts.
    pub plain: bool,
}

/// The documents of a text, one after another.
///
/// # Errors
/// What is wrong, and the byte at which it is.
pub fn xml_documents(
    text: &str,
    options: XmlDocuments,
) -> std::result::Result<Vec<Value>, (String, usize)> {
    let mut p = Parser {
        text,
        at: 0,
        plain: options.plain,
        blanks_stay: options.preserve_space,
    };
    let mut out = Vec::new();
    loop {
        p.misc()?;
        if p.rest().is_empty() {
            return Ok(out);
        }
        let root = p.element(0)?;
        match root {
            Value::Object(members) if options.strip_outer_element => {
                for (_, content) in members.into_iter().filter(|(k, _)| k == "$") {
                    let items = match content {
                        Value::Array(items) => items,
                        one => vec![one],
                    };
                    out.extend(items.into_iter().filter(|v| matches!(v, Value::Object(_))));
                }
            }
            root => out.push(root),
        }
    }
}

/// PARSE_XML(text [, disable_auto_convert]); TRY_… of it does not exist.
pub fn parse_xml(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let plain = if call.len() > 1 && call.types[1] != SqlType::Null {
        Some(call.bool(1)?)
    } else {
        None
    };
    call.map_variant(|row| {
        let Some(text) = v.get(row).filter(|t| !t.trim().is_empty()) else {
            return Ok(None);
        };
        let plain = plain.as_ref().and_then(|p| p.get(row)).unwrap_or(false);
        parse(text, plain)
            .map(|v| Some(v.encode()))
            .map_err(|(why, at)| {
                SqlError::raw(
                    "100100",
                    "22P02",
                    format!("Error parsing XML: {why}, pos {}", at + 1),
                )
            })
    })
}

/// CHECK_XML: NULL for text that is XML, else why it is none.
pub fn check_xml(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    call.map_text(|row| {
        Ok(v.get(row)
            .filter(|t| !t.trim().is_empty())
            .and_then(|text| parse(text, true).err())
            .map(|(why, at)| format!("{why}, pos {}", at + 1)))
    })
}

/// Whether a value is an element.
pub(crate) fn is_xml(v: Ref<'_>) -> bool {
    let Some(pairs) = v.pairs() else { return false };
    let mut tag = false;
    let mut content = false;
    for (k, v) in pairs {
        match k.as_ref() {
            "@" => tag = v.is_string(),
            "$" => content = true,
            k if k.starts_with('@') => {}
            _ => return false,
        }
    }
    tag && content
}

/// XMLGET(element, tag [, instance]): the child with this tag, the first unless told otherwise.
pub fn xml_get(call: &Call<'_>) -> Result<ArrayRef> {
    let tags = call.text(1)?;
    let instance = call.optional_int(2)?;
    call.map_variant(|row| {
        let (Some(v), Some(tag)) = (value(call, 0, row)?, tags.get(row)) else {
            return Ok(None);
        };
        let n = match &instance {
            None => 0,
            Some(n) => match n.get(row).map(usize::try_from) {
                Some(Ok(n)) => n,
                _ => return Ok(None),
            },
        };
        let Some(content) = v.member("$") else {
            return Ok(None);
        };
        let matches = |v: &Ref<'_>| v.member("@").and_then(|t| t.as_str()).as_deref() == Some(tag);
        let found = match content.items() {
            Some(items) => items.filter(matches).nth(n),
            None => (n == 0 && matches(&content)).then_some(content),
        };
        Ok(found.map(|f| f.bytes().to_vec()))
    })
}

fn escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

fn scalar(v: Ref<'_>, env: &Env, out: &mut String) {
    let mut text = String::new();
    super::print::write_plain(v, env, &mut text);
    escaped(&text, out);
}

/// Appends an element as XML, indented by two blanks when `pretty`.
pub(crate) fn write_xml(v: Ref<'_>, pretty: bool, env: &Env, out: &mut String) {
    element(v, pretty, 0, env, out);
}

fn element(v: Ref<'_>, pretty: bool, depth: usize, env: &Env, out: &mut String) {
    let tag = v.member("@").and_then(|t| t.as_str());
    let tag = tag.as_deref().unwrap_or_default();
    let _ = write!(out, "<{tag}");
    for (k, a) in v.pairs().into_iter().flatten() {
        if let Some(name) = k.strip_prefix('@').filter(|n| !n.is_empty()) {
            let _ = write!(out, " {name}=\"");
            scalar(a, env, out);
            out.push('"');
        }
    }
    let content = v.member("$").unwrap_or(Ref::null());
    let items: Vec<Ref<'_>> = match content.items() {
        Some(items) => items.collect(),
        None => vec![content],
    };
    if let [one] = items.as_slice()
        && !is_xml(*one)
    {
        let start = out.len();
        out.push('>');
        scalar(*one, env, out);
        if out.len() == start + 1 {
            out.truncate(start);
            out.push_str("/>");
        } else {
            let _ = write!(out, "</{tag}>");
        }
        return;
    }
    out.push('>');
    let line = |depth: usize, out: &mut String| {
        if pretty {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', depth * 2));
        }
    };
    for item in items {
        line(depth + 1, out);
        if is_xml(item) {
            element(item, pretty, depth + 1, env, out);
        } else {
            scalar(item, env, out);
        }
    }
    line(depth, out);
    let _ = write!(out, "</{tag}>");
}

/// The XML of any value: elements as they are, others wrapped with the names of their types.
fn wrapped(tag: &str, v: Ref<'_>, env: &Env, out: &mut String) {
    let ty = match v.kind() {
        Kind::Null | Kind::Undefined => "NULL",
        Kind::Bool(_) => "BOOLEAN",
        Kind::Decimal(_, 0) => "INTEGER",
        Kind::Decimal(..) => "DECIMAL",
        Kind::Double(_) => "DOUBLE",
        Kind::String(_) => "VARCHAR",
        Kind::Date(_) => "DATE",
        Kind::Time(_) => "TIME",
        Kind::Timestamp(_) => "TIMESTAMP_NTZ",
        Kind::TimestampLtz(_) => "TIMESTAMP_LTZ",
        Kind::TimestampTz(..) => "TIMESTAMP_TZ",
        Kind::Binary(_) => "BINARY",
        Kind::Array(_) => "ARRAY",
        Kind::Object(_) => "OBJECT",
    };
    let _ = write!(out, "<{tag} type=\"{ty}\">");
    match v.kind() {
        Kind::Array(items) => items.into_iter().for_each(|i| wrapped("e", i, env, out)),
        Kind::Object(pairs) => pairs
            .into_iter()
            .for_each(|(k, v)| wrapped(&k, v, env, out)),
        Kind::Null | Kind::Undefined => {}
        _ => scalar(v, env, out),
    }
    let _ = write!(out, "</{tag}>");
}

/// TO_XML(value)
pub fn to_xml(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_text(|row| {
        Ok(v.get(row).map(Ref::new).map(|v| {
            let mut out = String::new();
            if is_xml(v) {
                write_xml(v, false, call.env, &mut out);
            } else {
                wrapped("SnowflakeData", v, call.env, &mut out);
            }
            out
        }))
    })
}

/// Appends a value as XML when a session of this dialect shows it so.
pub(super) fn shown(v: Ref<'_>, style: JsonStyle, env: &Env, out: &mut String) -> bool {
    if env.dialect != DialectName::Snowflake || !is_xml(v) {
        return false;
    }
    write_xml(v, style == JsonStyle::Pretty, env, out);
    true
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::kernels::datetime::testing::env;

    #[test]
    fn elements_come_back() {
        let e = env(DialectName::Snowflake);
        for (text, compact, pretty) in [
            ("<a/>", "<a/>", "<a/>"),
            (
                "<a x='1' y=\"p&amp;q\">7</a>",
                "<a x=\"1\" y=\"p&amp;q\">7</a>",
                "<a x=\"1\" y=\"p&amp;q\">7</a>",
            ),
            (
                "<?xml version='1.0'?> <!-- c --> <a>1<b>2</b><b><![CDATA[<x>]]></b></a> ",
                "<a>1<b>2</b><b>&lt;x&gt;</b></a>",
                "<a>\n  1\n  <b>2</b>\n  <b>&lt;x&gt;</b>\n</a>",
            ),
        ] {
            let encoded = parse(text, false).unwrap().encode();
            let v = Ref::new(&encoded);
            assert!(is_xml(v), "{text}");
            for (style, want) in [(false, compact), (true, pretty)] {
                let mut out = String::new();
                write_xml(v, style, &e, &mut out);
                assert_eq!(out, want, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_xml() {
        for text in [
            "x",
            "<a>",
            "<a></b>",
            "<a b></a>",
            "<a/><b/>",
            "<a>&x;</a>",
            "<1/>",
        ] {
            assert!(parse(text, false).is_err(), "{text}");
        }
        let deep = "<a>".repeat(10_000);
        assert!(parse(&deep, false).is_err());
    }
}
