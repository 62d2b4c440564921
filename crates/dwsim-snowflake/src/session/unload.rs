//! COPY INTO a location: rows as CSV, JSON or Parquet files.
//! Packing is `dwsim_engine::load::Compression`, writing to stages is `stage`.
//!
//! Source: "COPY INTO `<location>`".

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, TimestampMicrosecondArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{Field, Schema};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::kernels::cast::nanos;
use dwsim_engine::load::{Compression, TextToVariant, convert};
use dwsim_engine::types::{ColumnInfo, SqlType};
use dwsim_engine::variant::{JsonStyle, Ref, to_json};
use sqlparser::ast;

use super::file_format::{FileFormat, FileType};
use super::{Answer, Binding, SnowflakeSession, StatementKind};
use crate::parse::{CopyFrom, CopyInto};

/// The column of the partition's name beside the rows.
const PARTITION: &str = "$PARTITION";

/// The folder of the rows whose partition is NULL.
const NULL_PARTITION: &str = "__NULL__";

/// Rows by the folder of their partition.
type Parts = Vec<(Option<String>, Vec<RecordBatch>)>;

/// How rows become files.
struct Style {
    /// NULL_IF was given.
    own_null: bool,
    header: bool,
    single: bool,
    /// Names hold the statement's id.
    query_id: bool,
}

