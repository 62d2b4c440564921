//! Conversions among numbers, and between numbers and text.
//! Decimals round half away from zero; what does not fit is an error. Sources: Snowflake "Numeric data types",
//! Redshift "Numeric types".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type,
};

use super::{attempt, is_try};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{Call, Column};
use crate::kernels::format;
use crate::types::SqlType;

fn out_of_range(call: &Call<'_>, value: String) -> SqlError {
    ErrorKind::OutOfRange {
        ty: match call.env.dialect {
            DialectName::Snowflake => match call.returns {
                SqlType::Number { precision, scale } => {
                    format!("FIXED[SB16]({precision},{scale}){{nullable}}")
                }
                _ => String::new(),
            },
            DialectName::Redshift => call.returns.redshift(),
        },
        value,
    }
    .into()
}

/// A decimal with another scale, rounded half away from zero; None on overflow of 128 bits.
pub fn rescale(v: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        return v.checked_mul(10i128.checked_pow(u32::from(to - from))?);
    }
    let unit = 10i128.checked_pow(u32::from(from - to))?;
    let (q, r) = (v / unit, v % unit);
    Some(if r.abs() >= unit - r.abs() {
        q + v.signum()
    } else {
        q
    })
}

/// The decimal of this scale nearest to a double; None when it has no 38-digit form.
pub fn double_to_decimal(d: f64, scale: u8) -> Option<i128> {
    if !d.is_finite() {
        return None;
    }
    // The shortest digits that give the double back are what a person means by it.
    let text = format!("{d:e}");
    let (v, s) = parse_decimal(&text)?;
    let scaled = if s >= 0 {
        rescale(v, s as u8, scale)?
    } else {
        v.checked_mul(10i128.checked_pow((-s) as u32)?)?
            .checked_mul(10i128.checked_pow(u32::from(scale))?)?
    };
    (scaled.unsigned_abs() < 10u128.pow(38)).then_some(scaled)
}

