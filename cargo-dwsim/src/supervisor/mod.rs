//! Runs the three emulators in this process and fills them: S3, Redshift, Snowflake, one store beneath.
//! Which command needs them, and for how long, the commands decide.

mod control;
mod emulators;
mod staging;
mod storage;

pub use control::register;
pub use emulators::{Emulators, Settings};
pub use staging::{load, plan, round_trip};
