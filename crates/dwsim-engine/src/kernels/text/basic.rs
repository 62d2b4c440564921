//! Length, case, cutting, joining and splitting.
//! Sources: "String functions" of both references.

use arrow::array::ArrayRef;

use super::collation::of_call;
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result};
use crate::functions::Call;
use crate::types::SqlType;

/// Longest text a repeating function may make.
pub(super) const MAX_TEXT: usize = 128 << 20;

/// Number of characters (of bytes for BINARY); trailing blanks of Redshift's CHAR do not count.
pub fn length(call: &Call<'_>) -> Result<ArrayRef> {
    if matches!(call.types[0], SqlType::Binary(_)) {
        let v = call.bytes(0)?;
        return call.map_int(|row| Ok(v.get(row).map(|b| b.len() as i64)));
    }
    let v = call.text(0)?;
    let trim = matches!(call.types[0], SqlType::Char(_));
    call.map_int(|row| {
        Ok(v.get(row).map(|s| {
            let s = if trim { s.trim_end_matches(' ') } else { s };
            s.chars().count() as i64
        }))
    })
}

/// Number of bytes.
pub fn byte_length(call: &Call<'_>) -> Result<ArrayRef> {
    if matches!(call.types[0], SqlType::Binary(_)) {
        return length(call);
    }
    let v = call.text(0)?;
    call.map_int(|row| Ok(v.get(row).map(|s| s.len() as i64)))
}

/// Number of bits.
pub fn bit_length(call: &Call<'_>) -> Result<ArrayRef> {
    if matches!(call.types[0], SqlType::Binary(_)) {
        let v = call.bytes(0)?;
        return call.map_int(|row| Ok(v.get(row).map(|b| b.len() as i64 * 8)));
    }
    let v = call.text(0)?;
    call.map_int(|row| Ok(v.get(row).map(|s| s.len() as i64 * 8)))
}

/// Number of characters without trailing blanks.
pub fn rtrimmed_length(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    call.map_int(|row| {
        Ok(v.get(row)
            .map(|s| s.trim_end_matches(' ').chars().count() as i64))
    })
}

/// Upper case.
pub fn upper(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    if let Some(c) = of_call(call.types)? {
        return call.map_text(|row| Ok(v.get(row).map(|s| c.upper(s))));
    }
    call.map_text(|row| Ok(v.get(row).map(str::to_uppercase)))
}

/// Lower case.
pub fn lower(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    if let Some(c) = of_call(call.types)? {
        return call.map_text(|row| Ok(v.get(row).map(|s| c.lower(s))));
    }
    call.map_text(|row| Ok(v.get(row).map(str::to_lowercase)))
}

/// Snowflake's default word delimiters of INITCAP.
const DELIMITERS: &str = " \t\n\r\u{c}\u{b}!?@\"^#$&~_,.:;+-*%/|\\[](){}<>";

/// First letters of words in upper case, the others in lower case; the second argument lists delimiters.
pub fn initcap(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let custom = call.optional_text(1)?;
    let redshift = call.env.dialect == DialectName::Redshift;
    call.map_text(|row| {
        let Some(s) = v.get(row) else { return Ok(None) };
        let delimiters = match &custom {
            Some(d) => match d.get(row) {
                Some(d) => d,
                None => return Ok(None),
            },
            None => DELIMITERS,
        };
        let mut out = String::with_capacity(s.len());
        let mut start = true;
        for c in s.chars() {
            let delimiter = if redshift {
                !c.is_alphanumeric()
            } else {
                delimiters.contains(c)
            };
            if delimiter {
                out.push(c);
                start = true;
            } else if start {
                out.extend(c.to_uppercase());
                start = false;
            } else {
                out.extend(c.to_lowercase());
            }
        }
        Ok(Some(out))
    })
}

