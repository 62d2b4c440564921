//! Conditional functions of Snowflake, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::conditional`.

use dwsim_engine::error::Result;
use dwsim_engine::functions::{FnCall, Param, ScalarDef, Typed};
use dwsim_engine::kernels::conditional as cond;

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("COALESCE", page!("coalesce"), cond::coalesce),
    ScalarDef::custom("NVL", page!("nvl"), cond::coalesce),
    ScalarDef::custom("IFNULL", page!("ifnull"), cond::coalesce),
    ScalarDef::custom("NVL2", page!("nvl2"), cond::nvl2),
    ScalarDef::custom("IFF", page!("iff"), cond::iff),
    ScalarDef::custom("NULLIF", page!("nullif"), cond::nullif),
    ScalarDef::custom("ZEROIFNULL", page!("zeroifnull"), cond::zero_if_null),
    ScalarDef::custom("NULLIFZERO", page!("nullifzero"), cond::null_if_zero),
    ScalarDef::custom("EQUAL_NULL", page!("equal_null"), cond::equal_null),
    ScalarDef::custom("DECODE", page!("decode"), cond::decode),
    ScalarDef::custom("REGR_VALX", page!("regr_valx"), regression_value),
    ScalarDef::custom("REGR_VALY", page!("regr_valy"), regression_value),
    ScalarDef::custom("BOOLAND", page!("booland"), cond::boolean_pair),
    ScalarDef::custom("BOOLOR", page!("boolor"), cond::boolean_pair),
    ScalarDef::custom("BOOLXOR", page!("boolxor"), cond::boolean_pair),
    ScalarDef::custom("BOOLNOT", page!("boolnot"), cond::boolean_not),
    ScalarDef::custom("GREATEST", page!("greatest"), cond::extreme),
    ScalarDef::custom("LEAST", page!("least"), cond::extreme),
    ScalarDef::custom(
        "GREATEST_IGNORE_NULLS",
        page!("greatest_ignore_nulls"),
        cond::extreme,
    ),
    ScalarDef::custom(
        "LEAST_IGNORE_NULLS",
        page!("least_ignore_nulls"),
        cond::extreme,
    ),
];

/// REGR_VALX(y, x) is x unless y is NULL, REGR_VALY(y, x) is y unless x is NULL.
fn regression_value(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (y, x) = (call.bind(0)?, call.bind(1)?);
    let (y, x) = (
        call.coerce(y, Param::Double)?,
        call.coerce(x, Param::Double)?,
    );
    let (value, other) = if call.name == "REGR_VALX" {
        (x, y)
    } else {
        (y, x)
    };
    let known = other.expr.is_not_null();
    Ok(Typed::new(
        datafusion::logical_expr::when(known, value.expr).end()?,
        value.ty,
    ))
}
