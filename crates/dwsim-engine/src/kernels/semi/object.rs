//! Building and changing objects.
//! Snowflake's objects have their members sorted by key; Redshift's keep the order in which they were written.

use arrow::array::ArrayRef;

use super::path::{Step, parse_path};
use super::util::{append, argument, build, is_nullish, value};
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;
use crate::variant::{Builder, Kind, Pairs, Ref, Value};

fn pairs<'a>(call: &Call<'a>, i: usize, row: usize) -> Result<Option<Pairs<'a>>> {
    if call.types[i] == SqlType::Null {
        return Ok(None);
    }
    Ok(value(call, i, row)?.and_then(|v| v.pairs()))
}

/// A key occurs twice.
pub(super) fn duplicate(key: &str) -> SqlError {
    SqlError::raw("100104", "22000", format!("Duplicate field key '{key}'"))
}

/// Writes members sorted by key; missing values become null.
pub(super) fn write_sorted(
    mut members: Vec<(String, Ref<'_>)>,
    b: &mut Builder<'_>,
    on_duplicate: impl Fn(String) -> SqlError,
) -> Result<()> {
    members.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(twice) = members.windows(2).find(|w| w[0].0 == w[1].0) {
        return Err(on_duplicate(twice[0].0.clone()));
    }
    b.begin_object();
    for (key, v) in members {
        b.string(&key);
        if is_nullish(v) {
            b.null();
        } else {
            b.raw(v.bytes());
        }
    }
    b.end();
    Ok(())
}

/// A key argument as text, whatever its type; None for NULL.
fn key_text(
    call: &Call<'_>,
    i: usize,
    row: usize,
    scratch: &mut Vec<u8>,
) -> Result<Option<String>> {
    let column = argument(call, i)?;
    if call.types[i] == SqlType::Null || column.is_null(row) {
        return Ok(None);
    }
    scratch.clear();
    append(call, i, row, &mut Builder { out: scratch }, |_| {})?;
    let mut out = String::new();
    super::print::write_plain(Ref::new(scratch), call.env, &mut out);
    Ok(Some(out))
}

fn construct(call: &Call<'_>, keep_null: bool) -> Result<ArrayRef> {
    if !call.len().is_multiple_of(2) {
        return Err(call.error(format!(
            "{} takes keys and values in turn; the last key has no value",
            call.name
        )));
    }
    let mut encoded = Vec::new();
    let mut scratch = Vec::new();
    build(call, |row, b| {
        encoded.clear();
        let mut members: Vec<(String, usize, usize)> = Vec::with_capacity(call.len() / 2);
        for i in (0..call.len()).step_by(2) {
            let Some(key) = key_text(call, i, row, &mut scratch)? else {
                continue;
            };
            let start = encoded.len();
            let mut null = false;
            append(call, i + 1, row, &mut Builder { out: &mut encoded }, |b| {
                null = true;
                b.null();
            })?;
            if null && !keep_null {
                encoded.truncate(start);
                continue;
            }
            members.push((key, start, encoded.len()));
        }
        let members = members
            .into_iter()
            .map(|(key, from, to)| (key, Ref::new(&encoded[from..to])))
            .collect();
        write_sorted(members, b, |key| duplicate(&key))?;
        Ok(true)
    })
}

/// OBJECT_CONSTRUCT(key, value, …): members whose key or value is NULL are left out.
pub fn object_construct(call: &Call<'_>) -> Result<ArrayRef> {
    construct(call, false)
}

/// OBJECT_CONSTRUCT_KEEP_NULL, `{'key': value}`: NULL values become null.
pub fn object_construct_keep_null(call: &Call<'_>) -> Result<ArrayRef> {
    construct(call, true)
}

/// OBJECT(key, value, …) of Redshift: members stay in their order.
pub fn super_object(call: &Call<'_>) -> Result<ArrayRef> {
    if !call.len().is_multiple_of(2) {
        return Err(call.error("OBJECT takes keys and values in turn; the last key has no value"));
    }
    let mut scratch = Vec::new();
    build(call, |row, b| {
        let mut seen = std::collections::HashSet::new();
        b.begin_object();
        for i in (0..call.len()).step_by(2) {
            let Some(key) = key_text(call, i, row, &mut scratch)? else {
                return Err(call.error("a key of OBJECT must not be NULL"));
            };
            b.string(&key);
            append(call, i + 1, row, b, |b| b.null())?;
            if let Some(twice) = seen.replace(key) {
                return Err(call.error(format!("duplicate attribute \"{twice}\" in OBJECT")));
            }
        }
        b.end();
        Ok(true)
    })
}

/// OBJECT_INSERT(object, key, value [, update]).
pub fn object_insert(call: &Call<'_>) -> Result<ArrayRef> {
    let keys = call.text(1)?;
    let mut encoded = Vec::new();
    build(call, |row, b| {
        let Some(pairs) = pairs(call, 0, row)? else {
            return Ok(false);
        };
        let update = call.len() > 3
            && call.types[3] != SqlType::Null
            && call.bool(3)?.get(row).unwrap_or(false);
        encoded.clear();
        let mut null = false;
        append(call, 2, row, &mut Builder { out: &mut encoded }, |_| {
            null = true;
        })?;
        let key = keys.get(row);
        let mut members = Vec::new();
        for (k, v) in pairs {
            if Some(k.as_ref()) == key {
                if !update {
                    return Err(duplicate(&k));
                }
                continue;
            }
            members.push((k.into_owned(), v));
        }
        if let (Some(key), false) = (key, null) {
            members.push((key.to_owned(), Ref::new(&encoded)));
        }
        write_sorted(members, b, |key| duplicate(&key))?;
        Ok(true)
    })
}

/// The keys named by the arguments from 1 on: texts, or one array of texts.
fn named_keys(call: &Call<'_>, row: usize) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    let mut scratch = Vec::new();
    for i in 1..call.len() {
        let column = argument(call, i)?;
        if call.types[i] == SqlType::Null || column.is_null(row) {
            continue;
        }
        if call.types[i].is_semi()
            && let Some(items) = value(call, i, row)?.and_then(|v| v.items())
        {
            keys.extend(items.filter_map(|v| v.as_str().map(|s| s.into_owned())));
            continue;
        }
        keys.extend(key_text(call, i, row, &mut scratch)?);
    }
    Ok(keys)
}

fn keep_members(call: &Call<'_>, keep: bool) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(pairs) = pairs(call, 0, row)? else {
            return Ok(false);
        };
        let keys = named_keys(call, row)?;
        b.begin_object();
        for (k, v) in pairs {
            if keys.iter().any(|name| *name == k) == keep {
                b.string(&k);
                b.raw(v.bytes());
            }
        }
        b.end();
        Ok(true)
    })
}

