//! Amazon Redshift on the engine: dialect, statements, system catalogs and the PostgreSQL wire server.
//! Planning, execution and storage are left to `dwsim-engine`.

pub mod functions;
pub mod parse;
