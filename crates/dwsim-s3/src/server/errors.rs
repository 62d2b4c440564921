//! The store's errors as S3 answers them.
//! Their XML is left to `s3s`.

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode};

use crate::error::StoreError;

/// The error with S3's code, status and message.
pub(super) fn to_s3(error: StoreError) -> S3Error {
    let code = S3ErrorCode::from_bytes(error.code().as_bytes())
        .unwrap_or_else(|| S3ErrorCode::Custom(error.code().into()));
    let mut s3 = S3Error::with_message(code, error.to_string());
    if s3.status_code().is_none() {
        s3.set_status_code(StatusCode::BAD_REQUEST);
    }
    if matches!(
        error,
        StoreError::Io { .. } | StoreError::Damaged { .. } | StoreError::InUse { .. }
    ) {
        tracing::error!(%error, "the store failed");
    }
    s3
}

/// S3's answer to what this server does not do.
pub(super) fn not_implemented(what: &str) -> S3Error {
    S3Error::with_message(
        S3ErrorCode::NotImplemented,
        format!(
            "A header or parameter you provided implies functionality that is not implemented: {what}"
        ),
    )
}

/// S3's answer to an argument that it cannot use.
pub(super) fn invalid_argument(message: impl Into<String>) -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidArgument, message.into())
}
