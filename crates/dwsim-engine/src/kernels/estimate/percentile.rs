//! APPROX_PERCENTILE by t-digests: centroids of neighbouring values, finer towards both ends.
//! Groups that are not larger than a digest are kept whole, and their percentiles are those of PERCENTILE_CONT.
//!
//! Sources: Snowflake "APPROX_PERCENTILE" and its _ACCUMULATE, _COMBINE and _ESTIMATE forms; T. Dunning, "Computing
//! extremely accurate quantiles using t-digests".

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;

use super::state::{items, number, one, state, variants};
use crate::error::{Result, SqlError};
use crate::functions::{AggCall, Call};
use crate::variant::{Ref, Value};

const TYPE: &str = "tdigest";
/// Centroids that a digest may have before it is compressed.
const MOST: usize = 4096;
/// The compression of a digest: it keeps at most about this many centroids.
const DELTA: f64 = 1000.0;

/// Mean and weight.
type Centroid = (f64, f64);

fn compress(mut v: Vec<Centroid>) -> Vec<Centroid> {
    v.sort_by(|a, b| a.0.total_cmp(&b.0));
    if v.len() <= MOST {
        return v;
    }
    let total: f64 = v.iter().map(|c| c.1).sum();
    let scale = |q: f64| DELTA / std::f64::consts::TAU * (2.0 * q - 1.0).clamp(-1.0, 1.0).asin();
    let mut out: Vec<Centroid> = Vec::new();
    let (mut before, mut start) = (0.0, scale(0.0));
    for (mean, weight) in v {
        match out.last_mut() {
            Some(last) if scale((before + weight) / total) - start <= 1.0 => {
                last.0 += (mean - last.0) * weight / (last.1 + weight);
                last.1 += weight;
            }
            _ => {
                start = scale(before / total);
                out.push((mean, weight));
            }
        }
        before += weight;
    }
    out
}

/// The value at a share of the rows, between the centres of two centroids.
fn quantile(v: &[Centroid], q: f64) -> Option<f64> {
    let total: f64 = v.iter().map(|c| c.1).sum();
    let target = q * (total - 1.0).max(0.0);
    let mut before = 0.0;
    let mut last: Option<(f64, f64)> = None;
    for (mean, weight) in v {
        let centre = before + (weight - 1.0) / 2.0;
        if target <= centre {
            return Some(match last {
                Some((at, value)) if centre > at => {
                    value + (mean - value) * (target - at) / (centre - at)
                }
                _ => *mean,
            });
        }
        last = Some((centre, *mean));
        before += weight;
    }
    last.map(|(_, value)| value)
}

fn share(name: &str, q: f64) -> Result<f64> {
    if (0.0..=1.0).contains(&q) {
        Ok(q)
    } else {
        Err(SqlError::argument(
            name,
            format!("the percentile must be between 0.0 and 1.0, not {q}"),
        ))
    }
}

fn values(call: &AggCall<'_>) -> Vec<Centroid> {
    call.args[0]
        .as_primitive::<Float64Type>()
        .iter()
        .flatten()
        .map(|v| (v, 1.0))
        .collect()
}

/// APPROX_PERCENTILE(value, share)
pub fn approx_percentile(call: &AggCall<'_>) -> Result<ArrayRef> {
    let digest = compress(values(call));
    let value = if digest.is_empty() {
        None
    } else {
        let q = call.args[1].as_primitive::<Float64Type>().value(0);
        quantile(&digest, share(call.name, q)?)
    };
    Ok(Arc::new(Float64Array::from(vec![value])))
}

fn written(digest: Vec<Centroid>) -> Value {
    let flat = digest
        .into_iter()
        .flat_map(|(m, w)| [Value::Double(m), Value::Double(w)])
        .collect();
    state(TYPE, flat, vec![])
}

/// APPROX_PERCENTILE_ACCUMULATE: the digest as an OBJECT, means and weights in turn.
pub fn approx_percentile_accumulate(call: &AggCall<'_>) -> Result<ArrayRef> {
    Ok(one(Some(written(compress(values(call))))))
}

fn read(name: &str, v: Ref<'_>) -> Result<Vec<Centroid>> {
    let flat: Option<Vec<f64>> = items(name, TYPE, v)?.into_iter().map(number).collect();
    match flat {
        Some(flat) if flat.len().is_multiple_of(2) => {
            Ok(flat.chunks(2).map(|c| (c[0], c[1])).collect())
        }
        _ => Err(SqlError::argument(
            name,
            "the argument is no state of APPROX_PERCENTILE",
        )),
    }
}

/// APPROX_PERCENTILE_COMBINE: the digest of all digests' values.
pub fn approx_percentile_combine(call: &AggCall<'_>) -> Result<ArrayRef> {
    let mut all = Vec::new();
    for v in variants(call) {
        all.extend(read(call.name, v)?);
    }
    Ok(one(Some(written(compress(all)))))
}

/// APPROX_PERCENTILE_ESTIMATE(state, share)
pub fn approx_percentile_estimate(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, q) = (call.variant(0)?, call.double(1)?);
    call.map_double(|row| {
        let (Some(v), Some(q)) = (v.get(row), q.get(row)) else {
            return Ok(None);
        };
        let digest = read(call.name, Ref::new(v))?;
        Ok(quantile(&digest, share(call.name, q)?))
    })
}
