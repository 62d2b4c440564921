//! Listings: buckets, objects in both versions of the API, and the one version that each object has.
//! Order, prefixes and pages are left to the store.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::{S3Request, S3Response, S3Result, dto};

use super::{
    api::Api,
    convert::{self, encoded},
    errors::invalid_argument,
    transfer,
};
use crate::store::{ListPage, ListQuery, ObjectInfo};

pub(super) fn buckets(
    api: &Api,
    request: S3Request<dto::ListBucketsInput>,
) -> S3Result<S3Response<dto::ListBucketsOutput>> {
    let input = request.input;
    let limit = match input.max_buckets {
        None => usize::MAX,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=10_000).contains(limit))
            .ok_or_else(|| invalid_argument("max-buckets must be between 1 and 10000"))?,
    };
    let after = input.continuation_token.as_deref().map(token).transpose()?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let mut buckets: Vec<_> = api
        .store
        .buckets()
        .into_iter()
        .filter(|bucket| bucket.name.starts_with(prefix))
        .filter(|bucket| after.as_ref().is_none_or(|after| bucket.name > *after))
        .take(limit.saturating_add(1))
        .map(|bucket| dto::Bucket {
            name: Some(bucket.name),
            creation_date: Some(bucket.created.into()),
            bucket_region: Some(bucket.region.unwrap_or_else(|| api.region().to_owned())),
        })
        .collect();
    let is_truncated = buckets.len() > limit;
    buckets.truncate(limit);
    let last = buckets.last().and_then(|bucket| bucket.name.as_deref());
    Ok(S3Response::new(dto::ListBucketsOutput {
        continuation_token: last
            .filter(|_| is_truncated)
            .map(|name| URL_SAFE_NO_PAD.encode(name)),
        buckets: Some(buckets),
        owner: Some(convert::owner()),
        prefix: input.prefix,
    }))
}

/// What a continuation token continues after.
fn token(token: &str) -> S3Result<String> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| invalid_argument("The continuation token provided is incorrect"))
}

async fn page(api: &Api, bucket: &str, query: ListQuery) -> S3Result<ListPage> {
    let bucket = bucket.to_owned();
    transfer::with_store(&api.store, move |store| store.list_page(&bucket, &query)).await
}

fn object(
    info: &ObjectInfo,
    encoding: Option<&dto::EncodingType>,
    with_owner: bool,
) -> dto::Object {
    let class = info.attributes().storage_class.clone();
    let algorithms: Vec<_> = info
        .checksums()
        .keys()
        .map(|algorithm| convert::algorithm_name(*algorithm))
        .collect();
    dto::Object {
        checksum_algorithm: (!algorithms.is_empty()).then_some(algorithms),
        checksum_type: convert::object_scope(info),
        e_tag: Some(convert::etag(info.etag())),
        key: Some(encoded(info.key(), encoding)),
        last_modified: Some(info.last_modified().into()),
        owner: with_owner.then(convert::owner),
        size: Some(convert::size(info.size())),
        storage_class: Some(class.unwrap_or_else(|| "STANDARD".to_owned()).into()),
        ..Default::default()
    }
}

fn common_prefixes(
    page: &ListPage,
    encoding: Option<&dto::EncodingType>,
) -> Option<Vec<dto::CommonPrefix>> {
    let prefixes: Vec<_> = page
        .common_prefixes
        .iter()
        .map(|prefix| dto::CommonPrefix {
            prefix: Some(encoded(prefix, encoding)),
        })
        .collect();
    (!prefixes.is_empty()).then_some(prefixes)
}

fn count(number: usize) -> Option<i32> {
    i32::try_from(number).ok()
}

