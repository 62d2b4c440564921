//! Non-cryptographic hash functions: FNV-1a, MurmurHash3, FarmHash's Fingerprint64, and CHECKSUM.
//! The cryptographic ones are in `text`.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, Time64NanosecondType, TimestampMicrosecondType,
};

use crate::error::{Result, SqlError};
use crate::functions::{Call, Column};
use crate::types::SqlType;

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// FNV-1a of 64 bits, from a seed.
pub fn fnv1a(bytes: &[u8], seed: u64) -> u64 {
    bytes
        .iter()
        .fold(seed, |h, b| (h ^ u64::from(*b)).wrapping_mul(FNV_PRIME))
}

/// MurmurHash3's 32-bit variant.
pub fn murmur3_32(bytes: &[u8], seed: u32) -> u32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let scramble = |k: u32| k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let mut h = seed;
    let mut chunks = bytes.chunks_exact(4);
    for c in &mut chunks {
        h ^= scramble(u32::from_le_bytes([c[0], c[1], c[2], c[3]]));
        h = h.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let tail = chunks
        .remainder()
        .iter()
        .rev()
        .fold(0u32, |k, b| k << 8 | u32::from(*b));
    h ^= scramble(tail);
    h ^= bytes.len() as u32;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}

/// The first half of MurmurHash3's 128-bit variant for 64-bit machines, seed 0.
pub fn murmur3_128(bytes: &[u8]) -> u64 {
    const C1: u64 = 0x87c3_7b91_1142_53d5;
    const C2: u64 = 0x4cf5_ad43_2745_937f;
    let mix1 = |k: u64| k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
    let mix2 = |k: u64| k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
    let word = |b: &[u8]| {
        b.iter()
            .rev()
            .fold(0u64, |k, byte| k << 8 | u64::from(*byte))
    };
    let (mut h1, mut h2) = (0u64, 0u64);
    let mut chunks = bytes.chunks_exact(16);
    for c in &mut chunks {
        h1 ^= mix1(word(&c[..8]));
        h1 = h1
            .rotate_left(27)
            .wrapping_add(h2)
            .wrapping_mul(5)
            .wrapping_add(0x52dc_e729);
        h2 ^= mix2(word(&c[8..]));
        h2 = h2
            .rotate_left(31)
            .wrapping_add(h1)
            .wrapping_mul(5)
            .wrapping_add(0x3849_5ab5);
    }
    let tail = chunks.remainder();
    h2 ^= mix2(word(tail.get(8..).unwrap_or(&[])));
    h1 ^= mix1(word(&tail[..tail.len().min(8)]));
    let n = bytes.len() as u64;
    h1 ^= n;
    h2 ^= n;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    let finish = |mut k: u64| {
        k ^= k >> 33;
        k = k.wrapping_mul(0xff51_afd7_ed55_8ccd);
        k ^= k >> 33;
        k = k.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        k ^ k >> 33
    };
    h1 = finish(h1);
    h2 = finish(h2);
    h1.wrapping_add(h2)
}

