//! The control plane over HTTP: REST under `/api`, health and metrics, the page; on the loopback interface.
//! What the requests do is in [`crate::experiment`].

mod body;
mod guard;
mod handlers;
mod openapi;
mod problem;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};

use crate::experiment::Service;
use dwsim_runtime::Project;

pub(crate) use body::{Asked, Parameters};
pub(crate) use handlers::{blocking, delete_whole, dialect};
pub use openapi::document;
pub use problem::Problem;

/// Largest body that is read, in bytes.
pub const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Longest time a request but a stream may take.
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_secs(120);

/// How requests are judged and answered.
#[derive(Clone)]
pub struct Settings {
    /// What requests must carry as `Authorization: Bearer …`, if anything.
    pub token: Option<String>,
    /// Open connections to the emulators.
    pub sessions: Arc<dyn Fn() -> usize + Send + Sync>,
    /// The project whose pending snapshots the page shows.
    pub project: Option<Project>,
    /// Names of this machine besides those of the loopback interface that requests may be for.
    pub hosts: Vec<String>,
}

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) service: Arc<Service>,
    pub(crate) settings: Settings,
}

/// The routes. `others` are served behind the same checks of Host and Origin, but ask for no token.
pub fn router(service: Arc<Service>, settings: Settings, others: Router) -> Router {
    let app = App { service, settings };
    let api = Router::new()
        .route(
            "/api/experiments",
            get(handlers::list).post(handlers::create),
        )
        .route(
            "/api/experiments/{name}",
            get(handlers::show).delete(handlers::delete),
        )
        .route("/api/experiments/{name}/generate", post(handlers::generate))
        .route("/api/experiments/{name}/runs", get(handlers::runs))
        .route("/api/experiments/{name}/runs/{id}", get(handlers::run))
        .route(
            "/api/experiments/{name}/runs/{id}/cancel",
            post(handlers::cancel),
        )
        .route(
            "/api/experiments/{name}/runs/{id}/events",
            get(handlers::events),
        )
        .route("/api/experiments/{name}/query", post(handlers::query))
        .route(
            "/api/experiments/{name}/import-sql",
            post(handlers::import_sql),
        )
        .route(
            "/api/experiments/{name}/export",
            get(handlers::manifest).post(handlers::export),
        )
        .route(
            "/api/experiments/{name}/tables/{table}",
            get(handlers::table_file),
        )
        .route("/api/import-sql", post(handlers::preview_sql))
        .route("/api/openapi.json", get(handlers::openapi))
        .route("/metrics", get(handlers::metrics))
        .merge(crate::page::routes())
        .fallback(handlers::nothing)
        .method_not_allowed_fallback(handlers::wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), guard::token))
        .with_state(app.clone());
    let open = Router::new()
        .route("/healthz", get(handlers::healthy))
        .route("/readyz", get(handlers::ready))
        .with_state(app.clone());
    api.merge(open)
        .merge(others)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(app, guard::local))
}
