//! DROP of tables, views, schemas, sequences and databases.
//! What depends on a dropped object is found out by the dialects that care.

use sqlparser::ast;

use super::state::RELATION;
use super::{Completion, Session};
use crate::catalog::{Object, ObjectKind, ObjectName};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};

impl Session {
    pub(super) fn drop_objects(
        &mut self,
        kind: ast::ObjectType,
        names: &[ast::ObjectName],
        if_exists: bool,
        cascade: bool,
    ) -> Result<Completion> {
        let tag = format!("DROP {kind}").to_uppercase();
        let mut last = None;
        let mut skipped = false;
        for n in names {
            let done = match kind {
                ast::ObjectType::Table
                | ast::ObjectType::View
                | ast::ObjectType::MaterializedView => self.drop_relation(n, kind),
                ast::ObjectType::Schema => self.drop_schema(n, cascade),
                ast::ObjectType::Database => {
                    let name =
                        n.0.last()
                            .and_then(|p| p.as_ident())
                            .map(|i| self.dialect().fold(i))
                            .unwrap_or_default();
                    self.drop_database(&name)
                }
                ast::ObjectType::Sequence => self.drop_object(ObjectKind::Sequence, n),
                ast::ObjectType::Stage => self.drop_object(ObjectKind::Stage, n),
                ast::ObjectType::Stream => self.drop_object(ObjectKind::Stream, n),
                other => return Err(SqlError::unsupported(format!("DROP {other}"))),
            };
            match done {
                Ok(name) => last = Some(name),
                Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                    skipped = true;
                    last =
                        n.0.last()
                            .and_then(|p| p.as_ident())
                            .map(|i| self.dialect().fold(i));
                }
                Err(e) => return Err(e),
            }
        }
        Ok(Completion {
            object: last,
            skipped,
            ..Completion::new(tag)
        })
    }

    fn drop_relation(&mut self, n: &ast::ObjectName, kind: ast::ObjectType) -> Result<String> {
        let (name, object) = self.relation(n)?;
        let right = match (&object, kind) {
            (Object::Table(_), ast::ObjectType::Table) => true,
            (Object::View(v), ast::ObjectType::MaterializedView) => {
                v.properties.contains_key("materialized")
            }
            (Object::View(_), ast::ObjectType::View) => true,
            // Snowflake's DROP TABLE refuses views; Redshift's says what the object is.
            _ => false,
        };
        if !right {
            let is = match object {
                Object::View(_) => "view",
                _ => "table",
            };
            return Err(match self.dialect().name() {
                DialectName::Redshift => SqlError::raw(
                    "",
                    "42809",
                    format!(
                        "\"{}\" is not a {}",
                        name.name,
                        if is == "view" { "table" } else { "view" }
                    ),
                ),
                DialectName::Snowflake => SqlError::raw(
                    "002203",
                    "42601",
                    format!(
                        "SQL compilation error:\nObject found is of type '{}', not specified type '{}'.",
                        is.to_uppercase(),
                        kind.to_string().to_uppercase()
                    ),
                ),
            });
        }
        self.change(|t| t.set_object(RELATION, &name, None))?;
        Ok(name.name)
    }

    /// Drops an object of a dialect's own kind.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownObject`].
    pub fn drop_object(&mut self, kind: ObjectKind, n: &ast::ObjectName) -> Result<String> {
        let name: ObjectName = self.object_name(kind, n)?;
        self.change(|t| {
            if t.object(kind, &name).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: kind.word(),
                    name: name.name.clone(),
                }
                .into());
            }
            t.set_object(kind, &name, None)
        })?;
        Ok(name.name)
    }

    fn drop_schema(&mut self, n: &ast::ObjectName, cascade: bool) -> Result<String> {
        let folded: Vec<String> =
            n.0.iter()
                .filter_map(|p| p.as_ident())
                .map(|i| self.dialect().fold(i))
                .collect();
        let (database, schema) = match folded.as_slice() {
            [s] => (self.database().unwrap_or_default().to_owned(), s.clone()),
            [d, s] => (d.clone(), s.clone()),
            _ => {
                return Err(SqlError::raw(
                    "001003",
                    "42601",
                    format!("improper schema name {n}"),
                ));
            }
        };
        let strict = self.dialect().name() == DialectName::Redshift && !cascade;
        self.change(|t| {
            let Some(s) = t.schema(&database, &schema) else {
                return Err(ErrorKind::UnknownObject {
                    kind: "schema",
                    name: schema.clone(),
                }
                .into());
            };
            if strict && !s.objects.is_empty() {
                return Err(SqlError::raw(
                    "",
                    "2BP01",
                    format!("cannot drop schema {schema} because other objects depend on it"),
                ));
            }
            t.set_schema(&database, &schema, None)
        })?;
        if self.schema() == Some(schema.as_str())
            && self.database() == Some(database.as_str())
            && self.dialect().name() == DialectName::Snowflake
        {
            self.set_context(Some(database), vec![]);
        }
        Ok(schema)
    }

    /// Drops a database.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownObject`]; on Redshift also when it is the current one.
    pub fn drop_database(&mut self, name: &str) -> Result<String> {
        if self.database() == Some(name) {
            if self.dialect().name() == DialectName::Redshift {
                return Err(SqlError::raw(
                    "",
                    "55006",
                    "cannot drop the currently open database",
                ));
            }
            self.set_context(None, vec![]);
        }
        self.change(|t| {
            if t.database(name).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: "database",
                    name: name.to_owned(),
                }
                .into());
            }
            t.set_database(name, None);
            Ok(())
        })?;
        Ok(name.to_owned())
    }
}
