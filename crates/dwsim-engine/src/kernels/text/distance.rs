//! Phonetic codes and distances of texts.
//! Sources: Snowflake "SOUNDEX", "EDITDISTANCE", "JAROWINKLER_SIMILARITY"; Redshift "SOUNDEX", "DIFFERENCE".

use arrow::array::ArrayRef;

use crate::error::Result;
use crate::functions::Call;

/// American Soundex: a letter and three digits; empty for text without letters.
fn code(s: &str) -> String {
    let digit = |c: char| match c {
        'B' | 'F' | 'P' | 'V' => Some('1'),
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => Some('2'),
        'D' | 'T' => Some('3'),
        'L' => Some('4'),
        'M' | 'N' => Some('5'),
        'R' => Some('6'),
        _ => None,
    };
    let mut letters = s
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_uppercase());
    let Some(first) = letters.next() else {
        return String::new();
    };
    let mut out = String::from(first);
    let mut last = digit(first);
    for c in letters {
        let d = digit(c);
        if let Some(d) = d
            && Some(d) != last
        {
            out.push(d);
            if out.len() == 4 {
                break;
            }
        }
        // H and W do not separate equal codes, vowels do.
        if !matches!(c, 'H' | 'W') {
            last = d;
        }
    }
    while out.len() < 4 {
        out.push('0');
    }
    out
}

/// The variant that "P123" stands for: only equal codes of neighbouring letters after the first are one.
fn code_p123(s: &str) -> String {
    let digit = |c: char| match c {
        'B' | 'F' | 'P' | 'V' => '1',
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => '2',
        'D' | 'T' => '3',
        'L' => '4',
        'M' | 'N' => '5',
        'R' => '6',
        _ => '0',
    };
    let mut letters = s
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_uppercase());
    let Some(first) = letters.next() else {
        return String::new();
    };
    let mut out = String::from(first);
    let mut last = '0';
    for c in letters {
        let d = digit(c);
        if d != '0' && d != last {
            out.push(d);
            if out.len() == 4 {
                break;
            }
        }
        last = d;
    }
    while out.len() < 4 {
        out.push('0');
    }
    out
}

/// SOUNDEX.
pub fn soundex(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    call.map_text(|row| Ok(v.get(row).map(code)))
}

/// SOUNDEX_P123: as SOUNDEX, but equal codes of the first two letters, and those parted by H or W, count twice.
pub fn soundex_p123(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    call.map_text(|row| Ok(v.get(row).map(code_p123)))
}

/// Number of equal characters of two Soundex codes, 0 to 4; 1 for two texts without a letter (DIFFERENCE).
pub fn difference(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (call.text(0)?, call.text(1)?);
    call.map_int(|row| {
        Ok(a.get(row).zip(b.get(row)).map(|(a, b)| {
            let (a, b) = (code(a), code(b));
            if a.is_empty() && b.is_empty() {
                return 1;
            }
            a.chars().zip(b.chars()).filter(|(x, y)| x == y).count() as i64
        }))
    })
}

/// Levenshtein distance; a third argument caps it.
pub fn edit_distance(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (call.text(0)?, call.text(1)?);
    let max = call.optional_int(2)?;
    call.map_int(|row| {
        let (Some(a), Some(b)) = (a.get(row), b.get(row)) else {
            return Ok(None);
        };
        let d = strsim::levenshtein(a, b) as i64;
        Ok(match &max {
            None => Some(d),
            Some(m) => m.get(row).map(|m| d.min(m.max(0))),
        })
    })
}

/// Jaro-Winkler similarity without regard to case, 0 to 100.
pub fn jaro_winkler(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (call.text(0)?, call.text(1)?);
    call.map_int(|row| {
        let (Some(a), Some(b)) = (a.get(row), b.get(row)) else {
            return Ok(None);
        };
        Ok(Some(
            (strsim::jaro_winkler(&a.to_lowercase(), &b.to_lowercase()) * 100.0).floor() as i64,
        ))
    })
}
