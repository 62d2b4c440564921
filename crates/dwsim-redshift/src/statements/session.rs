//! A client's session: login, settings, transactions, and which part executes which statement.
//! Queries and DML run in the engine's session; the other statements are in the sibling modules.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use dwsim_engine::env::Env;
use dwsim_engine::error::{ErrorKind, Result};
use dwsim_engine::functions::Typed;
use dwsim_engine::kernels::datetime::style::DateStyle;
use dwsim_engine::kernels::datetime::zone;
use dwsim_engine::session::{Outcome as EngineOutcome, Session, SessionOptions};
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;

use super::cluster::{Cluster, QueryRecord};
use super::cursor::Cursor;
use super::outcome::{Outcome, Rows};
use super::privileges::check_limits;
use super::settings;
use crate::dialect::Redshift;
use crate::parse::{self, Parsed, Statement};
use crate::protocol::{Notice, RowStyle};

/// What a client says when it connects.
#[derive(Debug, Clone)]
pub struct Login {
    /// User.
    pub user: String,
    /// Database; the user's name when it is not given, as in PostgreSQL.
    pub database: Option<String>,
    /// All start-up parameters.
    pub parameters: BTreeMap<String, String>,
}

/// What a statement would give.
#[derive(Debug, Clone)]
pub struct Described {
    /// Types of its parameters.
    pub parameters: Vec<SqlType>,
    /// Columns of its rows; None when it gives none.
    pub columns: Option<Vec<ColumnInfo>>,
}

/// What the meaning of a statement depends on besides its text. Equal standings mean the same.
#[derive(Debug, Clone)]
pub struct Standing {
    account: Arc<dwsim_engine::catalog::Account>,
    settings: u64,
}

impl PartialEq for Standing {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.account, &other.account) && self.settings == other.settings
    }
}

/// A session on a cluster.
pub struct RedshiftSession {
    pub(super) cluster: Arc<Cluster>,
    pub(super) engine: Session,
    pub(super) rules: Arc<Redshift>,
    pub(super) notices: Vec<Notice>,
    changed: Vec<(String, String)>,
    pub(super) cursors: HashMap<String, Cursor>,
    pub(super) prepared: HashMap<String, (Vec<SqlType>, Arc<Parsed>)>,
    /// The open transaction was opened for one message and is no block to the client.
    implicit: bool,
    /// Settings as they were when the transaction began, for ROLLBACK.
    saved: Option<BTreeMap<String, String>>,
    /// Settings that SET LOCAL hides until the transaction ends.
    local: Vec<(String, String)>,
    /// Settings of the start-up packet, for RESET.
    pub(super) initial: BTreeMap<String, String>,
    /// Search path that the engine was given last.
    applied_path: Option<(Arc<dwsim_engine::catalog::Account>, String)>,
    pub(super) query_id: i64,
    /// Procedures that are running.
    pub(super) calls: super::call::Calls,
    /// Counts changed settings.
    settings_changed: u64,
    /// The open block has run nothing yet: its snapshot is taken with its first statement.
    fresh_block: bool,
}

impl RedshiftSession {
    /// Opens a session.
    ///
    /// # Errors
    /// `3D000` when the database does not exist.
    pub fn open(cluster: &Arc<Cluster>, login: Login) -> Result<Self> {
        let user = login.user.to_lowercase();
        let database = login
            .database
            .filter(|d| !d.is_empty())
            .unwrap_or_else(|| user.clone());
        let engine = cluster.engine();
        let account = engine.catalog.snapshot();
        let database = if account.databases.contains_key(&database) {
            database
        } else {
            let folded = database.to_lowercase();
            if !account.databases.contains_key(&folded) {
                return Err(ErrorKind::UnknownObject {
                    kind: "database",
                    name: database,
                }
                .into());
            }
            folded
        };
        check_limits(cluster, &account, &user, &database)?;
        let mut parameters = settings::defaults();
        parameters.insert("session_authorization".into(), user.clone());
        // ALTER USER … SET gives the user's sessions other defaults.
        let key = (dwsim_engine::catalog::ObjectKind::User, user.clone());
        if let Some(dwsim_engine::catalog::Object::Other(o)) = account.objects.get(&key) {
            for (name, value) in &o.properties {
                if let Some(name) = name.strip_prefix("set ") {
                    parameters.insert(name.to_owned(), value.clone());
                }
            }
        }
        for (name, value) in &login.parameters {
            let name = name.to_lowercase();
            // Unknown start-up parameters and values are no reason to refuse a client.
            if settings::exists(&name)
                && !name.contains('.')
                && name != "session_authorization"
                && let Ok(value) = settings::normalize(&name, value)
            {
                parameters.insert(name, value);
            }
        }
        let rules = Arc::new(Redshift::new(Arc::clone(cluster)));
        let options = SessionOptions {
            user,
            account: cluster.name().to_owned(),
            database: Some(database),
            schemas: vec!["public".into()],
            parameters: parameters.clone(),
            ..SessionOptions::default()
        };
        let mut session = RedshiftSession {
            cluster: Arc::clone(cluster),
            engine: Session::new(Arc::clone(engine), Arc::clone(&rules) as _, options),
            rules,
            notices: Vec::new(),
            changed: Vec::new(),
            cursors: HashMap::new(),
            prepared: HashMap::new(),
            implicit: false,
            saved: None,
            local: Vec::new(),
            initial: parameters.clone(),
            applied_path: None,
            query_id: 0,
            calls: super::call::Calls::default(),
            settings_changed: 0,
            fresh_block: false,
        };
        for (name, value) in &parameters {
            session.apply(name, value);
        }
        Ok(session)
    }