/// FarmHash's Fingerprint64.
pub fn fingerprint64(s: &[u8]) -> u64 {
    const K0: u64 = 0xc3a5_c85c_97cb_3127;
    const K1: u64 = 0xb492_b66f_be98_f273;
    const K2: u64 = 0x9ae1_6a3b_2f90_404f;
    let at64 = |i: usize| {
        s.get(i..i + 8)
            .and_then(|b| b.try_into().ok())
            .map_or(0, u64::from_le_bytes)
    };
    let at32 = |i: usize| {
        s.get(i..i + 4)
            .and_then(|b| b.try_into().ok())
            .map_or(0, |b| u64::from(u32::from_le_bytes(b)))
    };
    let shift_mix = |v: u64| v ^ v >> 47;
    let hash16 = |u: u64, v: u64, mul: u64| {
        let mut a = (u ^ v).wrapping_mul(mul);
        a ^= a >> 47;
        let mut b = (v ^ a).wrapping_mul(mul);
        b ^= b >> 47;
        b.wrapping_mul(mul)
    };
    let n = s.len();
    let len = n as u64;
    if n <= 16 {
        if n >= 8 {
            let mul = K2.wrapping_add(len.wrapping_mul(2));
            let a = at64(0).wrapping_add(K2);
            let b = at64(n - 8);
            let c = b.rotate_right(37).wrapping_mul(mul).wrapping_add(a);
            let d = a.rotate_right(25).wrapping_add(b).wrapping_mul(mul);
            return hash16(c, d, mul);
        }
        if n >= 4 {
            let mul = K2.wrapping_add(len.wrapping_mul(2));
            return hash16(len.wrapping_add(at32(0) << 3), at32(n - 4), mul);
        }
        if n > 0 {
            let (a, b, c) = (u64::from(s[0]), u64::from(s[n >> 1]), u64::from(s[n - 1]));
            let y = a + (b << 8);
            let z = len + (c << 2);
            return shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K0)).wrapping_mul(K2);
        }
        return K2;
    }
    if n <= 32 {
        let mul = K2.wrapping_add(len.wrapping_mul(2));
        let a = at64(0).wrapping_mul(K1);
        let b = at64(8);
        let c = at64(n - 8).wrapping_mul(mul);
        let d = at64(n - 16).wrapping_mul(K2);
        return hash16(
            a.wrapping_add(b)
                .rotate_right(43)
                .wrapping_add(c.rotate_right(30))
                .wrapping_add(d),
            a.wrapping_add(b.wrapping_add(K2).rotate_right(18))
                .wrapping_add(c),
            mul,
        );
    }
    if n <= 64 {
        let mul = K2.wrapping_add(len.wrapping_mul(2));
        let a = at64(0).wrapping_mul(K2);
        let b = at64(8);
        let c = at64(n - 8).wrapping_mul(mul);
        let d = at64(n - 16).wrapping_mul(K2);
        let y = a
            .wrapping_add(b)
            .rotate_right(43)
            .wrapping_add(c.rotate_right(30))
            .wrapping_add(d);
        let z = hash16(
            y,
            a.wrapping_add(b.wrapping_add(K2).rotate_right(18))
                .wrapping_add(c),
            mul,
        );
        let e = at64(16).wrapping_mul(mul);
        let f = at64(24);
        let g = y.wrapping_add(at64(n - 32)).wrapping_mul(mul);
        let h = z.wrapping_add(at64(n - 24)).wrapping_mul(mul);
        return hash16(
            e.wrapping_add(f)
                .rotate_right(43)
                .wrapping_add(g.rotate_right(30))
                .wrapping_add(h),
            e.wrapping_add(f.wrapping_add(a).rotate_right(18))
                .wrapping_add(g),
            mul,
        );
    }
    let weak = |i: usize, mut a: u64, mut b: u64| -> (u64, u64) {
        let (w, x, y, z) = (at64(i), at64(i + 8), at64(i + 16), at64(i + 24));
        a = a.wrapping_add(w);
        b = b.wrapping_add(a).wrapping_add(z).rotate_right(21);
        let c = a;
        a = a.wrapping_add(x).wrapping_add(y);
        b = b.wrapping_add(a.rotate_right(44));
        (a.wrapping_add(z), b.wrapping_add(c))
    };
    let seed = 81u64;
    let mut x = seed;
    let mut y = seed.wrapping_mul(K1).wrapping_add(113);
    let mut z = shift_mix(y.wrapping_mul(K2).wrapping_add(113)).wrapping_mul(K2);
    let (mut v, mut w) = ((0u64, 0u64), (0u64, 0u64));
    x = x.wrapping_mul(K2).wrapping_add(at64(0));
    let end = (n - 1) / 64 * 64;
    let last = end + ((n - 1) & 63) - 63;
    let mut at = 0;
    loop {
        x = x
            .wrapping_add(y)
            .wrapping_add(v.0)
            .wrapping_add(at64(at + 8))
            .rotate_right(37)
            .wrapping_mul(K1);
        y = y
            .wrapping_add(v.1)
            .wrapping_add(at64(at + 48))
            .rotate_right(42)
            .wrapping_mul(K1);
        x ^= w.1;
        y = y.wrapping_add(v.0).wrapping_add(at64(at + 40));
        z = z.wrapping_add(w.0).rotate_right(33).wrapping_mul(K1);
        v = weak(at, v.1.wrapping_mul(K1), x.wrapping_add(w.0));
        w = weak(at + 32, z.wrapping_add(w.1), y.wrapping_add(at64(at + 16)));
        std::mem::swap(&mut z, &mut x);
        at += 64;
        if at == end {
            break;
        }
    }
    let mul = K1.wrapping_add((z & 0xff) << 1);
    let at = last;
    w.0 = w.0.wrapping_add((len - 1) & 63);
    v.0 = v.0.wrapping_add(w.0);
    w.0 = w.0.wrapping_add(v.0);
    x = x
        .wrapping_add(y)
        .wrapping_add(v.0)
        .wrapping_add(at64(at + 8))
        .rotate_right(37)
        .wrapping_mul(mul);
    y = y
        .wrapping_add(v.1)
        .wrapping_add(at64(at + 48))
        .rotate_right(42)
        .wrapping_mul(mul);
    x ^= w.1.wrapping_mul(9);
    y = y
        .wrapping_add(v.0.wrapping_mul(9))
        .wrapping_add(at64(at + 40));
    z = z.wrapping_add(w.0).rotate_right(33).wrapping_mul(mul);
    v = weak(at, v.1.wrapping_mul(mul), x.wrapping_add(w.0));
    w = weak(at + 32, z.wrapping_add(w.1), y.wrapping_add(at64(at + 16)));
    std::mem::swap(&mut z, &mut x);
    hash16(
        hash16(v.0, w.0, mul)
            .wrapping_add(shift_mix(y).wrapping_mul(K0))
            .wrapping_add(z),
        hash16(v.1, w.1, mul).wrapping_add(x),
        mul,
    )
}

