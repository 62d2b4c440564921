//! Runs the three emulators in this process and fills them: S3, Redshift, Snowflake, one store beneath. Or finds the
//! server that stands in for one. Which command needs them, and for how long, the commands decide.

mod container;
mod control;
mod emulators;
mod live;
mod localstack;
mod servers;
mod staging;
mod stand_in;
mod storage;
mod tls;

pub use control::register;
pub use emulators::{Emulators, Settings};
pub use live::endpoint as live_endpoint;
pub use servers::{Loader, Servers, dialects, is_warehouse};
pub use staging::{Template, load, plan, round_trip};
