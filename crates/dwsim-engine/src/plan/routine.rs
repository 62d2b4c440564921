//! Calls of user-defined functions: overloads, arguments, and SQL bodies bound in place of the call.
//! Bodies in other languages are the dialects' affair; what the catalog keeps is `catalog::Routine`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, SortExpr, lit};
use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::subquery::{outer_references, subquery};
use super::{Binder, CastMode, Relation, Scope, ScopeColumn, TableCall, TablePartition};
use crate::catalog::{ObjectKind, ObjectName, Returns, Routine};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{AggCall, AggregateOptions, Typed};
use crate::types::{SqlType, TypeClass};

/// Deepest nesting of SQL functions in one another.
const MAX_DEPTH: usize = 50;

/// The body of a SQL function.
enum Body {
    Expr(Box<ast::Expr>),
    Query(Box<ast::Query>),
}

/// A given argument: its name when it was given by name, and its value.
pub type GivenArgument = (Option<String>, Typed);

/// How far a type is from another that it can become; None when it cannot.
fn distance(binder: &Binder<'_>, from: &Typed, to: &SqlType) -> Option<u32> {
    if from.ty == *to || from.ty == SqlType::Null {
        return Some(0);
    }
    let (a, b) = (from.ty.class(), to.class());
    if a == b {
        return Some(match (from.ty.is_float(), to.is_float()) {
            (true, false) => 4,
            (false, true) => 2,
            _ => 1,
        });
    }
    if !binder.dialect.implicit_cast(&from.ty, to) {
        // A text literal may stand for anything in Redshift.
        let unknown =
            binder.dialect.name() == DialectName::Redshift && from.literal_text().is_some();
        return unknown.then_some(12);
    }
    Some(match b {
        TypeClass::Semi => 8,
        TypeClass::Text => 10,
        _ => 5,
    })
}

