//! Conversions of text to numbers as Teradata does them, and of text in any base.
//! Sources: Redshift "TEXT_TO_INT_ALT", "TEXT_TO_NUMERIC_ALT", "Teradata-style formatting characters", "STRTOL function".

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array};

use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;

/// What a format phrase says about the text.
#[derive(Debug, Default)]
struct Format {
    /// Most digits, when the phrase says so.
    digits: Option<usize>,
    /// The last character carries the sign (signed zoned decimal).
    zoned: bool,
    /// A three-letter currency code may stand in front.
    code: bool,
    /// A currency sign may stand in front.
    sign: bool,
    /// Groups of digits are separated by commas.
    grouped: bool,
}

fn format_of(phrase: &str) -> std::result::Result<Format, String> {
    let mut f = Format::default();
    let mut chars = phrase.chars().peekable();
    let mut last_digit = false;
    while let Some(c) = chars.next() {
        let digit = matches!(c, '9' | 'Z' | 'z');
        match c {
            '9' | 'Z' | 'z' => *f.digits.get_or_insert(0) += 1,
            'S' | 's' if chars.peek().is_none() => {
                f.zoned = true;
                *f.digits.get_or_insert(0) += 1;
            }
            'C' | 'c' => f.code = true,
            '$' | 'L' | 'l' => f.sign = true,
            ',' | 'G' | 'g' => f.grouped = true,
            '.' | 'D' | 'd' | '+' | '-' => {}
            '(' => {
                let inner: String = chars.by_ref().take_while(|c| *c != ')').collect();
                if inner.eq_ignore_ascii_case("I") {
                    // As many digits as an integer has.
                    f.digits = None;
                } else if let (true, Ok(n)) = (last_digit, inner.parse::<usize>()) {
                    *f.digits.get_or_insert(1) += n.saturating_sub(1);
                } else {
                    return Err(format!("format \"{phrase}\""));
                }
            }
            _ => return Err(format!("format \"{phrase}\"")),
        }
        last_digit = digit;
    }
    Ok(f)
}

/// Digits without sign and point, the number of digits after the point, and the sign.
struct Decimal {
    digits: String,
    scale: i64,
    negative: bool,
}

