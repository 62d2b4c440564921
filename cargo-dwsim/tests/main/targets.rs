//! `test --target`: a PostgreSQL server that stands in for Redshift, and every way in which there is none.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Sandbox;

/// A PostgreSQL server with a password; nothing where PostgreSQL is not installed.
struct Postgres {
    server: Child,
    port: u16,
    _data: tempfile::TempDir,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // at once: nobody wants its data
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The folder that has `initdb` and `postgres`.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let debian = debian.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let mut folders = std::env::split_paths(&path).chain(debian);
    folders.find(|folder| {
        ["initdb", "postgres"]
            .iter()
            .all(|name| folder.join(name).is_file())
    })
}

fn start() -> Option<Postgres> {
    let programs = programs()?;
    let data = tempfile::tempdir().expect("a temporary directory can be made");
    // it refuses to be run by root
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    let command = |name: &str| {
        let program = programs.join(name);
        if is_root {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=nobody", "--clear-groups"])
                .arg(program);
            command
        } else {
            Command::new(program)
        }
    };
    let cluster = data.path().join("cluster");
    std::fs::create_dir(&cluster).expect("a folder");
    let secret = data.path().join("password");
    std::fs::write(&secret, "s3cret @/\n").expect("a file");
    if is_root {
        for path in [data.path(), &cluster, &secret] {
            let owned = Command::new("chown").arg("nobody").arg(path).status();
            assert!(owned.expect("chown").success());
        }
    }
    let made = command("initdb")
        .args(["-U", "ann", "-A", "scram-sha-256", "--no-sync", "--pwfile"])
        .arg(&secret)
        .arg("-D")
        .arg(&cluster)
        .current_dir("/")
        .output()
        .expect("initdb");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|free| free.local_addr())
        .expect("a free port")
        .port();
    let mut server = command("postgres");
    server
        .arg("-D")
        .arg(&cluster)
        .args(["-p", &port.to_string()]);
    for setting in [
        "fsync=off",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
    ] {
        server.args(["-c", setting]);
    }
    let server = server
        .current_dir("/")
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres");
    let postgres = Postgres {
        server,
        port,
        _data: data,
    };
    let begin = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "PostgreSQL does not answer"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(postgres)
}

fn with_target(lines: &str) -> Sandbox {
    let sandbox = Sandbox::init();
    let text = sandbox.read("dwsim.toml");
    sandbox.write("dwsim.toml", &format!("{text}\n{lines}\n"));
    sandbox
}

#[test]
fn the_same_tests_run_on_postgresql() {
    let Some(postgres) = start() else {
        eprintln!("PostgreSQL is not installed here: not tried");
        return;
    };
    let sandbox = with_target(&format!(
        "[target.pg]\nkind = \"live\"\nredshift = {{ engine = \"postgresql\", host = \"127.0.0.1\", port = {}, \
         user = \"ann\", password_env = \"PG_SECRET\", database = \"postgres\" }}\n\
         [target.url]\nkind = \"live\"\nredshift = {{ engine = \"postgresql\", url_env = \"PG_URL\" }}",
        postgres.port
    ));
    sandbox.run(&["test", "--accept"]).expect(0);
    let snap = sandbox.read("tests/sql/orders_by_size.snap");
    let run = |arguments: &[&str], secret: &str| {
        let mut command = sandbox.command(arguments);
        let password = secret
            .replace('@', "%40")
            .replace('/', "%2F")
            .replace(' ', "%20");
        command.env("PG_SECRET", secret).env(
            "PG_URL",
            format!(
                "postgres://ann:{password}@127.0.0.1:{}/postgres",
                postgres.port
            ),
        );
        crate::harness::Ran::from(command.output().expect("the binary can be started"))
    };
    for target in ["pg", "url"] {
        let ran = run(&["test", "--target", target], "s3cret @/").expect(0);
        assert!(
            ran.stderr.contains("redshift 2/2 passed") && !ran.stderr.contains("snowflake 2"),
            "{}",
            ran.stderr
        );
    }

    // another answer fails the test, and is nobody's snapshot
    sandbox.expect_otherwise();
    let ran = run(&["test", "--target", "pg"], "s3cret @/").expect(100);
    assert!(
        ran.stderr.contains("expects something else"),
        "{}",
        ran.stderr
    );
    sandbox.write("tests/sql/orders_by_size.snap", &snap);
    sandbox.write("tests/sql/new.sql", "select 1 as n");
    run(&["test", "--target", "pg", "new"], "s3cret @/")
        .expect(100)
        .says("no answer of redshift");
    assert!(
        !sandbox
            .path("target/dwsim/pending/tests/sql/new.redshift.snap")
            .exists()
    );

    // a wrong password is said, and not shown
    let ran = run(&["test", "--target", "pg"], "wr0ng");
    assert!(
        ran.code != 0 && ran.stderr.contains("28P01") && !ran.stderr.contains("wr0ng"),
        "{}",
        ran.stderr
    );
    for refused in ["--accept", "--review", "--affected"] {
        run(&["test", "--target", "pg", refused], "s3cret @/").expect(2);
    }
    run(&["test", "--target", "pg", "-d", "snowflake"], "s3cret @/")
        .expect(33)
        .says("not for Snowflake");
}

