//! The subcommands, one file each: its arguments and what it does. What several of them need is in the
//! modules beside this one.

pub mod accept;
//OFF pub mod clean;
pub mod completions;
pub mod config;
//OFF pub mod doctor;
//OFF pub mod down;
pub mod explain;
//OFF pub mod generate;
pub mod init;
pub mod reject;
pub mod review;
//OFF pub mod serve;
pub mod snapshots;
//OFF pub mod sql;
//OFF pub mod status;
//OFF pub mod test;
//OFF pub mod up;
