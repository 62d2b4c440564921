//! Bindings of functions whose kernel and result type depend on the kind of number.
//! The kernels are beside this file.

use datafusion::scalar::ScalarValue;

use super::round::{self, floats, step_decimal};
use crate::dialect::{BinaryOp, DialectName};
use crate::error::{Result, SqlError};
use crate::functions::{Call, FnCall, Kernel, Param, Typed};
use crate::plan::CastMode;
use crate::types::SqlType;

/// The argument as a number, with machine integers left as they are.
fn number(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let v = call.bind(0)?;
    call.coerce(v, Param::Number)
}

/// An integer argument's value when it is a literal, after coercion.
fn literal(t: &Typed) -> Option<i64> {
    match t.literal() {
        Some(ScalarValue::Int64(v)) => *v,
        Some(ScalarValue::Decimal128(Some(v), _, 0)) => i64::try_from(*v).ok(),
        _ => None,
    }
}

fn as_decimal(call: &FnCall<'_, '_>, t: Typed) -> Result<Typed> {
    match t.ty.decimal_shape() {
        Some((p, s)) if t.ty.is_int() => {
            call.binder
                .cast(t, &SqlType::number(p, s), CastMode::Implicit)
        }
        _ => Ok(t),
    }
}

fn ceil_float(call: &Call<'_>) -> Result<arrow::array::ArrayRef> {
    floats(call, f64::ceil)
}
fn floor_float(call: &Call<'_>) -> Result<arrow::array::ArrayRef> {
    floats(call, f64::floor)
}
fn ceil_decimal(call: &Call<'_>) -> Result<arrow::array::ArrayRef> {
    step_decimal(call, true)
}
fn floor_decimal(call: &Call<'_>) -> Result<arrow::array::ArrayRef> {
    step_decimal(call, false)
}

/// Functions with an optional number of digits: the result keeps `min(scale, digits)` digits after the point.
fn digits(
    call: &mut FnCall<'_, '_>,
    decimal: Kernel,
    float: Kernel,
    carries: bool,
) -> Result<Typed> {
    call.expect(1, 3)?;
    let v = number(call)?;
    let mut args = Vec::new();
    let n = if call.len() > 1 {
        let n = call.bind(1)?;
        Some(call.coerce(n, Param::Int)?)
    } else {
        None
    };
    if v.ty.is_float() {
        let ty = SqlType::Double;
        args.push(call.coerce(v, Param::Double)?);
        args.extend(n);
        return Ok(call.kernel(float, args, ty));
    }
    if v.ty.is_int() && n.is_none() {
        return Ok(v);
    }
    let back = v.ty.is_int().then(|| v.ty.clone());
    let v = as_decimal(call, v)?;
    let (p, s) = v.ty.decimal_shape().unwrap_or((38, 0));
    let scale = match &n {
        None => 0,
        Some(t) => match literal(t) {
            Some(n) => n.clamp(0, i64::from(s)) as u8,
            None => s,
        },
    };
    let precision = (p - (s - scale))
        .saturating_add(u8::from(carries))
        .clamp(1, 38)
        .max(scale);
    args.push(v);
    args.extend(n);
    let out = call.kernel(decimal, args, SqlType::number(precision, scale));
    match back {
        Some(ty) => call.binder.cast(out, &ty, CastMode::Implicit),
        None => Ok(out),
    }
}

/// ROUND of numbers: `(value [, digits [, mode]])`, on Snowflake also by the names EXPR, SCALE and ROUNDING_MODE.
pub fn round(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let modes = call.env().dialect == DialectName::Snowflake;
    call.expect(1, if modes { 3 } else { 2 })?;
    let names = ["expr", "scale", "rounding_mode"];
    let place = |i: usize| match call.arg_name(i) {
        None => Ok(i),
        Some(name) => names.iter().position(|n| *n == name).ok_or_else(|| {
            SqlError::argument(call.name, format!("ROUND has no argument named {name}"))
        }),
    };
    let places = (0..call.len()).map(place).collect::<Result<Vec<_>>>()?;
    let mut ast = call.ast.clone();
    if let sqlparser::ast::FunctionArguments::List(list) = &mut ast.args {
        let mut given: Vec<_> = places.iter().zip(list.args.drain(..)).collect();
        given.sort_by_key(|(place, _)| **place);
        if given.iter().enumerate().any(|(i, (place, _))| i != **place) {
            return Err(SqlError::argument(
                call.name,
                "an argument of ROUND is missing or given twice",
            ));
        }
        list.args = given.into_iter().map(|(_, a)| a).collect();
    }
    let mut mode = None;
    if call.len() == 3 {
        let third = FnCall {
            binder: call.binder,
            name: call.name,
            ast: &ast,
        }
        .bind(2)?;
        let third = call.coerce(third, Param::Text)?;
        mode = match crate::exec::constant(&third.expr)? {
            ScalarValue::Utf8(Some(m)) => Some(m.to_ascii_uppercase()),
            _ => return call.binder.null(&SqlType::number(38, 0)),
        };
        if let sqlparser::ast::FunctionArguments::List(list) = &mut ast.args {
            list.args.truncate(2);
        }
    }
    let even = match mode.as_deref() {
        None | Some("HALF_AWAY_FROM_ZERO") => false,
        Some("HALF_TO_EVEN") => true,
        Some(other) => {
            return Err(SqlError::argument(
                call.name,
                format!("Invalid rounding mode '{other}': HALF_AWAY_FROM_ZERO or HALF_TO_EVEN"),
            ));
        }
    };
    let mut inner = FnCall {
        binder: call.binder,
        name: call.name,
        ast: &ast,
    };
    if !even {
        return digits(&mut inner, round::round_decimal, round::round_float, true);
    }
    digits(&mut inner, round::round_even_decimal, exact_only, true)
}

