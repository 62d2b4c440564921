//! Third-party clients against the real binary: each creates, loads, queries, and meets errors.
//! What the emulators answer in every detail is tested beside them; here the drivers are the judges.
//!
//! `DWSIM_BIN` names a `cargo-dwsim` to use instead of the one of this workspace, and
//! `DWSIM_TEST_HOME` where the clients are installed, once (`~/.cache/dwsim/clients`). `python3`,
//! `node`, `npm` and `psql` must be on the PATH: what is missing is a failure, as a test that is
//! silently left out proves nothing.

mod environments;
mod examples;
mod server;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use environments::{BROWSER, DBT, NODE, REDSHIFT, SNOW, SNOWFLAKE_4, SNOWFLAKE_5};
use server::Server;

/// Read when it runs: a target directory may serve several checkouts, and cargo does not compile for each.
fn script(name: &str) -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this"))
        .join("tests/clients")
        .join(name)
}

/// Runs a client's script against a fresh server and shows all that both said if it fails.
fn check(name: &str, client: Command) {
    run(name, client, &[], &Server::start(None));
}

/// Runs a client's script with more arguments against this server.
fn run(name: &str, mut client: Command, arguments: &[&str], server: &Server) {
    let output = client
        .arg(script(name))
        .arg(server.endpoints())
        .args(arguments)
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

/// What a client was told is committed is there after `kill -9`.
#[test]
fn commits_survive_kill() {
    let dir = tempfile::tempdir().expect("a temporary directory can be created");
    for phase in ["write", "read"] {
        // a server is killed when it is dropped, without a word
        let server = Server::start(Some(dir.path()));
        let redshift = environments::python(&REDSHIFT);
        run("durable_redshift.py", redshift, &[phase], &server);
        let snowflake = environments::python(&SNOWFLAKE_4);
        run("durable_snowflake.py", snowflake, &[phase], &server);
    }
}

/// Every protocol over TLS, verified against the local authority.
#[test]
fn tls() {
    let dir = tempfile::tempdir().expect("a temporary directory can be created");
    let server = Server::with(Some(dir.path()), &["--tls"]);
    run(
        "tls_redshift.py",
        environments::python(&REDSHIFT),
        &[],
        &server,
    );
    run(
        "tls_snowflake.py",
        environments::python(&SNOWFLAKE_4),
        &[],
        &server,
    );
}

/// The control plane's page in Chromium, wide and narrow, light and dark.
#[test]
fn page() {
    let mut node = environments::node(&BROWSER);
    node.env("CHROMIUM", environments::chromium());
    check("page.js", node);
}

#[test]
fn redshift_data() {
    check("redshift_data.py", environments::python(&REDSHIFT));
}

#[test]
fn redshift_dbt() {
    check("redshift_dbt.py", environments::python(&DBT));
}

/// Every kind of node, every incremental strategy, built and built again.
#[test]
fn snowflake_dbt() {
    check("snowflake_dbt.py", environments::python(&DBT));
}

#[test]
fn redshift_sqlalchemy() {
    check("redshift_sqlalchemy.py", environments::python(&REDSHIFT));
}

/// What `init --with dbt` writes.
#[test]
fn dbt_template() {
    let server = Server::start(None);
    let dwsim = server::binary().to_string_lossy();
    run(
        "template_dbt.py",
        environments::python(&DBT),
        &[&dwsim],
        &server,
    );
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

/// Arrow, pandas, bulk binding, asynchronous and cancelled statements, logins.
#[test]
fn snowflake_results_4() {
    check("snowflake_results.py", environments::python(&SNOWFLAKE_4));
}

#[test]
fn snowflake_results_5() {
    check("snowflake_results.py", environments::python(&SNOWFLAKE_5));
}

#[test]
fn snowpark() {
    check("snowpark.py", environments::python(&SNOWFLAKE_4));
}

#[test]
fn snowflake_sqlalchemy() {
    check(
        "snowflake_sqlalchemy.py",
        environments::python(&SNOWFLAKE_4),
    );
}

/// ORC is written by pyarrow, which comes with the connector.
#[test]
fn orc_files() {
    check("orc.py", environments::python(&SNOWFLAKE_4));
}

#[test]
fn snow_cli() {
    check("snow_cli.py", environments::python(&SNOW));
}

#[test]
fn snowflake_sdk() {
    check("snowflake_sdk.js", environments::node(&NODE));
}
