//! Runs a SQL test on one dialect: a fork, the statements in order, the last answer against the snapshot.
//! Which tests to run, how many at once and how to report them is the caller's business.

use super::discover::{Case, SqlFile};
use crate::client::{Connection, Reply};
use crate::endpoints::Endpoints;
use crate::error::{Error, Result, SqlError};
use crate::fork::Fork;
use crate::project::Project;
use crate::script::statements;
use crate::snapshot::{Answer, Hashes, Observed, Verdict, redact, verify};
use std::fmt;
use std::path::PathBuf;

/// How a test ended.
#[derive(Debug)]
pub enum Outcome {
    /// The answer is what the snapshot expects.
    Pass,
    /// Not run; the file says why.
    Skipped {
        /// The reason of `<dialect>.skip`.
        reason: String,
    },
    /// It ran, and its answer is not the snapshot's: new, changed, or other than the other warehouse's. The pending
    /// result is written. Never [`Verdict::Matches`].
    Differs(Verdict),
    /// It could not be held against a snapshot: SQL that is refused, no server, a broken snapshot.
    Failed(Failure),
}

/// Why a test could not be held against its snapshot, and where.
#[derive(Debug)]
pub struct Failure {
    /// The SQL file.
    pub path: PathBuf,
    /// Line in it, from 1.
    pub line: usize,
    /// Column in characters, from 1, where the warehouse gave one.
    pub column: Option<usize>,
    /// The warehouse's refusal, if that is what it was.
    pub sql: Option<Box<SqlError>>,
    /// What happened.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)?;
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Runs a test on a fork of the endpoints' template and drops the fork.
pub async fn run(project: &Project, endpoints: &Endpoints, case: &Case<'_>) -> Outcome {
    if let Some(reason) = case.skip() {
        return Outcome::Skipped {
            reason: reason.to_string(),
        };
    }
    let template = match endpoints.template() {
        Ok(template) => template,
        Err(error) => return failed(case.file, error),
    };
    let opened = Fork::create(case.dialect, endpoints, &case.test.name).await;
    let (fork, mut connection) = match opened {
        Ok(opened) => opened,
        Err(error) => return failed(case.file, error),
    };
    let outcome = run_on(project, &mut connection, &template.hash, case).await;
    connection.close().await;
    match fork.drop_database().await {
        Err(error) if matches!(outcome, Outcome::Pass) => failed(case.file, error),
        _ => outcome,
    }
}

/// Runs a test on a connection whose database it may change. `data` is the hash of the template.
pub async fn run_on(
    project: &Project,
    connection: &mut Connection,
    data: &str,
    case: &Case<'_>,
) -> Outcome {
    let answer = match answer(connection, case).await {
        Ok(answer) => answer,
        Err(failure) => return Outcome::Failed(failure),
    };
    let hash = Hashes {
        sql: Some(case.test.hash.clone()),
        data: data.get(..8).or(Some(data)).map(str::to_string),
    };
    let observed = Observed {
        snapshot: case.test.snapshot.clone(),
        source: case.test.source.clone(),
        order: case.test.order,
        hash,
        dialect: case.dialect,
        answer,
    };
    match verify(project, observed) {
        Ok(Verdict::Matches) => Outcome::Pass,
        Ok(verdict) => Outcome::Differs(verdict),
        Err(error) => failed(case.file, Error::Setup(error.to_string())),
    }
}

/// The last statement's answer, redacted.
async fn answer(connection: &mut Connection, case: &Case<'_>) -> Result<Answer, Failure> {
    let file = case.file;
    let at = |line, column, message: String| Failure {
        path: file.path.clone(),
        line,
        column,
        sql: None,
        message,
    };
    let statements =
        statements(&file.text, case.dialect).map_err(|e| at(e.line, Some(e.column), e.message))?;
    let Some((last, before)) = statements.split_last() else {
        return Err(at(1, None, "the file has no statement".to_string()));
    };
    for statement in before {
        connection
            .run(statement.text)
            .await
            .map_err(|error| place(file, statement.line, error))?;
    }
    let reply = connection.run(last.text).await;
    match reply {
        Ok(_) if file.matter.error => Err(at(
            last.line,
            None,
            "the statement must be refused (`error = true`), and it was not".to_string(),
        )),
        Ok(Reply::Done { affected }) => Ok(Answer::Done { affected }),
        Ok(Reply::Rows(mut table)) => {
            redact(&mut table, &file.matter.redact)
                .map_err(|e| at(last.line, None, e.to_string()))?;
            Ok(Answer::Rows(table))
        }
        Err(Error::Sql(error)) if file.matter.error => Ok(Answer::Error {
            code: error.code.clone(),
            message: error.message.clone(),
        }),
        Err(error) => Err(place(file, last.line, error)),
    }
}

/// An error of a statement that begins in this line of the file.
fn place(file: &SqlFile, line: usize, error: Error) -> Failure {
    let message = error.to_string();
    let path = file.path.clone();
    match error {
        Error::Sql(sql) => {
            let (line, column) = match sql.position {
                Some(at) => (line + at.line - 1, Some(at.column)),
                None => (line, None),
            };
            let message = format!("{} {}: {}", sql.dialect, sql.code, sql.message);
            Failure {
                path,
                line,
                column,
                sql: Some(sql),
                message,
            }
        }
        _ => Failure {
            path,
            line,
            column: None,
            sql: None,
            message,
        },
    }
}

fn failed(file: &SqlFile, error: Error) -> Outcome {
    Outcome::Failed(place(file, 1, error))
}
