fn main() {
    let _ = dwsim::dec!(1e5);
}
