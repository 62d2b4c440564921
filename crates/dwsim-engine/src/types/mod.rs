//! SQL types and the description of result columns.
//! Values are Arrow arrays throughout; this module holds no values.

mod collated;
mod column;
mod sql_type;
mod structured;

pub use collated::Collated;
pub use column::{ColumnInfo, ColumnOrigin};
pub use sql_type::{
    NANOS_PRECISION, REDSHIFT_MAX_VARCHAR, SNOWFLAKE_MAX_BINARY, SNOWFLAKE_MAX_VARCHAR, SqlType,
    TypeClass, timestamp_storage, tz_fields,
};
pub use structured::{Structured, StructuredField};
