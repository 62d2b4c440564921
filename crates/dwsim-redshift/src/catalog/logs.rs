//! Views over the logs of the cluster: queries, loads and refused rows.
//! What objects there are is in `redshift` and `pg`.

use chrono::{DateTime, Utc};

use super::Found;
use super::snapshot::View;
use super::table::{Value, row};
use crate::statements::{Cluster, QueryRecord};

/// An instant as a value.
pub(super) fn time(t: DateTime<Utc>) -> Value {
    Value::Time(t.timestamp_micros())
}

/// Text cut to what the view's column holds.
pub(super) fn cut(s: &str, n: usize) -> &str {
    let mut end = n.min(s.len());
    while !s.is_char_boundary(end) {
        end -= 1;
    }
    &s[..end]
}

/// Microseconds a statement took.
pub(super) fn elapsed(q: &QueryRecord) -> i64 {
    (q.ended - q.started).num_microseconds().unwrap_or(0)
}

fn verb(text: &str) -> String {
    text.split_whitespace()
        .find(|w| w.chars().all(char::is_alphabetic))
        .unwrap_or("")
        .to_uppercase()
}

/// The label of a query: its query group.
fn label(q: &QueryRecord) -> &str {
    match q.label.as_str() {
        "unset" => "default",
        set => set,
    }
}

fn status(q: &QueryRecord) -> &'static str {
    if q.error.is_some() {
        "failed"
    } else {
        "success"
    }
}

fn query_type(text: &str) -> &'static str {
    match verb(text).as_str() {
        "SELECT" | "WITH" | "VALUES" => "SELECT",
        "INSERT" => "INSERT",
        "UPDATE" => "UPDATE",
        "DELETE" => "DELETE",
        "COPY" => "COPY",
        "UNLOAD" => "UNLOAD",
        "CREATE" | "ALTER" | "DROP" | "TRUNCATE" | "GRANT" | "REVOKE" | "COMMENT" => "DDL",
        _ => "UTILITY",
    }
}

