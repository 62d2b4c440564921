//! Sessions of Snowflake: the engine's session, and the statements that only Snowflake has.
//! The wire is in `protocol`, the grammar in `parse`.

mod account;
mod answer;
mod bindings;
mod comment;
mod copy;
mod describe;
mod file_format;
mod objects;
mod parameters;
mod run;
mod show;
mod stage;
mod stage_files;
mod staged;
mod transfer;
mod unload;

pub use account::AccountState;
pub use answer::{Answer, StatementKind};
pub(crate) use answer::{schema, text_batch};
pub use bindings::Binding;
pub use parameters::{DEFAULTS, default_parameters};
pub use run::SnowflakeSession;
pub(crate) use run::counts_of;
pub use stage_files::{StageFile, TableId};
pub use transfer::{Transfer, TransferKind};
