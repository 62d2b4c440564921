//! `review`: shows each pending snapshot and, in a terminal, asks what to do with it. Elsewhere it lists them.
//! What a proposal is and how it is written is the runtime's part.

use std::io::{BufRead, IsTerminal, Write};

use dwsim_runtime::Project;
use dwsim_runtime::snapshot::{PendingStore, Proposal};
use owo_colors::OwoColorize;
use serde_json::json;

use crate::cli::Format;
use crate::compare::side_by_side;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ui::{coloured, count};
use crate::{exit, output};

/// Arguments of `review`.
#[derive(Debug, clap::Args)]
pub struct ReviewArgs {
    /// Only snapshots whose path contains PATTERN
    pattern: Option<String>,
    /// List instead of asking: as text, or as one JSON object a line
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
}

/// Reviews.
pub fn run(ctx: &Context, args: &ReviewArgs) -> Result<i32> {
    let project = ctx.project()?;
    let proposals = pending(&project, args.pattern.as_slice())?;
    match args.format {
        Some(Format::Json) => list_json(&proposals)?,
        None if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() => {
            return interactive(ctx, &project, &proposals);
        }
        Some(Format::Human) | None => list_human(&proposals)?,
    }
    Ok(if proposals.is_empty() {
        exit::OK
    } else {
        exit::SNAPSHOTS_DIFFER
    })
}

/// The review that `test --review` ends with.
pub fn after_test(ctx: &Context) -> Result<i32> {
    run(
        ctx,
        &ReviewArgs {
            pattern: None,
            format: None,
        },
    )
}

/// The proposals whose snapshot's path contains one of the patterns; all of them without a pattern.
pub fn pending(project: &Project, patterns: &[String]) -> Result<Vec<Proposal>> {
    let all = PendingStore::new(project).list()?;
    Ok(all
        .into_iter()
        .filter(|p| patterns.is_empty() || patterns.iter().any(|t| p.snapshot.contains(t.as_str())))
        .collect())
}

fn dialects(proposal: &Proposal) -> Vec<&'static str> {
    proposal.dialects.iter().map(|d| d.name()).collect()
}

/// What a proposal changes, as text with a sign before each line.
fn describe(proposal: &Proposal) -> String {
    let mut text = String::new();
    if let Some(divergence) = proposal.divergence().filter(|_| proposal.needs_reason()) {
        text += "the dialects differ, and no reason is given:\n";
        text += &side_by_side(&divergence);
        return text;
    }
    if proposal.current.is_none() {
        for line in proposal.proposed.to_string().lines() {
            text += &format!("+ {line}\n");
        }
        return text;
    }
    let mut shown: Vec<String> = Vec::new();
    for (dialect, diff) in proposal.changes() {
        let diff = diff.to_string();
        if shown.contains(&diff) {
            continue;
        }
        let both = proposal
            .changes()
            .values()
            .filter(|d| d.to_string() == diff)
            .count()
            > 1;
        text += &if both {
            "redshift, snowflake:\n".into()
        } else {
            format!("{dialect}:\n")
        };
        text += &diff;
        shown.push(diff);
    }
    if shown.is_empty() {
        text += "the values are the same; the header changes\n";
    }
    text
}

fn list_human(proposals: &[Proposal]) -> Result<()> {
    for proposal in proposals {
        output::line(format_args!(
            "{} ({})",
            proposal.snapshot.bold(),
            dialects(proposal).join(", ")
        ))?;
        for line in describe(proposal).lines() {
            output::line(format_args!("  {}", coloured(line)))?;
        }
    }
    Ok(())
}

fn list_json(proposals: &[Proposal]) -> Result<()> {
    for proposal in proposals {
        output::json(&json!({
            "snapshot": proposal.snapshot,
            "source": proposal.proposed.source,
            "dialects": dialects(proposal),
            "new": proposal.current.is_none(),
            "needs_reason": proposal.needs_reason(),
            "changes": describe(proposal),
            "proposed": proposal.proposed.to_string(),
        }))?;
    }
    Ok(())
}

/// Asks for each proposal. The end of the input skips what is left.
fn interactive(ctx: &Context, project: &Project, proposals: &[Proposal]) -> Result<i32> {
    let store = PendingStore::new(project);
    let mut input = std::io::stdin().lock().lines();
    let (mut accepted, mut rejected, mut left) = (0, 0, 0);
    'proposals: for (i, proposal) in proposals.iter().enumerate() {
        output::line(format_args!(
            "\n[{}/{}] {} ({})",
            i + 1,
            proposals.len(),
            proposal.snapshot.bold(),
            dialects(proposal).join(", ")
        ))?;
        for line in describe(proposal).lines() {
            output::line(format_args!("  {}", coloured(line)))?;
        }
        loop {
            let question = if proposal.needs_reason() {
                "[d]iverge with a reason, [r]eject, [s]kip, [q]uit? "
            } else {
                "[a]ccept, [r]eject, [s]kip, [q]uit? "
            };
            let Some(answer) = ask(&mut input, question)? else {
                left += proposals.len() - i;
                break 'proposals;
            };
            match answer.as_str() {
                "a" | "accept" if !proposal.needs_reason() => {
                    store.accept(proposal, None)?;
                    accepted += 1;
                }
                "d" | "diverge" if proposal.needs_reason() => {
                    let Some(reason) = ask(&mut input, "why do the dialects differ? ")? else {
                        continue;
                    };
                    if reason.is_empty() {
                        continue;
                    }
                    store.accept(proposal, Some(&reason))?;
                    accepted += 1;
                }
                "r" | "reject" => {
                    store.reject(proposal)?;
                    rejected += 1;
                }
                "s" | "skip" | "" => left += 1,
                "q" | "quit" => {
                    left += proposals.len() - i;
                    break 'proposals;
                }
                _ => continue,
            }
            break;
        }
    }
    ctx.ui.status(
        "Reviewed",
        format_args!(
            "{} accepted, {rejected} rejected, {left} left",
            count(accepted, "snapshot")
        ),
    );
    Ok(if left == 0 {
        exit::OK
    } else {
        exit::SNAPSHOTS_DIFFER
    })
}

/// A line of the answer, trimmed; nothing at the end of the input.
fn ask(
    input: &mut impl Iterator<Item = std::io::Result<String>>,
    question: &str,
) -> Result<Option<String>> {
    let failed = || Error::io("asking on the terminal");
    let mut out = anstream::stdout();
    write!(out, "{question}")
        .and_then(|()| out.flush())
        .map_err(failed())?;
    input
        .next()
        .transpose()
        .map(|line| line.map(|l| l.trim().to_owned()))
        .map_err(failed())
}
