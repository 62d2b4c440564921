//! Is the ORDER BY of the compared statement total? Rows that it leaves tied may come in any order, so a snapshot in
//! exact order holds only by chance.
//!
//! Rows are told apart by keys: a column that is ordered by is fixed, so is one that equals a fixed column, and a
//! relation whose key is fixed has all of its columns fixed. When every relation is, the order is total. Where that
//! cannot be known (a relation without a known key) nothing is said.

use std::collections::BTreeSet;

use dwsim_runtime::snapshot::RowOrder;
use dwsim_runtime::sqltest::FrontMatter;
use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, JoinConstraint, JoinOperator, LimitClause,
    OrderByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, Spanned, TableFactor, Value,
};

use super::catalog::{Catalog, Relation};
use super::finding::{self, Fix, Severity};
use super::names;
use super::sql::Site;

/// A column: the index of its relation and its name.
type Column = (usize, String);

/// Adds a finding, with the key that is missing as its fix where that is known.
pub fn check(
    query: &Query,
    catalog: Option<&Catalog>,
    matter: &FrontMatter,
    text: &str,
    at: &mut Site<'_, '_>,
) {
    let limited = matches!(
        &query.limit_clause,
        Some(
            LimitClause::LimitOffset { limit: Some(_), .. } | LimitClause::OffsetCommaLimit { .. }
        )
    );
    // compared as a multiset, ties do not matter unless some of them are cut off
    if matter.order == Some(RowOrder::Any) && !limited {
        return;
    }
    let Some(order) = &query.order_by else { return };
    let OrderByKind::Expressions(keys) = &order.kind else {
        return;
    };
    let SetExpr::Select(select) = query.body.as_ref() else {
        return;
    };
    let Some(missing) = missing(select, keys, query, catalog, text, at) else {
        return;
    };
    let Some(last) = keys.last() else { return };
    let message = match missing.as_slice() {
        [one] => format!("rows with equal keys are in no order: `{one}` is not ordered by"),
        many => format!(
            "rows with equal keys are in no order: none of {} is ordered by",
            many.iter()
                .map(|m| format!("`{m}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    let help = format!(
        "order by {} as well, or compare without order: `-- dwsim: order = \"any\"`",
        missing.join(", ")
    );
    let end = end_of(last, text, at);
    let span = order.span();
    let (code, severity) = (finding::ORDER, Severity::Warning);
    if let Some(found) = at.add(code, severity, span, message, Some(help))
        && let Some(end) = end
    {
        found.fix = Some(Fix {
            start: end,
            end,
            text: format!(", {}", missing.join(", ")),
            title: "orders by the key as well".to_owned(),
        });
    }
}

/// The end of the last ORDER BY item with its ASC, DESC and NULLS FIRST, whose spans the parser does not keep.
fn end_of(last: &OrderByExpr, text: &str, at: &Site<'_, '_>) -> Option<usize> {
    let (start, end) = at.origin.span(at.lines, last.expr.span())?;
    let mut end = close(text, start, end);
    // a span that is not the expression's would put the fix into the middle of it
    let written = text.get(start..end)?;
    if squash(written) != squash(&last.expr.to_string()) {
        return None;
    }
    for words in [&["asc", "desc"][..], &["nulls"], &["first", "last"]] {
        let rest = text.get(end..)?;
        let blank = rest.len() - rest.trim_start().len();
        let word: String = rest
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphabetic())
            .collect();
        if words.contains(&word.to_lowercase().as_str()) {
            end += blank + word.len();
        }
    }
    Some(end)
}

/// The end of a span with the brackets that the parser leaves out of a call's.
fn close(text: &str, start: usize, end: usize) -> usize {
    let inner = text.get(start..end).unwrap_or_default();
    let count = |bracket| inner.matches(bracket).count();
    let mut end = end;
    for _ in count(')')..count('(') {
        match text.get(end..).and_then(|rest| rest.find(')')) {
            Some(i) => end += i + 1,
            None => return end,
        }
    }
    end
}

/// What is to be ordered by as well; nothing where the order is total or where that cannot be known.
fn missing(
    select: &Select,
    keys: &[OrderByExpr],
    query: &Query,
    catalog: Option<&Catalog>,
    text: &str,
    at: &Site<'_, '_>,
) -> Option<Vec<String>> {
    let keys: Vec<&Expr> = keys.iter().map(|k| resolve(&k.expr, select)).collect();
    let source = |expr: &Expr| -> Option<String> {
        let (start, end) = at.origin.span(at.lines, expr.span())?;
        let end = close(text, start, end);
        // spans of some expressions end early; what does not read as the expression is not quoted
        let written = text.get(start..end)?;
        (squash(written) == squash(&expr.to_string())).then(|| written.to_owned())
    };
    match &select.group_by {
        GroupByExpr::All(_) => return None,
        GroupByExpr::Expressions(groups, modifiers) if !groups.is_empty() => {
            let plain = groups
                .iter()
                .all(|g| !matches!(g, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_)));
            if !plain || !modifiers.is_empty() || select.qualify.is_some() {
                return None;
            }
            let missing: Vec<&Expr> = groups
                .iter()
                .map(|g| resolve(g, select))
                .filter(|g| !keys.iter().any(|k| same(k, g)))
                .collect();
            if missing.is_empty() {
                return None;
            }
            // by a key of one of the tables the other groups may be fixed as well
            if let Some(relations) = Relations::of(select, query, catalog) {
                let mut fixed = relations.columns(&keys);
                relations.close(select, &mut fixed);
                let all = missing.iter().all(|m| {
                    relations
                        .column(m)
                        .is_some_and(|column| fixed.contains(&column))
                });
                if all {
                    return None;
                }
            } else {
                return None;
            }
            return missing
                .into_iter()
                .map(|m| alias_of(m, select).or_else(|| source(m)))
                .collect();
        }
        GroupByExpr::Expressions(..) => {}
    }
    if select
        .distinct
        .as_ref()
        .is_some_and(|d| matches!(d, Distinct::Distinct))
    {
        let mut missing = Vec::new();
        for item in &select.projection {
            let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item
            else {
                return None;
            };
            if !keys.iter().any(|k| same(k, expr)) {
                missing.push(alias_of(expr, select).or_else(|| source(expr))?);
            }
        }
        return (!missing.is_empty()).then_some(missing);
    }
    // without GROUP BY an aggregate makes one row; QUALIFY may leave one row per key
    if select.qualify.is_some()
        || select.having.is_some()
        || select.projection.iter().any(aggregates)
    {
        return None;
    }
    let relations = Relations::of(select, query, catalog)?;
    let mut fixed = relations.columns(&keys);
    relations.close(select, &mut fixed);
    let mut missing = Vec::new();
    for (index, (name, relation)) in relations.0.iter().enumerate() {
        let mut own: Vec<&Vec<String>> = relation.keys.iter().collect();
        if own
            .iter()
            .any(|key| key.iter().all(|c| fixed.contains(&(index, c.clone()))))
        {
            continue;
        }
        // the shortest key, of what is not fixed yet
        own.sort_by_key(|key| key.len());
        for column in own.first()?.iter() {
            if fixed.insert((index, column.clone())) {
                missing.push(match relations.0.len() {
                    1 => column.clone(),
                    _ => format!("{name}.{column}"),
                });
            }
        }
        relations.close(select, &mut fixed);
    }
    (!missing.is_empty()).then_some(missing)
}

/// ORDER BY and GROUP BY may name a selected expression by its alias or by its position.
fn resolve<'a>(expr: &'a Expr, select: &'a Select) -> &'a Expr {
    let by_alias = |wanted: &str| {
        select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias }
                if alias.value.eq_ignore_ascii_case(wanted) =>
            {
                Some(expr)
            }
            _ => None,
        })
    };
    match expr {
        Expr::Nested(inner) => resolve(inner, select),
        Expr::Identifier(ident) => by_alias(&ident.value).unwrap_or(expr),
        Expr::Value(value) => match &value.value {
            Value::Number(n, _) => {
                let item = n
                    .to_string()
                    .parse::<usize>()
                    .ok()
                    .and_then(|n| select.projection.get(n.checked_sub(1)?));
                match item {
                    Some(
                        SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. },
                    ) => e,
                    _ => expr,
                }
            }
            _ => expr,
        },
        _ => expr,
    }
}

