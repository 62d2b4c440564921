//! Semi-structured kernels over columns of events: `cargo bench -p dwsim-engine --bench semi`.
//! Planning and protocols are left out.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use divan::Bencher;
use divan::counter::ItemsCount;
use dwsim_engine::dialect::DialectName;
use dwsim_engine::env::Env;
use dwsim_engine::functions::{Call, Column, Kernel};
use dwsim_engine::kernels::{cast, semi};
use dwsim_engine::types::SqlType;

const ROWS: usize = 8192;

fn main() {
    divan::main();
}

fn env() -> Env {
    Env::alone(
        DialectName::Snowflake,
        chrono_tz::UTC,
        chrono::DateTime::UNIX_EPOCH,
    )
}

fn texts() -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..ROWS).map(|i| {
        format!(r#"{{"user": {{"id": {i}, "name": "n{i}"}}, "items": [1, 2.5, {i}], "ok": true}}"#)
    })))
}

fn run(
    kernel: Kernel,
    args: &[(ArrayRef, bool, SqlType)],
    returns: &SqlType,
    env: &Env,
) -> ArrayRef {
    let columns: Vec<Column> = args
        .iter()
        .map(|(array, scalar, _)| Column {
            array: Arc::clone(array),
            scalar: *scalar,
        })
        .collect();
    let types: Vec<SqlType> = args.iter().map(|(_, _, ty)| ty.clone()).collect();
    kernel(&Call {
        name: "cast",
        args: &columns,
        types: &types,
        returns,
        rows: ROWS,
        env,
    })
    .expect("the arguments fit")
}

fn values(env: &Env) -> ArrayRef {
    let text = (texts(), false, SqlType::text());
    run(semi::parse_json, &[text], &SqlType::Variant, env)
}

fn word(s: &str) -> (ArrayRef, bool, SqlType) {
    (Arc::new(StringArray::from(vec![s])), true, SqlType::text())
}

#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let (env, text) = (env(), (texts(), false, SqlType::text()));
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        run(
            semi::parse_json,
            std::slice::from_ref(&text),
            &SqlType::Variant,
            &env,
        )
    });
}

#[divan::bench]
fn navigate(bencher: Bencher<'_, '_>) {
    let env = env();
    let args = [
        (values(&env), false, SqlType::Variant),
        word("user"),
        word("id"),
    ];
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench(|| run(semi::path, &args, &SqlType::Variant, &env));
}

#[divan::bench]
fn to_number(bencher: Bencher<'_, '_>) {
    let env = env();
    let path = [
        (values(&env), false, SqlType::Variant),
        word("user"),
        word("id"),
    ];
    let ids = (
        run(semi::path, &path, &SqlType::Variant, &env),
        false,
        SqlType::Variant,
    );
    let to = SqlType::number(38, 0);
    let kernel = cast::kernel(&SqlType::Variant, &to, env.dialect).expect("there is such a cast");
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench(|| run(kernel, std::slice::from_ref(&ids), &to, &env));
}

#[divan::bench]
fn print(bencher: Bencher<'_, '_>) {
    let env = env();
    let args = [(values(&env), false, SqlType::Variant)];
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench(|| run(semi::to_json, &args, &SqlType::text(), &env));
}
