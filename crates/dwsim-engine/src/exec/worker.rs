//! Threads of their own for plans that may take long, so that a query which computes for minutes holds up neither the
//! sockets nor the other queries. What is run, and for whom, is decided in `context`.

use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use datafusion::common::Result as DfResult;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

use crate::error::{Result, SqlError};
use crate::functions::may_linger;

/// Input rows up to which a plan without joins is run where it was asked for.
const SHORT_ROWS: usize = 10_000;

/// Batches that wait for the reader.
const AHEAD: usize = 2;

/// The threads of an engine's queries, started with the first long one.
#[derive(Debug)]
pub(super) struct Workers {
    threads: usize,
    runtime: OnceLock<Runtime>,
}

impl Workers {
    /// None yet; `threads` for the partitions of plans, and one for each running query.
    pub(super) fn new(threads: usize) -> Self {
        Workers {
            threads: threads.max(1),
            runtime: OnceLock::new(),
        }
    }

    fn runtime(&self) -> Result<&Runtime> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let made = Builder::new_multi_thread()
            .worker_threads(self.threads)
            .thread_name("dwsim-query")
            .enable_all()
            .build()
            .map_err(|e| SqlError::internal(format!("no threads for queries: {e}")))?;
        // Another thread may have been first; its runtime is the one that stays.
        if let Err(second) = self.runtime.set(made) {
            second.shutdown_background();
        }
        self.runtime
            .get()
            .ok_or_else(|| SqlError::internal("no threads for queries"))
    }

    /// The stream that `start` gives, driven on a thread of its own until its reader goes away.
    ///
    /// # Errors
    /// When there are no threads to be had; what `start` gives comes out of the stream.
    pub(super) fn drive(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        start: impl FnOnce() -> DfResult<SendableRecordBatchStream> + Send + 'static,
    ) -> Result<SendableRecordBatchStream> {
        let runtime = self.runtime()?;
        let handle = runtime.handle().clone();
        let (sender, mut batches) = mpsc::channel::<DfResult<RecordBatch>>(AHEAD);
        let (reader, mut gone) = oneshot::channel::<()>();
        runtime.spawn_blocking(move || {
            handle.block_on(async move {
                let mut stream = match start() {
                    Ok(stream) => stream,
                    Err(e) => {
                        // A reader that has gone needs no error.
                        let _ = sender.send(Err(e)).await;
                        return;
                    }
                };
                loop {
                    tokio::select! {
                        biased;
                        _ = &mut gone => break,
                        next = stream.next() => match next {
                            Some(batch) => if sender.send(batch).await.is_err() { break },
                            None => break,
                        },
                    }
                }
            });
        });
        let batches = futures::stream::poll_fn(move |cx| {
            let _reader = &reader;
            batches.poll_recv(cx)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            plan.schema(),
            batches,
        )))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Waiting for the threads would block whoever drops the engine, which may be a task.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Whether an operator calls something that may take long for a single row.
fn lingers(node: &Arc<dyn ExecutionPlan>) -> bool {
    let mut found = false;
    let walked = node.apply_expressions(&mut |e| {
        found |= may_linger(e);
        Ok(if found {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    });
    found || walked.is_err()
}

/// Whether a plan is over before a thread for it would have been woken: few rows through a chain of operators that
/// neither wait nor run programs.
pub(super) fn is_short(plan: &Arc<dyn ExecutionPlan>, scanned_rows: usize) -> bool {
    if scanned_rows > SHORT_ROWS {
        return false;
    }
    let mut at = plan;
    loop {
        if lingers(at) {
            return false;
        }
        match at.children().as_slice() {
            [] => {
                return matches!(
                    at.name(),
                    "PlaceholderRowExec" | "DataSourceExec" | "EmptyExec"
                );
            }
            [one] => at = one,
            _ => return false,
        }
    }
}
