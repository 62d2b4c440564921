//! JSON documents and their paths, also as they reach into the records of Avro files.
//! Conversion of what they find is left to `fit`.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use bytes::Bytes;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::load::{ColumnarFormat, JsonOptions, JsonReader, rows_as_variant};
use dwsim_engine::session::Session;
use dwsim_engine::types::SqlType;
use dwsim_engine::variant::ParseMode;

use super::fit::Fit;
use super::text::encoding;
use super::{Load, Place};
use crate::parse::JsonPaths;

/// The paths of a JSONPaths file, in the order of the columns.
async fn paths(session: &Session, url: &str) -> Result<Vec<Vec<Step>>> {
    let (bucket, key) = super::address(url)?;
    let bytes = session.engine().storage().get(&bucket, &key).await?;
    let broken = |why: String| {
        SqlError::from(ErrorKind::Load(format!(
            "the JSONPaths file is not as documented: {why}"
        )))
    };
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
    json.get("jsonpaths")
        .and_then(|p| p.as_array())
        .ok_or_else(|| broken("it has no \"jsonpaths\"".into()))?
        .iter()
        .map(|p| {
            p.as_str()
                .and_then(steps)
                .ok_or_else(|| broken(format!("{p} is no path")))
        })
        .collect()
}

/// A step of a JSONPath.
enum Step {
    Member(String),
    Element(usize),
}

/// `$.a.b`, `$['a'][0]`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut out = Vec::new();
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            let end = tail.find(['.', '[']).unwrap_or(tail.len());
            if end == 0 {
                return None;
            }
            out.push(Step::Member(tail[..end].to_owned()));
            rest = &tail[end..];
        } else {
            let tail = rest.strip_prefix('[')?;
            let end = tail.find(']')?;
            let inner = &tail[..end];
            match inner.parse::<usize>() {
                Ok(i) => out.push(Step::Element(i)),
                Err(_) => {
                    let quoted = inner
                        .strip_prefix('\'')
                        .and_then(|s| s.strip_suffix('\''))
                        .or_else(|| inner.strip_prefix('"').and_then(|s| s.strip_suffix('"')))?;
                    out.push(Step::Member(quoted.to_owned()));
                }
            }
            rest = &tail[end + 1..];
        }
    }
    Some(out)
}

/// The listed paths, which must be as many as columns; None when columns are found by name.
async fn check_paths(
    load: &Load<'_>,
    session: &Session,
    how: &JsonPaths,
) -> Result<Option<Vec<Vec<Step>>>> {
    let listed = match how {
        JsonPaths::File(file) => {
            let all = paths(session, file).await?;
            if all.len() != load.given.len() {
                return Err(ErrorKind::Load(format!(
                    "Number of jsonpaths and the number of columns should match. JSONPath size: {}, Number of columns in table or column list: {}",
                    all.len(),
                    load.given.len()
                ))
                .into());
            }
            Some(all)
        }
        _ => None,
    };
    if *how == JsonPaths::NoShred && load.given.len() != 1 {
        return Err(SqlError::raw(
            "",
            "0A000",
            "COPY with JSON 'noshred' needs exactly one SUPER column",
        ));
    }
    Ok(listed)
}

/// The columns' values in documents.
fn shred(
    load: &Load<'_>,
    how: &JsonPaths,
    listed: Option<&[Vec<Step>]>,
    documents: &ArrayRef,
) -> Result<Vec<(ArrayRef, SqlType)>> {
    use dwsim_engine::variant::Value;
    let mut columns = Vec::with_capacity(load.given.len());
    for (at, column) in load.given.iter().enumerate() {
        let def = &load.entry.def.columns[*column];
        if *how == JsonPaths::NoShred {
            columns.push((Arc::clone(documents), SqlType::Variant));
            continue;
        }
        let found: ArrayRef = match listed {
            None => dwsim_engine::load::json::member(
                documents,
                &def.name,
                *how == JsonPaths::AutoIgnoreCase,
            ),
            Some(all) => walk(documents, &all[at])?,
        };
        if def.ty.is_semi() {
            columns.push((found, SqlType::Variant));
            continue;
        }
        // Scalars reach the column as text, as if they stood in a delimited file; objects as their JSON.
        let found = found.as_binary::<i64>();
        let texts: StringArray = found
            .iter()
            .map(|d| {
                let d = d?;
                let value = Value::decode(d).ok()?;
                match value {
                    Value::Null | Value::Undefined => None,
                    Value::String(s) => Some(s),
                    _ => Some(dwsim_engine::variant::to_json(
                        dwsim_engine::variant::Ref::new(d),
                        dwsim_engine::variant::JsonStyle::Compact,
                    )),
                }
            })
            .collect();
        columns.push((Arc::new(texts) as ArrayRef, SqlType::text()));
    }
    Ok(columns)
}

