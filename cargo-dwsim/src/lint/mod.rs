//! What `check` looks for: faults of dwsim.toml, of SQL tests and of snapshots that can be seen without a server.
//! Which files are looked at, and how findings are shown, is the command's part.

mod catalog;
mod data;
mod files;
mod finding;
mod fix;
mod names;
mod order;
mod output;
mod place;
mod run;
mod snapshots;
mod sql;
mod volatile;
mod words;

pub use data::add_data;
pub use files::{Files, Source};
pub use finding::{CODES, Finding, Severity, UNREFERENCED};
pub use fix::apply;
pub use output::{print_human, print_json, print_sarif};
pub use run::{Checked, Lints, check};
pub use snapshots::is_named;
