//! Files that appear whole or not at all: a temporary name beside the target, then a rename.
//! What is in them is left to the formats.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::error::GenerateError;
use crate::plan::{Plan, TablePlan};
use crate::write::{Format, Report};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Table.
    pub table: String,
    /// Where.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// Distinguishes temporary files of one process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Removes the temporary file unless it was renamed.
struct Pending {
    temporary: PathBuf,
    renamed: bool,
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.renamed {
            // nothing more can be done about a file that cannot be removed
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

impl TablePlan {
    /// Writes the rows of this shard to a file, which appears under its name only when it is complete.
    ///
    /// # Errors
    /// If the file cannot be written; nothing is left behind then, and an existing file keeps its content.
    pub fn write_file(
        &self,
        path: &Path,
        format: Format,
        report: Report<'_>,
    ) -> Result<WrittenFile, GenerateError> {
        let failed = |source: GenerateError| GenerateError::File {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(
            ".{}.{}.tmp",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
        let mut pending = Pending {
            temporary: path.with_file_name(name),
            renamed: false,
        };
        let write = || -> Result<u64, GenerateError> {
            let file = File::create(&pending.temporary)?;
            let bytes = self.write(BufWriter::with_capacity(1 << 20, &file), format, report)?;
            Ok(bytes)
        };
        let bytes = write().map_err(failed)?;
        fs::rename(&pending.temporary, path).map_err(|e| failed(e.into()))?;
        pending.renamed = true;
        let rows = self.shard_rows();
        Ok(WrittenFile {
            table: self.name().to_owned(),
            path: path.to_owned(),
            rows: rows.end - rows.start,
            bytes,
        })
    }
}

impl Plan {
    /// Writes every table to `directory/TABLE.EXTENSION` (`TABLE.SHARD.EXTENSION` for shards, counted from 0), in
    /// parallel. Tables that a shard has no rows of still get a file, without rows.
    ///
    /// # Errors
    /// The first table that could not be written; files of other tables may be there, each of them complete.
    pub fn write_files(
        &self,
        directory: &Path,
        format: Format,
        report: Report<'_>,
    ) -> Result<Vec<WrittenFile>, GenerateError> {
        let path = |table: &TablePlan| directory.join(self.file_name(table, format));
        self.in_pool(|| {
            fs::create_dir_all(directory).map_err(|e| GenerateError::File {
                path: directory.to_owned(),
                source: Box::new(e.into()),
            })?;
            // long tables first, so that no thread is left alone with the longest
            let mut order: Vec<usize> = (0..self.tables.len()).collect();
            order.sort_by_key(|i| {
                std::cmp::Reverse(self.tables[*i].rows() * self.tables[*i].columns.len() as u64)
            });
            let written: Vec<(usize, WrittenFile)> = order
                .par_iter()
                .map(|i| {
                    let table = &self.tables[*i];
                    Ok((*i, table.write_file(&path(table), format, report)?))
                })
                .collect::<Result<_, GenerateError>>()?;
            let mut written = written;
            written.sort_by_key(|(i, _)| *i);
            Ok(written.into_iter().map(|(_, f)| f).collect())
        })
    }

    /// The name of a table's file: `TABLE.EXTENSION`, with the shard's number (from 0) in front of the extension, and
    /// `from-ROW` if the rows are appended.
    #[must_use]
    pub fn file_name(&self, table: &TablePlan, format: Format) -> String {
        let mut name = table.name().to_owned();
        if table.first_row() > 0 {
            name.push_str(&format!(".from-{}", table.first_row()));
        }
        if let Some(shard) = self.options.shard.filter(|s| s.count > 1) {
            name.push_str(&format!(".{}", shard.index));
        }
        format!("{name}.{}", format.extension())
    }

    /// Runs with as many threads as the options say.
    fn in_pool<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, GenerateError> + Send,
    ) -> Result<T, GenerateError> {
        match self.options.threads {
            None => work(),
            Some(threads) => rayon::ThreadPoolBuilder::new()
                .num_threads(threads.max(1))
                .build()
                .map_err(|e| GenerateError::Threads {
                    threads,
                    message: e.to_string(),
                })?
                .install(work),
        }
    }
}
