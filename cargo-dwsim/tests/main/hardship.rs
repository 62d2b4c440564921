//! What happens to a checkout: two runs at once, a killed server, a killed run, a read-only disk. No snapshot is lost, no
//! process stays, and what is said is clear. Broken snapshots are in `check`, interruptions by Ctrl-C in `test_run`.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Ran, Sandbox, binary};

fn accepted() -> Sandbox {
    let sandbox = Sandbox::init();
    sandbox.run(&["test", "--accept"]).expect(0);
    sandbox
}

fn snapshots(sandbox: &Sandbox) -> [String; 2] {
    ["customers_per_quarter", "orders_by_size"]
        .map(|name| sandbox.read(&format!("tests/sql/{name}.snap")))
}

#[test]
fn two_runs_at_once_are_two_runs() {
    let sandbox = accepted();
    let before = snapshots(&sandbox);
    let runs: Vec<_> = (0..2)
        .map(|_| {
            let mut command = sandbox.command(&["test"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("the binary can be started")
        })
        .collect();
    for run in runs {
        Ran::from(run.wait_with_output().expect("it ends"))
            .expect(0)
            .says("snowflake 2/2 passed");
    }
    assert_eq!(snapshots(&sandbox), before);
}

/// The process of the running instance.
fn pid(sandbox: &Sandbox) -> String {
    let status = sandbox.run(&["status", "--format", "json"]).expect(0);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).expect("JSON");
    status["pid"].to_string()
}

fn kill(pid: &str) {
    let killed = Command::new("kill").args(["-9", pid]).status();
    assert!(killed.expect("kill").success());
    let begin = Instant::now();
    let is_there = || {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
    };
    while is_there() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{pid} stays");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_server_is_replaced() {
    let sandbox = accepted();
    sandbox.run(&["up"]).expect(0);
    let first = pid(&sandbox);
    kill(&first);
    let status = sandbox.run(&["status", "--format", "json"]).expect(0);
    assert!(status.stdout.contains("\"running\":false"), "{status:?}");
    sandbox.run(&["up"]).expect(0);
    let second = pid(&sandbox);
    assert_ne!(first, second);
    sandbox.run(&["test"]).expect(0);
    sandbox.run(&["down"]).expect(0);
}

#[test]
fn a_killed_run_leaves_nothing() {
    let sandbox = accepted();
    let before = snapshots(&sandbox);
    let mut run = sandbox
        .command(&["test"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary can be started");
    std::thread::sleep(Duration::from_millis(150));
    run.kill().expect("it can be killed");
    run.wait().expect("it ends");
    assert_eq!(snapshots(&sandbox), before);
    sandbox.run(&["test"]).expect(0).says("redshift 2/2 passed");
    // nothing runs in this folder any more
    let here = sandbox.root().canonicalize().expect("a path");
    let stays = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let stays: Vec<_> = stays
        .filter(|p| std::fs::read_link(p.path().join("cwd")).is_ok_and(|cwd| cwd == here))
        .map(|p| p.file_name())
        .collect();
    assert_eq!(stays, Vec::<std::ffi::OsString>::new());
}

/// In a mount namespace of its own, which ends with the shell.
#[test]
fn a_read_only_checkout_is_tested() {
    let sandbox = accepted();
    std::fs::remove_dir_all(sandbox.path("target")).expect("a folder");
    let in_it = |command: &str, elsewhere: Option<&std::path::Path>| {
        let folder = sandbox.root().display();
        let script = format!(
            "mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}' || exit 77; cd '{folder}' && \
             exec '{}' dwsim {command}",
            binary()
        );
        let mut unshare = Command::new("unshare");
        unshare
            .args(["--mount", "sh", "-c", &script])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", std::env::var_os("HOME").unwrap_or_default());
        if let Some(folder) = elsewhere {
            unshare.env("DWSIM_TARGET_DIR", folder);
        }
        unshare.output().map(Ran::from)
    };
    let ran = match in_it("test", None) {
        Ok(ran) if ran.code != 77 && ran.code != 1 => ran,
        _ => {
            eprintln!("no mount namespace can be made here: not tried");
            return;
        }
    };
    // answers that agree need nothing to be written
    ran.expect(0).says("redshift 2/2 passed");
    sandbox.expect_otherwise();
    let ran = in_it("test orders_by_size", None).expect("it was possible before");
    assert_ne!(ran.code, 0);
    ran.says("DWSIM_TARGET_DIR");
    let elsewhere = tempfile::tempdir().expect("a temporary directory can be made");
    in_it("test orders_by_size", Some(elsewhere.path()))
        .expect("it was possible before")
        .expect(20)
        .says("small | ");
}
