//! Users, groups and roles, and what was granted to them.
//! What they allow is told by `privileges`.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Account, Object, ObjectKind, ObjectName, OtherObject, next_oid};
use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast;

use super::outcome::Outcome;
use super::privileges::{CLOSED_ROLES, Rights, grants};
use super::session::RedshiftSession;
use crate::parse::{Defaults, Grant, Kind};

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
                    // Defaults of the user's sessions, and back to those of the cluster.
                    ("set", _) => {
                        if let Some((setting, value)) = value.split_once('=') {
                            let value = super::settings::normalize(setting, value)?;
                            entry.properties.insert(format!("set {setting}"), value);
                        }
                    }
                    ("reset", _) if value == "session" => {
                        entry.properties.remove("session");
                    }
                    ("reset", _) => {
                        let this = format!("set {value}");
                        entry
                            .properties
                            .retain(|p, _| !p.starts_with("set ") || value != "all" && *p != this);
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

    /// DROP USER, GROUP and ROLE. What was granted to them goes with them; a user who owns something, or may do something
    /// with a table, stays (r_DROP_USER).
    pub(super) fn drop_principal(&mut self, kind: Kind, name: &str) -> Result<()> {
        let (space, word) = space(kind);
        self.engine.change(|t| {
            let account = t.account();
            if !account.objects.contains_key(&(space, name.to_owned())) {
                return Err(dwsim_engine::error::ErrorKind::UnknownObject {
                    kind: word,
                    name: name.to_owned(),
                }
                .into());
            }
            if space == ObjectKind::User {
                let held = if owns_something(account, name) {
                    Some("owns some object")
                } else if has_privileges(account, name) {
                    Some("has a privilege on some object")
                } else {
                    None
                };
                if let Some(held) = held {
                    return Err(SqlError::raw(
                        "",
                        "2BP01",
                        format!("user \"{name}\" cannot be dropped because the user {held}"),
                    ));
                }
            }
            let role = format!("role {name}");
            let gone: Vec<String> = grants(account)
                .filter(|(_, g)| {
                    let p = &g.properties;
                    let is =
                        |property: &str, value: &str| p.get(property).is_some_and(|v| v == value);
                    is("grantee", name) && is("grantee kind", word)
                        || space == ObjectKind::Role && is("kind", "role") && is("privilege", &role)
                })
                .map(|(key, _)| key.to_owned())
                .collect();
            for key in gone {
                t.set_account_object(ObjectKind::Grant, &key, None);
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
            return Err(SqlError::unsupported(format!("{tag} {text}")));
        }
        if let Some(defaults) = &g.defaults {
            return self.default_privileges(g, defaults);
        }
        let targets: Vec<(String, String)> = match &g.on {
            Some((kind, _)) if kind == "rls" => vec![(kind.clone(), String::new())],
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
                            let (found, object) = self.engine.relation(name)?;
                            known_columns(&found, &object, &g.privileges)?;
                            all.push(("table".to_owned(), found.to_string()));
                        }
                        "assumerole" => all.push((
                            kind.clone(),
                            (name.0.first())
                                .and_then(|p| p.as_ident())
                                .map_or_else(String::new, |i| i.value.clone()),
                        )),
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
        let privileges = spelled_out(g);
        if g.grant && targets.iter().any(|(kind, _)| kind == "role") {
            let account = self.engine.snapshot();
            for privilege in &privileges {
                let role = privilege.strip_prefix("role ").unwrap_or(privilege);
                let held = Rights::roles_of(&account, "role", role);
                let cyclic = |(kind, to): &(&'static str, String)| {
                    *kind == "role" && (to == role || held.iter().any(|r| r == to))
                };
                if g.to.iter().any(cyclic) {
                    return Err(SqlError::raw(
                        "",
                        "0LP01",
                        "cannot grant this role, a circular dependency was detected between these roles",
                    ));
                }
            }
        }
        self.engine.change(|t| {
            if targets
                .iter()
                .any(|(kind, name)| kind == "assumerole" && name == "all")
                && g.to.iter().any(|(kind, _)| *kind == "public")
                && privileges.iter().any(|p| p == "all")
            {
                let marker =
                    (!g.grant).then(|| Object::Other(Arc::new(object(&user, BTreeMap::new()))));
                t.set_account_object(ObjectKind::Grant, CLOSED_ROLES, marker);
            }
            for (kind, name) in &targets {
                // IAM roles keep their case where they are shown.
                let known = match kind.as_str() {
                    "assumerole" => name.to_lowercase(),
                    _ => name.clone(),
                };
                for privilege in &privileges {
                    for (grantee_kind, grantee) in &g.to {
                        let key = format!("{kind}|{known}|{privilege}|{grantee_kind}|{grantee}");
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

    /// ALTER DEFAULT PRIVILEGES: kept until objects are made.
    fn default_privileges(&mut self, g: &Grant, defaults: &Defaults) -> Result<Outcome> {
        let user = self.engine.user.clone();
        let database = self.engine.database().unwrap_or_default().to_owned();
        let objects = match g.on.as_ref().map(|(_, names)| names.as_slice()) {
            Some([one]) => one.to_string().to_lowercase(),
            _ => String::new(),
        };
        if !["tables", "functions", "procedures"].contains(&objects.as_str()) {
            return Err(SqlError::raw(
                "",
                "42601",
                "ALTER DEFAULT PRIVILEGES is for TABLES, FUNCTIONS or PROCEDURES",
            ));
        }
        let owners = if defaults.users.is_empty() {
            vec![user.clone()]
        } else {
            defaults.users.clone()
        };
        let schemas = if defaults.schemas.is_empty() {
            vec![String::new()]
        } else {
            defaults.schemas.clone()
        };
        let privileges = spelled_out(g);
        self.engine.change(|t| {
            for owner in &owners {
                for schema in &schemas {
                    for privilege in &privileges {
                        for (kind, grantee) in &g.to {
                            let key = format!(
                                "default|{database}|{owner}|{schema}|{objects}|{privilege}|{kind}|{grantee}"
                            );
                            if !g.grant {
                                t.set_account_object(ObjectKind::Grant, &key, None);
                                continue;
                            }
                            let properties = BTreeMap::from([
                                ("kind".to_owned(), "default".to_owned()),
                                ("database".to_owned(), database.clone()),
                                ("owner".to_owned(), owner.clone()),
                                ("schema".to_owned(), schema.clone()),
                                ("objects".to_owned(), objects.clone()),
                                ("privilege".to_owned(), privilege.clone()),
                                ("grantee kind".to_owned(), (*kind).to_owned()),
                                ("grantee".to_owned(), grantee.clone()),
                                ("grant option".to_owned(), g.grant_option.to_string()),
                            ]);
                            let entry = Object::Other(Arc::new(object(&user, properties)));
                            t.set_account_object(ObjectKind::Grant, &key, Some(entry));
                        }
                    }
                }
            }
            Ok(())
        })?;
        Ok(Outcome::Done("ALTER DEFAULT PRIVILEGES".into()))
    }

    /// Grants on a new table or view what the default privileges of its owner say.
    pub(super) fn apply_defaults(&mut self, name: &ObjectName) -> Result<()> {
        let user = self.engine.user.clone();
        let account = self.engine.snapshot();
        let found: Vec<BTreeMap<String, String>> = grants(&account)
            .filter(|(key, _)| key.starts_with("default|"))
            .map(|(_, o)| o.properties.clone())
            .filter(|p| {
                let is = |name: &str, value: &str| p.get(name).is_some_and(|v| v == value);
                is("database", &name.database)
                    && is("owner", &user)
                    && is("objects", "tables")
                    && (is("schema", "") || is("schema", &name.schema))
            })
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        self.engine.change(|t| {
            for p in &found {
                let get = |n: &str| p.get(n).cloned().unwrap_or_default();
                let key = format!(
                    "table|{name}|{}|{}|{}",
                    get("privilege"),
                    get("grantee kind"),
                    get("grantee")
                );
                let properties = BTreeMap::from([
                    ("kind".to_owned(), "table".to_owned()),
                    ("object".to_owned(), name.to_string()),
                    ("privilege".to_owned(), get("privilege")),
                    ("grantee kind".to_owned(), get("grantee kind")),
                    ("grantee".to_owned(), get("grantee")),
                    ("grant option".to_owned(), get("grant option")),
                ]);
                let entry = Object::Other(Arc::new(object(&user, properties)));
                t.set_account_object(ObjectKind::Grant, &key, Some(entry));
            }
            Ok(())
        })
    }

    /// What was granted on a relation goes with its new name, or with the relation.
    pub(super) fn move_grants(&mut self, from: &ObjectName, to: Option<&ObjectName>) -> Result<()> {
        let start = format!("table|{from}|");
        let account = self.engine.snapshot();
        let found: Vec<(String, Arc<OtherObject>)> = grants(&account)
            .filter(|(key, _)| key.starts_with(&start))
            .map(|(key, o)| (key.to_owned(), Arc::clone(o)))
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        self.engine.change(|t| {
            for (key, entry) in &found {
                t.set_account_object(ObjectKind::Grant, key, None);
                if let Some(to) = to {
                    let mut o = OtherObject::clone(entry);
                    o.properties.insert("object".into(), to.to_string());
                    let key = format!("table|{to}|{}", &key[start.len()..]);
                    t.set_account_object(ObjectKind::Grant, &key, Some(Object::Other(Arc::new(o))));
                }
            }
            Ok(())
        })
    }
}

/// Whether a user owns a database, a schema or an object.
fn owns_something(account: &Account, user: &str) -> bool {
    account.databases.values().any(|d| {
        d.owner == user
            || d.schemas.iter().any(|(name, s)| {
                !dwsim_engine::session::is_temp_schema(name)
                    && (s.owner == user
                        || s.objects
                            .values()
                            .any(|o| super::privileges::owner_of(o) == user))
            })
    })
}

/// Whether a user was granted something on a table that is there.
fn has_privileges(account: &Account, user: &str) -> bool {
    grants(account).any(|(_, g)| {
        let p = &g.properties;
        let is = |property: &str, value: &str| p.get(property).is_some_and(|v| v == value);
        let exists = || {
            let mut path = p.get("object")?.splitn(3, '.');
            let schema = account
                .databases
                .get(path.next()?)?
                .schemas
                .get(path.next()?)?;
            let key = (ObjectKind::Relation, path.next()?.to_owned());
            schema.objects.contains_key(&key).then_some(())
        };
        is("kind", "table")
            && is("grantee kind", "user")
            && is("grantee", user)
            && exists().is_some()
    })
}

/// Fails for columns of a GRANT that the relation does not have.
fn known_columns(name: &ObjectName, object: &Object, privileges: &[String]) -> Result<()> {
    if !matches!(object, Object::Table(_) | Object::View(_)) {
        return Ok(());
    }
    let named = privileges
        .iter()
        .filter_map(|p| p.split_once('(')?.1.strip_suffix(')'))
        .flat_map(|list| list.split(','));
    for column in named {
        if !object.column_names().any(|c| c == column) {
            return Err(SqlError::raw(
                "",
                "42703",
                format!(
                    "column \"{column}\" of relation \"{}\" does not exist",
                    name.name
                ),
            ));
        }
    }
    Ok(())
}

/// The privileges of a GRANT one by one: ALL is spelled out.
fn spelled_out(g: &Grant) -> Vec<String> {
    let all: &[&str] = match g.on.as_ref().map(|o| o.0.as_str()) {
        Some("schema") => &["create", "usage"],
        Some("database") => &["create", "temporary"],
        Some("function" | "procedure" | "all functions in schema" | "all procedures in schema") => {
            &["execute"]
        }
        Some("language") => &["usage"],
        Some("table" | "all tables in schema") => &[
            "select",
            "insert",
            "update",
            "delete",
            "references",
            "drop",
            "truncate",
            "alter",
        ],
        _ => &[],
    };
    g.privileges
        .iter()
        .flat_map(|p| match (p.as_str(), p.split_once('(')) {
            // Privileges on columns are kept column by column.
            (_, Some((privilege, columns))) => {
                let privileges = match privilege.trim() {
                    "all" | "all privileges" => vec!["select", "update"],
                    one => vec![one],
                };
                (columns.trim_end_matches(')').split(','))
                    .flat_map(|c| privileges.iter().map(move |p| format!("{p}({c})")))
                    .collect()
            }
            ("all" | "all privileges", _) if !all.is_empty() => {
                all.iter().map(|p| (*p).to_owned()).collect()
            }
            ("temp", _) => vec!["temporary".to_owned()],
            (p, _) => vec![p.to_owned()],
        })
        .collect()
}
