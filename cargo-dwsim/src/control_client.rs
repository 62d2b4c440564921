//! Asking the control plane of a running instance over HTTP: one request per connection, JSON both ways.
//! What can be asked is `dwsim-control`'s interface; its problems come out as errors of the command line.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use dwsim_runtime::{Endpoint, instance};
use serde_json::Value;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit;

/// Longest wait for an answer: a statement may take a minute.
const LIMIT: Duration = Duration::from_secs(180);

/// The control plane of one instance.
#[derive(Debug)]
pub struct Control {
    address: String,
    token: Option<String>,
}

impl Control {
    /// At the URL, or that of this project's running instance.
    pub fn find(ctx: &Context, url: Option<&str>) -> Result<Self> {
        let token = std::env::var("DWSIM_CONTROL_TOKEN")
            .ok()
            .filter(|t| !t.is_empty());
        if let Some(url) = url {
            let address = url
                .strip_prefix("http://")
                .unwrap_or(url)
                .trim_end_matches('/');
            return Ok(Control {
                address: address.to_owned(),
                token,
            });
        }
        let running = instance::find(&ctx.project()?)?;
        let control: Option<Endpoint> = running.and_then(|r| r.endpoints.control);
        match control {
            Some(control) => Ok(Control {
                address: format!("{}:{}", control.host, control.port),
                token,
            }),
            None => Err(Error::Target {
                message: "no emulators are running for this project".to_owned(),
                help: Some(
                    "`cargo dwsim up` starts them; `--url http://127.0.0.1:PORT` names the `control` of `serve`"
                        .to_owned(),
                ),
            }),
        }
    }

    /// Asks, and gives the body of a successful answer.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Vec<u8>> {
        let failed = |e: std::io::Error| Error::Emulator {
            message: format!("the control plane at {}: {e}", self.address),
            help: None,
        };
        let mut stream = TcpStream::connect(&self.address).map_err(failed)?;
        stream.set_read_timeout(Some(LIMIT)).map_err(failed)?;
        let text = body.map(Value::to_string).unwrap_or_default();
        let token = self
            .token
            .as_ref()
            .map(|t| format!("Authorization: Bearer {t}\r\n"))
            .unwrap_or_default();
        // HTTP/1.0: the answer comes in one piece and ends with the connection
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\n{token}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            text.len()
        );
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(text.as_bytes()))
            .map_err(failed)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(failed)?;
        let split = answer.windows(4).position(|w| w == b"\r\n\r\n");
        let Some(split) = split else {
            return Err(Error::Emulator {
                message: format!("{} is no control plane of dwsim", self.address),
                help: None,
            });
        };
        let body = answer.split_off(split + 4);
        let head = String::from_utf8_lossy(&answer);
        let status = head.split(' ').nth(1).unwrap_or_default();
        if status.starts_with('2') {
            return Ok(body);
        }
        Err(refusal(status, &body))
    }

    /// As [`Control::ask`], for JSON.
    pub fn json(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.ask(method, path, body)?;
        serde_json::from_slice(&answer).map_err(|e| Error::Emulator {
            message: format!("{} answered no JSON: {e}", self.address),
            help: None,
        })
    }
}

/// A problem as an error, with everything it lists.
fn refusal(status: &str, body: &[u8]) -> Error {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| problem.get(key).and_then(Value::as_str);
    let mut message = text("detail").map_or_else(|| format!("HTTP {status}"), str::to_owned);
    for error in problem["errors"].as_array().into_iter().flatten() {
        message.push_str(&format!("\n{}", error.as_str().unwrap_or_default()));
    }
    for finding in problem["findings"].as_array().into_iter().flatten() {
        let advice = finding["advice"].as_str();
        message.push_str(&format!(
            "\n{}:{}: {}: {}{}",
            finding["line"],
            finding["column"],
            finding["level"].as_str().unwrap_or_default(),
            finding["message"].as_str().unwrap_or_default(),
            advice.map(|a| format!(" (help: {a})")).unwrap_or_default()
        ));
    }
    let code = match text("type").unwrap_or_default() {
        "urn:dwsim:problem:sql" => exit::SQL,
        "urn:dwsim:problem:invalid" | "urn:dwsim:problem:import_refused" => exit::SCHEMA,
        "urn:dwsim:problem:not_found" | "urn:dwsim:problem:conflict" => exit::USAGE,
        _ => exit::EMULATOR,
    };
    Error::Control { message, code }
}
