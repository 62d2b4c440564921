//! `up`: the emulators in the background, with the project's data loaded. Running it again brings the data up
//! to date; tests do so when they find nothing that fits.

use std::process::{Command, Stdio};
use std::time::Duration;

use dwsim_runtime::Project;
use dwsim_runtime::instance::{self, Instance, Program};
use dwsim_schema::Config;

use super::status::connections;
use crate::cli::Format;
use crate::context::{Context, flag};
use crate::error::{Error, Result};
use crate::ui::{seconds, thousands};
use crate::{exit, output, supervisor};

/// Without a connection for so long, a background instance ends by itself.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// Arguments of `up`.
#[derive(Debug, clap::Args)]
pub struct UpArgs {
    /// Redshift's port; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    redshift_port: u16,
    /// Snowflake's port; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    snowflake_port: u16,
    /// S3's port; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    s3_port: u16,
    /// End when nobody was connected for so many seconds; 0 is never
    #[arg(long, value_name = "SECONDS", default_value_t = IDLE.as_secs())]
    idle_timeout: u64,
    /// Seed of the data
    #[arg(long)]
    seed: Option<u64>,
    /// Factor of every row count of dwsim.toml
    #[arg(long)]
    scale: Option<f64>,
    /// Port of the control plane and its page; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    control_port: u16,
    /// Speak TLS on every port as well, with a certificate of a local authority
    #[arg(long)]
    tls: bool,
    /// Say where the page is, and open it in the browser that $BROWSER names
    #[arg(long)]
    ui: bool,
    /// Start the emulators without data
    #[arg(long)]
    empty: bool,
    /// Print the endpoints as text or as one JSON line
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Starts, or finds what runs, and loads.
pub async fn run(ctx: &Context, args: &UpArgs) -> Result<i32> {
    let project = ctx.project()?;
    let flags = [
        flag("--seed", "project.seed", args.seed),
        flag("--scale", "project.scale", args.scale),
    ];
    let layers = ctx.layers(&project, flags.into_iter().flatten().collect())?;
    let config = Config::load(&layers)?;
    let _lock = instance::lock(&project)?;
    let mut found = instance::find(&project)?;
    let mut behaviour = behaviour(&config);
    if args.tls {
        behaviour.push("--tls".to_owned());
    }
    let fits = |running: &Instance| running.is_current() && running.behaviour == behaviour;
    if let Some(old) = found.take_if(|running| !fits(running)) {
        // another version may speak otherwise, an older build answers as it did then, and so do other settings
        ctx.ui.status(
            "Replacing",
            format_args!("process {} of dwsim {}", old.pid, old.version),
        );
        old.stop()?;
        instance::forget(&project)?;
    }
    let mut running = match found {
        Some(running) => {
            ctx.ui.status(
                "Running",
                format_args!("already, as process {}", running.pid),
            );
            running
        }
        None => start(ctx, &project, behaviour, args)?,
    };
    running.endpoints.settings = Some((&config).into());
    if !args.empty {
        load(ctx, &project, &config, &mut running).await?;
        if let Some(template) = running.templates.last() {
            supervisor::register(&running.endpoints, &project.root, &template.hash, layers).await?;
        }
    }
    match args.format {
        Format::Json => output::json(&running.ready_endpoints())?,
        Format::Human => output::line(connections(
            &running.endpoints,
            running.templates.last().map(|t| t.database.as_str()),
        ))?,
    }
    if args.ui {
        page(ctx, &running)?;
    }
    Ok(exit::OK)
}

/// Says where the page is and opens it.
fn page(ctx: &Context, running: &Instance) -> Result<()> {
    let Some(control) = &running.endpoints.control else {
        return Ok(());
    };
    let url = format!("{}/", control.url);
    ctx.ui.status("Page", &url);
    let Some(browser) = std::env::var_os("BROWSER").filter(|b| !b.is_empty()) else {
        return Ok(());
    };
    Command::new(&browser)
        .arg(&url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(|_| ())
        .map_err(Error::io(format!(
            "opening the browser {}",
            browser.display()
        )))
}

/// What dwsim.toml says about the emulators themselves, as arguments of `serve`.
fn behaviour(config: &Config) -> Vec<String> {
    let settings = supervisor::Settings::of(config);
    let mut arguments = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            arguments.extend([name.to_owned(), value]);
        }
    };
    add("--shuffle", settings.shuffle_seed.map(|s| s.to_string()));
    add("--clock", settings.clock.map(|c| c.to_rfc3339()));
    add("--random", settings.random.map(|s| s.to_string()));
    arguments
}

fn start(
    ctx: &Context,
    project: &Project,
    behaviour: Vec<String>,
    args: &UpArgs,
) -> Result<Instance> {
    let program = std::env::current_exe().map_err(Error::io("finding this program"))?;
    let build = Program::of(&program);
    let mut serve = Command::new(program);
    serve.args(["dwsim", "serve"]);
    for (name, port) in [
        ("--redshift-port", args.redshift_port),
        ("--snowflake-port", args.snowflake_port),
        ("--s3-port", args.s3_port),
        ("--control-port", args.control_port),
    ] {
        serve.arg(name).arg(port.to_string());
    }
    serve.args(&behaviour);
    if args.idle_timeout > 0 {
        serve
            .arg("--idle-timeout")
            .arg(args.idle_timeout.to_string());
    }
    let mut running = instance::spawn(project, serve)?;
    running.program = build;
    running.behaviour = behaviour;
    instance::record(project, &running)?;
    ctx.ui
        .status("Started", format_args!("process {}", running.pid));
    Ok(running)
}

/// Loads the template unless the instance has it, and records that it has.
async fn load(
    ctx: &Context,
    project: &Project,
    config: &Config,
    running: &mut Instance,
) -> Result<()> {
    let wanted = supervisor::plan(config)?.info();
    match running.templates.iter().position(|t| *t == wanted) {
        Some(at) => {
            let newest = running.templates.remove(at);
            running.templates.push(newest);
            ctx.ui
                .status("Up to date", format_args!("database {}", wanted.database));
        }
        None => {
            let template = supervisor::load(
                config,
                &running.endpoints,
                &config.project.dialects,
                &ctx.ui,
            )
            .await?;
            ctx.ui.status(
                "Loaded",
                format_args!(
                    "{} rows into database {} in {}",
                    thousands(template.staged.rows),
                    template.info.database,
                    seconds(template.staged.time + template.load)
                ),
            );
            running.templates.push(template.info);
        }
    }
    running.config = instance::config_hash(project);
    instance::record(project, running)?;
    Ok(())
}
