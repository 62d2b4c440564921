//! Documents of a sample: their keys and elements are looked at as columns of their own.
//! What such a column is, is found by `column`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use serde_json::Value;

use crate::learn::{Definition, LearnError, column};
use crate::sample::column_of;
use crate::source::Cells;

/// Deepest document that is looked into.
const DEPTH: usize = 6;

/// The definition of a column whose texts are all JSON objects, or all arrays; `None` for other text.
pub(crate) fn define(name: &str, array: &ArrayRef) -> Result<Option<Definition>, LearnError> {
    let cells = Cells::of(array)?;
    let mut documents = Vec::new();
    for i in (0..array.len()).filter(|i| !cells.is_null(*i)) {
        let text = cells.text(i).unwrap_or_default();
        if !text.starts_with(['{', '[']) {
            return Ok(None);
        }
        match serde_json::from_str::<Value>(text) {
            Ok(value) => documents.push(value),
            Err(_) => return Ok(None),
        }
    }
    values(name, &documents, 0)
}

/// Objects as `fields`, arrays as `items`.
fn values(name: &str, documents: &[Value], depth: usize) -> Result<Option<Definition>, LearnError> {
    if documents.is_empty() || depth > DEPTH {
        return Ok(None);
    }
    if documents.iter().all(Value::is_object) {
        let mut keys: Vec<&String> = Vec::new();
        for key in documents
            .iter()
            .filter_map(Value::as_object)
            .flat_map(|o| o.keys())
        {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let mut fields = Vec::with_capacity(keys.len());
        for key in keys {
            let all: Vec<&Value> = documents.iter().filter_map(|d| d.get(key)).collect();
            let missing = documents.len() - all.len();
            let mut field = member(key, &all, depth)?;
            if missing > 0 {
                let share = missing as f64 / documents.len() as f64;
                field.set("missing", crate::learn::float(share, 3));
            }
            fields.push(format!("{} = {}", crate::learn::key(key), field.inline()));
        }
        let fields = format!("{{ {} }}", fields.join(", "));
        return Ok(Some(Definition::of("json").with("fields", fields)));
    }
    if documents.iter().all(Value::is_array) {
        let arrays: Vec<&Vec<Value>> = documents.iter().filter_map(Value::as_array).collect();
        let lengths = || arrays.iter().map(|a| a.len());
        let (min, max) = (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0));
        let all: Vec<&Value> = arrays.iter().flat_map(|a| a.iter()).collect();
        let item = member(name, &all, depth)?;
        return Ok(Some(
            Definition::of("array")
                .with("items", item.inline())
                .with("length", format!("[{min}, {max}]")),
        ));
    }
    Ok(None)
}

/// The values under one key.
fn member(name: &str, all: &[&Value], depth: usize) -> Result<Definition, LearnError> {
    let known: Vec<Value> = all
        .iter()
        .filter(|v| !v.is_null())
        .map(|v| (*v).clone())
        .collect();
    if let Some(mut nested) = values(name, &known, depth + 1)? {
        if known.len() < all.len() {
            let share = 1.0 - known.len() as f64 / all.len() as f64;
            nested.set("nulls", crate::learn::float(share, 3));
        }
        return Ok(nested);
    }
    let texts: Vec<Option<String>> = all
        .iter()
        .map(|v| match v {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
        .collect();
    // a string of digits is a string
    let any_string = all.iter().any(|v| v.is_string());
    let array = column_of(&texts)?;
    let numeric = !matches!(
        array.data_type(),
        arrow::datatypes::DataType::Utf8
            | arrow::datatypes::DataType::Date32
            | arrow::datatypes::DataType::Timestamp(..)
    );
    let array = if any_string && numeric {
        Arc::new(
            texts
                .iter()
                .map(Option::as_deref)
                .collect::<arrow::array::StringArray>(),
        ) as ArrayRef
    } else {
        array
    };
    column::define(name, &array, false)
}
