//! The experiments of one running dwsim: creating, listing, changing, deleting and exporting them.
//! Runs are in `run`, statements in `query`.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use dwsim_generate::GENERATOR_VERSION;
use dwsim_runtime::client::Connection;
use dwsim_runtime::{Dialect, Endpoints, Value};
use dwsim_schema::identifiers::{literal, quote};
use dwsim_schema::{Config, Inputs};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::compare::Answers;
use super::error::Error;
use super::profile::Reports;
use super::view::{Deleted, Detail, Exported, ExportedTable, Summary, TableSummary};
use crate::import::{self, ColumnView, Existing, Options, TableView, Written};
use crate::metrics::Metrics;
use crate::staging;
use crate::store::{Experiment, Run, Status, Store};

pub(super) type Result<T> = std::result::Result<T, Error>;

/// What an experiment is created from.
#[derive(Clone, Debug)]
pub enum Definition {
    /// The text of a dwsim.toml.
    Toml(String),
    /// The same as JSON.
    Json(serde_json::Value),
    /// DDL.
    Sql {
        /// The text.
        sql: String,
        /// Its dialect.
        dialect: Dialect,
        /// Composite keys become `_row_id`.
        surrogate_keys: bool,
    },
}

/// A run that is going on.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) progress: watch::Sender<Run>,
    pub(super) stop: CancellationToken,
}

/// Everything that can be done with experiments.
#[derive(Debug)]
pub struct Service {
    /// Where the emulators listen.
    pub endpoints: Endpoints,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    pub(super) store: Store,
    pub(super) live: Mutex<HashMap<i64, Live>>,
    /// Experiments that are being deleted or begin a run.
    busy: Mutex<BTreeSet<String>>,
    pub(super) answers: Answers,
    pub(super) reports: Reports,
}

/// Longest name: `exp_` and the suffixes of databases have to fit into 127 bytes.
const LONGEST_NAME: usize = 48;

/// The database of an experiment, the same name on both warehouses.
#[must_use]
pub fn database(name: &str) -> String {
    format!("exp_{name}")
}

pub(super) fn prefix(name: &str) -> String {
    format!("experiments/{name}")
}

pub(super) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A claim on an experiment; given up when dropped.
pub(super) struct Claim<'a> {
    service: &'a Service,
    name: String,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut busy = self
            .service
            .busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        busy.remove(&self.name);
    }
}

impl Service {
    /// Over the emulators at these endpoints.
    #[must_use]
    pub fn new(endpoints: Endpoints, store: Store) -> Arc<Self> {
        Arc::new(Service {
            endpoints,
            metrics: Arc::new(Metrics::default()),
            store,
            live: Mutex::default(),
            busy: Mutex::default(),
            answers: Answers::default(),
            reports: Reports::default(),
        })
    }

    /// Clears away what an earlier process left, and forgets data that are gone.
    ///
    /// # Errors
    /// When the metadata or a warehouse cannot be used.
    pub async fn recover(&self) -> Result<()> {
        for experiment in self.store.experiments()? {
            let database = database(&experiment.name);
            for dialect in Dialect::ALL {
                self.drop_database(dialect, &format!("{database}__next"))
                    .await?;
            }
            let Some(run) = experiment.loaded_run else {
                continue;
            };
            let dialects = self
                .store
                .run(&experiment.name, run)?
                .map(|r| r.dialects())
                .unwrap_or_default();
            for dialect in dialects {
                if !self.has_database(dialect, &database).await? {
                    self.store.set_loaded(&experiment.name, None)?;
                }
            }
        }
        self.sweep().await;
        Ok(())
    }

    /// Clears away what deletions left; what cannot be cleared stays noted.
    pub(super) async fn sweep(&self) {
        let left = match self.store.garbage() {
            Ok(left) => left,
            Err(e) => {
                tracing::warn!(error = %e, "what is to be cleared away is not known");
                return;
            }
        };
        for item in left {
            let mut done = Ok(());
            if let Some(database) = &item.database {
                for dialect in Dialect::ALL {
                    done = done.and(self.drop_database(dialect, database).await);
                }
            }
            if let Some(prefix) = &item.prefix {
                done = done.and(
                    staging::clear(&staging::Place::emulated(&self.endpoints.s3.url), prefix)
                        .await
                        .map_err(Error::from),
                );
            }
            let done = done.and_then(|()| self.store.cleared(item.id).map_err(Error::from));
            if let Err(e) = done {
                tracing::warn!(error = %e, "something of a deleted experiment is left");
            }
        }
    }

