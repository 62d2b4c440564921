//! The project's own Rust tests inside `cargo dwsim test`: which targets they are and how they are run.
//!
//! Only integration tests of packages that name `dwsim` among their dependencies are run, because only those
//! can link it; a workspace's other tests are `cargo test`'s business. In dwsim's own repository no package
//! depends on the facade (it *is* one of them), so the SQL tests are all that runs there and nothing recurses.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use cargo_metadata::{Message, MetadataCommand, TargetKind};
use dwsim_runtime::endpoints::{ENDPOINTS_VAR, SQL_TESTS_VAR};
use dwsim_runtime::{Dialect, Endpoints, Project};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::report::{Outcome, TestReport};
use crate::rust_output::{TestText, json_line};

/// The test targets to run: pairs of package and target.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RustTests {
    targets: Vec<(String, String)>,
}

/// What to pass on to the runner.
#[derive(Debug, Clone, Default)]
pub struct RunnerArgs {
    /// The targets have been built just now.
    pub built: bool,
    /// Substrings of test names; any may match.
    pub filters: Vec<String>,
    /// `hash:1/3`.
    pub partition: Option<String>,
    /// What stands after `--`.
    pub rest: Vec<String>,
    /// Only tests of these dialects, by the last part of their name.
    pub dialects: Vec<Dialect>,
}

impl RunnerArgs {
    /// `--skip ::snowflake` for each dialect that is not wanted, as the harness takes it.
    fn skips(&self) -> Vec<String> {
        let unwanted = Dialect::ALL.iter().filter(|d| !self.dialects.contains(d));
        unwanted
            .flat_map(|d| ["--skip".to_owned(), format!("::{d}")])
            .collect()
    }
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

    /// Pairs of package and target.
    pub fn targets(&self) -> &[(String, String)] {
        &self.targets
    }

    /// The number of test targets.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Leaves only the targets that a predicate holds for: package and target.
    pub fn retain(&mut self, mut wanted: impl FnMut(&str, &str) -> bool) {
        self.targets
            .retain(|(package, target)| wanted(package, target));
    }

    /// Builds them, with cargo's own words on stderr; the executable of each.
    pub async fn build(
        &self,
        project: &Project,
        cancel: &CancellationToken,
    ) -> Result<BTreeMap<(String, String), PathBuf>> {
        let mut command = Command::new(cargo());
        command.args([
            "test",
            "--no-run",
            "--message-format",
            "json-render-diagnostics",
        ]);
        self.select(&mut command);
        let mut child = spawn(command, project, Stdio::inherit())?;
        let mut executables = BTreeMap::new();
        let code = lines(&mut child, cancel, |line| {
            let Ok(Message::CompilerArtifact(artifact)) = serde_json::from_str::<Message>(line)
            else {
                return Ok(());
            };
            let target = self
                .targets
                .iter()
                .find(|(_, target)| *target == artifact.target.name);
            if let (Some(target), Some(path)) = (target, artifact.executable)
                && artifact.target.kind.contains(&TargetKind::Test)
            {
                executables.insert(target.clone(), path.into_std_path_buf());
            }
            Ok(())
        })
        .await?;
        if code != crate::exit::OK {
            return Err(Error::Build { code });
        }
        Ok(executables)
    }

