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