    /// Process id.
    pub fn pid(&self) -> i32 {
        self.engine.id() as i32
    }

    /// Id of the last query.
    pub fn query_id(&self) -> i64 {
        self.query_id
    }

    /// Parameters a client is told at the start.
    pub fn reported_parameters(&self) -> Vec<(String, String)> {
        settings::REPORTED
            .iter()
            .map(|(name, shown)| ((*shown).to_owned(), self.setting(name)))
            .collect()
    }

    /// The value of a setting; empty when there is none.
    pub(super) fn setting(&self, name: &str) -> String {
        self.engine
            .parameters()
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    /// How values are printed.
    pub fn row_style(&self) -> RowStyle {
        RowStyle {
            timezone: zone::of_setting(&self.setting("timezone"))
                .and_then(std::result::Result::ok)
                .unwrap_or(chrono_tz::UTC),
            extra_float_digits: self.setting("extra_float_digits").parse().unwrap_or(0),
            dates: DateStyle::of(&self.setting("datestyle")),
            verbose_intervals: self.setting("intervalstyle") == "postgres_verbose",
        }
    }

    /// The environment of a statement that starts now.
    pub fn env(&self) -> Arc<Env> {
        self.engine.env()
    }

    /// Notices since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Changed settings that the client is to be told, since the last call.
    pub fn take_changed_parameters(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.changed)
    }

    /// Whether a transaction block is open.
    pub fn in_block(&self) -> bool {
        self.engine.in_transaction() && !self.implicit
    }

    /// Whether the open block was aborted by an error.
    pub fn is_failed(&self) -> bool {
        self.engine.is_aborted()
    }

    /// Opens a transaction that is no block to the client, for several statements in one message.
    pub fn begin_implicit(&mut self) {
        if !self.engine.in_transaction() {
            self.open_transaction();
            self.implicit = true;
        }
    }

    /// Ends it: committed unless a statement failed.
    ///
    /// # Errors
    /// A conflict with another transaction.
    pub fn end_implicit(&mut self) -> Result<()> {
        if !self.implicit {
            return Ok(());
        }
        self.implicit = false;
        let failed = self.engine.is_aborted();
        if failed {
            self.close_transaction(false);
            return Ok(());
        }
        let committed = self.engine.commit().map(|_| ());
        self.close_transaction(committed.is_ok());
        committed
    }

    /// A statement failed: the block is aborted.
    pub fn fail(&mut self) {
        if self.engine.in_transaction() {
            self.engine.abort();
        } else {
            self.cursors.clear();
        }
    }

    /// All rows of a statement were sent.
    ///
    /// # Errors
    /// None today; a transaction that ends with its rows may conflict.
    pub fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn open_transaction(&mut self) {
        self.engine.begin();
        self.fresh_block = true;
        self.saved = Some(self.engine.parameters().clone());
    }

    /// After COMMIT or ROLLBACK: cursors are gone, SET LOCAL ends, ROLLBACK undoes SET.
    fn close_transaction(&mut self, committed: bool) {
        if self.engine.in_transaction() {
            self.engine.rollback();
        }
        self.fresh_block = false;
        self.cluster.locks().release(self.engine.id());
        self.cursors.clear();
        let saved = self.saved.take();
        let local = std::mem::take(&mut self.local);
        let back: Vec<(String, String)> = if committed {
            local.into_iter().rev().collect()
        } else {
            saved.into_iter().flatten().collect()
        };
        for (name, value) in back {
            if self.setting(&name) != value {
                self.apply(&name, &value);
                self.report(&name, &value);
            }
        }
    }