/// A file to write.
struct Unloaded {
    path: String,
    rows: usize,
    /// Bytes before packing.
    plain: usize,
    packed: Vec<u8>,
}

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
        let flag = |name: &str, default: bool| -> Result<bool> {
            Ok(copy.options.flag(name)?.unwrap_or(default))
        };
        let split = copy.partition_by.is_some();
        let (single, overwrite) = (flag("SINGLE", false)?, flag("OVERWRITE", false)?);
        if split && (single || overwrite) {
            return Err(SqlError::raw(
                "001003",
                "42000",
                "SQL compilation error:\nPARTITION BY of COPY INTO a location goes with neither SINGLE = TRUE nor OVERWRITE = TRUE.",
            ));
        }
        let style = Style {
            own_null: properties.contains_key("NULL_IF"),
            header: flag("HEADER", false)?,
            single,
            // The files of partitions are always told apart by the statement's id.
            query_id: flag("INCLUDE_QUERY_ID", split)? || split,
        };
        if single && style.query_id {
            return Err(SqlError::raw(
                "001003",
                "42000",
                "SQL compilation error:\nINCLUDE_QUERY_ID = TRUE goes with neither SINGLE = TRUE nor OVERWRITE = TRUE.",
            ));
        }
        let (columns, parts) = self.unload_parts(query, copy.partition_by.as_ref()).await?;
        let mut written = Vec::new();
        for (folder, batches) in parts {
            let file =
                self.unload_file(&at, &columns, &batches, &format, &style, folder.as_deref())?;
            let exact = super::stage::Location {
                path: file.path.clone(),
                ..at.clone()
            };
            if !overwrite && !split && !self.files(&exact).await?.is_empty() {
                return Err(ErrorKind::Storage(format!("Files already existing at the unload destination: {location}. Use overwrite option to force unloading.")).into());
            }
            written.push(file);
        }
        let mut report = Vec::new();
        let (mut rows, mut input, mut output) = (0, 0, 0);
        for file in written {
            rows += file.rows;
            input += file.plain;
            output += file.packed.len();
            if file.rows > 0 {
                report.push(vec![
                    Some(file.path.clone()),
                    Some(file.packed.len().to_string()),
                    Some(file.rows.to_string()),
                ]);
                self.write(&at, &file.path, file.packed).await?;
            }
        }
        let ty = || SqlType::number(38, 0);
        if flag("DETAILED_OUTPUT", false)? {
            return Answer::table(
                StatementKind::Copy,
                vec![
                    ("FILE_NAME", SqlType::text()),
                    ("FILE_SIZE", ty()),
                    ("ROW_COUNT", ty()),
                ],
                report,
            );
        }
        let n = |v: usize| Some(v.to_string());
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

    /// The columns and rows to unload: all together, or by the folder of each partition.
    async fn unload_parts(
        &mut self,
        query: Box<ast::Query>,
        partition_by: Option<&ast::Expr>,
    ) -> Result<(Vec<ColumnInfo>, Parts)> {
        let Some(by) = partition_by else {
            let (columns, batches) = self.inner.run_query(&query, &[]).await?.collect().await?;
            return Ok((columns, vec![(None, batches)]));
        };
        let query = with_partition(query, by)?;
        let (mut columns, batches) = self.inner.run_query(&query, &[]).await?.collect().await?;
        columns.pop();
        let mut parts: BTreeMap<String, Vec<RecordBatch>> = BTreeMap::new();
        for b in &batches {
            let names = b.column(columns.len()).as_string::<i32>();
            let mut rows: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
            for i in 0..b.num_rows() {
                let name = if names.is_null(i) {
                    NULL_PARTITION
                } else {
                    names.value(i)
                };
                rows.entry(name).or_default().push(i as u32);
            }
            let plain = b.project(&(0..columns.len()).collect::<Vec<_>>())?;
            for (name, rows) in rows {
                let part = take_record_batch(&plain, &UInt32Array::from(rows))?;
                parts.entry(name.to_owned()).or_default().push(part);
            }
        }
        let parts = parts.into_iter().map(|(n, b)| (Some(n), b)).collect();
        Ok((columns, parts))
    }

    fn unload_file(
        &self,
        at: &super::stage::Location,
        columns: &[ColumnInfo],
        batches: &[RecordBatch],
        format: &FileFormat,
        style: &Style,
        folder: Option<&str>,
    ) -> Result<Unloaded> {
        let (plain, ending) = match format.file_type {
            FileType::Csv => (
                self.csv(columns, batches, format, style.own_null, style.header)?,
                ".csv",
            ),
            FileType::Json => (self.json_lines(columns, batches)?, ".json"),
            FileType::PARQUET => (
                parquet_file(columns, batches, style.header)?,
                ".snappy.parquet",
            ),
            FileType::Columnar(_) | FileType::Xml => {
                return Err(SqlError::unsupported(format!(
                    "unloading to {} files",
                    format.file_type.word()
                )));
            }
        };
        let packing = if format.file_type == FileType::PARQUET {
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
        let id = if style.query_id {
            format!("_{}", self.inner.query_id)
        } else {
            String::new()
        };
        let path = match (folder, style.single, at.path.as_str()) {
            // The location of partitions is a folder.
            (Some(folder), _, p) => {
                let base = if p.is_empty() || p.ends_with('/') {
                    p.to_owned()
                } else {
                    format!("{p}/")
                };
                format!("{base}{}/data{id}_0_0_0{ending}", folder.trim_matches('/'))
            }
            // A path that ends with a slash is a directory; anything else is the start of the files' names.
            (None, true, "") => "data".to_owned(),
            (None, true, p) if p.ends_with('/') => format!("{p}data"),
            (None, true, p) => p.to_owned(),
            (None, false, p) if p.is_empty() || p.ends_with('/') => {
                format!("{p}data{id}_0_0_0{ending}")
            }
            (None, false, p) => format!("{p}{id}_0_0_0{ending}"),
        };
        Ok(Unloaded {
            path,
            rows: batches.iter().map(RecordBatch::num_rows).sum(),
            plain: plain.len(),
            packed,
        })
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

/// A query with its partition's name as a last column.
fn with_partition(query: Box<ast::Query>, by: &ast::Expr) -> Result<Box<ast::Query>> {
    let broken = || SqlError::internal("a query that is none");
    let mut outer = crate::parse::query(&format!(
        "select *, 0::varchar as \"{PARTITION}\" from (select 0)"
    ))?;
    let ast::SetExpr::Select(select) = outer.body.as_mut() else {
        return Err(broken());
    };
    match select.projection.last_mut() {
        Some(ast::SelectItem::ExprWithAlias {
            expr: ast::Expr::Cast { expr, .. },
            ..
        }) => **expr = by.clone(),
        _ => return Err(broken()),
    }
    match select.from.first_mut().map(|t| &mut t.relation) {
        Some(ast::TableFactor::Derived { subquery, .. }) => *subquery = query,
        _ => return Err(broken()),
    }
    Ok(outer)
}

/// A Parquet file; without a header its columns have numbers for names.
fn parquet_file(columns: &[ColumnInfo], batches: &[RecordBatch], header: bool) -> Result<Vec<u8>> {
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
            let name = if header {
                f.name().clone()
            } else {
                format!("_COL_{i}")
            };
            Field::new(name, ty.clone(), f.is_nullable())
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
