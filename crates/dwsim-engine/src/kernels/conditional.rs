//! Conditional functions of both dialects as bindings: COALESCE, NULLIF, DECODE, IFF, GREATEST and their kin.
//! CASE itself is bound by `plan::expr`; which names exist is the dialects' tables.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Scalar, StructArray, make_array};
use arrow::buffer::NullBuffer;
use arrow::compute::kernels::cmp;
use arrow::compute::kernels::zip::zip;
use arrow::compute::{and, is_not_null, is_null, or};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, Operator};

use crate::dialect::DialectName;
use crate::error::Result;
use crate::functions::{Call, FnCall, Typed};
use crate::types::SqlType;

fn case(whens: Vec<(Expr, Expr)>, otherwise: Option<Expr>, ty: SqlType) -> Typed {
    let pairs = whens
        .into_iter()
        .map(|(w, t)| (Box::new(w), Box::new(t)))
        .collect();
    Typed::new(
        Expr::Case(Case::new(None, pairs, otherwise.map(Box::new))),
        ty,
    )
}

/// The first argument that is not NULL: COALESCE, and NVL and IFNULL with their two arguments.
///
/// # Errors
/// Arguments without a common type.
pub fn coalesce(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    if call.name == "COALESCE" {
        let least = if call.binder.env.dialect == DialectName::Snowflake {
            2
        } else {
            1
        };
        call.expect(least, usize::MAX)?;
    } else {
        call.expect(2, 2)?;
    }
    let args = call.bind_all()?;
    let (mut args, ty) = call.binder.unify(call.name, args)?;
    let last = args.pop().map(|a| a.expr);
    if args.is_empty() {
        return Ok(Typed::new(last.unwrap_or_default(), ty));
    }
    let whens = args
        .into_iter()
        .map(|a| (Expr::IsNotNull(Box::new(a.expr.clone())), a.expr))
        .collect();
    Ok(case(whens, last, ty))
}

/// NVL2(e, not_null, null).
///
/// # Errors
/// Arguments without a common type.
pub fn nvl2(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(3, 3)?;
    let test = call.bind(0)?;
    let values = vec![call.bind(1)?, call.bind(2)?];
    let (values, ty) = call.binder.unify(call.name, values)?;
    let [yes, no] = <[Typed; 2]>::try_from(values).map_err(|_| call.count_error(3, 3))?;
    Ok(case(
        vec![(Expr::IsNotNull(Box::new(test.expr)), yes.expr)],
        Some(no.expr),
        ty,
    ))
}

/// IFF(condition, then, else).
///
/// # Errors
/// Arguments without a common type, a condition that is none.
pub fn iff(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(3, 3)?;
    let test = call.bind(0)?;
    let test = call.binder.condition(test)?;
    let values = vec![call.bind(1)?, call.bind(2)?];
    let (values, ty) = call.binder.unify(call.name, values)?;
    let [yes, no] = <[Typed; 2]>::try_from(values).map_err(|_| call.count_error(3, 3))?;
    Ok(case(vec![(test.expr, yes.expr)], Some(no.expr), ty))
}

/// NULLIF(a, b): NULL when both are equal, else `a`.
///
/// # Errors
/// Arguments that cannot be compared.
pub fn nullif(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (a, b) = (call.bind(0)?, call.bind(1)?);
    let equal = call.binder.compare(Operator::Eq, a.clone(), b)?;
    let null = call.binder.null(&a.ty)?;
    Ok(case(vec![(equal.expr, null.expr)], Some(a.expr), a.ty))
}

/// ZEROIFNULL(n).
///
/// # Errors
/// An argument that is no number.
pub fn zero_if_null(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let a = call.bind(0)?;
    let a = call.coerce(a, crate::functions::Param::Number)?;
    let zero = call.binder.dialect.number_literal("0")?;
    let (values, ty) = call.binder.unify(call.name, vec![a, zero])?;
    let [a, zero] = <[Typed; 2]>::try_from(values).map_err(|_| call.count_error(1, 1))?;
    Ok(case(
        vec![(Expr::IsNull(Box::new(a.expr.clone())), zero.expr)],
        Some(a.expr),
        ty,
    ))
}

/// NULLIFZERO(n).
///
/// # Errors
/// An argument that is no number.
pub fn null_if_zero(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let a = call.bind(0)?;
    let a = call.coerce(a, crate::functions::Param::Number)?;
    let zero = call.binder.dialect.number_literal("0")?;
    let equal = call.binder.compare(Operator::Eq, a.clone(), zero)?;
    let null = call.binder.null(&a.ty)?;
    Ok(case(vec![(equal.expr, null.expr)], Some(a.expr), a.ty))
}

/// EQUAL_NULL(a, b): equality in which NULLs are equal.
///
/// # Errors
/// Arguments that cannot be compared.
pub fn equal_null(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (a, b) = (call.bind(0)?, call.bind(1)?);
    call.binder.compare(Operator::IsNotDistinctFrom, a, b)
}

