//! A store's directory: its layout, and changes to it that are whole or absent after a crash.
//! What the files mean, and which requests may change them, is left to the bucket.
//!
//! ```text
//! DIR/lock                                  held by the process that serves the directory
//! DIR/tmp/                                  whatever is being written; emptied when opened
//! DIR/buckets/BUCKET/bucket.json            the bucket's record
//! DIR/buckets/BUCKET/objects/KEY@meta       an object's record, names the file of its bytes
//! DIR/buckets/BUCKET/objects/KEY@UNIQUE     an object's bytes
//! DIR/buckets/BUCKET/uploads/ID/upload.json a multipart upload's record
//! DIR/buckets/BUCKET/uploads/ID/N@meta, N@UNIQUE     its parts, in the same form
//! ```
//!
//! Bytes are flushed and renamed into their place first, then the record is: the rename of the
//! record is the commit. Bytes that no record names are left-overs of a crash and are removed.

use std::{
    fs::{self, File},
    hash::{BuildHasher as _, Hasher as _},
    io::Write as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::blob::Blob;
use crate::error::{Result, StoreError};

const META: &str = "meta";

/// An opened directory.
#[derive(Debug)]
pub(crate) struct Directory {
    root: PathBuf,
    /// Held for as long as the store lives.
    _lock: File,
    seed: u64,
    counter: AtomicU64,
}

/// A file in `tmp/` that is removed unless it is moved to its place.
#[derive(Debug)]
pub(crate) struct TempFile {
    path: PathBuf,
    moved: bool,
}

impl TempFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn move_to(mut self, target: &Path) -> Result<()> {
        fs::rename(&self.path, target).map_err(StoreError::io("create", target))?;
        self.moved = true;
        Ok(())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !self.moved {
            // a file that stays is removed when the directory is next opened
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Directory {
    /// Opens a directory, creating it if it is missing.
    ///
    /// # Errors
    /// When it cannot be written, or another process has it open.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let (tmp, buckets) = (root.join("tmp"), root.join("buckets"));
        for dir in [&tmp, &buckets] {
            fs::create_dir_all(dir).map_err(StoreError::io("create", dir))?;
        }
        let path = root.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(StoreError::io("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    path: root.to_owned(),
                });
            }
            Err(fs::TryLockError::Error(source)) => {
                return Err(StoreError::io("lock", path)(source));
            }
        }
        let directory = Self {
            root: root.to_owned(),
            _lock: lock,
            seed: std::hash::RandomState::new().build_hasher().finish(),
            counter: AtomicU64::new(0),
        };
        for path in entries(&tmp)? {
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.map_err(StoreError::io("remove", path))?;
        }
        Ok(directory)
    }

    /// A name that no file of this directory has.
    pub(crate) fn unique(&self) -> String {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}{count:08x}", self.seed)
    }

    fn temp_path(&self) -> PathBuf {
        self.root.join("tmp").join(self.unique())
    }

    pub(crate) fn temp_file(&self) -> TempFile {
        TempFile {
            path: self.temp_path(),
            moved: false,
        }
    }

    fn bucket_path(&self, bucket: &str) -> PathBuf {
        self.root.join("buckets").join(bucket)
    }

    /// The pairs of a bucket's objects.
    pub(crate) fn objects(&self, bucket: &str) -> Pairs {
        Pairs {
            dir: self.bucket_path(bucket).join("objects"),
        }
    }

    /// The pairs of an upload's parts.
    pub(crate) fn parts(&self, bucket: &str, upload_id: &str) -> Pairs {
        Pairs {
            dir: self.bucket_path(bucket).join("uploads").join(upload_id),
        }
    }

    /// The names and records of all buckets.
    pub(crate) fn load_buckets<T: DeserializeOwned>(&self) -> Result<Vec<(String, T)>> {
        let mut found = Vec::new();
        for path in entries(&self.root.join("buckets"))? {
            let name = file_name(&path)?.to_owned();
            found.push((name, read_json(&path.join("bucket.json"))?));
        }
        Ok(found)
    }

    pub(crate) fn create_bucket<T: Serialize>(&self, bucket: &str, record: &T) -> Result<()> {
        let target = self.bucket_path(bucket);
        self.create_whole(&target, "bucket.json", record, &["objects", "uploads"])
    }

    pub(crate) fn remove_bucket(&self, bucket: &str) -> Result<()> {
        self.remove_whole(&self.bucket_path(bucket))
    }

    /// The ids and records of a bucket's uploads.
    pub(crate) fn load_uploads<T: DeserializeOwned>(
        &self,
        bucket: &str,
    ) -> Result<Vec<(String, T)>> {
        let mut found = Vec::new();
        for path in entries(&self.bucket_path(bucket).join("uploads"))? {
            let id = file_name(&path)?.to_owned();
            found.push((id, read_json(&path.join("upload.json"))?));
        }
        Ok(found)
    }

    pub(crate) fn create_upload<T: Serialize>(
        &self,
        bucket: &str,
        id: &str,
        record: &T,
    ) -> Result<()> {
        let target = self.bucket_path(bucket).join("uploads").join(id);
        self.create_whole(&target, "upload.json", record, &[])
    }

    pub(crate) fn remove_upload(&self, bucket: &str, id: &str) -> Result<()> {
        self.remove_whole(&self.bucket_path(bucket).join("uploads").join(id))
    }

    /// Writes a record into a temporary file and flushes it.
    fn stage_json<T: Serialize>(&self, record: &T) -> Result<TempFile> {
        let temp = self.temp_file();
        write_json(temp.path(), record)?;
        Ok(temp)
    }

    /// A directory with a record and sub-directories that appears at once.
    fn create_whole<T: Serialize>(
        &self,
        target: &Path,
        record_name: &str,
        record: &T,
        inner: &[&str],
    ) -> Result<()> {
        let temp = self.temp_path();
        fs::create_dir(&temp).map_err(StoreError::io("create", &temp))?;
        for name in inner {
            let path = temp.join(name);
            fs::create_dir(&path).map_err(StoreError::io("create", path))?;
        }
        write_json(&temp.join(record_name), record)?;
        sync_dir(&temp)?;
        fs::rename(&temp, target).map_err(StoreError::io("create", target))?;
        target.parent().map_or(Ok(()), sync_dir)
    }

    /// Makes a directory disappear at once, then removes what was in it.
    fn remove_whole(&self, target: &Path) -> Result<()> {
        let temp = self.temp_path();
        fs::rename(target, &temp).map_err(StoreError::io("remove", target))?;
        target.parent().map_or(Ok(()), sync_dir)?;
        fs::remove_dir_all(&temp).map_err(StoreError::io("remove", temp))
    }
}

