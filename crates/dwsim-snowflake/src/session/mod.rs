//! Sessions of Snowflake: the engine's session, and the statements that only Snowflake has.
//! The wire is in `protocol`, the grammar in `parse`.

mod account;
mod answer;
mod bindings;
mod bodies;
mod comment;
mod copy;
mod describe;
mod explain;
mod file_format;
mod grants;
mod objects;
mod parameters;
mod run;
mod show;
mod stage;
mod stage_files;
mod staged;
mod streams;
#[cfg(test)]
mod tests;
mod transfer;
mod unload;

pub use account::AccountState;
pub(crate) use answer::text_batch;
pub use answer::{Answer, StatementKind};
pub use bindings::Binding;
pub use parameters::{DEFAULTS, default_parameters};
pub use run::SnowflakeSession;
pub use stage_files::{StageFile, TableId};
pub use transfer::{Transfer, TransferKind};
