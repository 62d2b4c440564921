//! What all sessions of an account share beside the catalog: staged files, load history, results by query id.
//! It lives in memory; the catalog is the engine's.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dwsim_engine::engine::Engine;
use dwsim_engine::error::SqlError;

use super::Answer;
use crate::dialect::ResultSource;

/// Finished results that are kept for RESULT_SCAN and for clients that fetch later.
const KEPT_RESULTS: usize = 256;

/// A file in an internal stage.
#[derive(Debug, Clone)]
pub struct StageFile {
    /// Contents.
    pub bytes: Bytes,
    /// MD5 of the contents, hexadecimal.
    pub md5: String,
    /// Seconds since the epoch.
    pub modified: i64,
}

/// A file that a table has loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedFile {
    /// Entity tag or MD5 of the contents then.
    pub etag: String,
}

/// A result, or the error in its place.
pub type Finished = Result<Arc<Answer>, SqlError>;

/// State of an account.
#[derive(Debug)]
pub struct AccountState {
    /// The engine.
    pub engine: Arc<Engine>,
    /// Account name, as CURRENT_ACCOUNT shows it.
    pub name: String,
    files: Mutex<BTreeMap<String, StageFile>>,
    loaded: Mutex<HashMap<(u64, u64), BTreeMap<String, LoadedFile>>>,
    results: Mutex<Results>,
}

#[derive(Debug, Default)]
struct Results {
    by_id: HashMap<String, Finished>,
    order: VecDeque<String>,
}

impl AccountState {
    /// An account over an engine.
    pub fn new(engine: Arc<Engine>, name: impl Into<String>) -> Self {
        AccountState {
            engine,
            name: name.into(),
            files: Mutex::default(),
            loaded: Mutex::default(),
            results: Mutex::default(),
        }
    }

    /// Files of internal stages whose keys start so, in key order.
    pub fn files(&self, prefix: &str) -> Vec<(String, StageFile)> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files
            .range(prefix.to_owned()..)
            .take_while(|(k, _)| k.starts_with(prefix))
            .map(|(k, f)| (k.clone(), f.clone()))
            .collect()
    }

    /// One file.
    pub fn file(&self, key: &str) -> Option<StageFile> {
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    /// Writes a file.
    pub fn put_file(&self, key: &str, bytes: Bytes) {
        use md5::Digest;
        let md5 = md5::Md5::digest(&bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let file = StageFile {
            bytes,
            md5,
            modified: chrono::Utc::now().timestamp(),
        };
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.to_owned(), file);
    }

    /// Removes a file; false when there is none.
    pub fn remove_file(&self, key: &str) -> bool {
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key)
            .is_some()
    }

    /// Whether a table (database id, table id) has loaded this file with these contents.
    pub fn is_loaded(&self, table: (u64, u64), file: &str, etag: &str) -> bool {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded
            .get(&table)
            .and_then(|f| f.get(file))
            .is_some_and(|f| f.etag == etag)
    }

    /// Remembers that a table has loaded a file.
    pub fn set_loaded(&self, table: (u64, u64), file: &str, etag: &str) {
        self.loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(table)
            .or_default()
            .insert(
                file.to_owned(),
                LoadedFile {
                    etag: etag.to_owned(),
                },
            );
    }

    /// Forgets what a table has loaded, as TRUNCATE does.
    pub fn forget_loaded(&self, table: (u64, u64)) {
        self.loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&table);
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
    fn result(&self, query_id: &str) -> Option<Arc<Answer>> {
        self.finished(query_id)?.ok()
    }
}
