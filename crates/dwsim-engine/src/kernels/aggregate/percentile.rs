//! Percentiles: interpolated and discrete.
//! The first argument is the ordered value, the second the fraction. Sources: Snowflake "PERCENTILE_CONT",
//! "PERCENTILE_DISC", "MEDIAN"; Redshift pages of the same names.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, new_null_array};
use arrow::compute::{SortOptions, cast, sort_to_indices, take};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};

use crate::error::{Result, SqlError};
use crate::functions::AggCall;

fn fraction(call: &AggCall<'_>) -> Result<f64> {
    let f = cast(&call.args[1], &DataType::Float64)?;
    let f = f.as_primitive::<Float64Type>();
    let v = if f.is_empty() || f.is_null(0) {
        0.0
    } else {
        f.value(0)
    };
    if (0.0..=1.0).contains(&v) {
        Ok(v)
    } else {
        Err(SqlError::raw(
            "001015",
            "22003",
            format!("percentile value {v} is not between 0 and 1"),
        ))
    }
}

/// The value at a fraction of the sorted values, interpolated; decimals exactly, rounded to the result's scale.
fn interpolate(call: &AggCall<'_>, fraction: f64) -> Result<ArrayRef> {
    let values = &call.args[0];
    if call.rows == 0 {
        return Ok(new_null_array(values.data_type(), 1));
    }
    let order = sort_to_indices(
        values,
        Some(SortOptions {
            descending: false,
            nulls_first: false,
        }),
        None,
    )?;
    let sorted = take(values, &order, None)?;
    let at = fraction * (call.rows - 1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    if low == high {
        return Ok(sorted.slice(low, 1));
    }
    if let DataType::Decimal128(_, s) = sorted.data_type() {
        let a = sorted.as_primitive::<Decimal128Type>();
        // Between two decimals: in units of 1/2^20 of the distance, exact for halves and quarters.
        let share = ((at - low as f64) * f64::from(1 << 20)).round() as i128;
        let (x, y) = (a.value(low), a.value(high));
        let extra = 6u32;
        let scaled = (x * 10i128.pow(extra)) + (y - x) * 10i128.pow(extra) * share / (1 << 20);
        let out = arrow::array::Decimal128Array::from(vec![scaled])
            .with_precision_and_scale(38, *s + extra as i8)?;
        return Ok(Arc::new(out));
    }
    // Dates and times lie between two of their units only where a unit ends.
    if let DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(..) = sorted.data_type() {
        let units = match sorted.data_type() {
            DataType::Date32 => cast(&cast(&sorted, &DataType::Int32)?, &DataType::Int64)?,
            _ => cast(&sorted, &DataType::Int64)?,
        };
        let units = units.as_primitive::<Int64Type>();
        let (x, y) = (units.value(low), units.value(high));
        let between = ((y - x) as f64 * (at - low as f64)).floor() as i64;
        let out: ArrayRef = Arc::new(Int64Array::from(vec![x + between]));
        return Ok(match sorted.data_type() {
            DataType::Date32 => cast(&cast(&out, &DataType::Int32)?, &DataType::Date32)?,
            ty => cast(&out, ty)?,
        });
    }
    let d = cast(&sorted, &DataType::Float64)?;
    let d = d.as_primitive::<Float64Type>();
    let (x, y) = (d.value(low), d.value(high));
    Ok(Arc::new(Float64Array::from(vec![
        x + (y - x) * (at - low as f64),
    ])))
}

/// PERCENTILE_CONT.
pub fn percentile_cont(call: &AggCall<'_>) -> Result<ArrayRef> {
    interpolate(call, fraction(call)?)
}

/// MEDIAN.
pub fn median(call: &AggCall<'_>) -> Result<ArrayRef> {
    interpolate(call, 0.5)
}

/// PERCENTILE_DISC: the first value whose cumulative distribution reaches the fraction, in the given order.
pub fn percentile_disc(call: &AggCall<'_>) -> Result<ArrayRef> {
    let p = fraction(call)?;
    if call.rows == 0 {
        return Ok(new_null_array(call.args[0].data_type(), 1));
    }
    let at = ((p * call.rows as f64).ceil() as usize).clamp(1, call.rows) - 1;
    Ok(call.args[0].slice(at, 1))
}
