//! A data directory: its lock, its files of batches, its manifest.
//! What the manifest says is `manifest`'s part.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;

use super::manifest::{FORMAT, Manifest};
use crate::catalog::{Account, reserve_oids};
use crate::error::{ErrorKind, Result, SqlError};

const MANIFEST: &str = "manifest.json";
const BATCHES: &str = "batches";

/// An open data directory. The lock ends with it, or with the process.
#[derive(Debug)]
pub struct DataDirectory {
    dir: PathBuf,
    is_hidden: fn(&str) -> bool,
    state: Mutex<State>,
    _lock: File,
}

#[derive(Debug, Default)]
struct State {
    next_file: u64,
    files: HashMap<Identity, Kept>,
}

/// The addresses of a batch's columns. A batch that shares all of them has the same rows.
type Identity = Vec<usize>;

/// A batch that is on disk; it is held so that its addresses stay its own.
#[derive(Debug, Clone)]
struct Kept {
    file: u64,
    _held: RecordBatch,
}

fn identity(batch: &RecordBatch) -> Identity {
    batch
        .columns()
        .iter()
        .map(|c| Arc::as_ptr(c).cast::<()>() as usize)
        .collect()
}

fn failed<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> SqlError + 'a {
    move |e| broken(path, format_args!("{what}: {e}"))
}

fn broken(path: &Path, message: impl std::fmt::Display) -> SqlError {
    ErrorKind::Storage(format!("{}: {message}", path.display())).into()
}

impl DataDirectory {
    /// Opens a directory, which is made where it is missing, and reads the catalog that was committed to it last;
    /// `None` where there was no commit yet. Schemas of `is_hidden` names are never written.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`], which names the file: another process has the directory open, it cannot be
    /// read or written, the manifest is of another format, or a file is not what it says.
    pub fn open(dir: &Path, is_hidden: fn(&str) -> bool) -> Result<(Self, Option<Account>)> {
        let batches = dir.join(BATCHES);
        fs::create_dir_all(&batches).map_err(failed("cannot be made", &batches))?;
        let path = dir.join("lock");
        let lock = File::create(&path).map_err(failed("cannot be opened", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(broken(dir, "another process uses this data directory"));
            }
            Err(TryLockError::Error(e)) => return Err(failed("cannot be locked", &path)(e)),
        }
        let mut opened = DataDirectory {
            dir: dir.to_owned(),
            is_hidden,
            state: Mutex::default(),
            _lock: lock,
        };
        let account = opened.read()?;
        Ok((opened, account))
    }

    /// Makes a catalog durable. When this returns, it is what [`DataDirectory::open`] gives, whatever happens to
    /// the process; on an error the catalog before it still is.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`], as on a full disk.
    pub fn commit(&self, account: &Account) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files: HashMap<Identity, Kept> = HashMap::with_capacity(state.files.len());
        let mut next_file = state.next_file;
        let mut written = Vec::new();
        let mut file_of = |batch: &RecordBatch| {
            let id = identity(batch);
            if let Some(kept) = files.get(&id) {
                return Ok(kept.file);
            }
            let kept = match state.files.get(&id) {
                Some(kept) => kept.clone(),
                None => {
                    let file = next_file;
                    next_file += 1;
                    let path = self.batch_path(file);
                    written.push(path.clone());
                    write_batch(&path, batch).map_err(failed("cannot be written", &path))?;
                    Kept {
                        file,
                        _held: batch.clone(),
                    }
                }
            };
            let file = kept.file;
            files.insert(id, kept);
            Ok(file)
        };
        let done = Manifest::of(account, self.is_hidden, &mut file_of)
            .and_then(|manifest| self.replace(&manifest, !written.is_empty()));
        if let Err(e) = done {
            remove(&written);
            return Err(e);
        }
        state.next_file = next_file;
        let before = std::mem::replace(&mut state.files, files);
        let live: HashSet<u64> = state.files.values().map(|k| k.file).collect();
        let dead: HashSet<u64> = before
            .values()
            .map(|k| k.file)
            .filter(|f| !live.contains(f))
            .collect();
        remove(
            &dead
                .into_iter()
                .map(|f| self.batch_path(f))
                .collect::<Vec<_>>(),
        );
        Ok(())
    }

    fn batch_path(&self, file: u64) -> PathBuf {
        self.dir.join(BATCHES).join(format!("{file}.arrow"))
    }

    /// Writes the manifest beside the old one, then renames it over it.
    fn replace(&self, manifest: &Manifest, batches: bool) -> Result<()> {
        let (path, temporary) = (self.dir.join(MANIFEST), self.dir.join("manifest.json.new"));
        let write = || -> io::Result<()> {
            if batches {
                // The names of the new files are to be on disk before anything refers to them.
                File::open(self.dir.join(BATCHES))?.sync_all()?;
            }
            let mut out = BufWriter::new(File::create(&temporary)?);
            serde_json::to_writer(&mut out, manifest)?;
            out.flush()?;
            out.get_ref().sync_all()?;
            fs::rename(&temporary, &path)?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(failed("cannot be written", &path))
    }

    fn read(&mut self) -> Result<Option<Account>> {
        let path = self.dir.join(MANIFEST);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed("cannot be read", &path)(e)),
        };
        let format: Format = serde_json::from_slice(&text)
            .map_err(|e| broken(&path, format_args!("not a manifest: {e}")))?;
        if format.format != FORMAT {
            return Err(broken(
                &path,
                format_args!(
                    "written in format {}, and this version of dwsim reads format {FORMAT} only",
                    format.format
                ),
            ));
        }
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|e| broken(&path, format_args!("not a manifest: {e}")))?;
        let mut state = State::default();
        // Forks share files, and are to share batches again.
        let mut loaded: HashMap<u64, RecordBatch> = HashMap::new();
        let (account, oids) = manifest.into_account(&mut |file, def| {
            let path = self.batch_path(file);
            let batch = match loaded.get(&file) {
                Some(batch) => batch.clone(),
                None => read_batch(&path)?,
            };
            // Names and nullability may be those of an earlier definition; types may not.
            let batch = RecordBatch::try_new(def.arrow(), batch.columns().to_vec())
                .map_err(|e| broken(&path, format_args!("not a batch of its table: {e}")))?;
            loaded.insert(file, batch.clone());
            state.next_file = state.next_file.max(file + 1);
            state.files.insert(
                identity(&batch),
                Kept {
                    file,
                    _held: batch.clone(),
                },
            );
            Ok(batch)
        })?;
        reserve_oids(oids);
        self.sweep(&loaded, &mut state.next_file);
        self.state = Mutex::new(state);
        Ok(Some(account))
    }

    /// Removes the files of commits that did not come to their end.
    fn sweep(&self, live: &HashMap<u64, RecordBatch>, next_file: &mut u64) {
        let Ok(entries) = fs::read_dir(self.dir.join(BATCHES)) else {
            return;
        };
        for path in entries.flatten().map(|e| e.path()) {
            let number = path
                .file_stem()
                .and_then(|s| s.to_str())
                .and_then(|s| s.parse::<u64>().ok());
            if let Some(n) = number.filter(|n| !live.contains_key(n)) {
                *next_file = (*next_file).max(n + 1);
                remove(&[path]);
            }
        }
    }
}

