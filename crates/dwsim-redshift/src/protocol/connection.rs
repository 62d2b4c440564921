//! One client's connection: start-up, the loop over its messages, simple queries.
//! Prepared statements and portals are in `extended`; what statements do is in `statements`.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use dwsim_engine::error::SqlError;
use futures::FutureExt;
use pgwire::messages::response::{
    CommandComplete, EmptyQueryResponse, ReadyForQuery, TransactionStatus,
};
use pgwire::messages::startup::{Authentication, BackendKeyData, ParameterStatus, SecretKey};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::backend::{Severity, error, put, row_description, sql_error};
use super::cancel::{Backends, Registration};
use super::extended::{Portal, Prepared};
use super::frontend::{Frontend, FrontendError};
use super::portal::Running;
use super::server::ServerOptions;
use super::socket::Socket;
use super::startup::{Opening, authenticate, open};
use super::wire::{Incoming, Trouble, Wire, terminated};
use crate::parse::Parsed;
use crate::statements::{Cluster, Login, Outcome, RedshiftSession};

/// A client may take this long to say who it is.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection with an open session.
pub(super) struct Connection {
    pub(super) wire: Wire,
    pub(super) session: RedshiftSession,
    pub(super) statements: HashMap<String, Arc<Prepared>>,
    pub(super) portals: HashMap<String, Portal>,
    pub(super) registration: Registration,
    /// An extended query failed: messages are skipped up to Sync.
    pub(super) skipping: bool,
}

/// Serves one socket until the client leaves.
///
/// # Errors
/// When the connection breaks.
pub(super) async fn serve(
    stream: TcpStream,
    cluster: Arc<Cluster>,
    backends: Arc<Backends>,
    options: Arc<ServerOptions>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BytesMut::with_capacity(8 * 1024);
    let started = tokio::time::timeout(
        STARTUP_TIMEOUT,
        start(
            Socket::Plain(stream),
            &mut input,
            &cluster,
            &backends,
            &options,
        ),
    )
    .await;
    let Ok(started) = started else {
        return Ok(());
    };
    let Some((stream, session, registration, output)) = started? else {
        return Ok(());
    };
    let mut wire = Wire::new(stream, input);
    wire.output = output;
    let mut connection = Connection {
        wire,
        session,
        statements: HashMap::new(),
        portals: HashMap::new(),
        registration,
        skipping: false,
    };
    connection.ready()?;
    connection.wire.flush().await?;
    let ended = connection.run().await;
    if ended.is_ok() {
        connection.wire.close().await;
    }
    if let Err(e) = &ended
        && e.kind() == io::ErrorKind::ConnectionAborted
    {
        let fatal = error(Severity::Fatal, "57P01", &terminated().to_string());
        connection.wire.put(&fatal)?;
        connection.wire.flush().await?;
    }
    ended
}

/// Start-up up to the first ReadyForQuery, which is left to the caller.
async fn start(
    mut socket: Socket,
    input: &mut BytesMut,
    cluster: &Arc<Cluster>,
    backends: &Arc<Backends>,
    options: &ServerOptions,
) -> io::Result<Option<(Socket, RedshiftSession, Registration, BytesMut)>> {
    let parameters = loop {
        let offer = options
            .tls
            .as_ref()
            .filter(|_| matches!(socket, Socket::Plain(_)));
        match (open(&mut socket, input, offer.is_some()).await?, offer) {
            (Opening::Session(parameters), _) => break parameters,
            (Opening::Encrypt, Some(tls)) => socket = socket.encrypt(tls.config()).await?,
            (Opening::Cancel(pid, secret), _) => {
                backends.cancel(pid, secret);
                let _ = socket.shutdown().await;
                return Ok(None);
            }
            (Opening::Closed | Opening::Encrypt, _) => {
                let _ = socket.shutdown().await;
                return Ok(None);
            }
        }
    };
    let stream = &mut socket;
    let mut refused = BytesMut::new();
    let Some(user) = parameters.get("user").filter(|u| !u.is_empty()).cloned() else {
        let text = "no PostgreSQL user name specified in startup packet";
        put(&error(Severity::Fatal, "28000", text), &mut refused)?;
        stream.write_all(&refused).await?;
        return Ok(None);
    };
    if !authenticate(stream, input, options.auth, &options.credentials, &user).await? {
        let _ = stream.shutdown().await;
        return Ok(None);
    }
    let random = uuid::Uuid::new_v4();
    let b = random.as_bytes();
    let secret = i32::from_be_bytes([b[0], b[1], b[2], b[3]]);
    let login = Login {
        user,
        database: parameters.get("database").cloned(),
        parameters,
    };
    let session = match RedshiftSession::open(cluster, login) {
        Ok(session) => session,
        Err(e) => {
            let shown = e.redshift();
            put(
                &error(Severity::Fatal, &shown.sqlstate, &shown.message),
                &mut refused,
            )?;
            stream.write_all(&refused).await?;
            let _ = stream.shutdown().await;
            return Ok(None);
        }
    };
    let pid = session.pid();
    let env = session.env();
    let database = env.database.as_deref().unwrap_or_default();
    let registration = backends.register(pid, secret, &env.user, database);
    let mut out = BytesMut::with_capacity(1024);
    put(&Authentication::Ok, &mut out)?;
    for (name, value) in session.reported_parameters() {
        put(&ParameterStatus::new(name, value), &mut out)?;
    }
    put(&BackendKeyData::new(pid, SecretKey::I32(secret)), &mut out)?;
    Ok(Some((socket, session, registration, out)))
}