impl Binder<'_> {
    /// The overloads of a routine: those of the first schema of the search path that has any.
    pub fn find_routines(
        &self,
        kind: ObjectKind,
        parts: &[String],
    ) -> Vec<(ObjectName, Arc<Routine>)> {
        self.candidates(parts)
            .into_iter()
            .map(|n| self.catalog.routines(kind, &n))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// The overload that fits arguments best, with the arguments in its order, as its types, defaults filled in.
    ///
    /// # Errors
    /// When no overload takes these arguments.
    pub fn resolve_routine(
        &mut self,
        shown: &str,
        found: &[(ObjectName, Arc<Routine>)],
        given: &[GivenArgument],
    ) -> Result<(ObjectName, Arc<Routine>, Vec<Typed>)> {
        let mut best: Option<(u32, usize, Vec<Option<usize>>)> = None;
        for (at, (_, routine)) in found.iter().enumerate() {
            let Some((cost, order)) = self.match_arguments(routine, given) else {
                continue;
            };
            if best.as_ref().is_none_or(|(c, _, _)| cost < *c) {
                best = Some((cost, at, order));
            }
        }
        let Some((_, at, order)) = best else {
            let arguments = given.iter().map(|(_, t)| self.type_name(&t.ty)).collect();
            let function = shown.to_owned();
            let procedure = found.first().is_some_and(|(_, r)| r.procedure);
            return Err(match self.env.dialect {
                DialectName::Snowflake => ErrorKind::ArgumentTypes {
                    function,
                    arguments,
                },
                DialectName::Redshift if procedure => {
                    return Err(SqlError::raw(
                        "",
                        "42883",
                        format!(
                            "procedure {function}({}) does not exist",
                            arguments.join(", ")
                        ),
                    ));
                }
                DialectName::Redshift => ErrorKind::UnknownFunction {
                    name: function,
                    arguments,
                },
            }
            .into());
        };
        let (name, routine) = found[at].clone();
        let mut values = Vec::with_capacity(order.len());
        for (argument, at) in routine.inputs().zip(order) {
            let value = match (at, &argument.default) {
                (Some(i), _) => given[i].1.clone(),
                (None, Some(source)) => {
                    let e = self.dialect.parse_expr(source)?;
                    self.isolated(vec![], |b| b.expr(&e))?
                }
                (None, None) => {
                    return Err(SqlError::internal("a missing argument without a default"));
                }
            };
            values.push(self.cast(value, &argument.ty, CastMode::Implicit)?);
        }
        Ok((name, routine, values))
    }

    /// Which given argument is for which parameter, and how well they fit.
    fn match_arguments(
        &self,
        routine: &Routine,
        given: &[GivenArgument],
    ) -> Option<(u32, Vec<Option<usize>>)> {
        let inputs: Vec<_> = routine.inputs().collect();
        if given.len() > inputs.len() {
            return None;
        }
        let mut order = vec![None; inputs.len()];
        let mut cost = 0;
        for (i, (name, value)) in given.iter().enumerate() {
            let at = match name {
                None => i,
                Some(n) => inputs.iter().position(|a| a.name == *n)?,
            };
            if order[at].is_some() {
                return None;
            }
            order[at] = Some(i);
            cost += distance(self, value, &inputs[at].ty)?;
        }
        for (a, at) in inputs.iter().zip(&order) {
            if at.is_none() {
                a.default.as_ref()?;
                cost += 1;
            }
        }
        Some((cost, order))
    }

    /// Binds something that sees nothing but these named values.
    fn isolated<T>(
        &mut self,
        lambdas: Vec<(String, Typed)>,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.view_depth >= MAX_DEPTH {
            return Err(SqlError::raw(
                "000603",
                "54001",
                "a user-defined function is nested too deeply or calls itself",
            ));
        }
        let scope = Scope {
            lambdas,
            ..Scope::default()
        };
        let scopes = std::mem::replace(&mut self.scopes, vec![scope]);
        let ctes = std::mem::replace(&mut self.ctes, vec![HashMap::new()]);
        let script = self.script.take();
        self.view_depth += 1;
        let done = work(self);
        self.view_depth -= 1;
        self.script = script;
        self.ctes = ctes;
        self.scopes = scopes;
        done
    }

    /// The same, with a routine's schema first in the search path.
    fn inside<T>(
        &mut self,
        name: &ObjectName,
        lambdas: Vec<(String, Typed)>,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let own = (name.database.clone(), name.schema.clone());
        let mut path = vec![own.clone()];
        path.extend(self.search_path.iter().filter(|p| **p != own).cloned());
        let path = match self.env.dialect {
            DialectName::Snowflake => std::mem::replace(&mut self.search_path, path),
            DialectName::Redshift => self.search_path.clone(),
        };
        let done = self.isolated(lambdas, work);
        self.search_path = path;
        done
    }

    fn body(&self, routine: &Routine) -> Result<Body> {
        let text = routine.body.trim().trim_end_matches(';');
        let first: String = text
            .chars()
            .take_while(|c| c.is_alphabetic())
            .collect::<String>()
            .to_uppercase();
        if !matches!(first.as_str(), "SELECT" | "WITH" | "VALUES") {
            return Ok(Body::Expr(Box::new(self.dialect.parse_expr(text)?)));
        }
        let q = self.dialect.parse_query(text)?;
        Ok(match only_expression(&q) {
            Some(e) => Body::Expr(Box::new(e)),
            None => Body::Query(q),
        })
    }

    /// A call of a user-defined function; None when there is none of this name.
    ///
    /// # Errors
    /// Arguments that fit no overload, and what binding the body gives.
    pub(crate) fn routine_call(
        &mut self,
        parts: &[String],
        f: &ast::Function,
    ) -> Result<Option<Typed>> {
        let found = self.find_routines(ObjectKind::Function, parts);
        if found.is_empty() {
            return Ok(None);
        }
        let shown = parts.last().cloned().unwrap_or_default();
        if f.over.is_some() {
            return Err(SqlError::unsupported(format!(
                "{shown} with OVER: user-defined functions are no window functions"
            )));
        }
        let given = self.given_arguments(super::call::arguments(f), &shown)?;
        let (name, routine, args) = self.resolve_routine(&shown, &found, &given)?;
        if routine.is_table() {
            return Err(SqlError::raw(
                "002141",
                "42601",
                format!(
                    "SQL compilation error:\nUnknown user-defined function {shown}: it returns a table and is called by TABLE({shown}(...))."
                ),
            ));
        }
        self.scalar_routine(&name, &routine, args).map(Some)
    }

    /// The written arguments, bound.
    pub(crate) fn given_arguments(
        &mut self,
        written: &[ast::FunctionArg],
        shown: &str,
    ) -> Result<Vec<GivenArgument>> {
        written
            .iter()
            .map(|a| {
                let name = match a {
                    ast::FunctionArg::Named { name, .. } => Some(self.dialect.fold(name)),
                    _ => None,
                };
                let e = super::call::argument_expr(a).ok_or_else(|| {
                    SqlError::argument(shown, "* is not an argument of this function")
                })?;
                Ok((name, self.expr(e)?))
            })
            .collect()
    }

    fn scalar_routine(
        &mut self,
        name: &ObjectName,
        routine: &Arc<Routine>,
        args: Vec<Typed>,
    ) -> Result<Typed> {
        let Returns::Value { ty, .. } = &routine.returns else {
            return Err(SqlError::internal("a function without a value"));
        };
        if self.dialect.is_foreign(routine) {
            self.env.fleeting().mark();
            return self.dialect.foreign_function(self, routine, args);
        }
        let body = self.body(routine)?;
        let nulls: Vec<Expr> = args.iter().map(|a| a.expr.clone()).collect();
        let lambdas = names(routine, args);
        let correlated = nulls.iter().any(Expr::any_column_refs);
        let value = self.inside(name, lambdas, |b| match &body {
            Body::Expr(e) => b.expr(e),
            Body::Query(q) if correlated && !aggregates(q) => b.single_row(q),
            Body::Query(q) => b.scalar_subquery(q),
        })?;
        let value = self.cast(value, ty, CastMode::Implicit)?;
        if !routine.strict {
            return Ok(value);
        }
        let Some(any) = nulls.into_iter().map(Expr::is_null).reduce(Expr::or) else {
            return Ok(value);
        };
        let null = Expr::Literal(ScalarValue::try_from(&ty.arrow())?, None);
        Ok(Typed::new(
            Expr::Case(Case::new(
                None,
                vec![(Box::new(any), Box::new(null))],
                Some(Box::new(value.expr)),
            )),
            ty.clone(),
        ))
    }

    /// A query of at most one row as a value: only an aggregate can be correlated.
    fn single_row(&mut self, q: &ast::Query) -> Result<Typed> {
        let r = self.nested_query(q)?;
        let [column] = r.columns.as_slice() else {
            return Err(SqlError::raw(
                "002059",
                "42601",
                "subquery must return only one column",
            ));
        };
        let ty = column.ty.clone();
        let value = column.typed();
        let options = AggregateOptions::default();
        let call = self.collect(
            "single_row",
            only_row,
            false,
            vec![value],
            ty.clone(),
            options,
        );
        let name = self.fresh("single");
        let plan = LogicalPlanBuilder::from(r.plan)
            .aggregate(Vec::<Expr>::new(), vec![call.expr.alias(name)])?
            .build()?;
        Ok(Typed::new(Expr::ScalarSubquery(subquery(plan)), ty))
    }

    /// A call of a user-defined table function in FROM; None when there is none of this name.
    pub(crate) fn routine_table(
        &mut self,
        parts: &[String],
        call: &TableCall<'_>,
    ) -> Result<Option<Relation>> {
        let found = self.find_routines(ObjectKind::Function, parts);
        if found.is_empty() {
            return Ok(None);
        }
        let shown = parts.last().cloned().unwrap_or_default();
        let given = self.given_arguments(call.args, &shown)?;
        let (name, routine, args) = self.resolve_routine(&shown, &found, &given)?;
        let Returns::Table(declared) = &routine.returns else {
            return Err(SqlError::raw(
                "002141",
                "42601",
                format!("SQL compilation error:\n{shown} is no table function."),
            ));
        };
        if self.dialect.is_foreign(&routine) {
            let (left, outer) = (call.left.clone(), call.outer);
            self.env.fleeting().mark();
            let partition = match call.over {
                None => None,
                Some(over) => {
                    let w = self.window_spec(&ast::WindowType::WindowSpec(over.clone()))?;
                    Some(TablePartition {
                        by: w.partition,
                        order: w
                            .order
                            .into_iter()
                            .map(|(t, o)| SortExpr::new(t.expr, !o.descending, o.nulls_first))
                            .collect(),
                    })
                }
            };
            return self
                .dialect
                .foreign_table(self, &routine, args, left, outer, partition)
                .map(Some);
        }
        let Body::Query(query) = self.table_body(&routine)? else {
            return Err(SqlError::internal("a table function without a query"));
        };
        let lateral = args.iter().any(|a| a.expr.any_column_refs());
        let args = if lateral {
            args.into_iter()
                .map(outer_references)
                .collect::<Result<_>>()?
        } else {
            args
        };
        let lambdas = names(&routine, args);
        let mut r = self.inside(&name, lambdas, |b| b.nested_query(&query))?;
        r.columns.retain(|c| !c.hidden);
        if r.columns.len() != declared.len() {
            return Err(SqlError::raw(
                "002057",
                "42601",
                format!(
                    "SQL compilation error:\nDeclared return table of '{shown}' has {} column(s), but its query has {}.",
                    declared.len(),
                    r.columns.len()
                ),
            ));
        }
        let mut exprs = Vec::with_capacity(declared.len());
        let mut columns = Vec::with_capacity(declared.len());
        for (c, (n, ty)) in r.columns.iter().zip(declared) {
            let t = self.cast(c.typed(), ty, CastMode::Implicit)?;
            let internal = self.fresh(n);
            exprs.push(t.expr.alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![shown.clone()],
                name: n.clone(),
                internal: Column::from_name(internal),
                ty: ty.clone(),
                nullable: true,
                origin: None,
                hidden: false,
            });
        }
        let plan = LogicalPlanBuilder::from(r.plan).project(exprs)?.build()?;
        let Some(mut left) = call.left.clone() else {
            return Ok(Some(Relation { plan, columns }));
        };
        let (right, mut on) = self.lateral(&mut left, plan)?;
        let builder = LogicalPlanBuilder::from(left.plan);
        let plan = if call.outer {
            if on.is_empty() {
                on.push(lit(true));
            }
            builder.join_on(right, JoinType::Left, on)?.build()?
        } else if on.is_empty() {
            builder.cross_join(right)?.build()?
        } else {
            builder.join_on(right, JoinType::Inner, on)?.build()?
        };
        Ok(Some(Relation {
            plan,
            columns: left.columns.into_iter().chain(columns).collect(),
        }))
    }

    fn table_body(&self, routine: &Routine) -> Result<Body> {
        let text = routine.body.trim().trim_end_matches(';');
        self.dialect.parse_query(text).map(Body::Query)
    }

    /// Checks a new function: its body must bind with its arguments.
    ///
    /// # Errors
    /// What binding the body gives.
    pub fn check_routine(&mut self, name: &ObjectName, routine: &Arc<Routine>) -> Result<()> {
        if routine.procedure || self.dialect.is_foreign(routine) {
            return Ok(());
        }
        let args = routine
            .inputs()
            .map(|a| self.null(&a.ty))
            .collect::<Result<Vec<_>>>()?;
        if routine.is_table() {
            let Body::Query(query) = self.table_body(routine)? else {
                return Ok(());
            };
            let lambdas = names(routine, args);
            return self
                .inside(name, lambdas, |b| b.nested_query(&query))
                .map(drop);
        }
        self.scalar_routine(name, routine, args).map(drop)
    }
}

