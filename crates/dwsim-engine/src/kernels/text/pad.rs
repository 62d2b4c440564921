//! Padding and trimming.
//! Sources: Snowflake "LPAD", "TRIM"; Redshift "LPAD and RPAD", "TRIM", "BTRIM".

use arrow::array::ArrayRef;

use super::basic::MAX_TEXT;
use crate::error::Result;
use crate::functions::Call;
use crate::types::SqlType;

fn pad(call: &Call<'_>, at_left: bool) -> Result<ArrayRef> {
    if matches!(call.types[0], SqlType::Binary(_)) {
        if call.len() < 3 {
            return Err(call.error("a BINARY value needs the bytes to pad it with"));
        }
        let (v, n, fill) = (call.bytes(0)?, call.int(1)?, call.bytes(2)?);
        return call.map_bytes(|row| {
            let (Some(b), Some(n), Some(fill)) = (v.get(row), n.get(row), fill.get(row)) else {
                return Ok(None);
            };
            let n = n.max(0) as usize;
            if n > MAX_TEXT {
                return Err(call.error(format!("length {n} is too large")));
            }
            if b.len() >= n || fill.is_empty() {
                return Ok(Some(b[..n.min(b.len())].to_vec()));
            }
            let padding: Vec<u8> = fill.iter().copied().cycle().take(n - b.len()).collect();
            Ok(Some(if at_left {
                [&padding[..], b].concat()
            } else {
                [b, &padding[..]].concat()
            }))
        });
    }
    let (v, n) = (call.text(0)?, call.int(1)?);
    let fill = call.optional_text(2)?;
    call.map_text(|row| {
        let (Some(s), Some(n)) = (v.get(row), n.get(row)) else {
            return Ok(None);
        };
        let fill = match &fill {
            None => " ",
            Some(f) => match f.get(row) {
                Some(f) => f,
                None => return Ok(None),
            },
        };
        let n = n.max(0) as usize;
        if n > MAX_TEXT {
            return Err(call.error(format!("length {n} is too large")));
        }
        let have = s.chars().count();
        if have >= n {
            return Ok(Some(s.chars().take(n).collect::<String>()));
        }
        if fill.is_empty() {
            return Ok(Some(s.to_owned()));
        }
        let padding: String = fill.chars().cycle().take(n - have).collect();
        Ok(Some(if at_left {
            padding + s
        } else {
            s.to_owned() + &padding
        }))
    })
}

/// Padded at the left, or cut, to `n` characters.
pub fn lpad(call: &Call<'_>) -> Result<ArrayRef> {
    pad(call, true)
}

/// Padded at the right, or cut, to `n` characters.
pub fn rpad(call: &Call<'_>) -> Result<ArrayRef> {
    pad(call, false)
}

fn cut(call: &Call<'_>, left: bool, right: bool) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let set = call.optional_text(1)?;
    call.map_text(|row| {
        let Some(mut s) = v.get(row) else {
            return Ok(None);
        };
        let set: Vec<char> = match &set {
            None => vec![' '],
            Some(c) => match c.get(row) {
                Some(c) => c.chars().collect(),
                None => return Ok(None),
            },
        };
        if left {
            s = s.trim_start_matches(&set[..]);
        }
        if right {
            s = s.trim_end_matches(&set[..]);
        }
        Ok(Some(s))
    })
}

/// Without blanks, or any of the given characters, at both ends.
pub fn trim(call: &Call<'_>) -> Result<ArrayRef> {
    cut(call, true, true)
}
/// The same at the left end.
pub fn ltrim(call: &Call<'_>) -> Result<ArrayRef> {
    cut(call, true, false)
}
/// The same at the right end.
pub fn rtrim(call: &Call<'_>) -> Result<ArrayRef> {
    cut(call, false, true)
}
