//! Cursors of a transaction, and statements prepared by PREPARE.
//! Portals of the extended protocol are in `protocol`.

use std::sync::Arc;

use arrow::array::RecordBatch;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::plan::CastMode;
use dwsim_engine::types::{ColumnInfo, SqlType};
use futures::StreamExt;
use sqlparser::ast;

use super::outcome::{Outcome, RowStream, Rows};
use super::session::RedshiftSession;
use crate::parse::{Fetch, Parsed};

/// An open cursor.
pub struct Cursor {
    columns: Vec<ColumnInfo>,
    stream: RowStream,
    rest: Option<RecordBatch>,
    /// The row that was fetched last; none before the first row and after the last.
    current: Option<RecordBatch>,
}

fn unknown(name: &str) -> SqlError {
    SqlError::raw("", "34000", format!("cursor \"{name}\" does not exist"))
}

impl RedshiftSession {
    pub(super) async fn declare(
        &mut self,
        cursor: &ast::Ident,
        query: &ast::Query,
        parameters: &[Typed],
    ) -> Result<Outcome> {
        if !self.in_block() {
            return Err(SqlError::raw(
                "",
                "25P01",
                "DECLARE CURSOR may only be used in transaction blocks",
            ));
        }
        let name = self.fold(cursor);
        self.open_named(&name, query, parameters).await?;
        Ok(Outcome::Done("DECLARE CURSOR".into()))
    }

    /// Opens a cursor under a folded name.
    pub(super) async fn open_named(
        &mut self,
        name: &str,
        query: &ast::Query,
        parameters: &[Typed],
    ) -> Result<()> {
        if self.cursors.contains_key(name) {
            return Err(SqlError::raw(
                "",
                "42P03",
                format!("cursor \"{name}\" already exists"),
            ));
        }
        let stream = self.engine.run_query(query, parameters).await?;
        self.cursors.insert(
            name.to_owned(),
            Cursor {
                columns: stream.columns.clone(),
                // A fetch past the end asks the stream again.
                stream: Box::pin(stream.fuse()),
                rest: None,
                current: None,
            },
        );
        Ok(())
    }

    pub(super) async fn fetch(&mut self, f: &Fetch) -> Result<Outcome> {
        let name = self.fold(&f.cursor);
        let cursor = self.cursors.get_mut(&name).ok_or_else(|| unknown(&name))?;
        let mut left = f.count.map_or(usize::MAX, |n| n as usize);
        let mut batches: Vec<RecordBatch> = Vec::new();
        if left == 0 {
            // FORWARD 0 is the current row again (fetch).
            batches.extend(cursor.current.clone());
        }
        let nothing = left == 0;
        while left > 0 {
            let batch = match cursor.rest.take() {
                Some(rest) => rest,
                None => match cursor.stream.next().await {
                    Some(batch) => batch?,
                    None => break,
                },
            };
            if batch.num_rows() > left {
                cursor.rest = Some(batch.slice(left, batch.num_rows() - left));
                batches.push(batch.slice(0, left));
                left = 0;
            } else {
                left -= batch.num_rows();
                batches.push(batch);
            }
        }
        if !nothing {
            let last = batches.iter().rev().find(|b| b.num_rows() > 0);
            cursor.current = match last {
                Some(b) if left == 0 => Some(b.slice(b.num_rows() - 1, 1)),
                _ => None,
            };
        }
        Ok(Outcome::Rows(Rows::ready(
            cursor.columns.clone(),
            batches,
            "FETCH",
        )))
    }

    pub(super) fn close(&mut self, cursor: &ast::Ident) -> Result<Outcome> {
        let name = self.fold(cursor);
        self.cursors.remove(&name).ok_or_else(|| unknown(&name))?;
        Ok(Outcome::Done("CLOSE CURSOR".into()))
    }

    /// Columns of an open cursor by its folded name.
    pub fn cursor(&self, name: &str) -> Option<Vec<ColumnInfo>> {
        self.cursors
            .get(&name.to_lowercase())
            .map(|c| c.columns.clone())
    }

    pub(super) fn cursor_columns(&self, cursor: &ast::Ident) -> Option<Vec<ColumnInfo>> {
        self.cursors
            .get(&self.fold(cursor))
            .map(|c| c.columns.clone())
    }

    pub(super) fn prepare(
        &mut self,
        name: &ast::Ident,
        types: &[ast::DataType],
        statement: &Parsed,
    ) -> Result<Outcome> {
        let name = self.fold(name);
        if self.prepared.contains_key(&name) {
            return Err(SqlError::raw(
                "",
                "42P05",
                format!("prepared statement \"{name}\" already exists"),
            ));
        }
        let types = types
            .iter()
            .map(|t| {
                // Parameter types have no length.
                Ok(match crate::dialect::data_type(t)? {
                    SqlType::Char(_) | SqlType::Varchar(_) => SqlType::text(),
                    other => other,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        self.prepared
            .insert(name, (types, Arc::new(statement.clone())));
        Ok(Outcome::Done("PREPARE".into()))
    }

    fn prepared_statement(&self, name: &ast::Ident) -> Result<(Vec<SqlType>, Arc<Parsed>)> {
        let name = self.fold(name);
        self.prepared.get(&name).cloned().ok_or_else(|| {
            SqlError::raw(
                "",
                "26000",
                format!("prepared statement \"{name}\" does not exist"),
            )
        })
    }

    pub(super) async fn execute_prepared(
        &mut self,
        name: &ast::Ident,
        arguments: &[ast::Expr],
    ) -> Result<Outcome> {
        let (types, statement) = self.prepared_statement(name)?;
        let expected = types.len().max(statement.parameters);
        if arguments.len() != expected {
            return Err(SqlError::raw(
                "",
                "42601",
                format!(
                    "wrong number of parameters for prepared statement \"{}\": expected {expected}, given {}",
                    name.value,
                    arguments.len()
                ),
            ));
        }
        let view = self.engine.view()?;
        let mut values = Vec::with_capacity(arguments.len());
        {
            let mut binder = self.engine.binder(self.engine.env(), &view, &[]);
            for (i, a) in arguments.iter().enumerate() {
                let value = binder.expr(a)?;
                values.push(match types.get(i) {
                    Some(ty) => binder.cast(value, ty, CastMode::Implicit)?,
                    None => value,
                });
            }
        }
        self.run(&statement, &values).await
    }

    pub(super) fn prepared_columns(
        &mut self,
        name: &ast::Ident,
    ) -> Result<Option<Vec<ColumnInfo>>> {
        let (types, statement) = self.prepared_statement(name)?;
        let types: Vec<_> = types.into_iter().map(Some).collect();
        match &statement.statement {
            crate::parse::Statement::Query(q) => {
                let d = self
                    .engine
                    .describe(&ast::Statement::Query(q.clone()), &types)?;
                Ok(Some(d.columns))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn deallocate(&mut self, name: Option<&ast::Ident>) -> Result<Outcome> {
        match name {
            None => self.prepared.clear(),
            Some(name) => {
                self.prepared_statement(name)?;
                let name = self.fold(name);
                self.prepared.remove(&name);
            }
        }
        Ok(Outcome::Done("DEALLOCATE".into()))
    }
}
