//! Values along the children of a parent (`transitions`, walks, waves) and references to one of several tables.
//! That parents, keys and columns fit is checked by `validate`.

use crate::codes;
use crate::config::Node;
use crate::model::{
    Generator, Machine, Polymorphic, Reference, Resolution, Scalar, Walk, WalkStart, Wave,
};
use crate::read::column::placeholder;
use crate::read::fields::{Fields, number_of, string_of};
use crate::read::numeric::number_bounds;
use crate::read::points::{duration_units, units_of};
use crate::read::rows;
use crate::read::values::table_weights;
use crate::types::LogicalType;

/// `first = { view = 9, search = 1 }, transitions = { view = { view = 5, buy = 1 }, … }`.
pub(crate) fn states(f: &Fields<'_>, ty: LogicalType) -> Generator {
    let Some(entries) = f.node("transitions").and_then(|n| n.table()) else {
        f.error(
            codes::WRONG_KIND,
            "transitions",
            "`transitions` is a table of states and what follows each",
            Some(
                "transitions = { open = { paid = 9, cancelled = 1 }, paid = { shipped = 1 } }"
                    .into(),
            ),
        );
        let _ = f.node("first");
        return placeholder();
    };
    let mut names: Vec<String> = entries.iter().map(|(n, _)| n.clone()).collect();
    let mut weighted = Vec::with_capacity(entries.len());
    for (_, node) in entries {
        let next = table_weights(f, node);
        for (name, _) in &next {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        weighted.push(next);
    }
    let row = |of: &[(String, f64)]| -> Vec<f64> {
        names
            .iter()
            .map(|n| of.iter().find(|(o, _)| o == n).map_or(0.0, |(_, w)| *w))
            .collect()
    };
    let mut transitions: Vec<Vec<f64>> = weighted.iter().map(|w| row(w)).collect();
    transitions.resize(names.len(), vec![0.0; names.len()]);
    let first = match f.node("first") {
        None => {
            let mut first = vec![0.0; names.len()];
            if let Some(w) = first.first_mut() {
                *w = 1.0;
            }
            first
        }
        Some(node) => {
            let of = match string_of(node) {
                Some(one) => vec![(one, 1.0)],
                None => table_weights(f, node),
            };
            for (name, _) in of.iter().filter(|(n, _)| !names.contains(n)) {
                f.error(
                    codes::BAD_VALUE,
                    "first",
                    format!("`{name}` is not one of the states"),
                    crate::did_you_mean(name, names.iter().map(String::as_str)),
                );
            }
            row(&of)
        }
    };
    let mut states = Vec::with_capacity(names.len());
    for name in &names {
        match rows::scalar(name, ty) {
            Some(state) => states.push(state),
            None => f.error(
                codes::WRONG_KIND,
                "transitions",
                format!("the state `{name}` is not a value of type {ty}"),
                None,
            ),
        }
    }
    if names.is_empty() {
        f.error(codes::BAD_VALUE, "transitions", "there are no states", None);
    }
    if states.len() < names.len() || names.is_empty() || first.iter().all(|w| *w == 0.0) {
        return placeholder();
    }
    let machine = Machine {
        states,
        first,
        transitions,
    };
    unreachable(f, &machine);
    Generator::States(machine)
}

/// Refuses states that no walk comes to: most likely a name is misspelt.
fn unreachable(f: &Fields<'_>, machine: &Machine) {
    let mut reached: Vec<bool> = machine.first.iter().map(|w| *w > 0.0).collect();
    for _ in 0..machine.states.len() {
        for from in 0..reached.len() {
            if reached[from] {
                for (to, w) in machine.transitions[from].iter().enumerate() {
                    reached[to] |= *w > 0.0;
                }
            }
        }
    }
    for (state, _) in machine.states.iter().zip(&reached).filter(|(_, r)| !**r) {
        let name = match state {
            Scalar::Text(t) => t.clone(),
            Scalar::Number(n) => n.to_string(),
            Scalar::Boolean(b) => b.to_string(),
        };
        f.error(
            codes::IMPOSSIBLE,
            "transitions",
            format!("nothing leads to the state `{name}`"),
            Some("name it in `first`, or in the transitions of another state".into()),
        );
    }
}

/// `generator = "walk", first = "sessions.started", step = ["1 second", "5 minutes"]`, or with numbers.
pub(crate) fn walk(f: &Fields<'_>, ty: LogicalType) -> Generator {
    if !ty.is_temporal() && ty.integer_bounds().is_none() {
        f.error(
            codes::WRONG_KIND,
            "generator",
            format!("a walk has whole steps, and the type is {ty}"),
            Some("use a decimal, a whole number or a point in time".into()),
        );
        return placeholder();
    }
    let resolution = if ty.is_timestamp() || ty == LogicalType::Time {
        let word = f.word("resolution", &Resolution::NAMES);
        i128::from(word.unwrap_or(Resolution::Second).micros())
    } else {
        1
    };
    let value = |node: &Node, upper: bool| {
        if ty.is_temporal() {
            string_of(node)
                .and_then(|t| units_of(&t, ty, upper))
                .map(i128::from)
        } else {
            number_of(node).and_then(|n| n.exact_at(ty.scale()))
        }
    };
    let Some(first) = walk_start(f, ty, resolution, &value) else {
        let _ = (
            f.node("step"),
            f.node("min"),
            f.node("max"),
            f.node("range"),
        );
        return placeholder();
    };
    let Some((low, high)) = f.pair("step") else {
        if !f.has("step") {
            f.error(
                codes::MISSING_KEY,
                "generator",
                "a walk needs `step`, the least and greatest step",
                Some("such as step = [-5, 5], or step = [\"1 second\", \"5 minutes\"]".into()),
            );
        }
        return placeholder();
    };
    let distance = |node: &Node| {
        let units = if ty.is_temporal() {
            string_of(node).and_then(|t| duration_units(&t, ty))
        } else {
            number_of(node).and_then(|n| n.exact_at(ty.scale()))
        };
        if units.is_none() {
            let message = format!("not a step of values of type {ty}");
            f.ctx.error(codes::WRONG_KIND, node.place, message, None);
        }
        units
    };
    let (Some(min_step), Some(max_step)) = (distance(&low), distance(&high)) else {
        return placeholder();
    };
    let span = max_step.checked_sub(min_step).filter(|s| *s >= 0);
    let Some(count) = span.and_then(|s| u64::try_from(s / resolution + 1).ok()) else {
        f.error(
            codes::IMPOSSIBLE,
            "step",
            "`step` is [least, greatest], not too far from each other",
            None,
        );
        return placeholder();
    };
    let bound = |key: &'static str, upper: bool| {
        let node = f.node(key)?;
        let units = value(node, upper);
        if units.is_none() {
            let message = format!("`{key}` is not a value of type {ty}");
            f.ctx.error(codes::WRONG_KIND, node.place, message, None);
        }
        units
    };
    let (min, max) = match f.pair("range") {
        Some((low, high)) => (value(&low, false), value(&high, true)),
        None => (bound("min", false), bound("max", true)),
    };
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        f.error(
            codes::IMPOSSIBLE,
            if f.has("range") { "range" } else { "min" },
            "the least value is above the greatest",
            None,
        );
    }
    Generator::Walk(Walk {
        first,
        min_step,
        step: resolution,
        count,
        min,
        max,
    })
}

