//! Functions about objects of the catalog: GET_DDL, streams with data. Tags and policies are in `tags`.
//! They are computed while a statement is bound, from the catalog as it sees it.

use std::collections::BTreeMap;

use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use dwsim_engine::catalog::{
    Account, Object, ObjectKind, ObjectName, Schema, SequenceDef, StreamDef, TableEntry, ViewDef,
};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::exec::constant;
use dwsim_engine::functions::{FnCall, Param, ScalarDef, Typed};
use dwsim_engine::plan::STREAM_SOURCE;
use dwsim_engine::session::is_temp_schema;
use dwsim_engine::types::SqlType;

use crate::parse::Cursor;
use crate::session::{EXPRESSION, External};

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("GET_DDL", page!("get_ddl"), get_ddl),
    ScalarDef::custom(
        "SYSTEM$PIPE_STATUS",
        page!("system_pipe_status"),
        pipe_status,
    ),
    ScalarDef::custom(
        "SYSTEM$LAST_CHANGE_COMMIT_TIME",
        page!("system_last_change_commit_time"),
        last_change,
    ),
    ScalarDef::custom(
        "SYSTEM$STREAM_HAS_DATA",
        page!("system_stream_has_data"),
        stream_has_data,
    ),
    ScalarDef::custom(
        "SYSTEM$STREAM_GET_TABLE_TIMESTAMP",
        page!("system_stream_get_table_timestamp"),
        stream_timestamp,
    ),
];

pub(super) fn text(v: Option<String>) -> Typed {
    Typed::new(Expr::Literal(ScalarValue::Utf8(v), None), SqlType::text())
}

/// The constant text of an argument.
pub(super) fn constant_argument(call: &mut FnCall<'_, '_>, i: usize) -> Result<Option<String>> {
    let name = call.name;
    if i >= call.len() {
        return Ok(None);
    }
    let t = call.bind(i)?;
    let t = call.coerce(t, Param::Text)?;
    match constant(&t.expr) {
        Ok(ScalarValue::Utf8(v)) => Ok(v),
        _ => Err(SqlError::argument(
            name,
            format!("argument {} of function {name} needs to be constant", i + 1),
        )),
    }
}

/// The parts of a name that is given as text.
pub(super) fn parts(name: &str) -> Result<Vec<String>> {
    let mut c = Cursor::new(name)?;
    let n = c.name()?;
    c.end()?;
    Ok(n.0
        .iter()
        .filter_map(|p| p.as_ident())
        .map(crate::dialect::fold)
        .collect())
}

/// The full name in the statement's context.
pub(super) fn full(call: &FnCall<'_, '_>, parts: &[String]) -> Result<ObjectName> {
    let env = call.env();
    let missing = || {
        SqlError::raw(
            "090105",
            "22000",
            "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.",
        )
    };
    let database = || env.database.clone().ok_or_else(missing);
    Ok(match parts {
        [name] => ObjectName {
            database: database()?,
            schema: env.schema.clone().ok_or_else(missing)?,
            name: name.clone(),
        },
        [schema, name] => ObjectName {
            database: database()?,
            schema: schema.clone(),
            name: name.clone(),
        },
        [database, schema, name] => ObjectName {
            database: database.clone(),
            schema: schema.clone(),
            name: name.clone(),
        },
        _ => return Err(missing()),
    })
}

pub(super) fn unknown(kind: &str, name: &str) -> SqlError {
    SqlError::raw(
        "002003",
        "02000",
        format!("SQL compilation error:\n{kind} '{name}' does not exist or not authorized."),
    )
}

fn quoted(s: &str) -> String {
    format!("'{}'", s.replace('\\', "\\\\").replace('\'', "''"))
}

