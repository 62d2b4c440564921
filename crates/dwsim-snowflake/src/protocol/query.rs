//! Statements over HTTP: start, wait, ask again, cancel, and what became of them.
//! Answers are put together in `respond`.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::types::{ColumnInfo, TypeClass};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::respond::{body, error, later, refusal, success};
use super::service::{After, Job, Login, SnowflakeService};
use crate::parse::Piece;
use crate::session::{Answer, Binding, SnowflakeSession, StatementKind};

type Service = State<Arc<SnowflakeService>>;

/// Largest request body once unpacked, in bytes: a statement may have 100 MB.
const MAX_BODY: u64 = 256 << 20;

/// A request body as JSON, unpacked where it is packed.
pub(super) fn json_body(headers: &HeaderMap, bytes: &Bytes) -> std::result::Result<Value, String> {
    let packed = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"gzip"))
        || bytes.starts_with(&[0x1f, 0x8b]);
    let parsed = if packed {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..])
            .take(MAX_BODY)
            .read_to_end(&mut out)
            .map_err(|e| format!("The request body is not gzip: {e}"))?;
        serde_json::from_slice(&out)
    } else {
        serde_json::from_slice(bytes)
    };
    parsed.map_err(|e| format!("The request body is not JSON: {e}"))
}

/// The token of an `Authorization: Snowflake Token="…"` header.
pub(super) fn token(headers: &HeaderMap) -> Option<String> {
    let v = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let start = v.find("Token=\"")? + 7;
    let end = v[start..].find('"')? + start;
    Some(v[start..end].to_owned())
}

/// Where the client reached this server: scheme and host. What ends TLS in front of it says so by `X-Forwarded-Proto`.
fn origin(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|h| h.to_str().ok());
    let scheme = match text("x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    let host = text(header::HOST.as_str()).unwrap_or("127.0.0.1");
    format!("{scheme}://{host}")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    #[serde(default)]
    sql_text: String,
    #[serde(default)]
    async_exec: bool,
    #[serde(default)]
    describe_only: Option<bool>,
    #[serde(default)]
    parameters: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    bindings: Option<BTreeMap<String, Binding>>,
    #[serde(default)]
    bind_stage: Option<String>,
}

impl Request {
    /// A statement with its parameters and bindings.
    pub(super) fn of(
        sql_text: String,
        parameters: BTreeMap<String, Value>,
        bindings: Option<BTreeMap<String, Binding>>,
    ) -> Self {
        Request {
            sql_text,
            async_exec: false,
            describe_only: None,
            parameters: Some(parameters),
            bindings,
            bind_stage: None,
        }
    }

    /// The statement.
    pub(super) fn sql_text(&self) -> &str {
        &self.sql_text
    }
}

fn expired() -> Response {
    body(&refusal(
        "390104",
        "Authentication token is invalid. Log in again.",
    ))
}

pub(super) async fn query(
    State(s): Service,
    Query(params): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let Some(login) = token(&headers).and_then(|t| s.login(&t)) else {
        return expired();
    };
    let request: Request = match json_body(&headers, &bytes)
        .and_then(|v| serde_json::from_value(v).map_err(|e| e.to_string()))
    {
        Ok(r) => r,
        Err(m) => return body(&refusal("391902", &m)),
    };
    let request_id = params
        .get("requestId")
        .or_else(|| params.get("request_id"))
        .cloned()
        .unwrap_or_default();
    let (done, waiting) = watch::channel(false);
    let (job, new) = s.job(&request_id, || {
        Arc::new(Job {
            query_id: Uuid::new_v4().to_string(),
            sql: request.sql_text.clone(),
            login: Arc::clone(&login),
            done: waiting,
            after: Mutex::default(),
            parts: Mutex::default(),
            formats: Vec::new(),
        })
    });
    let asynchronous = request.async_exec;
    if new {
        start(&s, &job, login, request, done);
    }
    if asynchronous {
        return body(&later("333334", &job.query_id));
    }
    wait(&s, &job, &job.query_id, &origin(&headers)).await
}

