//! Whole data sets: the schema with every constraint at once is generated, checked, measured and learned from again.

use std::path::Path;

use super::*;
use crate::check::check;
use crate::{Format, Sample, compare, html, learn, report, sdv};

/// Every constraint at once; `benches/compare/integrity.py` checks the same with DuckDB.
const CONSTRAINTS: &str = include_str!("../../../../benches/compare/constraints/dwsim.toml");
const COUNTRIES: &str = include_str!("../../../../benches/compare/constraints/countries.csv");

fn config(text: &str) -> dwsim_schema::Config {
    let inputs = dwsim_schema::Inputs {
        file: Some(("dwsim.toml".into(), text.into())),
        files: dwsim_schema::Files::new(|name| match name {
            "countries.csv" => Ok(COUNTRIES.to_owned()),
            other => Err(format!("there is no {other}")),
        }),
        ..dwsim_schema::Inputs::default()
    };
    dwsim_schema::Config::load(&inputs).unwrap_or_else(|e| panic!("{e}"))
}

fn small(text: &str, options: Options) -> (dwsim_schema::Config, Plan) {
    let config = config(text);
    let plan = plan(&config.schema, &options).unwrap_or_else(|e| panic!("{e}"));
    (config, plan)
}

fn scaled(scale: f64) -> Options {
    Options {
        seed: 7,
        scale,
        ..Options::default()
    }
}

#[test]
fn every_constraint_at_once_holds() {
    let (config, plan) = small(CONSTRAINTS, scaled(0.004));
    let dir = tempfile::tempdir().unwrap();
    plan.write_files(dir.path(), Format::Parquet, &|_| ())
        .unwrap();
    let checked = check(&config.schema, dir.path(), &|_, _| ()).unwrap();
    let broken: Vec<_> = checked.checks.iter().filter(|c| c.violations > 0).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(checked.checks.len() > 100);
    assert!(
        checked.checks.iter().all(|c| c.checked > 0),
        "{:?}",
        checked.checks.iter().find(|c| c.checked == 0)
    );

    let measured = report(&config.schema, dir.path(), &|_, _| ()).unwrap();
    let far: Vec<_> = measured.metrics().filter(|(_, _, m)| !m.ok).collect();
    assert!(far.is_empty(), "{far:#?}");
    let page = html("data", &measured, Some(&checked), &[]);
    assert!(page.contains("<svg") && page.contains("rules checked, 0 broken"));
    assert!(!page.contains("http://") && !page.contains("https://"));
}

