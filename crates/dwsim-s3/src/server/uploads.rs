//! Operations on uploads in parts.
//! What becomes of the parts is left to the store.

use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, dto};

use super::{
    api::Api,
    body::Received,
    convert::{self, attributes, refuse, set_checksums, take_checksums},
    errors::{self, invalid_argument},
    objects::ReadConditions,
    transfer,
};
use crate::{
    checksum::{ChecksumAlgorithm, ChecksumScope},
    store::{CompleteOptions, CompletedPart},
};

pub(super) async fn create(
    api: &Api,
    request: S3Request<dto::CreateMultipartUploadInput>,
) -> S3Result<S3Response<dto::CreateMultipartUploadOutput>> {
    let mut input = request.input;
    refuse!(input);
    let checksum = upload_checksum(
        input.checksum_algorithm.as_ref(),
        input.checksum_type.as_ref(),
    )?;
    let attributes = attributes!(input);
    api.bucket_for_writing(&input.bucket).await?;
    let (bucket, key) = (input.bucket.clone(), input.key.clone());
    let id = transfer::with_store(&api.store, move |store| {
        store.create_upload(&bucket, &key, attributes, checksum)
    })
    .await?;
    Ok(S3Response::new(dto::CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        checksum_algorithm: checksum.map(|(algorithm, _)| convert::algorithm_name(algorithm)),
        checksum_type: checksum.map(|(_, scope)| convert::scope_name(scope)),
        ..Default::default()
    }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
fn upload_checksum(
    algorithm: Option<&dto::ChecksumAlgorithm>,
    scope: Option<&dto::ChecksumType>,
) -> S3Result<Option<(ChecksumAlgorithm, ChecksumScope)>> {
    let Some(algorithm) = algorithm else {
        return Ok(None);
    };
    let algorithm = convert::algorithm(algorithm)?;
    let refused = |scope: &str| {
        S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            format!(
                "The {scope} checksum type cannot be used with the {} checksum algorithm.",
                algorithm.name()
            ),
        )
    };
    let scope = match scope.map(dto::ChecksumType::as_str) {
        None if algorithm == ChecksumAlgorithm::Crc64Nvme => ChecksumScope::FullObject,
        None => ChecksumScope::Composite,
        Some(name @ dto::ChecksumType::COMPOSITE) if algorithm == ChecksumAlgorithm::Crc64Nvme => {
            return Err(refused(name));
        }
        Some(dto::ChecksumType::COMPOSITE) => ChecksumScope::Composite,
        Some(name @ dto::ChecksumType::FULL_OBJECT)
            if matches!(
                algorithm,
                ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256
            ) =>
        {
            return Err(refused(name));
        }
        Some(dto::ChecksumType::FULL_OBJECT) => ChecksumScope::FullObject,
        Some(other) => return Err(invalid_argument(format!("unknown checksum type {other}"))),
    };
    Ok(Some((algorithm, scope)))
}

pub(super) async fn upload_part(
    api: &Api,
    mut request: S3Request<dto::UploadPartInput>,
) -> S3Result<S3Response<dto::UploadPartOutput>> {
    let received = Received::of(&request.extensions);
    let mut body = request.input.body.take();
    let result = part_body(api, request.input, &received, &mut body).await;
    if result.is_err() && !received.waits {
        transfer::drain(body).await;
    }
    result
}

async fn part_body(
    api: &Api,
    input: dto::UploadPartInput,
    received: &Received,
    body: &mut Option<dto::StreamingBlob>,
) -> S3Result<S3Response<dto::UploadPartOutput>> {
    let number = part_number(input.part_number)?;
    let told = received.clone();
    let writer = transfer::with_store(&api.store, move |store| {
        let (bucket, key, id) = (&input.bucket, &input.key, &input.upload_id);
        store.part_writer(bucket, key, id, number, &told.algorithms, told.length)
    })
    .await?;
    let writer = transfer::receive(&api.store, writer, body).await?;
    let part = transfer::with_store(&api.store, move |_| writer.commit()).await?;
    let mut output = dto::UploadPartOutput {
        e_tag: Some(convert::etag(&part.etag)),
        ..Default::default()
    };
    set_checksums!(output, part.checksums);
    Ok(S3Response::new(output))
}

fn part_number(number: i32) -> S3Result<u32> {
    u32::try_from(number).map_err(|_| {
        errors::to_s3(crate::StoreError::InvalidPartNumber {
            number: number.into(),
        })
    })
}

pub(super) async fn upload_part_copy(
    api: &Api,
    request: S3Request<dto::UploadPartCopyInput>,
) -> S3Result<S3Response<dto::UploadPartCopyOutput>> {
    let input = request.input;
    let number = part_number(input.part_number)?;
    let source = convert::copy_source(&input.copy_source)?;
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
    let range = match input.copy_source_range.as_deref() {
        None => None,
        Some(text) => match dto::Range::parse(text) {
            Ok(dto::Range::Int {
                first,
                last: Some(last),
            }) if last < info.size() => Some(first..last + 1),
            _ => {
                return Err(invalid_argument(format!(
                    "Range specified is not valid for source object of size: {}",
                    info.size()
                )));
            }
        },
    };
    let part = transfer::with_store(&api.store, move |store| {
        let target = (
            input.bucket.as_str(),
            input.key.as_str(),
            input.upload_id.as_str(),
            number,
        );
        store.copy_part((&source.0, &source.1), range, target)
    })
    .await?;
    let mut result = dto::CopyPartResult {
        e_tag: Some(convert::etag(&part.etag)),
        last_modified: Some(part.last_modified.into()),
        ..Default::default()
    };
    set_checksums!(result, part.checksums);
    Ok(S3Response::new(dto::UploadPartCopyOutput {
        copy_part_result: Some(result),
        ..Default::default()
    }))
}

pub(super) async fn list_parts(
    api: &Api,
    request: S3Request<dto::ListPartsInput>,
) -> S3Result<S3Response<dto::ListPartsOutput>> {
    let input = request.input;
    let limit = convert::limit(input.max_parts, "max-parts")?;
    let marker = input.part_number_marker.unwrap_or(0);
    let (bucket, key, id) = (
        input.bucket.clone(),
        input.key.clone(),
        input.upload_id.clone(),
    );
    let (upload, parts) = transfer::with_store(&api.store, move |store| {
        Ok((
            store.upload(&bucket, &key, &id)?,
            store.parts(&bucket, &key, &id)?,
        ))
    })
    .await?;
    let after = parts
        .into_iter()
        .filter(|part| i64::from(part.number) > i64::from(marker));
    let mut shown: Vec<_> = after.take(limit.saturating_add(1)).collect();
    let is_truncated = shown.len() > limit;
    shown.truncate(limit);
    let number = |part: &crate::PartInfo| i32::try_from(part.number).ok();
    let next = shown.last().and_then(number);
    let parts = shown
        .iter()
        .map(|part| {
            let mut shown = dto::Part {
                e_tag: Some(convert::etag(&part.etag)),
                last_modified: Some(part.last_modified.into()),
                part_number: number(part),
                size: Some(convert::size(part.size)),
                ..Default::default()
            };
            set_checksums!(shown, part.checksums);
            shown
        })
        .collect();
    Ok(S3Response::new(dto::ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        checksum_algorithm: upload
            .checksum
            .map(|(algorithm, _)| convert::algorithm_name(algorithm)),
        checksum_type: upload.checksum.map(|(_, scope)| convert::scope_name(scope)),
        is_truncated: Some(is_truncated),
        max_parts: i32::try_from(limit).ok(),
        next_part_number_marker: next.filter(|_| is_truncated),
        part_number_marker: Some(marker),
        owner: Some(convert::owner()),
        parts: Some(parts),
        storage_class: Some(dto::StorageClass::from_static(dto::StorageClass::STANDARD)),
        ..Default::default()
    }))
}

