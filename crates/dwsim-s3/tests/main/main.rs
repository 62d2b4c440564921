//! The server as clients see it: the AWS SDK for Rust, and raw HTTP for what no SDK would send.
//! The store's own behaviour is tested beside the store.

#![expect(clippy::unwrap_used, reason = "tests")]

mod harness;
mod listing;
mod objects;
mod random;
mod raw;
mod uploads;
