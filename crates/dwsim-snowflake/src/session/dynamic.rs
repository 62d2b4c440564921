//! Dynamic tables: tables that hold the rows of a query as it was when they were refreshed last.
//! They are refreshed when they are made and by ALTER DYNAMIC TABLE … REFRESH; no schedule runs.
//!
//! Sources: "CREATE DYNAMIC TABLE", "ALTER DYNAMIC TABLE", "Dynamic table refresh".

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, TableDef, TableEntry};
use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast::{self, Statement, TableObject};

use super::objects::properties;
use super::run::missing;
use super::{Answer, RefreshRun, SnowflakeSession, StatementKind};
use crate::parse::{Change, CreateBody};

/// The property that marks a table as dynamic and holds its query.
pub(crate) const DYNAMIC_QUERY: &str = "dynamic_query";

/// The property of an external table that holds what it is made of.
pub(crate) const EXTERNAL: &str = "external";

/// The relation that a factor of FROM names.
fn named(f: &ast::TableFactor) -> Option<&ast::ObjectName> {
    match f {
        ast::TableFactor::Table {
            name, args: None, ..
        } => Some(name),
        _ => None,
    }
}

/// The tables that a statement changes.
fn targets(statement: &Statement) -> Vec<&ast::ObjectName> {
    match statement {
        Statement::Insert(i) => match &i.table {
            TableObject::TableName(n) => vec![n],
            _ => Vec::new(),
        },
        Statement::Update(u) => named(&u.table.relation).into_iter().collect(),
        Statement::Delete(d) => {
            let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) =
                &d.from;
            from.iter().filter_map(|t| named(&t.relation)).collect()
        }
        Statement::Merge(m) => named(&m.table).into_iter().collect(),
        Statement::Truncate(t) => t.table_names.iter().map(|t| &t.name).collect(),
        _ => Vec::new(),
    }
}

impl SnowflakeSession {
    /// Refuses statements that change the rows of tables which only the service changes.
    pub(super) fn check_target(&mut self, statement: &Statement) -> Result<()> {
        if self.maintaining {
            return Ok(());
        }
        for name in targets(statement) {
            let Ok((full, entry)) = self.inner.table(name) else {
                continue;
            };
            let kind = if entry.def.properties.contains_key(DYNAMIC_QUERY) {
                "dynamic table"
            } else if entry.def.properties.contains_key(EXTERNAL) {
                "external table"
            } else {
                continue;
            };
            return Err(SqlError::raw(
                "002034",
                "42601",
                format!(
                    "SQL compilation error:\nDML operations are not allowed on {kind} '{}'.",
                    full.name
                ),
            ));
        }
        Ok(())
    }

    pub(super) async fn create_dynamic(&mut self, c: &CreateBody) -> Result<Answer> {
        c.options.only(&[
            "TARGET_LAG",
            "WAREHOUSE",
            "INITIALIZATION_WAREHOUSE",
            "REFRESH_MODE",
            "INITIALIZE",
            "SCHEDULER",
            "COMMENT",
            "CLUSTER_BY",
            "DATA_RETENTION_TIME_IN_DAYS",
            "MAX_DATA_EXTENSION_TIME_IN_DAYS",
        ])?;
        if c.options.text("TARGET_LAG").is_none() || c.options.text("WAREHOUSE").is_none() {
            return Err(SqlError::raw(
                "001003",
                "42000",
                "SQL compilation error:\nA dynamic table needs TARGET_LAG and WAREHOUSE.",
            ));
        }
        let empty = c
            .options
            .text("INITIALIZE")
            .is_some_and(|i| i.eq_ignore_ascii_case("ON_SCHEDULE"));
        let text = format!(
            "CREATE {}TABLE {}{} {} AS {}",
            if c.or_replace { "OR REPLACE " } else { "" },
            if c.if_not_exists {
                "IF NOT EXISTS "
            } else {
                ""
            },
            c.name,
            c.columns.as_deref().unwrap_or_default(),
            if empty {
                format!("SELECT * FROM ({}) LIMIT 0", c.body)
            } else {
                c.body.clone()
            }
        );
        let started = chrono::Utc::now();
        let answer = self.nested(&text).await?;
        if answer.skipped_creation() {
            return Ok(answer);
        }
        let (name, made) = self.inner.table(&c.name)?;
        let mut props: BTreeMap<String, String> = properties(&c.options)
            .into_iter()
            .map(|(k, v)| (k.to_lowercase(), v))
            .collect();
        props.insert(DYNAMIC_QUERY.into(), c.body.clone());
        props.insert("scheduling_state".into(), "ACTIVE".into());
        let comment = c.options.text("COMMENT").map(str::to_owned);
        self.redefine(&name, |def| {
            def.properties.extend(props.clone());
            def.comment.clone_from(&comment);
        })?;
        if !empty {
            self.note_refresh(
                &name,
                &made,
                "CREATION",
                "REINITIALIZE",
                (made.data.rows, 0),
                None,
                started,
            );
        }
        Answer::status(
            StatementKind::Ddl,
            format!("Dynamic table {} successfully created.", name.name),
        )
    }