/// The part of a manifest that every format has.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

fn write_batch(path: &Path, batch: &RecordBatch) -> io::Result<()> {
    let file = BufWriter::new(File::create(path)?);
    let mut writer = FileWriter::try_new(file, &batch.schema()).map_err(io::Error::other)?;
    writer.write(batch).map_err(io::Error::other)?;
    writer
        .into_inner()
        .map_err(io::Error::other)?
        .into_inner()?
        .sync_all()
}

fn read_batch(path: &Path) -> Result<RecordBatch> {
    let file = File::open(path).map_err(failed("cannot be read", path))?;
    let mut reader = FileReader::try_new(BufReader::new(file), None)
        .map_err(|e| broken(path, format_args!("not an Arrow file: {e}")))?;
    match reader.next() {
        Some(batch) => batch.map_err(|e| broken(path, format_args!("not an Arrow file: {e}"))),
        None => Err(broken(path, "an Arrow file without a batch")),
    }
}

/// Files that nothing refers to cost space only: that one stays is said, and is no failure.
fn remove(paths: &[PathBuf]) {
    for path in paths {
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(path = %path.display(), %error, "a file that is not needed any more stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int32Array, StringArray};

    use super::*;
    use crate::catalog::{
        Catalog, ColumnDef, Database, Object, ObjectKind, ObjectName, Schema, TableDef, TableEntry,
    };
    use crate::types::SqlType;

    fn visible(_: &str) -> bool {
        false
    }

    fn name(table: &str) -> ObjectName {
        ObjectName {
            database: "d".into(),
            schema: "s".into(),
            name: table.into(),
        }
    }

    fn batch(def: &TableDef, values: &[i32]) -> RecordBatch {
        let text: StringArray = values.iter().map(|v| Some(format!("v{v}"))).collect();
        RecordBatch::try_new(
            def.arrow(),
            vec![Arc::new(Int32Array::from(values.to_vec())), Arc::new(text)],
        )
        .expect("the types are the table's")
    }

    fn start() -> Catalog {
        let mut db = Database::new("me");
        let mut schemas = std::collections::BTreeMap::new();
        schemas.insert("s".to_owned(), Arc::new(Schema::new("me")));
        db.schemas = Arc::new(schemas);
        db.counters.set(7, 42);
        let mut account = Account::default();
        account.databases.insert("d".into(), Arc::new(db));
        Catalog::new(account)
    }

    /// Adds rows to a table, which is made where it is missing.
    fn add(catalog: &Catalog, dir: &DataDirectory, table: &str, values: &[i32]) -> Result<()> {
        let mut t = catalog.begin();
        let entry = match t.object(ObjectKind::Relation, &name(table)) {
            Some(Object::Table(e)) => e.as_ref().clone(),
            _ => TableEntry::new(TableDef::new(
                vec![
                    ColumnDef::new("i", SqlType::Integer),
                    ColumnDef::new("t", SqlType::Varchar(Some(10))),
                ],
                "me",
            )),
        };
        let data = entry.data.append(vec![batch(&entry.def, values)])?;
        let next = Object::Table(Arc::new(entry.with_data(data)));
        t.set_object(ObjectKind::Relation, &name(table), Some(next))?;
        catalog.commit(&t, |_, next| dir.commit(next)).map(drop)
    }

    fn rows(account: &Account, table: &str) -> Vec<i32> {
        let schema = &account.databases["d"].schemas["s"];
        let Some(Object::Table(t)) = schema
            .objects
            .get(&(ObjectKind::Relation, table.to_owned()))
        else {
            panic!("no table {table}");
        };
        let column = |b: &RecordBatch| -> Vec<i32> {
            let any = b.column(0).as_any().downcast_ref::<Int32Array>();
            any.expect("an integer").values().to_vec()
        };
        t.data.batches.iter().flat_map(column).collect()
    }

    fn files(dir: &Path) -> usize {
        fs::read_dir(dir.join(BATCHES))
            .expect("it is there")
            .count()
    }

    #[test]
    fn what_was_committed_is_there_again() {
        let temp = tempfile::tempdir().expect("a directory");
        let catalog = start();
        let (dir, none) = DataDirectory::open(temp.path(), visible).expect("it opens");
        assert!(none.is_none());
        add(&catalog, &dir, "a", &[1, 2, 3]).expect("it commits");
        add(&catalog, &dir, "b", &[4]).expect("it commits");
        add(&catalog, &dir, "a", &[5]).expect("it commits");
        drop(dir);

        let (dir, account) = DataDirectory::open(temp.path(), visible).expect("it opens again");
        let account = account.expect("there were commits");
        assert_eq!(rows(&account, "a"), [1, 2, 3, 5]);
        assert_eq!(rows(&account, "b"), [4]);
        assert_eq!(account.databases["d"].counters.peek(7), Some(42));
        // What was read is not written again.
        let before = files(temp.path());
        let catalog = Catalog::new(account);
        add(&catalog, &dir, "b", &[6, 7]).expect("it commits");
        assert_eq!(files(temp.path()), before);
    }

    #[test]
    fn files_that_nothing_refers_to_go() {
        let temp = tempfile::tempdir().expect("a directory");
        let catalog = start();
        let (dir, _) = DataDirectory::open(temp.path(), visible).expect("it opens");
        for i in 0..20 {
            add(&catalog, &dir, "a", &[i]).expect("it commits");
        }
        // Single rows are merged into larger batches, and the small files with them.
        assert!(files(temp.path()) < 8, "{}", files(temp.path()));
        let mut t = catalog.begin();
        t.set_object(ObjectKind::Relation, &name("a"), None)
            .expect("it is there");
        catalog
            .commit(&t, |_, next| dir.commit(next))
            .expect("it commits");
        assert_eq!(files(temp.path()), 0);
    }

    #[test]
    fn a_commit_that_did_not_end_leaves_the_one_before() {
        let temp = tempfile::tempdir().expect("a directory");
        let catalog = start();
        let (dir, _) = DataDirectory::open(temp.path(), visible).expect("it opens");
        add(&catalog, &dir, "a", &[1]).expect("it commits");
        drop(dir);
        fs::write(temp.path().join("batches/900.arrow"), b"half").expect("written");
        fs::write(temp.path().join("manifest.json.new"), b"{").expect("written");
        let (_dir, account) = DataDirectory::open(temp.path(), visible).expect("it opens");
        assert_eq!(rows(&account.expect("a commit"), "a"), [1]);
        assert_eq!(files(temp.path()), 1);
    }

    #[test]
    fn hidden_schemas_are_not_written() {
        let temp = tempfile::tempdir().expect("a directory");
        let catalog = start();
        let (dir, _) = DataDirectory::open(temp.path(), |s| s == "s").expect("it opens");
        add(&catalog, &dir, "a", &[1]).expect("it commits");
        drop(dir);
        let (_dir, account) = DataDirectory::open(temp.path(), visible).expect("it opens");
        assert!(account.expect("a commit").databases["d"].schemas.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let temp = tempfile::tempdir().expect("a directory");
        let catalog = start();
        let (dir, _) = DataDirectory::open(temp.path(), visible).expect("it opens");
        add(&catalog, &dir, "a", &[1]).expect("it commits");
        let says = |want: &str| {
            let error = DataDirectory::open(temp.path(), visible).expect_err(want);
            let text = error.to_string();
            assert!(text.contains(want), "{want}: {text}");
        };
        says("another process");
        drop(dir);
        fs::write(temp.path().join("batches/0.arrow"), b"nothing").expect("written");
        says("0.arrow: not an Arrow file");
        fs::remove_file(temp.path().join("batches/0.arrow")).expect("removed");
        says("0.arrow: cannot be read");
        fs::write(temp.path().join(MANIFEST), br#"{"format":99}"#).expect("written");
        says("format 99");
        fs::write(temp.path().join(MANIFEST), b"{").expect("written");
        says("not a manifest");
    }
}
