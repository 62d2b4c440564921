//! Functions and procedures as the catalog keeps them: signature, language, body, options.
//! Calling them is the work of `plan::routine` (functions) and `scripting` (procedures).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Object, ObjectKind, ObjectName, Transaction};
use crate::dialect::DialectName;
use crate::types::SqlType;

/// The language of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// An expression or a query; of a Snowflake procedure, a scripting block.
    Sql,
    /// JavaScript (Snowflake).
    JavaScript,
    /// PL/pgSQL (Redshift).
    PlPgSql,
    /// Python (Redshift's plpythonu): kept, and not run.
    Python,
}

impl Language {
    /// As catalogs show it.
    pub const fn name(self) -> &'static str {
        match self {
            Language::Sql => "SQL",
            Language::JavaScript => "JAVASCRIPT",
            Language::PlPgSql => "plpgsql",
            Language::Python => "plpythonu",
        }
    }
}

/// The direction of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ArgumentMode {
    /// Given by the caller.
    #[default]
    In,
    /// Given back.
    Out,
    /// Both.
    InOut,
}

/// An argument of a routine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// Folded name; empty for the unnamed arguments of Redshift's functions.
    pub name: String,
    /// Type; None where any value will do (Redshift's `refcursor` is text).
    pub ty: SqlType,
    /// The type as declared, for display.
    pub type_text: String,
    /// Direction.
    pub mode: ArgumentMode,
    /// Source of the default value.
    pub default: Option<String>,
}

/// What a routine gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Returns {
    /// Nothing (Redshift's procedures: their OUT arguments).
    Nothing,
    /// One value.
    Value {
        /// Type.
        ty: SqlType,
        /// The type as declared.
        text: String,
    },
    /// Rows with these columns; without columns, whatever the returned query has.
    Table(Vec<(String, SqlType)>),
}

/// How much a function's value may depend on besides its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Volatility {
    /// On anything.
    Volatile,
    /// On the data of the statement's snapshot.
    Stable,
    /// On nothing.
    Immutable,
}

/// A function or procedure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Routine {
    /// Object id.
    pub oid: u64,
    /// Folded name without schema.
    pub name: String,
    /// A procedure rather than a function.
    pub procedure: bool,
    /// Language of the body.
    pub language: Language,
    /// Arguments in order.
    pub arguments: Vec<Argument>,
    /// What it gives.
    pub returns: Returns,
    /// The body, without its quotes.
    pub body: String,
    /// NULL for NULL: RETURNS NULL ON NULL INPUT or STRICT.
    pub strict: bool,
    /// IMMUTABLE, STABLE, VOLATILE.
    pub volatility: Volatility,
    /// SECURE.
    pub secure: bool,
    /// MEMOIZABLE.
    pub memoizable: bool,
    /// A procedure with the rights (and the session) of its caller.
    pub caller_rights: bool,
    /// A procedure whose statements commit one by one (Redshift's NONATOMIC).
    pub nonatomic: bool,
    /// Owner.
    pub owner: String,
    /// COMMENT.
    pub comment: Option<String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// The CREATE statement as given.
    pub ddl: String,
    /// Further attributes.
    pub properties: BTreeMap<String, String>,
}

/// A type as signatures name it: without length, precision or scale.
pub fn signature_type(ty: &SqlType, dialect: DialectName) -> String {
    let full = dialect.type_name(ty);
    let end = full.find('(').unwrap_or(full.len());
    full[..end].trim_end().to_owned()
}

impl Routine {
    /// The kind under which the catalog keeps it.
    pub fn kind(&self) -> ObjectKind {
        if self.procedure {
            ObjectKind::Procedure
        } else {
            ObjectKind::Function
        }
    }

    /// Arguments that a caller gives.
    pub fn inputs(&self) -> impl Iterator<Item = &Argument> {
        self.arguments
            .iter()
            .filter(|a| a.mode != ArgumentMode::Out)
    }

    /// Arguments that a caller gets.
    pub fn outputs(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|a| a.mode != ArgumentMode::In)
    }

    /// The types by which overloads are told apart, separated by commas.
    pub fn signature(&self, dialect: DialectName) -> String {
        let types: Vec<String> = self
            .inputs()
            .map(|a| signature_type(&a.ty, dialect))
            .collect();
        types.join(", ")
    }

    /// The key in its schema: name and signature.
    pub fn key(&self, dialect: DialectName) -> String {
        format!("{}({})", self.name, self.signature(dialect))
    }

    /// Whether it gives rows.
    pub fn is_table(&self) -> bool {
        matches!(self.returns, Returns::Table(_))
    }
}

impl fmt::Display for Routine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Transaction {
    /// All overloads of a routine, by signature.
    pub fn routines(&self, kind: ObjectKind, name: &ObjectName) -> Vec<(ObjectName, Arc<Routine>)> {
        let Some(schema) = self.schema(&name.database, &name.schema) else {
            return Vec::new();
        };
        let prefix = format!("{}(", name.name);
        schema
            .objects
            .range((kind, prefix.clone())..)
            .take_while(|((k, n), _)| *k == kind && n.starts_with(&prefix))
            .filter_map(|((_, key), o)| match o {
                Object::Routine(r) => Some((
                    ObjectName {
                        name: key.clone(),
                        ..name.clone()
                    },
                    Arc::clone(r),
                )),
                _ => None,
            })
            .collect()
    }
}
