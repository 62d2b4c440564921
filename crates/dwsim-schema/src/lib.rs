//! dwsim.toml: model, configuration layers, logical types and DDL.
//!
//! Pure: texts and variables come from the caller, nothing is opened, connected or spawned here.
//!
//! ```
//! use dwsim_schema::{Config, Dialect, ddl};
//!
//! let config = Config::parse(
//!     "dwsim.toml",
//!     r#"
//!     [tables.customers]
//!     rows = 10
//!     [tables.customers.columns]
//!     customer_id = { type = "serial", primary_key = true }
//!     email = { type = "varchar(255)", unique = true, generator = "faker.email" }
//!     "#,
//! )?;
//! for table in config.schema.in_reference_order() {
//!     println!("{}", ddl::create_table(table, Dialect::Redshift));
//! }
//! # Ok::<(), dwsim_schema::Diagnostics>(())
//! ```
//!
//! * [`Config::load`] merges every layer ([`Inputs`]); [`Config::parse`] reads one text. Both return *all* problems as
//!   [`Diagnostics`], each with a code ([`codes`]), a [`Place`] and a help line; `Display` is
//!   `dwsim.toml:12:5: message`.
//! * [`Config::settings`] is what `config show --origin` prints.
//! * [`Schema`] has the tables ([`Table`], [`Column`], [`Generator`]), their order, [`Schema::schema_hash`] (everything
//!   about tables) and [`Schema::shape_hash`] (columns, types, keys: for test binaries).
//! * [`ddl::create_table`], [`identifiers::quote`] make SQL for either [`Dialect`].
//!
//! # Columns that say nothing about their values
//!
//! A serial, and an integer that is a primary key, is a sequence from 1. Otherwise: smallint 0..=9999, integer and
//! bigint 0..=999999, decimal 0 up to just below 1000 (less if it does not fit), float 0..=1, boolean with even odds, char
//! random capitals, varchar up to 12 random small letters, dates and timestamps in 2020 to 2024 (whole seconds), time
//! any second of the day, binary 16 bytes, uuid version 4. JSON needs `fields` or `items`.

mod config;
mod model;
mod read;
mod validate;

pub mod codes;
pub mod ddl;
mod diagnostics;
pub mod identifiers;
pub mod number;
pub mod temporal;
mod types;

pub use config::{
    Clock, Config, DEFAULT_CONFIG, Files, Inputs, Layer, LiveConnection, Origin, Override, Project,
    ServerKind, Setting, Staging, Target, TargetKind, TestConfig,
};
pub use diagnostics::{Diagnostic, Diagnostics, Place, Source, did_you_mean};
pub use model::{
    Column, Condition, Correlation, DistStyle, Distribution, Expression, Generator, Grid, Group,
    JsonShape, Limits, Machine, NumericSpec, Offset, Operator, Pick, Polymorphic, ProviderCall,
    RedshiftTable, Reference, Resolution, Scalar, Schema, SnowflakeTable, Table, TemplatePart,
    TemporalSpec, TypeOverrides, Walk, WalkStart, Wave,
};
pub use number::Number;
pub use types::{Dialect, JsonKind, LogicalType};

#[cfg(test)]
mod tests;
