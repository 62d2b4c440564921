//! `sql`: statements on one dialect or on both, from the command line, a file, a pipe or a prompt. With `both`
//! it shows one answer where they agree and the typed difference where they do not.
//!
//! It runs on a fork of the project's data, so that nothing it does is seen by tests; `--database` connects to a
//! database as it is.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::PathBuf;

use dwsim_runtime::snapshot::{Answer, RowOrder, diff};
use dwsim_runtime::value::cell;
use dwsim_runtime::{
    Connection, Dialect, Endpoints, Fork, Reply, ResultTable, SqlError, Value, instance, script,
};
use miette::{NamedSource, SourceSpan};
use serde_json::json;

use crate::cli::{DialectArg, Format};
use crate::compare::side_by_side;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::supervisor::{self, Emulators, Settings};
use crate::ui::count;
use crate::{exit, output, signals};

/// Arguments of `sql`.
#[derive(Debug, clap::Args)]
pub struct SqlArgs {
    /// Which dialect, or both
    #[arg(
        short,
        long,
        value_enum,
        value_name = "DIALECT",
        default_value = "both"
    )]
    dialect: DialectArg,
    /// Run SQL (may be given several times)
    #[arg(short, long, value_name = "SQL", conflicts_with = "file")]
    execute: Vec<String>,
    /// Run a file; without -e and -f, what comes on stdin
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Connect to this database as it is, not to a fork of the project's data
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// Start without the project's data
    #[arg(long, conflicts_with = "database")]
    empty: bool,
    /// Tables for people, or one JSON object a statement and dialect
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// A text and what to call it.
struct Script {
    name: String,
    text: String,
}

/// Runs the statements.
pub async fn run(ctx: &Context, args: &SqlArgs) -> Result<i32> {
    let cancel = signals::cancel_on_signal()?;
    // What cannot be read is said before anything is started.
    let scripts = scripts(ctx, args)?;
    let dialects = DialectArg::all_of(&[args.dialect]);
    let (endpoints, emulators) = endpoints(ctx, args, &dialects).await?;
    let work = async {
        let mut sessions = Vec::new();
        for dialect in &dialects {
            sessions.push(Session::open(*dialect, &endpoints, args).await?);
        }
        let result = match &scripts {
            Some(scripts) => batch(scripts, &mut sessions, args).await,
            None => prompt(&mut sessions, args).await,
        };
        for session in sessions {
            session.close().await;
        }
        result
    };
    let result = tokio::select! {
        result = work => result,
        () = cancel.cancelled() => Err(Error::Interrupted),
    };
    if let Some(emulators) = emulators {
        emulators.stop().await;
    }
    result
}

/// The given texts; nothing when they are to be asked for at a prompt.
fn scripts(ctx: &Context, args: &SqlArgs) -> Result<Option<Vec<Script>>> {
    if !args.execute.is_empty() {
        let scripts = args.execute.iter().map(|text| Script {
            name: "-e".into(),
            text: text.clone(),
        });
        return Ok(Some(scripts.collect()));
    }
    let script = match &args.file {
        Some(path) => {
            let read = std::fs::read_to_string(ctx.directory().join(path));
            Script {
                name: path.display().to_string(),
                text: read.map_err(Error::io(format!("reading {}", path.display())))?,
            }
        }
        None if std::io::stdin().is_terminal() => return Ok(None),
        None => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(Error::io("reading stdin"))?;
            Script {
                name: "stdin".into(),
                text,
            }
        }
    };
    Ok(Some(vec![script]))
}

/// The running instance's servers, or new ones in this process with the project's data in them.
async fn endpoints(
    ctx: &Context,
    args: &SqlArgs,
    dialects: &[Dialect],
) -> Result<(Endpoints, Option<Emulators>)> {
    // `sql` needs no project; what is wrong with one that is there is an error.
    let project = match ctx.project() {
        Err(Error::NoProject { .. }) => None,
        found => Some(found?),
    };
    if let Some(project) = &project
        && let Some(running) = instance::find(project)?
    {
        let mut endpoints = running.ready_endpoints();
        if args.empty {
            endpoints.template = None;
        }
        return Ok((endpoints, None));
    }
    let config = match &project {
        Some(project) if !args.empty => Some(ctx.config(project, Vec::new())?),
        _ => None,
    };
    let settings = config.as_ref().map(Settings::of).unwrap_or_default();
    let emulators = Emulators::start(&settings).await?;
    let mut endpoints = emulators.endpoints.clone();
    if let Some(config) = config {
        endpoints.settings = Some((&config).into());
        endpoints.template = Some(
            supervisor::load(&config, &endpoints, dialects, &ctx.ui)
                .await?
                .info,
        );
    }
    Ok((endpoints, Some(emulators)))
}

