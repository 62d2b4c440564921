//! What the control plane remembers: experiments, their runs, and what is still to be cleared away; in SQLite.
//! Every change is one transaction, so that a process that is killed leaves no half of one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dwsim_runtime::Dialect;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

/// Why the metadata cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is not what it should be.
    #[error("the metadata {file} cannot be used: {message}")]
    Corrupt {
        /// The file.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// SQLite refused: a full disk, a locked file.
    #[error("the metadata: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A value in the file is not what it should be.
    #[error("the metadata: {0}")]
    Json(#[from] serde_json::Error),
}

type Result<T> = std::result::Result<T, StoreError>;

/// One step per version of the file; `user_version` counts those that were taken.
const MIGRATIONS: &[&str] = &["
    create table experiments (
        name text primary key,
        toml text not null,
        created integer not null,
        loaded_run integer
    ) strict;
    create table runs (
        id integer primary key autoincrement,
        experiment text not null references experiments(name) on delete cascade,
        status text not null,
        schema text not null,
        seed integer not null,
        dialects text not null,
        tables text not null,
        started integer not null,
        ended integer,
        error text,
        check (status in ('running', 'done', 'failed', 'cancelled'))
    ) strict;
    create unique index one_run_at_a_time on runs (experiment) where status = 'running';
    create table garbage (
        id integer primary key autoincrement,
        database text,
        prefix text
    ) strict;
"];

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It goes on.
    Running,
    /// The data are loaded.
    Done,
    /// It failed; nothing of it is loaded.
    Failed,
    /// Somebody cancelled it; nothing of it is loaded.
    Cancelled,
}

impl Status {
    /// The word in the file and in answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Done => "done",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "running" => Status::Running,
            "done" => Status::Done,
            "cancelled" => Status::Cancelled,
            _ => Status::Failed,
        }
    }
}

/// How far one table of a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableProgress {
    /// Table.
    pub table: String,
    /// Rows to make.
    pub rows: u64,
    /// Rows that are made.
    pub generated: u64,
    /// Bytes of Parquet, once staged.
    pub bytes: u64,
    /// Rows loaded, by dialect.
    pub loaded: BTreeMap<String, u64>,
}

/// A run: data generated, staged and loaded once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Number, unique over all experiments.
    pub id: i64,
    /// Experiment.
    pub experiment: String,
    /// What became of it.
    pub status: Status,
    /// Hash of the schema that its data are of.
    pub schema: String,
    /// Seed of its data.
    pub seed: u64,
    /// Warehouses it loads: `redshift`, `snowflake`.
    pub dialects: Vec<String>,
    /// Per table.
    pub tables: Vec<TableProgress>,
    /// Seconds since 1970.
    pub started: i64,
    /// Seconds since 1970, once it ended.
    pub ended: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Run {
    /// The warehouses it loads.
    #[must_use]
    pub fn dialects(&self) -> Vec<Dialect> {
        self.dialects
            .iter()
            .filter_map(|d| Dialect::from_name(d))
            .collect()
    }
}

/// A named schema and what is loaded of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// Name.
    pub name: String,
    /// Its dwsim.toml.
    pub toml: String,
    /// Seconds since 1970.
    pub created: i64,
    /// The run whose data are loaded.
    pub loaded_run: Option<i64>,
}

/// Something to clear away: a database on both warehouses, or staged objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Garbage {
    /// Number.
    pub id: i64,
    /// Database.
    pub database: Option<String>,
    /// Prefix in the staging bucket.
    pub prefix: Option<String>,
}

/// The metadata.
#[derive(Debug)]
pub struct Store(Mutex<Connection>);

