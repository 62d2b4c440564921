//! `generate`: synthetic data to files or S3, one a table (and shard), with a progress bar or events for each.
//! Values and formats are `dwsim-generate`'s part, where the files go is [`crate::data`]'s.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use dwsim_generate::{Format, Options, Plan, Progress, Shard, TablePlan};
use dwsim_schema::{Config, did_you_mean};
use rayon::prelude::*;
use serde_json::json;

use crate::context::{Context, flag};
use crate::data::{Bucket, Manifest, S3Url};
use crate::error::{Error, Result};
use crate::ui::{bytes, count, seconds, thousands};
use crate::{exit, output};

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
    /// Only the rows after those that --out has already, into files of their own
    #[arg(long, conflicts_with = "render")]
    append: bool,
    /// The files' format; `json` and `human` say how the command reports
    #[arg(long, value_enum, value_delimiter = ',', default_value = "parquet")]
    format: Vec<FileFormat>,
    /// Where to: a directory or s3://BUCKET/PREFIX, with `TABLE.FORMAT` for each table
    #[arg(long, value_name = "DIR|URL", default_value = "target/dwsim/data")]
    out: String,
    /// The S3 that --out is in (http://…); without it AWS_ENDPOINT_URL
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Threads (one per core without it); has no influence on the data
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print what generates these data elsewhere, and generate nothing
    #[arg(long, value_enum, value_name = "WHAT")]
    render: Option<Render>,
    /// With --render: parts that run beside each other
    #[arg(long, value_name = "N", default_value = "16", requires = "render",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    shards: u32,
    /// With --render: the container image that has cargo-dwsim and dwsim.toml
    #[arg(
        long,
        value_name = "IMAGE",
        default_value = "dwsim:latest",
        requires = "render"
    )]
    image: String,
}

/// What can be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Render {
    /// An indexed Kubernetes Job over shards.
    K8s,
}

/// What files can be written, and how the command can report.
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
    /// Status lines and bars (the default report).
    Human,
    /// Events for machines: one JSON object a line on stdout.
    Json,
}

impl FileFormat {
    /// The format of files; `None` for a form of report.
    fn file(self) -> Option<Format> {
        Some(match self {
            FileFormat::Parquet => Format::Parquet,
            FileFormat::Csv => Format::Csv,
            FileFormat::Jsonl => Format::JsonLines,
            FileFormat::Arrow => Format::Arrow,
            FileFormat::RedshiftSql => Format::Sql(dwsim_schema::Dialect::Redshift),
            FileFormat::SnowflakeSql => Format::Sql(dwsim_schema::Dialect::Snowflake),
            FileFormat::Human | FileFormat::Json => return None,
        })
    }

    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |v| v.get_name().to_owned())
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
    let (format, events) = forms(&args.format)?;
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
    let url = S3Url::parse(&args.out)
        .transpose()
        .map_err(|message| Error::Usage {
            message,
            help: None,
        })?;
    if url.is_none() && args.endpoint.is_some() {
        return Err(Error::Usage {
            message: "--endpoint goes only with --out s3://BUCKET/PREFIX".into(),
            help: None,
        });
    }
    let out = ctx.directory().join(&args.out);
    let before = match (&url, args.append) {
        (Some(_), true) => {
            return Err(Error::Usage {
                message: "--append needs the manifest of a local directory".into(),
                help: Some("append into a copy of the directory, and upload the new files".into()),
            });
        }
        (Some(_), false) => None,
        (None, _) => Manifest::read(&out)?,
    };
    let options = options(args, &config, before.as_ref())?;
    let plan = dwsim_generate::plan(&config.schema, &options)?;
    if args.render.is_some() {
        return render(args, &config, &plan, url.as_ref());
    }
    let chosen = |name: &str| args.tables.is_empty() || args.tables.iter().any(|t| t == name);
    let mut tables: Vec<&TablePlan> = plan.tables().iter().filter(|t| chosen(t.name())).collect();
    // Long tables first, so that no thread is left alone with the longest.
    tables.sort_by_key(|t| {
        std::cmp::Reverse(t.rows().saturating_mul(t.schema().fields().len() as u64))
    });
    let runtime = match &url {
        None => None,
        Some(_) => Some(
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .map_err(Error::io("starting the runtime"))?,
        ),
    };
    let sink = match (url, &runtime) {
        (Some(url), Some(runtime)) => Sink::Bucket(Bucket::open(
            url,
            args.endpoint.as_deref(),
            runtime.handle().clone(),
        )?),
        _ => {
            std::fs::create_dir_all(&out)
                .map_err(Error::io(format!("creating {}", out.display())))?;
            fits(ctx, &tables, format, &out)?;
            Sink::Directory(out)
        }
    };
    let started = Instant::now();
    let write = || -> Result<Vec<Written>> {
        tables
            .par_iter()
            .map(|table| one(ctx, &plan, table, format, &sink, events))
            .collect()
    };
    let written = match args.threads {
        None => write()?,
        Some(n) => rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(n))
            .build()
            .map_err(|e| Error::Internal(format!("cannot start {n} threads: {e}")))?
            .install(write)?,
    };
    let names: Vec<&str> = tables.iter().map(|t| t.name()).collect();
    let manifest = Manifest::new(&config.schema, &plan, options.seed, &names, before);
    match &sink {
        Sink::Directory(directory) => manifest.write(directory)?,
        Sink::Bucket(bucket) => bucket
            .put("dwsim-data.json", manifest.text()?.into_bytes())
            .map_err(Error::io(format!(
                "writing {}",
                bucket.shown("dwsim-data.json")
            )))?,
    }
    summary(ctx, &written, started.elapsed(), events)
}

