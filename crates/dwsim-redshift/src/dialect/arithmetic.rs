//! Operators: which operand types give which result, by the guide's "Computations with numeric values".
//! The arithmetic itself is in the engine's kernels.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Int32Type, IntervalUnit, Time64NanosecondType};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Cast, Expr, Operator};
use dwsim_engine::dialect::BinaryOp;
use dwsim_engine::error::{ErrorKind, Result};
use dwsim_engine::functions::{Call, Kernel, Param, Typed};
use dwsim_engine::kernels::{arithmetic, semi, text};
use dwsim_engine::plan::{Binder, CastMode};
use dwsim_engine::types::{REDSHIFT_MAX_VARCHAR, SqlType, TypeClass};

use super::coercion::wider_int;

fn mismatch(
    binder: &Binder<'_>,
    op: BinaryOp,
    left: &Typed,
    right: &Typed,
) -> dwsim_engine::error::SqlError {
    ErrorKind::ArgumentTypes {
        function: op.symbol().to_owned(),
        arguments: vec![binder.type_name(&left.ty), binder.type_name(&right.ty)],
    }
    .into()
}

fn kernel_of(op: BinaryOp) -> Option<Kernel> {
    Some(match op {
        BinaryOp::Add => arithmetic::add,
        BinaryOp::Sub => arithmetic::subtract,
        BinaryOp::Mul => arithmetic::multiply,
        BinaryOp::Div => arithmetic::divide,
        BinaryOp::Mod => arithmetic::remainder,
        _ => return None,
    })
}

/// The operation with its result type.
pub(super) fn bind(
    binder: &mut Binder<'_>,
    op: BinaryOp,
    left: Typed,
    right: Typed,
) -> Result<Typed> {
    use TypeClass as C;
    if op == BinaryOp::Concat {
        return concat(binder, left, right);
    }
    // `+` joins texts too.
    if op == BinaryOp::Add && left.ty.class() == C::Text && right.ty.class() == C::Text {
        return concat(binder, left, right);
    }
    if left.ty.class() == C::Binary || right.ty.class() == C::Binary {
        return on_bytes(binder, op, left, right);
    }
    let (left, right) = adapt(binder, op, left, right)?;
    match (left.ty.class(), right.ty.class()) {
        (C::Semi, _) | (_, C::Semi) => on_super(binder, op, left, right),
        (C::Numeric, C::Numeric) => numbers(binder, op, left, right),
        (C::Null, C::Null) => binder.null(&SqlType::Integer),
        _ => moments(binder, op, left, right),
    }
}

/// Untyped literals and NULLs take the type that the other operand suggests.
fn adapt(binder: &Binder<'_>, op: BinaryOp, left: Typed, right: Typed) -> Result<(Typed, Typed)> {
    let target = |other: &Typed, this: &Typed| -> Option<SqlType> {
        use TypeClass as C;
        match (this.ty.class(), other.ty.class()) {
            (C::Null, C::Numeric) => Some(other.ty.clone()),
            (C::Null, C::Date) if op == BinaryOp::Sub || op == BinaryOp::Add => {
                Some(SqlType::Integer)
            }
            (C::Null, C::Timestamp | C::Time) => Some(SqlType::Interval),
            (C::Null, C::Interval) => Some(SqlType::Timestamp(6)),
            (C::Text, C::Numeric) => match this.literal_text() {
                // A literal keeps its digits next to a decimal: 1.5 * '2.25'.
                Some(s) if !other.ty.is_float() => match super::types::number_literal(s.trim()) {
                    Ok(t) if !other.ty.is_int() || t.ty.is_int() => Some(t.ty),
                    _ => Some(other.ty.clone()),
                },
                _ => Some(other.ty.clone()),
            },
            (C::Text, C::Date) if op == BinaryOp::Sub => Some(SqlType::Date),
            (C::Text, C::Timestamp) if op == BinaryOp::Sub => Some(other.ty.clone()),
            (C::Text, C::Interval) => Some(SqlType::Timestamp(6)),
            (C::Text, C::Text) => Some(SqlType::Double),
            _ => None,
        }
    };
    let (to_left, to_right) = (target(&right, &left), target(&left, &right));
    let cast = |v: Typed, to: Option<SqlType>| match to {
        Some(ty) => binder.cast(v, &ty, CastMode::Implicit),
        None => Ok(v),
    };
    Ok((cast(left, to_left)?, cast(right, to_right)?))
}

