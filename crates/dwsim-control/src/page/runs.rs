//! Generating, its progress as it goes, and cancelling it.
//! What a run does is the service's part.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};
use serde_json::{Value, json};
use tokio_stream::wrappers::WatchStream;

use super::experiments::{base, class, took};
use super::form::Fields;
use super::render::{page, see, text};
use crate::api::{App, Parameters, Problem, blocking};
use crate::experiment::GenerateOptions;
use crate::store::{Run, Status};

/// Time between two pictures of the progress.
const PACE: Duration = Duration::from_millis(120);

fn number(what: &str, text: &str) -> Result<u64, Problem> {
    text.trim().parse().map_err(|_| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            format!("{what}: `{text}` is no whole number"),
        )
    })
}

pub(super) async fn generate(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut options = GenerateOptions::default();
    for (field, value) in fields.0.iter().filter(|(_, v)| !v.trim().is_empty()) {
        match field.as_str() {
            "seed" => options.seed = Some(number("seed", value)?),
            "dialect" => options.dialects.push(crate::api::dialect(value)?),
            other => {
                if let Some(table) = other.strip_prefix("rows.") {
                    let rows = number(&format!("rows of {table}"), value)?;
                    options.rows.insert(table.to_owned(), rows);
                }
            }
        }
    }
    let asked = name.clone();
    let run = blocking(move || app.service.generate(&asked, &options)).await?;
    Ok(see(&format!("{}/runs/{}", base(&name), run.id)))
}

/// A run for the templates.
fn shown(run: &Run) -> Value {
    let tables: Vec<Value> = run
        .tables
        .iter()
        .map(|t| {
            let loads: Vec<Option<u64>> =
                run.dialects.iter().map(|d| t.loaded.get(d).copied()).collect();
            json!({
                "table": t.table, "rows": t.rows, "generated": t.generated.min(t.rows), "most": t.rows.max(1),
                "bytes": t.bytes, "loads": loads,
            })
        })
        .collect();
    json!({
        "id": run.id, "experiment": run.experiment, "status": run.status, "class": class(run.status),
        "seed": run.seed.to_string(), "dialects": run.dialects, "took": took(run), "error": run.error, "tables": tables,
    })
}

pub(super) async fn show(
    State(app): State<App>,
    Parameters((name, id)): Parameters<(String, i64)>,
) -> Result<Response, Problem> {
    let asked = name.clone();
    let run = blocking(move || app.service.run(&asked, id)).await?;
    page(
        StatusCode::OK,
        "run.html",
        json!({ "here": "experiments", "run": shown(&run), "base": base(&name) }),
    )
}

/// The progress as HTML, each time it has changed; `end` once the run has ended.
pub(super) async fn stream(
    State(app): State<App>,
    Parameters((name, id)): Parameters<(String, i64)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let (service, asked) = (app.service.clone(), name.clone());
    let (run, follow) =
        blocking(move || Ok((service.run(&asked, id)?, service.follow(id)))).await?;
    let changes = match follow {
        Some(changes) => tokio_stream::StreamExt::throttle(WatchStream::new(changes), PACE).boxed(),
        None => futures::stream::iter([run]).boxed(),
    };
    let base = base(&name);
    let events = changes.map(move |run| {
        let kind = if run.status == Status::Running {
            "progress"
        } else {
            "end"
        };
        let html =
            text("progress.html", json!({ "run": shown(&run), "base": base })).unwrap_or_default();
        // a carriage return ends a line of the protocol
        Ok(Event::default().event(kind).data(html.replace('\r', " ")))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

pub(super) async fn cancel(
    State(app): State<App>,
    Parameters((name, id)): Parameters<(String, i64)>,
) -> Result<Response, Problem> {
    let asked = name.clone();
    blocking(move || app.service.cancel(&asked, id)).await?;
    Ok(see(&format!("{}/runs/{id}", base(&name))))
}