    fn note_refresh(
        &mut self,
        name: &ObjectName,
        table: &TableEntry,
        trigger: &'static str,
        action: &'static str,
        rows: (usize, usize),
        failure: Option<&SqlError>,
        started: chrono::DateTime<chrono::Utc>,
    ) {
        self.account.note_refresh(RefreshRun {
            name: name.clone(),
            table: table.def.oid,
            query_id: self.inner.query_id.clone(),
            trigger,
            action,
            rows,
            failure: failure.map(|e| {
                let r = e.snowflake();
                (r.code, r.message)
            }),
            started,
            ended: chrono::Utc::now(),
        });
    }

    /// Another definition of a table with the same rows.
    pub(super) fn redefine(
        &mut self,
        name: &ObjectName,
        change: impl Fn(&mut TableDef),
    ) -> Result<()> {
        self.inner.change(|t| {
            let Some(Object::Table(e)) = t.object(ObjectKind::Relation, name) else {
                return Err(missing("table", name.to_string()));
            };
            let mut def = TableDef::clone(&e.def);
            change(&mut def);
            let entry = e.with_def(def, e.data.as_ref().clone());
            t.set_object(
                ObjectKind::Relation,
                name,
                Some(Object::Table(Arc::new(entry))),
            )
        })
    }

    /// The dynamic tables that a dynamic table's query reads.
    fn upstream(&mut self, name: &ObjectName, query: &str) -> Result<Vec<ObjectName>> {
        let parsed = crate::parse::query(query)?;
        let before = (
            self.inner.database().map(str::to_owned),
            self.inner.schemas().to_vec(),
        );
        self.inner
            .set_context(Some(name.database.clone()), vec![name.schema.clone()]);
        let used = self.inner.view().and_then(|view| {
            let env = self.inner.env();
            let mut binder = self.inner.binder(env, &view, &[]);
            binder.detached_query(&parsed)?;
            let dynamic = |n: &ObjectName| {
                matches!(view.object(ObjectKind::Relation, n), Some(Object::Table(t))
                    if t.def.properties.contains_key(DYNAMIC_QUERY))
            };
            Ok(binder.used.into_iter().filter(dynamic).collect())
        });
        self.inner.set_context(before.0, before.1);
        used
    }

    /// Refreshes a dynamic table, after those that it reads.
    async fn refresh_dynamic(&mut self, name: &ObjectName, depth: usize) -> Result<()> {
        let view = self.inner.view()?;
        let Some(Object::Table(entry)) = view.object(ObjectKind::Relation, name).cloned() else {
            return Err(missing("dynamic table", name.to_string()));
        };
        let Some(query) = entry.def.properties.get(DYNAMIC_QUERY).cloned() else {
            return Err(missing("dynamic table", name.to_string()));
        };
        if depth < 32 {
            // What cannot be bound fails below, where its history is written.
            for above in self.upstream(name, &query).unwrap_or_default() {
                if above != *name {
                    Box::pin(self.refresh_dynamic(&above, depth + 1)).await?;
                }
            }
        }
        let started = chrono::Utc::now();
        let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
        let target = [&name.database, &name.schema, &name.name]
            .map(|s| quoted(s))
            .join(".");
        self.maintaining = true;
        let done = self
            .nested_in(name, &format!("INSERT OVERWRITE INTO {target} {query}"))
            .await;
        self.maintaining = false;
        let now = match self.inner.view()?.object(ObjectKind::Relation, name) {
            Some(Object::Table(t)) => t.data.rows,
            _ => 0,
        };
        let rows = match &done {
            Ok(_) => (now, entry.data.rows),
            Err(_) => (0, 0),
        };
        self.note_refresh(
            name,
            &entry,
            "MANUAL",
            "FULL",
            rows,
            done.as_ref().err(),
            started,
        );
        done.map(drop)
    }

    pub(super) async fn change_dynamic(
        &mut self,
        name: &ast::ObjectName,
        change: &Change,
    ) -> Result<Answer> {
        let (full, entry) = self.inner.table(name)?;
        if !entry.def.properties.contains_key(DYNAMIC_QUERY) {
            return Err(missing("dynamic table", full.to_string()));
        }
        let mut set: BTreeMap<String, String> = BTreeMap::new();
        let mut unset: Vec<String> = Vec::new();
        match change {
            Change::Refresh(_) => {
                self.refresh_dynamic(&full, 0).await?;
                return Answer::success(StatementKind::Ddl);
            }
            Change::State(s) => {
                let state = if *s == "started" {
                    "ACTIVE"
                } else {
                    "SUSPENDED"
                };
                set.insert("scheduling_state".into(), state.into());
            }
            Change::Set(o) => {
                set.extend(
                    properties(o)
                        .into_iter()
                        .map(|(k, v)| (k.to_lowercase(), v)),
                );
            }
            Change::Unset(names) => unset.extend(names.iter().map(|n| n.to_lowercase())),
            Change::Rename(to) => {
                self.inner.rename_relation(&full, to)?;
                return Answer::success(StatementKind::Ddl);
            }
            Change::Swap(other) => {
                return self
                    .nested(&format!("ALTER TABLE {name} SWAP WITH {other}"))
                    .await;
            }
            other => {
                return Err(SqlError::unsupported(format!(
                    "ALTER DYNAMIC TABLE … {other:?}"
                )));
            }
        }
        self.redefine(&full, |def| {
            def.properties.extend(set.clone());
            for name in &unset {
                def.properties.remove(name);
            }
            if let Some(c) = set.get("comment") {
                def.comment = Some(c.clone());
            } else if unset.iter().any(|n| n == "comment") {
                def.comment = None;
            }
        })?;
        Answer::success(StatementKind::Ddl)
    }
}
