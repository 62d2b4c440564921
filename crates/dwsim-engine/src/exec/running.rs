//! The statements that run now, by session, so that another session can cancel them.
//! Who may do so, and in which words it is told, is left to the dialects.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::CancelHandle;

/// Statements of sessions that run now.
#[derive(Debug, Default)]
pub struct Running(Mutex<BTreeMap<i64, (String, CancelHandle)>>);

impl Running {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, (String, CancelHandle)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session starts a statement; it runs one at a time.
    pub fn begin(&self, session: i64, query_id: &str, cancel: CancelHandle) {
        self.lock().insert(session, (query_id.to_owned(), cancel));
    }

    /// A session's statement is over.
    pub fn end(&self, session: i64) {
        self.lock().remove(&session);
    }

    /// Cancels what a session runs, unless that is the statement which asks; how many statements it was.
    pub fn cancel_session(&self, session: i64, asking: &str) -> usize {
        match self.lock().get(&session) {
            Some((query, cancel)) if query != asking => {
                cancel.cancel();
                1
            }
            _ => 0,
        }
    }

    /// Cancels a statement, unless it is the one that asks; whether it was running.
    pub fn cancel_query(&self, query_id: &str, asking: &str) -> bool {
        let running = self.lock();
        let found = running.values().find(|(q, _)| q == query_id && q != asking);
        if let Some((_, cancel)) = found {
            cancel.cancel();
        }
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_cancelled() {
        let running = Running::default();
        let handle = CancelHandle::default();
        running.begin(1, "a", handle.clone());
        assert_eq!(running.cancel_session(1, "a"), 0, "never itself");
        assert_eq!(running.cancel_session(2, "b"), 0);
        assert_eq!(handle.generation(), 0);
        assert_eq!(running.cancel_session(1, "b"), 1);
        assert!(running.cancel_query("a", "b"));
        assert_eq!(handle.generation(), 2);
        running.end(1);
        assert!(!running.cancel_query("a", "b"));
    }
}
