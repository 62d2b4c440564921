//! Tables that transactions have locked, and statements that wait for them.
//! Which tables a statement touches is told by `targets`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dwsim_engine::catalog::ObjectName;
use dwsim_engine::error::{Result, SqlError};
use tokio::sync::Notify;

/// The locks of a cluster: LOCK takes the only mode Redshift has, ACCESS EXCLUSIVE.
#[derive(Debug, Default)]
pub struct Locks {
    state: Mutex<State>,
    released: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Process id of the session that holds a table.
    held: HashMap<ObjectName, i64>,
    /// Which session waits for which.
    waiting: HashMap<i64, i64>,
}

impl State {
    /// Whether a session waits for another one, directly or through others.
    fn waits_for(&self, from: i64, to: i64) -> bool {
        let mut at = from;
        for _ in 0..=self.waiting.len() {
            if at == to {
                return true;
            }
            match self.waiting.get(&at) {
                Some(next) => at = *next,
                None => return false,
            }
        }
        false
    }
}

/// Forgets that a session waits, also when it gives up.
struct Waiting<'a>(&'a Locks, i64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting.remove(&self.1);
    }
}

impl Locks {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no table is locked.
    pub fn is_empty(&self) -> bool {
        self.lock().held.is_empty()
    }

    /// Locked tables with the process ids of their holders.
    pub fn held(&self) -> Vec<(ObjectName, i64)> {
        let mut all: Vec<_> = self
            .lock()
            .held
            .iter()
            .map(|(n, p)| (n.clone(), *p))
            .collect();
        all.sort();
        all
    }

    /// Waits until no other session holds one of the tables; with `take` they are this session's then.
    ///
    /// # Errors
    /// `40P01` when sessions would wait for each other, `57014` after the statement timeout.
    pub async fn wait(
        &self,
        pid: i64,
        names: &[ObjectName],
        take: bool,
        limit: Option<Duration>,
    ) -> Result<()> {
        let work = self.wait_long(pid, names, take);
        match limit {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                Err(SqlError::raw(
                    "",
                    "57014",
                    "canceling statement due to statement timeout",
                ))
            }),
        }
    }

    async fn wait_long(&self, pid: i64, names: &[ObjectName], take: bool) -> Result<()> {
        let _waiting = Waiting(self, pid);
        loop {
            let released = self.released.notified();
            tokio::pin!(released);
            released.as_mut().enable();
            {
                let mut state = self.lock();
                let holder = names
                    .iter()
                    .find_map(|n| state.held.get(n).filter(|h| **h != pid).copied());
                match holder {
                    None => {
                        if take {
                            state.held.extend(names.iter().map(|n| (n.clone(), pid)));
                        }
                        return Ok(());
                    }
                    Some(holder) => {
                        if state.waits_for(holder, pid) {
                            return Err(SqlError::raw(
                                "",
                                "40P01",
                                format!(
                                    "deadlock detected\nProcess {pid} waits for AccessExclusiveLock; blocked by process {holder}."
                                ),
                            ));
                        }
                        state.waiting.insert(pid, holder);
                    }
                }
            }
            released.await;
        }
    }

    /// Releases all tables of a session.
    pub fn release(&self, pid: i64) {
        let mut state = self.lock();
        let before = state.held.len();
        state.held.retain(|_, holder| *holder != pid);
        let changed = state.held.len() < before;
        drop(state);
        if changed {
            self.released.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use super::*;

    fn name(n: &str) -> ObjectName {
        ObjectName {
            database: "dev".into(),
            schema: "public".into(),
            name: n.into(),
        }
    }

    #[tokio::test]
    async fn waiting_releasing_and_deadlock() {
        let locks = Arc::new(Locks::default());
        let (a, b) = ([name("a")], [name("b")]);
        locks.wait(1, &a, true, None).await.unwrap();
        locks.wait(2, &b, true, None).await.unwrap();
        let late = locks
            .wait(2, &a, false, Some(Duration::from_millis(1)))
            .await
            .unwrap_err();
        assert_eq!(late.redshift().sqlstate, "57014");
        let other = Arc::clone(&locks);
        let waits = tokio::spawn(async move { other.wait(2, &[name("a")], false, None).await });
        while locks.lock().waiting.is_empty() {
            tokio::task::yield_now().await;
        }
        let dead = locks.wait(1, &b, false, None).await.unwrap_err();
        assert_eq!(dead.redshift().sqlstate, "40P01");
        locks.release(1);
        waits.await.unwrap().unwrap();
        locks.release(2);
        assert!(locks.is_empty());
    }
}
