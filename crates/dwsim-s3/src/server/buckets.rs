//! Operations on buckets, and plain answers about the configurations that none of them has.
//! Listings are left to the file beside.

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, dto};

use super::{api::Api, transfer};
use crate::store::BucketInfo;

/// The region whose location constraint is nothing.
const HOME: &str = "us-east-1";

pub(super) async fn create(
    api: &Api,
    request: S3Request<dto::CreateBucketInput>,
) -> S3Result<S3Response<dto::CreateBucketOutput>> {
    let input = request.input;
    let region = input
        .create_bucket_configuration
        .and_then(|configuration| configuration.location_constraint)
        .map(|constraint| constraint.as_str().to_owned())
        .filter(|region| !region.is_empty() && region != HOME);
    let bucket = input.bucket.clone();
    // in the home region, to create one's own bucket again succeeds
    let again = region.is_none() && api.region() == HOME;
    transfer::with_store(&api.store, move |store| {
        if again {
            store.ensure_bucket(&bucket)
        } else {
            store.create_bucket_in(&bucket, region)
        }
    })
    .await?;
    Ok(S3Response::new(dto::CreateBucketOutput {
        location: Some(format!("/{}", input.bucket)),
    }))
}

pub(super) async fn delete(
    api: &Api,
    request: S3Request<dto::DeleteBucketInput>,
) -> S3Result<S3Response<dto::DeleteBucketOutput>> {
    let bucket = request.input.bucket;
    transfer::with_store(&api.store, move |store| store.delete_bucket(&bucket)).await?;
    let mut response = S3Response::new(dto::DeleteBucketOutput::default());
    response.status = Some(StatusCode::NO_CONTENT);
    Ok(response)
}

pub(super) fn head(
    api: &Api,
    request: S3Request<dto::HeadBucketInput>,
) -> S3Result<S3Response<dto::HeadBucketOutput>> {
    let info = find(api, &request.input.bucket)?;
    Ok(S3Response::new(dto::HeadBucketOutput {
        bucket_region: Some(info.region.unwrap_or_else(|| api.region().to_owned())),
        ..Default::default()
    }))
}

pub(super) fn location(
    api: &Api,
    request: S3Request<dto::GetBucketLocationInput>,
) -> S3Result<S3Response<dto::GetBucketLocationOutput>> {
    let info = find(api, &request.input.bucket)?;
    let region = info.region.or_else(|| Some(api.region().to_owned()));
    Ok(S3Response::new(dto::GetBucketLocationOutput {
        location_constraint: region.filter(|region| region != HOME).map(Into::into),
    }))
}

pub(super) fn encryption(
    api: &Api,
    request: S3Request<dto::GetBucketEncryptionInput>,
) -> S3Result<S3Response<dto::GetBucketEncryptionOutput>> {
    find(api, &request.input.bucket)?;
    let rule = dto::ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(dto::ServerSideEncryptionByDefault {
            kms_master_key_id: None,
            sse_algorithm: dto::ServerSideEncryption::from_static(
                dto::ServerSideEncryption::AES256,
            ),
        }),
        bucket_key_enabled: Some(false),
    };
    Ok(S3Response::new(dto::GetBucketEncryptionOutput {
        server_side_encryption_configuration: Some(dto::ServerSideEncryptionConfiguration {
            rules: vec![rule],
        }),
    }))
}

pub(super) fn find(api: &Api, bucket: &str) -> S3Result<BucketInfo> {
    api.store.bucket(bucket).map_err(super::errors::to_s3)
}

/// The answer to a question about a configuration that the bucket does not have.
pub(super) fn absent<T>(api: &Api, bucket: &str, code: &'static str) -> S3Result<S3Response<T>> {
    find(api, bucket)?;
    let code = S3ErrorCode::from_bytes(code.as_bytes())
        .unwrap_or_else(|| S3ErrorCode::Custom(code.into()));
    let mut error = S3Error::with_message(code, "The bucket has no such configuration");
    error.set_status_code(StatusCode::NOT_FOUND);
    Err(error)
}

/// The empty answer to a question about a bucket.
pub(super) fn empty<T: Default>(api: &Api, bucket: &str) -> S3Result<S3Response<T>> {
    find(api, bucket)?;
    Ok(S3Response::new(T::default()))
}
