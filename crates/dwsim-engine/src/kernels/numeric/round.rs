//! Rounding, truncation, absolute value and sign, by representation.
//! Decimals are exact and round half away from zero. Sources: Snowflake "ROUND", Redshift "ROUND", "TRUNC".

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array};

use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;

fn shape(ty: &SqlType) -> (u8, u8) {
    ty.decimal_shape().unwrap_or((38, 0))
}

/// Applies a rule to unscaled values and gives the result's decimals.
fn decimals(
    call: &Call<'_>,
    mut f: impl FnMut(i128, usize) -> Result<Option<i128>>,
) -> Result<ArrayRef> {
    let v = call.decimal(0)?;
    let (p, s) = shape(call.returns);
    let limit = 10i128.pow(u32::from(p));
    let mut out = Decimal128Array::builder(call.rows);
    for row in 0..call.rows {
        let r = match v.get(row) {
            None => None,
            Some(x) => f(x, row)?,
        };
        if let Some(r) = r
            && r.abs() >= limit
        {
            return Err(ErrorKind::OutOfRange {
                ty: call.env.dialect.type_name(call.returns),
                value: crate::kernels::format::decimal(r, s),
            }
            .into());
        }
        out.append_option(r);
    }
    Ok(Arc::new(out.finish().with_precision_and_scale(p, s as i8)?))
}

/// A decimal kept to `n` digits after the point and shown with the result's scale.
fn keep(x: i128, from: u8, to: u8, n: i64, round: bool) -> Option<i128> {
    let n = n.clamp(-38, 38) as i32;
    let drop = i32::from(from) - n;
    let x = if drop <= 0 {
        x
    } else if drop > 38 {
        0
    } else {
        let unit = 10i128.checked_pow(drop as u32)?;
        let (q, r) = (x / unit, x % unit);
        let q = if round && r.abs() >= unit - r.abs() {
            q + x.signum()
        } else {
            q
        };
        q.checked_mul(unit)?
    };
    if to >= from {
        x.checked_mul(10i128.checked_pow(u32::from(to - from))?)
    } else {
        // Digits beyond the result's scale are zero here.
        Some(x / 10i128.checked_pow(u32::from(from - to))?)
    }
}

fn overflow(call: &Call<'_>) -> SqlError {
    ErrorKind::OutOfRange {
        ty: call.env.dialect.type_name(call.returns),
        value: "result".into(),
    }
    .into()
}

