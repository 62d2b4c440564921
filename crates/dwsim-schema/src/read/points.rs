//! Sequences, and points in time: bounds, steps and durations as they are written.
//! Numbers from distributions are left to `numeric`.

use crate::codes;
use crate::config::Node;
use crate::model::{Generator, Resolution, TemporalSpec};
use crate::read::column::placeholder;
use crate::read::fields::{Fields, number_of, string_of};
use crate::read::numeric::{bound_key, refuse_bounds};
use crate::temporal::{self, DAY_MICROS};
use crate::types::LogicalType;

pub(crate) fn sequence(f: &Fields<'_>, ty: LogicalType) -> Generator {
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
pub(crate) fn duration_units(text: &str, ty: LogicalType) -> Option<i128> {
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
pub(crate) fn units_of(text: &str, ty: LogicalType, upper: bool) -> Option<i64> {
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

pub(crate) fn temporal_uniform(f: &Fields<'_>, ty: LogicalType) -> Generator {
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
