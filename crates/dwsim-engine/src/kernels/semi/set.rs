//! Functions that treat arrays as collections: search, order, extremes, multiset operations.
//! Elements are compared by meaning (`compare`); building and cutting arrays is `array`.

use std::cmp::Ordering;
use std::collections::HashMap;

use arrow::array::ArrayRef;

use super::compare::{key, order, same};
use super::util::{build, is_nullish};
use crate::dialect::DialectName;
use crate::error::Result;
use crate::functions::Call;
use crate::types::SqlType;
use crate::variant::{Items, Ref};

/// The elements of argument `i`; None for NULL and for what is no array.
fn items<'a>(call: &Call<'a>, i: usize, row: usize) -> Result<Option<Items<'a>>> {
    if call.types[i] == SqlType::Null {
        return Ok(None);
    }
    Ok(super::util::value(call, i, row)?.and_then(|v| v.items()))
}

/// The index of the first element that equals argument 0; NULL equals a missing element.
fn find(call: &Call<'_>, row: usize) -> Result<Option<(Option<usize>, bool)>> {
    let Some(mut items) = items(call, 1, row)? else {
        return Ok(None);
    };
    let wanted = if call.types[0] == SqlType::Null {
        None
    } else {
        super::util::value(call, 0, row)?
    };
    let at = items.position(|v| match wanted {
        Some(w) => same(v, w, call.env.dialect),
        None => v.is_undefined(),
    });
    Ok(Some((at, wanted.is_none())))
}

/// ARRAY_CONTAINS(value, array); NULL for a NULL that the array lacks.
pub fn array_contains(call: &Call<'_>) -> Result<ArrayRef> {
    call.map_bool(|row| {
        Ok(match find(call, row)? {
            Some((None, true)) | None => None,
            Some((at, _)) => Some(at.is_some()),
        })
    })
}

/// ARRAY_POSITION(value, array): index from 0.
pub fn array_position(call: &Call<'_>) -> Result<ArrayRef> {
    call.map_int(|row| Ok(find(call, row)?.and_then(|(at, _)| at).map(|i| i as i64)))
}

/// Appends elements as an array.
fn array<'a>(
    b: &mut crate::variant::Builder<'_>,
    items: impl IntoIterator<Item = Ref<'a>>,
) -> Result<bool> {
    b.begin_array();
    for v in items {
        b.raw(v.bytes());
    }
    b.end();
    Ok(true)
}

/// ARRAY_DISTINCT: each element once, where it stands first.
pub fn array_distinct(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(items) = items(call, 0, row)? else {
            return Ok(false);
        };
        let mut seen = std::collections::HashSet::new();
        array(b, items.filter(|v| seen.insert(key(*v, call.env.dialect))))
    })
}

/// How often each element occurs.
fn counts(call: &Call<'_>, items: Items<'_>) -> HashMap<Vec<u8>, usize> {
    let mut counts = HashMap::new();
    for v in items {
        *counts.entry(key(v, call.env.dialect)).or_insert(0) += 1;
    }
    counts
}

/// A boolean argument that may be missing or NULL.
fn flag(call: &Call<'_>, i: usize, row: usize) -> Result<Option<bool>> {
    if call.len() <= i || call.types[i] == SqlType::Null {
        return Ok(None);
    }
    Ok(call.bool(i)?.get(row))
}

/// Elements of the first array that the second has (`keep`) or lacks, each as often as it has partners; with a third
/// argument of true (Redshift), as sets.
fn multiset(call: &Call<'_>, keep: bool) -> Result<ArrayRef> {
    build(call, |row, b| {
        let (Some(left), Some(right)) = (items(call, 0, row)?, items(call, 1, row)?) else {
            return Ok(false);
        };
        let mut partners = counts(call, right);
        if flag(call, 2, row)? == Some(true) {
            let mut seen = std::collections::HashSet::new();
            return array(
                b,
                left.filter(|v| {
                    let key = key(*v, call.env.dialect);
                    partners.contains_key(&key) == keep && seen.insert(key)
                }),
            );
        }
        array(
            b,
            left.filter(|v| {
                let paired = match partners.get_mut(&key(*v, call.env.dialect)) {
                    Some(n) if *n > 0 => {
                        *n -= 1;
                        true
                    }
                    _ => false,
                };
                paired == keep
            }),
        )
    })
}

/// ARRAY_INTERSECTION, as multisets, in the first array's order.
pub fn array_intersection(call: &Call<'_>) -> Result<ArrayRef> {
    multiset(call, true)
}

/// ARRAY_EXCEPT, as multisets, in the first array's order.
pub fn array_except(call: &Call<'_>) -> Result<ArrayRef> {
    multiset(call, false)
}

/// ARRAYS_OVERLAP: whether any element is in both; a missing element equals another one.
pub fn arrays_overlap(call: &Call<'_>) -> Result<ArrayRef> {
    call.map_bool(|row| {
        let (Some(mut left), Some(right)) = (items(call, 0, row)?, items(call, 1, row)?) else {
            return Ok(None);
        };
        let right = counts(call, right);
        Ok(Some(
            left.any(|v| right.contains_key(&key(v, call.env.dialect))),
        ))
    })
}