    pub(super) fn claim(&self, name: &str) -> Result<Claim<'_>> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.insert(name.to_owned()) {
            Ok(Claim {
                service: self,
                name: name.to_owned(),
            })
        } else {
            Err(Error::Conflict(format!(
                "experiment `{name}` is being deleted or generated"
            )))
        }
    }

    pub(super) fn find(&self, name: &str) -> Result<Experiment> {
        self.store.experiment(name)?.ok_or_else(|| Error::NotFound {
            what: "experiment",
            name: name.to_owned(),
        })
    }

    /// Creates an experiment; nothing is generated yet.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is one of the name, [`Error::Invalid`] or [`Error::Import`] if the name or the
    /// definition cannot be used.
    pub fn create(&self, name: &str, definition: Definition) -> Result<Detail> {
        let fine = name.len() <= LONGEST_NAME
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.ends_with('_')
            && !name.contains("__")
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fine {
            return Err(Error::invalid(format!(
                "the name of an experiment is a lower-case letter and then lower-case letters, digits and single underscores, {LONGEST_NAME} at most"
            )));
        }
        let toml = match definition {
            Definition::Toml(text) => text,
            Definition::Json(value) => json_to_toml(&value)?,
            Definition::Sql {
                sql,
                dialect,
                surrogate_keys,
            } => imported(&sql, dialect, surrogate_keys, "", false)?.text,
        };
        let config = config(&toml)?;
        if config.schema.tables().is_empty() {
            return Err(Error::invalid("the schema has no tables"));
        }
        plan_of(&config, config.project.seed, &Default::default())?;
        if !self.store.create(name, &toml, now())? {
            return Err(Error::Conflict(format!(
                "there is an experiment `{name}` already"
            )));
        }
        self.show(name)
    }

    /// Takes DDL into an experiment's schema.
    ///
    /// # Errors
    /// [`Error::Import`] with every finding if one of them is an error; nothing is changed then.
    pub fn import_sql(
        &self,
        name: &str,
        sql: &str,
        dialect: Dialect,
        merge: bool,
        surrogate_keys: bool,
    ) -> Result<Written> {
        let _claim = self.claim(name)?;
        let experiment = self.find(name)?;
        let written = imported(sql, dialect, surrogate_keys, &experiment.toml, merge)?;
        self.store.set_toml(name, &written.text)?;
        Ok(written)
    }

    /// Reads DDL without keeping anything.
    ///
    /// # Errors
    /// As [`Service::import_sql`].
    pub fn preview_sql(
        &self,
        sql: &str,
        dialect: Dialect,
        surrogate_keys: bool,
    ) -> Result<Written> {
        imported(sql, dialect, surrogate_keys, "", false)
    }

    /// How DDL would be taken into an experiment's schema, without keeping anything.
    ///
    /// # Errors
    /// As [`Service::import_sql`].
    pub fn preview_import(
        &self,
        name: &str,
        sql: &str,
        dialect: Dialect,
        merge: bool,
        surrogate_keys: bool,
    ) -> Result<Written> {
        imported(sql, dialect, surrogate_keys, &self.find(name)?.toml, merge)
    }

    /// How the text of a dwsim.toml is understood.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault.
    pub fn interpret(&self, toml: &str) -> Result<Vec<TableView>> {
        let config = config(toml)?;
        plan_of(&config, config.project.seed, &Default::default())?;
        let document: toml_edit::DocumentMut = toml
            .parse()
            .map_err(|e: toml_edit::TomlError| Error::invalid(e.to_string()))?;
        let written = |table: &str, column: &str| {
            let columns = document.get("tables")?.get(table)?.get("columns")?;
            Some(columns.get(column)?.to_string().trim().to_owned())
        };
        let tables = config.schema.in_reference_order().map(|t| TableView {
            name: t.name.clone(),
            rows: t.rows,
            line: 0,
            columns: t
                .columns
                .iter()
                .map(|c| ColumnView {
                    name: c.name.clone(),
                    declared: c.ty.to_string(),
                    definition: written(&t.name, &c.name).unwrap_or_default(),
                    guess: None,
                })
                .collect(),
        });
        Ok(tables.collect())
    }

    /// All experiments by name.
    ///
    /// # Errors
    /// When the metadata cannot be read.
    pub fn list(&self) -> Result<Vec<Summary>> {
        self.store
            .experiments()?
            .iter()
            .map(|e| self.detail(e).map(|d| d.summary))
            .collect()
    }

    /// The seed and the warehouses that its schema says.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn defaults(&self, name: &str) -> Result<(u64, Vec<Dialect>)> {
        let project = config(&self.find(name)?.toml)?.project;
        Ok((project.seed, project.dialects))
    }

    /// One experiment.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn show(&self, name: &str) -> Result<Detail> {
        self.detail(&self.find(name)?)
    }

    fn detail(&self, experiment: &Experiment) -> Result<Detail> {
        let config = config(&experiment.toml)?;
        let runs = self.store.runs(&experiment.name)?;
        let loaded = experiment
            .loaded_run
            .and_then(|id| runs.iter().find(|r| r.id == id));
        let mut warnings = Vec::new();
        if let Some(last) = runs.first().filter(|r| r.status == Status::Failed) {
            warnings.push(format!(
                "the last run failed: {}",
                last.error.as_deref().unwrap_or("for no known reason")
            ));
        }
        match loaded {
            None => warnings.push("nothing is loaded yet".to_owned()),
            Some(run) if run.schema != config.schema.schema_hash() => {
                warnings.push("the schema was changed after the data were loaded".to_owned());
            }
            Some(_) => {}
        }
        let table_list: Vec<TableSummary> = config
            .schema
            .in_reference_order()
            .map(|t| {
                let done = loaded.and_then(|r| r.tables.iter().find(|p| p.table == t.name));
                TableSummary {
                    name: t.name.clone(),
                    rows: t.rows,
                    columns: t.columns.len(),
                    loaded_rows: done.map_or(0, |p| p.rows),
                    bytes: done.map_or(0, |p| p.bytes),
                }
            })
            .collect();
        let running = runs
            .iter()
            .find(|r| r.status == Status::Running)
            .map(|r| r.id);
        Ok(Detail {
            summary: Summary {
                name: experiment.name.clone(),
                created: experiment.created,
                tables: table_list.len(),
                rows: table_list.iter().map(|t| t.loaded_rows).sum(),
                bytes: table_list.iter().map(|t| t.bytes).sum(),
                loaded: loaded.map(|r| r.dialects.clone()).unwrap_or_default(),
                running,
                warnings,
            },
            database: database(&experiment.name),
            toml: experiment.toml.clone(),
            table_list,
            last_run: runs.into_iter().next().map(|r| self.current(r)),
        })
    }

    /// A run as it is now: the metadata know only how it began and ended.
    pub(super) fn current(&self, run: Run) -> Run {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.get(&run.id)
            .map_or(run, |l| l.progress.borrow().clone())
    }

    /// Runs of an experiment, the newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn runs(&self, name: &str) -> Result<Vec<Run>> {
        self.find(name)?;
        Ok(self
            .store
            .runs(name)?
            .into_iter()
            .map(|r| self.current(r))
            .collect())
    }

    /// One run.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn run(&self, name: &str, id: i64) -> Result<Run> {
        self.find(name)?;
        let run = self.store.run(name, id)?.ok_or_else(|| Error::NotFound {
            what: "run",
            name: id.to_string(),
        })?;
        Ok(self.current(run))
    }

    /// Follows a run that is going on; nothing if it has ended.
    #[must_use]
    pub fn follow(&self, id: i64) -> Option<watch::Receiver<Run>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.get(&id).map(|l| l.progress.subscribe())
    }

    /// Deletes an experiment: metadata, tables on both warehouses, staged objects. If a warehouse refuses, nothing is
    /// changed.
    ///
    /// # Errors
    /// [`Error::Conflict`] while it is generated or deleted, [`Error::NotFound`].
    pub async fn delete(&self, name: &str) -> Result<Deleted> {
        let _claim = self.claim(name)?;
        let experiment = self.find(name)?;
        let runs = self.store.runs(name)?;
        if runs.iter().any(|r| r.status == Status::Running) {
            return Err(Error::Conflict(format!(
                "experiment `{name}` is being generated; cancel the run first"
            )));
        }
        let config = config(&experiment.toml)?;
        let database = database(name);
        let gone = format!("{database}__gone");
        let mut moved = Vec::new();
        let mut dropped_tables = 0;
        for dialect in Dialect::ALL {
            let step = async {
                self.drop_database(dialect, &gone).await?;
                if !self.has_database(dialect, &database).await? {
                    return Ok(false);
                }
                self.rename_database(dialect, &database, &gone).await?;
                Ok::<bool, Error>(true)
            };
            match step.await {
                Ok(true) => {
                    moved.push(dialect);
                    let loaded = experiment
                        .loaded_run
                        .and_then(|id| runs.iter().find(|r| r.id == id));
                    dropped_tables +=
                        loaded.map_or(config.schema.tables().len(), |r| r.tables.len());
                }
                Ok(false) => {}
                Err(e) => {
                    for dialect in moved {
                        self.rename_database(dialect, &gone, &database).await?;
                    }
                    return Err(e);
                }
            }
        }
        match self
            .store
            .delete(name, std::slice::from_ref(&gone), &prefix(name))
        {
            Ok(_) => {}
            Err(e) => {
                for dialect in moved {
                    self.rename_database(dialect, &gone, &database).await?;
                }
                return Err(e.into());
            }
        }
        self.answers.forget(name);
        self.sweep().await;
        Ok(Deleted { dropped_tables })
    }

    /// The files of what is loaded, as the manifest of an export names them.
    ///
    /// # Errors
    /// [`Error::Conflict`] if nothing is loaded.
    pub fn manifest(&self, name: &str) -> Result<Exported> {
        let experiment = self.find(name)?;
        let run = match experiment.loaded_run {
            Some(id) => self.run(name, id)?,
            None => {
                return Err(Error::Conflict(format!(
                    "nothing of experiment `{name}` is loaded; generate it first"
                )));
            }
        };
        Ok(Exported {
            experiment: name.to_owned(),
            run: run.id,
            seed: run.seed,
            generator: GENERATOR_VERSION,
            tables: run
                .tables
                .iter()
                .enumerate()
                .map(|(i, t)| ExportedTable {
                    table: t.table.clone(),
                    rows: t.rows,
                    file: format!("{i:03}_{}.parquet", file_name(&t.table)),
                    bytes: t.bytes,
                })
                .collect(),
        })
    }

    /// The Parquet of one loaded table.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is not loaded.
    pub async fn table_file(&self, name: &str, table: &str) -> Result<Vec<u8>> {
        let manifest = self.manifest(name)?;
        let index = manifest
            .tables
            .iter()
            .position(|t| t.table == table)
            .ok_or_else(|| Error::NotFound {
                what: "table",
                name: table.to_owned(),
            })?;
        let key = staging::key(&format!("{}/{}", prefix(name), manifest.run), index);
        Ok(staging::fetch(&self.endpoints.s3.url, &key).await?)
    }

    /// Copies the Parquet of what is loaded, and the manifest, into a bucket of the emulated S3.
    ///
    /// # Errors
    /// [`Error::Conflict`] if nothing is loaded, [`Error::Invalid`] for a bucket's name that S3 does not take.
    pub async fn export(&self, name: &str, bucket: &str, folder: &str) -> Result<Exported> {
        let manifest = self.manifest(name)?;
        let fine = (3..=63).contains(&bucket.len())
            && bucket
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
            && bucket.starts_with(|c: char| c.is_ascii_alphanumeric())
            && bucket.ends_with(|c: char| c.is_ascii_alphanumeric());
        if !fine {
            return Err(Error::invalid(format!("`{bucket}` is no name of a bucket")));
        }
        let folder = folder.trim_matches('/');
        let key = |file: &str| {
            if folder.is_empty() {
                file.to_owned()
            } else {
                format!("{folder}/{file}")
            }
        };
        for table in &manifest.tables {
            let bytes = self.table_file(name, &table.table).await?;
            staging::put(&self.endpoints.s3.url, bucket, &key(&table.file), bytes).await?;
        }
        let text =
            serde_json::to_vec_pretty(&manifest).map_err(|e| Error::invalid(e.to_string()))?;
        // last, so that a manifest never names a file that is not there
        staging::put(&self.endpoints.s3.url, bucket, &key("manifest.json"), text).await?;
        Ok(manifest)
    }

    /// Whether the metadata can be read and both warehouses answer.
    ///
    /// # Errors
    /// What cannot be reached.
    pub async fn ready(&self) -> Result<()> {
        self.store.garbage()?;
        for dialect in Dialect::ALL {
            let mut connection = self.connect(dialect, None).await?;
            let answer = connection.query("select 1").await;
            connection.close().await;
            answer?;
        }
        Ok(())
    }

    /// A session in an experiment's database.
    pub(super) async fn connect(
        &self,
        dialect: Dialect,
        database: Option<&str>,
    ) -> Result<Connection> {
        Ok(Connection::connect(dialect, self.endpoints.of(dialect), database, None).await?)
    }

    pub(super) async fn has_database(&self, dialect: Dialect, name: &str) -> Result<bool> {
        let mut admin = self.connect(dialect, None).await?;
        let sql = match dialect {
            Dialect::Redshift => format!(
                "select count(*) from pg_database where datname = {}",
                literal(name, dialect)
            ),
            Dialect::Snowflake => "show databases".to_owned(),
        };
        let answer = admin.query(&sql).await;
        admin.close().await;
        let answer = answer?;
        Ok(match dialect {
            Dialect::Redshift => !matches!(answer.scalar(), Some(Value::Int(0))),
            Dialect::Snowflake => {
                let at = answer.column_index("name");
                let same = |v: &Value| matches!(v, Value::Text(t) if t.eq_ignore_ascii_case(name));
                let mut rows = answer.rows.iter();
                rows.any(|row| at.and_then(|i| row.get(i)).is_some_and(same))
            }
        })
    }

    pub(super) async fn drop_database(&self, dialect: Dialect, name: &str) -> Result<()> {
        if !self.has_database(dialect, name).await? {
            return Ok(());
        }
        self.admin(dialect, &format!("drop database {}", quote(name, dialect)))
            .await
    }

    pub(super) async fn rename_database(
        &self,
        dialect: Dialect,
        from: &str,
        to: &str,
    ) -> Result<()> {
        self.admin(
            dialect,
            &format!(
                "alter database {} rename to {}",
                quote(from, dialect),
                quote(to, dialect)
            ),
        )
        .await
    }

    async fn admin(&self, dialect: Dialect, sql: &str) -> Result<()> {
        let mut admin = self.connect(dialect, None).await?;
        let done = admin.execute(sql).await;
        admin.close().await;
        done?;
        Ok(())
    }
}

