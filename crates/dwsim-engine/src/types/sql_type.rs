//! The SQL types of both warehouses and the one Arrow type that stores each of them.
//! Conversions between values live in `kernels::cast`; which conversion is implicit is the dialects' affair.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use serde::{Deserialize, Serialize};

/// Longest VARCHAR of Snowflake since 2025, in characters; also its default length.
pub const SNOWFLAKE_MAX_VARCHAR: u32 = 16_777_216;
/// Longest BINARY of Snowflake, in bytes.
pub const SNOWFLAKE_MAX_BINARY: u32 = 8_388_608;
/// Longest VARCHAR of Redshift, in bytes.
pub const REDSHIFT_MAX_VARCHAR: u32 = 65_535;

/// A declared SQL type, as it travels from the catalog through the plan to the wire.
///
/// The Arrow representation is a function of the type alone (see [`SqlType::arrow`]); two types
/// with one representation (VARIANT and ARRAY, say) are told apart only here.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SqlType {
    /// The type of a bare `NULL`, assignable to every other type.
    Null,
    /// True, false or unknown.
    Boolean,
    /// 16-bit integer (Redshift).
    SmallInt,
    /// 32-bit integer (Redshift).
    Integer,
    /// 64-bit integer (Redshift); also what shared kernels count in.
    BigInt,
    /// Exact decimal: NUMBER(p,s) in Snowflake, DECIMAL(p,s) in Redshift; `1 <= p <= 38`, `0 <= s <= p`.
    Number {
        /// Total digits.
        precision: u8,
        /// Digits after the decimal point.
        scale: u8,
    },
    /// 32-bit float (Redshift's REAL).
    Real,
    /// 64-bit float.
    Double,
    /// Blank-padded text of Redshift, length in bytes.
    Char(u32),
    /// Text; the length is in bytes on Redshift and in characters on Snowflake. `None` is "as long as it may be".
    Varchar(Option<u32>),
    /// Text with a collation (Snowflake).
    Collated(Box<super::Collated>),
    /// Bytes: BINARY in Snowflake, VARBYTE in Redshift.
    Binary(Option<u32>),
    /// Calendar date.
    Date,
    /// Time of day with this many fractional digits.
    Time(u8),
    /// Time of day with a zone offset (Redshift's TIMETZ).
    TimeTz,
    /// Wall-clock timestamp: TIMESTAMP_NTZ(n) in Snowflake, TIMESTAMP in Redshift.
    Timestamp(u8),
    /// An instant shown in the session's zone: TIMESTAMP_LTZ(n) in Snowflake, TIMESTAMPTZ in Redshift.
    TimestampLtz(u8),
    /// An instant that keeps its own offset: Snowflake's TIMESTAMP_TZ(n).
    TimestampTz(u8),
    /// Months (INTERVAL YEAR TO MONTH).
    IntervalYm,
    /// Days, hours, minutes, seconds (INTERVAL DAY TO SECOND).
    IntervalDs,
    /// An interval literal with months, days and nanoseconds, as both dialects accept it in date arithmetic.
    Interval,
    /// VARIANT in Snowflake, SUPER in Redshift.
    Variant,
    /// Snowflake's OBJECT.
    Object,
    /// Snowflake's ARRAY.
    Array,
    /// Snowflake's ARRAY(t), OBJECT(k t, …) and MAP(k, v).
    Structured(Box<super::Structured>),
    /// Redshift's HLLSKETCH.
    HllSketch,
    /// GEOMETRY, as extended well-known binary.
    Geometry,
    /// GEOGRAPHY, as extended well-known binary.
    Geography,
    /// PostgreSQL's `name`, in Redshift's system catalogs.
    Name,
    /// PostgreSQL's `oid`, in Redshift's system catalogs.
    Oid,
    /// Snowflake's VECTOR(FLOAT|INT, n).
    Vector {
        /// Elements are floats rather than integers.
        float: bool,
        /// Number of elements.
        dimension: u32,
    },
}

/// Broad families that coercion rules talk about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeClass {
    /// Bare `NULL`.
    Null,
    /// BOOLEAN.
    Boolean,
    /// Integers, decimals and floats.
    Numeric,
    /// CHAR, VARCHAR and NAME.
    Text,
    /// BINARY and VARBYTE.
    Binary,
    /// DATE.
    Date,
    /// TIME and TIMETZ.
    Time,
    /// All timestamps.
    Timestamp,
    /// All intervals.
    Interval,
    /// VARIANT, OBJECT, ARRAY and SUPER.
    Semi,
    /// Sketches, spatial types, vectors.
    Other,
}

impl SqlType {
    /// NUMBER(p,s).
    pub const fn number(precision: u8, scale: u8) -> Self {
        SqlType::Number { precision, scale }
    }

    /// VARCHAR without a declared length.
    pub const fn text() -> Self {
        SqlType::Varchar(None)
    }