impl Store {
    /// Opens the file, makes or migrates it; in memory without one. Runs that were going on are marked as failed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a file that is no metadata, damaged, or of a newer dwsim.
    pub fn open(file: Option<&Path>) -> Result<Self> {
        let shown = file.map_or_else(|| "in memory".to_owned(), |f| f.display().to_string());
        let corrupt = |message: String| StoreError::Corrupt {
            file: shown.clone(),
            message,
        };
        let mut db = match file {
            Some(file) => Connection::open(file).map_err(|e| corrupt(e.to_string()))?,
            None => Connection::open_in_memory()?,
        };
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        let check: String = db
            .query_row("pragma quick_check(1)", [], |row| row.get(0))
            .map_err(|e| corrupt(e.to_string()))?;
        if check != "ok" {
            return Err(corrupt(check));
        }
        // an acknowledged change is on the disk
        db.pragma_update(None, "journal_mode", "wal")?;
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "foreign_keys", true)?;
        let version: i64 = db.query_row("pragma user_version", [], |row| row.get(0))?;
        let done = usize::try_from(version).unwrap_or(usize::MAX);
        if done > MIGRATIONS.len() {
            return Err(corrupt(format!(
                "its version is {version}, and this dwsim knows {}",
                MIGRATIONS.len()
            )));
        }
        for (i, step) in MIGRATIONS.iter().enumerate().skip(done) {
            let change = db.transaction()?;
            change
                .execute_batch(step)
                .map_err(|e| corrupt(e.to_string()))?;
            change.pragma_update(None, "user_version", i as i64 + 1)?;
            change.commit()?;
        }
        db.execute(
            "update runs set status = 'failed', ended = started, error = 'the control plane ended during the run' where status = 'running'",
            [],
        )?;
        Ok(Store(Mutex::new(db)))
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an experiment; false if there is one of the name.
    ///
    /// # Errors
    /// When SQLite refuses, as for all that follow.
    pub fn create(&self, name: &str, toml: &str, now: i64) -> Result<bool> {
        let added = self.db().execute(
            "insert into experiments (name, toml, created) values (?1, ?2, ?3) on conflict do nothing",
            params![name, toml, now],
        )?;
        Ok(added == 1)
    }

    /// All experiments by name.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn experiments(&self) -> Result<Vec<Experiment>> {
        let db = self.db();
        let mut found =
            db.prepare("select name, toml, created, loaded_run from experiments order by name")?;
        let rows = found.query_map([], experiment)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One experiment.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn experiment(&self, name: &str) -> Result<Option<Experiment>> {
        let db = self.db();
        let sql = "select name, toml, created, loaded_run from experiments where name = ?1";
        Ok(db.query_row(sql, [name], experiment).optional()?)
    }

    /// Replaces an experiment's schema; its data stay as they are loaded.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn set_toml(&self, name: &str, toml: &str) -> Result<bool> {
        let changed = self.db().execute(
            "update experiments set toml = ?2 where name = ?1",
            params![name, toml],
        )?;
        Ok(changed == 1)
    }

    /// Says what is loaded.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn set_loaded(&self, name: &str, run: Option<i64>) -> Result<()> {
        self.db().execute(
            "update experiments set loaded_run = ?2 where name = ?1",
            params![name, run],
        )?;
        Ok(())
    }

    /// Removes an experiment with its runs and notes what is to be cleared away; false if there is none.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn delete(&self, name: &str, databases: &[String], prefix: &str) -> Result<bool> {
        let mut db = self.db();
        let change = db.transaction()?;
        let removed = change.execute("delete from experiments where name = ?1", [name])?;
        if removed == 1 {
            for database in databases {
                change.execute("insert into garbage (database) values (?1)", [database])?;
            }
            change.execute("insert into garbage (prefix) values (?1)", [prefix])?;
        }
        change.commit()?;
        Ok(removed == 1)
    }

    /// What is to be cleared away.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn garbage(&self) -> Result<Vec<Garbage>> {
        let db = self.db();
        let mut found = db.prepare("select id, database, prefix from garbage order by id")?;
        let rows = found.query_map([], |r| {
            Ok(Garbage {
                id: r.get(0)?,
                database: r.get(1)?,
                prefix: r.get(2)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// It is cleared away.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn cleared(&self, id: i64) -> Result<()> {
        self.db()
            .execute("delete from garbage where id = ?1", [id])?;
        Ok(())
    }

    /// Begins a run; nothing if one is going on.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn begin(
        &self,
        experiment: &str,
        schema: &str,
        seed: u64,
        dialects: &[String],
        tables: &[TableProgress],
        now: i64,
    ) -> Result<Option<i64>> {
        let db = self.db();
        let added = db.execute(
            "insert into runs (experiment, status, schema, seed, dialects, tables, started) values (?1, 'running', ?2, ?3, ?4, ?5, ?6)
             on conflict do nothing",
            params![experiment, schema, seed.cast_signed(), serde_json::to_string(dialects)?, serde_json::to_string(tables)?, now],
        )?;
        Ok((added == 1).then(|| db.last_insert_rowid()))
    }

    /// Ends a run; a done one becomes what its experiment has loaded.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn end(&self, run: &Run) -> Result<()> {
        let mut db = self.db();
        let change = db.transaction()?;
        change.execute(
            "update runs set status = ?2, tables = ?3, ended = ?4, error = ?5 where id = ?1",
            params![
                run.id,
                run.status.word(),
                serde_json::to_string(&run.tables)?,
                run.ended,
                run.error
            ],
        )?;
        if run.status == Status::Done {
            change.execute(
                "update experiments set loaded_run = ?2 where name = ?1",
                params![run.experiment, run.id],
            )?;
        }
        change.commit()?;
        Ok(())
    }

    /// Runs of an experiment, the newest first.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn runs(&self, experiment: &str) -> Result<Vec<Run>> {
        let db = self.db();
        let mut found = db.prepare(&format!("{RUN} where experiment = ?1 order by id desc"))?;
        let rows = found.query_map([experiment], raw)?;
        rows.map(|row| read_run(row?)).collect()
    }

    /// One run.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn run(&self, experiment: &str, id: i64) -> Result<Option<Run>> {
        let db = self.db();
        let row = db.query_row(
            &format!("{RUN} where experiment = ?1 and id = ?2"),
            params![experiment, id],
            raw,
        );
        row.optional()?.map(read_run).transpose()
    }
}

