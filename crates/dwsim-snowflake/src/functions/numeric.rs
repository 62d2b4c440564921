//! Numeric functions of Snowflake, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::numeric`.

use dwsim_engine::error::Result;
use dwsim_engine::functions::{
    FnCall, Kernel, Param, ReturnArgs, ScalarDef, Typed, kernel_expr, ret,
};
use dwsim_engine::kernels::numeric as n;
use dwsim_engine::types::SqlType;

fn number38(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::number(38, 0))
}

/// RANDOM: with a seed, and where rows can be numbered, each row has its place in the seed's sequence. In a condition the
/// sequence starts anew with every batch of rows.
fn random(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 1)?;
    let ty = SqlType::number(19, 0);
    let env = call.env();
    if call.is_empty() {
        return Ok(kernel_expr(
            call.name,
            n::random_int,
            Vec::new(),
            ty,
            &env,
            true,
        ));
    }
    let seed = call.bind(0)?;
    let seed = call.coerce(seed, Param::Int)?;
    if !call.binder.numbers_rows() {
        return Ok(kernel_expr(
            call.name,
            n::random_int,
            vec![seed],
            ty,
            &env,
            true,
        ));
    }
    let number = crate::parse::expr("ROW_NUMBER() OVER (ORDER BY NULL)")?;
    let number = call.binder.expr(&number)?;
    let number = call.coerce(number, Param::Int)?;
    Ok(call.kernel(n::random_of_row, vec![seed, number], ty))
}

/// UNIFORM: integers for integer bounds, floats otherwise.
fn uniform(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(3, 3)?;
    let mut args = call.bind_all()?;
    let float = args[..2]
        .iter()
        .any(|a| a.ty.is_float() || a.ty.decimal_shape().is_none_or(|(_, s)| s > 0));
    let kind = if float { Param::Double } else { Param::Int };
    for (i, a) in args.iter_mut().enumerate() {
        *a = call.coerce(a.clone(), if i < 2 { kind } else { Param::Int })?;
    }
    Ok(if float {
        call.kernel(n::uniform_float, args, SqlType::Double)
    } else {
        call.kernel(n::uniform_int, args, SqlType::number(38, 0))
    })
}

