//! Positions of sequences and identity columns, by object id.
//! They advance outside of transactions, as in both warehouses, and leave gaps on rollback.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Positions of all counters of a database.
#[derive(Debug, Default)]
pub struct Counters(Mutex<HashMap<u64, i64>>);

impl Counters {
    /// Takes `count` values of the counter: the first one; the following are `step` apart.
    pub fn take(&self, oid: u64, start: i64, step: i64, count: u64) -> i64 {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = map.entry(oid).or_insert(start);
        let first = *next;
        *next = first.wrapping_add(step.wrapping_mul(count as i64));
        first
    }

    /// Sets the next value.
    pub fn set(&self, oid: u64, next: i64) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(oid, next);
    }

    /// The next value, if any was taken or set.
    pub fn peek(&self, oid: u64) -> Option<i64> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&oid)
            .copied()
    }

    /// A copy with the same positions.
    #[must_use]
    pub fn fork(&self) -> Self {
        Counters(Mutex::new(
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        ))
    }

    /// All positions, in object id order.
    pub fn snapshot(&self) -> Vec<(u64, i64)> {
        let mut all: Vec<_> = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(k, v)| (*k, *v))
            .collect();
        all.sort_unstable();
        all
    }
}
