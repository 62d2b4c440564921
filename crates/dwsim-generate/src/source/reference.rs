//! Foreign keys: draw the parent's row, then recompute its key.
//! Which rows may be drawn is decided by the plan.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::nullif;
use arrow::error::ArrowError;

use crate::draw::{Stream, below};
use crate::source::{ChildIndex, Eligible, Index, SharedSource, Source};

/// Which parent's row each row belongs to.
#[derive(Clone, Debug)]
pub(crate) enum Parent {
    /// An index into all parents.
    All(Index),
    /// An index into the parents that fulfil a condition.
    Some(Index, Arc<Eligible>),
    /// In the parents' order, as many as each has children.
    Counted(Arc<ChildIndex>),
}

impl Parent {
    /// The parents' rows.
    pub(crate) fn rows(&self, rows: &[u64]) -> Vec<u64> {
        match self {
            Self::All(index) => index.collect(rows, |i| i as u64),
            Self::Some(index, eligible) => index.collect(rows, |i| eligible.select(i as u64)),
            Self::Counted(children) => children
                .parents(rows)
                .into_iter()
                .map(|(parent, _)| parent)
                .collect(),
        }
    }
}

/// The key of a row of another table.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) parent_row: Parent,
    pub(crate) key: SharedSource,
}

impl Source for Foreign {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        self.key.array(&self.parent_row.rows(rows))
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
