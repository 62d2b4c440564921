//! OTLP over HTTP in its JSON encoding, from a thread of its own: the encoding that every collector takes beside
//! protobuf, and that needs no generated code. <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Spans that wait to be sent; more are dropped.
const WAITING: usize = 8_192;

/// Spans of one request.
const BATCH: usize = 512;

/// How long a span waits for others.
const PACE: Duration = Duration::from_millis(500);

/// How long the collector may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Where spans go, and what is said with all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Host and port.
    address: String,
    path: String,
    headers: Vec<(String, String)>,
    resource: Vec<(String, String)>,
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.trim().is_empty())
}

/// `a=b,c=d`, as the specification writes lists.
fn pairs(text: &str) -> Vec<(String, String)> {
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned()))
        .collect()
}

impl Target {
    /// What the variables of OpenTelemetry say; nothing without an endpoint.
    pub(super) fn from_environment() -> Result<Option<Self>, String> {
        if variable("OTEL_SDK_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true"))
            || variable("OTEL_TRACES_EXPORTER").is_some_and(|v| v == "none")
        {
            return Ok(None);
        }
        let url = match (
            variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
            variable("OTEL_EXPORTER_OTLP_ENDPOINT"),
        ) {
            (Some(whole), _) => whole,
            (None, Some(base)) => format!("{}/v1/traces", base.trim_end_matches('/')),
            (None, None) => return Ok(None),
        };
        let protocol = variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
            .or_else(|| variable("OTEL_EXPORTER_OTLP_PROTOCOL"));
        if let Some(other) = protocol.filter(|p| !p.starts_with("http/")) {
            return Err(format!(
                "OTEL_EXPORTER_OTLP_PROTOCOL is `{other}`; dwsim sends http/json, which collectors take on port 4318: no spans are sent"
            ));
        }
        let mut resource = vec![
            (
                "service.version".to_owned(),
                env!("CARGO_PKG_VERSION").to_owned(),
            ),
            ("process.pid".to_owned(), std::process::id().to_string()),
        ];
        resource.extend(pairs(
            &variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default(),
        ));
        let name = variable("OTEL_SERVICE_NAME").unwrap_or_else(|| "dwsim".to_owned());
        resource.retain(|(k, _)| k != "service.name");
        resource.push(("service.name".to_owned(), name));
        let headers = pairs(&variable("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default());
        Target::of(&url, headers, resource).map(Some)
    }

    fn of(
        url: &str,
        headers: Vec<(String, String)>,
        resource: Vec<(String, String)>,
    ) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| {
            format!("the OTLP endpoint `{url}` is not http://HOST:PORT, which is all that dwsim speaks: no spans are sent")
        })?;
        let (host, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let address = if host
            .rsplit_once(':')
            .is_some_and(|(_, p)| p.parse::<u16>().is_ok())
        {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let plain = |s: &str| !s.contains(['\r', '\n']);
        if host.is_empty() || !plain(url) || !headers.iter().all(|(k, v)| plain(k) && plain(v)) {
            return Err(format!(
                "the OTLP endpoint `{}` is no address",
                url.escape_debug()
            ));
        }
        Ok(Target {
            address,
            path: path.to_owned(),
            headers,
            resource,
        })
    }

    fn body(&self, spans: &[Value]) -> String {
        let attributes: Vec<Value> = self
            .resource
            .iter()
            .map(|(k, v)| json!({ "key": k, "value": { "stringValue": v } }))
            .collect();
        json!({ "resourceSpans": [{
            "resource": { "attributes": attributes },
            "scopeSpans": [{ "scope": { "name": "dwsim", "version": env!("CARGO_PKG_VERSION") }, "spans": spans }],
        }]})
        .to_string()
    }

    fn send(&self, spans: &[Value]) -> io::Result<()> {
        let body = self.body(spans);
        let address = self
            .address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::Error::other("the host has no address"))?;
        let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let mut head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.path,
            self.address,
            body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(4_096).read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        match answer.split(' ').nth(1) {
            Some(status) if status.starts_with('2') => Ok(()),
            Some(status) => Err(io::Error::other(format!("status {status}"))),
            None => Err(io::Error::other("no HTTP answer")),
        }
    }
}

/// The thread that sends.
#[derive(Debug)]
pub(super) struct Exporter {
    sender: SyncSender<Value>,
    thread: JoinHandle<()>,
}

/// What asks the thread to end; no span is JSON's null.
const END: Value = Value::Null;

impl Exporter {
    pub(super) fn start(target: Target) -> io::Result<Self> {
        let (sender, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("otlp".to_owned())
            .spawn(move || export(&target, &waiting))?;
        Ok(Exporter { sender, thread })
    }

    pub(super) fn sender(&self) -> SyncSender<Value> {
        self.sender.clone()
    }

    /// Sends what is left, within the collector's time.
    pub(super) fn finish(self) {
        if self.sender.try_send(END).is_err() {
            return;
        }
        let begun = Instant::now();
        while !self.thread.is_finished() && begun.elapsed() < LIMIT {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn export(target: &Target, waiting: &Receiver<Value>) {
    let mut refused = false;
    let mut batch = Vec::new();
    loop {
        let next = waiting.recv_timeout(PACE);
        let ended = matches!(&next, Ok(Value::Null) | Err(RecvTimeoutError::Disconnected));
        let paused = next.is_err();
        if let Ok(span) = next
            && span != END
        {
            batch.push(span);
        }
        if batch.len() >= BATCH || ((ended || paused) && !batch.is_empty()) {
            match target.send(&batch) {
                Ok(()) => refused = false,
                // said once, not for each batch
                Err(e) if !refused => {
                    refused = true;
                    tracing::warn!(error = %e, collector = target.address, "spans cannot be sent");
                }
                Err(_) => {}
            }
            batch.clear();
        }
        if ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        let of = |url: &str| Target::of(url, Vec::new(), Vec::new());
        let target = of("http://127.0.0.1:4318/v1/traces").map(|t| (t.address, t.path));
        assert_eq!(target, Ok(("127.0.0.1:4318".into(), "/v1/traces".into())));
        assert_eq!(
            of("http://tempo/x").map(|t| t.address),
            Ok("tempo:80".into())
        );
        for wrong in [
            "https://a:4318",
            "grpc://a",
            "http:///x",
            "http://a\r\nX: y/",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            pairs("a=b, c = d,x"),
            [("a".into(), "b".into()), ("c".into(), "d".into())]
        );
    }
}
