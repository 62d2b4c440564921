//! From samples to a proposed dwsim.toml: types, keys, ranges, fitted distributions, categories, references between
//! files, correlations. Personal data are never copied: they become a provider's.

mod column;
mod fit;
mod guess;
mod json;
mod relations;
mod sdv;
mod text;

use std::collections::BTreeMap;

use arrow::array::ArrayRef;

use crate::sample::{Sample, SampleError};

pub use guess::{Guess, guess};
pub use sdv::sdv;

pub(crate) use fit::{distance, normal_scores, numbers, pearson};

/// Why nothing can be learned.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// A sample cannot be read.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// Two samples are of one table.
    #[error("two samples are called `{0}`")]
    SameName(String),
    /// A sample without rows or columns.
    #[error("the sample `{0}` has no rows")]
    Empty(String),
    /// The metadata are not SDV's.
    #[error("the metadata are not SDV metadata of version 1: {0}")]
    Metadata(String),
    /// Arrow refused; a defect of the generator.
    #[error("cannot look at the sample: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

/// A proposed schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// `[tables.*]` for dwsim.toml.
    pub toml: String,
    /// What could not be taken over, and guesses worth a look.
    pub notes: Vec<String>,
}

/// A column as it is to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definition {
    /// Keys of the inline table with their values as TOML, in order.
    pub(crate) keys: Vec<(&'static str, String)>,
}

impl Definition {
    pub(crate) fn of(ty: impl Into<String>) -> Self {
        let mut new = Self::default();
        new.set("type", quoted(&ty.into()));
        new
    }

    pub(crate) fn set(&mut self, key: &'static str, value: impl Into<String>) {
        let value = value.into();
        match self.keys.iter_mut().find(|(k, _)| *k == key) {
            Some((_, v)) => *v = value,
            None => self.keys.push((key, value)),
        }
    }

    pub(crate) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.set(key, value);
        self
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let found = self.keys.iter().find(|(k, _)| *k == key);
        found.map(|(_, v)| v.as_str())
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.keys.retain(|(k, _)| *k != key);
    }

    pub(crate) fn inline(&self) -> String {
        let keys: Vec<String> = self
            .keys
            .iter()
            .map(|(k, v)| format!("{k} = {v}"))
            .collect();
        format!("{{ {} }}", keys.join(", "))
    }
}

/// A table as it is to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableDefinition {
    pub(crate) name: String,
    pub(crate) rows: u64,
    pub(crate) columns: Vec<(String, Definition)>,
    /// Columns that rise and fall together.
    pub(crate) correlate: Vec<(String, String, f64)>,
    /// Comments above the table.
    pub(crate) comments: Vec<String>,
}

/// Proposes a schema for samples, one table each.
///
/// # Errors
/// If a sample has no rows, or two have one name.
pub fn learn(samples: &[Sample]) -> Result<Learned, LearnError> {
    let mut notes = Vec::new();
    let mut tables: Vec<TableDefinition> = Vec::with_capacity(samples.len());
    for sample in samples {
        if tables.iter().any(|t| t.name == sample.name) {
            return Err(LearnError::SameName(sample.name.clone()));
        }
        if sample.rows.num_rows() == 0 || sample.rows.num_columns() == 0 {
            return Err(LearnError::Empty(sample.name.clone()));
        }
        tables.push(table(sample, &mut notes)?);
    }
    relations::connect(samples, &mut tables, &mut notes)?;
    for (sample, table) in samples.iter().zip(&mut tables) {
        relations::chains(sample, table)?;
        relations::correlations(sample, table)?;
    }
    Ok(Learned {
        toml: render(&tables),
        notes,
    })
}

fn table(sample: &Sample, notes: &mut Vec<String>) -> Result<TableDefinition, LearnError> {
    let mut out = TableDefinition {
        name: sample.name.clone(),
        rows: sample.rows.num_rows() as u64,
        ..TableDefinition::default()
    };
    if sample.cut {
        notes.push(format!(
            "`{}`: only the first {} rows were looked at",
            sample.name, out.rows
        ));
    }
    let mut has_key = false;
    for (field, array) in sample
        .rows
        .schema()
        .fields()
        .iter()
        .zip(sample.rows.columns())
    {
        let mut definition = column::define(field.name(), array, true)?;
        let candidate =
            definition.get("unique").is_some() || definition.get("type") == Some("\"serial\"");
        let called_key = column::is_key_name(field.name(), &sample.name);
        if candidate && !has_key && called_key {
            has_key = true;
            definition.remove("unique");
            definition.set("primary_key", "true");
        }
        out.columns.push((field.name().clone(), definition));
    }
    if !has_key
        && let Some((name, definition)) = out
            .columns
            .iter_mut()
            .find(|(_, d)| d.get("unique").is_some() || d.get("type") == Some("\"serial\""))
        && definition.get("nulls").is_none()
    {
        definition.remove("unique");
        definition.set("primary_key", "true");
        notes.push(format!(
            "`{}`: taking `{name}` for the primary key",
            sample.name
        ));
    }
    Ok(out)
}

/// The tables as TOML.
pub(crate) fn render(tables: &[TableDefinition]) -> String {
    let mut out = String::new();
    for table in tables {
        if !out.is_empty() {
            out.push('\n');
        }
        for comment in &table.comments {
            out.push_str(&format!("# {comment}\n"));
        }
        let name = key(&table.name);
        out.push_str(&format!("[tables.{name}]\n"));
        let counted = table
            .columns
            .iter()
            .any(|(_, d)| d.get("children").is_some());
        if !counted {
            out.push_str(&format!("rows = {}\n", table.rows));
        }
        if !table.correlate.is_empty() {
            let pairs: Vec<String> = table
                .correlate
                .iter()
                .map(|(a, b, r)| format!("[{}, {}, {}]", quoted(a), quoted(b), float(*r, 3)))
                .collect();
            out.push_str(&format!("correlate = [{}]\n", pairs.join(", ")));
        }
        out.push_str(&format!("[tables.{name}.columns]\n"));
        for (column, definition) in &table.columns {
            out.push_str(&format!("{} = {}\n", key(column), definition.inline()));
        }
    }
    out
}

/// A name as a TOML key.
fn key(name: &str) -> String {
    let bare = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { name.to_owned() } else { quoted(name) }
}

/// A TOML string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A float as TOML, rounded to significant digits.
pub(crate) fn float(x: f64, digits: usize) -> String {
    let rounded = format!("{x:.*e}", digits.saturating_sub(1));
    let value: f64 = rounded.parse().unwrap_or(x);
    let text = format!("{value:?}");
    if text.contains(['.', 'e']) {
        text
    } else {
        format!("{text}.0")
    }
}

/// How often each text is there, NULLs left out.
pub(crate) fn counts(array: &ArrayRef) -> Result<BTreeMap<String, u64>, LearnError> {
    let cells = crate::source::Cells::of(array)?;
    let mut out = BTreeMap::new();
    let mut text = Vec::new();
    for i in (0..array.len()).filter(|i| !cells.is_null(*i)) {
        text.clear();
        cells.write(i, &mut text);
        *out.entry(String::from_utf8_lossy(&text).into_owned())
            .or_insert(0) += 1;
    }
    Ok(out)
}
