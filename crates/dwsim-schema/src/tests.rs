//! The repository's own schema reads and makes DDL; further tests are in modules of their own.
#![expect(clippy::unwrap_used, reason = "tests")]

use crate::*;

const SHOP: &str = include_str!("../../../dwsim.toml");

#[test]
fn the_shop_reads() {
    let config = Config::parse("dwsim.toml", SHOP).unwrap_or_else(|e| panic!("{e}"));
    let order: Vec<&str> = config
        .schema
        .in_reference_order()
        .map(|t| t.name.as_str())
        .collect();
    assert_eq!(
        order,
        ["customers", "products", "orders", "order_items", "events"]
    );
    for table in config.schema.tables() {
        for dialect in Dialect::ALL {
            println!("{}", ddl::create_table(table, dialect));
        }
    }
    assert_eq!(config.schema.table("orders").unwrap().rows, 50_000);
}
