//! How a column's values are made: which generator the keys choose, and its parameters.
//! JSON shapes are left to `json`, capacity and consistency with other columns to `validate`.

use crate::codes;
use crate::config::Node;
use crate::diagnostics::{Place, did_you_mean};
use crate::model::{
    Distribution, Generator, Limits, NumericSpec, Pick, ProviderCall, Resolution, Scalar,
    TemplatePart, TemporalSpec,
};
use crate::number::Number;
use crate::read::column::placeholder;
use crate::read::fields::{Fields, number_of, scalar_of, string_of};
use crate::read::json;
use crate::temporal::{self, DAY_MICROS};
use crate::types::LogicalType;

/// Keys that each choose a generator; at most one may be given (a distribution brings its own parameters).
const CHOICES: &[&str] = &[
    "generator",
    "distribution",
    "pattern",
    "template",
    "values",
    "value",
    "fields",
    "items",
];

const DISTRIBUTIONS: &[&str] = &[
    "uniform",
    "gaussian",
    "normal",
    "lognormal",
    "exponential",
    "poisson",
    "zipf",
    "pareto",
    "bernoulli",
    "categorical",
    "constant",
    "sequence",
];

/// Place of the key that chose the generator, or of the column.
pub(crate) fn place(f: &Fields<'_>) -> Place {
    CHOICES
        .iter()
        .chain(&["range"])
        .find(|k| f.has(k))
        .map_or(f.place, |k| f.place_of(k))
}

/// Reads the generator of a column.
pub(crate) fn generator(
    f: &Fields<'_>,
    path: &str,
    ty: LogicalType,
    foreign: bool,
    key: bool,
) -> Generator {
    let distribution = f.string("distribution");
    let generator = f.string("generator");
    let chosen: Vec<&str> = CHOICES.iter().copied().filter(|k| f.has(k)).collect();
    let belongs = |a: &str, b: &str| {
        a == "distribution"
            && matches!(
                (distribution.as_deref(), b),
                (Some("categorical"), "values") | (Some("constant"), "value")
            )
    };
    if let [first, second, ..] = chosen.as_slice()
        && !(chosen.len() == 2 && belongs(first, second))
    {
        f.error(
            codes::CONFLICT,
            second,
            format!(
                "`{first}` and `{second}` of {} both say how values are made",
                f.what
            ),
            None,
        );
        return placeholder();
    }
    if foreign {
        return foreign_key(f, &chosen);
    }
    match chosen.first().copied() {
        Some("generator") => named(f, ty, &generator.unwrap_or_default()),
        Some("pattern") => pattern(f, ty),
        Some("template") => template(f, ty),
        Some("values") => categorical(f, ty),
        Some("value") => constant(f, ty),
        Some("fields" | "items") => json::shape(f, path, ty),
        Some(_) => by_distribution(f, ty, &distribution.unwrap_or_default()),
        None => by_type(f, path, ty, key),
    }
}

fn foreign_key(f: &Fields<'_>, chosen: &[&str]) -> Generator {
    if let Some(key) = chosen.first() {
        f.error(
            codes::CONFLICT,
            key,
            "the values of a foreign key come from its parent",
            Some("use `pick`".into()),
        );
        return placeholder();
    }
    let exponent = f.positive("exponent");
    match f.word("pick", &[("uniform", false), ("zipf", true)]) {
        Some(true) => Generator::ForeignKey(Pick::Zipf {
            exponent: exponent.unwrap_or(1.0),
        }),
        _ => {
            if exponent.is_some() {
                f.error(
                    codes::CONFLICT,
                    "exponent",
                    "an exponent goes only with pick = \"zipf\"",
                    None,
                );
            }
            Generator::ForeignKey(Pick::Uniform)
        }
    }
}

/// `generator = "faker.…"` and the few generators that have a name of their own.
fn named(f: &Fields<'_>, ty: LogicalType, name: &str) -> Generator {
    if let Some(provider) = name.strip_prefix("faker.") {
        if provider == "uuid4" {
            return uuid(f, ty);
        }
        if !matches!(ty, LogicalType::Char(_) | LogicalType::Varchar(_)) {
            f.error(
                codes::WRONG_KIND,
                "generator",
                format!("`{name}` makes text, and the type is {ty}"),
                Some("use a distribution, or type = \"varchar(…)\"".into()),
            );
            return placeholder();
        }
        return Generator::Provider(ProviderCall {
            name: provider.to_owned(),
            locale: f.string("locale"),
            truncate: f.boolean("truncate").unwrap_or(false),
        });
    }
    match name {
        "uuid" | "uuid4" => uuid(f, ty),
        "sequence" => sequence(f, ty),
        _ => {
            let help = did_you_mean(&format!("faker.{name}"), []).or_else(|| {
                did_you_mean(name, DISTRIBUTIONS.iter().copied())
                    .map(|m| format!("{m} Then write it as `distribution`"))
                    .or_else(|| Some("text providers are written \"faker.first_name\"".into()))
            });
            f.error(
                codes::UNKNOWN_GENERATOR,
                "generator",
                format!("unknown generator `{name}`"),
                help,
            );
            placeholder()
        }
    }
}

