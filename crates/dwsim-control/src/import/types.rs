//! From a warehouse's type to the one that dwsim.toml has for both, and what has to be said for the warehouse alone.
//! Reading type names is left to the dialect crates.

use dwsim_engine::error::SqlError;
use dwsim_engine::types::SqlType;
use dwsim_schema::{Dialect, JsonKind, LogicalType};
use sqlparser::ast::{DataType, Statement};

/// A type of dwsim.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapped {
    pub(crate) ty: LogicalType,
    /// The warehouse's own type, where `ty` alone would declare another.
    pub(crate) own: Option<String>,
    /// dwsim makes no values of the type: the column can only hold NULL.
    pub(crate) nulls_only: bool,
}

/// The engine's type of a declared one.
pub(crate) fn declared(ty: &DataType, dialect: Dialect) -> Result<SqlType, SqlError> {
    match dialect {
        Dialect::Redshift => dwsim_redshift::dialect::data_type(ty),
        Dialect::Snowflake => dwsim_snowflake::dialect::data_type(ty),
    }
}

/// The engine's type of a type's text, as a column would have it.
fn of_text(text: &str, dialect: Dialect) -> Option<SqlType> {
    let sql = format!("create table t (c {text})");
    let ty = match dialect {
        Dialect::Redshift => match dwsim_redshift::parse::parse(&sql).ok()?.pop()?.statement {
            dwsim_redshift::parse::Statement::CreateTable(t) => {
                t.columns.first()?.data_type.clone()
            }
            _ => return None,
        },
        Dialect::Snowflake => match dwsim_snowflake::parse::parse(&sql).ok()? {
            dwsim_snowflake::parse::Command::Sql(s) => match *s {
                Statement::CreateTable(t) => t.columns.first()?.data_type.clone(),
                _ => return None,
            },
            _ => return None,
        },
    };
    declared(&ty, dialect).ok()
}

fn logical(ty: &SqlType) -> Option<LogicalType> {
    Some(match ty {
        SqlType::Boolean => LogicalType::Boolean,
        SqlType::SmallInt => LogicalType::SmallInt,
        SqlType::Integer => LogicalType::Integer,
        SqlType::BigInt | SqlType::Oid => LogicalType::BigInt,
        // what INTEGER and every other whole number is in Snowflake
        SqlType::Number {
            precision: 38,
            scale: 0,
        } => LogicalType::BigInt,
        SqlType::Number { precision, scale } => LogicalType::Decimal {
            precision: *precision,
            scale: *scale,
        },
        SqlType::Real => LogicalType::Real,
        SqlType::Double => LogicalType::Double,
        SqlType::Char(n) => LogicalType::Char((*n).clamp(1, 4096)),
        SqlType::Name => LogicalType::Varchar(Some(128)),
        SqlType::Varchar(Some(n)) if *n <= 65_535 => LogicalType::Varchar(Some(*n)),
        SqlType::Varchar(_) => LogicalType::Varchar(None),
        SqlType::Binary(Some(n)) if *n <= 1_024_000 && *n != 64_000 => {
            LogicalType::Binary(Some(*n))
        }
        SqlType::Binary(_) => LogicalType::Binary(None),
        SqlType::Date => LogicalType::Date,
        SqlType::Time(_) => LogicalType::Time,
        SqlType::Timestamp(_) => LogicalType::Timestamp,
        SqlType::TimestampTz(_) => LogicalType::TimestampTz,
        SqlType::TimestampLtz(_) => LogicalType::TimestampLtz,
        SqlType::Variant => LogicalType::Json(JsonKind::Any),
        SqlType::Object => LogicalType::Json(JsonKind::Object),
        SqlType::Array => LogicalType::Json(JsonKind::Array),
        _ => return None,
    })
}

/// The type for dwsim.toml.
pub(crate) fn map(ty: &SqlType, written: &str, dialect: Dialect) -> Mapped {
    let found = logical(ty);
    let logical = found.unwrap_or(LogicalType::Varchar(None));
    let own = if found.is_some() && of_text(&logical.sql(dialect), dialect).as_ref() == Some(ty) {
        None
    } else {
        let rendered = match dialect {
            Dialect::Redshift => ty.redshift(),
            Dialect::Snowflake => ty.snowflake(),
        };
        // a dollar sign marks the parser's own names of structured types
        let same =
            |text: &String| !text.contains('$') && of_text(text, dialect).as_ref() == Some(ty);
        Some(
            [written.to_uppercase(), rendered.to_uppercase()]
                .into_iter()
                .find(same)
                .unwrap_or(rendered),
        )
    };
    Mapped {
        ty: logical,
        own,
        nulls_only: found.is_none(),
    }
}
