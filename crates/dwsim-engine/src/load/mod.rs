//! Readers of load files (Parquet, Avro, ORC, CSV and other delimited text, JSON, XML) into typed columns, shared by COPY of both dialects.
//! Statement options, error tables and transactions are the dialects' work.

mod avro;
mod columnar;
pub mod compression;
pub mod convert;
pub mod csv;
pub mod dates;
pub mod json;
mod lzop;
mod orc;
mod parquet;
pub mod xml;

pub use columnar::{ColumnarFormat, ColumnarReader, FileBatch, FileColumn, rows_as_variant};
pub use compression::Compression;
pub use convert::{CellError, TextToVariant, convert};
pub use csv::{CsvOptions, CsvReader, Delimiter, Encoding, Record, RecordError, TextBatch};
pub use dates::DateTexts;
pub use json::{JsonBatch, JsonOptions, JsonReader};
pub use xml::{XmlOptions, read_xml};
