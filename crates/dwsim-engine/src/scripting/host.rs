//! What the interpreter needs from a dialect's session: running statements, messages to the client.
//! Everything that needs no SQL is the interpreter's own.

use arrow::array::RecordBatch;
use futures::future::BoxFuture;

use super::RaiseLevel;
use crate::error::{Result, SqlError};
use crate::functions::Typed;
use crate::session::Session;
use crate::types::ColumnInfo;

/// Whose rules a block follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Snowflake Scripting.
    Snowflake,
    /// PL/pgSQL of Redshift.
    PlPgSql {
        /// Statements commit one by one, and a handled error is over.
        nonatomic: bool,
    },
}

/// What a statement gave.
#[derive(Debug, Clone, Default)]
pub struct Ran {
    /// Columns of its rows.
    pub columns: Vec<ColumnInfo>,
    /// Rows.
    pub batches: Vec<RecordBatch>,
    /// Rows that DML changed; None for a query or another statement.
    pub changed: Option<u64>,
    /// Rows that were inserted, updated and deleted.
    pub counts: (u64, u64, u64),
    /// Whether the rows are a query's, not a status.
    pub is_query: bool,
    /// CALL: values of OUT and INOUT arguments, by the argument's index.
    pub outputs: Vec<(usize, Typed)>,
    /// Identifier of the statement.
    pub query_id: String,
    /// The statement ended its transaction, and open cursors with it.
    pub closes_cursors: bool,
}

impl Ran {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// A session that runs blocks.
pub trait Host: Send {
    /// The engine's session.
    fn session(&mut self) -> &mut Session;

    /// Runs a SQL statement. Variables of the block are in the engine's session; `values` are those of `?` and `$1`.
    fn run<'a>(&'a mut self, text: &'a str, values: Vec<Typed>) -> BoxFuture<'a, Result<Ran>>;

    /// Makes a procedure that only the block knows, from the text of its definition.
    ///
    /// # Errors
    /// A syntax error; [`crate::error::SqlError::unsupported`] where there are no such procedures.
    fn declare_routine(&mut self, definition: &str) -> Result<()> {
        Err(SqlError::unsupported(format!(
            "procedures of a block: {definition}"
        )))
    }

    /// A message for the client.
    fn message(&mut self, level: RaiseLevel, text: String);

    /// A refcursor was opened over a query; it lives on after the block.
    fn open_cursor<'a>(
        &'a mut self,
        name: &'a str,
        query: &'a str,
        values: Vec<Typed>,
    ) -> BoxFuture<'a, Result<()>>;

    /// A statement of an atomic procedure failed: its transaction is undone and another one begins.
    fn undo(&mut self);

    /// A handler of an atomic procedure is done: its changes stay.
    ///
    /// # Errors
    /// A conflict with another transaction.
    fn keep(&mut self) -> Result<()>;
}