/// Result type of `+ - * / %` over numbers.
pub(super) fn number_type(op: BinaryOp, a: &SqlType, b: &SqlType) -> SqlType {
    if a.is_float() || b.is_float() {
        return if *a == SqlType::Real && *b == SqlType::Real {
            SqlType::Real
        } else {
            SqlType::Double
        };
    }
    if a.is_int() && b.is_int() {
        return wider_int(a, b);
    }
    let (Some((p1, s1)), Some((p2, s2))) = (a.decimal_shape(), b.decimal_shape()) else {
        return SqlType::Double;
    };
    let (p1, s1, p2, s2) = (i32::from(p1), i32::from(s1), i32::from(p2), i32::from(s2));
    let (precision, scale) = match op {
        BinaryOp::Mul => (p1 + p2 + 1, s1 + s2),
        BinaryOp::Div => {
            let scale = 4.max(s1 + p2 - s2 + 1);
            (p1 - s1 + s2 + scale, scale)
        }
        BinaryOp::Mod => {
            let scale = s1.max(s2);
            ((p1 - s1).max(p2 - s2) + scale, scale)
        }
        _ => {
            let scale = s1.max(s2);
            ((p1 - s1).max(p2 - s2) + 1 + scale, scale)
        }
    };
    // Beyond 38 digits the fraction gives way first, down to what the whole digits need.
    let scale = if precision > 38 {
        match op {
            BinaryOp::Div | BinaryOp::Mul => (38 + scale - precision).max(scale.min(4)),
            _ => scale.min(38),
        }
    } else {
        scale
    };
    SqlType::number(precision.min(38) as u8, scale.clamp(0, 38) as u8)
}

fn numbers(binder: &mut Binder<'_>, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed> {
    if let Some(kernel) = kernel_of(op) {
        let ty = number_type(op, &left.ty, &right.ty);
        let operand = |v: Typed| -> Result<Typed> {
            // Decimal kernels take operands of any scale; integers become decimals of their own digits.
            let to = match (&ty, v.ty.decimal_shape()) {
                (SqlType::Number { .. }, Some((p, s))) => SqlType::number(p, s),
                _ => ty.clone(),
            };
            binder.cast(v, &to, CastMode::Implicit)
        };
        let (l, r) = (operand(left)?, operand(right)?);
        return Ok(binder.kernel(op.symbol(), kernel, vec![l, r], ty));
    }
    if op == BinaryOp::Pow {
        let l = binder.cast(left, &SqlType::Double, CastMode::Implicit)?;
        let r = binder.cast(right, &SqlType::Double, CastMode::Implicit)?;
        return Ok(binder.kernel("^", power, vec![l, r], SqlType::Double));
    }
    if !(left.ty.is_int() && right.ty.is_int()) {
        return Err(mismatch(binder, op, &left, &right));
    }
    let operator = match op {
        BinaryOp::BitAnd => Operator::BitwiseAnd,
        BinaryOp::BitOr => Operator::BitwiseOr,
        BinaryOp::BitXor => Operator::BitwiseXor,
        BinaryOp::ShiftLeft => Operator::BitwiseShiftLeft,
        _ => Operator::BitwiseShiftRight,
    };
    let ty = wider_int(&left.ty, &right.ty);
    let l = binder.cast(left, &ty, CastMode::Implicit)?;
    let r = binder.cast(right, &ty, CastMode::Implicit)?;
    Ok(infix(operator, l, r, ty))
}

fn infix(op: Operator, l: Typed, r: Typed, ty: SqlType) -> Typed {
    Typed::new(
        Expr::BinaryExpr(BinaryExpr::new(Box::new(l.expr), op, Box::new(r.expr))),
        ty,
    )
}

fn power(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (call.double(0)?, call.double(1)?);
    call.map_double(|row| {
        let Some((x, y)) = a.get(row).zip(b.get(row)) else {
            return Ok(None);
        };
        let v = x.powf(y);
        if v.is_nan() && !x.is_nan() && !y.is_nan() {
            return Err(call.error("invalid argument for power function"));
        }
        if v.is_infinite() && x.is_finite() && y.is_finite() {
            return Err(ErrorKind::OutOfRange {
                ty: "double precision".into(),
                value: String::new(),
            }
            .into());
        }
        Ok(Some(v))
    })
}

