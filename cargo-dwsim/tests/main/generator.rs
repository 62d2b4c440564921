//! The commands of docs/generator.md, run in the order in which they stand there: each ends with 0.
//! Its examples of columns are `dwsim-generate`'s own tests.

use std::process::Command;

use crate::harness::{Sandbox, binary};

/// SDV's description of one table, as its `save_to_json` writes it.
const METADATA: &str = r#"{"METADATA_SPEC_VERSION": "V1", "tables": {"hotels": {"primary_key": "hotel_id", "columns": {
  "hotel_id": {"sdtype": "id", "regex_format": "HID_[0-9]{3}"}, "city": {"sdtype": "categorical"},
  "rating": {"sdtype": "numerical"}}}}, "relationships": []}"#;

#[test]
fn every_documented_command_runs() {
    let sandbox = Sandbox::init();
    sandbox.write("metadata.json", METADATA);
    let page = include_str!("../../../docs/generator.md");
    let blocks = page.split("```console\n").skip(1);
    let commands: Vec<&str> = blocks
        .filter_map(|block| block.split("```").next())
        .flat_map(|block| block.lines().filter_map(|line| line.strip_prefix("$ ")))
        .collect();
    assert!(commands.len() > 15, "{commands:?}");
    let folder = std::path::Path::new(binary()).parent().expect("a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).expect("a PATH");
    for command in commands {
        let text = command.replace("cargo dwsim", "cargo-dwsim dwsim");
        let mut shell = Command::new("sh");
        shell.args(["-c", &text]).current_dir(sandbox.root());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if ["DWSIM_", "CARGO", "AWS_"]
                .iter()
                .any(|head| name.starts_with(head))
            {
                shell.env_remove(name);
            }
        }
        let output = shell.env("PATH", &path).output().expect("a shell");
        if !output.status.success() {
            // nothing of a failed test may keep running
            sandbox.run(&["down"]);
        }
        assert!(output.status.success(), "{command}: {output:?}");
    }
    let whole = std::fs::read(sandbox.path("whole/orders.parquet")).expect("the whole");
    assert!(!whole.is_empty());
    assert!(sandbox.read("learned.toml").contains("[tables.customers]"));
    assert!(sandbox.read("hotels.toml").contains("HID_"));
    assert!(sandbox.read("report.html").contains("<svg"));
}

#[test]
fn broken_data_are_findings_of_check() {
    let sandbox = Sandbox::init();
    sandbox.run(&["generate", "--out", "data"]).expect(0);
    sandbox
        .run(&["check", "--data=data"])
        .expect(0)
        .says("0 violations");
    // the same files under stricter rules
    let toml = sandbox.read("dwsim.toml");
    sandbox.write(
        "dwsim.toml",
        &toml.replace("stddev = 50.0, min = 0", "stddev = 50.0, min = 100"),
    );
    sandbox.run(&["check"]).expect(0);
    let ran = sandbox
        .run(&["check", "--data=data", "--format", "json"])
        .expect(24);
    let finding: serde_json::Value = serde_json::from_str(ran.stdout.trim()).expect("one finding");
    assert_eq!(finding["code"], "dwsim::data::broken");
    assert_eq!(finding["file"], "dwsim.toml");
    let line = toml
        .lines()
        .position(|l| l.starts_with("order_total"))
        .expect("the column");
    assert_eq!(finding["line"].as_u64(), Some(line as u64 + 1));
    sandbox
        .run(&["check", "--data=data", "--format", "sarif"])
        .expect(24);
    sandbox
        .run(&["check", "--data=nowhere"])
        .expect(31)
        .says("no Parquet files");
    sandbox
        .run(&["check", "--data", "--staged"])
        .expect(2)
        .says("--staged");
}
