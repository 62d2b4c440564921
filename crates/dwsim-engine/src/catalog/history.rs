//! Published versions of the catalog for time travel, and what was dropped, for UNDROP.
//! Memory is bounded: the oldest versions go first. Which version a clause means is decided in `plan::time_travel`.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::{Account, Database, Object, ObjectKind, ObjectName, Schema, TableData, TableEntry};

/// Most versions that are kept.
const MAX_VERSIONS: usize = 10_000;
/// About what a version's own maps take per entry, in bytes.
const ENTRY: usize = 128;
/// Most statements whose place in time is remembered.
const MAX_STATEMENTS: usize = 10_000;

/// A published version of the catalog.
#[derive(Debug, Clone)]
pub struct Version {
    /// Counts from 0.
    pub number: u64,
    /// Microseconds since the epoch from which it was the published one; larger than that of the version before.
    pub at: i64,
    /// The catalog.
    pub root: Arc<Account>,
    /// Bytes that only older versions hold, because this one replaced them.
    displaced: usize,
}

/// Something that was dropped or replaced.
#[derive(Debug, Clone)]
pub enum DroppedObject {
    /// A database.
    Database(String, Arc<Database>),
    /// A schema: database, name.
    Schema(String, String, Arc<Schema>),
    /// An object of a schema.
    Object(ObjectKind, ObjectName, Object),
}

impl DroppedObject {
    /// The id that the object has.
    pub fn oid(&self) -> u64 {
        match self {
            DroppedObject::Database(_, d) => d.oid,
            DroppedObject::Schema(_, _, s) => s.oid,
            DroppedObject::Object(_, _, o) => o.oid(),
        }
    }
}

/// A dropped object and when it was dropped.
#[derive(Debug, Clone)]
pub struct Dropped {
    /// Microseconds since the epoch.
    pub at: i64,
    /// What it was.
    pub object: DroppedObject,
}

/// The versions that are kept, oldest first.
#[derive(Debug)]
pub struct History {
    versions: VecDeque<Version>,
    dropped: VecDeque<Dropped>,
    statements: HashMap<String, (u64, u64)>,
    order: VecDeque<String>,
    displaced: usize,
    limit: usize,
}

/// Bytes of a database's tables.
fn database_bytes(db: &Database) -> usize {
    db.schemas.values().map(|s| schema_bytes(s)).sum()
}

fn schema_bytes(schema: &Schema) -> usize {
    schema
        .objects
        .values()
        .map(|o| match o {
            Object::Table(t) => t.data.bytes(),
            _ => 0,
        })
        .sum()
}

impl History {
    /// A history that starts with this version and keeps about `limit` bytes of replaced data.
    pub fn new(root: Arc<Account>, limit: usize) -> Self {
        let first = Version {
            number: 0,
            at: chrono::Utc::now().timestamp_micros(),
            root,
            displaced: 0,
        };
        History {
            versions: VecDeque::from([first]),
            dropped: VecDeque::new(),
            statements: HashMap::new(),
            order: VecDeque::new(),
            displaced: 0,
            limit,
        }
    }

    /// The number of the newest version.
    pub fn newest(&self) -> u64 {
        self.versions.back().map_or(0, |v| v.number)
    }

