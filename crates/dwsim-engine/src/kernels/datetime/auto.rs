//! Snowflake's AUTO recognition of date, time and timestamp texts and of epoch numbers.
//! Explicit format models are `snowflake_model`. Source: "Date and time input and output formats", supported formats for AUTO detection.

use super::parsed::{Cursor, Parsed, time_of_day};
use super::wall::{Wall, day_number, month_word, weekday_word};

/// An integer as an instant, its unit chosen by its size: seconds, milliseconds, microseconds or nanoseconds.
pub fn epoch(v: i128) -> Option<Wall> {
    let unit: i128 = match v.unsigned_abs() {
        0..31_536_000_000 => 1_000_000_000,
        31_536_000_000..31_536_000_000_000 => 1_000_000,
        31_536_000_000_000..31_536_000_000_000_000 => 1_000,
        _ => 1,
    };
    Wall::from_total(v.checked_mul(unit)?)
}

/// Reads any documented form; None when the text has none of them.
pub fn parse(text: &str) -> Option<Parsed> {
    let text = text.trim();
    if let Some(v) = integer(text) {
        return epoch(v).map(Parsed::utc);
    }
    let mut c = Cursor::new(text);
    let first = c.peek()?;
    if first.is_ascii_alphabetic() {
        return weekday_form(&mut c);
    }
    match text.as_bytes().get(c.digits_ahead()) {
        Some(b':') => {
            let (nano, offset) = clock(&mut c, false)?;
            c.done().then_some(Parsed {
                day: None,
                nano: Some(nano),
                offset,
            })
        }
        _ => {
            let day = date(&mut c)?;
            let (nano, offset) = rest_of_timestamp(&mut c)?;
            Some(Parsed {
                day: Some(day),
                nano,
                offset,
            })
        }
    }
}

fn integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > 30 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// `YYYY-MM-DD`, `DD-MON-YYYY`, `MM/DD/YYYY`.
fn date(c: &mut Cursor<'_>) -> Option<i32> {
    let n = c.digits_ahead();
    let first = c.number(1, 4)?;
    if c.eat(b'/') {
        let day = c.number(1, 2)?;
        if n > 2 || !c.eat(b'/') || c.digits_ahead() != 4 {
            return None;
        }
        let year = c.number(4, 4)?;
        return day_number(year as i32, first as u32, day as u32);
    }
    if !c.eat(b'-') {
        return None;
    }
    if c.peek()?.is_ascii_alphabetic() {
        let (month, len) = month_word(c.rest())?;
        c.skip(len);
        if n > 2 || !c.eat(b'-') || c.digits_ahead() != 4 {
            return None;
        }
        let year = c.number(4, 4)?;
        return day_number(year as i32, month, first as u32);
    }
    if n != 4 {
        return None;
    }
    let month = c.number(1, 2)?;
    if !c.eat(b'-') {
        return None;
    }
    let day = c.number(1, 2)?;
    if c.digits_ahead() > 0 {
        return None;
    }
    day_number(first as i32, month as u32, day as u32)
}

/// What may follow a date: nothing, or `T` or a blank and a time.
fn rest_of_timestamp(c: &mut Cursor<'_>) -> Option<(Option<i64>, Option<i32>)> {
    if c.done() {
        return Some((None, None));
    }
    if !(c.eat(b'T') || c.eat(b't') || c.blanks()) {
        return None;
    }
    let (nano, offset) = clock(c, true)?;
    c.done().then_some((Some(nano), offset))
}

/// `HH[:MI[:SS[.FF]]] [AM|PM] [zone]`; only after a date may the minutes be missing.
fn clock(c: &mut Cursor<'_>, bare_hour: bool) -> Option<(i64, Option<i32>)> {
    let mut hour = c.number(1, 2)?;
    let (mut minute, mut second, mut fraction) = (0, 0, 0);
    if c.eat(b':') {
        minute = c.number(1, 2)?;
        if c.eat(b':') {
            second = c.number(1, 2)?;
            if c.eat(b'.') {
                fraction = c.fraction(usize::MAX);
            }
        }
    } else if !bare_hour {
        return None;
    }
    let mut ahead = *c;
    ahead.blanks();
    let meridian = if ahead.eat_word("AM") {
        Some(0)
    } else if ahead.eat_word("PM") {
        Some(12)
    } else {
        None
    };
    if let Some(add) = meridian {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + add;
        *c = ahead;
    }
    let mut ahead = *c;
    ahead.blanks();
    let offset = if ahead.done() {
        *c = ahead;
        None
    } else {
        let offset = zone(&mut ahead)?;
        *c = ahead;
        Some(offset)
    };
    Some((time_of_day(hour, minute, second, fraction)?, offset))
}

/// `Z`, `+HH`, `+HHMM`, `+HH:MM`.
pub(super) fn zone(c: &mut Cursor<'_>) -> Option<i32> {
    if c.eat(b'Z') || c.eat(b'z') {
        return Some(0);
    }
    let sign = if c.eat(b'+') {
        1
    } else if c.eat(b'-') {
        -1
    } else {
        return None;
    };
    let hour = c.number(1, 2)?;
    let minute = if c.eat(b':') {
        c.number(2, 2)?
    } else {
        c.number(2, 2).unwrap_or(0)
    };
    (hour <= 23 && minute < 60).then_some(sign * (hour * 3600 + minute * 60) as i32)
}

