//! What all sessions of an account share beside the catalog: staged files, load history, results by query id.
//! Files and loads are kept by `stage_files`; the catalog is the engine's.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dwsim_engine::engine::Engine;
use dwsim_engine::error::SqlError;

use super::Answer;
use super::automatic::Followers;
use super::registry::{SessionSlot, Sessions};
use super::stage_files::{StageFile, StageFiles, TableId};
use crate::dialect::ResultSource;

/// Finished results that are kept for RESULT_SCAN and for clients that fetch later.
const KEPT_RESULTS: usize = 256;

/// A row that a COPY refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyError {
    /// Message.
    pub message: String,
    /// Snowflake's code.
    pub code: String,
    /// SQLSTATE.
    pub sqlstate: String,
    /// File.
    pub file: String,
    /// Line in the file, from 1.
    pub line: u64,
    /// Row in the file, from 1.
    pub row: u64,
    /// The column as `"TABLE"["COLUMN":1]`.
    pub column: Option<String>,
}

/// A COPY INTO a table that was run, for VALIDATE and COPY_HISTORY.
#[derive(Debug, Clone)]
pub struct CopyRun {
    /// Query id.
    pub query_id: String,
    /// Session.
    pub session: i64,
    /// Database id and table id.
    pub table: (u64, u64),
    /// The table's name then.
    pub table_name: dwsim_engine::catalog::ObjectName,
    /// Refused rows.
    pub errors: Vec<CopyError>,
    /// The location that was read, as COPY_HISTORY shows it.
    pub location: String,
    /// Per file: path in its location, status, rows parsed, rows loaded, errors, first error.
    pub files: Vec<[String; 6]>,
    /// Entity tags of the files that were not loaded.
    pub failed: Vec<String>,
    /// The pipe that ran it.
    pub pipe: Option<dwsim_engine::catalog::ObjectName>,
    /// Seconds since the epoch.
    pub at: i64,
}

/// A statement that was run, for QUERY_HISTORY.
#[derive(Debug, Clone)]
pub struct StatementRun {
    /// Query id.
    pub query_id: String,
    /// Text.
    pub text: String,
    /// Current database.
    pub database: Option<String>,
    /// Current schema.
    pub schema: Option<String>,
    /// What it was; None when it failed.
    pub kind: Option<super::StatementKind>,
    /// Session.
    pub session: i64,
    /// User.
    pub user: String,
    /// Role.
    pub role: String,
    /// Warehouse.
    pub warehouse: String,
    /// QUERY_TAG.
    pub tag: String,
    /// Code and message of its error.
    pub failure: Option<(String, String)>,
    /// When it began.
    pub started: chrono::DateTime<chrono::Utc>,
    /// When it was over.
    pub ended: chrono::DateTime<chrono::Utc>,
    /// Rows of its answer.
    pub rows: usize,
}

/// A run of a task, for TASK_HISTORY.
#[derive(Debug, Clone)]
pub struct TaskRun {
    /// The task.
    pub name: dwsim_engine::catalog::ObjectName,
    /// The first task of its graph: id and name.
    pub root: u64,
    /// Query id of its statement.
    pub query_id: String,
    /// The statement's text.
    pub text: String,
    /// WHEN of the task.
    pub condition: Option<String>,
    /// "SUCCEEDED", "FAILED" or "SKIPPED".
    pub state: &'static str,
    /// Code and message of its error.
    pub failure: Option<(String, String)>,
    /// When it began.
    pub started: chrono::DateTime<chrono::Utc>,
    /// When it was over.
    pub ended: chrono::DateTime<chrono::Utc>,
    /// What SYSTEM$SET_RETURN_VALUE gave.
    pub returned: Option<String>,
}

/// A refresh of a dynamic table, for DYNAMIC_TABLE_REFRESH_HISTORY.
#[derive(Debug, Clone)]
pub struct RefreshRun {
    /// The dynamic table.
    pub name: dwsim_engine::catalog::ObjectName,
    /// Its id.
    pub table: u64,
    /// Query id of the statement that asked for it.
    pub query_id: String,
    /// "CREATION" or "MANUAL".
    pub trigger: &'static str,
    /// "REINITIALIZE", "FULL" or "NO_DATA".
    pub action: &'static str,
    /// Rows that came and rows that went.
    pub rows: (usize, usize),
    /// Code and message of its error.
    pub failure: Option<(String, String)>,
    /// When it began, which is the data's timestamp.
    pub started: chrono::DateTime<chrono::Utc>,
    /// When it was over.
    pub ended: chrono::DateTime<chrono::Utc>,
}

/// Statements and runs of tasks that are remembered.
const KEPT_RUNS: usize = 10_000;

/// Bytes of remembered statements.
const KEPT_BYTES: usize = 16 << 20;

/// Runs of COPY that are remembered.
const KEPT_COPIES: usize = 1000;

/// A result, or the error in its place.
pub type Finished = Result<Arc<Answer>, SqlError>;

/// State of an account.
#[derive(Debug)]
pub struct AccountState {
    /// The engine.
    pub engine: Arc<Engine>,
    /// Account name, as CURRENT_ACCOUNT shows it.
    pub name: String,
    stages: StageFiles,
    results: Mutex<Results>,
    copies: Mutex<VecDeque<CopyRun>>,
    /// The statements, and the bytes of their texts.
    statements: Mutex<(VecDeque<StatementRun>, usize)>,
    tasks: Mutex<VecDeque<TaskRun>>,
    refreshes: Mutex<VecDeque<RefreshRun>>,
    sessions: Sessions,
    followers: Followers,
}

