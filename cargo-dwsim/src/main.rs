//! `cargo dwsim`: local Redshift and Snowflake, synthetic data, SQL snapshot tests. Parses the command line,
//! runs one command, and turns its outcome into an exit code; the work is in the modules.

mod affected;
mod cli;
mod commands;
mod compare;
mod context;
mod control_client;
mod data;
mod error;
mod exit;
mod lint;
mod output;
mod report;
mod review;
mod rust_output;
mod rust_tests;
mod signals;
mod sqltests;
mod supervisor;
mod telemetry;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::error::{Error, Result};

/// Query operators take and give back many large buffers, which glibc returns to the system and clears again each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    error::install_reports();
    let cli = Cli::parse_from(cli::arguments());
    let telemetry = telemetry::install(&cli.global);
    let code = run(cli).unwrap_or_else(|error| {
        let code = error.exit_code();
        error::report(error);
        code
    });
    drop(telemetry);
    // The codes of cargo and nextest that are passed through fit as well.
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

fn run(cli: Cli) -> Result<i32> {
    let ctx = Context::new(&cli.global)?;
    match cli.command {
        Command::Init(args) => commands::init::run(&ctx, &args),
        Command::Review(args) => commands::review::run(&ctx, &args),
        Command::Accept(args) => commands::accept::run(&ctx, &args),
        Command::Reject(args) => commands::reject::run(&ctx, &args),
        Command::Snapshots(args) => commands::snapshots::run(&ctx, &args),
        Command::Check(args) => commands::check::run(&ctx, &args),
        Command::Hooks(args) => commands::hooks::run(&ctx, &args),
        Command::Config(args) => commands::config::run(&ctx, &args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Clean(args) => commands::clean::run(&ctx, &args),
        Command::Generate(args) => commands::generate::run(&ctx, &args),
        Command::CheckData(args) => commands::report::check(&ctx, &args),
        Command::Learn(args) => block_on(commands::learn::run(&ctx, &args)),
        Command::ImportSql(args) => commands::import_sql::run(&ctx, &args),
        Command::Experiment(args) => commands::experiment::run(&ctx, &args),
        Command::Report(args) => commands::report::run(&ctx, &args),
        Command::Down(args) => commands::down::run(&ctx, &args),
        Command::Status(args) => commands::status::run(&ctx, &args),
        Command::Record(args) => block_on(commands::record::run(&ctx, &args)),
        Command::Up(args) => block_on(commands::up::run(&ctx, &args)),
        Command::Serve(args) => block_on(commands::serve::run(&ctx, &args)),
        Command::Sql(args) => block_on(commands::sql::run(&ctx, &args)),
        Command::Doctor(args) => block_on(commands::doctor::run(&ctx, &args)),
        Command::Test(args) => block_on(commands::test::run(&ctx, &args)),
    }
}

/// Runs a command that talks to servers.
fn block_on<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::Io {
            what: "starting the runtime".into(),
            cause,
        })?;
    let result = runtime.block_on(command);
    // A blocking read of stdin, say, must not hold the process up once the command is over.
    runtime.shutdown_background();
    result
}
