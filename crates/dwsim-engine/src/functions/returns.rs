//! Result types of functions as small functions that declarations name.
//! Rules that need more than the argument types belong to a custom binding (`Shape::Custom`).

use datafusion::scalar::ScalarValue;

use crate::dialect::DialectName;
use crate::error::Result;
use crate::types::SqlType;

/// What a result type may depend on.
#[derive(Debug)]
pub struct ReturnArgs<'a> {
    /// Argument types after coercion to the parameters.
    pub types: &'a [SqlType],
    /// Argument values where they are literals.
    pub literals: &'a [Option<ScalarValue>],
    /// The dialect that asks.
    pub dialect: DialectName,
}

/// Computes the result type.
pub type ReturnFn = fn(&ReturnArgs<'_>) -> Result<SqlType>;

/// VARCHAR without length.
pub fn text(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::text())
}
/// BOOLEAN.
pub fn boolean(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Boolean)
}
/// Double precision float.
pub fn double(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Double)
}
/// A count or position: INTEGER on Redshift, NUMBER(18,0) on Snowflake.
pub fn int(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(match a.dialect {
        DialectName::Redshift => SqlType::Integer,
        DialectName::Snowflake => SqlType::number(18, 0),
    })
}
/// A large integer: BIGINT on Redshift, NUMBER(18,0) on Snowflake.
pub fn bigint(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(match a.dialect {
        DialectName::Redshift => SqlType::BigInt,
        DialectName::Snowflake => SqlType::number(18, 0),
    })
}
/// A hash: BIGINT on Redshift, NUMBER(19,0) on Snowflake.
pub fn hash(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(match a.dialect {
        DialectName::Redshift => SqlType::BigInt,
        DialectName::Snowflake => SqlType::number(19, 0),
    })
}
/// DATE.
pub fn date(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Date)
}
/// Wall-clock timestamp: TIMESTAMP on Redshift, TIMESTAMP_NTZ(9) on Snowflake.
pub fn timestamp(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Timestamp(a.dialect.timestamp_scale()))
}
/// Bytes.
pub fn binary(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Binary(None))
}
/// VARIANT or SUPER.
pub fn variant(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Variant)
}
/// ARRAY (SUPER on Redshift).
pub fn array(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(match a.dialect {
        DialectName::Redshift => SqlType::Variant,
        DialectName::Snowflake => SqlType::Array,
    })
}
/// OBJECT (SUPER on Redshift).
pub fn object(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(match a.dialect {
        DialectName::Redshift => SqlType::Variant,
        DialectName::Snowflake => SqlType::Object,
    })
}
/// GEOMETRY.
pub fn geometry(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Geometry)
}
/// GEOGRAPHY.
pub fn geography(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Geography)
}
/// The type of the first argument.
pub fn first(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(a.types.first().cloned().unwrap_or(SqlType::Null))
}
/// The type of the second argument.
pub fn second(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(a.types.get(1).cloned().unwrap_or(SqlType::Null))
}
/// The type of the third argument.
pub fn third(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(a.types.get(2).cloned().unwrap_or(SqlType::Null))
}
