//! One statement on one warehouse or on both side by side, its answer in pages and as files.
//! Running and comparing is the service's part.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use dwsim_runtime::Dialect;
use serde::Deserialize;
use serde_json::{Value, json};

use super::experiments::{base, title};
use super::form::Fields;
use super::render::{page, see};
use crate::api::{App, Asked, Parameters, Problem, REQUEST_LIMIT, blocking};
use crate::experiment::{Error, Held, Outcome, csv, parquet};

/// Rows of a page.
const ROWS: usize = 50;

/// Characters of a cell that are shown.
const SHOWN: usize = 400;

/// A cell's text, no longer than can be shown.
pub(super) fn cut(text: String) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// The form with what was asked.
async fn form(
    app: &App,
    name: &str,
    status: StatusCode,
    sql: &str,
    on: &str,
    message: Option<String>,
    result: Value,
) -> Result<Response, Problem> {
    let (service, asked) = (app.service.clone(), name.to_owned());
    let loaded = blocking(move || service.show(&asked)).await?.summary.loaded;
    let mut choices = Vec::new();
    if loaded.len() > 1 {
        choices.push(json!({ "value": "both", "title": "Both, side by side" }));
    }
    for dialect in Dialect::ALL {
        if loaded.iter().any(|l| l == dialect.name()) {
            choices.push(json!({ "value": dialect.name(), "title": title(dialect) }));
        }
    }
    let fallback = choices.first().map_or(Value::Null, |c| c["value"].clone());
    let chosen = if choices.iter().any(|c| c["value"] == on) {
        json!(on)
    } else {
        fallback
    };
    let message = message.or_else(|| {
        choices
            .is_empty()
            .then(|| format!("Nothing of experiment `{name}` is loaded; generate it first."))
    });
    page(
        status,
        "query.html",
        json!({
            "here": "experiments", "name": name, "base": base(name), "sql": sql, "on": choices, "chosen": chosen,
            "message": message, "result": result,
        }),
    )
}

pub(super) async fn ask(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
) -> Result<Response, Problem> {
    form(&app, &name, StatusCode::OK, "", "both", None, Value::Null).await
}

pub(super) async fn run(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (sql, on) = (fields.get("sql"), fields.get("on"));
    let dialects = match on {
        "both" => Dialect::ALL.to_vec(),
        one => vec![crate::api::dialect(one)?],
    };
    let work = app.service.compare(&name, sql, &dialects);
    match tokio::time::timeout(REQUEST_LIMIT, work).await {
        Ok(Ok(held)) => Ok(see(&format!("{}/results/{}#result", base(&name), held.id))),
        Ok(Err(e @ (Error::Invalid { .. } | Error::Conflict(_)))) => {
            let problem = Problem::from(e);
            let message = Some(problem.detail().to_owned());
            form(&app, &name, problem.status(), sql, on, message, Value::Null).await
        }
        Ok(Err(other)) => Err(other.into()),
        Err(_) => {
            let message = Some("The statement takes too long.".to_owned());
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            form(&app, &name, status, sql, on, message, Value::Null).await
        }
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Page {
    page: Option<usize>,
}

fn milliseconds(took: &std::time::Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// One page of an answer.
fn shown(held: &Held, number: usize) -> Value {
    let pages = held.rows().div_ceil(ROWS).max(1);
    let number = number.clamp(1, pages);
    let sides: Vec<Value> = held
        .sides
        .iter()
        .map(|(dialect, outcome)| {
            let mut side = json!({
                "dialect": dialect.name(), "title": title(*dialect), "error": null, "columns": [], "rows": [],
                "affected": null,
            });
            match outcome {
                Outcome::Rows(table, took) => {
                    let from = (number - 1) * ROWS;
                    side["columns"] = table
                        .columns
                        .iter()
                        .map(|c| json!({ "name": c.name, "type": c.native }))
                        .collect();
                    side["rows"] = table
                        .rows
                        .iter()
                        .skip(from)
                        .take(ROWS)
                        .map(|row| row.iter().map(|v| crate::experiment::text(v).map(cut)).collect())
                        .collect::<Vec<Vec<Option<String>>>>()
                        .into();
                    side["total"] = json!(table.rows.len());
                    side["milliseconds"] = json!(milliseconds(took));
                }
                Outcome::Done(affected, took) => {
                    side["affected"] = json!(affected);
                    side["milliseconds"] = json!(milliseconds(took));
                }
                Outcome::Refused(message) => side["error"] = json!(message),
            }
            side
        })
        .collect();
    let differences: Vec<Value> = held
        .differences
        .iter()
        .flatten()
        .map(|d| {
            json!({ "place": cut(d.place.clone()), "redshift": cut(d.redshift.clone()), "snowflake": cut(d.snowflake.clone()) })
        })
        .collect();
    let verdict = match &held.differences {
        None => "",
        Some(none) if none.is_empty() => {
            let refused = |(_, o): &(Dialect, Outcome)| matches!(o, Outcome::Refused(_));
            // that both refuse is seen from their messages
            if held.sides.iter().all(refused) {
                ""
            } else {
                "agree"
            }
        }
        Some(_) => "differ",
    };
    json!({
        "id": held.id, "verdict": verdict, "differences": differences, "more": held.more, "sides": sides,
        "page": number, "pages": pages,
    })
}

pub(super) async fn result(
    State(app): State<App>,
    Parameters((name, id)): Parameters<(String, u64)>,
    Asked(asked): Asked<Page>,
) -> Result<Response, Problem> {
    let held = app.service.held(&name, id)?;
    let on = match held.sides.as_slice() {
        [(one, _)] => one.name(),
        _ => "both",
    };
    let answer = shown(&held, asked.page.unwrap_or(1));
    form(&app, &name, StatusCode::OK, &held.sql, on, None, answer).await
}

pub(super) async fn file(
    State(app): State<App>,
    Parameters((name, id, file)): Parameters<(String, u64, String)>,
) -> Result<Response, Problem> {
    let held = app.service.held(&name, id)?;
    let missing = || {
        Problem::from(Error::NotFound {
            what: "file of the result called",
            name: file.clone(),
        })
    };
    let (side, kind) = file.split_once('.').ok_or_else(missing)?;
    let dialect = Dialect::from_name(side).ok_or_else(missing)?;
    if held.table(dialect).is_none() || !["csv", "parquet"].contains(&kind) {
        return Err(missing());
    }
    let as_csv = kind == "csv";
    let bytes = blocking(move || match held.table(dialect) {
        Some(table) if as_csv => Ok(csv(table)),
        Some(table) => parquet(table),
        None => Ok(Vec::new()),
    })
    .await?;
    let media = if as_csv {
        "text/csv; charset=utf-8; header=present"
    } else {
        "application/vnd.apache.parquet"
    };
    let attached = format!("attachment; filename=\"{name}-{id}-{side}.{kind}\"");
    Ok((
        [
            (header::CONTENT_TYPE, media.to_owned()),
            (header::CONTENT_DISPOSITION, attached),
        ],
        bytes,
    )
        .into_response())
}
