//! Histories of dynamic tables, files of external tables, and errors of pipes, as table functions of INFORMATION_SCHEMA.
//! Refreshing is the session's work (`session::dynamic`, `session::external`).
//!
//! Sources: "DYNAMIC_TABLES", "DYNAMIC_TABLE_GRAPH_HISTORY", "DYNAMIC_TABLE_REFRESH_HISTORY", "EXTERNAL_TABLE_FILES",
//! "VALIDATE_PIPE_LOAD".

use std::sync::Arc;

use arrow::array::{ArrayRef, LargeBinaryBuilder, RecordBatch};
use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, TableEntry};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::plan::{Binder, Relation, TableCall};
use dwsim_engine::types::{ColumnInfo, SqlType};
use dwsim_engine::variant::{Builder, ParseMode, parse_json};

use super::objects::parts;
use super::queries::{instant, is_asked, limit, seconds};
use super::table::{constant_text, text_relation};
use crate::dialect::ResultSource;
use crate::session::{DYNAMIC_QUERY, External, RefreshRun, error_columns, error_texts, text_batch};

/// Names of this family, for the reference.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("DYNAMIC_TABLES", "functions/dynamic_tables"),
    (
        "DYNAMIC_TABLE_GRAPH_HISTORY",
        "functions/dynamic_table_graph_history",
    ),
    (
        "DYNAMIC_TABLE_REFRESH_HISTORY",
        "functions/dynamic_table_refresh_history",
    ),
    ("EXTERNAL_TABLE_FILES", "functions/external_table_files"),
    ("VALIDATE_PIPE_LOAD", "functions/validate_pipe_load"),
];

/// The relation of one of them; None for other names.
pub(super) fn relation(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Option<Relation>> {
    match name {
        "DYNAMIC_TABLES" => tables(binder, call, results).map(Some),
        "DYNAMIC_TABLE_GRAPH_HISTORY" => graph(binder, call).map(Some),
        "DYNAMIC_TABLE_REFRESH_HISTORY" => refreshes(binder, call, results).map(Some),
        "EXTERNAL_TABLE_FILES" => files(binder, call).map(Some),
        "VALIDATE_PIPE_LOAD" => pipe_errors(binder, call, results).map(Some),
        _ => Ok(None),
    }
}

fn text() -> SqlType {
    SqlType::text()
}

fn number() -> SqlType {
    SqlType::number(38, 0)
}

fn at() -> SqlType {
    SqlType::TimestampLtz(3)
}

/// Rows of texts, of which the semi-structured columns are JSON.
fn mixed(
    binder: &mut Binder<'_>,
    columns: Vec<(&str, SqlType)>,
    rows: &[Vec<Option<String>>],
) -> Result<Relation> {
    let plain: Vec<ColumnInfo> = columns
        .iter()
        .map(|(n, t)| ColumnInfo::new(*n, if t.is_semi() { text() } else { t.clone() }))
        .collect();
    let batch = text_batch(&plain, rows)?;
    let infos: Vec<ColumnInfo> = columns
        .into_iter()
        .map(|(n, t)| ColumnInfo::new(n, t))
        .collect();
    let mut arrays: Vec<ArrayRef> = batch.columns().to_vec();
    for (i, c) in infos.iter().enumerate().filter(|(_, c)| c.ty.is_semi()) {
        let mut out = LargeBinaryBuilder::new();
        for row in rows {
            let Some(json) = &row[i] else {
                out.append_null();
                continue;
            };
            let value = parse_json(json, ParseMode::Snowflake)
                .map_err(|e| SqlError::internal(format!("{}: {}", c.name, e.message)))?;
            let mut bytes = Vec::new();
            Builder { out: &mut bytes }.value(&value);
            out.append_value(&bytes);
        }
        arrays[i] = Arc::new(out.finish());
    }
    let batch = RecordBatch::try_new(crate::session::schema(&infos), arrays)?;
    binder.values_relation(infos, vec![batch])
}

/// A dynamic table of the catalog.
struct Dynamic {
    name: ObjectName,
    entry: Arc<TableEntry>,
    query: String,
}

impl Dynamic {
    fn property(&self, name: &str) -> Option<&str> {
        self.entry.def.properties.get(name).map(String::as_str)
    }

    /// TARGET_LAG in seconds; None for DOWNSTREAM.
    fn lag(&self) -> Option<i64> {
        lag_seconds(self.property("target_lag")?)
    }

    fn lag_type(&self) -> &'static str {
        match self.lag() {
            Some(_) => "USER_DEFINED",
            None => "DOWNSTREAM",
        }
    }

    fn scheduling(&self) -> String {
        let state = self.property("scheduling_state").unwrap_or("ACTIVE");
        if state == "ACTIVE" {
            r#"{"state":"ACTIVE"}"#.to_owned()
        } else {
            r#"{"reason_code":"SUSPENDED_BY_USER","reason_message":"The dynamic table was suspended by a user.","state":"SUSPENDED"}"#
                .to_owned()
        }
    }
}