fn concat(binder: &mut Binder<'_>, left: Typed, right: Typed) -> Result<Typed> {
    if left.ty.class() == TypeClass::Binary && right.ty.class() == TypeClass::Binary {
        return Ok(binder.kernel("||", join_bytes, vec![left, right], SqlType::Binary(None)));
    }
    binder.one_collation(&[&left, &right])?;
    let insensitive = left.ty.collation().or(right.ty.collation()).cloned();
    let length = |t: &SqlType| match t.plain_text() {
        SqlType::Varchar(Some(n)) | SqlType::Char(n) => Some(n),
        _ => None,
    };
    let ty = match (length(&left.ty), length(&right.ty)) {
        (Some(a), Some(b)) => SqlType::Varchar(Some((a + b).clamp(1, REDSHIFT_MAX_VARCHAR))),
        _ => SqlType::text(),
    };
    let ty = match insensitive {
        Some(c) => ty.with_collation(&c.specification, c.explicit),
        None => ty,
    };
    let as_text = |binder: &Binder<'_>, v: Typed, other: &Typed, first: bool| {
        let shown = v.clone();
        match binder.coerce(v, Param::Text)? {
            Some(t) => Ok(t),
            None if first => Err(mismatch(binder, BinaryOp::Concat, &shown, other)),
            None => Err(mismatch(binder, BinaryOp::Concat, other, &shown)),
        }
    };
    let l = as_text(binder, left.clone(), &right, true)?;
    let r = as_text(binder, right, &left, false)?;
    Ok(infix(Operator::StringConcat, l, r, ty))
}

/// VARBYTE has `+` (concatenation) and the bitwise operators (r_VARBYTE_OPERATORS).
fn on_bytes(binder: &mut Binder<'_>, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed> {
    let kernel: Kernel = match op {
        BinaryOp::Add => join_bytes,
        BinaryOp::BitAnd => text::bytes_and,
        BinaryOp::BitOr => text::bytes_or,
        BinaryOp::BitXor => text::bytes_xor,
        _ => return Err(mismatch(binder, op, &left, &right)),
    };
    let both = [&left, &right].map(|v| matches!(v.ty.class(), TypeClass::Binary | TypeClass::Null));
    if both != [true, true] {
        return Err(mismatch(binder, op, &left, &right));
    }
    let ty = SqlType::Binary(None);
    let l = binder.cast(left, &ty, CastMode::Implicit)?;
    let r = binder.cast(right, &ty, CastMode::Implicit)?;
    Ok(binder.kernel(op.symbol(), kernel, vec![l, r], ty))
}

fn join_bytes(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (call.bytes(0)?, call.bytes(1)?);
    call.map_bytes(|row| Ok(a.get(row).zip(b.get(row)).map(|(a, b)| [a, b].concat())))
}

fn on_super(binder: &mut Binder<'_>, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed> {
    let kernel: Kernel = match op {
        BinaryOp::Add => semi::super_add,
        BinaryOp::Sub => semi::super_sub,
        BinaryOp::Mul => semi::super_mul,
        BinaryOp::Div => semi::super_div,
        BinaryOp::Mod => semi::super_mod,
        _ => return Err(mismatch(binder, op, &left, &right)),
    };
    // What has no SUPER form is refused here; the kernel gets the operands as they are declared.
    for side in [&left, &right] {
        let _ = binder.cast(side.clone(), &SqlType::Variant, CastMode::Implicit)?;
    }
    Ok(binder.kernel(op.symbol(), kernel, vec![left, right], SqlType::Variant))
}

/// Any interval with months, days and nanoseconds.
fn wide_interval(v: Typed) -> Typed {
    if v.ty == SqlType::Interval {
        return v;
    }
    let to = DataType::Interval(IntervalUnit::MonthDayNano);
    Typed::new(
        Expr::Cast(Cast::new(Box::new(v.expr), to)),
        SqlType::Interval,
    )
}

