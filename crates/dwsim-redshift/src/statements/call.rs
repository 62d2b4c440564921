//! CALL: a procedure's body run by the engine's interpreter, with Redshift's rules for transactions.
//! Definitions are made in `routines`, the grammar of bodies is `parse::plpgsql`.
//!
//! Source: the guide's pages r_CALL_procedure, stored-procedure-transaction-management, stored-procedure-trapping-errors.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use datafusion::logical_expr::Expr;
use dwsim_engine::catalog::{ArgumentMode, ObjectKind, Routine};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::exec::constant;
use dwsim_engine::functions::Typed;
use dwsim_engine::scripting::{Host, Interpreter, RaiseLevel, Ran, SourceForm, Style};
use dwsim_engine::session::Session;
use dwsim_engine::types::ColumnInfo;
use futures::StreamExt;
use futures::future::BoxFuture;
use sqlparser::ast;

use super::outcome::{Outcome, Rows};
use super::session::RedshiftSession;
use crate::parse::Statement;
use crate::protocol::Notice;

/// Deepest nesting of calls (stored-procedure-limitations).
const MAX_CALLS: usize = 16;

/// What is running.
#[derive(Debug, Clone, Copy, Default)]
pub struct Calls {
    /// How many procedures are running in one another.
    depth: usize,
    /// COMMIT and ROLLBACK may end the transaction: the client has not opened it.
    owns: bool,
    /// The innermost procedure is atomic.
    atomic: bool,
}

/// OUT and INOUT arguments as columns.
pub(super) fn output_columns(r: &Routine) -> Vec<ColumnInfo> {
    r.outputs()
        .enumerate()
        .map(|(i, a)| {
            let name = if a.name.is_empty() {
                format!("column{}", i + 1)
            } else {
                a.name.clone()
            };
            ColumnInfo::new(name, a.ty.clone())
        })
        .collect()
}

fn atomic_context(what: &str) -> SqlError {
    SqlError::raw(
        "",
        "2D000",
        format!(
            "{what} cannot be invoked from a procedure that is executing in an atomic context."
        ),
    )
}

