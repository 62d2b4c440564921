//! The row-group plan, a function of the schema alone: the unit of sharding and of parallel writing.
//! How a row group is encoded is left to `write`.

use std::ops::Range;

use dwsim_schema::{LogicalType, Table};

/// Rows per batch inside of a row group.
pub(crate) const BATCH_ROWS: u64 = 8_192;

/// Most rows of a row group.
const MAX_ROWS: u64 = 15 * BATCH_ROWS;

/// Aim for the uncompressed size of a row group in bytes.
const TARGET_BYTES: u64 = 32 << 20;

/// A range of rows that is written as one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowGroup {
    /// Number of the row group in the whole table, from 0.
    pub index: u64,
    /// Rows, from 0.
    pub rows: Range<u64>,
}

/// Rows per row group: fewer for wide tables, a whole number of batches.
pub(crate) fn rows_per_group(table: &Table) -> u64 {
    let width: u64 = table.columns.iter().map(|c| estimated_bytes(c.ty)).sum();
    (TARGET_BYTES / width.max(1) / BATCH_ROWS * BATCH_ROWS).clamp(BATCH_ROWS, MAX_ROWS)
}

fn estimated_bytes(ty: LogicalType) -> u64 {
    match ty {
        LogicalType::Boolean => 1,
        LogicalType::SmallInt => 2,
        LogicalType::Integer | LogicalType::Real | LogicalType::Date => 4,
        LogicalType::Decimal { .. } => 16,
        LogicalType::Char(n) => u64::from(n),
        LogicalType::Varchar(n) => u64::from(n.unwrap_or(64).min(64)),
        LogicalType::Uuid => 36,
        LogicalType::Binary(n) => u64::from(n.unwrap_or(16)),
        LogicalType::Json(_) => 256,
        _ => 8,
    }
}

/// The row groups of shard `shard` of `shards`: contiguous, as even as whole groups allow.
pub(crate) fn shard_range(groups: u64, shard: u64, shards: u64) -> Range<u64> {
    let edge = |i: u64| (u128::from(groups) * u128::from(i) / u128::from(shards)) as u64;
    edge(shard)..edge(shard + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_everything_once() {
        for groups in 0..40 {
            for shards in 1..9 {
                let mut next = 0;
                for shard in 0..shards {
                    let range = shard_range(groups, shard, shards);
                    assert_eq!(range.start, next);
                    next = range.end;
                }
                assert_eq!(next, groups);
            }
        }
    }
}
