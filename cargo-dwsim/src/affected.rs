//! `--affected`: which tests can come out otherwise than when they last passed. A test's key is a hash of all that
//! its answer follows from; `target/dwsim/passed.json` keeps the key of each test that has passed.
//!
//! A SQL test depends on its text, its snapshot, the data of the tables that it names (and of the tables those refer
//! to), and dwsim itself. A target of Rust tests depends on its executable, the project's data and its snapshots.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::UNIX_EPOCH;

use dwsim_redshift::SYSTEM_PREFIXES;
use dwsim_runtime::sqltest::Case;
use dwsim_runtime::{Dialect, Project};
use dwsim_schema::{Config, Table};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The keys of the tests that have passed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    tests: BTreeMap<String, String>,
}

/// Decides which tests are affected, and remembers which have passed.
#[derive(Debug)]
pub struct Affected {
    record: Record,
    /// Per table, in lower case, the hash of whatever its data follow from.
    tables: BTreeMap<String, String>,
    everything: String,
    common: String,
}

/// Names in a text that stand for what every table is part of; beside them those of Redshift's system tables.
const SYSTEM: &[&str] = &[
    "information_schema",
    "show",
    "describe",
    "desc",
    "execute",
    "call",
    "identifier",
];

impl Affected {
    /// Reads the record of this checkout; one that cannot be read counts as none, and everything is affected.
    pub fn new(project: &Project, config: &Config) -> Self {
        let record = std::fs::read_to_string(path(project))
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let own: BTreeMap<&str, String> = config
            .schema
            .tables()
            .iter()
            .map(|t| (t.name.as_str(), hash(&[&without_places(&format!("{t:?}"))])))
            .collect();
        let tables = config.schema.tables().iter().map(|table| {
            let mut used = BTreeSet::new();
            ancestors(table, config, &mut used);
            let parts: Vec<&str> = used
                .iter()
                .filter_map(|t| own.get(t.as_str()))
                .map(String::as_str)
                .collect();
            (table.name.to_lowercase(), hash(&parts))
        });
        let tables: BTreeMap<String, String> = tables.collect();
        let everything = hash(&tables.values().map(String::as_str).collect::<Vec<_>>());
        let project = &config.project;
        let settings = format!(
            "{} {} {:?} {} {:?} {:?} {}",
            project.seed,
            project.scale,
            project.clock,
            project.timezone,
            project.random,
            config.test,
            dwsim_generate::GENERATOR_VERSION,
        );
        Affected {
            record,
            tables,
            everything,
            common: hash(&[&settings, &program()]),
        }
    }

    /// The key of a SQL test on its dialect.
    pub fn sql_key(&self, project: &Project, case: &Case<'_>) -> String {
        let text = case.file.text.to_lowercase();
        let words: BTreeSet<&str> = text
            .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
            .collect();
        let system = words.iter().any(|word| {
            SYSTEM.contains(word) || SYSTEM_PREFIXES.iter().any(|p| word.starts_with(p))
        });
        let mut parts = vec![self.common.as_str(), case.dialect.name(), &case.file.text];
        if system {
            parts.push(&self.everything);
        } else {
            let used = self
                .tables
                .iter()
                .filter(|(name, _)| words.contains(name.as_str()));
            parts.extend(used.map(|(_, hash)| hash.as_str()));
        }
        let snapshot = read(&project.root.join(&case.test.snapshot));
        parts.push(&snapshot);
        hash(&parts)
    }

    /// The key of a target of Rust tests.
    pub fn rust_key(&self, project: &Project, executable: &Path) -> String {
        let built = std::fs::metadata(executable).ok().map(|data| {
            let modified = data
                .modified()
                .ok()
                .and_then(|t| t.duration_since(UNIX_EPOCH).ok());
            format!("{} {:?}", data.len(), modified)
        });
        let mut snapshots = String::new();
        let folder = project.root.join("tests").join("snapshots");
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .map(|entries| entries.flatten().map(|e| e.path()).collect())
            .unwrap_or_default();
        names.sort();
        for path in names {
            snapshots += &hash(&[&path.to_string_lossy(), &read(&path)]);
        }
        let built = built.unwrap_or_default();
        hash(&[&self.common, &self.everything, &built, &snapshots])
    }

    /// Has the test of this name passed with this key?
    pub fn has_passed(&self, name: &str, key: &str) -> bool {
        self.record
            .tests
            .get(name)
            .is_some_and(|known| known == key)
    }

