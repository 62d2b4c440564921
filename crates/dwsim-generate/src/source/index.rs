//! Which of n values a row gets: drawn, permuted, weighted, or a digit of a permuted tuple.
//! What the n values are is left to the caller.

use std::sync::Arc;

use crate::draw::{AliasTable, Permutation, Stream, Sub, Zipf, below, below_wide};

/// A function from rows to `0..n`.
#[derive(Clone, Debug)]
pub(crate) enum Index {
    /// Drawn evenly.
    Even { stream: Stream, n: u128 },
    /// Every value at most once: rows are below n.
    Distinct(Permutation),
    /// One column of a key over several: the permuted row in mixed radix, this digit of it.
    Digit {
        tuple: Arc<Permutation>,
        divisor: u128,
        n: u128,
    },
    /// Drawn by weights.
    Weighted { stream: Stream, table: AliasTable },
    /// Drawn by Zipf's law; ranks are spread over the values by `spread`, if there is one.
    Zipf {
        stream: Stream,
        zipf: Zipf,
        spread: Option<Permutation>,
    },
}

impl Index {
    /// The indices of rows, mapped.
    pub(crate) fn collect<T>(&self, rows: &[u64], map: impl Fn(u128) -> T) -> Vec<T> {
        match self {
            Self::Even { stream, n } => {
                let mut cursor = stream.cursor();
                match u64::try_from(*n) {
                    Ok(n) => rows
                        .iter()
                        .map(|r| map(u128::from(below(cursor.at(*r), n))))
                        .collect(),
                    Err(_) => rows
                        .iter()
                        .map(|r| {
                            let high = cursor.at(*r);
                            map(below_wide(high, Sub::new(high).next(), *n))
                        })
                        .collect(),
                }
            }
            Self::Distinct(permutation) => rows
                .iter()
                .map(|r| map(permutation.at(u128::from(*r))))
                .collect(),
            Self::Digit { tuple, divisor, n } => rows
                .iter()
                .map(|r| map(tuple.at(u128::from(*r)) / divisor % n))
                .collect(),
            Self::Weighted { stream, table } => {
                let mut cursor = stream.cursor();
                rows.iter()
                    .map(|r| map(table.pick(cursor.at(*r)) as u128))
                    .collect()
            }
            Self::Zipf {
                stream,
                zipf,
                spread,
            } => {
                let mut cursor = stream.cursor();
                rows.iter()
                    .map(|r| {
                        let rank = u128::from(zipf.rank(cursor.at(*r)));
                        map(spread.as_ref().map_or(rank, |s| s.at(rank)))
                    })
                    .collect()
            }
        }
    }
}
