//! Binding of one SELECT: FROM, WHERE, grouping, windows, projection, QUALIFY, DISTINCT, ORDER BY.
//! Joins and tables are in `from`, expressions in `expr`.

use std::collections::HashMap;

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{GroupingSet, WindowFunction};
use datafusion::logical_expr::logical_plan::Window;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr};
use sqlparser::ast;

use super::query::{bad_ordinal, ordinal};
use super::scope::Alias;
use super::{Binder, Relation, Scope, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Position, Result, SqlError};
use crate::functions::{FnCall, Typed};
use crate::types::ColumnOrigin;

/// Most elements of CUBE, as Snowflake has it.
const MAX_CUBE: usize = 7;

/// One column of the result while it is being built.
#[derive(Debug, Clone)]
struct Item {
    name: String,
    value: Typed,
    nullable: bool,
    origin: Option<ColumnOrigin>,
}

impl Binder<'_> {
    pub(crate) fn select(
        &mut self,
        s: &ast::Select,
        order: &[ast::OrderByExpr],
    ) -> Result<Relation> {
        self.scopes.push(Scope::default());
        let out = self.select_inner(s, order);
        let scope = self.scopes.pop();
        // Correlation is a property of the enclosing queries too; `names` has marked them.
        drop(scope);
        out
    }

    fn select_inner(&mut self, s: &ast::Select, order: &[ast::OrderByExpr]) -> Result<Relation> {
        for (clause, given) in [
            ("LATERAL VIEW", !s.lateral_views.is_empty()),
            ("PREWHERE", s.prewhere.is_some()),
            ("CLUSTER BY", !s.cluster_by.is_empty()),
            ("DISTRIBUTE BY", !s.distribute_by.is_empty()),
            ("SORT BY", !s.sort_by.is_empty()),
            ("SELECT … INTO", s.into.is_some()),
            ("SELECT AS STRUCT", s.value_table_mode.is_some()),
        ] {
            if given {
                return Err(SqlError::unsupported(clause));
            }
        }
        let rewritten = self.oracle_joins(&s.from, s.selection.as_ref())?;
        let (from, selection) = match &rewritten {
            Some((f, w)) => (f.as_slice(), w.as_ref()),
            None => (s.from.as_slice(), s.selection.as_ref()),
        };
        let mut plan = self.bind_from(from)?;
        self.scope().aliases = self.aliases(s);
        self.scope().named_windows = self.named_windows(s)?;

        if !s.connect_by.is_empty() {
            plan = self.connect_by(plan, s)?;
        } else if let Some(w) = selection {
            plan = self.filter_where(plan, w)?;
        }

        // Everything that may hold aggregates or windows is bound before grouping is planned.
        self.scope().aggregates = true;
        self.scope().windows = true;
        let mut items = self.projection(s)?;
        let mut order_keys = self.order_keys(order, &items)?;
        let mut qualify = match &s.qualify {
            Some(q) => {
                let t = self.expr(q)?;
                Some(self.condition(t)?)
            }
            None => None,
        };
        self.scope().windows = false;
        let mut having = match &s.having {
            Some(h) => {
                let t = self.expr(h)?;
                Some(self.condition(t)?)
            }
            None => None,
        };
        self.scope().aggregates = false;
        self.values_only(items.iter_mut().map(|i| &mut i.value.expr))?;
        self.values_only(
            order_keys
                .iter_mut()
                .filter_map(|k| k.value.as_mut())
                .map(|t| &mut t.expr),
        )?;
        let mut collated = Vec::new();
        let groups = self.group_by(s, &items, &mut collated)?;

        // Grouping.
        let grouped = groups.is_some() || having.is_some();
        let mut all: Vec<&mut Expr> = items.iter_mut().map(|i| &mut i.value.expr).collect();
        all.extend(
            order_keys
                .iter_mut()
                .filter_map(|k| k.value.as_mut())
                .map(|t| &mut t.expr),
        );
        all.extend(qualify.iter_mut().map(|t| &mut t.expr));
        all.extend(having.iter_mut().map(|t| &mut t.expr));
        let groups = self.by_collation(groups, &collated, &mut all)?;
        let mut aggregates = Vec::new();
        for e in &all {
            collect_aggregates(e, &mut aggregates)?;
        }
        if grouped || !aggregates.is_empty() {
            plan = self.windows_within(plan, &mut aggregates, &mut all)?;
            plan = self.aggregate(plan, groups.unwrap_or_default(), aggregates, &mut all)?;
        }
        drop(all);
        if let Some(h) = having {
            plan = LogicalPlanBuilder::from(plan).filter(h.expr)?.build()?;
        }

        if let Some(q) = &s.qualify
            && self.env.dialect == DialectName::Snowflake
            && !qualify.iter().any(|t| has_window(&t.expr))
            && !items.iter().any(|i| has_window(&i.value.expr))
        {
            let e = SqlError::raw(
                "000992",
                "42601",
                "found QUALIFY clause but no window function.",
            );
            let at = super::expr::first_position(q);
            return Err(e.placed(keyword_before(self.env.source(), "QUALIFY", at).or(at)));
        }

        // Windows.
        let mut all: Vec<&mut Expr> = items.iter_mut().map(|i| &mut i.value.expr).collect();
        all.extend(
            order_keys
                .iter_mut()
                .filter_map(|k| k.value.as_mut())
                .map(|t| &mut t.expr),
        );
        all.extend(qualify.iter_mut().map(|t| &mut t.expr));
        plan = self.windows(plan, &mut all)?;
        drop(all);
        if let Some(q) = qualify {
            plan = LogicalPlanBuilder::from(plan).filter(q.expr)?.build()?;
        }

        self.finish(plan, s, items, order_keys)
    }

    /// Projection, DISTINCT, ORDER BY and TOP.
    fn finish(
        &mut self,
        plan: LogicalPlan,
        s: &ast::Select,
        items: Vec<Item>,
        order_keys: Vec<OrderKey>,
    ) -> Result<Relation> {
        let mut exprs = Vec::with_capacity(items.len() + order_keys.len());
        let mut columns = Vec::with_capacity(items.len());
        for i in &items {
            let internal = self.fresh(&i.name);
            exprs.push(i.value.expr.clone().alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![],
                name: i.name.clone(),
                internal: Column::from_name(internal),
                ty: i.value.ty.clone(),
                nullable: i.nullable,
                origin: i.origin.clone(),
                hidden: false,
            });
        }
        let mut sort = Vec::new();
        let mut extra = false;
        for k in order_keys {
            let column = match (k.item, k.value) {
                (Some(i), _) => {
                    let t = self.sort_operand(columns[i].typed())?;
                    t.expr
                }
                (None, Some(v)) => {
                    // The same expression as an output column needs no column of its own.
                    let same = items.iter().position(|i| {
                        i.value.expr == v.expr && i.value.ty.collation() == v.ty.collation()
                    });
                    match same {
                        Some(i) => self.sort_operand(columns[i].typed())?.expr,
                        None if s.distinct.is_some() => {
                            return Err(SqlError::raw(
                                "002067",
                                "42P10",
                                "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                            ));
                        }
                        None => {
                            let v = self.sort_operand(v)?;
                            let internal = self.fresh("sort");
                            exprs.push(v.expr.alias(&internal));
                            extra = true;
                            Expr::Column(Column::from_name(internal))
                        }
                    }
                }
                (None, None) => continue,
            };
            sort.push(SortExpr::new(
                column,
                !k.options.descending,
                k.options.nulls_first,
            ));
        }
        let mut b = LogicalPlanBuilder::from(plan).project(exprs)?;
        match &s.distinct {
            None | Some(ast::Distinct::All) => {}
            Some(ast::Distinct::Distinct) => {
                b = LogicalPlanBuilder::from(self.distinct(b.build()?, &columns)?);
            }
            Some(ast::Distinct::On(_)) => return Err(SqlError::unsupported("DISTINCT ON")),
        }
        if !sort.is_empty() {
            b = b.sort(sort)?;
        }
        if let Some(top) = &s.top {
            if top.percent && self.env.dialect == DialectName::Snowflake {
                // PERCENT is taken for an alias, after which only FROM is a surprise.
                let at = keyword_after(self.env.source(), "PERCENT", "FROM");
                return Err(SqlError::new(ErrorKind::Syntax {
                    message: "TOP takes a number of rows".into(),
                    near: "FROM".into(),
                })
                .at(at));
            }
            if top.percent || top.with_ties {
                return Err(SqlError::unsupported("TOP with PERCENT or TIES"));
            }
            let n = match &top.quantity {
                Some(ast::TopQuantity::Constant(n)) => *n as usize,
                Some(ast::TopQuantity::Expr(e)) => {
                    ordinal(e).ok_or_else(|| SqlError::unsupported("TOP with an expression"))?
                }
                None => return Err(SqlError::unsupported("TOP without a number")),
            };
            if i64::try_from(n).is_err() {
                return Err(SqlError::unsupported("TOP with more than 2^63 - 1 rows"));
            }
            b = b.limit(0, Some(n))?;
        }
        if extra {
            b = b.project(
                columns
                    .iter()
                    .map(|c| Expr::Column(c.internal.clone()))
                    .collect::<Vec<_>>(),
            )?;
        }
        let plan = b.build()?;
        let plan = if plan
            .schema()
            .columns()
            .iter()
            .zip(&columns)
            .all(|(a, c)| *a == c.internal)
        {
            plan
        } else {
            return Err(SqlError::internal("a projection lost its columns"));
        };
        Ok(Relation { plan, columns })
    }

    fn aliases(&self, s: &ast::Select) -> Vec<Alias> {
        s.projection
            .iter()
            .filter_map(|p| match p {
                ast::SelectItem::ExprWithAlias { expr, alias } => Some(Alias {
                    name: self.dialect.fold(alias),
                    ast: expr.clone(),
                }),
                _ => None,
            })
            .collect()
    }

    fn named_windows(&self, s: &ast::Select) -> Result<Vec<(String, ast::WindowSpec)>> {
        s.named_window
            .iter()
            .map(|ast::NamedWindowDefinition(name, w)| match w {
                ast::NamedWindowExpr::WindowSpec(spec) => {
                    Ok((self.dialect.fold(name), spec.clone()))
                }
                ast::NamedWindowExpr::NamedWindow(_) => {
                    Err(SqlError::unsupported("a window named after another"))
                }
            })
            .collect()
    }

    fn projection(&mut self, s: &ast::Select) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        for p in &s.projection {
            match p {
                ast::SelectItem::UnnamedExpr(e) => {
                    let item = self.item(e, None)?;
                    items.push(item);
                }
                ast::SelectItem::ExprWithAlias { expr, alias } => {
                    let name = self.dialect.fold(alias);
                    // `x + 1 as x` means the column x, not itself.
                    self.scope().expanding.push(name.clone());
                    let item = self.item(expr, Some(name));
                    self.scope().expanding.pop();
                    items.push(item?);
                }
                ast::SelectItem::Wildcard(o) => {
                    let columns: Vec<ScopeColumn> = self
                        .scope()
                        .columns
                        .iter()
                        .filter(|c| !c.hidden)
                        .cloned()
                        .collect();
                    let columns = self.without_pseudo(columns);
                    if columns.is_empty() && s.from.is_empty() {
                        return Err(SqlError::raw(
                            "002028",
                            "42601",
                            "SELECT * with no tables specified is not valid",
                        ));
                    }
                    items.extend(self.star(columns, o)?);
                }
                ast::SelectItem::QualifiedWildcard(kind, o) => {
                    let qualifier: Vec<String> = match kind {
                        ast::SelectItemQualifiedWildcardKind::ObjectName(n) => {
                            n.0.iter()
                                .filter_map(|p| p.as_ident())
                                .map(|i| self.dialect.fold(i))
                                .collect()
                        }
                        ast::SelectItemQualifiedWildcardKind::Expr(_) => {
                            return Err(SqlError::unsupported("* of an expression"));
                        }
                    };
                    let columns = self.columns_of(&qualifier);
                    if columns.is_empty() {
                        return Err(ErrorKind::UnknownObject {
                            kind: "relation",
                            name: qualifier.join("."),
                        }
                        .into());
                    }
                    items.extend(self.star(columns, o)?);
                }
                ast::SelectItem::ExprWithAliases { .. } => {
                    return Err(SqlError::unsupported("several aliases for one expression"));
                }
            }
        }
        if let Some(ex) = &s.exclude {
            let names = self.excluded(ex);
            items.retain(|i| !names.contains(&i.name));
        }
        Ok(items)
    }

    fn item(&mut self, e: &ast::Expr, alias: Option<String>) -> Result<Item> {
        let value = self.expr(e)?;
        let source = match &value.expr {
            Expr::Column(c) => self
                .scope()
                .columns
                .iter()
                .find(|s| s.internal == *c)
                .cloned(),
            _ => None,
        };
        let name = match alias {
            Some(a) => a,
            None => self.dialect.column_name(e),
        };
        Ok(Item {
            name,
            value,
            nullable: source.as_ref().is_none_or(|s| s.nullable),
            origin: source.and_then(|s| s.origin),
        })
    }

    /// The columns of `*` in a hierarchical query: LEVEL, the last one, is not among them.
    fn without_pseudo(&mut self, mut columns: Vec<ScopeColumn>) -> Vec<ScopeColumn> {
        if self.scope().hierarchy.is_some() {
            columns.pop();
        }
        columns
    }

    fn excluded(&self, ex: &ast::ExcludeSelectItem) -> Vec<String> {
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
    fn star(
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

    fn order_keys(&mut self, order: &[ast::OrderByExpr], items: &[Item]) -> Result<Vec<OrderKey>> {
        let mut keys = Vec::with_capacity(order.len());
        for o in order {
            let options = self.sort_options(&o.options);
            if let Some(n) = ordinal(&o.expr) {
                let i = n
                    .checked_sub(1)
                    .filter(|i| *i < items.len())
                    .ok_or_else(|| bad_ordinal("ORDER BY", n))?;
                keys.push(OrderKey {
                    item: Some(i),
                    value: None,
                    options,
                });
                continue;
            }
            // An output name wins over an input column.
            if let ast::Expr::Identifier(id) = &o.expr {
                let name = self.dialect.fold(id);
                if let Some(i) = items.iter().position(|i| i.name == name) {
                    keys.push(OrderKey {
                        item: Some(i),
                        value: None,
                        options,
                    });
                    continue;
                }
            }
            let value = self.expr(&o.expr)?;
            keys.push(OrderKey {
                item: None,
                value: Some(value),
                options,
            });
        }
        Ok(keys)
    }

    /// The grouping expressions; None when there is no GROUP BY.
    /// Expressions with a collation are noted.
    fn group_by(
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

    /// Plans grouping and rewrites the expressions above it to its output columns.
    pub(crate) fn aggregate(
        &mut self,
        plan: LogicalPlan,
        groups: Vec<Expr>,
        aggregates: Vec<Expr>,
        above: &mut [&mut Expr],
    ) -> Result<LogicalPlan> {
        let mut map: Vec<(Expr, Expr)> = Vec::new();
        // Computed grouping expressions become columns first, so that the aggregate groups by columns only.
        let mut computed: Vec<(Expr, Column)> = Vec::new();
        let mut as_column = |binder: &mut Self, e: Expr| -> Expr {
            match e {
                Expr::Column(_) => e,
                other => {
                    if let Some((_, c)) = computed.iter().find(|(x, _)| *x == other) {
                        return Expr::Column(c.clone());
                    }
                    let c = Column::from_name(binder.fresh("group"));
                    computed.push((other, c.clone()));
                    Expr::Column(c)
                }
            }
        };
        let groups: Vec<Expr> = groups
            .into_iter()
            .map(|g| match g {
                Expr::GroupingSet(GroupingSet::Rollup(es)) => Expr::GroupingSet(
                    GroupingSet::Rollup(es.into_iter().map(|e| as_column(self, e)).collect()),
                ),
                Expr::GroupingSet(GroupingSet::Cube(es)) => Expr::GroupingSet(GroupingSet::Cube(
                    es.into_iter().map(|e| as_column(self, e)).collect(),
                )),
                Expr::GroupingSet(GroupingSet::GroupingSets(ls)) => {
                    Expr::GroupingSet(GroupingSet::GroupingSets(
                        ls.into_iter()
                            .map(|l| l.into_iter().map(|e| as_column(self, e)).collect())
                            .collect(),
                    ))
                }
                e => as_column(self, e),
            })
            .collect();
        let mut aggregates = aggregates;
        let mut builder = LogicalPlanBuilder::from(plan);
        if !computed.is_empty() {
            let mut exprs: Vec<Expr> = builder
                .schema()
                .columns()
                .into_iter()
                .map(Expr::Column)
                .collect();
            for (e, c) in &computed {
                exprs.push(e.clone().alias(&c.name));
                map.push((e.clone(), Expr::Column(c.clone())));
            }
            builder = builder.project(exprs)?;
            // GROUPING(x) names its grouping expression.
            for a in &mut aggregates {
                if matches!(a, Expr::AggregateFunction(f) if f.func.name() == "grouping") {
                    let before = a.clone();
                    *a = replace(a.clone(), &map)?;
                    map.push((before, a.clone()));
                }
            }
        }
        for a in &aggregates {
            if let Expr::AggregateFunction(f) = a
                && f.func.name() == "grouping"
                && !f.params.args.iter().all(|x| grouped(&groups, x))
            {
                return Err(SqlError::raw(
                    "002080",
                    "42803",
                    "arguments to GROUPING must be grouping expressions of the associated query level",
                ));
            }
        }
        let mut outputs = Vec::with_capacity(aggregates.len());
        for a in aggregates {
            let c = Column::from_name(self.fresh("agg"));
            outputs.push(a.clone().alias(&c.name));
            let written = map
                .iter()
                .find(|(_, to)| *to == a)
                .map(|(from, _)| from.clone());
            if let Some(written) = written {
                map.retain(|(from, _)| *from != written);
                map.push((written, Expr::Column(c.clone())));
            }
            map.push((a, Expr::Column(c)));
        }
        let input_columns = self.scope().columns.clone();
        let plan = builder.aggregate(groups, outputs)?.build()?;
        let available = plan.schema().columns();
        for e in above.iter_mut() {
            let new = replace((**e).clone(), &map)?;
            let mut missing = None;
            new.apply(|x| {
                if let Expr::Column(c) = x
                    && !available.contains(c)
                {
                    missing = Some(c.clone());
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
            .map_err(SqlError::from)?;
            if let Some(c) = missing {
                let shown =
                    input_columns
                        .iter()
                        .find(|s| s.internal == c)
                        .map_or(c.name.clone(), |s| match s.qualifier.last() {
                            Some(q) => format!("{q}.{}", s.name),
                            None => s.name.clone(),
                        });
                return Err(ErrorKind::NotGrouped(match self.env.dialect {
                    DialectName::Redshift => shown,
                    DialectName::Snowflake => shown,
                })
                .into());
            }
            **e = new;
        }
        Ok(plan)
    }

    /// Plans window functions, one node per partitioning and order, and rewrites the expressions to its columns.
    fn windows(&mut self, mut plan: LogicalPlan, above: &mut [&mut Expr]) -> Result<LogicalPlan> {
        loop {
            let mut found: Vec<WindowFunction> = Vec::new();
            for e in above.iter() {
                innermost_windows(e, &mut found)?;
            }
            if found.is_empty() {
                return Ok(plan);
            }
            let mut groups: Vec<Vec<WindowFunction>> = Vec::new();
            for w in found {
                let same = |g: &&mut Vec<WindowFunction>| {
                    g[0].params.partition_by == w.params.partition_by
                        && g[0].params.order_by == w.params.order_by
                };
                match groups.iter_mut().find(same) {
                    Some(g) => g.push(w),
                    None => groups.push(vec![w]),
                }
            }
            let mut map = Vec::new();
            for g in groups {
                let mut exprs = Vec::with_capacity(g.len());
                for w in g {
                    let c = Column::from_name(self.fresh("window"));
                    let e = Expr::from(w);
                    exprs.push(e.clone().alias(&c.name));
                    map.push((e, Expr::Column(c)));
                }
                plan = LogicalPlan::Window(Window::try_new(exprs, std::sync::Arc::new(plan))?);
            }
            for e in above.iter_mut() {
                **e = replace((**e).clone(), &map)?;
            }
        }
    }

    /// Plans what is numbered inside of aggregates' arguments (SEQ4 and its kin) before the aggregates.
    fn windows_within(
        &mut self,
        plan: LogicalPlan,
        aggregates: &mut [Expr],
        above: &mut [&mut Expr],
    ) -> Result<LogicalPlan> {
        if !aggregates.iter().any(has_window) {
            return Ok(plan);
        }
        let before = aggregates.to_vec();
        let mut inner: Vec<&mut Expr> = aggregates.iter_mut().collect();
        let plan = self.windows(plan, &mut inner)?;
        let map: Vec<(Expr, Expr)> = before
            .into_iter()
            .zip(aggregates.iter().cloned())
            .filter(|(a, b)| a != b)
            .collect();
        for e in above.iter_mut() {
            **e = replace((**e).clone(), &map)?;
        }
        Ok(plan)
    }

    /// Filters by a WHERE condition.
    pub(crate) fn filter_where(&mut self, plan: LogicalPlan, w: &ast::Expr) -> Result<LogicalPlan> {
        let t = self.expr(w)?;
        let t = self.condition(t)?;
        Ok(LogicalPlanBuilder::from(plan).filter(t.expr)?.build()?)
    }
}

/// Words of a text with the place of each.
fn words(text: &str) -> impl Iterator<Item = (Position, &str)> {
    text.lines().enumerate().flat_map(|(line, l)| {
        l.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|w| !w.is_empty())
            .map(move |w| {
                let offset = w.as_ptr() as usize - l.as_ptr() as usize;
                let column = l.get(..offset).map_or(0, |s| s.chars().count());
                let at = Position {
                    line: line as u64 + 1,
                    column: column as u64 + 1,
                };
                (at, w)
            })
    })
}

/// The last place of a word before a position.
fn keyword_before(text: &str, word: &str, before: Option<Position>) -> Option<Position> {
    let before = before?;
    words(text)
        .take_while(|(at, _)| (at.line, at.column) < (before.line, before.column))
        .filter(|(_, w)| w.eq_ignore_ascii_case(word))
        .last()
        .map(|(at, _)| at)
}

/// The first place of a word after another.
fn keyword_after(text: &str, first: &str, word: &str) -> Option<Position> {
    words(text)
        .skip_while(|(_, w)| !w.eq_ignore_ascii_case(first))
        .find(|(_, w)| w.eq_ignore_ascii_case(word))
        .map(|(at, _)| at)
}

/// Window functions without others inside of them.
fn innermost_windows(e: &Expr, found: &mut Vec<WindowFunction>) -> Result<()> {
    e.apply(|x| {
        let Expr::WindowFunction(w) = x else {
            return Ok(TreeNodeRecursion::Continue);
        };
        let mut outer = false;
        x.apply_children(|c| {
            outer |= has_window(c);
            Ok(TreeNodeRecursion::Continue)
        })?;
        if outer {
            return Ok(TreeNodeRecursion::Continue);
        }
        if !found.contains(w) {
            found.push((**w).clone());
        }
        Ok(TreeNodeRecursion::Jump)
    })
    .map_err(SqlError::from)?;
    Ok(())
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

/// A sort key: an output column, or an expression of its own.
#[derive(Debug, Clone)]
struct OrderKey {
    item: Option<usize>,
    value: Option<Typed>,
    options: arrow::compute::SortOptions,
}

pub(crate) fn collect_aggregates(e: &Expr, out: &mut Vec<Expr>) -> Result<()> {
    e.apply(|x| {
        if let Expr::AggregateFunction(_) = x {
            if !out.contains(x) {
                out.push(x.clone());
            }
            return Ok(TreeNodeRecursion::Jump);
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map_err(SqlError::from)?;
    Ok(())
}

/// Columns that stand outside of aggregates and windows.
fn free_columns(e: &Expr, out: &mut Vec<Expr>) -> Result<()> {
    e.apply(|x| {
        Ok(match x {
            Expr::AggregateFunction(_) | Expr::WindowFunction(_) => TreeNodeRecursion::Jump,
            Expr::Column(_) => {
                if !out.contains(x) {
                    out.push(x.clone());
                }
                TreeNodeRecursion::Continue
            }
            _ => TreeNodeRecursion::Continue,
        })
    })
    .map_err(SqlError::from)?;
    Ok(())
}

fn has_window(e: &Expr) -> bool {
    e.exists(|x| Ok(matches!(x, Expr::WindowFunction(_))))
        .unwrap_or(false)
}

fn is_constant(e: &Expr) -> bool {
    !e.any_column_refs()
}

/// Replaces whole subexpressions, outermost first.
fn replace(e: Expr, map: &[(Expr, Expr)]) -> Result<Expr> {
    e.transform_down(|x| {
        Ok(match map.iter().find(|(from, _)| *from == x) {
            Some((_, to)) => Transformed::new(to.clone(), true, TreeNodeRecursion::Jump),
            None => Transformed::no(x),
        })
    })
    .map(|t| t.data)
    .map_err(SqlError::from)
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

/// The name of the call that a dialect's parser writes for `t.*` with an option among the arguments of a function:
/// `$STAR(t.*, ILIKE => 'pattern')`, `$STAR(t.*, EXCLUDE => (a, b))`.
pub const STAR: &str = "$STAR";

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

/// Whether an expression is one of those that rows are grouped by.
fn grouped(groups: &[Expr], e: &Expr) -> bool {
    groups.iter().any(|g| match g {
        Expr::GroupingSet(set) => set.distinct_expr().contains(&e),
        other => other == e,
    })
}
