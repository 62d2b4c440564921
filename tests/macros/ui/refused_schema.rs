mod one {
    dwsim::schema!(ordres);
}

mod two {
    dwsim::schema!("orders");
}

mod three {
    dwsim::sql_tests!(orders);
}

fn main() {}
