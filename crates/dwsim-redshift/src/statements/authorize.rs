//! Who may run which statement; reading relations is checked while queries are bound.
//! What a user has is told by `privileges`.

use dwsim_engine::catalog::{Object, ObjectName};
use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast;

use super::privileges::{Rights, denied, not_owner, owner_of};
use super::session::RedshiftSession;
use crate::parse::{Action, Kind, Parsed, Statement};

fn needs(what: &str) -> SqlError {
    SqlError::raw("", "42501", format!("permission denied: {what}"))
}

impl RedshiftSession {
    /// Fails unless the user administers security: a superuser, or one with the role sys:secadmin.
    pub(super) fn needs_security_admin(&self, what: &str) -> Result<()> {
        let account = self.engine.snapshot();
        let rights = Rights::of(&account, &self.engine.user);
        if rights.is_superuser() || rights.in_role("sys:secadmin") {
            Ok(())
        } else {
            Err(needs(&format!("{what} need a superuser or sys:secadmin")))
        }
    }

    /// SET SESSION AUTHORIZATION is for those who logged in as a superuser, and to users that exist.
    fn authorize_switch(&self, to: Option<&str>) -> Result<()> {
        let account = self.engine.snapshot();
        let login = self
            .initial
            .get("session_authorization")
            .cloned()
            .unwrap_or_default();
        let Some(to) = to.map(str::to_lowercase).filter(|t| *t != login) else {
            return Ok(());
        };
        if !Rights::of(&account, &login).is_superuser() {
            return Err(SqlError::raw(
                "",
                "42501",
                "permission denied to set session authorization",
            ));
        }
        let key = (dwsim_engine::catalog::ObjectKind::User, to.clone());
        if to != "dev" && !account.objects.contains_key(&key) {
            return Err(SqlError::raw(
                "",
                "22023",
                format!("user \"{to}\" does not exist"),
            ));
        }
        Ok(())
    }

    /// Fails when the user may not run a statement.
    pub(super) fn authorize(&mut self, statement: &Statement) -> Result<()> {
        if let Statement::Set { name, value, .. } = statement
            && name == "session_authorization"
        {
            let to = value.as_ref().and_then(|v| v.first());
            return self.authorize_switch(to.map(String::as_str));
        }
        let account = self.engine.snapshot();
        let user = self.engine.user.clone();
        let rights = Rights::of(&account, &user);
        if rights.is_superuser() {
            return Ok(());
        }
        match statement {
            Statement::Dml(s) => self.authorize_dml(&rights, s),
            Statement::MergeDuplicates { delete, insert } => {
                self.authorize_dml(&rights, delete)?;
                self.authorize_dml(&rights, insert)
            }
            Statement::Copy(c) => {
                Self::authorize_role(&rights, c.role.as_deref(), "copy")?;
                self.authorize_on(&rights, &c.table, "insert")
            }
            Statement::Unload(u) => Self::authorize_role(&rights, u.role.as_deref(), "unload"),
            Statement::Truncate(name) => self.authorize_on(&rights, name, "truncate"),
            Statement::Refresh { name, .. } => self.authorize_owner(&rights, name),
            Statement::AlterTable(a) => match &a.action {
                Action::RowSecurity { .. } => Ok(()),
                Action::Append { from, .. } => {
                    self.authorize_owner(&rights, from)?;
                    self.authorize_on(&rights, &a.name, "alter")
                }
                Action::Owner(_) => self.authorize_owner(&rights, &a.name),
                _ => self.authorize_on(&rights, &a.name, "alter"),
            },
            Statement::CreateTable(t) if !t.temporary => self.authorize_new(&rights, &t.name),
            Statement::CreateView(v) => {
                self.authorize_new(&rights, &v.name)?;
                if v.replace && self.engine.relation(&v.name).is_ok() {
                    self.authorize_owner(&rights, &v.name)?;
                }
                Ok(())
            }
            Statement::CreateSchema { .. } => {
                let database = self.engine.database().unwrap_or_default();
                let owner = account.databases.get(database).map(|d| d.owner.as_str());
                if owner == Some(&user) || rights.granted("database", database, "create") {
                    Ok(())
                } else {
                    Err(denied("database", database))
                }
            }
            Statement::AlterSchema { name, .. } => self.authorize_schema(&rights, &self.fold(name)),
            Statement::CreateDatabase { .. } => {
                let key = (dwsim_engine::catalog::ObjectKind::User, user.clone());
                let may = matches!(account.objects.get(&key), Some(Object::Other(o)) if o.properties.contains_key("createdb"));
                if may {
                    Ok(())
                } else {
                    Err(needs("CREATE DATABASE"))
                }
            }
            Statement::AlterDatabase { name, .. } => {
                let name = self.fold(name);
                match account.databases.get(&name) {
                    Some(d) if d.owner != user => Err(not_owner("database", &name)),
                    _ => Ok(()),
                }
            }
            Statement::Drop { kind, names, .. } => self.authorize_drop(&rights, *kind, names),
            Statement::Principal {
                kind,
                create,
                name,
                options,
            } => {
                let own = !create
                    && *kind == Kind::User
                    && name.value.to_lowercase() == user
                    && options
                        .iter()
                        .all(|(o, _)| matches!(o.as_str(), "password" | "set" | "reset"));
                if own {
                    Ok(())
                } else {
                    Err(needs("users, groups and roles need a superuser"))
                }
            }
            Statement::Grant(g) => {
                if g.defaults
                    .as_ref()
                    .is_some_and(|d| d.users.iter().any(|u| *u != user))
                {
                    return Err(needs("default privileges of other users"));
                }
                match &g.on {
                    _ if g.defaults.is_some() => Ok(()),
                    Some((kind, names)) if kind == "table" => names
                        .iter()
                        .try_for_each(|n| self.authorize_owner(&rights, n)),
                    Some((kind, names)) if kind.ends_with("schema") => names
                        .iter()
                        .try_for_each(|n| self.authorize_schema(&rights, &n.to_string())),
                    Some((kind, _)) => Err(needs(&format!("GRANT on {kind}"))),
                    None => Err(needs("GRANT of roles")),
                }
            }
            Statement::Comment {
                kind: Kind::Table | Kind::View,
                name,
                ..
            } => self.authorize_owner(&rights, name),
            Statement::Explain(inner)
            | Statement::Prepare {
                statement: inner, ..
            } => {
                let inner: &Parsed = inner;
                self.authorize(&inner.statement)
            }
            _ => Ok(()),
        }
    }