impl RedshiftSession {
    /// CALL.
    pub(super) async fn call(
        &mut self,
        name: &ast::ObjectName,
        arguments: &[ast::Expr],
        parameters: &[Typed],
    ) -> Result<(Outcome, Vec<(usize, Typed)>)> {
        let mut given = Vec::with_capacity(arguments.len());
        for e in arguments {
            let form = SourceForm::Expr(Box::new(e.clone()));
            given.push((None, self.engine.evaluate_with(&form, parameters).await?));
        }
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| self.fold(i))
            .collect();
        let view = self.engine.view()?;
        let env = self.engine.env();
        let (full, routine, args) = {
            let mut binder = self.engine.binder(env, &view, &[]);
            let found = binder.find_routines(ObjectKind::Procedure, &parts);
            let shown = parts.join(".");
            if found.is_empty() {
                let types: Vec<String> = given.iter().map(|(_, t)| t.ty.redshift()).collect();
                return Err(SqlError::raw(
                    "",
                    "42883",
                    format!("procedure {shown}({}) does not exist", types.join(", ")),
                ));
            }
            binder.resolve_routine(&shown, &found, &given)?
        };
        let args = args
            .into_iter()
            .map(|a| match a.literal() {
                Some(_) => Ok(a),
                None => Ok(Typed::new(Expr::Literal(constant(&a.expr)?, None), a.ty)),
            })
            .collect::<Result<Vec<_>>>()?;
        self.may_call(&full.schema, &routine)?;
        if self.calls.depth >= MAX_CALLS {
            return Err(SqlError::raw(
                "",
                "54001",
                format!("stored procedure nesting depth exceeds the limit of {MAX_CALLS}"),
            ));
        }
        let outer = self.calls;
        let atomic = !routine.nonatomic;
        let top = outer.depth == 0;
        self.calls = Calls {
            depth: outer.depth + 1,
            owns: if top { !self.in_block() } else { outer.owns },
            atomic: atomic || (!top && outer.atomic),
        };
        let opened = top && atomic && !self.engine.in_transaction();
        if opened {
            self.engine.begin();
        }
        let script = self.engine.script.take();
        // SECURITY DEFINER: the procedure acts as its owner.
        let caller = (!routine.caller_rights)
            .then(|| std::mem::replace(&mut self.engine.user, routine.owner.clone()));
        let mut before = Vec::new();
        for (property, value) in &routine.properties {
            if let Some(name) = property.strip_prefix("set ") {
                before.push((name.to_owned(), self.setting(name)));
                self.apply(name, value);
            }
        }
        let done = self.procedure(&routine, args).await;
        for (name, value) in before {
            self.apply(&name, &value);
        }
        if let Some(caller) = caller {
            self.engine.user = caller;
        }
        self.engine.script = script;
        self.calls = outer;
        if opened {
            match &done {
                Ok(_) => {
                    self.engine.commit()?;
                }
                Err(_) => self.engine.rollback(),
            }
            self.cursors.clear();
        }
        let values = done?;
        let columns = output_columns(&routine);
        let outputs = routine
            .arguments
            .iter()
            .enumerate()
            .filter(|(_, a)| a.mode != ArgumentMode::In)
            .zip(&values)
            .filter_map(|((i, a), v)| {
                // A caller gives no argument for OUT.
                let index = routine.arguments[..i]
                    .iter()
                    .filter(|b| b.mode != ArgumentMode::Out)
                    .count();
                (a.mode == ArgumentMode::InOut).then(|| (index, v.clone()))
            })
            .collect();
        if columns.is_empty() {
            return Ok((Outcome::Done("CALL".into()), outputs));
        }
        let schema = Arc::new(Schema::new(
            columns
                .iter()
                .map(|c| Field::new(&c.name, c.ty.arrow(), true))
                .collect::<Vec<_>>(),
        ));
        let arrays = values
            .iter()
            .map(|v| match v.literal() {
                Some(s) => Ok(s.to_array_of_size(1)?),
                None => Err(SqlError::internal("an argument that is no value")),
            })
            .collect::<Result<Vec<_>>>()?;
        let batch = RecordBatch::try_new(schema, arrays)?;
        Ok((
            Outcome::Rows(Rows::ready(columns, vec![batch], "CALL")),
            outputs,
        ))
    }

    /// Procedures are called by superusers, their owners, and whom EXECUTE was granted (stored-procedure-security).
    fn may_call(&self, schema: &str, routine: &Routine) -> Result<()> {
        let account = self.engine.snapshot();
        let rights = super::privileges::Rights::of(&account, &self.engine.user);
        let database = self.engine.database().unwrap_or_default();
        let name = &routine.name;
        let names = [
            name.clone(),
            format!("{schema}.{name}"),
            format!("{database}.{schema}.{name}"),
        ];
        let allowed = rights.owns(&routine.owner)
            || names
                .iter()
                .any(|n| rights.granted("procedure", n, "execute"))
            || rights.granted("all procedures in schema", schema, "execute");
        if allowed {
            Ok(())
        } else {
            Err(super::privileges::denied("procedure", name))
        }
    }

    /// The body; its OUT and INOUT arguments in order.
    async fn procedure(&mut self, routine: &Arc<Routine>, args: Vec<Typed>) -> Result<Vec<Typed>> {
        let block = crate::parse::plpgsql_block(&routine.body)?;
        let nonatomic = routine.nonatomic;
        let outs = {
            let view = self.engine.view()?;
            let env = self.engine.env();
            let binder = self.engine.binder(env, &view, &[]);
            routine
                .arguments
                .iter()
                .map(|a| binder.null(&a.ty))
                .collect::<Result<Vec<_>>>()?
        };
        let mut interpreter = Interpreter::new(self, Style::PlPgSql { nonatomic });
        let mut args = args.into_iter();
        let mut names = Vec::new();
        for (i, (a, null)) in routine.arguments.iter().zip(outs).enumerate() {
            let value = match a.mode {
                ArgumentMode::Out => null,
                _ => args.next().unwrap_or(null),
            };
            let position = format!("${}", i + 1);
            let name = if a.name.is_empty() {
                position.clone()
            } else {
                interpreter.alias(&position, &a.name);
                a.name.clone()
            };
            interpreter.define(&name, Some(a.ty.clone()), value);
            if a.mode != ArgumentMode::In {
                names.push(name);
            }
        }
        let done = interpreter.run(&block).await;
        let values = names.iter().filter_map(|n| interpreter.value(n)).collect();
        done.map_err(|r| r.uncaught_redshift())?;
        Ok(values)
    }

    /// COMMIT and ROLLBACK inside of a procedure.
    fn end_inside(&mut self, commit: bool) -> Result<Ran> {
        let what = if commit { "COMMIT" } else { "ROLLBACK" };
        if !self.calls.owns {
            if self.calls.atomic {
                return Err(atomic_context(what));
            }
            // A NONATOMIC procedure ends its caller's transaction block and goes on in a new one.
            if commit {
                self.commit()?;
            } else {
                self.rollback();
            }
            self.begin();
            return Ok(Ran::default());
        }
        self.cursors.clear();
        if commit {
            self.engine.commit()?;
        } else {
            self.engine.rollback();
        }
        if self.calls.atomic {
            self.engine.begin();
        }
        Ok(Ran::default())
    }

    async fn inside(&mut self, text: &str, values: Vec<Typed>) -> Result<Ran> {
        let mut all = self.parse(text)?;
        let (Some(parsed), true) = (all.pop(), all.is_empty()) else {
            return Err(SqlError::raw(
                "",
                "42601",
                "cannot run several statements as one",
            ));
        };
        self.refresh_path();
        match &parsed.statement {
            Statement::Commit => return self.end_inside(true),
            Statement::Rollback => return self.end_inside(false),
            Statement::Begin { .. } if self.calls.atomic => {
                return Err(SqlError::raw(
                    "",
                    "0A000",
                    "BEGIN is not allowed in an atomic procedure",
                ));
            }
            Statement::Truncate(_) => {
                if !self.calls.owns {
                    return Err(atomic_context("TRUNCATE"));
                }
                self.run(&parsed, &values).await?;
                return self.end_inside(true);
            }
            Statement::Call { name, arguments } => {
                let (outcome, outputs) = self.call(name, arguments, &values).await?;
                drop(outcome);
                return Ok(Ran {
                    outputs,
                    ..Ran::default()
                });
            }
            _ => {}
        }
        let done = self.run(&parsed, &values).await?;
        // Each statement of a NONATOMIC procedure commits for itself, which closes cursors.
        let closes_cursors = !self.calls.atomic && !self.engine.in_transaction();
        if closes_cursors && matches!(done, Outcome::Done(_)) {
            self.cursors.clear();
        }
        match done {
            Outcome::Done(tag) => Ok(Ran {
                closes_cursors,
                changed: match tag.split(' ').next() {
                    Some("INSERT" | "UPDATE" | "DELETE" | "MERGE") => {
                        tag.rsplit(' ').next().and_then(|n| n.parse().ok())
                    }
                    _ => None,
                },
                ..Ran::default()
            }),
            Outcome::Rows(mut rows) => {
                let mut batches = Vec::new();
                while let Some(b) = rows.stream.next().await {
                    batches.push(b?);
                }
                Ok(Ran {
                    columns: rows.columns,
                    batches,
                    is_query: true,
                    ..Ran::default()
                })
            }
        }
    }
}

