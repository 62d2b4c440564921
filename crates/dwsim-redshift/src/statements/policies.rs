//! Row-level security and masking: policies kept in the catalog, attached to tables, and in effect when tables are read.
//! Superusers see everything, as do users with IGNORE RLS all rows.
//!
//! Source: the guide's "Row-level security" and "Dynamic data masking".

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use dwsim_engine::catalog::{
    Account, Object, ObjectKind, ObjectName, OtherObject, TableDef, TableEntry, next_oid,
};
use dwsim_engine::dialect::Dialect;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::plan::Binder;
use serde_json::{Value, json};
use sqlparser::ast;

use super::outcome::Outcome;
use super::privileges::Rights;
use super::session::RedshiftSession;
use crate::dialect::Redshift;
use crate::parse::{Policy, PolicyAction};

/// Property of a table: `on` when its rows are protected.
pub(crate) const ROW_SECURITY: &str = "row level security";
/// Property of a table: how several policies are combined, `and` or `or`.
pub(crate) const CONJUNCTION: &str = "rls conjunction";
/// Property of a table: attached row policies, as JSON.
pub(crate) const ROW_POLICIES: &str = "rls policies";
/// Property of a table: attached masking policies, as JSON.
pub(crate) const MASKS: &str = "masking policies";

fn key(masking: bool, database: &str, name: &str) -> String {
    let kind = if masking { "masking" } else { "rls" };
    format!("{kind}|{database}|{name}")
}

fn word(masking: bool) -> &'static str {
    if masking {
        "masking policy"
    } else {
        "RLS policy"
    }
}

fn policy<'a>(
    account: &'a Account,
    masking: bool,
    database: &str,
    name: &str,
) -> Option<&'a OtherObject> {
    match account
        .objects
        .get(&(ObjectKind::Policy, key(masking, database, name)))
    {
        Some(Object::Other(o)) => Some(o),
        _ => None,
    }
}

/// What is attached to a table.
pub(crate) fn attached(def: &TableDef, masking: bool) -> Vec<Value> {
    let property = if masking { MASKS } else { ROW_POLICIES };
    def.properties
        .get(property)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

fn text<'a>(v: &'a Value, name: &str) -> &'a str {
    v.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn texts(v: &Value, name: &str) -> Vec<String> {
    v.get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|t| t.as_str().map(str::to_owned))
        .collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An expression's text with its names replaced.
fn rewritten(
    rules: &Redshift,
    source: &str,
    replace: impl Fn(&[String]) -> Option<ast::Expr>,
) -> Result<String> {
    let mut expr = rules.parse_expr(source)?;
    let _ = ast::visit_expressions_mut(&mut expr, |e: &mut ast::Expr| {
        let parts: Option<Vec<String>> = match e {
            ast::Expr::Identifier(i) => Some(vec![rules.fold(i)]),
            ast::Expr::CompoundIdentifier(all) => Some(all.iter().map(|i| rules.fold(i)).collect()),
            // What the literal's own escapes have left must be written with escapes again.
            ast::Expr::Value(v) => {
                if let ast::Value::SingleQuotedString(s) = &mut v.value {
                    *s = s.replace('\\', "\\\\");
                }
                None
            }
            _ => None,
        };
        if let Some(new) = parts.and_then(|p| replace(&p)) {
            *e = new;
        }
        ControlFlow::<()>::Continue(())
    });
    Ok(expr.to_string())
}

fn identifier(name: &str) -> ast::Expr {
    ast::Expr::Identifier(ast::Ident::with_quote('"', name))
}

/// A kept column, or path into one (`column.attribute.attribute`), as an expression: paths have the type that the policy
/// declares for them.
fn input_of(rules: &Redshift, path: &str, ty: &str) -> Option<ast::Expr> {
    match path.split_once('.') {
        None => Some(identifier(path)),
        Some(_) => rules
            .parse_expr(&format!("cast({} as {ty})", shown_path(path)))
            .ok(),
    }
}

/// A path with all its parts quoted.
fn shown_path(path: &str) -> String {
    path.split('.').map(quoted).collect::<Vec<_>>().join(".")
}

/// The expression of a column under which paths are masked. What is not there stays missing.
fn masked_paths(column: &str, masks: &[(&str, &str)]) -> String {
    let mut shown = quoted(column);
    for (path, expr) in masks {
        let whole = shown_path(&format!("{column}.{path}"));
        let target: Vec<String> = path
            .split('.')
            .map(|name| {
                let name = name.replace('\\', "\\\\").replace('\'', "''");
                format!("'{name}'")
            })
            .collect();
        let target = target.join(", ");
        shown = format!(
            "case when {whole} is null then {shown} else pg_masked({shown}, ({expr}), {target}) end"
        );
    }
    shown
}

