//! Functions on regular expressions.
//! Patterns are POSIX extended with Perl classes, as the `regex` crate reads them; with Redshift's parameter `p` they are
//! Perl's, with look-around and backreferences, as `regress` reads them. Sources: Snowflake "String functions (regular expressions)",
//! Redshift "REGEXP_COUNT", "REGEXP_INSTR", "REGEXP_REPLACE", "REGEXP_SUBSTR".

use std::collections::HashMap;

use arrow::array::ArrayRef;
use regex::{Regex, RegexBuilder};

use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::variant::Value;

/// A compiled pattern of either dialect of patterns.
#[derive(Debug, Clone)]
enum Pattern {
    Plain(Regex),
    Perl(regress::Regex),
}

/// The groups of one match; group 0 is the whole match.
struct Groups<'t> {
    text: &'t str,
    at: Vec<Option<(usize, usize)>>,
}

impl<'t> Groups<'t> {
    fn get(&self, i: usize) -> Option<Span<'t>> {
        let (start, end) = (*self.at.get(i)?)?;
        Some(Span {
            start,
            end,
            text: &self.text[start..end],
        })
    }

    fn len(&self) -> usize {
        self.at.len()
    }
}

/// One group's place and text.
struct Span<'t> {
    start: usize,
    end: usize,
    text: &'t str,
}

impl Pattern {
    fn is_match(&self, s: &str) -> bool {
        match self {
            Pattern::Plain(r) => r.is_match(s),
            Pattern::Perl(r) => r.find(s).is_some(),
        }
    }

    /// All matches from left to right, at most `most` of them.
    fn all<'t>(&self, s: &'t str, most: usize) -> Vec<Groups<'t>> {
        match self {
            Pattern::Plain(r) => r
                .captures_iter(s)
                .take(most)
                .map(|c| Groups {
                    text: s,
                    at: c.iter().map(|m| m.map(|m| (m.start(), m.end()))).collect(),
                })
                .collect(),
            Pattern::Perl(r) => r
                .find_iter(s)
                .take(most)
                .map(|m| Groups {
                    text: s,
                    at: m.groups().map(|g| g.map(|g| (g.start, g.end))).collect(),
                })
                .collect(),
        }
    }

    /// Match `n`, from 1.
    fn nth<'t>(&self, s: &'t str, n: i64) -> Option<Groups<'t>> {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        self.all(s, n).into_iter().nth(n.saturating_sub(1))
    }

    /// Number of matches that are not empty.
    fn count(&self, s: &str) -> i64 {
        match self {
            Pattern::Plain(r) => r.find_iter(s).filter(|m| !m.is_empty()).count() as i64,
            Pattern::Perl(_) => self
                .all(s, usize::MAX)
                .iter()
                .filter(|g| g.get(0).is_some_and(|m| m.end > m.start))
                .count() as i64,
        }
    }
}

/// Compiled patterns of one call, by pattern and parameters.
struct Cache<'a> {
    call: &'a Call<'a>,
    anchored: bool,
    map: HashMap<(String, String), Pattern>,
}

impl<'a> Cache<'a> {
    fn new(call: &'a Call<'a>, anchored: bool) -> Self {
        Cache {
            call,
            anchored,
            map: HashMap::new(),
        }
    }

