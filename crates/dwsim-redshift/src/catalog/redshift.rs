//! Redshift's own views that tell the truth: objects, users, grants, queries and loads of this cluster.
//! Views of machinery that dwsim does not have are in `empty`.

use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind};
use dwsim_engine::plan::Binder;
use dwsim_engine::session::is_temp_schema;

use super::logs::{cut, elapsed, queries, time};
use super::snapshot::{Body, Rel, View};
use super::table::{Value, row};
use super::{Found, data_type_name, limits};
use crate::statements::Cluster;

fn kind(r: &Rel) -> &'static str {
    if r.kind() == "r" { "TABLE" } else { "VIEW" }
}

/// Columns of a late-binding view as its query gives them now; none when it does not bind.
fn bound_columns(
    view: &View,
    binder: &Binder<'_>,
    r: &Rel,
) -> Vec<dwsim_engine::types::ColumnInfo> {
    let Some(Ok(query)) = r.query().map(|q| binder.dialect.parse_query(q)) else {
        return Vec::new();
    };
    let mut path = binder.search_path.clone();
    if let Body::View(v) = &r.body
        && let Some(schema) = &v.context.1
    {
        path.insert(0, (view.database.clone(), schema.clone()));
    }
    let mut inner = Binder::new(
        binder.dialect,
        Arc::clone(&binder.env),
        &binder.catalog,
        path,
    );
    let bound = inner.top_query(&query);
    let names = r.columns();
    bound
        .map(|b| b.columns)
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(i, mut c)| {
            if let Some(declared) = names.get(i) {
                declared.name.clone_into(&mut c.name);
            }
            c
        })
        .collect()
}

/// Columns of late-binding views, found by binding their queries now.
pub(super) fn late_binding_columns(
    view: &View,
    binder: &Binder<'_>,
) -> (&'static str, Vec<Vec<Value>>) {
    (
        "view_schema:n view_name:n col_name:n col_type col_num:i",
        view.relations
            .iter()
            .filter(|r| r.late_binding())
            .flat_map(|r| {
                bound_columns(view, binder, r)
                    .into_iter()
                    .enumerate()
                    .map(|(i, c)| {
                        row![
                            r.schema.as_str(),
                            r.name.as_str(),
                            c.name,
                            c.ty.redshift(),
                            i as i64 + 1
                        ]
                    })
                    .collect::<Vec<_>>()
            })
            .collect(),
    )
}

/// PG_GET_COLS: the columns of a relation; None when there is none of this name.
pub(super) fn relation_columns(
    view: &View,
    binder: &Binder<'_>,
    path: &str,
) -> Option<(&'static str, Vec<Vec<Value>>)> {
    let r = view.find(path)?;
    let columns: Vec<(String, String)> = if r.late_binding() {
        bound_columns(view, binder, r)
            .into_iter()
            .map(|c| (c.name, c.ty.redshift()))
            .collect()
    } else {
        r.columns()
            .into_iter()
            .map(|c| (c.name.to_owned(), c.ty.redshift()))
            .collect()
    };
    Some((
        "view_schema:n view_name:n col_name:n col_type col_num:i",
        columns
            .into_iter()
            .enumerate()
            .map(|(i, (name, ty))| row![r.schema.as_str(), r.name.as_str(), name, ty, i as i64 + 1])
            .collect(),
    ))
}

fn columns_of(view: &View, r: &Rel) -> Vec<Vec<Value>> {
    let db = view.database.as_str();
    r.columns()
        .into_iter()
        .enumerate()
        .map(|(i, c)| {
            let (length, precision, scale) = limits(c.ty);
            let number = |n: Option<u32>| Value::from(n.map(i64::from));
            row![
                db,
                r.schema.as_str(),
                r.name.as_str(),
                c.name,
                i as i64 + 1,
                super::pg::default_text(&c),
                if c.not_null { "NO" } else { "YES" },
                data_type_name(c.ty),
                number(length),
                number(precision),
                number(scale),
                c.def.and_then(|d| d.comment.as_deref()),
            ]
        })
        .collect()
}

/// Blocks of a megabyte that a table's rows fill.
pub(super) fn blocks(r: &Rel) -> Option<i64> {
    Some(r.table()?.data.bytes().div_ceil(1 << 20) as i64)
}