fn uuid(f: &Fields<'_>, ty: LogicalType) -> Generator {
    if !ty.is_text() || ty.max_length().is_some_and(|n| n < 36) {
        f.error(
            codes::TOO_NARROW,
            "type",
            format!("a UUID has 36 characters and does not fit type {ty}"),
            None,
        );
    }
    Generator::Uuid
}

fn by_distribution(f: &Fields<'_>, ty: LogicalType, name: &str) -> Generator {
    match name {
        "categorical" => categorical(f, ty),
        "constant" => constant(f, ty),
        "sequence" => sequence(f, ty),
        "bernoulli" => bernoulli(f, ty),
        "uniform" if ty.is_temporal() => temporal_uniform(f, ty),
        "uniform" if ty == LogicalType::Boolean => bernoulli(f, ty),
        _ if !DISTRIBUTIONS.contains(&name) => {
            f.error(
                codes::UNKNOWN_GENERATOR,
                "distribution",
                format!("unknown distribution `{name}`"),
                did_you_mean(name, DISTRIBUTIONS.iter().copied())
                    .or_else(|| Some(format!("one of {}", DISTRIBUTIONS.join(", ")))),
            );
            placeholder()
        }
        _ if !ty.is_numeric() => {
            f.error(
                codes::WRONG_KIND,
                "distribution",
                format!("distribution `{name}` makes numbers, and the type is {ty}"),
                None,
            );
            placeholder()
        }
        _ => numeric(f, ty, name),
    }
}