    fn get(&mut self, pattern: &str, parameters: &str) -> Result<Pattern> {
        let key = (pattern.to_owned(), parameters.to_owned());
        if let Some(r) = self.map.get(&key) {
            return Ok(r.clone());
        }
        let source = if self.anchored {
            format!("^(?:{pattern})$")
        } else {
            pattern.to_owned()
        };
        if self.call.env.dialect == DialectName::Redshift && parameters.contains('p') {
            let mut flags = String::new();
            for c in parameters.chars() {
                match c {
                    'c' => flags.retain(|f| f != 'i'),
                    'i' => flags.push('i'),
                    'e' | 'p' => {}
                    other => {
                        return Err(self
                            .call
                            .error(format!("invalid regular expression parameter '{other}'")));
                    }
                }
            }
            let r = regress::Regex::with_flags(&source, flags.as_str()).map_err(|e| {
                SqlError::raw("", "2201B", format!("invalid regular expression: {e}"))
            })?;
            let r = Pattern::Perl(r);
            self.map.insert(key, r.clone());
            return Ok(r);
        }
        let mut b = RegexBuilder::new(&source);
        for c in parameters.chars() {
            match c {
                'c' => {
                    b.case_insensitive(false);
                }
                'i' => {
                    b.case_insensitive(true);
                }
                'm' => {
                    b.multi_line(true);
                }
                's' => {
                    b.dot_matches_new_line(true);
                }
                'e' | 'p' => {}
                other => {
                    return Err(self
                        .call
                        .error(format!("invalid regular expression parameter '{other}'")));
                }
            }
        }
        let r = b.build().map_err(|e| match self.call.env.dialect {
            DialectName::Redshift => {
                SqlError::raw("", "2201B", format!("invalid regular expression: {e}"))
            }
            DialectName::Snowflake => SqlError::raw(
                "100048",
                "2201B",
                format!("Invalid regular expression: '{pattern}', {e}"),
            ),
        })?;
        let r = Pattern::Plain(r);
        self.map.insert(key, r.clone());
        Ok(r)
    }
}

/// The byte offset of character `position` (from 1); None when the text is shorter.
fn offset(s: &str, position: i64) -> Option<usize> {
    let n = usize::try_from(position - 1).ok()?;
    s.char_indices().map(|(i, _)| i).chain([s.len()]).nth(n)
}

fn check_position(call: &Call<'_>, p: i64, what: &str) -> Result<()> {
    if p < 1 {
        return Err(call.error(format!("{what} must be positive, not {p}")));
    }
    Ok(())
}

/// The arguments after subject and pattern, with their defaults; None when one is NULL.
struct Args<'a> {
    call: &'a Call<'a>,
}

impl Args<'_> {
    fn int(&self, i: usize, row: usize, default: i64) -> Result<Option<i64>> {
        if self.call.len() > i {
            Ok(self.call.int(i)?.get(row))
        } else {
            Ok(Some(default))
        }
    }
    fn text<'t>(&'t self, i: usize, row: usize, default: &'t str) -> Result<Option<&'t str>> {
        if self.call.len() > i {
            Ok(self.call.text(i)?.get(row))
        } else {
            Ok(Some(default))
        }
    }
}

/// `regexp_like(subject, pattern [, parameters])`: the whole subject matches.
pub fn regexp_like(call: &Call<'_>) -> Result<ArrayRef> {
    let (s, p) = (call.text(0)?, call.text(1)?);
    let args = Args { call };
    let mut cache = Cache::new(call, true);
    call.map_bool(|row| {
        let (Some(s), Some(p), Some(f)) = (s.get(row), p.get(row), args.text(2, row, "c")?) else {
            return Ok(None);
        };
        Ok(Some(cache.get(p, f)?.is_match(s)))
    })
}

/// `regexp_count(subject, pattern [, position [, parameters]])`.
pub fn regexp_count(call: &Call<'_>) -> Result<ArrayRef> {
    let (s, p) = (call.text(0)?, call.text(1)?);
    let args = Args { call };
    let mut cache = Cache::new(call, false);
    call.map_int(|row| {
        let (Some(s), Some(p), Some(at), Some(f)) = (
            s.get(row),
            p.get(row),
            args.int(2, row, 1)?,
            args.text(3, row, "c")?,
        ) else {
            return Ok(None);
        };
        check_position(call, at, "position")?;
        let Some(from) = offset(s, at) else {
            return Ok(Some(0));
        };
        Ok(Some(cache.get(p, f)?.count(&s[from..])))
    })
}

