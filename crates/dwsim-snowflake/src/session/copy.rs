//! COPY INTO a table: which files, what they hold, which rows are good, and the rows that report it.
//! Reading files is `dwsim_engine::load`; options of formats are in `file_format`.
//!
//! Source: "COPY INTO <table>".

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    new_null_array,
};
use bytes::Bytes;
use dwsim_engine::catalog::{ObjectName, TableEntry};
use dwsim_engine::env::Env;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::load::{
    CsvReader, JsonReader, ParquetReader, TextToVariant, convert, json, parquet,
};
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;

use super::answer::schema;
use super::file_format::{FileFormat, FileType, Properties};
use super::objects::properties;
use super::stage::{Found, Location, matching};
use super::{Answer, Binding, SnowflakeSession, StatementKind};
use crate::dialect::fold;
use crate::parse::{CopyFrom, CopyInto, CopyTarget, OptionValue, Options, STAGED, invalid_option};

/// What happens on a bad row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum OnError {
    Abort,
    Continue,
    SkipFile,
    SkipFileAt(u64),
    SkipFilePercent(f64),
}

fn on_error(text: Option<&str>) -> Result<OnError> {
    let Some(text) = text else {
        return Ok(OnError::Abort);
    };
    let upper = text.trim_matches('\'').to_ascii_uppercase();
    Ok(match upper.as_str() {
        "ABORT_STATEMENT" => OnError::Abort,
        "CONTINUE" => OnError::Continue,
        "SKIP_FILE" => OnError::SkipFile,
        other => match other.strip_prefix("SKIP_FILE_") {
            Some(n) => match n.strip_suffix('%') {
                Some(p) => {
                    OnError::SkipFilePercent(p.parse().map_err(|_| invalid_option("ON_ERROR"))?)
                }
                None => OnError::SkipFileAt(n.parse().map_err(|_| invalid_option("ON_ERROR"))?),
            },
            None => return Err(invalid_option("ON_ERROR")),
        },
    })
}

/// Matching of file columns with table columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    None,
    Sensitive,
    Insensitive,
}

/// A bad row.
#[derive(Debug, Clone)]
struct Bad {
    line: u64,
    row: u64,
    column: Option<(usize, String)>,
    error: SqlError,
}

/// What a file gave.
#[derive(Debug, Default)]
struct Loaded {
    batches: Vec<RecordBatch>,
    parsed: u64,
    loaded: u64,
    bad: Vec<Bad>,
}

/// The table and the columns that files go into.
struct Target<'a> {
    entry: &'a TableEntry,
    /// Table columns in the order of the files' columns.
    given: Vec<usize>,
    by_name: Match,
    truncate: bool,
    env: Env,
}