    /// Remembers how a test has ended.
    pub fn note(&mut self, name: String, key: String, passed: bool) {
        if passed {
            self.record.tests.insert(name, key);
        } else {
            self.record.tests.remove(&name);
        }
    }

    /// Writes the record, by atomic rename.
    pub fn save(&self, project: &Project) -> Result<()> {
        let path = path(project);
        let failed = || Error::io(format!("writing {}", path.display()));
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(failed())?;
        let file = tempfile::NamedTempFile::new_in(folder).map_err(failed())?;
        serde_json::to_writer(file.as_file(), &self.record)
            .map_err(|e| Error::Internal(e.to_string()))?;
        file.persist(&path).map_err(|e| failed()(e.error))?;
        Ok(())
    }
}

/// What a SQL test is called in the record.
pub fn sql_name(name: &str, dialect: Dialect) -> String {
    format!("{name}::{dialect}")
}

/// What a target of Rust tests is called in the record.
pub fn rust_name(package: &str, target: &str) -> String {
    format!("rust {package}::{target}")
}

fn path(project: &Project) -> std::path::PathBuf {
    project.state_dir().join("passed.json")
}

/// A table and every table whose rows its own refer to.
fn ancestors(table: &Table, config: &Config, used: &mut BTreeSet<String>) {
    if !used.insert(table.name.clone()) {
        return;
    }
    for reference in table.columns.iter().filter_map(|c| c.references.as_ref()) {
        if let Some(parent) = config.schema.table(&reference.table) {
            ancestors(parent, config, used);
        }
    }
}

/// Without the lines and columns where something is written, which a comment above moves.
fn without_places(debug: &str) -> String {
    let mut out = String::with_capacity(debug.len());
    let mut rest = debug;
    while let Some((before, after)) = rest.split_once("Place {") {
        out.push_str(before);
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// This very program: another build may answer otherwise.
fn program() -> String {
    let data = std::env::current_exe().and_then(std::fs::metadata);
    let built = data.map(|d| (d.len(), d.modified().ok()));
    format!("{} {built:?}", env!("CARGO_PKG_VERSION"))
}

/// A file's text; nothing for one that is not there.
fn read(path: &Path) -> String {
    std::fs::read(path).map_or_else(
        |_| String::new(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher
        .finalize()
        .iter()
        .take(16)
        .map(|b| format!("{b:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn keys(toml: &str, sql: &str, snapshot: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::at(folder.path(), folder.path().join("target"));
        let tests = folder.path().join("tests/sql");
        std::fs::create_dir_all(&tests).unwrap();
        std::fs::write(tests.join("a.sql"), sql).unwrap();
        std::fs::write(tests.join("a.snap"), snapshot).unwrap();
        let config = Config::parse("dwsim.toml", toml).unwrap();
        let affected = Affected::new(&project, &config);
        let tests = dwsim_runtime::sqltest::discover(&project).unwrap();
        let case = tests[0].cases(&Dialect::ALL).next().unwrap();
        affected.sql_key(&project, &case)
    }

    const TOML: &str = "[tables.a]\nrows = 1\n[tables.a.columns]\nid = { type = \"serial\", primary_key = true }\n\
                        [tables.b]\nrows = 1\n[tables.b.columns]\na_id = { type = \"foreign_key\", references = \"a.id\" }\n\
                        [tables.c]\nrows = 1\n[tables.c.columns]\nx = { type = \"integer\" }\n";

    #[test]
    fn a_key_has_what_the_answer_follows_from() {
        let key = keys(TOML, "select * from b", "s");
        assert_eq!(
            key,
            keys(&format!("# a comment\n{TOML}"), "select * from b", "s")
        );
        assert_eq!(
            key,
            keys(&TOML.replace("x =", "y ="), "select * from b", "s")
        );
        assert_ne!(key, keys(TOML, "select a_id from b", "s"));
        assert_ne!(key, keys(TOML, "select * from b", "t"));
        // the rows of a parent decide which values its children have
        let more = TOML.replacen("rows = 1", "rows = 2", 1);
        assert_ne!(key, keys(&more, "select * from b", "s"));
        let all = keys(TOML, "select count(*) from information_schema.tables", "s");
        let other = TOML.replace("x =", "y =");
        assert_ne!(
            all,
            keys(
                &other,
                "select count(*) from information_schema.tables",
                "s"
            )
        );
    }
}
