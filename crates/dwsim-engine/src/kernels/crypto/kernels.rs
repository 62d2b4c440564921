//! The SQL functions over `modes`: passphrases, methods as texts, and the OBJECT that ENCRYPT_RAW gives.
//!
//! Sources: Snowflake "ENCRYPT", "DECRYPT", "ENCRYPT_RAW", "DECRYPT_RAW", "TRY_DECRYPT", "TRY_DECRYPT_RAW".

use arrow::array::ArrayRef;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::modes::{self, Cipher, Failure, Mode};
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;
use crate::variant::{Kind, Ref, Value};

/// Rounds of PBKDF2 from a passphrase to a key.
const ROUNDS: usize = 4096;
const SALT: usize = 16;

/// `[algorithm '-'] mode [/pad: padding]`, as `AES-CBC/pad:PKCS`; nothing is AES-GCM.
fn method(call: &Call<'_>, text: Option<&str>) -> Result<(Mode, bool)> {
    let Some(text) = text else {
        return Ok((Mode::Gcm, true));
    };
    let bad = || {
        SqlError::raw(
            "100313",
            "22023",
            format!(
                "{}: Unsupported encryption method '{text}'",
                call.name.to_uppercase()
            ),
        )
    };
    let upper: String = text
        .to_ascii_uppercase()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let (name, padding) = match upper.split_once('/') {
        Some((name, padding)) => (name, padding.strip_prefix("PAD:").ok_or_else(bad)?),
        None => (upper.as_str(), ""),
    };
    let mode = match name.strip_prefix("AES-").unwrap_or(name) {
        "ECB" => Mode::Ecb,
        "CBC" => Mode::Cbc,
        "CFB" => Mode::Cfb,
        "OFB" => Mode::Ofb,
        "CTR" => Mode::Ctr,
        "GCM" | "AES" | "" => Mode::Gcm,
        _ => return Err(bad()),
    };
    match padding {
        "" | "PKCS" => Ok((mode, true)),
        "NONE" => Ok((mode, false)),
        _ => Err(bad()),
    }
}

fn key(passphrase: &str, salt: &[u8]) -> Result<[u8; 32]> {
    let mac = |data: &[&[u8]]| -> Result<[u8; 32]> {
        let mut m = Hmac::<Sha256>::new_from_slice(passphrase.as_bytes())
            .map_err(|e| SqlError::internal(format!("HMAC: {e}")))?;
        for d in data {
            m.update(d);
        }
        Ok(m.finalize().into_bytes().into())
    };
    let mut u = mac(&[salt, &1u32.to_be_bytes()])?;
    let mut out = u;
    for _ in 1..ROUNDS {
        u = mac(&[&u])?;
        for (o, u) in out.iter_mut().zip(u) {
            *o ^= u;
        }
    }
    Ok(out)
}

fn random(n: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(n);
    while out.len() < n {
        out.extend(uuid::Uuid::new_v4().as_bytes().iter().take(n - out.len()));
    }
    out
}

fn iv_length(mode: Mode) -> usize {
    match mode {
        Mode::Ecb => 0,
        Mode::Gcm => 12,
        _ => 16,
    }
}

fn failed(f: Failure) -> SqlError {
    let (code, text) = match f {
        Failure::Key => (
            "100312",
            "Invalid key length: 16, 24 or 32 bytes are supported",
        ),
        Failure::Padding | Failure::Tag => (
            "100311",
            "Decryption failed. Check encrypted data, key, AAD, or AEAD tag.",
        ),
    };
    SqlError::raw(code, "22023", text)
}

/// Bytes of arguments that are text or BINARY.
fn bytes<'a>(call: &Call<'a>, i: usize) -> Result<impl Fn(usize) -> Option<&'a [u8]> + use<'a>> {
    let binary = matches!(call.types[i], SqlType::Binary(_));
    let null = call.types[i] == SqlType::Null;
    let b = if binary { Some(call.bytes(i)?) } else { None };
    let t = if binary || null {
        None
    } else {
        Some(call.text(i)?)
    };
    Ok(move |row| match (&b, &t) {
        (Some(b), _) => b.get(row),
        (_, Some(t)) => t.get(row).map(str::as_bytes),
        _ => None,
    })
}

