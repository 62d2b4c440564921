//! The current database's relations, flattened for the system views: names, owners, columns, attributes.
//! The views themselves are in the sibling modules.

use std::sync::Arc;

use dwsim_engine::catalog::{
    Account, ColumnDef, Constraint, Database, Object, ObjectKind, TableEntry, ViewDef,
};
use dwsim_engine::plan::Binder;
use dwsim_engine::session::is_temp_schema;
use dwsim_engine::types::SqlType;

use crate::statements::{MATERIALIZED, default_encoding};

/// Object id of the superuser `dev`.
pub(super) const DEV: i64 = 100;
/// Object id of pg_catalog.
pub(super) const PG_CATALOG: i64 = 11;
/// Object id of information_schema.
pub(super) const INFORMATION_SCHEMA: i64 = 12;

/// A table, view or materialized view.
pub(super) enum Body {
    /// A table.
    Table(Arc<TableEntry>),
    /// A materialized view, which is a table inside.
    Materialized(Arc<TableEntry>),
    /// A view.
    View(Arc<ViewDef>),
}

/// A relation with its place.
pub(super) struct Rel {
    /// Schema.
    pub schema: String,
    /// Object id of the schema.
    pub schema_oid: i64,
    /// Name.
    pub name: String,
    /// What it is.
    pub body: Body,
}

/// A column as the system views describe it.
pub(super) struct Col<'a> {
    /// Name.
    pub name: &'a str,
    /// Type.
    pub ty: &'a SqlType,
    /// NOT NULL.
    pub not_null: bool,
    /// The column of a table.
    pub def: Option<&'a ColumnDef>,
}

impl Rel {
    /// Object id.
    pub fn oid(&self) -> i64 {
        match &self.body {
            Body::Table(t) | Body::Materialized(t) => t.def.oid as i64,
            Body::View(v) => v.oid as i64,
        }
    }

    /// Owner.
    pub fn owner(&self) -> &str {
        match &self.body {
            Body::Table(t) | Body::Materialized(t) => &t.def.owner,
            Body::View(v) => &v.owner,
        }
    }

    /// COMMENT.
    pub fn comment(&self) -> Option<&str> {
        match &self.body {
            Body::Table(t) | Body::Materialized(t) => t.def.comment.as_deref(),
            Body::View(v) => v.comment.as_deref(),
        }
    }

    /// `pg_class.relkind`: a materialized view is a view.
    pub fn kind(&self) -> &'static str {
        match &self.body {
            Body::Table(_) => "r",
            _ => "v",
        }
    }

    /// The stored table.
    pub fn table(&self) -> Option<&TableEntry> {
        match &self.body {
            Body::Table(t) | Body::Materialized(t) => Some(t),
            Body::View(_) => None,
        }
    }

    /// Whether it is a view whose names bind late.
    pub fn late_binding(&self) -> bool {
        matches!(&self.body, Body::View(v) if v.late_binding)
    }

    /// The query of a view.
    pub fn query(&self) -> Option<&str> {
        match &self.body {
            Body::View(v) => Some(&v.query),
            Body::Materialized(t) => t.def.properties.get(MATERIALIZED).map(String::as_str),
            Body::Table(_) => None,
        }
    }

    /// Whether it lives in a session only.
    pub fn is_temporary(&self) -> bool {
        is_temp_schema(&self.schema)
    }

    /// Columns in order.
    pub fn columns(&self) -> Vec<Col<'_>> {
        match &self.body {
            Body::Table(t) | Body::Materialized(t) => t
                .def
                .columns
                .iter()
                .map(|c| Col {
                    name: &c.name,
                    ty: &c.ty,
                    not_null: c.not_null,
                    def: Some(c),
                })
                .collect(),
            Body::View(v) => v
                .columns
                .iter()
                .map(|c| Col {
                    name: &c.name,
                    ty: &c.ty,
                    not_null: false,
                    def: None,
                })
                .collect(),
        }
    }

    /// Keys.
    pub fn constraints(&self) -> &[Constraint] {
        self.table().map_or(&[], |t| &t.def.constraints)
    }

    /// A property of the table.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.table()?.def.properties.get(name).map(String::as_str)
    }

    /// Sort key columns in order.
    pub fn sort_keys(&self) -> Vec<&str> {
        self.property("sortkey")
            .map(|s| s.split(',').collect())
            .unwrap_or_default()
    }

    /// A column's encoding.
    pub fn encoding(&self, c: &Col<'_>) -> String {
        match c.def.and_then(|d| d.properties.get("encode")) {
            Some(e) => e.clone(),
            None => default_encoding(c.ty, self.sort_keys().contains(&c.name)).to_owned(),
        }
    }

    /// A column's place in the sort key from 1, negative in turn for interleaved ones, 0 for none.
    pub fn sort_position(&self, name: &str) -> i64 {
        let Some(i) = self.sort_keys().iter().position(|k| *k == name) else {
            return 0;
        };
        let n = i as i64 + 1;
        if self.property("sortstyle") == Some("interleaved") && i % 2 == 1 {
            -n
        } else {
            n
        }
    }

    /// `pg_class.reldiststyle`: 0 even, 1 key, 8 all, 10 to 12 auto.
    pub fn dist_style(&self) -> i64 {
        match self.property("diststyle") {
            Some("even") => 0,
            Some("key") => 1,
            Some("all") => 8,
            _ if self.table().is_some() => 10,
            _ => 0,
        }
    }
}

