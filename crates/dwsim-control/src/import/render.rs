//! Definitions as TOML text: one table after the other, one column a line, guesses marked by a comment.
//! Changing a document that exists is left to `merge`.

use super::columns::{Definition, TableDefinition};

/// A TOML string.
pub(crate) fn quoted(text: &str) -> String {
    toml_edit::value(text).to_string().trim().to_owned()
}

/// A list of TOML strings.
pub(crate) fn list(texts: &[String]) -> String {
    let all: Vec<String> = texts.iter().map(|t| quoted(t)).collect();
    format!("[{}]", all.join(", "))
}

/// A name as a TOML key.
pub(crate) fn key(name: &str) -> String {
    toml_edit::Key::new(name).display_repr().into_owned()
}

impl Definition {
    /// Guessed keys behind the others.
    pub(crate) fn all_keys(&self) -> Vec<(&'static str, String)> {
        let mut out = self.keys.clone();
        for (key, value) in self.guess.iter().flat_map(|(keys, _)| keys) {
            if !out.iter().any(|(k, _)| k == key) {
                out.push((key, value.clone()));
            }
        }
        out
    }

    /// The definition as an inline table.
    pub(crate) fn inline(&self) -> String {
        let keys: Vec<String> = self
            .all_keys()
            .iter()
            .map(|(k, v)| format!("{k} = {v}"))
            .collect();
        format!("{{ {} }}", keys.join(", "))
    }

    /// The comment that marks a guess.
    pub(crate) fn mark(&self) -> Option<String> {
        self.guess
            .as_ref()
            .map(|(_, why)| format!("guessed from {why}"))
    }
}

impl TableDefinition {
    /// `[tables.NAME]` and `[tables.NAME.columns]`.
    pub(crate) fn text(&self) -> String {
        let name = key(&self.name);
        let mut out = format!("[tables.{name}]\nrows = {}\n", self.rows);
        for (key, value) in &self.keys {
            out.push_str(&format!("{key} = {value}\n"));
        }
        out.push_str(&format!("[tables.{name}.columns]\n"));
        for column in &self.columns {
            out.push_str(&format!("{} = {}", key(&column.name), column.inline()));
            if let Some(mark) = column.mark() {
                out.push_str(&format!(" # {mark}"));
            }
            out.push('\n');
        }
        out
    }
}
