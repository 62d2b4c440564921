//! What a file gives: good rows in the table's types, and the rows that are bad.
//! Which files are read is decided in `load`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array,
};
use bytes::Bytes;
use dwsim_engine::catalog::{ObjectName, TableEntry};
use dwsim_engine::env::Env;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::load::{
    CsvReader, FileBatch, FileColumn, JsonBatch, JsonReader, TextToVariant, convert, json,
    read_xml, rows_as_variant,
};
use dwsim_engine::types::{ColumnInfo, SqlType};
use dwsim_engine::variant::Ref;

use super::options::Match;
use crate::session::answer::schema;
use crate::session::file_format::{FileFormat, FileType};
use crate::session::stage::Found;

/// A bad row.
#[derive(Debug, Clone)]
pub(super) struct Bad {
    pub line: u64,
    pub row: u64,
    pub column: Option<(usize, String)>,
    pub error: SqlError,
}

/// What a file gave.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub batches: Vec<RecordBatch>,
    pub parsed: u64,
    pub loaded: u64,
    pub bad: Vec<Bad>,
}

/// What INCLUDE_METADATA tells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Filename,
    RowNumber,
    ContentKey,
    LastModified,
    StartScanTime,
}

impl Field {
    /// The field of a pseudo-column.
    ///
    /// # Errors
    /// For any other name.
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name.to_ascii_uppercase().as_str() {
            "METADATA$FILENAME" => Field::Filename,
            "METADATA$FILE_ROW_NUMBER" => Field::RowNumber,
            "METADATA$FILE_CONTENT_KEY" => Field::ContentKey,
            "METADATA$FILE_LAST_MODIFIED" => Field::LastModified,
            "METADATA$START_SCAN_TIME" => Field::StartScanTime,
            _ => return Err(crate::parse::invalid_option("INCLUDE_METADATA")),
        })
    }

    /// Its values as texts for rows that start at a number.
    fn texts(self, file: &Found, first: u64, rows: usize) -> ArrayRef {
        let instant = |seconds: i64| {
            chrono::DateTime::from_timestamp(seconds, 0)
                .map(|t| t.format("%Y-%m-%d %H:%M:%S").to_string())
                .unwrap_or_default()
        };
        let same = |text: String| vec![text; rows];
        let texts = match self {
            Field::Filename => same(file.shown_name.clone()),
            Field::RowNumber => (1..=rows as u64).map(|i| (first + i).to_string()).collect(),
            Field::ContentKey => same(file.etag.clone()),
            Field::LastModified => same(instant(file.modified)),
            Field::StartScanTime => same(instant(chrono::Utc::now().timestamp())),
        };
        Arc::new(arrow::array::StringArray::from(texts))
    }
}

/// The table and the columns that files go into.
pub(super) struct Target<'a> {
    pub entry: &'a TableEntry,
    /// Table columns in the order of the files' columns.
    pub given: Vec<usize>,
    pub by_name: Match,
    /// Texts that mean NULL where members of documents become columns.
    pub nulls: Vec<String>,
    /// Table columns that are told where a row comes from.
    pub metadata: Vec<(usize, Field)>,
    pub truncate: bool,
    pub env: Env,
}

