//! Tables, views, sequences, stages, file formats, streams, tasks, pipes, dynamic tables and tags as SHOW lists them.
//! Columns and keys of tables are in `keys`.

use std::sync::Arc;

use dwsim_engine::catalog::{
    Account, DroppedObject, Object, ObjectKind, OtherObject, StreamDef, TableEntry,
};
use dwsim_engine::error::Result;
use dwsim_engine::plan::STREAM_SOURCE;
use dwsim_engine::session::is_temp_schema;

use super::list::{Place, Row, some, yes};
use crate::parse::Show;
use crate::policies::KIND;
use crate::session::SnowflakeSession;
use crate::session::{DYNAMIC_QUERY, External, format_of};

/// The columns that all objects of a schema have.
fn base(place: &Place, name: &str, created: i64, owner: &str, comment: &Option<String>) -> Row {
    vec![
        ("created_on", some(created.to_string())),
        ("name", some(name)),
        ("database_name", some(&place.database)),
        ("schema_name", some(&place.schema)),
        ("owner", some(owner)),
        ("comment", some(comment.clone().unwrap_or_default())),
        ("owner_role_type", some("ROLE")),
    ]
}

fn property<'a>(t: &'a TableEntry, name: &str) -> Option<&'a String> {
    t.def
        .properties
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case(name))
        .map(|(_, v)| v)
}

fn table(place: &Place, name: &str, t: &TableEntry) -> Row {
    let kind = if t.def.temporary {
        "TEMPORARY"
    } else if property(t, "transient").is_some() {
        "TRANSIENT"
    } else {
        "TABLE"
    };
    let on = |p: &str| {
        some(match property(t, p) {
            Some(v) if v.eq_ignore_ascii_case("true") => "ON",
            _ => "OFF",
        })
    };
    let mut row = base(place, name, t.def.created, &t.def.owner, &t.def.comment);
    let cluster = property(t, "cluster_by").cloned().unwrap_or_default();
    row.extend([
        ("kind", some(kind)),
        (
            "automatic_clustering",
            some(if cluster.is_empty() { "OFF" } else { "ON" }),
        ),
        (
            "cluster_by",
            some(if cluster.is_empty() {
                String::new()
            } else {
                format!("LINEAR{cluster}")
            }),
        ),
        ("rows", some(t.data.rows.to_string())),
        ("bytes", some(t.data.bytes().to_string())),
        (
            "retention_time",
            some(property(t, "data_retention_time_in_days").map_or("1", String::as_str)),
        ),
        ("change_tracking", on("change_tracking")),
        ("search_optimization", on("search_optimization")),
        ("is_external", yes(External::of(&t.def).is_some())),
        (
            "enable_schema_evolution",
            yes(property(t, "enable_schema_evolution")
                .is_some_and(|v| v.eq_ignore_ascii_case("true"))),
        ),
        ("is_event", yes(property(t, "event").is_some())),
        ("is_hybrid", yes(property(t, "hybrid").is_some())),
        ("is_iceberg", yes(property(t, "iceberg").is_some())),
        ("is_dynamic", yes(property(t, DYNAMIC_QUERY).is_some())),
        ("is_immutable", yes(false)),
        ("dropped_on", None),
    ]);
    row
}

fn dynamic(place: &Place, name: &str, t: &TableEntry) -> Row {
    let text = |p: &str, default: &str| some(property(t, p).map_or(default, String::as_str));
    let mut row = base(place, name, t.def.created, &t.def.owner, &t.def.comment);
    row.extend([
        ("cluster_by", some("")),
        ("rows", some(t.data.rows.to_string())),
        ("bytes", some(t.data.bytes().to_string())),
        ("target_lag", text("target_lag", "")),
        ("refresh_mode", text("refresh_mode", "FULL")),
        ("refresh_mode_reason", None),
        ("warehouse", text("warehouse", "")),
        ("text", text(DYNAMIC_QUERY, "")),
        ("automatic_clustering", some("OFF")),
        ("scheduling_state", text("scheduling_state", "ACTIVE")),
        ("last_suspended_on", None),
        ("is_clone", some("false")),
        ("is_replica", some("false")),
        ("is_iceberg", some("false")),
        ("data_timestamp", some((t.changed / 1000).to_string())),
    ]);
    row
}

