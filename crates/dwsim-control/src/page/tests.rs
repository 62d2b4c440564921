//! The page without emulators: every form with hostile input, and that nothing of it comes back unescaped.

#![expect(clippy::unwrap_used, reason = "tests")]

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use dwsim_runtime::Project;
use tower::ServiceExt;

use crate::api::testing::app_in;

const HOSTILE: &str = "<script>alert(1)</script>\"'&\r\n; drop table x --../..";

async fn ask(
    app: &Router,
    method: &str,
    path: &str,
    form: &[(&str, &str)],
) -> (StatusCode, Response<String>) {
    let encoded: Vec<String> = form
        .iter()
        .map(|(k, v)| {
            format!(
                "{}={}",
                dwsim_runtime::percent(k),
                dwsim_runtime::percent(v)
            )
        })
        .collect();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:9")
        .header("accept", "text/html,*/*")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(encoded.join("&")))
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (parts.status, Response::from_parts(parts, text))
}

const SCHEMA: &str = "[tables.\"a<b>\"]\nrows = 3\n[tables.\"a<b>\".columns]\nid = { type = \"serial\", primary_key = true }";

#[tokio::test]
async fn hostile_fields_are_refused_or_escaped() {
    let app = app_in(None);
    let create = [
        ("tab", "schema"),
        ("name", "shop"),
        ("text", SCHEMA),
        ("action", "create"),
    ];
    let (status, made) = ask(&app, "POST", "/new", &create).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{}", made.body());
    assert_eq!(made.headers()[header::LOCATION], "/experiments/shop");
    let (status, again) = ask(&app, "POST", "/new", &create).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(again.body().contains("already"), "{}", again.body());

    let name = [
        ("tab", "schema"),
        ("name", HOSTILE),
        ("text", SCHEMA),
        ("action", "create"),
    ];
    let text = [
        ("tab", "schema"),
        ("name", "b"),
        ("text", HOSTILE),
        ("action", "create"),
    ];
    let sql = [
        ("tab", "sql"),
        ("name", "b"),
        ("text", HOSTILE),
        ("action", "create"),
        ("dialect", "snowflake"),
    ];
    let check = [
        ("tab", "sql"),
        ("name", HOSTILE),
        ("text", HOSTILE),
        ("action", "check"),
    ];
    let action = [("tab", "sql"), ("action", HOSTILE)];
    let dialect = [("tab", "sql"), ("dialect", HOSTILE), ("action", "check")];
    let rows = [("rows.a<b>", HOSTILE)];
    let seed = [("seed", "-1")];
    let table = [("rows.nope", "5")];
    let query = [("sql", HOSTILE), ("on", "both")];
    let on = [("sql", "select 1"), ("on", HOSTILE)];
    let decide = [("snapshot", HOSTILE), ("action", "accept")];
    let odd = "/experiments/%3Cscript%3E";
    for (method, path, form, expected) in [
        ("POST", "/new", name.as_slice(), 422),
        ("POST", "/new", &text, 422),
        ("POST", "/new", &sql, 422),
        ("POST", "/new", &check, 200),
        ("POST", "/new", &action, 422),
        ("POST", "/new", &dialect, 422),
        ("POST", "/experiments/shop/generate", &rows, 422),
        ("POST", "/experiments/shop/generate", &seed, 422),
        ("POST", "/experiments/shop/generate", &table, 422),
        ("POST", "/experiments/shop/query", &query, 409),
        ("POST", "/experiments/shop/query", &on, 422),
        ("POST", "/experiments/shop/import", &check, 200),
        ("POST", "/experiments/shop/import", &[("action", "x")], 422),
        ("POST", "/snapshots", &decide, 409),
        ("GET", odd, &[], 404),
        ("POST", "/experiments/%3Cscript%3E/delete", &[], 404),
        ("GET", "/experiments/shop/runs/1", &[], 404),
        ("GET", "/experiments/shop/runs/%3Cscript%3E", &[], 404),
        ("GET", "/experiments/shop/tables/%3Cscript%3E", &[], 409),
        (
            "GET",
            "/experiments/shop/tables/x?on=%3Cscript%3E",
            &[],
            422,
        ),
        ("GET", "/experiments/shop/results/7", &[], 404),
        ("GET", "/experiments/shop/results/7/redshift.csv", &[], 404),
        ("GET", "/assets/..%2f..%2fCargo.toml", &[], 404),
        ("GET", "/?deleted=%3Cscript%3E", &[], 400),
        ("PUT", "/new", &[], 405),
        ("GET", "/nowhere", &[], 404),
        ("GET", "/", &[], 200),
        ("GET", "/new", &[], 200),
        ("GET", "/new?tab=sql", &[], 200),
        ("GET", "/experiments/shop", &[], 200),
        ("GET", "/experiments/shop/query", &[], 200),
        ("GET", "/experiments/shop/import", &[], 200),
        ("GET", "/snapshots", &[], 200),
        ("GET", "/status", &[], 200),
        ("GET", "/assets/style.css", &[], 200),
    ] {
        let (status, page) = ask(&app, method, path, form).await;
        assert_eq!(
            status.as_u16(),
            expected,
            "{method} {path} {form:?}: {}",
            page.body()
        );
        let body = page.body();
        for raw in ["<script>alert", "<script>\"", "a<b>"] {
            assert!(!body.contains(raw), "{method} {path} {form:?}: {body}");
        }
        assert!(
            !body.contains(" onclick=") && !body.contains(" style="),
            "{path}"
        );
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        if path.starts_with("/assets/style") {
            continue;
        }
        assert_eq!(
            page.headers()[header::CONTENT_TYPE],
            "text/html; charset=utf-8",
            "{path}"
        );
        assert!(
            body.contains("<main id=\"main\"") && body.trim_end().ends_with("</html>"),
            "{path}: {body}"
        );
    }
}

