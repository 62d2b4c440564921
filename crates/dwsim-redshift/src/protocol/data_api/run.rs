//! Runs submitted statements, each job in a task of its own.
//! What is told about them afterwards is left to `operations`.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use chrono::Utc;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use futures::{FutureExt, TryStreamExt};

use super::named::numbered;
use super::store::{Job, Kept, Status};
use super::values::ResultSet;
use crate::protocol::parameter;
use crate::statements::{Outcome, RedshiftSession};

/// Rows of a statement, or how many it changed.
pub(super) struct Given {
    /// Rows, when it is one that gives some.
    pub result: Option<ResultSet>,
    /// Number of rows.
    pub rows: i64,
}

/// Runs one SQL text.
///
/// # Errors
/// What the statement gives, or that it is not exactly one.
pub(super) async fn one(
    session: &mut RedshiftSession,
    sql: &str,
    values: &[(String, String)],
) -> Result<Given> {
    let (text, names) = numbered(sql);
    let mut parsed = session.parse(&text)?;
    let Some(statement) = parsed.pop() else {
        return Err(SqlError::raw("", "42601", "the statement is empty"));
    };
    if !parsed.is_empty() {
        return Err(SqlError::raw(
            "",
            "42601",
            "cannot insert multiple commands into a prepared statement",
        ));
    }
    let env = session.env();
    let parameters = names
        .iter()
        .map(|name| {
            let (_, value) = values.iter().find(|(n, _)| n == name).ok_or_else(|| {
                SqlError::raw("", "42P02", format!("there is no parameter :{name}"))
            })?;
            parameter::from_text(value, None, &env)
        })
        .collect::<Result<Vec<Typed>>>()?;
    match session.execute(&statement, &parameters).await? {
        Outcome::Rows(rows) => {
            let columns = rows.columns;
            let batches: Vec<_> = rows.stream.try_collect().await?;
            session.finish()?;
            let result = ResultSet {
                columns,
                batches,
                style: session.row_style(),
            };
            Ok(Given {
                rows: result.rows() as i64,
                result: Some(result),
            })
        }
        Outcome::Done(tag) => Ok(Given {
            result: None,
            // `INSERT 0 3`, `UPDATE 3`; statements that change no rows say none.
            rows: tag
                .rsplit(' ')
                .next()
                .and_then(|n| n.parse().ok())
                .unwrap_or(-1),
        }),
    }
}

/// Runs a job to its end.
pub(super) async fn job(job: Arc<Job>, session: &mut RedshiftSession) {
    let pid = i64::from(session.pid());
    job.change(|s| {
        s.status = Status::Started;
        s.pid = pid;
    });
    let count = job.state().parts.len();
    if job.batch {
        session.begin_implicit();
    }
    let mut failed = None;
    for i in 0..count {
        let sql = job.change(|s| {
            s.parts[i].status = Status::Started;
            s.parts[i].updated = Utc::now();
            s.parts[i].sql.clone()
        });
        let started = Instant::now();
        let done = tokio::select! {
            biased;
            () = job.cancel.cancelled() => None,
            done = AssertUnwindSafe(one(session, &sql, &job.parameters)).catch_unwind() => {
                Some(done.unwrap_or_else(|_| Err(SqlError::internal("a panic"))))
            }
        };
        let query = session.query_id();
        let error = job.change(|s| {
            let part = &mut s.parts[i];
            part.duration = started.elapsed();
            part.updated = Utc::now();
            part.query = query;
            match done {
                Some(Ok(given)) => {
                    part.status = Status::Finished;
                    part.rows = given.rows;
                    part.result = given.result.map(Arc::new);
                    None
                }
                Some(Err(e)) => {
                    let text = format!("ERROR: {}", e.redshift().message);
                    part.status = Status::Failed;
                    part.error = Some(text);
                    Some(Status::Failed)
                }
                None => {
                    part.status = Status::Aborted;
                    Some(Status::Aborted)
                }
            }
        });
        if error.is_some() {
            session.fail();
            failed = error;
            break;
        }
    }
    if job.batch
        && let Err(e) = session.end_implicit()
        && failed.is_none()
    {
        failed = Some(Status::Failed);
        job.change(|s| {
            if let Some(part) = s.parts.last_mut() {
                part.status = Status::Failed;
                part.error = Some(format!("ERROR: {}", e.redshift().message));
            }
        });
    }
    session.take_notices();
    session.take_changed_parameters();
    job.change(|s| {
        if failed.is_some() {
            for part in &mut s.parts {
                if !part.status.is_over() {
                    part.status = Status::Aborted;
                }
            }
        }
        s.status = failed.unwrap_or(Status::Finished);
    });
}

/// Runs a job in a kept session, whose time then starts anew.
pub(super) async fn in_kept(
    work: Arc<Job>,
    kept: Arc<Kept>,
    mut session: tokio::sync::OwnedMutexGuard<RedshiftSession>,
) {
    let current = |id: Option<String>| {
        *kept.current.lock().unwrap_or_else(PoisonError::into_inner) = id;
    };
    current(Some(work.id.clone()));
    job(work, &mut session).await;
    current(None);
    *kept.until.lock().unwrap_or_else(PoisonError::into_inner) =
        Utc::now() + chrono::Duration::seconds(kept.alive);
}
