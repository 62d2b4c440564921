//! The state behind the endpoints: logins, running statements, and how a session is made.
//! The endpoints themselves are in the files beside this one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dwsim_engine::catalog::{Account, Database, Object, ObjectKind, OtherObject, Schema, next_oid};
use dwsim_engine::engine::Engine;
use dwsim_engine::error::SqlError;
use dwsim_engine::exec::CancelHandle;
use dwsim_engine::functions::FunctionTable;
use dwsim_engine::session::SessionOptions;
use tokio::sync::watch;
use uuid::Uuid;

use crate::dialect::SnowflakeDialect;
use crate::session::{AccountState, SessionSlot, SnowflakeSession, default_parameters};

/// How a server behaves.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Account name that CURRENT_ACCOUNT shows when the client gives none.
    pub account: String,
    /// Database of sessions that name none; None leaves them without one.
    pub default_database: Option<String>,
    /// Sessions without a request for this long are closed.
    pub idle: Duration,
    /// A statement that runs longer is answered by a URL to ask again.
    pub patience: Duration,
    /// Rows of a result that are sent at once; the rest is fetched in chunks of this many.
    pub chunk_rows: usize,
    /// Parameters that differ from Snowflake's defaults for new sessions.
    pub parameters: BTreeMap<String, String>,
    /// Freezes random functions.
    pub seed: Option<u64>,
    /// Every open connection subscribes to it: its receiver count tells how many there are.
    pub presence: watch::Sender<()>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            account: "DWSIM".into(),
            default_database: None,
            idle: Duration::from_secs(4 * 3600),
            patience: Duration::from_secs(45),
            chunk_rows: 100_000,
            parameters: BTreeMap::new(),
            seed: None,
            presence: watch::Sender::default(),
        }
    }
}

/// A logged-in client.
#[derive(Debug)]
pub(super) struct Login {
    pub session: tokio::sync::Mutex<SnowflakeSession>,
    pub cancel: CancelHandle,
    pub slot: Arc<SessionSlot>,
    pub id: i64,
    /// CLIENT_APP_ID and CLIENT_APP_VERSION.
    pub app: String,
    pub app_version: String,
    used: Mutex<Instant>,
}

/// A statement that runs or has run.
#[derive(Debug)]
pub(super) struct Job {
    pub query_id: String,
    pub sql: String,
    pub login: Arc<Login>,
    /// Turns true when the result is kept.
    pub done: watch::Receiver<bool>,
    /// What the session was like afterwards: database, schema, warehouse, role, parameters.
    pub after: Mutex<Option<After>>,
    /// Results of a request of several statements: ids and type ids.
    pub parts: Mutex<Vec<(String, i64)>>,
    /// Output formats that a request of the SQL API asked for, by parameter.
    pub formats: Vec<String>,
}

/// Context of a session that answers repeat.
#[derive(Debug, Clone)]
pub(super) struct After {
    pub database: Option<String>,
    pub schema: Option<String>,
    pub warehouse: String,
    pub role: String,
    pub parameters: BTreeMap<String, String>,
}

/// One emulated Snowflake account, ready to be served.
#[derive(Debug)]
pub struct SnowflakeService {
    pub(super) account: Arc<AccountState>,
    functions: Arc<FunctionTable>,
    pub(super) options: ServerOptions,
    tokens: Mutex<HashMap<String, Arc<Login>>>,
    masters: Mutex<HashMap<String, Arc<Login>>>,
    by_query: Mutex<Jobs>,
    by_request: Mutex<HashMap<String, Arc<Job>>>,
}

#[derive(Debug, Default)]
struct Jobs {
    map: HashMap<String, Arc<Job>>,
    order: std::collections::VecDeque<(String, String)>,
}

