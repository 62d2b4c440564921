//! Binding of MATCH_RECOGNIZE: navigations are taken out of DEFINE and MEASURES and become columns; what is left
//! are ordinary expressions over those columns.
//! How the columns get their values is in `navigate`.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{Field, Fields, Schema};
use datafusion::common::{Column, DFSchema};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::logical_plan::Window;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Cast, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, SortExpr, WindowFrame,
    WindowFunctionDefinition, WindowUDF, lit,
};
use datafusion::physical_expr::create_physical_expr;
use sqlparser::ast::{self, VisitMut, VisitorMut};

use super::super::aggregate::collect_aggregates;
use super::super::call::{argument_expr, arguments};
use super::super::{Binder, Relation, ScopeColumn};
use super::navigate::{Anchor, Target, Total, Value};
use super::pattern::Program;
use super::run::{Condition, MatchUdwf, Rows, Skip, Spec, signature, stateless};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{FunctionDef, Typed};
use crate::types::SqlType;

/// A value that was taken out of an expression.
struct Taken {
    name: String,
    value: Value,
    /// What the name means in the expression.
    typed: Typed,
    arrow: arrow::datatypes::DataType,
}

/// The inputs of the window function.
struct Inputs {
    exprs: Vec<Expr>,
}

impl Inputs {
    fn add(&mut self, e: Expr) -> usize {
        match self.exprs.iter().position(|x| *x == e) {
            Some(i) => i,
            None => {
                self.exprs.push(e);
                self.exprs.len() - 1
            }
        }
    }
}

/// Takes navigations out of an expression.
struct Extract<'b, 'a> {
    binder: &'b mut Binder<'a>,
    columns: &'b [ScopeColumn],
    symbols: &'b [String],
    inputs: &'b mut Inputs,
    /// Values stand for the whole match unless they say otherwise.
    whole: bool,
    taken: Vec<Taken>,
    error: Option<SqlError>,
}

fn call_name(f: &ast::Function) -> String {
    f.name
        .0
        .last()
        .and_then(|p| p.as_ident())
        .map(|i| i.value.to_uppercase())
        .unwrap_or_default()
}

fn quoted(name: &str) -> ast::Expr {
    ast::Expr::Identifier(ast::Ident::with_quote('"', name))
}

/// Removes symbols before columns and tells which it was.
struct Strip<'s> {
    symbols: &'s [String],
    fold: &'s dyn Fn(&ast::Ident) -> String,
    found: Option<usize>,
    several: bool,
}

impl Strip<'_> {
    fn note(&mut self, s: usize) {
        if self.found.is_some_and(|f| f != s) {
            self.several = true;
        }
        self.found = Some(s);
    }
}

