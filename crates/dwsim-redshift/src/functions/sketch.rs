//! HyperLogLog functions of Redshift, each with its page of the guide.
//! Sketches themselves are `dwsim_engine::kernels::sketch`.

use dwsim_engine::error::Result;
use dwsim_engine::functions::{
    AggregateDef, AggregateImpl, FnCall, Param, ReturnArgs, ScalarDef, Typed, ret,
};
use dwsim_engine::kernels::sketch;
use dwsim_engine::types::SqlType;

macro_rules! page {
    ($name:literal) => {
        concat!(
            "https://docs.aws.amazon.com/redshift/latest/dg/",
            $name,
            ".html"
        )
    };
}

fn hllsketch(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::HllSketch)
}

/// Scalar functions.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("HLL_CARDINALITY", page!("r_HLL_CARDINALITY"), |c| {
        let args = sketches(c, 1)?;
        Ok(c.kernel(sketch::cardinality, args, SqlType::BigInt))
    }),
    ScalarDef::custom(
        "HLL_COMBINE_SKETCHES",
        page!("r_HLL_COMBINE_SKETCHES"),
        |c| {
            let args = sketches(c, 2)?;
            Ok(c.kernel(sketch::combine_two, args, SqlType::HllSketch))
        },
    ),
];

/// Aggregates.
pub(super) const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        name: "HLL",
        page: page!("r_HLL_function"),
        params: &[Param::Any],
        optional: 0,
        returns: ret::bigint,
        implementation: AggregateImpl::Custom(|c| of_values(c, sketch::hll, SqlType::BigInt)),
    },
    AggregateDef {
        name: "HLL_CREATE_SKETCH",
        page: page!("r_HLL_CREATE_SKETCH"),
        params: &[Param::Any],
        optional: 0,
        returns: hllsketch,
        implementation: AggregateImpl::Custom(|c| of_values(c, sketch::create, SqlType::HllSketch)),
    },
    AggregateDef {
        name: "HLL_COMBINE",
        page: page!("r_HLL_COMBINE"),
        params: &[Param::Any],
        optional: 0,
        returns: hllsketch,
        implementation: AggregateImpl::Custom(|c| {
            let args = sketches(c, 1)?;
            let options = c.aggregate_options()?;
            Ok(c.binder.collect(
                c.name,
                sketch::combine,
                true,
                args,
                SqlType::HllSketch,
                options,
            ))
        }),
    },
];

/// Arguments that are sketches; text literals of their JSON too.
fn sketches(c: &mut FnCall<'_, '_>, n: usize) -> Result<Vec<Typed>> {
    c.expect(n, n)?;
    let given = c.bind_all()?;
    let mut out = Vec::with_capacity(n);
    for a in &given {
        if a.ty != SqlType::HllSketch && a.ty != SqlType::Null && a.literal_text().is_none() {
            return Err(c.type_error(&given));
        }
        out.push(c.binder.cast(
            a.clone(),
            &SqlType::HllSketch,
            dwsim_engine::plan::CastMode::Implicit,
        )?);
    }
    Ok(out)
}

/// An aggregate over values of every type but sketches and geometries.
fn of_values(
    c: &mut FnCall<'_, '_>,
    kernel: dwsim_engine::functions::AggKernel,
    returns: SqlType,
) -> Result<Typed> {
    c.expect(1, 1)?;
    let value = c.bind(0)?;
    if matches!(
        value.ty,
        SqlType::HllSketch | SqlType::Geometry | SqlType::Geography
    ) {
        return Err(c.type_error(&[value]));
    }
    let options = c.aggregate_options()?;
    Ok(c.binder
        .collect(c.name, kernel, true, vec![value], returns, options))
}
