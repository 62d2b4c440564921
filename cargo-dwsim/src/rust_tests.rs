//! The project's own Rust tests inside `cargo dwsim test`: which targets they are and how they are run.
//!
//! Only integration tests of packages that name `dwsim` among their dependencies are run, because only those
//! can link it; a workspace's other tests are `cargo test`'s business. In dwsim's own repository no package
//! depends on the facade (it *is* one of them), so the SQL tests are all that runs there and nothing recurses.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use cargo_metadata::{MetadataCommand, TargetKind};
use dwsim_runtime::endpoints::{ENDPOINTS_VAR, SQL_TESTS_VAR};
use dwsim_runtime::{Endpoints, Project};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// The test targets to run: pairs of package and target.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RustTests {
    targets: Vec<(String, String)>,
}

/// What to pass on to the runner.
#[derive(Debug, Clone, Default)]
pub struct RunnerArgs {
    /// Substrings of test names; any may match.
    pub filters: Vec<String>,
    /// `hash:1/3`.
    pub partition: Option<String>,
    /// What stands after `--`.
    pub rest: Vec<String>,
}

impl RustTests {
    /// Looks at the Cargo project in `root`; none there means no tests.
    pub fn find(root: &Path) -> Result<Self> {
        if !root.join("Cargo.toml").is_file() {
            return Ok(RustTests::default());
        }
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .map_err(|e| Error::Value {
                message: format!("cargo metadata failed: {e}"),
                help: Some("`--no-rust` runs the SQL tests alone".into()),
            })?;
        let mut targets = Vec::new();
        for package in metadata.workspace_packages() {
            if !package.dependencies.iter().any(|d| d.name == "dwsim") {
                continue;
            }
            for target in &package.targets {
                if target.kind.contains(&TargetKind::Test) && target.test {
                    targets.push((package.name.to_string(), target.name.clone()));
                }
            }
        }
        targets.sort();
        Ok(RustTests { targets })
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Runs them with nextest where it is installed, else with cargo test, against `endpoints`.
    /// Returns the runner's exit code.
    pub async fn run(
        &self,
        project: &Project,
        endpoints: &Endpoints,
        args: &RunnerArgs,
        cancel: &CancellationToken,
    ) -> Result<i32> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(&cargo);
        let nextest = has_nextest(&cargo).await;
        command.args(if nextest {
            &["nextest", "run"][..]
        } else {
            &["test"]
        });
        let (mut packages, mut names): (Vec<_>, Vec<_>) = self.targets.iter().cloned().unzip();
        for list in [&mut packages, &mut names] {
            list.sort();
            list.dedup();
        }
        for package in packages {
            command.args(["--package", &package]);
        }
        for name in names {
            command.args(["--test", &name]);
        }
        if nextest {
            command.args(["--no-tests", "fail"]);
            if let Some(partition) = &args.partition {
                command.args(["--partition", partition]);
            }
            command.args(&args.filters).args(&args.rest);
        } else {
            if args.partition.is_some() {
                return Err(Error::Usage {
                    message: "--partition needs cargo-nextest for the project's Rust tests".into(),
                    help: Some(
                        "install cargo-nextest, or leave the Rust tests out with --no-rust".into(),
                    ),
                });
            }
            // `cargo test` takes one filter of its own; the harness takes any number after `--`.
            command.arg("--").args(&args.filters).args(&args.rest);
        }
        let failed = |source| Error::Runner {
            program: "cargo".into(),
            source,
        };
        let endpoints =
            serde_json::to_string(endpoints).map_err(|e| Error::Internal(e.to_string()))?;
        let mut child = command
            .current_dir(&project.root)
            .env(ENDPOINTS_VAR, endpoints)
            // They have just been run, by this process.
            .env(SQL_TESTS_VAR, "done")
            .env("DWSIM_TARGET_DIR", &project.target_dir)
            .stdin(Stdio::null())
            // Their output is progress here: stdout stays what the caller's format promises.
            .stdout(std::io::stderr())
            // A group of its own, so that an interruption reaches the test processes too.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let status = tokio::select! {
            status = child.wait() => status.map_err(failed)?,
            () = cancel.cancelled() => {
                stop_group(&mut child).await;
                return Err(Error::Interrupted);
            }
        };
        // Ended by a signal: the runner has no code of its own.
        Ok(status.code().unwrap_or(crate::exit::TESTS_FAILED))
    }
}

/// Whether `cargo nextest` answers.
async fn has_nextest(cargo: &std::ffi::OsStr) -> bool {
    Command::new(cargo)
        .args(["nextest", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await
        .is_ok_and(|s| s.success())
}

/// Interrupts the runner and all it started, as Ctrl-C in a terminal would; kills what is left after a while.
async fn stop_group(child: &mut Child) {
    let Some(group) = child.id() else { return };
    signal_group(group, "-INT").await;
    if tokio::time::timeout(Duration::from_secs(5), child.wait())
        .await
        .is_err()
    {
        signal_group(group, "-KILL").await;
        // It is gone or going; its code is of no interest any more.
        let _ = child.wait().await;
    }
}

/// Sends a signal to a process group. A failure means that the group is gone already.
async fn signal_group(group: u32, signal: &str) {
    let mut kill = Command::new("kill");
    kill.args([signal, "--", &format!("-{group}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _ = kill.status().await;
}
