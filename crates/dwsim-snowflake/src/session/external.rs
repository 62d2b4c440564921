//! External tables: rows of staged files that were registered by a refresh, with columns computed from them.
//! The rows are read when their file is registered; parsing the statements is `parse::external`.
//!
//! Sources: "CREATE EXTERNAL TABLE", "ALTER EXTERNAL TABLE", "Introduction to external tables".

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use dwsim_engine::catalog::{
    ColumnDef, HIDDEN, Object, ObjectKind, ObjectName, TableData, TableDef, TableEntry,
};
use dwsim_engine::dialect::Dialect;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::types::SqlType;
use serde::{Deserialize, Serialize};
use sqlparser::ast;

use super::copy::staged_rows;
use super::dynamic::EXTERNAL;
use super::file_format::{FileFormat, FileType, Properties};
use super::objects::properties;
use super::run::missing;
use super::stage::{Found, Location, matching};
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::fold;
use crate::parse::{CreateExternal, ExternalChange, ExternalColumn, OptionValue, Options, STAGED};

/// The property of a computed column that holds its expression.
pub(crate) const EXPRESSION: &str = "expression";

/// The column that tells the file of a row.
const FILENAME: &str = "METADATA$FILENAME";
/// The column that tells the row's number in its file.
const ROW_NUMBER: &str = "METADATA$FILE_ROW_NUMBER";

/// What an external table is made of, as the property [`EXTERNAL`] keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct External {
    /// The location with the stage's full name.
    pub location: String,
    /// The stage's full name.
    pub stage: String,
    /// PATTERN.
    pub pattern: Option<String>,
    /// FILE_FORMAT as it was given.
    pub format: BTreeMap<String, String>,
    /// PARTITION BY.
    pub partition_by: Vec<String>,
    /// Partitions are added and dropped by statements.
    pub own_partitions: bool,
    /// AUTO_REFRESH.
    pub auto_refresh: bool,
    /// The registered files.
    pub files: Vec<Registered>,
    /// When it was refreshed last, in seconds since the epoch.
    pub refreshed: Option<i64>,
}

/// A registered file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Registered {
    /// Its name as METADATA$FILENAME gives it.
    pub name: String,
    /// Its path in the stage.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Entity tag.
    pub etag: String,
    /// When it was written, in seconds since the epoch.
    pub modified: i64,
    /// When it was registered, in seconds since the epoch.
    pub registered: i64,
    /// The partition to which it was added, as JSON.
    pub partition: Option<String>,
}

impl External {
    /// What the table is made of; None for other tables.
    pub(crate) fn of(def: &TableDef) -> Option<External> {
        serde_json::from_str(def.properties.get(EXTERNAL)?).ok()
    }

    fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| SqlError::internal(e.to_string()))
    }

    /// The options of its file format as a statement would give them.
    fn options(&self) -> Options {
        let own = self
            .format
            .iter()
            .map(|(k, v)| (k.clone(), OptionValue::Word(v.clone(), true)))
            .collect();
        Options(vec![(
            "FILE_FORMAT".into(),
            OptionValue::Nested(Options(own)),
        )])
    }
}

/// What became of a file in a refresh.
pub(super) struct Report {
    file: String,
    status: &'static str,
    description: &'static str,
}

fn reported(reports: Vec<Report>) -> Result<Answer> {
    let t = SqlType::text;
    Answer::table(
        StatementKind::Files,
        vec![("file", t()), ("status", t()), ("description", t())],
        reports
            .into_iter()
            .map(|r| {
                vec![
                    Some(r.file),
                    Some(r.status.to_owned()),
                    Some(r.description.to_owned()),
                ]
            })
            .collect(),
    )
}

fn refused(message: impl Into<String>) -> SqlError {
    SqlError::raw(
        "001003",
        "42000",
        format!("SQL compilation error:\n{}", message.into()),
    )
}

