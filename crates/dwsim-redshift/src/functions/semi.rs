//! Redshift's SUPER and JSON functions by name, with their parameters and documentation pages.
//! What they compute is `dwsim_engine::kernels::semi`.

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{FnCall, Param, ReturnArgs, ScalarDef, Typed, ret};
use dwsim_engine::kernels::{cast, semi};
use dwsim_engine::types::SqlType;

use Param::{Any, Bool, Int, Text, Variant};

/// Scalar functions of the family.
pub(super) const SCALARS: &[ScalarDef] = &[
    // Parsing and printing.
    ScalarDef::new(
        "JSON_PARSE",
        "JSON_PARSE",
        &[Text],
        ret::variant,
        semi::json_parse,
    ),
    ScalarDef::new(
        "CAN_JSON_PARSE",
        "CAN_JSON_PARSE",
        &[Text],
        ret::boolean,
        semi::can_json_parse,
    ),
    ScalarDef::new(
        "JSON_SERIALIZE",
        "JSON_SERIALIZE",
        &[Variant],
        ret::text,
        semi::json_serialize,
    ),
    ScalarDef::new(
        "JSON_SERIALIZE_TO_VARBYTE",
        "JSON_SERIALIZE_TO_VARBYTE",
        &[Variant],
        ret::binary,
        semi::json_serialize_to_varbyte,
    ),
    ScalarDef::new(
        "JSON_SIZE",
        "r_json_size",
        &[Variant],
        ret::int,
        semi::json_size,
    ),
    // What a value is.
    ScalarDef::new(
        "JSON_TYPEOF",
        "r_json_typeof",
        &[Variant],
        ret::text,
        semi::json_typeof,
    ),
    ScalarDef::new(
        "IS_ARRAY",
        "r_is_array",
        &[Variant],
        ret::boolean,
        semi::is_array,
    ),
    ScalarDef::new(
        "IS_BIGINT",
        "r_is_bigint",
        &[Variant],
        ret::boolean,
        semi::is_bigint,
    ),
    ScalarDef::new(
        "IS_BOOLEAN",
        "r_is_boolean",
        &[Variant],
        ret::boolean,
        semi::is_boolean,
    ),
    ScalarDef::new(
        "IS_CHAR",
        "r_is_char",
        &[Variant],
        ret::boolean,
        semi::is_char,
    ),
    ScalarDef::new(
        "IS_DECIMAL",
        "r_is_decimal",
        &[Variant],
        ret::boolean,
        semi::is_super_decimal,
    ),
    ScalarDef::new(
        "IS_FLOAT",
        "r_is_float",
        &[Variant],
        ret::boolean,
        semi::is_float,
    ),
    ScalarDef::new(
        "IS_INTEGER",
        "r_is_integer",
        &[Variant],
        ret::boolean,
        semi::is_integer,
    ),
    ScalarDef::new(
        "IS_OBJECT",
        "r_is_object",
        &[Variant],
        ret::boolean,
        semi::is_object,
    ),
    ScalarDef::new(
        "IS_SCALAR",
        "r_is_scalar",
        &[Variant],
        ret::boolean,
        semi::is_scalar,
    ),
    ScalarDef::new(
        "IS_SMALLINT",
        "r_is_smallint",
        &[Variant],
        ret::boolean,
        semi::is_smallint,
    ),
    ScalarDef::new(
        "IS_VARCHAR",
        "r_is_varchar",
        &[Variant],
        ret::boolean,
        semi::is_varchar,
    ),
    ScalarDef::new(
        "DECIMAL_PRECISION",
        "r_decimal_precision",
        &[Variant],
        ret::int,
        semi::decimal_precision,
    ),
    ScalarDef::new(
        "DECIMAL_SCALE",
        "r_decimal_scale",
        &[Variant],
        ret::int,
        semi::decimal_scale,
    ),
    // Arrays.
    ScalarDef::custom("ARRAY", "r_array", array),
    ScalarDef::new(
        "ARRAY_CONCAT",
        "r_array_concat",
        &[Variant, Variant],
        ret::variant,
        semi::super_array_concat,
    ),
    ScalarDef::new(
        "ARRAY_CONTAINS",
        "array_contains",
        &[Variant, Variant, Bool],
        ret::boolean,
        semi::super_array_contains,
    )
    .optional(1),
    ScalarDef::new(
        "ARRAY_DISTINCT",
        "array_distinct",
        &[Variant],
        ret::variant,
        semi::array_distinct,
    ),
    ScalarDef::new(
        "ARRAY_EXCEPT",
        "array_except",
        &[Variant, Variant, Bool],
        ret::variant,
        semi::array_except,
    )
    .optional(1),
    ScalarDef::new(
        "ARRAY_FLATTEN",
        "array_flatten",
        &[Variant],
        ret::variant,
        semi::super_array_flatten,
    ),
    ScalarDef::new(
        "ARRAY_INTERSECTION",
        "array_intersection",
        &[Variant, Variant, Bool],
        ret::variant,
        semi::array_intersection,
    )
    .optional(1),
    ScalarDef::new(
        "ARRAY_POSITION",
        "array_position",
        &[Variant, Variant, Bool],
        ret::int,
        semi::super_array_position,
    )
    .optional(1),
    ScalarDef::new(
        "ARRAY_POSITIONS",
        "array_positions",
        &[Variant, Variant, Bool],
        ret::variant,
        semi::super_array_positions,
    )
    .optional(1),
    ScalarDef::new(
        "ARRAY_SORT",
        "array_sort",
        &[Variant, Bool, Bool],
        ret::variant,
        semi::array_sort,
    )
    .optional(2),
    ScalarDef::new(
        "GET_ARRAY_LENGTH",
        "get_array_length",
        &[Variant],
        ret::int,
        semi::super_array_length,
    ),
    ScalarDef::new(
        "SPLIT_TO_ARRAY",
        "split_to_array",
        &[Text, Text],
        ret::variant,
        semi::super_split_to_array,
    )
    .optional(1),
    ScalarDef::new(
        "SUBARRAY",
        "r_subarray",
        &[Variant, Int, Int],
        ret::variant,
        semi::super_subarray,
    ),
    // Objects.
    ScalarDef::custom("OBJECT", "r_object_function", object),
    ScalarDef::custom(
        "OBJECT_TRANSFORM",
        "r_object_transform_function",
        object_transform,
    ),
    ScalarDef::new(
        "GET_NUMBER_ATTRIBUTES",
        "get_number_attributes",
        &[Variant],
        ret::int,
        semi::get_number_attributes,
    ),
    ScalarDef::new(
        "LOWER_ATTRIBUTE_NAMES",
        "r_lower_attribute_names",
        &[Variant],
        ret::variant,
        semi::lower_attribute_names,
    ),
    ScalarDef::new(
        "UPPER_ATTRIBUTE_NAMES",
        "r_upper_attribute_names",
        &[Variant],
        ret::variant,
        semi::upper_attribute_names,
    ),
    // JSON that stays text.
    ScalarDef::new(
        "JSON_EXTRACT_PATH_TEXT",
        "JSON_EXTRACT_PATH_TEXT",
        &[Text, Any],
        ret::text,
        semi::json_extract_path_text,
    )
    .variadic(),
    ScalarDef::new(
        "JSON_EXTRACT_ARRAY_ELEMENT_TEXT",
        "JSON_EXTRACT_ARRAY_ELEMENT_TEXT",
        &[Text, Int, Bool],
        ret::text,
        semi::json_extract_array_element_text,
    )
    .optional(1),
    ScalarDef::new(
        "JSON_ARRAY_LENGTH",
        "JSON_ARRAY_LENGTH",
        &[Text, Bool],
        integer,
        semi::json_array_length,
    )
    .optional(1),
    ScalarDef::new(
        "IS_VALID_JSON",
        "IS_VALID_JSON",
        &[Text],
        ret::boolean,
        semi::is_valid_json,
    ),
    ScalarDef::new(
        "IS_VALID_JSON_ARRAY",
        "IS_VALID_JSON_ARRAY",
        &[Text],
        ret::boolean,
        semi::is_valid_json_array,
    ),
];

