//! Files of internal stages over plain HTTP, as the drivers' PUT and GET move them; and chunks of large results.
//! What PUT and GET tell the driver is in `respond`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::service::SnowflakeService;

type Service = State<Arc<SnowflakeService>>;

/// Stores a file; with `keep`, as PUT without OVERWRITE asks, only where there is none of its name.
pub(super) async fn put(
    State(s): Service,
    Path(key): Path<String>,
    Query(how): Query<BTreeMap<String, String>>,
    bytes: Bytes,
) -> Response {
    if how.contains_key("keep") && s.account.file(&key).is_some() {
        return StatusCode::OK.into_response();
    }
    match s.account.put_file(&key, bytes) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(e) => (StatusCode::INSUFFICIENT_STORAGE, e.to_string()).into_response(),
    }
}

/// Gives a file, or its size only for HEAD.
pub(super) async fn get(
    State(s): Service,
    Path(key): Path<String>,
    method: axum::http::Method,
) -> Response {
    let Some(file) = s.account.file(&key) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_LENGTH, file.bytes.len().into());
    if let Ok(etag) = file.md5.parse() {
        headers.insert(header::ETAG, etag);
    }
    if method == axum::http::Method::HEAD {
        return (headers, ()).into_response();
    }
    (headers, file.bytes).into_response()
}

/// A chunk of a result.
pub(super) async fn chunk(
    State(s): Service,
    Path((query, format, from)): Path<(String, String, usize)>,
) -> Response {
    match s.account.finished(&query) {
        Some(Ok(answer)) => match s.chunk(&answer, &format, from) {
            Ok(bytes) => bytes.into_response(),
            Err(e) => (StatusCode::GONE, e.to_string()).into_response(),
        },
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
