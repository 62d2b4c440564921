//! Regular expressions as grammars: every text made matches the expression.
//! Matching texts against expressions is left to the regex crates.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::grammar::Grammar;

/// Classes larger than this (`.`, `\w`, `[^x]`) are cut to printable ASCII.
const LARGE_CLASS: u32 = 512;

/// Why a pattern cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PatternError {
    #[error("not a regular expression: {0}")]
    Syntax(String),
    #[error("a repetition without an upper end")]
    Unbounded,
    #[error("`\\b` and anchors in the middle cannot be made")]
    Look,
    #[error("a class without any character")]
    Empty,
}

/// The texts that a regular expression matches as a whole; `^` and `$` at its ends may be written.
pub(crate) fn parse_pattern(pattern: &str) -> Result<Grammar, PatternError> {
    let hir = regex_syntax::parse(pattern).map_err(|e| {
        let text = e.to_string();
        let reason = text.lines().last().unwrap_or_default();
        PatternError::Syntax(reason.trim_start_matches("error: ").to_owned())
    })?;
    let grammar = match hir.kind() {
        HirKind::Concat(parts) => {
            let first = usize::from(is_look(parts.first(), Look::Start));
            let last = parts.len() - usize::from(is_look(parts.last(), Look::End));
            Grammar::Sequence(
                parts[first..last.max(first)]
                    .iter()
                    .map(convert)
                    .collect::<Result<_, _>>()?,
            )
        }
        HirKind::Look(Look::Start | Look::End) => Grammar::literal(""),
        _ => convert(&hir)?,
    };
    Ok(grammar)
}

fn is_look(hir: Option<&Hir>, look: Look) -> bool {
    hir.is_some_and(|h| matches!(h.kind(), HirKind::Look(l) if *l == look))
}

fn convert(hir: &Hir) -> Result<Grammar, PatternError> {
    Ok(match hir.kind() {
        HirKind::Empty => Grammar::literal(""),
        HirKind::Literal(literal) => Grammar::Literal(
            String::from_utf8(literal.0.to_vec())
                .map_err(|e| PatternError::Syntax(e.to_string()))?,
        ),
        HirKind::Class(class) => Grammar::Chars(characters(class)?),
        HirKind::Look(_) => return Err(PatternError::Look),
        HirKind::Repetition(r) => {
            let item = convert(&r.sub)?;
            let max = r.max.ok_or(PatternError::Unbounded)?;
            // nothing, however often, is nothing; counting it up would take forever
            if item.max_bytes() == 0 {
                Grammar::literal("")
            } else {
                Grammar::Repeat {
                    item: Box::new(item),
                    min: r.min,
                    max,
                    separator: "",
                }
            }
        }
        HirKind::Capture(capture) => convert(&capture.sub)?,
        HirKind::Concat(parts) => {
            Grammar::Sequence(parts.iter().map(convert).collect::<Result<_, _>>()?)
        }
        HirKind::Alternation(parts) => {
            Grammar::Choice(parts.iter().map(convert).collect::<Result<_, _>>()?)
        }
    })
}

