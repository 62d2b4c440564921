//! Pending results: what tests answered that no snapshot expects, until somebody accepts or rejects it.
//! They lie under `target/dwsim/pending/`, one file per snapshot and dialect, and are merged when they are listed.

use super::diff::{AnswerDiff, diff};
use super::inline::{self, InlineSite};
use super::model::{Answer, Snapshot};
use super::parse::{SnapshotError, read};
use crate::Dialect;
use crate::project::Project;
use crate::value::ResultTable;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A pending result could not be written, listed or removed.
#[derive(Debug, thiserror::Error)]
pub enum PendingError {
    /// A file operation failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A pending file or the snapshot it is for is broken.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// An answer is too long to be looked at by anybody.
    #[error(
        "the answer has {rows} rows, a snapshot at most {most}; ask for less, or set test.max_rows in dwsim.toml"
    )]
    TooLong {
        /// Rows of the answer.
        rows: u64,
        /// `test.max_rows`.
        most: u64,
    },
    /// The answer is not what the snapshot expects, and cannot be written down either.
    #[error("{message}; DWSIM_TARGET_DIR names a folder that can be written to")]
    Unkept {
        /// What differs, and what the operating system said.
        message: String,
    },
    /// A server that stands in for the warehouse answers otherwise; its answer is nobody's snapshot.
    #[error("{message}")]
    StandIn {
        /// What differs.
        message: String,
    },
}

/// Pending results as they were at one moment.
#[derive(Debug, Clone, Default)]
pub struct Checkpoint(BTreeMap<PathBuf, Vec<u8>>);

/// A proposal could not be accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The dialects differ and no reason was given.
    #[error(
        "{snapshot}: the warehouses differ; accept it with a reason (`cargo dwsim accept --diverge \"why\"`) or make them agree"
    )]
    NeedsReason {
        /// The snapshot, relative to the project.
        snapshot: String,
    },
    /// A file operation failed, or a file is broken.
    #[error(transparent)]
    Pending(#[from] PendingError),
}

/// What would become of one snapshot if its pending results were accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The snapshot, relative to the project, with `/`: `tests/sql/daily_revenue.snap`.
    pub snapshot: String,
    /// Dialects that have a pending result.
    pub dialects: Vec<Dialect>,
    /// The snapshot as it is; nothing for a new test.
    pub current: Option<Snapshot>,
    /// The snapshot as it would be: the pending results, and what the other dialect has now. The reason for a
    /// divergence is kept as long as there is one.
    pub proposed: Snapshot,
    files: Vec<PathBuf>,
}

impl Proposal {
    /// Per dialect, what changes; for a dialect that the snapshot lacks, against an empty result.
    #[must_use]
    pub fn changes(&self) -> BTreeMap<Dialect, AnswerDiff> {
        let empty = Answer::Rows(ResultTable::default());
        let current = self.current.as_ref().map(|snapshot| &snapshot.answers);
        let changed = self
            .proposed
            .answers
            .iter()
            .filter_map(|(dialect, answer)| {
                let before = current
                    .and_then(|answers| answers.get(dialect))
                    .unwrap_or(&empty);
                Some((*dialect, diff(before, answer, self.proposed.order)?))
            });
        changed.collect()
    }

    /// How Snowflake's proposed answer differs from Redshift's, when that needs a reason. `expected` is Redshift.
    #[must_use]
    pub fn divergence(&self) -> Option<AnswerDiff> {
        if !self.proposed.diverges() {
            return None;
        }
        let answer = |dialect| self.proposed.answers.get(&dialect);
        diff(
            answer(Dialect::Redshift)?,
            answer(Dialect::Snowflake)?,
            self.proposed.order,
        )
    }

    /// Do the dialects differ without a reason?
    #[must_use]
    pub fn needs_reason(&self) -> bool {
        self.proposed.reason.is_none() && self.proposed.diverges()
    }
}

/// The pending results of a project.
#[derive(Debug, Clone)]
pub struct PendingStore {
    project: Project,
    folder: PathBuf,
}

impl PendingStore {
    /// The store of a project; nothing is created before something is pending.
    #[must_use]
    pub fn new(project: &Project) -> Self {
        PendingStore {
            project: project.clone(),
            folder: project.state_dir().join("pending"),
        }
    }

    /// Pending results that lie elsewhere: unpacked from an artifact of CI. Accepting writes into the project.
    #[must_use]
    pub fn at(project: &Project, folder: &Path) -> Self {
        // an artifact may hold the folder itself, or the folders above it
        let inner = ["pending", "dwsim/pending", "target/dwsim/pending"];
        let folder = inner
            .iter()
            .map(|inner| folder.join(inner))
            .find(|inner| inner.is_dir())
            .unwrap_or_else(|| folder.to_path_buf());
        PendingStore {
            project: project.clone(),
            folder,
        }
    }

    /// The file of one snapshot and dialect: `tests/sql/a.snap` -> `…/pending/tests/sql/a.redshift.snap`.
    #[must_use]
    pub fn path(&self, snapshot: &str, dialect: Dialect) -> PathBuf {
        let stem = snapshot.strip_suffix(".snap").unwrap_or(snapshot);
        self.folder.join(format!("{stem}.{dialect}.snap"))
    }

