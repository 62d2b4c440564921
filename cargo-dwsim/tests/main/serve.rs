//! `serve`, `up` and `down`: readiness, taken ports, and that nothing is left running.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::harness::Sandbox;
use crate::served::Served;

#[test]
fn serves_without_a_project_until_told_to_stop() {
    let sandbox = Sandbox::empty();
    for name in ["-TERM", "-INT"] {
        let mut served = Served::start(&sandbox, &[], &[]);
        let ready = &served.ready;
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
        served.signal(name);
        assert_eq!(served.wait(), 0, "{name}");
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
    let mut served = Served::start(&sandbox, &["--idle-timeout", "1"], &[]);
    assert_eq!(served.wait(), 0);

    let mut parent = std::process::Command::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep can be run");
    let id = parent.id().to_string();
    let mut served = Served::start(&sandbox, &["--parent-pid", &id], &[]);
    std::thread::sleep(Duration::from_millis(200));
    assert!(served.is_running(), "the parent is there");
    parent.kill().expect("it can be killed");
    parent.wait().expect("it can be waited for");
    assert_eq!(served.wait(), 0);
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