/// An optional argument: absent and NULL are the same.
fn option<T>(present: bool, make: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
    present.then(make).transpose()
}

/// ENCRYPT(value, passphrase [, additional data [, method]]): salt, initialisation vector, tag and cipher text in one.
pub fn encrypt(call: &Call<'_>) -> Result<ArrayRef> {
    let value = bytes(call, 0)?;
    let pass = call.text(1)?;
    let aad = option(call.len() > 2 && call.types[2] != SqlType::Null, || {
        bytes(call, 2)
    })?;
    let methods = option(call.len() > 3 && call.types[3] != SqlType::Null, || {
        call.text(3)
    })?;
    call.map_bytes(|row| {
        let (Some(v), Some(pass)) = (value(row), pass.get(row)) else {
            return Ok(None);
        };
        let (mode, padded) = method(call, methods.as_ref().and_then(|m| m.get(row)))?;
        let salt = random(SALT);
        let iv = random(iv_length(mode));
        let cipher = Cipher::new(&key(pass, &salt)?).map_err(failed)?;
        let aad = aad.as_ref().and_then(|a| a(row)).unwrap_or_default();
        let (text, tag) = modes::encrypt(&cipher, mode, padded, &iv, aad, v).map_err(failed)?;
        let mut out = salt;
        out.extend(iv);
        out.extend(tag);
        out.extend(text);
        Ok(Some(out))
    })
}

/// DECRYPT(encrypted, passphrase [, additional data [, method]]); TRY_DECRYPT gives NULL for what cannot be decrypted.
pub fn decrypt(call: &Call<'_>) -> Result<ArrayRef> {
    let value = call.bytes(0)?;
    let pass = call.text(1)?;
    let aad = option(call.len() > 2 && call.types[2] != SqlType::Null, || {
        bytes(call, 2)
    })?;
    let methods = option(call.len() > 3 && call.types[3] != SqlType::Null, || {
        call.text(3)
    })?;
    let lenient = call.name.starts_with("TRY_");
    call.map_bytes(|row| {
        let (Some(v), Some(pass)) = (value.get(row), pass.get(row)) else {
            return Ok(None);
        };
        let (mode, padded) = method(call, methods.as_ref().and_then(|m| m.get(row)))?;
        let tag = if mode == Mode::Gcm { 16 } else { 0 };
        let head = SALT + iv_length(mode);
        let done = if v.len() < head + tag {
            Err(failed(Failure::Tag))
        } else {
            let cipher = Cipher::new(&key(pass, &v[..SALT])?).map_err(failed)?;
            let aad = aad.as_ref().and_then(|a| a(row)).unwrap_or_default();
            modes::decrypt(
                &cipher,
                mode,
                padded,
                &v[SALT..head],
                aad,
                &v[head + tag..],
                &v[head..head + tag],
            )
            .map_err(failed)
        };
        match done {
            Ok(v) => Ok(Some(v)),
            Err(_) if lenient => Ok(None),
            Err(e) => Err(e),
        }
    })
}