/// An identifier as DDL needs it.
fn ident(name: &str) -> String {
    let plain = name.chars().enumerate().all(|(i, c)| {
        c == '_' || c.is_ascii_uppercase() || (i > 0 && (c.is_ascii_digit() || c == '$'))
    });
    if plain && !name.is_empty() {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|n| ident(n))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The file format of an external table as a clause.
fn file_format(format: &BTreeMap<String, String>) -> String {
    let parts: Vec<String> = format
        .iter()
        .map(|(k, v)| match (k.as_str(), v.parse::<i64>()) {
            ("TYPE", _) => format!("TYPE={}", v.to_uppercase()),
            ("FORMAT_NAME", _) => format!("FORMAT_NAME={v}"),
            (_, Ok(n)) => format!("{k}={n}"),
            _ if v.starts_with('[') => {
                let items: Vec<String> = serde_json::from_str(v).unwrap_or_default();
                let items: Vec<String> = items.iter().map(|i| quoted(i)).collect();
                format!("{k}=({})", items.join(", "))
            }
            _ if v.eq_ignore_ascii_case("true") || v.eq_ignore_ascii_case("false") => {
                format!("{k}={}", v.to_uppercase())
            }
            _ => format!("{k}={}", quoted(v)),
        })
        .collect();
    format!("file_format=({})", parts.join(" "))
}

/// Whether the first parenthesis of an expression closes at its end.
fn is_parenthesised(e: &str) -> bool {
    let mut depth = 0i32;
    let mut quoted = false;
    for (i, c) in e.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i > 0 && i + 1 == e.len();
        }
    }
    false
}

fn external_table(shown: &str, t: &TableEntry, e: &External) -> String {
    let columns: Vec<String> = t
        .def
        .columns
        .iter()
        .filter_map(|c| {
            let expression = c.properties.get(EXPRESSION)?;
            let shown = if is_parenthesised(expression) {
                expression.clone()
            } else {
                format!("({expression})")
            };
            Some(format!(
                "\t{} {} AS {shown}{}",
                ident(&c.name),
                c.ty.snowflake(),
                if c.not_null { " NOT NULL" } else { "" }
            ))
        })
        .collect();
    let mut out = format!("create or replace external table {shown}");
    if !columns.is_empty() {
        out.push_str(&format!("(\n{}\n)", columns.join(",\n")));
    }
    if !e.partition_by.is_empty() {
        out.push_str(&format!("\npartition by ({})", list(&e.partition_by)));
    }
    if e.own_partitions {
        out.push_str("\npartition_type=user_specified");
    }
    let path = e.location.split_once('/').map_or("", |(_, path)| path);
    out.push_str(&format!(
        "\nlocation=@{}/{path}\nauto_refresh={}",
        e.stage, e.auto_refresh
    ));
    if let Some(pattern) = &e.pattern {
        out.push_str(&format!("\npattern={}", quoted(pattern)));
    }
    out.push_str(&format!("\n{}", file_format(&e.format)));
    if let Some(comment) = &t.def.comment {
        out.push_str(&format!("\ncomment={}", quoted(comment)));
    }
    out.push_str("\n;");
    out
}

