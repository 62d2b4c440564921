//! Values along the rows of a parent: states that follow each other, walks, waves; and keys of one of several tables.
//! Checking them is left to `validate`, drawing to dwsim-generate.

use crate::diagnostics::Place;
use crate::model::{Reference, Scalar};

/// States and how likely each follows each: a Markov chain, begun anew for every parent.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// The states, distinct.
    pub states: Vec<Scalar>,
    /// Weight of each as a first state; not all 0.
    pub first: Vec<f64>,
    /// For each state the weight of each as its successor; all 0 for a last state.
    pub transitions: Vec<Vec<f64>>,
}

impl Machine {
    /// Whether nothing follows a state.
    #[must_use]
    pub fn is_last(&self, state: usize) -> bool {
        self.transitions
            .get(state)
            .is_none_or(|next| next.iter().all(|w| *w == 0.0))
    }

    /// Expected number of states of a walk that ends in a last state or after `max` states.
    #[must_use]
    pub fn expected_length(&self, max: u32) -> f64 {
        let share = |weights: &[f64], i: usize| {
            let sum: f64 = weights.iter().sum();
            weights.get(i).map_or(0.0, |w| w / sum)
        };
        let n = self.states.len();
        let mut at: Vec<f64> = (0..n).map(|i| share(&self.first, i)).collect();
        let mut expected = 0.0;
        for _ in 0..max {
            let alive: f64 = at.iter().sum();
            expected += alive;
            // what is left of the walk cannot matter to a number of rows
            if alive < 1e-12 {
                break;
            }
            let mut next = vec![0.0; n];
            for (from, p) in at.iter().enumerate().filter(|(i, _)| !self.is_last(*i)) {
                for (to, q) in next.iter_mut().enumerate() {
                    *q += p * share(&self.transitions[from], to);
                }
            }
            at = next;
        }
        expected
    }
}

/// Where a walk begins.
#[derive(Clone, Debug, PartialEq)]
pub enum WalkStart {
    /// Anywhere in `min + k * step` for `k` in `0..count`, evenly, in the type's units.
    Range {
        /// Least start.
        min: i128,
        /// Distance of starts.
        step: i128,
        /// Number of starts, at least 1.
        count: u64,
    },
    /// At a column of the parent.
    Carry {
        /// This table's foreign key; first the parent's name, until `validate` finds the key.
        via: String,
        /// The parent's column.
        column: String,
        /// Where it is written.
        place: Place,
    },
}

/// A walk along a parent's children: each value is the one before, and a drawn step.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// The first child's value.
    pub first: WalkStart,
    /// Least step in the type's units; may be negative.
    pub min_step: i128,
    /// Distance between possible steps, at least 1.
    pub step: i128,
    /// Number of possible steps, at least 1.
    pub count: u64,
    /// Values below are moved here.
    pub min: Option<i128>,
    /// Values above are moved here.
    pub max: Option<i128>,
}

/// `base + trend * k + amplitude * sin(2π (k + phase) / period) + noise`, for child number or row `k` from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wave {
    /// Value around which it swings.
    pub base: f64,
    /// Growth per row.
    pub trend: f64,
    /// Greatest deviation of the season.
    pub amplitude: f64,
    /// Rows of a season, above 0.
    pub period: f64,
    /// Rows by which the season is ahead.
    pub phase: f64,
    /// Standard deviation of the noise, at least 0.
    pub noise: f64,
    /// Values below are moved here.
    pub min: Option<f64>,
    /// Values above are moved here.
    pub max: Option<f64>,
}

/// A reference to one of several tables, chosen by another column of the row.
#[derive(Clone, Debug, PartialEq)]
pub struct Polymorphic {
    /// The column that chooses.
    pub by: String,
    /// Its values, and the key that each of them leads to.
    pub targets: Vec<(String, Reference)>,
}
