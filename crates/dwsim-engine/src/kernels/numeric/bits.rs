//! Bitwise functions on 64-bit integers.
//! Sources: Snowflake "Bitwise expression functions"; Redshift "Bitwise functions".

use arrow::array::ArrayRef;

use crate::error::{Result, SqlError};
use crate::functions::Call;

fn two(call: &Call<'_>, f: impl Fn(i64, i64) -> i64) -> Result<ArrayRef> {
    let (a, b) = (call.int(0)?, call.int(1)?);
    call.map_int(|row| Ok(a.get(row).zip(b.get(row)).map(|(a, b)| f(a, b))))
}

/// `a & b`.
pub fn bit_and(call: &Call<'_>) -> Result<ArrayRef> {
    two(call, |a, b| a & b)
}
/// `a | b`.
pub fn bit_or(call: &Call<'_>) -> Result<ArrayRef> {
    two(call, |a, b| a | b)
}
/// Exclusive or.
pub fn bit_xor(call: &Call<'_>) -> Result<ArrayRef> {
    two(call, |a, b| a ^ b)
}
/// `a << b`; shifts beyond the width give 0.
pub fn bit_shift_left(call: &Call<'_>) -> Result<ArrayRef> {
    two(call, |a, b| {
        u32::try_from(b)
            .ok()
            .and_then(|b| a.checked_shl(b))
            .unwrap_or(0)
    })
}
/// `a >> b`, keeping the sign.
pub fn bit_shift_right(call: &Call<'_>) -> Result<ArrayRef> {
    two(call, |a, b| a >> b.clamp(0, 63))
}
/// All bits inverted.
pub fn bit_not(call: &Call<'_>) -> Result<ArrayRef> {
    let a = call.int(0)?;
    call.map_int(|row| Ok(a.get(row).map(|a| !a)))
}
/// Number of set bits.
pub fn bit_count(call: &Call<'_>) -> Result<ArrayRef> {
    let a = call.int(0)?;
    call.map_int(|row| Ok(a.get(row).map(|a| i64::from(a.count_ones()))))
}
/// Bit `b` of `a`, counted from the least significant.
pub fn get_bit(call: &Call<'_>) -> Result<ArrayRef> {
    two(
        call,
        |a, b| if (0..64).contains(&b) { a >> b & 1 } else { 0 },
    )
}

/// Bytes of both operands at one length: the third argument says on which side the shorter is filled with zeros.
fn aligned(a: &[u8], b: &[u8], side: Option<&str>) -> Result<(Vec<u8>, Vec<u8>)> {
    let n = a.len().max(b.len());
    let fill = |v: &[u8]| -> Result<Vec<u8>> {
        let zeros = vec![0; n - v.len()];
        match side.map(str::to_ascii_uppercase).as_deref() {
            _ if zeros.is_empty() => Ok(v.to_vec()),
            Some("LEFT") => Ok([zeros.as_slice(), v].concat()),
            Some("RIGHT") => Ok([v, zeros.as_slice()].concat()),
            _ => Err(SqlError::raw(
                "100544",
                "22026",
                format!(
                    "The lengths of two variable-sized fields do not match: first length {}, second length {}",
                    a.len(),
                    b.len()
                ),
            )),
        }
    };
    Ok((fill(a)?, fill(b)?))
}

/// BITAND, BITOR and BITXOR of BINARY, by the function's name.
pub fn bit_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (call.bytes(0)?, call.bytes(1)?);
    let side = call.optional_text(2)?;
    let f: fn(u8, u8) -> u8 = match call.name {
        "BITAND" | "BIT_AND" => |a, b| a & b,
        "BITOR" | "BIT_OR" => |a, b| a | b,
        _ => |a, b| a ^ b,
    };
    call.map_bytes(|row| {
        let (Some(a), Some(b)) = (a.get(row), b.get(row)) else {
            return Ok(None);
        };
        let (a, b) = aligned(a, b, side.as_ref().and_then(|s| s.get(row)))?;
        Ok(Some(
            a.into_iter()
                .zip(b)
                .map(|(a, b)| f(a, b))
                .collect::<Vec<u8>>(),
        ))
    })
}

/// BITNOT of BINARY.
pub fn bit_not_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let a = call.bytes(0)?;
    call.map_bytes(|row| {
        Ok(a.get(row)
            .map(|a| a.iter().map(|b| !b).collect::<Vec<u8>>()))
    })
}

/// BITSHIFTLEFT and BITSHIFTRIGHT of BINARY, by the function's name: the length stays, zeros come in.
pub fn bit_shift_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, n) = (call.bytes(0)?, call.int(1)?);
    let left = call.name.ends_with("LEFT");
    call.map_bytes(|row| {
        let (Some(a), Some(n)) = (a.get(row), n.get(row)) else {
            return Ok(None);
        };
        let n = usize::try_from(n)
            .map_err(|_| call.error("the number of bits must not be negative"))?;
        let bits = a.len() * 8;
        let bit = |i: usize| a[i / 8] >> (7 - i % 8) & 1;
        let mut out = vec![0u8; a.len()];
        for i in 0..bits {
            let from = if left {
                i.checked_add(n)
            } else {
                i.checked_sub(n)
            };
            if let Some(from) = from.filter(|f| *f < bits) {
                out[i / 8] |= bit(from) << (7 - i % 8);
            }
        }
        Ok(Some(out))
    })
}