/// A view over the logs; None when there is none of this name.
pub(super) fn queries(view: &View, cluster: &Cluster, name: &str) -> Found {
    let all = || cluster.queries().into_iter();
    Some(match name {
        "stl_query" | "svl_qlog" | "svl_statementtext" | "stl_querytext" | "stl_ddltext"
        | "stl_utilitytext" => match name {
            "stl_query" => (
                "userid:i query:i label xid:l pid:i database querytxt starttime:t endtime:t aborted:i insert_pristine:i concurrency_scaling_status:i",
                all()
                    .map(|q| {
                        row![
                            view.user_oid(&q.user),
                            q.query,
                            label(&q),
                            q.query,
                            q.pid,
                            q.database.as_str(),
                            cut(&q.text, 4000),
                            time(q.started),
                            time(q.ended),
                            i64::from(q.error.is_some()),
                            0i64,
                            0i64
                        ]
                    })
                    .collect(),
            ),
            "svl_qlog" => (
                "userid:i query:i xid:l pid:i starttime:t endtime:t elapsed:l aborted:i label substring source_query:i concurrency_scaling_status:i from_sp_call:i",
                all()
                    .map(|q| {
                        row![
                            view.user_oid(&q.user),
                            q.query,
                            q.query,
                            q.pid,
                            time(q.started),
                            time(q.ended),
                            elapsed(&q),
                            i64::from(q.error.is_some()),
                            label(&q),
                            cut(&q.text, 60),
                            None::<i64>,
                            0i64,
                            None::<i64>
                        ]
                    })
                    .collect(),
            ),
            "stl_querytext" => (
                "userid:i xid:l pid:i query:i sequence:i text",
                all()
                    .map(|q| {
                        row![
                            view.user_oid(&q.user),
                            q.query,
                            q.pid,
                            q.query,
                            0i64,
                            cut(&q.text, 200)
                        ]
                    })
                    .collect(),
            ),
            other => (
                if other == "svl_statementtext" {
                    "userid:i xid:l pid:i label starttime:t endtime:t sequence:i type text"
                } else {
                    "userid:i xid:l pid:i label starttime:t endtime:t sequence:i text"
                },
                all()
                    .filter(|q| match other {
                        "stl_ddltext" => query_type(&q.text) == "DDL",
                        "stl_utilitytext" => query_type(&q.text) == "UTILITY",
                        _ => true,
                    })
                    .map(|q| {
                        let mut r = row![
                            view.user_oid(&q.user),
                            q.query,
                            q.pid,
                            label(&q),
                            time(q.started),
                            time(q.ended),
                            0i64
                        ];
                        if other == "svl_statementtext" {
                            r.push(Value::from(match query_type(&q.text) {
                                t @ ("DDL" | "UTILITY") => t,
                                _ => "QUERY",
                            }));
                        }
                        r.push(Value::from(cut(&q.text, 200)));
                        r
                    })
                    .collect(),
            ),
        },
        "sys_query_history" => (
            "user_id:i query_id:l query_label transaction_id:l session_id:i database_name query_type status result_cache_hit:b start_time:t end_time:t elapsed_time:l queue_time:l execution_time:l error_message returned_rows:l returned_bytes:l query_text redshift_version usage_limit compute_type compile_time:l planning_time:l lock_wait_time:l service_class_id:i service_class_name query_priority short_query_accelerated",
            all()
                .map(|q| {
                    row![
                        view.user_oid(&q.user),
                        q.query,
                        q.label.as_str(),
                        q.query,
                        q.pid,
                        q.database.as_str(),
                        query_type(&q.text),
                        status(&q),
                        false,
                        time(q.started),
                        time(q.ended),
                        elapsed(&q),
                        0i64,
                        elapsed(&q),
                        q.error.as_deref(),
                        None::<i64>,
                        None::<i64>,
                        cut(&q.text, 4000),
                        "dwsim",
                        None::<&str>,
                        "primary",
                        0i64,
                        0i64,
                        0i64,
                        100i64,
                        "Default queue",
                        "Normal",
                        "false"
                    ]
                })
                .collect(),
        ),
        "sys_query_text" => (
            "user_id:i query_id:l transaction_id:l session_id:i start_time:t sequence:i text",
            all()
                .map(|q| {
                    row![
                        view.user_oid(&q.user),
                        q.query,
                        q.query,
                        q.pid,
                        time(q.started),
                        0i64,
                        cut(&q.text, 200)
                    ]
                })
                .collect(),
        ),
        "stl_load_errors" => (
            "userid:i slice:i tbl:i starttime:t session:i query:i filename line_number:l colname type col_length position:i raw_line raw_field_value err_code:i err_reason is_partial:i start_offset:l copy_job_id:l",
            cluster
                .load_errors()
                .into_iter()
                .map(|e| {
                    row![
                        super::snapshot::DEV,
                        0i64,
                        e.table,
                        time(e.time),
                        e.pid,
                        e.query,
                        e.file,
                        e.line,
                        e.column,
                        e.ty,
                        e.length,
                        i64::from(e.position),
                        cut(&e.raw_line, 1024),
                        cut(&e.raw_field, 1024),
                        i64::from(e.code),
                        cut(&e.reason, 100),
                        0i64,
                        0i64,
                        None::<i64>
                    ]
                })
                .collect(),
        ),
        "sys_load_error_detail" => (
            "user_id:i query_id:l transaction_id:l session_id:i database_name table_id:i start_time:t file_name line_number:l column_name column_type column_length position:i error_code:i error_message",
            cluster
                .load_errors()
                .into_iter()
                .map(|e| {
                    row![
                        super::snapshot::DEV,
                        e.query,
                        e.query,
                        e.pid,
                        e.database,
                        e.table,
                        time(e.time),
                        e.file,
                        e.line,
                        e.column,
                        e.ty,
                        e.length,
                        i64::from(e.position),
                        i64::from(e.code),
                        e.reason
                    ]
                })
                .collect(),
        ),
        _ => {
            return procedures(view, cluster, name)
                .or_else(|| refreshes(view, cluster, name))
                .or_else(|| loads(view, cluster, name));
        }
    })
}

/// Schema and name of the view that REFRESH MATERIALIZED VIEW names.
fn refreshed(text: &str) -> Option<(String, String)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.windows(3).position(|w| {
        w.join(" ")
            .eq_ignore_ascii_case("refresh materialized view")
    })?;
    let path = words.get(at + 3)?.trim_end_matches(';').replace('"', "");
    let mut parts = path.rsplit('.').map(str::to_lowercase);
    let name = parts.next()?;
    Some((parts.next().unwrap_or_else(|| "public".to_owned()), name))
}

