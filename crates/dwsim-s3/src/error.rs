//! What can go wrong in the store, in the terms of S3's error codes.
//! How an error looks on the wire (status, XML) is left to the server.

use std::{io, path::PathBuf};

use thiserror::Error;

/// The result of a store operation.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why a store operation failed; [`StoreError::code`] is S3's name for it.
///
/// The codes are those of
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The bucket does not exist.
    #[error("The specified bucket does not exist: {bucket}")]
    NoSuchBucket {
        /// The name that was asked for.
        bucket: String,
    },
    /// The bucket exists already.
    #[error("The bucket exists already: {bucket}")]
    BucketAlreadyExists {
        /// The name that is taken.
        bucket: String,
    },
    /// The bucket still holds objects.
    #[error("The bucket you tried to delete is not empty: {bucket}")]
    BucketNotEmpty {
        /// The bucket that was to be deleted.
        bucket: String,
    },
    /// The name breaks the bucket naming rules.
    #[error(
        "The specified bucket is not valid: {bucket:?} (3 to 63 of a-z, 0-9, '-' and '.', starting and ending with a letter or digit)"
    )]
    InvalidBucketName {
        /// The refused name.
        bucket: String,
    },
    /// No object has this key.
    #[error("The specified key does not exist: s3://{bucket}/{key}")]
    NoSuchKey {
        /// The bucket that was searched.
        bucket: String,
        /// The key that was asked for.
        key: String,
    },
    /// The key is empty.
    #[error("An object key must not be empty")]
    EmptyKey,
    /// The key is longer than 1024 bytes of UTF-8.
    #[error("Your key is too long: {length} bytes, at most 1024 are allowed")]
    KeyTooLong {
        /// Length of the refused key in bytes.
        length: usize,
    },
    /// The multipart upload does not exist, was aborted or completed.
    #[error("The specified multipart upload does not exist: {upload_id}")]
    NoSuchUpload {
        /// The id that was asked for.
        upload_id: String,
    },
    /// A part number outside 1..=10000.
    #[error("Part number must be an integer between 1 and 10000, inclusive: {number}")]
    InvalidPartNumber {
        /// The refused number.
        number: i64,
    },
    /// A part named on completion was not uploaded, or with another entity tag.
    #[error(
        "One or more of the specified parts could not be found or did not match: part {number}"
    )]
    InvalidPart {
        /// The number of the offending part.
        number: u32,
    },
    /// The parts named on completion are not in ascending order.
    #[error("The list of parts was not in ascending order")]
    InvalidPartOrder,
    /// A part other than the last one is smaller than the minimum.
    #[error(
        "Your proposed upload is smaller than the minimum allowed size: part {number} has {size} bytes, minimum {minimum}"
    )]
    PartTooSmall {
        /// The number of the offending part.
        number: u32,
        /// Its size in bytes.
        size: u64,
        /// The smallest allowed size in bytes.
        minimum: u64,
    },
    /// A completion named no part.
    #[error("You must specify at least one part")]
    NoParts,
    /// A condition of the request (If-Match, If-None-Match) does not hold.
    #[error("At least one of the pre-conditions you specified did not hold: {condition}")]
    PreconditionFailed {
        /// The condition in the words of its HTTP header.
        condition: &'static str,
    },
    /// A byte range outside the object.
    #[error("The requested range is not satisfiable: {start}..{end} of {size} bytes")]
    InvalidRange {
        /// First byte asked for.
        start: u64,
        /// One past the last byte asked for.
        end: u64,
        /// Size of the object in bytes.
        size: u64,
    },
    /// A checksum of the whole object, given on completion, does not match.
    #[error(
        "The {algorithm} you specified did not match the calculated checksum: {given}, calculated {calculated}"
    )]
    BadDigest {
        /// Name of the checksum algorithm.
        algorithm: &'static str,
        /// Base64, as the client gave it.
        given: String,
        /// Base64, as it was calculated.
        calculated: String,
    },
    /// Another process serves this directory.
    #[error("{} is in use by another server", path.display())]
    InUse {
        /// The directory of the store.
        path: PathBuf,
    },
    /// A file of the store is not what the store has written.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The offending file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The filesystem failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file it was tried on.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl StoreError {
    /// S3's error code, such as `NoSuchKey`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchBucket { .. } => "NoSuchBucket",
            Self::BucketAlreadyExists { .. } => "BucketAlreadyOwnedByYou",
            Self::BucketNotEmpty { .. } => "BucketNotEmpty",
            Self::InvalidBucketName { .. } => "InvalidBucketName",
            Self::NoSuchKey { .. } => "NoSuchKey",
            Self::EmptyKey => "InvalidURI",
            Self::KeyTooLong { .. } => "KeyTooLongError",
            Self::NoSuchUpload { .. } => "NoSuchUpload",
            Self::InvalidPartNumber { .. } => "InvalidArgument",
            Self::InvalidPart { .. } => "InvalidPart",
            Self::InvalidPartOrder => "InvalidPartOrder",
            Self::PartTooSmall { .. } => "EntityTooSmall",
            Self::NoParts => "MalformedXML",
            Self::PreconditionFailed { .. } => "PreconditionFailed",
            Self::InvalidRange { .. } => "InvalidRange",
            Self::BadDigest { .. } => "BadDigest",
            Self::InUse { .. } | Self::Damaged { .. } | Self::Io { .. } => "InternalError",
        }
    }

    /// An [`StoreError::Io`] for use in `map_err`.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
