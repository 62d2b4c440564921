//! Blocks, CALL and EXECUTE IMMEDIATE as a session runs them.
//! Definitions are made in `objects`.
//!
//! Source: "CALL", "EXECUTE IMMEDIATE", "Understanding caller's rights and owner's rights stored procedures".

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::scalar::ScalarValue;
use dwsim_engine::catalog::{ArgumentMode, Language, ObjectKind, ObjectName, Returns, Routine};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::exec::constant;
use dwsim_engine::functions::Typed;
use dwsim_engine::scripting::{Block, Finished, Interpreter, Ran, SourceForm, Style};
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;

use super::{CallTarget, CreateRoutine};
use crate::dialect::fold;
use crate::parse::Command;
use crate::session::{Answer, SnowflakeSession, StatementKind, schema};

/// Deepest nesting of procedure calls.
const MAX_CALLS: usize = 16;

/// The column of an anonymous block's value.
const BLOCK: &str = "anonymous block";

/// One value as rows.
fn single(name: &str, value: Typed) -> Result<Answer> {
    let (scalar, ty) = match value.literal() {
        Some(ScalarValue::Null) | None => (ScalarValue::Utf8(None), SqlType::text()),
        Some(v) => (v.clone(), value.ty.clone()),
    };
    let columns = vec![ColumnInfo::new(name, ty)];
    let batch = RecordBatch::try_new(schema(&columns), vec![scalar.to_array_of_size(1)?])?;
    Ok(Answer::rows(StatementKind::Select, columns, vec![batch]))
}

fn null() -> Typed {
    Typed::new(
        datafusion::logical_expr::Expr::Literal(ScalarValue::Null, None),
        SqlType::Null,
    )
}

fn rows(ran: &Ran) -> Answer {
    Answer::rows(
        StatementKind::Select,
        ran.columns.clone(),
        ran.batches.clone(),
    )
}

impl SnowflakeSession {
    /// Runs an anonymous block.
    pub(crate) async fn run_block(&mut self, block: &Block) -> Result<Answer> {
        let nested = self.nested.len();
        let mut interpreter = Interpreter::new(self, Style::Snowflake);
        let finished = interpreter.run(block).await;
        self.nested.truncate(nested);
        match finished.map_err(|r| r.uncaught_snowflake())? {
            Finished::Nothing => single(BLOCK, null()),
            Finished::Value(v) => single(BLOCK, v),
            Finished::Rows(r) => Ok(rows(&r)),
        }
    }

    /// The value of an expression, with bind values.
    async fn value(&mut self, e: &ast::Expr, values: &[Typed]) -> Result<Typed> {
        let form = SourceForm::Expr(Box::new(e.clone()));
        self.inner.evaluate_with(&form, values).await
    }

    /// EXECUTE IMMEDIATE.
    pub(crate) async fn execute_immediate(
        &mut self,
        sql: &ast::Expr,
        using: &[ast::Expr],
        values: &[Typed],
    ) -> Result<Answer> {
        let text = self.value(sql, values).await?;
        let Some(text) = self.inner.text_of(&text)? else {
            return Err(SqlError::raw(
                "001003",
                "42000",
                "SQL compilation error:\nsyntax error unexpected 'NULL'.",
            ));
        };
        let mut given = Vec::with_capacity(using.len());
        for u in using {
            given.push(self.value(u, values).await?);
        }
        let script = self.inner.script.take();
        let answer = Box::pin(self.inner_statement(&text, given)).await;
        self.inner.script = script;
        answer
    }

    /// CALL of a kept procedure.
    pub(crate) async fn call(&mut self, target: &CallTarget, values: &[Typed]) -> Result<Answer> {
        let given = self.call_arguments(target, values).await?;
        let parts: Vec<String> = target
            .name
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(fold)
            .collect();
        let shown = parts.last().cloned().unwrap_or_default();
        if let [name] = parts.as_slice()
            && let Some(routine) = self.nested.iter().rfind(|r| r.name == *name).cloned()
        {
            return self.call_known(routine, &given).await;
        }
        let view = self.inner.view()?;
        let env = self.inner.env();
        let resolved = {
            let mut binder = self.inner.binder(env, &view, &[]);
            let found = binder.find_routines(ObjectKind::Procedure, &parts);
            if found.is_empty() {
                None
            } else {
                Some(binder.resolve_routine(&shown, &found, &given)?)
            }
        };
        match resolved {
            Some((name, routine, args)) => {
                let args = computed(args)?;
                // What a block has declared is known to it alone.
                let nested = std::mem::take(&mut self.nested);
                let answer = self.run_procedure(&name, &routine, args).await;
                self.nested = nested;
                answer
            }
            None if shown.starts_with("SYSTEM$") => {
                let arguments: Vec<String> = target
                    .arguments
                    .iter()
                    .map(|(_, e)| e.to_string())
                    .collect();
                let text = format!("select {shown}({}) as {shown}", arguments.join(", "));
                Box::pin(self.inner_statement(&text, values.to_vec())).await
            }
            None => Err(SqlError::raw(
                "002140",
                "42601",
                format!("SQL compilation error:\nUnknown function {shown}"),
            )),
        }
    }

