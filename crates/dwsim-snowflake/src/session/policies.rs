//! Policies with an expression: CREATE, ALTER, DROP and DESCRIBE, and attaching them to relations and columns.
//! What they do to a query is `crate::policies`.
//!
//! Sources: "CREATE MASKING POLICY", "CREATE ROW ACCESS POLICY", "ALTER TABLE", "ALTER VIEW".

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{
    Account, Object, ObjectKind, ObjectName, OtherObject, TableDef, ViewDef, next_oid,
};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::types::SqlType;
use serde_json::json;
use sqlparser::ast;

use super::answer::title;
use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::{data_type, fold};
use crate::parse::{Attachment, CreatePolicy, PolicyChange};
use crate::policies::{KIND, MASK, ROWS, Use, arguments, masks, rows};

/// A type as a policy's description shows it; types that only policies have as they are written.
fn shown_type(ty: &ast::DataType) -> String {
    data_type(ty).map_or_else(|_| ty.to_string().to_uppercase(), |t| t.snowflake())
}

fn wrong(message: String) -> SqlError {
    SqlError::raw(
        "003500",
        "42601",
        format!("SQL compilation error:\n{message}"),
    )
}

/// The relations that a policy protects, and the tags that carry it.
fn users(account: &Account, policy: u64) -> usize {
    account
        .databases
        .values()
        .flat_map(|d| d.schemas.values())
        .flat_map(|s| s.objects.values())
        .filter(|o| {
            matches!(o, Object::Other(tag) if crate::policies::of_tag(tag).contains(&policy))
                || masks(o).iter().any(|(_, u)| u.policy == policy)
                || rows(o).is_some_and(|u| u.policy == policy)
        })
        .count()
}

impl SnowflakeSession {
    /// The policy of a kind.
    /// ALTER TAG … SET or UNSET MASKING POLICY: what a tag says of its policies.
    pub(super) fn tag_policy(
        &mut self,
        tag: &mut OtherObject,
        policy: &ast::ObjectName,
        set: bool,
        force: bool,
    ) -> Result<()> {
        let (full, p) = self.policy("MASKING POLICY", policy)?;
        let mut all = crate::policies::of_tag(tag);
        let known = all.contains(&p.oid);
        if set {
            if arguments(&p).len() != 1 {
                return Err(wrong(format!(
                    "Masking policy {} has several arguments and cannot be set on a tag.",
                    full.name
                )));
            }
            let ty = crate::policies::masked_type(&p)?;
            let account = self.inner.snapshot();
            for oid in all.clone() {
                let Some((other, old)) = crate::policies::find(&account, oid) else {
                    continue;
                };
                if oid != p.oid && crate::policies::masked_type(&old)?.class() == ty.class() {
                    if !force {
                        return Err(wrong(format!(
                            "The tag already has the masking policy {} for the data type {}.",
                            other.name,
                            ty.snowflake()
                        )));
                    }
                    all.retain(|o| *o != oid);
                }
            }
            if !known {
                all.push(p.oid);
            }
        } else if known {
            all.retain(|o| *o != p.oid);
        } else {
            return Err(wrong(format!(
                "The tag does not have the masking policy {}.",
                full.name
            )));
        }
        let text = serde_json::Value::from(all).to_string();
        tag.properties
            .insert(crate::policies::TAG_MASKS.to_owned(), text);
        Ok(())
    }

    fn policy(
        &mut self,
        kind: &str,
        name: &ast::ObjectName,
    ) -> Result<(ObjectName, Arc<OtherObject>)> {
        let full = self.inner.resolve_name(name)?;
        match self.inner.view()?.object(ObjectKind::Policy, &full) {
            Some(Object::Other(o))
                if o.properties
                    .get(KIND)
                    .is_some_and(|k| *k == kind.replace(' ', "_")) =>
            {
                Ok((full.clone(), Arc::clone(o)))
            }
            _ => Err(missing("policy", full.to_string())),
        }
    }

