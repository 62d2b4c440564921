//! The HTTP protocol of Snowflake's drivers: login, queries, results in JSON and Arrow, staged files.
//! What statements do is the work of `session`.

mod arrow_rows;
mod blob;
mod json_rows;
mod login;
mod presence;
mod query;
mod respond;
mod rowtype;
mod server;
mod service;
mod spatial;
mod sql_api;

pub(crate) use rowtype::type_json;
pub use server::SnowflakeServer;
pub use service::{ServerOptions, SnowflakeService};
