//! What all sessions of a server share besides the engine: connections, logs of queries and of loads.
//! The logs feed system views; objects are in the engine's catalog.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use dwsim_engine::catalog::{Account, Database, Schema};
use dwsim_engine::engine::Engine;

use crate::protocol::{Backends, publish};

/// Entries kept in each log; older ones are dropped, as Redshift drops old log rows.
const KEPT: usize = 10_000;

/// A finished statement.
#[derive(Debug, Clone)]
pub struct QueryRecord {
    /// Query id.
    pub query: i64,
    /// Process id of the session.
    pub pid: i64,
    /// User.
    pub user: String,
    /// Database.
    pub database: String,
    /// Text.
    pub text: String,
    /// `query_group`.
    pub label: String,
    /// Start.
    pub started: DateTime<Utc>,
    /// End.
    pub ended: DateTime<Utc>,
    /// Error message, when it failed.
    pub error: Option<String>,
}

/// A row that COPY refused.
#[derive(Debug, Clone)]
pub struct LoadError {
    /// Query id of the COPY.
    pub query: i64,
    /// Process id of the session.
    pub pid: i64,
    /// Database.
    pub database: String,
    /// Object id of the table.
    pub table: i64,
    /// When.
    pub time: DateTime<Utc>,
    /// File.
    pub file: String,
    /// Line in the file, from 1.
    pub line: i64,
    /// Column name.
    pub column: String,
    /// Type of the column.
    pub ty: String,
    /// Declared length of the column.
    pub length: String,
    /// Position in the line, from 0.
    pub position: i32,
    /// The line.
    pub raw_line: String,
    /// The field.
    pub raw_field: String,
    /// Code.
    pub code: i32,
    /// Reason.
    pub reason: String,
    /// The row's fields up to the refused one.
    pub fields: Vec<LoadField>,
}

/// A field of a row that COPY refused.
#[derive(Debug, Clone)]
pub struct LoadField {
    /// Position of the column in the table, from 0.
    pub number: i64,
    /// Column name.
    pub column: String,
    /// Text; None for NULL.
    pub value: Option<String>,
    /// Type of the column.
    pub ty: String,
    /// Declared length of the column.
    pub length: String,
}

/// A COPY that has ended.
#[derive(Debug, Clone)]
pub struct LoadRecord {
    /// Query id.
    pub query: i64,
    /// Process id of the session.
    pub pid: i64,
    /// User.
    pub user: String,
    /// Database.
    pub database: String,
    /// Table.
    pub table: String,
    /// Start.
    pub started: DateTime<Utc>,
    /// End.
    pub ended: DateTime<Utc>,
    /// FROM.
    pub source: String,
    /// Format.
    pub format: &'static str,
    /// Loaded rows.
    pub rows: i64,
    /// Bytes of the files as they were stored.
    pub bytes: i64,
    /// Files.
    pub files: i64,
    /// Refused rows.
    pub errors: i64,
    /// Whether rows were loaded.
    pub done: bool,
}

/// What a procedure raised.
#[derive(Debug, Clone)]
pub struct ProcedureMessage {
    /// Query id of the CALL.
    pub query: i64,
    /// Process id of the session.
    pub pid: i64,
    /// User.
    pub user: String,
    /// When.
    pub time: DateTime<Utc>,
    /// Level as stl shows it: 20 LOG, 30 INFO, 40 NOTICE, 50 WARNING, 60 EXCEPTION.
    pub level: i64,
    /// The level's word.
    pub word: &'static str,
    /// Text.
    pub text: String,
    /// The statement of the client.
    pub statement: String,
}

/// A file that UNLOAD wrote.
#[derive(Debug, Clone)]
pub struct UnloadFile {
    /// Query id.
    pub query: i64,
    /// Process id of the session.
    pub pid: i64,
    /// User.
    pub user: String,
    /// Database.
    pub database: String,
    /// Address.
    pub path: String,
    /// Start of the UNLOAD.
    pub started: DateTime<Utc>,
    /// End of the UNLOAD.
    pub ended: DateTime<Utc>,
    /// Rows.
    pub rows: i64,
    /// Bytes.
    pub bytes: i64,
    /// Format.
    pub format: &'static str,
}

/// A file that COPY has loaded.
#[derive(Debug, Clone)]
pub struct LoadCommit {
    /// Query id of the COPY.
    pub query: i64,
    /// User.
    pub user: String,
    /// File.
    pub file: String,
    /// Lines or rows in it.
    pub lines: i64,
    /// Bytes as it was stored.
    pub bytes: i64,
    /// Refused rows.
    pub errors: i64,
    /// Format.
    pub format: &'static str,
    /// When.
    pub time: DateTime<Utc>,
}

