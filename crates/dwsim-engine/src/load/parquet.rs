//! Parquet files as columns of SQL types, text that is declared to be JSON among them.
//! The types of the values are the work of `columnar`.

use bytes::Bytes;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::LogicalType;

use super::columnar::{ColumnarReader, FileBatch, FileColumn, natural_batch, natural_columns};
use crate::error::{ErrorKind, Result, SqlError};

/// Rows per batch.
const BATCH: usize = 16_384;

/// Reads a file piece by piece.
pub struct ParquetReader {
    columns: Vec<FileColumn>,
    reader: ParquetRecordBatchReader,
}

impl std::fmt::Debug for ParquetReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetReader")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

fn broken(e: impl std::fmt::Display) -> SqlError {
    ErrorKind::Load(format!("the file is not a readable Parquet file: {e}")).into()
}

impl ParquetReader {
    /// A reader of all columns.
    ///
    /// # Errors
    /// [`ErrorKind::Load`] when the file is not Parquet.
    pub fn new(bytes: Bytes) -> Result<Self> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(broken)?;
        let mut columns = natural_columns(builder.schema())?;
        let roots = builder.parquet_schema().root_schema().get_fields();
        for (column, root) in columns.iter_mut().zip(roots) {
            column.json = matches!(
                root.get_basic_info().logical_type_ref(),
                Some(LogicalType::Json)
            );
        }
        let reader = builder.with_batch_size(BATCH).build().map_err(broken)?;
        Ok(ParquetReader { columns, reader })
    }
}

impl ColumnarReader for ParquetReader {
    fn columns(&self) -> &[FileColumn] {
        &self.columns
    }

    fn next_batch(&mut self) -> Result<Option<FileBatch>> {
        let Some(batch) = self.reader.next() else {
            return Ok(None);
        };
        natural_batch(&batch.map_err(broken)?, &self.columns).map(Some)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Int64Array, ListArray, RecordBatch, StringArray};
    use arrow::datatypes::{Field, Int32Type, Schema};
    use parquet::arrow::ArrowWriter;

    use super::super::columnar::rows_as_variant;
    use super::*;
    use crate::types::SqlType;
    use crate::variant::{JsonStyle, Ref, to_json};

    fn file() -> Bytes {
        let list =
            ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![1, 2])),
            Arc::new(StringArray::from(vec![Some("a"), None])),
            Arc::new(list),
        ];
        let fields: Vec<Field> = ["id", "name", "tags"]
            .iter()
            .zip(&columns)
            .map(|(n, c)| Field::new(*n, c.data_type().clone(), true))
            .collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let mut w = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        w.write(&batch).unwrap();
        Bytes::from(w.into_inner().unwrap())
    }

    #[test]
    fn typed_columns_and_objects() {
        let mut r = ParquetReader::new(file()).unwrap();
        let types: Vec<_> = r.columns().iter().map(|c| c.ty.clone()).collect();
        assert_eq!(types, [SqlType::BigInt, SqlType::text(), SqlType::Variant]);
        let b = r.next_batch().unwrap().unwrap();
        let v = rows_as_variant(r.columns(), &b).unwrap();
        let v = v.as_binary::<i64>();
        assert_eq!(
            to_json(Ref::new(v.value(0)), JsonStyle::Compact),
            r#"{"id":1,"name":"a","tags":[1,null]}"#
        );
        assert_eq!(
            to_json(Ref::new(v.value(1)), JsonStyle::Compact),
            r#"{"id":2}"#
        );
        assert!(r.next_batch().unwrap().is_none());
    }

    #[test]
    fn garbage() {
        assert!(ParquetReader::new(Bytes::from_static(b"PAR1nothing")).is_err());
    }
}