    pub(super) fn create_policy(&mut self, p: &CreatePolicy) -> Result<Answer> {
        let full = self.inner.resolve_name(&p.name)?;
        let shown = title(&p.kind);
        if p.kind == "MASKING POLICY" {
            let Some((_, first)) = p.arguments.first() else {
                return Err(wrong("A masking policy needs an argument.".into()));
            };
            if data_type(first)?.class() != data_type(&p.returns)?.class() {
                return Err(wrong(format!(
                    "Masking policy function argument and return type mismatch: {} and {}.",
                    shown_type(first),
                    shown_type(&p.returns)
                )));
            }
        }
        if p.kind == "ROW ACCESS POLICY" && data_type(&p.returns)? != SqlType::Boolean {
            return Err(wrong("A row access policy returns BOOLEAN.".into()));
        }
        if p.or_replace
            && let Some(Object::Other(old)) = self.inner.view()?.object(ObjectKind::Policy, &full)
            && users(&self.inner.snapshot(), old.oid) > 0
        {
            return Err(in_use(&full.name, "replaced"));
        }
        let mut properties: BTreeMap<String, String> = super::objects::properties(&p.options);
        properties.insert(KIND.into(), p.kind.replace(' ', "_"));
        let arguments: Vec<_> = p
            .arguments
            .iter()
            .map(|(n, t)| json!([fold(n), shown_type(t)]))
            .collect();
        let object = Object::Other(Arc::new(OtherObject {
            oid: next_oid(),
            owner: self.inner.role.clone(),
            comment: p.options.text("COMMENT").map(str::to_owned),
            created: chrono::Utc::now().timestamp(),
            properties,
            definition: json!({
                "arguments": arguments,
                "returns": shown_type(&p.returns),
                "body": p.body,
            }),
        }));
        let made = self.inner.create_object(
            ObjectKind::Policy,
            &full,
            &object,
            p.if_not_exists,
            p.or_replace,
        )?;
        Answer::status(
            StatementKind::Ddl,
            match (made, p.kind.as_str()) {
                (false, _) => format!("{} already exists, statement succeeded.", full.name),
                (true, "ROW ACCESS POLICY") => {
                    format!("Row access policy '{}' is successfully created.", full.name)
                }
                (true, _) => format!("{shown} {} successfully created.", full.name),
            },
        )
    }

