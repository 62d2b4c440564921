#[derive(dwsim::Row)]
union Both {
    n: i64,
}

#[derive(dwsim::Row)]
#[dwsim(table = "orders", table = "orders")]
struct Twice {
    order_id: i64,
}

#[derive(dwsim::Row)]
#[dwsim(table = orders)]
struct NoText {
    order_id: i64,
}

#[derive(dwsim::Row)]
struct Renamed {
    #[dwsim(rename = 1)]
    n: i64,
}

fn main() {}