/// A connection, and the fork it is on.
struct Session {
    connection: Connection,
    fork: Option<Fork>,
}

impl Session {
    async fn open(dialect: Dialect, endpoints: &Endpoints, args: &SqlArgs) -> Result<Self> {
        let endpoint = endpoints.of(dialect);
        if args.database.is_none() && endpoints.template.is_some() {
            let (fork, connection) = Fork::create(dialect, endpoints, "sql").await?;
            return Ok(Session {
                connection,
                fork: Some(fork),
            });
        }
        let connection =
            Connection::connect(dialect, endpoint, args.database.as_deref(), None).await?;
        Ok(Session {
            connection,
            fork: None,
        })
    }

    async fn close(self) {
        self.connection.close().await;
        if let Some(fork) = self.fork {
            // The instance drops what is left of forks; there is nobody to tell.
            let _ = fork.drop_database().await;
        }
    }
}

/// What a statement came to on a dialect; only a refusal is a result as well.
type Answered = std::result::Result<Reply, Box<SqlError>>;

async fn ask(session: &mut Session, sql: &str) -> Result<Answered> {
    match session.connection.run(sql).await {
        Ok(reply) => Ok(Ok(reply)),
        Err(dwsim_runtime::Error::Sql(error)) => Ok(Err(error)),
        Err(other) => Err(other.into()),
    }
}

/// Runs whole scripts, up to the first statement that fails.
async fn batch(scripts: &[Script], sessions: &mut [Session], args: &SqlArgs) -> Result<i32> {
    for script in scripts {
        let split = session_dialect(sessions);
        let statements = script::statements(&script.text, split).map_err(|e| Error::Usage {
            message: format!("{}:{}:{}: {}", script.name, e.line, e.column, e.message),
            help: None,
        })?;
        for statement in statements {
            let mut answers = Vec::new();
            for session in sessions.iter_mut() {
                answers.push((
                    session.connection.dialect(),
                    ask(session, statement.text).await?,
                ));
            }
            show(statement.text, statement.order, &answers, args.format)?;
            if let Some((dialect, error)) = answers
                .iter()
                .find_map(|(d, a)| Some((*d, a.as_ref().err()?)))
            {
                return Err(located(script, statement.text, dialect, error));
            }
        }
    }
    Ok(exit::OK)
}

/// The dialect whose words divide a script into statements.
fn session_dialect(sessions: &[Session]) -> Dialect {
    sessions
        .first()
        .map_or(Dialect::Redshift, |s| s.connection.dialect())
}

/// Asks for statements until the input ends; errors are shown and end nothing.
async fn prompt(sessions: &mut [Session], args: &SqlArgs) -> Result<i32> {
    let names: Vec<_> = sessions
        .iter()
        .map(|s| s.connection.dialect().name())
        .collect();
    let names = names.join("+");
    let mut text = String::new();
    loop {
        let mut out = anstream::stdout();
        let sign = if text.trim().is_empty() { "=>" } else { "->" };
        write!(out, "{names}{sign} ")
            .and_then(|()| out.flush())
            .map_err(Error::io("writing the prompt"))?;
        let line = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().next())
            .await
            .map_err(|e| Error::Internal(e.to_string()))?;
        let Some(line) = line else {
            return Ok(exit::OK);
        };
        let line = line.map_err(Error::io("reading the terminal"))?;
        if text.trim().is_empty() && matches!(line.trim(), "\\q" | "quit" | "exit") {
            return Ok(exit::OK);
        }
        text += &line;
        text.push('\n');
        if !line.trim_end().ends_with(';') {
            continue;
        }
        let script = Script {
            name: "input".into(),
            text: std::mem::take(&mut text),
        };
        match batch(std::slice::from_ref(&script), sessions, args).await {
            Ok(_) => {}
            Err(error @ (Error::Sql { .. } | Error::Usage { .. })) => crate::error::report(error),
            Err(other) => return Err(other),
        }
    }
}

