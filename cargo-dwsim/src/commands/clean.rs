//! `clean`: removes `target/dwsim`, that is pending snapshots and the record of an instance. Refuses while
//! emulators of this project are running, because their record is in there.

use std::io::ErrorKind;

use dwsim_runtime::instance;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit;

/// Arguments of `clean`.
#[derive(Debug, clap::Args)]
pub struct CleanArgs {}

/// Cleans.
pub fn run(ctx: &Context, _args: &CleanArgs) -> Result<i32> {
    let project = ctx.project()?;
    if instance::find(&project)?.is_some() {
        return Err(Error::Usage {
            message: "emulators of this project are running".into(),
            help: Some("`cargo dwsim down` stops them".into()),
        });
    }
    let dir = project.state_dir();
    match std::fs::remove_dir_all(&dir) {
        Ok(()) => ctx.ui.status("Removed", dir.display()),
        Err(e) if e.kind() == ErrorKind::NotFound => ctx
            .ui
            .status("Nothing", format_args!("in {}", dir.display())),
        Err(e) => return Err(Error::io(format!("removing {}", dir.display()))(e)),
    }
    Ok(exit::OK)
}
