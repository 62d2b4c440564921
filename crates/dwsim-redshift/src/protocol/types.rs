//! How SQL types appear in PostgreSQL's protocol: object ids, sizes and type modifiers, in both directions.
//! Values are written by `text` and `binary`, and read by `parameter`.

use dwsim_engine::types::{ColumnInfo, SqlType};

/// `bool`.
pub const BOOL: u32 = 16;
/// `name`.
pub const NAME: u32 = 19;
/// `int8`.
pub const INT8: u32 = 20;
/// `int2`.
pub const INT2: u32 = 21;
/// `int4`.
pub const INT4: u32 = 23;
/// `text`.
pub const TEXT: u32 = 25;
/// `oid`.
pub const OID: u32 = 26;
/// `float4`.
pub const FLOAT4: u32 = 700;
/// `float8`.
pub const FLOAT8: u32 = 701;
/// The type of an untyped literal.
pub const UNKNOWN: u32 = 705;
/// `bpchar`.
pub const BPCHAR: u32 = 1042;
/// `varchar`.
pub const VARCHAR: u32 = 1043;
/// `date`.
pub const DATE: u32 = 1082;
/// `time`.
pub const TIME: u32 = 1083;
/// `timestamp`.
pub const TIMESTAMP: u32 = 1114;
/// `timestamptz`.
pub const TIMESTAMPTZ: u32 = 1184;
/// `interval`.
pub const INTERVAL: u32 = 1186;
/// Redshift's INTERVAL YEAR TO MONTH.
pub const INTERVAL_Y2M: u32 = 1188;
/// Redshift's INTERVAL DAY TO SECOND.
pub const INTERVAL_D2S: u32 = 1190;
/// `timetz`.
pub const TIMETZ: u32 = 1266;
/// `numeric`.
pub const NUMERIC: u32 = 1700;
/// Redshift's HLLSKETCH.
pub const HLLSKETCH: u32 = 2935;
/// Redshift's GEOMETRY.
pub const GEOMETRY: u32 = 3000;
/// Redshift's GEOGRAPHY.
pub const GEOGRAPHY: u32 = 3001;
/// Redshift's SUPER.
pub const SUPER: u32 = 4000;
/// Redshift's VARBYTE.
pub const VARBYTE: u32 = 6551;

/// `int2[]`.
pub const INT2_ARRAY: u32 = 1005;

/// Whether a column of a system catalog is an array of column numbers, which its text `{1,2}` stands for.
pub fn is_array(schema: &str, table: &str, column: &str) -> bool {
    schema == "pg_catalog" && table == "pg_constraint" && matches!(column, "conkey" | "confkey")
}

/// Object id of a column's type.
pub fn column_oid(column: &ColumnInfo) -> u32 {
    match &column.origin {
        // Columns of users have an object id with their table.
        Some(o) if o.oid == 0 && o.schema == "pg_catalog" => INT2_ARRAY,
        _ => oid(&column.ty),
    }
}

/// Object id of a type.
pub fn oid(ty: &SqlType) -> u32 {
    match &ty.plain_text() {
        SqlType::Boolean => BOOL,
        SqlType::SmallInt => INT2,
        SqlType::Integer => INT4,
        SqlType::BigInt => INT8,
        SqlType::Oid => OID,
        SqlType::Name => NAME,
        SqlType::Number { .. } => NUMERIC,
        SqlType::Real => FLOAT4,
        SqlType::Double => FLOAT8,
        SqlType::Char(_) => BPCHAR,
        SqlType::Null | SqlType::Varchar(_) | SqlType::Collated(_) => VARCHAR,
        SqlType::Binary(_) => VARBYTE,
        SqlType::Date => DATE,
        SqlType::Time(_) => TIME,
        SqlType::TimeTz => TIMETZ,
        SqlType::Timestamp(_) => TIMESTAMP,
        SqlType::TimestampLtz(_) | SqlType::TimestampTz(_) => TIMESTAMPTZ,
        SqlType::IntervalYm => INTERVAL_Y2M,
        SqlType::IntervalDs => INTERVAL_D2S,
        SqlType::Interval => INTERVAL,
        SqlType::Variant
        | SqlType::Object
        | SqlType::Array
        | SqlType::Structured(_)
        | SqlType::Vector { .. } => SUPER,
        SqlType::HllSketch => HLLSKETCH,
        SqlType::Geometry => GEOMETRY,
        SqlType::Geography => GEOGRAPHY,
    }
}

