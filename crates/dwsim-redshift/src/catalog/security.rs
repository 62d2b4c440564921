//! Views of policies, default privileges and locks.
//! Grants on objects are in `redshift`.

use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, OtherObject};
use serde_json::Value as Json;

use super::Found;
use super::snapshot::View;
use super::table::{Value, row};
use crate::statements::{CONJUNCTION, Cluster, ROW_SECURITY, attached, grants};

fn text(v: &Json, name: &str) -> String {
    v.get(name)
        .and_then(Json::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn list(v: &Json, name: &str) -> String {
    v.get(name).map(Json::to_string).unwrap_or_default()
}

/// Policies of this database, with their owners.
fn policies(view: &View, masking: bool) -> Vec<Arc<OtherObject>> {
    let start = format!(
        "{}|{}|",
        if masking { "masking" } else { "rls" },
        view.database
    );
    view.account
        .objects
        .iter()
        .filter(|((kind, key), _)| *kind == ObjectKind::Policy && key.starts_with(&start))
        .filter_map(|(_, o)| match o {
            Object::Other(o) => Some(Arc::clone(o)),
            _ => None,
        })
        .collect()
}

fn conjunction(view: Option<&str>) -> &'static str {
    if view == Some("or") { "or" } else { "and" }
}

fn created(o: &OtherObject) -> Value {
    Value::Time(o.created * 1_000_000)
}

/// The columns of a policy as JSON: name and type.
fn attributes(definition: &Json) -> String {
    let names = definition.get("columns").and_then(Json::as_array);
    let types = definition.get("types").and_then(Json::as_array);
    let all: Vec<Json> = names
        .into_iter()
        .flatten()
        .zip(types.into_iter().flatten())
        .map(|(n, t)| serde_json::json!({ "colname": n, "type": t }))
        .collect();
    Json::from(all).to_string()
}

/// A view; None when there is none of this name.
pub(super) fn rows(view: &View, cluster: &Cluster, name: &str) -> Found {
    Some(match name {
        "svv_rls_policy" => (
            "poldb polname polalias polatts polqual polenabled:b polmodifiedby polmodifiedtime:t",
            policies(view, false)
                .into_iter()
                .map(|p| {
                    row![
                        view.database.as_str(),
                        text(&p.definition, "name"),
                        text(&p.definition, "alias"),
                        attributes(&p.definition),
                        list(&p.definition, "using"),
                        true,
                        p.owner.as_str(),
                        created(&p)
                    ]
                })
                .collect(),
        ),
        "svv_masking_policy" => (
            "policy_database policy_name input_columns policy_expression policy_modified_by policy_modified_time:t",
            policies(view, true)
                .into_iter()
                .map(|p| {
                    row![
                        view.database.as_str(),
                        text(&p.definition, "name"),
                        attributes(&p.definition),
                        list(&p.definition, "using"),
                        p.owner.as_str(),
                        created(&p)
                    ]
                })
                .collect(),
        ),
        "svv_rls_attached_policy" => (
            "relschema relname relkind polname grantor grantee granteekind is_pol_on:b is_rls_on:b rls_conjunction_type",
            view.relations
                .iter()
                .filter_map(|r| Some((r, &r.table()?.def)))
                .flat_map(|(r, def)| {
                    let on = def.properties.get(ROW_SECURITY).is_some_and(|v| v == "on");
                    let how = conjunction(def.properties.get(CONJUNCTION).map(String::as_str));
                    attached(def, false)
                        .into_iter()
                        .map(|a| {
                            row![
                                r.schema.as_str(),
                                r.name.as_str(),
                                "table",
                                text(&a, "policy"),
                                text(&a, "by"),
                                text(&a, "to"),
                                text(&a, "kind"),
                                true,
                                on,
                                how
                            ]
                        })
                        .collect::<Vec<_>>()
                })
                .collect(),
        ),
        "svv_rls_relation" => (
            "datname relschema relname relkind is_rls_on:b is_rls_datashare_on:b rls_conjunction_type rls_datashare_conjunction_type",
            view.relations
                .iter()
                .filter_map(|r| Some((r, &r.table()?.def)))
                .filter_map(|(r, def)| {
                    let on = def.properties.get(ROW_SECURITY)?;
                    Some(row![
                        view.database.as_str(),
                        r.schema.as_str(),
                        r.name.as_str(),
                        "table",
                        on == "on",
                        false,
                        conjunction(def.properties.get(CONJUNCTION).map(String::as_str)),
                        "and"
                    ])
                })
                .collect(),
        ),
        "svv_attached_masking_policy" => (
            "policy_name schema_name table_name table_type grantor grantee grantee_type priority:i input_columns output_columns",
            view.relations
                .iter()
                .filter_map(|r| Some((r, &r.table()?.def)))
                .flat_map(|(r, def)| {
                    attached(def, true)
                        .into_iter()
                        .map(|a| {
                            row![
                                text(&a, "policy"),
                                r.schema.as_str(),
                                r.name.as_str(),
                                "table",
                                text(&a, "by"),
                                text(&a, "to"),
                                text(&a, "kind"),
                                a.get("priority").and_then(Json::as_i64),
                                list(&a, "input"),
                                list(&a, "columns")
                            ]
                        })
                        .collect::<Vec<_>>()
                })
                .collect(),
        ),
        "svv_default_privileges" => (
            "schema_name object_type owner_id:i owner_name owner_type privilege_type grantee_id:i grantee_name grantee_type admin_option:b",
            grants(&view.account)
                .filter(|(key, _)| key.starts_with("default|"))
                .map(|(_, o)| &o.properties)
                .filter(|p| p.get("database") == Some(&view.database))
                .map(|p| {
                    let get = |n: &str| p.get(n).cloned().unwrap_or_default();
                    let objects = match get("objects").as_str() {
                        "tables" => "RELATION",
                        "functions" => "FUNCTION",
                        _ => "PROCEDURE",
                    };
                    row![
                        Some(get("schema")).filter(|s| !s.is_empty()),
                        objects,
                        view.user_oid(&get("owner")),
                        get("owner"),
                        "user",
                        get("privilege").to_uppercase(),
                        view.user_oid(&get("grantee")),
                        get("grantee"),
                        get("grantee kind"),
                        get("grant option") == "true"
                    ]
                })
                .collect(),
        ),
        "stv_locks" | "svv_transactions" | "pg_locks" => locks(view, cluster, name),
        _ => return None,
    })
}

fn locks(view: &View, cluster: &Cluster, name: &str) -> (&'static str, Vec<Vec<Value>>) {
    let held = cluster.locks().held();
    let rows = held.iter().filter_map(|(table, pid)| {
        let r = view.relations.iter().find(|r| {
            view.database == table.database && r.schema == table.schema && r.name == table.name
        })?;
        let oid = r.oid();
        Some(match name {
            "stv_locks" => row![
                oid,
                Value::Null,
                Value::Null,
                *pid,
                *pid,
                Value::Null,
                Value::Null,
                "Holding write lock"
            ],
            "svv_transactions" => row![
                Value::Null,
                table.database.as_str(),
                *pid,
                *pid,
                Value::Null,
                "AccessExclusiveLock",
                "relation",
                oid,
                true
            ],
            _ => row![
                "relation",
                oid,
                view.db.as_ref().map(|d| d.oid),
                *pid,
                *pid,
                "AccessExclusiveLock",
                true
            ],
        })
    });
    let columns = match name {
        "stv_locks" => {
            "table_id:l last_commit:t last_update:t lock_owner:l lock_owner_pid:l lock_owner_start_ts:t lock_owner_end_ts:t lock_status"
        }
        "svv_transactions" => {
            "txn_owner txn_db xid:l pid:i txn_start:t lock_mode lockable_object_type relation:i granted:b"
        }
        _ => "locktype relation:o database:o transaction:i pid:i mode granted:b",
    };
    (columns, rows.collect())
}
