//! Binding of FROM: tables, views, subqueries, joins, table functions and unnesting.
//! What the catalog does not hold comes from the dialect.

use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr};
use sqlparser::ast;

use super::names::position;
use super::{Binder, Relation, Scope, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};

/// The name of the call that a dialect's parser writes for a query in FROM, with the query's text as its argument, where
/// the grammar takes only a name.
pub const DERIVED: &str = "$DERIVED";

/// The text of a call of [`DERIVED`].
fn derived_text<'f>(name: &ast::ObjectName, args: &'f [ast::FunctionArg]) -> Option<&'f str> {
    let named =
        matches!(name.0.as_slice(), [one] if one.as_ident().is_some_and(|i| i.value == DERIVED));
    let ([arg], true) = (args, named) else {
        return None;
    };
    match super::call::argument_expr(arg)? {
        ast::Expr::Value(v) => match &v.value {
            ast::Value::SingleQuotedString(s) => Some(s),
            _ => None,
        },
        _ => None,
    }
}

/// A table function call as it stands in FROM.
#[derive(Debug)]
pub struct TableCall<'a> {
    /// Arguments as parsed; names are part of [`ast::FunctionArg`].
    pub args: &'a [ast::FunctionArg],
    /// What stands before the call in FROM; the call's rows are joined to it, and its arguments may refer to it.
    pub left: Option<Relation>,
    /// Alias.
    pub alias: Option<&'a ast::TableAlias>,
    /// LEFT JOIN: rows of `left` without results stay.
    pub outer: bool,
    /// OVER of the call, as Snowflake's user-defined table functions have it.
    pub over: Option<&'a ast::WindowSpec>,
}

/// The partitions of the rows that a user-defined table function is given.
#[derive(Debug, Clone)]
pub struct TablePartition {
    /// PARTITION BY; without any, all rows are one partition.
    pub by: Vec<Expr>,
    /// ORDER BY within a partition.
    pub order: Vec<SortExpr>,
}

impl TableCall<'_> {
    /// The argument of this name (lower case), or the one at this position when it has no name.
    pub fn argument(&self, name: &str, index: usize) -> Option<&ast::Expr> {
        let named = self.args.iter().find(|a| match a {
            ast::FunctionArg::Named { name: n, .. } => n.value.eq_ignore_ascii_case(name),
            _ => false,
        });
        let arg = named.or_else(|| {
            self.args
                .get(index)
                .filter(|a| matches!(a, ast::FunctionArg::Unnamed(_)))
        })?;
        super::call::argument_expr(arg)
    }
}