/// Runs a statement in a task of its own, so that neither a panic nor a lost connection leaves it without a result.
pub(super) fn start(
    s: &Arc<SnowflakeService>,
    job: &Arc<Job>,
    login: Arc<Login>,
    request: Request,
    done: watch::Sender<bool>,
) {
    let (service, job) = (Arc::clone(s), Arc::clone(job));
    tokio::spawn(async move {
        let (inner_service, inner_job) = (Arc::clone(&service), Arc::clone(&job));
        let work = tokio::spawn(async move {
            let mut session = login.session.lock().await;
            let outcome = execute(&inner_service, &inner_job, &mut session, &request).await;
            *inner_job
                .after
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(After::of(&session));
            outcome
        });
        let outcome = match work.await {
            Ok(outcome) => outcome,
            Err(e) => Err(SqlError::internal(match e.try_into_panic() {
                Ok(p) => p
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| p.downcast_ref::<&str>().map(|s| (*s).to_owned()))
                    .unwrap_or_else(|| "a statement failed without a message".to_owned()),
                Err(e) => e.to_string(),
            })),
        };
        service.account.keep(&job.query_id, outcome.map(Arc::new));
        let _ = done.send(true);
    });
}

async fn execute(
    s: &SnowflakeService,
    job: &Job,
    session: &mut SnowflakeSession,
    request: &Request,
) -> Result<Answer> {
    if request.bind_stage.is_some() {
        return Err(SqlError::unsupported("bind values through a stage"));
    }
    let parameters = request.parameters.as_ref();
    let count = parameters
        .and_then(|p| p.get("MULTI_STATEMENT_COUNT"))
        .and_then(|v| match v {
            Value::String(s) => s.parse().ok(),
            other => other.as_u64(),
        });
    let expected = count
        .or_else(|| {
            session
                .engine_session()
                .parameters()
                .get("MULTI_STATEMENT_COUNT")
                .and_then(|v| v.parse().ok())
        })
        .unwrap_or(1);
    let pieces = crate::parse::split(&request.sql_text)?;
    let none = BTreeMap::new();
    let bindings = request.bindings.as_ref().unwrap_or(&none);
    let describe = request.describe_only.unwrap_or(false);
    match pieces.as_slice() {
        [] => Err(SqlError::raw(
            "000900",
            "42601",
            "SQL compilation error:\nEmpty SQL statement.",
        )),
        [one] => run(session, &job.query_id, one, bindings, describe).await,
        many if expected == 0 || expected == many.len() as u64 => {
            for piece in many {
                let id = Uuid::new_v4().to_string();
                let outcome = run(session, &id, piece, &none, describe).await;
                let answer = match outcome {
                    Ok(a) => Arc::new(a),
                    Err(e) => {
                        s.account.keep(&id, Err(e.clone()));
                        return Err(e);
                    }
                };
                let kind = answer.kind.id();
                s.account.keep(&id, Ok(answer));
                job.parts
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((id, kind));
            }
            Answer::status(
                StatementKind::Multi,
                "Multiple statements executed successfully.",
            )
        }
        many => Err(SqlError::raw(
            "000008",
            "0A000",
            format!(
                "Actual statement count {} did not match the desired statement count {expected}.",
                many.len()
            ),
        )),
    }
}

async fn run(
    session: &mut SnowflakeSession,
    id: &str,
    piece: &Piece,
    bindings: &BTreeMap<String, Binding>,
    describe: bool,
) -> Result<Answer> {
    session.begin_statement(id);
    let outcome = session.run(&piece.text, bindings, describe).await;
    session.end_statement(id, &piece.text, &outcome);
    let outcome = outcome.map(|mut answer| {
        let formatted = |c: &ColumnInfo| {
            c.ty.is_semi()
                || matches!(
                    c.ty.class(),
                    TypeClass::Date | TypeClass::Time | TypeClass::Timestamp | TypeClass::Binary
                )
        };
        if answer.columns.iter().any(formatted) {
            answer.env = Some(session.engine_session().env());
        }
        answer
    });
    outcome.map_err(|mut e| {
        e.position = e.position.map(|p| piece.place(p));
        e
    })
}

