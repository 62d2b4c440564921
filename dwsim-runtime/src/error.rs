//! What can go wrong between a test and a warehouse.
//! Broken snapshots and test files have their own errors in [`crate::snapshot`] and [`crate::sqltest`].

use crate::Dialect;
use std::fmt;
use std::time::Duration;

/// A refusal by a warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// Which warehouse.
    pub dialect: Dialect,
    /// SQLSTATE on Redshift (`42703`), Snowflake's own code there (`000904`).
    pub code: String,
    /// The message, in the warehouse's words.
    pub message: String,
    /// Where in the statement, if the warehouse says so.
    pub position: Option<Position>,
}

/// A place in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The place of the `index`-th character (from 1), as PostgreSQL counts.
    #[must_use]
    pub fn of_character(sql: &str, index: usize) -> Self {
        let before = sql.chars().take(index.saturating_sub(1));
        before.fold(Position { line: 1, column: 1 }, |at, c| match c {
            '\n' => Position {
                line: at.line + 1,
                column: 1,
            },
            _ => Position {
                line: at.line,
                column: at.column + 1,
            },
        })
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.dialect, self.code, self.message)?;
        match self.position {
            Some(at) => write!(f, " (line {}, column {})", at.line, at.column),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SqlError {}

/// An error of a connection or of what is built on it.
#[derive(thiserror::Error)]
pub enum Error {
    /// The warehouse refused a statement. The connection can be used further.
    #[error(transparent)]
    Sql(Box<SqlError>),
    /// No connection.
    #[error("cannot connect to {dialect} at {address}: {source}")]
    Connect {
        /// Which warehouse.
        dialect: Dialect,
        /// Host and port.
        address: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The connection broke, or was closed by the server. It cannot be used further.
    #[error("the connection to {dialect} is broken: {message}")]
    Broken {
        /// Which warehouse.
        dialect: Dialect,
        /// What happened.
        message: String,
    },
    /// The server sent something that its protocol does not allow.
    #[error("{dialect} answered against its protocol: {message}")]
    Protocol {
        /// Which warehouse.
        dialect: Dialect,
        /// What is wrong.
        message: String,
    },
    /// No answer in time. The connection cannot be used further.
    #[error("{dialect} has not answered within {} s", limit.as_secs())]
    Timeout {
        /// Which warehouse.
        dialect: Dialect,
        /// The limit.
        limit: Duration,
    },
    /// A value that the server sent is none of its column's type, or none that can be held.
    #[error("column `{column}`: {message}")]
    Value {
        /// The column.
        column: String,
        /// What is wrong.
        message: String,
    },
    /// Anything else about the test's set-up: no project, no emulators, no template.
    #[error("{0}")]
    Setup(String),
}

/// As `Display`: a test that returns an error shows it to a person by `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// The warehouse's refusal, if it is one.
    #[must_use]
    pub fn as_sql(&self) -> Option<&SqlError> {
        match self {
            Error::Sql(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        Error::Sql(Box::new(error))
    }
}

/// The result of most of this crate's functions, and of a test.
pub type Result<T, E = Error> = std::result::Result<T, E>;
