//! Navigation into values: members, elements, and the path texts of GET_PATH.
//! Folding of the names in `a.b` is the binder's affair; names are compared exactly here.
//!
//! Sources: Snowflake "Querying semi-structured data", GET, GET_PATH; Redshift "Querying semistructured data".

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryBuilder};
use arrow::datatypes::DataType;

use super::util::{argument, integer};
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::types::SqlType;
use crate::variant::{Kind, Ref};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member by its exact key.
    Member(String),
    /// An element by its index from 0.
    Element(i64),
}

/// Follows one member step. A missing element counts as not there.
fn member<'a>(value: Ref<'a>, key: &str) -> Option<Ref<'a>> {
    value.member(key)
}

fn element(value: Ref<'_>, index: i64) -> Option<Ref<'_>> {
    value
        .element(usize::try_from(index).ok()?)
        .filter(|v| !v.is_undefined())
}

/// Follows a path.
pub(super) fn follow<'a>(value: Ref<'a>, steps: &[Step]) -> Option<Ref<'a>> {
    steps.iter().try_fold(value, |v, step| match step {
        Step::Member(key) => member(v, key),
        Step::Element(i) => element(v, *i),
    })
}

/// Reads a path text such as `a.b["c d"][0]`.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse_path(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let inner = inner.trim_start();
            if let Some(quote) = inner.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                let (key, after) = quoted(inner, quote)?;
                let after = after.trim_start();
                rest = after
                    .strip_prefix(']')
                    .ok_or_else(|| format!("missing ] in path '{text}'"))?;
                steps.push(Step::Member(key));
            } else {
                let end = inner
                    .find(']')
                    .ok_or_else(|| format!("missing ] in path '{text}'"))?;
                let index = inner[..end].trim();
                steps.push(Step::Element(index.parse().map_err(|_| {
                    format!("'{index}' is not an array index in path '{text}'")
                })?));
                rest = &inner[end + 1..];
            }
            continue;
        }
        if !steps.is_empty() {
            rest = rest
                .strip_prefix(['.', ':'])
                .ok_or_else(|| format!("unexpected '{rest}' in path '{text}'"))?;
        }
        if rest.starts_with('"') {
            let (key, after) = quoted(rest, '"')?;
            steps.push(Step::Member(key));
            rest = after;
            continue;
        }
        let end = rest.find(['.', '[', ':', ']']).unwrap_or(rest.len());
        if end == 0 {
            return Err(format!("empty name in path '{text}'"));
        }
        steps.push(Step::Member(rest[..end].to_owned()));
        rest = &rest[end..];
        if rest.starts_with(']') {
            return Err(format!("unexpected ] in path '{text}'"));
        }
    }
    Ok(steps)
}

/// A quoted name at the start of `text`, with doubled or escaped quotes inside; and what follows it.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                out.push(quote);
                chars.next();
            } else {
                return Ok((out, &text[i + c.len_utf8()..]));
            }
        } else if c == '\\' {
            match chars.next() {
                Some((_, escaped)) => out.push(escaped),
                None => break,
            }
        } else {
            out.push(c);
        }
    }
    Err(format!("unterminated name in path '{text}'"))
}

/// One argument of [`path`] as a step for a row.
fn apply<'a>(call: &Call<'_>, i: usize, row: usize, value: Ref<'a>) -> Result<Option<Ref<'a>>> {
    let column = argument(call, i)?;
    if call.types[i] == SqlType::Null || column.is_null(row) {
        return Ok(None);
    }
    Ok(match column.array.data_type() {
        DataType::Utf8 => member(
            value,
            column.array.as_string::<i32>().value(column.index(row)),
        ),
        DataType::LargeBinary => {
            let step = Ref::new(column.array.as_binary::<i64>().value(column.index(row)));
            match step.kind() {
                Kind::String(key) => member(value, &key),
                Kind::Decimal(v, 0) => i64::try_from(v).ok().and_then(|i| element(value, i)),
                _ => None,
            }
        }
        _ => integer(call, i, row)?.and_then(|index| element(value, index)),
    })
}

/// Whether a failed navigation is an error: Redshift with `navigate_super_null_on_error` off.
fn strict(call: &Call<'_>) -> bool {
    call.env.dialect == DialectName::Redshift
        && call.env.parameter("navigate_super_null_on_error").is_some()
        && !call.env.flag("navigate_super_null_on_error")
}

/// `v:a.b[0]`, `v['a'][i]`: the first argument, then one argument per step, a text (member) or a whole number
/// (element from 0), constant or not. NULL where the value has no such part.
pub fn path(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let strict = strict(call);
    let mut out = LargeBinaryBuilder::with_capacity(call.rows, call.rows * 16);
    'rows: for row in 0..call.rows {
        let Some(bytes) = v.get(row) else {
            out.append_null();
            continue;
        };
        let mut at = Ref::new(bytes);
        for i in 1..call.len() {
            match apply(call, i, row, at)? {
                Some(next) => at = next,
                None if strict => {
                    return Err(SqlError::raw(
                        "",
                        "22P02",
                        "navigation into a SUPER value failed: it has no such attribute or element",
                    ));
                }
                None => {
                    out.append_null();
                    continue 'rows;
                }
            }
        }
        out.append_value(at.bytes());
    }
    Ok(std::sync::Arc::new(out.finish()))
}

/// GET: a member of an object by key or an element of an array by index.
pub fn get(call: &Call<'_>) -> Result<ArrayRef> {
    path(call)
}

/// GET_IGNORE_CASE: the member with this key, or the first whose key differs in case only.
pub fn get_ignore_case(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let k = call.text(1)?;
    call.map_variant(|row| {
        let (Some(bytes), Some(key)) = (v.get(row), k.get(row)) else {
            return Ok(None);
        };
        let value = Ref::new(bytes);
        Ok(value
            .member(key)
            .or_else(|| value.member_ignore_case(key))
            .map(|r| r.bytes()))
    })
}

/// GET_PATH: a value and a path text.
pub fn get_path(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let p = call.text(1)?;
    let parse = |text: &str| parse_path(text).map_err(|m| call.error(m));
    let constant = match call.constant_text(1) {
        Some(Some(text)) => Some(parse(text)?),
        _ => None,
    };
    call.map_variant(|row| {
        let (Some(bytes), Some(text)) = (v.get(row), p.get(row)) else {
            return Ok(None);
        };
        let value = Ref::new(bytes);
        let found = match &constant {
            Some(steps) => follow(value, steps),
            None => follow(value, &parse(text)?),
        };
        Ok(found.map(|r| r.bytes()))
    })
}
