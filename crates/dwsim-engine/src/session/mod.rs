//! Sessions: the state of one connection, and the statements both dialects share.
//! What only one dialect has (COPY, SHOW, grants, …) is built on this by its own crate.

mod alter;
mod columns;
mod create;
mod create_other;
mod delete;
mod drop;
mod evaluate;
mod execute;
mod insert;
mod insert_all;
mod merge;
mod options;
mod outcome;
mod state;
mod undrop;
mod update;
mod write;

pub use columns::{column_def, name_constraints};
pub use create::Attributes;
pub use merge::SAME_NAMES;
pub use options::SessionOptions;
pub use outcome::{Completion, Description, Outcome};
pub(crate) use state::temp_schema;
pub use state::{Session, is_temp_schema};
pub use undrop::Undrop;