/// What a user may see of a table.
struct Protection {
    /// A predicate over the columns; None for all rows.
    rows: Option<String>,
    /// Masked columns with their expressions.
    masks: Vec<(String, String)>,
}

fn protection(
    rules: &Redshift,
    account: &Account,
    user: &str,
    database: &str,
    entry: &TableEntry,
) -> Result<Option<Protection>> {
    let def = &entry.def;
    let secured = def.properties.get(ROW_SECURITY).is_some_and(|v| v == "on");
    let masked = def.properties.contains_key(MASKS);
    if !secured && !masked {
        return Ok(None);
    }
    let rights = Rights::of(account, user);
    if rights.is_superuser() {
        return Ok(None);
    }
    let rows = if !secured || rights.granted("rls", "", "ignore") {
        None
    } else {
        let mut predicates = Vec::new();
        for a in attached(def, false) {
            if !rights.is(text(&a, "kind"), text(&a, "to")) {
                continue;
            }
            let Some(p) = policy(account, false, database, text(&a, "policy")) else {
                continue;
            };
            let alias = text(&p.definition, "alias").to_owned();
            for source in texts(&p.definition, "using") {
                predicates.push(format!(
                    "({})",
                    rewritten(rules, &source, |parts| match parts {
                        [a, column] if !alias.is_empty() && *a == alias => Some(identifier(column)),
                        _ => None,
                    })?
                ));
            }
        }
        let conjunction = def
            .properties
            .get(CONJUNCTION)
            .map_or(" and ", |c| if c == "or" { " or " } else { " and " });
        // Without a policy that applies nothing is seen.
        Some(if predicates.is_empty() {
            "false".to_owned()
        } else {
            predicates.join(conjunction)
        })
    };
    // Of the masks on a column the one with the highest priority counts.
    let mut best: BTreeMap<String, (i64, String)> = BTreeMap::new();
    for a in attached(def, true) {
        if !rights.is(text(&a, "kind"), text(&a, "to")) {
            continue;
        }
        let Some(p) = policy(account, true, database, text(&a, "policy")) else {
            continue;
        };
        let priority = a.get("priority").and_then(Value::as_i64).unwrap_or(0);
        let names = texts(&p.definition, "columns");
        let types = texts(&p.definition, "types");
        let input = texts(&a, "input");
        for (column, source) in texts(&a, "columns")
            .iter()
            .zip(texts(&p.definition, "using"))
        {
            let expr = rewritten(rules, &source, |parts| match parts {
                [one] => {
                    let at = names.iter().position(|n| n == one)?;
                    input_of(rules, input.get(at)?, types.get(at)?)
                }
                _ => None,
            })?;
            let known = best.get(column).map(|b| b.0);
            if known.is_none_or(|k| priority > k) {
                best.insert(column.clone(), (priority, expr));
            }
        }
    }
    let masks = best.into_iter().map(|(c, (_, e))| (c, e)).collect();
    Ok(Some(Protection { rows, masks }))
}

/// The query that stands for a table for this user; None when the table is read as it is. `readable` are the columns
/// that may be read where that is not all of them.
///
/// # Errors
/// A policy whose expression does not parse any more.
pub(crate) fn stand_in(
    rules: &Redshift,
    binder: &Binder<'_>,
    name: &ObjectName,
    entry: &TableEntry,
    readable: Option<&[&str]>,
) -> Result<Option<String>> {
    let account = binder.catalog.account();
    let p = protection(rules, account, &binder.env.user, &name.database, entry)?;
    let (rows, masks) = p.map_or((None, Vec::new()), |p| (p.rows, p.masks));
    if rows.is_none() && masks.is_empty() && readable.is_none() {
        return Ok(None);
    }
    let columns = entry.def.columns.iter().map(|c| {
        let column = c.name.as_str();
        if let Some((_, expr)) = masks.iter().find(|m| m.0 == column) {
            return (column, Some(expr.clone()));
        }
        let paths: Vec<(&str, &str)> = masks
            .iter()
            .filter_map(|(path, expr)| {
                let (of, rest) = path.split_once('.')?;
                (of == column).then_some((rest, expr.as_str()))
            })
            .collect();
        let expr = (!paths.is_empty()).then(|| masked_paths(column, &paths));
        (column, expr)
    });
    let mut query = selection(name, columns, readable);
    if let Some(rows) = rows {
        query.push_str(&format!(" where {rows}"));
    }
    Ok(Some(query))
}

