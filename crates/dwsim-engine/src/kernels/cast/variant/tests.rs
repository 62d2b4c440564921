#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, LargeBinaryArray};
use arrow::util::display::array_value_to_string;

use crate::dialect::DialectName::{self, Redshift, Snowflake};
use crate::error::Result;
use crate::functions::{Call, Column, conform};
use crate::kernels::cast;
use crate::kernels::semi::tests::env;
use crate::types::SqlType;
use crate::variant::{JsonStyle, ParseMode, Ref, Value, parse_json, to_json};

fn json(text: &str) -> Value {
    parse_json(text, ParseMode::Snowflake).unwrap()
}

fn cast_array(
    array: ArrayRef,
    from: &SqlType,
    to: &SqlType,
    name: &str,
    dialect: DialectName,
) -> Result<ArrayRef> {
    let env = env(dialect);
    let kernel = cast::kernel(from, to, dialect).unwrap();
    let rows = array.len();
    let columns = [Column {
        array,
        scalar: false,
    }];
    kernel(&Call {
        name,
        args: &columns,
        types: std::slice::from_ref(from),
        returns: to,
        rows,
        env: &env,
    })
    .and_then(|a| conform(a, to))
}

fn show(a: &dyn Array, i: usize, ty: &SqlType) -> String {
    if a.is_null(i) {
        return "NULL".into();
    }
    match a.as_any().downcast_ref::<LargeBinaryArray>() {
        Some(v) if ty.is_semi() => to_json(Ref::new(v.value(i)), JsonStyle::Compact),
        _ => array_value_to_string(a, i).unwrap(),
    }
}

/// Casts one value; errors as their Snowflake message.
fn one(v: &Value, to: &SqlType, name: &str, dialect: DialectName) -> String {
    let array: ArrayRef = Arc::new(LargeBinaryArray::from_iter_values([v.encode()]));
    match cast_array(array, &SqlType::Variant, to, name, dialect) {
        Ok(a) => show(a.as_ref(), 0, to),
        Err(e) => e.snowflake().message,
    }
}

#[test]
fn variant_becomes_every_kind_of_type() {
    let int = SqlType::number(38, 0);
    let money = SqlType::number(10, 2);
    for (v, to, expected) in [
        (json("\"abc\""), SqlType::text(), "abc"),
        (json("1.50"), SqlType::text(), "1.5"),
        (json("true"), SqlType::text(), "true"),
        (
            json("{b:[1],a:null}"),
            SqlType::text(),
            "{\"a\":null,\"b\":[1]}",
        ),
        (json("null"), SqlType::text(), "NULL"),
        (json("null"), int.clone(), "NULL"),
        (json("12"), int.clone(), "12"),
        (json("1.5"), int.clone(), "2"),
        (json("\"12\""), int.clone(), "12"),
        (json("true"), int.clone(), "1"),
        (json("1.5e2"), int.clone(), "150"),
        (json("1.234"), money.clone(), "1.23"),
        (
            json("\"x\""),
            int.clone(),
            "Failed to cast variant value \"x\" to FIXED",
        ),
        (
            json("[1]"),
            int.clone(),
            "Failed to cast variant value [1] to FIXED",
        ),
        (
            json("123456789.5"),
            SqlType::number(5, 0),
            "Failed to cast variant value 123456789.5 to FIXED",
        ),
        (json("1.5"), SqlType::Double, "1.5"),
        (
            json("\"x\""),
            SqlType::Double,
            "Failed to cast variant value \"x\" to REAL",
        ),
        (json("\"true\""), SqlType::Boolean, "true"),
        (json("0"), SqlType::Boolean, "false"),
        (json("\"2024-02-29\""), SqlType::Date, "2024-02-29"),
        (Value::Date(0), SqlType::Date, "1970-01-01"),
        (
            Value::Timestamp(86_400_000_000_000),
            SqlType::Date,
            "1970-01-02",
        ),
        (
            Value::Timestamp(1_500_000_000),
            SqlType::Timestamp(9),
            // Nine digits are stored as decimals of seconds.
            "1.500000000",
        ),
        (
            json("{}"),
            SqlType::Date,
            "Failed to cast variant value {} to DATE",
        ),
        (Value::Binary(vec![1, 255]), SqlType::Binary(None), "01ff"),
        (Value::Binary(vec![1, 255]), SqlType::text(), "01FF"),
        (Value::Time(3_723_000_000_000), SqlType::text(), "01:02:03"),
        (json("[1]"), SqlType::Array, "[1]"),
        (json("1"), SqlType::Array, "[1]"),
        (json("null"), SqlType::Array, "NULL"),
        (json("{a:1}"), SqlType::Object, "{\"a\":1}"),
        (json("null"), SqlType::Object, "NULL"),
        (
            json("1"),
            SqlType::Object,
            "Failed to cast variant value 1 to OBJECT",
        ),
    ] {
        assert_eq!(one(&v, &to, "cast", Snowflake), expected, "{v:?} as {to}");
    }
}