impl Host for RedshiftSession {
    fn session(&mut self) -> &mut Session {
        &mut self.engine
    }

    fn run<'a>(&'a mut self, text: &'a str, values: Vec<Typed>) -> BoxFuture<'a, Result<Ran>> {
        Box::pin(self.inside(text, values))
    }

    fn message(&mut self, level: RaiseLevel, text: String) {
        let (number, word) = match level {
            RaiseLevel::Debug => (10, "DEBUG"),
            RaiseLevel::Log => (20, "LOG"),
            RaiseLevel::Info => (30, "INFO"),
            RaiseLevel::Notice => (40, "NOTICE"),
            RaiseLevel::Warning => (50, "WARNING"),
            RaiseLevel::Exception => (60, "EXCEPTION"),
        };
        let least = match self
            .setting("stored_proc_log_min_messages")
            .to_uppercase()
            .as_str()
        {
            "LOG" => 20,
            "NOTICE" => 40,
            "WARNING" => 50,
            "EXCEPTION" => 60,
            _ => 30,
        };
        if number >= least {
            let env = self.engine.env();
            self.cluster.log_message(super::cluster::ProcedureMessage {
                query: self.query_id,
                pid: i64::from(self.pid()),
                user: self.engine.user.clone(),
                time: chrono::Utc::now(),
                level: number,
                word,
                text: text.clone(),
                statement: env.moment().statement.clone(),
            });
        }
        let (severity, sqlstate) = match level {
            RaiseLevel::Info => ("INFO", "00000"),
            RaiseLevel::Notice => ("NOTICE", "00000"),
            RaiseLevel::Warning => ("WARNING", "01000"),
            // For the server's log only.
            RaiseLevel::Debug | RaiseLevel::Log | RaiseLevel::Exception => return,
        };
        self.notices.push(Notice {
            severity,
            sqlstate,
            text,
        });
    }

    fn open_cursor<'a>(
        &'a mut self,
        name: &'a str,
        query: &'a str,
        values: Vec<Typed>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut all = self.parse(query)?;
            let Some(Statement::Query(q)) = all.pop().map(|p| p.statement) else {
                return Err(SqlError::raw(
                    "",
                    "42601",
                    "cannot open a cursor over this statement",
                ));
            };
            self.open_named(name, &q, &values).await
        })
    }

    fn undo(&mut self) {
        self.cursors.clear();
        self.engine.rollback();
        self.engine.begin();
    }

    fn keep(&mut self) -> Result<()> {
        self.engine.commit()?;
        self.engine.begin();
        Ok(())
    }
}
