//! What the code made by `#[dwsim::test]` and `sql_tests!` calls: find the emulators, fork, run, report the result.
//! It is called by macros only and may change with them.

use crate::error::{Error, Result};
use crate::project::checkout;
use crate::script::statements;
use crate::{Dialect, Project, Warehouse, harness, instance};
use std::future::Future;
use std::process::{ExitCode, Termination};

/// A test as its macro has read it.
#[derive(Debug, Clone, Copy)]
pub struct TestSpec {
    /// The warehouse.
    pub dialect: Dialect,
    /// The path of the module that the macro has made for the test.
    pub module: &'static str,
    /// The folder of its package.
    pub manifest: &'static str,
    /// Hash of the schema that its macros have seen.
    pub shape: Option<&'static str>,
    /// `seed = 7`; the project's without it.
    pub seed: Option<u64>,
    /// `fixtures("customers")`: each file's name and its SQL, run before the test.
    pub fixtures: &'static [(&'static str, &'static str)],
}

/// Runs a test function on a warehouse of its own.
///
/// # Panics
/// When there is no warehouse to run it on: that is how a test fails before it begins.
pub fn run_test<T: Termination>(spec: TestSpec, test: impl FnOnce(Warehouse) -> T) -> ExitCode {
    match open(spec) {
        Ok(warehouse) => test(warehouse).report(),
        Err(error) => panic!("{}::{}: {error}", spec.module, spec.dialect),
    }
}

fn open(spec: TestSpec) -> Result<Warehouse> {
    let project =
        Project::find(&checkout(spec.manifest)).map_err(|e| Error::Setup(e.to_string()))?;
    let endpoints = instance::endpoints(&project)?;
    if let Some(template) = &endpoints.template {
        template.check_shape(spec.shape)?;
    }
    let mut warehouse = Warehouse::open(spec.dialect, endpoints, spec.module)?;
    warehouse.set_seed(match spec.seed {
        Some(seed) => seed,
        None => project.settings()?.project.seed,
    });
    for (name, sql) in spec.fixtures {
        let wrong =
            |line: usize, what: String| Error::Setup(format!("the fixture {name}:{line}: {what}"));
        for statement in
            statements(sql, spec.dialect).map_err(|e| wrong(e.line, e.message.clone()))?
        {
            warehouse
                .blocking()
                .sql(statement.text)
                .map_err(|e| wrong(statement.line, e.to_string()))?;
        }
    }
    Ok(warehouse)
}

/// Runs an async test function; the executor is tokio's on this thread.
///
/// # Panics
/// When there is no runtime to be had from the operating system.
pub fn block_on<F: Future>(future: F) -> F::Output {
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("no async runtime for the test: {error}"),
    }
}

/// Runs a test that is a SQL file, by its name below `tests/sql`.
///
/// # Panics
/// When its answer is not the snapshot's, or there is none to compare.
pub fn run_sql_test(name: &str, dialect: Dialect, manifest: &str) {
    let result = Project::find(&checkout(manifest))
        .map_err(|e| e.to_string())
        .and_then(|project| {
            let config = project.settings().map_err(|e| e.to_string())?;
            harness::run_by_name(&project.configured(&config), name, dialect)
        });
    if let Err(message) = result {
        panic!("{name} on {dialect}\n{message}");
    }
}
