//! Benchmarks of forking a database: its cost must not depend on what the database holds.
//! How tests use forks is in `dwsim-runtime`.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use dwsim_engine::catalog::{
    Account, Catalog, ColumnDef, Database, Object, ObjectKind, ObjectName, Schema, TableData,
    TableDef, TableEntry,
};
use dwsim_engine::types::SqlType;

fn main() {
    divan::main();
}

/// A published database of ten tables with so many rows each.
fn loaded(rows: i64) -> Catalog {
    let catalog = Catalog::new(Account::default());
    let mut t = catalog.begin();
    t.set_database("base", Some(Database::new("me")));
    t.set_schema("base", "public", Some(Schema::new("me")))
        .expect("the database is there");
    for i in 0..10 {
        let def = TableDef::new(vec![ColumnDef::new("n", SqlType::BigInt)], "me");
        let column = Arc::new(Int64Array::from_iter_values(0..rows));
        let batch = RecordBatch::try_new(def.arrow(), vec![column]).expect("the type fits");
        let data = TableData::new(def.arrow(), vec![batch]);
        let name = ObjectName {
            database: "base".into(),
            schema: "public".into(),
            name: format!("t{i}"),
        };
        let entry = Object::Table(Arc::new(TableEntry::new(def).with_data(data)));
        t.set_object(ObjectKind::Relation, &name, Some(entry))
            .expect("the schema is there");
    }
    catalog
        .commit(&t, |_, _| Ok(()))
        .expect("nobody else commits");
    catalog
}

/// Fork, publish, drop.
#[divan::bench(args = [1_000, 1_000_000])]
fn fork(bencher: divan::Bencher<'_, '_>, rows: i64) {
    let catalog = loaded(rows);
    bencher.bench_local(|| {
        let mut t = catalog.begin();
        let base = Arc::clone(t.database("base").expect("it is there"));
        t.set_database("fork", Some(base.fork("me")));
        catalog
            .commit(&t, |_, _| Ok(()))
            .expect("nobody else commits");
        let mut t = catalog.begin();
        t.set_database("fork", None);
        catalog
            .commit(&t, |_, _| Ok(()))
            .expect("nobody else commits")
    });
}
