//! INFORMATION_SCHEMA of databases, schemas, tables, views, columns, sequences and constraints, and the choice of a view.
//! Everything else is in `objects`.

use std::sync::Arc;

use dwsim_engine::catalog::{Database, HIDDEN, Object, ObjectKind, Schema, TableEntry};
use dwsim_engine::error::Result;
use dwsim_engine::plan::{Binder, Relation};
use dwsim_engine::session::is_temp_schema;
use dwsim_engine::types::{ColumnInfo, SqlType, TypeClass};

use super::objects;
use crate::dialect::ResultSource;
use crate::session::{DYNAMIC_QUERY, External, format_of, text_batch};

pub(super) type Rows = (Vec<(&'static str, SqlType)>, Vec<Vec<Option<String>>>);

pub(super) fn some(s: impl Into<String>) -> Option<String> {
    Some(s.into())
}

/// The relation a path names, when it is one of INFORMATION_SCHEMA.
///
/// # Errors
/// Only for broken rows of our own.
pub(crate) fn relation(
    binder: &mut Binder<'_>,
    path: &[String],
    results: &dyn ResultSource,
) -> Result<Option<Relation>> {
    let (database, name) = match path {
        [schema, name] if schema == "INFORMATION_SCHEMA" => (binder.env.database.clone(), name),
        [database, schema, name] if schema == "INFORMATION_SCHEMA" => {
            (Some(database.clone()), name)
        }
        _ => return Ok(None),
    };
    let Some(database) = database else {
        return Ok(None);
    };
    let account = Arc::clone(binder.catalog.account());
    let Some(db) = account.databases.get(&database) else {
        return Ok(None);
    };
    let rows = match name.as_str() {
        "SCHEMATA" => schemata(&database, db),
        "TABLES" => tables(&database, db),
        "LOAD_HISTORY" => load_history(&database, results),
        "TABLE_STORAGE_METRICS" => storage_metrics(&database, db),
        "EXTERNAL_TABLES" => external_tables(&database, db),
        "VIEWS" => views(&database, db),
        "COLUMNS" => columns(&database, db),
        "SEQUENCES" => sequences(&database, db),
        "TABLE_CONSTRAINTS" => constraints(&database, db),
        "DATABASES" => (
            texts(&["DATABASE_NAME", "DATABASE_OWNER", "COMMENT"]),
            account
                .databases
                .iter()
                .map(|(n, d)| vec![some(n), some(&d.owner), d.comment.clone()])
                .collect(),
        ),
        "STAGES" => objects::stages(&database, db),
        "FILE_FORMATS" => objects::file_formats(&database, db),
        "PIPES" => objects::pipes(&database, db),
        "FUNCTIONS" => objects::routines(&database, db, ObjectKind::Function),
        "PROCEDURES" => objects::routines(&database, db, ObjectKind::Procedure),
        "REFERENTIAL_CONSTRAINTS" => objects::references(&database, db),
        "TABLE_PRIVILEGES" => objects::privileges(&database, &account, true),
        "OBJECT_PRIVILEGES" => objects::privileges(&database, &account, false),
        "APPLICABLE_ROLES" => objects::roles(&account, &binder.env.user, true),
        "ENABLED_ROLES" => objects::roles(&account, &binder.env.user, false),
        "INFORMATION_SCHEMA_CATALOG_NAME" => {
            (texts(&["CATALOG_NAME"]), vec![vec![some(&database)]])
        }
        _ => return Ok(None),
    };
    let infos: Vec<ColumnInfo> = rows
        .0
        .iter()
        .map(|(n, t)| ColumnInfo::new(*n, t.clone()))
        .collect();
    let batch = text_batch(&infos, &rows.1)?;
    binder.values_relation(infos, vec![batch]).map(Some)
}

pub(super) fn texts(names: &[&'static str]) -> Vec<(&'static str, SqlType)> {
    names
        .iter()
        .map(|n| {
            let ty = match *n {
                "CREATED" | "LAST_ALTERED" | "LAST_DDL" => SqlType::TimestampLtz(3),
                "ROW_COUNT"
                | "BYTES"
                | "ORDINAL_POSITION"
                | "CHARACTER_MAXIMUM_LENGTH"
                | "CHARACTER_OCTET_LENGTH"
                | "NUMERIC_PRECISION"
                | "NUMERIC_PRECISION_RADIX"
                | "NUMERIC_SCALE"
                | "DATETIME_PRECISION"
                | "RETENTION_TIME" => SqlType::number(38, 0),
                _ => SqlType::text(),
            };
            (*n, ty)
        })
        .collect()
}

/// The schemas of a database that are not hidden.
pub(super) fn visible(db: &Database) -> impl Iterator<Item = (&String, &Arc<Schema>)> {
    db.schemas.iter().filter(|(n, _)| !is_temp_schema(n))
}

fn schemata(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "CATALOG_NAME",
        "SCHEMA_NAME",
        "SCHEMA_OWNER",
        "IS_TRANSIENT",
        "IS_MANAGED_ACCESS",
        "RETENTION_TIME",
        "CREATED",
        "LAST_ALTERED",
        "COMMENT",
    ]);
    let row = |n: &str, owner: &str, created: i64, comment: Option<String>| {
        vec![
            some(database),
            some(n),
            some(owner),
            some("NO"),
            some("NO"),
            some("1"),
            some(created.to_string()),
            some(created.to_string()),
            comment,
        ]
    };
    let mut rows: Vec<_> = visible(db)
        .map(|(n, s)| row(n, &s.owner, s.created, s.comment.clone()))
        .collect();
    rows.push(row(
        "INFORMATION_SCHEMA",
        "",
        db.created,
        some("Views describing the contents of schemas in this database"),
    ));
    (columns, rows)
}

fn table_type(t: &TableEntry) -> &'static str {
    if External::of(&t.def).is_some() {
        "EXTERNAL TABLE"
    } else if t.def.properties.contains_key("event") {
        "EVENT TABLE"
    } else if t.def.temporary {
        "TEMPORARY TABLE"
    } else {
        "BASE TABLE"
    }
}

