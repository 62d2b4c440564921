//! A QuickJS context with the program of one routine, bounded in memory, stack and time.
//! Which values go in and out is in `values`.

use std::time::{Duration, Instant};

use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::exec::CancelHandle;
use rquickjs::context::EvalOptions;
use rquickjs::function::Function;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Runtime, Value};

/// Bytes that one program may use.
const MEMORY: usize = 512 << 20;

/// What ends a run.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Cancels it.
    pub cancel: CancelHandle,
    /// The generation of `cancel` when the statement started.
    pub generation: u64,
    /// Statement timeout.
    pub timeout: Option<Duration>,
}

impl Limits {
    fn exceeded(&self, started: Instant) -> Option<SqlError> {
        if self.cancel.generation() != self.generation {
            return Some(ErrorKind::Canceled.into());
        }
        match self.timeout {
            Some(t) if started.elapsed() > t => Some(ErrorKind::Timeout(t.as_secs()).into()),
            _ => None,
        }
    }
}

/// The file name of a routine in stack traces.
const SOURCE: &str = "routine.js";

/// Conversions by type code, and classes that Snowflake gives a program.
const PRELUDE: &str = include_str!("prelude.js");

/// A context.
pub(super) struct Machine {
    context: Context,
    limits: Limits,
    started: Instant,
    name: String,
    body: String,
}

fn broken(e: rquickjs::Error) -> SqlError {
    SqlError::internal(format!("JavaScript engine: {e}"))
}

impl Machine {
    /// A context for the routine `name` whose source is `body`.
    pub fn new(name: &str, body: &str, limits: Limits, stack: usize) -> Result<Self> {
        let runtime = Runtime::new().map_err(broken)?;
        runtime.set_memory_limit(MEMORY);
        runtime.set_max_stack_size(stack);
        let started = Instant::now();
        let handler = limits.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || handler.exceeded(started).is_some())));
        let context = Context::full(&runtime).map_err(broken)?;
        let machine = Machine {
            context,
            limits,
            started,
            name: name.to_owned(),
            body: body.to_owned(),
        };
        machine.with(|ctx| ctx.eval::<(), _>(PRELUDE))?;
        Ok(machine)
    }

    /// Runs something in the context; what it throws becomes the routine's error.
    pub fn with<T>(
        &self,
        work: impl for<'js> FnOnce(&Ctx<'js>) -> rquickjs::Result<T>,
    ) -> Result<T> {
        self.context.with(|ctx| {
            let done = work(&ctx).catch(&ctx);
            done.map_err(|e| match self.limits.exceeded(self.started) {
                Some(limit) => limit,
                None => self.thrown(e),
            })
        })
    }

    /// Runs the routine's source, which may be sloppy.
    pub fn load(&self, source: &str) -> Result<()> {
        self.with(|ctx| {
            let mut options = EvalOptions::default();
            options.strict = false;
            options.filename = Some(SOURCE.to_owned());
            ctx.eval_with_options::<(), _>(source, options)
        })
    }

    /// Calls the global function `name` with texts; it gives a text.
    pub fn call(&self, name: &str, arguments: &[&str]) -> Result<String> {
        self.with(|ctx| {
            let f: Function<'_> = ctx.globals().get(name)?;
            match arguments {
                [] => f.call(()),
                [a] => f.call((*a,)),
                [a, b] => f.call((*a, *b)),
                [a, b, c, ..] => f.call((*a, *b, *c)),
            }
        })
    }

    fn thrown(&self, e: CaughtError<'_>) -> SqlError {
        let (message, stack) = match e {
            CaughtError::Exception(x) => {
                let kind: Option<String> = x.as_object().get("name").ok();
                let text = x.message().unwrap_or_default();
                let shown = match kind.as_deref() {
                    Some("Error" | "") | None => format!("Error: {text}"),
                    Some(k) => format!("{k}: {text}"),
                };
                (shown, x.stack().unwrap_or_default())
            }
            CaughtError::Value(v) => (shown(&v), String::new()),
            CaughtError::Error(e) => (e.to_string(), String::new()),
        };
        let (line, column) = place(&stack).unwrap_or((1, 1));
        let source = self
            .body
            .lines()
            .nth(line.saturating_sub(1))
            .unwrap_or_default();
        SqlError::raw(
            "100132",
            "P0000",
            format!(
                "JavaScript execution error: Uncaught {message} in {} at '{source}' position {}\nstackstrace: \n{} line: {line}",
                self.name,
                column.saturating_sub(1),
                self.name
            ),
        )
    }
}

/// What was thrown that is no Error.
fn shown(v: &Value<'_>) -> String {
    match v.as_string().map(rquickjs::String::to_string) {
        Some(Ok(s)) => s,
        _ => {
            let text = v.ctx().json_stringify(v.clone());
            match text {
                Ok(Some(s)) => s.to_string().unwrap_or_default(),
                _ => "undefined".to_owned(),
            }
        }
    }
}

/// Line and column of the topmost frame in the routine's own source.
fn place(stack: &str) -> Option<(usize, usize)> {
    stack.lines().find_map(|l| {
        let (_, at) = l.rsplit_once("routine.js:")?;
        let at = at.trim_end_matches(')');
        let (line, column) = at.split_once(':').unwrap_or((at, "1"));
        Some((line.parse().ok()?, column.parse().ok()?))
    })
}

/// Names as JavaScript declares them: they must be plain words.
pub(super) fn parameter_list(names: &[String]) -> Result<String> {
    for n in names {
        let plain = !n.is_empty()
            && !n.starts_with(|c: char| c.is_ascii_digit())
            && n.chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        if !plain {
            return Err(SqlError::unsupported(format!(
                "the argument name \"{n}\" in a JavaScript routine"
            )));
        }
    }
    Ok(names.join(","))
}
