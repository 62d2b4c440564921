//! The Parquet files of a table in a directory, read batch by batch in the types that dwsim.toml declares.
//! What is checked in them is left to `rules`.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::cast;
use arrow::record_batch::RecordBatch;
use dwsim_schema::Table;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::GenerateError;
use crate::sample::SampleError;
use crate::source::arrow_type;

/// Rows of a batch.
const BATCH: usize = 8_192;

/// The files of a table, in the order of their rows.
#[derive(Debug)]
pub(crate) struct TableFiles {
    paths: Vec<PathBuf>,
    /// Bytes of all of them.
    pub(crate) bytes: u64,
}

impl TableFiles {
    /// Finds `TABLE.parquet`, its shards `TABLE.0.parquet`, …, and appended rows `TABLE.from-ROW.parquet`.
    pub(crate) fn find(directory: &Path, table: &str) -> Result<Self, GenerateError> {
        let failed = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => GenerateError::NoFiles {
                table: table.to_owned(),
                directory: directory.to_owned(),
                other: None,
            },
            _ => SampleError {
                path: directory.to_owned(),
                message: e.to_string(),
            }
            .into(),
        };
        let mut found: Vec<(u64, u64, PathBuf)> = Vec::new();
        let mut bytes = 0;
        let mut other = None;
        for entry in std::fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(rest) = name.strip_prefix(table) else {
                continue;
            };
            let Some(middle) = rest.strip_suffix(".parquet") else {
                let text = [".csv", ".jsonl", ".arrow", ".sql"];
                if text.contains(&rest) {
                    other = Some(name);
                }
                continue;
            };
            let mut from = 0;
            let mut shard = 0;
            let mut known = true;
            for part in middle.split('.').skip(1) {
                match (part.strip_prefix("from-").map(str::parse), part.parse()) {
                    (Some(Ok(row)), _) => from = row,
                    (None, Ok(number)) => shard = number,
                    _ => known = false,
                }
            }
            if known && (middle.is_empty() || middle.starts_with('.')) {
                bytes += entry.metadata().map_err(failed)?.len();
                found.push((from, shard, entry.path()));
            }
        }
        if found.is_empty() {
            return Err(GenerateError::NoFiles {
                table: table.to_owned(),
                directory: directory.to_owned(),
                other,
            });
        }
        found.sort();
        let paths = found.into_iter().map(|(_, _, p)| p).collect();
        Ok(Self { paths, bytes })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.paths.len()
    }

    /// Hands every batch to `each`.
    pub(crate) fn for_each(
        &self,
        mut each: impl FnMut(RecordBatch) -> Result<(), GenerateError>,
    ) -> Result<(), GenerateError> {
        for path in &self.paths {
            let mut read = || -> Result<(), GenerateError> {
                let file = File::open(path)?;
                let reader = ParquetRecordBatchReaderBuilder::try_new(file)?
                    .with_batch_size(BATCH)
                    .build()?;
                for batch in reader {
                    each(batch?)?;
                }
                Ok(())
            };
            read().map_err(|source| match source {
                GenerateError::Parquet(_) | GenerateError::Write(_) | GenerateError::Arrow(_) => {
                    GenerateError::Unreadable {
                        path: path.clone(),
                        source: Box::new(source),
                    }
                }
                other => other,
            })?;
        }
        Ok(())
    }
}

/// The declared columns of a batch in their types; `None` for a column that is not there or has another type, and how
/// it was found instead.
pub(crate) fn adapted(
    table: &Table,
    batch: &RecordBatch,
) -> Vec<Result<ArrayRef, (ArrayRef, String)>> {
    let schema = batch.schema();
    table
        .columns
        .iter()
        .map(|column| {
            let to = arrow_type(column.ty);
            let at = schema
                .fields()
                .iter()
                .position(|f| f.name().eq_ignore_ascii_case(&column.name));
            let missing = || new_null_array(&to, batch.num_rows());
            let Some(array) = at.map(|i| batch.column(i)) else {
                return Err((missing(), "there is no such column".to_owned()));
            };
            if *array.data_type() == to {
                return Ok(array.clone());
            }
            let lossless = |a: &ArrayRef| a.null_count() == array.null_count();
            match cast(array, &to) {
                Ok(cast) if lossless(&cast) => Ok(cast),
                _ => Err((
                    missing(),
                    format!("the values are of type {}, not {to}", array.data_type()),
                )),
            }
        })
        .collect()
}