/// How wide numbers are as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    /// As declared: INTEGER has four bytes, BIGINT eight.
    Declared,
    /// Every integer has eight.
    Wide,
}

/// The bytes of a value, little-endian; None for NULL.
fn bytes_of(
    column: &Column,
    ty: &SqlType,
    row: usize,
    width: Width,
    out: &mut Vec<u8>,
) -> Result<bool> {
    let i = column.index(row);
    let a = &column.array;
    if a.is_null(i) || *a.data_type() == DataType::Null {
        return Ok(false);
    }
    out.clear();
    let wide = width == Width::Wide;
    let int = |v: i64, n: usize, out: &mut Vec<u8>| {
        out.extend_from_slice(&v.to_le_bytes()[..if wide { 8 } else { n }]);
    };
    match a.data_type() {
        DataType::Boolean => int(i64::from(a.as_boolean().value(i)), 1, out),
        DataType::Int16 => int(i64::from(a.as_primitive::<Int16Type>().value(i)), 2, out),
        DataType::Int32 => int(i64::from(a.as_primitive::<Int32Type>().value(i)), 4, out),
        DataType::Int64 => int(a.as_primitive::<Int64Type>().value(i), 8, out),
        DataType::Date32 => int(i64::from(a.as_primitive::<Date32Type>().value(i)), 4, out),
        DataType::Decimal128(p, _) => {
            let v = a.as_primitive::<Decimal128Type>().value(i);
            // Up to 19 digits are kept in eight bytes, more in sixteen.
            out.extend_from_slice(&v.to_le_bytes()[..if *p <= 19 { 8 } else { 16 }]);
        }
        DataType::Float32 => {
            out.extend_from_slice(&a.as_primitive::<Float32Type>().value(i).to_le_bytes());
        }
        DataType::Float64 => {
            out.extend_from_slice(&a.as_primitive::<Float64Type>().value(i).to_le_bytes());
        }
        DataType::Timestamp(..) => {
            out.extend_from_slice(
                &a.as_primitive::<TimestampMicrosecondType>()
                    .value(i)
                    .to_le_bytes(),
            );
        }
        DataType::Time64(_) => {
            let micros = a.as_primitive::<Time64NanosecondType>().value(i) / 1000;
            out.extend_from_slice(&micros.to_le_bytes());
        }
        DataType::Utf8 => {
            out.extend_from_slice(a.as_string::<i32>().value(i).as_bytes());
            // CHAR is hashed with its blanks.
            if let SqlType::Char(n) = ty {
                let n = (*n as usize).max(out.len());
                out.resize(n, b' ');
            }
        }
        DataType::Binary => out.extend_from_slice(a.as_binary::<i32>().value(i)),
        DataType::LargeBinary => out.extend_from_slice(a.as_binary::<i64>().value(i)),
        other => {
            return Err(SqlError::unsupported(format!("a hash of {other}")));
        }
    }
    Ok(true)
}

/// FNV_HASH(value [, seed]).
pub fn fnv_hash(call: &Call<'_>) -> Result<ArrayRef> {
    let seeds = (call.len() > 1).then(|| call.int(1)).transpose()?;
    let mut bytes = Vec::new();
    call.map_int(|row| {
        let seed = match &seeds {
            None => FNV_OFFSET,
            Some(s) => match s.get(row) {
                Some(s) => s as u64,
                None => return Ok(None),
            },
        };
        let known = bytes_of(
            &call.args[0],
            &call.types[0],
            row,
            Width::Declared,
            &mut bytes,
        )?;
        Ok(known.then(|| fnv1a(&bytes, seed) as i64))
    })
}