fn table_info(view: &View, r: &Rel) -> Option<Vec<Value>> {
    let t = r.table()?;
    let sort = r.sort_keys();
    let columns = r.columns();
    let encoded = columns
        .iter()
        .any(|c| c.def.is_some_and(|d| d.properties.contains_key("encode")));
    let widest = columns
        .iter()
        .filter_map(|c| match c.ty {
            dwsim_engine::types::SqlType::Varchar(n) => *n,
            _ => None,
        })
        .max()
        .unwrap_or(0);
    let style = match r.property("diststyle") {
        Some("key") => format!("KEY({})", r.property("distkey").unwrap_or_default()),
        Some("even") => "EVEN".into(),
        Some("all") => "ALL".into(),
        _ => "AUTO(ALL)".to_owned(),
    };
    let megabytes = blocks(r)?;
    let first = sort.first().copied();
    let first_encoding = first.and_then(|k| {
        let c = columns.iter().find(|c| c.name == k)?;
        Some(match r.encoding(c).as_str() {
            "raw" => "none".to_owned(),
            e => e.to_owned(),
        })
    });
    let sort_shown = match (first, r.property("sortstyle")) {
        (Some(_), Some("interleaved")) => Some("INTERLEAVED".to_owned()),
        (Some(k), _) => Some(k.to_owned()),
        (None, _) => Some("AUTO(SORTKEY)".to_owned()),
    };
    Some(row![
        view.database.as_str(),
        r.schema.as_str(),
        r.oid(),
        r.name.as_str(),
        if encoded { "Y" } else { "Y, AUTO(ENCODE)" },
        style,
        sort_shown,
        i64::from(widest),
        first_encoding,
        sort.len() as i64,
        megabytes,
        Value::Double(0.0),
        0i64,
        first.map(|_| Value::Double(0.0)).unwrap_or(Value::Null),
        Value::Double(0.0),
        Value::Double(t.data.rows as f64),
        None::<f64>.map(Value::Double).unwrap_or(Value::Null),
        None::<f64>.map(Value::Double).unwrap_or(Value::Null),
        Value::Double(t.data.rows as f64),
        None::<&str>,
        Value::Double(t.data.rows as f64),
        Value::Time(t.def.created * 1_000_000),
    ])
}

fn principals(view: &View, name: &str) -> Found {
    let property = |kind: ObjectKind, name: &str, property: &str| match view
        .account
        .objects
        .get(&(kind, name.to_owned()))
    {
        Some(Object::Other(o)) => o.properties.get(property).cloned(),
        _ => None,
    };
    Some(match name {
        "svv_redshift_functions" => (
            "database_name schema_name function_name function_type argument_type result_type",
            super::routines::functions(view),
        ),
        "svv_roles" => (
            "role_id:i role_name role_owner external_id",
            view.account
                .objects
                .iter()
                .filter(|((kind, _), _)| *kind == ObjectKind::Role)
                .map(|((_, n), o)| {
                    let owner = match o {
                        Object::Other(o) => o.owner.as_str(),
                        _ => "dev",
                    };
                    let external = property(ObjectKind::Role, n, "externalid");
                    row![o.oid(), n.as_str(), owner, external]
                })
                .collect(),
        ),
        "svv_user_info" => (
            "user_name user_id:i createdb:b superuser:b catalog_update:b connection_limit syslog_access last_ddl_timestamp:t session_timeout:i external_user_id",
            view.users()
                .into_iter()
                .map(|(n, id, db, sup)| {
                    let of = |p: &str| property(ObjectKind::User, &n, p);
                    let limit = of("connection").unwrap_or_else(|| "unlimited".to_owned());
                    let access = of("syslog").unwrap_or_else(|| {
                        if sup { "unrestricted" } else { "restricted" }.to_owned()
                    });
                    let timeout = of("session").and_then(|t| t.parse::<i64>().ok());
                    let external = of("externalid");
                    row![
                        n.as_str(),
                        id,
                        db,
                        sup,
                        false,
                        limit.to_uppercase(),
                        access.to_uppercase(),
                        None::<i64>,
                        timeout.unwrap_or(0),
                        external
                    ]
                })
                .collect(),
        ),
        _ => return None,
    })
}

