//! Functions whose body is a block: the interpreter runs it for every row, without SQL statements.
//! Functions whose body is an expression or a query are bound in place of their call, by the engine.
//!
//! Source: "Snowflake Scripting UDFs".

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use arrow::array::{ArrayRef, new_empty_array};
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use dwsim_engine::catalog::{Returns, Routine};
use dwsim_engine::dialect::Dialect;
use dwsim_engine::engine::Engine;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::{Call, Closure, Typed, closure_expr};
use dwsim_engine::plan::Binder;
use dwsim_engine::scripting::{Finished, Host, Interpreter, RaiseLevel, Ran, Style};
use dwsim_engine::session::{Session, SessionOptions};
use dwsim_engine::types::SqlType;
use futures::future::BoxFuture;

use crate::dialect::SnowflakeDialect;
use crate::javascript::Limits;
use crate::parse::Cursor;

/// What a block of a function may not hold.
const REFUSED: &[&str] = &["SELECT", "CURSOR", "RESULTSET", "ASYNC", "CALL", "EXECUTE"];

/// Whether a function's body is a block.
pub(crate) fn is_block(body: &str) -> bool {
    Cursor::new(body).is_ok_and(|c| c.sees(&["BEGIN"]) || c.sees(&["DECLARE"]))
}

/// Fails for a block that is none, or that holds what a function may not do.
///
/// # Errors
/// A syntax error, or the word that is refused.
pub(super) fn check(body: &str) -> Result<()> {
    super::block(body)?;
    let mut c = Cursor::new(body)?;
    while !c.at_end() {
        if let Some(word) = c.peek_word(0)
            && REFUSED.contains(&word.as_str())
        {
            return Err(SqlError::unsupported(format!(
                "{word} in a Snowflake Scripting function"
            )));
        }
        let _ = c.raw();
    }
    Ok(())
}

/// A function with its block.
struct Program {
    key: String,
    routine: Arc<Routine>,
    returns: SqlType,
    engine: Arc<Engine>,
    dialect: Arc<SnowflakeDialect>,
    limits: Limits,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The call of a function whose body is a block.
///
/// # Errors
/// A binder that runs nothing.
pub(crate) fn scalar_function(
    binder: &mut Binder<'_>,
    routine: &Arc<Routine>,
    args: Vec<Typed>,
    dialect: Arc<SnowflakeDialect>,
    limits: Limits,
) -> Result<Typed> {
    let Returns::Value { ty, .. } = &routine.returns else {
        return Err(SqlError::unsupported("a table function with a block"));
    };
    let Some((engine, _)) = &binder.runner else {
        return Err(SqlError::internal(
            "a function with a block without an engine",
        ));
    };
    let program = Program {
        key: format!("{}:{}", routine.oid, routine.name),
        routine: Arc::clone(routine),
        returns: ty.clone(),
        engine: Arc::clone(engine),
        dialect,
        limits,
    };
    let env = Arc::clone(&binder.env);
    Ok(closure_expr(
        routine.name.clone(),
        Arc::new(program),
        args,
        ty.clone(),
        None,
        &env,
        true,
    ))
}

/// A session for a block that runs no statements.
struct Alone {
    session: Session,
}

impl Host for Alone {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn run<'a>(&'a mut self, _: &'a str, _: Vec<Typed>) -> BoxFuture<'a, Result<Ran>> {
        Box::pin(async {
            Err(SqlError::unsupported(
                "SQL statements in a Snowflake Scripting function",
            ))
        })
    }

    fn message(&mut self, _: RaiseLevel, _: String) {}

    fn open_cursor<'a>(
        &'a mut self,
        _: &'a str,
        _: &'a str,
        _: Vec<Typed>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            Err(SqlError::unsupported(
                "cursors in a Snowflake Scripting function",
            ))
        })
    }

    fn undo(&mut self) {}

    fn keep(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Runs what waits for nothing but its turn: a block without statements.
fn finish<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
        std::thread::yield_now();
    }
}

impl Closure for Program {
    fn key(&self) -> &str {
        &self.key
    }

    fn lingers(&self) -> bool {
        true
    }

    fn call(&self, call: &Call<'_>) -> Result<ArrayRef> {
        let block = super::block(&self.routine.body)?;
        let env = call.env;
        let dialect: Arc<dyn Dialect> = Arc::clone(&self.dialect) as Arc<dyn Dialect>;
        let parameters: BTreeMap<String, String> = env.parameters.clone();
        let mut session = Session::new(
            Arc::clone(&self.engine),
            dialect,
            SessionOptions {
                user: env.user.clone(),
                role: env.role.clone(),
                warehouse: env.warehouse.clone(),
                account: env.account.clone(),
                database: env.database.clone(),
                schemas: env.schema.iter().cloned().collect(),
                parameters,
                seed: env.seed,
            },
        );
        session.set_cancel(self.limits.cancel.clone());
        session.timeout = self.limits.timeout;
        let mut host = Alone { session };
        let inputs: Vec<_> = self.routine.inputs().collect();
        let mut out = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            if self.limits.cancel.generation() != self.limits.generation {
                return Err(ErrorKind::Canceled.into());
            }
            let mut missing = false;
            let mut values = Vec::with_capacity(inputs.len());
            for (column, ty) in call.args.iter().zip(call.types) {
                let value = ScalarValue::try_from_array(&column.array, column.index(row))?;
                missing |= value.is_null();
                values.push(Typed::new(Expr::Literal(value, None), ty.clone()));
            }
            if missing && self.routine.strict {
                out.push(ScalarValue::try_from(&self.returns.arrow())?);
                continue;
            }
            let mut interpreter = Interpreter::new(&mut host, Style::Snowflake);
            for (a, v) in inputs.iter().zip(values) {
                interpreter.define(&a.name, Some(a.ty.clone()), v);
            }
            let done = finish(interpreter.run(&block)).map_err(|r| r.uncaught_snowflake())?;
            let value = match done {
                Finished::Value(v) => host.session.convert(&v, &self.returns)?,
                _ => {
                    out.push(ScalarValue::try_from(&self.returns.arrow())?);
                    continue;
                }
            };
            out.push(match value.literal() {
                Some(ScalarValue::Null) | None => ScalarValue::try_from(&self.returns.arrow())?,
                Some(v) => v.clone(),
            });
        }
        if out.is_empty() {
            return Ok(new_empty_array(&self.returns.arrow()));
        }
        Ok(ScalarValue::iter_to_array(out)?)
    }
}
