//! Snowflake's semi-structured functions by name, with their parameters and documentation pages; FLATTEN and its kin.
//! What they compute is `dwsim_engine::kernels::semi`.

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{
    AggregateDef, AggregateImpl, FnCall, Param, ReturnArgs, ScalarDef, Typed, ret,
};
use dwsim_engine::kernels::semi;
use dwsim_engine::plan::{Binder, CastMode, Relation, TableCall};
use dwsim_engine::types::{SqlType, Structured};
use sqlparser::ast;

use Param::{Any, Array, Bool, Int, Object, Text, Variant};

/// Scalar functions of the family.
pub(super) const SCALARS: &[ScalarDef] = &[
    // Parsing and printing.
    ScalarDef::custom("PARSE_JSON", "functions/parse_json", parse_json),
    ScalarDef::custom("TRY_PARSE_JSON", "functions/try_parse_json", try_parse_json),
    ScalarDef::custom("CHECK_JSON", "functions/check_json", check_json),
    ScalarDef::new(
        "TO_JSON",
        "functions/to_json",
        &[Variant],
        ret::text,
        semi::to_json,
    ),
    ScalarDef::new(
        "PARSE_XML",
        "functions/parse_xml",
        &[Text, Bool],
        ret::variant,
        semi::parse_xml,
    )
    .optional(1),
    ScalarDef::new(
        "CHECK_XML",
        "functions/check_xml",
        &[Text, Bool],
        ret::text,
        semi::check_xml,
    )
    .optional(1),
    ScalarDef::new(
        "TO_XML",
        "functions/to_xml",
        &[Variant],
        ret::text,
        semi::to_xml,
    ),
    ScalarDef::new(
        "XMLGET",
        "functions/xmlget",
        &[Variant, Text, Int],
        ret::object,
        semi::xml_get,
    )
    .optional(1),
    ScalarDef::new(
        "JSON_EXTRACT_PATH_TEXT",
        "functions/json_extract_path_text",
        &[Text, Text],
        ret::text,
        semi::snowflake_json_extract_path_text,
    ),
    ScalarDef::new(
        "STRIP_NULL_VALUE",
        "functions/strip_null_value",
        &[Variant],
        ret::variant,
        semi::strip_null_value,
    ),
    // Conversion.
    ScalarDef::custom("TO_VARIANT", "functions/to_variant", to_variant),
    ScalarDef::custom("TO_ARRAY", "functions/to_array", to_array),
    ScalarDef::custom("TO_OBJECT", "functions/to_object", to_object),
    ScalarDef::new(
        "AS_ARRAY",
        "functions/as_array",
        &[Variant],
        ret::array,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_BINARY",
        "functions/as_binary",
        &[Variant],
        ret::binary,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_BOOLEAN",
        "functions/as_boolean",
        &[Variant],
        ret::boolean,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_CHAR",
        "functions/as_char-varchar",
        &[Variant],
        ret::text,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_VARCHAR",
        "functions/as_char-varchar",
        &[Variant],
        ret::text,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_DATE",
        "functions/as_date",
        &[Variant],
        ret::date,
        semi::as_kind,
    ),
    ScalarDef::custom("AS_DECIMAL", "functions/as_decimal-number", as_decimal),
    ScalarDef::custom("AS_NUMBER", "functions/as_decimal-number", as_decimal),
    ScalarDef::new(
        "AS_DOUBLE",
        "functions/as_double-real",
        &[Variant],
        ret::double,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_REAL",
        "functions/as_double-real",
        &[Variant],
        ret::double,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_INTEGER",
        "functions/as_integer",
        &[Variant],
        number,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_OBJECT",
        "functions/as_object",
        &[Variant],
        ret::object,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_TIME",
        "functions/as_time",
        &[Variant],
        time,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_TIMESTAMP_LTZ",
        "functions/as_timestamp",
        &[Variant],
        timestamp_ltz,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_TIMESTAMP_NTZ",
        "functions/as_timestamp",
        &[Variant],
        ret::timestamp,
        semi::as_kind,
    ),
    ScalarDef::new(
        "AS_TIMESTAMP_TZ",
        "functions/as_timestamp",
        &[Variant],
        timestamp_tz,
        semi::as_kind,
    ),
    // What a value is.
    ScalarDef::new(
        "TYPEOF",
        "functions/typeof",
        &[Variant],
        ret::text,
        semi::type_of,
    ),
    ScalarDef::new(
        "IS_ARRAY",
        "functions/is_array",
        &[Variant],
        ret::boolean,
        semi::is_array,
    ),
    ScalarDef::new(
        "IS_BINARY",
        "functions/is_binary",
        &[Variant],
        ret::boolean,
        semi::is_binary,
    ),
    ScalarDef::new(
        "IS_BOOLEAN",
        "functions/is_boolean",
        &[Variant],
        ret::boolean,
        semi::is_boolean,
    ),
    ScalarDef::new(
        "IS_CHAR",
        "functions/is_char-varchar",
        &[Variant],
        ret::boolean,
        semi::is_varchar,
    ),
    ScalarDef::new(
        "IS_VARCHAR",
        "functions/is_char-varchar",
        &[Variant],
        ret::boolean,
        semi::is_varchar,
    ),
    ScalarDef::new(
        "IS_DATE",
        "functions/is_date-value",
        &[Variant],
        ret::boolean,
        semi::is_date,
    ),
    ScalarDef::new(
        "IS_DATE_VALUE",
        "functions/is_date-value",
        &[Variant],
        ret::boolean,
        semi::is_date,
    ),
    ScalarDef::new(
        "IS_DECIMAL",
        "functions/is_decimal",
        &[Variant],
        ret::boolean,
        semi::is_decimal,
    ),
    ScalarDef::new(
        "IS_DOUBLE",
        "functions/is_double-real",
        &[Variant],
        ret::boolean,
        semi::is_double,
    ),
    ScalarDef::new(
        "IS_REAL",
        "functions/is_double-real",
        &[Variant],
        ret::boolean,
        semi::is_double,
    ),
    ScalarDef::new(
        "IS_INTEGER",
        "functions/is_integer",
        &[Variant],
        ret::boolean,
        semi::is_integer_value,
    ),
    ScalarDef::new(
        "IS_NULL_VALUE",
        "functions/is_null_value",
        &[Variant],
        ret::boolean,
        semi::is_null_value,
    ),
    ScalarDef::new(
        "IS_OBJECT",
        "functions/is_object",
        &[Variant],
        ret::boolean,
        semi::is_object,
    ),
    ScalarDef::new(
        "IS_TIME",
        "functions/is_time",
        &[Variant],
        ret::boolean,
        semi::is_time,
    ),
    ScalarDef::new(
        "IS_TIMESTAMP_LTZ",
        "functions/is_timestamp",
        &[Variant],
        ret::boolean,
        semi::is_timestamp_ltz,
    ),
    ScalarDef::new(
        "IS_TIMESTAMP_NTZ",
        "functions/is_timestamp",
        &[Variant],
        ret::boolean,
        semi::is_timestamp_ntz,
    ),
    ScalarDef::new(
        "IS_TIMESTAMP_TZ",
        "functions/is_timestamp",
        &[Variant],
        ret::boolean,
        semi::is_timestamp_tz,
    ),
    // Navigation.
    ScalarDef::custom("GET", "functions/get", get),
    ScalarDef::custom("GET_PATH", "functions/get_path", get_path),
    ScalarDef::custom(
        "GET_IGNORE_CASE",
        "functions/get_ignore_case",
        get_ignore_case,
    ),
    // Objects.
    ScalarDef::custom(
        "OBJECT_CONSTRUCT",
        "functions/object_construct",
        object_construct,
    ),
    ScalarDef::custom(
        "OBJECT_CONSTRUCT_KEEP_NULL",
        "functions/object_construct_keep_null",
        object_construct_keep_null,
    ),
    ScalarDef::new(
        "OBJECT_DELETE",
        "functions/object_delete",
        &[Object, Any],
        ret::object,
        semi::object_delete,
    )
    .variadic(),
    ScalarDef::new(
        "OBJECT_INSERT",
        "functions/object_insert",
        &[Object, Text, Any, Bool],
        ret::object,
        semi::object_insert,
    )
    .optional(1),
    ScalarDef::new(
        "OBJECT_KEYS",
        "functions/object_keys",
        &[Object],
        ret::array,
        semi::object_keys,
    ),
    ScalarDef::new(
        "OBJECT_PICK",
        "functions/object_pick",
        &[Object, Any],
        ret::object,
        semi::object_pick,
    )
    .variadic(),
    // Arrays.
    ScalarDef::new(
        "ARRAY_APPEND",
        "functions/array_append",
        &[Array, Any],
        ret::array,
        semi::array_append,
    ),
    ScalarDef::new(
        "ARRAY_CAT",
        "functions/array_cat",
        &[Array, Array],
        ret::array,
        semi::array_cat,
    ),
    ScalarDef::new(
        "ARRAY_COMPACT",
        "functions/array_compact",
        &[Array],
        ret::array,
        semi::array_compact,
    ),
    ScalarDef::new(
        "ARRAY_CONSTRUCT",
        "functions/array_construct",
        &[Any],
        ret::array,
        semi::array_construct,
    )
    .optional(1)
    .variadic(),
    ScalarDef::new(
        "ARRAY_CONSTRUCT_COMPACT",
        "functions/array_construct_compact",
        &[Any],
        ret::array,
        semi::array_construct_compact,
    )
    .optional(1)
    .variadic(),
    ScalarDef::custom("ARRAY_CONTAINS", "functions/array_contains", array_contains),
    ScalarDef::new(
        "ARRAY_DISTINCT",
        "functions/array_distinct",
        &[Array],
        ret::array,
        semi::array_distinct,
    ),
    ScalarDef::new(
        "ARRAY_EXCEPT",
        "functions/array_except",
        &[Array, Array],
        ret::array,
        semi::array_except,
    ),
    ScalarDef::new(
        "ARRAY_FLATTEN",
        "functions/array_flatten",
        &[Array],
        ret::array,
        semi::array_flatten,
    ),
    ScalarDef::new(
        "ARRAY_GENERATE_RANGE",
        "functions/array_generate_range",
        &[Int, Int, Int],
        ret::array,
        semi::array_generate_range,
    )
    .optional(1),
    ScalarDef::new(
        "ARRAY_INSERT",
        "functions/array_insert",
        &[Array, Int, Any],
        ret::array,
        semi::array_insert,
    ),
    ScalarDef::new(
        "ARRAY_INTERSECTION",
        "functions/array_intersection",
        &[Array, Array],
        ret::array,
        semi::array_intersection,
    ),
    ScalarDef::new(
        "ARRAY_MAX",
        "functions/array_max",
        &[Array],
        ret::variant,
        semi::array_max,
    ),
    ScalarDef::new(
        "ARRAY_MIN",
        "functions/array_min",
        &[Array],
        ret::variant,
        semi::array_min,
    ),
    ScalarDef::custom("ARRAY_POSITION", "functions/array_position", array_position),
    ScalarDef::new(
        "ARRAY_PREPEND",
        "functions/array_prepend",
        &[Array, Any],
        ret::array,
        semi::array_prepend,
    ),
    ScalarDef::new(
        "ARRAY_REMOVE",
        "functions/array_remove",
        &[Array, Variant],
        ret::array,
        semi::array_remove,
    ),
    ScalarDef::new(
        "ARRAY_REMOVE_AT",
        "functions/array_remove_at",
        &[Array, Int],
        ret::array,
        semi::array_remove_at,
    ),
    ScalarDef::new(
        "ARRAY_REVERSE",
        "functions/array_reverse",
        &[Array],
        ret::array,
        semi::array_reverse,
    ),
    ScalarDef::new(
        "ARRAY_SIZE",
        "functions/array_size",
        &[Array],
        ret::int,
        semi::array_size,
    ),
    ScalarDef::new(
        "ARRAY_SLICE",
        "functions/array_slice",
        &[Array, Int, Int],
        ret::array,
        semi::array_slice,
    ),
    ScalarDef::new(
        "ARRAY_SORT",
        "functions/array_sort",
        &[Array, Bool, Bool],
        ret::array,
        semi::array_sort,
    )
    .optional(2),
    ScalarDef::new(
        "ARRAY_TO_STRING",
        "functions/array_to_string",
        &[Array, Text],
        ret::text,
        semi::array_to_string,
    ),
    ScalarDef::new(
        "ARRAYS_OVERLAP",
        "functions/arrays_overlap",
        &[Array, Array],
        ret::boolean,
        semi::arrays_overlap,
    ),
    ScalarDef::new(
        "ARRAYS_TO_OBJECT",
        "functions/arrays_to_object",
        &[Array, Array],
        ret::object,
        semi::arrays_to_object,
    ),
    ScalarDef::new(
        "ARRAYS_ZIP",
        "functions/arrays_zip",
        &[Array],
        ret::array,
        semi::arrays_zip,
    )
    .variadic(),
    // Texts as arrays.
    ScalarDef::new(
        "SPLIT",
        "functions/split",
        &[Text, Text],
        ret::array,
        semi::split,
    ),
    ScalarDef::new(
        "STRTOK_TO_ARRAY",
        "functions/strtok_to_array",
        &[Text, Text],
        ret::array,
        semi::strtok_to_array,
    )
    .optional(1),
];

