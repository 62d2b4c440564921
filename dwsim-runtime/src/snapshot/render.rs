//! Writes a snapshot as text.
//! The grammar is documented in the parent module and read back by `parse`.

use super::agree::{Hunk, columns_agree, hunks, shared_type};
use super::model::{Answer, Snapshot};
use crate::Dialect;
use crate::value::cell::{self, SEPARATOR, json_string, quote_if_ambiguous};
use crate::value::{Column, Value};
use std::fmt;

/// The first line of every snapshot.
pub(super) const MAGIC: &str = "dwsim-snapshot 1";

/// The text of the `.snap` file, LF line ends, a newline at the end. Unordered rows must have been sorted by
/// [`Snapshot::normalise`].
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MAGIC}")?;
        writeln!(f, "source: {}", quote_if_ambiguous(&self.source))?;
        let dialects: Vec<&str> = self.answers.keys().map(|dialect| dialect.name()).collect();
        writeln!(f, "dialects: {}", dialects.join(", "))?;
        writeln!(f, "order: {}", self.order)?;
        let hashes = [("sql", &self.hash.sql), ("data", &self.hash.data)];
        let hashes: Vec<String> = hashes
            .iter()
            .filter_map(|(name, hash)| hash.as_ref().map(|hash| format!("{name}={hash}")))
            .collect();
        if !hashes.is_empty() {
            writeln!(f, "hash: {}", hashes.join(" "))?;
        }
        let confirmed: Vec<String> = self
            .confirmed
            .iter()
            .map(|(dialect, day)| format!("{}={day}", dialect.name()))
            .collect();
        if !confirmed.is_empty() {
            writeln!(f, "confirmed: {}", confirmed.join(" "))?;
        }
        writeln!(f, "---")?;
        let answers: Vec<(Dialect, &Answer)> = self
            .answers
            .iter()
            .map(|(dialect, answer)| (*dialect, answer))
            .collect();
        match answers.as_slice() {
            [] => Ok(()),
            [(_, answer)] => {
                write_columns(f, answer.columns())?;
                write_answer(f, None, answer)
            }
            [(first, a), (second, b), ..] => self.write_both(f, (*first, a), (*second, b)),
        }
    }
}

impl Snapshot {
    fn write_both(
        &self,
        f: &mut fmt::Formatter<'_>,
        a: (Dialect, &Answer),
        b: (Dialect, &Answer),
    ) -> fmt::Result {
        match (a.1, b.1) {
            (Answer::Rows(x), Answer::Rows(y)) if columns_agree(&x.columns, &y.columns) => {
                for (p, q) in x.columns.iter().zip(&y.columns) {
                    writeln!(f, "{}", shared_column((a.0, p), (b.0, q)))?;
                }
                let mut reason = self.reason.as_deref();
                let hunks = hunks(&x.rows, &y.rows, self.order);
                let several = hunks.len() > 1;
                for hunk in hunks {
                    match hunk {
                        Hunk::Shared(rows) if rows.is_empty() && several => {}
                        Hunk::Shared(rows) => write_rows(f, None, &rows)?,
                        Hunk::Own(own_a, own_b) => {
                            write_diverges(f, reason.take())?;
                            write_rows(f, Some(a.0), &own_a)?;
                            write_rows(f, Some(b.0), &own_b)?;
                        }
                    }
                }
                Ok(())
            }
            (Answer::Done { affected: x }, Answer::Done { affected: y }) if x == y => {
                write_answer(f, None, a.1)
            }
            _ => {
                if !matches!((a.1, b.1), (Answer::Error { .. }, Answer::Error { .. })) {
                    write_diverges(f, self.reason.as_deref())?;
                }
                for (dialect, answer) in [a, b] {
                    if let Answer::Rows(table) = answer {
                        writeln!(f, "--- {dialect} columns")?;
                        write_columns(f, &table.columns)?;
                    }
                    write_answer(f, Some(dialect), answer)?;
                }
                Ok(())
            }
        }
    }
}

fn write_diverges(f: &mut fmt::Formatter<'_>, reason: Option<&str>) -> fmt::Result {
    match reason {
        Some(reason) => writeln!(f, "--- diverges: {}", quote_if_ambiguous(reason)),
        None => writeln!(f, "--- diverges"),
    }
}

