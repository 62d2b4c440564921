//! TOML as an owned tree in which every key and value knows its place and the layer it came from.
//! Merging trees is left to `layers`, their meaning to `read`.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::codes;
use crate::diagnostics::{Diagnostics, Place, Source};

/// The layer a value came from, lowest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The compiled-in defaults.
    Default,
    /// dwsim.toml.
    File,
    /// `[profile.NAME]` of dwsim.toml.
    Profile(String),
    /// `.env.local`.
    EnvFile,
    /// The environment.
    Environment,
    /// A flag on the command line.
    Flag,
}

/// Where a value came from: its layer and what carried it (file, variable or flag).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The layer.
    pub layer: Layer,
    /// `dwsim.toml`, `DWSIM_PROJECT__SEED`, `--seed`, …
    pub carrier: String,
    /// Place in the carrier's text.
    pub place: Place,
}

/// A value of the tree.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    String(String),
    Integer(i128),
    /// Kept as written, so that decimals stay exact.
    Float(String),
    Boolean(bool),
    /// A TOML date, time or timestamp, as written.
    Datetime(String),
    Array(Vec<Node>),
    /// In the order of the text.
    Table(Vec<(String, Node)>),
    /// Text from a variable or flag: whatever the reader needs it to be.
    Raw(String),
}

impl Value {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date or time",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
            Self::Raw(_) => "text",
        }
    }
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// Place of the value.
    pub(crate) place: Place,
    /// Place of its key; of the value itself in arrays.
    pub(crate) key: Place,
    pub(crate) layer: Layer,
}

impl Node {
    pub(crate) fn table(&self) -> Option<&[(String, Node)]> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.table()?
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, node)| node)
    }

    /// Marks the whole tree as coming from `layer`.
    pub(crate) fn relabel(&mut self, layer: &Layer) {
        self.layer = layer.clone();
        match &mut self.value {
            Value::Array(items) => items.iter_mut().for_each(|n| n.relabel(layer)),
            Value::Table(entries) => entries.iter_mut().for_each(|(_, n)| n.relabel(layer)),
            _ => {}
        }
    }
}

/// Parses a document; syntax errors are collected and the rest is read as far as it goes.
pub(crate) fn parse_document(
    source: &Source,
    id: usize,
    layer: &Layer,
    diags: &mut Diagnostics,
) -> Node {
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let place = Place::locate(id, &source.text, span.start, span.end);
        diags.push(codes::SYNTAX, place, error.message(), None);
    }
    let build = Build {
        text: &source.text,
        id,
        layer,
    };
    let place = build.place(root.span());
    Node {
        value: build.table(root.get_ref()),
        place,
        key: place,
        layer: layer.clone(),
    }
}

/// Parses one value such as `["a", 2]`; `None` if the text is not one.
pub(crate) fn parse_value(text: &str, place: Place, layer: &Layer) -> Option<Node> {
    let parsed = DeValue::parse(text).ok()?;
    let build = Build {
        text,
        id: place.source,
        layer,
    };
    let mut node = build.node(parsed.get_ref(), place, place)?;
    // places inside of a variable's text are of little help: all point at the variable
    node.place = place;
    Some(node)
}

struct Build<'a> {
    text: &'a str,
    id: usize,
    layer: &'a Layer,
}

impl Build<'_> {
    fn place(&self, span: std::ops::Range<usize>) -> Place {
        Place::locate(self.id, self.text, span.start, span.end)
    }

    fn table(&self, table: &DeTable<'_>) -> Value {
        let mut entries: Vec<_> = table.iter().collect();
        // the parser's map is sorted by name; columns must come in the order of the text
        entries.sort_by_key(|(k, _)| k.span().start);
        Value::Table(
            entries
                .into_iter()
                .filter_map(|(k, v)| {
                    let node =
                        self.node(v.get_ref(), self.place(v.span()), self.place(k.span()))?;
                    Some((k.get_ref().to_string(), node))
                })
                .collect(),
        )
    }

    fn node(&self, value: &DeValue<'_>, place: Place, key: Place) -> Option<Node> {
        let value = match value {
            DeValue::String(s) => Value::String(s.to_string()),
            DeValue::Integer(i) => {
                Value::Integer(i128::from_str_radix(i.as_str(), i.radix()).ok()?)
            }
            DeValue::Float(f) => Value::Float(f.as_str().to_owned()),
            DeValue::Boolean(b) => Value::Boolean(*b),
            DeValue::Datetime(d) => Value::Datetime(d.to_string()),
            DeValue::Array(items) => Value::Array(
                items
                    .iter()
                    .filter_map(|v| {
                        let place = self.place(v.span());
                        self.node(v.get_ref(), place, place)
                    })
                    .collect(),
            ),
            DeValue::Table(t) => self.table(t),
        };
        Some(Node {
            value,
            place,
            key,
            layer: self.layer.clone(),
        })
    }
}

/// A shared source list that grows while layers are read.
pub(crate) fn add_source(diags: &mut Diagnostics, name: &str, text: &str) -> usize {
    diags.sources.push(Arc::new(Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }));
    diags.sources.len() - 1
}