fn numeric(f: &Fields<'_>, ty: LogicalType, name: &str) -> Generator {
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
fn numeric_spec(f: &Fields<'_>, ty: LogicalType, distribution: Distribution) -> Generator {
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

fn bound_key(f: &Fields<'_>) -> &'static str {
    if f.has("range") {
        "range"
    } else if f.has("min") {
        "min"
    } else {
        "max"
    }
}

fn number_bounds(f: &Fields<'_>) -> (Option<Number>, Option<Number>) {
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
fn refuse_bounds(f: &Fields<'_>) {
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

fn bernoulli(f: &Fields<'_>, ty: LogicalType) -> Generator {
    if ty != LogicalType::Boolean {
        f.error(
            codes::WRONG_KIND,
            "distribution",
            format!("this distribution makes true and false, and the type is {ty}"),
            None,
        );
    }
    Generator::Bernoulli {
        p: f.share("p").unwrap_or(0.5),
    }
}

fn categorical(f: &Fields<'_>, ty: LogicalType) -> Generator {
    let Some(node) = f.node("values") else {
        f.error(
            codes::MISSING_KEY,
            "distribution",
            "distribution `categorical` needs `values`",
            None,
        );
        return placeholder();
    };
    let items = f.items("values", node).unwrap_or_default();
    let mut values: Vec<Scalar> = Vec::with_capacity(items.len());
    for item in &items {
        match checked_scalar(f, item, ty) {
            Some(value) if values.contains(&value) => {
                f.ctx.error(
                    codes::CONFLICT,
                    item.place,
                    "a value is listed twice",
                    Some("give it the sum of the weights".into()),
                );
            }
            Some(value) => values.push(value),
            None => {}
        }
    }
    if items.is_empty() {
        f.error(codes::BAD_VALUE, "values", "`values` is empty", None);
        return placeholder();
    }
    let weights = match f.node("weights") {
        Some(node) => weights(f, node, items.len()),
        None => vec![1.0; values.len()],
    };
    Generator::Categorical { values, weights }
}

/// Whole weights are relative; weights with a decimal point are shares and must sum to 1.
fn weights(f: &Fields<'_>, node: &Node, count: usize) -> Vec<f64> {
    let items = f.items("weights", node).unwrap_or_default();
    let numbers: Vec<Number> = items.iter().filter_map(number_of).collect();
    let weights: Vec<f64> = numbers.iter().map(|n| n.to_f64()).collect();
    let sum: f64 = weights.iter().sum();
    if weights.len() != count || items.len() != count {
        f.error(
            codes::BAD_VALUE,
            "weights",
            format!("{count} values need {count} weights, not {}", items.len()),
            None,
        );
    } else if weights.iter().any(|w| *w < 0.0) || sum <= 0.0 {
        f.error(
            codes::BAD_VALUE,
            "weights",
            "weights are at least 0 and not all 0",
            None,
        );
    } else if numbers.iter().any(|n| n.exact_at(0).is_none()) && (sum - 1.0).abs() > 1e-6 {
        f.error(
            codes::BAD_VALUE,
            "weights",
            format!("the weights are shares and sum to {sum}, not to 1"),
            Some("whole numbers are taken as relative weights".into()),
        );
    }
    weights
}

/// A scalar that the type can hold.
fn checked_scalar(f: &Fields<'_>, node: &Node, ty: LogicalType) -> Option<Scalar> {
    let scalar = scalar_of(node);
    let fits = match &scalar {
        None => false,
        Some(Scalar::Boolean(_)) => ty == LogicalType::Boolean,
        Some(Scalar::Number(n)) => match ty.integer_bounds() {
            Some((min, max)) => n
                .exact_at(ty.scale())
                .is_some_and(|v| (min..=max).contains(&v)),
            None => matches!(ty, LogicalType::Real | LogicalType::Double),
        },
        Some(Scalar::Text(text)) => match ty {
            LogicalType::Char(_) | LogicalType::Varchar(_) | LogicalType::Uuid => {
                ty.max_length().is_none_or(|n| text.len() <= n)
            }
            LogicalType::Json(_) | LogicalType::Binary(_) => false,
            _ => units_of(text, ty, false).is_some(),
        },
    };
    if fits {
        return scalar;
    }
    let shown = string_of(node).map_or_else(
        || number_of(node).map_or_else(|| node.value.kind().to_owned(), |n| n.to_string()),
        |text| format!("{text:?}"),
    );
    f.ctx.error(
        codes::WRONG_KIND,
        node.place,
        format!("{shown} is not a value of type {ty}"),
        None,
    );
    None
}

fn constant(f: &Fields<'_>, ty: LogicalType) -> Generator {
    let Some(node) = f.node("value") else {
        f.error(
            codes::MISSING_KEY,
            "distribution",
            "distribution `constant` needs `value`",
            None,
        );
        return placeholder();
    };
    checked_scalar(f, node, ty).map_or_else(placeholder, Generator::Constant)
}

fn sequence(f: &Fields<'_>, ty: LogicalType) -> Generator {
    let in_units = |node: &Node| match ty {
        LogicalType::Date | LogicalType::Time => string_of(node)
            .and_then(|t| units_of(&t, ty, false))
            .map(i128::from),
        _ if ty.is_timestamp() => string_of(node)
            .and_then(|t| units_of(&t, ty, false))
            .map(i128::from),
        _ => number_of(node).and_then(|n| n.exact_at(ty.scale())),
    };
    if !ty.is_temporal() && ty.integer_bounds().is_none() {
        let key = if f.has("distribution") {
            "distribution"
        } else {
            "generator"
        };
        f.error(
            codes::WRONG_KIND,
            key,
            format!("a sequence has whole steps, and the type is {ty}"),
            None,
        );
        return placeholder();
    }
    let one = 10i128.pow(ty.scale());
    let start = match f.node("start") {
        Some(node) => in_units(node).unwrap_or_else(|| {
            f.error(
                codes::WRONG_KIND,
                "start",
                format!("`start` is not a value of type {ty}"),
                None,
            );
            0
        }),
        None if ty.is_temporal() => {
            f.error(
                codes::MISSING_KEY,
                "distribution",
                "a sequence of points in time needs `start`",
                None,
            );
            0
        }
        None => one,
    };
    let step = match f.node("step") {
        Some(node) if ty.is_temporal() => string_of(node)
            .and_then(|t| duration_units(&t, ty))
            .unwrap_or_else(|| {
                f.error(
                    codes::WRONG_KIND,
                    "step",
                    "`step` is not a duration",
                    Some("such as \"15 minutes\" or \"1 day\"".into()),
                );
                1
            }),
        Some(node) => in_units(node).unwrap_or_else(|| {
            f.error(
                codes::WRONG_KIND,
                "step",
                format!("`step` is not a value of type {ty}"),
                None,
            );
            1
        }),
        None if ty == LogicalType::Date => 1,
        None if ty.is_temporal() => i128::from(Resolution::Second.micros()),
        None => one,
    };
    if step == 0 {
        f.error(
            codes::BAD_VALUE,
            "step",
            "`step` is 0; a sequence must go on",
            Some("use `value` for a constant".into()),
        );
    }
    Generator::Sequence { start, step }
}

/// `15 minutes`, `1 day`, `-2 hours` in the units of the type.
fn duration_units(text: &str, ty: LogicalType) -> Option<i128> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: i128 = count.parse().ok()?;
    let unit = unit.trim().strip_suffix('s').unwrap_or(unit.trim());
    let micros = Resolution::NAMES
        .iter()
        .find(|(n, _)| *n == unit)
        .map(|(_, r)| r.micros())?;
    let micros = count.checked_mul(i128::from(micros))?;
    match ty {
        LogicalType::Date => {
            (micros % i128::from(DAY_MICROS) == 0).then(|| micros / i128::from(DAY_MICROS))
        }
        _ => Some(micros),
    }
}

/// A point in time in the type's units; with `upper`, a bare date stands for the whole day.
fn units_of(text: &str, ty: LogicalType, upper: bool) -> Option<i64> {
    match ty {
        LogicalType::Date => temporal::parse_date(text).map(i64::from),
        LogicalType::Time => temporal::parse_time(text),
        _ if ty.is_timestamp() => temporal::parse_timestamp(text).map(|(at, day)| {
            if day && upper {
                at + DAY_MICROS - 1
            } else {
                at
            }
        }),
        _ => None,
    }
}

fn temporal_uniform(f: &Fields<'_>, ty: LogicalType) -> Generator {
    let names = &Resolution::NAMES;
    let resolution = f
        .word("resolution", names)
        .unwrap_or(if ty == LogicalType::Date {
            Resolution::Day
        } else {
            Resolution::Second
        });
    let bound = |node: Option<&Node>, upper: bool| {
        let node = node?;
        let value = string_of(node).and_then(|t| units_of(&t, ty, upper));
        if value.is_none() {
            let example = match ty {
                LogicalType::Date => "\"2024-12-31\"",
                LogicalType::Time => "\"17:30:00\"",
                _ => "\"2024-12-31 17:30:00\" or \"2024-12-31\"",
            };
            f.ctx.error(
                codes::WRONG_KIND,
                node.place,
                format!("a bound of {} is not a value of type {ty}", f.what),
                Some(format!("such as {example}")),
            );
        }
        value
    };
    let (min, max) = match f.pair("range") {
        Some((low, high)) => {
            refuse_bounds(f);
            (bound(Some(&low), false), bound(Some(&high), true))
        }
        None => (bound(f.node("min"), false), bound(f.node("max"), true)),
    };
    let (Some(min), Some(max)) = (min, max) else {
        if !(f.has("range") || f.has("min") && f.has("max")) {
            let key = if f.has("distribution") {
                "distribution"
            } else {
                "type"
            };
            f.error(
                codes::MISSING_KEY,
                key,
                "distribution `uniform` needs both bounds",
                Some("range = [earliest, latest]".into()),
            );
        }
        return placeholder();
    };
    if min > max {
        f.error(
            codes::IMPOSSIBLE,
            bound_key(f),
            "the earliest value is after the latest",
            None,
        );
        return placeholder();
    }
    let step = match ty {
        LogicalType::Date if resolution != Resolution::Day => {
            f.error(
                codes::BAD_VALUE,
                "resolution",
                "dates have a resolution of one day",
                None,
            );
            1
        }
        LogicalType::Date => 1,
        _ => resolution.micros(),
    };
    let count = u64::try_from((max - min) / step).unwrap_or(0) + 1;
    Generator::Temporal(TemporalSpec { min, step, count })
}

fn pattern(f: &Fields<'_>, ty: LogicalType) -> Generator {
    let pattern = f.string("pattern").unwrap_or_default();
    text_only(f, "pattern", ty);
    Generator::Pattern {
        pattern,
        place: f.place_of("pattern"),
    }
}

fn text_only(f: &Fields<'_>, key: &str, ty: LogicalType) {
    if !matches!(ty, LogicalType::Char(_) | LogicalType::Varchar(_)) {
        f.error(
            codes::WRONG_KIND,
            key,
            format!("`{key}` makes text, and the type is {ty}"),
            None,
        );
    }
}

/// `"{first_name}.{last_name}@{#}.example"`: names in braces, `{#}` the row's number, `{{` and `}}` braces.
fn template(f: &Fields<'_>, ty: LogicalType) -> Generator {
    let text = f.string("template").unwrap_or_default();
    text_only(f, "template", ty);
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text.as_str();
    while let Some(i) = rest.find(['{', '}']) {
        literal.push_str(&rest[..i]);
        let doubled = rest[i..].starts_with("{{") || rest[i..].starts_with("}}");
        if doubled {
            literal.push_str(&rest[i..=i]);
            rest = &rest[i + 2..];
            continue;
        }
        let Some(name) = rest[i..]
            .strip_prefix('{')
            .and_then(|r| r.split_once('}'))
            .map(|(name, _)| name)
        else {
            f.error(
                codes::BAD_VALUE,
                "template",
                "a brace of the template has no partner",
                Some("write {{ and }} for braces".into()),
            );
            return placeholder();
        };
        if !literal.is_empty() {
            parts.push(TemplatePart::Literal(std::mem::take(&mut literal)));
        }
        parts.push(if name == "#" {
            TemplatePart::RowNumber
        } else {
            TemplatePart::Column(name.to_owned())
        });
        rest = &rest[i + name.len() + 2..];
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(TemplatePart::Literal(literal));
    }
    Generator::Template(parts)
}

/// What a column without a generator gets; documented in the crate's opening comment.
fn by_type(f: &Fields<'_>, path: &str, ty: LogicalType, key: bool) -> Generator {
    let bounded = f.has("range") || f.has("min") || f.has("max");
    if ty == LogicalType::Serial
        || f.has("start")
        || f.has("step")
        || (key && ty.is_integer() && !bounded)
    {
        return sequence(f, ty);
    }
    let uniform = |max: i128, scale: u32| {
        let mut spec = NumericSpec {
            distribution: Distribution::Uniform,
            min: Some(Number::new(0, 0)),
            max: Some(Number::new(max, scale)),
            limits: Limits::Truncate,
            decimals: None,
        };
        spec.decimals = f
            .integer("decimals", 0..=i128::from(ty.scale().max(15)))
            .and_then(|d| u32::try_from(d).ok());
        Generator::Numeric(spec)
    };
    match ty {
        _ if bounded && ty.is_numeric() => numeric_spec(f, ty, Distribution::Uniform),
        _ if bounded && ty.is_temporal() => temporal_uniform(f, ty),
        LogicalType::SmallInt => uniform(9_999, 0),
        LogicalType::Serial | LogicalType::Integer | LogicalType::BigInt => uniform(999_999, 0),
        LogicalType::Decimal { precision, scale } => {
            let (_, type_max) = ty.integer_bounds().unwrap_or((0, 0));
            let thousand = 1000 * 10i128.pow(u32::from(scale).min(34)) - 1;
            uniform(
                if precision > scale {
                    type_max.min(thousand)
                } else {
                    type_max
                },
                u32::from(scale),
            )
        }
        LogicalType::Real | LogicalType::Double => uniform(1, 0),
        LogicalType::Boolean => Generator::Bernoulli {
            p: f.share("p").unwrap_or(0.5),
        },
        LogicalType::Char(n) => Generator::Pattern {
            pattern: format!("[A-Z]{{{n}}}"),
            place: f.place,
        },
        LogicalType::Varchar(_) => {
            let longest = ty.max_length().unwrap_or(12).min(12);
            Generator::Pattern {
                pattern: format!("[a-z]{{{},{longest}}}", longest.min(3)),
                place: f.place,
            }
        }
        LogicalType::Date => Generator::Temporal(TemporalSpec {
            min: 18_262,
            step: 1,
            count: 1_827,
        }),
        LogicalType::Time => Generator::Temporal(TemporalSpec {
            min: 0,
            step: 1_000_000,
            count: 86_400,
        }),
        LogicalType::Timestamp | LogicalType::TimestampTz | LogicalType::TimestampLtz => {
            Generator::Temporal(TemporalSpec {
                min: 18_262 * DAY_MICROS,
                step: 1_000_000,
                count: 1_827 * 86_400,
            })
        }
        LogicalType::Binary(n) => {
            let max = n.unwrap_or(16).min(16);
            Generator::Bytes { min: max, max }
        }
        LogicalType::Uuid => Generator::Uuid,
        LogicalType::Json(_) => {
            f.ctx.error(
                codes::MISSING_KEY,
                f.place,
                format!("`{path}` is of type {ty} and needs `fields` or `items`"),
                Some(
                    "fields = { page = { type = \"varchar(40)\" }, ms = { type = \"integer\" } }"
                        .into(),
                ),
            );
            placeholder()
        }
    }
}
