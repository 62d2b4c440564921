//! Bitmaps of 32768 bits that count distinct numbers bucket by bucket.
//! A bitmap is BINARY of 4096 bytes; bit `p` is bit `p % 8` of byte `p / 8`.
//!
//! Source: Snowflake "Using Bitmaps to Compute Distinct Values for Hierarchical Aggregations".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray};
use arrow::datatypes::Int64Type;

use crate::error::{Result, SqlError};
use crate::functions::{AggCall, Call};

/// Bits of a bitmap.
const BITS: i64 = 32_768;

/// BITMAP_BUCKET_NUMBER: positive numbers from 1 on are in the buckets 1, 2, …; others in 0, -1, ….
pub fn bucket_number(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.int(0)?;
    call.map_int(|row| {
        Ok(v.get(row)
            .map(|n| if n > 0 { 1 + (n - 1) / BITS } else { n / BITS }))
    })
}

/// BITMAP_BIT_POSITION: the bit of a number within its bucket.
pub fn bit_position(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.int(0)?;
    call.map_int(|row| {
        Ok(v.get(row).map(|n| {
            if n > 0 {
                (n - 1) % BITS
            } else {
                (n % BITS).abs()
            }
        }))
    })
}

/// BITMAP_COUNT: the number of bits that are set.
pub fn count(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bytes(0)?;
    call.map_int(|row| {
        Ok(v.get(row)
            .map(|b| b.iter().map(|b| i64::from(b.count_ones())).sum()))
    })
}

fn one(v: Option<Vec<u8>>) -> Result<ArrayRef> {
    Ok(Arc::new(BinaryArray::from_iter([v])))
}

/// BITMAP_CONSTRUCT_AGG: a bitmap with the bit of every position set.
pub fn construct_agg(call: &AggCall<'_>) -> Result<ArrayRef> {
    let v = call.args[0].as_primitive::<Int64Type>();
    if v.is_empty() {
        return one(None);
    }
    let mut out = vec![0u8; (BITS / 8) as usize];
    for p in v.iter().flatten() {
        if !(0..BITS).contains(&p) {
            return Err(SqlError::argument(
                call.name,
                format!("bit position {p} is out of range: 0 to {}", BITS - 1),
            ));
        }
        out[(p / 8) as usize] |= 1 << (p % 8);
    }
    one(Some(out))
}

/// BITMAP_OR_AGG: the union of bitmaps.
pub fn or_agg(call: &AggCall<'_>) -> Result<ArrayRef> {
    let v = call.args[0].as_binary::<i32>();
    if v.is_empty() {
        return one(None);
    }
    let mut out: Vec<u8> = Vec::new();
    for b in v.iter().flatten() {
        if out.len() < b.len() {
            out.resize(b.len(), 0);
        }
        for (o, b) in out.iter_mut().zip(b) {
            *o |= b;
        }
    }
    one(Some(out))
}
