//! One function per route: reads the request, asks the service, answers JSON.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use dwsim_runtime::Dialect;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_stream::wrappers::WatchStream;
use tracing::Instrument;

use super::body::{Body, Parameters};
use super::problem::Problem;
use super::whole::Whole;
use super::{App, REQUEST_LIMIT};
use crate::experiment::{
    Definition, Deleted, Detail, Error, Exported, GenerateOptions, Queried, Summary,
};
use crate::import::Written;
use crate::store::{Run, Status};

type Answer<T> = Result<Json<T>, Problem>;

/// A dialect's name in a body.
pub(crate) fn dialect(name: &str) -> Result<Dialect, Problem> {
    Dialect::from_name(name).ok_or_else(|| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            format!(
                "`{}` is neither redshift nor snowflake",
                name.escape_debug()
            ),
        )
    })
}

/// Runs what may take long off the reactor.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let span = tracing::Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    match done {
        Ok(result) => result.map_err(Problem::from),
        Err(e) => {
            tracing::error!(error = %e, "a request broke down");
            Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "the request broke down",
            ))
        }
    }
}

pub(super) async fn list(State(app): State<App>) -> Answer<Vec<Summary>> {
    blocking(move || app.service.list()).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Create {
    name: String,
    toml: Option<String>,
    schema: Option<Value>,
    sql: Option<String>,
    dialect: Option<String>,
    #[serde(default)]
    surrogate_keys: bool,
}

pub(super) async fn create(
    State(app): State<App>,
    Body(body): Body<Create>,
) -> Result<Response, Problem> {
    let one =
        |text: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", text.to_owned());
    let definition = match (body.toml, body.schema, body.sql) {
        (Some(toml), None, None) => Definition::Toml(toml),
        (None, Some(schema), None) => Definition::Json(schema),
        (None, None, Some(sql)) => Definition::Sql {
            sql,
            dialect: dialect(
                body.dialect
                    .as_deref()
                    .ok_or_else(|| one("`sql` needs its `dialect`"))?,
            )?,
            surrogate_keys: body.surrogate_keys,
        },
        _ => {
            return Err(one(
                "one of `toml`, `schema` and `sql` says what the experiment is",
            ));
        }
    };
    let detail = blocking(move || app.service.create(&body.name, definition)).await?;
    let place = format!("/api/experiments/{}", detail.summary.name);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, place)],
        Json(detail),
    )
        .into_response())
}

pub(super) async fn show(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
) -> Answer<Detail> {
    blocking(move || app.service.show(&name)).await.map(Json)
}

pub(super) async fn delete(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
) -> Answer<Deleted> {
    delete_whole(&app, name).await.map(Json)
}

