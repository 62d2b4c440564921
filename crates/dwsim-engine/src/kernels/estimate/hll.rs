//! HyperLogLog with 4096 registers (precision 12), as BINARY state and as the OBJECT of HLL_EXPORT.
//! HLL and APPROX_COUNT_DISTINCT themselves are DataFusion's aggregate.
//!
//! Sources: Snowflake "HLL_ACCUMULATE", "HLL_COMBINE", "HLL_ESTIMATE", "HLL_EXPORT", "HLL_IMPORT".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray};

use crate::error::{Result, SqlError};
use crate::functions::{AggCall, Call};
use crate::kernels::row_hash::argument_hash;
use crate::variant::{Kind, Ref, Value};

const PRECISION: u32 = 12;
const REGISTERS: usize = 1 << PRECISION;
/// Largest register: the zeros of the 52 bits that do not choose the register, and one.
const MAX: u8 = (64 - PRECISION + 1) as u8;

fn one(registers: Vec<u8>) -> Result<ArrayRef> {
    Ok(Arc::new(BinaryArray::from_iter_values([registers])))
}

fn checked<'a>(name: &str, state: &'a [u8]) -> Result<&'a [u8]> {
    if state.len() == REGISTERS && state.iter().all(|r| *r <= MAX) {
        Ok(state)
    } else {
        Err(SqlError::argument(
            name,
            "the argument is no state of HyperLogLog",
        ))
    }
}

/// HLL_ACCUMULATE: the state of a group's values; rows whose values are all NULL do not count.
pub fn hll_accumulate(call: &AggCall<'_>) -> Result<ArrayRef> {
    let mut registers = vec![0u8; REGISTERS];
    let mut scratch = Vec::new();
    for row in 0..call.rows {
        if call.args.iter().any(|a| a.is_null(row)) {
            continue;
        }
        let mut h = 0x51_7C_C1_B7;
        for (a, ty) in call.args.iter().zip(call.types) {
            h = argument_hash(h, a.as_ref(), ty, row, &mut scratch)?;
        }
        let register = (h >> (64 - PRECISION)) as usize;
        let rank = ((h << PRECISION).leading_zeros() as u8 + 1).min(MAX);
        registers[register] = registers[register].max(rank);
    }
    one(registers)
}

/// HLL_COMBINE: the state of all states' values.
pub fn hll_combine(call: &AggCall<'_>) -> Result<ArrayRef> {
    let mut registers = vec![0u8; REGISTERS];
    for state in call.args[0].as_binary::<i32>().iter().flatten() {
        for (r, s) in registers.iter_mut().zip(checked(call.name, state)?) {
            *r = (*r).max(*s);
        }
    }
    one(registers)
}

/// The estimated number of distinct values (Flajolet et al., with linear counting for small numbers).
pub(super) fn estimate(registers: &[u8]) -> i64 {
    let m = REGISTERS as f64;
    let zeros = registers.iter().filter(|r| **r == 0).count();
    let sum: f64 = registers.iter().map(|r| 2f64.powi(-i32::from(*r))).sum();
    let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
    if raw <= 2.5 * m && zeros > 0 {
        (m * (m / zeros as f64).ln()).round() as i64
    } else {
        raw.round() as i64
    }
}

/// HLL_ESTIMATE of a state.
pub fn hll_estimate(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bytes(0)?;
    call.map_int(|row| match v.get(row) {
        Some(state) => Ok(Some(estimate(checked(call.name, state)?))),
        None => Ok(None),
    })
}

/// HLL_EXPORT: the registers as an OBJECT, listed one by one when many are used.
pub fn hll_export(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.bytes(0)?;
    call.map_variant(|row| {
        let Some(state) = v.get(row) else {
            return Ok(None);
        };
        let registers = checked(call.name, state)?;
        let numbers = |v: &mut dyn Iterator<Item = usize>| {
            Value::Array(v.map(|n| Value::int(n as i64)).collect())
        };
        let used: Vec<usize> = (0..REGISTERS).filter(|i| registers[*i] > 0).collect();
        let content = if used.len() * 4 < REGISTERS {
            let counts = numbers(&mut used.iter().map(|i| usize::from(registers[*i])));
            let indices = numbers(&mut used.iter().copied());
            (
                "sparse".to_owned(),
                Value::Object(vec![
                    ("indices".into(), indices),
                    ("maxLzCounts".into(), counts),
                ]),
            )
        } else {
            (
                "dense".to_owned(),
                numbers(&mut registers.iter().map(|r| usize::from(*r))),
            )
        };
        let mut members = vec![
            content,
            ("precision".into(), Value::int(i64::from(PRECISION))),
            ("version".into(), Value::int(4)),
        ];
        members.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Some(Value::Object(members).encode()))
    })
}

/// HLL_IMPORT: the state that [`hll_export`] listed.
pub fn hll_import(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let bad = || call.error("the argument is no exported state of HyperLogLog");
    let numbers = |v: Option<Ref<'_>>| -> Result<Vec<usize>> {
        v.and_then(|v| v.items())
            .ok_or_else(bad)?
            .map(|n| match n.kind() {
                Kind::Decimal(n, 0) => usize::try_from(n).map_err(|_| bad()),
                _ => Err(bad()),
            })
            .collect()
    };
    call.map_bytes(|row| {
        let Some(o) = v.get(row).map(Ref::new) else {
            return Ok(None);
        };
        let mut registers = vec![0u8; REGISTERS];
        if let Some(sparse) = o.member("sparse") {
            let indices = numbers(sparse.member("indices"))?;
            let counts = numbers(sparse.member("maxLzCounts"))?;
            if indices.len() != counts.len() {
                return Err(bad());
            }
            for (i, n) in indices.into_iter().zip(counts) {
                let n = u8::try_from(n).ok().filter(|n| *n <= MAX);
                *registers.get_mut(i).ok_or_else(bad)? = n.ok_or_else(bad)?;
            }
        } else {
            let dense = numbers(o.member("dense"))?;
            if dense.len() != REGISTERS {
                return Err(bad());
            }
            for (r, n) in registers.iter_mut().zip(dense) {
                *r = u8::try_from(n).ok().filter(|n| *n <= MAX).ok_or_else(bad)?;
            }
        }
        Ok(Some(registers))
    })
}
