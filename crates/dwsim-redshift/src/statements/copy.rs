//! COPY from S3: finding the files, mapping fields to columns, refusing rows, appending the others.
//! Reading file formats is the engine's `load`.

mod rows;

use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use chrono::Utc;
use dwsim_engine::catalog::{ObjectName, TableEntry};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::load::Compression as Packing;
use dwsim_engine::session::Session;
use dwsim_engine::types::SqlType;

use super::cluster::{LoadCommit, LoadError};
use super::outcome::Outcome;
use super::session::RedshiftSession;
use crate::parse::{Compression, Copy, Format};
use crate::protocol::Notice;

/// Where a refused row stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// File.
    pub file: &'a str,
    /// Line, from 1.
    pub line: u64,
    /// Position of the column in the table.
    pub column: Option<usize>,
    /// The line.
    pub raw_line: &'a str,
    /// The field.
    pub raw_field: &'a str,
}

/// A load in progress.
pub(super) struct Load<'a> {
    /// The statement.
    pub copy: &'a Copy,
    /// The table.
    pub entry: Arc<TableEntry>,
    /// Positions of the columns to load, in the order of the fields.
    pub given: Vec<usize>,
    /// Session environment.
    pub env: Arc<dwsim_engine::env::Env>,
    /// Rows that are fine.
    pub batches: Vec<RecordBatch>,
    /// Rows that are not.
    pub errors: Vec<LoadError>,
    /// Query id.
    pub query: i64,
    /// Process id.
    pub pid: i64,
    /// Database.
    pub database: String,
}

impl Load<'_> {
    /// Types of the loaded columns.
    pub(super) fn types(&self) -> Vec<SqlType> {
        self.given
            .iter()
            .map(|i| self.entry.def.columns[*i].ty.clone())
            .collect()
    }

    /// Notes a refused row. True when more errors may follow.
    pub(super) fn refuse(&mut self, at: Place<'_>, code: i32, reason: String) -> bool {
        let Place {
            file,
            line,
            column,
            raw_line,
            raw_field,
        } = at;
        let def = column.map(|c| &self.entry.def.columns[c]);
        self.errors.push(LoadError {
            query: self.query,
            pid: self.pid,
            database: self.database.clone(),
            table: self.entry.def.oid as i64,
            time: Utc::now(),
            file: file.to_owned(),
            line: line as i64,
            column: def.map(|d| d.name.clone()).unwrap_or_default(),
            ty: def
                .map(|d| crate::dialect::internal_name(&d.ty))
                .unwrap_or_default(),
            length: def
                .map(|d| match &d.ty {
                    SqlType::Char(n) | SqlType::Varchar(Some(n)) => n.to_string(),
                    SqlType::Number { precision, scale } => format!("{precision}, {scale}"),
                    _ => "0".into(),
                })
                .unwrap_or_default(),
            position: if raw_field.is_empty() {
                0
            } else {
                raw_line.find(raw_field).unwrap_or(0) as i32
            },
            raw_line: raw_line.to_owned(),
            raw_field: raw_field.to_owned(),
            code,
            reason,
        });
        self.errors.len() as u64 <= self.copy.max_error
    }
}

/// Bucket and key of an S3 address.
pub(super) fn address(url: &str) -> Result<(String, String)> {
    let Some(rest) = url.strip_prefix("s3://") else {
        return Err(SqlError::unsupported(format!(
            "COPY or UNLOAD with \"{url}\" (only s3:// addresses)"
        )));
    };
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(SqlError::raw(
            "",
            "XX000",
            format!("S3 address \"{url}\" has no bucket"),
        ));
    }
    Ok((bucket.to_owned(), key.to_owned()))
}

fn unpack(copy: &Copy, bytes: Bytes) -> Result<Bytes> {
    match copy.compression {
        None => Ok(bytes),
        Some(Compression::Gzip) => Packing::Gzip.unpack(bytes),
        Some(Compression::Zstd) => Packing::Zstd.unpack(bytes),
        Some(Compression::Bzip2) => Err(SqlError::unsupported("COPY with BZIP2")),
        Some(Compression::Lzop) => Err(SqlError::unsupported("COPY with LZOP")),
    }
}

/// Options that change the result and that dwsim does not have.
fn check(copy: &Copy) -> Result<()> {
    if let Some(what) = &copy.unsupported {
        return Err(SqlError::unsupported(format!("COPY with {what}")));
    }
    match &copy.format {
        Format::Avro => return Err(SqlError::unsupported("COPY with FORMAT AVRO")),
        Format::Orc => return Err(SqlError::unsupported("COPY with FORMAT ORC")),
        Format::Shapefile => return Err(SqlError::unsupported("COPY with FORMAT SHAPEFILE")),
        Format::Csv(_) if copy.escape => {
            return Err(SqlError::raw(
                "",
                "0A000",
                "CSV is not compatible with ESCAPE",
            ));
        }
        Format::Csv(_) if copy.remove_quotes => {
            return Err(SqlError::raw(
                "",
                "0A000",
                "CSV is not compatible with REMOVEQUOTES",
            ));
        }
        _ => {}
    }
    rows::check_formats(copy)
}

async fn files(session: &Session, copy: &Copy) -> Result<Vec<(String, String)>> {
    let storage = session.engine().storage();
    let (bucket, key) = address(&copy.source)?;
    if copy.manifest {
        let bytes = storage.get(&bucket, &key).await?;
        return manifest(&bytes);
    }
    let found = storage.list(&bucket, &key).await?;
    let files: Vec<(String, String)> = found
        .into_iter()
        // Keys that end in a slash stand for folders.
        .filter(|o| !o.key.ends_with('/'))
        .map(|o| (bucket.clone(), o.key))
        .collect();
    if files.is_empty() {
        return Err(SqlError::raw(
            "",
            "XX000",
            format!("The specified S3 prefix '{key}' does not exist\nbucket: {bucket}"),
        ));
    }
    Ok(files)
}