fn table(shown: &str, t: &TableEntry) -> String {
    if let Some(e) = External::of(&t.def) {
        return external_table(shown, t, &e);
    }
    let property = |name: &str| {
        t.def
            .properties
            .iter()
            .find(|(k, _)| k.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.clone())
    };
    if let Some(query) = property("dynamic_query") {
        let lag = property("target_lag").unwrap_or_default();
        let warehouse = property("warehouse").unwrap_or_default();
        return format!(
            "create or replace dynamic table {shown}(\n{}\n) target_lag = {} warehouse = {warehouse}\n as\n{query};",
            t.def
                .columns
                .iter()
                .map(|c| format!("\t{}", ident(&c.name)))
                .collect::<Vec<_>>()
                .join(",\n"),
            quoted(&lag),
        );
    }
    let mut lines: Vec<String> = t
        .def
        .columns
        .iter()
        .map(|c| {
            let mut line = format!("\t{} {}", ident(&c.name), c.ty.snowflake());
            if let Some(collation) = c.properties.get("collation") {
                line.push_str(&format!(" COLLATE {}", quoted(collation)));
            }
            if c.not_null {
                line.push_str(" NOT NULL");
            }
            if let Some(d) = &c.default {
                line.push_str(&format!(" DEFAULT {d}"));
            }
            if let Some(i) = &c.identity {
                line.push_str(&format!(
                    " autoincrement start {} increment {} noorder",
                    i.start, i.step
                ));
            }
            if let Some(comment) = &c.comment {
                line.push_str(&format!(" COMMENT {}", quoted(comment)));
            }
            line
        })
        .collect();
    for k in &t.def.constraints {
        let made_up =
            k.name.ends_with("_pkey") || k.name.ends_with("_key") || k.name.ends_with("_fkey");
        let name = if made_up || k.name.is_empty() {
            String::new()
        } else {
            format!("constraint {} ", ident(&k.name))
        };
        let columns = list(&k.columns);
        lines.push(match &k.references {
            Some((table, to)) => format!(
                "\t{name}foreign key ({columns}) references {}({})",
                table.iter().map(|p| ident(p)).collect::<Vec<_>>().join("."),
                list(to)
            ),
            None => format!("\t{name}{} ({columns})", k.kind.to_lowercase()),
        });
    }
    let kind = if property("hybrid").is_some() {
        "HYBRID "
    } else if t.def.temporary {
        "TEMPORARY "
    } else if property("transient").is_some() {
        "TRANSIENT "
    } else {
        ""
    };
    let cluster = property("cluster_by").map_or_else(String::new, |c| format!("cluster by {c}"));
    let comment = t
        .def
        .comment
        .as_deref()
        .filter(|c| !c.is_empty())
        .map_or_else(String::new, |c| format!("COMMENT={}\n", quoted(c)));
    format!(
        "create or replace {kind}TABLE {shown} {cluster}(\n{}\n){comment};",
        lines.join(",\n")
    )
}

