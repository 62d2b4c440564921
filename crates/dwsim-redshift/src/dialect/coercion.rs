//! Which types meet in which: comparisons, alternatives, implicit casts.
//! Source: the guide's pages "Type compatibility and conversion" and "Computations with numeric values".

use datafusion::logical_expr::{Expr, Operator};
use datafusion::scalar::ScalarValue;
use dwsim_engine::error::Result;
use dwsim_engine::functions::{Call, Kernel, Typed};
use dwsim_engine::kernels::semi;
use dwsim_engine::plan::{Binder, CastMode};
use dwsim_engine::types::{REDSHIFT_MAX_VARCHAR, SqlType, TypeClass};

/// The wider of two machine integers.
pub(super) fn wider_int(a: &SqlType, b: &SqlType) -> SqlType {
    let rank = |t: &SqlType| match t {
        SqlType::SmallInt => 0,
        SqlType::Integer => 1,
        _ => 2,
    };
    match rank(a).max(rank(b)) {
        0 => SqlType::SmallInt,
        1 => SqlType::Integer,
        _ => SqlType::BigInt,
    }
}

/// A decimal that holds both shapes, as far as `cap` digits go.
fn covering(a: (u8, u8), b: (u8, u8), cap: u8) -> SqlType {
    let scale = a.1.max(b.1);
    let whole = (a.0 - a.1).max(b.0 - b.1);
    SqlType::number((whole + scale).min(cap), scale)
}

fn numeric(a: &SqlType, b: &SqlType, cap: impl Fn(u8, u8) -> u8) -> SqlType {
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
    match (a.decimal_shape(), b.decimal_shape()) {
        (Some(x), Some(y)) => covering(x, y, cap(x.0, y.0)),
        _ => SqlType::Double,
    }
}

fn longer(a: &SqlType, b: &SqlType) -> SqlType {
    if let Some(c) = a.collation().or(b.collation()) {
        return longer(&a.plain_text(), &b.plain_text())
            .with_collation(&c.specification, c.explicit);
    }
    let length = |t: &SqlType| match t {
        SqlType::Char(n) => Some(*n),
        SqlType::Varchar(n) => *n,
        SqlType::Name => Some(128),
        _ => None,
    };
    match (a, b, length(a), length(b)) {
        (SqlType::Char(x), SqlType::Char(y), ..) => SqlType::Char(*x.max(y)),
        (_, _, Some(x), Some(y)) => SqlType::Varchar(Some(x.max(y).min(REDSHIFT_MAX_VARCHAR))),
        _ => SqlType::text(),
    }
}

/// The common type of alternatives.
///
/// For decimals the guide gives scale max(s1, s2) and precision min(max(p1-s1, p2-s2) + scale, 19), which
/// holds for operands of up to 19 digits.
pub(super) fn common_type(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    use TypeClass as C;
    if a == b {
        return Some(a.clone());
    }
    Some(match (a.class(), b.class()) {
        (C::Null, _) => b.clone(),
        (_, C::Null) => a.clone(),
        (C::Numeric, C::Numeric) => {
            numeric(a, b, |p1, p2| if p1 <= 19 && p2 <= 19 { 19 } else { 38 })
        }
        (C::Text, C::Text) => longer(a, b),
        (C::Semi, _) | (_, C::Semi) => SqlType::Variant,
        // An untyped literal adapts to the other alternative; so does text in general.
        (C::Text, _) => b.clone(),
        (_, C::Text) => a.clone(),
        (C::Date, C::Timestamp) => b.clone(),
        (C::Timestamp, C::Date) => a.clone(),
        (C::Timestamp, C::Timestamp) => SqlType::TimestampLtz(6),
        (C::Time, C::Time) => SqlType::TimeTz,
        (C::Interval, C::Interval) => SqlType::Interval,
        (C::Binary, C::Binary) => SqlType::Binary(None),
        _ => return None,
    })
}

/// The type in which two values are compared.
pub(super) fn comparison_type(left: &Typed, right: &Typed) -> Option<SqlType> {
    use TypeClass as C;
    let (a, b) = (&left.ty, &right.ty);
    Some(match (a.class(), b.class()) {
        (C::Text, C::Text) => SqlType::text(),
        (C::Null, C::Text) | (C::Text, C::Null) => SqlType::text(),
        // Digits count, not the declared precision.
        (C::Numeric, C::Numeric) => numeric(a, b, |_, _| 38),
        // `flag = 1`: true is 1 (r_logical_condition).
        (C::Boolean, C::Numeric) if b.is_int() => b.clone(),
        (C::Numeric, C::Boolean) if a.is_int() => a.clone(),
        // A number in quotes has its own digits; a type as narrow as the other side's could not hold it.
        (C::Numeric, C::Text) => against_text(a, right),
        (C::Text, C::Numeric) => against_text(b, left),
        (C::Binary, C::Binary) => SqlType::Binary(None),
        (C::Binary, C::Text) | (C::Text, C::Binary) => SqlType::Binary(None),
        (C::Other, C::Other) if a != b => return None,
        _ => return common_type(a, b),
    })
}

