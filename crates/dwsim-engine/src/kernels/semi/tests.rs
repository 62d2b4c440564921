#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, LargeBinaryArray, NullArray, StringArray,
};
use arrow::datatypes::{DataType, Float64Type, Int64Type};

use super::*;
use crate::dialect::DialectName::{self, Redshift, Snowflake};
use crate::env::Env;
use crate::error::Result;
use crate::functions::{AggCall, AggKernel, Call, Column, Kernel};
use crate::types::SqlType;
use crate::variant::{JsonStyle, ParseMode, Ref, Value};

pub(crate) fn env(dialect: DialectName) -> Env {
    Env::alone(
        dialect,
        chrono_tz::America::Los_Angeles,
        chrono::DateTime::UNIX_EPOCH,
    )
}

/// An argument: JSON, text, integer, boolean, SQL NULL of no type, SQL NULL of type VARIANT.
#[derive(Clone, Copy, Debug)]
enum A {
    J(&'static str),
    T(&'static str),
    I(i64),
    B(bool),
    N,
    NV,
}
use A::{B, I, J, N, NV, T};

fn encode(text: &str, dialect: DialectName) -> Vec<u8> {
    let mode = match dialect {
        Snowflake => ParseMode::Snowflake,
        Redshift => ParseMode::Redshift,
    };
    crate::variant::parse_json(text, mode).unwrap().encode()
}

fn column(a: A, dialect: DialectName) -> (Column, SqlType) {
    let (array, ty): (ArrayRef, SqlType) = match a {
        J(s) => (
            Arc::new(LargeBinaryArray::from_iter_values([encode(s, dialect)])),
            SqlType::Variant,
        ),
        T(s) => (Arc::new(StringArray::from(vec![s])), SqlType::text()),
        I(v) => (Arc::new(Int64Array::from(vec![v])), SqlType::BigInt),
        B(v) => (Arc::new(BooleanArray::from(vec![v])), SqlType::Boolean),
        N => (Arc::new(NullArray::new(1)), SqlType::Null),
        NV => (
            Arc::new(LargeBinaryArray::from(vec![None::<&[u8]>])),
            SqlType::Variant,
        ),
    };
    (
        Column {
            array,
            scalar: true,
        },
        ty,
    )
}

fn show(a: &dyn Array, env: &Env) -> String {
    if a.is_null(0) {
        return "NULL".into();
    }
    match a.data_type() {
        DataType::LargeBinary => print::json_text(
            Ref::new(a.as_binary::<i64>().value(0)),
            JsonStyle::Compact,
            env,
        ),
        DataType::Utf8 => a.as_string::<i32>().value(0).to_owned(),
        DataType::Int64 => a.as_primitive::<Int64Type>().value(0).to_string(),
        DataType::Float64 => a.as_primitive::<Float64Type>().value(0).to_string(),
        DataType::Boolean => a.as_boolean().value(0).to_string(),
        other => format!("{other}"),
    }
}

fn call_array(
    kernel: Kernel,
    name: &str,
    env: &Env,
    args: &[A],
    returns: &SqlType,
) -> Result<ArrayRef> {
    let (columns, types): (Vec<_>, Vec<_>) = args.iter().map(|a| column(*a, env.dialect)).unzip();
    kernel(&Call {
        name,
        args: &columns,
        types: &types,
        returns,
        rows: 1,
        env,
    })
}

fn run(kernel: Kernel, dialect: DialectName, args: &[A]) -> String {
    let env = env(dialect);
    match call_array(kernel, "F", &env, args, &SqlType::Variant) {
        Ok(a) => show(a.as_ref(), &env),
        Err(_) => "error".into(),
    }
}

fn table(dialect: DialectName, cases: &[(&str, Kernel, &[A], &str)]) {
    for (name, kernel, args, expected) in cases {
        assert_eq!(run(*kernel, dialect, args), *expected, "{name}{args:?}");
    }
}

#[test]
fn paths() {
    table(
        Snowflake,
        &[
            (
                "path",
                path,
                &[J("{a:{b:[1,2]}}"), T("a"), T("b"), I(1)],
                "2",
            ),
            ("path", path, &[J("{a:1}"), T("A")], "NULL"),
            ("path", path, &[J("[1,,3]"), I(1)], "NULL"),
            ("path", path, &[J("[1]"), I(-1)], "NULL"),
            ("path", path, &[J("[1]"), I(5)], "NULL"),
            ("path", path, &[J("{a:null}"), T("a")], "null"),
            ("path", path, &[J("{a:[7]}"), J("\"a\""), J("0")], "7"),
            ("path", path, &[NV, T("a")], "NULL"),
            ("path", path, &[J("5"), T("a")], "NULL"),
            ("get_path", get_path, &[J("{a:[{b:1}]}"), T("a[0].b")], "1"),
            (
                "get_path",
                get_path,
                &[J("{\"a b\":{\"c.d\":1}}"), T("[\"a b\"]['c.d']")],
                "1",
            ),
            ("get_path", get_path, &[J("{\"a b\":2}"), T("\"a b\"")], "2"),
            ("get_path", get_path, &[J("{a:2}"), T("a..b")], "error"),
            ("get_path", get_path, &[J("{a:2}"), T("a[x]")], "error"),
            (
                "get_ignore_case",
                get_ignore_case,
                &[J("{aa:1,aA:2,Aa:3}"), T("aA")],
                "2",
            ),
            (
                "get_ignore_case",
                get_ignore_case,
                &[J("{aa:1,aA:2,Aa:3}"), T("AA")],
                "3",
            ),
        ],
    );
}

#[test]
fn parsing_functions() {
    table(
        Snowflake,
        &[
            (
                "parse_json",
                parse_json,
                &[T(" {\"b\":1, \"a\":[]} ")],
                "{\"a\":[],\"b\":1}",
            ),
            ("parse_json", parse_json, &[T("  ")], "NULL"),
            ("parse_json", parse_json, &[T("{")], "error"),
            ("parse_json", parse_json, &[J("\"[1]\"")], "[1]"),
            (
                "parse_json",
                parse_json,
                &[T("{\"a\":1,\"a\":2}"), T("d")],
                "{\"a\":2}",
            ),
            (
                "parse_json",
                parse_json,
                &[T("{\"a\":1,\"a\":2}"), T("s")],
                "error",
            ),
            ("try_parse_json", try_parse_json, &[T("{")], "NULL"),
            ("check_json", check_json, &[T("[1]")], "NULL"),
            (
                "check_json",
                check_json,
                &[T("[1")],
                "incomplete array value, pos 3",
            ),
            ("to_json", to_json, &[J("\"null\"")], "\"null\""),
            ("strip_null_value", strip_null_value, &[J("null")], "NULL"),
        ],
    );
    table(
        Redshift,
        &[
            (
                "json_parse",
                json_parse,
                &[T("{\"b\":1, \"a\":2.50}")],
                "{\"b\":1,\"a\":2.5}",
            ),
            ("json_parse", json_parse, &[T("[1,]")], "error"),
            ("can_json_parse", can_json_parse, &[T("[1,]")], "false"),
            ("can_json_parse", can_json_parse, &[T("[1]")], "true"),
            ("json_size", json_size, &[J("[10001,10002]")], "13"),
            ("is_valid_json", is_valid_json, &[T("{\"a\":1}")], "true"),
            ("is_valid_json", is_valid_json, &[T("{\"a\":1")], "false"),
            ("is_valid_json", is_valid_json, &[T("[1,2]")], "false"),
            (
                "is_valid_json_array",
                is_valid_json_array,
                &[T("{}")],
                "false",
            ),
            (
                "is_valid_json_array",
                is_valid_json_array,
                &[T("[[]]")],
                "true",
            ),
            (
                "extract",
                json_extract_path_text,
                &[T("{\"a\":{\"b\":\"x\"}}"), T("a"), T("b")],
                "x",
            ),
            (
                "extract",
                json_extract_path_text,
                &[T("{\"a\":{\"b\":\"x\"}}"), T("a")],
                "{\"b\":\"x\"}",
            ),
            (
                "extract",
                json_extract_path_text,
                &[T("{\"a\":1}"), T("A")],
                "NULL",
            ),
            (
                "extract",
                json_extract_path_text,
                &[T("{\"a\":[5,6]}"), T("a"), T("1")],
                "6",
            ),
            (
                "extract",
                json_extract_path_text,
                &[T("{\"a\""), T("a")],
                "error",
            ),
            (
                "extract",
                json_extract_path_text,
                &[T("{\"a\""), T("a"), B(true)],
                "NULL",
            ),
            (
                "element",
                json_extract_array_element_text,
                &[T("[\"a\",[1]]"), I(0)],
                "a",
            ),
            (
                "element",
                json_extract_array_element_text,
                &[T("[\"a\",[1]]"), I(1)],
                "[1]",
            ),
            (
                "element",
                json_extract_array_element_text,
                &[T("[1]"), I(9)],
                "NULL",
            ),
            (
                "element",
                json_extract_array_element_text,
                &[T("[1"), I(0), B(true)],
                "NULL",
            ),
            ("length", json_array_length, &[T("[1,2,[3]]")], "3"),
            ("length", json_array_length, &[T("{}")], "error"),
            ("length", json_array_length, &[T("{}"), B(true)], "NULL"),
        ],
    );
}

#[test]
fn kinds() {
    for (json, name, super_name) in [
        ("null", "NULL_VALUE", "null"),
        ("true", "BOOLEAN", "boolean"),
        ("-17", "INTEGER", "number"),
        ("1.0", "INTEGER", "number"),
        ("123.12", "DECIMAL", "number"),
        ("1.9e2", "DOUBLE", "number"),
        ("\"x\"", "VARCHAR", "string"),
        ("[1]", "ARRAY", "array"),
        ("{}", "OBJECT", "object"),
    ] {
        assert_eq!(run(type_of, Snowflake, &[J(json)]), name);
        assert_eq!(run(json_typeof, Redshift, &[J(json)]), super_name);
    }
    table(
        Snowflake,
        &[
            ("is_integer", is_integer_value, &[J("1.5")], "false"),
            ("is_decimal", is_decimal, &[J("1")], "true"),
            ("is_double", is_double, &[J("1.5")], "true"),
            ("is_null_value", is_null_value, &[J("null")], "true"),
            ("is_null_value", is_null_value, &[NV], "NULL"),
            ("is_array", is_array, &[NV], "NULL"),
        ],
    );
    table(
        Redshift,
        &[
            ("is_smallint", is_smallint, &[J("32768")], "false"),
            ("is_integer", is_integer, &[J("32768")], "true"),
            ("is_bigint", is_bigint, &[J("9223372036854775808")], "false"),
            ("is_char", is_char, &[J("\"é\"")], "false"),
            ("is_varchar", is_varchar, &[J("\"é\"")], "true"),
            ("is_scalar", is_scalar, &[J("null")], "false"),
            ("is_array", is_array, &[NV], "false"),
            ("precision", decimal_precision, &[J("3.14159")], "6"),
            ("scale", decimal_scale, &[J("3.14159")], "5"),
            ("precision", decimal_precision, &[J("\"x\"")], "NULL"),
        ],
    );
}

#[test]
fn arrays() {
    table(
        Snowflake,
        &[
            (
                "construct",
                array_construct,
                &[I(1), N, T("x"), J("[2]")],
                "[1,undefined,\"x\",[2]]",
            ),
            ("construct", array_construct, &[], "[]"),
            (
                "compact",
                array_construct_compact,
                &[I(1), N, J("null")],
                "[1,null]",
            ),
            ("append", array_append, &[J("[1]"), T("x")], "[1,\"x\"]"),
            ("append", array_append, &[NV, I(1)], "NULL"),
            ("prepend", array_prepend, &[J("[1]"), I(0)], "[0,1]"),
            ("cat", array_cat, &[J("[1]"), J("[2,3]")], "[1,2,3]"),
            ("cat", array_cat, &[J("[1]"), NV], "NULL"),
            ("compact", array_compact, &[J("[1,,null,2]")], "[1,2]"),
            ("flatten", array_flatten, &[J("[[1],[[2]]]")], "[1,[2]]"),
            ("flatten", array_flatten, &[J("[[1],,[2]]")], "NULL"),
            ("flatten", array_flatten, &[J("[[1],2]")], "error"),
            ("range", array_generate_range, &[I(2), I(5)], "[2,3,4]"),
            ("range", array_generate_range, &[I(5), I(2), I(-2)], "[5,3]"),
            ("range", array_generate_range, &[I(5), I(2)], "[]"),
            ("range", array_generate_range, &[I(0), I(2), I(0)], "error"),
            ("range", array_generate_range, &[I(0), I(i64::MAX)], "error"),
            (
                "insert",
                array_insert,
                &[J("[0,1,2]"), I(1), T("x")],
                "[0,\"x\",1,2]",
            ),
            (
                "insert",
                array_insert,
                &[J("[0,1,2]"), I(-1), T("x")],
                "[0,1,\"x\",2]",
            ),
            (
                "insert",
                array_insert,
                &[J("[0]"), I(3), T("x")],
                "[0,undefined,undefined,\"x\"]",
            ),
            (
                "insert",
                array_insert,
                &[J("[0]"), I(1), N],
                "[0,undefined]",
            ),
            (
                "remove",
                array_remove,
                &[J("[1,2,1.0,\"1\"]"), J("1")],
                "[2,\"1\"]",
            ),
            ("remove", array_remove, &[J("[1]"), N], "NULL"),
            (
                "remove_at",
                array_remove_at,
                &[J("[1,2,3]"), I(-1)],
                "[1,2]",
            ),
            (
                "remove_at",
                array_remove_at,
                &[J("[1,2,3]"), I(7)],
                "[1,2,3]",
            ),
            ("reverse", array_reverse, &[J("[1,2,3]")], "[3,2,1]"),
            ("size", array_size, &[J("[1,,3]")], "3"),
            ("size", array_size, &[J("{}")], "NULL"),
            (
                "slice",
                array_slice,
                &[J("[0,1,2,3,4,5,6]"), I(-5), I(-3)],
                "[2,3]",
            ),
            (
                "slice",
                array_slice,
                &[J("[0,1,2,3]"), I(1), I(99)],
                "[1,2,3]",
            ),
            ("slice", array_slice, &[J("[0,1,2,3]"), I(10), I(12)], "[]"),
            (
                "to_string",
                array_to_string,
                &[J("[true,1,-1.5,\"A\",[\"x\"],,null]"), T(", ")],
                "true, 1, -1.5, A, [\"x\"], , ",
            ),
            (
                "to_object",
                arrays_to_object,
                &[J("[\"b\",,\"a\"]"), J("[1,2,null]")],
                "{\"a\":null,\"b\":1}",
            ),
            (
                "to_object",
                arrays_to_object,
                &[J("[\"b\"]"), J("[1,2]")],
                "error",
            ),
            (
                "zip",
                arrays_zip,
                &[J("[1,2]"), J("[\"a\"]")],
                "[{\"$1\":1,\"$2\":\"a\"},{\"$1\":2,\"$2\":null}]",
            ),
            (
                "split",
                split,
                &[T("a||b|"), T("|")],
                "[\"a\",\"\",\"b\",\"\"]",
            ),
            ("split", split, &[T("ab"), T("")], "[\"ab\"]"),
            (
                "strtok",
                strtok_to_array,
                &[T("a.b@c"), T(".@")],
                "[\"a\",\"b\",\"c\"]",
            ),
        ],
    );
    table(
        Redshift,
        &[
            (
                "array",
                array_construct,
                &[I(1), N, T("x")],
                "[1,null,\"x\"]",
            ),
            (
                "flatten",
                super_array_flatten,
                &[J("[1,[2,[3,[]]]]")],
                "[1,2,3]",
            ),
            ("flatten", super_array_flatten, &[J("1")], "NULL"),
            (
                "subarray",
                super_subarray,
                &[J("[0,1,2,3,4]"), I(2), I(2)],
                "[2,3]",
            ),
            ("split", super_split_to_array, &[T("1,2")], "[\"1\",\"2\"]"),
        ],
    );
}

#[test]
fn collections() {
    table(
        Snowflake,
        &[
            ("contains", array_contains, &[J("2"), J("[1,2e0]")], "true"),
            (
                "contains",
                array_contains,
                &[J("\"2\""), J("[1,2]")],
                "false",
            ),
            ("contains", array_contains, &[NV, J("[1,]")], "true"),
            ("contains", array_contains, &[NV, J("[1]")], "NULL"),
            ("position", array_position, &[J("3"), J("[1,3]")], "1"),
            ("position", array_position, &[J("9"), J("[1,3]")], "NULL"),
            (
                "distinct",
                array_distinct,
                &[J("[2,1,2,1.0,,,null]")],
                "[2,1,undefined,null]",
            ),
            (
                "except",
                array_except,
                &[J("[1,2,2,2,3]"), J("[2]")],
                "[1,2,2,3]",
            ),
            ("except", array_except, &[J("[1,,]"), J("[,]")], "[1]"),
            (
                "intersection",
                array_intersection,
                &[J("[1,2,2,2,3]"), J("[2,2]")],
                "[2,2]",
            ),
            ("overlap", arrays_overlap, &[J("[1,]"), J("[,2]")], "true"),
            ("overlap", arrays_overlap, &[J("[1]"), J("[2]")], "false"),
            ("overlap", arrays_overlap, &[J("[1]"), NV], "NULL"),
            ("max", array_max, &[J("[20,0,,10]")], "20"),
            ("max", array_max, &[J("[,null]")], "null"),
            ("max", array_max, &[J("[,]")], "NULL"),
            ("min", array_min, &[J("[20,0,,10]")], "0"),
            (
                "sort",
                array_sort,
                &[J("[20,null,0,,10]")],
                "[0,10,20,null,undefined]",
            ),
            (
                "sort",
                array_sort,
                &[J("[20,null,0,,10]"), B(false)],
                "[undefined,null,20,10,0]",
            ),
            (
                "sort",
                array_sort,
                &[J("[20,,0]"), B(true), B(true)],
                "[undefined,0,20]",
            ),
        ],
    );
}

#[test]
fn redshift_collections() {
    table(
        Redshift,
        &[
            (
                "contains",
                super_array_contains,
                &[J("[1,null]"), J("1.0")],
                "true",
            ),
            (
                "contains",
                super_array_contains,
                &[J("[1,null]"), J("2")],
                "false",
            ),
            (
                "contains",
                super_array_contains,
                &[J("[1,null]"), N],
                "true",
            ),
            (
                "contains",
                super_array_contains,
                &[J("[1,null]"), J("2"), B(false)],
                "NULL",
            ),
            (
                "contains",
                super_array_contains,
                &[J("[1]"), N, B(false)],
                "NULL",
            ),
            ("contains", super_array_contains, &[J("1"), J("1")], "NULL"),
            ("position", super_array_position, &[J("[5,6]"), J("6")], "1"),
            (
                "position",
                super_array_position,
                &[J("[5,6]"), J("7")],
                "-1",
            ),
            (
                "positions",
                super_array_positions,
                &[J("[5,6,5]"), J("5")],
                "[0,2]",
            ),
            (
                "positions",
                super_array_positions,
                &[J("[5]"), J("7")],
                "[]",
            ),
            ("except", array_except, &[J("[1,2,2]"), J("[2]")], "[1,2]"),
            (
                "except",
                array_except,
                &[J("[1,2,2]"), J("[2]"), B(true)],
                "[1]",
            ),
            (
                "intersection",
                array_intersection,
                &[J("[2,2,2]"), J("[2,2]"), B(true)],
                "[2]",
            ),
            (
                "sort",
                array_sort,
                &[J("[\"b\",0,null,1,false]")],
                "[false,0,1,\"b\",null]",
            ),
            (
                "sort",
                array_sort,
                &[J("[\"b\",0,null]"), B(false)],
                "[null,\"b\",0]",
            ),
            (
                "sort",
                array_sort,
                &[J("[\"b\",0,null]"), B(false), B(false)],
                "[\"b\",0,null]",
            ),
        ],
    );
}

#[test]
fn objects() {
    table(
        Snowflake,
        &[
            (
                "construct",
                object_construct,
                &[T("b"), I(1), T("a"), N, N, I(3)],
                "{\"b\":1}",
            ),
            (
                "keep_null",
                object_construct_keep_null,
                &[T("b"), I(1), T("a"), N],
                "{\"a\":null,\"b\":1}",
            ),
            (
                "construct",
                object_construct,
                &[T("a"), I(1), T("a"), I(2)],
                "error",
            ),
            ("construct", object_construct, &[T("a")], "error"),
            (
                "insert",
                object_insert,
                &[J("{b:1}"), T("a"), I(2)],
                "{\"a\":2,\"b\":1}",
            ),
            (
                "insert",
                object_insert,
                &[J("{a:1}"), T("a"), I(2)],
                "error",
            ),
            (
                "insert",
                object_insert,
                &[J("{a:1}"), T("a"), I(2), B(true)],
                "{\"a\":2}",
            ),
            (
                "insert",
                object_insert,
                &[J("{a:1}"), T("a"), N, B(true)],
                "{}",
            ),
            (
                "insert",
                object_insert,
                &[J("{a:1}"), T("b"), N],
                "{\"a\":1}",
            ),
            (
                "insert",
                object_insert,
                &[J("{a:1}"), T("b"), J("null")],
                "{\"a\":1,\"b\":null}",
            ),
            (
                "delete",
                object_delete,
                &[J("{a:1,b:2,c:3}"), T("a"), T("c")],
                "{\"b\":2}",
            ),
            (
                "pick",
                object_pick,
                &[J("{a:1,b:2,c:3}"), J("[\"a\",\"x\"]")],
                "{\"a\":1}",
            ),
            (
                "pick",
                object_pick,
                &[J("{a:1,b:2,c:3}"), T("c"), T("b")],
                "{\"b\":2,\"c\":3}",
            ),
            ("keys", object_keys, &[J("{b:1,a:{c:1}}")], "[\"a\",\"b\"]"),
        ],
    );
    table(
        Redshift,
        &[
            (
                "object",
                super_object,
                &[T("b"), I(1), T("a"), N],
                "{\"b\":1,\"a\":null}",
            ),
            (
                "object",
                super_object,
                &[T("b"), I(1), T("b"), I(2)],
                "error",
            ),
            (
                "count",
                get_number_attributes,
                &[J("{\"a\":1,\"b\":{\"c\":1}}")],
                "2",
            ),
            (
                "upper",
                upper_attribute_names,
                &[J("[{\"a\":{\"b\":\"c\"}}]")],
                "[{\"A\":{\"B\":\"c\"}}]",
            ),
            (
                "lower",
                lower_attribute_names,
                &[J("{\"A\":1,\"a\":2}")],
                "error",
            ),
            (
                "transform",
                object_transform,
                &[
                    J("{\"n\":{\"f\":1,\"l\":2},\"age\":3,\"x\":4}"),
                    I(2),
                    T("\"n\".\"f\""),
                    T("\"age\""),
                    T("\"age\""),
                    J("9"),
                    T("\"new\".\"k\""),
                    T("v"),
                ],
                "{\"n\":{\"f\":1},\"age\":9,\"new\":{\"k\":\"v\"}}",
            ),
            (
                "transform",
                object_transform,
                &[J("[1]"), I(1), T("\"a\"")],
                "[1]",
            ),
        ],
    );
}

#[test]
fn comparison() {
    table(
        Snowflake,
        &[
            ("eq", eq, &[J("1"), J("1e0")], "true"),
            ("eq", eq, &[J("[1.5]"), J("[15e-1]")], "true"),
            ("eq", eq, &[J("1"), J("\"1\"")], "false"),
            ("lt", lt, &[J("1"), J("1.5e0")], "true"),
            ("eq", eq, &[J("1"), NV], "NULL"),
            (
                "comparable",
                comparable,
                &[J("[15e-1,{a:2e0}]")],
                "[1.5,{\"a\":2}]",
            ),
            ("comparable", comparable, &[J("null")], "null"),
        ],
    );
    table(
        Redshift,
        &[
            ("eq", eq, &[J("\"a\""), J("\"a  \"")], "true"),
            ("eq", eq, &[J("\"a\""), J("1")], "false"),
            ("lt", lt, &[J("\"a\""), J("1")], "NULL"),
            ("lt", lt, &[J("1"), J("2.5")], "true"),
            (
                "eq",
                eq,
                &[J("{\"a\":1,\"b\":[2]}"), J("{\"b\":[2],\"a\":1}")],
                "true",
            ),
            ("eq", eq, &[J("null"), J("null")], "NULL"),
            ("ge", ge, &[J("[1]"), J("[1]")], "NULL"),
            ("comparable", comparable, &[J("null")], "NULL"),
            (
                "comparable",
                comparable,
                &[J("{\"b\":\"x \",\"a\":1}")],
                "{\"a\":1,\"b\":\"x\"}",
            ),
        ],
    );
}

#[test]
fn super_arithmetic() {
    table(
        Redshift,
        &[
            ("add", super_add, &[J("1"), J("0.5")], "1.5"),
            ("add", super_add, &[J("\"a\""), J("\"b\"")], "\"ab\""),
            ("add", super_add, &[J("\"a\""), J("1")], "NULL"),
            ("sub", super_sub, &[J("1"), J("true")], "NULL"),
            ("mul", super_mul, &[J("1.5"), J("1.5")], "2.25"),
            ("div", super_div, &[J("7"), J("2")], "3"),
            ("div", super_div, &[J("7.0"), J("2.5")], "2.8"),
            ("div", super_div, &[J("1"), J("0")], "error"),
            ("mod", super_mod, &[J("-7"), J("3")], "-1"),
            ("mul", super_mul, &[J("2"), J("1.5e0")], "3"),
            (
                "mul",
                super_mul,
                &[J("99999999999999999999"), J("99999999999999999999")],
                "error",
            ),
            ("negate", super_negate, &[J("1.5")], "-1.5"),
        ],
    );
}

#[test]
fn a_declared_fraction_is_no_whole_number() {
    let env = env(Redshift);
    let two = arrow::array::Decimal128Array::from(vec![20])
        .with_precision_and_scale(2, 1)
        .unwrap();
    let columns = [
        column(J("7"), Redshift).0,
        Column {
            array: Arc::new(two),
            scalar: true,
        },
    ];
    let out = super_div(&Call {
        name: "/",
        args: &columns,
        types: &[SqlType::Variant, SqlType::number(2, 1)],
        returns: &SqlType::Variant,
        rows: 1,
        env: &env,
    })
    .unwrap();
    assert_eq!(show(out.as_ref(), &env), "3.5");
}

fn flat(args: &[A]) -> Vec<String> {
    let env = env(Snowflake);
    let list = call_array(flatten, "FLATTEN", &env, args, &SqlType::Array).unwrap();
    let rows = list.as_list::<i32>().value(0);
    let rows = rows.as_struct();
    (0..rows.len())
        .map(|i| {
            let cells: Vec<String> = rows
                .columns()
                .iter()
                .map(|c| show(c.slice(i, 1).as_ref(), &env))
                .collect();
            cells.join("|")
        })
        .collect()
}

#[test]
fn flattening() {
    let all = |json, path, outer, recursive, mode| {
        flat(&[J(json), T(path), B(outer), B(recursive), T(mode)])
    };
    assert_eq!(
        all("[1, ,77]", "", false, false, "BOTH"),
        [
            "1|NULL|[0]|0|1|[1,undefined,77]",
            "1|NULL|[2]|2|77|[1,undefined,77]"
        ]
    );
    assert_eq!(
        all("{a:1,b:[7]}", "b", false, false, "both"),
        ["1|NULL|b[0]|0|7|[7]"]
    );
    assert_eq!(all("[]", "", true, false, "both"), ["1|NULL||NULL|NULL|[]"]);
    assert!(all("[]", "", false, false, "both").is_empty());
    assert!(all("5", "", false, false, "both").is_empty());
    assert_eq!(
        all("{a:{\"x y\":[5]}}", "", false, true, "both"),
        [
            "1|a|a|NULL|{\"x y\":[5]}|{\"a\":{\"x y\":[5]}}",
            "1|x y|a['x y']|NULL|[5]|{\"x y\":[5]}",
            "1|NULL|a['x y'][0]|0|5|[5]"
        ]
    );
    assert_eq!(
        all("{a:[1]}", "", false, true, "object"),
        ["1|a|a|NULL|[1]|{\"a\":[1]}"]
    );
    assert!(all("{a:[1]}", "", false, true, "array").is_empty());
    let env = env(Snowflake);
    let args = [J("[1]"), T(""), B(false), B(false), T("x")];
    assert!(call_array(flatten, "FLATTEN", &env, &args, &SqlType::Array).is_err());
}

#[test]
fn rows_of_texts_and_super_values() {
    let env = env(Redshift);
    for (kernel, args, columns, expected) in [
        (
            split_to_table as Kernel,
            &[T("a.b"), T(".")][..],
            split_to_table_columns(),
            2,
        ),
        (
            strtok_split_to_table,
            &[T("a b  c"), T(" ")][..],
            split_to_table_columns(),
            3,
        ),
        (unnest, &[J("[1,null]")][..], unnest_columns(), 2),
        (unnest, &[J("{}")][..], unnest_columns(), 0),
        (
            unpivot_object,
            &[J("{\"a\":1,\"b\":2}")][..],
            unpivot_columns(),
            2,
        ),
    ] {
        let list = call_array(kernel, "F", &env, args, &SqlType::Array).unwrap();
        let rows = list.as_list::<i32>().value(0);
        assert_eq!(rows.len(), expected);
        let fields: Vec<_> = rows
            .as_struct()
            .fields()
            .iter()
            .map(|f| (f.name().clone(), f.data_type().clone()))
            .collect();
        let declared: Vec<_> = columns
            .iter()
            .map(|(n, t)| ((*n).to_owned(), t.arrow()))
            .collect();
        assert_eq!(fields, declared);
    }
}

#[test]
fn aggregates() {
    let env = env(Snowflake);
    let run = |kernel: AggKernel, columns: &[Vec<Option<&str>>]| {
        let args: Vec<ArrayRef> = columns
            .iter()
            .map(|c| {
                Arc::new(LargeBinaryArray::from_iter(
                    c.iter().map(|v| v.map(|t| encode(t, Snowflake))),
                )) as ArrayRef
            })
            .collect();
        let types = vec![SqlType::Variant; args.len()];
        let out = kernel(&AggCall {
            name: "F",
            rows: args[0].len(),
            args: &args,
            types: &types,
            returns: &SqlType::Array,
            env: &env,
        });
        out.map_or("error".into(), |a| show(a.as_ref(), &env))
    };
    assert_eq!(
        run(array_agg, &[vec![Some("2"), None, Some("null")]]),
        "[2,null]"
    );
    assert_eq!(run(array_agg, &[vec![]]), "[]");
    assert_eq!(
        run(
            array_unique_agg,
            &[vec![Some("5"), Some("2"), Some("5.0"), None]]
        ),
        "[5,2]"
    );
    assert_eq!(
        run(
            array_union_agg,
            &[vec![Some("[1,1,2]"), None, Some("[1,2,3]")]]
        ),
        "[1,1,2,3]"
    );
    let keys = vec![Some("\"b\""), Some("\"a\""), None];
    assert_eq!(
        run(
            object_agg,
            &[keys.clone(), vec![Some("1"), Some("[2]"), Some("3")]]
        ),
        "{\"a\":[2],\"b\":1}"
    );
    assert_eq!(
        run(
            object_agg,
            &[
                vec![Some("\"a\""), Some("\"a\"")],
                vec![Some("1"), Some("2")]
            ]
        ),
        "error"
    );
}

#[test]
fn columns_of_many_rows_and_scalars_mix() {
    let env = env(Snowflake);
    let v: ArrayRef = Arc::new(LargeBinaryArray::from_iter([
        Some(encode("{a:1}", Snowflake)),
        None,
        Some(encode("{a:\"x\"}", Snowflake)),
    ]));
    let columns = [
        Column {
            array: v,
            scalar: false,
        },
        column(T("a"), Snowflake).0,
    ];
    let out = path(&Call {
        name: "path",
        args: &columns,
        types: &[SqlType::Variant, SqlType::text()],
        returns: &SqlType::Variant,
        rows: 3,
        env: &env,
    })
    .unwrap();
    let out = out.as_binary::<i64>();
    assert_eq!(Value::decode(out.value(0)).unwrap(), Value::int(1));
    assert!(out.is_null(1));
    assert_eq!(Value::decode(out.value(2)).unwrap(), Value::text("x"));
}
