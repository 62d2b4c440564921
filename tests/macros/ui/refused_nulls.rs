#[derive(dwsim::Row)]
#[dwsim(table = "orders")]
struct Order {
    order_id: i64,
    shipped_at: dwsim::chrono::NaiveDateTime,
    ratio: dwsim::Decimal,
}

fn main() {}
