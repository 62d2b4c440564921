//! UNLOAD to S3: delimited text, CSV, JSON lines or Parquet, in parts, with manifest and partitions.
//! Running the query is the engine's work.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use bytes::{Bytes, BytesMut};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::load::Compression as Packing;
use dwsim_engine::types::{ColumnInfo, SqlType};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::cluster::UnloadFile;
use super::copy::address;
use super::outcome::Outcome;
use super::session::RedshiftSession;
use crate::parse::{Compression, Unload, UnloadFormat};
use crate::protocol::{Notice, RowStyle, cell_text};

/// Files are cut at this size unless MAXFILESIZE says otherwise (6.2 GB on Redshift).
const MAX_FILE: u64 = 6_656_000_000;
/// Bytes of a Parquet row group unless ROWGROUPSIZE says otherwise.
const ROW_GROUP: u64 = 32 << 20;
/// Rows written to a Parquet file between two looks at its size.
const STEP: usize = 4096;

/// A file to be written.
struct Part {
    key: String,
    bytes: Vec<u8>,
    rows: usize,
}

fn invalid(text: &str) -> SqlError {
    SqlError::raw("", "0A000", text)
}

fn check(u: &Unload) -> Result<()> {
    if let Some(what) = &u.unsupported {
        return Err(SqlError::unsupported(format!("UNLOAD with {what}")));
    }
    let columnar = matches!(u.format, UnloadFormat::Parquet | UnloadFormat::Json);
    if columnar && (u.delimiter.is_some() || u.add_quotes || u.escape || u.null_as.is_some()) {
        return Err(invalid(
            "UNLOAD to PARQUET or JSON takes no DELIMITER, ADDQUOTES, ESCAPE or NULL AS",
        ));
    }
    if columnar && (u.header || u.fixed_width.is_some()) {
        return Err(invalid(
            "UNLOAD to PARQUET or JSON takes no HEADER or FIXEDWIDTH",
        ));
    }
    if u.format == UnloadFormat::Parquet && u.compression.is_some() {
        return Err(invalid("UNLOAD to PARQUET takes no compression"));
    }
    if u.format == UnloadFormat::Csv && (u.escape || u.fixed_width.is_some()) {
        return Err(invalid("CSV is not compatible with ESCAPE or FIXEDWIDTH"));
    }
    if u.fixed_width.is_some() && (u.delimiter.is_some() || u.header || u.add_quotes) {
        return Err(invalid(
            "FIXEDWIDTH is not compatible with DELIMITER, HEADER or ADDQUOTES",
        ));
    }
    if let Some(size) = u.max_file_size
        && !(5 * 1024 * 1024..=MAX_FILE).contains(&size)
    {
        return Err(SqlError::raw(
            "",
            "22023",
            "MAXFILESIZE must be between 5 MB and 6.2 GB",
        ));
    }
    if u.row_group_size
        .is_some_and(|s| u.format != UnloadFormat::Parquet || !(32 << 20..=128 << 20).contains(&s))
    {
        return Err(SqlError::raw(
            "",
            "22023",
            "ROWGROUPSIZE is for PARQUET and must be between 32 MB and 128 MB",
        ));
    }
    if u.query.limit_clause.is_some() || u.query.fetch.is_some() {
        return Err(invalid(
            "Limit clause is not supported in the SELECT of UNLOAD",
        ));
    }
    if u.allow_overwrite && u.clean_path {
        return Err(invalid("CLEANPATH is not compatible with ALLOWOVERWRITE"));
    }
    Ok(())
}

fn packing(c: Option<Compression>) -> Result<Packing> {
    Ok(match c {
        None => Packing::None,
        Some(Compression::Gzip) => Packing::Gzip,
        Some(Compression::Zstd) => Packing::Zstd,
        Some(Compression::Bzip2) => Packing::Bzip2,
        Some(Compression::Lzop) => {
            return Err(SqlError::raw(
                "",
                "42601",
                "UNLOAD takes GZIP, BZIP2 or ZSTD",
            ));
        }
    })
}

fn extension(u: &Unload, packing: Packing) -> String {
    if let Some(e) = &u.extension {
        return format!(".{e}");
    }
    let base = match u.format {
        UnloadFormat::Parquet => ".parquet",
        _ => "",
    };
    format!("{base}{}", packing.extension())
}

