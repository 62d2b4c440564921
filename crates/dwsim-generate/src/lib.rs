//! Deterministic synthetic data as Arrow batches, Parquet, CSV and more.
//!
//! A cell is a pure function of (seed, table, column, row, [`GENERATOR_VERSION`]); nothing depends on threads, batch
//! sizes, shards, the clock or the platform.
//!
//! ```
//! use dwsim_generate::{Format, Options, plan};
//!
//! let config = dwsim_schema::Config::parse(
//!     "dwsim.toml",
//!     r#"
//!     [tables.customers]
//!     rows = 10
//!     [tables.customers.columns]
//!     customer_id = { type = "serial", primary_key = true }
//!     email = { type = "varchar(255)", unique = true, generator = "faker.email" }
//!     "#,
//! )?;
//! let plan = plan(&config.schema, &Options { seed: config.project.seed, ..Options::default() })?;
//! for table in plan.tables() {
//!     let batch = table.batch(0..5)?;
//!     assert_eq!(batch.num_rows(), 5);
//!     let mut parquet = Vec::new();
//!     table.write(&mut parquet, Format::Parquet, &|_| ())?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`plan`] checks what only the generator knows (capacity of text, patterns, provider names) and returns a [`Plan`],
//!   or every problem with its place in dwsim.toml.
//! * [`Plan::tables`] has the tables in foreign-key order, each with its Arrow schema, rows, row groups and
//!   [`TablePlan::batch`] / [`TablePlan::batches`].
//! * [`TablePlan::write`] writes one table to any writer; [`Plan::write_files`] all tables to a directory, in parallel,
//!   all or nothing per file. Both report [`Progress`].
//! * [`Plan::hash`] names the data: schema, seed, rows and generator version.

pub mod check;
mod draw;
mod error;
mod grammar;
mod learn;
mod plan;
mod providers;
mod report;
mod sample;
mod source;
mod write;

pub use error::GenerateError;
pub use learn::{Guess, LearnError, Learned, guess, learn, sdv};
pub use plan::{Options, Plan, RowGroup, Shard, TablePlan, plan};
pub use report::{
    ColumnReport, Comparison, Metric, Plot, Report, Score, TableReport, compare, html, report, svg,
};
pub use sample::{Sample, SampleError, TextColumn, parquet_to_csv};
pub use write::{Format, Progress, WrittenFile};

/// Version of the mapping from keys to values; part of every stream's key. Changes whenever any value would.
pub const GENERATOR_VERSION: u32 = 1;

/// Names of all text providers, without the `faker.` in front.
#[must_use]
pub fn provider_names() -> &'static [&'static str] {
    providers::NAMES
}

/// Names of all locales; the first is the default.
pub fn locale_names() -> impl Iterator<Item = &'static str> {
    providers::LOCALES.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests;
