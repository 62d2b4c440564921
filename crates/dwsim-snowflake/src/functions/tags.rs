//! What tags and policies are attached to: SYSTEM$GET_TAG and its kin, TAG_REFERENCES, POLICY_REFERENCES.
//! Attaching them is done by the statements in `session`.
//!
//! Sources: "SYSTEM$GET_TAG", "TAG_REFERENCES", "TAG_REFERENCES_ALL_COLUMNS", "POLICY_REFERENCES".

use dwsim_engine::catalog::{Account, Object, ObjectKind, ObjectName};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::{FnCall, ScalarDef, Typed};
use dwsim_engine::plan::{Binder, Relation, TableCall};
use dwsim_engine::types::SqlType;

use super::objects::{constant_argument, full, parts, text, unknown};
use super::table::{constant_text, text_relation};
use crate::policies::{KIND, find, masks, rows};

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("SYSTEM$GET_TAG", page!("system_get_tag"), get_tag),
    ScalarDef::custom(
        "SYSTEM$GET_TAG_ALLOWED_VALUES",
        page!("system_get_tag_allowed_values"),
        allowed_values,
    ),
];

/// Table functions of this family, for the reference.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("POLICY_REFERENCES", "functions/policy_references"),
    ("TAG_REFERENCES", "functions/tag_references"),
    (
        "TAG_REFERENCES_ALL_COLUMNS",
        "functions/tag_references_all_columns",
    ),
];

/// A domain and the full name of an object in it.
type Level = (&'static str, String);

/// An object and what it is in, nearest first.
type Lineage = Vec<Level>;

/// An object that can be tagged: its domain and full name, and what it inherits tags from, nearest first.
fn lineage(domain: &str, name: &ObjectName, column: Option<&str>) -> Lineage {
    let mut out = Vec::new();
    if let Some(column) = column {
        out.push(("COLUMN", format!("{name}.{column}")));
    }
    if domain != "SCHEMA" && domain != "DATABASE" {
        out.push(("TABLE", name.to_string()));
    }
    if domain != "DATABASE" {
        out.push(("SCHEMA", format!("{}.{}", name.database, name.schema)));
    }
    out.push(("DATABASE", name.database.clone()));
    out
}

/// The domain under which a word's tags are kept.
pub(crate) fn kept_domain(word: &str) -> &str {
    match word {
        "VIEW" | "MATERIALIZED VIEW" | "DYNAMIC TABLE" | "EXTERNAL TABLE" => "TABLE",
        other => other,
    }
}

/// The lineage of an object that is named by text, with its column's name.
fn object(
    call: &mut dyn FnMut(&[String]) -> Result<ObjectName>,
    env: &dwsim_engine::env::Env,
    name: &str,
    domain: &str,
) -> Result<Lineage> {
    let mut path = parts(name)?;
    let here = |p: &[String]| -> ObjectName {
        let database = env.database.clone().unwrap_or_default();
        match p {
            [schema] => ObjectName {
                database,
                schema: schema.clone(),
                name: String::new(),
            },
            [database, schema, ..] => ObjectName {
                database: database.clone(),
                schema: schema.clone(),
                name: String::new(),
            },
            [] => ObjectName {
                database,
                schema: String::new(),
                name: String::new(),
            },
        }
    };
    Ok(match kept_domain(domain) {
        "DATABASE" => vec![("DATABASE", path.join("."))],
        "WAREHOUSE" => vec![("WAREHOUSE", path.join("."))],
        "ROLE" => vec![("ROLE", path.join("."))],
        "USER" => vec![("USER", path.join("."))],
        "SCHEMA" => lineage("SCHEMA", &here(&path), None),
        "COLUMN" => {
            let column = path.pop().unwrap_or_default();
            let full = call(&path)?;
            lineage("COLUMN", &full, Some(&column))
        }
        "TABLE" => {
            let full = call(&path)?;
            lineage("TABLE", &full, None)
        }
        other => {
            let full = call(&path)?;
            let mut l = lineage("SCHEMA", &full, None);
            let own: &'static str = match other {
                "TASK" => "TASK",
                "STREAM" => "STREAM",
                "PIPE" => "PIPE",
                "SEQUENCE" => "SEQUENCE",
                "STAGE" => "STAGE",
                "FUNCTION" => "FUNCTION",
                "PROCEDURE" => "PROCEDURE",
                _ => {
                    return Err(SqlError::argument(
                        "SYSTEM$GET_TAG",
                        format!("'{other}' is no domain of tags"),
                    ));
                }
            };
            l.insert(0, (own, full.to_string()));
            l
        }
    })
}

