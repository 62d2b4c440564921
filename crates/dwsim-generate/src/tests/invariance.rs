//! Nothing but the key moves a value: not batches, threads, shards, other columns, or more rows.

use super::*;
use crate::{Format, Shard};

#[test]
fn any_batch_of_any_size_agrees() {
    let plan = planned(EVERYTHING, &Options::default());
    for table in plan.tables() {
        let rows = table.rows();
        let whole = table.batch(0..rows).unwrap();
        for size in [1, 7, 64, 1000] {
            let parts: Vec<_> = table.batches(size).collect::<Result<_, _>>().unwrap();
            let joined = arrow::compute::concat_batches(&table.schema(), &parts).unwrap();
            assert_eq!(joined, whole, "{} by {size}", table.name());
        }
        // backwards, one by one
        for row in (0..rows).rev().step_by(97) {
            assert_eq!(
                table.batch(row..row + 1).unwrap(),
                whole.slice(row as usize, 1)
            );
        }
        assert!(table.batch(0..rows + 1).is_err());
    }
}

#[test]
fn threads_and_shards_give_the_same_rows() {
    let small = Options {
        rows: [
            ("customers".to_owned(), 300_000),
            ("orders".to_owned(), 300_000),
        ]
        .into(),
        ..Options::default()
    };
    let whole = planned(SHOP, &small);
    let orders = whole.table("orders").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    for threads in [1, 2, 3] {
        let plan = planned(
            SHOP,
            &Options {
                threads: Some(threads),
                ..small.clone()
            },
        );
        plan.write_files(dir.path(), Format::Parquet, &|_| ())
            .unwrap();
        bytes.push(std::fs::read(dir.path().join("orders.parquet")).unwrap());
    }
    assert!(
        bytes.windows(2).all(|w| w[0] == w[1]),
        "bytes differ between thread counts"
    );

    let mut next = 0;
    let mut text = Vec::new();
    for index in 0..3 {
        let plan = planned(
            SHOP,
            &Options {
                shard: Some(Shard { index, count: 3 }),
                ..small.clone()
            },
        );
        assert_eq!(plan.hash(), whole.hash());
        let shard = plan.table("orders").unwrap();
        assert_eq!(shard.shard_rows().start, next);
        next = shard.shard_rows().end;
        let mut part = Vec::new();
        shard.write(&mut part, Format::Csv, &|_| ()).unwrap();
        let head = part.iter().position(|b| *b == b'\n').unwrap() + 1;
        text.extend_from_slice(if index == 0 { &part } else { &part[head..] });
    }
    assert_eq!(next, orders.rows());
    let mut all = Vec::new();
    orders.write(&mut all, Format::Csv, &|_| ()).unwrap();
    assert!(text == all, "shards put together differ from the whole");
}

#[test]
fn a_new_column_or_table_moves_nothing() {
    let before = hashes(&planned(EVERYTHING, &Options::default()), 1000);
    let more = EVERYTHING
        .replace("[tables.types.columns]", "[tables.types.columns]\nnew = { type = \"integer\" }")
        .replace("[tables.keys]", "[tables.added]\nrows = 5\n[tables.added.columns]\nx = { type = \"date\" }\n[tables.keys]");
    let after = hashes(&planned(&more, &Options::default()), 1000);
    assert_eq!(after.len(), before.len() + 2);
    for (column, hash) in before {
        assert_eq!(after[&column], hash, "{column}");
    }
}

#[test]
fn more_rows_keep_the_first_ones() {
    let before = hashes(&planned(EVERYTHING, &Options::default()), 1000);
    let doubled = Options {
        rows: [
            ("types".to_owned(), 2000),
            ("distributions".to_owned(), 2000),
        ]
        .into(),
        ..Options::default()
    };
    let after = hashes(&planned(EVERYTHING, &doubled), 1000);
    for (column, hash) in before
        .iter()
        .filter(|(c, _)| c.starts_with("types") || c.starts_with("distributions"))
    {
        assert_eq!(&after[column], hash, "{column}");
    }
}

#[test]
fn the_seed_moves_everything_drawn() {
    let a = hashes(&planned(EVERYTHING, &Options::default()), 1000);
    let b = hashes(
        &planned(
            EVERYTHING,
            &Options {
                seed: 43,
                ..Options::default()
            },
        ),
        1000,
    );
    let fixed = [
        "parents.id",
        "types.serial",
        "types.sequence",
        "types.days",
        "types.times",
        "tree.id",
        "texts.id",
        "keyed.id",
        "returns.flag",
        "distributions.constant",
    ];
    for (column, hash) in &a {
        assert_eq!(
            b[column] == *hash,
            fixed.contains(&column.as_str()),
            "{column}"
        );
    }
}

#[test]
fn hashes_name_the_data() {
    let hash = |options: &Options| planned(SHOP, options).hash().to_owned();
    let base = hash(&Options::default());
    assert_eq!(
        base,
        hash(&Options {
            threads: Some(3),
            ..Options::default()
        })
    );
    assert_ne!(
        base,
        hash(&Options {
            seed: 1,
            ..Options::default()
        })
    );
    assert_ne!(
        base,
        hash(&Options {
            scale: 2.0,
            ..Options::default()
        })
    );
}
