//! Children counted per parent: row r of the child table belongs to the parent whose children it falls among.
//! Prefix sums are kept per block of parents, so that memory stays small and any row is found.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use dwsim_schema::LogicalType;

use crate::draw::{AliasTable, Stream};
use crate::source::{Chain, Source, units_array};

/// Parents per block.
const BLOCK: u64 = 256;

/// How many children each parent has.
#[derive(Debug)]
pub(crate) enum Children {
    /// `min`, `min + 1`, … by weights.
    Drawn {
        stream: Stream,
        min: u32,
        counts: AliasTable,
    },
    /// As many as a walk through states takes, at most `max`.
    Walked { chain: Arc<Chain>, max: u32 },
}

impl Children {
    /// A counter of any parent's children, fastest for parents in order.
    fn counter(&self) -> impl FnMut(u64) -> u64 + '_ {
        let stream = match self {
            Self::Drawn { stream, .. } => stream,
            Self::Walked { chain, .. } => &chain.stream,
        };
        let mut cursor = stream.cursor();
        move |parent| match self {
            Self::Drawn { min, counts, .. } => {
                u64::from(*min) + counts.pick(cursor.at(parent)) as u64
            }
            Self::Walked { chain, max } => chain.length(cursor.at(parent), *max),
        }
    }
}

/// Finds a row's parent.
#[derive(Debug)]
pub(crate) struct ChildIndex {
    children: Children,
    parents: u64,
    /// First child row of each block; one more at the end.
    blocks: Vec<u64>,
}

impl ChildIndex {
    /// Counts the children of all parents once.
    pub(crate) fn new(children: Children, parents: u64) -> Self {
        let mut blocks = Vec::with_capacity((parents / BLOCK + 2) as usize);
        let mut total = 0u64;
        let mut count = children.counter();
        for parent in 0..parents {
            if parent % BLOCK == 0 {
                blocks.push(total);
            }
            total += count(parent);
        }
        drop(count);
        blocks.push(total);
        Self {
            children,
            parents,
            blocks,
        }
    }

    /// Rows of the child table.
    pub(crate) fn rows(&self) -> u64 {
        self.blocks.last().copied().unwrap_or(0)
    }

    /// The first child row of a parent, or the end of all rows for the parent after the last.
    pub(crate) fn first_row(&self, parent: u64) -> u64 {
        let parent = parent.min(self.parents);
        let block = (parent / BLOCK) as usize;
        let mut count = self.children.counter();
        let before = (block as u64 * BLOCK..parent).map(&mut count).sum::<u64>();
        self.blocks.get(block).copied().unwrap_or(0) + before
    }

    /// Each row's parent, from 0, and its number among the parent's children, from 0.
    pub(crate) fn parents(&self, rows: &[u64]) -> Vec<(u64, u64)> {
        let mut count = self.children.counter();
        // the parent whose children are `first..end`
        let (mut parent, mut first, mut end) = (0, 0, 0);
        let mut known = false;
        rows.iter()
            .map(|row| {
                if !known || *row < first || *row >= end + BLOCK {
                    let block = self
                        .blocks
                        .partition_point(|start| start <= row)
                        .saturating_sub(1);
                    parent = block as u64 * BLOCK;
                    first = self.blocks.get(block).copied().unwrap_or(0);
                    end = first + count(parent);
                    known = true;
                }
                while *row >= end && parent + 1 < self.parents {
                    parent += 1;
                    first = end;
                    end += count(parent);
                }
                (parent, row - first)
            })
            .collect()
    }
}

/// A row's number among its parent's children, from 1.
#[derive(Debug)]
pub(crate) struct ChildNumber {
    pub(crate) ty: LogicalType,
    pub(crate) index: Arc<ChildIndex>,
}

impl Source for ChildNumber {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let numbers: Vec<i128> = self
            .index
            .parents(rows)
            .into_iter()
            .map(|(_, n)| i128::from(n) + 1)
            .collect();
        units_array(self.ty, &numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Key;

    #[test]
    fn rows_fall_to_their_parents_in_any_order() {
        let stream = Key {
            seed: 1,
            table: "t",
            column: "c",
            purpose: "children",
        }
        .stream();
        let children = Children::Drawn {
            stream,
            min: 0,
            counts: AliasTable::new(&[1.0, 2.0, 0.0, 1.0]),
        };
        let index = ChildIndex::new(children, 2000);
        let rows: Vec<u64> = (0..index.rows()).collect();
        let all = index.parents(&rows);
        for pair in all.windows(2) {
            let ((p, n), (q, m)) = (pair[0], pair[1]);
            assert!((q == p && m == n + 1) || (q > p && m == 0), "{pair:?}");
        }
        assert!(all.iter().all(|(p, n)| *p < 2000 && *n < 3));
        for parent in [0, 1, 255, 256, 257, 1999] {
            let first = index.first_row(parent);
            let found = all.iter().position(|(p, _)| *p >= parent);
            assert_eq!(found.map(|i| i as u64).unwrap_or(index.rows()), first);
        }
        assert_eq!(index.first_row(2000), index.rows());
        let mut shuffled = rows.clone();
        shuffled.sort_by_key(|r| r.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for (row, found) in shuffled.iter().zip(index.parents(&shuffled)) {
            assert_eq!(found, all[*row as usize]);
        }
    }
}