/// A view over refreshes of materialized views; None when there is none of this name.
fn refreshes(view: &View, cluster: &Cluster, name: &str) -> Found {
    let all = cluster.queries().into_iter().filter_map(|q| {
        let (schema, mv) = refreshed(&q.text)?;
        let status = match &q.error {
            None => {
                let incremental = view
                    .relations
                    .iter()
                    .find(|r| r.schema == schema && r.name == mv)
                    .is_some_and(|r| r.property(crate::statements::INCREMENTAL).is_some());
                match incremental {
                    true => "Refresh successfully updated MV incrementally".to_owned(),
                    false => "Refresh successfully recomputed MV from scratch".to_owned(),
                }
            }
            Some(e) => format!("Refresh failed. {e}"),
        };
        Some((q, schema, mv, status))
    });
    Some(match name {
        "svl_mv_refresh_status" => (
            "db_name userid:i schema_name mv_name xid:l starttime:t endtime:t status refresh_type",
            all.map(|(q, schema, mv, status)| {
                row![
                    q.database.as_str(),
                    view.user_oid(&q.user),
                    schema,
                    mv,
                    q.query,
                    time(q.started),
                    time(q.ended),
                    status,
                    "Manual"
                ]
            })
            .collect(),
        ),
        "sys_mv_refresh_history" => (
            "user_id:i transaction_id:l database_name schema_name mv_name refresh_type start_time:t end_time:t duration:l status",
            all.map(|(q, schema, mv, status)| {
                row![
                    view.user_oid(&q.user),
                    q.query,
                    q.database.as_str(),
                    schema,
                    mv,
                    "Manual",
                    time(q.started),
                    time(q.ended),
                    elapsed(&q),
                    status
                ]
            })
            .collect(),
        ),
        _ => return None,
    })
}

/// A view over calls of procedures and what they raised; None when there is none of this name.
fn procedures(view: &View, cluster: &Cluster, name: &str) -> Found {
    let calls = || {
        cluster
            .queries()
            .into_iter()
            .filter(|q| verb(&q.text) == "CALL")
    };
    Some(match name {
        "svl_stored_proc_call" => (
            "userid:i session_userid:i query:i label xid:l pid:i database querytxt starttime:t endtime:t aborted:i from_sp_call:i",
            calls()
                .map(|q| {
                    row![
                        view.user_oid(&q.user),
                        view.user_oid(&q.user),
                        q.query,
                        label(&q),
                        q.query,
                        q.pid,
                        q.database.as_str(),
                        cut(&q.text, 4000),
                        time(q.started),
                        time(q.ended),
                        i64::from(q.error.is_some()),
                        None::<i64>
                    ]
                })
                .collect(),
        ),
        "sys_procedure_call" => (
            "session_user_id:i query_user_id:i procedure_id:l session_id:i transaction_id:l database_name query_text status start_time:t end_time:t from_sp_call:i",
            calls()
                .map(|q| {
                    row![
                        view.user_oid(&q.user),
                        view.user_oid(&q.user),
                        q.query,
                        q.pid,
                        q.query,
                        q.database.as_str(),
                        cut(&q.text, 4000),
                        status(&q),
                        time(q.started),
                        time(q.ended),
                        None::<i64>
                    ]
                })
                .collect(),
        ),
        "svl_stored_proc_messages" => (
            "userid:i session_userid:i pid:i xid:l query:i recordtime:t loglevel:i loglevel_text message linenum:i querytxt label aborted:i message_xid:l",
            cluster
                .messages()
                .into_iter()
                .map(|m| {
                    row![
                        view.user_oid(&m.user),
                        view.user_oid(&m.user),
                        m.pid,
                        m.query,
                        m.query,
                        time(m.time),
                        m.level,
                        m.word,
                        cut(&m.text, 1024),
                        None::<i64>,
                        cut(&m.statement, 500),
                        "default",
                        0i64,
                        m.query
                    ]
                })
                .collect(),
        ),
        "sys_procedure_messages" => (
            "session_user_id:i query_user_id:i procedure_id:l transaction_id:l session_id:i record_time:t log_level log_level_text message line_number:i query_text",
            cluster
                .messages()
                .into_iter()
                .map(|m| {
                    row![
                        view.user_oid(&m.user),
                        view.user_oid(&m.user),
                        m.query,
                        m.query,
                        m.pid,
                        time(m.time),
                        m.level.to_string(),
                        m.word,
                        cut(&m.text, 1024),
                        None::<i64>,
                        cut(&m.statement, 500)
                    ]
                })
                .collect(),
        ),
        _ => return None,
    })
}

