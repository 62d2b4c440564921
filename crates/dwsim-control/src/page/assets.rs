//! What the pages load: the style, htmx and a little script, from inside the binary.
//! Pages themselves are templates.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::api::{Parameters, Problem};
use crate::experiment::Error;

const FILES: &[(&str, &str, &str)] = &[
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/style.css"),
    ),
    (
        "app.js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/app.js"),
    ),
    (
        "htmx.min.js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/htmx.min.js"),
    ),
    (
        "htmx-sse.min.js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/htmx-sse.min.js"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_str!("../../assets/icon.svg"),
    ),
];

pub(super) async fn file(Parameters(name): Parameters<String>) -> Result<Response, Problem> {
    let found = FILES.iter().find(|(file, _, _)| *file == name);
    let (_, kind, text) = found.ok_or(Error::NotFound {
        what: "asset",
        name,
    })?;
    Ok((
        [
            (header::CONTENT_TYPE, *kind),
            // another dwsim may answer at this port the next minute
            (header::CACHE_CONTROL, "no-cache"),
        ],
        *text,
    )
        .into_response())
}
