//! Dispatch of parsed statements that both dialects share, and description without execution.
//! Each statement is in a file of its own.

use std::sync::Arc;

use sqlparser::ast::{self, Statement};

use super::{Completion, Description, Outcome, Session};
use crate::engine::Engine;
use crate::error::{Result, SqlError};
use crate::exec::{Asked, RowStream, Sight, guarded};
use crate::functions::Typed;
use crate::types::{ColumnInfo, SqlType};

impl Session {
    /// Runs a statement. `text` is its source, kept for views; `parameters` are the values of its placeholders.
    ///
    /// # Errors
    /// Whatever is wrong with the statement or happens while it runs; a query's own errors may also come with its rows.
    pub async fn execute(
        &mut self,
        statement: &Statement,
        text: &str,
        parameters: &[Typed],
    ) -> Result<Outcome> {
        text.clone_into(&mut self.text);
        if self.is_aborted()
            && !matches!(
                statement,
                Statement::Commit { .. } | Statement::Rollback { .. }
            )
        {
            return Err(crate::error::ErrorKind::TransactionAborted.into());
        }
        match statement {
            Statement::Query(q) => self.run_again(q, parameters).await.map(Outcome::Rows),
            Statement::Insert(i) => self.insert(i, parameters).await.map(Outcome::Done),
            Statement::Update(u) => self.update(u, parameters).await.map(Outcome::Done),
            Statement::Delete(d) => self.delete(d, parameters).await.map(Outcome::Done),
            Statement::Merge(m) => self.merge(m, parameters).await.map(Outcome::Done),
            Statement::CreateTable(c) => self.create_table(c, parameters).await.map(Outcome::Done),
            Statement::CreateView(c) => self.create_view(c).map(Outcome::Done),
            Statement::CreateSchema {
                schema_name,
                if_not_exists,
                or_replace,
                ..
            } => self
                .create_schema(schema_name, *if_not_exists, *or_replace)
                .map(Outcome::Done),
            Statement::CreateSequence {
                name,
                if_not_exists,
                sequence_options,
                ..
            } => self
                .create_sequence(name, *if_not_exists, false, sequence_options)
                .map(Outcome::Done),
            Statement::AlterTable(a) => self.alter_table(a).await.map(Outcome::Done),
            Statement::Drop {
                object_type,
                if_exists,
                names,
                cascade,
                ..
            } => self
                .drop_objects(*object_type, names, *if_exists, *cascade)
                .map(Outcome::Done),
            Statement::Truncate(t) => self.truncate(t).map(Outcome::Done),
            Statement::StartTransaction { statements, .. } if statements.is_empty() => {
                self.begin();
                Ok(Outcome::Done(Completion::new("BEGIN")))
            }
            Statement::Commit { .. } => {
                let committed = self.commit()?;
                Ok(Outcome::Done(Completion::new(if committed {
                    "COMMIT"
                } else {
                    "ROLLBACK"
                })))
            }
            Statement::Rollback {
                savepoint: None, ..
            } => {
                self.rollback();
                Ok(Outcome::Done(Completion::new("ROLLBACK")))
            }
            Statement::Explain { statement, .. } => {
                self.explain(statement, parameters).await.map(Outcome::Rows)
            }
            other => Err(SqlError::unsupported(first_words(other))),
        }
    }

