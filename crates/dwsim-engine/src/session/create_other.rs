//! CREATE of everything but tables: schemas, views, sequences and the objects that only dialects know.
//! Tables are in `create`.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlparser::ast;

use super::columns::{number, storable};
use super::state::RELATION;
use super::{Completion, Session};
use crate::catalog::{Object, ObjectKind, ObjectName, Schema, ViewDef, next_oid};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::types::{ColumnInfo, SqlType};

impl Session {
    pub(super) fn create_schema(
        &mut self,
        name: &ast::SchemaName,
        if_not_exists: bool,
        or_replace: bool,
    ) -> Result<Completion> {
        let (parts, owner) = match name {
            ast::SchemaName::Simple(n) => (n.clone(), None),
            ast::SchemaName::UnnamedAuthorization(i) => (
                ast::ObjectName::from(vec![i.clone()]),
                Some(i.value.clone()),
            ),
            ast::SchemaName::NamedAuthorization(n, i) => (n.clone(), Some(i.value.clone())),
        };
        let folded: Vec<String> = parts
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| self.dialect().fold(i))
            .collect();
        let (database, schema) = match folded.as_slice() {
            [s] => (
                self.database().map(str::to_owned).ok_or_else(|| {
                    SqlError::raw("090105", "22000", "Cannot perform CREATE SCHEMA. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.")
                })?,
                s.clone(),
            ),
            [d, s] => (d.clone(), s.clone()),
            _ => return Err(SqlError::raw("001003", "42601", format!("improper schema name {parts}"))),
        };
        let owner = owner.unwrap_or_else(|| {
            if self.role.is_empty() {
                self.user.clone()
            } else {
                self.role.clone()
            }
        });
        let skipped = self.change(|t| {
            if t.database(&database).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: "database",
                    name: database.clone(),
                }
                .into());
            }
            if t.schema(&database, &schema).is_some() && !or_replace {
                if if_not_exists {
                    return Ok(true);
                }
                return Err(ErrorKind::ObjectExists {
                    kind: "schema",
                    name: schema.clone(),
                }
                .into());
            }
            t.set_schema(&database, &schema, Some(Schema::new(owner.clone())))?;
            Ok(false)
        })?;
        if !skipped && self.dialect().name() == DialectName::Snowflake {
            // Snowflake makes a new schema current.
            self.set_context(Some(database), vec![schema.clone()]);
        }
        Ok(Completion {
            skipped,
            ..Completion::of("CREATE SCHEMA", schema)
        })
    }

    pub(super) fn create_view(&mut self, c: &ast::CreateView) -> Result<Completion> {
        let mut properties = BTreeMap::new();
        if c.secure {
            properties.insert("secure".into(), "true".into());
        }
        if c.materialized {
            properties.insert("materialized".into(), "true".into());
        }
        for column in &c.columns {
            let options = match &column.options {
                Some(
                    ast::ColumnOptions::CommaSeparated(o) | ast::ColumnOptions::SpaceSeparated(o),
                ) => o.as_slice(),
                None => &[],
            };
            for o in options {
                if let ast::ColumnOption::Comment(text) = o {
                    let name = self.dialect().fold(&column.name);
                    properties.insert(format!("comment|{name}"), text.clone());
                }
            }
        }
        self.create_view_with(c, properties)
    }

    /// CREATE VIEW with a dialect's own properties. The defining query is bound, unless names bind late.
    ///
    /// # Errors
    /// An existing object, or what binding the query gives.
    pub fn create_view_with(
        &mut self,
        c: &ast::CreateView,
        properties: BTreeMap<String, String>,
    ) -> Result<Completion> {
        let tag = if c.materialized {
            "CREATE MATERIALIZED VIEW"
        } else {
            "CREATE VIEW"
        };
        let name = self.new_name(&c.name, c.temporary)?;
        if let Some(done) = self.existing(&name, c.if_not_exists, c.or_replace, tag)? {
            return Ok(done);
        }
        let view = self.view()?;
        let names: Vec<String> = c
            .columns
            .iter()
            .map(|c| self.dialect().fold(&c.name))
            .collect();
        let columns = {
            let bound = self.binder(self.env(), &view, &[]).top_query(&c.query);
            match bound {
                Ok(b) => {
                    if names.len() > b.columns.len()
                        || (!names.is_empty()
                            && names.len() < b.columns.len()
                            && self.dialect().name() == DialectName::Snowflake)
                    {
                        return Err(SqlError::raw(
                            "002057",
                            "42601",
                            format!(
                                "SQL compilation error:\nInvalid column definition list: expected {} columns, got {}",
                                b.columns.len(),
                                names.len()
                            ),
                        ));
                    }
                    let mut columns: Vec<ColumnInfo> = b
                        .columns
                        .into_iter()
                        .enumerate()
                        .map(|(i, c)| ColumnInfo {
                            name: names.get(i).cloned().unwrap_or(c.name),
                            ty: storable(&c.ty),
                            nullable: c.nullable,
                            origin: None,
                        })
                        .collect();
                    columns.shrink_to_fit();
                    columns
                }
                Err(_) if c.with_no_schema_binding => names
                    .iter()
                    .map(|n| ColumnInfo::new(n, SqlType::text()))
                    .collect(),
                Err(e) => return Err(e),
            }
        };
        let owner = if self.role.is_empty() {
            self.user.clone()
        } else {
            self.role.clone()
        };
        let context = (
            self.database().map(str::to_owned),
            self.schema().map(str::to_owned),
        );
        let def = Arc::new(ViewDef {
            oid: next_oid(),
            query: c.query.to_string(),
            ddl: self.text.trim().trim_end_matches(';').to_owned(),
            columns: if c.with_no_schema_binding && names.is_empty() {
                vec![]
            } else {
                columns
            },
            late_binding: c.with_no_schema_binding,
            context,
            owner,
            comment: c.comment.clone(),
            created: chrono::Utc::now().timestamp(),
            properties,
        });
        let replace = c.or_replace;
        self.change(|t| {
            if !replace && t.object(RELATION, &name).is_some() {
                return Err(ErrorKind::ObjectExists {
                    kind: "view",
                    name: name.name.clone(),
                }
                .into());
            }
            t.set_object(RELATION, &name, Some(Object::View(Arc::clone(&def))))
        })?;
        Ok(Completion::of(tag, &name.name))
    }

    /// CREATE SEQUENCE.
    ///
    /// # Errors
    /// [`ErrorKind::ObjectExists`], a missing schema, options that are no whole numbers.
    pub fn create_sequence(
        &mut self,
        name: &ast::ObjectName,
        if_not_exists: bool,
        or_replace: bool,
        options: &[ast::SequenceOptions],
    ) -> Result<Completion> {
        let name = self.resolve_name(name)?;
        let (mut start, mut step) = (1, 1);
        for o in options {
            match o {
                ast::SequenceOptions::StartWith(e, _) => start = number(e)?,
                ast::SequenceOptions::IncrementBy(e, _) => step = number(e)?,
                ast::SequenceOptions::Cache(_) => {}
                other => return Err(SqlError::unsupported(format!("CREATE SEQUENCE{other}"))),
            }
        }
        let def = crate::catalog::SequenceDef {
            oid: next_oid(),
            start,
            step,
            owner: if self.role.is_empty() {
                self.user.clone()
            } else {
                self.role.clone()
            },
            comment: None,
            created: chrono::Utc::now().timestamp(),
            properties: BTreeMap::new(),
        };
        let object = Object::Sequence(Arc::new(def));
        let made = self.create_object(
            ObjectKind::Sequence,
            &name,
            &object,
            if_not_exists,
            or_replace,
        )?;
        Ok(Completion {
            skipped: !made,
            ..Completion::of("CREATE SEQUENCE", &name.name)
        })
    }

    /// Puts an object of a dialect's own kind, as CREATE does.
    ///
    /// # Errors
    /// [`ErrorKind::ObjectExists`], or a missing schema.
    pub fn create_object(
        &mut self,
        kind: ObjectKind,
        name: &ObjectName,
        object: &Object,
        if_not_exists: bool,
        or_replace: bool,
    ) -> Result<bool> {
        self.change(|t| {
            if t.schema(&name.database, &name.schema).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: "schema",
                    name: format!("{}.{}", name.database, name.schema),
                }
                .into());
            }
            if t.object(kind, name).is_some() && !or_replace {
                if if_not_exists {
                    return Ok(false);
                }
                return Err(ErrorKind::ObjectExists {
                    kind: kind.word(),
                    name: name.name.clone(),
                }
                .into());
            }
            t.set_object(kind, name, Some(object.clone()))?;
            Ok(true)
        })
    }
}
