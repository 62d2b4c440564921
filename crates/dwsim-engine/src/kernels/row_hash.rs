//! 64-bit hashes of rows, whatever their types, and MD5 and SHA as bytes or numbers.
//! They are stable from release to release of dwsim, but are not the warehouses' own values.
//!
//! Sources: Snowflake "HASH", "HASH_AGG", "MD5_NUMBER_LOWER64", "SHA1 , SHA1_HEX", "SHA2_BINARY".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array};
use arrow::datatypes::Int64Type;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::cast::encode_at;
use crate::error::Result;
use crate::functions::{AggCall, Call};
use crate::types::SqlType;
use crate::variant::{Builder, Kind, Ref};

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// Hashes bytes into a state, eight at a time.
fn absorb(mut h: u64, bytes: &[u8]) -> u64 {
    for chunk in bytes.chunks(8) {
        let mut word = [0u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        h = (h ^ u64::from_le_bytes(word)).wrapping_mul(MIX);
        h ^= h >> 29;
    }
    finish(h ^ bytes.len() as u64)
}

/// Spreads a state over all bits (SplitMix64's finalizer).
pub(crate) fn finish(mut h: u64) -> u64 {
    h = (h ^ (h >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    h ^ (h >> 31)
}

/// The hash of an encoded value: equal numbers of different types and equal instants of different zones agree.
pub(crate) fn value_hash(seed: u64, value: Ref<'_>) -> u64 {
    match value.kind() {
        Kind::Double(d) if d.fract() == 0.0 && d.abs() < 9.0e15 => {
            let mut out = Vec::with_capacity(32);
            Builder { out: &mut out }.decimal(d as i128, 0);
            absorb(seed, &out)
        }
        Kind::TimestampTz(t, _) => {
            let mut out = Vec::with_capacity(32);
            Builder { out: &mut out }.timestamp_ltz(t);
            absorb(seed, &out)
        }
        _ => absorb(seed, value.bytes()),
    }
}

/// The hash of argument `i` of a row, continued from a state; NULL has a hash of its own.
pub(crate) fn argument_hash(
    seed: u64,
    array: &dyn Array,
    ty: &SqlType,
    i: usize,
    scratch: &mut Vec<u8>,
) -> Result<u64> {
    if *ty == SqlType::Null || array.is_null(i) {
        return Ok(finish(seed.rotate_left(17) ^ MIX));
    }
    scratch.clear();
    encode_at(array, ty, i, &mut Builder { out: scratch })?;
    Ok(value_hash(seed, Ref::new(scratch)))
}

/// HASH(value, …): a signed 64-bit hash, never NULL.
pub fn hash(call: &Call<'_>) -> Result<ArrayRef> {
    let mut scratch = Vec::new();
    call.map_int(|row| {
        let mut h = MIX;
        for (column, ty) in call.args.iter().zip(call.types) {
            h = argument_hash(
                h,
                column.array.as_ref(),
                ty,
                column.index(row),
                &mut scratch,
            )?;
        }
        Ok(Some(h as i64))
    })
}

/// HASH_AGG over the rows' hashes: their order does not matter, their number does; 0 for no rows.
pub fn hash_agg(call: &AggCall<'_>) -> Result<ArrayRef> {
    let sum = call.args[0]
        .as_primitive::<Int64Type>()
        .iter()
        .flatten()
        .fold(0u64, |sum, h| sum.wrapping_add(finish(h as u64)));
    Ok(Arc::new(Int64Array::from(vec![sum as i64])))
}

/// The bytes of an argument that is text or BINARY.
fn bytes_of<'a>(call: &'a Call<'a>) -> Result<impl Fn(usize) -> Option<&'a [u8]> + 'a> {
    let binary = matches!(call.types[0], SqlType::Binary(_));
    let bytes = if binary { Some(call.bytes(0)?) } else { None };
    let text = if binary { None } else { Some(call.text(0)?) };
    Ok(move |row| match (&bytes, &text) {
        (Some(b), _) => b.get(row),
        (None, Some(t)) => t.get(row).map(str::as_bytes),
        (None, None) => None,
    })
}

/// One half of the MD5 digest as an unsigned number: MD5_NUMBER_UPPER64 the first eight bytes, _LOWER64 the last.
pub fn md5_half(call: &Call<'_>) -> Result<ArrayRef> {
    let bytes = bytes_of(call)?;
    let from = if call.name.ends_with("UPPER64") { 0 } else { 8 };
    let out: Decimal128Array = (0..call.rows)
        .map(|row| {
            bytes(row).map(|b| {
                let digest = Md5::digest(b);
                digest[from..from + 8]
                    .iter()
                    .fold(0i128, |n, b| n << 8 | i128::from(*b))
            })
        })
        .collect();
    Ok(Arc::new(out.with_precision_and_scale(20, 0)?))
}

/// SHA-1 as 20 bytes.
pub fn sha1_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let bytes = bytes_of(call)?;
    call.map_bytes(|row| Ok(bytes(row).map(|b| Sha1::digest(b).to_vec())))
}

/// SHA-2 as bytes; the second argument is the number of bits (224, 256, 384, 512; 0 is 256).
pub fn sha2_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let bytes = bytes_of(call)?;
    let bits = call.optional_int(1)?;
    call.map_bytes(|row| {
        let Some(b) = bytes(row) else { return Ok(None) };
        let n = match &bits {
            None => 256,
            Some(n) => match n.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        Ok(Some(match n {
            224 => Sha224::digest(b).to_vec(),
            0 | 256 => Sha256::digest(b).to_vec(),
            384 => Sha384::digest(b).to_vec(),
            512 => Sha512::digest(b).to_vec(),
            other => {
                return Err(
                    call.error(format!("invalid digest size {other}: 224, 256, 384 or 512"))
                );
            }
        }))
    })
}
