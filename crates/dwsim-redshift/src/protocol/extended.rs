//! The extended protocol: prepared statements, portals, their descriptions and execution in parts.
//! Simple queries and transaction state are in `connection`.

use std::sync::Arc;

use bytes::Bytes;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::types::SqlType;
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    BindComplete, CloseComplete, ParseComplete, PortalSuspended,
};
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::backend::row_description;
use super::connection::Connection;
use super::frontend::{Bind, Frontend, format_of};
use super::portal::{End, Running};
use super::wire::Trouble;
use super::{parameter, types};
use crate::parse::Parsed;
use crate::statements::{Described, Outcome, Standing};

/// A prepared statement.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Text as the client sent it, for error positions.
    sql: String,
    /// None for an empty query.
    statement: Option<Parsed>,
    /// Types of parameters that the client gave.
    types: Vec<Option<SqlType>>,
    /// What Parse found out about a query, and the state of the session it holds for.
    described: Option<(Standing, Described)>,
}

/// A portal.
pub(super) struct Portal {
    prepared: Arc<Prepared>,
    parameters: Vec<Typed>,
    formats: Vec<i16>,
    state: State,
}

enum State {
    /// Not executed yet.
    Bound,
    /// Rows are left.
    Running(Box<Running>),
    /// All was sent, under this tag.
    Finished(String),
}

fn missing(kind: &str, state: &str, name: &str) -> SqlError {
    SqlError::raw("", state, format!("{kind} \"{name}\" does not exist"))
}

impl Connection {
    pub(super) async fn extended(&mut self, message: Frontend) -> Result<(), Trouble> {
        match message {
            Frontend::Parse { name, query, types } => self.parse(name, query, &types).await,
            Frontend::Bind(bind) => self.bind(bind).await,
            Frontend::Describe(b'S', name) => self.describe_statement(&name).await,
            Frontend::Describe(b'P', name) => self.describe_portal(&name).await,
            Frontend::Execute(name, limit) => self.execute(&name, limit as usize).await,
            Frontend::Close(b'S', name) => {
                self.statements.remove(&name);
                Ok(self.wire.put(&CloseComplete::new())?)
            }
            Frontend::Close(b'P', name) => {
                self.portals.remove(&name);
                Ok(self.wire.put(&CloseComplete::new())?)
            }
            _ => Err(SqlError::raw("", "08P01", "invalid message format").into()),
        }
    }

    fn prepared(&self, name: &str) -> Result<Arc<Prepared>> {
        self.statements
            .get(name)
            .cloned()
            .ok_or_else(|| missing("prepared statement", "26000", name))
    }

    /// Parse. The statement is analyzed here, as PostgreSQL does, so that a wrong one leaves no name behind.
    async fn parse(&mut self, name: String, sql: String, types: &[u32]) -> Result<(), Trouble> {
        if name.is_empty() {
            self.statements.remove("");
        } else if self.statements.contains_key(&name) {
            return Err(SqlError::raw(
                "",
                "42P05",
                format!("prepared statement \"{name}\" already exists"),
            )
            .into());
        }
        let mut parsed = match self.session.parse(&sql) {
            Ok(parsed) => parsed,
            Err(e) => return self.placed(&e, &sql),
        };
        if parsed.len() > 1 {
            return Err(SqlError::raw(
                "",
                "42601",
                "cannot insert multiple commands into a prepared statement",
            )
            .into());
        }
        let statement = parsed.pop();
        let types: Vec<Option<SqlType>> = types
            .iter()
            .map(|oid| match *oid {
                0 | types::UNKNOWN => Ok(None),
                oid => types::from_oid(oid, -1).map(Some).ok_or_else(|| {
                    SqlError::raw("", "42704", format!("type with OID {oid} does not exist"))
                }),
            })
            .collect::<Result<_>>()?;
        let mut described = None;
        if let Some(statement) = &statement {
            let signals = Arc::clone(&self.registration.signals);
            let analyzed = self
                .wire
                .watch(&signals, self.session.analyze(statement, &types))
                .await?;
            match analyzed {
                Ok(found) => described = found.map(|d| (self.session.standing(), d)),
                Err(e) => return self.placed(&e, &sql),
            }
        }
        self.statements.insert(
            name,
            Arc::new(Prepared {
                sql,
                statement,
                types,
                described,
            }),
        );
        Ok(self.wire.put(&ParseComplete::new())?)
    }

    /// What a prepared statement gives: as Parse found it, unless the catalog has changed since.
    async fn described(&mut self, prepared: &Prepared) -> Result<Result<Described>, Trouble> {
        let Some(statement) = &prepared.statement else {
            return Ok(Ok(Described {
                parameters: Vec::new(),
                columns: None,
            }));
        };
        if let Some((standing, described)) = &prepared.described
            && !self.session.is_failed()
            && *standing == self.session.standing()
        {
            return Ok(Ok(described.clone()));
        }
        let signals = Arc::clone(&self.registration.signals);
        self.wire
            .watch(&signals, self.session.describe(statement, &prepared.types))
            .await
    }

    /// Reports an error with its place in `sql` and skips to the next Sync.
    fn placed(&mut self, e: &SqlError, sql: &str) -> Result<(), Trouble> {
        self.skipping = true;
        Ok(self.fail(e, sql)?)
    }

