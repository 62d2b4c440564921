//! Uploads in parts: begun, filled part by part, then completed to one object or aborted.
//! Requests, part numbers in them and entity tags' quotes are left to the server.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    blob::{Blob, BlobWriter, Finished, FinishedBody, md5_of},
    bucket::{Bucket, CommitBody, check_key},
    object::{Attributes, ETag, ObjectInfo, PutOptions, Record, WriteCondition, now_millis},
    store::{EventKind, Store},
};
use crate::{
    checksum::{self, ChecksumAlgorithm, ChecksumScope, Checksums},
    error::{Result, StoreError},
};

/// The smallest size of a part other than the last one, in bytes.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
pub const MIN_PART_SIZE: u64 = 5 << 20;

/// The record of an upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    key: String,
    /// Milliseconds since 1970.
    initiated: u64,
    attributes: Attributes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<(ChecksumAlgorithm, ChecksumScope)>,
}

#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) record: UploadRecord,
    pub(crate) parts: BTreeMap<u32, Part>,
}

/// The record of a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) number: u32,
    pub(crate) size: u64,
    md5: [u8; 16],
    /// Milliseconds since 1970.
    modified: u64,
    #[serde(default)]
    checksums: Checksums,
}

#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) record: PartRecord,
    pub(crate) blob: Arc<Blob>,
}

/// What is known of an upload in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadInfo {
    /// The id.
    pub id: String,
    /// The key that the object will have.
    pub key: String,
    /// When it was begun, in whole milliseconds.
    pub initiated: SystemTime,
    /// The checksum that its parts are to carry, and what the object's will cover.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumScope)>,
}

/// What is known of an uploaded part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartInfo {
    /// The number, 1..=10000.
    pub number: u32,
    /// The size in bytes.
    pub size: u64,
    /// The entity tag.
    pub etag: ETag,
    /// When it was uploaded, in whole milliseconds.
    pub last_modified: SystemTime,
    /// The checksums that were sent or asked for.
    pub checksums: Checksums,
}

impl Part {
    fn info(&self) -> PartInfo {
        PartInfo {
            number: self.record.number,
            size: self.record.size,
            etag: ETag::from_md5(self.record.md5),
            last_modified: SystemTime::UNIX_EPOCH + Duration::from_millis(self.record.modified),
            checksums: self.record.checksums.clone(),
        }
    }
}

/// A part that a completion names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompletedPart {
    /// The number.
    pub number: u32,
    /// The entity tag that the upload of the part answered, without quotes.
    pub etag: String,
    /// Checksums that must agree with those of the part.
    pub checksums: Checksums,
}

/// How an upload is completed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompleteOptions {
    /// When the object may be written.
    pub condition: WriteCondition,
    /// Checksums that must agree with those of the whole object.
    pub checksums: Checksums,
    /// The size that the object must have, in bytes.
    pub size: Option<u64>,
}

/// A part on its way in. Dropped before [`PartWriter::commit`], it leaves nothing.
pub struct PartWriter {
    bucket: Arc<Bucket>,
    upload_id: String,
    number: u32,
    writer: BlobWriter,
}

