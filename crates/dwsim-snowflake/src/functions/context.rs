//! Context functions of Snowflake: what the session and the statement are.
//! The clock's functions are in `datetime`.

use datafusion::scalar::ScalarValue;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{FnCall, Param, ScalarDef, Typed};
use dwsim_engine::types::SqlType;

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("CURRENT_USER", page!("current_user"), session_text),
    ScalarDef::custom("CURRENT_ROLE", page!("current_role"), session_text),
    ScalarDef::custom("CURRENT_DATABASE", page!("current_database"), session_text),
    ScalarDef::custom("CURRENT_SCHEMA", page!("current_schema"), session_text),
    ScalarDef::custom("CURRENT_SCHEMAS", page!("current_schemas"), session_text),
    ScalarDef::custom(
        "CURRENT_WAREHOUSE",
        page!("current_warehouse"),
        session_text,
    ),
    ScalarDef::custom("CURRENT_ACCOUNT", page!("current_account"), session_text),
    ScalarDef::custom(
        "CURRENT_ACCOUNT_NAME",
        page!("current_account_name"),
        session_text,
    ),
    ScalarDef::custom(
        "CURRENT_ORGANIZATION_NAME",
        page!("current_organization_name"),
        session_text,
    ),
    ScalarDef::custom("CURRENT_REGION", page!("current_region"), session_text),
    ScalarDef::custom("CURRENT_SESSION", page!("current_session"), session_text),
    ScalarDef::custom("CURRENT_VERSION", page!("current_version"), session_text),
    ScalarDef::custom(
        "CURRENT_AVAILABLE_ROLES",
        page!("current_available_roles"),
        session_text,
    ),
    ScalarDef::custom(
        "CURRENT_SECONDARY_ROLES",
        page!("current_secondary_roles"),
        session_text,
    ),
    ScalarDef::custom("CURRENT_CLIENT", page!("current_client"), session_text),
    ScalarDef::custom(
        "CURRENT_STATEMENT",
        page!("current_statement"),
        session_text,
    ),
    ScalarDef::custom("LAST_TRANSACTION", page!("last_transaction"), session_text),
    ScalarDef::custom("LAST_QUERY_ID", page!("last_query_id"), last_query_id),
    ScalarDef::custom("SYSTEM$TYPEOF", page!("system_typeof"), type_of),
];

fn session_text(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 0)?;
    let env = call.env();
    let value = match call.name {
        "CURRENT_USER" => Some(env.user.clone()),
        "CURRENT_ROLE" => Some(env.role.clone()),
        "CURRENT_DATABASE" => env.database.clone(),
        "CURRENT_SCHEMA" => env.schema.clone(),
        "CURRENT_SCHEMAS" => Some(match (&env.database, &env.schema) {
            (Some(d), Some(s)) => format!("[\"{d}.{s}\"]"),
            _ => "[]".to_owned(),
        }),
        "CURRENT_WAREHOUSE" => Some(env.warehouse.clone()),
        "CURRENT_ACCOUNT" | "CURRENT_ACCOUNT_NAME" => Some(env.account.clone()),
        "CURRENT_ORGANIZATION_NAME" => Some("DWSIM".to_owned()),
        "CURRENT_CLIENT" => env.client.clone(),
        "CURRENT_STATEMENT" => Some(env.moment().statement.clone()),
        "LAST_TRANSACTION" => env.moment().last_transaction.map(|t| t.to_string()),
        "CURRENT_REGION" => Some("AWS_US_EAST_1".to_owned()),
        "CURRENT_SESSION" => Some(env.session_id.to_string()),
        "CURRENT_AVAILABLE_ROLES" => Some(format!("[ \"{}\" ]", env.role)),
        "CURRENT_SECONDARY_ROLES" => Some("{\"roles\":\"\",\"value\":\"\"}".to_owned()),
        _ => Some("9.0.0".to_owned()),
    };
    match value {
        Some(v) => Ok(call.binder.text(v)),
        None => call.binder.null(&SqlType::text()),
    }
}

/// `LAST_QUERY_ID([n])`: 1 is the session's first statement, -1 the last one.
fn last_query_id(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 1)?;
    let id = if call.is_empty() {
        call.env().moment().last_query_id.clone()
    } else {
        let n = call.bind(0)?;
        let n = call.coerce(n, Param::Int)?;
        match dwsim_engine::exec::constant(&n.expr)? {
            ScalarValue::Int64(Some(0)) => {
                return Err(SqlError::argument(
                    call.name,
                    "0 is no number of a statement",
                ));
            }
            ScalarValue::Int64(Some(n)) => call.env().moment().query_ids.nth(n),
            _ => None,
        }
    };
    match id {
        Some(id) => Ok(call.binder.text(id)),
        None => call.binder.null(&SqlType::text()),
    }
}

/// The type of an expression with its storage, as Snowflake prints it.
fn type_of(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let value = call.bind(0)?;
    let storage = match &value.ty {
        SqlType::Number { precision, .. } => match precision {
            0..=2 => "SB1",
            3..=4 => "SB2",
            5..=9 => "SB4",
            10..=18 => "SB8",
            _ => "SB16",
        },
        SqlType::Boolean => "SB1",
        SqlType::Double | SqlType::Real => "DOUBLE",
        SqlType::Date => "SB4",
        SqlType::Time(_) => "SB8",
        SqlType::Timestamp(_) | SqlType::TimestampLtz(_) | SqlType::TimestampTz(_) => "SB16",
        SqlType::Null => return Ok(call.binder.text("NULL[LOB]")),
        _ => "LOB",
    };
    let text = format!("{}[{storage}]", value.ty.snowflake());
    Ok(call.binder.text(text))
}