    async fn call_arguments(
        &mut self,
        target: &CallTarget,
        values: &[Typed],
    ) -> Result<Vec<(Option<String>, Typed)>> {
        let mut given = Vec::with_capacity(target.arguments.len());
        for (name, e) in &target.arguments {
            let v = self.value(e, values).await?;
            given.push((name.as_ref().map(fold), v));
        }
        Ok(given)
    }

    /// WITH … AS PROCEDURE … CALL.
    pub(crate) async fn call_anonymous(
        &mut self,
        definition: &CreateRoutine,
        target: &CallTarget,
        values: &[Typed],
    ) -> Result<Answer> {
        let given = self.call_arguments(target, values).await?;
        let routine = Arc::new(self.routine(definition, "")?);
        self.call_known(routine, &given).await
    }

    /// CALL of a procedure that is at hand.
    async fn call_known(
        &mut self,
        routine: Arc<Routine>,
        given: &[(Option<String>, Typed)],
    ) -> Result<Answer> {
        let name = ObjectName {
            database: self.inner.database().unwrap_or_default().to_owned(),
            schema: self.inner.schema().unwrap_or_default().to_owned(),
            name: routine.name.clone(),
        };
        let view = self.inner.view()?;
        let env = self.inner.env();
        let (name, routine, args) = {
            let mut binder = self.inner.binder(env, &view, &[]);
            let found = [(name, Arc::clone(&routine))];
            binder.resolve_routine(&routine.name, &found, given)?
        };
        let args = computed(args)?;
        self.run_procedure(&name, &routine, args).await
    }

    async fn run_procedure(
        &mut self,
        name: &ObjectName,
        routine: &Arc<Routine>,
        args: Vec<Typed>,
    ) -> Result<Answer> {
        if self.calls >= MAX_CALLS {
            return Err(SqlError::raw(
                "000603",
                "54001",
                format!("Stored procedure calls are nested more than {MAX_CALLS} deep."),
            ));
        }
        // A procedure with owner's rights has its own schema as the current one.
        let context = (
            self.inner.database().map(str::to_owned),
            self.inner.schemas().to_vec(),
        );
        if !routine.caller_rights {
            let schema = name.schema.split("$TEMP$").next().unwrap_or_default();
            self.inner
                .set_context(Some(name.database.clone()), vec![schema.to_owned()]);
        }
        let script = self.inner.script.take();
        self.calls += 1;
        let nested = self.nested.len();
        let done = self.procedure_body(routine, args).await;
        self.nested.truncate(nested);
        self.calls -= 1;
        self.inner.script = script;
        if !routine.caller_rights {
            self.inner.set_context(context.0, context.1);
        }
        let finished = done?;
        match (finished, &routine.returns) {
            (Finished::Rows(r), Returns::Table(declared)) if !declared.is_empty() => {
                self.as_declared(routine, &r, declared)
            }
            (Finished::Rows(r), _) => Ok(rows(&r)),
            (Finished::Value(v), Returns::Value { ty, .. }) => {
                let v = self.inner.convert(&v, ty)?;
                single(&routine.name, v)
            }
            (Finished::Value(v), _) => single(&routine.name, v),
            (Finished::Nothing, Returns::Value { ty, .. }) => {
                let v = self.inner.convert(&null(), ty)?;
                single(&routine.name, v)
            }
            (Finished::Nothing, _) => single(&routine.name, null()),
        }
    }

