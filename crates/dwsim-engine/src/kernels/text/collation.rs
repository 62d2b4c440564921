//! Collations: sort keys whose byte order is the order of a specification (`en-ci`, `utf8-upper-trim`, …), and
//! searching by them. Which texts have a collation is part of their type; COLLATE and its rules are bound in `plan`.
//! Source: Snowflake, "Collation support". Letters are ordered as the Unicode collation algorithm has them for the
//! Latin script; letters of other scripts follow in the order of their code points.

use arrow::array::ArrayRef;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;

/// Punctuation and signs in the order in which they precede digits.
const SIGNS: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// First primary weights: blanks, signs of [`SIGNS`], other signs, digits, Latin letters, everything else.
const BLANK: u32 = 0x10;
const SIGN: u32 = 0x100;
const OTHER_SIGN: u32 = 0x1000;
const DIGIT: u32 = 0x20_0000;
const LATIN: u32 = 0x30_0000;
const OTHER: u32 = 0x40_0000;

/// Letters that are letters of their own in a language, each after the letter before the colon (`z:å` is after z).
/// `<` puts it before.
const TAILORED: &[(&[&str], &str)] = &[
    (
        &["en", "de", "fr", "it", "nl", "pt", "ga", "id", "ms", "lb"],
        "",
    ),
    (&["es", "gl", "eu"], "n:ñ"),
    (&["sv", "fi"], "z:å z:ä z:ö"),
    (&["da", "nb", "nn", "no"], "z:æ z:ø z:å"),
    (&["is"], "a:á d:ð e:é i:í o:ó u:ú y:ý z:þ z:æ z:ö z:å"),
    (&["tr", "az"], "c:ç g:ğ i<ı o:ö s:ş u:ü"),
    (&["pl"], "a:ą c:ć e:ę l:ł n:ń o:ó s:ś z:ź z:ż"),
    (&["cs", "sk"], "c:č r:ř s:š z:ž"),
    (&["hr", "sl", "bs"], "c:č c:ć d:đ s:š z:ž"),
    (&["ro"], "a:ă a:â i:î s:ș t:ț"),
    (&["et"], "s:š s:z s:ž w:õ w:ä w:ö w:ü"),
    (&["lt"], "c:č s:š z:ž"),
    (&["lv"], "c:č g:ģ k:ķ l:ļ n:ņ s:š z:ž"),
    (&["hu"], "o:ö u:ü"),
];

/// What upper and lower case do to a text before it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    Upper,
    Lower,
}

/// A specification, read.
#[derive(Debug, Clone)]
pub struct Collation {
    /// Bytes are compared, not letters.
    bytes: bool,
    /// Letters of the language: letter, weight.
    letters: Vec<(char, u32)>,
    turkish: bool,
    case: bool,
    accents: bool,
    punctuation: bool,
    upper_first: bool,
    fold: Option<Fold>,
    trim_start: bool,
    trim_end: bool,
}

/// One letter with its accents.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Element {
    primary: u32,
    accents: Vec<u32>,
    case: u8,
    /// The character at which it starts.
    at: usize,
}

fn invalid(specification: &str) -> SqlError {
    SqlError::raw(
        "001079",
        "22023",
        format!("SQL compilation error:\nInvalid collation specification '{specification}'."),
    )
}

/// The weight of a Latin letter; the letters of a language lie between.
fn latin(c: char) -> u32 {
    LATIN + (c as u32 - 'a' as u32) * 16 + 8
}

