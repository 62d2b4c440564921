//! What the code made by `#[dwsim::test]` calls: find the emulators, fork, run the function, report its result.
//! It is called by macros only and may change with them.

use crate::error::{Error, Result};
use crate::{Dialect, Project, Warehouse, instance};
use std::future::Future;
use std::path::Path;
use std::process::{ExitCode, Termination};

/// Runs a test function on a warehouse of its own.
///
/// `module` is the path of the module that the macro has made for the test, `manifest` its package's folder, `shape` the
/// hash of the schema that its macros have seen.
///
/// # Panics
/// When there is no warehouse to run it on: that is how a test fails before it begins.
pub fn run_test<T: Termination>(
    dialect: Dialect,
    module: &str,
    manifest: &str,
    shape: Option<&str>,
    test: impl FnOnce(Warehouse) -> T,
) -> ExitCode {
    match open(dialect, module, manifest, shape) {
        Ok(warehouse) => test(warehouse).report(),
        Err(error) => panic!("{module}::{dialect}: {error}"),
    }
}

fn open(dialect: Dialect, module: &str, manifest: &str, shape: Option<&str>) -> Result<Warehouse> {
    let project = Project::find(Path::new(manifest)).map_err(|e| Error::Setup(e.to_string()))?;
    let endpoints = instance::endpoints(&project)?;
    let loaded = endpoints
        .template
        .as_ref()
        .and_then(|template| template.schema_hash.as_deref());
    if let (Some(built), Some(loaded)) = (shape, loaded)
        && built != loaded
    {
        return Err(Error::Setup(
            "the loaded data has another schema than the one this test was built from; \
             run the tests again with `cargo dwsim test`, or `cargo dwsim up` for a running instance"
                .to_string(),
        ));
    }
    Warehouse::open(dialect, endpoints, module)
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
