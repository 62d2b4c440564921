//! Snapshot transactions: a private root that is merged into the published one on commit, object by object.
//! When a conflict is retried, waited for or reported is the session's decision.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    Account, Database, DroppedObject, History, Object, ObjectKind, ObjectName, Schema, StreamDef,
    TableEntry,
};
use crate::error::{ErrorKind, Result, SqlError};

/// The published catalog: one root pointer, and older ones where a history is kept.
#[derive(Debug, Default)]
pub struct Catalog {
    published: Mutex<Published>,
}

#[derive(Debug, Default)]
struct Published {
    root: Arc<Account>,
    history: Option<History>,
}

/// A private view of the catalog with the changes made in it.
#[derive(Debug, Clone)]
pub struct Transaction {
    base: Arc<Account>,
    current: Arc<Account>,
    touched: Vec<Touched>,
    /// Streams that were consumed, with the table versions they have then reached.
    consumed: Vec<(ObjectName, Arc<TableEntry>)>,
}

/// What a transaction changed, to be found again at commit.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Touched {
    Database(String),
    Schema(String, String),
    Object(ObjectKind, ObjectName),
    Account(ObjectKind, String),
}

impl Catalog {
    /// A catalog that starts with this root.
    pub fn new(account: Account) -> Self {
        Catalog {
            published: Mutex::new(Published {
                root: Arc::new(account),
                history: None,
            }),
        }
    }

    fn published(&self) -> MutexGuard<'_, Published> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The published root.
    pub fn snapshot(&self) -> Arc<Account> {
        Arc::clone(&self.published().root)
    }

    /// Keeps older versions from now on, about `limit` bytes of replaced data.
    pub fn keep_history(&self, limit: usize) {
        let mut p = self.published();
        let root = Arc::clone(&p.root);
        p.history = Some(History::new(root, limit));
    }

    /// Looks into the history; None when none is kept.
    pub fn history<T>(&self, f: impl FnOnce(&mut History) -> T) -> Option<T> {
        self.published().history.as_mut().map(f)
    }

    /// Starts a transaction on the published root.
    pub fn begin(&self) -> Transaction {
        let base = self.snapshot();
        Transaction {
            current: Arc::clone(&base),
            base,
            touched: Vec::new(),
            consumed: Vec::new(),
        }
    }

    /// Publishes a transaction's changes; `before` sees the new root just before it is published (for durability).
    ///
    /// # Errors
    /// [`ErrorKind::SerializationConflict`] when another transaction changed an object that this one changed;
    /// whatever `before` returns. Nothing is published then.
    pub fn commit(
        &self,
        transaction: &Transaction,
        before: impl FnOnce(&Arc<Account>, &Arc<Account>) -> Result<()>,
    ) -> Result<Arc<Account>> {
        let mut p = self.published();
        if transaction.touched.is_empty() {
            return Ok(Arc::clone(&p.root));
        }
        let merged = if Arc::ptr_eq(&p.root, &transaction.base) {
            Arc::clone(&transaction.current)
        } else {
            Arc::new(transaction.merge_into(&p.root)?)
        };
        before(&p.root, &merged)?;
        let old = std::mem::replace(&mut p.root, Arc::clone(&merged));
        if let Some(history) = &mut p.history {
            history.push(&merged, transaction.replaced(&old));
        }
        Ok(merged)
    }
}

pub(super) fn object<'a>(
    account: &'a Account,
    kind: ObjectKind,
    name: &ObjectName,
) -> Option<&'a Object> {
    account
        .databases
        .get(&name.database)?
        .schemas
        .get(&name.schema)?
        .objects
        .get(&(kind, name.name.clone()))
}

fn same(a: Option<&Object>, b: Option<&Object>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.same(b),
        _ => false,
    }
}

impl Transaction {
    /// A view of a version of the catalog, for reading.
    pub fn of(root: Arc<Account>) -> Self {
        Transaction {
            base: Arc::clone(&root),
            current: root,
            touched: Vec::new(),
            consumed: Vec::new(),
        }
    }

    /// What the touched objects were in a version of the catalog.
    fn replaced(&self, old: &Account) -> Vec<DroppedObject> {
        self.touched
            .iter()
            .filter_map(|t| match t {
                Touched::Database(n) => Some(DroppedObject::Database(
                    n.clone(),
                    Arc::clone(old.databases.get(n)?),
                )),
                Touched::Schema(d, n) => Some(DroppedObject::Schema(
                    d.clone(),
                    n.clone(),
                    Arc::clone(old.databases.get(d)?.schemas.get(n)?),
                )),
                Touched::Object(k, n) => Some(DroppedObject::Object(
                    *k,
                    n.clone(),
                    object(old, *k, n)?.clone(),
                )),
                Touched::Account(..) => None,
            })
            .collect()
    }

