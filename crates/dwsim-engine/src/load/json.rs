//! JSON files: documents one after another or in one outer array, as a column of VARIANT values.
//! Taking members out of documents by path is the statement's work; `member` serves matching by column name.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryBuilder};
use bytes::Bytes;

use super::Encoding;
use crate::error::Result;
use crate::variant::{Builder, ParseMode, ParseOptions, Ref, Value, parse_json_with};

/// Documents per batch.
const BATCH: usize = 8192;

/// How a JSON file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonOptions {
    /// An outer array is taken apart: its elements are the documents.
    pub strip_outer_array: bool,
    /// Members and elements that are null are dropped.
    pub strip_null_values: bool,
    /// Of equal keys the last one counts; otherwise they are an error (Snowflake's mode only).
    pub allow_duplicate: bool,
    /// Bytes that are not UTF-8 are replaced by this character rather than refused.
    pub replace_invalid: Option<char>,
    /// Character set.
    pub encoding: Encoding,
    /// Which JSON is accepted, and the order of members.
    pub mode: ParseMode,
}

/// Some documents.
#[derive(Debug, Clone)]
pub struct JsonBatch {
    /// Encoded values (`LargeBinaryArray`); NULL for a document with an error.
    pub column: ArrayRef,
    /// Line of each document, from 1.
    pub lines: Vec<u64>,
    /// Malformed documents: row, message.
    pub errors: Vec<(usize, String)>,
}

/// Reads a file piece by piece.
#[derive(Debug)]
pub struct JsonReader {
    bytes: Bytes,
    options: JsonOptions,
    at: usize,
    line: u64,
    in_array: bool,
}

impl JsonReader {
    /// A reader over an unpacked file.
    ///
    /// # Errors
    /// When the character set does not decode.
    pub fn new(bytes: Bytes, options: JsonOptions) -> Result<Self> {
        let bytes = options.encoding.decode(bytes)?;
        let at = if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
            3
        } else {
            0
        };
        Ok(JsonReader {
            bytes,
            options,
            at,
            line: 1,
            in_array: false,
        })
    }

    /// The next documents; None at the end of the file.
    pub fn next_batch(&mut self) -> Option<JsonBatch> {
        let bytes = self.bytes.clone();
        let mut out = LargeBinaryBuilder::new();
        let mut lines = Vec::new();
        let mut errors = Vec::new();
        let mut buffer = Vec::new();
        while lines.len() < BATCH {
            let Some((line, document)) = self.document(&bytes) else {
                break;
            };
            buffer.clear();
            match self.parse(document, &mut buffer) {
                Ok(()) => out.append_value(&buffer),
                Err(message) => {
                    errors.push((lines.len(), message));
                    out.append_null();
                }
            }
            lines.push(line);
        }
        (!lines.is_empty()).then(|| JsonBatch {
            column: Arc::new(out.finish()),
            lines,
            errors,
        })
    }

    fn parse(&self, document: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let text = match std::str::from_utf8(document) {
            Ok(s) => std::borrow::Cow::Borrowed(s),
            Err(_) => match self.options.replace_invalid {
                Some(_) => String::from_utf8_lossy(document),
                None => return Err("Invalid UTF8 detected in string".into()),
            },
        };
        let options = ParseOptions {
            keep_last_duplicate: self.options.allow_duplicate,
            ..ParseOptions::default()
        };
        let mut value = parse_json_with(&text, self.options.mode, options)
            .map_err(|e| format!("{}, pos {}", e.message, e.position))?;
        if self.options.strip_null_values {
            strip_nulls(&mut value);
        }
        Builder { out }.value(&value);
        Ok(())
    }

    fn skip_space(&mut self, bytes: &[u8]) {
        while let Some(b) = bytes.get(self.at) {
            match b {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                b',' if self.in_array => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    fn document<'a>(&mut self, bytes: &'a [u8]) -> Option<(u64, &'a [u8])> {
        loop {
            self.skip_space(bytes);
            match bytes.get(self.at)? {
                b'[' if self.options.strip_outer_array && !self.in_array => {
                    self.in_array = true;
                    self.at += 1;
                }
                b']' if self.in_array => {
                    self.in_array = false;
                    self.at += 1;
                }
                _ => break,
            }
        }
        let (start, line) = (self.at, self.line);
        let mut depth = 0usize;
        let mut quote: Option<u8> = None;
        while let Some(&b) = bytes.get(self.at) {
            if b == b'\n' {
                self.line += 1;
            }
            match (quote, b) {
                (Some(_), b'\\') => self.at += 1,
                (Some(q), b) if b == q => quote = None,
                (Some(_), _) => {}
                (None, b'"') => quote = Some(b),
                (None, b'{' | b'[') => depth += 1,
                (None, b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        break;
                    }
                }
                (None, b']' | b',') if depth == 0 && self.in_array => break,
                (None, b'\n') if depth == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.at.min(bytes.len());
        Some((line, bytes[start..self.at].trim_ascii_end()))
    }
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|v| *v != Value::Null);
            items.iter_mut().for_each(strip_nulls);
        }
        Value::Object(members) => {
            members.retain(|(_, v)| *v != Value::Null);
            members.iter_mut().for_each(|(_, v)| strip_nulls(v));
        }
        _ => {}
    }
}

