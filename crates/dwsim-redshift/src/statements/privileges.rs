//! Who may do what: superusers, owners, and what was granted to users, groups, roles and everybody.
//! Granting is in `principals`; reading relations is checked while they are bound.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Account, Object, ObjectKind, ObjectName, OtherObject};
use dwsim_engine::error::{Result, SqlError};

use super::cluster::Cluster;

/// The user that a cluster starts with.
const DEV: &str = "dev";

/// Kept once ASSUMEROLE on all roles was revoked from PUBLIC: from then on it must be granted.
pub(crate) const CLOSED_ROLES: &str = "assumerole|all|closed";

/// What a user may do, as the catalog says.
#[derive(Debug)]
pub(crate) struct Rights<'a> {
    account: &'a Account,
    user: &'a str,
    groups: Vec<&'a str>,
    roles: Vec<String>,
    superuser: bool,
}

/// `42501` for an object.
pub(crate) fn denied(kind: &str, name: &str) -> SqlError {
    SqlError::raw("", "42501", format!("permission denied for {kind} {name}"))
}

/// `42501` for what only an owner may do.
pub(crate) fn not_owner(kind: &str, name: &str) -> SqlError {
    SqlError::raw("", "42501", format!("must be owner of {kind} {name}"))
}

fn properties(object: &Object) -> Option<&BTreeMap<String, String>> {
    match object {
        Object::Other(o) => Some(&o.properties),
        _ => None,
    }
}

/// CONNECTION LIMIT of a user and of a database; it does not hold for superusers (r_CREATE_USER, r_CREATE_DATABASE).
///
/// # Errors
/// `53300` when no more connections are allowed.
pub(super) fn check_limits(
    cluster: &Cluster,
    account: &Account,
    user: &str,
    database: &str,
) -> Result<()> {
    if Rights::of(account, user).is_superuser() {
        return Ok(());
    }
    let parsed = |limit: Option<&String>| limit.and_then(|l| l.parse::<usize>().ok());
    let key = (ObjectKind::User, user.to_owned());
    let of_user = parsed(match account.objects.get(&key) {
        Some(Object::Other(o)) => o.properties.get("connection"),
        _ => None,
    });
    let of_database = parsed(
        account
            .databases
            .get(database)
            .and_then(|d| d.properties.get("connection limit")),
    );
    if of_user.is_none() && of_database.is_none() {
        return Ok(());
    }
    let clients = cluster.backends().clients();
    let full = |limit: Option<usize>, count: usize| limit.is_some_and(|l| count >= l);
    let too_many = |kind: &str, name: &str| {
        let text = format!("too many connections for {kind} \"{name}\"");
        Err(SqlError::raw("", "53300", text))
    };
    if full(of_user, clients.iter().filter(|c| c.user == user).count()) {
        return too_many("user", user);
    }
    let here = clients.iter().filter(|c| c.database == database);
    if full(of_database, here.count()) {
        return too_many("database", database);
    }
    Ok(())
}

/// Kept grants and default privileges with their keys.
pub(crate) fn grants(account: &Account) -> impl Iterator<Item = (&str, &Arc<OtherObject>)> {
    (account.objects.iter())
        .filter(|((kind, _), _)| *kind == ObjectKind::Grant)
        .filter_map(|((_, key), o)| match o {
            Object::Other(o) => Some((key.as_str(), o)),
            _ => None,
        })
}

impl<'a> Rights<'a> {
    /// Of a user. Users that connect without having been created are superusers, so that a test needs none.
    pub(crate) fn of(account: &'a Account, user: &'a str) -> Self {
        let made = account
            .objects
            .get(&(ObjectKind::User, user.to_owned()))
            .and_then(properties);
        let mut superuser = user == DEV || made.is_none_or(|p| p.contains_key("createuser"));
        let mut groups = Vec::new();
        let mut roles: Vec<String> = Vec::new();
        if !superuser {
            groups = Self::groups_of(account, user);
            roles = Self::roles_of(account, "user", user);
            superuser = roles.iter().any(|r| r == "sys:superuser");
        }
        Rights {
            account,
            user,
            groups,
            roles,
            superuser,
        }
    }

