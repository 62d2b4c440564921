//! Interval texts of both dialects: quantities with units, PostgreSQL's clock forms, ISO 8601, and their output.
//! Arithmetic with intervals is `arithmetic`.

use std::fmt::Write;

use super::parsed::Cursor;
use super::wall::{DAY, SECOND};
use crate::dialect::DialectName;

/// Months, days and nanoseconds, each with its own sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interval {
    /// Years and months.
    pub months: i32,
    /// Weeks and days.
    pub days: i32,
    /// Hours, minutes, seconds and fractions.
    pub nanos: i64,
}

/// The fields of a literal or type, from the largest to the smallest: `DAY TO SECOND`, or one field twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qualifier {
    /// Largest field.
    pub first: Unit,
    /// Smallest field; also the unit of a quantity without one.
    pub last: Unit,
}

/// A field of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Years.
    Year,
    /// Months.
    Month,
    /// Days.
    Day,
    /// Hours.
    Hour,
    /// Minutes.
    Minute,
    /// Seconds.
    Second,
}

impl Unit {
    /// From the word of a qualifier (`YEAR`, `DAY`, …), in any case.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().trim_end_matches('s') {
            "year" => Unit::Year,
            "month" => Unit::Month,
            "day" => Unit::Day,
            "hour" => Unit::Hour,
            "minute" => Unit::Minute,
            "second" => Unit::Second,
            _ => return None,
        })
    }
}

impl Interval {
    /// The total in microseconds, a month counting 30 days.
    pub fn approximate_micros(self) -> i128 {
        (i128::from(self.months) * 30 + i128::from(self.days)) * i128::from(DAY / 1000)
            + i128::from(self.nanos / 1000)
    }

    /// Days and time as nanoseconds; None on overflow.
    pub fn day_nanos(self) -> Option<i64> {
        i64::from(self.days)
            .checked_mul(DAY)?
            .checked_add(self.nanos)
    }

    /// The opposite; None on overflow.
    pub fn negated(self) -> Option<Self> {
        Some(Interval {
            months: self.months.checked_neg()?,
            days: self.days.checked_neg()?,
            nanos: self.nanos.checked_neg()?,
        })
    }

    /// The sum, part by part; None on overflow.
    pub fn plus(self, other: Self) -> Option<Self> {
        Some(Interval {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            nanos: self.nanos.checked_add(other.nanos)?,
        })
    }

    /// The product with a number; fractions of months become days of 30, fractions of days become hours.
    pub fn times(self, factor: f64) -> Option<Self> {
        let mut out = Sum::default();
        out.add_months(f64::from(self.months) * factor)?;
        out.add_days(f64::from(self.days) * factor)?;
        let nanos = self.nanos as f64 * factor;
        out.add_nanos(nanos.round() as i128)?;
        out.finish()
    }

    /// Cut to the fields of a qualifier whose smallest is `least`.
    #[must_use]
    pub fn truncated(self, least: Unit) -> Self {
        let unit = |n: i64| self.nanos - self.nanos % n;
        match least {
            Unit::Year => Interval {
                months: self.months - self.months % 12,
                days: 0,
                nanos: 0,
            },
            Unit::Month => Interval {
                days: 0,
                nanos: 0,
                ..self
            },
            Unit::Day => Interval { nanos: 0, ..self },
            Unit::Hour => Interval {
                nanos: unit(3600 * SECOND),
                ..self
            },
            Unit::Minute => Interval {
                nanos: unit(60 * SECOND),
                ..self
            },
            Unit::Second => self,
        }
    }
}

#[derive(Debug, Default)]
struct Sum {
    months: i128,
    days: i128,
    nanos: i128,
}

impl Sum {
    fn add_months(&mut self, months: f64) -> Option<()> {
        let whole = months.trunc();
        self.months = self.months.checked_add(whole as i128)?;
        self.add_days((months - whole) * 30.0)
    }

    fn add_days(&mut self, days: f64) -> Option<()> {
        // A thirtieth of a month is not exact in binary: what is within a microsecond of a whole day is one.
        let near = days.round();
        let days = if (days - near).abs() < 1e-9 {
            near
        } else {
            days
        };
        let whole = days.trunc();
        self.days = self.days.checked_add(whole as i128)?;
        self.add_nanos(((days - whole) * DAY as f64).round() as i128)
    }

    fn add_nanos(&mut self, nanos: i128) -> Option<()> {
        self.nanos = self.nanos.checked_add(nanos)?;
        Some(())
    }