fn external(place: &Place, name: &str, t: &TableEntry, e: &External) -> Row {
    let mut row = base(place, name, t.def.created, &t.def.owner, &t.def.comment);
    let (format, ty) = format_of(&e.format);
    row.extend([
        ("invalid", some("false")),
        ("invalid_reason", None),
        ("stage", some(e.stage.clone())),
        (
            "location",
            some(format!(
                "@{}/{}",
                e.stage,
                e.location.split_once('/').map_or("", |(_, path)| path)
            )),
        ),
        ("file_format_name", some(format)),
        ("file_format_type", some(ty)),
        ("cloud", some("AWS")),
        ("region", some("us-east-1")),
        ("notification_channel", None),
        ("last_refreshed_on", e.refreshed.map(|r| r.to_string())),
        ("table_format", some("UNSPECIFIED")),
        ("last_refresh_details", None),
    ]);
    row
}

fn stream(place: &Place, name: &str, s: &StreamDef) -> Row {
    let mut row = base(place, name, s.created, &s.owner, &s.comment);
    // Two weeks after the offset.
    let stale_after = s.offset_time / 1000 + 14 * 86_400;
    row.extend([
        ("table_name", some(s.source.to_string())),
        (
            "source_type",
            some(match s.properties.get(STREAM_SOURCE).map(String::as_str) {
                Some("VIEW") => "View",
                Some("STAGE") => "Stage",
                _ if s.offset.def.properties.contains_key("external") => "External Table",
                _ => "Table",
            }),
        ),
        ("base_tables", some(s.source.to_string())),
        ("type", some("DELTA")),
        ("stale", some("false")),
        (
            "mode",
            some(if s.offset.def.properties.contains_key("external") {
                "INSERT_ONLY"
            } else if s.append_only {
                "APPEND_ONLY"
            } else {
                "DEFAULT"
            }),
        ),
        ("stale_after", some(stale_after.to_string())),
        ("invalid_reason", some("N/A")),
    ]);
    row
}

fn task(place: &Place, name: &str, o: &OtherObject) -> Row {
    let text = |k: &str| o.properties.get(k).cloned();
    let mut row = base(place, name, o.created, &o.owner, &o.comment);
    row.extend([
        (
            "id",
            some(format!("{:08x}-0000-0000-0000-{:012x}", o.oid, o.oid)),
        ),
        ("warehouse", text("WAREHOUSE")),
        ("schedule", text("SCHEDULE")),
        ("predecessors", some(o.definition["after"].to_string())),
        ("state", text("STATE")),
        (
            "definition",
            o.definition["body"].as_str().map(str::to_owned),
        ),
        (
            "condition",
            o.definition["when"].as_str().map(str::to_owned),
        ),
        (
            "allow_overlapping_execution",
            some(text("ALLOW_OVERLAPPING_EXECUTION").unwrap_or_else(|| "false".into())),
        ),
        ("error_integration", some("null")),
        ("last_committed_on", None),
        ("last_suspended_on", None),
        ("config", text("CONFIG")),
        ("budget", None),
        ("task_relations", some("{\"Predecessors\":[]}")),
        ("last_suspended_reason", None),
    ]);
    row
}

fn pipe(place: &Place, name: &str, o: &OtherObject) -> Row {
    let mut row = base(place, name, o.created, &o.owner, &o.comment);
    row.extend([
        (
            "definition",
            o.definition["body"].as_str().map(str::to_owned),
        ),
        ("notification_channel", None),
        ("integration", o.properties.get("INTEGRATION").cloned()),
        ("pattern", None),
        (
            "error_integration",
            o.properties.get("ERROR_INTEGRATION").cloned(),
        ),
        ("invalid_reason", None),
        ("kind", some("STAGE")),
    ]);
    row
}