fn write_columns(f: &mut fmt::Formatter<'_>, columns: &[Column]) -> fmt::Result {
    for column in columns {
        writeln!(f, "{}: {}", token(&column.name), token(&column.native))?;
    }
    Ok(())
}

/// `orders: int   [redshift bigint; snowflake number(18,0)]`
fn shared_column(a: (Dialect, &Column), b: (Dialect, &Column)) -> String {
    let shared = shared_type(a.1, b.1).unwrap_or_else(|| a.1.ty.name().to_string());
    let name = token(&a.1.name);
    let same_name = a.1.name == b.1.name;
    // numeric(10,2) and number(10,2) are one type in two spellings, which decimal(10,2) stands for
    let spelled = |column: &Column| crate::value::types::shared_spelling(&column.native) == shared;
    if same_name && spelled(a.1) && spelled(b.1) && standard(a) && standard(b) {
        return format!("{name}: {shared}");
    }
    let each = [a, b].map(|(dialect, column)| {
        let alias = if column.name == a.1.name {
            String::new()
        } else {
            format!(" as {}", token(&column.name))
        };
        format!("{dialect} {}{alias}", token(&column.native))
    });
    format!("{name}: {shared}   [{}]", each.join("; "))
}

/// Does the shared spelling lead back to this native name? See [`native_of`].
fn standard((dialect, column): (Dialect, &Column)) -> bool {
    native_of(
        dialect,
        &crate::value::types::shared_spelling(&column.native),
    ) == column.native
}

/// The name a dialect has for a shared spelling: `decimal(10,2)` is `numeric(10,2)` on Redshift.
pub(super) fn native_of(dialect: Dialect, shared: &str) -> String {
    match (dialect, shared.strip_prefix("decimal(")) {
        (Dialect::Redshift, Some(rest)) => format!("numeric({rest}"),
        (Dialect::Snowflake, Some(rest)) => format!("number({rest}"),
        (Dialect::Redshift, None) if shared == "float" => "double precision".to_string(),
        _ => shared.to_string(),
    }
}

fn write_answer(
    f: &mut fmt::Formatter<'_>,
    dialect: Option<Dialect>,
    answer: &Answer,
) -> fmt::Result {
    match answer {
        Answer::Rows(table) => {
            let rows: Vec<&[Value]> = table.rows.iter().map(Vec::as_slice).collect();
            write_rows(f, dialect, &rows)
        }
        Answer::Done { affected: None } => writeln!(f, "--- {}done", prefix(dialect)),
        Answer::Done { affected: Some(n) } => {
            writeln!(f, "--- {}{} affected", prefix(dialect), count(*n))
        }
        Answer::Error { code, message } => {
            writeln!(f, "--- {}error {}", prefix(dialect), token(code))?;
            for line in message.split('\n') {
                writeln!(f, "{}", quote_if_ambiguous(line))?;
            }
            Ok(())
        }
    }
}

fn write_rows(
    f: &mut fmt::Formatter<'_>,
    dialect: Option<Dialect>,
    rows: &[&[Value]],
) -> fmt::Result {
    writeln!(f, "--- {}{}", prefix(dialect), count(rows.len() as u64))?;
    for row in rows {
        for (i, value) in row.iter().enumerate() {
            if i > 0 {
                f.write_str(SEPARATOR)?;
            }
            f.write_str(&cell::render(value))?;
        }
        f.write_str("\n")?;
    }
    Ok(())
}

fn prefix(dialect: Option<Dialect>) -> String {
    dialect.map_or(String::new(), |dialect| format!("{dialect} "))
}

fn count(n: u64) -> String {
    if n == 1 {
        "1 row".to_string()
    } else {
        format!("{n} rows")
    }
}

/// A name, type or code: JSON-quoted where the header's own signs stand in it.
pub(super) fn token(text: &str) -> String {
    let quoted = quote_if_ambiguous(text);
    if quoted.starts_with('"') {
        return quoted;
    }
    let signs =
        text.contains([':', '[', ']', ';', '"']) || text.contains(" as ") || text.contains("   ");
    if signs { json_string(text) } else { quoted }
}
