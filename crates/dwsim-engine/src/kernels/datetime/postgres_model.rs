//! The format models of Redshift's TO_CHAR, TO_DATE and TO_TIMESTAMP for dates and times, compiled once.
//! Literals without a model are `postgres_input`. Source: Redshift guide "Datetime format strings".

use std::fmt::Write;

use super::parsed::{Cursor, Parsed};
use super::source::Moment;
use super::wall::{
    MONTHS, SECOND, WEEKDAYS, day_number, day_of_year, iso_week, iso_weekday, month_word,
    rolled_day, week_start, weekday_word,
};

/// How letters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Upper,
    Capital,
    Lower,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Hour12,
    Hour24,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    SecondOfDay,
    Meridian {
        dots: bool,
    },
    Era {
        dots: bool,
    },
    /// Year with so many digits; four means all.
    Year(u8),
    YearComma,
    IsoYear(u8),
    MonthFull,
    MonthShort,
    Month,
    DayFull,
    DayShort,
    DayOfYear,
    IsoDayOfYear,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    WeekOfMonth,
    Week,
    IsoWeek,
    Century,
    Julian,
    Quarter,
    Roman,
    Zone,
    Offset,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Field {
        field: Field,
        case: Case,
        /// Blanks and leading zeros are left out.
        fill: bool,
        /// An English ordinal ending follows, upper-case or lower-case.
        ordinal: Option<bool>,
        /// Digits follow directly in the model, so that the field must have its full width on input.
        exact: bool,
    },
    Literal(char),
}

/// A compiled model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    items: Vec<Item>,
}

/// Elements by upper-case spelling, longest first among those with a common start.
const ELEMENTS: [(&str, Field); 46] = [
    ("SSSSS", Field::SecondOfDay),
    ("SSSS", Field::SecondOfDay),
    ("SP", Field::SecondOfDay),
    ("SS", Field::Second),
    ("HH24", Field::Hour24),
    ("HH12", Field::Hour12),
    ("HH", Field::Hour12),
    ("MI", Field::Minute),
    ("MS", Field::Millisecond),
    ("US", Field::Microsecond),
    ("A.M.", Field::Meridian { dots: true }),
    ("P.M.", Field::Meridian { dots: true }),
    ("AM", Field::Meridian { dots: false }),
    ("PM", Field::Meridian { dots: false }),
    ("A.D.", Field::Era { dots: true }),
    ("B.C.", Field::Era { dots: true }),
    ("AD", Field::Era { dots: false }),
    ("BC", Field::Era { dots: false }),
    ("Y,YYY", Field::YearComma),
    ("YYYY", Field::Year(4)),
    ("YYY", Field::Year(3)),
    ("YY", Field::Year(2)),
    ("Y", Field::Year(1)),
    ("IYYY", Field::IsoYear(4)),
    ("IYY", Field::IsoYear(3)),
    ("IY", Field::IsoYear(2)),
    ("IDDD", Field::IsoDayOfYear),
    ("ID", Field::IsoDayOfWeek),
    ("IW", Field::IsoWeek),
    ("I", Field::IsoYear(1)),
    ("MONTH", Field::MonthFull),
    ("MON", Field::MonthShort),
    ("MM", Field::Month),
    ("DAY", Field::DayFull),
    ("DDD", Field::DayOfYear),
    ("DD", Field::Day),
    ("DY", Field::DayShort),
    ("D", Field::DayOfWeek),
    ("WW", Field::Week),
    ("W", Field::WeekOfMonth),
    ("CC", Field::Century),
    ("J", Field::Julian),
    ("Q", Field::Quarter),
    ("RM", Field::Roman),
    ("TZ", Field::Zone),
    ("OF", Field::Offset),
];

const ROMAN_MONTHS: [&str; 12] = [
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII",
];

