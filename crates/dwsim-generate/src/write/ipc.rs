//! Arrow IPC files, one record batch per row group's batch.
//! Nothing is compressed; the format is for tools that map it.

use std::io::Write;

use arrow::ipc::writer::FileWriter;

use crate::error::GenerateError;
use crate::plan::TablePlan;
use crate::write::Report;

/// Counts what passes through.
struct Counting<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

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