#[test]
fn what_is_broken_is_found() {
    let (_, plan) = small(CONSTRAINTS, scaled(0.002));
    let dir = tempfile::tempdir().unwrap();
    plan.write_files(dir.path(), Format::Parquet, &|_| ())
        .unwrap();
    // the same data under other rules
    for (from, to, rule, column) in [
        (
            "range = [1, 9] }\nprice",
            "range = [1, 8] }\nprice",
            "bounds",
            "quantity",
        ),
        (
            "\"open\", \"shipped\", \"returned\"",
            "\"open\", \"shipped\", \"lost\"",
            "category",
            "status",
        ),
        (
            "delta = [\"1 hour\", \"3 days\"]",
            "delta = [\"2 hours\", \"3 days\"]",
            "distance",
            "shipped",
        ),
        ("(1 + vat / 100)", "(1 + vat / 200)", "formula", "total"),
        (
            "\"{status}-{quantity}-{#}\"",
            "\"{status}_{quantity}-{#}\"",
            "template",
            "label",
        ),
        ("[A-Z]{4}-", "[A-Y]{4}-", "pattern", "voucher"),
        (
            "max = 8, weights = [3, 5, 5, 4, 3, 2, 2, 1, 1]",
            "max = 7, weights = [3, 5, 5, 4, 3, 2, 2, 1]",
            "children",
            "account_id",
        ),
        (
            "[\"company\", 100]",
            "[\"company\", 99]",
            "combination",
            "plan, seats",
        ),
        (
            "type = \"integer\", range = [1, 2000]",
            "type = \"integer\", unique = true, range = [1, 9_000_000]",
            "unique",
            "branch",
        ),
        (
            "where = { active = true }",
            "where = { active = false }",
            "reference",
            "account_id",
        ),
        (
            "carry = \"accounts.active\"",
            "carry = \"accounts.by_web\"",
            "carried",
            "was_active",
        ),
        (
            "account = \"accounts.account_id\", order = \"orders.order_id\"",
            "account = \"orders.order_id\", order = \"accounts.account_id\"",
            "reference",
            "subject_id",
        ),
        (
            "search = { view = 8, leave = 2 }",
            "search = { cart = 8, leave = 2 }",
            "transition",
            "action",
        ),
        (
            "step = [\"1 second\", \"5 minutes\"]",
            "step = [\"10 seconds\", \"5 minutes\"]",
            "step",
            "at",
        ),
        (
            "when = { status = \"open\" }",
            "when = { status = \"shipped\" }",
            "when",
            "discount",
        ),
        (
            "manager_id = { type = \"foreign_key\", references = \"accounts.account_id\" }",
            "manager_id = { type = \"foreign_key\", references = \"sessions.session_id\" }",
            "reference",
            "manager_id",
        ),
    ] {
        assert!(CONSTRAINTS.contains(from), "{from}");
        let mut other = CONSTRAINTS.replace(from, to);
        if column == "manager_id" {
            // sessions may not reference accounts then
            other = other.replace("[tables.sessions.columns]\nsession_id = { type = \"serial\", primary_key = true }\naccount_id = { type = \"foreign_key\", references = \"accounts.account_id\" }", "[tables.sessions.columns]\nsession_id = { type = \"serial\", primary_key = true }");
        }
        let config = config(&other);
        let checked = check(&config.schema, dir.path(), &|_, _| ()).unwrap();
        let found = checked
            .checks
            .iter()
            .find(|c| c.rule == rule && c.column == column && c.violations > 0);
        assert!(
            found.is_some(),
            "{to}: {:?}",
            checked
                .checks
                .iter()
                .filter(|c| c.violations > 0)
                .collect::<Vec<_>>()
        );
    }
    std::fs::remove_file(dir.path().join("notes.parquet")).unwrap();
    let error = check(&config(CONSTRAINTS).schema, dir.path(), &|_, _| ()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no Parquet files of table `notes`"),
        "{error}"
    );
    std::fs::write(dir.path().join("notes.parquet"), "PAR1 no").unwrap();
    let error = check(&config(CONSTRAINTS).schema, dir.path(), &|_, _| ()).unwrap_err();
    assert!(error.to_string().contains("notes.parquet"), "{error}");
}

#[test]
fn new_kinds_do_not_depend_on_batches_or_shards() {
    let (_, plan) = small(CONSTRAINTS, scaled(0.003));
    for table in plan.tables() {
        let whole = table.batch(0..table.rows()).unwrap();
        for size in [1000, 333] {
            let parts: Vec<_> = table.batches(size).collect::<Result<_, _>>().unwrap();
            let joined = arrow::compute::concat_batches(&table.schema(), &parts).unwrap();
            assert_eq!(joined, whole, "{} by {size}", table.name());
        }
        for row in (0..table.rows()).rev().step_by(211) {
            assert_eq!(
                table.batch(row..row + 1).unwrap(),
                whole.slice(row as usize, 1)
            );
        }
    }
}

#[test]
fn new_kinds_are_as_they_were() {
    const GOLDEN: &str = include_str!("golden_whole.txt");
    let (_, plan) = small(CONSTRAINTS, scaled(0.003));
    let now: String = hashes(&plan, 1000)
        .into_iter()
        .map(|(column, hash)| format!("{column} {hash}\n"))
        .collect();
    assert!(now == GOLDEN, "values changed; now:\n{now}");
}

