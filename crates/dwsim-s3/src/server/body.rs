//! A request's body on its way to an operation: decoded, and compared with the digests that came with it.
//! Which headers announce what is left to the front, and what happens to the bytes to the operations.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::Stream;
use md5::{Digest as _, Md5};
use s3s::{
    Body, S3Error, S3ErrorCode,
    stream::{ByteStream, RemainingLength},
};
use thiserror::Error;

use super::chunked::{ChunkError, Decoder};
use crate::checksum::{ChecksumAlgorithm, Checksums, Hasher};

/// Why a body was refused, or how it ended.
#[derive(Debug, Error)]
pub(super) enum BodyError {
    #[error("The body is not aws-chunked: {0}")]
    Chunk(#[from] ChunkError),
    #[error(
        "You did not provide the number of bytes specified by the Content-Length HTTP header: {got} of {expected}"
    )]
    Length { expected: u64, got: u64 },
    #[error("The Content-MD5 you specified did not match what we received")]
    Md5,
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed")]
    Sha256,
    #[error("The {} you specified did not match the calculated checksum: {given}, calculated {calculated}", algorithm.name())]
    Checksum {
        algorithm: ChecksumAlgorithm,
        given: String,
        calculated: String,
    },
    #[error("Value for {} trailer is invalid", .0.header())]
    InvalidTrailer(ChecksumAlgorithm),
    #[error("The trailer that x-amz-trailer announces is missing: {}", .0.header())]
    MissingTrailer(ChecksumAlgorithm),
    #[error("the client went away: {0}")]
    Transport(s3s::StdError),
}

impl BodyError {
    /// The error as S3 names it.
    pub(super) fn to_s3(&self) -> S3Error {
        let code = match self {
            Self::Chunk(ChunkError::Incomplete) | Self::Length { .. } | Self::Transport(_) => {
                S3ErrorCode::IncompleteBody
            }
            Self::Chunk(_) | Self::InvalidTrailer(_) | Self::MissingTrailer(_) => {
                S3ErrorCode::InvalidRequest
            }
            Self::Md5 | Self::Checksum { .. } => S3ErrorCode::BadDigest,
            Self::Sha256 => {
                let mut error = S3Error::with_message(
                    S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()),
                    self.to_string(),
                );
                error.set_status_code(http::StatusCode::BAD_REQUEST);
                return error;
            }
        };
        S3Error::with_message(code, self.to_string())
    }
}

/// What the request says about its body.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Whether it is `aws-chunked`.
    pub(super) chunked: bool,
    /// Bytes after decoding.
    pub(super) length: Option<u64>,
    pub(super) md5: Option<[u8; 16]>,
    /// `x-amz-content-sha256`, base64.
    pub(super) sha256: Option<String>,
    /// From headers.
    pub(super) checksums: Checksums,
    /// Announced by `x-amz-trailer`.
    pub(super) trailers: Vec<ChecksumAlgorithm>,
    /// Whether the client waits for `100 Continue`.
    pub(super) waits: bool,
}

/// What the operations are told about a body besides its bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Received {
    /// Bytes after decoding, if announced.
    pub(super) length: Option<u64>,
    /// The checksums that come with it.
    pub(super) algorithms: Vec<ChecksumAlgorithm>,
    /// Whether the client sends it only after it was asked to.
    pub(super) waits: bool,
}

impl Received {
    /// What the front found out about a request's body.
    pub(super) fn of(extensions: &http::Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }
}

/// The body as a stream of decoded bytes that fails at its end if a digest differs.
pub(super) struct CheckedBody {
    inner: Body,
    decoder: Option<Decoder>,
    /// Raw bytes that the decoder has not seen.
    raw: Bytes,
    expected: Expected,
    got: u64,
    md5: Option<Md5>,
    /// Kept apart from the other checksums: SHA-256 may be asked for twice.
    sha256: Option<Hasher>,
    hasher: Hasher,
    done: bool,
}