/// Aggregates of the family.
pub(super) const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        name: "ARRAY_AGG",
        page: "functions/array_agg",
        params: &[Any],
        optional: 0,
        returns: ret::array,
        implementation: AggregateImpl::Collect {
            kernel: semi::array_agg,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "ARRAYAGG",
        page: "functions/array_agg",
        params: &[Any],
        optional: 0,
        returns: ret::array,
        implementation: AggregateImpl::Collect {
            kernel: semi::array_agg,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "ARRAY_UNIQUE_AGG",
        page: "functions/array_unique_agg",
        params: &[Any],
        optional: 0,
        returns: ret::array,
        implementation: AggregateImpl::Collect {
            kernel: semi::array_unique_agg,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "ARRAY_UNION_AGG",
        page: "functions/array_union_agg",
        params: &[Array],
        optional: 0,
        returns: ret::array,
        implementation: AggregateImpl::Collect {
            kernel: semi::array_union_agg,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "OBJECT_AGG",
        page: "functions/object_agg",
        params: &[Text, Variant],
        optional: 0,
        returns: ret::object,
        implementation: AggregateImpl::Collect {
            kernel: semi::object_agg,
            skip_nulls: true,
        },
    },
];

fn number(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::number(38, 0))
}
fn time(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Time(9))
}
fn timestamp_ltz(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::TimestampLtz(9))
}
fn timestamp_tz(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::TimestampTz(9))
}