pub(super) async fn list_uploads(
    api: &Api,
    request: S3Request<dto::ListMultipartUploadsInput>,
) -> S3Result<S3Response<dto::ListMultipartUploadsOutput>> {
    let input = request.input;
    convert::check_encoding(input.encoding_type.as_ref())?;
    if input.delimiter.as_deref().is_some_and(|d| !d.is_empty()) {
        return Err(errors::not_implemented("delimiter in ListMultipartUploads"));
    }
    let limit = convert::limit(input.max_uploads, "max-uploads")?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let bucket = input.bucket.clone();
    let uploads =
        transfer::with_store(&api.store, move |store| store.uploads(&bucket, &prefix)).await?;
    let key_marker = input.key_marker.clone().unwrap_or_default();
    let id_marker = input.upload_id_marker.clone().unwrap_or_default();
    let after = uploads.into_iter().filter(|upload| {
        upload.key > key_marker
            || (upload.key == key_marker && !id_marker.is_empty() && upload.id > id_marker)
    });
    let mut shown: Vec<_> = after.take(limit.saturating_add(1)).collect();
    let is_truncated = shown.len() > limit;
    shown.truncate(limit);
    let encode = |text: &str| convert::encoded(text, input.encoding_type.as_ref());
    let last = shown.last().filter(|_| is_truncated);
    let next_key_marker = last.map(|upload| encode(&upload.key));
    let next_upload_id_marker = last.map(|upload| upload.id.clone());
    let uploads = shown
        .into_iter()
        .map(|upload| dto::MultipartUpload {
            checksum_algorithm: upload
                .checksum
                .map(|(algorithm, _)| convert::algorithm_name(algorithm)),
            checksum_type: upload.checksum.map(|(_, scope)| convert::scope_name(scope)),
            initiated: Some(upload.initiated.into()),
            key: Some(encode(&upload.key)),
            owner: Some(convert::owner()),
            storage_class: Some(dto::StorageClass::from_static(dto::StorageClass::STANDARD)),
            upload_id: Some(upload.id),
            ..Default::default()
        })
        .collect();
    Ok(S3Response::new(dto::ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        prefix: input.prefix.as_deref().map(encode),
        key_marker: Some(encode(&key_marker)),
        upload_id_marker: Some(id_marker),
        max_uploads: i32::try_from(limit).ok(),
        is_truncated: Some(is_truncated),
        next_key_marker,
        next_upload_id_marker,
        uploads: Some(uploads),
        encoding_type: input.encoding_type,
        ..Default::default()
    }))
}

