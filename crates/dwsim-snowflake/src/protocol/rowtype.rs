//! Description of result columns, as drivers read it.
//! Values are in `json_rows` and `arrow_rows`.

use dwsim_engine::types::{ColumnInfo, SNOWFLAKE_MAX_BINARY, SNOWFLAKE_MAX_VARCHAR, SqlType};
use serde_json::{Value, json};

/// The driver's name of a type.
pub(super) fn wire_type(ty: &SqlType) -> &'static str {
    match ty {
        SqlType::Boolean => "boolean",
        SqlType::SmallInt
        | SqlType::Integer
        | SqlType::BigInt
        | SqlType::Oid
        | SqlType::Number { .. } => "fixed",
        SqlType::Real | SqlType::Double => "real",
        SqlType::Date => "date",
        SqlType::Time(_) | SqlType::TimeTz => "time",
        SqlType::Timestamp(_) => "timestamp_ntz",
        SqlType::TimestampLtz(_) => "timestamp_ltz",
        SqlType::TimestampTz(_) => "timestamp_tz",
        SqlType::Binary(_) | SqlType::HllSketch => "binary",
        SqlType::Variant => "variant",
        SqlType::Object => "object",
        SqlType::Array => "array",
        SqlType::Structured(t) if t.plain() == SqlType::Array => "array",
        SqlType::Structured(_) => "object",
        SqlType::Geography => "geography",
        SqlType::Geometry => "geometry",
        SqlType::Vector { .. } => "vector",
        SqlType::Null
        | SqlType::Char(_)
        | SqlType::Varchar(_)
        | SqlType::Collated(_)
        | SqlType::Name
        | SqlType::IntervalYm
        | SqlType::IntervalDs
        | SqlType::Interval => "text",
    }
}

/// The type whose values a column's data are: spatial values travel as objects.
pub(super) fn carrier(ty: &SqlType) -> &'static str {
    match ty {
        SqlType::Geography | SqlType::Geometry => "object",
        other => wire_type(other),
    }
}

/// Length in characters and bytes of texts and bytes.
pub(super) fn lengths(ty: &SqlType) -> Option<(u64, u64)> {
    match ty {
        SqlType::Null
        | SqlType::Char(_)
        | SqlType::Varchar(_)
        | SqlType::Collated(_)
        | SqlType::Name
        | SqlType::IntervalYm
        | SqlType::IntervalDs
        | SqlType::Interval => {
            let n = match &ty.plain_text() {
                SqlType::Char(n) | SqlType::Varchar(Some(n)) => *n,
                _ => SNOWFLAKE_MAX_VARCHAR,
            };
            Some((
                u64::from(n),
                (u64::from(n) * 4).min(u64::from(SNOWFLAKE_MAX_VARCHAR).max(u64::from(n))),
            ))
        }
        SqlType::Binary(n) => {
            let n = u64::from(n.unwrap_or(SNOWFLAKE_MAX_BINARY));
            Some((n, n))
        }
        _ => None,
    }
}

/// Precision and scale as drivers expect them.
pub(super) fn shape(ty: &SqlType) -> (Option<u8>, Option<u8>) {
    match ty {
        SqlType::SmallInt | SqlType::Integer | SqlType::BigInt | SqlType::Oid => {
            (Some(38), Some(0))
        }
        SqlType::Number { precision, scale } => (Some(*precision), Some(*scale)),
        other => match other.fraction() {
            Some(f) => (Some(0), Some(f)),
            None => (None, None),
        },
    }
}

/// One column.
pub(super) fn column(c: &ColumnInfo) -> Value {
    let (precision, scale) = shape(&c.ty);
    let (length, byte_length) = lengths(&c.ty).unzip();
    let origin = c.origin.as_ref();
    let mut column = json!({
        "name": c.name,
        "database": origin.map_or("", |o| o.database.as_str()),
        "schema": origin.map_or("", |o| o.schema.as_str()),
        "table": origin.map_or("", |o| o.table.as_str()),
        "type": carrier(&c.ty),
        "precision": precision,
        "scale": scale,
        "length": length,
        "byteLength": byte_length,
        "nullable": c.nullable,
        "collation": c.ty.collation().map(|c| c.specification.as_str()),
    });
    if matches!(c.ty, SqlType::Geography | SqlType::Geometry)
        && let Some(map) = column.as_object_mut()
    {
        map.insert("extTypeName".into(), wire_type(&c.ty).to_uppercase().into());
    }
    column
}

/// A type as SHOW COLUMNS prints it.
pub(crate) fn type_json(ty: &SqlType, nullable: bool) -> Value {
    let (precision, scale) = shape(ty);
    let mut v = json!({ "type": wire_type(ty).to_uppercase(), "nullable": nullable });
    if let (Some(map), Some(p), Some(s)) = (v.as_object_mut(), precision, scale) {
        map.insert("precision".into(), p.into());
        map.insert("scale".into(), s.into());
    }
    if let (Some(map), Some((n, b))) = (v.as_object_mut(), lengths(ty)) {
        map.insert("length".into(), n.into());
        map.insert("byteLength".into(), b.into());
        map.insert("fixed".into(), false.into());
    }
    v
}
