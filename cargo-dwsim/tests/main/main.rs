//! The real binary in throw-away projects: what it prints, what it writes, which code it ends with.
//! What the emulators answer is tested beside them, real clients are in the root's tests/clients.

mod check;
mod experiment;
mod generator;
mod hardship;
mod harness;
mod help;
mod live;
mod page;
mod project;
mod serve;
mod served;
mod targets;
mod telemetry;
mod templates;
mod test_run;
mod tutorial;