/// A JSON text, or a VARIANT that may hold one; then the optional parameter.
fn json_source(f: &mut FnCall<'_, '_>) -> Result<Vec<Typed>> {
    f.expect(1, 2)?;
    let source = f.bind(0)?;
    let source = if source.ty.is_semi() {
        f.coerce(source, Variant)?
    } else {
        f.coerce(source, Text)?
    };
    let mut args = vec![source];
    if f.len() > 1 {
        let parameter = f.bind(1)?;
        args.push(f.coerce(parameter, Text)?);
    }
    Ok(args)
}

fn parse_json(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = json_source(f)?;
    Ok(f.kernel(semi::parse_json, args, SqlType::Variant))
}

fn try_parse_json(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = json_source(f)?;
    Ok(f.kernel(semi::try_parse_json, args, SqlType::Variant))
}

fn check_json(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = json_source(f)?;
    Ok(f.kernel(semi::check_json, args, SqlType::text()))
}

fn converted(f: &mut FnCall<'_, '_>, to: &SqlType) -> Result<Typed> {
    f.expect(1, 1)?;
    let value = f.bind(0)?;
    f.binder.cast(value, to, CastMode::Explicit)
}

fn to_variant(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    converted(f, &SqlType::Variant)
}

fn to_array(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    converted(f, &SqlType::Array)
}

