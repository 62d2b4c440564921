//! Between the store's types and those of the protocol: tags, checksums, attributes, entity tags, copy sources.
//! What is done with them is left to the operations.

use std::collections::BTreeMap;

use s3s::{S3Error, S3ErrorCode, S3Result, dto};

use super::{
    errors::{invalid_argument, not_implemented},
    front::percent_decode,
    time,
};
use crate::{
    checksum::{ChecksumAlgorithm, ChecksumScope},
    store::{Attributes, ETag, ObjectInfo, WriteCondition},
};

/// The content type that S3 answers when none was given.
pub(super) const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

/// Sets the five checksum fields of a protocol type.
macro_rules! set_checksums {
    ($target:expr, $sums:expr) => {{
        let get = |algorithm| $sums.get(&algorithm).cloned();
        $target.checksum_crc32 = get($crate::ChecksumAlgorithm::Crc32);
        $target.checksum_crc32c = get($crate::ChecksumAlgorithm::Crc32c);
        $target.checksum_crc64nvme = get($crate::ChecksumAlgorithm::Crc64Nvme);
        $target.checksum_sha1 = get($crate::ChecksumAlgorithm::Sha1);
        $target.checksum_sha256 = get($crate::ChecksumAlgorithm::Sha256);
    }};
}
pub(super) use set_checksums;

/// Takes the five checksum fields of a protocol type.
macro_rules! take_checksums {
    ($source:expr) => {
        [
            ($crate::ChecksumAlgorithm::Crc32, &$source.checksum_crc32),
            ($crate::ChecksumAlgorithm::Crc32c, &$source.checksum_crc32c),
            (
                $crate::ChecksumAlgorithm::Crc64Nvme,
                &$source.checksum_crc64nvme,
            ),
            ($crate::ChecksumAlgorithm::Sha1, &$source.checksum_sha1),
            ($crate::ChecksumAlgorithm::Sha256, &$source.checksum_sha256),
        ]
        .into_iter()
        .filter_map(|(algorithm, value)| Some((algorithm, value.clone()?)))
        .collect::<$crate::Checksums>()
    };
}
pub(super) use take_checksums;

/// Takes what an object keeps out of the input of `PutObject`, `CopyObject` or `CreateMultipartUpload`.
macro_rules! attributes {
    ($input:expr) => {
        $crate::Attributes {
            content_type: $input.content_type.take(),
            content_encoding: $input.content_encoding.take(),
            content_disposition: $input.content_disposition.take(),
            content_language: $input.content_language.take(),
            cache_control: $input.cache_control.take(),
            expires: $input
                .expires
                .as_ref()
                .and_then($crate::server::time::seconds),
            storage_class: $input
                .storage_class
                .as_ref()
                .map(|class| class.as_str().to_owned())
                .filter(|class| class != "STANDARD"),
            website_redirect_location: $input.website_redirect_location.take(),
            metadata: $input
                .metadata
                .take()
                .unwrap_or_default()
                .into_iter()
                .collect(),
            tags: $crate::server::convert::parse_tags($input.tagging.as_deref())?,
        }
    };
}
pub(super) use attributes;

/// Refuses what would change the meaning of a stored object, and is not done here.
macro_rules! refuse {
    ($input:expr) => {{
        if $input.sse_customer_algorithm.is_some() || $input.sse_customer_key.is_some() {
            return Err($crate::server::errors::not_implemented(
                "x-amz-server-side-encryption-customer-key",
            ));
        }
        if $input.object_lock_mode.is_some()
            || $input.object_lock_retain_until_date.is_some()
            || $input.object_lock_legal_hold_status.is_some()
        {
            return Err($crate::server::errors::not_implemented(
                "x-amz-object-lock-mode",
            ));
        }
    }};
}
pub(super) use refuse;

/// Parses `x-amz-tagging`: `name=value&…`, percent-encoded.
pub(super) fn parse_tags(header: Option<&str>) -> S3Result<BTreeMap<String, String>> {
    let header = header.unwrap_or_default();
    let decode = |text: &str| {
        percent_decode(&text.replace('+', " ")).ok_or_else(|| {
            invalid_argument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
        })
    };
    let pairs = header
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect::<S3Result<Vec<_>>>()?;
    check_tags(pairs)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>
pub(super) fn check_tags(pairs: Vec<(String, String)>) -> S3Result<BTreeMap<String, String>> {
    let invalid = |message: &'static str| S3Error::with_message(S3ErrorCode::InvalidTag, message);
    let count = pairs.len();
    if count > 10 {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidTag,
            "Object tags cannot be greater than 10",
        ));
    }
    for (name, value) in &pairs {
        if name.is_empty() || name.chars().count() > 128 {
            return Err(invalid("The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 {
            return Err(invalid("The TagValue you have provided is invalid"));
        }
    }
    let tags: BTreeMap<_, _> = pairs.into_iter().collect();
    if tags.len() < count {
        return Err(invalid("Cannot provide multiple Tags with the same key"));
    }
    Ok(tags)
}

pub(super) fn etag(etag: &ETag) -> dto::ETag {
    dto::ETag::Strong(etag.as_str().to_owned())
}

pub(super) fn algorithm(name: &dto::ChecksumAlgorithm) -> S3Result<ChecksumAlgorithm> {
    ChecksumAlgorithm::from_name(name.as_str()).ok_or_else(|| {
        S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        )
    })
}