/// Finished statements that can be asked about.
const KEPT_JOBS: usize = 1024;

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SnowflakeService {
    /// A service over an engine. Sessions may name any user, password and account.
    ///
    /// # Errors
    /// When the staged files in the engine's data directory cannot be read.
    pub fn new(engine: Arc<Engine>, options: ServerOptions) -> Result<Arc<Self>, SqlError> {
        // Time travel, streams and UNDROP read older versions.
        engine.catalog.keep_history(engine.config.memory_limit / 4);
        Ok(Arc::new(SnowflakeService {
            account: Arc::new(AccountState::new(engine, options.account.clone())?),
            functions: Arc::new(crate::functions::table()),
            options,
            tokens: Mutex::default(),
            masters: Mutex::default(),
            by_query: Mutex::default(),
            by_request: Mutex::default(),
        }))
    }

    /// The catalog of a new account: these databases with a schema PUBLIC each, and the roles and the warehouse
    /// that every account has.
    pub fn account(databases: &[&str]) -> Account {
        let mut account = Account::default();
        for name in databases {
            let mut db = Database::new("ACCOUNTADMIN");
            db.schemas = Arc::new(BTreeMap::from([(
                "PUBLIC".to_owned(),
                Arc::new(Schema::new("ACCOUNTADMIN")),
            )]));
            account.databases.insert((*name).to_owned(), Arc::new(db));
        }
        // Every account has the shared database of the service itself.
        let mut shared = Database::new("");
        shared.comment = Some(String::new());
        shared.properties.extend(
            [
                ("ORIGIN", "SNOWFLAKE.ACCOUNT_USAGE"),
                ("KIND", "APPLICATION"),
            ]
            .map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
        shared.schemas = Arc::new(BTreeMap::from([(
            "ACCOUNT_USAGE".to_owned(),
            Arc::new(Schema::new("")),
        )]));
        account
            .databases
            .insert("SNOWFLAKE".to_owned(), Arc::new(shared));
        let kept = [
            (ObjectKind::Role, "ACCOUNTADMIN"),
            (ObjectKind::Role, "SECURITYADMIN"),
            (ObjectKind::Role, "SYSADMIN"),
            (ObjectKind::Role, "USERADMIN"),
            (ObjectKind::Role, "PUBLIC"),
            (ObjectKind::Warehouse, "COMPUTE_WH"),
        ];
        for (kind, name) in kept {
            let object = OtherObject {
                oid: next_oid(),
                owner: "ACCOUNTADMIN".into(),
                comment: None,
                created: chrono::Utc::now().timestamp(),
                properties: BTreeMap::new(),
                definition: serde_json::Value::Null,
            };
            account
                .objects
                .insert((kind, name.to_owned()), Object::Other(Arc::new(object)));
        }
        account
    }

    /// The account's shared state: staged files, results.
    pub fn account_state(&self) -> &Arc<AccountState> {
        &self.account
    }

    /// A session without a client, for tests and tools in the same process.
    pub fn session(
        &self,
        user: &str,
        database: Option<&str>,
        schema: Option<&str>,
    ) -> SnowflakeSession {
        let mut parameters = default_parameters();
        parameters.extend(self.options.parameters.clone());
        let dialect = Arc::new(SnowflakeDialect::new(
            Arc::clone(&self.functions),
            Arc::clone(&self.account) as _,
        ));
        let options = SessionOptions {
            user: user.to_uppercase(),
            role: "ACCOUNTADMIN".into(),
            warehouse: "COMPUTE_WH".into(),
            account: self.options.account.clone(),
            database: database.map(str::to_owned),
            schemas: schema.map(str::to_owned).into_iter().collect(),
            parameters,
            seed: self.options.seed,
        };
        SnowflakeSession::new(Arc::clone(&self.account), dialect, options)
    }

    /// Registers a session: its token and master token.
    pub(super) fn register(
        &self,
        session: SnowflakeSession,
        app: String,
        app_version: String,
    ) -> (Arc<Login>, String, String) {
        let mut session = session;
        if !app.is_empty() {
            session.set_client(format!("{app} {app_version}").trim_end().to_owned());
        }
        let login = Arc::new(Login {
            cancel: session.cancel_handle(),
            slot: session.slot(),
            id: session.engine_session().id(),
            session: tokio::sync::Mutex::new(session),
            app,
            app_version,
            used: Mutex::new(Instant::now()),
        });
        let (token, master) = (
            format!("ver:3-{}", Uuid::new_v4()),
            format!("ver:3-master-{}", Uuid::new_v4()),
        );
        let idle = self.options.idle;
        for map in [&self.tokens, &self.masters] {
            lock(map).retain(|_, l| lock(&l.used).elapsed() < idle);
        }
        lock(&self.tokens).insert(token.clone(), Arc::clone(&login));
        lock(&self.masters).insert(master.clone(), Arc::clone(&login));
        (login, token, master)
    }

    /// A session for one statement, which no token names.
    pub(super) fn detached(&self, session: SnowflakeSession, app: &str) -> Arc<Login> {
        Arc::new(Login {
            cancel: session.cancel_handle(),
            slot: session.slot(),
            id: session.engine_session().id(),
            session: tokio::sync::Mutex::new(session),
            app: app.to_owned(),
            app_version: String::new(),
            used: Mutex::new(Instant::now()),
        })
    }

    /// The login of a session token.
    pub(super) fn login(&self, token: &str) -> Option<Arc<Login>> {
        let login = lock(&self.tokens).get(token).cloned()?;
        if login.slot.is_ended() {
            self.logout(token);
            return None;
        }
        *lock(&login.used) = Instant::now();
        Some(login)
    }

    /// A new session token for a master token.
    pub(super) fn renew(&self, master: &str, old: Option<&str>) -> Option<(Arc<Login>, String)> {
        let login = lock(&self.masters).get(master).cloned()?;
        if login.slot.is_ended() {
            return None;
        }
        *lock(&login.used) = Instant::now();
        let token = format!("ver:3-{}", Uuid::new_v4());
        let mut tokens = lock(&self.tokens);
        if let Some(old) = old {
            tokens.remove(old);
        }
        tokens.insert(token.clone(), Arc::clone(&login));
        Some((login, token))
    }

    /// Ends a session.
    pub(super) fn logout(&self, token: &str) {
        // The lock is released before it is taken again.
        let login = lock(&self.tokens).remove(token);
        if let Some(login) = login {
            login.cancel.cancel();
            lock(&self.tokens).retain(|_, l| l.id != login.id);
            lock(&self.masters).retain(|_, l| l.id != login.id);
        }
    }

    /// The statement of a request that was seen before, or the new one.
    pub(super) fn job(
        &self,
        request_id: &str,
        make: impl FnOnce() -> Arc<Job>,
    ) -> (Arc<Job>, bool) {
        let mut requests = lock(&self.by_request);
        if !request_id.is_empty()
            && let Some(job) = requests.get(request_id)
        {
            return (Arc::clone(job), false);
        }
        let job = make();
        if !request_id.is_empty() {
            requests.insert(request_id.to_owned(), Arc::clone(&job));
        }
        let mut jobs = lock(&self.by_query);
        jobs.map.insert(job.query_id.clone(), Arc::clone(&job));
        jobs.order
            .push_back((job.query_id.clone(), request_id.to_owned()));
        while jobs.order.len() > KEPT_JOBS {
            if let Some((query, request)) = jobs.order.pop_front() {
                jobs.map.remove(&query);
                requests.remove(&request);
            }
        }
        (job, true)
    }

    /// A statement by its query id.
    pub(super) fn job_of(&self, query_id: &str) -> Option<Arc<Job>> {
        lock(&self.by_query).map.get(query_id).cloned()
    }

    /// A statement by the request that started it.
    pub(super) fn job_of_request(&self, request_id: &str) -> Option<Arc<Job>> {
        lock(&self.by_request).get(request_id).cloned()
    }
}

impl After {
    pub(super) fn of(session: &SnowflakeSession) -> Self {
        let s = session.engine_session();
        After {
            database: s.database().map(str::to_owned),
            schema: s.schema().map(str::to_owned),
            warehouse: s.warehouse.clone(),
            role: s.role.clone(),
            parameters: s.parameters().clone(),
        }
    }
}
