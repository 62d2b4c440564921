//! Making an experiment of a schema or of SQL, and taking SQL into one: first how it is understood, with every finding
//! under its line, then saved. Reading is the importer's part.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::experiments::base;
use super::form::Fields;
use super::render::{page, see};
use crate::api::{App, Asked, Parameters, Problem, blocking};
use crate::experiment::{Definition, Error};
use crate::import::{Finding, TableView, Written};

/// Lines of SQL around a finding that are shown with it.
const AROUND: usize = 2;

/// What a schema may begin with.
const EXAMPLE: &str = r#"[tables.customers]
rows = 1_000
[tables.customers.columns]
customer_id = { type = "serial", primary_key = true }
email       = { type = "varchar(255)", unique = true, generator = "faker.email", pii = true }
country     = { type = "char(2)", values = ["DE", "FR", "US"], weights = [5, 3, 2] }

[tables.orders]
rows = 5_000
[tables.orders.columns]
order_id    = { type = "serial", primary_key = true }
customer_id = { type = "foreign_key", references = "customers.customer_id" }
total       = { type = "decimal(10,2)", distribution = "gaussian", mean = 150.0, stddev = 50.0, min = 0 }
"#;

#[derive(Deserialize, Default)]
pub(super) struct Tab {
    #[serde(default)]
    tab: String,
}

pub(super) async fn new(Asked(tab): Asked<Tab>) -> Result<Response, Problem> {
    let sql = tab.tab == "sql";
    form(
        "new.html",
        StatusCode::OK,
        json!({
            "here": "new", "tab": if sql { "sql" } else { "schema" }, "name": "",
            "text": if sql { "" } else { EXAMPLE }, "dialect": "redshift",
        }),
        Interpretation::default(),
    )
}

/// How a text was understood, or why it was not.
#[derive(Default)]
struct Interpretation {
    message: Option<String>,
    errors: Vec<String>,
    findings: Vec<Finding>,
    tables: Vec<TableView>,
    toml: Option<String>,
}

impl Interpretation {
    fn of(written: Written) -> Self {
        Interpretation {
            findings: written.findings,
            tables: written.tables,
            toml: Some(written.text),
            ..Interpretation::default()
        }
    }
}

/// A refusal that belongs beside the form; anything else is a page of its own.
fn refused(e: Error) -> Result<(StatusCode, Interpretation), Error> {
    match e {
        Error::Import(findings) => Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            Interpretation {
                message: Some("Nothing was imported.".to_owned()),
                findings,
                ..Interpretation::default()
            },
        )),
        Error::Invalid { message, details } => Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            Interpretation {
                message: Some(message),
                errors: details,
                ..Interpretation::default()
            },
        )),
        Error::Conflict(message) => Ok((
            StatusCode::CONFLICT,
            Interpretation {
                message: Some(message),
                ..Interpretation::default()
            },
        )),
        other => Err(other),
    }
}

fn form(
    name: &str,
    status: StatusCode,
    mut values: Value,
    found: Interpretation,
) -> Result<Response, Problem> {
    let text = values["text"].as_str().unwrap_or_default().to_owned();
    values["lines"] = json!(lines(&text, &found.findings));
    values["message"] = json!(found.message);
    values["errors"] = json!(found.errors);
    values["tables"] = json!(found.tables);
    values["toml"] = json!(found.toml);
    if let Value::Object(values) = &mut values {
        for flag in ["surrogate_keys", "merge", "saved"] {
            values.entry(flag).or_insert(Value::Bool(false));
        }
    }
    page(status, name, values)
}

/// The lines that findings are about and those around them, each with its findings.
fn lines(text: &str, findings: &[Finding]) -> Vec<Value> {
    let mut out = Vec::new();
    let mut last = 0;
    for (i, line) in text.lines().enumerate() {
        let number = i + 1;
        let near = findings
            .iter()
            .any(|f| f.line.abs_diff(number) <= AROUND || f.line == 0 && number == 1);
        if !near {
            continue;
        }
        if last + 1 < number && last > 0 {
            out.push(json!({ "gap": true, "findings": [] }));
        }
        last = number;
        let here: Vec<&Finding> = findings
            .iter()
            .filter(|f| f.line == number || f.line == 0 && number == 1)
            .collect();
        let shown: String = line.chars().take(400).collect();
        out.push(json!({ "gap": false, "number": number, "text": shown, "findings": here }));
    }
    // what is about the end of the text has no line to stand under
    let beyond: Vec<&Finding> = findings
        .iter()
        .filter(|f| f.line > text.lines().count())
        .collect();
    if !beyond.is_empty() {
        out.push(json!({ "gap": true, "findings": beyond }));
    }
    out
}