/// `first = 100`, `first = [100, 500]` or `first = "accounts.opened"`.
fn walk_start(
    f: &Fields<'_>,
    ty: LogicalType,
    resolution: i128,
    value: &impl Fn(&Node, bool) -> Option<i128>,
) -> Option<WalkStart> {
    let Some(node) = f.node("first") else {
        f.error(
            codes::MISSING_KEY,
            "generator",
            "a walk needs `first`: a value, [least, greatest], or a parent's column",
            Some("such as first = [100, 500], or first = \"sessions.started\"".into()),
        );
        return None;
    };
    if let Some(at) = value(node, false) {
        return Some(WalkStart::Range {
            min: at,
            step: 1,
            count: 1,
        });
    }
    if let Some((table, column)) = string_of(node)
        .as_deref()
        .and_then(|t| t.rsplit_once('.'))
        .filter(|(t, c)| !t.is_empty() && !c.is_empty())
    {
        return Some(WalkStart::Carry {
            via: table.to_owned(),
            column: column.to_owned(),
            place: node.place,
        });
    }
    let ends = match &node.value {
        crate::config::Value::Array(items) => match items.as_slice() {
            [low, high] => value(low, false).zip(value(high, true)),
            _ => None,
        },
        _ => None,
    };
    let count = ends
        .filter(|(low, high)| low <= high)
        .and_then(|(low, high)| u64::try_from((high - low) / resolution + 1).ok());
    match (ends, count) {
        (Some((min, _)), Some(count)) => Some(WalkStart::Range {
            min,
            step: resolution,
            count,
        }),
        _ => {
            f.error(
                codes::WRONG_KIND,
                "first",
                format!("`first` is neither a value of type {ty}, nor [least, greatest], nor a parent's column"),
                None,
            );
            None
        }
    }
}