/// The group that a call asks for: 0 is the whole match.
fn group(call: &Call<'_>, parameters: &str, given: Option<i64>) -> usize {
    match given {
        Some(g) => g.max(0) as usize,
        None if parameters.contains('e') && call.env.dialect == DialectName::Snowflake => 1,
        None if parameters.contains('e') => 1,
        None => 0,
    }
}

/// `regexp_substr(subject, pattern [, position [, occurrence [, parameters [, group]]]])`.
/// No match is NULL on Snowflake and empty text on Redshift.
pub fn regexp_substr(call: &Call<'_>) -> Result<ArrayRef> {
    let (s, p) = (call.text(0)?, call.text(1)?);
    let args = Args { call };
    let mut cache = Cache::new(call, false);
    let none = (call.env.dialect == DialectName::Redshift).then(String::new);
    call.map_text(|row| {
        let (Some(s), Some(p), Some(at), Some(n), Some(f)) = (
            s.get(row),
            p.get(row),
            args.int(2, row, 1)?,
            args.int(3, row, 1)?,
            args.text(4, row, "c")?,
        ) else {
            return Ok(None);
        };
        check_position(call, at, "position")?;
        check_position(call, n, "occurrence")?;
        let given = if call.len() > 5 {
            match args.int(5, row, 0)? {
                Some(g) => Some(g),
                None => return Ok(None),
            }
        } else {
            None
        };
        let g = group(call, f, given);
        let Some(from) = offset(s, at) else {
            return Ok(none.clone());
        };
        let found = cache.get(p, f)?.nth(&s[from..], n).and_then(|c| {
            // A pattern without groups gives the whole match where a group is asked for by 'e'.
            let g = if given.is_none() && c.len() <= g {
                0
            } else {
                g
            };
            c.get(g).map(|m| m.text.to_owned())
        });
        Ok(found.or_else(|| none.clone()))
    })
}

/// `regexp_substr_all(…)`: all matches as an array.
pub fn regexp_substr_all(call: &Call<'_>) -> Result<ArrayRef> {
    let (s, p) = (call.text(0)?, call.text(1)?);
    let args = Args { call };
    let mut cache = Cache::new(call, false);
    call.map_variant(|row| {
        let (Some(s), Some(p), Some(at), Some(n), Some(f)) = (
            s.get(row),
            p.get(row),
            args.int(2, row, 1)?,
            args.int(3, row, 1)?,
            args.text(4, row, "c")?,
        ) else {
            return Ok(None);
        };
        check_position(call, at, "position")?;
        check_position(call, n, "occurrence")?;
        let given = if call.len() > 5 {
            args.int(5, row, 0)?
        } else {
            None
        };
        let g = group(call, f, given);
        let items = match offset(s, at) {
            None => vec![],
            Some(from) => cache
                .get(p, f)?
                .all(&s[from..], usize::MAX)
                .into_iter()
                .skip(n as usize - 1)
                .filter_map(|c| {
                    let g = if given.is_none() && c.len() <= g {
                        0
                    } else {
                        g
                    };
                    c.get(g).map(|m| Value::text(m.text))
                })
                .collect(),
        };
        Ok(Some(Value::Array(items).encode()))
    })
}

/// `regexp_instr(subject, pattern [, position [, occurrence [, option [, parameters [, group]]]]])`.
pub fn regexp_instr(call: &Call<'_>) -> Result<ArrayRef> {
    let (s, p) = (call.text(0)?, call.text(1)?);
    let args = Args { call };
    let mut cache = Cache::new(call, false);
    call.map_int(|row| {
        let (Some(s), Some(p), Some(at), Some(n), Some(option), Some(f)) = (
            s.get(row),
            p.get(row),
            args.int(2, row, 1)?,
            args.int(3, row, 1)?,
            args.int(4, row, 0)?,
            args.text(5, row, "c")?,
        ) else {
            return Ok(None);
        };
        check_position(call, at, "position")?;
        check_position(call, n, "occurrence")?;
        let given = if call.len() > 6 {
            args.int(6, row, 0)?
        } else {
            None
        };
        let g = group(call, f, given);
        let Some(from) = offset(s, at) else {
            return Ok(Some(0));
        };
        let found = cache.get(p, f)?.nth(&s[from..], n).and_then(|c| {
            let g = if given.is_none() && c.len() <= g {
                0
            } else {
                g
            };
            c.get(g).map(|m| if option == 1 { m.end } else { m.start })
        });
        Ok(Some(
            found.map_or(0, |b| s[..from + b].chars().count() as i64 + 1),
        ))
    })
}

