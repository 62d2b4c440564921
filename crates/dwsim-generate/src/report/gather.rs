//! What a report needs of a column, gathered while it streams by: counts, and at most so many values evenly spread.
//! What follows from them is left to `declared` and `compare`.

use std::collections::BTreeMap;

/// Most numbers that are kept of a column.
const MOST: usize = 400_000;

/// Most distinct texts that are counted.
const TEXTS: usize = 4_096;

/// Values of a column.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) rows: u64,
    pub(crate) nulls: u64,
    /// Numbers, every `stride`-th; `None` where a row has none, so that columns stay side by side.
    pub(crate) numbers: Vec<Option<f64>>,
    stride: u64,
    seen: u64,
    /// Counts of texts; given up once there are too many.
    pub(crate) texts: BTreeMap<Vec<u8>, u64>,
    pub(crate) many: bool,
}

impl Gathered {
    /// Takes a row's number.
    pub(crate) fn number(&mut self, value: Option<f64>) {
        let stride = self.stride.max(1);
        if self.seen.is_multiple_of(stride) {
            if self.numbers.len() == MOST {
                let mut keep = false;
                self.numbers.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride = stride * 2;
            }
            if self.seen.is_multiple_of(self.stride.max(1)) {
                self.numbers.push(value);
            }
        }
        self.seen += 1;
    }

    /// Takes a row's text.
    pub(crate) fn text(&mut self, text: &[u8]) {
        if self.many {
            return;
        }
        if let Some(n) = self.texts.get_mut(text) {
            *n += 1;
        } else if self.texts.len() == TEXTS {
            self.many = true;
            self.texts.clear();
        } else {
            self.texts.insert(text.to_vec(), 1);
        }
    }

    /// The known numbers, sorted.
    pub(crate) fn sorted(&self) -> Vec<f64> {
        let mut out: Vec<f64> = self.numbers.iter().flatten().copied().collect();
        out.sort_by(f64::total_cmp);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_evenly_spread() {
        let mut g = Gathered::default();
        for i in 0..1_000_000u32 {
            g.number(Some(f64::from(i)));
        }
        assert!(g.numbers.len() <= MOST && g.numbers.len() > MOST / 4);
        let steps: Vec<f64> = g.sorted().windows(2).map(|w| w[1] - w[0]).collect();
        assert!(steps.iter().all(|s| *s == steps[0]), "{:?}", &steps[..5]);
    }
}
