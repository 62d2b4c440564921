//! INFORMATION_SCHEMA of stages, file formats, pipes, streams' tables, references, roles and privileges.
//! Tables, views, columns and sequences are in `relations`.

use dwsim_engine::catalog::{
    Account, Database, Object, ObjectKind, OtherObject, Returns, Volatility, signature_type,
};
use dwsim_engine::dialect::DialectName;
use dwsim_engine::types::{SNOWFLAKE_MAX_VARCHAR, SqlType};

use super::relations::{Rows, some, texts, visible};

/// The objects of a kind: schema, name, object.
fn kept(db: &Database, kind: ObjectKind) -> Vec<(&String, &String, &OtherObject)> {
    let mut out = Vec::new();
    for (schema, s) in visible(db) {
        for ((k, name), o) in &s.objects {
            if let (true, Object::Other(o)) = (*k == kind, o) {
                out.push((schema, name, o.as_ref()));
            }
        }
    }
    out
}

pub(super) fn stages(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "STAGE_CATALOG",
        "STAGE_SCHEMA",
        "STAGE_NAME",
        "STAGE_URL",
        "STAGE_REGION",
        "STAGE_TYPE",
        "STAGE_OWNER",
        "COMMENT",
        "CREATED",
        "LAST_ALTERED",
        "STORAGE_INTEGRATION",
    ]);
    let rows = kept(db, ObjectKind::Stage)
        .into_iter()
        .map(|(schema, name, o)| {
            let url = o.properties.get("URL").cloned();
            vec![
                some(database),
                some(schema),
                some(name),
                url.clone(),
                None,
                some(if url.is_some() {
                    "External Named"
                } else {
                    "Internal Named"
                }),
                some(&o.owner),
                o.comment.clone(),
                some(o.created.to_string()),
                some(o.created.to_string()),
                o.properties.get("STORAGE_INTEGRATION").cloned(),
            ]
        })
        .collect();
    (columns, rows)
}

pub(super) fn file_formats(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "FILE_FORMAT_CATALOG",
        "FILE_FORMAT_SCHEMA",
        "FILE_FORMAT_NAME",
        "FILE_FORMAT_OWNER",
        "FILE_FORMAT_TYPE",
        "RECORD_DELIMITER",
        "FIELD_DELIMITER",
        "SKIP_HEADER",
        "DATE_FORMAT",
        "TIME_FORMAT",
        "TIMESTAMP_FORMAT",
        "BINARY_FORMAT",
        "ESCAPE",
        "ESCAPE_UNENCLOSED_FIELD",
        "TRIM_SPACE",
        "FIELD_OPTIONALLY_ENCLOSED_BY",
        "NULL_IF",
        "COMPRESSION",
        "ERROR_ON_COLUMN_COUNT_MISMATCH",
        "CREATED",
        "LAST_ALTERED",
        "COMMENT",
    ]);
    let rows = kept(db, ObjectKind::FileFormat)
        .into_iter()
        .map(|(schema, name, o)| {
            let get = |k: &str| o.properties.get(k).cloned();
            vec![
                some(database),
                some(schema),
                some(name),
                some(&o.owner),
                some(get("TYPE").unwrap_or_else(|| "CSV".into()).to_uppercase()),
                get("RECORD_DELIMITER"),
                get("FIELD_DELIMITER"),
                get("SKIP_HEADER"),
                get("DATE_FORMAT"),
                get("TIME_FORMAT"),
                get("TIMESTAMP_FORMAT"),
                get("BINARY_FORMAT"),
                get("ESCAPE"),
                get("ESCAPE_UNENCLOSED_FIELD"),
                get("TRIM_SPACE"),
                get("FIELD_OPTIONALLY_ENCLOSED_BY"),
                get("NULL_IF"),
                get("COMPRESSION"),
                get("ERROR_ON_COLUMN_COUNT_MISMATCH"),
                some(o.created.to_string()),
                some(o.created.to_string()),
                o.comment.clone(),
            ]
        })
        .collect();
    (columns, rows)
}

/// The columns of FUNCTIONS.
const FUNCTIONS: &[&str] = &[
    "FUNCTION_CATALOG",
    "FUNCTION_SCHEMA",
    "FUNCTION_NAME",
    "FUNCTION_OWNER",
    "ARGUMENT_SIGNATURE",
    "DATA_TYPE",
    "CHARACTER_MAXIMUM_LENGTH",
    "CHARACTER_OCTET_LENGTH",
    "NUMERIC_PRECISION",
    "NUMERIC_PRECISION_RADIX",
    "NUMERIC_SCALE",
    "FUNCTION_LANGUAGE",
    "FUNCTION_DEFINITION",
    "VOLATILITY",
    "IS_NULL_CALL",
    "IS_SECURE",
    "CREATED",
    "LAST_ALTERED",
    "COMMENT",
];

