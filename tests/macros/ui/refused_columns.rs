#[derive(dwsim::Row)]
#[dwsim(table = "orders")]
struct Order {
    order_idd: i64,
    customer_id: String,
    order_total: f64,
    note: String,
    ordered_at: Option<i64>,
    #[dwsim(rename = "kind")]
    r#type: String,
}

fn main() {}
