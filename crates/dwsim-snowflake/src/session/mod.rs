//! Sessions of Snowflake: the engine's session, and the statements that only Snowflake has.
//! The wire is in `protocol`, the grammar in `parse`.

mod account;
mod answer;
mod automatic;
mod bindings;
mod bodies;
mod comment;
mod copy;
mod create_or_alter;
mod describe;
mod directory;
mod dynamic;
mod execute_file;
mod explain;
mod external;
mod file_format;
mod files;
mod format_defaults;
mod grants;
mod infer;
mod objects;
mod parameters;
mod policies;
mod properties;
mod registry;
mod relation;
mod run;
mod show;
mod stage;
mod stage_files;
mod staged;
mod streams;
mod task_run;
#[cfg(test)]
mod tests;
mod transfer;
mod unload;

pub use account::{AccountState, CopyError, CopyRun, RefreshRun, StatementRun, TaskRun};
pub use answer::{Answer, StatementKind};
pub(crate) use answer::{schema, text_batch};
pub use bindings::Binding;
pub(crate) use copy::{error_columns, error_texts};
pub(crate) use dynamic::DYNAMIC_QUERY;
pub(crate) use external::{EXPRESSION, External, format_of};
pub use parameters::{DEFAULTS, default_parameters};
pub use registry::SessionSlot;
pub use run::SnowflakeSession;
pub(crate) use run::counts_of;
pub use stage_files::{StageFile, TableId};
pub use transfer::{Transfer, TransferKind};
