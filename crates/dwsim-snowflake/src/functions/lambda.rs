//! Higher-order functions: FILTER, TRANSFORM, REDUCE.
//! Lambdas are bound and evaluated by the engine.

use dwsim_engine::functions::ScalarDef;
use dwsim_engine::plan::lambda;

pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("FILTER", "functions/filter", lambda::filter),
    ScalarDef::custom("TRANSFORM", "functions/transform", lambda::transform),
    ScalarDef::custom("REDUCE", "functions/reduce", lambda::reduce),
];
