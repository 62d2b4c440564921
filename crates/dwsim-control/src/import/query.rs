//! The columns of CREATE TABLE … AS where they can be read off: columns of tables of the same text, and casts.
//! Every other expression has a type that only a warehouse knows; such a query is not understood here.

use dwsim_schema::Dialect;
use sqlparser::ast::{
    Expr, Ident, ObjectName, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    TableFactor, WildcardAdditionalOptions,
};

use super::model::{At, ColumnDdl, TableDdl};
use super::{names, types};

/// A table of the text under the name that the query has for it.
struct Source<'a> {
    name: String,
    table: &'a TableDdl,
}

/// The columns of a query over tables that are declared, each at the statement's place; `given` are their names where
/// the statement lists them. Nothing where one of them cannot be read off.
pub(crate) fn columns(
    query: &Query,
    given: &[Ident],
    tables: &[TableDdl],
    dialect: Dialect,
    at: At,
) -> Option<Vec<ColumnDdl>> {
    if query.with.is_some() {
        return None;
    }
    let select = select(&query.body)?;
    let mut sources = Vec::new();
    let mut joined = false;
    for from in &select.from {
        sources.push(source(&from.relation, tables, dialect)?);
        for join in &from.joins {
            joined = true;
            sources.push(source(&join.relation, tables, dialect)?);
        }
    }
    let mut out: Vec<ColumnDdl> = Vec::new();
    for item in &select.projection {
        match item {
            // USING and NATURAL make one column of two
            SelectItem::Wildcard(options) if !joined && is_plain(options) => {
                for source in &sources {
                    out.extend(source.table.columns.iter().map(|c| bare(c, at)));
                }
            }
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(name),
                options,
            ) if is_plain(options) => {
                let (name, _) = names::last(name, dialect);
                let source = sources.iter().find(|s| s.name == name)?;
                out.extend(source.table.columns.iter().map(|c| bare(c, at)));
            }
            SelectItem::UnnamedExpr(expr) => out.push(column(expr, None, &sources, dialect, at)?),
            SelectItem::ExprWithAlias { expr, alias } => {
                out.push(column(expr, Some(alias), &sources, dialect, at)?);
            }
            _ => return None,
        }
    }
    if !given.is_empty() {
        if given.len() != out.len() {
            return None;
        }
        for (column, name) in out.iter_mut().zip(given) {
            column.name = names::folded(name, dialect);
        }
    }
    (!out.is_empty()).then_some(out)
}

fn select(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) if query.with.is_none() => select(&query.body),
        _ => None,
    }
}

fn source<'a>(
    factor: &TableFactor,
    tables: &'a [TableDdl],
    dialect: Dialect,
) -> Option<Source<'a>> {
    let TableFactor::Table {
        name, alias, args, ..
    } = factor
    else {
        return None;
    };
    let (declared, _) = names::last(name, dialect);
    let table = tables
        .iter()
        .find(|t| t.name.eq_ignore_ascii_case(&declared))?;
    match alias {
        _ if args.is_some() => None,
        Some(alias) if !alias.columns.is_empty() => None,
        Some(alias) => Some(Source {
            name: names::folded(&alias.name, dialect),
            table,
        }),
        None => Some(Source {
            name: declared,
            table,
        }),
    }
}

fn is_plain(options: &WildcardAdditionalOptions) -> bool {
    options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
        && options.opt_alias.is_none()
}

/// A column without what a query does not hand down: keys, NOT NULL, defaults.
fn bare(column: &ColumnDdl, at: At) -> ColumnDdl {
    ColumnDdl::new(
        column.name.clone(),
        at,
        column.ty.clone(),
        column.written.clone(),
    )
}

fn column(
    expr: &Expr,
    alias: Option<&Ident>,
    sources: &[Source<'_>],
    dialect: Dialect,
    at: At,
) -> Option<ColumnDdl> {
    let named = |column: &mut ColumnDdl| {
        if let Some(alias) = alias {
            column.name = names::folded(alias, dialect);
        }
    };
    match expr {
        Expr::Nested(inner) => column(inner, alias, sources, dialect, at),
        Expr::Cast {
            expr,
            data_type,
            format: None,
            ..
        } => {
            let ty = types::declared(data_type, dialect).ok()?;
            let name = match (alias, expr.as_ref()) {
                (Some(alias), _) => names::folded(alias, dialect),
                // what it is called without an alias differs; of a column both keep its name
                (None, Expr::Identifier(name)) => names::folded(name, dialect),
                _ => return None,
            };
            Some(ColumnDdl::new(name, at, ty, data_type.to_string()))
        }
        Expr::Identifier(name) => {
            let mut found = find(name, sources, dialect)?;
            found.at = at;
            named(&mut found);
            Some(found)
        }
        Expr::CompoundIdentifier(parts) => {
            let (name, before) = parts.split_last()?;
            let table = ObjectName::from(before.to_vec());
            let (table, _) = names::last(&table, dialect);
            let only: Vec<Source<'_>> = sources
                .iter()
                .filter(|s| s.name == table)
                .map(|s| Source {
                    name: s.name.clone(),
                    table: s.table,
                })
                .collect();
            let mut found = find(name, &only, dialect)?;
            found.at = at;
            named(&mut found);
            Some(found)
        }
        _ => None,
    }
}

/// The only column of that name.
fn find(name: &Ident, sources: &[Source<'_>], dialect: Dialect) -> Option<ColumnDdl> {
    let name = names::folded(name, dialect);
    let mut found = sources.iter().filter_map(|s| s.table.column(&name));
    match (found.next(), found.next()) {
        (Some(column), None) => Some(bare(column, column.at)),
        _ => None,
    }
}
