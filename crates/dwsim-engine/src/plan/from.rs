//! Binding of FROM: tables, views, subqueries, joins, table functions and unnesting.
//! What the catalog does not hold comes from the dialect.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema as ArrowSchema};
use datafusion::common::{Column, JoinType, UnnestOptions};
use datafusion::datasource::provider_as_source;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Operator};
use sqlparser::ast;

use super::names::position;
use super::{Binder, Relation, Scope, ScopeColumn};
use crate::catalog::{Object, ObjectKind, ObjectName, TableEntry, ViewDef};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::exec::TableProviderOf;
use crate::functions::Typed;
use crate::types::{ColumnInfo, ColumnOrigin, SqlType};

/// Deepest nesting of views.
const MAX_VIEW_DEPTH: usize = 50;

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
    fn factor_after(
        &mut self,
        f: &ast::TableFactor,
        left: Option<Relation>,
        outer: Option<bool>,
    ) -> Result<Relation> {
        if let Some(call) = self.table_call_of(f)? {
            let (name, args, alias) = call;
            return self.table_function(name, args, alias, left, outer.unwrap_or(false));
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
        let lateral = matches!(f, ast::TableFactor::Derived { lateral: true, .. });
        let right = match (&left, lateral) {
            (Some(l), true) => {
                // The subquery sees the columns on its left as outer columns.
                let scope = Scope {
                    columns: l.columns.clone(),
                    ..Default::default()
                };
                self.scopes.push(scope);
                let r = self.factor(f);
                self.scopes.pop();
                let mut r = r?;
                let sub = super::subquery::subquery(r.plan);
                r.plan = LogicalPlan::Subquery(sub);
                r
            }
            _ => self.factor(f)?,
        };
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

    /// The name and arguments when a factor is a table function call.
    #[expect(
        clippy::type_complexity,
        reason = "three borrowed parts of one AST node"
    )]
    fn table_call_of<'f>(
        &mut self,
        f: &'f ast::TableFactor,
    ) -> Result<
        Option<(
            &'f ast::ObjectName,
            &'f [ast::FunctionArg],
            Option<&'f ast::TableAlias>,
        )>,
    > {
        Ok(match f {
            ast::TableFactor::Table {
                name,
                args: Some(args),
                alias,
                ..
            } => Some((name, args.args.as_slice(), alias.as_ref())),
            ast::TableFactor::Function {
                name, args, alias, ..
            } => Some((name, args.as_slice(), alias.as_ref())),
            ast::TableFactor::TableFunction {
                expr: ast::Expr::Function(f),
                ..
            } if f.over.is_some() => {
                return Err(SqlError::unsupported("OVER of a table function"));
            }
            ast::TableFactor::TableFunction {
                expr: ast::Expr::Function(f),
                alias,
            } => Some((&f.name, super::call::arguments(f), alias.as_ref())),
            _ => None,
        })
    }

    fn table_function(
        &mut self,
        written: &ast::ObjectName,
        args: &[ast::FunctionArg],
        alias: Option<&ast::TableAlias>,
        left: Option<Relation>,
        outer: bool,
    ) -> Result<Relation> {
        let name = written.to_string().to_uppercase();
        let name = name.as_str();
        let had_left = left.as_ref().map(|l| l.columns.len());
        let call = TableCall {
            args,
            left,
            alias,
            outer,
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

    /// Joins the rows of a list column to the relation it is computed from: one row per element.
    /// `list` is an expression of Arrow type List<Struct<fields…>> over `left`; `fields` name and type its members.
    ///
    /// # Errors
    /// When DataFusion refuses the plan.
    pub fn unnest(
        &mut self,
        left: Option<Relation>,
        list: Expr,
        fields: &[(&str, SqlType)],
        outer: bool,
    ) -> Result<Relation> {
        let left = match left {
            Some(l) => l,
            None => Relation {
                plan: LogicalPlanBuilder::empty(true).build()?,
                columns: vec![],
            },
        };
        let column = self.fresh("unnest");
        let mut exprs: Vec<Expr> = left
            .columns
            .iter()
            .map(|c| Expr::Column(c.internal.clone()))
            .collect();
        exprs.push(list.alias(&column));
        let options = UnnestOptions::new().with_preserve_nulls(outer);
        let plan = LogicalPlanBuilder::from(left.plan)
            .project(exprs)?
            .unnest_column_with_options(Column::from_name(&column), options)?;
        // The element is a struct column of the same name; its fields become columns.
        let mut exprs: Vec<Expr> = left
            .columns
            .iter()
            .map(|c| Expr::Column(c.internal.clone()))
            .collect();
        let mut columns = left.columns;
        for (name, ty) in fields {
            let internal = self.fresh(name);
            exprs.push(get_field(Expr::Column(Column::from_name(&column)), *name).alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![],
                name: match self.env.dialect {
                    DialectName::Snowflake => name.to_uppercase(),
                    DialectName::Redshift => (*name).to_owned(),
                },
                internal: Column::from_name(internal),
                ty: ty.clone(),
                nullable: true,
                origin: None,
                hidden: false,
            });
        }
        let plan = plan.project(exprs)?.build()?;
        Ok(Relation { plan, columns })
    }

    /// `FROM t, t.items AS i [AT pos]` and `FROM t, UNPIVOT t.obj AS v AT k`.
    fn unnest_path(
        &mut self,
        f: &ast::TableFactor,
        left: Relation,
        outer: bool,
    ) -> Result<Option<Relation>> {
        let (path, alias, unpivot, at) = match f {
            ast::TableFactor::Table {
                name,
                args: None,
                alias,
                json_path,
                ..
            } => {
                let mut e = match name
                    .0
                    .iter()
                    .map(|p| p.as_ident().cloned())
                    .collect::<Option<Vec<_>>>()
                {
                    Some(ids) if ids.len() > 1 || json_path.is_some() => {
                        ast::Expr::CompoundIdentifier(ids)
                    }
                    Some(ids) => {
                        let [one] = ids.as_slice() else {
                            return Ok(None);
                        };
                        let folded = self.dialect.fold(one);
                        // A bare name is a column only when no table has it.
                        if !left
                            .columns
                            .iter()
                            .any(|c| c.name == folded && c.ty.is_semi())
                        {
                            return Ok(None);
                        }
                        ast::Expr::Identifier(one.clone())
                    }
                    None => return Ok(None),
                };
                if let Some(path) = json_path {
                    e = ast::Expr::JsonAccess {
                        value: Box::new(e),
                        path: path.clone(),
                    };
                }
                let at = alias.as_ref().and_then(|a| a.at.clone());
                (e, alias.as_ref().map(|a| a.name.clone()), false, at)
            }
            ast::TableFactor::UnpivotExpr {
                expression,
                value_alias,
                attribute_alias,
            } => (
                expression.clone(),
                Some(value_alias.clone()),
                true,
                attribute_alias.clone(),
            ),
            _ => return Ok(None),
        };
        let saved = std::mem::replace(&mut self.scope().columns, left.columns.clone());
        let bound = self.expr(&path);
        self.scope().columns = saved;
        let value = match bound {
            Ok(v) if v.ty.is_semi() => v,
            Ok(_) | Err(_) if !unpivot => return Ok(None),
            Ok(_) => return Err(SqlError::raw("", "42804", "UNPIVOT needs a SUPER value")),
            Err(e) => return Err(e),
        };
        let n = left.columns.len();
        let (kernel, fields): (crate::functions::Kernel, Vec<(&'static str, SqlType)>) = if unpivot
        {
            (
                crate::kernels::semi::unpivot_object,
                crate::kernels::semi::unpivot_columns(),
            )
        } else {
            (
                crate::kernels::semi::unnest,
                crate::kernels::semi::unnest_columns(),
            )
        };
        let ty = list_of(&fields);
        let list = crate::functions::list_expr("unnest", kernel, vec![value], ty, &self.env);
        let mut r = self.unnest(Some(left), list, &fields, outer)?;
        let alias = alias.map(|a| self.dialect.fold(&a));
        let at = at.map(|a| self.dialect.fold(&a));
        for (i, c) in r.columns[n..].iter_mut().enumerate() {
            match i {
                0 => {
                    c.name = alias.clone().unwrap_or_else(|| "value".into());
                }
                _ => match &at {
                    Some(a) => c.name.clone_from(a),
                    None => c.hidden = true,
                },
            }
        }
        Ok(Some(r))
    }

    pub(crate) fn join(&mut self, left: Relation, j: &ast::Join) -> Result<Relation> {
        use ast::JoinOperator as J;
        let (ty, constraint) = match &j.join_operator {
            J::Join(c) | J::Inner(c) => (JoinType::Inner, c),
            J::Left(c) | J::LeftOuter(c) => (JoinType::Left, c),
            J::Right(c) | J::RightOuter(c) => (JoinType::Right, c),
            J::FullOuter(c) => (JoinType::Full, c),
            J::CrossJoin(ast::JoinConstraint::None) => {
                return self.factor_after(&j.relation, Some(left), None);
            }
            J::CrossJoin(c) => (JoinType::Inner, c),
            J::LeftSemi(c) | J::Semi(c) => (JoinType::LeftSemi, c),
            J::LeftAnti(c) | J::Anti(c) => (JoinType::LeftAnti, c),
            J::AsOf {
                match_condition,
                constraint,
            } => {
                let right = self.factor(&j.relation)?;
                return self.asof_join(left, right, match_condition, constraint);
            }
            other => {
                return Err(SqlError::unsupported(
                    format!("join {other:?}")
                        .chars()
                        .take(60)
                        .collect::<String>(),
                ));
            }
        };
        let trivially_true = |c: &ast::JoinConstraint| match c {
            ast::JoinConstraint::None => true,
            ast::JoinConstraint::On(ast::Expr::Value(v)) => {
                matches!(v.value, ast::Value::Boolean(true))
            }
            ast::JoinConstraint::On(ast::Expr::BinaryOp {
                left,
                op: ast::BinaryOperator::Eq,
                right,
            }) => {
                matches!((left.as_ref(), right.as_ref()), (ast::Expr::Value(a), ast::Expr::Value(b)) if a.value == b.value)
            }
            _ => false,
        };
        // LEFT JOIN LATERAL f(…) ON TRUE.
        if self.table_call_of(&j.relation)?.is_some()
            && matches!(ty, JoinType::Inner | JoinType::Left)
        {
            if trivially_true(constraint) {
                return self.factor_after(&j.relation, Some(left), Some(ty == JoinType::Left));
            }
            if ty == JoinType::Inner {
                let r = self.factor_after(&j.relation, Some(left), Some(false))?;
                return self.filter_on(r, constraint);
            }
        }
        if self.env.dialect == DialectName::Redshift
            && matches!(ty, JoinType::Inner | JoinType::Left)
            && trivially_true(constraint)
            && let Some(r) = self.unnest_path(&j.relation, left.clone(), ty == JoinType::Left)?
        {
            return Ok(r);
        }
        let lateral = matches!(&j.relation, ast::TableFactor::Derived { lateral: true, .. });
        let right = if lateral {
            self.scopes.push(Scope {
                columns: left.columns.clone(),
                ..Default::default()
            });
            let r = self.factor(&j.relation);
            self.scopes.pop();
            let mut r = r?;
            r.plan = LogicalPlan::Subquery(super::subquery::subquery(r.plan));
            r
        } else {
            self.factor(&j.relation)?
        };
        self.join_relations(left, right, ty, constraint)
    }

    fn filter_on(&mut self, r: Relation, c: &ast::JoinConstraint) -> Result<Relation> {
        let ast::JoinConstraint::On(e) = c else {
            return Err(SqlError::unsupported("USING with a table function"));
        };
        let saved = std::mem::replace(&mut self.scope().columns, r.columns.clone());
        let t = self.expr(e).and_then(|t| self.condition(t));
        self.scope().columns = saved;
        let plan = LogicalPlanBuilder::from(r.plan).filter(t?.expr)?.build()?;
        Ok(Relation {
            plan,
            columns: r.columns,
        })
    }

    fn join_relations(
        &mut self,
        left: Relation,
        right: Relation,
        ty: JoinType,
        constraint: &ast::JoinConstraint,
    ) -> Result<Relation> {
        let names: Vec<String> = match constraint {
            ast::JoinConstraint::Using(names) => names
                .iter()
                .filter_map(|n| {
                    n.0.last()
                        .and_then(|p| p.as_ident())
                        .map(|i| self.dialect.fold(i))
                })
                .collect(),
            ast::JoinConstraint::Natural => left
                .columns
                .iter()
                .filter(|c| {
                    !c.hidden && right.columns.iter().any(|r| !r.hidden && r.name == c.name)
                })
                .map(|c| c.name.clone())
                .collect(),
            _ => vec![],
        };
        let semi = matches!(ty, JoinType::LeftSemi | JoinType::LeftAnti);
        let mut columns: Vec<ScopeColumn> =
            left.columns.iter().chain(&right.columns).cloned().collect();
        for (i, c) in columns.iter_mut().enumerate() {
            let from_left = i < left.columns.len();
            if (from_left && matches!(ty, JoinType::Right | JoinType::Full))
                || (!from_left && matches!(ty, JoinType::Left | JoinType::Full))
            {
                c.nullable = true;
            }
        }
        let mut conditions = Vec::new();
        let mut merged: Vec<(String, Typed, Typed)> = Vec::new();
        for name in &names {
            let find = |cs: &[ScopeColumn]| -> Result<ScopeColumn> {
                let mut hits = cs.iter().filter(|c| !c.hidden && c.name == *name);
                match (hits.next(), hits.next()) {
                    (Some(c), None) => Ok(c.clone()),
                    (Some(_), Some(_)) => Err(ErrorKind::AmbiguousColumn(name.clone()).into()),
                    _ => Err(ErrorKind::UnknownColumn(name.clone()).into()),
                }
            };
            let (l, r) = (find(&left.columns)?.typed(), find(&right.columns)?.typed());
            conditions.push(self.compare(Operator::Eq, l.clone(), r.clone())?.expr);
            merged.push((name.clone(), l, r));
        }
        if let ast::JoinConstraint::On(e) = constraint {
            let saved = std::mem::replace(&mut self.scope().columns, columns.clone());
            let t = self.expr(e).and_then(|t| self.condition(t));
            self.scope().columns = saved;
            conditions.push(t?.expr);
        }
        let builder = LogicalPlanBuilder::from(left.plan);
        let mut plan = if conditions.is_empty() && ty == JoinType::Inner {
            builder.cross_join(right.plan)?.build()?
        } else {
            // LEFT JOIN LATERAL has no condition: every row that the subquery gives belongs to its row.
            if conditions.is_empty() {
                conditions.push(datafusion::logical_expr::lit(true));
            }
            builder.join_on(right.plan, ty, conditions)?.build()?
        };
        if semi {
            return Ok(Relation {
                plan,
                columns: left.columns,
            });
        }
        if !merged.is_empty() {
            // USING shows each column once, first, with the side's value that is there.
            let mut exprs: Vec<Expr> = columns
                .iter()
                .map(|c| Expr::Column(c.internal.clone()))
                .collect();
            let mut front = Vec::new();
            for (name, l, r) in merged {
                let (values, cty) = self.unify("USING", vec![l.clone(), r])?;
                let value = match ty {
                    JoinType::Inner | JoinType::Left => l,
                    JoinType::Right => values[1].clone(),
                    _ => {
                        let [a, b] = values.as_slice() else {
                            return Err(SqlError::internal("USING"));
                        };
                        Typed::new(
                            Expr::Case(datafusion::logical_expr::expr::Case::new(
                                None,
                                vec![(
                                    Box::new(a.expr.clone().is_not_null()),
                                    Box::new(a.expr.clone()),
                                )],
                                Some(Box::new(b.expr.clone())),
                            )),
                            cty,
                        )
                    }
                };
                let internal = self.fresh(&name);
                exprs.push(value.expr.alias(&internal));
                for c in columns.iter_mut().filter(|c| c.name == name) {
                    c.hidden = true;
                }
                front.push(ScopeColumn {
                    qualifier: vec![],
                    name,
                    internal: Column::from_name(internal),
                    ty: value.ty,
                    nullable: true,
                    origin: None,
                    hidden: false,
                });
            }
            plan = LogicalPlanBuilder::from(plan).project(exprs)?.build()?;
            front.extend(columns);
            columns = front;
        }
        Ok(Relation { plan, columns })
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
                if let Some((name, args, alias)) = self.table_call_of(other)? {
                    return self.table_function(name, args, alias, None, false);
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

    /// The folded parts of an object name; IDENTIFIER('…') is resolved.
    ///
    /// # Errors
    /// When a part is no name.
    pub fn object_parts(&mut self, name: &ast::ObjectName) -> Result<Vec<String>> {
        let mut parts = Vec::with_capacity(name.0.len());
        for p in &name.0 {
            match p {
                ast::ObjectNamePart::Identifier(i) => parts.push(self.dialect.fold(i)),
                ast::ObjectNamePart::Function(f) => {
                    return Err(SqlError::unsupported(format!("name {}", f.name)));
                }
            }
        }
        Ok(parts)
    }

    fn relation(&mut self, parts: &[String]) -> Result<Relation> {
        if let [one] = parts {
            let cte = self.ctes.iter().rev().find_map(|m| m.get(one)).cloned();
            if let Some(c) = cte {
                return self.cte_reference(c, one);
            }
        }
        if let Some((name, object)) = self.find_relation(parts) {
            if !self.used.contains(&name) {
                self.used.push(name.clone());
            }
            if !self.unprotected.contains(&name)
                && let Some(query) = self.dialect.reading(self, &name, &object)?
            {
                return self.protected(&name, query);
            }
            return match object {
                Object::Table(t) => self.scan(&name, &t),
                Object::View(v) => self.view(&name, &v),
                _ => Err(ErrorKind::UnknownObject {
                    kind: "relation",
                    name: name.name,
                }
                .into()),
            };
        }
        if let Some((name, stream)) = self.find_stream(parts) {
            return self.stream(&name, &stream);
        }
        if let Some(r) = self.dialect.system_relation(self, parts)? {
            self.env.fleeting().mark();
            let qualifier = parts.to_vec();
            let mut r = r;
            for c in &mut r.columns {
                if c.qualifier.is_empty() {
                    c.qualifier.clone_from(&qualifier);
                }
            }
            return Ok(r);
        }
        let shown = match self.env.dialect {
            DialectName::Snowflake => self.qualified(parts),
            DialectName::Redshift => parts.join("."),
        };
        if let [db, schema, _] = parts {
            if self.catalog.database(db).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: "database",
                    name: db.clone(),
                }
                .into());
            }
            if self.catalog.schema(db, schema).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: "schema",
                    name: format!("{db}.{schema}"),
                }
                .into());
            }
        }
        if let (DialectName::Redshift, [schema, _]) = (self.env.dialect, parts)
            && let Some((db, _)) = self.search_path.first()
            && self.catalog.schema(db, schema).is_none()
        {
            return Err(ErrorKind::UnknownObject {
                kind: "schema",
                name: schema.clone(),
            }
            .into());
        }
        Err(ErrorKind::UnknownObject {
            kind: "relation",
            name: shown,
        }
        .into())
    }

    /// The name as Snowflake shows it in errors: what was written, completed by nothing.
    fn qualified(&self, parts: &[String]) -> String {
        parts.join(".")
    }

    /// A relation of the catalog by one to three parts.
    pub fn find_relation(&self, parts: &[String]) -> Option<(ObjectName, Object)> {
        self.candidates(parts).into_iter().find_map(|n| {
            let temp = ObjectName {
                schema: crate::session::temp_schema(
                    self.env.dialect,
                    self.env.session_id,
                    &n.schema,
                ),
                ..n.clone()
            };
            let hidden = self
                .temporary
                .contains(&(temp.database.clone(), temp.schema.clone()))
                && self.env.dialect == DialectName::Snowflake;
            [Some(temp).filter(|_| hidden), Some(n)]
                .into_iter()
                .flatten()
                .find_map(|n| {
                    self.catalog
                        .object(ObjectKind::Relation, &n)
                        .cloned()
                        .map(|o| (n, o))
                })
        })
    }

    /// A second use of a CTE gets column names of its own.
    fn cte_reference(&mut self, c: super::binder::Cte, name: &str) -> Result<Relation> {
        let mut exprs = Vec::with_capacity(c.relation.columns.len());
        let mut columns = Vec::with_capacity(c.relation.columns.len());
        for col in c.relation.columns {
            let internal = self.fresh(&col.name);
            exprs.push(Expr::Column(col.internal.clone()).alias(&internal));
            columns.push(ScopeColumn {
                internal: Column::from_name(internal),
                qualifier: vec![name.to_owned()],
                ..col
            });
        }
        let plan = LogicalPlanBuilder::from(c.relation.plan)
            .project(exprs)?
            .build()?;
        Ok(Relation { plan, columns })
    }

    /// A scan of a table version.
    pub(crate) fn scan(&mut self, name: &ObjectName, t: &Arc<TableEntry>) -> Result<Relation> {
        self.scanned_rows += t.data.rows;
        let alias = self.fresh(&name.name);
        let provider = Arc::new(TableProviderOf::new(Arc::clone(t)));
        let plan = LogicalPlanBuilder::scan(
            datafusion::common::TableReference::bare(alias.clone()),
            provider_as_source(provider),
            None,
        )?
        .build()?;
        let columns = t
            .def
            .columns
            .iter()
            .enumerate()
            .map(|(i, c)| ScopeColumn {
                qualifier: vec![
                    name.database.clone(),
                    name.schema.clone(),
                    name.name.clone(),
                ],
                name: c.name.clone(),
                internal: Column::new(
                    Some(datafusion::common::TableReference::bare(alias.clone())),
                    c.name.clone(),
                ),
                ty: c.ty.clone(),
                nullable: !c.not_null,
                origin: Some(ColumnOrigin {
                    database: name.database.clone(),
                    schema: name.schema.clone(),
                    table: name.name.clone(),
                    oid: t.def.oid,
                    ordinal: i as u32 + 1,
                }),
                hidden: false,
            })
            .collect();
        Ok(Relation { plan, columns })
    }

    /// A relation as the query says that stands for it for this user.
    fn protected(&mut self, name: &ObjectName, query: String) -> Result<Relation> {
        let stand_in = Arc::new(ViewDef {
            oid: 0,
            query,
            ddl: String::new(),
            columns: Vec::new(),
            late_binding: true,
            context: (None, None),
            owner: String::new(),
            comment: None,
            created: 0,
            properties: std::collections::BTreeMap::new(),
        });
        self.unprotected.push(name.clone());
        let bound = self.view(name, &stand_in);
        self.unprotected.pop();
        bound
    }

    pub(crate) fn view(&mut self, name: &ObjectName, v: &Arc<ViewDef>) -> Result<Relation> {
        if self.view_depth >= MAX_VIEW_DEPTH {
            return Err(SqlError::raw(
                "002004",
                "54001",
                format!(
                    "view {} is nested too deeply or refers to itself",
                    name.name
                ),
            ));
        }
        let query = self.dialect.parse_query(&v.query)?;
        // A view sees nothing of the query that uses it.
        let scopes = std::mem::replace(&mut self.scopes, vec![Scope::default()]);
        let ctes = std::mem::replace(&mut self.ctes, vec![HashMap::new()]);
        // In Snowflake unqualified names of a view mean its own schema, so that the views of a cloned database
        // read the clone.
        let own = (Some(name.database.clone()), Some(name.schema.clone()));
        let context = match self.env.dialect {
            DialectName::Snowflake => &own,
            DialectName::Redshift => &v.context,
        };
        let path = match context {
            (Some(d), Some(s)) => {
                let mut p = vec![(d.clone(), s.clone())];
                p.extend(
                    self.search_path
                        .iter()
                        .filter(|x| **x != (d.clone(), s.clone()))
                        .cloned(),
                );
                p
            }
            _ => self.search_path.clone(),
        };
        let path = std::mem::replace(&mut self.search_path, path);
        let script = self.script.take();
        self.view_depth += 1;
        let bound = self.query(&query);
        self.view_depth -= 1;
        self.script = script;
        self.search_path = path;
        self.ctes = ctes;
        self.scopes = scopes;
        let r = bound?;
        let mut r = Relation {
            plan: r.plan,
            columns: r.columns.into_iter().filter(|c| !c.hidden).collect(),
        };
        if !v.late_binding && r.columns.len() != v.columns.len() {
            return Err(SqlError::raw(
                "002057",
                "42601",
                format!(
                    "SQL compilation error:\nView definition for '{name}' declared {} column(s), but view query produces {} column(s).",
                    v.columns.len(),
                    r.columns.len()
                ),
            ));
        }
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for (i, c) in r.columns.iter().enumerate() {
            let declared = v.columns.get(i);
            let mut t = c.typed();
            if let (Some(d), false) = (declared, v.late_binding) {
                t = self.cast(t, &d.ty, super::CastMode::Implicit)?;
            }
            let shown = declared.map_or(c.name.clone(), |d| d.name.clone());
            let internal = self.fresh(&shown);
            exprs.push(t.expr.alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![
                    name.database.clone(),
                    name.schema.clone(),
                    name.name.clone(),
                ],
                name: shown,
                internal: Column::from_name(internal),
                ty: t.ty,
                nullable: c.nullable,
                origin: None,
                hidden: false,
            });
        }
        r.plan = LogicalPlanBuilder::from(r.plan).project(exprs)?.build()?;
        r.columns = columns;
        Ok(r)
    }

    /// A relation from rows that are at hand: system catalogs, results of earlier statements, staged files.
    ///
    /// # Errors
    /// When a batch does not have the columns' types.
    pub fn values_relation(
        &mut self,
        columns: Vec<ColumnInfo>,
        batches: Vec<RecordBatch>,
    ) -> Result<Relation> {
        let alias = self.fresh("rows");
        let schema = Arc::new(ArrowSchema::new(
            columns
                .iter()
                .enumerate()
                .map(|(i, c)| Field::new(format!("c{i}"), c.ty.arrow(), true))
                .collect::<Vec<_>>(),
        ));
        let batches = batches
            .into_iter()
            .map(|b| {
                if b.num_columns() == 0 {
                    return Ok(b);
                }
                RecordBatch::try_new(Arc::clone(&schema), b.columns().to_vec())
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.scanned_rows += batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        let provider = Arc::new(TableProviderOf::rows(schema, batches));
        let reference = datafusion::common::TableReference::bare(alias);
        let plan = LogicalPlanBuilder::scan(reference.clone(), provider_as_source(provider), None)?
            .build()?;
        let columns = columns
            .into_iter()
            .enumerate()
            .map(|(i, c)| ScopeColumn {
                qualifier: vec![],
                name: c.name,
                internal: Column::new(Some(reference.clone()), format!("c{i}")),
                ty: c.ty,
                nullable: c.nullable,
                origin: c.origin,
                hidden: false,
            })
            .collect();
        Ok(Relation { plan, columns })
    }
}

/// The Arrow type of a list of structs with these fields.
pub(crate) fn list_of(fields: &[(&str, SqlType)]) -> DataType {
    let fields: Vec<Field> = fields
        .iter()
        .map(|(n, t)| Field::new(*n, t.arrow(), true))
        .collect();
    DataType::List(Arc::new(Field::new_list_field(
        DataType::Struct(fields.into()),
        true,
    )))
}
