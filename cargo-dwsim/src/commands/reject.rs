//! `reject`: forgets pending snapshots. The snapshots themselves stay as they are.

use dwsim_runtime::snapshot::PendingStore;

use crate::context::Context;
use crate::error::Result;
use crate::exit;

/// Arguments of `reject`.
#[derive(Debug, clap::Args)]
pub struct RejectArgs {
    /// Only snapshots whose path contains PATTERN (all without one)
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
}

/// Rejects.
pub fn run(ctx: &Context, args: &RejectArgs) -> Result<i32> {
    let project = ctx.project()?;
    let store = PendingStore::new(&project);
    let proposals = super::review::pending(&project, &args.patterns)?;
    for proposal in &proposals {
        store.reject(proposal)?;
        ctx.ui.status("Rejected", &proposal.snapshot);
    }
    if proposals.is_empty() {
        ctx.ui.status("Nothing", "is pending");
    }
    Ok(exit::OK)
}