/// OBJECT_DELETE(object, key, …)
pub fn object_delete(call: &Call<'_>) -> Result<ArrayRef> {
    keep_members(call, false)
}

/// OBJECT_PICK(object, key, … | array of keys)
pub fn object_pick(call: &Call<'_>) -> Result<ArrayRef> {
    keep_members(call, true)
}

/// OBJECT_KEYS: an array of the keys, which on Snowflake are sorted.
pub fn object_keys(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let Some(pairs) = pairs(call, 0, row)? else {
            return Ok(false);
        };
        b.begin_array();
        for (k, _) in pairs {
            b.string(&k);
        }
        b.end();
        Ok(true)
    })
}

/// STRIP_NULL_VALUE: JSON null becomes SQL NULL, everything else stays.
pub fn strip_null_value(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    call.map_variant(|row| Ok(v.get(row).filter(|b| !is_nullish(Ref::new(b)))))
}

/// GET_NUMBER_ATTRIBUTES of Redshift: members of the topmost object; NULL for anything else.
pub fn get_number_attributes(call: &Call<'_>) -> Result<ArrayRef> {
    call.map_int(|row| Ok(pairs(call, 0, row)?.map(|p| p.count() as i64)))
}

/// Rewrites every key, at all levels.
fn rename(value: Ref<'_>, f: fn(&str) -> String, b: &mut Builder<'_>) -> Result<()> {
    match value.kind() {
        Kind::Array(items) => {
            b.begin_array();
            for v in items {
                rename(v, f, b)?;
            }
            b.end();
        }
        Kind::Object(pairs) => {
            let mut seen = std::collections::HashSet::new();
            b.begin_object();
            for (k, v) in pairs {
                let k = f(&k);
                b.string(&k);
                if !seen.insert(k) {
                    return Err(SqlError::raw(
                        "",
                        "XX000",
                        "Invalid input: SUPER value has duplicate attributes after case conversion.",
                    ));
                }
                rename(v, f, b)?;
            }
            b.end();
        }
        _ => b.raw(value.bytes()),
    }
    Ok(())
}

