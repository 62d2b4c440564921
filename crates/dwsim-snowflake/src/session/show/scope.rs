//! Databases and schemas as SHOW lists them, and which of them a scope covers.
//! What is in a schema is listed in `objects`.

use std::sync::Arc;

use dwsim_engine::catalog::{Account, Database, DroppedObject};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::session::is_temp_schema;

use super::list::{Place, Row, some, yes};
use crate::dialect::fold;
use crate::parse::{Show, ShowScope};
use crate::session::SnowflakeSession;

/// The property of a schema whose owner alone grants privileges.
const MANAGED: &str = "MANAGED ACCESS";

impl SnowflakeSession {
    fn database_row(&self, name: &str, db: &Database, dropped: Option<i64>) -> Row {
        let property =
            |k: &str, default: &str| some(db.properties.get(k).map_or(default, String::as_str));
        vec![
            ("created_on", some(db.created.to_string())),
            ("name", some(name)),
            ("is_default", yes(false)),
            ("is_current", yes(self.inner.database() == Some(name))),
            ("origin", property("ORIGIN", "")),
            ("owner", some(&db.owner)),
            ("comment", some(db.comment.clone().unwrap_or_default())),
            (
                "options",
                some(if db.properties.contains_key("TRANSIENT") {
                    "TRANSIENT"
                } else {
                    ""
                }),
            ),
            (
                "retention_time",
                property("DATA_RETENTION_TIME_IN_DAYS", "1"),
            ),
            ("kind", property("KIND", "STANDARD")),
            ("owner_role_type", some("ROLE")),
            ("dropped_on", dropped.map(|d| d.to_string())),
        ]
    }

    pub(super) fn show_databases(&self, account: &Account, history: bool) -> Vec<Row> {
        let mut out: Vec<Row> = account
            .databases
            .iter()
            .map(|(name, db)| self.database_row(name, db, None))
            .collect();
        if history {
            let dropped = self.account.engine.catalog.history(|h| {
                h.dropped()
                    .filter_map(|d| match &d.object {
                        DroppedObject::Database(n, db)
                            if !account.databases.values().any(|x| x.oid == db.oid) =>
                        {
                            Some((n.clone(), Arc::clone(db), d.at / 1_000_000))
                        }
                        _ => None,
                    })
                    .collect::<Vec<_>>()
            });
            for (name, db, at) in dropped.unwrap_or_default() {
                out.push(self.database_row(&name, &db, Some(at)));
            }
        }
        out
    }

