use dwsim::Warehouse;

#[derive(dwsim::Row)]
#[dwsim(table = "orders")]
struct Order {
    order_id: i64,
}

mod tables {
    dwsim::schema!();
}

mod files {
    dwsim::sql_tests!();
}

#[dwsim::test]
fn counted(wh: Warehouse) {}

/// Without a table nothing of dwsim.toml is asked for.
#[derive(dwsim::Row)]
struct Count {
    n: i64,
}

fn main() {}
