use dwsim::Warehouse;

#[dwsim::test]
fn no_warehouse() {}

#[dwsim::test]
fn two(a: Warehouse, b: Warehouse) {}

#[dwsim::test]
fn borrowed(wh: &Warehouse) {}

#[dwsim::test(postgres)]
fn unknown(wh: Warehouse) {}

#[dwsim::test(snowflak)]
fn misspelt(wh: Warehouse) {}

#[dwsim::test(redshift, redshift)]
fn twice(wh: Warehouse) {}

#[dwsim::test(seed = "7")]
fn seed_of_text(wh: Warehouse) {}

#[dwsim::test(seed = 1, seed = 2)]
fn two_seeds(wh: Warehouse) {}

#[dwsim::test(fixtures())]
fn no_fixtures(wh: Warehouse) {}

#[dwsim::test(fixtures(orders))]
fn fixture_without_quotes(wh: Warehouse) {}

#[dwsim::test]
#[test]
fn two_tests(wh: Warehouse) {}

#[dwsim::test]
fn generic<T>(wh: Warehouse) {}

#[dwsim::test]
fn opaque(wh: Warehouse) -> impl std::process::Termination {}

#[dwsim::test]
struct NoFunction;

fn main() {}