/// Digits with optional sign, point and exponent as unscaled value and scale (negative for large
/// exponents). More digits than 38 after the point are rounded away. None for anything else.
pub fn parse_decimal(s: &str) -> Option<(i128, i32)> {
    let s = s.trim();
    let (negative, digits) = match s.as_bytes().first()? {
        b'-' => (true, &s[1..]),
        b'+' => (false, &s[1..]),
        _ => (false, s),
    };
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(i) => (&digits[..i], digits[i + 1..].parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let mut v: i128 = 0;
    let mut scale = 0i32;
    for b in whole.bytes() {
        v = v.checked_mul(10)?.checked_add(i128::from(b - b'0'))?;
    }
    let mut rest = fraction.bytes();
    for b in rest.by_ref() {
        match v
            .checked_mul(10)
            .and_then(|v| v.checked_add(i128::from(b - b'0')))
        {
            Some(next) if next < 10i128.pow(38) => {
                v = next;
                scale += 1;
            }
            _ => {
                v += i128::from(b >= b'5');
                break;
            }
        }
    }
    scale -= exponent;
    // Tiny numbers round to a scale that 38 digits can hold.
    while scale > 38 {
        let r = v % 10;
        v = v / 10 + i128::from(r >= 5);
        scale -= 1;
        if v == 0 {
            scale = scale.min(38);
            break;
        }
    }
    Some((if negative { -v } else { v }, scale))
}

/// A text as a decimal of the given shape.
pub(crate) fn text_to_decimal(s: &str, precision: u8, scale: u8) -> Option<Result<i128, ()>> {
    let (v, sc) = parse_decimal(s)?;
    let scaled = if sc >= 0 {
        if sc > 76 {
            Some(0)
        } else {
            rescale(v, sc.min(38) as u8, scale)
        }
    } else if v == 0 {
        Some(0)
    } else {
        10i128
            .checked_pow((-sc) as u32)
            .and_then(|p| v.checked_mul(p))
            .and_then(|v| rescale(v, 0, scale))
    };
    Some(match scaled {
        Some(v) if v.unsigned_abs() < 10u128.pow(u32::from(precision)) => Ok(v),
        _ => Err(()),
    })
}

pub(super) fn text_to_numeric(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let redshift = call.env.dialect == DialectName::Redshift;
    let bad = |s: &str| {
        let what = match call.returns {
            SqlType::SmallInt | SqlType::Integer | SqlType::BigInt if redshift => "Integer",
            SqlType::Double | SqlType::Real if redshift => "Double",
            _ => "Numeric value",
        };
        SqlError::invalid_value(what, s)
    };
    match call.returns {
        SqlType::Number { precision, scale } => {
            let mut out = Decimal128Array::builder(call.rows);
            for row in 0..call.rows {
                out.append_option(match v.get(row) {
                    None => None,
                    Some(s) => attempt(
                        call,
                        match text_to_decimal(s, *precision, *scale) {
                            None => Err(bad(s)),
                            Some(Err(())) if call.env.dialect == DialectName::Snowflake => {
                                Err(ErrorKind::OutOfRange {
                                    ty: String::new(),
                                    value: s.to_owned(),
                                }
                                .into())
                            }
                            Some(Err(())) => Err(out_of_range(call, s.to_owned())),
                            Some(Ok(v)) => Ok(v),
                        },
                    )?,
                });
            }
            Ok(Arc::new(
                out.finish()
                    .with_precision_and_scale(*precision, *scale as i8)?,
            ))
        }
        SqlType::Double | SqlType::Real => {
            let out = call.map_double(|row| match v.get(row) {
                None => Ok(None),
                Some(s) => attempt(call, parse_double(s).ok_or_else(|| bad(s))),
            })?;
            Ok(out)
        }
        _ => {
            let (low, high) = int_range(call.returns);
            call.map_int(|row| match v.get(row) {
                None => Ok(None),
                Some(s) => {
                    // PostgreSQL reads digits only, where Snowflake rounds a number.
                    let digits = !redshift
                        || s.trim()
                            .bytes()
                            .enumerate()
                            .all(|(i, b)| b.is_ascii_digit() || i == 0 && matches!(b, b'-' | b'+'));
                    let parsed = match text_to_decimal(s, 38, 0) {
                        _ if !digits => Err(bad(s)),
                        None => Err(bad(s)),
                        Some(Ok(v)) if (low..=high).contains(&v) => Ok(v as i64),
                        Some(_) => Err(out_of_range(call, s.to_owned())),
                    };
                    attempt(call, parsed)
                }
            })
        }
    }
}

/// A text as a float: digits, NaN and infinities in any case.
pub fn parse_double(s: &str) -> Option<f64> {
    let t = s.trim();
    let word = t.trim_start_matches(['+', '-']);
    if word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("infinity") {
        return Some(if t.starts_with('-') {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        });
    }
    if t.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    if t.is_empty()
        || !t
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'))
    {
        return None;
    }
    t.parse().ok()
}

fn int_range(ty: &SqlType) -> (i128, i128) {
    match ty {
        SqlType::SmallInt => (i16::MIN.into(), i16::MAX.into()),
        SqlType::Integer => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// Any number as unscaled decimals of scale `s`, or as doubles.
enum Source<'a> {
    Exact(Box<dyn Fn(usize) -> i128 + 'a>, u8),
    Float(Box<dyn Fn(usize) -> f64 + 'a>),
}

fn source<'a>(column: &'a Column, ty: &SqlType) -> Result<Source<'a>> {
    fn exact<'a, T: ArrowPrimitiveType>(a: &'a PrimitiveArray<T>, s: u8) -> Source<'a>
    where
        T::Native: Into<i128>,
    {
        Source::Exact(Box::new(move |i| a.value(i).into()), s)
    }
    let a = &column.array;
    Ok(match a.data_type() {
        DataType::Int16 => exact(a.as_primitive::<Int16Type>(), 0),
        DataType::Int32 => exact(a.as_primitive::<Int32Type>(), 0),
        DataType::Int64 => exact(a.as_primitive::<Int64Type>(), 0),
        DataType::Decimal128(_, s) => exact(a.as_primitive::<Decimal128Type>(), *s as u8),
        DataType::Float32 => {
            let a = a.as_primitive::<Float32Type>();
            Source::Float(Box::new(move |i| f64::from(a.value(i))))
        }
        DataType::Float64 => {
            let a = a.as_primitive::<Float64Type>();
            Source::Float(Box::new(move |i| a.value(i)))
        }
        other => return Err(SqlError::internal(format!("{ty} is stored as {other}"))),
    })
}

pub(super) fn numeric_to_numeric(call: &Call<'_>) -> Result<ArrayRef> {
    let column = &call.args[0];
    let src = source(column, &call.types[0])?;
    match call.returns {
        SqlType::Double | SqlType::Real => call.map_double(|row| {
            if column.is_null(row) {
                return Ok(None);
            }
            let i = column.index(row);
            Ok(Some(match &src {
                Source::Exact(f, s) => crate::variant::decimal_to_f64(f(i), *s),
                Source::Float(f) => f(i),
            }))
        }),
        target => {
            let (precision, scale) = match target {
                SqlType::Number { precision, scale } => (*precision, *scale),
                _ => (38, 0),
            };
            let (low, high) = match target {
                SqlType::Number { .. } => {
                    let limit = 10i128.pow(u32::from(precision)) - 1;
                    (-limit, limit)
                }
                other => int_range(other),
            };
            let one = |i: usize| -> Result<i128> {
                let (v, shown) = match &src {
                    Source::Exact(f, s) => (rescale(f(i), *s, scale), None),
                    Source::Float(f) => (double_to_decimal(f(i), scale), Some(f(i))),
                };
                match v {
                    Some(v) if (low..=high).contains(&v) => Ok(v),
                    _ => Err(out_of_range(
                        call,
                        match (&src, shown) {
                            (Source::Exact(f, s), _) => format::decimal(f(i), *s),
                            (_, Some(d)) => d.to_string(),
                            _ => String::new(),
                        },
                    )),
                }
            };
            if matches!(target, SqlType::Number { .. }) {
                let mut out = Decimal128Array::builder(call.rows);
                for row in 0..call.rows {
                    out.append_option(if column.is_null(row) {
                        None
                    } else {
                        attempt(call, one(column.index(row)))?
                    });
                }
                return Ok(Arc::new(
                    out.finish()
                        .with_precision_and_scale(precision, scale as i8)?,
                ));
            }
            call.map_int(|row| {
                if column.is_null(row) {
                    return Ok(None);
                }
                Ok(attempt(call, one(column.index(row)))?.map(|v| v as i64))
            })
        }
    }
}

pub(super) fn numeric_to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let column = &call.args[0];
    let src = source(column, &call.types[0])?;
    let real = call.types[0] == SqlType::Real;
    let limit = super::text::limit(call.returns);
    call.map_text(|row| {
        if column.is_null(row) {
            return Ok(None);
        }
        let i = column.index(row);
        let s = match &src {
            Source::Exact(f, s) => format::decimal(f(i), *s),
            Source::Float(f) => double_text(f(i), real, call.env.dialect),
        };
        if limit.is_some_and(|n| s.len() > n as usize) {
            if is_try(call) {
                return Ok(None);
            }
            return Err(super::text::too_long(call, &s));
        }
        Ok(Some(s))
    })
}