#[tokio::test]
async fn findings_stand_under_their_lines() {
    let app = app_in(None);
    let sql = "create table a (\n  id int primary key,\n  x intt\n);\n";
    let form = [
        ("tab", "sql"),
        ("name", ""),
        ("text", sql),
        ("action", "check"),
        ("dialect", "redshift"),
    ];
    let (_, page) = ask(&app, "POST", "/new", &form).await;
    let body = page.body();
    let at = body.find("x intt</span>").unwrap();
    let finding = body.find("class=\"finding error\"").unwrap();
    assert!(at < finding && body.contains("line 3, column"), "{body}");
    let good = [
        ("tab", "sql"),
        ("name", ""),
        (
            "text",
            "create table a (id int primary key, email varchar(40))",
        ),
        ("action", "check"),
    ];
    let (_, page) = ask(&app, "POST", "/new", &good).await;
    assert!(
        page.body().contains("How it is understood") && page.body().contains("faker.email"),
        "{}",
        page.body()
    );
}

#[tokio::test]
async fn programs_are_told_in_json() {
    let app = app_in(None);
    let request = Request::builder()
        .uri("/experiments/nope")
        .header("host", "localhost:9")
        .body(Body::empty())
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
}

#[tokio::test]
async fn pending_snapshots_are_decided_on() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    std::fs::write(root.join("dwsim.toml"), "").unwrap();
    let pending = root.join("target/dwsim/pending/tests/sql");
    std::fs::create_dir_all(&pending).unwrap();
    let snap = "dwsim-snapshot 1\nsource: tests/sql/a.sql\ndialects: redshift\norder: exact\nhash: sql=00000000 data=00000000\n---\nn: int\n--- 1 row\n1\n";
    for name in ["a", "b"] {
        std::fs::write(
            pending.join(format!("{name}.redshift.snap")),
            snap.replace("sql/a", &format!("sql/{name}")),
        )
        .unwrap();
    }
    let app = app_in(Some(Project::at(root, root.join("target"))));
    let (_, page) = ask(&app, "GET", "/snapshots", &[]).await;
    let body = page.body().clone();
    assert!(body.contains("tests&#x2f;sql&#x2f;a.snap"), "{body}");
    let seen: Vec<&str> = body
        .split("name=\"seen\" value=\"")
        .skip(1)
        .filter_map(|s| s.split('"').next())
        .collect();
    let stale = [
        ("snapshot", "tests/sql/a.snap"),
        ("seen", "x"),
        ("action", "accept"),
    ];
    assert_eq!(
        ask(&app, "POST", "/snapshots", &stale).await.0,
        StatusCode::CONFLICT
    );
    let outside = [
        ("snapshot", "../../etc/passwd"),
        ("seen", "x"),
        ("action", "accept"),
    ];
    assert_eq!(
        ask(&app, "POST", "/snapshots", &outside).await.0,
        StatusCode::NOT_FOUND
    );
    let accept = [
        ("snapshot", "tests/sql/a.snap"),
        ("seen", seen[0]),
        ("action", "accept"),
    ];
    let (status, page) = ask(&app, "POST", "/snapshots", &accept).await;
    assert_eq!(status, StatusCode::OK, "{}", page.body());
    assert!(
        std::fs::read_to_string(root.join("tests/sql/a.snap"))
            .unwrap()
            .contains("n: int")
    );
    let reject = [
        ("snapshot", "tests/sql/b.snap"),
        ("seen", seen[1]),
        ("action", "reject"),
    ];
    let (status, page) = ask(&app, "POST", "/snapshots", &reject).await;
    assert!(
        status == StatusCode::OK && page.body().contains("Nothing is pending"),
        "{}",
        page.body()
    );
    assert!(!root.join("tests/sql/b.snap").exists());
}
