//! Snowflake's date and time format models, compiled once, for output and for input.
//! Recognition without a model is `auto`. Source: "Date and time input and output formats", about the elements used in formats.

use std::fmt::Write;

use super::parsed::{Cursor, Parsed};
use super::source::Moment;
use super::wall::{MONTHS, WEEKDAYS, day_number, iso_weekday, month_word, weekday_word};
use crate::kernels::format::civil;

/// An element of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// Four-digit year.
    Year4,
    /// Two-digit year.
    Year2,
    /// Year with as many digits as it has, signed.
    YearIso,
    Month,
    MonthName,
    MonthFull,
    Day,
    DayName,
    Hour24,
    Hour12,
    Meridian,
    Minute,
    Second,
    /// Fraction with so many digits; `None` is `FF` without a number.
    Fraction(Option<u8>),
    /// `TZH`, alone.
    ZoneHour,
    /// `TZM`.
    ZoneMinute,
    /// `TZHTZM` and `TZH:TZM`.
    Zone {
        colon: bool,
    },
    /// Zone as an abbreviation or a region: only its offset is known here.
    ZoneName,
    Literal(String),
}

/// A compiled model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    items: Vec<Item>,
}

/// Elements by spelling, longest first.
fn elements() -> [(&'static str, Item); 20] {
    [
        ("TZH:TZM", Item::Zone { colon: true }),
        ("TZHTZM", Item::Zone { colon: false }),
        ("YYYY", Item::Year4),
        ("UUUU", Item::YearIso),
        ("MMMM", Item::MonthFull),
        ("HH24", Item::Hour24),
        ("HH12", Item::Hour12),
        ("HH", Item::Hour24),
        ("MON", Item::MonthName),
        ("TZH", Item::ZoneHour),
        ("TZM", Item::ZoneMinute),
        ("TZD", Item::ZoneName),
        ("YY", Item::Year2),
        ("MM", Item::Month),
        ("DD", Item::Day),
        ("DY", Item::DayName),
        ("MI", Item::Minute),
        ("SS", Item::Second),
        ("AM", Item::Meridian),
        ("PM", Item::Meridian),
    ]
}

impl Model {
    /// Compiles a model. Every text is one: what is no element is literal text.
    pub fn new(text: &str) -> Self {
        let table = elements();
        let mut items = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        'next: while let Some(c) = rest.chars().next() {
            if c == '"' {
                let body = &rest[1..];
                if let Some(end) = body.find('"') {
                    literal.push_str(&body[..end]);
                    rest = &body[end + 1..];
                    continue;
                }
            }
            let starts = |word: &str| {
                rest.get(..word.len())
                    .is_some_and(|s| s.eq_ignore_ascii_case(word))
            };
            let mut push = |item: Item, literal: &mut String| {
                if !literal.is_empty() {
                    items.push(Item::Literal(std::mem::take(literal)));
                }
                items.push(item);
            };
            if starts("FF") {
                let digit = rest.as_bytes().get(2).filter(|b| b.is_ascii_digit());
                push(Item::Fraction(digit.map(|b| b - b'0')), &mut literal);
                rest = &rest[2 + usize::from(digit.is_some())..];
                continue;
            }
            for (word, item) in &table {
                if starts(word) {
                    push(item.clone(), &mut literal);
                    rest = &rest[word.len()..];
                    continue 'next;
                }
            }
            literal.push(c);
            rest = &rest[c.len_utf8()..];
        }
        if !literal.is_empty() {
            items.push(Item::Literal(literal));
        }
        Model { items }
    }

    /// Whether the model has an element of a time of day.
    pub fn has_time(&self) -> bool {
        self.items.iter().any(|i| {
            matches!(
                i,
                Item::Hour24 | Item::Hour12 | Item::Minute | Item::Second | Item::Fraction(_)
            )
        })
    }

    /// Appends a value in this form; `scale` is the type's number of fractional digits.
    pub fn write(&self, m: Moment, scale: u8, out: &mut String) {
        let (year, month, day) = m.wall.date();
        let (hour, minute, second) = m.wall.clock();
        let offset = m.offset / 60;
        let sign = if m.offset < 0 { '-' } else { '+' };
        for item in &self.items {
            // Writing to a String cannot fail.
            let _ = match item {
                Item::Year4 if year < 0 => write!(out, "-{:04}", -year),
                Item::Year4 => write!(out, "{year:04}"),
                Item::YearIso if year < 0 => write!(out, "-{:04}", -year),
                Item::YearIso => write!(out, "{year:04}"),
                Item::Year2 => write!(out, "{:02}", year.rem_euclid(100)),
                Item::Month => write!(out, "{month:02}"),
                Item::MonthName => {
                    out.push_str(&MONTHS[month as usize - 1][..3]);
                    Ok(())
                }
                Item::MonthFull => {
                    out.push_str(MONTHS[month as usize - 1]);
                    Ok(())
                }
                Item::Day => write!(out, "{day:02}"),
                Item::DayName => {
                    out.push_str(&WEEKDAYS[iso_weekday(m.wall.day) as usize - 1][..3]);
                    Ok(())
                }
                Item::Hour24 => write!(out, "{hour:02}"),
                Item::Hour12 => write!(out, "{:02}", (hour + 11) % 12 + 1),
                Item::Meridian => {
                    out.push_str(if hour < 12 { "AM" } else { "PM" });
                    Ok(())
                }
                Item::Minute => write!(out, "{minute:02}"),
                Item::Second => write!(out, "{second:02}"),
                Item::Fraction(digits) => {
                    let n = u32::from(digits.unwrap_or(scale).min(9));
                    if n == 0 {
                        Ok(())
                    } else {
                        write!(
                            out,
                            "{:0width$}",
                            m.wall.fraction() / 10u32.pow(9 - n),
                            width = n as usize
                        )
                    }
                }
                Item::Zone { colon } => write!(
                    out,
                    "{sign}{:02}{}{:02}",
                    offset.abs() / 60,
                    if *colon { ":" } else { "" },
                    offset.abs() % 60
                ),
                Item::ZoneName => write!(
                    out,
                    "{sign}{:02}{:02}",
                    offset.abs() / 60,
                    offset.abs() % 60
                ),
                Item::ZoneHour => write!(out, "{sign}{:02}", offset.abs() / 60),
                Item::ZoneMinute => write!(out, "{:02}", offset.abs() % 60),
                Item::Literal(s) => {
                    out.push_str(s);
                    Ok(())
                }
            };
        }
    }

    /// Reads a text in this form. Two-digit years lie in the hundred years from `century_start`. None when the
    /// text does not follow the model or names a day or time that does not exist.
    pub fn parse(&self, text: &str, century_start: i32) -> Option<Parsed> {
        let mut c = Cursor::new(text.trim());
        let (mut year, mut month, mut day) = (None, None, None);
        let (mut hour24, mut hour12, mut pm) = (None, None, None);
        let (mut minute, mut second, mut fraction) = (None, None, None);
        let mut offset: Option<i32> = None;
        let mut zone_sign = 1;
        for (at, item) in self.items.iter().enumerate() {
            match item {
                Item::Year4 => year = Some(c.number(4, 4)?),
                Item::YearIso => {
                    let negative = c.eat(b'-');
                    let y = c.number(4, 5)?;
                    year = Some(if negative { -y } else { y });
                }
                Item::Year2 => {
                    let y = c.number(2, 2)?;
                    let start = i64::from(century_start);
                    let y = start - start.rem_euclid(100) + y;
                    year = Some(if y < start { y + 100 } else { y });
                }
                Item::Month => month = Some(c.number(1, 2)?),
                Item::MonthName | Item::MonthFull => {
                    let (m, len) = month_word(c.rest())?;
                    c.skip(len);
                    month = Some(i64::from(m));
                }
                Item::Day => day = Some(c.number(1, 2)?),
                Item::DayName => {
                    let (_, len) = weekday_word(c.rest())?;
                    c.skip(len);
                }
                Item::Hour24 => hour24 = Some(c.number(1, 2)?),
                Item::Hour12 => hour12 = Some(c.number(1, 2).filter(|h| (1..=12).contains(h))?),
                Item::Meridian => {
                    pm = Some(if c.eat_word("AM") {
                        false
                    } else if c.eat_word("PM") {
                        true
                    } else {
                        return None;
                    });
                }
                Item::Minute => minute = Some(c.number(1, 2)?),
                Item::Second => second = Some(c.number(1, 2)?),
                Item::Fraction(_) => fraction = Some(c.fraction(usize::MAX)),
                Item::Zone { .. } => offset = Some(super::auto::zone(&mut c)?),
                Item::ZoneHour => {
                    if c.eat(b'Z') {
                        offset = Some(0);
                        continue;
                    }
                    zone_sign = if c.eat(b'-') {
                        -1
                    } else {
                        c.eat(b'+');
                        1
                    };
                    offset = Some(zone_sign * c.number(1, 2)? as i32 * 3600);
                }
                Item::ZoneMinute => {
                    let m = c.number(2, 2)? as i32 * 60;
                    offset = Some(offset.unwrap_or(0) + zone_sign * m);
                }
                Item::ZoneName => {
                    let word = c.letters();
                    offset = Some(super::zone::abbreviation(word)?);
                }
                Item::Literal(s) => {
                    let rest = c.rest();
                    if rest
                        .get(..s.len())
                        .is_some_and(|t| t.eq_ignore_ascii_case(s))
                    {
                        c.skip(s.len());
                    } else if s == "." && matches!(self.items.get(at + 1), Some(Item::Fraction(_)))
                    {
                        // The fraction, with its point, may be missing.
                    } else if c.done() && s.trim().is_empty() {
                        // Trailing blanks of the model stand for nothing.
                    } else {
                        return None;
                    }
                }
            }
        }
        if !c.done() {
            return None;
        }
        let has_date = year.is_some() || month.is_some() || day.is_some();
        let day = if has_date {
            Some(day_number(
                i32::try_from(year.unwrap_or(1970)).ok()?,
                u32::try_from(month.unwrap_or(1)).ok()?,
                u32::try_from(day.unwrap_or(1)).ok()?,
            )?)
        } else {
            None
        };
        let hour = match (hour24, hour12) {
            (Some(h), _) => Some(h),
            (None, Some(h)) => Some(h % 12 + if pm == Some(true) { 12 } else { 0 }),
            _ => None,
        };
        let nano = if hour.is_some() || minute.is_some() || second.is_some() || fraction.is_some() {
            Some(super::parsed::time_of_day(
                hour.unwrap_or(0),
                minute.unwrap_or(0),
                second.unwrap_or(0),
                fraction.unwrap_or(0),
            )?)
        } else {
            None
        };
        Some(Parsed { day, nano, offset })
    }
}