    /// The Arrow type that stores every value of this type.
    ///
    /// Timestamps of up to six fractional digits are microseconds (years 1 to 9999 and beyond),
    /// of seven to nine digits nanoseconds (years 1677 to 2262).
    pub fn arrow(&self) -> DataType {
        match self {
            SqlType::Null => DataType::Null,
            SqlType::Boolean => DataType::Boolean,
            SqlType::SmallInt => DataType::Int16,
            SqlType::Integer => DataType::Int32,
            SqlType::BigInt | SqlType::Oid => DataType::Int64,
            SqlType::Number { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
            SqlType::Real => DataType::Float32,
            SqlType::Double => DataType::Float64,
            SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Collated(_) | SqlType::Name => {
                DataType::Utf8
            }
            SqlType::Binary(_) | SqlType::Geometry | SqlType::Geography | SqlType::HllSketch => {
                DataType::Binary
            }
            SqlType::Date => DataType::Date32,
            SqlType::Time(_) => DataType::Time64(TimeUnit::Nanosecond),
            SqlType::TimeTz => DataType::Struct(Fields::from(vec![
                Field::new("time", DataType::Time64(TimeUnit::Nanosecond), true),
                Field::new("offset", DataType::Int32, true),
            ])),
            SqlType::Timestamp(s) => timestamp_storage(*s, None),
            SqlType::TimestampLtz(s) => timestamp_storage(*s, Some(Arc::from("UTC"))),
            SqlType::TimestampTz(s) => DataType::Struct(tz_fields(*s)),
            SqlType::IntervalYm => DataType::Interval(IntervalUnit::YearMonth),
            SqlType::IntervalDs => DataType::Duration(TimeUnit::Microsecond),
            SqlType::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            SqlType::Variant | SqlType::Object | SqlType::Array | SqlType::Structured(_) => {
                DataType::LargeBinary
            }
            SqlType::Vector { float, dimension } => DataType::FixedSizeList(
                Arc::new(Field::new(
                    "item",
                    if *float {
                        DataType::Float32
                    } else {
                        DataType::Int32
                    },
                    true,
                )),
                *dimension as i32,
            ),
        }
    }

    /// The family this type belongs to.
    pub fn class(&self) -> TypeClass {
        match self {
            SqlType::Null => TypeClass::Null,
            SqlType::Boolean => TypeClass::Boolean,
            SqlType::SmallInt
            | SqlType::Integer
            | SqlType::BigInt
            | SqlType::Oid
            | SqlType::Number { .. }
            | SqlType::Real
            | SqlType::Double => TypeClass::Numeric,
            SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Collated(_) | SqlType::Name => {
                TypeClass::Text
            }
            SqlType::Binary(_) => TypeClass::Binary,
            SqlType::Date => TypeClass::Date,
            SqlType::Time(_) | SqlType::TimeTz => TypeClass::Time,
            SqlType::Timestamp(_) | SqlType::TimestampLtz(_) | SqlType::TimestampTz(_) => {
                TypeClass::Timestamp
            }
            SqlType::IntervalYm | SqlType::IntervalDs | SqlType::Interval => TypeClass::Interval,
            SqlType::Variant | SqlType::Object | SqlType::Array | SqlType::Structured(_) => {
                TypeClass::Semi
            }
            SqlType::HllSketch
            | SqlType::Geometry
            | SqlType::Geography
            | SqlType::Vector { .. } => TypeClass::Other,
        }
    }

    /// Integers, decimals and floats.
    pub fn is_numeric(&self) -> bool {
        self.class() == TypeClass::Numeric
    }

    /// CHAR, VARCHAR and NAME.
    pub fn is_text(&self) -> bool {
        self.class() == TypeClass::Text
    }

    /// REAL and DOUBLE.
    pub fn is_float(&self) -> bool {
        matches!(self, SqlType::Real | SqlType::Double)
    }

    /// The machine integers (not decimals of scale 0).
    pub fn is_int(&self) -> bool {
        matches!(
            self,
            SqlType::SmallInt | SqlType::Integer | SqlType::BigInt | SqlType::Oid
        )
    }

    /// VARIANT, OBJECT, ARRAY and SUPER.
    pub fn is_semi(&self) -> bool {
        self.class() == TypeClass::Semi
    }

    /// Precision and scale of an exact number; integers count as DECIMAL(5,0), (10,0) and (19,0).
    pub fn decimal_shape(&self) -> Option<(u8, u8)> {
        match self {
            SqlType::SmallInt => Some((5, 0)),
            SqlType::Integer => Some((10, 0)),
            SqlType::BigInt | SqlType::Oid => Some((19, 0)),
            SqlType::Number { precision, scale } => Some((*precision, *scale)),
            _ => None,
        }
    }

    /// Fractional digits of a time or timestamp.
    pub fn fraction(&self) -> Option<u8> {
        match self {
            SqlType::Time(s)
            | SqlType::Timestamp(s)
            | SqlType::TimestampLtz(s)
            | SqlType::TimestampTz(s) => Some(*s),
            _ => None,
        }
    }

    /// The name of this type in Snowflake, as DESCRIBE TABLE and SYSTEM$TYPEOF print it.
    pub fn snowflake(&self) -> String {
        match self {
            SqlType::Null => "VARCHAR(16777216)".into(),
            SqlType::Boolean => "BOOLEAN".into(),
            SqlType::SmallInt | SqlType::Integer | SqlType::BigInt | SqlType::Oid => {
                "NUMBER(38,0)".into()
            }
            SqlType::Number { precision, scale } => format!("NUMBER({precision},{scale})"),
            SqlType::Real | SqlType::Double => "FLOAT".into(),
            SqlType::Char(n) => format!("VARCHAR({n})"),
            SqlType::Varchar(n) => format!("VARCHAR({})", n.unwrap_or(SNOWFLAKE_MAX_VARCHAR)),
            SqlType::Collated(_) => self.plain_text().snowflake(),
            SqlType::Name => "VARCHAR(16777216)".into(),
            SqlType::Binary(n) => format!("BINARY({})", n.unwrap_or(SNOWFLAKE_MAX_BINARY)),
            SqlType::Date => "DATE".into(),
            SqlType::Time(s) => format!("TIME({s})"),
            SqlType::TimeTz => "TIME(9)".into(),
            SqlType::Timestamp(s) => format!("TIMESTAMP_NTZ({s})"),
            SqlType::TimestampLtz(s) => format!("TIMESTAMP_LTZ({s})"),
            SqlType::TimestampTz(s) => format!("TIMESTAMP_TZ({s})"),
            SqlType::IntervalYm => "INTERVAL YEAR TO MONTH".into(),
            SqlType::IntervalDs | SqlType::Interval => "INTERVAL DAY TO SECOND".into(),
            SqlType::Variant => "VARIANT".into(),
            SqlType::Object => "OBJECT".into(),
            SqlType::Array => "ARRAY".into(),
            SqlType::Structured(t) => t.snowflake(),
            SqlType::HllSketch => "HLLSKETCH".into(),
            SqlType::Geometry => "GEOMETRY".into(),
            SqlType::Geography => "GEOGRAPHY".into(),
            SqlType::Vector { float, dimension } => {
                format!(
                    "VECTOR({}, {dimension})",
                    if *float { "FLOAT" } else { "INT" }
                )
            }
        }
    }

    /// The name of this type in Redshift, as `format_type` prints it.
    pub fn redshift(&self) -> String {
        match self {
            SqlType::Null => "character varying".into(),
            SqlType::Boolean => "boolean".into(),
            SqlType::SmallInt => "smallint".into(),
            SqlType::Integer => "integer".into(),
            SqlType::BigInt => "bigint".into(),
            SqlType::Oid => "oid".into(),
            SqlType::Name => "name".into(),
            SqlType::Number { precision, scale } => format!("numeric({precision},{scale})"),
            SqlType::Real => "real".into(),
            SqlType::Double => "double precision".into(),
            SqlType::Char(n) => format!("character({n})"),
            SqlType::Varchar(Some(n)) => format!("character varying({n})"),
            SqlType::Varchar(None) => "character varying".into(),
            SqlType::Collated(_) => self.plain_text().redshift(),
            SqlType::Binary(Some(n)) => format!("binary varying({n})"),
            SqlType::Binary(None) => "binary varying".into(),
            SqlType::Date => "date".into(),
            SqlType::Time(_) => "time without time zone".into(),
            SqlType::TimeTz => "time with time zone".into(),
            SqlType::Timestamp(_) => "timestamp without time zone".into(),
            SqlType::TimestampLtz(_) | SqlType::TimestampTz(_) => "timestamp with time zone".into(),
            SqlType::IntervalYm => "interval year to month".into(),
            SqlType::IntervalDs => "interval day to second".into(),
            SqlType::Interval => "interval".into(),
            SqlType::Variant | SqlType::Object | SqlType::Array | SqlType::Structured(_) => {
                "super".into()
            }
            SqlType::HllSketch => "hllsketch".into(),
            SqlType::Geometry => "geometry".into(),
            SqlType::Geography => "geography".into(),
            SqlType::Vector { .. } => "super".into(),
        }
    }
}

/// Debug-like name for plans and internal errors; the dialects' own names are [`SqlType::snowflake`]
/// and [`SqlType::redshift`].
impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.snowflake())
    }
}

/// Digits of the decimal that stores nanoseconds: every day that an `i32` counts fits.
pub const NANOS_PRECISION: u8 = 29;

/// What stores a timestamp of this many fractional digits: 64-bit microseconds up to six, beyond that a decimal of
/// seconds with nine digits. 64-bit nanoseconds would end in 2262, before the dates that mean "for ever".
pub fn timestamp_storage(scale: u8, zone: Option<Arc<str>>) -> DataType {
    if scale > 6 {
        DataType::Decimal128(NANOS_PRECISION, 9)
    } else {
        DataType::Timestamp(TimeUnit::Microsecond, zone)
    }
}

/// The fields of a TIMESTAMP_TZ: the instant, and the offset in minutes east of UTC.
pub fn tz_fields(scale: u8) -> Fields {
    Fields::from(vec![
        Field::new(
            "instant",
            timestamp_storage(scale, Some(Arc::from("UTC"))),
            true,
        ),
        Field::new("offset", DataType::Int32, true),
    ])
}
