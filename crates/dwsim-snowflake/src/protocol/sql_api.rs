//! The SQL API (version 2): statements over plain HTTP, without a session that outlives them.
//! Running them is the work of `query`; cells have the form of the drivers' JSON rows.
//!
//! Source: "Snowflake SQL API reference".

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, RecordBatch};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::load::{TextToVariant, convert};
use dwsim_engine::types::{ColumnInfo, SqlType, TypeClass};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::json_rows;
use super::query::{self, Request, json_body};
use super::respond::slice;
use super::rowtype;
use super::service::{Job, SnowflakeService};
use crate::session::{Answer, Binding};

type Service = State<Arc<SnowflakeService>>;

/// The body of a new statement.
#[derive(Debug, Deserialize)]
struct Submitted {
    statement: String,
    #[serde(default)]
    timeout: Option<u64>,
    #[serde(default)]
    database: Option<String>,
    #[serde(default)]
    schema: Option<String>,
    #[serde(default)]
    warehouse: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    bindings: Option<BTreeMap<String, Binding>>,
    #[serde(default)]
    parameters: Option<BTreeMap<String, Value>>,
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    answer(status, &json!({ "code": code, "message": message }))
}

/// The user that a bearer token names: the subject of a JWT (`ACCOUNT.USER`); other tokens stand for one user.
/// Signatures are not checked: any credentials are welcome here.
fn user(headers: &HeaderMap) -> std::result::Result<String, Box<Response>> {
    let unauthorized = |message: &str| {
        Err(Box::new(refused(
            StatusCode::UNAUTHORIZED,
            "390104",
            message,
        )))
    };
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let Some(token) = given
        .strip_prefix("Bearer ")
        .map(str::trim)
        .filter(|t| !t.is_empty())
    else {
        return unauthorized("The Authorization header must hold a bearer token.");
    };
    let kind = headers
        .get("x-snowflake-authorization-token-type")
        .and_then(|v| v.to_str().ok())
        .unwrap_or("OAUTH");
    if kind != "KEYPAIR_JWT" {
        return Ok("OAUTH_USER".to_owned());
    }
    let claims = token
        .split('.')
        .nth(1)
        .and_then(|part| {
            base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(part.trim_end_matches('='))
                .ok()
        })
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let Some(claims) = claims else {
        return Err(Box::new(refused(
            StatusCode::UNAUTHORIZED,
            "390144",
            "JWT token is invalid.",
        )));
    };
    let expired = claims["exp"]
        .as_i64()
        .is_some_and(|at| at < chrono::Utc::now().timestamp());
    if expired {
        return Err(Box::new(refused(
            StatusCode::UNAUTHORIZED,
            "390318",
            "JWT token has expired.",
        )));
    }
    let subject = claims["sub"].as_str().unwrap_or("JWT.JWT_USER");
    let name = subject.rsplit('.').next().unwrap_or(subject);
    Ok(name.to_uppercase())
}

/// A name as SQL folds it.
fn folded(s: &str) -> String {
    match s.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => s.to_uppercase(),
    }
}

fn flag(params: &BTreeMap<String, String>, name: &str) -> Option<bool> {
    params.get(name).map(|v| v.eq_ignore_ascii_case("true"))
}

