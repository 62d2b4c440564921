//! Logical column types: how they are written in dwsim.toml and what each is called in either warehouse.
//! How values of a type are stored as Arrow arrays is left to dwsim-generate.

use std::fmt;

/// One of the two warehouses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// Amazon Redshift.
    Redshift,
    /// Snowflake.
    Snowflake,
}

impl Dialect {
    /// Both, in the order they are always listed in.
    pub const ALL: [Self; 2] = [Self::Redshift, Self::Snowflake];

    /// `redshift` or `snowflake`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Redshift => "redshift",
            Self::Snowflake => "snowflake",
        }
    }

    /// The dialect of that name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|d| d.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a semi-structured column holds at its top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonKind {
    /// Anything: SUPER, VARIANT.
    Any,
    /// An object: SUPER, OBJECT.
    Object,
    /// An array: SUPER, ARRAY.
    Array,
}

/// The type of a column, independent of the warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogicalType {
    /// 64-bit row number; the data give the values.
    Serial,
    /// 16-bit integer.
    SmallInt,
    /// 32-bit integer.
    Integer,
    /// 64-bit integer.
    BigInt,
    /// Exact decimal of `precision` digits, `scale` of them after the point.
    Decimal {
        /// All digits, 1..=38.
        precision: u8,
        /// Digits after the point, 0..=precision and at most 37.
        scale: u8,
    },
    /// 32-bit float.
    Real,
    /// 64-bit float.
    Double,
    /// True or false.
    Boolean,
    /// Fixed-length text, blank-padded by Redshift.
    Char(u32),
    /// Text of at most so many bytes (Redshift) or characters (Snowflake); `None` is the warehouse's maximum.
    Varchar(Option<u32>),
    /// Calendar date.
    Date,
    /// Time of day in microseconds.
    Time,
    /// Date and time without a zone.
    Timestamp,
    /// Date and time with an offset: TIMESTAMPTZ, TIMESTAMP_TZ.
    TimestampTz,
    /// An instant shown in the session's zone: TIMESTAMPTZ, TIMESTAMP_LTZ.
    TimestampLtz,
    /// Bytes, at most so many.
    Binary(Option<u32>),
    /// Semi-structured data.
    Json(JsonKind),
    /// A UUID, stored as its 36 characters.
    Uuid,
}

/// Names that a type may start with, for suggestions.
pub(crate) const TYPE_NAMES: &[&str] = &[
    "serial",
    "smallint",
    "integer",
    "bigint",
    "decimal",
    "numeric",
    "real",
    "float",
    "double",
    "boolean",
    "char",
    "varchar",
    "text",
    "date",
    "time",
    "timestamp",
    "timestamp_ntz",
    "timestamptz",
    "timestamp_tz",
    "timestamp_ltz",
    "binary",
    "varbyte",
    "json",
    "super",
    "variant",
    "object",
    "array",
    "uuid",
    "foreign_key",
];

