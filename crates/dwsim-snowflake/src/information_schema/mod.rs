//! INFORMATION_SCHEMA: views of the catalog, made when they are read.
//! SHOW has lists of its own, in `session::show`.
//!
//! Source: "Snowflake Information Schema".

mod objects;
mod relations;

pub(crate) use relations::relation;
