//! Description of one column of a result or a table.
//! How a protocol spells it on the wire is the servers' affair.

use serde::{Deserialize, Serialize};

use super::SqlType;

/// A named, typed column; the arrays that carry it have the type [`SqlType::arrow`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// The name as the client sees it, already folded.
    pub name: String,
    /// The declared or derived type.
    pub ty: SqlType,
    /// Whether NULL can occur.
    pub nullable: bool,
    /// Where the column comes from when it is a plain table column: (database, schema, table, oid, ordinal from 1).
    pub origin: Option<ColumnOrigin>,
}

/// The table column that a result column shows unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnOrigin {
    /// Database name.
    pub database: String,
    /// Schema name.
    pub schema: String,
    /// Table name.
    pub table: String,
    /// Object id of the table.
    pub oid: u64,
    /// Position in the table, from 1.
    pub ordinal: u32,
}

impl ColumnInfo {
    /// A nullable column without an origin.
    pub fn new(name: impl Into<String>, ty: SqlType) -> Self {
        ColumnInfo {
            name: name.into(),
            ty,
            nullable: true,
            origin: None,
        }
    }
}
