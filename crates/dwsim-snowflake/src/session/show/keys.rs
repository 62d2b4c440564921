//! Columns and declared keys as SHOW lists them.
//! DESCRIBE TABLE is in `describe`.

use std::sync::Arc;

use dwsim_engine::catalog::{Account, HIDDEN, Object, ObjectKind};
use dwsim_engine::error::Result;
use dwsim_engine::types::SqlType;

use super::list::{Row, some};
use crate::parse::{Show, ShowScope};
use crate::session::SnowflakeSession;

impl SnowflakeSession {
    pub(super) fn show_columns(&mut self, account: &Account, show: &Show) -> Result<Vec<Row>> {
        let mut tables = Vec::new();
        if let ShowScope::Table(name) = &show.scope {
            let (full, object) = self.inner.relation(name)?;
            tables.push((full.database, full.schema, full.name, object));
        } else {
            for place in self.places(account, &show.scope)? {
                for ((kind, name), object) in &place.contents.objects {
                    if *kind == ObjectKind::Relation {
                        tables.push((
                            place.database.clone(),
                            place.schema.clone(),
                            name.clone(),
                            object.clone(),
                        ));
                    }
                }
            }
        }
        let mut out = Vec::new();
        for (database, schema, table, object) in tables {
            let columns: Vec<(String, SqlType, bool, Option<String>, Option<String>, bool)> =
                match object {
                    Object::Table(t) => t
                        .def
                        .columns
                        .iter()
                        .filter(|c| !c.properties.contains_key(HIDDEN))
                        .map(|c| {
                            (
                                c.name.clone(),
                                c.ty.clone(),
                                !c.not_null,
                                c.default.clone(),
                                c.comment.clone(),
                                c.identity.is_some(),
                            )
                        })
                        .collect(),
                    Object::View(v) => v
                        .columns
                        .iter()
                        .map(|c| (c.name.clone(), c.ty.clone(), true, None, None, false))
                        .collect(),
                    _ => continue,
                };
            for (name, ty, nullable, default, comment, identity) in columns {
                out.push(vec![
                    ("table_name", some(&table)),
                    ("schema_name", some(&schema)),
                    ("column_name", some(name)),
                    (
                        "data_type",
                        some(crate::protocol::type_json(&ty, nullable).to_string()),
                    ),
                    ("null?", some(nullable.to_string())),
                    ("default", some(default.unwrap_or_default())),
                    ("kind", some("COLUMN")),
                    ("expression", some("")),
                    ("comment", some(comment.unwrap_or_default())),
                    ("database_name", some(&database)),
                    (
                        "autoincrement",
                        some(if identity {
                            "IDENTITY START 1 INCREMENT 1 NOORDER"
                        } else {
                            ""
                        }),
                    ),
                    ("schema_evolution_record", None),
                ]);
            }
        }
        Ok(out)
    }

    pub(super) fn show_keys(&mut self, account: &Account, show: &Show) -> Result<Vec<Row>> {
        let wanted = match show.what.as_str() {
            "PRIMARY KEYS" => "PRIMARY KEY",
            "UNIQUE KEYS" => "UNIQUE",
            _ => "FOREIGN KEY",
        };
        let mut tables = Vec::new();
        match &show.scope {
            ShowScope::Table(name) => {
                let (n, t) = self.inner.table(name)?;
                tables.push((n.database, n.schema, n.name, t));
            }
            scope => {
                for place in self.places(account, scope)? {
                    for ((_, name), object) in &place.contents.objects {
                        if let Object::Table(t) = object {
                            tables.push((
                                place.database.clone(),
                                place.schema.clone(),
                                name.clone(),
                                Arc::clone(t),
                            ));
                        }
                    }
                }
            }
        }
        let mut out = Vec::new();
        for (database, schema, table, t) in &tables {
            for k in t.def.constraints.iter().filter(|k| k.kind == wanted) {
                for (i, column) in k.columns.iter().enumerate() {
                    let mut row = vec![
                        ("created_on", some(t.def.created.to_string())),
                        ("database_name", some(database)),
                        ("schema_name", some(schema)),
                        ("table_name", some(table)),
                        ("column_name", some(column)),
                        ("key_sequence", some((i + 1).to_string())),
                        ("constraint_name", some(&k.name)),
                        ("rely", some("false")),
                        ("comment", None),
                        ("fk_database_name", some(database)),
                        ("fk_schema_name", some(schema)),
                        ("fk_table_name", some(table)),
                        ("fk_column_name", some(column)),
                        ("update_rule", some("NO ACTION")),
                        ("delete_rule", some("NO ACTION")),
                        ("fk_name", some(&k.name)),
                        ("deferrability", some("NOT DEFERRABLE")),
                    ];
                    if let Some((parts, columns)) = &k.references {
                        let n = parts.len();
                        row.extend([
                            (
                                "pk_database_name",
                                some(if n > 2 { &parts[n - 3] } else { database }),
                            ),
                            (
                                "pk_schema_name",
                                some(if n > 1 { &parts[n - 2] } else { schema }),
                            ),
                            ("pk_table_name", parts.last().cloned()),
                            ("pk_column_name", columns.get(i).cloned()),
                            ("pk_name", some("")),
                        ]);
                    }
                    out.push(row);
                }
            }
        }
        Ok(out)
    }
}
