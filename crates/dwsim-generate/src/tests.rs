//! The repository's own schema, made and written in every format.
#![expect(clippy::unwrap_used, reason = "tests")]

use crate::*;

const SHOP: &str = include_str!("../../../dwsim.toml");

fn shop() -> Plan {
    let config = dwsim_schema::Config::parse("dwsim.toml", SHOP).unwrap();
    plan(&config.schema, &Options::default()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_shop_is_written() {
    let plan = shop();
    let dir = tempfile::tempdir().unwrap();
    for format in [
        Format::Parquet,
        Format::Csv,
        Format::JsonLines,
        Format::Arrow,
        Format::Sql(dwsim_schema::Dialect::Redshift),
    ] {
        let t = std::time::Instant::now();
        let files = plan.write_files(dir.path(), format, &|_| ()).unwrap();
        println!(
            "{format:?} {:?} {:?}",
            t.elapsed(),
            files.iter().map(|f| f.bytes).sum::<u64>()
        );
        assert_eq!(files.len(), 5);
    }
    for table in plan.tables() {
        println!("{}", table.name());
        let text =
            std::fs::read_to_string(dir.path().join(format!("{}.csv", table.name()))).unwrap();
        for line in text.lines().take(4) {
            println!("  {line}");
        }
    }
}
