//! What a dwsim test links: finding or starting the emulators, a fork of the loaded data per test, SQL on both
//! warehouses, typed results, and snapshots. It speaks the warehouses' wire protocols; the engine stays in `cargo dwsim`.
//!
//! - [`endpoints`]: where the emulators listen, as `cargo dwsim serve` prints it and `DWSIM_ENDPOINTS` carries it.
//! - [`client`]: a connection per dialect.
//! - [`instance`]: finding or starting the emulators; [`template`]: loading them.
//! - [`fork`]: a private copy of the loaded database per test.
//! - [`Warehouse`]: what a Rust test holds; [`row`]: Rust structs as rows.
//! - [`value`]: typed cells, columns, results.
//! - [`snapshot`]: the `.snap` format, comparing, pending results and their acceptance.
//! - [`sqltest`]: tests that are SQL files: finding them, running them.
//! - [`sql_tests_main`]: the test target that runs them; [`assertion`]: snapshots in Rust tests.
//! - [`script`]: SQL text as a list of statements.
//! - [`project`]: the folders of a project.

pub mod assertion;
pub mod client;
pub mod endpoints;
mod error;
pub mod fixture;
pub mod fork;
mod harness;
pub mod instance;
mod isolation;
pub mod project;
pub mod row;
pub mod rstest_fixtures;
pub mod s3;
pub mod script;
pub mod snapshot;
pub mod sqltest;
pub mod template;
#[doc(hidden)]
pub mod testing;
pub mod value;
mod warehouse;

pub use client::{Connection, Reply, percent, percent_path};
pub use dwsim_schema::Dialect;
pub use endpoints::{Endpoint, Endpoints, TemplateInfo, TestSettings, TlsEndpoints};
pub use error::{Error, Position, Result, SqlError};
pub use fixture::Fixture;
pub use fork::Fork;
pub use harness::sql_tests_main;
pub use isolation::Isolation;
pub use project::Project;
pub use row::{FromValue, Row, RowRef, ToValue};
pub use s3::S3;
pub use value::{Column, Decimal, Interval, ParseDecimalError, ResultTable, TypeKind, Value};
pub use warehouse::{Blocking, Warehouse};

// their types are part of this crate's API
pub use {chrono, serde_json};
