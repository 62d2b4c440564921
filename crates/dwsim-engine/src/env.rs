//! What a statement may depend on besides its text and the catalog: dialect, clock, zone, formats, parameters.
//! It is fixed when the statement starts; sessions own the changing values behind it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::dialect::DialectName;

/// A statement's environment, shared by its plan and kernels.
///
/// The public fields are the session's settings. What is another for every statement is behind [`Env::moment`], so that
/// it is known whether the statement's plan may be used again.
#[derive(Debug, Clone)]
pub struct Env {
    /// The dialect of the session.
    pub dialect: DialectName,
    /// The session's time zone.
    pub timezone: Tz,
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
    /// The client program with its version, when it has said so.
    pub client: Option<String>,
    /// Seed for `random()` and shuffling when the project freezes randomness.
    pub seed: Option<u64>,
    pub(crate) moment: Moment,
    pub(crate) fleeting: Fleeting,
}

/// What is another for every statement of a session.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    /// Start of the statement.
    pub now: DateTime<Utc>,
    /// Start of the transaction; equals `now` outside of one.
    pub transaction_now: DateTime<Utc>,
    /// Identifier of this statement.
    pub query_id: String,
    /// Identifier of the previous statement of the session.
    pub last_query_id: Option<String>,
    /// The text of this statement.
    pub statement: String,
    /// When the session's previous explicit transaction began, in microseconds since the epoch.
    pub last_transaction: Option<i64>,
    /// The random streams this session has begun.
    pub draws: Draws,
    /// The statements this session has run.
    pub query_ids: QueryIds,
}

/// Whether a statement came to depend on more than its text, the settings and the catalog. Clones are of one statement.
#[derive(Debug, Clone, Default)]
pub struct Fleeting(Arc<AtomicBool>);

impl Fleeting {
    /// It does.
    pub fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it does, so far.
    pub fn is_marked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The random numbers of a session: unseeded streams are counted, so that with a frozen seed each is another one and all
/// are the same in the next run; after Redshift's SET SEED there is one sequence.
#[derive(Debug, Clone, Default)]
pub struct Draws {
    streams: Arc<AtomicU64>,
    sequence: Option<Arc<Mutex<Additive>>>,
}

impl Draws {
    /// One sequence from a seed.
    pub fn seeded(seed: u32) -> Self {
        Draws {
            streams: Arc::default(),
            sequence: Some(Arc::new(Mutex::new(Additive::new(seed)))),
        }
    }

    /// The number of the next stream.
    pub fn next(&self) -> u64 {
        self.streams.fetch_add(1, Ordering::Relaxed)
    }

    /// The next numbers of the sequence, from 0 to 1; None without a seed.
    pub fn take(&self, count: usize) -> Option<Vec<f64>> {
        let mut sequence = self
            .sequence
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(
            (0..count)
                .map(|_| f64::from(sequence.next()) / f64::from(i32::MAX))
                .collect(),
        )
    }
}

/// The additive feedback generator of the C library's `random()`, which stands behind RANDOM in PostgreSQL 8 and Redshift.
#[derive(Debug)]
struct Additive {
    /// The last 31 numbers, a ring.
    last: [u32; 31],
    at: usize,
}

impl Additive {
    fn new(seed: u32) -> Self {
        let mut last = [0u32; 31];
        let mut word = if seed == 0 { 1 } else { i64::from(seed as i32) };
        for slot in &mut last {
            *slot = word as u32;
            word = word * 16_807 % i64::from(i32::MAX);
            if word < 0 {
                word += i64::from(i32::MAX);
            }
        }
        // The first three numbers come again before the feedback begins, and its first 310 are thrown away.
        let mut generator = Additive { last, at: 3 };
        for _ in 0..310 {
            generator.next();
        }
        generator
    }

    fn next(&mut self) -> u32 {
        let before = self.last[(self.at + 28) % 31];
        let number = self.last[self.at].wrapping_add(before);
        self.last[self.at] = number;
        self.at = (self.at + 1) % 31;
        number >> 1
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
    /// Without session and parameters: for benchmarks and tests of kernels.
    pub fn alone(dialect: DialectName, timezone: Tz, now: DateTime<Utc>) -> Self {
        Env {
            dialect,
            timezone,
            parameters: BTreeMap::new(),
            user: String::new(),
            role: String::new(),
            warehouse: String::new(),
            database: None,
            schema: None,
            account: String::new(),
            session_id: 0,
            client: None,
            seed: None,
            moment: Moment {
                now,
                transaction_now: now,
                ..Moment::default()
            },
            fleeting: Fleeting::default(),
        }
    }

    /// What is another for every statement; asking for it makes the statement's plan one for this time only.
    pub fn moment(&self) -> &Moment {
        self.fleeting.mark();
        &self.moment
    }

    /// The text of the statement, for places in errors.
    pub fn source(&self) -> &str {
        &self.moment.statement
    }

    /// Whether the plan depends on more than text, settings and catalog, or is for one time only.
    pub fn fleeting(&self) -> &Fleeting {
        &self.fleeting
    }

    /// Whether two statements find the same settings.
    pub fn same_settings(&self, other: &Env) -> bool {
        self.dialect == other.dialect
            && self.session_id == other.session_id
            && self.timezone == other.timezone
            && self.user == other.user
            && self.role == other.role
            && self.warehouse == other.warehouse
            && self.database == other.database
            && self.schema == other.schema
            && self.account == other.account
            && self.client == other.client
            && self.seed == other.seed
            && self.parameters == other.parameters
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that `srandom(seed)` and `random()` of the C library give.
    #[test]
    fn additive_feedback() {
        for (seed, want) in [
            (1, [1_804_289_383, 846_930_886, 1_681_692_777]),
            (536_870_911, [445_885_096, 1_697_052_784, 262_405_696]),
        ] {
            let mut g = Additive::new(seed);
            assert_eq!([g.next(), g.next(), g.next()], want, "{seed}");
        }
    }

    #[test]
    fn sequences_repeat() {
        let (a, b) = (Draws::seeded(7), Draws::seeded(7));
        assert_eq!(a.take(3), b.take(3));
        assert_ne!(a.take(3), Draws::seeded(7).take(3));
        assert_eq!(Draws::default().take(1), None);
    }
}