    /// Remembers that a stream was read by a statement that changes data: on commit it moves to this version.
    /// Of several times in one transaction the first counts.
    pub fn consume(&mut self, stream: &ObjectName, reached: &Arc<TableEntry>) {
        if self.consumed(stream).is_none() {
            self.consumed.push((stream.clone(), Arc::clone(reached)));
        }
    }

    /// The version that a stream reaches with this transaction.
    pub fn consumed(&self, stream: &ObjectName) -> Option<&Arc<TableEntry>> {
        self.consumed
            .iter()
            .find(|(n, _)| n == stream)
            .map(|(_, e)| e)
    }

    /// Moves the consumed streams, before a commit.
    ///
    /// # Errors
    /// When the schema of a stream is gone.
    pub fn advance(&mut self) -> Result<()> {
        for (name, reached) in std::mem::take(&mut self.consumed) {
            let Some(Object::Stream(s)) = self.object(ObjectKind::Stream, &name) else {
                continue;
            };
            let moved = StreamDef {
                offset_time: reached.changed,
                offset: reached,
                initial_rows: false,
                ..StreamDef::clone(s)
            };
            let moved = Object::Stream(Arc::new(moved));
            self.set_object(ObjectKind::Stream, &name, Some(moved))?;
        }
        Ok(())
    }

    /// The catalog as this transaction sees it.
    pub fn account(&self) -> &Arc<Account> {
        &self.current
    }

