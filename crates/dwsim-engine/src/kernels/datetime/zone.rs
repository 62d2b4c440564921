//! Offsets of time zones at instants and at local times, with a small cache so that columns need no lookup per row.
//! Gaps and overlaps are settled here; the values themselves are `wall`.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::dialect::DialectName;

/// Days whose offset is remembered; a power of two.
const SLOTS: usize = 1024;

/// Which of two instants an ambiguous local time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overlap {
    /// The first (daylight saving time).
    Earlier,
    /// The second (standard time), as PostgreSQL does.
    Later,
}

/// A zone with its cache.
#[derive(Debug, Clone)]
pub struct Zone {
    rule: Rule,
    overlap: Overlap,
    slots: Vec<(i64, i32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Seconds east of UTC, always.
    Fixed(i32),
    Named(Tz),
}

impl Zone {
    /// A zone of the time zone database, with the dialect's choice for ambiguous local times.
    pub fn new(tz: Tz, dialect: DialectName) -> Self {
        Zone {
            rule: if tz == Tz::UTC {
                Rule::Fixed(0)
            } else {
                Rule::Named(tz)
            },
            overlap: match dialect {
                DialectName::Snowflake => Overlap::Earlier,
                DialectName::Redshift => Overlap::Later,
            },
            slots: Vec::new(),
        }
    }

    /// A constant offset in seconds east of UTC.
    pub fn fixed(seconds: i32) -> Self {
        Zone {
            rule: Rule::Fixed(seconds),
            overlap: Overlap::Earlier,
            slots: Vec::new(),
        }
    }

    /// Seconds east of UTC at an instant (seconds since the epoch).
    #[inline]
    pub fn offset_at(&mut self, utc: i64) -> i32 {
        let tz = match self.rule {
            Rule::Fixed(s) => return s,
            Rule::Named(tz) => tz,
        };
        if self.slots.is_empty() {
            self.slots = vec![(i64::MIN, 0); SLOTS];
        }
        let day = utc.div_euclid(86_400);
        let slot = &mut self.slots[day as usize & (SLOTS - 1)];
        if slot.0 == day {
            return slot.1;
        }
        let first = lookup(tz, day * 86_400);
        if first == lookup(tz, day * 86_400 + 86_399) {
            *slot = (day, first);
            return first;
        }
        // A day with a transition is not remembered.
        lookup(tz, utc)
    }

    /// Seconds east of UTC that a local time (seconds of the wall clock since 1970-01-01 00:00) has. In a gap
    /// it is the offset before the transition; in an overlap it is as the dialect chooses.
    #[inline]
    pub fn offset_of_local(&mut self, local: i64) -> i32 {
        if let Rule::Fixed(s) = self.rule {
            return s;
        }
        let before = self.offset_at(local - 86_400);
        let after = self.offset_at(local + 86_400);
        if before == after {
            return before;
        }
        let valid = |zone: &mut Zone, o: i32| zone.offset_at(local - i64::from(o)) == o;
        match (valid(self, before), valid(self, after)) {
            (true, true) if self.overlap == Overlap::Later => after,
            (false, true) => after,
            _ => before,
        }
    }
}

fn lookup(tz: Tz, utc: i64) -> i32 {
    // Outside of chrono's years (about ±262,000) the nearest year it knows stands in.
    let at = DateTime::from_timestamp(utc, 0).unwrap_or(if utc < 0 {
        DateTime::<chrono::Utc>::MIN_UTC
    } else {
        DateTime::<chrono::Utc>::MAX_UTC
    });
    tz.offset_from_utc_datetime(&at.naive_utc())
        .fix()
        .local_minus_utc()
}

/// A zone by its name in the time zone database, in any case; None when there is none.
pub fn named(name: &str) -> Option<Tz> {
    let name = name.trim();
    name.parse::<Tz>().ok().or_else(|| {
        chrono_tz::TZ_VARIANTS
            .iter()
            .find(|tz| tz.name().eq_ignore_ascii_case(name))
            .copied()
    })
}

/// The zone of whole hours that are `seconds` east of UTC, from -12 to 14; None for any other offset.
pub fn of_whole_hours(seconds: i32) -> Option<Tz> {
    // The names of these zones have POSIX's sign, which is positive in the west.
    match (seconds % 3600, seconds / 3600) {
        (0, 0) => Some(Tz::UTC),
        (0, hours) => format!("Etc/GMT{:+}", -hours).parse().ok(),
        _ => None,
    }
}

/// The zone that Redshift's setting names: a zone of the database, an offset by ISO 8601 (`-8:00`, east is positive)
/// or a POSIX zone without daylight saving time (`PST8`, west is positive) in seconds east of UTC
/// (r_timezone_config). Abbreviations alone are none.
pub fn of_setting(text: &str) -> Option<Result<Tz, i32>> {
    let text = text.trim();
    if let Some(tz) = named(text) {
        return Some(Ok(tz));
    }
    let letters = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let rest = &text[letters..];
    let seconds = if letters == 0 {
        offset_text(rest)?
    } else if letters < 3 {
        return None;
    } else if rest.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        -offset_text(&format!("+{rest}"))?
    } else {
        -offset_text(rest)?
    };
    Some(of_whole_hours(seconds).ok_or(seconds))
}

