//! A loaded table: its first rows, and per column counts, a histogram and what was declared.
//! Measuring is the service's part.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use dwsim_generate::svg;
use dwsim_runtime::Dialect;
use serde::Deserialize;
use serde_json::{Value, json};

use super::experiments::{api, base};
use super::query::cut;
use super::render::page;
use crate::api::{App, Asked, Parameters, Problem, blocking};
use crate::experiment::Error;

/// Rows of a preview.
const ROWS: usize = 50;

#[derive(Deserialize, Default)]
pub(super) struct On {
    on: Option<String>,
}

/// The warehouses that an experiment is loaded into, and the asked one of them.
async fn chosen(app: &App, name: &str, on: On) -> Result<(Vec<String>, Dialect), Problem> {
    let (service, asked) = (app.service.clone(), name.to_owned());
    let loaded = blocking(move || service.show(&asked)).await?.summary.loaded;
    let dialect = match on.on.as_ref().or(loaded.first()) {
        Some(name) => crate::api::dialect(name)?,
        None => {
            return Err(Error::Conflict(format!(
                "nothing of experiment `{name}` is loaded; generate it first"
            ))
            .into());
        }
    };
    Ok((loaded, dialect))
}

async fn common(app: &App, name: &str, table: &str, on: On) -> Result<(Dialect, Value), Problem> {
    let (loaded, dialect) = chosen(app, name, on).await?;
    let preview = app.service.preview(name, table, dialect, ROWS).await?;
    let rows: Vec<Vec<Option<String>>> = preview
        .rows
        .into_iter()
        .map(|row| row.into_iter().map(|c| c.map(cut)).collect())
        .collect();
    let values = json!({
        "here": "experiments", "name": name, "table": table, "base": base(name), "api": api(name),
        "loaded": loaded, "dialect": dialect.name(), "columns": [],
        "preview": {
            "dialect": dialect.name(), "columns": preview.columns, "shown": rows.len(), "rows": rows,
        },
    });
    Ok((dialect, values))
}

pub(super) async fn preview(
    State(app): State<App>,
    Parameters((name, table)): Parameters<(String, String)>,
    Asked(on): Asked<On>,
) -> Result<Response, Problem> {
    let (_, values) = common(&app, &name, &table, on).await?;
    page(StatusCode::OK, "table.html", values)
}

pub(super) async fn profile(
    State(app): State<App>,
    Parameters((name, table)): Parameters<(String, String)>,
    Asked(on): Asked<On>,
) -> Result<Response, Problem> {
    let (dialect, mut values) = common(&app, &name, &table, on).await?;
    let profile = app.service.profile(&name, &table, dialect).await?;
    let measured = app.service.measure(&name).await?;
    let report = measured.as_ref().ok();
    let report = report.and_then(|r| r.tables.iter().find(|t| t.name == table));
    let types = values["preview"]["columns"].clone();
    let columns: Vec<Value> = profile
        .columns
        .into_iter()
        .enumerate()
        .map(|(i, c)| {
            let found = report.and_then(|r| r.columns.iter().find(|x| x.name == c.name));
            let plot = found.and_then(|f| f.plot.as_ref());
            let metrics: Vec<Value> = found
                .into_iter()
                .flat_map(|f| &f.metrics)
                .map(|m| {
                    json!({
                        "name": m.name, "of": m.of, "ok": m.ok, "value": format!("{:.4}", m.value),
                        "bound": format!("{:.4}", m.bound),
                    })
                })
                .collect();
            let top: Vec<Value> = c
                .top
                .into_iter()
                .map(|(text, count)| json!({ "text": text.map(cut), "count": count }))
                .collect();
            let share = if profile.rows == 0 {
                0.0
            } else {
                c.nulls as f64 / profile.rows as f64 * 100.0
            };
            let label = |end: Option<&String>| end.cloned().map(cut).unwrap_or_default();
            json!({
                "type": types[i]["type"].as_str().unwrap_or_default(),
                "declared": found.map(|f| f.declared.as_str()), "pii": found.is_some_and(|f| f.pii),
                "plot": plot.map(|p| svg(p, &c.name)),
                "first": label(plot.and_then(|p| p.labels.first())),
                "last": label(plot.and_then(|p| p.labels.last())),
                "nulls": c.nulls, "null_share": format!("{share:.2} %"), "distinct": c.distinct,
                "min": c.min.map(cut), "max": c.max.map(cut), "metrics": metrics, "top": top, "name": c.name,
            })
        })
        .collect();
    values["columns"] = json!(columns);
    values["total"] = json!(profile.rows);
    values["measured"] = json!(report.is_some());
    values["unmeasured"] = json!(measured.err());
    page(StatusCode::OK, "table.html", values)
}
