//! What a test run found, and its three forms: lines for people, JSON events, JUnit XML.
//! Running the tests and deciding each outcome is [`crate::sqltests`]'s part.

mod human;
mod json;
mod junit;
mod outcome;

pub use human::Human;
pub use json::Events;
pub use junit::write_junit;
pub use outcome::{Loaded, Outcome, Summary, TestReport};
