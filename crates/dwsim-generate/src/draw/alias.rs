//! Walker's alias table: one of n weighted choices with one draw and one comparison.
//! What is chosen is left to the caller.

use crate::draw::stream::below;

/// Weighted choice of an index.
#[derive(Clone, Debug)]
pub(crate) struct AliasTable {
    /// Per slot: keep the slot if the fraction is below this, otherwise take the alias.
    slots: Vec<(u64, u32)>,
}

impl AliasTable {
    /// Weights are finite, at least 0, not all 0; there are at most 2^32 of them.
    pub(crate) fn new(weights: &[f64]) -> Self {
        let n = weights.len();
        let sum: f64 = weights.iter().sum();
        let mut scaled: Vec<f64> = weights.iter().map(|w| w * n as f64 / sum).collect();
        let mut slots: Vec<(u64, u32)> = (0..n).map(|i| (u64::MAX, i as u32)).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..n).partition(|i| scaled[*i] < 1.0);
        while let (Some(s), Some(l)) = (small.pop(), large.last().copied()) {
            slots[s] = ((scaled[s] * 18_446_744_073_709_551_616.0) as u64, l as u32);
            scaled[l] -= 1.0 - scaled[s];
            if scaled[l] < 1.0 {
                large.pop();
                small.push(l);
            }
        }
        // what is left differs from 1 only by rounding, unless its weight is 0
        for i in small {
            if weights[i] == 0.0
                && let Some(heavy) = (0..n).find(|j| weights[*j] > 0.0)
            {
                slots[i] = (0, heavy as u32);
            }
        }
        Self { slots }
    }

    /// The index that a draw chooses.
    #[inline]
    pub(crate) fn pick(&self, draw: u64) -> usize {
        let n = self.slots.len() as u64;
        let slot = below(draw, n);
        let (threshold, alias) = self.slots[slot as usize];
        // the low half of draw * n is where in the slot the draw fell
        if draw.wrapping_mul(n) < threshold || threshold == u64::MAX {
            slot as usize
        } else {
            alias as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Sub;

    #[test]
    fn frequencies_follow_the_weights() {
        let weights = [0.0, 1.0, 2.0, 7.0];
        let table = AliasTable::new(&weights);
        let mut counts = [0u32; 4];
        let mut sub = Sub::new(1);
        for _ in 0..100_000 {
            counts[table.pick(sub.next())] += 1;
        }
        assert_eq!(counts[0], 0);
        for (count, weight) in counts.iter().zip(weights) {
            assert!(
                (f64::from(*count) / 100_000.0 - weight / 10.0).abs() < 0.01,
                "{counts:?}"
            );
        }
    }
}