impl Collation {
    /// Reads a specification: a locale and options, joined by `-`.
    ///
    /// # Errors
    /// Unknown locales and options, and options that `utf8` does not have.
    pub fn parse(specification: &str) -> Result<Collation> {
        let text = specification.to_ascii_lowercase();
        let mut c = Collation {
            bytes: true,
            letters: Vec::new(),
            turkish: false,
            case: true,
            accents: true,
            punctuation: true,
            upper_first: false,
            fold: None,
            trim_start: false,
            trim_end: false,
        };
        let mut linguistic = false;
        for (i, part) in text.split('-').enumerate() {
            match part {
                "ci" | "cs" => (c.case, linguistic) = (part == "cs", true),
                "ai" | "as" => (c.accents, linguistic) = (part == "as", true),
                "pi" | "ps" => (c.punctuation, linguistic) = (part == "ps", true),
                "fl" | "fu" => (c.upper_first, linguistic) = (part == "fu", true),
                "upper" => c.fold = Some(Fold::Upper),
                "lower" => c.fold = Some(Fold::Lower),
                "trim" => (c.trim_start, c.trim_end) = (true, true),
                "ltrim" => c.trim_start = true,
                "rtrim" => c.trim_end = true,
                "" | "utf8" | "bin" if i == 0 => {}
                locale if i == 0 => {
                    let language = locale.split('_').next().unwrap_or(locale);
                    let Some((_, letters)) =
                        TAILORED.iter().find(|(names, _)| names.contains(&language))
                    else {
                        if language.len() == 2 && language.chars().all(|c| c.is_ascii_lowercase()) {
                            return Err(SqlError::unsupported(format!(
                                "collation locale '{language}'"
                            )));
                        }
                        return Err(invalid(specification));
                    };
                    c.bytes = false;
                    c.turkish = matches!(language, "tr" | "az");
                    c.tailor(letters);
                }
                _ => return Err(invalid(specification)),
            }
        }
        if c.bytes && linguistic {
            return Err(invalid(specification));
        }
        Ok(c)
    }

    fn tailor(&mut self, letters: &str) {
        for rule in letters.split_whitespace() {
            let mut chars = rule.chars();
            let (Some(base), Some(place), Some(letter)) =
                (chars.next(), chars.next(), chars.next())
            else {
                continue;
            };
            let weight = if place == '<' {
                latin(base) - 1
            } else {
                let after = self
                    .letters
                    .iter()
                    .filter(|(_, w)| (latin(base)..latin(base) + 8).contains(w))
                    .count() as u32;
                latin(base) + 1 + after
            };
            self.letters.push((letter, weight));
        }
    }

    /// Whether texts are compared as they are.
    pub fn is_plain(&self) -> bool {
        self.bytes && self.fold.is_none() && !self.trim_start && !self.trim_end
    }

    fn prepared(&self, text: &str) -> String {
        let mut t = text;
        if self.trim_start {
            t = t.trim_start_matches(' ');
        }
        if self.trim_end {
            t = t.trim_end_matches(' ');
        }
        match self.fold {
            Some(Fold::Upper) => self.upper(t),
            Some(Fold::Lower) => self.lower(t),
            None => t.to_owned(),
        }
    }

    /// Upper case in the language of the collation.
    pub fn upper(&self, text: &str) -> String {
        if self.turkish {
            text.replace('i', "İ").to_uppercase()
        } else {
            text.to_uppercase()
        }
    }

    /// Lower case in the language of the collation.
    pub fn lower(&self, text: &str) -> String {
        if self.turkish {
            text.replace('I', "ı").replace('İ', "i").to_lowercase()
        } else {
            text.to_lowercase()
        }
    }