    fn finish(self) -> Option<Interval> {
        Some(Interval {
            months: i32::try_from(self.months).ok()?,
            days: i32::try_from(self.days).ok()?,
            nanos: i64::try_from(self.nanos).ok()?,
        })
    }

    /// `quantity unit`; the quantity has `value` and, when it was written with one, a fraction.
    fn add(&mut self, unit: &str, value: i64, fraction: i64, negative: bool) -> Option<()> {
        let sign = if negative { -1i128 } else { 1 };
        let amount = value as f64 + fraction as f64 / 1e9;
        let signed = if negative { -amount } else { amount };
        let months = |s: &mut Self, n: f64| s.add_months(signed * n);
        let days = |s: &mut Self, n: f64| s.add_days(signed * n);
        // Seconds and smaller units keep every digit.
        let exact = |s: &mut Self, unit: i128| {
            let whole = i128::from(value).checked_mul(unit)?;
            let part = i128::from(fraction) * unit / i128::from(SECOND);
            s.add_nanos(sign * (whole + part))
        };
        let second = i128::from(SECOND);
        match unit {
            "y" | "yy" | "yyy" | "yyyy" | "yr" | "yrs" | "year" | "years" => months(self, 12.0),
            "q" | "qtr" | "qtrs" | "quarter" | "quarters" => months(self, 3.0),
            "mm" | "mon" | "mons" | "month" | "months" => months(self, 1.0),
            "dec" | "decs" | "decade" | "decades" => months(self, 120.0),
            "c" | "cent" | "cents" | "century" | "centuries" => months(self, 1200.0),
            "mil" | "mils" | "millennium" | "millennia" | "millenniums" => months(self, 12_000.0),
            "w" | "wk" | "week" | "weeks" | "weekofyear" | "woy" | "wy" => days(self, 7.0),
            "d" | "dd" | "day" | "days" | "dayofmonth" => days(self, 1.0),
            "h" | "hh" | "hr" | "hrs" | "hour" | "hours" => exact(self, 3600 * second),
            "m" | "mi" | "min" | "mins" | "minute" | "minutes" => exact(self, 60 * second),
            "s" | "sec" | "secs" | "second" | "seconds" | "" => exact(self, second),
            "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisec" | "millisecs"
            | "millisecond" | "milliseconds" | "millisecon" => exact(self, second / 1000),
            "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsec" | "microsecs"
            | "microsecond" | "microseconds" => exact(self, 1000),
            "ns" | "nsec" | "nanosec" | "nanosecs" | "nsecond" | "nseconds" | "nanosecond"
            | "nanoseconds" => exact(self, 1),
            _ => None,
        }
    }
}

/// Reads an interval text: `1 year, 2 months`, `3 days 04:05:06.7`, `1-2`, `P1Y2M3DT4H`, `2 hours ago`. A quantity
/// without a unit counts the qualifier's smallest field, or seconds; before a clock it counts days. None when the
/// text is no interval.
pub fn parse(text: &str, fields: Option<Qualifier>, dialect: DialectName) -> Option<Interval> {
    let text = text.trim();
    if matches!(text.as_bytes().first(), Some(b'P' | b'p')) {
        return iso(&text[1..]);
    }
    let mut c = Cursor::new(text);
    let mut sum = Sum::default();
    let mut any = false;
    loop {
        while c.blanks() || c.eat(b',') {}
        if c.done() {
            break;
        }
        if c.peek().is_some_and(|b| b.is_ascii_alphabetic()) {
            if any && c.eat_word("ago") && c.done() {
                sum = Sum {
                    months: -sum.months,
                    days: -sum.days,
                    nanos: -sum.nanos,
                };
                break;
            }
            // PostgreSQL's verbose style starts with @; a lone word is no quantity.
            return None;
        }
        if c.eat(b'@') {
            continue;
        }
        let negative = if c.eat(b'-') {
            true
        } else {
            c.eat(b'+');
            false
        };
        c.blanks();
        let value = if c.peek() == Some(b'.') {
            0
        } else {
            c.number(1, 18)?
        };
        any = true;
        if c.peek() == Some(b':') {
            let nanos = clock(&mut c, value, fields)?;
            sum.add_nanos(if negative { -nanos } else { nanos })?;
            continue;
        }
        let years = fields.is_some_and(|f| f.first == Unit::Year && f.last == Unit::Month);
        if c.peek() == Some(b'-') && (years || dialect == DialectName::Redshift) {
            // `1-2`: years and months.
            c.skip(1);
            let months = c.number(1, 9)?;
            let total = i128::from(value) * 12 + i128::from(months);
            sum.months += if negative { -total } else { total };
            continue;
        }
        let fraction = if c.eat(b'.') {
            c.fraction(usize::MAX)
        } else {
            0
        };
        c.blanks();
        let at = c;
        let word = c.letters().to_ascii_lowercase();
        if word == "ago" {
            c = at;
        }
        let word = if word.is_empty() || word == "ago" {
            if c.peek() == Some(b':') {
                return None;
            }
            let ahead = c.digits_ahead();
            if ahead > 0 && c.rest().as_bytes().get(ahead) == Some(&b':') {
                "day"
            } else {
                default_unit(fields.map(|f| f.last))
            }
        } else {
            word.as_str()
        };
        sum.add(word, value, fraction, negative)?;
    }
    if !any {
        return None;
    }
    sum.finish()
}