impl PartWriter {
    /// Appends bytes.
    ///
    /// # Errors
    /// When the filesystem fails.
    pub fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.writer.write(bytes)
    }

    /// Makes the bytes the part, replacing an earlier one of the same number.
    ///
    /// # Errors
    /// When the upload is gone, or the filesystem fails.
    pub fn commit(self) -> Result<PartInfo> {
        let Finished {
            size,
            md5,
            checksums,
            body,
        } = self.writer.finish()?;
        let record = PartRecord {
            number: self.number,
            size,
            md5,
            modified: now_millis(),
            checksums,
        };
        let name = self.number.to_string();
        let bucket = &self.bucket;
        let staged = match bucket.directory() {
            Some(directory) => {
                let pairs = directory.parts(bucket.name(), &self.upload_id);
                let meta = pairs.stage(directory, &name, &record)?;
                Some((pairs, meta))
            }
            None => None,
        };
        let mut state = bucket.write()?;
        let upload = state
            .uploads
            .get_mut(&self.upload_id)
            .ok_or_else(|| no_such_upload(&self.upload_id))?;
        let (blob, pairs) = match (body, staged) {
            (FinishedBody::Memory(bytes), _) => (Blob::Memory(bytes), None),
            (FinishedBody::File(temp), Some((pairs, meta))) => {
                (pairs.publish(&name, size, temp, meta)?, Some(pairs))
            }
            (FinishedBody::File(temp), None) => {
                return Err(StoreError::Damaged {
                    path: temp.path().to_owned(),
                    reason: "a store in memory has no files".to_owned(),
                });
            }
        };
        let part = Part {
            record,
            blob: Arc::new(blob),
        };
        let info = part.info();
        if let Some(old) = upload.parts.insert(self.number, part) {
            old.blob.doom();
        }
        drop(state);
        if let Some(pairs) = pairs {
            pairs.sync()?;
        }
        Ok(info)
    }
}

fn no_such_upload(upload_id: &str) -> StoreError {
    StoreError::NoSuchUpload {
        upload_id: upload_id.to_owned(),
    }
}

impl Store {
    /// Begins an upload in parts. Its checksum, if any, is calculated from the parts' on completion.
    ///
    /// # Errors
    /// When the bucket is missing, the key is not legal, or the filesystem fails.
    pub fn create_upload(
        &self,
        bucket: &str,
        key: &str,
        attributes: Attributes,
        checksum: Option<(ChecksumAlgorithm, ChecksumScope)>,
    ) -> Result<String> {
        check_key(key)?;
        let bucket = self.find_bucket(bucket)?;
        let record = UploadRecord {
            key: key.to_owned(),
            initiated: now_millis(),
            attributes,
            checksum,
        };
        let id = self.unique();
        let mut state = bucket.write()?;
        if let Some(directory) = bucket.directory() {
            directory.create_upload(bucket.name(), &id, &record)?;
        }
        let parts = BTreeMap::new();
        state.uploads.insert(id.clone(), Upload { record, parts });
        Ok(id)
    }

    /// What is known of an upload.
    ///
    /// # Errors
    /// When the bucket or the upload is missing, or belongs to another key.
    pub fn upload(&self, bucket: &str, key: &str, upload_id: &str) -> Result<UploadInfo> {
        let bucket = self.find_bucket(bucket)?;
        let state = bucket.read()?;
        let upload = find_upload(&state.uploads, key, upload_id)?;
        Ok(upload_info(upload_id, upload))
    }

    /// Every upload in progress whose key begins with a prefix, in the order of keys, then ids.
    ///
    /// # Errors
    /// When the bucket is missing.
    pub fn uploads(&self, bucket: &str, prefix: &str) -> Result<Vec<UploadInfo>> {
        let bucket = self.find_bucket(bucket)?;
        let state = bucket.read()?;
        let mut found: Vec<_> = state
            .uploads
            .iter()
            .filter(|(_, upload)| upload.record.key.starts_with(prefix))
            .map(|(id, upload)| upload_info(id, upload))
            .collect();
        found.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
        Ok(found)
    }

    /// A writer of one part. `expected` is its size in bytes if it is known.
    ///
    /// # Errors
    /// When the upload is missing, the number is not 1..=10000, or the filesystem fails.
    pub fn part_writer(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        number: u32,
        checksums: &[ChecksumAlgorithm],
        expected: Option<u64>,
    ) -> Result<PartWriter> {
        if !(1..=10_000).contains(&number) {
            return Err(StoreError::InvalidPartNumber {
                number: number.into(),
            });
        }
        let upload = self.upload(bucket, key, upload_id)?;
        let bucket = self.find_bucket(bucket)?;
        let asked = upload.checksum.map(|(algorithm, _)| algorithm);
        let algorithms = checksums.iter().copied().chain(asked);
        let writer = BlobWriter::new(bucket.directory(), algorithms, expected)?;
        Ok(PartWriter {
            bucket,
            upload_id: upload_id.to_owned(),
            number,
            writer,
        })
    }