fn to_object(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    converted(f, &SqlType::Object)
}

/// A whole number that is written as a literal.
fn literal_u8(f: &FnCall<'_, '_>, i: usize) -> Result<u8> {
    let text = match f.ast_arg(i) {
        Some(ast::Expr::Value(v)) => match &v.value {
            ast::Value::Number(n, _) => n.parse().ok(),
            _ => None,
        },
        _ => None,
    };
    text.ok_or_else(|| SqlError::argument(f.name, "precision and scale must be whole numbers"))
}

/// AS_DECIMAL(value [, precision [, scale]])
fn as_decimal(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    f.expect(1, 3)?;
    let precision = if f.len() > 1 { literal_u8(f, 1)? } else { 38 };
    let scale = if f.len() > 2 { literal_u8(f, 2)? } else { 0 };
    if precision == 0 || precision > 38 || scale > precision || scale > 37 {
        return Err(SqlError::argument(
            f.name,
            format!("Invalid precision or scale: ({precision}, {scale})"),
        ));
    }
    let value = f.bind(0)?;
    let value = f.coerce(value, Variant)?;
    Ok(f.kernel(
        semi::as_kind,
        vec![value],
        SqlType::number(precision, scale),
    ))
}

/// Argument 0, which must be VARIANT, ARRAY or OBJECT, as VARIANT.
fn semi_value(f: &mut FnCall<'_, '_>, args: &[Typed]) -> Result<Typed> {
    match args.first() {
        Some(v) if v.ty.is_semi() || v.ty == SqlType::Null => f.coerce(v.clone(), Variant),
        _ => Err(f.type_error(args)),
    }
}

