//! Holds an answer against its snapshot, and leaves what no snapshot expects as a pending result.
//! Where the answer comes from is the business of SQL tests and of the assertion macros.

use super::diff::{AnswerDiff, diff};
use super::model::{Answer, Hashes, RowOrder, Snapshot};
use super::parse::read;
use super::pending::{PendingError, PendingStore};
use crate::{Dialect, Project};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// An answer and the snapshot it belongs to.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The snapshot, relative to the project: `tests/sql/daily_revenue.snap`.
    pub snapshot: String,
    /// The test's file, as the snapshot names it.
    pub source: String,
    /// Whether the order of rows counts.
    pub order: RowOrder,
    /// What the answer was made from.
    pub hash: Hashes,
    /// Who answered.
    pub dialect: Dialect,
    /// What it answered.
    pub answer: Answer,
}

/// How an answer stands to its snapshot. Everything but [`Verdict::Matches`] has left a pending result.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// As expected.
    Matches,
    /// No snapshot has an answer of this test yet.
    New {
        /// The snapshot, relative to the project.
        snapshot: String,
        /// The pending result.
        pending: PathBuf,
    },
    /// The snapshot expects something else.
    Changed {
        /// The snapshot, relative to the project.
        snapshot: String,
        /// From the snapshot to the answer.
        diff: AnswerDiff,
        /// The pending result.
        pending: PathBuf,
    },
    /// The snapshot has only the other warehouse's answer. They agree when there is no difference.
    OtherOnly {
        /// The snapshot, relative to the project.
        snapshot: String,
        /// The warehouse whose answer the snapshot has.
        other: Dialect,
        /// From the other's answer to this one, where they disagree: a divergence that nobody has explained.
        diff: Option<AnswerDiff>,
        /// The pending result.
        pending: PathBuf,
    },
}

/// Compares an answer with its snapshot and records it as pending unless it matches.
///
/// # Errors
/// When the snapshot is broken or the pending result cannot be written.
pub fn verify(project: &Project, observed: Observed) -> Result<Verdict, PendingError> {
    let path = project.root.join(&observed.snapshot);
    let current = if path.exists() {
        Some(read(&path)?)
    } else {
        None
    };
    verify_against(project, observed, current)
}

/// As [`verify`], with a snapshot that is no file of its own.
///
/// # Errors
/// When the answer has more rows than `test.max_rows`, or the pending result cannot be written.
pub fn verify_against(
    project: &Project,
    observed: Observed,
    current: Option<Snapshot>,
) -> Result<Verdict, PendingError> {
    let Observed {
        snapshot,
        source,
        order,
        hash,
        dialect,
        answer,
    } = observed;
    if let Answer::Rows(table) = &answer {
        let (rows, most) = (table.rows.len() as u64, super::rules().max_rows);
        if rows > most {
            return Err(PendingError::TooLong { rows, most });
        }
    }
    let store = PendingStore::new(project);
    let expected = current
        .as_ref()
        .and_then(|current| current.answers.get(&dialect));
    let difference = expected.map(|expected| diff(expected, &answer, order));
    if super::rules().stand_in {
        return match difference {
            Some(None) => Ok(Verdict::Matches),
            Some(Some(diff)) => Err(PendingError::StandIn {
                message: format!("{snapshot} expects something else of {dialect}\n{diff}"),
            }),
            None => Err(PendingError::StandIn {
                message: format!(
                    "{snapshot} has no answer of {dialect} to compare with; it is made on the embedded target"
                ),
            }),
        };
    }
    if difference == Some(None) {
        store.clear(&snapshot, dialect)?;
        return Ok(Verdict::Matches);
    }
    let mut result = Snapshot {
        source,
        order,
        hash,
        confirmed: BTreeMap::new(),
        reason: None,
        answers: BTreeMap::from([(dialect, answer)]),
    };
    result.normalise();
    let pending = match (store.write(&snapshot, dialect, &result), &difference) {
        (Ok(pending), _) => pending,
        // in a read-only checkout, say: what differs matters more
        (Err(error), Some(Some(diff))) => {
            return Err(PendingError::Unkept {
                message: format!(
                    "{snapshot} expects something else\n{diff}this answer cannot be kept for a review: {error}"
                ),
            });
        }
        (Err(error), _) => {
            return Err(PendingError::Unkept {
                message: format!(
                    "{snapshot} has no such answer yet, and this one cannot be kept for a review: {error}"
                ),
            });
        }
    };
    if let Some(Some(diff)) = difference {
        return Ok(Verdict::Changed {
            snapshot,
            diff,
            pending,
        });
    }
    let Some((other, theirs)) = current
        .as_ref()
        .and_then(|current| current.answers.first_key_value())
    else {
        return Ok(Verdict::New { snapshot, pending });
    };
    let diff = result.answers.get(&dialect).and_then(|ours| {
        if super::agree::agree(theirs, ours, order) {
            None
        } else {
            diff(theirs, ours, order)
        }
    });
    Ok(Verdict::OtherOnly {
        snapshot,
        other: *other,
        diff,
        pending,
    })
}

/// The words that the message of a test ends with whose answer was left as a pending result. Runners tell by them a test
/// that differs from one that fails.
pub const PENDING_ADVICE: &str =
    "review it with `cargo dwsim review`, or accept it with `cargo dwsim accept`";

/// What a failed test prints.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = PENDING_ADVICE;
        match self {
            Verdict::Matches => f.write_str("as expected"),
            Verdict::New { snapshot, .. } => write!(f, "{snapshot} is new\n{advice}"),
            Verdict::Changed { snapshot, diff, .. } => {
                write!(f, "{snapshot} expects something else\n{diff}{advice}")
            }
            Verdict::OtherOnly {
                snapshot,
                other,
                diff: None,
                ..
            } => {
                write!(
                    f,
                    "{snapshot} has only the answer of {other}, and this one agrees\n{advice}"
                )
            }
            Verdict::OtherOnly {
                snapshot,
                other,
                diff: Some(diff),
                ..
            } => {
                write!(
                    f,
                    "{snapshot} has only the answer of {other} (-), and this one differs (+)\n{diff}{advice}"
                )
            }
        }
    }
}
