//! `completions`: a shell's completion script on stdout. The command itself is `cargo dwsim`, so the
//! script completes `cargo-dwsim`, which cargo's own completion hands over to.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::Result;
use crate::exit;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell to write for
    shell: Shell,
}

/// Writes the script.
pub fn run(args: &CompletionsArgs) -> Result<i32> {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cargo-dwsim", &mut out);
    crate::output::data(&out)?;
    Ok(exit::OK)
}
