//! Results and errors of the arithmetic kernels.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int16Array};
use arrow::datatypes::{Decimal128Type, Int16Type};
use proptest::prelude::*;

use super::*;
use crate::dialect::DialectName;
use crate::env::Env;
use crate::error::ErrorKind;
use crate::functions::{Column, Kernel};

fn env() -> Env {
    Env::alone(
        DialectName::Snowflake,
        chrono_tz::UTC,
        chrono::DateTime::UNIX_EPOCH,
    )
}

fn run(
    kernel: Kernel,
    a: (ArrayRef, SqlType),
    b: (ArrayRef, SqlType),
    returns: SqlType,
) -> Result<ArrayRef> {
    let rows = a.0.len();
    let args = [
        Column {
            array: a.0,
            scalar: false,
        },
        Column {
            array: b.0,
            scalar: false,
        },
    ];
    let types = [a.1, b.1];
    kernel(&Call {
        name: "+",
        args: &args,
        types: &types,
        returns: &returns,
        rows,
        env: &env(),
    })
}

fn number(v: i128, p: u8, s: u8) -> (ArrayRef, SqlType) {
    let a = Decimal128Array::from(vec![Some(v), None])
        .with_precision_and_scale(p, s as i8)
        .unwrap();
    (Arc::new(a), SqlType::number(p, s))
}

fn decimal(kernel: Kernel, a: (i128, u8), b: (i128, u8), to: u8) -> Result<i128, ErrorKind> {
    match run(
        kernel,
        number(a.0, 38, a.1),
        number(b.0, 38, b.1),
        SqlType::number(38, to),
    ) {
        Ok(v) => {
            assert!(v.is_null(1));
            Ok(v.as_primitive::<Decimal128Type>().value(0))
        }
        Err(e) => Err(*e.kind),
    }
}

#[test]
fn decimals() {
    let cases: &[(Kernel, (i128, u8), (i128, u8), u8, i128)] = &[
        (add, (150, 2), (25, 1), 2, 400),
        (subtract, (1, 0), (1, 6), 6, 999_999),
        (multiply, (15, 1), (15, 1), 2, 225),
        (multiply, (15, 1), (15, 1), 1, 23),
        (divide, (1, 0), (3, 0), 6, 333_333),
        (divide, (2, 0), (3, 0), 6, 666_667),
        (divide, (-2, 0), (3, 0), 6, -666_667),
        (divide_truncated, (2, 0), (3, 0), 6, 666_666),
        (
            divide,
            (10i128.pow(37), 0),
            (10i128.pow(37), 0),
            6,
            1_000_000,
        ),
        (remainder, (-7, 0), (3, 0), 0, -1),
        (remainder, (75, 1), (2, 0), 1, 15),
    ];
    for (kernel, a, b, to, want) in cases {
        assert_eq!(decimal(*kernel, *a, *b, *to), Ok(*want), "{a:?} {b:?} {to}");
    }
    assert_eq!(
        decimal(divide, (1, 0), (0, 0), 6),
        Err(ErrorKind::DivisionByZero)
    );
    assert!(matches!(
        decimal(multiply, (10i128.pow(30), 0), (10i128.pow(30), 0), 0),
        Err(ErrorKind::OutOfRange { .. })
    ));
    assert!(matches!(
        decimal(add, (10i128.pow(38) - 1, 0), (1, 0), 0),
        Err(ErrorKind::OutOfRange { .. })
    ));
}

#[test]
fn machine_integers_overflow() {
    let a = |v: i16| {
        (
            Arc::new(Int16Array::from(vec![v])) as ArrayRef,
            SqlType::SmallInt,
        )
    };
    let sum = run(add, a(1), a(2), SqlType::SmallInt).unwrap();
    assert_eq!(sum.as_primitive::<Int16Type>().value(0), 3);
    assert!(run(add, a(i16::MAX), a(1), SqlType::SmallInt).is_err());
    assert!(run(divide, a(1), a(0), SqlType::SmallInt).is_err());
    assert_eq!(
        run(divide, a(-7), a(2), SqlType::SmallInt)
            .unwrap()
            .as_primitive::<Int16Type>()
            .value(0),
        -3
    );
}

proptest! {
    #[test]
    fn sums_agree_with_rationals(a in -10i128.pow(20)..10i128.pow(20), b in -10i128.pow(20)..10i128.pow(20), s in 0u8..8, t in 0u8..8) {
        let to = s.max(t);
        let want = a * 10i128.pow(u32::from(to - s)) + b * 10i128.pow(u32::from(to - t));
        prop_assert_eq!(decimal(add, (a, s), (b, t), to), Ok(want));
        let product = decimal(multiply, (a / 1000, s), (b / 1000, t), s + t);
        prop_assert_eq!(product.ok(), Some((a / 1000) * (b / 1000)).filter(|p| p.abs() < 10i128.pow(38)));
    }

    #[test]
    fn short_forms_agree_with_256_bits(
        a in prop_oneof![-10i128.pow(9)..10i128.pow(9), -10i128.pow(30)..10i128.pow(30), (-10i128.pow(38) + 1)..10i128.pow(38)],
        b in prop_oneof![-10i128.pow(3)..10i128.pow(3), -10i128.pow(25)..10i128.pow(25), (-10i128.pow(38) + 1)..10i128.pow(38)],
        s in 0u8..20, t in 0u8..20, to in 0u8..38,
    ) {
        let ops: [(Kernel, Op); 6] = [(add, Op::Add), (subtract, Op::Sub), (multiply, Op::Mul), (divide, Op::Div),
            (divide_truncated, Op::DivTruncated), (remainder, Op::Rem)];
        for (kernel, op) in ops {
            let want = decimal::exact(op, a, b, (u32::from(s), u32::from(t)), u32::from(to))
                .filter(|v| v.unsigned_abs() < 10u128.pow(38));
            prop_assert_eq!(decimal(kernel, (a, s), (b, t), to).ok(), want, "{:?}", op);
        }
    }
}
