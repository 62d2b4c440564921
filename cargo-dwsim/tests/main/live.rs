//! `test --target` and `record` on warehouses that are somewhere else: emulators of another process, reached as live ones
//! are, by URL, password, TLS and a bucket.

use std::io::{Read, Write};
use std::net::TcpStream;

use dwsim_runtime::{Connection, Dialect, Endpoint, Value};

use crate::harness::{Ran, Sandbox};
use crate::served::Served;

struct Elsewhere(Served);

impl Elsewhere {
    fn start(sandbox: &Sandbox) -> Self {
        Elsewhere(Served::start(sandbox, &["--control-port", "0"], &[]))
    }

    fn text(&self, pointer: &str) -> String {
        let value = self.0.ready.pointer(pointer);
        let value = value.unwrap_or_else(|| panic!("{pointer} in {}", self.0.ready));
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }

    fn endpoint(&self, dialect: Dialect) -> Endpoint {
        let part = self.0.ready.get(dialect.name()).cloned();
        serde_json::from_value(part.unwrap_or_default()).expect("an endpoint")
    }

    fn s3(&self, method: &str, path: &str) -> String {
        let place = format!("127.0.0.1:{}", self.text("/s3/port"));
        let mut socket = TcpStream::connect(&place).expect("S3 listens");
        let ask = format!(
            "{method} {path} HTTP/1.1\r\nhost: {place}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        socket.write_all(ask.as_bytes()).expect("it is sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("it answers");
        answer
    }

    fn ask(&self, dialect: Dialect, sql: &[&str]) -> Vec<Vec<Value>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let endpoint = self.endpoint(dialect);
            let mut connection = Connection::connect(dialect, &endpoint, None, None)
                .await
                .expect("it connects");
            let mut rows = Vec::new();
            for sql in sql {
                rows = connection.query(sql).await.expect(sql).rows;
            }
            rows
        })
    }
}

#[test]
fn the_same_tests_run_on_live_warehouses() {
    let elsewhere_home = Sandbox::empty();
    let elsewhere = Elsewhere::start(&elsewhere_home);
    let made = elsewhere.s3("PUT", "/live");
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    elsewhere.ask(Dialect::Snowflake, &["create database live"]);

    let sandbox = Sandbox::init();
    let text = sandbox.read("dwsim.toml");
    let snowflake = format!(
        "snowflake = {{ account = \"acc\", host = \"127.0.0.1:{}\", user = \"ann\", database = \"live\", \
         token_env = \"SF_TOKEN\" }}",
        elsewhere.text("/snowflake/port")
    );
    let redshift = "redshift = { url_env = \"RS_URL\" }";
    let staging = "staging = { bucket = \"live\", prefix = \"/a/b\", region = \"eu-west-1\", iam_role = \"default\" }";
    sandbox.write(
        "dwsim.toml",
        &format!(
            "{text}\n[target.live]\nkind = \"live\"\n{redshift}\n{snowflake}\n{staging}\n\
             [target.nowhere]\nkind = \"live\"\n{redshift}\n\
             [target.half]\nkind = \"live\"\n{snowflake}\n{staging}\n"
        ),
    );
    sandbox.run(&["test", "--accept"]).expect(0);

    let url = format!(
        "postgres://ann:s3cret@localhost:{}/dev?sslmode=verify-full",
        elsewhere.text("/redshift/port")
    );
    let authority = elsewhere.text("/redshift_authority");
    let run = |arguments: &[&str], unset: &str| {
        let mut command = sandbox.command(arguments);
        for (name, value) in [
            ("RS_URL", url.as_str()),
            ("SF_TOKEN", "t0ken"),
            ("SSL_CERT_FILE", authority.as_str()),
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "s3cret"),
            ("AWS_ENDPOINT_URL_S3", &elsewhere.text("/s3/url")),
        ] {
            if name != unset {
                command.env(name, value);
            } else {
                command.env_remove(name);
            }
        }
        let ran = Ran::from(command.output().expect("the binary can be started"));
        for secret in ["s3cret", "t0ken"] {
            assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
        }
        ran
    };
    run(&["test", "--target", "live"], "")
        .expect(0)
        .says("redshift 2/2 passed")
        .says("snowflake 2/2 passed");

    // only what a warehouse has answered alike is stamped
    let path = "tests/sql/orders_by_size.snap";
    let snap = sandbox.expect_otherwise();
    run(&["record", "--target", "live"], "").expect(20);
    assert!(!sandbox.read(path).contains("confirmed"));
    sandbox.run(&["reject"]).expect(0);
    sandbox.write(path, &snap);
    run(&["record", "--target", "half"], "").expect(0);
    let stamped = sandbox.read(path);
    assert!(
        stamped.contains("\nconfirmed: snowflake=") && !stamped.contains("redshift=2"),
        "{stamped}"
    );
    run(&["record", "--target", "live"], "")
        .expect(0)
        .says("Confirmed 4 answers");
    let stamped = sandbox.read(path);
    assert!(stamped.contains("\nconfirmed: redshift=2"), "{stamped}");
    assert_eq!(
        stamped
            .lines()
            .filter(|l| !l.starts_with("confirmed"))
            .count(),
        snap.lines().count()
    );
    sandbox.run(&["test", "--check"]).expect(0);
    sandbox.run(&["check"]).expect(0);

    // a table there is a sample
    elsewhere.ask(
        Dialect::Snowflake,
        &["create table live.public.probe as select column1 as id, '0' || column1 as word from values (1), (2), (null)"],
    );
    elsewhere.ask(
        Dialect::Redshift,
        &[
            "create table probe (id int, word varchar(9))",
            "insert into probe values (1, '01'), (2, '02'), (null, null)",
        ],
    );
    for (dialect, name) in [("snowflake", "live.public.probe"), ("redshift", "probe")] {
        let ran = run(&["learn", "--target", "live", "-d", dialect, name], "").expect(0);
        for part in ["[tables.probe]", "id = ", "word = { type = \"varchar"] {
            assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
        }
    }
    run(&["learn", "--target", "live", "-d", "redshift", "gone"], "")
        .expect(34)
        .says("42P01");
    run(
        &[
            "learn",
            "--target",
            "live",
            "-d",
            "redshift",
            "a; drop table b",
        ],
        "",
    )
    .expect(2);

    // nothing of a run stays behind
    let schemas =
        "select schema_name from information_schema.schemata where schema_name ilike 'dwsim%'";
    assert!(elsewhere.ask(Dialect::Redshift, &[schemas]).is_empty());
    assert!(
        elsewhere
            .ask(Dialect::Snowflake, &["use database live", schemas])
            .is_empty()
    );
    let listed = elsewhere.s3("GET", "/live?list-type=2");
    assert!(!listed.contains("<Key>"), "{listed}");

    for (target, unset, code, says) in [
        ("live", "AWS_SECRET_ACCESS_KEY", 33, "AWS_ACCESS_KEY_ID"),
        ("live", "SF_TOKEN", 33, "SF_TOKEN"),
        ("live", "SSL_CERT_FILE", 32, "ertificate"),
        ("nowhere", "", 33, "bucket"),
    ] {
        run(&["test", "--target", target], unset)
            .expect(code)
            .says(says);
    }
    run(&["test", "--target", "half", "-d", "redshift"], "")
        .expect(33)
        .says("has no redshift");
    run(&["record", "--target", "embedded"], "")
        .expect(2)
        .says("no live warehouse");
}
