//! Building, joining, cutting and printing arrays.
//! Search, order and multiset operations are `set`; aggregation over rows is `aggregate`.

use arrow::array::ArrayRef;

use super::compare::same;
use super::print;
use super::util::{append, build, from_either_end, integer, is_nullish, value};
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;
use crate::variant::{Builder, Items, Ref};

/// Largest array that is built from a range, in elements: what 16 MB of VARIANT can hold.
const MAX_RANGE: u64 = 8 << 20;

fn items<'a>(call: &Call<'a>, i: usize, row: usize) -> Result<Option<Items<'a>>> {
    if call.types[i] == SqlType::Null {
        return Ok(None);
    }
    Ok(value(call, i, row)?.and_then(|v| v.items()))
}

/// ARRAY_CONSTRUCT, `[a, b]`, Redshift's ARRAY: arguments of any type. NULL is a missing element on Snowflake, a null
/// on Redshift.
pub fn array_construct(call: &Call<'_>) -> Result<ArrayRef> {
    let redshift = call.env.dialect == crate::dialect::DialectName::Redshift;
    build(call, |row, b| {
        b.begin_array();
        for i in 0..call.len() {
            append(call, i, row, b, |b| {
                if redshift {
                    b.null();
                } else {
                    b.undefined();
                }
            })?;
        }
        b.end();
        Ok(true)
    })
}

/// ARRAY_CONSTRUCT_COMPACT: without NULLs.
pub fn array_construct_compact(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        b.begin_array();
        for i in 0..call.len() {
            append(call, i, row, b, |_| {})?;
        }
        b.end();
        Ok(true)
    })
}

fn extend(b: &mut Builder<'_>, items: Items<'_>) {
    for v in items {
        b.raw(v.bytes());
    }
}

/// ARRAY_APPEND(array, element)
pub fn array_append(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(items) = items(call, 0, row)? else {
            return Ok(false);
        };
        b.begin_array();
        extend(b, items);
        append(call, 1, row, b, |b| b.undefined())?;
        b.end();
        Ok(true)
    })
}

/// ARRAY_PREPEND(array, element)
pub fn array_prepend(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(items) = items(call, 0, row)? else {
            return Ok(false);
        };
        b.begin_array();
        append(call, 1, row, b, |b| b.undefined())?;
        extend(b, items);
        b.end();
        Ok(true)
    })
}

/// ARRAY_CAT, and ARRAY_CONCAT of Redshift: NULL when any argument is no array.
pub fn array_cat(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        b.begin_array();
        for i in 0..call.len() {
            match items(call, i, row)? {
                Some(items) => extend(b, items),
                None => return Ok(false),
            }
        }
        b.end();
        Ok(true)
    })
}

/// ARRAY_CONCAT of Redshift.
pub fn super_array_concat(call: &Call<'_>) -> Result<ArrayRef> {
    array_cat(call)
}

/// ARRAY_COMPACT: without missing and null elements.
pub fn array_compact(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(items) = items(call, 0, row)? else {
            return Ok(false);
        };
        b.begin_array();
        for v in items.filter(|v| !is_nullish(*v)) {
            b.raw(v.bytes());
        }
        b.end();
        Ok(true)
    })
}

/// ARRAY_FLATTEN of Snowflake: one level. A missing element makes the result NULL, any other non-array is an error.
pub fn array_flatten(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(items) = items(call, 0, row)? else {
            return Ok(false);
        };
        b.begin_array();
        for v in items {
            match v.items() {
                Some(inner) => extend(b, inner),
                None if v.is_undefined() => return Ok(false),
                None => {
                    return Err(SqlError::raw(
                        "100107",
                        "22000",
                        "Not an array: 'Input argument to ARRAY_FLATTEN is not an array of arrays'",
                    ));
                }
            }
        }
        b.end();
        Ok(true)
    })
}

fn flatten_all(items: Items<'_>, b: &mut Builder<'_>) {
    for v in items {
        match v.items() {
            Some(inner) => flatten_all(inner, b),
            None => b.raw(v.bytes()),
        }
    }
}

/// ARRAY_FLATTEN of Redshift: all levels; NULL when the argument is no array.
pub fn super_array_flatten(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(items) = items(call, 0, row)? else {
            return Ok(false);
        };
        b.begin_array();
        flatten_all(items, b);
        b.end();
        Ok(true)
    })
}

