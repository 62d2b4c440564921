//! Amazon Redshift and Snowflake on your own machine, inside Cargo: what test code depends on.
//! The emulators themselves are in `cargo dwsim` (`cargo install cargo-dwsim`); this crate re-exports the client side.
//!
//! ```no_run
//! use dwsim::prelude::*;
//!
//! #[derive(Debug, PartialEq, dwsim::Row)]
//! struct Revenue {
//!     day: dwsim::chrono::NaiveDate,
//!     total: Decimal,
//! }
//!
//! #[dwsim::test] // one test per dialect, each on its own fork of the loaded template
//! async fn refunds_are_counted(wh: Warehouse) -> dwsim::Result<()> {
//!     wh.sql("delete from orders where order_total < 0").await?;
//!     assert_sql_snapshot!(wh, "select count(*) as n from orders where order_total < 0");
//!     Ok(())
//! }
//! ```
//!
//! Tests that are SQL files need no Rust but a `tests/sql.rs` with `harness = false`, whose whole text is
//! `dwsim::harness!();`.
//!
//! With `dwsim::schema!()` rows of the tables of dwsim.toml are structs, and fixtures are made by the generator:
//!
//! ```ignore
//! dwsim::schema!();
//!
//! #[dwsim::test(seed = 7)]
//! async fn germans_count(wh: Warehouse) -> dwsim::Result<()> {
//!     let new = customers::fixture(wh.seed()).rows(20).with(|r| r.country = "DE".into());
//!     new.insert(&wh).await?;
//!     assert_sql_snapshot!(wh, "select count(*) as n from customers where country = 'DE'", @"");
//!     Ok(())
//! }
//! ```
//!
//! For rstest, [`rstest_fixtures`] has `redshift`, `snowflake`, `warehouse` and `s3`.

pub use dwsim_macros::{Row, schema, sql_tests, test};
pub use dwsim_runtime::{
    Blocking, Column, Connection, Decimal, Dialect, Endpoint, Endpoints, Error, Fixture, FromValue,
    Interval, ParseDecimalError, Project, Reply, Result, ResultTable, Row, RowRef, S3, SqlError,
    ToValue, TypeKind, Value, Warehouse, assert_row_eq, assert_sql_error_snapshot,
    assert_sql_snapshot, assert_table_snapshot, dec, harness, sql_tests_main,
};
pub use dwsim_runtime::{chrono, serde_json};
pub use dwsim_runtime::{endpoints, rstest_fixtures, snapshot, sqltest, value};

/// What most test files want: `use dwsim::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Decimal, Dialect, FromValue, Row, ToValue, Value, Warehouse, assert_row_eq,
        assert_sql_error_snapshot, assert_sql_snapshot, assert_table_snapshot, dec,
    };
}

/// What the macros' code calls. Not for other use: it changes with them.
#[doc(hidden)]
pub mod __private {
    pub use dwsim_runtime::testing::{TestSpec, block_on, run_sql_test, run_test};
}
