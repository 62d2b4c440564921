//! Sessions of Snowflake: the engine's session, and the statements that only Snowflake has.
//! The wire is in `protocol`, the grammar in `parse`.

mod account;
mod answer;
mod bindings;
mod bodies;
mod comment;
mod copy;
mod create_or_alter;
mod describe;
mod directory;
mod execute_file;
mod explain;
mod file_format;
mod grants;
mod infer;
mod objects;
mod parameters;
mod policies;
mod properties;
mod relation;
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

pub use account::{AccountState, CopyError, CopyRun, StatementRun, TaskRun};
pub use answer::{Answer, StatementKind};
pub(crate) use answer::{schema, text_batch};
pub use bindings::Binding;
pub(crate) use copy::{error_columns, error_texts};
pub use parameters::{DEFAULTS, default_parameters};
pub use run::SnowflakeSession;
pub(crate) use run::counts_of;
pub use stage_files::{StageFile, TableId};
pub use transfer::{Transfer, TransferKind};
