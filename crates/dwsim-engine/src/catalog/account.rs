//! Account, databases and schemas: maps of maps, each cloned by pointer.
//! Changing a map copies that map only; every copy shares what it does not change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Counters, Object, ObjectKind};

static NEXT_OID: AtomicU64 = AtomicU64::new(100_000);

/// A fresh object id, unique in the process; ids below 100 000 belong to system objects.
pub fn next_oid() -> u64 {
    NEXT_OID.fetch_add(1, Ordering::Relaxed)
}

/// Makes later ids larger than `oid`, after a catalog was read from disk.
pub fn reserve_oids(oid: u64) {
    NEXT_OID.fetch_max(oid + 1, Ordering::Relaxed);
}

/// The root: all databases, and account-level objects (users, roles, warehouses, …) as properties.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Databases by name.
    pub databases: BTreeMap<String, Arc<Database>>,
    /// Account-level objects by kind and name.
    pub objects: BTreeMap<(ObjectKind, String), Object>,
}

/// A database: schemas by name.
#[derive(Debug, Clone)]
pub struct Database {
    /// Object id.
    pub oid: u64,
    /// Owner.
    pub owner: String,
    /// COMMENT.
    pub comment: Option<String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// Further attributes (TRANSIENT, retention, …).
    pub properties: BTreeMap<String, String>,
    /// Schemas by name.
    pub schemas: Arc<BTreeMap<String, Arc<Schema>>>,
    /// Sequence and identity positions, which are not transactional. A fork gets a copy.
    pub counters: Arc<Counters>,
}

/// A schema: objects by kind and name.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Object id.
    pub oid: u64,
    /// Owner.
    pub owner: String,
    /// COMMENT.
    pub comment: Option<String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// Further attributes.
    pub properties: BTreeMap<String, String>,
    /// Tables and views share a name space, as [`ObjectKind::Relation`]; the others have one each.
    pub objects: BTreeMap<(ObjectKind, String), Object>,
}

impl Database {
    /// An empty database without schemas.
    pub fn new(owner: impl Into<String>) -> Self {
        Database {
            oid: next_oid(),
            owner: owner.into(),
            comment: None,
            created: chrono::Utc::now().timestamp(),
            properties: BTreeMap::new(),
            schemas: Arc::default(),
            counters: Arc::default(),
        }
    }

    /// A copy that shares all data and diverges from here on. Costs the same for any amount of data.
    #[must_use]
    pub fn fork(&self, owner: impl Into<String>) -> Self {
        Database {
            oid: next_oid(),
            owner: owner.into(),
            created: chrono::Utc::now().timestamp(),
            counters: Arc::new(self.counters.fork()),
            ..self.clone()
        }
    }
}

impl Schema {
    /// An empty schema.
    pub fn new(owner: impl Into<String>) -> Self {
        Schema {
            oid: next_oid(),
            owner: owner.into(),
            comment: None,
            created: chrono::Utc::now().timestamp(),
            properties: BTreeMap::new(),
            objects: BTreeMap::new(),
        }
    }
}
