//! Histories of what does happen here: statements, runs of tasks; and the tasks that follow one another.
//! They are table functions of INFORMATION_SCHEMA; histories without rows are in `history`.
//!
//! Sources: "QUERY_HISTORY, QUERY_HISTORY_BY_*", "TASK_HISTORY", "TASK_DEPENDENTS".

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use dwsim_engine::catalog::{Object, ObjectKind};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::plan::{Binder, Relation, TableCall};
use dwsim_engine::types::SqlType;

use super::table::{constant_text, text_relation};
use crate::dialect::{ResultSource, fold};
use crate::parse::Cursor;
use crate::session::StatementKind;
use crate::tasks::tasks_after;

/// Names of this family, for the reference.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("QUERY_HISTORY", "functions/query_history"),
    ("QUERY_HISTORY_BY_SESSION", "functions/query_history"),
    ("QUERY_HISTORY_BY_USER", "functions/query_history"),
    ("QUERY_HISTORY_BY_WAREHOUSE", "functions/query_history"),
    ("TASK_DEPENDENTS", "functions/task_dependents"),
    ("TASK_HISTORY", "functions/task_history"),
];

/// The relation of one of them; None for other names.
pub(super) fn relation(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Option<Relation>> {
    match name {
        "QUERY_HISTORY"
        | "QUERY_HISTORY_BY_SESSION"
        | "QUERY_HISTORY_BY_USER"
        | "QUERY_HISTORY_BY_WAREHOUSE" => query_history(binder, name, call, results).map(Some),
        "TASK_HISTORY" => task_history(binder, call, results).map(Some),
        "TASK_DEPENDENTS" => task_dependents(binder, call).map(Some),
        _ => Ok(None),
    }
}

/// A constant number.
fn number(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    name: &str,
    index: usize,
) -> Result<Option<i64>> {
    let Some(e) = call.argument(name, index) else {
        return Ok(None);
    };
    match binder.constant(e, &SqlType::BigInt)? {
        ScalarValue::Int64(n) => Ok(n),
        _ => Ok(None),
    }
}

/// A constant instant, in microseconds since the epoch.
pub(super) fn instant(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    name: &str,
    index: usize,
) -> Result<Option<i64>> {
    let Some(e) = call.argument(name, index) else {
        return Ok(None);
    };
    match binder.constant(e, &SqlType::TimestampLtz(6))? {
        ScalarValue::TimestampMicrosecond(t, _) => Ok(t),
        _ => Ok(None),
    }
}

/// Whether a switch that is off by itself is given as TRUE.
pub(super) fn is_asked(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    name: &str,
    index: usize,
) -> Result<bool> {
    Ok(match call.argument(name, index) {
        Some(e) => binder.constant(e, &SqlType::Boolean)? == ScalarValue::Boolean(Some(true)),
        None => false,
    })
}

/// RESULT_LIMIT, which is 100 when it is not given, and at most 10 000.
pub(super) fn limit(binder: &mut Binder<'_>, call: &TableCall<'_>) -> Result<usize> {
    match number(binder, call, "result_limit", usize::MAX)? {
        None => Ok(100),
        Some(n @ 1..=10_000) => Ok(n as usize),
        Some(n) => Err(SqlError::argument(
            "RESULT_LIMIT",
            format!("RESULT_LIMIT must be from 1 to 10000, not {n}"),
        )),
    }
}

/// What QUERY_TYPE says of a statement.
fn query_type(kind: Option<StatementKind>, text: &str) -> String {
    let words = || {
        let mut c = Cursor::new(text).ok()?;
        let first = c.peek_word(0)?;
        let _ = c.ident();
        if matches!(first.as_str(), "CREATE" | "ALTER" | "DROP") {
            let _ = c.eat(&["OR", "REPLACE"]);
            for w in ["TRANSIENT", "TEMPORARY", "TEMP", "SECURE"] {
                let _ = c.eat(&[w]);
            }
            let second = c.peek_word(0)?;
            let table_as = first == "CREATE"
                && second == "TABLE"
                && text.to_uppercase().contains(" AS ")
                && text.to_uppercase().contains("SELECT");
            return Some(match (first.as_str(), second.as_str()) {
                _ if table_as => "CREATE_TABLE_AS_SELECT".to_owned(),
                ("DROP" | "ALTER", "TABLE") | ("CREATE", _) => format!("{first}_{second}"),
                _ => first.clone(),
            });
        }
        Some(first)
    };
    match kind {
        Some(StatementKind::Select) => "SELECT".into(),
        Some(StatementKind::Insert) => "INSERT".into(),
        Some(StatementKind::InsertAll) => "MULTI_TABLE_INSERT".into(),
        Some(StatementKind::Update) => "UPDATE".into(),
        Some(StatementKind::Delete) => "DELETE".into(),
        Some(StatementKind::Merge) => "MERGE".into(),
        Some(StatementKind::Copy) => "COPY".into(),
        Some(StatementKind::Show) => "SHOW".into(),
        Some(StatementKind::Describe) => "DESCRIBE".into(),
        Some(StatementKind::Put) => "PUT_FILES".into(),
        Some(StatementKind::Get) => "GET_FILES".into(),
        Some(StatementKind::Files) => "LIST_FILES".into(),
        Some(StatementKind::Multi) => "MULTI_STATEMENT".into(),
        Some(StatementKind::Scl | StatementKind::Tcl | StatementKind::Ddl) | None => {
            words().unwrap_or_else(|| "UNKNOWN".into())
        }
    }
}

pub(super) fn seconds(at: chrono::DateTime<chrono::Utc>) -> Option<String> {
    Some(format!(
        "{}.{:03}",
        at.timestamp(),
        at.timestamp_subsec_millis()
    ))
}

fn query_history(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Relation> {
    let none = usize::MAX;
    let session = match name {
        "QUERY_HISTORY_BY_SESSION" => {
            Some(number(binder, call, "session_id", 0)?.unwrap_or(binder.env.session_id))
        }
        _ => None,
    };
    let user = match name {
        "QUERY_HISTORY_BY_USER" => Some(
            constant_text(binder, call, "user_name", 0)?
                .unwrap_or_else(|| binder.env.user.clone())
                .to_uppercase(),
        ),
        _ => None,
    };
    let warehouse = match name {
        "QUERY_HISTORY_BY_WAREHOUSE" => Some(
            constant_text(binder, call, "warehouse_name", 0)?
                .unwrap_or_else(|| binder.env.warehouse.clone())
                .to_uppercase(),
        ),
        _ => None,
    };
    let from = instant(binder, call, "end_time_range_start", none)?;
    let to = instant(binder, call, "end_time_range_end", none)?;
    let most = limit(binder, call)?;
    let rows: Vec<Vec<Option<String>>> = results
        .statements()
        .into_iter()
        .rev()
        .filter(|r| {
            let ended = r.ended.timestamp_micros();
            session.is_none_or(|s| s == r.session)
                && user
                    .as_ref()
                    .is_none_or(|u| u.eq_ignore_ascii_case(&r.user))
                && warehouse
                    .as_ref()
                    .is_none_or(|w| w.eq_ignore_ascii_case(&r.warehouse))
                && from.is_none_or(|f| ended >= f)
                && to.is_none_or(|t| ended <= t)
        })
        .take(most)
        .map(|r| {
            let elapsed = (r.ended - r.started).num_milliseconds().max(0).to_string();
            let zero = || Some("0".to_owned());
            vec![
                Some(r.query_id),
                Some(r.text.clone()),
                r.database,
                r.schema,
                Some(query_type(r.kind, &r.text)),
                Some(r.session.to_string()),
                Some(r.user),
                Some(r.role),
                Some(r.warehouse),
                Some("X-Small".to_owned()),
                Some("STANDARD".to_owned()),
                Some("1".to_owned()),
                Some(r.tag),
                Some(if r.failure.is_none() {
                    "SUCCESS".to_owned()
                } else {
                    "FAILED_WITH_ERROR".to_owned()
                }),
                r.failure.as_ref().map(|(code, _)| code.clone()),
                r.failure.map(|(_, message)| message),
                seconds(r.started),
                seconds(r.ended),
                Some(elapsed.clone()),
                zero(),
                Some(r.rows.to_string()),
                zero(),
                Some(elapsed),
                zero(),
                zero(),
                zero(),
                zero(),
                None,
                None,
                zero(),
                None,
                None,
                zero(),
                zero(),
                zero(),
                Some("9.0.0".to_owned()),
                zero(),
                zero(),
                zero(),
                zero(),
                zero(),
                Some("false".to_owned()),
            ]
        })
        .collect();
    let t = SqlType::text;
    let n = || SqlType::number(38, 0);
    let at = || SqlType::TimestampLtz(3);
    text_relation(
        binder,
        vec![
            ("QUERY_ID", t()),
            ("QUERY_TEXT", t()),
            ("DATABASE_NAME", t()),
            ("SCHEMA_NAME", t()),
            ("QUERY_TYPE", t()),
            ("SESSION_ID", n()),
            ("USER_NAME", t()),
            ("ROLE_NAME", t()),
            ("WAREHOUSE_NAME", t()),
            ("WAREHOUSE_SIZE", t()),
            ("WAREHOUSE_TYPE", t()),
            ("CLUSTER_NUMBER", n()),
            ("QUERY_TAG", t()),
            ("EXECUTION_STATUS", t()),
            ("ERROR_CODE", t()),
            ("ERROR_MESSAGE", t()),
            ("START_TIME", at()),
            ("END_TIME", at()),
            ("TOTAL_ELAPSED_TIME", n()),
            ("BYTES_SCANNED", n()),
            ("ROWS_PRODUCED", n()),
            ("COMPILATION_TIME", n()),
            ("EXECUTION_TIME", n()),
            ("QUEUED_PROVISIONING_TIME", n()),
            ("QUEUED_REPAIR_TIME", n()),
            ("QUEUED_OVERLOAD_TIME", n()),
            ("TRANSACTION_BLOCKED_TIME", n()),
            ("OUTBOUND_DATA_TRANSFER_CLOUD", t()),
            ("OUTBOUND_DATA_TRANSFER_REGION", t()),
            ("OUTBOUND_DATA_TRANSFER_BYTES", n()),
            ("INBOUND_DATA_TRANSFER_CLOUD", t()),
            ("INBOUND_DATA_TRANSFER_REGION", t()),
            ("INBOUND_DATA_TRANSFER_BYTES", n()),
            ("CREDITS_USED_CLOUD_SERVICES", n()),
            ("LIST_EXTERNAL_FILE_TIME", n()),
            ("RELEASE_VERSION", t()),
            ("EXTERNAL_FUNCTION_TOTAL_INVOCATIONS", n()),
            ("EXTERNAL_FUNCTION_TOTAL_SENT_ROWS", n()),
            ("EXTERNAL_FUNCTION_TOTAL_RECEIVED_ROWS", n()),
            ("EXTERNAL_FUNCTION_TOTAL_SENT_BYTES", n()),
            ("EXTERNAL_FUNCTION_TOTAL_RECEIVED_BYTES", n()),
            ("IS_CLIENT_GENERATED_STATEMENT", SqlType::Boolean),
        ],
        &rows,
    )
}

fn task_history(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Relation> {
    let from = instant(binder, call, "scheduled_time_range_start", 0)?;
    let to = instant(binder, call, "scheduled_time_range_end", 1)?;
    let most = match number(binder, call, "result_limit", 2)? {
        Some(n) => usize::try_from(n).unwrap_or(0),
        None => 100,
    };
    let wanted = constant_text(binder, call, "task_name", 3)?.map(|n| n.to_uppercase());
    let failed = is_asked(binder, call, "error_only", 4)?;
    let rows: Vec<Vec<Option<String>>> = results
        .tasks()
        .into_iter()
        .rev()
        .filter(|r| {
            let at = r.started.timestamp_micros();
            wanted
                .as_ref()
                .is_none_or(|w| *w == r.name.name.to_uppercase())
                && from.is_none_or(|f| at >= f)
                && to.is_none_or(|t| at <= t)
                && (!failed || r.failure.is_some())
        })
        .take(most)
        .map(|r| {
            vec![
                Some(r.query_id),
                Some(r.name.name),
                Some(r.name.database),
                Some(r.name.schema),
                Some(r.text),
                r.condition,
                Some(r.state.to_owned()),
                r.failure.as_ref().map(|f| f.0.clone()),
                r.failure.map(|f| f.1),
                seconds(r.started),
                seconds(r.started),
                None,
                seconds(r.ended),
                Some(format!("{:08x}-0000-0000-0000-{:012x}", r.root, r.root)),
                Some("1".to_owned()),
                Some(r.started.timestamp_millis().to_string()),
                r.returned,
                Some("EXECUTE TASK".to_owned()),
                Some("1".to_owned()),
            ]
        })
        .collect();
    let t = SqlType::text;
    let n = || SqlType::number(38, 0);
    let at = || SqlType::TimestampLtz(3);
    text_relation(
        binder,
        vec![
            ("QUERY_ID", t()),
            ("NAME", t()),
            ("DATABASE_NAME", t()),
            ("SCHEMA_NAME", t()),
            ("QUERY_TEXT", t()),
            ("CONDITION_TEXT", t()),
            ("STATE", t()),
            ("ERROR_CODE", t()),
            ("ERROR_MESSAGE", t()),
            ("SCHEDULED_TIME", at()),
            ("QUERY_START_TIME", at()),
            ("NEXT_SCHEDULED_TIME", at()),
            ("COMPLETED_TIME", at()),
            ("ROOT_TASK_ID", t()),
            ("GRAPH_VERSION", n()),
            ("RUN_ID", n()),
            ("RETURN_VALUE", t()),
            ("SCHEDULED_FROM", t()),
            ("ATTEMPT_NUMBER", n()),
        ],
        &rows,
    )
}

/// `TASK_DEPENDENTS(TASK_NAME => 'name' [, RECURSIVE => boolean])`: the task and those after it.
fn task_dependents(binder: &mut Binder<'_>, call: &TableCall<'_>) -> Result<Relation> {
    let Some(name) = constant_text(binder, call, "task_name", 0)? else {
        return Err(SqlError::argument(
            "TASK_DEPENDENTS",
            "TASK_NAME is needed.",
        ));
    };
    let recursive = match call.argument("recursive", 1) {
        Some(e) => binder.constant(e, &SqlType::Boolean)? != ScalarValue::Boolean(Some(false)),
        None => true,
    };
    let parts: Vec<String> = {
        let mut c = Cursor::new(&name)?;
        let n = c.name()?;
        n.0.iter().filter_map(|p| p.as_ident()).map(fold).collect()
    };
    let found = binder.candidates(&parts).into_iter().find_map(|n| {
        match binder.catalog.object(ObjectKind::Task, &n) {
            Some(Object::Other(task)) => Some((n, Arc::clone(task))),
            _ => None,
        }
    });
    let Some((root, task)) = found else {
        return Err(dwsim_engine::error::ErrorKind::UnknownObject {
            kind: "task",
            name: parts.join("."),
        }
        .into());
    };
    let account = std::sync::Arc::clone(binder.catalog.account());
    let mut order = vec![(root, task)];
    let mut rows = Vec::new();
    let mut at = 0;
    while at < order.len() {
        let (name, task) = order[at].clone();
        if recursive || at == 0 {
            for (next, o) in tasks_after(&account, &name) {
                if !order.iter().any(|(known, _)| *known == next) {
                    order.push((next, Arc::clone(o)));
                }
            }
        }
        let property = |k: &str| task.properties.get(k).cloned();
        let given = |k: &str| task.definition[k].as_str().map(str::to_owned);
        rows.push(vec![
            Some(task.created.to_string()),
            Some(name.name),
            Some(name.database),
            Some(name.schema),
            Some(task.owner.clone()),
            task.comment.clone(),
            property("WAREHOUSE"),
            property("SCHEDULE"),
            Some(task.definition["after"].to_string()),
            property("STATE"),
            given("body"),
            given("when"),
            Some(property("ALLOW_OVERLAPPING_EXECUTION").unwrap_or_else(|| "false".to_owned())),
        ]);
        at += 1;
    }
    let t = SqlType::text;
    text_relation(
        binder,
        vec![
            ("CREATED_ON", SqlType::TimestampLtz(3)),
            ("NAME", t()),
            ("DATABASE_NAME", t()),
            ("SCHEMA_NAME", t()),
            ("OWNER", t()),
            ("COMMENT", t()),
            ("WAREHOUSE", t()),
            ("SCHEDULE", t()),
            ("PREDECESSORS", t()),
            ("STATE", t()),
            ("DEFINITION", t()),
            ("CONDITION", t()),
            ("ALLOW_OVERLAPPING_EXECUTION", t()),
        ],
        &rows,
    )
}
