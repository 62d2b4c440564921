#[derive(dwsim::Row)]
struct Unit;

#[derive(dwsim::Row)]
struct Tuple(i64);

#[derive(dwsim::Row)]
enum Kind {
    A,
}

#[derive(dwsim::Row)]
#[dwsim(tabel = "orders")]
struct Key {
    n: i64,
}

#[derive(dwsim::Row)]
struct FieldKey {
    #[dwsim(name = "n")]
    n: i64,
}

fn main() {}
