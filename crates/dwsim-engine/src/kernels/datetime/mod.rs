//! Dates, times, timestamps and intervals: reading, writing, fields, arithmetic, zones; shared by both dialects.
//! Which SQL function does what is in the dialects' tables; conversions between types are `kernels::cast`.

pub mod add;
pub mod age;
pub mod arithmetic;
pub mod auto;
pub mod clock;
pub mod convert;
pub mod difference;
pub mod extract;
pub mod input;
pub mod interval;
pub mod interval_column;
mod literal;
pub mod output;
pub mod parsed;
pub mod part;
pub mod postgres_input;
pub mod postgres_model;
pub mod sink;
pub mod snowflake_model;
pub mod source;
pub mod style;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod text;
pub mod truncate;
pub mod wall;
pub mod zone;

pub use literal::interval_literal;
