//! `check`: what is wrong in dwsim.toml, the SQL tests, the snapshots and, asked for, in generated data, as far as it can
//! be seen without a server. The lints are in [`crate::lint`], the rules of data in [`super::report`].

use std::path::PathBuf;
use std::time::Instant;

use dwsim_runtime::Project;
use dwsim_schema::{Config, Diagnostics};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit;
use crate::lint::{self, Checked, Files, Finding, Lints, Severity, Source};
use crate::ui::{count, seconds};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Only these files and folders (default: all SQL tests and snapshots)
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What would be committed: staged files, with the text that Git has of them
    #[arg(long)]
    staged: bool,
    /// Put right what can be put right without changing the meaning
    #[arg(long)]
    fix: bool,
    /// Generated data as well: the Parquet files in DIR against the rules of dwsim.toml
    #[arg(
        long,
        value_name = "DIR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "target/dwsim/data",
        conflicts_with_all = ["staged", "fix"]
    )]
    data: Option<PathBuf>,
    /// Drawn on stderr, one JSON object a finding, or SARIF 2.1.0 on stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: LintFormat,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LintFormat {
    /// For people.
    Human,
    /// One object a line.
    Json,
    /// For code hosts.
    Sarif,
}

/// Checks; exit code 24 with findings.
pub fn run(ctx: &Context, args: &CheckArgs) -> Result<i32> {
    let started = Instant::now();
    let project = ctx.project()?;
    let lints = Lints {
        config: true,
        sql: true,
        readable: true,
        inventory: false,
    };
    let paths: Vec<PathBuf> = args.paths.iter().map(|p| ctx.directory().join(p)).collect();
    if let Some(missing) = paths.iter().find(|p| !args.staged && !p.exists()) {
        return Err(Error::Usage {
            message: format!("there is no {}", missing.display()),
            help: None,
        });
    }
    let mut checked = look(ctx, &project, args.staged, &paths, lints)?;
    if args.fix {
        let (written, left) = lint::apply(&project, &checked)?;
        for (file, fixes) in &written {
            ctx.ui
                .status("Fixed", format_args!("{file} ({})", count(*fixes, "fix")));
        }
        for file in &left {
            ctx.ui.warn(
                "Kept",
                format_args!("{file}: its working copy is not what is staged"),
            );
        }
        if args.staged && !written.is_empty() {
            ctx.ui.note("Stage the fixed files again: `git add -u`.");
        }
        checked
            .findings
            .retain(|f| f.fix.is_none() || !written.contains_key(&f.file));
        // a hook must not let through what is staged without the fix
        if args.staged && !written.is_empty() && checked.findings.is_empty() {
            return Ok(exit::LINT);
        }
    }
    if let Some(dir) = &args.data {
        // a dwsim.toml with faults is among the findings already, and says nothing about data
        if let Some(Ok(config)) = configuration(ctx, &project)? {
            let data = super::report::checked(ctx, &config, &ctx.directory().join(dir))?;
            super::report::verdict(ctx, &data);
            lint::add_data(&mut checked, &config, &data);
        }
    }
    report(ctx, &checked, args.format, started)?;
    Ok(if checked.findings.is_empty() {
        exit::OK
    } else {
        exit::LINT
    })
}

/// The configuration as it stands on disk; nothing where there is no dwsim.toml.
fn configuration(
    ctx: &Context,
    project: &Project,
) -> Result<Option<std::result::Result<Config, Diagnostics>>> {
    match Files::config(project)? {
        Some(source) => Ok(Some(config(ctx, project, &source)?)),
        None => Ok(None),
    }
}

/// Reads the files and runs the lints.
pub fn look(
    ctx: &Context,
    project: &Project,
    staged: bool,
    paths: &[PathBuf],
    lints: Lints,
) -> Result<Checked> {
    let mut files = if staged {
        Files::staged(project)?
    } else {
        Files::working_tree(project)?
    };
    files.only(project, paths);
    let config = match &files.config {
        Some(source) => Some(config(ctx, project, source)?),
        None => None,
    };
    Ok(lint::check(project, &files, config, lints))
}

/// The configuration with this text as dwsim.toml.
fn config(
    ctx: &Context,
    project: &Project,
    source: &Source,
) -> Result<std::result::Result<Config, Diagnostics>> {
    ctx.config_of(project, Some((source.name.clone(), source.text.clone())))
}

/// Prints the findings and, for people, their sum.
pub fn report(
    ctx: &Context,
    checked: &Checked,
    format: LintFormat,
    started: Instant,
) -> Result<()> {
    match format {
        LintFormat::Human => lint::print_human(checked),
        LintFormat::Json => lint::print_json(checked)?,
        LintFormat::Sarif => lint::print_sarif(checked)?,
    }
    let of = |severity| {
        let wanted = |f: &&Finding| f.severity == severity;
        checked.findings.iter().filter(wanted).count()
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let sum = format!(
        "{} in {}: {}, {}",
        count(checked.files, "file"),
        seconds(started.elapsed()),
        count(errors, "error"),
        count(warnings, "warning"),
    );
    if errors + warnings == 0 {
        ctx.ui.status("Checked", sum);
    } else {
        ctx.ui.fail("Checked", sum);
        let fixable = checked.findings.iter().filter(|f| f.fix.is_some()).count();
        if fixable > 0 {
            ctx.ui.note(format_args!(
                "`cargo dwsim check --fix` puts {fixable} of them right."
            ));
        }
    }
    Ok(())
}