    /// Whether anything was changed.
    pub fn is_changed(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Moves to a newer published root and keeps the own changes (read committed).
    ///
    /// # Errors
    /// [`ErrorKind::SerializationConflict`] when another transaction changed an object that this one changed.
    pub fn rebase(&mut self, root: &Arc<Account>) -> Result<()> {
        if Arc::ptr_eq(root, &self.base) {
            return Ok(());
        }
        let merged = if self.touched.is_empty() {
            Arc::clone(root)
        } else {
            Arc::new(self.merge_into(root)?)
        };
        self.current = merged;
        self.base = Arc::clone(root);
        Ok(())
    }

    fn merge_into(&self, root: &Account) -> Result<Account> {
        let conflict = |name: String| SqlError::new(ErrorKind::SerializationConflict(name));
        let mut merged = root.clone();
        for t in &self.touched {
            match t {
                Touched::Database(name) => {
                    let (base, theirs) = (self.base.databases.get(name), root.databases.get(name));
                    let unchanged = match (base, theirs) {
                        (None, None) => true,
                        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                        _ => false,
                    };
                    match self.current.databases.get(name) {
                        Some(db) if unchanged => {
                            merged.databases.insert(name.clone(), Arc::clone(db));
                        }
                        // Dropping a database wins over changes inside of it.
                        None => {
                            merged.databases.remove(name);
                        }
                        Some(_) => return Err(conflict(name.clone())),
                    }
                }
                Touched::Schema(db, schema) => {
                    let find = |a: &Account| {
                        a.databases
                            .get(db)
                            .and_then(|d| d.schemas.get(schema))
                            .cloned()
                    };
                    let (base, theirs, mine) = (find(&self.base), find(root), find(&self.current));
                    let unchanged = match (&base, &theirs) {
                        (None, None) => true,
                        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                        _ => false,
                    };
                    if !unchanged && mine.is_some() {
                        return Err(conflict(format!("{db}.{schema}")));
                    }
                    let Some(database) = merged.databases.get_mut(db) else {
                        return Err(conflict(db.clone()));
                    };
                    let schemas = Arc::make_mut(&mut Arc::make_mut(database).schemas);
                    match mine {
                        Some(s) => schemas.insert(schema.clone(), s),
                        None => schemas.remove(schema),
                    };
                }
                Touched::Object(kind, name) => {
                    if !same(object(&self.base, *kind, name), object(root, *kind, name)) {
                        return Err(conflict(name.name.clone()));
                    }
                    let mine = object(&self.current, *kind, name).cloned();
                    let Some(schema) = schema_mut(&mut merged, &name.database, &name.schema) else {
                        return Err(conflict(format!("{}.{}", name.database, name.schema)));
                    };
                    let key = (*kind, name.name.clone());
                    match mine {
                        Some(o) => schema.objects.insert(key, o),
                        None => schema.objects.remove(&key),
                    };
                }
                Touched::Account(kind, name) => {
                    let key = (*kind, name.clone());
                    if !same(self.base.objects.get(&key), root.objects.get(&key)) {
                        return Err(conflict(name.clone()));
                    }
                    match self.current.objects.get(&key) {
                        Some(o) => merged.objects.insert(key, o.clone()),
                        None => merged.objects.remove(&key),
                    };
                }
            }
        }
        Ok(merged)
    }

    fn touch(&mut self, t: Touched) {
        if !self.touched.contains(&t) {
            self.touched.push(t);
        }
    }

    /// A database by name.
    pub fn database(&self, name: &str) -> Option<&Arc<Database>> {
        self.current.databases.get(name)
    }

    /// A schema by names.
    pub fn schema(&self, database: &str, schema: &str) -> Option<&Arc<Schema>> {
        self.database(database)?.schemas.get(schema)
    }

    /// An object by kind and name.
    pub fn object(&self, kind: ObjectKind, name: &ObjectName) -> Option<&Object> {
        object(&self.current, kind, name)
    }

    /// Puts or removes (`None`) a database.
    pub fn set_database(&mut self, name: &str, database: Option<Database>) {
        let account = Arc::make_mut(&mut self.current);
        match database {
            Some(db) => account.databases.insert(name.to_owned(), Arc::new(db)),
            None => account.databases.remove(name),
        };
        self.touch(Touched::Database(name.to_owned()));
    }

    /// Puts or removes (`None`) a schema.
    ///
    /// # Errors
    /// When the database does not exist.
    pub fn set_schema(&mut self, database: &str, name: &str, schema: Option<Schema>) -> Result<()> {
        let account = Arc::make_mut(&mut self.current);
        let db = account
            .databases
            .get_mut(database)
            .ok_or_else(|| ErrorKind::UnknownObject {
                kind: "database",
                name: database.to_owned(),
            })?;
        let schemas = Arc::make_mut(&mut Arc::make_mut(db).schemas);
        match schema {
            Some(s) => schemas.insert(name.to_owned(), Arc::new(s)),
            None => schemas.remove(name),
        };
        // A database made in this transaction is published whole.
        self.touch(Touched::Schema(database.to_owned(), name.to_owned()));
        self.retouch_database(database);
        Ok(())
    }

    /// Puts or removes (`None`) an object.
    ///
    /// # Errors
    /// When the database or schema does not exist.
    pub fn set_object(
        &mut self,
        kind: ObjectKind,
        name: &ObjectName,
        object: Option<Object>,
    ) -> Result<()> {
        let account = Arc::make_mut(&mut self.current);
        if !account.databases.contains_key(&name.database) {
            return Err(ErrorKind::UnknownObject {
                kind: "database",
                name: name.database.clone(),
            }
            .into());
        }
        let schema = schema_mut(account, &name.database, &name.schema).ok_or_else(|| {
            ErrorKind::UnknownObject {
                kind: "schema",
                name: name.schema.clone(),
            }
        })?;
        let key = (kind, name.name.clone());
        match object {
            Some(o) => schema.objects.insert(key, o),
            None => schema.objects.remove(&key),
        };
        self.touch(Touched::Object(kind, name.clone()));
        self.retouch_schema(&name.database, &name.schema);
        Ok(())
    }

    /// Puts or removes (`None`) an account-level object.
    pub fn set_account_object(&mut self, kind: ObjectKind, name: &str, object: Option<Object>) {
        let account = Arc::make_mut(&mut self.current);
        let key = (kind, name.to_owned());
        match object {
            Some(o) => account.objects.insert(key, o),
            None => account.objects.remove(&key),
        };
        self.touch(Touched::Account(kind, name.to_owned()));
    }

    /// When the schema (or its database) itself is new or replaced in this transaction, changes inside of it
    /// belong to that change and must not be merged a second time.
    fn retouch_schema(&mut self, database: &str, schema: &str) {
        let whole = self
            .touched
            .contains(&Touched::Database(database.to_owned()))
            || self
                .touched
                .contains(&Touched::Schema(database.to_owned(), schema.to_owned()));
        if whole {
            self.touched.retain(|t| {
                !matches!(t, Touched::Object(_, n) if n.database == database && n.schema == schema)
            });
        }
    }

    fn retouch_database(&mut self, database: &str) {
        if self
            .touched
            .contains(&Touched::Database(database.to_owned()))
        {
            self.touched
                .retain(|t| !matches!(t, Touched::Schema(d, _) if d == database));
        } else {
            // The schema is published whole, with the objects changed in it before.
            let schemas: Vec<(String, String)> = self
                .touched
                .iter()
                .filter_map(|t| match t {
                    Touched::Schema(d, s) => Some((d.clone(), s.clone())),
                    _ => None,
                })
                .collect();
            for (d, s) in schemas {
                self.retouch_schema(&d, &s);
            }
        }
    }
}

fn schema_mut<'a>(
    account: &'a mut Account,
    database: &str,
    schema: &str,
) -> Option<&'a mut Schema> {
    let db = account.databases.get_mut(database)?;
    let schemas = Arc::make_mut(&mut Arc::make_mut(db).schemas);
    schemas.get_mut(schema).map(Arc::make_mut)
}
