//! `status`: what runs for this project, and how clients connect to it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dwsim_runtime::Endpoints;
use dwsim_runtime::instance::{self, Instance};
use serde_json::json;

use crate::cli::Format;
use crate::context::Context;
use crate::error::Result;
use crate::{exit, output};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Text, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Prints it. Nothing running is a success too; the JSON form says `"running": false`.
pub fn run(ctx: &Context, args: &StatusArgs) -> Result<i32> {
    let project = ctx.project()?;
    let running = instance::find(&project)?;
    match (args.format, running) {
        (Format::Json, Some(i)) => output::json(
            &json!({"running": true, "pid": i.pid, "started": i.started, "version": i.version,
                    "endpoints": i.endpoints, "templates": i.templates}),
        )?,
        (Format::Json, None) => output::json(&json!({"running": false}))?,
        (Format::Human, Some(i)) => output::line(text(&i))?,
        (Format::Human, None) => {
            output::line("not running; `cargo dwsim up` starts the emulators")?
        }
    }
    Ok(exit::OK)
}

fn text(instance: &Instance) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs());
    let up = Duration::from_secs(now.saturating_sub(instance.started));
    let mut text = format!(
        "running as process {} for {} s, version {}\n",
        instance.pid,
        up.as_secs(),
        instance.version
    );
    for template in &instance.templates {
        text += &format!("data: database {}\n", template.database);
    }
    text + "\n"
        + &connections(
            &instance.endpoints,
            instance.templates.last().map(|t| t.database.as_str()),
        )
}

/// How each client connects, ready to be copied.
pub fn connections(endpoints: &Endpoints, database: Option<&str>) -> String {
    let (redshift, snowflake, s3) = (&endpoints.redshift, &endpoints.snowflake, &endpoints.s3);
    let database = database.unwrap_or("dev");
    let pg = format!(
        "postgres://dev:dev@{}:{}/{database}",
        redshift.host, redshift.port
    );
    let rows = [
        ("psql", format!("psql {pg}")),
        ("psycopg", format!("psycopg.connect(\"{pg}\")")),
        (
            "redshift_connector",
            format!(
                "redshift_connector.connect(host=\"{}\", port={}, user=\"dev\", password=\"dev\", database=\"{database}\", ssl=False)",
                redshift.host, redshift.port
            ),
        ),
        (
            "SQLAlchemy",
            format!(
                "create_engine(\"{}\")",
                pg.replacen("postgres://", "postgresql+psycopg://", 1)
            ),
        ),
        (
            "dbt-redshift",
            format!(
                "host: {}, port: {}, user: dev, password: dev, dbname: {database}, sslmode: disable",
                redshift.host, redshift.port
            ),
        ),
        (
            "snowflake-connector",
            format!(
                "snowflake.connector.connect(account=\"dwsim\", user=\"dev\", password=\"dev\", host=\"{}\", port={}, protocol=\"http\", database=\"{database}\", schema=\"public\")",
                snowflake.host, snowflake.port
            ),
        ),
        (
            "snowflake-sdk",
            format!(
                "createConnection({{account: \"dwsim\", username: \"dev\", password: \"dev\", accessUrl: \"{}\"}})",
                snowflake.url
            ),
        ),
        (
            "dbt-snowflake",
            format!(
                "account: dwsim, host: {}, port: {}, protocol: http, user: dev, password: dev",
                snowflake.host, snowflake.port
            ),
        ),
        (
            "boto3",
            format!(
                "boto3.client(\"s3\", endpoint_url=\"{}\", aws_access_key_id=\"x\", aws_secret_access_key=\"x\")",
                s3.url
            ),
        ),
    ];
    rows.iter()
        .map(|(client, how)| format!("{client:<20} {how}"))
        .collect::<Vec<_>>()
        .join("\n")
}
