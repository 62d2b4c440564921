//! Exceptions on their way to a handler, and what becomes of them when there is none.
//! Which handler takes which is decided by the interpreter.

use crate::error::{ErrorKind, Position, SqlError};

/// A raised exception.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// STATEMENT_ERROR, EXPRESSION_ERROR, or the name of a declared exception.
    pub name: String,
    /// SQLCODE.
    pub code: String,
    /// SQLSTATE.
    pub sqlstate: String,
    /// SQLERRM.
    pub message: String,
    /// Where the statement is.
    pub at: Position,
    /// The error behind it.
    pub error: SqlError,
}

impl Raised {
    /// An error of a statement of Snowflake.
    pub fn snowflake(name: &str, error: SqlError, at: Position) -> Self {
        let shown = error.snowflake();
        Raised {
            name: name.to_owned(),
            code: shown.code,
            sqlstate: shown.sqlstate,
            message: shown.message,
            at,
            error,
        }
    }

    /// An error of a statement of Redshift.
    pub fn redshift(error: SqlError, at: Position) -> Self {
        let shown = error.redshift();
        Raised {
            name: "OTHERS".to_owned(),
            code: String::new(),
            sqlstate: shown.sqlstate,
            message: shown.message,
            at,
            error,
        }
    }

    /// Whether no handler may stop it: the client or the clock ended the statement.
    pub fn is_final(&self) -> bool {
        matches!(
            *self.error.kind,
            ErrorKind::Canceled | ErrorKind::Timeout(_)
        )
    }

    /// The error that Snowflake's client sees.
    pub fn uncaught_snowflake(self) -> SqlError {
        if self.is_final() {
            return self.error;
        }
        SqlError::raw(
            self.code,
            self.sqlstate,
            format!(
                "Uncaught exception of type '{}' on line {} at position {} : {}",
                self.name,
                self.at.line,
                self.at.column.saturating_sub(1),
                self.message
            ),
        )
    }

    /// The error that Redshift's client sees.
    pub fn uncaught_redshift(self) -> SqlError {
        // Places inside the body are no places of the client's statement.
        SqlError {
            kind: self.error.kind,
            position: None,
        }
    }
}