fn get(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    f.expect(2, 2)?;
    let args = f.bind_all()?;
    let value = semi_value(f, &args)?;
    let key = args[1].clone();
    let key = if key.ty.is_numeric() {
        f.coerce(key, Int)?
    } else if key.ty.is_semi() {
        key
    } else {
        f.coerce(key, Text)?
    };
    Ok(f.kernel(semi::get, vec![value, key], SqlType::Variant))
}

fn get_path(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    f.expect(2, 2)?;
    let args = f.bind_all()?;
    let value = semi_value(f, &args)?;
    let path = f.coerce(args[1].clone(), Text)?;
    Ok(f.kernel(semi::get_path, vec![value, path], SqlType::Variant))
}

fn get_ignore_case(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    f.expect(2, 2)?;
    let args = f.bind_all()?;
    let value = semi_value(f, &args)?;
    let key = f.coerce(args[1].clone(), Text)?;
    Ok(f.kernel(semi::get_ignore_case, vec![value, key], SqlType::Variant))
}

/// Keys and values in turn, or the columns that `*` means.
fn members(f: &mut FnCall<'_, '_>) -> Result<Vec<Typed>> {
    if let Some(columns) = f.star()? {
        return Ok(columns
            .into_iter()
            .flat_map(|(name, value)| [f.binder.text(name), value])
            .collect());
    }
    let args = f.bind_all()?;
    if args.len() % 2 != 0 {
        return Err(SqlError::argument(
            f.name,
            format!(
                "{} takes keys and values in turn; the last key has no value",
                f.name
            ),
        ));
    }
    args.into_iter()
        .enumerate()
        .map(|(i, a)| if i % 2 == 0 { f.coerce(a, Text) } else { Ok(a) })
        .collect()
}

fn object_construct(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = members(f)?;
    Ok(f.kernel(semi::object_construct, args, SqlType::Object))
}

fn object_construct_keep_null(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = members(f)?;
    Ok(f.kernel(semi::object_construct_keep_null, args, SqlType::Object))
}

/// A VARIANT to look for, and an array. Other types are refused, as Snowflake does; in a structured array a value of
/// the element's kind is looked for.
fn search(f: &mut FnCall<'_, '_>) -> Result<Vec<Typed>> {
    f.expect(2, 2)?;
    let args = f.bind_all()?;
    if let SqlType::Structured(s) = &args[1].ty
        && let Structured::Array { element, .. } = s.as_ref()
    {
        let ty = match (element, &args[0].ty) {
            // A literal's digits are no bound for the comparison.
            (SqlType::Number { .. }, SqlType::Number { .. } | SqlType::Double)
            | (_, SqlType::Null | SqlType::Variant) => args[0].ty.clone(),
            (e, given) if e.class() == given.class() => e.clone(),
            _ => return Err(f.type_error(&args)),
        };
        let wanted = f.binder.cast(args[0].clone(), &ty, CastMode::Implicit)?;
        let wanted = f
            .binder
            .cast(wanted, &SqlType::Variant, CastMode::Explicit)?;
        let array = f
            .binder
            .cast(args[1].clone(), &SqlType::Array, CastMode::Explicit)?;
        return Ok(vec![wanted, array]);
    }
    let wanted = semi_value(f, &args)?;
    let array = f.coerce(args[1].clone(), Array)?;
    Ok(vec![wanted, array])
}

