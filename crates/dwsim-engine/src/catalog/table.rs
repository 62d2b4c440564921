//! Tables: definition and data, both immutable; a change makes a new entry that shares unchanged batches.
//! Finding and replacing entries is the transaction's work.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema as ArrowSchema, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::types::SqlType;

/// An identity (auto-increment) column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// First value.
    pub start: i64,
    /// Step.
    pub step: i64,
    /// Explicit values are refused (`GENERATED ALWAYS`, Redshift's plain IDENTITY).
    pub always: bool,
    /// Counter id.
    pub oid: u64,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnDef {
    /// Folded name.
    pub name: String,
    /// Declared type.
    pub ty: SqlType,
    /// NOT NULL was declared (it is enforced; keys are not).
    pub not_null: bool,
    /// DEFAULT expression as text of the dialect.
    pub default: Option<String>,
    /// Identity.
    pub identity: Option<Identity>,
    /// COMMENT.
    pub comment: Option<String>,
    /// ENCODE, COLLATE, DISTKEY, masking policy, … as properties.
    pub properties: BTreeMap<String, String>,
}

impl ColumnDef {
    /// A nullable column without attributes.
    pub fn new(name: impl Into<String>, ty: SqlType) -> Self {
        ColumnDef {
            name: name.into(),
            ty,
            not_null: false,
            default: None,
            identity: None,
            comment: None,
            properties: BTreeMap::new(),
        }
    }
}

/// A declared key; kept and shown, not enforced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Constraint name, given or made up.
    pub name: String,
    /// "PRIMARY KEY", "UNIQUE", "FOREIGN KEY" or "CHECK".
    pub kind: String,
    /// Column names.
    pub columns: Vec<String>,
    /// Referenced table and columns of a foreign key.
    pub references: Option<(Vec<String>, Vec<String>)>,
}

/// What CREATE TABLE said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableDef {
    /// Object id.
    pub oid: u64,
    /// Columns in order.
    pub columns: Vec<ColumnDef>,
    /// Keys.
    pub constraints: Vec<Constraint>,
    /// Lives in its session only.
    pub temporary: bool,
    /// DISTSTYLE, SORTKEY, CLUSTER BY, TRANSIENT, … as properties.
    pub properties: BTreeMap<String, String>,
    /// Owner.
    pub owner: String,
    /// COMMENT.
    pub comment: Option<String>,
    /// Seconds since the epoch.
    pub created: i64,
}

impl TableDef {
    /// A permanent table with a fresh id.
    pub fn new(columns: Vec<ColumnDef>, owner: impl Into<String>) -> Self {
        TableDef {
            oid: super::account::next_oid(),
            columns,
            constraints: Vec::new(),
            temporary: false,
            properties: BTreeMap::new(),
            owner: owner.into(),
            comment: None,
            created: chrono::Utc::now().timestamp(),
        }
    }

    /// The Arrow schema of the stored batches.
    pub fn arrow(&self) -> SchemaRef {
        Arc::new(ArrowSchema::new(
            self.columns
                .iter()
                .map(|c| Field::new(&c.name, c.ty.arrow(), true))
                .collect::<Vec<_>>(),
        ))
    }

    /// Position of a column by its folded name.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }
}

/// The rows of a table version.
#[derive(Debug, Clone)]
pub struct TableData {
    /// Schema of every batch.
    pub schema: SchemaRef,
    /// Batches, none of them empty.
    pub batches: Vec<RecordBatch>,
    /// Number of rows.
    pub rows: usize,
}

/// Batches up to this many rows are merged with a neighbour of similar size when rows are appended.
const MERGE_ROWS: usize = 8192;

impl TableData {
    /// No rows.
    pub fn empty(schema: SchemaRef) -> Self {
        TableData {
            schema,
            batches: Vec::new(),
            rows: 0,
        }
    }

    /// These rows; empty batches are dropped.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let batches: Vec<_> = batches.into_iter().filter(|b| b.num_rows() > 0).collect();
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        TableData {
            schema,
            batches,
            rows,
        }
    }

    /// These rows and then the given ones. Small batches at the end are merged when the new one is as
    /// large as the one before, so that n single-row inserts copy each row log(n) times only.
    ///
    /// # Errors
    /// When the batches do not have the table's schema.
    pub fn append(&self, more: Vec<RecordBatch>) -> Result<Self> {
        let mut batches = self.batches.clone();
        for batch in more {
            if batch.num_rows() == 0 {
                continue;
            }
            // Field names and nullability may differ, types may not.
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec())?;
            batches.push(batch);
            while let [.., a, b] = batches.as_slice() {
                let (x, y) = (a.num_rows(), b.num_rows());
                if y < x || x + y > MERGE_ROWS {
                    break;
                }
                let merged = concat_batches(&self.schema, [a, b])?;
                batches.truncate(batches.len() - 2);
                batches.push(merged);
            }
        }
        Ok(TableData::new(Arc::clone(&self.schema), batches))
    }

    /// Bytes of the arrays.
    pub fn bytes(&self) -> usize {
        self.batches
            .iter()
            .map(RecordBatch::get_array_memory_size)
            .sum()
    }
}

/// A table version: definition and rows.
#[derive(Debug, Clone)]
pub struct TableEntry {
    /// Definition.
    pub def: Arc<TableDef>,
    /// Rows.
    pub data: Arc<TableData>,
    /// Milliseconds since the epoch when this version was made.
    pub changed: i64,
}

impl TableEntry {
    /// A new table without rows.
    pub fn new(def: TableDef) -> Self {
        let data = TableData::empty(def.arrow());
        TableEntry {
            def: Arc::new(def),
            data: Arc::new(data),
            changed: chrono::Utc::now().timestamp_millis(),
        }
    }

    /// The next version with other rows.
    #[must_use]
    pub fn with_data(&self, data: TableData) -> Self {
        TableEntry {
            def: Arc::clone(&self.def),
            data: Arc::new(data),
            changed: chrono::Utc::now().timestamp_millis(),
        }
    }

    /// The next version with another definition and rows that fit it.
    #[must_use]
    pub fn with_def(&self, def: TableDef, data: TableData) -> Self {
        TableEntry {
            def: Arc::new(def),
            data: Arc::new(data),
            changed: chrono::Utc::now().timestamp_millis(),
        }
    }
}
