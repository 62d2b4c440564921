//! GROUP BY: expressions, positions, ALL, ROLLUP, CUBE and GROUPING SETS.
//! The aggregates over the groups are placed by `aggregate`.

use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::GroupingSet;
use sqlparser::ast;

use super::Binder;
use super::aggregate::{collect_aggregates, free_columns, has_window, is_constant};
use super::query::{bad_ordinal, ordinal};
use super::select::Item;
use crate::error::{Result, SqlError};
use crate::functions::Typed;

/// Most elements of CUBE, as Snowflake has it.
const MAX_CUBE: usize = 7;

impl Binder<'_> {
    /// The grouping expressions; None when there is no GROUP BY.
    /// Expressions with a collation are noted.
    pub(super) fn group_by(
        &mut self,
        s: &ast::Select,
        items: &[Item],
        collated: &mut Vec<Typed>,
    ) -> Result<Option<Vec<Expr>>> {
        match &s.group_by {
            ast::GroupByExpr::All(m) => {
                if !m.is_empty() {
                    return Err(SqlError::unsupported("GROUP BY ALL with a modifier"));
                }
                let mut out = Vec::new();
                for i in items {
                    let mut found = Vec::new();
                    collect_aggregates(&i.value.expr, &mut found)?;
                    if !found.is_empty() || has_window(&i.value.expr) {
                        // What stands beside aggregates is grouped by.
                        free_columns(&i.value.expr, &mut out)?;
                    } else if !is_constant(&i.value.expr) {
                        note_collated(&i.value, collated);
                        out.push(i.value.expr.clone());
                    }
                }
                Ok(Some(out))
            }
            ast::GroupByExpr::Expressions(list, modifiers) => {
                if list.is_empty() {
                    return Ok(None);
                }
                let mut out = Vec::new();
                let mut sets = Vec::new();
                for e in list {
                    match e {
                        ast::Expr::Rollup(parts) => {
                            let parts = self.group_parts(parts, items, collated)?;
                            sets.push(GroupingSet::GroupingSets(rollup(&parts)));
                        }
                        ast::Expr::Cube(parts) => {
                            let parts = self.group_parts(parts, items, collated)?;
                            sets.push(GroupingSet::GroupingSets(cube(&parts)?));
                        }
                        ast::Expr::GroupingSets(parts) => {
                            let mut lists = Vec::with_capacity(parts.len());
                            for p in parts {
                                match self.nested_sets(p, items, collated)? {
                                    Some(nested) => lists.extend(nested),
                                    None => lists.push(
                                        p.iter()
                                            .map(|e| self.group_expr(e, items, collated))
                                            .collect::<Result<Vec<_>>>()?,
                                    ),
                                }
                            }
                            sets.push(GroupingSet::GroupingSets(lists));
                        }
                        ast::Expr::Tuple(es) if !es.is_empty() => {
                            for e in es {
                                out.push(self.group_expr(e, items, collated)?);
                            }
                        }
                        other => out.push(self.group_expr(other, items, collated)?),
                    }
                }
                for m in modifiers {
                    match m {
                        ast::GroupByWithModifier::Rollup => {
                            sets.push(GroupingSet::Rollup(std::mem::take(&mut out)))
                        }
                        ast::GroupByWithModifier::Cube => {
                            sets.push(GroupingSet::Cube(std::mem::take(&mut out)))
                        }
                        other => return Err(SqlError::unsupported(format!("GROUP BY … {other}"))),
                    }
                }
                out.extend(sets.into_iter().map(Expr::GroupingSet));
                Ok(Some(out))
            }
        }
    }

    /// ROLLUP or CUBE as an element of GROUPING SETS: its sets stand in its place. The parser takes it for a call.
    fn nested_sets(
        &mut self,
        element: &[ast::Expr],
        items: &[Item],
        collated: &mut Vec<Typed>,
    ) -> Result<Option<Vec<Vec<Expr>>>> {
        let (is_cube, parts) = match element {
            [ast::Expr::Rollup(parts)] => (false, parts.clone()),
            [ast::Expr::Cube(parts)] => (true, parts.clone()),
            [ast::Expr::Function(f)] => {
                let name = f.name.to_string();
                let is_cube = name.eq_ignore_ascii_case("cube");
                if !is_cube && !name.eq_ignore_ascii_case("rollup") {
                    return Ok(None);
                }
                let ast::FunctionArguments::List(list) = &f.args else {
                    return Ok(None);
                };
                let parts = list
                    .args
                    .iter()
                    .map(|a| match a {
                        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(e)) => {
                            Ok(vec![e.clone()])
                        }
                        other => Err(SqlError::unsupported(format!("{other} in {name}"))),
                    })
                    .collect::<Result<Vec<_>>>()?;
                (is_cube, parts)
            }
            _ => return Ok(None),
        };
        let parts = self.group_parts(&parts, items, collated)?;
        Ok(Some(if is_cube {
            cube(&parts)?
        } else {
            rollup(&parts)
        }))
    }

    fn group_parts(
        &mut self,
        parts: &[Vec<ast::Expr>],
        items: &[Item],
        collated: &mut Vec<Typed>,
    ) -> Result<Vec<Vec<Expr>>> {
        parts
            .iter()
            .map(|p| {
                p.iter()
                    .flat_map(|e| match e {
                        ast::Expr::Tuple(es) => es.as_slice(),
                        one => std::slice::from_ref(one),
                    })
                    .map(|e| self.group_expr(e, items, collated))
                    .collect()
            })
            .collect()
    }

    fn group_expr(
        &mut self,
        e: &ast::Expr,
        items: &[Item],
        collated: &mut Vec<Typed>,
    ) -> Result<Expr> {
        if let Some(n) = ordinal(e) {
            let item = n
                .checked_sub(1)
                .and_then(|i| items.get(i))
                .ok_or_else(|| bad_ordinal("GROUP BY", n))?;
            let mut found = Vec::new();
            collect_aggregates(&item.value.expr, &mut found)?;
            if !found.is_empty() {
                return Err(SqlError::raw(
                    "002056",
                    "42803",
                    "aggregates are not allowed in GROUP BY",
                ));
            }
            note_collated(&item.value, collated);
            return Ok(item.value.expr.clone());
        }
        let e = match e {
            ast::Expr::Nested(inner) => inner,
            other => other,
        };
        let t = self.expr(e)?;
        note_collated(&t, collated);
        Ok(t.expr)
    }
}

