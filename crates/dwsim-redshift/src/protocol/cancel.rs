//! Cancel requests: which connection may be interrupted by which process id and secret.
//! Interrupting itself is done by the connection, which waits for its own signal while it works.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

/// What a connection listens to.
#[derive(Debug, Default)]
pub struct Signals {
    /// Ends the running statement.
    pub cancel: Notify,
    /// Ends the connection (`pg_terminate_backend`).
    pub terminate: Notify,
    /// A statement is running, so that a late cancel request does not hit the next one.
    busy: std::sync::atomic::AtomicBool,
}

impl Signals {
    /// Marks the begin or end of a statement.
    pub fn set_busy(&self, busy: bool) {
        self.busy.store(busy, std::sync::atomic::Ordering::Release);
    }

    fn is_busy(&self) -> bool {
        self.busy.load(std::sync::atomic::Ordering::Acquire)
    }
}

/// The servers of this process by cluster name: functions in a plan know the name only.
static SERVERS: Mutex<Vec<(String, Weak<Backends>)>> = Mutex::new(Vec::new());

/// Makes a server's connections known under its cluster's name.
pub(crate) fn publish(cluster: &str, backends: &Arc<Backends>) {
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    servers.retain(|(_, b)| b.strong_count() > 0);
    servers.push((cluster.to_owned(), Arc::downgrade(backends)));
}

/// Cancels or ends the work of a connection of a cluster. False when there is none.
pub(crate) fn signal(cluster: &str, pid: i32, terminate: bool) -> bool {
    let found = SERVERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .find(|(name, _)| name == cluster)
        .and_then(|(_, b)| b.upgrade());
    found.is_some_and(|b| {
        if terminate {
            b.terminate(pid)
        } else {
            b.cancel_backend(pid)
        }
    })
}

/// Who is connected, and what it runs.
#[derive(Debug, Clone)]
pub struct Client {
    /// Process id.
    pub pid: i32,
    /// User.
    pub user: String,
    /// Database.
    pub database: String,
    /// When it connected.
    pub started: DateTime<Utc>,
    /// The last statement: query id, text and start.
    pub statement: Option<(i64, String, DateTime<Utc>)>,
    /// The last statement is running.
    pub busy: bool,
}

#[derive(Debug)]
struct Entry {
    secret: i32,
    signals: Arc<Signals>,
    client: Client,
}

/// All connections of a server by process id.
#[derive(Debug, Default)]
pub struct Backends(Mutex<HashMap<i32, Entry>>);

impl Backends {
    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<i32, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection until the guard is dropped.
    pub fn register(
        self: &Arc<Self>,
        pid: i32,
        secret: i32,
        user: &str,
        database: &str,
    ) -> Registration {
        let signals = Arc::new(Signals::default());
        self.entries().insert(
            pid,
            Entry {
                secret,
                signals: Arc::clone(&signals),
                client: Client {
                    pid,
                    user: user.to_owned(),
                    database: database.to_owned(),
                    started: Utc::now(),
                    statement: None,
                    busy: false,
                },
            },
        );
        Registration {
            backends: Arc::clone(self),
            pid,
            signals,
        }
    }

    /// Cancels the running statement of a connection when the secret is right.
    pub fn cancel(&self, pid: i32, secret: i32) {
        if let Some(e) = self.entries().get(&pid)
            && e.secret == secret
            && e.signals.is_busy()
        {
            e.signals.cancel.notify_one();
        }
    }

    /// Cancels the running statement of a connection, as a superuser may (`pg_cancel_backend`). False when there is none.
    pub fn cancel_backend(&self, pid: i32) -> bool {
        self.entries().get(&pid).is_some_and(|e| {
            if e.signals.is_busy() {
                e.signals.cancel.notify_one();
            }
            true
        })
    }

    /// Ends a connection. False when there is none with this process id.
    pub fn terminate(&self, pid: i32) -> bool {
        self.entries()
            .get(&pid)
            .map(|e| e.signals.terminate.notify_one())
            .is_some()
    }

    /// Whether there is a connection with this process id.
    pub fn has(&self, pid: i32) -> bool {
        self.entries().contains_key(&pid)
    }

    /// Notes the statement that a connection begins.
    pub fn begins(&self, pid: i32, query: i64, text: &str, at: DateTime<Utc>) {
        if let Some(e) = self.entries().get_mut(&pid) {
            e.client.statement = Some((query, text.to_owned(), at));
        }
    }

    /// All connections, by process id.
    pub fn clients(&self) -> Vec<Client> {
        let mut all: Vec<Client> = self
            .entries()
            .values()
            .map(|e| Client {
                busy: e.signals.is_busy() && e.client.statement.is_some(),
                ..e.client.clone()
            })
            .collect();
        all.sort_unstable_by_key(|c| c.pid);
        all
    }
}

/// A connection's entry; dropping it removes the entry.
#[derive(Debug)]
pub struct Registration {
    backends: Arc<Backends>,
    pid: i32,
    /// The connection's signals.
    pub signals: Arc<Signals>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.backends.entries().remove(&self.pid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn secret_and_busy() {
        let all = Arc::new(Backends::default());
        let one = all.register(7, 42, "ann", "dev");
        all.cancel(7, 42);
        one.signals.set_busy(true);
        all.cancel(7, 41);
        let waiting = tokio::time::timeout(
            std::time::Duration::from_millis(1),
            one.signals.cancel.notified(),
        );
        assert!(waiting.await.is_err());
        all.cancel(7, 42);
        one.signals.cancel.notified().await;
        all.begins(7, 1, "select 1", Utc::now());
        let client = all.clients().pop();
        assert!(client.is_some_and(|c| c.busy && c.user == "ann"));
        drop(one);
        assert!(!all.terminate(7) && all.clients().is_empty());
    }
}
