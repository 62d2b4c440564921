//! Types, literals, result types of operators and names of columns.

use dwsim_engine::dialect::BinaryOp;
use dwsim_engine::types::SqlType;
use rstest::rstest;
use sqlparser::parser::Parser;

use super::arithmetic::number_type;
use super::coercion::common_type;
use super::names::column_name;
use super::types::{data_type, number_literal};
use crate::parse::RedshiftGrammar;

fn ty(text: &str) -> SqlType {
    let parsed = Parser::new(&RedshiftGrammar)
        .try_with_sql(text)
        .and_then(|mut p| p.parse_data_type())
        .expect("a type");
    data_type(&parsed).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[rstest]
#[case("int", SqlType::Integer)]
#[case("int2", SqlType::SmallInt)]
#[case("int8", SqlType::BigInt)]
#[case("decimal", SqlType::number(18, 0))]
#[case("numeric(8,2)", SqlType::number(8, 2))]
#[case("float", SqlType::Double)]
#[case("float(24)", SqlType::Real)]
#[case("double precision", SqlType::Double)]
#[case("char", SqlType::Char(1))]
#[case("bpchar", SqlType::Char(256))]
#[case("nchar(10)", SqlType::Char(10))]
#[case("varchar", SqlType::Varchar(Some(256)))]
#[case("varchar(max)", SqlType::Varchar(Some(65_535)))]
#[case("character varying(10)", SqlType::Varchar(Some(10)))]
#[case("text", SqlType::Varchar(Some(256)))]
#[case("timestamp", SqlType::Timestamp(6))]
#[case("timestamptz", SqlType::TimestampLtz(6))]
#[case("timestamp with time zone", SqlType::TimestampLtz(6))]
#[case("time", SqlType::Time(6))]
#[case("timetz", SqlType::TimeTz)]
#[case("super", SqlType::Variant)]
#[case("varbyte(64)", SqlType::Binary(Some(64)))]
#[case("interval year to month", SqlType::IntervalYm)]
#[case("interval day to second", SqlType::IntervalDs)]
#[case("pg_catalog.regclass", SqlType::Oid)]
fn types(#[case] text: &str, #[case] expected: SqlType) {
    assert_eq!(ty(text), expected);
}

#[test]
fn limits() {
    for text in [
        "decimal(39)",
        "char(4097)",
        "varchar(65536)",
        "varchar(0)",
        "json",
        "uuid",
    ] {
        let parsed = Parser::new(&RedshiftGrammar)
            .try_with_sql(text)
            .and_then(|mut p| p.parse_data_type())
            .expect("a type");
        assert!(data_type(&parsed).is_err(), "{text}");
    }
}

#[rstest]
#[case("1", SqlType::Integer)]
#[case("2147483648", SqlType::BigInt)]
#[case("9223372036854775808", SqlType::number(19, 0))]
#[case("1.50", SqlType::number(3, 2))]
#[case(".5", SqlType::number(1, 1))]
#[case("1e3", SqlType::number(4, 0))]
#[case("1e100", SqlType::Double)]
fn literals(#[case] text: &str, #[case] expected: SqlType) {
    assert_eq!(number_literal(text).map(|t| t.ty), Ok(expected));
}

#[rstest]
#[case(BinaryOp::Div, SqlType::Integer, SqlType::SmallInt, SqlType::Integer)]
#[case(
    BinaryOp::Div,
    SqlType::number(8, 2),
    SqlType::number(8, 2),
    SqlType::number(17, 9)
)]
#[case(
    BinaryOp::Add,
    SqlType::number(8, 2),
    SqlType::number(5, 4),
    SqlType::number(11, 4)
)]
#[case(
    BinaryOp::Mul,
    SqlType::number(8, 2),
    SqlType::Integer,
    SqlType::number(19, 2)
)]
#[case(
    BinaryOp::Mul,
    SqlType::number(38, 2),
    SqlType::number(38, 2),
    SqlType::number(38, 4)
)]
#[case(BinaryOp::Add, SqlType::Real, SqlType::Real, SqlType::Real)]
#[case(BinaryOp::Add, SqlType::Real, SqlType::SmallInt, SqlType::Double)]
#[case(BinaryOp::Sub, SqlType::number(8, 2), SqlType::Double, SqlType::Double)]
fn operators(
    #[case] op: BinaryOp,
    #[case] a: SqlType,
    #[case] b: SqlType,
    #[case] expected: SqlType,
) {
    assert_eq!(number_type(op, &a, &b), expected);
}

#[test]
fn alternatives() {
    let pairs = [
        (SqlType::SmallInt, SqlType::BigInt, Some(SqlType::BigInt)),
        (
            SqlType::number(8, 2),
            SqlType::Integer,
            Some(SqlType::number(12, 2)),
        ),
        (
            SqlType::number(18, 2),
            SqlType::number(18, 6),
            Some(SqlType::number(19, 6)),
        ),
        (
            SqlType::Varchar(Some(3)),
            SqlType::Char(7),
            Some(SqlType::Varchar(Some(7))),
        ),
        (
            SqlType::Varchar(Some(3)),
            SqlType::Date,
            Some(SqlType::Date),
        ),
        (
            SqlType::Date,
            SqlType::TimestampLtz(6),
            Some(SqlType::TimestampLtz(6)),
        ),
        (SqlType::Date, SqlType::Integer, None),
    ];
    for (a, b, expected) in pairs {
        assert_eq!(common_type(&a, &b), expected, "{a} {b}");
        assert_eq!(common_type(&b, &a), expected, "{b} {a}");
    }
}

#[rstest]
#[case("t.Col", "col")]
#[case("count(*)", "count")]
#[case("a + 1", "?column?")]
#[case("'x'", "?column?")]
#[case("a::int", "a")]
#[case("'5'::int", "int4")]
#[case("case when a then b end", "case")]
#[case("extract(year from d)", "date_part")]
#[case("s.a[0].b", "b")]
#[case("s.a[0]", "a")]
#[case("(upper(x))", "upper")]
fn names(#[case] text: &str, #[case] expected: &str) {
    let e = Parser::new(&RedshiftGrammar)
        .try_with_sql(text)
        .and_then(|mut p| p.parse_expr())
        .expect("an expression");
    assert_eq!(column_name(&e), expected);
}
