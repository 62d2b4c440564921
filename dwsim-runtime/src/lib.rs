//! What a dwsim test links: finding or starting the emulators, a fork of the loaded data per test, SQL on both
//! warehouses, typed results, and snapshots. It speaks the warehouses' wire protocols; the engine stays in `cargo dwsim`.
//!
//! - [`endpoints`]: where the emulators listen, as `cargo dwsim serve` prints it and `DWSIM_ENDPOINTS` carries it.
//! - [`client`]: a connection per dialect.
//! - [`fork`]: a private copy of the loaded database per test.
//! - [`Warehouse`]: what a Rust test holds; [`row`]: Rust structs as rows.
//! - [`value`]: typed cells, columns, results.
//! - [`snapshot`]: the `.snap` format, comparing, pending results and their acceptance.
//! - [`sqltest`]: tests that are SQL files: finding them, running them.
//! - [`script`]: SQL text as a list of statements.
//! - [`project`]: the folders of a project.

pub mod client;
pub mod endpoints;
mod error;
pub mod fork;
pub mod project;
pub mod row;
pub mod script;
pub mod snapshot;
pub mod sqltest;
pub mod value;
mod warehouse;

pub use client::{Connection, Reply};
pub use dwsim_schema::Dialect;
pub use endpoints::{Endpoint, Endpoints, TemplateInfo};
pub use error::{Error, Position, Result, SqlError};
pub use fork::Fork;
pub use project::Project;
pub use row::{FromValue, Row, RowRef, ToValue};
pub use value::{Column, Decimal, Interval, ParseDecimalError, ResultTable, TypeKind, Value};
pub use warehouse::{Blocking, Warehouse};
