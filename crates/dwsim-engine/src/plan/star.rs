//! The star: which columns `*` and `t.*` mean, with EXCLUDE, REPLACE, RENAME and ILIKE, in a list or as arguments.
//! What becomes of the columns is `select`'s affair.

use std::collections::HashMap;

use sqlparser::ast;

use super::select::Item;
use super::{Binder, ScopeColumn};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{FnCall, Typed};

/// The name of the call that a dialect's parser writes for `t.*` with an option among the arguments of a function:
/// `$STAR(t.*, ILIKE => 'pattern')`, `$STAR(t.*, EXCLUDE => (a, b))`.
pub const STAR: &str = "$STAR";

impl Binder<'_> {
    pub(super) fn excluded(&self, ex: &ast::ExcludeSelectItem) -> Vec<String> {
        let last = |n: &ast::ObjectName| {
            n.0.last()
                .and_then(|p| p.as_ident())
                .map(|i| self.dialect.fold(i))
                .unwrap_or_default()
        };
        match ex {
            ast::ExcludeSelectItem::Single(n) => vec![last(n)],
            ast::ExcludeSelectItem::Multiple(ns) => ns.iter().map(last).collect(),
        }
    }

    /// `*` with EXCLUDE, EXCEPT, ILIKE, REPLACE and RENAME.
    pub(super) fn star(
        &mut self,
        mut columns: Vec<ScopeColumn>,
        o: &ast::WildcardAdditionalOptions,
    ) -> Result<Vec<Item>> {
        if let Some(ilike) = &o.opt_ilike {
            let matcher = crate::kernels::like::Matcher::new(&ilike.pattern, None, true);
            columns.retain(|c| matcher.matches(&c.name));
            if columns.is_empty() {
                return Err(SqlError::raw("002028", "42601", "SELECT with no columns"));
            }
        }
        let mut excluded = match &o.opt_exclude {
            Some(ex) => self.excluded(ex),
            None => vec![],
        };
        if let Some(ex) = &o.opt_except {
            excluded.push(self.dialect.fold(&ex.first_element));
            excluded.extend(ex.additional_elements.iter().map(|i| self.dialect.fold(i)));
        }
        for name in &excluded {
            if !columns.iter().any(|c| c.name == *name) {
                return Err(ErrorKind::UnknownColumn(name.clone()).into());
            }
        }
        columns.retain(|c| !excluded.contains(&c.name));
        let renames: Vec<(String, String)> = match &o.opt_rename {
            Some(ast::RenameSelectItem::Single(r)) => {
                vec![(self.dialect.fold(&r.ident), self.dialect.fold(&r.alias))]
            }
            Some(ast::RenameSelectItem::Multiple(rs)) => rs
                .iter()
                .map(|r| (self.dialect.fold(&r.ident), self.dialect.fold(&r.alias)))
                .collect(),
            None => vec![],
        };
        let mut replaced: HashMap<String, Typed> = HashMap::new();
        if let Some(r) = &o.opt_replace {
            for e in &r.items {
                let name = self.dialect.fold(&e.column_name);
                let v = self.expr(&e.expr)?;
                replaced.insert(name, v);
            }
        }
        Ok(columns
            .into_iter()
            .map(|c| {
                let name = renames
                    .iter()
                    .find(|(from, _)| *from == c.name)
                    .map_or(c.name.clone(), |(_, to)| to.clone());
                match replaced.remove(&c.name) {
                    Some(value) => Item {
                        name,
                        value,
                        nullable: true,
                        origin: None,
                    },
                    None => Item {
                        name,
                        value: c.typed(),
                        nullable: c.nullable,
                        origin: c.origin.clone(),
                    },
                }
            })
            .collect())
    }
}

impl FnCall<'_, '_> {
    /// The columns that a call's only argument means when it is `*`, `t.*` or `* EXCLUDE …`: names and values.
    /// None when the argument is anything else.
    ///
    /// # Errors
    /// An unknown relation or column in it.
    pub fn star(&mut self) -> Result<Option<Vec<(String, Typed)>>> {
        let [ast::FunctionArg::Unnamed(arg)] = super::call::arguments(self.ast) else {
            return Ok(None);
        };
        let none = ast::WildcardAdditionalOptions::default();
        let mut own = ast::WildcardAdditionalOptions::default();
        let arg = match arg {
            ast::FunctionArgExpr::Expr(ast::Expr::Function(f)) if is_star(f) => {
                match super::call::arguments(f) {
                    [
                        ast::FunctionArg::Unnamed(star),
                        ast::FunctionArg::Named { name, arg, .. },
                    ] => {
                        star_option(&mut own, &name.value, arg)?;
                        star
                    }
                    _ => return Ok(None),
                }
            }
            other => other,
        };
        let visible = |b: &mut Binder<'_>| -> Vec<ScopeColumn> {
            let columns = &b.scope().columns;
            columns.iter().filter(|c| !c.hidden).cloned().collect()
        };
        let (columns, options) = match arg {
            ast::FunctionArgExpr::Wildcard => (visible(self.binder), &none),
            ast::FunctionArgExpr::WildcardWithOptions(o) => (visible(self.binder), o),
            ast::FunctionArgExpr::QualifiedWildcard(name) => {
                let qualifier: Vec<String> = name
                    .0
                    .iter()
                    .filter_map(|p| p.as_ident())
                    .map(|i| self.binder.dialect.fold(i))
                    .collect();
                let columns = self.binder.columns_of(&qualifier);
                if columns.is_empty() {
                    return Err(ErrorKind::UnknownObject {
                        kind: "relation",
                        name: qualifier.join("."),
                    }
                    .into());
                }
                (columns, &own)
            }
            ast::FunctionArgExpr::Expr(_) => return Ok(None),
        };
        let items = self.binder.star(columns, options)?;
        Ok(Some(items.into_iter().map(|i| (i.name, i.value)).collect()))
    }
}

/// Whether a call stands for a star.
pub fn is_star(f: &ast::Function) -> bool {
    matches!(f.name.0.as_slice(), [one] if one.as_ident().is_some_and(|i| i.value == STAR))
}

fn star_option(
    options: &mut ast::WildcardAdditionalOptions,
    word: &str,
    arg: &ast::FunctionArgExpr,
) -> Result<()> {
    let wrong = || SqlError::unsupported(format!("{word} {arg} of a star"));
    let ast::FunctionArgExpr::Expr(e) = arg else {
        return Err(wrong());
    };
    let items: Vec<&ast::Expr> = match e {
        ast::Expr::Nested(e) => vec![e.as_ref()],
        ast::Expr::Tuple(items) => items.iter().collect(),
        other => vec![other],
    };
    match (word, items.as_slice()) {
        ("ILIKE", [ast::Expr::Value(v)]) => {
            let ast::Value::SingleQuotedString(pattern) = &v.value else {
                return Err(wrong());
            };
            options.opt_ilike = Some(ast::IlikeSelectItem {
                pattern: pattern.clone(),
            });
        }
        ("EXCLUDE", names) => {
            let names = names
                .iter()
                .map(|e| match e {
                    ast::Expr::Identifier(i) => Ok(ast::ObjectName::from(vec![i.clone()])),
                    _ => Err(wrong()),
                })
                .collect::<Result<Vec<_>>>()?;
            options.opt_exclude = Some(ast::ExcludeSelectItem::Multiple(names));
        }
        _ => return Err(wrong()),
    }
    Ok(())
}
