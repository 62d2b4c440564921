//! Elementary functions on floats, and buckets.
//! Arguments outside a function's domain are errors on Redshift as in PostgreSQL, and on Snowflake as documented.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};

use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;

macro_rules! float_functions {
    ($($(#[$doc:meta])* $name:ident => $f:expr;)*) => {
        $(
            $(#[$doc])*
            pub fn $name(call: &Call<'_>) -> Result<ArrayRef> {
                let v = call.double(0)?;
                let f: fn(f64) -> f64 = $f;
                call.map_double(|row| Ok(v.get(row).map(f)))
            }
        )*
    };
}

float_functions! {
    /// Sine of radians.
    sin => f64::sin;
    /// Cosine of radians.
    cos => f64::cos;
    /// Tangent of radians.
    tan => f64::tan;
    /// Cotangent of radians.
    cot => |x| 1.0 / x.tan();
    /// Arc tangent.
    atan => f64::atan;
    /// Hyperbolic sine.
    sinh => f64::sinh;
    /// Hyperbolic cosine.
    cosh => f64::cosh;
    /// Hyperbolic tangent.
    tanh => f64::tanh;
    /// Inverse hyperbolic sine.
    asinh => f64::asinh;
    /// Cube root.
    cbrt => f64::cbrt;
    /// Radians to degrees.
    degrees => f64::to_degrees;
    /// Degrees to radians.
    radians => f64::to_radians;
    /// e to a power.
    exp => f64::exp;
    /// The square.
    square => |x| x * x;
}

fn domain(call: &Call<'_>, v: f64) -> SqlError {
    match (call.env.dialect, call.name) {
        (DialectName::Redshift, "SQRT") => {
            SqlError::raw("", "2201F", "cannot take square root of a negative number")
        }
        (DialectName::Redshift, "LN" | "LOG" | "DLOG1" | "DLOG10") if v == 0.0 => {
            SqlError::raw("", "2201E", "cannot take logarithm of zero")
        }
        (DialectName::Redshift, "LN" | "LOG" | "DLOG1" | "DLOG10") => {
            SqlError::raw("", "2201E", "cannot take logarithm of a negative number")
        }
        (DialectName::Redshift, _) => SqlError::raw("", "22003", "input is out of range"),
        (DialectName::Snowflake, name) => SqlError::raw(
            "100049",
            "22P02",
            format!(
                "Invalid floating point operation: {}({v})",
                name.to_lowercase()
            ),
        ),
    }
}

fn checked(call: &Call<'_>, ok: fn(f64) -> bool, f: fn(f64) -> f64) -> Result<ArrayRef> {
    let v = call.double(0)?;
    call.map_double(|row| match v.get(row) {
        None => Ok(None),
        Some(x) if ok(x) || x.is_nan() => Ok(Some(f(x))),
        Some(x) => Err(domain(call, x)),
    })
}

/// Square root.
pub fn sqrt(call: &Call<'_>) -> Result<ArrayRef> {
    checked(call, |x| x >= 0.0, f64::sqrt)
}
/// Natural logarithm.
pub fn ln(call: &Call<'_>) -> Result<ArrayRef> {
    checked(call, |x| x > 0.0, f64::ln)
}
/// Decimal logarithm.
pub fn log10(call: &Call<'_>) -> Result<ArrayRef> {
    checked(call, |x| x > 0.0, f64::log10)
}
/// Arc sine.
pub fn asin(call: &Call<'_>) -> Result<ArrayRef> {
    checked(call, |x| (-1.0..=1.0).contains(&x), f64::asin)
}
/// Arc cosine.
pub fn acos(call: &Call<'_>) -> Result<ArrayRef> {
    checked(call, |x| (-1.0..=1.0).contains(&x), f64::acos)
}
/// Inverse hyperbolic cosine.
pub fn acosh(call: &Call<'_>) -> Result<ArrayRef> {
    checked(call, |x| x >= 1.0, f64::acosh)
}
/// Inverse hyperbolic tangent.
pub fn atanh(call: &Call<'_>) -> Result<ArrayRef> {
    checked(call, |x| x > -1.0 && x < 1.0, f64::atanh)
}

/// `atan2(y, x)`.
pub fn atan2(call: &Call<'_>) -> Result<ArrayRef> {
    let (y, x) = (call.double(0)?, call.double(1)?);
    call.map_double(|row| Ok(y.get(row).zip(x.get(row)).map(|(y, x)| y.atan2(x))))
}

/// `log(base, x)`.
pub fn log(call: &Call<'_>) -> Result<ArrayRef> {
    let (b, x) = (call.double(0)?, call.double(1)?);
    call.map_double(|row| match (b.get(row), x.get(row)) {
        (Some(b), Some(x)) if b > 0.0 && b != 1.0 && x > 0.0 => Ok(Some(match b {
            2.0 => x.log2(),
            10.0 => x.log10(),
            _ => x.ln() / b.ln(),
        })),
        (Some(_), Some(x)) => Err(domain(call, x)),
        _ => Ok(None),
    })
}

/// The number π.
pub fn pi(call: &Call<'_>) -> Result<ArrayRef> {
    Ok(Arc::new(Float64Array::from(vec![
        std::f64::consts::PI;
        call.rows
    ])))
}

/// `n!` for 0 to 33, as a decimal of 38 digits.
pub fn factorial(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.int(0)?;
    let mut out = arrow::array::Decimal128Array::builder(call.rows);
    for row in 0..call.rows {
        out.append_option(match v.get(row) {
            None => None,
            Some(n @ 0..=33) => Some((1..=i128::from(n)).product::<i128>()),
            Some(n) => {
                return Err(SqlError::raw(
                    "100049",
                    "22003",
                    format!("Invalid argument for factorial: {n}; it must be from 0 to 33"),
                ));
            }
        });
    }
    Ok(Arc::new(out.finish().with_precision_and_scale(38, 0)?))
}

/// Great-circle distance in kilometres between two points in degrees (Snowflake's HAVERSINE).
pub fn haversine(call: &Call<'_>) -> Result<ArrayRef> {
    let v: Vec<_> = (0..4).map(|i| call.double(i)).collect::<Result<_>>()?;
    call.map_double(|row| {
        let [Some(lat1), Some(lon1), Some(lat2), Some(lon2)] =
            [v[0].get(row), v[1].get(row), v[2].get(row), v[3].get(row)]
        else {
            return Ok(None);
        };
        let (a, b) = (lat1.to_radians(), lat2.to_radians());
        let h = ((b - a) / 2.0).sin().powi(2)
            + a.cos() * b.cos() * ((lon2 - lon1).to_radians() / 2.0).sin().powi(2);
        Ok(Some(2.0 * 6371.0 * h.sqrt().asin()))
    })
}

/// `width_bucket(x, low, high, n)`: 0 below, n + 1 above, else the bucket from 1.
pub fn width_bucket(call: &Call<'_>) -> Result<ArrayRef> {
    let (x, low, high, n) = (
        call.double(0)?,
        call.double(1)?,
        call.double(2)?,
        call.int(3)?,
    );
    call.map_int(|row| {
        let (Some(x), Some(low), Some(high), Some(n)) =
            (x.get(row), low.get(row), high.get(row), n.get(row))
        else {
            return Ok(None);
        };
        if n < 1 || low == high {
            return Err(
                call.error("the number of buckets must be positive and the bounds must differ")
            );
        }
        let share = (x - low) / (high - low);
        Ok(Some(if share < 0.0 {
            0
        } else if share >= 1.0 {
            n + 1
        } else {
            (share * n as f64).floor() as i64 + 1
        }))
    })
}
