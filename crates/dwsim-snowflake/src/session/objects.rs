//! Databases, schemas, and the objects that are kept as options: stages, file formats, warehouses, roles, users.
//! Tables, views and sequences are the engine's.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Database, Object, ObjectKind, OtherObject, Schema, next_oid};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use sqlparser::ast;

use super::answer::title;
use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::fold;
use crate::parse::{CreateObject, OptionValue, Options};

/// Kinds that belong to the account and not to a schema.
fn is_account_level(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Warehouse | ObjectKind::Role | ObjectKind::User | ObjectKind::Integration
    )
}

/// Kinds whose temporary objects are the session's alone and end with it.
fn kept_for_session(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Stage | ObjectKind::FileFormat)
}

/// Options as the catalog keeps them: texts by name; nested ones with a dotted name.
pub(super) fn properties(options: &Options) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (name, value) in &options.0 {
        match value {
            OptionValue::Word(s, _) => {
                out.insert(name.clone(), s.clone());
            }
            OptionValue::List(items) => {
                let json = serde_json::Value::from(items.clone());
                out.insert(name.clone(), json.to_string());
            }
            OptionValue::Nested(inner) => {
                for (k, v) in properties(inner) {
                    out.insert(format!("{name}.{k}"), v);
                }
            }
        }
    }
    out
}

fn last(name: &ast::ObjectName) -> String {
    name.0
        .last()
        .and_then(|p| p.as_ident())
        .map(fold)
        .unwrap_or_default()
}

fn exists(kind: &'static str, name: &str) -> SqlError {
    ErrorKind::ObjectExists {
        kind,
        name: name.to_owned(),
    }
    .into()
}

impl SnowflakeSession {
    fn owner(&self) -> String {
        self.inner.role.clone()
    }

    pub(super) fn create_database(&mut self, o: &CreateObject) -> Result<Answer> {
        let name = last(&o.name);
        let owner = self.owner();
        let source = o.clone.as_ref().map(last);
        let mut made = false;
        self.inner.change(|t| {
            made = false;
            if t.database(&name).is_some() && !o.or_replace {
                return if o.if_not_exists {
                    Ok(())
                } else {
                    Err(exists("database", &name))
                };
            }
            let mut db = match &source {
                Some(s) => t
                    .database(s)
                    .ok_or_else(|| missing("database", s))?
                    .fork(&owner),
                None => {
                    let mut db = Database::new(&owner);
                    let schemas =
                        BTreeMap::from([("PUBLIC".to_owned(), Arc::new(Schema::new(&owner)))]);
                    db.schemas = Arc::new(schemas);
                    db
                }
            };
            db.comment = o.options.text("COMMENT").map(str::to_owned);
            db.properties = properties(&o.options);
            t.set_database(&name, Some(db));
            made = true;
            Ok(())
        })?;
        if !made {
            return Answer::status(
                StatementKind::Ddl,
                format!("{name} already exists, statement succeeded."),
            );
        }
        self.inner.use_database(&name, vec!["PUBLIC".into()])?;
        Answer::status(
            StatementKind::Ddl,
            format!("Database {name} successfully created."),
        )
    }

    /// ALTER DATABASE a SWAP WITH b: each has the other's contents afterwards.
    pub(super) fn swap_databases(
        &mut self,
        a: &ast::ObjectName,
        b: &ast::ObjectName,
    ) -> Result<Answer> {
        let (a, b) = (last(a), last(b));
        self.inner.change(|t| {
            let of = |n: &str| -> Result<Database> {
                let found = t.database(n).ok_or_else(|| missing("database", n))?;
                Ok(Database::clone(found))
            };
            let (first, second) = (of(&a)?, of(&b)?);
            t.set_database(&a, Some(second));
            t.set_database(&b, Some(first));
            Ok(())
        })?;
        Answer::success(StatementKind::Ddl)
    }

