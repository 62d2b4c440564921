//! The semi-structured family: VARIANT, ARRAY and OBJECT of Snowflake, SUPER of Redshift, and JSON text.
//! Names and parameters are in the dialects' tables, casts in `kernels::cast`, the encoding in `variant`.

mod aggregate;
mod arithmetic;
mod array;
mod compare;
mod flatten;
mod inspect;
mod json_text;
mod object;
mod parse;
mod path;
pub mod print;
mod set;
mod util;
mod xml;

pub use aggregate::{array_agg, array_union_agg, array_unique_agg, object_agg};
pub use arithmetic::{super_add, super_div, super_mod, super_mul, super_negate, super_sub};
pub use array::{
    array_append, array_cat, array_compact, array_construct, array_construct_compact,
    array_flatten, array_generate_range, array_insert, array_prepend, array_remove,
    array_remove_at, array_reverse, array_size, array_slice, array_to_string, arrays_to_object,
    arrays_zip, split, strtok_to_array, super_array_concat, super_array_flatten,
    super_array_length, super_split_to_array, super_subarray,
};
pub use compare::{comparable, eq, ge, gt, le, lt, ne, normalize};
pub use flatten::{
    flatten, flatten_columns, split_to_table, split_to_table_columns, strtok_split_to_table,
    unnest, unnest_columns, unpivot_columns, unpivot_object,
};
pub use inspect::{
    as_kind, decimal_precision, decimal_scale, is_array, is_bigint, is_binary, is_boolean, is_char,
    is_date, is_decimal, is_double, is_float, is_integer, is_integer_value, is_null_value,
    is_object, is_scalar, is_smallint, is_super_decimal, is_time, is_timestamp_ltz,
    is_timestamp_ntz, is_timestamp_tz, is_varchar, json_typeof, type_of,
};
pub use json_text::{
    is_valid_json, is_valid_json_array, json_array_length, json_extract_array_element_text,
    json_extract_path_text, snowflake_json_extract_path_text,
};
pub use object::{
    get_number_attributes, lower_attribute_names, map_cat, map_contains_key, map_insert, map_size,
    object_construct, object_construct_keep_null, object_delete, object_insert, object_keys,
    object_pick, object_transform, strip_null_value, super_object, upper_attribute_names,
    with_member,
};
pub use parse::{
    can_json_parse, check_json, identity, json_parse, json_serialize, json_serialize_to_varbyte,
    json_size, parse_json, to_json, try_parse_json,
};
pub use path::{Step, get, get_ignore_case, get_path, parse_path, path};
pub use set::{
    array_contains, array_distinct, array_except, array_intersection, array_max, array_min,
    array_position, array_sort, arrays_overlap, super_array_contains, super_array_position,
    super_array_positions,
};
pub use xml::{XmlDocuments, check_xml, parse_xml, to_xml, xml_documents, xml_get};

#[cfg(test)]
pub(crate) mod tests;
