//! Aggregates that build arrays and objects from the rows of a group.
//! DISTINCT, WITHIN GROUP and NULL treatment are the collecting accumulator's work.

use std::collections::HashMap;

use arrow::array::ArrayRef;

use super::compare::key;
use super::object::duplicate;
use super::util::one;
use crate::error::Result;
use crate::functions::AggCall;
use crate::kernels::cast::encode_at;
use crate::types::SqlType;
use crate::variant::{Builder, Ref};

fn is_null(call: &AggCall<'_>, i: usize, row: usize) -> bool {
    call.types[i] == SqlType::Null || call.args[i].is_null(row)
}

/// Appends argument `i` of a row.
fn append(call: &AggCall<'_>, i: usize, row: usize, b: &mut Builder<'_>) -> Result<()> {
    encode_at(call.args[i].as_ref(), &call.types[i], row, b)
}

/// ARRAY_AGG: the values that are not NULL, in the order asked for; `[]` for none.
pub fn array_agg(call: &AggCall<'_>) -> Result<ArrayRef> {
    let mut out = Vec::new();
    let mut b = Builder { out: &mut out };
    b.begin_array();
    for row in 0..call.rows {
        if !is_null(call, 0, row) {
            append(call, 0, row, &mut b)?;
        }
    }
    b.end();
    Ok(one(&out))
}

/// ARRAY_UNIQUE_AGG: each value that is not NULL once, where it stands first.
pub fn array_unique_agg(call: &AggCall<'_>) -> Result<ArrayRef> {
    let mut seen = std::collections::HashSet::new();
    let mut out = Vec::new();
    let mut b = Builder { out: &mut out };
    b.begin_array();
    for row in 0..call.rows {
        if is_null(call, 0, row) {
            continue;
        }
        let start = b.out.len();
        append(call, 0, row, &mut b)?;
        if !seen.insert(key(Ref::new(&b.out[start..]), call.env.dialect)) {
            b.out.truncate(start);
        }
    }
    b.end();
    Ok(one(&out))
}

/// ARRAY_UNION_AGG: the union of arrays as multisets, where an element occurs as often as in the array that has it
/// most often.
pub fn array_union_agg(call: &AggCall<'_>) -> Result<ArrayRef> {
    // Elements in the order in which they were first met, equal ones together.
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut found: Vec<(Vec<u8>, usize)> = Vec::new();
    let mut scratch = Vec::new();
    for row in 0..call.rows {
        if is_null(call, 0, row) {
            continue;
        }
        scratch.clear();
        append(call, 0, row, &mut Builder { out: &mut scratch })?;
        let Some(items) = Ref::new(&scratch).items() else {
            continue;
        };
        let mut here: HashMap<usize, usize> = HashMap::new();
        for v in items {
            let at = *places.entry(key(v, call.env.dialect)).or_insert_with(|| {
                found.push((v.bytes().to_vec(), 0));
                found.len() - 1
            });
            let n = here.entry(at).or_insert(0);
            *n += 1;
            found[at].1 = found[at].1.max(*n);
        }
    }
    let mut out = Vec::new();
    let mut b = Builder { out: &mut out };
    b.begin_array();
    for (bytes, times) in &found {
        for _ in 0..*times {
            b.raw(bytes);
        }
    }
    b.end();
    Ok(one(&out))
}

/// OBJECT_AGG(key, value): rows whose key or value is NULL do not count; a key that occurs twice is an error.
pub fn object_agg(call: &AggCall<'_>) -> Result<ArrayRef> {
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    for row in 0..call.rows {
        if is_null(call, 0, row) || is_null(call, 1, row) {
            continue;
        }
        let mut encoded = Vec::new();
        append(call, 0, row, &mut Builder { out: &mut encoded })?;
        let mut name = String::new();
        super::print::write_plain(Ref::new(&encoded), call.env, &mut name);
        encoded.clear();
        append(call, 1, row, &mut Builder { out: &mut encoded })?;
        members.push((name, encoded));
    }
    members.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(twice) = members.windows(2).find(|w| w[0].0 == w[1].0) {
        return Err(duplicate(&twice[0].0));
    }
    let mut out = Vec::new();
    let mut b = Builder { out: &mut out };
    b.begin_object();
    for (name, encoded) in &members {
        b.string(name);
        b.raw(encoded);
    }
    b.end();
    Ok(one(&out))
}
