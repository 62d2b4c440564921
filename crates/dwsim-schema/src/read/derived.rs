//! Columns that depend on others: children of a parent, carried values, distances, conditions, formulas.
//! That the other columns exist and fit is checked by `validate`.

use crate::codes;
use crate::config::Node;
use crate::model::{Condition, Generator, Offset, Resolution, Scalar};
use crate::read::column::placeholder;
use crate::read::fields::{Fields, number_of, scalar_of, string_of};
use crate::read::formula as expression;
use crate::read::points::duration_units;
use crate::read::values::{checked_scalar, weights};
use crate::types::LogicalType;

/// Most children a parent may have.
const MAX_CHILDREN: i128 = 100_000;

/// `children = { min = 1, max = 4, weights = [4, 3, 2, 1] }`, evenly without weights.
pub(crate) fn children(f: &Fields<'_>, node: &Node) -> Generator {
    let c = Fields::of(f.ctx, node, format!("`children` of {}", f.what));
    let min = c.integer("min", 0..=MAX_CHILDREN).unwrap_or(0);
    let max = c.integer("max", 0..=MAX_CHILDREN);
    if max.is_none() && !c.has("max") {
        f.ctx.error(
            codes::MISSING_KEY,
            node.place,
            "`children` lacks `max`",
            None,
        );
    }
    let until = c.string("until");
    if until.is_some() && (c.has("min") || c.has("weights")) {
        f.ctx.error(
            codes::CONFLICT,
            node.place,
            "`until` says where the children end; only `max` goes with it",
            None,
        );
    }
    let min = if until.is_some() { 1 } else { min };
    let max = max.unwrap_or(min);
    if min > max || max == 0 {
        f.ctx.error(
            codes::IMPOSSIBLE,
            node.place,
            format!("{min} to {max} children are none"),
            None,
        );
        return placeholder();
    }
    let count = usize::try_from(max - min + 1).unwrap_or(1);
    let weights = c
        .node("weights")
        .map_or_else(|| vec![1.0; count], |n| weights(&c, n, count));
    c.finish();
    Generator::Children {
        min: u32::try_from(min).unwrap_or(0),
        weights,
        until,
    }
}

/// `generator = "child_number"`.
pub(crate) fn child_number(f: &Fields<'_>, ty: LogicalType) -> Generator {
    if !ty.is_integer() {
        f.error(
            codes::WRONG_KIND,
            "generator",
            format!("a child's number is whole, and the type is {ty}"),
            None,
        );
    }
    Generator::ChildNumber
}

/// `carry = "customers.country"`; which foreign key leads there is found by `validate`.
pub(crate) fn carry(f: &Fields<'_>) -> Generator {
    let text = f.string("carry").unwrap_or_default();
    match text.rsplit_once('.') {
        Some((table, column)) if !table.is_empty() && !column.is_empty() => Generator::Carry {
            via: table.to_owned(),
            column: column.to_owned(),
            place: f.place_of("carry"),
        },
        _ => {
            f.error(
                codes::BAD_VALUE,
                "carry",
                format!("`{text}` is not a column of a parent"),
                Some("write \"parent.column\"".into()),
            );
            placeholder()
        }
    }
}

