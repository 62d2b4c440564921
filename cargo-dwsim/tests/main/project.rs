//! Commands that need a project but no server: init, config, generate, snapshots, clean.

use crate::harness::Sandbox;

#[test]
fn init_never_overwrites() {
    let sandbox = Sandbox::init();
    let written = sandbox.read("dwsim.toml");
    assert!(written.contains("[tables.orders]"), "{written}");
    assert!(
        !sandbox.path("tests/sql.rs").exists(),
        "there is no Cargo project"
    );
    sandbox.write("dwsim.toml", "# mine\n");
    sandbox.run(&["init"]).expect(0).says("Kept");
    assert_eq!(sandbox.read("dwsim.toml"), "# mine\n");
    assert_eq!(
        sandbox.read(".gitignore"),
        "/target/\n.env.local\n",
        "once, however often"
    );
}

#[test]
fn init_adds_to_a_cargo_project() {
    let sandbox = Sandbox::empty();
    sandbox.write("Cargo.toml", "[package]\nname = \"x\"\n");
    sandbox.write(".gitignore", "/target");
    sandbox
        .run(&["init", "--nextest", "--hooks"])
        .expect(0)
        .says("harness = false");
    assert!(sandbox.read("tests/sql.rs").contains("dwsim::harness!()"));
    assert!(
        sandbox
            .read(".config/nextest.toml")
            .contains("slow-timeout")
    );
    assert!(
        sandbox
            .read(".pre-commit-config.yaml")
            .contains("cargo dwsim check --staged")
    );
    assert_eq!(sandbox.read(".gitignore"), "/target\n.env.local\n");
}

#[test]
fn a_broken_configuration_is_named_by_place() {
    let sandbox = Sandbox::empty();
    for (text, place, says) in [
        ("[project]\nsede = 1\n", "dwsim.toml:2:1", "seed"),
        (
            "[tables.a.columns]\nx = { type = \"serail\" }\n",
            "dwsim.toml:2:",
            "serial",
        ),
        (
            "[tables.a]\nrows = 1\n[tables.a.columns]\nx = { type = \"foreign_key\", references = \"b.id\" }\n",
            "dwsim.toml:4:",
            "b",
        ),
        ("[project\n", "dwsim.toml:1:", ""),
    ] {
        sandbox.write("dwsim.toml", text);
        for command in [&["config", "show"][..], &["generate"], &["test"], &["up"]] {
            let ran = sandbox.run(command).expect(30).says(place).says(says);
            assert_eq!(
                ran.stdout, "",
                "{command:?}: nothing but data goes to stdout"
            );
        }
    }
    assert!(
        !sandbox.path("target/dwsim/data").exists(),
        "no file of a schema that is refused"
    );
}

#[test]
fn a_missing_project_is_an_error_with_help() {
    let sandbox = Sandbox::empty();
    for command in [&["test"][..], &["generate"], &["status"], &["accept"]] {
        sandbox
            .run(command)
            .expect(30)
            .says("no dwsim.toml")
            .says("cargo dwsim init");
    }
}

#[test]
fn every_setting_names_its_origin() {
    let sandbox = Sandbox::init();
    sandbox.write(".env.local", "DWSIM_TEST__STATEMENT_TIMEOUT=7\n");
    let mut command = sandbox.command(&["config", "show", "--origin"]);
    let output = command
        .env("DWSIM_PROJECT__SEED", "9")
        .output()
        .expect("the binary can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |start: &str| {
        text.lines()
            .find(|l| l.starts_with(start))
            .unwrap_or_else(|| panic!("{start}: {text}"))
    };
    assert!(
        line("project.seed").contains("9") && line("project.seed").contains("DWSIM_PROJECT__SEED")
    );
    assert!(line("project.name").contains("file: dwsim.toml:"));
    assert!(line("project.scale").contains("default"));
    assert!(line("test.statement_timeout").contains("env-file: .env.local:1"));
}