/// A row that is larger is rare: below it nothing needs to be measured.
const LARGE_ROW: u64 = 1024;

/// Refuses data for which the disk has no room, before the first row.
fn fits(ctx: &Context, tables: &[&TablePlan], format: Format, out: &Path) -> Result<()> {
    let rows: u64 = tables
        .iter()
        .map(|t| t.shard_rows().end - t.shard_rows().start)
        .sum();
    // where the file system does not say what is free, writing will
    let Ok(free) = fs4::available_space(out) else {
        return Ok(());
    };
    if rows.saturating_mul(LARGE_ROW) < free {
        return Ok(());
    }
    let mut needed = 0u64;
    for table in tables {
        needed = needed.saturating_add(table.estimate(format)?);
    }
    let numbers = format!(
        "{} rows need about {}, and {} has {} free",
        thousands(rows),
        bytes(needed),
        out.display(),
        bytes(free)
    );
    // an estimate from few rows may be too large by its dictionaries
    if needed / 2 > free {
        return Err(Error::Usage {
            message: numbers,
            help: Some(
                "fewer rows (--rows, --scale), a part of them (--shard), or another --out".into(),
            ),
        });
    }
    if needed > free {
        ctx.ui.warn("Tight", numbers);
    }
    Ok(())
}

/// The file format, and whether to report events.
fn forms(given: &[FileFormat]) -> Result<(Format, bool)> {
    let files: Vec<&FileFormat> = given.iter().filter(|f| f.file().is_some()).collect();
    if let [a, b, ..] = files.as_slice() {
        return Err(Error::Usage {
            message: format!(
                "files are written in one format, not in {} and {}",
                a.name(),
                b.name()
            ),
            help: Some("run the command once for each; the rows are the same".into()),
        });
    }
    let format = files
        .first()
        .and_then(|f| f.file())
        .unwrap_or(Format::Parquet);
    Ok((format, given.contains(&FileFormat::Json)))
}

/// The options of the plan.
fn options(args: &GenerateArgs, config: &Config, before: Option<&Manifest>) -> Result<Options> {
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
    let mut from = BTreeMap::new();
    if args.append {
        let Some(before) = before else {
            return Err(Error::Usage {
                message: format!("there are no rows to append to in {}", args.out),
                help: Some("generate the first ones without --append".into()),
            });
        };
        before.check(&config.schema, config.project.seed)?;
        from = before.rows.clone();
        from.retain(|name, _| config.schema.table(name).is_some());
        // tables that are not chosen stay as they are
        for (name, existing) in &from {
            let table = config.schema.table(name);
            let free = table.is_some_and(|t| !t.is_given() && t.children_key().is_none());
            if !chosen(name) && free {
                rows.insert(name.clone(), *existing);
            }
        }
    }
    Ok(Options {
        seed: config.project.seed,
        scale: config.project.scale,
        rows,
        from,
        shard: args.shard,
        threads: None,
    })
}

/// Where files go.
enum Sink {
    Directory(PathBuf),
    Bucket(Bucket),
}

/// A file that was written.
struct Written {
    table: String,
    shown: String,
    rows: u64,
    bytes: u64,
}