impl LogicalType {
    /// Reads `decimal(10,2)`, `varchar(50)`, `timestamp`, … in any case.
    ///
    /// # Errors
    /// A sentence that says what is wrong; `foreign_key` is not a type of its own and is read by the caller.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_ascii_lowercase();
        let (name, args) = match lower.split_once('(') {
            None => (lower.as_str(), Vec::new()),
            Some((name, rest)) => {
                let inner = rest
                    .strip_suffix(')')
                    .ok_or_else(|| format!("type `{text}` lacks its closing parenthesis"))?;
                let args = inner
                    .split(',')
                    .map(|a| a.trim().parse::<u32>())
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|_| {
                        format!("the parameters of type `{text}` are not whole numbers")
                    })?;
                (name.trim(), args)
            }
        };
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let plain = |ty: Self| {
            if args.is_empty() {
                Ok(ty)
            } else {
                Err(format!("type `{name}` takes no parameters"))
            }
        };
        let length = |max: u32| match args.as_slice() {
            [] => Ok(None),
            [n] if (1..=max).contains(n) => Ok(Some(*n)),
            [n] => Err(format!("length {n} of type `{name}` is not in 1..={max}")),
            _ => Err(format!("type `{name}` takes one length")),
        };
        match name.as_str() {
            "serial" | "bigserial" => plain(Self::Serial),
            "smallint" | "int2" => plain(Self::SmallInt),
            "integer" | "int" | "int4" => plain(Self::Integer),
            "bigint" | "int8" => plain(Self::BigInt),
            "decimal" | "numeric" | "number" => {
                let (p, s) = match args.as_slice() {
                    // both warehouses have a default of their own; the model has one for both
                    [] => (18, 0),
                    [p] => (*p, 0),
                    [p, s] => (*p, *s),
                    _ => return Err(format!("type `{name}` takes a precision and a scale")),
                };
                match (u8::try_from(p), u8::try_from(s)) {
                    (Ok(precision @ 1..=38), Ok(scale @ 0..=37)) if scale <= precision => {
                        Ok(Self::Decimal { precision, scale })
                    }
                    _ => Err(format!(
                        "`{name}({p},{s})` is out of bounds: precision is 1..=38, scale is 0..=precision, at most 37"
                    )),
                }
            }
            "real" | "float4" => plain(Self::Real),
            "float" | "double" | "double precision" | "float8" => plain(Self::Double),
            "boolean" | "bool" => plain(Self::Boolean),
            "char" | "character" | "bpchar" => Ok(Self::Char(length(4096)?.unwrap_or(1))),
            "varchar" | "character varying" | "string" => length(65_535).map(Self::Varchar),
            "text" => plain(Self::Varchar(None)),
            "date" => plain(Self::Date),
            "time" => plain(Self::Time),
            "timestamp" | "timestamp_ntz" | "datetime" => plain(Self::Timestamp),
            "timestamptz" | "timestamp_tz" => plain(Self::TimestampTz),
            "timestamp_ltz" => plain(Self::TimestampLtz),
            "binary" | "varbyte" | "varbinary" => length(1_024_000).map(Self::Binary),
            "json" | "super" | "variant" => plain(Self::Json(JsonKind::Any)),
            "object" => plain(Self::Json(JsonKind::Object)),
            "array" => plain(Self::Json(JsonKind::Array)),
            "uuid" => plain(Self::Uuid),
            _ => Err(format!("unknown type `{text}`")),
        }
    }

    /// The type's name in the warehouse's SQL.
    #[must_use]
    pub fn sql(self, dialect: Dialect) -> String {
        use Dialect::{Redshift, Snowflake};
        match (self, dialect) {
            (Self::Serial | Self::BigInt, Redshift) => "BIGINT".into(),
            (Self::SmallInt, Redshift) => "SMALLINT".into(),
            (Self::Integer, Redshift) => "INTEGER".into(),
            (Self::Serial | Self::SmallInt | Self::Integer | Self::BigInt, Snowflake) => {
                "NUMBER(38,0)".into()
            }
            (Self::Decimal { precision, scale }, Redshift) => {
                format!("DECIMAL({precision},{scale})")
            }
            (Self::Decimal { precision, scale }, Snowflake) => {
                format!("NUMBER({precision},{scale})")
            }
            (Self::Real, Redshift) => "REAL".into(),
            (Self::Double, Redshift) => "DOUBLE PRECISION".into(),
            (Self::Real | Self::Double, Snowflake) => "FLOAT".into(),
            (Self::Boolean, _) => "BOOLEAN".into(),
            (Self::Char(n), _) => format!("CHAR({n})"),
            (Self::Varchar(Some(n)), _) => format!("VARCHAR({n})"),
            (Self::Varchar(None), Redshift) => "VARCHAR(65535)".into(),
            (Self::Varchar(None), Snowflake) => "VARCHAR".into(),
            (Self::Date, _) => "DATE".into(),
            (Self::Time, _) => "TIME".into(),
            (Self::Timestamp, Redshift) => "TIMESTAMP".into(),
            (Self::Timestamp, Snowflake) => "TIMESTAMP_NTZ".into(),
            (Self::TimestampTz | Self::TimestampLtz, Redshift) => "TIMESTAMPTZ".into(),
            (Self::TimestampTz, Snowflake) => "TIMESTAMP_TZ".into(),
            (Self::TimestampLtz, Snowflake) => "TIMESTAMP_LTZ".into(),
            (Self::Binary(Some(n)), Redshift) => format!("VARBYTE({n})"),
            (Self::Binary(None), Redshift) => "VARBYTE(64000)".into(),
            (Self::Binary(Some(n)), Snowflake) => format!("BINARY({n})"),
            (Self::Binary(None), Snowflake) => "BINARY".into(),
            (Self::Json(_), Redshift) => "SUPER".into(),
            (Self::Json(JsonKind::Any), Snowflake) => "VARIANT".into(),
            (Self::Json(JsonKind::Object), Snowflake) => "OBJECT".into(),
            (Self::Json(JsonKind::Array), Snowflake) => "ARRAY".into(),
            (Self::Uuid, _) => "VARCHAR(36)".into(),
        }
    }

    /// Whether values are whole numbers.
    #[must_use]
    pub fn is_integer(self) -> bool {
        matches!(
            self,
            Self::Serial | Self::SmallInt | Self::Integer | Self::BigInt
        )
    }

    /// Whether values are numbers of any kind.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        self.is_integer() || matches!(self, Self::Decimal { .. } | Self::Real | Self::Double)
    }

    /// Whether values are text.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Char(_) | Self::Varchar(_) | Self::Uuid)
    }

    /// Whether values are points in time (dates, times of day, timestamps).
    #[must_use]
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Time) || self.is_timestamp()
    }

    /// Whether values are date and time.
    #[must_use]
    pub fn is_timestamp(self) -> bool {
        matches!(
            self,
            Self::Timestamp | Self::TimestampTz | Self::TimestampLtz
        )
    }

    /// Greatest length in bytes of a text value, if the type bounds it.
    #[must_use]
    pub fn max_length(self) -> Option<usize> {
        match self {
            Self::Char(n) => Some(n as usize),
            Self::Varchar(Some(n)) => Some(n as usize),
            Self::Varchar(None) => Some(65_535),
            Self::Uuid => Some(36),
            _ => None,
        }
    }

    /// Least and greatest value of the type in its own units (`10^-scale` for decimals), for whole numbers and
    /// decimals.
    #[must_use]
    pub fn integer_bounds(self) -> Option<(i128, i128)> {
        match self {
            Self::SmallInt => Some((i16::MIN.into(), i16::MAX.into())),
            Self::Integer => Some((i32::MIN.into(), i32::MAX.into())),
            Self::Serial | Self::BigInt => Some((i64::MIN.into(), i64::MAX.into())),
            Self::Decimal { precision, .. } => {
                let max = 10i128.pow(u32::from(precision)) - 1;
                Some((-max, max))
            }
            _ => None,
        }
    }

    /// Digits after the point of the type's units; 0 for everything that is not a decimal.
    #[must_use]
    pub fn scale(self) -> u32 {
        match self {
            Self::Decimal { scale, .. } => u32::from(scale),
            _ => 0,
        }
    }
}