/// Schemas with a quota: what `first` makes of name, object id and owner, then quota and use in megabytes, and the
/// use in percent.
fn quotas(view: &View, first: impl Fn(&str, i64, i64) -> Vec<Value>) -> Vec<Vec<Value>> {
    let schemas = view.db.iter().flat_map(|db| db.schemas.iter());
    let limited = schemas.filter_map(|(name, schema)| {
        let quota: i64 = schema
            .properties
            .get(crate::statements::QUOTA)?
            .parse()
            .ok()?;
        let tables = view.relations.iter().filter(|r| r.schema == *name);
        let used: i64 = tables
            .filter_map(Rel::table)
            .map(|t| t.data.bytes().div_ceil(1 << 20) as i64)
            .sum();
        let mut row = first(name, schema.oid as i64, view.user_oid(&schema.owner));
        row.extend(row![
            quota,
            used,
            Value::Double(used as f64 * 100.0 / quota.max(1) as f64)
        ]);
        Some(row)
    });
    limited.collect()
}

/// A materialized view as SVV_MV_INFO shows it.
struct Materialized<'v> {
    rel: &'v Rel,
    /// `t` when what it reads has changed since it was computed.
    stale: &'static str,
    /// 1 when it is refreshed incrementally, otherwise 0.
    state: i64,
    /// `t` for AUTO REFRESH YES.
    automatic: &'static str,
}

/// The materialized views of the database.
fn materialized<'v>(view: &'v View, binder: &mut Binder<'_>) -> Vec<Materialized<'v>> {
    let flag = |on: bool| if on { "t" } else { "f" };
    let dependencies = super::pg::dependencies(view, binder);
    let described = view.relations.iter().filter_map(|rel| {
        let Body::Materialized(entry) = &rel.body else {
            return None;
        };
        let stale = (dependencies.iter())
            .filter(|(v, _)| *v == rel.oid())
            .filter_map(|(_, used)| view.relations.iter().find(|r| r.oid() == *used))
            .filter_map(Rel::table)
            .any(|used| used.changed > entry.changed);
        Some(Materialized {
            rel,
            stale: flag(stale),
            state: i64::from(rel.property(crate::statements::INCREMENTAL).is_some()),
            automatic: flag(rel.property(crate::statements::AUTO_REFRESH) == Some("yes")),
        })
    });
    described.collect()
}