    pub(super) fn alter_policy(
        &mut self,
        kind: &str,
        name: &ast::ObjectName,
        if_exists: bool,
        change: &PolicyChange,
    ) -> Result<Answer> {
        let (full, old) = match self.policy(kind, name) {
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                return Answer::success(StatementKind::Ddl);
            }
            other => other?,
        };
        let mut new = OtherObject::clone(&old);
        let mut to = full.clone();
        match change {
            PolicyChange::Rename(n) => to = self.inner.resolve_name(n)?,
            PolicyChange::Body(b) => new.definition["body"] = b.clone().into(),
            PolicyChange::Comment(c) => new.comment.clone_from(c),
        }
        let new = Object::Other(Arc::new(new));
        self.inner.change(|t| {
            if to != full {
                if t.object(ObjectKind::Policy, &to).is_some() {
                    return Err(ErrorKind::ObjectExists {
                        kind: "policy",
                        name: to.name.clone(),
                    }
                    .into());
                }
                t.set_object(ObjectKind::Policy, &full, None)?;
            }
            t.set_object(ObjectKind::Policy, &to, Some(new.clone()))
        })?;
        Answer::success(StatementKind::Ddl)
    }

    pub(super) fn drop_policy(
        &mut self,
        kind: &str,
        name: &ast::ObjectName,
        if_exists: bool,
    ) -> Result<Answer> {
        let (full, old) = match self.policy(kind, name) {
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                let shown = name.0.last().and_then(|p| p.as_ident()).map(fold);
                return Answer::status(
                    StatementKind::Ddl,
                    format!(
                        "Drop statement executed successfully ({} already dropped).",
                        shown.unwrap_or_default()
                    ),
                );
            }
            other => other?,
        };
        if users(&self.inner.snapshot(), old.oid) > 0 {
            return Err(in_use(&full.name, "dropped"));
        }
        self.inner
            .change(|t| t.set_object(ObjectKind::Policy, &full, None))?;
        Answer::status(
            StatementKind::Ddl,
            format!("{} successfully dropped.", full.name),
        )
    }

    pub(super) fn describe_policy(&mut self, kind: &str, name: &ast::ObjectName) -> Result<Answer> {
        let (full, p) = self.policy(kind, name)?;
        let signature: Vec<String> = p.definition["arguments"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|a| {
                let ty = a[1].as_str().unwrap_or_default();
                let plain = ty.split('(').next().unwrap_or(ty);
                format!("{} {plain}", a[0].as_str().unwrap_or_default())
            })
            .collect();
        let text = |k: &str| p.definition[k].as_str().map(str::to_owned);
        let columns = ["name", "signature", "return_type", "body"]
            .map(|n| (n, SqlType::text()))
            .to_vec();
        let row = vec![
            Some(full.name),
            Some(format!("({})", signature.join(", "))),
            text("returns"),
            text("body"),
        ];
        Answer::table(StatementKind::Describe, columns, vec![row])
    }

    /// Attaches policies and tags to a relation and its columns, or takes them away.
    pub(super) fn attach(&mut self, name: &ast::ObjectName, what: &[Attachment]) -> Result<()> {
        for one in what {
            self.attach_one(name, one)?;
        }
        Ok(())
    }

    fn attach_one(&mut self, name: &ast::ObjectName, what: &Attachment) -> Result<()> {
        let (full, object) = self.inner.relation(name)?;
        let known = |i: &ast::Ident| -> Result<String> {
            let folded = fold(i);
            if object.column_names().any(|c| c == folded) {
                Ok(folded)
            } else {
                Err(ErrorKind::UnknownColumn(folded).into())
            }
        };
        // The property to set: of which column, and its value.
        let (column, key, value) = match what {
            Attachment::Tag(column, tag, value) => {
                let (domain, object) = match column {
                    Some(c) => {
                        known(c)?;
                        let mut n = name.clone();
                        n.0.push(ast::ObjectNamePart::Identifier(c.clone()));
                        ("COLUMN", n)
                    }
                    None => match &object {
                        Object::View(_) => ("VIEW", name.clone()),
                        _ => ("TABLE", name.clone()),
                    },
                };
                return self.set_tag(domain, &object, tag, value.as_deref());
            }
            Attachment::Masking {
                column,
                policy,
                using,
                force,
            } => {
                let column = known(column)?;
                let current = masks(&object).into_iter().find(|(c, _)| *c == column);
                let value = match policy {
                    None => None,
                    Some(policy) => {
                        let (_, p) = self.policy("MASKING POLICY", policy)?;
                        if current.is_some_and(|(_, u)| u.policy != p.oid) && !force {
                            return Err(wrong(format!(
                                "Specified column already attached to another masking policy. A column cannot be attached to multiple masking policies. Please drop the current association in order to attach a new masking policy to '{column}'."
                            )));
                        }
                        let columns = if using.is_empty() {
                            vec![column.clone()]
                        } else {
                            using.iter().map(known).collect::<Result<_>>()?
                        };
                        Some(checked(&p, columns)?)
                    }
                };
                (Some(column), MASK, value)
            }
            Attachment::Rows(policy, on) => {
                let (_, p) = self.policy("ROW ACCESS POLICY", policy)?;
                if rows(&object).is_some() {
                    return Err(wrong(format!(
                        "Object {} already has a ROW_ACCESS_POLICY. Only one ROW_ACCESS_POLICY is allowed at a time.",
                        full.name
                    )));
                }
                let columns = on.iter().map(known).collect::<Result<Vec<_>>>()?;
                (None, ROWS, Some(checked(&p, columns)?))
            }
            Attachment::NoRows(policy) => {
                let current = rows(&object);
                if let Some(policy) = policy {
                    let (n, p) = self.policy("ROW ACCESS POLICY", policy)?;
                    if current.is_none_or(|u| u.policy != p.oid) {
                        return Err(wrong(format!(
                            "Policy {} is not attached to {}.",
                            n.name, full.name
                        )));
                    }
                }
                (None, ROWS, None)
            }
        };
        self.set_properties(&full, column.as_deref(), &[(key.to_owned(), value)])
    }

    /// Sets properties of a relation or of one of its columns, or takes away those without a value.
    pub(super) fn set_properties(
        &mut self,
        full: &ObjectName,
        column: Option<&str>,
        values: &[(String, Option<String>)],
    ) -> Result<()> {
        let put = |properties: &mut BTreeMap<String, String>, key: &dyn Fn(&str) -> String| {
            for (k, v) in values {
                match v {
                    Some(v) => properties.insert(key(k), v.clone()),
                    None => properties.remove(&key(k)),
                };
            }
        };
        self.inner.change(|t| {
            let changed = match t.object(ObjectKind::Relation, full) {
                Some(Object::Table(e)) => {
                    let mut def = TableDef::clone(&e.def);
                    let properties = match column.and_then(|c| def.index_of(c)) {
                        Some(i) => &mut def.columns[i].properties,
                        None => &mut def.properties,
                    };
                    put(properties, &str::to_owned);
                    Object::Table(Arc::new(e.with_def(def, e.data.as_ref().clone())))
                }
                Some(Object::View(v)) => {
                    let mut v = ViewDef::clone(v);
                    // A view's columns have no properties of their own.
                    put(&mut v.properties, &|k| match column {
                        Some(c) => format!("{k}|{c}"),
                        None => k.to_owned(),
                    });
                    Object::View(Arc::new(v))
                }
                _ => return Err(missing("table", full.to_string())),
            };
            t.set_object(ObjectKind::Relation, full, Some(changed))
        })
    }
}

fn in_use(name: &str, done: &str) -> SqlError {
    SqlError::raw(
        "003551",
        "42501",
        format!(
            "SQL compilation error:\nPolicy {name} cannot be {done} as it is associated with one or more entities."
        ),
    )
}

/// The use of a policy over columns, as many as it has arguments.
fn checked(policy: &OtherObject, columns: Vec<String>) -> Result<String> {
    let wanted = arguments(policy).len();
    if wanted != columns.len() {
        return Err(wrong(format!(
            "The policy takes {wanted} argument(s), {} column(s) are given.",
            columns.len()
        )));
    }
    Ok(Use {
        policy: policy.oid,
        columns,
    }
    .text())
}
