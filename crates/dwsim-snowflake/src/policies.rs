//! Masking and row access policies as the catalog keeps them, and the queries that stand for what they protect.
//! The statements that make and attach them are in `session::policies`.
//!
//! Sources: "Understanding Column-level Security", "Understanding row access policies".

use std::ops::ControlFlow;
use std::sync::Arc;

use dwsim_engine::catalog::{Account, Object, ObjectKind, ObjectName, OtherObject};
use dwsim_engine::dialect::VisibleRows;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::plan::Binder;
use dwsim_engine::types::SqlType;
use serde::{Deserialize, Serialize};
use sqlparser::ast::{self, Ident};

use crate::dialect::fold;

/// The property of a policy that tells its kind, such as "MASKING_POLICY".
pub(crate) const KIND: &str = "KIND";

/// The property of a table's column that holds its masking policy; of a view, followed by a bar and the column.
pub(crate) const MASK: &str = "masking_policy";

/// The property of a tag that holds its masking policies.
pub(crate) const TAG_MASKS: &str = "MASKING_POLICIES";

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

/// The masking policies of a tag.
pub(crate) fn of_tag(tag: &OtherObject) -> Vec<u64> {
    let text = tag.properties.get(TAG_MASKS);
    text.and_then(|t| serde_json::from_str(t).ok())
        .unwrap_or_default()
}

/// The masking policies that a relation's columns have from their tags; a policy on the column itself comes first.
fn tagged(
    account: &Account,
    name: &ObjectName,
    object: &Object,
    own: &[(String, Use)],
) -> Result<Vec<(String, Use)>> {
    let columns: Vec<(&str, &SqlType)> = match object {
        Object::Table(t) => (t.def.columns.iter().map(|c| (c.name.as_str(), &c.ty))).collect(),
        Object::View(v) => (v.columns.iter().map(|c| (c.name.as_str(), &c.ty))).collect(),
        _ => return Ok(Vec::new()),
    };
    let mut out = Vec::new();
    for (column, ty) in columns {
        if own.iter().any(|(c, _)| c == column) {
            continue;
        }
        for tag in crate::functions::tags::of_column(account, name, column) {
            for oid in of_tag(&tag) {
                let Some((_, policy)) = find(account, oid) else {
                    return Err(SqlError::internal("a policy that is in use is gone"));
                };
                if masked_type(&policy)?.class() == ty.class() {
                    let columns = vec![column.to_owned()];
                    out.push((
                        column.to_owned(),
                        Use {
                            policy: oid,
                            columns,
                        },
                    ));
                }
            }
        }
    }
    Ok(out)
}

/// The type of what a masking policy masks.
pub(crate) fn masked_type(policy: &OtherObject) -> Result<SqlType> {
    let text = policy.definition["arguments"][0][1]
        .as_str()
        .unwrap_or_default();
    let ast::Expr::Cast { data_type, .. } = crate::parse::expr(&format!("CAST(NULL AS {text})"))?
    else {
        return Err(SqlError::internal("a type that is none"));
    };
    crate::dialect::data_type(&data_type)
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
fn applied(account: &Account, used: &Use) -> Result<(ast::Expr, String)> {
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
    Ok((e, returns.to_owned()))
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
    let (mut masks, rows) = (masks(object), rows(object));
    masks.extend(tagged(binder.catalog.account(), name, object, &masks)?);
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

/// The condition of a relation's row access policy, which holds for whoever changes its rows too.
///
/// # Errors
/// When the policy's expression cannot be read.
pub(crate) fn visible_rows(account: &Account, object: &Object) -> Result<Option<VisibleRows>> {
    let Some(used) = rows(object) else {
        return Ok(None);
    };
    Ok(Some(VisibleRows {
        qualifier: INNER.to_owned(),
        condition: applied(account, &used)?.0,
    }))
}
