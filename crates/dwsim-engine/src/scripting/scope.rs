//! The variables of a running block, as the statements and expressions inside of it see them.
//! The binder looks names up here; the interpreter fills it before each statement.

use std::collections::BTreeMap;

use crate::functions::Typed;

/// What a name of a block means in SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum ScriptValue {
    /// A variable: a literal of its type.
    Value(Typed),
    /// A row: literals by field name.
    Record(Vec<(String, Typed)>),
}

/// Where a variable may be written without a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    /// Nowhere: SQL statements of Snowflake Scripting.
    Never,
    /// In an expression, outside of the queries in it: expressions of Snowflake Scripting.
    Outermost,
    /// Everywhere, before any column of that name: PL/pgSQL.
    First,
}

/// The variables of a block and the blocks around it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptScope {
    /// By folded name; an inner block's variable has replaced an outer one's.
    pub names: BTreeMap<String, ScriptValue>,
    /// Where they may be written bare.
    pub bare: Bare,
}

impl ScriptScope {
    /// The value of a variable or of a record's field, and how many parts of the name it took.
    pub fn lookup(&self, parts: &[String]) -> Option<(Typed, usize)> {
        match (self.names.get(parts.first()?)?, parts) {
            (ScriptValue::Value(t), _) => Some((t.clone(), 1)),
            (ScriptValue::Record(fields), [_, field, ..]) => fields
                .iter()
                .find(|(n, _)| n == field)
                .map(|(_, t)| (t.clone(), 2)),
            (ScriptValue::Record(_), _) => None,
        }
    }
}
