//! Logical types as Arrow types.
//! How warehouses name them is left to dwsim-schema.

use arrow::datatypes::{DataType, TimeUnit};
use dwsim_schema::LogicalType;

/// The Arrow type that values of a logical type are made in.
pub(crate) fn arrow_type(ty: LogicalType) -> DataType {
    match ty {
        LogicalType::SmallInt => DataType::Int16,
        LogicalType::Integer => DataType::Int32,
        LogicalType::Serial | LogicalType::BigInt => DataType::Int64,
        LogicalType::Decimal { precision, scale } => DataType::Decimal128(precision, scale as i8),
        LogicalType::Real => DataType::Float32,
        LogicalType::Double => DataType::Float64,
        LogicalType::Boolean => DataType::Boolean,
        LogicalType::Char(_)
        | LogicalType::Varchar(_)
        | LogicalType::Uuid
        | LogicalType::Json(_) => DataType::Utf8,
        LogicalType::Date => DataType::Date32,
        LogicalType::Time => DataType::Time64(TimeUnit::Microsecond),
        LogicalType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        LogicalType::TimestampTz | LogicalType::TimestampLtz => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        LogicalType::Binary(_) => DataType::Binary,
    }
}
