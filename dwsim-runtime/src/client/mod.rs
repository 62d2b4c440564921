//! Connections to the emulators: Redshift over the PostgreSQL protocol, Snowflake over its drivers' HTTP protocol.
//! Only what tests need of either: statements as text, typed results, errors with code and place.
//!
//! Redshift's client reads the wire messages with `postgres-protocol` itself, because a snapshot shows `varchar(50)`
//! and `numeric(10,2)`: the type modifier, which sqlx does not hand out, and the text form of every type, Redshift's own
//! included. Snowflake's asks for answers in JSON, which its protocol gives to any client that is no known reader of
//! Arrow.

mod http;
mod postgres;
mod postgres_types;
mod snowflake;
mod snowflake_types;
mod socket;
mod url;

pub use url::{percent, percent_path};

use crate::endpoints::{Endpoint, TestSettings};
use crate::error::{Error, Result};
use crate::value::ResultTable;
use crate::{Dialect, SqlError};
use dwsim_schema::identifiers::{literal, quote};
use std::time::Duration;

/// How long a statement may take before [`Error::Timeout`].
pub const STATEMENT_LIMIT: Duration = Duration::from_secs(300);

/// How long a server may take to end a statement whose time is up.
const CANCEL_GRACE: Duration = Duration::from_secs(10);

/// How long connecting and logging in may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// What a statement came back with.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Rows: a query, SHOW, CALL.
    Rows(ResultTable),
    /// No rows: DDL, DML, SET. For DML how many rows it changed.
    Done {
        /// Rows inserted, updated and deleted together.
        affected: Option<u64>,
    },
}

/// A session on one warehouse.
#[derive(Debug)]
pub struct Connection {
    dialect: Dialect,
    database: Option<String>,
    inner: Inner,
    limit: Duration,
    /// A statement was given up on; its answer could arrive later and be taken for another's.
    broken: bool,
}

#[derive(Debug)]
enum Inner {
    Redshift(Box<postgres::Session>),
    Snowflake(Box<snowflake::Session>),
}

impl Connection {
    /// Connects and logs in, as the user of the endpoint's URL (`dev` on the emulators).
    ///
    /// Without a `database` it is the one of Redshift's URL (`dev`), and none on Snowflake. `schema` is the default schema; nothing is
    /// the database's own (`public`).
    ///
    /// # Errors
    /// [`Error::Connect`] when nobody listens, [`Error::Sql`] when the database does not exist or the login is refused.
    pub async fn connect(
        dialect: Dialect,
        endpoint: &Endpoint,
        database: Option<&str>,
        schema: Option<&str>,
    ) -> Result<Self> {
        let limited = tokio::time::timeout(CONNECT_LIMIT, async {
            Ok::<_, Error>(match dialect {
                Dialect::Redshift => Inner::Redshift(Box::new(
                    postgres::Session::connect(endpoint, database).await?,
                )),
                Dialect::Snowflake => {
                    let schema = schema.unwrap_or("public");
                    Inner::Snowflake(Box::new(
                        snowflake::Session::connect(endpoint, database, schema).await?,
                    ))
                }
            })
        });
        let inner = limited.await.map_err(|_| Error::Timeout {
            dialect,
            limit: CONNECT_LIMIT,
        })??;
        let mut connection = Connection {
            dialect,
            database: database.map(str::to_string),
            inner,
            limit: STATEMENT_LIMIT,
            broken: false,
        };
        if let Some(schema) = schema {
            let name = quote(schema, dialect);
            let own = match dialect {
                Dialect::Redshift => format!("set search_path to {name}"),
                // the log-in has named it, and does not say whether it is there
                Dialect::Snowflake => format!("use schema {name}"),
            };
            connection.execute(&own).await?;
        }
        Ok(connection)
    }