    /// Takes a new version; `touched` are the objects that it changed or dropped, as they were before.
    pub(super) fn push(&mut self, root: &Arc<Account>, touched: Vec<DroppedObject>) {
        let last = self.versions.back().map_or((0, 0), |v| (v.number, v.at));
        let at = chrono::Utc::now().timestamp_micros().max(last.1 + 1);
        // Every version has maps of its own where it differs from the one before.
        let mut displaced = root.databases.len() * ENTRY;
        for before in touched {
            let gone = match &before {
                DroppedObject::Database(name, db) => {
                    match root.databases.get(name) {
                        Some(now) if now.oid == db.oid => false,
                        _ => {
                            displaced += database_bytes(db);
                            // Renamed databases are somewhere else.
                            !root.databases.values().any(|d| d.oid == db.oid)
                        }
                    }
                }
                DroppedObject::Schema(db, name, schema) => {
                    let now = root.databases.get(db);
                    match now.and_then(|d| d.schemas.get(name)) {
                        Some(now) if now.oid == schema.oid => false,
                        _ => {
                            displaced += schema_bytes(schema);
                            !now.is_some_and(|d| d.schemas.values().any(|s| s.oid == schema.oid))
                        }
                    }
                }
                DroppedObject::Object(kind, name, object) => {
                    let now = super::transaction::object(root, *kind, name);
                    displaced += root
                        .databases
                        .get(&name.database)
                        .and_then(|d| d.schemas.get(&name.schema))
                        .map_or(0, |s| s.objects.len() * ENTRY);
                    if let Object::Table(old) = object {
                        let empty = TableData::empty(Arc::clone(&old.data.schema));
                        let newer = match now {
                            Some(Object::Table(t)) if t.def.oid == old.def.oid => &t.data,
                            _ => &empty,
                        };
                        displaced += old.data.bytes_not_in(newer);
                    }
                    match now {
                        Some(o) if o.oid() == object.oid() => false,
                        _ => !root.databases.get(&name.database).is_some_and(|d| {
                            d.schemas
                                .values()
                                .flat_map(|s| s.objects.values())
                                .any(|o| o.oid() == object.oid())
                        }),
                    }
                }
            };
            if gone {
                self.dropped.push_back(Dropped { at, object: before });
            }
        }
        self.displaced += displaced;
        self.versions.push_back(Version {
            number: last.0 + 1,
            at,
            root: Arc::clone(root),
            displaced,
        });
        while self.versions.len() > 1
            && (self.versions.len() > MAX_VERSIONS || self.displaced > self.limit)
        {
            self.versions.pop_front();
            // The new first version no longer needs what it replaced.
            if let Some(first) = self.versions.front_mut() {
                self.displaced -= std::mem::take(&mut first.displaced);
            }
        }
        let oldest = self.versions.front().map_or(0, |v| v.at);
        while self.dropped.front().is_some_and(|d| d.at < oldest) {
            self.dropped.pop_front();
        }
    }

    /// Remembers which versions were the newest before and after a statement.
    pub fn note(&mut self, query_id: &str, before: u64) {
        let after = self.newest();
        if self
            .statements
            .insert(query_id.to_owned(), (before, after))
            .is_none()
        {
            self.order.push_back(query_id.to_owned());
        }
        while self.order.len() > MAX_STATEMENTS {
            if let Some(old) = self.order.pop_front() {
                self.statements.remove(&old);
            }
        }
    }

    /// The numbers of the versions before and after a statement.
    pub fn statement(&self, query_id: &str) -> Option<(u64, u64)> {
        self.statements.get(query_id).copied()
    }

    /// A version by its number; None when it is no longer kept.
    pub fn numbered(&self, number: u64) -> Option<&Version> {
        let first = self.versions.front()?.number;
        let i = usize::try_from(number.checked_sub(first)?).ok()?;
        self.versions.get(i)
    }

    /// The version that was published at a time (microseconds since the epoch).
    pub fn at(&self, time: i64) -> Option<&Version> {
        let i = self.versions.partition_point(|v| v.at <= time);
        self.versions.get(i.checked_sub(1)?)
    }

    /// The version just before a time.
    pub fn before(&self, time: i64) -> Option<&Version> {
        self.at(time - 1)
    }

    /// The different versions of a table that are kept, oldest first.
    pub fn tables(&self, database: &str, oid: u64) -> Vec<Arc<TableEntry>> {
        let mut out: Vec<Arc<TableEntry>> = Vec::new();
        for v in &self.versions {
            let found = v
                .root
                .databases
                .get(database)
                .into_iter()
                .flat_map(|d| d.schemas.values())
                .flat_map(|s| s.objects.values())
                .find_map(|o| match o {
                    Object::Table(t) if t.def.oid == oid => Some(t),
                    _ => None,
                });
            if let Some(t) = found
                && !out.last().is_some_and(|l| Arc::ptr_eq(l, t))
            {
                out.push(Arc::clone(t));
            }
        }
        out
    }

    /// Dropped objects, the newest first.
    pub fn dropped(&self) -> impl Iterator<Item = &Dropped> {
        self.dropped.iter().rev()
    }
}