    /// Runs the statement's query, by the plan of an earlier run where there is one.
    async fn run_again(&mut self, q: &ast::Query, parameters: &[Typed]) -> Result<RowStream> {
        if !parameters.is_empty() || !self.variables.is_empty() || self.script.is_some() {
            return self.run_query(q, parameters).await;
        }
        let view = self.view()?;
        let env = self.env();
        let asked = Asked {
            text: env.source(),
            query: q,
            path: self.search_path(),
            temporary: &self.temporary,
            env: &env,
            account: view.account(),
        };
        let engine = Arc::clone(self.engine());
        let bounds = self.bounds();
        let kept = match engine.plans.look(&asked) {
            Sight::Kept(kept) => kept,
            Sight::First => {
                let bound = self.binder(Arc::clone(&env), &view, &[]).top_query(q)?;
                let ordered = bound.ordered;
                let stream = engine.executor.stream(bound, bounds).await?;
                return shuffled(&engine, ordered, stream).await;
            }
            Sight::Again => {
                let bound = self.binder(Arc::clone(&env), &view, &[]).top_query(q)?;
                let prepared = guarded(
                    &bounds.cancel,
                    bounds.generation,
                    bounds.timeout,
                    engine.executor.prepare(&bound, &env),
                );
                match prepared.await?.map(Arc::new) {
                    Some(kept) => {
                        engine.plans.keep(&asked, Arc::clone(&kept));
                        kept
                    }
                    None => {
                        let ordered = bound.ordered;
                        let stream = engine.executor.stream(bound, bounds).await?;
                        return shuffled(&engine, ordered, stream).await;
                    }
                }
            }
        };
        let stream = engine.executor.stream_kept(&kept, bounds).await?;
        shuffled(&engine, kept.ordered, stream).await
    }

    /// Runs a query.
    ///
    /// # Errors
    /// What binding or planning it gives.
    pub async fn run_query(&mut self, q: &ast::Query, parameters: &[Typed]) -> Result<RowStream> {
        let view = self.view()?;
        let env = self.env();
        let bound = {
            let variables = self.variables.clone();
            let lookup = move |n: &str| variables.get(n).cloned();
            let mut binder = self.binder(env, &view, parameters);
            binder.variables = Some(&lookup);
            binder.top_query(q)?
        };
        let bounds = self.bounds();
        let engine = Arc::clone(self.engine());
        let ordered = bound.ordered;
        let stream = engine.executor.stream(bound, bounds).await?;
        shuffled(&engine, ordered, stream).await
    }

    /// The columns and parameters of a statement, without running it.
    ///
    /// # Errors
    /// What binding it gives.
    pub fn describe(
        &mut self,
        statement: &Statement,
        types: &[Option<SqlType>],
    ) -> Result<Description> {
        let Statement::Query(q) = statement else {
            return self.describe_parameters(statement, types);
        };
        let view = self.view()?;
        let env = self.env();
        let variables = self.variables.clone();
        let lookup = move |n: &str| variables.get(n).cloned();
        let mut binder = self.binder(env, &view, &[]);
        binder.variables = Some(&lookup);
        binder.parameter_types = types.to_vec();
        binder.describing = true;
        let bound = binder.top_query(q)?;
        let parameters = binder
            .parameter_types
            .iter()
            .map(|t| t.clone().unwrap_or_else(SqlType::text))
            .collect();
        Ok(Description {
            columns: bound.columns,
            parameters,
            rows: true,
        })
    }

    /// The parameters of a statement without rows: as many as it names, of the given types, or of the types of the
    /// columns that an INSERT puts them into.
    fn describe_parameters(
        &mut self,
        statement: &Statement,
        types: &[Option<SqlType>],
    ) -> Result<Description> {
        let mut types = types.to_vec();
        if let Some(name) = target(statement) {
            let (_, entry) = self.table(name)?;
            if let Statement::Insert(i) = statement {
                self.describe_insert(i, &entry, &mut types)?;
            }
        }
        let mut count = 0usize;
        let mut marks = 0usize;
        let _ = ast::visit_expressions(statement, |e: &ast::Expr| {
            if let ast::Expr::Value(v) = e
                && let ast::Value::Placeholder(p) = &v.value
            {
                match p.strip_prefix('$').and_then(|n| n.parse::<usize>().ok()) {
                    Some(n) => count = count.max(n.min(crate::plan::MOST_PARAMETERS)),
                    None if p == "?" => marks += 1,
                    None => {}
                }
            }
            std::ops::ControlFlow::<()>::Continue(())
        });
        let parameters = (0..count.max(marks))
            .map(|i| {
                types
                    .get(i)
                    .cloned()
                    .flatten()
                    .unwrap_or_else(SqlType::text)
            })
            .collect();
        let rows = matches!(statement, Statement::Explain { .. });
        let columns = if rows {
            vec![ColumnInfo::new("QUERY PLAN", SqlType::text())]
        } else {
            vec![]
        };
        Ok(Description {
            columns,
            parameters,
            rows,
        })
    }

