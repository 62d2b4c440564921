//! The store: buckets by name, objects in them, and news of what was written.
//! HTTP, and how the bytes lie in memory or in files, is left to others.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::broadcast;

use super::{
    blob::{Blob, BlobWriter},
    bucket::{Bucket, BucketInfo, BucketRecord, CommitBody, check_key, check_name},
    disk::Directory,
    list::{self, ListPage, ListQuery},
    multipart::{MIN_PART_SIZE, finish_object},
    object::{
        Attributes, ETag, Object, ObjectInfo, PutOptions, Record, WriteCondition, now_millis,
    },
};
use crate::error::{Result, StoreError};

/// How many events a slow subscriber may fall behind.
const EVENT_BACKLOG: usize = 4096;

/// Buckets and objects, in memory or in a directory.
///
/// A store is a handle: clones share the same objects. Calls on a directory block on the
/// filesystem; an object is on the disk when the call that writes it returns.
///
/// ```
/// use dwsim_s3::{PutOptions, Store};
///
/// let store = Store::memory();
/// store.create_bucket("staging")?;
/// let etag = store.put("staging", "orders/0.csv", "1,10.00\n", PutOptions::default().content_type("text/csv"))?;
/// let object = store.get("staging", "orders/0.csv")?;
/// assert_eq!(object.bytes, "1,10.00\n");
/// assert_eq!(object.info.etag(), &etag);
/// assert_eq!(store.list("staging", "orders/")?.len(), 1);
/// # Ok::<(), dwsim_s3::StoreError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    directory: Option<Arc<Directory>>,
    buckets: RwLock<BTreeMap<String, Arc<Bucket>>>,
    events: broadcast::Sender<StoreEvent>,
    upload_seed: u64,
    uploads: AtomicU64,
    min_part_size: AtomicU64,
}

/// News of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreEvent {
    /// An object was written, also over another one.
    ObjectCreated {
        /// The bucket.
        bucket: String,
        /// What was written.
        object: ObjectInfo,
        /// By what kind of request.
        kind: EventKind,
    },
}

/// The kind of request that wrote an object, as in `s3:ObjectCreated:Put`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// In one piece.
    Put,
    /// By copying another object.
    Copy,
    /// In parts.
    CompleteMultipartUpload,
}

impl Store {
    /// An empty store in memory.
    #[must_use]
    pub fn memory() -> Self {
        Self::new(None, BTreeMap::new())
    }

    /// The store of a directory, which is created if it is missing. Objects are found when
    /// their bucket is first used.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process serves the directory, [`StoreError::Io`] and
    /// [`StoreError::Damaged`] when it cannot be read or written.
    pub fn directory(path: impl AsRef<Path>) -> Result<Self> {
        let directory = Arc::new(Directory::open(path.as_ref())?);
        let buckets = directory
            .load_buckets::<BucketRecord>()?
            .into_iter()
            .map(|(name, record)| {
                let bucket = Bucket::new(name.clone(), record, Some(Arc::clone(&directory)), false);
                (name, Arc::new(bucket))
            })
            .collect();
        Ok(Self::new(Some(directory), buckets))
    }

    fn new(directory: Option<Arc<Directory>>, buckets: BTreeMap<String, Arc<Bucket>>) -> Self {
        use std::hash::{BuildHasher as _, Hasher as _};
        let inner = Inner {
            directory,
            buckets: RwLock::new(buckets),
            events: broadcast::Sender::new(EVENT_BACKLOG),
            upload_seed: std::hash::RandomState::new().build_hasher().finish(),
            uploads: AtomicU64::new(0),
            min_part_size: AtomicU64::new(MIN_PART_SIZE),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Whether calls may block on the filesystem.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.inner.directory.is_some()
    }

    /// Sets the smallest size in bytes of a part other than the last, [`MIN_PART_SIZE`] at first.
    pub fn set_min_part_size(&self, bytes: u64) {
        self.inner.min_part_size.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn min_part_size(&self) -> u64 {
        self.inner.min_part_size.load(Ordering::Relaxed)
    }

    /// An id that no upload of this store has.
    pub(crate) fn unique(&self) -> String {
        let count = self.inner.uploads.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}{count:08x}", self.inner.upload_seed)
    }

    /// News of every object that is written from now on. A subscriber that falls more than 4096
    /// events behind gets `RecvError::Lagged` and should list what it missed.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<StoreEvent> {
        self.inner.events.subscribe()
    }

