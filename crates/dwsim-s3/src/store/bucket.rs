//! One bucket: its objects and uploads in order, loaded from the directory at first use.
//! Finding buckets by name and moving bytes between them is left to the store.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{
    blob::{Blob, Finished, FinishedBody},
    disk::{Directory, Pairs},
    multipart::{Part, PartRecord, Upload, UploadRecord},
    names,
    object::{Attributes, ObjectInfo, Record, WriteCondition},
};
use crate::error::{Result, StoreError};

/// The record of a bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BucketRecord {
    /// Milliseconds since 1970.
    pub(crate) created: u64,
    /// The location constraint it was created with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
}

/// What is known of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketInfo {
    /// The name.
    pub name: String,
    /// When it was created, in whole milliseconds.
    pub created: SystemTime,
    /// The location constraint it was created with; none means `us-east-1`.
    pub region: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) info: ObjectInfo,
    pub(crate) blob: Arc<Blob>,
}

#[derive(Debug)]
pub(crate) struct Bucket {
    name: String,
    record: BucketRecord,
    directory: Option<Arc<Directory>>,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Whether what is on the disk is here too.
    loaded: bool,
    /// Whether the bucket was deleted while somebody held it.
    deleted: bool,
    pub(crate) objects: BTreeMap<String, Entry>,
    pub(crate) uploads: BTreeMap<String, Upload>,
}

impl Bucket {
    pub(crate) fn new(
        name: String,
        record: BucketRecord,
        directory: Option<Arc<Directory>>,
        is_new: bool,
    ) -> Self {
        let state = State {
            loaded: is_new || directory.is_none(),
            ..State::default()
        };
        Self {
            name,
            record,
            directory,
            state: RwLock::new(state),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn info(&self) -> BucketInfo {
        BucketInfo {
            name: self.name.clone(),
            created: SystemTime::UNIX_EPOCH + Duration::from_millis(self.record.created),
            region: self.record.region.clone(),
        }
    }

    pub(crate) fn directory(&self) -> Option<&Directory> {
        self.directory.as_deref()
    }

    fn pairs(&self) -> Option<(&Directory, Pairs)> {
        let directory = self.directory()?;
        Some((directory, directory.objects(&self.name)))
    }

    pub(crate) fn read(&self) -> Result<RwLockReadGuard<'_, State>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.loaded {
            self.check(&state)?;
            return Ok(state);
        }
        drop(state);
        drop(self.write()?);
        Ok(self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn write(&self) -> Result<RwLockWriteGuard<'_, State>> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !state.loaded {
            self.load(&mut state)?;
        }
        self.check(&state)?;
        Ok(state)
    }

    fn check(&self, state: &State) -> Result<()> {
        if state.deleted {
            return Err(StoreError::NoSuchBucket {
                bucket: self.name.clone(),
            });
        }
        Ok(())
    }

    fn load(&self, state: &mut State) -> Result<()> {
        let Some((directory, pairs)) = self.pairs() else {
            return Ok(());
        };
        let mut objects = BTreeMap::new();
        for (_, record, blob) in pairs.load(|record: &Record| record.size)? {
            let entry = Entry {
                info: ObjectInfo::new(record),
                blob: Arc::new(blob),
            };
            objects.insert(entry.info.key().to_owned(), entry);
        }
        let mut uploads = BTreeMap::new();
        for (id, record) in directory.load_uploads::<UploadRecord>(&self.name)? {
            let mut parts = BTreeMap::new();
            for (_, record, blob) in directory
                .parts(&self.name, &id)
                .load(|part: &PartRecord| part.size)?
            {
                let blob = Arc::new(blob);
                parts.insert(record.number, Part { record, blob });
            }
            uploads.insert(id, Upload { record, parts });
        }
        state.objects = objects;
        state.uploads = uploads;
        state.loaded = true;
        Ok(())
    }

    /// Marks an empty bucket as deleted, so that nobody who holds it can still write.
    pub(crate) fn retire(&self) -> Result<()> {
        let mut state = self.write()?;
        if !state.objects.is_empty() {
            return Err(StoreError::BucketNotEmpty {
                bucket: self.name.clone(),
            });
        }
        if let Some(directory) = self.directory() {
            directory.remove_bucket(&self.name)?;
        }
        state.deleted = true;
        Ok(())
    }

    /// An object and its bytes.
    pub(crate) fn find(&self, key: &str) -> Result<(ObjectInfo, Arc<Blob>)> {
        let state = self.read()?;
        let entry = state
            .objects
            .get(key)
            .ok_or_else(|| self.no_such_key(key))?;
        Ok((entry.info.clone(), Arc::clone(&entry.blob)))
    }

    pub(crate) fn no_such_key(&self, key: &str) -> StoreError {
        StoreError::NoSuchKey {
            bucket: self.name.clone(),
            key: key.to_owned(),
        }
    }

