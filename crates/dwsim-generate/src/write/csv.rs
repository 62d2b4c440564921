//! CSV as both warehouses' COPY reads it: comma, header, quotes only where needed, LF.
//! NULL is an empty field and empty text is `""`, so the two can be told apart.

use std::io::Write;

use arrow::record_batch::RecordBatch;

use crate::error::GenerateError;
use crate::plan::TablePlan;
use crate::source::Cells;
use crate::write::{Report, write_text};

/// Writes the shard's rows.
pub(crate) fn write<W: Write>(
    table: &TablePlan,
    out: W,
    report: Report<'_>,
) -> Result<u64, GenerateError> {
    let mut head = Vec::new();
    for (i, field) in table.schema.fields().iter().enumerate() {
        if i > 0 {
            head.push(b',');
        }
        push_field(field.name(), &mut head);
    }
    head.push(b'\n');
    write_text(table, out, report, &head, batch)
}

/// Rows of any origin, with a header.
pub(crate) fn csv_text(rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), GenerateError> {
    for (i, field) in rows.schema().fields().iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push_field(field.name(), out);
    }
    out.push(b'\n');
    batch(rows, out)
}

fn batch(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), GenerateError> {
    let cells: Vec<Cells<'_>> = batch
        .columns()
        .iter()
        .map(Cells::of)
        .collect::<Result<_, _>>()?;
    for row in 0..batch.num_rows() {
        for (i, cells) in cells.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            if cells.is_null(row) {
                continue;
            }
            match cells.text(row) {
                Some(text) => push_field(text, out),
                None => cells.write(row, out),
            }
        }
        out.push(b'\n');
    }
    Ok(())
}

fn push_field(text: &str, out: &mut Vec<u8>) {
    let edge = |b: Option<&u8>| b.is_some_and(|b| *b == b' ');
    let bytes = text.as_bytes();
    let quoted = text.is_empty()
        || edge(bytes.first())
        || edge(bytes.last())
        || bytes
            .iter()
            .any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r'));
    if !quoted {
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    for b in bytes {
        if *b == b'"' {
            out.push(b'"');
        }
        out.push(*b);
    }
    out.push(b'"');
}
