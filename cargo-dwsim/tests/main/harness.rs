//! A project in a temporary directory and the binary that runs in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The binary under test.
pub fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_cargo-dwsim")
}

/// A throw-away project; nothing of the caller's environment reaches it.
pub struct Sandbox {
    dir: tempfile::TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn empty() -> Self {
        Sandbox {
            dir: tempfile::tempdir().expect("a temporary directory can be made"),
        }
    }

    /// As `cargo dwsim init` leaves it.
    pub fn init() -> Self {
        let sandbox = Sandbox::empty();
        sandbox.run(&["init"]).expect(0);
        sandbox
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("a file has a directory"))
            .expect("it can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    /// Puts another answer into the snapshot of `orders_by_size`; its text before.
    pub fn expect_otherwise(&self) -> String {
        let file = "tests/sql/orders_by_size.snap";
        let snap = self.read(file);
        let row = snap
            .lines()
            .find(|l| l.starts_with("small | "))
            .expect("a row");
        self.write(file, &snap.replace(row, "small | 1 | 2 | 3"));
        snap
    }

    pub fn read(&self, file: &str) -> String {
        let path = self.path(file);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The binary, in this project, as cargo would call it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .arg("dwsim")
            .args(arguments)
            .current_dir(self.root());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("DWSIM_")
                || name.starts_with("CARGO")
                || name == "CI"
                || name == "NO_COLOR"
            {
                command.env_remove(name);
            }
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self
            .command(arguments)
            .output()
            .expect("the binary can be started");
        Ran::from(output)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// The same, after checking the exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// The same, after checking that stderr holds a text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "{text:?} is not in stderr:\n{}",
            self.stderr
        );
        self
    }
}
