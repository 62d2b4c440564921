//! One statement in an experiment's database, on one warehouse or on both side by side.
//! Values are text in answers, exactly as the warehouse's types show them; NULL is null.

use std::time::{Duration, Instant};

use dwsim_runtime::client::Reply;
use dwsim_runtime::script;
use dwsim_runtime::snapshot::{self, Answer, AnswerDiff, RowChange, RowOrder};
use dwsim_runtime::value::cell;
use dwsim_runtime::{Dialect, ResultTable, Value};
use serde::Serialize;

use super::error::Error;
use super::service::{Result, Service, database};

/// How long a statement may take.
const LIMIT: Duration = Duration::from_secs(60);

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

/// A statement on both warehouses.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Redshift's answer.
    pub redshift: std::result::Result<Queried, String>,
    /// Snowflake's answer.
    pub snowflake: std::result::Result<Queried, String>,
    /// How they differ, one line each; nothing where they agree.
    pub differences: Vec<String>,
}

/// A cell as text.
fn text(value: &Value) -> Option<String> {
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

    async fn answer(&self, name: &str, dialect: Dialect, sql: &str) -> Result<(Reply, Duration)> {
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
        let reply = connection.run(&statement).await;
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

    /// Runs one statement on both warehouses.
    ///
    /// # Errors
    /// As [`Service::query`], but a refusal of one warehouse is part of the answer.
    pub async fn compare(
        &self,
        name: &str,
        sql: &str,
        offset: usize,
        limit: usize,
    ) -> Result<Compared> {
        let (r, s) = tokio::join!(
            self.answer(name, Dialect::Redshift, sql),
            self.answer(name, Dialect::Snowflake, sql)
        );
        let order = script::statements(sql, Dialect::Redshift)
            .ok()
            .and_then(|all| all.first().map(|s| s.order))
            .unwrap_or(RowOrder::Any);
        let as_answer = |one: &Result<(Reply, Duration)>| -> Result<Option<Answer>> {
            Ok(match one {
                Ok((Reply::Rows(table), _)) => Some(Answer::Rows(table.clone())),
                Ok((Reply::Done { affected }, _)) => Some(Answer::Done {
                    affected: *affected,
                }),
                Err(Error::Sql(e)) => Some(Answer::Error {
                    code: e.code.clone(),
                    message: e.message.clone(),
                }),
                Err(_) => None,
            })
        };
        let differences = match (as_answer(&r)?, as_answer(&s)?) {
            (Some(a), Some(b)) => snapshot::diff(&a, &b, order)
                .map(|d| lines(&d))
                .unwrap_or_default(),
            _ => Vec::new(),
        };
        let show = |dialect, one: Result<(Reply, Duration)>| match one {
            Ok((reply, took)) => Ok(Ok(queried(dialect, &reply, took, offset, limit))),
            Err(Error::Sql(e)) => Ok(Err(e.to_string())),
            Err(Error::Conflict(message)) => Ok(Err(message)),
            Err(other) => Err(other),
        };
        Ok(Compared {
            redshift: show(Dialect::Redshift, r)?,
            snowflake: show(Dialect::Snowflake, s)?,
            differences,
        })
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

/// Most differences that are listed.
const SHOWN: usize = 50;

fn lines(diff: &AnswerDiff) -> Vec<String> {
    let row = |cells: &[Value]| {
        cells
            .iter()
            .map(cell::render)
            .collect::<Vec<_>>()
            .join(cell::SEPARATOR)
    };
    match diff {
        AnswerDiff::Whole { .. } => vec!["the answers are of different kinds".to_owned()],
        AnswerDiff::Rows {
            names,
            columns,
            rows,
        } => {
            let mut out = Vec::new();
            for change in columns {
                let side = |c: &Option<dwsim_runtime::Column>| {
                    c.as_ref()
                        .map_or_else(|| "—".to_owned(), |c| format!("{} {}", c.name, c.native))
                };
                out.push(format!(
                    "column {}: {} on Redshift, {} on Snowflake",
                    change.index + 1,
                    side(&change.expected),
                    side(&change.actual)
                ));
            }
            for change in rows.iter().take(SHOWN) {
                match change {
                    RowChange::Changed { cells, .. } => out.extend(cells.iter().map(|c| {
                        let name = names.get(c.column).map_or("?", String::as_str);
                        format!(
                            "{name}: {} on Redshift, {} on Snowflake",
                            cell::render(&c.expected),
                            cell::render(&c.actual)
                        )
                    })),
                    RowChange::Missing(cells) => {
                        out.push(format!("only on Redshift: {}", row(cells)))
                    }
                    RowChange::Extra(cells) => {
                        out.push(format!("only on Snowflake: {}", row(cells)))
                    }
                }
            }
            if rows.len() > SHOWN {
                out.push(format!("and {} more rows differ", rows.len() - SHOWN));
            }
            out
        }
    }
}