/// The addresses of a manifest, in order.
fn manifest(bytes: &[u8]) -> Result<Vec<(String, String)>> {
    let broken = |why: &str| {
        SqlError::from(ErrorKind::Load(format!(
            "the manifest is not as documented: {why}"
        )))
    };
    let json: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|e| broken(&e.to_string()))?;
    let entries = json
        .get("entries")
        .and_then(|e| e.as_array())
        .ok_or_else(|| broken("it has no \"entries\""))?;
    entries
        .iter()
        .map(|e| {
            let url = e
                .get("url")
                .and_then(|u| u.as_str())
                .ok_or_else(|| broken("an entry has no \"url\""))?;
            address(url)
        })
        .collect()
}

impl RedshiftSession {
    pub(super) async fn copy(&mut self, copy: &Copy, _text: &str) -> Result<Outcome> {
        check(copy)?;
        let (name, entry) = self.engine.table(&copy.table)?;
        let given = self.copy_columns(copy, &entry)?;
        let files = files(&self.engine, copy).await?;
        let mut load = Load {
            copy,
            given,
            env: self.engine.env(),
            batches: Vec::new(),
            errors: Vec::new(),
            query: self.query_id,
            pid: self.engine.id(),
            database: name.database.clone(),
            entry,
        };
        let mut commits = Vec::new();
        let mut failed = None;
        for (bucket, key) in &files {
            let bytes = self.engine.engine().storage().get(bucket, key).await?;
            let url = format!("s3://{bucket}/{key}");
            let before: usize = load.batches.iter().map(RecordBatch::num_rows).sum();
            let read = match unpack(copy, bytes) {
                Ok(bytes) => rows::read(&mut load, &self.engine, &url, bytes).await,
                Err(e) => Err(e),
            };
            match read {
                Ok(true) => {}
                Ok(false) => {
                    failed = Some(None);
                    break;
                }
                Err(e) => {
                    failed = Some(Some(e));
                    break;
                }
            }
            let after: usize = load.batches.iter().map(RecordBatch::num_rows).sum();
            commits.push(LoadCommit {
                query: self.query_id,
                file: url,
                lines: (after - before) as i64,
                time: Utc::now(),
            });
        }
        for e in &load.errors {
            self.cluster.log_load_error(e.clone());
        }
        match failed {
            Some(Some(e)) => return Err(e),
            Some(None) => return Err(check_errors(&name)),
            None => {}
        }
        let rows: usize = load.batches.iter().map(RecordBatch::num_rows).sum();
        let warned = load.errors.len();
        let (types, given) = (load.types(), load.given);
        if copy.no_load {
            self.notices.push(Notice::info(format!(
                "Load into table '{}' completed, {rows} record(s) could be loaded.",
                name.name
            )));
            return Ok(Outcome::Done("COPY".into()));
        }
        let complete = self
            .engine
            .complete_rows(&name, &given, &types, load.batches)
            .await?;
        self.engine.append(&name, &complete)?;
        for c in commits {
            self.cluster.log_load_commit(c);
        }
        if warned > 0 {
            self.notices.push(Notice::info(format!(
                "Load into table '{}' completed, {rows} record(s) loaded successfully.",
                name.name
            )));
            self.notices.push(Notice::warning(
                "01000",
                format!(
                    "Load into table '{}' completed, {warned} record(s) could not be loaded.  Check 'stl_load_errors' system table for details.",
                    name.name
                ),
            ));
        } else {
            self.notices.push(Notice::info(format!(
                "Load into table '{}' completed, {rows} record(s) loaded successfully.",
                name.name
            )));
        }
        for (name, value) in [("copy_id", self.query_id), ("copy_count", rows as i64)] {
            self.engine
                .set_parameter(&format!("dwsim.last_{name}"), Some(value.to_string()));
        }
        Ok(Outcome::Done("COPY".into()))
    }

    /// The columns that fields are for: the listed ones, or all but identities.
    fn copy_columns(&self, copy: &Copy, entry: &TableEntry) -> Result<Vec<usize>> {
        if copy.columns.is_empty() {
            return Ok(entry
                .def
                .columns
                .iter()
                .enumerate()
                .filter(|(_, c)| {
                    copy.explicit_ids || c.identity.as_ref().is_none_or(|id| !id.always)
                })
                .map(|(i, _)| i)
                .collect());
        }
        copy.columns
            .iter()
            .map(|c| {
                let name = self.fold(c);
                let i = entry.def.index_of(&name).ok_or_else(|| {
                    SqlError::raw(
                        "",
                        "42703",
                        format!(
                            "column \"{name}\" of relation \"{}\" does not exist",
                            copy.table
                        ),
                    )
                })?;
                let always = entry.def.columns[i]
                    .identity
                    .as_ref()
                    .is_some_and(|id| id.always);
                if always && !copy.explicit_ids {
                    return Err(SqlError::raw(
                        "",
                        "0A000",
                        format!("cannot set an identity column to a value: column \"{name}\" (use EXPLICIT_IDS)"),
                    ));
                }
                Ok(i)
            })
            .collect()
    }
}

fn check_errors(name: &ObjectName) -> SqlError {
    ErrorKind::Load(format!(
        "Load into table '{}' failed.  Check 'stl_load_errors' system table for details.",
        name.name
    ))
    .into()
}
