//! What happens on a bad row, and how file columns are matched with table columns.
//! The other options of COPY are read where they act.

use dwsim_engine::error::Result;

use crate::parse::invalid_option;

/// What happens on a bad row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum OnError {
    Abort,
    Continue,
    SkipFile,
    SkipFileAt(u64),
    SkipFilePercent(f64),
}

pub(super) fn on_error(text: Option<&str>) -> Result<OnError> {
    let Some(text) = text else {
        return Ok(OnError::Abort);
    };
    let upper = text.trim_matches('\'').to_ascii_uppercase();
    Ok(match upper.as_str() {
        "ABORT_STATEMENT" => OnError::Abort,
        "CONTINUE" => OnError::Continue,
        "SKIP_FILE" => OnError::SkipFile,
        other => match other.strip_prefix("SKIP_FILE_") {
            Some(n) => match n.strip_suffix('%') {
                Some(p) => {
                    OnError::SkipFilePercent(p.parse().map_err(|_| invalid_option("ON_ERROR"))?)
                }
                None => OnError::SkipFileAt(n.parse().map_err(|_| invalid_option("ON_ERROR"))?),
            },
            None => return Err(invalid_option("ON_ERROR")),
        },
    })
}

/// Matching of file columns with table columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    None,
    Sensitive,
    Insensitive,
}

/// VALIDATION_MODE: nothing is loaded, rows or errors are returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validation {
    /// The first rows, or the first error.
    Rows(usize),
    /// The errors of files that were not loaded before.
    Errors,
    /// The errors of all files.
    AllErrors,
}

pub(super) fn validation(text: Option<&str>) -> Result<Option<Validation>> {
    let Some(text) = text else { return Ok(None) };
    let upper = text.trim_matches('\'').to_ascii_uppercase();
    Ok(Some(match upper.as_str() {
        "RETURN_ERRORS" => Validation::Errors,
        "RETURN_ALL_ERRORS" => Validation::AllErrors,
        other => match other
            .strip_prefix("RETURN_")
            .and_then(|n| n.strip_suffix("_ROWS"))
            .and_then(|n| n.parse().ok())
        {
            Some(n) => Validation::Rows(n),
            None => return Err(invalid_option("VALIDATION_MODE")),
        },
    }))
}