/// Appends a replacement with `\1` (and `$1` on Redshift) standing for groups.
fn expand(c: &Groups<'_>, template: &str, dollar: bool, out: &mut String) {
    let mut chars = template.chars().peekable();
    while let Some(ch) = chars.next() {
        let marks = ch == '\\' || (dollar && ch == '$');
        match chars.peek().and_then(|d| d.to_digit(10)) {
            Some(d) if marks => {
                chars.next();
                out.push_str(c.get(d as usize).map_or("", |m| m.text));
            }
            _ if ch == '\\' => match chars.next() {
                Some(next) => out.push(next),
                None => out.push('\\'),
            },
            _ => out.push(ch),
        }
    }
}

fn replace_matches(
    r: &Pattern,
    s: &str,
    from: usize,
    template: &str,
    dollar: bool,
    occurrence: i64,
) -> String {
    let mut out = String::with_capacity(s.len());
    out.push_str(&s[..from]);
    let mut last = from;
    let most = usize::try_from(occurrence)
        .ok()
        .filter(|n| *n > 0)
        .unwrap_or(usize::MAX);
    for (i, c) in r.all(&s[from..], most).into_iter().enumerate() {
        let Some(m) = c.get(0) else { continue };
        if occurrence > 0 && i as i64 + 1 != occurrence {
            continue;
        }
        out.push_str(&s[last..from + m.start]);
        expand(&c, template, dollar, &mut out);
        last = from + m.end;
        if occurrence > 0 {
            break;
        }
    }
    out.push_str(&s[last..]);
    out
}

/// Snowflake: `regexp_replace(subject, pattern [, replacement [, position [, occurrence [, parameters]]]])`.
pub fn regexp_replace(call: &Call<'_>) -> Result<ArrayRef> {
    let (s, p) = (call.text(0)?, call.text(1)?);
    let args = Args { call };
    let mut cache = Cache::new(call, false);
    call.map_text(|row| {
        let (Some(s), Some(p), Some(to), Some(at), Some(n), Some(f)) = (
            s.get(row),
            p.get(row),
            args.text(2, row, "")?,
            args.int(3, row, 1)?,
            args.int(4, row, 0)?,
            args.text(5, row, "c")?,
        ) else {
            return Ok(None);
        };
        check_position(call, at, "position")?;
        let Some(from) = offset(s, at) else {
            return Ok(Some(s.to_owned()));
        };
        Ok(Some(replace_matches(
            &cache.get(p, f)?,
            s,
            from,
            to,
            false,
            n,
        )))
    })
}

/// Redshift: `regexp_replace(source, pattern [, replacement [, position [, parameters]]])`.
pub fn regexp_replace_redshift(call: &Call<'_>) -> Result<ArrayRef> {
    let (s, p) = (call.text(0)?, call.text(1)?);
    let args = Args { call };
    let mut cache = Cache::new(call, false);
    call.map_text(|row| {
        let (Some(s), Some(p), Some(to), Some(at), Some(f)) = (
            s.get(row),
            p.get(row),
            args.text(2, row, "")?,
            args.int(3, row, 1)?,
            args.text(4, row, "c")?,
        ) else {
            return Ok(None);
        };
        check_position(call, at, "position")?;
        let Some(from) = offset(s, at) else {
            return Ok(Some(s.to_owned()));
        };
        Ok(Some(replace_matches(
            &cache.get(p, f)?,
            s,
            from,
            to,
            true,
            0,
        )))
    })
}
