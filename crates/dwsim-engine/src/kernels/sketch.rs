//! HyperLogLog sketches: HLLSKETCH values, what they print as, and the aggregates over them.
//! A sketch holds few values exactly enough to count thousands of them without error (sparse), many approximately (dense).
//!
//! Source: "Amazon Redshift HyperLogLog overview" and the pages of the HLL functions. The hash of values is ours, so indices
//! differ from those of the service; cardinalities and formats do not.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use base64::Engine as _;

use crate::error::{Result, SqlError};
use crate::functions::{AggCall, Call};
use crate::kernels::hash::murmur3_128;

/// Registers of a dense sketch are 2 to this power.
const LOGM: u32 = 15;
/// Bits of an index in a sparse sketch.
const SPARSE_BITS: u32 = 26;
/// A sketch with more indices than this becomes dense.
const SPARSE_LIMIT: usize = 4096;

/// A sketch in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sketch {
    /// Largest run length by index.
    Sparse(BTreeMap<u32, u8>),
    /// Largest run length per register.
    Dense(Vec<u8>),
}

impl Sketch {
    fn new() -> Self {
        Sketch::Sparse(BTreeMap::new())
    }

    fn add(&mut self, hash: u64) {
        let index = (hash >> (64 - SPARSE_BITS)) as u32;
        let rest = hash << SPARSE_BITS;
        let run = (rest.leading_zeros().min(63 - SPARSE_BITS) + 1) as u8;
        self.put(index, run);
    }

    fn put(&mut self, index: u32, run: u8) {
        match self {
            Sketch::Sparse(map) => {
                let slot = map.entry(index).or_insert(run);
                *slot = (*slot).max(run);
                if map.len() > SPARSE_LIMIT {
                    *self = self.dense();
                }
            }
            Sketch::Dense(registers) => {
                let (register, run) = dense_form(index, run);
                if let Some(slot) = registers.get_mut(register) {
                    *slot = (*slot).max(run);
                }
            }
        }
    }

    fn dense(&self) -> Self {
        match self {
            Sketch::Dense(_) => self.clone(),
            Sketch::Sparse(map) => {
                let mut registers = vec![0u8; 1 << LOGM];
                for (index, run) in map {
                    let (register, run) = dense_form(*index, *run);
                    registers[register] = registers[register].max(run);
                }
                Sketch::Dense(registers)
            }
        }
    }

    fn merge(&mut self, other: &Sketch) {
        match other {
            Sketch::Sparse(map) => map.iter().for_each(|(i, r)| self.put(*i, *r)),
            Sketch::Dense(theirs) => {
                *self = self.dense();
                if let Sketch::Dense(ours) = self {
                    for (a, b) in ours.iter_mut().zip(theirs) {
                        *a = (*a).max(*b);
                    }
                }
            }
        }
    }

    fn cardinality(&self) -> i64 {
        match self {
            Sketch::Sparse(map) => {
                // Linear counting over all indices of the sparse form.
                let m = f64::from(1u32 << SPARSE_BITS);
                let empty = m - map.len() as f64;
                (m * (m / empty).ln()).round() as i64
            }
            Sketch::Dense(registers) => estimate(registers),
        }
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Sketch::Sparse(map) => {
                let mut out = Vec::with_capacity(1 + map.len() * 5);
                out.push(0);
                for (index, run) in map {
                    out.extend_from_slice(&index.to_le_bytes());
                    out.push(*run);
                }
                out
            }
            Sketch::Dense(registers) => {
                let mut out = Vec::with_capacity(1 + registers.len());
                out.push(1);
                out.extend_from_slice(registers);
                out
            }
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (form, rest) = bytes.split_first()?;
        match form {
            0 => Some(Sketch::Sparse(
                rest.chunks_exact(5)
                    .map(|c| (u32::from_le_bytes([c[0], c[1], c[2], c[3]]), c[4]))
                    .collect(),
            )),
            1 if rest.len() == 1 << LOGM => Some(Sketch::Dense(rest.to_vec())),
            _ => None,
        }
    }
}

/// The register and run length that a sparse entry stands for.
fn dense_form(index: u32, run: u8) -> (usize, u8) {
    let extra = SPARSE_BITS - LOGM;
    let register = (index >> extra) as usize;
    let tail = index & ((1 << extra) - 1);
    let run = if tail == 0 {
        run + extra as u8
    } else {
        (tail << (32 - extra)).leading_zeros() as u8 + 1
    };
    (register, run)
}

