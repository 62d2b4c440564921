//! Redshift's recognition of date, time and timestamp literals, as PostgreSQL 8 reads them.
//! Format models are `postgres_model`. Source: Redshift guide "Date, time, and timestamp literals".

use super::parsed::{Cursor, Parsed};
use super::wall::{SECOND, Wall, day_number, month_word, weekday_word};
use super::zone::{self, Zone};
use crate::dialect::DialectName;
use crate::env::{Env, Fleeting};

/// The order in which an all-numeric date names its parts when the year does not come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Month, day, year.
    #[default]
    Mdy,
    /// Day, month, year.
    Dmy,
    /// Year, month, day.
    Ymd,
}

impl Order {
    /// From the `datestyle` setting (`ISO, MDY`).
    pub fn of(env: &Env) -> Self {
        let style = env
            .parameter("datestyle")
            .unwrap_or("")
            .to_ascii_uppercase();
        if style.contains("DMY") {
            Order::Dmy
        } else if style.contains("YMD") {
            Order::Ymd
        } else {
            Order::Mdy
        }
    }
}

/// What a literal may refer to: the order of dates, the clock and the zone.
#[derive(Debug, Clone)]
pub struct Context {
    order: Order,
    /// Start of the transaction, in UTC.
    now: Wall,
    zone: Zone,
    /// To be marked where `now` decides.
    fleeting: Fleeting,
}

impl Context {
    /// From a statement's environment.
    pub fn new(env: &Env) -> Self {
        Context {
            order: Order::of(env),
            now: super::clock::instant(env.moment.transaction_now),
            zone: Zone::new(env.timezone, env.dialect),
            fleeting: env.fleeting.clone(),
        }
    }
}

#[derive(Debug, Default)]
struct Fields {
    year: Option<i64>,
    /// Digits the year was written with: two-digit years are completed.
    year_digits: usize,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    nano: Option<i64>,
    pm: Option<bool>,
    bc: bool,
    zone: Option<Zone>,
    /// `J2451187`: days since 4713 BC.
    julian: Option<i64>,
}

/// The Julian day of 1970-01-01.
const JULIAN_EPOCH: i64 = 2_440_588;

impl Fields {
    fn has_date(&self) -> bool {
        self.julian.is_some() || self.year.is_some() || self.month.is_some() || self.day.is_some()
    }

    fn year(&mut self, v: i64, digits: usize) -> Option<()> {
        if self.year.is_some() {
            return None;
        }
        self.year = Some(v);
        self.year_digits = digits;
        Some(())
    }

    fn month(&mut self, v: i64) -> Option<()> {
        self.month.is_none().then(|| self.month = Some(v))
    }

    fn day(&mut self, v: i64) -> Option<()> {
        self.day.is_none().then(|| self.day = Some(v))
    }

    fn full_year(&self) -> Option<i32> {
        let y = self.year?;
        let y = if self.bc {
            1 - y
        } else if self.year_digits <= 2 {
            if y < 70 { y + 2000 } else { y + 1900 }
        } else {
            y
        };
        i32::try_from(y).ok()
    }
}

/// Reads a literal of a time of day, which may be digits only: `040506`, `0405`, `040506.789-08`.
pub fn parse_time(text: &str, context: &mut Context) -> Option<Parsed> {
    let trimmed = text.trim_start();
    let n = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let next = trimmed.as_bytes().get(n).copied();
    let compact = match n {
        6 => matches!(next, None | Some(b'.' | b' ' | b'+' | b'-' | b'a'..=b'z' | b'A'..=b'Z')),
        4 => matches!(next, None | Some(b' ' | b'+')),
        _ => false,
    };
    if !compact {
        return parse(text, context);
    }
    let mut spelled = format!("{}:{}", &trimmed[..2], &trimmed[2..4]);
    if n == 6 {
        spelled.push(':');
        spelled.push_str(&trimmed[4..6]);
    }
    spelled.push_str(&trimmed[n..]);
    parse(&spelled, context).or_else(|| parse(text, context))
}

/// Reads a literal; None when it is none.
pub fn parse(text: &str, context: &mut Context) -> Option<Parsed> {
    let mut c = Cursor::new(text);
    let mut f = Fields::default();
    let mut anything = false;
    loop {
        while c.blanks() || c.eat(b',') {}
        let Some(b) = c.peek() else { break };
        anything = true;
        if b.is_ascii_digit() {
            digits(&mut c, &mut f, context.order)?;
        } else if b.is_ascii_alphabetic() {
            if let Some(special) = word(&mut c, &mut f, context)? {
                c.blanks();
                return c.done().then_some(special);
            }
        } else if b == b'+' || b == b'-' {
            offset(&mut c, &mut f)?;
        } else {
            return None;
        }
    }
    if !anything {
        return None;
    }
    finish(f)
}

