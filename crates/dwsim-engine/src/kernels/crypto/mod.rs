//! ENCRYPT, DECRYPT and their _RAW forms: AES in the modes that Snowflake documents.
//! The layout of what ENCRYPT gives is our own: Snowflake does not document its.

mod kernels;
mod modes;

pub use kernels::{decrypt, decrypt_raw, encrypt, encrypt_raw};