/// The columns of PROCEDURES.
const PROCEDURES: &[&str] = &[
    "PROCEDURE_CATALOG",
    "PROCEDURE_SCHEMA",
    "PROCEDURE_NAME",
    "PROCEDURE_OWNER",
    "ARGUMENT_SIGNATURE",
    "DATA_TYPE",
    "CHARACTER_MAXIMUM_LENGTH",
    "CHARACTER_OCTET_LENGTH",
    "NUMERIC_PRECISION",
    "NUMERIC_PRECISION_RADIX",
    "NUMERIC_SCALE",
    "PROCEDURE_LANGUAGE",
    "PROCEDURE_DEFINITION",
    "CREATED",
    "LAST_ALTERED",
    "COMMENT",
];

/// FUNCTIONS or PROCEDURES.
pub(super) fn routines(database: &str, db: &Database, kind: ObjectKind) -> Rows {
    let procedures = kind == ObjectKind::Procedure;
    let columns = texts(if procedures { PROCEDURES } else { FUNCTIONS });
    let mut rows = Vec::new();
    for (schema, s) in visible(db) {
        for ((k, _), o) in &s.objects {
            let (true, Object::Routine(r)) = (*k == kind, o) else {
                continue;
            };
            let signature: Vec<String> = r
                .inputs()
                .map(|a| {
                    format!(
                        "{} {}",
                        a.name,
                        signature_type(&a.ty, DialectName::Snowflake)
                    )
                })
                .collect();
            let ty = match &r.returns {
                Returns::Value { ty, .. } => Some(ty),
                _ => None,
            };
            let length = match ty {
                Some(SqlType::Varchar(n)) => Some(n.unwrap_or(SNOWFLAKE_MAX_VARCHAR)),
                _ => None,
            };
            let shape = ty.and_then(SqlType::decimal_shape);
            let mut row = vec![
                some(database),
                some(schema),
                some(&r.name),
                some(&r.owner),
                some(format!("({})", signature.join(", "))),
                some(crate::scripting::returns_text(r)),
                length.map(|n| n.to_string()),
                length.map(|n| (u64::from(n) * 4).to_string()),
                shape.map(|(p, _)| p.to_string()),
                shape.map(|_| "10".to_owned()),
                shape.map(|(_, s)| s.to_string()),
                some(r.language.name()),
                some(&r.body),
            ];
            if !procedures {
                let volatility = match r.volatility {
                    Volatility::Immutable => "IMMUTABLE",
                    _ => "VOLATILE",
                };
                row.push(some(volatility));
                row.push(some(if r.strict { "NO" } else { "YES" }));
                row.push(some(if r.secure { "YES" } else { "NO" }));
            }
            row.push(some(r.created.to_string()));
            row.push(some(r.created.to_string()));
            row.push(r.comment.clone());
            rows.push(row);
        }
    }
    (columns, rows)
}

pub(super) fn pipes(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "PIPE_CATALOG",
        "PIPE_SCHEMA",
        "PIPE_NAME",
        "PIPE_OWNER",
        "DEFINITION",
        "IS_AUTOINGEST_ENABLED",
        "NOTIFICATION_CHANNEL_NAME",
        "CREATED",
        "LAST_ALTERED",
        "COMMENT",
        "PATTERN",
    ]);
    let rows = kept(db, ObjectKind::Pipe)
        .into_iter()
        .map(|(schema, name, o)| {
            let ingest = o
                .properties
                .get("AUTO_INGEST")
                .is_some_and(|v| v.eq_ignore_ascii_case("true"));
            vec![
                some(database),
                some(schema),
                some(name),
                some(&o.owner),
                o.definition["body"].as_str().map(str::to_owned),
                some(if ingest { "YES" } else { "NO" }),
                None,
                some(o.created.to_string()),
                some(o.created.to_string()),
                o.comment.clone(),
                None,
            ]
        })
        .collect();
    (columns, rows)
}

