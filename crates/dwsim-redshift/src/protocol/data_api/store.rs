//! Statements and sessions that the Data API remembers.
//! Running statements is left to `run`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use super::fault::Fault;
use super::values::ResultSet;
use crate::statements::RedshiftSession;

/// Statements that are remembered; older ones are forgotten, as the service forgets them after a day.
const KEPT: usize = 10_000;

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Not started.
    Submitted,
    /// Running.
    Started,
    /// Done.
    Finished,
    /// Failed.
    Failed,
    /// Cancelled, or not reached because one before it failed.
    Aborted,
}

impl Status {
    /// As clients read it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Status::Submitted => "SUBMITTED",
            Status::Started => "STARTED",
            Status::Finished => "FINISHED",
            Status::Failed => "FAILED",
            Status::Aborted => "ABORTED",
        }
    }

    /// Whether nothing will change any more.
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Status::Finished | Status::Failed | Status::Aborted)
    }
}

/// One SQL text: the statement itself, or one of a batch.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Identifier.
    pub id: String,
    /// Text.
    pub sql: String,
    /// State.
    pub status: Status,
    /// Error message.
    pub error: Option<String>,
    /// Rows.
    pub result: Option<Arc<ResultSet>>,
    /// Rows that were changed or given.
    pub rows: i64,
    /// Query id in the cluster.
    pub query: i64,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
    /// Time it ran.
    pub duration: Duration,
}

impl Part {
    fn new(id: String, sql: String) -> Self {
        Part {
            id,
            sql,
            status: Status::Submitted,
            error: None,
            result: None,
            rows: 0,
            query: 0,
            updated: Utc::now(),
            duration: Duration::ZERO,
        }
    }
}

/// What a request says about where and how.
#[derive(Debug, Clone, Default)]
pub(super) struct Target {
    /// Cluster, as the client named it.
    pub cluster: Option<String>,
    /// Workgroup.
    pub workgroup: Option<String>,
    /// Secret.
    pub secret: Option<String>,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// Session to keep or to use.
    pub session: Option<String>,
}

/// A submitted statement or batch.
#[derive(Debug)]
pub(super) struct Job {
    /// Identifier.
    pub id: String,
    /// Name that the client gave.
    pub name: Option<String>,
    /// Client's token of the request.
    pub token: Option<String>,
    /// Where it runs.
    pub target: Target,
    /// A batch.
    pub batch: bool,
    /// Results as CSV.
    pub csv: bool,
    /// Parameters by name.
    pub parameters: Vec<(String, String)>,
    /// When it was submitted.
    pub created: DateTime<Utc>,
    /// Ends it.
    pub cancel: CancellationToken,
    /// Told when it is over.
    pub over: Notify,
    /// What changes while it runs.
    pub state: Mutex<State>,
}

/// The changing part of a job.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// State of the whole.
    pub status: Status,
    /// Process id of the session.
    pub pid: i64,
    /// Its statements.
    pub parts: Vec<Part>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

impl Job {
    /// A job that waits to be run.
    pub(super) fn new(
        sqls: Vec<String>,
        batch: bool,
        target: Target,
        name: Option<String>,
        token: Option<String>,
        csv: bool,
        parameters: Vec<(String, String)>,
    ) -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        let parts = sqls
            .into_iter()
            .enumerate()
            .map(|(i, sql)| {
                let part = if batch {
                    format!("{id}:{}", i + 1)
                } else {
                    id.clone()
                };
                Part::new(part, sql)
            })
            .collect();
        Job {
            id,
            name,
            token,
            target,
            batch,
            csv,
            parameters,
            created: Utc::now(),
            cancel: CancellationToken::new(),
            over: Notify::new(),
            state: Mutex::new(State {
                status: Status::Submitted,
                pid: 0,
                parts,
                updated: Utc::now(),
            }),
        }
    }

    /// A copy of its state.
    pub(super) fn state(&self) -> State {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes its state.
    pub(super) fn change<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let out = f(&mut state);
        state.updated = Utc::now();
        if state.status.is_over() {
            self.over.notify_waiters();
        }
        out
    }

    /// Waits until it is over, at most so long.
    pub(super) async fn wait(&self, limit: Duration) {
        let over = self.over.notified();
        tokio::pin!(over);
        over.as_mut().enable();
        if !self.state().status.is_over() {
            let _ = tokio::time::timeout(limit, over).await;
        }
    }
}

