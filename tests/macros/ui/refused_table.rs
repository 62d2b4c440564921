#[derive(dwsim::Row)]
#[dwsim(table = "ordres")]
struct Order {
    order_id: i64,
}

fn main() {}
