//! SQL with the answers that the documentation promises, one table of cases per family.
//! Clients and the wire are tested elsewhere.
#![expect(clippy::unwrap_used, reason = "tests")]

mod collation;
mod external;
mod functions;
mod governance;
mod grammar;
mod plans;
mod queries;
mod service;
mod statements;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::Array;
use dwsim_engine::engine::{Engine, EngineConfig};
use dwsim_engine::error::SqlError;

use super::SnowflakeSession;
use crate::protocol::{ServerOptions, SnowflakeService};

/// A session of an account of its own.
pub(super) struct Trial {
    pub session: SnowflakeSession,
    service: Arc<SnowflakeService>,
    statements: usize,
}

impl Trial {
    pub fn new() -> Self {
        let account = SnowflakeService::account(&["DB"]);
        let engine = Engine::new(EngineConfig::default(), account).unwrap();
        let service = SnowflakeService::new(engine, ServerOptions::default()).unwrap();
        Trial {
            session: service.session("tester", Some("DB"), Some("PUBLIC")),
            service,
            statements: 0,
        }
    }

    /// Another session of the same account.
    pub fn other(&self) -> Self {
        Trial {
            session: self.service.session("other", Some("DB"), Some("PUBLIC")),
            service: Arc::clone(&self.service),
            statements: 1_000_000,
        }
    }

    /// Runs one statement: its rows as texts, columns joined by `|`.
    pub async fn rows(&mut self, sql: &str) -> Result<Vec<String>, SqlError> {
        self.statements += 1;
        let id = format!("00000000-0000-0000-0000-{:012}", self.statements);
        self.session.begin_statement(&id);
        let outcome = self.session.run(sql, &BTreeMap::new(), false).await;
        self.session.end_statement(&id, sql, &outcome);
        if let Ok(a) = &outcome {
            self.service
                .account_state()
                .keep(&id, Ok(Arc::new(a.clone())));
        }
        let answer = outcome?;
        let mut out = Vec::new();
        for b in &answer.batches {
            for row in 0..b.num_rows() {
                let cells: Vec<String> = (0..b.num_columns())
                    .map(|c| {
                        let column = b.column(c);
                        if column.is_null(row) {
                            "NULL".to_owned()
                        } else {
                            arrow::util::display::array_value_to_string(column, row).unwrap()
                        }
                    })
                    .collect();
                out.push(cells.join("|"));
            }
        }
        Ok(out)
    }

    /// Runs set-up statements, separated by semicolons.
    pub async fn setup(&mut self, sql: &str) {
        for piece in crate::parse::split(sql).unwrap() {
            if let Err(e) = self.rows(&piece.text).await {
                panic!("{}\n{}", piece.text, e.snowflake().message);
            }
        }
    }

    /// The names of the columns of a query.
    pub async fn columns(&mut self, sql: &str) -> String {
        match self.session.run(sql, &BTreeMap::new(), false).await {
            Ok(a) => {
                let names: Vec<_> = a.columns.into_iter().map(|c| c.name).collect();
                names.join(",")
            }
            Err(e) => panic!("{sql}\n{}", e.snowflake().message),
        }
    }

    /// Runs cases: statement and expected rows; a row that starts with `!` is code and part of the message.
    pub async fn expect(&mut self, cases: &[(&str, &[&str])]) {
        let mut wrong = Vec::new();
        for (sql, expected) in cases {
            let got = match self.rows(sql).await {
                Ok(rows) => rows,
                Err(e) => {
                    let r = e.snowflake();
                    vec![format!("!{} {}", r.code, r.message)]
                }
            };
            let same = match expected.first().and_then(|e| e.strip_prefix('!')) {
                Some(error) => {
                    let (code, text) = error.split_once(' ').unwrap_or((error, ""));
                    got.len() == 1
                        && got[0].starts_with(&format!("!{code} "))
                        && got[0].contains(text)
                }
                None => got == *expected,
            };
            if !same {
                wrong.push(format!(
                    "{sql}\n  expected {expected:?}\n  got      {got:?}"
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }
}
