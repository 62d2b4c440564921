//! Estimates against exact answers, and states through their forms.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{Float64Type, Int64Type};

use super::*;
use crate::dialect::DialectName;
use crate::functions::{AggCall, AggKernel, Call, Column, Kernel};
use crate::kernels::datetime::testing::env;
use crate::types::SqlType;
use crate::variant::{JsonStyle, Ref, to_json};

fn agg(kernel: AggKernel, args: &[ArrayRef], types: &[SqlType], returns: &SqlType) -> ArrayRef {
    kernel(&AggCall {
        name: "F",
        args,
        types,
        returns,
        rows: args[0].len(),
        env: &env(DialectName::Snowflake),
    })
    .unwrap()
}

fn scalar(kernel: Kernel, args: &[ArrayRef], types: &[SqlType], returns: &SqlType) -> ArrayRef {
    let columns: Vec<Column> = args
        .iter()
        .map(|a| Column {
            array: Arc::clone(a),
            scalar: true,
        })
        .collect();
    kernel(&Call {
        name: "F",
        args: &columns,
        types,
        returns,
        rows: 1,
        env: &env(DialectName::Snowflake),
    })
    .unwrap()
}

fn ints(v: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(v))
}

fn json(a: &ArrayRef) -> String {
    to_json(Ref::new(a.as_binary::<i64>().value(0)), JsonStyle::Compact)
}

#[test]
fn distinct_counts_survive_export_and_import() {
    for n in [1, 10, 1000, 50_000] {
        let state = agg(
            hll_accumulate,
            &[ints(0..n)],
            &[SqlType::BigInt],
            &SqlType::Binary(None),
        );
        let got = scalar(
            hll_estimate,
            std::slice::from_ref(&state),
            &[SqlType::Binary(None)],
            &SqlType::BigInt,
        );
        let got = got.as_primitive::<Int64Type>().value(0) as f64;
        assert!((got / n as f64 - 1.0).abs() < 0.06, "{got} for {n}");
        let out = scalar(
            hll_export,
            std::slice::from_ref(&state),
            &[SqlType::Binary(None)],
            &SqlType::Object,
        );
        let back = scalar(
            hll_import,
            &[out],
            &[SqlType::Object],
            &SqlType::Binary(None),
        );
        assert_eq!(
            back.as_binary::<i32>().value(0),
            state.as_binary::<i32>().value(0)
        );
    }
}

#[test]
fn similarity_of_halves() {
    let of = |range: std::ops::Range<i64>| {
        let n = (range.end - range.start) as usize;
        agg(
            minhash,
            &[ints(std::iter::repeat_n(1024, n)), ints(range)],
            &[SqlType::BigInt, SqlType::BigInt],
            &SqlType::Variant,
        )
    };
    let (a, b) = (of(0..1000), of(500..1500));
    let both = arrow::compute::concat(&[a.as_ref(), b.as_ref()]).unwrap();
    let got = agg(
        approximate_similarity,
        &[both],
        &[SqlType::Variant],
        &SqlType::Double,
    );
    let got = got.as_primitive::<Float64Type>().value(0);
    assert!((got - 1.0 / 3.0).abs() < 0.06, "{got}");
}

#[test]
fn most_frequent_values() {
    let v = ints([1, 2, 2, 3, 3, 3]);
    let k = ints([2; 6]);
    let got = agg(
        approx_top_k,
        &[Arc::clone(&v), k],
        &[SqlType::BigInt, SqlType::BigInt],
        &SqlType::Array,
    );
    assert_eq!(json(&got), "[[3,3],[2,2]]");
    let state = agg(
        approx_top_k_accumulate,
        &[v, ints([10; 6])],
        &[SqlType::BigInt, SqlType::BigInt],
        &SqlType::Object,
    );
    let got = scalar(
        approx_top_k_estimate,
        &[state],
        &[SqlType::Object],
        &SqlType::Array,
    );
    assert_eq!(json(&got), "[[3,3]]");
}

#[test]
fn percentiles_of_few_and_many_values() {
    let at = |values: Vec<f64>, q: f64| {
        let n = values.len();
        let got = agg(
            approx_percentile,
            &[
                Arc::new(Float64Array::from(values)),
                Arc::new(Float64Array::from(vec![q; n])),
            ],
            &[SqlType::Double, SqlType::Double],
            &SqlType::Double,
        );
        got.as_primitive::<Float64Type>().value(0)
    };
    assert_eq!(at(vec![4.0, 1.0, 3.0, 2.0], 0.5), 2.5);
    assert_eq!(at(vec![7.0], 0.9), 7.0);
    let many: Vec<f64> = (0..100_000)
        .map(|i| f64::from(i * 7919 % 100_000))
        .collect();
    for q in [0.001, 0.1, 0.5, 0.9, 0.999] {
        let got = at(many.clone(), q);
        assert!((got - q * 99_999.0).abs() < 300.0, "{q}: {got}");
    }
}
