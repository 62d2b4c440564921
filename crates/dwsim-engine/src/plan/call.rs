//! Binding of function calls: arguments, coercion to parameters, result types, aggregates.
//! Which functions exist is the dialect's table; windows are in `window`.

use arrow::compute::SortOptions;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Cast, Expr};
use sqlparser::ast;

use super::{Binder, CastMode};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{
    AggregateDef, AggregateImpl, AggregateOptions, FnCall, FunctionDef, Param, ReturnArgs,
    ScalarDef, Shape, Typed, collect_udaf, kernel_expr,
};
use crate::types::SqlType;

/// The argument list of a call.
pub(crate) fn arguments(f: &ast::Function) -> &[ast::FunctionArg] {
    match &f.args {
        ast::FunctionArguments::List(list) => &list.args,
        _ => &[],
    }
}

/// The expression of an argument, without its name.
pub(crate) fn argument_expr(arg: &ast::FunctionArg) -> Option<&ast::Expr> {
    let e = match arg {
        ast::FunctionArg::Unnamed(e) => e,
        ast::FunctionArg::Named { arg, .. } | ast::FunctionArg::ExprNamed { arg, .. } => arg,
    };
    match e {
        ast::FunctionArgExpr::Expr(e) => Some(e),
        _ => None,
    }
}

/// A bare word or string literal, in lower case.
pub(crate) fn part_word(e: &ast::Expr) -> Option<String> {
    match e {
        ast::Expr::Identifier(i) => Some(i.value.to_lowercase()),
        ast::Expr::Value(v) => match &v.value {
            ast::Value::SingleQuotedString(s) => Some(s.to_lowercase()),
            _ => None,
        },
        _ => None,
    }
}

fn is_star(arg: &ast::FunctionArg) -> bool {
    matches!(
        arg,
        ast::FunctionArg::Unnamed(
            ast::FunctionArgExpr::Wildcard
                | ast::FunctionArgExpr::QualifiedWildcard(_)
                | ast::FunctionArgExpr::WildcardWithOptions(_)
        )
    )
}

