//! The Snowflake dialect and the protocol of its drivers
