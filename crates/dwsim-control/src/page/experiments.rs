//! The list of experiments, one experiment, and its deletion.
//! Making one is in `import`, its data in `data` and `query`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use dwsim_runtime::chrono::DateTime;
use dwsim_runtime::{Dialect, percent};
use serde::Deserialize;
use serde_json::{Value, json};

use super::render::{page, see};
use crate::api::{App, Asked, Parameters, Problem, blocking};
use crate::connections::connections;
use crate::store::{Run, Status};

/// The place of an experiment's page.
pub(super) fn base(name: &str) -> String {
    format!("/experiments/{}", percent(name))
}

/// Its place in the REST interface.
pub(super) fn api(name: &str) -> String {
    format!("/api/experiments/{}", percent(name))
}

/// What a status looks like.
pub(super) fn class(status: Status) -> &'static str {
    match status {
        Status::Running => "warn",
        Status::Done => "ok",
        Status::Failed => "bad",
        Status::Cancelled => "",
    }
}

/// How long a run took or takes, in words.
pub(super) fn took(run: &Run) -> String {
    match run.ended {
        Some(ended) => format!("{} s", ended.saturating_sub(run.started)),
        None => "…".to_owned(),
    }
}

/// Seconds since 1970 for people.
fn moment(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or_else(String::new, |t| {
        t.format("%Y-%m-%d %H:%M:%S UTC").to_string()
    })
}

pub(super) fn title(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Redshift => "Redshift",
        Dialect::Snowflake => "Snowflake",
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Listed {
    deleted: Option<u32>,
}

pub(super) async fn list(
    State(app): State<App>,
    Asked(listed): Asked<Listed>,
) -> Result<Response, Problem> {
    let all = blocking(move || app.service.list()).await?;
    page(
        StatusCode::OK,
        "list.html",
        json!({ "here": "experiments", "experiments": all, "deleted": listed.deleted }),
    )
}

pub(super) async fn show(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
) -> Result<Response, Problem> {
    let service = app.service.clone();
    let asked = name.clone();
    let (detail, runs, seed, dialects) = blocking(move || {
        let (seed, dialects) = service.defaults(&asked)?;
        Ok((service.show(&asked)?, service.runs(&asked)?, seed, dialects))
    })
    .await?;
    let runs: Vec<Value> = runs
        .iter()
        .take(50)
        .map(|r| {
            json!({
                "id": r.id, "status": r.status, "class": class(r.status), "seed": r.seed.to_string(),
                "rows": r.tables.iter().map(|t| t.rows).sum::<u64>(), "began": moment(r.started),
                "took": took(r), "error": r.error,
            })
        })
        .collect();
    let dialects: Vec<Value> = Dialect::ALL
        .iter()
        .map(|d| json!({ "name": d.name(), "title": title(*d), "chosen": dialects.contains(d) }))
        .collect();
    let connections = connections(&app.service.endpoints, Some(&detail.database));
    page(
        StatusCode::OK,
        "show.html",
        json!({
            "here": "experiments", "e": detail, "runs": runs, "seed": seed.to_string(), "dialects": dialects,
            "base": base(&name), "api": api(&name), "connections": connections,
        }),
    )
}

pub(super) async fn delete(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
) -> Result<Response, Problem> {
    let deleted = crate::api::delete_whole(&app, name).await?;
    Ok(see(&format!("/?deleted={}", deleted.dropped_tables)))
}
