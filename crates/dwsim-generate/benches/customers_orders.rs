//! Customers and orders to zstd Parquet, against the floor: parquet-rs writing the same columns, already made.
//! Run with `cargo bench -p dwsim-generate`; rows per second are the items of divan's output.

use arrow::record_batch::RecordBatch;
use divan::Bencher;
use divan::counter::ItemsCount;
use dwsim_generate::{Format, Options, Plan, plan};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

const SCHEMA: &str = r#"
[tables.customers]
rows = 200_000
[tables.customers.columns]
customer_id = { type = "serial", primary_key = true }
first_name = { type = "varchar(50)", generator = "faker.first_name" }
last_name = { type = "varchar(50)", generator = "faker.last_name" }
email = { type = "varchar(255)", unique = true, generator = "faker.email" }
registration_date = { type = "timestamp", range = ["2023-01-01", "2024-12-31"] }

[tables.orders]
rows = 1_000_000
[tables.orders.columns]
order_id = { type = "serial", primary_key = true }
customer_id = { type = "foreign_key", references = "customers.customer_id" }
order_total = { type = "decimal(10,2)", distribution = "gaussian", mean = 150.0, stddev = 50.0 }
"#;

fn main() {
    divan::main();
}

fn planned(scale: f64, threads: usize) -> Plan {
    let config = dwsim_schema::Config::parse("bench.toml", SCHEMA).expect("the schema reads");
    let options = Options {
        scale,
        threads: Some(threads),
        ..Options::default()
    };
    plan(&config.schema, &options).expect("the schema is possible")
}

/// Generation and writing, on one and two threads.
#[divan::bench(args = [1, 2], sample_count = 5)]
fn generate_and_write(bencher: Bencher<'_, '_>, threads: usize) {
    let plan = planned(1.0, threads);
    let dir = tempfile::tempdir().expect("a directory");
    bencher
        .counter(ItemsCount::new(plan.total_rows()))
        .bench_local(|| {
            plan.write_files(dir.path(), Format::Parquet, &|_| ())
                .expect("files are written")
        });
}

/// Generation alone, on one thread.
#[divan::bench(sample_count = 5)]
fn generate(bencher: Bencher<'_, '_>) {
    let plan = planned(1.0, 1);
    bencher
        .counter(ItemsCount::new(plan.total_rows()))
        .bench_local(|| {
            plan.tables()
                .iter()
                .flat_map(|t| t.batches(8192))
                .map(|b| b.expect("a batch").num_rows())
                .sum::<usize>()
        });
}

/// The floor: the same arrays through parquet-rs with the writer's defaults and zstd-1, on one thread.
#[divan::bench(sample_count = 5)]
fn floor(bencher: Bencher<'_, '_>) {
    let plan = planned(1.0, 1);
    let tables: Vec<Vec<RecordBatch>> = plan
        .tables()
        .iter()
        .map(|t| t.batches(8192).collect::<Result<_, _>>().expect("batches"))
        .collect();
    let dir = tempfile::tempdir().expect("a directory");
    bencher
        .counter(ItemsCount::new(plan.total_rows()))
        .bench_local(|| {
            for (i, batches) in tables.iter().enumerate() {
                let file =
                    std::fs::File::create(dir.path().join(format!("{i}.parquet"))).expect("a file");
                let zstd = Compression::ZSTD(ZstdLevel::try_new(1).expect("a level"));
                let props = WriterProperties::builder().set_compression(zstd).build();
                let mut writer =
                    ArrowWriter::try_new(file, batches[0].schema(), Some(props)).expect("a writer");
                for batch in batches {
                    writer.write(batch).expect("written");
                }
                writer.close().expect("closed");
            }
        });
}

/// Schema to files, cold: what a small project pays before its first test.
#[divan::bench(sample_count = 10)]
fn small_cold(bencher: Bencher<'_, '_>) {
    let dir = tempfile::tempdir().expect("a directory");
    bencher.bench_local(|| {
        planned(0.05, 2)
            .write_files(dir.path(), Format::Parquet, &|_| ())
            .expect("files are written")
    });
}
