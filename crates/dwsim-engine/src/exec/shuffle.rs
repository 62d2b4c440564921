//! A seeded shuffle of results without ORDER BY, so that an accidental order never passes for a promise.
//! Whether it happens is the engine's configuration.

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};

use crate::error::Result;
use crate::types::ColumnInfo;

/// The rows in an order that depends on the seed and their number only.
pub(crate) fn shuffle(
    columns: &[ColumnInfo],
    batches: Vec<RecordBatch>,
    seed: u64,
) -> Result<Vec<RecordBatch>> {
    let Some(first) = batches.first() else {
        return Ok(batches);
    };
    if columns.is_empty() {
        return Ok(batches);
    }
    let all = concat_batches(&first.schema(), &batches)?;
    let n = all.num_rows();
    let mut order: Vec<u32> = (0..n as u32).collect();
    // Fisher-Yates over SplitMix64 (Steele et al., "Fast splittable pseudorandom number generators").
    let mut state = seed ^ n as u64;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    for i in (1..n).rev() {
        let j = ((u128::from(next()) * (i as u128 + 1)) >> 64) as usize;
        order.swap(i, j);
    }
    Ok(vec![take_record_batch(&all, &UInt32Array::from(order))?])
}
