//! The session's state: context, parameters, transaction, and the binder it gives to statements.
//! Statements are in the files beside this one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use sqlparser::ast;

use super::SessionOptions;
use crate::catalog::{Account, Object, ObjectKind, ObjectName, TableEntry, Transaction};
use crate::dialect::{Dialect, DialectName};
use crate::engine::Engine;
use crate::env::{Draws, Env, Fleeting, Moment, QueryIds};
use crate::error::{ErrorKind, Result, SqlError};
use crate::exec::{CancelHandle, Execution};
use crate::functions::Typed;
use crate::kernels::datetime::zone;
use crate::plan::Binder;

/// How often an autocommitted statement is run again after another session changed the same table.
const RETRIES: usize = 50;

/// One connection to an engine in one dialect.
#[derive(Debug)]
pub struct Session {
    engine: Arc<Engine>,
    dialect: Arc<dyn Dialect>,
    id: i64,
    /// User name.
    pub user: String,
    /// Current role.
    pub role: String,
    /// Current warehouse.
    pub warehouse: String,
    account: String,
    database: Option<String>,
    schemas: Vec<String>,
    parameters: BTreeMap<String, String>,
    /// Session variables by folded name.
    pub variables: BTreeMap<String, Typed>,
    /// Variables of the running block.
    pub script: Option<Arc<crate::scripting::ScriptScope>>,
    transaction: Option<Open>,
    cancel: CancelHandle,
    /// Statement timeout; None is none.
    pub timeout: Option<Duration>,
    /// Identifier of the running statement, set by the server before it executes.
    pub query_id: String,
    /// Identifier of the statement before it.
    pub last_query_id: Option<String>,
    /// The client program with its version, as it gave them when it logged in.
    pub client: Option<String>,
    last_transaction: Option<i64>,
    /// The text of the running statement, kept for views.
    pub(super) text: String,
    seed: Option<u64>,
    draws: Draws,
    /// The ids of the statements that are over.
    pub query_ids: QueryIds,
    /// Databases in which this session made temporary objects.
    pub(super) temporary: Vec<(String, String)>,
    /// A fixed clock, when the project freezes time.
    pub clock: Option<chrono::DateTime<Utc>>,
}

/// An explicit transaction.
#[derive(Debug)]
struct Open {
    transaction: Transaction,
    started: chrono::DateTime<Utc>,
    aborted: bool,
}

impl Session {
    /// A new session.
    pub fn new(engine: Arc<Engine>, dialect: Arc<dyn Dialect>, options: SessionOptions) -> Self {
        let id = engine.next_session_id();
        let (clock, random) = (engine.config.clock, engine.config.random_seed);
        Session {
            engine,
            dialect,
            id,
            user: options.user,
            role: options.role,
            warehouse: options.warehouse,
            account: options.account,
            database: options.database,
            schemas: options.schemas,
            parameters: options.parameters,
            variables: BTreeMap::new(),
            script: None,
            transaction: None,
            cancel: CancelHandle::default(),
            timeout: None,
            query_id: String::new(),
            last_query_id: None,
            client: None,
            last_transaction: None,
            text: String::new(),
            seed: options.seed.or(random),
            draws: Draws::default(),
            query_ids: QueryIds::default(),
            temporary: Vec::new(),
            clock,
        }
    }

