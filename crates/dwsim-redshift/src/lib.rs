//! Amazon Redshift on the engine: dialect, statements, system catalogs and the PostgreSQL wire server.
//! Planning, execution and storage are left to `dwsim-engine`.

pub mod catalog;
pub mod dialect;
pub mod functions;
pub mod parse;
pub mod protocol;
pub mod statements;

pub use catalog::SYSTEM_PREFIXES;
pub use protocol::{AuthMode, Credential, DataApi, RedshiftServer, ServerOptions, Tls};
pub use statements::account;