/// The member of each document with this name; NULL where a document is no object or lacks it.
pub fn member(documents: &ArrayRef, name: &str, ignore_case: bool) -> ArrayRef {
    let documents = documents.as_binary::<i64>();
    let mut out = LargeBinaryBuilder::with_capacity(documents.len(), documents.len() * 16);
    for document in documents {
        out.append_option(document.and_then(|d| {
            let d = Ref::new(d);
            let found = if ignore_case {
                d.member_ignore_case(name)
            } else {
                d.member(name)
            };
            found.map(|v| v.bytes())
        }));
    }
    Arc::new(out.finish())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::variant::{JsonStyle, to_json};

    fn options() -> JsonOptions {
        JsonOptions {
            strip_outer_array: false,
            strip_null_values: false,
            allow_duplicate: false,
            replace_invalid: None,
            encoding: Encoding::Utf8,
            mode: ParseMode::Snowflake,
        }
    }

    fn read(text: &str, options: JsonOptions) -> Vec<String> {
        let mut r = JsonReader::new(Bytes::from(text.to_owned()), options).unwrap();
        let mut out = Vec::new();
        while let Some(b) = r.next_batch() {
            let c = b.column.as_binary::<i64>();
            for (i, line) in b.lines.iter().enumerate() {
                let shown = if c.is_null(i) {
                    "error".into()
                } else {
                    to_json(Ref::new(c.value(i)), JsonStyle::Compact)
                };
                out.push(format!("{line}:{shown}"));
            }
        }
        out
    }

    #[test]
    fn documents() {
        let cases: Vec<(&str, JsonOptions, Vec<&str>)> = vec![
            (
                "{\"a\":1}\n{\"a\":2}",
                options(),
                vec!["1:{\"a\":1}", "2:{\"a\":2}"],
            ),
            (
                "{\"a\":\n \"}\\\"\"} [1,2]",
                options(),
                vec!["1:{\"a\":\"}\\\"\"}", "2:[1,2]"],
            ),
            (
                "[{\"a\":1},\n 2, \"x\" ]",
                JsonOptions {
                    strip_outer_array: true,
                    ..options()
                },
                vec!["1:{\"a\":1}", "2:2", "2:\"x\""],
            ),
            (
                "{\"a\":null,\"b\":[null,1]}",
                JsonOptions {
                    strip_null_values: true,
                    ..options()
                },
                vec!["1:{\"b\":[1]}"],
            ),
            (
                "{\"a\":1,\"a\":2}",
                JsonOptions {
                    allow_duplicate: true,
                    ..options()
                },
                vec!["1:{\"a\":2}"],
            ),
            (
                "{\"a\":1}\n{bad\n",
                options(),
                vec!["1:{\"a\":1}", "2:error"],
            ),
            ("", options(), vec![]),
        ];
        for (text, o, want) in cases {
            assert_eq!(read(text, o), want, "{text:?}");
        }
    }
}
