//! The page for people: experiments, runs, data, queries, snapshots and status as server-rendered HTML that works
//! without JavaScript. What is done and known is the service's part; templates and assets travel inside the binary.

mod assets;
mod data;
mod experiments;
mod form;
mod import;
mod query;
mod render;
mod runs;
mod snapshots;
mod status;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::{get, post};

use crate::api::App;

pub(crate) use render::{for_people, wanted};

/// The routes of the page.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(experiments::list))
        .route("/new", get(import::new).post(import::create))
        .route("/experiments/{name}", get(experiments::show))
        .route("/experiments/{name}/delete", post(experiments::delete))
        .route(
            "/experiments/{name}/import",
            get(import::into).post(import::import),
        )
        .route("/experiments/{name}/generate", post(runs::generate))
        .route("/experiments/{name}/runs/{id}", get(runs::show))
        .route("/experiments/{name}/runs/{id}/stream", get(runs::stream))
        .route("/experiments/{name}/runs/{id}/cancel", post(runs::cancel))
        .route("/experiments/{name}/tables/{table}", get(data::preview))
        .route(
            "/experiments/{name}/tables/{table}/profile",
            get(data::profile),
        )
        .route(
            "/experiments/{name}/query",
            get(query::ask).post(query::run),
        )
        .route("/experiments/{name}/results/{id}", get(query::result))
        .route("/experiments/{name}/results/{id}/{file}", get(query::file))
        .route("/snapshots", get(snapshots::list).post(snapshots::decide))
        .route("/status", get(status::show))
        .route("/assets/{file}", get(assets::file))
}