/// LOAD_HISTORY: the files that tables have loaded by COPY, not those that pipes have.
fn load_history(database: &str, results: &dyn ResultSource) -> Rows {
    let n = || SqlType::number(38, 0);
    let t = SqlType::text;
    let columns = vec![
        ("SCHEMA_NAME", t()),
        ("FILE_NAME", t()),
        ("TABLE_NAME", t()),
        ("LAST_LOAD_TIME", SqlType::TimestampLtz(3)),
        ("STATUS", t()),
        ("ROW_COUNT", n()),
        ("ROW_PARSED", n()),
        ("FIRST_ERROR_MESSAGE", t()),
        ("FIRST_ERROR_LINE_NUMBER", n()),
        ("FIRST_ERROR_CHARACTER_POSITION", n()),
        ("FIRST_ERROR_COL_NAME", t()),
        ("ERROR_COUNT", n()),
        ("ERROR_LIMIT", n()),
    ];
    let mut rows = Vec::new();
    for r in results.copies() {
        if r.table_name.database != database || r.pipe.is_some() {
            continue;
        }
        for [file, status, parsed, loaded, errors, first] in r.files {
            rows.push(vec![
                some(&r.table_name.schema),
                some(format!("{}{file}", r.location)),
                some(&r.table_name.name),
                some(r.at.to_string()),
                some(status),
                some(loaded),
                some(parsed),
                (!first.is_empty()).then_some(first),
                None,
                None,
                None,
                some(errors),
                None,
            ]);
        }
    }
    (columns, rows)
}

/// TABLE_STORAGE_METRICS: only what tables hold now is counted.
fn storage_metrics(database: &str, db: &Database) -> Rows {
    let n = || SqlType::number(38, 0);
    let at = || SqlType::TimestampLtz(3);
    let t = SqlType::text;
    let columns = vec![
        ("TABLE_CATALOG", t()),
        ("TABLE_SCHEMA", t()),
        ("TABLE_NAME", t()),
        ("ID", n()),
        ("CLONE_GROUP_ID", n()),
        ("IS_TRANSIENT", t()),
        ("ACTIVE_BYTES", n()),
        ("TIME_TRAVEL_BYTES", n()),
        ("FAILSAFE_BYTES", n()),
        ("RETAINED_FOR_CLONE_BYTES", n()),
        ("TABLE_CREATED", at()),
        ("TABLE_DROPPED", at()),
        ("TABLE_ENTERED_FAILSAFE", at()),
        ("CATALOG_CREATED", at()),
        ("CATALOG_DROPPED", at()),
        ("SCHEMA_CREATED", at()),
        ("SCHEMA_DROPPED", at()),
        ("COMMENT", t()),
    ];
    let mut rows = Vec::new();
    for (schema, s) in visible(db) {
        for ((_, name), object) in &s.objects {
            let Object::Table(t) = object else { continue };
            if External::of(&t.def).is_some() {
                continue;
            }
            let transient = t
                .def
                .properties
                .keys()
                .any(|k| k.eq_ignore_ascii_case("transient"));
            rows.push(vec![
                some(database),
                some(schema),
                some(name),
                some(t.def.oid.to_string()),
                some(t.def.oid.to_string()),
                some(if transient { "YES" } else { "NO" }),
                some(t.data.bytes().to_string()),
                some("0"),
                some("0"),
                some("0"),
                some(t.def.created.to_string()),
                None,
                None,
                some(db.created.to_string()),
                None,
                some(s.created.to_string()),
                None,
                t.def.comment.clone(),
            ]);
        }
    }
    (columns, rows)
}

