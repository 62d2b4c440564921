//! A session as the host of blocks: every statement inside is a statement of its own, with a query id.
//! The interpreter is the engine's.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::scripting::{Host, RaiseLevel, Ran};
use dwsim_engine::session::Session;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::substitute::substitute;
use crate::session::{Answer, SnowflakeSession, StatementKind, counts_of};

impl SnowflakeSession {
    /// Runs the text of one statement inside of a block.
    pub(super) async fn inner_statement(
        &mut self,
        text: &str,
        values: Vec<Typed>,
    ) -> Result<Answer> {
        let script = self.inner.script.clone();
        let changed = match &script {
            Some(scope) => substitute(&mut self.inner, scope, text)?,
            None => None,
        };
        let pieces = crate::parse::split(changed.as_deref().unwrap_or(text))?;
        let piece = match pieces.as_slice() {
            [one] => one,
            [] => {
                return Err(SqlError::raw(
                    "000900",
                    "42601",
                    "SQL compilation error:\nEmpty SQL statement.",
                ));
            }
            [_, second, ..] => {
                let near = second.text.split_whitespace().next().unwrap_or_default();
                return Err(SqlError::raw(
                    "001003",
                    "42000",
                    format!(
                        "SQL compilation error:\nsyntax error line {} at position {} unexpected '{near}'.",
                        second.line + 1,
                        second.column
                    ),
                ));
            }
        };
        let command = crate::parse::parse(&piece.text)?;
        self.command(command, &piece.text, &BTreeMap::new(), Some(values))
            .await
    }
}

impl Host for SnowflakeSession {
    fn session(&mut self) -> &mut Session {
        &mut self.inner
    }

    fn run<'a>(&'a mut self, text: &'a str, values: Vec<Typed>) -> BoxFuture<'a, Result<Ran>> {
        Box::pin(async move {
            let id = Uuid::new_v4().to_string();
            let outer = std::mem::replace(&mut self.inner.query_id, id.clone());
            self.outputs.clear();
            let outcome = self.inner_statement(text, values).await;
            self.inner.query_id = outer;
            self.end_statement(&id, text, &outcome);
            let answer = outcome?;
            let is_query = matches!(
                answer.kind,
                StatementKind::Select | StatementKind::Show | StatementKind::Describe
            );
            let changed = answer.kind.is_dml().then(|| {
                let counts = counts_of(&answer);
                match answer.kind {
                    StatementKind::Merge => counts.iter().sum(),
                    _ => counts.first().copied().unwrap_or(0),
                }
            });
            let names: Vec<String> = answer.columns.iter().map(|c| c.name.clone()).collect();
            let counts = if answer.kind.is_dml() {
                super::javascript::counts(&names, &counts_of(&answer))
            } else {
                (0, 0, 0)
            };
            let ran = Ran {
                counts,
                outputs: std::mem::take(&mut self.outputs),
                columns: answer.columns.clone(),
                batches: answer.batches.clone(),
                changed,
                is_query,
                query_id: id.clone(),
                closes_cursors: false,
            };
            if is_query {
                self.account.keep(&id, Ok(Arc::new(answer)));
            }
            Ok(ran)
        })
    }

    fn declare_routine(&mut self, definition: &str) -> Result<()> {
        let definition = super::routine::nested(definition)?;
        let routine = self.routine(&definition, "")?;
        self.nested.push(Arc::new(routine));
        Ok(())
    }

    fn message(&mut self, _: RaiseLevel, _: String) {}

    fn open_cursor<'a>(
        &'a mut self,
        _: &'a str,
        _: &'a str,
        _: Vec<Typed>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Err(SqlError::unsupported("OPEN of a query")) })
    }

    fn undo(&mut self) {}

    fn keep(&mut self) -> Result<()> {
        Ok(())
    }
}
