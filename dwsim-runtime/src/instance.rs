//! Finding and starting the emulators: the environment, then a running instance of this checkout, then a new one.
//! Starting is done by `cargo dwsim up`, which loads the template too; this module keeps the record both go by.

use crate::endpoints::{ENDPOINTS_VAR, Endpoints, TemplateInfo};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::snapshot::{set_rules, short_hash, write_atomically};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The environment variable that names the `cargo-dwsim` executable to start, where it is not on the PATH.
pub const BINARY_VAR: &str = "DWSIM_BIN";

/// How long a server may take to be ready, and how long to wait for another process that is starting one.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The record of a running instance: `target/dwsim/instance.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Process id of the server.
    pub pid: u32,
    /// When it was started, in seconds since 1970.
    pub started: u64,
    /// The kernel's own start time of the process (Linux), which tells it from a later process with the same id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_ticks: Option<u64>,
    /// Version of the `cargo-dwsim` that runs it.
    pub version: String,
    /// The executable that runs it, as it was when it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
    /// The arguments of `serve` that decide how it answers: shuffling, clock, random functions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behaviour: Vec<String>,
    /// Where it listens. The `template` of tests is the last of [`Instance::templates`].
    pub endpoints: Endpoints,
    /// The templates loaded into it, newest last.
    #[serde(default)]
    pub templates: Vec<TemplateInfo>,
    /// [`config_hash`] of the dwsim.toml that the newest template was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
}

/// An executable file: which one, and which build of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was written, in nanoseconds since 1970.
    pub modified: u128,
}

impl Program {
    /// The file as it is now; nothing where it cannot be looked at.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let data = std::fs::metadata(path).ok()?;
        let modified = data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Program {
            path: path.to_path_buf(),
            bytes: data.len(),
            modified: modified.as_nanos(),
        })
    }

    /// Is the file still this build?
    #[must_use]
    pub fn is_current(&self) -> bool {
        Program::of(&self.path).as_ref() == Some(self)
    }
}

/// Do two versions speak the same protocol between tests and instance? Until 1.0 a minor version may change it.
#[must_use]
pub fn is_compatible(a: &str, b: &str) -> bool {
    let key = |version: &str| {
        let mut parts = version.splitn(3, '.').map(str::to_owned);
        let (major, minor) = (parts.next(), parts.next());
        if major.as_deref() == Some("0") {
            (major, minor)
        } else {
            (major, None)
        }
    };
    key(a) == key(b)
}

impl Instance {
    /// The record of a process that has just reported these endpoints.
    #[must_use]
    pub fn new(pid: u32, endpoints: Endpoints) -> Self {
        let started = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let version = env!("CARGO_PKG_VERSION").to_string();
        Instance {
            pid,
            started,
            start_ticks: start_ticks(pid),
            version,
            program: None,
            behaviour: Vec::new(),
            endpoints,
            templates: Vec::new(),
            config: None,
        }
    }

    /// Is it run by a version that this one understands, from an executable that has not been built anew since?
    #[must_use]
    pub fn is_current(&self) -> bool {
        is_compatible(&self.version, env!("CARGO_PKG_VERSION"))
            && self.program.as_ref().is_none_or(Program::is_current)
    }

    /// Is the recorded process still there, and does it listen?
    #[must_use]
    pub fn is_alive(&self) -> bool {
        if let Some(ticks) = self.start_ticks
            && start_ticks(self.pid) != Some(ticks)
        {
            return false;
        }
        let all = [
            &self.endpoints.redshift,
            &self.endpoints.snowflake,
            &self.endpoints.s3,
        ];
        all.iter().all(|endpoint| {
            let Ok(mut addresses) = (endpoint.host.as_str(), endpoint.port).to_socket_addrs()
            else {
                return false;
            };
            addresses.any(|address| {
                TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
            })
        })
    }

    /// The endpoints with the newest template, as tests take them.
    #[must_use]
    pub fn ready_endpoints(&self) -> Endpoints {
        Endpoints {
            template: self.templates.last().cloned(),
            ..self.endpoints.clone()
        }
    }

