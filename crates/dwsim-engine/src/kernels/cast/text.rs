//! Conversions among texts and bytes: declared lengths, blank padding, hexadecimal.
//! Redshift counts bytes and forgives trailing blanks; Snowflake counts characters and forgives nothing.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int16Array, Int32Array, Int64Array};
use arrow::datatypes::{Int16Type, Int32Type, Int64Type};

use super::{attempt, is_explicit, is_try};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;

/// The declared length of a text type.
pub(super) fn limit(ty: &SqlType) -> Option<u32> {
    match ty {
        SqlType::Varchar(n) => *n,
        SqlType::Char(n) => Some(*n),
        SqlType::Collated(c) => c.length,
        _ => None,
    }
}

pub(super) fn too_long(call: &Call<'_>, value: &str) -> SqlError {
    ErrorKind::TooLong {
        length: limit(call.returns).unwrap_or(0),
        ty: call.env.dialect.type_name(call.returns),
        value: value.to_owned(),
    }
    .into()
}

/// The longest prefix of at most `n` bytes that ends on a character.
pub(super) fn cut(s: &str, n: usize) -> &str {
    let mut end = n.min(s.len());
    while !s.is_char_boundary(end) {
        end -= 1;
    }
    &s[..end]
}

pub(super) fn text_to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let from_char = matches!(call.types[0], SqlType::Char(_));
    let to_char = matches!(call.returns, SqlType::Char(_));
    let limit = limit(call.returns);
    call.map_text(|row| {
        let Some(mut s) = v.get(row) else {
            return Ok(None);
        };
        // CHAR keeps no trailing blanks in storage: they do not count anywhere.
        if from_char || to_char {
            s = s.trim_end_matches(' ');
        }
        let Some(n) = limit else { return Ok(Some(s)) };
        let n = n as usize;
        if to_char && call.env.dialect == DialectName::Redshift && !s.is_ascii() {
            if is_try(call) {
                return Ok(None);
            }
            // CHAR has one byte for a character (r_Character_types).
            return Err(SqlError::raw(
                "",
                "22021",
                format!("CHAR string contains invalid ASCII character, value={s}"),
            ));
        }
        match call.env.dialect {
            DialectName::Redshift => {
                if s.len() <= n {
                    return Ok(Some(s));
                }
                if is_explicit(call) || s.trim_end_matches(' ').len() <= n {
                    return Ok(Some(cut(s, n)));
                }
            }
            DialectName::Snowflake => {
                if s.len() <= n || s.chars().count() <= n {
                    return Ok(Some(s));
                }
            }
        }
        if is_try(call) {
            Ok(None)
        } else {
            Err(too_long(call, s))
        }
    })
}

pub(super) fn text_to_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let utf8 = call.env.dialect == DialectName::Redshift;
    let max = match call.returns {
        SqlType::Binary(Some(n)) => *n as usize,
        _ => usize::MAX,
    };
    // CHAR has its blanks as bytes (r_VARBYTE_type).
    let padded = match call.types[0] {
        SqlType::Char(n) if utf8 => n as usize,
        _ => 0,
    };
    call.map_bytes(|row| {
        let Some(s) = v.get(row) else { return Ok(None) };
        let bytes = if utf8 {
            let mut bytes = s.as_bytes().to_vec();
            bytes.resize(bytes.len().max(padded), b' ');
            Ok(bytes)
        } else {
            decode_hex(s).ok_or_else(|| {
                SqlError::raw(
                    "100115",
                    "22000",
                    format!("The following string is not a legal hex-encoded value: '{s}'"),
                )
            })
        };
        let checked = bytes.and_then(|b| {
            if b.len() <= max {
                Ok(b)
            } else if utf8 && is_explicit(call) {
                Ok(b[..max].to_vec())
            } else {
                Err(ErrorKind::TooLong {
                    length: max as u32,
                    ty: call.env.dialect.type_name(call.returns),
                    value: s.to_owned(),
                }
                .into())
            }
        });
        attempt(call, checked)
    })
}