/// A float as text: the shortest digits that give it back on Redshift, up to 15 significant digits in C's %g form on Snowflake.
pub fn double_text(d: f64, real: bool, dialect: DialectName) -> String {
    if d.is_nan() {
        return "NaN".into();
    }
    if d.is_infinite() {
        return match (dialect, d > 0.0) {
            (DialectName::Snowflake, true) => "inf".into(),
            (DialectName::Snowflake, false) => "-inf".into(),
            (DialectName::Redshift, true) => "Infinity".into(),
            (DialectName::Redshift, false) => "-Infinity".into(),
        };
    }
    let digits = match dialect {
        DialectName::Snowflake => 15,
        DialectName::Redshift if real => 6,
        DialectName::Redshift => 15,
    };
    general(d, digits)
}

/// C's `%.{digits}g`.
pub fn general(d: f64, digits: usize) -> String {
    if d == 0.0 {
        return "0".into();
    }
    let sci = format!("{d:.*e}", digits - 1);
    let Some((mantissa, exponent)) = sci.split_once('e') else {
        return sci;
    };
    let e: i32 = exponent.parse().unwrap_or(0);
    if e < -4 || e >= digits as i32 {
        let m = if mantissa.contains('.') {
            mantissa.trim_end_matches('0').trim_end_matches('.')
        } else {
            mantissa
        };
        return format!("{m}e{}{:02}", if e < 0 { '-' } else { '+' }, e.abs());
    }
    let plain = format!("{d:.*}", (digits as i32 - 1 - e).max(0) as usize);
    if plain.contains('.') {
        plain.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        plain
    }
}