/// A lag as it is written, in seconds.
fn lag_seconds(text: &str) -> Option<i64> {
    let text = text.trim_matches('\'').trim();
    let (count, unit) = text.split_once(char::is_whitespace)?;
    let of = match unit.trim().to_lowercase().trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    Some(count.parse::<i64>().ok()? * of)
}

fn dynamic_tables(binder: &Binder<'_>) -> Vec<Dynamic> {
    let account = binder.catalog.account();
    let mut out = Vec::new();
    for (database, d) in &account.databases {
        for (schema, s) in d.schemas.iter() {
            for ((kind, name), o) in &s.objects {
                if let (ObjectKind::Relation, Object::Table(t)) = (kind, o)
                    && let Some(query) = t.def.properties.get(DYNAMIC_QUERY)
                {
                    out.push(Dynamic {
                        name: ObjectName {
                            database: database.clone(),
                            schema: schema.clone(),
                            name: name.clone(),
                        },
                        entry: Arc::clone(t),
                        query: query.clone(),
                    });
                }
            }
        }
    }
    out
}

/// Whether a name of one to three parts, in any case, means an object.
fn means(wanted: &str, name: &ObjectName) -> bool {
    let full = name.to_string().to_uppercase();
    let wanted = wanted.replace('"', "").to_uppercase();
    full == wanted || full.ends_with(&format!(".{wanted}"))
}

/// The relations that a dynamic table reads.
fn inputs(binder: &Binder<'_>, t: &Dynamic) -> Vec<ObjectName> {
    let Ok(query) = crate::parse::query(&t.query) else {
        return Vec::new();
    };
    let mut inner = Binder::new(
        binder.dialect,
        Arc::clone(&binder.env),
        &binder.catalog,
        vec![(t.name.database.clone(), t.name.schema.clone())],
    );
    inner.runner.clone_from(&binder.runner);
    match inner.detached_query(&query) {
        Ok(_) => inner.used,
        Err(_) => Vec::new(),
    }
}