/// Prints what a statement came to.
fn show(sql: &str, order: RowOrder, answers: &[(Dialect, Answered)], format: Format) -> Result<()> {
    if format == Format::Json {
        for (dialect, answer) in answers {
            output::json(&json_of(sql, *dialect, answer))?;
        }
        return Ok(());
    }
    let agree = match answers {
        [(_, Ok(a)), (_, Ok(b))] => match diff(&answer_of(a), &answer_of(b), order) {
            None => true,
            // Each warehouse has its own names of types; those are shown below, they are no difference of rows.
            Some(difference) => {
                for (dialect, answer) in answers {
                    output::line(format_args!("-- {dialect}"))?;
                    if let Ok(reply) = answer {
                        output::data(text_of(reply).as_bytes())?;
                    }
                }
                output::line("-- difference")?;
                output::data(side_by_side(&difference).as_bytes())?;
                return Ok(());
            }
        },
        _ => false,
    };
    for (dialect, answer) in answers {
        if let Ok(reply) = answer {
            if answers.len() > 1 {
                output::line(if agree {
                    "-- redshift, snowflake".to_owned()
                } else {
                    format!("-- {dialect}")
                })?;
            }
            output::data(text_of(reply).as_bytes())?;
        }
        if agree {
            break;
        }
    }
    Ok(())
}

fn answer_of(reply: &Reply) -> Answer {
    match reply {
        Reply::Rows(table) => Answer::Rows(table.clone()),
        Reply::Done { affected } => Answer::Done {
            affected: *affected,
        },
    }
}

/// A table with a line of names, one of types, and its rows; numbers to the right.
fn text_of(reply: &Reply) -> String {
    let table = match reply {
        Reply::Rows(table) => table,
        Reply::Done { affected: Some(n) } => {
            return format!(
                "{}\n",
                count(usize::try_from(*n).unwrap_or(usize::MAX), "row")
            );
        }
        Reply::Done { affected: None } => return "done\n".into(),
    };
    let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
    let types: Vec<String> = table.columns.iter().map(|c| c.native.clone()).collect();
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.iter().map(cell::render).collect())
        .collect();
    let widths: Vec<usize> = (0..names.len())
        .map(|i| {
            let cells = rows.iter().filter_map(|row| row.get(i));
            cells
                .chain([&names[i], &types[i]])
                .map(|c| c.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let right = |i: usize| table.columns[i].ty.is_number();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(i, cell)| {
                let width = widths[i];
                if right(i) {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            })
            .collect();
        format!("{}\n", padded.join(" | ").trim_end())
    };
    let mut text = line(&names) + &line(&types);
    text += &format!(
        "{}\n",
        widths
            .iter()
            .map(|w| "-".repeat(*w))
            .collect::<Vec<_>>()
            .join("-+-")
    );
    for row in &rows {
        text += &line(row);
    }
    text + &format!("({})\n", count(rows.len(), "row"))
}

fn json_of(sql: &str, dialect: Dialect, answer: &Answered) -> serde_json::Value {
    match answer {
        Ok(Reply::Rows(table)) => json!({
            "dialect": dialect.name(),
            "sql": sql,
            "columns": table.columns.iter().map(|c| json!({"name": c.name, "type": c.native})).collect::<Vec<_>>(),
            "rows": rows_of(table),
        }),
        Ok(Reply::Done { affected }) => {
            json!({"dialect": dialect.name(), "sql": sql, "affected": affected})
        }
        Err(e) => {
            json!({"dialect": dialect.name(), "sql": sql, "error": {"code": e.code, "message": e.message}})
        }
    }
}

/// Cells as JSON: text for what JSON has no exact form of (decimals, dates, bytes).
fn rows_of(table: &ResultTable) -> Vec<Vec<serde_json::Value>> {
    let cell_of = |value: &Value| match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(b) => json!(b),
        Value::Int(n) => i64::try_from(*n).map_or_else(|_| json!(n.to_string()), |n| json!(n)),
        Value::Float(f) if f.is_finite() => json!(f),
        Value::Text(t) => json!(t),
        Value::Json(v) => v.clone(),
        other => json!(cell::render(other)),
    };
    table
        .rows
        .iter()
        .map(|row| row.iter().map(cell_of).collect())
        .collect()
}

/// The error with its place in the script's text.
fn located(script: &Script, statement: &str, dialect: Dialect, error: &SqlError) -> Error {
    // The statement is a part of the script's text, so its place follows from where it is found.
    let start = script.text.find(statement).unwrap_or(0);
    let span = error.position.map(|at| {
        let before: usize = statement
            .split_inclusive('\n')
            .take(at.line.saturating_sub(1))
            .map(str::len)
            .sum();
        let line = statement.get(before..).unwrap_or("");
        let column: usize = line
            .chars()
            .take(at.column.saturating_sub(1))
            .map(char::len_utf8)
            .sum();
        let offset = start + before + column;
        let word = script.text.get(offset..).map_or(0, |rest| {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
                .max(1)
                .min(rest.len())
        });
        SourceSpan::from((offset, word))
    });
    Error::Sql {
        dialect: dialect.name(),
        message: format!("{}: {}", error.code, error.message),
        source_code: NamedSource::new(&script.name, script.text.clone()),
        span,
    }
}
