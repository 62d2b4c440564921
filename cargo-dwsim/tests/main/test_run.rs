//! The main job: from an initialised project to green, and every way of not being green.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

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
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|e| e.expect("it can be read").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let sandbox = accepted();
    // one answer of an earlier run, one that comes at once, and one that is never there in time
    sandbox.write("tests/sql/earlier.sql", "select 1 as n");
    sandbox.run(&["test", "earlier"]).expect(20);
    let pending = sandbox.path("target/dwsim/pending");
    let before: Vec<_> = files_below(&pending)
        .into_iter()
        .map(|path| (std::fs::read_to_string(&path).expect("text"), path))
        .collect();
    assert_eq!(before.len(), 2, "{before:?}");
    sandbox.write("tests/sql/earlier.sql", "select 2 as n");
    sandbox.write("tests/sql/quick.sql", "select 1 as quick");
    sandbox.write(
        "tests/sql/slow.sql",
        "select count(*) as n from orders a, orders b, orders c where a.order_id + b.order_id > c.order_id",
    );
    let mut child = sandbox
        .command(&["test"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary can be started");
    let begin = Instant::now();
    while !pending.join("tests/sql/quick.snowflake.snap").exists() {
        assert!(
            child.try_wait().expect("it is ours").is_none(),
            "it ended by itself"
        );
        assert!(begin.elapsed() < Duration::from_secs(120), "no answer");
        std::thread::sleep(Duration::from_millis(5));
    }
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.expect("kill can be run").success());
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    let after: Vec<_> = files_below(&pending)
        .into_iter()
        .map(|path| (std::fs::read_to_string(&path).expect("text"), path))
        .collect();
    assert_eq!(after, before, "as if the run had not been");
    let snapshots = files_below(&sandbox.path("tests/sql"))
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "snap"))
        .count();
    assert_eq!(snapshots, 2, "those that were accepted before");
}

/// dwsim.toml of the sandbox with more lines in one of its sections.
fn with_settings(section: &str, lines: &str) -> Sandbox {
    let sandbox = Sandbox::init();
    let text = sandbox.read("dwsim.toml");
    let head = format!("[{section}]\n");
    let text = if text.contains(&head) {
        text.replacen(&head, &format!("{head}{lines}\n"), 1)
    } else {
        format!("{head}{lines}\n\n{text}")
    };
    sandbox.write("dwsim.toml", &text);
    sandbox
}

#[test]
fn settings_of_sessions_have_their_effect() {
    let sandbox = with_settings(
        "project",
        "clock = \"2025-01-31T23:30:00Z\"\ntimezone = \"Europe/Berlin\"\nrandom = 7",
    );
    sandbox.write(
        "tests/sql/now.redshift.sql",
        "select to_char(getdate(), 'YYYY-MM-DD HH24:MI') as utc, current_setting('timezone') as zone, \
         timestamptz '2025-02-01 00:00:00+00' as at",
    );
    sandbox.write(
        "tests/sql/now.snowflake.sql",
        "select to_char(current_timestamp, 'YYYY-MM-DD HH24:MI') as utc, 'Europe/Berlin' as zone, \
         '2025-02-01 00:00:00 +0000'::timestamp_ltz as at",
    );
    sandbox.run(&["test", "now"]);
    let pending = |name: &str| sandbox.read(&format!("target/dwsim/pending/tests/sql/{name}.snap"));
    let redshift = pending("now.redshift");
    assert!(
        redshift.contains("Europe/Berlin") && redshift.contains("2025-02-01 00:30"),
        "{redshift}"
    );
    let snowflake = pending("now.snowflake");
    assert!(snowflake.contains("2025-02-01 00:30"), "{snowflake}");

    // Frozen: each test alone, or both in any order, the same numbers; and two calls are two numbers.
    sandbox.write(
        "tests/sql/draw_a.redshift.sql",
        "select random() as a, random() as b",
    );
    sandbox.write(
        "tests/sql/draw_s.snowflake.sql",
        "select random() as a, random() as b",
    );
    sandbox.write(
        "tests/sql/draw_b.redshift.sql",
        "select random() > 2 as never, random() as c",
    );
    sandbox.run(&["test", "draw_a"]).expect(20);
    sandbox.run(&["accept", "draw_a"]).expect(0);
    sandbox.run(&["test", "draw_b"]).expect(20);
    sandbox.run(&["accept", "draw_b"]).expect(0);
    sandbox.run(&["test", "draw_s"]).expect(20);
    sandbox.run(&["accept", "draw_s"]).expect(0);
    sandbox.run(&["test", "draw_"]).expect(0);
    let snap = sandbox.read("tests/sql/draw_a.snap");
    let row: Vec<&str> = snap
        .lines()
        .last()
        .unwrap_or_default()
        .split(['|', ',', ' '])
        .collect();
    assert!(row.first() != row.last(), "{snap}");
}

#[test]
fn settings_of_tests_have_their_effect() {
    let sandbox = with_settings(
        "test",
        "dir = \"checks\"\nstatement_timeout = 1\nmax_rows = 20\nfloat_tolerance = 0.01",
    );
    sandbox.write("checks/a/close.sql", "select 1.0::float as x");
    sandbox.run(&["test"]).expect(20).says("a/close");
    sandbox.run(&["accept"]).expect(0);
    let snap = sandbox.read("checks/a/close.snap");
    sandbox.write(
        "checks/a/close.snap",
        &snap
            .replace("\n1.0\n", "\n1.005\n")
            .replace("\n1\n", "\n1.005\n"),
    );
    sandbox.run(&["test"]).expect(0);
    sandbox.run(&["check"]).expect(0);
    sandbox.run(&["snapshots", "check"]).expect(0);

    sandbox.write(
        "checks/long.sql",
        "select order_id from orders order by order_id limit 21",
    );
    sandbox.run(&["test", "long"]).expect(100).says("max_rows");
    sandbox.write(
        "checks/slow.sql",
        "select count(*) as n from orders a, orders b, orders c where a.order_id + b.order_id > c.order_id",
    );
    let begin = Instant::now();
    let ran = sandbox.run(&["test", "slow"]).expect(100);
    assert!(begin.elapsed() < Duration::from_secs(60), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("57014") || ran.stderr.contains("imeout"),
        "{}",
        ran.stderr
    );

    for dir in ["../elsewhere", "/tmp", ""] {
        let sandbox = with_settings("test", &format!("dir = {dir:?}"));
        sandbox.run(&["test"]).expect(30).says("not a folder");
    }
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
