//! The one error type of the engine, with what a client of either warehouse sees of it.
//! Protocol framing of an error is left to the servers.

mod kind;
mod render;

pub use kind::{ErrorKind, Position, SqlError};
pub use render::Rendered;

/// Result with the engine's error.
pub type Result<T, E = SqlError> = std::result::Result<T, E>;