    /// A command acts as an IAM role only for those who may assume it.
    fn authorize_role(rights: &Rights<'_>, role: Option<&str>, command: &str) -> Result<()> {
        match role {
            Some(role) if !rights.assumes(&role.to_lowercase(), command) => Err(SqlError::raw(
                "",
                "42501",
                format!("user is not authorized to assume IAM role {role} for {command}"),
            )),
            _ => Ok(()),
        }
    }

    /// An existing relation; one that is missing is another error, which comes later.
    fn existing(&mut self, name: &ast::ObjectName) -> Option<(ObjectName, Object)> {
        self.engine.relation(name).ok()
    }

    fn authorize_on(
        &mut self,
        rights: &Rights<'_>,
        name: &ast::ObjectName,
        privilege: &str,
    ) -> Result<()> {
        match self.existing(name) {
            Some((name, object)) => rights.check(&name, &object, privilege),
            None => Ok(()),
        }
    }

    fn authorize_owner(&mut self, rights: &Rights<'_>, name: &ast::ObjectName) -> Result<()> {
        match self.existing(name) {
            Some((name, object)) if !rights.owns(owner_of(&object)) => {
                Err(not_owner("relation", &name.name))
            }
            _ => Ok(()),
        }
    }

    fn authorize_new(&mut self, rights: &Rights<'_>, name: &ast::ObjectName) -> Result<()> {
        match self.engine.resolve_name(name) {
            Ok(n) if !rights.schema(&n.database, &n.schema, "create") => {
                Err(denied("schema", &n.schema))
            }
            _ => Ok(()),
        }
    }

    fn authorize_schema(&self, rights: &Rights<'_>, schema: &str) -> Result<()> {
        let account = self.engine.snapshot();
        let database = self.engine.database().unwrap_or_default();
        match account
            .databases
            .get(database)
            .and_then(|d| d.schemas.get(schema))
        {
            Some(s) if !rights.owns(&s.owner) => Err(not_owner("schema", schema)),
            _ => Ok(()),
        }
    }

    fn authorize_dml(&mut self, rights: &Rights<'_>, statement: &ast::Statement) -> Result<()> {
        let Some(target) = super::targets::changed(statement).cloned() else {
            return Ok(());
        };
        let mut privileges = Vec::new();
        // UPDATE of columns on which it was granted, none of which is read.
        if let ast::Statement::Update(u) = statement
            && u.selection.is_none()
            && let Some((name, object)) = self.existing(&target)
            && !rights.relation(&name, &object, "update")
            && rights.schema(&name.database, &name.schema, "usage")
        {
            let assigned: Vec<String> = u
                .assignments
                .iter()
                .filter_map(|a| match &a.target {
                    ast::AssignmentTarget::ColumnName(c) => c.0.last()?.as_ident(),
                    ast::AssignmentTarget::Tuple(_) => None,
                })
                .map(|i| self.fold(i))
                .collect();
            let allowed = rights.columns(&name, assigned.iter().map(String::as_str), "update");
            if !assigned.is_empty() && allowed.len() == u.assignments.len() {
                return Ok(());
            }
        }
        match statement {
            ast::Statement::Insert(_) => privileges.push("insert"),
            ast::Statement::Update(u) => {
                privileges.push("update");
                if u.selection.is_some() {
                    privileges.push("select");
                }
            }
            ast::Statement::Delete(d) => {
                privileges.push("delete");
                if d.selection.is_some() {
                    privileges.push("select");
                }
            }
            ast::Statement::Merge(m) => {
                privileges.push("select");
                for c in &m.clauses {
                    privileges.push(match &c.action {
                        ast::MergeAction::Insert(_) => "insert",
                        ast::MergeAction::Delete { .. } => "delete",
                        _ => "update",
                    });
                }
            }
            _ => {}
        }
        privileges
            .into_iter()
            .try_for_each(|p| self.authorize_on(rights, &target, p))
    }

    fn authorize_drop(
        &mut self,
        rights: &Rights<'_>,
        kind: Kind,
        names: &[ast::ObjectName],
    ) -> Result<()> {
        match kind {
            Kind::Table | Kind::View | Kind::MaterializedView => names
                .iter()
                .try_for_each(|n| self.authorize_on(rights, n, "drop")),
            Kind::Schema => names.iter().try_for_each(|n| {
                let schema =
                    n.0.last()
                        .and_then(|p| p.as_ident())
                        .map(|i| self.fold(i))
                        .unwrap_or_default();
                self.authorize_schema(rights, &schema)
            }),
            Kind::User | Kind::Group | Kind::Role => {
                Err(needs("users, groups and roles need a superuser"))
            }
            Kind::Database => {
                let account = self.engine.snapshot();
                names.iter().try_for_each(|n| {
                    let name = n.to_string().to_lowercase();
                    match account.databases.get(&name) {
                        Some(d) if !rights.owns(&d.owner) => Err(not_owner("database", &name)),
                        _ => Ok(()),
                    }
                })
            }
            _ => Ok(()),
        }
    }
}
