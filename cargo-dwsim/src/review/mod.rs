//! The review in a terminal: pending snapshots one by one, both dialects side by side, a key for each decision.
//! What a proposal is, and how it is accepted, is the runtime's part; the same without a terminal is in the commands.

mod app;
mod describe;
mod fork;
mod screen;

pub use app::{Done, review};
pub use describe::answer;
pub use fork::KeptFork;
