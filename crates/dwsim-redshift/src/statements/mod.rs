//! Redshift's statements on the engine's session, and what the sessions of a server share.
//! Text becomes statements in `parse`; results become messages in `protocol`.

mod alter;
mod analyze;
mod authorize;
mod automatic;
mod call;
mod cluster;
mod copy;
mod cursor;
mod effects;
mod explain;
mod follow;
mod grants;
mod leader;
mod locks;
mod materialized;
mod objects;
mod outcome;
mod policies;
mod principals;
mod privileges;
mod routines;
mod run;
mod session;
mod settings;
mod show;
mod tables;
mod targets;
mod unload;
mod views;

pub use cluster::{
    Cluster, LoadCommit, LoadError, LoadField, LoadRecord, ProcedureMessage, QueryRecord,
    UnloadFile, account,
};
pub use cursor::Cursor;
pub use locks::Locks;
pub(crate) use materialized::{AUTO_REFRESH, INCREMENTAL, MATERIALIZED, MATERIALIZED_DDL};
pub(crate) use objects::QUOTA;
pub use outcome::{Outcome, RowStream, Rows};
pub(crate) use policies::{CONJUNCTION, ROW_SECURITY, attached, readable_view, stand_in};
pub(crate) use privileges::{Rights, denied, grants};
pub use session::{Described, Login, RedshiftSession, Standing};
pub(crate) use tables::default_encoding;
