//! Parts read out of dates, times, timestamps and intervals.
//! Names, abbreviations and week rules are `part`.

use arrow::array::{ArrayRef, Float64Builder};
use std::sync::Arc;

use super::interval::Interval;
use super::interval_column::Intervals;
use super::part::{Part, WeekRules};
use super::source::{Moment, Source};
use super::wall::{MONTHS, SECOND, WEEKDAYS, day_of_year, iso_week, iso_weekday, week_start};
use crate::error::Result;
use crate::functions::Call;
use crate::types::{SqlType, TypeClass};

/// One part of one value, in whole numbers. `instant` is the UTC wall clock for the epoch.
pub fn field(part: Part, m: Moment, rules: WeekRules) -> i64 {
    let w = m.wall;
    match part {
        Part::Year => i64::from(w.date().0),
        Part::Quarter => i64::from((w.date().1 - 1) / 3 + 1),
        Part::Month => i64::from(w.date().1),
        Part::Day => i64::from(w.date().2),
        // PostgreSQL counts years before 1 as -1, -2, …; there is no year 0.
        Part::Millennium => group(w.date().0, 1000),
        Part::Century => group(w.date().0, 100),
        Part::Decade => i64::from(w.date().0).div_euclid(10) + 1,
        Part::DayOfYear => i64::from(day_of_year(w.day)),
        Part::DayOfWeekIso => i64::from(iso_weekday(w.day)),
        Part::DayOfWeek => {
            let iso = iso_weekday(w.day);
            if rules.legacy_days {
                i64::from(iso % 7)
            } else {
                i64::from((iso + 7 - rules.start) % 7 + 1)
            }
        }
        Part::WeekIso => i64::from(iso_week(w.day).1),
        Part::YearOfWeekIso => i64::from(iso_week(w.day).0),
        Part::Week => week(w.day, rules).1,
        Part::YearOfWeek => week(w.day, rules).0,
        Part::Hour => i64::from(w.clock().0),
        Part::Minute => i64::from(w.clock().1),
        Part::Second => i64::from(w.clock().2),
        Part::Millisecond => i64::from(w.fraction() / 1_000_000),
        Part::Microsecond => i64::from(w.fraction() / 1_000),
        Part::Nanosecond => i64::from(w.fraction()),
        Part::Epoch => m.utc().seconds(),
        Part::EpochMillisecond => m.utc().micros().div_euclid(1000),
        Part::EpochMicrosecond => m.utc().micros(),
        Part::EpochNanosecond => m.utc().nanos().unwrap_or(i64::MAX),
        Part::Timezone => i64::from(m.offset),
        Part::TimezoneHour => i64::from(m.offset / 3600),
        Part::TimezoneMinute => i64::from(m.offset % 3600 / 60),
    }
}

fn group(year: i32, years: i64) -> i64 {
    let y = i64::from(year);
    if y > 0 {
        (y + years - 1) / years
    } else {
        -((years - y) / years)
    }
}

/// Year and number of the week by the session's rules.
fn week(day: i32, rules: WeekRules) -> (i64, i64) {
    let start = week_start(day, rules.start);
    if rules.first_day_counts {
        let (year, _, _) = super::wall::Wall::midnight(day).date();
        let first = day - day_of_year(day) as i32 + 1;
        return (
            i64::from(year),
            i64::from((start - week_start(first, rules.start)) / 7) + 1,
        );
    }
    // The week belongs to the year that has at least four of its days.
    let middle = start + 3;
    let (year, _, _) = super::wall::Wall::midnight(middle).date();
    (
        i64::from(year),
        i64::from((day_of_year(middle) - 1) / 7) + 1,
    )
}

/// A part as a whole number: argument 0 names the part, argument 1 is the value. Snowflake's DATE_PART, and
/// Redshift's EXTRACT of everything but epochs with a fraction.
pub fn extract(call: &Call<'_>) -> Result<ArrayRef> {
    let part = Part::argument(call, 0)?;
    if call.types[1].class() == TypeClass::Interval {
        return extract_interval(call, part);
    }
    fields(call, part, 1)
}

