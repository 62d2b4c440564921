//! Rows as structs: fixtures made by the generator go in, structs come out. `cargo run --example typed_rows`.
//!
//! `schema!()` has a module for each table of dwsim.toml, `derive(Row)` reads what a query returns; both are checked when
//! this is compiled.

use dwsim::prelude::*;
use dwsim::rstest_fixtures::snowflake;

dwsim::schema!();

#[derive(Debug, dwsim::Row)]
struct Spent {
    customer_id: i64,
    orders: i64,
    total: Decimal,
}

fn main() -> dwsim::Result<()> {
    let warehouse = snowflake::default();
    let wh = warehouse.blocking();
    // three customers that nobody has seen yet, and what they order
    let new = customers::fixture(7)
        .rows(3)
        .with(|c| c.country = "DE".into());
    let customers = new.insert_blocking(&warehouse)?;
    let first = customers[0].customer_id;
    orders::fixture(7)
        .rows(6)
        .with(move |o| {
            o.customer_id = first;
            o.order_total = dec!(12.50);
        })
        .insert_blocking(&warehouse)?;
    let spent: Vec<Spent> = wh.query_as(&format!(
        "select customer_id, count(*) as orders, sum(order_total) as total from orders \
         where customer_id = {first} group by customer_id"
    ))?;
    for s in spent {
        println!(
            "customer {}: {} orders, {}",
            s.customer_id, s.orders, s.total
        );
    }
    Ok(())
}