    /// The warehouse.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The database it was connected to, if one was named.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Gives the session the time zone and the time limit of tests. The server ends a statement that takes longer, with its
    /// own error; the client waits a little longer still, for a server that does not.
    ///
    /// # Errors
    /// As [`Connection::run`].
    pub async fn apply(&mut self, settings: &TestSettings) -> Result<()> {
        let zone = literal(&settings.timezone, self.dialect);
        let seconds = settings.statement_timeout;
        let sql = match self.dialect {
            Dialect::Redshift => format!(
                "set timezone to {zone}; set statement_timeout to {}",
                seconds.saturating_mul(1000)
            ),
            Dialect::Snowflake => format!(
                "alter session set timezone = {zone}, statement_timeout_in_seconds = {seconds}"
            ),
        };
        self.execute(&sql).await?;
        self.set_limit(Duration::from_secs(seconds) + CANCEL_GRACE);
        Ok(())
    }

    /// Sets how long one statement may take; [`STATEMENT_LIMIT`] at first.
    pub fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// Runs one statement.
    ///
    /// # Errors
    /// [`Error::Sql`] when the warehouse refuses it; after any other error the connection is of no further use.
    pub async fn run(&mut self, sql: &str) -> Result<Reply> {
        let (dialect, limit) = (self.dialect, self.limit);
        if self.broken {
            return Err(Error::Broken {
                dialect,
                message: "an earlier statement was given up on".to_string(),
            });
        }
        // a caller that drops this future leaves an unread answer behind
        self.broken = true;
        let reply = tokio::time::timeout(limit, async {
            match &mut self.inner {
                Inner::Redshift(session) => session.run(sql).await,
                Inner::Snowflake(session) => session.run(sql).await,
            }
        });
        let reply = reply.await.map_err(|_| Error::Timeout { dialect, limit })?;
        self.broken = !matches!(reply, Ok(_) | Err(Error::Sql(_) | Error::Value { .. }));
        reply
    }

    /// Runs one statement for its effect: the number of rows it changed, 0 where that has no meaning.
    ///
    /// # Errors
    /// As [`Connection::run`].
    pub async fn execute(&mut self, sql: &str) -> Result<u64> {
        match self.run(sql).await? {
            Reply::Done { affected } => Ok(affected.unwrap_or(0)),
            Reply::Rows(_) => Ok(0),
        }
    }

    /// Runs one statement for its rows; a statement without rows gives a table without columns.
    ///
    /// # Errors
    /// As [`Connection::run`].
    pub async fn query(&mut self, sql: &str) -> Result<ResultTable> {
        match self.run(sql).await? {
            Reply::Rows(table) => Ok(table),
            Reply::Done { .. } => Ok(ResultTable::default()),
        }
    }

    /// Runs PostgreSQL's `COPY … FROM STDIN` with this text. Redshift and Snowflake have no such statement.
    ///
    /// # Errors
    /// As [`Connection::run`]; on Snowflake always.
    pub async fn copy_in(&mut self, sql: &str, text: &[u8]) -> Result<()> {
        let dialect = self.dialect;
        match &mut self.inner {
            // until it is over, an answer could be left unread
            Inner::Redshift(session) if !self.broken => {
                self.broken = true;
                let copied = session.copy_in(sql, text).await;
                self.broken = !matches!(copied, Ok(()) | Err(Error::Sql(_)));
                copied
            }
            Inner::Redshift(_) => Err(broken(dialect, "an earlier statement was given up on")),
            Inner::Snowflake(_) => Err(protocol(dialect, "Snowflake has no COPY FROM STDIN")),
        }
    }

    /// Ends the session. Dropping the connection ends it too, without waiting.
    pub async fn close(self) {
        // the server forgets the session in any case; there is nothing to do about a failing farewell
        let farewell = async {
            match self.inner {
                Inner::Redshift(mut session) => session.close().await,
                Inner::Snowflake(mut session) => session.close().await,
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), farewell).await;
    }
}

fn protocol(dialect: Dialect, message: impl ToString) -> Error {
    Error::Protocol {
        dialect,
        message: message.to_string(),
    }
}

fn broken(dialect: Dialect, message: impl ToString) -> Error {
    Error::Broken {
        dialect,
        message: message.to_string(),
    }
}

fn sql_error(dialect: Dialect, code: impl Into<String>, message: impl Into<String>) -> SqlError {
    SqlError {
        dialect,
        code: code.into(),
        message: message.into(),
        position: None,
    }
}