/// Ertl's improved estimator, which needs neither tables nor thresholds.
fn estimate(registers: &[u8]) -> i64 {
    let m = registers.len() as f64;
    let q = 64 - LOGM as usize;
    let mut counts = vec![0u64; q + 2];
    for r in registers {
        counts[usize::from(*r).min(q + 1)] += 1;
    }
    let tau = |mut x: f64| {
        if x == 0.0 || x == 1.0 {
            return 0.0;
        }
        let (mut y, mut z) = (1.0, 1.0 - x);
        loop {
            x = x.sqrt();
            let before = z;
            y *= 0.5;
            z -= (1.0 - x).powi(2) * y;
            if z == before {
                return z / 3.0;
            }
        }
    };
    let sigma = |mut x: f64| {
        if x == 1.0 {
            return f64::INFINITY;
        }
        let (mut y, mut z) = (1.0, x);
        loop {
            x *= x;
            let before = z;
            z += x * y;
            y += y;
            if z == before {
                return z;
            }
        }
    };
    let mut z = m * tau(1.0 - counts[q + 1] as f64 / m);
    for k in (1..=q).rev() {
        z = 0.5 * (z + counts[k] as f64);
    }
    z += m * sigma(counts[0] as f64 / m);
    let alpha = 1.0 / (2.0 * std::f64::consts::LN_2);
    (alpha * m * m / z).round() as i64
}

fn corrupt() -> SqlError {
    SqlError::internal("stored sketch")
}

/// A stored sketch as Redshift prints it.
pub fn to_json(stored: &[u8]) -> String {
    match Sketch::decode(stored) {
        Some(Sketch::Sparse(map)) => {
            let join = |values: Vec<String>| values.join(",");
            format!(
                "{{\"version\":1,\"logm\":{LOGM},\"sparse\":{{\"indices\":[{}],\"values\":[{}]}}}}",
                join(map.keys().map(u32::to_string).collect()),
                join(map.values().map(u8::to_string).collect()),
            )
        }
        Some(Sketch::Dense(registers)) => format!(
            "{{\"version\":1,\"logm\":{LOGM},\"dense\":{{\"registers\":\"{}\"}}}}",
            base64::engine::general_purpose::STANDARD.encode(registers)
        ),
        None => String::new(),
    }
}

/// A sketch from its JSON text.
fn parse(text: &str) -> std::result::Result<Sketch, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if json.get("logm").and_then(serde_json::Value::as_u64) != Some(u64::from(LOGM)) {
        return Err(format!("\"logm\" must be {LOGM}"));
    }
    if let Some(sparse) = json.get("sparse") {
        let list = |name: &str| -> std::result::Result<Vec<u64>, String> {
            sparse
                .get(name)
                .and_then(serde_json::Value::as_array)
                .and_then(|a| a.iter().map(serde_json::Value::as_u64).collect())
                .ok_or_else(|| format!("\"{name}\" must be an array of numbers"))
        };
        let (indices, values) = (list("indices")?, list("values")?);
        if indices.len() != values.len() {
            return Err("as many indices as values are expected".into());
        }
        let mut sketch = Sketch::new();
        for (i, v) in indices.into_iter().zip(values) {
            let index = u32::try_from(i)
                .ok()
                .filter(|i| *i < 1 << SPARSE_BITS)
                .ok_or_else(|| format!("index {i} is out of range"))?;
            let run = u8::try_from(v)
                .ok()
                .filter(|v| (1..=64 - SPARSE_BITS as u8).contains(v))
                .ok_or_else(|| format!("value {v} is out of range"))?;
            sketch.put(index, run);
        }
        return Ok(sketch);
    }
    let registers = json
        .get("dense")
        .and_then(|d| d.get("registers"))
        .and_then(serde_json::Value::as_str)
        .ok_or("\"sparse\" or \"dense\" is expected")?;
    let registers = base64::engine::general_purpose::STANDARD
        .decode(registers)
        .map_err(|e| e.to_string())?;
    if registers.len() != 1 << LOGM || registers.iter().any(|r| u32::from(*r) > 65 - LOGM) {
        return Err("the registers do not fit \"logm\"".into());
    }
    Ok(Sketch::Dense(registers))
}

/// The sketch of a column's values; NULLs do not count.
fn of_values(values: &ArrayRef) -> Result<Sketch> {
    let mut sketch = Sketch::new();
    match values.as_string_opt::<i32>() {
        Some(texts) => {
            for t in texts.iter().flatten() {
                sketch.add(murmur3_128(t.as_bytes()));
            }
        }
        None => match values.as_binary_opt::<i64>() {
            Some(bytes) => {
                for b in bytes.iter().flatten() {
                    sketch.add(murmur3_128(b));
                }
            }
            None => {
                // Numbers of one value hash alike whatever their width.
                let options = FormatOptions::default();
                let formatter = ArrayFormatter::try_new(values, &options)?;
                for i in (0..values.len()).filter(|i| values.is_valid(*i)) {
                    sketch.add(murmur3_128(formatter.value(i).to_string().as_bytes()));
                }
            }
        },
    }
    Ok(sketch)
}

