//! Answers as JSON bodies: results, errors, transfers. SQL problems are HTTP 200, as drivers expect.
//! Which answer is given is decided in `query` and `login`.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use dwsim_engine::error::{Result, SqlError};
use serde_json::{Value, json};

use super::service::{After, Job, SnowflakeService};
use super::spatial::Formats;
use super::{arrow_rows, json_rows, rowtype};
use crate::session::{Answer, StatementKind, Transfer, TransferKind};
use arrow::array::RecordBatch;

/// A JSON body with HTTP 200.
pub(super) fn body(v: &Value) -> Response {
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, "application/json")],
        v.to_string(),
    )
        .into_response()
}

/// `success: true` with data.
pub(super) fn success(data: Value) -> Value {
    json!({ "data": data, "code": null, "message": null, "success": true })
}

/// `success: false` with a code of the service.
pub(super) fn refusal(code: &str, message: &str) -> Value {
    json!({ "data": null, "code": code, "message": message, "success": false, "headers": null })
}

/// A statement's error.
pub(super) fn error(e: &SqlError, query_id: &str) -> Value {
    let r = e.snowflake();
    let compilation = r.message.starts_with("SQL compilation error");
    json!({
        "data": {
            "internalError": false,
            "unredactedFromSecureObject": false,
            "errorCode": r.code,
            "age": 0,
            "sqlState": r.sqlstate,
            "queryId": query_id,
            "line": e.position.map_or(-1, |p| p.line as i64),
            "pos": e.position.map_or(-1, |p| p.column as i64 - 1),
            "type": if compilation { "COMPILATION" } else { "EXECUTION" },
        },
        "code": r.code,
        "message": r.message,
        "success": false,
        "headers": null,
    })
}

/// "Ask again": for asynchronous statements and those that take long.
pub(super) fn later(code: &str, query_id: &str) -> Value {
    json!({
        "data": { "queryId": query_id, "getResultUrl": format!("/queries/{query_id}/result"), "queryAbortsAfterSecs": 300, "progressDesc": null },
        "code": code,
        "message": "Query execution in progress.",
        "success": true,
    })
}

/// Parameters as drivers take them: booleans and numbers unquoted.
pub(super) fn parameters(map: &std::collections::BTreeMap<String, String>) -> Value {
    let list: Vec<Value> = map
        .iter()
        .map(|(name, value)| {
            let ty = crate::session::DEFAULTS
                .iter()
                .find(|(n, _, _)| n == name)
                .map_or("STRING", |(_, t, _)| t);
            let value = match ty {
                "BOOLEAN" => Value::Bool(value == "true"),
                "NUMBER" => value
                    .parse::<i64>()
                    .map_or_else(|_| Value::String(value.clone()), Value::from),
                _ => Value::String(value.clone()),
            };
            json!({ "name": name, "value": value })
        })
        .collect();
    Value::Array(list)
}

/// Whether a driver reads Arrow, by its name; drivers that do not say so get JSON.
fn reads_arrow(job: &Job, after: &After) -> bool {
    let parameter = |name: &str| {
        after
            .parameters
            .get(name)
            .is_none_or(|v| v.eq_ignore_ascii_case("ARROW"))
    };
    match job.login.app.as_str() {
        "PythonConnector" | "PythonSnowpark" => parameter("PYTHON_CONNECTOR_QUERY_RESULT_FORMAT"),
        "JDBC" => parameter("JDBC_QUERY_RESULT_FORMAT"),
        "ODBC" => parameter("ODBC_QUERY_RESULT_FORMAT"),
        "Go" => true,
        app => app.starts_with("Python"),
    }
}

/// The rows from one number up to another.
pub(super) fn slice(batches: &[RecordBatch], from: usize, to: usize) -> Vec<RecordBatch> {
    let mut out = Vec::new();
    let mut start = 0;
    for b in batches {
        let end = start + b.num_rows();
        if end > from && start < to {
            let first = from.saturating_sub(start);
            let last = (to - start).min(b.num_rows());
            out.push(b.slice(first, last - first));
        }
        start = end;
    }
    out
}

impl SnowflakeService {
    /// A finished statement's answer.
    ///
    /// # Errors
    /// For values that have no form on the wire.
    pub(super) fn render(
        &self,
        job: &Job,
        query_id: &str,
        answer: &Answer,
        origin: &str,
    ) -> Result<Value> {
        let after = job
            .after
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        let Some(after) = after else {
            return Err(SqlError::internal("a result without a session"));
        };
        let total = answer.row_count();
        let mut data = json!({
            "parameters": parameters(&after.parameters),
            "rowtype": answer.columns.iter().map(rowtype::column).collect::<Vec<_>>(),
            "total": total,
            "returned": total,
            "queryId": query_id,
            "databaseProvider": null,
            "finalDatabaseName": after.database,
            "finalSchemaName": after.schema,
            "finalWarehouseName": after.warehouse,
            "finalRoleName": after.role,
            "numberOfBinds": answer.binds,
            "arrayBindSupported": answer.kind.is_dml(),
            "statementTypeId": answer.kind.id(),
            "version": 1,
            "sendResultTime": chrono::Utc::now().timestamp_millis(),
            "queryContext": { "entries": [] },
        });
        if let Some(transfer) = &answer.transfer {
            self.transfer(&mut data, transfer, job, origin);
            return Ok(success(data));
        }
        let arrow = answer.kind == StatementKind::Select && reads_arrow(job, &after);
        let inline = total.min(self.options.chunk_rows);
        let formats = Formats::of(&after.parameters)?;
        let first = formats.print(&answer.columns, &slice(&answer.batches, 0, inline))?;
        if arrow {
            let encoded = if total == 0 {
                String::new()
            } else {
                base64::engine::general_purpose::STANDARD.encode(arrow_rows::stream(
                    &answer.columns,
                    &first,
                    answer.env.as_deref(),
                )?)
            };
            data["rowsetBase64"] = encoded.into();
            data["queryResultFormat"] = "arrow".into();
        } else {
            let mut rows = String::new();
            for b in &first {
                json_rows::write(&answer.columns, b, answer.env.as_deref(), &mut rows)?;
            }
            data["rowset"] = serde_json::from_str(&format!("[{rows}]"))
                .map_err(|e| SqlError::internal(format!("rows are no JSON: {e}")))?;
            data["queryResultFormat"] = "json".into();
        }
        if total > inline {
            let format = format!("{}-{}", if arrow { "arrow" } else { "json" }, formats.tag());
            let step = self.options.chunk_rows;
            let chunks: Vec<Value> = (inline..total)
                .step_by(step)
                .map(|from| {
                    let count = step.min(total - from);
                    json!({
                        "url": format!("{origin}/dwsim/chunks/{query_id}/{format}/{from}"),
                        "rowCount": count,
                        "uncompressedSize": count * 16,
                        "compressedSize": count * 16,
                    })
                })
                .collect();
            data["returned"] = inline.into();
            data["chunks"] = Value::Array(chunks);
            data["chunkHeaders"] = json!({});
        }
        Ok(success(data))
    }