#[test]
fn later_rows_go_with_the_earlier() {
    let dir = tempfile::tempdir().unwrap();
    let write = |options: Options| {
        let (config, plan) = small(CONSTRAINTS, options);
        plan.write_files(dir.path(), Format::Parquet, &|_| ())
            .unwrap();
        let rows: BTreeMap<String, u64> = plan
            .tables()
            .iter()
            .map(|t| (t.name().to_owned(), t.rows()))
            .collect();
        (config, rows)
    };
    // keys that are drawn from all parents cannot grow with them
    let (schema, rows) = write(scaled(0.002));
    let later = Options {
        from: rows.clone(),
        ..scaled(0.004)
    };
    let error = plan(&schema.schema, &later).unwrap_err().to_string();
    assert!(
        error.contains("`profiles`") && error.contains("drawn from all rows"),
        "{error}"
    );

    let apart = CONSTRAINTS.replace(
        "[tables.profiles]\nrows = 600_000",
        "[tables.profiles]\nrows = 0",
    );
    let dir = tempfile::tempdir().unwrap();
    let (config, first) = small(&apart, scaled(0.002));
    first
        .write_files(dir.path(), Format::Parquet, &|_| ())
        .unwrap();
    let from = first
        .tables()
        .iter()
        .map(|t| (t.name().to_owned(), t.rows()))
        .collect();
    let (_, second) = small(
        &apart,
        Options {
            from,
            ..scaled(0.004)
        },
    );
    let files = second
        .write_files(dir.path(), Format::Parquet, &|_| ())
        .unwrap();
    assert!(files.iter().any(|f| {
        f.path
            .to_string_lossy()
            .contains("accounts.from-2000.parquet")
    }));
    let checked = check(&config.schema, dir.path(), &|_, _| ()).unwrap();
    let broken: Vec<_> = checked.checks.iter().filter(|c| c.violations > 0).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let accounts = checked
        .tables
        .iter()
        .find(|t| t.name == "accounts")
        .unwrap();
    assert_eq!((accounts.files, accounts.rows), (2, 4000));
}

#[test]
fn reference_files_are_refused_with_their_line() {
    let problem = |csv: &'static str| {
        let inputs = dwsim_schema::Inputs {
            file: Some(("dwsim.toml".into(), "[tables.c]\nfile = \"c.csv\"\n[tables.c.columns]\ncode = { type = \"char(2)\", primary_key = true }\nn = { type = \"integer\" }".into())),
            files: dwsim_schema::Files::new(move |_| Ok(csv.to_owned())),
            ..dwsim_schema::Inputs::default()
        };
        dwsim_schema::Config::load(&inputs).unwrap_err().to_string()
    };
    for (csv, expected) in [
        ("", "c.csv:1:1: the file is empty"),
        ("code\nDE", "c.csv:1:1: the file has no column `n`"),
        (
            "code,n\nDE,x",
            "c.csv:2:1: \"x\" is not a value of type integer",
        ),
        (
            "code,n\nDEU,1",
            "c.csv:2:1: \"DEU\" is not a value of type char(2)",
        ),
        (
            "code,n\nDE,1\nDE,2",
            "is unique, but one of its values is given twice",
        ),
        ("code,n\n,1", "c.csv:2:1: column `code` is not nullable"),
        ("code,n\nDE,1,2", "c.csv:2:1: this line has 3 values"),
        ("code,n\n\"DE,1", "c.csv:2:1: this quote is never closed"),
    ] {
        let found = problem(csv);
        assert!(found.contains(expected), "{csv:?}: {found}");
    }
    // nobody reads files: columns are known, rows are not
    let config = dwsim_schema::Config::parse("dwsim.toml", CONSTRAINTS).unwrap();
    let error = plan(&config.schema, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("which was not read"), "{error}");
}

/// The shop's tables as CSV samples.
fn samples(dir: &Path, rows: u64) -> Vec<Sample> {
    let options = Options {
        rows: [
            ("customers".to_owned(), rows),
            ("orders".to_owned(), rows * 3),
        ]
        .into(),
        ..Options::default()
    };
    let plan = planned(
        include_str!("../../../../benches/compare/shop.toml"),
        &options,
    );
    plan.write_files(dir, Format::Csv, &|_| ()).unwrap();
    ["customers", "orders"]
        .iter()
        .map(|t| Sample::read(&dir.join(format!("{t}.csv")), 100_000).unwrap())
        .collect()
}

