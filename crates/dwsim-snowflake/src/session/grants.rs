//! GRANT and REVOKE: privileges are kept and shown, and refuse nothing: everybody may do everything here.
//! SHOW GRANTS reads them in `show`.
//!
//! Sources: "GRANT `<privileges>`", "GRANT ROLE", "REVOKE `<privileges>`".

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, OtherObject, next_oid};
use dwsim_engine::error::Result;
use sqlparser::ast;

use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::fold;
use crate::parse::Grant;

/// What ALL PRIVILEGES means for the commonest kinds.
fn all_privileges(on: &str) -> &'static [&'static str] {
    match on {
        "TABLE" => &[
            "DELETE",
            "EVOLVE SCHEMA",
            "INSERT",
            "REBUILD",
            "REFERENCES",
            "SELECT",
            "TRUNCATE",
            "UPDATE",
        ],
        "VIEW" => &["REFERENCES", "SELECT"],
        "DATABASE" => &[
            "CREATE DATABASE ROLE",
            "CREATE SCHEMA",
            "MODIFY",
            "MONITOR",
            "USAGE",
        ],
        "SCHEMA" => &["CREATE TABLE", "CREATE VIEW", "MODIFY", "MONITOR", "USAGE"],
        "WAREHOUSE" => &["MODIFY", "MONITOR", "OPERATE", "USAGE"],
        "STAGE" => &["READ", "WRITE"],
        "STREAM" => &["SELECT"],
        "TASK" => &["MONITOR", "OPERATE"],
        _ => &["USAGE"],
    }
}

/// "TABLES" as "TABLE", "POLICIES" as "POLICY".
fn singular(kind: &str) -> String {
    match kind.strip_suffix("IES") {
        Some(k) => format!("{k}Y"),
        None => kind.strip_suffix('S').unwrap_or(kind).to_owned(),
    }
}

impl SnowflakeSession {
    fn folded(name: &ast::ObjectName) -> Vec<String> {
        name.0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(fold)
            .collect()
    }

    /// The full names of the objects that a grant is on.
    fn grant_targets(&mut self, g: &Grant) -> Result<Vec<(String, String)>> {
        let Some(name) = &g.name else {
            let account = self.account.name.clone();
            return Ok(vec![(g.on.clone(), account)]);
        };
        let parts = Self::folded(name);
        if let Some((which, container)) = &g.many {
            let kind = singular(&g.on);
            let prefix = if container == "DATABASE" {
                parts.join(".")
            } else {
                let (d, s) = self.schema_name(&parts)?;
                format!("{d}.{s}")
            };
            if which == "FUTURE" {
                return Ok(vec![(
                    format!("FUTURE {kind}"),
                    format!("{prefix}.<{kind}>"),
                )]);
            }
            let account = self.inner.snapshot();
            let mut out = Vec::new();
            for (d, db) in &account.databases {
                for (s, schema) in db.schemas.iter() {
                    let at = format!("{d}.{s}");
                    let hidden = dwsim_engine::session::is_temp_schema(s);
                    if hidden || (at != prefix && *d != prefix) {
                        continue;
                    }
                    if kind == "SCHEMA" {
                        out.push((kind.clone(), at));
                        continue;
                    }
                    for ((k, n), o) in &schema.objects {
                        let is = match o {
                            Object::Table(_) => "TABLE".to_owned(),
                            Object::View(_) => "VIEW".to_owned(),
                            _ => k.word().to_uppercase(),
                        };
                        if is == kind {
                            out.push((kind.clone(), format!("{at}.{n}")));
                        }
                    }
                }
            }
            return Ok(out);
        }
        let account = self.inner.snapshot();
        let full = match g.on.as_str() {
            "DATABASE" => {
                let n = parts.last().cloned().unwrap_or_default();
                if !account.databases.contains_key(&n) {
                    return Err(missing("database", n));
                }
                n
            }
            "SCHEMA" => {
                let (d, s) = self.schema_name(&parts)?;
                if !account
                    .databases
                    .get(&d)
                    .is_some_and(|db| db.schemas.contains_key(&s))
                {
                    return Err(missing("schema", format!("{d}.{s}")));
                }
                format!("{d}.{s}")
            }
            "WAREHOUSE" | "ROLE" | "USER" | "INTEGRATION" | "RESOURCE MONITOR" => {
                parts.last().cloned().unwrap_or_default()
            }
            "TABLE" | "VIEW" | "DYNAMIC TABLE" | "MATERIALIZED VIEW" => {
                let (full, object) = self.inner.relation(name)?;
                if g.on == "TABLE" && matches!(object, Object::View(_)) {
                    return Ok(vec![("VIEW".to_owned(), full.to_string())]);
                }
                full.to_string()
            }
            _ => self.inner.resolve_name(name)?.to_string(),
        };
        Ok(vec![(g.on.clone(), full)])
    }

