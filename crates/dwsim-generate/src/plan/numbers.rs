//! Numbers and points in time: which index or shape a column's distribution becomes, checked against its range.
//! Columns without numbers are left to `column`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array};
use dwsim_schema::{
    Column, Distribution, Limits, LogicalType, Number, NumericSpec, codes, temporal,
};

use crate::draw::{AliasTable, Key, Permutation, Zipf};
use crate::plan::column::Compiler;
use crate::plan::keys::Digit;
use crate::source::{Categorical, Continuous, GridValues, Index, Shape, SharedSource};

/// Least share of a distribution that a range must hold to be drawn from exactly.
const MIN_MASS: f64 = 1e-9;

impl Compiler<'_> {
    /// An even index: a digit of a key, a permutation if unique, otherwise drawn.
    pub(crate) fn even(
        &mut self,
        column: &Column,
        n: u128,
        key: Key<'_>,
        rows: u64,
        digit: Option<&Digit>,
    ) -> Index {
        match digit {
            Some(digit) => digit.index(),
            None if column.unique => {
                self.capacity(column, n, rows);
                Index::Distinct(Permutation::new(
                    Key {
                        purpose: "unique",
                        ..key
                    },
                    n,
                ))
            }
            None => Index::Even {
                stream: self.correlated.stream(key),
                n,
            },
        }
    }

    pub(crate) fn sequence_fits(&mut self, column: &Column, start: i128, step: i128, rows: u64) {
        let last = i128::from(rows.max(1) - 1)
            .checked_mul(step)
            .and_then(|d| d.checked_add(start));
        let (min, max) = match column.ty {
            // the years 1 to 9999, and one day
            LogicalType::Date => (-719_162, 2_932_896),
            LogicalType::Time => (0, i128::from(temporal::DAY_MICROS) - 1),
            ty => ty.integer_bounds().unwrap_or((
                -719_162 * i128::from(temporal::DAY_MICROS),
                2_932_897 * i128::from(temporal::DAY_MICROS) - 1,
            )),
        };
        let fits = |v: i128| (min..=max).contains(&v);
        if !fits(start) || !last.is_some_and(fits) {
            self.diags.push(
                codes::IMPOSSIBLE,
                column.generator_place,
                format!(
                    "the sequence of column `{}` leaves type {} within {rows} rows",
                    column.name, column.ty
                ),
                None,
            );
        }
    }

    pub(crate) fn numeric(
        &mut self,
        column: &Column,
        spec: &NumericSpec,
        key: Key<'_>,
        rows: u64,
        digit: Option<&Digit>,
    ) -> Option<SharedSource> {
        let ty = column.ty;
        let grid = spec.grid(ty);
        match (spec.distribution, grid) {
            (Distribution::Uniform, Some(grid)) => {
                let index = self.even(column, grid.size(), key, rows, digit);
                return Some(Arc::new(GridValues {
                    ty,
                    first: grid.first,
                    step: grid.step,
                    index,
                }));
            }
            (Distribution::Zipf { exponent }, Some(grid)) => {
                let n = u64::try_from(grid.size()).unwrap_or(u64::MAX);
                let index = Index::Zipf {
                    stream: key.stream(),
                    zipf: Zipf::new(n, exponent),
                    spread: None,
                };
                return Some(Arc::new(GridValues {
                    ty,
                    first: grid.first,
                    step: grid.step,
                    index,
                }));
            }
            (Distribution::Poisson { mean }, _) => return self.poisson(column, spec, mean, key),
            _ => {}
        }
        let shape = shape_of(ty, spec);
        if shape.mass() < MIN_MASS {
            self.diags.push(
                codes::IMPOSSIBLE,
                column.generator_place,
                format!(
                    "the range of column `{}` holds {:e} of its {} distribution; at least {MIN_MASS:e} is needed",
                    column.name,
                    shape.mass(),
                    spec.distribution.name()
                ),
                Some("move the range, or use limits = \"clamp\"".into()),
            );
            return None;
        }
        Some(Arc::new(Continuous {
            ty,
            stream: self.correlated.stream(key),
            shape,
            grid,
            decimals: spec.decimals,
        }))
    }

    /// A table of the probabilities around the mean; what lies beyond is below 1e-30.
    pub(crate) fn poisson(
        &mut self,
        column: &Column,
        spec: &NumericSpec,
        mean: f64,
        key: Key<'_>,
    ) -> Option<SharedSource> {
        let reach = 12.0 * libm::sqrt(mean) + 40.0;
        let from = libm::floor((mean - reach).max(0.0)) as i128;
        let to = libm::ceil(mean + reach) as i128;
        let clamp = spec.limits == Limits::Clamp;
        let least = spec.min.and_then(|n| n.ceil_at(0)).unwrap_or(0).max(0);
        let most = spec.max.and_then(|n| n.floor_at(0)).unwrap_or(to);
        let (first, last) = if clamp {
            (least, most.min(to).max(least))
        } else {
            (from.max(least), to.min(most))
        };
        let mut weights = vec![0.0; usize::try_from(last - first + 1).unwrap_or(0).min(1 << 24)];
        for k in from..=to {
            let x = k as f64;
            let p = libm::exp(x * libm::log(mean) - mean - libm::lgamma(x + 1.0));
            let at = if clamp { k.clamp(first, last) } else { k };
            if let Some(w) = usize::try_from(at - first)
                .ok()
                .and_then(|i| weights.get_mut(i))
            {
                *w += p;
            }
        }
        let mass: f64 = weights.iter().sum();
        if mass < MIN_MASS {
            self.diags.push(
                codes::IMPOSSIBLE,
                column.generator_place,
                format!(
                    "the range of column `{}` holds {mass:e} of its poisson distribution",
                    column.name
                ),
                None,
            );
            return None;
        }
        let one = 10i128.pow(column.ty.scale());
        let fits = column
            .ty
            .integer_bounds()
            .is_none_or(|(_, max)| last * one <= max);
        if !fits {
            self.diags.push(
                codes::IMPOSSIBLE,
                column.generator_place,
                format!(
                    "poisson values of up to {last} do not fit type {}",
                    column.ty
                ),
                Some("give a greatest value, max = …".into()),
            );
            return None;
        }
        let index = Index::Weighted {
            stream: key.stream(),
            table: AliasTable::new(&weights),
        };
        if column.ty.integer_bounds().is_some() {
            return Some(Arc::new(GridValues {
                ty: column.ty,
                first: first * one,
                step: one,
                index,
            }));
        }
        let values: Vec<f64> = (first..=last).map(|k| k as f64).collect();
        let array: ArrayRef = match column.ty {
            LogicalType::Real => Arc::new(Float32Array::from_iter_values(
                values.iter().map(|v| *v as f32),
            )),
            _ => Arc::new(Float64Array::from(values)),
        };
        Some(Arc::new(Categorical {
            values: array,
            index,
        }))
    }
}

/// The shape of a continuous distribution over a type's values.
pub(crate) fn shape_of(ty: LogicalType, spec: &NumericSpec) -> Shape {
    let (min, max) = match spec.grid(ty) {
        // half a step beyond the ends, so that the ends get the whole of what rounds to them
        Some(g) => {
            let unit = libm::pow(10.0, -f64::from(ty.scale()));
            let half = g.step as f64 * 0.5;
            let low = if spec.min.is_some() {
                (g.first as f64 - half) * unit
            } else {
                f64::NEG_INFINITY
            };
            let high = if spec.max.is_some() {
                (g.last as f64 + half) * unit
            } else {
                f64::INFINITY
            };
            (low, high)
        }
        None => (
            spec.min.map_or(f64::NEG_INFINITY, Number::to_f64),
            spec.max.map_or(f64::INFINITY, Number::to_f64),
        ),
    };
    Shape::new(spec.distribution, min, max, spec.limits)
}