#[test]
fn what_is_learned_can_be_generated() {
    let dir = tempfile::tempdir().unwrap();
    let samples = samples(dir.path(), 2000);
    let learned = learn(&samples).unwrap();
    for expected in [
        "customer_id = { type = \"serial\", primary_key = true }",
        "generator = \"faker.first_name\", truncate = true, pii = true",
        "generator = \"faker.email\", unique = true, pii = true",
        "references = \"customers.customer_id\"",
        "distribution = \"gaussian\"",
    ] {
        assert!(
            learned.toml.contains(expected),
            "{expected}:\n{}",
            learned.toml
        );
    }
    // nobody of the sample is in the proposal
    assert!(!learned.toml.contains('@'));
    let config = config(&learned.toml);
    let again = plan(&config.schema, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    again
        .write_files(dir.path(), Format::Parquet, &|_| ())
        .unwrap();
    let data = Sample::read(&dir.path().join("orders.parquet"), 100_000).unwrap();
    let scores = compare(&config.schema, &data, &samples[1]).unwrap();
    assert!(scores.quality() > 0.9, "{scores:#?}");
    let page = html("x", &crate::Report::default(), None, &[scores]);
    assert!(page.contains("KSComplement"));
}

#[test]
fn samples_that_are_something_else_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for (name, bytes, expected) in [
        ("a.parquet", &b"id,name\n1,x\n"[..], "not a Parquet file"),
        ("b.csv", b"PAR1\x00\x00", "this is a Parquet file"),
        ("c.parquet", b"PAR1 broken", "cannot read"),
        ("d.csv", b"", "the file is empty"),
        ("e.csv", b"a,a\n1,2\n", "two columns are called `a`"),
        ("f.csv", b"a,b\n1\n", "cannot read"),
        ("g.xlsx", b"x", "samples are Parquet"),
    ] {
        let error = Sample::read(&path(name, bytes), 100)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(expected) && error.contains(name),
            "{name}: {error}"
        );
    }
    assert!(Sample::read(&dir.path().join("none.csv"), 1).is_err());
    let empty = Sample::read(&path("h.csv", b"a,b\n"), 100).unwrap();
    assert!(
        learn(&[empty])
            .unwrap_err()
            .to_string()
            .contains("has no rows")
    );
}

#[test]
fn sdv_metadata_become_tables() {
    let metadata = r#"{"METADATA_SPEC_VERSION": "V1",
      "tables": {
        "hotels": {"primary_key": "hotel_id", "columns": {
          "hotel_id": {"sdtype": "id", "regex_format": "HID_[0-9]{3}"},
          "city": {"sdtype": "city"}, "rating": {"sdtype": "numerical", "computer_representation": "Float"},
          "classification": {"sdtype": "categorical"}, "opened": {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"}}},
        "guests": {"primary_key": "guest_email", "columns": {
          "guest_email": {"sdtype": "email", "pii": true}, "hotel_id": {"sdtype": "id"},
          "has_rewards": {"sdtype": "boolean"}, "shape": {"sdtype": "unknown"}}}},
      "relationships": [{"parent_table_name": "hotels", "parent_primary_key": "hotel_id",
        "child_table_name": "guests", "child_foreign_key": "hotel_id"}]}"#;
    let learned = sdv(metadata, &[]).unwrap();
    let config = config(&learned.toml);
    let guests = config.schema.table("guests").unwrap();
    assert_eq!(
        guests
            .column("hotel_id")
            .unwrap()
            .references
            .as_ref()
            .unwrap()
            .table,
        "hotels"
    );
    assert!(
        guests.column("guest_email").unwrap().pii && guests.column("guest_email").unwrap().unique
    );
    plan(&config.schema, &Options::default()).unwrap_or_else(|e| panic!("{e}\n{}", learned.toml));
    assert!(
        learned
            .notes
            .iter()
            .any(|n| n.contains("categories are unknown"))
    );
    for (text, expected) in [
        ("{", "EOF"),
        ("{}", "METADATA_SPEC_VERSION is missing"),
        ("{\"METADATA_SPEC_VERSION\": \"V9\"}", "is V9"),
        ("{\"METADATA_SPEC_VERSION\": \"V1\"}", "`tables` is missing"),
    ] {
        let error = sdv(text, &[]).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn every_documented_example_is_generated() {
    let page = include_str!("../../../../docs/generator.md");
    let mut count = 0;
    for example in page.split("```toml\n").skip(1) {
        let text = example.split("```").next().unwrap();
        let text = if text.contains("[tables.") {
            text.to_owned()
        } else {
            format!("[tables.t]\nrows = 100\n[tables.t.columns]\n{text}")
        };
        let plan = planned(&text, &Options::default());
        let dir = tempfile::tempdir().unwrap();
        plan.write_files(dir.path(), Format::Parquet, &|_| ())
            .unwrap();
        let checked = check(&config(&text).schema, dir.path(), &|_, _| ()).unwrap();
        let broken: Vec<_> = checked.checks.iter().filter(|c| c.violations > 0).collect();
        assert!(broken.is_empty(), "{text}\n{broken:#?}");
        count += 1;
    }
    assert!(count > 15);
}
