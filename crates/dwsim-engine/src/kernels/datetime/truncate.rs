//! Dates and timestamps cut to the start of a part, and grouped into slices of time.
//! Parts and week rules are `part`.

use arrow::array::ArrayRef;

use super::part::{Part, WeekRules};
use super::sink::Sink;
use super::source::{Kind, Moment, Source};
use super::wall::{Wall, day_number, month_end, rolled_day, week_start};
use crate::error::Result;
use crate::functions::Call;

/// The start of the part that holds a wall clock; None for parts that nothing can be cut to.
pub fn truncated(part: Part, w: Wall, rules: WeekRules) -> Option<Wall> {
    if let Some(unit) = part.nanos() {
        return Some(Wall {
            day: w.day,
            nano: w.nano - w.nano % unit,
        });
    }
    let (year, month, _) = w.date();
    let years = |n: i32, from: i32| day_number((year - from).div_euclid(n) * n + from, 1, 1);
    let day = match part {
        Part::Day | Part::DayOfWeek | Part::DayOfWeekIso | Part::DayOfYear => w.day,
        Part::Week => week_start(w.day, rules.start),
        Part::WeekIso => week_start(w.day, 1),
        Part::Month => day_number(year, month, 1)?,
        Part::Quarter => day_number(year, (month - 1) / 3 * 3 + 1, 1)?,
        Part::Year => years(1, 0)?,
        Part::Decade => years(10, 0)?,
        // Centuries and millennia start in years that end in 1.
        Part::Century => years(100, 1)?,
        Part::Millennium => years(1000, 1)?,
        _ => return None,
    };
    Some(Wall::midnight(day))
}

/// Appends a changed wall clock: a value with its own offset keeps it, others get the zone's at the new time.
pub(super) fn append(sink: &mut Sink, kind: Kind, offset: i32, wall: Wall) -> Result<()> {
    match kind {
        Kind::Offset | Kind::TimeTz => sink.moment(Moment { wall, offset }),
        _ => sink.wall(wall),
    }
}

fn cut(call: &Call<'_>, part_arg: usize, value_arg: usize) -> Result<ArrayRef> {
    let part = Part::argument(call, part_arg)?;
    let rules = WeekRules::of(call.env);
    let mut source = Source::new(call, value_arg)?;
    let mut sink = Sink::new(call)?;
    let kind = source.kind();
    if matches!(kind, Kind::Time | Kind::TimeTz) && !part.is_time() {
        return Err(call.error("a time has no such part"));
    }
    for row in 0..call.rows {
        match source.get(row) {
            None => sink.null(),
            Some(m) => {
                let wall = truncated(part, m.wall, rules)
                    .ok_or_else(|| call.error("a date or time cannot be cut to this part"))?;
                append(&mut sink, kind, m.offset, wall)?;
            }
        }
    }
    sink.finish()
}

/// DATE_TRUNC(part, value): the value's type stays.
pub fn date_trunc(call: &Call<'_>) -> Result<ArrayRef> {
    cut(call, 0, 1)
}

/// TRUNC(value, part).
pub fn trunc_value_part(call: &Call<'_>) -> Result<ArrayRef> {
    cut(call, 1, 0)
}

/// LAST_DAY(value [, part]): the last day of the month, or of the part.
pub fn last_day(call: &Call<'_>) -> Result<ArrayRef> {
    let part = if call.len() > 1 {
        Part::argument(call, 1)?
    } else {
        Part::Month
    };
    let rules = WeekRules::of(call.env);
    let mut source = Source::new(call, 0)?;
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        let Some(w) = source.wall(row) else {
            sink.null();
            continue;
        };
        let day = match part {
            Part::Month => month_end(w.day),
            Part::Day => w.day,
            Part::Week => week_start(w.day, rules.start) + 6,
            Part::WeekIso => week_start(w.day, 1) + 6,
            Part::Quarter | Part::Year | Part::Decade | Part::Century | Part::Millennium => {
                let start = truncated(part, w, rules)
                    .ok_or_else(|| call.error("the date is out of range"))?;
                let months = part.months().unwrap_or(1);
                super::wall::add_months(start.day, months)
                    .ok_or_else(|| call.error("the date is out of range"))?
                    - 1
            }
            _ => return Err(call.error("the part must be week, month, quarter or year")),
        };
        sink.wall(Wall::midnight(day))?;
    }
    sink.finish()
}

/// TIME_SLICE(value, length, part [, 'START' | 'END']): slices counted from 1970-01-01 (weeks from the session's
/// first day of the week).
pub fn time_slice(call: &Call<'_>) -> Result<ArrayRef> {
    let part = Part::argument(call, 2)?;
    let rules = WeekRules::of(call.env);
    let end = match call.constant_text(3) {
        None if call.len() > 3 => {
            return Err(call.error("START or END must be a constant"));
        }
        None => false,
        Some(w) => match w.unwrap_or("").to_ascii_uppercase().as_str() {
            "START" => false,
            "END" => true,
            other => return Err(call.error(format!("'{other}' is neither START nor END"))),
        },
    };
    let lengths = call.int(1)?;
    let mut source = Source::new(call, 0)?;
    let mut sink = Sink::new(call)?;
    let kind = source.kind();
    for row in 0..call.rows {
        let (Some(m), Some(n)) = (source.get(row), lengths.get(row)) else {
            sink.null();
            continue;
        };
        if n < 1 {
            return Err(call.error("the slice length must be at least 1"));
        }
        let wall = slice(part, m.wall, n, end, rules)
            .ok_or_else(|| call.error("the slice is out of range"))?;
        append(&mut sink, kind, m.offset, wall)?;
    }
    sink.finish()
}

fn slice(part: Part, w: Wall, n: i64, end: bool, rules: WeekRules) -> Option<Wall> {
    let step = |v: i64| -> Option<i64> {
        let start = v.div_euclid(n).checked_mul(n)?;
        if end {
            start.checked_add(n)
        } else {
            Some(start)
        }
    };
    if let Some(months) = part.months() {
        let (year, month, _) = w.date();
        let index = (i64::from(year) - 1970) * 12 + i64::from(month) - 1;
        let length = n.checked_mul(months)?;
        let start = index.div_euclid(length).checked_mul(length)?;
        let at = if end { start + length } else { start };
        return Some(Wall::midnight(rolled_day(1970, at.checked_add(1)?, 1)?));
    }
    if let Some(unit) = part.nanos() {
        let length = i128::from(unit) * i128::from(n);
        let start = w.total().div_euclid(length) * length;
        return Wall::from_total(if end { start + length } else { start });
    }
    let day = match part {
        Part::Day => step(i64::from(w.day))?,
        Part::Week | Part::WeekIso => {
            let first = if part == Part::Week { rules.start } else { 1 };
            // The week of 1970-01-01 is the first.
            let origin = i64::from(week_start(0, first));
            let week = (i64::from(w.day) - origin).div_euclid(7);
            step(week)?.checked_mul(7)?.checked_add(origin)?
        }
        _ => return None,
    };
    let day = i32::try_from(day).ok()?;
    Some(Wall::midnight(day))
}
