//! `explain CODE`: the longer words behind a diagnostic's code or an exit code. The texts stand here,
//! the codes in [`crate::error`] and [`crate::exit`].

use std::fmt::Write;

use dwsim_schema::codes;

use crate::error::{Error, Result};
use crate::{exit, lint, output};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// A diagnostic's code (dwsim::config::missing), an exit code (20), or `exit-codes` for the list
    code: Option<String>,
}

/// A diagnostic code, the exit code that goes with it, and what it means.
const TEXTS: &[(&str, i32, &str)] = &[
    (
        "dwsim::config::missing",
        exit::CONFIG,
        "Commands that need a project look for dwsim.toml in the working directory and then in each\n\
         directory above it. `serve`, `sql`, `init`, `explain` and `completions` need none.",
    ),
    (
        "dwsim::config::invalid",
        exit::CONFIG,
        "dwsim.toml, a profile of it or .env.local holds something that is no valid configuration: an unknown key,\n\
         a value of the wrong type, a reference to a table or column that is not there, constraints that no data\n\
         can meet. Each fault is shown with file:line:column. `cargo dwsim config show --origin` names the layer\n\
         that every value comes from.",
    ),
    (
        "dwsim::config::value",
        exit::CONFIG,
        "A value given by a flag or by the environment is not valid for what it sets.",
    ),
    (
        "dwsim::usage",
        exit::USAGE,
        "The arguments do not go together. `cargo dwsim COMMAND --help` lists them.",
    ),
    (
        "dwsim::schema::generate",
        exit::SCHEMA,
        "The schema is well-formed but the generator cannot make data from it, or could not write it. No file is\n\
         left behind: data is written under a temporary name and renamed when it is complete.",
    ),
    (
        "dwsim::import::refused",
        exit::SCHEMA,
        "A text of DDL holds something that cannot be imported, at the places shown, each with what to do. Nothing of\n\
         it was written: a file is imported as a whole or not at all.",
    ),
    (
        "dwsim::control",
        exit::EMULATOR,
        "The control plane of the running emulators refused; its words are shown. The exit code follows from the\n\
         refusal: 2 for what is not there or in the way, 31 for a schema or DDL, 34 for a statement.",
    ),
    (
        "dwsim::emulator::port",
        exit::EMULATOR,
        "Another process listens on the port. Ask for another port, or for 0, which is any free one; the line that\n\
         `serve` prints, and `status`, say which it became.",
    ),
    (
        "dwsim::emulator::failed",
        exit::EMULATOR,
        "An emulator did not start, or ended before it was told to.",
    ),
    (
        "dwsim::emulator::load",
        exit::EMULATOR,
        "The generated files did not load into the template database: CREATE TABLE, COPY or COPY INTO failed with\n\
         the error shown, which is the server's own.",
    ),
    (
        "dwsim::sql::failed",
        exit::SQL,
        "A statement given to `cargo dwsim sql` failed. The message and its code are those that a client of the real\n\
         warehouse would see. The statements before it have taken effect.",
    ),
    (
        "dwsim::target::missing",
        exit::TARGET,
        "The target that `--target` or test.target names cannot be used: it is not in dwsim.toml, it has no server for the\n\
         dialect, a variable that its connection needs is not set, or no container engine answers. `--target embedded`, the default, needs nothing but cargo-dwsim.",
    ),
    (
        "dwsim::test::file",
        exit::CONFIG,
        "A file below tests/sql is no test: a `-- dwsim:` line that is not understood, a literal or comment without an\n\
         end, or `name.sql` beside `name.redshift.sql`.",
    ),
    (
        "dwsim::snapshot::file",
        exit::CONFIG,
        "A .snap file cannot be read: it was edited into something that is no snapshot, or its version is newer.\n\
         Put it back from version control, or delete it and accept the answer anew.",
    ),
    (
        "dwsim::io",
        exit::INTERNAL,
        "The file system refused. The message names the path and the system's reason.",
    ),
    (
        "dwsim::runner",
        exit::INTERNAL,
        "cargo (or cargo-nextest) could not be started for the project's Rust tests. `--no-rust` leaves them out.",
    ),
    (
        "dwsim::runner::build",
        101,
        "cargo could not build the project's Rust tests; its own errors stand above. The exit code is cargo's.",
    ),
    (
        "dwsim::interrupted",
        exit::INTERRUPTED,
        "Ctrl-C or SIGTERM. Emulators and child processes were stopped.",
    ),
    (
        "dwsim::internal",
        exit::INTERNAL,
        "A fault of dwsim. Please report it with what you ran.",
    ),
];