pub(super) fn algorithm_name(algorithm: ChecksumAlgorithm) -> dto::ChecksumAlgorithm {
    dto::ChecksumAlgorithm::from_static(algorithm.name())
}

pub(super) fn scope_name(scope: ChecksumScope) -> dto::ChecksumType {
    dto::ChecksumType::from_static(match scope {
        ChecksumScope::FullObject => dto::ChecksumType::FULL_OBJECT,
        ChecksumScope::Composite => dto::ChecksumType::COMPOSITE,
    })
}

/// The checksum type of an object, if it has a checksum.
pub(super) fn object_scope(info: &ObjectInfo) -> Option<dto::ChecksumType> {
    (!info.checksums().is_empty()).then(|| scope_name(info.checksum_scope()))
}

/// The conditions of a write.
pub(super) fn write_condition(
    if_match: Option<&dto::ETagCondition>,
    if_none_match: Option<&dto::ETagCondition>,
) -> S3Result<WriteCondition> {
    match (if_match, if_none_match) {
        (None, None) => Ok(WriteCondition::Always),
        (None, Some(dto::ETagCondition::Any)) => Ok(WriteCondition::Absent),
        (Some(dto::ETagCondition::ETag(etag)), None) => {
            Ok(WriteCondition::Matches(etag.value().to_owned()))
        }
        _ => Err(not_implemented(
            "a write with other conditions than If-None-Match: * or If-Match with one ETag",
        )),
    }
}

/// There is one version of every object, and its id is `null`.
pub(super) fn check_version(version_id: Option<&str>) -> S3Result<()> {
    match version_id {
        None | Some("null") => Ok(()),
        Some(_) => Err(S3Error::with_message(
            S3ErrorCode::NoSuchVersion,
            "The specified version does not exist.",
        )),
    }
}

/// Bucket and key of a copy's source.
pub(super) fn copy_source(source: &dto::CopySource) -> S3Result<(String, String)> {
    match source {
        dto::CopySource::Bucket {
            bucket,
            key,
            version_id,
        } => {
            check_version(version_id.as_deref())?;
            Ok((bucket.to_string(), key.to_string()))
        }
        _ => Err(not_implemented("a copy from an access point")),
    }
}

/// The size of something as the protocol counts it.
pub(super) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// A percent-encoded text if the client asked for it, as XML cannot hold every key.
pub(super) fn encoded(text: &str, encoding: Option<&dto::EncodingType>) -> String {
    if encoding.is_none() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b'*' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The only encoding there is.
pub(super) fn check_encoding(encoding: Option<&dto::EncodingType>) -> S3Result<()> {
    match encoding {
        Some(encoding) if encoding.as_str() != dto::EncodingType::URL => Err(invalid_argument(
            "Invalid Encoding Method specified in Request",
        )),
        _ => Ok(()),
    }
}

/// How many entries a page may have.
pub(super) fn limit(asked: Option<i32>, name: &str) -> S3Result<usize> {
    let asked = asked.unwrap_or(1000);
    usize::try_from(asked)
        .map(|asked| asked.min(1000))
        .map_err(|_| {
            invalid_argument(format!(
                "Argument {name} must be an integer between 0 and 2147483647"
            ))
        })
}

/// Who owns everything.
pub(super) fn owner() -> dto::Owner {
    dto::Owner {
        display_name: Some("dwsim".to_owned()),
        id: Some("dwsim".to_owned()),
    }
}

/// What of an object's attributes is answered, in a form that fits several outputs.
pub(super) struct Answer {
    pub(super) expires: Option<dto::Timestamp>,
    pub(super) metadata: Option<dto::Metadata>,
    pub(super) storage_class: Option<dto::StorageClass>,
    pub(super) tag_count: Option<i32>,
}

impl Answer {
    pub(super) fn new(attributes: &Attributes) -> Self {
        let metadata: dto::Metadata = attributes.metadata.clone().into_iter().collect();
        Self {
            expires: attributes.expires.and_then(time::from_seconds),
            metadata: (!metadata.is_empty()).then_some(metadata),
            storage_class: attributes.storage_class.clone().map(Into::into),
            tag_count: i32::try_from(attributes.tags.len())
                .ok()
                .filter(|count| *count > 0),
        }
    }
}
