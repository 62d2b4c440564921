//! Operations on one object, or several by name: put, get, head, copy, delete, tags, attributes.
//! Listings and uploads in parts are left to the files beside.

use std::ops::Range;

use http::{HeaderMap, HeaderValue, header};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, dto};

use super::{
    api::Api,
    body::Received,
    convert::{self, Answer, attributes, refuse, set_checksums},
    errors::{self, invalid_argument, not_implemented},
    time, transfer,
};
use crate::{
    error::StoreError,
    store::{CopyOptions, ObjectInfo, PutOptions},
};

pub(super) async fn put(
    api: &Api,
    mut request: S3Request<dto::PutObjectInput>,
) -> S3Result<S3Response<dto::PutObjectOutput>> {
    let received = Received::of(&request.extensions);
    let mut body = request.input.body.take();
    let result = put_body(api, request.input, &received, &mut body).await;
    if result.is_err() && !received.waits {
        transfer::drain(body).await;
    }
    result
}

async fn put_body(
    api: &Api,
    mut input: dto::PutObjectInput,
    received: &Received,
    body: &mut Option<dto::StreamingBlob>,
) -> S3Result<S3Response<dto::PutObjectOutput>> {
    refuse!(input);
    if input.write_offset_bytes.is_some() {
        return Err(not_implemented("x-amz-write-offset-bytes"));
    }
    let options = PutOptions {
        attributes: attributes!(input),
        condition: convert::write_condition(input.if_match.as_ref(), input.if_none_match.as_ref())?,
        checksums: received.algorithms.clone(),
    };
    api.bucket_for_writing(&input.bucket).await?;
    let length = received.length;
    let writer = transfer::with_store(&api.store, move |store| {
        store.writer(&input.bucket, &input.key, options, length)
    })
    .await?;
    let writer = transfer::receive(&api.store, writer, body).await?;
    let info = transfer::with_store(&api.store, move |_| writer.commit()).await?;
    let mut output = dto::PutObjectOutput {
        e_tag: Some(convert::etag(info.etag())),
        checksum_type: convert::object_scope(&info),
        ..Default::default()
    };
    set_checksums!(output, info.checksums());
    Ok(S3Response::new(output))
}

/// The conditions of a read, of the object itself or of the source of a copy.
#[derive(Default)]
pub(super) struct ReadConditions<'a> {
    pub(super) if_match: Option<&'a dto::ETagCondition>,
    pub(super) if_none_match: Option<&'a dto::ETagCondition>,
    pub(super) if_modified_since: Option<&'a dto::Timestamp>,
    pub(super) if_unmodified_since: Option<&'a dto::Timestamp>,
}

/// How the conditions of a read came out.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Read,
    NotModified,
    Failed(&'static str),
}

impl ReadConditions<'_> {
    /// In the order of RFC 9110, section 13.2.2; times count whole seconds, as HTTP does.
    fn judge(&self, info: &ObjectInfo) -> Verdict {
        let same = |condition: &dto::ETagCondition| match condition {
            dto::ETagCondition::Any => true,
            dto::ETagCondition::ETag(etag) => etag.value() == info.etag().as_str(),
        };
        let modified = time::seconds(&info.last_modified().into()).unwrap_or_default();
        let modified_since =
            |since: &dto::Timestamp| time::seconds(since).is_none_or(|since| modified > since);
        match (self.if_match, self.if_unmodified_since) {
            (Some(condition), _) if !same(condition) => return Verdict::Failed("If-Match"),
            (None, Some(since)) if modified_since(since) => {
                return Verdict::Failed("If-Unmodified-Since");
            }
            _ => {}
        }
        match (self.if_none_match, self.if_modified_since) {
            (Some(condition), _) if same(condition) => Verdict::NotModified,
            (None, Some(since)) if !modified_since(since) => Verdict::NotModified,
            _ => Verdict::Read,
        }
    }

    fn check_read(&self, info: &ObjectInfo) -> S3Result<()> {
        match self.judge(info) {
            Verdict::Read => Ok(()),
            Verdict::Failed(condition) => {
                Err(errors::to_s3(StoreError::PreconditionFailed { condition }))
            }
            Verdict::NotModified => {
                let mut error = S3Error::new(S3ErrorCode::NotModified);
                let mut headers = HeaderMap::new();
                if let Ok(etag) = HeaderValue::try_from(format!("\"{}\"", info.etag())) {
                    headers.insert(header::ETAG, etag);
                }
                error.set_headers(headers);
                Err(error)
            }
        }
    }

    /// A copy whose source does not fulfil its conditions fails.
    pub(super) fn check_copy(&self, info: &ObjectInfo) -> S3Result<()> {
        match self.judge(info) {
            Verdict::Read => Ok(()),
            Verdict::NotModified | Verdict::Failed(_) => {
                Err(errors::to_s3(StoreError::PreconditionFailed {
                    condition: "x-amz-copy-source-if-*",
                }))
            }
        }
    }
}

