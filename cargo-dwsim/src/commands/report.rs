//! `report` and `check-data`: what generated files are worth, as tables, JSON, or a page of HTML.
//! What is measured is `dwsim-generate`'s part.

use std::path::{Path, PathBuf};

use dwsim_generate::check::Checked;
use dwsim_generate::{Comparison, Report, Sample};
use dwsim_schema::Config;
use serde_json::json;

use crate::cli::Format;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ui::{bytes, count, thousands};
use crate::{exit, output};

/// Rows of data and of a sample that are compared.
const COMPARED: usize = 200_000;

/// Arguments of `check-data`.
#[derive(Debug, clap::Args)]
pub struct CheckDataArgs {
    /// Where the Parquet files are
    #[arg(value_name = "DIR", default_value = "target/dwsim/data")]
    dir: PathBuf,
    /// Text, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Show the rules that hold as well
    #[arg(long)]
    all: bool,
}

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Where the Parquet files are
    #[arg(value_name = "DIR", default_value = "target/dwsim/data")]
    dir: PathBuf,
    /// Compare with samples as well (.csv, .parquet), named as their tables are
    #[arg(long, value_name = "FILE")]
    sample: Vec<PathBuf>,
    /// Write one self-contained page with plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Text, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Checks; exit code 24 where a rule is broken.
pub fn check(ctx: &Context, args: &CheckDataArgs) -> Result<i32> {
    let project = ctx.project()?;
    let config = ctx.config(&project, Vec::new())?;
    let checked = checked(ctx, &config, &ctx.directory().join(&args.dir))?;
    match args.format {
        Format::Json => output::json(&json!({
            "violations": checked.violations(), "tables": checked.tables, "checks": checked.checks,
        }))?,
        Format::Human => output::data(table_of_checks(&checked, args.all).as_bytes())?,
    }
    verdict(ctx, &checked);
    Ok(code(&checked))
}

fn code(checked: &Checked) -> i32 {
    if checked.violations() == 0 {
        exit::OK
    } else {
        exit::LINT
    }
}

/// Applies the rules of dwsim.toml to the files of a directory, with a bar.
pub fn checked(ctx: &Context, config: &Config, dir: &Path) -> Result<Checked> {
    let bar = ctx.ui.rows_bar("checking", 0);
    let checked = dwsim_generate::check::check(&config.schema, dir, &|table, rows| {
        bar.set_prefix(table.to_owned());
        bar.set_position(rows);
    })?;
    bar.finish_and_clear();
    Ok(checked)
}

/// Says on stderr how many rules were applied, and how many are broken.
pub fn verdict(ctx: &Context, checked: &Checked) {
    let rows: u64 = checked.tables.iter().map(|t| t.rows).sum();
    let size: u64 = checked.tables.iter().map(|t| t.bytes).sum();
    let broken = checked.checks.iter().filter(|c| c.violations > 0).count();
    let text = format!(
        "{} of {} rows in {} ({}): {} violations",
        count(checked.checks.len(), "rule"),
        thousands(rows),
        count(checked.tables.len(), "table"),
        bytes(size),
        thousands(checked.violations())
    );
    if broken == 0 {
        ctx.ui.status("Checked", text);
    } else {
        ctx.ui.fail("Broken", format_args!("{broken} of {text}"));
    }
}

fn table_of_checks(checked: &Checked, all: bool) -> String {
    let mut rows = Vec::new();
    for c in checked.checks.iter().filter(|c| all || c.violations > 0) {
        rows.push(vec![
            c.table.clone(),
            c.column.clone(),
            c.rule.to_owned(),
            c.declared.clone(),
            thousands(c.checked),
            thousands(c.violations),
            c.example.clone().unwrap_or_default(),
        ]);
    }
    if rows.is_empty() {
        return String::new();
    }
    let head = [
        "table",
        "column",
        "rule",
        "declared",
        "checked",
        "violations",
        "example",
    ];
    aligned(&head, &rows, &[4, 5])
}

