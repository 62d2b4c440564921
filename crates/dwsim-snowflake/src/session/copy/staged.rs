//! Files as rows for a query: COPY with a transformation, and SELECT from a stage.
//! Finding the files is the caller's work.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use bytes::Bytes;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::load::{CsvReader, JsonReader, read_xml, rows_as_variant};
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;

use super::rows::{Loaded, record_error};
use crate::parse::STAGED;
use crate::session::SnowflakeSession;
use crate::session::answer::schema;
use crate::session::file_format::{FileFormat, FileType};
use crate::session::stage::Found;
use crate::session::staged::{padded, widest};

impl SnowflakeSession {
    /// The rows that a query makes of a file.
    pub(super) async fn transformed(
        &mut self,
        query: &ast::Query,
        file: &Found,
        bytes: Bytes,
        format: &FileFormat,
    ) -> Result<(Loaded, Vec<SqlType>)> {
        let rows = staged_rows(bytes, format, Some(file))?;
        let (columns, batches) = padded(rows, widest(query))?;
        let parsed = batches.iter().map(RecordBatch::num_rows).sum::<usize>() as u64;
        self.dialect
            .set_staged(STAGED.to_owned(), Some((columns, batches)));
        let outcome = match self.inner.run_query(query, &[]).await {
            Ok(stream) => stream.collect().await,
            Err(e) => Err(e),
        };
        self.dialect.clear_staged();
        let (columns, batches) = outcome?;
        let loaded = batches.iter().map(RecordBatch::num_rows).sum::<usize>() as u64;
        let types = columns.into_iter().map(|c| c.ty).collect();
        Ok((
            Loaded {
                batches,
                parsed,
                loaded,
                bad: Vec::new(),
            },
            types,
        ))
    }
}

/// How many columns of a staged file tell where its rows come from.
pub(in crate::session) const METADATA: usize = 5;

/// A file as rows for a query: `$1`, `$2`, … of texts, or `$1` of VARIANT; with METADATA$ columns at the end.
pub(in crate::session) fn staged_rows(
    bytes: Bytes,
    format: &FileFormat,
    file: Option<&Found>,
) -> Result<(Vec<ColumnInfo>, Vec<RecordBatch>)> {
    let bytes = format.compression.unpack(bytes)?;
    let mut rows: Vec<Vec<ArrayRef>> = Vec::new();
    let variant = format.file_type != FileType::Csv;
    match format.file_type {
        FileType::Csv => {
            let mut reader = CsvReader::new(bytes, format.csv.clone())?;
            while let Some(b) = reader.next_batch() {
                if let Some(r) = b.records.iter().find(|r| r.error.is_some()) {
                    return Err(record_error(r.error.as_ref()));
                }
                rows.push(b.columns);
            }
        }
        FileType::Json => {
            let mut reader = JsonReader::new(bytes, format.json.clone())?;
            while let Some(b) = reader.next_batch() {
                if let Some((_, message)) = b.errors.first() {
                    return Err(ErrorKind::InvalidJson {
                        message: message.clone(),
                    }
                    .into());
                }
                rows.push(vec![b.column]);
            }
        }
        FileType::Columnar(kind) => {
            let mut reader = kind.open(bytes)?;
            while let Some(b) = reader.next_batch()? {
                rows.push(vec![rows_as_variant(reader.columns(), &b)?]);
            }
        }
        FileType::Xml => {
            let b = read_xml(bytes, format.xml)?;
            if let Some((_, message)) = b.errors.first() {
                return Err(SqlError::raw("100100", "22P02", message.clone()));
            }
            rows.push(vec![b.column]);
        }
    }
    let width = rows
        .iter()
        .map(Vec::len)
        .max()
        .unwrap_or(usize::from(variant));
    let ty = if variant {
        SqlType::Variant
    } else {
        SqlType::text()
    };
    let mut columns: Vec<ColumnInfo> = (1..=width)
        .map(|i| ColumnInfo::new(format!("C{i}"), ty.clone()))
        .collect();
    let metadata: [(&str, SqlType); METADATA] = [
        ("METADATA$FILENAME", SqlType::text()),
        ("METADATA$FILE_ROW_NUMBER", SqlType::BigInt),
        ("METADATA$FILE_CONTENT_KEY", SqlType::text()),
        ("METADATA$FILE_LAST_MODIFIED", SqlType::Timestamp(3)),
        ("METADATA$START_SCAN_TIME", SqlType::TimestampLtz(3)),
    ];
    columns.extend(metadata.map(|(name, ty)| ColumnInfo::new(name, ty)));
    let (path, key, modified) =
        file.map_or(("", "", 0), |f| (&*f.shown_name, &*f.etag, f.modified));
    let now = chrono::Utc::now().timestamp_millis();
    // Milliseconds since the epoch, which both timestamps hold as microseconds.
    let instant = |millis: i64, ty: &SqlType, n: usize| -> Result<ArrayRef> {
        let micros = TimestampMicrosecondArray::from(vec![millis * 1000; n]);
        Ok(arrow::compute::cast(&micros, &ty.arrow())?)
    };
    let mut number = 0i64;
    let batches = rows
        .into_iter()
        .map(|mut arrays| {
            let n = arrays.first().map_or(0, |a| a.len());
            while arrays.len() < width {
                arrays.push(new_null_array(&ty.arrow(), n));
            }
            arrays.push(Arc::new(StringArray::from(vec![path; n])));
            arrays.push(Arc::new(Int64Array::from_iter_values(
                (1..=n as i64).map(|i| number + i),
            )));
            arrays.push(Arc::new(StringArray::from(vec![key; n])));
            arrays.push(instant(modified * 1000, &SqlType::Timestamp(3), n)?);
            arrays.push(instant(now, &SqlType::TimestampLtz(3), n)?);
            number += n as i64;
            Ok(RecordBatch::try_new(schema(&columns), arrays)?)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok((columns, batches))
}
