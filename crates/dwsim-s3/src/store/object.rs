//! What is known of an object besides its bytes: entity tag, attributes, checksums, write conditions.
//! The bytes themselves and where all of it is kept are left to the other files of the store.

use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::checksum::{ChecksumAlgorithm, ChecksumScope, Checksums};

/// An entity tag without its quotes: the MD5 of the bytes in hexadecimal, or, of an object
/// that was uploaded in parts, the MD5 of their MD5s with `-count`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ETag(String);

impl ETag {
    pub(crate) fn from_md5(md5: [u8; 16]) -> Self {
        Self(hex(md5))
    }

    pub(crate) fn from_parts(md5_of_md5s: [u8; 16], count: usize) -> Self {
        Self(format!("{}-{count}", hex(md5_of_md5s)))
    }

    /// The tag without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The MD5 that the tag shows, if it is that of one upload and not composed of parts'.
    pub(crate) fn md5(&self) -> Option<[u8; 16]> {
        let value = u128::from_str_radix(&self.0, 16).ok()?;
        (self.0.len() == 32).then(|| value.to_be_bytes())
    }
}

fn hex(md5: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(md5))
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a client may set on an object, and gets back with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attributes {
    /// `Content-Type`; `binary/octet-stream` is answered when it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Content-Encoding`, such as `gzip`; the bytes are stored as they were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// `Content-Disposition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// `Content-Language`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// `Cache-Control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// `Expires`, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// `x-amz-storage-class` where it is not `STANDARD`; remembered, without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// `x-amz-website-redirect-location`; remembered, without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_redirect_location: Option<String>,
    /// `x-amz-meta-*`, by lower-case name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// When a write may happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WriteCondition {
    /// Always.
    #[default]
    Always,
    /// Only when no object has the key (`If-None-Match: *`).
    Absent,
    /// Only over an object with this entity tag (`If-Match`).
    Matches(String),
}

/// How an object is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutOptions {
    /// What is kept beside the bytes.
    pub attributes: Attributes,
    /// When the write may happen.
    pub condition: WriteCondition,
    /// The checksums to calculate and keep.
    pub checksums: Vec<ChecksumAlgorithm>,
}

impl PutOptions {
    /// The options with a content type.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.attributes.content_type = Some(content_type.into());
        self
    }

    /// The options with a content encoding.
    #[must_use]
    pub fn content_encoding(mut self, content_encoding: impl Into<String>) -> Self {
        self.attributes.content_encoding = Some(content_encoding.into());
        self
    }

    /// The options with one more entry of user metadata.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.metadata.insert(name.into(), value.into());
        self
    }
}

impl From<Attributes> for PutOptions {
    fn from(attributes: Attributes) -> Self {
        Self {
            attributes,
            ..Self::default()
        }
    }
}

/// The record of an object, as it is kept in memory and, in a directory, in the file beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) etag: ETag,
    /// Milliseconds since 1970.
    pub(crate) modified: u64,
    pub(crate) attributes: Attributes,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) checksums: Checksums,
    #[serde(default)]
    pub(crate) scope: ChecksumScope,
    /// Sizes of the parts in bytes; empty unless the object was uploaded in parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<u64>,
}

/// What is known of an object besides its bytes. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo(Arc<Record>);

impl ObjectInfo {
    pub(crate) fn new(record: Record) -> Self {
        Self(Arc::new(record))
    }

    pub(crate) fn record(&self) -> &Record {
        &self.0
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// The size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// The entity tag.
    #[must_use]
    pub fn etag(&self) -> &ETag {
        &self.0.etag
    }

    /// When the object was written, in whole milliseconds.
    #[must_use]
    pub fn last_modified(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.modified)
    }

    /// What the writer set: content type, encoding, metadata, tags.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.0.attributes
    }

    /// The checksums that were sent or asked for.
    #[must_use]
    pub fn checksums(&self) -> &Checksums {
        &self.0.checksums
    }

    /// Whether the checksums cover the bytes or the parts' checksums.
    #[must_use]
    pub fn checksum_scope(&self) -> ChecksumScope {
        self.0.scope
    }

    /// Sizes of the parts in bytes; empty unless the object was uploaded in parts.
    #[must_use]
    pub fn parts(&self) -> &[u64] {
        &self.0.parts
    }
}

/// An object with its bytes.
#[derive(Clone, Debug)]
pub struct Object {
    /// What is known of it.
    pub info: ObjectInfo,
    /// The whole content, or the range that was asked for.
    pub bytes: Bytes,
}

/// Now, in milliseconds since 1970.
pub(crate) fn now_millis() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}
