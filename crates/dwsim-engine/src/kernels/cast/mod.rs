//! Conversions between SQL types, one kernel per pair of type families.
//! Which of them happen without being asked for is the dialects' affair; formats come from the environment.

mod boolean;
pub(crate) mod datetime;
mod numeric;
mod structured;
mod text;
mod variant;

use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::{Call, Kernel};
use crate::types::{SqlType, TypeClass};

pub use boolean::parse_boolean;
pub use numeric::{double_text, double_to_decimal, general, parse_decimal, parse_double, rescale};
pub use structured::{map_keys, rename_fields};
pub use text::{decode_hex, encode_hex};
pub use variant::{encode_at, nanos};

/// Whether a value of one type is a value of the other as it stands.
pub fn is_relabel(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{Array, BigInt, Char, Name, Object, Oid, Varchar, Variant};
    match (from, to) {
        (Varchar(_) | Name | Char(_), Varchar(None) | Name) => !matches!((from, to), (Char(_), _)),
        (Varchar(Some(a)), Varchar(Some(b))) => a <= b,
        (Array | Object | SqlType::Structured(_), Variant) => true,
        (SqlType::Structured(t), plain) if t.plain() == *plain => true,
        (BigInt, Oid) | (Oid, BigInt) => true,
        (SqlType::Binary(_), SqlType::Binary(None)) => true,
        (SqlType::Binary(Some(a)), SqlType::Binary(Some(b))) => a <= b,
        (a, b) if a.arrow() == b.arrow() => matches!(
            (a, b),
            (SqlType::Timestamp(x), SqlType::Timestamp(y)) | (SqlType::TimestampLtz(x), SqlType::TimestampLtz(y)) | (SqlType::Time(x), SqlType::Time(y)) | (SqlType::TimestampTz(x), SqlType::TimestampTz(y)) if x <= y
        ),
        _ => false,
    }
}

/// Whether Arrow's own cast always succeeds and means the same, so that the optimizer may see through it.
pub fn is_widening(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{BigInt, Double, Integer, Real, SmallInt};
    match (from, to) {
        (SmallInt, Integer | BigInt | Double | Real)
        | (Integer, BigInt | Double)
        | (Real, Double)
        | (BigInt, Double) => true,
        (SmallInt | Integer | BigInt, SqlType::Number { precision, scale }) => from
            .decimal_shape()
            .is_some_and(|(p, _)| precision.saturating_sub(*scale) >= p),
        (
            SqlType::Number {
                precision: p,
                scale: s,
            },
            SqlType::Number {
                precision: q,
                scale: t,
            },
        ) => s <= t && q - t >= p - s,
        _ => false,
    }
}

/// The kernel for a pair of types, if there is such a conversion. It reads the types and the mode from its call.
pub fn kernel(from: &SqlType, to: &SqlType, dialect: DialectName) -> Option<Kernel> {
    use TypeClass::{Boolean, Date, Interval, Numeric, Text, Time, Timestamp};
    match (from, to) {
        (SqlType::Vector { dimension: a, .. }, SqlType::Vector { dimension: b, .. }) => {
            return (a == b).then_some(super::vector::convert);
        }
        (SqlType::Array | SqlType::Variant, SqlType::Vector { .. }) => {
            return Some(super::vector::from_array);
        }
        (SqlType::Vector { .. }, SqlType::Varchar(_)) => return Some(super::vector::to_text),
        (SqlType::Vector { .. }, SqlType::Array) => return Some(variant::sql_to_variant),
        _ => {}
    }
    if let Some(kernel) = spatial(from, to, dialect) {
        return Some(kernel);
    }
    if from.is_semi() || to.is_semi() {
        return variant::kernel(from, to, dialect);
    }
    Some(match (from.class(), to.class()) {
        (Numeric, Numeric) => numeric::numeric_to_numeric,
        (Text, Numeric) => numeric::text_to_numeric,
        (Boolean, Numeric) => boolean::boolean_to_numeric,
        // Redshift converts integers only (r_Boolean_type, limitations-super).
        (Numeric, Boolean) if dialect == DialectName::Snowflake || from.is_int() => {
            boolean::numeric_to_boolean
        }
        (Text, Boolean) => boolean::text_to_boolean,
        (Boolean, Text) => boolean::boolean_to_text,
        (Numeric, Text) => numeric::numeric_to_text,
        (Text, Text) => text::text_to_text,
        (Text, TypeClass::Binary) => text::text_to_binary,
        (TypeClass::Binary, Text) => text::binary_to_text,
        (TypeClass::Binary, TypeClass::Binary) => text::binary_to_binary,
        (Numeric, TypeClass::Binary) if dialect == DialectName::Redshift && from.is_int() => {
            text::int_to_binary
        }
        (TypeClass::Binary, Numeric) if dialect == DialectName::Redshift && to.is_int() => {
            text::binary_to_int
        }
        (Text, Date | Time | Timestamp) => datetime::text_to_datetime,
        (Date | Time | Timestamp, Text) => datetime::datetime_to_text,
        (Date, Timestamp) | (Timestamp, Date | Time | Timestamp) | (Time, Time) => {
            datetime::datetime_to_datetime
        }
        (Numeric, Date | Time | Timestamp) if dialect == DialectName::Snowflake => {
            datetime::number_to_datetime
        }
        (Text, Interval) => datetime::text_to_interval,
        (Interval, Text) => datetime::interval_to_text,
        (Interval, Interval) => datetime::interval_to_interval,
        _ => return None,
    })
}

/// Conversions from and to GEOMETRY, GEOGRAPHY and HLLSKETCH.
fn spatial(from: &SqlType, to: &SqlType, dialect: DialectName) -> Option<Kernel> {
    use super::geo::{construct, output};
    Some(match (from, to) {
        (SqlType::Geometry, SqlType::Geography) => construct::to_geography,
        (SqlType::Geography, SqlType::Geometry) => construct::to_geometry,
        (SqlType::Geometry | SqlType::Geography, t)
            if t.is_text() && dialect == DialectName::Redshift =>
        {
            output::to_text
        }
        (SqlType::HllSketch, t) if t.is_text() => super::sketch::to_text,
        (f, SqlType::HllSketch) if f.is_text() => super::sketch::from_text,
        (SqlType::Geometry | SqlType::Geography, SqlType::Variant | SqlType::Object)
            if dialect == DialectName::Snowflake =>
        {
            output::as_geojson_object
        }
        (f, SqlType::Geography)
            if f.is_text() || (f.is_semi() && dialect == DialectName::Snowflake) =>
        {
            construct::any_geography
        }
        (f, SqlType::Geometry)
            if f.is_text() || (f.is_semi() && dialect == DialectName::Snowflake) =>
        {
            construct::any_geometry
        }
        _ => return None,
    })
}

/// What a cast is for, as the binder named the call.
pub(crate) fn is_try(call: &Call<'_>) -> bool {
    call.name.starts_with("try_") || call.name.starts_with("TRY_")
}

/// Whether the cast was written (and not implied): Redshift then cuts text that is too long.
pub(crate) fn is_explicit(call: &Call<'_>) -> bool {
    call.name == "cast"
}

/// NULL instead of an error when the call is a TRY_ one.
pub(crate) fn attempt<T>(call: &Call<'_>, value: Result<T, SqlError>) -> Result<Option<T>> {
    match value {
        Ok(v) => Ok(Some(v)),
        Err(_) if is_try(call) => Ok(None),
        Err(e) => Err(e),
    }
}
