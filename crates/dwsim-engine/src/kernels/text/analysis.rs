//! Full-text search: analyzers that cut texts into tokens, and SEARCH and SEARCH_IP over columns of text and VARIANT.
//! Which columns are searched is the dialect's binding.
//!
//! Sources: Snowflake "SEARCH", "SEARCH_IP".

use std::collections::HashSet;

use arrow::array::ArrayRef;

use super::address::{Network, addresses};
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::variant::{Kind, Ref};

/// How texts are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Analyzer {
    /// Lower-case tokens between white space and punctuation.
    Default,
    /// Lower-case tokens by Unicode's word boundaries: an apostrophe or dot within a word does not cut it.
    Unicode,
    /// The text as it is.
    NoOp,
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || c.is_ascii_punctuation()
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}' | '\u{3000}'..='\u{3003}' | '\u{00A0}'..='\u{00BF}' | '\u{00D7}' | '\u{00F7}')
            && !matches!(
                c,
                '\u{00AA}'
                    | '\u{00B5}'
                    | '\u{00BA}'
                    | '\u{00B2}'
                    | '\u{00B3}'
                    | '\u{00B9}'
                    | '\u{00BC}'..='\u{00BE}'
            )
}

/// Word boundaries between letters and digits (rules WB5 to WB13 of UAX #29, without scripts that have no spaces).
fn unicode_tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut token = String::new();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1).copied();
        let between = |test: fn(char) -> bool| before.is_some_and(test) && after.is_some_and(test);
        let inside = c.is_alphanumeric()
            || *c == '_'
            || (matches!(c, '\'' | '\u{2019}' | '.' | ':' | '\u{00B7}')
                && between(char::is_alphabetic))
            || (matches!(c, '\'' | '\u{2019}' | '.' | ',' | ';') && between(char::is_numeric));
        if inside {
            token.extend(c.to_lowercase());
        } else if !token.is_empty() {
            out.push(std::mem::take(&mut token));
        }
    }
    if !token.is_empty() {
        out.push(token);
    }
    out
}

fn tokens(analyzer: Analyzer, text: &str) -> Vec<String> {
    match analyzer {
        Analyzer::Default => text
            .split(is_separator)
            .filter(|t| !t.is_empty())
            .map(str::to_lowercase)
            .collect(),
        Analyzer::Unicode => unicode_tokens(text),
        Analyzer::NoOp => vec![text.to_owned()],
    }
}

/// Calls a function for every text within a value.
fn texts(v: Ref<'_>, f: &mut dyn FnMut(&str)) {
    match v.kind() {
        Kind::String(s) => f(&s),
        Kind::Array(items) => items.into_iter().for_each(|v| texts(v, f)),
        Kind::Object(pairs) => pairs.into_iter().for_each(|(_, v)| texts(v, f)),
        _ => {}
    }
}

/// Calls a function for every text of the searched columns of a row.
fn each_text(call: &Call<'_>, from: usize, row: usize, f: &mut dyn FnMut(&str)) -> Result<()> {
    for i in from..call.len() {
        if call.types[i].is_semi() {
            if let Some(v) = call.variant(i)?.get(row) {
                texts(Ref::new(v), f);
            }
        } else if let Some(s) = call.text(i)?.get(row) {
            f(s);
        }
    }
    Ok(())
}

/// SEARCH: argument 0 is the text to find, 1 the analyzer, 2 the mode (OR, AND, PHRASE or EXACT), the rest are searched.
/// NULL where nothing is to be found; a row of NULLs does not match.
pub fn search(call: &Call<'_>) -> Result<ArrayRef> {
    let wanted = call.constant_text(0).flatten();
    let analyzer = match call.constant_text(1).flatten() {
        None => Analyzer::Default,
        Some(s) => match s.to_ascii_uppercase().as_str() {
            "DEFAULT_ANALYZER" => Analyzer::Default,
            "UNICODE_ANALYZER" => Analyzer::Unicode,
            "NO_OP_ANALYZER" => Analyzer::NoOp,
            other => {
                return Err(SqlError::raw(
                    "001303",
                    "22023",
                    format!("SQL compilation error:\nUnsupported analyzer '{other}'"),
                ));
            }
        },
    };
    let mode = call
        .constant_text(2)
        .flatten()
        .unwrap_or("OR")
        .to_ascii_uppercase();
    if !matches!(mode.as_str(), "OR" | "AND" | "PHRASE" | "EXACT") {
        return Err(call.error(format!(
            "Unsupported search mode '{mode}': OR, AND, PHRASE or EXACT"
        )));
    }
    let Some(wanted) = wanted else {
        return call.map_bool(|_| Ok(None));
    };
    let needles = tokens(analyzer, wanted);
    call.map_bool(|row| {
        let mut any = false;
        let mut found = false;
        let mut seen: HashSet<String> = HashSet::new();
        each_text(call, 3, row, &mut |text| {
            any = true;
            let words = tokens(analyzer, text);
            match mode.as_str() {
                "OR" => found = found || words.iter().any(|w| needles.contains(w)),
                "AND" => seen.extend(words.into_iter().filter(|w| needles.contains(w))),
                "PHRASE" => {
                    found = found
                        || (!needles.is_empty()
                            && words.windows(needles.len()).any(|w| *w == needles));
                }
                _ => {
                    found = found || {
                        let text = text.to_lowercase();
                        !needles.is_empty()
                            && words.windows(needles.len()).any(|w| *w == needles)
                            && text.contains(&wanted.to_lowercase())
                    };
                }
            }
        })?;
        if mode == "AND" {
            found = !needles.is_empty() && needles.iter().all(|n| seen.contains(n));
        }
        Ok(Some(any && found))
    })
}

/// SEARCH_IP: argument 0 is an address or network, the rest are searched for addresses that are it or lie in it.
pub fn search_ip(call: &Call<'_>) -> Result<ArrayRef> {
    let Some(wanted) = call.constant_text(0).flatten() else {
        return call.map_bool(|_| Ok(None));
    };
    let network = Network::parse(wanted).ok_or_else(|| {
        SqlError::raw(
            "001304",
            "22023",
            format!("SQL compilation error:\nInvalid IP address or CIDR range: '{wanted}'"),
        )
    })?;
    call.map_bool(|row| {
        let mut found = false;
        each_text(call, 1, row, &mut |text| {
            found = found || addresses(text).any(|a| network.contains(a));
        })?;
        Ok(Some(found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analyzers_cut() {
        for (analyzer, text, want) in [
            (
                Analyzer::Default,
                "Love's labour, LOST-1_2",
                &["love", "s", "labour", "lost", "1", "2"][..],
            ),
            (
                Analyzer::Unicode,
                "Love's labour: 1,000.5 a.b x",
                &["love's", "labour", "1,000.5", "a.b", "x"],
            ),
            (Analyzer::NoOp, "As Is", &["As Is"]),
        ] {
            assert_eq!(tokens(analyzer, text), want, "{analyzer:?} {text}");
        }
    }
}
