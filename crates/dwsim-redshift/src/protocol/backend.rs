//! Messages to the client: what `pgwire` encodes, and errors with the fields that Redshift's clients read.
//! When they are sent is decided in `connection` and `extended`.

use bytes::BytesMut;
use dwsim_engine::error::{Position, SqlError};
use dwsim_engine::types::ColumnInfo;
use pgwire::error::PgWireResult;
use pgwire::messages::Message;
use pgwire::messages::data::{FieldDescription, RowDescription};
use pgwire::messages::response::{ErrorResponse, NoticeResponse};

use super::types;

/// How bad an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The statement failed.
    Error,
    /// The connection ends.
    Fatal,
}

impl Severity {
    const fn word(self) -> &'static str {
        match self {
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
        }
    }
}

/// Appends a message. Encoding fails only beyond the protocol's length limits.
pub fn put(message: &impl Message, out: &mut BytesMut) -> PgWireResult<()> {
    message.encode(out)
}

/// An error without a place.
pub fn error(severity: Severity, sqlstate: &str, text: &str) -> ErrorResponse {
    ErrorResponse::new(vec![
        (b'S', severity.word().into()),
        (b'V', severity.word().into()),
        (b'C', sqlstate.into()),
        (b'M', text.into()),
    ])
}

/// The engine's error; `sql` is the text in which its position counts.
pub fn sql_error(e: &SqlError, sql: &str) -> ErrorResponse {
    let shown = e.redshift();
    // A message of several lines carries its detail below the first one.
    let (text, detail) = match shown.message.split_once('\n') {
        Some((first, rest)) => (first, Some(rest)),
        None => (shown.message.as_str(), None),
    };
    let mut response = error(Severity::Error, &shown.sqlstate, text);
    if let Some(detail) = detail {
        response.fields.push((b'D', detail.into()));
    }
    if let Some(at) = e.position.and_then(|p| characters_before(sql, p)) {
        response.fields.push((b'P', (at + 1).to_string()));
    }
    response
}

/// Characters of `sql` before a place given by line and column.
fn characters_before(sql: &str, at: Position) -> Option<usize> {
    let mut line = 1;
    let mut column = 1;
    for (count, c) in sql.chars().enumerate() {
        if (line, column) == (at.line, at.column) {
            return Some(count);
        }
        if c == '\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    ((line, column) == (at.line, at.column)).then(|| sql.chars().count())
}

/// A message that is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// INFO, NOTICE or WARNING.
    pub severity: &'static str,
    /// SQLSTATE.
    pub sqlstate: &'static str,
    /// Text.
    pub text: String,
}

impl Notice {
    /// An INFO.
    pub fn info(text: impl Into<String>) -> Self {
        Notice {
            severity: "INFO",
            sqlstate: "00000",
            text: text.into(),
        }
    }

    /// A WARNING.
    pub fn warning(sqlstate: &'static str, text: impl Into<String>) -> Self {
        Notice {
            severity: "WARNING",
            sqlstate,
            text: text.into(),
        }
    }

    /// As a protocol message.
    pub fn message(&self) -> NoticeResponse {
        NoticeResponse::new(vec![
            (b'S', self.severity.into()),
            (b'V', self.severity.into()),
            (b'C', self.sqlstate.into()),
            (b'M', self.text.clone()),
        ])
    }
}

/// Describes result columns.
pub fn row_description(columns: &[ColumnInfo], formats: &[i16]) -> RowDescription {
    RowDescription::new(
        columns
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let (table, ordinal) = c
                    .origin
                    .as_ref()
                    .map_or((0, 0), |o| (o.oid as i32, o.ordinal as i16));
                FieldDescription::new(
                    c.name.clone(),
                    table,
                    ordinal,
                    types::column_oid(c),
                    types::size(&c.ty),
                    types::modifier(&c.ty),
                    super::frontend::format_of(formats, i),
                )
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let at = |line, column| characters_before("sel\nä x", Position { line, column });
        assert_eq!(at(1, 1), Some(0));
        assert_eq!(at(2, 1), Some(4));
        assert_eq!(at(2, 3), Some(6));
        assert_eq!(at(2, 4), Some(7));
        assert_eq!(at(9, 1), None);
    }
}