/// ENCRYPT_RAW(value, key, iv [, additional data [, method]]): an OBJECT with `ciphertext`, `iv` and `tag`.
pub fn encrypt_raw(call: &Call<'_>) -> Result<ArrayRef> {
    let value = bytes(call, 0)?;
    let keys = call.bytes(1)?;
    let ivs = option(call.types[2] != SqlType::Null, || call.bytes(2))?;
    let aad = option(call.len() > 3 && call.types[3] != SqlType::Null, || {
        bytes(call, 3)
    })?;
    let methods = option(call.len() > 4 && call.types[4] != SqlType::Null, || {
        call.text(4)
    })?;
    call.map_variant(|row| {
        let (Some(v), Some(key)) = (value(row), keys.get(row)) else {
            return Ok(None);
        };
        let (mode, padded) = method(call, methods.as_ref().and_then(|m| m.get(row)))?;
        let iv = match ivs.as_ref().and_then(|i| i.get(row)) {
            Some(iv) => iv.to_vec(),
            None => random(iv_length(mode)),
        };
        if iv.len() != iv_length(mode) && (mode != Mode::Gcm || iv.is_empty()) {
            return Err(SqlError::raw(
                "100310",
                "22023",
                format!(
                    "The provided initialization vector has {} bytes; the method takes {}",
                    iv.len(),
                    iv_length(mode)
                ),
            ));
        }
        let cipher = Cipher::new(key).map_err(failed)?;
        let aad = aad.as_ref().and_then(|a| a(row)).unwrap_or_default();
        let (text, tag) = modes::encrypt(&cipher, mode, padded, &iv, aad, v).map_err(failed)?;
        let mut members = vec![
            ("ciphertext".to_owned(), Value::Binary(text)),
            ("iv".to_owned(), Value::Binary(iv)),
        ];
        if mode == Mode::Gcm {
            members.push(("tag".to_owned(), Value::Binary(tag.to_vec())));
        }
        Ok(Some(Value::Object(members).encode()))
    })
}

/// Bytes of a text or BINARY; a VARIANT holds BINARY, as [`encrypt_raw`] gives it, or hexadecimal digits.
fn raw_bytes<'a>(
    call: &Call<'a>,
    i: usize,
) -> Result<impl Fn(usize) -> Result<Option<Vec<u8>>> + use<'a>> {
    let semi = call.types[i].is_semi();
    let v = if semi { Some(call.variant(i)?) } else { None };
    let plain = if semi { None } else { Some(bytes(call, i)?) };
    Ok(move |row| {
        Ok(match (&v, &plain) {
            (Some(v), _) => match v.get(row).map(Ref::new).map(|r| r.kind()) {
                Some(Kind::String(s)) => crate::kernels::cast::decode_hex(&s),
                Some(Kind::Binary(b)) => Some(b.into_owned()),
                _ => None,
            },
            (_, Some(p)) => p(row).map(<[u8]>::to_vec),
            _ => None,
        })
    })
}

/// DECRYPT_RAW(encrypted, key, iv [, additional data [, method [, tag]]]).
pub fn decrypt_raw(call: &Call<'_>) -> Result<ArrayRef> {
    let value = raw_bytes(call, 0)?;
    let keys = call.bytes(1)?;
    let ivs = raw_bytes(call, 2)?;
    let aad = option(call.len() > 3 && call.types[3] != SqlType::Null, || {
        bytes(call, 3)
    })?;
    let methods = option(call.len() > 4 && call.types[4] != SqlType::Null, || {
        call.text(4)
    })?;
    let tags = option(call.len() > 5 && call.types[5] != SqlType::Null, || {
        raw_bytes(call, 5)
    })?;
    let lenient = call.name.starts_with("TRY_");
    call.map_bytes(|row| {
        let (Some(v), Some(key)) = (value(row)?, keys.get(row)) else {
            return Ok(None);
        };
        let (mode, padded) = method(call, methods.as_ref().and_then(|m| m.get(row)))?;
        let iv = ivs(row)?.unwrap_or_default();
        let tag = match &tags {
            Some(t) => t(row)?.unwrap_or_default(),
            None => Vec::new(),
        };
        let aad = aad.as_ref().and_then(|a| a(row)).unwrap_or_default();
        let done = Cipher::new(key)
            .and_then(|c| modes::decrypt(&c, mode, padded, &iv, aad, &v, &tag))
            .map_err(failed);
        match done {
            Ok(v) => Ok(Some(v)),
            Err(_) if lenient => Ok(None),
            Err(e) => Err(e),
        }
    })
}