impl Model {
    /// Compiles a model. Every text is one: what is no element is literal text.
    pub fn new(text: &str) -> Self {
        let mut items: Vec<Item> = Vec::new();
        let mut rest = text;
        let mut fill = false;
        'next: while let Some(c) = rest.chars().next() {
            if c == '"' {
                rest = &rest[1..];
                while let Some(q) = rest.chars().next() {
                    rest = &rest[q.len_utf8()..];
                    match q {
                        '"' => continue 'next,
                        '\\' => {
                            if let Some(e) = rest.chars().next() {
                                items.push(Item::Literal(e));
                                rest = &rest[e.len_utf8()..];
                            }
                        }
                        q => items.push(Item::Literal(q)),
                    }
                }
                break;
            }
            let starts = |word: &str| {
                rest.get(..word.len())
                    .is_some_and(|s| s.eq_ignore_ascii_case(word))
            };
            if starts("FM") {
                fill = true;
                rest = &rest[2..];
                continue;
            }
            if starts("FX") {
                rest = &rest[2..];
                continue;
            }
            for (word, field) in &ELEMENTS {
                if !starts(word) {
                    continue;
                }
                let written = &rest[..word.len()];
                rest = &rest[word.len()..];
                let case = case_of(written);
                let ordinal = match rest.get(..2) {
                    Some("TH") => Some(true),
                    Some("th") => Some(false),
                    _ => None,
                };
                if ordinal.is_some() {
                    rest = &rest[2..];
                }
                if let Some(Item::Field { exact, .. }) = items.last_mut() {
                    *exact = true;
                }
                items.push(Item::Field {
                    field: *field,
                    case,
                    fill,
                    ordinal,
                    exact: false,
                });
                fill = false;
                continue 'next;
            }
            items.push(Item::Literal(c));
            rest = &rest[c.len_utf8()..];
        }
        Model { items }
    }

    /// Appends a value in this form; `zone` is the name shown by TZ.
    pub fn write(&self, m: Moment, zone: &str, out: &mut String) {
        for item in &self.items {
            match item {
                Item::Literal(c) => out.push(*c),
                Item::Field {
                    field,
                    case,
                    fill,
                    ordinal,
                    ..
                } => {
                    let start = out.len();
                    write_field(*field, *case, *fill, m, zone, out);
                    if let Some(upper) = ordinal {
                        let ending = ordinal_ending(&out[start..]);
                        if *upper {
                            out.push_str(&ending.to_ascii_uppercase());
                        } else {
                            out.push_str(ending);
                        }
                    }
                }
            }
        }
    }

    /// Whether the model has a zone, which Redshift does not accept on input.
    pub fn has_zone(&self) -> bool {
        self.items.iter().any(|i| {
            matches!(
                i,
                Item::Field {
                    field: Field::Zone | Field::Offset,
                    ..
                }
            )
        })
    }

    /// Reads a text in this form. Fields out of their range carry over unless `strict`. None when the text does not
    /// follow the model or (strictly) names a day or time that does not exist.
    pub fn parse(&self, text: &str, strict: bool) -> Option<Parsed> {
        self.parse_start(text, strict).map(|(parsed, _)| parsed)
    }

    /// As [`Model::parse`], with what the model leaves of the text.
    pub fn parse_start<'a>(&self, text: &'a str, strict: bool) -> Option<(Parsed, &'a str)> {
        let mut c = Cursor::new(text);
        let mut f = Fields::default();
        c.blanks();
        for item in &self.items {
            if c.done() {
                break;
            }
            match item {
                Item::Literal(l) => {
                    // As in PostgreSQL, any one character stands for a separator; blanks are free.
                    if l.is_whitespace() {
                        c.blanks();
                    } else {
                        let next = c.rest().chars().next()?;
                        if next.is_ascii_digit() && !l.is_ascii_digit() {
                            continue;
                        }
                        c.skip(next.len_utf8());
                    }
                }
                Item::Field {
                    field,
                    ordinal,
                    exact,
                    ..
                } => {
                    c.blanks();
                    read_field(*field, *exact, &mut c, &mut f)?;
                    if ordinal.is_some() && c.peek().is_some_and(|b| b.is_ascii_alphabetic()) {
                        c.skip(2);
                    }
                }
            }
        }
        f.finish(strict).map(|parsed| (parsed, c.rest()))
    }
}

