//! Avro object container files as columns of SQL types; a file that is cut off or whose blocks are damaged is refused.
//! Matching columns by name or path is the statement's work.

use std::io::Cursor;

use arrow::array::RecordBatchReader;
use arrow_avro::reader::{Reader, ReaderBuilder};
use bytes::Bytes;

use super::columnar::{ColumnarReader, FileBatch, FileColumn, natural_batch, natural_columns};
use crate::error::{ErrorKind, Result, SqlError};

/// Rows per batch.
const BATCH: usize = 8192;
/// Bytes of the marker behind every block.
const SYNC: usize = 16;

/// Reads a file piece by piece.
#[derive(Debug)]
pub struct AvroReader {
    columns: Vec<FileColumn>,
    reader: Reader<Cursor<Bytes>>,
}

fn broken(e: impl std::fmt::Display) -> SqlError {
    ErrorKind::Load(format!("the file is not a readable Avro file: {e}")).into()
}

/// Walks over the header and the blocks without reading their rows: `arrow-avro` takes a file that ends
/// inside its last block for one that ends before it.
/// See <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>.
fn check_blocks(file: &[u8]) -> std::result::Result<(), String> {
    let mut walk = Walk { file, at: 0 };
    if walk.take(4)? != b"Obj\x01" {
        return Err("it does not start with Obj and the version 1".into());
    }
    // The header's map of metadata comes in blocks of entries; a negative count is followed by a size in bytes.
    loop {
        let count = walk.long()?;
        if count == 0 {
            break;
        }
        if count < 0 {
            walk.long()?;
        }
        for _ in 0..count.unsigned_abs() {
            walk.sized()?; // name
            walk.sized()?; // value
        }
    }
    let sync = walk.take(SYNC)?;
    while walk.at < file.len() {
        let start = walk.at;
        walk.long()?; // rows
        walk.sized()?;
        if walk.take(SYNC)? != sync {
            return Err(format!(
                "the block at byte {start} does not end with the file's sync marker"
            ));
        }
    }
    Ok(())
}

/// A position in a file.
struct Walk<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn take(&mut self, n: usize) -> std::result::Result<&'a [u8], String> {
        let part = (self.at.checked_add(n))
            .and_then(|end| self.file.get(self.at..end))
            .ok_or_else(|| {
                format!(
                    "it ends at byte {}, inside the {n} bytes from byte {}",
                    self.file.len(),
                    self.at
                )
            })?;
        self.at += n;
        Ok(part)
    }

    /// A zigzag integer of up to 64 bits.
    fn long(&mut self) -> std::result::Result<i64, String> {
        let start = self.at;
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        Err(format!("the number at byte {start} is too long"))
    }

    /// Bytes behind their number.
    fn sized(&mut self) -> std::result::Result<&'a [u8], String> {
        let start = self.at;
        let n = self.long()?;
        let n = usize::try_from(n).map_err(|_| format!("the size at byte {start} is negative"))?;
        self.take(n)
    }
}

impl AvroReader {
    /// A reader of all columns. The file's schema must be a record.
    ///
    /// # Errors
    /// [`ErrorKind::Load`] when the file is not Avro, or not whole.
    pub fn new(bytes: Bytes) -> Result<Self> {
        check_blocks(&bytes).map_err(broken)?;
        let reader = ReaderBuilder::new()
            .with_batch_size(BATCH)
            .build(Cursor::new(bytes))
            .map_err(broken)?;
        let columns = natural_columns(&RecordBatchReader::schema(&reader))?;
        Ok(AvroReader { columns, reader })
    }
}

impl ColumnarReader for AvroReader {
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
        for cut in [3, SYNC, SYNC + 1] {
            let cut = file.slice(..file.len() - cut);
            assert!(AvroReader::new(cut).is_err());
        }
        let mut other = file.to_vec();
        *other.last_mut().unwrap() ^= 1;
        assert!(AvroReader::new(other.into()).is_err());
    }
}
