//! The Redshift Data API: statements run over HTTP with JSON, as `boto3`'s client `redshift-data` speaks it.
//! What statements do is left to `statements`.
//!
//! Source: "Using the Amazon Redshift Data API" and its API reference.

mod fault;
mod lists;
mod named;
mod operations;
mod run;
mod server;
mod store;
mod values;

pub use server::DataApi;
