//! Values that are written down: categories with weights, constants, odds.
//! Distributions are left to `numeric`.

use crate::codes;
use crate::config::Node;
use crate::model::{Generator, Scalar};
use crate::number::Number;
use crate::read::column::placeholder;
use crate::read::fields::{Fields, number_of, scalar_of, string_of};
use crate::types::LogicalType;

pub(crate) fn bernoulli(f: &Fields<'_>, ty: LogicalType) -> Generator {
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

pub(crate) fn categorical(f: &Fields<'_>, ty: LogicalType) -> Generator {
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
pub(crate) fn weights(f: &Fields<'_>, node: &Node, count: usize) -> Vec<f64> {
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

/// `{ view = 5, buy = 1 }`: names with their weights, by the same rule.
pub(crate) fn table_weights(f: &Fields<'_>, node: &Node) -> Vec<(String, f64)> {
    let Some(entries) = node.table() else {
        f.ctx.error(
            codes::WRONG_KIND,
            node.place,
            format!(
                "weights are a table such as {{ a = 3, b = 1 }}, not {}",
                node.value.kind()
            ),
            None,
        );
        return Vec::new();
    };
    let numbers: Vec<Option<Number>> = entries.iter().map(|(_, n)| number_of(n)).collect();
    let weights: Vec<f64> = numbers
        .iter()
        .map(|n| n.map_or(f64::NAN, Number::to_f64))
        .collect();
    let sum: f64 = weights.iter().sum();
    let shares = numbers.iter().flatten().any(|n| n.exact_at(0).is_none());
    if !weights.iter().all(|w| *w >= 0.0) || (sum <= 0.0 && !entries.is_empty()) {
        let message = "weights are numbers of at least 0 and not all 0";
        f.ctx.error(codes::BAD_VALUE, node.place, message, None);
        return Vec::new();
    }
    if shares && (sum - 1.0).abs() > 1e-6 {
        f.ctx.error(
            codes::BAD_VALUE,
            node.place,
            format!("the weights are shares and sum to {sum}, not to 1"),
            Some("whole numbers are taken as relative weights".into()),
        );
    }
    entries
        .iter()
        .map(|(n, _)| n.clone())
        .zip(weights)
        .collect()
}

/// A scalar that the type can hold.
pub(crate) fn checked_scalar(f: &Fields<'_>, node: &Node, ty: LogicalType) -> Option<Scalar> {
    let scalar = scalar_of(node);
    let fits = scalar.as_ref().is_some_and(|s| ty.holds(s));
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

pub(crate) fn constant(f: &Fields<'_>, ty: LogicalType) -> Generator {
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