/// Rows of one file as text.
fn text(
    u: &Unload,
    columns: &[ColumnInfo],
    batch: &RecordBatch,
    style: RowStyle,
) -> Result<Vec<Vec<u8>>> {
    let csv = u.format == UnloadFormat::Csv;
    let delimiter = u.delimiter.unwrap_or(if csv { ',' } else { '|' });
    let mut cell = BytesMut::new();
    let mut out = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mut line: Vec<u8> = Vec::new();
        for (i, c) in columns.iter().enumerate() {
            cell.clear();
            let null = !cell_text(batch.column(i).as_ref(), &c.ty, row, style, &mut cell)?;
            let value = if null {
                u.null_as.clone().unwrap_or_default()
            } else {
                String::from_utf8_lossy(&cell).into_owned()
            };
            if let Some(widths) = &u.fixed_width {
                let width = widths.get(i).map_or(0, |w| w.1);
                let shown: String = value.chars().take(width).collect();
                let pad = width.saturating_sub(shown.chars().count());
                line.extend_from_slice(shown.as_bytes());
                line.extend(std::iter::repeat_n(b' ', pad));
                continue;
            }
            if i > 0 {
                let mut buffer = [0; 4];
                line.extend_from_slice(delimiter.encode_utf8(&mut buffer).as_bytes());
            }
            let special = |s: &str| s.contains(delimiter) || s.contains(['"', '\n', '\r']);
            if csv {
                if !null && special(&value) {
                    line.push(b'"');
                    line.extend_from_slice(value.replace('"', "\"\"").as_bytes());
                    line.push(b'"');
                } else {
                    line.extend_from_slice(value.as_bytes());
                }
            } else {
                let quoted = u.add_quotes && !null;
                if quoted {
                    line.push(b'"');
                }
                if u.escape && !null {
                    for ch in value.chars() {
                        if ch == delimiter || matches!(ch, '\\' | '\n' | '\r' | '"' | '\'') {
                            line.push(b'\\');
                        }
                        let mut buffer = [0; 4];
                        line.extend_from_slice(ch.encode_utf8(&mut buffer).as_bytes());
                    }
                } else {
                    line.extend_from_slice(value.as_bytes());
                }
                if quoted {
                    line.push(b'"');
                }
            }
        }
        line.push(b'\n');
        out.push(line);
    }
    Ok(out)
}

/// Rows of one file as JSON objects.
fn json(columns: &[ColumnInfo], batch: &RecordBatch, style: RowStyle) -> Result<Vec<Vec<u8>>> {
    let mut cell = BytesMut::new();
    (0..batch.num_rows())
        .map(|row| {
            let mut line = String::from("{");
            for (i, c) in columns.iter().enumerate() {
                if i > 0 {
                    line.push(',');
                }
                line.push_str(&serde_json::Value::from(c.name.as_str()).to_string());
                line.push(':');
                cell.clear();
                if !cell_text(batch.column(i).as_ref(), &c.ty, row, style, &mut cell)? {
                    line.push_str("null");
                    continue;
                }
                let value = String::from_utf8_lossy(&cell);
                match &c.ty {
                    SqlType::Boolean => line.push_str(if value == "t" { "true" } else { "false" }),
                    SqlType::Variant => line.push_str(&value),
                    t if t.is_numeric() => line.push_str(&value),
                    _ => line.push_str(&serde_json::Value::from(value.as_ref()).to_string()),
                }
            }
            line.push_str("}\n");
            Ok(line.into_bytes())
        })
        .collect()
}

/// Rows as Parquet files of at most so many bytes (as far as row groups allow): bytes and rows of each.
fn parquet(
    u: &Unload,
    columns: &[ColumnInfo],
    batch: &RecordBatch,
    style: RowStyle,
) -> Result<Vec<(Vec<u8>, usize)>> {
    // Types that Parquet has no form for travel as text, SUPER as its JSON.
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (i, c) in columns.iter().enumerate() {
        let array = batch.column(i);
        let keep = matches!(
            c.ty,
            SqlType::Boolean
                | SqlType::SmallInt
                | SqlType::Integer
                | SqlType::BigInt
                | SqlType::Number { .. }
                | SqlType::Real
                | SqlType::Double
                | SqlType::Varchar(_)
                | SqlType::Char(_)
                | SqlType::Binary(_)
                | SqlType::Date
                | SqlType::Timestamp(_)
                | SqlType::TimestampLtz(_)
        );
        let array: arrow::array::ArrayRef = if keep {
            Arc::clone(array)
        } else {
            let mut cell = BytesMut::new();
            let texts = (0..array.len())
                .map(|row| {
                    cell.clear();
                    let some = cell_text(array.as_ref(), &c.ty, row, style, &mut cell)?;
                    Ok(some.then(|| String::from_utf8_lossy(&cell).into_owned()))
                })
                .collect::<Result<arrow::array::StringArray>>()?;
            Arc::new(texts)
        };
        fields.push(arrow::datatypes::Field::new(
            &c.name,
            array.data_type().clone(),
            true,
        ));
        arrays.push(array);
    }
    let batch = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), arrays)?;
    let broken = |e: &dyn std::fmt::Display| SqlError::internal(format!("Parquet: {e}"));
    let groups = u.row_group_size.unwrap_or(ROW_GROUP);
    let limit = u.max_file_size.unwrap_or(MAX_FILE);
    let properties = || {
        WriterProperties::builder()
            .set_compression(parquet::basic::Compression::SNAPPY)
            .build()
    };
    let mut files = Vec::new();
    let mut at = 0;
    loop {
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties()))
            .map_err(|e| broken(&e))?;
        let first = at;
        while at < batch.num_rows() {
            let step = STEP.min(batch.num_rows() - at);
            writer
                .write(&batch.slice(at, step))
                .map_err(|e| broken(&e))?;
            at += step;
            let open = writer.in_progress_size() as u64;
            if open >= groups {
                writer.flush().map_err(|e| broken(&e))?;
            }
            if writer.bytes_written() as u64 + open >= limit {
                break;
            }
        }
        let bytes = writer.into_inner().map_err(|e| broken(&e))?;
        files.push((bytes, at - first));
        if at >= batch.num_rows() {
            return Ok(files);
        }
    }
}

