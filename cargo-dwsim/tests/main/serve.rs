//! `serve`, `up` and `down`: readiness, taken ports, and that nothing is left running.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Sandbox;

fn start(sandbox: &Sandbox, more: &[&str]) -> (Child, serde_json::Value) {
    let mut arguments = vec![
        "serve",
        "--redshift-port",
        "0",
        "--snowflake-port",
        "0",
        "--s3-port",
        "0",
    ];
    arguments.extend(more);
    let mut child = sandbox
        .command(&arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("stdout is piped"))
        .read_line(&mut line)
        .expect("it prints a line");
    let ready = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line:?}: {e}"));
    (child, ready)
}

fn wait(child: &mut Child) -> i32 {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status.code().unwrap_or(-1);
        }
        if started.elapsed() > Duration::from_secs(20) {
            let _ = child.kill();
            panic!("still running after 20 s");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(status.expect("kill can be run").success());
}

#[test]
fn serves_without_a_project_until_told_to_stop() {
    let sandbox = Sandbox::empty();
    for name in ["-TERM", "-INT"] {
        let (mut child, ready) = start(&sandbox, &[]);
        for service in ["redshift", "snowflake", "s3"] {
            assert_eq!(ready[service]["host"], "127.0.0.1");
            let port =
                u16::try_from(ready[service]["port"].as_u64().expect("a port")).expect("a port");
            TcpStream::connect(("127.0.0.1", port)).expect("it listens once it says so");
            assert!(
                ready[service]["url"]
                    .as_str()
                    .expect("a url")
                    .ends_with(&match service {
                        "redshift" => format!("127.0.0.1:{port}/dev"),
                        _ => format!("127.0.0.1:{port}"),
                    })
            );
        }
        signal(&child, name);
        assert_eq!(wait(&mut child), 0, "{name}");
    }
    assert!(
        std::fs::read_dir(sandbox.root())
            .expect("it is there")
            .next()
            .is_none(),
        "nothing is written"
    );
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it has one").port().to_string();
    let sandbox = Sandbox::empty();
    for (flag, name) in [
        ("--redshift-port", "Redshift"),
        ("--snowflake-port", "Snowflake"),
        ("--s3-port", "S3"),
    ] {
        let mut arguments = vec!["serve"];
        for other in ["--redshift-port", "--snowflake-port", "--s3-port"] {
            arguments.extend([other, if other == flag { port.as_str() } else { "0" }]);
        }
        let ran = sandbox
            .run(&arguments)
            .expect(32)
            .says(&port)
            .says(name)
            .says(flag);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn ends_by_itself_when_nobody_needs_it() {
    let sandbox = Sandbox::empty();
    let (mut child, _) = start(&sandbox, &["--idle-timeout", "1"]);
    assert_eq!(wait(&mut child), 0);

    let mut parent = std::process::Command::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep can be run");
    let (mut child, _) = start(&sandbox, &["--parent-pid", &parent.id().to_string()]);
    std::thread::sleep(Duration::from_millis(200));
    assert!(
        child.try_wait().expect("it can be asked").is_none(),
        "the parent is there"
    );
    parent.kill().expect("it can be killed");
    parent.wait().expect("it can be waited for");
    assert_eq!(wait(&mut child), 0);
}

#[test]
fn up_loads_once_and_down_stops() {
    let sandbox = Sandbox::init();
    sandbox
        .run(&["up"])
        .expect(0)
        .says("Started")
        .says("Loaded");
    sandbox
        .run(&["up"])
        .expect(0)
        .says("already")
        .says("Up to date");
    let status = sandbox.run(&["status"]).expect(0).stdout;
    assert!(
        status.contains("psql postgres://dev:dev@127.0.0.1:"),
        "{status}"
    );
    sandbox.run(&["clean"]).expect(2).says("down");
    let ran = sandbox
        .run(&["sql", "-e", "select count(*) as n from customers"])
        .expect(0);
    assert!(ran.stdout.contains("1000"), "{}", ran.stdout);
    sandbox.run(&["down"]).expect(0).says("Stopped");
    sandbox.run(&["status"]).expect(0);
    assert!(!sandbox.path("target/dwsim/instance.json").exists());
}
