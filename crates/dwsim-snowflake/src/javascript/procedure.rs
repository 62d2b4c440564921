//! Procedures in JavaScript: the program runs on a thread of its own and asks the session for its statements.
//! The session's side is `scripting::javascript`.

use std::sync::{Arc, mpsc};

use dwsim_engine::catalog::{Returns, Routine};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::SqlType;
use rquickjs::function::Function;
use serde::Deserialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::machine::{Limits, Machine, parameter_list};
use super::values;

/// Bytes of stack for a program on a thread of its own.
const STACK: usize = 2 << 20;

/// The API of procedures.
const API: &str = include_str!("procedure.js");

/// A statement that a program wants to run.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    /// Its text.
    pub sql: String,
    /// Bind values: type code and value.
    pub binds: Vec<serde_json::Value>,
}

/// What a program sends to its session.
#[derive(Debug)]
pub(crate) enum Event {
    /// Run a statement and answer with JSON.
    Execute(Request, mpsc::Sender<String>),
    /// The program is done: its value as JSON.
    Done(Result<serde_json::Value>),
}

/// Starts a procedure with its arguments (a row as JSON).
///
/// # Errors
/// When no thread can be started, or an argument's name is no name in JavaScript.
pub(crate) fn start(
    routine: &Arc<Routine>,
    arguments: String,
    limits: Limits,
) -> Result<UnboundedReceiver<Event>> {
    let (sender, receiver) = unbounded_channel();
    let routine = Arc::clone(routine);
    let names: Vec<String> = routine.inputs().map(|a| a.name.clone()).collect();
    parameter_list(&names)?;
    std::thread::Builder::new()
        .name("javascript".into())
        .stack_size(4 * STACK)
        .spawn(move || {
            let done = run(&routine, &arguments, limits, &sender);
            let _ = sender.send(Event::Done(done));
        })
        .map_err(|e| SqlError::internal(format!("no thread for JavaScript: {e}")))?;
    Ok(receiver)
}

fn run(
    routine: &Routine,
    arguments: &str,
    limits: Limits,
    sender: &UnboundedSender<Event>,
) -> Result<serde_json::Value> {
    let machine = Machine::new(&routine.name, &routine.body, limits, STACK)?;
    let names: Vec<String> = routine.inputs().map(|a| a.name.clone()).collect();
    let source = format!(
        "var $f = function({}){{{}\n}};",
        parameter_list(&names)?,
        routine.body
    );
    let sender = sender.clone();
    machine.with(|ctx| {
        let native = Function::new(ctx.clone(), move |request: String| -> String {
            let refused = |text: &str| {
                serde_json::json!({ "error": { "code": 100183, "state": "P0000", "message": text } })
                    .to_string()
            };
            let request: Request = match serde_json::from_str(&request) {
                Ok(r) => r,
                Err(e) => return refused(&e.to_string()),
            };
            let (answer, receiver) = mpsc::channel();
            if sender.send(Event::Execute(request, answer)).is_err() {
                return refused("The session is gone.");
            }
            receiver
                .recv()
                .unwrap_or_else(|_| refused("The session is gone."))
        })?;
        ctx.globals().set("$native", native)?;
        ctx.eval::<(), _>(API)
    })?;
    machine.load(&source)?;
    let types: Vec<SqlType> = routine.inputs().map(|a| a.ty.clone()).collect();
    let code = match &routine.returns {
        Returns::Value { ty, .. } => values::code(ty),
        _ => 'v',
    };
    let text = format!("[{arguments}]");
    let out = machine.call(
        "$scalar",
        &[&text, &values::codes(&types), &code.to_string()],
    )?;
    let mut out: Vec<serde_json::Value> = serde_json::from_str(&out)
        .map_err(|e| SqlError::internal(format!("JavaScript gave no JSON: {e}")))?;
    Ok(out.pop().unwrap_or(serde_json::Value::Null))
}
