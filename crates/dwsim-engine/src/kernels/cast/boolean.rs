//! Conversions to and from BOOLEAN.
//! Sources: Snowflake "Logical data types", Redshift "Boolean type".

use arrow::array::ArrayRef;

use super::attempt;
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;

/// The words for true and false, in any case; None for anything else.
pub fn parse_boolean(s: &str) -> Option<bool> {
    let s = s.trim();
    let is = |words: &[&str]| words.iter().any(|w| s.eq_ignore_ascii_case(w));
    if is(&["true", "t", "yes", "y", "on", "1"]) {
        Some(true)
    } else if is(&["false", "f", "no", "n", "off", "0"]) {
        Some(false)
    } else {
        None
    }
}

pub(super) fn text_to_boolean(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    call.map_bool(|row| match v.get(row) {
        None => Ok(None),
        Some(s) => attempt(
            call,
            parse_boolean(s).ok_or_else(|| SqlError::invalid_value("Boolean value", s)),
        ),
    })
}

pub(super) fn boolean_to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bool(0)?;
    call.map_text(|row| Ok(v.get(row).map(|b| if b { "true" } else { "false" })))
}

pub(super) fn numeric_to_boolean(call: &Call<'_>) -> Result<ArrayRef> {
    let a = &call.args[0];
    let d = arrow::compute::cast(&a.array, &arrow::datatypes::DataType::Float64)?;
    let d = arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(&d);
    call.map_bool(|row| {
        if a.is_null(row) {
            return Ok(None);
        }
        let v = d.value(a.index(row));
        if v.is_nan() && call.env.dialect == DialectName::Snowflake {
            return attempt(call, Err(SqlError::invalid_value("Boolean value", "NaN")));
        }
        Ok(Some(v != 0.0))
    })
}

pub(super) fn boolean_to_numeric(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bool(0)?;
    let one = match call.returns {
        SqlType::Number { scale, .. } => 10i128.pow(u32::from(*scale)),
        _ => 1,
    };
    if let SqlType::Number { precision, scale } = call.returns {
        let out: arrow::array::Decimal128Array = (0..call.rows)
            .map(|row| v.get(row).map(|b| if b { one } else { 0 }))
            .collect();
        return Ok(std::sync::Arc::new(
            out.with_precision_and_scale(*precision, *scale as i8)?,
        ));
    }
    call.map_int(|row| Ok(v.get(row).map(i64::from)))
}