/// Measures; exit code 24 where a rule is broken or a distance is beyond its bound.
pub fn run(ctx: &Context, args: &ReportArgs) -> Result<i32> {
    let project = ctx.project()?;
    let config = ctx.config(&project, Vec::new())?;
    let dir = ctx.directory().join(&args.dir);
    let mut samples = Vec::with_capacity(args.sample.len());
    for file in &args.sample {
        let path = ctx.directory().join(file);
        let sample = Sample::read(&path, COMPARED).map_err(dwsim_generate::GenerateError::from)?;
        if config.schema.table(&sample.name).is_none() {
            let names = config.schema.tables().iter().map(|t| t.name.as_str());
            return Err(Error::Usage {
                message: format!("the sample `{}` is of no table of dwsim.toml", sample.name),
                help: dwsim_schema::did_you_mean(&sample.name, names),
            });
        }
        samples.push(sample);
    }
    let checked = checked(ctx, &config, &dir)?;
    let report = dwsim_generate::report(&config.schema, &dir, &|_, _| ())?;
    let mut comparisons = Vec::with_capacity(samples.len());
    for sample in &samples {
        let path = dir.join(format!("{}.parquet", sample.name));
        let data = Sample::read(&path, COMPARED).map_err(dwsim_generate::GenerateError::from)?;
        comparisons.push(dwsim_generate::compare(&config.schema, &data, sample)?);
    }
    if let Some(file) = &args.html {
        let path = ctx.directory().join(file);
        let title = format!("{}: generated data", config.project.name);
        let page = dwsim_generate::html(&title, &report, Some(&checked), &comparisons);
        std::fs::write(&path, page).map_err(Error::io(format!("writing {}", path.display())))?;
        ctx.ui.status("Wrote", file.display());
    }
    match args.format {
        Format::Json => output::json(&json!({
            "violations": checked.violations(), "checks": checked.checks,
            "tables": report.tables, "comparisons": comparisons,
        }))?,
        Format::Human => {
            let mut text = table_of_checks(&checked, false);
            text += &table_of_metrics(&report);
            for comparison in &comparisons {
                text += &table_of_scores(comparison);
            }
            output::data(text.as_bytes())?;
        }
    }
    verdict(ctx, &checked);
    let far = report.metrics().filter(|(_, _, m)| !m.ok).count();
    if far > 0 {
        ctx.ui.warn(
            "Distances",
            format_args!(
                "{far} of {} are beyond what chance allows",
                report.metrics().count()
            ),
        );
        return Ok(exit::LINT);
    }
    Ok(code(&checked))
}

fn table_of_metrics(report: &Report) -> String {
    let rows: Vec<Vec<String>> = report
        .metrics()
        .map(|(table, column, m)| {
            vec![
                table.to_owned(),
                column.to_owned(),
                m.name.to_owned(),
                format!("{:.5}", m.value),
                format!("{:.5}", m.bound),
                if m.ok { "ok" } else { "far" }.to_owned(),
                m.of.clone(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    aligned(
        &["table", "column", "metric", "distance", "bound", "", "of"],
        &rows,
        &[3, 4],
    )
}

fn table_of_scores(comparison: &Comparison) -> String {
    let mut rows: Vec<Vec<String>> = comparison
        .scores
        .iter()
        .map(|s| {
            vec![
                comparison.table.clone(),
                s.column.clone(),
                s.metric.to_owned(),
                format!("{:.3}", s.score),
            ]
        })
        .collect();
    rows.push(vec![
        comparison.table.clone(),
        String::new(),
        "quality".into(),
        format!("{:.3}", comparison.quality()),
    ]);
    format!(
        "\n{}",
        aligned(&["table", "column", "score of", "score"], &rows, &[3])
    )
}

/// Columns under each other; those of `right` are numbers.
fn aligned(head: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let width = |i: usize| {
        let cells = rows
            .iter()
            .filter_map(|r| r.get(i))
            .map(|c| c.chars().count());
        cells.chain([head[i].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (i, cell) in cells.enumerate() {
            let w = widths[i];
            if right.contains(&i) {
                text += &format!("{cell:>w$}  ");
            } else {
                text += &format!("{cell:<w$}  ");
            }
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&mut head.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    out
}