impl SnowflakeSession {
    /// CREATE EXTERNAL TABLE.
    pub(super) async fn create_external(&mut self, c: &CreateExternal) -> Result<Answer> {
        c.options.only(&[
            "REFRESH_ON_CREATE",
            "AUTO_REFRESH",
            "PATTERN",
            "FILE_FORMAT",
            "AWS_SNS_TOPIC",
            "INTEGRATION",
            "PARTITION_TYPE",
            "TABLE_FORMAT",
            "COMMENT",
        ])?;
        if let Some(format) = c.options.text("TABLE_FORMAT") {
            return Err(SqlError::unsupported(format!(
                "an external table with TABLE_FORMAT = {format}"
            )));
        }
        if c.options.get("FILE_FORMAT").is_none() {
            return Err(refused("An external table needs FILE_FORMAT."));
        }
        let own_partitions = match c.options.text("PARTITION_TYPE") {
            None => false,
            Some(t) if t.eq_ignore_ascii_case("USER_SPECIFIED") => true,
            Some(t) => {
                return Err(refused(format!("invalid value '{t}' for PARTITION_TYPE")));
            }
        };
        let name = self.inner.resolve_name(&c.name)?;
        let (location, stage) = self.full_location(&c.location)?;
        let at = self.locate(&location)?;
        let format = match c.options.get("FILE_FORMAT") {
            Some(OptionValue::Nested(n)) => {
                super::file_format::check_names(n)?;
                properties(n)
            }
            Some(OptionValue::Word(w, _)) => [("FORMAT_NAME".to_owned(), w.clone())].into(),
            _ => return Err(crate::parse::invalid_option("FILE_FORMAT")),
        };
        let mut columns = vec![ColumnDef::new("VALUE", SqlType::Variant)];
        let computed = match &c.template {
            Some(query) => self.template_columns(query).await?,
            None => c.columns.clone(),
        };
        for column in &computed {
            columns.push(self.computed_column(column)?);
        }
        for p in &c.partition_by {
            let wanted = fold(p);
            if !columns.iter().any(|c| c.name == wanted) {
                return Err(ErrorKind::UnknownColumn(wanted).into());
            }
        }
        for (hidden, ty) in [
            (FILENAME, SqlType::text()),
            (ROW_NUMBER, SqlType::number(38, 0)),
        ] {
            let mut column = ColumnDef::new(hidden, ty);
            column.properties.insert(HIDDEN.into(), "true".into());
            columns.push(column);
        }
        let external = External {
            location,
            stage,
            pattern: c.options.text("PATTERN").map(str::to_owned),
            format,
            partition_by: c.partition_by.iter().map(fold).collect(),
            own_partitions,
            auto_refresh: c.options.flag("AUTO_REFRESH")?.unwrap_or(!own_partitions),
            files: Vec::new(),
            refreshed: None,
        };
        // The format is checked before anything is made.
        FileFormat::new(&self.copy_format(&at, &external.options())?)?;
        let mut def = TableDef::new(columns, self.inner.role.clone());
        def.comment = c.options.text("COMMENT").map(str::to_owned);
        def.properties.insert(EXTERNAL.into(), external.text()?);
        let made = self.inner.create_object(
            ObjectKind::Relation,
            &name,
            &Object::Table(Arc::new(TableEntry::new(def))),
            c.if_not_exists,
            c.or_replace,
        )?;
        if !made {
            return Answer::status(
                StatementKind::Ddl,
                format!("{} already exists, statement succeeded.", name.name),
            );
        }
        if c.options.flag("REFRESH_ON_CREATE")?.unwrap_or(true) && !own_partitions {
            self.refresh_external(&name, None).await?;
        }
        Answer::status(
            StatementKind::Ddl,
            format!("Table {} successfully created.", name.name),
        )
    }

