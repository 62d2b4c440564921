//! docs/tutorial.md, done word for word: its files are written, its commands run, and what they print is what it says.
//!
//! A block `sql file=PATH` (any language) is a file, `toml append=PATH` lines at the end of one, `console` a terminal:
//! lines with `$ ` are run by a shell, the others are their output, in any order, as tests end in any order. Times and
//! Cargo's own progress are left out of the comparison. `$ echo $?` is the exit code of the command before it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::binary;

/// A fenced block: what stands behind the three quotes, its lines, and the line it begins at.
struct Block {
    info: String,
    text: Vec<String>,
    line: usize,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block {
                    info: info.to_owned(),
                    text: Vec::new(),
                    line: index + 1,
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text.push(line.to_owned()),
            (None, None) => {}
        }
    }
    blocks
}

/// What Cargo says about its own work, which depends on what has been compiled before.
fn is_progress(line: &str) -> bool {
    const WORDS: [&str; 12] = [
        "Compiling",
        "Finished",
        "Updating",
        "Locking",
        "Adding",
        "Running",
        "Executable",
        "Blocking",
        "Downloading",
        "Downloaded",
        "Features",
        "Creating",
    ];
    let line = line.trim_start();
    line.is_empty()
        || WORDS.iter().any(|word| line.starts_with(word))
        || line.starts_with(['+', '-']) && line.contains("features")
}

/// `12.5 ms`, `[   0.01s]` and the like as `#`, blanks as one.
fn comparable(line: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        let bare = word.trim_matches(|c: char| "[](),;:".contains(c));
        let number = bare.trim_end_matches("ms").trim_end_matches('s');
        let timed = bare.len() > number.len() && number.parse::<f64>().is_ok();
        if timed {
            out.push("#".into());
        } else if (bare == "s" || bare == "ms")
            && out.last().is_some_and(|last| last.parse::<f64>().is_ok())
        {
            out.pop();
            out.push("#".into());
        } else if word != "[" {
            out.push(word.to_owned());
        }
    }
    out.join(" ")
}

/// Where the tutorial is done.
struct Place {
    folder: PathBuf,
    cargo: PathBuf,
    code: i32,
}

impl Place {
    fn command(&mut self, command: &str) -> Vec<String> {
        if command == "echo $?" {
            return vec![self.code.to_string()];
        }
        let root =
            Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this")).join("..");
        let root = root.canonicalize().expect("the repository");
        // the crate as it is here, and no registry
        let command = match command {
            "cargo add --dev dwsim" => format!(
                "cargo add --quiet --offline --dev --path {} dwsim",
                root.display()
            ),
            other => other.to_owned(),
        };
        if let Some(folder) = command.strip_prefix("cd ") {
            self.folder = self.folder.join(folder);
            // the versions that this repository has been tried with, and that are here
            std::fs::copy(root.join("Cargo.lock"), self.folder.join("Cargo.lock"))
                .expect("a file can be copied");
            return Vec::new();
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let tools = [binary().into(), self.cargo.clone()]
            .map(|tool: PathBuf| tool.parent().map(Path::to_path_buf));
        let path = tools
            .into_iter()
            .flatten()
            .chain(std::env::split_paths(&path));
        let path = std::env::join_paths(path).expect("a PATH");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("{command} 2>&1")])
            .current_dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let kept = ["CARGO_HOME", "RUSTUP_HOME", "CARGO_BUILD_JOBS"].contains(&name.as_str());
            if (["DWSIM_", "CARGO", "NEXTEST", "RUST"]
                .iter()
                .any(|head| name.starts_with(head))
                && !kept)
                || name == "CI"
            {
                shell.env_remove(name);
            }
        }
        // what has been compiled stays for the next time; the project's own folder does not
        shell
            .env("PATH", path)
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial"),
            )
            .env("DWSIM_TARGET_DIR", self.folder.join("target"))
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TERM_COLOR", "never")
            .env("NO_COLOR", "1");
        let output = shell.output().expect("a shell");
        self.code = output.status.code().unwrap_or(-1);
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn console(&mut self, block: &Block) {
        let mut lines = block.text.iter().enumerate().peekable();
        while let Some((offset, line)) = lines.next() {
            let command = line
                .strip_prefix("$ ")
                .unwrap_or_else(|| panic!("tutorial.md:{}: output of no command", block.line));
            let mut expected = Vec::new();
            while let Some((_, line)) = lines.next_if(|(_, line)| !line.starts_with("$ ")) {
                expected.push(line.clone());
            }
            let printed = self.command(command);
            let simple = |lines: &[String]| {
                let mut lines: Vec<String> = lines
                    .iter()
                    .filter(|line| !is_progress(line))
                    .map(|line| comparable(line))
                    .collect();
                lines.sort();
                lines
            };
            assert_eq!(
                simple(&printed),
                simple(&expected),
                "docs/tutorial.md:{}: `{command}` ended with {} and printed\n{}",
                block.line + offset + 1,
                self.code,
                printed.join("\n")
            );
        }
    }
}

#[test]
fn the_tutorial_is_true() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let cargo = std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
    let mut place = Place {
        folder: home.path().to_path_buf(),
        cargo,
        code: 0,
    };
    let text = include_str!("../../../docs/tutorial.md");
    for block in blocks(text) {
        let target = |key: &str| {
            block
                .info
                .split(' ')
                .find_map(|word| word.strip_prefix(key))
                .map(str::to_owned)
        };
        let body = block.text.join("\n") + "\n";
        if block.info == "console" {
            place.console(&block);
        } else if let Some(file) = target("file=") {
            let path = place.folder.join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
            std::fs::write(path, body).expect("a file can be written");
        } else if let Some(file) = target("append=") {
            let path = place.folder.join(file);
            let before = std::fs::read_to_string(&path).expect("a file to add to");
            std::fs::write(path, before + "\n" + &body).expect("a file can be written");
        }
    }
    // how much a project takes on: 250 packages at most, 150 wanted
    let lock = std::fs::read_to_string(place.folder.join("Cargo.lock")).expect("a lock file");
    let packages = lock.lines().filter(|line| *line == "[[package]]").count();
    assert!(packages <= 150, "{packages} packages for `dwsim` alone");
    assert!(place.folder.ends_with("shop"), "all of it was done");
}
