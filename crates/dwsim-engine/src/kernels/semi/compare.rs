//! Comparison of values by meaning: a float equals the exact number it stands for, whatever the bytes say.
//! Which operator compares in which way is decided by the dialects' rules.
//!
//! # When plain bytes are right
//!
//! GROUP BY, DISTINCT, ORDER BY and joins may use the encoded bytes as they are when no floats are mixed with exact
//! numbers: exact numbers, texts, booleans, dates, arrays and objects of them have one encoding per value, in value
//! order. Where floats may occur, or on Redshift (trailing blanks, order of members), apply [`comparable`] to both
//! sides and compare the bytes of the results; `<` and its kin on Redshift need [`lt`] and its kin, since values of
//! different types have no order there and the result is NULL.

use std::cmp::Ordering;

use arrow::array::ArrayRef;

use super::util::{build, is_nullish};
use crate::dialect::DialectName;
use crate::error::Result;
use crate::functions::Call;
use crate::kernels::cast::parse_decimal;
use crate::variant::{Builder, Kind, Ref};

/// Appends the form of a value that is equal in bytes for equal values, and ordered as the values are.
///
/// Floats become exact numbers where they have such a form (the shortest digits that give them back). On Redshift,
/// members are sorted by name and trailing blanks of texts dropped.
pub fn normalize(value: Ref<'_>, dialect: DialectName, b: &mut Builder<'_>) {
    let redshift = dialect == DialectName::Redshift;
    match value.kind() {
        Kind::Double(d) => match exact(d) {
            Some((v, scale)) => b.decimal(v, scale),
            None => b.double(d),
        },
        Kind::String(s) if redshift => b.string(s.trim_end_matches(' ')),
        Kind::Array(items) => {
            b.begin_array();
            items.for_each(|v| normalize(v, dialect, b));
            b.end();
        }
        Kind::Object(pairs) => {
            b.begin_object();
            if redshift {
                let mut members: Vec<_> = pairs.collect();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                for (key, v) in members {
                    b.string(&key);
                    normalize(v, dialect, b);
                }
            } else {
                for (key, v) in pairs {
                    b.string(&key);
                    normalize(v, dialect, b);
                }
            }
            b.end();
        }
        _ => b.raw(value.bytes()),
    }
}

/// The exact number that a float's shortest digits denote, if 38 digits hold it.
fn exact(d: f64) -> Option<(i128, u8)> {
    if !d.is_finite() {
        return None;
    }
    let (v, scale) = parse_decimal(&format!("{d:e}"))?;
    if scale >= 0 {
        return Some((v, u8::try_from(scale).ok()?));
    }
    let v = v.checked_mul(10i128.checked_pow(scale.unsigned_abs())?)?;
    (v.unsigned_abs() < 10u128.pow(38)).then_some((v, 0))
}

/// Whether [`normalize`] may change the bytes.
fn changes(value: Ref<'_>, dialect: DialectName) -> bool {
    match value.kind() {
        Kind::Double(_) => true,
        Kind::String(s) => dialect == DialectName::Redshift && s.ends_with(' '),
        Kind::Array(mut items) => items.any(|v| changes(v, dialect)),
        Kind::Object(mut pairs) => {
            dialect == DialectName::Redshift || pairs.any(|(_, v)| changes(v, dialect))
        }
        _ => false,
    }
}

/// The comparable form as bytes.
pub(super) fn key(value: Ref<'_>, dialect: DialectName) -> Vec<u8> {
    if !changes(value, dialect) {
        return value.bytes().to_vec();
    }
    let mut out = Vec::new();
    normalize(value, dialect, &mut Builder { out: &mut out });
    out
}

/// Total order by meaning: that of ORDER BY.
pub(super) fn order(a: Ref<'_>, b: Ref<'_>, dialect: DialectName) -> Ordering {
    if !changes(a, dialect) && !changes(b, dialect) {
        return a.bytes().cmp(b.bytes());
    }
    key(a, dialect).cmp(&key(b, dialect))
}

/// Whether two values are the same by meaning.
pub(super) fn same(a: Ref<'_>, b: Ref<'_>, dialect: DialectName) -> bool {
    order(a, b, dialect) == Ordering::Equal
}

/// A value in the form whose bytes compare as the values do; see the module's comment. On Redshift null is NULL, so
/// that `=` and `<>` of two such forms are what [`eq`] and [`ne`] give, and joins can hash them.
pub fn comparable(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let redshift = call.env.dialect == DialectName::Redshift;
    build(call, |row, b| {
        let Some(bytes) = v.get(row) else {
            return Ok(false);
        };
        let value = Ref::new(bytes);
        if redshift && is_nullish(value) {
            return Ok(false);
        }
        if changes(value, call.env.dialect) {
            normalize(value, call.env.dialect, b);
        } else {
            b.raw(value.bytes());
        }
        Ok(true)
    })
}

/// The families within which Redshift compares: booleans, numbers, texts, arrays, objects.
fn family(kind: &Kind<'_>) -> u8 {
    match kind {
        Kind::Null | Kind::Undefined => 0,
        Kind::Bool(_) => 1,
        Kind::Decimal(..) | Kind::Double(_) => 2,
        Kind::String(_) => 3,
        Kind::Date(_) | Kind::Timestamp(_) | Kind::TimestampLtz(_) | Kind::TimestampTz(..) => 4,
        Kind::Time(_) => 5,
        Kind::Binary(_) => 6,
        Kind::Array(_) => 7,
        Kind::Object(_) => 8,
    }
}

/// Compares two columns of values. NULL where either is NULL; on Redshift also where either is JSON null, and,
/// for an order, where the two are of different types or have parts.
fn compare(call: &Call<'_>, ordered: bool, accept: fn(Ordering) -> bool) -> Result<ArrayRef> {
    let (l, r) = (call.variant(0)?, call.variant(1)?);
    let redshift = call.env.dialect == DialectName::Redshift;
    call.map_bool(|row| {
        let (Some(a), Some(b)) = (l.get(row), r.get(row)) else {
            return Ok(None);
        };
        let (a, b) = (Ref::new(a), Ref::new(b));
        if redshift {
            let (fa, fb) = (family(&a.kind()), family(&b.kind()));
            if fa == 0 || fb == 0 || (ordered && (fa != fb || fa >= 7)) {
                return Ok(None);
            }
        }
        Ok(Some(accept(order(a, b, call.env.dialect))))
    })
}

/// `a = b`: false for values of different types.
pub fn eq(call: &Call<'_>) -> Result<ArrayRef> {
    compare(call, false, Ordering::is_eq)
}
/// `a <> b`
pub fn ne(call: &Call<'_>) -> Result<ArrayRef> {
    compare(call, false, Ordering::is_ne)
}
/// `a < b`
pub fn lt(call: &Call<'_>) -> Result<ArrayRef> {
    compare(call, true, Ordering::is_lt)
}
/// `a <= b`
pub fn le(call: &Call<'_>) -> Result<ArrayRef> {
    compare(call, true, Ordering::is_le)
}
/// `a > b`
pub fn gt(call: &Call<'_>) -> Result<ArrayRef> {
    compare(call, true, Ordering::is_gt)
}
/// `a >= b`
pub fn ge(call: &Call<'_>) -> Result<ArrayRef> {
    compare(call, true, Ordering::is_ge)
}
