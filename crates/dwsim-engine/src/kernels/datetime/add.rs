//! Parts added to dates, times and timestamps, and the calendar walks that follow from it.
//! Intervals are added in `arithmetic`.

use arrow::array::ArrayRef;

use super::part::Part;
use super::sink::{Sink, out_of_range};
use super::source::{Kind, Source};
use super::truncate::append;
use super::wall::{DAY, Wall, add_months, days_in_month, iso_weekday, month_end, rolled_day};
use crate::dialect::DialectName;
use crate::error::Result;
use crate::functions::Call;

/// A wall clock some parts away; None when the part cannot be added or the result has no day number.
pub fn added(part: Part, n: i64, w: Wall, dialect: DialectName) -> Option<Wall> {
    if let Some(unit) = part.nanos() {
        return Wall::from_total(w.total() + i128::from(unit) * i128::from(n));
    }
    if let Some(days) = part.days() {
        let day = i64::from(w.day).checked_add(n.checked_mul(days)?)?;
        return Some(Wall {
            day: i32::try_from(day).ok()?,
            nano: w.nano,
        });
    }
    let months = part.months()?;
    let day = if dialect == DialectName::Redshift && months % 12 == 0 {
        // Years carry February 29 over to March 1; months cut it to the 28th.
        let (y, m, d) = w.date();
        let year = i64::from(y).checked_add(n.checked_mul(months / 12)?)?;
        rolled_day(year, i64::from(m), i64::from(d))?
    } else {
        add_months(w.day, n.checked_mul(months)?)?
    };
    Some(Wall { day, nano: w.nano })
}

/// DATEADD(part, number, value). Times wrap around midnight; parts below a day move instants, others the wall clock.
pub fn date_add(call: &Call<'_>) -> Result<ArrayRef> {
    let part = Part::argument(call, 0)?;
    let n = call.int(1)?;
    let mut source = Source::new(call, 2)?;
    let mut sink = Sink::new(call)?;
    let kind = source.kind();
    let is_time = matches!(kind, Kind::Time | Kind::TimeTz);
    if is_time && !part.is_time() {
        return Err(call.error("a time has no such part"));
    }
    let dialect = call.env.dialect;
    for row in 0..call.rows {
        let (Some(m), Some(n)) = (source.get(row), n.get(row)) else {
            sink.null();
            continue;
        };
        if kind == Kind::Session && part.is_time() {
            let utc = added(part, n, m.utc(), dialect)
                .ok_or_else(|| out_of_range(call.returns, m.wall, dialect))?;
            sink.instant(utc)?;
            continue;
        }
        let wall = added(part, n, m.wall, dialect).ok_or_else(|| {
            match part.months().or(part.days()).or(part.nanos()) {
                Some(_) => out_of_range(call.returns, m.wall, dialect),
                None => call.error("this part cannot be added"),
            }
        })?;
        if kind == Kind::TimeTz {
            // Redshift gives the sum in UTC.
            let utc = wall.shifted(-m.offset);
            append(&mut sink, kind, 0, Wall { day: 0, ..utc })?;
            continue;
        }
        let wall = if is_time {
            Wall { day: 0, ..wall }
        } else {
            wall
        };
        append(&mut sink, kind, m.offset, wall)?;
    }
    sink.finish()
}

