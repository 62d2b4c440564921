//! Histories of services that never work here (replication, clustering, billing, …): INFORMATION_SCHEMA's table
//! functions with the columns of the reference and, truthfully, without rows.
//! Histories of what does happen here are in `table` and `queries`.

use arrow::array::RecordBatch;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::plan::{Binder, Relation, TableCall};
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;

/// Name, and columns: `name` is text, `name#` a number, `name@` an instant, `name.` a float, `name?` a boolean,
/// `name:` a VARIANT, `name%` a date.
const HISTORIES: &[(&str, &str)] = &[
    (
        "AUTOMATIC_CLUSTERING_HISTORY",
        "START_TIME@ END_TIME@ CREDITS_USED. NUM_BYTES_RECLUSTERED# NUM_ROWS_RECLUSTERED# TABLE_NAME",
    ),
    (
        "DATABASE_REFRESH_HISTORY",
        "PHASE_NAME START_TIME@ END_TIME@ JOB_UUID COPY_BYTES# OBJECT_COUNT#",
    ),
    (
        "DATABASE_REFRESH_PROGRESS",
        "PHASE_NAME RESULT START_TIME@ END_TIME@ DETAILS:",
    ),
    (
        "DATABASE_REPLICATION_USAGE_HISTORY",
        "START_TIME@ END_TIME@ DATABASE_NAME CREDITS_USED. BYTES_TRANSFERRED.",
    ),
    (
        "DATABASE_STORAGE_USAGE_HISTORY",
        "USAGE_DATE% DATABASE_NAME AVERAGE_DATABASE_BYTES. AVERAGE_FAILSAFE_BYTES. AVERAGE_HYBRID_TABLE_STORAGE_BYTES.",
    ),
    (
        "DATA_TRANSFER_HISTORY",
        "START_TIME@ END_TIME@ SOURCE_CLOUD SOURCE_REGION TARGET_CLOUD TARGET_REGION BYTES_TRANSFERRED. TRANSFER_TYPE",
    ),
    (
        "EXTERNAL_FUNCTIONS_HISTORY",
        "START_TIME@ END_TIME@ NAME ARGUMENTS FUNCTION_ENDPOINT_URL SOURCE_CLOUD SOURCE_REGION TARGET_CLOUD TARGET_REGION INVOCATIONS# SENT_ROWS# RECEIVED_ROWS# SENT_BYTES# RECEIVED_BYTES#",
    ),
    (
        "EXTERNAL_TABLE_FILE_REGISTRATION_HISTORY",
        "FILE_NAME REGISTERED_ON@ FILE_SIZE# LAST_MODIFIED@ OPERATION_STATUS MESSAGE",
    ),
    (
        "AUTO_REFRESH_REGISTRATION_HISTORY",
        "START_TIME@ END_TIME@ OBJECT_TYPE OBJECT_NAME CREDITS_USED. FILES_REGISTERED#",
    ),
    (
        "MATERIALIZED_VIEW_REFRESH_HISTORY",
        "START_TIME@ END_TIME@ MATERIALIZED_VIEW_NAME CREDITS_USED.",
    ),
    (
        "PIPE_USAGE_HISTORY",
        "START_TIME@ END_TIME@ PIPE_NAME CREDITS_USED. BYTES_INSERTED# FILES_INSERTED#",
    ),
    (
        "QUERY_ACCELERATION_HISTORY",
        "START_TIME@ END_TIME@ CREDITS_USED. WAREHOUSE_NAME NUM_FILES_SCANNED# NUM_BYTES_SCANNED#",
    ),
    (
        "REPLICATION_USAGE_HISTORY",
        "START_TIME@ END_TIME@ DATABASE_NAME CREDITS_USED. BYTES_TRANSFERRED.",
    ),
    (
        "REPLICATION_GROUP_USAGE_HISTORY",
        "START_TIME@ END_TIME@ REPLICATION_GROUP_NAME CREDITS_USED. BYTES_TRANSFERRED.",
    ),
    (
        "REPLICATION_GROUP_REFRESH_HISTORY",
        "PHASE_NAME START_TIME@ END_TIME@ JOB_UUID TOTAL_BYTES: OBJECT_COUNT: PRIMARY_SNAPSHOT_TIMESTAMP@ ERROR:",
    ),
    (
        "REPLICATION_GROUP_REFRESH_PROGRESS",
        "PHASE_NAME START_TIME@ END_TIME@ PROGRESS DETAILS:",
    ),
    (
        "REST_EVENT_HISTORY",
        "EVENT_TIMESTAMP@ EVENT_ID# EVENT_TYPE ENDPOINT METHOD STATUS ERROR_CODE DETAILS CLIENT_IP ACTOR_NAME ACTOR_DOMAIN RESOURCE_NAME RESOURCE_DOMAIN",
    ),
    (
        "SEARCH_OPTIMIZATION_HISTORY",
        "START_TIME@ END_TIME@ TABLE_NAME CREDITS_USED.",
    ),
    (
        "SERVERLESS_TASK_HISTORY",
        "START_TIME@ END_TIME@ TASK_NAME CREDITS_USED.",
    ),
    (
        "SERVERLESS_ALERT_HISTORY",
        "START_TIME@ END_TIME@ ALERT_NAME CREDITS_USED.",
    ),
    (
        "STAGE_DIRECTORY_FILE_REGISTRATION_HISTORY",
        "FILE_NAME REGISTERED_ON@ FILE_SIZE# LAST_MODIFIED@ OPERATION_STATUS MESSAGE",
    ),
    (
        "STAGE_STORAGE_USAGE_HISTORY",
        "USAGE_DATE% AVERAGE_STAGE_BYTES.",
    ),
    (
        "WAREHOUSE_LOAD_HISTORY",
        "START_TIME@ END_TIME@ WAREHOUSE_NAME AVG_RUNNING. AVG_QUEUED_LOAD. AVG_QUEUED_PROVISIONING. AVG_BLOCKED.",
    ),
    (
        "WAREHOUSE_METERING_HISTORY",
        "START_TIME@ END_TIME@ WAREHOUSE_NAME CREDITS_USED. CREDITS_USED_COMPUTE. CREDITS_USED_CLOUD_SERVICES.",
    ),
    (
        "ALERT_HISTORY",
        "NAME DATABASE_NAME SCHEMA_NAME CONDITION CONDITION_QUERY_ID ACTION ACTION_QUERY_ID STATE SQL_ERROR_CODE SQL_ERROR_MESSAGE SCHEDULED_TIME@ COMPLETED_TIME@",
    ),
    (
        "NOTIFICATION_HISTORY",
        "CREATED@ PROCESSED@ MESSAGE_SOURCE INTEGRATION_NAME STATUS MESSAGE ERROR_MESSAGE",
    ),
];

