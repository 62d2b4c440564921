//! Exact decimal arithmetic over `Decimal128Array`s.
//! 128-bit operations where they cannot overflow, 256-bit ones where they might.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type, i256};

use super::Op;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Call;
use crate::kernels::format;
use crate::types::SqlType;

fn wide(v: i128) -> i256 {
    i256::from_i128(v)
}

/// Ten to a power of at most 76.
fn ten(power: u32) -> i256 {
    wide(10).checked_pow(power).unwrap_or(i256::MAX)
}

/// `n / d`, rounded half away from zero or truncated.
fn quotient(n: i256, d: i256, round: bool) -> Option<i256> {
    let q = n.checked_div(d)?;
    if !round {
        return Some(q);
    }
    let r = n.checked_rem(d)?;
    let twice = r.checked_abs()?.checked_mul(wide(2))?;
    if twice >= d.checked_abs()? {
        let one = if (n < i256::ZERO) == (d < i256::ZERO) {
            wide(1)
        } else {
            wide(-1)
        };
        q.checked_add(one)
    } else {
        Some(q)
    }
}

fn rescale(v: i256, from: u32, to: u32) -> Option<i256> {
    if to >= from {
        v.checked_mul(ten(to - from))
    } else {
        quotient(v, ten(from - to), true)
    }
}

/// The operation on unscaled values; scales are those of the operands and of the result.
fn exact(op: Op, a: i128, b: i128, s: (u32, u32), to: u32) -> Option<i128> {
    let (x, y) = (wide(a), wide(b));
    let (s1, s2) = s;
    let common = s1.max(s2);
    let v = match op {
        Op::Add => rescale(
            rescale(x, s1, common)?.checked_add(rescale(y, s2, common)?)?,
            common,
            to,
        )?,
        Op::Sub => rescale(
            rescale(x, s1, common)?.checked_sub(rescale(y, s2, common)?)?,
            common,
            to,
        )?,
        Op::Mul => rescale(x.checked_mul(y)?, s1 + s2, to)?,
        Op::Rem => rescale(
            rescale(x, s1, common)?.checked_rem(rescale(y, s2, common)?)?,
            common,
            to,
        )?,
        Op::Div | Op::DivTruncated => {
            // a/10^s1 / (b/10^s2) at scale `to` is a * 10^(to + s2 - s1) / b.
            let (n, d) = if to + s2 >= s1 {
                (x.checked_mul(ten(to + s2 - s1))?, y)
            } else {
                (x, y.checked_mul(ten(s1 - to - s2))?)
            };
            quotient(n, d, op == Op::Div)?
        }
    };
    v.to_i128()
}

struct Operand<'a> {
    array: &'a Decimal128Array,
    scalar: bool,
    scale: u32,
}

fn operand<'a>(call: &'a Call<'_>, i: usize) -> Result<Operand<'a>> {
    let column = call
        .args
        .get(i)
        .ok_or_else(|| SqlError::internal(format!("{}: argument {i} is missing", call.name)))?;
    match column.array.data_type() {
        DataType::Decimal128(_, s) if *s >= 0 => Ok(Operand {
            array: column.array.as_primitive::<Decimal128Type>(),
            scalar: column.scalar,
            scale: *s as u32,
        }),
        other => Err(SqlError::internal(format!(
            "{}: decimal operand stored as {other}",
            call.name
        ))),
    }
}

pub(super) fn binary(call: &Call<'_>, op: Op, precision: u8, scale: u8) -> Result<ArrayRef> {
    let (a, b) = (operand(call, 0)?, operand(call, 1)?);
    let to = u32::from(scale);
    let limit = 10i128.pow(u32::from(precision));
    let division = matches!(op, Op::Div | Op::DivTruncated | Op::Rem);
    // Operands and result of one scale add in 128 bits without overflow: 38 digits leave room.
    let same = a.scale == to && b.scale == to;
    let bits = |v: u32| 10i128.pow(v.min(38));
    let raise = (
        bits(to.saturating_sub(a.scale)),
        bits(to.saturating_sub(b.scale)),
    );
    let mut out = Vec::with_capacity(call.rows);
    let mut nulls = arrow::array::BooleanBufferBuilder::new(call.rows);
    let mut any_null = false;
    for row in 0..call.rows {
        let (i, j) = (
            if a.scalar { 0 } else { row },
            if b.scalar { 0 } else { row },
        );
        if a.array.is_null(i) || b.array.is_null(j) {
            any_null = true;
            nulls.append(false);
            out.push(0);
            continue;
        }
        nulls.append(true);
        let (x, y) = (a.array.value(i), b.array.value(j));
        if division && y == 0 {
            return Err(ErrorKind::DivisionByZero.into());
        }
        let quick = match op {
            Op::Add if same => x.checked_add(y),
            Op::Sub if same => x.checked_sub(y),
            Op::Add if a.scale <= to && b.scale <= to => x
                .checked_mul(raise.0)
                .zip(y.checked_mul(raise.1))
                .and_then(|(x, y)| x.checked_add(y)),
            Op::Sub if a.scale <= to && b.scale <= to => x
                .checked_mul(raise.0)
                .zip(y.checked_mul(raise.1))
                .and_then(|(x, y)| x.checked_sub(y)),
            Op::Mul if a.scale + b.scale == to => x.checked_mul(y),
            _ => None,
        };
        let v = quick.or_else(|| exact(op, x, y, (a.scale, b.scale), to));
        match v {
            Some(v) if v < limit && v > -limit => out.push(v),
            _ => return Err(overflow(call, op, x, y, (a.scale, b.scale), to)),
        }
    }
    let nulls = any_null.then(|| arrow::buffer::NullBuffer::new(nulls.finish()));
    let array =
        Decimal128Array::new(out.into(), nulls).with_precision_and_scale(precision, scale as i8)?;
    Ok(Arc::new(array))
}

fn overflow(call: &Call<'_>, op: Op, x: i128, y: i128, s: (u32, u32), to: u32) -> SqlError {
    let value = match exact(op, x, y, s, to) {
        Some(v) => format::decimal(v, to as u8),
        None => {
            let symbol = match op {
                Op::Add => "+",
                Op::Sub => "-",
                Op::Mul => "*",
                Op::Div | Op::DivTruncated => "/",
                Op::Rem => "%",
            };
            format!(
                "{} {symbol} {}",
                format::decimal(x, s.0 as u8),
                format::decimal(y, s.1 as u8)
            )
        }
    };
    ErrorKind::OutOfRange {
        ty: type_words(call),
        value,
    }
    .into()
}

/// How overflow messages spell the result type: Snowflake names its storage.
pub(super) fn type_words(call: &Call<'_>) -> String {
    match (call.env.dialect, call.returns) {
        (crate::dialect::DialectName::Snowflake, SqlType::Number { precision, scale }) => {
            format!("FIXED[SB16]({precision},{scale}){{nullable}}")
        }
        (dialect, ty) => dialect.type_name(ty),
    }
}