    /// Makes the random numbers that follow repeat those that followed the same seed before (Redshift's SET SEED).
    pub fn set_seed(&mut self, seed: u32) {
        self.draws = Draws::seeded(seed);
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The dialect.
    pub fn dialect(&self) -> &Arc<dyn Dialect> {
        &self.dialect
    }

    /// The session's number, unique in the engine.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Current database.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Current schema: the first of the search path.
    pub fn schema(&self) -> Option<&str> {
        self.schemas.first().map(String::as_str)
    }

    /// The search path as it was set.
    pub fn schemas(&self) -> &[String] {
        &self.schemas
    }

    /// Makes a database current, with this search path.
    pub fn set_context(&mut self, database: Option<String>, schemas: Vec<String>) {
        self.database = database;
        self.schemas = schemas;
    }

    /// Makes an existing database current.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownObject`].
    pub fn use_database(&mut self, name: &str, schemas: Vec<String>) -> Result<()> {
        let account = self.snapshot();
        let db = account
            .databases
            .get(name)
            .ok_or_else(|| ErrorKind::UnknownObject {
                kind: "database",
                name: name.to_owned(),
            })?;
        let schemas = schemas
            .into_iter()
            .filter(|s| db.schemas.contains_key(s))
            .collect();
        self.set_context(Some(name.to_owned()), schemas);
        Ok(())
    }

    /// Makes an existing schema of a database current.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownObject`].
    pub fn use_schema(&mut self, database: &str, schema: &str) -> Result<()> {
        let account = self.snapshot();
        let db = account
            .databases
            .get(database)
            .ok_or_else(|| ErrorKind::UnknownObject {
                kind: "database",
                name: database.to_owned(),
            })?;
        if !db.schemas.contains_key(schema) {
            return Err(ErrorKind::UnknownObject {
                kind: "schema",
                name: format!("{database}.{schema}"),
            }
            .into());
        }
        self.set_context(Some(database.to_owned()), vec![schema.to_owned()]);
        Ok(())
    }

    /// Session parameters.
    pub fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    /// Sets a parameter; None removes it.
    pub fn set_parameter(&mut self, name: &str, value: Option<String>) {
        match value {
            Some(v) => self.parameters.insert(name.to_owned(), v),
            None => self.parameters.remove(name),
        };
    }

    /// Lets a session that runs inside of another one's statement end with it.
    pub fn set_cancel(&mut self, cancel: CancelHandle) {
        self.cancel = cancel;
    }

    /// A handle that cancels the running statement from another task.
    pub fn cancel_handle(&self) -> CancelHandle {
        self.cancel.clone()
    }

    pub(super) fn bounds(&self) -> Execution {
        Execution {
            cancel: self.cancel.clone(),
            generation: self.cancel.generation(),
            timeout: self.timeout,
        }
    }

    /// The environment of a statement that starts now.
    pub fn env(&self) -> Arc<Env> {
        let now = self.clock.unwrap_or_else(Utc::now);
        let zone = self
            .parameters
            .get("TIMEZONE")
            .or_else(|| self.parameters.get("timezone"))
            .and_then(|z| zone::of_setting(z)?.ok())
            .unwrap_or(chrono_tz::UTC);
        Arc::new(Env {
            dialect: self.dialect.name(),
            timezone: zone,
            parameters: self.parameters.clone(),
            user: self.user.clone(),
            role: self.role.clone(),
            warehouse: self.warehouse.clone(),
            database: self.database.clone(),
            schema: self.schema().map(str::to_owned),
            account: self.account.clone(),
            session_id: self.id,
            client: self.client.clone(),
            seed: self.seed,
            moment: Moment {
                now,
                transaction_now: self.transaction.as_ref().map_or(now, |t| t.started),
                query_id: self.query_id.clone(),
                last_query_id: self.last_query_id.clone(),
                statement: self.text.clone(),
                last_transaction: self.last_transaction,
                draws: self.draws.clone(),
                query_ids: self.query_ids.clone(),
            },
            fleeting: Fleeting::default(),
        })
    }

    /// The hidden schema of this session's temporary objects beside a schema.
    pub(super) fn temp_schema(&self, schema: &str) -> String {
        temp_schema(self.dialect.name(), self.id, schema)
    }

    /// Databases and schemas in which unqualified names are looked up, temporary ones first.
    pub fn search_path(&self) -> Vec<(String, String)> {
        let Some(db) = &self.database else {
            return vec![];
        };
        let mut out = Vec::with_capacity(self.schemas.len() * 2);
        for s in &self.schemas {
            let temp = (db.clone(), self.temp_schema(s));
            if self.temporary.contains(&temp) && !out.contains(&temp) {
                out.push(temp);
            }
        }
        if self.dialect.name() == DialectName::Redshift {
            let temp = (db.clone(), self.temp_schema(""));
            if self.temporary.contains(&temp) && !out.contains(&temp) {
                out.insert(0, temp);
            }
        }
        out.extend(self.schemas.iter().map(|s| (db.clone(), s.clone())));
        out
    }

    /// A binder for one statement over a transaction.
    pub fn binder<'a>(
        &'a self,
        env: Arc<Env>,
        transaction: &'a Transaction,
        parameters: &'a [Typed],
    ) -> Binder<'a> {
        let mut b = Binder::new(self.dialect.as_ref(), env, transaction, self.search_path());
        b.parameters = parameters;
        b.temporary = self.temporary.clone();
        b.runner = Some((Arc::clone(&self.engine), self.bounds()));
        b.script.clone_from(&self.script);
        b
    }

    /// The catalog as the next statement sees it.
    pub fn snapshot(&self) -> Arc<Account> {
        match &self.transaction {
            Some(t) => Arc::clone(t.transaction.account()),
            None => self.engine.catalog.snapshot(),
        }
    }

    /// A transaction for reading: the open one, or a fresh one. Snowflake reads what is committed now.
    ///
    /// # Errors
    /// [`ErrorKind::TransactionAborted`], or a conflict with what was committed meanwhile.
    pub fn view(&mut self) -> Result<Transaction> {
        let root = self.engine.catalog.snapshot();
        let read_committed = self.dialect.name() == DialectName::Snowflake;
        match &mut self.transaction {
            None => Ok(self.engine.catalog.begin()),
            Some(t) if t.aborted => Err(ErrorKind::TransactionAborted.into()),
            Some(t) => {
                if read_committed {
                    t.transaction.rebase(&root)?;
                }
                Ok(t.transaction.clone())
            }
        }
    }

    /// Whether an explicit transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// Whether the open transaction was aborted by an error.
    pub fn is_aborted(&self) -> bool {
        self.transaction.as_ref().is_some_and(|t| t.aborted)
    }

    /// Marks the open transaction as aborted, as PostgreSQL does after an error.
    pub fn abort(&mut self) {
        if let Some(t) = &mut self.transaction {
            t.aborted = true;
        }
    }

    /// Opens a transaction; inside of one nothing happens.
    pub fn begin(&mut self) {
        if self.transaction.is_none() {
            self.transaction = Some(Open {
                transaction: self.engine.catalog.begin(),
                started: self.clock.unwrap_or_else(Utc::now),
                aborted: false,
            });
        }
    }

    /// Lets the open transaction see what is committed now, as long as it has changed nothing itself. Its start stays.
    pub fn refresh(&mut self) {
        let now = self.engine.catalog.begin();
        if let Some(t) = &mut self.transaction
            && !t.aborted
            && !t.transaction.is_changed()
        {
            t.transaction = now;
        }
    }

    /// Commits the open transaction; without one nothing happens. An aborted one is rolled back: the
    /// result says whether anything was committed.
    ///
    /// # Errors
    /// [`ErrorKind::SerializationConflict`]; the transaction is gone then.
    pub fn commit(&mut self) -> Result<bool> {
        self.note_transaction();
        match self.transaction.take() {
            None => Ok(true),
            Some(t) if t.aborted => Ok(false),
            Some(mut t) => {
                t.transaction.advance()?;
                self.engine.publish(&t.transaction)?;
                Ok(true)
            }
        }
    }

    /// Gives the open transaction up.
    pub fn rollback(&mut self) {
        self.note_transaction();
        self.transaction = None;
    }

    fn note_transaction(&mut self) {
        if let Some(t) = &self.transaction {
            self.last_transaction = Some(t.started.timestamp_micros());
        }
    }

    /// Tells the text of the statement that comes next, where a server runs it piece by piece.
    pub fn set_statement(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }

    /// Runs a catalog change in the open transaction, or in one of its own that is committed at once
    /// (and run again when another session was faster).
    ///
    /// # Errors
    /// What the change gives, or a conflict.
    pub fn change<T>(&mut self, mut f: impl FnMut(&mut Transaction) -> Result<T>) -> Result<T> {
        let mut attempts = 0;
        loop {
            let mut t = self.view()?;
            let out = f(&mut t)?;
            if self.settle(t, &mut attempts)? {
                return Ok(out);
            }
        }
    }

    /// Takes a changed transaction back, as the end of one attempt to run a statement. False: another session was
    /// faster, and the statement has to be run again on what is there now.
    ///
    /// # Errors
    /// A conflict that cannot be solved so, or the last one of many.
    pub(super) fn settle(&mut self, t: Transaction, attempts: &mut usize) -> Result<bool> {
        *attempts += 1;
        match self.put(t) {
            Ok(()) => Ok(true),
            Err(e) if self.retries(&e) && *attempts < RETRIES => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Whether a statement outside of a transaction is run again after this error.
    fn retries(&self, e: &SqlError) -> bool {
        self.transaction.is_none() && matches!(*e.kind, ErrorKind::SerializationConflict(_))
    }

    /// Takes a changed transaction back: into the open one, or published.
    fn put(&mut self, mut t: Transaction) -> Result<()> {
        match &mut self.transaction {
            Some(open) => {
                open.transaction = t;
                Ok(())
            }
            None => {
                t.advance()?;
                self.engine.publish(&t)
            }
        }
    }

    /// The full name an object name stands for, in the current context, whether it exists or not.
    ///
    /// # Errors
    /// When no database or schema is current and none is given.
    pub fn resolve_name(&self, name: &ast::ObjectName) -> Result<ObjectName> {
        let parts: Vec<String> = name
            .0
            .iter()
            .map(|p| {
                p.as_ident()
                    .map(|i| self.dialect.fold(i))
                    .ok_or_else(|| SqlError::unsupported(format!("name {name}")))
            })
            .collect::<Result<_>>()?;
        self.resolve_parts(&parts)
    }

    /// The full name of an object that is neither table nor view: the session's temporary one of that name, if there is one.
    ///
    /// # Errors
    /// When no database or schema is current and none is given.
    pub fn object_name(&mut self, kind: ObjectKind, name: &ast::ObjectName) -> Result<ObjectName> {
        let full = self.resolve_name(name)?;
        if self.temporary.is_empty() {
            return Ok(full);
        }
        let temporary = ObjectName {
            schema: self.temp_schema(&full.schema),
            ..full.clone()
        };
        let there = self.view()?.object(kind, &temporary).is_some();
        Ok(if there { temporary } else { full })
    }

    /// The full name folded parts stand for.
    ///
    /// # Errors
    /// When no database or schema is current and none is given.
    pub fn resolve_parts(&self, parts: &[String]) -> Result<ObjectName> {
        let database = || {
            self.database.clone().ok_or_else(|| {
                SqlError::raw(
                    "090105",
                    "22000",
                    "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.",
                )
            })
        };
        match parts {
            [name] => Ok(ObjectName {
                database: database()?,
                schema: self.schema().map(str::to_owned).ok_or_else(|| {
                    SqlError::raw(
                        "090106",
                        "3F000",
                        match self.dialect.name() {
                            DialectName::Snowflake => "Cannot perform operation. This session does not have a current schema. Call 'USE SCHEMA', or use a qualified name.",
                            DialectName::Redshift => "no schema has been selected to create in",
                        },
                    )
                })?,
                name: name.clone(),
            }),
            [schema, name] => {
                Ok(ObjectName { database: database()?, schema: schema.clone(), name: name.clone() })
            }
            [database, schema, name] => {
                Ok(ObjectName { database: database.clone(), schema: schema.clone(), name: name.clone() })
            }
            _ => Err(SqlError::raw("001003", "42601", format!("improper qualified name (too many dotted names): {}", parts.join(".")))),
        }
    }

    /// An existing relation by name: through the search path, temporary ones first.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownObject`].
    pub fn relation(&mut self, name: &ast::ObjectName) -> Result<(ObjectName, Object)> {
        let view = self.view()?;
        let env = self.env();
        let mut binder = self.binder(env, &view, &[]);
        let parts = binder.object_parts(name)?;
        binder.find_relation(&parts).ok_or_else(|| {
            ErrorKind::UnknownObject {
                kind: "relation",
                name: parts.join("."),
            }
            .into()
        })
    }

    /// An existing table by name.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownObject`], or when the name is a view's.
    pub fn table(&mut self, name: &ast::ObjectName) -> Result<(ObjectName, Arc<TableEntry>)> {
        match self.relation(name)? {
            (n, Object::Table(t)) => Ok((n, t)),
            (n, _) => Err(SqlError::raw(
                "002031",
                "42809",
                format!("\"{}\" is not a table", n.name),
            )),
        }
    }
}

/// The hidden schema of a session's temporary objects: one per database on Redshift, one beside each schema on Snowflake.
pub(crate) fn temp_schema(dialect: DialectName, session: i64, schema: &str) -> String {
    match dialect {
        DialectName::Redshift => format!("pg_temp_{session}"),
        DialectName::Snowflake => format!("{schema}$TEMP${session}"),
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.temporary.is_empty() {
            return;
        }
        self.transaction = None;
        let temporary = std::mem::take(&mut self.temporary);
        let mut t = self.engine.catalog.begin();
        for (db, schema) in temporary {
            if t.schema(&db, &schema).is_some() {
                // The database may be gone, and its temporary schemas with it.
                let _ = t.set_schema(&db, &schema, None);
            }
        }
        let _ = self.engine.publish(&t);
    }
}

/// Whether a schema holds temporary objects of some session.
pub fn is_temp_schema(name: &str) -> bool {
    name.contains("$TEMP$") || name.starts_with("pg_temp_")
}

/// The kind of a relation, for messages.
pub(super) fn relation_kind(o: &Object) -> &'static str {
    match o {
        Object::View(_) => "view",
        _ => "table",
    }
}

pub(super) const RELATION: ObjectKind = ObjectKind::Relation;
