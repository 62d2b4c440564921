//! Values along the children of a parent: states that follow each other, walks, and waves along any rows.
//! A parent's draw seeds all of its children's, so that each can be found again without the other parents.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, UInt32Array};
use arrow::compute::take;
use arrow::error::ArrowError;
use dwsim_schema::{LogicalType, Wave};

use crate::draw::{AliasTable, Stream, Sub, below, normal_quantile, unit_open};
use crate::source::{ChildIndex, SharedSource, Source, optional_units, units_array, units_of};

/// A Markov chain.
#[derive(Debug)]
pub(crate) struct Chain {
    /// One draw per parent.
    pub(crate) stream: Stream,
    pub(crate) first: AliasTable,
    /// What follows each state; nothing follows a last one.
    pub(crate) next: Vec<Option<AliasTable>>,
}

impl Chain {
    fn begin(&self, draw: u64) -> (Sub, usize) {
        let mut sub = Sub::new(draw);
        let state = self.first.pick(sub.next());
        (sub, state)
    }

    /// The state after another; a last state stays.
    fn step(&self, sub: &mut Sub, state: usize) -> usize {
        let draw = sub.next();
        match self.next.get(state) {
            Some(Some(table)) => table.pick(draw),
            _ => state,
        }
    }

    /// Number of states until a last one, at most `max`.
    pub(crate) fn length(&self, draw: u64, max: u32) -> u64 {
        let (mut sub, mut state) = self.begin(draw);
        let mut length = 1;
        while length < u64::from(max) && self.next.get(state).is_some_and(Option::is_some) {
            state = self.step(&mut sub, state);
            length += 1;
        }
        length
    }
}

/// The state of every child.
#[derive(Debug)]
pub(crate) struct States {
    pub(crate) index: Arc<ChildIndex>,
    pub(crate) chain: Arc<Chain>,
    pub(crate) values: ArrayRef,
}

impl Source for States {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let mut cursor = self.chain.stream.cursor();
        let mut at: Option<(u64, u64, Sub, usize)> = None;
        let states: Vec<u32> = self
            .index
            .parents(rows)
            .into_iter()
            .map(|(parent, number)| {
                let (mut done, mut sub, mut state) = match at.take() {
                    Some((p, done, sub, state)) if p == parent && done <= number => {
                        (done, sub, state)
                    }
                    _ => {
                        let (sub, state) = self.chain.begin(cursor.at(parent));
                        (0, sub, state)
                    }
                };
                while done < number {
                    state = self.chain.step(&mut sub, state);
                    done += 1;
                }
                at = Some((parent, done, sub, state));
                state as u32
            })
            .collect();
        take(&self.values, &UInt32Array::from(states), None)
    }
}

/// Where a walk begins.
#[derive(Debug)]
pub(crate) enum Start {
    /// `min + k * step` for `k` in `0..count`.
    Drawn { min: i128, step: i128, count: u64 },
    /// The parent's value.
    Parent(SharedSource),
}

/// A walk along each parent's children.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) ty: LogicalType,
    pub(crate) index: Arc<ChildIndex>,
    /// One draw per parent.
    pub(crate) stream: Stream,
    pub(crate) start: Start,
    pub(crate) min_step: i128,
    pub(crate) step: i128,
    pub(crate) count: u64,
    pub(crate) min: i128,
    pub(crate) max: i128,
}

impl Source for Walk {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let pairs = self.index.parents(rows);
        let starts = match &self.start {
            Start::Drawn { .. } => None,
            Start::Parent(source) => {
                let parents: Vec<u64> = pairs.iter().map(|(p, _)| *p).collect();
                Some(units_of(&source.array(&parents)?)?)
            }
        };
        let mut cursor = self.stream.cursor();
        let mut at: Option<(u64, u64, Sub, i128)> = None;
        let values = pairs
            .iter()
            .enumerate()
            .map(|(i, (parent, number))| {
                let (mut done, mut sub, mut value) = match at.take() {
                    Some((p, done, sub, value)) if p == *parent && done <= *number => {
                        (done, sub, value)
                    }
                    _ => {
                        let mut sub = Sub::new(cursor.at(*parent));
                        let first = match (&self.start, &starts) {
                            (Start::Drawn { min, step, count }, _) => {
                                min + i128::from(below(sub.next(), *count)) * step
                            }
                            // no start, no walk
                            (Start::Parent(_), starts) => {
                                starts.as_ref().and_then(|s| s.get(i).copied().flatten())?
                            }
                        };
                        (0, sub, first.clamp(self.min, self.max))
                    }
                };
                while done < *number {
                    let step =
                        self.min_step + i128::from(below(sub.next(), self.count)) * self.step;
                    value = (value + step).clamp(self.min, self.max);
                    done += 1;
                }
                at = Some((*parent, done, sub, value));
                Some(value)
            })
            .collect();
        optional_units(self.ty, values)
    }
}

/// A trend, a season and noise along the children of a parent, or along all rows.
#[derive(Debug)]
pub(crate) struct Waves {
    pub(crate) ty: LogicalType,
    pub(crate) index: Option<Arc<ChildIndex>>,
    pub(crate) stream: Stream,
    pub(crate) wave: Wave,
}

impl Waves {
    fn value(&self, k: u64, draw: u64) -> f64 {
        let Wave {
            base,
            trend,
            amplitude,
            period,
            phase,
            noise,
            min,
            max,
        } = self.wave;
        let k = k as f64;
        // the season's position first, so that no precision is lost far along
        let turn = libm::fmod(k + phase, period) / period;
        let season = amplitude * libm::sin(turn * core::f64::consts::TAU);
        let value = base + trend * k + season + noise * normal_quantile(unit_open(draw));
        // adding zero makes a negative zero positive
        value
            .max(min.unwrap_or(f64::NEG_INFINITY))
            .min(max.unwrap_or(f64::INFINITY))
            + 0.0
    }
}

impl Source for Waves {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let numbers: Vec<u64> = match &self.index {
            None => rows.to_vec(),
            Some(index) => index.parents(rows).into_iter().map(|(_, n)| n).collect(),
        };
        let mut cursor = self.stream.cursor();
        let values = rows
            .iter()
            .zip(numbers)
            .map(|(row, k)| self.value(k, cursor.at(*row)));
        Ok(match self.ty {
            LogicalType::Real => Arc::new(Float32Array::from_iter_values(values.map(|v| v as f32))),
            LogicalType::Double => Arc::new(Float64Array::from_iter_values(values)),
            ty => {
                let unit = libm::pow(10.0, f64::from(ty.scale()));
                let (least, most) = ty.integer_bounds().unwrap_or((i128::MIN, i128::MAX));
                let units: Vec<i128> = values
                    .map(|v| (libm::rint(v * unit) as i128).clamp(least, most))
                    .collect();
                return units_array(ty, &units);
            }
        })
    }
}
