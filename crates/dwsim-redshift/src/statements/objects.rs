//! Schemas, databases (with dwsim's fork by TEMPLATE), DROP with dependencies, COMMENT.
//! Tables and views are made in their own modules.

use std::sync::Arc;

use dwsim_engine::catalog::{Database, Object, ObjectKind, ObjectName, Schema, TableDef, ViewDef};
use dwsim_engine::dialect::Dialect;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::session::is_temp_schema;
use sqlparser::ast;

use super::materialized::MATERIALIZED;
use super::outcome::Outcome;
use super::session::RedshiftSession;
use crate::parse::Kind;
use crate::protocol::Notice;

fn missing(kind: &'static str, name: &str) -> SqlError {
    ErrorKind::UnknownObject {
        kind,
        name: name.to_owned(),
    }
    .into()
}

fn done(tag: &str) -> Result<Outcome> {
    Ok(Outcome::Done(tag.to_owned()))
}

/// Property of a schema: its quota in megabytes.
pub(crate) const QUOTA: &str = "quota";

fn set_quota(schema: &mut Schema, quota: Option<u64>) {
    match quota {
        Some(megabytes) => {
            let text = megabytes.to_string();
            schema.properties.insert(QUOTA.into(), text);
        }
        None => {
            schema.properties.remove(QUOTA);
        }
    }
}

impl RedshiftSession {
    fn current_database(&self) -> String {
        self.engine.database().unwrap_or_default().to_owned()
    }