fn characters(class: &Class) -> Result<Vec<(char, u32)>, PatternError> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(c) => c
            .iter()
            .map(|r| (r.start() as u32, r.end() as u32))
            .collect(),
        Class::Bytes(c) => c
            .iter()
            .map(|r| (u32::from(r.start()), u32::from(r.end())))
            .collect(),
    };
    let size: u32 = ranges.iter().map(|(a, b)| b - a + 1).sum();
    let blank = ranges.contains(&(0x20, 0x20)) && ranges.contains(&(0x2028, 0x2029));
    let (low, high) = match (size > LARGE_CLASS || blank, size) {
        (true, _) => (0x20, 0x7e),
        // control characters only where the expression asks for nothing else
        (false, _) if ranges.iter().any(|(_, b)| *b >= 0x20) => (0x20, u32::from(char::MAX)),
        (false, _) => (0, u32::from(char::MAX)),
    };
    let mut out = Vec::new();
    for (a, b) in ranges {
        let (a, b) = (a.max(low), b.min(high));
        // ranges across the surrogates are split around them
        for (a, b) in [(a, b.min(0xd7ff)), (a.max(0xe000), b)] {
            if let (true, Some(first)) = (a <= b, char::from_u32(a))
                && out
                    .last()
                    .is_none_or(|(c, n): &(char, u32)| *c as u32 + n <= a)
            {
                out.push((first, b - a + 1));
            }
        }
    }
    if out.is_empty() {
        Err(PatternError::Empty)
    } else {
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::draw::Sub;
    use proptest::prelude::*;

    fn draw(pattern: &str, seed: u64) -> String {
        let mut out = Vec::new();
        parse_pattern(pattern)
            .unwrap()
            .write(&mut Sub::new(seed), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_match_their_pattern() {
        for pattern in [
            "[A-Z]{3}-\\d{4}",
            "^(foo|ba[rz]){1,3}$",
            "\\w{5}",
            ".{3}",
            "[^a]\\s",
            "(?i)abc",
            "ä[äöü]{2}",
            "\\+49 \\d{3,8}",
        ] {
            let matcher = regex_automata_free_match(pattern);
            for seed in 0..200 {
                let text = draw(pattern, seed);
                assert!(matcher(&text), "{pattern}: {text:?}");
            }
        }
    }

    /// Matches through the grammar's own parser being reversed is no test; a tiny backtracking matcher over the HIR is.
    fn regex_automata_free_match(pattern: &str) -> impl Fn(&str) -> bool {
        let hir = regex_syntax::parse(pattern).unwrap();
        move |text: &str| ends(&hir, text, 0).contains(&text.len())
    }

    fn ends(hir: &Hir, text: &str, at: usize) -> Vec<usize> {
        match hir.kind() {
            HirKind::Empty => vec![at],
            HirKind::Literal(l) => {
                let end = at + l.0.len();
                if text.as_bytes().get(at..end) == Some(&l.0[..]) {
                    vec![end]
                } else {
                    vec![]
                }
            }
            HirKind::Class(Class::Unicode(c)) => match text[at..].chars().next() {
                Some(x) if c.iter().any(|r| (r.start()..=r.end()).contains(&x)) => {
                    vec![at + x.len_utf8()]
                }
                _ => vec![],
            },
            HirKind::Class(Class::Bytes(c)) => match text.as_bytes().get(at) {
                Some(x) if c.iter().any(|r| (r.start()..=r.end()).contains(x)) => vec![at + 1],
                _ => vec![],
            },
            HirKind::Look(Look::Start) => {
                if at == 0 {
                    vec![at]
                } else {
                    vec![]
                }
            }
            HirKind::Look(Look::End) => {
                if at == text.len() {
                    vec![at]
                } else {
                    vec![]
                }
            }
            HirKind::Look(_) => vec![],
            HirKind::Capture(c) => ends(&c.sub, text, at),
            HirKind::Concat(parts) => parts.iter().fold(vec![at], |from, p| {
                from.into_iter().flat_map(|a| ends(p, text, a)).collect()
            }),
            HirKind::Alternation(parts) => parts.iter().flat_map(|p| ends(p, text, at)).collect(),
            HirKind::Repetition(r) => {
                let mut from = vec![at];
                let mut all = if r.min == 0 { vec![at] } else { vec![] };
                for i in 1..=r.max.unwrap_or(20) {
                    from = from
                        .into_iter()
                        .flat_map(|a| ends(&r.sub, text, a))
                        .collect();
                    if i >= r.min {
                        all.extend(&from);
                    }
                }
                all
            }
        }
    }

    #[test]
    fn what_cannot_be_made_is_refused() {
        assert_eq!(
            parse_pattern("(){0,4000000000}x").map(|g| g.count()).ok(),
            Some(1)
        );
        assert!(matches!(parse_pattern("a*"), Err(PatternError::Unbounded)));
        assert!(matches!(parse_pattern("a+"), Err(PatternError::Unbounded)));
        assert!(matches!(parse_pattern("(a"), Err(PatternError::Syntax(_))));
        assert!(matches!(parse_pattern("a\\bb"), Err(PatternError::Look)));
        assert!(matches!(parse_pattern("[a&&b]"), Err(PatternError::Empty)));
    }

    proptest! {
        #[test]
        fn never_panics(pattern in "\\PC{0,20}", seed: u64) {
            if let Ok(grammar) = parse_pattern(&pattern)
                && grammar.max_bytes() < 100_000
            {
                let mut out = Vec::new();
                grammar.write(&mut Sub::new(seed), &mut out);
                prop_assert!(out.len() <= grammar.max_bytes());
                prop_assert!(String::from_utf8(out).is_ok());
            }
        }
    }
}
