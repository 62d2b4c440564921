//! Identities of rows: they stay with a row through updates, so that two versions of a table can be compared.
//! Comparing versions is the work of `plan::changes`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::UInt64Array;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The identities of a batch's rows, in their order.
#[derive(Debug, Clone)]
pub enum RowIds {
    /// This many consecutive identities from the first one.
    Range(u64, usize),
    /// One by one.
    List(Arc<[u64]>),
}

impl RowIds {
    /// Identities that no other row of the process has.
    pub fn fresh(rows: usize) -> Self {
        RowIds::Range(NEXT.fetch_add(rows as u64, Ordering::Relaxed), rows)
    }

    /// As runs of consecutive identities: the first of each, and how many.
    pub fn runs(&self) -> Vec<(u64, u64)> {
        if let RowIds::Range(first, n) = self {
            return vec![(*first, *n as u64)];
        }
        let mut out: Vec<(u64, u64)> = Vec::new();
        for id in self.iter() {
            match out.last_mut() {
                Some((first, n)) if *first + *n == id => *n += 1,
                _ => out.push((id, 1)),
            }
        }
        out
    }

    /// Identities that were kept as runs; new ones will be larger than these.
    pub fn of_runs(runs: &[(u64, u64)]) -> Self {
        for (first, n) in runs {
            NEXT.fetch_max(first + n, Ordering::Relaxed);
        }
        match runs {
            [(first, n)] => RowIds::Range(*first, *n as usize),
            more => RowIds::List(more.iter().flat_map(|(f, n)| *f..f + n).collect()),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            RowIds::Range(_, n) => *n,
            RowIds::List(l) => l.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The identities in order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = u64> + '_> {
        match self {
            RowIds::Range(first, n) => Box::new(*first..*first + *n as u64),
            RowIds::List(l) => Box::new(l.iter().copied()),
        }
    }

    /// As an array.
    pub fn array(&self) -> UInt64Array {
        UInt64Array::from_iter_values(self.iter())
    }

    /// The identities of the rows that are kept.
    #[must_use]
    pub fn filter(&self, keep: &[bool]) -> Self {
        RowIds::List(
            self.iter()
                .zip(keep)
                .filter(|(_, k)| **k)
                .map(|(id, _)| id)
                .collect(),
        )
    }

    /// These and then those.
    #[must_use]
    pub fn then(&self, other: &RowIds) -> Self {
        match (self, other) {
            (RowIds::Range(a, n), RowIds::Range(b, m)) if a + *n as u64 == *b => {
                RowIds::Range(*a, n + m)
            }
            _ => RowIds::List(self.iter().chain(other.iter()).collect()),
        }
    }

    /// A part of them.
    #[must_use]
    pub fn slice(&self, offset: usize, rows: usize) -> Self {
        match self {
            RowIds::Range(first, _) => RowIds::Range(first + offset as u64, rows),
            RowIds::List(l) => RowIds::List(l[offset..offset + rows].into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_stay_with_their_rows() {
        let a = RowIds::Range(5, 3);
        let b = RowIds::Range(8, 2);
        assert!(matches!(a.then(&b), RowIds::Range(5, 5)));
        let kept = a.then(&b).filter(&[true, false, true, false, true]);
        assert_eq!(kept.iter().collect::<Vec<_>>(), [5, 7, 9]);
        assert_eq!(kept.runs(), [(5, 1), (7, 1), (9, 1)]);
        let again = RowIds::of_runs(&kept.runs());
        assert_eq!(again.iter().collect::<Vec<_>>(), [5, 7, 9]);
        assert_eq!(kept.slice(1, 2).iter().collect::<Vec<_>>(), [7, 9]);
    }
}
