//! The front of the service: takes credentials and body encodings off a request before `s3s` sees it.
//! Routing, XML and the operations are left to `s3s` and the files beside.
//!
//! Any credentials are accepted and no signature is checked, as nobody could know the secret. What
//! protects data is: digests of bodies, and the expiry of presigned URLs.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};
use s3s::{Body, S3Error, S3ErrorCode, S3Result, service::S3Service};

use super::{
    body::{BodyError, CheckedBody, Expected},
    host::Domains,
    time,
};
use crate::checksum::{ChecksumAlgorithm, decode_base64};

/// Bodies of this size in bytes are taken in whole; longer ones only if they are not data.
const SMALL_BODY: u64 = 64 * 1024;
/// Longest body that is not data, such as the keys to delete, in bytes.
const MAX_DOCUMENT: u64 = 20 << 20;

/// What answers the requests of all connections.
pub(super) struct Front {
    s3: S3Service,
    domains: Domains,
    requests: AtomicU64,
}

impl Front {
    pub(super) fn new(s3: S3Service, domains: Domains) -> Self {
        Self {
            s3,
            domains,
            requests: AtomicU64::new(0),
        }
    }

    /// Answers one request.
    pub(super) async fn answer(
        &self,
        request: Request<hyper::body::Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        let id = self.requests.fetch_add(1, Ordering::Relaxed);
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let mut response = match self.forward(request.map(Body::from)).await {
            Ok(response) => response,
            Err(error) => error_response(error),
        };
        tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::try_from(format!("{id:016X}")) {
            headers.insert("x-amz-request-id", value);
        }
        headers.insert(header::SERVER, HeaderValue::from_static("dwsim-s3"));
        if response.status() == StatusCode::NOT_MODIFIED {
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
        Ok(response)
    }

    async fn forward(&self, request: Request<Body>) -> S3Result<Response<Body>> {
        let request = prepare(request, &self.domains).await?;
        self.s3
            .call(request)
            .await
            .map_err(|error| S3Error::with_source(S3ErrorCode::InternalError, error.into()))
    }
}

fn error_response(error: S3Error) -> Response<Body> {
    error.to_http_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// The request as if it had been sent by nobody, in plain.
async fn prepare(request: Request<Body>, domains: &Domains) -> S3Result<Request<Body>> {
    let (mut parts, body) = request.into_parts();
    refuse_forms(&parts.method, &parts.headers)?;
    parts.uri = take_query(&parts.uri, &mut parts.headers, SystemTime::now())?;
    parts.headers.remove(header::AUTHORIZATION);
    parts.headers.remove("x-amz-security-token");

    let is_data = parts.method == Method::PUT
        && names_object(&parts.headers, &parts.uri, domains)
        && !has_subresource(&parts.uri);
    // on a completion the checksum headers describe the object, not the body
    let describes_body = parts.method != Method::POST || !has_parameter(&parts.uri, "uploadId");
    let expected = expectations(&mut parts.headers, describes_body)?;
    match expected.length {
        Some(length) => {
            parts
                .headers
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        None if is_data && (expected.chunked || !http_body_is_empty(&body)) => {
            return Err(S3Error::with_message(
                S3ErrorCode::MissingContentLength,
                "You must provide the Content-Length HTTP header.",
            ));
        }
        None => {}
    }
    let length = expected.length;
    let (checked, received) = CheckedBody::new(body, expected);
    let body = if is_data && length.is_none_or(|length| length > SMALL_BODY) {
        Body::from(Box::pin(checked) as s3s::stream::DynByteStream)
    } else {
        let bytes = collect(checked).await?;
        parts
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        Body::from(bytes)
    };
    parts.extensions.insert(received);
    Ok(Request::from_parts(parts, body))
}

fn http_body_is_empty(body: &Body) -> bool {
    use hyper::body::Body as _;
    body.is_end_stream()
}

fn refuse_forms(method: &Method, headers: &HeaderMap) -> S3Result<()> {
    let form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"multipart/form-data"));
    if *method == Method::POST && form {
        return Err(S3Error::with_message(
            S3ErrorCode::NotImplemented,
            "PostObject, the upload by an HTML form, is not implemented",
        ));
    }
    Ok(())
}

/// Whether the path names an object, and not a bucket or nothing.
fn names_object(headers: &HeaderMap, uri: &Uri, domains: &Domains) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let path = uri.path().trim_start_matches('/');
    if host.and_then(|host| domains.bucket(host)).is_some() {
        !path.is_empty()
    } else {
        path.split_once('/').is_some_and(|(_, key)| !key.is_empty())
    }
}

