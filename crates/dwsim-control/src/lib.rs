//! The control plane of dwsim: what stands around the emulators for people and pipelines.
//! The emulators themselves, and the command line, are left to others.
//!
//! * [`import`]: DDL of either warehouse as tables of dwsim.toml.
//! * [`experiment`]: named schemas with their generated, loaded data; [`store`] remembers them.
//! * [`staging`]: Parquet in the emulated S3.
//! * [`api`]: REST with problems by RFC 9457; [`metrics`] for Prometheus.

pub mod api;
pub mod experiment;
pub mod import;
pub mod metrics;
pub mod staging;
pub mod store;