/// `generator = "wave", base = 20, amplitude = 5, period = 96, trend = 0.01, noise = 0.5`.
pub(crate) fn wave(f: &Fields<'_>, ty: LogicalType) -> Generator {
    if !ty.is_numeric() {
        f.error(
            codes::WRONG_KIND,
            "generator",
            format!("a wave has numbers, and the type is {ty}"),
            None,
        );
        return placeholder();
    }
    let (min, max) = number_bounds(f);
    let noise = f.float("noise").unwrap_or(0.0);
    if noise < 0.0 {
        f.error(
            codes::BAD_VALUE,
            "noise",
            format!("`noise` is {noise}, a standard deviation, and not below 0"),
            None,
        );
    }
    let amplitude = f.float("amplitude").unwrap_or(0.0);
    let period = f.positive("period");
    if amplitude != 0.0 && period.is_none() && !f.has("period") {
        f.error(
            codes::MISSING_KEY,
            "amplitude",
            "an `amplitude` needs `period`, the rows of a season",
            None,
        );
    }
    if let (Some(low), Some(high)) = (min, max)
        && low.to_f64() > high.to_f64()
    {
        f.error(
            codes::IMPOSSIBLE,
            crate::read::numeric::bound_key(f),
            format!("the least value {low} is above the greatest, {high}"),
            None,
        );
    }
    Generator::Wave(Wave {
        base: f.float("base").unwrap_or(0.0),
        trend: f.float("trend").unwrap_or(0.0),
        amplitude,
        period: period.unwrap_or(1.0),
        phase: f.float("phase").unwrap_or(0.0),
        noise,
        min: min.map(crate::Number::to_f64),
        max: max.map(crate::Number::to_f64),
    })
}

/// `polymorphic = "subject_type", targets = { post = "posts.post_id", photo = "photos.photo_id" }`.
pub(crate) fn polymorphic(f: &Fields<'_>) -> Generator {
    let by = f.string("polymorphic").unwrap_or_default();
    let Some(entries) = f.node("targets").and_then(|n| n.table()) else {
        f.error(
            codes::MISSING_KEY,
            "polymorphic",
            "`polymorphic` needs `targets`: the values of that column, and the keys they lead to",
            Some("targets = { post = \"posts.post_id\", photo = \"photos.photo_id\" }".into()),
        );
        return placeholder();
    };
    let mut targets = Vec::with_capacity(entries.len());
    for (value, node) in entries {
        let text = string_of(node).unwrap_or_default();
        match text.rsplit_once('.') {
            Some((table, column)) if !table.is_empty() && !column.is_empty() => targets.push((
                value.clone(),
                Reference {
                    table: table.to_owned(),
                    column: column.to_owned(),
                    place: node.place,
                },
            )),
            _ => f.ctx.error(
                codes::BAD_VALUE,
                node.place,
                format!("`{text}` is not a reference"),
                Some("write \"table.column\"".into()),
            ),
        }
    }
    Generator::Polymorphic(Polymorphic { by, targets })
}
