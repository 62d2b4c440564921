//! Whether different draws of a grammar always give different texts, which `unique` needs to know.
//! The answer errs on the safe side: what cannot be shown to be distinct is refused with the reason.

use std::collections::BTreeSet;

use crate::grammar::{Grammar, char_at};

/// Why a grammar is not shown to be distinct.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Ambiguity {
    #[error("two neighbouring parts of varying length can give the same text in two ways")]
    Boundary,
    #[error("two alternatives can give the same text")]
    Alternatives,
    #[error("a repetition of parts of varying length can give the same text in two ways")]
    Repetition,
    #[error("texts that differ only in the case of their first letter become equal")]
    Case,
}

impl Grammar {
    /// Whether the mapping from draws to texts is one to one.
    pub(crate) fn distinct(&self) -> Result<(), Ambiguity> {
        match self {
            Self::Literal(_) | Self::Words(_) | Self::Chars(_) => Ok(()),
            Self::Capitalized(_) => Err(Ambiguity::Case),
            Self::Choice(options) => {
                for (i, a) in options.iter().enumerate() {
                    a.distinct()?;
                    for b in &options[..i] {
                        let lengths =
                            matches!((a.fixed(), b.fixed()), (Some(x), Some(y)) if x != y);
                        let starts = a
                            .starts()
                            .zip(b.starts())
                            .is_some_and(|(x, y)| x.is_disjoint(&y));
                        if !lengths && !starts {
                            return Err(Ambiguity::Alternatives);
                        }
                    }
                }
                Ok(())
            }
            Self::Repeat {
                item,
                min,
                max,
                separator,
            } => {
                item.distinct()?;
                let delimited = separator
                    .chars()
                    .next()
                    .is_some_and(|c| !item.alphabet().contains(&c));
                let sized = item.fixed().is_some_and(|n| n > 0);
                if sized || (*min == *max && *max <= 1) || (delimited && *min > 0) {
                    Ok(())
                } else {
                    Err(Ambiguity::Repetition)
                }
            }
            Self::Sequence(parts) => {
                for part in parts {
                    part.distinct()?;
                }
                // strip what can be told from the left, then from the right; one part may remain
                let mut rest = parts.as_slice();
                while let [first, tail @ ..] = rest {
                    let delimited = tail
                        .first()
                        .and_then(Self::starts_with)
                        .is_some_and(|c| !first.alphabet().contains(&c));
                    if first.fixed().is_none() && !delimited {
                        break;
                    }
                    rest = tail;
                }
                while let [head @ .., last] = rest {
                    let delimited = head
                        .last()
                        .and_then(Self::ends_with)
                        .is_some_and(|c| !last.alphabet().contains(&c));
                    if last.fixed().is_none() && !delimited {
                        break;
                    }
                    rest = head;
                }
                if rest.len() <= 1 {
                    Ok(())
                } else {
                    Err(Ambiguity::Boundary)
                }
            }
        }
    }

    /// Length in characters, if every text has the same.
    fn fixed(&self) -> Option<usize> {
        match self {
            Self::Literal(text) => Some(text.chars().count()),
            Self::Words(list) => same(list.iter().map(|w| Some(w.chars().count()))),
            Self::Chars(_) => Some(1),
            Self::Sequence(parts) => parts.iter().try_fold(0, |n, p| Some(n + p.fixed()?)),
            Self::Choice(options) => same(options.iter().map(Self::fixed)),
            Self::Repeat {
                item,
                min,
                max,
                separator,
            } => {
                let n = *min as usize;
                (min == max).then_some(())?;
                Some(item.fixed()? * n + separator.chars().count() * n.saturating_sub(1))
            }
            Self::Capitalized(inner) => inner.fixed(),
        }
    }

    /// Every character that can occur.
    fn alphabet(&self) -> BTreeSet<char> {
        match self {
            Self::Literal(text) => text.chars().collect(),
            Self::Words(list) => list.iter().flat_map(str::chars).collect(),
            Self::Chars(ranges) => ranges
                .iter()
                .flat_map(|(c, n)| (0..*n).map(|i| char_at(*c, i)))
                .collect(),
            Self::Sequence(parts) | Self::Choice(parts) => {
                parts.iter().flat_map(Self::alphabet).collect()
            }
            Self::Repeat {
                item, separator, ..
            } => item
                .alphabet()
                .into_iter()
                .chain(separator.chars())
                .collect(),
            Self::Capitalized(inner) => inner
                .alphabet()
                .into_iter()
                .flat_map(|c| c.to_uppercase().chain([c]))
                .collect(),
        }
    }

    /// Every character a text can begin with; `None` if a text can be empty.
    fn starts(&self) -> Option<BTreeSet<char>> {
        match self {
            Self::Literal(text) => text.chars().next().map(|c| [c].into()),
            Self::Words(list) => list.iter().map(|w| w.chars().next()).collect(),
            Self::Chars(_) => Some(self.alphabet()),
            Self::Sequence(parts) => parts.first().and_then(Self::starts),
            Self::Choice(options) => options
                .iter()
                .try_fold(BTreeSet::new(), |set, o| Some(&set | &o.starts()?)),
            Self::Repeat { item, min, .. } if *min > 0 => item.starts(),
            Self::Repeat { .. } => None,
            Self::Capitalized(inner) => inner
                .starts()
                .map(|set| set.into_iter().flat_map(char::to_uppercase).collect()),
        }
    }

    /// The one character every text begins with.
    fn starts_with(&self) -> Option<char> {
        self.starts()
            .filter(|s| s.len() == 1)
            .and_then(|s| s.first().copied())
    }

    /// The last character of a literal.
    fn ends_with(&self) -> Option<char> {
        match self {
            Self::Literal(text) => text.chars().last(),
            _ => None,
        }
    }
}

fn same(mut lengths: impl Iterator<Item = Option<usize>>) -> Option<usize> {
    let first = lengths.next()??;
    lengths.all(|n| n == Some(first)).then_some(first)
}
