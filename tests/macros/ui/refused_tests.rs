use dwsim::Warehouse;

#[dwsim::test]
fn no_warehouse() {}

#[dwsim::test]
fn two(a: Warehouse, b: Warehouse) {}

#[dwsim::test(postgres)]
fn unknown(wh: Warehouse) {}

#[dwsim::test(redshift, redshift)]
fn twice(wh: Warehouse) {}

#[dwsim::test]
fn generic<T>(wh: Warehouse) {}

#[dwsim::test]
struct NoFunction;

fn main() {}
