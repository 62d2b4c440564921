//! Binding of function calls: arguments, coercion to parameters, result types, aggregates and windows.
//! Which functions exist is the dialect's table.

use sqlparser::ast;

use super::Binder;
use crate::error::{Result, SqlError};
use crate::functions::{FnCall, Param, ScalarDef, Shape, Typed, kernel_expr};

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

impl Binder<'_> {
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
                let asts = arguments(f);
                let call = FnCall {
                    binder: self,
                    name: def.name,
                    ast: f,
                };
                if asts.len() + optional < params.len() {
                    return Err(call.count_error(params.len() - optional, asts.len()));
                }
                if asts.len() > params.len() && !variadic {
                    return Err(call.count_error(params.len(), asts.len()));
                }
                let mut args = Vec::with_capacity(asts.len());
                let mut kinds = Vec::with_capacity(asts.len());
                for (i, a) in asts.iter().enumerate() {
                    let param = params
                        .get(i)
                        .or(params.last())
                        .copied()
                        .unwrap_or(Param::Any);
                    let e = argument_expr(a).ok_or_else(|| {
                        SqlError::argument(def.name, "* is not an argument of this function")
                    })?;
                    args.push(if param == Param::Part {
                        match part_word(e) {
                            Some(word) => self.text(word),
                            None => self.expr(e)?,
                        }
                    } else {
                        self.expr(e)?
                    });
                    kinds.push(param);
                }
                let given = args.clone();
                if kinds.contains(&Param::Common) {
                    let (at, values): (Vec<usize>, Vec<Typed>) = kinds
                        .iter()
                        .enumerate()
                        .filter(|(_, p)| **p == Param::Common)
                        .map(|(i, _)| (i, args[i].clone()))
                        .unzip();
                    let (values, _) = self.unify(def.name, values)?;
                    for (i, v) in at.into_iter().zip(values) {
                        args[i] = v;
                    }
                }
                for (i, param) in kinds.iter().enumerate() {
                    args[i] = self.coerce(args[i].clone(), *param)?.ok_or_else(|| {
                        FnCall {
                            binder: self,
                            name: def.name,
                            ast: f,
                        }
                        .type_error(&given)
                    })?;
                }
                let types: Vec<_> = args.iter().map(|a| a.ty.clone()).collect();
                let literals: Vec<_> = args.iter().map(|a| a.literal().cloned()).collect();
                let ty = returns(&crate::functions::ReturnArgs {
                    types: &types,
                    literals: &literals,
                    dialect: self.env.dialect,
                })?;
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
}