/// The bytes that a read is about.
struct Selection {
    range: Range<u64>,
    /// Whether the answer says which part of the whole it is.
    partial: bool,
    parts: Option<i32>,
}

fn select(
    info: &ObjectInfo,
    range: Option<dto::Range>,
    part_number: Option<i32>,
) -> S3Result<Selection> {
    let whole = 0..info.size();
    match (range, part_number) {
        (Some(_), Some(_)) => Err(S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "Cannot specify both Range header and partNumber query parameter",
        )),
        (Some(range), None) => match range.check(info.size()) {
            Ok(range) => Ok(Selection {
                range,
                partial: true,
                parts: None,
            }),
            Err(_) => {
                let mut error = S3Error::with_message(
                    S3ErrorCode::InvalidRange,
                    "The requested range is not satisfiable",
                );
                let mut headers = HeaderMap::new();
                if let Ok(value) = HeaderValue::try_from(format!("bytes */{}", info.size())) {
                    headers.insert(header::CONTENT_RANGE, value);
                }
                error.set_headers(headers);
                Err(error)
            }
        },
        (None, None) => Ok(Selection {
            range: whole,
            partial: false,
            parts: None,
        }),
        (None, Some(number)) => {
            let sizes = info.parts();
            if sizes.is_empty() && number == 1 {
                return Ok(Selection {
                    range: whole,
                    partial: info.size() > 0,
                    parts: None,
                });
            }
            let at = usize::try_from(number)
                .ok()
                .and_then(|number| number.checked_sub(1))
                .filter(|at| *at < sizes.len())
                .ok_or_else(|| {
                    let code = S3ErrorCode::Custom("InvalidPartNumber".into());
                    let message = "The requested partnumber is not satisfiable";
                    let mut error = S3Error::with_message(code, message);
                    error.set_status_code(http::StatusCode::RANGE_NOT_SATISFIABLE);
                    error
                })?;
            let start = sizes.iter().take(at).sum();
            Ok(Selection {
                range: start..start + sizes.get(at).copied().unwrap_or_default(),
                partial: true,
                parts: i32::try_from(sizes.len()).ok(),
            })
        }
    }
}

fn content_range(selection: &Selection, info: &ObjectInfo) -> Option<String> {
    let Range { start, end } = selection.range;
    selection
        .partial
        .then(|| format!("bytes {start}-{}/{}", end.saturating_sub(1), info.size()))
}