impl Target<'_> {
    fn types(&self) -> Vec<SqlType> {
        self.given
            .iter()
            .map(|i| self.entry.def.columns[*i].ty.clone())
            .collect()
    }

    fn name(&self, at: usize) -> &str {
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
        if let (true, SqlType::Varchar(Some(n)), true) = (self.truncate, to, from.is_text()) {
            values = convert::truncate(&values, *n, &self.env);
        }
        // Instants of a file go into wall-clock columns as UTC, without the session's zone.
        if let (SqlType::TimestampLtz(_), SqlType::Timestamp(_)) = (from, to) {
            let env = Env {
                timezone: chrono_tz::Tz::UTC,
                ..Env::clone(&self.env)
            };
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

impl SnowflakeSession {
    pub(super) async fn copy(
        &mut self,
        copy: &CopyInto,
        bindings: &BTreeMap<String, Binding>,
    ) -> Result<Answer> {
        match &copy.target {
            CopyTarget::Location(location) => self.unload(location, copy, bindings).await,
            CopyTarget::Table(table, columns) => self.load(table, columns, copy).await,
        }
    }

    /// The file format of a COPY: its own options over the stage's.
    pub(super) fn copy_format(&mut self, at: &Location, options: &Options) -> Result<Properties> {
        let own = match options.get("FILE_FORMAT") {
            None => BTreeMap::new(),
            Some(OptionValue::Nested(n)) => {
                let p = properties(n);
                if p.contains_key("FORMAT_NAME") {
                    return self.named_format(p);
                }
                p
            }
            Some(OptionValue::Word(name, _)) => {
                return self.named_format(BTreeMap::from([("FORMAT_NAME".into(), name.clone())]));
            }
            Some(OptionValue::List(items)) => match items.as_slice() {
                [one] => {
                    return self
                        .named_format(BTreeMap::from([("FORMAT_NAME".into(), one.clone())]));
                }
                _ => return Err(invalid_option("FILE_FORMAT")),
            },
        };
        let mut out = at.format.clone();
        // Another type makes the stage's options meaningless.
        if own
            .get("TYPE")
            .is_some_and(|t| !out.get("TYPE").is_some_and(|o| o.eq_ignore_ascii_case(t)))
        {
            out.clear();
        }
        out.extend(own);
        Ok(out)
    }

    async fn load(
        &mut self,
        table: &ast::ObjectName,
        columns: &[ast::Ident],
        copy: &CopyInto,
    ) -> Result<Answer> {
        copy.options.only(&[
            "FILES",
            "PATTERN",
            "FILE_FORMAT",
            "ON_ERROR",
            "SIZE_LIMIT",
            "PURGE",
            "RETURN_FAILED_ONLY",
            "MATCH_BY_COLUMN_NAME",
            "ENFORCE_LENGTH",
            "TRUNCATECOLUMNS",
            "FORCE",
            "LOAD_UNCERTAIN_FILES",
            "VALIDATION_MODE",
            "CREDENTIALS",
            "STORAGE_INTEGRATION",
            "ENCRYPTION",
        ])?;
        if copy.options.get("VALIDATION_MODE").is_some() {
            return Err(SqlError::unsupported("COPY INTO with VALIDATION_MODE"));
        }
        let location = match (&copy.from, &copy.staged) {
            (CopyFrom::Location(l), _) | (CopyFrom::Query(_), Some(l)) => l.clone(),
            _ => {
                return Err(SqlError::raw(
                    "001003",
                    "42000",
                    "SQL compilation error:\nCOPY INTO a table reads from a stage or a URL.",
                ));
            }
        };
        let at = self.locate(&location)?;
        let mut options = copy.options.clone();
        for (k, v) in &at.copy {
            if options.get(k).is_none() {
                options
                    .0
                    .push((k.clone(), OptionValue::Word(v.clone(), true)));
            }
        }
        let format = FileFormat::new(&self.copy_format(&at, &options)?)?;
        if format.binary_format != "HEX" {
            return Err(SqlError::unsupported(format!(
                "BINARY_FORMAT {} of load files",
                format.binary_format
            )));
        }
        let (name, entry) = self.inner.table(table)?;
        let by_name = match options
            .text("MATCH_BY_COLUMN_NAME")
            .map(str::to_ascii_uppercase)
            .as_deref()
        {
            None | Some("NONE") => Match::None,
            Some("CASE_SENSITIVE") => Match::Sensitive,
            Some("CASE_INSENSITIVE") => Match::Insensitive,
            Some(_) => return Err(invalid_option("MATCH_BY_COLUMN_NAME")),
        };
        let given = if columns.is_empty() {
            (0..entry.def.columns.len()).collect()
        } else {
            columns
                .iter()
                .map(|c| {
                    entry
                        .def
                        .index_of(&fold(c))
                        .ok_or_else(|| SqlError::new(ErrorKind::UnknownColumn(fold(c))))
                })
                .collect::<Result<Vec<_>>>()?
        };
        let mut env = Env::clone(&self.inner.env());
        for (parameter, value) in &format.formats {
            env.parameters
                .insert((*parameter).to_owned(), value.clone());
        }
        let target = Target {
            entry: &entry,
            given,
            by_name,
            truncate: options.flag("TRUNCATECOLUMNS")?.unwrap_or(false)
                || options.flag("ENFORCE_LENGTH")? == Some(false),
            env,
        };
        if format.file_type != FileType::Csv
            && by_name == Match::None
            && matches!(copy.from, CopyFrom::Location(_))
        {
            let one = matches!(target.types().as_slice(), [t] if t.is_semi());
            if !one {
                return Err(SqlError::raw(
                    "002019",
                    "0A000",
                    format!(
                        "SQL compilation error:\n{} file format can produce one and only one column of type variant, object, or array. Load data into separate columns using the MATCH_BY_COLUMN_NAME copy option or copy with transformation.",
                        if format.file_type == FileType::Json {
                            "JSON"
                        } else {
                            "PARQUET"
                        }
                    ),
                ));
            }
        }
        self.load_files(&name, &target, &at, &format, copy, &options)
            .await
    }

    async fn load_files(
        &mut self,
        name: &ObjectName,
        target: &Target<'_>,
        at: &Location,
        format: &FileFormat,
        copy: &CopyInto,
        options: &Options,
    ) -> Result<Answer> {
        let policy = on_error(options.text("ON_ERROR"))?;
        let force = options.flag("FORCE")?.unwrap_or(false);
        let purge = options.flag("PURGE")?.unwrap_or(false);
        let files = self.chosen(at, options).await?;
        let key = (self.database_oid(&name.database), target.entry.def.oid);
        let mut reports: Vec<Vec<Option<String>>> = Vec::new();
        let mut all = Vec::new();
        let mut done = Vec::new();
        let mut types = target.types();
        let limit = options.number("SIZE_LIMIT")?;
        let mut size = 0;
        for file in &files {
            if !force && self.account.is_loaded(key, &file.name, &file.etag) {
                continue;
            }
            if limit.is_some_and(|l| l > 0 && size >= l) {
                break;
            }
            size += file.size;
            let bytes = self.read(at, file).await?;
            let mut loaded = match (&copy.from, &copy.staged) {
                (CopyFrom::Query(q), Some(_)) => {
                    let (l, t) = self.transformed(q, file, bytes, format).await?;
                    types = t;
                    l
                }
                _ => read_file(bytes, format, target)?,
            };
            let errors = loaded.bad.len() as u64;
            if errors > 0 && policy == OnError::Abort {
                return Err(explain(&loaded.bad[0], &file.name, name));
            }
            let skip = match policy {
                OnError::SkipFile => errors > 0,
                OnError::SkipFileAt(n) => errors >= n.max(1),
                OnError::SkipFilePercent(p) => errors as f64 * 100.0 > p * loaded.parsed as f64,
                OnError::Abort | OnError::Continue => false,
            };
            if skip {
                loaded.batches.clear();
                loaded.loaded = 0;
            }
            let status = match (errors, loaded.loaded) {
                (0, _) => "LOADED",
                (_, 0) => "LOAD_FAILED",
                _ => "PARTIALLY_LOADED",
            };
            let first = loaded.bad.first();
            let number = |n: u64| Some(n.to_string());
            let error_limit = match policy {
                OnError::Continue => loaded.parsed,
                OnError::SkipFileAt(n) => n,
                _ => 1,
            };
            reports.push(vec![
                Some(file.name.clone()),
                Some(status.to_owned()),
                number(loaded.parsed),
                number(loaded.loaded),
                number(error_limit),
                number(errors),
                first.map(|b| b.error.snowflake().message),
                first.map(|b| b.line.to_string()),
                first.map(|_| "1".to_owned()),
                first
                    .and_then(|b| b.column.as_ref())
                    .map(|(i, c)| format!("\"{}\"[\"{c}\":{}]", name.name, i + 1)),
            ]);
            if status != "LOAD_FAILED" {
                done.push(file.clone());
            }
            all.extend(loaded.batches);
        }
        if reports.is_empty() {
            return Answer::status(StatementKind::Copy, "Copy executed with 0 files processed.");
        }
        let rows = self
            .inner
            .complete_rows(name, &target.given, &types, all)
            .await?;
        self.inner.append(name, &rows)?;
        for f in &done {
            self.account.set_loaded(key, &f.name, &f.etag)?;
            if purge {
                match &at.place {
                    super::stage::Place::Internal(_) => {
                        self.account.remove_file(&f.key)?;
                    }
                    super::stage::Place::Bucket(b, _) => {
                        self.account.engine.storage().delete(b, &f.key).await?
                    }
                }
            }
        }
        if options.flag("RETURN_FAILED_ONLY")?.unwrap_or(false) {
            reports.retain(|r| r[1].as_deref() != Some("LOADED"));
        }
        let n = || SqlType::number(38, 0);
        let t = SqlType::text;
        let columns = vec![
            ("file", t()),
            ("status", t()),
            ("rows_parsed", n()),
            ("rows_loaded", n()),
            ("error_limit", n()),
            ("errors_seen", n()),
            ("first_error", t()),
            ("first_error_line", n()),
            ("first_error_character", n()),
            ("first_error_column_name", t()),
        ];
        Answer::table(StatementKind::Copy, columns, reports)
    }

    /// The files of a COPY: those of FILES, or those under the path that match PATTERN.
    async fn chosen(&self, at: &Location, options: &Options) -> Result<Vec<Found>> {
        let names: Option<Vec<String>> = match options.get("FILES") {
            None => None,
            Some(OptionValue::List(l)) => Some(l.clone()),
            Some(OptionValue::Word(w, _)) => Some(vec![w.clone()]),
            Some(OptionValue::Nested(_)) => return Err(invalid_option("FILES")),
        };
        let Some(names) = names else {
            return matching(self.files(at).await?, options.text("PATTERN"));
        };
        let mut out = Vec::with_capacity(names.len());
        for n in names {
            let path = if at.path.is_empty() || at.path.ends_with('/') {
                format!("{}{n}", at.path)
            } else {
                format!("{}/{n}", at.path)
            };
            let exact = Location {
                path: path.clone(),
                ..at.clone()
            };
            match self.files(&exact).await?.into_iter().find(|f| f.key.ends_with(&path)) {
                Some(f) => out.push(f),
                None => return Err(ErrorKind::Storage(format!("Remote file '{}{path}' was not found. There are several potential causes. The file might not exist. The required credentials may be missing or invalid.", at.shown)).into()),
            }
        }
        Ok(out)
    }

    /// The rows that a query makes of a file.
    async fn transformed(
        &mut self,
        query: &ast::Query,
        file: &Found,
        bytes: Bytes,
        format: &FileFormat,
    ) -> Result<(Loaded, Vec<SqlType>)> {
        let (columns, batches) = staged_rows(bytes, format, &file.path)?;
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

/// A file as rows for a query: `$1`, `$2`, … of texts, or `$1` of VARIANT; with METADATA$ columns at the end.
pub(super) fn staged_rows(
    bytes: Bytes,
    format: &FileFormat,
    file: &str,
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
        FileType::Parquet => {
            let mut reader = ParquetReader::new(bytes, None)?;
            while let Some(b) = reader.next_batch()? {
                rows.push(vec![parquet::rows_as_variant(reader.columns(), &b)?]);
            }
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
    columns.push(ColumnInfo::new("METADATA$FILENAME", SqlType::text()));
    columns.push(ColumnInfo::new("METADATA$FILE_ROW_NUMBER", SqlType::BigInt));
    let mut number = 0i64;
    let batches = rows
        .into_iter()
        .map(|mut arrays| {
            let n = arrays.first().map_or(0, |a| a.len());
            while arrays.len() < width {
                arrays.push(new_null_array(&ty.arrow(), n));
            }
            arrays.push(Arc::new(StringArray::from(vec![file; n])));
            arrays.push(Arc::new(Int64Array::from_iter_values(
                (1..=n as i64).map(|i| number + i),
            )));
            number += n as i64;
            Ok(RecordBatch::try_new(schema(&columns), arrays)?)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok((columns, batches))
}

fn record_error(e: Option<&dwsim_engine::load::RecordError>) -> SqlError {
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
fn read_file(bytes: Bytes, format: &FileFormat, target: &Target<'_>) -> Result<Loaded> {
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
                let n = b.lines.len();
                let mut bad: Vec<(usize, usize, SqlError)> = b
                    .errors
                    .iter()
                    .map(|(row, m)| {
                        (
                            *row,
                            usize::MAX,
                            ErrorKind::InvalidJson { message: m.clone() }.into(),
                        )
                    })
                    .collect();
                let mut arrays = Vec::with_capacity(target.given.len());
                for at in 0..target.given.len() {
                    let values = match target.by_name {
                        Match::None => Arc::clone(&b.column),
                        m => json::member(&b.column, target.name(at), m == Match::Insensitive),
                    };
                    arrays.push(target.column(at, &values, &SqlType::Variant, false, &mut bad)?);
                }
                out.take(target, arrays, n, bad, &b.lines)?;
            }
        }
        FileType::Parquet => read_parquet(bytes, target, &mut out)?,
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

fn read_parquet(bytes: Bytes, target: &Target<'_>, out: &mut Loaded) -> Result<()> {
    let mut reader = ParquetReader::new(bytes, None)?;
    let columns = reader.columns().to_vec();
    while let Some(b) = reader.next_batch()? {
        let mut bad = Vec::new();
        let mut arrays = Vec::with_capacity(target.given.len());
        for at in 0..target.given.len() {
            arrays.push(match target.by_name {
                Match::None => {
                    let objects = parquet::rows_as_variant(&columns, &b)?;
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
                            &b.columns[i],
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
        out.take(target, arrays, b.rows, bad, &lines)?;
    }
    Ok(())
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
fn explain(bad: &Bad, file: &str, table: &ObjectName) -> SqlError {
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
