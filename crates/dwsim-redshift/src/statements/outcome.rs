//! What a statement gives back to the protocol.
//! How it is framed for the client is left to `protocol`.

use arrow::array::RecordBatch;
use dwsim_engine::error::Result;
use dwsim_engine::types::ColumnInfo;
use futures::stream::BoxStream;

/// Batches of a result as they are computed.
pub type RowStream = BoxStream<'static, Result<RecordBatch>>;

/// The result of a statement.
pub enum Outcome {
    /// Rows, which may be none.
    Rows(Rows),
    /// No rows, with the command tag.
    Done(String),
}

/// A result set.
pub struct Rows {
    /// Columns.
    pub columns: Vec<ColumnInfo>,
    /// Rows, computed when they are asked for.
    pub stream: RowStream,
    /// Command tag when all rows were sent.
    pub tag: &'static str,
}

impl Rows {
    /// Rows that are there already.
    pub fn ready(columns: Vec<ColumnInfo>, batches: Vec<RecordBatch>, tag: &'static str) -> Self {
        Rows {
            columns,
            stream: Box::pin(futures::stream::iter(batches.into_iter().map(Ok))),
            tag,
        }
    }
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Rows(r) => f
                .debug_struct("Rows")
                .field("columns", &r.columns)
                .finish_non_exhaustive(),
            Outcome::Done(tag) => f.debug_tuple("Done").field(tag).finish(),
        }
    }
}
