//! Files of internal stages and the history of loads, in memory or in the engine's data directory.
//! What a stage is, and when a file is loaded again, is decided by `stage` and `copy`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use md5::Digest;
use serde::{Deserialize, Serialize};

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

/// A table: the oids of its database and its own.
pub type TableId = (u64, u64);

/// The files and loads of an account.
#[derive(Debug, Default)]
pub(super) struct StageFiles {
    state: Mutex<State>,
    dir: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    files: BTreeMap<String, Kept>,
    /// Entity tag or MD5 that each file had when a table loaded it.
    loads: BTreeMap<TableId, BTreeMap<String, String>>,
}

#[derive(Debug)]
struct Kept {
    /// Number of the file on disk.
    number: u64,
    file: StageFile,
}

/// `stages.json`, which is replaced by a rename; the contents are in files named by number beside it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    files: Vec<IndexFile>,
    loads: Vec<(TableId, BTreeMap<String, String>)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct IndexFile {
    key: String,
    number: u64,
    md5: String,
    modified: i64,
}

const INDEX: &str = "stages.json";

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> SqlError + '_ {
    move |e| ErrorKind::Storage(format!("{}: {e}", path.display())).into()
}

impl StageFiles {
    /// What a directory holds, or nothing, where it is missing. Everything is in memory only without one.
    ///
    /// # Errors
    /// When the directory cannot be made or read.
    pub fn open(dir: Option<PathBuf>) -> Result<Self> {
        let mut state = State::default();
        let Some(dir) = dir else {
            return Ok(StageFiles::default());
        };
        fs::create_dir_all(&dir).map_err(failed(&dir))?;
        let path = dir.join(INDEX);
        let index: Index = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|e| failed(&path)(std::io::Error::other(e)))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Index::default(),
            Err(e) => return Err(failed(&path)(e)),
        };
        for f in index.files {
            let path = dir.join(f.number.to_string());
            let file = StageFile {
                bytes: fs::read(&path).map_err(failed(&path))?.into(),
                md5: f.md5,
                modified: f.modified,
            };
            state.next = state.next.max(f.number + 1);
            state.files.insert(
                f.key,
                Kept {
                    number: f.number,
                    file,
                },
            );
        }
        state.loads = index.loads.into_iter().collect();
        Ok(StageFiles {
            state: Mutex::new(state),
            dir: Some(dir),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the index beside the old one, then renames it over it.
    fn save(&self, state: &State) -> Result<()> {
        let Some(dir) = &self.dir else {
            return Ok(());
        };
        let index = Index {
            files: state
                .files
                .iter()
                .map(|(key, k)| IndexFile {
                    key: key.clone(),
                    number: k.number,
                    md5: k.file.md5.clone(),
                    modified: k.file.modified,
                })
                .collect(),
            loads: state.loads.clone().into_iter().collect(),
        };
        let path = dir.join(INDEX);
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(dir)?;
            serde_json::to_writer(&mut file, &index)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(failed(&path))
    }

    /// Files whose keys start so, in key order.
    pub fn list(&self, prefix: &str) -> Vec<(String, StageFile)> {
        self.lock()
            .files
            .range(prefix.to_owned()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, k)| (key.clone(), k.file.clone()))
            .collect()
    }

    /// One file.
    pub fn get(&self, key: &str) -> Option<StageFile> {
        self.lock().files.get(key).map(|k| k.file.clone())
    }

    /// Writes a file.
    ///
    /// # Errors
    /// When it cannot be made durable; there is no such file then, or the one before.
    pub fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let md5 = md5::Md5::digest(&bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        if let Some(dir) = &self.dir {
            let path = dir.join(number.to_string());
            let write = || {
                fs::File::create(&path).and_then(|mut f| {
                    std::io::Write::write_all(&mut f, &bytes)?;
                    f.sync_all()
                })
            };
            write().map_err(failed(&path))?;
        }
        let file = StageFile {
            bytes,
            md5,
            modified: chrono::Utc::now().timestamp(),
        };
        let before = state.files.insert(key.to_owned(), Kept { number, file });
        if let Err(e) = self.save(&state) {
            match before {
                Some(kept) => state.files.insert(key.to_owned(), kept),
                None => state.files.remove(key),
            };
            self.discard(number);
            return Err(e);
        }
        if let Some(kept) = before {
            self.discard(kept.number);
        }
        Ok(())
    }

    /// Removes a file; false when there is none.
    ///
    /// # Errors
    /// When that cannot be made durable; the file is still there then.
    pub fn remove(&self, key: &str) -> Result<bool> {
        let mut state = self.lock();
        let Some(kept) = state.files.remove(key) else {
            return Ok(false);
        };
        if let Err(e) = self.save(&state) {
            state.files.insert(key.to_owned(), kept);
            return Err(e);
        }
        self.discard(kept.number);
        Ok(true)
    }

    /// A file on disk that the index does not name any more costs space only.
    fn discard(&self, number: u64) {
        let Some(dir) = &self.dir else { return };
        let path = dir.join(number.to_string());
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "a file that is not needed any more stays");
        }
    }

    /// Whether a table has loaded this file with these contents.
    pub fn is_loaded(&self, table: TableId, file: &str, etag: &str) -> bool {
        self.lock()
            .loads
            .get(&table)
            .and_then(|f| f.get(file))
            .is_some_and(|e| e == etag)
    }

    /// Remembers that a table has loaded a file.
    ///
    /// # Errors
    /// When that cannot be made durable.
    pub fn set_loaded(&self, table: TableId, file: &str, etag: &str) -> Result<()> {
        let mut state = self.lock();
        state
            .loads
            .entry(table)
            .or_default()
            .insert(file.to_owned(), etag.to_owned());
        self.save(&state)
    }

    /// Forgets what a table has loaded, as TRUNCATE does.
    ///
    /// # Errors
    /// When that cannot be made durable.
    pub fn forget_loaded(&self, table: TableId) -> Result<()> {
        let mut state = self.lock();
        match state.loads.remove(&table) {
            Some(_) => self.save(&state),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_loads_are_there_again() {
        let temp = tempfile::tempdir().expect("a directory");
        let dir = temp.path().join("stages");
        let open = || StageFiles::open(Some(dir.clone())).expect("it opens");
        let files = open();
        for (key, text) in [("s/a", "1"), ("s/b", "2"), ("t/a", "3"), ("s/a", "4")] {
            files.put(key, Bytes::from(text)).expect("written");
        }
        assert!(files.remove("s/b").expect("removed"));
        assert!(!files.remove("s/b").expect("there is none"));
        files.set_loaded((1, 2), "s/a", "tag").expect("noted");
        files.set_loaded((1, 3), "s/a", "tag").expect("noted");
        files.forget_loaded((1, 3)).expect("forgotten");

        let again = open();
        let list = |prefix: &str| -> Vec<(String, Bytes)> {
            again
                .list(prefix)
                .into_iter()
                .map(|(key, f)| (key, f.bytes))
                .collect()
        };
        assert_eq!(list("s/"), [("s/a".to_owned(), Bytes::from("4"))]);
        assert_eq!(list("").len(), 2);
        assert!(again.is_loaded((1, 2), "s/a", "tag"));
        assert!(!again.is_loaded((1, 2), "s/a", "other"));
        assert!(!again.is_loaded((1, 3), "s/a", "tag"));
        // The index and two files.
        assert_eq!(fs::read_dir(&dir).expect("it is there").count(), 3);
    }

    #[test]
    fn a_directory_that_cannot_be_read_is_named() {
        let temp = tempfile::tempdir().expect("a directory");
        fs::write(temp.path().join(INDEX), b"{").expect("written");
        let error = StageFiles::open(Some(temp.path().to_owned())).expect_err("it is broken");
        assert!(error.to_string().contains(INDEX), "{error}");
    }
}
