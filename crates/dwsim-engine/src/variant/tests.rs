#![expect(clippy::unwrap_used, reason = "tests")]

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

/// Scalars and trees of them. Floats have a fraction that no short decimal equals, so that order is defined.
fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (any::<i64>(), 0u8..12).prop_map(|(v, s)| Value::Decimal(v.into(), s)),
        (-(10i128.pow(38)) + 1..10i128.pow(38), 0u8..38).prop_map(|(v, s)| Value::Decimal(v, s)),
        any::<f64>().prop_map(Value::Double),
        ".{0,8}".prop_map(Value::String),
        Just(Value::String("a\0b".into())),
        any::<i32>().prop_map(Value::Date),
        any::<i64>().prop_map(Value::Time),
        any::<i128>().prop_map(Value::Timestamp),
        any::<i128>().prop_map(Value::TimestampLtz),
        (any::<i128>(), any::<i32>()).prop_map(|(t, o)| Value::TimestampTz(t, o)),
        prop::collection::vec(any::<u8>(), 0..6).prop_map(Value::Binary),
    ]
}

fn tree(leaf: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map("[a-c\u{0}é]{0,3}", inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// What JSON can say.
fn json_scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|v| Value::Decimal(v.into(), 0)),
        (any::<i64>(), 1u8..12).prop_map(|(v, s)| Value::Decimal(v.into(), s)),
        ".{0,8}".prop_map(Value::String),
    ]
}

fn compare_decimals(a: (i128, u8), b: (i128, u8)) -> Ordering {
    // Both scaled up to one scale; 64-bit digits and at most 12 of them leave room.
    let up = |(v, s): (i128, u8)| v * 10i128.pow(u32::from(12 - s));
    up(a).cmp(&up(b))
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(v in tree(scalar())) {
        let bytes = v.encode();
        let back = Value::decode(&bytes).unwrap();
        prop_assert_eq!(back.encode(), bytes.clone());
        prop_assert_eq!(Ref::new(&bytes).bytes().len(), bytes.len());
    }

    #[test]
    fn a_value_ends_where_it_ends(v in tree(scalar()), rest in prop::collection::vec(any::<u8>(), 0..5)) {
        let bytes = v.encode();
        let mut more = bytes.clone();
        more.extend(&rest);
        prop_assert_eq!(Ref::new(&more).bytes(), &bytes[..]);
    }

    #[test]
    fn bytes_order_decimals_by_value(a in any::<i64>(), s in 0u8..12, b in any::<i64>(), t in 0u8..12) {
        let (x, y) = (Value::Decimal(a.into(), s).encode(), Value::Decimal(b.into(), t).encode());
        prop_assert_eq!(x.cmp(&y), compare_decimals((a.into(), s), (b.into(), t)));
    }

    #[test]
    fn bytes_order_floats_texts_and_dates_by_value(
        a in any::<f64>(), b in any::<f64>(), s in ".{0,6}", t in ".{0,6}", d in any::<i32>(), e in any::<i32>(),
    ) {
        if let Some(o) = a.partial_cmp(&b) {
            prop_assert_eq!(Value::Double(a).encode().cmp(&Value::Double(b).encode()), o);
        }
        prop_assert_eq!(Value::text(s.clone()).encode().cmp(&Value::text(t.clone()).encode()), s.cmp(&t));
        prop_assert_eq!(Value::Date(d).encode().cmp(&Value::Date(e).encode()), d.cmp(&e));
    }

    #[test]
    fn bytes_order_arrays_element_by_element(a in prop::collection::vec(any::<i32>(), 0..5), b in prop::collection::vec(any::<i32>(), 0..5)) {
        let array = |v: &[i32]| Value::Array(v.iter().map(|x| Value::int(*x)).collect()).encode();
        prop_assert_eq!(array(&a).cmp(&array(&b)), a.cmp(&b));
    }

    #[test]
    fn parsing_undoes_printing(v in tree(json_scalar()), pretty in any::<bool>()) {
        let bytes = v.encode();
        let style = if pretty { JsonStyle::Pretty } else { JsonStyle::Compact };
        let text = to_json(Ref::new(&bytes), style);
        for mode in [ParseMode::Snowflake, ParseMode::Redshift] {
            let back = parse_json(&text, mode).unwrap();
            prop_assert_eq!(back.encode(), bytes.clone(), "{}", text);
        }
    }

    #[test]
    fn damaged_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let r = Ref::new(&bytes);
        let _ = (r.bytes(), r.kind(), r.member("a"), r.element(1), r.to_value());
        let _ = to_json(r, JsonStyle::Compact);
    }

    #[test]
    fn any_text_parses_or_fails(text in r#"[\[\]{}:," \\'a-f0-9.eE+\-nulltrue]{0,30}"#) {
        for mode in [ParseMode::Snowflake, ParseMode::Redshift] {
            if let Ok(v) = parse_json(&text, mode) {
                let _ = to_json(Ref::new(&v.encode()), JsonStyle::Pretty);
            }
        }
    }
}

#[test]
fn types_are_ordered_as_redshift_orders_super() {
    let order = [
        "false", "true", "-2.5", "1", "1e300", "\"\"", "\"z\"", "[]", "[1]", "{}",
    ];
    for w in order.windows(2) {
        let [a, b] = [0, 1].map(|i| parse_json(w[i], ParseMode::Redshift).unwrap().encode());
        assert!(a < b, "{} < {}", w[0], w[1]);
    }
}