/// The part of `s` from character `from` (0-based) with `n` characters.
fn chars(s: &str, from: usize, n: usize) -> &str {
    if s.is_ascii() {
        let a = from.min(s.len());
        let b = from.saturating_add(n).min(s.len());
        return &s[a..b];
    }
    let mut indices = s.char_indices().map(|(i, _)| i);
    let Some(start) = indices.by_ref().nth(from) else {
        return "";
    };
    if n == 0 {
        return "";
    }
    match indices.nth(n - 1) {
        Some(end) => &s[start..end],
        None => &s[start..],
    }
}

/// `substring(text, start, length)`. Snowflake counts a negative start from the end and takes 0 for 1;
/// Redshift's positions before the first character eat up the length.
pub fn substring(call: &Call<'_>) -> Result<ArrayRef> {
    let binary = matches!(call.types[0], SqlType::Binary(_));
    let start = call.int(1)?;
    let count = call.optional_int(2)?;
    let redshift = call.env.dialect == DialectName::Redshift;
    let range = |row: usize, total: usize| -> Result<Option<(usize, usize)>> {
        let Some(at) = start.get(row) else {
            return Ok(None);
        };
        let n = match &count {
            None => i64::MAX,
            Some(c) => match c.get(row) {
                None => return Ok(None),
                Some(n) if n < 0 && redshift => {
                    return Err(crate::error::SqlError::raw(
                        "",
                        "22011",
                        "negative substring length not allowed",
                    ));
                }
                Some(n) => n.max(0),
            },
        };
        Ok(Some(if redshift {
            let first = at.saturating_sub(1);
            let end = first.saturating_add(n).max(0);
            let first = first.max(0);
            (first as usize, (end - first).max(0) as usize)
        } else if at < 0 {
            let first = (total as i64).saturating_add(at);
            if first < 0 {
                (0, 0)
            } else {
                (first as usize, n as usize)
            }
        } else {
            ((at - 1).max(0) as usize, n as usize)
        }))
    };
    if binary {
        let v = call.bytes(0)?;
        return call.map_bytes(|row| {
            let Some(b) = v.get(row) else { return Ok(None) };
            Ok(range(row, b.len())?.map(|(from, n)| {
                let a = from.min(b.len());
                &b[a..from.saturating_add(n).min(b.len()).max(a)]
            }))
        });
    }
    let v = call.text(0)?;
    call.map_text(|row| {
        let Some(s) = v.get(row) else { return Ok(None) };
        let total = if s.is_ascii() {
            s.len()
        } else {
            s.chars().count()
        };
        Ok(range(row, total)?.map(|(from, n)| chars(s, from, n)))
    })
}

/// The first `n` characters.
pub fn left(call: &Call<'_>) -> Result<ArrayRef> {
    if matches!(call.types[0], SqlType::Binary(_)) {
        let (v, n) = (call.bytes(0)?, call.int(1)?);
        return call.map_bytes(|row| {
            let (Some(b), Some(n)) = (v.get(row), n.get(row)) else {
                return Ok(None);
            };
            Ok(Some(&b[..(n.max(0) as usize).min(b.len())]))
        });
    }
    let (v, n) = (call.text(0)?, call.int(1)?);
    call.map_text(|row| {
        let (Some(s), Some(n)) = (v.get(row), n.get(row)) else {
            return Ok(None);
        };
        Ok(Some(chars(s, 0, n.max(0) as usize)))
    })
}

/// The last `n` characters.
pub fn right(call: &Call<'_>) -> Result<ArrayRef> {
    if matches!(call.types[0], SqlType::Binary(_)) {
        let (v, n) = (call.bytes(0)?, call.int(1)?);
        return call.map_bytes(|row| {
            let (Some(b), Some(n)) = (v.get(row), n.get(row)) else {
                return Ok(None);
            };
            Ok(Some(&b[b.len() - (n.max(0) as usize).min(b.len())..]))
        });
    }
    let (v, n) = (call.text(0)?, call.int(1)?);
    call.map_text(|row| {
        let (Some(s), Some(n)) = (v.get(row), n.get(row)) else {
            return Ok(None);
        };
        let total = s.chars().count();
        let n = (n.max(0) as usize).min(total);
        Ok(Some(chars(s, total - n, n)))
    })
}