fn finish(f: Fields) -> Option<Parsed> {
    let day = if let Some(julian) = f.julian {
        if f.year.is_some() || f.month.is_some() || f.day.is_some() {
            return None;
        }
        Some(i32::try_from(julian - JULIAN_EPOCH).ok()?)
    } else if let Some(doy) = f.day_of_year {
        let year = f.full_year()?;
        let first = day_number(year, 1, 1)?;
        let length = 365 + i64::from(super::wall::is_leap(year));
        if !(1..=length).contains(&doy) {
            return None;
        }
        Some(first + doy as i32 - 1)
    } else if f.has_date() {
        Some(day_number(
            f.full_year()?,
            u32::try_from(f.month?).ok()?,
            u32::try_from(f.day?).ok()?,
        )?)
    } else {
        None
    };
    let mut nano = f.nano;
    if let Some(pm) = f.pm {
        let n = nano?;
        let hour = n / (3600 * SECOND);
        if hour > 12 {
            return None;
        }
        let rest = n % (3600 * SECOND);
        nano = Some((hour % 12 + if pm { 12 } else { 0 }) * 3600 * SECOND + rest);
    }
    let mut parsed = Parsed {
        day,
        nano,
        offset: None,
    };
    if let Some(mut zone) = f.zone {
        if day.is_none() && nano.is_none() {
            return None;
        }
        parsed.offset = Some(zone.offset_of_local(parsed.wall().seconds()));
    }
    Some(parsed)
}

/// A field that starts with a digit: a time, a date with separators, or a run of digits.
fn digits(c: &mut Cursor<'_>, f: &mut Fields, order: Order) -> Option<()> {
    let n = c.digits_ahead();
    let rest = c.rest();
    let after = rest.as_bytes().get(n).copied();
    match after {
        Some(b':') => clock(c, f),
        Some(sep @ (b'-' | b'/' | b'.'))
            if !f.has_date() || f.month.is_some() && f.year.is_none() =>
        {
            if f.month.is_some() && !f.has_numeric_part() {
                // "Jan-31-2000" after its month: the day, then the year.
                let day = c.number(1, 2)?;
                f.day(day)?;
                c.skip(1);
                let n = c.digits_ahead();
                let year = c.number(1, 6)?;
                return f.year(year, n);
            }
            numeric_date(c, f, sep, order)
        }
        Some(b'.') if f.has_date() => compact_time(c, f),
        _ => run(c, f, n),
    }
}

impl Fields {
    fn has_numeric_part(&self) -> bool {
        self.year.is_some() || self.day.is_some()
    }
}

fn clock(c: &mut Cursor<'_>, f: &mut Fields) -> Option<()> {
    let hour = c.number(1, 2)?;
    c.eat(b':').then_some(())?;
    let minute = c.number(1, 2)?;
    let (mut second, mut fraction) = (0, 0);
    if c.eat(b':') {
        second = c.number(1, 2)?;
        if c.eat(b'.') {
            fraction = c.fraction(usize::MAX);
        }
    }
    set_time(f, hour, minute, second, fraction)
}

fn set_time(f: &mut Fields, hour: i64, minute: i64, second: i64, fraction: i64) -> Option<()> {
    if f.nano.is_some() || minute > 59 || second > 60 || hour > 24 {
        return None;
    }
    let nano = (hour * 3600 + minute * 60 + second) * SECOND + fraction;
    if nano > super::wall::DAY {
        return None;
    }
    f.nano = Some(nano);
    Some(())
}

/// `HHMMSS[.fff]`
fn compact_time(c: &mut Cursor<'_>, f: &mut Fields) -> Option<()> {
    let n = c.digits_ahead();
    let v = c.number(1, 6)?;
    let fraction = if c.eat(b'.') {
        c.fraction(usize::MAX)
    } else {
        0
    };
    match n {
        6 => set_time(f, v / 10_000, v / 100 % 100, v % 100, fraction),
        4 => set_time(f, v / 100, v % 100, 0, fraction),
        _ => None,
    }
}

