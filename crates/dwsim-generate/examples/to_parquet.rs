//! The generator as a library: a schema as text, rows as Arrow arrays, tables as Parquet files.
//! `cargo run -p dwsim-generate --example to_parquet [DIRECTORY]`.

use std::path::PathBuf;

use arrow::util::display::array_value_to_string;
use dwsim_generate::{Format, Options, plan};

const SCHEMA: &str = r#"
[tables.sensors]
rows = 5
[tables.sensors.columns]
id = { type = "serial", primary_key = true }
place = { type = "varchar(60)", generator = "faker.city" }

[tables.readings]
[tables.readings.columns]
sensor = { type = "foreign_key", references = "sensors.id", children = { min = 96, max = 96 } }
at = { type = "timestamp", generator = "walk", first = "2024-01-01", step = ["15 minutes", "15 minutes"] }
celsius = { type = "decimal(5,2)", generator = "wave", base = 20, amplitude = 5, period = 96, noise = 0.3 }
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args_os().nth(1).map_or_else(
        || std::env::temp_dir().join("dwsim-readings"),
        PathBuf::from,
    );
    let config = dwsim_schema::Config::parse("example", SCHEMA)?;
    let options = Options {
        seed: 7,
        ..Options::default()
    };
    let plan = plan(&config.schema, &options)?;
    // any rows, without those before them
    if let Some(readings) = plan.table("readings") {
        let batch = readings.batch(200..203)?;
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter();
            let cells: Result<Vec<String>, _> =
                cells.map(|c| array_value_to_string(c, row)).collect();
            println!("{}", cells?.join(" | "));
        }
    }
    for file in plan.write_files(&directory, Format::Parquet, &|_| ())? {
        println!(
            "{}: {} rows, {} bytes",
            file.path.display(),
            file.rows,
            file.bytes
        );
    }
    let checked = dwsim_generate::check::check(&config.schema, &directory, &|_, _| ())?;
    println!(
        "{} rules, {} violations",
        checked.checks.len(),
        checked.violations()
    );
    Ok(())
}
