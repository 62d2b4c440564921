//! `experiment`: named schemas whose generated data are loaded into the running emulators.
//! Everything is asked of the control plane of an instance; this file reads arguments and prints answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use dwsim_runtime::percent;
use dwsim_schema::Dialect;
use serde_json::{Value, json};

use super::import_sql::{parse_dialect, read};
use crate::cli::Format;
use crate::context::Context;
use crate::control_client::Control;
use crate::error::{Error, Result};
use crate::ui::{count, thousands};
use crate::{exit, output};

/// Arguments of `experiment`.
#[derive(Debug, clap::Args)]
pub struct ExperimentArgs {
    /// What to do
    #[command(subcommand)]
    action: Action,
    /// The control plane; that of this project's running instance without it
    #[arg(long, value_name = "URL", env = "DWSIM_CONTROL_URL", global = true)]
    url: Option<String>,
    /// Print answers as text or as JSON
    #[arg(long, value_name = "FORMAT", default_value = "human", global = true)]
    format: Format,
}

/// What can be done with experiments.
#[derive(Debug, Subcommand)]
enum Action {
    /// Create one from a dwsim.toml, JSON or DDL; nothing is generated yet
    Create {
        /// Name: lower-case letters, digits, underscores
        name: String,
        /// A .toml, .json or .sql file; the project's dwsim.toml without it
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// The warehouse that DDL is written for
        #[arg(short, long, value_name = "DIALECT", value_parser = parse_dialect)]
        dialect: Option<Dialect>,
        /// Number the rows of tables with a composite primary key in a column _row_id
        #[arg(long)]
        surrogate_keys: bool,
    },
    /// List all
    List,
    /// Show one: its tables, its database, its last run
    Show {
        /// Experiment
        name: String,
    },
    /// Generate, stage and load; waits until it is done
    Generate {
        /// Experiment
        name: String,
        /// Seed of the data
        #[arg(long)]
        seed: Option<u64>,
        /// Rows of a table instead of its schema's; may be repeated
        #[arg(long, value_name = "TABLE=N", value_parser = rows)]
        rows: Vec<(String, u64)>,
        /// A warehouse to load; may be repeated
        #[arg(short, long, value_name = "DIALECT", value_parser = parse_dialect)]
        dialect: Vec<Dialect>,
        /// Do not wait
        #[arg(long)]
        detach: bool,
    },
    /// List runs, the newest first
    Runs {
        /// Experiment
        name: String,
    },
    /// Cancel a run
    Cancel {
        /// Experiment
        name: String,
        /// Run
        run: i64,
    },
    /// Run one statement in its own dialect
    Query {
        /// Experiment
        name: String,
        /// The warehouse
        #[arg(short, long, value_name = "DIALECT", value_parser = parse_dialect)]
        dialect: Dialect,
        /// The statement
        sql: String,
        /// Rows to print
        #[arg(long, default_value_t = 1000)]
        limit: u32,
    },
    /// Take DDL into its schema
    ImportSql {
        /// Experiment
        name: String,
        /// SQL with CREATE TABLE statements; `-` is stdin
        file: PathBuf,
        /// The warehouse it is written for
        #[arg(short, long, value_name = "DIALECT", value_parser = parse_dialect)]
        dialect: Dialect,
        /// Bring tables that it has already up to date
        #[arg(long)]
        merge: bool,
        /// Number the rows of tables with a composite primary key in a column _row_id
        #[arg(long)]
        surrogate_keys: bool,
    },
    /// Write the loaded data as Parquet with a manifest
    Export {
        /// Experiment
        name: String,
        /// A folder, or s3://bucket/prefix of the emulated S3
        #[arg(long, value_name = "FOLDER|URL")]
        out: String,
    },
    /// Delete metadata, tables and staged objects, or nothing
    Delete {
        /// Experiment
        name: String,
    },
}

fn rows(text: &str) -> std::result::Result<(String, u64), String> {
    let (table, n) = text.split_once('=').ok_or("write TABLE=N")?;
    let n = n
        .replace('_', "")
        .parse()
        .map_err(|_| format!("`{n}` is no number of rows"))?;
    Ok((table.to_owned(), n))
}

