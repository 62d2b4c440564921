//! What a snapshot holds: per warehouse the whole answer, and where it came from.
//! What is shared between warehouses is worked out when it is written, so no two parts of it can disagree.

use crate::Dialect;
use crate::value::{Column, ResultTable, row_order};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// Whether the order of rows is part of the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowOrder {
    /// The statement has a top-level ORDER BY.
    Exact,
    /// A multiset, stored sorted.
    #[default]
    Any,
}

impl fmt::Display for RowOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RowOrder::Exact => "exact",
            RowOrder::Any => "any",
        })
    }
}

/// What a snapshot was recorded from: eight hexadecimal digits each. They tell which snapshots are stale; they do not
/// decide whether a test passes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hashes {
    /// Of the SQL text of all dialects.
    pub sql: Option<String>,
    /// Of the data: the template's hash.
    pub data: Option<String>,
}

/// The first eight hexadecimal digits of a SHA-256.
#[must_use]
pub fn short_hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher
        .finalize()
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What one warehouse answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Rows.
    Rows(ResultTable),
    /// A statement that returns no rows: how many it changed, where the warehouse says so.
    Done {
        /// Rows inserted, updated and deleted together.
        affected: Option<u64>,
    },
    /// A refusal.
    Error {
        /// SQLSTATE on Redshift, Snowflake's six-digit code there.
        code: String,
        /// The server's message.
        message: String,
    },
}

impl Answer {
    /// The columns, of a result.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        match self {
            Answer::Rows(table) => &table.columns,
            _ => &[],
        }
    }
}

/// The content of a `.snap` file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    /// The test's file, relative to the project, with `/`.
    pub source: String,
    /// Is row order compared?
    pub order: RowOrder,
    /// What it was recorded from.
    pub hash: Hashes,
    /// The day on which a live warehouse has given the same answer, as `2026-11-22`; without those that have not.
    pub confirmed: BTreeMap<Dialect, String>,
    /// Why the warehouses differ; mandatory when they do.
    pub reason: Option<String>,
    /// The answers.
    pub answers: BTreeMap<Dialect, Answer>,
}

impl Snapshot {
    /// Sorts the rows of an unordered snapshot, as it is stored.
    pub fn normalise(&mut self) {
        if self.order == RowOrder::Any {
            for answer in self.answers.values_mut() {
                if let Answer::Rows(table) = answer {
                    table.rows.sort_by(|a, b| row_order(a, b));
                }
            }
        }
    }

    /// Do the two warehouses' answers differ in a way that needs a reason?
    #[must_use]
    pub fn diverges(&self) -> bool {
        match (
            self.answers.get(&Dialect::Redshift),
            self.answers.get(&Dialect::Snowflake),
        ) {
            (Some(redshift), Some(snowflake)) => {
                !super::agree::agree(redshift, snowflake, self.order)
            }
            _ => false,
        }
    }
}