/// A column's type as MANIFEST VERBOSE writes it.
fn manifest_type(ty: &SqlType) -> serde_json::Value {
    let base = crate::catalog::data_type_name(ty);
    match ty {
        SqlType::Char(n) | SqlType::Varchar(Some(n)) => {
            serde_json::json!({ "base": base, "max_length": n })
        }
        SqlType::Number { precision, scale } => {
            serde_json::json!({ "base": base, "precision": precision, "scale": scale })
        }
        _ => serde_json::json!({ "base": base }),
    }
}

/// The parts of one partition.
fn parts(
    u: &Unload,
    prefix: &str,
    columns: &[ColumnInfo],
    batch: &RecordBatch,
    style: RowStyle,
    packing: Packing,
) -> Result<Vec<Part>> {
    let ending = extension(u, packing);
    // In parallel each slice writes its part; this cluster has one slice, and serial parts are numbered only.
    let key = |part: usize| {
        if u.parallel {
            format!("{prefix}0000_part_{part:02}{ending}")
        } else {
            format!("{prefix}{part:03}{ending}")
        }
    };
    if u.format == UnloadFormat::Parquet {
        return Ok(parquet(u, columns, batch, style)?
            .into_iter()
            .enumerate()
            .map(|(part, (bytes, rows))| Part {
                key: key(part),
                bytes,
                rows,
            })
            .collect());
    }
    let lines = match u.format {
        UnloadFormat::Json => json(columns, batch, style)?,
        _ => text(u, columns, batch, style)?,
    };
    let header = if u.header {
        let delimiter = u.delimiter.unwrap_or(if u.format == UnloadFormat::Csv {
            ','
        } else {
            '|'
        });
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        format!("{}\n", names.join(&delimiter.to_string())).into_bytes()
    } else {
        Vec::new()
    };
    let limit = u.max_file_size.unwrap_or(MAX_FILE) as usize;
    let mut out: Vec<Part> = Vec::new();
    let mut current = header.clone();
    let mut rows = 0;
    for line in lines {
        if rows > 0 && current.len() + line.len() > limit {
            out.push(Part {
                key: key(out.len()),
                bytes: packing.pack(&current)?,
                rows,
            });
            current.clone_from(&header);
            rows = 0;
        }
        current.extend_from_slice(&line);
        rows += 1;
    }
    out.push(Part {
        key: key(out.len()),
        bytes: packing.pack(&current)?,
        rows,
    });
    Ok(out)
}

