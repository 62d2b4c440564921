//! Exact decimal arithmetic over `Decimal128Array`s.
//! 128-bit operations where they cannot overflow, 256-bit ones where they might.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::buffer::NullBuffer;
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
pub(super) fn exact(op: Op, a: i128, b: i128, s: (u32, u32), to: u32) -> Option<i128> {
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

/// `n / d` in 128 bits, rounded half away from zero or truncated; most quotients need only 64.
fn short_quotient(n: i128, d: i128, round: bool) -> Option<i128> {
    let (q, r) = match (i64::try_from(n), i64::try_from(d)) {
        (Ok(n), Ok(d)) => {
            let q = n.checked_div(d)?;
            (i128::from(q), i128::from(n.wrapping_sub(q.wrapping_mul(d))))
        }
        _ => {
            let q = n.checked_div(d)?;
            (q, n.wrapping_sub(q.wrapping_mul(d)))
        }
    };
    if round && r.unsigned_abs() >= d.unsigned_abs() - r.unsigned_abs() {
        Some(if (n < 0) == (d < 0) { q + 1 } else { q - 1 })
    } else {
        Some(q)
    }
}

/// The product of two unscaled values; 64-bit factors, which most are, need no check.
fn product(x: i128, y: i128) -> Option<i128> {
    match (i64::try_from(x), i64::try_from(y)) {
        (Ok(x), Ok(y)) => Some(i128::from(x) * i128::from(y)),
        _ => x.checked_mul(y),
    }
}

/// The results for all rows, or the first row that has none within the limit.
fn rows(
    (a, b): (&Operand<'_>, &Operand<'_>),
    nulls: Option<&NullBuffer>,
    count: usize,
    limit: i128,
    op: impl Fn(i128, i128) -> Option<i128>,
) -> std::result::Result<Vec<i128>, usize> {
    let (x, y) = (a.array.values(), b.array.values());
    let mut out = Vec::with_capacity(count);
    for row in 0..count {
        if nulls.is_some_and(|n| n.is_null(row)) {
            out.push(0);
            continue;
        }
        let (i, j) = (
            if a.scalar { 0 } else { row },
            if b.scalar { 0 } else { row },
        );
        match op(x[i], y[j]) {
            Some(v) if v < limit && v > -limit => out.push(v),
            _ => return Err(row),
        }
    }
    Ok(out)
}

/// Where either operand is NULL; a scalar operand counts for every row.
fn nulls(a: &Operand<'_>, b: &Operand<'_>, count: usize) -> Option<NullBuffer> {
    let of = |o: &Operand<'_>| match o.scalar {
        true => o.array.is_null(0).then(|| NullBuffer::new_null(count)),
        false => o.array.nulls().cloned(),
    };
    NullBuffer::union(of(a).as_ref(), of(b).as_ref())
}

pub(super) fn binary(call: &Call<'_>, op: Op, precision: u8, scale: u8) -> Result<ArrayRef> {
    let (a, b) = (operand(call, 0)?, operand(call, 1)?);
    let to = u32::from(scale);
    let s = (a.scale, b.scale);
    let limit = 10i128.pow(u32::from(precision));
    let nulls = nulls(&a, &b, call.rows);
    let power = |v: u32| 10i128.pow(v.min(38));
    let raise = (power(to.saturating_sub(s.0)), power(to.saturating_sub(s.1)));
    let general = |x, y| exact(op, x, y, s, to);
    let operands = (&a, &b);
    let (some, count) = (nulls.as_ref(), call.rows);
    // Each form is a loop of its own, so that nothing is decided for each row; 256 bits are for what 128 cannot hold.
    let values = match op {
        Op::Add if s.0 == to && s.1 == to => rows(operands, some, count, limit, i128::checked_add),
        Op::Sub if s.0 == to && s.1 == to => rows(operands, some, count, limit, i128::checked_sub),
        Op::Add if s.0 <= to && s.1 <= to => rows(operands, some, count, limit, |x, y| {
            (product(x, raise.0).zip(product(y, raise.1)))
                .and_then(|(x, y)| x.checked_add(y))
                .or_else(|| general(x, y))
        }),
        Op::Sub if s.0 <= to && s.1 <= to => rows(operands, some, count, limit, |x, y| {
            (product(x, raise.0).zip(product(y, raise.1)))
                .and_then(|(x, y)| x.checked_sub(y))
                .or_else(|| general(x, y))
        }),
        Op::Mul if s.0 + s.1 == to => rows(operands, some, count, limit, product),
        Op::Mul if s.0 + s.1 > to && s.0 + s.1 - to <= 38 => {
            let lower = power(s.0 + s.1 - to);
            rows(operands, some, count, limit, |x, y| match product(x, y) {
                Some(v) => short_quotient(v, lower, true),
                None => general(x, y),
            })
        }
        Op::Div | Op::DivTruncated if to + s.1 >= s.0 && to + s.1 - s.0 <= 38 => {
            let (raise, round) = (power(to + s.1 - s.0), op == Op::Div);
            rows(operands, some, count, limit, |x, y| {
                match product(x, raise) {
                    Some(n) => short_quotient(n, y, round),
                    None => general(x, y),
                }
            })
        }
        _ => rows(operands, some, count, limit, general),
    };
    let values = values.map_err(|row| {
        let at = |o: &Operand<'_>| o.array.value(if o.scalar { 0 } else { row });
        let (x, y) = (at(&a), at(&b));
        if y == 0 && matches!(op, Op::Div | Op::DivTruncated | Op::Rem) {
            return ErrorKind::DivisionByZero.into();
        }
        overflow(call, op, x, y, s, to)
    })?;
    let array = Decimal128Array::new(values.into(), nulls)
        .with_precision_and_scale(precision, scale as i8)?;
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
