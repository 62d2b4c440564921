//! `accept`: takes pending snapshots over without asking. A divergence is only taken with its reason.

use std::path::PathBuf;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit;
use crate::ui::count;

/// Arguments of `accept`.
#[derive(Debug, clap::Args)]
pub struct AcceptArgs {
    /// Only snapshots whose path contains PATTERN (all without one)
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// Pending results from an unpacked artifact of CI instead of this checkout's
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Accept that the dialects differ, and say why
    #[arg(long, value_name = "REASON")]
    diverge: Option<String>,
}

/// Accepts. Divergences without a reason stay pending and are an error at the end.
pub fn run(ctx: &Context, args: &AcceptArgs) -> Result<i32> {
    if args.diverge.as_ref().is_some_and(|r| r.trim().is_empty()) {
        return Err(Error::Usage {
            message: "--diverge needs a reason".into(),
            help: None,
        });
    }
    let project = ctx.project()?;
    let store = super::review::store(ctx, &project, args.from.as_deref())?;
    let proposals = super::review::pending(&store, &args.patterns)?;
    if proposals.is_empty() {
        ctx.ui.status("Nothing", "is pending");
        return Ok(exit::OK);
    }
    let (mut accepted, mut refused) = (0, 0);
    for proposal in &proposals {
        if proposal.needs_reason() && args.diverge.is_none() {
            ctx.ui.fail(
                "Diverged",
                format_args!("{}: the dialects differ", proposal.snapshot),
            );
            refused += 1;
            continue;
        }
        // A reason must not stand in a snapshot whose dialects agree.
        let reason = args
            .diverge
            .as_deref()
            .filter(|_| proposal.proposed.diverges());
        store.accept(proposal, reason)?;
        ctx.ui.status("Accepted", &proposal.snapshot);
        accepted += 1;
    }
    if refused > 0 {
        ctx.ui.note(format_args!(
            "{} accepted; where a difference is right: `cargo dwsim accept NAME --diverge \"reason\"`",
            count(accepted, "snapshot")
        ));
        return Ok(exit::DIVERGENCE);
    }
    Ok(exit::OK)
}