/// ARRAY_GENERATE_RANGE(start, stop [, step]): whole numbers from start, stop excluded.
pub fn array_generate_range(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let (Some(start), Some(stop)) = (integer(call, 0, row)?, integer(call, 1, row)?) else {
            return Ok(false);
        };
        let step = if call.len() > 2 {
            match integer(call, 2, row)? {
                Some(step) => step,
                None => return Ok(false),
            }
        } else {
            1
        };
        if step == 0 {
            return Err(call.error("the step of ARRAY_GENERATE_RANGE must not be 0"));
        }
        let span = (i128::from(stop) - i128::from(start)) * i128::from(step.signum());
        if span > 0 && span.unsigned_abs() / u128::from(step.unsigned_abs()) > MAX_RANGE.into() {
            return Err(SqlError::raw(
                "100078",
                "22000",
                "the array would be larger than the 16777216 bytes of an ARRAY value",
            ));
        }
        b.begin_array();
        let mut at = start;
        while if step > 0 { at < stop } else { at > stop } {
            b.decimal(at.into(), 0);
            match at.checked_add(step) {
                Some(next) => at = next,
                None => break,
            }
        }
        b.end();
        Ok(true)
    })
}

/// ARRAY_INSERT(array, position, element): negative positions count from the back; missing elements fill a gap.
pub fn array_insert(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let (Some(items), Some(position)) = (items(call, 0, row)?, integer(call, 1, row)?) else {
            return Ok(false);
        };
        let len = items.count();
        let at = from_either_end(position, len).unwrap_or(0);
        if at as u64 > MAX_RANGE {
            return Err(call.error(format!("position {position} is too large")));
        }
        b.begin_array();
        for (i, v) in items.enumerate() {
            if i == at {
                append(call, 2, row, b, |b| b.undefined())?;
            }
            b.raw(v.bytes());
        }
        if at >= len {
            for _ in len..at {
                b.undefined();
            }
            append(call, 2, row, b, |b| b.undefined())?;
        }
        b.end();
        Ok(true)
    })
}

/// ARRAY_REMOVE(array, value): without the elements that equal the value; NULL for NULL.
pub fn array_remove(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        if call.types[1] == SqlType::Null {
            return Ok(false);
        }
        let (Some(items), Some(unwanted)) = (items(call, 0, row)?, value(call, 1, row)?) else {
            return Ok(false);
        };
        b.begin_array();
        for v in items.filter(|v| !same(*v, unwanted, call.env.dialect)) {
            b.raw(v.bytes());
        }
        b.end();
        Ok(true)
    })
}

/// ARRAY_REMOVE_AT(array, position): negative positions count from the back.
pub fn array_remove_at(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let (Some(items), Some(position)) = (items(call, 0, row)?, integer(call, 1, row)?) else {
            return Ok(false);
        };
        let at = from_either_end(position, items.count());
        b.begin_array();
        for (_, v) in items.enumerate().filter(|(i, _)| Some(*i) != at) {
            b.raw(v.bytes());
        }
        b.end();
        Ok(true)
    })
}

/// ARRAY_REVERSE
pub fn array_reverse(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(items) = items(call, 0, row)? else {
            return Ok(false);
        };
        let all: Vec<_> = items.collect();
        b.begin_array();
        for v in all.into_iter().rev() {
            b.raw(v.bytes());
        }
        b.end();
        Ok(true)
    })
}

/// ARRAY_SIZE: number of elements, missing ones included; NULL for what is no array.
pub fn array_size(call: &Call<'_>) -> Result<ArrayRef> {
    call.map_int(|row| Ok(items(call, 0, row)?.map(|i| i.count() as i64)))
}

/// GET_ARRAY_LENGTH of Redshift.
pub fn super_array_length(call: &Call<'_>) -> Result<ArrayRef> {
    array_size(call)
}

/// ARRAY_SLICE(array, from, to): the end is excluded; negative positions count from the back.
pub fn array_slice(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let (Some(items), Some(from), Some(to)) = (
            items(call, 0, row)?,
            integer(call, 1, row)?,
            integer(call, 2, row)?,
        ) else {
            return Ok(false);
        };
        let len = items.count();
        let from = from_either_end(from, len).unwrap_or(0);
        let to = from_either_end(to, len).unwrap_or(0);
        b.begin_array();
        for v in items.skip(from).take(to.saturating_sub(from)) {
            b.raw(v.bytes());
        }
        b.end();
        Ok(true)
    })
}

/// SUBARRAY(array, start, length) of Redshift: start counts from 0; NULL when the argument is no array.
pub fn super_subarray(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let (Some(items), Some(start), Some(length)) = (
            items(call, 0, row)?,
            integer(call, 1, row)?,
            integer(call, 2, row)?,
        ) else {
            return Ok(false);
        };
        if start < 0 || length < 0 {
            return Err(call.error("start and length must not be negative"));
        }
        b.begin_array();
        for v in items.skip(start as usize).take(length as usize) {
            b.raw(v.bytes());
        }
        b.end();
        Ok(true)
    })
}

