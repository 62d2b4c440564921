//! How long the store takes in process, in memory: `cargo bench -p dwsim-s3`.
//! HTTP and disks are left out, as they measure the machine.

use bytes::Bytes;
use divan::{Bencher, counter::BytesCount};
use dwsim_s3::{ListQuery, PutOptions, Store};

fn main() {
    divan::main();
}

fn store() -> Store {
    let store = Store::memory();
    store
        .create_bucket("bench")
        .expect("a new store has no buckets");
    store
}

/// Dominated by the MD5 that is the entity tag.
#[divan::bench(args = [1 << 10, 1 << 20, 16 << 20])]
fn put(bencher: Bencher<'_, '_>, size: usize) {
    let store = store();
    let bytes = Bytes::from(vec![7; size]);
    bencher
        .counter(BytesCount::new(size))
        .bench(|| store.put("bench", "key", bytes.clone(), PutOptions::default()));
}

#[divan::bench(args = [1 << 10, 16 << 20])]
fn get(bencher: Bencher<'_, '_>, size: usize) {
    let store = store();
    store
        .put("bench", "key", vec![7; size], PutOptions::default())
        .expect("the bucket exists");
    bencher.bench(|| store.get("bench", "key"));
}

#[divan::bench(args = [None, Some("/")])]
fn list_a_page_of_many(bencher: Bencher<'_, '_>, delimiter: Option<&str>) {
    let store = store();
    for n in 0..50_000 {
        let key = format!("{}/part-{n}", n % 500);
        store
            .put("bench", &key, Bytes::new(), PutOptions::default())
            .expect("the bucket exists");
    }
    let query = ListQuery {
        delimiter: delimiter.map(str::to_owned),
        limit: 1000,
        ..ListQuery::default()
    };
    bencher.bench(|| store.list_page("bench", &query));
}