/// Whether a query is one row of aggregates.
fn aggregates(q: &ast::Query) -> bool {
    let ast::SetExpr::Select(s) = q.body.as_ref() else {
        return false;
    };
    let ungrouped =
        matches!(&s.group_by, ast::GroupByExpr::Expressions(e, m) if e.is_empty() && m.is_empty());
    ungrouped && s.projection.iter().any(|p| {
        matches!(p, ast::SelectItem::UnnamedExpr(e) | ast::SelectItem::ExprWithAlias { expr: e, .. }
                if has_aggregate(e))
    })
}

/// The value of the only row; NULL without rows.
fn only_row(call: &AggCall<'_>) -> Result<ArrayRef> {
    match call.rows {
        0 => Ok(new_null_array(&call.returns.arrow(), 1)),
        1 => Ok(Arc::clone(&call.args[0])),
        _ => Err(ErrorKind::SubqueryRows.into()),
    }
}

/// Arguments by name and, for Redshift, by number.
fn names(routine: &Routine, args: Vec<Typed>) -> Vec<(String, Typed)> {
    let mut out = Vec::with_capacity(args.len() * 2);
    for (i, (a, value)) in routine.inputs().zip(args).enumerate() {
        if !a.name.is_empty() {
            out.push((a.name.clone(), value.clone()));
        }
        out.push((format!("${}", i + 1), value));
    }
    out
}

