//! A calendar day with a time of day, and the civil fields derived from it: the common form of all date and time values.
//! Time zones are `zone`; reading and writing arrays are `source` and `sink`.

use crate::kernels::format::{civil, days_from_civil};

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds of a day.
pub const DAY: i64 = 86_400 * SECOND;
/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// A day and a time of day, without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Wall {
    /// Days since 1970-01-01.
    pub day: i32,
    /// Nanoseconds since midnight, `0..DAY`.
    pub nano: i64,
}

impl Wall {
    /// Midnight of a day.
    pub const fn midnight(day: i32) -> Self {
        Wall { day, nano: 0 }
    }

    /// From microseconds since the epoch.
    #[inline]
    pub fn from_micros(v: i64) -> Self {
        Wall {
            day: v.div_euclid(DAY_MICROS) as i32,
            nano: v.rem_euclid(DAY_MICROS) * 1000,
        }
    }

    /// From stored nanoseconds since the epoch, which [`Wall::total`] gave.
    #[inline]
    pub fn clamped(v: i128) -> Self {
        match i64::try_from(v) {
            Ok(v) => Wall {
                day: v.div_euclid(DAY) as i32,
                nano: v.rem_euclid(DAY),
            },
            Err(_) => Wall::from_total(v).unwrap_or_default(),
        }
    }

    /// From nanoseconds since the epoch in 128 bits; None beyond the days an `i32` counts.
    #[inline]
    pub fn from_total(v: i128) -> Option<Self> {
        let day = i128::from(DAY);
        Some(Wall {
            day: i32::try_from(v.div_euclid(day)).ok()?,
            nano: v.rem_euclid(day) as i64,
        })
    }

    /// Nanoseconds since the epoch.
    #[inline]
    pub fn total(self) -> i128 {
        i128::from(self.day) * i128::from(DAY) + i128::from(self.nano)
    }

    /// Microseconds since the epoch, cut; days of up to 292,000 years fit.
    #[inline]
    pub fn micros(self) -> i64 {
        i64::from(self.day).saturating_mul(DAY_MICROS) + self.nano / 1000
    }

    /// Nanoseconds since the epoch; None outside of 1677 to 2262.
    #[inline]
    pub fn nanos(self) -> Option<i64> {
        i64::from(self.day).checked_mul(DAY)?.checked_add(self.nano)
    }

    /// Whole seconds since the epoch.
    #[inline]
    pub fn seconds(self) -> i64 {
        i64::from(self.day) * 86_400 + self.nano / SECOND
    }

    /// Moved by seconds, as zone offsets are applied.
    #[inline]
    pub fn shifted(self, seconds: i32) -> Self {
        let n = self.nano + i64::from(seconds) * SECOND;
        Wall {
            day: self.day.saturating_add(n.div_euclid(DAY) as i32),
            nano: n.rem_euclid(DAY),
        }
    }

    /// Year, month from 1, day from 1.
    #[inline]
    pub fn date(self) -> (i32, u32, u32) {
        civil(self.day)
    }

    /// Hour, minute, second.
    #[inline]
    pub fn clock(self) -> (u32, u32, u32) {
        let s = (self.nano / SECOND) as u32;
        (s / 3600, s / 60 % 60, s % 60)
    }

    /// Nanoseconds of the second.
    #[inline]
    pub fn fraction(self) -> u32 {
        (self.nano % SECOND) as u32
    }

    /// Cut to this many fractional digits.
    #[inline]
    pub fn truncated(self, scale: u8) -> Self {
        if scale >= 9 {
            return self;
        }
        let unit = 10i64.pow(u32::from(9 - scale));
        Wall {
            day: self.day,
            nano: self.nano - self.nano % unit,
        }
    }

    /// Rounded half up to this many fractional digits.
    #[inline]
    pub fn rounded(self, scale: u8) -> Self {
        if scale >= 9 {
            return self;
        }
        let unit = 10i64.pow(u32::from(9 - scale));
        let n = (self.nano + unit / 2) / unit * unit;
        if n >= DAY {
            Wall {
                day: self.day.saturating_add(1),
                nano: 0,
            }
        } else {
            Wall {
                day: self.day,
                nano: n,
            }
        }
    }
}

/// Whether February has 29 days.
#[inline]
pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month, which counts from 1.
#[inline]
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day number of a valid civil date; None for a month or day that does not exist.
pub fn day_number(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    i32::try_from(days_from_civil(year, month, day)).ok()
}

