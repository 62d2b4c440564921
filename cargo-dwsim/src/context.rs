//! What every command gets: where it runs, which profile, how to talk. Finds the project that a command
//! works on and reads its configuration; what the files mean is `dwsim-schema`'s part.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use dwsim_runtime::Project;
use dwsim_schema::{Config, Diagnostics, Files, Inputs, Override};

use crate::cli::GlobalArgs;
use crate::error::{Error, Result};
use crate::ui::Ui;

/// The surroundings of one run.
#[derive(Debug)]
pub struct Context {
    directory: PathBuf,
    profile: Option<String>,
    /// stderr.
    pub ui: Ui,
}

impl Context {
    /// From the global options; the directory must exist.
    pub fn new(global: &GlobalArgs) -> Result<Self> {
        let given = global
            .directory
            .clone()
            .unwrap_or_else(|| PathBuf::from("."));
        let directory = given
            .canonicalize()
            .map_err(Error::io(format!("the directory {}", given.display())))?;
        Ok(Context {
            directory,
            profile: global.profile.clone(),
            ui: Ui::new(global),
        })
    }

    /// Where the command runs, absolute.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The project that the command runs in: the nearest dwsim.toml from here upwards.
    pub fn project(&self) -> Result<Project> {
        let root = self
            .directory
            .ancestors()
            .find(|d| d.join("dwsim.toml").is_file());
        let root = root.ok_or_else(|| Error::NoProject {
            dir: self.directory.clone(),
        })?;
        let project = Project::at(root, target_dir(root));
        Ok(match self.config(&project, Vec::new()) {
            Ok(config) => project.configured(&config),
            // a command that needs the configuration says what is wrong with it
            Err(_) => project,
        })
    }

    /// The configuration of a project with the flags of the command line on top.
    pub fn config(&self, project: &Project, flags: Vec<Override>) -> Result<Config> {
        let file = read(project, "dwsim.toml")?;
        Ok(Config::load(&self.inputs(project, file, flags)?)?)
    }

    /// As [`Context::config`], the layers instead of what they come to.
    pub fn layers(&self, project: &Project, flags: Vec<Override>) -> Result<Inputs> {
        let file = read(project, "dwsim.toml")?;
        self.inputs(project, file, flags)
    }

    /// The configuration with another text as dwsim.toml (a staged one), or what is wrong with it.
    pub fn config_of(
        &self,
        project: &Project,
        file: Option<(String, String)>,
    ) -> Result<std::result::Result<Config, Diagnostics>> {
        Ok(Config::load(&self.inputs(project, file, Vec::new())?))
    }

    fn inputs(
        &self,
        project: &Project,
        file: Option<(String, String)>,
        flags: Vec<Override>,
    ) -> Result<Inputs> {
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .filter(|(k, _)| k.starts_with("DWSIM_"))
            .collect();
        Ok(Inputs {
            file,
            profile: self.profile.clone(),
            env_file: read(project, ".env.local")?,
            env,
            overrides: flags,
            files: reference_files(project.root.clone()),
        })
    }
}

/// A file of the project with its name, if it is there.
fn read(project: &Project, name: &str) -> Result<Option<(String, String)>> {
    match std::fs::read_to_string(project.root.join(name)) {
        Ok(text) => Ok(Some((name.to_owned(), text))),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) if e.kind() == ErrorKind::InvalidData => Err(Error::Value {
            message: format!("{name} is not UTF-8"),
            help: None,
        }),
        Err(e) => Err(Error::io(format!("reading {name}"))(e)),
    }
}

/// Most reference rows of a Parquet file; of CSV the schema itself counts them.
const REFERENCE_ROWS: usize = 1_000_001;

/// Reads reference rows beside dwsim.toml: CSV as it is, Parquet as CSV.
pub fn reference_files(root: PathBuf) -> Files {
    Files::new(move |name| {
        let path = root.join(name);
        if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("parquet"))
        {
            return dwsim_generate::parquet_to_csv(&path, REFERENCE_ROWS).map_err(|e| e.message);
        }
        std::fs::read_to_string(&path).map_err(|e| match e.kind() {
            ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
            _ => e.to_string(),
        })
    })
}

/// A flag as a layer of the configuration; nothing where it was not given.
pub fn flag(carrier: &str, path: &str, value: Option<impl ToString>) -> Option<Override> {
    value.map(|value| Override {
        path: path.to_owned(),
        value: value.to_string(),
        carrier: carrier.to_owned(),
    })
}

/// Cargo's target folder for a project: the environment's, else `target` beside the nearest Cargo.lock, else
/// beside dwsim.toml. Not the one that this executable lies in: that is dwsim's own where it runs from source.
fn target_dir(root: &Path) -> PathBuf {
    for name in ["DWSIM_TARGET_DIR", "CARGO_TARGET_DIR"] {
        if let Some(folder) = std::env::var_os(name).filter(|folder| !folder.is_empty()) {
            return root.join(folder);
        }
    }
    let workspace = root
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .unwrap_or(root);
    workspace.join("target")
}
