//! Views follow the relations they read: their texts are rewritten when a relation or a column is renamed, or a
//! column is added. Dropping views is in `objects`, what a view's query means is the engine's.
//!
//! Redshift binds a view to its relations, not to their names. The texts of dwsim's views name them, so the names
//! change with the relations. Late-binding views follow nothing, and materialized views cannot be refreshed any more
//! (the guide's "DDL updates to materialized views or base tables").

use std::ops::ControlFlow;
use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, ViewDef};
use dwsim_engine::dialect::Dialect;
use dwsim_engine::error::Result;
use sqlparser::ast;
use sqlparser::tokenizer::{Location, Span};

use super::session::RedshiftSession;

/// What happened to a relation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change<'a> {
    /// It has another name.
    Renamed(&'a str),
    /// Columns that it had, each with its name now. There may be more columns.
    Columns(&'a [(String, String)]),
}

/// Where a query reads a relation.
#[derive(Debug)]
struct Place {
    /// The relation's name, of all its parts.
    name: Span,
    /// The last part.
    last: Span,
    /// The name that its columns are qualified with, when there is no alias.
    unaliased: Option<String>,
}

struct Places<'a> {
    reads: &'a dyn Fn(&ast::ObjectName) -> bool,
    ctes: Vec<String>,
    found: Vec<Place>,
}

