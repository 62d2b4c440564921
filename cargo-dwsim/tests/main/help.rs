//! The help of every command as one snapshot, so that a change of the command line is seen in review.

use crate::harness::Sandbox;

#[test]
fn the_whole_help() {
    let sandbox = Sandbox::empty();
    let top = sandbox.run(&["--help"]).expect(0).stdout;
    let commands = top
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let mut text = format!("$ cargo dwsim --help\n{top}");
    for command in commands {
        let help = sandbox.run(&[command, "--help"]).expect(0).stdout;
        text += &format!("\n$ cargo dwsim {command} --help\n{help}");
    }
    // The width of the terminal that a test runs in is not part of the promise.
    insta::assert_snapshot!(text);
}

/// Compares a page of docs/ with what the binary says; with UPDATE_DOCS set the page is written instead.
fn page(name: &str, text: &str) {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this");
    let path = std::path::Path::new(&manifest).join("../docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).expect("docs can be written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "{name} is not current: UPDATE_DOCS=1 writes it"
    );
}

#[test]
fn the_reference_of_commands_is_current() {
    let sandbox = Sandbox::empty();
    let help = |words: &[&str]| {
        let mut arguments = words.to_vec();
        arguments.push("--help");
        sandbox.run(&arguments).expect(0).stdout
    };
    let commands = |text: &str| -> Vec<String> {
        text.lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .map(str::to_owned)
            .collect()
    };
    let top = help(&[]);
    let mut text = format!(
        "# Commands\n\nMade from the binary's own `--help`.\n\n```text\n{}```\n",
        top.trim_start()
    );
    for command in commands(&top) {
        let of = help(&[&command]);
        text += &format!("\n## cargo dwsim {command}\n\n```text\n{of}```\n");
        for below in commands(&of) {
            let of = help(&[&command, &below]);
            text += &format!("\n### cargo dwsim {command} {below}\n\n```text\n{of}```\n");
        }
    }
    page("commands.md", &text);
}

#[test]
fn the_reference_of_errors_is_current() {
    let sandbox = Sandbox::empty();
    let list = sandbox.run(&["explain"]).expect(0).stdout;
    let mut text = "# Exit codes and diagnostics\n\nMade from `cargo dwsim explain`.\n".to_owned();
    for line in list.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if word.starts_with("dwsim::") || word.parse::<i32>().is_ok() {
            let of = sandbox.run(&["explain", word]).expect(0).stdout;
            text += &format!("\n## {word}\n\n```text\n{of}```\n");
        }
    }
    page("errors.md", &text);
}

#[test]
fn unknown_words_are_usage_errors() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["tets"]).expect(2).says("test");
    sandbox.run(&["test", "--chek"]).expect(2).says("--check");
    sandbox
        .run(&["generate", "--shard", "4/4"])
        .expect(2)
        .says("count from 0");
    sandbox
        .run(&["-C", "nowhere", "status"])
        .expect(1)
        .says("nowhere");
}

#[test]
fn cargo_may_put_its_word_first_or_not() {
    let sandbox = Sandbox::empty();
    let with = sandbox.run(&["explain", "20"]).expect(0).stdout;
    let without = std::process::Command::new(crate::harness::binary())
        .args(["explain", "20"])
        .output()
        .expect("the binary can be started");
    assert_eq!(with, String::from_utf8_lossy(&without.stdout));
}

#[test]
fn every_exit_code_and_diagnostic_is_explained() {
    let sandbox = Sandbox::empty();
    for line in sandbox.run(&["explain"]).expect(0).stdout.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if word.starts_with("dwsim::") || word.parse::<i32>().is_ok() {
            let text = sandbox.run(&["explain", word]).expect(0).stdout;
            assert!(text.len() > word.len() + 20, "{word}: {text}");
        }
    }
    sandbox
        .run(&["explain", "dwsim::nothing"])
        .expect(2)
        .says("no code");
}
