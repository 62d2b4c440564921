//! Who may ask: only this machine's own programs and pages. A foreign Host is a rebound DNS name, a foreign Origin
//! another page's script; an optional token keeps other users of the machine out.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::App;
use super::problem::Problem;

/// Whether a Host header names the loopback interface.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "::1"
}

/// Whether a Host header has this name, with any port.
fn is_named(host: &str, name: &str) -> bool {
    let bare = host.rsplit_once(':').map_or(host, |(name, _)| name);
    bare.eq_ignore_ascii_case(name)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).map(|v| v.to_str().unwrap_or("?"))
}

/// Refuses foreign hosts and origins; says to browsers what pages may do, and shows them problems as pages.
pub(super) async fn local(State(app): State<App>, request: Request, next: Next) -> Response {
    let wanted = crate::page::wanted(request.headers());
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        http.request.method = %request.method(),
        url.path = request.uri().path(),
        http.response.status_code = tracing::field::Empty,
    );
    let judging = judged(&app, request, next);
    let mut response = judging.instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    if wanted {
        response = crate::page::for_people(response);
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        // with `no-referrer` a browser would call the origin of a form `null`
        ("referrer-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

async fn judged(app: &App, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST);
    let foreign = |what: &str, value: &str| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "foreign",
            format!(
                "the {what} `{}` is not this machine's",
                value.escape_debug()
            ),
        )
        .into_response()
    };
    match host {
        Some(host) if is_local(host) || app.settings.hosts.iter().any(|h| is_named(host, h)) => {}
        other => return foreign("Host", other.unwrap_or_default()),
    }
    if let (Some(origin), Some(host)) = (text(headers, header::ORIGIN), host)
        && origin.strip_prefix("http://") != Some(host)
        && origin.strip_prefix("https://") != Some(host)
    {
        return foreign("Origin", origin);
    }
    if headers
        .get("sec-fetch-site")
        .is_some_and(|v| v == "cross-site")
        && request.method() != axum::http::Method::GET
    {
        return foreign("site", "cross-site");
    }
    next.run(request).await
}

/// Compares without telling by its time how much was right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |d, (x, y)| d | (x ^ y)) == 0
}

/// The cookie that carries the token for pages.
pub(crate) const COOKIE: &str = "dwsim_token";

/// Asks for the token, if there is one: as a bearer token, as a page's cookie, or once as `?token=`.
pub(super) async fn token(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(expected) = &app.settings.token else {
        return next.run(request).await;
    };
    let headers = request.headers();
    let bearer = text(headers, header::AUTHORIZATION).and_then(|v| v.strip_prefix("Bearer "));
    let cookie = text(headers, header::COOKIE).and_then(|all| {
        all.split(';')
            .find_map(|one| one.trim().strip_prefix(COOKIE)?.strip_prefix('='))
    });
    if [bearer, cookie]
        .into_iter()
        .flatten()
        .any(|given| same(given.as_bytes(), expected.as_bytes()))
    {
        return next.run(request).await;
    }
    let linked = request
        .uri()
        .query()
        .and_then(|q| q.split('&').find_map(|p| p.strip_prefix("token=")));
    if linked.is_some_and(|given| same(given.as_bytes(), expected.as_bytes())) {
        let cookie = format!("{COOKIE}={expected}; HttpOnly; SameSite=Strict; Path=/");
        let to = request.uri().path().to_owned();
        let mut response = axum::response::Redirect::to(&to).into_response();
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, value);
        }
        return response;
    }
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "token",
        "the request carries no valid token",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_names() {
        for (host, local) in [
            ("127.0.0.1:8080", true),
            ("localhost", true),
            ("LOCALHOST:1", true),
            ("[::1]:80", true),
            ("evil.example:80", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:80", false),
            ("", false),
        ] {
            assert_eq!(is_local(host), local, "{host}");
        }
        assert!(is_named("dwsim:8085", "dwsim") && is_named("DWSIM", "dwsim"));
        assert!(!is_named("dwsim.evil.example:80", "dwsim"));
    }
}
