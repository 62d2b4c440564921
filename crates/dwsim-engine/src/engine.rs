//! The engine: one account's catalog, its object store, its memory and its data directory.
//! Sessions are in `session`; what listens on a port is in the dialect crates.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;

use crate::catalog::{Account, Catalog, Transaction};
use crate::durable::DataDirectory;
use crate::error::Result;
use crate::exec::{Executor, PlanCache};
use crate::session::is_temp_schema;
use crate::storage::{NoStorage, Storage};

/// What an engine is given.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Object store for COPY, UNLOAD and external stages.
    pub storage: Arc<dyn Storage>,
    /// Bytes that all running queries may use together; larger sorts, joins and groupings spill or fail.
    pub memory_limit: usize,
    /// Threads a large query may use.
    pub parallelism: usize,
    /// Seed by which results without ORDER BY are shuffled; None keeps the natural order.
    pub shuffle_seed: Option<u64>,
    /// What the time is in every session; None is the machine's clock.
    pub clock: Option<DateTime<Utc>>,
    /// Seed of random functions in every session that has none of its own; None leaves them random.
    pub random_seed: Option<u64>,
    /// Where commits are made durable; everything is in memory only without it.
    pub data_dir: Option<PathBuf>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        EngineConfig {
            storage: Arc::new(NoStorage),
            memory_limit: 4 << 30,
            parallelism: std::thread::available_parallelism().map_or(2, usize::from),
            shuffle_seed: None,
            clock: None,
            random_seed: None,
            data_dir: None,
        }
    }
}

/// One emulated account or cluster.
#[derive(Debug)]
pub struct Engine {
    /// What it was given.
    pub config: EngineConfig,
    /// The published catalog.
    pub catalog: Catalog,
    /// Runs plans within the engine's memory.
    pub executor: Executor,
    pub(crate) plans: PlanCache,
    data: Option<DataDirectory>,
    next_session: AtomicI64,
}

impl Engine {
    /// An engine over the catalog of its data directory, or over a starting catalog (the dialect's default
    /// databases) where there is none yet.
    ///
    /// # Errors
    /// When the spill directory cannot be made, or the data directory is in use or broken.
    pub fn new(config: EngineConfig, account: Account) -> Result<Arc<Self>> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(config.memory_limit)))
            .build_arc()?;
        let executor = Executor::new(&runtime, config.parallelism);
        let (data, account) = match &config.data_dir {
            Some(dir) => {
                let (data, committed) = DataDirectory::open(dir, is_temp_schema)?;
                (Some(data), committed.unwrap_or(account))
            }
            None => (None, account),
        };
        Ok(Arc::new(Engine {
            config,
            data,
            catalog: Catalog::new(account),
            executor,
            plans: PlanCache::default(),
            next_session: AtomicI64::new(1),
        }))
    }

    /// Publishes a transaction's changes.
    ///
    /// # Errors
    /// A conflict with another transaction, or a failure to make the changes durable.
    pub fn publish(&self, transaction: &Transaction) -> Result<()> {
        self.catalog
            .commit(transaction, |_, next| match &self.data {
                Some(data) => data.commit(next),
                None => Ok(()),
            })
            .map(drop)
    }

    /// A fresh session id.
    pub fn next_session_id(&self) -> i64 {
        self.next_session.fetch_add(1, Ordering::Relaxed)
    }

    /// The object store.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.config.storage
    }
}