/// A directory of records beside bytes.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    dir: PathBuf,
}

/// The content of a `@meta` file.
#[derive(Serialize, Deserialize)]
struct Meta<T> {
    /// Name of the file with the bytes.
    data: String,
    record: T,
}

/// A record that is written, but not yet in its place.
#[derive(Debug)]
pub(crate) struct StagedMeta {
    temp: TempFile,
    data: String,
}

impl Pairs {
    /// Writes the record of new bytes, to be published with them.
    pub(crate) fn stage<T: Serialize>(
        &self,
        directory: &Directory,
        name: &str,
        record: &T,
    ) -> Result<StagedMeta> {
        let data = format!("{name}@{}", directory.unique());
        let meta = Meta { data, record };
        let temp = directory.stage_json(&meta)?;
        Ok(StagedMeta {
            temp,
            data: meta.data,
        })
    }

    /// Writes another record for bytes that stay.
    pub(crate) fn restage<T: Serialize>(
        &self,
        directory: &Directory,
        blob: &Blob,
        record: &T,
    ) -> Result<StagedMeta> {
        let data = blob.path().map(file_name).transpose()?.unwrap_or_default();
        let meta = Meta {
            data: data.to_owned(),
            record,
        };
        let temp = directory.stage_json(&meta)?;
        Ok(StagedMeta {
            temp,
            data: meta.data,
        })
    }