/// `round(x, n)` of decimals.
pub fn round_decimal(call: &Call<'_>) -> Result<ArrayRef> {
    let (from, to) = (shape(&call.types[0]).1, shape(call.returns).1);
    let n = call.optional_int(1)?;
    decimals(call, |x, row| {
        let n = match &n {
            None => 0,
            Some(n) => match n.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        keep(x, from, to, n, true)
            .map(Some)
            .ok_or_else(|| overflow(call))
    })
}

/// `round(x, n)` of decimals, halves to the even neighbour.
pub fn round_even_decimal(call: &Call<'_>) -> Result<ArrayRef> {
    let (from, to) = (shape(&call.types[0]).1, shape(call.returns).1);
    let n = call.optional_int(1)?;
    decimals(call, |x, row| {
        let n = match &n {
            None => 0,
            Some(n) => match n.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        let dropped = i64::from(from).saturating_sub(n).max(0);
        let rounded = match u32::try_from(dropped)
            .ok()
            .and_then(|d| 10i128.checked_pow(d))
        {
            // More digits than any number has: nothing is left.
            None => Some(0),
            Some(unit) => {
                let (q, r) = (x.div_euclid(unit), x.rem_euclid(unit));
                let up = match (r * 2).cmp(&unit) {
                    std::cmp::Ordering::Less => false,
                    std::cmp::Ordering::Greater => true,
                    std::cmp::Ordering::Equal => q % 2 != 0,
                };
                (q + i128::from(up)).checked_mul(unit)
            }
        };
        rounded
            .and_then(|v| keep(v, from, to, i64::from(to), false))
            .map(Some)
            .ok_or_else(|| overflow(call))
    })
}

/// `trunc(x, n)` of decimals.
pub fn truncate_decimal(call: &Call<'_>) -> Result<ArrayRef> {
    let (from, to) = (shape(&call.types[0]).1, shape(call.returns).1);
    let n = call.optional_int(1)?;
    decimals(call, |x, row| {
        let n = match &n {
            None => 0,
            Some(n) => match n.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        keep(x, from, to, n, false)
            .map(Some)
            .ok_or_else(|| overflow(call))
    })
}

/// Smallest integer not below (CEIL) or largest not above (FLOOR), at `n` digits.
pub(super) fn step_decimal(call: &Call<'_>, up: bool) -> Result<ArrayRef> {
    let (from, to) = (shape(&call.types[0]).1, shape(call.returns).1);
    let n = call.optional_int(1)?;
    decimals(call, |x, row| {
        let n = match &n {
            None => 0,
            Some(n) => match n.get(row) {
                Some(n) => n.clamp(-38, 38),
                None => return Ok(None),
            },
        };
        let drop = i64::from(from) - n;
        if drop <= 0 {
            return keep(x, from, to, n, false)
                .map(Some)
                .ok_or_else(|| overflow(call));
        }
        let unit = 10i128
            .checked_pow(drop.min(38) as u32)
            .ok_or_else(|| overflow(call))?;
        let q = if up {
            -(-x).div_euclid(unit)
        } else {
            x.div_euclid(unit)
        };
        let whole = q.checked_mul(unit).ok_or_else(|| overflow(call))?;
        keep(whole, from, to, n, false)
            .map(Some)
            .ok_or_else(|| overflow(call))
    })
}

fn at_digits(x: f64, n: i64, f: fn(f64) -> f64) -> f64 {
    if !x.is_finite() || n > 300 {
        return x;
    }
    if n < -300 {
        return 0.0;
    }
    let unit = 10f64.powi(n.abs() as i32);
    let r = if n >= 0 {
        f(x * unit) / unit
    } else {
        f(x / unit) * unit
    };
    if r.is_finite() { r } else { x }
}

pub(super) fn floats(call: &Call<'_>, f: fn(f64) -> f64) -> Result<ArrayRef> {
    let v = call.double(0)?;
    let n = call.optional_int(1)?;
    call.map_double(|row| {
        let Some(x) = v.get(row) else { return Ok(None) };
        let n = match &n {
            None => 0,
            Some(n) => match n.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        Ok(Some(at_digits(x, n, f)))
    })
}

/// `round(x, n)` of floats, half away from zero.
pub fn round_float(call: &Call<'_>) -> Result<ArrayRef> {
    floats(call, f64::round)
}

/// `trunc(x, n)` of floats.
pub fn truncate_float(call: &Call<'_>) -> Result<ArrayRef> {
    floats(call, f64::trunc)
}

/// Absolute value of decimals.
pub fn abs_decimal(call: &Call<'_>) -> Result<ArrayRef> {
    decimals(call, |x, _| Ok(Some(x.abs())))
}

/// Absolute value of floats.
pub fn abs_float(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.double(0)?;
    call.map_double(|row| Ok(v.get(row).map(f64::abs)))
}

/// Absolute value of integers; the smallest one has none.
pub fn abs_int(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.int(0)?;
    call.map_int(|row| match v.get(row) {
        None => Ok(None),
        Some(x) => x.checked_abs().map(Some).ok_or_else(|| overflow(call)),
    })
}

/// -1, 0 or 1.
pub fn sign_number(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.double(0)?;
    call.map_int(|row| {
        Ok(v.get(row)
            .map(|x| if x > 0.0 { 1 } else { -i64::from(x < 0.0) }))
    })
}
