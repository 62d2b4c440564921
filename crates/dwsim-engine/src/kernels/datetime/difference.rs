//! Boundaries of parts between two dates, times or timestamps, and their order.
//! Subtraction operators are `arithmetic`.

use std::cmp::Ordering;

use arrow::array::ArrayRef;

use super::interval_column::Intervals;
use super::part::{Part, WeekRules};
use super::source::{Kind, Source};
use super::wall::{DAY, Wall, week_start};
use crate::dialect::DialectName;
use crate::error::Result;
use crate::functions::Call;

/// Boundaries of a part crossed from one wall clock to another; None for parts that have none or too many.
pub fn boundaries(part: Part, from: Wall, to: Wall, first_weekday: u32) -> Option<i64> {
    if let Some(unit) = part.nanos() {
        let unit = i128::from(unit);
        return i64::try_from(to.total().div_euclid(unit) - from.total().div_euclid(unit)).ok();
    }
    let days = |a: i32, b: i32| i64::from(b) - i64::from(a);
    let ((fy, fm, _), (ty, tm, _)) = (from.date(), to.date());
    Some(match part {
        Part::Day | Part::DayOfWeek | Part::DayOfWeekIso | Part::DayOfYear => {
            days(from.day, to.day)
        }
        Part::Week => {
            days(
                week_start(from.day, first_weekday),
                week_start(to.day, first_weekday),
            ) / 7
        }
        Part::WeekIso => days(week_start(from.day, 1), week_start(to.day, 1)) / 7,
        Part::Month => i64::from(ty - fy) * 12 + i64::from(tm) - i64::from(fm),
        Part::Quarter => i64::from(ty - fy) * 4 + i64::from((tm - 1) / 3) - i64::from((fm - 1) / 3),
        Part::Year | Part::YearOfWeek | Part::YearOfWeekIso => i64::from(ty - fy),
        Part::Decade => i64::from(ty.div_euclid(10) - fy.div_euclid(10)),
        Part::Century => i64::from((ty - 1).div_euclid(100) - (fy - 1).div_euclid(100)),
        Part::Millennium => i64::from((ty - 1).div_euclid(1000) - (fy - 1).div_euclid(1000)),
        _ => return None,
    })
}

/// DATEDIFF(part, from, to). Parts below a day compare instants where both values have a zone.
pub fn date_diff(call: &Call<'_>) -> Result<ArrayRef> {
    let part = Part::argument(call, 0)?;
    let mut from = Source::new(call, 1)?;
    let mut to = Source::new(call, 2)?;
    let time = |k: Kind| matches!(k, Kind::Time | Kind::TimeTz);
    if (time(from.kind()) || time(to.kind())) && !part.is_time() {
        return Err(call.error("a time has no such part"));
    }
    let zoned = |k: Kind| matches!(k, Kind::Session | Kind::Offset | Kind::TimeTz);
    let instants = part.is_time() && (zoned(from.kind()) || zoned(to.kind()));
    let clocks = time(from.kind());
    let first_weekday = match call.env.dialect {
        DialectName::Snowflake => WeekRules::of(call.env).start,
        // Redshift's DATEDIFF counts Sundays, unlike its DATE_TRUNC.
        DialectName::Redshift => 7,
    };
    call.map_int(|row| {
        let (a, b) = if instants {
            (from.instant(row), to.instant(row))
        } else {
            (from.wall(row), to.wall(row))
        };
        let (Some(mut a), Some(mut b)) = (a, b) else {
            return Ok(None);
        };
        if clocks && instants {
            // Times of day with a zone are compared as times of the UTC day.
            a.day = 0;
            b.day = 0;
        }
        boundaries(part, a, b, first_weekday)
            .map(Some)
            .ok_or_else(|| call.error("the difference in this part is not defined or too large"))
    })
}

/// -1, 0 or 1 as the first value is before, at or after the second; values without a zone are in the session's.
pub fn compare(call: &Call<'_>) -> Result<ArrayRef> {
    let mut a = Source::new(call, 0)?;
    let mut b = Source::new(call, 1)?;
    let zoned = |k: Kind| matches!(k, Kind::Session | Kind::Offset | Kind::TimeTz);
    let instants = zoned(a.kind()) || zoned(b.kind());
    call.map_int(|row| {
        let (a, b) = if instants {
            (a.instant(row), b.instant(row))
        } else {
            (a.wall(row), b.wall(row))
        };
        let (Some(a), Some(b)) = (a, b) else {
            return Ok(None);
        };
        Ok(Some(order(a.cmp(&b))))
    })
}

/// -1, 0 or 1 for two intervals; a month counts 30 days.
pub fn compare_intervals(call: &Call<'_>) -> Result<ArrayRef> {
    let a = Intervals::new(call, 0)?;
    let b = Intervals::new(call, 1)?;
    call.map_int(|row| {
        let (Some(a), Some(b)) = (a.get(row), b.get(row)) else {
            return Ok(None);
        };
        Ok(Some(order(
            a.approximate_micros().cmp(&b.approximate_micros()),
        )))
    })
}

fn order(o: Ordering) -> i64 {
    match o {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

/// The time between two instants or wall clocks in microseconds, whole days apart: for INTERVAL results.
pub(super) fn apart(from: Wall, to: Wall) -> (i64, i64) {
    let total = to.total() - from.total();
    let day = i128::from(DAY);
    ((total / day) as i64, (total % day) as i64)
}
