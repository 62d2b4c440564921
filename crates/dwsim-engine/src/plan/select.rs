//! Binding of one SELECT: FROM, WHERE, grouping, windows, projection, QUALIFY, DISTINCT, ORDER BY.
//! Joins and tables are in `from`, expressions in `expr`.

use datafusion::common::Column;
use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr};
use sqlparser::ast;

use super::aggregate::{collect_aggregates, has_window};
use super::query::{bad_ordinal, ordinal};
use super::scope::Alias;
use super::{Binder, Relation, Scope, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Position, Result, SqlError};
use crate::functions::Typed;
use crate::types::ColumnOrigin;

/// One column of the result while it is being built.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) value: Typed,
    pub(super) nullable: bool,
    pub(super) origin: Option<ColumnOrigin>,
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
        self.scope().grouped =
            !matches!(&s.group_by, ast::GroupByExpr::Expressions(keys, _) if keys.is_empty());
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

    pub(super) fn item(&mut self, e: &ast::Expr, alias: Option<String>) -> Result<Item> {
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

    /// Filters by a WHERE condition.
    pub(crate) fn filter_where(&mut self, plan: LogicalPlan, w: &ast::Expr) -> Result<LogicalPlan> {
        let t = self.expr(w)?;
        let t = self.condition(t)?;
        let joined = plan.exists(|p| Ok(matches!(p, LogicalPlan::Join(_))))?;
        if !(joined && t.expr.is_volatile()) {
            return Ok(LogicalPlanBuilder::from(plan).filter(t.expr)?.build()?);
        }
        // What is random is decided for each pair of rows: as a column it cannot be moved below the join.
        let (random, rest): (Vec<Expr>, Vec<Expr>) = split_conjunction_owned(t.expr)
            .into_iter()
            .partition(Expr::is_volatile);
        let mut builder = LogicalPlanBuilder::from(plan);
        for e in rest {
            builder = builder.filter(e)?;
        }
        let columns: Vec<Expr> = (builder.schema().columns().into_iter())
            .map(Expr::Column)
            .collect();
        let names: Vec<String> = random.iter().map(|_| self.fresh("kept")).collect();
        let chosen = random.into_iter().zip(&names).map(|(e, n)| e.alias(n));
        builder = builder.project(columns.iter().cloned().chain(chosen))?;
        for name in names {
            builder = builder.filter(Expr::Column(Column::from_name(name)))?;
        }
        Ok(builder.project(columns)?.build()?)
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

/// A sort key: an output column, or an expression of its own.
#[derive(Debug, Clone)]
struct OrderKey {
    item: Option<usize>,
    value: Option<Typed>,
    options: arrow::compute::SortOptions,
}