impl RedshiftSession {
    pub(super) async fn unload(&mut self, u: &Unload) -> Result<Outcome> {
        check(u)?;
        let started = chrono::Utc::now();
        let packing = packing(u.compression)?;
        let (bucket, prefix) = address(&u.target)?;
        let (columns, batches) = self
            .engine
            .run_query(&u.query, &[])
            .await?
            .collect()
            .await?;
        let schema = Arc::new(arrow::datatypes::Schema::new(
            columns
                .iter()
                .enumerate()
                .map(|(i, c)| arrow::datatypes::Field::new(format!("c{i}"), c.ty.arrow(), true))
                .collect::<Vec<_>>(),
        ));
        let batches = batches
            .into_iter()
            .map(|b| {
                Ok(RecordBatch::try_new(
                    Arc::clone(&schema),
                    b.columns().to_vec(),
                )?)
            })
            .collect::<Result<Vec<_>>>()?;
        let all = concat_batches(&schema, &batches)?;
        let style = self.row_style();
        let rows = all.num_rows();
        let mut written = Vec::new();
        if u.partition_by.is_empty() {
            written.extend(parts(u, &prefix, &columns, &all, style, packing)?);
        } else {
            for (folder, keep, part) in self.partitions(u, &columns, &all, style)? {
                let inside: Vec<ColumnInfo> = keep.iter().map(|i| columns[*i].clone()).collect();
                let projected = part.project(&keep)?;
                let base = prefix.trim_end_matches('/');
                let path = format!("{base}/{folder}/");
                written.extend(parts(u, &path, &inside, &projected, style, packing)?);
            }
        }
        let storage = Arc::clone(self.engine.engine().storage());
        let there = storage.list(&bucket, &prefix).await?;
        if u.clean_path {
            for o in &there {
                storage.delete(&bucket, &o.key).await?;
            }
        } else if !u.allow_overwrite && !there.is_empty() {
            return Err(ErrorKind::Storage(format!(
                "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.\n{}",
                u.target
            ))
            .into());
        }
        let mut entries = Vec::new();
        for part in &written {
            storage
                .put(&bucket, &part.key, Bytes::from(part.bytes.clone()))
                .await?;
            entries.push(serde_json::json!({
                "url": format!("s3://{bucket}/{}", part.key),
                "meta": { "content_length": part.bytes.len(), "record_count": part.rows },
            }));
        }
        if let Some(verbose) = u.manifest {
            let manifest = if verbose {
                serde_json::json!({
                    "entries": entries,
                    "schema": { "elements": columns.iter().map(|c| serde_json::json!({
                        "name": c.name,
                        "type": manifest_type(&c.ty),
                    })).collect::<Vec<_>>() },
                    "meta": { "record_count": rows },
                    "author": { "name": "Amazon Redshift", "version": "1.0" },
                })
            } else {
                let plain: Vec<_> = entries
                    .iter()
                    .map(|e| serde_json::json!({ "url": e["url"] }))
                    .collect();
                serde_json::json!({ "entries": plain })
            };
            storage
                .put(
                    &bucket,
                    &format!("{prefix}manifest"),
                    Bytes::from(format!("{manifest:#}")),
                )
                .await?;
        }
        for part in &written {
            self.cluster.log_unload(UnloadFile {
                query: self.query_id,
                pid: self.engine.id(),
                user: self.engine.user.clone(),
                database: self.engine.database().unwrap_or_default().to_owned(),
                path: format!("s3://{bucket}/{}", part.key),
                started,
                ended: chrono::Utc::now(),
                rows: part.rows as i64,
                bytes: part.bytes.len() as i64,
                format: match u.format {
                    UnloadFormat::Delimited => "TEXT",
                    UnloadFormat::Csv => "CSV",
                    UnloadFormat::Parquet => "PARQUET",
                    UnloadFormat::Json => "JSON",
                },
            });
        }
        for (name, value) in [("unload_id", self.query_id), ("unload_count", rows as i64)] {
            self.engine
                .set_parameter(&format!("dwsim.last_{name}"), Some(value.to_string()));
        }
        self.notices.push(Notice::info(format!(
            "UNLOAD completed, {rows} record(s) unloaded successfully."
        )));
        Ok(Outcome::Done("UNLOAD".into()))
    }

    /// Rows by the values of the PARTITION BY columns: folder, columns to write, rows.
    fn partitions(
        &self,
        u: &Unload,
        columns: &[ColumnInfo],
        all: &RecordBatch,
        style: RowStyle,
    ) -> Result<Vec<(String, Vec<usize>, RecordBatch)>> {
        let keys = u
            .partition_by
            .iter()
            .map(|i| {
                let name = self.fold(i);
                columns
                    .iter()
                    .position(|c| c.name == name)
                    .ok_or_else(|| ErrorKind::UnknownColumn(name).into())
            })
            .collect::<Result<Vec<usize>>>()?;
        let keep: Vec<usize> = (0..columns.len())
            .filter(|i| u.include_partitions || !keys.contains(i))
            .collect();
        if keep.is_empty() {
            return Err(invalid("PARTITION BY all columns needs INCLUDE"));
        }
        let mut folders: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut cell = BytesMut::new();
        for row in 0..all.num_rows() {
            let mut folder = Vec::new();
            for k in &keys {
                cell.clear();
                let some = cell_text(
                    all.column(*k).as_ref(),
                    &columns[*k].ty,
                    row,
                    style,
                    &mut cell,
                )?;
                let value = if some {
                    String::from_utf8_lossy(&cell).trim_end().to_owned()
                } else {
                    "__HIVE_DEFAULT_PARTITION__".into()
                };
                folder.push(format!("{}={value}", columns[*k].name));
            }
            folders
                .entry(folder.join("/"))
                .or_default()
                .push(row as u32);
        }
        folders
            .into_iter()
            .map(|(folder, rows)| {
                let rows = take_record_batch(all, &UInt32Array::from(rows))?;
                Ok((folder, keep.clone(), rows))
            })
            .collect()
    }
}
