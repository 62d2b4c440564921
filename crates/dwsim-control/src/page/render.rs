//! Templates with what is put into them, escaped; problems as pages.
//! What stands on a page is the page's own part.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dwsim_runtime::percent;
use minijinja::value::{Serde, Value as Shown};
use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Value, json};

use crate::api::Problem;

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates![
    "base.html",
    "connections.html",
    "dialect.html",
    "error.html",
    "import.html",
    "interpretation.html",
    "list.html",
    "new.html",
    "profile.html",
    "progress.html",
    "query.html",
    "result.html",
    "rows.html",
    "run.html",
    "show.html",
    "snapshots.html",
    "status.html",
    "table.html",
];

static PAGES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    pages.add_filter("segment", percent);
    pages.add_filter("thousands", thousands);
    pages.add_filter("bytes", bytes);
    for (name, text) in TEMPLATES {
        pages.add_template(name, text)?;
    }
    Ok(pages)
});

fn thousands(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

fn bytes(n: i64) -> String {
    let mut size = n as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 999.5 {
            return match unit {
                "B" => format!("{size:.0} B"),
                _ => format!("{size:.1} {unit}"),
            };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// A template with its values.
pub(super) fn text(name: &str, mut values: Value) -> Result<String, Problem> {
    if let Value::Object(values) = &mut values {
        values.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
        values.entry("here").or_insert(Value::Null);
    }
    let broken = |e: &minijinja::Error| {
        tracing::error!(error = %e, page = name, "a page cannot be made");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "page",
            "the page cannot be made",
        )
    };
    let pages = PAGES.as_ref().map_err(broken)?;
    let template = pages.get_template(name).map_err(|e| broken(&e))?;
    template
        .render(Shown::from(Serde(values)))
        .map_err(|e| broken(&e))
}

/// A page with its status.
pub(super) fn page(status: StatusCode, name: &str, values: Value) -> Result<Response, Problem> {
    Ok(html(status, text(name, values)?))
}

fn html(status: StatusCode, text: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, kind, text).into_response()
}

/// To another page after something was done, so that reloading does not do it again.
pub(super) fn see(place: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // places are made of segments, which are plain
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// A problem as a page, for those who asked for one; anything else as it is.
pub(crate) fn for_people(response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let status = problem.status();
    let made = text(
        "error.html",
        json!({
            "status": status.as_u16(),
            "title": status.canonical_reason().unwrap_or("Error"),
            "detail": problem.detail(),
            "errors": problem.extra("errors"),
        }),
    );
    match made {
        Ok(text) => html(status, text),
        Err(_) => response,
    }
}

/// Whether a page is asked for.
pub(crate) fn wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accept.is_some_and(|a| a.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one() {
        let pages = PAGES.as_ref().map_err(ToString::to_string);
        assert!(pages.is_ok(), "{pages:?}");
    }

    #[test]
    fn numbers() {
        assert_eq!(thousands(-1_234_567), "-1\u{202f}234\u{202f}567");
        assert_eq!(thousands(12), "12");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500_000), "1.5 MB");
    }
}