/// Bitwise functions: on BINARY when the first argument is, else on whole numbers.
fn bits(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let not = call.name.ends_with("NOT");
    let shift = call.name.contains("SHIFT");
    let most = if not {
        1
    } else if shift {
        2
    } else {
        3
    };
    call.expect(most.min(2), most)?;
    let mut args = call.bind_all()?;
    let binary = matches!(args[0].ty, SqlType::Binary(_));
    let value = if binary { Param::Binary } else { Param::Int };
    let fits = |a: &Typed| a.ty == SqlType::Null || matches!(a.ty, SqlType::Binary(_)) == binary;
    if !shift && !not && !fits(&args[1]) {
        return Err(call.type_error(&args));
    }
    for (i, a) in args.iter_mut().enumerate() {
        let param = match i {
            2 => Param::Text,
            1 if shift => Param::Int,
            _ => value,
        };
        *a = call.coerce(a.clone(), param)?;
    }
    if binary {
        let kernel: Kernel = if not {
            n::bit_not_binary
        } else if shift {
            n::bit_shift_binary
        } else {
            n::bit_binary
        };
        return Ok(call.kernel(kernel, args, SqlType::Binary(None)));
    }
    let kernel: Kernel = match call.name {
        "BITAND" | "BIT_AND" => n::bit_and,
        "BITOR" | "BIT_OR" => n::bit_or,
        "BITXOR" | "BIT_XOR" => n::bit_xor,
        "BITNOT" | "BIT_NOT" => n::bit_not,
        name if name.ends_with("LEFT") => n::bit_shift_left,
        _ => n::bit_shift_right,
    };
    args.truncate(2);
    Ok(call.kernel(kernel, args, SqlType::number(38, 0)))
}

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom(
        "ABS",
        "https://docs.snowflake.com/en/sql-reference/functions/abs",
        n::abs,
    ),
    ScalarDef::custom(
        "CEIL",
        "https://docs.snowflake.com/en/sql-reference/functions/ceil",
        n::ceil,
    ),
    ScalarDef::custom(
        "FLOOR",
        "https://docs.snowflake.com/en/sql-reference/functions/floor",
        n::floor,
    ),
    ScalarDef::custom(
        "ROUND",
        "https://docs.snowflake.com/en/sql-reference/functions/round",
        n::round_bind,
    ),
    ScalarDef::custom(
        "TRUNC",
        "https://docs.snowflake.com/en/sql-reference/functions/trunc",
        n::truncate,
    ),
    ScalarDef::custom(
        "TRUNCATE",
        "https://docs.snowflake.com/en/sql-reference/functions/trunc",
        n::truncate,
    ),
    ScalarDef::custom(
        "SIGN",
        "https://docs.snowflake.com/en/sql-reference/functions/sign",
        n::sign,
    ),
    ScalarDef::custom(
        "MOD",
        "https://docs.snowflake.com/en/sql-reference/functions/mod",
        n::modulo,
    ),
    ScalarDef::custom(
        "POWER",
        "https://docs.snowflake.com/en/sql-reference/functions/pow",
        n::power,
    ),
    ScalarDef::custom(
        "POW",
        "https://docs.snowflake.com/en/sql-reference/functions/pow",
        n::power,
    ),
    ScalarDef::custom(
        "DIV0",
        "https://docs.snowflake.com/en/sql-reference/functions/div0",
        n::div0,
    ),
    ScalarDef::custom(
        "DIV0NULL",
        "https://docs.snowflake.com/en/sql-reference/functions/div0null",
        n::div0_null,
    ),
    ScalarDef::new(
        "SQRT",
        "https://docs.snowflake.com/en/sql-reference/functions/sqrt",
        &[Param::Double],
        ret::double,
        n::sqrt,
    ),
    ScalarDef::new(
        "CBRT",
        "https://docs.snowflake.com/en/sql-reference/functions/cbrt",
        &[Param::Double],
        ret::double,
        n::cbrt,
    ),
    ScalarDef::new(
        "EXP",
        "https://docs.snowflake.com/en/sql-reference/functions/exp",
        &[Param::Double],
        ret::double,
        n::exp,
    ),
    ScalarDef::new(
        "LN",
        "https://docs.snowflake.com/en/sql-reference/functions/ln",
        &[Param::Double],
        ret::double,
        n::ln,
    ),
    ScalarDef::new(
        "LOG",
        "https://docs.snowflake.com/en/sql-reference/functions/log",
        &[Param::Double, Param::Double],
        ret::double,
        n::log,
    ),
    ScalarDef::new(
        "SQUARE",
        "https://docs.snowflake.com/en/sql-reference/functions/square",
        &[Param::Double],
        ret::double,
        n::square,
    ),
    ScalarDef::new(
        "PI",
        "https://docs.snowflake.com/en/sql-reference/functions/pi",
        &[],
        ret::double,
        n::pi,
    ),
    ScalarDef::new(
        "DEGREES",
        "https://docs.snowflake.com/en/sql-reference/functions/degrees",
        &[Param::Double],
        ret::double,
        n::degrees,
    ),
    ScalarDef::new(
        "RADIANS",
        "https://docs.snowflake.com/en/sql-reference/functions/radians",
        &[Param::Double],
        ret::double,
        n::radians,
    ),
    ScalarDef::new(
        "FACTORIAL",
        "https://docs.snowflake.com/en/sql-reference/functions/factorial",
        &[Param::Int],
        number38,
        n::factorial,
    ),
    ScalarDef::new(
        "HAVERSINE",
        "https://docs.snowflake.com/en/sql-reference/functions/haversine",
        &[Param::Double, Param::Double, Param::Double, Param::Double],
        ret::double,
        n::haversine,
    ),
    ScalarDef::new(
        "WIDTH_BUCKET",
        "https://docs.snowflake.com/en/sql-reference/functions/width_bucket",
        &[Param::Double, Param::Double, Param::Double, Param::Int],
        ret::bigint,
        n::width_bucket,
    ),
    ScalarDef::new(
        "SIN",
        "https://docs.snowflake.com/en/sql-reference/functions/sin",
        &[Param::Double],
        ret::double,
        n::sin,
    ),
    ScalarDef::new(
        "COS",
        "https://docs.snowflake.com/en/sql-reference/functions/cos",
        &[Param::Double],
        ret::double,
        n::cos,
    ),
    ScalarDef::new(
        "TAN",
        "https://docs.snowflake.com/en/sql-reference/functions/tan",
        &[Param::Double],
        ret::double,
        n::tan,
    ),
    ScalarDef::new(
        "COT",
        "https://docs.snowflake.com/en/sql-reference/functions/cot",
        &[Param::Double],
        ret::double,
        n::cot,
    ),
    ScalarDef::new(
        "ASIN",
        "https://docs.snowflake.com/en/sql-reference/functions/asin",
        &[Param::Double],
        ret::double,
        n::asin,
    ),
    ScalarDef::new(
        "ACOS",
        "https://docs.snowflake.com/en/sql-reference/functions/acos",
        &[Param::Double],
        ret::double,
        n::acos,
    ),
    ScalarDef::new(
        "ATAN",
        "https://docs.snowflake.com/en/sql-reference/functions/atan",
        &[Param::Double],
        ret::double,
        n::atan,
    ),
    ScalarDef::new(
        "SINH",
        "https://docs.snowflake.com/en/sql-reference/functions/sinh",
        &[Param::Double],
        ret::double,
        n::sinh,
    ),
    ScalarDef::new(
        "COSH",
        "https://docs.snowflake.com/en/sql-reference/functions/cosh",
        &[Param::Double],
        ret::double,
        n::cosh,
    ),
    ScalarDef::new(
        "TANH",
        "https://docs.snowflake.com/en/sql-reference/functions/tanh",
        &[Param::Double],
        ret::double,
        n::tanh,
    ),
    ScalarDef::new(
        "ASINH",
        "https://docs.snowflake.com/en/sql-reference/functions/asinh",
        &[Param::Double],
        ret::double,
        n::asinh,
    ),
    ScalarDef::new(
        "ACOSH",
        "https://docs.snowflake.com/en/sql-reference/functions/acosh",
        &[Param::Double],
        ret::double,
        n::acosh,
    ),
    ScalarDef::new(
        "ATANH",
        "https://docs.snowflake.com/en/sql-reference/functions/atanh",
        &[Param::Double],
        ret::double,
        n::atanh,
    ),
    ScalarDef::new(
        "ATAN2",
        "https://docs.snowflake.com/en/sql-reference/functions/atan2",
        &[Param::Double, Param::Double],
        ret::double,
        n::atan2,
    ),
    ScalarDef::custom(
        "BITAND",
        "https://docs.snowflake.com/en/sql-reference/functions/bitand",
        bits,
    ),
    ScalarDef::custom(
        "BIT_AND",
        "https://docs.snowflake.com/en/sql-reference/functions/bitand",
        bits,
    ),
    ScalarDef::custom(
        "BITOR",
        "https://docs.snowflake.com/en/sql-reference/functions/bitor",
        bits,
    ),
    ScalarDef::custom(
        "BIT_OR",
        "https://docs.snowflake.com/en/sql-reference/functions/bitor",
        bits,
    ),
    ScalarDef::custom(
        "BITXOR",
        "https://docs.snowflake.com/en/sql-reference/functions/bitxor",
        bits,
    ),
    ScalarDef::custom(
        "BIT_XOR",
        "https://docs.snowflake.com/en/sql-reference/functions/bitxor",
        bits,
    ),
    ScalarDef::custom(
        "BITNOT",
        "https://docs.snowflake.com/en/sql-reference/functions/bitnot",
        bits,
    ),
    ScalarDef::custom(
        "BIT_NOT",
        "https://docs.snowflake.com/en/sql-reference/functions/bitnot",
        bits,
    ),
    ScalarDef::custom(
        "BITSHIFTLEFT",
        "https://docs.snowflake.com/en/sql-reference/functions/bitshiftleft",
        bits,
    ),
    ScalarDef::custom(
        "BIT_SHIFTLEFT",
        "https://docs.snowflake.com/en/sql-reference/functions/bitshiftleft",
        bits,
    ),
    ScalarDef::custom(
        "BITSHIFTRIGHT",
        "https://docs.snowflake.com/en/sql-reference/functions/bitshiftright",
        bits,
    ),
    ScalarDef::custom(
        "BIT_SHIFTRIGHT",
        "https://docs.snowflake.com/en/sql-reference/functions/bitshiftright",
        bits,
    ),
    ScalarDef::new(
        "GETBIT",
        "https://docs.snowflake.com/en/sql-reference/functions/getbit",
        &[Param::Int, Param::Int],
        ret::bigint,
        n::get_bit,
    ),
    ScalarDef::new(
        "BITCOUNT",
        "https://docs.snowflake.com/en/sql-reference/functions/bitcount",
        &[Param::Int],
        ret::bigint,
        n::bit_count,
    ),
    ScalarDef::custom(
        "RANDOM",
        "https://docs.snowflake.com/en/sql-reference/functions/random",
        random,
    ),
    ScalarDef::new(
        "RANDSTR",
        "https://docs.snowflake.com/en/sql-reference/functions/randstr",
        &[Param::Int, Param::Int],
        ret::text,
        n::randstr,
    ),
    ScalarDef::new(
        "UUID_STRING",
        "https://docs.snowflake.com/en/sql-reference/functions/uuid_string",
        &[Param::Text, Param::Text],
        ret::text,
        n::uuid_string,
    )
    .optional(2)
    .volatile(),
    ScalarDef::new(
        "NORMAL",
        "https://docs.snowflake.com/en/sql-reference/functions/normal",
        &[Param::Double, Param::Double, Param::Int],
        ret::double,
        n::normal,
    ),
    ScalarDef::new(
        "ZIPF",
        "https://docs.snowflake.com/en/sql-reference/functions/zipf",
        &[Param::Double, Param::Int, Param::Int],
        ret::bigint,
        n::zipf,
    ),
    ScalarDef::custom(
        "UNIFORM",
        "https://docs.snowflake.com/en/sql-reference/functions/uniform",
        uniform,
    ),
];
