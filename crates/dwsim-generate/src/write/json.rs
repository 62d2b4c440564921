//! JSON lines: one object per row, keys in column order, JSON columns embedded as they are.
//! Decimals are written as numbers with all their digits, dates as strings.

use std::io::Write;

use arrow::record_batch::RecordBatch;
use dwsim_schema::LogicalType;

use crate::error::GenerateError;
use crate::plan::TablePlan;
use crate::source::{Cells, push_json_string};
use crate::write::{Report, write_text};

/// Writes the shard's rows.
pub(crate) fn write<W: Write>(
    table: &TablePlan,
    out: W,
    report: Report<'_>,
) -> Result<u64, GenerateError> {
    let keys: Vec<(Vec<u8>, bool)> = table
        .table
        .columns
        .iter()
        .map(|c| {
            let mut key = Vec::new();
            push_json_string(&c.name, &mut key);
            key.push(b':');
            (key, matches!(c.ty, LogicalType::Json(_)))
        })
        .collect();
    write_text(table, out, report, b"", |rows, text| {
        batch(rows, &keys, text)
    })
}

fn batch(
    batch: &RecordBatch,
    keys: &[(Vec<u8>, bool)],
    out: &mut Vec<u8>,
) -> Result<(), GenerateError> {
    let cells: Vec<Cells<'_>> = batch
        .columns()
        .iter()
        .map(Cells::of)
        .collect::<Result<_, _>>()?;
    for row in 0..batch.num_rows() {
        out.push(b'{');
        for (i, (cells, (key, json))) in cells.iter().zip(keys).enumerate() {
            if i > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            match cells.text(row) {
                _ if cells.is_null(row) => out.extend_from_slice(b"null"),
                Some(text) if !json => push_json_string(text, out),
                None if !cells.is_bare() => {
                    out.push(b'"');
                    cells.write(row, out);
                    out.push(b'"');
                }
                _ => cells.write(row, out),
            }
        }
        out.extend_from_slice(b"}\n");
    }
    Ok(())
}