fn case_of(written: &str) -> Case {
    let mut letters = written.chars().filter(char::is_ascii_alphabetic);
    match (letters.next(), letters.next()) {
        (Some(a), _) if a.is_ascii_lowercase() => Case::Lower,
        (Some(_), Some(b)) if b.is_ascii_lowercase() => Case::Capital,
        _ => Case::Upper,
    }
}

fn push_case(word: &str, case: Case, out: &mut String) {
    match case {
        Case::Upper => out.push_str(&word.to_ascii_uppercase()),
        Case::Lower => out.push_str(&word.to_ascii_lowercase()),
        Case::Capital => out.push_str(word),
    }
}

fn ordinal_ending(digits: &str) -> &'static str {
    let b = digits.as_bytes();
    let last = b.last().copied().unwrap_or(b'0');
    let teen = b.len() > 1 && b[b.len() - 2] == b'1';
    match (teen, last) {
        (false, b'1') => "st",
        (false, b'2') => "nd",
        (false, b'3') => "rd",
        _ => "th",
    }
}

fn write_field(field: Field, case: Case, fill: bool, m: Moment, zone: &str, out: &mut String) {
    let w = m.wall;
    let (year, month, day) = w.date();
    let (hour, minute, second) = w.clock();
    let shown_year = if year <= 0 { 1 - year } else { year };
    // Writing to a String cannot fail.
    let number = |v: i64, width: usize, out: &mut String| {
        let _ = if fill {
            write!(out, "{v}")
        } else {
            write!(out, "{v:0width$}")
        };
    };
    let padded = |word: &str, out: &mut String| {
        push_case(word, case, out);
        if !fill {
            for _ in word.len()..9 {
                out.push(' ');
            }
        }
    };
    match field {
        Field::Hour12 => number(i64::from((hour + 11) % 12 + 1), 2, out),
        Field::Hour24 => number(i64::from(hour), 2, out),
        Field::Minute => number(i64::from(minute), 2, out),
        Field::Second => number(i64::from(second), 2, out),
        Field::Millisecond => number(i64::from(w.fraction() / 1_000_000), 3, out),
        Field::Microsecond => number(i64::from(w.fraction() / 1_000), 6, out),
        Field::SecondOfDay => {
            let _ = write!(out, "{}", w.nano / SECOND);
        }
        Field::Meridian { dots } => {
            let word = match (hour < 12, dots) {
                (true, true) => "A.M.",
                (false, true) => "P.M.",
                (true, false) => "AM",
                (false, false) => "PM",
            };
            push_case(word, case, out);
        }
        Field::Era { dots } => {
            let word = match (year > 0, dots) {
                (true, true) => "A.D.",
                (false, true) => "B.C.",
                (true, false) => "AD",
                (false, false) => "BC",
            };
            push_case(word, case, out);
        }
        Field::Year(4) => number(i64::from(shown_year), 4, out),
        Field::Year(n) => number(
            i64::from(shown_year) % 10i64.pow(u32::from(n)),
            usize::from(n),
            out,
        ),
        Field::YearComma => {
            let _ = write!(out, "{},{:03}", shown_year / 1000, shown_year % 1000);
        }
        Field::IsoYear(4) => number(i64::from(iso_week(w.day).0), 4, out),
        Field::IsoYear(n) => number(
            i64::from(iso_week(w.day).0) % 10i64.pow(u32::from(n)),
            usize::from(n),
            out,
        ),
        Field::MonthFull => padded(MONTHS[month as usize - 1], out),
        Field::MonthShort => push_case(&MONTHS[month as usize - 1][..3], case, out),
        Field::Month => number(i64::from(month), 2, out),
        Field::DayFull => padded(WEEKDAYS[iso_weekday(w.day) as usize - 1], out),
        Field::DayShort => push_case(&WEEKDAYS[iso_weekday(w.day) as usize - 1][..3], case, out),
        Field::DayOfYear => number(i64::from(day_of_year(w.day)), 3, out),
        Field::IsoDayOfYear => {
            let (iso_year, _) = iso_week(w.day);
            let first = iso_year_start(iso_year);
            number(i64::from(w.day - first) + 1, 3, out);
        }
        Field::Day => number(i64::from(day), 2, out),
        Field::DayOfWeek => number(i64::from(iso_weekday(w.day) % 7 + 1), 1, out),
        Field::IsoDayOfWeek => number(i64::from(iso_weekday(w.day)), 1, out),
        Field::WeekOfMonth => number(i64::from((day - 1) / 7 + 1), 1, out),
        Field::Week => number(i64::from((day_of_year(w.day) - 1) / 7 + 1), 2, out),
        Field::IsoWeek => number(i64::from(iso_week(w.day).1), 2, out),
        Field::Century => number(i64::from((shown_year + 99) / 100), 2, out),
        Field::Julian => {
            let _ = write!(out, "{}", i64::from(w.day) + 2_440_588);
        }
        Field::Quarter => number(i64::from((month - 1) / 3 + 1), 1, out),
        Field::Roman => {
            let word = ROMAN_MONTHS[month as usize - 1];
            push_case(
                word,
                if case == Case::Lower {
                    Case::Lower
                } else {
                    Case::Upper
                },
                out,
            );
            if !fill {
                for _ in word.len()..4 {
                    out.push(' ');
                }
            }
        }
        Field::Zone => push_case(
            zone,
            if case == Case::Lower {
                Case::Lower
            } else {
                Case::Upper
            },
            out,
        ),
        Field::Offset => {
            let o = m.offset.abs();
            let _ = write!(
                out,
                "{}{:02}",
                if m.offset < 0 { '-' } else { '+' },
                o / 3600
            );
            if o % 3600 != 0 {
                let _ = write!(out, ":{:02}", o / 60 % 60);
            }
        }
    }
}