/// DECODE(e, search, result, …, default): NULL matches NULL.
///
/// # Errors
/// Arguments that cannot be compared or have no common type.
pub fn decode(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(3, usize::MAX)?;
    let args = call.bind_all()?;
    let mut rest = args.into_iter();
    let Some(subject) = rest.next() else {
        return Err(call.count_error(3, 0));
    };
    let rest: Vec<Typed> = rest.collect();
    let mut tests = Vec::new();
    let mut results = Vec::new();
    for pair in rest.chunks(2) {
        match pair {
            [search, result] => {
                tests.push(
                    call.binder
                        .compare(Operator::IsNotDistinctFrom, subject.clone(), search.clone())?
                        .expr,
                );
                results.push(result.clone());
            }
            [default] => results.push(default.clone()),
            _ => {}
        }
    }
    let (mut results, ty) = call.binder.unify(call.name, results)?;
    let default = if results.len() > tests.len() {
        results.pop().map(|d| d.expr)
    } else {
        None
    };
    let whens = tests
        .into_iter()
        .zip(results.into_iter().map(|r| r.expr))
        .collect();
    Ok(case(whens, default, ty))
}

/// BOOLAND, BOOLOR, BOOLXOR over numbers or booleans.
///
/// # Errors
/// Arguments that are no truth values.
pub fn boolean_pair(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (a, b) = (call.bind(0)?, call.bind(1)?);
    let (a, b) = (call.binder.condition(a)?, call.binder.condition(b)?);
    match call.name {
        "BOOLAND" => Ok(Typed::new(a.expr.and(b.expr), SqlType::Boolean)),
        "BOOLOR" => Ok(Typed::new(a.expr.or(b.expr), SqlType::Boolean)),
        _ => call.binder.compare(Operator::NotEq, a, b),
    }
}

/// BOOLNOT.
///
/// # Errors
/// An argument that is no truth value.
pub fn boolean_not(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let a = call.bind(0)?;
    let a = call.binder.condition(a)?;
    Ok(Typed::new(Expr::Not(Box::new(a.expr)), SqlType::Boolean))
}

/// Least and greatest: NULL when any argument is NULL on Snowflake; NULLs are passed over on Redshift and in
/// the functions named …_IGNORE_NULLS.
///
/// # Errors
/// Arguments without a common type.
pub fn extreme(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, usize::MAX)?;
    let args = call.bind_all()?;
    let (args, ty) = call.binder.unify(call.name, args)?;
    let ignore =
        call.name.ends_with("_IGNORE_NULLS") || call.binder.env.dialect == DialectName::Redshift;
    let kernel = match (call.name.starts_with("GREATEST"), ignore) {
        (true, false) => greatest as crate::functions::Kernel,
        (true, true) => greatest_ignoring,
        (false, false) => least,
        (false, true) => least_ignoring,
    };
    Ok(call.kernel(kernel, args, ty))
}

fn greatest(call: &Call<'_>) -> Result<ArrayRef> {
    fold(call, true, false)
}
fn greatest_ignoring(call: &Call<'_>) -> Result<ArrayRef> {
    fold(call, true, true)
}
fn least(call: &Call<'_>) -> Result<ArrayRef> {
    fold(call, false, false)
}
fn least_ignoring(call: &Call<'_>) -> Result<ArrayRef> {
    fold(call, false, true)
}

fn fold(call: &Call<'_>, larger: bool, ignore: bool) -> Result<ArrayRef> {
    let column = |i: usize| -> Result<ArrayRef> {
        let c = &call.args[i];
        if c.scalar && call.rows != 1 {
            let mask = BooleanArray::from(vec![true; call.rows]);
            return Ok(zip(
                &mask,
                &Scalar::new(Arc::clone(&c.array)),
                &Scalar::new(Arc::clone(&c.array)),
            )?);
        }
        Ok(Arc::clone(&c.array))
    };
    let mut best = column(0)?;
    for i in 1..call.args.len() {
        let next = column(i)?;
        let (a, b) = (comparable(&best)?, comparable(&next)?);
        let keep = if larger {
            cmp::gt_eq(&a, &b)?
        } else {
            cmp::lt_eq(&a, &b)?
        };
        // A comparison with NULL is NULL, which `zip` reads as false: the NULL side has to be named.
        let keep = if ignore {
            // The best so far may be NULL itself; then the next one is taken.
            and(&or(&fill(&keep), &is_null(&next)?)?, &is_not_null(&best)?)?
        } else {
            or(&fill(&keep), &is_null(&best)?)?
        };
        best = zip(&keep, &best, &next)?;
    }
    Ok(best)
}

/// What values are compared by: a timestamp with an offset by its instant, all else by itself.
fn comparable(array: &ArrayRef) -> Result<ArrayRef> {
    let Some(instants) = array
        .as_any()
        .downcast_ref::<StructArray>()
        .and_then(|s| s.column_by_name("instant"))
    else {
        return Ok(Arc::clone(array));
    };
    let nulls = NullBuffer::union(instants.nulls(), array.nulls());
    let data = instants.to_data().into_builder().nulls(nulls).build()?;
    Ok(make_array(data))
}

/// NULL as false.
fn fill(a: &BooleanArray) -> BooleanArray {
    a.iter().map(|v| Some(v.unwrap_or(false))).collect()
}
