//! Conditional functions of Snowflake, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::conditional`.

use dwsim_engine::functions::ScalarDef;
use dwsim_engine::kernels::conditional as cond;

macro_rules! page {
    ($name:literal) => {
        concat!(
            "https://docs.snowflake.com/en/sql-reference/functions/",
            $name
        )
    };
}

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
