//! Names of result columns, bare words, and texts of views and defaults as parsed again.
//! Folding of identifiers is in the parent module.

use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::plan::Binder;
use dwsim_engine::types::SqlType;
use sqlparser::ast;
use sqlparser::parser::Parser;

use crate::parse::{RedshiftGrammar, Statement, parse};

/// The query of a view's text.
pub(super) fn parse_query(sql: &str) -> Result<Box<ast::Query>> {
    match parse(sql)?.pop().map(|p| p.statement) {
        Some(Statement::Query(q)) => Ok(q),
        _ => Err(SqlError::internal(format!("no query: {sql}"))),
    }
}

/// The expression of a default's text.
pub(super) fn parse_expr(sql: &str) -> Result<ast::Expr> {
    Parser::new(&RedshiftGrammar)
        .try_with_sql(sql)
        .and_then(|mut p| p.parse_expr())
        .map_err(|e| SqlError::internal(format!("no expression: {sql}: {e}")))
}

const NAMELESS: &str = "?column?";

/// The name PostgreSQL gives a select item without an alias.
pub(super) fn column_name(expr: &ast::Expr) -> String {
    named(expr).unwrap_or_else(|| NAMELESS.to_owned())
}

fn last(name: &ast::ObjectName) -> Option<String> {
    name.0
        .last()
        .and_then(|p| p.as_ident())
        .map(|i| i.value.to_lowercase())
}

/// The name of an expression unless it only comes from a type or from CASE.
fn own_name(expr: &ast::Expr) -> Option<String> {
    use ast::Expr as E;
    match expr {
        E::Cast { expr, .. } | E::Convert { expr, .. } | E::Nested(expr) => own_name(expr),
        E::Case { else_result, .. } => else_result.as_deref().and_then(own_name),
        E::TypedString(_) | E::Interval(_) | E::Value(_) => None,
        other => named(other),
    }
}

fn named(expr: &ast::Expr) -> Option<String> {
    use ast::Expr as E;
    match expr {
        E::Identifier(i) => Some(match i.value.to_lowercase().as_str() {
            "sysdate" => "timestamp".into(),
            "user" => "current_user".into(),
            other => other.to_owned(),
        }),
        E::CompoundIdentifier(parts) => parts.last().map(|i| i.value.to_lowercase()),
        E::CompoundFieldAccess { root, access_chain } => access_chain
            .iter()
            .rev()
            .find_map(|a| match a {
                ast::AccessExpr::Dot(e) => named(e),
                ast::AccessExpr::Subscript(_) => None,
            })
            .or_else(|| named(root)),
        E::JsonAccess { value, path } => path
            .path
            .iter()
            .rev()
            .find_map(|step| match step {
                ast::JsonPathElem::Dot { key, .. } => Some(key.to_lowercase()),
                _ => None,
            })
            .or_else(|| named(value)),
        E::Nested(e) | E::Collate { expr: e, .. } | E::OuterJoin(e) | E::Prior(e) => named(e),
        E::Function(f) => last(&f.name).map(|n| match n.as_str() {
            "current_date" => "date".into(),
            "current_timestamp" | "localtimestamp" => "timestamp".into(),
            "datediff" => "date_diff".into(),
            "dateadd" => "date_add".into(),
            "date_part" => "pgdate_part".into(),
            _ => n,
        }),
        // The outermost type names what has no name of its own.
        E::Cast {
            expr, data_type, ..
        }
        | E::Convert {
            expr,
            data_type: Some(data_type),
            ..
        } => own_name(expr)
            .or_else(|| super::data_type(data_type).ok().map(|t| internal_name(&t)))
            .or_else(|| named(expr)),
        E::TypedString(t) => super::data_type(&t.data_type)
            .ok()
            .map(|t| internal_name(&t)),
        E::Interval(_) => Some("interval".into()),
        E::Case { else_result, .. } => (else_result.as_deref())
            .and_then(own_name)
            .or_else(|| Some("case".into())),
        E::Extract { .. } => Some("date_part".into()),
        E::Ceil { .. } => Some("ceil".into()),
        E::Floor { .. } => Some("floor".into()),
        E::Position { .. } => Some("position".into()),
        E::Substring { .. } => Some("substring".into()),
        E::Trim { .. } => Some("btrim".into()),
        E::Overlay { .. } => Some("overlay".into()),
        E::AtTimeZone { .. } => Some("timezone".into()),
        E::Value(v) if matches!(v.value, ast::Value::Boolean(_)) => Some("bool".into()),
        _ => None,
    }
}

