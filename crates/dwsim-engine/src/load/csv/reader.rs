//! The tokenizer: records and fields of delimited text, in batches of text columns.
//! A malformed record is reported in its place and reading goes on after it.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use bytes::Bytes;

use super::options::{CsvOptions, Delimiter};
use crate::error::Result;

/// Records per batch.
const BATCH: usize = 8192;

/// What is wrong with a record as text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A quote was opened and never closed.
    #[error("field {field} is not closed by its quote")]
    OpenQuote {
        /// Field, from 1.
        field: usize,
    },
    /// Something else than a delimiter follows a closing quote.
    #[error("found character '{found}' instead of field delimiter in field {field}")]
    AfterQuote {
        /// Field, from 1.
        field: usize,
        /// The character found.
        found: String,
    },
    /// Bytes that are not text of the file's character set.
    #[error("field {field} holds bytes that are not UTF-8")]
    InvalidText {
        /// Field, from 1.
        field: usize,
    },
}

/// Where a record stands and what it looked like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Line of its first character, from 1.
    pub line: u64,
    /// Number of the record, from 1, header lines not counted.
    pub number: u64,
    /// Bytes of the record in the file, without its delimiter.
    pub range: std::ops::Range<usize>,
    /// Number of fields.
    pub fields: usize,
    /// What is wrong with it; its row in the batch is all NULL then.
    pub error: Option<RecordError>,
}

/// Some records as text columns.
#[derive(Debug, Clone)]
pub struct TextBatch {
    /// One `StringArray` per field of the widest record; fields that a record lacks are NULL.
    pub columns: Vec<ArrayRef>,
    /// The records, as many as rows.
    pub records: Vec<Record>,
}

/// Reads a file piece by piece.
#[derive(Debug)]
pub struct CsvReader {
    bytes: Bytes,
    options: CsvOptions,
    at: usize,
    line: u64,
    number: u64,
    header: Option<Vec<String>>,
}

/// One field: its text before and after escapes are resolved.
struct Cell<'a> {
    raw: &'a [u8],
    text: Cow<'a, [u8]>,
    quoted: bool,
}

enum End {
    Field,
    Record,
    File,
}

