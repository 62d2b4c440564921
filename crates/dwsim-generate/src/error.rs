//! What can go wrong while data are made or written, after the plan was accepted.
//! Problems of the schema are found before, as `dwsim_schema::Diagnostics`.

use std::path::PathBuf;

/// An error of generation or of its output.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// No table of that name is in the plan.
    #[error("there is no table `{0}` in the plan")]
    UnknownTable(String),
    /// A range of rows beyond the table.
    #[error("rows {start}..{end} of table `{table}` do not exist; it has {rows}")]
    RowsOutOfRange {
        /// Table.
        table: String,
        /// First row asked for, from 0.
        start: u64,
        /// End of the range asked for.
        end: u64,
        /// Rows of the table.
        rows: u64,
    },
    /// More threads than can be started.
    #[error("cannot start {threads} threads: {message}")]
    Threads {
        /// Threads asked for.
        threads: usize,
        /// What the system says.
        message: String,
    },
    /// Arrow refused arrays; a defect of the generator.
    #[error("cannot assemble columns: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Parquet could not be written or read; what encloses it says which.
    #[error("{0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A table has no Parquet files.
    #[error("there are no Parquet files of table `{table}` in {}{}", directory.display(), other.as_ref().map_or_else(String::new, |o| format!(" (only {o})")))]
    NoFiles {
        /// Table.
        table: String,
        /// Where they were looked for.
        directory: PathBuf,
        /// A file of another format that is there.
        other: Option<String>,
    },
    /// A file of data cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<GenerateError>,
    },
    /// A sample cannot be read.
    #[error(transparent)]
    Sample(#[from] crate::sample::SampleError),
    /// Output to a writer failed.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// Output to a file failed; no file is left under its name.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file that was to be.
        path: PathBuf,
        /// Why.
        source: Box<GenerateError>,
    },
}
