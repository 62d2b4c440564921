//! Text as a small grammar: word lists, character classes, sequences, choices and bounded repetitions.
//! Where grammars come from is left to `pattern` (regular expressions) and `providers`.

mod distinct;
mod pattern;
mod words;

pub(crate) use pattern::{PatternError, parse_pattern};
pub(crate) use words::WordList;

use std::sync::Arc;

use crate::draw::Sub;

/// A set of texts that can be drawn from, counted, and numbered.
#[derive(Clone, Debug)]
pub(crate) enum Grammar {
    /// One text.
    Literal(String),
    /// One word of a list.
    Words(Arc<WordList>),
    /// One character of these ranges; the second number is the length of the range.
    Chars(Vec<(char, u32)>),
    /// All, one after the other.
    Sequence(Vec<Grammar>),
    /// One of these, equally likely.
    Choice(Vec<Grammar>),
    /// `min..=max` times, every count equally likely, with a text between.
    Repeat {
        item: Box<Grammar>,
        min: u32,
        max: u32,
        separator: &'static str,
    },
    /// The same with its first character in upper case.
    Capitalized(Box<Grammar>),
}

impl Grammar {
    pub(crate) fn literal(text: &str) -> Self {
        Self::Literal(text.to_owned())
    }

    /// `#` is any digit, `^` one from 2 to 9, everything else itself.
    pub(crate) fn digits(format: &str) -> Self {
        let mut parts = Vec::new();
        let mut text = String::new();
        for c in format.chars() {
            let class = match c {
                '#' => ('0', 10),
                '^' => ('2', 8),
                _ => {
                    text.push(c);
                    continue;
                }
            };
            if !text.is_empty() {
                parts.push(Self::Literal(std::mem::take(&mut text)));
            }
            parts.push(Self::Chars(vec![class]));
        }
        if !text.is_empty() {
            parts.push(Self::Literal(text));
        }
        Self::Sequence(parts)
    }

    /// Number of ways to draw, up to `u128::MAX`; the number of texts if the grammar is [`distinct`](Self::distinct).
    pub(crate) fn count(&self) -> u128 {
        match self {
            Self::Literal(_) => 1,
            Self::Words(list) => list.len() as u128,
            Self::Chars(ranges) => ranges.iter().map(|(_, n)| u128::from(*n)).sum(),
            Self::Sequence(parts) => parts
                .iter()
                .fold(1, |n: u128, p| n.saturating_mul(p.count())),
            Self::Choice(options) => options
                .iter()
                .fold(0, |n: u128, o| n.saturating_add(o.count())),
            Self::Repeat { item, min, max, .. } => {
                let one = item.count();
                let mut total = 0u128;
                let mut power = one.saturating_pow(*min);
                for _ in *min..=*max {
                    total = total.saturating_add(power);
                    if total == u128::MAX {
                        break;
                    }
                    power = power.saturating_mul(one);
                }
                total
            }
            Self::Capitalized(inner) => inner.count(),
        }
    }

    /// Greatest length in bytes.
    pub(crate) fn max_bytes(&self) -> usize {
        match self {
            Self::Literal(text) => text.len(),
            Self::Words(list) => list.longest(),
            Self::Chars(ranges) => ranges
                .iter()
                .map(|(first, n)| char_at(*first, n - 1).len_utf8())
                .max()
                .unwrap_or(0),
            Self::Sequence(parts) => parts
                .iter()
                .fold(0, |n: usize, p| n.saturating_add(p.max_bytes())),
            Self::Choice(options) => options.iter().map(Self::max_bytes).max().unwrap_or(0),
            Self::Repeat {
                item,
                max,
                separator,
                ..
            } => {
                let max = *max as usize;
                item.max_bytes()
                    .saturating_mul(max)
                    .saturating_add(separator.len().saturating_mul(max.saturating_sub(1)))
            }
            // upper case can be longer, by at most a factor of three, in its first character
            Self::Capitalized(inner) => inner.max_bytes() + if inner.is_ascii() { 0 } else { 8 },
        }
    }

    fn is_ascii(&self) -> bool {
        match self {
            Self::Literal(text) => text.is_ascii(),
            Self::Words(list) => list.iter().all(str::is_ascii),
            Self::Chars(ranges) => ranges.iter().all(|(c, n)| char_at(*c, n - 1).is_ascii()),
            Self::Sequence(parts) | Self::Choice(parts) => parts.iter().all(Self::is_ascii),
            Self::Repeat { item, .. } | Self::Capitalized(item) => item.is_ascii(),
        }
    }