pub(super) async fn get(
    api: &Api,
    request: S3Request<dto::GetObjectInput>,
) -> S3Result<S3Response<dto::GetObjectOutput>> {
    let input = request.input;
    convert::check_version(input.version_id.as_deref())?;
    let (bucket, key) = (input.bucket, input.key);
    let reader = transfer::with_store(&api.store, move |store| store.open(&bucket, &key)).await?;
    let info = reader.info().clone();
    ReadConditions {
        if_match: input.if_match.as_ref(),
        if_none_match: input.if_none_match.as_ref(),
        if_modified_since: input.if_modified_since.as_ref(),
        if_unmodified_since: input.if_unmodified_since.as_ref(),
    }
    .check_read(&info)?;
    let selection = select(&info, input.range, input.part_number)?;
    let attributes = info.attributes();
    let answer = Answer::new(attributes);
    let mut output = dto::GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: attributes.cache_control.clone(),
        content_disposition: attributes.content_disposition.clone(),
        content_encoding: attributes.content_encoding.clone(),
        content_language: attributes.content_language.clone(),
        content_length: Some(convert::size(selection.range.end - selection.range.start)),
        content_range: content_range(&selection, &info),
        content_type: Some(
            attributes
                .content_type
                .clone()
                .unwrap_or_else(|| convert::DEFAULT_CONTENT_TYPE.to_owned()),
        ),
        e_tag: Some(convert::etag(info.etag())),
        expires: answer.expires,
        last_modified: Some(info.last_modified().into()),
        metadata: answer.metadata,
        parts_count: selection.parts,
        storage_class: answer.storage_class,
        tag_count: answer.tag_count,
        website_redirect_location: attributes.website_redirect_location.clone(),
        ..Default::default()
    };
    if wants_checksums(input.checksum_mode.as_ref()) && !selection.partial {
        set_checksums!(output, info.checksums());
        output.checksum_type = convert::object_scope(&info);
    }
    output.body = Some(transfer::send(&api.store, reader, selection.range)?);
    Ok(S3Response::new(output))
}

fn wants_checksums(mode: Option<&dto::ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == dto::ChecksumMode::ENABLED)
}

pub(super) async fn head(
    api: &Api,
    request: S3Request<dto::HeadObjectInput>,
) -> S3Result<S3Response<dto::HeadObjectOutput>> {
    let input = request.input;
    convert::check_version(input.version_id.as_deref())?;
    let (bucket, key) = (input.bucket, input.key);
    let info = transfer::with_store(&api.store, move |store| store.head(&bucket, &key)).await?;
    ReadConditions {
        if_match: input.if_match.as_ref(),
        if_none_match: input.if_none_match.as_ref(),
        if_modified_since: input.if_modified_since.as_ref(),
        if_unmodified_since: input.if_unmodified_since.as_ref(),
    }
    .check_read(&info)?;
    let selection = select(&info, input.range, input.part_number)?;
    let attributes = info.attributes();
    let answer = Answer::new(attributes);
    let mut output = dto::HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: attributes.cache_control.clone(),
        content_disposition: attributes.content_disposition.clone(),
        content_encoding: attributes.content_encoding.clone(),
        content_language: attributes.content_language.clone(),
        content_length: Some(convert::size(selection.range.end - selection.range.start)),
        content_range: content_range(&selection, &info),
        content_type: Some(
            attributes
                .content_type
                .clone()
                .unwrap_or_else(|| convert::DEFAULT_CONTENT_TYPE.to_owned()),
        ),
        e_tag: Some(convert::etag(info.etag())),
        expires: answer.expires,
        last_modified: Some(info.last_modified().into()),
        metadata: answer.metadata,
        parts_count: selection.parts,
        storage_class: answer.storage_class,
        website_redirect_location: attributes.website_redirect_location.clone(),
        ..Default::default()
    };
    if wants_checksums(input.checksum_mode.as_ref()) && !selection.partial {
        set_checksums!(output, info.checksums());
        output.checksum_type = convert::object_scope(&info);
    }
    Ok(S3Response::new(output))
}

