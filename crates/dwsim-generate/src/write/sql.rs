//! INSERT statements in a dialect's SQL, for small tables and for reading.
//! DDL is left to dwsim-schema.

use std::io::Write;

use arrow::record_batch::RecordBatch;
use dwsim_schema::identifiers::{literal, quote};
use dwsim_schema::{Dialect, LogicalType};

use crate::error::GenerateError;
use crate::plan::TablePlan;
use crate::source::Cells;
use crate::write::{Report, write_text};

/// Rows of one statement.
const ROWS: usize = 500;

/// Writes the shard's rows.
pub(crate) fn write<W: Write>(
    table: &TablePlan,
    out: W,
    dialect: Dialect,
    report: Report<'_>,
) -> Result<u64, GenerateError> {
    let columns: Vec<String> = table
        .table
        .columns
        .iter()
        .map(|c| quote(&c.name, dialect))
        .collect();
    let head = format!(
        "INSERT INTO {} ({})",
        quote(table.name(), dialect),
        columns.join(", ")
    );
    let types: Vec<LogicalType> = table.table.columns.iter().map(|c| c.ty).collect();
    write_text(table, out, report, b"", |rows, text| {
        batch(rows, &types, &head, dialect, text)
    })
}

fn batch(
    batch: &RecordBatch,
    types: &[LogicalType],
    head: &str,
    dialect: Dialect,
    out: &mut Vec<u8>,
) -> Result<(), GenerateError> {
    // Snowflake takes functions in SELECT … FROM VALUES, but not in VALUES itself
    let selects = dialect == Dialect::Snowflake
        && types
            .iter()
            .any(|t| matches!(t, LogicalType::Json(_) | LogicalType::Binary(_)));
    let cells: Vec<Cells<'_>> = batch
        .columns()
        .iter()
        .map(Cells::of)
        .collect::<Result<_, _>>()?;
    let mut text = Vec::new();
    for row in 0..batch.num_rows() {
        if row % ROWS == 0 {
            out.extend_from_slice(head.as_bytes());
            if selects {
                let columns: Vec<String> = types
                    .iter()
                    .enumerate()
                    .map(|(i, ty)| selected(*ty, i + 1))
                    .collect();
                out.extend_from_slice(format!(" SELECT {} FROM", columns.join(", ")).as_bytes());
            }
            out.extend_from_slice(b" VALUES\n");
        }
        out.push(b'(');
        for (i, (cells, ty)) in cells.iter().zip(types).enumerate() {
            if i > 0 {
                out.extend_from_slice(b", ");
            }
            if cells.is_null(row) {
                out.extend_from_slice(b"NULL");
                continue;
            }
            text.clear();
            cells.write(row, &mut text);
            if cells.is_bare() {
                out.extend_from_slice(&text);
                continue;
            }
            let quoted = literal(&String::from_utf8_lossy(&text), dialect);
            let value = match (ty, dialect) {
                (LogicalType::Json(_), Dialect::Redshift) => format!("JSON_PARSE({quoted})"),
                (LogicalType::Binary(_), Dialect::Redshift) => format!("FROM_HEX({quoted})"),
                _ => quoted,
            };
            out.extend_from_slice(value.as_bytes());
        }
        let last = row % ROWS == ROWS - 1 || row + 1 == batch.num_rows();
        out.extend_from_slice(if last { b");\n" } else { b"),\n" });
    }
    Ok(())
}

/// A column of `VALUES` as Snowflake's type.
fn selected(ty: LogicalType, position: usize) -> String {
    match ty {
        LogicalType::Json(_) => format!("PARSE_JSON(column{position})"),
        LogicalType::Binary(_) => format!("TO_BINARY(column{position}, 'HEX')"),
        _ => format!("column{position}"),
    }
}
