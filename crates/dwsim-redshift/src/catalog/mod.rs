//! System relations: pg_catalog, information_schema and Redshift's SVV, STL, STV, SVL and SYS views.
//! Those that describe objects, settings, queries and loads tell the truth; the others have their columns and no rows.

mod empty;
mod facts;
mod grants;
mod information;
mod logs;
mod pg;
mod pg_cluster;
mod redshift;
mod routines;
mod security;
mod snapshot;
mod table;
mod vacant;

use dwsim_engine::error::Result;
use dwsim_engine::plan::{Binder, Relation, TableCall};
use dwsim_engine::types::{ColumnOrigin, SqlType};

use crate::dialect::Redshift;
pub use facts::SYSTEM_PREFIXES;
pub(crate) use facts::{Facts, collation, facts, namespace_id};
pub(crate) use pg::encoding_name;
use snapshot::View;
use table::relation;

/// A system relation by its folded path; None when there is none of this name.
///
/// # Errors
/// What building its rows gives.
pub(crate) fn system_relation(
    dialect: &Redshift,
    binder: &mut Binder<'_>,
    path: &[String],
) -> Result<Option<Relation>> {
    let (schema, name) = match path {
        [name] => ("pg_catalog", name.as_str()),
        [schema, name] => (schema.as_str(), name.as_str()),
        [database, schema, name] if Some(database) == binder.env.database.as_ref() => {
            (schema.as_str(), name.as_str())
        }
        _ => return Ok(None),
    };
    let view = View::new(binder);
    let found = match schema {
        "information_schema" => information::rows(&view, name),
        "pg_catalog" => security::rows(&view, dialect.cluster(), name)
            .or_else(|| grants::rows(&view, name))
            .or_else(|| pg::rows(&view, binder, name))
            .or_else(|| redshift::rows(&view, dialect.cluster(), binder, name))
            .or_else(|| empty::columns(name).map(|c| (c, Vec::new()))),
        _ => None,
    };
    match found {
        Some((columns, rows)) => {
            let mut found = relation(binder, columns, &rows)?;
            for c in &mut found.columns {
                if crate::protocol::types::is_array("pg_catalog", name, &c.name) {
                    c.origin = Some(ColumnOrigin {
                        database: String::new(),
                        schema: "pg_catalog".to_owned(),
                        table: name.to_owned(),
                        oid: 0,
                        ordinal: 0,
                    });
                }
            }
            Ok(Some(found))
        }
        None if path.len() > 1 && matches!(schema, "information_schema" | "pg_catalog") => {
            Err(dwsim_engine::error::ErrorKind::UnknownObject {
                kind: "relation",
                name: format!("{schema}.{name}"),
            }
            .into())
        }
        None => Ok(None),
    }
}

/// A table function of the system; None when there is none of this name.
///
/// # Errors
/// What building its rows gives.
pub(crate) fn table_function(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
) -> Result<Option<Relation>> {
    let name = name.to_lowercase();
    let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
    let found = match name {
        "pg_get_late_binding_view_cols" => {
            Some(redshift::late_binding_columns(&View::new(binder), binder))
        }
        "pg_get_cols" => {
            let relation = constant(binder, call)?;
            let Some(columns) = redshift::relation_columns(&View::new(binder), binder, &relation)
            else {
                return Err(dwsim_engine::error::ErrorKind::UnknownObject {
                    kind: "relation",
                    name: relation,
                }
                .into());
            };
            Some(columns)
        }
        "pg_get_iam_role_by_user" | "pg_get_grantee_by_iam_role" => {
            let of = constant(binder, call)?;
            Some(grants::assumed(&View::new(binder), name, &of))
        }
        "pg_get_session_roles" => Some(grants::session_roles(&View::new(binder), &binder.env.user)),
        _ => pg_cluster::zones(binder, name),
    };
    match found {
        Some((columns, rows)) => relation(binder, columns, &rows).map(Some),
        None => Ok(None),
    }
}

/// The one argument of a table function, a constant text in lower case.
fn constant(binder: &mut Binder<'_>, call: &TableCall<'_>) -> Result<String> {
    let argument = match call.args {
        [_] => call.argument("", 0),
        _ => None,
    };
    let Some(argument) = argument else {
        return Err(dwsim_engine::error::SqlError::raw(
            "",
            "42883",
            "the function takes one argument",
        ));
    };
    match binder.constant(argument, &SqlType::text())? {
        datafusion::scalar::ScalarValue::Utf8(Some(text)) => Ok(text.to_lowercase()),
        _ => Ok(String::new()),
    }
}

/// The name `information_schema.columns.data_type` gives a type: without lengths.
pub(crate) fn data_type_name(ty: &SqlType) -> String {
    let full = ty.redshift();
    match full.find('(') {
        Some(i) => full[..i].to_owned(),
        None => full,
    }
}

/// Character length, numeric precision and numeric scale of a type, as information_schema has them.
pub(crate) fn limits(ty: &SqlType) -> (Option<u32>, Option<u32>, Option<u32>) {
    match &ty.plain_text() {
        SqlType::Char(n) => (Some(*n), None, None),
        SqlType::Varchar(n) => (*n, None, None),
        SqlType::SmallInt => (None, Some(16), Some(0)),
        SqlType::Integer => (None, Some(32), Some(0)),
        SqlType::BigInt => (None, Some(64), Some(0)),
        SqlType::Number { precision, scale } => {
            (None, Some(u32::from(*precision)), Some(u32::from(*scale)))
        }
        SqlType::Real => (None, Some(24), None),
        SqlType::Double => (None, Some(53), None),
        _ => (None, None, None),
    }
}

/// Columns of a relation and its rows.
type Found = Option<(&'static str, Vec<Vec<table::Value>>)>;

/// Cancels or ends another session's work. False when there is no such session.
pub(crate) fn signal(binder: &Binder<'_>, pid: i32, terminate: bool) -> bool {
    // The binder knows its dialect as a trait object; the connections are the server's.
    crate::protocol::signal(binder.env.account.as_str(), pid, terminate)
}