/// Abbreviations that PostgreSQL 8 and Redshift know, with their seconds east of UTC.
const ABBREVIATIONS: [(&str, i32); 42] = [
    ("ACST", 34_200),
    ("AEDT", 39_600),
    ("AEST", 36_000),
    ("AKDT", -28_800),
    ("AKST", -32_400),
    ("AST", -14_400),
    ("ADT", -10_800),
    ("AWST", 28_800),
    ("BRT", -10_800),
    ("BST", 3_600),
    ("CAT", 7_200),
    ("CCT", 28_800),
    ("CDT", -18_000),
    ("CEST", 7_200),
    ("CET", 3_600),
    ("CST", -21_600),
    ("EAT", 10_800),
    ("EDT", -14_400),
    ("EEST", 10_800),
    ("EET", 7_200),
    ("EST", -18_000),
    ("GMT", 0),
    ("HKT", 28_800),
    ("HST", -36_000),
    ("IST", 7_200),
    ("JST", 32_400),
    ("KST", 32_400),
    ("MDT", -21_600),
    ("MSD", 14_400),
    ("MSK", 10_800),
    ("MST", -25_200),
    ("NDT", -9_000),
    ("NST", -12_600),
    ("NZDT", 46_800),
    ("NZST", 43_200),
    ("PDT", -25_200),
    ("PKT", 18_000),
    ("PST", -28_800),
    ("SAST", 7_200),
    ("SGT", 28_800),
    ("UTC", 0),
    ("WET", 0),
];

/// All abbreviations with their seconds east of UTC.
pub fn abbreviations() -> &'static [(&'static str, i32)] {
    &ABBREVIATIONS
}

/// The offset of a zone abbreviation in seconds east of UTC.
pub fn abbreviation(word: &str) -> Option<i32> {
    ABBREVIATIONS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, s)| *s)
        .or(match word {
            "z" | "Z" | "zulu" | "ZULU" | "UT" | "ut" => Some(0),
            _ => None,
        })
}

/// `+08`, `-0830`, `+8:30`, `-08:30:15` in seconds east of UTC (ISO's sign).
pub fn offset_text(s: &str) -> Option<i32> {
    let (sign, digits) = match s.as_bytes().first()? {
        b'+' => (1, &s[1..]),
        b'-' => (-1, &s[1..]),
        _ => return None,
    };
    let number = |t: &str| -> Option<i32> {
        (!t.is_empty() && t.len() <= 2 && t.bytes().all(|b| b.is_ascii_digit()))
            .then(|| t.parse().ok())?
    };
    let (h, m, sec) = if digits.contains(':') {
        let mut parts = digits.split(':');
        let h = number(parts.next()?)?;
        let m = number(parts.next()?)?;
        let sec = match parts.next() {
            Some(t) => number(t)?,
            None => 0,
        };
        if parts.next().is_some() {
            return None;
        }
        (h, m, sec)
    } else if digits.len() > 2 {
        let split = digits.len() - 2;
        (
            number(digits.get(..split)?)?,
            number(digits.get(split..)?)?,
            0,
        )
    } else {
        (number(digits)?, 0, 0)
    };
    (h <= 15 && m < 60 && sec < 60).then_some(sign * (h * 3600 + m * 60 + sec))
}

