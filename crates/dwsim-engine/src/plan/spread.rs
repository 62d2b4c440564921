//! The spread operator: an array constant among the elements of a list or the arguments of a call, as its elements.
//! A dialect's parser writes the operator as a call of [`SPREAD`].

use datafusion::scalar::ScalarValue;
use sqlparser::ast::{self, Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::Binder;
use crate::error::{Result, SqlError};
use crate::exec::constant;
use crate::variant::Value;

/// The name of the call that stands for `** array`.
pub const SPREAD: &str = "$SPREAD";

/// The array of a call of [`SPREAD`].
fn array(e: &Expr) -> Option<&Expr> {
    let Expr::Function(f) = e else { return None };
    let named = matches!(f.name.0.as_slice(), [one]
        if one.as_ident().is_some_and(|i| i.value == SPREAD));
    match &f.args {
        FunctionArguments::List(l) if named => match l.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(e))] => Some(e),
            _ => None,
        },
        _ => None,
    }
}

/// An element as a literal.
fn literal(value: Value) -> Result<Expr> {
    let plain = match value {
        Value::Null | Value::Undefined => ast::Value::Null,
        Value::Bool(b) => ast::Value::Boolean(b),
        Value::String(s) => ast::Value::SingleQuotedString(s),
        Value::Decimal(unscaled, scale) => {
            let digits = unscaled.unsigned_abs().to_string();
            let scale = usize::from(scale);
            let text = if scale == 0 {
                digits
            } else {
                let digits = format!("{digits:0>width$}", width = scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                format!("{whole}.{fraction}")
            };
            return Ok(signed(unscaled < 0, text));
        }
        Value::Double(f) => return Ok(signed(f < 0.0, format!("{:e}", f.abs()))),
        other => {
            return Err(SqlError::unsupported(format!(
                "the spread operator ** over the element {other:?}"
            )));
        }
    };
    Ok(Expr::Value(plain.into()))
}

fn signed(negative: bool, text: String) -> Expr {
    let number = Expr::Value(ast::Value::Number(text, false).into());
    if negative {
        Expr::UnaryOp {
            op: ast::UnaryOperator::Minus,
            expr: Box::new(number),
        }
    } else {
        number
    }
}

impl Binder<'_> {
    /// The elements that stand for an expression; None when it is no spread array.
    fn spread(&mut self, e: &Expr) -> Result<Option<Vec<Expr>>> {
        let Some(array) = array(e) else {
            return Ok(None);
        };
        if let Expr::Array(a) = array {
            return Ok(Some(a.elem.clone()));
        }
        let wrong = || {
            SqlError::unsupported(format!(
                "the spread operator ** over {array}, which is no array constant"
            ))
        };
        let bound = self.expr(array)?;
        let value = constant(&bound.expr).map_err(|_| wrong())?;
        let bytes = match value {
            ScalarValue::LargeBinary(Some(b)) | ScalarValue::Binary(Some(b)) => b,
            other if other.is_null() => return Ok(Some(vec![literal(Value::Null)?])),
            _ => return Err(wrong()),
        };
        let Value::Array(items) = Value::decode(&bytes)? else {
            return Err(wrong());
        };
        items
            .into_iter()
            .map(literal)
            .collect::<Result<_>>()
            .map(Some)
    }

    /// A list with the elements of its spread arrays; None when it has none.
    pub(super) fn spread_list(&mut self, list: &[Expr]) -> Result<Option<Vec<Expr>>> {
        if !list.iter().any(|e| array(e).is_some()) {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(list.len());
        for e in list {
            match self.spread(e)? {
                Some(elements) => out.extend(elements),
                None => out.push(e.clone()),
            }
        }
        Ok(Some(out))
    }

    /// A call with the elements of the spread arrays among its arguments; None when it has none.
    pub(super) fn spread_call(&mut self, f: &ast::Function) -> Result<Option<ast::Function>> {
        let FunctionArguments::List(list) = &f.args else {
            return Ok(None);
        };
        let of = |a: &FunctionArg| match a {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => array(e).is_some(),
            _ => false,
        };
        if !list.args.iter().any(of) {
            return Ok(None);
        }
        let mut args = Vec::with_capacity(list.args.len());
        for a in &list.args {
            let elements = match a {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => self.spread(e)?,
                _ => None,
            };
            match elements {
                Some(elements) => args.extend(
                    elements
                        .into_iter()
                        .map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e))),
                ),
                None => args.push(a.clone()),
            }
        }
        let mut call = f.clone();
        if let FunctionArguments::List(list) = &mut call.args {
            list.args = args;
        }
        Ok(Some(call))
    }
}
