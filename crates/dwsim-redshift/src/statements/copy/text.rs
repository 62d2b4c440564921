//! Delimited text, CSV and fixed-width files as text columns.
//! Their conversion is left to `fit`.

use arrow::array::{Array, ArrayRef, AsArray, StringArray, new_null_array};
use bytes::Bytes;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::load::{CsvOptions, CsvReader, Delimiter, Encoding, Record, RecordError};
use dwsim_engine::types::SqlType;

use super::fit::Fit;
use super::{Load, Place};
use crate::parse::{Copy, Format};

/// How the text of a COPY is read.
///
/// # Errors
/// An encoding that is unknown.
pub(super) fn options(copy: &Copy) -> Result<CsvOptions> {
    Ok(match &copy.format {
        Format::Csv(quote) => CsvOptions {
            field_delimiter: delimiter(copy.delimiter.unwrap_or(',')),
            enclosed_by: u8::try_from(*quote).ok(),
            escape: None,
            escape_unenclosed: None,
            null_if: null_texts(copy),
            null_if_quoted: false,
            ..common(copy)?
        },
        Format::FixedWidth(widths) => CsvOptions {
            fixed_width: Some(widths.iter().map(|w| w.1).collect()),
            enclosed_by: None,
            escape: None,
            escape_unenclosed: None,
            null_if: null_texts(copy),
            ..common(copy)?
        },
        _ => {
            let escape = copy.escape.then_some(b'\\');
            CsvOptions {
                field_delimiter: delimiter(copy.delimiter.unwrap_or('|')),
                enclosed_by: copy.remove_quotes.then_some(b'"'),
                also_enclosed_by: copy.remove_quotes.then_some(b'\''),
                doubled_quotes: false,
                loose_quotes: true,
                escape,
                escape_unenclosed: escape,
                escape_codes: false,
                null_if: null_texts(copy),
                ..common(copy)?
            }
        }
    })
}

fn delimiter(c: char) -> Vec<u8> {
    c.to_string().into_bytes()
}

/// `\N` is NULL unless NULL AS says otherwise.
fn null_texts(copy: &Copy) -> Vec<String> {
    match &copy.null_as {
        None => vec!["\\N".into()],
        // What the literal's own escapes leave of '\0' is the zero character.
        Some(s) if s == "\\0" || s == "\\000" => vec!["\0".into()],
        Some(s) => vec![s.clone()],
    }
}

fn common(copy: &Copy) -> Result<CsvOptions> {
    Ok(CsvOptions {
        record_delimiter: Delimiter::Newline,
        doubled_quotes: true,
        skip_header: copy.ignore_header as usize,
        skip_blank_lines: copy.ignore_blank_lines,
        trim_space: false,
        null_if_quoted: true,
        empty_as_null: copy.empty_as_null,
        blanks_as_null: copy.blanks_as_null,
        replace_invalid: copy.accept_invalid_chars,
        encoding: encoding(copy)?,
        ..CsvOptions::default()
    })
}

pub(super) fn encoding(copy: &Copy) -> Result<Encoding> {
    match &copy.encoding {
        None => Ok(Encoding::Utf8),
        Some(word) => Encoding::parse(word)?.ok_or_else(|| {
            SqlError::raw("", "22023", format!("COPY ENCODING \"{word}\" is unknown"))
        }),
    }
}

/// What Redshift says of bytes that are not UTF-8.
fn invalid_text(raw: &[u8]) -> String {
    let hex: Vec<String> = raw
        .utf8_chunks()
        .map(|c| c.invalid())
        .find(|b| !b.is_empty())
        .unwrap_or_default()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    format!(
        "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: {}",
        hex.join(" ")
    )
}

/// FILLRECORD gives VARCHAR columns that a record lacks the empty string.
fn filled(values: &ArrayRef, records: &[Record], column: usize) -> ArrayRef {
    let texts = values.as_string::<i32>();
    std::sync::Arc::new(
        records
            .iter()
            .enumerate()
            .map(|(row, r)| {
                if column >= r.fields {
                    Some("")
                } else {
                    texts.is_valid(row).then(|| texts.value(row))
                }
            })
            .collect::<StringArray>(),
    )
}

/// Reads one unpacked file. False when too many rows were refused.
///
/// # Errors
/// When the file's character set does not decode.
pub(super) fn text(load: &mut Load<'_>, url: &str, bytes: Bytes) -> Result<bool> {
    let mut reader = CsvReader::new(bytes, options(load.copy)?)?;
    let source = reader.bytes().clone();
    let delimited = matches!(load.copy.format, Format::Delimited);
    while let Some(batch) = reader.next_batch() {
        let rows = batch.records.len();
        let mut fit = Fit {
            url,
            lines: Vec::with_capacity(rows),
            raw: Vec::with_capacity(rows),
            bad: vec![false; rows],
        };
        let wanted = load.given.len();
        let mut go_on = true;
        for (row, record) in batch.records.iter().enumerate() {
            let raw = String::from_utf8_lossy(&source[record.range.clone()]).into_owned();
            // Most text files of Redshift end every line with a delimiter.
            let extra = record.fields > wanted
                && !(delimited && record.fields == wanted + 1 && ends_empty(&batch.columns, row));
            let refused = if let Some(e) = &record.error {
                Some(match e {
                    RecordError::InvalidText { .. } => {
                        (1220, invalid_text(&source[record.range.clone()]))
                    }
                    RecordError::OpenQuote { .. } => {
                        (1214, "Delimited value missing end quote".to_owned())
                    }
                    RecordError::AfterQuote { .. } => {
                        (1214, "Invalid quote formatting for CSV".to_owned())
                    }
                })
            } else if extra {
                Some((1202, "Extra column(s) found".to_owned()))
            } else if record.fields < wanted && !load.copy.fill_record {
                Some((1213, "Delimiter not found".to_owned()))
            } else {
                None
            };
            if let Some((code, why)) = refused {
                fit.bad[row] = true;
                go_on &= load.refuse(
                    Place {
                        file: url,
                        line: record.line,
                        column: None,
                        raw_line: &raw,
                        raw_field: "",
                    },
                    code,
                    why,
                    &[],
                );
            }
            fit.lines.push(record.line);
            fit.raw.push(raw);
        }
        if !go_on {
            return Ok(false);
        }
        let types = load.types();
        let columns = (0..wanted)
            .map(|i| {
                let array = batch
                    .columns
                    .get(i)
                    .cloned()
                    .unwrap_or_else(|| new_null_array(&SqlType::text().arrow(), rows));
                let array = if load.copy.fill_record
                    && !load.copy.empty_as_null
                    && matches!(types[i], SqlType::Varchar(_))
                {
                    filled(&array, &batch.records, i)
                } else {
                    array
                };
                (array, SqlType::text())
            })
            .collect();
        if !fit.add(load, columns)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the last field of a row is empty.
fn ends_empty(columns: &[ArrayRef], row: usize) -> bool {
    columns
        .last()
        .and_then(|c| c.as_string_opt::<i32>())
        .is_some_and(|c| c.is_null(row) || c.value(row).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_are_shown() {
        assert!(invalid_text(b"a\xbf\xfeb").ends_with("bf"));
        assert!(invalid_text("plain".as_bytes()).ends_with(": "));
    }
}
