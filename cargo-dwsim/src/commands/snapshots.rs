//! `snapshots list|show|prune`: the inventory of `.snap` files, and those that no test refers to.
//! Reviewing pending ones is `review`'s part.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dwsim_runtime::snapshot::{self, Snapshot};
use dwsim_runtime::{Project, sqltest};
use serde_json::json;

use super::check::{LintFormat, look, report};
use crate::cli::Format;
use crate::compare;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::lint::{self, Lints};
use crate::ui::count;
use crate::{exit, output};

/// Arguments of `snapshots`.
#[derive(Debug, clap::Args)]
pub struct SnapshotsArgs {
    #[command(subcommand)]
    command: SnapshotsCommand,
}

/// What to do with the snapshots.
#[derive(Debug, clap::Subcommand)]
enum SnapshotsCommand {
    /// List every snapshot below the tests' folder
    List {
        /// Text, or one JSON object a line
        #[arg(long, value_name = "FORMAT", default_value = "human")]
        format: Format,
    },
    /// Print the snapshots whose path contains PATTERN
    Show {
        /// Part of the path
        pattern: String,
    },
    /// Look for snapshots that cannot be read, that no test refers to, and that are missing
    Check {
        /// Only staged ones, with the text that Git has of them
        #[arg(long)]
        staged: bool,
        /// Drawn on stderr, one JSON object a finding, or SARIF 2.1.0 on stdout
        #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
        format: LintFormat,
    },
    /// Remove snapshots that no test refers to
    Prune {
        /// Only say which: exit code 22 if there are any
        #[arg(long)]
        check: bool,
    },
}

/// A snapshot file.
struct Entry {
    path: PathBuf,
    /// Relative to the project, with `/`.
    name: String,
    referenced: bool,
}

/// Does it.
pub fn run(ctx: &Context, args: &SnapshotsArgs) -> Result<i32> {
    let project = ctx.project()?;
    if let SnapshotsCommand::Check { staged, format } = &args.command {
        return inspect(ctx, &project, *staged, *format);
    }
    let entries = inventory(&project)?;
    match &args.command {
        SnapshotsCommand::Check { .. } => Ok(exit::OK),
        SnapshotsCommand::List { format } => list(&entries, *format),
        SnapshotsCommand::Show { pattern } => show(&entries, pattern),
        SnapshotsCommand::Prune { check } => prune(ctx, &entries, *check),
    }
}

/// The lints of snapshots alone: exit code 22 when all that is wrong is that some are not referred to.
fn inspect(ctx: &Context, project: &Project, staged: bool, format: LintFormat) -> Result<i32> {
    let started = Instant::now();
    let lints = Lints {
        config: false,
        sql: false,
        readable: true,
        inventory: true,
    };
    let checked = look(ctx, project, staged, &[], lints)?;
    report(ctx, &checked, format, started)?;
    let only_unreferenced = checked
        .findings
        .iter()
        .all(|f| f.code == lint::UNREFERENCED);
    Ok(match checked.findings.is_empty() {
        true => exit::OK,
        false if only_unreferenced => exit::UNREFERENCED_SNAPSHOTS,
        false => exit::LINT,
    })
}

/// Every .snap file of SQL tests and of assertions, by name, and whether a test owns it.
fn inventory(project: &Project) -> Result<Vec<Entry>> {
    let tests = sqltest::discover(project)?;
    let owned: BTreeSet<&str> = tests.iter().map(|t| t.snapshot.as_str()).collect();
    let mut files = Vec::new();
    for root in [
        project.sql_dir(),
        project.root.join("tests").join("snapshots"),
    ] {
        if root.is_dir() {
            collect(&root, &mut files)?;
        }
    }
    let sql_tests = project.sql_dir();
    let mut entries: Vec<Entry> = files
        .into_iter()
        .map(|path| {
            let name = project.relative(&path);
            let referenced = if path.starts_with(&sql_tests) {
                owned.contains(name.as_str())
            } else {
                // what cannot be read is for `show` and `check` to report, never for `prune` to remove
                snapshot::read(&path).map_or(true, |snap| lint::is_named(&snap.source, project))
            };
            Entry {
                path,
                name,
                referenced,
            }
        })
        .collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let failed = || Error::io(format!("reading {}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "snap") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(entry: &Entry) -> Result<Snapshot> {
    snapshot::read(&entry.path).map_err(|e| Error::Snapshot {
        message: e.to_string(),
    })
}

fn list(entries: &[Entry], format: Format) -> Result<i32> {
    for entry in entries {
        let snap = read(entry)?;
        let dialects: Vec<_> = snap.answers.keys().map(|d| d.name()).collect();
        match format {
            Format::Json => output::json(&json!({
                "snapshot": entry.name,
                "source": snap.source,
                "dialects": dialects,
                "diverges": snap.reason,
                "confirmed": snap.confirmed.iter().map(|(d, day)| (d.name(), day)).collect::<std::collections::BTreeMap<_, _>>(),
                "referenced": entry.referenced,
            }))?,
            Format::Human => {
                let mut line = format!("{}  {}", entry.name, dialects.join(", "));
                if let Some(answer) = snap.answers.values().next() {
                    line += &format!("  {}", compare::summary(answer));
                }
                if let Some(reason) = &snap.reason {
                    line += &format!("  diverges: {reason}");
                }
                for (dialect, day) in &snap.confirmed {
                    line += &format!("  confirmed by {dialect} on {day}");
                }
                if !entry.referenced {
                    line += "  UNREFERENCED";
                }
                output::line(line)?;
            }
        }
    }
    Ok(exit::OK)
}

fn show(entries: &[Entry], pattern: &str) -> Result<i32> {
    let mut shown = 0;
    for entry in entries.iter().filter(|e| e.name.contains(pattern)) {
        let text =
            std::fs::read(&entry.path).map_err(Error::io(format!("reading {}", entry.name)))?;
        output::line(format_args!("# {}", entry.name))?;
        output::data(&text)?;
        shown += 1;
    }
    if shown == 0 {
        return Err(Error::Usage {
            message: format!("no snapshot's path contains `{pattern}`"),
            help: Some("`cargo dwsim snapshots list` names them".into()),
        });
    }
    Ok(exit::OK)
}

fn prune(ctx: &Context, entries: &[Entry], check: bool) -> Result<i32> {
    let unreferenced: Vec<_> = entries.iter().filter(|e| !e.referenced).collect();
    for entry in &unreferenced {
        if check {
            output::line(&entry.name)?;
        } else {
            std::fs::remove_file(&entry.path)
                .map_err(Error::io(format!("removing {}", entry.name)))?;
            ctx.ui.status("Removed", &entry.name);
        }
    }
    if unreferenced.is_empty() {
        ctx.ui.status(
            "Nothing",
            format_args!("to prune in {}", count(entries.len(), "snapshot")),
        );
    }
    Ok(if check && !unreferenced.is_empty() {
        exit::UNREFERENCED_SNAPSHOTS
    } else {
        exit::OK
    })
}