    fn parts(&self, name: &ast::ObjectName) -> Vec<String> {
        name.0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| self.fold(i))
            .collect()
    }

    pub(super) fn create_schema(
        &mut self,
        name: Option<&ast::Ident>,
        if_not_exists: bool,
        owner: Option<&ast::Ident>,
        quota: Option<u64>,
    ) -> Result<Outcome> {
        let owner = owner.map(|o| o.value.to_lowercase());
        let Some(schema) = name.map(|n| self.fold(n)).or_else(|| owner.clone()) else {
            return Err(SqlError::internal("CREATE SCHEMA without a name"));
        };
        if schema.starts_with("pg_") {
            return Err(SqlError::raw(
                "",
                "42939",
                format!("unacceptable schema name \"{schema}\""),
            ));
        }
        let database = self.current_database();
        let owner = owner.unwrap_or_else(|| self.engine.user.clone());
        let made = self.engine.change(|t| {
            if t.schema(&database, &schema).is_some() {
                return if if_not_exists {
                    Ok(false)
                } else {
                    Err(ErrorKind::ObjectExists {
                        kind: "schema",
                        name: schema.clone(),
                    }
                    .into())
                };
            }
            let mut new = Schema::new(owner.clone());
            set_quota(&mut new, quota);
            t.set_schema(&database, &schema, Some(new))?;
            Ok(true)
        })?;
        if !made {
            self.notices.push(Notice::info(format!(
                "Schema \"{schema}\" already exists and will be skipped"
            )));
        }
        done("CREATE SCHEMA")
    }

    pub(super) fn alter_schema(
        &mut self,
        name: &ast::Ident,
        rename: Option<&ast::Ident>,
        owner: Option<&ast::Ident>,
        quota: Option<Option<u64>>,
    ) -> Result<Outcome> {
        let database = self.current_database();
        let from = self.fold(name);
        let to = rename.map(|i| self.fold(i));
        let owner = owner.map(|i| i.value.to_lowercase());
        self.engine.change(|t| {
            let mut schema = t
                .schema(&database, &from)
                .map(|s| Schema::clone(s))
                .ok_or_else(|| missing("schema", &from))?;
            if let Some(owner) = &owner {
                schema.owner.clone_from(owner);
            }
            if let Some(quota) = quota {
                set_quota(&mut schema, quota);
            }
            match &to {
                Some(to) if *to != from => {
                    if t.schema(&database, to).is_some() {
                        return Err(ErrorKind::ObjectExists {
                            kind: "schema",
                            name: to.clone(),
                        }
                        .into());
                    }
                    t.set_schema(&database, &from, None)?;
                    t.set_schema(&database, to, Some(schema))
                }
                _ => t.set_schema(&database, &from, Some(schema)),
            }
        })?;
        done("ALTER SCHEMA")
    }

    /// CREATE DATABASE. With TEMPLATE, which is dwsim's own, the new database starts as a copy that shares all
    /// data with the template: its cost does not depend on the amount of data.
    pub(super) fn create_database(
        &mut self,
        name: &ast::Ident,
        owner: Option<&ast::Ident>,
        template: Option<&ast::Ident>,
        properties: &[(String, String)],
    ) -> Result<Outcome> {
        if self.in_block() {
            return Err(SqlError::raw(
                "",
                "25001",
                "CREATE DATABASE cannot run inside a transaction block",
            ));
        }
        let name = self.fold(name);
        let owner = owner.map_or_else(|| self.engine.user.clone(), |o| o.value.to_lowercase());
        let template = template.map(|t| self.fold(t));
        self.engine.change(|t| {
            if t.database(&name).is_some() {
                return Err(ErrorKind::ObjectExists {
                    kind: "database",
                    name: name.clone(),
                }
                .into());
            }
            let mut db = match template.as_deref() {
                // PostgreSQL's standard templates are empty databases.
                None | Some("template0" | "template1") => super::cluster::database(&owner),
                Some(template) => {
                    let source = t
                        .database(template)
                        .ok_or_else(|| missing("database", template))?;
                    let mut fork = source.fork(&owner);
                    // Temporary objects belong to other sessions.
                    if fork.schemas.keys().any(|s| is_temp_schema(s)) {
                        Arc::make_mut(&mut fork.schemas).retain(|s, _| !is_temp_schema(s));
                    }
                    fork
                }
            };
            db.properties.extend(properties.iter().cloned());
            t.set_database(&name, Some(db));
            Ok(())
        })?;
        done("CREATE DATABASE")
    }

    pub(super) fn alter_database(
        &mut self,
        name: &ast::Ident,
        rename: Option<&ast::Ident>,
        owner: Option<&ast::Ident>,
        properties: &[(String, String)],
    ) -> Result<Outcome> {
        let from = self.fold(name);
        let to = rename.map(|i| self.fold(i));
        let owner = owner.map(|i| i.value.to_lowercase());
        if to.is_some() && self.current_database() == from {
            return Err(SqlError::raw(
                "",
                "0A000",
                "current database may not be renamed",
            ));
        }
        self.engine.change(|t| {
            let mut db = t
                .database(&from)
                .map(|d| Database::clone(d))
                .ok_or_else(|| missing("database", &from))?;
            if let Some(owner) = &owner {
                db.owner.clone_from(owner);
            }
            db.properties.extend(properties.iter().cloned());
            match &to {
                Some(to) if *to != from => {
                    if t.database(to).is_some() {
                        return Err(ErrorKind::ObjectExists {
                            kind: "database",
                            name: to.clone(),
                        }
                        .into());
                    }
                    t.set_database(&from, None);
                    t.set_database(to, Some(db));
                }
                _ => t.set_database(&from, Some(db)),
            }
            Ok(())
        })?;
        done("ALTER DATABASE")
    }

    /// Views whose queries use an object, in the same database. Late-binding views depend on nothing.
    pub(super) fn dependents(&mut self, on: &ObjectName) -> Result<Vec<ObjectName>> {
        let view = self.engine.view()?;
        let mut found = Vec::new();
        let Some(db) = view.database(&on.database) else {
            return Ok(found);
        };
        for (schema, s) in db.schemas.iter() {
            for ((kind, name), object) in &s.objects {
                if *kind != ObjectKind::Relation {
                    continue;
                }
                let (query, context) = match object {
                    Object::View(v) if !v.late_binding => (v.query.clone(), v.context.1.clone()),
                    Object::Table(t) => match t.def.properties.get(MATERIALIZED) {
                        Some(q) => (q.clone(), None),
                        None => continue,
                    },
                    _ => continue,
                };
                // Names are told apart cheaply before the query is bound.
                if !query.to_lowercase().contains(&on.name.to_lowercase()) {
                    continue;
                }
                let Ok(parsed) = self.rules.parse_query(&query) else {
                    continue;
                };
                let mut binder = self.engine.binder(self.engine.env(), &view, &[]);
                if let Some(schema) = context {
                    binder.search_path.insert(0, (on.database.clone(), schema));
                }
                if binder.top_query(&parsed).is_ok() && binder.used.contains(on) {
                    found.push(ObjectName {
                        database: on.database.clone(),
                        schema: schema.clone(),
                        name: name.clone(),
                    });
                }
            }
        }
        Ok(found)
    }

    pub(super) async fn drop(
        &mut self,
        kind: Kind,
        names: &[ast::ObjectName],
        signature: Option<&str>,
        if_exists: bool,
        cascade: bool,
    ) -> Result<Outcome> {
        let tag = match kind {
            Kind::Table => "DROP TABLE",
            Kind::View => "DROP VIEW",
            Kind::MaterializedView => "DROP MATERIALIZED VIEW",
            Kind::Schema => "DROP SCHEMA",
            Kind::Database => "DROP DATABASE",
            Kind::Function => "DROP FUNCTION",
            Kind::Procedure => "DROP PROCEDURE",
            Kind::User => "DROP USER",
            Kind::Group => "DROP GROUP",
            Kind::Role => "DROP ROLE",
            other => return Err(SqlError::unsupported(format!("DROP {other:?}"))),
        };
        if kind == Kind::Database && self.in_block() {
            return Err(SqlError::raw(
                "",
                "25001",
                "DROP DATABASE cannot run inside a transaction block",
            ));
        }
        self.atomically(async |s| {
            for name in names {
                match s.drop_one(kind, name, signature, cascade) {
                    Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                        let word = tag.trim_start_matches("DROP ");
                        let mut word = word.to_lowercase();
                        word[..1].make_ascii_uppercase();
                        s.notices.push(Notice::info(format!(
                            "{word} \"{name}\" does not exist and will be skipped"
                        )));
                    }
                    other => other?,
                }
            }
            Ok(())
        })
        .await?;
        done(tag)
    }

    fn drop_one(
        &mut self,
        kind: Kind,
        name: &ast::ObjectName,
        signature: Option<&str>,
        cascade: bool,
    ) -> Result<()> {
        match kind {
            Kind::Table | Kind::View | Kind::MaterializedView => {
                self.drop_relation(kind, name, cascade)
            }
            Kind::Schema => self.drop_schema(name, cascade),
            Kind::Database => {
                let parts = self.parts(name);
                let [name] = parts.as_slice() else {
                    return Err(missing("database", &parts.join(".")));
                };
                self.engine.drop_database(name).map(|_| ())
            }
            Kind::User | Kind::Group | Kind::Role => {
                let parts = self.parts(name);
                self.drop_principal(kind, parts.last().map_or("", String::as_str))
            }
            Kind::Function => self.drop_routine(ObjectKind::Function, name, signature),
            _ => self.drop_routine(ObjectKind::Procedure, name, signature),
        }
    }

    fn drop_relation(
        &mut self,
        kind: Kind,
        written: &ast::ObjectName,
        cascade: bool,
    ) -> Result<()> {
        let (name, object) = self.engine.relation(written)?;
        let materialized =
            matches!(&object, Object::Table(t) if t.def.properties.contains_key(MATERIALIZED));
        let is = match &object {
            Object::Table(_) if materialized => Kind::MaterializedView,
            Object::Table(_) => Kind::Table,
            _ => Kind::View,
        };
        // dbt drops materialized views by DROP MATERIALIZED VIEW, and views by DROP VIEW.
        if is != kind {
            let word = match kind {
                Kind::Table => "table",
                Kind::View => "view",
                _ => "materialized view",
            };
            return Err(SqlError::raw(
                "",
                "42809",
                format!("\"{}\" is not a {word}", name.name),
            ));
        }
        self.drop_with_dependents(&name, cascade)
    }

    /// Drops the views of a list that lost a column of theirs, with what depends on them. Materialized views stay:
    /// they can be read and not refreshed.
    ///
    /// # Errors
    /// `2BP01` without `cascade`.
    pub(super) fn drop_broken(
        &mut self,
        views: &[ObjectName],
        what: &str,
        cascade: bool,
    ) -> Result<()> {
        for name in views {
            let view = self.engine.view()?;
            let Some(Object::View(def)) = view.object(ObjectKind::Relation, name) else {
                continue;
            };
            let def = Arc::clone(def);
            if self.is_whole(name, &def)? {
                continue;
            }
            if !cascade {
                return Err(SqlError::raw(
                    "",
                    "2BP01",
                    format!(
                        "cannot drop {what} because other objects depend on it\nview {} depends on it. Use DROP ... CASCADE to drop the dependent objects too.",
                        name.name
                    ),
                ));
            }
            self.drop_with_dependents(name, true)?;
        }
        Ok(())
    }

    fn drop_with_dependents(&mut self, name: &ObjectName, cascade: bool) -> Result<()> {
        let dependents = self.dependents(name)?;
        if !dependents.is_empty() && !cascade {
            return Err(SqlError::raw(
                "",
                "2BP01",
                format!(
                    "cannot drop table {} because other objects depend on it\nview {} depends on it. Use DROP ... CASCADE to drop the dependent objects too.",
                    name.name, dependents[0].name
                ),
            ));
        }
        for dependent in dependents {
            if dependent != *name {
                self.drop_with_dependents(&dependent, true)?;
            }
        }
        self.engine
            .change(|t| t.set_object(ObjectKind::Relation, name, None))?;
        self.move_grants(name, None)
    }

    fn drop_schema(&mut self, name: &ast::ObjectName, cascade: bool) -> Result<()> {
        let parts = self.parts(name);
        let (database, schema) = match parts.as_slice() {
            [s] => (self.current_database(), s.clone()),
            [d, s] => (d.clone(), s.clone()),
            _ => return Err(missing("schema", &parts.join("."))),
        };
        let view = self.engine.view()?;
        let Some(found) = view.schema(&database, &schema) else {
            return Err(missing("schema", &schema));
        };
        if !found.objects.is_empty() && !cascade {
            return Err(SqlError::raw(
                "",
                "2BP01",
                format!("cannot drop schema {schema} because other objects depend on it"),
            ));
        }
        let inside: Vec<ObjectName> = found
            .objects
            .keys()
            .filter(|(kind, _)| *kind == ObjectKind::Relation)
            .map(|(_, name)| ObjectName {
                database: database.clone(),
                schema: schema.clone(),
                name: name.clone(),
            })
            .collect();
        // Views elsewhere that use what is inside go with it.
        for name in inside {
            if self
                .engine
                .view()?
                .object(ObjectKind::Relation, &name)
                .is_some()
            {
                self.drop_with_dependents(&name, true)?;
            }
        }
        self.engine
            .change(|t| t.set_schema(&database, &schema, None))
    }

    pub(super) fn comment(
        &mut self,
        kind: Kind,
        name: &ast::ObjectName,
        on: Option<&ast::ObjectName>,
        text: Option<&str>,
    ) -> Result<Outcome> {
        let text = text.map(str::to_owned);
        match kind {
            Kind::Table | Kind::View => {
                let (name, object) = self.engine.relation(name)?;
                match object {
                    Object::Table(entry) => {
                        let mut def = TableDef::clone(&entry.def);
                        def.comment = text;
                        self.replace_def(&name, &entry, def)?;
                    }
                    Object::View(v) => {
                        let next = Arc::new(ViewDef {
                            comment: text,
                            ..ViewDef::clone(&v)
                        });
                        self.put_view(&name, &next)?;
                    }
                    _ => {}
                }
            }
            Kind::Column => {
                let mut parts = name.0.clone();
                let Some(column) = parts.pop().and_then(|p| p.as_ident().cloned()) else {
                    return Err(SqlError::raw("", "42601", "column name must be qualified"));
                };
                if parts.is_empty() {
                    return Err(SqlError::raw("", "42601", "column name must be qualified"));
                }
                let column = self.fold(&column);
                let (name, entry) = self.engine.table(&ast::ObjectName(parts))?;
                let mut def = TableDef::clone(&entry.def);
                let i = def
                    .index_of(&column)
                    .ok_or_else(|| ErrorKind::UnknownColumn(column.clone()))?;
                def.columns[i].comment = text;
                self.replace_def(&name, &entry, def)?;
            }
            Kind::Schema => {
                let database = self.current_database();
                let schema = self.parts(name).pop().unwrap_or_default();
                self.engine.change(|t| {
                    let mut s = t
                        .schema(&database, &schema)
                        .map(|s| Schema::clone(s))
                        .ok_or_else(|| missing("schema", &schema))?;
                    s.comment.clone_from(&text);
                    t.set_schema(&database, &schema, Some(s))
                })?;
            }
            Kind::Database => {
                let database = self.parts(name).pop().unwrap_or_default();
                self.engine.change(|t| {
                    let mut d = t
                        .database(&database)
                        .map(|d| Database::clone(d))
                        .ok_or_else(|| missing("database", &database))?;
                    d.comment.clone_from(&text);
                    t.set_database(&database, Some(d));
                    Ok(())
                })?;
            }
            Kind::Constraint => {
                let Some(on) = on else {
                    return Err(SqlError::raw(
                        "",
                        "42601",
                        "COMMENT ON CONSTRAINT needs ON and a table",
                    ));
                };
                let constraint = self.parts(name).pop().unwrap_or_default();
                let (name, entry) = self.engine.table(on)?;
                if !entry.def.constraints.iter().any(|c| c.name == constraint) {
                    return Err(SqlError::raw(
                        "",
                        "42704",
                        format!(
                            "constraint \"{constraint}\" for table \"{}\" does not exist",
                            name.name
                        ),
                    ));
                }
                let mut def = TableDef::clone(&entry.def);
                let key = format!("comment on constraint {constraint}");
                match text {
                    Some(t) => def.properties.insert(key, t),
                    None => def.properties.remove(&key),
                };
                self.replace_def(&name, &entry, def)?;
            }
            other => return Err(SqlError::unsupported(format!("COMMENT ON {other:?}"))),
        }
        done("COMMENT")
    }
}