/// MURMUR3_32_HASH(value [, seed]): integers are hashed as eight bytes.
pub fn murmur3_32_hash(call: &Call<'_>) -> Result<ArrayRef> {
    let seeds = (call.len() > 1).then(|| call.int(1)).transpose()?;
    let mut bytes = Vec::new();
    call.map_int(|row| {
        let seed = match &seeds {
            None => 0,
            Some(s) => match s.get(row) {
                Some(s) => s as u32,
                None => return Ok(None),
            },
        };
        let known = bytes_of(&call.args[0], &call.types[0], row, Width::Wide, &mut bytes)?;
        Ok(known.then(|| i64::from(murmur3_32(&bytes, seed) as i32)))
    })
}

/// FARMFINGERPRINT64(value) of text or bytes.
pub fn farm_fingerprint64(call: &Call<'_>) -> Result<ArrayRef> {
    let mut bytes = Vec::new();
    call.map_int(|row| {
        let known = bytes_of(
            &call.args[0],
            &call.types[0],
            row,
            Width::Declared,
            &mut bytes,
        )?;
        Ok(known.then(|| fingerprint64(&bytes) as i64))
    })
}

/// CHECKSUM(value): a 32-bit number for building a hash index. A number's is its digits without the point, as far as
/// they fit in 32 bits (r_CHECKSUM); of other values, equal ones give equal numbers.
pub fn checksum(call: &Call<'_>) -> Result<ArrayRef> {
    match call.types[0] {
        SqlType::Number { .. } => {
            let v = call.decimal(0)?;
            return call.map_int(|row| Ok(v.get(row).map(|digits| i64::from(digits as i32))));
        }
        SqlType::SmallInt => {
            let v = call.view_primitive::<Int16Type>(0)?;
            return call.map_int(|row| Ok(v(row).map(i64::from)));
        }
        SqlType::Integer => {
            let v = call.view_primitive::<Int32Type>(0)?;
            return call.map_int(|row| Ok(v(row).map(i64::from)));
        }
        SqlType::BigInt => {
            let v = call.view_primitive::<Int64Type>(0)?;
            return call.map_int(|row| Ok(v(row).map(|v| i64::from(v as i32))));
        }
        _ => {}
    }
    let mut bytes = Vec::new();
    call.map_int(|row| {
        let known = bytes_of(
            &call.args[0],
            &call.types[0],
            row,
            Width::Declared,
            &mut bytes,
        )?;
        Ok(known.then(|| i64::from((murmur3_32(&bytes, 0) & 0x7fff_ffff) as i32)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"", 0, 0)]
    #[case(b"test", 0, 0xba6b_d213)]
    #[case(b"Hello, world!", 0, 0xc036_3e43)]
    #[case(b"The quick brown fox jumps over the lazy dog", 0, 0x2e4f_f723)]
    #[case(&[1, 0, 0, 0, 0, 0, 0, 0], 0, 1_392_991_556)]
    fn murmur(#[case] text: &[u8], #[case] seed: u32, #[case] expected: u32) {
        assert_eq!(murmur3_32(text, seed), expected);
    }

    #[test]
    fn fnv_is_a_chain() {
        assert_eq!(
            fnv1a(b"abcd", FNV_OFFSET),
            fnv1a(b"cd", fnv1a(b"ab", FNV_OFFSET))
        );
        assert_eq!(fnv1a(b"a", FNV_OFFSET), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn murmur_128() {
        assert_eq!(murmur3_128(b""), 0);
        assert_eq!(murmur3_128(b"hello"), 0xcbd8_a7b3_41bd_9b02);
        assert_eq!(
            murmur3_128(b"The quick brown fox jumps over the lazy dog"),
            0xe34b_bc7b_bc07_1b6c
        );
    }

    #[test]
    fn fingerprints_differ_by_length_class() {
        let text = [b'x'; 300];
        let all: std::collections::HashSet<u64> =
            (0..300).map(|n| fingerprint64(&text[..n])).collect();
        assert_eq!(all.len(), 300);
        assert_eq!(fingerprint64(b""), 0x9ae1_6a3b_2f90_404f);
    }
}