fn parse(text: &str, format: Option<&Format>) -> Option<Decimal> {
    let mut s = text.trim().to_owned();
    let mut negative = false;
    if s.is_empty() {
        return Some(Decimal {
            digits: "0".into(),
            scale: 0,
            negative,
        });
    }
    if let Some(f) = format {
        if f.code && s.len() > 3 && s.bytes().take(3).all(|b| b.is_ascii_alphabetic()) {
            s.drain(..3);
        }
        if f.sign {
            s = s.trim_start_matches(['$', '€', '£', '¥']).to_owned();
        }
        if f.grouped {
            s.retain(|c| c != ',');
        }
        if f.zoned
            && let Some(last) = s.pop()
        {
            let value = match last {
                '0'..='9' => last as u8 - b'0',
                '{' | '}' => 0,
                'A'..='I' => last as u8 - b'A' + 1,
                'J'..='R' => last as u8 - b'J' + 1,
                _ => return None,
            };
            negative = matches!(last, '}' | 'J'..='R');
            s.push(char::from(b'0' + value));
        }
    }
    let mut s = s.as_str();
    if let Some(rest) = s.strip_prefix('-') {
        negative = true;
        s = rest;
    } else if let Some(rest) = s.strip_prefix('+') {
        s = rest;
    } else if let Some(rest) = s.strip_suffix('-') {
        negative = true;
        s = rest;
    } else if let Some(rest) = s.strip_suffix('+') {
        s = rest;
    }
    let (mantissa, exponent) = match s.split_once(['e', 'E']) {
        Some((m, e)) => (m, e.parse::<i64>().ok().filter(|e| e.abs() < 1000)?),
        None => (s, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if format
        .and_then(|f| f.digits)
        .is_some_and(|n| digits.len() > n)
    {
        return None;
    }
    Some(Decimal {
        digits,
        scale: fraction.len() as i64 - exponent,
        negative,
    })
}

impl Decimal {
    /// The value with this many digits after the point: cut, or rounded half to even. None when it is too large.
    fn at(&self, scale: i64, round: bool) -> Option<i128> {
        let drop = self.scale - scale;
        let digits = self.digits.trim_start_matches('0');
        let unsigned = if drop <= 0 {
            if digits.is_empty() {
                0
            } else {
                let zeros = usize::try_from(-drop)
                    .ok()
                    .filter(|n| digits.len() + n <= 38)?;
                format!("{digits}{}", "0".repeat(zeros))
                    .parse::<i128>()
                    .ok()?
            }
        } else {
            let drop = usize::try_from(drop).ok()?;
            if drop > digits.len() {
                0
            } else {
                let (kept, cut) = digits.split_at(digits.len() - drop);
                if kept.len() > 38 {
                    return None;
                }
                let v: i128 = if kept.is_empty() {
                    0
                } else {
                    kept.parse().ok()?
                };
                let half = cut.starts_with('5') && cut[1..].bytes().all(|b| b == b'0');
                let up = cut.as_bytes()[0] >= b'5' && (!half || v % 2 == 1);
                v + i128::from(round && up)
            }
        };
        Some(if self.negative { -unsigned } else { unsigned })
    }
}

fn phrase(call: &Call<'_>) -> Result<Option<Format>> {
    match call.constant_text(1) {
        Some(Some(p)) => format_of(p)
            .map(Some)
            .map_err(|what| SqlError::unsupported(format!("{} with {what}", call.name))),
        _ => Ok(None),
    }
}

fn invalid(call: &Call<'_>, text: &str) -> SqlError {
    call.error(format!("cannot convert \"{text}\" to a number"))
}

/// TEXT_TO_INT_ALT(text [, format]): the fraction is cut.
pub fn text_to_int_alt(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    let format = if call.len() > 1 { phrase(call)? } else { None };
    call.map_int(|row| {
        let Some(text) = texts.get(row) else {
            return Ok(None);
        };
        let value = parse(text, format.as_ref()).ok_or_else(|| invalid(call, text))?;
        value
            .at(0, false)
            .and_then(|v| i32::try_from(v).ok())
            .map(|v| Some(i64::from(v)))
            .ok_or_else(|| {
                ErrorKind::OutOfRange {
                    ty: "integer".into(),
                    value: text.to_owned(),
                }
                .into()
            })
    })
}

/// TEXT_TO_NUMERIC_ALT(text, format or NULL): rounded half to even to the scale of the result type.
pub fn text_to_numeric_alt(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    let format = phrase(call)?;
    let SqlType::Number { precision, scale } = call.returns else {
        return Err(SqlError::internal("TEXT_TO_NUMERIC_ALT gives a decimal"));
    };
    let limit = 10i128
        .checked_pow(u32::from(*precision))
        .unwrap_or(i128::MAX);
    let mut out = Decimal128Array::builder(call.rows);
    for row in 0..call.rows {
        let Some(text) = texts.get(row) else {
            out.append_null();
            continue;
        };
        let value = parse(text, format.as_ref()).ok_or_else(|| invalid(call, text))?;
        let v = value
            .at(i64::from(*scale), true)
            .filter(|v| v.abs() < limit)
            .ok_or_else(|| {
                SqlError::from(ErrorKind::OutOfRange {
                    ty: call.returns.redshift(),
                    value: text.to_owned(),
                })
            })?;
        out.append_value(v);
    }
    Ok(Arc::new(
        out.finish()
            .with_precision_and_scale(*precision, *scale as i8)?,
    ))
}

/// STRTOL(text, base).
pub fn strtol(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, bases) = (call.text(0)?, call.int(1)?);
    call.map_int(|row| {
        let (Some(text), Some(base)) = (texts.get(row), bases.get(row)) else {
            return Ok(None);
        };
        let Some(radix) = u32::try_from(base).ok().filter(|b| (2..=36).contains(b)) else {
            return Err(call.error(format!("the base {base} is not between 2 and 36")));
        };
        // As C reads it: up to a NUL, blanks, a sign, 0x for base 16.
        let read = text.split('\0').next().unwrap_or("").trim_start();
        let (negative, mut digits) = match read.as_bytes().first() {
            Some(b'-') => (true, &read[1..]),
            Some(b'+') => (false, &read[1..]),
            _ => (false, read),
        };
        if radix == 16 {
            digits = digits
                .strip_prefix("0x")
                .or_else(|| digits.strip_prefix("0X"))
                .unwrap_or(digits);
        }
        if digits.is_empty() {
            return Ok(Some(0));
        }
        if !digits.chars().all(|c| c.is_digit(radix)) {
            return Err(SqlError::raw(
                "",
                "22023",
                format!("The input {text} is not valid to be converted to base {base}"),
            ));
        }
        let value = i128::from_str_radix(digits, radix)
            .ok()
            .map(|v| if negative { -v } else { v })
            .and_then(|v| i64::try_from(v).ok());
        value.map(Some).ok_or_else(|| {
            ErrorKind::OutOfRange {
                ty: "bigint".into(),
                value: text.to_owned(),
            }
            .into()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", 0, 0)]
    #[case("12-", 0, -12)]
    #[case("-0.5", 0, 0)]
    #[case("0.5001", 0, 1)]
    #[case("3.5", 0, 4)]
    #[case("2.5", 0, 2)]
    #[case("1E3", 0, 1000)]
    #[case("1234E-2", 1, 123)]
    #[case("7", 3, 7000)]
    #[case("0.004", 2, 0)]
    fn rounded(#[case] text: &str, #[case] scale: i64, #[case] expected: i128) {
        assert_eq!(
            parse(text, None).and_then(|d| d.at(scale, true)),
            Some(expected)
        );
    }

    #[rstest]
    #[case("12A", "999S", Some(121))]
    #[case("12R", "999S", Some(-129))]
    #[case("EUR7", "C9", Some(7))]
    #[case("1,234", "9,999", Some(1234))]
    #[case("1234", "999", None)]
    #[case("12x", "999", None)]
    fn formats(#[case] text: &str, #[case] phrase: &str, #[case] expected: Option<i128>) {
        let f = format_of(phrase).unwrap_or_default();
        assert_eq!(parse(text, Some(&f)).and_then(|d| d.at(0, false)), expected);
    }
}