#[test]
fn data_that_no_disk_holds_are_refused_before_the_first_row() {
    let sandbox = Sandbox::init();
    sandbox
        .run(&[
            "generate",
            "orders",
            "--rows",
            "orders=900000000000",
            "--out",
            "big",
        ])
        .expect(2)
        .says("900 000 000 000 rows need about");
    let left = std::fs::read_dir(sandbox.path("big")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}

#[test]
fn generated_files_are_the_same_each_time() {
    let sandbox = Sandbox::init();
    sandbox
        .run(&["generate", "--format", "csv", "--out", "a"])
        .expect(0)
        .says("6 000 rows");
    sandbox
        .run(&["generate", "orders", "--format", "csv", "--out", "b"])
        .expect(0)
        .says("5 000 rows");
    assert_eq!(sandbox.read("a/orders.csv"), sandbox.read("b/orders.csv"));
    assert_eq!(sandbox.read("a/orders.csv").lines().count(), 5001);
    assert!(!sandbox.path("b/customers.csv").exists());

    sandbox
        .run(&[
            "generate",
            "--rows",
            "customers=3",
            "--format",
            "jsonl",
            "--out",
            "c",
        ])
        .expect(0);
    assert_eq!(sandbox.read("c/customers.jsonl").lines().count(), 3);
    sandbox
        .run(&["generate", "--seed", "43", "--format", "csv", "--out", "d"])
        .expect(0);
    assert_ne!(sandbox.read("a/orders.csv"), sandbox.read("d/orders.csv"));
    let parquet = sandbox
        .run(&["generate", "customers", "--out", "e"])
        .expect(0)
        .stdout;
    assert!(
        parquet.trim().ends_with("customers.parquet"),
        "the files written are what stdout holds: {parquet}"
    );
    sandbox
        .run(&["generate", "costumers"])
        .expect(2)
        .says("customers");
    sandbox
        .run(&["generate", "--rows", "nope=3"])
        .expect(30)
        .says("nope");
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error() {
    let sandbox = Sandbox::init();
    sandbox.write("file", "");
    sandbox
        .run(&["generate", "--out", "file/below"])
        .expect(1)
        .says("file/below");
}

#[test]
fn snapshots_without_a_test_are_found_and_pruned() {
    let sandbox = Sandbox::init();
    sandbox.write(
        "tests/sql/gone.snap",
        "dwsim-snapshot 1\nsource: tests/sql/gone.sql\ndialects: redshift, snowflake\norder: any\n---\nn: int\n--- 1 row\n1\n",
    );
    let listed = sandbox.run(&["snapshots", "list"]).expect(0).stdout;
    assert!(
        listed.contains("tests/sql/gone.snap") && listed.contains("UNREFERENCED"),
        "{listed}"
    );
    assert_eq!(
        sandbox
            .run(&["snapshots", "prune", "--check"])
            .expect(22)
            .stdout,
        "tests/sql/gone.snap\n"
    );
    sandbox
        .run(&["snapshots", "prune"])
        .expect(0)
        .says("Removed");
    assert!(!sandbox.path("tests/sql/gone.snap").exists());
    sandbox.run(&["snapshots", "show", "gone"]).expect(2);
}

#[test]
fn a_malformed_test_file_is_named_by_line() {
    let sandbox = Sandbox::init();
    sandbox.write(
        "tests/sql/bad.sql",
        "-- dwsim: dialects = [\"mysql\"]\nselect 1",
    );
    sandbox
        .run(&["test", "--no-rust"])
        .expect(30)
        .says("bad.sql:1")
        .says("mysql");
    sandbox.write("tests/sql/bad.sql", "select 1;\nselect 'open");
    sandbox
        .run(&["test", "--no-rust"])
        .expect(30)
        .says("bad.sql:2");
}

#[test]
fn status_down_and_clean_work_without_an_instance() {
    let sandbox = Sandbox::init();
    assert_eq!(
        sandbox
            .run(&["status", "--format", "json"])
            .expect(0)
            .stdout,
        "{\"running\":false}\n"
    );
    sandbox.run(&["down"]).expect(0).says("Nothing");
    sandbox.run(&["clean"]).expect(0);
    assert!(!sandbox.path("target/dwsim").exists());
}
