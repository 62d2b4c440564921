//! Tables: definition and data, both immutable; a change makes a new entry that shares unchanged batches.
//! Finding and replacing entries is the transaction's work.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, ArrowNumericType, AsArray, RecordBatch};
use arrow::compute::{concat_batches, max, min};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Int16Type, Int32Type, Int64Type,
    Schema as ArrowSchema, SchemaRef,
};
use serde::{Deserialize, Serialize};

use super::RowIds;
use crate::error::Result;
use crate::types::SqlType;

/// Property of an interval column: its qualifier (`hour to second(3)`), to which values are cut.
pub const INTERVAL_QUALIFIER: &str = "interval";

/// Property of a column that is no part of `*`: where the rows of an external table come from.
pub const HIDDEN: &str = "hidden";

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
    /// Identities of the rows of each batch.
    pub ids: Vec<RowIds>,
    /// Number of rows.
    pub rows: usize,
    /// What [`TableData::range`] found for each column.
    ranges: Arc<[OnceLock<Option<(i128, i128)>>]>,
}

fn unknown(schema: &SchemaRef) -> Arc<[OnceLock<Option<(i128, i128)>>]> {
    schema.fields().iter().map(|_| OnceLock::new()).collect()
}

/// The least and the greatest of an array of whole numbers or dates.
fn range_of(array: &ArrayRef) -> Option<(i128, i128)> {
    fn ends<T: ArrowNumericType>(array: &ArrayRef) -> Option<(i128, i128)>
    where
        T::Native: Into<i128>,
    {
        let array = array.as_primitive::<T>();
        Some((min(array)?.into(), max(array)?.into()))
    }
    match array.data_type() {
        DataType::Int16 => ends::<Int16Type>(array),
        DataType::Int32 => ends::<Int32Type>(array),
        DataType::Int64 => ends::<Int64Type>(array),
        DataType::Date32 => ends::<Date32Type>(array),
        DataType::Decimal128(_, 0) => ends::<Decimal128Type>(array),
        _ => None,
    }
}

/// Batches up to this many rows are merged with a neighbour of similar size when rows are appended.
const MERGE_ROWS: usize = 8192;

impl TableData {
    /// No rows.
    pub fn empty(schema: SchemaRef) -> Self {
        TableData {
            ranges: unknown(&schema),
            schema,
            batches: Vec::new(),
            ids: Vec::new(),
            rows: 0,
        }
    }

    /// These rows, all of them new; empty batches are dropped.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let parts = batches
            .into_iter()
            .filter(|b| b.num_rows() > 0)
            .map(|b| {
                let ids = RowIds::fresh(b.num_rows());
                (b, ids)
            })
            .collect();
        TableData::with_ids(schema, parts)
    }

    /// Rows with their identities; empty batches are dropped.
    pub fn with_ids(schema: SchemaRef, parts: Vec<(RecordBatch, RowIds)>) -> Self {
        let (batches, ids): (Vec<_>, Vec<_>) =
            parts.into_iter().filter(|(b, _)| b.num_rows() > 0).unzip();
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        TableData {
            ranges: unknown(&schema),
            schema,
            batches,
            ids,
            rows,
        }
    }

    /// The same rows in the same order with other values or columns, in batches of any size. When their number
    /// differs they are new rows.
    #[must_use]
    pub fn reshaped(&self, schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if rows != self.rows {
            return TableData::new(schema, batches);
        }
        let aligned = batches.len() == self.batches.len()
            && batches
                .iter()
                .zip(&self.batches)
                .all(|(a, b)| a.num_rows() == b.num_rows());
        if aligned {
            return TableData {
                ranges: unknown(&schema),
                schema,
                batches,
                ids: self.ids.clone(),
                rows,
            };
        }
        let all = RowIds::List(self.ids.iter().flat_map(RowIds::iter).collect());
        let mut at = 0;
        let parts = batches
            .into_iter()
            .map(|b| {
                let n = b.num_rows();
                let ids = all.slice(at, n);
                at += n;
                (b, ids)
            })
            .collect();
        TableData::with_ids(schema, parts)
    }

    /// These rows and then the given ones. Small batches at the end are merged when the new one is as
    /// large as the one before, so that n single-row inserts copy each row log(n) times only.
    ///
    /// # Errors
    /// When the batches do not have the table's schema.
    pub fn append(&self, more: Vec<RecordBatch>) -> Result<Self> {
        let mut batches = self.batches.clone();
        let mut ids = self.ids.clone();
        for batch in more {
            if batch.num_rows() == 0 {
                continue;
            }
            // Field names and nullability may differ, types may not.
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec())?;
            ids.push(RowIds::fresh(batch.num_rows()));
            batches.push(batch);
            while let ([.., a, b], [.., x, y]) = (batches.as_slice(), ids.as_slice()) {
                let (n, m) = (a.num_rows(), b.num_rows());
                if m < n || n + m > MERGE_ROWS {
                    break;
                }
                let merged = concat_batches(&self.schema, [a, b])?;
                let both = x.then(y);
                batches.truncate(batches.len() - 2);
                batches.push(merged);
                ids.truncate(ids.len() - 2);
                ids.push(both);
            }
        }
        let parts = batches.into_iter().zip(ids).collect();
        Ok(TableData::with_ids(Arc::clone(&self.schema), parts))
    }

    /// The least and the greatest value of a column of whole numbers or dates, looked up once in a version; None for
    /// other types and where there is no value.
    pub fn range(&self, column: usize) -> Option<(i128, i128)> {
        *self.ranges.get(column)?.get_or_init(|| {
            let mut all: Option<(i128, i128)> = None;
            for batch in &self.batches {
                if let Some((least, most)) = range_of(batch.column(column)) {
                    let (low, high) = all.unwrap_or((least, most));
                    all = Some((low.min(least), high.max(most)));
                }
            }
            all
        })
    }

    /// Whether every value of a decimal column is a whole number of at most 64 bits.
    pub fn fits_64_bits(&self, column: usize) -> bool {
        matches!(
            self.schema.fields().get(column).map(|f| f.data_type()),
            Some(DataType::Decimal128(_, 0))
        ) && self.range(column).is_none_or(|(least, most)| {
            least >= i128::from(i64::MIN) && most <= i128::from(i64::MAX)
        })
    }

    /// Bytes of the batches that a newer version does not share.
    pub fn bytes_not_in(&self, newer: &TableData) -> usize {
        let same = |a: &RecordBatch, b: &RecordBatch| {
            a.num_rows() == b.num_rows()
                && a.num_columns() == b.num_columns()
                && a.columns()
                    .iter()
                    .zip(b.columns())
                    .all(|(x, y)| Arc::ptr_eq(x, y))
        };
        let shared = self
            .batches
            .iter()
            .zip(&newer.batches)
            .take_while(|(a, b)| same(a, b))
            .count();
        self.batches[shared..]
            .iter()
            .map(RecordBatch::get_array_memory_size)
            .sum()
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
