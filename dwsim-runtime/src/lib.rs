//! What a dwsim test links: finding or starting the emulators, a fork of the loaded data per test, SQL on both
//! warehouses, typed results, and snapshots. It speaks the warehouses' wire protocols; the engine stays in `cargo dwsim`.
//!
//! - [`endpoints`]: where the emulators listen, as `cargo dwsim serve` prints it and `DWSIM_ENDPOINTS` carries it.
//! - [`client`]: a connection per dialect.
//! - [`value`]: typed cells, columns, results.
//! - [`snapshot`]: the `.snap` format, comparing, pending results and their acceptance.
//! - [`sqltest`]: tests that are SQL files: finding them, running them.
//! - [`script`]: SQL text as a list of statements.
//! - [`project`]: the folders of a project.

pub mod client;
mod dialect;
pub mod endpoints;
mod error;
pub mod project;
pub mod script;
pub mod snapshot;
pub mod sqltest;
pub mod value;

pub use client::{Connection, Reply};
pub use dialect::Dialect;
pub use endpoints::{Endpoint, Endpoints, TemplateInfo};
pub use error::{Error, Position, Result, SqlError};
pub use project::Project;
pub use value::{Column, Decimal, Interval, ParseDecimalError, ResultTable, TypeKind, Value};
