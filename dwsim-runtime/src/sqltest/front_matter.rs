//! The `-- dwsim: key = value` lines at the top of a SQL file.
//! Which keys mean what is documented in the parent module.

use crate::Dialect;
use crate::snapshot::{RedactKind, RowOrder};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What begins a line of front matter.
const MARK: &str = "-- dwsim:";

/// What a file's front matter says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrontMatter {
    /// Dialects it is restricted to.
    pub dialects: Option<Vec<Dialect>>,
    /// Columns whose values change from run to run.
    pub redact: BTreeMap<String, RedactKind>,
    /// Whether the order of rows counts, if the file says so.
    pub order: Option<RowOrder>,
    /// Must the last statement be refused?
    pub error: bool,
    /// Why it does not run on a dialect.
    pub skip: BTreeMap<Dialect, String>,
    /// Lints of `cargo dwsim check` that do not apply here, each with its reason.
    pub allow: BTreeMap<String, String>,
}

/// A line of front matter that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {message}")]
pub struct FrontMatterError {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Written {
    dialects: Option<Vec<String>>,
    redact: BTreeMap<String, String>,
    order: Option<String>,
    error: bool,
    allow: BTreeMap<String, String>,
    redshift: WrittenDialect,
    snowflake: WrittenDialect,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenDialect {
    skip: Option<String>,
}

impl FrontMatter {
    /// Reads the front matter of a file's text.
    ///
    /// # Errors
    /// The first wrong line: bad TOML, an unknown key, dialect or kind, an empty reason, or front matter that stands
    /// after SQL, where nobody would look for it.
    pub fn parse(text: &str) -> Result<Self, FrontMatterError> {
        // the same number of lines, so that TOML's line numbers are the file's
        let mut toml = String::new();
        let mut in_sql = None;
        for (i, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            match trimmed.strip_prefix(MARK) {
                Some(_) if in_sql.is_some() => {
                    return Err(wrong(
                        i + 1,
                        "`-- dwsim:` lines stand before the first statement",
                    ));
                }
                Some(rest) => toml.push_str(rest.trim_start()),
                None if !trimmed.is_empty() && !trimmed.starts_with("--") => in_sql = Some(i),
                None => {}
            }
            toml.push('\n');
        }
        let line_of = |offset: usize| toml[..offset.min(toml.len())].matches('\n').count() + 1;
        let written: Written = toml::from_str(&toml)
            .map_err(|e| wrong(e.span().map_or(1, |span| line_of(span.start)), e.message()))?;
        let find = |name: &str| {
            let at = text
                .lines()
                .position(|line| line.trim().starts_with(MARK) && line.contains(name));
            at.map_or(1, |at| at + 1)
        };
        let mut matter = FrontMatter {
            error: written.error,
            ..FrontMatter::default()
        };
        if let Some(names) = written.dialects {
            let mut dialects = Vec::new();
            for name in &names {
                match Dialect::from_name(name) {
                    Some(dialect) => dialects.push(dialect),
                    None => {
                        return Err(wrong(
                            find(name),
                            format!("`{name}` is neither redshift nor snowflake"),
                        ));
                    }
                }
            }
            if dialects.is_empty() {
                return Err(wrong(
                    find("dialects"),
                    "`dialects` is empty; a test runs on at least one",
                ));
            }
            dialects.sort();
            dialects.dedup();
            matter.dialects = Some(dialects);
        }
        for (lint, reason) in written.allow {
            if reason.trim().is_empty() {
                return Err(wrong(
                    find("allow"),
                    format!("why is `{lint}` allowed here? A reason is mandatory"),
                ));
            }
            matter.allow.insert(lint, reason);
        }
        for (column, kind) in written.redact {
            let Some(kind) = RedactKind::from_name(&kind) else {
                let known: Vec<&str> = RedactKind::ALL.iter().map(|(name, _)| *name).collect();
                return Err(wrong(
                    find(&format!("\"{kind}\"")),
                    format!("`{kind}` is no kind of redaction: {}", known.join(", ")),
                ));
            };
            matter.redact.insert(column, kind);
        }
        matter.order = match written.order.as_deref() {
            None => None,
            Some("exact") => Some(RowOrder::Exact),
            Some("any") => Some(RowOrder::Any),
            Some(other) => {
                return Err(wrong(
                    find("order"),
                    format!("the order is \"exact\" or \"any\", not \"{other}\""),
                ));
            }
        };
        for (dialect, written) in [
            (Dialect::Redshift, written.redshift),
            (Dialect::Snowflake, written.snowflake),
        ] {
            if let Some(reason) = written.skip {
                if reason.trim().is_empty() {
                    return Err(wrong(
                        find("skip"),
                        format!("`{dialect}.skip` is the reason why, and it is empty"),
                    ));
                }
                matter.skip.insert(dialect, reason);
            }
        }
        Ok(matter)
    }
}

fn wrong(line: usize, message: impl Into<String>) -> FrontMatterError {
    FrontMatterError {
        line,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read() {
        let text = "-- a comment\n-- dwsim: dialects = [\"snowflake\", \"redshift\"]\n-- dwsim: redact = { load_id = \"uuid\" }\n-- dwsim: snowflake.skip = \"no such function\"\n\nselect 1";
        let matter = FrontMatter::parse(text).expect(text);
        assert_eq!(matter.dialects, Some(Dialect::ALL.to_vec()));
        assert_eq!(matter.redact["load_id"], RedactKind::Uuid);
        assert_eq!(matter.skip[&Dialect::Snowflake], "no such function");
        assert_eq!(FrontMatter::parse("select 1"), Ok(FrontMatter::default()));
    }

    #[test]
    fn wrong_lines_are_named() {
        for (text, line, says) in [
            ("-- dwsim: dialects = [\"mysql\"]", 1, "mysql"),
            ("\n-- dwsim: colour = 1", 2, "colour"),
            (
                "-- dwsim: order = \"exact\"\n-- dwsim: redact = { a = \"x\" }",
                2,
                "redaction",
            ),
            ("-- dwsim: order = \"up\"", 1, "order"),
            ("-- dwsim: redshift.skip = \" \"", 1, "reason"),
            ("-- dwsim: redshift.skip = true", 1, "string"),
            ("select 1\n-- dwsim: order = \"any\"", 2, "before the first"),
            ("-- dwsim: dialects =", 1, ""),
            ("-- dwsim: dialects = []", 1, "empty"),
        ] {
            let error = FrontMatter::parse(text).expect_err(text);
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.message.contains(says), "{text}: {error}");
        }
    }
}
