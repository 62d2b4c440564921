//! The command line as clap sees it: the global options and the list of subcommands, each of which
//! keeps its own arguments in its file under [`crate::commands`]. Decides nothing beyond parsing.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use dwsim_runtime::Dialect;

use crate::commands;

/// Amazon Redshift and Snowflake on your own machine, inside Cargo.
///
/// Start with `cargo dwsim init`, then `cargo dwsim test`.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-dwsim",
    bin_name = "cargo dwsim",
    version,
    propagate_version = false,
    after_help = "Exit codes: `cargo dwsim explain exit-codes`. Documentation of an error: `cargo dwsim explain CODE`."
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command accepts.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Run as if started in DIR
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// Use [profile.NAME] of dwsim.toml
    #[arg(long, value_name = "NAME", env = "DWSIM_PROFILE", global = true)]
    pub profile: Option<String>,
    /// When to use colours: auto, always, never
    #[arg(
        long,
        value_name = "WHEN",
        env = "CARGO_TERM_COLOR",
        default_value = "auto",
        hide_possible_values = true,
        hide_default_value = true,
        global = true
    )]
    pub color: ColorWhen,
    /// Say more on stderr; twice for traces (or set DWSIM_LOG)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// How logs are written to stderr: text, json
    #[arg(
        long,
        value_name = "FORMAT",
        env = "DWSIM_LOG_FORMAT",
        default_value = "text",
        hide_possible_values = true,
        hide_default_value = true,
        global = true
    )]
    pub log_format: LogFormat,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// When to colour the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// Where the stream is a terminal and NO_COLOR is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// One dialect or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DialectArg {
    /// Amazon Redshift.
    Redshift,
    /// Snowflake.
    Snowflake,
    /// Both.
    Both,
}

impl DialectArg {
    /// The dialects that some arguments name together, in their fixed order.
    pub fn all_of(args: &[DialectArg]) -> Vec<Dialect> {
        let named = |d: &Dialect| {
            args.iter().any(|a| match a {
                DialectArg::Both => true,
                DialectArg::Redshift => *d == Dialect::Redshift,
                DialectArg::Snowflake => *d == Dialect::Snowflake,
            })
        };
        Dialect::ALL.into_iter().filter(named).collect()
    }
}

/// Human or machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    Human,
    /// One JSON object per line.
    Json,
}

/// The subcommands, one file each.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write dwsim.toml and an example SQL test
    Init(commands::init::InitArgs),
    /// Generate, load, run the SQL tests on both dialects, report
    Test(commands::test::TestArgs),
    /// Review pending snapshots
    Review(commands::review::ReviewArgs),
    /// Accept pending snapshots
    Accept(commands::accept::AcceptArgs),
    /// Throw pending snapshots away
    Reject(commands::reject::RejectArgs),
    /// Run the SQL tests on live warehouses and stamp the snapshots that they confirm
    Record(commands::record::RecordArgs),
    /// List, show or prune snapshots
    Snapshots(commands::snapshots::SnapshotsArgs),
    /// Write synthetic data to files
    Generate(commands::generate::GenerateArgs),
    /// Propose dwsim.toml for samples of data
    Learn(commands::learn::LearnArgs),
    /// Take tables from CREATE TABLE statements into dwsim.toml
    ImportSql(commands::import_sql::ImportSqlArgs),
    /// Check generated data: keys, references, bounds, constraints
    CheckData(commands::report::CheckDataArgs),
    /// Measure generated data against dwsim.toml, and against samples
    Report(commands::report::ReportArgs),
    /// Named schemas with generated data in the running emulators
    Experiment(commands::experiment::ExperimentArgs),
    /// Start the emulators in the background
    Up(commands::up::UpArgs),
    /// Stop the emulators of this project
    Down(commands::down::DownArgs),
    /// Say what is running, and how to connect to it
    Status(commands::status::StatusArgs),
    /// Run the emulators in the foreground
    Serve(commands::serve::ServeArgs),
    /// Run SQL on one dialect or on both
    Sql(commands::sql::SqlArgs),
    /// Look for faults in dwsim.toml, SQL tests and snapshots, without a server
    Check(commands::check::CheckArgs),
    /// Git hooks that check and test
    Hooks(commands::hooks::HooksArgs),
    /// Check that everything dwsim needs is there and works
    Doctor(commands::doctor::DoctorArgs),
    /// Show the configuration
    Config(commands::config::ConfigArgs),
    /// Explain an error code or an exit code
    Explain(commands::explain::ExplainArgs),
    /// Print a shell completion script
    Completions(commands::completions::CompletionsArgs),
    /// Remove what dwsim keeps under target/dwsim
    Clean(commands::clean::CleanArgs),
}

/// The arguments without the word that cargo puts before a subcommand's own (`cargo dwsim …` runs
/// `cargo-dwsim dwsim …`); called directly, the word is not there.
pub fn arguments() -> Vec<std::ffi::OsString> {
    let mut args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|a| a == "dwsim") {
        args.remove(1);
    }
    args
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use clap::{CommandFactory, Parser};

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_anywhere() {
        let cli = Cli::try_parse_from(["cargo-dwsim", "status", "-C", "/tmp", "--color", "never"])
            .unwrap();
        assert_eq!(cli.global.directory.unwrap().to_str(), Some("/tmp"));
    }
}
