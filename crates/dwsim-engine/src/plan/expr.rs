//! Binding of expressions, one arm per form of the AST.
//! Special syntax that means a function (EXTRACT, SUBSTRING, TRIM, …) becomes a call of the dialect's table.

use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, Operator};
use sqlparser::ast;

use super::names::position;
use super::{Binder, CastMode};
use crate::dialect::{BinaryOp, DialectName};
use crate::error::{Result, SqlError};
use crate::functions::Typed;
use crate::types::{SqlType, TypeClass};

/// Deepest nesting of expressions and queries; beyond it binding would exhaust the stack.
const MAX_DEPTH: usize = 400;

/// A call of a function of the dialect's table with these arguments.
pub(crate) fn call_ast(name: &str, args: Vec<ast::Expr>) -> ast::Function {
    ast::Function {
        name: ast::ObjectName::from(vec![ast::Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: ast::FunctionArguments::None,
        args: ast::FunctionArguments::List(ast::FunctionArgumentList {
            duplicate_treatment: None,
            args: args
                .into_iter()
                .map(|e| ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(e)))
                .collect(),
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    }
}

fn string_ast(s: impl Into<String>) -> ast::Expr {
    ast::Expr::Value(ast::Value::SingleQuotedString(s.into()).with_empty_span())
}

impl Binder<'_> {
    /// Binds an expression in the current scope.
    ///
    /// # Errors
    /// Unknown names, wrong types, unsupported constructs; with their place in the statement.
    pub fn expr(&mut self, e: &ast::Expr) -> Result<Typed> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.depth -= 1;
            return Err(SqlError::raw(
                "001003",
                "54001",
                "expression is nested too deeply",
            ));
        }
        let bound = self.expr_inner(e);
        self.depth -= 1;
        bound.map_err(|err| {
            if err.position.is_none() {
                err.at(first_position(e))
            } else {
                err
            }
        })
    }

    /// A call of a named function with parsed arguments.
    pub(crate) fn call(&mut self, name: &str, args: Vec<ast::Expr>) -> Result<Typed> {
        self.function(&call_ast(name, args))
    }

    fn expr_inner(&mut self, e: &ast::Expr) -> Result<Typed> {
        use ast::Expr as E;
        match e {
            E::Identifier(i) => self.name(std::slice::from_ref(i)),
            E::CompoundIdentifier(ids) => self.name(ids),
            E::CompoundFieldAccess { root, access_chain } => self.field_access(root, access_chain),
            E::JsonAccess { value, path } => {
                let v = self.expr(value)?;
                let mut steps = Vec::with_capacity(path.path.len());
                for p in &path.path {
                    steps.push(match p {
                        ast::JsonPathElem::Dot { key, quoted } => self.member_step(key, *quoted),
                        ast::JsonPathElem::Bracket { key }
                        | ast::JsonPathElem::ColonBracket { key } => self.expr(key)?,
                    });
                }
                self.path(v, steps)
            }
            E::IsNull(e) => self.unary_test(e, Expr::IsNull),
            E::IsNotNull(e) => self.unary_test(e, Expr::IsNotNull),
            E::IsTrue(e) => self.truth_test(e, Expr::IsTrue),
            E::IsNotTrue(e) => self.truth_test(e, Expr::IsNotTrue),
            E::IsFalse(e) => self.truth_test(e, Expr::IsFalse),
            E::IsNotFalse(e) => self.truth_test(e, Expr::IsNotFalse),
            E::IsUnknown(e) => self.truth_test(e, Expr::IsUnknown),
            E::IsNotUnknown(e) => self.truth_test(e, Expr::IsNotUnknown),
            E::IsDistinctFrom(a, b) => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                self.compare(Operator::IsDistinctFrom, a, b)
            }
            E::IsNotDistinctFrom(a, b) => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                self.compare(Operator::IsNotDistinctFrom, a, b)
            }
            E::InList {
                expr,
                list,
                negated,
            } => {
                if let E::Tuple(left) = expr.as_ref() {
                    return self.tuple_in(left, list, *negated);
                }
                let v = self.expr(expr)?;
                let spread = self.spread_list(list)?;
                let items = spread
                    .as_ref()
                    .unwrap_or(list)
                    .iter()
                    .map(|i| self.expr(i))
                    .collect::<Result<Vec<_>>>()?;
                self.in_list(v, items, *negated)
            }
            E::InSubquery {
                expr,
                subquery,
                negated,
            } => self.in_subquery(expr, subquery, *negated),
            E::Exists { subquery, negated } => self.exists(subquery, *negated),
            E::Subquery(q) => self.scalar_subquery(q),
            E::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => self.quantified(left, compare_op, right, false),
            E::AllOp {
                left,
                compare_op,
                right,
            } => self.quantified(left, compare_op, right, true),
            E::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let v = self.expr(expr)?;
                let (low, high) = (self.expr(low)?, self.expr(high)?);
                let l = self.compare(Operator::GtEq, v.clone(), low)?;
                let h = self.compare(Operator::LtEq, v, high)?;
                let both = Self::and(l, h);
                Ok(self.negate_if(both, *negated))
            }
            E::BinaryOp { left, op, right } => self.binary_chain(left, op, right),
            E::Like {
                negated,
                any,
                expr,
                pattern,
                escape_char,
            } => self.like_expr(expr, pattern, escape_char.as_deref(), *any, false, *negated),
            E::ILike {
                negated,
                any,
                expr,
                pattern,
                escape_char,
            } => self.like_expr(expr, pattern, escape_char.as_deref(), *any, true, *negated),
            E::SimilarTo {
                negated,
                expr,
                pattern,
                escape_char,
            } => {
                let (v, p) = (self.expr(expr)?, self.expr(pattern)?);
                let e = escape_char.as_deref().map(|e| self.expr(e)).transpose()?;
                self.similar_to(v, p, e, *negated)
            }
            E::RLike {
                negated,
                expr,
                pattern,
                ..
            } => {
                let t = self.call("REGEXP_LIKE", vec![(**expr).clone(), (**pattern).clone()])?;
                Ok(self.negate_if(t, *negated))
            }
            E::UnaryOp { op, expr } => self.unary(*op, expr),
            E::Convert {
                expr,
                data_type: Some(ty),
                is_try,
                ..
            } => {
                let v = self.expr(expr)?;
                let ty = self.dialect.data_type(ty)?;
                self.cast(
                    v,
                    &ty,
                    if *is_try {
                        CastMode::Try
                    } else {
                        CastMode::Explicit
                    },
                )
            }
            E::Cast {
                kind,
                expr,
                data_type,
                format: _,
            } => self.cast_expr(kind, expr, data_type),
            E::AtTimeZone {
                timestamp,
                time_zone,
            } => self.call(
                "TIMEZONE",
                vec![(**time_zone).clone(), (**timestamp).clone()],
            ),
            E::Extract { field, expr, .. } => self.call(
                "EXTRACT",
                vec![
                    string_ast(field.to_string().trim_matches('\'').to_owned()),
                    (**expr).clone(),
                ],
            ),
            E::Ceil { expr, field } => self.ceil_floor("CEIL", expr, field),
            E::Floor { expr, field } => self.ceil_floor("FLOOR", expr, field),
            E::Position { expr, r#in } => {
                self.call("POSITION", vec![(**expr).clone(), (**r#in).clone()])
            }
            E::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                let mut args = vec![(**expr).clone()];
                match (substring_from, substring_for) {
                    (Some(from), n) => {
                        args.push((**from).clone());
                        args.extend(n.as_deref().cloned());
                    }
                    (None, Some(n)) => {
                        args.push(ast::Expr::value(ast::Value::Number("1".into(), false)));
                        args.push((**n).clone());
                    }
                    (None, None) => {}
                }
                self.call("SUBSTRING", args)
            }
            E::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => {
                let name = match trim_where {
                    Some(ast::TrimWhereField::Leading) => "LTRIM",
                    Some(ast::TrimWhereField::Trailing) => "RTRIM",
                    _ => "TRIM",
                };
                let mut args = vec![(**expr).clone()];
                args.extend(trim_what.as_deref().cloned());
                args.extend(trim_characters.iter().flatten().cloned());
                self.call(name, args)
            }
            E::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                let mut args = vec![(**expr).clone(), (**overlay_from).clone()];
                args.push(match overlay_for {
                    Some(n) => (**n).clone(),
                    None => ast::Expr::Function(call_ast("LENGTH", vec![(**overlay_what).clone()])),
                });
                args.push((**overlay_what).clone());
                self.call("INSERT", args)
            }
            E::Collate { expr, collation } => self.call(
                "COLLATE",
                vec![
                    (**expr).clone(),
                    string_ast(collation.to_string().trim_matches(['\'', '"']).to_owned()),
                ],
            ),
            E::Nested(e) => self.expr(e),
            E::Value(v) => self.literal(&v.value, v.span),
            E::TypedString(t) => {
                let ty = self.dialect.data_type(&t.data_type)?;
                let v = self.literal(&t.value.value, t.value.span)?;
                self.cast(v, &ty, CastMode::Explicit)
            }
            E::Interval(i) => self.interval(i),
            E::Function(f) => self.function(f),
            E::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            E::Array(a) => self.call(
                if self.env.dialect == DialectName::Redshift {
                    "ARRAY"
                } else {
                    "ARRAY_CONSTRUCT"
                },
                a.elem.clone(),
            ),
            E::Dictionary(fields) => {
                let mut args = Vec::with_capacity(fields.len() * 2);
                for f in fields {
                    args.push(string_ast(f.key.value.clone()));
                    args.push((*f.value).clone());
                }
                self.call("OBJECT_CONSTRUCT_KEEP_NULL", args)
            }
            E::Prior(e) => self.prior(e),
            E::Prefixed { prefix, value }
                if prefix.value.eq_ignore_ascii_case("CONNECT_BY_ROOT") =>
            {
                self.connect_by_root(value)
            }
            E::OuterJoin(e) => self.expr(e),
            E::Named { expr, .. } => self.expr(expr),
            E::Tuple(items) if items.len() == 1 => self.expr(&items[0]),
            E::Tuple(_) => Err(SqlError::unsupported("a row value here")),
            other => Err(SqlError::unsupported(format!("expression {other}"))),
        }
    }

    /// Long chains of AND, OR, + and || are bound without recursion on their left side.
    fn binary_chain(
        &mut self,
        left: &ast::Expr,
        op: &ast::BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Typed> {
        let mut chain = vec![(op, right)];
        let mut first = left;
        while let ast::Expr::BinaryOp { left, op, right } = first {
            chain.push((op, right));
            first = left;
        }
        if let (ast::Expr::Tuple(l), [(op, ast::Expr::Tuple(r))]) = (first, chain.as_slice()) {
            return self.tuple_compare(op, l, r);
        }
        let mut value = self.expr(first)?;
        for (op, right) in chain.into_iter().rev() {
            let r = self.expr(right)?;
            value = self.binary(op, value, r)?;
        }
        Ok(value)
    }

    fn tuple_compare(
        &mut self,
        op: &ast::BinaryOperator,
        l: &[ast::Expr],
        r: &[ast::Expr],
    ) -> Result<Typed> {
        if l.len() != r.len() || l.is_empty() {
            return Err(SqlError::raw(
                "002059",
                "42601",
                "unequal number of entries in row expressions",
            ));
        }
        let negated = match op {
            ast::BinaryOperator::Eq => false,
            ast::BinaryOperator::NotEq => true,
            other => {
                return Err(SqlError::unsupported(format!(
                    "operator {other} on row values"
                )));
            }
        };
        let mut all: Option<Typed> = None;
        for (a, b) in l.iter().zip(r) {
            let (a, b) = (self.expr(a)?, self.expr(b)?);
            let one = self.compare(Operator::Eq, a, b)?;
            all = Some(match all {
                None => one,
                Some(t) => Self::and(t, one),
            });
        }
        let all = all.unwrap_or_else(|| self.bool(true));
        Ok(self.negate_if(all, negated))
    }

    fn tuple_in(&mut self, left: &[ast::Expr], list: &[ast::Expr], negated: bool) -> Result<Typed> {
        let mut any: Option<Typed> = None;
        for item in list {
            let ast::Expr::Tuple(right) = item else {
                return Err(SqlError::unsupported(
                    "IN of a row value with something that is no row value",
                ));
            };
            let one = self.tuple_compare(&ast::BinaryOperator::Eq, left, right)?;
            any = Some(match any {
                None => one,
                Some(t) => Typed::new(t.expr.or(one.expr), SqlType::Boolean),
            });
        }
        let any = any.unwrap_or_else(|| self.bool(false));
        Ok(self.negate_if(any, negated))
    }

    fn field_access(&mut self, root: &ast::Expr, chain: &[ast::AccessExpr]) -> Result<Typed> {
        // Leading dots belong to the name, so that `t.col[0]` finds its column.
        let mut idents: Vec<ast::Ident> = Vec::new();
        let mut rest = chain;
        let value = match root {
            ast::Expr::Identifier(i) => {
                idents.push(i.clone());
                None
            }
            ast::Expr::CompoundIdentifier(ids) => {
                idents.extend(ids.iter().cloned());
                None
            }
            other => Some(self.expr(other)?),
        };
        if value.is_none() {
            while let [ast::AccessExpr::Dot(ast::Expr::Identifier(i)), tail @ ..] = rest {
                idents.push(i.clone());
                rest = tail;
            }
        }
        let value = match value {
            Some(v) => v,
            None => self.name(&idents)?,
        };
        let mut steps = Vec::with_capacity(rest.len());
        for a in rest {
            steps.push(match a {
                ast::AccessExpr::Dot(ast::Expr::Identifier(i)) => {
                    self.member_step(&i.value, i.quote_style.is_some())
                }
                ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => self.expr(index)?,
                other => return Err(SqlError::unsupported(format!("access {other}"))),
            });
        }
        self.path(value, steps)
    }

    fn unary_test(&mut self, e: &ast::Expr, f: fn(Box<Expr>) -> Expr) -> Result<Typed> {
        let v = self.expr(e)?;
        Ok(Typed::new(f(Box::new(v.expr)), SqlType::Boolean))
    }

    fn truth_test(&mut self, e: &ast::Expr, f: fn(Box<Expr>) -> Expr) -> Result<Typed> {
        let v = self.expr(e)?;
        let v = self.condition(v)?;
        Ok(Typed::new(f(Box::new(v.expr)), SqlType::Boolean))
    }

    fn like_expr(
        &mut self,
        expr: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
        any: bool,
        insensitive: bool,
        negated: bool,
    ) -> Result<Typed> {
        let v = self.expr(expr)?;
        let escape = escape.map(|e| self.expr(e)).transpose()?;
        // The parser takes LIKE ALL (…) for LIKE and a call of a function ALL.
        let every = match pattern {
            ast::Expr::Function(f) if f.name.to_string().eq_ignore_ascii_case("ALL") => Some(f),
            _ => None,
        };
        let patterns: Vec<&ast::Expr> = match pattern {
            ast::Expr::Function(_) if every.is_some() => every
                .into_iter()
                .flat_map(super::call::arguments)
                .filter_map(super::call::argument_expr)
                .collect(),
            ast::Expr::Tuple(items) if any => items.iter().collect(),
            ast::Expr::Nested(one) if any => vec![one],
            other => vec![other],
        };
        let mut all: Option<Typed> = None;
        for p in patterns {
            let p = self.expr(p)?;
            let one = self.like(v.clone(), p, escape.clone(), insensitive, false)?;
            all = Some(match all {
                None => one,
                Some(t) if every.is_some() => Typed::new(t.expr.and(one.expr), SqlType::Boolean),
                Some(t) => Typed::new(t.expr.or(one.expr), SqlType::Boolean),
            });
        }
        let all = all.unwrap_or_else(|| self.bool(false));
        Ok(self.negate_if(all, negated))
    }

    fn unary(&mut self, op: ast::UnaryOperator, e: &ast::Expr) -> Result<Typed> {
        match op {
            ast::UnaryOperator::Not | ast::UnaryOperator::BangNot => {
                let v = self.expr(e)?;
                let v = self.condition(v)?;
                Ok(Typed::new(Expr::Not(Box::new(v.expr)), SqlType::Boolean))
            }
            ast::UnaryOperator::Plus => self.expr(e),
            ast::UnaryOperator::Minus => {
                // The sign belongs to a literal: -9223372036854775808 is a BIGINT.
                if let ast::Expr::Value(v) = e
                    && let ast::Value::Number(text, _) = &v.value
                {
                    return self.dialect.number_literal(&format!("-{text}"));
                }
                let v = self.expr(e)?;
                if v.ty.is_numeric() {
                    return Ok(Typed::new(Expr::Negative(Box::new(v.expr)), v.ty));
                }
                if v.ty.class() == TypeClass::Interval {
                    let ty = v.ty.clone();
                    return Ok(self.kernel("-", crate::kernels::arithmetic::negate, vec![v], ty));
                }
                let zero = self.dialect.number_literal("0")?;
                self.dialect.arithmetic(self, BinaryOp::Sub, zero, v)
            }
            ast::UnaryOperator::PGAbs => self.call("ABS", vec![e.clone()]),
            ast::UnaryOperator::PGSquareRoot => self.call("SQRT", vec![e.clone()]),
            ast::UnaryOperator::PGCubeRoot => self.call("CBRT", vec![e.clone()]),
            ast::UnaryOperator::BitwiseNot => self.call("BITNOT", vec![e.clone()]),
            other => Err(SqlError::unsupported(format!("operator {other}"))),
        }
    }

    fn cast_expr(
        &mut self,
        kind: &ast::CastKind,
        expr: &ast::Expr,
        ty: &ast::DataType,
    ) -> Result<Typed> {
        let to = self.dialect.data_type(ty)?;
        let mut v = self.expr(expr)?;
        if let (Expr::Placeholder(p), SqlType::Null) = (&v.expr, &v.ty)
            && let Some(i) =
                p.id.strip_prefix('$')
                    .and_then(|n| n.parse::<usize>().ok())
                    .and_then(|n| n.checked_sub(1))
            && let Some(slot) = self.parameter_types.get_mut(i)
        {
            slot.get_or_insert_with(|| to.clone());
        }
        // A column without values may be cast to anything, but a placeholder is no column.
        if v.ty == SqlType::Null && matches!(v.expr, Expr::Placeholder(_)) {
            v = self.null(&to)?;
        }
        let mode = match kind {
            ast::CastKind::TryCast | ast::CastKind::SafeCast => CastMode::Try,
            _ => CastMode::Explicit,
        };
        if let ast::DataType::Interval {
            fields: Some(fields),
            precision,
        } = ty
            && matches!(v.ty.class(), TypeClass::Text | TypeClass::Interval)
            && mode == CastMode::Explicit
        {
            let precision = precision.map(|p| format!("({p})")).unwrap_or_default();
            let qualifier = self.text(format!("{fields}{precision}").to_lowercase());
            return Ok(self.kernel(
                "interval",
                crate::kernels::datetime::interval_literal,
                vec![v, qualifier],
                to,
            ));
        }
        self.cast(v, &to, mode)
    }

    fn ceil_floor(
        &mut self,
        name: &str,
        e: &ast::Expr,
        field: &ast::CeilFloorKind,
    ) -> Result<Typed> {
        let mut args = vec![e.clone()];
        match field {
            ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) => {}
            ast::CeilFloorKind::DateTimeField(f) => args.push(string_ast(f.to_string())),
            ast::CeilFloorKind::Scale(v) => args.push(ast::Expr::Value(v.clone())),
        }
        self.call(name, args)
    }

    /// `INTERVAL '1 day 2 hours'`, `INTERVAL 3 DAY`, `INTERVAL '1-2' YEAR TO MONTH`.
    fn interval(&mut self, i: &ast::Interval) -> Result<Typed> {
        let v = self.expr(&i.value)?;
        let qualifier = match (&i.leading_field, &i.last_field) {
            (None, _) => String::new(),
            (Some(a), None) => a.to_string(),
            (Some(a), Some(b)) => format!("{a} TO {b}"),
        };
        let qualifier = match i.fractional_seconds_precision.or(i.leading_precision) {
            Some(digits) => format!("{qualifier}({digits})"),
            None => qualifier,
        };
        let v = self.as_text("INTERVAL", v)?;
        let q = self.text(qualifier.to_lowercase());
        let ty = if self.env.dialect == DialectName::Redshift {
            match (&i.leading_field, &i.last_field) {
                (Some(ast::DateTimeField::Year | ast::DateTimeField::Month), _) => {
                    SqlType::IntervalYm
                }
                (Some(_), _) => SqlType::IntervalDs,
                (None, _) => SqlType::Interval,
            }
        } else {
            SqlType::Interval
        };
        Ok(self.kernel(
            "interval",
            crate::kernels::datetime::interval_literal,
            vec![v, q],
            ty,
        ))
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
    ) -> Result<Typed> {
        let operand = operand.map(|o| self.expr(o)).transpose()?;
        let mut whens = Vec::with_capacity(conditions.len());
        let mut thens = Vec::with_capacity(conditions.len() + 1);
        for c in conditions {
            let w = self.expr(&c.condition)?;
            whens.push(match &operand {
                Some(o) => self.compare(Operator::Eq, o.clone(), w)?,
                None => self.condition(w)?,
            });
            thens.push(self.expr(&c.result)?);
        }
        let has_else = otherwise.is_some();
        if let Some(e) = otherwise {
            thens.push(self.expr(e)?);
        }
        let (mut thens, ty) = self.unify("CASE", thens)?;
        let otherwise = if has_else {
            thens.pop().map(|t| Box::new(t.expr))
        } else {
            None
        };
        let pairs = whens
            .into_iter()
            .zip(thens)
            .map(|(w, t)| (Box::new(w.expr), Box::new(t.expr)))
            .collect();
        Ok(Typed::new(
            Expr::Case(Case::new(None, pairs, otherwise)),
            ty,
        ))
    }
}

/// The place where an expression starts, as far as its first identifier tells.
pub(crate) fn first_position(e: &ast::Expr) -> Option<crate::error::Position> {
    use sqlparser::ast::Spanned;
    position(e.span())
}