/// All occurrences of the second text replaced by the third (by nothing when it is missing).
pub fn replace(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, from) = (call.text(0)?, call.text(1)?);
    let to = call.optional_text(2)?;
    call.map_text(|row| {
        let (Some(s), Some(from)) = (v.get(row), from.get(row)) else {
            return Ok(None);
        };
        let to = match &to {
            None => "",
            Some(t) => match t.get(row) {
                Some(t) => t,
                None => return Ok(None),
            },
        };
        Ok(Some(if from.is_empty() {
            s.to_owned()
        } else {
            s.replace(from, to)
        }))
    })
}

/// Characters of the second text replaced by those at the same places of the third; surplus ones are removed.
pub fn translate(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, from, to) = (call.text(0)?, call.text(1)?, call.text(2)?);
    call.map_text(|row| {
        let (Some(s), Some(from), Some(to)) = (v.get(row), from.get(row), to.get(row)) else {
            return Ok(None);
        };
        let from: Vec<char> = from.chars().collect();
        let to: Vec<char> = to.chars().collect();
        Ok(Some(
            s.chars()
                .filter_map(|c| match from.iter().position(|f| *f == c) {
                    None => Some(c),
                    Some(i) => to.get(i).copied(),
                })
                .collect::<String>(),
        ))
    })
}

/// Characters in opposite order.
pub fn reverse(call: &Call<'_>) -> Result<ArrayRef> {
    if matches!(call.types[0], SqlType::Binary(_)) {
        let v = call.bytes(0)?;
        return call.map_bytes(|row| {
            Ok(v.get(row)
                .map(|b| b.iter().rev().copied().collect::<Vec<u8>>()))
        });
    }
    let v = call.text(0)?;
    call.map_text(|row| Ok(v.get(row).map(|s| s.chars().rev().collect::<String>())))
}

/// The text `n` times.
pub fn repeat(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, n) = (call.text(0)?, call.int(1)?);
    call.map_text(|row| {
        let (Some(s), Some(n)) = (v.get(row), n.get(row)) else {
            return Ok(None);
        };
        let n = n.max(0) as usize;
        if s.len().saturating_mul(n) > MAX_TEXT {
            return Err(ErrorKind::TooLong {
                length: MAX_TEXT as u32,
                ty: "VARCHAR".into(),
                value: format!("{n} times '{}'", s.chars().take(20).collect::<String>()),
            }
            .into());
        }
        Ok(Some(s.repeat(n)))
    })
}

/// `n` blanks.
pub fn space(call: &Call<'_>) -> Result<ArrayRef> {
    let n = call.int(0)?;
    call.map_text(|row| {
        let Some(n) = n.get(row) else { return Ok(None) };
        let n = n.max(0) as usize;
        if n > MAX_TEXT {
            return Err(call.error(format!("{n} is too many blanks")));
        }
        Ok(Some(" ".repeat(n)))
    })
}

/// All arguments one after the other; NULL if any is NULL.
pub fn concat_strict(call: &Call<'_>) -> Result<ArrayRef> {
    let views = (0..call.len())
        .map(|i| call.text(i))
        .collect::<Result<Vec<_>>>()?;
    let mut out = String::new();
    call.map_text(|row| {
        out.clear();
        for v in &views {
            match v.get(row) {
                Some(s) => out.push_str(s),
                None => return Ok(None),
            }
        }
        Ok(Some(out.clone()))
    })
}

/// `||` and CONCAT: NULL if any argument is NULL, in both dialects.
pub fn concat(call: &Call<'_>) -> Result<ArrayRef> {
    if call.types.iter().any(|t| matches!(t, SqlType::Binary(_))) {
        let views = (0..call.len())
            .map(|i| call.bytes(i))
            .collect::<Result<Vec<_>>>()?;
        return call.map_bytes(|row| {
            let mut out = Vec::new();
            for v in &views {
                match v.get(row) {
                    Some(b) => out.extend_from_slice(b),
                    None => return Ok(None),
                }
            }
            Ok(Some(out))
        });
    }
    concat_strict(call)
}