    pub(crate) fn notify(&self, bucket: &str, object: &ObjectInfo, kind: EventKind) {
        // fails when nobody listens
        let _ = self.inner.events.send(StoreEvent::ObjectCreated {
            bucket: bucket.to_owned(),
            object: object.clone(),
            kind,
        });
    }

    /// Creates a bucket.
    ///
    /// # Errors
    /// When the name is taken or not legal, or the filesystem fails.
    pub fn create_bucket(&self, bucket: &str) -> Result<()> {
        self.create_bucket_in(bucket, None)
    }

    /// Creates a bucket with a location constraint.
    ///
    /// # Errors
    /// As [`Store::create_bucket`].
    pub fn create_bucket_in(&self, bucket: &str, region: Option<String>) -> Result<()> {
        check_name(bucket)?;
        let mut buckets = self
            .inner
            .buckets
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if buckets.contains_key(bucket) {
            return Err(StoreError::BucketAlreadyExists {
                bucket: bucket.to_owned(),
            });
        }
        let record = BucketRecord {
            created: now_millis(),
            region,
        };
        if let Some(directory) = &self.inner.directory {
            directory.create_bucket(bucket, &record)?;
        }
        let new = Bucket::new(
            bucket.to_owned(),
            record,
            self.inner.directory.clone(),
            true,
        );
        buckets.insert(bucket.to_owned(), Arc::new(new));
        Ok(())
    }

    /// Creates a bucket unless it exists.
    ///
    /// # Errors
    /// When the name is not legal, or the filesystem fails.
    pub fn ensure_bucket(&self, bucket: &str) -> Result<()> {
        match self.create_bucket(bucket) {
            Err(StoreError::BucketAlreadyExists { .. }) => Ok(()),
            other => other,
        }
    }

    /// Deletes an empty bucket.
    ///
    /// # Errors
    /// When it is missing or holds objects, or the filesystem fails.
    pub fn delete_bucket(&self, bucket: &str) -> Result<()> {
        let mut buckets = self
            .inner
            .buckets
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let found = buckets.get(bucket).ok_or_else(|| no_such_bucket(bucket))?;
        found.retire()?;
        buckets.remove(bucket);
        Ok(())
    }

    /// Every bucket, in the order of names.
    #[must_use]
    pub fn buckets(&self) -> Vec<BucketInfo> {
        let buckets = self
            .inner
            .buckets
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        buckets.values().map(|bucket| bucket.info()).collect()
    }

    /// What is known of a bucket.
    ///
    /// # Errors
    /// When it is missing.
    pub fn bucket(&self, bucket: &str) -> Result<BucketInfo> {
        Ok(self.find_bucket(bucket)?.info())
    }

    pub(crate) fn find_bucket(&self, bucket: &str) -> Result<Arc<Bucket>> {
        let buckets = self
            .inner
            .buckets
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        buckets
            .get(bucket)
            .cloned()
            .ok_or_else(|| no_such_bucket(bucket))
    }

    /// Writes an object in one piece, replacing any other of its key.
    ///
    /// # Errors
    /// When the bucket is missing, the key is not legal, the condition does not hold, or the
    /// filesystem fails.
    pub fn put(
        &self,
        bucket: &str,
        key: &str,
        bytes: impl Into<Bytes>,
        options: PutOptions,
    ) -> Result<ETag> {
        let bytes = bytes.into();
        let mut writer = self.writer(bucket, key, options, Some(bytes.len() as u64))?;
        writer.write(bytes)?;
        Ok(writer.commit()?.etag().clone())
    }