/// The day number of a civil date whose month and day may lie outside of their ranges and then carry over.
pub fn rolled_day(year: i64, month: i64, day: i64) -> Option<i32> {
    let months = year.checked_mul(12)?.checked_add(month.checked_sub(1)?)?;
    let y = i32::try_from(months.div_euclid(12)).ok()?;
    let first = days_from_civil(y, months.rem_euclid(12) as u32 + 1, 1);
    i32::try_from(first.checked_add(day.checked_sub(1)?)?).ok()
}

/// ISO day of the week: Monday 1 to Sunday 7.
#[inline]
pub fn iso_weekday(day: i32) -> u32 {
    // 1970-01-01 was a Thursday.
    (i64::from(day) + 3).rem_euclid(7) as u32 + 1
}

/// Day of the year, from 1.
#[inline]
pub fn day_of_year(day: i32) -> u32 {
    let (y, _, _) = civil(day);
    (i64::from(day) - days_from_civil(y, 1, 1)) as u32 + 1
}

/// ISO year and ISO week of a day.
pub fn iso_week(day: i32) -> (i32, u32) {
    // The week belongs to the year of its Thursday.
    let thursday = day - iso_weekday(day) as i32 + 4;
    let (year, _, _) = civil(thursday);
    (year, (day_of_year(thursday) - 1) / 7 + 1)
}

/// The first day of the week that holds `day`, for weeks that start on this ISO weekday.
#[inline]
pub fn week_start(day: i32, first: u32) -> i32 {
    day - (iso_weekday(day) + 7 - first).rem_euclid(7) as i32
}

/// A day some months away, with the day of the month cut to what the target month has.
#[inline]
pub fn add_months(day: i32, months: i64) -> Option<i32> {
    let (y, m, d) = civil(day);
    let total = (i64::from(y) * 12 + i64::from(m) - 1).checked_add(months)?;
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    if year.unsigned_abs() > 400_000 {
        return None;
    }
    let month = total.rem_euclid(12) as u32 + 1;
    i32::try_from(days_from_civil(
        year,
        month,
        d.min(days_in_month(year, month)),
    ))
    .ok()
}

/// The last day of the month.
#[inline]
pub fn month_end(day: i32) -> i32 {
    let (y, m, d) = civil(day);
    day + (days_in_month(y, m) - d) as i32
}

/// Day names from Monday.
pub const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Month names from January.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The month (from 1) whose name or three-letter abbreviation starts `s`, and the length of that word.
pub fn month_word(s: &str) -> Option<(u32, usize)> {
    word_of(s, &MONTHS)
}

/// The ISO weekday whose name or three-letter abbreviation starts `s`, and the length of that word.
pub fn weekday_word(s: &str) -> Option<(u32, usize)> {
    word_of(s, &WEEKDAYS)
}

fn word_of(s: &str, names: &[&str]) -> Option<(u32, usize)> {
    let starts = |n: &str| s.get(..n.len()).is_some_and(|p| p.eq_ignore_ascii_case(n));
    names.iter().enumerate().find_map(|(i, name)| {
        if starts(name) {
            Some((i as u32 + 1, name.len()))
        } else if starts(&name[..3]) {
            Some((i as u32 + 1, 3))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_and_months() {
        for (date, weekday, iso) in [
            ((1970, 1, 1), 4, (1970, 1)),
            ((2016, 1, 3), 7, (2015, 53)),
            ((2024, 12, 30), 1, (2025, 1)),
            ((2000, 2, 29), 2, (2000, 9)),
            ((1899, 12, 31), 7, (1899, 52)),
        ] {
            let day = day_number(date.0, date.1, date.2).expect("valid");
            assert_eq!(iso_weekday(day), weekday, "{date:?}");
            assert_eq!(iso_week(day), iso, "{date:?}");
        }
        let end = |y, m, d, n| add_months(day_number(y, m, d).expect("valid"), n).map(civil);
        assert_eq!(end(2024, 1, 31, 1), Some((2024, 2, 29)));
        assert_eq!(end(2024, 3, 31, -13), Some((2023, 2, 28)));
        assert_eq!(rolled_day(2007, 13, 45).map(civil), Some((2008, 2, 14)));
        assert_eq!(rolled_day(2024, 1, 0).map(civil), Some((2023, 12, 31)));
        assert_eq!(day_number(2023, 2, 29), None);
    }

    #[test]
    fn shifts_cross_midnight() {
        let w = Wall::midnight(0).shifted(-3600);
        assert_eq!((w.day, w.clock()), (-1, (23, 0, 0)));
        assert_eq!(Wall::from_micros(-1).fraction(), 999_999_000);
        assert_eq!(
            Wall {
                day: 0,
                nano: DAY - 1
            }
            .rounded(6),
            Wall::midnight(1)
        );
    }
}