/// What an exit code of a test run means, at more length than the table's line.
fn exit_text(code: i32) -> Option<&'static str> {
    Some(match code {
        exit::NO_TESTS => {
            "No SQL test matched the filters (and no Rust test was asked for), so nothing was tested."
        }
        exit::SNAPSHOTS_DIFFER => {
            "Every query ran; one or more results differ from their .snap, or have none yet. `cargo dwsim review`\n\
             shows each, `cargo dwsim accept` takes them over, `cargo dwsim reject` throws them away."
        }
        exit::DIVERGENCE => {
            "Redshift and Snowflake gave different answers to a test, and no reason for it stands in the snapshot.\n\
             Where the difference is right: `cargo dwsim accept NAME --diverge \"reason\"`."
        }
        exit::UNREFERENCED_SNAPSHOTS => {
            "`cargo dwsim snapshots prune` removes .snap files that no .sql file refers to."
        }
        exit::LINT => {
            "`cargo dwsim check` found something. Each finding has a code that `explain` says more about; `--fix` puts\n\
             right what can be put right without changing the meaning."
        }
        exit::TESTS_FAILED => {
            "A test failed by an error, not by a difference: SQL that did not run, or a Rust test."
        }
        _ => return None,
    })
}

/// Prints the explanation.
pub fn run(args: &ExplainArgs) -> Result<i32> {
    let Some(code) = args.code.as_deref() else {
        return output::line(list()).map(|()| exit::OK);
    };
    if code == "exit-codes" {
        return output::line(exit_codes()).map(|()| exit::OK);
    }
    if let Ok(number) = code.parse::<i32>() {
        let Some((_, meaning)) = exit::TABLE.iter().find(|(c, _)| *c == number) else {
            return Err(unknown(code));
        };
        let mut text = format!("exit code {number}: {meaning}");
        if let Some(more) = exit_text(number) {
            let _ = write!(text, "\n\n{more}");
        }
        for (name, _, meaning) in TEXTS.iter().filter(|(_, c, _)| *c == number) {
            let _ = write!(text, "\n\n{name}\n{meaning}");
        }
        return output::line(text).map(|()| exit::OK);
    }
    // The words after `dwsim::` are enough to name a code.
    let full = if code.starts_with("dwsim::") {
        code.to_owned()
    } else {
        format!("dwsim::{code}")
    };
    if let Some((name, exit, text)) = TEXTS.iter().find(|(c, _, _)| *c == full) {
        return output::line(format!("{name} (exit code {exit})\n\n{text}")).map(|()| exit::OK);
    }
    if let Some((name, short, text)) = lint::CODES.iter().find(|(c, ..)| *c == full) {
        // only what is found in a SQL file can be allowed there
        let allow = match name.starts_with("dwsim::sql::") {
            true => format!("\nWhere it is meant so: `-- dwsim: allow = {{ {short} = \"why\" }}`."),
            false => String::new(),
        };
        let exit = exit::LINT;
        return output::line(format!("{name} (exit code {exit})\n\n{text}{allow}"))
            .map(|()| exit::OK);
    }
    match codes::explain(&full) {
        Some(text) => output::line(format!("{full} (exit code {})\n\n{text}", exit::CONFIG))
            .map(|()| exit::OK),
        None => Err(unknown(code)),
    }
}

fn unknown(code: &str) -> Error {
    Error::Usage {
        message: format!("there is no code `{code}`"),
        help: Some("`cargo dwsim explain` lists the codes, `cargo dwsim explain exit-codes` the exit codes".into()),
    }
}

fn list() -> String {
    let mut text = String::from("diagnostic codes:\n");
    for (name, code, _) in TEXTS {
        let _ = writeln!(text, "  {name:<34} exit code {code}");
    }
    for (name, ..) in lint::CODES {
        let _ = writeln!(text, "  {name:<34} exit code {}", exit::LINT);
    }
    for name in codes::all() {
        let _ = writeln!(text, "  {name:<34} exit code {}", exit::CONFIG);
    }
    text.push('\n');
    text + &exit_codes()
}

fn exit_codes() -> String {
    let mut text = String::from("exit codes:\n");
    for (code, meaning) in exit::TABLE {
        let _ = writeln!(text, "  {code:>3}  {meaning}");
    }
    text.trim_end().to_owned()
}
