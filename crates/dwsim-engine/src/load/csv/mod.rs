//! Delimited text: CSV with all of Snowflake's and Redshift's options, and fixed-width text.
//! The result is text; conversion to the table's types is `load::convert`.

mod options;
mod reader;

pub use options::{CsvOptions, Delimiter, Encoding};
pub use reader::{CsvReader, Record, RecordError, TextBatch};