pub(super) fn references(database: &str, db: &Database) -> Rows {
    let columns = texts(&[
        "CONSTRAINT_CATALOG",
        "CONSTRAINT_SCHEMA",
        "CONSTRAINT_NAME",
        "UNIQUE_CONSTRAINT_CATALOG",
        "UNIQUE_CONSTRAINT_SCHEMA",
        "UNIQUE_CONSTRAINT_NAME",
        "MATCH_OPTION",
        "UPDATE_RULE",
        "DELETE_RULE",
        "COMMENT",
        "CREATED",
    ]);
    let mut rows = Vec::new();
    for (schema, s) in visible(db) {
        for o in s.objects.values() {
            let Object::Table(t) = o else { continue };
            for k in &t.def.constraints {
                let Some((parts, _)) = &k.references else {
                    continue;
                };
                let n = parts.len();
                let to_schema = if n > 1 { &parts[n - 2] } else { schema };
                let to_table = parts.last().cloned().unwrap_or_default();
                let key = db
                    .schemas
                    .get(to_schema)
                    .and_then(|s| s.objects.get(&(ObjectKind::Relation, to_table)))
                    .and_then(|o| match o {
                        Object::Table(t) => t
                            .def
                            .constraints
                            .iter()
                            .find(|k| k.references.is_none())
                            .map(|k| k.name.clone()),
                        _ => None,
                    });
                rows.push(vec![
                    some(database),
                    some(schema),
                    some(&k.name),
                    some(database),
                    some(to_schema),
                    key,
                    some("FULL"),
                    some("NO ACTION"),
                    some("NO ACTION"),
                    None,
                    some(t.def.created.to_string()),
                ]);
            }
        }
    }
    (columns, rows)
}

fn grants(account: &Account) -> impl Iterator<Item = &OtherObject> {
    account
        .objects
        .iter()
        .filter(|((k, _), _)| *k == ObjectKind::Grant)
        .filter_map(|(_, o)| match o {
            Object::Other(o) => Some(o.as_ref()),
            _ => None,
        })
}

/// TABLE_PRIVILEGES and OBJECT_PRIVILEGES: grants inside of a database.
pub(super) fn privileges(database: &str, account: &Account, tables: bool) -> Rows {
    let columns = if tables {
        texts(&[
            "GRANTOR",
            "GRANTEE",
            "GRANTED_TO",
            "TABLE_CATALOG",
            "TABLE_SCHEMA",
            "TABLE_NAME",
            "PRIVILEGE_TYPE",
            "IS_GRANTABLE",
            "CREATED",
        ])
    } else {
        texts(&[
            "GRANTOR",
            "GRANTEE",
            "GRANTED_TO",
            "OBJECT_CATALOG",
            "OBJECT_SCHEMA",
            "OBJECT_NAME",
            "OBJECT_TYPE",
            "PRIVILEGE_TYPE",
            "IS_GRANTABLE",
            "CREATED",
        ])
    };
    let mut rows = Vec::new();
    for g in grants(account) {
        let get = |k: &str| g.properties.get(k).cloned().unwrap_or_default();
        let name = get("name");
        let parts: Vec<&str> = name.split('.').collect();
        let [db, schema, object] = parts.as_slice() else {
            continue;
        };
        let on = get("granted_on");
        let is_table = matches!(on.as_str(), "TABLE" | "VIEW");
        if *db != database || (tables && !is_table) || on.starts_with("FUTURE") {
            continue;
        }
        let mut row = vec![
            some(get("granted_by")),
            some(get("grantee_name")),
            some(get("granted_to")),
            some(*db),
            some(*schema),
            some(*object),
        ];
        if !tables {
            row.push(some(on));
        }
        row.push(some(get("privilege")));
        row.push(some(if get("grant_option") == "true" {
            "YES"
        } else {
            "NO"
        }));
        row.push(some(g.created.to_string()));
        rows.push(row);
    }
    (columns, rows)
}

/// APPLICABLE_ROLES and ENABLED_ROLES: everybody has every role.
pub(super) fn roles(account: &Account, user: &str, applicable: bool) -> Rows {
    let names = account
        .objects
        .keys()
        .filter(|(k, _)| *k == ObjectKind::Role)
        .map(|(_, n)| n);
    if applicable {
        let columns = texts(&["GRANTEE", "ROLE_NAME", "ROLE_OWNER", "IS_GRANTABLE"]);
        let rows = names
            .map(|n| vec![some(user), some(n), None, some("NO")])
            .collect();
        return (columns, rows);
    }
    let columns = texts(&["ROLE_NAME", "ROLE_OWNER"]);
    (columns, names.map(|n| vec![some(n), None]).collect())
}
