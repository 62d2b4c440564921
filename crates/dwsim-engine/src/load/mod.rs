//! Readers of load files (Parquet, CSV and other delimited text, JSON) into typed columns, shared by COPY of both dialects.
//! Statement options, error tables and transactions are the dialects' work.

pub mod compression;
pub mod convert;
pub mod csv;
pub mod json;
pub mod parquet;

pub use compression::Compression;
pub use convert::{CellError, TextToVariant, convert};
pub use csv::{CsvOptions, CsvReader, Delimiter, Encoding, Record, RecordError, TextBatch};
pub use json::{JsonBatch, JsonOptions, JsonReader};
pub use parquet::{ParquetBatch, ParquetReader};
