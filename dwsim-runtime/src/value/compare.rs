//! When two values are the same for a test, and the order in which unordered rows are stored.
//! Decimals are compared exactly, floats relatively, timestamps as instants, JSON structurally.

use super::{Decimal, Value};
use crate::snapshot::rules;
use std::cmp::Ordering;

fn floats_match(a: f64, b: f64) -> bool {
    a == b
        || (a.is_nan() && b.is_nan())
        || a.is_finite()
            && b.is_finite()
            && (a - b).abs() <= rules().float_tolerance * a.abs().max(b.abs())
}

/// Are two values the same for a test?
///
/// Numbers of different kinds match when they are exactly the same number; a redacted value matches its like.
#[must_use]
pub fn value_matches(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => floats_match(*a, *b),
        (Value::Json(a), Value::Json(b)) => json_matches(a, b),
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Decimal(a), Value::Decimal(b)) => a == b,
        (
            Value::Int(_) | Value::Decimal(_) | Value::Float(_),
            Value::Int(_) | Value::Decimal(_) | Value::Float(_),
        ) => {
            // one text per number, so equal texts are equal numbers whatever holds them
            super::cell::render(a) == super::cell::render(b)
        }
        _ => a == b,
    }
}

/// Are two JSON documents the same: objects by key whatever the order, numbers by value?
#[must_use]
pub fn json_matches(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value as J;
    match (a, b) {
        (J::Number(x), J::Number(y)) => match (x.as_i64(), y.as_i64(), x.as_u64(), y.as_u64()) {
            (Some(x), Some(y), ..) => x == y,
            (_, _, Some(x), Some(y)) => x == y,
            _ => matches!((x.as_f64(), y.as_f64()), (Some(x), Some(y)) if floats_match(x, y)),
        },
        (J::Array(x), J::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| json_matches(x, y))
        }
        (J::Object(x), J::Object(y)) => {
            x.len() == y.len()
                && x.iter()
                    .all(|(key, x)| y.get(key).is_some_and(|y| json_matches(x, y)))
        }
        _ => a == b,
    }
}

/// Are two rows the same, cell by cell?
#[must_use]
pub fn rows_match(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| value_matches(a, b))
}

/// A total order over values: by kind, numbers by value, text by code point, NULL last.
#[must_use]
pub fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::Int(a), Value::Decimal(b)) => Decimal::new(*a, 0).cmp(b),
        (Value::Decimal(a), Value::Int(b)) => a.cmp(&Decimal::new(*b, 0)),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Text(a), Value::Text(b)) | (Value::Redacted(a), Value::Redacted(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::TimestampTz(a), Value::TimestampTz(b)) => a.cmp(b).then(
            a.offset()
                .local_minus_utc()
                .cmp(&b.offset().local_minus_utc()),
        ),
        (Value::Interval(a), Value::Interval(b)) => a.cmp(b),
        (Value::Json(_), Value::Json(_)) => super::cell::render(a).cmp(&super::cell::render(b)),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Bool(_) => 0,
        Value::Int(_) => 1,
        // as Int: these two are compared by value
        Value::Decimal(_) => 1,
        Value::Float(_) => 2,
        Value::Text(_) => 3,
        Value::Bytes(_) => 4,
        Value::Date(_) => 5,
        Value::Time(_) => 6,
        Value::Timestamp(_) => 7,
        Value::TimestampTz(_) => 8,
        Value::Interval(_) => 9,
        Value::Json(_) => 10,
        Value::Redacted(_) => 11,
        Value::Null => 12,
    }
}

/// The order of rows in an unordered snapshot: cell by cell from the left. Floats count only where everything else
/// is equal, so that their last digit does not decide where a row stands.
#[must_use]
pub fn row_order(a: &[Value], b: &[Value]) -> Ordering {
    let by = |floats: bool| {
        let cells = a.iter().zip(b).filter(|(a, b)| {
            (matches!(a, Value::Float(_)) && matches!(b, Value::Float(_))) == floats
        });
        cells
            .map(|(a, b)| order(a, b))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    by(false).then_with(|| by(true)).then(a.len().cmp(&b.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn matching() {
        let float = Value::Float;
        let int = Value::Int;
        let dec = |t: &str| Value::Decimal(t.parse().expect("number"));
        for (a, b, same) in [
            (float(0.1 + 0.2), float(0.3), true),
            (float(1.0), float(1.000_001), false),
            (float(f64::NAN), float(f64::NAN), true),
            (float(f64::INFINITY), float(f64::MAX), false),
            (int(2), dec("2.0"), true),
            (int(2), float(2.0), true),
            (dec("0.3"), float(0.1 + 0.2), false),
            (dec("0.1"), dec("0.10"), true),
            (Value::Null, Value::Null, true),
            (Value::Null, Value::Text(String::new()), false),
            (
                Value::Json(json!({"a": 1, "b": [1.0]})),
                Value::Json(json!({"b": [1], "a": 1.0})),
                true,
            ),
            (Value::Json(json!(null)), Value::Null, false),
        ] {
            assert_eq!(value_matches(&a, &b), same, "{a} {b}");
        }
    }
}
