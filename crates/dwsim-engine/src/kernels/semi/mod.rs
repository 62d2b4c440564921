//! The semi-structured family: VARIANT, ARRAY and OBJECT of Snowflake, SUPER of Redshift, and JSON text.
//! Names and parameters are in the dialects' tables, casts in `kernels::cast`, the encoding in `variant`.

mod parse;
mod path;
pub mod print;
mod util;

pub use parse::{
    can_json_parse, check_json, identity, json_parse, json_serialize, json_serialize_to_varbyte,
    json_size, parse_json, to_json, try_parse_json,
};
pub use path::{Step, get, get_ignore_case, get_path, parse_path, path};
// STUB
pub fn unnest(_: &crate::functions::Call<'_>) -> crate::error::Result<arrow::array::ArrayRef> {
    Err(crate::error::SqlError::unsupported("unnesting"))
}
pub fn unpivot_object(
    _: &crate::functions::Call<'_>,
) -> crate::error::Result<arrow::array::ArrayRef> {
    Err(crate::error::SqlError::unsupported("unnesting"))
}
pub fn unnest_columns() -> Vec<(&'static str, crate::types::SqlType)> {
    vec![]
}
pub fn unpivot_columns() -> Vec<(&'static str, crate::types::SqlType)> {
    vec![]
}