#[test]
fn try_forms_and_arguments_give_null() {
    for (v, to, name) in [
        ("\"x\"", SqlType::number(38, 0), "try_cast"),
        ("[1]", SqlType::Date, "try_cast"),
        ("1", SqlType::Object, "try_cast"),
        ("1", SqlType::Object, "argument"),
        ("{}", SqlType::Array, "argument"),
    ] {
        assert_eq!(one(&json(v), &to, name, Snowflake), "NULL", "{v} as {to}");
    }
}

#[test]
fn assignments_lose_nothing() {
    let v = json("{}");
    assert_eq!(one(&v, &SqlType::Array, "assign", Snowflake), "[{}]");
    let refused = one(&json("1"), &SqlType::Object, "assign", Snowflake);
    assert_eq!(refused, "Failed to cast variant value 1 to OBJECT");
}

#[test]
fn super_casts_are_lax() {
    for (v, to, expected) in [
        ("\"5\"", SqlType::Integer, "5"),
        ("\"Good\"", SqlType::Integer, "NULL"),
        ("[1]", SqlType::text(), "NULL"),
        ("\"abc\"", SqlType::Varchar(Some(2)), "ab"),
        ("5", SqlType::Boolean, "true"),
        ("5.5", SqlType::Boolean, "NULL"),
        ("1.5e0", SqlType::text(), "1.5"),
        ("40000", SqlType::SmallInt, "NULL"),
        ("\"2001-09-08\"", SqlType::Date, "2001-09-08"),
        ("true", SqlType::text(), "true"),
    ] {
        assert_eq!(
            one(&json(v), &to, "cast", Redshift),
            expected,
            "{v} as {to}"
        );
    }
    for from in [SqlType::Date, SqlType::Timestamp(6), SqlType::Time(6)] {
        assert!(cast::kernel(&from, &SqlType::Variant, Redshift).is_none());
        assert!(cast::kernel(&from, &SqlType::Variant, Snowflake).is_some());
    }
}

#[test]
fn a_column_of_many_kinds_keeps_its_order() {
    let values = ["1", "\"2\"", "null", "3.0e0", "4.4", "true", "\"6\""];
    let mut rows: Vec<Option<Vec<u8>>> = values.iter().map(|v| Some(json(v).encode())).collect();
    rows.push(None);
    let array: ArrayRef = Arc::new(LargeBinaryArray::from_iter(rows));
    let to = SqlType::number(38, 0);
    let out = cast_array(array, &SqlType::Variant, &to, "cast", Snowflake).unwrap();
    let shown: Vec<String> = (0..out.len()).map(|i| show(out.as_ref(), i, &to)).collect();
    assert_eq!(shown, ["1", "2", "NULL", "3", "4", "1", "6", "NULL"]);
}

#[test]
fn the_failing_value_is_named() {
    let rows = ["\"1\"", "\"b\"", "\"c\""].map(|v| json(v).encode());
    let array: ArrayRef = Arc::new(LargeBinaryArray::from_iter_values(rows));
    let to = SqlType::number(38, 0);
    let e = cast_array(array, &SqlType::Variant, &to, "cast", Snowflake).unwrap_err();
    assert_eq!(
        e.snowflake().message,
        "Failed to cast variant value \"b\" to FIXED"
    );
}

#[test]
fn types_survive_inside_variant() {
    let to = SqlType::Variant;
    for (v, ty) in [
        (Value::Date(19_000), SqlType::Date),
        (Value::Time(1), SqlType::Time(9)),
        (Value::Timestamp(1_234_567), SqlType::Timestamp(9)),
        (Value::TimestampLtz(1_234_000), SqlType::TimestampLtz(6)),
        (Value::TimestampTz(1_000, 60), SqlType::TimestampTz(9)),
        (Value::Binary(vec![0, 1]), SqlType::Binary(None)),
        (Value::Bool(true), SqlType::Boolean),
        (Value::Decimal(125, 2), SqlType::number(10, 2)),
        (Value::Double(0.1), SqlType::Double),
        (Value::text("x"), SqlType::text()),
    ] {
        let array: ArrayRef = Arc::new(LargeBinaryArray::from_iter_values([v.encode()]));
        let sql = cast_array(array, &to, &ty, "cast", Snowflake).unwrap();
        let back = cast_array(sql, &ty, &to, "cast", Snowflake).unwrap();
        let back = back.as_any().downcast_ref::<LargeBinaryArray>().unwrap();
        assert_eq!(Value::decode(back.value(0)).unwrap(), v, "{ty}");
    }
}
