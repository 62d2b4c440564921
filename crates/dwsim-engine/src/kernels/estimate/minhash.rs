//! MinHash: the least hashes of a set, from which the similarity of sets is estimated.
//! The state is a VARIANT, as Snowflake shows it.
//!
//! Sources: Snowflake "MINHASH", "MINHASH_COMBINE", "APPROXIMATE_SIMILARITY".

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};

use super::state::{constant, items, number, one, state, variants};
use crate::error::{Result, SqlError};
use crate::functions::AggCall;
use crate::kernels::row_hash::{argument_hash, finish};
use crate::variant::{Kind, Value};

const TYPE: &str = "minhash";

fn written(least: Vec<u64>) -> Value {
    let values = least
        .into_iter()
        .map(|h| Value::int(i128::from(h)))
        .collect();
    state(TYPE, values, vec![])
}

/// MINHASH(k, value, …): for each of k hash functions the least hash of the group's rows.
pub fn minhash(call: &AggCall<'_>) -> Result<ArrayRef> {
    let Some(k) = constant(call, 0) else {
        return Ok(one(None));
    };
    if !(1..=1024).contains(&k) {
        return Err(SqlError::argument(
            call.name,
            format!("the number of hash functions must be 1 to 1024, not {k}"),
        ));
    }
    let mut least = vec![u64::MAX; k as usize];
    let mut scratch = Vec::new();
    let mut any = false;
    for row in 0..call.rows {
        if call.args[1..].iter().all(|a| a.is_null(row)) {
            continue;
        }
        any = true;
        let mut h = 0x2545_F491;
        for (a, ty) in call.args[1..].iter().zip(&call.types[1..]) {
            h = argument_hash(h, a.as_ref(), ty, row, &mut scratch)?;
        }
        for (i, least) in least.iter_mut().enumerate() {
            *least = (*least).min(finish(h ^ (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        }
    }
    Ok(one(any.then(|| written(least))))
}

fn hashes(name: &str, v: crate::variant::Ref<'_>) -> Result<Vec<u64>> {
    items(name, TYPE, v)?
        .into_iter()
        .map(|n| match n.kind() {
            Kind::Decimal(n, 0) => u64::try_from(n).ok(),
            _ => number(n).map(|n| n as u64),
        })
        .collect::<Option<_>>()
        .ok_or_else(|| SqlError::argument(name, "the argument is no state of type minhash"))
}

/// MINHASH_COMBINE: the state of the union of the sets.
pub fn minhash_combine(call: &AggCall<'_>) -> Result<ArrayRef> {
    let mut out: Option<Vec<u64>> = None;
    for v in variants(call) {
        let next = hashes(call.name, v)?;
        match &mut out {
            None => out = Some(next),
            Some(all) => {
                if all.len() != next.len() {
                    return Err(SqlError::argument(
                        call.name,
                        "the states have different numbers of hash functions",
                    ));
                }
                for (a, n) in all.iter_mut().zip(next) {
                    *a = (*a).min(n);
                }
            }
        }
    }
    Ok(one(out.map(written)))
}

/// APPROXIMATE_SIMILARITY: the estimated Jaccard index of the sets, the share of hash functions that agree.
pub fn approximate_similarity(call: &AggCall<'_>) -> Result<ArrayRef> {
    let states = variants(call)
        .map(|v| hashes(call.name, v))
        .collect::<Result<Vec<_>>>()?;
    let value = match states.split_first() {
        None => None,
        Some((first, rest)) => {
            if rest.iter().any(|s| s.len() != first.len()) {
                return Err(SqlError::argument(
                    call.name,
                    "the states have different numbers of hash functions",
                ));
            }
            let equal = (0..first.len())
                .filter(|i| rest.iter().all(|s| s[*i] == first[*i]))
                .count();
            Some(equal as f64 / first.len().max(1) as f64)
        }
    };
    Ok(Arc::new(Float64Array::from(vec![value])))
}
