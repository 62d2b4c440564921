//! Binding: a parsed query becomes a DataFusion logical plan whose every expression has a SQL type.
//! Dialect rules come from [`crate::dialect::Dialect`]; optimising and running plans is `exec`.
//!
//! DataFusion's own SQL planner is not used: positions in errors, aliases used in the same SELECT, path
//! navigation into SUPER and VARIANT, correlated table functions and typed coercions all need the scope
//! at the moment a name is met.

mod aggregate;
mod asof;
mod binder;
mod call;
mod changes;
mod collation;
mod connect_by;
mod expr;
mod from;
mod group;
mod join;
pub mod lambda;
mod lateral;
mod list_table;
mod match_recognize;
mod names;
mod operators;
mod oracle;
mod pivot;
mod query;
mod relation;
mod routine;
mod sample;
mod scope;
mod select;
mod setop;
mod spread;
mod star;
mod subquery;
mod time_travel;
mod tracked;
mod unnest;
mod window;

pub use binder::{Binder, BoundQuery, CastMode, VariableLookup};
pub use changes::{SOURCE_OID, STREAM_SOURCE};
pub use from::{DERIVED, TableCall, TablePartition};
pub(crate) use names::MOST_PARAMETERS;
pub(crate) use query::has_subquery;
pub use routine::GivenArgument;
pub use scope::{Alias, Relation, Scope, ScopeColumn};
pub use spread::SPREAD;
pub use star::{STAR, is_star};
pub use time_travel::Past;
pub use window::BoundWindow;