/// The catalog from the point of view of a statement.
pub(super) struct View {
    /// All databases.
    pub account: Arc<Account>,
    /// Name of the current database.
    pub database: String,
    /// The current database.
    pub db: Option<Arc<Database>>,
    /// Its relations, temporary ones of other sessions left out.
    pub relations: Vec<Rel>,
    /// Schemas of the search path.
    pub path: Vec<String>,
    own_temp: String,
}

/// Relations of a schema.
fn relations(schema: &str, s: &dwsim_engine::catalog::Schema, out: &mut Vec<Rel>) {
    for ((kind, name), object) in &s.objects {
        if *kind != ObjectKind::Relation {
            continue;
        }
        let body = match object {
            Object::Table(t) if t.def.properties.contains_key(MATERIALIZED) => {
                Body::Materialized(Arc::clone(t))
            }
            Object::Table(t) => Body::Table(Arc::clone(t)),
            Object::View(v) => Body::View(Arc::clone(v)),
            _ => continue,
        };
        out.push(Rel {
            schema: schema.to_owned(),
            schema_oid: s.oid as i64,
            name: name.clone(),
            body,
        });
    }
}

impl View {
    pub(super) fn new(binder: &Binder<'_>) -> Self {
        let account = Arc::clone(binder.catalog.account());
        let database = binder.env.database.clone().unwrap_or_default();
        let db = account.databases.get(&database).cloned();
        let own_temp = format!("pg_temp_{}", binder.env.session_id);
        let mut all = Vec::new();
        if let Some(db) = &db {
            for (schema, s) in db.schemas.iter() {
                if is_temp_schema(schema) && *schema != own_temp {
                    continue;
                }
                relations(schema, s, &mut all);
            }
        }
        let path = binder.search_path.iter().map(|(_, s)| s.clone()).collect();
        View {
            account,
            database,
            db,
            relations: all,
            path,
            own_temp,
        }
    }

    /// A relation by its path in lower case.
    pub(super) fn find(&self, path: &str) -> Option<&Rel> {
        let clean = path.replace('"', "");
        let parts: Vec<&str> = clean.split('.').collect();
        let (schema, name) = match parts.as_slice() {
            [n] => (None, *n),
            [s, n] | [_, s, n] => (Some(*s), *n),
            _ => return None,
        };
        self.relations
            .iter()
            .find(|r| r.name == name && schema.map_or_else(|| self.visible(r), |s| r.schema == s))
    }

    /// Schemas with object id and owner.
    pub(super) fn schemas(&self) -> Vec<(String, i64, String)> {
        let mut all = vec![
            ("pg_catalog".to_owned(), PG_CATALOG, "rdsdb".to_owned()),
            (
                "information_schema".to_owned(),
                INFORMATION_SCHEMA,
                "rdsdb".to_owned(),
            ),
        ];
        if let Some(db) = &self.db {
            for (name, s) in db.schemas.iter() {
                if !is_temp_schema(name) || *name == self.own_temp {
                    all.push((name.clone(), s.oid as i64, s.owner.clone()));
                }
            }
        }
        all
    }

    /// Users with object id and properties: `dev`, created ones, and owners that were never created.
    pub(super) fn users(&self) -> Vec<(String, i64, bool, bool)> {
        let mut all = vec![
            ("rdsdb".to_owned(), 1, true, true),
            ("dev".to_owned(), DEV, true, true),
        ];
        for ((kind, name), object) in &self.account.objects {
            if *kind == ObjectKind::User && name != "dev" {
                let has = |p: &str| match object {
                    Object::Other(o) => o.properties.contains_key(p),
                    _ => false,
                };
                all.push((
                    name.clone(),
                    object.oid() as i64,
                    has("createdb"),
                    has("createuser"),
                ));
            }
        }
        all
    }

    /// Object id of a user; that of `dev` for names that were never created.
    pub(super) fn user_oid(&self, name: &str) -> i64 {
        self.users()
            .into_iter()
            .find(|u| u.0 == name)
            .map_or(DEV, |u| u.1)
    }

    /// Object id of a grantee: `user`, `group` or `role`; 0 for everybody, and for whom there is no such principal.
    pub(super) fn identity(&self, kind: &str, name: &str) -> i64 {
        let space = match kind {
            "user" => return self.users().iter().find(|u| u.0 == name).map_or(0, |u| u.1),
            "group" => ObjectKind::Group,
            "role" => ObjectKind::Role,
            _ => return 0,
        };
        (self.account.objects)
            .get(&(space, name.to_owned()))
            .map_or(0, |o| o.oid() as i64)
    }

    /// Whether a relation is found without its schema.
    pub(super) fn visible(&self, rel: &Rel) -> bool {
        rel.is_temporary() || self.path.contains(&rel.schema)
    }
}