/// Runs the reading of a form off the reactor; its refusals come back beside the form.
async fn attempt(
    work: impl FnOnce() -> Result<Interpretation, Error> + Send + 'static,
) -> Result<(StatusCode, Interpretation), Problem> {
    let done = blocking(move || match work() {
        Ok(found) => Ok((StatusCode::OK, found)),
        Err(e) => refused(e),
    });
    done.await
}

fn unknown_action(action: &str) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid",
        format!("the form has no action `{action}`"),
    )
}

pub(super) async fn create(State(app): State<App>, fields: Fields) -> Result<Response, Problem> {
    let sql = fields.get("tab") == "sql";
    let dialect = fields.dialect()?;
    let (text, name) = (
        fields.get("text").to_owned(),
        fields.get("name").trim().to_owned(),
    );
    let surrogate_keys = fields.ticked("surrogate_keys");
    let values = json!({
        "here": "new", "tab": if sql { "sql" } else { "schema" }, "name": name, "text": text,
        "dialect": dialect.name(), "surrogate_keys": surrogate_keys,
    });
    let service = app.service.clone();
    match fields.get("action") {
        "check" => {
            let (_, found) = attempt(move || {
                if sql {
                    let written = service.preview_sql(&text, dialect, surrogate_keys)?;
                    Ok(Interpretation::of(written))
                } else {
                    Ok(Interpretation {
                        tables: service.interpret(&text)?,
                        ..Interpretation::default()
                    })
                }
            })
            .await?;
            // a check that finds faults has done its work
            form("new.html", StatusCode::OK, values, found)
        }
        "create" => {
            let definition = if sql {
                Definition::Sql {
                    sql: text,
                    dialect,
                    surrogate_keys,
                }
            } else {
                Definition::Toml(text)
            };
            let made = name.clone();
            let (status, found) = attempt(move || {
                service.create(&made, definition)?;
                Ok(Interpretation::default())
            })
            .await?;
            match status {
                StatusCode::OK => Ok(see(&base(&name))),
                status => form("new.html", status, values, found),
            }
        }
        other => Err(unknown_action(other)),
    }
}

pub(super) async fn into(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
) -> Result<Response, Problem> {
    let asked = name.clone();
    blocking(move || app.service.show(&asked)).await?;
    form(
        "import.html",
        StatusCode::OK,
        json!({ "here": "experiments", "name": name, "base": base(&name), "text": "", "dialect": "redshift" }),
        Interpretation::default(),
    )
}

pub(super) async fn import(
    State(app): State<App>,
    Parameters(name): Parameters<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let dialect = fields.dialect()?;
    let text = fields.get("text").to_owned();
    let (merge, surrogate_keys) = (fields.ticked("merge"), fields.ticked("surrogate_keys"));
    let save = match fields.get("action") {
        "check" => false,
        "save" => true,
        other => return Err(unknown_action(other)),
    };
    let mut values = json!({
        "here": "experiments", "name": name, "base": base(&name), "text": text, "dialect": dialect.name(),
        "merge": merge, "surrogate_keys": surrogate_keys,
    });
    let service = app.service.clone();
    let (status, found) = attempt(move || {
        let written = if save {
            service.import_sql(&name, &text, dialect, merge, surrogate_keys)?
        } else {
            service.preview_import(&name, &text, dialect, merge, surrogate_keys)?
        };
        Ok(Interpretation::of(written))
    })
    .await?;
    values["saved"] = json!(save && status == StatusCode::OK);
    let status = if save { status } else { StatusCode::OK };
    form("import.html", status, values, found)
}