    /// One chunk of a large result: the body, in its format.
    ///
    /// # Errors
    /// For values that have no form on the wire.
    pub(super) fn chunk(&self, answer: &Answer, format: &str, from: usize) -> Result<Vec<u8>> {
        let (format, tag) = format.split_once('-').unwrap_or((format, "GeoJson"));
        let rows = slice(&answer.batches, from, from + self.options.chunk_rows);
        let rows = Formats::from_tag(tag)?.print(&answer.columns, &rows)?;
        if format == "arrow" {
            return arrow_rows::stream(&answer.columns, &rows, answer.env.as_deref());
        }
        let mut out = String::new();
        for b in &rows {
            json_rows::write(&answer.columns, b, answer.env.as_deref(), &mut out)?;
        }
        Ok(out.into_bytes())
    }

    fn transfer(&self, data: &mut Value, t: &Transfer, job: &Job, origin: &str) {
        let url = |key: &str| -> String {
            let escaped: String = key
                .bytes()
                .map(|b| match b {
                    b'/' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
                    b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
                    b => format!("%{b:02X}"),
                })
                .collect();
            format!("{origin}/dwsim/blob/{escaped}")
        };
        let upload = t.kind == TransferKind::Upload;
        let presigned = if upload {
            let keep = if t.overwrite { "" } else { "?keep=true" };
            format!("{}{keep}", url(&upload_key(t)))
        } else {
            String::new()
        };
        // The second generation of the Python driver cannot ask a presigned URL whether a file is there, and
        // takes the one it is given for every file of a pattern: it uploads to an S3 endpoint instead, which the
        // first generation cannot (it makes an https URL of it).
        let python = job.login.app == "PythonConnector";
        let asks_first = python && job.login.app_version.starts_with(['2', '3', '4']);
        let stage = if upload && python && !asks_first {
            json!({
                "locationType": "S3",
                "location": format!("dwsim/blob/{}/", t.prefix),
                "path": "",
                "region": "us-east-1",
                "storageAccount": null,
                "isClientSideEncrypted": false,
                "creds": {"AWS_KEY_ID": "dwsim", "AWS_SECRET_KEY": "dwsim", "AWS_TOKEN": "dwsim"},
                "presignedUrl": null,
                "endPoint": origin,
            })
        } else {
            json!({
                "locationType": "GCS",
                "location": format!("{}/", t.prefix),
                "path": "",
                "region": "us-central1",
                "storageAccount": null,
                "isClientSideEncrypted": false,
                "creds": {},
                "presignedUrl": presigned,
                "endPoint": null,
            })
        };
        let more = json!({
            "command": if upload { "UPLOAD" } else { "DOWNLOAD" },
            "kind": null,
            "operation": "Node",
            "src_locations": t.sources,
            "localLocation": t.local,
            "parallel": t.parallel,
            "threshold": 209_715_200,
            "autoCompress": t.auto_compress,
            // Node's driver cannot ask either.
            "overwrite": t.overwrite || !python,
            "sourceCompression": t.source_compression,
            "clientShowEncryptionParameter": false,
            "stageInfo": stage,
            "encryptionMaterial": if upload { Value::Null } else { json!([]) },
            "presignedUrls": t.keys.iter().map(|k| url(k)).collect::<Vec<_>>(),
            "queryResultFormat": "json",
            "rowset": [],
        });
        if let (Value::Object(data), Value::Object(more)) = (data, more) {
            data.extend(more);
        }
    }
}

/// The key of a file to upload: its name, with the ending of the packing that the driver applies.
fn upload_key(t: &Transfer) -> String {
    let file = t
        .sources
        .first()
        .and_then(|s| s.rsplit(['/', '\\']).next())
        .unwrap_or_default();
    let packed = [
        ".gz",
        ".gzip",
        ".bz2",
        ".br",
        ".zst",
        ".deflate",
        ".raw_deflate",
        ".parquet",
        ".orc",
        ".xz",
        ".zip",
    ]
    .iter()
    .any(|e| file.to_ascii_lowercase().ends_with(e));
    let ending = if t.auto_compress && !packed && t.source_compression == "auto_detect" {
        ".gz"
    } else {
        ""
    };
    format!("{}/{file}{ending}", t.prefix)
}
