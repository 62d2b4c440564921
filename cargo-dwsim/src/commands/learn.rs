//! `learn`: proposes `[tables]` of dwsim.toml for samples of data (files, or tables of a warehouse), or for SDV's
//! metadata, on stdout.
//! What is concluded from a sample is `dwsim-generate`'s part.

use std::path::PathBuf;

use dwsim_generate::{LearnError, Learned, Sample, TextColumn};
use dwsim_runtime::{Connection, TypeKind, Value, instance};
use dwsim_schema::TargetKind;
use miette::NamedSource;

use crate::cli::DialectArg;
use crate::context::{Context, flag};
use crate::error::{Error, Result};
use crate::ui::{count, thousands};
use crate::{exit, output, supervisor};

/// Arguments of `learn`.
#[derive(Debug, clap::Args)]
pub struct LearnArgs {
    /// Samples (.csv, .tsv, .parquet), one table each, named as their files are; with --target the names of tables
    #[arg(value_name = "FILE|TABLE", required_unless_present = "sdv")]
    files: Vec<PathBuf>,
    /// SDV metadata (JSON, version V1); samples are optional then
    #[arg(long, value_name = "METADATA.json")]
    sdv: Option<PathBuf>,
    /// Look at tables of this target: `embedded` for the running emulators, or a key of `[target]`
    #[arg(long, value_name = "TARGET", requires = "dialect")]
    target: Option<String>,
    /// The warehouse of the target
    #[arg(short, long, value_enum, value_name = "DIALECT", requires = "target")]
    dialect: Option<DialectArg>,
    /// Rows of each sample to look at
    #[arg(long, value_name = "N", default_value = "200000",
          value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    limit: u32,
}

/// Prints the proposal.
pub async fn run(ctx: &Context, args: &LearnArgs) -> Result<i32> {
    let mut samples = Vec::with_capacity(args.files.len());
    let mut connection = match (&args.target, args.dialect) {
        (Some(target), Some(dialect)) => Some(connect(ctx, target, dialect).await?),
        _ => None,
    };
    for file in &args.files {
        let sample = match &mut connection {
            Some(connection) => table(connection, &file.to_string_lossy(), args.limit).await?,
            None => Sample::read(&ctx.directory().join(file), args.limit as usize)
                .map_err(|e| failed(e.into()))?,
        };
        ctx.ui.status(
            "Read",
            format_args!(
                "{}: {} rows, {}",
                file.display(),
                thousands(sample.rows.num_rows() as u64),
                count(sample.rows.num_columns(), "column")
            ),
        );
        samples.push(sample);
    }
    if let Some(connection) = connection {
        connection.close().await;
    }
    let learned = match &args.sdv {
        None => dwsim_generate::learn(&samples),
        Some(path) => {
            let path = ctx.directory().join(path);
            let text = std::fs::read_to_string(&path)
                .map_err(Error::io(format!("reading {}", path.display())))?;
            dwsim_generate::sdv(&text, &samples)
        }
    };
    let Learned { toml, notes } = learned.map_err(failed)?;
    for note in notes {
        ctx.ui.note(format_args!("note: {note}"));
    }
    // a proposal that cannot be generated from is still worth reading
    if let Err(problems) = dwsim_schema::Config::parse("the proposal", &toml)
        .and_then(|c| dwsim_generate::plan(&c.schema, &dwsim_generate::Options::default()))
    {
        for problem in problems.items {
            ctx.ui.warn("Look at", format_args!("{problem}"));
        }
    }
    output::data(toml.as_bytes())?;
    Ok(exit::OK)
}

/// A session on the warehouse of a target.
async fn connect(ctx: &Context, target: &str, dialect: DialectArg) -> Result<Connection> {
    let [dialect] = DialectArg::all_of(&[dialect])[..] else {
        return Err(Error::Usage {
            message: "a table is of one warehouse".into(),
            help: Some("--dialect redshift, or --dialect snowflake".into()),
        });
    };
    let project = ctx.project()?;
    let over = flag("--target", "test.target", Some(target));
    let config = ctx.config(&project, over.into_iter().collect())?;
    let Some(target) = config.target(&config.test.target) else {
        return Err(Error::Target {
            message: format!("there is no [target.{target}] in dwsim.toml"),
            help: Some("`cargo dwsim config show target` lists the targets".into()),
        });
    };
    let (endpoint, database) = match target.kind {
        TargetKind::Embedded => {
            let running = instance::find(&project)?.ok_or_else(|| Error::Target {
                message: "no emulators of this project are running".into(),
                help: Some("`cargo dwsim up` starts them".into()),
            })?;
            let endpoints = running.ready_endpoints();
            let database = endpoints.template.as_ref().map(|t| t.database.clone());
            (endpoints.of(dialect).clone(), database)
        }
        TargetKind::Live => (supervisor::live_endpoint(target, dialect)?, None),
        TargetKind::Container => {
            return Err(Error::Target {
                message: format!(
                    "the container of `{}` has nothing to learn from",
                    target.name
                ),
                help: None,
            });
        }
    };
    Ok(Connection::connect(dialect, &endpoint, database.as_deref(), None).await?)
}

/// The first rows of a table, named as it may be written in SQL: `orders`, `sales.orders`.
async fn table(connection: &mut Connection, name: &str, limit: u32) -> Result<Sample> {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '$')
    };
    if !name.split('.').all(plain) {
        return Err(Error::Usage {
            message: format!("`{name}` is no name of a table"),
            help: Some("such as orders, sales.orders or shop.sales.orders".into()),
        });
    }
    let sql = format!("select * from {name} limit {}", u64::from(limit) + 1);
    let dialect = connection.dialect().name();
    let found = connection.query(&sql).await.map_err(|e| match e {
        dwsim_runtime::Error::Sql(e) => Error::Sql {
            dialect,
            message: format!("{}: {}", e.code, e.message),
            source_code: NamedSource::new("the sample", sql.clone()),
            span: None,
        },
        other => other.into(),
    })?;
    let cut = found.rows.len() > limit as usize;
    let mut columns: Vec<TextColumn> = found
        .columns
        .iter()
        .map(|c| TextColumn {
            name: c.name.clone(),
            is_text: matches!(c.ty, TypeKind::Text | TypeKind::Json | TypeKind::Other),
            values: Vec::with_capacity(found.rows.len()),
        })
        .collect();
    for row in found.rows.into_iter().take(limit as usize) {
        for (value, column) in row.into_iter().zip(&mut columns) {
            column.values.push(match value {
                Value::Null => None,
                Value::Text(text) => Some(text),
                Value::Json(json) => Some(json.to_string()),
                other => Some(other.to_string()),
            });
        }
    }
    let name = name.rsplit('.').next().unwrap_or(name).to_lowercase();
    Sample::of_texts(&name, &columns, cut).map_err(|e| Error::Internal(e.to_string()))
}

fn failed(error: LearnError) -> Error {
    match error {
        LearnError::Arrow(_) => Error::Internal(error.to_string()),
        other => Error::Generate {
            message: other.to_string(),
        },
    }
}
