//! Types called as functions, as PostgreSQL has them: `int4(x)`, `float8(x)`, `text(x)`.
//! CAST, `::` and CONVERT are the engine's.

use dwsim_engine::error::Result;
use dwsim_engine::functions::{FnCall, ScalarDef, Typed};
use dwsim_engine::plan::CastMode;
use dwsim_engine::types::SqlType;

const PAGE: &str = "https://docs.aws.amazon.com/redshift/latest/dg/r_CAST_function.html";

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("INT2", PAGE, |c| cast(c, &SqlType::SmallInt)),
    ScalarDef::custom("INT4", PAGE, |c| cast(c, &SqlType::Integer)),
    ScalarDef::custom("INT8", PAGE, |c| cast(c, &SqlType::BigInt)),
    ScalarDef::custom("FLOAT4", PAGE, |c| cast(c, &SqlType::Real)),
    ScalarDef::custom("FLOAT8", PAGE, |c| cast(c, &SqlType::Double)),
    ScalarDef::custom("BOOL", PAGE, |c| cast(c, &SqlType::Boolean)),
    ScalarDef::custom("TEXT", PAGE, |c| cast(c, &SqlType::text())),
    ScalarDef::custom("TIMESTAMPTZ", PAGE, |c| cast(c, &SqlType::TimestampLtz(6))),
];

fn cast(c: &mut FnCall<'_, '_>, to: &SqlType) -> Result<Typed> {
    c.expect(1, 1)?;
    let value = c.bind(0)?;
    c.binder.cast(value, to, CastMode::Explicit)
}
