//! One columnar SQL engine for two warehouse dialects, on Apache DataFusion: types, catalog, binding, execution.
//! Parsing, dialect rules and wire protocols are left to `dwsim-redshift` and `dwsim-snowflake`.
//!
//! # The way of a statement
//!
//! A dialect crate parses text into `sqlparser`'s AST and hands what is common to [`session::Session`].
//! [`plan::Binder`] turns a query into a DataFusion plan in which every expression has a [`types::SqlType`]:
//! names, coercions and result types are settled there, by the typed rules of [`dialect::Dialect`].
//! [`exec`] runs the plan as a stream of Arrow batches.

pub mod catalog;
pub mod dialect;
pub mod durable;
pub mod engine;
pub mod env;
pub mod error;
pub mod exec;

pub mod functions;
pub mod kernels;
pub mod load;
pub mod plan;
pub mod scripting;
pub mod session;

pub mod storage;
pub mod types;
pub mod variant;
