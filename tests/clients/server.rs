//! `cargo dwsim serve` as a child process that ends with its owner.
//! What is asked of it is left to the clients.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{OnceLock, mpsc},
    time::Duration,
};

/// How long the server may take until it says that it is ready. An unoptimised binary of this
/// size takes a while to be read from a cold disk.
const READY: Duration = Duration::from_secs(60);

pub struct Server {
    child: Child,
    endpoints: String,
    log: File,
}

impl Server {
    /// Starts a server on free ports, in memory or with a data directory.
    pub fn start(data_dir: Option<&Path>) -> Self {
        Self::with(data_dir, &[])
    }

    /// As [`Server::start`], with more arguments.
    pub fn with(data_dir: Option<&Path>, more: &[&str]) -> Self {
        let log = tempfile::tempfile().expect("a temporary file can be created");
        let mut child = Command::new(binary())
            .args(["dwsim", "serve"])
            .args([
                "--redshift-port",
                "0",
                "--snowflake-port",
                "0",
                "--s3-port",
                "0",
            ])
            .args(data_dir.map(|_| "--data-dir"))
            .args(data_dir)
            .args(more)
            // it ends too when this test is killed and cannot end it
            .args(["--parent-pid", &std::process::id().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().expect("the log can be shared"))
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", binary().display()));
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut server = Self {
            child,
            endpoints: String::new(),
            log,
        };
        let (sender, ready) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines();
            if let Some(Ok(line)) = lines.next() {
                let _ = sender.send(line);
            }
            // so that the server can go on writing
            lines.for_each(drop);
        });
        match ready.recv_timeout(READY) {
            Ok(line) => server.endpoints = line,
            Err(error) => panic!("the server did not get ready: {error}\n{}", server.log()),
        }
        server
    }

    /// The line of JSON that the server printed when it was ready.
    pub fn endpoints(&self) -> &str {
        &self.endpoints
    }

    /// What the server wrote to stderr.
    pub fn log(&self) -> String {
        let mut text = String::new();
        let mut log = &self.log;
        match log.rewind().and_then(|()| log.read_to_string(&mut text)) {
            Ok(_) => text,
            Err(error) => format!("the log cannot be read: {error}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary of this workspace, built as the tests are, unless `DWSIM_BIN` names another.
pub fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("DWSIM_BIN") {
            return path.into();
        }
        let test = std::env::current_exe().expect("this test has a path");
        let profile = test
            .parent()
            .and_then(|deps| deps.parent())
            .expect("the test is in TARGET/PROFILE/deps");
        let target = profile
            .parent()
            .expect("a profile is in the target directory");
        let mut build = Command::new(std::env::var_os("CARGO").expect("cargo runs this"));
        build
            .args([
                "build",
                "--quiet",
                "--package",
                "cargo-dwsim",
                "--bin",
                "cargo-dwsim",
            ])
            .arg("--target-dir")
            .arg(target)
            .current_dir(std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this"));
        match profile.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => {}
            Some(name) => {
                build.args(["--profile", name]);
            }
        }
        let output = build.output().expect("cargo runs");
        assert!(
            output.status.success(),
            "cargo-dwsim does not build\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        profile.join(format!("cargo-dwsim{}", std::env::consts::EXE_SUFFIX))
    })
}
