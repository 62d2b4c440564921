//! Reading samples: Parquet with its own types, CSV with found ones, at most so many rows.
//! A file that is not what its name says is refused with what it is instead.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::GenerateError;
use crate::sample::column_of;
use crate::source::Cells;

/// A file that cannot be read as a sample.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {message}", path.display())]
pub struct SampleError {
    /// The file.
    pub path: PathBuf,
    /// Why, in one line, with the line's number where there is one.
    pub message: String,
}

/// A column of a sample that came as texts.
#[derive(Clone, Debug)]
pub struct TextColumn {
    /// Its name.
    pub name: String,
    /// Whether it holds texts, whatever they look like; otherwise its type is found from them.
    pub is_text: bool,
    /// The values, `None` for NULL.
    pub values: Vec<Option<String>>,
}

/// Rows of a table of other origin.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Name of the table: the file's, without its ending.
    pub name: String,
    /// The rows, in types that the generator knows.
    pub rows: RecordBatch,
    /// Whether the file has more rows than were read.
    pub cut: bool,
}

impl Sample {
    /// A sample whose rows came as texts, from a warehouse for example.
    ///
    /// # Errors
    /// If the columns are of different lengths.
    pub fn of_texts(name: &str, columns: &[TextColumn], cut: bool) -> Result<Self, GenerateError> {
        let mut fields = Vec::with_capacity(columns.len());
        let mut arrays = Vec::with_capacity(columns.len());
        for column in columns {
            let array: ArrayRef = match column.is_text {
                true => Arc::new(StringArray::from_iter(&column.values)),
                false => column_of(&column.values)?,
            };
            fields.push(Field::new(&column.name, array.data_type().clone(), true));
            arrays.push(array);
        }
        Ok(Self {
            name: name.to_owned(),
            rows: RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?,
            cut,
        })
    }

    /// Reads a `.parquet` or `.csv` file (also `.tsv`), at most `limit` rows of it.
    ///
    /// # Errors
    /// If it cannot be read, is of another kind than its name says, or is broken.
    pub fn read(path: &Path, limit: usize) -> Result<Self, SampleError> {
        let error = |message: String| SampleError {
            path: path.to_owned(),
            message,
        };
        let name = path
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut magic = [0u8; 4];
        let mut file = File::open(path).map_err(|e| error(e.to_string()))?;
        let n = file.read(&mut magic).map_err(|e| error(e.to_string()))?;
        let is_parquet = n == 4 && &magic == b"PAR1";
        let ending = path
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase())
            .unwrap_or_default();
        match (ending.as_str(), is_parquet) {
            ("parquet", true) | ("pq", true) => {
                let (rows, cut) = parquet(path, limit).map_err(|e| error(e.to_string()))?;
                Ok(Self { name, rows, cut })
            }
            ("parquet" | "pq", false) => Err(error(
                "this is not a Parquet file: it does not begin with PAR1".into(),
            )),
            ("csv" | "tsv" | "txt", false) => {
                let delimiter = if ending == "tsv" { b'\t' } else { b',' };
                let (rows, cut) = csv(path, delimiter, limit).map_err(error)?;
                Ok(Self { name, rows, cut })
            }
            (_, true) => Err(error("this is a Parquet file; call it .parquet".into())),
            _ => Err(error(
                "samples are Parquet (.parquet) or CSV (.csv, .tsv) files".into(),
            )),
        }
    }
}

fn parquet(path: &Path, limit: usize) -> Result<(RecordBatch, bool), GenerateError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let all = builder.metadata().file_metadata().num_rows();
    let schema = builder.schema().clone();
    let reader = builder.with_limit(limit).build()?;
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>()?;
    let rows = normalized(&concat_batches(&schema, &batches)?)?;
    let cut = usize::try_from(all).unwrap_or(usize::MAX) > rows.num_rows();
    Ok((rows, cut))
}

/// Every column in a type that [`Cells`] knows.
fn normalized(batch: &RecordBatch) -> Result<RecordBatch, GenerateError> {
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        let to = match array.data_type() {
            DataType::Int8 | DataType::UInt8 => DataType::Int16,
            DataType::UInt16 => DataType::Int32,
            DataType::UInt32 | DataType::UInt64 => DataType::Int64,
            DataType::Float16 => DataType::Float32,
            DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => DataType::Utf8,
            DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                DataType::Binary
            }
            DataType::Date64 => DataType::Date32,
            DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
            DataType::Timestamp(_, zone) => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            DataType::Decimal32(p, s) | DataType::Decimal64(p, s) => DataType::Decimal128(*p, *s),
            DataType::Null => DataType::Utf8,
            other => other.clone(),
        };
        let array = if to == *array.data_type() {
            array.clone()
        } else {
            cast(array, &to)?
        };
        // whatever is nested has no cells
        Cells::of(&array)?;
        fields.push(Field::new(field.name(), to, true));
        arrays.push(array);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn csv(path: &Path, delimiter: u8, limit: usize) -> Result<(RecordBatch, bool), String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_path(path)
        .map_err(|e| e.to_string())?;
    let names: Vec<String> = reader
        .headers()
        .map_err(|e| e.to_string())?
        .iter()
        .map(|h| h.trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    if names.iter().all(String::is_empty) {
        return Err("the file is empty; its first line names the columns".into());
    }
    if let Some(name) = names
        .iter()
        .enumerate()
        .find(|(i, n)| names[..*i].contains(n))
    {
        return Err(format!("two columns are called `{}`", name.1));
    }
    let mut texts: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    let mut record = csv::StringRecord::new();
    let mut rows = 0;
    let mut cut = false;
    while reader.read_record(&mut record).map_err(|e| e.to_string())? {
        if rows == limit {
            cut = true;
            break;
        }
        rows += 1;
        for (cell, column) in record.iter().zip(&mut texts) {
            column.push((!cell.is_empty()).then(|| cell.to_owned()));
        }
    }
    from_texts(&names, &texts)
        .map(|batch| (batch, cut))
        .map_err(|e| e.to_string())
}

/// Columns of texts as columns of their types.
fn from_texts(
    names: &[String],
    texts: &[Vec<Option<String>>],
) -> Result<RecordBatch, GenerateError> {
    let mut fields = Vec::with_capacity(names.len());
    let mut arrays = Vec::with_capacity(names.len());
    for (name, texts) in names.iter().zip(texts) {
        let array = column_of(texts)?;
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// A Parquet file as CSV text, as `dwsim_schema::Files` wants reference rows; at most `limit` rows of it.
///
/// # Errors
/// If the file cannot be read as Parquet.
pub fn parquet_to_csv(path: &Path, limit: usize) -> Result<String, SampleError> {
    let sample = Sample::read(path, limit)?;
    let failed = |e: GenerateError| SampleError {
        path: path.to_owned(),
        message: e.to_string(),
    };
    let mut out = Vec::new();
    crate::write::csv_text(&sample.rows, &mut out).map_err(failed)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}
