//! Operand and result types of `+ - * / % ||`.
//! Source: "Arithmetic operators", "Date & time data types" (intervals and days).

use datafusion::logical_expr::{Expr, Operator};
use dwsim_engine::dialect::BinaryOp;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::{Kernel, Typed};
use dwsim_engine::kernels::arithmetic as kernel;
use dwsim_engine::plan::{Binder, CastMode};
use dwsim_engine::types::{SqlType, TypeClass};

/// Precision and scale of the result. `L` counts the digits before the point.
fn shape(op: BinaryOp, (p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> (u8, u8) {
    let (l1, l2) = (p1 - s1, p2 - s2);
    let (l, s) = match op {
        BinaryOp::Mul => (l1 + l2, (s1 + s2).min(s1.max(s2).max(12))),
        BinaryOp::Div => (l1 + s2, s1.max((s1 + 6).min(12))),
        BinaryOp::Mod => (l1.max(l2), s1.max(s2)),
        _ => (l1.max(l2) + 1, s1.max(s2)),
    };
    let s = s.min(37);
    ((l + s).clamp(1, 38), s)
}

fn refused(binder: &Binder<'_>, op: BinaryOp, left: &Typed, right: &Typed) -> SqlError {
    ErrorKind::ArgumentTypes {
        function: op.symbol().to_owned(),
        arguments: vec![binder.type_name(&left.ty), binder.type_name(&right.ty)],
    }
    .into()
}

/// An operand as a number: text becomes NUMBER(18,5), VARIANT a float, machine integers NUMBER.
fn numeric(binder: &Binder<'_>, value: Typed, other: &SqlType) -> Result<Option<Typed>> {
    let to = match value.ty.class() {
        TypeClass::Numeric => match value.ty {
            SqlType::Number { .. } | SqlType::Double => return Ok(Some(value)),
            SqlType::Real => SqlType::Double,
            _ => value
                .ty
                .decimal_shape()
                .map_or(SqlType::Double, |(p, s)| SqlType::number(p, s)),
        },
        TypeClass::Null if other.is_numeric() => other.clone(),
        TypeClass::Null => SqlType::number(38, 0),
        TypeClass::Text if other.is_float() => SqlType::Double,
        TypeClass::Text => SqlType::number(18, 5),
        TypeClass::Semi if value.ty == SqlType::Variant => SqlType::Double,
        _ => return Ok(None),
    };
    binder.cast(value, &to, CastMode::Implicit).map(Some)
}

pub(super) fn arithmetic(
    binder: &mut Binder<'_>,
    op: BinaryOp,
    left: Typed,
    right: Typed,
) -> Result<Typed> {
    match op {
        BinaryOp::Concat => return concat(binder, left, right),
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => {}
        other => {
            return Err(SqlError::unsupported(format!(
                "operator {}",
                other.symbol()
            )));
        }
    }
    if let Some(t) = dates(binder, op, &left, &right)? {
        return Ok(t);
    }
    let error = refused(binder, op, &left, &right);
    let (lt, rt) = (left.ty.clone(), right.ty.clone());
    let (Some(l), Some(r)) = (numeric(binder, left, &rt)?, numeric(binder, right, &lt)?) else {
        return Err(error);
    };
    let run: Kernel = match op {
        BinaryOp::Add => kernel::add,
        BinaryOp::Sub => kernel::subtract,
        BinaryOp::Mul => kernel::multiply,
        BinaryOp::Div => kernel::divide,
        _ => kernel::remainder,
    };
    if l.ty.is_float() || r.ty.is_float() {
        let l = binder.cast(l, &SqlType::Double, CastMode::Implicit)?;
        let r = binder.cast(r, &SqlType::Double, CastMode::Implicit)?;
        return Ok(binder.kernel(op.symbol(), run, vec![l, r], SqlType::Double));
    }
    let (Some(a), Some(b)) = (l.ty.decimal_shape(), r.ty.decimal_shape()) else {
        return Err(error);
    };
    let (p, s) = shape(op, a, b);
    Ok(binder.kernel(op.symbol(), run, vec![l, r], SqlType::number(p, s)))
}

/// Dates moved by days or intervals, and the distance of dates; None for other operands.
fn dates(
    binder: &mut Binder<'_>,
    op: BinaryOp,
    left: &Typed,
    right: &Typed,
) -> Result<Option<Typed>> {
    use TypeClass::{Date, Interval, Numeric, Time, Timestamp};
    let add = op == BinaryOp::Add;
    if !add && op != BinaryOp::Sub {
        return Ok(None);
    }
    let error = || refused(binder, op, left, right);
    Ok(Some(match (left.ty.class(), right.ty.class()) {
        (Date, Numeric) | (Numeric, Date) => {
            let (date, days) = if left.ty.class() == Date {
                (left, right)
            } else {
                (right, left)
            };
            if !add && left.ty.class() != Date {
                return Err(error());
            }
            let mut days = binder.cast(days.clone(), &SqlType::BigInt, CastMode::Implicit)?;
            if !add {
                days = binder.kernel("-", kernel::negate, vec![days], SqlType::BigInt);
            }
            binder.kernel(
                op.symbol(),
                kernel::add_days,
                vec![date.clone(), days],
                SqlType::Date,
            )
        }
        (Date, Date) if !add => {
            let days = binder.kernel(
                "-",
                kernel::date_difference,
                vec![left.clone(), right.clone()],
                SqlType::BigInt,
            );
            binder.cast(days, &SqlType::number(9, 0), CastMode::Implicit)?
        }
        (Date | Time | Timestamp, Interval) => {
            let run: Kernel = if add {
                kernel::add_interval
            } else {
                kernel::subtract_interval
            };
            binder.kernel(
                op.symbol(),
                run,
                vec![left.clone(), right.clone()],
                moved_type(left, right),
            )
        }
        (Interval, Date | Time | Timestamp) if add => {
            let ty = moved_type(right, left);
            binder.kernel(
                "+",
                kernel::add_interval,
                vec![right.clone(), left.clone()],
                ty,
            )
        }
        (TypeClass::Text, Interval) => {
            let moved = binder.cast(left.clone(), &SqlType::Timestamp(9), CastMode::Implicit)?;
            return dates(binder, op, &moved, right);
        }
        (Interval, Interval) if add => binder.kernel(
            "+",
            kernel::add_intervals,
            vec![left.clone(), right.clone()],
            SqlType::Interval,
        ),
        (Date | Time | Timestamp | Interval, _) | (_, Date | Time | Timestamp | Interval)
            if left.ty != SqlType::Null && right.ty != SqlType::Null =>
        {
            return Err(error());
        }
        (Date | Time | Timestamp, _) => binder.null(&left.ty)?,
        (_, Date | Time | Timestamp) => binder.null(&right.ty)?,
        _ => return Ok(None),
    }))
}

/// A date plus an interval of whole days stays a date; with a time part it becomes a timestamp.
fn moved_type(date: &Typed, interval: &Typed) -> SqlType {
    if date.ty != SqlType::Date {
        return date.ty.clone();
    }
    let whole = match dwsim_engine::exec::constant(&interval.expr) {
        Ok(datafusion::scalar::ScalarValue::IntervalMonthDayNano(Some(i))) => i.nanoseconds == 0,
        _ => false,
    };
    if whole {
        SqlType::Date
    } else {
        SqlType::Timestamp(9)
    }
}

/// `||`: text of any value; two binaries give a binary.
fn concat(binder: &Binder<'_>, left: Typed, right: Typed) -> Result<Typed> {
    if left.ty.class() == TypeClass::Binary && right.ty.class() == TypeClass::Binary {
        return Err(SqlError::unsupported("|| of BINARY values"));
    }
    let error = refused(binder, BinaryOp::Concat, &left, &right);
    let length = match (&left.ty.plain_text(), &right.ty.plain_text()) {
        (SqlType::Varchar(Some(a)), SqlType::Varchar(Some(b))) => Some(
            a.saturating_add(*b)
                .min(dwsim_engine::types::SNOWFLAKE_MAX_VARCHAR),
        ),
        _ => None,
    };
    let text = |v: Typed| binder.coerce(v, dwsim_engine::functions::Param::Text);
    let (Some(l), Some(r)) = (text(left)?, text(right)?) else {
        return Err(error);
    };
    let expr = Expr::BinaryExpr(datafusion::logical_expr::BinaryExpr::new(
        Box::new(l.expr.clone()),
        Operator::StringConcat,
        Box::new(r.expr.clone()),
    ));
    let ty = SqlType::Varchar(length);
    let of = [&l.ty, &r.ty].into_iter().find_map(SqlType::collation);
    let ty = match of {
        Some(c) => ty.with_collation(&c.specification, c.explicit),
        None => ty,
    };
    Ok(Typed::new(expr, ty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_follow_the_documentation() {
        let n = |p, s| (p, s);
        for (op, a, b, want) in [
            (BinaryOp::Add, n(5, 2), n(4, 1), n(6, 2)),
            (BinaryOp::Mul, n(5, 2), n(4, 1), n(9, 3)),
            (BinaryOp::Mul, n(20, 10), n(20, 5), n(37, 12)),
            (BinaryOp::Div, n(1, 0), n(1, 0), n(7, 6)),
            (BinaryOp::Div, n(10, 2), n(5, 3), n(19, 8)),
            (BinaryOp::Div, n(38, 10), n(5, 0), n(38, 12)),
            (BinaryOp::Add, n(38, 0), n(38, 10), n(38, 10)),
            (BinaryOp::Mod, n(5, 0), n(3, 2), n(7, 2)),
        ] {
            assert_eq!(shape(op, a, b), want, "{op:?} {a:?} {b:?}");
        }
    }
}
