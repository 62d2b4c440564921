//! UNDROP: the newest dropped object of a name comes back with its data.
//! What was dropped is remembered by `catalog::history`.
//!
//! Source: Snowflake "UNDROP".

use sqlparser::ast;

use super::Session;
use crate::catalog::{Account, Database, DroppedObject, Object, ObjectKind, ObjectName, Schema};
use crate::error::{ErrorKind, Result, SqlError};

/// What is to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undrop {
    /// A table.
    Table(ObjectName),
    /// A schema: database and name.
    Schema(String, String),
    /// A database.
    Database(String),
}

/// Whether an object with this id is in the catalog.
fn is_live(account: &Account, oid: u64) -> bool {
    account.databases.values().any(|d| {
        d.oid == oid
            || d.schemas
                .values()
                .any(|s| s.oid == oid || s.objects.values().any(|o| o.oid() == oid))
    })
}

impl Session {
    /// The table that an UNDROP or CLONE names.
    ///
    /// # Errors
    /// When no schema is current and none is given.
    pub fn undrop_table(&mut self, name: &ast::ObjectName) -> Result<ObjectName> {
        let name = self.resolve_name(name)?;
        self.undrop(&Undrop::Table(name.clone()))?;
        Ok(name)
    }

    /// Brings the newest dropped object of this kind and name back.
    ///
    /// # Errors
    /// When there is none, or the name is in use.
    pub fn undrop(&mut self, what: &Undrop) -> Result<()> {
        let account = self.snapshot();
        let (kind, shown) = match what {
            Undrop::Table(n) => ("Table", n.name.clone()),
            Undrop::Schema(_, n) => ("Schema", n.clone()),
            Undrop::Database(n) => ("Database", n.clone()),
        };
        let found = self
            .engine()
            .catalog
            .history(|h| {
                h.dropped()
                    .map(|d| &d.object)
                    .filter(|d| !is_live(&account, d.oid()))
                    .find(|d| match (d, what) {
                        (DroppedObject::Object(k, n, Object::Table(_)), Undrop::Table(w)) => {
                            *k == ObjectKind::Relation && n == w
                        }
                        (DroppedObject::Schema(d, n, _), Undrop::Schema(wd, wn)) => {
                            d == wd && n == wn
                        }
                        (DroppedObject::Database(n, _), Undrop::Database(w)) => n == w,
                        _ => false,
                    })
                    .cloned()
            })
            .flatten();
        let Some(found) = found else {
            return Err(SqlError::raw(
                "002003",
                "02000",
                format!("SQL compilation error:\n{kind} '{shown}' did not exist or was purged."),
            ));
        };
        let exists = |kind: &'static str| -> SqlError {
            ErrorKind::ObjectExists {
                kind,
                name: shown.clone(),
            }
            .into()
        };
        self.change(|t| match &found {
            DroppedObject::Object(k, n, o) => {
                if t.object(*k, n).is_some() {
                    return Err(exists("table"));
                }
                t.set_object(*k, n, Some(o.clone()))
            }
            DroppedObject::Schema(d, n, s) => {
                if t.schema(d, n).is_some() {
                    return Err(exists("schema"));
                }
                t.set_schema(d, n, Some(Schema::clone(s)))
            }
            DroppedObject::Database(n, d) => {
                if t.database(n).is_some() {
                    return Err(exists("database"));
                }
                t.set_database(n, Some(Database::clone(d)));
                Ok(())
            }
        })
    }
}