/// EXTERNAL_TABLES.
fn external_tables(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "TABLE_CATALOG",
        "TABLE_SCHEMA",
        "TABLE_NAME",
        "TABLE_OWNER",
        "CREATED",
        "LAST_ALTERED",
        "LAST_DDL",
        "LAST_DDL_BY",
        "COMMENT",
        "LOCATION",
        "FILE_FORMAT_NAME",
        "FILE_FORMAT_TYPE",
    ]);
    let mut rows = Vec::new();
    for (schema, s) in visible(db) {
        for ((_, name), object) in &s.objects {
            let Object::Table(t) = object else { continue };
            let Some(e) = External::of(&t.def) else {
                continue;
            };
            let (format, ty) = format_of(&e.format);
            let path = e.location.split_once('/').map_or("", |(_, path)| path);
            rows.push(vec![
                some(database),
                some(schema),
                some(name),
                some(&t.def.owner),
                some(t.def.created.to_string()),
                some((t.changed / 1000).to_string()),
                some(t.def.created.to_string()),
                None,
                t.def.comment.clone(),
                some(format!("@{}/{path}", e.stage)),
                some(format),
                some(ty),
            ]);
        }
    }
    (columns, rows)
}

fn tables(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "TABLE_CATALOG",
        "TABLE_SCHEMA",
        "TABLE_NAME",
        "TABLE_OWNER",
        "TABLE_TYPE",
        "IS_TRANSIENT",
        "CLUSTERING_KEY",
        "ROW_COUNT",
        "BYTES",
        "RETENTION_TIME",
        "CREATED",
        "LAST_ALTERED",
        "LAST_DDL",
        "AUTO_CLUSTERING_ON",
        "COMMENT",
        "IS_TEMPORARY",
        "IS_ICEBERG",
        "IS_DYNAMIC",
        "IS_IMMUTABLE",
        "IS_HYBRID",
    ]);
    let mut rows = Vec::new();
    for (schema, s) in visible(db) {
        for ((_, name), object) in &s.objects {
            let (owner, kind, transient, count, bytes, created, changed, comment, temporary) =
                match object {
                    Object::Table(t) => (
                        &t.def.owner,
                        table_type(t),
                        t.def
                            .properties
                            .keys()
                            .any(|k| k.eq_ignore_ascii_case("transient")),
                        some(t.data.rows.to_string()),
                        some(t.data.bytes().to_string()),
                        t.def.created,
                        t.changed / 1000,
                        t.def.comment.clone(),
                        t.def.temporary,
                    ),
                    Object::View(v) => {
                        let kind = if v.properties.contains_key("materialized") {
                            "MATERIALIZED VIEW"
                        } else {
                            "VIEW"
                        };
                        (
                            &v.owner,
                            kind,
                            false,
                            None,
                            None,
                            v.created,
                            v.created,
                            v.comment.clone(),
                            false,
                        )
                    }
                    _ => continue,
                };
            let yes = |b: bool| some(if b { "YES" } else { "NO" });
            let property = |k: &str| match object {
                Object::Table(t) => {
                    let mut found = t.def.properties.iter();
                    found
                        .find(|(n, v)| n.eq_ignore_ascii_case(k) && !v.is_empty())
                        .map(|(_, v)| v.clone())
                }
                _ => None,
            };
            rows.push(vec![
                some(database),
                some(schema),
                some(name),
                some(owner),
                some(kind),
                yes(transient),
                property("cluster_by").map(|by| format!("LINEAR{by}")),
                count,
                bytes,
                some(property("data_retention_time_in_days").unwrap_or_else(|| "1".into())),
                some(created.to_string()),
                some(changed.to_string()),
                some(created.to_string()),
                some("NO"),
                comment,
                yes(temporary),
                yes(property("iceberg").is_some()),
                yes(property(DYNAMIC_QUERY).is_some()),
                some("NO"),
                yes(property("hybrid").is_some()),
            ]);
        }
    }
    (columns, rows)
}