/// A session that is kept between statements.
#[derive(Debug)]
pub(super) struct Kept {
    /// Identifier.
    pub id: String,
    /// Where it is.
    pub target: Target,
    /// When it was opened.
    pub created: DateTime<Utc>,
    /// How long it lives after a statement, in seconds.
    pub alive: i64,
    /// When it ends unless it is used.
    pub until: Mutex<DateTime<Utc>>,
    /// The session; locked while a statement runs.
    pub session: Arc<tokio::sync::Mutex<RedshiftSession>>,
    /// The statement that runs.
    pub current: Mutex<Option<String>>,
}

impl Kept {
    /// The session for one statement.
    pub(super) fn take(&self) -> Option<OwnedMutexGuard<RedshiftSession>> {
        Arc::clone(&self.session).try_lock_owned().ok()
    }
}

/// All that is remembered.
#[derive(Debug, Default)]
pub(super) struct Store {
    jobs: Mutex<(Vec<Arc<Job>>, HashMap<String, Arc<Job>>)>,
    sessions: Mutex<Vec<Arc<Kept>>>,
}

impl Store {
    /// Remembers a job.
    pub(super) fn add(&self, job: &Arc<Job>) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.0.len() >= KEPT {
            let gone = jobs.0.remove(0);
            jobs.1.remove(&gone.id);
        }
        jobs.0.push(Arc::clone(job));
        jobs.1.insert(job.id.clone(), Arc::clone(job));
    }

    /// A job and the number of its part, by an identifier that may name a part of a batch.
    pub(super) fn job(&self, id: &str) -> Result<(Arc<Job>, Option<usize>), Fault> {
        let missing = || Fault::NotFound {
            message: "Query does not exist.".to_owned(),
            resource: id.to_owned(),
        };
        let (whole, part) = match id.split_once(':') {
            Some((whole, n)) => (whole, Some(n.parse::<usize>().map_err(|_| missing())?)),
            None => (id, None),
        };
        let job = self
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .get(whole)
            .cloned()
            .ok_or_else(missing)?;
        match part {
            None => Ok((job, None)),
            Some(n) if job.batch && n >= 1 && n <= job.state().parts.len() => {
                Ok((job, Some(n - 1)))
            }
            Some(_) => Err(missing()),
        }
    }

    /// The job of a request that was sent before.
    pub(super) fn by_token(&self, token: &str) -> Option<Arc<Job>> {
        self.jobs()
            .into_iter()
            .find(|j| j.token.as_deref() == Some(token))
    }

    /// All jobs, newest first.
    pub(super) fn jobs(&self) -> Vec<Arc<Job>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.0.iter().rev().cloned().collect()
    }

    /// Keeps a session.
    pub(super) fn keep(&self, kept: Arc<Kept>) {
        self.sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(kept);
    }

    /// The living sessions; those whose time is over are closed.
    pub(super) fn sessions(&self) -> Vec<Arc<Kept>> {
        let now = Utc::now();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|s| {
            s.session.try_lock().is_err()
                || *s.until.lock().unwrap_or_else(PoisonError::into_inner) > now
        });
        sessions.clone()
    }

    /// A living session.
    pub(super) fn session(&self, id: &str) -> Result<Arc<Kept>, Fault> {
        self.sessions()
            .into_iter()
            .find(|s| s.id == id)
            .ok_or_else(|| Fault::NotFound {
                message: "Session does not exist.".to_owned(),
                resource: id.to_owned(),
            })
    }
}
