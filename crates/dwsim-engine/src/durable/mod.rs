//! Durability: what was committed is on disk before it is acknowledged, and is there after `kill -9`.
//! What a commit is, and when two of them conflict, is the catalog's matter.
//!
//! A data directory holds `manifest.json`, which names every object and the files of every table, and
//! `batches/N.arrow`, one Arrow IPC file for each batch of rows. Files are never changed: a commit writes the batches
//! that are new, then replaces the manifest by a rename, then removes the files that no table refers to any more.

mod manifest;
mod store;

pub use store::DataDirectory;