fn one(
    ctx: &Context,
    plan: &Plan,
    table: &TablePlan,
    format: Format,
    sink: &Sink,
    events: bool,
) -> Result<Written> {
    let name = plan.file_name(table, format);
    let rows = table.shard_rows();
    let rows = rows.end - rows.start;
    let bar = ctx.ui.rows_bar(table.name(), rows);
    let started = Instant::now();
    let rate = |n: u64| (n as f64 / started.elapsed().as_secs_f64().max(1e-6)) as u64;
    if events {
        output::json(&json!({"event": "started", "table": table.name(), "rows": rows}))?;
    }
    let last = std::sync::Mutex::new(Instant::now());
    let report = |p: Progress<'_>| {
        bar.set_position(p.rows);
        bar.set_message(format!("{}/s", bytes(rate(p.bytes))));
        // at most a few events a second; one that cannot be written must not stop the data
        if events
            && let Ok(mut last) = last.lock()
            && last.elapsed() > Duration::from_millis(250)
        {
            *last = Instant::now();
            let _ = output::json(&json!({
                "event": "progress", "table": p.table, "rows": p.rows, "total": p.total,
                "bytes": p.bytes, "rows_per_second": rate(p.rows), "bytes_per_second": rate(p.bytes),
            }));
        }
    };
    let (shown, size) = match sink {
        Sink::Directory(directory) => {
            let path = directory.join(&name);
            let file = table.write_file(&path, format, &report)?;
            (path.display().to_string(), file.bytes)
        }
        Sink::Bucket(bucket) => {
            let shown = bucket.shown(&name);
            let failed = |e: std::io::Error| Error::io(format!("writing {shown}"))(e);
            let mut upload = bucket.create(&name);
            let size = table.write(&mut upload, format, &report)?;
            upload.finish().map_err(failed)?;
            (shown, size)
        }
    };
    bar.finish_and_clear();
    if events {
        output::json(&json!({
            "event": "written", "table": table.name(), "file": shown, "rows": rows, "bytes": size,
            "seconds": started.elapsed().as_secs_f64(),
        }))?;
    }
    Ok(Written {
        table: table.name().to_owned(),
        shown,
        rows,
        bytes: size,
    })
}

fn summary(ctx: &Context, written: &[Written], time: Duration, events: bool) -> Result<i32> {
    let rows: u64 = written.iter().map(|f| f.rows).sum();
    let size: u64 = written.iter().map(|f| f.bytes).sum();
    let per_second = |n: u64| (n as f64 / time.as_secs_f64().max(1e-6)) as u64;
    if events {
        output::json(&json!({
            "event": "finished", "files": written.len(), "rows": rows, "bytes": size,
            "seconds": time.as_secs_f64(), "rows_per_second": per_second(rows),
        }))?;
        return Ok(exit::OK);
    }
    for file in written {
        ctx.ui.status(
            "Wrote",
            format_args!(
                "{}: {} ({} rows, {})",
                file.table,
                file.shown
                    .strip_prefix(&format!("{}/", ctx.directory().display()))
                    .unwrap_or(&file.shown),
                thousands(file.rows),
                bytes(file.bytes)
            ),
        );
        output::line(&file.shown)?;
    }
    ctx.ui.status(
        "Generated",
        format_args!(
            "{} rows in {} in {} ({} rows/s, {}/s)",
            thousands(rows),
            count(written.len(), "file"),
            seconds(time),
            thousands(per_second(rows)),
            bytes(per_second(size))
        ),
    );
    Ok(exit::OK)
}

/// The template of the Kubernetes Job.
const K8S: &str = include_str!("../../templates/k8s-generate-job.yaml");

/// Prints a Job in which every part writes its shard to S3.
fn render(args: &GenerateArgs, config: &Config, plan: &Plan, url: Option<&S3Url>) -> Result<i32> {
    let Some(url) = url else {
        return Err(Error::Usage {
            message: "the parts of a Job need one place to write to".into(),
            help: Some("--out s3://BUCKET/PREFIX".into()),
        });
    };
    let mut flags = args.tables.clone();
    for rows in &args.rows {
        flags.push("--rows".into());
        flags.push(match &rows.table {
            Some(table) => format!("{table}={}", rows.rows),
            None => rows.rows.to_string(),
        });
    }
    if let Some(seed) = args.seed {
        flags.extend(["--seed".into(), seed.to_string()]);
    }
    if let Some(scale) = args.scale {
        flags.extend(["--scale".into(), scale.to_string()]);
    }
    if let Some(format) = args.format.iter().find(|f| f.file().is_some()) {
        flags.extend(["--format".into(), format.name()]);
    }
    if let Some(endpoint) = &args.endpoint {
        flags.extend(["--endpoint".into(), endpoint.clone()]);
    }
    // every argument is a YAML string of its own, so that nothing in it is read as YAML
    let lines: Vec<String> = flags
        .iter()
        .map(|f| format!("            - {}", quoted(f)))
        .collect();
    let name: String = config
        .project
        .name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(40)
        .collect();
    let name = name.trim_matches('-');
    let text = K8S
        .replace("@NAME@", if name.is_empty() { "dwsim" } else { name })
        .replace("@SHARDS@", &args.shards.to_string())
        .replace("@PARALLEL@", &args.shards.min(32).to_string())
        .replace("@IMAGE@", &quoted(&args.image))
        .replace(
            "@OUT@",
            &quoted(&format!("s3://{}/{}", url.bucket, url.prefix)),
        )
        .replace(
            "@ROWS@",
            &thousands(plan.tables().iter().map(TablePlan::rows).sum()),
        )
        .replace(
            "@ARGS@\n",
            &lines.iter().map(|l| format!("{l}\n")).collect::<String>(),
        );
    output::data(text.as_bytes())?;
    Ok(exit::OK)
}

/// A YAML string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
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