    /// The parts that were uploaded, in order.
    ///
    /// # Errors
    /// When the upload is missing.
    pub fn parts(&self, bucket: &str, key: &str, upload_id: &str) -> Result<Vec<PartInfo>> {
        let bucket = self.find_bucket(bucket)?;
        let state = bucket.read()?;
        let upload = find_upload(&state.uploads, key, upload_id)?;
        Ok(upload.parts.values().map(Part::info).collect())
    }

    /// Joins the named parts to one object and ends the upload.
    ///
    /// # Errors
    /// When the upload or a part is missing, the parts are out of order or too small, a checksum or
    /// the condition does not hold, or the filesystem fails. The upload then stays as it was.
    pub fn complete_upload(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        named: &[CompletedPart],
        options: &CompleteOptions,
    ) -> Result<ObjectInfo> {
        let bucket = self.find_bucket(bucket)?;
        let (record, parts) = {
            let state = bucket.read()?;
            let upload = find_upload(&state.uploads, key, upload_id)?;
            let parts = choose_parts(upload, named, self.min_part_size())?;
            (upload.record.clone(), parts)
        };
        let whole = match record.checksum {
            Some((algorithm, ChecksumScope::FullObject)) => Some(algorithm),
            _ => None,
        };
        let size: u64 = parts.iter().map(|part| part.record.size).sum();
        if let Some(expected) = options.size.filter(|expected| *expected != size) {
            return Err(StoreError::BadDigest {
                algorithm: "object size",
                given: expected.to_string(),
                calculated: size.to_string(),
            });
        }
        let mut writer = BlobWriter::new(
            bucket.directory(),
            whole.into_iter().chain(options.checksums.keys().copied()),
            Some(size),
        )?;
        for part in &parts {
            writer.append(&part.blob)?;
        }
        let finished = writer.finish()?;
        let (checksums, scope) = object_checksums(&record, &parts, &finished, options)?;
        let object = Record {
            key: key.to_owned(),
            size: finished.size,
            etag: ETag::from_parts(md5_of(parts.iter().map(|p| p.record.md5)), parts.len()),
            modified: now_millis(),
            attributes: record.attributes,
            checksums,
            scope,
            parts: parts.iter().map(|part| part.record.size).collect(),
        };
        let info = bucket.commit(object, CommitBody::from(finished), &options.condition)?;
        // the object stands; an upload that cannot be removed must not turn that into a failure
        if let Err(error) = end_upload(&bucket, upload_id) {
            tracing::warn!(%error, upload_id, "a completed upload could not be removed");
        }
        self.notify(bucket.name(), &info, EventKind::CompleteMultipartUpload);
        Ok(info)
    }

    /// Ends an upload without an object.
    ///
    /// # Errors
    /// When the upload is missing, or the filesystem fails.
    pub fn abort_upload(&self, bucket: &str, key: &str, upload_id: &str) -> Result<()> {
        self.upload(bucket, key, upload_id)?;
        end_upload(&*self.find_bucket(bucket)?, upload_id)
    }

    /// Copies a range of an object, or all of it, to a part.
    ///
    /// # Errors
    /// When the object or the upload is missing, the range lies outside, or the filesystem fails.
    pub fn copy_part(
        &self,
        source: (&str, &str),
        range: Option<std::ops::Range<u64>>,
        (bucket, key, upload_id, number): (&str, &str, &str, u32),
    ) -> Result<PartInfo> {
        const STEP: u64 = 1 << 20;
        let reader = self.open(source.0, source.1)?;
        let range = range.unwrap_or(0..reader.info().size());
        let expected = range.end.saturating_sub(range.start);
        let mut writer = self.part_writer(bucket, key, upload_id, number, &[], Some(expected))?;
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at + STEP);
            writer.write(reader.read(at..end)?)?;
            at = end;
        }
        writer.commit()
    }
}

