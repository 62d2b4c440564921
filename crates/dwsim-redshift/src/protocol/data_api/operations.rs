//! The operations of the Data API: their members checked, their answers made.
//! Running statements is left to `run`, HTTP to `server`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::store::{Job, Kept, Part, Status, Store, Target};
use super::{lists, run};
use crate::statements::{Cluster, Login, RedshiftSession};

/// Rows of one page of a result.
const PAGE: usize = 1000;
/// Entries of one page of a list, where the request does not say.
const LIST: usize = 100;
/// Statements of a batch.
const MOST_STATEMENTS: usize = 40;

/// The members of a request.
pub(super) struct Request(pub(super) Map<String, Value>);

fn invalid(text: impl Into<String>) -> Fault {
    Fault::Validation(text.into())
}

impl Request {
    fn text(&self, name: &str) -> Result<Option<&str>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(s)) => Ok(Some(s)),
            Some(_) => Err(invalid(format!("{name} must be a string"))),
        }
    }

    fn needed(&self, name: &str) -> Result<&str, Fault> {
        self.text(name)?
            .filter(|s| !s.is_empty())
            .ok_or_else(|| invalid(format!("{name} is required")))
    }

    fn number(&self, name: &str, least: i64, most: i64) -> Result<Option<i64>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(v) => v
                .as_i64()
                .filter(|v| (least..=most).contains(v))
                .map(Some)
                .ok_or_else(|| invalid(format!("{name} must be between {least} and {most}"))),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(b)) => Ok(Some(*b)),
            Some(_) => Err(invalid(format!("{name} must be true or false"))),
        }
    }

    fn word(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Fault> {
        match self.text(name)? {
            Some(w) if !words.contains(&w) => Err(invalid(format!(
                "{name} must be one of {}",
                words.join(", ")
            ))),
            other => Ok(other),
        }
    }

    fn wait(&self) -> Result<Duration, Fault> {
        let seconds = self.number("WaitTimeSeconds", 0, 60)?.unwrap_or(0);
        Ok(Duration::from_secs(seconds.unsigned_abs()))
    }

    /// Cluster, database and user.
    fn target(&self, database: Option<&str>) -> Result<Target, Fault> {
        let cluster = self.text("ClusterIdentifier")?.map(str::to_owned);
        let workgroup = self.text("WorkgroupName")?.map(str::to_owned);
        match (&cluster, &workgroup) {
            (None, None) => {
                return Err(invalid(
                    "Either ClusterIdentifier or WorkgroupName must be given",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(invalid(
                    "ClusterIdentifier and WorkgroupName exclude each other",
                ));
            }
            _ => {}
        }
        let database = match database {
            Some(d) => d.to_owned(),
            None => self.needed("Database")?.to_owned(),
        };
        Ok(Target {
            cluster,
            workgroup,
            secret: self.text("SecretArn")?.map(str::to_owned),
            database,
            user: self.text("DbUser")?.unwrap_or("dev").to_owned(),
            session: None,
        })
    }

    fn parameters(&self) -> Result<Vec<(String, String)>, Fault> {
        let Some(all) = self.0.get("Parameters").filter(|p| !p.is_null()) else {
            return Ok(Vec::new());
        };
        let wrong = || invalid("Parameters must be a list of names and values");
        all.as_array()
            .ok_or_else(wrong)?
            .iter()
            .map(|p| {
                let member = |n: &str| p.get(n).and_then(Value::as_str).map(str::to_owned);
                Ok((
                    member("name").ok_or_else(wrong)?,
                    member("value").ok_or_else(wrong)?,
                ))
            })
            .collect()
    }

    /// One page of a list under its name.
    fn page(&self, name: &str, all: Vec<Value>) -> Result<Value, Fault> {
        let size = self.number("MaxResults", 0, 1000)?.unwrap_or(0);
        let size = if size == 0 { LIST } else { size as usize };
        let from = self.from()?;
        let rest = all.len().saturating_sub(from + size);
        let shown: Vec<Value> = all.into_iter().skip(from).take(size).collect();
        let mut out = json!({ name: shown });
        if rest > 0 {
            out["NextToken"] = json!((from + size).to_string());
        }
        Ok(out)
    }

    fn from(&self) -> Result<usize, Fault> {
        self.text("NextToken")?
            .map(|t| t.parse().map_err(|_| invalid("NextToken is not valid")))
            .transpose()
            .map(|t| t.unwrap_or(0))
    }
}

fn seconds(t: DateTime<Utc>) -> Value {
    json!(t.timestamp_millis() as f64 / 1000.0)
}

fn nanos(d: Duration) -> i64 {
    i64::try_from(d.as_nanos()).unwrap_or(i64::MAX)
}

/// The service behind an endpoint.
#[derive(Debug)]
pub(super) struct Service {
    cluster: Arc<Cluster>,
    store: Store,
}

impl Service {
    /// Over a cluster.
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        Service {
            cluster,
            store: Store::default(),
        }
    }

    /// Answers a request.
    pub(super) async fn answer(&self, operation: &str, request: &Request) -> Result<Value, Fault> {
        match operation {
            "ExecuteStatement" => self.execute(request, false).await,
            "BatchExecuteStatement" => self.execute(request, true).await,
            "DescribeStatement" => self.describe(request).await,
            "GetStatementResult" => self.result(request, false).await,
            "GetStatementResultV2" => self.result(request, true).await,
            "CancelStatement" => self.cancel(request),
            "ListStatements" => self.statements(request),
            "ListSessions" => self.sessions(request),
            "ListDatabases" => {
                let mut session = self.list_session(request, "dev")?;
                let all = lists::databases(&mut session).await.map_err(failed)?;
                request.page("Databases", all)
            }
            "ListSchemas" => {
                let mut session = self.list_session(request, "")?;
                let like = request.text("SchemaPattern")?;
                let all = lists::schemas(&mut session, like).await.map_err(failed)?;
                request.page("Schemas", all)
            }
            "ListTables" => {
                let mut session = self.list_session(request, "")?;
                let schema = request.text("SchemaPattern")?;
                let table = request.text("TablePattern")?;
                let all = lists::tables(&mut session, schema, table)
                    .await
                    .map_err(failed)?;
                request.page("Tables", all)
            }
            "DescribeTable" => {
                let mut session = self.list_session(request, "")?;
                let table = request.needed("Table")?;
                let schema = request.text("Schema")?;
                let all = lists::columns(&mut session, schema, table)
                    .await
                    .map_err(failed)?
                    .unwrap_or_default();
                let mut out = request.page("ColumnList", all)?;
                out["TableName"] = json!(table);
                Ok(out)
            }
            other => Err(Fault::Unknown(other.to_owned())),
        }
    }

    fn open(&self, target: &Target) -> Result<RedshiftSession, Fault> {
        let login = Login {
            user: target.user.clone(),
            database: Some(target.database.clone()),
            parameters: std::collections::BTreeMap::new(),
        };
        RedshiftSession::open(&self.cluster, login)
            .map_err(|e| invalid(format!("FATAL: {}", e.redshift().message)))
    }

    fn list_session(&self, request: &Request, default: &str) -> Result<RedshiftSession, Fault> {
        let database = request
            .text("Database")?
            .or((!default.is_empty()).then_some(default));
        self.open(&request.target(database)?)
    }

    async fn execute(&self, request: &Request, batch: bool) -> Result<Value, Fault> {
        let sqls: Vec<String> = if batch {
            let all = request
                .0
                .get("Sqls")
                .and_then(Value::as_array)
                .ok_or_else(|| invalid("Sqls is required"))?;
            if all.is_empty() || all.len() > MOST_STATEMENTS {
                return Err(invalid(format!(
                    "Sqls must hold between 1 and {MOST_STATEMENTS} statements"
                )));
            }
            all.iter()
                .map(|s| s.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .ok_or_else(|| invalid("Sqls must be a list of strings"))?
        } else {
            vec![request.needed("Sql")?.to_owned()]
        };
        let parameters = request.parameters()?;
        let used: Vec<String> = sqls
            .iter()
            .flat_map(|sql| super::named::numbered(sql).1)
            .collect();
        if let Some(missing) = used.iter().find(|n| !parameters.iter().any(|p| p.0 == **n)) {
            return Err(invalid(format!("Parameter :{missing} is not given")));
        }
        if let Some((extra, _)) = parameters.iter().find(|p| !used.contains(&p.0)) {
            return Err(invalid(format!(
                "Parameter :{extra} is not used in the statement"
            )));
        }
        request.flag("WithEvent")?;
        if batch
            && let Some(mode) = request.word("ExecutionMode", &["TRANSACTION", "AUTO_COMMIT"])?
            && mode == "AUTO_COMMIT"
        {
            return Err(invalid(
                "ExecutionMode AUTO_COMMIT is not supported by dwsim",
            ));
        }
        let csv = request.word("ResultFormat", &["JSON", "CSV"])? == Some("CSV");
        let keep = request.number("SessionKeepAliveSeconds", 0, 86_400)?;
        let wait = request.wait()?;
        let token = request.text("ClientToken")?.map(str::to_owned);
        if let Some(job) = token.as_deref().and_then(|t| self.store.by_token(t)) {
            return Ok(submitted(&job));
        }
        let name = request.text("StatementName")?.map(str::to_owned);
        let make = |target: Target| {
            Arc::new(Job::new(
                sqls.clone(),
                batch,
                target,
                name.clone(),
                token.clone(),
                csv,
                parameters.clone(),
            ))
        };
        let job = if let Some(id) = request.text("SessionId")? {
            for excluded in ["ClusterIdentifier", "WorkgroupName", "Database", "DbUser"] {
                if request.text(excluded)?.is_some() {
                    return Err(invalid(format!("SessionId excludes {excluded}")));
                }
            }
            let kept = self.store.session(id)?;
            let session = kept
                .take()
                .ok_or_else(|| invalid("Session is not available: it runs another statement"))?;
            let job = make(kept.target.clone());
            self.store.add(&job);
            tokio::spawn(run::in_kept(Arc::clone(&job), kept, session));
            job
        } else {
            let mut target = request.target(None)?;
            let mut session = self.open(&target)?;
            if let Some(alive) = keep.filter(|k| *k > 0) {
                let id = uuid::Uuid::new_v4().to_string();
                target.session = Some(id.clone());
                let kept = Arc::new(Kept {
                    id,
                    target: target.clone(),
                    created: Utc::now(),
                    alive,
                    until: Mutex::new(Utc::now() + chrono::Duration::seconds(alive)),
                    session: Arc::new(tokio::sync::Mutex::new(session)),
                    current: Mutex::new(None),
                });
                self.store.keep(Arc::clone(&kept));
                let job = make(target);
                self.store.add(&job);
                match kept.take() {
                    Some(session) => {
                        tokio::spawn(run::in_kept(Arc::clone(&job), kept, session));
                    }
                    None => job.change(|s| s.status = Status::Aborted),
                }
                job
            } else {
                let job = make(target);
                self.store.add(&job);
                let running = Arc::clone(&job);
                tokio::spawn(async move { run::job(running, &mut session).await });
                job
            }
        };
        if !wait.is_zero() {
            job.wait(wait).await;
        }
        Ok(submitted(&job))
    }

    async fn describe(&self, request: &Request) -> Result<Value, Fault> {
        let (job, part) = self.store.job(request.needed("Id")?)?;
        let wait = request.wait()?;
        if !wait.is_zero() {
            job.wait(wait).await;
        }
        let state = job.state();
        let whole: Duration = state.parts.iter().map(|p| p.duration).sum();
        let mut out = json!({
            "Id": job.id,
            "Database": job.target.database,
            "DbUser": job.target.user,
            "CreatedAt": seconds(job.created),
            "UpdatedAt": seconds(state.updated),
            "Status": state.status.word(),
            "Duration": nanos(whole),
            "RedshiftPid": state.pid,
            "ResultFormat": if job.csv { "CSV" } else { "JSON" },
        });
        let shown = match part {
            Some(i) => {
                out["Id"] = json!(state.parts[i].id);
                Some(&state.parts[i])
            }
            None if !job.batch => state.parts.first(),
            None => None,
        };
        if let Some(p) = shown {
            add_part(&mut out, p);
            out["Status"] = json!(p.status.word());
        } else {
            out["HasResultSet"] = json!(state.parts.iter().any(|p| p.result.is_some()));
            out["RedshiftQueryId"] = json!(0);
            if let Some(error) = state.parts.iter().find_map(|p| p.error.clone()) {
                out["Error"] = json!(error);
            }
            out["SubStatements"] = state
                .parts
                .iter()
                .map(|p| {
                    let mut sub = json!({
                        "Id": p.id,
                        "Status": p.status.word(),
                        "CreatedAt": seconds(job.created),
                        "UpdatedAt": seconds(p.updated),
                        "Duration": nanos(p.duration),
                    });
                    add_part(&mut sub, p);
                    sub
                })
                .collect();
        }
        add_target(&mut out, &job);
        if !job.parameters.is_empty() {
            out["QueryParameters"] = parameters(&job);
        }
        Ok(out)
    }

    async fn result(&self, request: &Request, second: bool) -> Result<Value, Fault> {
        let id = request.needed("Id")?;
        let (job, part) = self.store.job(id)?;
        let wait = request.wait()?;
        if !wait.is_zero() {
            job.wait(wait).await;
        }
        if job.batch && part.is_none() {
            return Err(invalid(
                "A batch has results by its SubStatements only: use their ids",
            ));
        }
        if job.csv != second {
            return Err(invalid(if second {
                "The result's format is JSON: use GetStatementResult"
            } else {
                "The result's format is CSV: use GetStatementResultV2"
            }));
        }
        let state = job.state();
        let part = &state.parts[part.unwrap_or(0)];
        let missing = |message: &str| Fault::NotFound {
            message: message.to_owned(),
            resource: id.to_owned(),
        };
        match part.status {
            Status::Finished => {}
            Status::Failed => return Err(missing("Query failed. It has no result.")),
            Status::Aborted => return Err(missing("Query was aborted. It has no result.")),
            _ => return Err(missing("Query has not finished yet.")),
        }
        let Some(result) = &part.result else {
            return Err(missing("Query does not have result."));
        };
        let from = request.from()?;
        let broken = |e: dwsim_engine::error::SqlError| Fault::Database(e.redshift().message);
        let records = if second {
            json!([{ "CSVRecords": result.csv(from, PAGE).map_err(broken)? }])
        } else {
            json!(result.records(from, PAGE).map_err(broken)?)
        };
        let mut out = json!({
            "Records": records,
            "ColumnMetadata": result.metadata(),
            "TotalNumRows": result.rows(),
        });
        if second {
            out["ResultFormat"] = json!("CSV");
        }
        if from + PAGE < result.rows() {
            out["NextToken"] = json!((from + PAGE).to_string());
        }
        Ok(out)
    }

    fn cancel(&self, request: &Request) -> Result<Value, Fault> {
        let (job, part) = self.store.job(request.needed("Id")?)?;
        if part.is_some() {
            return Err(invalid(
                "A statement of a batch cannot be cancelled by itself",
            ));
        }
        let state = job.state();
        if state.status.is_over() {
            return Err(invalid(format!(
                "Could not cancel a query that is already in {} state with ID: {}",
                state.status.word(),
                job.id
            )));
        }
        job.cancel.cancel();
        Ok(json!({ "Status": true }))
    }

    fn statements(&self, request: &Request) -> Result<Value, Fault> {
        let status = request.word(
            "Status",
            &[
                "SUBMITTED",
                "PICKED",
                "STARTED",
                "FINISHED",
                "ABORTED",
                "FAILED",
                "ALL",
            ],
        )?;
        let name = request.text("StatementName")?;
        request.flag("RoleLevel")?;
        let same = |member: &str, value: Option<&str>| -> Result<bool, Fault> {
            Ok(request.text(member)?.is_none_or(|m| Some(m) == value))
        };
        let mut all = Vec::new();
        for job in self.store.jobs() {
            let state = job.state();
            let word = state.status.word();
            if status.is_some_and(|s| s != "ALL" && s != word)
                || name.is_some_and(|n| !job.name.as_deref().is_some_and(|j| j.starts_with(n)))
                || !same("Database", Some(&job.target.database))?
                || !same("ClusterIdentifier", job.target.cluster.as_deref())?
                || !same("WorkgroupName", job.target.workgroup.as_deref())?
            {
                continue;
            }
            let texts: Vec<&str> = state.parts.iter().map(|p| p.sql.as_str()).collect();
            let mut shown = json!({
                "Id": job.id,
                "Status": word,
                "CreatedAt": seconds(job.created),
                "UpdatedAt": seconds(state.updated),
                "IsBatchStatement": job.batch,
                "ResultFormat": if job.csv { "CSV" } else { "JSON" },
            });
            if job.batch {
                shown["QueryStrings"] = json!(texts);
            } else {
                shown["QueryString"] = json!(texts.first());
            }
            if let Some(name) = &job.name {
                shown["StatementName"] = json!(name);
            }
            if let Some(secret) = &job.target.secret {
                shown["SecretArn"] = json!(secret);
            }
            if let Some(session) = &job.target.session {
                shown["SessionId"] = json!(session);
            }
            if !job.parameters.is_empty() {
                shown["QueryParameters"] = parameters(&job);
            }
            all.push(shown);
        }
        request.page("Statements", all)
    }

    fn sessions(&self, request: &Request) -> Result<Value, Fault> {
        let status = request.word("Status", &["AVAILABLE", "BUSY", "CLOSED"])?;
        let id = request.text("SessionId")?;
        request.flag("RoleLevel")?;
        let mut all = Vec::new();
        for kept in self.store.sessions() {
            let current = kept
                .current
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .clone();
            let word = if current.is_some() {
                "BUSY"
            } else {
                "AVAILABLE"
            };
            if status.is_some_and(|s| s != word) || id.is_some_and(|i| i != kept.id) {
                continue;
            }
            let until = *kept
                .until
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let mut shown = json!({
                "SessionId": kept.id,
                "Status": word,
                "CreatedAt": seconds(kept.created),
                "UpdatedAt": seconds(kept.created),
                "Database": kept.target.database,
                "DbUser": kept.target.user,
                "SessionAliveSeconds": kept.alive,
                "SessionTtl": seconds(until),
            });
            if let Some(cluster) = &kept.target.cluster {
                shown["ClusterIdentifier"] = json!(cluster);
            }
            if let Some(workgroup) = &kept.target.workgroup {
                shown["WorkgroupName"] = json!(workgroup);
            }
            if let Some(current) = current {
                shown["CurrentStatementId"] = json!(current);
            }
            all.push(shown);
        }
        request.page("Sessions", all)
    }
}

fn failed(e: dwsim_engine::error::SqlError) -> Fault {
    Fault::Database(e.redshift().message)
}

fn parameters(job: &Job) -> Value {
    job.parameters
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}

fn add_part(out: &mut Value, p: &Part) {
    out["QueryString"] = json!(p.sql);
    out["HasResultSet"] = json!(p.result.is_some());
    out["ResultRows"] = json!(p.rows);
    out["ResultSize"] = json!(p.result.as_ref().map_or(0, |r| r.size()));
    out["RedshiftQueryId"] = json!(p.query);
    if let Some(error) = &p.error {
        out["Error"] = json!(error);
    }
}

fn add_target(out: &mut Value, job: &Job) {
    let t = &job.target;
    for (name, value) in [
        ("ClusterIdentifier", &t.cluster),
        ("WorkgroupName", &t.workgroup),
        ("SecretArn", &t.secret),
        ("SessionId", &t.session),
    ] {
        if let Some(value) = value {
            out[name] = json!(value);
        }
    }
}

fn submitted(job: &Job) -> Value {
    let state = job.state();
    let mut out = json!({
        "Id": job.id,
        "CreatedAt": seconds(job.created),
        "Database": job.target.database,
        "DbUser": job.target.user,
        "DbGroups": [],
    });
    if state.status.is_over() {
        out["Status"] = json!(state.status.word());
        out["RedshiftPid"] = json!(state.pid);
        out["HasResultSet"] = json!(state.parts.iter().any(|p| p.result.is_some()));
    }
    add_target(&mut out, job);
    out
}
