use dwsim::Warehouse;

#[dwsim::test(fixtures("a"), fixtures("b"))]
fn fixtures_twice(wh: Warehouse) {}

#[dwsim::test(seed = 99999999999999999999)]
fn seed_too_large(wh: Warehouse) {}

#[dwsim::test(seed)]
fn seed_without_number(wh: Warehouse) {}

#[dwsim::test(fixtures)]
fn fixtures_without_files(wh: Warehouse) {}

struct Suite;

impl Suite {
    #[dwsim::test]
    fn method(&self) {}
}

fn main() {}