/// ADD_MONTHS(value, number): the last day of a month stays the last day. In Redshift only that rule differs from
/// DATEADD; in Snowflake too.
pub fn add_months_kernel(call: &Call<'_>) -> Result<ArrayRef> {
    let n = call.int(1)?;
    let mut source = Source::new(call, 0)?;
    let mut sink = Sink::new(call)?;
    let kind = source.kind();
    for row in 0..call.rows {
        let (Some(m), Some(n)) = (source.get(row), n.get(row)) else {
            sink.null();
            continue;
        };
        let day = add_months(m.wall.day, n)
            .ok_or_else(|| out_of_range(call.returns, m.wall, call.env.dialect))?;
        let day = if m.wall.day == month_end(m.wall.day) {
            month_end(day)
        } else {
            day
        };
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

/// The ISO weekday that a word's first two letters name.
fn weekday(word: &str) -> Option<u32> {
    let w = word.trim().to_ascii_lowercase();
    let names = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    // One letter is enough where it is unique: M, W and F.
    if w.len() == 1 {
        return match w.as_str() {
            "m" => Some(1),
            "w" => Some(3),
            "f" => Some(5),
            _ => None,
        };
    }
    let two = w.get(..2)?;
    names
        .iter()
        .position(|n| n.starts_with(two))
        .map(|i| i as u32 + 1)
}

fn walk(call: &Call<'_>, forward: bool) -> Result<ArrayRef> {
    let words = call.text(1)?;
    let mut source = Source::new(call, 0)?;
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        let (Some(w), Some(word)) = (source.wall(row), words.get(row)) else {
            sink.null();
            continue;
        };
        let target = weekday(word)
            .ok_or_else(|| call.error(format!("'{word}' is not a day of the week")))?;
        let from = iso_weekday(w.day);
        let day = if forward {
            w.day + ((target + 6 - from) % 7 + 1) as i32
        } else {
            w.day - ((from + 6 - target) % 7 + 1) as i32
        };
        sink.wall(Wall::midnight(day))?;
    }
    sink.finish()
}

/// NEXT_DAY(value, weekday): the first such day after the value.
pub fn next_day(call: &Call<'_>) -> Result<ArrayRef> {
    walk(call, true)
}

/// PREVIOUS_DAY(value, weekday): the last such day before the value.
pub fn previous_day(call: &Call<'_>) -> Result<ArrayRef> {
    walk(call, false)
}

/// MONTHS_BETWEEN(a, b): whole months between equal or last days of a month, otherwise with a fraction of 31 days.
pub fn months_between(call: &Call<'_>) -> Result<ArrayRef> {
    let mut a = Source::new(call, 0)?;
    let mut b = Source::new(call, 1)?;
    call.map_double(|row| {
        let (Some(a), Some(b)) = (a.wall(row), b.wall(row)) else {
            return Ok(None);
        };
        let ((ay, am, ad), (by, bm, bd)) = (a.date(), b.date());
        let months = f64::from((ay - by) * 12 + am as i32 - bm as i32);
        let last = |y, m, d| d == days_in_month(y, m);
        if ad == bd || last(ay, am, ad) && last(by, bm, bd) {
            return Ok(Some(months));
        }
        let days = f64::from(ad as i32 - bd as i32) + (a.nano - b.nano) as f64 / DAY as f64;
        Ok(Some(months + days / 31.0))
    })
}

/// DATE_FROM_PARTS(year, month, day): parts outside of their ranges carry over.
pub fn date_from_parts(call: &Call<'_>) -> Result<ArrayRef> {
    let (y, m, d) = (call.int(0)?, call.int(1)?, call.int(2)?);
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        match (y.get(row), m.get(row), d.get(row)) {
            (Some(y), Some(m), Some(d)) => sink.wall(Wall::midnight(
                rolled_day(y, m, d).ok_or_else(|| call.error("the date is out of range"))?,
            ))?,
            _ => sink.null(),
        }
    }
    sink.finish()
}

/// Hours, minutes, seconds and nanoseconds from argument `from` on, as nanoseconds that may exceed a day.
fn time_parts(call: &Call<'_>, from: usize, row: usize) -> Result<Option<i128>> {
    let units = [3_600_000_000_000i128, 60_000_000_000, 1_000_000_000, 1];
    let mut total = 0i128;
    for (i, unit) in units.iter().enumerate() {
        if from + i >= call.len() {
            break;
        }
        match call.int(from + i)?.get(row) {
            Some(v) => total += i128::from(v) * unit,
            None => return Ok(None),
        }
    }
    Ok(Some(total))
}

/// TIME_FROM_PARTS(hour, minute, second [, nanosecond]): parts outside of their ranges carry over, whole days are dropped.
pub fn time_from_parts(call: &Call<'_>) -> Result<ArrayRef> {
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        match time_parts(call, 0, row)? {
            Some(total) => sink.wall(Wall {
                day: 0,
                nano: total.rem_euclid(i128::from(DAY)) as i64,
            })?,
            None => sink.null(),
        }
    }
    sink.finish()
}

/// TIMESTAMP_*_FROM_PARTS(year, month, day, hour, minute, second [, nanosecond [, zone]]); what is missing is zero,
/// the session's zone stands in for the last.
pub fn timestamp_from_parts(call: &Call<'_>) -> Result<ArrayRef> {
    let (y, m, d) = (call.int(0)?, call.int(1)?, call.int(2)?);
    let zone_names = call.optional_text(7)?;
    let mut zones = super::convert::Zones::default();
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        let (Some(y), Some(m), Some(d), Some(time)) = (
            y.get(row),
            m.get(row),
            d.get(row),
            time_parts(call, 3, row)?,
        ) else {
            sink.null();
            continue;
        };
        let wall = rolled_day(y, m, d)
            .and_then(|day| Wall::from_total(Wall::midnight(day).total() + time))
            .ok_or_else(|| call.error("the timestamp is out of range"))?;
        match &zone_names {
            None => sink.wall(wall)?,
            Some(names) => match names.get(row) {
                None => sink.null(),
                Some(name) => {
                    let offset = zones.get(call, name)?.offset_of_local(wall.seconds());
                    sink.moment(super::source::Moment { wall, offset })?;
                }
            },
        }
    }
    sink.finish()
}

/// TIMESTAMP_NTZ_FROM_PARTS(date, time).
pub fn timestamp_from_date_time(call: &Call<'_>) -> Result<ArrayRef> {
    let mut date = Source::new(call, 0)?;
    let mut time = Source::new(call, 1)?;
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        match (date.wall(row), time.wall(row)) {
            (Some(d), Some(t)) => sink.wall(Wall {
                day: d.day,
                nano: t.nano,
            })?,
            _ => sink.null(),
        }
    }
    sink.finish()
}