/// Dates, times, timestamps and intervals.
fn moments(binder: &mut Binder<'_>, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed> {
    use TypeClass as C;
    let (a, b) = (left.ty.class(), right.ty.class());
    match (a, op, b) {
        (C::Date, BinaryOp::Add, C::Numeric) if right.ty.is_int() => days(binder, left, right),
        (C::Numeric, BinaryOp::Add, C::Date) if left.ty.is_int() => days(binder, right, left),
        (C::Date, BinaryOp::Sub, C::Numeric) if right.ty.is_int() => {
            let n = binder.cast(right, &SqlType::BigInt, CastMode::Implicit)?;
            let minus = binder.kernel("-", arithmetic::negate, vec![n], SqlType::BigInt);
            days(binder, left, minus)
        }
        (C::Date, BinaryOp::Sub, C::Date) => Ok(binder.kernel(
            "-",
            arithmetic::date_difference,
            vec![left, right],
            SqlType::BigInt,
        )),
        (C::Date, BinaryOp::Add, C::Time) => Ok(date_and_time(binder, left, right)),
        (C::Time, BinaryOp::Add, C::Date) => Ok(date_and_time(binder, right, left)),
        (C::Date | C::Timestamp | C::Time, BinaryOp::Add | BinaryOp::Sub, C::Interval) => {
            shift(binder, op, left, right)
        }
        (C::Interval, BinaryOp::Add, C::Date | C::Timestamp | C::Time) => {
            shift(binder, op, right, left)
        }
        (C::Timestamp | C::Date, BinaryOp::Sub, C::Timestamp | C::Date) => {
            let ty =
                super::coercion::common_type(&left.ty, &right.ty).unwrap_or(SqlType::Timestamp(6));
            let l = binder.cast(left, &ty, CastMode::Implicit)?;
            let r = binder.cast(right, &ty, CastMode::Implicit)?;
            Ok(infix(Operator::Minus, l, r, SqlType::IntervalDs))
        }
        (C::Interval, BinaryOp::Mul | BinaryOp::Div, C::Numeric) => scaled(binder, op, left, right),
        (C::Numeric, BinaryOp::Mul, C::Interval) => scaled(binder, op, right, left),
        (C::Interval, BinaryOp::Add | BinaryOp::Sub, C::Interval) => {
            let same = left.ty == right.ty;
            let ty = if same {
                left.ty.clone()
            } else {
                SqlType::Interval
            };
            let (l, r) = if same && ty != SqlType::Interval {
                (left, right)
            } else {
                (wide_interval(left), wide_interval(right))
            };
            if ty != SqlType::Interval {
                let operator = if op == BinaryOp::Add {
                    Operator::Plus
                } else {
                    Operator::Minus
                };
                return Ok(infix(operator, l, r, ty));
            }
            let r = if op == BinaryOp::Sub {
                binder.kernel("-", arithmetic::negate, vec![r], SqlType::Interval)
            } else {
                r
            };
            Ok(binder.kernel(
                "+",
                arithmetic::add_intervals,
                vec![l, r],
                SqlType::Interval,
            ))
        }
        _ => Err(mismatch(binder, op, &left, &right)),
    }
}

/// An interval times or over a number, in the interval's own type.
fn scaled(binder: &Binder<'_>, op: BinaryOp, interval: Typed, by: Typed) -> Result<Typed> {
    let ty = interval.ty.clone();
    let by = binder.cast(by, &SqlType::Double, CastMode::Implicit)?;
    let name = if op == BinaryOp::Mul { "*" } else { "/" };
    Ok(binder.kernel(name, scale_interval, vec![interval, by], ty))
}

/// The factor of a row; an error for a division by zero.
fn factor(call: &Call<'_>, by: f64) -> Result<f64> {
    match (call.name, by) {
        ("/", 0.0) => Err(ErrorKind::DivisionByZero.into()),
        ("/", by) => Ok(1.0 / by),
        (_, by) => Ok(by),
    }
}