fn first<'a>(call: &'a AggCall<'_>) -> Result<&'a ArrayRef> {
    call.args
        .first()
        .ok_or_else(|| SqlError::internal(format!("{} without an argument", call.name)))
}

fn one(sketch: Option<&Sketch>) -> ArrayRef {
    let bytes = sketch.map(Sketch::encode);
    let array: BinaryArray = [bytes.as_deref()].into_iter().collect();
    Arc::new(array)
}

/// HLL(value), APPROXIMATE COUNT(DISTINCT value): 0 for no values.
pub fn hll(call: &AggCall<'_>) -> Result<ArrayRef> {
    let n = of_values(first(call)?)?.cardinality();
    Ok(Arc::new(Int64Array::from(vec![n])))
}

/// HLL_CREATE_SKETCH(value): an empty sketch for no values.
pub fn create(call: &AggCall<'_>) -> Result<ArrayRef> {
    Ok(one(Some(&of_values(first(call)?)?)))
}

/// HLL_COMBINE(sketch): NULL for no sketches.
pub fn combine(call: &AggCall<'_>) -> Result<ArrayRef> {
    let mut total: Option<Sketch> = None;
    for bytes in first(call)?.as_binary::<i32>().iter().flatten() {
        let s = Sketch::decode(bytes).ok_or_else(corrupt)?;
        match &mut total {
            None => total = Some(s),
            Some(t) => t.merge(&s),
        }
    }
    Ok(one(total.as_ref()))
}

/// HLL_CARDINALITY(sketch).
pub fn cardinality(call: &Call<'_>) -> Result<ArrayRef> {
    let sketches = call.bytes(0)?;
    call.map_int(|row| {
        sketches
            .get(row)
            .map(|b| {
                Sketch::decode(b)
                    .map(|s| s.cardinality())
                    .ok_or_else(corrupt)
            })
            .transpose()
    })
}

/// HLL_COMBINE_SKETCHES(sketch, sketch): the other one when one is NULL.
pub fn combine_two(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (call.bytes(0)?, call.bytes(1)?);
    call.map_bytes(|row| match (a.get(row), b.get(row)) {
        (Some(a), Some(b)) => {
            let mut s = Sketch::decode(a).ok_or_else(corrupt)?;
            s.merge(&Sketch::decode(b).ok_or_else(corrupt)?);
            Ok(Some(s.encode()))
        }
        (Some(one), None) | (None, Some(one)) => Ok(Some(one.to_vec())),
        (None, None) => Ok(None),
    })
}

/// Text as a sketch: its JSON.
pub fn from_text(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    call.map_bytes(|row| {
        texts
            .get(row)
            .map(|t| {
                parse(t)
                    .map(|s| s.encode())
                    .map_err(|e| SqlError::argument("hllsketch", format!("invalid sketch: {e}")))
            })
            .transpose()
    })
}

/// A sketch as text: its JSON.
pub fn to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let sketches = call.bytes(0)?;
    call.map_text(|row| Ok(sketches.get(row).map(to_json)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(n: u32) -> Sketch {
        let mut s = Sketch::new();
        for i in 0..n {
            s.add(murmur3_128(i.to_string().as_bytes()));
        }
        s
    }

    #[test]
    fn few_values_are_counted_exactly() {
        for n in [0, 1, 2, 10, 1000, 4000] {
            assert_eq!(sketch(n).cardinality(), i64::from(n));
        }
    }

    #[test]
    fn many_values_are_counted_closely() {
        for n in [10_000u32, 100_000, 300_000] {
            let c = sketch(n).cardinality() as f64;
            assert!((c / f64::from(n) - 1.0).abs() < 0.02, "{n}: {c}");
        }
    }

    #[test]
    fn merging_is_counting_both() {
        let mut a = sketch(3000);
        let mut b = Sketch::new();
        for i in 2000..20_000u32 {
            b.add(murmur3_128(i.to_string().as_bytes()));
        }
        a.merge(&b);
        let mut c = b.clone();
        c.merge(&sketch(3000));
        assert_eq!(a, c);
        assert_eq!(a, sketch(20_000));
    }

    #[test]
    fn text_forms_are_read_back() {
        for n in [0, 5, 10_000] {
            let s = sketch(n);
            assert_eq!(parse(&to_json(&s.encode())), Ok(s.clone()));
            assert_eq!(Sketch::decode(&s.encode()), Some(s));
        }
        assert!(parse("{}").is_err());
        assert!(parse("{\"logm\":15,\"sparse\":{\"indices\":[99999999],\"values\":[1]}}").is_err());
    }
}
