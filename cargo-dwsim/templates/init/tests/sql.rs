//! Makes every tests/sql/**/*.sql × dialect a test of its own for `cargo test` and `cargo nextest`.
//!
//! Cargo.toml needs
//!
//! ```toml
//! [dev-dependencies]
//! dwsim = "0.1"
//!
//! [[test]]
//! name = "sql"
//! harness = false
//! ```

dwsim::harness!();
