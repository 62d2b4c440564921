//! Numbers from distributions: parameters, bounds, rounding.
//! Which column gets one is decided by `generator`.

use crate::codes;
use crate::config::Node;
use crate::model::{Distribution, Generator, Limits, NumericSpec};
use crate::number::Number;
use crate::read::column::placeholder;
use crate::read::fields::{Fields, number_of};
use crate::types::LogicalType;

pub(crate) fn numeric(f: &Fields<'_>, ty: LogicalType, name: &str) -> Generator {
    let required = |key: &'static str, value: Option<f64>| {
        if value.is_none() && !f.has(key) {
            f.error(
                codes::MISSING_KEY,
                "distribution",
                format!("distribution `{name}` needs `{key}`"),
                None,
            );
        }
        value.unwrap_or(1.0)
    };
    let distribution = match name {
        "gaussian" | "normal" => Distribution::Gaussian {
            mean: required("mean", f.float("mean")),
            stddev: required("stddev", f.positive("stddev")),
        },
        "lognormal" => Distribution::LogNormal {
            mu: required("mu", f.float("mu")),
            sigma: required("sigma", f.positive("sigma")),
        },
        "exponential" => match f.positive("rate") {
            Some(rate) => {
                if f.has("mean") {
                    f.error(
                        codes::CONFLICT,
                        "rate",
                        "`rate` and `mean` say the same thing twice",
                        None,
                    );
                }
                let _ = f.node("mean");
                Distribution::Exponential { mean: 1.0 / rate }
            }
            None => Distribution::Exponential {
                mean: required("mean", f.positive("mean")),
            },
        },
        "poisson" => {
            let mean = required("mean", f.positive("mean"));
            if mean > 1e6 {
                f.error(
                    codes::BAD_VALUE,
                    "mean",
                    format!("`mean` is {mean}; a Poisson mean is at most 1e6"),
                    Some("use a gaussian".into()),
                );
            }
            Distribution::Poisson { mean }
        }
        "zipf" => Distribution::Zipf {
            exponent: f.positive("exponent").unwrap_or(1.0),
        },
        "pareto" => Distribution::Pareto {
            scale: required("scale", f.positive("scale")),
            shape: required("shape", f.positive("shape")),
        },
        _ => Distribution::Uniform,
    };
    numeric_spec(f, ty, distribution)
}

/// Bounds, rounding and the checks that one column allows.
pub(crate) fn numeric_spec(
    f: &Fields<'_>,
    ty: LogicalType,
    distribution: Distribution,
) -> Generator {
    let (min, max) = number_bounds(f);
    let limits = f
        .word(
            "limits",
            &[("truncate", Limits::Truncate), ("clamp", Limits::Clamp)],
        )
        .unwrap_or_default();
    let decimals = f
        .integer("decimals", 0..=37)
        .and_then(|d| u32::try_from(d).ok());
    let float = matches!(ty, LogicalType::Real | LogicalType::Double);
    if let Some(d) = decimals {
        let most = if float { 15 } else { ty.scale() };
        if d > most {
            f.error(
                codes::BAD_VALUE,
                "decimals",
                format!("`decimals` is {d}, but type {ty} has {most}"),
                None,
            );
        }
    }
    let spec = NumericSpec {
        distribution,
        min,
        max,
        limits,
        decimals,
    };
    let needs_both = matches!(
        distribution,
        Distribution::Uniform | Distribution::Zipf { .. }
    );
    if needs_both && (min.is_none() || max.is_none()) {
        if !f.has("range") {
            let name = distribution.name();
            let key = if f.has("distribution") {
                "distribution"
            } else {
                "type"
            };
            f.error(
                codes::MISSING_KEY,
                key,
                format!("distribution `{name}` needs both bounds"),
                Some("such as range = [1, 100]".into()),
            );
        }
        return placeholder();
    }
    if matches!(distribution, Distribution::Zipf { .. }) && !ty.is_integer() {
        f.error(
            codes::WRONG_KIND,
            "distribution",
            format!("distribution `zipf` makes whole numbers, and the type is {ty}"),
            None,
        );
    }
    if let (Some(low), Some(high)) = (min, max)
        && low.to_f64() > high.to_f64()
    {
        f.error(
            codes::IMPOSSIBLE,
            bound_key(f),
            format!("the least value {low} is above the greatest, {high}"),
            None,
        );
        return placeholder();
    }
    if let Some((type_min, type_max)) = ty.integer_bounds() {
        let scale = ty.scale();
        for (number, key) in [(min, "min"), (max, "max")] {
            let fits = number.is_none_or(|n| {
                n.floor_at(scale).is_some_and(|v| v >= type_min)
                    && n.ceil_at(scale).is_some_and(|v| v <= type_max)
            });
            if let (false, Some(number)) = (fits, number) {
                let key = if f.has("range") { "range" } else { key };
                f.error(
                    codes::IMPOSSIBLE,
                    key,
                    format!(
                        "{number} is outside of type {ty}, which holds {}..={}",
                        Number::new(type_min, scale),
                        Number::new(type_max, scale)
                    ),
                    None,
                );
                return placeholder();
            }
        }
        if spec.grid(ty).is_none() {
            f.error(
                codes::IMPOSSIBLE,
                bound_key(f),
                format!("there is no value of type {ty} between the bounds"),
                decimals.map(|d| format!("values are rounded to {d} decimals")),
            );
            return placeholder();
        }
    }
    Generator::Numeric(spec)
}

pub(crate) fn bound_key(f: &Fields<'_>) -> &'static str {
    if f.has("range") {
        "range"
    } else if f.has("min") {
        "min"
    } else {
        "max"
    }
}

pub(crate) fn number_bounds(f: &Fields<'_>) -> (Option<Number>, Option<Number>) {
    let bound = |node: &Node| {
        let n = number_of(node);
        if n.is_none() {
            f.ctx.error(
                codes::WRONG_KIND,
                node.place,
                format!(
                    "a bound of {} must be a number, not {}",
                    f.what,
                    node.value.kind()
                ),
                None,
            );
        }
        n
    };
    match f.pair("range") {
        Some((low, high)) => {
            refuse_bounds(f);
            (bound(&low), bound(&high))
        }
        None => (f.number("min"), f.number("max")),
    }
}

/// `range` beside `min` or `max` is said twice.
pub(crate) fn refuse_bounds(f: &Fields<'_>) {
    for key in ["min", "max"] {
        if f.has(key) {
            f.error(
                codes::CONFLICT,
                key,
                format!("`range` and `{key}` say the same thing twice"),
                None,
            );
        }
    }
    let _ = (f.node("min"), f.node("max"));
}