impl Target<'_> {
    pub fn types(&self) -> Vec<SqlType> {
        self.given
            .iter()
            .map(|i| self.entry.def.columns[*i].ty.clone())
            .collect()
    }

    /// What a column is told of its rows, if anything.
    fn told(&self, at: usize) -> Option<Field> {
        let column = self.given[at];
        self.metadata
            .iter()
            .find(|(c, _)| *c == column)
            .map(|(_, f)| *f)
    }

    pub fn name(&self, at: usize) -> &str {
        &self.entry.def.columns[self.given[at]].name
    }

    /// Converts one column and notes its bad cells as (row, column, error).
    fn column(
        &self,
        at: usize,
        values: &ArrayRef,
        from: &SqlType,
        json: bool,
        bad: &mut Vec<(usize, usize, SqlError)>,
    ) -> Result<ArrayRef> {
        let to = &self.entry.def.columns[self.given[at]].ty;
        let mut values = Arc::clone(values);
        if let (true, SqlType::Varchar(Some(n)), true) =
            (self.truncate, &to.plain_text(), from.is_text())
        {
            values = convert::truncate(&values, *n, &self.env);
        }
        // Instants of a file go into wall-clock columns as UTC, without the session's zone.
        if let (SqlType::TimestampLtz(_), SqlType::Timestamp(_)) = (from, to) {
            let mut env = Env::clone(&self.env);
            env.timezone = chrono_tz::Tz::UTC;
            let (array, errors) = convert::convert(&values, from, to, TextToVariant::String, &env)?;
            bad.extend(errors.into_iter().map(|e| (e.row, at, e.error)));
            return Ok(array);
        }
        let mode = if json {
            TextToVariant::Json
        } else {
            TextToVariant::String
        };
        let (array, errors) = convert::convert(&values, from, to, mode, &self.env)?;
        bad.extend(errors.into_iter().map(|e| (e.row, at, e.error)));
        Ok(array)
    }
}

pub(super) fn record_error(e: Option<&dwsim_engine::load::RecordError>) -> SqlError {
    use dwsim_engine::load::RecordError as R;
    match e {
        Some(R::AfterQuote { found, .. }) => SqlError::raw(
            "100016",
            "22000",
            format!("Found character '{found}' instead of field delimiter ','"),
        ),
        Some(R::InvalidText { .. }) => {
            SqlError::raw("100144", "22000", "Invalid UTF8 detected in string")
        }
        _ => SqlError::raw(
            "100066",
            "22000",
            "Field is not terminated by its enclosing quote",
        ),
    }
}

/// The good rows of a file, in the target's columns and types.
pub(super) fn read_file(
    bytes: Bytes,
    format: &FileFormat,
    target: &Target<'_>,
    file: &Found,
) -> Result<Loaded> {
    let bytes = format.compression.unpack(bytes)?;
    let mut out = Loaded::default();
    match format.file_type {
        FileType::Csv => {
            let mut reader = CsvReader::new(bytes, format.csv.clone())?;
            let order = header_order(&reader, target)?;
            while let Some(b) = reader.next_batch() {
                let n = b.records.len();
                let mut bad = Vec::new();
                let want = if order.is_some() {
                    reader.header().map_or(0, <[String]>::len)
                } else {
                    target.given.len()
                };
                for (row, r) in b.records.iter().enumerate() {
                    if r.error.is_some() {
                        bad.push((row, usize::MAX, record_error(r.error.as_ref())));
                    } else if format.strict_columns && r.fields != want {
                        bad.push((row, usize::MAX, SqlError::raw(
                            "100080",
                            "22000",
                            format!("Number of columns in file ({}) does not match that of the corresponding table ({want}), use file format option error_on_column_count_mismatch=false to ignore this error", r.fields),
                        )));
                    }
                }
                let mut arrays = Vec::with_capacity(target.given.len());
                for at in 0..target.given.len() {
                    if let Some(field) = target.told(at) {
                        let texts = field.texts(file, out.parsed, n);
                        arrays.push(target.column(at, &texts, &SqlType::text(), true, &mut bad)?);
                        continue;
                    }
                    let from = match &order {
                        None => Some(at),
                        Some(o) => o[at],
                    };
                    let values = from
                        .and_then(|i| b.columns.get(i))
                        .cloned()
                        .unwrap_or_else(|| new_null_array(&SqlType::text().arrow(), n));
                    arrays.push(target.column(at, &values, &SqlType::text(), true, &mut bad)?);
                }
                let lines: Vec<u64> = b.records.iter().map(|r| r.line).collect();
                out.take(target, arrays, n, bad, &lines)?;
            }
        }
        FileType::Json => {
            let mut reader = JsonReader::new(bytes, format.json.clone())?;
            while let Some(b) = reader.next_batch() {
                documents(&b, target, file, &mut out, |message| {
                    ErrorKind::InvalidJson { message }.into()
                })?;
            }
        }
        FileType::Xml => {
            let b = read_xml(bytes, format.xml)?;
            documents(&b, target, file, &mut out, |m| {
                SqlError::raw("100100", "22P02", m)
            })?;
        }
        FileType::Columnar(kind) => {
            let mut reader = kind.open(bytes)?;
            let columns = reader.columns().to_vec();
            while let Some(b) = reader.next_batch()? {
                columnar(&columns, &b, target, file, &mut out)?;
            }
        }
    }
    Ok(out)
}

