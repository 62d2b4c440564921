//! Dates and timestamps of load files by Redshift's DATEFORMAT and TIMEFORMAT.
//! Columns of other types are converted by `convert`.
//!
//! Source: the guide's "DATEFORMAT and TIMEFORMAT strings" and "Using automatic recognition".

use arrow::array::{Array, ArrayRef, AsArray};

use super::CellError;
use crate::env::Env;
use crate::error::{Result, SqlError};
use crate::kernels::datetime::parsed::Parsed;
use crate::kernels::datetime::postgres_input::{self, Context};
use crate::kernels::datetime::postgres_model::Model;
use crate::kernels::datetime::sink::Sink;
use crate::kernels::datetime::wall::Wall;
use crate::kernels::datetime::zone::{self, Zone};
use crate::types::SqlType;

/// How texts of dates and times are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateTexts {
    /// `YYYY-MM-DD`, and `YYYY-MM-DD HH:MI:SS` with fractions; with a zone for TIMESTAMPTZ.
    Standard,
    /// Whatever Redshift recognizes.
    Auto,
    /// By a format.
    Model(Model),
    /// Units since 1970-01-01, so many of them in a second.
    Epoch(i64),
}

impl DateTexts {
    /// DATEFORMAT.
    pub fn date(format: Option<&str>) -> Self {
        match format {
            None => DateTexts::Standard,
            Some(f) if f.eq_ignore_ascii_case("auto") => DateTexts::Auto,
            Some(f) => DateTexts::Model(model(f)),
        }
    }

    /// TIMEFORMAT.
    pub fn time(format: Option<&str>) -> Self {
        match format.map(str::to_ascii_lowercase).as_deref() {
            None => DateTexts::Standard,
            Some("auto") => DateTexts::Auto,
            Some("epochsecs") => DateTexts::Epoch(1),
            Some("epochmillisecs") => DateTexts::Epoch(1_000),
            Some("epochmicrosecs") => DateTexts::Epoch(1_000_000),
            Some(_) => DateTexts::Model(model(format.unwrap_or_default())),
        }
    }
}

/// A COPY format as a format model: HH counts to 24 unless the format says AM or PM, and a fraction and a zone at its end
/// are read in any case.
fn model(format: &str) -> Model {
    let upper = format.to_ascii_uppercase();
    let half = ["AM", "PM", "A.M.", "P.M."]
        .iter()
        .any(|m| upper.contains(m));
    let mut text = format.trim_end();
    for zone in ["OF", "TZ"] {
        if upper.trim_end().ends_with(zone) {
            text = text[..text.len() - zone.len()].trim_end();
        }
    }
    // The digits of a fraction: SS.SSS
    if let Some(at) = text.rfind('.')
        && at + 1 < text.len()
        && text[at + 1..]
            .bytes()
            .all(|b| b.eq_ignore_ascii_case(&b's'))
    {
        text = &text[..at];
    }
    let mut out = String::with_capacity(text.len() + 2);
    let mut rest = text;
    while !rest.is_empty() {
        let hours = rest.get(..2).is_some_and(|w| w.eq_ignore_ascii_case("HH"));
        let told = rest.get(2..4).is_some_and(|n| n == "12" || n == "24");
        if hours {
            out.push_str("HH");
            rest = &rest[2..];
            if told {
                out.push_str(&rest[..2]);
                rest = &rest[2..];
            } else {
                out.push_str(if half { "12" } else { "24" });
            }
        } else if let Some(c) = rest.chars().next() {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Model::new(&out)
}

/// A fraction of a second and a zone at the end of a text.
fn ending(parsed: Parsed, rest: &str, env: &Env, zoned: bool) -> Option<Parsed> {
    let mut parsed = parsed;
    let mut rest = rest;
    if let Some(tail) = rest.strip_prefix('.') {
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        let mut nano = 0i64;
        for (i, d) in tail.as_bytes()[..digits].iter().take(9).enumerate() {
            nano += i64::from(d - b'0') * 10i64.pow(8 - i as u32);
        }
        parsed.nano = Some(parsed.nano? + nano);
        rest = &tail[digits..];
    }
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(parsed);
    }
    if !zoned {
        return None;
    }
    parsed.offset = Some(match zone::offset_text(rest) {
        Some(offset) => offset,
        None => zone::parse(rest, env.dialect)?.offset_of_local(seconds(parsed.wall())),
    });
    Some(parsed)
}

fn seconds(wall: Wall) -> i64 {
    i64::from(wall.day) * 86_400 + wall.nano / 1_000_000_000
}

struct Reader<'a> {
    how: &'a DateTexts,
    standard: Model,
    standard_day: Model,
    context: Context,
    env: &'a Env,
    ty: &'a SqlType,
}

impl Reader<'_> {
    fn read(&mut self, text: &str) -> Option<Parsed> {
        let text = text.trim();
        let zoned = matches!(self.ty, SqlType::TimestampLtz(_) | SqlType::TimestampTz(_));
        let day_only = *self.ty == SqlType::Date;
        match self.how {
            DateTexts::Auto => postgres_input::parse(text, &mut self.context)
                .filter(|p| p.day.is_some())
                .or_else(|| compact(text)),
            DateTexts::Epoch(units) => epoch(text, *units),
            DateTexts::Model(model) => {
                let (parsed, rest) = model.parse_start(text, true)?;
                ending(parsed, rest, self.env, zoned)
            }
            DateTexts::Standard => {
                // The year has four digits, and a blank stands between date and time.
                let bytes = text.as_bytes();
                if bytes.get(4) != Some(&b'-') {
                    return None;
                }
                let day = text.get(..10).unwrap_or(text);
                if text.len() == day.len() || day_only {
                    let (parsed, rest) = self.standard_day.parse_start(day, true)?;
                    return rest.trim().is_empty().then_some(parsed);
                }
                if bytes[10] != b' ' {
                    return None;
                }
                let (parsed, rest) = self.standard.parse_start(text, true)?;
                ending(parsed, rest, self.env, zoned)
            }
        }
    }
}

