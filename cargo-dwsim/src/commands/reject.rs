//! `reject`: forgets pending snapshots. The snapshots themselves stay as they are.

use std::path::PathBuf;

use crate::context::Context;
use crate::error::Result;
use crate::exit;

/// Arguments of `reject`.
#[derive(Debug, clap::Args)]
pub struct RejectArgs {
    /// Only snapshots whose path contains PATTERN (all without one)
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// Pending results from an unpacked artifact of CI instead of this checkout's
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

/// Rejects.
pub fn run(ctx: &Context, args: &RejectArgs) -> Result<i32> {
    let project = ctx.project()?;
    let store = super::review::store(ctx, &project, args.from.as_deref())?;
    let proposals = super::review::pending(&store, &args.patterns)?;
    for proposal in &proposals {
        store.reject(proposal)?;
        ctx.ui.status("Rejected", &proposal.snapshot);
    }
    if proposals.is_empty() {
        ctx.ui.status("Nothing", "is pending");
    }
    Ok(exit::OK)
}
