//! Masking and row access policies as the catalog keeps them, and the queries that stand for what they protect.
//! The statements that make and attach them are in `session::policies`.
//!
//! Sources: "Understanding Column-level Security", "Understanding row access policies".

use std::ops::ControlFlow;
use std::sync::Arc;

use dwsim_engine::catalog::{Account, Object, ObjectKind, ObjectName, OtherObject};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::plan::Binder;
use serde::{Deserialize, Serialize};
use sqlparser::ast::{self, Ident};

use crate::dialect::fold;

/// The property of a policy that tells its kind, such as "MASKING_POLICY".
pub(crate) const KIND: &str = "KIND";

/// The property of a table's column that holds its masking policy; of a view, followed by a bar and the column.
pub(crate) const MASK: &str = "masking_policy";

/// The property of a relation that holds its row access policy.
pub(crate) const ROWS: &str = "row_access_policy";

/// The name by which the query that stands for a relation calls the relation.
const INNER: &str = "$PROTECTED";

/// A policy on a column or on rows: which one, and the columns that are its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Use {
    /// Object id of the policy, which stays when the policy is renamed or cloned.
    pub policy: u64,
    /// Columns, in the order of the policy's arguments.
    pub columns: Vec<String>,
}

impl Use {
    fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// As a property holds it.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The masking policies of a relation's columns, in the order of the columns.
pub(crate) fn masks(object: &Object) -> Vec<(String, Use)> {
    match object {
        Object::Table(t) => t
            .def
            .columns
            .iter()
            .filter_map(|c| Some((c.name.clone(), Use::read(c.properties.get(MASK)?)?)))
            .collect(),
        Object::View(v) => v
            .columns
            .iter()
            .filter_map(|c| {
                let text = v.properties.get(&format!("{MASK}|{}", c.name))?;
                Some((c.name.clone(), Use::read(text)?))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The row access policy of a relation.
pub(crate) fn rows(object: &Object) -> Option<Use> {
    let text = match object {
        Object::Table(t) => t.def.properties.get(ROWS),
        Object::View(v) => v.properties.get(ROWS),
        _ => None,
    };
    Use::read(text?)
}

/// The policy with an id, and its name.
pub(crate) fn find(account: &Account, oid: u64) -> Option<(ObjectName, Arc<OtherObject>)> {
    account.databases.iter().find_map(|(d, db)| {
        db.schemas.iter().find_map(|(s, schema)| {
            schema.objects.iter().find_map(|((kind, n), o)| match o {
                Object::Other(o) if *kind == ObjectKind::Policy && o.oid == oid => Some((
                    ObjectName {
                        database: d.clone(),
                        schema: s.clone(),
                        name: n.clone(),
                    },
                    Arc::clone(o),
                )),
                _ => None,
            })
        })
    })
}

/// The names of a policy's arguments.
pub(crate) fn arguments(policy: &OtherObject) -> Vec<String> {
    policy.definition["arguments"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|a| a[0].as_str().map(str::to_owned))
        .collect()
}

fn quoted(name: &str) -> Ident {
    Ident::with_quote('"', name.replace('"', "\"\""))
}

/// A policy's expression over the columns of the relation it protects.
fn applied(account: &Account, used: &Use) -> Result<(String, String)> {
    let Some((name, policy)) = find(account, used.policy) else {
        return Err(SqlError::internal("a policy that is in use is gone"));
    };
    let body = policy.definition["body"].as_str().unwrap_or_default();
    let mut e = crate::parse::expr(body)?;
    let arguments = arguments(&policy);
    let _: ControlFlow<()> = ast::visit_expressions_mut(&mut e, |x| {
        if let ast::Expr::Identifier(i) = x
            && let Some(at) = arguments.iter().position(|a| *a == fold(i))
            && let Some(column) = used.columns.get(at)
        {
            *x = ast::Expr::CompoundIdentifier(vec![quoted(INNER), quoted(column)]);
        }
        ControlFlow::Continue(())
    });
    // Names of a policy's own mean its schema, whoever reads.
    let _: ControlFlow<()> = ast::visit_relations_mut(&mut e, |n| {
        if let [ast::ObjectNamePart::Identifier(one)] = n.0.as_slice() {
            let there = account
                .databases
                .get(&name.database)
                .and_then(|d| d.schemas.get(&name.schema))
                .is_some_and(|s| s.objects.contains_key(&(ObjectKind::Relation, fold(one))));
            if there {
                let parts = vec![quoted(&name.database), quoted(&name.schema), one.clone()];
                *n = ast::ObjectName::from(parts);
            }
        }
        ControlFlow::Continue(())
    });
    let returns = policy.definition["returns"].as_str().unwrap_or("VARCHAR");
    Ok((e.to_string(), returns.to_owned()))
}

/// The query that stands for a relation for whoever runs the statement; None when no policy protects it.
///
/// # Errors
/// When a policy's expression cannot be read.
pub(crate) fn protected(
    binder: &Binder<'_>,
    name: &ObjectName,
    object: &Object,
) -> Result<Option<String>> {
    let (masks, rows) = (masks(object), rows(object));
    if masks.is_empty() && rows.is_none() {
        return Ok(None);
    }
    let account = binder.catalog.account();
    let mut items = Vec::new();
    for column in object.column_names() {
        let shown = quoted(column);
        items.push(match masks.iter().find(|(c, _)| c == column) {
            Some((_, used)) => {
                let (e, returns) = applied(account, used)?;
                format!("CAST(({e}) AS {returns}) AS {shown}")
            }
            None => format!("{}.{shown} AS {shown}", quoted(INNER)),
        });
    }
    let filter = match rows {
        Some(used) => format!(" WHERE {}", applied(account, &used)?.0),
        None => String::new(),
    };
    Ok(Some(format!(
        "SELECT {} FROM {}.{}.{} AS {}{filter}",
        items.join(", "),
        quoted(&name.database),
        quoted(&name.schema),
        quoted(&name.name),
        quoted(INNER),
    )))
}
