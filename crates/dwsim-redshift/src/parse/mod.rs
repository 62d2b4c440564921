//! Text to statements: `sqlparser` for queries and expressions, an own grammar for what only Redshift has.
//! What statements do is left to `statements`.

mod adapt;
mod admin;
mod ddl;
mod dispatch;
mod dml;
mod grammar;
mod load;
mod plpgsql;
mod policy;
mod routine;
mod statement;
mod table;
mod words;

#[cfg(test)]
mod tests;

pub use admin::{Defaults, Grant};
pub use dispatch::parse;
pub use grammar::RedshiftGrammar;
pub use load::{Compression, Copy, Format, JsonPaths, Unload, UnloadFormat};
pub use plpgsql::block as plpgsql_block;
pub use policy::{Policy, PolicyAction};
pub use routine::{CreateRoutine, Declared as RoutineArgument, signature};
pub use statement::{CreateView, Fetch, Kind, Parsed, Show, Statement};
pub use table::{Action, AlterTable, Attributes, Column, Constraint, CreateTable, Like};
