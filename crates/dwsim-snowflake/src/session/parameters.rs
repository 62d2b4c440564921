//! Session parameters: names, defaults, types, and what ALTER SESSION does with them.
//! What a parameter changes is decided where it is read.
//!
//! Source: "Parameters".

use std::collections::BTreeMap;

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::session::Session;

use crate::parse::{OptionValue, Options};

/// Name, type and default of every session parameter that is known.
pub const DEFAULTS: &[(&str, &str, &str)] = &[
    ("ABORT_DETACHED_QUERY", "BOOLEAN", "false"),
    ("AUTOCOMMIT", "BOOLEAN", "true"),
    ("BINARY_INPUT_FORMAT", "STRING", "HEX"),
    ("BINARY_OUTPUT_FORMAT", "STRING", "HEX"),
    ("CLIENT_MEMORY_LIMIT", "NUMBER", "1536"),
    (
        "CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX",
        "BOOLEAN",
        "false",
    ),
    ("CLIENT_PREFETCH_THREADS", "NUMBER", "4"),
    ("CLIENT_RESULT_CHUNK_SIZE", "NUMBER", "160"),
    ("CLIENT_SESSION_KEEP_ALIVE", "BOOLEAN", "false"),
    (
        "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY",
        "NUMBER",
        "3600",
    ),
    ("CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "NUMBER", "0"),
    ("CLIENT_TELEMETRY_ENABLED", "BOOLEAN", "false"),
    ("CLIENT_TIMESTAMP_TYPE_MAPPING", "STRING", "TIMESTAMP_LTZ"),
    ("DATE_INPUT_FORMAT", "STRING", "AUTO"),
    ("DATE_OUTPUT_FORMAT", "STRING", "YYYY-MM-DD"),
    ("ERROR_ON_NONDETERMINISTIC_MERGE", "BOOLEAN", "true"),
    ("ERROR_ON_NONDETERMINISTIC_UPDATE", "BOOLEAN", "false"),
    ("GEOGRAPHY_OUTPUT_FORMAT", "STRING", "GeoJSON"),
    ("GEOMETRY_OUTPUT_FORMAT", "STRING", "GeoJSON"),
    ("JDBC_QUERY_RESULT_FORMAT", "STRING", "ARROW"),
    ("JSON_INDENT", "NUMBER", "2"),
    ("LOCK_TIMEOUT", "NUMBER", "43200"),
    ("MULTI_STATEMENT_COUNT", "NUMBER", "1"),
    ("ODBC_QUERY_RESULT_FORMAT", "STRING", "ARROW"),
    ("PYTHON_CONNECTOR_QUERY_RESULT_FORMAT", "STRING", "ARROW"),
    ("QUERY_TAG", "STRING", ""),
    ("QUOTED_IDENTIFIERS_IGNORE_CASE", "BOOLEAN", "false"),
    ("ROWS_PER_RESULTSET", "NUMBER", "0"),
    ("STATEMENT_QUEUED_TIMEOUT_IN_SECONDS", "NUMBER", "0"),
    ("STATEMENT_TIMEOUT_IN_SECONDS", "NUMBER", "172800"),
    ("STRICT_JSON_OUTPUT", "BOOLEAN", "false"),
    ("TIMESTAMP_DAY_IS_ALWAYS_24H", "BOOLEAN", "false"),
    ("TIMESTAMP_INPUT_FORMAT", "STRING", "AUTO"),
    ("TIMESTAMP_LTZ_OUTPUT_FORMAT", "STRING", ""),
    (
        "TIMESTAMP_NTZ_OUTPUT_FORMAT",
        "STRING",
        "YYYY-MM-DD HH24:MI:SS.FF3",
    ),
    (
        "TIMESTAMP_OUTPUT_FORMAT",
        "STRING",
        "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
    ),
    ("TIMESTAMP_TYPE_MAPPING", "STRING", "TIMESTAMP_NTZ"),
    ("TIMESTAMP_TZ_OUTPUT_FORMAT", "STRING", ""),
    ("TIMEZONE", "STRING", "America/Los_Angeles"),
    ("TIME_INPUT_FORMAT", "STRING", "AUTO"),
    ("TIME_OUTPUT_FORMAT", "STRING", "HH24:MI:SS"),
    (
        "TRANSACTION_DEFAULT_ISOLATION_LEVEL",
        "STRING",
        "READ COMMITTED",
    ),
    ("TWO_DIGIT_CENTURY_START", "NUMBER", "1970"),
    ("UNSUPPORTED_DDL_ACTION", "STRING", "ignore"),
    ("USE_CACHED_RESULT", "BOOLEAN", "true"),
    ("WEEK_OF_YEAR_POLICY", "NUMBER", "0"),
    ("WEEK_START", "NUMBER", "0"),
];

/// Parameters of a new session.
pub fn default_parameters() -> BTreeMap<String, String> {
    DEFAULTS
        .iter()
        .map(|(n, _, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect()
}

fn unknown(name: &str) -> SqlError {
    SqlError::raw(
        "001008",
        "42601",
        format!("SQL compilation error:\ninvalid parameter '{name}'"),
    )
}

fn invalid(name: &str, value: &str) -> SqlError {
    SqlError::raw(
        "001008",
        "22023",
        format!("SQL compilation error:\ninvalid value [{value}] for parameter '{name}'"),
    )
}

/// ALTER SESSION SET.
///
/// # Errors
/// Unknown parameters, values of the wrong type.
pub(super) fn set(session: &mut Session, options: &Options) -> Result<()> {
    for (name, value) in &options.0 {
        let OptionValue::Word(text, _) = value else {
            return Err(invalid(name, "(…)"));
        };
        set_one(session, name, text)?;
    }
    Ok(())
}

/// One parameter, from ALTER SESSION or a login request.
///
/// # Errors
/// Unknown parameters, values of the wrong type.
pub(crate) fn set_one(session: &mut Session, name: &str, text: &str) -> Result<()> {
    let Some((_, ty, _)) = DEFAULTS.iter().find(|(n, _, _)| n == &name) else {
        return Err(unknown(name));
    };
    let value = match *ty {
        "BOOLEAN" => match text.to_ascii_lowercase().as_str() {
            v @ ("true" | "false") => v.to_owned(),
            _ => return Err(invalid(name, text)),
        },
        "NUMBER" => match text.parse::<i64>() {
            Ok(n) if !name.starts_with("WEEK_START") || (0..=7).contains(&n) => n.to_string(),
            _ => return Err(invalid(name, text)),
        },
        _ => text.to_owned(),
    };
    match name {
        "TIMEZONE" if value.parse::<chrono_tz::Tz>().is_err() => return Err(invalid(name, text)),
        "STATEMENT_TIMEOUT_IN_SECONDS" => {
            let seconds: u64 = value.parse().map_err(|_| invalid(name, text))?;
            session.timeout = (seconds > 0).then(|| std::time::Duration::from_secs(seconds));
        }
        _ => {}
    }
    if name == "AUTOCOMMIT" && value == "true" {
        // Turning it on commits what is open.
        session.commit()?;
    }
    session.set_parameter(name, Some(value));
    Ok(())
}

/// ALTER SESSION UNSET: back to the default.
///
/// # Errors
/// Unknown parameters.
pub(super) fn unset(session: &mut Session, name: &str) -> Result<()> {
    let Some((_, _, default)) = DEFAULTS.iter().find(|(n, _, _)| n == &name) else {
        return Err(unknown(name));
    };
    if name == "STATEMENT_TIMEOUT_IN_SECONDS" {
        session.timeout = None;
    }
    session.set_parameter(name, Some((*default).to_owned()));
    Ok(())
}
