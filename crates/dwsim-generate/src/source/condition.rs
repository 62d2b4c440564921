//! Conditions over other columns: values only where they hold, and parents only where they hold.
//! Which columns and values are meant is decided by the plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::kernels::zip::zip;
use arrow::compute::nullif;
use arrow::error::ArrowError;

use crate::source::{Cells, SharedSource, Source};

/// A column that must have one of some values, compared as text.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) column: SharedSource,
    pub(crate) values: BTreeSet<Vec<u8>>,
}

/// Which rows fulfil all tests.
pub(crate) fn fulfilled(tests: &[Test], rows: &[u64]) -> Result<Vec<bool>, ArrowError> {
    let mut out = vec![true; rows.len()];
    let mut text = Vec::new();
    for test in tests {
        let array = test.column.array(rows)?;
        let cells = Cells::of(&array)?;
        for (i, flag) in out.iter_mut().enumerate().filter(|(_, f)| **f) {
            text.clear();
            if !cells.is_null(i) {
                cells.write(i, &mut text);
            }
            *flag = !cells.is_null(i) && test.values.contains(&text);
        }
    }
    Ok(out)
}

/// A column's values where the tests hold; elsewhere `otherwise`, or NULL.
#[derive(Debug)]
pub(crate) struct When {
    pub(crate) inner: SharedSource,
    pub(crate) tests: Vec<Test>,
    pub(crate) otherwise: Option<SharedSource>,
}

impl Source for When {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let values = self.inner.array(rows)?;
        let holds = fulfilled(&self.tests, rows)?;
        match &self.otherwise {
            None => nullif(
                &values,
                &BooleanArray::from(holds.iter().map(|h| !h).collect::<Vec<_>>()),
            ),
            Some(other) => zip(&BooleanArray::from(holds), &values, &other.array(rows)?),
        }
    }
}

/// The parents that fulfil tests, by rank: one bit per parent, and a count per 512.
#[derive(Debug)]
pub(crate) struct Eligible {
    words: Vec<u64>,
    /// Set bits before each block of 8 words; one more at the end.
    ranks: Vec<u64>,
}

impl Eligible {
    /// Tests all parents.
    pub(crate) fn new(tests: &[Test], parents: u64) -> Result<Arc<Self>, ArrowError> {
        let mut words = vec![0u64; parents.div_ceil(64) as usize];
        let mut start = 0;
        while start < parents {
            let rows: Vec<u64> = (start..parents.min(start + 8192)).collect();
            for (row, holds) in rows.iter().zip(fulfilled(tests, &rows)?) {
                words[(row / 64) as usize] |= u64::from(holds) << (row % 64);
            }
            start += 8192;
        }
        let mut ranks = vec![0];
        for block in words.chunks(8) {
            let bits: u64 = block.iter().map(|w| u64::from(w.count_ones())).sum();
            ranks.push(ranks.last().copied().unwrap_or(0) + bits);
        }
        Ok(Arc::new(Self { words, ranks }))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.ranks.last().copied().unwrap_or(0)
    }

    /// The row of eligible parent number `rank`, below [`len`](Self::len).
    pub(crate) fn select(&self, rank: u64) -> u64 {
        let block = self.ranks.partition_point(|r| *r <= rank).saturating_sub(1);
        let mut rest = rank - self.ranks[block];
        for (i, word) in self.words.iter().enumerate().skip(block * 8) {
            let bits = u64::from(word.count_ones());
            if rest < bits {
                let mut word = *word;
                for _ in 0..rest {
                    word &= word - 1;
                }
                return i as u64 * 64 + u64::from(word.trailing_zeros());
            }
            rest -= bits;
        }
        0
    }
}