/// Whether the request is about more than the object's or part's bytes, such as its tags.
fn has_subresource(uri: &Uri) -> bool {
    uri.query().unwrap_or_default().split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !matches!(name, "" | "partNumber" | "uploadId" | "x-id")
    })
}

fn has_parameter(uri: &Uri, wanted: &str) -> bool {
    uri.query()
        .unwrap_or_default()
        .split('&')
        .any(|pair| pair.split('=').next() == Some(wanted))
}

async fn collect(mut body: CheckedBody) -> S3Result<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(next) = body.next().await {
        let next = next.map_err(to_s3)?;
        if bytes.len() as u64 + next.len() as u64 > MAX_DOCUMENT {
            return Err(S3ErrorCode::MaxMessageLengthExceeded.into());
        }
        bytes.extend_from_slice(&next);
    }
    Ok(bytes.freeze())
}

/// The error of a body's stream as S3 names it.
pub(super) fn to_s3(error: s3s::StdError) -> S3Error {
    match error.downcast_ref::<BodyError>() {
        Some(error) => error.to_s3(),
        None => S3Error::with_source(S3ErrorCode::InternalError, error),
    }
}

/// Takes what a presigned URL adds out of the query. Parameters named `x-amz-*` stand for headers.
fn take_query(uri: &Uri, headers: &mut HeaderMap, now: SystemTime) -> S3Result<Uri> {
    let Some(query) = uri.query() else {
        return Ok(uri.clone());
    };
    let mut kept = Vec::new();
    let mut signed = Presigned::default();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "X-Amz-Date" => signed.date = Some(value),
            "X-Amz-Expires" => signed.lifetime = Some(value),
            "X-Amz-Signature" => signed.is_v4 = true,
            "X-Amz-Algorithm"
            | "X-Amz-Credential"
            | "X-Amz-SignedHeaders"
            | "X-Amz-Security-Token"
            | "X-Amz-Content-Sha256"
            | "x-amz-security-token" => {}
            "Signature" => signed.is_v2 = true,
            "AWSAccessKeyId" => {}
            "Expires" => signed.expires = Some(value),
            _ => match name.to_ascii_lowercase() {
                // SDKs sign the checksum of the empty body that they have at the time; S3 ignores it
                name if is_checksum(&name) => {}
                name if name.starts_with("x-amz-") => hoist(&name, value, headers)?,
                _ => kept.push(pair),
            },
        }
    }
    signed.check(now)?;
    let path = uri.path();
    let target = if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    };
    target
        .parse()
        .map_err(|_| S3Error::new(S3ErrorCode::InvalidURI))
}

fn is_checksum(name: &str) -> bool {
    name == "x-amz-sdk-checksum-algorithm"
        || ChecksumAlgorithm::ALL
            .iter()
            .any(|algorithm| algorithm.header() == name)
}

/// Makes a query parameter the header that it stands for.
fn hoist(name: &str, value: &str, headers: &mut HeaderMap) -> S3Result<()> {
    let invalid = || {
        S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            format!("The query parameter {name} is not a header's name and value"),
        )
    };
    let name: HeaderName = name.parse().map_err(|_| invalid())?;
    let value = percent_decode(value).ok_or_else(invalid)?;
    let value = HeaderValue::try_from(value).map_err(|_| invalid())?;
    headers.entry(name).or_insert(value);
    Ok(())
}

/// The text without its percent-encoding; none if that is not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            decoded.push(u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok()?);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(decoded).ok()
}

/// What a presigned URL says about its age.
#[derive(Default)]
struct Presigned<'a> {
    is_v4: bool,
    is_v2: bool,
    date: Option<&'a str>,
    lifetime: Option<&'a str>,
    expires: Option<&'a str>,
}