const RUN: &str = "select id, experiment, status, schema, seed, dialects, tables, started, ended, error from runs";

type RawRun = (
    i64,
    String,
    String,
    String,
    i64,
    String,
    String,
    i64,
    Option<i64>,
    Option<String>,
);

fn raw(r: &Row<'_>) -> rusqlite::Result<RawRun> {
    Ok((
        r.get(0)?,
        r.get(1)?,
        r.get(2)?,
        r.get(3)?,
        r.get(4)?,
        r.get(5)?,
        r.get(6)?,
        r.get(7)?,
        r.get(8)?,
        r.get(9)?,
    ))
}

fn read_run(
    (id, experiment, status, schema, seed, dialects, tables, started, ended, error): RawRun,
) -> Result<Run> {
    Ok(Run {
        id,
        experiment,
        status: Status::parse(&status),
        schema,
        seed: seed.cast_unsigned(),
        dialects: serde_json::from_str(&dialects)?,
        tables: serde_json::from_str(&tables)?,
        started,
        ended,
        error,
    })
}

fn experiment(r: &Row<'_>) -> rusqlite::Result<Experiment> {
    Ok(Experiment {
        name: r.get(0)?,
        toml: r.get(1)?,
        created: r.get(2)?,
        loaded_run: r.get(3)?,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn one_run_at_a_time_and_none_survives_the_process() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("control.sqlite");
        let store = Store::open(Some(&file)).unwrap();
        assert!(store.create("a", "x", 1).unwrap());
        assert!(!store.create("a", "y", 2).unwrap());
        let run = store
            .begin("a", "h", u64::MAX, &["redshift".into()], &[], 3)
            .unwrap()
            .unwrap();
        assert_eq!(store.begin("a", "h", 1, &[], &[], 3).unwrap(), None);
        drop(store);
        let store = Store::open(Some(&file)).unwrap();
        let found = store.run("a", run).unwrap().unwrap();
        assert_eq!((found.status, found.seed), (Status::Failed, u64::MAX));
        let again = store.begin("a", "h", 1, &[], &[], 4).unwrap().unwrap();
        assert!(again > run);
        assert!(store.delete("a", &["exp_a".into()], "p").unwrap());
        assert!(!store.delete("a", &[], "p").unwrap());
        assert!(store.runs("a").unwrap().is_empty());
        assert_eq!(store.garbage().unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_metadata_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("control.sqlite");
        std::fs::write(
            &file,
            "this is a poem, and not a database, and long enough to be looked at as one",
        )
        .unwrap();
        assert!(matches!(
            Store::open(Some(&file)),
            Err(StoreError::Corrupt { .. })
        ));
    }
}
