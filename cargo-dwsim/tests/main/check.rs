//! `check`, `snapshots check` and `hooks` in a real Git repository: what is staged counts, not what lies in the folder.

use std::process::Command;

use crate::harness::Sandbox;

fn git(sandbox: &Sandbox, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .current_dir(sandbox.root())
        .output()
        .expect("git is there");
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
}

fn repository() -> Sandbox {
    let sandbox = Sandbox::init();
    git(&sandbox, &["init", "--quiet"]);
    git(&sandbox, &["add", "-A"]);
    git(&sandbox, &["commit", "--quiet", "-m", "first"]);
    sandbox
}

#[test]
fn a_fresh_project_has_no_findings() {
    let sandbox = Sandbox::init();
    sandbox
        .run(&["check"])
        .expect(0)
        .says("0 errors, 0 warnings");
}

#[test]
fn findings_come_in_three_forms() {
    let sandbox = Sandbox::init();
    sandbox.write(
        "tests/sql/bad.sql",
        "select order_idd\nfrom orders\nwhere ordered < current_date\n",
    );
    let drawn = sandbox.run(&["check"]).expect(24);
    for text in [
        "unknown_column",
        "bad.sql:1:8",
        "did you mean `order_id`?",
        "dwsim::sql::clock",
    ] {
        assert!(drawn.stderr.contains(text), "{text}: {}", drawn.stderr);
    }
    assert_eq!(drawn.stdout, "");

    let json = sandbox
        .run(&["check", "--format", "json", "tests/sql/bad.sql"])
        .expect(24);
    let first: serde_json::Value =
        serde_json::from_str(json.stdout.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["code"], "dwsim::sql::unknown_column");
    assert_eq!(
        (first["line"].as_u64(), first["column"].as_u64()),
        (Some(1), Some(8))
    );

    let sarif = sandbox.run(&["check", "--format", "sarif"]).expect(24);
    let log: serde_json::Value = serde_json::from_str(&sarif.stdout).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "dwsim::sql::unknown_column");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "tests/sql/bad.sql");

    sandbox.run(&["explain", "sql::clock"]).expect(0);
}

#[test]
fn a_wrong_configuration_is_a_finding_with_its_place() {
    let sandbox = Sandbox::init();
    sandbox.write("dwsim.toml", "[project]\nnmae = \"x\"\n");
    let ran = sandbox.run(&["check"]).expect(24);
    assert!(ran.stderr.contains("dwsim.toml:2:1"), "{}", ran.stderr);
}

#[test]
fn what_is_staged_counts() {
    let sandbox = repository();
    sandbox.write("tests/sql/new.sql", "select nope from orders\n");
    sandbox.run(&["check", "--staged"]).expect(0);
    git(&sandbox, &["add", "tests/sql/new.sql"]);
    // the working copy is good, what would be committed is not
    sandbox.write("tests/sql/new.sql", "select order_id from orders\n");
    sandbox.run(&["check"]).expect(0);
    sandbox
        .run(&["check", "--staged"])
        .expect(24)
        .says("`nope`");
}

#[test]
fn fixes_are_written_where_they_are_safe() {
    let sandbox = Sandbox::init();
    sandbox.write(
        "tests/sql/o.sql",
        "select order_id, order_total\nfrom orders\norder by order_total desc\n",
    );
    sandbox.run(&["check"]).expect(24).says("--fix");
    sandbox.run(&["check", "--fix"]).expect(0);
    assert_eq!(
        sandbox.read("tests/sql/o.sql"),
        "select order_id, order_total\nfrom orders\norder by order_total desc, order_id\n"
    );
}

#[test]
fn snapshots_are_looked_at() {
    let sandbox = Sandbox::empty();
    sandbox.write("dwsim.toml", "[project]\nname = \"x\"\n");
    sandbox.run(&["snapshots", "check"]).expect(0);
    sandbox.write("tests/sql/gone.snap", "dwsim-snapshot 1\nsource: tests/sql/gone.sql\ndialects: redshift\norder: any\n---\n--- done\n");
    sandbox
        .run(&["snapshots", "check"])
        .expect(22)
        .says("gone.snap");
    let cut = "dwsim-snapshot 1\nsource: a\n";
    let conflict =
        "dwsim-snapshot 1\n<<<<<<< ours\nsource: a\n=======\nsource: b\n>>>>>>> theirs\n";
    let newer = "dwsim-snapshot 9\n";
    for (text, says) in [
        (cut, "header"),
        (conflict, "merge conflict"),
        (newer, "newer dwsim"),
    ] {
        sandbox.write("tests/sql/gone.snap", text);
        sandbox.run(&["snapshots", "check"]).expect(24).says(says);
        sandbox.run(&["check"]).expect(24).says(says);
        assert_eq!(sandbox.read("tests/sql/gone.snap"), text, "nothing is lost");
    }
}

#[test]
fn hooks_hold_a_commit_back() {
    let sandbox = repository();
    sandbox.run(&["hooks", "install"]).expect(0);
    let hook = sandbox.read(".git/hooks/pre-commit");
    assert!(hook.contains("cargo dwsim check --staged"), "{hook}");
    sandbox.run(&["hooks", "install"]).expect(0);
    sandbox.run(&["hooks", "uninstall"]).expect(0);
    assert!(!sandbox.path(".git/hooks/pre-commit").exists());
    sandbox.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n");
    sandbox
        .run(&["hooks", "install"])
        .expect(2)
        .says("which is not dwsim's");
    assert_eq!(sandbox.read(".git/hooks/pre-commit"), "#!/bin/sh\nexit 0\n");
    sandbox.run(&["hooks", "install", "--force"]).expect(0);
}

#[test]
fn hooks_need_a_repository() {
    let sandbox = Sandbox::init();
    sandbox
        .run(&["hooks", "install"])
        .expect(2)
        .says("repository");
    sandbox
        .run(&["check", "--staged"])
        .expect(2)
        .says("Git repository");
}