/// Waits for a statement for as long as a client may be kept waiting.
async fn wait(s: &Arc<SnowflakeService>, job: &Arc<Job>, query_id: &str, origin: &str) -> Response {
    let mut done = job.done.clone();
    let finished = tokio::time::timeout(s.options.patience, done.wait_for(|d| *d)).await;
    if finished.is_err() {
        return body(&later("333333", query_id));
    }
    let outcome = match s.account.finished(query_id) {
        Some(Ok(answer)) => s.render(job, query_id, &answer, origin).map(|mut v| {
            let parts = job.parts.lock().unwrap_or_else(PoisonError::into_inner);
            if query_id == job.query_id && !parts.is_empty() {
                let join = |f: &dyn Fn(&(String, i64)) -> String| {
                    parts.iter().map(f).collect::<Vec<_>>().join(",")
                };
                v["data"]["resultIds"] = join(&|p| p.0.clone()).into();
                v["data"]["resultTypes"] = join(&|p| p.1.to_string()).into();
            }
            v
        }),
        Some(Err(e)) => Err(e),
        None => Err(ErrorKind::Raw {
            code: "000709".into(),
            sqlstate: "02000".into(),
            message: format!("Statement {query_id} not found"),
        }
        .into()),
    };
    match outcome {
        Ok(v) => body(&v),
        Err(e) => body(&error(&e, query_id)),
    }
}

pub(super) async fn result(
    State(s): Service,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(login) = token(&headers).and_then(|t| s.login(&t)) else {
        return expired();
    };
    if let Some(job) = s.job_of(&id) {
        return wait(&s, &job, &id, &origin(&headers)).await;
    }
    // A part of a request of several statements: its result is there, in the context of the session now.
    let Some(_) = s.account.finished(&id) else {
        let e = SqlError::raw("000709", "02000", format!("Statement {id} not found"));
        return body(&error(&e, &id));
    };
    let after = After::of(&*login.session.lock().await);
    let (_, done) = watch::channel(true);
    let job = Arc::new(Job {
        query_id: id.clone(),
        sql: String::new(),
        login,
        done,
        after: Mutex::new(Some(after)),
        parts: Mutex::default(),
        formats: Vec::new(),
    });
    wait(&s, &job, &id, &origin(&headers)).await
}

pub(super) async fn monitor(
    State(s): Service,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if token(&headers).and_then(|t| s.login(&t)).is_none() {
        return expired();
    }
    let (status, message, code) = match (s.account.finished(&id), s.job_of(&id)) {
        (Some(Ok(_)), _) => ("SUCCESS", String::new(), String::new()),
        (Some(Err(e)), _) => {
            let r = e.snowflake();
            ("FAILED_WITH_ERROR", r.message, r.code)
        }
        (None, Some(_)) => ("RUNNING", String::new(), String::new()),
        (None, None) => return body(&success(json!({ "queries": [] }))),
    };
    let job = s.job_of(&id);
    body(&success(json!({ "queries": [{
        "id": id,
        "status": status,
        "state": status,
        "sqlText": job.as_ref().map_or("", |j| j.sql.as_str()),
        "errorCode": code,
        "errorMessage": message,
        "sessionId": job.as_ref().map_or(0, |j| j.login.id),
    }] })))
}

pub(super) async fn abort(
    State(s): Service,
    Query(params): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    if token(&headers).and_then(|t| s.login(&t)).is_none() {
        return expired();
    }
    let request = json_body(&headers, &bytes).unwrap_or(Value::Null);
    let id = request["requestId"]
        .as_str()
        .or_else(|| params.get("requestId").map(String::as_str))
        .unwrap_or_default();
    cancel(s.job_of_request(id))
}

pub(super) async fn abort_query(
    State(s): Service,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if token(&headers).and_then(|t| s.login(&t)).is_none() {
        return expired();
    }
    cancel(s.job_of(&id))
}

fn cancel(job: Option<Arc<Job>>) -> Response {
    match job {
        Some(job) => {
            if !*job.done.borrow() {
                job.login.cancel.cancel();
            }
            body(&success(Value::Null))
        }
        None => body(&refusal(
            "000605",
            "Identified SQL statement is not currently executing.",
        )),
    }
}
