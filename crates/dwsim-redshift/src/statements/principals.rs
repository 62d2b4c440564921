//! Users, groups and roles, and what was granted to them.
//! They are kept and shown; every session acts as a superuser.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, OtherObject, next_oid};
use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast;

use super::outcome::Outcome;
use super::session::RedshiftSession;
use crate::parse::{Grant, Kind};

fn space(kind: Kind) -> (ObjectKind, &'static str) {
    match kind {
        Kind::Group => (ObjectKind::Group, "group"),
        Kind::Role => (ObjectKind::Role, "role"),
        _ => (ObjectKind::User, "user"),
    }
}

fn object(owner: &str, properties: BTreeMap<String, String>) -> OtherObject {
    OtherObject {
        oid: next_oid(),
        owner: owner.to_owned(),
        comment: None,
        created: chrono::Utc::now().timestamp(),
        properties,
        definition: serde_json::Value::Null,
    }
}

fn members(properties: &BTreeMap<String, String>) -> Vec<String> {
    properties
        .get("members")
        .map(|m| {
            m.split(',')
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default()
}

impl RedshiftSession {
    pub(super) fn principal(
        &mut self,
        kind: Kind,
        create: bool,
        name: &ast::Ident,
        options: &[(String, String)],
    ) -> Result<Outcome> {
        let (space, word) = space(kind);
        let name = name.value.to_lowercase();
        let owner = self.engine.user.clone();
        let verb = if create { "CREATE" } else { "ALTER" };
        let tag = format!("{verb} {}", word.to_uppercase());
        if create && kind == Kind::User && !options.iter().any(|o| o.0 == "password") {
            return Err(SqlError::raw("", "42601", "CREATE USER needs PASSWORD"));
        }
        self.engine.change(|t| {
            let account = t.account();
            let old = account.objects.get(&(space, name.clone())).cloned();
            if create && (old.is_some() || (kind == Kind::User && name == "dev")) {
                return Err(SqlError::raw(
                    "",
                    "42710",
                    format!("{word} \"{name}\" already exists"),
                ));
            }
            let mut entry = match &old {
                Some(Object::Other(o)) => OtherObject::clone(o),
                None if create || (kind == Kind::User && name == "dev") => {
                    object(&owner, BTreeMap::new())
                }
                _ => {
                    return Err(SqlError::raw(
                        "",
                        "42704",
                        format!("{word} \"{name}\" does not exist"),
                    ));
                }
            };
            let mut renamed = None;
            for (option, value) in options {
                match (option.as_str(), kind) {
                    ("rename", _) => renamed = Some(value.to_lowercase()),
                    ("owner", _) => entry.owner = value.to_lowercase(),
                    ("user" | "add", Kind::Group) => {
                        let mut all = members(&entry.properties);
                        for user in value.split(',') {
                            if !all.iter().any(|m| m == user) {
                                all.push(user.to_owned());
                            }
                        }
                        entry.properties.insert("members".into(), all.join(","));
                    }
                    ("drop", Kind::Group) => {
                        let gone: Vec<&str> = value.split(',').collect();
                        let mut all = members(&entry.properties);
                        all.retain(|m| !gone.contains(&m.as_str()));
                        entry.properties.insert("members".into(), all.join(","));
                    }
                    ("in", _) => {
                        for group in value.split(',') {
                            let key = (ObjectKind::Group, group.to_owned());
                            let Some(Object::Other(g)) = t.account().objects.get(&key).cloned()
                            else {
                                return Err(SqlError::raw(
                                    "",
                                    "42704",
                                    format!("group \"{group}\" does not exist"),
                                ));
                            };
                            let mut g = OtherObject::clone(&g);
                            let mut all = members(&g.properties);
                            all.push(name.clone());
                            g.properties.insert("members".into(), all.join(","));
                            t.set_account_object(
                                ObjectKind::Group,
                                group,
                                Some(Object::Other(Arc::new(g))),
                            );
                        }
                    }
                    // A mock credential is no secret worth keeping.
                    ("password", _) => {}
                    ("nocreateuser", _) => {
                        entry.properties.remove("createuser");
                    }
                    ("nocreatedb", _) => {
                        entry.properties.remove("createdb");
                    }
                    _ => {
                        entry.properties.insert(option.clone(), value.clone());
                    }
                }
            }
            let entry = Object::Other(Arc::new(entry));
            match renamed {
                Some(to) => {
                    t.set_account_object(space, &name, None);
                    t.set_account_object(space, &to, Some(entry));
                }
                None => t.set_account_object(space, &name, Some(entry)),
            }
            Ok(())
        })?;
        Ok(Outcome::Done(tag))
    }

    pub(super) fn drop_principal(&mut self, kind: Kind, name: &str) -> Result<()> {
        let (space, word) = space(kind);
        self.engine.change(|t| {
            if !t.account().objects.contains_key(&(space, name.to_owned())) {
                return Err(dwsim_engine::error::ErrorKind::UnknownObject {
                    kind: word,
                    name: name.to_owned(),
                }
                .into());
            }
            t.set_account_object(space, name, None);
            Ok(())
        })
    }

    /// GRANT and REVOKE: one kept entry per object, grantee and privilege.
    pub(super) fn grant(&mut self, g: &Grant) -> Result<Outcome> {
        let tag = if g.grant { "GRANT" } else { "REVOKE" };
        let user = self.engine.user.clone();
        if let Some(text) = &g.kept {
            if text.starts_with("alter default privileges") {
                let key = format!("default|{text}");
                self.engine.change(|t| {
                    let entry = Object::Other(Arc::new(object(&user, BTreeMap::new())));
                    t.set_account_object(ObjectKind::Grant, &key, Some(entry));
                    Ok(())
                })?;
                return Ok(Outcome::Done("ALTER DEFAULT PRIVILEGES".into()));
            }
            return Err(SqlError::unsupported(format!("{tag} {text}")));
        }
        let targets: Vec<(String, String)> = match &g.on {
            None => vec![("role".to_owned(), String::new())],
            Some((kind, names)) => {
                let mut all = Vec::new();
                for name in names {
                    let parts: Vec<String> = name
                        .0
                        .iter()
                        .filter_map(|p| p.as_ident())
                        .map(|i| self.fold(i))
                        .collect();
                    match kind.as_str() {
                        "table" => {
                            let (found, _) = self.engine.relation(name)?;
                            all.push(("table".to_owned(), found.to_string()));
                        }
                        "all tables in schema" => {
                            let db = self.engine.database().unwrap_or_default().to_owned();
                            let schema = parts.last().cloned().unwrap_or_default();
                            let view = self.engine.view()?;
                            let found = view.schema(&db, &schema).ok_or_else(|| {
                                dwsim_engine::error::ErrorKind::UnknownObject {
                                    kind: "schema",
                                    name: schema.clone(),
                                }
                            })?;
                            for (kind, table) in found.objects.keys() {
                                if *kind == ObjectKind::Relation {
                                    all.push(("table".into(), format!("{db}.{schema}.{table}")));
                                }
                            }
                        }
                        other => all.push((other.to_owned(), parts.join("."))),
                    }
                }
                all
            }
        };
        let privileges: Vec<String> = g
            .privileges
            .iter()
            .flat_map(
                |p| match (p.as_str(), g.on.as_ref().map(|o| o.0.as_str())) {
                    ("all" | "all privileges", Some("schema")) => {
                        vec!["create".to_owned(), "usage".to_owned()]
                    }
                    ("all" | "all privileges", Some("database")) => {
                        vec!["create".to_owned(), "temporary".to_owned()]
                    }
                    ("all" | "all privileges", Some("table" | "all tables in schema")) => [
                        "select",
                        "insert",
                        "update",
                        "delete",
                        "references",
                        "drop",
                        "truncate",
                        "alter",
                    ]
                    .map(str::to_owned)
                    .to_vec(),
                    (p, _) => vec![p.to_owned()],
                },
            )
            .collect();
        self.engine.change(|t| {
            for (kind, name) in &targets {
                for privilege in &privileges {
                    for (grantee_kind, grantee) in &g.to {
                        let key = format!("{kind}|{name}|{privilege}|{grantee_kind}|{grantee}");
                        if !g.grant {
                            t.set_account_object(ObjectKind::Grant, &key, None);
                            continue;
                        }
                        let properties = BTreeMap::from([
                            ("kind".to_owned(), kind.clone()),
                            ("object".to_owned(), name.clone()),
                            ("privilege".to_owned(), privilege.clone()),
                            ("grantee kind".to_owned(), (*grantee_kind).to_owned()),
                            ("grantee".to_owned(), grantee.clone()),
                            ("grant option".to_owned(), g.grant_option.to_string()),
                        ]);
                        let entry = Object::Other(Arc::new(object(&user, properties)));
                        t.set_account_object(ObjectKind::Grant, &key, Some(entry));
                    }
                }
            }
            Ok(())
        })?;
        Ok(Outcome::Done(tag.into()))
    }
}
