//! COMPRESS and DECOMPRESS: bytes packed by Snappy, Zlib, Zstandard or Bzip2.
//! File compression of loads and unloads is `load::compression`.
//!
//! Sources: Snowflake "COMPRESS", "DECOMPRESS_BINARY", "DECOMPRESS_STRING".

use std::io::{Read, Write};

use arrow::array::ArrayRef;

use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;

/// Most bytes that a value may unpack to: the longest text.
const MOST: u64 = 128 << 20;

enum Method {
    Snappy,
    Zlib(u32),
    Zstd(i32),
    Bzip2(u32),
}

/// A method's name with an optional level: `ZLIB`, `zlib(3)`.
fn method(call: &Call<'_>, text: &str) -> Result<Method> {
    let bad = || {
        SqlError::raw(
            "100301",
            "22023",
            format!("Unknown compression method: '{text}'"),
        )
    };
    let upper = text.trim().to_ascii_uppercase();
    let (name, level) = match upper.split_once('(') {
        Some((name, rest)) => {
            let level = rest.strip_suffix(')').ok_or_else(bad)?.trim();
            (
                name.trim().to_owned(),
                Some(level.parse::<i32>().map_err(|_| bad())?),
            )
        }
        None => (upper.clone(), None),
    };
    let within = |least: i32, most: i32, default: i32| match level {
        None => Ok(default),
        Some(n) if (least..=most).contains(&n) => Ok(n),
        Some(n) => Err(call.error(format!(
            "Invalid compression level {n} of {name}: {least} to {most}"
        ))),
    };
    Ok(match name.as_str() {
        "SNAPPY" if level.is_none() => Method::Snappy,
        "ZLIB" => Method::Zlib(within(0, 9, 6)? as u32),
        "ZSTD" => Method::Zstd(within(1, 22, 3)?),
        "BZ2" | "BZIP2" => Method::Bzip2(within(1, 9, 6)? as u32),
        _ => return Err(bad()),
    })
}

/// COMPRESS(text or BINARY, method)
pub fn compress(call: &Call<'_>) -> Result<ArrayRef> {
    let binary = matches!(call.types[0], SqlType::Binary(_));
    let (bytes, text) = if binary {
        (Some(call.bytes(0)?), None)
    } else {
        (None, Some(call.text(0)?))
    };
    let methods = call.text(1)?;
    call.map_bytes(|row| {
        let input = match (&bytes, &text) {
            (Some(b), _) => b.get(row),
            (_, Some(t)) => t.get(row).map(str::as_bytes),
            _ => None,
        };
        let (Some(input), Some(name)) = (input, methods.get(row)) else {
            return Ok(None);
        };
        let failed = |e: std::io::Error| call.error(format!("compression failed: {e}"));
        let packed = match method(call, name)? {
            Method::Snappy => snap::raw::Encoder::new()
                .compress_vec(input)
                .map_err(|e| call.error(format!("compression failed: {e}")))?,
            Method::Zlib(level) => {
                let mut w =
                    flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(level));
                w.write_all(input).map_err(failed)?;
                w.finish().map_err(failed)?
            }
            Method::Zstd(level) => zstd::encode_all(input, level).map_err(failed)?,
            Method::Bzip2(level) => {
                let mut w =
                    bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(level));
                w.write_all(input).map_err(failed)?;
                w.finish().map_err(failed)?
            }
        };
        Ok(Some(packed))
    })
}

fn unpacked(call: &Call<'_>, input: &[u8], name: &str) -> Result<Vec<u8>> {
    let bad = || {
        SqlError::raw(
            "100302",
            "22023",
            "Failed to decompress: the input is not valid compressed data",
        )
    };
    let mut out = Vec::new();
    let read =
        |r: &mut dyn Read, out: &mut Vec<u8>| r.take(MOST + 1).read_to_end(out).map_err(|_| bad());
    match method(call, name)? {
        Method::Snappy => {
            let n = snap::raw::decompress_len(input).map_err(|_| bad())?;
            if n as u64 > MOST {
                return Err(call.error("the decompressed value is too large"));
            }
            out = snap::raw::Decoder::new()
                .decompress_vec(input)
                .map_err(|_| bad())?;
        }
        Method::Zlib(_) => {
            read(&mut flate2::read::ZlibDecoder::new(input), &mut out)?;
        }
        Method::Zstd(_) => {
            let mut r = zstd::stream::read::Decoder::new(input).map_err(|_| bad())?;
            read(&mut r, &mut out)?;
        }
        Method::Bzip2(_) => {
            read(&mut bzip2::read::BzDecoder::new(input), &mut out)?;
        }
    }
    if out.len() as u64 > MOST {
        return Err(call.error("the decompressed value is too large"));
    }
    Ok(out)
}

/// DECOMPRESS_BINARY(BINARY, method)
pub fn decompress_binary(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, methods) = (call.bytes(0)?, call.text(1)?);
    call.map_bytes(|row| match (v.get(row), methods.get(row)) {
        (Some(v), Some(m)) => unpacked(call, v, m).map(Some),
        _ => Ok(None),
    })
}

/// DECOMPRESS_STRING(BINARY, method): the bytes must be UTF-8.
pub fn decompress_string(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, methods) = (call.bytes(0)?, call.text(1)?);
    call.map_text(|row| match (v.get(row), methods.get(row)) {
        (Some(v), Some(m)) => String::from_utf8(unpacked(call, v, m)?)
            .map(Some)
            .map_err(|_| SqlError::raw("100144", "22000", "Invalid UTF8 detected in string")),
        _ => Ok(None),
    })
}