    async fn procedure_body(
        &mut self,
        routine: &Arc<Routine>,
        args: Vec<Typed>,
    ) -> Result<Finished> {
        let missing = args
            .iter()
            .any(|a| a.literal().is_none_or(ScalarValue::is_null));
        if routine.strict && missing {
            return Ok(Finished::Nothing);
        }
        match routine.language {
            Language::Sql => {
                let block = super::block(&routine.body)?;
                let mut interpreter = Interpreter::new(self, Style::Snowflake);
                for (a, v) in routine.inputs().zip(args) {
                    // An OUT argument begins as NULL, whatever the caller's variable holds.
                    let v = if a.mode == ArgumentMode::In {
                        v
                    } else {
                        null()
                    };
                    interpreter.define(&a.name, Some(a.ty.clone()), v);
                }
                let done = interpreter.run(&block).await;
                let outputs: Vec<(usize, Typed)> = routine
                    .arguments
                    .iter()
                    .enumerate()
                    .filter(|(_, a)| a.mode != ArgumentMode::In)
                    .filter_map(|(i, a)| Some((i, interpreter.value(&a.name)?)))
                    .collect();
                let done = done.map_err(|r| r.uncaught_snowflake())?;
                self.outputs = outputs;
                Ok(done)
            }
            Language::JavaScript => self.javascript(routine, args).await,
            other @ (Language::PlPgSql | Language::Python) => Err(SqlError::unsupported(format!(
                "procedures in LANGUAGE {}",
                other.name()
            ))),
        }
    }

    /// A returned table in its declared columns.
    fn as_declared(
        &mut self,
        routine: &Routine,
        ran: &Ran,
        declared: &[(String, SqlType)],
    ) -> Result<Answer> {
        if ran.columns.len() != declared.len() {
            return Err(SqlError::raw(
                "002057",
                "42601",
                format!(
                    "Declared return type of '{}' has {} column(s), but the returned table has {}.",
                    routine.name,
                    declared.len(),
                    ran.columns.len()
                ),
            ));
        }
        let columns: Vec<ColumnInfo> = declared
            .iter()
            .map(|(n, t)| ColumnInfo::new(n.clone(), t.clone()))
            .collect();
        let mut batches = Vec::with_capacity(ran.batches.len());
        for b in &ran.batches {
            let arrays = b
                .columns()
                .iter()
                .zip(&ran.columns)
                .zip(declared)
                .map(|((array, from), (_, to))| self.inner.convert_column(array, &from.ty, to))
                .collect::<Result<Vec<_>>>()?;
            batches.push(RecordBatch::try_new(schema(&columns), arrays)?);
        }
        Ok(Answer::rows(StatementKind::Select, columns, batches))
    }

    /// The columns that a call would give.
    pub(crate) fn describe_call(&mut self, command: &Command) -> Result<Answer> {
        let routine = match command {
            Command::Call(target) => {
                let parts: Vec<String> = target
                    .name
                    .0
                    .iter()
                    .filter_map(|p| p.as_ident())
                    .map(fold)
                    .collect();
                let view = self.inner.view()?;
                let env = self.inner.env();
                let binder = self.inner.binder(env, &view, &[]);
                let found = binder.find_routines(ObjectKind::Procedure, &parts);
                found.into_iter().map(|(_, r)| r).next()
            }
            Command::CallAnonymous(definition, _) => Some(Arc::new(self.routine(definition, "")?)),
            _ => None,
        };
        let columns = match routine.as_deref() {
            Some(Routine {
                returns: Returns::Table(declared),
                ..
            }) if !declared.is_empty() => declared
                .iter()
                .map(|(n, t)| ColumnInfo::new(n.clone(), t.clone()))
                .collect(),
            Some(Routine {
                name,
                returns: Returns::Value { ty, .. },
                ..
            }) => vec![ColumnInfo::new(name.clone(), ty.clone())],
            _ => vec![ColumnInfo::new(BLOCK, SqlType::text())],
        };
        Ok(Answer::rows(StatementKind::Select, columns, Vec::new()))
    }
}

/// Arguments as literals: defaults and casts are computed.
fn computed(args: Vec<Typed>) -> Result<Vec<Typed>> {
    args.into_iter()
        .map(|a| {
            if a.literal().is_some() {
                return Ok(a);
            }
            let v = constant(&a.expr)?;
            Ok(Typed::new(
                datafusion::logical_expr::Expr::Literal(v, None),
                a.ty,
            ))
        })
        .collect()
}
