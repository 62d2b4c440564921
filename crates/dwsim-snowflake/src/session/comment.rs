//! COMMENT ON objects and columns.
//! Comments given with CREATE and ALTER are handled there.

use std::sync::Arc;

use dwsim_engine::catalog::{
    Database, Object, ObjectKind, OtherObject, Schema, SequenceDef, TableDef, TableEntry, ViewDef,
};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use sqlparser::ast;

use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::fold;

/// The object with another comment; `column` names a column of a table.
fn commented(object: &Object, column: Option<&str>, text: &str) -> Result<Object> {
    let comment = Some(text.to_owned());
    Ok(match (object, column) {
        (Object::Table(t), column) => {
            let mut def = TableDef::clone(&t.def);
            match column {
                None => def.comment = comment,
                Some(c) => {
                    let i = def
                        .index_of(c)
                        .ok_or_else(|| SqlError::new(ErrorKind::UnknownColumn(c.to_owned())))?;
                    def.columns[i].comment = comment;
                }
            }
            let entry: TableEntry = t.with_def(def, t.data.as_ref().clone());
            Object::Table(Arc::new(entry))
        }
        (Object::View(v), None) => Object::View(Arc::new(ViewDef {
            comment,
            ..ViewDef::clone(v)
        })),
        (Object::Sequence(s), None) => Object::Sequence(Arc::new(SequenceDef {
            comment,
            ..SequenceDef::clone(s)
        })),
        (Object::Other(o), None) => Object::Other(Arc::new(OtherObject {
            comment,
            ..OtherObject::clone(o)
        })),
        _ => return Err(SqlError::unsupported("COMMENT ON a column of a view")),
    })
}

impl SnowflakeSession {
    pub(super) fn comment(
        &mut self,
        kind: &str,
        name: &ast::ObjectName,
        text: &str,
        if_exists: bool,
    ) -> Result<Answer> {
        match self.put_comment(kind, name, text) {
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                Answer::success(StatementKind::Ddl)
            }
            other => other,
        }
    }

    fn put_comment(&mut self, kind: &str, name: &ast::ObjectName, text: &str) -> Result<Answer> {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(fold)
            .collect();
        let last = parts.last().cloned().unwrap_or_default();
        match kind {
            "DATABASE" => self.inner.change(|t| {
                let db = t
                    .database(&last)
                    .ok_or_else(|| missing("database", &last))?;
                let mut db = Database::clone(db);
                db.comment = Some(text.to_owned());
                t.set_database(&last, Some(db));
                Ok(())
            })?,
            "SCHEMA" => {
                let (db, schema) = self.schema_name(&parts)?;
                self.inner.change(|t| {
                    let s = t
                        .schema(&db, &schema)
                        .ok_or_else(|| missing("schema", &schema))?;
                    let mut s = Schema::clone(s);
                    s.comment = Some(text.to_owned());
                    t.set_schema(&db, &schema, Some(s))
                })?;
            }
            "TABLE" | "VIEW" | "COLUMN" => {
                let column = (kind == "COLUMN").then(|| last.clone());
                let mut table = name.clone();
                if column.is_some() {
                    table.0.pop();
                    if table.0.is_empty() {
                        return Err(SqlError::raw(
                            "001003",
                            "42000",
                            "SQL compilation error:\nCOMMENT ON COLUMN needs table.column.",
                        ));
                    }
                }
                let (full, _) = self.inner.relation(&table)?;
                self.inner.change(|t| {
                    let object = t
                        .object(ObjectKind::Relation, &full)
                        .ok_or_else(|| missing("table", full.to_string()))?;
                    let new = commented(object, column.as_deref(), text)?;
                    t.set_object(ObjectKind::Relation, &full, Some(new))
                })?;
            }
            "WAREHOUSE" | "ROLE" | "USER" => {
                let kind = match kind {
                    "WAREHOUSE" => ObjectKind::Warehouse,
                    "ROLE" => ObjectKind::Role,
                    _ => ObjectKind::User,
                };
                self.inner.change(|t| {
                    let object = t
                        .account()
                        .objects
                        .get(&(kind, last.clone()))
                        .ok_or_else(|| missing(kind.word(), &last))?;
                    let new = commented(object, None, text)?;
                    t.set_account_object(kind, &last, Some(new));
                    Ok(())
                })?;
            }
            "STAGE" | "FILE FORMAT" | "SEQUENCE" => {
                let kind = match kind {
                    "STAGE" => ObjectKind::Stage,
                    "SEQUENCE" => ObjectKind::Sequence,
                    _ => ObjectKind::FileFormat,
                };
                let full = self.inner.object_name(kind, name)?;
                self.inner.change(|t| {
                    let object = t
                        .object(kind, &full)
                        .ok_or_else(|| missing(kind.word(), full.to_string()))?;
                    let new = commented(object, None, text)?;
                    t.set_object(kind, &full, Some(new))
                })?;
            }
            other => return Err(SqlError::unsupported(format!("COMMENT ON {other}"))),
        }
        Answer::success(StatementKind::Ddl)
    }
}
