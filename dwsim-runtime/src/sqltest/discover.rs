//! Finds the SQL tests of a project and reads their front matter.
//! Running one is in `run`.

use super::front_matter::FrontMatter;
use crate::script::{ScriptError, statements};
use crate::snapshot::{RowOrder, short_hash};
use crate::{Dialect, Project};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A SQL file of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What its first lines say.
    pub matter: FrontMatter,
}

/// A test: one snapshot, one SQL text per dialect (mostly the same).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlTest {
    /// Path below `tests/sql` without its ending, with `/`: `daily_revenue`, `returns/by_month`.
    pub name: String,
    /// What the snapshot calls its source: `tests/sql/daily_revenue.sql`, or `tests/sql/x.{redshift,snowflake}.sql`.
    pub source: String,
    /// The snapshot, relative to the project: `tests/sql/daily_revenue.snap`.
    pub snapshot: String,
    /// The file of each dialect it is written for.
    pub files: BTreeMap<Dialect, SqlFile>,
    /// Whether the order of rows counts.
    pub order: RowOrder,
    /// Eight digits of the hash of all SQL texts.
    pub hash: String,
}

/// A test on one dialect.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The test.
    pub test: &'a SqlTest,
    /// The dialect.
    pub dialect: Dialect,
    /// Its SQL there.
    pub file: &'a SqlFile,
}

impl Case<'_> {
    /// `daily_revenue::redshift`: what filters match and runners list.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}::{}", self.test.name, self.dialect)
    }

    /// Does it fit one of these filters: a part of its id or of its source? No filter fits everything.
    #[must_use]
    pub fn matches(&self, filters: &[String]) -> bool {
        let id = self.id();
        filters.is_empty()
            || filters
                .iter()
                .any(|filter| id.contains(filter) || self.test.source.contains(filter))
    }

    /// Why it is not run, if it is not.
    #[must_use]
    pub fn skip(&self) -> Option<&str> {
        self.file.matter.skip.get(&self.dialect).map(String::as_str)
    }
}

impl SqlTest {
    /// The test on each dialect that it is for, among these.
    pub fn cases<'a>(&'a self, dialects: &'a [Dialect]) -> impl Iterator<Item = Case<'a>> + 'a {
        let files = self.files.iter().filter(|(dialect, file)| {
            let own = file.matter.dialects.as_ref();
            dialects.contains(dialect) && own.is_none_or(|own| own.contains(dialect))
        });
        files.map(|(dialect, file)| Case {
            test: self,
            dialect: *dialect,
            file,
        })
    }
}

/// A test that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A file or folder could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Something in a file is wrong.
    #[error("{}:{line}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

/// All tests below `tests/sql`, by name. A project without that folder has none. Files and folders whose name begins
/// with a dot are passed over.
///
/// # Errors
/// The first file that cannot be read or whose front matter is wrong.
pub fn discover(project: &Project) -> Result<Vec<SqlTest>, DiscoverError> {
    let root = project.sql_dir();
    let mut files = Vec::new();
    if root.is_dir() {
        collect(&root, &mut files)?;
    }
    let mut tests: BTreeMap<String, BTreeMap<Option<Dialect>, PathBuf>> = BTreeMap::new();
    for path in files {
        let (name, dialect) = name_of(&root, &path);
        tests.entry(name).or_default().insert(dialect, path);
    }
    tests
        .into_iter()
        .map(|(name, files)| read_test(project, name, files))
        .collect()
}