fn default_unit(unit: Option<Unit>) -> &'static str {
    match unit {
        Some(Unit::Year) => "year",
        Some(Unit::Month) => "month",
        Some(Unit::Day) => "day",
        Some(Unit::Hour) => "hour",
        Some(Unit::Minute) => "minute",
        Some(Unit::Second) | None => "second",
    }
}

/// `:MI[:SS[.fff]]` after its hour; with a MINUTE TO SECOND qualifier two fields are minutes and seconds.
fn clock(c: &mut Cursor<'_>, first: i64, fields: Option<Qualifier>) -> Option<i128> {
    c.eat(b':').then_some(())?;
    let second_field = c.number(1, 9)?;
    let (h, m, s, f);
    if c.eat(b':') {
        let third = c.number(1, 9)?;
        f = if c.eat(b'.') {
            c.fraction(usize::MAX)
        } else {
            0
        };
        (h, m, s) = (first, second_field, third);
    } else if c.eat(b'.') {
        f = c.fraction(usize::MAX);
        (h, m, s) = (0, first, second_field);
    } else if fields.is_some_and(|f| f.first == Unit::Minute) {
        f = 0;
        (h, m, s) = (0, first, second_field);
    } else {
        f = 0;
        (h, m, s) = (first, second_field, 0);
    }
    let seconds = i128::from(h) * 3600 + i128::from(m) * 60 + i128::from(s);
    Some(seconds * i128::from(SECOND) + i128::from(f))
}

/// ISO 8601 after its `P`.
fn iso(text: &str) -> Option<Interval> {
    let mut c = Cursor::new(text);
    let mut sum = Sum::default();
    let mut time = false;
    let mut any = false;
    while !c.done() {
        if c.eat(b'T') || c.eat(b't') {
            if time {
                return None;
            }
            time = true;
            continue;
        }
        let negative = c.eat(b'-');
        let value = c.number(1, 18)?;
        let fraction = if c.eat(b'.') {
            c.fraction(usize::MAX)
        } else {
            0
        };
        let letter = c.peek()?.to_ascii_uppercase();
        c.skip(1);
        let unit = match (letter, time) {
            (b'Y', false) => "year",
            (b'M', false) => "month",
            (b'W', false) => "week",
            (b'D', false) => "day",
            (b'H', true) => "hour",
            (b'M', true) => "minute",
            (b'S', true) => "second",
            _ => return None,
        };
        sum.add(unit, value, fraction, negative)?;
        any = true;
    }
    if any { sum.finish() } else { None }
}

/// PostgreSQL's style: `1 year 2 mons 3 days 04:05:06.7`.
pub fn write_postgres(i: Interval, out: &mut String) {
    let start = out.len();
    let unit = |v: i32, one: &str, many: &str, out: &mut String| {
        if v != 0 {
            if out.len() > start {
                out.push(' ');
            }
            let _ = write!(out, "{v} {}", if v == 1 { one } else { many });
        }
    };
    unit(i.months / 12, "year", "years", out);
    unit(i.months % 12, "mon", "mons", out);
    unit(i.days, "day", "days", out);
    if i.nanos != 0 || out.len() == start {
        if out.len() > start {
            out.push(' ');
        }
        write_clock(i.nanos, out);
    }
}

fn write_clock(nanos: i64, out: &mut String) {
    let n = nanos.unsigned_abs();
    let s = n / 1_000_000_000;
    let _ = write!(
        out,
        "{}{:02}:{:02}:{:02}",
        if nanos < 0 { "-" } else { "" },
        s / 3600,
        s / 60 % 60,
        s % 60
    );
    crate::kernels::format::write_fraction((n % 1_000_000_000) as u32 / 1000 * 1000, out);
}

/// Redshift's form of INTERVAL YEAR TO MONTH: `1 years 2 mons`.
pub fn write_year_month(months: i32, out: &mut String) {
    let _ = write!(out, "{} years {} mons", months / 12, months % 12);
}