impl SnowflakeSession {
    pub(super) fn show_objects(&self, place: &Place, what: &str, out: &mut Vec<Row>) {
        for ((kind, name), object) in &place.contents.objects {
            match (object, what) {
                (Object::Table(t), "TABLES") => out.push(table(place, name, t)),
                (Object::Table(t), "EXTERNAL TABLES") => {
                    if let Some(e) = External::of(&t.def) {
                        out.push(external(place, name, t, &e));
                    }
                }
                (Object::Table(t), "OBJECTS") => {
                    let mut row = table(place, name, t);
                    // a kind of objects; how long a table lives is SHOW TABLES' matter
                    for (column, value) in &mut row {
                        if *column == "kind" {
                            *value = some("TABLE");
                        }
                    }
                    out.push(row);
                }
                (Object::Table(t), "HYBRID TABLES") if property(t, "hybrid").is_some() => {
                    out.push(table(place, name, t));
                }
                (Object::Table(t), "EVENT TABLES") if property(t, "event").is_some() => {
                    out.push(table(place, name, t));
                }
                (Object::Table(t), "DYNAMIC TABLES") if property(t, DYNAMIC_QUERY).is_some() => {
                    out.push(dynamic(place, name, t));
                }
                (Object::View(v), "VIEWS" | "OBJECTS" | "MATERIALIZED VIEWS") => {
                    let materialized = v.properties.contains_key("materialized");
                    if (what == "MATERIALIZED VIEWS") != materialized && what != "OBJECTS" {
                        continue;
                    }
                    let mut row = base(place, name, v.created, &v.owner, &v.comment);
                    row.extend([
                        (
                            "kind",
                            some(if materialized {
                                "MATERIALIZED_VIEW"
                            } else {
                                "VIEW"
                            }),
                        ),
                        ("reserved", some("")),
                        ("text", some(&v.ddl)),
                        (
                            "is_secure",
                            some(v.properties.contains_key("secure").to_string()),
                        ),
                        ("is_materialized", some(materialized.to_string())),
                        ("change_tracking", some("OFF")),
                        ("cluster_by", some("")),
                        ("rows", None),
                        ("bytes", None),
                        ("source_database_name", some(&place.database)),
                        ("source_schema_name", some(&place.schema)),
                        (
                            "source_table_name",
                            v.properties.get("source_table").cloned(),
                        ),
                        (
                            "refreshed_on",
                            some(chrono::Utc::now().timestamp().to_string()),
                        ),
                        ("compacted_on", some(v.created.to_string())),
                        (
                            "invalid",
                            some(v.properties.contains_key("suspended").to_string()),
                        ),
                        (
                            "invalid_reason",
                            v.properties
                                .get("suspended")
                                .map(|_| "The materialized view is suspended.".to_owned()),
                        ),
                        ("behind_by", some("0s")),
                        ("automatic_clustering", some("OFF")),
                        ("is_hybrid", yes(false)),
                        ("is_iceberg", yes(false)),
                        ("is_dynamic", yes(false)),
                    ]);
                    out.push(row);
                }
                (Object::Sequence(s), "SEQUENCES") => {
                    let next = self
                        .inner
                        .snapshot()
                        .databases
                        .get(&place.database)
                        .and_then(|d| d.counters.peek(s.oid))
                        .unwrap_or(s.start);
                    let mut row = base(place, name, s.created, &s.owner, &s.comment);
                    row.extend([
                        ("next_value", some(next.to_string())),
                        ("interval", some(s.step.to_string())),
                        ("ordered", yes(false)),
                    ]);
                    out.push(row);
                }
                (Object::Other(o), "STAGES") if *kind == ObjectKind::Stage => {
                    let url = o.properties.get("URL").cloned().unwrap_or_default();
                    let mut row = base(place, name, o.created, &o.owner, &o.comment);
                    row.extend([
                        ("url", some(&url)),
                        (
                            "has_credentials",
                            yes(o.properties.keys().any(|k| k.starts_with("CREDENTIALS"))),
                        ),
                        ("has_encryption_key", yes(false)),
                        ("region", None),
                        (
                            "type",
                            some(if url.is_empty() {
                                "INTERNAL"
                            } else {
                                "EXTERNAL"
                            }),
                        ),
                        ("cloud", if url.is_empty() { None } else { some("AWS") }),
                        (
                            "storage_integration",
                            o.properties.get("STORAGE_INTEGRATION").cloned(),
                        ),
                        ("directory_enabled", yes(false)),
                    ]);
                    out.push(row);
                }
                (Object::Other(o), "FILE FORMATS") if *kind == ObjectKind::FileFormat => {
                    let mut row = base(place, name, o.created, &o.owner, &o.comment);
                    row.extend([
                        (
                            "type",
                            some(
                                o.properties
                                    .get("TYPE")
                                    .map_or_else(|| "CSV".to_owned(), |t| t.to_uppercase()),
                            ),
                        ),
                        (
                            "format_options",
                            some(crate::session::format_defaults::options_json(&o.properties)),
                        ),
                    ]);
                    out.push(row);
                }
                (Object::Stream(s), "STREAMS") => out.push(stream(place, name, s)),
                (Object::Other(o), "TASKS") if *kind == ObjectKind::Task => {
                    out.push(task(place, name, o));
                }
                (Object::Other(o), "PIPES") if *kind == ObjectKind::Pipe => {
                    out.push(pipe(place, name, o));
                }
                (Object::Other(o), what)
                    if *kind == ObjectKind::Policy
                        && what.strip_suffix("IES").is_some_and(|w| {
                            o.properties
                                .get(KIND)
                                .is_some_and(|k| k.replace('_', " ").strip_suffix('Y') == Some(w))
                        }) =>
                {
                    let mut row = base(place, name, o.created, &o.owner, &o.comment);
                    let exempt = o.properties.get("EXEMPT_OTHER_POLICIES");
                    row.push(("kind", o.properties.get(KIND).cloned()));
                    row.push((
                        "options",
                        some(exempt.map_or_else(String::new, |e| {
                            serde_json::json!({ "EXEMPT_OTHER_POLICIES": e.to_uppercase() })
                                .to_string()
                        })),
                    ));
                    out.push(row);
                }
                (Object::Other(o), "ALERTS" | "NETWORK RULES" | "SECRETS")
                    if *kind == ObjectKind::Other
                        && o.properties.get(KIND).is_some_and(|k| {
                            Some(k.as_str()) == what.replace(' ', "_").strip_suffix('S')
                        }) =>
                {
                    let text = |k: &str| o.properties.get(k).cloned();
                    let defined = |k: &str| o.definition[k].as_str().map(str::to_owned);
                    let mut row = base(place, name, o.created, &o.owner, &o.comment);
                    row.extend([
                        ("warehouse", text("WAREHOUSE")),
                        ("schedule", text("SCHEDULE")),
                        ("state", text("STATE")),
                        ("condition", defined("when")),
                        ("action", defined("body")),
                        ("type", text("TYPE")),
                        ("mode", text("MODE")),
                        ("secret_type", text("TYPE")),
                        (
                            "entries_in_valuelist",
                            text("VALUE_LIST").map(|l| {
                                serde_json::from_str::<Vec<String>>(&l)
                                    .map_or(1, |v| v.len())
                                    .to_string()
                            }),
                        ),
                    ]);
                    out.push(row);
                }
                (Object::Other(o), "DATABASE ROLES")
                    if *kind == ObjectKind::Other && !o.properties.contains_key(KIND) =>
                {
                    let mut row = base(place, name, o.created, &o.owner, &o.comment);
                    row.extend([("is_default", yes(false)), ("is_current", yes(false))]);
                    out.push(row);
                }
                (Object::Other(o), "TAGS") if *kind == ObjectKind::Tag => {
                    let mut row = base(place, name, o.created, &o.owner, &o.comment);
                    row.push((
                        "allowed_values",
                        o.properties.get("ALLOWED_VALUES").cloned(),
                    ));
                    row.push(("propagate", o.properties.get("PROPAGATE").cloned()));
                    out.push(row);
                }
                _ => {}
            }
        }
    }

    /// Dropped tables of the schemas that are shown.
    pub(super) fn show_dropped_tables(
        &self,
        account: &Account,
        show: &Show,
        out: &mut Vec<Row>,
    ) -> Result<()> {
        let places = self.places(account, &show.scope)?;
        let dropped = self.account.engine.catalog.history(|h| {
            h.dropped()
                .filter_map(|d| match &d.object {
                    DroppedObject::Object(_, n, Object::Table(t)) if !is_temp_schema(&n.schema) => {
                        Some((n.clone(), Arc::clone(t), d.at / 1_000_000))
                    }
                    _ => None,
                })
                .collect::<Vec<_>>()
        });
        for (name, t, at) in dropped.unwrap_or_default() {
            let Some(place) = places
                .iter()
                .find(|p| p.database == name.database && p.schema == name.schema)
            else {
                continue;
            };
            let live = place
                .contents
                .objects
                .values()
                .any(|o| o.oid() == t.def.oid);
            if live {
                continue;
            }
            let mut row = table(place, &name.name, &t);
            row.retain(|(n, _)| *n != "dropped_on");
            row.push(("dropped_on", some(at.to_string())));
            out.push(row);
        }
        Ok(())
    }
}
