//! `review`: shows each pending snapshot and, in a terminal, asks what to do with it. Elsewhere it lists them.
//! What a proposal is and how it is written is the runtime's part.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use dwsim_runtime::Project;
use dwsim_runtime::snapshot::{PendingStore, Proposal};
use owo_colors::OwoColorize;
use serde_json::json;

use crate::cli::Format;
use crate::compare::side_by_side;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ui::{coloured, count};
use crate::{exit, output, review};

/// Arguments of `review`.
#[derive(Debug, clap::Args)]
pub struct ReviewArgs {
    /// Only snapshots whose path contains PATTERN
    pattern: Option<String>,
    /// List instead of asking: as text, or as one JSON object a line
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Pending results from an unpacked artifact of CI instead of this checkout's
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Run SQL on the database that the test has left, on both dialects, and print what it answers
    #[arg(long, value_name = "SQL")]
    query: Option<String>,
}

/// Reviews.
pub fn run(ctx: &Context, args: &ReviewArgs) -> Result<i32> {
    let project = ctx.project()?;
    let store = store(ctx, &project, args.from.as_deref())?;
    let proposals = pending(&store, args.pattern.as_slice())?;
    if let Some(sql) = &args.query {
        return query(ctx, &project, &proposals, sql);
    }
    match args.format {
        Some(Format::Json) => list_json(&proposals)?,
        None if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() => {
            if std::env::var_os("TERM").is_none_or(|term| term == "dumb") {
                return interactive(ctx, &store, &proposals);
            }
            if proposals.is_empty() {
                ctx.ui.status("Nothing", "is pending");
                return Ok(exit::OK);
            }
            let patterns = args.pattern.as_slice();
            let done = review::review(ctx, &project, store, |p| fits(p, patterns))?;
            return Ok(sum(ctx, done));
        }
        Some(Format::Human) | None => list_human(&proposals)?,
    }
    Ok(if proposals.is_empty() {
        exit::OK
    } else {
        exit::SNAPSHOTS_DIFFER
    })
}

/// The store of this checkout, or of a folder.
pub fn store(ctx: &Context, project: &Project, from: Option<&Path>) -> Result<PendingStore> {
    let Some(from) = from else {
        return Ok(PendingStore::new(project));
    };
    let folder = ctx.directory().join(from);
    if !folder.is_dir() {
        return Err(Error::Usage {
            message: format!("{} is no folder", from.display()),
            help: Some(
                "unpack the artifact first; it holds what was under target/dwsim/pending".into(),
            ),
        });
    }
    Ok(PendingStore::at(project, &folder))
}

/// Asks the database of the only proposal that fits.
fn query(ctx: &Context, project: &Project, proposals: &[Proposal], sql: &str) -> Result<i32> {
    let [proposal] = proposals else {
        return Err(Error::Usage {
            message: format!(
                "--query needs one pending snapshot, and {} fit",
                proposals.len()
            ),
            help: Some("name it: `cargo dwsim review NAME --query SQL`".into()),
        });
    };
    let mut fork = review::KeptFork::open(ctx, project, &proposal.snapshot)?;
    let answers = fork.query(sql);
    fork.close();
    let mut code = exit::OK;
    for (dialect, answer) in answers {
        output::line(format_args!("{dialect}:"))?;
        match answer {
            Ok(answer) => {
                for line in review::answer(&answer) {
                    output::line(format_args!("  {line}"))?;
                }
            }
            Err(message) => {
                output::line(format_args!("  {message}"))?;
                code = exit::SQL;
            }
        }
    }
    Ok(code)
}

fn sum(ctx: &Context, done: review::Done) -> i32 {
    let (accepted, rejected, left) = (done.accepted, done.rejected, done.left);
    let accepted = count(accepted, "snapshot");
    ctx.ui.status(
        "Reviewed",
        format_args!("{accepted} accepted, {rejected} rejected, {left} left"),
    );
    if left == 0 {
        exit::OK
    } else {
        exit::SNAPSHOTS_DIFFER
    }
}

/// The review that `test --review` ends with.
pub fn after_test(ctx: &Context) -> Result<i32> {
    run(
        ctx,
        &ReviewArgs {
            pattern: None,
            format: None,
            from: None,
            query: None,
        },
    )
}

/// The proposals whose snapshot's path contains one of the patterns; all of them without a pattern.
pub fn pending(store: &PendingStore, patterns: &[String]) -> Result<Vec<Proposal>> {
    Ok(store
        .list()?
        .into_iter()
        .filter(|p| fits(p, patterns))
        .collect())
}

fn fits(proposal: &Proposal, patterns: &[String]) -> bool {
    patterns.is_empty()
        || patterns
            .iter()
            .any(|t| proposal.snapshot.contains(t.as_str()))
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
fn interactive(ctx: &Context, store: &PendingStore, proposals: &[Proposal]) -> Result<i32> {
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
    let done = review::Done {
        accepted,
        rejected,
        left,
    };
    Ok(sum(ctx, done))
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
