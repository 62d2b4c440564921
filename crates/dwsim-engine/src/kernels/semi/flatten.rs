//! Values and texts as lists of rows: FLATTEN, SPLIT_TO_TABLE, STRTOK_SPLIT_TO_TABLE, and PartiQL's unnest and UNPIVOT.
//! Each kernel gives one list of structs per row; the binder makes rows of it.
//!
//! Sources: Snowflake FLATTEN, SPLIT_TO_TABLE, STRTOK_SPLIT_TO_TABLE; Redshift "Querying semistructured data".

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Builder, LargeBinaryBuilder, ListArray, StringBuilder, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{Field, Fields};

use super::array::tokens;
use super::path::{follow, parse_path};
use super::util::value;
use crate::error::Result;
use crate::functions::Call;
use crate::types::SqlType;
use crate::variant::{Kind, Ref};

type Columns = Vec<(&'static str, SqlType)>;

/// Columns of FLATTEN.
pub fn flatten_columns() -> Columns {
    vec![
        ("seq", SqlType::BigInt),
        ("key", SqlType::text()),
        ("path", SqlType::text()),
        ("index", SqlType::BigInt),
        ("value", SqlType::Variant),
        ("this", SqlType::Variant),
    ]
}

/// Columns of SPLIT_TO_TABLE and STRTOK_SPLIT_TO_TABLE.
pub fn split_to_table_columns() -> Columns {
    vec![
        ("seq", SqlType::BigInt),
        ("index", SqlType::BigInt),
        ("value", SqlType::text()),
    ]
}

/// Columns of unnesting an array: the element and, for AT, its index from 0.
pub fn unnest_columns() -> Columns {
    vec![("value", SqlType::Variant), ("index", SqlType::BigInt)]
}

/// Columns of UNPIVOT over an object: the member's value and, for AT, its key.
pub fn unpivot_columns() -> Columns {
    vec![("value", SqlType::Variant), ("key", SqlType::text())]
}

/// The number of the input row: the argument at this place, or the place in the batch where there is none.
fn number(call: &Call<'_>, i: usize, row: usize) -> Result<i64> {
    let given = if call.len() > i {
        super::util::integer(call, i, row)?
    } else {
        None
    };
    Ok(given.unwrap_or(row as i64 + 1))
}

/// A list array of structs with these fields.
fn list(
    columns: &[(&'static str, SqlType)],
    lengths: Vec<usize>,
    arrays: Vec<ArrayRef>,
) -> Result<ArrayRef> {
    let fields: Fields = columns
        .iter()
        .map(|(name, ty)| Field::new(*name, ty.arrow(), true))
        .collect();
    let values = StructArray::try_new(fields, arrays, None)?;
    let item = Arc::new(Field::new_list_field(
        arrow::array::Array::data_type(&values).clone(),
        true,
    ));
    // No elements are a NULL list: an outer join keeps those.
    let nulls = NullBuffer::from_iter(lengths.iter().map(|n| *n > 0));
    Ok(Arc::new(ListArray::try_new(
        item,
        OffsetBuffer::from_lengths(lengths),
        Arc::new(values),
        Some(nulls),
    )?))
}

/// Which containers FLATTEN opens.
#[derive(Clone, Copy, PartialEq)]
struct Mode {
    arrays: bool,
    objects: bool,
}

#[derive(Default)]
struct Flat {
    seq: Int64Builder,
    key: StringBuilder,
    path: StringBuilder,
    index: Int64Builder,
    value: LargeBinaryBuilder,
    this: LargeBinaryBuilder,
    rows: usize,
}

impl Flat {
    fn push(
        &mut self,
        seq: i64,
        key: Option<&str>,
        path: Option<&str>,
        index: Option<i64>,
        value: Option<&[u8]>,
        this: Option<&[u8]>,
    ) {
        self.seq.append_value(seq);
        self.key.append_option(key);
        self.path.append_option(path);
        self.index.append_option(index);
        self.value.append_option(value);
        self.this.append_option(this);
        self.rows += 1;
    }

    /// The rows of one container, depth first when recursive.
    fn open(&mut self, seq: i64, this: Ref<'_>, path: &mut String, mode: Mode, recursive: bool) {
        let mark = path.len();
        match this.kind() {
            Kind::Array(items) if mode.arrays => {
                for (i, v) in items.enumerate() {
                    // A missing element is no element.
                    if v.is_undefined() {
                        continue;
                    }
                    path.push_str(&format!("[{i}]"));
                    self.push(
                        seq,
                        None,
                        Some(path),
                        Some(i as i64),
                        Some(v.bytes()),
                        Some(this.bytes()),
                    );
                    if recursive {
                        self.open(seq, v, path, mode, true);
                    }
                    path.truncate(mark);
                }
            }
            Kind::Object(pairs) if mode.objects => {
                for (k, v) in pairs {
                    push_key(path, &k);
                    self.push(
                        seq,
                        Some(&k),
                        Some(path),
                        None,
                        Some(v.bytes()),
                        Some(this.bytes()),
                    );
                    if recursive {
                        self.open(seq, v, path, mode, true);
                    }
                    path.truncate(mark);
                }
            }
            _ => {}
        }
    }

    fn finish(mut self, lengths: Vec<usize>) -> Result<ArrayRef> {
        list(
            &flatten_columns(),
            lengths,
            vec![
                Arc::new(self.seq.finish()),
                Arc::new(self.key.finish()),
                Arc::new(self.path.finish()),
                Arc::new(self.index.finish()),
                Arc::new(self.value.finish()),
                Arc::new(self.this.finish()),
            ],
        )
    }
}

/// Appends a key to a path: plain names after a dot, others in brackets.
fn push_key(path: &mut String, key: &str) {
    let plain = key
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$');
    if plain {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    } else {
        path.push_str("['");
        path.push_str(&key.replace('\\', "\\\\").replace('\'', "\\'"));
        path.push_str("']");
    }
}

/// FLATTEN(input, path, outer, recursive, mode): path is a path text or NULL, mode one of object, array and both in
/// any case. A sixth argument is the number of the input row; with outer an input without elements gives one row of
/// NULLs.
pub fn flatten(call: &Call<'_>) -> Result<ArrayRef> {
    let (paths, outers, recursives, modes) =
        (call.text(1)?, call.bool(2)?, call.bool(3)?, call.text(4)?);
    let mut out = Flat::default();
    let mut lengths = Vec::with_capacity(call.rows);
    let mut path = String::new();
    for row in 0..call.rows {
        let before = out.rows;
        let seq = number(call, 5, row)?;
        let mode = modes.get(row).unwrap_or("both");
        let mode = match mode.to_ascii_lowercase().as_str() {
            "both" => Mode {
                arrays: true,
                objects: true,
            },
            "array" => Mode {
                arrays: true,
                objects: false,
            },
            "object" => Mode {
                arrays: false,
                objects: true,
            },
            _ => {
                return Err(call.error(format!(
                    "invalid mode '{mode}' of FLATTEN: it is OBJECT, ARRAY or BOTH"
                )));
            }
        };
        path.clear();
        path.push_str(paths.get(row).unwrap_or(""));
        let this = match value(call, 0, row)? {
            Some(v) => follow(v, &parse_path(&path).map_err(|m| call.error(m))?),
            None => None,
        };
        if let Some(this) = this {
            let recursive = recursives.get(row).unwrap_or(false);
            out.open(seq, this, &mut path, mode, recursive);
        }
        if out.rows == before && outers.get(row).unwrap_or(false) {
            let this = this.map(|v| v.bytes());
            out.push(seq, None, Some(&path), None, None, this);
        }
        lengths.push(out.rows - before);
    }
    out.finish(lengths)
}

fn split_rows<'a, I: Iterator<Item = &'a str>>(
    call: &Call<'a>,
    parts: impl Fn(&'a str, &'a str) -> I,
) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    let separators = call.text(1)?;
    let (mut seq, mut index, mut value) = (
        Int64Builder::new(),
        Int64Builder::new(),
        StringBuilder::new(),
    );
    let mut lengths = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let mut n = 0;
        if let (Some(text), Some(separator)) = (texts.get(row), separators.get(row)) {
            let seq_number = number(call, 2, row)?;
            for part in parts(text, separator) {
                n += 1;
                seq.append_value(seq_number);
                index.append_value(n as i64);
                value.append_value(part);
            }
        }
        lengths.push(n);
    }
    list(
        &split_to_table_columns(),
        lengths,
        vec![
            Arc::new(seq.finish()),
            Arc::new(index.finish()),
            Arc::new(value.finish()),
        ],
    )
}

/// SPLIT_TO_TABLE(text, separator [, number of the input row]): the parts, numbered from 1.
pub fn split_to_table(call: &Call<'_>) -> Result<ArrayRef> {
    split_rows(call, |text, separator| {
        // An empty separator does not split.
        let whole = separator.is_empty().then_some(text);
        let parts = (!separator.is_empty()).then(|| text.split(separator));
        whole.into_iter().chain(parts.into_iter().flatten())
    })
}

/// STRTOK_SPLIT_TO_TABLE(text, delimiters [, number of the input row]): the tokens, numbered from 1.
pub fn strtok_split_to_table(call: &Call<'_>) -> Result<ArrayRef> {
    split_rows(call, tokens)
}

/// PartiQL's iteration over an array: elements and their indexes from 0. What is no array has no elements.
pub fn unnest(call: &Call<'_>) -> Result<ArrayRef> {
    let (mut values, mut indexes) = (LargeBinaryBuilder::new(), Int64Builder::new());
    let mut lengths = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let mut n = 0;
        if let Some(items) = value(call, 0, row)?.and_then(|v| v.items()) {
            for v in items {
                values.append_value(v.bytes());
                indexes.append_value(n as i64);
                n += 1;
            }
        }
        lengths.push(n);
    }
    list(
        &unnest_columns(),
        lengths,
        vec![Arc::new(values.finish()), Arc::new(indexes.finish())],
    )
}

/// UNPIVOT over an object: values and keys of the members. What is no object has none.
pub fn unpivot_object(call: &Call<'_>) -> Result<ArrayRef> {
    let (mut values, mut keys) = (LargeBinaryBuilder::new(), StringBuilder::new());
    let mut lengths = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let mut n = 0;
        if let Some(pairs) = value(call, 0, row)?.and_then(|v| v.pairs()) {
            for (k, v) in pairs {
                values.append_value(v.bytes());
                keys.append_value(k);
                n += 1;
            }
        }
        lengths.push(n);
    }
    list(
        &unpivot_columns(),
        lengths,
        vec![Arc::new(values.finish()), Arc::new(keys.finish())],
    )
}