fn array_contains(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = search(f)?;
    Ok(f.kernel(semi::array_contains, args, SqlType::Boolean))
}

fn array_position(f: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = search(f)?;
    Ok(f.kernel(semi::array_position, args, SqlType::number(18, 0)))
}

/// FLATTEN, SPLIT_TO_TABLE and STRTOK_SPLIT_TO_TABLE in FROM; None for other names.
///
/// # Errors
/// Missing or unknown arguments, wrong types.
pub(crate) fn table_function(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
) -> Result<Option<Relation>> {
    match name {
        "FLATTEN" => flatten(binder, call).map(Some),
        "SPLIT_TO_TABLE" => split_table(binder, call, "SPLIT_TO_TABLE").map(Some),
        "STRTOK_SPLIT_TO_TABLE" => split_table(binder, call, "STRTOK_SPLIT_TO_TABLE").map(Some),
        _ => Ok(None),
    }
}

fn known_names(call: &TableCall<'_>, name: &str, known: &[&str]) -> Result<()> {
    for a in call.args {
        if let ast::FunctionArg::Named { name: n, .. } = a
            && !known.iter().any(|k| n.value.eq_ignore_ascii_case(k))
        {
            return Err(SqlError::argument(
                name,
                format!("{name} has no argument named {}", n.value),
            ));
        }
    }
    if call.args.len() > known.len() {
        return Err(SqlError::argument(
            name,
            format!("{name} takes at most {} arguments", known.len()),
        ));
    }
    Ok(())
}

fn flatten(binder: &mut Binder<'_>, call: &TableCall<'_>) -> Result<Relation> {
    const NAMES: [&str; 5] = ["input", "path", "outer", "recursive", "mode"];
    known_names(call, "FLATTEN", &NAMES)?;
    let input = call
        .argument("input", 0)
        .ok_or_else(|| SqlError::argument("FLATTEN", "FLATTEN needs an argument INPUT"))?;
    let input = binder.expr(input)?;
    if !(input.ty.is_semi() || input.ty == SqlType::Null) {
        return Err(SqlError::raw(
            "001044",
            "42P13",
            format!(
                "SQL compilation error:\nInvalid argument types for function 'FLATTEN': ({})",
                binder.type_name(&input.ty)
            ),
        ));
    }
    let input = binder.cast(input, &SqlType::Variant, CastMode::Implicit)?;
    let mut args = vec![input];
    for (i, (name, default)) in [
        ("path", binder.text("")),
        ("outer", binder.bool(false)),
        ("recursive", binder.bool(false)),
        ("mode", binder.text("BOTH")),
    ]
    .into_iter()
    .enumerate()
    {
        let given = match call.argument(name, i + 1) {
            Some(e) => {
                let value = binder.expr(e)?;
                binder.cast(value, &default.ty, CastMode::Implicit)?
            }
            None => default,
        };
        args.push(given);
    }
    binder.list_table(
        "FLATTEN",
        semi::flatten,
        args,
        &semi::flatten_columns(),
        call.left.clone(),
        call.outer,
    )
}

fn split_table(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    name: &'static str,
) -> Result<Relation> {
    let tokens = name == "STRTOK_SPLIT_TO_TABLE";
    known_names(call, name, &["string", "delimiter"])?;
    let text = call
        .argument("string", 0)
        .ok_or_else(|| SqlError::argument(name, format!("{name} needs a text to split")))?;
    let text = binder.expr(text)?;
    let separator = match call.argument("delimiter", 1) {
        Some(e) => binder.expr(e)?,
        None if tokens => binder.text(" "),
        None => {
            return Err(SqlError::argument(
                name,
                format!("{name} needs a delimiter"),
            ));
        }
    };
    let args = [text, separator]
        .into_iter()
        .map(|a| {
            let shown = binder.type_name(&a.ty);
            binder
                .coerce(a, Text)?
                .ok_or_else(|| SqlError::argument(name, format!("{name} takes texts, not {shown}")))
        })
        .collect::<Result<Vec<_>>>()?;
    let kernel = if tokens {
        semi::strtok_split_to_table
    } else {
        semi::split_to_table
    };
    binder.list_table(
        name,
        kernel,
        args,
        &semi::split_to_table_columns(),
        call.left.clone(),
        call.outer,
    )
}