fn fields(call: &Call<'_>, part: Part, arg: usize) -> Result<ArrayRef> {
    check(call, part, &call.types[arg])?;
    let rules = WeekRules::of(call.env);
    let mut source = Source::new(call, arg)?;
    // Redshift's microseconds leave the milliseconds out.
    let redshift_micros =
        part == Part::Microsecond && call.env.dialect == crate::dialect::DialectName::Redshift;
    call.map_int(|row| {
        let Some(m) = source.get(row) else {
            return Ok(None);
        };
        if part == Part::EpochNanosecond && m.utc().nanos().is_none() {
            return Err(super::sink::out_of_range(
                call.returns,
                m.wall,
                call.env.dialect,
            ));
        }
        let v = field(part, m, rules);
        Ok(Some(if redshift_micros { v % 1000 } else { v }))
    })
}

/// A time has no date parts, and only values with a zone have an offset.
fn check(call: &Call<'_>, part: Part, ty: &SqlType) -> Result<()> {
    let zone = matches!(
        part,
        Part::Timezone | Part::TimezoneHour | Part::TimezoneMinute
    );
    let fits = match ty {
        SqlType::Time(_) => part.is_time() || part == Part::Epoch,
        SqlType::TimeTz => part.is_time() || zone || part == Part::Epoch,
        SqlType::Date | SqlType::Timestamp(_) => !zone,
        _ => true,
    };
    if fits {
        return Ok(());
    }
    Err(call.error(format!(
        "the part is not supported for type {}",
        call.env.dialect.type_name(ty)
    )))
}

