//! Spans of a run as a collector gets them over OTLP, linked from the request down to each table; logs as JSON.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Sandbox;
use crate::served::Served;

/// A collector that keeps every span it is sent.
fn collector() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!(
        "http://{}",
        listener.local_addr().expect("it has an address")
    );
    let spans = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&spans);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut bytes = Vec::new();
            let mut buffer = [0; 8192];
            let body = loop {
                let n = stream.read(&mut buffer).expect("it is readable");
                assert!(n > 0, "the body ends early");
                bytes.extend_from_slice(&buffer[..n]);
                let text = String::from_utf8_lossy(&bytes);
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                assert!(head.starts_with("POST /v1/traces "), "{head}");
                let length: usize = head
                    .lines()
                    .find_map(|l| l.strip_prefix("Content-Length: "))
                    .and_then(|l| l.parse().ok())
                    .expect("a length");
                if body.len() >= length {
                    break body.to_owned();
                }
            };
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                .expect("it is writable");
            let sent: Value = serde_json::from_str(&body).expect("JSON");
            let resource = sent["resourceSpans"][0]["resource"]["attributes"].to_string();
            assert!(
                resource.contains("service.name") && resource.contains("dwsim-test"),
                "{resource}"
            );
            let all = sent["resourceSpans"][0]["scopeSpans"][0]["spans"]
                .as_array()
                .expect("spans");
            kept.lock().expect("no panic").extend(all.iter().cloned());
        }
    });
    (url, spans)
}

#[test]
fn spans_of_a_run_are_linked() {
    let sandbox = Sandbox::empty();
    let (url, spans) = collector();
    let served = Served::start(
        &sandbox,
        &["--log-format", "json"],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
            ("OTEL_SERVICE_NAME", "dwsim-test"),
        ],
    );
    let schema =
        "[tables.a]\nrows = 30\n[tables.a.columns]\nid = { type = \"serial\", primary_key = true }";
    served.json(
        "POST",
        "/api/experiments",
        &json!({ "name": "a", "toml": schema }),
    );
    let (status, run) = served.json("POST", "/api/experiments/a/generate", &json!({}));
    assert_eq!(status, 202, "{run}");
    let place = format!("/api/experiments/a/runs/{}", run["id"]);
    let began = Instant::now();
    while served.json("GET", &place, &Value::Null).1["status"] == "running" {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(20));
    }
    served.json(
        "POST",
        "/api/experiments/a/query",
        &json!({ "sql": "select nope", "dialect": "redshift" }),
    );
    // what waits is sent before the process ends
    served.terminate();
    let spans = spans.lock().expect("no panic").clone();
    let find = |name: &str| -> Vec<&Value> { spans.iter().filter(|s| s["name"] == name).collect() };
    let run = find("run")[0];
    let parent = |span: &Value| {
        let id = &span["parentSpanId"];
        spans
            .iter()
            .find(|s| s["spanId"] == *id)
            .map(|s| s["name"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(parent(run).as_deref(), Some("request"), "{run}");
    for (name, above, count) in [
        ("stage", "run", 1),
        ("load", "run", 2),
        ("table", "stage", 1),
        ("generate", "table", 1),
        ("put", "table", 1),
    ] {
        let found = find(name);
        assert_eq!(found.len(), count, "{name}");
        for span in found {
            assert_eq!(parent(span).as_deref(), Some(above), "{span}");
            assert_eq!(span["traceId"], run["traceId"], "{span}");
            assert!(
                span["startTimeUnixNano"].as_str() <= span["endTimeUnixNano"].as_str(),
                "{span}"
            );
        }
    }
    assert!(find("load")[0]["events"].to_string().contains("loaded"));
    let query = find("query")[0];
    assert_eq!(query["status"]["code"], 2, "{query}");
    assert_eq!(parent(query).as_deref(), Some("request"));
    assert!(query["attributes"].to_string().contains("42703"), "{query}");
}

#[test]
fn logs_as_json() {
    let sandbox = Sandbox::empty();
    let mut command = sandbox.command(&[
        "-v",
        "--log-format",
        "json",
        "serve",
        "--redshift-port",
        "0",
        "--snowflake-port",
        "0",
        "--s3-port",
        "0",
        "--idle-timeout",
        "1",
    ]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318");
    let output = command.output().expect("the binary can be started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line = stderr
        .lines()
        .find(|l| l.starts_with('{'))
        .unwrap_or_else(|| panic!("{stderr}"));
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(line["level"], "ERROR");
    assert!(
        line["message"]
            .as_str()
            .expect("a message")
            .contains("https://collector:4318"),
        "{line}"
    );
}