/// `greater_than = "ordered_at", delta = ["1 hour", "10 days"]`, or with numbers.
pub(crate) fn offset(f: &Fields<'_>, ty: LogicalType, below: bool) -> Generator {
    let key = if below { "less_than" } else { "greater_than" };
    let base = f.string(key).unwrap_or_default();
    if !ty.is_temporal() && ty.integer_bounds().is_none() {
        f.error(
            codes::WRONG_KIND,
            key,
            format!("`{key}` needs whole steps, and the type is {ty}"),
            None,
        );
        return placeholder();
    }
    let Some((low, high)) = f.pair("delta") else {
        if !f.has("delta") {
            let example = if ty.is_temporal() {
                "delta = [\"0 seconds\", \"10 days\"]"
            } else {
                "delta = [0, 100]"
            };
            f.error(
                codes::MISSING_KEY,
                key,
                format!("`{key}` needs `delta`, the least and greatest distance"),
                Some(example.into()),
            );
        }
        return placeholder();
    };
    let units = |node: &Node| {
        let value = if ty.is_temporal() {
            string_of(node).and_then(|t| duration_units(&t, ty))
        } else {
            number_of(node).and_then(|n| n.exact_at(ty.scale()))
        };
        if value.is_none() {
            let example = if ty.is_temporal() {
                "such as \"90 minutes\""
            } else {
                "a number of the column's type"
            };
            f.ctx.error(
                codes::WRONG_KIND,
                node.place,
                format!("not a distance of values of type {ty}"),
                Some(example.into()),
            );
        }
        value
    };
    let (Some(min), Some(max)) = (units(&low), units(&high)) else {
        return placeholder();
    };
    if min < 0 || min > max {
        f.error(
            codes::IMPOSSIBLE,
            "delta",
            "`delta` is [least, greatest], and the least is at least 0",
            None,
        );
        return placeholder();
    }
    let step = if ty.is_timestamp() || ty == LogicalType::Time {
        i128::from(
            f.word("resolution", &Resolution::NAMES)
                .unwrap_or(Resolution::Second)
                .micros(),
        )
    } else {
        1
    };
    Generator::Offset(Offset {
        base,
        below,
        min,
        step,
        count: ((max - min) / step).unsigned_abs() + 1,
    })
}

/// `between = ["ordered_at", "delivered_at"]`.
pub(crate) fn between(f: &Fields<'_>, ty: LogicalType) -> Generator {
    if !ty.is_temporal() && ty.integer_bounds().is_none() {
        f.error(
            codes::WRONG_KIND,
            "between",
            format!("`between` needs whole steps, and the type is {ty}"),
            None,
        );
    }
    let names = f.strings("between").unwrap_or_default();
    match names.as_slice() {
        [(low, _), (high, _)] => Generator::Between {
            low: low.clone(),
            high: high.clone(),
        },
        _ => {
            f.error(
                codes::BAD_VALUE,
                "between",
                "`between` names two columns, [lower, higher]",
                None,
            );
            placeholder()
        }
    }
}

/// `formula = "quantity * unit_price"`.
pub(crate) fn formula(f: &Fields<'_>, ty: LogicalType) -> Generator {
    let text = f.string("formula").unwrap_or_default();
    if ty.integer_bounds().is_none() {
        f.error(
            codes::WRONG_KIND,
            "formula",
            format!("a formula is calculated in exact decimals, and the type is {ty}"),
            Some("use a decimal or a whole number".into()),
        );
    }
    match expression::parse(&text) {
        Ok(expression) => Generator::Formula(expression),
        Err(message) => {
            f.error(
                codes::BAD_VALUE,
                "formula",
                format!("formula `{text}`: {message}"),
                None,
            );
            placeholder()
        }
    }
}

/// `when = { status = ["returned"] }`: columns with the values they may have.
pub(crate) fn condition(f: &Fields<'_>, key: &'static str) -> Vec<Condition> {
    let Some(node) = f.node(key) else {
        return Vec::new();
    };
    let Some(entries) = node.table() else {
        f.error(
            codes::WRONG_KIND,
            key,
            format!("`{key}` is a table of columns and their values"),
            Some(format!("{key} = {{ status = [\"open\"] }}")),
        );
        return Vec::new();
    };
    let mut out = Vec::with_capacity(entries.len());
    for (column, node) in entries {
        let values: Option<Vec<Scalar>> = match scalar_of(node) {
            Some(one) => Some(vec![one]),
            None => f
                .items(key, node)
                .and_then(|items| items.iter().map(scalar_of).collect()),
        };
        match values {
            Some(values) if !values.is_empty() => {
                out.push(Condition {
                    column: column.clone(),
                    values,
                    place: node.place,
                });
            }
            _ => f.ctx.error(
                codes::WRONG_KIND,
                node.place,
                "a condition is a list of values",
                None,
            ),
        }
    }
    out
}

/// `otherwise = 0`, beside `when`.
pub(crate) fn otherwise(f: &Fields<'_>, ty: LogicalType) -> Option<Scalar> {
    let node = f.node("otherwise")?;
    if !f.has("when") {
        f.error(
            codes::CONFLICT,
            "otherwise",
            "`otherwise` goes only with `when`",
            None,
        );
    }
    checked_scalar(f, node, ty)
}
