//! A session over the HTTP protocol of Snowflake's drivers: log-in, statements, polling, renewal, log-out.
//! What the cells of each type mean is in `snowflake_types`.

use super::http::{self, Http};
use super::snowflake_types::{RowType, decode, native_name};
use super::url::{Url, percent};
use super::{Reply, protocol, sql_error};
use crate::Dialect;
use crate::endpoints::Endpoint;
use crate::error::{Error, Position, Result};
use crate::value::{Column, ResultTable, Value};
use dwsim_schema::identifiers::quote;
use hyper::Method;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

const DIALECT: Dialect = Dialect::Snowflake;

/// Still running; the answer says where to ask again.
const RUNNING: [&str; 2] = ["333333", "333334"];
/// The session token has run out; the master token renews it.
const EXPIRED: &str = "390112";

/// An open session.
#[derive(Debug)]
pub(super) struct Session {
    http: Http,
    token: String,
    master: Option<String>,
    sequence: u64,
}

#[derive(Deserialize)]
struct Envelope<T> {
    success: bool,
    code: Option<serde_json::Value>,
    message: Option<String>,
    data: Option<T>,
}

impl<T> Envelope<T> {
    fn code(&self) -> String {
        match &self.code {
            Some(serde_json::Value::String(code)) => code.clone(),
            Some(serde_json::Value::Number(code)) => format!("{code:0>6}"),
            _ => String::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    token: Option<String>,
    master_token: Option<String>,
    session_info: Option<SessionInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionInfo {
    database_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renewed {
    session_token: String,
    master_token: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    rowtype: Vec<RowType>,
    rowset: Vec<Vec<Option<String>>>,
    query_result_format: Option<String>,
    statement_type_id: Option<i64>,
    get_result_url: Option<String>,
    chunks: Vec<Chunk>,
    chunk_headers: BTreeMap<String, String>,
    qrmk: Option<String>,
    line: Option<i64>,
    pos: Option<i64>,
}

/// A further part of a large result, as an object that is fetched by its URL.
#[derive(Deserialize)]
struct Chunk {
    url: String,
}

impl Answer {
    /// Adds the rows of the chunks behind those that came with the answer.
    async fn complete(&mut self) -> Result<()> {
        if self
            .query_result_format
            .as_deref()
            .is_some_and(|f| f != "json")
        {
            return Err(protocol(
                DIALECT,
                "an answer in Arrow, although this client reads JSON",
            ));
        }
        let mut headers: Vec<(String, String)> = std::mem::take(&mut self.chunk_headers)
            .into_iter()
            .collect();
        if let (true, Some(key)) = (headers.is_empty(), self.qrmk.take()) {
            let encryption = "x-amz-server-side-encryption-customer";
            headers.push((format!("{encryption}-algorithm"), "AES256".into()));
            headers.push((format!("{encryption}-key"), key));
        }
        for chunk in std::mem::take(&mut self.chunks) {
            let bytes = http::fetch(&chunk.url, &headers).await?;
            // rows without the brackets around them all
            let text = [b"[".as_slice(), &bytes, b"]"].concat();
            let rows: Vec<Vec<Option<String>>> = parse(&text)?;
            self.rowset.extend(rows);
        }
        Ok(())
    }
}

impl Session {
    pub(super) async fn connect(
        endpoint: &Endpoint,
        database: Option<&str>,
        schema: &str,
    ) -> Result<Self> {
        let mut http = Http::connect(endpoint).await?;
        let url = Url::parse(&endpoint.url);
        let mut path = "/session/v1/login-request?".to_owned();
        let database = database.or(url.parameter("database"));
        let place = database.map(|name| [("databaseName", name), ("schemaName", schema)]);
        let own = [("warehouse", "warehouse"), ("roleName", "role")]
            .into_iter()
            .filter_map(|(name, ours)| Some((name, url.parameter(ours)?)));
        for (name, value) in place.into_iter().flatten().chain(own) {
            path += &format!("{name}={}&", percent(value));
        }
        path += &format!("request_id={}", Uuid::new_v4());
        let mut body = json!({"data": {
            "ACCOUNT_NAME": url.parameter("account").unwrap_or("dwsim"),
            "LOGIN_NAME": url.user.as_deref().unwrap_or("dev"),
            // not the name of a driver that reads Arrow: the server answers in JSON
            "CLIENT_APP_ID": "dwsim",
            "CLIENT_APP_VERSION": env!("CARGO_PKG_VERSION"),
            "CLIENT_ENVIRONMENT": {"APPLICATION": "dwsim"},
            "SESSION_PARAMETERS": {},
        }});
        if let Some(authenticator) = url.parameter("authenticator") {
            body["data"]["AUTHENTICATOR"] = authenticator.into();
            body["data"]["TOKEN"] = url.password.as_deref().unwrap_or_default().into();
        } else {
            body["data"]["PASSWORD"] = url.password.as_deref().unwrap_or("dev").into();
        }
        let bytes = http
            .send(Method::POST, &path, None, body.to_string())
            .await?;
        let answer: Envelope<Login> = parse(&bytes)?;
        if !answer.success {
            return Err(
                sql_error(DIALECT, answer.code(), answer.message.unwrap_or_default()).into(),
            );
        }
        let login = answer
            .data
            .ok_or_else(|| protocol(DIALECT, "a login without data"))?;
        let token = login
            .token
            .ok_or_else(|| protocol(DIALECT, "a login without a token"))?;
        let mut session = Session {
            http,
            token,
            master: login.master_token,
            sequence: 0,
        };
        // Snowflake lets a client log in to a database that is not there; a test must not
        let current = login
            .session_info
            .and_then(|info| info.database_name)
            .unwrap_or_default();
        if let Some(name) = database.filter(|name| !current.eq_ignore_ascii_case(name)) {
            session
                .run(&format!("use database {}", quote(name, DIALECT)))
                .await?;
        }
        Ok(session)
    }

    pub(super) async fn run(&mut self, sql: &str) -> Result<Reply> {
        self.sequence += 1;
        let submitted = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let body = json!({
            "sqlText": sql,
            "asyncExec": false,
            "sequenceId": self.sequence,
            "querySubmissionTime": u64::try_from(submitted).unwrap_or(u64::MAX),
            "parameters": {},
        });
        let path = format!("/queries/v1/query-request?requestId={}", Uuid::new_v4());
        let mut answer = self.ask(Method::POST, &path, body.to_string()).await?;
        let mut pause = Duration::from_millis(10);
        while RUNNING.contains(&answer.code().as_str()) {
            let url = answer.data.and_then(|data| data.get_result_url);
            let url =
                url.ok_or_else(|| protocol(DIALECT, "a running statement without getResultUrl"))?;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
            answer = self.ask(Method::GET, path_of(&url), String::new()).await?;
        }
        if !answer.success {
            let code = answer.code();
            let mut error = sql_error(DIALECT, code, answer.message.clone().unwrap_or_default());
            if let Some(Answer {
                line: Some(line),
                pos: Some(pos),
                ..
            }) = answer.data
                && let (Ok(line), Ok(pos)) = (usize::try_from(line), usize::try_from(pos))
                && line > 0
            {
                // Snowflake counts characters of a line from 0
                error.position = Some(Position {
                    line,
                    column: pos + 1,
                });
            }
            return Err(error.into());
        }
        let mut data = answer.data.unwrap_or_default();
        data.complete().await?;
        reply(data)
    }

    /// A request of the session, repeated once with a renewed token when it has run out.
    async fn ask(&mut self, method: Method, path: &str, body: String) -> Result<Envelope<Answer>> {
        let bytes = self
            .http
            .send(method.clone(), path, Some(&self.token), body.clone())
            .await?;
        let answer: Envelope<Answer> = parse(&bytes)?;
        if answer.code() != EXPIRED {
            return Ok(answer);
        }
        self.renew().await?;
        let bytes = self
            .http
            .send(method, path, Some(&self.token), body)
            .await?;
        parse(&bytes)
    }

    async fn renew(&mut self) -> Result<()> {
        let master = self.master.clone().ok_or_else(|| {
            protocol(
                DIALECT,
                "the session has run out, and there is no master token",
            )
        })?;
        let body = json!({"oldSessionToken": self.token, "requestType": "RENEW"});
        let path = format!("/session/token-request?requestId={}", Uuid::new_v4());
        let bytes = self
            .http
            .send(Method::POST, &path, Some(&master), body.to_string())
            .await?;
        let answer: Envelope<Renewed> = parse(&bytes)?;
        match answer.data {
            Some(renewed) if answer.success => {
                self.token = renewed.session_token;
                self.master = renewed.master_token.or(self.master.take());
                Ok(())
            }
            data => {
                let answer = Envelope { data, ..answer };
                Err(sql_error(DIALECT, answer.code(), answer.message.unwrap_or_default()).into())
            }
        }
    }

    pub(super) async fn close(&mut self) {
        let path = format!("/session?delete=true&requestId={}", Uuid::new_v4());
        // the server forgets idle sessions anyway
        let _ = self
            .http
            .send(Method::POST, &path, Some(&self.token), "{}".to_string())
            .await;
    }
}

/// Rows of DML's answer are counts, rows of DDL's a sentence; neither is a result.
fn reply(answer: Answer) -> Result<Reply> {
    match answer.statement_type_id.unwrap_or(0) {
        // INSERT, UPDATE, DELETE, MERGE, multi-table INSERT
        0x3000 | 0x3100..=0x3500 => {
            let counts = answer
                .rowtype
                .iter()
                .enumerate()
                .filter(|(_, ty)| ty.name.starts_with("number of rows "));
            let cell = |index: usize| {
                answer
                    .rowset
                    .first()?
                    .get(index)?
                    .as_ref()?
                    .parse::<u64>()
                    .ok()
            };
            let affected: u64 = counts.filter_map(|(index, _)| cell(index)).sum();
            return Ok(Reply::Done {
                affected: Some(affected),
            });
        }
        // USE, SET, ALTER SESSION; transactions; DDL
        0x4000..=0x43ff | 0x5000..=0x6fff => return Ok(Reply::Done { affected: None }),
        _ => {}
    }
    let columns = answer
        .rowtype
        .iter()
        .map(|ty| Column::folded(&ty.name, native_name(ty)))
        .collect();
    let mut rows = Vec::with_capacity(answer.rowset.len());
    for cells in &answer.rowset {
        if cells.len() != answer.rowtype.len() {
            return Err(protocol(
                DIALECT,
                "a row with another number of cells than columns",
            ));
        }
        let mut row = Vec::with_capacity(cells.len());
        for (cell, ty) in cells.iter().zip(&answer.rowtype) {
            row.push(match cell {
                None => Value::Null,
                Some(text) => decode(ty, text).map_err(|message| Error::Value {
                    column: ty.name.clone(),
                    message,
                })?,
            });
        }
        rows.push(row);
    }
    Ok(Reply::Rows(ResultTable { columns, rows }))
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|e| protocol(DIALECT, format!("no JSON answer of its kind: {e}")))
}

/// The path of a URL that the server gave for itself.
fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    }
}