#[derive(Debug, Default)]
struct Results {
    by_id: HashMap<String, Finished>,
    order: VecDeque<String>,
}

/// Adds to a history of at most so many.
fn keep<T>(history: &Mutex<VecDeque<T>>, run: T, most: usize) {
    let mut runs = history.lock().unwrap_or_else(PoisonError::into_inner);
    runs.push_back(run);
    while runs.len() > most {
        runs.pop_front();
    }
}

impl AccountState {
    /// An account over an engine; files of internal stages are kept in the engine's data directory, if it has one.
    ///
    /// # Errors
    /// When the files in the data directory cannot be read.
    pub fn new(engine: Arc<Engine>, name: impl Into<String>) -> Result<Self, SqlError> {
        let dir = engine.config.data_dir.as_ref().map(|d| d.join("stages"));
        Ok(AccountState {
            engine,
            name: name.into(),
            stages: StageFiles::open(dir)?,
            results: Mutex::default(),
            copies: Mutex::default(),
            statements: Mutex::default(),
            tasks: Mutex::default(),
            refreshes: Mutex::default(),
            sessions: Sessions::default(),
            followers: Followers::default(),
        })
    }

    /// Remembers a statement that is over.
    pub fn note_statement(&self, run: StatementRun) {
        let mut runs = self
            .statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (runs, bytes) = &mut *runs;
        *bytes += run.text.len();
        runs.push_back(run);
        while runs.len() > KEPT_RUNS || (*bytes > KEPT_BYTES && runs.len() > 1) {
            *bytes -= runs.pop_front().map_or(0, |r| r.text.len());
        }
    }

    /// Remembers a run of a task.
    pub fn note_task(&self, run: TaskRun) {
        keep(&self.tasks, run, KEPT_RUNS);
    }

    /// Remembers a refresh of a dynamic table.
    pub fn note_refresh(&self, run: RefreshRun) {
        keep(&self.refreshes, run, KEPT_RUNS);
    }

    /// Adds a session, for as long as it lives.
    pub(super) fn add_session(&self, slot: &Arc<SessionSlot>) {
        self.sessions.add(slot);
    }

    /// What follows buckets, in a version of the catalog.
    pub(super) fn followers(&self) -> &Followers {
        &self.followers
    }

    /// The files that a pipe could not load, by their entity tags.
    pub(super) fn failed_files(&self, pipe: &dwsim_engine::catalog::ObjectName) -> Vec<String> {
        let copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        copies
            .iter()
            .filter(|c| c.pipe.as_ref() == Some(pipe))
            .flat_map(|c| c.failed.iter().cloned())
            .collect()
    }

    /// Remembers a COPY.
    pub fn note_copy(&self, run: CopyRun) {
        keep(&self.copies, run, KEPT_COPIES);
    }

    /// Files of internal stages whose keys start so, in key order.
    pub fn files(&self, prefix: &str) -> Vec<(String, StageFile)> {
        self.stages.list(prefix)
    }

    /// One file.
    pub fn file(&self, key: &str) -> Option<StageFile> {
        self.stages.get(key)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// When the data directory cannot be written; there is no such file then, or the one before.
    pub fn put_file(&self, key: &str, bytes: Bytes) -> Result<(), SqlError> {
        self.stages.put(key, bytes)
    }

    /// Removes a file; false when there is none.
    ///
    /// # Errors
    /// When the data directory cannot be written; the file is still there then.
    pub fn remove_file(&self, key: &str) -> Result<bool, SqlError> {
        self.stages.remove(key)
    }

    /// Whether a table has loaded this file with these contents.
    pub fn is_loaded(&self, table: TableId, file: &str, etag: &str) -> bool {
        self.stages.is_loaded(table, file, etag)
    }

    /// Remembers that a table has loaded a file.
    ///
    /// # Errors
    /// When the data directory cannot be written.
    pub fn set_loaded(&self, table: TableId, file: &str, etag: &str) -> Result<(), SqlError> {
        self.stages.set_loaded(table, file, etag)
    }

    /// Forgets what a table has loaded, as TRUNCATE does.
    ///
    /// # Errors
    /// When the data directory cannot be written.
    pub fn forget_loaded(&self, table: TableId) -> Result<(), SqlError> {
        self.stages.forget_loaded(table)
    }

    /// Keeps a result.
    pub fn keep(&self, query_id: &str, result: Finished) {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.by_id.insert(query_id.to_owned(), result);
        results.order.push_back(query_id.to_owned());
        while results.order.len() > KEPT_RESULTS {
            if let Some(old) = results.order.pop_front() {
                results.by_id.remove(&old);
            }
        }
    }

    /// A kept result.
    pub fn finished(&self, query_id: &str) -> Option<Finished> {
        self.results
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .by_id
            .get(query_id)
            .cloned()
    }
}

impl ResultSource for AccountState {
    fn statements(&self) -> Vec<StatementRun> {
        let runs = self
            .statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        runs.0.iter().cloned().collect()
    }

    fn tasks(&self) -> Vec<TaskRun> {
        let runs = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        runs.iter().cloned().collect()
    }

    fn sessions(&self) -> Vec<Arc<SessionSlot>> {
        self.sessions.all()
    }

    fn refreshes(&self) -> Vec<RefreshRun> {
        let runs = self
            .refreshes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        runs.iter().cloned().collect()
    }

    fn result(&self, query_id: &str) -> Option<Arc<Answer>> {
        self.finished(query_id)?.ok()
    }

    fn copies(&self) -> Vec<CopyRun> {
        let copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        copies.iter().cloned().collect()
    }
}
