//! DDL of either warehouse as tables of dwsim.toml: read by the dialects' own parsers, generators guessed and marked.
//! A file is imported as a whole or not at all; what was found is said with line, column and advice.
//!
//! [`read`] makes [`Import`] of SQL text; [`Import::toml`] writes it as a new document or into an existing one.

mod columns;
mod merge;
mod model;
mod names;
mod query;
mod read;
mod redshift;
mod render;
mod snowflake;
#[cfg(test)]
mod tests;
mod types;

pub use merge::{Existing, Written};
pub use model::{ColumnView, Finding, Import, Level, Options, TableView};
pub use read::read;
