//! Text with a collation: the declared specification travels with the type, as length and scale do.
//! What a specification means for order and equality is in `kernels::text::collation`.

use serde::{Deserialize, Serialize};

use super::SqlType;

/// A text type with a collation specification (`en-ci`, `utf8-upper`, …).
/// Source: Snowflake, "Collation support".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Collated {
    /// Longest text, in characters; None is "as long as it may be".
    pub length: Option<u32>,
    /// The specification as it was written.
    pub specification: String,
    /// Given by COLLATE in the statement rather than by a column: it wins over a column's.
    pub explicit: bool,
    /// The text is a CHAR of that length: shown with blanks up to it (Redshift).
    #[serde(default)]
    pub fixed: bool,
}

impl SqlType {
    /// The collation of a text type that has one.
    pub fn collation(&self) -> Option<&Collated> {
        match self {
            SqlType::Collated(c) => Some(c),
            _ => None,
        }
    }

    /// The type without a collation.
    pub fn plain_text(&self) -> SqlType {
        match self {
            SqlType::Collated(c) => match c.length {
                Some(n) if c.fixed => SqlType::Char(n),
                length => SqlType::Varchar(length),
            },
            other => other.clone(),
        }
    }

    /// The text type with this collation; other types stay what they are.
    #[must_use]
    pub fn with_collation(self, specification: &str, explicit: bool) -> SqlType {
        let (length, fixed) = match self {
            SqlType::Varchar(n) => (n, false),
            SqlType::Char(n) => (Some(n), true),
            SqlType::Collated(c) => (c.length, c.fixed),
            other => return other,
        };
        SqlType::Collated(Box::new(Collated {
            length,
            specification: specification.to_owned(),
            explicit,
            fixed,
        }))
    }
}