fn scale_interval(call: &Call<'_>) -> Result<ArrayRef> {
    use arrow::array::{
        DurationMicrosecondArray, IntervalMonthDayNanoArray, IntervalYearMonthArray,
    };
    use arrow::datatypes::{
        DurationMicrosecondType, IntervalMonthDayNano, IntervalMonthDayNanoType,
        IntervalYearMonthType,
    };
    let by = call.double(1)?;
    let column = &call.args[0];
    let too_large = || {
        dwsim_engine::error::SqlError::from(ErrorKind::OutOfRange {
            ty: "interval".into(),
            value: String::new(),
        })
    };
    let whole = |v: f64| -> Result<i64> {
        if v.is_finite() && v.abs() < 9.2e18 {
            Ok(v as i64)
        } else {
            Err(too_large())
        }
    };
    let scaled = |row: usize| -> Result<Option<(usize, f64)>> {
        let i = column.index(row);
        match by.get(row) {
            Some(n) if column.array.is_valid(i) => Ok(Some((i, factor(call, n)?))),
            _ => Ok(None),
        }
    };
    match &call.types[0] {
        SqlType::IntervalYm => {
            let a = column.array.as_primitive::<IntervalYearMonthType>();
            let mut out = IntervalYearMonthArray::builder(call.rows);
            for row in 0..call.rows {
                out.append_option(match scaled(row)? {
                    Some((i, n)) => {
                        let months = whole((f64::from(a.value(i)) * n).trunc())?;
                        Some(i32::try_from(months).map_err(|_| too_large())?)
                    }
                    None => None,
                });
            }
            Ok(Arc::new(out.finish()))
        }
        SqlType::IntervalDs => {
            let a = column.array.as_primitive::<DurationMicrosecondType>();
            let mut out = DurationMicrosecondArray::builder(call.rows);
            for row in 0..call.rows {
                out.append_option(match scaled(row)? {
                    Some((i, n)) => Some(whole((a.value(i) as f64 * n).round())?),
                    None => None,
                });
            }
            Ok(Arc::new(out.finish()))
        }
        _ => {
            let a = column.array.as_primitive::<IntervalMonthDayNanoType>();
            let mut out = IntervalMonthDayNanoArray::builder(call.rows);
            for row in 0..call.rows {
                out.append_option(match scaled(row)? {
                    Some((i, n)) => {
                        // What does not fill a month is days of thirty to the month; what does not fill a day, time.
                        let v = a.value(i);
                        let months = f64::from(v.months) * n;
                        let days = f64::from(v.days) * n + months.fract() * 30.0;
                        let nanos = v.nanoseconds as f64 * n + days.fract() * 86_400e9;
                        Some(IntervalMonthDayNano::new(
                            i32::try_from(whole(months.trunc())?).map_err(|_| too_large())?,
                            i32::try_from(whole(days.trunc())?).map_err(|_| too_large())?,
                            whole((nanos / 1000.0).round())? * 1000,
                        ))
                    }
                    None => None,
                });
            }
            Ok(Arc::new(out.finish()))
        }
    }
}

fn days(binder: &Binder<'_>, date: Typed, n: Typed) -> Result<Typed> {
    let n = binder.cast(n, &SqlType::BigInt, CastMode::Implicit)?;
    Ok(binder.kernel("+", arithmetic::add_days, vec![date, n], SqlType::Date))
}

fn shift(binder: &Binder<'_>, op: BinaryOp, moment: Typed, by: Typed) -> Result<Typed> {
    let ty = match &moment.ty {
        SqlType::Date => SqlType::Timestamp(6),
        other => other.clone(),
    };
    let kernel: Kernel = if op == BinaryOp::Sub {
        arithmetic::subtract_interval
    } else {
        arithmetic::add_interval
    };
    Ok(binder.kernel(op.symbol(), kernel, vec![moment, wide_interval(by)], ty))
}

/// DATE + TIME is a TIMESTAMP, DATE + TIMETZ a TIMESTAMPTZ (r_DATE-CONCATENATE_function).
fn date_and_time(binder: &Binder<'_>, date: Typed, time: Typed) -> Typed {
    let (kernel, ty): (Kernel, SqlType) = if time.ty == SqlType::TimeTz {
        (at_zoned_time, SqlType::TimestampLtz(6))
    } else {
        (at_time, SqlType::Timestamp(6))
    };
    binder.kernel("+", kernel, vec![date, time], ty)
}

const DAY_MICROS: i64 = 86_400_000_000;

fn at_time(call: &Call<'_>) -> Result<ArrayRef> {
    let dates = call.date(0)?;
    let column = &call.args[1];
    let times = column.array.as_primitive::<Time64NanosecondType>();
    let micros: TimestampMicrosecondArray = (0..call.rows)
        .map(|row| {
            let d = dates.get(row)?;
            let i = column.index(row);
            times
                .is_valid(i)
                .then(|| i64::from(d) * DAY_MICROS + times.value(i) / 1000)
        })
        .collect();
    Ok(Arc::new(micros))
}

fn at_zoned_time(call: &Call<'_>) -> Result<ArrayRef> {
    let dates = call.date(0)?;
    let column = &call.args[1];
    let pairs = column.array.as_struct();
    let times = pairs.column(0).as_primitive::<Time64NanosecondType>();
    let offsets = pairs.column(1).as_primitive::<Int32Type>();
    let micros: TimestampMicrosecondArray = (0..call.rows)
        .map(|row| {
            let i = column.index(row);
            let d = dates.get(row)?;
            if pairs.is_null(i) {
                return None;
            }
            let offset = i64::from(offsets.value(i)) * 60_000_000;
            Some(i64::from(d) * DAY_MICROS + times.value(i) / 1000 - offset)
        })
        .collect();
    Ok(Arc::new(micros.with_timezone("UTC")))
}