    /// Appends a random text.
    pub(crate) fn write(&self, sub: &mut Sub, out: &mut Vec<u8>) {
        match self {
            Self::Literal(text) => out.extend_from_slice(text.as_bytes()),
            Self::Words(list) => {
                out.extend_from_slice(list.get(sub.below(list.len() as u64) as usize).as_bytes())
            }
            Self::Chars(ranges) => {
                let n = ranges.iter().map(|(_, n)| u64::from(*n)).sum();
                push_char(nth_char(ranges, sub.below(n)), out);
            }
            Self::Sequence(parts) => parts.iter().for_each(|p| p.write(sub, out)),
            Self::Choice(options) => {
                options[sub.below(options.len() as u64) as usize].write(sub, out)
            }
            Self::Repeat {
                item,
                min,
                max,
                separator,
            } => {
                let times = *min + sub.below(u64::from(max - min) + 1) as u32;
                for i in 0..times {
                    if i > 0 {
                        out.extend_from_slice(separator.as_bytes());
                    }
                    item.write(sub, out);
                }
            }
            Self::Capitalized(inner) => {
                let start = out.len();
                inner.write(sub, out);
                capitalize(out, start);
            }
        }
    }

    /// Appends text number `index`, below [`count`](Self::count).
    pub(crate) fn write_nth(&self, index: u128, out: &mut Vec<u8>) {
        match self {
            Self::Literal(text) => out.extend_from_slice(text.as_bytes()),
            Self::Words(list) => out.extend_from_slice(list.get(index as usize).as_bytes()),
            Self::Chars(ranges) => push_char(nth_char(ranges, index as u64), out),
            Self::Sequence(parts) => {
                let mut rest = index;
                // the last part gets what the others leave, so that a saturated count does no harm
                for (i, part) in parts.iter().enumerate() {
                    let n = part.count();
                    if i + 1 == parts.len() {
                        part.write_nth(rest, out);
                    } else {
                        part.write_nth(rest % n, out);
                        rest /= n;
                    }
                }
            }
            Self::Choice(options) => {
                let mut rest = index;
                for option in options {
                    let n = option.count();
                    if rest < n {
                        option.write_nth(rest, out);
                        return;
                    }
                    rest -= n;
                }
            }
            Self::Repeat {
                item,
                min,
                max,
                separator,
            } => {
                let one = item.count();
                let mut rest = index;
                for times in *min..=*max {
                    let n = one.saturating_pow(times);
                    if rest >= n && times < *max {
                        rest -= n;
                        continue;
                    }
                    for i in 0..times {
                        if i > 0 {
                            out.extend_from_slice(separator.as_bytes());
                        }
                        item.write_nth(rest % one, out);
                        rest /= one;
                    }
                    return;
                }
            }
            Self::Capitalized(inner) => {
                let start = out.len();
                inner.write_nth(index, out);
                capitalize(out, start);
            }
        }
    }
}

fn char_at(first: char, offset: u32) -> char {
    // ranges never cross the surrogates, where there are no characters
    char::from_u32(first as u32 + offset).unwrap_or(first)
}

fn nth_char(ranges: &[(char, u32)], index: u64) -> char {
    let mut rest = index;
    for (first, n) in ranges {
        if rest < u64::from(*n) {
            return char_at(*first, rest as u32);
        }
        rest -= u64::from(*n);
    }
    ranges.first().map_or('?', |(c, _)| *c)
}

fn push_char(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn capitalize(out: &mut Vec<u8>, start: usize) {
    if let Some(first) = out.get_mut(start).filter(|b| b.is_ascii()) {
        first.make_ascii_uppercase();
        return;
    }
    let tail = String::from_utf8_lossy(&out[start..]).into_owned();
    let mut chars = tail.chars();
    if let Some(first) = chars.next() {
        out.truncate(start);
        for c in first.to_uppercase() {
            push_char(c, out);
        }
        out.extend_from_slice(chars.as_str().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_text_of_a_distinct_grammar_comes_once() {
        for pattern in [
            "[A-C]{2}-\\d",
            "(a|bc|def)x",
            "[ab]{0,4}",
            "x[0-9]{1,2}",
            "(red|blue)-[a-c]",
        ] {
            let grammar = parse_pattern(pattern).unwrap();
            grammar.distinct().unwrap();
            let n = grammar.count();
            let texts: BTreeSet<Vec<u8>> = (0..n)
                .map(|i| {
                    let mut out = Vec::new();
                    grammar.write_nth(i, &mut out);
                    assert!(out.len() <= grammar.max_bytes());
                    out
                })
                .collect();
            assert_eq!(texts.len() as u128, n, "{pattern}");
        }
    }

    #[test]
    fn ambiguous_grammars_are_found() {
        for pattern in ["[ab]{0,2}[ab]{0,2}", "(a|ab)(c|bc)", "(a|a)"] {
            if let Ok(grammar) = parse_pattern(pattern) {
                let n = grammar.count();
                let texts: BTreeSet<Vec<u8>> = (0..n)
                    .map(|i| {
                        let mut out = Vec::new();
                        grammar.write_nth(i, &mut out);
                        out
                    })
                    .collect();
                assert!(
                    texts.len() as u128 == n || grammar.distinct().is_err(),
                    "{pattern}"
                );
            }
        }
    }
}
