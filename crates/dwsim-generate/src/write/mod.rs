//! Output: formats, files that appear whole or not at all, progress.
//! What is written comes from `plan`.

mod csv;
mod file;
mod ipc;
mod json;
mod parquet;
mod sql;

use std::io::Write;

use dwsim_schema::Dialect;

use crate::error::GenerateError;
use crate::plan::TablePlan;

pub(crate) use csv::csv_text;
pub use file::WrittenFile;

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Parquet, zstd level 1, encodings chosen per column.
    Parquet,
    /// CSV with a header; NULL is an empty field, empty text is `""`.
    Csv,
    /// One JSON object per line.
    JsonLines,
    /// Arrow IPC file.
    Arrow,
    /// INSERT statements in a dialect's SQL, 500 rows each.
    Sql(Dialect),
}

impl Format {
    /// File extension without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Arrow => "arrow",
            Self::Sql(_) => "sql",
        }
    }
}

/// How far a table is; reported after each row group or batch, from any thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Table.
    pub table: &'a str,
    /// Rows written.
    pub rows: u64,
    /// Rows to write.
    pub total: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Counts what passes through.
pub(crate) struct Counting<W> {
    pub(crate) inner: W,
    pub(crate) bytes: u64,
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

/// Rows that an estimate is made from.
const SAMPLE: u64 = 65_536;

/// Receives progress; must be quick.
pub(crate) type Report<'a> = &'a (dyn Fn(Progress<'_>) + Sync);

impl TablePlan {
    /// Writes the rows of this shard to a writer, and returns the number of bytes.
    ///
    /// # Errors
    /// If the writer fails; what it took until then is incomplete.
    pub fn write<W: Write + Send>(
        &self,
        out: W,
        format: Format,
        report: Report<'_>,
    ) -> Result<u64, GenerateError> {
        match format {
            Format::Parquet => parquet::write(self, out, report),
            Format::Csv => csv::write(self, out, report),
            Format::JsonLines => json::write(self, out, report),
            Format::Arrow => ipc::write(self, out, report),
            Format::Sql(dialect) => sql::write(self, out, dialect, report),
        }
    }

    /// About how many bytes [`TablePlan::write`] will make, from the first rows of this shard. Dictionaries weigh more in
    /// few rows than in many: Parquet comes out smaller, never much larger.
    ///
    /// # Errors
    /// If a row cannot be made.
    pub fn estimate(&self, format: Format) -> Result<u64, GenerateError> {
        let rows = self.shard_rows();
        let rows = rows.end - rows.start;
        let sample = rows.min(SAMPLE);
        if sample == 0 {
            return Ok(0);
        }
        let bytes = self.head(sample).write(std::io::sink(), format, &|_| {})?;
        let all = u128::from(bytes) * u128::from(rows) / u128::from(sample);
        Ok(u64::try_from(all).unwrap_or(u64::MAX))
    }

    fn progress(&self, done: u64, bytes: u64) -> Progress<'_> {
        let rows = self.shard_rows();
        Progress {
            table: self.name(),
            rows: done,
            total: rows.end - rows.start,
            bytes,
        }
    }
}

/// Formats batches in parallel and writes them in order: `format` turns the arrays of one batch into bytes.
fn write_text<W: Write>(
    table: &TablePlan,
    mut out: W,
    report: Report<'_>,
    head: &[u8],
    format: impl Fn(&arrow::record_batch::RecordBatch, &mut Vec<u8>) -> Result<(), GenerateError> + Sync,
) -> Result<u64, GenerateError> {
    use rayon::prelude::*;
    out.write_all(head)?;
    let mut bytes = head.len() as u64;
    let mut done = 0;
    for group in table.row_groups() {
        let ranges: Vec<_> = TablePlan::batch_ranges(group.rows).collect();
        let texts: Vec<Vec<u8>> = ranges
            .par_iter()
            .map(|range| {
                let mut text = Vec::new();
                format(&table.batch(range.clone())?, &mut text)?;
                Ok(text)
            })
            .collect::<Result<_, GenerateError>>()?;
        for (text, range) in texts.iter().zip(ranges) {
            out.write_all(text)?;
            bytes += text.len() as u64;
            done += range.end - range.start;
        }
        report(table.progress(done, bytes));
    }
    out.flush()?;
    Ok(bytes)
}
