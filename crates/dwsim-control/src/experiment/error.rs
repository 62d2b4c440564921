//! What can go wrong with experiments, in kinds that the REST interface has a status for.
//! Words for a page or a terminal are made of them elsewhere.

use crate::import::Finding;
use crate::staging::StageError;
use crate::store::StoreError;

/// An error of the control plane.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// Experiment, run, table.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// What is there forbids it.
    #[error("{0}")]
    Conflict(String),
    /// The input cannot be used.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// Each fault of it, as text.
        details: Vec<String>,
    },
    /// DDL that cannot be imported.
    #[error("nothing was imported")]
    Import(Vec<Finding>),
    /// A warehouse refused the statement.
    #[error("{0}")]
    Sql(Box<dwsim_runtime::SqlError>),
    /// A warehouse cannot be reached or broke down.
    #[error(transparent)]
    Warehouse(dwsim_runtime::Error),
    /// Staging failed.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The metadata cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This machine refuses: a folder that cannot be written, a task that broke down.
    #[error("{0}")]
    Broken(String),
}

impl Error {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error::Invalid {
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// A short code for metrics and machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound { .. } => "not_found",
            Error::Conflict(_) => "conflict",
            Error::Invalid { .. } => "invalid",
            Error::Import(_) => "import_refused",
            Error::Sql(_) => "sql",
            Error::Warehouse(_) => "warehouse",
            Error::Stage(StageError::Cancelled) => "cancelled",
            Error::Stage(_) => "staging",
            Error::Store(_) => "metadata",
            Error::Broken(_) => "broken",
        }
    }
}

impl From<dwsim_runtime::Error> for Error {
    fn from(e: dwsim_runtime::Error) -> Self {
        match e {
            dwsim_runtime::Error::Sql(sql) => Error::Sql(sql),
            other => Error::Warehouse(other),
        }
    }
}

impl From<dwsim_schema::Diagnostics> for Error {
    fn from(all: dwsim_schema::Diagnostics) -> Self {
        Error::Invalid {
            message: match all.items.len() {
                1 => "the schema has a fault".to_owned(),
                n => format!("the schema has {n} faults"),
            },
            details: all.items.iter().map(ToString::to_string).collect(),
        }
    }
}
