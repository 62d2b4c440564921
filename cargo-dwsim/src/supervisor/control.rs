//! Routes beside those of the control plane that make rows for fixtures: tests link no generator, they ask for rows.
//! `POST /templates` says what a template was made of, `POST /fixture` asks for rows that could have been in it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use dwsim_generate::Options;
use dwsim_runtime::fixture::{Answer, Ask};
use dwsim_runtime::{Endpoint, Endpoints};
use dwsim_schema::{Config, Inputs, Override};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::context::reference_files;
use crate::error::{Error, Result};

/// The configurations of the loaded templates, by the template's hash.
type Templates = Arc<Mutex<BTreeMap<String, Arc<Config>>>>;

/// What `POST /templates` takes: the layers of a configuration, as [`Inputs`] has them.
#[derive(Debug, Serialize, Deserialize)]
struct Registration {
    hash: String,
    /// The project, whose files of reference rows are read.
    root: PathBuf,
    file: Option<(String, String)>,
    profile: Option<String>,
    env_file: Option<(String, String)>,
    env: BTreeMap<String, String>,
    /// Path, value and carrier.
    overrides: Vec<(String, String, String)>,
}

/// The routes for fixtures, which the control plane serves beside its own.
pub fn routes() -> Router {
    Router::new()
        .route("/templates", post(register_template))
        .route("/fixture", post(make))
        .with_state(Templates::default())
}

/// Serves until told to stop.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> std::io::Result<()> {
    axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

/// Tells the control server of these endpoints what a template was made of.
pub async fn register(
    endpoints: &Endpoints,
    root: &Path,
    hash: &str,
    inputs: Inputs,
) -> Result<()> {
    let Some(control) = endpoints.control.clone() else {
        return Ok(());
    };
    let registration = Registration {
        hash: hash.to_owned(),
        root: root.to_owned(),
        file: inputs.file,
        profile: inputs.profile,
        env_file: inputs.env_file,
        // what a live warehouse is reached with is nobody's business here
        env: inputs
            .env
            .into_iter()
            .filter(|(name, _)| !name.contains("PASSWORD") && !name.contains("TOKEN"))
            .collect(),
        overrides: inputs
            .overrides
            .into_iter()
            .map(|o| (o.path, o.value, o.carrier))
            .collect(),
    };
    let body = serde_json::to_string(&registration).map_err(|e| Error::Internal(e.to_string()))?;
    tokio::task::spawn_blocking(move || send(&control, &body))
        .await
        .map_err(|e| Error::Internal(e.to_string()))?
}

fn send(control: &Endpoint, body: &str) -> Result<()> {
    dwsim_runtime::fixture::post(control, "/templates", body)
        .map(|_| ())
        .map_err(Error::from)
}

type Refusal = (StatusCode, String);

fn refuse(message: impl ToString) -> Refusal {
    (StatusCode::UNPROCESSABLE_ENTITY, message.to_string())
}

async fn register_template(
    State(templates): State<Templates>,
    Json(registration): Json<Registration>,
) -> std::result::Result<String, Refusal> {
    let overrides = registration.overrides.into_iter();
    let inputs = Inputs {
        file: registration.file,
        profile: registration.profile,
        env_file: registration.env_file,
        env: registration.env,
        overrides: overrides
            .map(|(path, value, carrier)| Override {
                path,
                value,
                carrier,
            })
            .collect(),
        files: reference_files(registration.root),
    };
    let config = Config::load(&inputs).map_err(refuse)?;
    templates
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .insert(registration.hash, Arc::new(config));
    Ok("{}".to_owned())
}

async fn make(
    State(templates): State<Templates>,
    Json(ask): Json<Ask>,
) -> std::result::Result<Json<Answer>, Refusal> {
    let config = templates
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .get(&ask.template)
        .cloned();
    let config = config.ok_or_else(|| {
        refuse(format!(
            "no template {} has been loaded into this instance",
            ask.template
        ))
    })?;
    tokio::task::spawn_blocking(move || rows(&config, &ask))
        .await
        .map_err(refuse)?
        .map(Json)
        .map_err(refuse)
}

