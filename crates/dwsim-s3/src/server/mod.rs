//! The HTTP server: S3's REST API over a store.
//! What objects are and how they are kept is left to the store.

mod api;
mod body;
mod buckets;
mod chunked;
mod convert;
mod errors;
mod front;
mod host;
mod listing;
mod objects;
#[expect(clippy::module_inception, reason = "the server's own type")]
mod server;
mod time;
mod transfer;
mod uploads;

pub use server::{S3Options, S3Server};
