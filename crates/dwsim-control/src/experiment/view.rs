//! What is told about experiments; these are the bodies of the REST interface.
//! How they are shown to people is left to the page and the command line.

use serde::Serialize;

use crate::store::Run;

/// A table of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableSummary {
    /// Name.
    pub name: String,
    /// Rows that its schema asks for.
    pub rows: u64,
    /// Columns.
    pub columns: usize,
    /// Rows that are loaded.
    pub loaded_rows: u64,
    /// Bytes of its staged Parquet.
    pub bytes: u64,
}

/// An experiment in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Name.
    pub name: String,
    /// Seconds since 1970.
    pub created: i64,
    /// Number of tables.
    pub tables: usize,
    /// Rows that are loaded, over all tables.
    pub rows: u64,
    /// Bytes of its staged Parquet.
    pub bytes: u64,
    /// Warehouses that it is loaded into.
    pub loaded: Vec<String>,
    /// The run that is going on.
    pub running: Option<i64>,
    /// What to know about it.
    pub warnings: Vec<String>,
}

/// One experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Detail {
    /// As in the list.
    #[serde(flatten)]
    pub summary: Summary,
    /// Its database, the same name on both warehouses.
    pub database: String,
    /// Its dwsim.toml.
    pub toml: String,
    /// Its tables, parents first.
    pub table_list: Vec<TableSummary>,
    /// Its newest run.
    pub last_run: Option<Run>,
}

/// What a deletion removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Tables dropped, over both warehouses.
    pub dropped_tables: usize,
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportedTable {
    /// Table.
    pub table: String,
    /// Rows in it.
    pub rows: u64,
    /// File or key, relative to the manifest.
    pub file: String,
    /// Bytes.
    pub bytes: u64,
}

/// The manifest of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Experiment.
    pub experiment: String,
    /// Run whose data they are.
    pub run: i64,
    /// Seed of the data.
    pub seed: u64,
    /// Version of the generator.
    pub generator: u32,
    /// Files.
    pub tables: Vec<ExportedTable>,
}
