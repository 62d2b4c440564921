//! PostgreSQL's wire protocol as Redshift speaks it: start-up, simple and extended queries, text and binary values.
//! What statements mean is left to `parse` and `statements`.

mod backend;
mod binary;
mod cancel;
mod connection;
mod extended;
mod frontend;
mod parameter;
mod portal;
mod rows;
mod server;
mod startup;
pub(crate) mod text;
pub mod types;
mod wire;

pub use backend::Notice;
pub use cancel::Backends;
pub(crate) use cancel::{publish, signal};
pub use rows::{RowStyle, cell_text};
pub use server::{RedshiftServer, ServerOptions};
pub use startup::{AuthMode, Credential};

/// A wall-clock timestamp in microseconds since 1970 as text.
pub(crate) fn timestamp_text(micros: i64, out: &mut bytes::BytesMut) {
    text::timestamp(micros, None, out);
}
