//! Operators on dates, times, timestamps and intervals, as kernels that the dialects' operator rules choose.
//! Functions such as DATEADD are `add`, DATEDIFF is `difference`.

use arrow::array::ArrayRef;

use super::difference::apart;
use super::interval::Interval;
use super::interval_column::{IntervalSink, Intervals, overflow};
use super::sink::{Sink, out_of_range};
use super::source::{Kind, Source};
use super::truncate::append;
use super::wall::{DAY, Wall, add_months};
use crate::error::Result;
use crate::functions::Call;

/// DATE + days: arguments DATE and BIGINT, result DATE (or a timestamp type, at midnight).
pub fn date_plus_days(call: &Call<'_>) -> Result<ArrayRef> {
    shift_days(call, 1)
}

/// DATE - days: arguments DATE and BIGINT, result DATE.
pub fn date_minus_days(call: &Call<'_>) -> Result<ArrayRef> {
    shift_days(call, -1)
}

fn shift_days(call: &Call<'_>, sign: i64) -> Result<ArrayRef> {
    let mut source = Source::new(call, 0)?;
    let n = call.int(1)?;
    let mut sink = Sink::new(call)?;
    let kind = source.kind();
    for row in 0..call.rows {
        let (Some(m), Some(n)) = (source.get(row), n.get(row)) else {
            sink.null();
            continue;
        };
        let day = n
            .checked_mul(sign)
            .and_then(|n| n.checked_add(i64::from(m.wall.day)))
            .and_then(|d| i32::try_from(d).ok())
            .ok_or_else(|| out_of_range(call.returns, m.wall, call.env.dialect))?;
        append(
            &mut sink,
            kind,
            m.offset,
            Wall {
                day,
                nano: m.wall.nano,
            },
        )?;
    }
    sink.finish()
}

/// DATE - DATE: days, as BIGINT.
pub fn days_between(call: &Call<'_>) -> Result<ArrayRef> {
    let mut a = Source::new(call, 0)?;
    let mut b = Source::new(call, 1)?;
    call.map_int(|row| {
        Ok(match (a.wall(row), b.wall(row)) {
            (Some(a), Some(b)) => Some(i64::from(a.day) - i64::from(b.day)),
            _ => None,
        })
    })
}

/// Timestamp - timestamp (dates and times too): the time between them as an interval of days and time. Instants are
/// subtracted where both have a zone, wall clocks otherwise.
pub fn subtract_timestamps(call: &Call<'_>) -> Result<ArrayRef> {
    let mut a = Source::new(call, 0)?;
    let mut b = Source::new(call, 1)?;
    let zoned = |k: Kind| matches!(k, Kind::Session | Kind::Offset);
    let instants = zoned(a.kind()) || zoned(b.kind());
    let mut sink = IntervalSink::new(call)?;
    for row in 0..call.rows {
        let (x, y) = if instants {
            (a.instant(row), b.instant(row))
        } else {
            (a.wall(row), b.wall(row))
        };
        let (Some(x), Some(y)) = (x, y) else {
            sink.null();
            continue;
        };
        let (days, nanos) = apart(y, x);
        sink.push(Interval {
            months: 0,
            days: i32::try_from(days).map_err(|_| overflow(call.returns))?,
            nanos,
        })?;
    }
    Ok(sink.finish())
}

/// The furthest day from the epoch whose microseconds fit in 64 bits.
const MAX_DAY: u32 = 106_751_990;

/// A wall clock moved by an interval: months first (cut to the month's end), then days, then time.
pub fn moved(w: Wall, i: Interval) -> Option<Wall> {
    let day = if i.months == 0 {
        w.day
    } else {
        add_months(w.day, i64::from(i.months))?
    };
    let day = i32::try_from(i64::from(day) + i64::from(i.days)).ok()?;
    // Days whose microseconds a timestamp can hold.
    if day.unsigned_abs() > MAX_DAY {
        return None;
    }
    if i.nanos == 0 {
        return Some(Wall { day, nano: w.nano });
    }
    Wall::from_total(Wall { day, nano: w.nano }.total() + i128::from(i.nanos))
}

/// Date, time or timestamp + interval: the value first, the interval second; the result has the call's type.
pub fn plus_interval(call: &Call<'_>) -> Result<ArrayRef> {
    shift(call, false)
}