/// The rows as `cargo dwsim generate` makes them with this seed, by default those that follow the loaded ones.
fn rows(config: &Config, ask: &Ask) -> std::result::Result<Answer, String> {
    let table = config
        .schema
        .table(&ask.table)
        .ok_or_else(|| format!("the template has no table `{}`", ask.table))?;
    let options = |rows: BTreeMap<String, u64>| Options {
        seed: ask.seed,
        scale: config.project.scale,
        rows,
        ..Options::default()
    };
    let plan =
        |rows| dwsim_generate::plan(&config.schema, &options(rows)).map_err(|e| e.to_string());
    let find = |plan: &dwsim_generate::Plan| {
        plan.tables()
            .iter()
            .position(|t| t.name() == table.name)
            .ok_or_else(|| format!("there is no plan of `{}`", table.name))
    };
    let loaded = plan(BTreeMap::new())?;
    let first = match ask.first {
        Some(first) => first,
        None => loaded.tables()[find(&loaded)?].rows(),
    };
    let last = first.checked_add(ask.rows).ok_or("too many rows")?;
    let more = plan(BTreeMap::from([(table.name.clone(), last)]))?;
    let planned = &more.tables()[find(&more)?];
    if planned.rows() < last {
        return Err(format!(
            "`{}` has {} rows, whose number does not follow from `rows` alone; ask for rows of its parent",
            table.name,
            planned.rows()
        ));
    }
    let batch = planned
        .batch(Range {
            start: first,
            end: last,
        })
        .map_err(|e| e.to_string())?;
    Ok(Answer {
        columns: table
            .columns
            .iter()
            .map(|c| (c.name.clone(), c.ty.to_string()))
            .collect(),
        rows: cells(&batch).map_err(|e| e.to_string())?,
    })
}

/// The text of every cell, nothing for NULL.
fn cells(
    batch: &RecordBatch,
) -> std::result::Result<Vec<Vec<Option<String>>>, arrow::error::ArrowError> {
    let options = FormatOptions::new()
        .with_date_format(Some("%Y-%m-%d"))
        .with_time_format(Some("%H:%M:%S%.f"))
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f%:z"));
    let formatters = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    (0..batch.num_rows())
        .map(|row| {
            formatters
                .iter()
                .zip(batch.columns())
                .map(|(formatter, column)| {
                    if column.is_null(row) {
                        Ok(None)
                    } else {
                        formatter.value(row).try_to_string().map(Some)
                    }
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn rows_follow_those_that_are_loaded() {
        let config = Config::parse(
            "dwsim.toml",
            "[tables.a]\nrows = 3\n[tables.a.columns]\nid = { type = \"serial\", primary_key = true }\n\
             at = { type = \"timestamp\" }\nnote = { type = \"varchar(9)\", nulls = 1.0 }",
        )
        .unwrap();
        let ask = |rows, first| Ask {
            template: String::new(),
            table: "a".into(),
            seed: 7,
            rows,
            first,
        };
        let answer = rows(&config, &ask(2, None)).unwrap();
        let ids: Vec<_> = answer.rows.iter().map(|r| r[0].clone().unwrap()).collect();
        assert_eq!(ids, ["4", "5"]);
        assert_eq!(answer.rows[0][2], None);
        assert_eq!(answer.columns[1], ("at".into(), "timestamp_ntz".into()));
        let again = rows(&config, &ask(5, Some(0))).unwrap();
        assert_eq!(again.rows[3..], answer.rows[..]);
        let other = Ask {
            table: "b".into(),
            ..ask(1, None)
        };
        assert!(rows(&config, &other).unwrap_err().contains("`b`"));
    }
}