/// A deletion that goes on when its client goes away.
pub(crate) async fn delete_whole(app: &App, name: String) -> Result<Deleted, Problem> {
    let service = app.service.clone();
    let work = async move { service.delete(&name).await };
    let work = tokio::spawn(work.instrument(tracing::info_span!("delete")));
    match work.await {
        Ok(done) => Ok(done?),
        Err(e) => {
            tracing::error!(error = %e, "a deletion broke down");
            Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "the deletion broke down",
            ))
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Generate {
    seed: Option<Whole>,
    #[serde(default)]
    rows: BTreeMap<String, Whole>,
    #[serde(default)]
    dialects: Vec<String>,
}

pub(super) async fn generate(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
    Body(body): Body<Generate>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let options = GenerateOptions {
        seed: body.seed.map(|seed| seed.0),
        rows: body.rows.into_iter().map(|(t, n)| (t, n.0)).collect(),
        dialects: body
            .dialects
            .iter()
            .map(|d| dialect(d))
            .collect::<Result<_, _>>()?,
    };
    let run = blocking(move || app.service.generate(&name, &options)).await?;
    Ok((StatusCode::ACCEPTED, Json(run)))
}

pub(super) async fn runs(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
) -> Answer<Vec<Run>> {
    blocking(move || app.service.runs(&name)).await.map(Json)
}

pub(super) async fn run(
    State(app): State<App>,
    Parameters((name, id)): Parameters<(String, i64)>,
) -> Answer<Run> {
    blocking(move || app.service.run(&name, id)).await.map(Json)
}

pub(super) async fn cancel(
    State(app): State<App>,
    Parameters((name, id)): Parameters<(String, i64)>,
) -> Answer<Run> {
    blocking(move || app.service.cancel(&name, id))
        .await
        .map(Json)
}

/// Progress as events: `progress` with the run each time it changes, `end` with the run once it has ended.
pub(super) async fn events(
    State(app): State<App>,
    Parameters((name, id)): Parameters<(String, i64)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let service = app.service.clone();
    let (run, follow) = blocking(move || Ok((service.run(&name, id)?, service.follow(id)))).await?;
    let changes = match follow {
        Some(changes) => WatchStream::new(changes).boxed(),
        None => futures::stream::iter([run]).boxed(),
    };
    let events = changes.map(|run| {
        let name = if run.status == Status::Running {
            "progress"
        } else {
            "end"
        };
        let event = Event::default().event(name);
        Ok(event.json_data(&run).unwrap_or_default())
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    sql: String,
    dialect: String,
    #[serde(default)]
    offset: Whole,
    limit: Option<Whole>,
}

/// Rows of an answer without a `limit`, and most of them with one.
const ROWS: (u64, u64) = (1_000, 100_000);

pub(super) async fn query(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
    Body(body): Body<Query>,
) -> Answer<Queried> {
    let dialect = dialect(&body.dialect)?;
    let limit = body.limit.map_or(ROWS.0, |limit| limit.0.min(ROWS.1)) as usize;
    // no answer is as long as the longest offset
    let offset = usize::try_from(body.offset.0).unwrap_or(usize::MAX);
    let work = app.service.query(&name, dialect, &body.sql, offset, limit);
    match tokio::time::timeout(REQUEST_LIMIT, work).await {
        Ok(done) => Ok(Json(done?)),
        Err(_) => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "timeout",
            "the statement takes too long",
        )),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportSql {
    sql: String,
    dialect: String,
    #[serde(default)]
    merge: bool,
    #[serde(default)]
    surrogate_keys: bool,
}

/// What an import came to.
#[derive(Serialize)]
pub(super) struct Imported {
    toml: String,
    tables: Vec<crate::import::TableView>,
    findings: Vec<crate::import::Finding>,
}

impl From<Written> for Imported {
    fn from(w: Written) -> Self {
        Imported {
            toml: w.text,
            tables: w.tables,
            findings: w.findings,
        }
    }
}

pub(super) async fn import_sql(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
    Body(body): Body<ImportSql>,
) -> Answer<Imported> {
    let dialect = dialect(&body.dialect)?;
    let done = blocking(move || {
        app.service
            .import_sql(&name, &body.sql, dialect, body.merge, body.surrogate_keys)
    })
    .await?;
    Ok(Json(done.into()))
}

pub(super) async fn preview_sql(
    State(app): State<App>,
    Body(body): Body<ImportSql>,
) -> Answer<Imported> {
    let dialect = dialect(&body.dialect)?;
    let done = blocking(move || {
        app.service
            .preview_sql(&body.sql, dialect, body.surrogate_keys)
    })
    .await?;
    Ok(Json(done.into()))
}

pub(super) async fn manifest(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
) -> Answer<Exported> {
    blocking(move || app.service.manifest(&name))
        .await
        .map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Export {
    bucket: String,
    #[serde(default)]
    prefix: String,
}

pub(super) async fn export(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
    Body(body): Body<Export>,
) -> Answer<Exported> {
    Ok(Json(
        app.service
            .export(&name, &body.bucket, &body.prefix)
            .await?,
    ))
}

pub(super) async fn table_file(
    State(app): State<App>,
    Parameters((name, table)): Parameters<(String, String)>,
) -> Result<Response, Problem> {
    let bytes = app.service.table_file(&name, &table).await?;
    Ok((
        [(header::CONTENT_TYPE, "application/vnd.apache.parquet")],
        bytes,
    )
        .into_response())
}

pub(super) async fn openapi() -> Json<Value> {
    Json(super::openapi::document())
}

pub(super) async fn metrics(State(app): State<App>) -> Response {
    let text = app.service.metrics.render((app.settings.sessions)());
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

pub(super) async fn healthy() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Ready when the metadata can be read and both warehouses answer.
pub(super) async fn ready(State(app): State<App>) -> Result<Json<Value>, Problem> {
    match app.service.ready().await {
        Ok(()) => Ok(Json(json!({ "status": "ready" }))),
        Err(e) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            e.to_string(),
        )),
    }
}

pub(super) async fn nothing() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this address",
    )
}

pub(super) async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "the address does not take this method",
    )
}