    /// Types of the placeholders that are values of an INSERT by themselves.
    fn describe_insert(
        &mut self,
        i: &ast::Insert,
        entry: &crate::catalog::TableEntry,
        types: &mut Vec<Option<SqlType>>,
    ) -> Result<()> {
        let names: Vec<String> = i
            .columns
            .iter()
            .filter_map(|c| c.0.last().and_then(|p| p.as_ident()))
            .map(|id| self.dialect().fold(id))
            .collect();
        let view = self.view()?;
        let given = self
            .binder(self.env(), &view, &[])
            .target_columns(&entry.def, &names)?;
        let Some(rows) = i
            .source
            .as_ref()
            .and_then(|q| super::insert::plain_values(q))
        else {
            return Ok(());
        };
        for row in rows {
            if row.len() > given.len() {
                return Err(SqlError::raw(
                    "001080",
                    "42601",
                    "INSERT has more expressions than target columns",
                ));
            }
            for (e, column) in row.iter().zip(&given) {
                if let ast::Expr::Value(v) = e
                    && let ast::Value::Placeholder(p) = &v.value
                    && let Some(n) = p.strip_prefix('$').and_then(|n| n.parse::<usize>().ok())
                    && (1..=crate::plan::MOST_PARAMETERS).contains(&n)
                {
                    if types.len() < n {
                        types.resize(n, None);
                    }
                    types[n - 1].get_or_insert_with(|| entry.def.columns[*column].ty.clone());
                }
            }
        }
        Ok(())
    }

    /// A query's optimised plan, which is not run.
    ///
    /// # Errors
    /// What binding or optimising gives.
    pub fn plan_of(
        &mut self,
        query: &sqlparser::ast::Query,
        parameters: &[Typed],
    ) -> Result<datafusion::logical_expr::LogicalPlan> {
        let view = self.view()?;
        let bound = self
            .binder(self.env(), &view, parameters)
            .top_query(query)?;
        self.engine().executor.optimized(&bound)
    }

    async fn explain(&mut self, statement: &Statement, parameters: &[Typed]) -> Result<RowStream> {
        let Statement::Query(q) = statement else {
            return Err(SqlError::unsupported(
                "EXPLAIN of a statement that is no query",
            ));
        };
        let view = self.view()?;
        let bound = self.binder(self.env(), &view, parameters).top_query(q)?;
        let (_, physical) = self.engine().executor.explain(&bound).await?;
        let lines: arrow::array::StringArray = physical.lines().map(Some).collect();
        let column = ColumnInfo::new("QUERY PLAN", SqlType::text());
        let schema = std::sync::Arc::new(arrow::datatypes::Schema::new(vec![
            arrow::datatypes::Field::new("QUERY PLAN", arrow::datatypes::DataType::Utf8, true),
        ]));
        let batch = arrow::array::RecordBatch::try_new(schema, vec![std::sync::Arc::new(lines)])?;
        Ok(RowStream::ready(vec![column], vec![batch]))
    }
}

/// Rows without an ORDER BY in another order, where the project asks for that.
async fn shuffled(engine: &Engine, ordered: bool, stream: RowStream) -> Result<RowStream> {
    let Some(seed) = engine.config.shuffle_seed.filter(|_| !ordered) else {
        return Ok(stream);
    };
    let (columns, batches) = stream.collect().await?;
    let batches = crate::exec::shuffle(&columns, batches, seed)?;
    Ok(RowStream::ready(columns, batches))
}

/// The table that a statement changes.
fn target(statement: &Statement) -> Option<&ast::ObjectName> {
    let factor = match statement {
        Statement::Insert(i) => match &i.table {
            ast::TableObject::TableName(name) => return Some(name),
            _ => return None,
        },
        Statement::Update(u) => &u.table.relation,
        Statement::Delete(d) => {
            let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) =
                &d.from;
            &from.first()?.relation
        }
        Statement::Merge(m) => &m.table,
        _ => return None,
    };
    match factor {
        ast::TableFactor::Table { name, .. } => Some(name),
        _ => None,
    }
}

/// The first words of a statement, to name it in an error.
fn first_words(s: &Statement) -> String {
    s.to_string()
        .split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}
