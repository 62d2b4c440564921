//! The test target of SQL files: a `main` that lists and runs every file on every dialect like Rust's own harness.
//! Listing touches no server, and `--exact` reads one file only, as test runners start one process per test.

use crate::endpoints::SQL_TESTS_VAR;
use crate::instance;
use crate::sqltest::{self, Case, Outcome, SqlTest};
use crate::{Dialect, Project};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;

/// Makes the `main` of a `tests/sql.rs` with `harness = false`: every SQL test on every dialect is a test of its own for
/// `cargo test`, `cargo nextest` and `cargo dwsim test`.
///
/// ```no_run
/// dwsim_runtime::harness!();
/// # mod other {} // the macro makes `main`
/// ```
#[macro_export]
macro_rules! harness {
    () => {
        fn main() -> ::std::process::ExitCode {
            $crate::sql_tests_main()
        }
    };
}

/// Runs the SQL tests of the project; what [`harness!`](crate::harness!) calls:
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     dwsim_runtime::sql_tests_main()
/// }
/// ```
///
/// Takes the arguments of Rust's test harness. Tests are named `daily_revenue::redshift`. The exit code is 0 when all
/// pass, 101 when one fails, 2 when the tests cannot be read.
#[must_use]
pub fn sql_tests_main() -> ExitCode {
    let arguments = Arguments::from_args();
    let (project, dialects, tests) = match collect(&arguments) {
        Ok(found) => found,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let project = Arc::new(project);
    let mut trials = Vec::new();
    for test in tests {
        let test = Arc::new(test);
        for case in test.cases(&dialects) {
            let (test, project, dialect) = (Arc::clone(&test), Arc::clone(&project), case.dialect);
            let skipped = case.skip().is_some();
            let trial = Trial::test(case.id(), move || run(&project, &test, dialect));
            trials.push(trial.with_ignored_flag(skipped));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn collect(arguments: &Arguments) -> Result<(Project, Vec<Dialect>, Vec<SqlTest>), String> {
    let project = Project::current().map_err(|e| e.to_string())?;
    if std::env::var_os(SQL_TESTS_VAR).is_some_and(|value| value == "done") {
        return Ok((project, Vec::new(), Vec::new()));
    }
    let config = project.settings().map_err(|e| e.to_string())?;
    let project = project.configured(&config);
    let dialects = config.project.dialects;
    let one = arguments
        .filter
        .as_deref()
        .filter(|_| arguments.exact)
        .and_then(|id| id.rsplit_once("::"));
    let tests = match one {
        Some((name, _)) => sqltest::find(&project, name).map(|test| test.into_iter().collect()),
        None => sqltest::discover(&project),
    };
    Ok((project, dialects, tests.map_err(|e| e.to_string())?))
}

/// Runs one test, reading only its files.
pub(crate) fn run_by_name(project: &Project, name: &str, dialect: Dialect) -> Result<(), String> {
    let test = sqltest::find(project, name).map_err(|e| e.to_string())?;
    let test =
        test.ok_or_else(|| format!("{}/{name}.sql is not there any more", project.test_dir))?;
    run(project, &test, dialect).map_err(|failed| failed.message().unwrap_or("failed").to_owned())
}

fn run(project: &Project, test: &SqlTest, dialect: Dialect) -> Result<(), Failed> {
    let endpoints = instance::endpoints(project)?;
    let only = [dialect];
    let case: Case<'_> = test
        .cases(&only)
        .next()
        .ok_or("the test is not for this dialect")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(sqltest::run(project, endpoints, &case)) {
        Outcome::Pass => Ok(()),
        Outcome::Skipped { reason } => Err(format!("skipped: {reason}").into()),
        Outcome::Differs(verdict) => Err(verdict.to_string().into()),
        Outcome::Failed(failure) => Err(failure.to_string().into()),
    }
}