impl CheckedBody {
    pub(super) fn new(inner: Body, expected: Expected) -> (Self, Received) {
        let algorithms: Vec<_> = expected
            .checksums
            .keys()
            .chain(&expected.trailers)
            .copied()
            .collect();
        let received = Received {
            length: expected.length,
            algorithms: algorithms.clone(),
            waits: expected.waits,
        };
        let this = Self {
            inner,
            decoder: expected.chunked.then(Decoder::default),
            raw: Bytes::new(),
            got: 0,
            md5: expected.md5.map(|_| Md5::new()),
            sha256: expected
                .sha256
                .as_ref()
                .map(|_| Hasher::new([ChecksumAlgorithm::Sha256])),
            hasher: Hasher::new(algorithms),
            expected,
            done: false,
        };
        (this, received)
    }

    fn update(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        self.got += bytes.len() as u64;
        if let Some(expected) = self.expected.length.filter(|length| self.got > *length) {
            return Err(BodyError::Length {
                expected,
                got: self.got,
            });
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        self.hasher.update(bytes);
        Ok(())
    }

    /// Compares everything at the end of the body.
    fn finish(&mut self) -> Result<(), BodyError> {
        let trailers = match &self.decoder {
            Some(decoder) => decoder.finish()?,
            None => Vec::new(),
        };
        if let Some(expected) = self.expected.length.filter(|length| self.got != *length) {
            return Err(BodyError::Length {
                expected,
                got: self.got,
            });
        }
        let md5 = self.md5.take().map(|md5| <[u8; 16]>::from(md5.finalize()));
        if md5 != self.expected.md5 {
            return Err(BodyError::Md5);
        }
        let sha256 = self
            .sha256
            .take()
            .and_then(|hasher| hasher.finish().remove(&ChecksumAlgorithm::Sha256));
        if sha256 != self.expected.sha256 {
            return Err(BodyError::Sha256);
        }
        let mut given = std::mem::take(&mut self.expected.checksums);
        for algorithm in &self.expected.trailers {
            let (_, value) = trailers
                .iter()
                .find(|(name, _)| name == algorithm.header())
                .ok_or(BodyError::MissingTrailer(*algorithm))?;
            if !algorithm.accepts(value) {
                return Err(BodyError::InvalidTrailer(*algorithm));
            }
            given.insert(*algorithm, value.clone());
        }
        let calculated = std::mem::take(&mut self.hasher).finish();
        for (algorithm, given) in &given {
            let calculated = calculated.get(algorithm).cloned().unwrap_or_default();
            if *given != calculated {
                return Err(BodyError::Checksum {
                    algorithm: *algorithm,
                    given: given.clone(),
                    calculated,
                });
            }
        }
        Ok(())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            if self.done {
                return Poll::Ready(None);
            }
            if let Some(decoder) = &mut self.decoder
                && let Some(bytes) = decoder.decode(&mut self.raw)?
            {
                self.update(&bytes)?;
                return Poll::Ready(Some(Ok(bytes)));
            }
            match ready!(Pin::new(&mut self.inner).poll_next(cx)) {
                Some(Err(error)) => return Poll::Ready(Some(Err(BodyError::Transport(error)))),
                Some(Ok(bytes)) if self.decoder.is_some() => self.raw = bytes,
                Some(Ok(bytes)) => {
                    self.update(&bytes)?;
                    return Poll::Ready(Some(Ok(bytes)));
                }
                None => {
                    self.done = true;
                    self.finish()?;
                }
            }
        }
    }
}

impl Stream for CheckedBody {
    type Item = Result<Bytes, s3s::StdError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx).map(|item| {
            item.map(|result| {
                result.map_err(|error| {
                    self.done = true;
                    s3s::StdError::from(error)
                })
            })
        })
    }
}

impl ByteStream for CheckedBody {
    fn remaining_length(&self) -> RemainingLength {
        self.expected
            .length
            .and_then(|length| usize::try_from(length.saturating_sub(self.got)).ok())
            .map_or_else(RemainingLength::unknown, RemainingLength::new_exact)
    }
}
