//! DESCRIBE of tables, views, results, stages and file formats.
//! The rows' columns are those of the documentation's pages "DESCRIBE …".

use dwsim_engine::catalog::{HIDDEN, Object, ObjectKind};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::SqlType;

use super::external::EXPRESSION;
use super::format_defaults::{defaults, described};
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
                            .filter(|c| !c.properties.contains_key(HIDDEN))
                            .map(|c| {
                                let computed = c.properties.get(EXPRESSION).cloned();
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
                                    Some(
                                        if computed.is_some() {
                                            "VIRTUAL"
                                        } else {
                                            "COLUMN"
                                        }
                                        .into(),
                                    ),
                                    yes_no(!c.not_null),
                                    default,
                                    yes_no(in_key("PRIMARY KEY", &c.name)),
                                    yes_no(in_key("UNIQUE", &c.name)),
                                    None,
                                    computed,
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
                let mut rows: Vec<_> = defaults("CSV")
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
                let o = std::sync::Arc::clone(o);
                let mut rows = Vec::new();
                let format = if stage {
                    let own = o
                        .properties
                        .iter()
                        .filter_map(|(k, v)| {
                            Some((k.strip_prefix("FILE_FORMAT.")?.to_owned(), v.clone()))
                        })
                        .collect();
                    self.named_format(own)?
                } else {
                    o.properties.clone()
                };
                for [property, ty, value, default] in described(&format) {
                    let mut row = vec![Some(property), Some(ty), Some(value), Some(default)];
                    if stage {
                        row.insert(0, Some("STAGE_FILE_FORMAT".into()));
                    }
                    rows.push(row);
                }
                if stage {
                    let row =
                        |parent: &str, property: &str, ty: &str, value: &str, default: &str| {
                            [parent, property, ty, value, default]
                                .map(|c| Some(c.to_owned()))
                                .to_vec()
                        };
                    for (property, ty, default) in COPY_DEFAULTS {
                        let given = o.properties.get(&format!("COPY_OPTIONS.{property}"));
                        let value = given
                            .map_or((*default).to_owned(), |v| v.trim_matches('\'').to_owned());
                        rows.push(row("STAGE_COPY_OPTIONS", property, ty, &value, default));
                    }
                    if let Some(url) = o.properties.get("URL") {
                        let url = serde_json::json!([url]).to_string();
                        rows.push(row("STAGE_LOCATION", "URL", "String", &url, ""));
                    }
                    if let Some(i) = o.properties.get("STORAGE_INTEGRATION") {
                        rows.push(row(
                            "STAGE_INTEGRATION",
                            "STORAGE_INTEGRATION",
                            "String",
                            i,
                            "",
                        ));
                    }
                    if o.properties.contains_key("URL") {
                        let key = o.properties.get("CREDENTIALS.AWS_KEY_ID");
                        let key = key.map_or("", String::as_str);
                        rows.push(row("STAGE_CREDENTIALS", "AWS_KEY_ID", "String", key, ""));
                    }
                    for (property, default) in [("ENABLE", "false"), ("AUTO_REFRESH", "false")] {
                        let given = o.properties.get(&format!("DIRECTORY.{property}"));
                        let value = given.map_or(default.to_owned(), |v| v.to_lowercase());
                        rows.push(row("DIRECTORY", property, "Boolean", &value, default));
                    }
                }
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