impl fmt::Display for LogicalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial => f.write_str("serial"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Integer => f.write_str("integer"),
            Self::BigInt => f.write_str("bigint"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Real => f.write_str("real"),
            Self::Double => f.write_str("double"),
            Self::Boolean => f.write_str("boolean"),
            Self::Char(n) => write!(f, "char({n})"),
            Self::Varchar(Some(n)) => write!(f, "varchar({n})"),
            Self::Varchar(None) => f.write_str("varchar"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Timestamp => f.write_str("timestamp_ntz"),
            Self::TimestampTz => f.write_str("timestamp_tz"),
            Self::TimestampLtz => f.write_str("timestamp_ltz"),
            Self::Binary(Some(n)) => write!(f, "binary({n})"),
            Self::Binary(None) => f.write_str("binary"),
            Self::Json(JsonKind::Any) => f.write_str("json"),
            Self::Json(JsonKind::Object) => f.write_str("object"),
            Self::Json(JsonKind::Array) => f.write_str("array"),
            Self::Uuid => f.write_str("uuid"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_type_has_its_name_in_both_warehouses() {
        for (text, redshift, snowflake) in [
            ("serial", "BIGINT", "NUMBER(38,0)"),
            ("Integer", "INTEGER", "NUMBER(38,0)"),
            ("decimal(10, 2)", "DECIMAL(10,2)", "NUMBER(10,2)"),
            ("double precision", "DOUBLE PRECISION", "FLOAT"),
            ("varchar(50)", "VARCHAR(50)", "VARCHAR(50)"),
            ("text", "VARCHAR(65535)", "VARCHAR"),
            ("timestamp", "TIMESTAMP", "TIMESTAMP_NTZ"),
            ("timestamp_ltz", "TIMESTAMPTZ", "TIMESTAMP_LTZ"),
            ("timestamptz", "TIMESTAMPTZ", "TIMESTAMP_TZ"),
            ("varbyte(16)", "VARBYTE(16)", "BINARY(16)"),
            ("json", "SUPER", "VARIANT"),
            ("object", "SUPER", "OBJECT"),
            ("array", "SUPER", "ARRAY"),
            ("uuid", "VARCHAR(36)", "VARCHAR(36)"),
        ] {
            let ty = LogicalType::parse(text).unwrap();
            assert_eq!(ty.sql(Dialect::Redshift), redshift, "{text}");
            assert_eq!(ty.sql(Dialect::Snowflake), snowflake, "{text}");
            assert_eq!(LogicalType::parse(&ty.to_string()), Ok(ty));
        }
    }

    #[test]
    fn bad_types_say_why() {
        for (text, part) in [
            ("strin", "unknown type"),
            ("decimal(39,2)", "out of bounds"),
            ("decimal(4,5)", "out of bounds"),
            ("varchar(0)", "not in 1..="),
            ("varchar(10", "closing parenthesis"),
            ("date(3)", "takes no parameters"),
            ("varchar(x)", "not whole numbers"),
        ] {
            let message = LogicalType::parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,30}") {
            let _ = LogicalType::parse(&text);
        }
    }
}