    /// Runs them with nextest where it is installed, else with cargo test, against `endpoints`. Each test that is over
    /// goes to `over`. Returns the runner's exit code and all reports.
    pub async fn run(
        &self,
        project: &Project,
        endpoints: &Endpoints,
        args: &RunnerArgs,
        cancel: &CancellationToken,
        mut over: impl FnMut(&TestReport) -> Result<()>,
    ) -> Result<(i32, Vec<TestReport>)> {
        let cargo = cargo();
        let nextest = has_nextest(&cargo).await;
        if !nextest && args.partition.is_some() {
            return Err(Error::Usage {
                message: "--partition needs cargo-nextest for the project's Rust tests".into(),
                help: Some(
                    "install cargo-nextest, or leave the Rust tests out with --no-rust".into(),
                ),
            });
        }
        if !args.built {
            self.build(project, cancel).await?;
        }
        let mut reports = Vec::new();
        let mut add = |report: TestReport, reports: &mut Vec<TestReport>| -> Result<()> {
            over(&report)?;
            reports.push(report);
            Ok(())
        };
        let endpoints =
            serde_json::to_string(endpoints).map_err(|e| Error::Internal(e.to_string()))?;
        if nextest {
            let mut command = Command::new(&cargo);
            command.args(["nextest", "run", "--no-fail-fast", "--no-tests", "pass"]);
            command.args(["--message-format", "libtest-json", "--cargo-quiet"]);
            self.select(&mut command);
            if let Some(partition) = &args.partition {
                command.args(["--partition", partition]);
            }
            command.args(&args.filters).args(&args.rest);
            let skips = args.skips();
            if !skips.is_empty() && !args.rest.iter().any(|arg| arg == "--") {
                command.arg("--");
            }
            command.args(skips);
            command
                .env(ENDPOINTS_VAR, &endpoints)
                .env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1");
            let log = tempfile::tempfile().map_err(Error::io("a temporary file"))?;
            let copy = log.try_clone().map_err(Error::io("a temporary file"))?;
            let mut child = spawn(command, project, Stdio::from(copy))?;
            let code = lines(&mut child, cancel, |line| match json_line(line) {
                Some(report) => add(report, &mut reports),
                None => Ok(()),
            })
            .await?;
            explain_silence(code, &reports, log)?;
            return Ok((code, reports));
        }
        let mut code = crate::exit::OK;
        for (package, target) in &self.targets {
            let mut command = Command::new(&cargo);
            command.args(["test", "--package", package, "--test", target]);
            // `cargo test` takes one filter of its own; the harness takes any number after `--`.
            command.arg("--").args(&args.filters).args(&args.rest);
            command.args(args.skips());
            command.env(ENDPOINTS_VAR, &endpoints);
            let log = tempfile::tempfile().map_err(Error::io("a temporary file"))?;
            let copy = log.try_clone().map_err(Error::io("a temporary file"))?;
            let mut child = spawn(command, project, Stdio::from(copy))?;
            let mut text = TestText::new(target);
            let from = reports.len();
            let one = lines(&mut child, cancel, |line| match text.line(line) {
                Some(report) => add(report, &mut reports),
                None => Ok(()),
            })
            .await?;
            for report in text.finish() {
                add(report, &mut reports)?;
            }
            explain_silence(one, &reports[from..], log)?;
            if one != crate::exit::OK {
                code = one;
            }
        }
        Ok((code, reports))
    }

    fn select(&self, command: &mut Command) {
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
    }
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Starts a runner in a group of its own, so that an interruption reaches the test processes too. Its stdout is read by
/// [`lines`].
fn spawn(mut command: Command, project: &Project, stderr: Stdio) -> Result<Child> {
    command
        .current_dir(&project.root)
        // They have just been run, by this process.
        .env(SQL_TESTS_VAR, "done")
        .env("DWSIM_TARGET_DIR", &project.target_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .process_group(0)
        .spawn()
        .map_err(|cause| Error::Runner {
            program: "cargo".into(),
            cause,
        })
}

/// Gives every line of a runner's stdout to `each`, waits for its end, and returns its code.
async fn lines(
    child: &mut Child,
    cancel: &CancellationToken,
    mut each: impl FnMut(&str) -> Result<()>,
) -> Result<i32> {
    let failed = |cause| Error::Runner {
        program: "cargo".into(),
        cause,
    };
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| Error::Internal("the runner has no stdout".into()))?;
    let mut reader = BufReader::new(stdout).lines();
    loop {
        let next = tokio::select! {
            next = reader.next_line() => next,
            () = cancel.cancelled() => {
                stop_group(child).await;
                return Err(Error::Interrupted);
            }
        };
        match next {
            Ok(Some(line)) => each(&line)?,
            Ok(None) => break,
            // a test printed something that is no text
            Err(e) if e.kind() == std::io::ErrorKind::InvalidData => {}
            Err(e) => return Err(failed(e)),
        }
    }
    let status = tokio::select! {
        status = child.wait() => status.map_err(failed)?,
        () = cancel.cancelled() => {
            stop_group(child).await;
            return Err(Error::Interrupted);
        }
    };
    // Ended by a signal: the runner has no code of its own.
    Ok(status.code().unwrap_or(crate::exit::TESTS_FAILED))
}

/// A runner that fails without a failed test has said why on stderr.
fn explain_silence(code: i32, reports: &[TestReport], mut log: std::fs::File) -> Result<()> {
    let good = |o: &Outcome| matches!(o, Outcome::Passed | Outcome::Skipped { .. });
    let told = reports.iter().any(|r| !good(&r.outcome));
    if code != crate::exit::OK && !told {
        let mut text = Vec::new();
        log.seek(SeekFrom::Start(0))
            .and_then(|_| log.read_to_end(&mut text))
            .map_err(Error::io("reading the runner's words"))?;
        anstream::eprint!("{}", String::from_utf8_lossy(&text));
    }
    Ok(())
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