/// Names with pages, for the reference.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    HISTORIES.iter().map(|(n, _)| *n)
}

/// The relation of a history; None for other names.
pub(super) fn relation(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
) -> Result<Option<Relation>> {
    let Some((_, columns)) = HISTORIES.iter().find(|(n, _)| *n == name) else {
        return Ok(None);
    };
    // Arguments only choose among rows; that they can be computed is checked all the same.
    for a in call.args {
        let (ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(e))
        | ast::FunctionArg::Named {
            arg: ast::FunctionArgExpr::Expr(e),
            ..
        }) = a
        else {
            return Err(SqlError::argument(
                name,
                "* is not an argument of this function",
            ));
        };
        binder.expr(e)?;
    }
    let columns: Vec<ColumnInfo> = columns
        .split_whitespace()
        .map(|c| {
            let name = c.trim_end_matches(['#', '@', '.', '?', ':', '%']);
            let ty = match c.chars().last() {
                Some('#') => SqlType::number(38, 0),
                Some('@') => SqlType::TimestampLtz(3),
                Some('.') => SqlType::Double,
                Some('?') => SqlType::Boolean,
                Some(':') => SqlType::Variant,
                Some('%') => SqlType::Date,
                _ => SqlType::text(),
            };
            ColumnInfo::new(name, ty)
        })
        .collect();
    binder
        .values_relation(columns, Vec::<RecordBatch>::new())
        .map(Some)
}