/// A table's name as part of a file's.
fn file_name(table: &str) -> String {
    table
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
                c
            } else {
                '_'
            }
        })
        .take(60)
        .collect()
}

/// The configuration of an experiment. It reads no files: what it says must stand in it.
pub(super) fn config(toml: &str) -> Result<Config> {
    Ok(Config::load(&Inputs {
        file: Some(("dwsim.toml".to_owned(), toml.to_owned())),
        ..Inputs::default()
    })?)
}

/// Most rows of one run: more would not fit into the memory that the emulators have.
const MOST_ROWS: u64 = 50_000_000;

pub(super) fn plan_of(
    config: &Config,
    seed: u64,
    rows: &std::collections::BTreeMap<String, u64>,
) -> Result<Arc<dwsim_generate::Plan>> {
    let options = dwsim_generate::Options {
        seed,
        scale: config.project.scale,
        rows: rows.clone(),
        ..Default::default()
    };
    let plan = dwsim_generate::plan(&config.schema, &options)?;
    if plan.total_rows() > MOST_ROWS {
        return Err(Error::invalid(format!(
            "{} rows are too many for one run; {MOST_ROWS} are possible",
            plan.total_rows()
        )));
    }
    Ok(Arc::new(plan))
}

fn imported(
    sql: &str,
    dialect: Dialect,
    surrogate_keys: bool,
    text: &str,
    merge: bool,
) -> Result<Written> {
    import::read(sql, dialect, Options { surrogate_keys })
        .toml(&Existing {
            name: "dwsim.toml".to_owned(),
            text: text.to_owned(),
            merge,
            ..Existing::default()
        })
        .map_err(Error::Import)
}

/// JSON as TOML: objects are tables; null has no counterpart.
fn json_to_toml(json: &serde_json::Value) -> Result<String> {
    if !json.is_object() {
        return Err(Error::invalid(
            "the schema must be a JSON object, as dwsim.toml is a table",
        ));
    }
    toml_edit::ser::to_string_pretty(json)
        .map_err(|e| Error::invalid(format!("the schema as TOML: {e}")))
}
