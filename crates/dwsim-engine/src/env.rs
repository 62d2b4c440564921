//! What a statement may depend on besides its text and the catalog: dialect, clock, zone, formats, parameters.
//! It is fixed when the statement starts; sessions own the changing values behind it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::dialect::DialectName;

/// A statement's environment, shared by its plan and kernels.
#[derive(Debug, Clone, PartialEq)]
pub struct Env {
    /// The dialect of the session.
    pub dialect: DialectName,
    /// The session's time zone.
    pub timezone: Tz,
    /// Start of the statement.
    pub now: DateTime<Utc>,
    /// Start of the transaction; equals `now` outside of one.
    pub transaction_now: DateTime<Utc>,
    /// Session parameters by upper-case name (Snowflake) or lower-case name (Redshift), with defaults filled in by the dialect.
    pub parameters: BTreeMap<String, String>,
    /// Current user.
    pub user: String,
    /// Current role (Snowflake).
    pub role: String,
    /// Current warehouse (Snowflake).
    pub warehouse: String,
    /// Current database.
    pub database: Option<String>,
    /// Current schema.
    pub schema: Option<String>,
    /// Account name (Snowflake) or cluster name (Redshift).
    pub account: String,
    /// Session identifier: backend process id on Redshift, session id on Snowflake.
    pub session_id: i64,
    /// Identifier of this statement.
    pub query_id: String,
    /// Identifier of the previous statement of the session.
    pub last_query_id: Option<String>,
    /// The text of this statement.
    pub statement: String,
    /// The client program with its version, when it has said so.
    pub client: Option<String>,
    /// When the session's previous explicit transaction began, in microseconds since the epoch.
    pub last_transaction: Option<i64>,
    /// Seed for `random()` and shuffling when the project freezes randomness.
    pub seed: Option<u64>,
    /// The random streams this session has begun.
    pub draws: Draws,
    /// The statements this session has run.
    pub query_ids: QueryIds,
}

/// Counts the unseeded random streams of a session, so that with a frozen seed each is another one, and all are the same
/// in the next run.
#[derive(Debug, Clone, Default)]
pub struct Draws(Arc<AtomicU64>);

impl PartialEq for Draws {
    /// Whether both are the counter of one session.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Draws {
    /// The number of the next stream.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// The ids of a session's statements: the first ones and the last ones, so that a long session does not grow.
#[derive(Debug, Clone, Default)]
pub struct QueryIds(Arc<Mutex<Ids>>);

#[derive(Debug, Default)]
struct Ids {
    first: Vec<String>,
    last: VecDeque<String>,
}

/// How many ids are kept from either end of a session.
const KEPT_IDS: usize = 5000;

impl PartialEq for QueryIds {
    /// Whether both are the list of one session.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl QueryIds {
    /// Adds the id of a statement that is over.
    pub fn note(&self, id: &str) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.first.len() < KEPT_IDS {
            ids.first.push(id.to_owned());
        }
        ids.last.push_back(id.to_owned());
        if ids.last.len() > KEPT_IDS {
            ids.last.pop_front();
        }
    }

    /// The id of a statement: 1 is the first one, -1 the last one.
    pub fn nth(&self, n: i64) -> Option<String> {
        let ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = usize::try_from(n.unsigned_abs()).ok()?;
        if n > 0 {
            ids.first.get(at - 1).cloned()
        } else {
            let i = ids.last.len().checked_sub(at)?;
            ids.last.get(i).cloned()
        }
    }
}

impl Env {
    /// A parameter's value, by the dialect's spelling of its name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Whether a boolean parameter is on.
    pub fn flag(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|v| {
            v.eq_ignore_ascii_case("true") || v.eq_ignore_ascii_case("on") || v == "1"
        })
    }
}
