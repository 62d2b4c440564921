//! `serve`: the emulators in the foreground until told to stop. Needs no project; prints one JSON line on
//! stdout when every port answers.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use dwsim_runtime::chrono::{DateTime, Utc};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::supervisor::{Emulators, Settings};
use crate::{exit, output, signals};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Redshift's port; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 5439)]
    redshift_port: u16,
    /// Port of Redshift's Data API; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    redshift_data_port: u16,
    /// Snowflake's port; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 8084)]
    snowflake_port: u16,
    /// S3's port; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    s3_port: u16,
    /// Port of the control plane: experiments, metrics; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    control_port: u16,
    /// Keep data in this directory instead of in memory
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Shuffle rows that no ORDER BY orders, by this seed
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
    /// What the time is for SQL, such as 2025-01-01T00:00:00Z, instead of the machine's clock
    #[arg(long, value_name = "TIME", value_parser = time)]
    clock: Option<DateTime<Utc>>,
    /// Listen on this address instead of on the loopback interface: in a container, 0.0.0.0
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// A name by which others reach the control plane; may be repeated
    #[arg(long = "control-host", value_name = "NAME")]
    control_hosts: Vec<String>,
    /// Speak TLS on every port as well, with a certificate of a local authority
    #[arg(long)]
    tls: bool,
    /// Freeze random functions, by this seed
    #[arg(long, value_name = "SEED")]
    random: Option<u64>,
    /// End when nobody was connected for so many seconds
    #[arg(long, value_name = "SECONDS", hide = true)]
    idle_timeout: Option<u64>,
    /// End when this process is gone
    #[arg(long, value_name = "PID", hide = true)]
    parent_pid: Option<u32>,
}

fn time(text: &str) -> std::result::Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| "a time is written 2025-01-01T00:00:00Z".to_owned())
}

/// Serves.
pub async fn run(ctx: &Context, args: &ServeArgs) -> Result<i32> {
    let stop = signals::cancel_on_signal()?;
    let settings = Settings {
        redshift_port: args.redshift_port,
        redshift_data_port: args.redshift_data_port,
        snowflake_port: args.snowflake_port,
        s3_port: args.s3_port,
        control_port: args.control_port,
        data_dir: args.data_dir.as_ref().map(|dir| ctx.directory().join(dir)),
        shuffle_seed: args.shuffle,
        clock: args.clock,
        random: args.random,
        listen: args.listen,
        hosts: args.control_hosts.clone(),
        tls: args.tls,
        // there need not be one
        project: ctx.project().ok(),
    };
    let mut emulators = Emulators::start(&settings).await?;
    output::json(&emulators.endpoints)?;
    if args.listen.is_some_and(|ip| !ip.is_loopback()) {
        ctx.ui.warn(
            "Listening",
            "everybody who reaches this address may use the emulators; DWSIM_CONTROL_TOKEN makes the control plane ask for a token",
        );
    }
    if let Some(control) = &emulators.endpoints.control {
        ctx.ui.status("Page", format_args!("{}/", control.url));
    }
    let presence = emulators.presence.clone();
    let idle = args
        .idle_timeout
        .map(|s| signals::idle(Duration::from_secs(s), presence));
    let ended = tokio::select! {
        () = stop.cancelled() => None,
        () = maybe(args.parent_pid.map(signals::parent_gone)) => None,
        () = maybe(idle) => None,
        error = emulators.ended() => Some(error),
    };
    emulators.stop().await;
    ended.map_or(Ok(exit::OK), Err::<i32, Error>)
}

/// The future, or one that never ends.
async fn maybe(future: Option<impl Future<Output = ()>>) {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
