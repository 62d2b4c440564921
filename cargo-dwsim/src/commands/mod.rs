//! The subcommands, one file each: its arguments and what it does. What several of them need is in the
//! modules beside this one.

pub mod accept;
pub mod check;
pub mod clean;
pub mod completions;
pub mod config;
pub mod doctor;
pub mod down;
pub mod experiment;
pub mod explain;
pub mod generate;
pub mod hooks;
pub mod import_sql;
pub mod init;
pub mod learn;
pub mod record;
pub mod reject;
pub mod report;
pub mod review;
pub mod serve;
pub mod snapshots;
pub mod sql;
pub mod status;
pub mod test;
pub mod up;
