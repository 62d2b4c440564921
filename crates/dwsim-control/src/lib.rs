//! The control plane of dwsim: what stands around the emulators for people and pipelines.
//! The emulators themselves, and the command line, are left to others.
//!
//! * [`import`]: DDL of either warehouse as tables of dwsim.toml.
//! * [`experiment`]: named schemas with their generated, loaded data; [`store`] remembers them.
//! * [`staging`]: Parquet in the emulated S3.
//! * [`api`]: REST with problems by RFC 9457, and the page; [`metrics`] for Prometheus.
//! * [`connections`]: how each client connects.

pub mod api;
pub mod connections;
pub mod experiment;
pub mod import;
pub mod metrics;
mod page;
pub mod staging;
pub mod store;
