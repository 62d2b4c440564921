//! A table version, or rows at hand, as DataFusion sees a table.
//! Row ids, for UPDATE, DELETE and MERGE, are an extra last column when asked for.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DfResult;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Statistics};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::catalog::TableEntry;

/// Name of the row id column.
pub const ROW_ID: &str = "\u{0}row";

/// Smallest number of rows that is worth splitting among threads.
const SPLIT_ROWS: usize = 50_000;

/// Rows with a schema.
#[derive(Debug)]
pub struct TableProviderOf {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: usize,
    entry: Option<Arc<TableEntry>>,
}

impl TableProviderOf {
    /// A table version.
    pub fn new(entry: Arc<TableEntry>) -> Self {
        TableProviderOf {
            schema: Arc::clone(&entry.data.schema),
            batches: entry.data.batches.clone(),
            rows: entry.data.rows,
            entry: Some(entry),
        }
    }

    /// The table whose rows these are; None for rows at hand.
    pub fn entry(&self) -> Option<Arc<TableEntry>> {
        self.entry.clone()
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// Rows at hand; all batches have the schema.
    pub fn rows(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        TableProviderOf {
            schema,
            batches,
            rows,
            entry: None,
        }
    }

    /// A table version with the number of each row, from 0, in a last column named [`ROW_ID`].
    ///
    /// # Errors
    /// When Arrow refuses the batches.
    pub fn with_row_ids(entry: &TableEntry) -> crate::error::Result<Self> {
        let mut fields: Vec<_> = entry.data.schema.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(ROW_ID, DataType::UInt64, false)));
        let schema = Arc::new(Schema::new(fields));
        let mut first = 0u64;
        let mut batches = Vec::with_capacity(entry.data.batches.len());
        for b in &entry.data.batches {
            let n = b.num_rows() as u64;
            let ids: ArrayRef = Arc::new(UInt64Array::from_iter_values(first..first + n));
            first += n;
            let mut columns = b.columns().to_vec();
            columns.push(ids);
            batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
        }
        Ok(TableProviderOf {
            schema,
            batches,
            rows: entry.data.rows,
            entry: None,
        })
    }

    /// A table version with the identity of each row in a last column named [`ROW_ID`].
    ///
    /// # Errors
    /// When Arrow refuses the batches.
    pub fn with_identities(entry: &TableEntry) -> crate::error::Result<Self> {
        let mut fields: Vec<_> = entry.data.schema.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(ROW_ID, DataType::UInt64, false)));
        let schema = Arc::new(Schema::new(fields));
        let mut batches = Vec::with_capacity(entry.data.batches.len());
        for (b, ids) in entry.data.batches.iter().zip(&entry.data.ids) {
            let mut columns = b.columns().to_vec();
            columns.push(Arc::new(ids.array()));
            batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
        }
        Ok(TableProviderOf {
            schema,
            batches,
            rows: entry.data.rows,
            entry: None,
        })
    }

    fn partitions(&self, wanted: usize) -> Vec<Vec<RecordBatch>> {
        if wanted <= 1 || self.rows < SPLIT_ROWS {
            return vec![self.batches.clone()];
        }
        let share = self.rows.div_ceil(wanted);
        let mut out: Vec<Vec<RecordBatch>> = vec![vec![]];
        let mut room = share;
        for b in &self.batches {
            let mut at = 0;
            while at < b.num_rows() {
                if room == 0 {
                    out.push(vec![]);
                    room = share;
                }
                let n = room.min(b.num_rows() - at);
                if let Some(last) = out.last_mut() {
                    last.push(b.slice(at, n));
                }
                at += n;
                room -= n;
            }
        }
        out
    }
}

#[async_trait]
impl TableProvider for TableProviderOf {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let partitions = self.partitions(state.config().target_partitions());
        Ok(MemorySourceConfig::try_new_exec(
            &partitions,
            Arc::clone(&self.schema),
            projection.cloned(),
        )?)
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(Statistics {
            num_rows: Precision::Exact(self.rows),
            total_byte_size: Precision::Absent,
            column_statistics: vec![ColumnStatistics::new_unknown(); self.schema.fields().len()],
        })
    }
}
