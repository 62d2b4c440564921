//! Rows for tests, made by the generator: those that would follow the loaded ones, changed as the test likes.
//! The generator is in the emulators' process; this asks it for rows and reads them into structs.

use crate::endpoints::Endpoint;
use crate::error::{Error, Result};
use crate::row::{Row, RowRef};
use crate::value::{Column, ResultTable, TypeKind, Value, cell};
use crate::warehouse::Warehouse;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// How long making rows may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What is asked of the generator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ask {
    /// Hash of the template, as [`crate::TemplateInfo`] has it.
    pub template: String,
    /// Name of the table.
    pub table: String,
    /// The seed.
    pub seed: u64,
    /// How many rows.
    pub rows: u64,
    /// The first row's number from 0; nothing is the one after the last loaded row.
    pub first: Option<u64>,
}

/// What it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Name and logical type of each column.
    pub columns: Vec<(String, String)>,
    /// The text of each cell, nothing for NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// A builder of rows of a table, made by `dwsim::schema!`: `customers::fixture(7).rows(20).insert(&wh).await?`.
///
/// The rows are those that `cargo dwsim generate` makes with this seed after as many rows as are loaded: keys go on
/// where the loaded ones end, foreign keys refer to loaded rows.
pub struct Fixture<R> {
    table: &'static str,
    seed: u64,
    rows: u64,
    first: Option<u64>,
    changes: Vec<Box<dyn FnMut(&mut R) + Send>>,
}

impl<R> fmt::Debug for Fixture<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("table", &self.table)
            .field("seed", &self.seed)
            .field("rows", &self.rows)
            .field("changes", &self.changes.len())
            .finish_non_exhaustive()
    }
}

impl<R: Row> Fixture<R> {
    /// One row of a table with this seed.
    #[must_use]
    pub fn new(table: &'static str, seed: u64) -> Self {
        Fixture {
            table,
            seed,
            rows: 1,
            first: None,
            changes: Vec::new(),
        }
    }

    /// So many rows.
    #[must_use]
    pub fn rows(mut self, rows: u64) -> Self {
        self.rows = rows;
        self
    }

    /// The rows from this number on (from 0), where they shall not follow the loaded ones: with the project's seed, 0
    /// gives the first loaded row.
    #[must_use]
    pub fn from_row(mut self, first: u64) -> Self {
        self.first = Some(first);
        self
    }

