//! Finding texts in texts.
//! Sources: Snowflake "POSITION", "CHARINDEX", "CONTAINS", "INSERT"; Redshift "POSITION", "STRPOS", "CHARINDEX".

use arrow::array::{ArrayRef, BinaryArray, StringArray};

use super::collation::{Search, of_call, search_collated};
use crate::error::Result;
use crate::functions::{Call, View};
use crate::types::SqlType;

/// 1-based character position of a needle at or after `start` (1-based); 0 when it is not there.
fn find(needle: &str, hay: &str, start: i64) -> i64 {
    let skip = (start - 1).max(0) as usize;
    let Some(from) = hay
        .char_indices()
        .map(|(i, _)| i)
        .chain([hay.len()])
        .nth(skip)
    else {
        return 0;
    };
    match hay[from..].find(needle) {
        Some(at) => (skip + hay[from..from + at].chars().count()) as i64 + 1,
        None => 0,
    }
}

/// Bytes, or a text as its UTF-8.
enum Bytes<'a> {
    Binary(View<'a, BinaryArray>),
    Text(View<'a, StringArray>),
}

impl<'a> Bytes<'a> {
    fn new(call: &Call<'a>, i: usize) -> Result<Self> {
        Ok(match call.types[i] {
            SqlType::Binary(_) => Bytes::Binary(call.bytes(i)?),
            _ => Bytes::Text(call.text(i)?),
        })
    }

    fn get(&self, row: usize) -> Option<&'a [u8]> {
        match self {
            Bytes::Binary(v) => v.get(row),
            Bytes::Text(v) => v.get(row).map(str::as_bytes),
        }
    }
}

/// `position(needle, hay [, start])`.
pub fn position(call: &Call<'_>) -> Result<ArrayRef> {
    if call.types.iter().any(|t| matches!(t, SqlType::Binary(_))) {
        let (n, h) = (Bytes::new(call, 0)?, Bytes::new(call, 1)?);
        return call.map_int(|row| {
            let (Some(n), Some(h)) = (n.get(row), h.get(row)) else {
                return Ok(None);
            };
            if n.is_empty() {
                return Ok(Some(1));
            }
            Ok(Some(
                h.windows(n.len())
                    .position(|w| w == n)
                    .map_or(0, |i| i as i64 + 1),
            ))
        });
    }
    let (n, h) = (call.text(0)?, call.text(1)?);
    let start = call.optional_int(2)?;
    let collation = of_call(call.types)?;
    call.map_int(|row| {
        let (Some(n), Some(h)) = (n.get(row), h.get(row)) else {
            return Ok(None);
        };
        let start = match &start {
            None => 1,
            Some(s) => match s.get(row) {
                Some(s) => s,
                None => return Ok(None),
            },
        };
        Ok(Some(match &collation {
            None => find(n, h, start),
            Some(c) => c
                .find(n, h, (start - 1).max(0) as usize)
                .map_or(0, |(at, _)| at as i64 + 1),
        }))
    })
}

/// `charindex(needle, hay [, start])`.
pub fn charindex(call: &Call<'_>) -> Result<ArrayRef> {
    position(call)
}

/// `strpos(hay, needle)`.
pub fn strpos(call: &Call<'_>) -> Result<ArrayRef> {
    let (h, n) = (call.text(0)?, call.text(1)?);
    call.map_int(|row| {
        let (Some(h), Some(n)) = (h.get(row), n.get(row)) else {
            return Ok(None);
        };
        Ok(Some(find(n, h, 1)))
    })
}

fn test(
    call: &Call<'_>,
    search: Search,
    text: fn(&str, &str) -> bool,
    bytes: fn(&[u8], &[u8]) -> bool,
) -> Result<ArrayRef> {
    if call.types.iter().any(|t| matches!(t, SqlType::Binary(_))) {
        let (a, b) = (call.bytes(0)?, call.bytes(1)?);
        return call.map_bool(|row| Ok(a.get(row).zip(b.get(row)).map(|(a, b)| bytes(a, b))));
    }
    if let Some(collation) = of_call(call.types)? {
        return search_collated(call, &collation, search);
    }
    let (a, b) = (call.text(0)?, call.text(1)?);
    call.map_bool(|row| Ok(a.get(row).zip(b.get(row)).map(|(a, b)| text(a, b))))
}

/// Whether the first text contains the second.
pub fn contains(call: &Call<'_>) -> Result<ArrayRef> {
    test(
        call,
        Search::Contains,
        |a, b| a.contains(b),
        |a, b| b.is_empty() || a.windows(b.len()).any(|w| w == b),
    )
}

/// Whether the first text starts with the second.
pub fn starts_with(call: &Call<'_>) -> Result<ArrayRef> {
    test(
        call,
        Search::Starts,
        |a, b| a.starts_with(b),
        |a, b| a.starts_with(b),
    )
}

/// Whether the first text ends with the second.
pub fn ends_with(call: &Call<'_>) -> Result<ArrayRef> {
    test(
        call,
        Search::Ends,
        |a, b| a.ends_with(b),
        |a, b| a.ends_with(b),
    )
}

/// `insert(base, position, length, text)`: `length` characters replaced by the text.
pub fn insert(call: &Call<'_>) -> Result<ArrayRef> {
    let (base, pos, len, new) = (call.text(0)?, call.int(1)?, call.int(2)?, call.text(3)?);
    call.map_text(|row| {
        let (Some(s), Some(p), Some(n), Some(new)) =
            (base.get(row), pos.get(row), len.get(row), new.get(row))
        else {
            return Ok(None);
        };
        if p < 1 || n < 0 {
            return Err(call.error("position must be at least 1 and length at least 0"));
        }
        let chars: Vec<char> = s.chars().collect();
        let a = ((p - 1) as usize).min(chars.len());
        let b = a.saturating_add(n as usize).min(chars.len());
        let mut out: String = chars[..a].iter().collect();
        out.push_str(new);
        out.extend(&chars[b..]);
        Ok(Some(out))
    })
}