    pub(super) fn grant(&mut self, g: &Grant) -> Result<Answer> {
        let grantee = Self::folded(&g.grantee).join(".");
        let account = self.inner.snapshot();
        let known = |kind: ObjectKind| account.objects.contains_key(&(kind, grantee.clone()));
        match g.to.as_str() {
            "ROLE" if !known(ObjectKind::Role) => {
                return Err(missing("role", grantee));
            }
            "USER" if !known(ObjectKind::User) && grantee != self.inner.user => {
                return Err(missing("user", grantee));
            }
            _ => {}
        }
        let mut entries: Vec<(String, String, String)> = Vec::new();
        if let Some(role) = &g.role {
            let role = fold(&ast::Ident::new(role.clone()));
            let role = role.trim_matches('"').to_owned();
            if g.on == "ROLE"
                && !account
                    .objects
                    .contains_key(&(ObjectKind::Role, role.clone()))
            {
                return Err(missing("role", role));
            }
            entries.push(("USAGE".into(), g.on.clone(), role));
        } else {
            for (on, name) in self.grant_targets(g)? {
                for p in &g.privileges {
                    if p == "ALL" || p == "ALL PRIVILEGES" {
                        for p in all_privileges(&on) {
                            entries.push(((*p).into(), on.clone(), name.clone()));
                        }
                    } else {
                        entries.push((p.clone(), on.clone(), name.clone()));
                    }
                }
            }
        }
        let by = self.inner.role.clone();
        self.inner.change(|t| {
            for (privilege, on, name) in &entries {
                let key = format!("{privilege}|{on}|{name}|{}|{grantee}", g.to);
                if g.revoke {
                    t.set_account_object(ObjectKind::Grant, &key, None);
                    continue;
                }
                let mut properties = BTreeMap::from([
                    ("privilege".to_owned(), privilege.clone()),
                    ("granted_on".to_owned(), on.replace(' ', "_")),
                    ("name".to_owned(), name.clone()),
                    ("granted_to".to_owned(), g.to.replace(' ', "_")),
                    ("grantee_name".to_owned(), grantee.clone()),
                    ("grant_option".to_owned(), g.grant_option.to_string()),
                    ("granted_by".to_owned(), by.clone()),
                ]);
                if g.role.is_some() {
                    properties.insert("role".to_owned(), name.clone());
                }
                let object = OtherObject {
                    oid: next_oid(),
                    owner: by.clone(),
                    comment: None,
                    created: chrono::Utc::now().timestamp(),
                    properties,
                    definition: serde_json::Value::Null,
                };
                t.set_account_object(
                    ObjectKind::Grant,
                    &key,
                    Some(Object::Other(Arc::new(object))),
                );
            }
            Ok(())
        })?;
        if entries.is_empty() && !g.revoke {
            return Answer::status(
                StatementKind::Ddl,
                "Statement executed successfully. 0 objects affected.",
            );
        }
        Answer::success(StatementKind::Ddl)
    }
}

/// The owner's privilege of an object, which SHOW GRANTS lists without a grant.
pub(super) fn ownership(
    on: &str,
    name: &str,
    owner: &str,
    created: i64,
) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("created_on".to_owned(), created.to_string()),
        ("privilege".to_owned(), "OWNERSHIP".to_owned()),
        ("granted_on".to_owned(), on.to_owned()),
        ("name".to_owned(), name.to_owned()),
        ("granted_to".to_owned(), "ROLE".to_owned()),
        ("grantee_name".to_owned(), owner.to_owned()),
        ("grant_option".to_owned(), "true".to_owned()),
        ("granted_by".to_owned(), owner.to_owned()),
    ])
}
