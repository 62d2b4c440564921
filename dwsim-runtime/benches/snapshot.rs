//! How fast a result of 20 000 rows and 5 columns is compared, written and read.
//! What a test usually has is a hundredth of it; servers are not part of this.

use divan::Bencher;
use dwsim_runtime::snapshot::{Answer, RowOrder, Snapshot, diff};
use dwsim_runtime::{Column, Decimal, Dialect, ResultTable, Value};
use std::collections::BTreeMap;
use std::path::Path;

const ROWS: i128 = 20_000;

fn main() {
    divan::main();
}

fn answer(order: RowOrder) -> Answer {
    let columns = [
        ("id", "bigint"),
        ("name", "varchar(50)"),
        ("total", "numeric(10,2)"),
        ("f", "float"),
        ("at", "timestamp"),
    ];
    let at = chrono::NaiveDate::from_ymd_opt(2024, 1, 1)
        .unwrap_or_default()
        .and_time(chrono::NaiveTime::MIN);
    let row = |i: i128| {
        // unordered results come in an order of the server's own
        let i = if order == RowOrder::Any {
            i * 7919 % ROWS
        } else {
            i
        };
        vec![
            Value::Int(i),
            Value::Text(format!("customer number {i}")),
            Value::Decimal(Decimal::new(i * 37, 2)),
            Value::Float(i as f64 / 7.0),
            Value::Timestamp(at + chrono::TimeDelta::seconds(i64::try_from(i).unwrap_or_default())),
        ]
    };
    Answer::Rows(ResultTable {
        columns: columns
            .iter()
            .map(|(name, native)| Column::new(*name, *native))
            .collect(),
        rows: (0..ROWS).map(row).collect(),
    })
}

fn snapshot(order: RowOrder) -> Snapshot {
    let answers = BTreeMap::from(Dialect::ALL.map(|dialect| (dialect, answer(order))));
    let mut snapshot = Snapshot {
        source: "x.sql".to_string(),
        order,
        answers,
        ..Snapshot::default()
    };
    snapshot.normalise();
    snapshot
}

#[divan::bench(args = ["exact", "any"])]
fn compare(bencher: Bencher<'_, '_>, order: &str) {
    let order = if order == "exact" {
        RowOrder::Exact
    } else {
        RowOrder::Any
    };
    let (expected, actual) = (answer(order), answer(order));
    bencher
        .counter(divan::counter::ItemsCount::new(20_000usize))
        .bench(|| diff(&expected, &actual, order));
}

#[divan::bench]
fn write_both(bencher: Bencher<'_, '_>) {
    let snapshot = snapshot(RowOrder::Exact);
    bencher
        .counter(divan::counter::ItemsCount::new(40_000usize))
        .bench(|| snapshot.to_string());
}

#[divan::bench]
fn read_both(bencher: Bencher<'_, '_>) {
    let text = snapshot(RowOrder::Exact).to_string();
    bencher
        .counter(divan::counter::ItemsCount::new(40_000usize))
        .bench(|| Snapshot::parse(&text, Path::new("x.snap")).is_ok());
}