    /// Makes finished bytes the object of a key, all at once.
    pub(crate) fn commit(
        &self,
        record: Record,
        body: CommitBody,
        condition: &WriteCondition,
    ) -> Result<ObjectInfo> {
        let name = names::encode(&record.key);
        let info = ObjectInfo::new(record);
        let staged = match self.pairs() {
            Some((directory, pairs)) => {
                let meta = pairs.stage(directory, &name, info.record())?;
                Some((pairs, meta))
            }
            None => None,
        };
        let mut state = self.write()?;
        check_condition(&state, self, info.key(), condition)?;
        let (blob, pairs) = match (staged, body) {
            (Some((pairs, meta)), CommitBody::New(FinishedBody::File(temp))) => {
                let blob = pairs.publish(&name, info.size(), temp, meta)?;
                (Arc::new(blob), Some(pairs))
            }
            (_, CommitBody::New(FinishedBody::Memory(bytes))) => {
                (Arc::new(Blob::Memory(bytes)), None)
            }
            (_, CommitBody::Shared(blob)) => (blob, None),
            (None, CommitBody::New(FinishedBody::File(temp))) => {
                return Err(StoreError::Damaged {
                    path: temp.path().to_owned(),
                    reason: "a store in memory has no files".to_owned(),
                });
            }
        };
        let entry = Entry {
            info: info.clone(),
            blob,
        };
        if let Some(old) = state.objects.insert(info.key().to_owned(), entry) {
            old.blob.doom();
        }
        drop(state);
        if let Some(pairs) = pairs {
            pairs.sync()?;
        }
        Ok(info)
    }

    /// Changes what is kept beside the bytes of an object.
    pub(crate) fn update(
        &self,
        key: &str,
        change: impl FnOnce(&mut Attributes),
    ) -> Result<ObjectInfo> {
        let mut state = self.write()?;
        let entry = state
            .objects
            .get_mut(key)
            .ok_or_else(|| self.no_such_key(key))?;
        let mut record = entry.info.record().clone();
        change(&mut record.attributes);
        if let Some((directory, pairs)) = self.pairs() {
            let meta = pairs.restage(directory, &entry.blob, &record)?;
            pairs.republish(&names::encode(key), meta)?;
            pairs.sync()?;
        }
        entry.info = ObjectInfo::new(record);
        Ok(entry.info.clone())
    }

    /// Removes an object; whether there was one.
    pub(crate) fn remove(
        &self,
        key: &str,
        condition: &WriteCondition,
    ) -> Result<Option<ObjectInfo>> {
        let mut state = self.write()?;
        check_condition(&state, self, key, condition)?;
        if !state.objects.contains_key(key) {
            return Ok(None);
        }
        let pairs = self.pairs().map(|(_, pairs)| pairs);
        if let Some(pairs) = &pairs {
            pairs.remove(&names::encode(key))?;
        }
        let removed = state.objects.remove(key);
        drop(state);
        if let Some(pairs) = pairs {
            pairs.sync()?;
        }
        Ok(removed.map(|entry| {
            entry.blob.doom();
            entry.info
        }))
    }
}

/// What becomes the bytes of an object.
pub(crate) enum CommitBody {
    /// Bytes that were just written.
    New(FinishedBody),
    /// In memory, the bytes of another object.
    Shared(Arc<Blob>),
}

impl From<Finished> for CommitBody {
    fn from(finished: Finished) -> Self {
        Self::New(finished.body)
    }
}

fn check_condition(
    state: &State,
    bucket: &Bucket,
    key: &str,
    condition: &WriteCondition,
) -> Result<()> {
    let failed = |condition| Err(StoreError::PreconditionFailed { condition });
    match (condition, state.objects.get(key)) {
        (WriteCondition::Always, _) | (WriteCondition::Absent, None) => Ok(()),
        (WriteCondition::Absent, Some(_)) => failed("If-None-Match"),
        (WriteCondition::Matches(_), None) => Err(bucket.no_such_key(key)),
        (WriteCondition::Matches(etag), Some(entry)) if etag == entry.info.etag().as_str() => {
            Ok(())
        }
        (WriteCondition::Matches(_), Some(_)) => failed("If-Match"),
    }
}

/// Checks a bucket's name.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
pub(crate) fn check_name(bucket: &str) -> Result<()> {
    if s3s::path::check_bucket_name(bucket) {
        Ok(())
    } else {
        Err(StoreError::InvalidBucketName {
            bucket: bucket.to_owned(),
        })
    }
}

/// Checks an object's key.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
pub(crate) fn check_key(key: &str) -> Result<()> {
    if key.is_empty() {
        return Err(StoreError::EmptyKey);
    }
    if !s3s::path::check_key(key) {
        return Err(StoreError::KeyTooLong { length: key.len() });
    }
    Ok(())
}
