//! Snapshots that stand in the test itself: `assert_sql_snapshot!(wh, "select 1", @"…")`. Finds the literal in the
//! source file, reads a snapshot from it, and puts another one in its place.
//!
//! The text is a snapshot's without its header: columns and sections. What the header would say follows from the test;
//! only a test of a single dialect begins with `dialects: redshift` and `---`.

use super::model::{RowOrder, Snapshot};
use super::parse::SnapshotError;
use super::render::MAGIC;
use crate::Dialect;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Where an assertion with an inline snapshot stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InlineSite {
    /// The source file, relative to the project, with `/`.
    pub file: String,
    /// Line of the macro, from 1.
    pub line: u32,
    /// Column of the macro in characters, from 1.
    pub column: u32,
}

impl InlineSite {
    /// The name under which its pending results are kept: `tests/orders.rs@12-5.snap`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}@{}-{}.snap", self.file, self.line, self.column)
    }

    /// The site of such a name; nothing for a snapshot that is a file.
    #[must_use]
    pub fn of(id: &str) -> Option<Self> {
        let (file, place) = id.strip_suffix(".snap")?.rsplit_once('@')?;
        let (line, column) = place.split_once('-')?;
        Some(InlineSite {
            file: file.to_string(),
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    }
}

/// Reads the text of an inline snapshot; an empty one is none yet.
///
/// # Errors
/// [`SnapshotError::Format`] with the line in the literal.
pub fn parse_inline(
    text: &str,
    source: &str,
    order: RowOrder,
    path: &Path,
) -> Result<Option<Snapshot>, SnapshotError> {
    let body = dedent(text);
    if body.is_empty() {
        return Ok(None);
    }
    let all = Dialect::ALL.map(Dialect::name).join(", ");
    let (dialects, body) = match body.strip_prefix("dialects: ") {
        Some(rest) => rest.split_once("\n---\n").unwrap_or((rest, "")),
        None => (all.as_str(), body.as_str()),
    };
    let source = crate::value::cell::quote_if_ambiguous(source);
    let whole =
        format!("{MAGIC}\nsource: {source}\ndialects: {dialects}\norder: {order}\n---\n{body}\n");
    Snapshot::parse(&whole, path)
        .map(Some)
        .map_err(|e| match e {
            SnapshotError::Format {
                path,
                line,
                message,
            } => SnapshotError::Format {
                path,
                // the five lines of the header are not in the literal
                line: line.saturating_sub(5).max(1),
                message: format!("inline snapshot: {message}"),
            },
            other => other,
        })
}

/// The text of a snapshot as it stands in a literal, without indentation.
#[must_use]
pub fn inline_text(snapshot: &Snapshot) -> String {
    let whole = snapshot.to_string();
    let body = whole
        .split_once("\n---\n")
        .map_or("", |(_, body)| body)
        .trim_end_matches('\n');
    let dialects: Vec<&str> = snapshot.answers.keys().map(|d| d.name()).collect();
    if dialects.len() == Dialect::ALL.len() {
        body.to_string()
    } else {
        format!("dialects: {}\n---\n{body}", dialects.join(", "))
    }
}

/// The snapshot that stands in the source now, if any does.
pub(crate) fn read(
    root: &Path,
    site: &InlineSite,
    source: &str,
    order: RowOrder,
) -> Result<Option<Snapshot>, SnapshotError> {
    let (path, text, range) = locate(root, site)?;
    let literal = unquote(&text[range]).unwrap_or_default();
    parse_inline(&literal, source, order, &path)
}

/// The source with the snapshot in the place of the literal, and how many lines it has become longer by.
pub(crate) fn replaced(
    root: &Path,
    site: &InlineSite,
    snapshot: &Snapshot,
) -> Result<(PathBuf, String, i64), SnapshotError> {
    let (path, text, range) = locate(root, site)?;
    let line = text.lines().nth(site.line as usize - 1).unwrap_or_default();
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let literal = quote(&inline_text(snapshot), &indent);
    let lines = |text: &str| i64::try_from(text.matches('\n').count()).unwrap_or(0);
    let grown = lines(&literal) - lines(&text[range.clone()]);
    let new = format!("{}{literal}{}", &text[..range.start], &text[range.end..]);
    Ok((path, new, grown))
}

fn locate(
    root: &Path,
    site: &InlineSite,
) -> Result<(PathBuf, String, Range<usize>), SnapshotError> {
    let path = root.join(&site.file);
    let text = std::fs::read_to_string(&path).map_err(|source| SnapshotError::Io {
        path: path.clone(),
        source,
    })?;
    match literal_of(&text, site) {
        Some(range) => Ok((path, text, range)),
        None => Err(SnapshotError::Format {
            path,
            line: site.line as usize,
            message:
                "no assertion with an inline snapshot stands here any more; run its test again"
                    .to_string(),
        }),
    }
}

/// The bytes of the literal after `@` in the macro that begins at the site.
fn literal_of(text: &str, site: &InlineSite) -> Option<Range<usize>> {
    let line_start = text
        .split_inclusive('\n')
        .take(site.line.checked_sub(1)? as usize)
        .map(str::len)
        .sum::<usize>();
    let line = text.get(line_start..)?;
    let column = site.column.checked_sub(1)? as usize;
    let start = line_start + line.char_indices().nth(column)?.0;
    let rest = text.get(start..)?;
    let name = rest.find('!')?;
    // the macro's path and nothing else stands here: another one further down is another assertion
    let in_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '#');
    if !rest[..name].ends_with("_snapshot") || !rest[..name].chars().all(in_path) {
        return None;
    }
    let mut at = start + name + 1;
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    while at < bytes.len() {
        if let Some(end) = literal_end(text, at) {
            at = end;
            continue;
        }
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return None;
                }
            }
            b'@' if depth == 1 => {
                let begin = at + 1 + (text[at + 1..].len() - text[at + 1..].trim_start().len());
                return literal_end(text, begin)
                    .filter(|_| matches!(bytes[begin], b'"' | b'r'))
                    .map(|end| begin..end);
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The end of the comment, string or character that begins here, if one does.
fn literal_end(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    if rest.starts_with("//") {
        return Some(at + rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        let (mut depth, mut i) = (0usize, 0);
        while i < rest.len() {
            let tail = &rest.as_bytes()[i..];
            if tail.starts_with(b"/*") {
                depth += 1;
                i += 2;
            } else if tail.starts_with(b"*/") {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    return Some(at + i);
                }
            } else {
                i += 1;
            }
        }
        return Some(text.len());
    }
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let inside_word = text[..at].chars().next_back().is_some_and(word);
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'));
    if let Some(after) = raw.filter(|_| !inside_word) {
        let hashes = after.bytes().take_while(|b| *b == b'#').count();
        if after[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let body = at + (rest.len() - after.len()) + hashes + 1;
            return text[body..].find(&close).map(|i| body + i + close.len());
        }
    }
    if rest.starts_with('"') {
        let mut escaped = false;
        for (i, c) in rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return Some(at + i + 1),
                _ => {}
            }
        }
        return Some(text.len());
    }
    if let Some(after) = rest.strip_prefix('\'') {
        // a lifetime has no second quote
        let mut chars = after.char_indices();
        let (_, first) = chars.next()?;
        if first == '\\' {
            return after[1..].find('\'').map(|i| at + i + 3).map(|end| {
                if rest.as_bytes().get(2) == Some(&b'\'') {
                    at + 4
                } else {
                    end
                }
            });
        }
        return match chars.next() {
            Some((i, '\'')) => Some(at + i + 2),
            _ => None,
        };
    }
    None
}