    /// Asks the process to end and waits until it has.
    ///
    /// # Errors
    /// When it cannot be asked, or is still there after ten seconds.
    pub fn stop(&self) -> Result<()> {
        let pid = self.pid.to_string();
        let (program, arguments) = if cfg!(windows) {
            ("taskkill", vec!["/PID", pid.as_str(), "/F"])
        } else {
            ("kill", vec!["-TERM", pid.as_str()])
        };
        let asked = Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !asked.is_ok_and(|status| status.success()) && self.is_alive() {
            return Err(Error::Setup(format!(
                "process {pid} could not be asked to end"
            )));
        }
        let begin = Instant::now();
        while self.is_alive() {
            if begin.elapsed() > Duration::from_secs(10) {
                return Err(Error::Setup(format!(
                    "process {pid} has not ended within 10 s"
                )));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

/// Field 22 of /proc/PID/stat; nothing where there is no such file.
fn start_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the second field is the name in brackets, which may hold blanks
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

/// Where the record lies.
#[must_use]
pub fn state_path(project: &Project) -> PathBuf {
    project.state_dir().join("instance.json")
}

/// Eight digits of the hash of dwsim.toml's text; nothing without one.
#[must_use]
pub fn config_hash(project: &Project) -> Option<String> {
    let text = std::fs::read_to_string(project.root.join("dwsim.toml")).ok()?;
    Some(short_hash(&[&text]))
}

/// The running instance of this checkout. A record of a process that is gone counts as none.
///
/// # Errors
/// When there is a record that cannot be read.
pub fn find(project: &Project) -> Result<Option<Instance>> {
    let path = state_path(project);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::Setup(format!("{}: {e}", path.display()))),
    };
    let instance: Instance = serde_json::from_str(&text).map_err(|e| {
        Error::Setup(format!(
            "{}: {e}; remove it, or run `cargo dwsim clean`",
            path.display()
        ))
    })?;
    Ok(Some(instance).filter(Instance::is_alive))
}

/// Writes the record, by atomic rename.
///
/// # Errors
/// When it cannot be written.
pub fn record(project: &Project, instance: &Instance) -> Result<()> {
    let text = serde_json::to_string_pretty(instance).map_err(|e| Error::Setup(e.to_string()))?;
    write_atomically(&state_path(project), &text).map_err(|e| Error::Setup(e.to_string()))
}

/// Removes the record.
///
/// # Errors
/// When it is there and cannot be removed.
pub fn forget(project: &Project) -> Result<()> {
    let path = state_path(project);
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Setup(format!("{}: {e}", path.display())))
        }
        _ => Ok(()),
    }
}

/// The right to start or stop this checkout's instance, held until it is dropped (or its process ends).
#[derive(Debug)]
pub struct StartLock {
    _file: File,
}

/// Takes the lock; waits for another process that holds it.
///
/// # Errors
/// When the lock file cannot be made, or is held for more than a minute.
pub fn lock(project: &Project) -> Result<StartLock> {
    let path = project.state_dir().join("instance.lock");
    let wrong = |e: std::io::Error| Error::Setup(format!("{}: {e}", path.display()));
    std::fs::create_dir_all(project.state_dir()).map_err(wrong)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(wrong)?;
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(StartLock { _file: file }),
            Err(TryLockError::WouldBlock) if begin.elapsed() < START_LIMIT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                let limit = START_LIMIT.as_secs();
                return Err(Error::Setup(format!(
                    "{} has been held for {limit} s by another process",
                    path.display()
                )));
            }
            Err(TryLockError::Error(e)) => return Err(wrong(e)),
        }
    }
}