/// One kernel per function that names its part: `part_kernel!(year, Part::Year)`.
macro_rules! part_kernel {
    ($($(#[$doc:meta])* $name:ident => $part:expr;)*) => {
        $($(#[$doc])*
        pub fn $name(call: &Call<'_>) -> Result<ArrayRef> {
            fields(call, $part, 0)
        })*
    };
}
part_kernel! {
    /// Year.
    year => Part::Year;
    /// Year of the week, by the session's week rules.
    year_of_week => Part::YearOfWeek;
    /// ISO year of the week.
    year_of_week_iso => Part::YearOfWeekIso;
    /// Quarter, from 1.
    quarter => Part::Quarter;
    /// Month, from 1.
    month => Part::Month;
    /// Week of the year, by the session's week rules.
    week_of_year => Part::Week;
    /// ISO week.
    week_iso => Part::WeekIso;
    /// Day of the month.
    day_of_month => Part::Day;
    /// Day of the week, by WEEK_START.
    day_of_week => Part::DayOfWeek;
    /// Day of the week from Monday as 1.
    day_of_week_iso => Part::DayOfWeekIso;
    /// Day of the year, from 1.
    day_of_the_year => Part::DayOfYear;
    /// Hour.
    hour => Part::Hour;
    /// Minute.
    minute => Part::Minute;
    /// Second.
    second => Part::Second;
}

fn extract_interval(call: &Call<'_>, part: Part) -> Result<ArrayRef> {
    let source = Intervals::new(call, 1)?;
    if interval_field(part, Interval::default()).is_none() {
        return Err(call.error("the part is not supported for intervals"));
    }
    call.map_int(|row| Ok(source.get(row).and_then(|i| interval_field(part, i))))
}

fn interval_field(part: Part, i: Interval) -> Option<i64> {
    let years = i64::from(i.months / 12);
    Some(match part {
        Part::Millennium => years / 1000,
        Part::Century => years / 100,
        Part::Decade => years / 10,
        Part::Year => years,
        Part::Quarter => i64::from(i.months % 12 / 3) + 1,
        Part::Month => i64::from(i.months % 12),
        Part::Day => i64::from(i.days),
        Part::Hour => i.nanos / (3600 * SECOND),
        Part::Minute => i.nanos / (60 * SECOND) % 60,
        Part::Second => i.nanos / SECOND % 60,
        Part::Millisecond => i.nanos / 1_000_000 % 1000,
        Part::Microsecond => i.nanos / 1000 % 1_000_000,
        Part::Nanosecond => i.nanos % SECOND,
        Part::Epoch => i64::try_from(i.approximate_micros() / 1_000_000).ok()?,
        _ => return None,
    })
}

/// Redshift's DATE_PART: a float in which seconds keep their fraction, and milli- and microseconds count the seconds too.
pub fn date_part_double(call: &Call<'_>) -> Result<ArrayRef> {
    let part = Part::argument(call, 0)?;
    let rules = WeekRules::of(call.env);
    let mut out = Float64Builder::with_capacity(call.rows);
    let seconds = |nano: i64| nano as f64 / 1e9;
    if call.types[1].class() == TypeClass::Interval {
        let source = Intervals::new(call, 1)?;
        for row in 0..call.rows {
            let Some(i) = source.get(row) else {
                out.append_null();
                continue;
            };
            let s = i.nanos % (60 * SECOND);
            out.append_value(match part {
                Part::Second => seconds(s),
                Part::Millisecond => s as f64 / 1e6,
                Part::Microsecond => s as f64 / 1e3,
                Part::Epoch => i.approximate_micros() as f64 / 1e6,
                _ => interval_field(part, i)
                    .ok_or_else(|| call.error("the part is not supported for intervals"))?
                    as f64,
            });
        }
        return Ok(Arc::new(out.finish()));
    }
    check(call, part, &call.types[1])?;
    let mut source = Source::new(call, 1)?;
    for row in 0..call.rows {
        let Some(m) = source.get(row) else {
            out.append_null();
            continue;
        };
        let s = m.wall.nano % (60 * SECOND);
        out.append_value(match part {
            Part::Second => seconds(s),
            Part::Millisecond => s as f64 / 1e6,
            Part::Microsecond => s as f64 / 1e3,
            Part::Epoch => m.utc().micros() as f64 / 1e6,
            _ => field(part, m, rules) as f64,
        });
    }
    Ok(Arc::new(out.finish()))
}

/// Three-letter name of the weekday.
pub fn day_name(call: &Call<'_>) -> Result<ArrayRef> {
    let mut source = Source::new(call, 0)?;
    call.map_text(|row| {
        Ok(source
            .wall(row)
            .map(|w| &WEEKDAYS[iso_weekday(w.day) as usize - 1][..3]))
    })
}

/// Three-letter name of the month.
pub fn month_name(call: &Call<'_>) -> Result<ArrayRef> {
    let mut source = Source::new(call, 0)?;
    call.map_text(|row| {
        Ok(source
            .wall(row)
            .map(|w| &MONTHS[w.date().1 as usize - 1][..3]))
    })
}

/// Whether a date or timestamp is finite: neither warehouse has infinite ones.
pub fn is_finite(call: &Call<'_>) -> Result<ArrayRef> {
    let column = &call.args[0];
    call.map_bool(|row| Ok((!column.is_null(row)).then_some(true)))
}

/// The result type of extracting a part in Snowflake: as many digits as the part can have.
pub fn snowflake_type(part: Part) -> SqlType {
    match part {
        Part::Year | Part::YearOfWeek | Part::YearOfWeekIso => SqlType::number(4, 0),
        Part::DayOfYear => SqlType::number(3, 0),
        Part::Millisecond => SqlType::number(3, 0),
        Part::Microsecond => SqlType::number(6, 0),
        Part::Nanosecond => SqlType::number(9, 0),
        Part::Epoch | Part::EpochMillisecond | Part::EpochMicrosecond | Part::EpochNanosecond => {
            SqlType::number(38, 0)
        }
        _ => SqlType::number(2, 0),
    }
}