/// Redshift's form of INTERVAL DAY TO SECOND: `1 days 2 hours 3 mins 4.5 secs`; microseconds.
pub fn write_day_second(micros: i64, out: &mut String) {
    let (days, rest) = (micros / 86_400_000_000, micros % 86_400_000_000);
    let seconds = rest % 60_000_000;
    let _ = write!(
        out,
        "{days} days {} hours {} mins {}{}.",
        rest / 3_600_000_000,
        rest / 60_000_000 % 60,
        if seconds < 0 { "-" } else { "" },
        seconds.abs() / 1_000_000
    );
    let fraction = format!("{:06}", seconds.abs() % 1_000_000);
    let digits = fraction.trim_end_matches('0');
    out.push_str(if digits.is_empty() { "0" } else { digits });
    out.push_str(" secs");
}

/// Snowflake's form of INTERVAL YEAR TO MONTH: `+1-02`.
pub fn write_snowflake_year_month(months: i32, out: &mut String) {
    let m = months.unsigned_abs();
    let _ = write!(
        out,
        "{}{}-{:02}",
        if months < 0 { '-' } else { '+' },
        m / 12,
        m % 12
    );
}

/// Snowflake's form of INTERVAL DAY TO SECOND: `+1 02:03:04.500000`; microseconds.
pub fn write_snowflake_day_second(micros: i64, out: &mut String) {
    let m = micros.unsigned_abs();
    let s = m / 1_000_000;
    let _ = write!(
        out,
        "{}{} {:02}:{:02}:{:02}.{:06}",
        if micros < 0 { '-' } else { '+' },
        s / 86_400,
        s / 3600 % 24,
        s / 60 % 60,
        s % 60,
        m % 1_000_000
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        use DialectName::{Redshift, Snowflake};
        let one = |u| Qualifier { first: u, last: u };
        let to = |first, last| Qualifier { first, last };
        for (text, fields, dialect, want) in [
            ("1 day, 2 hours", None, Redshift, Some("1 day 02:00:00")),
            (
                "1 year, 3 quarters, 4 months",
                None,
                Snowflake,
                Some("2 years 1 mon"),
            ),
            ("52 weeks, 2 y", None, Redshift, Some("2 years 364 days")),
            ("59 minutes 1.5 s", None, Redshift, Some("00:59:01.5")),
            ("90", None, Redshift, Some("00:01:30")),
            (
                "23",
                Some(one(Unit::Month)),
                Redshift,
                Some("1 year 11 mons"),
            ),
            ("-2", Some(one(Unit::Day)), Redshift, Some("-2 days")),
            (
                "1-2",
                Some(one(Unit::Month)),
                Redshift,
                Some("1 year 2 mons"),
            ),
            (
                "3 4:05:06.789",
                Some(one(Unit::Day)),
                Redshift,
                Some("3 days 04:05:06.789"),
            ),
            (
                "1 04:05",
                Some(to(Unit::Day, Unit::Second)),
                Redshift,
                Some("1 day 04:05:00"),
            ),
            (
                "4:05",
                Some(to(Unit::Minute, Unit::Second)),
                Redshift,
                Some("00:04:05"),
            ),
            ("04:05", None, Redshift, Some("04:05:00")),
            (
                "P1Y2M3DT4H5M6.7S",
                None,
                Redshift,
                Some("1 year 2 mons 3 days 04:05:06.7"),
            ),
            ("2 hours ago", None, Redshift, Some("-02:00:00")),
            ("0.5 weeks", None, Redshift, Some("3 days 12:00:00")),
            ("1.5 months", None, Redshift, Some("1 mon 15 days")),
            ("0", None, Redshift, Some("00:00:00")),
            ("3 apples", None, Redshift, None),
            ("day", None, Redshift, None),
            ("", None, Redshift, None),
            ("P", None, Redshift, None),
        ] {
            let got = parse(text, fields, dialect).map(|i| {
                let mut out = String::new();
                write_postgres(i, &mut out);
                out
            });
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn typed_forms() {
        let mut out = String::new();
        write_day_second(-90_061_500_000, &mut out);
        write_year_month(-14, &mut out);
        write_snowflake_day_second(90_061_500_000, &mut out);
        assert_eq!(
            out,
            "-1 days -1 hours -1 mins -1.5 secs-1 years -2 mons+1 01:01:01.500000"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9a-zA-Z:.+, @-]{0,30}") {
            let _ = parse(&text, None, DialectName::Redshift);
        }
    }
}