/// Starts `cargo-dwsim dwsim serve …` in the background: no terminal, no inherited handles, a process group of its
/// own, so that neither Ctrl-C nor a test runner's clean-up reaches it. Returns when it has printed its endpoints.
/// The caller holds the [`lock`] and writes the record.
///
/// # Errors
/// When it cannot be started, ends, or is not ready in time; its log is in the message.
pub fn spawn(project: &Project, mut serve: Command) -> Result<Instance> {
    let folder = project.state_dir();
    let wrong = |e: std::io::Error| Error::Setup(format!("the emulators cannot be started: {e}"));
    std::fs::create_dir_all(&folder).map_err(wrong)?;
    // files and not pipes: nothing breaks when this process ends
    let (ready, log) = (folder.join("instance.out"), folder.join("instance.log"));
    let stdout = File::create(&ready).map_err(wrong)?;
    let stderr = File::create(&log).map_err(wrong)?;
    serve
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .current_dir(&project.root);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut serve, 0);
    let mut child = serve.spawn().map_err(wrong)?;
    let begin = Instant::now();
    let failed = |what: String| {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        Error::Setup(format!("the emulators {what}\n{}", log.trim_end()))
    };
    loop {
        let text = std::fs::read_to_string(&ready).map_err(wrong)?;
        if let Some((line, _)) = text.split_once('\n') {
            let endpoints: Endpoints = serde_json::from_str(line)
                .map_err(|e| failed(format!("printed `{line}`, which are no endpoints: {e}")))?;
            return Ok(Instance::new(child.id(), endpoints));
        }
        if let Some(status) = child.try_wait().map_err(wrong)? {
            return Err(failed(format!(
                "ended with {status} before they were ready"
            )));
        }
        if begin.elapsed() > START_LIMIT {
            let _ = child.kill();
            return Err(failed(format!(
                "were not ready within {} s",
                START_LIMIT.as_secs()
            )));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The endpoints for the tests of this process: from `DWSIM_ENDPOINTS`, else the running instance of this checkout if
/// its template fits dwsim.toml, else one that `cargo dwsim up` starts or brings up to date. Asked once per process.
///
/// # Errors
/// When there is nothing to connect to, with what to do about it.
pub fn endpoints(project: &Project) -> Result<&'static Endpoints> {
    static FOUND: OnceLock<Result<Endpoints, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let found = look_for(project).map_err(|e| e.to_string())?;
        if let Some(settings) = &found.settings {
            set_rules(settings.rules);
        }
        Ok(found)
    });
    found
        .as_ref()
        .map_err(|message| Error::Setup(message.clone()))
}

fn look_for(project: &Project) -> Result<Endpoints> {
    if let Some(text) = std::env::var_os(ENDPOINTS_VAR).filter(|text| !text.is_empty()) {
        let text = text.to_string_lossy();
        let endpoints: Endpoints = serde_json::from_str(&text).map_err(|e| {
            Error::Setup(format!(
                "{ENDPOINTS_VAR} is not what `cargo dwsim serve` prints: {e}"
            ))
        })?;
        let ours = env!("CARGO_PKG_VERSION");
        return match &endpoints.version {
            Some(theirs) if !is_compatible(theirs, ours) => Err(Error::Setup(format!(
                "the emulators are of dwsim {theirs}, and this test was built with the dwsim crate {ours}; \
                 bring them together with `cargo install cargo-dwsim@{ours}` or `cargo update -p dwsim`"
            ))),
            _ => Ok(endpoints),
        };
    }
    // an instance of another version may speak otherwise; `up` replaces it
    let fits = |instance: &Instance| {
        !instance.templates.is_empty()
            && instance.config == config_hash(project)
            && instance.is_current()
    };
    if let Some(instance) = find(project)?.filter(fits) {
        return Ok(instance.ready_endpoints());
    }
    let program = binary(project)?;
    let output = Command::new(&program)
        .args(["dwsim", "up"])
        .current_dir(&project.root)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| Error::Setup(format!("{} cannot be started: {e}", program.display())))?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Setup(format!(
            "`cargo dwsim up` failed with {}\n{}",
            output.status,
            log.trim_end()
        )));
    }
    match find(project)?.filter(|instance| !instance.templates.is_empty()) {
        Some(instance) if !is_compatible(&instance.version, env!("CARGO_PKG_VERSION")) => {
            let (theirs, ours) = (&instance.version, env!("CARGO_PKG_VERSION"));
            Err(Error::Setup(format!(
                "{} is dwsim {theirs}, and this test was built with the dwsim crate {ours}; \
                 bring them together with `cargo install cargo-dwsim@{ours}` or `cargo update -p dwsim`",
                program.display()
            )))
        }
        Some(instance) => Ok(instance.ready_endpoints()),
        None => Err(Error::Setup(
            "`cargo dwsim up` has left no running instance with data".to_string(),
        )),
    }
}

