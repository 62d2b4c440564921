//! Plans: which rows of which tables are made, and from which sources.
//! Drawing values is left to `source`, writing them to `write`.

mod append;
mod column;
mod compile;
mod correlate;
mod derived;
mod keys;
mod numbers;
mod row_groups;
mod series;
mod table;
mod template;
mod text;

pub(crate) use column::scalar_texts;
pub use compile::{Options, Plan, Shard, plan};
pub(crate) use numbers::shape_of;
pub use row_groups::RowGroup;
pub(crate) use table::Encoding;
pub use table::TablePlan;
