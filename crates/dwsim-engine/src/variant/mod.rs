//! VARIANT and SUPER values: one canonical byte encoding whose byte order is the value order, and JSON in and out.
//! SQL functions over these values are kernels; conversions to SQL types are `kernels::cast`.
//!
//! Arrow's variant encoding keeps a dictionary per value and is not canonical, so equal values can differ in
//! bytes. This one compares, hashes, groups, joins and sorts as plain bytes, in every DataFusion operator.

mod decode;
mod encode;
mod json;
mod value;

#[cfg(test)]
mod tests;

pub use decode::{Items, Kind, Pairs, Ref};
pub(crate) use encode::decimal_to_f64;
pub use encode::{Builder, encode};
pub use json::{
    JsonError, JsonStyle, ParseMode, ParseOptions, ScalarWriter, parse_json, parse_json_with,
    quote_json, to_json, write_json, write_json_with,
};
pub use value::Value;
