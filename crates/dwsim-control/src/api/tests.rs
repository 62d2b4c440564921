//! The interface with hostile input, without emulators: what needs none is refused before they are asked.

#![expect(clippy::unwrap_used, reason = "tests")]

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

fn app(token: Option<&str>) -> Router {
    super::testing::app(token, None)
}

fn request(method: &str, path: &str, body: Option<Value>) -> Request<Body> {
    let builder = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:9");
    match body {
        Some(body) => builder
            .header("content-type", "application/json")
            .body(Body::from(body.to_string())),
        None => builder.body(Body::empty()),
    }
    .unwrap()
}

async fn ask(app: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let problem = response
        .headers()
        .get("content-type")
        .is_some_and(|v| v == "application/problem+json");
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    assert!(
        status.is_success() || status.is_redirection() || problem,
        "{status}: {bytes:?}"
    );
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

const SCHEMA: &str =
    "[tables.a]\nrows = 3\n[tables.a.columns]\nid = { type = \"serial\", primary_key = true }";

#[tokio::test]
async fn names_and_bodies() {
    let app = app(None);
    for name in [
        "",
        "A",
        "a b",
        "a'; drop table x; --",
        "<script>",
        "../../etc",
        "a__next",
        "x_",
        "é",
        &"a".repeat(49),
    ] {
        let (status, _) = ask(
            &app,
            request(
                "POST",
                "/api/experiments",
                Some(json!({ "name": name, "toml": SCHEMA })),
            ),
        )
        .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
    }
    for (body, expected) in [
        (json!({ "name": "a", "toml": SCHEMA, "sql": "x" }), 422),
        (json!({ "name": "a" }), 422),
        (json!({ "name": "a", "toml": "[tables.a" }), 422),
        (json!({ "name": "a", "toml": "" }), 422),
        (
            json!({ "name": "a", "sql": "create table t (x int)", "dialect": "oracle" }),
            422,
        ),
        (
            json!({ "name": "a", "sql": "create table t (x intt)", "dialect": "redshift" }),
            422,
        ),
        (json!({ "name": "a", "schema": { "tables": null } }), 422),
        (json!({ "name": "a", "toml": SCHEMA, "more": 1 }), 422),
        (json!([1]), 422),
        (
            json!({ "name": "a", "schema": { "tables": { "t": { "rows": 2, "columns": { "id": { "type": "serial", "primary_key": true } } } } } }),
            201,
        ),
        (json!({ "name": "a", "toml": SCHEMA }), 409),
    ] {
        let (status, answer) = ask(
            &app,
            request("POST", "/api/experiments", Some(body.clone())),
        )
        .await;
        assert_eq!(status.as_u16(), expected, "{body}: {answer}");
    }
    for (method, path, body, expected) in [
        ("GET", "/api/experiments/nope", None, 404),
        ("GET", "/api/experiments/a", None, 200),
        ("GET", "/api/experiments/a/runs/1", None, 404),
        ("GET", "/api/experiments/a/runs/x", None, 404),
        (
            "POST",
            "/api/experiments/a/query",
            Some(json!({ "sql": "select 1", "dialect": "redshift" })),
            409,
        ),
        (
            "POST",
            "/api/experiments/a/generate",
            Some(json!({ "rows": { "nope": 1 } })),
            422,
        ),
        (
            "POST",
            "/api/experiments/a/generate",
            Some(json!({ "rows": { "t": 999_999_999_999_u64 } })),
            422,
        ),
        (
            "POST",
            "/api/experiments/a/generate",
            Some(json!({ "rows": { "t": -1 } })),
            422,
        ),
        ("PUT", "/api/experiments/a", None, 405),
        ("GET", "/nope", None, 404),
        ("GET", "/readyz", None, 503),
        ("GET", "/healthz", None, 200),
    ] {
        let (status, answer) = ask(&app, request(method, path, body)).await;
        assert_eq!(status.as_u16(), expected, "{method} {path}: {answer}");
    }
    let huge = Request::builder()
        .method("POST")
        .uri("/api/experiments")
        .header("host", "localhost:9")
        .header("content-type", "application/json")
        .body(Body::from(vec![b' '; BODY_LIMIT + 1]))
        .unwrap();
    assert_eq!(ask(&app, huge).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn foreign_pages_are_refused() {
    let app = app(None);
    for (name, value, expected) in [
        ("host", "evil.example", 403),
        ("origin", "http://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "http://127.0.0.1:9", 200),
    ] {
        let mut asked = request("GET", "/api/experiments", None);
        asked.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(
            ask(&app, asked).await.0.as_u16(),
            expected,
            "{name}: {value}"
        );
    }
}

#[tokio::test]
async fn a_token_is_asked_for() {
    let app = app(Some("secret"));
    assert_eq!(
        ask(&app, request("GET", "/api/experiments", None)).await.0,
        StatusCode::UNAUTHORIZED
    );
    for (name, value, expected) in [
        ("authorization", "Bearer wrong", 401),
        ("authorization", "Bearer secret", 200),
        ("cookie", "a=b; dwsim_token=secret", 200),
    ] {
        let mut asked = request("GET", "/api/experiments", None);
        asked.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(
            ask(&app, asked).await.0.as_u16(),
            expected,
            "{name}: {value}"
        );
    }
    assert_eq!(
        ask(&app, request("GET", "/healthz", None)).await.0,
        StatusCode::OK
    );
}

#[test]
fn the_document_has_every_route() {
    let document = super::document();
    let paths = document["paths"].as_object().unwrap();
    let source = include_str!("mod.rs");
    for route in source
        .split(".route(\"")
        .skip(1)
        .filter_map(|s| s.split('"').next())
    {
        assert!(paths.contains_key(route), "{route} is not in the document");
    }
}