impl Presigned<'_> {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
    fn check(&self, now: SystemTime) -> S3Result<()> {
        let bad = |what: &'static str| {
            S3Error::with_message(
                S3ErrorCode::Custom("AuthorizationQueryParametersError".into()),
                what,
            )
        };
        let bad = |what| {
            let mut error = bad(what);
            error.set_status_code(StatusCode::BAD_REQUEST);
            error
        };
        let end = if self.is_v4 {
            let date = self.date.and_then(time::parse_basic).ok_or_else(|| {
                bad("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
            })?;
            let lifetime: u64 = self
                .lifetime
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| bad("X-Amz-Expires should be a number"))?;
            if lifetime > 604_800 {
                return Err(bad(
                    "X-Amz-Expires must be less than a week (in seconds) that is 604800",
                ));
            }
            Some(date + Duration::from_secs(lifetime))
        } else if self.is_v2 {
            let seconds: u32 = self
                .expires
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| bad("Expires should be a number of seconds since 1970"))?;
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into()))
        } else {
            None
        };
        if end.is_some_and(|end| now > end) {
            return Err(S3Error::with_message(
                S3ErrorCode::AccessDenied,
                "Request has expired",
            ));
        }
        Ok(())
    }
}

/// Takes what the headers say about the body, leaving those that the object keeps.
fn expectations(headers: &mut HeaderMap, describes_body: bool) -> S3Result<Expected> {
    let mut expected = Expected {
        waits: headers.contains_key(header::EXPECT),
        ..Expected::default()
    };
    let sha256 = headers.remove("x-amz-content-sha256");
    let sha256 = sha256.as_ref().and_then(|value| value.to_str().ok());
    let decoded = number(headers, "x-amz-decoded-content-length")?;
    headers.remove("x-amz-decoded-content-length");
    expected.chunked =
        sha256.is_some_and(|value| value.starts_with("STREAMING-")) | take_aws_chunked(headers);
    expected.length = if expected.chunked {
        headers.remove(header::CONTENT_LENGTH);
        decoded
    } else {
        number(headers, "content-length")?
    };
    headers.remove(header::TRANSFER_ENCODING);
    if let Some(hex) = sha256.filter(|value| value.len() == 64) {
        expected.sha256 = Some(hex_to_base64(hex).ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::InvalidArgument,
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-*, or a valid sha256 value.",
            )
        })?);
    }
    if let Some(value) = headers.remove("content-md5") {
        let md5 = value
            .to_str()
            .ok()
            .and_then(decode_base64)
            .and_then(|bytes| bytes.try_into().ok());
        expected.md5 = Some(md5.ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::InvalidDigest,
                "The Content-MD5 you specified was invalid.",
            )
        })?);
    }
    for algorithm in ChecksumAlgorithm::ALL {
        if let Some(value) = headers.get(algorithm.header()).filter(|_| describes_body) {
            let value = value
                .to_str()
                .ok()
                .filter(|value| algorithm.accepts(value))
                .ok_or_else(|| {
                    S3Error::with_message(
                        S3ErrorCode::InvalidRequest,
                        format!("Value for {} header is invalid.", algorithm.header()),
                    )
                })?;
            expected.checksums.insert(algorithm, value.to_owned());
        }
    }
    if let Some(names) = headers.remove("x-amz-trailer") {
        let names = names.to_str().unwrap_or_default();
        expected.trailers = names
            .split(',')
            .filter_map(|name| {
                let name = name.trim();
                ChecksumAlgorithm::ALL
                    .into_iter()
                    .find(|algorithm| name.eq_ignore_ascii_case(algorithm.header()))
            })
            .collect();
    }
    Ok(expected)
}

/// Takes `aws-chunked` out of `Content-Encoding`; whether it was there.
fn take_aws_chunked(headers: &mut HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else {
        return false;
    };
    let Ok(text) = value.to_str() else {
        return false;
    };
    let (chunked, others): (Vec<_>, Vec<_>) = text
        .split(',')
        .map(str::trim)
        .partition(|coding| coding.eq_ignore_ascii_case("aws-chunked"));
    if chunked.is_empty() {
        return false;
    }
    let others = others.join(",");
    match HeaderValue::try_from(others.as_str()) {
        Ok(value) if !others.is_empty() => {
            headers.insert(header::CONTENT_ENCODING, value);
        }
        _ => {
            headers.remove(header::CONTENT_ENCODING);
        }
    }
    true
}

fn number(headers: &HeaderMap, name: &str) -> S3Result<Option<u64>> {
    headers
        .get(name)
        .map(|value| {
            value
                .to_str()
                .ok()
                .and_then(|text| text.trim().parse().ok())
                .ok_or_else(|| {
                    S3Error::with_message(
                        S3ErrorCode::InvalidArgument,
                        format!("{name} must be a number of bytes"),
                    )
                })
        })
        .transpose()
}

fn hex_to_base64(hex: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect::<Option<Vec<u8>>>()?;
    Some(base64::engine::general_purpose::STANDARD.encode(bytes))
}
