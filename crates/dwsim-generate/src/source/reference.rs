//! Foreign keys: draw the parent's row, then recompute its key.
//! Which rows may be drawn is decided by the plan.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow::compute::{cast, interleave, nullif};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::draw::{Stream, below};
use crate::source::{Cells, ChildIndex, Eligible, Index, SharedSource, Source};

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

/// A key of one of several tables, chosen by the text of another column; NULL where that leads nowhere.
#[derive(Debug)]
pub(crate) struct Polymorphic {
    pub(crate) by: SharedSource,
    pub(crate) stream: Stream,
    /// The text that chooses it, its rows, its key.
    pub(crate) targets: Vec<(Vec<u8>, u64, SharedSource)>,
    pub(crate) to: DataType,
}

impl Source for Polymorphic {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let by = self.by.array(rows)?;
        let cells = Cells::of(&by)?;
        let mut cursor = self.stream.cursor();
        let mut parents: Vec<Vec<u64>> = vec![Vec::new(); self.targets.len()];
        // the last array is one NULL
        let nowhere = (self.targets.len(), 0);
        let mut text = Vec::new();
        let places: Vec<(usize, usize)> = rows
            .iter()
            .enumerate()
            .map(|(i, row)| {
                let draw = cursor.at(*row);
                if cells.is_null(i) {
                    return nowhere;
                }
                text.clear();
                cells.write(i, &mut text);
                match self.targets.iter().position(|(t, ..)| *t == text) {
                    None => nowhere,
                    Some(target) => {
                        parents[target].push(below(draw, self.targets[target].1));
                        (target, parents[target].len() - 1)
                    }
                }
            })
            .collect();
        let mut arrays = Vec::with_capacity(self.targets.len() + 1);
        for ((_, _, key), parents) in self.targets.iter().zip(&parents) {
            let keys = key.array(parents)?;
            arrays.push(if *keys.data_type() == self.to {
                keys
            } else {
                cast(&keys, &self.to)?
            });
        }
        arrays.push(new_null_array(&self.to, 1));
        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        interleave(&arrays, &places)
    }
}