    async fn bind(&mut self, bind: Bind) -> Result<(), Trouble> {
        let prepared = self.prepared(&bind.statement)?;
        if !bind.portal.is_empty() && self.portals.contains_key(&bind.portal) {
            return Err(SqlError::raw(
                "",
                "42P03",
                format!("cursor \"{}\" already exists", bind.portal),
            )
            .into());
        }
        let expected = prepared.statement.as_ref().map_or(0, |s| s.parameters);
        if bind.parameters.len() < expected {
            return Err(SqlError::raw(
                "",
                "08P01",
                format!(
                    "bind message supplies {} parameters, but prepared statement \"{}\" requires {expected}",
                    bind.parameters.len(),
                    bind.statement
                ),
            )
            .into());
        }
        let mut types = prepared.types.clone();
        types.resize(bind.parameters.len(), None);
        // Only binary values need a type that the client did not give.
        let unknown = bind.parameters.iter().enumerate().any(|(i, v)| {
            v.is_some() && types[i].is_none() && format_of(&bind.parameter_formats, i) == 1
        });
        if unknown && prepared.statement.is_some() {
            match self.described(&prepared).await? {
                Ok(d) => {
                    for (t, inferred) in types.iter_mut().zip(d.parameters) {
                        t.get_or_insert(inferred);
                    }
                }
                Err(e) => return self.placed(&e, &prepared.sql),
            }
        }
        let env = self.session.env();
        let parameters = bind
            .parameters
            .iter()
            .enumerate()
            .map(|(i, v)| {
                let ty = types[i].as_ref();
                match v {
                    None => parameter::null(ty),
                    Some(bytes) if format_of(&bind.parameter_formats, i) == 1 => {
                        parameter::from_binary(bytes, ty, i + 1)
                    }
                    Some(bytes) => parameter::from_text(utf8(bytes)?, ty, &env),
                }
            })
            .collect::<Result<_>>()?;
        self.portals.insert(
            bind.portal,
            Portal {
                prepared,
                parameters,
                formats: bind.result_formats,
                state: State::Bound,
            },
        );
        Ok(self.wire.put(&BindComplete::new())?)
    }

    async fn describe_statement(&mut self, name: &str) -> Result<(), Trouble> {
        let prepared = self.prepared(name)?;
        let described = match self.described(&prepared).await? {
            Ok(d) => d,
            Err(e) => return self.placed(&e, &prepared.sql),
        };
        self.wire.put(&ParameterDescription::new(
            described.parameters.iter().map(types::oid).collect(),
        ))?;
        match described.columns {
            Some(columns) => Ok(self.wire.put(&row_description(&columns, &[]))?),
            None => Ok(self.wire.put(&NoData::new())?),
        }
    }

    async fn describe_portal(&mut self, name: &str) -> Result<(), Trouble> {
        // A cursor made by DECLARE is a portal of its name.
        if !self.portals.contains_key(name)
            && let Some(columns) = self.session.cursor(name)
        {
            return Ok(self.wire.put(&row_description(&columns, &[]))?);
        }
        let returns_rows = {
            let portal = self
                .portals
                .get(name)
                .ok_or_else(|| missing("portal", "34000", name))?;
            portal
                .prepared
                .statement
                .as_ref()
                .is_some_and(Parsed::returns_rows)
        };
        if !returns_rows {
            return Ok(self.wire.put(&NoData::new())?);
        }
        // A query is planned once: for its description, and its rows wait for Execute.
        if !self.start(name).await? {
            return Ok(());
        }
        let Some(portal) = self.portals.get(name) else {
            return Ok(());
        };
        match &portal.state {
            State::Running(running) => {
                let message = row_description(&running.columns, &portal.formats);
                Ok(self.wire.put(&message)?)
            }
            _ => Ok(self.wire.put(&NoData::new())?),
        }
    }

    /// Executes a bound portal. False when that failed and the client was told.
    async fn start(&mut self, name: &str) -> Result<bool, Trouble> {
        let Some(mut portal) = self.portals.remove(name) else {
            return Err(missing("portal", "34000", name).into());
        };
        if let (State::Bound, Some(statement)) = (&portal.state, &portal.prepared.statement) {
            let signals = Arc::clone(&self.registration.signals);
            let outcome = self
                .wire
                .watch(
                    &signals,
                    self.session.execute(statement, &portal.parameters),
                )
                .await?;
            portal.state = match outcome {
                Ok(Outcome::Rows(rows)) => {
                    State::Running(Box::new(Running::new(rows, &portal.formats)))
                }
                Ok(Outcome::Done(tag)) => State::Finished(tag),
                Err(e) => {
                    self.placed(&e, &portal.prepared.sql)?;
                    return Ok(false);
                }
            };
        }
        self.portals.insert(name.to_owned(), portal);
        Ok(true)
    }

    async fn execute(&mut self, name: &str, limit: usize) -> Result<(), Trouble> {
        if self
            .portals
            .get(name)
            .is_some_and(|p| p.prepared.statement.is_none())
        {
            return Ok(self.wire.put(&EmptyQueryResponse::new())?);
        }
        if !self.start(name).await? {
            return Ok(());
        }
        self.notices()?;
        let style = self.session.row_style();
        let signals = Arc::clone(&self.registration.signals);
        let Some(portal) = self.portals.get_mut(name) else {
            return Ok(());
        };
        match &mut portal.state {
            State::Bound => {}
            State::Finished(tag) => {
                let message = CommandComplete::new(tag.clone());
                self.wire.put(&message)?;
            }
            State::Running(running) => {
                match running.run(&mut self.wire, &signals, limit, style).await? {
                    End::Suspended => self.wire.put(&PortalSuspended::new())?,
                    End::Complete => {
                        let tag = running.tag.to_owned();
                        self.wire.put(&CommandComplete::new(tag.clone()))?;
                        portal.state = State::Finished(tag);
                        self.session.finish()?;
                    }
                }
            }
        }
        Ok(self.notices()?)
    }
}

fn utf8(bytes: &Bytes) -> Result<&str> {
    std::str::from_utf8(bytes)
        .map_err(|_| SqlError::raw("", "22021", "invalid byte sequence for encoding \"UTF8\""))
}