fn rename_all(call: &Call<'_>, f: fn(&str) -> String) -> Result<ArrayRef> {
    build(call, |row, b| match value(call, 0, row)? {
        Some(v) => rename(v, f, b).map(|()| true),
        None => Ok(false),
    })
}

/// LOWER_ATTRIBUTE_NAMES of Redshift.
pub fn lower_attribute_names(call: &Call<'_>) -> Result<ArrayRef> {
    rename_all(call, str::to_lowercase)
}

/// UPPER_ATTRIBUTE_NAMES of Redshift.
pub fn upper_attribute_names(call: &Call<'_>) -> Result<ArrayRef> {
    rename_all(call, str::to_uppercase)
}

/// The members of a path `'"a"."b"'`.
fn attribute_path(call: &Call<'_>, text: &str) -> Result<Vec<String>> {
    let steps = parse_path(text).map_err(|m| call.error(m))?;
    steps
        .into_iter()
        .map(|s| match s {
            Step::Member(key) => Ok(key),
            Step::Element(_) => {
                Err(call.error(format!("path '{text}' is not a path of attributes")))
            }
        })
        .collect()
}

/// The part of an object that the paths name.
fn keep_paths(value: &Value, paths: &[&[String]]) -> Value {
    let Value::Object(members) = value else {
        return value.clone();
    };
    Value::Object(
        members
            .iter()
            .filter_map(|(k, v)| {
                let below: Vec<&[String]> = paths
                    .iter()
                    .filter(|p| p.first() == Some(k))
                    .map(|p| &p[1..])
                    .collect();
                if below.is_empty() {
                    None
                } else if below.iter().any(|p| p.is_empty()) {
                    Some((k.clone(), v.clone()))
                } else {
                    match keep_paths(v, &below) {
                        // A path that goes on below a scalar names nothing.
                        Value::Object(m) if !m.is_empty() => Some((k.clone(), Value::Object(m))),
                        _ => None,
                    }
                }
            })
            .collect(),
    )
}

fn set_path(value: &mut Value, path: &[String], new: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = new;
        return;
    };
    if !matches!(value, Value::Object(_)) {
        *value = Value::Object(Vec::new());
    }
    if let Value::Object(members) = value {
        let at = match members.iter().position(|(k, _)| k == first) {
            Some(at) => at,
            None => {
                members.push((first.clone(), Value::Null));
                members.len() - 1
            }
        };
        set_path(&mut members[at].1, rest, new);
    }
}

/// OBJECT_TRANSFORM of Redshift. Arguments: input, number of KEEP paths (-1 without KEEP), the KEEP paths, then SET
/// paths and values in turn. What is no object stays as it is.
pub fn object_transform(call: &Call<'_>) -> Result<ArrayRef> {
    debug_assert_eq!(call.env.dialect, DialectName::Redshift);
    let keeps = super::util::integer(call, 1, 0)?.unwrap_or(-1);
    let kept = usize::try_from(keeps).unwrap_or(0);
    let constant = |i: usize| match call.constant_text(i) {
        Some(Some(text)) => attribute_path(call, text),
        _ => Err(call.error("paths must be constant texts")),
    };
    let keep_list = (2..2 + kept).map(constant).collect::<Result<Vec<_>>>()?;
    let sets: Vec<(Vec<String>, usize)> = (2 + kept..call.len())
        .step_by(2)
        .map(|i| Ok((constant(i)?, i + 1)))
        .collect::<Result<_>>()?;
    let mut scratch = Vec::new();
    build(call, |row, b| {
        let Some(input) = value(call, 0, row)? else {
            return Ok(false);
        };
        if !input.is_object() {
            b.raw(input.bytes());
            return Ok(true);
        }
        let mut tree = input.to_value()?;
        if keeps >= 0 {
            let paths: Vec<&[String]> = keep_list.iter().map(Vec::as_slice).collect();
            tree = keep_paths(&tree, &paths);
        } else if !sets.is_empty() {
            // SET alone gives the set paths only: nothing is kept that is not named.
            tree = Value::Object(Vec::new());
        }
        for (path, i) in &sets {
            scratch.clear();
            append(call, *i, row, &mut Builder { out: &mut scratch }, |b| {
                b.null()
            })?;
            set_path(&mut tree, path, Value::decode(&scratch)?);
        }
        b.value(&tree);
        Ok(true)
    })
}