impl ast::Visitor for Places<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<()> {
        let ctes = query.with.iter().flat_map(|w| &w.cte_tables);
        self.ctes
            .extend(ctes.map(|c| c.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &ast::TableFactor) -> ControlFlow<()> {
        let ast::TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let idents: Vec<&ast::Ident> = name.0.iter().filter_map(|p| p.as_ident()).collect();
        let (Some(first), Some(last)) = (idents.first(), idents.last()) else {
            return ControlFlow::Continue(());
        };
        let own = idents.len() == 1 && self.ctes.contains(&last.value.to_lowercase());
        if !own && (self.reads)(name) {
            self.found.push(Place {
                name: Span::new(first.span.start, last.span.end),
                last: last.span,
                unaliased: alias.is_none().then(|| last.to_string()),
            });
        }
        ControlFlow::Continue(())
    }
}

/// The byte at a place of a text; lines and columns count from 1.
fn offset(text: &str, at: Location) -> Option<usize> {
    let line = usize::try_from(at.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..)?;
    match rest.char_indices().nth(column) {
        Some((i, _)) => Some(start + i),
        None => (rest.chars().count() == column).then_some(text.len()),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The text of a query after a change of a relation that it reads.
fn rewritten(text: &str, places: &[Place], change: Change<'_>) -> Option<String> {
    let mut out = text.to_owned();
    let mut edits = Vec::new();
    for place in places {
        let whole = offset(text, place.name.start)?..offset(text, place.name.end)?;
        let last = offset(text, place.last.start)?..offset(text, place.last.end)?;
        let qualifier = text.get(whole.start..last.start)?;
        let mut new = match change {
            Change::Renamed(to) => format!("{qualifier}{}", quoted(to)),
            Change::Columns(columns) => {
                let listed: Vec<String> = (columns.iter())
                    .map(|(before, now)| match before == now {
                        true => quoted(now),
                        false => format!("{} AS {}", quoted(now), quoted(before)),
                    })
                    .collect();
                format!(
                    "(SELECT {} FROM {})",
                    listed.join(", "),
                    text.get(whole.clone())?
                )
            }
        };
        if let Some(name) = &place.unaliased {
            new = format!("{new} AS {name}");
        }
        edits.push((whole, new));
    }
    edits.sort_by_key(|(at, _)| at.start);
    for (at, new) in edits.into_iter().rev() {
        out.replace_range(at, &new);
    }
    Some(out)
}

impl RedshiftSession {
    /// Whether a view's query still gives the columns that the view has.
    pub(super) fn is_whole(&mut self, name: &ObjectName, def: &ViewDef) -> Result<bool> {
        let view = self.engine.view()?;
        let query = self.rules.parse_query(&def.query)?;
        let mut binder = self.engine.binder(self.engine.env(), &view, &[]);
        if let Some(schema) = &def.context.1 {
            let own = (name.database.clone(), schema.clone());
            binder.search_path.insert(0, own);
        }
        let bound = binder.top_query(&query);
        Ok(bound.is_ok_and(|q| q.columns.len() == def.columns.len()))
    }

    /// Rewrites the texts of views after a change of a relation that they read, by the relation's name before it.
    /// Columns matter only to the views that are not what they were.
    pub(super) fn follow(
        &mut self,
        views: &[ObjectName],
        relation: &ObjectName,
        change: Change<'_>,
    ) -> Result<()> {
        for name in views {
            let view = self.engine.view()?;
            let Some(Object::View(def)) = view.object(ObjectKind::Relation, name) else {
                continue;
            };
            let def = Arc::clone(def);
            if matches!(change, Change::Columns(_)) && self.is_whole(name, &def)? {
                continue;
            }
            let query = self.rules.parse_query(&def.query)?;
            let places = self.places(name, &def, &query, relation)?;
            if places.is_empty() {
                continue;
            }
            let Some(text) = rewritten(&def.query, &places, change) else {
                continue;
            };
            let next = Arc::new(ViewDef {
                ddl: def.ddl.replace(&def.query, &text),
                query: text,
                ..ViewDef::clone(&def)
            });
            self.put_view(name, &next)?;
        }
        Ok(())
    }

    /// Where a view reads a relation. A relation that was renamed is known by its name before.
    fn places(
        &mut self,
        name: &ObjectName,
        def: &ViewDef,
        query: &ast::Query,
        relation: &ObjectName,
    ) -> Result<Vec<Place>> {
        let view = self.engine.view()?;
        let mut binder = self.engine.binder(self.engine.env(), &view, &[]);
        if let Some(schema) = &def.context.1 {
            let own = (name.database.clone(), schema.clone());
            binder.search_path.insert(0, own);
        }
        let path = binder.search_path.clone();
        let rules = Arc::clone(&self.rules);
        let reads = |written: &ast::ObjectName| {
            let parts: Vec<String> = (written.0.iter())
                .filter_map(|p| p.as_ident().map(|i| rules.fold(i)))
                .collect();
            match binder.find_relation(&parts) {
                Some((found, _)) => found == *relation,
                // The relation is no longer where the name leads.
                None => {
                    let schema = match parts.as_slice() {
                        [last] if *last == relation.name => {
                            return path.iter().any(|(_, s)| *s == relation.schema);
                        }
                        [.., schema, last] if *last == relation.name => schema,
                        _ => return false,
                    };
                    *schema == relation.schema
                }
            }
        };
        let mut places = Places {
            reads: &reads,
            ctes: Vec::new(),
            found: Vec::new(),
        };
        let _ = ast::Visit::visit(query, &mut places);
        Ok(places.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Statement, parse};

    fn changed(sql: &str, change: Change<'_>) -> String {
        let parsed = parse(sql).expect("a query");
        let Statement::Query(query) = &parsed[0].statement else {
            panic!("{sql}");
        };
        let reads = |name: &ast::ObjectName| name.to_string().ends_with('t');
        let mut places = Places {
            reads: &reads,
            ctes: Vec::new(),
            found: Vec::new(),
        };
        let _ = ast::Visit::visit(query, &mut places);
        rewritten(sql, &places.found, change).expect("places of the text")
    }

    #[test]
    fn names() {
        for (sql, want) in [
            ("select a from t", "select a from \"n\" AS t"),
            (
                "select x.a, 'é'\n from s.t x,\n\tt where t.a = '\\\\'",
                "select x.a, 'é'\n from s.\"n\" x,\n\t\"n\" AS t where t.a = '\\\\'",
            ),
            (
                "with t as (select 1 as a) select a from t",
                "with t as (select 1 as a) select a from t",
            ),
        ] {
            assert_eq!(changed(sql, Change::Renamed("n")), want, "{sql}");
        }
    }

    #[test]
    fn columns() {
        let columns = [("a".to_owned(), "b".to_owned()), ("c".into(), "c".into())];
        for (sql, want) in [
            (
                "select * from t",
                "select * from (SELECT \"b\" AS \"a\", \"c\" FROM t) AS t",
            ),
            (
                "select a from s.t as u join v on true",
                "select a from (SELECT \"b\" AS \"a\", \"c\" FROM s.t) as u join v on true",
            ),
        ] {
            assert_eq!(changed(sql, Change::Columns(&columns)), want, "{sql}");
        }
    }
}
