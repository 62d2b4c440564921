//! Oracle's outer joins: `WHERE a.x = b.y(+)` becomes `a LEFT JOIN b ON a.x = b.y`, on the AST.
//! Sources: Redshift "Oracle-style outer joins in the WHERE clause"; Snowflake "Joins in the WHERE clause".

use std::ops::ControlFlow;

use sqlparser::ast::{self, Spanned};

use super::Binder;
use super::names::position;
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};

/// Whether an expression has a `(+)` mark somewhere.
fn marked(e: &ast::Expr) -> bool {
    ast::visit_expressions(e, |x: &ast::Expr| {
        if matches!(x, ast::Expr::OuterJoin(_)) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .is_break()
}

/// Whether a mark is inside of an OR or an IN.
fn in_alternative(e: &ast::Expr) -> bool {
    ast::visit_expressions(e, |x: &ast::Expr| {
        let alternative = matches!(
            x,
            ast::Expr::BinaryOp {
                op: ast::BinaryOperator::Or,
                ..
            } | ast::Expr::InList { .. }
                | ast::Expr::InSubquery { .. }
        );
        if alternative && marked(x) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .is_break()
}

fn conjuncts(e: &ast::Expr, out: &mut Vec<ast::Expr>) {
    match e {
        ast::Expr::BinaryOp {
            left,
            op: ast::BinaryOperator::And,
            right,
        } => {
            conjuncts(left, out);
            conjuncts(right, out);
        }
        ast::Expr::Nested(inner) if marked(inner) => conjuncts(inner, out),
        other => out.push(other.clone()),
    }
}

fn and(all: Vec<ast::Expr>) -> Option<ast::Expr> {
    all.into_iter().reduce(|a, b| ast::Expr::BinaryOp {
        left: Box::new(a),
        op: ast::BinaryOperator::And,
        right: Box::new(b),
    })
}

fn unmark(mut e: ast::Expr) -> ast::Expr {
    let _ = ast::visit_expressions_mut(&mut e, |x: &mut ast::Expr| {
        if let ast::Expr::OuterJoin(inner) = x {
            *x = (**inner).clone();
        }
        ControlFlow::<()>::Continue(())
    });
    e
}

impl Binder<'_> {
    /// The name by which a table's columns are qualified.
    fn factor_name(&self, f: &ast::TableFactor) -> Option<String> {
        match f {
            ast::TableFactor::Table { alias: Some(a), .. }
            | ast::TableFactor::Derived { alias: Some(a), .. } => Some(self.dialect.fold(&a.name)),
            ast::TableFactor::Table {
                name, alias: None, ..
            } => name
                .0
                .last()
                .and_then(|p| p.as_ident())
                .map(|i| self.dialect.fold(i)),
            _ => None,
        }
    }

    /// The tables an expression's qualified columns belong to; with `only_marked`, of those with a mark.
    fn qualifiers(&self, e: &ast::Expr, only_marked: bool) -> Result<Vec<String>> {
        let mut out = Vec::new();
        let mut bad = None;
        let mut take = |x: &ast::Expr| match x {
            ast::Expr::CompoundIdentifier(ids) if ids.len() >= 2 => {
                let q = self.dialect.fold(&ids[ids.len() - 2]);
                if !out.contains(&q) {
                    out.push(q);
                }
            }
            ast::Expr::Identifier(i) => bad = Some(i.clone()),
            _ => {}
        };
        let _ = ast::visit_expressions(e, |x: &ast::Expr| {
            match x {
                ast::Expr::OuterJoin(inner) if only_marked => take(inner),
                _ if !only_marked => take(x),
                _ => {}
            }
            ControlFlow::<()>::Continue(())
        });
        match bad {
            Some(i) => Err(SqlError::raw(
                "002037",
                "0A000",
                format!(
                    "column \"{}\" of a condition with (+) must be qualified by its table",
                    i.value
                ),
            )
            .at(position(i.span))),
            None => Ok(out),
        }
    }

    /// Gives the columns of marked conditions that stand without a table the one table of FROM that has them.
    fn own_tables(
        &mut self,
        from: &[ast::TableWithJoins],
        conditions: &mut [ast::Expr],
    ) -> Result<()> {
        let mut bare: Vec<String> = Vec::new();
        for c in conditions.iter().filter(|c| marked(c)) {
            let _ = ast::visit_expressions(c, |x: &ast::Expr| {
                if let ast::Expr::Identifier(i) = x {
                    bare.push(self.dialect.fold(i));
                }
                ControlFlow::<()>::Continue(())
            });
        }
        if bare.is_empty() {
            return Ok(());
        }
        let mut tables = Vec::new();
        for f in from {
            if let Some(name) = self.factor_name(&f.relation) {
                let columns = self.factor(&f.relation)?.columns;
                tables.push((name, columns));
            }
        }
        for c in conditions.iter_mut().filter(|c| marked(c)) {
            let _ = ast::visit_expressions_mut(c, |x: &mut ast::Expr| {
                if let ast::Expr::Identifier(i) = x {
                    let name = self.dialect.fold(i);
                    let mut owners = tables
                        .iter()
                        .filter(|(_, columns)| columns.iter().any(|c| c.name == name));
                    if let (Some((table, _)), None) = (owners.next(), owners.next()) {
                        *x = ast::Expr::CompoundIdentifier(vec![
                            ast::Ident::with_quote('"', table),
                            i.clone(),
                        ]);
                    }
                }
                ControlFlow::<()>::Continue(())
            });
        }
        Ok(())
    }

    /// FROM and WHERE with the marks resolved; None when there are none.
    ///
    /// # Errors
    /// When the marks do not describe outer joins between the tables of FROM.
    pub(crate) fn oracle_joins(
        &mut self,
        from: &[ast::TableWithJoins],
        selection: Option<&ast::Expr>,
    ) -> Result<Option<(Vec<ast::TableWithJoins>, Option<ast::Expr>)>> {
        let Some(w) = selection.filter(|w| marked(w)) else {
            return Ok(None);
        };
        let mut all = Vec::new();
        conjuncts(w, &mut all);
        self.own_tables(from, &mut all)?;
        let redshift = self.env.dialect == DialectName::Redshift;
        let mut rest = Vec::new();
        let mut on: Vec<(String, Vec<ast::Expr>)> = Vec::new();
        for c in all {
            if !marked(&c) {
                rest.push(c);
                continue;
            }
            if redshift && in_alternative(&c) {
                return Err(SqlError::raw(
                    "",
                    "0A000",
                    "Outer join operator (+) not allowed in operand of OR or IN.",
                )
                .at(position(c.span())));
            }
            let tables = self.qualifiers(&c, true)?;
            let [table] = tables.as_slice() else {
                return Err(SqlError::raw(
                    "002037",
                    "42601",
                    "a condition may have (+) on columns of one table only",
                )
                .at(position(c.span())));
            };
            match on.iter_mut().find(|(t, _)| t == table) {
                Some((_, cs)) => cs.push(c),
                None => on.push((table.clone(), vec![c])),
            }
        }
        for (table, conditions) in on.iter().filter(|_| redshift) {
            let mut others = Vec::new();
            for c in conditions {
                others.extend(self.qualifiers(c, false)?);
            }
            others.retain(|t| t != table);
            others.sort();
            others.dedup();
            if others.len() > 1 {
                return Err(SqlError::raw(
                    "",
                    "0A000",
                    "A table may be outer joined to at most one other table.",
                ));
            }
        }
        let mut inner = Vec::new();
        let mut outer = Vec::new();
        for f in from {
            let name = self.factor_name(&f.relation);
            match name.filter(|n| f.joins.is_empty() && on.iter().any(|(t, _)| t == n)) {
                Some(n) => outer.push((n, f.relation.clone())),
                None => inner.push(f.clone()),
            }
        }
        if outer.len() != on.len() || inner.is_empty() {
            return Err(SqlError::raw(
                "002037",
                "42601",
                "(+) stands on a column of no joined table",
            ));
        }
        // Everything that is not outer-joined comes first; then each table whose conditions can be seen.
        let mut known: Vec<String> = inner
            .iter()
            .flat_map(|f| std::iter::once(&f.relation).chain(f.joins.iter().map(|j| &j.relation)))
            .filter_map(|f| self.factor_name(f))
            .collect();
        let mut base = inner.remove(0);
        for f in inner {
            base.joins.push(ast::Join {
                relation: f.relation,
                global: false,
                join_operator: ast::JoinOperator::CrossJoin(ast::JoinConstraint::None),
            });
            base.joins.extend(f.joins);
        }
        while !outer.is_empty() {
            let ready = outer.iter().position(|(n, _)| {
                on.iter()
                    .filter(|(t, _)| t == n)
                    .flat_map(|(_, cs)| cs)
                    .all(|c| {
                        self.qualifiers(c, false)
                            .is_ok_and(|qs| qs.iter().all(|q| q == n || known.contains(q)))
                    })
            });
            let Some(i) = ready else {
                return Err(SqlError::raw(
                    "002037",
                    "42601",
                    "the outer joins by (+) refer to each other",
                ));
            };
            let (name, relation) = outer.remove(i);
            let conditions: Vec<ast::Expr> = on
                .iter()
                .filter(|(t, _)| *t == name)
                .flat_map(|(_, cs)| cs.iter().cloned())
                .map(unmark)
                .collect();
            let Some(condition) = and(conditions) else {
                continue;
            };
            base.joins.push(ast::Join {
                relation,
                global: false,
                join_operator: ast::JoinOperator::LeftOuter(ast::JoinConstraint::On(condition)),
            });
            known.push(name);
        }
        Ok(Some((vec![base], and(rest))))
    }
}
