struct Mine;

#[derive(dwsim::Row)]
struct Result {
    n: Mine,
}

fn main() {}
