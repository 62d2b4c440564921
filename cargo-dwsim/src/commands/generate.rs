//! `generate`: synthetic data to files, one a table (and shard), with a progress bar each.
//! Values and formats are `dwsim-generate`'s part.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use dwsim_generate::{Format, Options, Progress, Shard, TablePlan, WrittenFile};
use dwsim_schema::did_you_mean;
use rayon::prelude::*;

use crate::context::{Context, flag};
use crate::error::{Error, Result};
use crate::exit;
use crate::ui::{bytes, count, seconds, thousands};

/// Arguments of `generate`.
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    /// Only these tables (all without one)
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,
    /// Rows of the chosen tables, or of one: N or TABLE=N
    #[arg(long, value_name = "ROWS", value_parser = parse_rows)]
    rows: Vec<Rows>,
    /// Seed of the data
    #[arg(long)]
    seed: Option<u64>,
    /// Factor of every row count of dwsim.toml
    #[arg(long)]
    scale: Option<f64>,
    /// Only part I of N, counted from 0; the parts together are the whole
    #[arg(long, value_name = "I/N", value_parser = parse_shard)]
    shard: Option<Shard>,
    /// The files' format
    #[arg(long, value_enum, default_value = "parquet")]
    format: FileFormat,
    /// Where to: `TABLE.FORMAT` for each table in this directory
    #[arg(long, value_name = "DIR", default_value = "target/dwsim/data")]
    out: PathBuf,
}

/// What files can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// Parquet, zstd.
    Parquet,
    /// CSV with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Arrow IPC file.
    Arrow,
    /// INSERT statements for Redshift.
    RedshiftSql,
    /// INSERT statements for Snowflake.
    SnowflakeSql,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Parquet => Format::Parquet,
            FileFormat::Csv => Format::Csv,
            FileFormat::Jsonl => Format::JsonLines,
            FileFormat::Arrow => Format::Arrow,
            FileFormat::RedshiftSql => Format::Sql(dwsim_schema::Dialect::Redshift),
            FileFormat::SnowflakeSql => Format::Sql(dwsim_schema::Dialect::Snowflake),
        }
    }
}

/// `--rows`: of one table, or of all chosen ones.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rows {
    table: Option<String>,
    rows: u64,
}

fn parse_rows(text: &str) -> std::result::Result<Rows, String> {
    let (table, number) = match text.split_once('=') {
        Some((table, number)) => (Some(table.to_owned()), number),
        None => (None, text),
    };
    let rows = number
        .replace('_', "")
        .parse()
        .map_err(|_| format!("`{number}` is no number of rows"))?;
    Ok(Rows { table, rows })
}

fn parse_shard(text: &str) -> std::result::Result<Shard, String> {
    let parts = text
        .split_once('/')
        .and_then(|(i, n)| Some((i.parse::<u64>().ok()?, n.parse::<u64>().ok()?)));
    let Some((index, count)) = parts else {
        return Err("a shard is I/N, for example 0/4".into());
    };
    if index >= count {
        return Err(format!(
            "shard {index} of {count} does not exist; they count from 0 to {}",
            count.max(1) - 1
        ));
    }
    Ok(Shard { index, count })
}

/// Writes the files.
pub fn run(ctx: &Context, args: &GenerateArgs) -> Result<i32> {
    let project = ctx.project()?;
    let flags = [
        flag("--seed", "project.seed", args.seed),
        flag("--scale", "project.scale", args.scale),
    ];
    let config = ctx.config(&project, flags.into_iter().flatten().collect())?;
    for name in &args.tables {
        if config.schema.table(name).is_none() {
            let names = config.schema.tables().iter().map(|t| t.name.as_str());
            return Err(Error::Usage {
                message: format!("there is no table `{name}` in dwsim.toml"),
                help: did_you_mean(name, names),
            });
        }
    }
    let chosen = |name: &str| args.tables.is_empty() || args.tables.iter().any(|t| t == name);

    let mut rows = BTreeMap::new();
    for given in args.rows.iter().filter(|r| r.table.is_none()) {
        let names = config
            .schema
            .tables()
            .iter()
            .map(|t| t.name.clone())
            .filter(|n| chosen(n));
        rows.extend(names.map(|n| (n, given.rows)));
    }
    rows.extend(
        args.rows
            .iter()
            .filter_map(|r| Some((r.table.clone()?, r.rows))),
    );
    let options = Options {
        seed: config.project.seed,
        scale: config.project.scale,
        rows,
        shard: args.shard,
        threads: None,
    };
    let plan = dwsim_generate::plan(&config.schema, &options)?;
    let mut tables: Vec<&TablePlan> = plan.tables().iter().filter(|t| chosen(t.name())).collect();
    // Long tables first, so that no thread is left alone with the longest.
    tables.sort_by_key(|t| {
        std::cmp::Reverse(t.rows().saturating_mul(t.schema().fields().len() as u64))
    });

    let out = ctx.directory().join(&args.out);
    std::fs::create_dir_all(&out).map_err(Error::io(format!("creating {}", out.display())))?;
    let started = Instant::now();
    let written: Vec<WrittenFile> = tables
        .par_iter()
        .map(|table| {
            let bar = ctx.ui.rows_bar(
                table.name(),
                table.shard_rows().end - table.shard_rows().start,
            );
            let path = out.join(file_name(table, args.shard, args.format.into()));
            let report = |p: Progress<'_>| bar.set_position(p.rows);
            let file = table.write_file(&path, args.format.into(), &report)?;
            bar.finish_and_clear();
            Ok(file)
        })
        .collect::<Result<_>>()?;

    let shown = |path: &PathBuf| {
        path.strip_prefix(ctx.directory())
            .unwrap_or(path)
            .display()
            .to_string()
    };
    for file in &written {
        ctx.ui.status(
            "Wrote",
            format_args!(
                "{} ({} rows, {})",
                shown(&file.path),
                thousands(file.rows),
                bytes(file.bytes)
            ),
        );
        crate::output::line(file.path.display())?;
    }
    let rows: u64 = written.iter().map(|f| f.rows).sum();
    let time = started.elapsed();
    let rate = rows as f64 / time.as_secs_f64().max(1e-6);
    ctx.ui.status(
        "Generated",
        format_args!(
            "{} rows in {} in {} ({} rows/s)",
            thousands(rows),
            count(written.len(), "file"),
            seconds(time),
            thousands(rate as u64)
        ),
    );
    Ok(exit::OK)
}

fn file_name(table: &TablePlan, shard: Option<Shard>, format: Format) -> String {
    match shard {
        Some(shard) if shard.count > 1 => {
            format!("{}.{}.{}", table.name(), shard.index, format.extension())
        }
        _ => format!("{}.{}", table.name(), format.extension()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_for_all_or_for_one() {
        assert_eq!(
            parse_rows("1_000"),
            Ok(Rows {
                table: None,
                rows: 1000
            })
        );
        assert_eq!(
            parse_rows("orders=5"),
            Ok(Rows {
                table: Some("orders".into()),
                rows: 5
            })
        );
        for text in ["", "-1", "a=b", "1.5"] {
            assert!(parse_rows(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shards_count_from_zero() {
        assert_eq!(parse_shard("0/4"), Ok(Shard { index: 0, count: 4 }));
        for text in ["4/4", "1", "a/b", "0/0", "-1/2"] {
            assert!(parse_shard(text).is_err(), "{text}");
        }
    }
}