/// Reads one unpacked file of Avro. False when too many rows were refused.
///
/// # Errors
/// A file that is no Avro, a JSONPaths file that is none.
pub(super) async fn avro(
    load: &mut Load<'_>,
    session: &Session,
    url: &str,
    bytes: Bytes,
    how: &JsonPaths,
) -> Result<bool> {
    let listed = check_paths(load, session, how).await?;
    let mut reader = ColumnarFormat::Avro.open(bytes)?;
    let fields = reader.columns().to_vec();
    let mut line = 1u64;
    while let Some(batch) = reader.next_batch()? {
        let documents = rows_as_variant(&fields, &batch)?;
        let fit = Fit {
            url,
            lines: (line..line + batch.rows as u64).collect(),
            raw: vec![String::new(); batch.rows],
            bad: vec![false; batch.rows],
        };
        line += batch.rows as u64;
        let columns = shred(load, how, listed.as_deref(), &documents)?;
        if !fit.add(load, columns)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads one unpacked file of JSON. False when too many rows were refused.
///
/// # Errors
/// A JSONPaths file that is none, or a wrong number of paths.
pub(super) async fn json(
    load: &mut Load<'_>,
    session: &Session,
    url: &str,
    bytes: Bytes,
    how: &JsonPaths,
) -> Result<bool> {
    let listed = check_paths(load, session, how).await?;
    let mut reader = JsonReader::new(
        bytes,
        JsonOptions {
            strip_outer_array: *how != JsonPaths::NoShred,
            strip_null_values: false,
            allow_duplicate: true,
            replace_invalid: load.copy.accept_invalid_chars,
            encoding: encoding(load.copy)?,
            mode: ParseMode::Redshift,
        },
    )?;
    while let Some(batch) = reader.next_batch() {
        let rows = batch.lines.len();
        let mut fit = Fit {
            url,
            lines: batch.lines.clone(),
            raw: vec![String::new(); rows],
            bad: vec![false; rows],
        };
        for (row, message) in &batch.errors {
            fit.bad[*row] = true;
            if !load.refuse(
                Place {
                    file: url,
                    line: batch.lines[*row],
                    column: None,
                    raw_line: "",
                    raw_field: "",
                },
                1224,
                format!("Invalid JSON: {message}"),
                &[],
            ) {
                return Ok(false);
            }
        }
        let columns = shred(load, how, listed.as_deref(), &batch.column)?;
        if !fit.add(load, columns)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The value at a path of each document.
fn walk(documents: &ArrayRef, path: &[Step]) -> Result<ArrayRef> {
    use dwsim_engine::variant::Value;
    let documents = documents.as_binary::<i64>();
    let mut out = arrow::array::LargeBinaryBuilder::new();
    for d in documents {
        let mut value = match d {
            Some(d) => Some(Value::decode(d)?),
            None => None,
        };
        for step in path {
            value = match (value, step) {
                (Some(Value::Object(members)), Step::Member(name)) => {
                    members.into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
                }
                (Some(Value::Array(items)), Step::Element(i)) => items.into_iter().nth(*i),
                _ => None,
            };
        }
        out.append_option(value.map(|v| v.encode()));
    }
    Ok(Arc::new(out.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_paths() {
        let shown = |p: &str| {
            steps(p).map(|s| {
                s.iter()
                    .map(|s| match s {
                        Step::Member(m) => m.clone(),
                        Step::Element(i) => i.to_string(),
                    })
                    .collect::<Vec<_>>()
                    .join("/")
            })
        };
        assert_eq!(shown("$.a.b").as_deref(), Some("a/b"));
        assert_eq!(shown("$['a b'][0].c").as_deref(), Some("a b/0/c"));
        assert_eq!(shown("$"), Some(String::new()));
        assert_eq!(shown("a.b"), None);
        assert_eq!(shown("$..a"), None);
    }
}