/// A view over the logs of COPY and UNLOAD; None when there is none of this name.
fn loads(view: &View, cluster: &Cluster, name: &str) -> Found {
    Some(match name {
        "stl_loaderror_detail" => (
            "userid:i slice:i session:i query:i filename line_number:l field:i colname value is_null:i type col_length",
            cluster
                .load_errors()
                .into_iter()
                .flat_map(|e| {
                    e.fields
                        .iter()
                        .map(|f| {
                            row![
                                super::snapshot::DEV,
                                0i64,
                                e.pid,
                                e.query,
                                e.file.as_str(),
                                e.line,
                                f.number,
                                f.column.as_str(),
                                cut(f.value.as_deref().unwrap_or_default(), 1024),
                                i64::from(f.value.is_none()),
                                f.ty.as_str(),
                                f.length.as_str()
                            ]
                        })
                        .collect::<Vec<_>>()
                })
                .collect(),
        ),
        "stl_load_commits" => (
            "userid:i query:i slice:i name filename byte_offset:i lines_scanned:i errors:i curtime:t status:i file_format",
            cluster
                .load_commits()
                .into_iter()
                .map(|c| {
                    row![
                        view.user_oid(&c.user),
                        c.query,
                        0i64,
                        "",
                        c.file,
                        0i64,
                        c.lines,
                        c.errors,
                        time(c.time),
                        1i64,
                        c.format
                    ]
                })
                .collect(),
        ),
        "sys_load_detail" => (
            "user_id:i query_id:l file_name bytes_scanned:l lines_scanned:l splits_scanned:i record_time:t start_time:t end_time:t",
            cluster
                .load_commits()
                .into_iter()
                .map(|c| {
                    row![
                        view.user_oid(&c.user),
                        c.query,
                        c.file,
                        c.bytes,
                        c.lines,
                        1i64,
                        time(c.time),
                        time(c.time),
                        time(c.time)
                    ]
                })
                .collect(),
        ),
        "sys_load_history" => (
            "user_id:i query_id:l status session_id:i transaction_id:l database_name table_name start_time:t end_time:t duration:l data_source file_format loaded_rows:l loaded_bytes:l source_file_count:i source_file_bytes:l file_count_scanned:i file_bytes_scanned:l error_count:l copy_job_id:l",
            cluster
                .loads()
                .into_iter()
                .map(|l| {
                    row![
                        view.user_oid(&l.user),
                        l.query,
                        if l.done { "completed" } else { "aborted" },
                        l.pid,
                        l.query,
                        l.database,
                        l.table,
                        time(l.started),
                        time(l.ended),
                        (l.ended - l.started).num_microseconds().unwrap_or(0),
                        l.source,
                        l.format,
                        l.rows,
                        l.bytes,
                        l.files,
                        l.bytes,
                        l.files,
                        l.bytes,
                        l.errors,
                        None::<i64>
                    ]
                })
                .collect(),
        ),
        "stl_unload_log" => (
            "userid:i query:i slice:i pid:i path start_time:t end_time:t line_count:l transfer_size:l file_format",
            cluster
                .unloads()
                .into_iter()
                .map(|f| {
                    row![
                        view.user_oid(&f.user),
                        f.query,
                        0i64,
                        f.pid,
                        f.path,
                        time(f.started),
                        time(f.ended),
                        f.rows,
                        f.bytes,
                        f.format
                    ]
                })
                .collect(),
        ),
        "sys_unload_detail" => (
            "user_id:i query_id:l session_id:i transaction_id:l file_name start_time:t end_time:t duration:l line_count:l transfer_bytes:l file_format",
            cluster
                .unloads()
                .into_iter()
                .map(|f| {
                    row![
                        view.user_oid(&f.user),
                        f.query,
                        f.pid,
                        f.query,
                        f.path,
                        time(f.started),
                        time(f.ended),
                        (f.ended - f.started).num_microseconds().unwrap_or(0),
                        f.rows,
                        f.bytes,
                        f.format
                    ]
                })
                .collect(),
        ),
        "sys_unload_history" => (
            "user_id:i query_id:l status session_id:i transaction_id:l database_name start_time:t end_time:t duration:l file_format compression_type unloaded_location unloaded_rows:l unloaded_files_count:l unloaded_files_size:l error_message",
            {
                let mut rows: Vec<(i64, Vec<Value>)> = Vec::new();
                let files = cluster.unloads();
                for f in &files {
                    if rows.iter().any(|(query, _)| *query == f.query) {
                        continue;
                    }
                    let same = || files.iter().filter(|o| o.query == f.query);
                    rows.push((
                        f.query,
                        row![
                            view.user_oid(&f.user),
                            f.query,
                            "completed",
                            f.pid,
                            f.query,
                            f.database.as_str(),
                            time(f.started),
                            time(f.ended),
                            (f.ended - f.started).num_microseconds().unwrap_or(0),
                            f.format,
                            None::<&str>,
                            f.path.rsplit_once('/').map_or("", |(folder, _)| folder),
                            same().map(|o| o.rows).sum::<i64>(),
                            same().count() as i64,
                            same().map(|o| o.bytes).sum::<i64>(),
                            None::<&str>
                        ],
                    ));
                }
                rows.into_iter().map(|(_, row)| row).collect()
            },
        ),
        _ => return None,
    })
}