#[test]
fn decimals_with_one_nearest_double_keep_their_order() {
    let ascending = [
        "0.00000000000000000000000000000000000001",
        "0.0999999999999999999999999",
        "0.1",
        "0.1000000000000000000000001",
        "0.99999999999999999999999",
        "1",
        "1.00000000000000000000001",
        "9007199254740991.9999999",
        "9007199254740992",
        "9007199254740992.0000001",
        "9007199254740993",
        "99999999999999999999999999999999999999",
    ];
    let encode = |t: &str| parse_json(t, ParseMode::Snowflake).unwrap().encode();
    let values: Vec<Vec<u8>> = ascending.iter().map(|t| encode(t)).collect();
    assert!(values.is_sorted_by(|a, b| a < b));
    let negative: Vec<Vec<u8>> = ascending
        .iter()
        .rev()
        .map(|t| encode(&format!("-{t}")))
        .collect();
    assert!(negative.is_sorted_by(|a, b| a < b));
    assert!(negative.last() < Some(&encode("0")) && Some(&encode("0")) < values.first());
    for (bytes, text) in values.iter().zip(ascending) {
        assert_eq!(to_json(Ref::new(bytes), JsonStyle::Compact), text);
    }
}

#[test]
fn equal_numbers_are_equal_bytes() {
    for (a, b) in [
        ("1", "1.0"),
        ("0", "-0"),
        ("1.50", "1.5"),
        ("100", "100.000"),
    ] {
        let [a, b] = [a, b].map(|t| parse_json(t, ParseMode::Snowflake).unwrap().encode());
        assert_eq!(a, b);
    }
}

#[test]
fn snowflake_reads_more_than_json() {
    for (text, expected) in [
        ("{b: 1, a: 2}", r#"{"a":2,"b":1}"#),
        ("{'it''s': 1}", ""),
        ("['a\\'b']", r#"["a'b"]"#),
        ("[1,,2,]", "[1,undefined,2,undefined]"),
        ("[undefined, NULL, True]", "[undefined,null,true]"),
        ("+.5", "0.5"),
        ("5.", "5"),
        ("{\"a\":undefined}", "{}"),
        ("NaN", "NaN"),
        ("[-inf, Infinity]", "[-Infinity,Infinity]"),
        ("1.912e2", "1.912000000000000e+02"),
        (
            "12345678901234567890123456789012345678",
            "12345678901234567890123456789012345678",
        ),
        ("{\"a\":1,\"a\":2}", ""),
        ("[1 2]", ""),
        ("\"\\ud83d\\ude00\"", "\"😀\""),
        ("\"\\ud83d\"", ""),
    ] {
        let shown = parse_json(text, ParseMode::Snowflake)
            .map(|v| to_json(Ref::new(&v.encode()), JsonStyle::Compact))
            .unwrap_or_default();
        assert_eq!(shown, expected, "{text}");
    }
}

#[test]
fn redshift_reads_strict_json_only() {
    for text in [
        "[1,]",
        "{a:1}",
        "'a'",
        "NaN",
        "01",
        ".5",
        "5.",
        "+1",
        "TRUE",
        "",
        "[1] 2",
        "{\"a\" 1}",
    ] {
        assert!(parse_json(text, ParseMode::Redshift).is_err(), "{text}");
    }
    let v = parse_json("{\"b\":1,\"a\":2}", ParseMode::Redshift).unwrap();
    assert_eq!(
        to_json(Ref::new(&v.encode()), JsonStyle::Compact),
        "{\"b\":1,\"a\":2}"
    );
}

#[test]
fn options_decide_about_duplicates_and_long_strings() {
    let twice = "{\"a\":1,\"b\":2,\"a\":3}";
    assert!(parse_json(twice, ParseMode::Redshift).is_err());
    let options = ParseOptions {
        keep_last_duplicate: true,
        max_string: Some(3),
        truncate: true,
    };
    let show = |text| {
        let v = parse_json_with(text, ParseMode::Redshift, options).unwrap();
        to_json(Ref::new(&v.encode()), JsonStyle::Compact)
    };
    assert_eq!(show(twice), "{\"b\":2,\"a\":3}");
    assert_eq!(show("[\"abé\"]"), "[\"ab\"]");
    let strict = ParseOptions {
        truncate: false,
        ..options
    };
    assert!(parse_json_with("\"abcd\"", ParseMode::Redshift, strict).is_err());
}

#[test]
fn deep_nesting_is_read_or_refused() {
    for depth in [900, 100_000] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        let parsed = parse_json(&text, ParseMode::Snowflake);
        assert_eq!(parsed.is_ok(), depth < 1000);
        if let Ok(v) = parsed {
            let bytes = v.encode();
            assert_eq!(to_json(Ref::new(&bytes), JsonStyle::Compact), text);
            assert_eq!(Ref::new(&bytes).to_value().unwrap(), v);
        }
    }
}

#[test]
fn errors_tell_the_place() {
    let e = parse_json("{\"a\": tru}", ParseMode::Snowflake).unwrap_err();
    assert_eq!(e.to_string(), "unknown keyword \"tru\", pos 10");
}
