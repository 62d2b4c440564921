//! One statement in an experiment's database. Values are text in answers, exactly as the warehouse's types show them;
//! NULL is null. Statements on both warehouses side by side are in `compare`.

use std::time::{Duration, Instant};

use dwsim_runtime::client::Reply;
use dwsim_runtime::script;
use dwsim_runtime::value::cell;
use dwsim_runtime::{Dialect, ResultTable, Value};
use serde::Serialize;
use tracing::Instrument;

use super::error::Error;
use super::service::{Result, Service, database};

/// How long a statement may take.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueriedColumn {
    /// Name.
    pub name: String,
    /// The warehouse's type.
    #[serde(rename = "type")]
    pub ty: String,
}

/// What a statement came back with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Queried {
    /// Warehouse.
    pub dialect: &'static str,
    /// Columns; none for a statement without rows.
    pub columns: Vec<QueriedColumn>,
    /// The rows asked for.
    pub rows: Vec<Vec<Option<String>>>,
    /// Rows of the whole result.
    pub total_rows: usize,
    /// Rows that the statement changed, if it says so.
    pub affected: Option<u64>,
    /// Milliseconds.
    pub milliseconds: u64,
}

/// A cell as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(text.clone()),
        other => Some(cell::render(other)),
    }
}

fn kind(sql: &str) -> &'static str {
    const KINDS: &[&str] = &[
        "select", "with", "insert", "update", "delete", "merge", "create", "drop", "alter", "copy",
        "show", "call", "describe",
    ];
    let word: String = sql.chars().take_while(char::is_ascii_alphabetic).collect();
    KINDS
        .iter()
        .find(|k| k.eq_ignore_ascii_case(&word))
        .copied()
        .unwrap_or("other")
}

impl Service {
    /// Runs one statement; `offset` and `limit` choose the rows of the answer.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] if the experiment is not loaded there; [`Error::Invalid`] unless it is
    /// one statement; [`Error::Sql`] when the warehouse refuses it.
    pub async fn query(
        &self,
        name: &str,
        dialect: Dialect,
        sql: &str,
        offset: usize,
        limit: usize,
    ) -> Result<Queried> {
        let (answer, took) = self.answer(name, dialect, sql).await?;
        Ok(queried(dialect, &answer, took, offset, limit))
    }

    /// The whole result of one statement.
    ///
    /// # Errors
    /// As [`Service::query`].
    pub async fn result(&self, name: &str, dialect: Dialect, sql: &str) -> Result<ResultTable> {
        match self.answer(name, dialect, sql).await? {
            (Reply::Rows(table), _) => Ok(table),
            (Reply::Done { .. }, _) => Ok(ResultTable::default()),
        }
    }

    pub(super) async fn answer(
        &self,
        name: &str,
        dialect: Dialect,
        sql: &str,
    ) -> Result<(Reply, Duration)> {
        let found = self.show(name)?;
        if !found.summary.loaded.iter().any(|d| d == dialect.name()) {
            return Err(Error::Conflict(format!(
                "experiment `{name}` is not loaded into {dialect}; generate it first"
            )));
        }
        let statement = match script::statements(sql, dialect) {
            Ok(all) => match all.as_slice() {
                [one] => one.text.to_owned(),
                [] => return Err(Error::invalid("there is no statement")),
                more => {
                    return Err(Error::invalid(format!(
                        "there are {} statements; one is run at a time",
                        more.len()
                    )));
                }
            },
            Err(e) => {
                return Err(Error::invalid(format!(
                    "line {}, column {}: {}",
                    e.line, e.column, e.message
                )));
            }
        };
        let mut connection = self.connect(dialect, Some(&database(name))).await?;
        connection.set_limit(LIMIT);
        let started = Instant::now();
        let span = tracing::info_span!(
            "query",
            otel.kind = "client",
            db.system.name = dialect.name(),
            db.namespace = database(name),
            db.operation.name = kind(&statement),
            rows = tracing::field::Empty,
            error.code = tracing::field::Empty,
        );
        let reply = connection.run(&statement).instrument(span.clone()).await;
        match &reply {
            Ok(Reply::Rows(table)) => {
                span.record("rows", table.rows.len() as u64);
            }
            Ok(Reply::Done { affected }) => {
                span.record("rows", affected.unwrap_or(0));
            }
            Err(dwsim_runtime::Error::Sql(e)) => {
                span.record("error.code", e.code.as_str());
            }
            Err(_) => {
                span.record("error.code", "warehouse");
            }
        }
        let took = started.elapsed();
        connection.close().await;
        self.metrics.observe(
            "dwsim_statement_duration_seconds",
            &[("warehouse", dialect.name()), ("kind", kind(&statement))],
            took,
        );
        match reply {
            Ok(reply) => Ok((reply, took)),
            Err(e) => {
                let e = Error::from(e);
                let code = match &e {
                    Error::Sql(sql) => sql.code.clone(),
                    other => other.code().to_owned(),
                };
                self.metrics
                    .add("dwsim_errors_total", &[("code", &code)], 1);
                Err(e)
            }
        }
    }
}

fn queried(
    dialect: Dialect,
    reply: &Reply,
    took: Duration,
    offset: usize,
    limit: usize,
) -> Queried {
    let empty = ResultTable::default();
    let (table, affected) = match reply {
        Reply::Rows(table) => (table, None),
        Reply::Done { affected } => (&empty, *affected),
    };
    Queried {
        dialect: dialect.name(),
        columns: table
            .columns
            .iter()
            .map(|c| QueriedColumn {
                name: c.name.clone(),
                ty: c.native.clone(),
            })
            .collect(),
        rows: table
            .rows
            .iter()
            .skip(offset)
            .take(limit)
            .map(|row| row.iter().map(text).collect())
            .collect(),
        total_rows: table.rows.len(),
        affected,
        milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    }
}
