//! ALTER TABLE, VIEW, SCHEMA and SEQUENCE as far as they set properties, and CREATE SEQUENCE.
//! Columns, keys and names of tables are altered by the engine.

use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, Schema, SequenceDef, TableDef, ViewDef};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use sqlparser::ast;

use super::objects::properties;
use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::fold;
use crate::parse::{Change, CreateSequence, Options};

/// Properties of tables that are kept and shown, and those that time travel and loading read.
const TABLE: &[&str] = &[
    "COMMENT",
    "CHANGE_TRACKING",
    "DATA_RETENTION_TIME_IN_DAYS",
    "MAX_DATA_EXTENSION_TIME_IN_DAYS",
    "DEFAULT_DDL_COLLATION",
    "ENABLE_SCHEMA_EVOLUTION",
];

/// What SET and UNSET say: options with values, and names without.
fn split(change: &Change) -> Result<(Options, Vec<String>)> {
    match change {
        Change::Set(o) => Ok((o.clone(), Vec::new())),
        Change::Unset(names) => Ok((Options::default(), names.clone())),
        other => Err(SqlError::unsupported(format!("ALTER … {other:?}"))),
    }
}

impl SnowflakeSession {
    pub(super) fn create_sequence(&mut self, s: &CreateSequence) -> Result<Answer> {
        let done =
            self.inner
                .create_sequence(&s.name, s.if_not_exists, s.or_replace, &s.numbers)?;
        if let (false, Some(text)) = (done.skipped, &s.comment) {
            self.comment("SEQUENCE", &s.name, text, false)?;
        }
        Answer::completion(&done)
    }