/// HALF_TO_EVEN is a mode of exact numbers.
fn exact_only(call: &Call<'_>) -> Result<arrow::array::ArrayRef> {
    Err(call.error("the rounding mode HALF_TO_EVEN takes NUMBER values only"))
}

/// TRUNC of numbers.
pub fn truncate(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 2)?;
    digits(call, round::truncate_decimal, round::truncate_float, false)
}

/// CEIL and FLOOR to a number of digits are Snowflake's.
fn most_arguments(call: &FnCall<'_, '_>) -> usize {
    match call.env().dialect {
        DialectName::Snowflake => 2,
        DialectName::Redshift => 1,
    }
}

/// CEIL.
pub fn ceil(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, most_arguments(call))?;
    digits(call, ceil_decimal, ceil_float, true)
}

/// FLOOR.
pub fn floor(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, most_arguments(call))?;
    digits(call, floor_decimal, floor_float, true)
}

/// ABS keeps the type.
pub fn abs(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let v = number(call)?;
    let ty = v.ty.clone();
    if ty.is_float() {
        let v = call.coerce(v, Param::Double)?;
        return Ok(call.kernel(round::abs_float, vec![v], ty));
    }
    if ty.is_int() {
        let v = call.coerce(v, Param::Int)?;
        return Ok(call.kernel(round::abs_int, vec![v], ty));
    }
    Ok(call.kernel(round::abs_decimal, vec![v], ty))
}

/// SIGN: -1, 0 or 1.
pub fn sign(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let v = number(call)?;
    let ty = match (call.env().dialect, v.ty.is_float()) {
        (DialectName::Snowflake, true) => SqlType::Double,
        (DialectName::Snowflake, false) => SqlType::number(1, 0),
        (DialectName::Redshift, true) => SqlType::Double,
        (DialectName::Redshift, false) if v.ty.is_int() => SqlType::Integer,
        (DialectName::Redshift, false) => SqlType::number(1, 0),
    };
    let v = call.coerce(v, Param::Double)?;
    Ok(call.kernel(round::sign_number, vec![v], ty))
}

/// MOD is the operator `%`.
pub fn modulo(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let a = number(call)?;
    let b = call.bind(1)?;
    let b = call.coerce(b, Param::Number)?;
    let dialect = call.binder.dialect;
    dialect.arithmetic(call.binder, BinaryOp::Mod, a, b)
}

fn power_kernel(call: &Call<'_>) -> Result<arrow::array::ArrayRef> {
    let (a, b) = (call.double(0)?, call.double(1)?);
    call.map_double(|row| {
        let (Some(a), Some(b)) = (a.get(row), b.get(row)) else {
            return Ok(None);
        };
        let r = a.powf(b);
        if r.is_nan() && !a.is_nan() && !b.is_nan() {
            return Err(crate::error::SqlError::raw(
                "100049",
                "2201F",
                match call.env.dialect {
                    DialectName::Redshift => "invalid argument for power function".into(),
                    DialectName::Snowflake => {
                        format!("Invalid floating point operation: pow({a},{b})")
                    }
                },
            ));
        }
        Ok(Some(r))
    })
}

/// POWER, as a float.
pub fn power(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let a = call.bind(0)?;
    let a = call.coerce(a, Param::Double)?;
    let b = call.bind(1)?;
    let b = call.coerce(b, Param::Double)?;
    Ok(call.kernel(power_kernel, vec![a, b], SqlType::Double))
}

/// A division that gives 0 where the divisor is 0 (and, for DIV0NULL, NULL).
fn safe_division(call: &mut FnCall<'_, '_>, null_divisor: bool) -> Result<Typed> {
    use datafusion::logical_expr::{Expr, when};
    call.expect(2, 2)?;
    let a = number(call)?;
    let b = call.bind(1)?;
    let b = call.coerce(b, Param::Number)?;
    let dialect = call.binder.dialect;
    // The divisor is replaced by NULL where it is 0, so that dividing cannot fail.
    let zero = Expr::Literal(ScalarValue::new_zero(&b.ty.arrow())?, None);
    let is_zero = b.expr.clone().eq(zero);
    let nothing = Expr::Literal(ScalarValue::try_from(&b.ty.arrow())?, None);
    let safe = Typed::new(
        when(is_zero.clone(), nothing).otherwise(b.expr.clone())?,
        b.ty.clone(),
    );
    let q = dialect.arithmetic(call.binder, BinaryOp::Div, a.clone(), safe)?;
    let none = Expr::Literal(ScalarValue::new_zero(&q.ty.arrow())?, None);
    let condition = if null_divisor {
        is_zero.or(b.expr.is_null())
    } else {
        is_zero
    };
    let null = Expr::Literal(ScalarValue::try_from(&q.ty.arrow())?, None);
    let expr = when(a.expr.is_null(), null)
        .when(condition, none)
        .otherwise(q.expr)?;
    Ok(Typed::new(expr, q.ty))
}

/// DIV0.
pub fn div0(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    safe_division(call, false)
}

/// DIV0NULL: a NULL divisor gives 0 too.
pub fn div0_null(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    safe_division(call, true)
}
