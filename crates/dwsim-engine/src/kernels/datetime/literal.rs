//! Interval literals: a text with an optional qualifier.
//! The texts themselves are read by `interval`.

use arrow::array::ArrayRef;

use super::interval::{self, Qualifier, Unit};
use super::interval_column::IntervalSink;
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;

/// `INTERVAL 'text' [qualifier]`: argument 0 is the text, argument 1 the qualifier in lower case (`day to second`,
/// `month`, or empty). The literal is cut to the qualifier's smallest field, which also is the unit of a quantity
/// that has none; with two fields, a lone quantity counts the smaller one.
pub fn interval_literal(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
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
    let mut sink = IntervalSink::new(call)?;
    for row in 0..call.rows {
        let Some(text) = texts.get(row) else {
            sink.null();
            continue;
        };
        let value = interval::parse(text, fields, call.env.dialect)
            .ok_or_else(|| SqlError::invalid_value("Interval", text))?;
        sink.push(match fields {
            Some(f) => value.truncated(f.last),
            None => value,
        })?;
    }
    Ok(sink.finish())
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
