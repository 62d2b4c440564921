//! Which distribution a column of numbers follows best, by the greatest distance of the distribution functions.
//! Parameters are the moments'; ranges are the sample's.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use dwsim_schema::{Distribution, Limits};

use crate::draw::normal_quantile;
use crate::source::{Shape, units_of};

/// The known values of a column as numbers: units scaled for decimals, days and microseconds for points in time.
/// `None` for text, booleans and bytes.
pub(crate) fn numbers(array: &ArrayRef) -> Option<Vec<Option<f64>>> {
    Some(match array.data_type() {
        DataType::Float32 => array
            .as_primitive::<Float32Type>()
            .iter()
            .map(|v| v.map(f64::from))
            .collect(),
        DataType::Float64 => array.as_primitive::<Float64Type>().iter().collect(),
        DataType::Decimal128(_, scale) => {
            let unit = libm::pow(10.0, -f64::from(*scale));
            let units = units_of(array).ok()?;
            units
                .into_iter()
                .map(|v| v.map(|v| v as f64 * unit))
                .collect()
        }
        DataType::Boolean | DataType::Utf8 | DataType::Binary => return None,
        _ => units_of(array)
            .ok()?
            .into_iter()
            .map(|v| v.map(|v| v as f64))
            .collect(),
    })
}

/// A fitted distribution and its distance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    pub(crate) distribution: Distribution,
    pub(crate) distance: f64,
}

/// The best of uniform, gaussian, lognormal, exponential and (for whole numbers) Poisson. `half` is half of the
/// distance of neighbouring values, 0 for floats.
pub(crate) fn fit(sorted: &[f64], half: f64, whole: bool) -> Option<Fit> {
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let variance = sorted.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    let mut candidates = vec![Distribution::Uniform];
    if variance > 0.0 {
        candidates.push(Distribution::Gaussian {
            mean,
            stddev: libm::sqrt(variance),
        });
        if min > 0.0 {
            let logs: Vec<f64> = sorted.iter().map(|x| libm::log(*x)).collect();
            let mu = logs.iter().sum::<f64>() / n;
            let sigma = libm::sqrt(logs.iter().map(|x| (x - mu) * (x - mu)).sum::<f64>() / n);
            if sigma > 0.0 {
                candidates.push(Distribution::LogNormal { mu, sigma });
            }
        }
        if min >= 0.0 {
            candidates.push(Distribution::Exponential { mean });
        }
    }
    let mut best: Option<Fit> = None;
    let mut offer = |distribution: Distribution, distance: f64| {
        if best.is_none_or(|b| distance < b.distance) {
            best = Some(Fit {
                distribution,
                distance,
            });
        }
    };
    for distribution in candidates {
        let shape = Shape::new(distribution, min - half, max + half, Limits::Truncate);
        if shape.mass() > 1e-6 {
            offer(
                distribution,
                distance(sorted, half, |x| shape.probability(x)),
            );
        }
    }
    if whole && min >= 0.0 && mean > 0.0 && mean < 1000.0 {
        let mut cumulated = Vec::with_capacity(max as usize + 1);
        let mut sum = 0.0;
        for k in 0..=(max as u64).min(100_000) {
            let x = k as f64;
            sum += libm::exp(x * libm::log(mean) - mean - libm::lgamma(x + 1.0));
            cumulated.push(sum);
        }
        let cdf = |x: f64| {
            if x < 0.0 {
                return 0.0;
            }
            let at = (libm::floor(x) as usize).min(cumulated.len().saturating_sub(1));
            cumulated.get(at).copied().unwrap_or(1.0)
        };
        offer(Distribution::Poisson { mean }, distance(sorted, 0.5, cdf));
    }
    best
}

/// Kolmogorov and Smirnov's distance of a sorted sample from a distribution function; values stand for all that is
/// rounded to them.
pub(crate) fn distance(sorted: &[f64], half: f64, cdf: impl Fn(f64) -> f64) -> f64 {
    let n = sorted.len() as f64;
    let mut worst = 0.0f64;
    let mut below = 0usize;
    for same in sorted.chunk_by(|a, b| a == b) {
        let x = same.first().copied().unwrap_or(0.0);
        let up_to = below + same.len();
        worst = worst
            .max((cdf(x + half) - up_to as f64 / n).abs())
            .max((cdf(x - half) - below as f64 / n).abs());
        below = up_to;
    }
    worst
}

/// Each value as the normal quantile of its rank, ties in the middle: what a Gaussian copula correlates.
pub(crate) fn normal_scores(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut out = vec![0.0; values.len()];
    let n = values.len() as f64;
    let mut at = 0;
    for same in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = at as f64 + (same.len() as f64) / 2.0;
        for i in same {
            out[*i] = normal_quantile((rank / n).clamp(1e-9, 1.0 - 1e-9));
        }
        at += same.len();
    }
    out
}

/// Pearson's correlation; 0 where one does not vary.
pub(crate) fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len()) as f64;
    let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma) * (x - ma);
        bb += (y - mb) * (y - mb);
    }
    if aa > 0.0 && bb > 0.0 {
        ab / libm::sqrt(aa * bb)
    } else {
        0.0
    }
}