/// `(object, value, name, …)`: the object with a value at a path of attribute names, where Redshift masks a part of it.
pub fn with_member(call: &Call<'_>) -> Result<ArrayRef> {
    let names = (2..call.len())
        .map(|i| call.text(i))
        .collect::<Result<Vec<_>>>()?;
    let mut scratch = Vec::new();
    build(call, |row, b| {
        let Some(input) = value(call, 0, row)? else {
            return Ok(false);
        };
        let path: Option<Vec<String>> = names
            .iter()
            .map(|n| n.get(row).map(str::to_owned))
            .collect();
        let Some(path) = path else {
            b.raw(input.bytes());
            return Ok(true);
        };
        let mut tree = input.to_value()?;
        scratch.clear();
        append(call, 1, row, &mut Builder { out: &mut scratch }, |b| {
            b.null()
        })?;
        set_path(&mut tree, &path, Value::decode(&scratch)?);
        b.value(&tree);
        Ok(true)
    })
}

/// MAP_CONTAINS_KEY(key, map): the key is compared as text, which is how keys are kept.
pub fn map_contains_key(call: &Call<'_>) -> Result<ArrayRef> {
    let mut scratch = Vec::new();
    call.map_bool(|row| {
        let Some(key) = key_text(call, 0, row, &mut scratch)? else {
            return Ok(None);
        };
        Ok(pairs(call, 1, row)?.map(|mut p| p.any(|(k, _)| k == key.as_str())))
    })
}

/// MAP_SIZE(map): the number of keys.
pub fn map_size(call: &Call<'_>) -> Result<ArrayRef> {
    call.map_int(|row| Ok(pairs(call, 0, row)?.map(|p| p.count() as i64)))
}

/// MAP_CAT(map, map): the members of both; of equal keys the second map's.
pub fn map_cat(call: &Call<'_>) -> Result<ArrayRef> {
    build(call, |row, b| {
        let (Some(first), Some(second)) = (pairs(call, 0, row)?, pairs(call, 1, row)?) else {
            return Ok(false);
        };
        let second: Vec<(String, Ref<'_>)> = second.map(|(k, v)| (k.into_owned(), v)).collect();
        let mut members: Vec<(String, Ref<'_>)> = first
            .filter(|(k, _)| second.iter().all(|(s, _)| s != k))
            .map(|(k, v)| (k.into_owned(), v))
            .collect();
        members.extend(second);
        write_sorted(members, b, |key| duplicate(&key))?;
        Ok(true)
    })
}

/// MAP_INSERT(map, key, value [, update]): a NULL value is kept, unlike in an OBJECT.
pub fn map_insert(call: &Call<'_>) -> Result<ArrayRef> {
    let mut encoded = Vec::new();
    let mut scratch = Vec::new();
    build(call, |row, b| {
        let Some(pairs) = pairs(call, 0, row)? else {
            return Ok(false);
        };
        let Some(key) = key_text(call, 1, row, &mut scratch)? else {
            return Err(call.error("a key of a MAP must not be NULL"));
        };
        let update = call.len() > 3
            && call.types[3] != SqlType::Null
            && call.bool(3)?.get(row).unwrap_or(false);
        encoded.clear();
        append(call, 2, row, &mut Builder { out: &mut encoded }, |b| {
            b.null()
        })?;
        let mut members = vec![(key.clone(), Ref::new(&encoded))];
        for (k, v) in pairs {
            if k == key.as_str() {
                if !update {
                    return Err(duplicate(&key));
                }
            } else {
                members.push((k.into_owned(), v));
            }
        }
        write_sorted(members, b, |key| duplicate(&key))?;
        Ok(true)
    })
}