fn views(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "TABLE_CATALOG",
        "TABLE_SCHEMA",
        "TABLE_NAME",
        "TABLE_OWNER",
        "VIEW_DEFINITION",
        "CHECK_OPTION",
        "IS_UPDATABLE",
        "INSERTABLE_INTO",
        "IS_SECURE",
        "CREATED",
        "LAST_ALTERED",
        "COMMENT",
    ]);
    let mut rows = Vec::new();
    for (schema, s) in visible(db) {
        for ((_, name), object) in &s.objects {
            if let Object::View(v) = object {
                let secure = if v.properties.contains_key("secure") {
                    "YES"
                } else {
                    "NO"
                };
                rows.push(vec![
                    some(database),
                    some(schema),
                    some(name),
                    some(&v.owner),
                    some(&v.ddl),
                    some("NONE"),
                    some("NO"),
                    some("NO"),
                    some(secure),
                    some(v.created.to_string()),
                    some(v.created.to_string()),
                    v.comment.clone(),
                ]);
            }
        }
    }
    (columns, rows)
}

/// What INFORMATION_SCHEMA.COLUMNS tells of a column.
struct Column<'a> {
    name: &'a str,
    ty: &'a SqlType,
    nullable: bool,
    default: Option<String>,
    comment: Option<String>,
    /// START and INCREMENT.
    identity: Option<(i64, i64)>,
}

fn columns(database: &str, db: &Database) -> Rows {
    let names = texts(&[
        "TABLE_CATALOG",
        "TABLE_SCHEMA",
        "TABLE_NAME",
        "COLUMN_NAME",
        "ORDINAL_POSITION",
        "COLUMN_DEFAULT",
        "IS_NULLABLE",
        "DATA_TYPE",
        "CHARACTER_MAXIMUM_LENGTH",
        "CHARACTER_OCTET_LENGTH",
        "NUMERIC_PRECISION",
        "NUMERIC_PRECISION_RADIX",
        "NUMERIC_SCALE",
        "DATETIME_PRECISION",
        "INTERVAL_TYPE",
        "INTERVAL_PRECISION",
        "CHARACTER_SET_CATALOG",
        "CHARACTER_SET_SCHEMA",
        "CHARACTER_SET_NAME",
        "COLLATION_CATALOG",
        "COLLATION_SCHEMA",
        "COLLATION_NAME",
        "DOMAIN_CATALOG",
        "DOMAIN_SCHEMA",
        "DOMAIN_NAME",
        "UDT_CATALOG",
        "UDT_SCHEMA",
        "UDT_NAME",
        "SCOPE_CATALOG",
        "SCOPE_SCHEMA",
        "SCOPE_NAME",
        "MAXIMUM_CARDINALITY",
        "DTD_IDENTIFIER",
        "IS_SELF_REFERENCING",
        "IS_IDENTITY",
        "IDENTITY_GENERATION",
        "IDENTITY_START",
        "IDENTITY_INCREMENT",
        "IDENTITY_MAXIMUM",
        "IDENTITY_MINIMUM",
        "IDENTITY_CYCLE",
        "IDENTITY_ORDERED",
        "SCHEMA_EVOLUTION_RECORD",
        "COMMENT",
        "DATA_TYPE_ALIAS",
    ]);
    let mut rows = Vec::new();
    for (schema, s) in visible(db) {
        for ((_, table), object) in &s.objects {
            let list: Vec<Column<'_>> = match object {
                Object::Table(t) => (t.def.columns.iter())
                    .filter(|c| !c.properties.contains_key(HIDDEN))
                    .map(|c| Column {
                        name: &c.name,
                        ty: &c.ty,
                        nullable: !c.not_null,
                        default: c.default.clone(),
                        comment: c.comment.clone(),
                        identity: c.identity.as_ref().map(|i| (i.start, i.step)),
                    })
                    .collect(),
                Object::View(v) => (v.columns.iter())
                    .map(|c| Column {
                        name: &c.name,
                        ty: &c.ty,
                        nullable: true,
                        default: None,
                        comment: None,
                        identity: None,
                    })
                    .collect(),
                _ => continue,
            };
            for (i, c) in list.into_iter().enumerate() {
                let ty = c.ty;
                let length = match &ty.plain_text() {
                    SqlType::Varchar(n) => {
                        Some(n.unwrap_or(dwsim_engine::types::SNOWFLAKE_MAX_VARCHAR))
                    }
                    SqlType::Binary(n) => {
                        Some(n.unwrap_or(dwsim_engine::types::SNOWFLAKE_MAX_BINARY))
                    }
                    _ => None,
                };
                let octets = length.map(|n| {
                    if ty.is_text() {
                        n.saturating_mul(4).min(16_777_216)
                    } else {
                        n
                    }
                });
                let number = match ty {
                    SqlType::Number { precision, scale } => Some((precision, scale)),
                    _ => None,
                };
                let mut row = vec![
                    some(database),
                    some(schema),
                    some(table),
                    some(c.name),
                    some((i + 1).to_string()),
                    c.default,
                    some(if c.nullable { "YES" } else { "NO" }),
                    some(base_name(ty)),
                    length.map(|n| n.to_string()),
                    octets.map(|n| n.to_string()),
                    number.map(|(p, _)| p.to_string()),
                    number.map(|_| "10".to_owned()),
                    number.map(|(_, s)| s.to_string()),
                    ty.fraction().map(|f| f.to_string()),
                ];
                // INTERVAL_TYPE to DTD_IDENTIFIER: not applicable for Snowflake.
                row.resize(row.len() + 19, None);
                row.extend([
                    some("NO"),
                    some(if c.identity.is_some() { "YES" } else { "NO" }),
                    c.identity.map(|_| "BY DEFAULT".to_owned()),
                    c.identity.map(|(start, _)| start.to_string()),
                    c.identity.map(|(_, step)| step.to_string()),
                    None,
                    None,
                    c.identity.map(|_| "NO".to_owned()),
                    c.identity.map(|_| "NO".to_owned()),
                    None,
                    c.comment,
                    // The canonical type; the word it was declared with is not kept.
                    some(ty.snowflake()),
                ]);
                rows.push(row);
            }
        }
    }
    (names, rows)
}

