//! Rows on their way to the client, with their description, cancellation and timeout.
//! Encoding them is the servers' work.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt};
use tokio::sync::Notify;

use crate::error::{ErrorKind, Result, SqlError};
use crate::types::ColumnInfo;

/// Cancels what a session is running; safe to use from any thread.
#[derive(Debug, Clone, Default)]
pub struct CancelHandle(Arc<CancelState>);

#[derive(Debug, Default)]
struct CancelState {
    generation: AtomicU64,
    notify: Notify,
}

impl CancelHandle {
    /// Cancels the running statement, if there is one.
    pub fn cancel(&self) {
        self.0.generation.fetch_add(1, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }

    /// How often it was used: the state to compare with later.
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::SeqCst)
    }

    /// Completes when [`CancelHandle::cancel`] is called after `generation` was read.
    pub(crate) async fn cancelled_since(&self, generation: u64) {
        loop {
            let notified = self.0.notify.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.generation() != generation {
                return;
            }
            notified.await;
        }
    }
}

/// Runs a future until it is done, cancelled or out of time.
pub(crate) async fn guarded<T>(
    cancel: &CancelHandle,
    generation: u64,
    timeout: Option<Duration>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let limit = async {
        match timeout {
            Some(t) => tokio::time::sleep(t).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = cancel.cancelled_since(generation) => Err(ErrorKind::Canceled.into()),
        () = limit => Err(ErrorKind::Timeout(timeout.map_or(0, |t| t.as_secs())).into()),
        out = work => out,
    }
}

/// The rows of a query.
pub struct RowStream {
    /// Result columns; column `i` of every batch has the type `columns[i].ty.arrow()`.
    pub columns: Vec<ColumnInfo>,
    batches: Pin<Box<dyn Stream<Item = Result<RecordBatch>> + Send>>,
}

impl fmt::Debug for RowStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl RowStream {
    /// Rows that are at hand.
    pub fn ready(columns: Vec<ColumnInfo>, batches: Vec<RecordBatch>) -> Self {
        RowStream {
            columns,
            batches: Box::pin(futures::stream::iter(batches.into_iter().map(Ok))),
        }
    }

    /// Rows of a running plan.
    pub(crate) fn running(
        columns: Vec<ColumnInfo>,
        stream: SendableRecordBatchStream,
        cancel: CancelHandle,
        generation: u64,
        timeout: Option<Duration>,
    ) -> Self {
        let deadline = timeout.map(|t| tokio::time::Instant::now() + t);
        let batches = futures::stream::unfold(
            (stream, cancel, false),
            move |(mut stream, cancel, done)| async move {
                if done {
                    return None;
                }
                let left =
                    deadline.map(|d| d.saturating_duration_since(tokio::time::Instant::now()));
                let next = guarded(&cancel, generation, left, async {
                    stream.next().await.transpose().map_err(SqlError::from)
                })
                .await
                .map_err(|e| match (*e.kind, timeout) {
                    (ErrorKind::Timeout(_), Some(t)) => ErrorKind::Timeout(t.as_secs()).into(),
                    (kind, _) => SqlError {
                        kind: Box::new(kind),
                        position: e.position,
                    },
                });
                match next {
                    Ok(None) => None,
                    Ok(Some(b)) => Some((Ok(b), (stream, cancel, false))),
                    Err(e) => Some((Err(e), (stream, cancel, true))),
                }
            },
        );
        RowStream {
            columns,
            batches: Box::pin(batches),
        }
    }

    /// All rows at once.
    ///
    /// # Errors
    /// What running the plan gives.
    pub async fn collect(mut self) -> Result<(Vec<ColumnInfo>, Vec<RecordBatch>)> {
        let mut out = Vec::new();
        while let Some(b) = self.batches.next().await {
            out.push(b?);
        }
        Ok((self.columns, out))
    }
}

impl Stream for RowStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.as_mut().poll_next(cx)
    }
}
