//! A keyed permutation of `0..n`, computed and not stored: distinct values without remembering any.
//! An alternating Feistel network over the next power of two, walked until the value falls below `n`.

use crate::draw::stream::{Key, mix};

const ROUNDS: usize = 8;

/// A permutation of `0..n`.
#[derive(Clone, Debug)]
pub(crate) struct Permutation {
    n: u128,
    left_bits: u32,
    right_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The key's permutation of `0..n`; `n` is at least 1.
    pub(crate) fn new(key: Key<'_>, n: u128) -> Self {
        let bits = (128 - (n.max(2) - 1).leading_zeros()).max(2);
        let digest = key.digest();
        let mut keys = [0; ROUNDS];
        let mut state = u64::from_le_bytes([
            digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7],
        ]);
        for (k, tail) in keys.iter_mut().zip(digest[8..].iter().cycle()) {
            state = mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ u64::from(*tail));
            *k = state;
        }
        Self {
            n,
            left_bits: bits / 2,
            right_bits: bits - bits / 2,
            keys,
        }
    }

    /// Where `index` goes; both are below `n`.
    #[inline]
    pub(crate) fn at(&self, index: u128) -> u128 {
        let mut x = index;
        loop {
            x = self.round_trip(x);
            if x < self.n {
                return x;
            }
        }
    }

    #[inline]
    fn round_trip(&self, x: u128) -> u128 {
        let left_mask = mask(self.left_bits);
        let right_mask = mask(self.right_bits);
        let mut left = (x >> self.right_bits) as u64 & left_mask;
        let mut right = x as u64 & right_mask;
        for pair in self.keys.chunks_exact(2) {
            left ^= mix(right ^ pair[0]) & left_mask;
            right ^= mix(left ^ pair[1]) & right_mask;
        }
        u128::from(left) << self.right_bits | u128::from(right)
    }
}

fn mask(bits: u32) -> u64 {
    if bits >= 64 {
        u64::MAX
    } else {
        (1 << bits) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_once() {
        for n in [1u128, 2, 3, 10, 255, 256, 257, 5000] {
            let p = Permutation::new(
                Key {
                    seed: 1,
                    table: "t",
                    column: "c",
                    purpose: "p",
                },
                n,
            );
            let mut seen: Vec<u128> = (0..n).map(|i| p.at(i)).collect();
            let moved = seen
                .iter()
                .enumerate()
                .filter(|(i, v)| *i as u128 != **v)
                .count();
            assert!(
                n < 10 || moved > n as usize / 2,
                "n = {n}: only {moved} moved"
            );
            seen.sort_unstable();
            assert!(
                seen.iter().enumerate().all(|(i, v)| i as u128 == *v),
                "n = {n}"
            );
        }
    }

    #[test]
    fn huge_domains_stay_inside() {
        let n = u128::MAX / 3;
        let p = Permutation::new(
            Key {
                seed: 1,
                table: "t",
                column: "c",
                purpose: "p",
            },
            n,
        );
        let values: Vec<u128> = (0..100).map(|i| p.at(i)).collect();
        assert!(values.iter().all(|v| *v < n));
        let mut sorted = values.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 100);
    }
}