/// The executable: `DWSIM_BIN`, else from the PATH, else the one built in this workspace.
fn binary(project: &Project) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(BINARY_VAR).filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    let name = format!("cargo-dwsim{}", std::env::consts::EXE_SUFFIX);
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let built = ["release", "debug"].map(|profile| project.target_dir.join(profile));
    // an executable built from this checkout is closer to its tests than an installed one
    let own = project.root.join("cargo-dwsim").is_dir();
    let folders: Vec<PathBuf> = if own {
        built
            .into_iter()
            .chain(std::env::split_paths(&on_path))
            .collect()
    } else {
        std::env::split_paths(&on_path).collect()
    };
    folders.iter().map(|folder| folder.join(&name)).find(|path| path.is_file()).ok_or_else(|| {
        Error::Setup(
            "no emulators are running and `cargo-dwsim` is not installed; run the tests with `cargo dwsim test`, \
             or install it with `cargo install cargo-dwsim`"
                .to_string(),
        )
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Endpoint;
    use std::net::TcpListener;

    #[test]
    fn a_record_counts_while_its_process_listens() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::at(folder.path(), folder.path().join("target"));
        assert_eq!(find(&project).unwrap(), None);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let endpoint = Endpoint {
            host: "127.0.0.1".into(),
            port,
            url: String::new(),
        };
        let endpoints = Endpoints {
            redshift: endpoint.clone(),
            snowflake: endpoint.clone(),
            s3: endpoint,
            redshift_data: None,
            redshift_authority: None,
            tls: None,
            template: None,
            isolation: crate::Isolation::default(),
            settings: None,
            control: None,
            version: None,
        };
        let instance = Instance::new(std::process::id(), endpoints);
        record(&project, &instance).unwrap();
        assert_eq!(find(&project).unwrap(), Some(instance.clone()));
        if instance.start_ticks.is_some() {
            record(
                &project,
                &Instance {
                    start_ticks: Some(1),
                    ..instance.clone()
                },
            )
            .unwrap();
            assert_eq!(find(&project).unwrap(), None);
        }
        record(&project, &instance).unwrap();
        drop(listener);
        assert_eq!(find(&project).unwrap(), None);
        std::fs::write(state_path(&project), "{").unwrap();
        assert!(
            find(&project)
                .unwrap_err()
                .to_string()
                .contains("instance.json")
        );
        forget(&project).unwrap();
        forget(&project).unwrap();
    }

    #[test]
    fn versions_and_programs_are_told_apart() {
        for (a, b, fits) in [
            ("0.1.0", "0.1.7", true),
            ("0.1.0", "0.2.0", false),
            ("1.2.0", "1.9.1", true),
            ("1.0.0", "2.0.0", false),
        ] {
            assert_eq!(is_compatible(a, b), fits, "{a} {b}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        std::fs::write(&path, "one").unwrap();
        let program = Program::of(&path).unwrap();
        assert!(program.is_current());
        std::fs::write(&path, "another").unwrap();
        assert!(!program.is_current());
        std::fs::remove_file(&path).unwrap();
        assert!(!program.is_current());
    }

    #[test]
    fn a_server_that_does_not_start_shows_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::at(folder.path(), folder.path().join("target"));
        let _lock = lock(&project).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo port in use >&2; exit 32"]);
        let error = spawn(&project, command).unwrap_err().to_string();
        assert!(
            error.contains("port in use") && error.contains("32"),
            "{error}"
        );
    }
}