/// Date, time or timestamp - interval.
pub fn minus_interval(call: &Call<'_>) -> Result<ArrayRef> {
    shift(call, true)
}

fn shift(call: &Call<'_>, negative: bool) -> Result<ArrayRef> {
    let mut source = Source::new(call, 0)?;
    let intervals = Intervals::new(call, 1)?;
    let mut sink = Sink::new(call)?;
    let kind = source.kind();
    for row in 0..call.rows {
        let (Some(m), Some(i)) = (source.get(row), intervals.get(row)) else {
            sink.null();
            continue;
        };
        let fail = || out_of_range(call.returns, m.wall, call.env.dialect);
        let i = if negative {
            i.negated().ok_or_else(fail)?
        } else {
            i
        };
        if matches!(kind, Kind::Time | Kind::TimeTz) {
            // A time wraps around midnight; months and days do not change it.
            let nano = (m.wall.nano + i.nanos % DAY).rem_euclid(DAY);
            append(&mut sink, kind, m.offset, Wall { day: 0, nano })?;
            continue;
        }
        if kind == Kind::Session {
            // Months and days move the wall clock, time moves the instant.
            let days = moved(m.wall, Interval { nanos: 0, ..i }).ok_or_else(fail)?;
            let offset = source.zone().offset_of_local(days.seconds());
            let utc = Wall::from_total(days.shifted(-offset).total() + i128::from(i.nanos))
                .ok_or_else(fail)?;
            sink.instant(utc)?;
            continue;
        }
        append(
            &mut sink,
            kind,
            m.offset,
            moved(m.wall, i).ok_or_else(fail)?,
        )?;
    }
    sink.finish()
}

/// DATE + TIME: a timestamp.
pub fn date_plus_time(call: &Call<'_>) -> Result<ArrayRef> {
    super::add::timestamp_from_date_time(call)
}

/// Interval + interval, part by part.
pub fn add_intervals(call: &Call<'_>) -> Result<ArrayRef> {
    combine(call, |a, b| a.plus(b))
}

/// Interval - interval, part by part.
pub fn subtract_intervals(call: &Call<'_>) -> Result<ArrayRef> {
    combine(call, |a, b| a.plus(b.negated()?))
}

fn combine(
    call: &Call<'_>,
    f: impl Fn(Interval, Interval) -> Option<Interval>,
) -> Result<ArrayRef> {
    let (a, b) = (Intervals::new(call, 0)?, Intervals::new(call, 1)?);
    let mut sink = IntervalSink::new(call)?;
    for row in 0..call.rows {
        match (a.get(row), b.get(row)) {
            (Some(a), Some(b)) => sink.push(f(a, b).ok_or_else(|| overflow(call.returns))?)?,
            _ => sink.null(),
        }
    }
    Ok(sink.finish())
}

/// Interval * number: arguments interval and DOUBLE.
pub fn multiply_interval(call: &Call<'_>) -> Result<ArrayRef> {
    scale(call, |n| n)
}

/// Interval / number: arguments interval and DOUBLE.
pub fn divide_interval(call: &Call<'_>) -> Result<ArrayRef> {
    scale(call, |n| 1.0 / n)
}

fn scale(call: &Call<'_>, factor: impl Fn(f64) -> f64) -> Result<ArrayRef> {
    let a = Intervals::new(call, 0)?;
    let n = call.double(1)?;
    let mut sink = IntervalSink::new(call)?;
    for row in 0..call.rows {
        match (a.get(row), n.get(row)) {
            (Some(a), Some(n)) => {
                let f = factor(n);
                if !f.is_finite() {
                    return Err(crate::error::ErrorKind::DivisionByZero.into());
                }
                sink.push(a.times(f).ok_or_else(|| overflow(call.returns))?)?;
            }
            _ => sink.null(),
        }
    }
    Ok(sink.finish())
}

/// - interval.
pub fn negate_interval(call: &Call<'_>) -> Result<ArrayRef> {
    let a = Intervals::new(call, 0)?;
    let mut sink = IntervalSink::new(call)?;
    for row in 0..call.rows {
        match a.get(row) {
            Some(a) => sink.push(a.negated().ok_or_else(|| overflow(call.returns))?)?,
            None => sink.null(),
        }
    }
    Ok(sink.finish())
}
