//! COPY INTO a location: rows as CSV, JSON or Parquet files.
//! Packing is `dwsim_engine::load::Compression`, writing to stages is `stage`.
//!
//! Source: "COPY INTO `<location>`".

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::kernels::cast::nanos;
use dwsim_engine::load::{Compression, TextToVariant, convert};
use dwsim_engine::types::{ColumnInfo, SqlType};
use dwsim_engine::variant::{JsonStyle, Ref, to_json};

use super::file_format::{FileFormat, FileType};
use super::{Answer, Binding, SnowflakeSession, StatementKind};
use crate::parse::{CopyFrom, CopyInto};

impl SnowflakeSession {
    pub(super) async fn unload(
        &mut self,
        location: &str,
        copy: &CopyInto,
        _: &BTreeMap<String, Binding>,
    ) -> Result<Answer> {
        copy.options.only(&[
            "FILE_FORMAT",
            "OVERWRITE",
            "SINGLE",
            "MAX_FILE_SIZE",
            "INCLUDE_QUERY_ID",
            "DETAILED_OUTPUT",
            "HEADER",
            "CREDENTIALS",
            "STORAGE_INTEGRATION",
            "ENCRYPTION",
        ])?;
        if copy.partition_by.is_some() {
            return Err(SqlError::unsupported(
                "COPY INTO a location with PARTITION BY",
            ));
        }
        let at = self.locate(location)?;
        let properties = self.copy_format(&at, &copy.options)?;
        let format = FileFormat::new(&properties)?;
        let query = match &copy.from {
            CopyFrom::Query(q) if copy.staged.is_none() => q.clone(),
            CopyFrom::Table(t) => crate::parse::query(&format!("select * from {t}"))?,
            _ => {
                return Err(SqlError::unsupported(
                    "COPY INTO a location from staged files",
                ));
            }
        };
        let (columns, batches) = self.inner.run_query(&query, &[]).await?.collect().await?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let single = copy.options.flag("SINGLE")?.unwrap_or(false);
        let header = copy.options.flag("HEADER")?.unwrap_or(false);
        let (plain, ending) = match format.file_type {
            FileType::Csv => (
                self.csv(
                    &columns,
                    &batches,
                    &format,
                    properties.contains_key("NULL_IF"),
                    header,
                )?,
                ".csv",
            ),
            FileType::Json => (self.json_lines(&columns, &batches)?, ".json"),
            FileType::Parquet => (parquet_file(&columns, &batches)?, ".snappy.parquet"),
        };
        let packing = if format.file_type == FileType::Parquet {
            Compression::None
        } else {
            format.compression
        };
        let packed = packing.pack(&plain)?;
        let ending = format.extension.clone().unwrap_or_else(|| {
            let packed = if packing == Compression::Auto {
                ".gz"
            } else {
                packing.extension()
            };
            format!("{ending}{packed}")
        });
        // A path that ends with a slash is a directory; anything else is the start of the files' names.
        let path = match (single, at.path.as_str()) {
            (true, "") => "data".to_owned(),
            (true, p) if p.ends_with('/') => format!("{p}data"),
            (true, p) => p.to_owned(),
            (false, "") => format!("data_0_0_0{ending}"),
            (false, p) if p.ends_with('/') => format!("{p}data_0_0_0{ending}"),
            (false, p) => format!("{p}_0_0_0{ending}"),
        };
        let exact = super::stage::Location {
            path: path.clone(),
            ..at.clone()
        };
        if !copy.options.flag("OVERWRITE")?.unwrap_or(false)
            && !self.files(&exact).await?.is_empty()
        {
            return Err(ErrorKind::Storage(format!("Files already existing at the unload destination: {location}. Use overwrite option to force unloading.")).into());
        }
        let (input, output) = (plain.len(), packed.len());
        if rows > 0 {
            self.write(&at, &path, packed).await?;
        }
        let n = |v: usize| Some(v.to_string());
        let ty = || SqlType::number(38, 0);
        Answer::table(
            StatementKind::Copy,
            vec![
                ("rows_unloaded", ty()),
                ("input_bytes", ty()),
                ("output_bytes", ty()),
            ],
            vec![vec![n(rows), n(input), n(output)]],
        )
    }

    /// A column as texts, in the session's output formats.
    fn texts(&self, column: &ColumnInfo, array: &ArrayRef) -> Result<ArrayRef> {
        let env = self.inner.env();
        let (out, errors) = convert::convert(
            array,
            &column.ty,
            &SqlType::text(),
            TextToVariant::String,
            &env,
        )?;
        match errors.into_iter().next() {
            Some(e) => Err(e.error),
            None => Ok(out),
        }
    }

