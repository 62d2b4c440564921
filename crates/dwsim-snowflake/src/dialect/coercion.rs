//! Types in which values are compared and combined, and conversions that happen without being asked for.
//! Source: "Data type conversion".

use dwsim_engine::types::{SqlType, TypeClass};

fn numbers(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    if a.is_float() || b.is_float() {
        return Some(SqlType::Double);
    }
    let ((p1, s1), (p2, s2)) = (a.decimal_shape()?, b.decimal_shape()?);
    let s = s1.max(s2);
    Some(SqlType::number(((p1 - s1).max(p2 - s2) + s).min(38), s))
}

fn timestamps(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    let s = a.fraction().unwrap_or(0).max(b.fraction().unwrap_or(0));
    Some(match (a, b) {
        (SqlType::TimestampTz(_), _) | (_, SqlType::TimestampTz(_)) => SqlType::TimestampTz(s),
        (SqlType::TimestampLtz(_), _) | (_, SqlType::TimestampLtz(_)) => SqlType::TimestampLtz(s),
        _ => SqlType::Timestamp(s),
    })
}

/// Text beside a number is read as a number with room for fractions.
fn number_beside_text(n: &SqlType) -> SqlType {
    match n.decimal_shape() {
        Some((_, s)) => SqlType::number(38, s.max(5)),
        None => SqlType::Double,
    }
}

/// The type of alternatives; text gives way to whatever is more exact.
pub(super) fn common_type(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    use TypeClass::{Binary, Boolean, Date, Null, Numeric, Semi, Text, Time, Timestamp};
    if a == b {
        return Some(a.clone());
    }
    Some(match (a.class(), b.class()) {
        (Null, _) => b.clone(),
        (_, Null) => a.clone(),
        (Numeric, Numeric) => numbers(a, b)?,
        (Text, Text) if a.collation().is_some() || b.collation().is_some() => {
            let plain = common_type(&a.plain_text(), &b.plain_text())?;
            let of = match (a.collation(), b.collation()) {
                (Some(x), Some(y)) if y.explicit && !x.explicit => y,
                (Some(x), _) => x,
                (None, y) => y?,
            };
            plain.with_collation(&of.specification, of.explicit)
        }
        (Text, Text) => match (a, b) {
            (SqlType::Varchar(Some(x)), SqlType::Varchar(Some(y))) => {
                SqlType::Varchar(Some(*x.max(y)))
            }
            _ => SqlType::text(),
        },
        (Binary, Binary) => SqlType::Binary(None),
        (Time, Time) => SqlType::Time(a.fraction()?.max(b.fraction()?)),
        (Timestamp, Timestamp) => timestamps(a, b)?,
        (Date, Timestamp) => b.clone(),
        (Timestamp, Date) => a.clone(),
        (Semi, _) | (_, Semi) => SqlType::Variant,
        (Text, Numeric) => number_beside_text(b),
        (Numeric, Text) => number_beside_text(a),
        (Text, Boolean | Date | Time | Timestamp | Binary) => b.clone(),
        (Boolean | Date | Time | Timestamp | Binary, Text) => a.clone(),
        (Boolean, Numeric) | (Numeric, Boolean) => SqlType::Boolean,
        (x, y) if x == y => a.clone(),
        _ => return None,
    })
}

/// The type in which two values are compared.
pub(super) fn comparison_type(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    use TypeClass::{Boolean, Date, Semi, Time, Timestamp};
    match (a.class(), b.class()) {
        // A VARIANT is read as the other side's type where its own types have no equal order.
        (Semi, Date | Time | Timestamp | Boolean) => Some(b.clone()),
        (Date | Time | Timestamp | Boolean, Semi) => Some(a.clone()),
        _ => common_type(a, b),
    }
}

/// Conversions in arguments, assignments and conditions.
pub(super) fn implicit_cast(from: &SqlType, to: &SqlType) -> bool {
    use TypeClass::{
        Binary, Boolean, Date, Interval, Null, Numeric, Other, Semi, Text, Time, Timestamp,
    };
    match (from.class(), to.class()) {
        (Null, _) => true,
        (a, b) if a == b => true,
        (Other | Interval, _) | (_, Other | Interval) => false,
        (_, Semi) => to == &SqlType::Variant,
        (Semi, _) => from == &SqlType::Variant,
        (Text, _) => true,
        (Numeric | Boolean | Date | Time | Timestamp, Text) => true,
        (Numeric, Boolean) | (Boolean, Numeric) => true,
        (Date, Timestamp) | (Timestamp, Date) | (Timestamp, Time) => true,
        (Binary, _) | (_, Binary) => false,
        _ => false,
    }
}