/// A tag's value on the first object of a lineage that has one, with that object's domain.
fn value(account: &Account, lineage: &[Level], tag: &str) -> Option<(String, &'static str)> {
    lineage.iter().find_map(|(domain, name)| {
        let key = format!("tag|{domain}|{name}|{tag}");
        match account.objects.get(&(ObjectKind::Other, key)) {
            Some(Object::Other(o)) => Some((o.properties.get("value")?.clone(), *domain)),
            _ => None,
        }
    })
}

/// All tags that an object has, itself or from what it is in.
fn tags(account: &Account, lineage: &[Level]) -> Vec<(String, String, &'static str)> {
    let mut out: Vec<(String, String, &'static str)> = Vec::new();
    for (domain, name) in lineage {
        let prefix = format!("tag|{domain}|{name}|");
        for ((_, key), o) in account
            .objects
            .range((ObjectKind::Other, prefix.clone())..)
            .take_while(|((k, n), _)| *k == ObjectKind::Other && n.starts_with(&prefix))
        {
            let tag = &key[prefix.len()..];
            if let Object::Other(o) = o
                && !out.iter().any(|(t, _, _)| t == tag)
            {
                let value = o.properties.get("value").cloned().unwrap_or_default();
                out.push((tag.to_owned(), value, *domain));
            }
        }
    }
    out.sort();
    out
}

/// The tags that a column has, itself or from what it is in.
pub(crate) fn of_column(
    account: &Account,
    relation: &ObjectName,
    column: &str,
) -> Vec<std::sync::Arc<dwsim_engine::catalog::OtherObject>> {
    let named = tags(account, &lineage("COLUMN", relation, Some(column)));
    named
        .into_iter()
        .filter_map(|(tag, _, _)| {
            let mut parts = tag.splitn(3, '.');
            let (database, schema) = (parts.next()?, parts.next()?);
            let key = (ObjectKind::Tag, parts.next()?.to_owned());
            let schema = account.databases.get(database)?.schemas.get(schema)?;
            match schema.objects.get(&key)? {
                Object::Other(o) => Some(std::sync::Arc::clone(o)),
                _ => None,
            }
        })
        .collect()
}

fn get_tag(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(3, 3)?;
    let (Some(tag), Some(name), Some(domain)) = (
        constant_argument(call, 0)?,
        constant_argument(call, 1)?,
        constant_argument(call, 2)?,
    ) else {
        return Ok(text(None));
    };
    let tag = full(call, &parts(&tag)?)?;
    if call.binder.catalog.object(ObjectKind::Tag, &tag).is_none() {
        return Err(unknown("Tag", &tag.to_string()));
    }
    let env = call.env();
    let lineage = object(
        &mut |p: &[String]| full(call, p),
        &env,
        &name,
        &domain.to_uppercase(),
    )?;
    let account = call.binder.catalog.account();
    Ok(text(
        value(account, &lineage, &tag.to_string()).map(|v| v.0),
    ))
}

fn allowed_values(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let Some(tag) = constant_argument(call, 0)? else {
        return Ok(text(None));
    };
    let tag = full(call, &parts(&tag)?)?;
    match call.binder.catalog.object(ObjectKind::Tag, &tag) {
        Some(Object::Other(o)) => Ok(text(
            o.properties
                .get("ALLOWED_VALUES")
                .filter(|v| v.as_str() != "[]")
                .cloned(),
        )),
        _ => Err(unknown("Tag", &tag.to_string())),
    }
}

/// TAG_REFERENCES, TAG_REFERENCES_ALL_COLUMNS and POLICY_REFERENCES; None for other names.
pub(super) fn relation(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
) -> Result<Option<Relation>> {
    match name {
        "TAG_REFERENCES" | "TAG_REFERENCES_ALL_COLUMNS" => {
            tag_references(binder, name, call).map(Some)
        }
        "POLICY_REFERENCES" => policy_references(binder, call).map(Some),
        _ => Ok(None),
    }
}

/// The full name of a relation that exists.
fn existing(binder: &mut Binder<'_>, path: &[String]) -> Result<(ObjectName, Object)> {
    binder.find_relation(path).ok_or_else(|| {
        ErrorKind::UnknownObject {
            kind: "relation",
            name: path.join("."),
        }
        .into()
    })
}

fn tag_references(binder: &mut Binder<'_>, name: &str, call: &TableCall<'_>) -> Result<Relation> {
    let missing = || SqlError::argument("TAG_REFERENCES", "an object's name and domain are needed");
    let given = constant_text(binder, call, "object_name", 0)?.ok_or_else(missing)?;
    let domain = constant_text(binder, call, "object_domain", 1)?
        .ok_or_else(missing)?
        .to_uppercase();
    let env = std::sync::Arc::clone(&binder.env);
    let account = std::sync::Arc::clone(binder.catalog.account());
    let mut subjects: Vec<(Lineage, ObjectName, Option<String>)> = Vec::new();
    let everywhere = ObjectName {
        database: String::new(),
        schema: String::new(),
        name: String::new(),
    };
    match kept_domain(&domain) {
        "TABLE" | "COLUMN" => {
            let mut path = parts(&given)?;
            let column = (domain == "COLUMN").then(|| path.pop()).flatten();
            let (full, object) = existing(binder, &path)?;
            if name.ends_with("ALL_COLUMNS") {
                for c in object.column_names() {
                    let column = lineage("COLUMN", &full, Some(c));
                    subjects.push((column, full.clone(), Some(c.to_owned())));
                }
            } else {
                subjects.push((lineage("TABLE", &full, column.as_deref()), full, column));
            }
        }
        _ => {
            let mut resolve = |p: &[String]| -> Result<ObjectName> {
                binder
                    .candidates(p)
                    .into_iter()
                    .next_back()
                    .ok_or_else(missing)
            };
            let l = object(&mut resolve, &env, &given, &domain)?;
            let path = parts(&given)?;
            let shown = match l.first() {
                Some(("SCHEMA", full)) => {
                    let (d, s) = full.split_once('.').unwrap_or(("", full));
                    ObjectName {
                        database: d.to_owned(),
                        schema: String::new(),
                        name: s.to_owned(),
                    }
                }
                _ => ObjectName {
                    name: path.last().cloned().unwrap_or_default(),
                    ..everywhere
                },
            };
            subjects.push((l, shown, None));
        }
    }
    let filled = |s: &str| (!s.is_empty()).then(|| s.to_owned());
    let mut out = Vec::new();
    for (lineage, full, column) in &subjects {
        for (tag, value, level) in tags(&account, lineage) {
            let path: Vec<&str> = tag.split('.').collect();
            let own = lineage.first().is_some_and(|(d, _)| *d == level);
            out.push(vec![
                path.first().map(|s| (*s).to_owned()),
                path.get(1).map(|s| (*s).to_owned()),
                path.get(2).map(|s| (*s).to_owned()),
                Some(value),
                Some(if own { "MANUAL" } else { "INHERITED" }.to_owned()),
                Some(level.to_owned()),
                filled(&full.database),
                filled(&full.schema),
                filled(&full.name),
                Some(
                    if column.is_some() {
                        "COLUMN"
                    } else {
                        kept_domain(&domain)
                    }
                    .to_owned(),
                ),
                column.clone(),
            ]);
        }
    }
    let columns = [
        "TAG_DATABASE",
        "TAG_SCHEMA",
        "TAG_NAME",
        "TAG_VALUE",
        "APPLY_METHOD",
        "LEVEL",
        "OBJECT_DATABASE",
        "OBJECT_SCHEMA",
        "OBJECT_NAME",
        "DOMAIN",
        "COLUMN_NAME",
    ]
    .map(|c| (c, SqlType::text()));
    text_relation(binder, columns.to_vec(), &out)
}

/// `POLICY_REFERENCES(POLICY_NAME => 'p')`, or by the protected object: `(REF_ENTITY_NAME => 't', REF_ENTITY_DOMAIN =>
/// 'table')`.
fn policy_references(binder: &mut Binder<'_>, call: &TableCall<'_>) -> Result<Relation> {
    let policy = constant_text(binder, call, "policy_name", 0)?;
    let entity = constant_text(binder, call, "ref_entity_name", usize::MAX)?;
    let domain = constant_text(binder, call, "ref_entity_domain", usize::MAX)?;
    let account = std::sync::Arc::clone(binder.catalog.account());
    let mut out = Vec::new();
    let row =
        |oid: u64, at: &ObjectName, domain: &str, column: Option<&str>, columns: &[String]| {
            let (name, p) = find(&account, oid)?;
            let filled = |s: &str| (!s.is_empty()).then(|| s.to_owned());
            Some(vec![
                Some(name.database),
                Some(name.schema),
                Some(name.name),
                p.properties.get(KIND).cloned(),
                filled(&at.database),
                filled(&at.schema),
                Some(at.name.clone()),
                Some(domain.to_owned()),
                column.map(str::to_owned),
                (!columns.is_empty())
                    .then(|| serde_json::Value::from(columns.to_vec()).to_string()),
                None,
                None,
                None,
                Some("ACTIVE".to_owned()),
            ])
        };
    let of = |at: &ObjectName, o: &Object, only: Option<u64>, out: &mut Vec<_>| {
        let domain = match o {
            Object::View(_) => "VIEW",
            _ => "TABLE",
        };
        let wanted = |oid: u64| only.is_none_or(|w| w == oid);
        for (column, used) in masks(o) {
            if wanted(used.policy) {
                let more: &[String] = used.columns.get(1..).unwrap_or_default();
                out.extend(row(used.policy, at, domain, Some(&column), more));
            }
        }
        if let Some(used) = rows(o)
            && wanted(used.policy)
        {
            out.extend(row(used.policy, at, domain, None, &used.columns));
        }
    };
    let user_policies = |name: &str, o: &Object, only: Option<u64>, out: &mut Vec<_>| {
        let Object::Other(o) = o else { return };
        for (k, v) in &o.properties {
            let Some(oid) = k
                .starts_with("POLICY|")
                .then(|| v.parse::<u64>().ok())
                .flatten()
            else {
                continue;
            };
            if only.is_none_or(|w| w == oid) {
                let at = ObjectName {
                    database: String::new(),
                    schema: String::new(),
                    name: name.to_owned(),
                };
                out.extend(row(oid, &at, "USER", None, &[]));
            }
        }
    };
    match (policy, entity, domain) {
        (Some(policy), None, None) => {
            let path = parts(&policy)?;
            let found = binder.candidates(&path).into_iter().find_map(|n| {
                match binder.catalog.object(ObjectKind::Policy, &n) {
                    Some(Object::Other(o)) => Some(o.oid),
                    _ => None,
                }
            });
            let Some(oid) = found else {
                return Err(ErrorKind::UnknownObject {
                    kind: "policy",
                    name: path.join("."),
                }
                .into());
            };
            for (d, db) in &account.databases {
                for (s, schema) in db.schemas.iter() {
                    for ((kind, n), o) in &schema.objects {
                        if *kind == ObjectKind::Relation {
                            let at = ObjectName {
                                database: d.clone(),
                                schema: s.clone(),
                                name: n.clone(),
                            };
                            of(&at, o, Some(oid), &mut out);
                        }
                    }
                }
            }
            for ((kind, n), o) in &account.objects {
                if *kind == ObjectKind::User {
                    user_policies(n, o, Some(oid), &mut out);
                }
            }
        }
        (None, Some(entity), Some(domain)) => {
            let path = parts(&entity)?;
            match domain.to_uppercase().as_str() {
                "USER" => {
                    let name = path.last().cloned().unwrap_or_default();
                    match account.objects.get(&(ObjectKind::User, name.clone())) {
                        Some(o) => user_policies(&name, o, None, &mut out),
                        None => {
                            return Err(ErrorKind::UnknownObject { kind: "user", name }.into());
                        }
                    }
                }
                "TABLE" | "VIEW" | "DYNAMIC TABLE" | "MATERIALIZED VIEW" => {
                    let (at, o) = existing(binder, &path)?;
                    of(&at, &o, None, &mut out);
                }
                // Policies of other domains are never attached here.
                _ => {}
            }
        }
        _ => {
            return Err(SqlError::argument(
                "POLICY_REFERENCES",
                "POLICY_NAME, or REF_ENTITY_NAME and REF_ENTITY_DOMAIN, are needed.",
            ));
        }
    }
    let columns = [
        "POLICY_DB",
        "POLICY_SCHEMA",
        "POLICY_NAME",
        "POLICY_KIND",
        "REF_DATABASE_NAME",
        "REF_SCHEMA_NAME",
        "REF_ENTITY_NAME",
        "REF_ENTITY_DOMAIN",
        "REF_COLUMN_NAME",
        "REF_ARG_COLUMN_NAMES",
        "TAG_DATABASE",
        "TAG_SCHEMA",
        "TAG_NAME",
        "POLICY_STATUS",
    ]
    .map(|c| (c, SqlType::text()));
    text_relation(binder, columns.to_vec(), &out)
}