    pub(super) fn create_schema(&mut self, o: &CreateObject) -> Result<Answer> {
        let parts = |n: &ast::ObjectName| -> Vec<String> {
            n.0.iter().filter_map(|p| p.as_ident()).map(fold).collect()
        };
        let (db, name) = self.schema_name(&parts(&o.name))?;
        let source = o
            .clone
            .as_ref()
            .map(|n| self.schema_name(&parts(n)))
            .transpose()?;
        let owner = self.owner();
        let mut made = false;
        self.inner.change(|t| {
            made = false;
            if t.schema(&db, &name).is_some() && !o.or_replace {
                return if o.if_not_exists {
                    Ok(())
                } else {
                    Err(exists("schema", &name))
                };
            }
            let mut schema = Schema::new(&owner);
            if let Some((d, s)) = &source {
                let from = t.schema(d, s).ok_or_else(|| missing("schema", s))?;
                schema.objects = from.objects.clone();
            }
            schema.comment = o.options.text("COMMENT").map(str::to_owned);
            schema.properties = properties(&o.options);
            t.set_schema(&db, &name, Some(schema))?;
            made = true;
            Ok(())
        })?;
        if !made {
            return Answer::status(
                StatementKind::Ddl,
                format!("{name} already exists, statement succeeded."),
            );
        }
        self.inner.use_schema(&db, &name)?;
        Answer::status(
            StatementKind::Ddl,
            format!("Schema {name} successfully created."),
        )
    }

    pub(super) fn create_kept(&mut self, o: &CreateObject) -> Result<Answer> {
        match o.kind {
            ObjectKind::Stage => super::stage::check_options(&o.options)?,
            ObjectKind::FileFormat => super::file_format::check(&o.options)?,
            _ => {}
        }
        if o.clone.is_some() {
            return Err(SqlError::unsupported(format!(
                "CREATE {} … CLONE",
                o.kind.word().to_uppercase()
            )));
        }
        let oid = next_oid();
        let object = Object::Other(Arc::new(OtherObject {
            oid,
            owner: self.owner(),
            comment: o.options.text("COMMENT").map(str::to_owned),
            created: chrono::Utc::now().timestamp(),
            properties: properties(&o.options),
            definition: serde_json::Value::Null,
        }));
        let name = last(&o.name);
        let made = if is_account_level(o.kind) {
            let mut made = false;
            self.inner.change(|t| {
                let there = t.account().objects.contains_key(&(o.kind, name.clone()));
                made = !there || o.or_replace;
                if made {
                    t.set_account_object(o.kind, &name, Some(object.clone()));
                } else if !o.if_not_exists {
                    return Err(exists(o.kind.word(), &name));
                }
                Ok(())
            })?;
            made
        } else {
            let temporary = o.temporary && kept_for_session(o.kind);
            let full = if temporary {
                self.inner.new_name(&o.name, true)?
            } else {
                self.inner.resolve_name(&o.name)?
            };
            let made =
                self.inner
                    .create_object(o.kind, &full, &object, o.if_not_exists, o.or_replace)?;
            if made && temporary && o.kind == ObjectKind::Stage {
                let database = self.database_oid(&full.database);
                self.own_files.push(format!("stage/{database}/{oid}/"));
            }
            made
        };
        let text = match (made, o.kind) {
            (false, _) => format!("{name} already exists, statement succeeded."),
            (true, ObjectKind::Stage) => format!("Stage area {name} successfully created."),
            (true, kind) => {
                let own = o
                    .options
                    .text(crate::policies::KIND)
                    .map(|k| k.replace('_', " "));
                let word = own.unwrap_or_else(|| kind.word().to_owned());
                format!("{} {name} successfully created.", title(&word))
            }
        };
        Answer::status(StatementKind::Ddl, text)
    }

