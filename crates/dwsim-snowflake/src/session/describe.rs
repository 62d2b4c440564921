//! DESCRIBE of tables, views, results, stages and file formats.
//! The rows' columns are those of the documentation's pages "DESCRIBE …".

use dwsim_engine::catalog::{Object, ObjectKind};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::SqlType;

use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::parse::{Described, Show, ShowScope};

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

/// The file format of a stage that names none.
const FORMAT_DEFAULTS: &[(&str, &str, &str)] = &[
    ("TYPE", "String", "CSV"),
    ("RECORD_DELIMITER", "String", "\\n"),
    ("FIELD_DELIMITER", "String", ","),
    ("FILE_EXTENSION", "String", ""),
    ("SKIP_HEADER", "Integer", "0"),
    ("PARSE_HEADER", "Boolean", "false"),
    ("DATE_FORMAT", "String", "AUTO"),
    ("TIME_FORMAT", "String", "AUTO"),
    ("TIMESTAMP_FORMAT", "String", "AUTO"),
    ("BINARY_FORMAT", "String", "HEX"),
    ("ESCAPE", "String", "NONE"),
    ("ESCAPE_UNENCLOSED_FIELD", "String", "\\\\"),
    ("TRIM_SPACE", "Boolean", "false"),
    ("FIELD_OPTIONALLY_ENCLOSED_BY", "String", "NONE"),
    ("NULL_IF", "List", "[\\\\N]"),
    ("COMPRESSION", "String", "AUTO"),
    ("ERROR_ON_COLUMN_COUNT_MISMATCH", "Boolean", "true"),
    ("VALIDATE_UTF8", "Boolean", "true"),
    ("SKIP_BLANK_LINES", "Boolean", "false"),
    ("REPLACE_INVALID_CHARACTERS", "Boolean", "false"),
    ("EMPTY_FIELD_AS_NULL", "Boolean", "true"),
    ("SKIP_BYTE_ORDER_MARK", "Boolean", "true"),
    ("ENCODING", "String", "UTF8"),
    ("MULTI_LINE", "Boolean", "true"),
];

/// The options of COPY of a stage that names none.
const COPY_DEFAULTS: &[(&str, &str, &str)] = &[
    ("ON_ERROR", "String", "ABORT_STATEMENT"),
    ("SIZE_LIMIT", "Long", ""),
    ("PURGE", "Boolean", "false"),
    ("RETURN_FAILED_ONLY", "Boolean", "false"),
    ("ENFORCE_LENGTH", "Boolean", "true"),
    ("TRUNCATECOLUMNS", "Boolean", "false"),
    ("FORCE", "Boolean", "false"),
];

impl SnowflakeSession {
    pub(super) fn describe(&mut self, d: &Described) -> Result<Answer> {
        match d {
            Described::Relation(name) => {
                let (_, object) = self
                    .inner
                    .relation(name)
                    .map_err(|_| missing("table", shown(name)))?;
                let masks = crate::policies::masks(&object);
                let account = self.inner.snapshot();
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
                                    Some(match c.properties.get("collation") {
                                        Some(k) => format!("{} COLLATE '{k}'", c.ty.snowflake()),
                                        None => c.ty.snowflake(),
                                    }),
                                    Some("COLUMN".into()),
                                    yes_no(!c.not_null),
                                    default,
                                    yes_no(in_key("PRIMARY KEY", &c.name)),
                                    yes_no(in_key("UNIQUE", &c.name)),
                                    None,
                                    None,
                                    c.comment.clone(),
                                    policy_of(&masks, &account, &c.name),
                                    None,
                                ]
                            })
                            .collect()
                    }
                    Object::View(v) => v
                        .columns
                        .iter()
                        .map(|c| {
                            let mut row = plain(&c.name, &c.ty);
                            row[9] = v.properties.get(&format!("comment|{}", c.name)).cloned();
                            row[10] = policy_of(&masks, &account, &c.name);
                            row
                        })
                        .collect(),
                    _ => return Err(missing("table", shown(name))),
                };
                Answer::table(StatementKind::Describe, text(TABLE), rows)
            }
            Described::TableStage(name) => {
                self.inner
                    .table(name)
                    .map_err(|_| missing("table", shown(name)))?;
                let names = [
                    "parent_property",
                    "property",
                    "property_type",
                    "property_value",
                    "property_default",
                ];
                let row = |cells: [&str; 5]| cells.map(|c| Some(c.to_owned())).to_vec();
                // A table's stage has the defaults of its kind.
                let mut rows: Vec<_> = FORMAT_DEFAULTS
                    .iter()
                    .map(|(p, ty, v)| row(["STAGE_FILE_FORMAT", p, ty, v, v]))
                    .collect();
                rows.extend(
                    COPY_DEFAULTS
                        .iter()
                        .map(|(p, ty, v)| row(["STAGE_COPY_OPTIONS", p, ty, v, v])),
                );
                Answer::table(StatementKind::Describe, text(&names), rows)
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
                let full = self.inner.object_name(kind, name)?;
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
            Described::Listed(list, name) => self.describe_listed(list, name),
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
                            let created = o.created();
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

impl SnowflakeSession {
    /// One row of a list; of users, a row per property.
    fn describe_listed(&mut self, list: &str, name: &sqlparser::ast::ObjectName) -> Result<Answer> {
        let account_level = matches!(list, "WAREHOUSES" | "USERS" | "ROLES");
        let last = name
            .0
            .last()
            .and_then(|p| p.as_ident())
            .map(crate::dialect::fold)
            .unwrap_or_default();
        let scope = if account_level {
            ShowScope::Account
        } else {
            let full = self.inner.resolve_name(name)?;
            let parts = [full.database, full.schema]
                .map(|p| sqlparser::ast::Ident::with_quote('"', p))
                .to_vec();
            ShowScope::Schema(Some(sqlparser::ast::ObjectName::from(parts)))
        };
        let mut answer = self.show(&Show {
            what: list.to_owned(),
            terse: false,
            history: false,
            like: None,
            scope,
            starts_with: Some(last.clone()),
            limit: None,
            from: None,
        })?;
        let names: Vec<Option<String>> = match answer.columns.iter().position(|c| c.name == "name")
        {
            Some(at) => answer.texts(at),
            None => Vec::new(),
        };
        let Some(row) = names.iter().position(|n| n.as_deref() == Some(&last)) else {
            let kind = match list {
                "SEQUENCES" => "sequence",
                "STREAMS" => "stream",
                "TASKS" => "task",
                "PIPES" => "pipe",
                "WAREHOUSES" => "warehouse",
                "USERS" => "user",
                _ => "role",
            };
            return Err(missing(kind, shown(name)));
        };
        answer.kind = StatementKind::Describe;
        answer.batches = answer.batches.iter().map(|b| b.slice(row, 1)).collect();
        if list != "USERS" {
            return Ok(answer);
        }
        let rows = answer
            .columns
            .iter()
            .enumerate()
            .map(|(i, c)| {
                vec![
                    Some(c.name.to_uppercase()),
                    answer.texts(i).into_iter().next().flatten(),
                    None,
                    None,
                ]
            })
            .collect();
        Answer::table(
            StatementKind::Describe,
            text(&["property", "value", "default", "description"]),
            rows,
        )
    }
}

/// The full name of a column's masking policy.
fn policy_of(
    masks: &[(String, crate::policies::Use)],
    account: &dwsim_engine::catalog::Account,
    column: &str,
) -> Option<String> {
    let (_, used) = masks.iter().find(|(c, _)| c == column)?;
    crate::policies::find(account, used.policy).map(|(n, _)| n.to_string())
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
