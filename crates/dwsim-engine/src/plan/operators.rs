//! Comparisons, logic, pattern matching and navigation into semi-structured values.
//! Result types of arithmetic are the dialects' rules.

use datafusion::logical_expr::expr::{BinaryExpr, InList, Like};
use datafusion::logical_expr::{Expr, Operator};
use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::{Binder, CastMode};
use crate::dialect::{BinaryOp, DialectName};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;
use crate::kernels;
use crate::types::{SqlType, TypeClass};

impl Binder<'_> {
    /// Both operands as they are compared: one type, and the dialect's view of blanks and zones.
    pub(crate) fn comparable(
        &mut self,
        op: &str,
        left: Typed,
        right: Typed,
    ) -> Result<(Typed, Typed)> {
        if let Some(c) = self.collated(&[&left, &right])? {
            return Ok((
                self.collation_key(left, &c)?,
                self.collation_key(right, &c)?,
            ));
        }
        let Some(mut ty) = self.dialect.comparison_type(&left, &right) else {
            return Err(ErrorKind::ArgumentTypes {
                function: op.to_owned(),
                arguments: vec![self.type_name(&left.ty), self.type_name(&right.ty)],
            }
            .into());
        };
        // Instants are compared, offsets are not.
        if let SqlType::TimestampTz(s) = ty {
            ty = SqlType::TimestampLtz(s);
        }
        if ty == SqlType::Null {
            ty = SqlType::text();
        }
        let l = self.cast(left, &ty, CastMode::Implicit)?;
        let r = self.cast(right, &ty, CastMode::Implicit)?;
        Ok((
            self.dialect.comparison_operand(self, l),
            self.dialect.comparison_operand(self, r),
        ))
    }

    /// A comparison of two values.
    pub(crate) fn compare(&mut self, op: Operator, left: Typed, right: Typed) -> Result<Typed> {
        if let Some(t) = self.dialect.custom_comparison(self, op, &left, &right)? {
            return Ok(t);
        }
        let (l, r) = self.comparable(&op.to_string(), left, right)?;
        Ok(Typed::new(
            Expr::BinaryExpr(BinaryExpr::new(Box::new(l.expr), op, Box::new(r.expr))),
            SqlType::Boolean,
        ))
    }

    /// A value as a condition.
    pub(crate) fn condition(&mut self, value: Typed) -> Result<Typed> {
        if value.ty == SqlType::Boolean {
            return Ok(value);
        }
        let allowed =
            value.ty == SqlType::Null || self.dialect.implicit_cast(&value.ty, &SqlType::Boolean);
        if !allowed {
            return Err(match self.env.dialect {
                DialectName::Redshift => SqlError::raw(
                    "",
                    "42804",
                    format!(
                        "argument of WHERE must be type boolean, not type {}",
                        self.type_name(&value.ty)
                    ),
                ),
                DialectName::Snowflake => ErrorKind::CannotCast {
                    from: self.type_name(&value.ty),
                    to: "BOOLEAN".into(),
                }
                .into(),
            });
        }
        self.cast(value, &SqlType::Boolean, CastMode::Implicit)
    }

    pub(crate) fn and(l: Typed, r: Typed) -> Typed {
        Typed::new(l.expr.and(r.expr), SqlType::Boolean)
    }

    /// A binary operator between bound operands.
    pub(crate) fn binary(
        &mut self,
        op: &ast::BinaryOperator,
        left: Typed,
        right: Typed,
    ) -> Result<Typed> {
        use ast::BinaryOperator as B;
        let arithmetic = |op| Some(op);
        let a = match op {
            B::Plus => arithmetic(BinaryOp::Add),
            B::Minus => arithmetic(BinaryOp::Sub),
            B::Multiply => arithmetic(BinaryOp::Mul),
            B::Divide => arithmetic(BinaryOp::Div),
            B::Modulo => arithmetic(BinaryOp::Mod),
            B::StringConcat => arithmetic(BinaryOp::Concat),
            B::BitwiseAnd => arithmetic(BinaryOp::BitAnd),
            B::BitwiseOr => arithmetic(BinaryOp::BitOr),
            B::BitwiseXor if self.env.dialect == DialectName::Redshift => arithmetic(BinaryOp::Pow),
            B::PGExp => arithmetic(BinaryOp::Pow),
            B::PGBitwiseXor => arithmetic(BinaryOp::BitXor),
            B::PGBitwiseShiftLeft => arithmetic(BinaryOp::ShiftLeft),
            B::PGBitwiseShiftRight => arithmetic(BinaryOp::ShiftRight),
            _ => None,
        };
        if let Some(op) = a {
            return self.dialect.arithmetic(self, op, left, right);
        }
        let c = match op {
            B::Eq => Some(Operator::Eq),
            B::NotEq => Some(Operator::NotEq),
            B::Lt => Some(Operator::Lt),
            B::LtEq => Some(Operator::LtEq),
            B::Gt => Some(Operator::Gt),
            B::GtEq => Some(Operator::GtEq),
            B::Spaceship => Some(Operator::IsNotDistinctFrom),
            _ => None,
        };
        if let Some(op) = c {
            return self.compare(op, left, right);
        }
        match op {
            B::And | B::Or => {
                let l = self.condition(left)?;
                let r = self.condition(right)?;
                let expr = if matches!(op, B::And) {
                    l.expr.and(r.expr)
                } else {
                    l.expr.or(r.expr)
                };
                Ok(Typed::new(expr, SqlType::Boolean))
            }
            B::Xor => {
                let l = self.condition(left)?;
                let r = self.condition(right)?;
                self.compare(Operator::NotEq, l, r)
            }
            B::PGRegexMatch => self.regex_match(left, right, false, false),
            B::PGRegexIMatch => self.regex_match(left, right, true, false),
            B::PGRegexNotMatch => self.regex_match(left, right, false, true),
            B::PGRegexNotIMatch => self.regex_match(left, right, true, true),
            B::PGLikeMatch => self.like(left, right, None, false, false),
            B::PGNotLikeMatch => self.like(left, right, None, false, true),
            B::PGILikeMatch => self.like(left, right, None, true, false),
            B::PGNotILikeMatch => self.like(left, right, None, true, true),
            other => Err(SqlError::unsupported(format!("operator {other}"))),
        }
    }

    fn regex_match(
        &mut self,
        l: Typed,
        r: Typed,
        insensitive: bool,
        negated: bool,
    ) -> Result<Typed> {
        let l = self.as_text("~", l)?;
        let r = self.as_text("~", r)?;
        let insensitive = insensitive || self.collated(&[&l, &r])?.is_some();
        let flags = self.text(if insensitive { "i" } else { "" });
        let t = self.kernel(
            "regex_match",
            kernels::like::posix_match,
            vec![l, r, flags],
            SqlType::Boolean,
        );
        Ok(self.negate_if(t, negated))
    }

    pub(crate) fn negate_if(&self, t: Typed, negated: bool) -> Typed {
        if negated {
            Typed::new(Expr::Not(Box::new(t.expr)), SqlType::Boolean)
        } else {
            t
        }
    }

    /// A value as text, for operators on text.
    pub(crate) fn as_text(&self, op: &str, value: Typed) -> Result<Typed> {
        let shown = self.type_name(&value.ty);
        self.coerce(value, crate::functions::Param::Text)?
            .ok_or_else(|| {
                ErrorKind::ArgumentTypes {
                    function: op.to_owned(),
                    arguments: vec![shown],
                }
                .into()
            })
    }

    /// LIKE and ILIKE.
    ///
    /// # Errors
    /// Operands that are no texts.
    pub fn like(
        &mut self,
        value: Typed,
        pattern: Typed,
        escape: Option<Typed>,
        insensitive: bool,
        negated: bool,
    ) -> Result<Typed> {
        let v = self.as_text("LIKE", value)?;
        let p = self.as_text("LIKE", pattern)?;
        let insensitive = match self.collated(&[&v, &p])? {
            // Redshift's only other collation is the case-insensitive one, which LIKE obeys (r_CREATE_DATABASE).
            Some(_) if self.env.dialect == DialectName::Redshift => true,
            Some(c) => {
                return Err(SqlError::unsupported(format!(
                    "LIKE with collation '{}'",
                    c.specification
                )));
            }
            None => insensitive,
        };
        let plain = p.literal_text().is_some_and(|s| !s.contains('\\'));
        if plain && escape.is_none() {
            // Arrow's own kernel is the fastest, and without a backslash both agree.
            return Ok(Typed::new(
                Expr::Like(Like::new(
                    negated,
                    Box::new(v.expr),
                    Box::new(p.expr),
                    None,
                    insensitive,
                )),
                SqlType::Boolean,
            ));
        }
        let escape = match escape {
            Some(e) => self.as_text("LIKE", e)?,
            None => match self.dialect.like_escape() {
                Some(c) => self.text(c.to_string()),
                None => self.text(""),
            },
        };
        let kernel = if insensitive {
            kernels::like::ilike
        } else {
            kernels::like::like
        };
        let name = if insensitive { "ilike" } else { "like" };
        let t = self.kernel(name, kernel, vec![v, p, escape], SqlType::Boolean);
        Ok(self.negate_if(t, negated))
    }

    /// SIMILAR TO.
    pub(crate) fn similar_to(
        &mut self,
        value: Typed,
        pattern: Typed,
        escape: Option<Typed>,
        negated: bool,
    ) -> Result<Typed> {
        let mut v = self.as_text("SIMILAR TO", value)?;
        let mut p = self.as_text("SIMILAR TO", pattern)?;
        if self.collated(&[&v, &p])?.is_some() {
            let lower =
                |t: Typed| self.kernel("lower", kernels::text::lower, vec![t], SqlType::text());
            (v, p) = (lower(v), lower(p));
        }
        let e = match escape {
            Some(e) => self.as_text("SIMILAR TO", e)?,
            None => self.text("\\"),
        };
        let t = self.kernel(
            "similar_to",
            kernels::like::similar_to,
            vec![v, p, e],
            SqlType::Boolean,
        );
        Ok(self.negate_if(t, negated))
    }

    /// `x IN (a, b, …)`.
    pub(crate) fn in_list(
        &mut self,
        value: Typed,
        list: Vec<Typed>,
        negated: bool,
    ) -> Result<Typed> {
        // Literals of one class compare in one type; anything else compares one by one.
        let mut ty = None;
        for item in &list {
            let t = self.dialect.comparison_type(&value, item);
            match (&ty, t) {
                (_, None) => {
                    return Err(ErrorKind::ArgumentTypes {
                        function: "IN".into(),
                        arguments: vec![self.type_name(&value.ty), self.type_name(&item.ty)],
                    }
                    .into());
                }
                (None, Some(t)) => ty = Some(t),
                (Some(a), Some(b)) => ty = self.dialect.common_type(a, &b).or(ty),
            }
        }
        let simple = value.ty.class() != TypeClass::Semi
            && value.ty.collation().is_none()
            && !list.iter().any(|i| i.ty.collation().is_some())
            && !list.iter().any(|i| i.ty.is_semi())
            && !matches!(ty, Some(SqlType::TimestampTz(_) | SqlType::Null) | None);
        if let (true, Some(ty)) = (simple, ty) {
            let v = self.cast(value, &ty, CastMode::Implicit)?;
            let v = self.dialect.comparison_operand(self, v);
            let items = list
                .into_iter()
                .map(|i| {
                    let i = self.cast(i, &ty, CastMode::Implicit)?;
                    Ok(self.dialect.comparison_operand(self, i).expr)
                })
                .collect::<Result<Vec<_>>>()?;
            return Ok(Typed::new(
                Expr::InList(InList::new(Box::new(v.expr), items, negated)),
                SqlType::Boolean,
            ));
        }
        let mut any: Option<Typed> = None;
        for item in list {
            let one = self.compare(Operator::Eq, value.clone(), item)?;
            any = Some(match any {
                None => one,
                Some(a) => Typed::new(a.expr.or(one.expr), SqlType::Boolean),
            });
        }
        let any = any.unwrap_or_else(|| self.bool(false));
        Ok(self.negate_if(any, negated))
    }

    /// Dots after a semi-structured value.
    pub(crate) fn navigate(&mut self, value: Typed, path: &[ast::Ident]) -> Result<Typed> {
        if path.is_empty() {
            return Ok(value);
        }
        let steps = path
            .iter()
            .map(|i| self.member_step(&i.value, i.quote_style.is_some()))
            .collect();
        self.path(value, steps)
    }

    /// A member's name as a step of a path: Redshift folds it unless attributes are case-sensitive.
    pub(crate) fn member_step(&self, name: &str, quoted: bool) -> Typed {
        let fold = self.env.dialect == DialectName::Redshift
            && !self.env.flag("enable_case_sensitive_super_attribute")
            && !(quoted && self.env.flag("enable_case_sensitive_identifier"));
        self.text(if fold {
            name.to_lowercase()
        } else {
            name.to_owned()
        })
    }

    /// A path into a semi-structured value; steps are texts (members) or integers (elements).
    pub(crate) fn path(&mut self, value: Typed, steps: Vec<Typed>) -> Result<Typed> {
        let declared = declared_part(&value.ty, &steps);
        let value = if value.ty.is_semi() || value.ty == SqlType::Null {
            self.cast(value, &SqlType::Variant, CastMode::Implicit)?
        } else {
            return Err(match self.env.dialect {
                DialectName::Snowflake => ErrorKind::ArgumentTypes {
                    function: "GET".into(),
                    arguments: vec![self.type_name(&value.ty), "VARCHAR".into()],
                }
                .into(),
                DialectName::Redshift => SqlError::raw(
                    "",
                    "42804",
                    format!(
                        "navigation into a value of type {}, which is not SUPER",
                        self.type_name(&value.ty)
                    ),
                ),
            });
        };
        let mut args = vec![value];
        for s in steps {
            args.push(match s.ty.class() {
                TypeClass::Text => s,
                TypeClass::Numeric => self.cast(s, &SqlType::BigInt, CastMode::Implicit)?,
                TypeClass::Semi => s,
                TypeClass::Null => self.null(&SqlType::text())?,
                _ => {
                    return Err(ErrorKind::ArgumentTypes {
                        function: "GET".into(),
                        arguments: vec!["VARIANT".into(), self.type_name(&s.ty)],
                    }
                    .into());
                }
            });
        }
        let part = self.kernel("path", kernels::semi::path, args, SqlType::Variant);
        match declared {
            Some(ty) => self.cast(part, &ty, CastMode::Explicit),
            None => Ok(part),
        }
    }

    /// A literal of a dialect-independent kind.
    pub(crate) fn literal(
        &mut self,
        value: &ast::Value,
        span: sqlparser::tokenizer::Span,
    ) -> Result<Typed> {
        use ast::Value as V;
        Ok(match value {
            V::Number(text, _) => self.dialect.number_literal(text)?,
            V::SingleQuotedString(s)
            | V::EscapedStringLiteral(s)
            | V::NationalStringLiteral(s)
            | V::UnicodeStringLiteral(s) => self.text_literal(s),
            V::DollarQuotedString(s) => self.text_literal(&s.value),
            V::TripleSingleQuotedString(s) => self.text_literal(s),
            V::Boolean(b) => self.bool(*b),
            V::Null => Typed::new(Expr::Literal(ScalarValue::Null, None), SqlType::Null),
            V::HexStringLiteral(s) => {
                let bytes = kernels::cast::decode_hex(s).ok_or_else(|| {
                    SqlError::raw(
                        "100115",
                        "22000",
                        format!("The following string is not a legal hex-encoded value: '{s}'"),
                    )
                })?;
                Typed::new(
                    Expr::Literal(ScalarValue::Binary(Some(bytes)), None),
                    SqlType::Binary(None),
                )
            }
            V::Placeholder(p) => return self.placeholder(p, span),
            other => return Err(SqlError::unsupported(format!("literal {other}"))),
        })
    }

    /// A text literal with its own length.
    pub(crate) fn text_literal(&self, s: &str) -> Typed {
        let n = match self.env.dialect {
            DialectName::Redshift => s.len(),
            DialectName::Snowflake => s.chars().count(),
        };
        Typed::new(
            Expr::Literal(ScalarValue::Utf8(Some(s.to_owned())), None),
            SqlType::Varchar(Some(n as u32)),
        )
    }

    fn placeholder(&mut self, p: &str, span: sqlparser::tokenizer::Span) -> Result<Typed> {
        let at = super::names::position(span);
        if p == "?" {
            self.question_marks += 1;
            let n = self.question_marks;
            return self.parameter(n);
        }
        if let Some(name) = p.strip_prefix('$') {
            return self.dollar(name, at);
        }
        if let Some(name) = p.strip_prefix(':') {
            if let Ok(n) = name.parse::<usize>() {
                return self.parameter(n);
            }
            let folded = self.dialect.fold(&ast::Ident::new(name));
            let found = self
                .script
                .as_ref()
                .and_then(|s| s.lookup(std::slice::from_ref(&folded)));
            return match found {
                Some((t, _)) => Ok(t),
                None => Err(SqlError::new(ErrorKind::UnknownColumn(folded)).at(at)),
            };
        }
        Err(SqlError::unsupported(format!("placeholder {p}")))
    }
}

/// The declared type of a part of a structured value; None where nothing is declared.
fn declared_part(ty: &SqlType, steps: &[Typed]) -> Option<SqlType> {
    let mut at = ty;
    for step in steps {
        let SqlType::Structured(of) = at else {
            return None;
        };
        at = match step.literal_text() {
            Some(name) => of.member(name)?,
            None => of.item()?,
        };
    }
    (!steps.is_empty() && *at != SqlType::Variant).then(|| at.clone())
}
