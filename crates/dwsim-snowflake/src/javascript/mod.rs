//! JavaScript of Snowflake: functions, table functions and procedures, run by QuickJS.
//! Values cross as JSON, one text per batch; what is what is told by declared types.
//!
//! Source: "Introduction to JavaScript UDFs", "Tabular JavaScript UDFs (UDTFs)", "JavaScript stored procedures API".

mod function;
mod machine;
mod partition;
mod procedure;
mod table;
mod values;

pub(crate) use function::scalar_function;
pub(crate) use machine::Limits;
pub(crate) use partition::partitioned_table;
pub(crate) use procedure::{Event, Request, start};
pub(crate) use table::table_function;
pub(crate) use values::{check_types, code, decode, encode_row};
