//! JSON documents as text: objects and arrays over sources of their own.
//! Storing them as SUPER or VARIANT is left to the warehouses.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;

use crate::draw::{Stream, below, unit};
use crate::source::format::push_json_string;
use crate::source::text::build_text;
use crate::source::{Cells, SharedSource, Source};

/// A key of an object.
#[derive(Debug)]
pub(crate) struct JsonField {
    /// `"name":`, escaped.
    key: Vec<u8>,
    source: SharedSource,
    /// Whether the source's text is JSON itself.
    nested: bool,
    /// Rows without the key at all.
    missing: Option<(Stream, f64)>,
}

impl JsonField {
    pub(crate) fn new(
        name: &str,
        source: SharedSource,
        nested: bool,
        missing: Option<(Stream, f64)>,
    ) -> Self {
        let mut key = Vec::with_capacity(name.len() + 3);
        push_json_string(name, &mut key);
        key.push(b':');
        Self {
            key,
            source,
            nested,
            missing,
        }
    }
}

/// An object with its keys in order.
#[derive(Debug)]
pub(crate) struct JsonObject {
    pub(crate) fields: Vec<JsonField>,
}

fn write_value(cells: &Cells<'_>, nested: bool, i: usize, out: &mut Vec<u8>) {
    if cells.is_null(i) {
        out.extend_from_slice(b"null");
    } else if nested || cells.is_bare() {
        cells.write(i, out);
    } else if let Some(text) = cells.text(i) {
        push_json_string(text, out);
    } else {
        out.push(b'"');
        cells.write(i, out);
        out.push(b'"');
    }
}

impl Source for JsonObject {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let arrays: Vec<ArrayRef> = self
            .fields
            .iter()
            .map(|f| f.source.array(rows))
            .collect::<Result<_, _>>()?;
        let cells: Vec<Cells<'_>> = arrays.iter().map(Cells::of).collect::<Result<_, _>>()?;
        let mut missing: Vec<_> = self
            .fields
            .iter()
            .map(|f| f.missing.as_ref().map(|(s, share)| (s.cursor(), *share)))
            .collect();
        build_text(rows.len(), 24 * self.fields.len() + 2, |i, out| {
            out.push(b'{');
            let mut first = true;
            for ((field, cells), missing) in self.fields.iter().zip(&cells).zip(&mut missing) {
                if missing
                    .as_mut()
                    .is_some_and(|(cursor, share)| unit(cursor.at(rows[i])) < *share)
                {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                out.extend_from_slice(&field.key);
                write_value(cells, field.nested, i, out);
            }
            out.push(b'}');
        })
    }
}

/// An array of `min..=max` elements; element k of row r is row `r * max + k` of the element's source.
#[derive(Debug)]
pub(crate) struct JsonArray {
    pub(crate) stream: Stream,
    pub(crate) item: SharedSource,
    pub(crate) nested: bool,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

impl Source for JsonArray {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let mut cursor = self.stream.cursor();
        let span = u64::from(self.max - self.min) + 1;
        let lengths: Vec<u64> = rows
            .iter()
            .map(|r| u64::from(self.min) + below(cursor.at(*r), span))
            .collect();
        let elements: Vec<u64> = rows
            .iter()
            .zip(&lengths)
            .flat_map(|(r, n)| (0..*n).map(move |k| r * u64::from(self.max) + k))
            .collect();
        let array = self.item.array(&elements)?;
        let cells = Cells::of(&array)?;
        let mut at = 0;
        build_text(rows.len(), 16, |i, out| {
            out.push(b'[');
            for k in 0..lengths[i] {
                if k > 0 {
                    out.push(b',');
                }
                write_value(&cells, self.nested, at, out);
                at += 1;
            }
            out.push(b']');
        })
    }
}