/// `YYYY-MM-DD`, the default of DATE_OUTPUT_FORMAT, without a model.
pub fn write_iso_date(day: i32, out: &mut String) {
    let (y, m, d) = civil(day);
    let _ = if y < 0 {
        write!(out, "-{:04}-{m:02}-{d:02}", -y)
    } else {
        write!(out, "{y:04}-{m:02}-{d:02}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::datetime::wall::Wall;

    fn moment(y: i32, m: u32, d: u32, nano: i64, offset: i32) -> Moment {
        Moment {
            wall: Wall {
                day: day_number(y, m, d).expect("valid"),
                nano,
            },
            offset,
        }
    }

    #[test]
    fn writes() {
        let m = moment(2021, 3, 7, 47_107_012_345_678, -8 * 3600);
        for (model, want) in [
            (
                "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
                "2021-03-07 13:05:07.012 -0800",
            ),
            ("mm/dd/yy hh12:mi:ss am", "03/07/21 01:05:07 PM"),
            ("DY, DD MON YYYY", "Sun, 07 Mar 2021"),
            ("MMMM DD, YYYY", "March 07, 2021"),
            ("YYYY\"year\"MM", "2021year03"),
            ("HH24:MI:SS.FF", "13:05:07.012345678"),
            ("FF0|TZH:TZM|TZH", "|-08:00|-08"),
            ("at hh24 o'clock", "at 13 o'clock"),
            ("UUUU", "2021"),
        ] {
            let mut out = String::new();
            Model::new(model).write(m, 9, &mut out);
            assert_eq!(out, want, "{model}");
        }
    }

    #[test]
    fn reads() {
        for (model, text, want) in [
            ("YYYY-MM-DD", "2021-03-07", Some("2021-03-07")),
            ("DD.MM.YYYY", "7.3.2021", Some("2021-03-07")),
            ("YYYYMMDD", "20210307", Some("2021-03-07")),
            ("MON DD, YYYY", "march 07, 2021", Some("2021-03-07")),
            ("MM/DD/YY", "03/07/69", Some("2069-03-07")),
            ("MM/DD/YY", "03/07/70", Some("1970-03-07")),
            (
                "YYYY-MM-DD HH12:MI AM",
                "2021-03-07 01:05 PM",
                Some("2021-03-07 13:05:00"),
            ),
            ("HH24:MI:SS.FF", "13:05:07", Some("13:05:07")),
            ("HH24:MI:SS.FF3", "13:05:07.012345", Some("13:05:07.012345")),
            (
                "YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM",
                "2021-03-07T01:02:03+05:30",
                Some("2021-03-07 01:02:03 +330"),
            ),
            ("YYYY-MM-DD", "2021-13-07", None),
            ("YYYY-MM-DD", "2021-03-07 10:00", None),
            ("DD", "x", None),
        ] {
            let got = Model::new(model).parse(text, 1970).map(|p| {
                let mut out = Vec::new();
                if let Some(d) = p.day {
                    out.push(crate::kernels::format::iso_date(d));
                }
                if let Some(n) = p.nano {
                    out.push(crate::kernels::format::iso_time(n));
                }
                if let Some(o) = p.offset {
                    out.push(format!("{:+}", o / 60));
                }
                out.join(" ")
            });
            assert_eq!(got.as_deref(), want, "{model} {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn models_and_texts_never_panic(model in ".{0,24}", text in ".{0,24}") {
            let m = Model::new(&model);
            let _ = m.parse(&text, 1970);
            let mut out = String::new();
            m.write(moment(2021, 3, 7, 1, 0), 9, &mut out);
        }
    }
}
