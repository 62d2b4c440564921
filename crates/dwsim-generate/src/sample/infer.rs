//! The type of a column of texts: the narrowest one that holds every value.
//! Values that do not fit are never dropped; a column of which one value is text is text.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::error::ArrowError;
use dwsim_schema::{Number, temporal};

/// Most digits after the point of a decimal; numbers with more are floats.
const MAX_SCALE: u32 = 9;

/// The column as its type.
pub(crate) fn column_of(texts: &[Option<String>]) -> Result<ArrayRef, ArrowError> {
    let known = || texts.iter().flatten().map(|t| t.trim());
    let strings = || {
        let array: StringArray = texts.iter().map(Option::as_deref).collect();
        Ok(Arc::new(array) as ArrayRef)
    };
    if known().next().is_none() {
        return strings();
    }
    if known().all(|t| boolean(t).is_some()) {
        let array: BooleanArray = texts
            .iter()
            .map(|t| t.as_deref().and_then(|t| boolean(t.trim())))
            .collect();
        return Ok(Arc::new(array));
    }
    // a leading zero is part of a code, not of a number
    let code = |t: &str| {
        let digits = t.trim_start_matches(['-', '+']);
        digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.")
    };
    let numbers: Option<Vec<Number>> = known()
        .map(|t| Number::parse(t).filter(|_| !code(t) && !t.contains('_')))
        .collect();
    if let Some(numbers) = numbers {
        return numeric(texts, &numbers);
    }
    if known().all(|t| t.len() == 10 && temporal::parse_date(t).is_some()) {
        let array: Date32Array = texts
            .iter()
            .map(|t| t.as_deref().and_then(|t| temporal::parse_date(t.trim())))
            .collect();
        return Ok(Arc::new(array));
    }
    if known().all(|t| t.len() > 10 && temporal::parse_timestamp(t).is_some()) {
        let array: TimestampMicrosecondArray = texts
            .iter()
            .map(|t| {
                t.as_deref()
                    .and_then(|t| temporal::parse_timestamp(t.trim()))
                    .map(|(at, _)| at)
            })
            .collect();
        return Ok(Arc::new(array));
    }
    strings()
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "t" => Some(true),
        "false" | "False" | "FALSE" | "f" => Some(false),
        _ => None,
    }
}

fn numeric(texts: &[Option<String>], numbers: &[Number]) -> Result<ArrayRef, ArrowError> {
    let scale = numbers
        .iter()
        .map(|n| (0..=MAX_SCALE).find(|s| n.exact_at(*s).is_some()))
        .collect::<Option<Vec<u32>>>()
        .and_then(|scales| scales.into_iter().max());
    let parsed = |t: &Option<String>| t.as_deref().and_then(|t| Number::parse(t.trim()));
    let units: Option<Vec<Option<i128>>> = scale.and_then(|scale| {
        texts
            .iter()
            .map(|t| match parsed(t) {
                None => Some(None),
                Some(n) => n
                    .exact_at(scale)
                    .filter(|v| v.unsigned_abs() < 10u128.pow(18))
                    .map(Some),
            })
            .collect()
    });
    match (scale, units) {
        (Some(0), Some(units)) => {
            let array: Int64Array = units.into_iter().map(|v| v.map(|v| v as i64)).collect();
            Ok(Arc::new(array))
        }
        (Some(scale), Some(units)) => {
            let array: Decimal128Array = units.into_iter().collect();
            Ok(Arc::new(array.with_precision_and_scale(18, scale as i8)?))
        }
        _ => {
            let array: Float64Array = texts
                .iter()
                .map(|t| parsed(t).map(Number::to_f64))
                .collect();
            Ok(Arc::new(array))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use arrow::array::Array;

    #[test]
    fn the_narrowest_type_that_holds_all() {
        for (texts, ty) in [
            (&["1", "", "-3"][..], "Int64"),
            (&["1.50", "2"], "Decimal128(18, 1)"),
            (&["1e-12", "2"], "Float64"),
            (&["01", "2"], "Utf8"),
            (&["true", "false"], "Boolean"),
            (&["2024-01-31", ""], "Date32"),
            (&["2024-01-31 10:00:00"], "Timestamp(µs)"),
            (&["2024-01-31", "x"], "Utf8"),
            (&[""], "Utf8"),
        ] {
            let texts: Vec<Option<String>> = texts
                .iter()
                .map(|t| (!t.is_empty()).then(|| (*t).to_owned()))
                .collect();
            let array = column_of(&texts).unwrap();
            assert_eq!(array.data_type().to_string(), ty, "{texts:?}");
            assert_eq!(array.len(), texts.len());
        }
    }
}