    pub(super) fn drop_kept(
        &mut self,
        kind: Option<ObjectKind>,
        name: &ast::ObjectName,
        if_exists: bool,
    ) -> Result<Answer> {
        let shown = last(name);
        let outcome = match kind {
            None => self.inner.drop_database(&shown).map(drop),
            Some(kind) if is_account_level(kind) => self.inner.change(|t| {
                if !t.account().objects.contains_key(&(kind, shown.clone())) {
                    return Err(missing(kind.word(), &shown));
                }
                t.set_account_object(kind, &shown, None);
                Ok(())
            }),
            Some(kind) => self.inner.drop_object(kind, name).map(drop),
        };
        match outcome {
            Ok(()) => Answer::status(StatementKind::Ddl, format!("{shown} successfully dropped.")),
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                Answer::status(
                    StatementKind::Ddl,
                    format!("Drop statement executed successfully ({shown} already dropped)."),
                )
            }
            Err(e) => Err(e),
        }
    }

    pub(super) fn alter_kept(
        &mut self,
        kind: Option<ObjectKind>,
        name: &ast::ObjectName,
        if_exists: bool,
        rename: Option<&ast::ObjectName>,
        options: &Options,
    ) -> Result<Answer> {
        let shown = last(name);
        let target = rename.map(last);
        let changes = properties(options);
        let outcome = match kind {
            None => self.inner.change(|t| {
                let mut db = Database::clone(
                    t.database(&shown)
                        .ok_or_else(|| missing("database", &shown))?,
                );
                if let Some(c) = changes.get("COMMENT") {
                    db.comment = Some(c.clone());
                }
                for (k, v) in &changes {
                    match k.strip_prefix("UNSET ") {
                        Some("COMMENT") => db.comment = None,
                        Some(k) => {
                            db.properties.remove(k);
                        }
                        None => {
                            db.properties.insert(k.clone(), v.clone());
                        }
                    }
                }
                match &target {
                    Some(to) if t.database(to).is_some() => return Err(exists("database", to)),
                    Some(to) => {
                        t.set_database(&shown, None);
                        t.set_database(to, Some(db));
                    }
                    None => t.set_database(&shown, Some(db)),
                }
                Ok(())
            }),
            Some(kind) => {
                match kind {
                    ObjectKind::Stage => super::stage::check_options(options)?,
                    ObjectKind::FileFormat => super::file_format::check(options)?,
                    _ => {}
                }
                let change = |o: &Object| -> Result<Object> {
                    let Object::Other(o) = o else {
                        return Err(SqlError::internal("a kept object of another kind"));
                    };
                    let mut o = OtherObject::clone(o);
                    if let Some(c) = changes.get("COMMENT") {
                        o.comment = Some(c.clone());
                    }
                    for (k, v) in &changes {
                        match k.strip_prefix("UNSET ") {
                            Some("COMMENT") => o.comment = None,
                            Some(k) => {
                                o.properties.remove(k);
                            }
                            None => {
                                o.properties.insert(k.clone(), v.clone());
                            }
                        }
                    }
                    Ok(Object::Other(Arc::new(o)))
                };
                if is_account_level(kind) {
                    self.inner.change(|t| {
                        let key = (kind, shown.clone());
                        let new = change(
                            t.account()
                                .objects
                                .get(&key)
                                .ok_or_else(|| missing(kind.word(), &shown))?,
                        )?;
                        if target.is_some() {
                            t.set_account_object(kind, &shown, None);
                        }
                        t.set_account_object(kind, target.as_deref().unwrap_or(&shown), Some(new));
                        Ok(())
                    })
                } else {
                    let full = self.inner.object_name(kind, name)?;
                    let to = rename.map(|n| self.inner.resolve_name(n)).transpose()?;
                    self.inner.change(|t| {
                        let new = change(
                            t.object(kind, &full)
                                .ok_or_else(|| missing(kind.word(), &full.name))?,
                        )?;
                        if let Some(to) = &to {
                            if t.object(kind, to).is_some() {
                                return Err(exists(kind.word(), &to.name));
                            }
                            t.set_object(kind, &full, None)?;
                        }
                        t.set_object(kind, to.as_ref().unwrap_or(&full), Some(new))
                    })
                }
            }
        };
        match outcome {
            Ok(()) => Answer::success(StatementKind::Ddl),
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                Answer::success(StatementKind::Ddl)
            }
            Err(e) => Err(e),
        }
    }
}
