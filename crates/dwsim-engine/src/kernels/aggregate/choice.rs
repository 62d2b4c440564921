//! Aggregates that choose one of the group's values or count combinations.
//! Sources: Snowflake "MIN_BY", "MAX_BY", "MODE", "ANY_VALUE", "COUNT".

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, LargeBinaryArray, new_null_array};
use arrow::datatypes::Int64Type;
use arrow::row::{RowConverter, SortField};

use crate::error::{Result, SqlError};
use crate::functions::AggCall;
use crate::kernels::cast::encode_at;
use crate::types::SqlType;
use crate::variant::Builder;

fn pick(call: &AggCall<'_>, row: Option<usize>) -> ArrayRef {
    match row {
        Some(i) => call.args[0].slice(i, 1),
        None => new_null_array(call.args[0].data_type(), 1),
    }
}

/// Some value of the group.
pub fn any_value(call: &AggCall<'_>) -> Result<ArrayRef> {
    Ok(pick(call, (call.rows > 0).then_some(0)))
}

fn extreme(call: &AggCall<'_>, want_greater: bool) -> Result<ArrayRef> {
    let keys = &call.args[1];
    let converter = RowConverter::new(vec![SortField::new(keys.data_type().clone())])?;
    let rows = converter.convert_columns(&[Arc::clone(keys)])?;
    let mut best: Option<usize> = None;
    for i in 0..call.rows {
        if keys.is_null(i) {
            continue;
        }
        best = Some(match best {
            None => i,
            Some(b)
                if (rows.row(i) > rows.row(b)) == want_greater && rows.row(i) != rows.row(b) =>
            {
                i
            }
            Some(b) => b,
        });
    }
    Ok(pick(call, best))
}

/// The first argument where the second is smallest; rows with a NULL key do not count.
pub fn min_by(call: &AggCall<'_>) -> Result<ArrayRef> {
    extreme(call, false)
}

/// The first argument where the second is largest; rows with a NULL key do not count.
pub fn max_by(call: &AggCall<'_>) -> Result<ArrayRef> {
    extreme(call, true)
}

/// The most frequent value; of several the one met first.
pub fn mode(call: &AggCall<'_>) -> Result<ArrayRef> {
    let converter = RowConverter::new(vec![SortField::new(call.args[0].data_type().clone())])?;
    let rows = converter.convert_columns(&call.args[..1])?;
    let mut counts: HashMap<Vec<u8>, (usize, usize)> = HashMap::new();
    for i in 0..call.rows {
        let entry = counts
            .entry(rows.row(i).as_ref().to_vec())
            .or_insert((0, i));
        entry.0 += 1;
    }
    let best = counts
        .into_values()
        .max_by_key(|(n, first)| (*n, std::cmp::Reverse(*first)));
    Ok(pick(call, best.map(|(_, i)| i)))
}

/// Number of distinct combinations of the arguments; rows with a NULL in any of them do not count.
pub fn count_distinct_rows(call: &AggCall<'_>) -> Result<ArrayRef> {
    let fields = call
        .args
        .iter()
        .map(|a| SortField::new(a.data_type().clone()))
        .collect();
    let converter = RowConverter::new(fields)?;
    let rows = converter.convert_columns(call.args)?;
    let mut seen = std::collections::HashSet::new();
    for i in 0..call.rows {
        if !call.args.iter().any(|a| a.is_null(i)) {
            seen.insert(rows.row(i).as_ref().to_vec());
        }
    }
    Ok(Arc::new(Int64Array::from(vec![seen.len() as i64])))
}

/// MIN_BY and MAX_BY with a third argument: the first arguments where the second is smallest or largest, as many as
/// the third says, as an array in that order.
pub fn extremes_by(call: &AggCall<'_>) -> Result<ArrayRef> {
    let wanted = call.args[2].as_primitive::<Int64Type>();
    let n = if call.rows > 0 && wanted.is_valid(0) {
        wanted.value(0)
    } else {
        0
    };
    if call.rows > 0 && n <= 0 {
        return Err(SqlError::argument(
            call.name,
            format!("the number of values must be positive, not {n}"),
        ));
    }
    let keys = &call.args[1];
    let converter = RowConverter::new(vec![SortField::new(keys.data_type().clone())])?;
    let rows = converter.convert_columns(&[Arc::clone(keys)])?;
    let mut order: Vec<usize> = (0..call.rows).filter(|i| keys.is_valid(*i)).collect();
    if call.name.starts_with("MAX") {
        order.sort_by(|a, b| rows.row(*b).cmp(&rows.row(*a)));
    } else {
        order.sort_by(|a, b| rows.row(*a).cmp(&rows.row(*b)));
    }
    order.truncate(n as usize);
    let mut out = Vec::new();
    let mut b = Builder { out: &mut out };
    b.begin_array();
    for i in order {
        if call.types[0] == SqlType::Null || call.args[0].is_null(i) {
            b.null();
        } else {
            encode_at(call.args[0].as_ref(), &call.types[0], i, &mut b)?;
        }
    }
    b.end();
    Ok(Arc::new(LargeBinaryArray::from_iter_values([out])))
}