/// `DYNAMIC_TABLES([NAME => …] [, REFRESH_DATA_TIMESTAMP_START => …] [, RESULT_LIMIT => …] [, INCLUDE_CONNECTED => …])`.
fn tables(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Relation> {
    let wanted = constant_text(binder, call, "name", 0)?;
    let from = instant(binder, call, "refresh_data_timestamp_start", 1)?;
    let most = limit(binder, call)?;
    let connected = is_asked(binder, call, "include_connected", 3)?;
    let all = dynamic_tables(binder);
    let mut chosen: Vec<&Dynamic> = match &wanted {
        None => all.iter().collect(),
        Some(w) => all.iter().filter(|t| means(w, &t.name)).collect(),
    };
    if connected && wanted.is_some() {
        let edges: Vec<Vec<ObjectName>> = all.iter().map(|t| inputs(binder, t)).collect();
        loop {
            let more: Vec<&Dynamic> = all
                .iter()
                .enumerate()
                .filter(|(i, t)| {
                    !chosen.iter().any(|c| c.name == t.name)
                        && chosen.iter().any(|c| {
                            edges[*i].contains(&c.name)
                                || all
                                    .iter()
                                    .position(|x| x.name == c.name)
                                    .is_some_and(|at| edges[at].contains(&t.name))
                        })
                })
                .map(|(_, t)| t)
                .collect();
            if more.is_empty() {
                break;
            }
            chosen.extend(more);
        }
    }
    let runs = results.refreshes();
    let now = chrono::Utc::now();
    let rows: Vec<Vec<Option<String>>> = chosen
        .into_iter()
        .take(most)
        .map(|t| {
            let own: Vec<&RefreshRun> = runs
                .iter()
                .filter(|r| {
                    r.table == t.entry.def.oid
                        && from.is_none_or(|f| r.started.timestamp_micros() >= f)
                })
                .collect();
            let last = own.last();
            let good: Vec<i64> = own
                .iter()
                .filter(|r| r.failure.is_none())
                .map(|r| r.started.timestamp())
                .collect();
            // The lag grows from one refresh to the next.
            let lags: Vec<i64> = good
                .iter()
                .zip(good.iter().skip(1).copied().chain([now.timestamp()]))
                .map(|(a, b)| b - a)
                .collect();
            let target = t.lag();
            let total: i64 = lags.iter().sum();
            let above: i64 = target.map_or(0, |lag| lags.iter().map(|l| (l - lag).max(0)).sum());
            vec![
                Some(t.name.name.clone()),
                Some(t.name.schema.clone()),
                Some(t.name.database.clone()),
                Some(t.name.to_string()),
                target.map(|l| l.to_string()),
                Some(t.lag_type().to_owned()),
                Some(t.scheduling()),
                (!lags.is_empty()).then(|| (total / (2 * lags.len() as i64)).to_string()),
                lags.iter().max().map(ToString::to_string),
                target.map(|_| above.to_string()),
                target.map(|_| {
                    if total == 0 {
                        "1".to_owned()
                    } else {
                        format!("{}", (total - above) as f64 / total as f64)
                    }
                }),
                own.iter()
                    .rfind(|r| r.failure.is_none())
                    .and_then(|r| seconds(r.started)),
                last.map(|r| {
                    if r.failure.is_none() {
                        "SUCCEEDED"
                    } else {
                        "FAILED"
                    }
                    .to_owned()
                }),
                last.map(|r| {
                    r.failure
                        .as_ref()
                        .map_or("SUCCESS", |_| "QUERY_FAILURE")
                        .to_owned()
                }),
                last.and_then(|r| r.failure.as_ref().map(|f| f.1.clone())),
                None,
            ]
        })
        .collect();
    mixed(
        binder,
        vec![
            ("NAME", text()),
            ("SCHEMA_NAME", text()),
            ("DATABASE_NAME", text()),
            ("QUALIFIED_NAME", text()),
            ("TARGET_LAG_SEC", number()),
            ("TARGET_LAG_TYPE", text()),
            ("SCHEDULING_STATE", SqlType::Object),
            ("MEAN_LAG_SEC", number()),
            ("MAXIMUM_LAG_SEC", number()),
            ("TIME_ABOVE_TARGET_LAG_SEC", number()),
            ("TIME_WITHIN_TARGET_LAG_RATIO", SqlType::Double),
            ("LATEST_DATA_TIMESTAMP", at()),
            ("LAST_COMPLETED_REFRESH_STATE", text()),
            ("LAST_COMPLETED_REFRESH_STATE_CODE", text()),
            ("LAST_COMPLETED_REFRESH_STATE_MESSAGE", text()),
            ("EXECUTING_REFRESH_QUERY_ID", text()),
        ],
        &rows,
    )
}

/// `DYNAMIC_TABLE_GRAPH_HISTORY([AS_OF => …] [, HISTORY_START => …] [, HISTORY_END => …])`: the tables as they are now.
fn graph(binder: &mut Binder<'_>, call: &TableCall<'_>) -> Result<Relation> {
    let as_of = instant(binder, call, "as_of", 0)?;
    let from = instant(binder, call, "history_start", 1)?;
    let to = instant(binder, call, "history_end", 2)?;
    if as_of.is_some() && (from.is_some() || to.is_some()) {
        return Err(SqlError::argument(
            "DYNAMIC_TABLE_GRAPH_HISTORY",
            "AS_OF cannot be given together with HISTORY_START or HISTORY_END.",
        ));
    }
    let account = Arc::clone(binder.catalog.account());
    let all = dynamic_tables(binder);
    let mut rows = Vec::new();
    for t in &all {
        let made = t.entry.def.created.saturating_mul(1_000_000);
        let until = as_of.or(to);
        if until.is_some_and(|u| made > u) {
            continue;
        }
        let inputs: Vec<serde_json::Value> = inputs(binder, t)
            .into_iter()
            .map(|n| {
                let object = account
                    .databases
                    .get(&n.database)
                    .and_then(|d| d.schemas.get(&n.schema))
                    .and_then(|s| s.objects.get(&(ObjectKind::Relation, n.name.clone())));
                let kind = match object {
                    Some(Object::View(_)) => "VIEW",
                    Some(Object::Table(t)) if t.def.properties.contains_key(DYNAMIC_QUERY) => {
                        "DYNAMIC TABLE"
                    }
                    _ => "TABLE",
                };
                serde_json::json!({ "kind": kind, "name": n.to_string() })
            })
            .collect();
        rows.push(vec![
            Some(t.name.name.clone()),
            Some(t.name.schema.clone()),
            Some(t.name.database.clone()),
            Some(t.name.to_string()),
            Some(serde_json::Value::from(inputs).to_string()),
            Some(t.lag_type().to_owned()),
            t.lag().map(|l| l.to_string()),
            Some(t.query.clone()),
            Some(t.entry.def.created.to_string()),
            None,
            Some(t.scheduling()),
            Some(r#"["CREATE_DYNAMIC_TABLE"]"#.to_owned()),
        ]);
    }
    mixed(
        binder,
        vec![
            ("NAME", text()),
            ("SCHEMA_NAME", text()),
            ("DATABASE_NAME", text()),
            ("QUALIFIED_NAME", text()),
            ("INPUTS", SqlType::Array),
            ("TARGET_LAG_TYPE", text()),
            ("TARGET_LAG_SEC", number()),
            ("QUERY_TEXT", text()),
            ("VALID_FROM", at()),
            ("VALID_TO", at()),
            ("SCHEDULING_STATE", SqlType::Object),
            ("ALTER_TRIGGER", SqlType::Array),
        ],
        &rows,
    )
}

/// `DYNAMIC_TABLE_REFRESH_HISTORY([DATA_TIMESTAMP_START => …] [, DATA_TIMESTAMP_END => …] [, RESULT_LIMIT => …]
/// [, NAME => …] [, NAME_PREFIX => …] [, ERROR_ONLY => …])`.
fn refreshes(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Relation> {
    let from = instant(binder, call, "data_timestamp_start", 0)?;
    let to = instant(binder, call, "data_timestamp_end", 1)?;
    let most = limit(binder, call)?;
    let name = constant_text(binder, call, "name", 3)?;
    let prefix = constant_text(binder, call, "name_prefix", 4)?.map(|p| p.to_uppercase());
    if name.is_some() && prefix.is_some() {
        return Err(SqlError::argument(
            "DYNAMIC_TABLE_REFRESH_HISTORY",
            "NAME and NAME_PREFIX cannot be given together.",
        ));
    }
    let failed = is_asked(binder, call, "error_only", 5)?;
    let all = dynamic_tables(binder);
    let rows: Vec<Vec<Option<String>>> = results
        .refreshes()
        .into_iter()
        .rev()
        .filter(|r| {
            let at = r.started.timestamp_micros();
            from.is_none_or(|f| at >= f)
                && to.is_none_or(|t| at <= t)
                && name.as_ref().is_none_or(|n| means(n, &r.name))
                && prefix
                    .as_ref()
                    .is_none_or(|p| r.name.to_string().to_uppercase().starts_with(p))
                && (!failed || r.failure.is_some())
        })
        .take(most)
        .map(|r| {
            let table = all.iter().find(|t| t.entry.def.oid == r.table);
            let (inserted, deleted) = r.rows;
            let statistics = serde_json::json!({
                "numInsertedRows": inserted,
                "numDeletedRows": deleted,
                "numCopiedRows": 0,
                "numAddedPartitions": usize::from(inserted > 0),
                "numRemovedPartitions": usize::from(deleted > 0),
            });
            let good = r.failure.is_none();
            vec![
                Some(r.name.name.clone()),
                Some(r.name.schema.clone()),
                Some(r.name.database.clone()),
                Some(if good { "SUCCEEDED" } else { "FAILED" }.to_owned()),
                Some(if good { "SUCCESS" } else { "QUERY_FAILURE" }.to_owned()),
                r.failure.as_ref().map(|f| f.1.clone()),
                Some(r.query_id.clone()),
                seconds(r.started),
                seconds(r.started),
                seconds(r.ended),
                table
                    .and_then(|t| t.lag())
                    .and_then(|l| seconds(r.started + chrono::Duration::seconds(l))),
                Some(r.name.to_string()),
                None,
                good.then(|| statistics.to_string()),
                Some(r.action.to_owned()),
                Some(r.trigger.to_owned()),
                table.and_then(|t| t.lag()).map(|l| l.to_string()),
                table.map(|t| t.entry.def.created.to_string()),
            ]
        })
        .collect();
    mixed(
        binder,
        vec![
            ("NAME", text()),
            ("SCHEMA_NAME", text()),
            ("DATABASE_NAME", text()),
            ("STATE", text()),
            ("STATE_CODE", text()),
            ("STATE_MESSAGE", text()),
            ("QUERY_ID", text()),
            ("DATA_TIMESTAMP", at()),
            ("REFRESH_START_TIME", at()),
            ("REFRESH_END_TIME", at()),
            ("COMPLETION_TARGET", at()),
            ("QUALIFIED_NAME", text()),
            ("LAST_COMPLETED_DEPENDENCY", SqlType::Object),
            ("STATISTICS", SqlType::Object),
            ("REFRESH_ACTION", text()),
            ("REFRESH_TRIGGER", text()),
            ("TARGET_LAG_SEC", number()),
            ("GRAPH_HISTORY_VALID_FROM", at()),
        ],
        &rows,
    )
}

/// `EXTERNAL_TABLE_FILES(TABLE_NAME => 'name')`: the files that are registered.
fn files(binder: &mut Binder<'_>, call: &TableCall<'_>) -> Result<Relation> {
    let Some(name) = constant_text(binder, call, "table_name", 0)? else {
        return Err(SqlError::argument(
            "EXTERNAL_TABLE_FILES",
            "TABLE_NAME is needed.",
        ));
    };
    let external = match binder.find_relation(&parts(&name)?) {
        Some((_, Object::Table(t))) => External::of(&t.def),
        _ => None,
    };
    let Some(external) = external else {
        return Err(ErrorKind::UnknownObject {
            kind: "external table",
            name,
        }
        .into());
    };
    let rows: Vec<Vec<Option<String>>> = external
        .files
        .into_iter()
        .map(|f| {
            vec![
                Some(f.name),
                Some(f.registered.to_string()),
                Some(f.size.to_string()),
                Some(f.modified.to_string()),
                Some(f.etag.clone()),
                Some(f.etag),
            ]
        })
        .collect();
    text_relation(
        binder,
        vec![
            ("FILE_NAME", text()),
            ("REGISTERED_ON", at()),
            ("FILE_SIZE", number()),
            ("LAST_MODIFIED", at()),
            ("ETAG", text()),
            ("MD5", text()),
        ],
        &rows,
    )
}

/// `VALIDATE_PIPE_LOAD(PIPE_NAME => 'name', START_TIME => … [, END_TIME => …])`: the rows that a pipe refused.
fn pipe_errors(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Relation> {
    let Some(name) = constant_text(binder, call, "pipe_name", 0)? else {
        return Err(SqlError::argument(
            "VALIDATE_PIPE_LOAD",
            "PIPE_NAME is needed.",
        ));
    };
    let from = instant(binder, call, "start_time", 1)?.map(|t| t.div_euclid(1_000_000));
    let to = instant(binder, call, "end_time", 2)?.map(|t| t.div_euclid(1_000_000));
    if from.is_none() {
        return Err(SqlError::argument(
            "VALIDATE_PIPE_LOAD",
            "START_TIME is needed.",
        ));
    }
    let found = binder
        .candidates(&parts(&name)?)
        .into_iter()
        .find(|n| binder.catalog.object(ObjectKind::Pipe, n).is_some());
    let Some(pipe) = found else {
        return Err(ErrorKind::UnknownObject { kind: "pipe", name }.into());
    };
    let errors: Vec<_> = results
        .copies()
        .into_iter()
        .filter(|r| {
            r.pipe.as_ref() == Some(&pipe)
                && from.is_none_or(|f| r.at >= f)
                && to.is_none_or(|t| r.at <= t)
        })
        .flat_map(|r| r.errors)
        .collect();
    text_relation(binder, error_columns(), &error_texts(&errors))
}
