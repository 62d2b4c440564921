//! Columns of a file as columns of the table: options of conversion, and rows that do not fit noted as refused.
//! Reading columns from files is left to `text`, `documents` and `columnar`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Schema};
use dwsim_engine::error::Result;
use dwsim_engine::load::{CellError, DateTexts, TextToVariant, convert};
use dwsim_engine::types::SqlType;

use super::reason::reason;
use super::{Load, Place};
use crate::parse::{Copy, Format};

/// Text columns as the table's types, row errors noted; the fine rows are kept.
pub(super) struct Fit<'a> {
    /// File.
    pub(super) url: &'a str,
    /// Line of each row, from 1.
    pub(super) lines: Vec<u64>,
    /// Text of each row, where the file is text.
    pub(super) raw: Vec<String>,
    /// Rows refused before their fields were looked at.
    pub(super) bad: Vec<bool>,
}

impl Fit<'_> {
    /// Converts and appends. `columns[i]` is for `load.given[i]`.
    pub(super) fn add(
        mut self,
        load: &mut Load<'_>,
        columns: Vec<(ArrayRef, SqlType)>,
    ) -> Result<bool> {
        let rows = self.lines.len();
        let given = load.given.clone();
        let mut out: Vec<ArrayRef> = Vec::with_capacity(columns.len());
        let mut go_on = true;
        let mut seen: Vec<ArrayRef> = Vec::with_capacity(columns.len());
        for (at, (values, from)) in columns.into_iter().enumerate() {
            let column = given[at];
            let def = load.entry.def.columns[column].clone();
            let values = prepare(load, values, &from, &def.ty);
            // Elements of documents are values already; text of other files is JSON.
            let mode = match load.copy.format {
                Format::Json(_) | Format::Avro(_) => TextToVariant::String,
                _ => TextToVariant::Json,
            };
            let (array, errors) = match (dates(load.copy, &from, &def.ty), &def.ty) {
                (Some(how), ty) => dwsim_engine::load::dates::read(&values, ty, &how, &load.env)?,
                (None, ty) => convert(&values, &from, ty, mode, &load.env)?,
            };
            for CellError { row, error } in errors {
                if self.bad[row] || tolerated(load.copy, &def.ty) {
                    continue;
                }
                self.bad[row] = true;
                let raw = values
                    .as_string_opt::<i32>()
                    .filter(|a| a.is_valid(row))
                    .map_or("", |a| a.value(row));
                let (code, why) = reason(&def.ty, raw, &error);
                let (line, raw_line) = (self.lines[row], self.raw[row].clone());
                let mut fields = row_fields(load, &seen, row);
                fields.push((column, Some(raw.to_owned())));
                go_on &= load.refuse(
                    Place {
                        file: self.url,
                        line,
                        column: Some(column),
                        raw_line: &raw_line,
                        raw_field: raw,
                    },
                    code,
                    why,
                    &fields,
                );
            }
            if def.not_null && array.null_count() > 0 && def.identity.is_none() {
                for row in 0..rows {
                    if array.is_null(row) && !self.bad[row] {
                        self.bad[row] = true;
                        let (line, raw_line) = (self.lines[row], self.raw[row].clone());
                        go_on &= load.refuse(
                            Place {
                                file: self.url,
                                line,
                                column: Some(column),
                                raw_line: &raw_line,
                                raw_field: "",
                            },
                            1213,
                            "Missing data for not-null field".into(),
                            &[(column, None)],
                        );
                    }
                }
            }
            out.push(array);
            seen.push(values);
        }
        let schema = Arc::new(Schema::new(
            out.iter()
                .enumerate()
                .map(|(i, a)| Field::new(format!("c{i}"), a.data_type().clone(), true))
                .collect::<Vec<_>>(),
        ));
        let batch = RecordBatch::try_new(schema, out)?;
        let batch = if self.bad.contains(&true) {
            let keep: BooleanArray = self.bad.iter().map(|b| Some(!b)).collect();
            filter_record_batch(&batch, &keep)?
        } else {
            batch
        };
        if batch.num_rows() > 0 {
            load.batches.push(batch);
        }
        Ok(go_on)
    }
}

/// The fields of a row before the one that was refused.
fn row_fields(load: &Load<'_>, seen: &[ArrayRef], row: usize) -> Vec<(usize, Option<String>)> {
    seen.iter()
        .enumerate()
        .map(|(at, values)| {
            let text = values
                .as_string_opt::<i32>()
                .filter(|a| a.is_valid(row))
                .map(|a| a.value(row).to_owned());
            (load.given[at], text)
        })
        .collect()
}