/// Arguments after the first with the first between them. Snowflake: NULL if any is NULL.
pub fn concat_ws(call: &Call<'_>) -> Result<ArrayRef> {
    if call.len() < 2 {
        return Err(call.error("a separator and a value are needed"));
    }
    if call.types.iter().any(|t| matches!(t, SqlType::Binary(_))) {
        let views = (0..call.len())
            .map(|i| call.bytes(i))
            .collect::<Result<Vec<_>>>()?;
        return call.map_bytes(|row| {
            let parts: Option<Vec<&[u8]>> = views.iter().map(|v| v.get(row)).collect();
            Ok(parts.map(|p| p[1..].join(p[0])))
        });
    }
    let separator = call.text(0)?;
    let views = (1..call.len())
        .map(|i| call.text(i))
        .collect::<Result<Vec<_>>>()?;
    call.map_text(|row| {
        let Some(sep) = separator.get(row) else {
            return Ok(None);
        };
        let mut parts = Vec::with_capacity(views.len());
        for v in &views {
            match v.get(row) {
                Some(s) => parts.push(s),
                None => return Ok(None),
            }
        }
        Ok(Some(parts.join(sep)))
    })
}

/// Part `n` of a text split at a separator. Snowflake: negative numbers count from the end, 0 is 1, what is
/// not there is empty. Redshift: `n` must be positive.
pub fn split_part(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, sep, n) = (call.text(0)?, call.text(1)?, call.int(2)?);
    let redshift = call.env.dialect == DialectName::Redshift;
    call.map_text(|row| {
        let (Some(s), Some(sep), Some(n)) = (v.get(row), sep.get(row), n.get(row)) else {
            return Ok(None);
        };
        if redshift && n <= 0 {
            return Err(crate::error::SqlError::raw(
                "",
                "22023",
                "field position must be greater than zero",
            ));
        }
        if sep.is_empty() {
            return Ok(Some(if n.unsigned_abs() <= 1 { s } else { "" }));
        }
        Ok(Some(if n >= 0 {
            s.split(sep).nth((n - 1).max(0) as usize).unwrap_or("")
        } else {
            let parts: Vec<&str> = s.split(sep).collect();
            parts
                .len()
                .checked_sub(n.unsigned_abs() as usize)
                .and_then(|i| parts.get(i))
                .copied()
                .unwrap_or("")
        }))
    })
}

/// Token `n` of a text cut at any of the delimiter characters; empty tokens do not count.
pub fn strtok(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let d = call.optional_text(1)?;
    let n = call.optional_int(2)?;
    call.map_text(|row| {
        let Some(s) = v.get(row) else { return Ok(None) };
        let d = match &d {
            None => " ",
            Some(d) => match d.get(row) {
                Some(d) => d,
                None => return Ok(None),
            },
        };
        let n = match &n {
            None => 1,
            Some(n) => match n.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        if n < 1 {
            return Ok(None);
        }
        let delimiters: Vec<char> = d.chars().collect();
        let token = s
            .split(|c| delimiters.contains(&c))
            .filter(|t| !t.is_empty())
            .nth(n as usize - 1);
        Ok(token)
    })
}

/// Code of the first character: its first byte on Snowflake's ASCII and Redshift's ASCII for ASCII text; 0 for empty text.
pub fn ascii(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    call.map_int(|row| {
        Ok(v.get(row)
            .map(|s| s.chars().next().map_or(0, |c| i64::from(c as u32))))
    })
}

/// Unicode code point of the first character; 0 for empty text.
pub fn unicode(call: &Call<'_>) -> Result<ArrayRef> {
    ascii(call)
}

/// The character with this code.
pub fn chr(call: &Call<'_>) -> Result<ArrayRef> {
    let n = call.int(0)?;
    call.map_text(|row| {
        let Some(n) = n.get(row) else { return Ok(None) };
        let c = u32::try_from(n)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| {
                crate::error::SqlError::raw(
                    "100062",
                    "22021",
                    format!("Invalid character code {n} in the CHR input"),
                )
            })?;
        Ok(Some(c.to_string()))
    })
}
