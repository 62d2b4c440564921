//! Experiments: a named schema, and its generated data loaded into one or both warehouses.
//! [`Service`] does everything that the REST interface, the page and the command line offer.

mod compare;
mod error;
mod file;
mod profile;
mod query;
mod run;
mod service;
mod view;

pub use compare::{Difference, Held, Outcome};
pub use error::Error;
pub use file::{csv, parquet};
pub use profile::{ColumnProfile, Measured, TableProfile};
pub(crate) use query::text;
pub use query::{Queried, QueriedColumn};
pub use run::GenerateOptions;
pub use service::{Definition, Service, database};
pub use view::{Deleted, Detail, Exported, ExportedTable, Summary, TableSummary};