    fn csv(
        &self,
        columns: &[ColumnInfo],
        batches: &[RecordBatch],
        format: &FileFormat,
        own_null: bool,
        header: bool,
    ) -> Result<Vec<u8>> {
        let o = &format.csv;
        let end: &[u8] = match &o.record_delimiter {
            dwsim_engine::load::Delimiter::Bytes(b) => b,
            _ => b"\n",
        };
        let null = if own_null {
            o.null_if.first().cloned().unwrap_or_default()
        } else {
            "\\N".to_owned()
        };
        let mut out = Vec::new();
        let write = |out: &mut Vec<u8>, s: &str| match o.enclosed_by {
            Some(q) => {
                out.push(q);
                for b in s.bytes() {
                    if b == q {
                        out.push(q);
                    }
                    out.push(b);
                }
                out.push(q);
            }
            None => {
                for b in s.bytes() {
                    let special = o.field_delimiter.first() == Some(&b)
                        || b == b'\n'
                        || Some(b) == o.escape_unenclosed;
                    if let (true, Some(e)) = (special, o.escape_unenclosed) {
                        out.push(e);
                    }
                    out.push(b);
                }
            }
        };
        if header {
            for (i, c) in columns.iter().enumerate() {
                if i > 0 {
                    out.extend(&o.field_delimiter);
                }
                write(&mut out, &c.name);
            }
            out.extend(end);
        }
        for batch in batches {
            let arrays = columns
                .iter()
                .zip(batch.columns())
                .map(|(c, a)| self.texts(c, a))
                .collect::<Result<Vec<_>>>()?;
            for row in 0..batch.num_rows() {
                for (i, a) in arrays.iter().enumerate() {
                    if i > 0 {
                        out.extend(&o.field_delimiter);
                    }
                    if a.is_null(row) {
                        out.extend(null.bytes());
                    } else {
                        write(&mut out, a.as_string::<i32>().value(row));
                    }
                }
                out.extend(end);
            }
        }
        Ok(out)
    }

    fn json_lines(&self, columns: &[ColumnInfo], batches: &[RecordBatch]) -> Result<Vec<u8>> {
        let [column] = columns else {
            return Err(SqlError::raw(
                "002019",
                "0A000",
                "SQL compilation error:\nJSON file format can produce one and only one column of type variant, object, or array.",
            ));
        };
        if !column.ty.is_semi() {
            return Err(SqlError::raw(
                "002019",
                "0A000",
                "SQL compilation error:\nJSON file format can only unload one column of type variant, object, or array.",
            ));
        }
        let mut out = Vec::new();
        for batch in batches {
            for value in batch.column(0).as_binary::<i64>().iter().flatten() {
                out.extend(to_json(Ref::new(value), JsonStyle::Compact).bytes());
                out.push(b'\n');
            }
        }
        Ok(out)
    }
}

fn parquet_file(columns: &[ColumnInfo], batches: &[RecordBatch]) -> Result<Vec<u8>> {
    use parquet::arrow::ArrowWriter;
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;
    if let Some(c) = columns
        .iter()
        .find(|c| c.ty.is_semi() || matches!(c.ty, SqlType::TimestampTz(_)))
    {
        return Err(SqlError::unsupported(format!(
            "unloading {} columns to Parquet",
            c.ty.snowflake()
        )));
    }
    let failed = |e: parquet::errors::ParquetError| {
        SqlError::new(ErrorKind::Storage(format!(
            "the Parquet file cannot be written: {e}"
        )))
    };
    let batches = batches
        .iter()
        .map(|b| {
            columns
                .iter()
                .zip(b.columns())
                .map(|(c, a)| parquet_column(c, a))
                .collect::<Result<Vec<_>>>()
        })
        .collect::<Result<Vec<_>>>()?;
    let stored = super::answer::schema(columns);
    let fields: Vec<Field> = stored
        .fields()
        .iter()
        .enumerate()
        .map(|(i, f)| {
            let ty = batches.first().map_or(f.data_type(), |b| b[i].data_type());
            Field::new(f.name(), ty.clone(), f.is_nullable())
        })
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    let mut w = ArrowWriter::try_new(Vec::new(), std::sync::Arc::clone(&schema), Some(properties))
        .map_err(failed)?;
    for b in batches {
        let b = RecordBatch::try_new(Arc::clone(&schema), b)?;
        w.write(&b).map_err(failed)?;
    }
    w.into_inner().map_err(failed)
}

/// A column as Parquet holds it: timestamps of more than six digits are 64-bit microseconds there, as Snowflake
/// writes them.
fn parquet_column(column: &ColumnInfo, array: &ArrayRef) -> Result<ArrayRef> {
    if !matches!(
        column.ty,
        SqlType::Timestamp(7..) | SqlType::TimestampLtz(7..)
    ) {
        return Ok(Arc::clone(array));
    }
    let mut out = TimestampMicrosecondArray::builder(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            out.append_null();
        } else {
            let micros = nanos(array, row)?.div_euclid(1000);
            out.append_value(i64::try_from(micros).map_err(|_| {
                SqlError::unsupported("unloading timestamps beyond 64-bit microseconds to Parquet")
            })?);
        }
    }
    let zone = matches!(column.ty, SqlType::TimestampLtz(_)).then(|| Arc::from("UTC"));
    Ok(Arc::new(out.finish().with_timezone_opt(zone)))
}
