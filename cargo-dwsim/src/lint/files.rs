//! The files that `check` looks at: those of the working tree, or those of Git's index as they would be committed.
//! What is wrong in them is the other modules' part.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dwsim_runtime::Project;

use crate::error::{Error, Result};

/// A file and its text.
#[derive(Debug, Clone)]
pub struct Source {
    /// Relative to the project, with `/`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What is to be looked at.
#[derive(Debug, Default)]
pub struct Files {
    /// dwsim.toml, if it is there.
    pub config: Option<Source>,
    /// SQL tests to check.
    pub sql: Vec<Source>,
    /// Snapshots to check.
    pub snapshots: Vec<Source>,
    /// The names of all SQL tests of the project, also of those that are not checked now.
    pub all_sql: Vec<String>,
    /// The names of all its snapshots.
    pub all_snapshots: Vec<String>,
    /// Files that are no UTF-8, by name.
    pub unreadable: Vec<String>,
}

const CONFIG: &str = "dwsim.toml";

impl Files {
    /// Everything in the working tree.
    pub fn working_tree(project: &Project) -> Result<Self> {
        let mut files = Files::default();
        let mut paths = Vec::new();
        for folder in [
            project.sql_dir(),
            project.root.join("tests").join("snapshots"),
        ] {
            collect(&folder, &mut paths)?;
        }
        paths.sort();
        let config = project.root.join(CONFIG);
        if config.is_file() {
            let name = CONFIG.to_owned();
            let text = read(&config)?;
            match text {
                Some(text) => files.config = Some(Source { name, text }),
                None => files.unreadable.push(name),
            }
        }
        for path in paths {
            let name = project.relative(&path);
            files.note(&name);
            match read(&path)? {
                Some(text) => files.add(Source { name, text }),
                None => files.unreadable.push(name),
            }
        }
        Ok(files)
    }

    /// dwsim.toml of the working tree; nothing where it is not there or no text.
    pub fn config(project: &Project) -> Result<Option<Source>> {
        let path = project.root.join(CONFIG);
        if !path.is_file() {
            return Ok(None);
        }
        let name = CONFIG.to_owned();
        Ok(read(&path)?.map(|text| Source { name, text }))
    }

    /// What would be committed: staged SQL tests and snapshots, all of them when dwsim.toml is staged.
    pub fn staged(project: &Project) -> Result<Self> {
        let git = Git {
            root: &project.root,
        };
        // names relative to the project's folder, which need not be the repository's
        let tests = [project.test_dir.as_str(), "tests/snapshots"];
        let mut listed = vec!["ls-files", "-z", "--cached", "--", CONFIG];
        listed.extend(tests);
        let tracked = git.names(&listed)?;
        let mut changed = vec![
            "diff",
            "--cached",
            "--name-only",
            "-z",
            "--relative",
            "--diff-filter=ACMRT",
            "--",
            CONFIG,
        ];
        changed.extend(tests);
        let staged = git.names(&changed)?;
        let every = staged.iter().any(|name| name == CONFIG);
        let mut files = Files::default();
        let mut wanted: Vec<&String> = Vec::new();
        for name in &tracked {
            if name == CONFIG {
                continue;
            }
            files.note(name);
            if is_test(name) && (every || staged.contains(name)) {
                wanted.push(name);
            }
        }
        let config = CONFIG.to_owned();
        let has_config = tracked.contains(&config);
        if has_config {
            wanted.insert(0, &config);
        }
        for (name, text) in wanted.iter().zip(git.contents(&wanted)?) {
            match text {
                Some(text) if name.as_str() == CONFIG => {
                    files.config = Some(Source {
                        name: config.clone(),
                        text,
                    });
                }
                Some(text) => files.add(Source {
                    name: (*name).clone(),
                    text,
                }),
                None => files.unreadable.push((*name).clone()),
            }
        }
        Ok(files)
    }

    /// Leaves only the files below one of these paths.
    pub fn only(&mut self, project: &Project, paths: &[PathBuf]) {
        if paths.is_empty() {
            return;
        }
        let wanted: Vec<String> = paths.iter().map(|path| project.relative(path)).collect();
        let inside = |source: &Source| {
            wanted.iter().any(|w| {
                w.is_empty()
                    || *source.name == **w
                    || source
                        .name
                        .starts_with(&format!("{}/", w.trim_end_matches('/')))
            })
        };
        self.sql.retain(inside);
        self.snapshots.retain(inside);
    }

    fn note(&mut self, name: &str) {
        if name.ends_with(".sql") {
            self.all_sql.push(name.to_owned());
        } else if name.ends_with(".snap") {
            self.all_snapshots.push(name.to_owned());
        }
    }

    fn add(&mut self, source: Source) {
        if source.name.ends_with(".sql") {
            self.sql.push(source);
        } else if source.name.ends_with(".snap") {
            self.snapshots.push(source);
        }
    }
}

fn is_test(name: &str) -> bool {
    name.ends_with(".sql") || name.ends_with(".snap")
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let failed = || Error::io(format!("reading {}", folder.display()));
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, paths)?;
        } else if is_test(&path.to_string_lossy()) {
            paths.push(path);
        }
    }
    Ok(())
}

/// The text of a file; nothing where it is not UTF-8.
fn read(path: &Path) -> Result<Option<String>> {
    let bytes = std::fs::read(path).map_err(Error::io(format!("reading {}", path.display())))?;
    Ok(String::from_utf8(bytes).ok())
}

struct Git<'a> {
    root: &'a Path,
}

impl Git<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(self.root);
        command
    }

    /// The answer of a command, divided at its NUL bytes.
    fn names(&self, arguments: &[&str]) -> Result<Vec<String>> {
        let output = self
            .command(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|cause| Error::Runner {
                program: "git".into(),
                cause,
            })?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Err(Error::Usage {
                message: format!("git {}: {}", arguments[0], words.trim()),
                help: Some("--staged works inside a Git repository".into()),
            });
        }
        let names = output.stdout.split(|byte| *byte == 0);
        Ok(names
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect())
    }

    /// The staged texts of these files, by one process.
    fn contents(&self, names: &[&String]) -> Result<Vec<Option<String>>> {
        let failed = |cause| Error::Io {
            what: "reading Git's index".into(),
            cause,
        };
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Internal("git has no pipes".into()));
        };
        // `:./name` is the staged file below the working directory
        let requests: String = names.iter().map(|name| format!(":./{name}\n")).collect();
        let writer = std::thread::spawn(move || input.write_all(requests.as_bytes()));
        let mut output = BufReader::new(output);
        let mut texts = Vec::with_capacity(names.len());
        for name in names {
            let mut head = String::new();
            output.read_line(&mut head).map_err(failed)?;
            let size = head.trim().rsplit(' ').next().and_then(|n| n.parse().ok());
            let Some(size): Option<usize> = size else {
                return Err(Error::Internal(format!(
                    "git does not give {name}: {}",
                    head.trim()
                )));
            };
            let mut bytes = vec![0; size + 1];
            output.read_exact(&mut bytes).map_err(failed)?;
            bytes.pop();
            texts.push(String::from_utf8(bytes).ok());
        }
        // it has answered everything; how it ends is of no interest
        let _ = writer.join();
        let _ = child.wait();
        Ok(texts)
    }
}