#[test]
fn targets_that_are_not_there_are_named() {
    let sandbox = with_target(
        "[target.pg]\nkind = \"live\"\nredshift = { engine = \"postgresql\", url_env = \"NO_SUCH_URL\" }\n\
         [target.gone]\nkind = \"live\"\nredshift = { engine = \"postgresql\", host = \"127.0.0.1\", port = 1 }\n\
         [target.live]\nkind = \"live\"\nredshift = { host = \"x\", password_env = \"NO\" }\n\
         [target.bare]\nkind = \"live\"",
    );
    for (target, code, says) in [
        ("pg", 33, "NO_SUCH_URL"),
        ("gone", 32, "127.0.0.1:1"),
        ("live", 33, "NO, which is not set"),
        ("bare", 33, "where it is"),
        ("other", 30, "[target.other]"),
    ] {
        sandbox
            .run(&["test", "--target", target])
            .expect(code)
            .says(says);
    }
    // no engine answers: none is on the PATH, or its daemon is not there
    let mut command = sandbox.command(&["test", "--target", "container"]);
    command
        .env("PATH", sandbox.root())
        .env("DOCKER_HOST", "tcp://127.0.0.1:1");
    let ran = crate::harness::Ran::from(command.output().expect("the binary can be started"));
    ran.expect(33)
        .says("container engine")
        .says("docker or podman");

    for (lines, says) in [
        (
            "kind = \"embedded\"\nredshift = { host = \"x\" }",
            "needs no connections",
        ),
        (
            "kind = \"container\"\nredshift = { host = \"x\" }",
            "only the `image`",
        ),
        (
            "kind = \"container\"\nredshift = { image = \"x\" }\nsnowflake = { image = \"y\" }",
            "make two targets",
        ),
        (
            "kind = \"live\"\nredshift = { image = \"x\" }",
            "starts no `image`",
        ),
        (
            "kind = \"live\"\nsnowflake = { engine = \"postgresql\" }",
            "Redshift only",
        ),
        (
            "kind = \"live\"\nredshift = { engine = \"mysql\" }",
            "mysql",
        ),
        (
            "kind = \"live\"\nredshift = { password = \"x\" }",
            "environment",
        ),
    ] {
        with_target(&format!("[target.x]\n{lines}"))
            .run(&["test"])
            .expect(30)
            .says(says);
    }
}