    /// A writer of an object in pieces. `expected` is the size in bytes if it is known.
    ///
    /// # Errors
    /// When the bucket is missing, the key is not legal, or the filesystem fails.
    pub fn writer(
        &self,
        bucket: &str,
        key: &str,
        options: PutOptions,
        expected: Option<u64>,
    ) -> Result<ObjectWriter> {
        check_key(key)?;
        let bucket = self.find_bucket(bucket)?;
        let checksums = options.checksums.iter().copied();
        let writer = BlobWriter::new(bucket.directory(), checksums, expected)?;
        Ok(ObjectWriter {
            store: self.clone(),
            bucket,
            key: key.to_owned(),
            options,
            writer,
        })
    }

    /// An object with all its bytes.
    ///
    /// # Errors
    /// When the bucket or the object is missing, or the filesystem fails.
    pub fn get(&self, bucket: &str, key: &str) -> Result<Object> {
        let reader = self.open(bucket, key)?;
        let bytes = reader.read(0..reader.info.size())?;
        Ok(Object {
            info: reader.info,
            bytes,
        })
    }

    /// An object with the bytes of a range, which must lie inside.
    ///
    /// # Errors
    /// When the bucket or the object is missing, the range is not satisfiable, or the
    /// filesystem fails.
    pub fn get_range(&self, bucket: &str, key: &str, range: Range<u64>) -> Result<Object> {
        let reader = self.open(bucket, key)?;
        let bytes = reader.read(range)?;
        Ok(Object {
            info: reader.info,
            bytes,
        })
    }

    /// A reader of one version of an object: what is written over it later does not show.
    ///
    /// # Errors
    /// When the bucket or the object is missing.
    pub fn open(&self, bucket: &str, key: &str) -> Result<ObjectReader> {
        let (info, blob) = self.find_bucket(bucket)?.find(key)?;
        Ok(ObjectReader { info, blob })
    }

    /// What is known of an object.
    ///
    /// # Errors
    /// When the bucket or the object is missing.
    pub fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo> {
        Ok(self.find_bucket(bucket)?.find(key)?.0)
    }

    /// Every object whose key begins with a prefix, in the order of their keys' UTF-8 bytes.
    ///
    /// # Errors
    /// When the bucket is missing, or the filesystem fails.
    pub fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectInfo>> {
        let query = ListQuery {
            prefix: prefix.to_owned(),
            limit: usize::MAX,
            ..ListQuery::default()
        };
        Ok(self.list_page(bucket, &query)?.objects)
    }

    /// One page of a listing.
    ///
    /// # Errors
    /// When the bucket is missing, or the filesystem fails.
    pub fn list_page(&self, bucket: &str, query: &ListQuery) -> Result<ListPage> {
        let bucket = self.find_bucket(bucket)?;
        let state = bucket.read()?;
        Ok(list::page(&state.objects, query, |entry| &entry.info))
    }

    /// Deletes an object; whether there was one.
    ///
    /// # Errors
    /// When the bucket is missing, or the filesystem fails.
    pub fn delete(&self, bucket: &str, key: &str) -> Result<bool> {
        self.delete_if(bucket, key, &WriteCondition::Always)
    }

    /// Deletes an object if a condition holds; whether there was one.
    ///
    /// # Errors
    /// When the bucket is missing, the condition does not hold, or the filesystem fails.
    pub fn delete_if(&self, bucket: &str, key: &str, condition: &WriteCondition) -> Result<bool> {
        check_key(key)?;
        Ok(self.find_bucket(bucket)?.remove(key, condition)?.is_some())
    }