    /// Records what a dialect answered. The file appears whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(
        &self,
        snapshot: &str,
        dialect: Dialect,
        result: &Snapshot,
    ) -> Result<PathBuf, PendingError> {
        let path = self.path(snapshot, dialect);
        write_atomically(&path, &result.to_string())?;
        Ok(path)
    }

    /// Forgets a dialect's pending result, because its test passes now.
    ///
    /// # Errors
    /// When the file is there and cannot be removed.
    pub fn clear(&self, snapshot: &str, dialect: Dialect) -> Result<(), PendingError> {
        remove(&self.path(snapshot, dialect))
    }

    /// What is pending now, for [`PendingStore::restore`].
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn checkpoint(&self) -> Result<Checkpoint, PendingError> {
        let mut held = BTreeMap::new();
        for path in self.files()? {
            match std::fs::read(&path) {
                Ok(bytes) => held.insert(path, bytes),
                // another run has just done with it
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
                Err(source) => return Err(PendingError::Io { path, source }),
            };
        }
        Ok(Checkpoint(held))
    }

    /// Puts the pending results of some snapshots back to what they were: a run that is given up has no result. Those of
    /// other snapshots, which another run may have left since, stay.
    ///
    /// # Errors
    /// When a file cannot be written or removed.
    pub fn restore(
        &self,
        checkpoint: &Checkpoint,
        ours: impl Fn(&str) -> bool,
    ) -> Result<(), PendingError> {
        let is_ours = |path: &Path| {
            self.snapshot_of(path)
                .is_some_and(|(snapshot, _)| ours(&snapshot))
        };
        for path in self.files()? {
            if is_ours(&path) && !checkpoint.0.contains_key(&path) {
                remove(&path)?;
            }
        }
        for (path, bytes) in &checkpoint.0 {
            if is_ours(path) && std::fs::read(path).ok().as_ref() != Some(bytes) {
                write_atomically(path, &String::from_utf8_lossy(bytes))?;
            }
        }
        Ok(())
    }

    /// All proposals, by snapshot; equal pending results of both dialects are one.
    ///
    /// # Errors
    /// When a file cannot be read, or a pending file or its snapshot is broken.
    pub fn list(&self) -> Result<Vec<Proposal>, PendingError> {
        let mut found: BTreeMap<String, BTreeMap<Dialect, PathBuf>> = BTreeMap::new();
        for path in self.files()? {
            if let Some((snapshot, dialect)) = self.snapshot_of(&path) {
                found.entry(snapshot).or_default().insert(dialect, path);
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        // accepting an inline snapshot moves the lines below it, so those of a file come from its end
        found.sort_by_key(|(snapshot, _)| match InlineSite::of(snapshot) {
            Some(site) => (site.file, std::cmp::Reverse(site.line)),
            None => (snapshot.clone(), std::cmp::Reverse(0)),
        });
        found
            .into_iter()
            .map(|(snapshot, files)| self.proposal(snapshot, files))
            .collect()
    }

    /// The proposal for one snapshot (`tests/sql/a.snap`), if something is pending for it.
    ///
    /// # Errors
    /// As [`PendingStore::list`].
    pub fn get(&self, snapshot: &str) -> Result<Option<Proposal>, PendingError> {
        let paths = Dialect::ALL.map(|dialect| (dialect, self.path(snapshot, dialect)));
        let files: BTreeMap<Dialect, PathBuf> = paths
            .into_iter()
            .filter(|(_, path)| path.is_file())
            .collect();
        if files.is_empty() {
            return Ok(None);
        }
        self.proposal(snapshot.to_string(), files).map(Some)
    }

    /// Every pending file.
    fn files(&self) -> Result<Vec<PathBuf>, PendingError> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            let failed = |source| PendingError::Io {
                path: folder.clone(),
                source,
            };
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => return Err(failed(e)),
            };
            for entry in entries {
                let path = entry.map_err(failed)?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if self.snapshot_of(&path).is_some() {
                    files.push(path);
                }
            }
        }
        Ok(files)
    }

    fn snapshot_of(&self, path: &Path) -> Option<(String, Dialect)> {
        let inner = path
            .strip_prefix(&self.folder)
            .ok()?
            .to_str()?
            .replace('\\', "/");
        let (stem, dialect) = inner.strip_suffix(".snap")?.rsplit_once('.')?;
        Some((format!("{stem}.snap"), Dialect::from_name(dialect)?))
    }

    fn proposal(
        &self,
        snapshot: String,
        files: BTreeMap<Dialect, PathBuf>,
    ) -> Result<Proposal, PendingError> {
        let path = self.project.root.join(&snapshot);
        let current = match InlineSite::of(&snapshot) {
            Some(site) => {
                let first = files.values().next().map(|file| read(file)).transpose()?;
                let (source, order) = first.map(|s| (s.source, s.order)).unwrap_or_default();
                inline::read(&self.project.root, &site, &source, order)?
            }
            None if path.exists() => Some(read(&path)?),
            None => None,
        };
        let mut proposed = Snapshot::default();
        if let Some(current) = &current {
            proposed.answers.clone_from(&current.answers);
            proposed.reason.clone_from(&current.reason);
            proposed.confirmed.clone_from(&current.confirmed);
        }
        for (dialect, file) in &files {
            let mut pending = read(file)?;
            proposed.source = pending.source;
            proposed.order = pending.order;
            // what a warehouse has confirmed was this answer, to this statement
            proposed.confirmed.remove(dialect);
            if current
                .as_ref()
                .is_some_and(|c| c.hash.sql != pending.hash.sql)
            {
                proposed.confirmed.clear();
            }
            proposed.hash = pending.hash;
            if let Some(answer) = pending.answers.remove(dialect) {
                proposed.answers.insert(*dialect, answer);
            }
        }
        proposed.normalise();
        if !proposed.diverges() {
            proposed.reason = None;
        }
        let dialects = files.keys().copied().collect();
        Ok(Proposal {
            snapshot,
            dialects,
            current,
            proposed,
            files: files.into_values().collect(),
        })
    }

    /// Writes the proposal into its snapshot and forgets the pending files. A `reason` replaces the one there is.
    ///
    /// # Errors
    /// [`AcceptError::NeedsReason`] when the dialects differ and there is none; or when a file cannot be written.
    pub fn accept(
        &self,
        proposal: &Proposal,
        reason: Option<&str>,
    ) -> Result<PathBuf, AcceptError> {
        let mut snapshot = proposal.proposed.clone();
        if snapshot.diverges() {
            let given = reason
                .map(str::trim)
                .filter(|reason| !reason.is_empty())
                .map(str::to_string);
            snapshot.reason = given.or(snapshot.reason);
            if snapshot.reason.is_none() {
                return Err(AcceptError::NeedsReason {
                    snapshot: proposal.snapshot.clone(),
                });
            }
        }
        if let Some(site) = InlineSite::of(&proposal.snapshot) {
            let (path, text, grown) = inline::replaced(&self.project.root, &site, &snapshot)
                .map_err(PendingError::from)?;
            write_atomically(&path, &text)?;
            self.reject(proposal)?;
            self.shift(&site, grown)?;
            return Ok(path);
        }
        let path = self.project.root.join(&proposal.snapshot);
        write_atomically(&path, &snapshot.to_string())?;
        self.reject(proposal)?;
        Ok(path)
    }

    /// Stamps a snapshot: this day, a live warehouse has given the answer that it holds.
    ///
    /// # Errors
    /// When the snapshot cannot be read or written.
    pub fn confirm(&self, snapshot: &str, dialect: Dialect, day: &str) -> Result<(), PendingError> {
        let path = self.project.root.join(snapshot);
        let mut current = read(&path)?;
        current.confirmed.insert(dialect, day.to_string());
        write_atomically(&path, &current.to_string())
    }

    /// Renames what is pending below a site whose file has become longer by so many lines.
    fn shift(&self, site: &InlineSite, grown: i64) -> Result<(), PendingError> {
        if grown == 0 {
            return Ok(());
        }
        let folder = self.folder.join(&site.file);
        let folder = folder.parent().unwrap_or(&self.folder);
        let io = |source| PendingError::Io {
            path: folder.to_path_buf(),
            source,
        };
        let mut below = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if let Some((snapshot, dialect)) = self.snapshot_of(&path)
                && let Some(other) = InlineSite::of(&snapshot)
                && other.file == site.file
                && other.line > site.line
            {
                below.push((other, dialect, path));
            }
        }
        // into the direction of the move, so that none takes another's name
        below.sort_by_key(|(other, ..)| {
            if grown > 0 {
                -i64::from(other.line)
            } else {
                i64::from(other.line)
            }
        });
        for (mut other, dialect, path) in below {
            other.line = u32::try_from(i64::from(other.line) + grown).unwrap_or(other.line);
            std::fs::rename(&path, self.path(&other.id(), dialect)).map_err(io)?;
        }
        Ok(())
    }

    /// Forgets the pending files of a proposal.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn reject(&self, proposal: &Proposal) -> Result<(), PendingError> {
        proposal.files.iter().try_for_each(|file| remove(file))
    }
}

fn remove(path: &Path) -> Result<(), PendingError> {
    match std::fs::remove_file(path) {
        // a read-only file system refuses before it looks whether the file is there
        Err(source) if path.symlink_metadata().is_ok() => Err(PendingError::Io {
            path: path.to_path_buf(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Writes a file by renaming a finished one, so that a reader never sees half of it.
pub(crate) fn write_atomically(path: &Path, text: &str) -> Result<(), PendingError> {
    let io = |source| PendingError::Io {
        path: path.to_path_buf(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(io)?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let unfinished = folder.join(format!(".{name}.{}", uuid::Uuid::new_v4().simple()));
    let written = std::fs::File::create(&unfinished)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        })
        .and_then(|()| std::fs::rename(&unfinished, path));
    written.map_err(|source| {
        // the message about the failed write matters more than a leftover file
        let _ = std::fs::remove_file(&unfinished);
        io(source)
    })
}
