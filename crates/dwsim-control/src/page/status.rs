//! Where the emulators listen, whether they answer, and how clients connect.
//! Nothing is started or stopped from here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use dwsim_runtime::Endpoint;
use serde_json::{Value, json};

use super::render::page;
use crate::api::{App, Problem};
use crate::connections::connections;
use crate::metrics::resident_memory;

pub(super) async fn show(State(app): State<App>) -> Result<Response, Problem> {
    let e = &app.service.endpoints;
    let tls = e.tls.as_ref();
    let server =
        |name: &str, at: Option<&Endpoint>| at.map(|at| json!({ "name": name, "url": at.url }));
    let secure =
        |name: &str, url: Option<&String>| url.map(|url| json!({ "name": name, "url": url }));
    let servers: Vec<Value> = [
        server("Redshift", Some(&e.redshift)),
        server("Snowflake", Some(&e.snowflake)),
        server("S3", Some(&e.s3)),
        server("Redshift's Data API", e.redshift_data.as_ref()),
        server("Control plane", e.control.as_ref()),
        secure("Snowflake over TLS", tls.map(|t| &t.snowflake)),
        secure("S3 over TLS", tls.map(|t| &t.s3)),
        secure(
            "Redshift's Data API over TLS",
            tls.map(|t| &t.redshift_data),
        ),
        secure("Control plane over TLS", tls.map(|t| &t.control)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let ready = app.service.ready().await;
    page(
        StatusCode::OK,
        "status.html",
        json!({
            "here": "status", "servers": servers, "ready": ready.is_ok(),
            "reason": ready.err().map(|e| e.to_string()), "sessions": (app.settings.sessions)(),
            "memory": resident_memory(), "connections": connections(e, None),
        }),
    )
}