/// PostgreSQL's short name of a type (`pg_type.typname`).
pub fn internal_name(ty: &SqlType) -> String {
    match ty {
        SqlType::Boolean => "bool",
        SqlType::SmallInt => "int2",
        SqlType::Integer => "int4",
        SqlType::BigInt => "int8",
        SqlType::Oid => "oid",
        SqlType::Name => "name",
        SqlType::Number { .. } => "numeric",
        SqlType::Real => "float4",
        SqlType::Double => "float8",
        SqlType::Char(_) => "bpchar",
        SqlType::Collated(_) => return internal_name(&ty.plain_text()),
        SqlType::Null | SqlType::Varchar(_) => "varchar",
        SqlType::Binary(_) => "varbyte",
        SqlType::Date => "date",
        SqlType::Time(_) => "time",
        SqlType::TimeTz => "timetz",
        SqlType::Timestamp(_) => "timestamp",
        SqlType::TimestampLtz(_) | SqlType::TimestampTz(_) => "timestamptz",
        SqlType::IntervalYm => "intervaly2m",
        SqlType::IntervalDs => "intervald2s",
        SqlType::Interval => "interval",
        SqlType::Variant
        | SqlType::Object
        | SqlType::Array
        | SqlType::Structured(_)
        | SqlType::Vector { .. } => "super",
        SqlType::HllSketch => "hllsketch",
        SqlType::Geometry => "geometry",
        SqlType::Geography => "geography",
    }
    .to_owned()
}

fn literal(value: ScalarValue, ty: SqlType) -> Typed {
    Typed::new(Expr::Literal(value, None), ty)
}

/// Words without parentheses that are neither columns nor aliases.
/// The AWS account of the emulated cluster, which belongs to none.
pub(crate) const ACCOUNT: &str = "000000000000";

pub(super) fn bare_word(binder: &mut Binder<'_>, word: &str) -> Result<Option<Typed>> {
    let env = &binder.env;
    let name = |s: &str| literal(ScalarValue::Utf8(Some(s.to_owned())), SqlType::Name);
    Ok(Some(match word.to_lowercase().as_str() {
        // The start of the transaction, in the session's zone (r_SYSDATE).
        "sysdate" => {
            let local = env
                .moment()
                .transaction_now
                .with_timezone(&env.timezone)
                .naive_local()
                .and_utc()
                .timestamp_micros();
            literal(
                ScalarValue::TimestampMicrosecond(Some(local), None),
                SqlType::Timestamp(6),
            )
        }
        "current_user" | "session_user" | "user" => name(&env.user),
        "current_user_id" => {
            let user = env.user.clone();
            let id = crate::catalog::facts(binder).user_oid(&user);
            literal(ScalarValue::Int32(Some(id as i32)), SqlType::Integer)
        }
        "current_namespace" => literal(
            ScalarValue::Utf8(Some(crate::catalog::namespace_id(&env.account))),
            SqlType::text(),
        ),
        "current_aws_account" => {
            literal(ScalarValue::Utf8(Some(ACCOUNT.to_owned())), SqlType::text())
        }
        "current_schema" => match &env.schema {
            Some(s) => name(s),
            None => literal(ScalarValue::Utf8(None), SqlType::Name),
        },
        _ => return Ok(None),
    }))
}