/// For each target column the field of the header with its name; None when columns are taken in order.
fn header_order(reader: &CsvReader, target: &Target<'_>) -> Result<Option<Vec<Option<usize>>>> {
    if target.by_name == Match::None {
        return Ok(None);
    }
    let Some(header) = reader.header() else {
        return Err(SqlError::raw(
            "001008",
            "22023",
            "SQL compilation error:\nMATCH_BY_COLUMN_NAME of CSV files needs PARSE_HEADER = TRUE.",
        ));
    };
    Ok(Some(
        (0..target.given.len())
            .map(|at| {
                let name = target.name(at);
                header.iter().position(|h| {
                    if target.by_name == Match::Sensitive {
                        h == name
                    } else {
                        h.eq_ignore_ascii_case(name)
                    }
                })
            })
            .collect(),
    ))
}

/// Values, of which those that are one of these texts are NULL.
fn nulled(values: ArrayRef, nulls: &[String]) -> Result<ArrayRef> {
    if nulls.is_empty() {
        return Ok(values);
    }
    let is_null: BooleanArray = if let Some(texts) = values.as_string_opt::<i32>() {
        texts
            .iter()
            .map(|t| Some(t.is_some_and(|t| nulls.iter().any(|n| n == t))))
            .collect()
    } else if let Some(documents) = values.as_binary_opt::<i64>() {
        documents
            .iter()
            .map(|v| {
                let text = v.and_then(|v| Ref::new(v).as_str().map(|t| t.into_owned()));
                Some(text.is_some_and(|t| nulls.contains(&t)))
            })
            .collect()
    } else {
        return Ok(values);
    };
    Ok(arrow::compute::nullif(values.as_ref(), &is_null)?)
}

/// The rows of documents: whole, or their members by the names of columns.
fn documents(
    b: &JsonBatch,
    target: &Target<'_>,
    file: &Found,
    out: &mut Loaded,
    error: impl Fn(String) -> SqlError,
) -> Result<()> {
    let n = b.lines.len();
    let mut bad: Vec<(usize, usize, SqlError)> = b
        .errors
        .iter()
        .map(|(row, m)| (*row, usize::MAX, error(m.clone())))
        .collect();
    let mut arrays = Vec::with_capacity(target.given.len());
    for at in 0..target.given.len() {
        if let Some(field) = target.told(at) {
            let texts = field.texts(file, out.parsed, n);
            arrays.push(target.column(at, &texts, &SqlType::text(), false, &mut bad)?);
            continue;
        }
        let values = match target.by_name {
            Match::None => Arc::clone(&b.column),
            m => {
                let member = json::member(&b.column, target.name(at), m == Match::Insensitive);
                nulled(member, &target.nulls)?
            }
        };
        arrays.push(target.column(at, &values, &SqlType::Variant, false, &mut bad)?);
    }
    out.take(target, arrays, n, bad, &b.lines)
}

