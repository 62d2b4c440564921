//! Functions that act on the service: SYSTEM$CANCEL_QUERY and its kin, and what tasks hand to one another.
//! Sessions are known to `session::registry`, tasks are run by `session::bodies`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, StringArray};
use dwsim_engine::catalog::ObjectName;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{Call, Closure, FnCall, Param, ScalarDef, Typed, closure_expr};
use dwsim_engine::plan::Binder;
use dwsim_engine::types::SqlType;

use crate::dialect::ResultSource;
use crate::session::SessionSlot;

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom(
        "SYSTEM$ABORT_SESSION",
        page!("system_abort_session"),
        by_number,
    ),
    ScalarDef::custom(
        "SYSTEM$ABORT_TRANSACTION",
        page!("system_abort_transaction"),
        by_number,
    ),
    ScalarDef::custom(
        "SYSTEM$CANCEL_ALL_QUERIES",
        page!("system_cancel_all_queries"),
        by_number,
    ),
    ScalarDef::custom("SYSTEM$CANCEL_QUERY", page!("system_cancel_query"), by_text),
    ScalarDef::custom(
        "SYSTEM$CURRENT_USER_TASK_NAME",
        page!("system_current_user_task_name"),
        by_text,
    ),
    ScalarDef::custom(
        "SYSTEM$GET_PREDECESSOR_RETURN_VALUE",
        page!("system_get_predecessor_return_value"),
        by_text,
    ),
    ScalarDef::custom(
        "SYSTEM$SET_RETURN_VALUE",
        page!("system_set_return_value"),
        by_text,
    ),
];

/// Longest return value of a task, in bytes.
const LONGEST_VALUE: usize = 10 << 10;

/// The task that a session runs.
#[derive(Debug, Clone)]
pub(crate) struct TaskState {
    /// The task.
    pub name: ObjectName,
    /// What the tasks before it have returned, by their names.
    pub before: BTreeMap<String, Option<String>>,
    /// What it has returned so far.
    pub returned: Option<String>,
}

/// The task that a session runs, if it runs one.
pub(crate) type CurrentTask = Arc<Mutex<Option<TaskState>>>;

fn by_number(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let id = call.bind(0)?;
    let id = call.coerce(id, Param::Int)?;
    call.binder
        .dialect
        .service_call(call.binder, call.name, vec![id])
}

fn by_text(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let (least, most) = match call.name {
        "SYSTEM$CURRENT_USER_TASK_NAME" => (0, 0),
        "SYSTEM$GET_PREDECESSOR_RETURN_VALUE" => (0, 1),
        _ => (1, 1),
    };
    call.expect(least, most)?;
    let mut args = Vec::new();
    for i in 0..call.len() {
        let t = call.bind(i)?;
        args.push(call.coerce(t, Param::Text)?);
    }
    call.binder
        .dialect
        .service_call(call.binder, call.name, args)
}

/// The call of one of them in a session.
pub(crate) fn call(
    binder: &Binder<'_>,
    name: &str,
    args: Vec<Typed>,
    results: &Arc<dyn ResultSource>,
    task: &CurrentTask,
) -> Typed {
    let service = Service {
        name: name.to_owned(),
        asking: binder.env.moment().query_id.clone(),
        sessions: results.sessions(),
        task: Arc::clone(task),
    };
    closure_expr(
        name.to_owned(),
        Arc::new(service),
        args,
        SqlType::text(),
        None,
        &binder.env,
        true,
    )
}

#[derive(Debug)]
struct Service {
    name: String,
    /// The statement that calls.
    asking: String,
    sessions: Vec<Arc<SessionSlot>>,
    task: CurrentTask,
}

fn outside(name: &str) -> SqlError {
    SqlError::raw(
        "091091",
        "0A000",
        format!("Function {name} can only be called from within a task."),
    )
}

impl Service {
    fn session(&self, call: &Call<'_>, id: i64) -> Result<&SessionSlot> {
        self.sessions
            .iter()
            .find(|s| s.id == id && !s.is_ended())
            .map(Arc::as_ref)
            .ok_or_else(|| call.error(format!("Session {id} does not exist.")))
    }

    fn numbered(&self, call: &Call<'_>, id: i64) -> Result<String> {
        Ok(match self.name.as_str() {
            "SYSTEM$ABORT_SESSION" => {
                self.session(call, id)?.abort();
                format!("session [{id}] terminated.")
            }
            "SYSTEM$CANCEL_ALL_QUERIES" => {
                format!(
                    "{} cancelled.",
                    self.session(call, id)?.cancel_all(&self.asking)
                )
            }
            _ => {
                if self.sessions.iter().any(|s| s.abort_transaction(id)) {
                    format!("transaction [{id}] aborted.")
                } else {
                    format!("transaction [{id}] is not running.")
                }
            }
        })
    }

    fn of_task(&self, call: &Call<'_>, given: Option<&str>) -> Result<Option<String>> {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(task) = task.as_mut() else {
            return Err(outside(&self.name));
        };
        match self.name.as_str() {
            "SYSTEM$CURRENT_USER_TASK_NAME" => Ok(Some(task.name.to_string())),
            "SYSTEM$SET_RETURN_VALUE" => {
                let value = given.unwrap_or_default();
                if value.len() > LONGEST_VALUE {
                    return Err(call.error("a return value has at most 10 kB"));
                }
                task.returned = Some(value.to_owned());
                Ok(given.map(str::to_owned))
            }
            _ => {
                match (given, task.before.len()) {
                    (Some(name), _) => task
                        .before
                        .iter()
                        .find(|(n, _)| n.eq_ignore_ascii_case(name))
                        .map(|(_, v)| v.clone())
                        .ok_or_else(|| call.error(format!("{name} is no predecessor task."))),
                    (None, 0 | 1) => Ok(task.before.values().next().cloned().flatten()),
                    (None, _) => Err(call
                        .error("the name of a predecessor task is needed where there are several")),
                }
            }
        }
    }
}

impl Closure for Service {
    fn key(&self) -> &str {
        &self.name
    }

    fn call(&self, call: &Call<'_>) -> Result<ArrayRef> {
        let mut out = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            out.push(match self.name.as_str() {
                "SYSTEM$CANCEL_QUERY" => match call.text(0)?.get(row) {
                    None => None,
                    Some(id) if self.sessions.iter().any(|s| s.cancel_query(id)) => {
                        Some(format!("query [{id}] terminated."))
                    }
                    Some(_) => {
                        Some("Identified SQL statement is not currently executing.".to_owned())
                    }
                },
                "SYSTEM$ABORT_SESSION"
                | "SYSTEM$ABORT_TRANSACTION"
                | "SYSTEM$CANCEL_ALL_QUERIES" => call
                    .int(0)?
                    .get(row)
                    .map(|id| self.numbered(call, id))
                    .transpose()?,
                _ => {
                    let given = call.optional_text(0)?;
                    self.of_task(call, given.and_then(|g| g.get(row)))?
                }
            });
        }
        Ok(Arc::new(StringArray::from(out)))
    }
}
