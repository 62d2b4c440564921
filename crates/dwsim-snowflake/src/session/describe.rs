//! DESCRIBE of tables, views, results, stages and file formats.
//! The rows' columns are those of the documentation's pages "DESCRIBE …".

use dwsim_engine::catalog::{Object, ObjectKind};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::SqlType;

use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::parse::Described;

fn text(names: &[&'static str]) -> Vec<(&'static str, SqlType)> {
    names.iter().map(|n| (*n, SqlType::text())).collect()
}

fn yes_no(b: bool) -> Option<String> {
    Some(if b { "Y" } else { "N" }.to_owned())
}

/// Columns of DESCRIBE TABLE.
const TABLE: &[&str] = &[
    "name",
    "type",
    "kind",
    "null?",
    "default",
    "primary key",
    "unique key",
    "check",
    "expression",
    "comment",
    "policy name",
    "privacy domain",
];

impl SnowflakeSession {
    pub(super) fn describe(&mut self, d: &Described) -> Result<Answer> {
        match d {
            Described::Relation(name) => {
                let (_, object) = self
                    .inner
                    .relation(name)
                    .map_err(|_| missing("table", shown(name)))?;
                let rows = match object {
                    Object::Table(t) => {
                        let in_key = |kind: &str, column: &str| {
                            t.def
                                .constraints
                                .iter()
                                .any(|k| k.kind == kind && k.columns.iter().any(|c| c == column))
                        };
                        t.def
                            .columns
                            .iter()
                            .map(|c| {
                                let default = match &c.identity {
                                    Some(i) => Some(format!(
                                        "IDENTITY START {} INCREMENT {} NOORDER",
                                        i.start, i.step
                                    )),
                                    None => c.default.clone(),
                                };
                                vec![
                                    Some(c.name.clone()),
                                    Some(c.ty.snowflake()),
                                    Some("COLUMN".into()),
                                    yes_no(!c.not_null),
                                    default,
                                    yes_no(in_key("PRIMARY KEY", &c.name)),
                                    yes_no(in_key("UNIQUE", &c.name)),
                                    None,
                                    None,
                                    c.comment.clone(),
                                    None,
                                    None,
                                ]
                            })
                            .collect()
                    }
                    Object::View(v) => v.columns.iter().map(|c| plain(&c.name, &c.ty)).collect(),
                    _ => return Err(missing("table", shown(name))),
                };
                Answer::table(StatementKind::Describe, text(TABLE), rows)
            }
            Described::Result(id) => {
                let id = if id.is_empty() {
                    self.inner.last_query_id.clone().unwrap_or_default()
                } else {
                    id.clone()
                };
                let answer = match self.account.finished(&id) {
                    Some(Ok(a)) => a,
                    Some(Err(e)) => return Err(e),
                    None => {
                        return Err(SqlError::raw(
                            "000709",
                            "02000",
                            format!("Statement {id} not found"),
                        ));
                    }
                };
                let rows = answer
                    .columns
                    .iter()
                    .map(|c| plain(&c.name, &c.ty))
                    .collect();
                Answer::table(StatementKind::Describe, text(TABLE), rows)
            }
            Described::Stage(name) | Described::FileFormat(name) => {
                let stage = matches!(d, Described::Stage(_));
                let kind = if stage {
                    ObjectKind::Stage
                } else {
                    ObjectKind::FileFormat
                };
                let full = self.inner.resolve_name(name)?;
                let view = self.inner.view()?;
                let Some(Object::Other(o)) = view.object(kind, &full) else {
                    return Err(missing(kind.word(), full.name));
                };
                let names: &[&str] = if stage {
                    &[
                        "parent_property",
                        "property",
                        "property_type",
                        "property_value",
                        "property_default",
                    ]
                } else {
                    &[
                        "property",
                        "property_type",
                        "property_value",
                        "property_default",
                    ]
                };
                let rows = o
                    .properties
                    .iter()
                    .map(|(k, v)| {
                        let (parent, property) = k.split_once('.').unwrap_or(("STAGE_LOCATION", k));
                        let mut row = vec![
                            Some(property.to_owned()),
                            Some("String".into()),
                            Some(v.clone()),
                            None,
                        ];
                        if stage {
                            let parent = if parent == "FILE_FORMAT" {
                                "STAGE_FILE_FORMAT"
                            } else {
                                parent
                            };
                            row.insert(0, Some(parent.to_owned()));
                        }
                        row
                    })
                    .collect();
                Answer::table(StatementKind::Describe, text(names), rows)
            }
            Described::Container(name, database) => {
                let parts: Vec<String> = name
                    .0
                    .iter()
                    .filter_map(|p| p.as_ident())
                    .map(crate::dialect::fold)
                    .collect();
                let view = self.inner.view()?;
                let rows = if *database {
                    let db = view
                        .database(&parts[0])
                        .ok_or_else(|| missing("database", &parts[0]))?;
                    db.schemas
                        .iter()
                        .filter(|(n, _)| !dwsim_engine::session::is_temp_schema(n))
                        .map(|(n, s)| {
                            vec![
                                Some(s.created.to_string()),
                                Some(n.clone()),
                                Some("SCHEMA".into()),
                            ]
                        })
                        .collect()
                } else {
                    let (db, schema) = self.schema_name(&parts)?;
                    let s = view
                        .schema(&db, &schema)
                        .ok_or_else(|| missing("schema", &schema))?;
                    s.objects
                        .iter()
                        .map(|((kind, n), o)| {
                            let word = match o {
                                Object::Table(_) => "TABLE".to_owned(),
                                Object::View(_) => "VIEW".to_owned(),
                                _ => kind.word().to_uppercase(),
                            };
                            let created = match o {
                                Object::Table(t) => t.def.created,
                                Object::View(v) => v.created,
                                Object::Sequence(s) => s.created,
                                Object::Routine(r) => r.created,
                                Object::Other(o) => o.created,
                            };
                            vec![Some(created.to_string()), Some(n.clone()), Some(word)]
                        })
                        .collect()
                };
                let columns = vec![
                    ("created_on", SqlType::TimestampLtz(3)),
                    ("name", SqlType::text()),
                    ("kind", SqlType::text()),
                ];
                Answer::table(StatementKind::Describe, columns, rows)
            }
        }
    }
}

fn shown(name: &sqlparser::ast::ObjectName) -> String {
    name.0
        .iter()
        .filter_map(|p| p.as_ident())
        .map(crate::dialect::fold)
        .collect::<Vec<_>>()
        .join(".")
}

fn plain(name: &str, ty: &SqlType) -> Vec<Option<String>> {
    let mut row = vec![
        Some(name.to_owned()),
        Some(ty.snowflake()),
        Some("COLUMN".into()),
        yes_no(true),
        None,
        yes_no(false),
        yes_no(false),
    ];
    row.resize(TABLE.len(), None);
    row
}