impl CsvReader {
    /// A reader over an unpacked file.
    ///
    /// # Errors
    /// When the character set does not decode.
    pub fn new(bytes: Bytes, options: CsvOptions) -> Result<Self> {
        let bytes = options.encoding.decode(bytes)?;
        let at = if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
            3
        } else {
            0
        };
        let mut reader = CsvReader {
            bytes,
            options,
            at,
            line: 1,
            number: 0,
            header: None,
        };
        for _ in 0..reader.options.skip_header {
            reader.skip_line();
        }
        if reader.options.parse_header {
            let bytes = reader.bytes.clone();
            let mut cells = Vec::new();
            reader.skip_blank(&bytes);
            if reader.at < bytes.len() && reader.record(&bytes, &mut cells).is_ok() {
                reader.header = Some(
                    cells
                        .iter()
                        .map(|c| String::from_utf8_lossy(&c.text).trim().to_owned())
                        .collect(),
                );
            }
        }
        Ok(reader)
    }

    /// The column names of the header, when it was asked for and is there.
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The file as text, for messages that quote a record.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The next records; None at the end of the file.
    pub fn next_batch(&mut self) -> Option<TextBatch> {
        let bytes = self.bytes.clone();
        let mut builders: Vec<StringBuilder> = Vec::new();
        let mut records: Vec<Record> = Vec::new();
        let mut cells = Vec::new();
        while records.len() < BATCH {
            self.skip_blank(&bytes);
            if self.at >= bytes.len() {
                break;
            }
            let (line, start) = (self.line, self.at);
            self.number += 1;
            let outcome = self.record(&bytes, &mut cells);
            let mut error = outcome.as_ref().err().cloned();
            let end = match outcome {
                Ok(end) => end,
                Err(_) => self.at,
            };
            let fields = cells.len();
            let mut texts: Vec<Option<Cow<'_, str>>> = Vec::with_capacity(fields);
            if error.is_none() {
                for (i, cell) in cells.iter().enumerate() {
                    match self.value(cell) {
                        Some(text) => texts.push(text),
                        None => {
                            error = Some(RecordError::InvalidText { field: i + 1 });
                            texts.clear();
                            break;
                        }
                    }
                }
            }
            while builders.len() < texts.len() {
                let mut b = StringBuilder::new();
                for _ in 0..records.len() {
                    b.append_null();
                }
                builders.push(b);
            }
            for (i, b) in builders.iter_mut().enumerate() {
                b.append_option(texts.get(i).and_then(Option::as_deref));
            }
            records.push(Record {
                line,
                number: self.number,
                range: start..end,
                fields,
                error,
            });
        }
        if records.is_empty() {
            return None;
        }
        let columns = builders
            .iter_mut()
            .map(|b| Arc::new(b.finish()) as ArrayRef)
            .collect();
        Some(TextBatch { columns, records })
    }

    /// A field's value: None outside for invalid text, None inside for NULL.
    fn value<'a>(&self, cell: &'a Cell<'_>) -> Option<Option<Cow<'a, str>>> {
        let o = &self.options;
        if !cell.quoted || o.null_if_quoted {
            let raw = if cell.quoted {
                &cell.text[..]
            } else {
                cell.raw
            };
            if o.null_if
                .iter()
                .any(|n| n.as_bytes() == raw || (!cell.quoted && n.as_bytes() == &cell.text[..]))
            {
                return Some(None);
            }
        }
        if !cell.quoted && o.empty_as_null && cell.text.is_empty() {
            return Some(None);
        }
        if o.blanks_as_null
            && cell.text.iter().all(|b| b.is_ascii_whitespace())
            && !cell.text.is_empty()
        {
            return Some(None);
        }
        match std::str::from_utf8(&cell.text) {
            Ok(s) => Some(Some(Cow::Borrowed(s))),
            Err(_) => {
                let with = o.replace_invalid?;
                let mut out = String::with_capacity(cell.text.len());
                for chunk in cell.text.utf8_chunks() {
                    out.push_str(chunk.valid());
                    // One replacement per byte, as both warehouses do.
                    out.extend(std::iter::repeat_n(with, chunk.invalid().len()));
                }
                Some(Some(Cow::Owned(out)))
            }
        }
    }

    fn skip_line(&mut self) {
        let bytes = self.bytes.clone();
        while self.at < bytes.len() {
            if let Some(n) = self.record_end(&bytes, self.at) {
                self.at += n;
                self.line += 1;
                return;
            }
            self.at += 1;
        }
    }

    fn skip_blank(&mut self, bytes: &[u8]) {
        if !self.options.skip_blank_lines {
            return;
        }
        while self.at < bytes.len() {
            let mut end = self.at;
            while end < bytes.len()
                && (bytes[end] == b' ' || bytes[end] == b'\t')
                && self.options.trim_space
            {
                end += 1;
            }
            match self.record_end(bytes, end) {
                Some(n) => {
                    self.at = end + n;
                    self.line += 1;
                }
                None => return,
            }
        }
    }

    /// Length of the record delimiter at a place.
    #[inline]
    fn record_end(&self, bytes: &[u8], at: usize) -> Option<usize> {
        match &self.options.record_delimiter {
            Delimiter::Newline => match bytes.get(at)? {
                b'\n' => Some(1),
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => Some(2),
                b'\r' => Some(1),
                _ => None,
            },
            Delimiter::Bytes(d) => bytes[at..].starts_with(d).then_some(d.len()),
            Delimiter::None => None,
        }
    }

    /// One record; returns where its last field ends.
    fn record<'a>(
        &mut self,
        bytes: &'a [u8],
        cells: &mut Vec<Cell<'a>>,
    ) -> Result<usize, RecordError> {
        cells.clear();
        if self.options.fixed_width.is_some() {
            return Ok(self.fixed(bytes, cells));
        }
        loop {
            let (end, stop) = self.field(bytes, cells)?;
            match end {
                End::Field => {}
                End::Record => {
                    self.line += 1;
                    return Ok(stop);
                }
                End::File => return Ok(stop),
            }
        }
    }

    fn fixed<'a>(&mut self, bytes: &'a [u8], cells: &mut Vec<Cell<'a>>) -> usize {
        let start = self.at;
        while self.at < bytes.len() && self.record_end(bytes, self.at).is_none() {
            self.at += 1;
        }
        let end = self.at;
        if let Some(n) = self.record_end(bytes, end) {
            self.at += n;
            self.line += 1;
        }
        let mut rest = &bytes[start..end];
        for width in self.options.fixed_width.iter().flatten() {
            // Widths count characters: continuation bytes belong to the one before.
            let mut n = 0;
            let mut chars = 0;
            while n < rest.len() {
                if rest[n] & 0xc0 != 0x80 {
                    if chars == *width {
                        break;
                    }
                    chars += 1;
                }
                n += 1;
            }
            let (field, tail) = rest.split_at(n);
            rest = tail;
            cells.push(Cell {
                raw: field,
                text: Cow::Borrowed(field),
                quoted: false,
            });
        }
        end
    }

    fn field<'a>(
        &mut self,
        bytes: &'a [u8],
        cells: &mut Vec<Cell<'a>>,
    ) -> Result<(End, usize), RecordError> {
        let mut at = self.at;
        if self.options.trim_space {
            while matches!(bytes.get(at), Some(b' ' | b'\t'))
                && !bytes[at..].starts_with(&self.options.field_delimiter)
            {
                at += 1;
            }
        }
        let o = &self.options;
        match bytes.get(at) {
            Some(q) if Some(*q) == o.enclosed_by || Some(*q) == o.also_enclosed_by => {
                self.enclosed(bytes, at + 1, *q, cells)
            }
            _ => Ok(self.plain(bytes, at, cells)),
        }
    }

    fn plain<'a>(
        &mut self,
        bytes: &'a [u8],
        start: usize,
        cells: &mut Vec<Cell<'a>>,
    ) -> (End, usize) {
        let delimiter = self.options.field_delimiter.first().copied();
        let escape = self.options.escape.or(self.options.escape_unenclosed);
        let mut at = start;
        let mut owned: Option<Vec<u8>> = None;
        let mut copied = start;
        let (end, stop, next) = loop {
            let Some(&b) = bytes.get(at) else {
                break (End::File, at, at);
            };
            if Some(b) == escape && at + 1 < bytes.len() {
                let out = owned.get_or_insert_with(Vec::new);
                out.extend_from_slice(&bytes[copied..at]);
                if bytes[at + 1] == b'\n' {
                    self.line += 1;
                }
                out.push(self.unescape(bytes[at + 1]));
                at += 2;
                copied = at;
                continue;
            }
            if Some(b) == delimiter && bytes[at..].starts_with(&self.options.field_delimiter) {
                break (End::Field, at, at + self.options.field_delimiter.len());
            }
            if let Some(n) = self.record_end(bytes, at) {
                break (End::Record, at, at + n);
            }
            at += 1;
        };
        let mut raw = &bytes[start..stop];
        let mut text = match owned {
            Some(mut out) => {
                out.extend_from_slice(&bytes[copied..stop]);
                Cow::Owned(out)
            }
            None => Cow::Borrowed(raw),
        };
        if self.options.trim_space {
            raw = raw.trim_ascii();
            text = match text {
                Cow::Borrowed(t) => Cow::Borrowed(t.trim_ascii()),
                Cow::Owned(t) => Cow::Owned(t.trim_ascii().to_vec()),
            };
        }
        cells.push(Cell {
            raw,
            text,
            quoted: false,
        });
        self.at = next;
        (end, stop)
    }

    fn enclosed<'a>(
        &mut self,
        bytes: &'a [u8],
        start: usize,
        quote: u8,
        cells: &mut Vec<Cell<'a>>,
    ) -> Result<(End, usize), RecordError> {
        let field = cells.len() + 1;
        let mut at = start;
        let mut copied = start;
        let mut owned: Option<Vec<u8>> = None;
        let close = loop {
            let Some(&b) = bytes.get(at) else {
                self.at = bytes.len();
                return Err(RecordError::OpenQuote { field });
            };
            if self.options.loose_quotes {
                if b == quote && self.ends(bytes, at + 1) {
                    break at;
                }
                if self.record_end(bytes, at).is_some() {
                    self.at = at;
                    self.skip_line();
                    return Err(RecordError::OpenQuote { field });
                }
            } else if b == quote {
                if self.options.doubled_quotes && bytes.get(at + 1) == Some(&quote) {
                    let out = owned.get_or_insert_with(Vec::new);
                    out.extend_from_slice(&bytes[copied..=at]);
                    at += 2;
                    copied = at;
                    continue;
                }
                break at;
            }
            if Some(b) == self.options.escape && at + 1 < bytes.len() {
                let out = owned.get_or_insert_with(Vec::new);
                out.extend_from_slice(&bytes[copied..at]);
                out.push(self.unescape(bytes[at + 1]));
                at += 2;
                copied = at;
                continue;
            }
            if b == b'\n' {
                self.line += 1;
            }
            at += 1;
        };
        let raw = &bytes[start..close];
        let text = match owned {
            Some(mut out) => {
                out.extend_from_slice(&bytes[copied..close]);
                Cow::Owned(out)
            }
            None => Cow::Borrowed(raw),
        };
        cells.push(Cell {
            raw,
            text,
            quoted: true,
        });
        at = close + 1;
        if self.options.trim_space {
            while matches!(bytes.get(at), Some(b' ' | b'\t'))
                && !bytes[at..].starts_with(&self.options.field_delimiter)
            {
                at += 1;
            }
        }
        if at >= bytes.len() {
            self.at = at;
            return Ok((End::File, at));
        }
        if !self.options.field_delimiter.is_empty()
            && bytes[at..].starts_with(&self.options.field_delimiter)
        {
            self.at = at + self.options.field_delimiter.len();
            return Ok((End::Field, at));
        }
        if let Some(n) = self.record_end(bytes, at) {
            self.at = at + n;
            return Ok((End::Record, at));
        }
        let found = String::from_utf8_lossy(&bytes[at..(at + 4).min(bytes.len())])
            .chars()
            .next()
            .map(String::from)
            .unwrap_or_default();
        // Reading goes on with the next line.
        self.at = at;
        self.skip_line();
        Err(RecordError::AfterQuote { field, found })
    }

    /// Whether a field ends at a place.
    fn ends(&self, bytes: &[u8], at: usize) -> bool {
        let delimiter = &self.options.field_delimiter;
        at >= bytes.len()
            || (!delimiter.is_empty() && bytes[at..].starts_with(delimiter))
            || self.record_end(bytes, at).is_some()
    }

    fn unescape(&self, b: u8) -> u8 {
        if !self.options.escape_codes {
            return b;
        }
        match b {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'0' => 0,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use arrow::array::{Array, AsArray};
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str, options: CsvOptions) -> Vec<String> {
        let mut r = CsvReader::new(Bytes::from(text.to_owned()), options).unwrap();
        let mut out = Vec::new();
        while let Some(b) = r.next_batch() {
            for (i, rec) in b.records.iter().enumerate() {
                if let Some(e) = &rec.error {
                    out.push(format!("line {}: {e}", rec.line));
                    continue;
                }
                let cells: Vec<String> = b
                    .columns
                    .iter()
                    .take(rec.fields)
                    .map(|c| {
                        let c = c.as_string::<i32>();
                        if c.is_null(i) {
                            "NULL".into()
                        } else {
                            format!("<{}>", c.value(i))
                        }
                    })
                    .collect();
                out.push(cells.join(" "));
            }
        }
        out
    }

    fn quoted() -> CsvOptions {
        CsvOptions {
            enclosed_by: Some(b'"'),
            ..CsvOptions::default()
        }
    }

    #[test]
    fn fields_and_records() {
        let d = CsvOptions::default;
        let cases: Vec<(&str, CsvOptions, Vec<&str>)> = vec![
            ("a,b\r\nc,d", d(), vec!["<a> <b>", "<c> <d>"]),
            ("a,,\\N\n", d(), vec!["<a> NULL NULL"]),
            ("a\\,b,c\\tn\n", d(), vec!["<a,b> <c\tn>"]),
            (
                "\"a\"\"b\",\"x\ny\"\n1,2",
                quoted(),
                vec!["<a\"b> <x\ny>", "<1> <2>"],
            ),
            ("\"\",\n", quoted(), vec!["<> NULL"]),
            (
                "\"a\"x,b\n1,2\n",
                quoted(),
                vec![
                    "line 1: found character 'x' instead of field delimiter in field 1",
                    "<1> <2>",
                ],
            ),
            (
                "1,2\n\"open",
                quoted(),
                vec!["<1> <2>", "line 2: field 1 is not closed by its quote"],
            ),
            (
                " a , \"b\" \n",
                CsvOptions {
                    trim_space: true,
                    ..quoted()
                },
                vec!["<a> <b>"],
            ),
            (
                "h\n\n\nx\n",
                CsvOptions {
                    skip_header: 1,
                    skip_blank_lines: true,
                    ..d()
                },
                vec!["<x>"],
            ),
            (
                "a||b;c||d;",
                CsvOptions {
                    field_delimiter: b"||".to_vec(),
                    record_delimiter: Delimiter::Bytes(b";".to_vec()),
                    ..d()
                },
                vec!["<a> <b>", "<c> <d>"],
            ),
            (
                "'a|b'|\"c \"d\" e\"|f'\n' 'x' '|' '|'y\n",
                CsvOptions {
                    field_delimiter: b"|".to_vec(),
                    enclosed_by: Some(b'"'),
                    also_enclosed_by: Some(b'\''),
                    loose_quotes: true,
                    ..d()
                },
                vec![
                    "<a|b> <c \"d\" e> <f'>",
                    "line 2: field 3 is not closed by its quote",
                ],
            ),
            (
                "ab äöx\n",
                CsvOptions {
                    fixed_width: Some(vec![3, 2, 1]),
                    ..d()
                },
                vec!["<ab > <äö> <x>"],
            ),
            (
                "  ,x\n",
                CsvOptions {
                    blanks_as_null: true,
                    ..d()
                },
                vec!["NULL <x>"],
            ),
        ];
        for (text, options, want) in cases {
            assert_eq!(rows(text, options), want, "{text:?}");
        }
    }

    #[test]
    fn header_and_ragged_records() {
        let o = CsvOptions {
            parse_header: true,
            ..CsvOptions::default()
        };
        let mut r = CsvReader::new(Bytes::from_static(b"id, name\n1\n1,2,3\n"), o).unwrap();
        assert_eq!(r.header().unwrap(), ["id", "name"]);
        let b = r.next_batch().unwrap();
        assert_eq!(
            b.records
                .iter()
                .map(|r| (r.line, r.fields))
                .collect::<Vec<_>>(),
            [(2, 1), (3, 3)]
        );
        assert_eq!(b.columns.len(), 3);
        assert!(r.next_batch().is_none());
    }

    #[test]
    fn invalid_text() {
        let mut r = CsvReader::new(Bytes::from_static(b"a\xff\n"), CsvOptions::default()).unwrap();
        assert_eq!(
            r.next_batch().unwrap().records[0].error,
            Some(RecordError::InvalidText { field: 1 })
        );
        let o = CsvOptions {
            replace_invalid: Some('?'),
            ..CsvOptions::default()
        };
        let mut r = CsvReader::new(Bytes::from_static(b"a\xff\n"), o).unwrap();
        assert_eq!(
            r.next_batch().unwrap().columns[0]
                .as_string::<i32>()
                .value(0),
            "a?"
        );
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_comes_back(table in prop::collection::vec(prop::collection::vec("[a-c,\"\n é]{0,6}", 3), 1..20)) {
            let mut w = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for row in &table {
                w.write_record(row).unwrap();
            }
            let bytes = w.into_inner().unwrap();
            let o = CsvOptions { escape_unenclosed: None, null_if: vec![], ..quoted() };
            let mut r = CsvReader::new(Bytes::from(bytes), o).unwrap();
            let b = r.next_batch().unwrap();
            for (i, row) in table.iter().enumerate() {
                for (j, cell) in row.iter().enumerate() {
                    prop_assert_eq!(b.columns[j].as_string::<i32>().value(i), cell);
                }
            }
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let o = CsvOptions { trim_space: true, skip_blank_lines: true, ..quoted() };
            let mut r = CsvReader::new(Bytes::from(bytes), o).unwrap();
            while r.next_batch().is_some() {}
        }
    }
}