/// The query over the columns of a view of which some may be read.
pub(crate) fn readable_view<'a>(
    name: &ObjectName,
    columns: impl Iterator<Item = &'a str>,
    readable: &[&str],
) -> String {
    selection(name, columns.map(|c| (c, None)), Some(readable))
}

/// A query over a relation's columns, some by other expressions. Those that may not be read fail where they are used.
fn selection<'a>(
    name: &ObjectName,
    columns: impl Iterator<Item = (&'a str, Option<String>)>,
    readable: Option<&[&str]>,
) -> String {
    let columns: Vec<String> = columns
        .map(|(column, expr)| {
            let shown = quoted(column);
            if readable.is_some_and(|r| !r.contains(&column)) {
                let relation = name.name.replace('\\', "\\\\").replace('\'', "''");
                return format!("pg_denied({shown}, '{relation}') as {shown}");
            }
            match expr {
                Some(expr) => format!("({expr}) as {shown}"),
                None => shown,
            }
        })
        .collect();
    format!(
        "select {} from {}.{}.{}",
        columns.join(", "),
        quoted(&name.database),
        quoted(&name.schema),
        quoted(&name.name)
    )
}

impl RedshiftSession {
    fn policy_database(&self) -> String {
        self.engine.database().unwrap_or_default().to_owned()
    }

    pub(super) fn policy(&mut self, p: &Policy) -> Result<Outcome> {
        self.needs_security_admin(if p.masking {
            "masking policies"
        } else {
            "row-level security policies"
        })?;
        let database = self.policy_database();
        let name = self.fold(&p.name);
        let kind = if p.masking {
            "MASKING POLICY"
        } else {
            "RLS POLICY"
        };
        let missing = || {
            SqlError::new(ErrorKind::UnknownObject {
                kind: word(p.masking),
                name: name.clone(),
            })
        };
        let path = key(p.masking, &database, &name);
        let verb = match &p.action {
            PolicyAction::Create {
                if_not_exists,
                columns,
                alias,
                using,
            } => {
                for source in using {
                    self.rules.parse_expr(source)?;
                }
                for (_, ty) in columns {
                    self.rules.data_type(ty)?;
                }
                let names: Vec<String> = columns.iter().map(|(n, _)| self.fold(n)).collect();
                let types: Vec<String> = columns.iter().map(|(_, t)| t.to_string()).collect();
                let definition = json!({
                    "name": name,
                    "columns": names,
                    "types": types,
                    "alias": alias.as_ref().map(|a| self.fold(a)),
                    "using": using,
                });
                let owner = self.engine.user.clone();
                self.engine.change(|t| {
                    if t.account()
                        .objects
                        .contains_key(&(ObjectKind::Policy, path.clone()))
                    {
                        if *if_not_exists {
                            return Ok(());
                        }
                        return Err(SqlError::raw(
                            "",
                            "42710",
                            format!("{} \"{name}\" already exists", word(p.masking)),
                        ));
                    }
                    let entry = Object::Other(Arc::new(OtherObject {
                        oid: next_oid(),
                        owner: owner.clone(),
                        comment: None,
                        created: chrono::Utc::now().timestamp(),
                        properties: BTreeMap::new(),
                        definition: definition.clone(),
                    }));
                    t.set_account_object(ObjectKind::Policy, &path, Some(entry));
                    Ok(())
                })?;
                "CREATE"
            }
            PolicyAction::Alter { using } => {
                for source in using {
                    self.rules.parse_expr(source)?;
                }
                self.engine.change(|t| {
                    let Some(old) = policy(t.account(), p.masking, &database, &name) else {
                        return Err(missing());
                    };
                    let mut entry = OtherObject::clone(old);
                    entry.definition["using"] = json!(using);
                    t.set_account_object(
                        ObjectKind::Policy,
                        &path,
                        Some(Object::Other(Arc::new(entry))),
                    );
                    Ok(())
                })?;
                "ALTER"
            }
            PolicyAction::Drop { if_exists, cascade } => {
                self.drop_policy(p.masking, &database, &name, *if_exists, *cascade)?;
                "DROP"
            }
            PolicyAction::Attach {
                attach,
                tables,
                columns,
                input,
                to,
                priority,
            } => {
                let view = self.engine.view()?;
                let Some(found) = policy(view.account(), p.masking, &database, &name) else {
                    return Err(missing());
                };
                let needs = texts(&found.definition, "columns");
                let expressions = texts(&found.definition, "using").len();
                let paths = |all: &[Vec<ast::Ident>]| -> Vec<String> {
                    all.iter()
                        .map(|path| {
                            let parts: Vec<String> = path.iter().map(|i| self.fold(i)).collect();
                            parts.join(".")
                        })
                        .collect()
                };
                let columns = paths(columns);
                let input = if input.is_empty() {
                    columns.clone()
                } else {
                    paths(input)
                };
                if p.masking
                    && *attach
                    && (input.len() != needs.len() || columns.len() != expressions)
                {
                    return Err(SqlError::raw(
                        "",
                        "22023",
                        format!(
                            "masking policy \"{name}\" takes {} column(s) and masks {expressions}",
                            needs.len()
                        ),
                    ));
                }
                for table in tables {
                    self.attach_policy(
                        table, p.masking, &name, *attach, &columns, &input, &needs, to, *priority,
                    )?;
                }
                if *attach { "ATTACH" } else { "DETACH" }
            }
        };
        Ok(Outcome::Done(format!("{verb} {kind}")))
    }

