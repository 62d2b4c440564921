//! The sessions of an account as other sessions see them: what they run, and what stops it.
//! The functions over them are in `functions::service`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use dwsim_engine::exec::CancelHandle;

/// A session, for as long as it lives.
#[derive(Debug)]
pub struct SessionSlot {
    /// Session id.
    pub id: i64,
    /// User.
    pub user: String,
    cancel: CancelHandle,
    state: Mutex<State>,
    ended: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// Ids of the running statements, a block's before those inside of it.
    running: Vec<String>,
    /// The open transaction: when it began, in microseconds since the epoch, which is its id.
    transaction: Option<i64>,
    /// The transaction that another session has aborted.
    doomed: Option<i64>,
}

impl SessionSlot {
    /// A session that runs nothing.
    pub fn new(id: i64, user: String, cancel: CancelHandle) -> Arc<Self> {
        Arc::new(SessionSlot {
            id,
            user,
            cancel,
            state: Mutex::default(),
            ended: AtomicBool::new(false),
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A statement begins.
    pub(super) fn begin(&self, query_id: &str) {
        self.state().running.push(query_id.to_owned());
    }

    /// A statement is over; `transaction` is open behind it.
    pub(super) fn end(&self, query_id: &str, transaction: Option<i64>) {
        let mut state = self.state();
        state.running.retain(|q| q != query_id);
        state.transaction = transaction;
    }

    /// Whether the open transaction was aborted from elsewhere; asked once.
    pub(super) fn take_doomed(&self) -> bool {
        let mut state = self.state();
        let doomed = state.doomed.take();
        doomed.is_some() && doomed == state.transaction
    }

    /// The open transaction.
    pub fn transaction(&self) -> Option<i64> {
        self.state().transaction
    }

    /// Aborts a transaction if it is the open one.
    pub fn abort_transaction(&self, id: i64) -> bool {
        let mut state = self.state();
        let open = state.transaction == Some(id);
        if open {
            state.doomed = Some(id);
        }
        open
    }

    /// Cancels what runs unless it is the asking statement itself; how many statements that were.
    pub fn cancel_all(&self, asking: &str) -> usize {
        let running = self.state().running.clone();
        if running.is_empty() || running.iter().any(|q| q == asking) {
            return 0;
        }
        self.cancel.cancel();
        1
    }

    /// Cancels a statement if it runs here.
    pub fn cancel_query(&self, query_id: &str) -> bool {
        let runs = self.state().running.iter().any(|q| q == query_id);
        if runs {
            self.cancel.cancel();
        }
        runs
    }

    /// Ends the session: what runs is cancelled, and no further statement is taken.
    pub fn abort(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.cancel.cancel();
    }

    /// Whether the session was ended.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }
}

/// The sessions of an account.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<Vec<Weak<SessionSlot>>>);

impl Sessions {
    /// Adds a session.
    pub fn add(&self, slot: &Arc<SessionSlot>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|s| s.strong_count() > 0);
        all.push(Arc::downgrade(slot));
    }

    /// Those that live, oldest first.
    pub fn all(&self) -> Vec<Arc<SessionSlot>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter_map(Weak::upgrade).collect()
    }
}
