//! Hexadecimal, Base64, digests and quoting.
//! Sources: Snowflake "Encoding and decoding functions", "Cryptographic and checksum functions"; Redshift "Hash functions".

use arrow::array::ArrayRef;
use base64::Engine as _;
use base64::alphabet::Alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::super::cast::{decode_hex, encode_hex};
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;

/// Bytes of an argument that is text or BINARY.
fn with_bytes<T>(
    call: &Call<'_>,
    mut f: impl FnMut(usize, &[u8]) -> Result<T>,
) -> Result<Vec<Option<T>>> {
    let mut out = Vec::with_capacity(call.rows);
    if matches!(call.types[0], SqlType::Binary(_)) {
        let v = call.bytes(0)?;
        for row in 0..call.rows {
            out.push(v.get(row).map(|b| f(row, b)).transpose()?);
        }
    } else {
        let v = call.text(0)?;
        for row in 0..call.rows {
            out.push(v.get(row).map(|s| f(row, s.as_bytes())).transpose()?);
        }
    }
    Ok(out)
}

fn texts(v: Vec<Option<String>>) -> Result<ArrayRef> {
    Ok(std::sync::Arc::new(arrow::array::StringArray::from(v)))
}

fn lower_hex(b: &[u8]) -> String {
    encode_hex(b).to_lowercase()
}

/// Hexadecimal digits of text or bytes; a second argument of 0 asks for lower case.
pub fn hex_encode(call: &Call<'_>) -> Result<ArrayRef> {
    let case = call.optional_int(1)?;
    let out = with_bytes(call, |row, b| {
        let lower = case.as_ref().and_then(|c| c.get(row)) == Some(0);
        Ok(if lower { lower_hex(b) } else { encode_hex(b) })
    })?;
    texts(out)
}

/// Lower-case hexadecimal digits of bytes, or of an integer in two's complement of as many bits as argument 1 says.
pub fn to_hex(call: &Call<'_>) -> Result<ArrayRef> {
    if call.types[0].is_numeric() {
        let (v, bits) = (call.int(0)?, call.int(1)?);
        return call.map_text(|row| {
            Ok(v.get(row).map(|n| match bits.get(row) {
                Some(32) => format!("{:x}", n as u32),
                _ => format!("{n:x}"),
            }))
        });
    }
    texts(with_bytes(call, |_, b| Ok(lower_hex(b)))?)
}

fn bad_hex(s: &str) -> SqlError {
    SqlError::raw(
        "100115",
        "22000",
        format!("The following string is not a legal hex-encoded value: '{s}'"),
    )
}

/// Bytes of hexadecimal digits.
pub fn from_hex(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let lenient = call.name.starts_with("TRY_");
    call.map_bytes(|row| match v.get(row) {
        None => Ok(None),
        Some(s) => match decode_hex(s) {
            Some(b) => Ok(Some(b)),
            None if lenient => Ok(None),
            None => Err(bad_hex(s)),
        },
    })
}

/// Text of hexadecimal digits.
pub fn hex_decode_text(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let lenient = call.name.starts_with("TRY_");
    call.map_text(|row| match v.get(row) {
        None => Ok(None),
        Some(s) => match decode_hex(s).and_then(|b| String::from_utf8(b).ok()) {
            Some(t) => Ok(Some(t)),
            None if lenient => Ok(None),
            None => Err(bad_hex(s)),
        },
    })
}

/// The Base64 engine of an alphabet text: up to three characters for 62, 63 and padding.
fn engine(call: &Call<'_>, alphabet: Option<&str>) -> Result<GeneralPurpose> {
    let mut chars: Vec<char> = "+/=".chars().collect();
    for (i, c) in alphabet.unwrap_or("").chars().take(3).enumerate() {
        chars[i] = c;
    }
    let table: String = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        .chars()
        .chain(chars[..2].iter().copied())
        .collect();
    let alphabet =
        Alphabet::new(&table).map_err(|e| call.error(format!("invalid Base64 alphabet: {e}")))?;
    Ok(GeneralPurpose::new(
        &alphabet,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    ))
}

/// Base64 of text or bytes: `(input [, line length [, alphabet]])`.
pub fn base64_encode(call: &Call<'_>) -> Result<ArrayRef> {
    let line = call.optional_int(1)?;
    let alphabet = call.optional_text(2)?;
    let out = with_bytes(call, |row, b| {
        let a = alphabet.as_ref().and_then(|a| a.get(row));
        let text = engine(call, a)?.encode(b);
        let width = line.as_ref().and_then(|l| l.get(row)).unwrap_or(0);
        if width <= 0 {
            return Ok(text);
        }
        let chars: Vec<char> = text.chars().collect();
        Ok(chars
            .chunks(width as usize)
            .map(|c| c.iter().collect::<String>())
            .collect::<Vec<_>>()
            .join("\n"))
    })?;
    texts(out)
}

