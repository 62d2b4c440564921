//! Dates and timestamps moved by days or intervals, and distances between dates.
//! Parts, truncation and DATEDIFF are `kernels::datetime`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int32Array, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Int64Type, IntervalMonthDayNano,
    IntervalMonthDayNanoType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampNanosecondType,
};

use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Call;
use crate::kernels::format::{civil, days_from_civil};
use crate::types::SqlType;

const DAY_NANOS: i128 = 86_400_000_000_000;

fn out_of_range(what: &str) -> SqlError {
    ErrorKind::OutOfRange {
        ty: what.to_owned(),
        value: String::new(),
    }
    .into()
}

/// DATE plus a number of days (an integer; for minus the dialect negates it first).
///
/// # Errors
/// [`ErrorKind::OutOfRange`] beyond what a date can hold.
pub fn add_days(call: &Call<'_>) -> Result<ArrayRef> {
    let (d, n) = (call.date(0)?, call.int(1)?);
    let mut out = Date32Array::builder(call.rows);
    for row in 0..call.rows {
        out.append_option(match (d.get(row), n.get(row)) {
            (Some(d), Some(n)) => {
                let v = i64::from(d)
                    .checked_add(n)
                    .and_then(|v| i32::try_from(v).ok());
                Some(v.ok_or_else(|| out_of_range("DATE"))?)
            }
            _ => None,
        });
    }
    Ok(Arc::new(out.finish()))
}

/// Days from the second DATE to the first: `a - b` as 64-bit integers.
///
/// # Errors
/// Only for operands that are no dates.
pub fn date_difference(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (call.date(0)?, call.date(1)?);
    call.map_int(|row| {
        Ok(a.get(row)
            .zip(b.get(row))
            .map(|(a, b)| i64::from(a) - i64::from(b)))
    })
}

/// A day number moved by months; a day that the month lacks becomes its last one.
fn add_months(days: i64, months: i32) -> Option<i64> {
    if months == 0 {
        return Some(days);
    }
    let (y, m, d) = civil(i32::try_from(days).ok()?);
    let total = i64::from(y) * 12 + i64::from(m) - 1 + i64::from(months);
    let (y, m) = (
        i32::try_from(total.div_euclid(12)).ok()?,
        total.rem_euclid(12) as u32 + 1,
    );
    let next = if m == 12 {
        days_from_civil(y + 1, 1, 1)
    } else {
        days_from_civil(y, m + 1, 1)
    };
    let last = (next - days_from_civil(y, m, 1)) as u32;
    Some(days_from_civil(y, m, d.min(last)))
}

/// Wall-clock nanoseconds moved by an interval: months, then days, then time.
fn moved(nanos: i128, by: IntervalMonthDayNano, sign: i32) -> Option<i128> {
    let days = i64::try_from(nanos.div_euclid(DAY_NANOS)).ok()?;
    let days =
        add_months(days, by.months.checked_mul(sign)?)? + i64::from(by.days) * i64::from(sign);
    Some(
        i128::from(days) * DAY_NANOS
            + nanos.rem_euclid(DAY_NANOS)
            + i128::from(by.nanoseconds) * i128::from(sign),
    )
}

/// A date, time or timestamp plus an interval, as the returned type. DATE may become a wall-clock timestamp.
///
/// # Errors
/// [`ErrorKind::OutOfRange`] beyond what the type can hold.
pub fn add_interval(call: &Call<'_>) -> Result<ArrayRef> {
    shift(call, 1)
}

/// A date, time or timestamp minus an interval, like [`add_interval`].
///
/// # Errors
/// [`ErrorKind::OutOfRange`] beyond what the type can hold.
pub fn subtract_interval(call: &Call<'_>) -> Result<ArrayRef> {
    shift(call, -1)
}

fn shift(call: &Call<'_>, sign: i32) -> Result<ArrayRef> {
    let (from, returns) = (&call.types[0], call.returns);
    match (from, returns) {
        (SqlType::Date, SqlType::Date) => by::<Date32Type>(call, |d, i| {
            let v = moved(i128::from(d) * DAY_NANOS, i, sign)?;
            i32::try_from(v.div_euclid(DAY_NANOS)).ok()
        }),
        (SqlType::Date, SqlType::Timestamp(_)) => {
            let array = cast(&call.args[0].array, &returns.arrow())?;
            with_array(call, array, |call| shift_instant(call, sign))
        }
        (SqlType::Time(_), SqlType::Time(_)) => by::<Time64NanosecondType>(call, |t, i| {
            let v = i128::from(t) + i128::from(i.nanoseconds) * i128::from(sign);
            i64::try_from(v.rem_euclid(DAY_NANOS)).ok()
        }),
        (SqlType::Timestamp(_), SqlType::Timestamp(_))
        | (SqlType::TimestampLtz(_), SqlType::TimestampLtz(_)) => shift_instant(call, sign),
        (SqlType::TimestampTz(_), SqlType::TimestampTz(_)) => shift_tz(call, sign),
        _ => Err(SqlError::internal(format!(
            "{from} moved by an interval to {returns}"
        ))),
    }
}

