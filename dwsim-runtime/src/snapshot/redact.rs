//! Redaction: values that change from run to run are checked for their shape and replaced by it.
//! Which columns, says a test's front matter; a value of another shape stays and so shows up as a difference.

use crate::value::{ResultTable, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What a redacted column must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedactKind {
    /// A UUID: 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// A date, a time or a timestamp.
    Timestamp,
    /// A number.
    Number,
    /// Text that is not empty.
    Text,
    /// Anything but NULL.
    Any,
}

impl RedactKind {
    /// All kinds and their names.
    pub const ALL: [(&'static str, RedactKind); 5] = [
        ("uuid", RedactKind::Uuid),
        ("timestamp", RedactKind::Timestamp),
        ("number", RedactKind::Number),
        ("text", RedactKind::Text),
        ("any", RedactKind::Any),
    ];

    /// The name in front matter and in snapshots (`<uuid>`).
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("any", |(name, _)| name)
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind)
    }

    fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) => false,
            (RedactKind::Any, _) => true,
            (RedactKind::Uuid, Value::Text(text)) => is_uuid(text),
            (
                RedactKind::Timestamp,
                Value::Date(_) | Value::Time(_) | Value::Timestamp(_) | Value::TimestampTz(_),
            ) => true,
            (RedactKind::Number, Value::Int(_) | Value::Decimal(_) | Value::Float(_)) => true,
            (RedactKind::Text, Value::Text(text)) => !text.is_empty(),
            _ => false,
        }
    }
}

impl fmt::Display for RedactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.len() == 5
        && groups
            .iter()
            .zip([8, 4, 4, 4, 12])
            .all(|(g, n)| g.len() == n && g.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A redaction of a column that the result does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("redact names the column `{column}`, but the result has {}", columns.join(", "))]
pub struct RedactError {
    /// The name in the front matter.
    pub column: String,
    /// What the result has.
    pub columns: Vec<String>,
}

/// Replaces the values of these columns, in place. NULL and values of another shape stay.
///
/// # Errors
/// When the result has no such column.
pub fn redact(
    table: &mut ResultTable,
    columns: &BTreeMap<String, RedactKind>,
) -> Result<(), RedactError> {
    for (name, kind) in columns {
        let Some(index) = table.column_index(name) else {
            let columns = table
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect();
            return Err(RedactError {
                column: name.clone(),
                columns,
            });
        };
        for row in &mut table.rows {
            if let Some(value) = row.get_mut(index)
                && kind.fits(value)
            {
                *value = Value::Redacted(kind.name().to_string());
            }
        }
    }
    Ok(())
}
