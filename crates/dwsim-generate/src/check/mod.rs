//! Whether data keep what dwsim.toml says: keys, references, bounds, categories, patterns, constraints, cardinalities.
//! How close they are to the declared distributions is left to `report`.

mod files;
mod keys;
mod rules;
mod run;

use serde::Serialize;

pub(crate) use files::{TableFiles, adapted};
pub(crate) use rules::moment;
pub use run::check;

/// A table that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedTable {
    /// Table.
    pub name: String,
    /// Its files.
    pub files: usize,
    /// Rows in all of them.
    pub rows: u64,
    /// Their size.
    pub bytes: u64,
}

/// One rule of dwsim.toml and how many rows break it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Table.
    pub table: String,
    /// Column, or columns with commas.
    pub column: String,
    /// Kind of rule: `unique`, `reference`, `bounds`, …
    pub rule: &'static str,
    /// What is declared, in few words.
    pub declared: String,
    /// Rows (of keys and cardinalities: values or parents) it was applied to.
    pub checked: u64,
    /// How many of them break it.
    pub violations: u64,
    /// One that does, with its row number from 1 where it has one.
    pub example: Option<String>,
}

/// Everything that was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The tables, parents first.
    pub tables: Vec<CheckedTable>,
    /// The rules, in the tables' and columns' order.
    pub checks: Vec<Check>,
}

impl Checked {
    /// Violations of all rules.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.checks.iter().map(|c| c.violations).sum()
    }
}