fn integer(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Integer)
}

/// Fails for types that do not become SUPER: dates, times, bytes.
fn castable(f: &FnCall<'_, '_>, value: &Typed) -> Result<()> {
    let dialect = f.binder.dialect.name();
    if value.ty == SqlType::Null
        || value.ty.is_semi()
        || cast::kernel(&value.ty, &SqlType::Variant, dialect).is_some()
    {
        return Ok(());
    }
    Err(SqlError::raw(
        "",
        "42846",
        format!(
            "{} could not convert type {} to super",
            f.name,
            f.binder.type_name(&value.ty)
        ),
    ))
}

fn array(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = f.bind_all()?;
    for a in &args {
        castable(f, a)?;
    }
    Ok(f.kernel(semi::array_construct, args, SqlType::Variant))
}

fn object(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = f.bind_all()?;
    if args.len() % 2 != 0 {
        return Err(SqlError::argument(
            f.name,
            "OBJECT takes keys and values in turn; the last key has no value",
        ));
    }
    let args = args
        .into_iter()
        .enumerate()
        .map(|(i, a)| {
            if i % 2 == 0 {
                f.coerce(a, Text)
            } else {
                castable(f, &a).map(|()| a)
            }
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(f.kernel(semi::super_object, args, SqlType::Variant))
}

/// OBJECT_TRANSFORM(input [KEEP path, …] [SET path, value, …]). The grammar hands it over as the input, one more than
/// the number of KEEP paths (0 without KEEP), these paths, and the SET paths and values in turn.
fn object_transform(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let mut args = f.bind_all()?;
    if args.is_empty() {
        return Err(f.count_error(1, 0));
    }
    let input = args.remove(0);
    castable(f, &input)?;
    let input = f.coerce(input, Variant)?;
    if args.is_empty() {
        return Ok(input);
    }
    let kept: i64 = args
        .first()
        .and_then(|a| a.literal())
        .and_then(|v| v.to_string().parse::<i64>().ok())
        .and_then(|n| n.checked_sub(1))
        .ok_or_else(|| f.type_error(&args))?;
    let paths = 1 + usize::try_from(kept).unwrap_or(0);
    let mut out = vec![input, f.binder.int(kept)];
    for (i, a) in args.into_iter().enumerate().skip(1) {
        let is_path = i < paths || (i - paths) % 2 == 0;
        if is_path {
            if a.literal_text().is_none() {
                return Err(SqlError::argument(
                    f.name,
                    "the paths of OBJECT_TRANSFORM must be string literals",
                ));
            }
        } else {
            castable(f, &a)?;
        }
        out.push(a);
    }
    Ok(f.kernel(semi::object_transform, out, SqlType::Variant))
}
