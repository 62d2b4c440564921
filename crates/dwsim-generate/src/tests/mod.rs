//! Tests over whole plans: golden hashes, independence from threads and shards, constraints, distributions, files.
#![expect(clippy::unwrap_used, reason = "tests")]

mod distributions;
mod files;
mod golden;
mod invariance;
mod refusals;
mod whole;

use std::collections::BTreeMap;

use arrow::array::ArrayRef;
use sha2::{Digest, Sha256};

use crate::source::Cells;
use crate::{Options, Plan, TablePlan, plan};

const SHOP: &str = include_str!("../../../../dwsim.toml");

/// Every generator, every type.
const EVERYTHING: &str = include_str!("everything.toml");

fn planned(text: &str, options: &Options) -> Plan {
    let config = dwsim_schema::Config::parse("dwsim.toml", text).unwrap_or_else(|e| panic!("{e}"));
    plan(&config.schema, options).unwrap_or_else(|e| panic!("{e}"))
}

/// A plan of one table `t` with one column `c`.
fn column(rows: u64, definition: &str) -> Plan {
    planned(
        &format!("[tables.t]\nrows = {rows}\n[tables.t.columns]\nc = {definition}"),
        &Options::default(),
    )
}

/// The cells of an array as text, NULL as `None`.
fn texts(array: &ArrayRef) -> Vec<Option<String>> {
    let cells = Cells::of(array).unwrap();
    (0..array.len())
        .map(|i| {
            (!cells.is_null(i)).then(|| {
                let mut out = Vec::new();
                cells.write(i, &mut out);
                String::from_utf8(out).unwrap()
            })
        })
        .collect()
}

/// A column of a table as text.
fn values(table: &TablePlan, name: &str, rows: std::ops::Range<u64>) -> Vec<Option<String>> {
    let at = table.schema().index_of(name).unwrap();
    texts(table.batch(rows).unwrap().column(at))
}

/// A hash over the values of each column, `table.column`.
fn hashes(plan: &Plan, limit: u64) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for table in plan.tables() {
        let batch = table.batch(0..table.rows().min(limit)).unwrap();
        for (field, array) in table.schema().fields().iter().zip(batch.columns()) {
            let mut hash = Sha256::new();
            for text in texts(array) {
                hash.update(text.map_or_else(|| "N".to_owned(), |t| format!("{}:{t}", t.len())));
            }
            let hash: String = hash.finalize()[..6]
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            out.insert(format!("{}.{}", table.name(), field.name()), hash);
        }
    }
    out
}
