//! Tests that are SQL files: `tests/sql/**/*.sql`, each run on each dialect, each answer compared with a snapshot.
//! Finding them touches no server; where the servers come from is in [`crate::instance`].
//!
//! # A test file
//!
//! ```sql
//! -- dwsim: dialects = ["redshift", "snowflake"]
//! -- dwsim: redact = { load_id = "uuid" }
//! -- dwsim: snowflake.skip = "a reason is mandatory"
//! select count(*) as customers from customers
//! ```
//!
//! The lines `-- dwsim: key = value` before the first statement are TOML:
//!
//! | key | value |
//! | --- | --- |
//! | `dialects` | the dialects it runs on; all of the project's without it |
//! | `redact` | column = kind: `uuid`, `timestamp`, `number`, `text`, `any` |
//! | `order` | `"exact"` or `"any"`, where the top-level ORDER BY does not say it |
//! | `error` | `true`: the last statement must be refused, and the refusal is the snapshot |
//! | `allow` | lint = why `cargo dwsim check` leaves it out here: `allow = { clock = "…" }` |
//! | `redshift.skip`, `snowflake.skip` | why it is not run there |
//!
//! A file may hold several statements: all run, on one connection and in order, and the last one's answer is the
//! snapshot. Every test runs on a database of its own, so statements may change data.
//!
//! A query that must be written differently has `name.redshift.sql` and `name.snowflake.sql`, and still one snapshot,
//! `name.snap`.

mod discover;
mod front_matter;
mod run;

pub use discover::{Case, DiscoverError, SqlFile, SqlTest, discover, find};
pub use front_matter::{FrontMatter, FrontMatterError};
pub use run::{Failure, Outcome, run, run_on};