pub(super) fn rows(view: &View, cluster: &Cluster, binder: &mut Binder<'_>, name: &str) -> Found {
    let db = view.database.as_str();
    let permanent = || view.relations.iter();
    let running = || {
        (cluster.backends().clients().into_iter())
            .filter(|c| c.busy)
            .filter_map(|c| Some((c.statement.clone()?, c)))
    };
    Some(match name {
        "svv_tables" => (
            "table_catalog table_schema table_name table_type remarks",
            permanent()
                .map(|r| {
                    let t = match r.kind() {
                        "r" => "BASE TABLE",
                        _ => "VIEW",
                    };
                    row![db, r.schema.as_str(), r.name.as_str(), t, r.comment()]
                })
                .collect(),
        ),
        "svv_columns" => (
            "table_catalog table_schema table_name column_name ordinal_position:i column_default is_nullable data_type character_maximum_length:i numeric_precision:i numeric_precision_radix:i numeric_scale:i datetime_precision:i interval_type interval_precision character_set_catalog character_set_schema character_set_name collation_catalog collation_schema collation_name domain_name remarks",
            permanent()
                .flat_map(|r| columns_of(view, r))
                .map(|mut base| {
                    let rest = base.split_off(10);
                    base.push(match base[9] {
                        Value::Null => Value::Null,
                        _ => Value::Int(10),
                    });
                    let mut rest = rest.into_iter();
                    base.extend(rest.next());
                    base.extend(std::iter::repeat_n(Value::Null, 10));
                    base.extend(rest);
                    base
                })
                .collect(),
        ),
        "svv_all_columns" | "svv_redshift_columns" => (
            if name == "svv_all_columns" {
                "database_name schema_name table_name column_name ordinal_position:i column_default is_nullable data_type character_maximum_length:i numeric_precision:i numeric_scale:i remarks"
            } else {
                "database_name schema_name table_name column_name ordinal_position:i data_type column_default is_nullable encoding distkey:b sortkey:i column_acl remarks"
            },
            if name == "svv_all_columns" {
                permanent().flat_map(|r| columns_of(view, r)).collect()
            } else {
                permanent()
                    .flat_map(|r| {
                        r.columns()
                            .into_iter()
                            .enumerate()
                            .map(|(i, c)| {
                                row![
                                    db,
                                    r.schema.as_str(),
                                    r.name.as_str(),
                                    c.name,
                                    i as i64 + 1,
                                    c.ty.redshift(),
                                    super::pg::default_text(&c),
                                    if c.not_null { "NO" } else { "YES" },
                                    r.encoding(&c),
                                    r.property("distkey") == Some(c.name),
                                    r.sort_position(c.name),
                                    None::<&str>,
                                    c.def.and_then(|d| d.comment.as_deref())
                                ]
                            })
                            .collect::<Vec<_>>()
                    })
                    .collect()
            },
        ),
        "svv_all_tables" | "svv_redshift_tables" => (
            if name == "svv_all_tables" {
                "database_name schema_name table_name table_acl table_type remarks"
            } else {
                "database_name schema_name table_name table_type table_acl remarks"
            },
            permanent()
                .map(|r| {
                    let mut out = row![db, r.schema.as_str(), r.name.as_str()];
                    if name == "svv_all_tables" {
                        out.extend(row![None::<&str>, kind(r), r.comment()]);
                    } else {
                        out.extend(row![kind(r), None::<&str>, r.comment()]);
                    }
                    out
                })
                .collect(),
        ),
        "svv_schema_quota_state" => (
            "schema_id:i schema_name schema_owner:i quota:i disk_usage:i disk_usage_pct:d",
            quotas(view, |schema, oid, owner| row![oid, schema, owner]),
        ),
        "svv_redshift_schema_quota" => (
            "database_name schema_name schema_owner:i quota:i disk_usage:i disk_usage_pct:d",
            quotas(view, |schema, _, owner| row![db, schema, owner]),
        ),
        "svv_all_schemas" | "svv_redshift_schemas" => (
            if name == "svv_all_schemas" {
                "database_name schema_name schema_owner:i schema_type schema_acl source_database schema_option"
            } else {
                "database_name schema_name schema_owner:i schema_type schema_acl schema_option"
            },
            view.schemas()
                .into_iter()
                .filter(|s| !is_temp_schema(&s.0))
                .map(|(n, _, owner)| {
                    let mut out = row![db, n, view.user_oid(&owner), "local", None::<&str>];
                    if name == "svv_all_schemas" {
                        out.push(Value::Null);
                    }
                    out.push(Value::Null);
                    out
                })
                .collect(),
        ),
        "svv_redshift_databases" => (
            "database_name database_owner:i database_type database_acl database_options database_isolation_level",
            view.account
                .databases
                .iter()
                .map(|(n, d)| {
                    row![
                        n.as_str(),
                        view.user_oid(&d.owner),
                        "local",
                        None::<&str>,
                        None::<&str>,
                        d.properties
                            .get("isolation level")
                            .filter(|level| *level == "snapshot")
                            .map_or("Serializable", |_| "Snapshot Isolation")
                    ]
                })
                .collect(),
        ),
        "stv_db_isolation_level" => (
            "db_name isolation_level",
            view.account
                .databases
                .iter()
                .map(|(n, d)| {
                    row![
                        n.as_str(),
                        d.properties
                            .get("isolation level")
                            .filter(|level| *level == "snapshot")
                            .map_or("Serializable", |_| "Snapshot Isolation")
                    ]
                })
                .collect(),
        ),
        "svv_table_info" => (
            "database schema table_id:o table encoded diststyle sortkey1 max_varchar:i sortkey1_enc sortkey_num:i size:l pct_used:d empty:l unsorted:d stats_off:d tbl_rows:d skew_sortkey1:d skew_rows:d estimated_visible_rows:d risk_event vacuum_sort_benefit:d create_time:t",
            // Redshift leaves tables without rows out.
            permanent()
                .filter(|r| !r.is_temporary())
                .filter(|r| r.table().is_some_and(|t| t.data.rows > 0))
                .filter_map(|r| table_info(view, r))
                .collect(),
        ),
        "svv_mv_info" => (
            "database_name schema_name user_name name is_stale state:i autorewrite autorefresh",
            materialized(view, binder)
                .into_iter()
                .map(|m| {
                    row![
                        db,
                        m.rel.schema.as_str(),
                        m.rel.owner(),
                        m.rel.name.as_str(),
                        m.stale,
                        m.state,
                        "f",
                        m.automatic
                    ]
                })
                .collect(),
        ),
        "stv_mv_info" => (
            "db_name schema name updated_upto_xid:l is_stale owner_user_name state:i autorewrite autorefresh",
            materialized(view, binder)
                .into_iter()
                .map(|m| {
                    row![
                        db,
                        m.rel.schema.as_str(),
                        m.rel.name.as_str(),
                        // For internal use.
                        0i64,
                        m.stale,
                        m.rel.owner(),
                        m.state,
                        "f",
                        m.automatic
                    ]
                })
                .collect(),
        ),
        "svv_mv_dependency" => (
            "database_name schema_name name dependent_database_name dependent_schema_name dependent_name",
            super::pg::dependencies(view, binder)
                .into_iter()
                .filter_map(|(v, t)| {
                    let mv = view
                        .relations
                        .iter()
                        .find(|r| r.oid() == v && matches!(r.body, Body::Materialized(_)))?;
                    let table = view.relations.iter().find(|r| r.oid() == t)?;
                    Some(row![
                        db,
                        mv.schema.as_str(),
                        mv.name.as_str(),
                        db,
                        table.schema.as_str(),
                        table.name.as_str()
                    ])
                })
                .collect(),
        ),
        "svv_interleaved_columns" => (
            "tbl:i col:i interleaved_skew:d last_reindex:t",
            permanent()
                .filter(|r| r.property("sortstyle") == Some("interleaved"))
                .flat_map(|r| {
                    r.sort_keys()
                        .iter()
                        .enumerate()
                        .map(|(i, _)| row![r.oid(), i as i64, Value::Double(1.0), None::<i64>])
                        .collect::<Vec<_>>()
                })
                .collect(),
        ),
        "stv_tbl_perm" => (
            "slice:i id:i name rows:l sorted_rows:l temp:i db_id:i insert_pristine:i delete_pristine:i backup:i dist_style:i block_count:i",
            permanent()
                .filter_map(|r| {
                    let t = r.table()?;
                    let rows = t.data.rows as i64;
                    Some(row![
                        0i64,
                        r.oid(),
                        r.name.as_str(),
                        rows,
                        rows,
                        i64::from(r.is_temporary()),
                        view.db.as_ref().map(|d| d.oid),
                        0i64,
                        0i64,
                        i64::from(r.property("backup") != Some("no")),
                        r.dist_style(),
                        t.data.bytes().div_ceil(1 << 20) as i64
                    ])
                })
                .collect(),
        ),
        "stv_sessions" | "stv_recents" | "stv_inflight" => match name {
            "stv_sessions" => (
                "starttime:t process:i user_name db_name timeout_sec:i",
                cluster
                    .backends()
                    .clients()
                    .into_iter()
                    .map(|c| row![time(c.started), i64::from(c.pid), c.user, c.database, 0i64])
                    .collect(),
            ),
            "stv_recents" => (
                "userid:i status starttime:t duration:i user_name db_name query pid:i",
                cluster
                    .queries()
                    .into_iter()
                    .map(|q| {
                        row![
                            view.user_oid(&q.user),
                            "Done",
                            time(q.started),
                            elapsed(&q),
                            q.user.as_str(),
                            q.database.as_str(),
                            cut(&q.text, 600),
                            -1i64
                        ]
                    })
                    .chain(running().map(|((_, text, started), c)| {
                        row![
                            view.user_oid(&c.user),
                            "Running",
                            time(started),
                            (binder.env.moment().now - started)
                                .num_microseconds()
                                .unwrap_or(0),
                            c.user,
                            c.database,
                            cut(&text, 600),
                            i64::from(c.pid)
                        ]
                    }))
                    .collect(),
            ),
            _ => (
                "userid:i slice:i query:i label xid:l pid:i starttime:t text suspended:i insert_pristine:i concurrency_scaling_status:i",
                running()
                    .map(|((query, text, started), c)| {
                        row![
                            view.user_oid(&c.user),
                            0i64,
                            query,
                            "default",
                            query,
                            i64::from(c.pid),
                            time(started),
                            cut(&text, 100),
                            0i64,
                            0i64,
                            0i64
                        ]
                    })
                    .collect(),
            ),
        },
        "stv_slices" => (
            "node:i slice:i localslice:i type",
            vec![row![0i64, 0i64, 0i64, "D"], row![0i64, 1i64, 1i64, "D"]],
        ),
        _ => return queries(view, cluster, name).or_else(|| principals(view, name)),
    })
}
