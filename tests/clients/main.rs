//! Third-party clients against the real binary: each creates, loads, queries, and meets errors.
//! What the emulators answer in every detail is tested beside them; here the drivers are the judges.
//!
//! `DWSIM_BIN` names a `cargo-dwsim` to use instead of the one of this workspace, and
//! `DWSIM_TEST_HOME` where the clients are installed, once (`~/.cache/dwsim/clients`). `python3`,
//! `node`, `npm` and `psql` must be on the PATH: what is missing is a failure, as a test that is
//! silently left out proves nothing.

mod environments;
mod server;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use environments::{NODE, REDSHIFT, SNOWFLAKE_4, SNOWFLAKE_5};
use server::Server;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(name)
}

/// Runs a client's script against a fresh server and shows all that both said if it fails.
fn check(name: &str, mut client: Command) {
    let server = Server::start();
    let output = client
        .arg(script(name))
        .arg(server.endpoints())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("cannot run {name}: {error}"));
    assert!(
        output.status.success(),
        "{name} failed with {}\n--- stdout\n{}\n--- stderr\n{}\n--- server\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        server.log(),
    );
}

#[test]
fn psql() {
    check("psql.py", environments::python(&REDSHIFT));
}

#[test]
fn psycopg() {
    check("psycopg_3.py", environments::python(&REDSHIFT));
}

#[test]
fn redshift_connector() {
    check("redshift_connector_2.py", environments::python(&REDSHIFT));
}

#[test]
fn boto3() {
    check("boto3_1.py", environments::python(&REDSHIFT));
}

#[test]
fn snowflake_connector_4() {
    check("snowflake_connector.py", environments::python(&SNOWFLAKE_4));
}

#[test]
fn snowflake_connector_5() {
    check("snowflake_connector.py", environments::python(&SNOWFLAKE_5));
}

#[test]
fn snowflake_sdk() {
    check("snowflake_sdk.js", environments::node(&NODE));
}