    pub(super) fn change_properties(
        &mut self,
        word: &str,
        name: &ast::ObjectName,
        if_exists: bool,
        change: &Change,
    ) -> Result<Answer> {
        let outcome = match word {
            "TABLE" => self.change_table(name, change),
            "VIEW" => self.change_view(name, change),
            "SCHEMA" => self.change_schema(name, change),
            _ => self.change_sequence(name, change),
        };
        match outcome {
            Ok(()) => Answer::success(StatementKind::Ddl),
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                Answer::success(StatementKind::Ddl)
            }
            Err(e) => Err(e),
        }
    }

    fn change_table(&mut self, name: &ast::ObjectName, change: &Change) -> Result<()> {
        let (set, unset) = split(change)?;
        set.only(TABLE)?;
        let (full, _) = self.inner.table(name)?;
        let values = properties(&set);
        self.inner.change(|t| {
            let Some(Object::Table(e)) = t.object(ObjectKind::Relation, &full) else {
                return Err(missing("table", full.to_string()));
            };
            let mut def = TableDef::clone(&e.def);
            for (k, v) in &values {
                if k == "COMMENT" {
                    def.comment = Some(v.clone());
                } else {
                    def.properties.insert(k.to_lowercase(), v.clone());
                }
            }
            for k in &unset {
                if k == "COMMENT" {
                    def.comment = None;
                }
                def.properties.remove(&k.to_lowercase());
            }
            let entry = e.with_def(def, e.data.as_ref().clone());
            t.set_object(
                ObjectKind::Relation,
                &full,
                Some(Object::Table(Arc::new(entry))),
            )
        })
    }

    /// ALTER TABLE … DROP UNIQUE or FOREIGN KEY of these columns.
    pub(super) fn drop_key(
        &mut self,
        name: &ast::ObjectName,
        kind: &str,
        columns: &[ast::Ident],
    ) -> Result<()> {
        let (full, _) = self.inner.table(name)?;
        let columns: Vec<String> = columns.iter().map(fold).collect();
        self.inner.change(|t| {
            let Some(Object::Table(e)) = t.object(ObjectKind::Relation, &full) else {
                return Err(missing("table", full.to_string()));
            };
            let mut def = TableDef::clone(&e.def);
            let before = def.constraints.len();
            def.constraints
                .retain(|k| k.kind != kind || k.columns != columns);
            if def.constraints.len() == before {
                return Err(SqlError::raw(
                    "002055",
                    "42601",
                    format!(
                        "SQL compilation error:\n{kind} constraint on ({}) does not exist.",
                        columns.join(", ")
                    ),
                ));
            }
            let entry = e.with_def(def, e.data.as_ref().clone());
            t.set_object(
                ObjectKind::Relation,
                &full,
                Some(Object::Table(Arc::new(entry))),
            )
        })
    }

    /// Gives a constraint another name.
    pub(super) fn rename_constraint(
        &mut self,
        name: &ast::ObjectName,
        from: &str,
        to: &str,
    ) -> Result<()> {
        let (full, entry) = self.inner.table(name)?;
        if !entry.def.constraints.iter().any(|k| k.name == from) {
            return Err(SqlError::raw(
                "002055",
                "42601",
                format!("SQL compilation error:\nConstraint '{from}' does not exist."),
            ));
        }
        self.redefine(&full, |def| {
            for k in def.constraints.iter_mut().filter(|k| k.name == from) {
                to.clone_into(&mut k.name);
            }
        })
    }

    fn change_view(&mut self, name: &ast::ObjectName, change: &Change) -> Result<()> {
        let (set, unset) = split(change)?;
        set.only(&["COMMENT", "CHANGE_TRACKING"])?;
        let (full, _) = self.inner.relation(name)?;
        let values = properties(&set);
        self.inner.change(|t| {
            let Some(Object::View(v)) = t.object(ObjectKind::Relation, &full) else {
                return Err(missing("view", full.to_string()));
            };
            let mut v = ViewDef::clone(v);
            for (k, text) in &values {
                if k == "COMMENT" {
                    v.comment = Some(text.clone());
                } else {
                    v.properties.insert(k.to_lowercase(), text.clone());
                }
            }
            for k in &unset {
                match k.as_str() {
                    "COMMENT" => v.comment = None,
                    "SECURE" => {
                        v.properties.remove("secure");
                    }
                    _ => {
                        v.properties.remove(&k.to_lowercase());
                    }
                }
            }
            t.set_object(ObjectKind::Relation, &full, Some(Object::View(Arc::new(v))))
        })
    }

    fn change_schema(&mut self, name: &ast::ObjectName, change: &Change) -> Result<()> {
        let parts = |n: &ast::ObjectName| -> Vec<String> {
            n.0.iter().filter_map(|p| p.as_ident()).map(fold).collect()
        };
        let (db, schema) = self.schema_name(&parts(name))?;
        let current =
            self.inner.database() == Some(&db) && self.inner.schema() == Some(schema.as_str());
        let to = match change {
            Change::Rename(n) => Some(self.schema_name(&parts(n))?),
            _ => None,
        };
        let (set, unset) = match change {
            Change::Rename(_) => (Options::default(), Vec::new()),
            other => split(other)?,
        };
        let values = properties(&set);
        self.inner.change(|t| {
            let s = t
                .schema(&db, &schema)
                .ok_or_else(|| missing("schema", format!("{db}.{schema}")))?;
            let mut s = Schema::clone(s);
            for (k, v) in &values {
                if k == "COMMENT" {
                    s.comment = Some(v.clone());
                }
                s.properties.insert(k.clone(), v.clone());
            }
            for k in &unset {
                if k == "COMMENT" {
                    s.comment = None;
                }
                s.properties.remove(k);
            }
            if let Some((to_db, to_name)) = &to {
                if t.schema(to_db, to_name).is_some() {
                    return Err(ErrorKind::ObjectExists {
                        kind: "schema",
                        name: to_name.clone(),
                    }
                    .into());
                }
                t.set_schema(&db, &schema, None)?;
                return t.set_schema(to_db, to_name, Some(s));
            }
            t.set_schema(&db, &schema, Some(s))
        })?;
        if let (true, Some((to_db, to_name))) = (current, to) {
            self.inner.set_context(Some(to_db), vec![to_name]);
        }
        Ok(())
    }

    fn change_sequence(&mut self, name: &ast::ObjectName, change: &Change) -> Result<()> {
        let full = self.inner.resolve_name(name)?;
        let to = match change {
            Change::Rename(n) => Some(self.inner.resolve_name(n)?),
            _ => None,
        };
        let (set, unset) = match change {
            Change::Rename(_) => (Options::default(), Vec::new()),
            other => split(other)?,
        };
        set.only(&["COMMENT", "INCREMENT"])?;
        let step = match set.text("INCREMENT") {
            None => None,
            Some(n) => Some(
                n.parse::<i64>()
                    .map_err(|_| crate::parse::invalid_option("INCREMENT"))?,
            ),
        };
        self.inner.change(|t| {
            let Some(Object::Sequence(s)) = t.object(ObjectKind::Sequence, &full) else {
                return Err(missing("sequence", full.to_string()));
            };
            let mut s = SequenceDef::clone(s);
            if let Some(c) = set.text("COMMENT") {
                s.comment = Some(c.to_owned());
            }
            if unset.iter().any(|u| u == "COMMENT") {
                s.comment = None;
            }
            if let Some(step) = step {
                s.step = step;
            }
            if let Some(to) = &to {
                if t.object(ObjectKind::Sequence, to).is_some() {
                    return Err(ErrorKind::ObjectExists {
                        kind: "sequence",
                        name: to.name.clone(),
                    }
                    .into());
                }
                t.set_object(ObjectKind::Sequence, &full, None)?;
            }
            t.set_object(
                ObjectKind::Sequence,
                to.as_ref().unwrap_or(&full),
                Some(Object::Sequence(Arc::new(s))),
            )
        })
    }
}
