//! Context and system functions beyond the plain names of `context`: the session, variables, waiting.
//! Streams, tags and DDL texts need the catalog and are with the statements.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::ArrayRef;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::exec::{Execution, constant};
use dwsim_engine::functions::{Call, Closure, FnCall, Param, ScalarDef, Typed, closure_expr};
use dwsim_engine::types::SqlType;

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("CURRENT_IP_ADDRESS", page!("current_ip_address"), session),
    ScalarDef::custom("CURRENT_ROLE_TYPE", page!("current_role_type"), session),
    ScalarDef::custom(
        "CURRENT_ORGANIZATION_USER",
        page!("current_organization_user"),
        session,
    ),
    ScalarDef::custom("CURRENT_TRANSACTION", page!("current_transaction"), session),
    ScalarDef::custom("INVOKER_ROLE", page!("invoker_role"), session),
    ScalarDef::custom("INVOKER_SHARE", page!("invoker_share"), session),
    ScalarDef::custom("GETVARIABLE", page!("getvariable"), variable),
    ScalarDef::custom("SYSTEM$WAIT", page!("system_wait"), wait),
];

fn session(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 0)?;
    let env = call.env();
    let value = match call.name {
        // The server listens on this machine only.
        "CURRENT_IP_ADDRESS" => Some("127.0.0.1".to_owned()),
        "CURRENT_ROLE_TYPE" => Some("ROLE".to_owned()),
        "INVOKER_ROLE" => Some(env.role.clone()),
        "CURRENT_TRANSACTION" => (env.moment().transaction_now != env.moment().now)
            .then(|| env.moment().transaction_now.timestamp_micros().to_string()),
        // No organization users and no shares exist here.
        _ => None,
    };
    match value {
        Some(v) => Ok(call.binder.text(v)),
        None => call.binder.null(&SqlType::text()),
    }
}

/// GETVARIABLE('NAME'): NULL when the session has no such variable.
fn variable(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let name = call.bind(0)?;
    let name = call.coerce(name, Param::Text)?;
    match constant(&name.expr)? {
        datafusion::scalar::ScalarValue::Utf8(Some(name)) => {
            match call.binder.variables.and_then(|v| v(&name)) {
                Some(v) => {
                    call.binder
                        .cast(v, &SqlType::text(), dwsim_engine::plan::CastMode::Explicit)
                }
                None => call.binder.null(&SqlType::text()),
            }
        }
        _ => call.binder.null(&SqlType::text()),
    }
}

/// How long a wait sleeps before it looks whether it may go on.
const NAP: Duration = Duration::from_millis(20);

/// Waits for as long as its statement may run.
#[derive(Debug)]
struct Wait {
    /// None where nothing can cancel it.
    bounds: Option<Execution>,
    started: Instant,
}

impl Wait {
    fn pass(&self, time: Duration) -> Result<()> {
        let since = Instant::now();
        loop {
            if let Some(bounds) = &self.bounds {
                bounds.check(self.started)?;
            }
            let left = time.saturating_sub(since.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}

/// SYSTEM$WAIT(amount [, unit]): the statement takes that long.
fn wait(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 2)?;
    let amount = call.bind(0)?;
    let amount = call.coerce(amount, Param::Int)?;
    let unit = match call.len() {
        2 => {
            let unit = call.bind(1)?;
            call.coerce(unit, Param::Text)?
        }
        _ => call.binder.text("SECONDS"),
    };
    let env = call.env();
    let wait = Wait {
        bounds: call.binder.runner.as_ref().map(|(_, b)| b.clone()),
        started: Instant::now(),
    };
    Ok(closure_expr(
        call.name,
        Arc::new(wait),
        vec![amount, unit],
        SqlType::text(),
        None,
        &env,
        true,
    ))
}

impl Closure for Wait {
    fn call(&self, call: &Call<'_>) -> Result<ArrayRef> {
        let (amounts, units) = (call.int(0)?, call.text(1)?);
        call.map_text(|row| {
            let (Some(n), Some(unit)) = (amounts.get(row), units.get(row)) else {
                return Ok(None);
            };
            let millis = match unit.to_ascii_uppercase().as_str() {
                "DAYS" => 86_400_000,
                "HOURS" => 3_600_000,
                "MINUTES" => 60_000,
                "SECONDS" => 1000,
                "MILLISECONDS" => 1,
                _ => {
                    return Err(SqlError::argument(
                        call.name,
                        format!("'{unit}' is no unit of time"),
                    ));
                }
            };
            let n = u64::try_from(n)
                .map_err(|_| call.error("the time to wait must not be negative"))?;
            self.pass(Duration::from_millis(n.saturating_mul(millis)))?;
            Ok(Some(format!("waited {n} {}", unit.to_lowercase())))
        })
    }

    fn key(&self) -> &str {
        "wait"
    }

    fn lingers(&self) -> bool {
        true
    }
}
