//! Arithmetic on SUPER values by their dynamic types: numbers are computed, texts joined by `+`, the rest is null.
//! Arithmetic on VARIANT does not exist: Snowflake casts the operands.
//!
//! Source: Redshift "Operators and functions" for SUPER.

use arrow::array::ArrayRef;

use super::util::{append, argument, build};
use crate::error::{ErrorKind, Result};
use crate::functions::Call;
use crate::kernels::cast::rescale;
use crate::types::SqlType;
use crate::variant::{Builder, Kind, Ref, decimal_to_f64};

#[derive(Clone, Copy)]
enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
}

fn overflow() -> crate::error::SqlError {
    ErrorKind::OutOfRange {
        ty: "numeric(38,37)".into(),
        value: "of SUPER arithmetic".into(),
    }
    .into()
}

fn checked(v: Option<i128>) -> Result<i128> {
    v.filter(|v| v.unsigned_abs() < 10u128.pow(38))
        .ok_or_else(overflow)
}

/// `whole` says that both operands are declared, or stored, as numbers without a fraction.
fn exact(op: Op, (a, s): (i128, u8), (b, t): (i128, u8), whole: bool) -> Result<(i128, u8)> {
    let scale = s.max(t);
    let align = || -> Result<(i128, i128)> {
        Ok((
            checked(rescale(a, s, scale))?,
            checked(rescale(b, t, scale))?,
        ))
    };
    Ok(match op {
        Op::Add => {
            let (a, b) = align()?;
            (checked(a.checked_add(b))?, scale)
        }
        Op::Sub => {
            let (a, b) = align()?;
            (checked(a.checked_sub(b))?, scale)
        }
        Op::Mul => {
            let v = checked(a.checked_mul(b))?;
            let scale = u32::from(s) + u32::from(t);
            match u8::try_from(scale) {
                Ok(scale) if scale <= 37 => (v, scale),
                _ => {
                    let cut = 10i128.checked_pow(scale - 37).ok_or_else(overflow)?;
                    (v / cut, 37)
                }
            }
        }
        Op::Mod => {
            let (a, b) = align()?;
            if b == 0 {
                return Err(ErrorKind::DivisionByZero.into());
            }
            (a % b, scale)
        }
        Op::Div => {
            if b == 0 {
                return Err(ErrorKind::DivisionByZero.into());
            }
            if whole && s == 0 && t == 0 {
                return Ok((a / b, 0));
            }
            // As in Redshift's decimal division, at least four digits after the point.
            let scale = (u32::from(s) + 4).max(u32::from(t) + 4).min(37);
            let shift = scale + u32::from(t);
            let numerator = match shift.checked_sub(u32::from(s)) {
                Some(up) => 10i128.checked_pow(up).and_then(|p| a.checked_mul(p)),
                None => None,
            };
            (checked(numerator)? / b, scale as u8)
        }
    })
}

fn float(op: Op, a: f64, b: f64) -> Result<f64> {
    let v = match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Div | Op::Mod if b == 0.0 => return Err(ErrorKind::DivisionByZero.into()),
        Op::Div => a / b,
        Op::Mod => a % b,
    };
    if v.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(overflow());
    }
    Ok(v)
}

fn compute(op: Op, a: Ref<'_>, b: Ref<'_>, whole: bool, out: &mut Builder<'_>) -> Result<bool> {
    match (a.kind(), b.kind()) {
        (Kind::Decimal(x, s), Kind::Decimal(y, t)) => {
            let (v, scale) = exact(op, (x, s), (y, t), whole)?;
            out.decimal(v, scale);
        }
        (Kind::Double(x), Kind::Double(y)) => out.double(float(op, x, y)?),
        (Kind::Double(x), Kind::Decimal(y, t)) => out.double(float(op, x, decimal_to_f64(y, t))?),
        (Kind::Decimal(x, s), Kind::Double(y)) => out.double(float(op, decimal_to_f64(x, s), y)?),
        (Kind::String(x), Kind::String(y)) if matches!(op, Op::Add) => {
            out.string(&format!("{x}{y}"));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn binary(call: &Call<'_>, op: Op) -> Result<ArrayRef> {
    // Values drop the zeros of a fraction, so 2.0 is told from 2 by the declared type of the operand.
    let whole = !call
        .types
        .iter()
        .any(|t| matches!(t, SqlType::Number { scale, .. } if *scale > 0));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    build(call, |row, b| {
        if is_null(call, 0, row)? || is_null(call, 1, row)? {
            return Ok(false);
        }
        left.clear();
        append(call, 0, row, &mut Builder { out: &mut left }, |_| {})?;
        right.clear();
        append(call, 1, row, &mut Builder { out: &mut right }, |_| {})?;
        compute(op, Ref::new(&left), Ref::new(&right), whole, b)
    })
}

fn is_null(call: &Call<'_>, i: usize, row: usize) -> Result<bool> {
    Ok(call.types[i] == SqlType::Null || argument(call, i)?.is_null(row))
}

/// `a + b`: a sum of numbers, or two texts joined.
pub fn super_add(call: &Call<'_>) -> Result<ArrayRef> {
    binary(call, Op::Add)
}
/// `a - b`
pub fn super_sub(call: &Call<'_>) -> Result<ArrayRef> {
    binary(call, Op::Sub)
}
/// `a * b`
pub fn super_mul(call: &Call<'_>) -> Result<ArrayRef> {
    binary(call, Op::Mul)
}
/// `a / b`: whole numbers divide to whole numbers. Operands may be given as they are: what is declared with a
/// fraction is not whole, whatever its value.
pub fn super_div(call: &Call<'_>) -> Result<ArrayRef> {
    binary(call, Op::Div)
}
/// `a % b`
pub fn super_mod(call: &Call<'_>) -> Result<ArrayRef> {
    binary(call, Op::Mod)
}
/// `-a`: NULL for what is no number.
pub fn super_negate(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    build(call, |row, b| {
        match v.get(row).map(|x| Ref::new(x).kind()) {
            Some(Kind::Decimal(x, s)) => b.decimal(-x, s),
            Some(Kind::Double(x)) => b.double(-x),
            _ => return Ok(false),
        }
        Ok(true)
    })
}
