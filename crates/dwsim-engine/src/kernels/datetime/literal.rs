//! Interval literals: a text with an optional qualifier.
//! The texts themselves are read by `interval`.

use arrow::array::ArrayRef;

use super::interval::{self, Unit};
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
    let mut fields = qualifier.split(" to ").map(str::trim);
    let first = fields.next().unwrap_or("");
    let last = fields.next().unwrap_or(first);
    let least = if last.is_empty() {
        None
    } else {
        // SECOND may carry a precision: second(3).
        let word = last.split('(').next().unwrap_or(last).trim();
        let unit = match Unit::parse(word) {
            Some(u) => Some(u),
            None if call.env.dialect == DialectName::Snowflake => {
                return Err(call.error(format!("'{word}' is not a unit of an interval")));
            }
            None => {
                return Err(SqlError::raw(
                    "",
                    "42601",
                    format!("interval qualifier \"{qualifier}\" is not valid"),
                ));
            }
        };
        unit
    };
    let mut sink = IntervalSink::new(call)?;
    for row in 0..call.rows {
        let Some(text) = texts.get(row) else {
            sink.null();
            continue;
        };
        let value = interval::parse(text, least, call.env.dialect)
            .ok_or_else(|| SqlError::invalid_value("Interval", text))?;
        sink.push(match least {
            Some(unit) => value.truncated(unit),
            None => value,
        })?;
    }
    Ok(sink.finish())
}
