//! A length of time as both warehouses' interval types hold it: months, days and microseconds kept apart.
//! It reads PostgreSQL's text form and ISO 8601, and always writes ISO 8601.

use std::fmt;
use std::str::FromStr;

/// Months, days and microseconds; `1 month` is not `30 days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Interval {
    /// Whole months; years are twelve of them.
    pub months: i64,
    /// Whole days.
    pub days: i64,
    /// Microseconds.
    pub micros: i64,
}

/// Text that is no interval.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an interval")]
pub struct ParseIntervalError(pub String);

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Interval::default() {
            return f.write_str("PT0S");
        }
        f.write_str("P")?;
        for (value, unit) in [
            (self.months / 12, 'Y'),
            (self.months % 12, 'M'),
            (self.days, 'D'),
        ] {
            if value != 0 {
                write!(f, "{value}{unit}")?;
            }
        }
        if self.micros != 0 {
            f.write_str("T")?;
            let seconds = self.micros / 1_000_000;
            for (value, unit) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
                if value != 0 {
                    write!(f, "{value}{unit}")?;
                }
            }
            let rest = self.micros % 60_000_000;
            if rest != 0 {
                let sign = if rest < 0 { "-" } else { "" };
                let (whole, part) = (
                    rest.unsigned_abs() / 1_000_000,
                    rest.unsigned_abs() % 1_000_000,
                );
                let fraction = format!(".{part:06}");
                write!(
                    f,
                    "{sign}{whole}{}S",
                    fraction.trim_end_matches('0').trim_end_matches('.')
                )?;
            }
        }
        Ok(())
    }
}

impl FromStr for Interval {
    type Err = ParseIntervalError;

    fn from_str(text: &str) -> Result<Self, ParseIntervalError> {
        let parsed = match text.strip_prefix('P') {
            Some(iso) => parse_iso(iso),
            None => parse_postgres(text),
        };
        parsed.ok_or_else(|| ParseIntervalError(text.to_string()))
    }
}

/// `1Y2M3DT4H5M6.5S`, the part after `P`.
fn parse_iso(text: &str) -> Option<Interval> {
    let mut interval = Interval::default();
    let (mut number, mut in_time, mut any) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            'T' if number.is_empty() && !in_time => in_time = true,
            '0'..='9' | '-' | '.' => number.push(c),
            _ => {
                any = true;
                match (c, in_time) {
                    ('Y', false) => add(&mut interval.months, &number, 12)?,
                    ('M', false) => add(&mut interval.months, &number, 1)?,
                    ('D', false) => add(&mut interval.days, &number, 1)?,
                    ('H', true) => add(&mut interval.micros, &number, 3_600_000_000)?,
                    ('M', true) => add(&mut interval.micros, &number, 60_000_000)?,
                    ('S', true) => {
                        interval.micros =
                            interval.micros.checked_add(micros_of_seconds(&number)?)?;
                    }
                    _ => return None,
                }
                number.clear();
            }
        }
    }
    (any && number.is_empty()).then_some(interval)
}

/// `1 year 2 mons -3 days +04:05:06.5`.
fn parse_postgres(text: &str) -> Option<Interval> {
    let mut interval = Interval::default();
    let mut words = text.split_whitespace();
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        if word.contains(':') {
            let (negative, clock) = match word.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, word.strip_prefix('+').unwrap_or(word)),
            };
            let mut parts = clock.split(':');
            let (hours, minutes) = (
                parts.next()?.parse::<i64>().ok()?,
                parts.next()?.parse::<i64>().ok()?,
            );
            let seconds = parts.next().map_or(Some(0), micros_of_seconds)?;
            let micros = hours
                .checked_mul(3_600_000_000)?
                .checked_add(minutes * 60_000_000)?
                .checked_add(seconds)?;
            interval.micros =
                interval
                    .micros
                    .checked_add(if negative { -micros } else { micros })?;
            continue;
        }
        let unit = words.next()?;
        match unit.trim_end_matches('s') {
            "year" => add(&mut interval.months, word, 12)?,
            "mon" | "month" => add(&mut interval.months, word, 1)?,
            "day" => add(&mut interval.days, word, 1)?,
            "hour" => add(&mut interval.micros, word, 3_600_000_000)?,
            "min" | "minute" => add(&mut interval.micros, word, 60_000_000)?,
            "sec" | "second" => {
                interval.micros = interval.micros.checked_add(micros_of_seconds(word)?)?
            }
            _ => return None,
        }
    }
    any.then_some(interval)
}

fn add(field: &mut i64, number: &str, unit: i64) -> Option<()> {
    *field = field.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
    Some(())
}

/// `6.5` -> 6 500 000; more than six digits after the point are refused, not rounded.
fn micros_of_seconds(text: &str) -> Option<i64> {
    let value: super::Decimal = text.parse().ok()?;
    let unit = 10i128.checked_pow(6u32.checked_sub(u32::from(value.scale()))?)?;
    i64::try_from(value.mantissa().checked_mul(unit)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_and_writes_iso() {
        for (text, shown) in [
            ("1 year 2 mons -3 days +04:05:06.5", "P1Y2M-3DT4H5M6.5S"),
            ("00:00:00", "PT0S"),
            ("-00:00:01.000001", "PT-1.000001S"),
            ("5 days", "P5D"),
            ("P1Y", "P1Y"),
            ("PT-90M", "PT-1H-30M"),
        ] {
            let interval: Interval = text.parse().expect(text);
            assert_eq!(interval.to_string(), shown);
            assert_eq!(shown.parse::<Interval>(), Ok(interval));
        }
        for bad in ["", "P", "1 fortnight", "PT", "P1", "1:x"] {
            assert!(bad.parse::<Interval>().is_err(), "{bad}");
        }
    }
}
