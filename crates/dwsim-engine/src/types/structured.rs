//! Structured ARRAY, OBJECT and MAP: semi-structured values whose parts have declared types.
//! Values are stored as their semi-structured counterparts are; a MAP is an object whose keys are texts.

use serde::{Deserialize, Serialize};

use super::SqlType;

/// A structured type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Structured {
    /// `ARRAY(type [NOT NULL])`
    Array {
        /// Type of the elements.
        element: SqlType,
        /// Whether an element may be NULL.
        nullable: bool,
    },
    /// `OBJECT(name type [NOT NULL], …)`
    Object(Vec<StructuredField>),
    /// `MAP(key, value [NOT NULL])`
    Map {
        /// VARCHAR or NUMBER(38,0).
        key: SqlType,
        /// Type of the values.
        value: SqlType,
        /// Whether a value may be NULL.
        nullable: bool,
    },
}

/// A member of a structured OBJECT.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StructuredField {
    /// Key.
    pub name: String,
    /// Type of the value.
    pub ty: SqlType,
    /// Whether the value may be NULL.
    pub nullable: bool,
}

impl Structured {
    /// The semi-structured type with the same values.
    pub fn plain(&self) -> SqlType {
        match self {
            Structured::Array { .. } => SqlType::Array,
            Structured::Object(_) | Structured::Map { .. } => SqlType::Object,
        }
    }

    /// As Snowflake prints it.
    pub fn snowflake(&self) -> String {
        let not_null = |nullable: bool| if nullable { "" } else { " NOT NULL" };
        match self {
            Structured::Array { element, nullable } => {
                format!("ARRAY({}{})", element.snowflake(), not_null(*nullable))
            }
            Structured::Object(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|f| format!("{} {}{}", f.name, f.ty.snowflake(), not_null(f.nullable)))
                    .collect();
                format!("OBJECT({})", fields.join(", "))
            }
            Structured::Map {
                key,
                value,
                nullable,
            } => format!(
                "MAP({}, {}{})",
                key.snowflake(),
                value.snowflake(),
                not_null(*nullable)
            ),
        }
    }

    /// The type of an element or of a map's values.
    pub fn item(&self) -> Option<&SqlType> {
        match self {
            Structured::Array { element, .. } => Some(element),
            Structured::Map { value, .. } => Some(value),
            Structured::Object(_) => None,
        }
    }

    /// The type of a member.
    pub fn member(&self, name: &str) -> Option<&SqlType> {
        match self {
            Structured::Object(fields) => fields.iter().find(|f| f.name == name).map(|f| &f.ty),
            Structured::Map { value, .. } => Some(value),
            Structured::Array { .. } => None,
        }
    }
}
