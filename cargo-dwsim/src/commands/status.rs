//! `status`: what runs for this project, and how clients connect to it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dwsim_runtime::Endpoints;
use dwsim_runtime::instance::{self, Instance};
use serde_json::json;

use crate::cli::Format;
use crate::context::Context;
use crate::error::Result;
use crate::{exit, output};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Text, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Prints it. Nothing running is a success too; the JSON form says `"running": false`.
pub fn run(ctx: &Context, args: &StatusArgs) -> Result<i32> {
    let project = ctx.project()?;
    let running = instance::find(&project)?;
    match (args.format, running) {
        (Format::Json, Some(i)) => output::json(
            &json!({"running": true, "pid": i.pid, "started": i.started, "version": i.version,
                    "endpoints": i.endpoints, "templates": i.templates}),
        )?,
        (Format::Json, None) => output::json(&json!({"running": false}))?,
        (Format::Human, Some(i)) => output::line(text(&i))?,
        (Format::Human, None) => {
            output::line("not running; `cargo dwsim up` starts the emulators")?
        }
    }
    Ok(exit::OK)
}

fn text(instance: &Instance) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs());
    let up = Duration::from_secs(now.saturating_sub(instance.started));
    let mut text = format!(
        "running as process {} for {} s, version {}\n",
        instance.pid,
        up.as_secs(),
        instance.version
    );
    for template in &instance.templates {
        text += &format!("data: database {}\n", template.database);
    }
    if let Some(control) = &instance.endpoints.control {
        text += &format!("page: {}/\n", control.url);
    }
    text + "\n"
        + &connections(
            &instance.endpoints,
            instance.templates.last().map(|t| t.database.as_str()),
        )
}

/// How each client connects, a line each.
pub fn connections(endpoints: &Endpoints, database: Option<&str>) -> String {
    dwsim_control::connections::connections(endpoints, database)
        .iter()
        .map(|c| format!("{:<20} {}", c.client, c.text))
        .collect::<Vec<_>>()
        .join("\n")
}