/// The Monday of ISO week 1.
fn iso_year_start(year: i32) -> i32 {
    day_number(year, 1, 4).map_or(0, |d| week_start(d, 1))
}

#[derive(Debug, Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    julian: Option<i64>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    iso_day: Option<i64>,
    week: Option<i64>,
    century: Option<i64>,
    bc: bool,
    hour24: Option<i64>,
    hour12: Option<i64>,
    pm: Option<bool>,
    minute: Option<i64>,
    second: Option<i64>,
    second_of_day: Option<i64>,
    nanos: i64,
}

fn read_field(field: Field, exact: bool, c: &mut Cursor<'_>, f: &mut Fields) -> Option<()> {
    // Where another field follows directly, a field has its full width only; otherwise as many digits as there are.
    let number = |c: &mut Cursor<'_>, width: usize| {
        let negative = c.eat(b'-');
        let v = c.number(1, if exact { width } else { width.max(9) })?;
        Some(if negative { -v } else { v })
    };
    let year = |v: i64, digits: usize| match digits {
        0..=2 if v < 70 => v + 2000,
        0..=2 => v + 1900,
        3 if v < 500 => v + 2000,
        3 => v + 1000,
        _ => v,
    };
    match field {
        Field::Hour12 => f.hour12 = Some(number(c, 2)?),
        Field::Hour24 => f.hour24 = Some(number(c, 2)?),
        Field::Minute => f.minute = Some(number(c, 2)?),
        Field::Second => f.second = Some(number(c, 2)?),
        Field::Millisecond => f.nanos += c.fraction(3),
        Field::Microsecond => f.nanos += c.fraction(6),
        Field::SecondOfDay => f.second_of_day = Some(number(c, 5)?),
        Field::Meridian { .. } => {
            f.pm = Some(if c.eat_word("A.M.") || c.eat_word("AM") {
                false
            } else if c.eat_word("P.M.") || c.eat_word("PM") {
                true
            } else {
                return None;
            });
        }
        Field::Era { .. } => {
            f.bc = if c.eat_word("B.C.") || c.eat_word("BC") {
                true
            } else if c.eat_word("A.D.") || c.eat_word("AD") {
                false
            } else {
                return None;
            };
        }
        Field::Year(n) => {
            let digits = c
                .digits_ahead()
                .min(if exact || n < 4 { usize::from(n) } else { 9 });
            let v = c.number(1, digits.max(1))?;
            f.year = Some(if n == 4 { v } else { year(v, usize::from(n)) });
        }
        Field::YearComma => {
            let thousands = c.number(1, 3)?;
            c.eat(b',').then_some(())?;
            f.year = Some(thousands * 1000 + c.number(3, 3)?);
        }
        Field::IsoYear(n) => {
            let v = c.number(1, usize::from(n))?;
            f.iso_year = Some(if n == 4 { v } else { year(v, usize::from(n)) });
        }
        Field::MonthFull | Field::MonthShort => {
            let (m, len) = month_word(c.rest())?;
            c.skip(len);
            f.month = Some(i64::from(m));
        }
        Field::Month => f.month = Some(number(c, 2)?),
        Field::DayFull | Field::DayShort => {
            let (_, len) = weekday_word(c.rest())?;
            c.skip(len);
        }
        Field::DayOfYear | Field::IsoDayOfYear => f.day_of_year = Some(number(c, 3)?),
        Field::Day => f.day = Some(number(c, 2)?),
        Field::DayOfWeek => {
            number(c, 1)?;
        }
        Field::IsoDayOfWeek => f.iso_day = Some(number(c, 1)?),
        Field::WeekOfMonth => {
            let w = number(c, 1)?;
            f.day.get_or_insert((w - 1) * 7 + 1);
        }
        Field::Week => f.week = Some(number(c, 2)?),
        Field::IsoWeek => f.iso_week = Some(number(c, 2)?),
        Field::Century => f.century = Some(number(c, 2)?),
        Field::Julian => f.julian = Some(number(c, 7)?),
        Field::Quarter => {
            number(c, 1)?;
        }
        Field::Roman => {
            let word = c.letters();
            let at = ROMAN_MONTHS
                .iter()
                .position(|r| r.eq_ignore_ascii_case(word))?;
            f.month = Some(at as i64 + 1);
        }
        Field::Zone | Field::Offset => return None,
    }
    Some(())
}

