//! ORC files as columns of SQL types; a file that is cut off or damaged is refused.
//! The types of the values are the work of `columnar`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Field, Schema};
use bytes::Bytes;
use orc_rust::{ArrowReader, ArrowReaderBuilder};

use super::columnar::{ColumnarReader, FileBatch, FileColumn, natural_batch, natural_columns};
use crate::error::{ErrorKind, Result, SqlError};

/// Rows per batch.
const BATCH: usize = 8192;
/// What timestamps are read as: nanoseconds since the epoch, which as 64 bits would end in the year 2262.
const NANOSECONDS: DataType = DataType::Decimal128(38, 9);

/// Reads a file piece by piece.
pub struct OrcReader {
    columns: Vec<FileColumn>,
    /// Positions of the timestamps.
    timestamps: Vec<usize>,
    reader: ArrowReader<Bytes>,
}

impl std::fmt::Debug for OrcReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrcReader")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

fn broken(e: impl std::fmt::Display) -> SqlError {
    ErrorKind::Load(format!("the file is not a readable ORC file: {e}")).into()
}

/// Decodes, taking a panic for what it is here: `orc-rust` meets some damages that way.
fn decode<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(broken("its parts contradict each other")))
}

impl OrcReader {
    /// A reader of all columns.
    ///
    /// # Errors
    /// [`ErrorKind::Load`] when the file is not ORC.
    pub fn new(bytes: Bytes) -> Result<Self> {
        decode(|| {
            let builder = ArrowReaderBuilder::try_new(bytes).map_err(broken)?;
            let schema = builder.schema();
            let columns = natural_columns(&schema)?;
            let mut timestamps = Vec::new();
            let fields: Vec<Field> = schema
                .fields()
                .iter()
                .enumerate()
                .map(|(i, f)| match f.data_type() {
                    DataType::Timestamp(..) => {
                        timestamps.push(i);
                        f.as_ref().clone().with_data_type(NANOSECONDS)
                    }
                    _ => f.as_ref().clone(),
                })
                .collect();
            let reader = builder
                .with_schema(Arc::new(Schema::new(fields)))
                .with_batch_size(BATCH)
                .build();
            Ok(OrcReader {
                columns,
                timestamps,
                reader,
            })
        })
    }

    /// Timestamps in the storage of their SQL type, which holds nanoseconds as decimals without a scale.
    fn plain(&self, batch: RecordBatch) -> Result<RecordBatch> {
        if self.timestamps.is_empty() {
            return Ok(batch);
        }
        let mut arrays = batch.columns().to_vec();
        let mut fields: Vec<Arc<Field>> = batch.schema().fields().iter().cloned().collect();
        for at in &self.timestamps {
            let want = self.columns[*at].ty.arrow();
            let nanos = arrays[*at].as_primitive::<Decimal128Type>();
            arrays[*at] = Arc::new(nanos.clone().with_data_type(want.clone()));
            fields[*at] = Arc::new(Field::new(fields[*at].name(), want, true));
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
    }
}

impl ColumnarReader for OrcReader {
    fn columns(&self) -> &[FileColumn] {
        &self.columns
    }

    fn next_batch(&mut self) -> Result<Option<FileBatch>> {
        let Some(batch) = decode(|| self.reader.next().transpose().map_err(broken))? else {
            return Ok(None);
        };
        natural_batch(&self.plain(batch)?, &self.columns).map(Some)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use orc_rust::ArrowWriterBuilder;

    use super::super::columnar::rows_as_variant;
    use super::*;
    use crate::types::SqlType;
    use crate::variant::{JsonStyle, Ref, to_json};

    fn file() -> Bytes {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])),
            Arc::new(StringArray::from(vec![Some("a"), Some("é"), None])),
        ];
        let fields: Vec<Field> = ["id", "name"]
            .iter()
            .zip(&columns)
            .map(|(n, c)| Field::new(*n, c.data_type().clone(), true))
            .collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let mut out = Vec::new();
        let mut w = ArrowWriterBuilder::new(&mut out, batch.schema())
            .try_build()
            .unwrap();
        w.write(&batch).unwrap();
        w.close().unwrap();
        Bytes::from(out)
    }

    #[test]
    fn typed_columns_and_objects() {
        let mut r = OrcReader::new(file()).unwrap();
        let types: Vec<_> = r.columns().iter().map(|c| c.ty.clone()).collect();
        assert_eq!(types, [SqlType::BigInt, SqlType::text()]);
        let b = r.next_batch().unwrap().unwrap();
        let v = rows_as_variant(r.columns(), &b).unwrap();
        let texts: Vec<String> = v
            .as_binary::<i64>()
            .iter()
            .map(|v| to_json(Ref::new(v.unwrap()), JsonStyle::Compact))
            .collect();
        assert_eq!(
            texts,
            [r#"{"id":1,"name":"a"}"#, r#"{"name":"é"}"#, r#"{"id":3}"#]
        );
        assert!(r.next_batch().unwrap().is_none());
    }

    #[test]
    fn damaged_files_are_refused() {
        let file = file();
        for end in 0..file.len() {
            let cut = file.slice(..end);
            let whole = OrcReader::new(cut).and_then(|mut r| r.next_batch());
            assert!(whole.is_err(), "cut off at byte {end}");
        }
        assert!(OrcReader::new(Bytes::from_static(b"ORCnothing")).is_err());
    }
}