/// The text of a string literal.
fn unquote(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        let hashes = raw.bytes().take_while(|b| *b == b'#').count();
        let inner = raw.get(hashes + 1..raw.len().checked_sub(hashes + 1)?)?;
        return Some(inner.to_string());
    }
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '0' => out.push('\0'),
            'x' => {
                let digits: String = chars.by_ref().take(2).collect();
                out.push(char::from(u8::from_str_radix(&digits, 16).ok()?));
            }
            'u' => {
                let digits: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
            }
            '\n' => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            other => out.push(other),
        }
    }
    Some(out)
}

/// A raw string literal of several lines, each indented as the line of the macro is.
fn quote(text: &str, indent: &str) -> String {
    let mut hashes = usize::from(text.contains('"'));
    while text.contains(&format!("\"{}", "#".repeat(hashes))) && hashes > 0 {
        hashes += 1;
    }
    let marks = "#".repeat(hashes);
    let mut out = format!("r{marks}\"\n");
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str(indent);
        }
        out.push_str(line);
        out.push('\n');
    }
    out + indent + "\"" + &marks
}

/// Without the line break after the opening quote, the indentation that all lines have in common, and the last line's.
fn dedent(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text).trim_end();
    let lines = || text.lines();
    let common = lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let stripped: Vec<&str> = lines()
        .map(|line| line.get(common..).unwrap_or_default())
        .collect();
    stripped.join("\n")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const SOURCE: &str = r##"fn t(wh: Warehouse) {
    // @"not this" 'x'
    let c = '"'; let l: &'static str = "é @";
    dwsim::assert_sql_snapshot!(wh, r#"select '"@' as q"#, @"");
    assert_sql_snapshot!(wh, /* @" */ "select ')' as b", @r"
    b: text   [redshift varchar(1); snowflake varchar(16777216)]
    --- 1 row
    )
    ");
}
"##;

    fn site(line: u32, column: u32) -> InlineSite {
        InlineSite {
            file: "t.rs".into(),
            line,
            column,
        }
    }

    #[test]
    fn names_go_both_ways() {
        let here = site(12, 5);
        assert_eq!(here.id(), "t.rs@12-5.snap");
        assert_eq!(InlineSite::of(&here.id()), Some(here));
        assert_eq!(InlineSite::of("tests/sql/a.snap"), None);
    }

    #[test]
    fn literals_are_found_and_replaced() {
        let first = literal_of(SOURCE, &site(4, 5)).unwrap();
        assert_eq!(&SOURCE[first], "\"\"");
        let second = literal_of(SOURCE, &site(5, 5)).unwrap();
        let text = unquote(&SOURCE[second]).unwrap();
        let snapshot = parse_inline(&text, "t.rs::t", RowOrder::Any, Path::new("t.rs"))
            .unwrap()
            .unwrap();
        assert_eq!(snapshot.answers.len(), 2);
        assert_eq!(inline_text(&snapshot), dedent(&text));
        assert_eq!(literal_of(SOURCE, &site(3, 5)), None);
        assert_eq!(literal_of(SOURCE, &site(99, 1)), None);

        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("t.rs"), SOURCE).unwrap();
        let (path, new, grown) = replaced(folder.path(), &site(4, 5), &snapshot).unwrap();
        assert_eq!(grown, 4);
        std::fs::write(path, &new).unwrap();
        let again = read(folder.path(), &site(4, 5), "t.rs::t", RowOrder::Any).unwrap();
        assert_eq!(again.unwrap().answers, snapshot.answers);
        assert!(literal_of(&new, &site(9, 5)).is_some(), "{new}");
    }

    #[test]
    fn literals_are_unquoted_and_quoted() {
        for (literal, text) in [
            (r#""a\n\t\"\\\x41\u{e9}""#, "a\n\t\"\\Aé"),
            ("\"a\\\n    b\"", "ab"),
            ("r\"a\\n\"", "a\\n"),
            ("r##\"a\"#b\"##", "a\"#b"),
        ] {
            assert_eq!(unquote(literal).as_deref(), Some(text), "{literal}");
        }
        for text in ["a | b", "say \"x\"", "\"# and \"##"] {
            let literal = quote(text, "    ");
            assert_eq!(literal_end(&literal, 0), Some(literal.len()), "{literal}");
            assert_eq!(dedent(&unquote(&literal).unwrap()), text);
        }
        assert_eq!(
            dedent("\n      a\n        b\n\n      c\n    "),
            "a\n  b\n\nc"
        );
    }

    #[test]
    fn faults_name_their_line() {
        let error = parse_inline("n: int\nno section", "t", RowOrder::Any, Path::new("t.rs"));
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("t.rs:2: inline snapshot"), "{error}");
        let one = "dialects: redshift\n---\nn: integer\n--- 1 row\n1";
        let snapshot = parse_inline(one, "t", RowOrder::Any, Path::new("t.rs"))
            .unwrap()
            .unwrap();
        assert_eq!(inline_text(&snapshot), one);
    }
}