/// ARRAY_TO_STRING(array, separator): elements as text, null ones empty.
pub fn array_to_string(call: &Call<'_>) -> Result<ArrayRef> {
    let separators = call.text(1)?;
    let mut out = String::new();
    let mut column =
        arrow::array::StringBuilder::with_capacity(call.rows, call.rows.saturating_mul(16));
    for row in 0..call.rows {
        let (Some(items), Some(separator)) = (items(call, 0, row)?, separators.get(row)) else {
            column.append_null();
            continue;
        };
        out.clear();
        for (i, v) in items.enumerate() {
            if i > 0 {
                out.push_str(separator);
            }
            if !is_nullish(v) {
                print::write_plain(v, call.env, &mut out);
            }
        }
        column.append_value(&out);
    }
    Ok(std::sync::Arc::new(column.finish()))
}

/// ARRAYS_TO_OBJECT(keys, values): NULL keys are left out, NULL values are null.
pub fn arrays_to_object(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let (Some(keys), Some(values)) = (items(call, 0, row)?, items(call, 1, row)?) else {
            return Ok(false);
        };
        if keys.count() != values.count() {
            return Err(call.error(format!(
                "ARRAYS_TO_OBJECT takes arrays of equal length, not {} and {}",
                keys.count(),
                values.count()
            )));
        }
        let mut members: Vec<(String, Ref<'_>)> = Vec::new();
        for (key, v) in keys.zip(values) {
            if is_nullish(key) {
                continue;
            }
            let key = key
                .as_str()
                .ok_or_else(|| call.error("the keys of an object must be texts"))?
                .into_owned();
            members.push((key, v));
        }
        super::object::write_sorted(members, b, |name| super::object::duplicate(&name))?;
        Ok(true)
    })
}

/// ARRAYS_ZIP: an object with the keys `$1`, `$2`, … per position; shorter arrays give nulls.
pub fn arrays_zip(call: &Call<'_>) -> Result<ArrayRef> {
    // Keys in the order of sorted objects: "$10" comes before "$2".
    let mut keys: Vec<(String, usize)> = (0..call.len())
        .map(|i| (format!("${}", i + 1), i))
        .collect();
    keys.sort();
    build(call, |row, b| {
        let mut columns: Vec<Items<'_>> = Vec::with_capacity(call.len());
        for i in 0..call.len() {
            match items(call, i, row)? {
                Some(items) => columns.push(items),
                None => return Ok(false),
            }
        }
        let longest = columns.iter().map(|c| c.count()).max().unwrap_or(0);
        b.begin_array();
        for _ in 0..longest {
            let values: Vec<_> = columns.iter_mut().map(Iterator::next).collect();
            b.begin_object();
            for (key, i) in &keys {
                b.string(key);
                match values[*i] {
                    Some(v) if !is_nullish(v) => b.raw(v.bytes()),
                    _ => b.null(),
                }
            }
            b.end();
        }
        if longest == 0 {
            // No position at all: one object without members, as documented.
            b.begin_object();
            b.end();
        }
        b.end();
        Ok(true)
    })
}

/// SPLIT(text, separator): an empty separator does not split.
pub fn split(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, separators) = (call.text(0)?, call.text(1)?);
    build(call, |row, b| {
        let (Some(text), Some(separator)) = (texts.get(row), separators.get(row)) else {
            return Ok(false);
        };
        b.begin_array();
        if separator.is_empty() {
            b.string(text);
        } else {
            text.split(separator).for_each(|part| b.string(part));
        }
        b.end();
        Ok(true)
    })
}

/// SPLIT_TO_ARRAY(text [, separator]) of Redshift: a comma unless another separator is given.
pub fn super_split_to_array(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    let separators = call.optional_text(1)?;
    build(call, |row, b| {
        let separator = match &separators {
            Some(s) => s.get(row),
            None => Some(","),
        };
        let (Some(text), Some(separator)) = (texts.get(row), separator) else {
            return Ok(false);
        };
        b.begin_array();
        if separator.is_empty() {
            b.string(text);
        } else {
            text.split(separator).for_each(|part| b.string(part));
        }
        b.end();
        Ok(true)
    })
}

/// The tokens of a text between runs of delimiter characters; without delimiters the whole text is one token.
pub(super) fn tokens<'a>(text: &'a str, delimiters: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(move |c| delimiters.contains(c))
        .filter(|t| !t.is_empty())
}

/// STRTOK_TO_ARRAY(text [, delimiters]): a blank unless delimiters are given.
pub fn strtok_to_array(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    let delimiters = call.optional_text(1)?;
    build(call, |row, b| {
        let delimiters = match &delimiters {
            Some(d) => d.get(row),
            None => Some(" "),
        };
        let (Some(text), Some(delimiters)) = (texts.get(row), delimiters) else {
            return Ok(false);
        };
        b.begin_array();
        tokens(text, delimiters).for_each(|t| b.string(t));
        b.end();
        Ok(true)
    })
}
