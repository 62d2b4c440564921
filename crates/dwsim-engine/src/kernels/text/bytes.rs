//! Functions on bytes and their bits: VARBYTE formats, bits and bytes by index, bitwise operators, byte-wise comparison.
//! Sources: Redshift "VARBYTE functions and operators", "OCTETINDEX", "BPCHARCMP", "BTTEXT_PATTERN_CMP".

use arrow::array::ArrayRef;

use crate::error::{Result, SqlError};
use crate::functions::Call;

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Hex,
    Binary,
    Utf8,
}

fn format_of(call: &Call<'_>, name: &str) -> Result<Format> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "hex" => Format::Hex,
        "binary" => Format::Binary,
        "utf8" | "utf-8" => Format::Utf8,
        _ => {
            return Err(call.error(format!(
                "invalid format \"{name}\": hex, binary, utf8 or utf-8 is expected"
            )));
        }
    })
}

/// TO_VARBYTE(text, format).
pub fn to_varbyte(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, formats) = (call.text(0)?, call.text(1)?);
    call.map_bytes(|row| {
        let (Some(text), Some(format)) = (texts.get(row), formats.get(row)) else {
            return Ok(None);
        };
        let digits = |radix: u32, width: usize| -> Result<Vec<u8>> {
            // A missing leading digit is 0.
            let pad = text.len().next_multiple_of(width) - text.len();
            let padded = "0".repeat(pad) + text;
            padded
                .as_bytes()
                .chunks(width)
                .map(|c| {
                    std::str::from_utf8(c)
                        .ok()
                        .filter(|s| s.chars().all(|c| c.is_digit(radix)))
                        .and_then(|s| u8::from_str_radix(s, radix).ok())
                        .ok_or_else(|| call.error(format!("invalid digits \"{text}\"")))
                })
                .collect()
        };
        Ok(Some(match format_of(call, format)? {
            Format::Hex => digits(16, 2)?,
            Format::Binary => digits(2, 8)?,
            Format::Utf8 => text.as_bytes().to_vec(),
        }))
    })
}

/// FROM_VARBYTE(bytes, format).
pub fn from_varbyte(call: &Call<'_>) -> Result<ArrayRef> {
    let (values, formats) = (call.bytes(0)?, call.text(1)?);
    call.map_text(|row| {
        let (Some(bytes), Some(format)) = (values.get(row), formats.get(row)) else {
            return Ok(None);
        };
        Ok(Some(match format_of(call, format)? {
            Format::Hex => bytes.iter().map(|b| format!("{b:02x}")).collect(),
            Format::Binary => bytes.iter().map(|b| format!("{b:08b}")).collect(),
            Format::Utf8 => std::str::from_utf8(bytes)
                .ok()
                .ok_or_else(|| call.error("the bytes are no UTF-8"))?
                .to_owned(),
        }))
    })
}

/// GETBIT(bytes, index): bit `index` from the right.
pub fn get_bit(call: &Call<'_>) -> Result<ArrayRef> {
    let (values, at) = (call.bytes(0)?, call.int(1)?);
    call.map_int(|row| {
        let (Some(bytes), Some(n)) = (values.get(row), at.get(row)) else {
            return Ok(None);
        };
        let (byte, bit) = place(call, bytes.len(), n)?;
        Ok(Some(i64::from(bytes[byte] >> bit & 1)))
    })
}

/// The byte, and the bit in it, of a bit counted from the right.
fn place(call: &Call<'_>, bytes: usize, n: i64) -> Result<(usize, u32)> {
    usize::try_from(n)
        .ok()
        .filter(|i| *i < bytes * 8)
        .map(|i| (bytes - 1 - i / 8, (i % 8) as u32))
        .ok_or_else(|| {
            SqlError::raw(
                "",
                "2202E",
                format!(
                    "{}: index {n} is out of valid range, 0..{}",
                    call.name.to_lowercase(),
                    (bytes * 8) as i64 - 1
                ),
            )
        })
}

/// GET_BYTE(bytes, index): from 0 at the left.
pub fn get_byte(call: &Call<'_>) -> Result<ArrayRef> {
    let (values, at) = (call.bytes(0)?, call.int(1)?);
    call.map_int(|row| {
        let (Some(bytes), Some(n)) = (values.get(row), at.get(row)) else {
            return Ok(None);
        };
        Ok(Some(i64::from(bytes[byte_at(call, bytes.len(), n)?])))
    })
}