fn against_text(number: &SqlType, text: &Typed) -> SqlType {
    if let (SqlType::Number { .. }, Some(s)) = (number, text.literal_text())
        && let Ok(own) = super::types::number_literal(s.trim())
    {
        return numeric(number, &own.ty, |_, _| 38);
    }
    number.clone()
}

/// Whether a value may stand where another type is expected.
pub(super) fn implicit_cast(from: &SqlType, to: &SqlType) -> bool {
    use TypeClass as C;
    match (from.class(), to.class()) {
        (C::Null, _) | (_, C::Semi) => true,
        (a, b) if a == b && a != C::Other => true,
        (C::Other, C::Other) => {
            from == to || (*from == SqlType::Geometry && *to == SqlType::Geography)
        }
        (C::Text, C::Other) => matches!(to, SqlType::Geometry | SqlType::Geography),
        // Untyped literals adapt, and Redshift converts text columns where a number or date is expected.
        (C::Text, C::Numeric | C::Boolean | C::Date | C::Time | C::Timestamp | C::Interval) => true,
        (C::Text, C::Binary) => true,
        (
            C::Numeric | C::Boolean | C::Date | C::Time | C::Timestamp | C::Interval | C::Semi,
            C::Text,
        ) => true,
        (C::Numeric, C::Boolean) => from.is_int(),
        (C::Boolean, C::Numeric) => to.is_int(),
        (C::Date, C::Timestamp) | (C::Timestamp, C::Date) | (C::Timestamp, C::Time) => true,
        (C::Semi, C::Numeric | C::Boolean | C::Date | C::Timestamp | C::Time) => true,
        _ => false,
    }
}

/// Trailing blanks of CHAR and VARCHAR do not count in comparisons (r_Character_types).
pub(super) fn without_trailing_blanks(binder: &Binder<'_>, value: Typed) -> Typed {
    if !matches!(value.ty, SqlType::Varchar(_) | SqlType::Char(_)) {
        return value;
    }
    if let Some(s) = value.literal_text() {
        let trimmed = s.trim_end_matches(' ');
        if trimmed.len() == s.len() {
            return value;
        }
        let ty = value.ty.clone();
        return Typed::new(
            Expr::Literal(ScalarValue::Utf8(Some(trimmed.to_owned())), None),
            ty,
        );
    }
    let ty = value.ty.clone();
    binder.kernel("bpchar", trimmed, vec![value], ty)
}

/// Text without trailing blanks; the column itself when no value has any.
fn trimmed(call: &Call<'_>) -> Result<arrow::array::ArrayRef> {
    let column = &call.args[0];
    let texts = call.text(0)?;
    let blank = (0..if column.scalar { 1 } else { call.rows })
        .any(|row| texts.get(row).is_some_and(|s| s.ends_with(' ')));
    if !blank && !column.scalar {
        return Ok(std::sync::Arc::clone(&column.array));
    }
    call.map_text(|row| Ok(texts.get(row).map(|s| s.trim_end_matches(' '))))
}

/// Comparisons with SUPER are by value, whatever its dynamic type.
pub(super) fn compare_super(
    binder: &mut Binder<'_>,
    op: Operator,
    left: &Typed,
    right: &Typed,
) -> Result<Option<Typed>> {
    if !(left.ty.is_semi() || right.ty.is_semi()) {
        return Ok(None);
    }
    binder.one_collation(&[left, right])?;
    let kernel: Kernel = match op {
        Operator::Eq => semi::eq,
        Operator::NotEq => semi::ne,
        Operator::Lt => semi::lt,
        Operator::LtEq => semi::le,
        Operator::Gt => semi::gt,
        Operator::GtEq => semi::ge,
        _ => return Ok(None),
    };
    let l = binder.cast(left.clone(), &SqlType::Variant, CastMode::Implicit)?;
    let r = binder.cast(right.clone(), &SqlType::Variant, CastMode::Implicit)?;
    Ok(Some(binder.kernel(
        "super_compare",
        kernel,
        vec![l, r],
        SqlType::Boolean,
    )))
}