    /// Sets a setting and what depends on it.
    pub(super) fn apply(&mut self, name: &str, value: &str) {
        self.settings_changed += 1;
        self.engine.set_parameter(name, Some(value.to_owned()));
        match name {
            "statement_timeout" => {
                self.engine.timeout = match value.parse::<u64>() {
                    Ok(0) | Err(_) => None,
                    Ok(ms) => Some(Duration::from_millis(ms)),
                };
            }
            "enable_case_sensitive_identifier" => self.rules.set_case_sensitive(value == "on"),
            "session_authorization" => value.clone_into(&mut self.engine.user),
            _ => {}
        }
    }

    fn report(&mut self, name: &str, value: &str) {
        if let Some((_, shown)) = settings::REPORTED.iter().find(|(n, _)| *n == name) {
            self.changed.push(((*shown).to_owned(), value.to_owned()));
        }
    }

    /// SET.
    pub(super) fn set(&mut self, name: &str, value: &str, local: bool) -> Result<()> {
        if name == "seed" {
            // The number times 2^31 - 1 (r_SET).
            self.engine
                .set_seed((settings::seed(value)? * f64::from(i32::MAX)) as u32);
            return Ok(());
        }
        let before = self.setting(name);
        let value = match name {
            "datestyle" => settings::date_style(value, &before)?,
            _ => settings::normalize(name, value)?,
        };
        if local {
            if !self.engine.in_transaction() {
                self.notices.push(Notice::warning(
                    "25P01",
                    "SET LOCAL can only be used in transaction blocks",
                ));
                return Ok(());
            }
            self.local.push((name.to_owned(), before.clone()));
        } else {
            // A plain SET outlives what SET LOCAL would bring back.
            self.local.retain(|(n, _)| n != name);
        }
        self.apply(name, &value);
        if before != value {
            self.report(name, &value);
        }
        Ok(())
    }

    /// The statements of a text.
    ///
    /// # Errors
    /// A syntax error.
    pub fn parse(&self, sql: &str) -> Result<Vec<Parsed>> {
        parse::parse(sql)
    }