/// ACCEPTANYDATE loads what is no date as NULL.
fn tolerated(copy: &Copy, ty: &SqlType) -> bool {
    copy.accept_any_date
        && matches!(
            ty,
            SqlType::Date | SqlType::Timestamp(_) | SqlType::TimestampLtz(_)
        )
}

/// How texts of dates and timestamps are read; None for other columns.
fn dates(copy: &Copy, from: &SqlType, to: &SqlType) -> Option<DateTexts> {
    if !from.is_text() {
        return None;
    }
    match to {
        SqlType::Date => Some(DateTexts::date(copy.date_format.as_deref())),
        SqlType::Timestamp(_) | SqlType::TimestampLtz(_) => {
            Some(DateTexts::time(copy.time_format.as_deref()))
        }
        _ => None,
    }
}

fn mapped(texts: &StringArray, f: impl Fn(&str) -> Option<&str>) -> ArrayRef {
    Arc::new(
        texts
            .iter()
            .map(|t| t.and_then(&f))
            .collect::<StringArray>(),
    )
}

/// A decimal's text without the digits after the column's scale, as COPY loads it without ROUNDEC.
fn cut_scale(text: &str, scale: u8) -> &str {
    match text.find('.') {
        Some(at) if !text.contains(['e', 'E']) && text.is_ascii() => {
            let end = at + 1 + usize::from(scale);
            let end = if scale == 0 { at } else { end };
            let cut = &text[..end.min(text.len())];
            // What stands behind must be digits, so that garbage stays an error.
            if text[cut.len()..]
                .trim_end()
                .bytes()
                .all(|b| b.is_ascii_digit() || b == b'.')
            {
                cut
            } else {
                text
            }
        }
        _ => text,
    }
}

/// Options that change a field before it is converted.
fn prepare(load: &Load<'_>, values: ArrayRef, from: &SqlType, to: &SqlType) -> ArrayRef {
    let copy = load.copy;
    let Some(texts) = values.as_string_opt::<i32>().filter(|_| from.is_text()) else {
        return values;
    };
    if !to.is_text() {
        // An empty field is no number and no date: it loads as NULL, and so do blanks.
        let values = if !to.is_semi() && texts.iter().flatten().any(|t| t.trim().is_empty()) {
            mapped(texts, |t| Some(t).filter(|t| !t.trim().is_empty()))
        } else {
            Arc::clone(&values)
        };
        return match to {
            SqlType::Number { scale, .. } if !copy.round => {
                let texts = values.as_string::<i32>();
                let scale = *scale;
                if texts
                    .iter()
                    .flatten()
                    .any(|t| cut_scale(t, scale).len() < t.len())
                {
                    mapped(texts, |t| Some(cut_scale(t, scale)))
                } else {
                    values
                }
            }
            _ => values,
        };
    }
    let length = match to {
        SqlType::Char(n) => Some(*n),
        SqlType::Varchar(n) => *n,
        _ => None,
    };
    let documents = matches!(
        copy.format,
        Format::Json(_) | Format::Avro(_) | Format::Parquet | Format::Orc
    );
    let mut values = Arc::clone(&values);
    if documents && (copy.empty_as_null || copy.blanks_as_null) {
        let texts = values.as_string::<i32>();
        values = mapped(texts, |t| {
            let gone = if t.is_empty() {
                copy.empty_as_null
            } else {
                copy.blanks_as_null && t.trim().is_empty()
            };
            (!gone).then_some(t)
        });
    }
    if copy.trim_blanks && matches!(to, SqlType::Varchar(_)) {
        values = mapped(values.as_string::<i32>(), |t| {
            Some(t.trim_end_matches(|c: char| c.is_ascii_whitespace()))
        });
    }
    match length {
        Some(n) if copy.truncate_columns => {
            dwsim_engine::load::convert::truncate(&values, n, &load.env)
        }
        _ => values,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales() {
        for (text, scale, expected) in [
            ("1.259", 2, "1.25"),
            ("-1.25", 2, "-1.25"),
            ("1.9", 0, "1"),
            ("1.2x9", 1, "1.2x9"),
            ("1.259e2", 2, "1.259e2"),
            ("12", 2, "12"),
        ] {
            assert_eq!(cut_scale(text, scale), expected, "{text}");
        }
    }
}
