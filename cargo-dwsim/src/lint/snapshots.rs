//! The snapshots themselves: can each be read, does a test refer to it, has each test one?
//! Whether an answer is the snapshot's is for a test run to say.

use std::collections::BTreeSet;
use std::path::Path;

use dwsim_runtime::Project;
use dwsim_runtime::snapshot::{Snapshot, SnapshotError};
use dwsim_runtime::sqltest::FrontMatter;

use super::files::{Files, Source};
use super::finding::{self, Finding, Severity};
use super::place::Lines;

/// A snapshot that cannot be read.
pub fn readable(source: &Source) -> Option<Finding> {
    let (line, message) = match Snapshot::parse(&source.text, Path::new(&source.name)) {
        Ok(_) => return None,
        Err(SnapshotError::Format { line, message, .. }) => (line, message),
        Err(SnapshotError::Io { source, .. }) => (1, source.to_string()),
    };
    let (start, end) = Lines::new(&source.text).line(line);
    let help = "put it back from version control, or delete it and accept the answer anew";
    Some(Finding {
        code: finding::SNAPSHOT,
        severity: Severity::Error,
        file: source.name.clone(),
        start,
        end,
        line,
        column: 1,
        message,
        help: Some(help.into()),
        fix: None,
    })
}

/// Snapshots that no test refers to.
pub fn unreferenced(files: &Files, project: &Project) -> Vec<Finding> {
    let tests: BTreeSet<&str> = files.all_sql.iter().map(|name| test_of(name)).collect();
    let orphan = |source: &&Source| match source.name.strip_suffix(".snap") {
        Some(stem) if project.sql_test_of(&source.name).is_some() => !tests.contains(stem),
        _ => !is_asserted(source, project),
    };
    let found = files.snapshots.iter().filter(orphan).map(|source| {
        whole(
            source,
            finding::UNREFERENCED,
            "no test refers to this snapshot".to_owned(),
            "`cargo dwsim snapshots prune` removes it",
        )
    });
    found.collect()
}

/// Tests without a snapshot, among those that are looked at.
pub fn missing(files: &Files) -> Vec<Finding> {
    let there: BTreeSet<&str> = files
        .all_snapshots
        .iter()
        .filter_map(|name| name.strip_suffix(".snap"))
        .collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for source in &files.sql {
        let test = test_of(&source.name);
        let never = FrontMatter::parse(&source.text)
            .is_ok_and(|m| m.skip.len() == dwsim_runtime::Dialect::ALL.len());
        if !there.contains(test) && !never && seen.insert(test.to_owned()) {
            found.push(whole(
                source,
                finding::MISSING,
                format!("{test}.snap is not there"),
                "`cargo dwsim test --accept` writes it",
            ));
        }
    }
    found
}

/// Does the Rust test that a snapshot names still exist? `source: tests/orders.rs::refunds`.
fn is_asserted(source: &Source, project: &Project) -> bool {
    let Ok(snapshot) = Snapshot::parse(&source.text, Path::new(&source.name)) else {
        // it is reported as broken
        return true;
    };
    is_named(&snapshot.source, project)
}

/// Is there a file with a function of the name that a snapshot's `source` gives?
pub fn is_named(source: &str, project: &Project) -> bool {
    let Some((file, test)) = source.split_once("::") else {
        return project.root.join(source).is_file();
    };
    // rustc gives paths relative to the workspace, which may lie above the project
    let text = project
        .root
        .ancestors()
        .find_map(|folder| std::fs::read_to_string(folder.join(file)).ok());
    text.is_some_and(|text| {
        text.match_indices(test).any(|(at, _)| {
            text[..at].trim_end().ends_with("fn")
                && text[at + test.len()..].starts_with(['(', '<', ' '])
        })
    })
}

/// `tests/sql/a.redshift.sql` -> `tests/sql/a`
fn test_of(name: &str) -> &str {
    let stem = name.strip_suffix(".sql").unwrap_or(name);
    stem.strip_suffix(".redshift")
        .or_else(|| stem.strip_suffix(".snowflake"))
        .unwrap_or(stem)
}

fn whole(source: &Source, code: &'static str, message: String, help: &str) -> Finding {
    let (start, end) = Lines::new(&source.text).line(1);
    Finding {
        code,
        severity: Severity::Warning,
        file: source.name.clone(),
        start,
        end,
        line: 1,
        column: 1,
        message,
        help: Some(help.to_owned()),
        fix: None,
    }
}