/// Dates and times without separators, which automatic recognition reads: YYYYMMDD with HHMISS.
fn compact(text: &str) -> Option<Parsed> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | 'T' | ':'))
        .collect();
    let form = match digits.len() {
        8 => "YYYYMMDD",
        12 => "YYYYMMDDHH24MI",
        14 => "YYYYMMDDHH24MISS",
        _ => return None,
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Model::new(form).parse(&digits, true)
}

fn epoch(text: &str, units: i64) -> Option<Parsed> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: i128 = whole.parse().ok()?;
    let unit = 1_000_000_000 / i128::from(units);
    let mut nanos = value.checked_mul(unit)?;
    if !fraction.is_empty() {
        let part: i128 = fraction.parse().ok()?;
        let part = part * unit / 10i128.pow(fraction.len() as u32);
        nanos += if whole.starts_with('-') { -part } else { part };
    }
    Wall::from_total(nanos).map(Parsed::utc)
}

/// Texts as dates or timestamps; what does not follow the format is NULL and an error.
///
/// # Errors
/// An internal error for other types.
pub fn read(
    values: &ArrayRef,
    to: &SqlType,
    how: &DateTexts,
    env: &Env,
) -> Result<(ArrayRef, Vec<CellError>)> {
    let texts = values.as_string::<i32>();
    let zone = Zone::new(env.timezone, env.dialect);
    let mut sink = Sink::of(to, texts.len(), zone, env.dialect)?;
    let mut reader = Reader {
        how,
        standard: Model::new("YYYY-MM-DD HH24:MI:SS"),
        standard_day: Model::new("YYYY-MM-DD"),
        context: Context::new(env),
        env,
        ty: to,
    };
    let what = if *to == SqlType::Date {
        "Date"
    } else {
        "Timestamp"
    };
    let mut errors = Vec::new();
    for row in 0..texts.len() {
        if texts.is_null(row) {
            sink.null();
            continue;
        }
        let text = texts.value(row);
        let done = match reader.read(text) {
            Some(parsed) => parsed.append(&mut sink, to),
            None => Err(SqlError::invalid_value(what, text)),
        };
        if let Err(error) = done {
            sink.null();
            errors.push(CellError { row, error });
        }
    }
    Ok((sink.finish()?, errors))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use arrow::array::StringArray;
    use arrow::util::display::{ArrayFormatter, FormatOptions};

    use super::*;
    use crate::kernels::datetime::testing;

    fn shown(text: &str, to: &SqlType, how: &DateTexts) -> Option<String> {
        let env = testing::env(crate::dialect::DialectName::Redshift);
        let values: ArrayRef = Arc::new(StringArray::from(vec![text]));
        let (array, errors) = read(&values, to, how, &env).unwrap();
        if !errors.is_empty() {
            return None;
        }
        let options = FormatOptions::default();
        let f = ArrayFormatter::try_new(array.as_ref(), &options).unwrap();
        Some(f.value(0).to_string())
    }

    #[test]
    fn forms() {
        let date = SqlType::Date;
        let time = SqlType::Timestamp(6);
        let instant = SqlType::TimestampLtz(6);
        for (text, to, how, expected) in [
            (
                "2008-09-26",
                &date,
                DateTexts::date(None),
                Some("2008-09-26"),
            ),
            ("26/09/2008", &date, DateTexts::date(None), None),
            ("2008-02-30", &date, DateTexts::date(None), None),
            (
                "26.09.2008",
                &date,
                DateTexts::date(Some("DD.MM.YYYY")),
                Some("2008-09-26"),
            ),
            (
                "26.09.2008 x",
                &date,
                DateTexts::date(Some("DD.MM.YYYY")),
                None,
            ),
            (
                "Sep-26-2008",
                &date,
                DateTexts::date(Some("auto")),
                Some("2008-09-26"),
            ),
            (
                "20080926",
                &date,
                DateTexts::date(Some("AUTO")),
                Some("2008-09-26"),
            ),
            (
                "2008-09-26 05:43:12.25",
                &time,
                DateTexts::time(None),
                Some("2008-09-26T05:43:12.250"),
            ),
            ("2008-09-26T05:43:12", &time, DateTexts::time(None), None),
            (
                "2008-09-26T05:43:12",
                &time,
                DateTexts::time(Some("auto")),
                Some("2008-09-26T05:43:12"),
            ),
            (
                "09/26/2008 17:43:12",
                &time,
                DateTexts::time(Some("MM/DD/YYYY HH:MI:SS")),
                Some("2008-09-26T17:43:12"),
            ),
            (
                "09/26/2008 05:43:12 PM",
                &time,
                DateTexts::time(Some("MM/DD/YYYY HH:MI:SS AM")),
                Some("2008-09-26T17:43:12"),
            ),
            (
                "1222407792.5",
                &time,
                DateTexts::time(Some("epochsecs")),
                Some("2008-09-26T05:43:12.500"),
            ),
            (
                "1222407792500",
                &time,
                DateTexts::time(Some("epochmillisecs")),
                Some("2008-09-26T05:43:12.500"),
            ),
            (
                "2008-09-26 05:43:12+02",
                &instant,
                DateTexts::time(None),
                Some("2008-09-26T03:43:12Z"),
            ),
        ] {
            assert_eq!(shown(text, to, &how).as_deref(), expected, "{text} {how:?}");
        }
    }
}
