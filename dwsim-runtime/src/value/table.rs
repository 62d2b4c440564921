//! A whole result: typed columns and rows.
//! Rows are kept as the server sent them; ordering for snapshots is done there.

use super::{TypeKind, Value};

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name as the server gave it, but Snowflake's all-upper-case names in lower case (see [`Column::new`]).
    pub name: String,
    /// What its values are, whichever warehouse they come from.
    pub ty: TypeKind,
    /// The warehouse's own type in its own words, for example `bigint`, `number(18,0)`, `varchar(50)`.
    pub native: String,
}

impl Column {
    /// A column of a native type; its [`TypeKind`] follows from the native name.
    #[must_use]
    pub fn new(name: impl Into<String>, native: impl Into<String>) -> Self {
        let native = native.into();
        Column {
            name: name.into(),
            ty: TypeKind::of_native(&native),
            native,
        }
    }

    /// As [`Column::new`], for a name that Snowflake sent: unquoted names arrive in upper case there and in lower
    /// case on Redshift, so a name without any lower-case letter is stored in lower case.
    #[must_use]
    pub fn folded(name: &str, native: impl Into<String>) -> Self {
        let has_lower = name.chars().any(char::is_lowercase);
        Column::new(
            if has_lower {
                name.to_string()
            } else {
                name.to_lowercase()
            },
            native,
        )
    }
}

/// The rows that one statement returned.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResultTable {
    /// Columns, in order; names may repeat.
    pub columns: Vec<Column>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
}

impl ResultTable {
    /// Index of the first column of this name, compared without case.
    #[must_use]
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The only value of a one-row, one-column result.
    #[must_use]
    pub fn scalar(&self) -> Option<&Value> {
        match self.rows.as_slice() {
            [row] if row.len() == 1 => row.first(),
            _ => None,
        }
    }
}