fn byte_at(call: &Call<'_>, bytes: usize, n: i64) -> Result<usize> {
    usize::try_from(n)
        .ok()
        .filter(|i| *i < bytes)
        .ok_or_else(|| {
            SqlError::raw(
                "",
                "2202E",
                format!(
                    "{}: index {n} is out of valid range, 0..{}",
                    call.name.to_lowercase(),
                    bytes as i64 - 1
                ),
            )
        })
}

/// SET_BYTE(bytes, index, value).
pub fn set_byte(call: &Call<'_>) -> Result<ArrayRef> {
    let (values, at, to) = (call.bytes(0)?, call.int(1)?, call.int(2)?);
    call.map_bytes(|row| {
        let (Some(bytes), Some(n), Some(v)) = (values.get(row), at.get(row), to.get(row)) else {
            return Ok(None);
        };
        let mut out = bytes.to_vec();
        let i = byte_at(call, out.len(), n)?;
        out[i] = v as u8;
        Ok(Some(out))
    })
}

/// SET_BIT(bytes, index, value).
pub fn set_bit(call: &Call<'_>) -> Result<ArrayRef> {
    let (values, at, to) = (call.bytes(0)?, call.int(1)?, call.int(2)?);
    call.map_bytes(|row| {
        let (Some(bytes), Some(n), Some(v)) = (values.get(row), at.get(row), to.get(row)) else {
            return Ok(None);
        };
        if !(0..=1).contains(&v) {
            return Err(call.error("new bit must be 0 or 1"));
        }
        let mut out = bytes.to_vec();
        let (byte, bit) = place(call, out.len(), n)?;
        out[byte] = out[byte] & !(1 << bit) | (v as u8) << bit;
        Ok(Some(out))
    })
}

fn bitwise(call: &Call<'_>, f: impl Fn(u8, u8) -> u8) -> Result<ArrayRef> {
    let (a, b) = (call.bytes(0)?, call.bytes(1)?);
    call.map_bytes(|row| {
        let (Some(a), Some(b)) = (a.get(row), b.get(row)) else {
            return Ok(None);
        };
        if a.len() != b.len() {
            return Err(call.error("the operands have different lengths"));
        }
        Ok(Some(
            a.iter().zip(b).map(|(x, y)| f(*x, *y)).collect::<Vec<u8>>(),
        ))
    })
}

/// `a & b` of bytes of one length.
pub fn bytes_and(call: &Call<'_>) -> Result<ArrayRef> {
    bitwise(call, |x, y| x & y)
}

/// `a | b` of bytes of one length.
pub fn bytes_or(call: &Call<'_>) -> Result<ArrayRef> {
    bitwise(call, |x, y| x | y)
}

/// `a # b` of bytes of one length.
pub fn bytes_xor(call: &Call<'_>) -> Result<ArrayRef> {
    bitwise(call, |x, y| x ^ y)
}

/// `~ a` of bytes.
pub fn bytes_not(call: &Call<'_>) -> Result<ArrayRef> {
    let a = call.bytes(0)?;
    call.map_bytes(|row| {
        Ok(a.get(row)
            .map(|a| a.iter().map(|b| !b).collect::<Vec<u8>>()))
    })
}

/// OCTETINDEX(needle, text): the byte position from 1; 0 when it is not there.
pub fn octet_index(call: &Call<'_>) -> Result<ArrayRef> {
    let (needles, texts) = (call.text(0)?, call.text(1)?);
    call.map_int(|row| {
        let (Some(n), Some(t)) = (needles.get(row), texts.get(row)) else {
            return Ok(None);
        };
        Ok(Some(t.find(n).map_or(0, |i| i as i64 + 1)))
    })
}

/// BPCHARCMP, BTTEXT_PATTERN_CMP: the order of two texts by bytes, trailing blanks aside: -1, 0 or 1.
pub fn bpchar_compare(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (call.text(0)?, call.text(1)?);
    call.map_int(|row| {
        let (Some(a), Some(b)) = (a.get(row), b.get(row)) else {
            return Ok(None);
        };
        Ok(Some(
            a.trim_end_matches(' ').cmp(b.trim_end_matches(' ')) as i64
        ))
    })
}