/// The query of a view as it was written.
fn written_query(v: &ViewDef) -> String {
    let Ok(mut c) = Cursor::new(&v.ddl) else {
        return v.query.clone();
    };
    let mut depth = 0usize;
    while !c.at_end() {
        if depth == 0 && c.eat(&["AS"]) {
            return c.slice(c.offset(), usize::MAX).trim().to_owned();
        }
        match c.raw().as_deref() {
            Some("(") => depth += 1,
            Some(")") => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    v.query.clone()
}

fn view(shown: &str, v: &ViewDef) -> String {
    let columns = v
        .columns
        .iter()
        .map(|c| format!("\t{}", ident(&c.name)))
        .collect::<Vec<_>>()
        .join(",\n");
    let kind = match (
        v.properties.contains_key("secure"),
        v.properties.contains_key("materialized"),
    ) {
        (true, true) => "secure materialized view",
        (true, false) => "secure view",
        (false, true) => "materialized view",
        (false, false) => "view",
    };
    let comment = v
        .comment
        .as_deref()
        .filter(|c| !c.is_empty())
        .map_or_else(String::new, |c| format!(" COMMENT={}\n", quoted(c)));
    format!(
        "create or replace {kind} {shown}(\n{columns}\n){comment} as\n{};",
        written_query(v)
    )
}

fn sequence(shown: &str, s: &SequenceDef) -> String {
    format!(
        "create or replace sequence {shown} start with {} increment by {} noorder;",
        s.start, s.step
    )
}

fn stream(shown: &str, s: &StreamDef) -> String {
    format!(
        "create or replace stream {shown} on {} {}{};",
        match s.properties.get(STREAM_SOURCE).map(String::as_str) {
            Some("VIEW") => "view",
            Some("STAGE") => "stage",
            _ if s.offset.def.properties.contains_key("external") => "external table",
            _ => "table",
        },
        s.source.name,
        if s.offset.def.properties.contains_key("external") {
            " insert_only = true"
        } else if s.append_only {
            " append_only = true"
        } else {
            ""
        }
    )
}

fn options(properties: &BTreeMap<String, String>, skip: &[&str]) -> String {
    properties
        .iter()
        .filter(|(k, _)| !skip.contains(&k.as_str()))
        .map(|(k, v)| {
            let bare = v.parse::<f64>().is_ok()
                || v.eq_ignore_ascii_case("true")
                || v.eq_ignore_ascii_case("false");
            format!("\t{k} = {}\n", if bare { v.clone() } else { quoted(v) })
        })
        .collect()
}

fn object(kind: ObjectKind, shown: &str, o: &Object) -> Option<String> {
    Some(match o {
        Object::Table(t) => table(shown, t),
        Object::View(v) => view(shown, v),
        Object::Sequence(s) => sequence(shown, s),
        Object::Stream(s) => stream(shown, s),
        Object::Routine(r) => format!("{};", r.ddl.trim_end().trim_end_matches(';')),
        Object::Other(o) => {
            let body = o.definition["body"].as_str().unwrap_or_default();
            match kind {
                ObjectKind::FileFormat => format!(
                    "create or replace file format {shown}\n{};",
                    options(&o.properties, &[])
                ),
                ObjectKind::Task => {
                    let when = o.definition["when"]
                        .as_str()
                        .map_or_else(String::new, |w| format!("\twhen {w}\n"));
                    format!(
                        "create or replace task {shown}\n{}{when}\tas {body};",
                        options(&o.properties, &["STATE"])
                    )
                }
                ObjectKind::Pipe => format!(
                    "create or replace pipe {shown} auto_ingest={} as {body};",
                    o.properties
                        .get("AUTO_INGEST")
                        .map_or("false", String::as_str)
                        .to_lowercase()
                ),
                ObjectKind::Tag => format!("create or replace tag {shown};"),
                _ => return None,
            }
        }
    })
}

fn schema(name: &str, s: &Schema) -> String {
    let mut out = format!("create or replace schema {name};\n");
    // Tables before what may refer to them.
    let mut objects: Vec<_> = s.objects.iter().collect();
    objects.sort_by_key(|((k, n), o)| {
        (
            match o {
                Object::Sequence(_) => 0,
                Object::Table(_) => 1,
                Object::View(_) => 2,
                _ => 3,
            },
            *k,
            n.clone(),
        )
    });
    for ((kind, n), o) in objects {
        if let Some(ddl) = object(*kind, &ident(n), o) {
            out.push('\n');
            out.push_str(&ddl);
            out.push('\n');
        }
    }
    out
}

/// The DDL of a warehouse with its documented defaults.
fn warehouse(name: &str, properties: &BTreeMap<String, String>) -> String {
    let get = |k: &str, d: &str| properties.get(k).map_or(d, String::as_str).to_owned();
    let size = get("WAREHOUSE_SIZE", "X-Small");
    format!(
        "create or replace warehouse {name}\nwith\n\twarehouse_type='{}'\n\twarehouse_size='{}'\n\tmax_cluster_count={}\n\tmin_cluster_count={}\n\tscaling_policy={}\n\tauto_suspend={}\n\tauto_resume={}\n\tinitially_suspended={}\n\tenable_query_acceleration={}\n\tquery_acceleration_max_scale_factor={}\n\tmax_concurrency_level={}\n\tstatement_queued_timeout_in_seconds={}\n\tstatement_timeout_in_seconds={}\n;",
        get("WAREHOUSE_TYPE", "STANDARD"),
        size,
        get("MAX_CLUSTER_COUNT", "1"),
        get("MIN_CLUSTER_COUNT", "1"),
        get("SCALING_POLICY", "STANDARD"),
        get("AUTO_SUSPEND", "600"),
        get("AUTO_RESUME", "TRUE"),
        get("INITIALLY_SUSPENDED", "FALSE"),
        get("ENABLE_QUERY_ACCELERATION", "FALSE"),
        get("QUERY_ACCELERATION_MAX_SCALE_FACTOR", "8"),
        get("MAX_CONCURRENCY_LEVEL", "8"),
        get("STATEMENT_QUEUED_TIMEOUT_IN_SECONDS", "0"),
        get("STATEMENT_TIMEOUT_IN_SECONDS", "172800"),
    )
}

fn ddl(
    call: &mut FnCall<'_, '_>,
    account: &Account,
    kind: &str,
    name: &str,
    qualified: bool,
) -> Result<String> {
    if matches!(kind, "FUNCTION" | "PROCEDURE") {
        return routine(call, kind, name);
    }
    let parts = parts(name)?;
    let last = parts.last().cloned().unwrap_or_default();
    match kind {
        "DATABASE" => {
            let db = account
                .databases
                .get(&last)
                .ok_or_else(|| unknown("Database", &last))?;
            let mut out = format!("create or replace database {};\n", ident(&last));
            for (n, s) in db.schemas.iter().filter(|(n, _)| !is_temp_schema(n)) {
                out.push('\n');
                out.push_str(&schema(&ident(n), s));
            }
            return Ok(out);
        }
        "SCHEMA" => {
            let env = call.env();
            let (db, s) = match parts.as_slice() {
                [d, s] => (d.clone(), s.clone()),
                _ => (env.database.clone().unwrap_or_default(), last.clone()),
            };
            let found = account
                .databases
                .get(&db)
                .and_then(|d| d.schemas.get(&s))
                .ok_or_else(|| unknown("Schema", &last))?;
            let shown = if qualified {
                format!("{}.{}", ident(&db), ident(&s))
            } else {
                ident(&s)
            };
            return Ok(schema(&shown, found));
        }
        "WAREHOUSE" => {
            return match account.objects.get(&(ObjectKind::Warehouse, last.clone())) {
                Some(Object::Other(o)) => Ok(warehouse(&ident(&last), &o.properties)),
                _ => Err(unknown("Warehouse", &last)),
            };
        }
        _ => {}
    }
    let kinds = match kind {
        "TABLE" | "VIEW" | "DYNAMIC_TABLE" | "MATERIALIZED_VIEW" => ObjectKind::Relation,
        "SEQUENCE" => ObjectKind::Sequence,
        "STREAM" => ObjectKind::Stream,
        "TASK" => ObjectKind::Task,
        "PIPE" => ObjectKind::Pipe,
        "FILE_FORMAT" => ObjectKind::FileFormat,
        "TAG" => ObjectKind::Tag,
        other => {
            return Err(SqlError::unsupported(format!("GET_DDL of a {other}")));
        }
    };
    let shown_kind = match kind {
        "TABLE" | "VIEW" | "DYNAMIC_TABLE" | "MATERIALIZED_VIEW" => "Object",
        other => other,
    };
    let (name, found) = if kinds == ObjectKind::Relation {
        call.binder
            .find_relation(&parts)
            .ok_or_else(|| unknown(shown_kind, &parts.join(".")))?
    } else {
        let name = full(call, &parts)?;
        let found = call
            .binder
            .catalog
            .object(kinds, &name)
            .cloned()
            .ok_or_else(|| unknown(shown_kind, &parts.join(".")))?;
        (name, found)
    };
    let fits = match (&found, kind) {
        (Object::View(_), k) => k.ends_with("VIEW"),
        (Object::Table(_), k) => k.ends_with("TABLE"),
        _ => true,
    };
    if !fits {
        return Err(unknown(shown_kind, &parts.join(".")));
    }
    let shown = if qualified {
        format!(
            "{}.{}.{}",
            ident(&name.database),
            ident(&name.schema),
            ident(&name.name)
        )
    } else {
        ident(&name.name)
    };
    object(kinds, &shown, &found)
        .ok_or_else(|| SqlError::unsupported(format!("GET_DDL of a {kind}")))
}

/// The definition of a function or procedure, which is named with the types of its arguments.
fn routine(call: &mut FnCall<'_, '_>, kind: &str, name: &str) -> Result<String> {
    let mut c = crate::parse::Cursor::new(name)?;
    let (found, types) = crate::scripting::signature_name(&mut c)?;
    let object = if kind == "PROCEDURE" {
        ObjectKind::Procedure
    } else {
        ObjectKind::Function
    };
    call.binder
        .find_routines(object, &found)
        .into_iter()
        .find(|(_, r)| r.signature(dwsim_engine::dialect::DialectName::Snowflake) == types)
        .map(|(_, r)| format!("{};", r.ddl.trim_end_matches(';')))
        .ok_or_else(|| {
            unknown(
                if kind == "PROCEDURE" {
                    "Procedure"
                } else {
                    "Function"
                },
                name,
            )
        })
}

fn get_ddl(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 3)?;
    let (Some(kind), Some(name)) = (constant_argument(call, 0)?, constant_argument(call, 1)?)
    else {
        return Ok(text(None));
    };
    let qualified = constant_argument(call, 2)?.is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let account = std::sync::Arc::clone(call.binder.catalog.account());
    let out = ddl(
        call,
        &account,
        &kind.to_uppercase().replace(' ', "_"),
        &name,
        qualified,
    )?;
    Ok(text(Some(out)))
}

/// SYSTEM$PIPE_STATUS: whether a pipe runs. Files load at once, so that none is pending.
fn pipe_status(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let Some(name) = constant_argument(call, 0)? else {
        return Ok(text(None));
    };
    let parts = parts(&name)?;
    let name = full(call, &parts)?;
    match call.binder.catalog.object(ObjectKind::Pipe, &name) {
        Some(Object::Other(o)) => {
            let paused = o
                .properties
                .get("PIPE_EXECUTION_PAUSED")
                .is_some_and(|v| v.eq_ignore_ascii_case("true"));
            let state = if paused { "PAUSED" } else { "RUNNING" };
            Ok(text(Some(format!(
                "{{\"executionState\":\"{state}\",\"pendingFileCount\":0}}"
            ))))
        }
        _ => Err(unknown("Pipe", &parts.join("."))),
    }
}

/// When a table or view was changed last, as a number that grows.
fn last_change(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let Some(name) = constant_argument(call, 0)? else {
        return Ok(text(None));
    };
    let parts = parts(&name)?;
    match call.binder.find_relation(&parts) {
        Some((_, Object::Table(t))) => Ok(Typed::new(
            Expr::Literal(ScalarValue::Int64(Some(t.changed * 1_000_000)), None),
            SqlType::BigInt,
        )),
        Some(_) => Err(SqlError::unsupported(format!("{} of a view", call.name))),
        None => Err(unknown("Object", &parts.join("."))),
    }
}

fn stream_has_data(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let Some(name) = constant_argument(call, 0)? else {
        return Ok(text(None));
    };
    let parts = parts(&name)?;
    match call.binder.stream_has_data(&parts)? {
        Some(b) => Ok(Typed::new(
            Expr::Literal(ScalarValue::Boolean(Some(b)), None),
            SqlType::Boolean,
        )),
        None => Err(unknown("Stream", &parts.join("."))),
    }
}

fn stream_timestamp(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let Some(name) = constant_argument(call, 0)? else {
        return Ok(text(None));
    };
    let parts = parts(&name)?;
    let name = full(call, &parts)?;
    match call.binder.catalog.object(ObjectKind::Stream, &name) {
        Some(Object::Stream(s)) => Ok(Typed::new(
            Expr::Literal(ScalarValue::Int64(Some(s.offset_time)), None),
            SqlType::BigInt,
        )),
        _ => Err(unknown("Stream", &parts.join("."))),
    }
}