    /// The letters of a text, without what does not count.
    fn elements(&self, text: &str) -> Vec<Element> {
        let mut out: Vec<Element> = Vec::with_capacity(text.len());
        for (at, c) in text.chars().enumerate() {
            if is_combining_mark(c) {
                // A mark after its letter may make another letter of the language.
                if let Some(last) = out.last_mut() {
                    last.accents.push(c as u32);
                }
                continue;
            }
            let lower = {
                let mut l = c.to_lowercase();
                match (l.next(), l.next()) {
                    (Some(one), None) => one,
                    // İ is an i with a dot.
                    (Some(one), Some(_)) => one,
                    _ => c,
                }
            };
            let lower = if self.turkish && c == 'I' {
                'ı'
            } else {
                lower
            };
            let case = u8::from((lower != c) != self.upper_first) + 1;
            let mut push = |primary: u32, accents: Vec<u32>, case: u8| {
                out.push(Element {
                    primary,
                    accents,
                    case,
                    at,
                });
            };
            if let Some((_, weight)) = self.letters.iter().find(|(l, _)| *l == lower) {
                push(*weight, Vec::new(), case);
                continue;
            }
            match lower {
                'ß' => {
                    push(latin('s'), Vec::new(), 3);
                    push(latin('s'), Vec::new(), 3);
                    continue;
                }
                'æ' | 'œ' => {
                    let first = if lower == 'æ' { 'a' } else { 'o' };
                    push(latin(first), vec![lower as u32], case);
                    push(latin('e'), vec![lower as u32], case);
                    continue;
                }
                'ø' | 'đ' | 'ł' | 'ħ' | 'ı' => {
                    let base = match lower {
                        'ø' => 'o',
                        'đ' => 'd',
                        'ł' => 'l',
                        'ħ' => 'h',
                        _ => 'i',
                    };
                    push(latin(base), vec![lower as u32], case);
                    continue;
                }
                _ => {}
            }
            let mut parts = lower.nfd();
            let base = parts.next().unwrap_or(lower);
            let accents: Vec<u32> = parts.map(|m| m as u32).collect();
            let primary = match base {
                'a'..='z' => latin(base),
                '0'..='9' => DIGIT + base as u32,
                c if c.is_whitespace() || c.is_control() => BLANK + (c as u32 & 0xff),
                c => match SIGNS.chars().position(|s| s == c) {
                    Some(i) => SIGN + i as u32,
                    None if c.is_alphanumeric() => OTHER + c as u32,
                    None => OTHER_SIGN + c as u32,
                },
            };
            if !self.punctuation && primary < DIGIT {
                continue;
            }
            push(primary, accents, case);
        }
        for e in &mut out {
            if !self.accents {
                e.accents.clear();
            }
            if !self.case {
                e.case = 0;
            }
        }
        out
    }

    /// Bytes whose order is the order of the texts; equal for texts that are equal.
    pub fn key(&self, text: &str) -> Vec<u8> {
        let text = self.prepared(text);
        if self.bytes {
            return text.into_bytes();
        }
        let elements = self.elements(&text.nfc().collect::<String>());
        let mut key = Vec::with_capacity(elements.len() * 6);
        for e in &elements {
            key.extend(e.primary.to_be_bytes());
        }
        if self.accents {
            key.extend([0; 4]);
            for e in &elements {
                for a in &e.accents {
                    key.extend((a + 1).to_be_bytes());
                }
                key.extend(1u32.to_be_bytes());
            }
        }
        if self.case {
            key.extend([0; 4]);
            key.extend(elements.iter().map(|e| e.case));
        }
        key
    }

    /// Where a text is found in another: characters from and to, of the first place at or after a character.
    pub fn find(&self, needle: &str, hay: &str, from: usize) -> Option<(usize, usize)> {
        let strip = |e: Vec<Element>| -> Vec<(u32, Vec<u32>, u8)> {
            e.into_iter()
                .map(|e| (e.primary, e.accents, e.case))
                .collect()
        };
        let (n, h) = if self.bytes {
            let plain = |t: &str| -> Vec<Element> {
                self.prepared(t)
                    .chars()
                    .enumerate()
                    .map(|(at, c)| Element {
                        primary: c as u32,
                        accents: Vec::new(),
                        case: 0,
                        at,
                    })
                    .collect()
            };
            (plain(needle), plain(hay))
        } else {
            (
                self.elements(&self.prepared(needle).nfc().collect::<String>()),
                self.elements(&self.prepared(hay).nfc().collect::<String>()),
            )
        };
        let places: Vec<usize> = h.iter().map(|e| e.at).collect();
        let total = hay.chars().count();
        let (n, h) = (strip(n), strip(h));
        let first = places.iter().position(|p| *p >= from)?;
        if n.is_empty() {
            return Some((from, from));
        }
        (first..h.len()).find(|i| h[*i..].starts_with(&n)).map(|i| {
            let end = places.get(i + n.len()).copied().unwrap_or(total);
            (places[i], end)
        })
    }

    fn starts(&self, hay: &str, needle: &str) -> bool {
        let (h, n) = (self.loose(hay), self.loose(needle));
        h.starts_with(&n)
    }

    fn ends(&self, hay: &str, needle: &str) -> bool {
        let (h, n) = (self.loose(hay), self.loose(needle));
        h.ends_with(&n)
    }

    fn loose(&self, text: &str) -> Vec<(u32, Vec<u32>, u8)> {
        let text = self.prepared(text);
        if self.bytes {
            return text.chars().map(|c| (c as u32, Vec::new(), 0)).collect();
        }
        self.elements(&text.nfc().collect::<String>())
            .into_iter()
            .map(|e| (e.primary, e.accents, e.case))
            .collect()
    }
}

