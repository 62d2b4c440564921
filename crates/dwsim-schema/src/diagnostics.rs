//! Errors with a place: every problem of a configuration is collected, each with a code, a span and a suggestion.
//! Drawing them on a terminal is left to the caller, which has the source texts through [`Diagnostics::sources`].

use std::fmt;
use std::sync::Arc;

/// A text that settings were read from: a file, an environment variable, a command-line flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name as shown to the user, e.g. `dwsim.toml` or `DWSIM_PROJECT__SEED`.
    pub name: String,
    /// The whole text; spans are byte offsets into it.
    pub text: String,
}

/// A span in a [`Source`]: byte offsets, and line and column (both from 1, columns in characters).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index into the list of sources.
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Line of `start`, from 1.
    pub line: usize,
    /// Column of `start` in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte range in the text of source number `source`.
    #[must_use]
    pub fn locate(source: usize, text: &str, start: usize, end: usize) -> Self {
        let mut cut = start.min(text.len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        let before = &text[..cut];
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Self {
            source,
            start,
            end,
            line,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// One problem of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code such as `dwsim::schema::unknown_key`; see [`crate::codes`].
    pub code: &'static str,
    /// What is wrong, in one line, with the numbers.
    pub message: String,
    /// Where, if it is about something written.
    pub place: Option<Place>,
    /// Name of the source of `place`; empty without a place.
    pub file: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(p) = &self.place {
            write!(f, "{}:{}:{}: ", self.file, p.line, p.column)?;
        }
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, " (help: {help})")?;
        }
        Ok(())
    }
}

/// Every problem found in one reading, in the order of the text; never empty when returned as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics {
    /// The problems.
    pub items: Vec<Diagnostic>,
    /// The texts that the places point into.
    pub sources: Vec<Arc<Source>>,
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, item) in self.items.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    }
}

impl Diagnostics {
    /// An empty collection over the given sources.
    #[must_use]
    pub fn new(sources: Vec<Arc<Source>>) -> Self {
        Self {
            items: Vec::new(),
            sources,
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds a problem at a place.
    pub fn push(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let file = self
            .sources
            .get(place.source)
            .map_or_else(String::new, |s| s.name.clone());
        self.items.push(Diagnostic {
            code,
            message: message.into(),
            place: Some(place),
            file,
            help,
        });
    }

    /// Adds a problem that has no place in a text.
    pub fn push_global(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.items.push(Diagnostic {
            code,
            message: message.into(),
            place: None,
            file: String::new(),
            help,
        });
    }

    /// `Ok(value)` when nothing was found, otherwise everything that was, in the order of the text.
    ///
    /// # Errors
    /// The collection itself, if it is not empty.
    pub fn into_result<T>(mut self, value: T) -> Result<T, Self> {
        if self.items.is_empty() {
            return Ok(value);
        }
        self.items.sort_by_key(|d| d.place);
        self.items.dedup();
        Err(self)
    }
}

/// The closest of `known` to `word`, as a help line, when one is close enough to be meant.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = word.to_ascii_lowercase();
    known
        .into_iter()
        .map(|k| {
            (
                strsim::damerau_levenshtein(&word, &k.to_ascii_lowercase()),
                k,
            )
        })
        .filter(|(d, k)| *d <= (k.chars().count().max(word.chars().count()) / 3).max(1))
        .min_by_key(|(d, k)| (*d, *k))
        .map(|(_, k)| format!("did you mean `{k}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        let text = "a = 1\nü = [2]\n";
        let p = Place::locate(0, text, 11, 12);
        assert_eq!((p.line, p.column), (2, 5));
        assert_eq!(Place::locate(0, text, 999, 999).line, 3);
    }

    #[test]
    fn suggestions_are_close_or_absent() {
        let known = ["rows", "columns", "primary_key"];
        assert_eq!(
            did_you_mean("row", known),
            Some("did you mean `rows`?".into())
        );
        assert_eq!(
            did_you_mean("primarykey", known),
            Some("did you mean `primary_key`?".into())
        );
        assert_eq!(did_you_mean("zebra", known), None);
    }
}
