//! Experiments: a named schema, and its generated data loaded into one or both warehouses.
//! [`Service`] does everything that the REST interface, the page and the command line offer.

mod error;
mod query;
mod run;
mod service;
mod view;

pub use error::Error;
pub use query::{Compared, Queried};
pub use run::GenerateOptions;
pub use service::{Definition, Service};
pub use view::{Deleted, Detail, Exported, ExportedTable, Summary, TableSummary};