/// The sets of ROLLUP: all parts, and ever fewer from the left.
fn rollup(parts: &[Vec<Expr>]) -> Vec<Vec<Expr>> {
    (0..=parts.len())
        .rev()
        .map(|n| parts[..n].concat())
        .collect()
}

/// The sets of CUBE: every choice of parts.
fn cube(parts: &[Vec<Expr>]) -> Result<Vec<Vec<Expr>>> {
    if parts.len() > MAX_CUBE {
        return Err(SqlError::raw(
            "001015",
            "42601",
            format!("CUBE takes at most {MAX_CUBE} elements"),
        ));
    }
    let all = 1usize << parts.len();
    Ok((0..all)
        .rev()
        .map(|set| {
            (0..parts.len())
                .filter(|i| set & (1 << (parts.len() - 1 - i)) != 0)
                .flat_map(|i| parts[i].clone())
                .collect()
        })
        .collect())
}

fn note_collated(t: &Typed, collated: &mut Vec<Typed>) {
    if t.ty.collation().is_some() && !collated.contains(t) {
        collated.push(t.clone());
    }
}

/// Whether an expression is one of those that rows are grouped by.
pub(super) fn grouped(groups: &[Expr], e: &Expr) -> bool {
    groups.iter().any(|g| match g {
        Expr::GroupingSet(set) => set.distinct_expr().contains(&e),
        other => other == e,
    })
}
