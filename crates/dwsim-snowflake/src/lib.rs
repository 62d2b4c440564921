//! The Snowflake dialect and the protocol of its drivers.
//! SQL is run by `dwsim_engine`; starting servers beside others is the work of `cargo-dwsim`.

pub mod dialect;
mod directory;
pub mod functions;
mod information_schema;
mod javascript;
pub mod parse;
mod policies;
pub mod protocol;
mod scripting;
pub mod session;
mod tasks;

pub use protocol::{ServerOptions, SnowflakeServer, SnowflakeService};