impl Binder<'_> {
    /// A call of any kind.
    pub(crate) fn function(&mut self, f: &ast::Function) -> Result<Typed> {
        let spread = self.spread_call(f)?;
        let f = spread.as_ref().unwrap_or(f);
        let parts: Vec<String> = f
            .name
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| self.dialect.fold(i))
            .collect();
        let name = match f.name.0.as_slice() {
            [one] => one.as_ident().map(|i| i.value.to_uppercase()),
            [schema, one] if schema.to_string().eq_ignore_ascii_case("pg_catalog") => {
                one.as_ident().map(|i| i.value.to_uppercase())
            }
            _ => None,
        };
        let def = name
            .as_deref()
            .and_then(|n| self.dialect.functions().get(n))
            .copied();
        if (name.as_deref()).is_some_and(|n| self.dialect.functions().is_outside(n)) {
            self.env.fleeting().mark();
        }
        match def {
            Some(FunctionDef::Scalar(d)) if f.over.is_none() => self.scalar_call(&d, f),
            Some(FunctionDef::Scalar(d)) => Err(SqlError::raw(
                "002303",
                "42601",
                format!("{} is not a window function", d.name),
            )),
            Some(FunctionDef::Aggregate(d)) => {
                if f.over.is_some() {
                    self.window_aggregate(&d, f)
                } else {
                    self.aggregate_call(&d, f)
                }
            }
            Some(FunctionDef::Window(d)) => self.window_call(&d, f),
            None => {
                if name.as_deref() == Some("SYS_CONNECT_BY_PATH")
                    && let Some(t) = self.connect_by_path(f)
                {
                    return Ok(t);
                }
                if let Some(t) = self.routine_call(&parts, f)? {
                    return Ok(t);
                }
                let shown = name.unwrap_or_else(|| parts.join("."));
                let arguments = arguments(f)
                    .iter()
                    .filter_map(argument_expr)
                    .map(|e| self.expr(e).map(|t| self.type_name(&t.ty)))
                    .collect::<Result<Vec<_>>>()?;
                let name = match self.env.dialect {
                    crate::dialect::DialectName::Redshift => shown.to_lowercase(),
                    crate::dialect::DialectName::Snowflake => shown,
                };
                Err(ErrorKind::UnknownFunction { name, arguments }.into())
            }
        }
    }

    /// Arguments bound and coerced to parameter kinds.
    pub(crate) fn coerced_arguments(
        &mut self,
        name: &'static str,
        params: &[Param],
        optional: usize,
        variadic: bool,
        f: &ast::Function,
    ) -> Result<Vec<Typed>> {
        let asts = arguments(f);
        let count = |expected| {
            SqlError::new(ErrorKind::ArgumentCount {
                function: name.to_owned(),
                expected,
                given: asts.len(),
            })
        };
        if asts.len() + optional < params.len() {
            return Err(count(params.len() - optional));
        }
        if asts.len() > params.len() && !variadic {
            return Err(count(params.len()));
        }
        let mut args = Vec::with_capacity(asts.len());
        let mut kinds = Vec::with_capacity(asts.len());
        for (i, a) in asts.iter().enumerate() {
            let param = params
                .get(i)
                .or(params.last())
                .copied()
                .unwrap_or(Param::Any);
            let e = argument_expr(a)
                .ok_or_else(|| SqlError::argument(name, "* is not an argument of this function"))?;
            args.push(match (param, part_word(e)) {
                (Param::Part, Some(word)) => self.text(word),
                _ => self.expr(e)?,
            });
            kinds.push(param);
        }
        self.coerce_all(name, args, &kinds)
    }

    /// Bound arguments coerced to parameter kinds.
    pub(crate) fn coerce_all(
        &mut self,
        name: &'static str,
        mut args: Vec<Typed>,
        kinds: &[Param],
    ) -> Result<Vec<Typed>> {
        let given = args.clone();
        if kinds.contains(&Param::Common) {
            let at: Vec<usize> = (0..args.len())
                .filter(|i| kinds[*i] == Param::Common)
                .collect();
            let values = at.iter().map(|i| args[*i].clone()).collect();
            let (values, _) = self.unify(name, values)?;
            for (i, v) in at.into_iter().zip(values) {
                args[i] = v;
            }
        }
        for (arg, param) in args.iter_mut().zip(kinds) {
            *arg = self.coerce(arg.clone(), *param)?.ok_or_else(|| {
                SqlError::new(ErrorKind::ArgumentTypes {
                    function: name.to_owned(),
                    arguments: given.iter().map(|a| self.type_name(&a.ty)).collect(),
                })
            })?;
        }
        Ok(args)
    }

    pub(crate) fn return_type(
        &self,
        returns: crate::functions::ReturnFn,
        args: &[Typed],
    ) -> Result<SqlType> {
        let types: Vec<_> = args.iter().map(|a| a.ty.clone()).collect();
        let literals: Vec<_> = args.iter().map(|a| a.literal().cloned()).collect();
        returns(&ReturnArgs {
            types: &types,
            literals: &literals,
            dialect: self.env.dialect,
        })
    }

    /// A call of a scalar function of the dialect's table.
    pub(crate) fn scalar_call(&mut self, def: &ScalarDef, f: &ast::Function) -> Result<Typed> {
        match def.shape {
            Shape::Custom(bind) => bind(&mut FnCall {
                binder: self,
                name: def.name,
                ast: f,
            }),
            Shape::Kernel {
                params,
                optional,
                variadic,
                returns,
                kernel,
            } => {
                let args = self.coerced_arguments(def.name, params, optional, variadic, f)?;
                let args = self.collated_arguments(def.name, args)?;
                let ty = self.return_type(returns, &args)?;
                let ty = self.collated_result(ty, &args);
                Ok(kernel_expr(
                    def.name,
                    kernel,
                    args,
                    ty,
                    &self.env,
                    def.volatile,
                ))
            }
        }
    }

    /// DISTINCT, ORDER BY and NULL treatment of a call.
    pub(crate) fn aggregate_options(&mut self, f: &ast::Function) -> Result<AggregateOptions> {
        let mut options = AggregateOptions::default();
        let mut order: &[ast::OrderByExpr] = &f.within_group;
        let mut nulls = f.null_treatment;
        if let ast::FunctionArguments::List(list) = &f.args {
            options.distinct = matches!(
                list.duplicate_treatment,
                Some(ast::DuplicateTreatment::Distinct)
            );
            for clause in &list.clauses {
                match clause {
                    ast::FunctionArgumentClause::OrderBy(o) => order = o,
                    ast::FunctionArgumentClause::IgnoreOrRespectNulls(n) => nulls = Some(*n),
                    ast::FunctionArgumentClause::OnOverflow(_) => {}
                    other => {
                        return Err(SqlError::unsupported(format!("{other} in a function call")));
                    }
                }
            }
        }
        options.ignore_nulls = matches!(nulls, Some(ast::NullTreatment::IgnoreNulls));
        for o in order {
            let key = self.expr(&o.expr)?;
            let key = self.sort_operand(key)?;
            options.order.push((key, self.sort_options(&o.options)));
        }
        Ok(options)
    }

    /// NULLs are larger than everything in both warehouses, so they are last in ASC and first in DESC.
    pub(crate) fn sort_options(&self, o: &ast::OrderByOptions) -> SortOptions {
        let descending = matches!(o.sort, Some(ast::OrderBySort::Desc));
        SortOptions {
            descending,
            nulls_first: o.nulls_first.unwrap_or(descending),
        }
    }

    /// A value as it is sorted: instants without their offset.
    pub(crate) fn sort_operand(&mut self, t: Typed) -> Result<Typed> {
        match t.ty {
            SqlType::TimestampTz(s) => self.cast(t, &SqlType::TimestampLtz(s), CastMode::Implicit),
            _ => self.group_operand(t),
        }
    }

    fn aggregate_call(&mut self, def: &AggregateDef, f: &ast::Function) -> Result<Typed> {
        let scope = self.scope();
        if scope.in_aggregate {
            return Err(SqlError::raw(
                "002058",
                "42803",
                "aggregate function calls may not be nested",
            ));
        }
        if !scope.aggregates {
            return Err(match self.env.dialect {
                crate::dialect::DialectName::Snowflake => SqlError::raw(
                    "002035",
                    "42601",
                    format!(
                        "SQL compilation error:\nInvalid aggregate function in where clause [{}]",
                        self.shown_call(def.name, f)
                    ),
                ),
                crate::dialect::DialectName::Redshift => {
                    SqlError::raw("", "42803", "aggregates not allowed in WHERE clause")
                }
            });
        }
        scope.in_aggregate = true;
        let bound = self.aggregate_inner(def, f);
        self.scope().in_aggregate = false;
        bound
    }

    /// A call as Snowflake's messages show it: columns with their tables, all in upper case.
    fn shown_call(&mut self, name: &str, f: &ast::Function) -> String {
        let args: Vec<String> = arguments(f)
            .iter()
            .map(|a| {
                let column = match argument_expr(a) {
                    Some(ast::Expr::Identifier(i)) => {
                        let folded = self.dialect.fold(i);
                        self.scope()
                            .columns
                            .iter()
                            .find(|c| c.name == folded)
                            .and_then(|c| Some(format!("{}.{folded}", c.qualifier.last()?)))
                    }
                    _ => None,
                };
                column.unwrap_or_else(|| a.to_string().to_uppercase())
            })
            .collect();
        format!("{name}({})", args.join(", "))
    }

    fn aggregate_inner(&mut self, def: &AggregateDef, f: &ast::Function) -> Result<Typed> {
        if let AggregateImpl::Custom(bind) = def.implementation {
            return bind(&mut FnCall {
                binder: self,
                name: def.name,
                ast: f,
            });
        }
        let args = self.aggregate_arguments(def, f)?;
        let options = self.aggregate_options(f)?;
        let filter = f.filter.as_deref().map(|e| self.expr(e)).transpose()?;
        let filter = filter.map(|t| self.condition(t)).transpose()?;
        let mut bound = self.aggregate_expr(def, args, options)?;
        if let (Some(filter), Some(a)) = (filter, aggregate_mut(&mut bound.expr)) {
            a.params.filter = Some(Box::new(filter.expr));
        }
        Ok(bound)
    }

    /// The arguments of an aggregate; `COUNT(*)` has none.
    pub(crate) fn aggregate_arguments(
        &mut self,
        def: &AggregateDef,
        f: &ast::Function,
    ) -> Result<Vec<Typed>> {
        match arguments(f) {
            [one] if is_star(one) => Ok(vec![]),
            _ => {
                let variadic = def.optional == usize::MAX;
                let optional = if variadic { 0 } else { def.optional };
                self.coerced_arguments(def.name, def.params, optional, variadic, f)
            }
        }
    }

    /// An aggregate over bound arguments, as the declared type.
    ///
    /// # Errors
    /// What its result type refuses.
    pub fn aggregate_expr(
        &mut self,
        def: &AggregateDef,
        args: Vec<Typed>,
        options: AggregateOptions,
    ) -> Result<Typed> {
        let ty = self.return_type(def.returns, &args)?;
        if let ("MIN" | "MAX", [arg]) = (def.name, args.as_slice())
            && arg.ty.collation().is_some()
        {
            // The first or last by the collation, not by bytes.
            let key = self.group_operand(arg.clone())?;
            let kernel = if def.name == "MIN" {
                crate::kernels::aggregate::min_by
            } else {
                crate::kernels::aggregate::max_by
            };
            let args = vec![arg.clone(), key];
            return Ok(self.collect(def.name, kernel, false, args, ty, options));
        }
        let args = if options.distinct && def.name == "COUNT" {
            args.into_iter()
                .map(|a| self.group_operand(a))
                .collect::<Result<Vec<_>>>()?
        } else {
            args
        };
        match def.implementation {
            AggregateImpl::DataFusion(make) => {
                let udf = make();
                let mut exprs: Vec<Expr> = args.into_iter().map(|a| a.expr).collect();
                if exprs.is_empty() {
                    exprs.push(datafusion::logical_expr::lit(1i64));
                }
                let order = options
                    .order
                    .into_iter()
                    .map(|(t, o)| {
                        datafusion::logical_expr::SortExpr::new(
                            t.expr,
                            !o.descending,
                            o.nulls_first,
                        )
                    })
                    .collect();
                let nulls = options
                    .ignore_nulls
                    .then_some(datafusion::logical_expr::expr::NullTreatment::IgnoreNulls);
                let call = Expr::AggregateFunction(AggregateFunction::new_udf(
                    udf,
                    exprs,
                    options.distinct,
                    None,
                    order,
                    nulls,
                ));
                // The cast disappears in the optimizer where the types agree.
                Ok(Typed::new(
                    Expr::Cast(Cast::new(Box::new(call), ty.arrow())),
                    ty,
                ))
            }
            AggregateImpl::Collect { kernel, skip_nulls } => {
                Ok(self.collect(def.name, kernel, skip_nulls, args, ty, options))
            }
            AggregateImpl::Custom(_) => {
                Err(SqlError::internal(format!("{} binds itself", def.name)))
            }
        }
    }

    /// A collecting aggregate over bound arguments.
    pub fn collect(
        &mut self,
        name: &str,
        kernel: crate::functions::AggKernel,
        skip_nulls: bool,
        args: Vec<Typed>,
        returns: SqlType,
        options: AggregateOptions,
    ) -> Typed {
        let (order_exprs, order): (Vec<Typed>, Vec<SortOptions>) =
            options.order.into_iter().unzip();
        let all: Vec<Typed> = args.into_iter().chain(order_exprs).collect();
        let types = all.iter().map(|a| a.ty.clone()).collect();
        let udf = collect_udaf(
            name,
            kernel,
            skip_nulls,
            types,
            returns.clone(),
            options.distinct,
            order,
            &self.env,
        );
        let exprs = all.into_iter().map(|a| a.expr).collect();
        Typed::new(
            Expr::AggregateFunction(AggregateFunction::new_udf(
                udf,
                exprs,
                false,
                None,
                vec![],
                None,
            )),
            returns,
        )
    }
}