/// The collation of a call's arguments: an explicit one before a column's.
pub(super) fn of_call(types: &[SqlType]) -> Result<Option<Collation>> {
    let found = types
        .iter()
        .filter_map(SqlType::collation)
        .max_by_key(|c| c.explicit);
    match found {
        None => Ok(None),
        Some(c) => Collation::parse(&c.specification).map(Some),
    }
}

/// `collation_key(text, specification)`: bytes to sort, group and compare by.
pub fn collation_key(call: &Call<'_>) -> Result<ArrayRef> {
    let text = call.text(0)?;
    let Some(Some(specification)) = call.constant_text(1) else {
        return Err(SqlError::internal("a collation is a constant"));
    };
    let collation = Collation::parse(specification)?;
    call.map_bytes(|row| Ok(text.get(row).map(|t| collation.key(t))))
}

/// How a text is looked for in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    Contains,
    Starts,
    Ends,
}

/// CONTAINS, STARTSWITH and ENDSWITH where an argument has a collation.
pub(super) fn search_collated(
    call: &Call<'_>,
    collation: &Collation,
    search: Search,
) -> Result<ArrayRef> {
    let (hay, needle) = (call.text(0)?, call.text(1)?);
    call.map_bool(|row| {
        Ok(hay
            .get(row)
            .zip(needle.get(row))
            .map(|(h, n)| match search {
                Search::Contains => n.is_empty() || collation.find(n, h, 0).is_some(),
                Search::Starts => collation.starts(h, n),
                Search::Ends => collation.ends(h, n),
            }))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::Collation;

    fn sorted(specification: &str, words: &[&str]) -> String {
        let c = Collation::parse(specification).unwrap();
        let mut words = words.to_vec();
        words.sort_by_key(|w| c.key(w));
        words.join(" ")
    }

    #[test]
    fn orders() {
        for (specification, words, want) in [
            ("utf8", "b a C A", "A C a b"),
            ("en", "b a C A", "a A b C"),
            ("en-fu", "b a C A", "A a b C"),
            ("en", "cote côte coté 1 _ zebra", "_ 1 cote coté côte zebra"),
            ("es", "ñu nz oa", "nz ñu oa"),
            ("en", "ñu nz oa", "ñu nz oa"),
            ("sv", "ö z ä å", "z å ä ö"),
            ("de", "Straße Strasse Strafe", "Strafe Strasse Straße"),
            ("upper", "b A a B", "A a b B"),
        ] {
            let words: Vec<&str> = words.split(' ').collect();
            assert_eq!(sorted(specification, &words), want, "{specification}");
        }
    }

    #[test]
    fn equality() {
        for (specification, a, b, equal) in [
            ("en-ci", "Abc", "aBC", true),
            ("en", "Abc", "aBC", false),
            ("en-ai", "résumé", "resume", true),
            ("en-ci", "résumé", "resume", false),
            ("en-pi", "a-b c", "abc", true),
            ("en-trim", " a ", "a", true),
            ("rtrim", "a ", "a", true),
            ("ltrim", "a ", "a", false),
            ("lower", "ABC", "abc", true),
            ("en", "e\u{301}", "é", true),
            ("utf8", "e\u{301}", "é", false),
        ] {
            let c = Collation::parse(specification).unwrap();
            assert_eq!(c.key(a) == c.key(b), equal, "{specification} {a} {b}");
        }
    }

    #[test]
    fn places() {
        let c = Collation::parse("en-ci-ai").unwrap();
        assert_eq!(c.find("N", "añb", 0), Some((1, 2)));
        assert_eq!(c.find("x", "añb", 0), None);
        assert!(
            Collation::parse("es-ci-ai")
                .unwrap()
                .find("n", "añb", 0)
                .is_none()
        );
        assert_eq!(Collation::parse("tr").unwrap().upper("i"), "İ");
    }

    #[test]
    fn wrong_specifications() {
        for s in ["en-xx", "utf8-ci", "nonsense", "ci"] {
            assert!(Collation::parse(s).is_err(), "{s}");
        }
    }
}
