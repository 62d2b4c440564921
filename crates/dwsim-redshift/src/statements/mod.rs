//! Redshift's statements on the engine's session, and what the sessions of a server share.
//! Text becomes statements in `parse`; results become messages in `protocol`.

mod alter;
mod cluster;
mod copy;
mod cursor;
mod explain;
mod objects;
mod outcome;
mod principals;
mod run;
mod session;
mod settings;
mod show;
mod tables;
mod unload;
mod views;

pub use cluster::{Cluster, LoadCommit, LoadError, QueryRecord, account};
pub use cursor::Cursor;
pub use outcome::{Outcome, RowStream, Rows};
pub use session::{Described, Login, RedshiftSession};
pub(crate) use tables::default_encoding;
pub(crate) use views::{MATERIALIZED, MATERIALIZED_DDL};
