//! Sources from given values, and NULLs over any source.
//! What values are given is left to the plan.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::{nullif, take};
use arrow::error::ArrowError;

use crate::draw::{Stream, unit};
use crate::source::{Index, SharedSource, Source};

/// One of the given values.
#[derive(Debug)]
pub(crate) struct Categorical {
    pub(crate) values: ArrayRef,
    pub(crate) index: Index,
}

impl Source for Categorical {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let indices = UInt32Array::from(self.index.collect(rows, |i| i as u32));
        take(&self.values, &indices, None)
    }
}

/// Row i has value i.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) values: ArrayRef,
}

impl Source for Given {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        // `take` checks that the rows are there
        take(
            &self.values,
            &arrow::array::UInt64Array::from(rows.to_vec()),
            None,
        )
    }
}

/// Values that are there already, whatever rows are asked for.
#[derive(Debug)]
pub(crate) struct Fixed {
    pub(crate) values: ArrayRef,
}

impl Source for Fixed {
    fn array(&self, _: &[u64]) -> Result<ArrayRef, ArrowError> {
        Ok(self.values.clone())
    }
}

/// Always the same value, the only one of `value`.
#[derive(Debug)]
pub(crate) struct Constant {
    pub(crate) value: ArrayRef,
}

impl Source for Constant {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        take(&self.value, &UInt32Array::from(vec![0; rows.len()]), None)
    }
}

/// The same values with a share of NULLs.
#[derive(Debug)]
pub(crate) struct Nulls {
    pub(crate) inner: SharedSource,
    pub(crate) stream: Stream,
    pub(crate) share: f64,
}

impl Source for Nulls {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let values = self.inner.array(rows)?;
        let mut cursor = self.stream.cursor();
        let mask: BooleanArray = rows
            .iter()
            .map(|r| Some(unit(cursor.at(*r)) < self.share))
            .collect();
        nullif(&values, &mask)
    }
}

impl Nulls {
    /// A shared source.
    pub(crate) fn shared(inner: SharedSource, stream: Stream, share: f64) -> SharedSource {
        Arc::new(Self {
            inner,
            stream,
            share,
        })
    }
}
