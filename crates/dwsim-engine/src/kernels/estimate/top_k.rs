//! APPROX_TOP_K: the most frequent values with their counts, by the Space-Saving algorithm.
//! Up to the number of counters the counts are exact.
//!
//! Sources: Snowflake "APPROX_TOP_K", "APPROX_TOP_K_ACCUMULATE", "APPROX_TOP_K_COMBINE", "APPROX_TOP_K_ESTIMATE".

use std::collections::HashMap;

use arrow::array::ArrayRef;

use super::state::{constant, items, one, state, variants};
use crate::error::{Result, SqlError};
use crate::functions::{AggCall, Call};
use crate::kernels::cast::encode_at;
use crate::variant::{Builder, Kind, Ref, Value};

const TYPE: &str = "space_saving";
/// Counters when none are asked for, and the most that may be.
const COUNTERS: i64 = 100_000;

/// Values in the order in which they were first seen, with their counts.
#[derive(Default)]
struct Counts {
    index: HashMap<Vec<u8>, usize>,
    entries: Vec<(Vec<u8>, i64)>,
    most: usize,
}

impl Counts {
    fn new(most: usize) -> Self {
        Counts {
            most,
            ..Counts::default()
        }
    }

    fn add(&mut self, value: &[u8], n: i64) {
        if let Some(i) = self.index.get(value) {
            self.entries[*i].1 += n;
            return;
        }
        if self.entries.len() < self.most {
            self.index.insert(value.to_vec(), self.entries.len());
            self.entries.push((value.to_vec(), n));
            return;
        }
        // The least frequent value makes room, and its count stays as the error of the new one's.
        let least = (0..self.entries.len()).min_by_key(|i| self.entries[*i].1);
        if let Some(i) = least {
            let gone = std::mem::replace(&mut self.entries[i].0, value.to_vec());
            self.entries[i].1 += n;
            self.index.remove(&gone);
            self.index.insert(value.to_vec(), i);
        }
    }

    /// By falling count; equal counts in the order of the values.
    fn sorted(mut self) -> Vec<(Vec<u8>, i64)> {
        self.entries
            .sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.entries
    }
}

fn counters(name: &str, n: Option<i64>) -> Result<usize> {
    match n.unwrap_or(COUNTERS) {
        n @ 1..=COUNTERS => Ok(n as usize),
        n => Err(SqlError::argument(
            name,
            format!("the number of counters must be 1 to {COUNTERS}, not {n}"),
        )),
    }
}

fn counted(call: &AggCall<'_>, most: usize) -> Result<Counts> {
    let mut counts = Counts::new(most);
    let mut scratch = Vec::new();
    for row in 0..call.rows {
        if call.args[0].is_null(row) {
            continue;
        }
        scratch.clear();
        encode_at(
            call.args[0].as_ref(),
            &call.types[0],
            row,
            &mut Builder { out: &mut scratch },
        )?;
        counts.add(&scratch, 1);
    }
    Ok(counts)
}

fn pairs(entries: Vec<(Vec<u8>, i64)>) -> Result<Vec<Value>> {
    entries
        .into_iter()
        .map(|(v, n)| Ok(Value::Array(vec![Value::decode(&v)?, Value::int(n)])))
        .collect()
}

fn wanted(name: &str, k: i64) -> Result<usize> {
    usize::try_from(k)
        .ok()
        .filter(|k| (1..=COUNTERS as usize).contains(k))
        .ok_or_else(|| SqlError::argument(name, format!("k must be 1 to {COUNTERS}, not {k}")))
}

/// APPROX_TOP_K(value [, k [, counters]]): an array of `[value, count]`.
pub fn approx_top_k(call: &AggCall<'_>) -> Result<ArrayRef> {
    let k = wanted(call.name, constant(call, 1).unwrap_or(1))?;
    let mut entries = counted(call, counters(call.name, constant(call, 2))?)?.sorted();
    entries.truncate(k);
    Ok(one(Some(Value::Array(pairs(entries)?))))
}

fn written(counts: Counts) -> Result<Value> {
    let most = counts.most as i64;
    Ok(state(
        TYPE,
        pairs(counts.sorted())?,
        vec![("counters".into(), Value::int(most))],
    ))
}

/// APPROX_TOP_K_ACCUMULATE(value, counters): the state.
pub fn approx_top_k_accumulate(call: &AggCall<'_>) -> Result<ArrayRef> {
    let counts = counted(call, counters(call.name, constant(call, 1))?)?;
    Ok(one(Some(written(counts)?)))
}

fn read(name: &str, v: Ref<'_>, into: &mut Counts) -> Result<()> {
    let bad = || SqlError::argument(name, "the argument is no state of APPROX_TOP_K");
    for pair in items(name, TYPE, v)? {
        let mut pair = pair.items().ok_or_else(bad)?;
        let (Some(value), Some(count)) = (pair.next(), pair.next()) else {
            return Err(bad());
        };
        let Kind::Decimal(n, 0) = count.kind() else {
            return Err(bad());
        };
        into.add(value.bytes(), i64::try_from(n).map_err(|_| bad())?);
    }
    Ok(())
}

/// APPROX_TOP_K_COMBINE(state [, counters]): the state of all states' values.
pub fn approx_top_k_combine(call: &AggCall<'_>) -> Result<ArrayRef> {
    let given = constant(call, 1).or_else(|| {
        variants(call)
            .filter_map(|v| match v.member("counters")?.kind() {
                Kind::Decimal(n, 0) => i64::try_from(n).ok(),
                _ => None,
            })
            .max()
    });
    let mut counts = Counts::new(counters(call.name, given)?);
    for v in variants(call) {
        read(call.name, v, &mut counts)?;
    }
    Ok(one(Some(written(counts)?)))
}

/// APPROX_TOP_K_ESTIMATE(state [, k])
pub fn approx_top_k_estimate(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let k = call.optional_int(1)?;
    call.map_variant(|row| {
        let Some(v) = v.get(row) else { return Ok(None) };
        let k = match &k {
            None => 1,
            Some(k) => match k.get(row) {
                Some(k) => k,
                None => return Ok(None),
            },
        };
        let mut counts = Counts::new(COUNTERS as usize);
        read(call.name, Ref::new(v), &mut counts)?;
        let mut entries = counts.sorted();
        entries.truncate(wanted(call.name, k)?);
        Ok(Some(Value::Array(pairs(entries)?).encode()))
    })
}
