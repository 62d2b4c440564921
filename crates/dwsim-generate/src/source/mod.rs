//! Columns as pure functions from row numbers to Arrow arrays, built on each other: a foreign key asks its parent's
//! key, a template its inputs, JSON its fields. Building them from the schema is left to `plan`.

mod cells;
mod children;
mod condition;
mod derived;
mod format;
mod index;
mod json;
mod numeric;
mod reference;
mod series;
mod text;
mod types;
mod wrap;

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;

pub(crate) use cells::Cells;
pub(crate) use children::{ChildIndex, ChildNumber, Children};
pub(crate) use condition::{Eligible, Test, When, fulfilled};
pub(crate) use derived::{Between, Carry, Formula, Offset, Value};
pub(crate) use format::push_json_string;
pub(crate) use index::Index;
pub(crate) use json::{JsonArray, JsonField, JsonObject};
pub(crate) use numeric::{
    Bernoulli, Continuous, GridValues, Sequence, Shape, optional_units, units_array, units_of,
};
pub(crate) use reference::{Foreign, Hierarchy, Parent, Polymorphic};
pub(crate) use series::{Chain, Start, States, Walk, Waves};
pub(crate) use text::{Bytes, Numbering, Piece, Template, Text, Uuid};
pub(crate) use types::arrow_type;
pub(crate) use wrap::{Categorical, Constant, Fixed, Given, Nulls};

/// Values of a column at any rows, in any order; the same row always gives the same value.
pub(crate) trait Source: Debug + Send + Sync {
    /// One value per row.
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError>;
}

/// A source that several columns may ask.
pub(crate) type SharedSource = Arc<dyn Source>;
