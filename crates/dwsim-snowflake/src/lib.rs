//! The Snowflake dialect and the protocol of its drivers

pub mod functions;
