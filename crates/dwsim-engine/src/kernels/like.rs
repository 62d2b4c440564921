//! Pattern matching: LIKE, ILIKE, SIMILAR TO and POSIX operators.
//! Functions on regular expressions (REGEXP_…) have a family of their own.
//!
//! Sources: Snowflake "LIKE", Redshift "LIKE", "SIMILAR TO", "POSIX operators".

use arrow::array::ArrayRef;
use regex::Regex;

use crate::error::{Result, SqlError};
use crate::functions::Call;

/// A compiled LIKE pattern.
#[derive(Debug, Clone)]
pub struct Matcher {
    tokens: Vec<Token>,
    insensitive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// `%`
    Any,
    /// `_`
    One,
    Char(char),
}

impl Matcher {
    /// Compiles a pattern; `escape` takes the meaning of `%`, `_` and itself away.
    pub fn new(pattern: &str, escape: Option<char>, insensitive: bool) -> Self {
        let mut tokens = Vec::with_capacity(pattern.len());
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            let token = if Some(c) == escape {
                match chars.next() {
                    Some(next) => Token::Char(next),
                    None => Token::Char(c),
                }
            } else {
                match c {
                    '%' => Token::Any,
                    '_' => Token::One,
                    c => Token::Char(c),
                }
            };
            if token == Token::Any && tokens.last() == Some(&Token::Any) {
                continue;
            }
            if insensitive && let Token::Char(c) = token {
                tokens.extend(c.to_lowercase().map(Token::Char));
                continue;
            }
            tokens.push(token);
        }
        Matcher {
            tokens,
            insensitive,
        }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = if self.insensitive {
            text.chars().flat_map(char::to_lowercase).collect()
        } else {
            text.chars().collect()
        };
        // Greedy matching with one point to come back to: linear but for the last `%`.
        let (mut t, mut p) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        while t < text.len() {
            match self.tokens.get(p) {
                Some(Token::Any) => {
                    back = Some((p + 1, t));
                    p += 1;
                    continue;
                }
                Some(Token::One) => {
                    t += 1;
                    p += 1;
                    continue;
                }
                Some(Token::Char(c)) if *c == text[t] => {
                    t += 1;
                    p += 1;
                    continue;
                }
                _ => {}
            }
            match &mut back {
                Some((bp, bt)) => {
                    *bt += 1;
                    p = *bp;
                    t = *bt;
                }
                None => return false,
            }
        }
        self.tokens[p..].iter().all(|t| *t == Token::Any)
    }
}

fn escape_of(call: &Call<'_>, s: &str) -> Result<Option<char>> {
    let mut chars = s.chars();
    match (chars.next(), chars.next()) {
        (None, _) => Ok(None),
        (Some(c), None) => Ok(Some(c)),
        _ => Err(call.error(format!(
            "invalid escape string '{s}': it must be one character"
        ))),
    }
}

fn run(call: &Call<'_>, insensitive: bool) -> Result<ArrayRef> {
    let (v, p, e) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let mut cache: Option<(String, String, Matcher)> = None;
    call.map_bool(|row| {
        let (Some(v), Some(p), Some(e)) = (v.get(row), p.get(row), e.get(row)) else {
            return Ok(None);
        };
        let hit = matches!(&cache, Some((cp, ce, _)) if cp == p && ce == e);
        if !hit {
            let m = Matcher::new(p, escape_of(call, e)?, insensitive);
            cache = Some((p.to_owned(), e.to_owned(), m));
        }
        Ok(cache.as_ref().map(|(_, _, m)| m.matches(v)))
    })
}

/// `text LIKE pattern ESCAPE escape`; an empty escape means none.
pub fn like(call: &Call<'_>) -> Result<ArrayRef> {
    run(call, false)
}

/// The same without regard to case.
pub fn ilike(call: &Call<'_>) -> Result<ArrayRef> {
    run(call, true)
}

fn compile(call: &Call<'_>, pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|e| call.error(format!("invalid regular expression: {e}")))
}

/// SIMILAR TO: SQL's regular expressions, matched against the whole text.
pub fn similar_to(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, p, e) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let mut cache: Option<(String, Regex)> = None;
    call.map_bool(|row| {
        let (Some(v), Some(p), Some(e)) = (v.get(row), p.get(row), e.get(row)) else {
            return Ok(None);
        };
        if !matches!(&cache, Some((c, _)) if c == p) {
            let escape = escape_of(call, e)?;
            let mut out = String::from("(?s)^(?:");
            let mut chars = p.chars();
            let mut in_class = false;
            while let Some(c) = chars.next() {
                if Some(c) == escape {
                    if let Some(next) = chars.next() {
                        out.push_str(&regex::escape(&next.to_string()));
                    }
                    continue;
                }
                match c {
                    '[' => {
                        in_class = true;
                        out.push(c);
                    }
                    ']' => {
                        in_class = false;
                        out.push(c);
                    }
                    '%' if !in_class => out.push_str(".*"),
                    '_' if !in_class => out.push('.'),
                    '.' | '^' | '$' if !in_class => {
                        out.push('\\');
                        out.push(c);
                    }
                    c => out.push(c),
                }
            }
            out.push_str(")$");
            cache = Some((p.to_owned(), compile(call, &out)?));
        }
        Ok(cache.as_ref().map(|(_, r)| r.is_match(v)))
    })
}

/// `text ~ pattern`; the third argument is "i" for `~*`.
pub fn posix_match(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, p) = (call.text(0)?, call.text(1)?);
    let insensitive = call.constant_text(2).flatten() == Some("i");
    let mut cache: Option<(String, Regex)> = None;
    call.map_bool(|row| {
        let (Some(v), Some(p)) = (v.get(row), p.get(row)) else {
            return Ok(None);
        };
        if !matches!(&cache, Some((c, _)) if c == p) {
            let source = if insensitive {
                format!("(?i){p}")
            } else {
                p.to_owned()
            };
            let r = Regex::new(&source).map_err(|e| {
                SqlError::raw("", "2201B", format!("invalid regular expression: {e}"))
            })?;
            cache = Some((p.to_owned(), r));
        }
        Ok(cache.as_ref().map(|(_, r)| r.is_match(v)))
    })
}

#[cfg(test)]
mod tests {
    use super::Matcher;

    #[test]
    fn like_matches_whole_texts() {
        for (pattern, escape, text, expected) in [
            ("a%", None, "abc", true),
            ("a%", None, "bac", false),
            ("%b%c", None, "aabbcc", true),
            ("_b_", None, "abc", true),
            ("_b_", None, "ab", false),
            ("%", None, "", true),
            ("", None, "", true),
            ("", None, "a", false),
            ("50^%", Some('^'), "50%", true),
            ("50^%", Some('^'), "500", false),
            ("%a%a%a%b", None, "aaaaaaaaaaaaaaaa", false),
            ("ä_", None, "äö", true),
        ] {
            assert_eq!(
                Matcher::new(pattern, escape, false).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
        assert!(Matcher::new("STRASSE%", None, true).matches("strasse 1"));
    }
}
