//! Interval literals: a text with an optional qualifier.
//! The texts themselves are read by `interval`.

use arrow::array::ArrayRef;

use super::interval::{self, Interval, Qualifier, Unit};
use super::interval_column::{IntervalSink, Intervals};
use super::wall::DAY;
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::{SqlType, TypeClass};

/// `INTERVAL 'text' [qualifier]`, and casts to an interval type with a qualifier: argument 0 is a text or an interval,
/// argument 1 the qualifier in lower case (`day to second(3)`, `month`, or empty). The value is cut to the qualifier's
/// smallest field, which also is the unit of a quantity that has none; with two fields, a lone quantity counts the
/// smaller one.
pub fn interval_literal(call: &Call<'_>) -> Result<ArrayRef> {
    let qualifier = call.constant_text(1).flatten().unwrap_or("");
    let fields = if qualifier.is_empty() {
        None
    } else {
        let (first, last) = qualifier
            .split_once(" to ")
            .unwrap_or((qualifier, qualifier));
        Some(Qualifier {
            first: unit(call, first)?,
            last: unit(call, last)?,
        })
    };
    let digits = qualifier
        .split_once('(')
        .and_then(|(_, n)| n.trim_end_matches(')').trim().parse::<u32>().ok());
    // DAY TO SECOND is one number of microseconds: 26 hours are a day and two hours.
    let whole_days = *call.returns == SqlType::IntervalDs;
    let fit = |value: Interval| {
        let value = match i32::try_from(value.nanos / DAY) {
            Ok(days) if whole_days => Interval {
                days: value.days.saturating_add(days),
                nanos: value.nanos % DAY,
                ..value
            },
            _ => value,
        };
        match fields {
            Some(f) => rounded(value.truncated(f.last), digits),
            None => value,
        }
    };
    let mut sink = IntervalSink::new(call)?;
    if call.types[0].class() == TypeClass::Interval {
        let source = Intervals::new(call, 0)?;
        for row in 0..call.rows {
            match source.get(row) {
                Some(value) => sink.push(fit(value))?,
                None => sink.null(),
            }
        }
        return Ok(sink.finish());
    }
    let texts = call.text(0)?;
    for row in 0..call.rows {
        let Some(text) = texts.get(row) else {
            sink.null();
            continue;
        };
        let value = interval::parse(text, fields, call.env.dialect)
            .ok_or_else(|| SqlError::invalid_value("Interval", text))?;
        sink.push(fit(value))?;
    }
    Ok(sink.finish())
}

/// Seconds rounded to a number of digits.
fn rounded(value: Interval, digits: Option<u32>) -> Interval {
    let Some(unit) = digits.filter(|d| *d < 9).map(|d| 10i64.pow(9 - d)) else {
        return value;
    };
    let rest = value.nanos % unit;
    let nanos = value.nanos - rest;
    let up = if rest.abs() * 2 >= unit {
        unit * rest.signum()
    } else {
        0
    };
    Interval {
        nanos: nanos.saturating_add(up),
        ..value
    }
}

/// The field that a word names; SECOND may carry a precision, as in `second(3)`.
fn unit(call: &Call<'_>, word: &str) -> Result<Unit> {
    let name = word.split('(').next().unwrap_or(word).trim();
    Unit::parse(name).ok_or_else(|| match call.env.dialect {
        DialectName::Snowflake => call.error(format!("'{name}' is not a unit of an interval")),
        DialectName::Redshift => SqlError::raw(
            "",
            "42601",
            format!("interval field \"{name}\" is not valid"),
        ),
    })
}
