//! `down`: stops the emulators that `up` or a test started for this project.

use dwsim_runtime::instance;

use crate::context::Context;
use crate::error::Result;
use crate::exit;

/// Arguments of `down`.
#[derive(Debug, clap::Args)]
pub struct DownArgs {}

/// Stops them. Nothing running is a success.
pub fn run(ctx: &Context, _args: &DownArgs) -> Result<i32> {
    let project = ctx.project()?;
    // Nobody may start an instance between the look and the removal of its record.
    let _lock = instance::lock(&project)?;
    match instance::find(&project)? {
        Some(running) => {
            running.stop()?;
            ctx.ui
                .status("Stopped", format_args!("process {}", running.pid));
        }
        None => ctx.ui.status("Nothing", "is running"),
    }
    instance::forget(&project)?;
    Ok(exit::OK)
}