pub(super) async fn complete(
    api: &Api,
    request: S3Request<dto::CompleteMultipartUploadInput>,
) -> S3Result<S3Response<dto::CompleteMultipartUploadOutput>> {
    let input = request.input;
    let options = CompleteOptions {
        condition: convert::write_condition(input.if_match.as_ref(), input.if_none_match.as_ref())?,
        checksums: take_checksums!(input),
        size: input
            .mpu_object_size
            .and_then(|size| u64::try_from(size).ok()),
    };
    let named = input
        .multipart_upload
        .and_then(|upload| upload.parts)
        .unwrap_or_default()
        .into_iter()
        .map(|part| {
            Ok(CompletedPart {
                number: part_number(part.part_number.unwrap_or_default())?,
                etag: part
                    .e_tag
                    .as_ref()
                    .map(|etag| etag.value().to_owned())
                    .unwrap_or_default(),
                checksums: take_checksums!(part),
            })
        })
        .collect::<S3Result<Vec<_>>>()?;
    let (bucket, key, id) = (input.bucket.clone(), input.key.clone(), input.upload_id);
    let info = transfer::with_store(&api.store, move |store| {
        store.complete_upload(&bucket, &key, &id, &named, &options)
    })
    .await?;
    let mut output = dto::CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag: Some(convert::etag(info.etag())),
        checksum_type: convert::object_scope(&info),
        ..Default::default()
    };
    set_checksums!(output, info.checksums());
    Ok(S3Response::new(output))
}

pub(super) async fn abort(
    api: &Api,
    request: S3Request<dto::AbortMultipartUploadInput>,
) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
    let input = request.input;
    transfer::with_store(&api.store, move |store| {
        store.abort_upload(&input.bucket, &input.key, &input.upload_id)
    })
    .await?;
    let mut response = S3Response::new(dto::AbortMultipartUploadOutput::default());
    response.status = Some(http::StatusCode::NO_CONTENT);
    Ok(response)
}
