//! SHOW: lists of objects with the columns their documentation pages name.
//! Which objects exist is read from the catalog; filters are applied here, in the order LIKE, STARTS WITH, FROM, LIMIT.

use std::sync::Arc;

use dwsim_engine::catalog::{Account, Object, ObjectKind, Schema};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::session::is_temp_schema;
use dwsim_engine::types::SqlType;

use super::parameters::DEFAULTS;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::fold;
use crate::parse::{Show, ShowScope};

/// One row under way: its values by column.
type Row = Vec<(&'static str, Option<String>)>;

/// What a schema scope covers.
struct Place {
    database: String,
    schema: String,
    contents: Arc<Schema>,
}

fn some(s: impl Into<String>) -> Option<String> {
    Some(s.into())
}

fn yes(b: bool) -> Option<String> {
    some(if b { "Y" } else { "N" })
}

/// Whether a name matches a LIKE pattern in any case.
pub(crate) fn like(pattern: &str, name: &str) -> bool {
    fn go(p: &[char], s: &[char]) -> bool {
        match p.split_first() {
            None => s.is_empty(),
            Some(('%', rest)) => (0..=s.len()).any(|i| go(rest, &s[i..])),
            Some(('_', rest)) => !s.is_empty() && go(rest, &s[1..]),
            Some(('\\', rest)) if !rest.is_empty() => {
                s.first() == Some(&rest[0]) && go(&rest[1..], &s[1..])
            }
            Some((c, rest)) => s.first() == Some(c) && go(rest, &s[1..]),
        }
    }
    let lower = |t: &str| t.to_lowercase().chars().collect::<Vec<_>>();
    go(&lower(pattern), &lower(name))
}

/// The type of a column by its name.
fn column_type(name: &str) -> SqlType {
    match name {
        "created_on" | "dropped_on" | "resumed_on" | "updated_on" => SqlType::TimestampLtz(3),
        "rows" | "bytes" | "next_value" | "interval" => SqlType::number(38, 0),
        _ => SqlType::text(),
    }
}

impl SnowflakeSession {
    pub(super) fn show(&mut self, show: &Show) -> Result<Answer> {
        let columns = columns(show)?;
        let mut rows = self.rows(show)?;
        let name_of = |r: &Row| -> String {
            let key = if show.what == "PARAMETERS" {
                "key"
            } else {
                "name"
            };
            let key = if show.what == "COLUMNS" {
                "column_name"
            } else {
                key
            };
            r.iter()
                .find(|(n, _)| *n == key)
                .and_then(|(_, v)| v.clone())
                .unwrap_or_default()
        };
        rows.retain(|r| {
            let name = name_of(r);
            show.like.as_ref().is_none_or(|p| like(p, &name))
                && show
                    .starts_with
                    .as_ref()
                    .is_none_or(|p| name.starts_with(p.as_str()))
                && show
                    .from
                    .as_ref()
                    .is_none_or(|f| name.as_str() > f.as_str())
        });
        if let Some(n) = show.limit {
            rows.truncate(n as usize);
        }
        let texts = rows
            .iter()
            .map(|r| {
                columns
                    .iter()
                    .map(|c| r.iter().find(|(n, _)| n == c).and_then(|(_, v)| v.clone()))
                    .collect()
            })
            .collect();
        let typed = columns.iter().map(|c| (*c, column_type(c))).collect();
        Answer::table(StatementKind::Show, typed, texts)
    }

    fn rows(&mut self, show: &Show) -> Result<Vec<Row>> {
        let account = Arc::clone(&self.inner.snapshot());
        match show.what.as_str() {
            "DATABASES" => Ok(self.databases(&account)),
            "SCHEMAS" => self.schemas(&account, show),
            "TABLES" | "VIEWS" | "OBJECTS" | "SEQUENCES" | "STAGES" | "FILE FORMATS"
            | "MATERIALIZED VIEWS" => {
                let mut out = Vec::new();
                for place in self.places(&account, &show.scope)? {
                    self.objects(&place, &show.what, &mut out);
                }
                Ok(out)
            }
            "COLUMNS" => self.columns_of(&account, show),
            "PRIMARY KEYS" | "UNIQUE KEYS" | "IMPORTED KEYS" => self.keys(&account, show),
            "WAREHOUSES" => {
                Ok(self.account_objects(&account, ObjectKind::Warehouse, &self.inner.warehouse))
            }
            "ROLES" => Ok(self.account_objects(&account, ObjectKind::Role, &self.inner.role)),
            "USERS" => Ok(self.account_objects(&account, ObjectKind::User, &self.inner.user)),
            "PARAMETERS" => Ok(self.parameter_rows()),
            "VARIABLES" => Ok(self.variable_rows()),
            "USER FUNCTIONS" | "FUNCTIONS" => self.routines(&account, show, ObjectKind::Function),
            "USER PROCEDURES" | "PROCEDURES" => {
                self.routines(&account, show, ObjectKind::Procedure)
            }
            // Privileges and tags are not kept: there are none to list.
            "GRANTS" | "TASKS" | "STREAMS" | "PIPES" | "DYNAMIC TABLES" | "EXTERNAL TABLES"
            | "TAGS" | "SHARES" | "TRANSACTIONS" | "LOCKS" => Ok(Vec::new()),
            other => Err(SqlError::unsupported(format!("SHOW {other}"))),
        }
    }

    fn databases(&self, account: &Account) -> Vec<Row> {
        account
            .databases
            .iter()
            .map(|(name, db)| {
                vec![
                    ("created_on", some(db.created.to_string())),
                    ("name", some(name)),
                    ("is_default", yes(false)),
                    ("is_current", yes(self.inner.database() == Some(name))),
                    ("origin", some("")),
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
                    ("retention_time", some("1")),
                    ("kind", some("STANDARD")),
                    ("owner_role_type", some("ROLE")),
                ]
            })
            .collect()
    }

    fn schemas(&self, account: &Account, show: &Show) -> Result<Vec<Row>> {
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
            );
            let mut list: Vec<_> = db
                .schemas
                .iter()
                .filter(|(n, _)| !is_temp_schema(n))
                .map(|(n, s)| (n.clone(), s.created, s.owner.clone(), s.comment.clone()))
                .chain(std::iter::once(information))
                .collect();
            list.sort();
            for (name, created, owner, comment) in list {
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
                    ("options", some("")),
                    ("retention_time", some("1")),
                    ("owner_role_type", some("ROLE")),
                    ("kind", None),
                    ("schema_name", None),
                ]);
            }
        }
        Ok(out)
    }

    /// The schemas that a scope covers.
    fn places(&self, account: &Account, scope: &ShowScope) -> Result<Vec<Place>> {
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

    fn routines(&self, account: &Account, show: &Show, kind: ObjectKind) -> Result<Vec<Row>> {
        let mut out = Vec::new();
        for place in self.places(account, &show.scope)? {
            let objects = place
                .contents
                .objects
                .iter()
                .filter(|((k, _), _)| *k == kind);
            for (_, object) in objects {
                if let Object::Routine(r) = object {
                    let mut row = crate::scripting::show_row(r);
                    row.push(("schema_name", some(&place.schema)));
                    row.push(("catalog_name", some(&place.database)));
                    out.push(row);
                }
            }
        }
        Ok(out)
    }

    fn objects(&self, place: &Place, what: &str, out: &mut Vec<Row>) {
        for ((kind, name), object) in &place.contents.objects {
            let base = |created: i64, owner: &str, comment: &Option<String>| -> Row {
                vec![
                    ("created_on", some(created.to_string())),
                    ("name", some(name)),
                    ("database_name", some(&place.database)),
                    ("schema_name", some(&place.schema)),
                    ("owner", some(owner)),
                    ("comment", some(comment.clone().unwrap_or_default())),
                    ("owner_role_type", some("ROLE")),
                ]
            };
            match (object, what) {
                (Object::Table(t), "TABLES" | "OBJECTS") => {
                    let kind = if t.def.temporary {
                        "TEMPORARY"
                    } else if t
                        .def
                        .properties
                        .keys()
                        .any(|k| k.eq_ignore_ascii_case("transient"))
                    {
                        "TRANSIENT"
                    } else {
                        "TABLE"
                    };
                    let mut row = base(t.def.created, &t.def.owner, &t.def.comment);
                    row.extend([
                        ("kind", some(kind)),
                        ("cluster_by", some("")),
                        ("rows", some(t.data.rows.to_string())),
                        ("bytes", some(t.data.bytes().to_string())),
                        ("retention_time", some("1")),
                        ("automatic_clustering", some("OFF")),
                        ("change_tracking", some("OFF")),
                        ("search_optimization", some("OFF")),
                        ("is_external", yes(false)),
                        ("enable_schema_evolution", yes(false)),
                        ("is_event", yes(false)),
                        ("is_hybrid", yes(false)),
                        ("is_iceberg", yes(false)),
                        ("is_dynamic", yes(false)),
                        ("is_immutable", yes(false)),
                    ]);
                    out.push(row);
                }
                (Object::View(v), "VIEWS" | "OBJECTS" | "MATERIALIZED VIEWS") => {
                    let materialized = v.properties.contains_key("materialized");
                    if (what == "MATERIALIZED VIEWS") != materialized && what != "OBJECTS" {
                        continue;
                    }
                    let mut row = base(v.created, &v.owner, &v.comment);
                    row.extend([
                        (
                            "kind",
                            some(if materialized {
                                "MATERIALIZED_VIEW"
                            } else {
                                "VIEW"
                            }),
                        ),
                        ("reserved", some("")),
                        ("text", some(&v.ddl)),
                        (
                            "is_secure",
                            some(v.properties.contains_key("secure").to_string()),
                        ),
                        ("is_materialized", some(materialized.to_string())),
                        ("change_tracking", some("OFF")),
                        ("cluster_by", some("")),
                        ("rows", None),
                        ("bytes", None),
                        ("is_hybrid", yes(false)),
                        ("is_iceberg", yes(false)),
                        ("is_dynamic", yes(false)),
                    ]);
                    out.push(row);
                }
                (Object::Sequence(s), "SEQUENCES") => {
                    let next = self
                        .inner
                        .snapshot()
                        .databases
                        .get(&place.database)
                        .and_then(|d| d.counters.peek(s.oid))
                        .unwrap_or(s.start);
                    let mut row = base(s.created, &s.owner, &s.comment);
                    row.extend([
                        ("next_value", some(next.to_string())),
                        ("interval", some(s.step.to_string())),
                        ("ordered", yes(false)),
                    ]);
                    out.push(row);
                }
                (Object::Other(o), "STAGES") if *kind == ObjectKind::Stage => {
                    let url = o.properties.get("URL").cloned().unwrap_or_default();
                    let mut row = base(o.created, &o.owner, &o.comment);
                    row.extend([
                        ("url", some(&url)),
                        (
                            "has_credentials",
                            yes(o.properties.keys().any(|k| k.starts_with("CREDENTIALS"))),
                        ),
                        ("has_encryption_key", yes(false)),
                        ("region", None),
                        (
                            "type",
                            some(if url.is_empty() {
                                "INTERNAL"
                            } else {
                                "EXTERNAL"
                            }),
                        ),
                        ("cloud", if url.is_empty() { None } else { some("AWS") }),
                        (
                            "storage_integration",
                            o.properties.get("STORAGE_INTEGRATION").cloned(),
                        ),
                        ("directory_enabled", yes(false)),
                    ]);
                    out.push(row);
                }
                (Object::Other(o), "FILE FORMATS") if *kind == ObjectKind::FileFormat => {
                    let mut row = base(o.created, &o.owner, &o.comment);
                    row.extend([
                        (
                            "type",
                            some(
                                o.properties
                                    .get("TYPE")
                                    .map_or_else(|| "CSV".to_owned(), |t| t.to_uppercase()),
                            ),
                        ),
                        (
                            "format_options",
                            some(serde_json::to_string(&o.properties).unwrap_or_default()),
                        ),
                    ]);
                    out.push(row);
                }
                _ => {}
            }
        }
        if what == "OBJECTS" || what == "TABLES" || what == "VIEWS" {
            let name = |r: &Row| {
                r.iter()
                    .find(|(n, _)| *n == "name")
                    .and_then(|(_, v)| v.clone())
            };
            out.sort_by_key(name);
        }
    }

    fn columns_of(&mut self, account: &Account, show: &Show) -> Result<Vec<Row>> {
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

    fn keys(&mut self, account: &Account, show: &Show) -> Result<Vec<Row>> {
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

    fn account_objects(&self, account: &Account, kind: ObjectKind, current: &str) -> Vec<Row> {
        account
            .objects
            .iter()
            .filter(|((k, _), _)| *k == kind)
            .filter_map(|((_, name), o)| {
                let Object::Other(o) = o else { return None };
                let text = |key: &str, default: &str| {
                    some(o.properties.get(key).map_or(default, String::as_str))
                };
                Some(vec![
                    ("created_on", some(o.created.to_string())),
                    ("name", some(name)),
                    ("is_default", yes(false)),
                    ("is_current", yes(name == current)),
                    ("is_inherited", yes(false)),
                    ("state", some("STARTED")),
                    ("type", some("STANDARD")),
                    ("size", text("WAREHOUSE_SIZE", "X-Small")),
                    ("auto_suspend", text("AUTO_SUSPEND", "600")),
                    ("auto_resume", text("AUTO_RESUME", "true")),
                    ("login_name", text("LOGIN_NAME", name)),
                    ("display_name", text("DISPLAY_NAME", name)),
                    ("email", text("EMAIL", "")),
                    ("default_role", text("DEFAULT_ROLE", "")),
                    ("default_warehouse", text("DEFAULT_WAREHOUSE", "")),
                    ("owner", some(&o.owner)),
                    ("comment", some(o.comment.clone().unwrap_or_default())),
                ])
            })
            .collect()
    }

    fn parameter_rows(&self) -> Vec<Row> {
        DEFAULTS
            .iter()
            .map(|(name, ty, default)| {
                let value = self
                    .inner
                    .parameters()
                    .get(*name)
                    .map_or(*default, String::as_str);
                vec![
                    ("key", some(*name)),
                    ("value", some(value)),
                    ("default", some(*default)),
                    (
                        "level",
                        some(if value == *default { "" } else { "SESSION" }),
                    ),
                    ("description", some("")),
                    ("type", some(*ty)),
                ]
            })
            .collect()
    }

    fn variable_rows(&self) -> Vec<Row> {
        self.inner
            .variables
            .iter()
            .map(|(name, v)| {
                vec![
                    ("session_id", some(self.inner.id().to_string())),
                    ("name", some(name)),
                    ("value", v.literal().map(ToString::to_string)),
                    ("type", some(v.ty.snowflake())),
                    ("comment", some("")),
                ]
            })
            .collect()
    }
}

/// The columns of each list, as its documentation page has them.
fn columns(show: &Show) -> Result<&'static [&'static str]> {
    if show.terse {
        return Ok(&["created_on", "name", "kind", "database_name", "schema_name"]);
    }
    Ok(match show.what.as_str() {
        "DATABASES" => &[
            "created_on",
            "name",
            "is_default",
            "is_current",
            "origin",
            "owner",
            "comment",
            "options",
            "retention_time",
            "kind",
            "owner_role_type",
        ],
        "SCHEMAS" => &[
            "created_on",
            "name",
            "is_default",
            "is_current",
            "database_name",
            "owner",
            "comment",
            "options",
            "retention_time",
            "owner_role_type",
        ],
        "TABLES" => &[
            "created_on",
            "name",
            "database_name",
            "schema_name",
            "kind",
            "comment",
            "cluster_by",
            "rows",
            "bytes",
            "owner",
            "retention_time",
            "automatic_clustering",
            "change_tracking",
            "search_optimization",
            "is_external",
            "enable_schema_evolution",
            "owner_role_type",
            "is_event",
            "is_hybrid",
            "is_iceberg",
            "is_dynamic",
            "is_immutable",
        ],
        "VIEWS" | "MATERIALIZED VIEWS" => &[
            "created_on",
            "name",
            "reserved",
            "database_name",
            "schema_name",
            "owner",
            "comment",
            "text",
            "is_secure",
            "is_materialized",
            "owner_role_type",
            "change_tracking",
        ],
        "OBJECTS" => &[
            "created_on",
            "name",
            "database_name",
            "schema_name",
            "kind",
            "comment",
            "cluster_by",
            "rows",
            "bytes",
            "owner",
            "retention_time",
            "owner_role_type",
            "is_hybrid",
            "is_dynamic",
            "is_iceberg",
        ],
        "SEQUENCES" => &[
            "name",
            "database_name",
            "schema_name",
            "next_value",
            "interval",
            "created_on",
            "owner",
            "comment",
            "owner_role_type",
            "ordered",
        ],
        "STAGES" => &[
            "created_on",
            "name",
            "database_name",
            "schema_name",
            "url",
            "has_credentials",
            "has_encryption_key",
            "owner",
            "comment",
            "region",
            "type",
            "cloud",
            "storage_integration",
            "owner_role_type",
            "directory_enabled",
        ],
        "FILE FORMATS" => &[
            "created_on",
            "name",
            "database_name",
            "schema_name",
            "type",
            "owner",
            "comment",
            "format_options",
            "owner_role_type",
        ],
        "COLUMNS" => &[
            "table_name",
            "schema_name",
            "column_name",
            "data_type",
            "null?",
            "default",
            "kind",
            "expression",
            "comment",
            "database_name",
            "autoincrement",
            "schema_evolution_record",
        ],
        "PRIMARY KEYS" | "UNIQUE KEYS" => &[
            "created_on",
            "database_name",
            "schema_name",
            "table_name",
            "column_name",
            "key_sequence",
            "constraint_name",
            "rely",
            "comment",
        ],
        "IMPORTED KEYS" => &[
            "created_on",
            "pk_database_name",
            "pk_schema_name",
            "pk_table_name",
            "pk_column_name",
            "fk_database_name",
            "fk_schema_name",
            "fk_table_name",
            "fk_column_name",
            "key_sequence",
            "update_rule",
            "delete_rule",
            "fk_name",
            "pk_name",
            "deferrability",
            "rely",
            "comment",
        ],
        "WAREHOUSES" => &[
            "name",
            "state",
            "type",
            "size",
            "is_default",
            "is_current",
            "auto_suspend",
            "auto_resume",
            "created_on",
            "owner",
            "comment",
        ],
        "ROLES" => &[
            "created_on",
            "name",
            "is_default",
            "is_current",
            "is_inherited",
            "owner",
            "comment",
        ],
        "USERS" => &[
            "name",
            "created_on",
            "login_name",
            "display_name",
            "email",
            "comment",
            "default_warehouse",
            "default_role",
            "owner",
        ],
        "PARAMETERS" => &["key", "value", "default", "level", "description", "type"],
        "VARIABLES" => &["session_id", "name", "value", "type", "comment"],
        "GRANTS" => &[
            "created_on",
            "privilege",
            "granted_on",
            "name",
            "granted_to",
            "grantee_name",
            "grant_option",
            "granted_by",
        ],
        "PROCEDURES" | "USER PROCEDURES" => &[
            "created_on",
            "name",
            "schema_name",
            "is_builtin",
            "is_aggregate",
            "is_ansi",
            "min_num_arguments",
            "max_num_arguments",
            "arguments",
            "description",
            "catalog_name",
            "is_table_function",
            "valid_for_clustering",
            "is_secure",
            "secrets",
            "external_access_integrations",
        ],
        "USER FUNCTIONS" | "FUNCTIONS" => &[
            "created_on",
            "name",
            "schema_name",
            "is_builtin",
            "is_aggregate",
            "is_ansi",
            "min_num_arguments",
            "max_num_arguments",
            "arguments",
            "description",
            "catalog_name",
            "is_table_function",
            "valid_for_clustering",
            "is_secure",
            "secrets",
            "external_access_integrations",
            "is_external_function",
            "language",
            "is_memoizable",
            "is_data_metric",
        ],
        "TASKS" | "STREAMS" | "PIPES" | "DYNAMIC TABLES" | "EXTERNAL TABLES" | "TAGS"
        | "SHARES" => &[
            "created_on",
            "name",
            "database_name",
            "schema_name",
            "owner",
            "comment",
        ],
        "TRANSACTIONS" | "LOCKS" => &["id", "user", "session", "name", "started_on", "state"],
        other => return Err(SqlError::unsupported(format!("SHOW {other}"))),
    })
}
