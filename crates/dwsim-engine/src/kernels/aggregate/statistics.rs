//! Moments beyond variance, and shares of a total.
//! Sources: Snowflake "KURTOSIS", "SKEW", "RATIO_TO_REPORT"; Redshift "RATIO_TO_REPORT window function".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;

use crate::error::Result;
use crate::functions::AggCall;

fn values(call: &AggCall<'_>) -> Vec<f64> {
    call.args[0]
        .as_primitive::<Float64Type>()
        .iter()
        .flatten()
        .collect()
}

fn one(v: Option<f64>) -> Result<ArrayRef> {
    Ok(Arc::new(Float64Array::from(vec![v])))
}

/// Sample excess kurtosis; NULL for fewer than four values.
pub fn kurtosis(call: &AggCall<'_>) -> Result<ArrayRef> {
    let v = values(call);
    let n = v.len() as f64;
    if v.len() < 4 {
        return one(None);
    }
    let mean = v.iter().sum::<f64>() / n;
    let m2 = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let m4 = v.iter().map(|x| (x - mean).powi(4)).sum::<f64>();
    if m2 == 0.0 {
        return one(None);
    }
    let s2 = m2 / (n - 1.0);
    let k = n * (n + 1.0) / ((n - 1.0) * (n - 2.0) * (n - 3.0)) * m4 / (s2 * s2)
        - 3.0 * (n - 1.0).powi(2) / ((n - 2.0) * (n - 3.0));
    one(Some(k))
}

/// Sample skewness; NULL for fewer than three values.
pub fn skew(call: &AggCall<'_>) -> Result<ArrayRef> {
    let v = values(call);
    let n = v.len() as f64;
    if v.len() < 3 {
        return one(None);
    }
    let mean = v.iter().sum::<f64>() / n;
    let m2 = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let m3 = v.iter().map(|x| (x - mean).powi(3)).sum::<f64>();
    if m2 == 0.0 {
        return one(None);
    }
    let s = (m2 / (n - 1.0)).sqrt();
    one(Some(n / ((n - 1.0) * (n - 2.0)) * m3 / s.powi(3)))
}

/// Each value's share of the partition's sum; NULL where the value is NULL or the sum is 0.
pub fn ratio_to_report(call: &AggCall<'_>) -> Result<ArrayRef> {
    let a = call.args[0].as_primitive::<Float64Type>();
    let sum: f64 = a.iter().flatten().sum();
    let out: Float64Array = (0..a.len())
        .map(|i| (a.is_valid(i) && sum != 0.0).then(|| a.value(i) / sum))
        .collect();
    Ok(Arc::new(out))
}