/// Does it.
pub fn run(ctx: &Context, args: &ExperimentArgs) -> Result<i32> {
    let control = Control::find(ctx, args.url.as_deref())?;
    let at = |name: &str, rest: &str| format!("/api/experiments/{}{rest}", percent(name));
    let human = args.format == Format::Human;
    let answer = match &args.action {
        Action::Create {
            name,
            from,
            dialect,
            surrogate_keys,
        } => {
            let mut body = definition(ctx, from.as_deref(), *dialect)?;
            body["name"] = json!(name);
            if *surrogate_keys {
                body["surrogate_keys"] = json!(true);
            }
            let made = control.json("POST", "/api/experiments", Some(&body))?;
            ctx.ui.status(
                "Created",
                format_args!("{name} with {}", count(tables(&made), "table")),
            );
            made
        }
        Action::List => {
            let all = control.json("GET", "/api/experiments", None)?;
            if human {
                for one in all.as_array().into_iter().flatten() {
                    output::line(summary(one))?;
                }
            }
            all
        }
        Action::Show { name } => {
            let one = control.json("GET", &at(name, ""), None)?;
            if human {
                output::line(summary(&one))?;
                for table in one["table_list"].as_array().into_iter().flatten() {
                    output::line(format_args!(
                        "  {:<30} {:>12} rows loaded, {} columns",
                        word(&table["name"]),
                        thousands(number(&table["loaded_rows"])),
                        table["columns"]
                    ))?;
                }
            }
            one
        }
        Action::Generate {
            name,
            seed,
            rows,
            dialect,
            detach,
        } => {
            let rows: BTreeMap<&String, u64> = rows.iter().map(|(t, n)| (t, *n)).collect();
            let dialects: Vec<&str> = dialect.iter().map(|d| d.name()).collect();
            let body = json!({ "seed": seed, "rows": rows, "dialects": dialects });
            let begun = control.json("POST", &at(name, "/generate"), Some(&body))?;
            if *detach {
                ctx.ui
                    .status("Started", format_args!("run {}", begun["id"]));
                begun
            } else {
                wait(ctx, &control, &at(name, &format!("/runs/{}", begun["id"])))?
            }
        }
        Action::Runs { name } => {
            let all = control.json("GET", &at(name, "/runs"), None)?;
            if human {
                for one in all.as_array().into_iter().flatten() {
                    output::line(format_args!(
                        "{:>5}  {:<9}  seed {}  {}",
                        one["id"],
                        word(&one["status"]),
                        one["seed"],
                        one["error"].as_str().unwrap_or_default()
                    ))?;
                }
            }
            all
        }
        Action::Cancel { name, run } => {
            let run = control.json("POST", &at(name, &format!("/runs/{run}/cancel")), None)?;
            ctx.ui
                .status("Cancelling", format_args!("run {}", run["id"]));
            run
        }
        Action::Query {
            name,
            dialect,
            sql,
            limit,
        } => {
            let body = json!({ "sql": sql, "dialect": dialect.name(), "limit": limit });
            let answer = control.json("POST", &at(name, "/query"), Some(&body))?;
            if human {
                print(&answer)?;
            }
            answer
        }
        Action::ImportSql {
            name,
            file,
            dialect,
            merge,
            surrogate_keys,
        } => {
            let (_, sql) = read(ctx, file)?;
            let body = json!({
                "sql": sql, "dialect": dialect.name(), "merge": merge, "surrogate_keys": surrogate_keys
            });
            let done = control.json("POST", &at(name, "/import-sql"), Some(&body))?;
            for finding in done["findings"].as_array().into_iter().flatten() {
                ctx.ui.warn(
                    "Look at",
                    format_args!(
                        "{}:{}: {}",
                        finding["line"],
                        finding["column"],
                        word(&finding["message"])
                    ),
                );
            }
            let imported = done["tables"].as_array().map_or(0, Vec::len);
            ctx.ui.status("Imported", count(imported, "table"));
            done
        }
        Action::Export { name, out } => export(ctx, &control, &at(name, ""), out)?,
        Action::Delete { name } => {
            let done = control.json("DELETE", &at(name, ""), None)?;
            ctx.ui.status(
                "Deleted",
                format_args!("{name}, {} tables dropped", done["dropped_tables"]),
            );
            done
        }
    };
    if !human {
        output::json(&answer)?;
    }
    Ok(exit::OK)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn tables(detail: &Value) -> usize {
    usize::try_from(number(&detail["tables"])).unwrap_or(0)
}

fn summary(one: &Value) -> String {
    let loaded: Vec<&str> = one["loaded"]
        .as_array()
        .into_iter()
        .flatten()
        .map(word)
        .collect();
    let mut text = format!(
        "{:<20} {} tables, {} rows",
        word(&one["name"]),
        one["tables"],
        thousands(number(&one["rows"]))
    );
    if !loaded.is_empty() {
        text.push_str(&format!(" in {}", loaded.join(" and ")));
    }
    for warning in one["warnings"].as_array().into_iter().flatten() {
        text.push_str(&format!("\n    {}", word(warning)));
    }
    text
}

/// What an experiment is created from, by the kind of file.
fn definition(ctx: &Context, from: Option<&Path>, dialect: Option<Dialect>) -> Result<Value> {
    let Some(from) = from else {
        let path = ctx.project()?.root.join("dwsim.toml");
        let text = std::fs::read_to_string(&path)
            .map_err(Error::io(format!("reading {}", path.display())))?;
        return Ok(json!({ "toml": text }));
    };
    let (name, text) = read(ctx, from)?;
    let usage = |message: String| Error::Usage {
        message,
        help: None,
    };
    match from.extension().and_then(|e| e.to_str()) {
        Some("toml") => Ok(json!({ "toml": text })),
        Some("json") => {
            let schema: Value =
                serde_json::from_str(&text).map_err(|e| usage(format!("{name}: {e}")))?;
            Ok(json!({ "schema": schema }))
        }
        Some("sql") => {
            let dialect = dialect.ok_or_else(|| usage("DDL needs its --dialect".to_owned()))?;
            Ok(json!({ "sql": text, "dialect": dialect.name() }))
        }
        _ => Err(usage(format!("{name} is neither .toml nor .json nor .sql"))),
    }
}

/// Waits for the end of a run.
fn wait(ctx: &Context, control: &Control, path: &str) -> Result<Value> {
    loop {
        let run = control.json("GET", path, None)?;
        match word(&run["status"]) {
            "running" => std::thread::sleep(Duration::from_millis(150)),
            "done" => {
                let all = run["tables"].as_array();
                let rows: u64 = all.into_iter().flatten().map(|t| number(&t["rows"])).sum();
                let dialects: Vec<&str> = run["dialects"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(word)
                    .collect();
                ctx.ui.status(
                    "Loaded",
                    format_args!(
                        "{} rows into {} (run {})",
                        thousands(rows),
                        dialects.join(" and "),
                        run["id"]
                    ),
                );
                return Ok(run);
            }
            other => {
                return Err(Error::Control {
                    message: format!(
                        "run {} {other}: {}",
                        run["id"],
                        run["error"].as_str().unwrap_or("on request")
                    ),
                    code: exit::EMULATOR,
                });
            }
        }
    }
}

/// An answer as lines of cells between tabs.
fn print(answer: &Value) -> Result<()> {
    let columns = answer["columns"].as_array();
    let names: Vec<&str> = columns
        .into_iter()
        .flatten()
        .map(|c| word(&c["name"]))
        .collect();
    if names.is_empty() {
        return output::line(match answer["affected"].as_u64() {
            Some(n) => format!("{n} rows affected"),
            None => "done".to_owned(),
        });
    }
    output::line(names.join("\t"))?;
    for row in answer["rows"].as_array().into_iter().flatten() {
        let cells: Vec<String> = row
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| {
                c.as_str()
                    .map_or_else(|| "NULL".to_owned(), |t| t.escape_debug().to_string())
            })
            .collect();
        output::line(cells.join("\t"))?;
    }
    Ok(())
}

/// Into a folder, each file and at last the manifest; or into a bucket, which the control plane does.
fn export(ctx: &Context, control: &Control, path: &str, out: &str) -> Result<Value> {
    if let Some(rest) = out.strip_prefix("s3://") {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let body = json!({ "bucket": bucket, "prefix": prefix });
        let manifest = control.json("POST", &format!("{path}/export"), Some(&body))?;
        ctx.ui.status("Exported", format_args!("to {out}"));
        return Ok(manifest);
    }
    let folder = ctx.directory().join(out);
    std::fs::create_dir_all(&folder)
        .map_err(Error::io(format!("creating {}", folder.display())))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(Error::io(format!("writing {}", path.display())))
    };
    let manifest = control.json("GET", &format!("{path}/export"), None)?;
    for table in manifest["tables"].as_array().into_iter().flatten() {
        let bytes = control.ask(
            "GET",
            &format!("{path}/tables/{}", percent(word(&table["table"]))),
            None,
        )?;
        write(word(&table["file"]), &bytes)?;
    }
    write("manifest.json", format!("{manifest:#}\n").as_bytes())?;
    ctx.ui
        .status("Exported", format_args!("to {}", folder.display()));
    Ok(manifest)
}