fn extreme(call: &Call<'_>, wanted: Ordering) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(items) = items(call, 0, row)? else {
            return Ok(false);
        };
        let mut best: Option<Ref<'_>> = None;
        for v in items.filter(|v| !v.is_undefined()) {
            best = Some(match best {
                // JSON null counts only where there is nothing else.
                Some(old) if v.is_null() => old,
                Some(old) if !old.is_null() && order(v, old, call.env.dialect) != wanted => old,
                _ => v,
            });
        }
        match best {
            Some(v) => {
                b.raw(v.bytes());
                Ok(true)
            }
            None => Ok(false),
        }
    })
}

/// ARRAY_MAX: missing elements do not count.
pub fn array_max(call: &Call<'_>) -> Result<ArrayRef> {
    extreme(call, Ordering::Greater)
}

/// ARRAY_MIN: missing elements do not count.
pub fn array_min(call: &Call<'_>) -> Result<ArrayRef> {
    extreme(call, Ordering::Less)
}

/// ARRAY_SORT(array [, ascending [, nulls_first]]). Missing elements stand at an end of their own; JSON null is
/// greater than every value.
pub fn array_sort(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(items) = items(call, 0, row)? else {
            return Ok(false);
        };
        let ascending = if call.len() > 1 {
            match flag(call, 1, row)? {
                Some(v) => v,
                None => return Ok(false),
            }
        } else {
            true
        };
        let nulls_first = if call.len() > 2 {
            match flag(call, 2, row)? {
                Some(v) => v,
                None => return Ok(false),
            }
        } else {
            !ascending
        };
        // Redshift has nulls where Snowflake has missing elements.
        let redshift = call.env.dialect == DialectName::Redshift;
        let (missing, mut values): (Vec<_>, Vec<_>) =
            items.partition(|v| v.is_undefined() || (redshift && v.is_null()));
        values.sort_by(|x, y| {
            let o = match (is_nullish(*x), is_nullish(*y)) {
                (false, false) => order(*x, *y, call.env.dialect),
                (nx, ny) => nx.cmp(&ny),
            };
            if ascending { o } else { o.reverse() }
        });
        if nulls_first {
            array(b, missing.into_iter().chain(values))
        } else {
            array(b, values.into_iter().chain(missing))
        }
    })
}

/// What Redshift's searching functions are given: the array, the value as it is compared, whether null is a value.
struct Search<'a> {
    items: Items<'a>,
    wanted: Ref<'a>,
    is_null: bool,
    null_match: bool,
}

fn search<'a>(call: &Call<'a>, row: usize) -> Result<Option<Search<'a>>> {
    let Some(items) = items(call, 0, row)? else {
        return Ok(None);
    };
    let null_match = match flag(call, 2, row)? {
        Some(v) => v,
        None => {
            let name = "default_array_search_null_handling";
            call.env.parameter(name).is_none() || call.env.flag(name)
        }
    };
    let wanted = if call.types[1] == SqlType::Null {
        None
    } else {
        super::util::value(call, 1, row)?
    };
    let wanted = wanted.unwrap_or(Ref::null());
    Ok(Some(Search {
        items,
        wanted,
        is_null: wanted.is_null(),
        null_match,
    }))
}

impl Search<'_> {
    /// Indexes of the matches; None when the answer is unknown.
    fn positions(mut self, call: &Call<'_>) -> Option<Vec<usize>> {
        if self.is_null && !self.null_match {
            return None;
        }
        let mut nulls = false;
        let found: Vec<usize> = self
            .items
            .by_ref()
            .enumerate()
            .filter(|(_, v)| {
                nulls |= v.is_null();
                same(*v, self.wanted, call.env.dialect)
            })
            .map(|(i, _)| i)
            .collect();
        if found.is_empty() && nulls && !self.null_match {
            return None;
        }
        Some(found)
    }
}

/// ARRAY_CONTAINS(array, value [, null_match]) of Redshift.
pub fn super_array_contains(call: &Call<'_>) -> Result<ArrayRef> {
    call.map_bool(|row| {
        Ok(search(call, row)?
            .and_then(|s| s.positions(call))
            .map(|p| !p.is_empty()))
    })
}

/// ARRAY_POSITION(array, value [, null_match]) of Redshift: index from 0, -1 for none.
pub fn super_array_position(call: &Call<'_>) -> Result<ArrayRef> {
    call.map_int(|row| {
        Ok(search(call, row)?
            .and_then(|s| s.positions(call))
            .map(|p| p.first().map_or(-1, |i| *i as i64)))
    })
}

/// ARRAY_POSITIONS(array, value [, null_match]) of Redshift: all indexes from 0.
pub fn super_array_positions(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(positions) = search(call, row)?.and_then(|s| s.positions(call)) else {
            return Ok(false);
        };
        b.begin_array();
        for i in positions {
            b.decimal(i as i128, 0);
        }
        b.end();
        Ok(true)
    })
}