fn alias_of(expr: &Expr, select: &Select) -> Option<String> {
    select.projection.iter().find_map(|item| match item {
        SelectItem::ExprWithAlias { expr: e, alias } if same(e, expr) => Some(alias.to_string()),
        _ => None,
    })
}

/// Without blanks and case, as two spellings of one expression are compared.
fn squash(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Do two expressions say the same? A column may be written with its table or without.
fn same(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::Nested(a), b) => same(a, b),
        (a, Expr::Nested(b)) => same(a, b),
        (Expr::Identifier(i), Expr::CompoundIdentifier(parts))
        | (Expr::CompoundIdentifier(parts), Expr::Identifier(i)) => parts
            .last()
            .is_some_and(|last| last.value.eq_ignore_ascii_case(&i.value)),
        _ => squash(&a.to_string()) == squash(&b.to_string()),
    }
}

fn aggregates(item: &SelectItem) -> bool {
    const AGGREGATES: &[&str] = &[
        "count",
        "sum",
        "avg",
        "min",
        "max",
        "listagg",
        "array_agg",
        "median",
        "stddev",
        "variance",
        "approximate_count_distinct",
        "approx_count_distinct",
        "any_value",
        "bool_or",
        "bool_and",
        "object_agg",
        "percentile_cont",
        "percentile_disc",
        "count_if",
        "hash_agg",
        "mode",
    ];
    let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
        return false;
    };
    let mut found = false;
    let _ = sqlparser::ast::visit_expressions(expr, |e| {
        if let Expr::Function(f) = e
            && f.over.is_none()
            && AGGREGATES.contains(&names::last(&f.name).as_str())
        {
            found = true;
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    found
}

/// The relations of a FROM clause, all of them with a known key.
struct Relations(Vec<(String, Relation)>);

impl Relations {
    fn of(select: &Select, query: &Query, catalog: Option<&Catalog>) -> Option<Self> {
        let catalog = catalog?;
        let mut all = Vec::new();
        let factors = select
            .from
            .iter()
            .flat_map(|t| std::iter::once(&t.relation).chain(t.joins.iter().map(|j| &j.relation)));
        for factor in factors {
            let TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } = factor
            else {
                return None;
            };
            let own = names::last(name);
            let is_cte = query
                .with
                .iter()
                .flat_map(|w| &w.cte_tables)
                .any(|cte| cte.alias.name.value.eq_ignore_ascii_case(&own));
            let relation = catalog
                .get(&own)
                .filter(|r| !is_cte && !r.keys.is_empty())?;
            let shown = alias.as_ref().map_or(own, |a| a.name.value.to_lowercase());
            all.push((shown, relation.clone()));
        }
        (!all.is_empty() && select.lateral_views.is_empty() && select.connect_by.is_empty())
            .then_some(Relations(all))
    }

    /// The column that an expression is, if it is one.
    fn column(&self, expr: &Expr) -> Option<Column> {
        match expr {
            Expr::Nested(inner) => self.column(inner),
            Expr::Identifier(ident) => {
                let name = ident.value.to_lowercase();
                let index = self.0.iter().position(|(_, r)| {
                    r.columns
                        .as_ref()
                        .is_some_and(|columns| columns.contains(&name))
                })?;
                Some((index, name))
            }
            Expr::CompoundIdentifier(parts) => {
                let [.., table, column] = parts.as_slice() else {
                    return None;
                };
                let index = self
                    .0
                    .iter()
                    .position(|(name, _)| table.value.eq_ignore_ascii_case(name))?;
                Some((index, column.value.to_lowercase()))
            }
            _ => None,
        }
    }

    fn columns(&self, keys: &[&Expr]) -> BTreeSet<Column> {
        keys.iter().filter_map(|k| self.column(k)).collect()
    }

    /// Adds whatever follows: equal columns, constants, and every column of a relation whose key is fixed.
    fn close(&self, select: &Select, fixed: &mut BTreeSet<Column>) {
        let mut equal: Vec<(Option<Column>, Option<Column>)> = Vec::new();
        let mut conditions: Vec<&Expr> = Vec::new();
        conditions.extend(&select.selection);
        for join in select.from.iter().flat_map(|t| &t.joins) {
            match &join.join_operator {
                JoinOperator::Join(JoinConstraint::On(on))
                | JoinOperator::Inner(JoinConstraint::On(on)) => conditions.push(on),
                // of an outer join, the joined side follows from the other, or is NULL as a whole
                JoinOperator::Left(JoinConstraint::On(on))
                | JoinOperator::LeftOuter(JoinConstraint::On(on)) => conditions.push(on),
                JoinOperator::Join(JoinConstraint::Using(names))
                | JoinOperator::Inner(JoinConstraint::Using(names))
                | JoinOperator::Left(JoinConstraint::Using(names))
                | JoinOperator::LeftOuter(JoinConstraint::Using(names)) => {
                    for name in names {
                        let column = names::last(name);
                        let with: Vec<usize> = (0..self.0.len())
                            .filter(|i| {
                                self.0[*i]
                                    .1
                                    .columns
                                    .as_ref()
                                    .is_some_and(|c| c.contains(&column))
                            })
                            .collect();
                        for pair in with.windows(2) {
                            equal.push((
                                Some((pair[0], column.clone())),
                                Some((pair[1], column.clone())),
                            ));
                        }
                    }
                }
                _ => {}
            }
        }
        while let Some(condition) = conditions.pop() {
            match condition {
                Expr::Nested(inner) => conditions.push(inner),
                Expr::BinaryOp { left, op, right } => match op {
                    BinaryOperator::And => conditions.extend([left.as_ref(), right.as_ref()]),
                    BinaryOperator::Eq => {
                        let constant = |e: &Expr| matches!(e, Expr::Value(_));
                        match (self.column(left), self.column(right)) {
                            (Some(a), None) if constant(right) => equal.push((Some(a), None)),
                            (None, Some(b)) if constant(left) => equal.push((Some(b), None)),
                            (Some(a), Some(b)) => equal.push((Some(a), Some(b))),
                            _ => {}
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        loop {
            let before = fixed.len();
            for pair in &equal {
                match pair {
                    (Some(a), None) => {
                        fixed.insert(a.clone());
                    }
                    (Some(a), Some(b)) => {
                        if fixed.contains(a) {
                            fixed.insert(b.clone());
                        }
                        if fixed.contains(b) {
                            fixed.insert(a.clone());
                        }
                    }
                    _ => {}
                }
            }
            for (index, (_, relation)) in self.0.iter().enumerate() {
                let whole = relation
                    .keys
                    .iter()
                    .any(|key| key.iter().all(|c| fixed.contains(&(index, c.clone()))));
                if whole {
                    let columns = relation.columns.iter().flatten();
                    fixed.extend(columns.map(|c| (index, c.clone())));
                }
            }
            if fixed.len() == before {
                return;
            }
        }
    }
}