    /// Gives the engine the existing schemas of the search path.
    pub(super) fn refresh_path(&mut self) {
        let account = self.engine.snapshot();
        let path = self.setting("search_path");
        if let Some((seen, applied)) = &self.applied_path
            && Arc::ptr_eq(seen, &account)
            && *applied == path
        {
            return;
        }
        let database = self.engine.database().map(str::to_owned);
        let user = self.engine.user.clone();
        let schemas = database
            .as_ref()
            .and_then(|d| account.databases.get(d))
            .map(|db| {
                path.split(',')
                    .map(|s| s.trim().trim_matches('"'))
                    .map(|s| if s == "$user" { user.as_str() } else { s })
                    .filter(|s| db.schemas.contains_key(*s))
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        self.engine.set_context(database, schemas);
        self.applied_path = Some((account, path));
    }

    /// What a statement would give, without running it.
    ///
    /// # Errors
    /// What binding it gives.
    pub async fn describe(
        &mut self,
        parsed: &Parsed,
        types: &[Option<SqlType>],
    ) -> Result<Described> {
        self.refresh_path();
        // An aborted block can be ended by prepared statements too.
        let ends = matches!(parsed.statement, Statement::Commit | Statement::Rollback);
        if self.engine.is_aborted() && !ends {
            return Err(ErrorKind::TransactionAborted.into());
        }
        let statement = match &parsed.statement {
            Statement::Query(q) if super::effects::present(q) => {
                ast::Statement::Query(super::effects::described(q))
            }
            Statement::Query(q) => ast::Statement::Query(q.clone()),
            Statement::Dml(s) => (**s).clone(),
            _ => {
                return Ok(Described {
                    parameters: (0..parsed.parameters)
                        .map(|i| types.get(i).cloned().flatten().unwrap_or(SqlType::text()))
                        .collect(),
                    columns: self.columns_of(&parsed.statement)?,
                });
            }
        };
        let d = self.engine.describe(&statement, types)?;
        let mut parameters = d.parameters;
        parameters.resize(parsed.parameters.max(parameters.len()), SqlType::text());
        Ok(Described {
            parameters,
            columns: d.rows.then_some(d.columns),
        })
    }

    /// What the meaning of a statement depends on now.
    pub fn standing(&self) -> Standing {
        Standing {
            account: self.engine.snapshot(),
            settings: self.settings_changed,
        }
    }

    /// Analyzes a statement when it is prepared: queries and DML are bound, other statements are only parsed.
    ///
    /// # Errors
    /// What binding gives, and `25P02` in an aborted transaction block.
    pub async fn analyze(
        &mut self,
        parsed: &Parsed,
        types: &[Option<SqlType>],
    ) -> Result<Option<Described>> {
        match &parsed.statement {
            Statement::Commit | Statement::Rollback => Ok(None),
            _ if self.engine.is_aborted() => Err(ErrorKind::TransactionAborted.into()),
            Statement::Query(_) | Statement::Dml(_) => self.describe(parsed, types).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// Whatever is wrong with it; errors of computing rows come with the rows.
    pub async fn execute(&mut self, parsed: &Parsed, parameters: &[Typed]) -> Result<Outcome> {
        if self.engine.is_aborted()
            && !matches!(parsed.statement, Statement::Commit | Statement::Rollback)
        {
            return Err(ErrorKind::TransactionAborted.into());
        }
        if self.fresh_block && takes_snapshot(&parsed.statement) {
            self.fresh_block = false;
            self.engine.refresh();
        }
        self.refresh_automatic().await;
        self.refresh_path();
        let previous = self.query_id;
        self.query_id = self.cluster.next_query_id();
        self.engine.last_query_id = Some(previous.to_string());
        self.engine.query_id = self.query_id.to_string();
        let started = Utc::now();
        (self.cluster.backends()).begins(self.pid(), self.query_id, &parsed.sql, started);
        let result = self.run(parsed, parameters).await;
        self.cluster.log_query(QueryRecord {
            query: self.query_id,
            pid: self.engine.id(),
            user: self.engine.user.clone(),
            database: self.engine.database().unwrap_or_default().to_owned(),
            text: parsed.sql.clone(),
            label: self.setting("query_group"),
            started,
            ended: Utc::now(),
            error: result.as_ref().err().map(|e| e.redshift().message),
        });
        result
    }

    /// Runs one of the engine's own statements.
    pub(super) async fn common(
        &mut self,
        statement: &ast::Statement,
        text: &str,
        parameters: &[Typed],
    ) -> Result<Outcome> {
        Ok(
            match self.engine.execute(statement, text, parameters).await? {
                EngineOutcome::Rows(stream) => Outcome::Rows(Rows {
                    columns: stream.columns.clone(),
                    stream: Box::pin(stream),
                    tag: "SELECT",
                }),
                EngineOutcome::Done(done) => Outcome::Done(match done.tag.as_str() {
                    "INSERT" => format!("INSERT 0 {}", done.inserted),
                    "UPDATE" => format!("UPDATE {}", done.updated),
                    "DELETE" => format!("DELETE {}", done.deleted),
                    "CREATE TABLE AS" => "SELECT".to_owned(),
                    other => other.to_owned(),
                }),
            },
        )
    }

    /// Runs several catalog changes as one, in the open transaction or in one of their own.
    ///
    /// # Errors
    /// What the changes give; nothing is changed then unless a transaction was open before.
    pub(super) async fn atomically<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.engine.in_transaction() {
            return work(self).await;
        }
        self.engine.begin();
        match work(self).await {
            Ok(done) => {
                self.engine.commit()?;
                Ok(done)
            }
            Err(e) => {
                self.engine.rollback();
                Err(e)
            }
        }
    }

    pub(super) fn begin(&mut self) -> Outcome {
        if self.implicit {
            self.implicit = false;
        } else if self.engine.in_transaction() {
            self.notices.push(Notice::warning(
                "25001",
                "there is already a transaction in progress",
            ));
        } else {
            self.open_transaction();
        }
        Outcome::Done("BEGIN".into())
    }

    pub(super) fn commit(&mut self) -> Result<Outcome> {
        if !self.in_block() {
            self.notices.push(Notice::warning(
                "25P01",
                "there is no transaction in progress",
            ));
        }
        let again = self.implicit;
        self.implicit = false;
        let committed = self.engine.commit();
        self.close_transaction(matches!(committed, Ok(true)));
        if again {
            self.begin_implicit();
        }
        Ok(Outcome::Done(
            if committed? { "COMMIT" } else { "ROLLBACK" }.into(),
        ))
    }

    pub(super) fn rollback(&mut self) -> Outcome {
        if !self.in_block() {
            self.notices.push(Notice::warning(
                "25P01",
                "there is no transaction in progress",
            ));
        }
        let again = self.implicit;
        self.implicit = false;
        self.close_transaction(false);
        if again {
            self.begin_implicit();
        }
        Outcome::Done("ROLLBACK".into())
    }
}

/// Whether a statement is one of those with which a transaction's snapshot is taken (c_serial_isolation).
fn takes_snapshot(statement: &Statement) -> bool {
    !matches!(
        statement,
        Statement::Begin { .. }
            | Statement::Commit
            | Statement::Rollback
            | Statement::Set { .. }
            | Statement::Reset(_)
            | Statement::Show(crate::parse::Show::Setting(_) | crate::parse::Show::All)
            | Statement::Prepare { .. }
            | Statement::Deallocate(_)
            | Statement::Lock(_)
    )
}

impl Drop for RedshiftSession {
    fn drop(&mut self) {
        self.cluster.locks().release(self.engine.id());
    }
}

impl std::fmt::Debug for RedshiftSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedshiftSession")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}
