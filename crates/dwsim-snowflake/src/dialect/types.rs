//! Names of data types and types of number literals.
//! Source: "Summary of data types", "Numeric data types".

use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::kernels::cast::parse_decimal;
use dwsim_engine::types::{
    SNOWFLAKE_MAX_BINARY, SNOWFLAKE_MAX_VARCHAR, SqlType, Structured, StructuredField,
};
use sqlparser::ast::{BinaryLength, CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

const INTEGER: SqlType = SqlType::number(38, 0);

fn invalid(message: String) -> SqlError {
    SqlError::raw(
        "002010",
        "42601",
        format!("SQL compilation error:\n{message}"),
    )
}

fn number(precision: u64, scale: i64) -> Result<SqlType> {
    if !(1..=38).contains(&precision) {
        return Err(invalid(format!(
            "Invalid precision '{precision}' for type NUMBER. It must be between 1 and 38."
        )));
    }
    if scale < 0 || scale as u64 > 37.min(precision) {
        return Err(invalid(format!(
            "Invalid scale '{scale}' for type NUMBER({precision},{scale})."
        )));
    }
    Ok(SqlType::number(precision as u8, scale as u8))
}

fn exact(info: &ExactNumberInfo) -> Result<SqlType> {
    match info {
        ExactNumberInfo::None => Ok(INTEGER),
        ExactNumberInfo::Precision(p) => number(*p, 0),
        ExactNumberInfo::PrecisionAndScale(p, s) => number(*p, *s),
    }
}

fn text(length: Option<u64>) -> Result<SqlType> {
    match length {
        None => Ok(SqlType::Varchar(Some(SNOWFLAKE_MAX_VARCHAR))),
        Some(0) => Err(invalid("Invalid length '0' for type VARCHAR.".into())),
        // Since 2025 VARCHAR may be as long as 128 MB.
        Some(n) if n <= 134_217_728 => Ok(SqlType::Varchar(Some(n as u32))),
        Some(n) => Err(invalid(format!("Invalid length '{n}' for type VARCHAR."))),
    }
}

fn character(length: &Option<CharacterLength>, default: Option<u64>) -> Result<SqlType> {
    match length {
        None => text(default),
        Some(CharacterLength::IntegerLength { length, .. }) => text(Some(*length)),
        Some(CharacterLength::Max) => text(None),
    }
}

fn binary(length: Option<u64>) -> Result<SqlType> {
    match length {
        None => Ok(SqlType::Binary(Some(SNOWFLAKE_MAX_BINARY))),
        Some(n) if (1..=67_108_864).contains(&n) => Ok(SqlType::Binary(Some(n as u32))),
        Some(n) => Err(invalid(format!("Invalid length '{n}' for type BINARY."))),
    }
}

fn fraction(digits: Option<u64>) -> Result<u8> {
    match digits {
        None => Ok(9),
        Some(n @ 0..=9) => Ok(n as u8),
        Some(n) => Err(invalid(format!(
            "Invalid precision '{n}'. It must be between 0 and 9."
        ))),
    }
}

/// The type a type name declares.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for types that Snowflake or dwsim lack; bad lengths and precisions.
pub fn data_type(ty: &DataType) -> Result<SqlType> {
    use DataType as D;
    Ok(match ty {
        D::Numeric(i) | D::Decimal(i) | D::Dec(i) => exact(i)?,
        D::TinyInt(_)
        | D::SmallInt(_)
        | D::Int(_)
        | D::Integer(_)
        | D::BigInt(_)
        | D::Int2(_)
        | D::Int4(_)
        | D::Int8(_) => INTEGER,
        D::Float(_)
        | D::Float4
        | D::Float8
        | D::Double(_)
        | D::DoublePrecision
        | D::Real
        | D::Float64 => SqlType::Double,
        D::Varchar(n) | D::CharacterVarying(n) | D::CharVarying(n) | D::Nvarchar(n) => {
            character(n, None)?
        }
        D::Char(n) | D::Character(n) => character(n, Some(1))?,
        D::Text | D::TinyText => text(None)?,
        D::String(n) => text(*n)?,
        D::Binary(n) => binary(*n)?,
        D::Varbinary(None | Some(BinaryLength::Max)) => binary(None)?,
        D::Varbinary(Some(BinaryLength::IntegerLength { length })) => binary(Some(*length))?,
        D::Boolean | D::Bool => SqlType::Boolean,
        D::Date => SqlType::Date,
        D::Time(n, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            SqlType::Time(fraction(*n)?)
        }
        D::Datetime(n) | D::TimestampNtz(n) => SqlType::Timestamp(fraction(*n)?),
        D::Timestamp(n, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            SqlType::Timestamp(fraction(*n)?)
        }
        D::Timestamp(n, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            SqlType::TimestampTz(fraction(*n)?)
        }
        D::Array(_) => SqlType::Array,
        D::Map(..) => return Err(SqlError::unsupported("type MAP")),
        D::Custom(name, modifiers) => custom(&name.to_string().to_uppercase(), modifiers)?,
        other => {
            return Err(SqlError::new(ErrorKind::Unsupported(format!(
                "data type {other}"
            ))));
        }
    })
}

fn custom(name: &str, modifiers: &[String]) -> Result<SqlType> {
    let digit = |i: usize| -> Result<Option<u64>> {
        modifiers
            .get(i)
            .map(|m| {
                m.parse::<u64>()
                    .map_err(|_| invalid(format!("Invalid type modifier '{m}' of {name}.")))
            })
            .transpose()
    };
    Ok(match name {
        "NUMBER" => match (digit(0)?, digit(1)?) {
            (None, _) => INTEGER,
            (Some(p), s) => number(p, s.unwrap_or(0) as i64)?,
        },
        "BYTEINT" => INTEGER,
        "STRING" | "NCHAR VARYING" | "NVARCHAR2" => text(digit(0)?)?,
        "NCHAR" => text(Some(digit(0)?.unwrap_or(1)))?,
        "TIMESTAMP_NTZ" | "TIMESTAMPNTZ" | "DATETIME" => SqlType::Timestamp(fraction(digit(0)?)?),
        "TIMESTAMP_LTZ" | "TIMESTAMPLTZ" => SqlType::TimestampLtz(fraction(digit(0)?)?),
        "TIMESTAMP_TZ" | "TIMESTAMPTZ" => SqlType::TimestampTz(fraction(digit(0)?)?),
        "VARIANT" => SqlType::Variant,
        "OBJECT" => SqlType::Object,
        "ARRAY" => SqlType::Array,
        "ARRAY$STRUCTURED" | "MAP$STRUCTURED" | "OBJECT$STRUCTURED" => {
            let text = modifiers.first().map_or("", String::as_str);
            SqlType::Structured(Box::new(structured(name, text)?))
        }
        "VECTOR" => {
            let float = match modifiers.first().map(|m| m.to_ascii_uppercase()).as_deref() {
                Some("FLOAT") => true,
                Some("INT" | "INTEGER") => false,
                _ => {
                    return Err(invalid(
                        "Invalid element type of VECTOR. It must be INT or FLOAT.".into(),
                    ));
                }
            };
            match digit(1)? {
                Some(n @ 1..=4096) => SqlType::Vector {
                    float,
                    dimension: n as u32,
                },
                _ => {
                    return Err(invalid(
                        "Invalid vector dimension. It must be between 1 and 4096.".into(),
                    ));
                }
            }
        }
        "GEOGRAPHY" => SqlType::Geography,
        "GEOMETRY" => SqlType::Geometry,
        other => {
            return Err(SqlError::raw(
                "002040",
                "42601",
                format!("SQL compilation error:\nUnsupported data type '{other}'."),
            ));
        }
    })
}

/// `ARRAY(…)`, `MAP(…)` and `OBJECT(…)` from the text in their parentheses.
fn structured(name: &str, text: &str) -> Result<Structured> {
    let parts = crate::parse::structured_type(text, name.starts_with("OBJECT"))?
        .into_iter()
        .map(|(name, ty, nullable)| {
            Ok(StructuredField {
                name,
                ty: data_type(&ty)?,
                nullable,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    if name.starts_with("OBJECT") {
        return Ok(Structured::Object(parts));
    }
    match (name.starts_with("ARRAY"), parts.as_slice()) {
        (true, [element]) => Ok(Structured::Array {
            element: element.ty.clone(),
            nullable: element.nullable,
        }),
        (false, [key, value]) => {
            let text = key.ty.is_text();
            if !text && !matches!(key.ty, SqlType::Number { scale: 0, .. }) {
                return Err(invalid(format!(
                    "Unsupported key type '{}' for MAP. It must be VARCHAR or NUMBER with scale 0.",
                    key.ty.snowflake()
                )));
            }
            Ok(Structured::Map {
                key: key.ty.clone(),
                value: value.ty.clone(),
                nullable: value.nullable,
            })
        }
        (array, _) => Err(invalid(format!(
            "Type {} takes {} type(s), not '{text}'.",
            if array { "ARRAY" } else { "MAP" },
            if array { "one" } else { "two" },
        ))),
    }
}

/// A number as written: exact with the digits it shows, a float when it has an exponent or more than 38 digits.
pub(super) fn number_literal(text: &str) -> Result<Typed> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let float = text.contains(['e', 'E']);
    if !float
        && digits <= 76
        && let Some((unscaled, scale)) = parse_decimal(text)
        && (0..=37).contains(&scale)
        && unscaled.unsigned_abs() < 10u128.pow(38)
        && fraction_digits(text) == scale as usize
    {
        let shown = unscaled
            .unsigned_abs()
            .checked_ilog10()
            .map_or(1, |n| n as u8 + 1);
        let ty = SqlType::number(shown.max(scale as u8).max(1), scale as u8);
        let SqlType::Number { precision, scale } = ty else {
            return Err(SqlError::internal("a number literal is no number"));
        };
        let value = ScalarValue::Decimal128(Some(unscaled), precision, scale as i8);
        return Ok(Typed::new(Expr::Literal(value, None), ty));
    }
    let value: f64 = text
        .parse()
        .map_err(|_| SqlError::invalid_value("Numeric value", text))?;
    Ok(Typed::new(
        Expr::Literal(ScalarValue::Float64(Some(value)), None),
        SqlType::Double,
    ))
}

fn fraction_digits(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, f)| f.len())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn literals_have_the_digits_they_show() {
        for (text, ty) in [
            ("1", SqlType::number(1, 0)),
            ("-12.50", SqlType::number(4, 2)),
            ("0.05", SqlType::number(2, 2)),
            (
                "12345678901234567890123456789012345678",
                SqlType::number(38, 0),
            ),
            ("1e3", SqlType::Double),
            ("123456789012345678901234567890123456789", SqlType::Double),
        ] {
            assert_eq!(number_literal(text).unwrap().ty, ty, "{text}");
        }
    }
}