/// Bytes of a whole number, the highest first: as many as its type has (r_VARBYTE_type).
pub(super) fn int_to_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let max = match call.returns {
        SqlType::Binary(Some(n)) => *n as usize,
        _ => usize::MAX,
    };
    let fit = |bytes: Vec<u8>| {
        if bytes.len() <= max || is_explicit(call) {
            Ok(Some(bytes[..bytes.len().min(max)].to_vec()))
        } else {
            attempt(
                call,
                Err(ErrorKind::TooLong {
                    length: max as u32,
                    ty: call.env.dialect.type_name(call.returns),
                    value: encode_hex(&bytes),
                }
                .into()),
            )
        }
    };
    match call.types[0] {
        SqlType::SmallInt => {
            let v = call.view_primitive::<Int16Type>(0)?;
            call.map_bytes(|row| match v(row) {
                Some(v) => fit(v.to_be_bytes().to_vec()),
                None => Ok(None),
            })
        }
        SqlType::Integer => {
            let v = call.view_primitive::<Int32Type>(0)?;
            call.map_bytes(|row| match v(row) {
                Some(v) => fit(v.to_be_bytes().to_vec()),
                None => Ok(None),
            })
        }
        _ => {
            let v = call.view_primitive::<Int64Type>(0)?;
            call.map_bytes(|row| match v(row) {
                Some(v) => fit(v.to_be_bytes().to_vec()),
                None => Ok(None),
            })
        }
    }
}

/// The whole number whose bytes these are; one of more bytes than the type has does not fit.
pub(super) fn binary_to_int(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bytes(0)?;
    let width = match call.returns {
        SqlType::SmallInt => 2,
        SqlType::Integer => 4,
        _ => 8,
    };
    let number = |b: &[u8]| -> Result<i64> {
        if b.len() > width {
            return Err(ErrorKind::OutOfRange {
                ty: call.env.dialect.type_name(call.returns),
                value: encode_hex(b),
            }
            .into());
        }
        let value = b.iter().fold(0_u64, |n, b| (n << 8) | u64::from(*b));
        // As many bytes as the type has are a number with a sign.
        Ok(match (width, b.len()) {
            (2, 2) => i64::from(value as u16 as i16),
            (4, 4) => i64::from(value as u32 as i32),
            _ => value as i64,
        })
    };
    let mut out = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        out.push(match v.get(row) {
            Some(b) => attempt(call, number(b))?,
            None => None,
        });
    }
    Ok(match call.returns {
        SqlType::SmallInt => Arc::new(
            out.into_iter()
                .map(|v| v.map(|v| v as i16))
                .collect::<Int16Array>(),
        ),
        SqlType::Integer => Arc::new(
            out.into_iter()
                .map(|v| v.map(|v| v as i32))
                .collect::<Int32Array>(),
        ),
        _ => Arc::new(out.into_iter().collect::<Int64Array>()),
    })
}

pub(super) fn binary_to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bytes(0)?;
    let utf8 = call.env.dialect == DialectName::Redshift;
    // Snowflake's session says in which form bytes are shown.
    let base64 = call
        .env
        .parameter("BINARY_OUTPUT_FORMAT")
        .is_some_and(|f| f.eq_ignore_ascii_case("BASE64"));
    call.map_text(|row| {
        let Some(b) = v.get(row) else { return Ok(None) };
        if base64 {
            use base64::Engine;
            Ok(Some(base64::engine::general_purpose::STANDARD.encode(b)))
        } else if utf8 {
            let s = std::str::from_utf8(b).map(str::to_owned).map_err(|_| {
                SqlError::raw("", "22021", "invalid UTF-8 byte sequence in VARBYTE value")
            });
            attempt(call, s)
        } else {
            Ok(Some(encode_hex(b)))
        }
    })
}

pub(super) fn binary_to_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bytes(0)?;
    let max = match call.returns {
        SqlType::Binary(Some(n)) => *n as usize,
        _ => usize::MAX,
    };
    call.map_bytes(|row| {
        let Some(b) = v.get(row) else { return Ok(None) };
        if b.len() <= max {
            return Ok(Some(b));
        }
        if call.env.dialect == DialectName::Redshift && is_explicit(call) {
            return Ok(Some(&b[..max]));
        }
        attempt(
            call,
            Err(ErrorKind::TooLong {
                length: max as u32,
                ty: call.env.dialect.type_name(call.returns),
                value: encode_hex(b),
            }
            .into()),
        )
    })
}

/// Hexadecimal digits in pairs, in any case.
pub fn decode_hex(s: &str) -> Option<Vec<u8>> {
    let b = s.as_bytes();
    if !b.len().is_multiple_of(2) {
        return None;
    }
    let digit = |c: u8| (c as char).to_digit(16).map(|d| d as u8);
    b.chunks_exact(2)
        .map(|p| Some(digit(p[0])? << 4 | digit(p[1])?))
        .collect()
}

/// Upper-case hexadecimal.
pub fn encode_hex(b: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(b.len() * 2);
    for byte in b {
        let _ = write!(out, "{byte:02X}");
    }
    out
}