fn upload_info(id: &str, upload: &Upload) -> UploadInfo {
    UploadInfo {
        id: id.to_owned(),
        key: upload.record.key.clone(),
        initiated: SystemTime::UNIX_EPOCH + Duration::from_millis(upload.record.initiated),
        checksum: upload.record.checksum,
    }
}

fn find_upload<'a>(
    uploads: &'a BTreeMap<String, Upload>,
    key: &str,
    upload_id: &str,
) -> Result<&'a Upload> {
    uploads
        .get(upload_id)
        .filter(|upload| upload.record.key == key)
        .ok_or_else(|| no_such_upload(upload_id))
}

fn end_upload(bucket: &Bucket, upload_id: &str) -> Result<()> {
    let mut state = bucket.write()?;
    if state.uploads.remove(upload_id).is_some()
        && let Some(directory) = bucket.directory()
    {
        directory.remove_upload(bucket.name(), upload_id)?;
    }
    Ok(())
}

fn choose_parts(upload: &Upload, named: &[CompletedPart], minimum: u64) -> Result<Vec<Part>> {
    if named.is_empty() {
        return Err(StoreError::NoParts);
    }
    if !named.windows(2).all(|pair| pair[0].number < pair[1].number) {
        return Err(StoreError::InvalidPartOrder);
    }
    let mut parts = Vec::with_capacity(named.len());
    for (at, wanted) in named.iter().enumerate() {
        let number = wanted.number;
        let part = upload
            .parts
            .get(&number)
            .filter(|part| part.info().etag.as_str() == wanted.etag)
            .filter(|part| {
                wanted.checksums.iter().all(|(algorithm, value)| {
                    part.record
                        .checksums
                        .get(algorithm)
                        .is_none_or(|known| known == value)
                })
            })
            .ok_or(StoreError::InvalidPart { number })?;
        let size = part.record.size;
        if at + 1 < named.len() && size < minimum {
            return Err(StoreError::PartTooSmall {
                number,
                size,
                minimum,
            });
        }
        parts.push(part.clone());
    }
    Ok(parts)
}

/// The checksums that the object keeps, after those that the client gave have been compared.
fn object_checksums(
    record: &UploadRecord,
    parts: &[Part],
    finished: &Finished,
    options: &CompleteOptions,
) -> Result<(Checksums, ChecksumScope)> {
    let mut checksums = Checksums::new();
    let mut scope = ChecksumScope::FullObject;
    match record.checksum {
        Some((algorithm, ChecksumScope::Composite)) => {
            scope = ChecksumScope::Composite;
            let values = parts
                .iter()
                .filter_map(|part| part.record.checksums.get(&algorithm))
                .map(String::as_str);
            if let Some(value) = checksum::composite(algorithm, values) {
                checksums.insert(algorithm, value);
            }
        }
        Some((_, ChecksumScope::FullObject)) => checksums.clone_from(&finished.checksums),
        None => {}
    }
    for (algorithm, given) in &options.checksums {
        let calculated = checksums
            .get(algorithm)
            .or_else(|| finished.checksums.get(algorithm));
        // a composite value may come without the number of parts
        let same = |value: &String| {
            value == given
                || value
                    .rsplit_once('-')
                    .is_some_and(|(value, _)| value == given)
        };
        if let Some(calculated) = calculated.filter(|value| !same(value)) {
            return Err(StoreError::BadDigest {
                algorithm: algorithm.name(),
                given: given.clone(),
                calculated: calculated.clone(),
            });
        }
    }
    Ok((checksums, scope))
}

/// How one whole upload is written; see [`Store::writer`].
pub(crate) fn finish_object(
    bucket: &Bucket,
    key: String,
    options: PutOptions,
    finished: Finished,
) -> Result<ObjectInfo> {
    let record = Record {
        key,
        size: finished.size,
        etag: ETag::from_md5(finished.md5),
        modified: now_millis(),
        attributes: options.attributes,
        checksums: finished.checksums.clone(),
        scope: ChecksumScope::FullObject,
        parts: Vec::new(),
    };
    bucket.commit(record, CommitBody::from(finished), &options.condition)
}