/// `DY, DD MON YYYY [time]` and `DY MON DD [time zone] YYYY [time]`.
fn weekday_form(c: &mut Cursor<'_>) -> Option<Parsed> {
    let (_, len) = weekday_word(c.rest())?;
    c.skip(len);
    if c.eat(b',') {
        c.blanks();
        let day = c.number(1, 2)?;
        if !c.blanks() {
            return None;
        }
        let (month, len) = month_word(c.rest())?;
        c.skip(len);
        if !c.blanks() {
            return None;
        }
        let year = c.number(4, 4)?;
        let day = day_number(year as i32, month, day as u32)?;
        let (nano, offset) = rest_of_timestamp(c)?;
        return Some(Parsed {
            day: Some(day),
            nano,
            offset,
        });
    }
    if !c.blanks() {
        return None;
    }
    let (month, len) = month_word(c.rest())?;
    c.skip(len);
    if !c.blanks() {
        return None;
    }
    let day = c.number(1, 2)?;
    if !c.blanks() {
        return None;
    }
    // Either the year follows, or the time, a zone, and then the year.
    if c.digits_ahead() == 4 {
        let year = c.number(4, 4)?;
        let day = day_number(year as i32, month, day as u32)?;
        let (nano, offset) = rest_of_timestamp(c)?;
        return Some(Parsed {
            day: Some(day),
            nano,
            offset,
        });
    }
    let hour = c.number(1, 2)?;
    let minute = c.eat(b':').then(|| c.number(1, 2))??;
    let second = c.eat(b':').then(|| c.number(1, 2))??;
    let fraction = if c.eat(b'.') {
        c.fraction(usize::MAX)
    } else {
        0
    };
    c.blanks();
    let offset = zone(c)?;
    if !c.blanks() {
        return None;
    }
    let year = c.number(4, 4)?;
    let day = day_number(year as i32, month, day as u32)?;
    c.done().then_some(())?;
    Some(Parsed {
        day: Some(day),
        nano: Some(time_of_day(hour, minute, second, fraction)?),
        offset: Some(offset),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::format::{iso_date, iso_time};

    fn show(p: Parsed) -> String {
        let mut out = Vec::new();
        if let Some(d) = p.day {
            out.push(iso_date(d));
        }
        if let Some(n) = p.nano {
            out.push(iso_time(n));
        }
        if let Some(o) = p.offset {
            out.push(format!("{:+}", o / 60));
        }
        out.join(" ")
    }

    #[test]
    fn documented_forms() {
        for (text, want) in [
            ("2013-04-28", "2013-04-28"),
            ("28-Apr-2013", "2013-04-28"),
            ("4/28/2013", "2013-04-28"),
            ("20:57:06.5", "20:57:06.5"),
            ("08:57 pm", "20:57:00"),
            ("12:00:01 AM", "00:00:01"),
            ("20:57:06+07:00", "20:57:06 +420"),
            (
                "2013-04-28T20:57:06.123456789+07:00",
                "2013-04-28 20:57:06.123456789 +420",
            ),
            ("2013-04-28 20:57:01.9 -0830", "2013-04-28 20:57:01.9 -510"),
            ("2013-04-28T20:57Z", "2013-04-28 20:57:00 +0"),
            ("2013-04-28 20", "2013-04-28 20:00:00"),
            ("2013-04-28 20:57+07", "2013-04-28 20:57:00 +420"),
            (
                "Thu, 21 Dec 2000 04:01:07 PM +0200",
                "2000-12-21 16:01:07 +120",
            ),
            ("Thu, 21 Dec 2000 16:01:07.25", "2000-12-21 16:01:07.25"),
            ("Mon Jul 08 18:09:51 +0000 2013", "2013-07-08 18:09:51 +0"),
            ("02/24/2023 14:05:06", "2023-02-24 14:05:06"),
            ("0", "1970-01-01 00:00:00 +0"),
            ("1700000000", "2023-11-14 22:13:20 +0"),
            ("1700000000123", "2023-11-14 22:13:20.123 +0"),
            ("1700000000123456", "2023-11-14 22:13:20.123456 +0"),
            ("1700000000123456789", "2023-11-14 22:13:20.123456789 +0"),
            ("-1", "1969-12-31 23:59:59 +0"),
        ] {
            assert_eq!(parse(text).map(show).as_deref(), Some(want), "{text}");
        }
        for text in [
            "",
            "abc",
            "2013-02-30",
            "2013/04/28",
            "04-28-2013",
            "2013-04-28 25:00:00",
            "2013-04-28 20:57:06 Mars",
            "2013-04-28x",
            "13:00 PM",
            "24:00:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn dates_come_back(day in -700_000i32..2_900_000) {
            let text = iso_date(day);
            proptest::prop_assert_eq!(parse(&text).and_then(|p| p.day), (!text.starts_with('-')).then_some(day));
        }
    }
}
