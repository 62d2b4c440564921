//! Arrow IPC files, one record batch per row group's batch.
//! Nothing is compressed; the format is for tools that map it.

use std::io::Write;

use arrow::ipc::writer::FileWriter;

use crate::error::GenerateError;
use crate::plan::TablePlan;
use crate::write::{Counting, Report};

/// Writes the shard's rows.
pub(crate) fn write<W: Write>(
    table: &TablePlan,
    out: W,
    report: Report<'_>,
) -> Result<u64, GenerateError> {
    let mut writer = FileWriter::try_new(
        Counting {
            inner: out,
            bytes: 0,
        },
        &table.schema,
    )?;
    let mut done = 0;
    for group in table.row_groups() {
        for range in TablePlan::batch_ranges(group.rows) {
            done += range.end - range.start;
            writer.write(&table.batch(range)?)?;
        }
        report(table.progress(done, writer.get_ref().bytes));
    }
    writer.finish()?;
    writer.get_mut().flush()?;
    Ok(writer.get_ref().bytes)
}
