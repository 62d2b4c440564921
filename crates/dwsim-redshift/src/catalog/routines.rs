//! Functions and procedures in pg_proc and svv_redshift_functions.
//! Built-in functions have no rows: they are listed by the guide.

use std::sync::Arc;

use dwsim_engine::catalog::{
    Argument, ArgumentMode, Language, Object, Returns, Routine, Volatility,
};
use dwsim_engine::dialect::DialectName;
use dwsim_engine::types::SqlType;

use super::snapshot::View;
use super::table::{Value, row};

/// The type `void` of PostgreSQL.
pub(super) const VOID: i64 = 2278;
/// The type `record` of PostgreSQL.
pub(super) const RECORD: i64 = 2249;

fn oid(ty: &SqlType) -> i64 {
    i64::from(crate::protocol::types::oid(ty))
}

/// Schema with object id, and routine.
fn all(view: &View) -> Vec<(String, i64, Arc<Routine>)> {
    let mut out = Vec::new();
    if let Some(db) = &view.db {
        for (name, schema) in db.schemas.iter() {
            for object in schema.objects.values() {
                if let Object::Routine(r) = object {
                    out.push((name.clone(), schema.oid as i64, Arc::clone(r)));
                }
            }
        }
    }
    out
}

/// Object id, arguments and result of all routines as PostgreSQL writes them: `a integer, OUT b bigint`, `numeric`.
pub(super) fn texts(view: &View) -> Vec<(i64, String, String)> {
    let argument = |a: &Argument| {
        let mode = match a.mode {
            ArgumentMode::In => "",
            ArgumentMode::Out => "OUT ",
            ArgumentMode::InOut => "INOUT ",
        };
        let space = if a.name.is_empty() { "" } else { " " };
        format!("{mode}{}{space}{}", a.name, super::data_type_name(&a.ty))
    };
    all(view)
        .into_iter()
        .map(|(_, _, r)| {
            let arguments: Vec<String> = r.arguments.iter().map(argument).collect();
            let result = match &r.returns {
                Returns::Value { ty, .. } => super::data_type_name(ty),
                _ => match r.outputs().collect::<Vec<_>>().as_slice() {
                    [] => "void".to_owned(),
                    [one] => super::data_type_name(&one.ty),
                    _ => "record".to_owned(),
                },
            };
            (r.oid as i64, arguments.join(", "), result)
        })
        .collect()
}

/// Object ids of all routines.
pub(super) fn oids(view: &View) -> Vec<i64> {
    all(view).iter().map(|(_, _, r)| r.oid as i64).collect()
}

/// `{a,b}`, or NULL when there is nothing to list.
fn list(items: Vec<String>) -> Option<String> {
    (!items.is_empty()).then(|| format!("{{{}}}", items.join(",")))
}

/// Rows of pg_proc and pg_proc_info.
pub(super) fn procedures(view: &View) -> Vec<Vec<Value>> {
    all(view)
        .into_iter()
        .map(|(_, namespace, r)| {
            let types: Vec<String> = r.inputs().map(|a| oid(&a.ty).to_string()).collect();
            let count = types.len() as i64;
            let outputs: Vec<i64> = r.outputs().map(|a| oid(&a.ty)).collect();
            let returns = match (&r.returns, outputs.as_slice()) {
                (Returns::Value { ty, .. }, _) => oid(ty),
                (_, []) => VOID,
                (_, [one]) => *one,
                _ => RECORD,
            };
            let named = r.arguments.iter().any(|a| !a.name.is_empty());
            let names = if named {
                list(r.arguments.iter().map(|a| a.name.clone()).collect())
            } else {
                None
            };
            let directed = !outputs.is_empty();
            let (all_types, modes) = if directed {
                (
                    list(r.arguments.iter().map(|a| oid(&a.ty).to_string()).collect()),
                    list(
                        r.arguments
                            .iter()
                            .map(|a| match a.mode {
                                ArgumentMode::In => "i".to_owned(),
                                ArgumentMode::Out => "o".to_owned(),
                                ArgumentMode::InOut => "b".to_owned(),
                            })
                            .collect(),
                    ),
                )
            } else {
                (None, None)
            };
            row![
                r.oid as i64,
                r.name.as_str(),
                namespace,
                view.user_oid(&r.owner),
                match r.language {
                    Language::PlPgSql => 100_000i64,
                    _ => 14,
                },
                false,
                r.procedure && !r.caller_rights,
                r.strict,
                false,
                match r.volatility {
                    Volatility::Volatile => "v",
                    Volatility::Stable => "s",
                    Volatility::Immutable => "i",
                },
                count,
                returns,
                types.join(" "),
                names,
                r.body.as_str(),
                None::<&str>,
                None::<&str>,
                if r.procedure { "p" } else { "f" },
                all_types,
                modes,
                false
            ]
        })
        .collect()
}

/// Rows of information_schema.routines.
pub(super) fn information(view: &View) -> Vec<Vec<Value>> {
    let db = view.database.as_str();
    all(view)
        .into_iter()
        .map(|(schema, _, r)| {
            let result = match &r.returns {
                Returns::Value { ty, .. } => Some(super::data_type_name(ty)),
                _ => None,
            };
            row![
                db,
                schema.as_str(),
                format!("{}_{}", r.name, r.oid),
                db,
                schema.as_str(),
                r.name.as_str(),
                if r.procedure { "PROCEDURE" } else { "FUNCTION" },
                result
            ]
        })
        .collect()
}

/// Rows of information_schema.parameters.
pub(super) fn parameters(view: &View) -> Vec<Vec<Value>> {
    let db = view.database.as_str();
    let mut out = Vec::new();
    for (schema, _, r) in all(view) {
        for (i, a) in r.arguments.iter().enumerate() {
            out.push(row![
                db,
                schema.as_str(),
                format!("{}_{}", r.name, r.oid),
                i as i64 + 1,
                match a.mode {
                    ArgumentMode::In => "IN",
                    ArgumentMode::Out => "OUT",
                    ArgumentMode::InOut => "INOUT",
                },
                "NO",
                "NO",
                (!a.name.is_empty()).then_some(a.name.as_str()),
                super::data_type_name(&a.ty)
            ]);
        }
    }
    out
}

/// Rows of svv_redshift_functions.
pub(super) fn functions(view: &View) -> Vec<Vec<Value>> {
    all(view)
        .into_iter()
        .map(|(schema, _, r)| {
            let result = match &r.returns {
                Returns::Value { ty, .. } => super::data_type_name(ty),
                _ => String::new(),
            };
            row![
                view.database.as_str(),
                schema,
                r.name.as_str(),
                if r.procedure {
                    "STORED PROCEDURE"
                } else {
                    "REGULAR FUNCTION"
                },
                r.signature(DialectName::Redshift),
                result
            ]
        })
        .collect()
}