/// A port that passes requests of Snowflake's drivers to one server and all others to another, as LocalStack's does.
/// The name that the former are asked by is kept.
fn one_port(snowflake: u16, s3: u16) -> (u16, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its port").port();
    let names = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&names);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let seen = std::sync::Arc::clone(&seen);
            std::thread::spawn(move || {
                let mut client = client;
                let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
                while !head.windows(4).any(|w| w == b"\r\n\r\n") {
                    match client.read(&mut buffer) {
                        Ok(n) if n > 0 => head.extend_from_slice(&buffer[..n]),
                        _ => return,
                    }
                }
                let text = String::from_utf8_lossy(&head).into_owned();
                let path = text.split(' ').nth(1).unwrap_or_default();
                let driver = ["/session", "/queries", "/telemetry", "/monitoring"]
                    .iter()
                    .any(|start| path.starts_with(start));
                let name = text
                    .lines()
                    .find_map(|line| line.strip_prefix("host: "))
                    .unwrap_or_default();
                if driver && let Ok(mut seen) = seen.lock() {
                    seen.push(name.to_owned());
                }
                let to = if driver { snowflake } else { s3 };
                let Ok(mut server) = TcpStream::connect(("127.0.0.1", to)) else {
                    return;
                };
                let (Ok(mut from_client), Ok(mut to_server)) =
                    (client.try_clone(), server.try_clone())
                else {
                    return;
                };
                // a connection is a client's for one of the two, and stays so
                std::thread::spawn(move || {
                    let _ = to_server.write_all(&head);
                    let _ = std::io::copy(&mut from_client, &mut to_server);
                    let _ = to_server.shutdown(std::net::Shutdown::Write);
                });
                let _ = std::io::copy(&mut server, &mut client);
                let _ = client.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    (port, names)
}

/// A script in docker's place, whose containers all listen at this port; the file with what it was called with.
fn docker_at(sandbox: &Sandbox, port: u16) -> std::path::PathBuf {
    let log = sandbox.path("docker.log");
    let script = format!(
        "#!/bin/sh\necho \"$*\" >> '{}'\ncase $1 in\nversion) echo 1;;\nrun) echo the-id;;\nport) echo 127.0.0.1:{port};;\nesac\n",
        log.display(),
    );
    sandbox.write("bin/docker", &script);
    let made = Command::new("chmod")
        .args(["+x"])
        .arg(sandbox.path("bin/docker"))
        .status();
    assert!(made.expect("chmod").success());
    log
}

/// LocalStack's part is played by dwsim's own emulators behind one port, docker's by a script.
#[test]
fn localstack_stands_in_for_snowflake() {
    let home = Sandbox::empty();
    let served = crate::served::Served::start(&home, &[], &[]);
    let port = |name: &str| {
        let port = served.ready[name]["port"].as_u64();
        u16::try_from(port.expect("a port")).expect("a port")
    };
    let (port, names) = one_port(port("snowflake"), port("s3"));
    let sandbox = with_target("[target.localstack]\nkind = \"container\"\nsnowflake = {}");
    sandbox.run(&["test", "--accept"]).expect(0);
    let log = docker_at(&sandbox, port);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(sandbox.path("bin")).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).expect("a PATH");
    let run = |more: &[&str], licence: Option<&str>| {
        let mut command = sandbox.command(&[&["test", "--target", "localstack"], more].concat());
        command
            .env("PATH", &path)
            .env_remove("LOCALSTACK_AUTH_TOKEN");
        if let Some(licence) = licence {
            command.env("LOCALSTACK_AUTH_TOKEN", licence);
        }
        crate::harness::Ran::from(command.output().expect("the binary can be started"))
    };
    run(&[], None)
        .expect(33)
        .says("LOCALSTACK_AUTH_TOKEN")
        .says("--target embedded");
    assert!(!log.exists(), "nothing is started without a licence");
    run(&[], Some("ls-s3cret"))
        .expect(0)
        .says("snowflake 2/2 passed")
        .says("localstack/snowflake:latest");
    run(&["-d", "redshift"], Some("ls-s3cret"))
        .expect(33)
        .says("no redshift");
    let log = std::fs::read_to_string(&log).expect("docker was called");
    assert!(
        log.contains("--publish 127.0.0.1::4566 --env LOCALSTACK_AUTH_TOKEN localstack/"),
        "{log}"
    );
    assert!(log.contains("rm --force --volumes the-id"), "{log}");
    assert!(!log.contains("s3cret"), "{log}");
    // not held: the port notes the names of the next run
    let names = names.lock().expect("the names").clone();
    let expected = format!("snowflake.localhost.localstack.cloud:{port}");
    assert!(
        !names.is_empty() && names.iter().all(|name| *name == expected),
        "{names:?}"
    );

    // an answer that differs fails, and is nobody's snapshot
    sandbox.expect_otherwise();
    run(&[], Some("ls-s3cret"))
        .expect(100)
        .says("expects something else of snowflake");
}

/// docker's part is played by a script that starts the PostgreSQL that is installed.
#[test]
fn a_container_is_started_and_removed() {
    let Some(postgres) = start() else {
        eprintln!("PostgreSQL is not installed here: not tried");
        return;
    };
    let sandbox = with_target("[target.container]\nredshift = { image = \"postgres:15\" }");
    sandbox.run(&["test", "--accept"]).expect(0);
    let log = docker_at(&sandbox, postgres.port);
    // the image's user and password
    let user = Command::new("psql")
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &postgres.port.to_string(),
            "-U",
            "ann",
            "-d",
            "postgres",
        ])
        .args([
            "-c",
            "create user dev superuser password 'dev'",
            "-c",
            "create database dev",
        ])
        .env("PGPASSWORD", "s3cret @/")
        .status();
    assert!(user.expect("psql").success());
    let mut command = sandbox.command(&["test", "--target", "container"]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(sandbox.path("bin")).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders).expect("a PATH"));
    let ran = crate::harness::Ran::from(command.output().expect("the binary can be started"));
    ran.expect(0)
        .says("redshift 2/2 passed")
        .says("postgres:15");
    let log = std::fs::read_to_string(Path::new(&log)).expect("docker was called");
    assert!(
        log.contains("run --detach --rm") && log.contains("postgres:15"),
        "{log}"
    );
    assert!(log.contains("rm --force --volumes the-id"), "{log}");
}