impl Fields {
    fn finish(self, strict: bool) -> Option<Parsed> {
        let year = match (self.year, self.century) {
            (Some(y), _) if self.bc => 1 - y,
            (Some(y), _) => y,
            (None, Some(c)) => (c - 1) * 100 + 1,
            (None, None) => 1,
        };
        let day = if let Some(j) = self.julian {
            i32::try_from(j - 2_440_588).ok()?
        } else if let (Some(y), Some(w)) = (self.iso_year, self.iso_week) {
            let start = iso_year_start(i32::try_from(y).ok()?);
            i32::try_from(i64::from(start) + (w - 1) * 7 + self.iso_day.unwrap_or(1) - 1).ok()?
        } else if let Some(doy) = self.day_of_year {
            let first = rolled_day(year, 1, 1)?;
            let length = 365 + i64::from(super::wall::is_leap(i32::try_from(year).ok()?));
            if strict && !(1..=length).contains(&doy) {
                return None;
            }
            i32::try_from(i64::from(first) + doy - 1).ok()?
        } else if let Some(w) = self.week {
            rolled_day(year, 1, (w - 1) * 7 + 1)?
        } else {
            let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
            if strict {
                day_number(
                    i32::try_from(year).ok()?,
                    u32::try_from(month).ok()?,
                    u32::try_from(day).ok()?,
                )?
            } else {
                rolled_day(year, month, day)?
            }
        };
        let nano = if let Some(s) = self.second_of_day {
            s.checked_mul(SECOND)?
        } else {
            let hour = match (self.hour24, self.hour12) {
                (Some(h), _) => h,
                (None, Some(h)) => {
                    if strict && !(1..=12).contains(&h) {
                        return None;
                    }
                    match self.pm {
                        Some(true) if h < 12 => h + 12,
                        Some(false) if h == 12 => 0,
                        _ => h,
                    }
                }
                (None, None) => 0,
            };
            let (minute, second) = (self.minute.unwrap_or(0), self.second.unwrap_or(0));
            if strict && (hour > 23 || minute > 59 || second > 59) {
                return None;
            }
            hour.checked_mul(3600)?
                .checked_add(minute.checked_mul(60)?)?
                .checked_add(second)?
                .checked_mul(SECOND)?
        };
        Some(Parsed {
            day: Some(day),
            nano: Some(nano.checked_add(self.nanos)?),
            offset: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::datetime::wall::Wall;
    use crate::kernels::format::{iso_date, iso_time};

    #[test]
    fn writes() {
        let m = Moment {
            wall: Wall {
                day: day_number(2021, 3, 7).expect("valid"),
                nano: 47_107_012_345_000,
            },
            offset: -8 * 3600,
        };
        for (model, want) in [
            ("YYYY-MM-DD HH24:MI:SS.US", "2021-03-07 13:05:07.012345"),
            ("Month|MON|mon|FMMonth", "March    |MAR|mar|March"),
            ("DAY Dy d id", "SUNDAY    Sun 1 7"),
            ("DDTH FMDDth Mon", "07TH 7th Mar"),
            ("HH12:MIPM hh:mi a.m.", "01:05PM 01:05 p.m."),
            ("DDD WW IW W Q J CC", "066 10 09 1 1 2459281 21"),
            ("Y,YYY yy IYYY", "2,021 21 2021"),
            ("RM rm FMrm", "III  iii  iii"),
            ("SSSS MS tz OF", "47107 012 utc -08"),
            ("\"quarter\" Q", "quarter 1"),
            ("A.D. bc", "A.D. ad"),
        ] {
            let mut out = String::new();
            Model::new(model).write(m, "UTC", &mut out);
            assert_eq!(out, want, "{model}");
        }
    }

    #[test]
    fn reads() {
        for (model, text, strict, want) in [
            (
                "YYYY-MM-DD",
                "2021-03-07",
                false,
                Some("2021-03-07 00:00:00"),
            ),
            ("YYYYMMDD", "20210307", false, Some("2021-03-07 00:00:00")),
            ("YYYYMMDD", "20210231", false, Some("2021-03-03 00:00:00")),
            ("YYYYMMDD", "20210231", true, None),
            (
                "DD Mon YYYY",
                "7 mar 2021",
                false,
                Some("2021-03-07 00:00:00"),
            ),
            (
                "Month DD, YYYY",
                "March 07, 2021",
                false,
                Some("2021-03-07 00:00:00"),
            ),
            (
                "HH12:MI AM MM/DD/YY",
                "1:05 pm 3/7/21",
                false,
                Some("2021-03-07 13:05:00"),
            ),
            (
                "YYYY-MM-DD HH24:MI:SS",
                "2021-03-07 26:05:07",
                false,
                Some("2021-03-08 02:05:07"),
            ),
            ("YYYY-MM-DD HH24:MI:SS", "2021-03-07 26:05:07", true, None),
            (
                "YYYY-MM-DD HH24:MI:SS.US",
                "2021-03-07 01:05:07.25",
                false,
                Some("2021-03-07 01:05:07.25"),
            ),
            ("IYYY-IW", "2021-09", false, Some("2021-03-01 00:00:00")),
            ("YYYY DDD", "2021 066", false, Some("2021-03-07 00:00:00")),
            ("YYYY-MM-DD", "hello", false, None),
        ] {
            let got = Model::new(model).parse(text, strict).map(|p| {
                let w = p.wall();
                format!("{} {}", iso_date(w.day), iso_time(w.nano))
            });
            assert_eq!(got.as_deref(), want, "{model} {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn models_and_texts_never_panic(model in ".{0,24}", text in ".{0,24}") {
            let m = Model::new(&model);
            let _ = m.parse(&text, false);
            let mut out = String::new();
            m.write(Moment { wall: Wall::midnight(19_000), offset: 0 }, "UTC", &mut out);
        }
    }
}