/// A type's name without its parameters.
pub(crate) fn base_name(ty: &SqlType) -> String {
    if ty.class() == TypeClass::Text {
        return "TEXT".to_owned();
    }
    let full = ty.snowflake();
    full.split('(').next().unwrap_or(&full).to_owned()
}

fn sequences(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "SEQUENCE_CATALOG",
        "SEQUENCE_SCHEMA",
        "SEQUENCE_NAME",
        "SEQUENCE_OWNER",
        "DATA_TYPE",
        "START_VALUE",
        "INCREMENT",
        "NEXT_VALUE",
        "CREATED",
        "COMMENT",
    ]);
    let mut rows = Vec::new();
    for (schema, s) in visible(db) {
        for ((_, name), object) in &s.objects {
            if let Object::Sequence(q) = object {
                let next = db.counters.peek(q.oid).unwrap_or(q.start);
                rows.push(vec![
                    some(database),
                    some(schema),
                    some(name),
                    some(&q.owner),
                    some("NUMBER"),
                    some(q.start.to_string()),
                    some(q.step.to_string()),
                    some(next.to_string()),
                    some(q.created.to_string()),
                    q.comment.clone(),
                ]);
            }
        }
    }
    (columns, rows)
}

fn constraints(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "CONSTRAINT_CATALOG",
        "CONSTRAINT_SCHEMA",
        "CONSTRAINT_NAME",
        "TABLE_CATALOG",
        "TABLE_SCHEMA",
        "TABLE_NAME",
        "CONSTRAINT_TYPE",
        "IS_DEFERRABLE",
        "INITIALLY_DEFERRED",
        "ENFORCED",
        "CREATED",
    ]);
    let mut rows = Vec::new();
    for (schema, s) in visible(db) {
        for ((_, name), object) in &s.objects {
            if let Object::Table(t) = object {
                for k in &t.def.constraints {
                    rows.push(vec![
                        some(database),
                        some(schema),
                        some(&k.name),
                        some(database),
                        some(schema),
                        some(name),
                        some(&k.kind),
                        some("NO"),
                        some("YES"),
                        some("NO"),
                        some(t.def.created.to_string()),
                    ]);
                }
            }
        }
    }
    (columns, rows)
}