/// Digits and one kind of separator: `2008-06-01`, `6/1/2008`, `31-Jan-2008`, `2008.032`.
fn numeric_date(c: &mut Cursor<'_>, f: &mut Fields, sep: u8, order: Order) -> Option<()> {
    let first_digits = c.digits_ahead();
    let first = c.number(1, 6)?;
    c.eat(sep).then_some(())?;
    if c.peek().is_some_and(|b| b.is_ascii_alphabetic()) {
        let (month, len) = month_word(c.rest())?;
        c.skip(len);
        f.month(i64::from(month))?;
        if !c.eat(sep) {
            return None;
        }
        let n = c.digits_ahead();
        let last = c.number(1, 6)?;
        return if first_digits > 2 {
            f.year(first, first_digits)?;
            f.day(last)
        } else {
            f.day(first)?;
            f.year(last, n)
        };
    }
    let second_digits = c.digits_ahead();
    let second = c.number(1, 3)?;
    if !c.eat(sep) {
        if sep == b'.' && second_digits == 3 {
            f.day_of_year = Some(second);
            return f.year(first, first_digits);
        }
        return None;
    }
    let third_digits = c.digits_ahead();
    let third = c.number(1, 6)?;
    if first_digits > 2 || order == Order::Ymd {
        f.year(first, first_digits)?;
        f.month(second)?;
        f.day(third)
    } else if order == Order::Dmy || (sep == b'.' && third_digits > 2) {
        // `dd.mm.yyyy` is so in any order of dates (r_Datetime_types).
        f.day(first)?;
        f.month(second)?;
        f.year(third, third_digits)
    } else {
        f.month(first)?;
        f.day(second)?;
        f.year(third, third_digits)
    }
}

/// A run of digits without separators.
fn run(c: &mut Cursor<'_>, f: &mut Fields, n: usize) -> Option<()> {
    let has_day = f.day.is_some() || f.day_of_year.is_some();
    if n == 6 && has_day && f.year.is_some() {
        return compact_time(c, f);
    }
    let v = c.number(1, 8)?;
    match n {
        8 if !f.has_date() => {
            f.year(v / 10_000, 4)?;
            f.month(v / 100 % 100)?;
            f.day(v % 100)
        }
        7 if !f.has_date() => {
            f.day_of_year = Some(v % 1000);
            f.year(v / 1000, 4)
        }
        6 if !f.has_date() => {
            f.year(v / 10_000, 2)?;
            f.month(v / 100 % 100)?;
            f.day(v % 100)
        }
        4 if f.year.is_some() && has_day => set_time(f, v / 100, v % 100, 0, 0),
        3 | 4 if f.year.is_none() => f.year(v, n),
        1 | 2 if f.month.is_some() && f.day.is_none() => f.day(v),
        // "8 January 1999": the day comes before a month word.
        1 | 2 if f.month.is_none() && f.day.is_none() && f.year.is_none() => f.day(v),
        1 | 2 if f.year.is_none() => f.year(v, n),
        1 | 2 if f.year.is_some() && f.month.is_some() && f.day.is_none() => f.day(v),
        _ => None,
    }
}

fn word(c: &mut Cursor<'_>, f: &mut Fields, context: &mut Context) -> Option<Option<Parsed>> {
    let start = *c;
    let w = c.letters();
    let is = |s: &str| w.eq_ignore_ascii_case(s);
    if is("now") || is("today") || is("tomorrow") || is("yesterday") || is("epoch") {
        if f.has_date() || f.nano.is_some() {
            return None;
        }
        if is("epoch") {
            return Some(Some(Parsed::utc(Wall::midnight(0))));
        }
        context.fleeting.mark();
        let offset = context.zone.offset_at(context.now.seconds());
        let local = context.now.shifted(offset);
        if is("now") {
            return Some(Some(Parsed {
                day: Some(local.day),
                nano: Some(local.nano),
                offset: Some(offset),
            }));
        }
        let shift = i32::from(is("tomorrow")) - i32::from(is("yesterday"));
        return Some(Some(Parsed {
            day: Some(local.day + shift),
            nano: None,
            offset: None,
        }));
    }
    if is("am") || is("pm") {
        f.pm = Some(is("pm"));
        return Some(None);
    }
    if is("bc") || is("ad") {
        f.bc = is("bc");
        return Some(None);
    }
    if is("j") && c.peek().is_some_and(|b| b.is_ascii_digit()) && !f.has_date() {
        f.julian = Some(c.number(1, 8)?);
        return Some(None);
    }
    if is("t") && c.peek().is_some_and(|b| b.is_ascii_digit()) && f.has_date() {
        return Some(None);
    }
    if is("at") || is("on") {
        return Some(None);
    }
    if let Some((m, len)) = month_word(w)
        && (len == w.len() || is("sept"))
    {
        f.month(i64::from(m))?;
        // "Jan-31-2000"
        if c.peek() == Some(b'-') || c.peek() == Some(b'.') {
            c.skip(1);
        }
        return Some(None);
    }
    if let Some((_, len)) = weekday_word(w)
        && (len == w.len() || is("tues") || is("wednes") || is("thur") || is("thurs"))
    {
        c.eat(b'.');
        return Some(None);
    }
    // What is left can be a zone: an abbreviation, or a name such as US/Pacific or Etc/GMT+8.
    if f.zone.is_some() {
        return None;
    }
    let rest = start.rest();
    let end = rest
        .find(|ch: char| !(ch.is_ascii_alphanumeric() || matches!(ch, '/' | '_' | '+' | '-')))
        .unwrap_or(rest.len());
    let name = rest.get(..end)?;
    if let Some(tz) = zone::named(name).filter(|_| name.contains('/') || name.len() > 4) {
        *c = start;
        c.skip(end);
        f.zone = Some(Zone::new(tz, DialectName::Redshift));
        return Some(None);
    }
    if let Some(s) = zone::abbreviation(w) {
        f.zone = Some(Zone::fixed(s));
        return Some(None);
    }
    if let Some(tz) = zone::named(w) {
        f.zone = Some(Zone::new(tz, DialectName::Redshift));
        return Some(None);
    }
    None
}

