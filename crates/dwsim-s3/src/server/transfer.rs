//! Bytes between HTTP bodies and the store, a bounded piece at a time.
//! What is read and written is left to the operations.

use std::ops::Range;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use s3s::{S3Error, S3ErrorCode, S3Result, dto::StreamingBlob};

use super::{errors, front};
use crate::{
    error::{Result, StoreError},
    store::{ObjectReader, ObjectWriter, PartWriter, Store},
};

/// How many bytes go to, or come from, the filesystem at once.
const PIECE: u64 = 1 << 20;
/// How many bytes of a refused upload are still read, so that the client sees the answer.
const MAX_DRAIN: u64 = 64 << 20;

/// Runs a call on the store, off the async threads if it may block.
pub(super) async fn with_store<T: Send + 'static>(
    store: &Store,
    call: impl FnOnce(&Store) -> Result<T> + Send + 'static,
) -> S3Result<T> {
    if store.is_directory() {
        let store = store.clone();
        blocking(move || call(&store)).await
    } else {
        call(store).map_err(errors::to_s3)
    }
}

async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T> + Send + 'static,
) -> S3Result<T> {
    tokio::task::spawn_blocking(call)
        .await
        .map_err(|error| S3Error::with_source(S3ErrorCode::InternalError, error.into()))?
        .map_err(errors::to_s3)
}

/// Something that takes bytes.
pub(super) trait Sink: Send + 'static {
    /// Appends bytes.
    fn write(&mut self, bytes: Bytes) -> Result<()>;
}

impl Sink for ObjectWriter {
    fn write(&mut self, bytes: Bytes) -> Result<()> {
        Self::write(self, bytes)
    }
}

impl Sink for PartWriter {
    fn write(&mut self, bytes: Bytes) -> Result<()> {
        Self::write(self, bytes)
    }
}

/// Writes a body to its end. When it fails or ends early, the writer is dropped and leaves nothing.
pub(super) async fn receive<W: Sink>(
    store: &Store,
    mut writer: W,
    body: &mut Option<StreamingBlob>,
) -> S3Result<W> {
    let Some(body) = body else {
        return Ok(writer);
    };
    let mut pieces = Vec::new();
    let mut waiting = 0;
    loop {
        let next = body.next().await.transpose().map_err(front::to_s3)?;
        let ended = next.is_none();
        if let Some(bytes) = next {
            if !store.is_directory() {
                writer.write(bytes).map_err(errors::to_s3)?;
                continue;
            }
            waiting += bytes.len() as u64;
            pieces.push(bytes);
        }
        if waiting >= PIECE || (ended && waiting > 0) {
            let batch = std::mem::take(&mut pieces);
            waiting = 0;
            writer = blocking(move || {
                for bytes in batch {
                    writer.write(bytes)?;
                }
                Ok(writer)
            })
            .await?;
        }
        if ended {
            return Ok(writer);
        }
    }
}

/// Reads what is left of a refused upload, within limits.
pub(super) async fn drain(body: Option<StreamingBlob>) {
    let Some(mut body) = body else {
        return;
    };
    let mut drained = 0;
    while let Some(Ok(bytes)) = body.next().await {
        drained += bytes.len() as u64;
        if drained > MAX_DRAIN {
            return;
        }
    }
}

/// The bytes of a range, in pieces if they are in a file.
pub(super) fn send(
    store: &Store,
    reader: ObjectReader,
    range: Range<u64>,
) -> S3Result<StreamingBlob> {
    if store.is_directory() {
        Ok(StreamingBlob::wrap(pieces(reader, range)))
    } else {
        let bytes = reader.read(range).map_err(errors::to_s3)?;
        Ok(StreamingBlob::from(s3s::Body::from(bytes)))
    }
}

fn pieces(
    reader: ObjectReader,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes>> + Send + Sync + 'static {
    stream::try_unfold((reader, range), |(reader, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let middle = range.end.min(range.start + PIECE);
        let task = tokio::task::spawn_blocking(move || {
            let bytes = reader.read(range.start..middle);
            bytes.map(|bytes| (bytes, (reader, middle..range.end)))
        });
        match task.await {
            Ok(piece) => piece.map(Some),
            Err(error) => Err(StoreError::io("read", "an object")(std::io::Error::other(
                error,
            ))),
        }
    })
}