    /// Changes every row; changes are made in the order in which they are given.
    #[must_use]
    pub fn with(mut self, change: impl FnMut(&mut R) + Send + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// Makes the rows without inserting them.
    ///
    /// # Errors
    /// [`Error::Setup`] when the emulators cannot make them, [`Error::Value`] when one does not fit its struct.
    pub fn make(mut self, warehouse: &Warehouse) -> Result<Vec<R>> {
        let control = warehouse.control().ok_or_else(|| {
            Error::Setup(
                "these emulators make no fixtures; run the tests with `cargo dwsim test`, \
                 or `cargo dwsim up` for a running instance"
                    .to_string(),
            )
        })?;
        let ask = Ask {
            template: warehouse.template().hash.clone(),
            table: self.table.to_string(),
            seed: self.seed,
            rows: self.rows,
            first: self.first,
        };
        let body = serde_json::to_string(&ask).map_err(|e| Error::Setup(e.to_string()))?;
        let answer = post(control, "/fixture", &body)?;
        let answer: Answer = serde_json::from_str(&answer)
            .map_err(|e| Error::Setup(format!("the generator's answer: {e}")))?;
        let table = table(answer)?;
        let mut rows: Vec<R> = RowRef::all(&table)
            .map(R::from_row)
            .collect::<Result<_>>()?;
        for change in &mut self.changes {
            rows.iter_mut().for_each(&mut *change);
        }
        Ok(rows)
    }

    /// Makes the rows and inserts them; returns them.
    ///
    /// # Errors
    /// As [`Fixture::make`] and [`Warehouse::insert`].
    pub async fn insert(self, warehouse: &Warehouse) -> Result<Vec<R>> {
        let rows = self.make(warehouse)?;
        warehouse.insert(&rows).await?;
        Ok(rows)
    }

    /// As [`Fixture::insert`], for tests that are not async.
    ///
    /// # Errors
    /// As there.
    pub fn insert_blocking(self, warehouse: &Warehouse) -> Result<Vec<R>> {
        let rows = self.make(warehouse)?;
        warehouse.blocking().insert(&rows)?;
        Ok(rows)
    }
}

/// The cells with the values of their columns' types.
fn table(answer: Answer) -> Result<ResultTable> {
    let kinds: Vec<TypeKind> = answer.columns.iter().map(|(_, ty)| kind(ty)).collect();
    let rows = answer.rows.into_iter().map(|row| {
        let cells = row.into_iter().zip(&kinds).zip(&answer.columns);
        cells
            .map(|((text, kind), (name, _))| {
                let Some(text) = text else {
                    return Ok(Value::Null);
                };
                let wrong = |message: String| Error::Value {
                    column: name.clone(),
                    message,
                };
                match kind {
                    // the text is the value, whatever snapshots would make of it
                    TypeKind::Text | TypeKind::Other => Ok(Value::Text(text)),
                    TypeKind::Bytes => {
                        cell::parse(&format!("0x{text}"), *kind).map_err(|e| wrong(e.to_string()))
                    }
                    _ => cell::parse(&text, *kind).map_err(|e| wrong(e.to_string())),
                }
            })
            .collect::<Result<Vec<Value>>>()
    });
    let rows = rows.collect::<Result<_>>()?;
    let columns = answer
        .columns
        .iter()
        .map(|(name, ty)| Column::new(name, ty))
        .collect();
    Ok(ResultTable { columns, rows })
}

/// The kind of values of a logical type of dwsim.toml.
fn kind(ty: &str) -> TypeKind {
    match ty {
        "serial" => TypeKind::Int,
        "uuid" => TypeKind::Text,
        native => TypeKind::of_native(native),
    }
}

/// Sends JSON to a server of the instance and returns the body of its answer.
///
/// # Errors
/// When nobody answers, or the answer is a refusal, whose words are the message.
pub fn post(endpoint: &Endpoint, path: &str, body: &str) -> Result<String> {
    let address = format!("{}:{}", endpoint.host, endpoint.port);
    let failed = |e: std::io::Error| Error::Setup(format!("the emulators at {address}: {e}"));
    let mut stream = TcpStream::connect(&address).map_err(failed)?;
    stream.set_read_timeout(Some(LIMIT)).map_err(failed)?;
    // HTTP/1.0: the answer comes in one piece and ends with the connection
    let head = format!(
        "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()))
        .map_err(failed)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(failed)?;
    let answer = String::from_utf8_lossy(&answer);
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return Err(Error::Setup(format!(
            "the emulators at {address} answered against HTTP"
        )));
    };
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status.starts_with('2') {
        Ok(body.to_string())
    } else {
        Err(Error::Setup(format!("{path}: {body}")))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn cells_get_the_values_of_their_types() {
        let columns = [
            ("id", "serial", "7"),
            ("name", "varchar(9)", "NULL"),
            ("price", "decimal(8,2)", "1.50"),
            ("at", "timestamp_ntz", "2024-01-02 03:04:05"),
            ("day", "date", "2024-01-02"),
            ("raw", "binary(2)", "00ff"),
            ("key", "uuid", "<x>"),
            ("doc", "json", "{\"a\":1}"),
            ("yes", "boolean", "true"),
            ("f", "double", "0.5"),
        ];
        let answer = Answer {
            columns: columns
                .iter()
                .map(|(n, t, _)| (n.to_string(), t.to_string()))
                .collect(),
            rows: vec![
                columns
                    .iter()
                    .map(|(_, _, v)| Some(v.to_string()))
                    .collect(),
            ],
        };
        let table = table(answer).unwrap();
        let kinds: Vec<&str> = table.rows[0].iter().map(Value::kind).collect();
        assert_eq!(
            kinds,
            [
                "integer",
                "text",
                "decimal",
                "timestamp",
                "date",
                "bytes",
                "text",
                "json",
                "boolean",
                "float"
            ]
        );
    }
}