    /// The groups that list a user.
    pub(crate) fn groups_of(account: &'a Account, user: &str) -> Vec<&'a str> {
        (account.objects.iter())
            .filter(|((kind, _), object)| {
                *kind == ObjectKind::Group
                    && properties(object)
                        .and_then(|p| p.get("members"))
                        .is_some_and(|m| m.split(',').any(|u| u == user))
            })
            .map(|((_, name), _)| name.as_str())
            .collect()
    }

    /// The roles granted to a `user` or `role`, directly and through roles.
    pub(crate) fn roles_of(account: &Account, kind: &'static str, name: &str) -> Vec<String> {
        let mut roles: Vec<String> = Vec::new();
        let mut open = vec![(kind, name.to_owned())];
        while let Some((kind, name)) = open.pop() {
            let end = format!("|{kind}|{name}");
            for (key, _) in grants(account) {
                if let Some(role) = key
                    .strip_prefix("role||")
                    .and_then(|rest| rest.strip_suffix(end.as_str()))
                    .map(|role| role.strip_prefix("role ").unwrap_or(role))
                    && !roles.iter().any(|r| r == role)
                {
                    roles.push(role.to_owned());
                    open.push(("role", role.to_owned()));
                }
            }
        }
        roles
    }

    /// Whether nothing is denied.
    pub(crate) fn is_superuser(&self) -> bool {
        self.superuser
    }

    /// Whether the user has a role, directly or through others.
    pub(crate) fn in_role(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }

    /// Whether what was granted or attached to a grantee reaches the user.
    pub(crate) fn is(&self, kind: &str, grantee: &str) -> bool {
        match kind {
            "public" => true,
            "user" => grantee == self.user,
            "group" => self.groups.contains(&grantee),
            _ => self.in_role(grantee),
        }
    }

    /// Whether the user may let a command (`copy`, `unload`, `external function`, `create model`) act as an IAM role.
    /// Everybody may, until ASSUMEROLE on all roles is revoked from PUBLIC (r_GRANT).
    pub(crate) fn assumes(&self, role: &str, command: &str) -> bool {
        let any = [role, "all"].iter().any(|role| {
            ["all", command]
                .iter()
                .any(|command| self.granted("assumerole", role, command))
        });
        let closed = (ObjectKind::Grant, CLOSED_ROLES.to_owned());
        any || !self.account.objects.contains_key(&closed)
    }

    /// The columns of a relation on which a privilege was granted.
    pub(crate) fn columns<'n>(
        &self,
        name: &ObjectName,
        columns: impl Iterator<Item = &'n str>,
        privilege: &str,
    ) -> Vec<&'n str> {
        let full = name.to_string();
        columns
            .filter(|c| self.granted("table", &full, &format!("{privilege}({c})")))
            .collect()
    }

    /// Whether a privilege on an object was granted, by the object's kind and name as grants keep them.
    pub(crate) fn granted(&self, kind: &str, object: &str, privilege: &str) -> bool {
        if self.superuser {
            return true;
        }
        let has = |to: &str, who: &str| {
            let key = format!("{kind}|{object}|{privilege}|{to}|{who}");
            self.account.objects.contains_key(&(ObjectKind::Grant, key))
        };
        has("user", self.user)
            || has("public", "public")
            || self.groups.iter().any(|g| has("group", g))
            || self.roles.iter().any(|r| has("role", r))
    }

    /// Whether a schema may be used (`usage`) or filled (`create`). Everybody may do both in `public`.
    pub(crate) fn schema(&self, database: &str, schema: &str, privilege: &str) -> bool {
        let owner = self
            .account
            .databases
            .get(database)
            .and_then(|d| d.schemas.get(schema))
            .map(|s| s.owner.as_str());
        self.superuser
            || schema == "public"
            || schema.starts_with("pg_temp_")
            || owner == Some(self.user)
            || self.granted("schema", schema, privilege)
            || self.granted("schema", &format!("{database}.{schema}"), privilege)
    }

    /// Whether the user owns an object.
    pub(crate) fn owns(&self, owner: &str) -> bool {
        self.superuser || owner == self.user
    }

    /// Whether the user may do something with a relation.
    pub(crate) fn relation(&self, name: &ObjectName, object: &Object, privilege: &str) -> bool {
        self.owns(owner_of(object))
            || name.schema.starts_with("pg_temp_")
            || self.granted("table", &name.to_string(), privilege)
    }

    /// Fails unless the user may do something with a relation.
    ///
    /// # Errors
    /// `42501`.
    pub(crate) fn check(
        &self,
        name: &ObjectName,
        object: &Object,
        privilege: &str,
    ) -> Result<(), SqlError> {
        if self.superuser {
            return Ok(());
        }
        if !self.schema(&name.database, &name.schema, "usage") {
            return Err(denied("schema", &name.schema));
        }
        if !self.relation(name, object, privilege) {
            return Err(denied("relation", &name.name));
        }
        Ok(())
    }
}

/// The owner of a relation.
pub(crate) fn owner_of(object: &Object) -> &str {
    match object {
        Object::Table(t) => &t.def.owner,
        Object::View(v) => &v.owner,
        Object::Sequence(s) => &s.owner,
        Object::Stream(s) => &s.owner,
        Object::Routine(r) => &r.owner,
        Object::Other(o) => &o.owner,
    }
}