impl VisitorMut for Strip<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, e: &mut ast::Expr) -> ControlFlow<()> {
        match e {
            ast::Expr::CompoundIdentifier(parts) => {
                let first = parts.first().map(|i| (self.fold)(i));
                if let Some(s) = self.symbols.iter().position(|s| Some(s) == first.as_ref()) {
                    self.note(s);
                    parts.remove(0);
                    if let [one] = parts.as_slice() {
                        *e = ast::Expr::Identifier(one.clone());
                    }
                }
            }
            ast::Expr::Function(f) => {
                if let ast::FunctionArguments::List(list) = &mut f.args {
                    for a in &mut list.args {
                        let ast::FunctionArg::Unnamed(arg) = a else {
                            continue;
                        };
                        let ast::FunctionArgExpr::QualifiedWildcard(n) = arg else {
                            continue;
                        };
                        let name =
                            n.0.last()
                                .and_then(|p| p.as_ident())
                                .map(|i| (self.fold)(i));
                        if let Some(s) = self.symbols.iter().position(|s| Some(s) == name.as_ref())
                        {
                            self.note(s);
                            *arg = ast::FunctionArgExpr::Wildcard;
                        }
                    }
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Extract<'_, '_> {
    /// An expression without its symbols, and the symbol.
    fn stripped(&self, e: &ast::Expr) -> Result<(ast::Expr, Option<usize>)> {
        let mut e = e.clone();
        let dialect = self.binder.dialect;
        let fold = |i: &ast::Ident| dialect.fold(i);
        let mut strip = Strip {
            symbols: self.symbols,
            fold: &fold,
            found: None,
            several: false,
        };
        let _ = e.visit(&mut strip);
        if strip.several {
            return Err(SqlError::unsupported(
                "several symbols inside one function of MATCH_RECOGNIZE",
            ));
        }
        let found = strip.found;
        Ok((e, found))
    }

    /// An expression over the input's columns.
    fn bound(&mut self, e: &ast::Expr, aggregates: bool) -> Result<Typed> {
        let scope = self.binder.scope();
        let saved = std::mem::replace(&mut scope.columns, self.columns.to_vec());
        let was = std::mem::replace(&mut scope.aggregates, aggregates);
        let bound = self.binder.expr(e);
        let scope = self.binder.scope();
        scope.columns = saved;
        scope.aggregates = was;
        bound
    }

    fn number(&mut self, e: Option<&ast::Expr>, default: usize) -> Result<usize> {
        match e {
            None => Ok(default),
            Some(e) => e.to_string().parse().map_err(|_| {
                SqlError::argument(
                    "MATCH_RECOGNIZE",
                    "The offset of a navigation must be a number that is not negative.",
                )
            }),
        }
    }

    fn take(&mut self, value: Value, arrow: arrow::datatypes::DataType, ty: SqlType) -> ast::Expr {
        let name = self.binder.fresh("nav");
        let column = Expr::Column(Column::from_name(&name));
        let expr = if arrow == ty.arrow() {
            column
        } else {
            Expr::Cast(Cast::new(Box::new(column), ty.arrow()))
        };
        self.taken.push(Taken {
            name: name.clone(),
            value,
            typed: Typed::new(expr, ty),
            arrow,
        });
        quoted(&name)
    }

    /// The value at a target: an input, or the classifier.
    fn at(&mut self, e: &ast::Expr, target: Target) -> Result<ast::Expr> {
        if let ast::Expr::Function(f) = e
            && call_name(f) == "CLASSIFIER"
        {
            return Ok(self.take(
                Value::Classifier(target),
                arrow::datatypes::DataType::Utf8,
                SqlType::text(),
            ));
        }
        let (plain, symbol) = self.stripped(e)?;
        let t = self.bound(&plain, false)?;
        let (arrow, ty) = (t.ty.arrow(), t.ty.clone());
        let input = self.inputs.add(t.expr);
        let target = Target {
            symbol: symbol.or(target.symbol),
            ..target
        };
        Ok(self.take(Value::Input(input, target), arrow, ty))
    }

    /// What a navigation function becomes; None when it is none.
    fn navigation(&mut self, f: &ast::Function) -> Result<Option<ast::Expr>> {
        let full = call_name(f);
        let (whole, name) = match full.split_once('$') {
            Some(("FINAL", n)) => (true, n.to_owned()),
            Some(("RUNNING", n)) => (false, n.to_owned()),
            _ => (self.whole, full),
        };
        let args: Vec<&ast::Expr> = arguments(f).iter().filter_map(argument_expr).collect();
        let target = Target {
            anchor: Anchor::Last,
            symbol: None,
            n: 0,
            shift: 0,
            whole,
        };
        Ok(Some(match name.as_str() {
            "CLASSIFIER" => self.at(&ast::Expr::Function(f.clone()), target)?,
            "MATCH_NUMBER" | "MATCH_SEQUENCE_NUMBER" => {
                let value = if name == "MATCH_NUMBER" {
                    Value::MatchNumber
                } else {
                    Value::SequenceNumber
                };
                self.take(
                    value,
                    arrow::datatypes::DataType::Int64,
                    SqlType::number(38, 0),
                )
            }
            "FIRST" | "LAST" | "FIRST_VALUE" | "LAST_VALUE" if f.over.is_none() => {
                let Some(inner) = args.first() else {
                    return Err(SqlError::argument(name, "A navigation needs an argument."));
                };
                let n = self.number(args.get(1).copied(), 0)?;
                let anchor = if name.starts_with("FIRST") {
                    Anchor::First
                } else {
                    Anchor::Last
                };
                self.at(
                    inner,
                    Target {
                        anchor,
                        n,
                        ..target
                    },
                )?
            }
            "PREV" | "NEXT" | "LAG" | "LEAD" if f.over.is_none() => {
                let Some(inner) = args.first() else {
                    return Err(SqlError::argument(name, "A navigation needs an argument."));
                };
                let n = self.number(args.get(1).copied(), 1)? as i64;
                let shift = if matches!(name.as_str(), "PREV" | "LAG") {
                    -n
                } else {
                    n
                };
                // PREV(LAST(x, 2)): counted from there.
                if let ast::Expr::Function(g) = inner {
                    let logical = call_name(g);
                    if matches!(logical.as_str(), "FIRST" | "LAST") {
                        let args: Vec<&ast::Expr> =
                            arguments(g).iter().filter_map(argument_expr).collect();
                        let Some(base) = args.first() else {
                            return Err(SqlError::argument(
                                logical,
                                "A navigation needs an argument.",
                            ));
                        };
                        let n = self.number(args.get(1).copied(), 0)?;
                        let anchor = if logical == "FIRST" {
                            Anchor::First
                        } else {
                            Anchor::Last
                        };
                        let target = Target {
                            anchor,
                            n,
                            shift,
                            ..target
                        };
                        return self.at(base, target).map(Some);
                    }
                }
                self.at(inner, Target { shift, ..target })?
            }
            other => match self.binder.dialect.functions().get(other) {
                Some(FunctionDef::Aggregate(_)) if f.over.is_none() => {
                    let mut f = f.clone();
                    if let Some(last) = f.name.0.last_mut() {
                        *last = ast::ObjectNamePart::Identifier(ast::Ident::new(other));
                    }
                    self.total(&f, whole)?
                }
                _ => return Ok(None),
            },
        }))
    }

    /// An aggregate over the rows of a match. What a definition makes of one call (AVG is a sum over a count, SUM looks
    /// at a float beside the exact sum) stays an expression over the plain aggregates inside of it.
    fn total(&mut self, f: &ast::Function, whole: bool) -> Result<ast::Expr> {
        use datafusion::common::tree_node::{Transformed, TreeNode};
        let (plain, symbol) = self.stripped(&ast::Expr::Function(f.clone()))?;
        let t = self.bound(&plain, true)?;
        let mut found = Vec::new();
        collect_aggregates(&t.expr, &mut found)?;
        let schema = self.plan_schema()?;
        let mut parts = Vec::with_capacity(found.len());
        for original in &found {
            let Expr::AggregateFunction(a) = original else {
                continue;
            };
            if a.params.filter.is_some() || !a.params.order_by.is_empty() {
                return Err(SqlError::unsupported(format!(
                    "{} with an order in MATCH_RECOGNIZE",
                    f.name
                )));
            }
            let args: Vec<usize> = a
                .params
                .args
                .iter()
                .map(|e| self.inputs.add(e.clone()))
                .collect();
            let value = Value::Total(Total {
                function: Arc::clone(&a.func),
                args,
                distinct: a.params.distinct,
                symbol,
                whole,
            });
            parts.push((self.binder.fresh("nav"), value, original.get_type(&schema)?));
        }
        let expr = t
            .expr
            .transform_down(|e| {
                Ok(match found.iter().position(|o| *o == e) {
                    Some(i) => Transformed::new(
                        Expr::Column(Column::from_name(&parts[i].0)),
                        true,
                        datafusion::common::tree_node::TreeNodeRecursion::Jump,
                    ),
                    None => Transformed::no(e),
                })
            })
            .map(|t| t.data)
            .map_err(SqlError::from)?;
        // The first of them stands for the whole call.
        let Some(name) = parts.first().map(|(n, _, _)| n.clone()) else {
            return Err(SqlError::unsupported(format!(
                "{} in MATCH_RECOGNIZE",
                f.name
            )));
        };
        for (i, (part, value, arrow)) in parts.into_iter().enumerate() {
            let typed = if i == 0 {
                Typed::new(expr.clone(), t.ty.clone())
            } else {
                Typed::new(Expr::Column(Column::from_name(&part)), t.ty.clone())
            };
            self.taken.push(Taken {
                name: part,
                value,
                typed,
                arrow,
            });
        }
        Ok(quoted(&name))
    }

    fn plan_schema(&self) -> Result<DFSchema> {
        let fields: Vec<(Option<datafusion::common::TableReference>, Arc<Field>)> = self
            .columns
            .iter()
            .map(|c| {
                (
                    c.internal.relation.clone(),
                    Arc::new(Field::new(&c.internal.name, c.ty.arrow(), true)),
                )
            })
            .collect();
        Ok(DFSchema::new_with_metadata(fields, Default::default())?)
    }

    fn replaced(&mut self, e: &ast::Expr) -> Result<Option<ast::Expr>> {
        let here = Target {
            anchor: Anchor::Last,
            symbol: None,
            n: 0,
            shift: 0,
            whole: self.whole,
        };
        match e {
            ast::Expr::Function(f) => self.navigation(f),
            ast::Expr::CompoundIdentifier(_) => {
                let (_, symbol) = self.stripped(e)?;
                let column = self.columns.iter().any(|c| match e {
                    ast::Expr::CompoundIdentifier(ids) => {
                        ids.last().map(|i| self.binder.dialect.fold(i)).as_ref() == Some(&c.name)
                    }
                    _ => false,
                });
                if symbol.is_none() && !column {
                    return Ok(None);
                }
                self.at(e, here).map(Some)
            }
            ast::Expr::Identifier(i) => {
                let name = self.binder.dialect.fold(i);
                if self.columns.iter().any(|c| !c.hidden && c.name == name) {
                    self.at(e, here).map(Some)
                } else {
                    Ok(None)
                }
            }
            _ => Ok(None),
        }
    }
}

impl VisitorMut for Extract<'_, '_> {
    type Break = ();

    fn pre_visit_expr(&mut self, e: &mut ast::Expr) -> ControlFlow<()> {
        match self.replaced(e) {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(new)) => {
                *e = new;
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl Binder<'_> {
    /// An expression of DEFINE or MEASURES: what is left of it, and the values it reads.
    fn extracted(
        &mut self,
        e: &ast::Expr,
        columns: &[ScopeColumn],
        symbols: &[String],
        inputs: &mut Inputs,
        whole: bool,
    ) -> Result<(Typed, Vec<Taken>)> {
        let mut e = e.clone();
        let mut extract = Extract {
            binder: self,
            columns,
            symbols,
            inputs,
            whole,
            taken: Vec::new(),
            error: None,
        };
        let _ = e.visit(&mut extract);
        let (taken, error) = (extract.taken, extract.error);
        if let Some(error) = error {
            return Err(error);
        }
        // The names of the values are lambda parameters: they hide everything else.
        let names: Vec<(String, Typed)> = taken
            .iter()
            .map(|t| (t.name.clone(), t.typed.clone()))
            .collect();
        let scope = self.scope();
        let saved_columns = std::mem::take(&mut scope.columns);
        let saved = std::mem::replace(&mut scope.lambdas, names);
        let bound = self.expr(&e);
        let scope = self.scope();
        scope.lambdas = saved;
        scope.columns = saved_columns;
        Ok((bound?, taken))
    }

    pub(crate) fn match_recognize(&mut self, f: &ast::TableFactor) -> Result<Relation> {
        let ast::TableFactor::MatchRecognize {
            table,
            partition_by,
            order_by,
            measures,
            rows_per_match,
            after_match_skip,
            pattern,
            symbols: definitions,
            alias,
        } = f
        else {
            return Err(SqlError::internal("no MATCH_RECOGNIZE"));
        };
        let input = self.factor(table)?;
        let dialect = self.dialect;
        let program = Program::new(pattern, &|i| dialect.fold(i))?;
        let symbols = program.symbols.clone();
        let rows = match rows_per_match {
            None | Some(ast::RowsPerMatch::OneRow) => Rows::One,
            Some(ast::RowsPerMatch::AllRows(mode)) => Rows::All {
                empty: !matches!(mode, Some(ast::EmptyMatchesMode::Omit)),
                unmatched: matches!(mode, Some(ast::EmptyMatchesMode::WithUnmatched)),
            },
        };
        let known = |i: &ast::Ident| -> Result<usize> {
            let name = dialect.fold(i);
            symbols.iter().position(|s| *s == name).ok_or_else(|| {
                SqlError::raw(
                    "002406",
                    "42601",
                    format!(
                        "SQL compilation error:\nSymbol '{name}' is not in the pattern of MATCH_RECOGNIZE."
                    ),
                )
            })
        };
        let skip = match after_match_skip {
            None | Some(ast::AfterMatchSkip::PastLastRow) => Skip::PastLast,
            Some(ast::AfterMatchSkip::ToNextRow) => Skip::ToNext,
            Some(ast::AfterMatchSkip::ToFirst(s)) => Skip::ToFirst(known(s)?),
            Some(ast::AfterMatchSkip::ToLast(s)) => Skip::ToLast(known(s)?),
        };

        // Partitions and their order.
        let saved = std::mem::replace(&mut self.scope().columns, input.columns.clone());
        let bound = (|| -> Result<_> {
            let mut keys: Vec<(String, Typed)> = Vec::new();
            for e in partition_by {
                keys.push((self.dialect.column_name(e), self.expr(e)?));
            }
            let mut order = Vec::new();
            for o in order_by {
                let t = self.expr(&o.expr)?;
                let t = self.sort_operand(t)?;
                let s = self.sort_options(&o.options);
                order.push(SortExpr::new(t.expr, !s.descending, s.nulls_first));
            }
            Ok((keys, order))
        })();
        self.scope().columns = saved;
        let (keys, order) = bound?;

        let mut inputs = Inputs { exprs: Vec::new() };
        let mut conditions: Vec<Option<Condition>> = symbols.iter().map(|_| None).collect();
        for d in definitions {
            let name = dialect.fold(&d.symbol);
            let Some(own) = symbols.iter().position(|s| *s == name) else {
                continue;
            };
            let (t, taken) =
                self.extracted(&d.definition, &input.columns, &symbols, &mut inputs, false)?;
            let t = self.condition(t)?;
            conditions[own] = Some(condition(&t, taken, own)?);
        }
        let whole = rows == Rows::One;
        let mut outputs: Vec<(String, Typed)> = Vec::new();
        let mut values: Vec<Taken> = Vec::new();
        for m in measures {
            let (t, taken) =
                self.extracted(&m.expr, &input.columns, &symbols, &mut inputs, whole)?;
            outputs.push((dialect.fold(&m.alias), t));
            values.extend(taken);
        }

        // Columns that come out as they are.
        let kept: Vec<(ScopeColumn, Expr)> = match rows {
            Rows::One => keys
                .iter()
                .map(|(name, t)| {
                    let origin = input
                        .columns
                        .iter()
                        .find(|c| Expr::Column(c.internal.clone()) == t.expr)
                        .cloned();
                    let column = origin.unwrap_or(ScopeColumn {
                        qualifier: vec![],
                        name: name.clone(),
                        internal: Column::from_name(name),
                        ty: t.ty.clone(),
                        nullable: true,
                        origin: None,
                        hidden: false,
                    });
                    (column, t.expr.clone())
                })
                .collect(),
            Rows::All { .. } => input
                .columns
                .iter()
                .filter(|c| !c.hidden)
                .map(|c| (c.clone(), Expr::Column(c.internal.clone())))
                .collect(),
        };
        let kept_at: Vec<usize> = kept.iter().map(|(_, e)| inputs.add(e.clone())).collect();
        if inputs.exprs.is_empty() {
            inputs.add(lit(1i64));
        }
        let mut fields: Vec<Field> = Vec::new();
        for v in &values {
            fields.push(Field::new(&v.name, v.arrow.clone(), true));
        }
        for (i, (c, _)) in kept.iter().enumerate() {
            fields.push(Field::new(format!("kept{i}"), c.ty.arrow(), true));
        }
        let fields: Fields = fields.into();
        let spec = Arc::new(Spec {
            program,
            conditions,
            rows,
            skip,
            measures: values.iter().map(|v| v.value.clone()).collect(),
            kept: kept_at,
            fields: fields.clone(),
            signature: signature(inputs.exprs.len()),
        });
        let window = Expr::from(WindowFunction {
            fun: WindowFunctionDefinition::WindowUDF(Arc::new(WindowUDF::new_from_impl(
                MatchUdwf(spec),
            ))),
            params: WindowFunctionParams {
                args: inputs.exprs,
                partition_by: keys.into_iter().map(|(_, t)| t.expr).collect(),
                window_frame: WindowFrame::new((!order.is_empty()).then_some(false)),
                order_by: order,
                filter: None,
                null_treatment: None,
                distinct: false,
            },
        });
        let list = self.fresh("matches");
        let plan = LogicalPlan::Window(Window::try_new(
            vec![window.alias(&list)],
            Arc::new(input.plan),
        )?);
        self.match_rows(
            plan,
            &list,
            &fields,
            values.len(),
            outputs,
            kept,
            alias.as_ref(),
        )
    }

    /// The rows of the matches, with measures computed.
    #[expect(clippy::too_many_arguments, reason = "the parts of one clause")]
    fn match_rows(
        &mut self,
        plan: LogicalPlan,
        list: &str,
        fields: &Fields,
        values: usize,
        outputs: Vec<(String, Typed)>,
        kept: Vec<(ScopeColumn, Expr)>,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Relation> {
        use datafusion::common::UnnestOptions;
        use datafusion::functions::core::expr_fn::get_field;
        let row = Expr::Column(Column::from_name(list));
        let options = UnnestOptions::new().with_preserve_nulls(false);
        let unnested = LogicalPlanBuilder::from(plan)
            .project(vec![row.clone()])?
            .unnest_column_with_options(Column::from_name(list), options)?;
        let names: Vec<String> = fields
            .iter()
            .enumerate()
            .map(|(i, f)| {
                if i < values {
                    f.name().clone()
                } else {
                    self.fresh("kept")
                }
            })
            .collect();
        let exprs: Vec<Expr> = fields
            .iter()
            .zip(&names)
            .map(|(f, n)| get_field(row.clone(), f.name().as_str()).alias(n))
            .collect();
        let rows = unnested.project(exprs)?.build()?;
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for ((c, _), n) in kept.into_iter().zip(&names[values..]) {
            let internal = self.fresh(&c.name);
            exprs.push(Expr::Column(Column::from_name(n)).alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![],
                internal: Column::from_name(internal),
                ..c
            });
        }
        for (name, t) in outputs {
            let internal = self.fresh(&name);
            exprs.push(t.expr.alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![],
                name,
                internal: Column::from_name(internal),
                ty: t.ty,
                nullable: true,
                origin: None,
                hidden: false,
            });
        }
        let plan = LogicalPlanBuilder::from(rows).project(exprs)?.build()?;
        let r = Relation { plan, columns };
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

/// A condition of DEFINE, ready to be asked.
fn condition(t: &Typed, taken: Vec<Taken>, own: usize) -> Result<Condition> {
    let schema = Arc::new(Schema::new(
        taken
            .iter()
            .map(|t| Field::new(&t.name, t.arrow.clone(), true))
            .collect::<Vec<_>>(),
    ));
    let df = DFSchema::try_from(schema.as_ref().clone())?;
    let expr = create_physical_expr(
        &t.expr,
        &df,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )
    .map_err(|e| match SqlError::from(e) {
        e if matches!(*e.kind, ErrorKind::Internal(_)) => {
            SqlError::unsupported("this condition of DEFINE")
        }
        e => e,
    })?;
    let values: Vec<Value> = taken.into_iter().map(|t| t.value).collect();
    Ok(Condition {
        stateless: stateless(&values, own),
        values,
        schema,
        expr,
    })
}
