//! Type names with Redshift's defaults and limits, and the types of number literals.
//! Sources: the guide's pages "Character types", "Numeric types", "Integer and floating-point literals".

use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::kernels::cast::parse_decimal;
use dwsim_engine::types::{REDSHIFT_MAX_VARCHAR, SqlType};
use sqlparser::ast::{self, CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

/// Longest CHAR.
const MAX_CHAR: u32 = 4096;
/// VARCHAR without a length.
const DEFAULT_VARCHAR: u32 = 256;
/// Longest VARBYTE in a table.
const MAX_VARBYTE: u32 = 16_777_216;
/// VARBYTE without a length.
const DEFAULT_VARBYTE: u32 = 64_000;

fn invalid(sqlstate: &str, text: String) -> SqlError {
    SqlError::raw("", sqlstate, text)
}

fn length(n: Option<CharacterLength>, default: u32, most: u32, ty: &str) -> Result<u32> {
    match n {
        None => Ok(default),
        Some(CharacterLength::Max) => Ok(most),
        Some(CharacterLength::IntegerLength { length, .. }) => check(length, most, ty),
    }
}

fn check(length: u64, most: u32, ty: &str) -> Result<u32> {
    if length == 0 {
        return Err(invalid(
            "22023",
            format!("length for type {ty} must be at least 1"),
        ));
    }
    match u32::try_from(length) {
        Ok(n) if n <= most => Ok(n),
        _ => Err(invalid(
            "22023",
            format!("length for type {ty} cannot exceed {most}"),
        )),
    }
}

fn decimal(info: ExactNumberInfo) -> Result<SqlType> {
    let (p, s) = match info {
        ExactNumberInfo::None => (18, 0),
        ExactNumberInfo::Precision(p) => (p, 0),
        ExactNumberInfo::PrecisionAndScale(p, s) => (p, s),
    };
    if !(1..=38).contains(&p) {
        return Err(invalid(
            "22023",
            format!("DECIMAL precision {p} must be between 1 and 38"),
        ));
    }
    if s < 0 || s > p as i64 {
        return Err(invalid(
            "22023",
            format!("NUMERIC scale {s} must be between 0 and precision {p}"),
        ));
    }
    Ok(SqlType::number(p as u8, s as u8))
}

fn float(info: ExactNumberInfo) -> Result<SqlType> {
    match info {
        ExactNumberInfo::None => Ok(SqlType::Double),
        ExactNumberInfo::Precision(p) if (1..=24).contains(&p) => Ok(SqlType::Real),
        ExactNumberInfo::Precision(p) if (25..=53).contains(&p) => Ok(SqlType::Double),
        _ => Err(invalid(
            "22023",
            "precision for type float must be between 1 and 53 bits".into(),
        )),
    }
}

/// The type a name declares.
///
/// # Errors
/// Unknown types, and lengths beyond the limits.
pub fn data_type(ty: &DataType) -> Result<SqlType> {
    Ok(match ty {
        DataType::Boolean | DataType::Bool => SqlType::Boolean,
        DataType::SmallInt(_) | DataType::Int2(_) => SqlType::SmallInt,
        DataType::Int(_) | DataType::Integer(_) | DataType::Int4(_) => SqlType::Integer,
        DataType::BigInt(_) | DataType::Int8(_) => SqlType::BigInt,
        DataType::Decimal(info) | DataType::Numeric(info) | DataType::Dec(info) => decimal(*info)?,
        DataType::Real | DataType::Float4 => SqlType::Real,
        DataType::Double(_) | DataType::DoublePrecision | DataType::Float8 => SqlType::Double,
        DataType::Float(info) => float(*info)?,
        DataType::Char(n) | DataType::Character(n) => {
            SqlType::Char(length(*n, 1, MAX_CHAR, "character")?)
        }
        DataType::Varchar(n)
        | DataType::CharacterVarying(n)
        | DataType::CharVarying(n)
        | DataType::Nvarchar(n) => SqlType::Varchar(Some(length(
            *n,
            DEFAULT_VARCHAR,
            REDSHIFT_MAX_VARCHAR,
            "character varying",
        )?)),
        DataType::Text => SqlType::Varchar(Some(DEFAULT_VARCHAR)),
        DataType::Date => SqlType::Date,
        DataType::Time(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => SqlType::Time(6),
        DataType::Time(..) => SqlType::TimeTz,
        DataType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone)
        | DataType::TimestampNtz(_)
        | DataType::Datetime(_) => SqlType::Timestamp(6),
        DataType::Timestamp(..) => SqlType::TimestampLtz(6),
        DataType::Interval { fields, .. } => match fields {
            Some(
                ast::IntervalFields::Year
                | ast::IntervalFields::Month
                | ast::IntervalFields::YearToMonth,
            ) => SqlType::IntervalYm,
            Some(_) => SqlType::IntervalDs,
            None => SqlType::Interval,
        },
        DataType::Varbinary(n) => SqlType::Binary(Some(match n {
            None => DEFAULT_VARBYTE,
            Some(ast::BinaryLength::Max) => MAX_VARBYTE,
            Some(ast::BinaryLength::IntegerLength { length }) => {
                check(*length, MAX_VARBYTE, "binary varying")?
            }
        })),
        DataType::Custom(name, modifiers) => custom(name, modifiers)?,
        DataType::Regclass => SqlType::Oid,
        DataType::GeometricType(_) => return Err(unknown(&ty.to_string())),
        other => return Err(unknown(&other.to_string())),
    })
}

/// The specification of a collation by its SQL word: bytes as they are, or of the text in lower case. Blanks at the end
/// count in neither (r_Character_types).
pub fn collation(word: &str) -> Option<&'static str> {
    match word {
        "case_sensitive" | "cs" => Some("utf8"),
        "case_insensitive" | "ci" => Some(CASE_INSENSITIVE),
        _ => None,
    }
}

