//! How a column's values are made: which generator the keys choose, and its parameters.
//! JSON shapes are left to `json`, capacity and consistency with other columns to `validate`.

use crate::codes;
use crate::diagnostics::{Place, did_you_mean};
use crate::model::{
    Distribution, Generator, Limits, NumericSpec, Pick, ProviderCall, TemplatePart, TemporalSpec,
};
use crate::number::Number;
use crate::read::column::placeholder;
use crate::read::fields::Fields;
use crate::read::numeric::{numeric, numeric_spec};
use crate::read::points::{sequence, temporal_uniform};
use crate::read::values::{bernoulli, categorical, constant};
use crate::read::{derived, json, series};
use crate::temporal::DAY_MICROS;
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
    "carry",
    "greater_than",
    "less_than",
    "between",
    "formula",
    "transitions",
    "polymorphic",
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
        Some("carry") => derived::carry(f),
        Some(key @ ("greater_than" | "less_than")) => derived::offset(f, ty, key == "less_than"),
        Some("between") => derived::between(f, ty),
        Some("formula") => derived::formula(f, ty),
        Some("transitions") => series::states(f, ty),
        Some("polymorphic") => series::polymorphic(f),
        Some(_) => by_distribution(f, ty, &distribution.unwrap_or_default()),
        None => by_type(f, path, ty, key),
    }
}

/// A column whose values come from a group of the table: it must not have a generator of its own.
pub(crate) fn grouped(f: &Fields<'_>) -> Generator {
    if let Some(key) = CHOICES.iter().find(|k| f.has(k)) {
        f.error(
            codes::CONFLICT,
            key,
            format!(
                "the values of {} come from a group of its table, and from `{key}`",
                f.what
            ),
            None,
        );
        let _ = f.node(key);
    }
    placeholder()
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
    if let Some(node) = f.node("children") {
        return derived::children(f, node);
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
        "child_number" => derived::child_number(f, ty),
        "walk" => series::walk(f, ty),
        "wave" => series::wave(f, ty),
        _ => {
            let help = did_you_mean(name, ["uuid4", "sequence", "child_number", "walk", "wave"])
                .or_else(|| {
                    did_you_mean(name, DISTRIBUTIONS.iter().copied())
                        .map(|m| format!("{m} It is a `distribution`"))
                })
                .unwrap_or_else(|| "text providers are written \"faker.first_name\"".into());
            let help = Some(help);
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