    /// Copies an object, with its attributes, or with others instead. In memory the bytes are shared.
    ///
    /// # Errors
    /// When a bucket or the object is missing, the key is not legal, the condition does not hold,
    /// or the filesystem fails.
    pub fn copy(
        &self,
        source: (&str, &str),
        target: (&str, &str),
        options: CopyOptions,
    ) -> Result<ObjectInfo> {
        check_key(target.1)?;
        let bucket = self.find_bucket(target.0)?;
        let reader = self.open(source.0, source.1)?;
        let from = reader.info.record();
        let mut attributes = options
            .attributes
            .unwrap_or_else(|| from.attributes.clone());
        if let Some(tags) = options.tags {
            attributes.tags = tags;
        }
        let known = options
            .checksums
            .iter()
            .all(|algorithm| from.checksums.contains_key(algorithm));
        let info = match from.etag.md5() {
            // what was uploaded in parts gets the tag and checksums of one piece when copied
            Some(_) if known && !self.is_directory() => bucket.commit(
                Record {
                    key: target.1.to_owned(),
                    modified: now_millis(),
                    attributes,
                    ..from.clone()
                },
                CommitBody::Shared(Arc::clone(&reader.blob)),
                &options.condition,
            )?,
            _ => {
                let algorithms = from.checksums.keys().chain(&options.checksums).copied();
                let mut writer =
                    BlobWriter::new(bucket.directory(), algorithms, Some(reader.info.size()))?;
                writer.append(&reader.blob)?;
                let put = PutOptions {
                    attributes,
                    condition: options.condition,
                    checksums: Vec::new(),
                };
                finish_object(&bucket, target.1.to_owned(), put, writer.finish()?)?
            }
        };
        self.notify(target.0, &info, EventKind::Copy);
        Ok(info)
    }

    /// Replaces the tags of an object.
    ///
    /// # Errors
    /// When the bucket or the object is missing, or the filesystem fails.
    pub fn set_tags(&self, bucket: &str, key: &str, tags: BTreeMap<String, String>) -> Result<()> {
        self.find_bucket(bucket)?
            .update(key, |attributes| attributes.tags = tags)
            .map(drop)
    }
}

fn no_such_bucket(bucket: &str) -> StoreError {
    StoreError::NoSuchBucket {
        bucket: bucket.to_owned(),
    }
}

/// How an object is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyOptions {
    /// Attributes instead of those of the source.
    pub attributes: Option<Attributes>,
    /// Tags instead of those of the source.
    pub tags: Option<BTreeMap<String, String>>,
    /// When the write may happen.
    pub condition: WriteCondition,
    /// Checksums to calculate besides those that the source has.
    pub checksums: Vec<crate::checksum::ChecksumAlgorithm>,
}

/// An object on its way in. Dropped before [`ObjectWriter::commit`], it leaves nothing.
pub struct ObjectWriter {
    store: Store,
    bucket: Arc<Bucket>,
    key: String,
    options: PutOptions,
    writer: BlobWriter,
}

impl ObjectWriter {
    /// Appends bytes.
    ///
    /// # Errors
    /// When the filesystem fails.
    pub fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.writer.write(bytes)
    }

    /// How many bytes were written so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.writer.size()
    }

    /// Makes the bytes the object, all at once.
    ///
    /// # Errors
    /// When the bucket is gone, the condition does not hold, or the filesystem fails.
    pub fn commit(self) -> Result<ObjectInfo> {
        let finished = self.writer.finish()?;
        let info = finish_object(&self.bucket, self.key, self.options, finished)?;
        self.store.notify(self.bucket.name(), &info, EventKind::Put);
        Ok(info)
    }
}

/// One version of an object.
#[derive(Clone, Debug)]
pub struct ObjectReader {
    info: ObjectInfo,
    blob: Arc<Blob>,
}

impl ObjectReader {
    /// What is known of it.
    #[must_use]
    pub fn info(&self) -> &ObjectInfo {
        &self.info
    }

    /// The bytes of a range, which must lie inside.
    ///
    /// # Errors
    /// When the range is not satisfiable, or the filesystem fails.
    pub fn read(&self, range: Range<u64>) -> Result<Bytes> {
        self.blob.read(range)
    }
}