/// The aggregate inside the cast that [`Binder::aggregate_expr`] may put around it.
pub(crate) fn aggregate_mut(e: &mut Expr) -> Option<&mut AggregateFunction> {
    match e {
        Expr::AggregateFunction(a) => Some(a),
        Expr::Cast(c) => aggregate_mut(&mut c.expr),
        _ => None,
    }
}

impl<'a, 'b> FnCall<'a, 'b> {
    /// Number of arguments written.
    pub fn len(&self) -> usize {
        arguments(self.ast).len()
    }

    /// Whether no argument was written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fails unless the number of arguments is in this range.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::ArgumentCount`].
    pub fn expect(&self, least: usize, most: usize) -> Result<()> {
        let n = self.len();
        if n < least {
            Err(self.count_error(least, n))
        } else if n > most {
            Err(self.count_error(most, n))
        } else {
            Ok(())
        }
    }

    /// Argument `i` as parsed.
    pub fn ast_arg(&self, i: usize) -> Option<&'a ast::Expr> {
        arguments(self.ast).get(i).and_then(argument_expr)
    }

    /// The name of argument `i` when it was given by name (`input => …`), in lower case.
    pub fn arg_name(&self, i: usize) -> Option<String> {
        match arguments(self.ast).get(i)? {
            ast::FunctionArg::Named { name, .. } => Some(name.value.to_lowercase()),
            _ => None,
        }
    }

    /// Argument `i`, bound.
    ///
    /// # Errors
    /// What binding it gives; a wrong number of arguments when it is missing.
    pub fn bind(&mut self, i: usize) -> Result<Typed> {
        let n = self.len();
        match self.ast_arg(i) {
            Some(e) => self.binder.expr(e),
            None => Err(self.count_error(i + 1, n)),
        }
    }

    /// All arguments, bound.
    ///
    /// # Errors
    /// What binding them gives.
    pub fn bind_all(&mut self) -> Result<Vec<Typed>> {
        (0..self.len()).map(|i| self.bind(i)).collect()
    }

    /// Argument `i` as a date part: a bare word or a string literal, in lower case.
    pub fn part(&self, i: usize) -> Option<String> {
        part_word(self.ast_arg(i)?)
    }

    /// DISTINCT, ORDER BY and NULL treatment, for aggregates with a binding of their own.
    ///
    /// # Errors
    /// What binding the sort keys gives.
    pub fn aggregate_options(&mut self) -> Result<AggregateOptions> {
        self.binder.aggregate_options(self.ast)
    }

    /// A call of another function of the dialect with these bound arguments.
    ///
    /// # Errors
    /// When there is no such scalar function or the arguments do not fit.
    pub fn call_scalar(&mut self, name: &str, args: Vec<Typed>) -> Result<Typed> {
        let Some(FunctionDef::Scalar(def)) = self.binder.dialect.functions().get(name).copied()
        else {
            return Err(SqlError::internal(format!("{name} is no scalar function")));
        };
        match def.shape {
            Shape::Kernel {
                params,
                returns,
                kernel,
                ..
            } => {
                let kinds: Vec<Param> = (0..args.len())
                    .map(|i| {
                        params
                            .get(i)
                            .or(params.last())
                            .copied()
                            .unwrap_or(Param::Any)
                    })
                    .collect();
                let args = self.binder.coerce_all(def.name, args, &kinds)?;
                let ty = self.binder.return_type(returns, &args)?;
                Ok(kernel_expr(
                    def.name,
                    kernel,
                    args,
                    ty,
                    &self.binder.env,
                    def.volatile,
                ))
            }
            Shape::Custom(_) => Err(SqlError::internal(format!("{name} binds itself"))),
        }
    }
}
