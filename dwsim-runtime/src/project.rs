//! Where a project is: the folder of its dwsim.toml and the target folder that everything temporary lives in.
//! What dwsim.toml says is read by dwsim-schema.

use dwsim_schema::{Config, Inputs};
use std::path::{Path, PathBuf};

/// The environment variable that names the project's dwsim.toml, where it is not found from the package upward. The
/// macros go by it too.
pub const CONFIG_VAR: &str = "DWSIM_CONFIG";

/// The package a running test is of: as cargo says when it runs it, else where it was compiled. A target directory that
/// serves several checkouts is compiled in one of them only.
pub(crate) fn checkout(compiled: &str) -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| compiled.into(), PathBuf::from)
}

/// The folders of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The folder of dwsim.toml; sources of snapshots are relative to it.
    pub root: PathBuf,
    /// Cargo's target folder; dwsim's part of it is [`Project::state_dir`].
    pub target_dir: PathBuf,
    /// Folder of the SQL tests relative to the root, with `/`: `test.dir` of dwsim.toml, `tests/sql` without it.
    pub test_dir: String,
}

/// Where SQL tests are when dwsim.toml does not say it.
const TEST_DIR: &str = "tests/sql";

/// No dwsim.toml from here upward.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no dwsim.toml in {} or above; `cargo dwsim init` writes one", start.display())]
pub struct NoProject {
    /// Where the search began.
    pub start: PathBuf,
}

impl Project {
    /// The project that `start` lies in: the file that `DWSIM_CONFIG` names, else the nearest dwsim.toml from there upward. The target folder is
    /// `DWSIM_TARGET_DIR`, else `CARGO_TARGET_DIR`, else the one that the running executable lies in, else `target`
    /// beside the Cargo.lock.
    ///
    /// # Errors
    /// When there is no dwsim.toml.
    pub fn find(start: &Path) -> Result<Self, NoProject> {
        if let Some(file) = std::env::var_os(CONFIG_VAR).filter(|file| !file.is_empty()) {
            let file = start.join(file);
            let root = file.parent().filter(|_| file.is_file()).ok_or(NoProject {
                start: file.clone(),
            })?;
            return Ok(Project::at(root, target_dir(root)));
        }
        let root = start
            .ancestors()
            .find(|folder| folder.join("dwsim.toml").is_file());
        let root = root.ok_or_else(|| NoProject {
            start: start.to_path_buf(),
        })?;
        Ok(Project::at(root, target_dir(root)))
    }

    /// The project in this folder, as if dwsim.toml said nothing else.
    #[must_use]
    pub fn at(root: &Path, target_dir: PathBuf) -> Self {
        Project {
            root: root.to_path_buf(),
            target_dir,
            test_dir: TEST_DIR.to_string(),
        }
    }

    /// The same project with what its configuration says about where things are and how answers are compared, which
    /// from now on holds for this process.
    #[must_use]
    pub fn configured(mut self, config: &Config) -> Self {
        self.test_dir.clone_from(&config.test.dir);
        crate::snapshot::set_rules((&config.test).into());
        self
    }

    /// The project of the running test: from `CARGO_MANIFEST_DIR`, or from the working directory without Cargo.
    ///
    /// # Errors
    /// When there is no dwsim.toml.
    pub fn current() -> Result<Self, NoProject> {
        let start = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let start = start
            .or_else(|| std::env::current_dir().ok())
            .unwrap_or_else(|| PathBuf::from("."));
        Project::find(&start)
    }

    /// What dwsim.toml says, with the environment on top; no profile and no `.env.local`.
    ///
    /// # Errors
    /// When it cannot be read, or is wrong.
    pub fn settings(&self) -> crate::Result<Config> {
        let path = self.root.join("dwsim.toml");
        let text = std::fs::read_to_string(&path)
            .map_err(|e| crate::Error::Setup(format!("{}: {e}", path.display())))?;
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("DWSIM_") && name.contains("__"))
            .collect();
        let inputs = Inputs {
            file: Some(("dwsim.toml".to_string(), text)),
            env,
            ..Inputs::default()
        };
        Config::load(&inputs).map_err(|e| crate::Error::Setup(e.to_string()))
    }

    /// `target/dwsim`: pending snapshots, the record of the running instance, its lock.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.target_dir.join("dwsim")
    }

    /// Where SQL-file tests live: `test.dir`, `tests/sql` without it.
    #[must_use]
    pub fn sql_dir(&self) -> PathBuf {
        self.root.join(&self.test_dir)
    }

    /// The name of the SQL test that a snapshot is of: `tests/sql/a/b.snap` -> `a/b`. Nothing for one that lies elsewhere.
    #[must_use]
    pub fn sql_test_of<'a>(&self, snapshot: &'a str) -> Option<&'a str> {
        snapshot
            .strip_prefix(&self.test_dir)?
            .strip_prefix('/')?
            .strip_suffix(".snap")
    }

    /// A path below the root as snapshots write it: relative, with `/`. A path elsewhere comes back whole.
    #[must_use]
    pub fn relative(&self, path: &Path) -> String {
        let inner = path.strip_prefix(&self.root).unwrap_or(path);
        inner.to_string_lossy().replace('\\', "/")
    }
}

fn target_dir(root: &Path) -> PathBuf {
    for name in ["DWSIM_TARGET_DIR", "CARGO_TARGET_DIR"] {
        if let Some(folder) = std::env::var_os(name).filter(|folder| !folder.is_empty()) {
            return root.join(folder);
        }
    }
    // test binaries lie in target/<profile>/deps; Cargo marks the target folder as a cache
    if let Ok(exe) = std::env::current_exe()
        && let Some(folder) = exe
            .ancestors()
            .skip(1)
            .take(4)
            .find(|folder| folder.join("CACHEDIR.TAG").is_file())
    {
        return folder.to_path_buf();
    }
    let workspace = root
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .unwrap_or(root);
    workspace.join("target")
}
