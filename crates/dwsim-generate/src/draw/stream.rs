//! Counter-based streams: one 64-bit draw per row, found by advancing, so that any row can be drawn without the others.
//! Cells that need more than one draw seed a [`Sub`] sequence with theirs.

use std::sync::Arc;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Dxsm;
use sha2::{Digest, Sha256};

use crate::GENERATOR_VERSION;
use crate::draw::{normal_cdf, normal_quantile};

/// What a stream is keyed by; every part is hashed, so no two streams are related.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) seed: u64,
    pub(crate) table: &'a str,
    /// Column, or the path of a value inside of a JSON column.
    pub(crate) column: &'a str,
    /// What the draws are for: `value`, `null`, …
    pub(crate) purpose: &'a str,
}

impl Key<'_> {
    /// 256 bits from the key and the generator's version.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(GENERATOR_VERSION.to_le_bytes());
        hash.update(self.seed.to_le_bytes());
        for part in [self.table, self.column, self.purpose] {
            // the length in front keeps ("ab", "c") and ("a", "bc") apart
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    }

    fn generator(&self) -> Pcg64Dxsm {
        Pcg64Dxsm::from_seed(self.digest())
    }

    /// A stream that is correlated with others: its draws are the normal probabilities of a weighted sum of normal
    /// variables, one per key. The weights' squares sum to 1.
    pub(crate) fn correlated(&self, parts: Vec<(Key<'_>, f64)>) -> Stream {
        let parts = parts
            .into_iter()
            .map(|(key, weight)| (key.stream(), weight))
            .collect();
        Stream {
            base: self.generator(),
            copula: Some(Arc::new(parts)),
        }
    }

    /// The key's stream.
    pub(crate) fn stream(&self) -> Stream {
        Stream {
            base: self.generator(),
            copula: None,
        }
    }
}

/// An endless sequence of 64-bit numbers, one per row.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    base: Pcg64Dxsm,
    copula: Option<Arc<Vec<(Stream, f64)>>>,
}

impl Stream {
    /// A reader, fastest for rows in ascending order without gaps.
    pub(crate) fn cursor(&self) -> Cursor<'_> {
        let copula = self
            .copula
            .as_ref()
            .map(|c| c.iter().map(|(s, w)| (s.cursor(), *w)).collect());
        Cursor {
            base: &self.base,
            rng: self.base.clone(),
            next: 0,
            copula,
        }
    }
}

/// Reads a stream at rows.
pub(crate) struct Cursor<'a> {
    base: &'a Pcg64Dxsm,
    rng: Pcg64Dxsm,
    next: u64,
    copula: Option<Vec<(Cursor<'a>, f64)>>,
}

impl Cursor<'_> {
    /// The number of a row.
    #[inline]
    pub(crate) fn at(&mut self, row: u64) -> u64 {
        if let Some(parts) = &mut self.copula {
            return correlated_draw(parts, row);
        }
        if row != self.next {
            self.seek(row);
        }
        self.next = row.wrapping_add(1);
        self.rng.next_u64()
    }

    #[cold]
    fn seek(&mut self, row: u64) {
        if row > self.next {
            self.rng.advance(u128::from(row - self.next));
        } else {
            self.rng = self.base.clone();
            self.rng.advance(u128::from(row));
        }
    }
}

/// The probability of the weighted sum of normal variables, as a draw.
#[cold]
fn correlated_draw(parts: &mut [(Cursor<'_>, f64)], row: u64) -> u64 {
    let sum: f64 = parts
        .iter_mut()
        .map(|(c, w)| *w * normal_quantile(unit_open(c.at(row))))
        .sum();
    // a float above u64::MAX becomes u64::MAX
    (normal_cdf(sum) * 18_446_744_073_709_551_616.0) as u64
}

/// A short sequence (SplitMix64) inside of one cell, seeded by the cell's draw.
#[derive(Clone, Debug)]
pub(crate) struct Sub(u64);

impl Sub {
    pub(crate) fn new(draw: u64) -> Self {
        Self(draw)
    }

    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in `0..n`; `n` is at least 1.
    #[inline]
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        below(self.next(), n)
    }
}

/// SplitMix64's finalizer: a bijection that spreads every bit.
#[inline]
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Maps a draw to `0..n`, evenly but for at most `n / 2^64`.
#[inline]
pub(crate) fn below(draw: u64, n: u64) -> u64 {
    ((u128::from(draw) * u128::from(n)) >> 64) as u64
}

/// Maps 128 random bits to `0..n`.
#[inline]
pub(crate) fn below_wide(high: u64, low: u64, n: u128) -> u128 {
    let (n_high, n_low) = (n >> 64, n & u128::from(u64::MAX));
    let (r_high, r_low) = (u128::from(high), u128::from(low));
    let carry = (r_low * n_low) >> 64;
    let (middle_a, overflow) = (r_high * n_low).overflowing_add(carry);
    debug_assert!(
        !overflow,
        "a 64x64 product plus a 64-bit carry fits 128 bits"
    );
    let (middle, overflow) = middle_a.overflowing_add(r_low * n_high);
    r_high * n_high + (middle >> 64) + (u128::from(overflow) << 64)
}

/// Maps a draw to `[0, 1)`, in steps of 2^-53.
#[inline]
pub(crate) fn unit(draw: u64) -> f64 {
    (draw >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// Maps a draw to `(0, 1)`, in the middles of steps of 2^-52.
#[inline]
pub(crate) fn unit_open(draw: u64) -> f64 {
    ((draw >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(column: &str) -> Key<'_> {
        Key {
            seed: 7,
            table: "t",
            column,
            purpose: "value",
        }
    }

    #[test]
    fn any_order_of_rows_draws_the_same() {
        let stream = key("a").stream();
        let forward: Vec<u64> = (0..1000)
            .scan(stream.cursor(), |c, row| Some(c.at(row)))
            .collect();
        let mut cursor = stream.cursor();
        for row in [999u64, 0, 500, 501, 3, 998] {
            assert_eq!(cursor.at(row), forward[row as usize]);
        }
        assert_ne!(key("b").stream().cursor().at(0), forward[0]);
    }

    #[test]
    fn parts_of_a_key_are_kept_apart() {
        let a = Key {
            seed: 1,
            table: "ab",
            column: "c",
            purpose: "",
        };
        let b = Key {
            seed: 1,
            table: "a",
            column: "bc",
            purpose: "",
        };
        assert_ne!(a.digest(), b.digest());
    }

    proptest! {
        #[test]
        fn wide_and_narrow_agree(high: u64, low: u64, n in 1u64..) {
            let wide = below_wide(high, low, u128::from(n));
            prop_assert!(wide < u128::from(n));
            // the low bits only matter at the edges between values
            prop_assert!(wide - u128::from(below(high, n)) <= 1);
        }

        #[test]
        fn wide_stays_below(high: u64, low: u64, n in 1u128..) {
            prop_assert!(below_wide(high, low, n) < n);
        }
    }
}