    pub(super) fn show_schemas(&self, account: &Account, show: &Show) -> Result<Vec<Row>> {
        let only = match &show.scope {
            ShowScope::Database(Some(n)) | ShowScope::Schema(Some(n)) => {
                n.0.last().and_then(|p| p.as_ident()).map(fold)
            }
            ShowScope::Account => None,
            _ => self.inner.database().map(str::to_owned),
        };
        if let Some(db) = &only
            && !account.databases.contains_key(db)
        {
            return Err(SqlError::raw(
                "002043",
                "02000",
                "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
            ));
        }
        let mut out = Vec::new();
        for (db_name, db) in account
            .databases
            .iter()
            .filter(|(n, _)| only.as_ref().is_none_or(|o| o == *n))
        {
            let information = (
                "INFORMATION_SCHEMA".to_owned(),
                db.created,
                String::new(),
                Some("Views describing the contents of schemas in this database".to_owned()),
                String::new(),
                "1".to_owned(),
            );
            let mut list: Vec<_> = db
                .schemas
                .iter()
                .filter(|(n, _)| !is_temp_schema(n))
                .map(|(n, s)| {
                    let is = |k: &str| {
                        s.properties
                            .get(k)
                            .is_some_and(|v| v.eq_ignore_ascii_case("true"))
                    };
                    let options: Vec<&str> = [("TRANSIENT", "TRANSIENT"), (MANAGED, MANAGED)]
                        .into_iter()
                        .filter(|(k, _)| is(k))
                        .map(|(_, shown)| shown)
                        .collect();
                    let retention = s.properties.get("DATA_RETENTION_TIME_IN_DAYS");
                    (
                        n.clone(),
                        s.created,
                        s.owner.clone(),
                        s.comment.clone(),
                        options.join(", "),
                        retention.cloned().unwrap_or_else(|| "1".to_owned()),
                    )
                })
                .chain(std::iter::once(information))
                .collect();
            list.sort();
            for (name, created, owner, comment, options, retention) in list {
                let current = self.inner.database() == Some(db_name)
                    && self.inner.schema() == Some(name.as_str());
                out.push(vec![
                    ("created_on", some(created.to_string())),
                    ("name", some(name)),
                    ("is_default", yes(false)),
                    ("is_current", yes(current)),
                    ("database_name", some(db_name)),
                    ("owner", some(owner)),
                    ("comment", some(comment.unwrap_or_default())),
                    ("options", some(options)),
                    ("dropped_on", None),
                    ("retention_time", some(retention)),
                    ("owner_role_type", some("ROLE")),
                    ("kind", None),
                    ("schema_name", None),
                ]);
            }
        }
        if show.history {
            let dropped = self.account.engine.catalog.history(|h| {
                h.dropped()
                    .filter_map(|d| match &d.object {
                        DroppedObject::Schema(db, n, s)
                            if only.as_ref().is_none_or(|o| o == db)
                                && !is_temp_schema(n)
                                && !account.databases.get(db).is_some_and(|x| {
                                    x.schemas.values().any(|x| x.oid == s.oid)
                                }) =>
                        {
                            Some((db.clone(), n.clone(), Arc::clone(s), d.at / 1_000_000))
                        }
                        _ => None,
                    })
                    .collect::<Vec<_>>()
            });
            for (db, name, s, at) in dropped.unwrap_or_default() {
                out.push(vec![
                    ("created_on", some(s.created.to_string())),
                    ("name", some(name)),
                    ("is_default", yes(false)),
                    ("is_current", yes(false)),
                    ("database_name", some(db)),
                    ("owner", some(&s.owner)),
                    ("comment", some(s.comment.clone().unwrap_or_default())),
                    ("options", some("")),
                    ("retention_time", some("1")),
                    ("owner_role_type", some("ROLE")),
                    ("dropped_on", some(at.to_string())),
                ]);
            }
        }
        Ok(out)
    }

    /// The schemas that a scope covers.
    pub(super) fn places(&self, account: &Account, scope: &ShowScope) -> Result<Vec<Place>> {
        let gone = || {
            SqlError::raw(
                "002043",
                "02000",
                "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
            )
        };
        let folded = |n: &sqlparser::ast::ObjectName| -> Vec<String> {
            n.0.iter().filter_map(|p| p.as_ident()).map(fold).collect()
        };
        let (database, schema): (Option<String>, Option<String>) = match scope {
            ShowScope::Account => (None, None),
            ShowScope::Database(Some(n)) => (folded(n).pop(), None),
            ShowScope::Database(None) => (self.inner.database().map(str::to_owned), None),
            ShowScope::Schema(Some(n)) => match folded(n).as_slice() {
                // `IN x` may name a database.
                [one]
                    if self.inner.database().is_none_or(|d| {
                        account
                            .databases
                            .get(d)
                            .is_none_or(|d| !d.schemas.contains_key(one))
                    }) && account.databases.contains_key(one) =>
                {
                    (Some(one.clone()), None)
                }
                parts => {
                    let (d, s) = self.schema_name(parts)?;
                    (Some(d), Some(s))
                }
            },
            _ => (
                self.inner.database().map(str::to_owned),
                self.inner.schema().map(str::to_owned),
            ),
        };
        if database
            .as_ref()
            .is_some_and(|d| !account.databases.contains_key(d))
        {
            return Err(gone());
        }
        let mut out = Vec::new();
        for (d, db) in account
            .databases
            .iter()
            .filter(|(n, _)| database.as_ref().is_none_or(|x| x == *n))
        {
            for (s, contents) in db.schemas.iter() {
                // A temporary object is listed in the schema it stands beside.
                let plain = s.split("$TEMP$").next().unwrap_or(s);
                let own = s.ends_with(&format!("$TEMP${}", self.inner.id()));
                if schema.as_ref().is_none_or(|x| x == plain) && (own || !is_temp_schema(s)) {
                    out.push(Place {
                        database: d.clone(),
                        schema: plain.to_owned(),
                        contents: Arc::clone(contents),
                    });
                }
            }
        }
        if out.is_empty() && schema.is_some() {
            return Err(gone());
        }
        Ok(out)
    }
}