    /// A location with its stage's full name, and that name.
    fn full_location(&mut self, location: &str) -> Result<(String, String)> {
        let Some(rest) = location.strip_prefix('@') else {
            return Err(refused("The location of an external table is a stage."));
        };
        if rest.starts_with(['~', '%']) {
            return Err(refused(
                "The location of an external table is a named stage, not that of a user or table.",
            ));
        }
        let (stage, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut c = crate::parse::Cursor::new(stage)?;
        let full = self.inner.resolve_name(&c.name()?)?;
        let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
        Ok((
            format!(
                "@{}.{}.{}/{path}",
                quoted(&full.database),
                quoted(&full.schema),
                quoted(&full.name)
            ),
            full.to_string(),
        ))
    }

    fn computed_column(&mut self, c: &ExternalColumn) -> Result<ColumnDef> {
        let mut column = ColumnDef::new(fold(&c.name), self.dialect.data_type(&c.ty)?);
        column.not_null = c.not_null;
        column.properties.insert(EXPRESSION.into(), c.expr.clone());
        Ok(column)
    }

    async fn template_columns(&mut self, query: &str) -> Result<Vec<ExternalColumn>> {
        self.template(query)
            .await?
            .into_iter()
            .map(|c| {
                let ty = crate::parse::expr(&format!("null::{}", c.ty))?;
                let ast::Expr::Cast { data_type, .. } = ty else {
                    return Err(SqlError::internal("a cast that is none"));
                };
                let name = ast::Ident::with_quote('"', c.name);
                Ok(ExternalColumn {
                    expr: c
                        .expression
                        .unwrap_or_else(|| format!("(VALUE:{name}::{})", c.ty))
                        .replace("$1:", "VALUE:"),
                    name,
                    ty: data_type,
                    not_null: c.not_null,
                })
            })
            .collect()
    }

    /// ALTER EXTERNAL TABLE.
    pub(super) async fn alter_external(
        &mut self,
        name: &ast::ObjectName,
        change: &ExternalChange,
    ) -> Result<Answer> {
        let (full, entry) = self.inner.table(name)?;
        let Some(mut external) = External::of(&entry.def) else {
            return Err(missing("external table", full.to_string()));
        };
        match change {
            ExternalChange::Refresh(path) => {
                if external.own_partitions {
                    return Err(refused(
                        "An external table with partitions of its own is not refreshed: add or drop partitions.",
                    ));
                }
                self.refresh_external(&full, path.as_deref())
                    .await
                    .and_then(reported)
            }
            ExternalChange::AddFiles(names) => {
                let at = self.locate(&external.location)?;
                let mut reports = Vec::new();
                let mut found = Vec::new();
                for n in names {
                    match self.file_at(&at, n).await? {
                        Some(f) => {
                            reports.push(Report {
                                file: f.path.clone(),
                                status: "REGISTERED_NEW",
                                description: "File registered successfully.",
                            });
                            found.push((f, None));
                        }
                        None => reports.push(Report {
                            file: n.clone(),
                            status: "REGISTER_SKIPPED",
                            description: "File not found.",
                        }),
                    }
                }
                self.register(&full, found, &HashSet::new()).await?;
                reported(reports)
            }
            ExternalChange::RemoveFiles(names) => {
                let at = self.locate(&external.location)?;
                let mut gone = HashSet::new();
                let mut reports = Vec::new();
                for n in names {
                    let wanted = path_in(&at, n);
                    let hit = external
                        .files
                        .iter()
                        .find(|f| f.path == *n || f.name == wanted || f.name == *n);
                    if let Some(f) = hit {
                        gone.insert(f.name.clone());
                        reports.push(Report {
                            file: f.path.clone(),
                            status: "UNREGISTERED",
                            description: "File unregistered successfully.",
                        });
                    }
                }
                self.register(&full, Vec::new(), &gone).await?;
                reported(reports)
            }
            ExternalChange::AddPartition(values, path) => {
                self.needs_own_partitions(&external)?;
                let mut partition = serde_json::Map::new();
                for (column, value) in values {
                    let column = fold(column);
                    if !external.partition_by.contains(&column) {
                        return Err(ErrorKind::UnknownColumn(column).into());
                    }
                    partition.insert(column, value.clone().into());
                }
                let partition = serde_json::Value::from(partition).to_string();
                let at = self.locate(&external.location)?;
                let inside = Location {
                    path: path_in(&at, path),
                    ..at
                };
                let found = self
                    .files(&inside)
                    .await?
                    .into_iter()
                    .map(|f| (f, Some(partition.clone())))
                    .collect();
                self.register(&full, found, &HashSet::new()).await?;
                Answer::success(StatementKind::Ddl)
            }
            ExternalChange::DropPartition(path) => {
                self.needs_own_partitions(&external)?;
                let at = self.locate(&external.location)?;
                let prefix = path_in(&at, path);
                let gone = external
                    .files
                    .iter()
                    .filter(|f| f.name.starts_with(&prefix))
                    .map(|f| f.name.clone())
                    .collect();
                self.register(&full, Vec::new(), &gone).await?;
                Answer::success(StatementKind::Ddl)
            }
            ExternalChange::Set(options) => {
                options.only(&["AUTO_REFRESH", "COMMENT"])?;
                if let Some(auto) = options.flag("AUTO_REFRESH")? {
                    external.auto_refresh = auto;
                }
                let text = external.text()?;
                let comment = options.text("COMMENT").map(str::to_owned);
                self.redefine(&full, |def| {
                    def.properties.insert(EXTERNAL.into(), text.clone());
                    if comment.is_some() {
                        def.comment.clone_from(&comment);
                    }
                })?;
                Answer::success(StatementKind::Ddl)
            }
            ExternalChange::AddColumn(column) => {
                let column = self.computed_column(column)?;
                if entry.def.index_of(&column.name).is_some() {
                    return Err(refused(format!("column '{}' already exists", column.name)));
                }
                let files = std::mem::take(&mut external.files);
                let text = external.text()?;
                // All rows are computed again.
                self.inner.change(|t| {
                    let mut def = TableDef::clone(&entry.def);
                    let at = def.columns.len().saturating_sub(2);
                    def.columns.insert(at, column.clone());
                    def.properties.insert(EXTERNAL.into(), text.clone());
                    let data = TableData::empty(def.arrow());
                    let entry = Object::Table(Arc::new(entry.with_def(def, data)));
                    t.set_object(ObjectKind::Relation, &full, Some(entry))
                })?;
                let at = self.locate(&external.location)?;
                let mut found = Vec::new();
                for f in files {
                    if let Some(now) = self.file_at(&at, &f.name).await? {
                        found.push((now, f.partition));
                    }
                }
                self.register(&full, found, &HashSet::new()).await?;
                Answer::success(StatementKind::Ddl)
            }
            ExternalChange::Table => Err(SqlError::internal("ALTER TABLE as ALTER EXTERNAL TABLE")),
        }
    }

    fn needs_own_partitions(&self, external: &External) -> Result<()> {
        if external.own_partitions {
            Ok(())
        } else {
            Err(refused(
                "Partitions are added and dropped only with PARTITION_TYPE = USER_SPECIFIED.",
            ))
        }
    }

    /// A file by its path in the location, or by its whole path.
    async fn file_at(&self, at: &Location, path: &str) -> Result<Option<Found>> {
        for path in [path_in(at, path), path.to_owned()] {
            let exact = Location {
                path: path.clone(),
                ..at.clone()
            };
            let found = self.files(&exact).await?;
            if let Some(f) = found.into_iter().find(|f| f.shown_name == path) {
                return Ok(Some(f));
            }
        }
        Ok(None)
    }

    /// Registers what is new or has changed, and forgets what is gone, of the files under a path.
    pub(super) async fn refresh_external(
        &mut self,
        full: &ObjectName,
        path: Option<&str>,
    ) -> Result<Vec<Report>> {
        let external = self.external(full)?;
        let mut at = self.locate(&external.location)?;
        if let Some(path) = path {
            at.path = path_in(&at, path);
        }
        let files = matching(self.files(&at).await?, external.pattern.as_deref())?;
        let mut reports = Vec::new();
        let mut found = Vec::new();
        let mut gone = HashSet::new();
        for f in &external.files {
            if f.name.starts_with(&at.path) && !files.iter().any(|n| n.shown_name == f.name) {
                gone.insert(f.name.clone());
                reports.push(Report {
                    file: f.path.clone(),
                    status: "UNREGISTERED",
                    description: "File unregistered successfully.",
                });
            }
        }
        for f in files {
            let known = external.files.iter().find(|k| k.name == f.shown_name);
            let status = match known {
                Some(k) if k.etag == f.etag && k.modified == f.modified => continue,
                Some(_) => "REGISTERED_UPDATE",
                None => "REGISTERED_NEW",
            };
            reports.push(Report {
                file: f.path.clone(),
                status,
                description: "File registered successfully.",
            });
            found.push((f, None));
        }
        self.register(full, found, &gone).await?;
        Ok(reports)
    }

    pub(super) fn external(&mut self, full: &ObjectName) -> Result<External> {
        match self.inner.view()?.object(ObjectKind::Relation, full) {
            Some(Object::Table(t)) => {
                External::of(&t.def).ok_or_else(|| missing("external table", full.to_string()))
            }
            _ => Err(missing("external table", full.to_string())),
        }
    }

    /// Reads files into the table and takes out the rows of those that are gone or were read before.
    async fn register(
        &mut self,
        full: &ObjectName,
        files: Vec<(Found, Option<String>)>,
        gone: &HashSet<String>,
    ) -> Result<()> {
        let external = self.external(full)?;
        let view = self.inner.view()?;
        let Some(Object::Table(entry)) = view.object(ObjectKind::Relation, full).cloned() else {
            return Err(missing("external table", full.to_string()));
        };
        let at = self.locate(&external.location)?;
        let format = FileFormat::new(&self.copy_format(&at, &external.options())?)?;
        let now = chrono::Utc::now().timestamp();
        let mut rows = Vec::new();
        let mut added = Vec::new();
        for (file, partition) in files {
            let bytes = self.read(&at, &file).await?;
            rows.extend(
                self.external_rows(&entry, &file, bytes, &format, partition.as_deref())
                    .await?,
            );
            added.push(Registered {
                name: file.shown_name,
                path: file.path,
                size: file.size,
                etag: file.etag,
                modified: file.modified,
                registered: now,
                partition,
            });
        }
        let replaced: HashSet<&str> = gone
            .iter()
            .map(String::as_str)
            .chain(added.iter().map(|f| f.name.as_str()))
            .collect();
        let mut next = external;
        next.files.retain(|f| !replaced.contains(f.name.as_str()));
        next.files.extend(added.iter().cloned());
        next.files.sort_by(|a, b| a.name.cmp(&b.name));
        next.refreshed = Some(now);
        let text = next.text()?;
        self.inner.change(|t| {
            let Some(Object::Table(e)) = t.object(ObjectKind::Relation, full) else {
                return Err(missing("external table", full.to_string()));
            };
            let data = without_files(&e.data, &e.def, &replaced)?.append(rows.clone())?;
            let mut def = TableDef::clone(&e.def);
            def.properties.insert(EXTERNAL.into(), text.clone());
            let entry = Object::Table(Arc::new(e.with_def(def, data)));
            t.set_object(ObjectKind::Relation, full, Some(entry))
        })
    }

    /// The rows of a file, in the table's columns.
    async fn external_rows(
        &mut self,
        entry: &TableEntry,
        file: &Found,
        bytes: bytes::Bytes,
        format: &FileFormat,
        partition: Option<&str>,
    ) -> Result<Vec<arrow::array::RecordBatch>> {
        let (columns, batches) = staged_rows(bytes, format, Some(file))?;
        let value = if format.file_type == FileType::Csv {
            let members: Vec<String> = columns
                .iter()
                .filter(|c| !c.name.starts_with("METADATA$"))
                .enumerate()
                .map(|(i, _)| format!("'c{0}', ${0}", i + 1))
                .collect();
            format!("OBJECT_CONSTRUCT({})::VARIANT", members.join(", "))
        } else {
            "$1".to_owned()
        };
        let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
        let items: Vec<String> = entry
            .def
            .columns
            .iter()
            .map(|c| match c.properties.get(EXPRESSION) {
                Some(e) => format!("CAST(({e}) AS {}) AS {}", c.ty.snowflake(), quoted(&c.name)),
                None => quoted(&c.name),
            })
            .collect();
        let partition = partition.map_or_else(
            || "NULL".to_owned(),
            |p| format!("'{}'", p.replace('\\', "\\\\").replace('\'', "''")),
        );
        let query = crate::parse::query(&format!(
            "SELECT {} FROM (SELECT {value} AS VALUE, {FILENAME}, {ROW_NUMBER}::NUMBER(38,0) AS {ROW_NUMBER}, {partition}::VARCHAR AS METADATA$EXTERNAL_TABLE_PARTITION FROM \"{STAGED}\")",
            items.join(", ")
        ))?;
        self.dialect
            .set_staged(STAGED.to_owned(), Some((columns, batches)));
        let outcome = match self.inner.run_query(&query, &[]).await {
            Ok(stream) => stream.collect().await,
            Err(e) => Err(e),
        };
        self.dialect.clear_staged();
        let (_, batches) = outcome?;
        for b in &batches {
            for (c, a) in entry.def.columns.iter().zip(b.columns()) {
                if c.not_null && a.null_count() > 0 {
                    return Err(ErrorKind::NullInNotNull(c.name.clone()).into());
                }
            }
        }
        Ok(batches)
    }
}

/// A path below the location's, or as it is where it starts with that already.
fn path_in(at: &Location, path: &str) -> String {
    let path = path.trim_start_matches('/');
    if at.path.is_empty() || at.path.ends_with('/') {
        format!("{}{path}", at.path)
    } else {
        format!("{}/{path}", at.path)
    }
}

/// The rows that do not come from these files.
fn without_files(data: &TableData, def: &TableDef, gone: &HashSet<&str>) -> Result<TableData> {
    let Some(column) = def.index_of(FILENAME) else {
        return Err(SqlError::internal("an external table without file names"));
    };
    if gone.is_empty() {
        return Ok(data.clone());
    }
    let parts = data
        .batches
        .iter()
        .zip(&data.ids)
        .map(|(b, ids)| {
            let names = b.column(column).as_string::<i32>();
            let keep: Vec<bool> = (0..b.num_rows())
                .map(|i| names.is_null(i) || !gone.contains(names.value(i)))
                .collect();
            if keep.iter().all(|k| *k) {
                return Ok((b.clone(), ids.clone()));
            }
            let rows = filter_record_batch(b, &BooleanArray::from(keep.clone()))?;
            Ok((rows, ids.filter(&keep)))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(TableData::with_ids(Arc::clone(&data.schema), parts))
}

/// The type of files and the name of the file format, as SHOW gives them.
pub(crate) fn format_of(format: &Properties) -> (String, String) {
    let name = format.get("FORMAT_NAME").cloned().unwrap_or_default();
    let ty = format
        .get("TYPE")
        .map_or_else(String::new, |t| t.to_uppercase());
    (name, ty)
}