pub(super) async fn copy(
    api: &Api,
    request: S3Request<dto::CopyObjectInput>,
) -> S3Result<S3Response<dto::CopyObjectOutput>> {
    let mut input = request.input;
    refuse!(input);
    if input.copy_source_sse_customer_key.is_some() {
        return Err(not_implemented(
            "x-amz-copy-source-server-side-encryption-customer-key",
        ));
    }
    let source = convert::copy_source(&input.copy_source)?;
    let is = |directive: Option<&str>| directive == Some("REPLACE");
    let replace = is(input.metadata_directive.as_ref().map(|d| d.as_str()));
    let retag = is(input.tagging_directive.as_ref().map(|d| d.as_str()));
    let same = source.0 == input.bucket && source.1 == input.key;
    if same && !replace && !retag && input.storage_class.is_none() {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let checksums = input
        .checksum_algorithm
        .as_ref()
        .map(convert::algorithm)
        .transpose()?;
    let given = attributes!(input);
    api.bucket_for_writing(&input.bucket).await?;
    let info = transfer::with_store(&api.store, {
        let source = source.clone();
        move |store| store.head(&source.0, &source.1)
    })
    .await?;
    ReadConditions {
        if_match: input.copy_source_if_match.as_ref(),
        if_none_match: input.copy_source_if_none_match.as_ref(),
        if_modified_since: input.copy_source_if_modified_since.as_ref(),
        if_unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
    }
    .check_copy(&info)?;
    let tags = if retag {
        given.tags.clone()
    } else {
        info.attributes().tags.clone()
    };
    let mut attributes = info.attributes().clone();
    // the storage class is never that of the source
    attributes.storage_class.clone_from(&given.storage_class);
    if replace {
        attributes = given;
    }
    let options = CopyOptions {
        attributes: Some(attributes),
        tags: Some(tags),
        checksums: checksums.into_iter().collect(),
        ..CopyOptions::default()
    };
    let target = (input.bucket, input.key);
    let info = transfer::with_store(&api.store, move |store| {
        store.copy((&source.0, &source.1), (&target.0, &target.1), options)
    })
    .await?;
    let mut result = dto::CopyObjectResult {
        e_tag: Some(convert::etag(info.etag())),
        last_modified: Some(info.last_modified().into()),
        checksum_type: convert::object_scope(&info),
        ..Default::default()
    };
    set_checksums!(result, info.checksums());
    Ok(S3Response::new(dto::CopyObjectOutput {
        copy_object_result: Some(result),
        ..Default::default()
    }))
}

pub(super) async fn delete(
    api: &Api,
    request: S3Request<dto::DeleteObjectInput>,
) -> S3Result<S3Response<dto::DeleteObjectOutput>> {
    let input = request.input;
    convert::check_version(input.version_id.as_deref())?;
    if input.if_match_last_modified_time.is_some() || input.if_match_size.is_some() {
        return Err(not_implemented("x-amz-if-match-size"));
    }
    let condition = convert::write_condition(input.if_match.as_ref(), None)?;
    transfer::with_store(&api.store, move |store| {
        store.delete_if(&input.bucket, &input.key, &condition)
    })
    .await?;
    let mut response = S3Response::new(dto::DeleteObjectOutput::default());
    response.status = Some(http::StatusCode::NO_CONTENT);
    Ok(response)
}

pub(super) async fn delete_many(
    api: &Api,
    request: S3Request<dto::DeleteObjectsInput>,
) -> S3Result<S3Response<dto::DeleteObjectsOutput>> {
    let input = request.input;
    let objects = input.delete.objects;
    if objects.is_empty() || objects.len() > 1000 {
        return Err(S3ErrorCode::MalformedXML.into());
    }
    let quiet = input.delete.quiet.unwrap_or(false);
    let bucket = input.bucket;
    let (deleted, failed) = transfer::with_store(&api.store, move |store| {
        store.bucket(&bucket)?;
        let mut deleted = Vec::new();
        let mut failed = Vec::new();
        for object in objects {
            let outcome = convert::check_version(object.version_id.as_deref())
                .and_then(|()| {
                    let condition = object.e_tag.clone().map(dto::ETagCondition::ETag);
                    convert::write_condition(condition.as_ref(), None)
                })
                .and_then(|condition| {
                    store
                        .delete_if(&bucket, &object.key, &condition)
                        .map_err(errors::to_s3)
                });
            match outcome {
                Ok(_) => deleted.push(dto::DeletedObject {
                    key: Some(object.key),
                    ..Default::default()
                }),
                Err(error) => failed.push(dto::Error {
                    code: Some(error.code().as_str().to_owned()),
                    key: Some(object.key),
                    message: error.message().map(str::to_owned),
                    version_id: object.version_id,
                }),
            }
        }
        Ok((deleted, failed))
    })
    .await?;
    Ok(S3Response::new(dto::DeleteObjectsOutput {
        deleted: (!quiet).then_some(deleted),
        errors: (!failed.is_empty()).then_some(failed),
        ..Default::default()
    }))
}

pub(super) async fn get_tags(
    api: &Api,
    request: S3Request<dto::GetObjectTaggingInput>,
) -> S3Result<S3Response<dto::GetObjectTaggingOutput>> {
    let input = request.input;
    convert::check_version(input.version_id.as_deref())?;
    let info = transfer::with_store(&api.store, move |store| {
        store.head(&input.bucket, &input.key)
    })
    .await?;
    let tag_set = info
        .attributes()
        .tags
        .iter()
        .map(|(key, value)| dto::Tag {
            key: Some(key.clone()),
            value: Some(value.clone()),
        })
        .collect();
    Ok(S3Response::new(dto::GetObjectTaggingOutput {
        tag_set,
        version_id: None,
    }))
}

pub(super) async fn put_tags(
    api: &Api,
    request: S3Request<dto::PutObjectTaggingInput>,
) -> S3Result<S3Response<dto::PutObjectTaggingOutput>> {
    let input = request.input;
    convert::check_version(input.version_id.as_deref())?;
    let pairs = input
        .tagging
        .tag_set
        .into_iter()
        .map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()))
        .collect();
    let tags = convert::check_tags(pairs)?;
    transfer::with_store(&api.store, move |store| {
        store.set_tags(&input.bucket, &input.key, tags)
    })
    .await?;
    Ok(S3Response::new(dto::PutObjectTaggingOutput::default()))
}

