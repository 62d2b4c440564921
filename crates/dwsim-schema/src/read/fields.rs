//! A table of the tree as a reader sees it: typed access by key, and an error for every key that was not asked for.
//! What a value means is left to the callers.

use std::cell::RefCell;

use crate::codes;
use crate::config::{Node, Value, parse_value};
use crate::diagnostics::{Place, did_you_mean};
use crate::model::Scalar;
use crate::number::Number;
use crate::read::Ctx;

/// Typed access to one table.
pub(crate) struct Fields<'a> {
    pub(crate) ctx: &'a Ctx,
    entries: &'a [(String, Node)],
    /// What the table is, for messages: `table `orders``.
    pub(crate) what: String,
    /// Place of the table's key.
    pub(crate) place: Place,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    /// A reader of `node`; if it is not a table that is an error, and the reader is empty.
    pub(crate) fn of(ctx: &'a Ctx, node: &'a Node, what: impl Into<String>) -> Self {
        let what = what.into();
        let entries = node.table().unwrap_or_else(|| {
            ctx.error(
                codes::WRONG_KIND,
                node.place,
                format!("{what} must be a table, not {}", node.value.kind()),
                None,
            );
            &[]
        });
        Self {
            ctx,
            entries,
            what,
            place: node.key,
            asked: RefCell::new(Vec::new()),
        }
    }

    /// The value of a key.
    pub(crate) fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|(k, _)| k == key).map(|(_, n)| n)
    }

    /// Whether the key is there, without asking for it.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(k, _)| k == key)
    }

    /// Place of a key, or of the table.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        self.entries
            .iter()
            .find(|(k, _)| k == key)
            .map_or(self.place, |(_, n)| n.place)
    }

    /// Reports every key that was never asked for.
    pub(crate) fn finish(self) {
        self.finish_knowing(&[]);
    }

    /// The same; `known` are keys that exist, but have no meaning beside the others that are given.
    pub(crate) fn finish_knowing(self, known: &[&'static str]) {
        let asked = self.asked.into_inner();
        for (key, node) in self.entries {
            if !asked.contains(&key.as_str()) {
                if known.contains(&key.as_str()) {
                    let message = format!("`{key}` has no meaning in {} as it is", self.what);
                    self.ctx.error(codes::CONFLICT, node.key, message, None);
                    continue;
                }
                self.ctx.error(
                    codes::UNKNOWN_KEY,
                    node.key,
                    format!("unknown key `{key}` in {}", self.what),
                    did_you_mean(key, asked.iter().chain(known).copied()),
                );
            }
        }
    }

    /// An error at the value of a key.
    pub(crate) fn error(
        &self,
        code: &'static str,
        key: &str,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.ctx.error(code, self.place_of(key), message, help);
    }

    fn wrong(&self, key: &str, node: &Node, wanted: &str) {
        self.ctx.error(
            codes::WRONG_KIND,
            node.place,
            format!(
                "`{key}` in {} must be {wanted}, not {}",
                self.what,
                node.value.kind()
            ),
            None,
        );
    }

    /// A string; bare text of a variable counts as one.
    pub(crate) fn string(&self, key: &'static str) -> Option<String> {
        let node = self.node(key)?;
        let text = string_of(node);
        if text.is_none() {
            self.wrong(key, node, "a string");
        }
        text
    }

    /// A string that is one of a few words; `None` (with an error) for others.
    pub(crate) fn word<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.string(key)?;
        let found = words.iter().find(|(w, _)| *w == text).map(|(_, t)| *t);
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
            self.error(
                codes::BAD_VALUE,
                key,
                format!("`{text}` is not a value of `{key}`"),
                did_you_mean(&text, all.iter().copied())
                    .or_else(|| Some(format!("one of {}", all.join(", ")))),
            );
        }
        found
    }

    /// A boolean.
    pub(crate) fn boolean(&self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        let value = match &node.value {
            Value::Boolean(b) => Some(*b),
            Value::Raw(text) => text.trim().parse().ok(),
            _ => None,
        };
        if value.is_none() {
            self.wrong(key, node, "true or false");
        }
        value
    }

    /// A number, exactly as written.
    pub(crate) fn number(&self, key: &'static str) -> Option<Number> {
        let node = self.node(key)?;
        let value = number_of(node);
        if value.is_none() {
            self.wrong(key, node, "a finite number");
        }
        value
    }

    /// A number as a double.
    pub(crate) fn float(&self, key: &'static str) -> Option<f64> {
        self.number(key).map(Number::to_f64)
    }

    /// A share, 0..=1.
    pub(crate) fn share(&self, key: &'static str) -> Option<f64> {
        let value = self.float(key)?;
        if (0.0..=1.0).contains(&value) {
            return Some(value);
        }
        self.error(
            codes::BAD_VALUE,
            key,
            format!("`{key}` is {value}, not in 0..=1"),
            None,
        );
        None
    }

    /// A double above 0.
    pub(crate) fn positive(&self, key: &'static str) -> Option<f64> {
        let value = self.float(key)?;
        if value > 0.0 {
            return Some(value);
        }
        self.error(
            codes::BAD_VALUE,
            key,
            format!("`{key}` is {value}, not above 0"),
            None,
        );
        None
    }

    /// A whole number in a range.
    pub(crate) fn integer(
        &self,
        key: &'static str,
        range: std::ops::RangeInclusive<i128>,
    ) -> Option<i128> {
        let node = self.node(key)?;
        let value = match &node.value {
            Value::Integer(i) => Some(*i),
            Value::Raw(text) => text.trim().replace('_', "").parse().ok(),
            _ => None,
        };
        match value {
            None => {
                self.wrong(key, node, "a whole number");
                None
            }
            Some(v) if range.contains(&v) => Some(v),
            Some(v) => {
                self.ctx.error(
                    codes::BAD_VALUE,
                    node.place,
                    format!("`{key}` is {v}, not in {}..={}", range.start(), range.end()),
                    None,
                );
                None
            }
        }
    }

    /// A list of strings with their places; one string alone counts as a list.
    pub(crate) fn strings(&self, key: &'static str) -> Option<Vec<(String, Place)>> {
        let node = self.node(key)?;
        let items = self.items(key, node)?;
        let mut out = Vec::with_capacity(items.len());
        for item in &items {
            match string_of(item) {
                Some(text) => out.push((text, item.place)),
                None => self.wrong(key, item, "a list of strings"),
            }
        }
        Some(out)
    }

    /// The elements of an array; a string alone is one element, and a variable's text is read as TOML or split at
    /// commas.
    pub(crate) fn items(&self, key: &str, node: &'a Node) -> Option<Vec<Node>> {
        match &node.value {
            Value::Array(items) => Some(items.clone()),
            Value::String(_) => Some(vec![node.clone()]),
            Value::Raw(text) => match parse_value(text, node.place, &node.layer).map(|n| n.value) {
                Some(Value::Array(items)) => Some(items),
                _ => Some(
                    text.split(',')
                        .map(|t| Node {
                            value: Value::String(t.trim().to_owned()),
                            ..node.clone()
                        })
                        .collect(),
                ),
            },
            _ => {
                self.wrong(key, node, "an array");
                None
            }
        }
    }

    /// An array of exactly two numbers or texts, such as `range`.
    pub(crate) fn pair(&self, key: &'static str) -> Option<(Node, Node)> {
        let node = self.node(key)?;
        let items = self.items(key, node)?;
        match <[Node; 2]>::try_from(items) {
            Ok([a, b]) => Some((a, b)),
            Err(items) => {
                self.ctx.error(
                    codes::BAD_VALUE,
                    node.place,
                    format!(
                        "`{key}` needs two values, [least, greatest], and has {}",
                        items.len()
                    ),
                    None,
                );
                None
            }
        }
    }
}

/// A string, a TOML date, or bare text.
pub(crate) fn string_of(node: &Node) -> Option<String> {
    match &node.value {
        Value::String(s) | Value::Datetime(s) | Value::Raw(s) => Some(s.clone()),
        _ => None,
    }
}

/// A number of any spelling.
pub(crate) fn number_of(node: &Node) -> Option<Number> {
    match &node.value {
        Value::Integer(i) => Some(Number::new(*i, 0)),
        Value::Float(text) | Value::Raw(text) => Number::parse(text),
        _ => None,
    }
}

/// A single value.
pub(crate) fn scalar_of(node: &Node) -> Option<Scalar> {
    match &node.value {
        Value::String(s) | Value::Datetime(s) => Some(Scalar::Text(s.clone())),
        Value::Boolean(b) => Some(Scalar::Boolean(*b)),
        Value::Integer(_) | Value::Float(_) => number_of(node).map(Scalar::Number),
        Value::Raw(text) => Some(
            parse_value(text, node.place, &node.layer)
                .and_then(|n| scalar_of(&n))
                .unwrap_or(Scalar::Text(text.clone())),
        ),
        Value::Array(_) | Value::Table(_) => None,
    }
}