/// The expression of `SELECT expression` without any other clause.
fn only_expression(q: &ast::Query) -> Option<ast::Expr> {
    let ast::SetExpr::Select(s) = q.body.as_ref() else {
        return None;
    };
    let plain = q.with.is_none()
        && q.order_by.is_none()
        && q.limit_clause.is_none()
        && q.fetch.is_none()
        && s.distinct.is_none()
        && s.top.is_none()
        && s.from.is_empty()
        && s.selection.is_none()
        && s.having.is_none()
        && s.qualify.is_none()
        && matches!(&s.group_by, ast::GroupByExpr::Expressions(e, m) if e.is_empty() && m.is_empty());
    match s.projection.as_slice() {
        [ast::SelectItem::UnnamedExpr(e) | ast::SelectItem::ExprWithAlias { expr: e, .. }]
            if plain && !has_aggregate(e) =>
        {
            Some(e.clone())
        }
        _ => None,
    }
}

/// Whether an expression may hold an aggregate: one has to be a query of its own.
fn has_aggregate(e: &ast::Expr) -> bool {
    ast::visit_expressions(e, |e| {
        let aggregate = matches!(e, ast::Expr::Function(f)
            if matches!(f.name.to_string().to_uppercase().as_str(),
                "COUNT" | "SUM" | "MIN" | "MAX" | "AVG" | "ARRAY_AGG" | "OBJECT_AGG" | "LISTAGG"));
        if aggregate {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    })
    .is_break()
}
