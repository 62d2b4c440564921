//! Which relations a statement names: what it changes, and what it reads.
//! Looking the names up is the session's work.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sqlparser::ast;

use crate::parse::{Kind, Statement};

/// The table that INSERT, UPDATE, DELETE or MERGE changes.
pub(super) fn changed(statement: &ast::Statement) -> Option<&ast::ObjectName> {
    let factor = match statement {
        ast::Statement::Insert(i) => match &i.table {
            ast::TableObject::TableName(name) => return Some(name),
            _ => return None,
        },
        ast::Statement::Update(u) => &u.table.relation,
        ast::Statement::Delete(d) => {
            let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) =
                &d.from;
            &from.first()?.relation
        }
        ast::Statement::Merge(m) => &m.table,
        _ => return None,
    };
    match factor {
        ast::TableFactor::Table { name, .. } => Some(name),
        _ => None,
    }
}

/// Collects names of relations and of common table expressions.
#[derive(Default)]
struct Names {
    own: HashSet<String>,
    found: Vec<ast::ObjectName>,
}

impl ast::Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, q: &ast::Query) -> ControlFlow<()> {
        for cte in q.with.iter().flat_map(|w| &w.cte_tables) {
            self.own.insert(cte.alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ast::ObjectName) -> ControlFlow<()> {
        self.found.push(name.clone());
        ControlFlow::Continue(())
    }
}

/// Names of relations in a tree, without those of its common table expressions.
fn relations<V: ast::Visit>(tree: &V) -> Vec<ast::ObjectName> {
    let mut names = Names::default();
    let _ = tree.visit(&mut names);
    let own = names.own;
    names.found.retain(|name| match name.0.as_slice() {
        [one] => !one
            .as_ident()
            .is_some_and(|i| own.contains(&i.value.to_lowercase())),
        _ => true,
    });
    names.found
}

/// All relations that a statement reads or changes.
pub(super) fn touched(statement: &Statement) -> Vec<ast::ObjectName> {
    match statement {
        Statement::Query(q) => relations(q.as_ref()),
        Statement::Dml(s) => {
            let mut all = relations(s.as_ref());
            all.extend(changed(s).cloned());
            all
        }
        Statement::MergeDuplicates { delete, insert } => {
            let mut all = relations(delete.as_ref());
            all.extend(changed(insert).cloned());
            all
        }
        Statement::CreateTable(t) => t.query.as_deref().map(relations).unwrap_or_default(),
        Statement::AlterTable(a) => vec![a.name.clone()],
        Statement::Drop {
            kind: Kind::Table | Kind::View | Kind::MaterializedView,
            names,
            ..
        } => names.clone(),
        Statement::Truncate(name) | Statement::Refresh { name, .. } => vec![name.clone()],
        Statement::Copy(c) => vec![c.table.clone()],
        Statement::Unload(u) => relations(u.query.as_ref()),
        Statement::Declare { query, .. } => relations(query.as_ref()),
        _ => Vec::new(),
    }
}
