//! The main job: from an initialised project to green, and every way of not being green.

use std::process::Stdio;
use std::time::Duration;

use crate::harness::Sandbox;

/// An initialised project whose snapshots are accepted.
fn accepted() -> Sandbox {
    let sandbox = Sandbox::init();
    sandbox
        .run(&["test"])
        .expect(20)
        .says("NEW")
        .says("cargo dwsim accept");
    sandbox.run(&["accept"]).expect(0).says("Accepted");
    sandbox
}

#[test]
fn init_test_accept_test() {
    let sandbox = accepted();
    let snap = sandbox.read("tests/sql/customers_per_quarter.snap");
    assert!(
        snap.starts_with("dwsim-snapshot 1\n") && snap.contains("dialects: redshift, snowflake"),
        "{snap}"
    );
    sandbox
        .run(&["test"])
        .expect(0)
        .says("redshift 2/2 passed, snowflake 2/2 passed")
        .says("6 000 rows");
    sandbox.run(&["test", "--check"]).expect(0);
    assert_eq!(sandbox.read("tests/sql/customers_per_quarter.snap"), snap);
}

#[test]
fn a_changed_value_is_shown_and_ends_with_20() {
    let sandbox = accepted();
    let file = "tests/sql/customers_per_quarter.snap";
    let snap = sandbox.read(file);
    let row = snap
        .lines()
        .find(|l| l.starts_with("2023-01-01"))
        .expect("the first quarter")
        .to_owned();
    let (quarter, customers) = row.split_once(" | ").expect("two columns");
    let wrong = format!("{quarter} | 9{customers}");
    sandbox.write(file, &snap.replace(&row, &wrong));
    let ran = sandbox.run(&["test"]).expect(20);
    assert!(
        ran.stderr.contains(&format!("- {wrong}")) && ran.stderr.contains(&format!("+ {row}")),
        "{}",
        ran.stderr
    );
    let listed = sandbox
        .run(&["review", "--format", "json"])
        .expect(20)
        .stdout;
    let listed: serde_json::Value = serde_json::from_str(listed.trim()).expect("one JSON object");
    assert_eq!(listed["snapshot"], file);
    assert_eq!(
        listed["dialects"],
        serde_json::json!(["redshift", "snowflake"])
    );
    sandbox.run(&["reject"]).expect(0).says("Rejected");
    assert_eq!(
        sandbox.read(file),
        snap.replace(&row, &wrong),
        "rejecting changes no snapshot"
    );
    sandbox.run(&["test", "--accept"]).expect(0);
    assert_eq!(sandbox.read(file), snap);
}

#[test]
fn a_divergence_needs_its_reason() {
    let sandbox = accepted();
    sandbox.write("tests/sql/seventh.sql", "select 10 / 4 as quarter");
    sandbox
        .run(&["test", "seventh"])
        .expect(21)
        .says("DIVERGED")
        .says("--diverge");
    sandbox.run(&["test", "seventh", "--accept"]).expect(21);
    sandbox.run(&["accept"]).expect(21);
    assert!(!sandbox.path("tests/sql/seventh.snap").exists());
    sandbox
        .run(&[
            "accept",
            "seventh",
            "--diverge",
            "integers divide to integers on Redshift",
        ])
        .expect(0);
    assert!(
        sandbox
            .read("tests/sql/seventh.snap")
            .contains("diverges: integers divide")
    );
    sandbox.run(&["test"]).expect(0);
}

#[test]
fn sql_that_fails_is_named_by_place() {
    let sandbox = Sandbox::init();
    sandbox.write(
        "tests/sql/broken.sql",
        "select 1;\nselect nope from customers",
    );
    let ran = sandbox
        .run(&[
            "test",
            "broken",
            "--junit",
            "out/junit.xml",
            "--format",
            "json",
        ])
        .expect(100);
    assert!(
        ran.stdout.contains("broken.sql:2") && ran.stdout.contains("42703"),
        "{}",
        ran.stdout
    );
    let last = ran.stdout.lines().last().expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(last).expect("JSON");
    assert_eq!(
        (&summary["failed"], &summary["exit_code"]),
        (&2.into(), &100.into())
    );
    let junit = sandbox.read("out/junit.xml");
    assert!(
        junit.contains("<testsuite name=\"redshift\" tests=\"1\" failures=\"0\" errors=\"1\""),
        "{junit}"
    );
}

#[test]
fn what_is_not_there_is_no_test() {
    let sandbox = Sandbox::init();
    sandbox
        .run(&["test", "no_such_test"])
        .expect(4)
        .says("matched");
    sandbox
        .run(&["test", "--target", "container"])
        .expect(33)
        .says("container");
}

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let sandbox = Sandbox::init();
    let mut child = sandbox
        .command(&["test", "--scale", "200"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    std::thread::sleep(Duration::from_millis(500));
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.expect("kill can be run").success());
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    let pending = sandbox.path("target/dwsim/pending");
    assert!(!pending.exists(), "nothing was answered");
    assert!(
        std::fs::read_dir(sandbox.path("tests/sql"))
            .expect("it is there")
            .all(|f| {
                f.expect("it can be read")
                    .path()
                    .extension()
                    .is_some_and(|e| e == "sql")
            })
    );
}

#[test]
fn sql_on_both_shows_where_they_differ() {
    let sandbox = Sandbox::empty();
    let same = sandbox
        .run(&["sql", "-e", "select 'a' as x"])
        .expect(0)
        .stdout;
    assert!(same.contains('a'), "{same}");
    let ran = sandbox
        .run(&["sql", "-d", "both", "-e", "select 10 / 4 as q"])
        .expect(0)
        .stdout;
    assert!(
        ran.contains("-- difference") && ran.contains("2.5"),
        "{ran}"
    );
    sandbox
        .run(&["sql", "-d", "redshift", "-e", "select 1; selct 2"])
        .expect(34)
        .says("42601")
        .says("selct");
}
