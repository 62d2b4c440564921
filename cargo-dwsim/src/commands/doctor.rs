//! `doctor`: tries what dwsim needs, here and now, and says what it found: one line a check.

use std::path::Path;
use std::time::Instant;

use dwsim_runtime::{Connection, Dialect, Project, Value, instance};
use serde_json::json;
use tokio::process::Command;

use crate::cli::Format;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::supervisor::{self, Emulators, Settings};
use crate::{exit, output};

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Text, or one JSON object a check
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    /// Works without it.
    Note,
    Failed,
}

/// Checks, and prints as it goes.
struct Doctor {
    format: Format,
    failed: bool,
}

impl Doctor {
    fn say(&mut self, state: State, check: &str, text: impl std::fmt::Display) -> Result<()> {
        self.failed |= state == State::Failed;
        let word = match state {
            State::Ok => "ok",
            State::Note => "note",
            State::Failed => "FAILED",
        };
        match self.format {
            Format::Human => output::line(format_args!("{word:<7} {check:<12} {text}")),
            Format::Json => {
                output::json(&json!({"check": check, "state": word, "text": text.to_string()}))
            }
        }
    }

    fn judge(&mut self, check: &str, result: std::result::Result<String, String>) -> Result<()> {
        match result {
            Ok(text) => self.say(State::Ok, check, text),
            Err(text) => self.say(State::Failed, check, text),
        }
    }
}

/// Runs all checks. A failed one makes the exit code 35.
pub async fn run(ctx: &Context, args: &DoctorArgs) -> Result<i32> {
    let mut doctor = Doctor {
        format: args.format,
        failed: false,
    };
    doctor.say(State::Ok, "version", env!("CARGO_PKG_VERSION"))?;
    for (tool, arguments) in [
        ("cargo", &["--version"][..]),
        ("nextest", &["nextest", "--version"]),
    ] {
        match version(arguments).await {
            Some(text) => doctor.say(State::Ok, tool, text)?,
            None => doctor.say(State::Note, tool, "not found; needed for Rust tests only")?,
        }
    }
    match ctx.project() {
        Ok(project) => project_checks(ctx, &mut doctor, &project)?,
        Err(Error::NoProject { .. }) => {
            doctor.say(
                State::Note,
                "project",
                "no dwsim.toml here or above; `cargo dwsim init` writes one",
            )?;
        }
        Err(other) => return Err(other),
    }
    let started = Instant::now();
    match Emulators::start(&Settings::default()).await {
        Ok(emulators) => {
            let time = started.elapsed();
            doctor.say(
                State::Ok,
                "emulators",
                format_args!("started in {:.1} ms", time.as_secs_f64() * 1e3),
            )?;
            for dialect in Dialect::ALL {
                let answer = one(dialect, &emulators.endpoints).await;
                doctor.judge(dialect.name(), answer)?;
            }
            let s3 = supervisor::round_trip(&emulators.endpoints.s3.url).await;
            doctor.judge(
                "s3",
                s3.map(|()| "put and got an object".into())
                    .map_err(|e| e.to_string()),
            )?;
            emulators.stop().await;
        }
        Err(e) => doctor.say(State::Failed, "emulators", e)?,
    }
    Ok(if doctor.failed {
        exit::DOCTOR
    } else {
        exit::OK
    })
}

fn project_checks(ctx: &Context, doctor: &mut Doctor, project: &Project) -> Result<()> {
    doctor.say(State::Ok, "project", project.root.display())?;
    match ctx.config(project, Vec::new()) {
        Ok(config) => {
            doctor.say(
                State::Ok,
                "dwsim.toml",
                format_args!("{} tables", config.schema.tables().len()),
            )?;
            let planned = supervisor::plan(&config)
                .map(|p| format!("data of {} tables can be made", p.tables()));
            doctor.judge("data", planned.map_err(|e| e.to_string()))?;
        }
        Err(Error::Config { findings }) => {
            for finding in findings {
                doctor.say(State::Failed, "dwsim.toml", finding)?;
            }
        }
        Err(e) => doctor.say(State::Failed, "dwsim.toml", e)?,
    }
    let tests = dwsim_runtime::sqltest::discover(project);
    doctor.judge(
        "SQL tests",
        tests
            .map(|t| format!("{} in {}", t.len(), project.sql_dir().display()))
            .map_err(|e| e.to_string()),
    )?;
    doctor.judge("target", writable(&project.state_dir()))?;
    match instance::find(project) {
        Ok(Some(running)) => doctor.say(
            State::Ok,
            "instance",
            format_args!("running as process {}", running.pid),
        ),
        Ok(None) => doctor.say(State::Ok, "instance", "none is running"),
        Err(e) => doctor.say(State::Failed, "instance", e),
    }
}

fn writable(dir: &Path) -> std::result::Result<String, String> {
    let tried = std::fs::create_dir_all(dir).and_then(|()| tempfile::NamedTempFile::new_in(dir));
    tried
        .map(|_| format!("{} is writable", dir.display()))
        .map_err(|e| format!("{}: {e}", dir.display()))
}

async fn version(arguments: &[&str]) -> Option<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).output().await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output
        .status
        .success()
        .then(|| text.lines().next().unwrap_or_default().to_owned())
}

/// Connects and asks for 1.
async fn one(
    dialect: Dialect,
    endpoints: &dwsim_runtime::Endpoints,
) -> std::result::Result<String, String> {
    let ask = async {
        let mut connection =
            Connection::connect(dialect, endpoints.of(dialect), None, None).await?;
        let table = connection.query("select 1").await?;
        connection.close().await;
        Ok::<_, dwsim_runtime::Error>(table)
    };
    let table = ask.await.map_err(|e| e.to_string())?;
    match table.scalar() {
        Some(Value::Int(1)) => Ok(format!("answers at {}", endpoints.of(dialect).url)),
        other => Err(format!("`select 1` gave {other:?}")),
    }
}