/// Bytes of a fixed-size type, -1 for others (`pg_type.typlen`).
pub fn size(ty: &SqlType) -> i16 {
    match ty {
        SqlType::Boolean => 1,
        SqlType::SmallInt => 2,
        SqlType::Integer | SqlType::Oid | SqlType::Real | SqlType::Date | SqlType::IntervalYm => 4,
        SqlType::BigInt
        | SqlType::Double
        | SqlType::Time(_)
        | SqlType::Timestamp(_)
        | SqlType::TimestampLtz(_)
        | SqlType::TimestampTz(_)
        | SqlType::IntervalDs => 8,
        SqlType::TimeTz => 12,
        SqlType::Interval => 16,
        SqlType::Name => 128,
        _ => -1,
    }
}

/// Type modifier (`pg_attribute.atttypmod`): length + 4, or precision and scale; -1 for none.
pub fn modifier(ty: &SqlType) -> i32 {
    match ty {
        SqlType::Number { precision, scale } => {
            ((i32::from(*precision) << 16) | i32::from(*scale)) + 4
        }
        SqlType::Char(n) | SqlType::Varchar(Some(n)) | SqlType::Binary(Some(n)) => *n as i32 + 4,
        SqlType::Collated(_) => modifier(&ty.plain_text()),
        _ => -1,
    }
}

/// The type with an object id and modifier; None for ids that Redshift does not have.
pub fn from_oid(oid: u32, modifier: i32) -> Option<SqlType> {
    let length = u32::try_from(modifier - 4).ok();
    Some(match oid {
        BOOL => SqlType::Boolean,
        INT2 => SqlType::SmallInt,
        INT4 => SqlType::Integer,
        INT8 => SqlType::BigInt,
        OID => SqlType::Oid,
        NAME => SqlType::Name,
        NUMERIC => match length {
            Some(m) => SqlType::number((m >> 16) as u8, (m & 0xffff) as u8),
            None => SqlType::number(18, 0),
        },
        FLOAT4 => SqlType::Real,
        FLOAT8 => SqlType::Double,
        BPCHAR => SqlType::Char(length.unwrap_or(1)),
        VARCHAR => SqlType::Varchar(length),
        TEXT | UNKNOWN => SqlType::text(),
        VARBYTE | 17 => SqlType::Binary(length),
        DATE => SqlType::Date,
        TIME => SqlType::Time(6),
        TIMETZ => SqlType::TimeTz,
        TIMESTAMP => SqlType::Timestamp(6),
        TIMESTAMPTZ => SqlType::TimestampLtz(6),
        INTERVAL => SqlType::Interval,
        INTERVAL_Y2M => SqlType::IntervalYm,
        INTERVAL_D2S => SqlType::IntervalDs,
        SUPER => SqlType::Variant,
        HLLSKETCH => SqlType::HllSketch,
        GEOMETRY => SqlType::Geometry,
        GEOGRAPHY => SqlType::Geography,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for ty in [
            SqlType::Boolean,
            SqlType::BigInt,
            SqlType::number(12, 2),
            SqlType::Char(3),
            SqlType::Varchar(Some(256)),
            SqlType::Binary(Some(64)),
            SqlType::TimestampLtz(6),
            SqlType::Variant,
            SqlType::IntervalYm,
        ] {
            assert_eq!(from_oid(oid(&ty), modifier(&ty)), Some(ty));
        }
        assert_eq!(modifier(&SqlType::number(8, 2)), 524_294);
        assert_eq!(from_oid(3802, -1), None);
    }
}
