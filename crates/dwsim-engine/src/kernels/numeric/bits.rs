//! Bitwise functions on 64-bit integers.
//! Sources: Snowflake "Bitwise expression functions"; Redshift "Bitwise functions".

use arrow::array::ArrayRef;

use crate::error::Result;
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
