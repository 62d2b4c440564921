//! PostgreSQL's wire protocol as Redshift speaks it: start-up, simple and extended queries, text and binary values.
//! What statements mean is left to `parse` and `statements`.

mod backend;
mod binary;
mod cancel;
mod connection;
mod data_api;
mod extended;
mod frontend;
mod parameter;
mod portal;
mod rows;
mod server;
mod socket;
mod startup;
pub(crate) mod text;
mod tls;
pub mod types;
mod wire;

pub use backend::Notice;
pub use cancel::{Backends, Client};
pub(crate) use cancel::{publish, signal};
pub use data_api::DataApi;
pub use rows::{RowStyle, cell_text};
pub use server::{RedshiftServer, ServerOptions};
pub use startup::{AuthMode, Credential};
pub use tls::Tls;
