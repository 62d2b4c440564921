//! Zipf's law over 1..=n for any n, without a table of n entries.
//! Hörmann and Derflinger's rejection-inversion ("Rejection-inversion to generate variates from monotone discrete
//! distributions", 1996); small n use an alias table, which is faster.

use crate::draw::{AliasTable, Sub, unit};

/// Greatest n for which the table is used.
const TABLE: u64 = 65_536;

/// Ranks 0..n with probabilities proportional to `(rank + 1)^-exponent`.
#[derive(Clone, Debug)]
pub(crate) enum Zipf {
    Table(AliasTable),
    Rejection {
        n: f64,
        exponent: f64,
        integral_1: f64,
        integral_n: f64,
        shortcut: f64,
    },
}

impl Zipf {
    /// `n` at least 1, `exponent` above 0.
    pub(crate) fn new(n: u64, exponent: f64) -> Self {
        if n <= TABLE {
            let weights: Vec<f64> = (1..=n).map(|k| libm::pow(k as f64, -exponent)).collect();
            return Self::Table(AliasTable::new(&weights));
        }
        let n = n as f64;
        Self::Rejection {
            n,
            exponent,
            integral_1: integral(1.5, exponent) - 1.0,
            integral_n: integral(n + 0.5, exponent),
            shortcut: 2.0
                - integral_inverse(integral(2.5, exponent) - height(2.0, exponent), exponent),
        }
    }

    /// The rank that a cell's draw gives, from 0.
    #[inline]
    pub(crate) fn rank(&self, draw: u64) -> u64 {
        match self {
            Self::Table(table) => table.pick(draw) as u64,
            Self::Rejection {
                n,
                exponent,
                integral_1,
                integral_n,
                shortcut,
            } => {
                let mut sub = Sub::new(draw);
                loop {
                    let u = integral_n + unit(sub.next()) * (integral_1 - integral_n);
                    let x = integral_inverse(u, *exponent);
                    let k = libm::floor(x + 0.5).clamp(1.0, *n);
                    if k - x <= *shortcut
                        || u >= integral(k + 0.5, *exponent) - height(k, *exponent)
                    {
                        return k as u64 - 1;
                    }
                }
            }
        }
    }
}

fn height(x: f64, exponent: f64) -> f64 {
    libm::exp(-exponent * libm::log(x))
}

/// Integral of `x^-exponent`, `(x^(1-e) - 1) / (1-e)`, with its limit `ln x` at `e = 1`.
fn integral(x: f64, exponent: f64) -> f64 {
    let log = libm::log(x);
    expm1_over((1.0 - exponent) * log) * log
}

fn integral_inverse(x: f64, exponent: f64) -> f64 {
    let t = (x * (1.0 - exponent)).max(-1.0);
    libm::exp(log1p_over(t) * x)
}

/// `ln(1 + x) / x`.
fn log1p_over(x: f64) -> f64 {
    if x.abs() > 1e-8 {
        libm::log1p(x) / x
    } else {
        1.0 - x * (0.5 - x * (1.0 / 3.0 - 0.25 * x))
    }
}

/// `(e^x - 1) / x`.
fn expm1_over(x: f64) -> f64 {
    if x.abs() > 1e-8 {
        libm::expm1(x) / x
    } else {
        1.0 + x * 0.5 * (1.0 + x / 3.0 * (1.0 + 0.25 * x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_follow_the_law() {
        for exponent in [0.5, 1.0, 1.7] {
            for n in [1000u64, 1_000_000] {
                let zipf = Zipf::new(n, exponent);
                let total: f64 = (1..=n).map(|k| (k as f64).powf(-exponent)).sum();
                let mut sub = Sub::new(3);
                let draws = 200_000;
                let mut head = [0u32; 3];
                for _ in 0..draws {
                    let rank = zipf.rank(sub.next());
                    assert!(rank < n);
                    if let Some(h) = head.get_mut(rank as usize) {
                        *h += 1;
                    }
                }
                for (i, h) in head.iter().enumerate() {
                    let p = (i as f64 + 1.0).powf(-exponent) / total;
                    let bound = 5.0 * (p / f64::from(draws)).sqrt() + 1e-9;
                    let got = f64::from(*h) / f64::from(draws);
                    assert!(
                        (got - p).abs() < bound,
                        "n {n} e {exponent} rank {i}: {got} {p}"
                    );
                }
            }
        }
    }
}
