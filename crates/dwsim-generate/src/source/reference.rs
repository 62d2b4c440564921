//! Foreign keys: draw the parent's row, then recompute its key.
//! Which rows may be drawn is decided by the plan.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::nullif;
use arrow::error::ArrowError;

use crate::draw::{Stream, below};
use crate::source::{Index, SharedSource, Source};

/// The key of a row of another table.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) index: Index,
    pub(crate) parent: SharedSource,
}

impl Source for Foreign {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        self.parent.array(&self.index.collect(rows, |i| i as u64))
    }
}

/// The key of an earlier row of the same table, so that there are no circles; the first row has none.
#[derive(Debug)]
pub(crate) struct Hierarchy {
    pub(crate) stream: Stream,
    pub(crate) parent: SharedSource,
}

impl Source for Hierarchy {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let mut cursor = self.stream.cursor();
        let parents: Vec<u64> = rows
            .iter()
            .map(|r| below(cursor.at(*r), (*r).max(1)))
            .collect();
        let keys = self.parent.array(&parents)?;
        let roots: BooleanArray = rows.iter().map(|r| Some(*r == 0)).collect();
        if roots.true_count() == 0 {
            Ok(keys)
        } else {
            nullif(&keys, &roots)
        }
    }
}

impl Foreign {
    /// A shared source.
    pub(crate) fn shared(index: Index, parent: SharedSource) -> SharedSource {
        Arc::new(Self { index, parent })
    }
}