pub(super) async fn objects_v2(
    api: &Api,
    request: S3Request<dto::ListObjectsV2Input>,
) -> S3Result<S3Response<dto::ListObjectsV2Output>> {
    let input = request.input;
    let encoding = input.encoding_type.as_ref();
    convert::check_encoding(encoding)?;
    let limit = convert::limit(input.max_keys, "maxKeys")?;
    let start_after = match &input.continuation_token {
        Some(given) => Some(token(given)?),
        None => input.start_after.clone(),
    };
    let query = ListQuery {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone(),
        start_after,
        limit,
    };
    let page = page(api, &input.bucket, query).await?;
    let with_owner = input.fetch_owner.unwrap_or(false);
    let encode = |text: &str| encoded(text, encoding);
    Ok(S3Response::new(dto::ListObjectsV2Output {
        common_prefixes: common_prefixes(&page, encoding),
        contents: Some(
            page.objects
                .iter()
                .map(|info| object(info, encoding, with_owner))
                .collect(),
        ),
        continuation_token: input.continuation_token.clone(),
        delimiter: input.delimiter.as_deref().map(encode),
        encoding_type: input.encoding_type.clone(),
        is_truncated: Some(page.next.is_some()),
        key_count: count(page.objects.len() + page.common_prefixes.len()),
        max_keys: count(limit),
        name: Some(input.bucket),
        next_continuation_token: page.next.map(|next| URL_SAFE_NO_PAD.encode(next)),
        prefix: Some(encode(input.prefix.as_deref().unwrap_or_default())),
        start_after: input.start_after.as_deref().map(encode),
        ..Default::default()
    }))
}

pub(super) async fn objects_v1(
    api: &Api,
    request: S3Request<dto::ListObjectsInput>,
) -> S3Result<S3Response<dto::ListObjectsOutput>> {
    let input = request.input;
    let encoding = input.encoding_type.as_ref();
    convert::check_encoding(encoding)?;
    let limit = convert::limit(input.max_keys, "maxKeys")?;
    let query = ListQuery {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone(),
        start_after: input.marker.clone().filter(|marker| !marker.is_empty()),
        limit,
    };
    let page = page(api, &input.bucket, query).await?;
    let encode = |text: &str| encoded(text, encoding);
    Ok(S3Response::new(dto::ListObjectsOutput {
        common_prefixes: common_prefixes(&page, encoding),
        contents: Some(
            page.objects
                .iter()
                .map(|info| object(info, encoding, true))
                .collect(),
        ),
        // without a delimiter clients go on from the last key themselves
        next_marker: page
            .next
            .as_deref()
            .filter(|_| input.delimiter.is_some())
            .map(encode),
        is_truncated: Some(page.next.is_some()),
        delimiter: input.delimiter.as_deref().map(encode),
        encoding_type: input.encoding_type.clone(),
        marker: Some(encode(input.marker.as_deref().unwrap_or_default())),
        max_keys: count(limit),
        name: Some(input.bucket),
        prefix: Some(encode(input.prefix.as_deref().unwrap_or_default())),
        ..Default::default()
    }))
}

/// Every object has one version, whose id is `null`.
pub(super) async fn versions(
    api: &Api,
    request: S3Request<dto::ListObjectVersionsInput>,
) -> S3Result<S3Response<dto::ListObjectVersionsOutput>> {
    let input = request.input;
    let encoding = input.encoding_type.as_ref();
    convert::check_encoding(encoding)?;
    let limit = convert::limit(input.max_keys, "maxKeys")?;
    let query = ListQuery {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone(),
        start_after: input.key_marker.clone().filter(|marker| !marker.is_empty()),
        limit,
    };
    let page = page(api, &input.bucket, query).await?;
    let encode = |text: &str| encoded(text, encoding);
    let versions = page
        .objects
        .iter()
        .map(|info| dto::ObjectVersion {
            e_tag: Some(convert::etag(info.etag())),
            is_latest: Some(true),
            key: Some(encode(info.key())),
            last_modified: Some(info.last_modified().into()),
            owner: Some(convert::owner()),
            size: Some(convert::size(info.size())),
            storage_class: Some("STANDARD".to_owned().into()),
            version_id: Some("null".to_owned()),
            ..Default::default()
        })
        .collect();
    Ok(S3Response::new(dto::ListObjectVersionsOutput {
        common_prefixes: common_prefixes(&page, encoding),
        delimiter: input.delimiter.as_deref().map(encode),
        encoding_type: input.encoding_type.clone(),
        is_truncated: Some(page.next.is_some()),
        key_marker: Some(encode(input.key_marker.as_deref().unwrap_or_default())),
        max_keys: count(limit),
        name: Some(input.bucket),
        next_key_marker: page.next.as_deref().map(encode),
        next_version_id_marker: page.next.as_ref().map(|_| "null".to_owned()),
        prefix: Some(encode(input.prefix.as_deref().unwrap_or_default())),
        versions: Some(versions),
        ..Default::default()
    }))
}
