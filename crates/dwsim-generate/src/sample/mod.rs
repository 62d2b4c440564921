//! Data of other origin: Parquet and CSV files read into typed columns, the types of CSV found by looking at all values.
//! What is concluded from them is left to `learn` and `report`.

mod infer;
mod read;

pub(crate) use infer::column_of;
pub use read::{Sample, SampleError, TextColumn, parquet_to_csv};
