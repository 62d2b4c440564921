//! One query on both warehouses, as a program and not as a test: `cargo run --example both_warehouses`.
//!
//! The emulators are those of `DWSIM_ENDPOINTS`, the running ones of this checkout, or new ones with the data of
//! dwsim.toml (`cargo dwsim` must be installed, or `DWSIM_BIN` name it). Each warehouse is a copy of the loaded data of
//! its own, which is dropped with it.

use dwsim::rstest_fixtures::{redshift, snowflake};

fn main() -> dwsim::Result<()> {
    for warehouse in [redshift::default(), snowflake::default()] {
        println!("{} ({})", warehouse.dialect(), warehouse.database());
        let top = warehouse.blocking().query(
            "select country, count(*) as customers from customers group by country order by 2 desc, 1 limit 3",
        )?;
        let names: Vec<&str> = top.columns.iter().map(|c| c.name.as_str()).collect();
        println!("  {}", names.join(" | "));
        for row in &top.rows {
            let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
            println!("  {}", cells.join(" | "));
        }
    }
    Ok(())
}
