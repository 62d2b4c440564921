//! `serve` as a child that ends with the test, and HTTP as simple as can be: one request per connection.
//! What is asked is the tests' part.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use dwsim_runtime::percent;

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

    /// URL of the control plane.
    pub fn url(&self) -> String {
        let url = self.ready["control"]["url"].as_str();
        url.expect("a control plane").to_owned()
    }

    /// Sends a signal, for example `-TERM`.
    pub fn signal(&self, name: &str) {
        let status = std::process::Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(status.expect("kill can be run").success());
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        let ended = self.child.try_wait().expect("it can be asked");
        ended.is_none()
    }

    /// Waits for its end, at most 20 s; the exit code.
    pub fn wait(&mut self) -> i32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status.code().unwrap_or(-1);
            }
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "still running after 20 s"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it as a user does.
    pub fn terminate(mut self) {
        self.signal("-TERM");
        self.wait();
    }

    /// Asks as a browser does.
    pub fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        self.ask_for("text/html", method, path, kind, body)
    }

    fn ask_for(&self, wanted: &str, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        let address = self.control();
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAccept: {wanted}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
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
            .map(|(k, v)| format!("{}={}", percent(k), percent(v)))
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
        let json = "application/json";
        let answer = self.ask_for(json, method, path, json, &body.to_string());
        (
            answer.status,
            serde_json::from_slice(&answer.body).unwrap_or_default(),
        )
    }
}