/// One test by its name, reading only its files.
///
/// # Errors
/// As [`discover`].
pub fn find(project: &Project, name: &str) -> Result<Option<SqlTest>, DiscoverError> {
    let root = project.sql_dir();
    let endings = [None, Some(Dialect::Redshift), Some(Dialect::Snowflake)];
    let files: BTreeMap<Option<Dialect>, PathBuf> = endings
        .into_iter()
        .map(|dialect| {
            let ending = dialect.map_or(String::new(), |dialect| format!(".{dialect}"));
            (dialect, root.join(format!("{name}{ending}.sql")))
        })
        .filter(|(_, path)| path.is_file())
        .collect();
    if files.is_empty() {
        Ok(None)
    } else {
        read_test(project, name.to_string(), files).map(Some)
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), DiscoverError> {
    let io = |source| DiscoverError::Io {
        path: folder.to_path_buf(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'))
        {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "sql") {
            files.push(path);
        }
    }
    Ok(())
}

/// `tests/sql/a/b.redshift.sql` -> (`a/b`, Redshift).
fn name_of(root: &Path, path: &Path) -> (String, Option<Dialect>) {
    let inner = path.strip_prefix(root).unwrap_or(path).with_extension("");
    let name = inner.to_string_lossy().replace('\\', "/");
    match name
        .rsplit_once('.')
        .and_then(|(stem, dialect)| Some((stem, Dialect::from_name(dialect)?)))
    {
        Some((stem, dialect)) => (stem.to_string(), Some(dialect)),
        None => (name, None),
    }
}

fn read_test(
    project: &Project,
    name: String,
    paths: BTreeMap<Option<Dialect>, PathBuf>,
) -> Result<SqlTest, DiscoverError> {
    let folder = project.relative(&project.sql_dir());
    let mut files = BTreeMap::new();
    let mut orders = Vec::new();
    let common = paths.get(&None).cloned();
    for (dialect, path) in paths {
        if let (Some(dialect), Some(common)) = (dialect, &common) {
            let message = format!(
                "the test has {} for all dialects and this one for {dialect}; write one file, or one per dialect",
                project.relative(common)
            );
            return Err(DiscoverError::File {
                path,
                line: 1,
                message,
            });
        }
        let text = std::fs::read_to_string(&path).map_err(|source| DiscoverError::Io {
            path: path.clone(),
            source,
        })?;
        let matter = FrontMatter::parse(&text).map_err(|e| DiscoverError::File {
            path: path.clone(),
            line: e.line,
            message: e.message,
        })?;
        if dialect.is_some() && matter.dialects.is_some() {
            let message = "`dialects` is decided by the file's name here".to_string();
            return Err(DiscoverError::File {
                path,
                line: 1,
                message,
            });
        }
        let order = match matter.order {
            Some(order) => order,
            None => order_of(&text, dialect.unwrap_or(Dialect::Redshift)).map_err(|e| {
                DiscoverError::File {
                    path: path.clone(),
                    line: e.line,
                    message: e.message,
                }
            })?,
        };
        orders.push((path.clone(), order));
        let file = SqlFile { path, text, matter };
        match dialect {
            Some(dialect) => {
                files.insert(dialect, file);
            }
            None => files.extend(Dialect::ALL.map(|dialect| (dialect, file.clone()))),
        }
    }
    let (first, order) = orders.first().cloned().unwrap_or_default();
    if let Some((path, _)) = orders.iter().find(|(_, other)| *other != order) {
        let message = format!(
            "{} and this file share a snapshot, but only one of them has a top-level ORDER BY",
            project.relative(&first)
        );
        return Err(DiscoverError::File {
            path: path.clone(),
            line: 1,
            message,
        });
    }
    let source = match (common.is_some(), files.len(), files.keys().next()) {
        (false, 1, Some(dialect)) => format!("{folder}/{name}.{dialect}.sql"),
        (false, ..) => format!("{folder}/{name}.{{redshift,snowflake}}.sql"),
        _ => format!("{folder}/{name}.sql"),
    };
    let mut texts: Vec<&str> = files.values().map(|file| file.text.as_str()).collect();
    texts.dedup();
    let hash = short_hash(&texts);
    Ok(SqlTest {
        source,
        snapshot: format!("{folder}/{name}.snap"),
        name,
        files,
        order,
        hash,
    })
}

/// The order of the last statement's rows.
fn order_of(text: &str, dialect: Dialect) -> Result<RowOrder, ScriptError> {
    Ok(statements(text, dialect)?
        .last()
        .map_or(RowOrder::Any, |statement| statement.order))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join("tests/sql").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let project = Project::at(folder.path(), folder.path().join("target"));
        (folder, project)
    }

    #[test]
    fn finds_files_and_pairs() {
        let (_folder, project) = project(&[
            (
                "b.sql",
                "-- dwsim: dialects = [\"snowflake\"]\nselect 1 order by 1",
            ),
            ("a/pair.redshift.sql", "select 1"),
            (
                "a/pair.snowflake.sql",
                "-- dwsim: snowflake.skip = \"not yet\"\nselect 2",
            ),
            ("only.redshift.sql", "select 1"),
            ("notes.txt", ""),
            (".hidden.sql", "'"),
        ]);
        let tests = discover(&project).unwrap();
        let ids: Vec<String> = tests
            .iter()
            .flat_map(|test| test.cases(&Dialect::ALL))
            .map(|case| case.id())
            .collect();
        assert_eq!(
            ids,
            [
                "a/pair::redshift",
                "a/pair::snowflake",
                "b::snowflake",
                "only::redshift"
            ]
        );
        assert_eq!(tests[0].source, "tests/sql/a/pair.{redshift,snowflake}.sql");
        assert_eq!(tests[0].snapshot, "tests/sql/a/pair.snap");
        assert_eq!(
            tests[0].cases(&Dialect::ALL).nth(1).unwrap().skip(),
            Some("not yet")
        );
        let matches = |filter: &str| {
            let cases = tests.iter().flat_map(|test| test.cases(&Dialect::ALL));
            cases
                .filter(|case| case.matches(&[filter.to_string()]))
                .count()
        };
        assert_eq!(
            (
                matches("pair"),
                matches("::snowflake"),
                matches("sql/b.sql"),
                matches("x")
            ),
            (2, 2, 1, 0)
        );
        assert_eq!(tests[1].order, RowOrder::Exact);
        assert_eq!(tests[2].source, "tests/sql/only.redshift.sql");
        assert_eq!(tests[1].cases(&[Dialect::Redshift]).count(), 0);
        assert_eq!(find(&project, "a/pair").unwrap().as_ref(), Some(&tests[0]));
        assert_eq!(find(&project, "a/pair.redshift.x").unwrap(), None);
    }

    #[test]
    fn contradictions_are_errors() {
        for (files, says) in [
            (
                vec![("x.sql", "select 1"), ("x.redshift.sql", "select 1")],
                "one per dialect",
            ),
            (
                vec![
                    ("x.redshift.sql", "select 1 order by 1"),
                    ("x.snowflake.sql", "select 1"),
                ],
                "ORDER BY",
            ),
            (
                vec![(
                    "x.redshift.sql",
                    "-- dwsim: dialects = [\"redshift\"]\nselect 1",
                )],
                "file's name",
            ),
            (vec![("x.sql", "-- dwsim: nope = 1\nselect 1")], "x.sql:1: "),
            (vec![("x.sql", "\nselect 'open")], "x.sql:2: "),
        ] {
            let (_folder, project) = project(&files);
            let error = discover(&project).unwrap_err().to_string();
            assert!(error.contains(says), "{says}: {error}");
        }
    }
}