/// A zone by database name, abbreviation, or offset; Redshift reads the offset of `UTC+2` and `+2` with POSIX's sign.
pub fn parse(text: &str, dialect: DialectName) -> Option<Zone> {
    let text = text.trim();
    if let Some(tz) = named(text) {
        return Some(Zone::new(tz, dialect));
    }
    if dialect == DialectName::Snowflake {
        return None;
    }
    if let Some(s) = abbreviation(text) {
        return Some(Zone::fixed(s));
    }
    // What a POSIX zone is called says nothing: its offset does (CONVERT_TIMEZONE).
    let letters = text
        .find(|c: char| !c.is_ascii_alphabetic() && !matches!(c, '/' | '_'))
        .unwrap_or(text.len());
    // `NEWZONE +2` is a POSIX zone too.
    let rest = text[letters..].trim_start();
    let signed;
    let rest = if rest.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        signed = format!("+{rest}");
        signed.as_str()
    } else {
        rest
    };
    offset_text(rest).map(|s| Zone::fixed(-s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_overlaps() {
        let la = Tz::America__Los_Angeles;
        let local = |d: i64, h: i64, m: i64| d * 86_400 + h * 3600 + m * 60;
        // 2024-03-10 (day 19792) has no 02:30; 2024-11-03 (day 20030) has two 01:30.
        for (dialect, overlap) in [
            (DialectName::Snowflake, -7 * 3600),
            (DialectName::Redshift, -8 * 3600),
        ] {
            let mut z = Zone::new(la, dialect);
            assert_eq!(z.offset_of_local(local(19_792, 1, 59)), -8 * 3600);
            assert_eq!(z.offset_of_local(local(19_792, 2, 30)), -8 * 3600);
            assert_eq!(z.offset_of_local(local(19_792, 3, 0)), -7 * 3600);
            assert_eq!(z.offset_of_local(local(20_030, 1, 30)), overlap);
            assert_eq!(z.offset_of_local(local(20_030, 2, 0)), -8 * 3600);
            assert_eq!(z.offset_of_local(local(20_030, 0, 59)), -7 * 3600);
        }
    }

    #[test]
    fn zone_texts() {
        for (text, want) in [
            ("+08", Some(28_800)),
            ("-0830", Some(-30_600)),
            ("+5:30", Some(19_800)),
            ("-12:00:30", Some(-43_230)),
            ("+530", Some(19_800)),
            ("+99", None),
            ("08", None),
            ("+", None),
        ] {
            assert_eq!(offset_text(text), want, "{text}");
        }
        assert!(named("america/new_york").is_some());
        assert!(named("Mars/Base").is_none());
        for (text, want) in [
            ("Europe/Berlin", Some(Ok(Tz::Europe__Berlin))),
            ("-8:00", Some(Ok(Tz::Etc__GMTPlus8))),
            ("+02:00:00", Some(Ok(Tz::Etc__GMTMinus2))),
            ("PST8", Some(Ok(Tz::Etc__GMTPlus8))),
            ("utc-3", Some(Ok(Tz::Etc__GMTMinus3))),
            ("+0", Some(Ok(Tz::UTC))),
            ("+7:30", Some(Err(27_000))),
            ("PDT", None),
            ("x3", None),
            ("", None),
        ] {
            assert_eq!(of_setting(text), want, "{text}");
        }
        let mut posix = parse("UTC+2", DialectName::Redshift).expect("posix zone");
        assert_eq!(posix.offset_at(0), -7200);
        assert!(parse("UTC+2", DialectName::Snowflake).is_none());
        let mut named = parse("Europe/Nowhere_City+2", DialectName::Redshift).expect("posix zone");
        assert_eq!(named.offset_at(0), -7200);
    }
}
