//! What a statement gives: rows, or a completion with counts.
//! Its form on the wire (command tags, status rows) is the servers' affair.

use crate::exec::RowStream;
use crate::types::{ColumnInfo, SqlType};

/// The result of a statement.
#[derive(Debug)]
pub enum Outcome {
    /// Rows, not yet computed.
    Rows(RowStream),
    /// Something was done.
    Done(Completion),
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// "INSERT", "CREATE TABLE", … in upper case.
    pub tag: String,
    /// Name of the object, where there is one, folded and unqualified.
    pub object: Option<String>,
    /// Rows inserted.
    pub inserted: u64,
    /// Rows updated.
    pub updated: u64,
    /// Rows deleted.
    pub deleted: u64,
    /// Rows updated that several rows of the other tables matched.
    pub multi_joined: u64,
    /// Rows inserted by table, of a multi-table INSERT.
    pub per_table: Vec<(String, u64)>,
    /// IF NOT EXISTS found the object, or IF EXISTS did not find it: nothing was done.
    pub skipped: bool,
}

impl Completion {
    /// A completion without an object or counts.
    pub fn new(tag: impl Into<String>) -> Self {
        Completion {
            tag: tag.into(),
            ..Self::default()
        }
    }

    /// A completion that names an object.
    pub fn of(tag: impl Into<String>, object: impl Into<String>) -> Self {
        Completion {
            tag: tag.into(),
            object: Some(object.into()),
            ..Self::default()
        }
    }

    /// Rows touched in any way.
    pub fn rows(&self) -> u64 {
        self.inserted + self.updated + self.deleted
    }
}

/// What a statement would give, without running it.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// Result columns; empty for statements without rows.
    pub columns: Vec<ColumnInfo>,
    /// Types of the bind parameters.
    pub parameters: Vec<SqlType>,
    /// Whether the statement returns rows.
    pub rows: bool,
}