    fn attach_policy(
        &mut self,
        table: &ast::ObjectName,
        masking: bool,
        policy: &str,
        attach: bool,
        columns: &[String],
        input: &[String],
        needs: &[String],
        to: &[(&'static str, String)],
        priority: i64,
    ) -> Result<()> {
        let (name, entry) = self.engine.table(table)?;
        let mut def = TableDef::clone(&entry.def);
        let used = if masking {
            columns.iter().chain(input).collect::<Vec<_>>()
        } else {
            needs.iter().collect()
        };
        for path in used {
            let (column, inside) = match path.split_once('.') {
                Some((column, _)) => (column, true),
                None => (path.as_str(), false),
            };
            let Some(at) = def.index_of(column) else {
                return Err(ErrorKind::UnknownColumn(column.to_owned()).into());
            };
            if inside && !def.columns[at].ty.is_semi() {
                return Err(SqlError::raw(
                    "",
                    "42804",
                    format!("column \"{column}\" is not of type SUPER"),
                ));
            }
        }
        let mut all = attached(&def, masking);
        for (kind, who) in to {
            let same = |a: &Value| {
                text(a, "policy") == policy
                    && text(a, "kind") == *kind
                    && text(a, "to") == who
                    && (!masking || texts(a, "columns") == columns)
            };
            let there = all.iter().any(&same);
            if attach {
                if there {
                    return Err(SqlError::raw(
                        "",
                        "42710",
                        format!(
                            "policy \"{policy}\" is already attached to \"{}\"",
                            name.name
                        ),
                    ));
                }
                if masking
                    && all.iter().any(|a| {
                        texts(a, "columns").iter().any(|c| columns.contains(c))
                            && a.get("priority").and_then(Value::as_i64) == Some(priority)
                            && text(a, "kind") == *kind
                            && text(a, "to") == who
                    })
                {
                    return Err(SqlError::raw(
                        "",
                        "42710",
                        format!(
                            "another masking policy with priority {priority} is attached to a column of \"{}\"",
                            name.name
                        ),
                    ));
                }
                all.push(json!({
                    "policy": policy,
                    "kind": kind,
                    "to": who,
                    "columns": columns,
                    "input": input,
                    "priority": priority,
                    "by": self.engine.user,
                }));
            } else if there {
                all.retain(|a| !same(a));
            } else {
                return Err(SqlError::raw(
                    "",
                    "42704",
                    format!("policy \"{policy}\" is not attached to \"{}\"", name.name),
                ));
            }
        }
        let property = if masking { MASKS } else { ROW_POLICIES };
        if all.is_empty() {
            def.properties.remove(property);
        } else {
            def.properties
                .insert(property.into(), Value::from(all).to_string());
        }
        self.replace_def(&name, &entry, def)
    }

    fn drop_policy(
        &mut self,
        masking: bool,
        database: &str,
        name: &str,
        if_exists: bool,
        cascade: bool,
    ) -> Result<()> {
        let path = key(masking, database, name);
        let property = if masking { MASKS } else { ROW_POLICIES };
        self.engine.change(|t| {
            if policy(t.account(), masking, database, name).is_none() {
                return if if_exists {
                    Ok(())
                } else {
                    Err(SqlError::new(ErrorKind::UnknownObject {
                        kind: word(masking),
                        name: name.to_owned(),
                    }))
                };
            }
            let mut users = Vec::new();
            if let Some(db) = t.database(database) {
                for (schema, s) in db.schemas.iter() {
                    for ((kind, table), object) in &s.objects {
                        if let (ObjectKind::Relation, Object::Table(entry)) = (kind, object)
                            && attached(&entry.def, masking)
                                .iter()
                                .any(|a| text(a, "policy") == name)
                        {
                            users.push((
                                ObjectName {
                                    database: database.to_owned(),
                                    schema: schema.clone(),
                                    name: table.clone(),
                                },
                                Arc::clone(entry),
                            ));
                        }
                    }
                }
            }
            if !users.is_empty() && !cascade {
                return Err(SqlError::raw(
                    "",
                    "2BP01",
                    format!(
                        "cannot drop {} {name} because it is attached to {}",
                        word(masking),
                        users[0].0.name
                    ),
                ));
            }
            for (table, entry) in users {
                let mut def = TableDef::clone(&entry.def);
                let mut all = attached(&def, masking);
                all.retain(|a| text(a, "policy") != name);
                if all.is_empty() {
                    def.properties.remove(property);
                } else {
                    def.properties
                        .insert(property.into(), Value::from(all).to_string());
                }
                let next = entry.with_def(def, entry.data.as_ref().clone());
                t.set_object(
                    ObjectKind::Relation,
                    &table,
                    Some(Object::Table(Arc::new(next))),
                )?;
            }
            t.set_account_object(ObjectKind::Policy, &path, None);
            Ok(())
        })
    }

    /// UPDATE and DELETE change only the rows that the user sees: the statement with that predicate, or None when it may
    /// stay as it is.
    pub(super) fn restricted(
        &mut self,
        statement: &ast::Statement,
    ) -> Result<Option<ast::Statement>> {
        let Some(target) = super::targets::changed(statement) else {
            return Ok(None);
        };
        let (name, entry) = self.engine.table(target)?;
        if !entry.def.properties.contains_key(ROW_SECURITY) {
            return Ok(None);
        }
        let view = self.engine.view()?;
        let found = protection(
            &self.rules,
            view.account(),
            &self.engine.user,
            &name.database,
            &entry,
        )?;
        let Some(rows) = found.and_then(|p| p.rows) else {
            return Ok(None);
        };
        let alias_of = |factor: &ast::TableFactor| match factor {
            ast::TableFactor::Table { alias: Some(a), .. } => self.fold(&a.name),
            _ => name.name.clone(),
        };
        let restrict = |selection: &mut Option<ast::Expr>, alias: String| -> Result<()> {
            // Names inside of subqueries are theirs.
            let nested = rows.to_lowercase().contains("select");
            let mut predicate = self.rules.parse_expr(&rows)?;
            if !nested {
                let columns = &entry.def.columns;
                let _ = ast::visit_expressions_mut(&mut predicate, |e: &mut ast::Expr| {
                    if let ast::Expr::Identifier(i) = e {
                        let column = self.rules.fold(i);
                        if columns.iter().any(|c| c.name == column) {
                            *e = ast::Expr::CompoundIdentifier(vec![
                                ast::Ident::with_quote('"', alias.clone()),
                                ast::Ident::with_quote('"', column),
                            ]);
                        }
                    }
                    ControlFlow::<()>::Continue(())
                });
            }
            let predicate = ast::Expr::Nested(Box::new(predicate));
            *selection = Some(match selection.take() {
                None => predicate,
                Some(old) => ast::Expr::BinaryOp {
                    left: Box::new(ast::Expr::Nested(Box::new(old))),
                    op: ast::BinaryOperator::And,
                    right: Box::new(predicate),
                },
            });
            Ok(())
        };
        let mut statement = statement.clone();
        match &mut statement {
            ast::Statement::Update(u) => {
                let alias = alias_of(&u.table.relation);
                restrict(&mut u.selection, alias)?;
            }
            ast::Statement::Delete(d) => {
                let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) =
                    &d.from;
                let alias = from
                    .first()
                    .map_or_else(|| name.name.clone(), |f| alias_of(&f.relation));
                restrict(&mut d.selection, alias)?;
            }
            ast::Statement::Merge(_) => {
                return Err(SqlError::unsupported(
                    "MERGE into a table with row-level security",
                ));
            }
            _ => return Ok(None),
        }
        Ok(Some(statement))
    }
}
