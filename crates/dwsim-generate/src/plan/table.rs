//! One table of a plan: its Arrow schema, row groups, and batches of any of its rows.
//! Files are left to `write`.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use dwsim_schema::Table;

use crate::error::GenerateError;
use crate::plan::row_groups::{BATCH_ROWS, RowGroup};
use crate::source::SharedSource;

/// How a column is best stored in Parquet, known from its generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Whole numbers, dates, times and short decimals: differences, packed to the bits they need. Of ascending ones next
    /// to nothing is left, and of random ones less than compression would leave, for a fraction of its work.
    Delta,
    /// Few distinct values: a dictionary.
    Dictionary,
    /// Other distinct or continuous values: plain, without trying a dictionary.
    Plain,
}

/// A column of a plan.
#[derive(Clone, Debug)]
pub(crate) struct ColumnPlan {
    pub(crate) source: SharedSource,
    pub(crate) encoding: Encoding,
}

/// A table of a plan.
#[derive(Clone, Debug)]
pub struct TablePlan {
    pub(crate) table: Table,
    pub(crate) rows: u64,
    pub(crate) schema: SchemaRef,
    pub(crate) columns: Vec<ColumnPlan>,
    pub(crate) rows_per_group: u64,
    /// First row that is made; those before exist already.
    pub(crate) first: u64,
    /// Row groups of this shard.
    pub(crate) groups: Range<u64>,
}

impl TablePlan {
    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.table.name
    }

    /// The table as it is in the schema.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Rows of the whole table, over all shards.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The first row that is made, from 0; above 0 only if rows are appended.
    #[must_use]
    pub fn first_row(&self) -> u64 {
        self.first
    }

    /// Rows of this shard, from 0.
    #[must_use]
    pub fn shard_rows(&self) -> Range<u64> {
        let edge = |group: u64| {
            group
                .saturating_mul(self.rows_per_group)
                .clamp(self.first.min(self.rows), self.rows)
        };
        edge(self.groups.start)..edge(self.groups.end)
    }

    /// The first rows of this shard as a table of their own.
    pub(crate) fn head(&self, rows: u64) -> TablePlan {
        let shard = self.shard_rows();
        let end = shard.start.saturating_add(rows).min(shard.end);
        TablePlan {
            rows: end,
            first: shard.start,
            groups: self.groups.start..end.div_ceil(self.rows_per_group.max(1)),
            ..self.clone()
        }
    }

    /// Arrow schema of batches and files: the columns of dwsim.toml, in their order.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The row groups of this shard.
    pub fn row_groups(&self) -> impl Iterator<Item = RowGroup> + '_ {
        self.groups.clone().map(|index| {
            let start = index * self.rows_per_group;
            RowGroup {
                index,
                rows: start.max(self.first)..(start + self.rows_per_group).min(self.rows),
            }
        })
    }

    /// Any rows of the table as one batch, from 0; also rows of other shards.
    ///
    /// # Errors
    /// If the table does not have these rows.
    pub fn batch(&self, rows: Range<u64>) -> Result<RecordBatch, GenerateError> {
        let indices = self.indices(rows)?;
        let arrays: Vec<ArrayRef> = self
            .columns
            .iter()
            .map(|c| c.source.array(&indices))
            .collect::<Result<_, _>>()?;
        if arrays.is_empty() {
            return Ok(RecordBatch::new_empty(self.schema.clone()));
        }
        Ok(RecordBatch::try_new(self.schema.clone(), arrays)?)
    }

    /// The rows of this shard as batches of at most `size` rows, in order, each made when it is asked for.
    pub fn batches(
        &self,
        size: u64,
    ) -> impl Iterator<Item = Result<RecordBatch, GenerateError>> + '_ {
        let rows = self.shard_rows();
        let size = size.max(1);
        (rows.start..rows.end)
            .step_by(usize::try_from(size).unwrap_or(usize::MAX))
            .map(move |start| self.batch(start..start.saturating_add(size).min(rows.end)))
    }

    /// One column of some rows.
    pub(crate) fn column(
        &self,
        column: usize,
        rows: Range<u64>,
    ) -> Result<ArrayRef, GenerateError> {
        let indices = self.indices(rows)?;
        let source = self.columns.get(column).map(|c| Arc::clone(&c.source));
        source
            .ok_or_else(|| GenerateError::UnknownTable(format!("{}[{column}]", self.table.name)))
            .and_then(|s| Ok(s.array(&indices)?))
    }

    /// Ranges of at most [`BATCH_ROWS`] rows that cover a row group.
    pub(crate) fn batch_ranges(rows: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        (rows.start..rows.end)
            .step_by(BATCH_ROWS as usize)
            .map(move |start| start..(start + BATCH_ROWS).min(rows.end))
    }

    fn indices(&self, rows: Range<u64>) -> Result<Vec<u64>, GenerateError> {
        if rows.start > rows.end || rows.end > self.rows {
            return Err(GenerateError::RowsOutOfRange {
                table: self.table.name.clone(),
                start: rows.start,
                end: rows.end,
                rows: self.rows,
            });
        }
        Ok(rows.collect())
    }
}
