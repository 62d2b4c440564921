//! Sets of keys as sorted 128-bit hashes of their text: 16 bytes a value, whatever the values are.
//! Which keys are collected is decided by `run`.

use std::hash::{DefaultHasher, Hasher};

use crate::source::Cells;

/// The hash of some bytes; two different texts share one with a probability of 2^-128.
pub(crate) fn hash(parts: &[u8]) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(seed);
        hasher.write(parts);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

/// Appends a cell to a tuple's text, NULL and the cells' ends marked; whether it is NULL.
pub(crate) fn push(cells: &Cells<'_>, row: usize, out: &mut Vec<u8>) -> bool {
    if cells.is_null(row) {
        out.extend_from_slice(&[0, 1]);
        return true;
    }
    cells.write(row, out);
    out.extend_from_slice(&[0, 2]);
    false
}

/// Keys, to be asked once all are there.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    hashes: Vec<u128>,
    sorted: bool,
}

impl Keys {
    pub(crate) fn push(&mut self, key: u128) {
        self.hashes.push(key);
        self.sorted = false;
    }

    pub(crate) fn sort(&mut self) {
        if !self.sorted {
            self.hashes.sort_unstable();
            self.sorted = true;
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// How many are there more than once, counting each but its first. Keys are sorted.
    pub(crate) fn repeated(&self) -> u64 {
        self.hashes.windows(2).filter(|w| w[0] == w[1]).count() as u64
    }

    /// Whether a key is there. Keys are sorted.
    pub(crate) fn contains(&self, key: u128) -> bool {
        self.hashes.binary_search(&key).is_ok()
    }

    /// The distinct keys and how often each is there. Keys are sorted.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (u128, u64)> + '_ {
        self.hashes
            .chunk_by(|a, b| a == b)
            .filter_map(|c| Some((*c.first()?, c.len() as u64)))
    }
}

/// Values by key.
#[derive(Debug, Default)]
pub(crate) struct Values(Vec<(u128, u128)>);

impl Values {
    pub(crate) fn push(&mut self, key: u128, value: u128) {
        self.0.push((key, value));
    }

    pub(crate) fn sort(&mut self) {
        self.0.sort_unstable();
    }

    pub(crate) fn get(&self, key: u128) -> Option<u128> {
        let at = self.0.binary_search_by(|(k, _)| k.cmp(&key)).ok()?;
        self.0.get(at).map(|(_, v)| *v)
    }
}