/// The specification of the case-insensitive collation.
pub const CASE_INSENSITIVE: &str = "utf8-lower-rtrim";

fn unknown(name: &str) -> SqlError {
    invalid(
        "42704",
        format!("type \"{}\" does not exist", name.to_lowercase()),
    )
}

fn custom(name: &ast::ObjectName, modifiers: &[String]) -> Result<SqlType> {
    let word = name
        .0
        .last()
        .and_then(|p| p.as_ident())
        .map(|i| i.value.to_lowercase())
        .unwrap_or_default();
    let number = |default: u32, most: u32, ty: &str| -> Result<u32> {
        match modifiers.first() {
            None => Ok(default),
            Some(m) if m.eq_ignore_ascii_case("max") => Ok(most),
            Some(m) => match m.parse::<u64>() {
                Ok(n) => check(n, most, ty),
                Err(_) => Err(invalid("42601", format!("invalid length \"{m}\" of {ty}"))),
            },
        }
    };
    Ok(match word.as_str() {
        "super" => SqlType::Variant,
        "varbyte" | "varbinary" => SqlType::Binary(Some(number(
            DEFAULT_VARBYTE,
            MAX_VARBYTE,
            "binary varying",
        )?)),
        "hllsketch" => SqlType::HllSketch,
        "geometry" => SqlType::Geometry,
        "geography" => SqlType::Geography,
        "bpchar" => match modifiers.first() {
            None => SqlType::Char(256),
            Some(_) => SqlType::Char(number(256, MAX_CHAR, "character")?),
        },
        "nchar" => SqlType::Char(number(1, MAX_CHAR, "character")?),
        "nvarchar" => SqlType::Varchar(Some(number(
            DEFAULT_VARCHAR,
            REDSHIFT_MAX_VARCHAR,
            "character varying",
        )?)),
        "timetz" => SqlType::TimeTz,
        "timestamptz" => SqlType::TimestampLtz(6),
        "name" => SqlType::Name,
        "oid" | "regclass" | "regtype" | "regproc" => SqlType::Oid,
        "bool" => SqlType::Boolean,
        "int2" => SqlType::SmallInt,
        "int4" => SqlType::Integer,
        "int8" => SqlType::BigInt,
        "float4" => SqlType::Real,
        "float8" => SqlType::Double,
        // Types of PostgreSQL's system catalogs that clients name in their queries.
        "unknown" | "cstring" | "char" | "text" | "varchar" => SqlType::text(),
        "numeric" => SqlType::number(18, 0),
        "date" => SqlType::Date,
        "time" => SqlType::Time(6),
        "timestamp" => SqlType::Timestamp(6),
        "interval" => SqlType::Interval,
        _ => return Err(unknown(&word)),
    })
}

/// A number literal: the smallest of INTEGER, BIGINT and DECIMAL that holds it, DOUBLE PRECISION beyond.
///
/// # Errors
/// When the text is no number.
pub fn number_literal(text: &str) -> Result<Typed> {
    let literal = |value, ty| Typed::new(Expr::Literal(value, None), ty);
    if let Ok(v) = text.parse::<i32>() {
        return Ok(literal(ScalarValue::Int32(Some(v)), SqlType::Integer));
    }
    if let Ok(v) = text.parse::<i64>() {
        return Ok(literal(ScalarValue::Int64(Some(v)), SqlType::BigInt));
    }
    if let Some((v, scale)) = parse_decimal(text) {
        let exact = if scale >= 0 {
            Some((v, scale))
        } else {
            10i128
                .checked_pow(scale.unsigned_abs())
                .and_then(|unit| v.checked_mul(unit))
                .map(|v| (v, 0))
        };
        if let Some((v, scale)) = exact {
            let digits = v.unsigned_abs().checked_ilog10().map_or(1, |d| d + 1) as i32;
            let precision = digits.max(scale).max(1);
            if precision <= 38 {
                return Ok(literal(
                    ScalarValue::Decimal128(Some(v), precision as u8, scale as i8),
                    SqlType::number(precision as u8, scale as u8),
                ));
            }
        }
    }
    match text.parse::<f64>() {
        Ok(v) if v.is_finite() => Ok(literal(ScalarValue::Float64(Some(v)), SqlType::Double)),
        _ => Err(SqlError::invalid_value("Numeric value", text)),
    }
}