/// The rows of a batch of typed columns: as objects, or by the names of columns.
fn columnar(
    columns: &[FileColumn],
    b: &FileBatch,
    target: &Target<'_>,
    file: &Found,
    out: &mut Loaded,
) -> Result<()> {
    let mut bad = Vec::new();
    let mut arrays = Vec::with_capacity(target.given.len());
    for at in 0..target.given.len() {
        if let Some(field) = target.told(at) {
            let texts = field.texts(file, out.parsed, b.rows);
            arrays.push(target.column(at, &texts, &SqlType::text(), false, &mut bad)?);
            continue;
        }
        arrays.push(match target.by_name {
            Match::None => {
                let objects = rows_as_variant(columns, b)?;
                target.column(at, &objects, &SqlType::Variant, false, &mut bad)?
            }
            m => {
                let name = target.name(at);
                let found = columns.iter().position(|c| {
                    if m == Match::Sensitive {
                        c.name == name
                    } else {
                        c.name.eq_ignore_ascii_case(name)
                    }
                });
                match found {
                    Some(i) => target.column(
                        at,
                        &nulled(Arc::clone(&b.columns[i]), &target.nulls)?,
                        &columns[i].ty,
                        columns[i].json,
                        &mut bad,
                    )?,
                    None => new_null_array(&target.types()[at].arrow(), b.rows),
                }
            }
        });
    }
    let first = out.parsed;
    let lines: Vec<u64> = (1..=b.rows as u64).map(|i| first + i).collect();
    out.take(target, arrays, b.rows, bad, &lines)
}

impl Loaded {
    /// Takes the good rows of a batch and notes the bad ones; NOT NULL is checked here, so that it is a row's error.
    fn take(
        &mut self,
        target: &Target<'_>,
        arrays: Vec<ArrayRef>,
        n: usize,
        mut bad: Vec<(usize, usize, SqlError)>,
        lines: &[u64],
    ) -> Result<()> {
        for (at, array) in arrays.iter().enumerate() {
            let column = &target.entry.def.columns[target.given[at]];
            if column.not_null && array.null_count() > 0 {
                for row in 0..n {
                    if array.is_null(row) && !bad.iter().any(|(r, _, _)| *r == row) {
                        bad.push((
                            row,
                            at,
                            ErrorKind::NullInNotNull(column.name.clone()).into(),
                        ));
                    }
                }
            }
        }
        bad.sort_by_key(|(row, at, _)| (*row, *at));
        bad.dedup_by_key(|(row, _, _)| *row);
        let columns: Vec<ColumnInfo> = target
            .types()
            .into_iter()
            .map(|t| ColumnInfo::new("c", t))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(n));
        let mut batch = RecordBatch::try_new_with_options(schema(&columns), arrays, &options)?;
        if !bad.is_empty() {
            let mut keep = vec![true; n];
            bad.iter().for_each(|(row, _, _)| keep[*row] = false);
            batch = arrow::compute::filter_record_batch(&batch, &BooleanArray::from(keep))?;
        }
        let first = self.parsed;
        self.parsed += n as u64;
        self.loaded += batch.num_rows() as u64;
        self.batches.push(batch);
        self.bad.extend(bad.into_iter().map(|(row, at, error)| Bad {
            line: lines.get(row).copied().unwrap_or(0),
            row: first + row as u64 + 1,
            column: (at != usize::MAX).then(|| (at, target.name(at).to_owned())),
            error,
        }));
        Ok(())
    }
}

/// The error that stops a COPY, with the place in its file.
pub(super) fn explain(bad: &Bad, file: &str, table: &ObjectName) -> SqlError {
    let r = bad.error.snowflake();
    let column = bad.column.as_ref().map_or_else(String::new, |(i, c)| {
        format!(", column \"{}\"[\"{c}\":{}]", table.name, i + 1)
    });
    SqlError::raw(
        r.code,
        r.sqlstate,
        format!(
            "{}\n  File '{file}', line {}, character 1\n  Row {}{column}\n  If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR option. For more information on loading options, please run 'info loading_data' in a SQL client.",
            r.message, bad.line, bad.row
        ),
    )
}