impl Binder<'_> {
    /// The FROM clause; its columns become the current scope's.
    pub(crate) fn bind_from(&mut self, from: &[ast::TableWithJoins]) -> Result<LogicalPlan> {
        let mut left: Option<Relation> = None;
        for t in from {
            let r = self.table_with_joins(t, left)?;
            left = Some(r);
        }
        let Some(r) = left else {
            return Ok(LogicalPlanBuilder::empty(true).build()?);
        };
        self.scope().columns = r.columns;
        Ok(r.plan)
    }

    pub(crate) fn table_with_joins(
        &mut self,
        t: &ast::TableWithJoins,
        left: Option<Relation>,
    ) -> Result<Relation> {
        let mut r = self.factor_after(&t.relation, left, None)?;
        for j in &t.joins {
            r = self.join(r, j)?;
        }
        Ok(r)
    }

    /// Joins a table factor to what stands before it with a comma.
    pub(super) fn factor_after(
        &mut self,
        f: &ast::TableFactor,
        left: Option<Relation>,
        outer: Option<bool>,
    ) -> Result<Relation> {
        if let Some(call) = table_call_of(f) {
            return self.table_function(&call, left, outer.unwrap_or(false));
        }
        // An unqualified name or path that is a column on the left is unnested (PartiQL).
        if let (Some(l), DialectName::Redshift) = (&left, self.env.dialect)
            && let Some(r) = self.unnest_path(f, l.clone(), outer.unwrap_or(false))?
        {
            return Ok(r);
        }
        if let (
            Some(l),
            ast::TableFactor::Derived {
                lateral: true,
                subquery,
                alias,
                ..
            },
        ) = (&left, f)
            && let Some(r) = self.lateral_row(l, subquery, alias.as_ref())?
        {
            return Ok(r);
        }
        if let (Some(l), ast::TableFactor::Derived { lateral: true, .. }) = (&left, f) {
            let (left, right, on) = self.lateral_factor(l.clone(), f)?;
            let builder = LogicalPlanBuilder::from(left.plan);
            let plan = if on.is_empty() {
                builder.cross_join(right.plan)?.build()?
            } else {
                builder.join_on(right.plan, JoinType::Inner, on)?.build()?
            };
            return Ok(Relation {
                plan,
                columns: left.columns.into_iter().chain(right.columns).collect(),
            });
        }
        let right = self.factor(f)?;
        match left {
            None => Ok(right),
            Some(l) => {
                let plan = LogicalPlanBuilder::from(l.plan)
                    .cross_join(right.plan)?
                    .build()?;
                Ok(Relation {
                    plan,
                    columns: l.columns.into_iter().chain(right.columns).collect(),
                })
            }
        }
    }

    /// A LATERAL subquery, which sees the columns on its left as outer columns; with the conditions that join both.
    pub(super) fn lateral_factor(
        &mut self,
        mut left: Relation,
        f: &ast::TableFactor,
    ) -> Result<(Relation, Relation, Vec<Expr>)> {
        self.scopes.push(Scope {
            columns: left.columns.clone(),
            ..Default::default()
        });
        let bound = self.factor(f);
        self.scopes.pop();
        let right = bound?;
        let (plan, on) = self.lateral(&mut left, right.plan)?;
        let right = Relation {
            plan,
            columns: right.columns,
        };
        Ok((left, right, on))
    }

    /// `LATERAL (SELECT …)` without FROM is one more row of expressions over what stands on its left; None for others.
    fn lateral_row(
        &mut self,
        left: &Relation,
        q: &ast::Query,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Option<Relation>> {
        let ast::SetExpr::Select(s) = q.body.as_ref() else {
            return Ok(None);
        };
        let grouped = !matches!(&s.group_by, ast::GroupByExpr::Expressions(e, _) if e.is_empty());
        let plain = s.from.is_empty()
            && !grouped
            && s.having.is_none()
            && s.qualify.is_none()
            && s.top.is_none()
            && s.connect_by.is_empty()
            && q.with.is_none()
            && q.limit_clause.is_none()
            && q.fetch.is_none();
        if !plain {
            return Ok(None);
        }
        let mut items = Vec::new();
        for p in &s.projection {
            items.push(match p {
                ast::SelectItem::UnnamedExpr(e) => (self.dialect.column_name(e), e),
                ast::SelectItem::ExprWithAlias { expr, alias } => (self.dialect.fold(alias), expr),
                _ => return Ok(None),
            });
        }
        let saved = std::mem::replace(&mut self.scope().columns, left.columns.clone());
        let bound: Result<(Vec<(String, crate::functions::Typed)>, Option<Expr>)> = (|| {
            let values = items
                .into_iter()
                .map(|(name, e)| Ok((name, self.expr(e)?)))
                .collect::<Result<Vec<_>>>()?;
            let condition = match &s.selection {
                None => None,
                Some(w) => {
                    let t = self.expr(w)?;
                    Some(self.condition(t)?.expr)
                }
            };
            Ok((values, condition))
        })();
        self.scope().columns = saved;
        let (values, condition) = bound?;
        let mut builder = LogicalPlanBuilder::from(left.plan.clone());
        if let Some(c) = condition {
            builder = builder.filter(c)?;
        }
        let mut exprs: Vec<Expr> = left
            .columns
            .iter()
            .map(|c| Expr::Column(c.internal.clone()))
            .collect();
        let mut own = Vec::with_capacity(values.len());
        for (name, t) in values {
            let internal = self.fresh(&name);
            exprs.push(t.expr.alias(&internal));
            own.push(ScopeColumn {
                qualifier: vec![],
                name,
                internal: Column::from_name(internal),
                ty: t.ty,
                nullable: true,
                origin: None,
                hidden: false,
            });
        }
        let plan = builder.project(exprs)?.build()?;
        let own = match alias {
            None => own,
            Some(a) => {
                let names: Vec<String> = a
                    .columns
                    .iter()
                    .map(|c| self.dialect.fold(&c.name))
                    .collect();
                let name = self.dialect.fold(&a.name);
                let relation = Relation {
                    plan: plan.clone(),
                    columns: own,
                };
                self.rename(relation, &name, &names)?.columns
            }
        };
        Ok(Some(Relation {
            plan,
            columns: left.columns.iter().cloned().chain(own).collect(),
        }))
    }

    fn table_function(
        &mut self,
        called: &Called<'_>,
        left: Option<Relation>,
        outer: bool,
    ) -> Result<Relation> {
        let Called {
            name: written,
            args,
            alias,
            over,
        } = *called;
        let name = written.to_string().to_uppercase();
        let name = name.as_str();
        let had_left = left.as_ref().map(|l| l.columns.len());
        let call = TableCall {
            args,
            left,
            alias,
            outer,
            over: match over {
                None => None,
                Some(ast::WindowType::WindowSpec(w)) => Some(w),
                Some(ast::WindowType::NamedWindow(_)) => {
                    return Err(SqlError::unsupported("a named window of a table function"));
                }
            },
        };
        // Arguments see what stands on the left as their own columns.
        let saved = std::mem::take(&mut self.scope().columns);
        self.scope().columns = call
            .left
            .as_ref()
            .map(|l| l.columns.clone())
            .unwrap_or_default();
        self.env.fleeting().mark();
        let bound = match self.dialect.table_function(self, name, &call) {
            Ok(Some(_)) if over.is_some() => Err(SqlError::unsupported(format!(
                "OVER of the table function {name}"
            ))),
            Ok(None) => {
                let parts = self.object_parts(written);
                parts.and_then(|parts| self.routine_table(&parts, &call))
            }
            other => other,
        };
        self.scope().columns = saved;
        let Some(mut r) = bound? else {
            return Err(ErrorKind::UnknownFunction {
                name: name.to_owned(),
                arguments: vec![],
            }
            .into());
        };
        if let Some(a) = alias {
            let n = had_left.unwrap_or(0);
            let own: Vec<ScopeColumn> = r.columns.split_off(n.min(r.columns.len()));
            let names: Vec<String> = a
                .columns
                .iter()
                .map(|c| self.dialect.fold(&c.name))
                .collect();
            let alias_name = self.dialect.fold(&a.name);
            let own = self.rename(
                Relation {
                    plan: r.plan.clone(),
                    columns: own,
                },
                &alias_name,
                &names,
            )?;
            r.columns.extend(own.columns);
        }
        Ok(r)
    }

    /// One table factor on its own.
    pub(crate) fn factor(&mut self, f: &ast::TableFactor) -> Result<Relation> {
        match f {
            ast::TableFactor::Table {
                name,
                alias,
                args: None,
                version,
                sample,
                ..
            } => {
                let r = match version {
                    Some(v) => self.versioned(name, v, alias.as_ref())?,
                    None => self.table_by_name(name, alias.as_ref())?,
                };
                self.sampled(r, sample.as_ref())
            }
            ast::TableFactor::Derived {
                subquery,
                alias,
                sample,
                ..
            } => {
                let r = self.query(subquery)?;
                let r = self.sampled(r, sample.as_ref())?;
                let names: Vec<String> = alias
                    .iter()
                    .flat_map(|a| &a.columns)
                    .map(|c| self.dialect.fold(&c.name))
                    .collect();
                match alias {
                    Some(a) => {
                        let n = self.dialect.fold(&a.name);
                        self.rename(r, &n, &names)
                    }
                    None => Ok(r),
                }
            }
            ast::TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                let r = self.table_with_joins(table_with_joins, None)?;
                match alias {
                    Some(a) => {
                        let n = self.dialect.fold(&a.name);
                        self.rename(r, &n, &[])
                    }
                    None => Ok(r),
                }
            }
            ast::TableFactor::Pivot { .. } => self.pivot(f),
            ast::TableFactor::Unpivot { .. } => self.unpivot(f),
            ast::TableFactor::MatchRecognize { .. } => self.match_recognize(f),
            ast::TableFactor::Table {
                name,
                args: Some(args),
                ..
            } if derived_text(name, &args.args).is_some() => {
                let text = derived_text(name, &args.args).unwrap_or_default();
                let query = self.dialect.parse_query(text)?;
                self.query(&query)
            }
            other => {
                if let Some(call) = table_call_of(other) {
                    return self.table_function(&call, None, false);
                }
                Err(SqlError::unsupported(format!("FROM {other}")))
            }
        }
    }

    /// A table, view, CTE or system relation by name.
    pub(crate) fn table_by_name(
        &mut self,
        name: &ast::ObjectName,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Relation> {
        let parts: Vec<String> = self.object_parts(name)?;
        let at = name
            .0
            .first()
            .and_then(|p| p.as_ident())
            .and_then(|i| position(i.span));
        let r = self.relation(&parts).map_err(|e| e.at(at))?;
        match alias {
            Some(a) => {
                let names: Vec<String> = a
                    .columns
                    .iter()
                    .map(|c| self.dialect.fold(&c.name))
                    .collect();
                let n = self.dialect.fold(&a.name);
                self.rename(r, &n, &names)
            }
            None => Ok(r),
        }
    }
}

/// A call as it is written in FROM.
pub(super) struct Called<'f> {
    name: &'f ast::ObjectName,
    args: &'f [ast::FunctionArg],
    alias: Option<&'f ast::TableAlias>,
    over: Option<&'f ast::WindowType>,
}

/// The call that a factor is; None when it is something else.
pub(super) fn table_call_of(f: &ast::TableFactor) -> Option<Called<'_>> {
    Some(match f {
        ast::TableFactor::Table {
            name,
            args: Some(args),
            alias,
            ..
        } => Called {
            name,
            args: args.args.as_slice(),
            alias: alias.as_ref(),
            over: None,
        },
        ast::TableFactor::Function {
            name, args, alias, ..
        } => Called {
            name,
            args: args.as_slice(),
            alias: alias.as_ref(),
            over: None,
        },
        ast::TableFactor::TableFunction {
            expr: ast::Expr::Function(f),
            alias,
        } => Called {
            name: &f.name,
            args: super::call::arguments(f),
            alias: alias.as_ref(),
            over: f.over.as_ref(),
        },
        _ => return None,
    })
}
