//! `serve` as a child that ends with the test, and HTTP as simple as can be: one request per connection.
//! What is asked is the tests' part.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::harness::Sandbox;

/// A server that ends with the test.
pub struct Served {
    child: Child,
    /// The line that it printed when it was ready.
    pub ready: serde_json::Value,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.text());
        self
    }
}

/// Text as a field of a form or a part of a path.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

impl Served {
    /// On free ports.
    pub fn start(sandbox: &Sandbox, more: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut arguments = vec![
            "serve",
            "--redshift-port",
            "0",
            "--snowflake-port",
            "0",
            "--s3-port",
            "0",
        ];
        arguments.extend(more);
        let mut command = sandbox.command(&arguments);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command.envs(environment.iter().copied());
        let mut child = command.spawn().expect("the binary can be started");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("it prints a line");
        let ready = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line:?}: {e}"));
        Served { child, ready }
    }

    /// `127.0.0.1:PORT` of the control plane.
    pub fn control(&self) -> String {
        let control = &self.ready["control"];
        format!(
            "{}:{}",
            control["host"].as_str().expect("a host"),
            control["port"]
        )
    }

    /// Stops it as a user does.
    pub fn terminate(mut self) {
        let id = self.child.id().to_string();
        let _ = std::process::Command::new("kill").arg(&id).status();
        let _ = self.child.wait();
    }

    pub fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        let address = self.control();
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAccept: text/html\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("it reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("it answers");
        let split = bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .expect("an HTTP answer");
        let body = bytes.split_off(split + 4);
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .expect("a status");
        Answer { status, head, body }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "text/plain", "")
    }

    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(k, v)| format!("{}={}", encoded(k), encoded(v)))
            .collect();
        self.ask(
            "POST",
            path,
            "application/x-www-form-urlencoded",
            &pairs.join("&"),
        )
    }

    /// JSON from the REST interface.
    pub fn json(
        &self,
        method: &str,
        path: &str,
        body: &serde_json::Value,
    ) -> (u16, serde_json::Value) {
        let answer = self.ask(method, path, "application/json", &body.to_string());
        (
            answer.status,
            serde_json::from_slice(&answer.body).unwrap_or_default(),
        )
    }
}
