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

<<<<<<< HEAD
pub use account::AccountState;
pub(crate) use answer::text_batch;
=======
pub use account::{AccountState, LoadedFile, StageFile};
pub(crate) use answer::{schema, text_batch};
>>>>>>> 2eb5c47 (Routines, the scripting interpreter, lambdas, JavaScript (not yet compiled))
pub use answer::{Answer, StatementKind};
pub use bindings::Binding;
pub use parameters::{DEFAULTS, default_parameters};
pub use run::SnowflakeSession;
<<<<<<< HEAD
pub use stage_files::{StageFile, TableId};
=======
pub(crate) use run::counts_of;
>>>>>>> 2eb5c47 (Routines, the scripting interpreter, lambdas, JavaScript (not yet compiled))
pub use transfer::{Transfer, TransferKind};
