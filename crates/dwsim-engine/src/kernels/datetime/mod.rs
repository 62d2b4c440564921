//! Dates, times, timestamps and intervals: reading, writing, fields, arithmetic, zones; shared by both dialects.
//! Which SQL function does what is in the dialects' tables; conversions between types are `kernels::cast`.

pub mod auto;
pub mod clock;
pub mod input;
pub mod interval;
pub mod interval_column;
mod literal;
pub mod output;
pub mod parsed;
pub mod postgres_input;
pub mod sink;
pub mod snowflake_model;
pub mod source;
#[cfg(test)]
pub(crate) mod testing;
pub mod wall;
pub mod zone;

pub use literal::interval_literal;