    /// Puts bytes and their record in their places. Durable after [`Pairs::sync`].
    pub(crate) fn publish(
        &self,
        name: &str,
        size: u64,
        bytes: TempFile,
        meta: StagedMeta,
    ) -> Result<Blob> {
        let path = self.dir.join(meta.data);
        bytes.move_to(&path)?;
        let blob = Blob::file(path, size);
        if let Err(error) = meta.temp.move_to(&self.meta_path(name)) {
            blob.doom();
            return Err(error);
        }
        Ok(blob)
    }

    /// Replaces a record whose bytes stay. Durable after [`Pairs::sync`].
    pub(crate) fn republish(&self, name: &str, meta: StagedMeta) -> Result<()> {
        meta.temp.move_to(&self.meta_path(name))
    }

    /// Removes a record; its bytes are the caller's to doom. Durable after [`Pairs::sync`].
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        let path = self.meta_path(name);
        fs::remove_file(&path).map_err(StoreError::io("remove", path))
    }

    /// Flushes what was published and removed.
    pub(crate) fn sync(&self) -> Result<()> {
        sync_dir(&self.dir)
    }

    fn meta_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}@{META}"))
    }

    /// Every record with its name and bytes. `size` tells how many bytes a record speaks of.
    ///
    /// # Errors
    /// When a record cannot be read, or its bytes are missing or of another size.
    pub(crate) fn load<T: DeserializeOwned>(
        &self,
        size: impl Fn(&T) -> u64,
    ) -> Result<Vec<(String, T, Blob)>> {
        let mut found = Vec::new();
        let mut used = std::collections::BTreeSet::new();
        let mut data = Vec::new();
        for path in entries(&self.dir)? {
            let name = file_name(&path)?;
            let Some((name, kind)) = name.rsplit_once('@') else {
                continue;
            };
            if kind != META {
                data.push(path);
                continue;
            }
            let meta: Meta<T> = read_json(&path)?;
            let bytes = self.dir.join(&meta.data);
            let expected = size(&meta.record);
            let actual = fs::metadata(&bytes)
                .map_err(StoreError::io("read", &bytes))?
                .len();
            if actual != expected {
                return Err(StoreError::Damaged {
                    path: bytes,
                    reason: format!("it holds {actual} bytes where its record says {expected}"),
                });
            }
            used.insert(bytes.clone());
            found.push((name.to_owned(), meta.record, Blob::file(bytes, expected)));
        }
        for path in data {
            if !used.contains(&path) {
                fs::remove_file(&path).map_err(StoreError::io("remove", path))?;
            }
        }
        Ok(found)
    }
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(dir)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<std::io::Result<Vec<_>>>()
        })
        .map_err(StoreError::io("read", dir))?;
    paths.sort_unstable();
    Ok(paths)
}

fn file_name(path: &Path) -> Result<&str> {
    path.file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| StoreError::Damaged {
            path: path.to_owned(),
            reason: "its name is not one that this server writes".to_owned(),
        })
}

fn write_json<T: Serialize>(path: &Path, record: &T) -> Result<()> {
    let text = serde_json::to_vec(record).map_err(|error| StoreError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    File::create_new(path)
        .and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()
        })
        .map_err(StoreError::io("write", path))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read(path).map_err(StoreError::io("read", path))?;
    serde_json::from_slice(&text).map_err(|error| StoreError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Flushes a directory's entries, where the system knows such a thing.
fn sync_dir(dir: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .map_err(StoreError::io("flush", dir))?;
    }
    Ok(())
}