/// `POST /api/v2/statements`
pub(super) async fn submit(
    State(s): Service,
    Query(params): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let user = match user(&headers) {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let submitted: Submitted = match json_body(&headers, &bytes)
        .and_then(|v| serde_json::from_value(v).map_err(|e| e.to_string()))
    {
        Ok(v) => v,
        Err(m) => return refused(StatusCode::BAD_REQUEST, "391902", &m),
    };
    let named = |v: &Option<String>| v.as_deref().filter(|v| !v.is_empty()).map(folded);
    let database = named(&submitted.database).or_else(|| s.options.default_database.clone());
    let schema = named(&submitted.schema).or_else(|| database.as_ref().map(|_| "PUBLIC".into()));
    let mut session = s.session(&user, database.as_deref(), schema.as_deref());
    session.set_identity(named(&submitted.role), named(&submitted.warehouse));
    let mut parameters = submitted.parameters.unwrap_or_default();
    parameters.retain(|_, v| !v.is_null() && v.as_str() != Some(""));
    if let Some(seconds) = submitted.timeout.filter(|t| *t > 0) {
        parameters.insert("statement_timeout_in_seconds".into(), seconds.into());
    }
    let mut statement = BTreeMap::new();
    let mut formats = Vec::new();
    for (name, value) in parameters {
        let name = name.to_uppercase();
        if name == "MULTI_STATEMENT_COUNT" {
            statement.insert(name, value);
            continue;
        }
        let text = match &value {
            Value::String(v) => v.clone(),
            other => other.to_string(),
        };
        if let Err(e) = session.set_parameter(&name, &text) {
            return failure(&e, "");
        }
        if name.ends_with("_OUTPUT_FORMAT") {
            formats.push(name);
        }
    }
    let request = Request::of(submitted.statement, statement, submitted.bindings);
    let request_id = params.get("requestId").cloned().unwrap_or_default();
    let login = s.detached(session, "SQLAPI");
    let (done, waiting) = watch::channel(false);
    let (job, new) = s.job(&request_id, || {
        Arc::new(Job {
            query_id: Uuid::new_v4().to_string(),
            sql: request.sql_text().to_owned(),
            login: Arc::clone(&login),
            done: waiting,
            after: Mutex::default(),
            parts: Mutex::default(),
            formats,
        })
    });
    if new {
        query::start(&s, &job, login, request, done);
    }
    if flag(&params, "async") == Some(true) {
        return running(&job.query_id);
    }
    let nullable = flag(&params, "nullable").unwrap_or(true);
    finished(&s, &job.query_id, Some(&job), 0, nullable).await
}

fn status_url(handle: &str) -> String {
    format!("/api/v2/statements/{handle}?requestId={}", Uuid::new_v4())
}

fn running(handle: &str) -> Response {
    answer(
        StatusCode::ACCEPTED,
        &json!({
            "code": "333334",
            "message": "Asynchronous execution in progress. Use provided query id to perform query monitoring and management.",
            "statementHandle": handle,
            "statementStatusUrl": status_url(handle),
        }),
    )
}

fn failure(e: &SqlError, handle: &str) -> Response {
    let r = e.snowflake();
    let status = if r.code == "000709" {
        StatusCode::NOT_FOUND
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    answer(
        status,
        &json!({
            "code": r.code,
            "message": r.message,
            "sqlState": r.sqlstate,
            "statementHandle": handle,
            "statementStatusUrl": status_url(handle),
            "createdOn": chrono::Utc::now().timestamp_millis(),
        }),
    )
}

/// Waits for a statement and answers with one partition of its rows.
async fn finished(
    s: &Arc<SnowflakeService>,
    handle: &str,
    job: Option<&Arc<Job>>,
    partition: usize,
    nullable: bool,
) -> Response {
    if let Some(job) = job {
        let mut done = job.done.clone();
        let wait = tokio::time::timeout(s.options.patience, done.wait_for(|d| *d)).await;
        if wait.is_err() {
            return running(handle);
        }
    }
    let outcome = match s.account.finished(handle) {
        Some(Ok(result)) => render(s, handle, job, &result, partition, nullable),
        Some(Err(e)) => Err(e),
        None => Err(SqlError::raw(
            "000709",
            "02000",
            format!("Statement {handle} not found"),
        )),
    };
    match outcome {
        Ok(v) => answer(StatusCode::OK, &v),
        Err(e) => failure(&e, handle),
    }
}

fn render(
    s: &SnowflakeService,
    handle: &str,
    job: Option<&Arc<Job>>,
    result: &Answer,
    partition: usize,
    nullable: bool,
) -> Result<Value> {
    let total = result.row_count();
    let step = s.options.chunk_rows.max(1);
    let partitions = total.div_ceil(step).max(1);
    if partition >= partitions {
        return Err(SqlError::raw(
            "391905",
            "22023",
            format!("Partition {partition} does not exist: the result has {partitions}"),
        ));
    }
    let none = Vec::new();
    let formats = job.map_or(&none, |j| &j.formats);
    let mut rows = Vec::new();
    for batch in slice(&result.batches, partition * step, (partition + 1) * step) {
        append(result, &batch, formats, nullable, &mut rows)?;
    }
    if partition > 0 {
        return Ok(json!({ "data": rows }));
    }
    let info: Vec<Value> = (0..partitions)
        .map(|i| {
            let n = step.min(total - (i * step).min(total));
            json!({ "rowCount": n, "uncompressedSize": n * 16, "compressedSize": n * 16 })
        })
        .collect();
    let mut out = json!({
        "resultSetMetaData": {
            "numRows": total,
            "format": "jsonv2",
            "partitionInfo": info,
            "rowType": result.columns.iter().map(rowtype::column).collect::<Vec<_>>(),
        },
        "data": rows,
        "code": "090001",
        "sqlState": "00000",
        "message": "Statement executed successfully.",
        "statementHandle": handle,
        "statementStatusUrl": status_url(handle),
        "requestId": Uuid::new_v4().to_string(),
        "createdOn": chrono::Utc::now().timestamp_millis(),
    });
    if result.kind.is_dml() {
        out["stats"] = stats(result)?;
    }
    if let Some(job) = job {
        let parts = job.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if !parts.is_empty() {
            out["statementHandles"] = parts.iter().map(|p| Value::from(p.0.as_str())).collect();
        }
    }
    Ok(out)
}

/// Rows as arrays of texts; Booleans in words, and values whose output format was asked for in that format.
fn append(
    result: &Answer,
    batch: &RecordBatch,
    formats: &[String],
    nullable: bool,
    rows: &mut Vec<Value>,
) -> Result<()> {
    let env = result.env.as_deref();
    let columns = result
        .columns
        .iter()
        .zip(batch.columns())
        .map(|(c, a)| formatted(c, a, result, formats))
        .collect::<Result<Vec<_>>>()?;
    for row in 0..batch.num_rows() {
        let cells = columns
            .iter()
            .map(|(ty, a)| {
                let cell = json_rows::cell(a, ty, row, env)?;
                Ok(match (cell, ty) {
                    (None, _) if nullable => Value::Null,
                    (None, _) => Value::from("null"),
                    (Some(v), SqlType::Boolean) => {
                        Value::from(if v == "1" { "true" } else { "false" })
                    }
                    (Some(v), _) => Value::from(v),
                })
            })
            .collect::<Result<Vec<Value>>>()?;
        rows.push(Value::Array(cells));
    }
    Ok(())
}

fn formatted(
    column: &ColumnInfo,
    array: &ArrayRef,
    result: &Answer,
    formats: &[String],
) -> Result<(SqlType, ArrayRef)> {
    let asked = |name: &str| formats.iter().any(|f| f == name);
    let wanted = match (&column.ty, column.ty.class()) {
        (_, TypeClass::Date) => asked("DATE_OUTPUT_FORMAT"),
        (_, TypeClass::Time) => asked("TIME_OUTPUT_FORMAT"),
        (_, TypeClass::Binary) => asked("BINARY_OUTPUT_FORMAT"),
        (SqlType::TimestampLtz(_), _) => {
            asked("TIMESTAMP_LTZ_OUTPUT_FORMAT") || asked("TIMESTAMP_OUTPUT_FORMAT")
        }
        (SqlType::TimestampTz(_), _) => {
            asked("TIMESTAMP_TZ_OUTPUT_FORMAT") || asked("TIMESTAMP_OUTPUT_FORMAT")
        }
        (SqlType::Timestamp(_), _) => {
            asked("TIMESTAMP_NTZ_OUTPUT_FORMAT") || asked("TIMESTAMP_OUTPUT_FORMAT")
        }
        _ => false,
    };
    let (true, Some(env)) = (wanted, result.env.as_deref()) else {
        return Ok((column.ty.clone(), Arc::clone(array)));
    };
    let text = SqlType::text();
    let (out, errors) = convert::convert(array, &column.ty, &text, TextToVariant::String, env)?;
    match errors.into_iter().next() {
        Some(e) => Err(e.error),
        None => Ok((text, out)),
    }
}

/// Counts of DML by their documented names.
fn stats(result: &Answer) -> Result<Value> {
    let mut counts = BTreeMap::from([
        ("numRowsInserted", 0i64),
        ("numRowsUpdated", 0),
        ("numRowsDeleted", 0),
        ("numDuplicateRowsUpdated", 0),
    ]);
    if let Some(batch) = result.batches.first().filter(|b| b.num_rows() > 0) {
        for (c, a) in result.columns.iter().zip(batch.columns()) {
            let n = json_rows::cell(a, &c.ty, 0, None)?
                .and_then(|v| v.parse().ok())
                .unwrap_or(0);
            let name = match c.name.as_str() {
                "number of rows inserted" => "numRowsInserted",
                "number of rows updated" => "numRowsUpdated",
                "number of rows deleted" => "numRowsDeleted",
                "number of multi-joined rows updated" => "numDuplicateRowsUpdated",
                _ => continue,
            };
            counts.insert(name, n);
        }
    }
    Ok(json!(counts))
}

/// `GET /api/v2/statements/{handle}?partition=n`
pub(super) async fn status(
    State(s): Service,
    Path(handle): Path<String>,
    Query(params): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Err(response) = user(&headers) {
        return *response;
    }
    let partition = match params.get("partition").map(|p| p.parse::<usize>()) {
        None => 0,
        Some(Ok(n)) => n,
        Some(Err(_)) => {
            return refused(
                StatusCode::BAD_REQUEST,
                "391902",
                "partition must be a whole number",
            );
        }
    };
    let job = s.job_of(&handle);
    if let Some(job) = &job
        && !*job.done.borrow()
    {
        return running(&handle);
    }
    let nullable = flag(&params, "nullable").unwrap_or(true);
    finished(&s, &handle, job.as_ref(), partition, nullable).await
}

/// `POST /api/v2/statements/{handle}/cancel`
pub(super) async fn cancel(
    State(s): Service,
    Path(handle): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Err(response) = user(&headers) {
        return *response;
    }
    match s.job_of(&handle) {
        Some(job) => {
            if !*job.done.borrow() {
                job.login.cancel.cancel();
            }
            answer(
                StatusCode::OK,
                &json!({
                    "code": "000604",
                    "sqlState": "57014",
                    "message": "SQL execution canceled",
                    "statementHandle": handle,
                    "statementStatusUrl": status_url(&handle),
                }),
            )
        }
        None => {
            let e = SqlError::raw("000709", "02000", format!("Statement {handle} not found"));
            failure(&e, &handle)
        }
    }
}