fn base64_bytes(call: &Call<'_>) -> Result<Vec<Option<Vec<u8>>>> {
    let v = call.text(0)?;
    let alphabet = call.optional_text(1)?;
    let lenient = call.name.starts_with("TRY_");
    (0..call.rows)
        .map(|row| {
            let Some(s) = v.get(row) else { return Ok(None) };
            let clean: String = s.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            match engine(call, alphabet.as_ref().and_then(|a| a.get(row)))?.decode(clean) {
                Ok(b) => Ok(Some(b)),
                Err(_) if lenient => Ok(None),
                Err(_) => Err(SqlError::raw(
                    "100116",
                    "22000",
                    format!("The following string is not a legal base64-encoded value: '{s}'"),
                )),
            }
        })
        .collect()
}

/// Bytes of a Base64 text.
pub fn base64_decode_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let v = base64_bytes(call)?;
    call.map_bytes(|row| Ok(v[row].as_deref()))
}

/// Text of a Base64 text.
pub fn base64_decode_text(call: &Call<'_>) -> Result<ArrayRef> {
    let v = base64_bytes(call)?;
    let lenient = call.name.starts_with("TRY_");
    call.map_text(|row| match v[row].as_deref().map(std::str::from_utf8) {
        None => Ok(None),
        Some(Ok(s)) => Ok(Some(s)),
        Some(Err(_)) if lenient => Ok(None),
        Some(Err(_)) => Err(SqlError::raw(
            "100144",
            "22000",
            "Invalid UTF8 detected in string",
        )),
    })
}

/// MD5 as 32 lower-case hexadecimal digits.
pub fn md5_hex(call: &Call<'_>) -> Result<ArrayRef> {
    texts(with_bytes(call, |_, b| Ok(lower_hex(&Md5::digest(b))))?)
}

/// MD5 as 16 bytes.
pub fn md5_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let v = with_bytes(call, |_, b| Ok(Md5::digest(b).to_vec()))?;
    call.map_bytes(|row| Ok(v[row].as_deref()))
}

/// SHA-1 as hexadecimal digits.
pub fn sha1_hex(call: &Call<'_>) -> Result<ArrayRef> {
    texts(with_bytes(call, |_, b| Ok(lower_hex(&Sha1::digest(b))))?)
}

/// SHA-2 as hexadecimal digits; the second argument is the number of bits (224, 256, 384, 512; 0 is 256).
pub fn sha2_hex(call: &Call<'_>) -> Result<ArrayRef> {
    let bits = call.optional_int(1)?;
    let out = with_bytes(call, |row, b| {
        let n = bits
            .as_ref()
            .map_or(Some(256), |n| n.get(row))
            .unwrap_or(256);
        Ok(match n {
            224 => lower_hex(&Sha224::digest(b)),
            0 | 256 => lower_hex(&Sha256::digest(b)),
            384 => lower_hex(&Sha384::digest(b)),
            512 => lower_hex(&Sha512::digest(b)),
            // Redshift gives an empty text (SHA2).
            _ if call.env.dialect == DialectName::Redshift => String::new(),
            other => {
                return Err(
                    call.error(format!("invalid digest size {other}: 224, 256, 384 or 512"))
                );
            }
        })
    })?;
    texts(out)
}

/// The remainders of CRC-32C (Castagnoli, reflected) for each byte.
const CASTAGNOLI: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = (rest >> 1) ^ (0x82f6_3b78 * (rest & 1));
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
};

/// CRC-32C as eight hexadecimal digits (crc32-function: "based on the CRC-32C polynomial").
pub fn crc32(call: &Call<'_>) -> Result<ArrayRef> {
    let v = with_bytes(call, |_, bytes| {
        Ok(!bytes.iter().fold(u32::MAX, |rest, b| {
            (rest >> 8) ^ CASTAGNOLI[usize::from(rest as u8 ^ b)]
        }))
    })?;
    call.map_text(|row| Ok(v[row].map(|c| format!("{c:08x}"))))
}

/// The UTF-8 bytes of a text.
pub fn utf8_bytes(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    call.map_bytes(|row| Ok(v.get(row).map(str::as_bytes)))
}

/// A text as an identifier, quoted where it has to be.
pub fn quote_ident(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    call.map_text(|row| {
        Ok(v.get(row).map(|s| {
            let plain = s.chars().enumerate().all(|(i, c)| {
                c == '_' || c.is_ascii_lowercase() || (i > 0 && (c.is_ascii_digit() || c == '$'))
            });
            if plain && !s.is_empty() {
                s.to_owned()
            } else {
                format!("\"{}\"", s.replace('"', "\"\""))
            }
        }))
    })
}

/// A text as a string literal.
pub fn quote_literal(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    call.map_text(|row| {
        Ok(v.get(row)
            .map(|s| format!("'{}'", s.replace('\\', "\\\\").replace('\'', "''"))))
    })
}
