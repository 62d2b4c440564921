//! Reads a `.snap` file; every error names the file and the line.
//! The grammar is documented in the parent module and written by `render`.

use super::model::{Answer, Hashes, RowOrder, Snapshot};
use super::render::{MAGIC, native_of};
use crate::Dialect;
use crate::value::cell::{self, parse_text};
use crate::value::{Column, ResultTable};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Why a snapshot could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The snapshot.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is there, but is not a snapshot of this format.
    #[error("{}:{line}: {message}", path.display())]
    Format {
        /// The snapshot.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

/// Reads a snapshot file.
///
/// # Errors
/// [`SnapshotError::Io`] when it cannot be read, [`SnapshotError::Format`] with file and line when it is no snapshot.
pub fn read(path: &Path) -> Result<Snapshot, SnapshotError> {
    let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::InvalidData => SnapshotError::Format {
            path: path.to_path_buf(),
            line: 1,
            message: "this is no snapshot: it is not UTF-8".to_string(),
        },
        _ => SnapshotError::Io {
            path: path.to_path_buf(),
            source,
        },
    })?;
    Snapshot::parse(&text, path)
}

impl Snapshot {
    /// Reads the text of a snapshot; `path` is for messages only.
    ///
    /// # Errors
    /// [`SnapshotError::Format`] with the line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SnapshotError> {
        // a checkout may have turned LF into CRLF; no line of a snapshot ends with a bare CR
        let lines: Vec<&str> = text.lines().collect();
        let mut parser = Parser { lines, at: 0 };
        parser
            .snapshot()
            .map_err(|(line, message)| SnapshotError::Format {
                path: path.to_path_buf(),
                line,
                message,
            })
    }
}

/// Line number (from 1) and what is wrong there.
type Wrong = (usize, String);

struct Parser<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

/// What the lines after the header say about one dialect, so far.
#[derive(Default)]
struct Draft {
    columns: Option<Vec<Column>>,
    answer: Option<Answer>,
}