/// The same call with another first argument.
fn with_array(
    call: &Call<'_>,
    array: ArrayRef,
    f: impl FnOnce(&Call<'_>) -> Result<ArrayRef>,
) -> Result<ArrayRef> {
    let mut args = call.args.to_vec();
    args[0].array = array;
    f(&Call {
        args: &args,
        ..*call
    })
}

fn shift_instant(call: &Call<'_>, sign: i32) -> Result<ArrayRef> {
    use chrono::{Offset, TimeZone};
    let zone = call.env.timezone;
    let ltz = matches!(call.returns, SqlType::TimestampLtz(_));
    // Months and days are counted on the wall clock of the session's zone.
    let local = move |nanos: i128, i: IntervalMonthDayNano| -> Option<i128> {
        if !ltz || (i.months == 0 && i.days == 0) {
            return moved(nanos, i, sign);
        }
        let offset = |seconds: i64| {
            chrono::DateTime::from_timestamp(seconds, 0).map(|t| {
                i128::from(
                    zone.offset_from_utc_datetime(&t.naive_utc())
                        .fix()
                        .local_minus_utc(),
                )
            })
        };
        let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
        let wall = moved(
            nanos + offset(seconds)? * 1_000_000_000,
            IntervalMonthDayNano::new(i.months, i.days, 0),
            sign,
        )?;
        let naive = chrono::DateTime::from_timestamp(
            i64::try_from(wall.div_euclid(1_000_000_000)).ok()?,
            0,
        )?
        .naive_utc();
        let back = match zone.offset_from_local_datetime(&naive) {
            chrono::LocalResult::Single(o) | chrono::LocalResult::Ambiguous(o, _) => {
                i128::from(o.fix().local_minus_utc())
            }
            // A wall clock time that the zone skips: the offset before the gap.
            chrono::LocalResult::None => offset(seconds)?,
        };
        Some(wall - back * 1_000_000_000 + i128::from(i.nanoseconds) * i128::from(sign))
    };
    match call.args[0].array.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            by::<TimestampNanosecondType>(call, |t, i| i64::try_from(local(i128::from(t), i)?).ok())
        }
        _ => by::<TimestampMicrosecondType>(call, |t, i| {
            i64::try_from(local(i128::from(t) * 1000, i)?.div_euclid(1000)).ok()
        }),
    }
}

fn shift_tz(call: &Call<'_>, sign: i32) -> Result<ArrayRef> {
    let column = &call.args[0];
    let input = column.array.as_struct();
    let (instants, offsets) = (
        input.column(0),
        input
            .column(1)
            .as_primitive::<arrow::datatypes::Int32Type>(),
    );
    let unit: i128 = if matches!(
        instants.data_type(),
        DataType::Timestamp(TimeUnit::Nanosecond, _)
    ) {
        1
    } else {
        1000
    };
    let raw = instants.to_data();
    let raw = arrow::array::make_array(raw.into_builder().data_type(DataType::Int64).build()?);
    let raw = raw.as_primitive::<Int64Type>();
    let amounts = call.view_primitive::<IntervalMonthDayNanoType>(1)?;
    let mut out = Vec::with_capacity(call.rows);
    let mut kept = Int32Array::builder(call.rows);
    let mut valid = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let i = column.index(row);
        match (input.is_null(i), amounts(row)) {
            (false, Some(by)) => {
                let offset = i128::from(offsets.value(i)) * 60_000_000_000;
                let v = moved(i128::from(raw.value(i)) * unit + offset, by, sign)
                    .and_then(|v| i64::try_from((v - offset).div_euclid(unit)).ok())
                    .ok_or_else(|| out_of_range("TIMESTAMP_TZ"))?;
                out.push(v);
                kept.append_value(offsets.value(i));
                valid.push(true);
            }
            _ => {
                out.push(0);
                kept.append_value(0);
                valid.push(false);
            }
        }
    }
    let ints: ArrayRef = Arc::new(arrow::array::Int64Array::from(out));
    let DataType::Struct(fields) = call.returns.arrow() else {
        return Err(SqlError::internal("TIMESTAMP_TZ is no struct"));
    };
    let instants = arrow::array::make_array(
        ints.to_data()
            .into_builder()
            .data_type(fields[0].data_type().clone())
            .build()?,
    );
    let array = StructArray::try_new(
        fields,
        vec![instants, Arc::new(kept.finish())],
        Some(valid.into()),
    )?;
    Ok(Arc::new(array))
}

fn by<T: ArrowPrimitiveType>(
    call: &Call<'_>,
    f: impl Fn(T::Native, IntervalMonthDayNano) -> Option<T::Native>,
) -> Result<ArrayRef> {
    let (a, b) = (
        call.view_primitive::<T>(0)?,
        call.view_primitive::<IntervalMonthDayNanoType>(1)?,
    );
    let mut out =
        arrow::array::PrimitiveArray::<T>::builder(call.rows).with_data_type(call.returns.arrow());
    for row in 0..call.rows {
        match (a(row), b(row)) {
            (Some(x), Some(i)) => {
                out.append_value(
                    f(x, i)
                        .ok_or_else(|| out_of_range(&call.env.dialect.type_name(call.returns)))?,
                );
            }
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// The sum of two intervals of the same representation.
///
/// # Errors
/// [`ErrorKind::OutOfRange`].
pub fn add_intervals(call: &Call<'_>) -> Result<ArrayRef> {
    by::<IntervalMonthDayNanoType>(call, |a, b| {
        Some(IntervalMonthDayNano::new(
            a.months.checked_add(b.months)?,
            a.days.checked_add(b.days)?,
            a.nanoseconds.checked_add(b.nanoseconds)?,
        ))
    })
}
