//! Avro object container files as columns of SQL types.
//! Matching columns by name or path is the statement's work.

use std::io::Cursor;

use arrow::array::RecordBatchReader;
use arrow_avro::reader::{Reader, ReaderBuilder};
use bytes::Bytes;

use super::parquet::{FileColumn, ParquetBatch, natural, to_natural};
use crate::error::{ErrorKind, Result, SqlError};

/// Rows per batch.
const BATCH: usize = 8192;

/// Reads a file piece by piece.
#[derive(Debug)]
pub struct AvroReader {
    columns: Vec<FileColumn>,
    reader: Reader<Cursor<Bytes>>,
}

fn broken(e: impl std::fmt::Display) -> SqlError {
    ErrorKind::Load(format!("the file is not a readable Avro file: {e}")).into()
}

impl AvroReader {
    /// A reader of all columns. The file's schema must be a record.
    ///
    /// # Errors
    /// [`ErrorKind::Load`] when the file is not Avro.
    pub fn new(bytes: Bytes) -> Result<Self> {
        let reader = ReaderBuilder::new()
            .with_batch_size(BATCH)
            .build(Cursor::new(bytes))
            .map_err(broken)?;
        let columns = RecordBatchReader::schema(&reader)
            .fields()
            .iter()
            .map(|field| {
                Ok(FileColumn {
                    name: field.name().clone(),
                    ty: natural(field.data_type())?,
                    json: false,
                })
            })
            .collect::<Result<_>>()?;
        Ok(AvroReader { columns, reader })
    }

    /// The columns, in the order of the file's schema.
    pub fn columns(&self) -> &[FileColumn] {
        &self.columns
    }

    /// The next rows; None at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Load`] for damaged blocks.
    pub fn next_batch(&mut self) -> Result<Option<ParquetBatch>> {
        let Some(batch) = self.reader.next() else {
            return Ok(None);
        };
        let batch = batch.map_err(broken)?;
        let columns = batch
            .columns()
            .iter()
            .zip(&self.columns)
            .map(|(array, column)| to_natural(array, &column.ty))
            .collect::<Result<_>>()?;
        Ok(Some(ParquetBatch {
            columns,
            rows: batch.num_rows(),
        }))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use arrow_avro::writer::AvroWriter;

    use super::*;
    use crate::types::SqlType;

    #[test]
    fn records_and_garbage() {
        let schema = Schema::new(vec![
            Field::new("id", DataType::Int64, false),
            Field::new("name", DataType::Utf8, true),
        ]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![1, 2])),
            Arc::new(StringArray::from(vec![Some("a"), None])),
        ];
        let batch = RecordBatch::try_new(Arc::new(schema.clone()), columns).unwrap();
        let mut w = AvroWriter::new(Vec::new(), schema).unwrap();
        w.write(&batch).unwrap();
        w.finish().unwrap();
        let file = Bytes::from(w.into_inner());
        let mut r = AvroReader::new(file.clone()).unwrap();
        let types: Vec<_> = r.columns().iter().map(|c| c.ty.clone()).collect();
        assert_eq!(types, [SqlType::BigInt, SqlType::text()]);
        let b = r.next_batch().unwrap().unwrap();
        assert_eq!(b.rows, 2);
        assert_eq!(b.columns[0].as_primitive::<Int64Type>().value(1), 2);
        assert!(r.next_batch().unwrap().is_none());
        assert!(AvroReader::new(Bytes::from_static(b"Obj?")).is_err());
        let cut = file.slice(..file.len() - 3);
        let mut r = AvroReader::new(cut).unwrap();
        assert!(r.next_batch().is_err());
    }
}