pub(super) async fn delete_tags(
    api: &Api,
    request: S3Request<dto::DeleteObjectTaggingInput>,
) -> S3Result<S3Response<dto::DeleteObjectTaggingOutput>> {
    let input = request.input;
    convert::check_version(input.version_id.as_deref())?;
    transfer::with_store(&api.store, move |store| {
        store.set_tags(&input.bucket, &input.key, Default::default())
    })
    .await?;
    let mut response = S3Response::new(dto::DeleteObjectTaggingOutput::default());
    response.status = Some(http::StatusCode::NO_CONTENT);
    Ok(response)
}

pub(super) async fn get_attributes(
    api: &Api,
    request: S3Request<dto::GetObjectAttributesInput>,
) -> S3Result<S3Response<dto::GetObjectAttributesOutput>> {
    let input = request.input;
    convert::check_version(input.version_id.as_deref())?;
    let wants = |name: &str| {
        input
            .object_attributes
            .iter()
            .any(|attribute| attribute.as_str() == name)
    };
    if input.object_attributes.is_empty() {
        return Err(invalid_argument("x-amz-object-attributes is missing"));
    }
    let (bucket, key) = (input.bucket.clone(), input.key.clone());
    let info = transfer::with_store(&api.store, move |store| store.head(&bucket, &key)).await?;
    let mut output = dto::GetObjectAttributesOutput {
        last_modified: Some(info.last_modified().into()),
        ..Default::default()
    };
    if wants(dto::ObjectAttributes::ETAG) {
        output.e_tag = Some(convert::etag(info.etag()));
    }
    if wants(dto::ObjectAttributes::OBJECT_SIZE) {
        output.object_size = Some(convert::size(info.size()));
    }
    if wants(dto::ObjectAttributes::STORAGE_CLASS) {
        let class = info.attributes().storage_class.clone();
        output.storage_class = Some(class.unwrap_or_else(|| "STANDARD".to_owned()).into());
    }
    if wants(dto::ObjectAttributes::CHECKSUM) && !info.checksums().is_empty() {
        let mut checksum = dto::Checksum {
            checksum_type: convert::object_scope(&info),
            ..Default::default()
        };
        set_checksums!(checksum, info.checksums());
        output.checksum = Some(checksum);
    }
    if wants(dto::ObjectAttributes::OBJECT_PARTS) && !info.parts().is_empty() {
        output.object_parts = Some(dto::GetObjectAttributesParts {
            total_parts_count: i32::try_from(info.parts().len()).ok(),
            ..Default::default()
        });
    }
    Ok(S3Response::new(output))
}
