//! COPY INTO a table: which files, their rows into the table, and the report.
//! What a file gives is in `rows`; unloading is in `unload`.

use std::collections::BTreeMap;

use dwsim_engine::catalog::ObjectName;
use dwsim_engine::env::Env;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::types::SqlType;
use sqlparser::ast;

use super::options::{Match, OnError, Validation, on_error, validation};
use super::rows::{Bad, Field, Target, explain, read_file};
use crate::dialect::fold;
use crate::parse::{CopyFrom, CopyInto, CopyTarget, OptionValue, Options, invalid_option};
use crate::session::file_format::{FileFormat, FileType, Properties};
use crate::session::objects::properties;
use crate::session::stage::{Found, Location, Place, matching};
use crate::session::{Answer, Binding, CopyError, CopyRun, SnowflakeSession, StatementKind};

impl SnowflakeSession {
    pub(in crate::session) async fn copy(
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
    pub(in crate::session) fn copy_format(
        &mut self,
        at: &Location,
        options: &Options,
    ) -> Result<Properties> {
        let own = match options.get("FILE_FORMAT") {
            None => BTreeMap::new(),
            Some(OptionValue::Nested(n)) => {
                crate::session::file_format::check_names(n)?;
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
            "INCLUDE_METADATA",
            "CREDENTIALS",
            "STORAGE_INTEGRATION",
            "ENCRYPTION",
        ])?;
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
        let metadata = match options.get("INCLUDE_METADATA") {
            None => Vec::new(),
            Some(_) if by_name == Match::None => {
                return Err(SqlError::raw(
                    "001003",
                    "42000",
                    "SQL compilation error:\nINCLUDE_METADATA goes with MATCH_BY_COLUMN_NAME.",
                ));
            }
            Some(OptionValue::Nested(pairs)) => pairs
                .0
                .iter()
                .map(|(column, value)| {
                    let index = entry
                        .def
                        .index_of(column)
                        .ok_or_else(|| SqlError::new(ErrorKind::UnknownColumn(column.clone())))?;
                    let OptionValue::Word(field, _) = value else {
                        return Err(invalid_option("INCLUDE_METADATA"));
                    };
                    Ok((index, Field::parse(field)?))
                })
                .collect::<Result<Vec<_>>>()?,
            Some(_) => return Err(invalid_option("INCLUDE_METADATA")),
        };
        let target = Target {
            entry: &entry,
            nulls: format.document_nulls.clone(),
            metadata,
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
                        format.file_type.word()
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
        let validating = validation(options.text("VALIDATION_MODE"))?;
        if validating.is_some() && matches!(copy.from, CopyFrom::Query(_)) {
            return Err(SqlError::raw(
                "001003",
                "42000",
                "SQL compilation error:\nVALIDATION_MODE cannot be used with a transformation.",
            ));
        }
        let policy = on_error(options.text("ON_ERROR"))?;
        let force = options.flag("FORCE")?.unwrap_or(false);
        let purge = options.flag("PURGE")?.unwrap_or(false);
        let mut files = self.chosen(at, options).await?;
        files.retain(|f| copy.except.get(&f.name) != Some(&f.etag));
        if let Some(after) = copy.modified_after {
            files.retain(|f| f.modified >= after);
        }
        let key = (self.database_oid(&name.database), target.entry.def.oid);
        let mut reports: Vec<Vec<Option<String>>> = Vec::new();
        let mut all = Vec::new();
        let mut done = Vec::new();
        let mut failed = Vec::new();
        let mut bad: Vec<CopyError> = Vec::new();
        let mut types = target.types();
        let limit = options.number("SIZE_LIMIT")?;
        let mut size = 0;
        for file in &files {
            let loaded_before = self.account.is_loaded(key, &file.name, &file.etag);
            if !force && loaded_before && validating != Some(Validation::AllErrors) {
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
                _ => read_file(bytes, format, target, file)?,
            };
            let errors = loaded.bad.len() as u64;
            bad.extend(loaded.bad.iter().map(|b| copy_error(b, &file.name, name)));
            match validating {
                Some(Validation::Rows(_)) if errors > 0 => {
                    return Err(explain(&loaded.bad[0], &file.name, name));
                }
                Some(_) => {
                    all.extend(loaded.batches);
                    continue;
                }
                None => {}
            }
            if errors > 0 && policy == OnError::Abort {
                self.account.note_copy(CopyRun {
                    query_id: self.inner.query_id.clone(),
                    session: self.inner.id(),
                    table: key,
                    table_name: name.clone(),
                    errors: bad,
                    location: at.location(),
                    failed: files.iter().map(|f| f.etag.clone()).collect(),
                    pipe: self.pipe.clone(),
                    files: Vec::new(),
                    at: chrono::Utc::now().timestamp(),
                });
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
            if status == "LOAD_FAILED" {
                failed.push(file.etag.clone());
            } else {
                done.push(file.clone());
            }
            all.extend(loaded.batches);
        }
        match validating {
            Some(Validation::Rows(n)) => {
                let columns = target
                    .given
                    .iter()
                    .map(|i| {
                        let c = &target.entry.def.columns[*i];
                        dwsim_engine::types::ColumnInfo::new(&c.name, c.ty.clone())
                    })
                    .collect();
                let mut left = n;
                let batches = all
                    .iter()
                    .map(|b| {
                        let take = left.min(b.num_rows());
                        left -= take;
                        b.slice(0, take)
                    })
                    .collect();
                return Ok(Answer::rows(StatementKind::Select, columns, batches));
            }
            Some(_) => return error_rows(&bad),
            None => {}
        }
        self.account.note_copy(CopyRun {
            query_id: self.inner.query_id.clone(),
            session: self.inner.id(),
            table: key,
            table_name: name.clone(),
            errors: bad,
            location: at.location(),
            failed: failed.clone(),
            pipe: self.pipe.clone(),
            files: reports
                .iter()
                .map(|r| {
                    let mut row = [0usize, 1, 2, 3, 5, 6]
                        .map(|i| r.get(i).cloned().flatten().unwrap_or_default());
                    if let Some(path) = row[0].strip_prefix(&at.shown) {
                        row[0] = path.to_owned();
                    }
                    row
                })
                .collect(),
            at: chrono::Utc::now().timestamp(),
        });
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
                    Place::Internal(_) => {
                        self.account.remove_file(&f.key)?;
                    }
                    Place::Bucket(b, _) => self.account.engine.storage().delete(b, &f.key).await?,
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
    pub(in crate::session) async fn chosen(
        &self,
        at: &Location,
        options: &Options,
    ) -> Result<Vec<Found>> {
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
}

/// A bad row as VALIDATE shows it.
fn copy_error(bad: &Bad, file: &str, table: &ObjectName) -> CopyError {
    let r = bad.error.snowflake();
    CopyError {
        message: r.message,
        code: r.code,
        sqlstate: r.sqlstate,
        file: file.to_owned(),
        line: bad.line,
        row: bad.row,
        column: bad
            .column
            .as_ref()
            .map(|(i, c)| format!("\"{}\"[\"{c}\":{}]", table.name, i + 1)),
    }
}

/// The columns of VALIDATE and of VALIDATION_MODE = RETURN_ERRORS.
pub(crate) fn error_columns() -> Vec<(&'static str, SqlType)> {
    let n = || SqlType::number(38, 0);
    let t = SqlType::text;
    vec![
        ("ERROR", t()),
        ("FILE", t()),
        ("LINE", n()),
        ("CHARACTER", n()),
        ("BYTE_OFFSET", n()),
        ("CATEGORY", t()),
        ("CODE", n()),
        ("SQL_STATE", t()),
        ("COLUMN_NAME", t()),
        ("ROW_NUMBER", n()),
        ("ROW_START_LINE", n()),
        ("REJECTED_RECORD", t()),
    ]
}

/// The rows of VALIDATE and of VALIDATION_MODE = RETURN_ERRORS.
pub(crate) fn error_texts(errors: &[CopyError]) -> Vec<Vec<Option<String>>> {
    errors
        .iter()
        .map(|e| {
            vec![
                Some(e.message.clone()),
                Some(e.file.clone()),
                Some(e.line.to_string()),
                Some("1".to_owned()),
                None,
                Some(
                    if e.code.starts_with("1000") && e.column.is_some() {
                        "conversion"
                    } else {
                        "parsing"
                    }
                    .to_owned(),
                ),
                Some(e.code.trim_start_matches('0').to_owned()),
                Some(e.sqlstate.clone()),
                e.column.clone(),
                Some(e.row.to_string()),
                Some(e.line.to_string()),
                None,
            ]
        })
        .collect()
}

fn error_rows(errors: &[CopyError]) -> Result<Answer> {
    Answer::table(StatementKind::Select, error_columns(), error_texts(errors))
}