impl<'a> Parser<'a> {
    fn wrong<T>(&self, message: impl Into<String>) -> Result<T, Wrong> {
        Err((self.at.clamp(1, self.lines.len().max(1)), message.into()))
    }

    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.at).copied()
    }

    /// The next line; afterwards `self.at` is its number, from 1.
    fn next(&mut self) -> Option<&'a str> {
        let line = self.peek()?;
        self.at += 1;
        Some(line)
    }

    fn snapshot(&mut self) -> Result<Snapshot, Wrong> {
        if let Some(conflict) = self.lines.iter().position(|line| {
            line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || *line == "======="
        }) {
            return Err((
                conflict + 1,
                "a merge conflict is not resolved here".to_string(),
            ));
        }
        let mut snapshot = Snapshot::default();
        let dialects = self.header(&mut snapshot)?;
        let mut drafts: BTreeMap<Dialect, Draft> =
            dialects.iter().map(|d| (*d, Draft::default())).collect();
        self.shared_columns(&mut drafts)?;
        let mut needs_reason = None;
        let mut open = false;
        while let Some(line) = self.next() {
            let Some(section) = line.strip_prefix("--- ") else {
                return self.wrong(format!(
                    "a section like `--- 3 rows` is expected here, not `{line}`"
                ));
            };
            if let Some(reason) = section.strip_prefix("diverges:") {
                let Some(reason) =
                    parse_text(reason.trim()).filter(|reason| !reason.trim().is_empty())
                else {
                    return self.wrong(
                        "a divergence needs a reason: `--- diverges: why the warehouses differ`",
                    );
                };
                if snapshot
                    .reason
                    .as_ref()
                    .is_some_and(|first| *first != reason)
                {
                    return self.wrong("a snapshot has one reason; further differences begin with a bare `--- diverges`");
                }
                snapshot.reason = Some(reason);
                open = true;
            } else if section == "diverges" {
                if snapshot.reason.is_none() {
                    return self.wrong(
                        "a divergence needs a reason: `--- diverges: why the warehouses differ`",
                    );
                }
                open = true;
            } else {
                let head = self.at;
                match self.section(section, &mut drafts)? {
                    Own::Shared => open = false,
                    Own::Dialect if !open && needs_reason.is_none() => needs_reason = Some(head),
                    _ => {}
                }
            }
        }
        for (dialect, draft) in drafts {
            match draft.answer {
                Some(answer) => snapshot.answers.insert(dialect, answer),
                None => return self.wrong(format!("the file ends without an answer of {dialect}")),
            };
        }
        snapshot.normalise();
        if let Some(line) = needs_reason
            && snapshot.diverges()
        {
            return Err((
                line,
                "what only one warehouse answers needs `--- diverges: reason` before it"
                    .to_string(),
            ));
        }
        if snapshot.reason.is_none() && snapshot.diverges() {
            return self
                .wrong("the warehouses' answers differ, but no `--- diverges: reason` says why");
        }
        Ok(snapshot)
    }

    /// Everything up to the bare `---`; the dialects the file speaks for.
    fn header(&mut self, snapshot: &mut Snapshot) -> Result<Vec<Dialect>, Wrong> {
        match self.next() {
            Some(MAGIC) => {}
            Some(line)
                if line
                    .strip_prefix("dwsim-snapshot ")
                    .is_some_and(|v| v.parse::<u32>().is_ok_and(|v| v > 1)) =>
            {
                return self.wrong(format!(
                    "`{line}` was written by a newer dwsim; this one reads `{MAGIC}`"
                ));
            }
            _ => return self.wrong(format!("a snapshot begins with `{MAGIC}`")),
        }
        let mut dialects = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let Some(line) = self.next() else {
                return self.wrong("the header ends without `---`");
            };
            if line == "---" {
                break;
            }
            let Some((key, value)) = line.split_once(": ") else {
                return self.wrong(format!("the header has lines `key: value`, not `{line}`"));
            };
            if seen.contains(&key) {
                return self.wrong(format!("`{key}` is there twice"));
            }
            seen.push(key);
            match key {
                "source" => match parse_text(value) {
                    Some(source) => snapshot.source = source,
                    None => return self.wrong("the source is not closed"),
                },
                "dialects" => {
                    for name in value.split(", ") {
                        match Dialect::from_name(name) {
                            Some(dialect) if !dialects.contains(&dialect) => dialects.push(dialect),
                            Some(_) => return self.wrong(format!("`{name}` is there twice")),
                            None => {
                                return self
                                    .wrong(format!("`{name}` is neither redshift nor snowflake"));
                            }
                        }
                    }
                }
                "order" => match value {
                    "exact" => snapshot.order = RowOrder::Exact,
                    "any" => snapshot.order = RowOrder::Any,
                    _ => return self.wrong(format!("the order is exact or any, not `{value}`")),
                },
                "hash" => snapshot.hash = self.hashes(value)?,
                "confirmed" => snapshot.confirmed = self.confirmed(value)?,
                _ => {
                    return self.wrong(format!(
                        "`{key}` is no key of a snapshot: source, dialects, order, hash, confirmed"
                    ));
                }
            }
        }
        for key in ["source", "dialects", "order"] {
            if !seen.contains(&key) {
                return self.wrong(format!("the header lacks `{key}:`"));
            }
        }
        Ok(dialects)
    }

    fn confirmed(&self, text: &str) -> Result<BTreeMap<Dialect, String>, Wrong> {
        let mut confirmed = BTreeMap::new();
        for part in text.split(' ') {
            let read = part
                .split_once('=')
                .and_then(|(name, day)| Some((Dialect::from_name(name)?, day)))
                .filter(|(_, day)| chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok());
            match read {
                Some((dialect, day)) => confirmed.insert(dialect, day.to_string()),
                None => {
                    return self.wrong(format!(
                        "`{part}` is no warehouse and day such as redshift=2026-11-22"
                    ));
                }
            };
        }
        Ok(confirmed)
    }

    fn hashes(&self, text: &str) -> Result<Hashes, Wrong> {
        let mut hashes = Hashes::default();
        for part in text.split(' ') {
            match part.split_once('=') {
                Some(("sql", hash)) => hashes.sql = Some(hash.to_string()),
                Some(("data", hash)) => hashes.data = Some(hash.to_string()),
                _ => return self.wrong(format!("`{part}` is neither sql=… nor data=…")),
            }
        }
        Ok(hashes)
    }

    /// Columns that all dialects share, if any are there.
    fn shared_columns(&mut self, drafts: &mut BTreeMap<Dialect, Draft>) -> Result<(), Wrong> {
        let mut shared: BTreeMap<Dialect, Vec<Column>> = BTreeMap::new();
        while let Some(line) = self.peek().filter(|line| !line.starts_with("---")) {
            self.at += 1;
            let (name, rest) = self.column_line(line)?;
            let (ty, annotations) = match rest.split_once("   [") {
                Some((ty, each)) => match each.strip_suffix(']') {
                    Some(each) => (ty, each),
                    None => return self.wrong("the brackets after the type are not closed"),
                },
                None => (rest, ""),
            };
            let ty = self.token(ty)?;
            let mut own = self.annotations(annotations)?;
            let annotated = !own.is_empty();
            let single = drafts.len() == 1;
            for dialect in drafts.keys() {
                let column = match own.remove(dialect) {
                    Some((native, alias)) => {
                        Column::new(alias.unwrap_or_else(|| name.clone()), native)
                    }
                    None if annotated => {
                        return self
                            .wrong(format!("the brackets do not give the type of {dialect}"));
                    }
                    None if single => Column::new(name.clone(), ty.clone()),
                    None => Column::new(name.clone(), native_of(*dialect, &ty)),
                };
                shared.entry(*dialect).or_default().push(column);
            }
            if let Some(other) = own.keys().next() {
                return self.wrong(format!("`dialects:` does not name {other}"));
            }
        }
        for (dialect, columns) in shared {
            if let Some(draft) = drafts.get_mut(&dialect) {
                draft.columns = Some(columns);
            }
        }
        Ok(())
    }

    /// `redshift bigint; snowflake number(18,0) as "COUNT(*)"`
    fn annotations(
        &self,
        text: &str,
    ) -> Result<BTreeMap<Dialect, (String, Option<String>)>, Wrong> {
        let mut found = BTreeMap::new();
        if text.is_empty() {
            return Ok(found);
        }
        for part in split_outside_quotes(text, "; ") {
            let Some((dialect, rest)) = part
                .split_once(' ')
                .and_then(|(d, rest)| Some((Dialect::from_name(d)?, rest)))
            else {
                return self.wrong(format!("`{part}` is not `dialect type`"));
            };
            let mut words = split_outside_quotes(rest, " as ").into_iter();
            let native = self.token(words.next().unwrap_or_default())?;
            let alias = words.next().map(|alias| self.token(alias)).transpose()?;
            if found.insert(dialect, (native, alias)).is_some() {
                return self.wrong(format!("{dialect} is there twice"));
            }
        }
        Ok(found)
    }

    /// `name: type…`, the name unquoted.
    fn column_line(&self, line: &'a str) -> Result<(String, &'a str), Wrong> {
        let parts = split_outside_quotes(line, ": ");
        match parts.as_slice() {
            [name, _, ..] if !name.is_empty() => Ok((self.token(name)?, &line[name.len() + 2..])),
            _ => self.wrong(format!("a column is `name: type`, not `{line}`")),
        }
    }

    fn token(&self, text: &str) -> Result<String, Wrong> {
        match parse_text(text) {
            Some(text) => Ok(text),
            None => self.wrong(format!("the quotes of {text} are not closed")),
        }
    }

    /// One section after `--- `; whether it belongs to one dialect.
    fn section(
        &mut self,
        section: &str,
        drafts: &mut BTreeMap<Dialect, Draft>,
    ) -> Result<Own, Wrong> {
        let (own, what) = match section
            .split_once(' ')
            .and_then(|(d, rest)| Some((Dialect::from_name(d)?, rest)))
        {
            Some((dialect, rest)) => (Some(dialect), rest),
            None => (None, section),
        };
        if let Some(dialect) = own
            && !drafts.contains_key(&dialect)
        {
            return self.wrong(format!("`dialects:` does not name {dialect}"));
        }
        let targets: Vec<Dialect> = drafts
            .keys()
            .copied()
            .filter(|d| own.is_none_or(|own| own == *d))
            .collect();
        if what == "columns" {
            if own.is_none() {
                return self.wrong("shared columns stand above, before the first section");
            }
            let mut columns = Vec::new();
            while let Some(line) = self.peek().filter(|line| !line.starts_with("---")) {
                self.at += 1;
                let (name, ty) = self.column_line(line)?;
                columns.push(Column::new(name, self.token(ty)?));
            }
            for dialect in targets {
                if let Some(draft) = drafts.get_mut(&dialect) {
                    draft.columns = Some(columns.clone());
                }
            }
        } else if what == "done" {
            self.finish(drafts, &targets, Answer::Done { affected: None })?;
        } else if let Some(count) = what.strip_suffix(" affected") {
            let affected = Some(self.count(count)?);
            self.finish(drafts, &targets, Answer::Done { affected })?;
        } else if let Some(code) = what.strip_prefix("error ") {
            let code = self.token(code)?;
            let mut message = Vec::new();
            while let Some(line) = self.peek().filter(|line| !line.starts_with("---")) {
                self.at += 1;
                message.push(self.token(line)?);
            }
            self.finish(
                drafts,
                &targets,
                Answer::Error {
                    code,
                    message: message.join("\n"),
                },
            )?;
        } else {
            let count = self.count(what)?;
            self.rows(drafts, &targets, count)?;
        }
        Ok(if own.is_some() {
            Own::Dialect
        } else {
            Own::Shared
        })
    }

    /// `3 rows` -> 3.
    fn count(&self, text: &str) -> Result<u64, Wrong> {
        let number = text
            .strip_suffix(" rows")
            .or_else(|| text.strip_suffix(" row"));
        match number.and_then(|number| number.parse().ok()) {
            Some(count) => Ok(count),
            None => self.wrong(format!("`--- {text}` is no section of a snapshot")),
        }
    }

    fn finish(
        &self,
        drafts: &mut BTreeMap<Dialect, Draft>,
        targets: &[Dialect],
        answer: Answer,
    ) -> Result<(), Wrong> {
        for dialect in targets {
            if let Some(draft) = drafts.get_mut(dialect) {
                if draft.answer.is_some() {
                    return self.wrong(format!("{dialect} has answered above already"));
                }
                draft.answer = Some(answer.clone());
            }
        }
        Ok(())
    }

    fn rows(
        &mut self,
        drafts: &mut BTreeMap<Dialect, Draft>,
        targets: &[Dialect],
        count: u64,
    ) -> Result<(), Wrong> {
        let head = self.at;
        let lines = self.lines[head..].iter();
        let follow = lines.take_while(|line| !line.starts_with("---")).count();
        if u64::try_from(follow).ok() != Some(count) {
            return Err((
                head,
                format!("{count} rows are announced, but {follow} follow"),
            ));
        }
        for dialect in targets {
            let Some(draft) = drafts.get_mut(dialect) else {
                continue;
            };
            let columns = draft.columns.clone().unwrap_or_default();
            let empty = || {
                Answer::Rows(ResultTable {
                    columns,
                    rows: Vec::new(),
                })
            };
            let Answer::Rows(table) = draft.answer.get_or_insert_with(empty) else {
                return self.wrong(format!("{dialect} has answered above already"));
            };
            let types: Vec<_> = table.columns.iter().map(|column| column.ty).collect();
            table.rows.reserve(follow);
            for (i, line) in self.lines[head..head + follow].iter().enumerate() {
                let at = head + i + 1;
                let cells = cell::split_row(line, &types).map_err(|message| (at, message))?;
                let mut row = Vec::with_capacity(cells.len());
                for (cell, column) in cells.iter().zip(&table.columns) {
                    let wrong = |e| (at, format!("column `{}` on {dialect}: {e}", column.name));
                    row.push(cell::parse(cell, column.ty).map_err(wrong)?);
                }
                table.rows.push(row);
            }
        }
        self.at = head + follow;
        Ok(())
    }
}

/// Whom a section belongs to.
enum Own {
    Shared,
    Dialect,
}

/// Splits at a separator that stands outside JSON quotes.
fn split_outside_quotes<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut i) = (Vec::new(), 0, 0);
    let (mut quoted, mut escaped) = (false, false);
    let bytes = text.as_bytes();
    while i < bytes.len() {
        if quoted {
            match bytes[i] {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
        } else if bytes[i] == b'"' {
            quoted = true;
        } else if bytes[i..].starts_with(separator.as_bytes()) {
            parts.push(&text[start..i]);
            i += separator.len();
            start = i;
            continue;
        }
        i += 1;
    }
    parts.push(&text[start..]);
    parts
}
