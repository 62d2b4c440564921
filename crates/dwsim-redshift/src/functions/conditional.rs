//! COALESCE, NVL, NVL2, NULLIF, DECODE, GREATEST and LEAST, as the CASE expressions they stand for.
//! Common types of alternatives are the dialect's rules.

use datafusion::functions::core::{coalesce, greatest, least};
use dwsim_engine::error::Result;
use dwsim_engine::functions::{FnCall, ScalarDef, Typed};
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{BinaryOperator, CaseWhen, Expr, Value};

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom(
        "COALESCE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_NVL_function.html",
        first_present,
    ),
    ScalarDef::custom(
        "NVL",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_NVL_function.html",
        first_present,
    ),
    ScalarDef::custom(
        "NVL2",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_NVL2.html",
        nvl2,
    ),
    ScalarDef::custom(
        "NULLIF",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_NULLIF_function.html",
        nullif,
    ),
    ScalarDef::custom(
        "DECODE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_DECODE_expression.html",
        decode,
    ),
    ScalarDef::custom(
        "GREATEST",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_GREATEST_LEAST.html",
        largest,
    ),
    ScalarDef::custom(
        "LEAST",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_GREATEST_LEAST.html",
        smallest,
    ),
];

fn arguments(call: &FnCall<'_, '_>, least: usize, most: usize) -> Result<Vec<Expr>> {
    call.expect(least, most)?;
    Ok((0..call.len())
        .filter_map(|i| call.ast_arg(i).cloned())
        .collect())
}

fn case(conditions: Vec<(Expr, Expr)>, otherwise: Expr) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: conditions
            .into_iter()
            .map(|(condition, result)| CaseWhen { condition, result })
            .collect(),
        else_result: Some(Box::new(otherwise)),
    }
}

fn null() -> Expr {
    Expr::Value(Value::Null.with_empty_span())
}

fn nested(e: Expr) -> Box<Expr> {
    Box::new(Expr::Nested(Box::new(e)))
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: nested(left),
        op,
        right: nested(right),
    }
}

fn first_present(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, usize::MAX)?;
    let values = call.bind_all()?;
    let (mut values, ty) = call.binder.unify(call.name, values)?;
    if values.len() == 1 {
        return Ok(values.remove(0));
    }
    let args = values.into_iter().map(|v| v.expr).collect();
    Ok(Typed::new(coalesce().call(args), ty))
}

fn nvl2(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = arguments(call, 3, 3)?;
    let [a, b, c] = args.as_slice() else {
        return Err(call.count_error(3, args.len()));
    };
    let e = case(
        vec![(Expr::IsNotNull(nested(a.clone())), b.clone())],
        c.clone(),
    );
    call.binder.expr(&e)
}

fn nullif(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = arguments(call, 2, 2)?;
    let [a, b] = args.as_slice() else {
        return Err(call.count_error(2, args.len()));
    };
    let e = case(
        vec![(binary(a.clone(), BinaryOperator::Eq, b.clone()), null())],
        a.clone(),
    );
    call.binder.expr(&e)
}

/// NULL equals NULL here, unlike in a CASE that is written out.
fn decode(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let mut args = arguments(call, 3, usize::MAX)?;
    let value = args.remove(0);
    let otherwise = if args.len() % 2 == 1 {
        args.pop().unwrap_or_else(null)
    } else {
        null()
    };
    let conditions = args
        .chunks_exact(2)
        .map(|pair| {
            let search = &pair[0];
            let is_null = matches!(search, Expr::Value(v) if matches!(v.value, Value::Null));
            let condition = if is_null {
                Expr::IsNull(nested(value.clone()))
            } else {
                let equal = binary(value.clone(), BinaryOperator::Eq, search.clone());
                if matches!(search, Expr::Value(_)) {
                    equal
                } else {
                    let both = binary(
                        Expr::IsNull(nested(value.clone())),
                        BinaryOperator::And,
                        Expr::IsNull(nested(search.clone())),
                    );
                    binary(equal, BinaryOperator::Or, both)
                }
            };
            (condition, pair[1].clone())
        })
        .collect();
    call.binder.expr(&case(conditions, otherwise))
}

fn largest(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    extreme(call, true)
}

fn smallest(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    extreme(call, false)
}

/// NULLs do not count unless all are NULL.
fn extreme(call: &mut FnCall<'_, '_>, most: bool) -> Result<Typed> {
    call.expect(1, usize::MAX)?;
    let values = call.bind_all()?;
    let (values, ty) = call.binder.unify(call.name, values)?;
    let args: Vec<_> = values.into_iter().map(|v| v.expr).collect();
    let f = if most { greatest() } else { least() };
    Ok(Typed::new(f.call(args), ty))
}