fn offset(c: &mut Cursor<'_>, f: &mut Fields) -> Option<()> {
    if f.nano.is_none() && !f.has_date() {
        return None;
    }
    let rest = c.rest();
    let end = 1 + rest
        .bytes()
        .skip(1)
        .take_while(|b| b.is_ascii_digit() || *b == b':')
        .count();
    let seconds = zone::offset_text(rest.get(..end)?)?;
    c.skip(end);
    match &f.zone {
        // "GMT+2" is a zone with POSIX's sign.
        Some(_) => f.zone = Some(Zone::fixed(-seconds)),
        None => f.zone = Some(Zone::fixed(seconds)),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::format::{iso_date, iso_time};

    fn context() -> Context {
        Context {
            order: Order::Mdy,
            now: Wall {
                day: 20_000,
                nano: 3600 * SECOND,
            },
            zone: Zone::fixed(0),
            fleeting: Fleeting::default(),
        }
    }

    #[test]
    fn documented_forms() {
        for (text, want) in [
            ("1999-01-08", Some("1999-01-08")),
            ("January 8, 1999", Some("1999-01-08")),
            ("1/8/1999", Some("1999-01-08")),
            ("01/02/00", Some("2000-01-02")),
            ("2000-Jan-31", Some("2000-01-31")),
            ("Jan-31-2000", Some("2000-01-31")),
            ("31-Jan-2000", Some("2000-01-31")),
            ("19990108", Some("1999-01-08")),
            ("990108", Some("1999-01-08")),
            ("1999.008", Some("1999-01-08")),
            ("2023-06-12 09:59:59", Some("2023-06-12 09:59:59")),
            (
                "2023-06-12T09:59:59.123456Z",
                Some("2023-06-12 09:59:59.123456 +0"),
            ),
            ("Jun 12,2023 09:59:59.5", Some("2023-06-12 09:59:59.5")),
            ("20230612 095959", Some("2023-06-12 09:59:59")),
            ("June 12, 2023 09:59 PM", Some("2023-06-12 21:59:00")),
            ("Mon Jun 12 2023 12:00 AM", Some("2023-06-12 00:00:00")),
            ("2023-06-12 09:59:59 EST", Some("2023-06-12 09:59:59 -300")),
            ("2023-06-12 09:59:59-08", Some("2023-06-12 09:59:59 -480")),
            (
                "2023-06-12 09:59:59 US/Pacific",
                Some("2023-06-12 09:59:59 -420"),
            ),
            (
                "2023-01-12 09:59:59 America/New_York",
                Some("2023-01-12 09:59:59 -300"),
            ),
            ("04:05:06.789", Some("04:05:06.789")),
            ("04:05 pm", Some("16:05:00")),
            ("24:00:00", Some("24:00:00")),
            ("epoch", Some("1970-01-01 00:00:00 +0")),
            ("now", Some("2024-10-04 01:00:00 +0")),
            ("tomorrow", Some("2024-10-05")),
            ("0044-03-15 BC", Some("-0043-03-15")),
            ("2023-02-29", None),
            ("13/13/2023", None),
            ("J2451187", Some("1999-01-08")),
            ("J2451187 04:05:06", Some("1999-01-08 04:05:06")),
            ("J2451187 1999", None),
            ("hello", None),
            ("", None),
            ("2023-06-12 25:00:00", None),
            ("2023-06-12 nowhere/land", None),
        ] {
            let got = parse(text, &mut context()).map(|p| {
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
            });
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = parse(&text, &mut context());
        }

        #[test]
        fn date_like_texts_never_panic(text in "[0-9a-zA-Z:./+, -]{0,30}") {
            let _ = parse(&text, &mut context());
        }
    }
}
