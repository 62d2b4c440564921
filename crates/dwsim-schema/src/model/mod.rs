//! The schema as read: tables, columns, keys and how each column's values are made.
//! Reading it from text is left to `read`, checking it to `validate`, making values to dwsim-generate.

mod column;
mod generator;
mod schema;
mod series;
mod table;

pub use column::{Column, Reference, TypeOverrides};
pub use generator::{
    Condition, Distribution, Expression, Generator, Grid, JsonShape, Limits, NumericSpec, Offset,
    Operator, Pick, ProviderCall, Resolution, Scalar, TemplatePart, TemporalSpec,
};
pub use schema::Schema;
pub use series::{Machine, Polymorphic, Walk, WalkStart, Wave};
pub use table::{Correlation, DistStyle, Group, RedshiftTable, SnowflakeTable, Table};
