//! COPY from S3: finding the files, mapping fields to columns, refusing rows, appending the others.
//! Reading file formats is the engine's `load`.

mod check;
mod columnar;
mod documents;
mod files;
mod fit;
mod reason;
mod text;

use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use chrono::Utc;
use dwsim_engine::catalog::{ObjectName, TableEntry};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::types::SqlType;

use self::files::{File, unpack};
use super::cluster::{LoadCommit, LoadError, LoadField, LoadRecord};
use super::outcome::Outcome;
use super::session::RedshiftSession;
use crate::parse::{Copy, Format};
use crate::protocol::Notice;

pub(super) use files::address;

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
    /// `fields` are the fields that were read before.
    pub(super) fn refuse(
        &mut self,
        at: Place<'_>,
        code: i32,
        reason: String,
        fields: &[(usize, Option<String>)],
    ) -> bool {
        let Place {
            file,
            line,
            column,
            raw_line,
            raw_field,
        } = at;
        let def = column.map(|c| &self.entry.def.columns[c]);
        let length = |ty: &SqlType| match ty {
            SqlType::Char(n) | SqlType::Varchar(Some(n)) => n.to_string(),
            SqlType::Number { precision, scale } => format!("{precision}, {scale}"),
            _ => "0".into(),
        };
        let fields = fields
            .iter()
            .map(|(c, value)| {
                let def = &self.entry.def.columns[*c];
                LoadField {
                    number: *c as i64,
                    column: def.name.clone(),
                    value: value.clone(),
                    ty: crate::dialect::internal_name(&def.ty),
                    length: length(&def.ty),
                }
            })
            .collect();
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
            length: def.map(|d| length(&d.ty)).unwrap_or_default(),
            fields,
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
        // So many errors, or more, fail the load; without MAXERROR the first one does.
        (self.errors.len() as u64) < self.copy.max_error.max(1)
    }
}

impl RedshiftSession {
    pub(super) async fn copy(&mut self, copy: &Copy, _text: &str) -> Result<Outcome> {
        check::check(copy)?;
        let (name, entry) = self.engine.table(&copy.table)?;
        if entry
            .def
            .properties
            .contains_key(super::materialized::MATERIALIZED)
        {
            return Err(super::materialized::not_changeable(&name.name));
        }
        let given = self.copy_columns(copy, &entry)?;
        let files = files::files(&self.engine, copy).await?;
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
        let mut record = LoadRecord {
            query: self.query_id,
            pid: self.engine.id(),
            user: self.engine.user.clone(),
            database: name.database.clone(),
            table: name.name.clone(),
            started: Utc::now(),
            ended: Utc::now(),
            source: copy.source.clone(),
            format: format_name(&copy.format),
            rows: 0,
            bytes: 0,
            files: files.len() as i64,
            errors: 0,
            done: false,
        };
        let outcome = self.copy_files(&mut load, &files, &mut record).await;
        for e in &load.errors {
            self.cluster.log_load_error(e.clone());
        }
        record.errors = load.errors.len() as i64;
        let commits = match outcome {
            Ok(Some(commits)) => commits,
            other => {
                record.ended = Utc::now();
                self.cluster.log_load(record);
                return Err(match other {
                    Err(e) => e,
                    Ok(_) => check_errors(&name),
                });
            }
        };
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
        record.rows = rows as i64;
        record.done = true;
        record.ended = Utc::now();
        self.cluster.log_load(record);
        self.notices.push(Notice::info(format!(
            "Load into table '{}' completed, {rows} record(s) loaded successfully.",
            name.name
        )));
        if warned > 0 {
            self.notices.push(Notice::warning(
                "01000",
                format!(
                    "Load into table '{}' completed, {warned} record(s) could not be loaded.  Check 'stl_load_errors' system table for details.",
                    name.name
                ),
            ));
        }
        for (name, value) in [("copy_id", self.query_id), ("copy_count", rows as i64)] {
            self.engine
                .set_parameter(&format!("dwsim.last_{name}"), Some(value.to_string()));
        }
        Ok(Outcome::Done("COPY".into()))
    }

    /// Reads all files. None when too many rows were refused.
    async fn copy_files(
        &mut self,
        load: &mut Load<'_>,
        files: &[File],
        record: &mut LoadRecord,
    ) -> Result<Option<Vec<LoadCommit>>> {
        let mut commits = Vec::new();
        let mut before = 0;
        for file in files {
            let storage = self.engine.engine().storage();
            let bytes = match storage.get(&file.bucket, &file.key).await {
                Ok(bytes) => bytes,
                Err(_) if !file.mandatory => continue,
                Err(e) => return Err(e),
            };
            if let Some(length) = file.length.filter(|l| *l != bytes.len() as u64) {
                return Err(ErrorKind::Load(format!(
                    "the manifest says that {} has {length} bytes, and it has {}",
                    file.url(),
                    bytes.len()
                ))
                .into());
            }
            let size = bytes.len() as i64;
            record.bytes += size;
            let url = file.url();
            let errors = load.errors.len();
            let bytes = unpack(load.copy, bytes)?;
            if !self.copy_file(load, &url, bytes).await? {
                return Ok(None);
            }
            let after: usize = load.batches.iter().map(RecordBatch::num_rows).sum();
            commits.push(LoadCommit {
                query: self.query_id,
                user: self.engine.user.clone(),
                file: url,
                lines: (after - before + load.errors.len() - errors) as i64,
                bytes: size,
                errors: (load.errors.len() - errors) as i64,
                format: record.format,
                time: Utc::now(),
            });
            before = after;
        }
        if commits.is_empty() {
            return Err(ErrorKind::Load(
                "none of the files that the manifest lists exists".to_owned(),
            )
            .into());
        }
        Ok(Some(commits))
    }

    async fn copy_file(&mut self, load: &mut Load<'_>, url: &str, bytes: Bytes) -> Result<bool> {
        let copy = load.copy;
        match &copy.format {
            Format::Parquet => columnar::columnar(load, url, bytes, ColumnarFormat::Parquet),
            Format::Orc => columnar::columnar(load, url, bytes, ColumnarFormat::Orc),
            Format::Json(how) => documents::json(load, &self.engine, url, bytes, how).await,
            Format::Avro(how) => documents::avro(load, &self.engine, url, bytes, how).await,
            _ => text::text(load, url, bytes),
        }
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

/// The format's name in the load history.
fn format_name(format: &Format) -> &'static str {
    match format {
        Format::Csv(_) => "CSV",
        Format::Json(_) => "JSON",
        Format::Parquet => "PARQUET",
        Format::Avro(_) => "AVRO",
        Format::Orc => "ORC",
        Format::Shapefile => "SHAPEFILE",
        Format::Delimited | Format::FixedWidth(_) => "TEXT",
    }
}

fn check_errors(name: &ObjectName) -> SqlError {
    ErrorKind::Load(format!(
        "Load into table '{}' failed.  Check 'stl_load_errors' system table for details.",
        name.name
    ))
    .into()
}
