//! GET_OBJECT_REFERENCES: the tables and views that a view reads, directly or through other views.
//! Tags and policies in use are in `tags`.
//!
//! Source: "GET_OBJECT_REFERENCES".

use std::ops::ControlFlow;

use dwsim_engine::catalog::{Object, ObjectName};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::plan::{Binder, Relation, TableCall};
use dwsim_engine::types::SqlType;
use sqlparser::ast;

use super::table::{constant_text, text_relation};
use crate::dialect::fold;
use crate::parse::Cursor;

/// A folded name from text, which may be quoted.
fn name(text: &str) -> Result<String> {
    let mut c = Cursor::new(text)?;
    let ident = c.ident()?;
    c.end()?;
    Ok(fold(&ident))
}

/// The objects that a view's query names and those that views among them name; tables first met first.
fn referenced(
    binder: &Binder<'_>,
    of: &ObjectName,
    query: &str,
    out: &mut Vec<(ObjectName, bool)>,
) -> Result<()> {
    let query = crate::parse::query(query)?;
    let mut ctes = Vec::new();
    if let Some(with) = &query.with {
        ctes.extend(with.cte_tables.iter().map(|c| fold(&c.alias.name)));
    }
    let mut names = Vec::new();
    let _: ControlFlow<()> = ast::visit_relations(&query, |n| {
        names.push(n.clone());
        ControlFlow::Continue(())
    });
    for n in names {
        let parts: Vec<String> = n.0.iter().filter_map(|p| p.as_ident()).map(fold).collect();
        let full = match parts.as_slice() {
            [one] if ctes.contains(one) => continue,
            // Unqualified names of a view mean its own schema.
            [one] => vec![of.database.clone(), of.schema.clone(), one.clone()],
            [schema, one] => vec![of.database.clone(), schema.clone(), one.clone()],
            _ => parts,
        };
        match binder.find_relation(&full) {
            Some((name, Object::Table(_))) => {
                if !out.iter().any(|(o, _)| *o == name) {
                    out.push((name, false));
                }
            }
            Some((name, Object::View(v))) => {
                if !out.iter().any(|(o, _)| *o == name) {
                    out.push((name.clone(), true));
                    referenced(binder, &name, &v.query, out)?;
                }
            }
            _ => {
                return Err(ErrorKind::UnknownObject {
                    kind: "relation",
                    name: full.join("."),
                }
                .into());
            }
        }
    }
    Ok(())
}

/// The rows of GET_OBJECT_REFERENCES; None for other names.
pub(super) fn relation(
    binder: &mut Binder<'_>,
    function: &str,
    call: &TableCall<'_>,
) -> Result<Option<Relation>> {
    if function != "GET_OBJECT_REFERENCES" {
        return Ok(None);
    }
    let mut parts = Vec::with_capacity(3);
    for (i, argument) in ["database_name", "schema_name", "object_name"]
        .into_iter()
        .enumerate()
    {
        match constant_text(binder, call, argument, i)? {
            Some(text) => parts.push(name(&text)?),
            None => {
                return Err(SqlError::argument(
                    function,
                    format!("{} is needed", argument.to_uppercase()),
                ));
            }
        }
    }
    let Some((view, Object::View(definition))) = binder.find_relation(&parts) else {
        return Err(ErrorKind::UnknownObject {
            kind: "view",
            name: parts.join("."),
        }
        .into());
    };
    let mut found = Vec::new();
    referenced(binder, &view, &definition.query, &mut found)?;
    let rows: Vec<Vec<Option<String>>> = found
        .into_iter()
        .map(|(o, is_view)| {
            [
                view.database.clone(),
                view.schema.clone(),
                view.name.clone(),
                o.database,
                o.schema,
                o.name,
                if is_view { "VIEW" } else { "TABLE" }.to_owned(),
            ]
            .into_iter()
            .map(Some)
            .collect()
        })
        .collect();
    let columns = [
        "DATABASE_NAME",
        "SCHEMA_NAME",
        "VIEW_NAME",
        "REFERENCED_DATABASE_NAME",
        "REFERENCED_SCHEMA_NAME",
        "REFERENCED_OBJECT_NAME",
        "REFERENCED_OBJECT_TYPE",
    ]
    .into_iter()
    .map(|n| (n, SqlType::text()))
    .collect();
    text_relation(binder, columns, &rows).map(Some)
}
