//! Numeric format models of both dialects: numbers as text (TO_CHAR) and text as numbers (TO_NUMBER).
//! Conversions without a model are `kernels::cast`; models of dates are `kernels::datetime`.

mod digits;
mod kernels;
mod postgres;
mod snowflake;

pub use kernels::{
    binary_to_base64, binary_to_utf8, redshift_to_char, redshift_to_number, snowflake_to_char,
    snowflake_to_double, snowflake_to_number,
};
pub use postgres::{Model as PostgresModel, shape as redshift_number_shape};
pub use snowflake::Model as SnowflakeModel;