impl Connection {
    async fn run(&mut self) -> io::Result<()> {
        loop {
            let signals = Arc::clone(&self.registration.signals);
            let incoming = tokio::select! {
                biased;
                incoming = self.wire.next() => incoming?,
                () = signals.terminate.notified() => return Err(terminated()),
            };
            let message = match incoming {
                Incoming::Closed => return Ok(()),
                Incoming::Broken(e) => {
                    self.broken(&e).await?;
                    if e.is_fatal() {
                        return Ok(());
                    }
                    continue;
                }
                Incoming::Message(Frontend::Terminate) => return Ok(()),
                Incoming::Message(message) => message,
            };
            // A cancel request that came too late must not hit this statement.
            let _ = signals.cancel.notified().now_or_never();
            signals.set_busy(true);
            let handled = self.handle(message).await;
            signals.set_busy(false);
            handled?;
        }
    }

    async fn broken(&mut self, e: &FrontendError) -> io::Result<()> {
        let severity = if e.is_fatal() {
            Severity::Fatal
        } else {
            Severity::Error
        };
        self.wire
            .put(&error(severity, e.sqlstate(), &e.to_string()))?;
        if !e.is_fatal() {
            self.session.fail();
            self.ready()?;
        }
        self.wire.flush().await
    }

    async fn handle(&mut self, message: Frontend) -> io::Result<()> {
        match message {
            Frontend::Query(sql) => {
                self.skipping = false;
                self.simple(&sql).await?;
                self.ready()?;
                self.wire.flush().await
            }
            Frontend::Sync => {
                self.skipping = false;
                self.portals.clear();
                self.ready()?;
                self.wire.flush().await
            }
            Frontend::Flush => self.wire.flush().await,
            // Messages of a COPY that was refused already.
            Frontend::Copy => Ok(()),
            Frontend::Password(_) => {
                let e = FrontendError::Format;
                self.broken(&e).await
            }
            _ if self.skipping => Ok(()),
            other => match self.extended(other).await {
                Ok(()) => Ok(()),
                Err(Trouble::Sql(e)) => {
                    self.skipping = true;
                    self.fail(&e, "")
                }
                Err(Trouble::Gone(e)) => Err(e),
            },
        }
    }

    /// Tells the client of an error and ends what it ends.
    pub(super) fn fail(&mut self, e: &SqlError, sql: &str) -> io::Result<()> {
        self.notices()?;
        self.session.fail();
        self.wire.put(&sql_error(e, sql))
    }

    /// ReadyForQuery with the state of the transaction.
    pub(super) fn ready(&mut self) -> io::Result<()> {
        let status = if !self.session.in_block() {
            TransactionStatus::Idle
        } else if self.session.is_failed() {
            TransactionStatus::Error
        } else {
            TransactionStatus::Transaction
        };
        self.wire.put(&ReadyForQuery::new(status))
    }

    /// Notices and changed parameters that statements left behind.
    pub(super) fn notices(&mut self) -> io::Result<()> {
        for notice in self.session.take_notices() {
            self.wire.put(&notice.message())?;
        }
        for (name, value) in self.session.take_changed_parameters() {
            self.wire.put(&ParameterStatus::new(name, value))?;
        }
        Ok(())
    }

    async fn simple(&mut self, sql: &str) -> io::Result<()> {
        self.statements.remove("");
        self.portals.clear();
        let parsed = match self.session.parse(sql) {
            Ok(parsed) => parsed,
            Err(e) => return self.fail(&e, sql),
        };
        if parsed.is_empty() {
            return self.wire.put(&EmptyQueryResponse::new());
        }
        // Several statements in one message are one transaction unless they say otherwise.
        let several = parsed.len() > 1;
        if several {
            self.session.begin_implicit();
        }
        for statement in &parsed {
            match self.run_simple(statement).await {
                Ok(()) => {}
                Err(Trouble::Sql(e)) => {
                    self.fail(&e, sql)?;
                    break;
                }
                Err(Trouble::Gone(e)) => return Err(e),
            }
        }
        if several && let Err(e) = self.session.end_implicit() {
            self.fail(&e, sql)?;
        }
        Ok(())
    }

    async fn run_simple(&mut self, statement: &Parsed) -> Result<(), Trouble> {
        let signals = Arc::clone(&self.registration.signals);
        let outcome = self
            .wire
            .watch(&signals, self.session.execute(statement, &[]))
            .await??;
        match outcome {
            Outcome::Rows(rows) => {
                self.notices()?;
                self.wire.put(&row_description(&rows.columns, &[]))?;
                let mut running = Running::new(rows, &[]);
                let style = self.session.row_style();
                running.run(&mut self.wire, &signals, 0, style).await?;
                self.session.finish()?;
                self.notices()?;
                self.wire.put(&CommandComplete::new(running.tag.into()))?;
            }
            Outcome::Done(tag) => {
                self.notices()?;
                self.wire.put(&CommandComplete::new(tag))?;
            }
        }
        Ok(())
    }
}
