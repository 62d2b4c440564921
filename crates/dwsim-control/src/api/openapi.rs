//! The OpenAPI document of the REST interface, made here and served at `/api/openapi.json`.
//! It is written out rather than derived: the crates that derive it change features of crates below the engine.

use serde_json::{Value, json};

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn body(schema: &str) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": reference(schema) } } })
}

fn answer(description: &str, schema: Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

/// An operation with its own answer, and the problems it may come to.
fn operation(
    id: &str,
    summary: &str,
    path: &[&str],
    status: &str,
    done: Value,
    problems: &[&str],
    request: Option<Value>,
) -> Value {
    let mut responses = serde_json::Map::new();
    responses.insert(status.to_owned(), done);
    let problem = |d: &str| json!({ "description": d, "content": { "application/problem+json": { "schema": reference("Problem") } } });
    for (status, text) in [
        ("400", "The body or the request is malformed"),
        ("401", "The token is missing or wrong"),
        ("403", "Foreign Host or Origin"),
        ("404", "There is no such thing"),
        ("405", "Not this method"),
        ("409", "What is there forbids it"),
        ("413", "The body is too large"),
        ("415", "The body is not JSON"),
        ("422", "The input cannot be used"),
        ("503", "Something does not answer"),
    ] {
        if problems.contains(&status)
            || ["401", "403"].contains(&status)
            || (request.is_some() && ["400", "413", "415", "422"].contains(&status))
        {
            responses.insert(status.to_owned(), problem(text));
        }
    }
    let parameters: Vec<Value> = path
        .iter()
        .map(|name| {
            let schema = match *name {
                "id" => json!({ "type": "integer", "format": "int64" }),
                "name" => json!({ "type": "string", "pattern": "^[a-z][a-z0-9_]{0,47}$" }),
                _ => json!({ "type": "string", "minLength": 1 }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    let mut out = json!({ "operationId": id, "summary": summary, "responses": responses });
    if !parameters.is_empty() {
        out["parameters"] = json!(parameters);
    }
    if let Some(request) = request {
        out["requestBody"] = request;
    }
    out
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let list = |schema: &str| json!({ "type": "array", "items": reference(schema) });
    let strings = json!({ "type": "array", "items": { "type": "string" } });
    let dialect = json!({ "type": "string", "enum": ["redshift", "snowflake"] });
    let count = json!({ "type": "integer", "minimum": 0 });
    let optional_count = json!({ "type": ["integer", "null"], "minimum": 0 });
    let text = json!({ "type": "string", "minLength": 1 });
    let optional_string = json!({ "type": ["string", "null"] });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "dwsim control plane",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Experiments: named schemas whose generated data are loaded into the emulated warehouses."
        },
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": {
                "Problem": {
                    "type": "object",
                    "description": "RFC 9457",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": { "type": "string" }, "title": { "type": "string" },
                        "status": { "type": "integer" }, "detail": { "type": "string" },
                        "errors": strings, "findings": list("Finding"), "sqlcode": { "type": "string" },
                        "line": count, "column": count
                    }
                },
                "Create": {
                    "type": "object",
                    "required": ["name"],
                    "oneOf": [
                        { "required": ["toml"] }, { "required": ["schema"] }, { "required": ["sql", "dialect"] }
                    ],
                    "additionalProperties": false,
                    "description": "One of toml, schema (dwsim.toml as JSON) and sql (with dialect).",
                    "properties": {
                        "name": { "type": "string", "pattern": "^[a-z][a-z0-9_]{0,47}$" },
                        "toml": text, "schema": { "type": "object", "minProperties": 1 }, "sql": text,
                        "dialect": dialect, "surrogate_keys": { "type": "boolean" }
                    }
                },
                "Generate": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "seed": optional_count,
                        "rows": { "type": "object", "additionalProperties": count },
                        "dialects": { "type": "array", "items": dialect }
                    }
                },
                "Query": {
                    "type": "object",
                    "required": ["sql", "dialect"],
                    "additionalProperties": false,
                    "properties": { "sql": text, "dialect": dialect, "offset": count, "limit": optional_count }
                },
                "ImportSql": {
                    "type": "object",
                    "required": ["sql", "dialect"],
                    "additionalProperties": false,
                    "properties": {
                        "sql": text, "dialect": dialect,
                        "merge": { "type": "boolean" }, "surrogate_keys": { "type": "boolean" }
                    }
                },
                "Export": {
                    "type": "object",
                    "required": ["bucket"],
                    "additionalProperties": false,
                    "properties": { "bucket": { "type": "string", "pattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$" }, "prefix": { "type": "string" } }
                },
                "Finding": {
                    "type": "object",
                    "required": ["level", "line", "column", "message"],
                    "properties": {
                        "level": { "type": "string", "enum": ["error", "warning", "note"] },
                        "line": count, "column": count, "message": { "type": "string" }, "advice": { "type": "string" }
                    }
                },
                "Imported": {
                    "type": "object",
                    "required": ["toml", "tables", "findings"],
                    "properties": {
                        "toml": { "type": "string" }, "findings": list("Finding"),
                        "tables": { "type": "array", "items": { "type": "object" } }
                    }
                },
                "Summary": {
                    "type": "object",
                    "required": ["name", "created", "tables", "rows", "bytes", "loaded", "running", "warnings"],
                    "properties": {
                        "name": { "type": "string" }, "created": { "type": "integer" }, "tables": count, "rows": count,
                        "bytes": count, "loaded": strings, "running": { "type": ["integer", "null"] }, "warnings": strings
                    }
                },
                "Detail": {
                    "allOf": [reference("Summary"), {
                        "type": "object",
                        "required": ["database", "toml", "table_list"],
                        "properties": {
                            "database": { "type": "string" }, "toml": { "type": "string" },
                            "table_list": { "type": "array", "items": { "type": "object" } },
                            "last_run": { "oneOf": [reference("Run"), { "type": "null" }] }
                        }
                    }]
                },
                "Run": {
                    "type": "object",
                    "required": ["id", "experiment", "status", "seed", "dialects", "tables", "started"],
                    "properties": {
                        "id": { "type": "integer" }, "experiment": { "type": "string" },
                        "status": { "type": "string", "enum": ["running", "done", "failed", "cancelled"] },
                        "schema": { "type": "string" }, "seed": count, "dialects": strings,
                        "tables": { "type": "array", "items": reference("TableProgress") },
                        "started": { "type": "integer" }, "ended": { "type": ["integer", "null"] }, "error": optional_string
                    }
                },
                "TableProgress": {
                    "type": "object",
                    "required": ["table", "rows", "generated", "bytes", "loaded"],
                    "properties": {
                        "table": { "type": "string" }, "rows": count, "generated": count, "bytes": count,
                        "loaded": { "type": "object", "additionalProperties": count }
                    }
                },
                "Queried": {
                    "type": "object",
                    "required": ["dialect", "columns", "rows", "total_rows", "milliseconds"],
                    "properties": {
                        "dialect": dialect, "total_rows": count, "milliseconds": count,
                        "affected": { "type": ["integer", "null"] },
                        "columns": { "type": "array", "items": { "type": "object", "properties": { "name": { "type": "string" }, "type": { "type": "string" } } } },
                        "rows": { "type": "array", "items": { "type": "array", "items": optional_string } }
                    }
                },
                "Exported": {
                    "type": "object",
                    "required": ["experiment", "run", "seed", "generator", "tables"],
                    "properties": {
                        "experiment": { "type": "string" }, "run": { "type": "integer" }, "seed": count, "generator": count,
                        "tables": { "type": "array", "items": { "type": "object" } }
                    }
                },
                "Deleted": { "type": "object", "required": ["dropped_tables"], "properties": { "dropped_tables": count } }
            }
        },
        "paths": {
            "/api/experiments": {
                "get": operation("listExperiments", "All experiments by name", &[], "200", answer("The experiments", list("Summary")), &[], None),
                "post": operation("createExperiment", "Create an experiment from TOML, JSON or DDL", &[], "201", answer("The experiment", reference("Detail")), &["409"], Some(body("Create")))
            },
            "/api/experiments/{name}": {
                "get": operation("showExperiment", "One experiment", &["name"], "200", answer("The experiment", reference("Detail")), &["404"], None),
                "delete": operation("deleteExperiment", "Delete metadata, tables and staged objects, or nothing", &["name"], "200", answer("What was removed", reference("Deleted")), &["404", "409"], None)
            },
            "/api/experiments/{name}/generate": {
                "post": operation("generate", "Generate, stage and load in the background", &["name"], "202", answer("The run that began", reference("Run")), &["404", "409"], Some(body("Generate")))
            },
            "/api/experiments/{name}/runs": {
                "get": operation("listRuns", "Runs, the newest first", &["name"], "200", answer("The runs", list("Run")), &["404"], None)
            },
            "/api/experiments/{name}/runs/{id}": {
                "get": operation("showRun", "One run", &["name", "id"], "200", answer("The run", reference("Run")), &["404"], None)
            },
            "/api/experiments/{name}/runs/{id}/cancel": {
                "post": operation("cancelRun", "Cancel a run", &["name", "id"], "200", answer("The run as it was", reference("Run")), &["404", "409"], None)
            },
            "/api/experiments/{name}/runs/{id}/events": {
                "get": operation("followRun", "Progress as server-sent events: progress, end", &["name", "id"], "200",
                    json!({ "description": "Events with the run as JSON", "content": { "text/event-stream": { "schema": {
                        "type": "object", "description": "One event; its data are the run as JSON", "required": ["event", "data"],
                        "properties": { "event": { "type": "string", "enum": ["progress", "end"] }, "data": { "type": "string" } }
                    } } } }), &["404"], None)
            },
            "/api/experiments/{name}/query": {
                "post": operation("query", "Run one statement in its own dialect", &["name"], "200", answer("The answer", reference("Queried")), &["404", "409"], Some(body("Query")))
            },
            "/api/experiments/{name}/import-sql": {
                "post": operation("importSql", "Take DDL into the schema", &["name"], "200", answer("The schema and what was found", reference("Imported")), &["404", "409"], Some(body("ImportSql")))
            },
            "/api/import-sql": {
                "post": operation("previewSql", "Read DDL without keeping anything", &[], "200", answer("The schema and what was found", reference("Imported")), &[], Some(body("ImportSql")))
            },
            "/api/experiments/{name}/export": {
                "get": operation("manifest", "The files of what is loaded", &["name"], "200", answer("The manifest", reference("Exported")), &["404", "409"], None),
                "post": operation("export", "Copy Parquet and manifest into a bucket of the emulated S3", &["name"], "200", answer("The manifest", reference("Exported")), &["404", "409"], Some(body("Export")))
            },
            "/api/experiments/{name}/tables/{table}": {
                "get": operation("tableFile", "The Parquet of one loaded table", &["name", "table"], "200",
                    json!({ "description": "Parquet", "content": { "application/vnd.apache.parquet": { "schema": { "type": "string", "format": "binary" } } } }), &["404", "409"], None)
            },
            "/api/openapi.json": {
                "get": operation("openapi", "This document", &[], "200", answer("OpenAPI 3.1", json!({ "type": "object" })), &[], None)
            },
            "/healthz": {
                "get": operation("healthz", "Whether the process lives", &[], "200", answer("It does", json!({ "type": "object" })), &[], None)
            },
            "/readyz": {
                "get": operation("readyz", "Whether metadata and warehouses answer", &[], "200", answer("They do", json!({ "type": "object" })), &["503"], None)
            },
            "/metrics": {
                "get": operation("metrics", "For Prometheus", &[], "200",
                    json!({ "description": "Text format 0.0.4", "content": { "text/plain": { "schema": { "type": "string" } } } }), &[], None)
            }
        }
    })
}