/// A cluster: an engine with its connections and logs.
#[derive(Debug)]
pub struct Cluster {
    name: String,
    engine: Arc<Engine>,
    backends: Arc<Backends>,
    locks: super::locks::Locks,
    refreshed: super::automatic::Refreshed,
    next_query: AtomicI64,
    queries: Mutex<VecDeque<QueryRecord>>,
    load_errors: Mutex<VecDeque<LoadError>>,
    load_commits: Mutex<VecDeque<LoadCommit>>,
    loads: Mutex<VecDeque<LoadRecord>>,
    unloads: Mutex<VecDeque<UnloadFile>>,
    messages: Mutex<VecDeque<ProcedureMessage>>,
    priorities: Mutex<BTreeMap<String, String>>,
}

fn push<T>(log: &Mutex<VecDeque<T>>, entry: T) {
    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
    if log.len() == KEPT {
        log.pop_front();
    }
    log.push_back(entry);
}

fn all<T: Clone>(log: &Mutex<VecDeque<T>>) -> Vec<T> {
    log.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .cloned()
        .collect()
}

impl Cluster {
    /// A cluster over an engine.
    pub fn new(engine: Arc<Engine>, backends: Arc<Backends>) -> Self {
        static NEXT: AtomicI64 = AtomicI64::new(1);
        let name = format!("dwsim-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        publish(&name, &backends);
        Cluster {
            name,
            engine,
            backends,
            locks: super::locks::Locks::default(),
            refreshed: super::automatic::Refreshed::default(),
            next_query: AtomicI64::new(1),
            queries: Mutex::default(),
            load_errors: Mutex::default(),
            load_commits: Mutex::default(),
            loads: Mutex::default(),
            unloads: Mutex::default(),
            messages: Mutex::default(),
            priorities: Mutex::default(),
        }
    }

    /// A name that no other cluster of this process has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The connections.
    pub fn backends(&self) -> &Arc<Backends> {
        &self.backends
    }

    /// Locked tables.
    pub fn locks(&self) -> &super::locks::Locks {
        &self.locks
    }

    /// What is known of views that refresh themselves.
    pub(super) fn refreshed(&self) -> &super::automatic::Refreshed {
        &self.refreshed
    }

    /// A fresh query id.
    pub fn next_query_id(&self) -> i64 {
        self.next_query.fetch_add(1, Ordering::Relaxed)
    }

    /// Changes the priority of a user, session or query (`user|ann`), None to the usual one; the one before.
    pub(super) fn set_priority(&self, of: &str, to: Option<&str>) -> Option<String> {
        let mut all = self
            .priorities
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match to {
            Some(p) => all.insert(of.to_owned(), p.to_owned()),
            None => all.remove(of),
        }
    }

    /// Logs a finished statement.
    pub fn log_query(&self, record: QueryRecord) {
        push(&self.queries, record);
    }

    /// Logs a refused row.
    pub fn log_load_error(&self, record: LoadError) {
        push(&self.load_errors, record);
    }

    /// Logs a loaded file.
    pub fn log_load_commit(&self, record: LoadCommit) {
        push(&self.load_commits, record);
    }

    /// Logs a COPY that has ended.
    pub fn log_load(&self, record: LoadRecord) {
        push(&self.loads, record);
    }

    /// Logs a file that UNLOAD wrote.
    pub fn log_unload(&self, file: UnloadFile) {
        push(&self.unloads, file);
    }

    /// Logs what a procedure raised.
    pub fn log_message(&self, message: ProcedureMessage) {
        push(&self.messages, message);
    }

    /// What procedures raised, oldest first.
    pub fn messages(&self) -> Vec<ProcedureMessage> {
        all(&self.messages)
    }

    /// Ended COPY statements, oldest first.
    pub fn loads(&self) -> Vec<LoadRecord> {
        all(&self.loads)
    }

    /// Unloaded files, oldest first.
    pub fn unloads(&self) -> Vec<UnloadFile> {
        all(&self.unloads)
    }

    /// Finished statements, oldest first.
    pub fn queries(&self) -> Vec<QueryRecord> {
        all(&self.queries)
    }

    /// Refused rows, oldest first.
    pub fn load_errors(&self) -> Vec<LoadError> {
        all(&self.load_errors)
    }

    /// Loaded files, oldest first.
    pub fn load_commits(&self) -> Vec<LoadCommit> {
        all(&self.load_commits)
    }
}

/// The account a fresh cluster starts with: database `dev` with schema `public`, owned by `dev`.
pub fn account() -> Account {
    let mut account = Account::default();
    account
        .databases
        .insert("dev".into(), Arc::new(database("dev")));
    account
}

/// A database with an empty schema `public`.
pub fn database(owner: &str) -> Database {
    let mut db = Database::new(owner);
    Arc::make_mut(&mut db.schemas).insert("public".into(), Arc::new(Schema::new(owner)));
    db
}
