//! Objects of a schema: tables, views, sequences, and what only one dialect knows, as kind and properties.
//! The data of a table is in `catalog::table`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Routine, TableEntry};
use crate::types::ColumnInfo;

/// A fully resolved name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    /// Database.
    pub database: String,
    /// Schema.
    pub schema: String,
    /// Object.
    pub name: String,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.database, self.schema, self.name)
    }
}

/// Name spaces of a schema or account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ObjectKind {
    /// Tables, views, materialized views.
    Relation,
    /// Sequences.
    Sequence,
    /// SQL and other functions; overloads share a name.
    Function,
    /// Stored procedures.
    Procedure,
    /// Stages.
    Stage,
    /// File formats.
    FileFormat,
    /// Pipes.
    Pipe,
    /// Streams.
    Stream,
    /// Tasks.
    Task,
    /// Tags.
    Tag,
    /// Masking and row access policies.
    Policy,
    /// Users (account level).
    User,
    /// Groups (account level).
    Group,
    /// Roles (account level).
    Role,
    /// Warehouses (account level).
    Warehouse,
    /// Integrations (account level).
    Integration,
    /// Grants, kept under a name that their dialect makes.
    Grant,
    /// Anything else a dialect keeps.
    Other,
}

impl ObjectKind {
    /// The kind in lower case, as error messages name it.
    pub const fn word(self) -> &'static str {
        match self {
            ObjectKind::Relation => "relation",
            ObjectKind::Sequence => "sequence",
            ObjectKind::Function => "function",
            ObjectKind::Procedure => "procedure",
            ObjectKind::Stage => "stage",
            ObjectKind::FileFormat => "file format",
            ObjectKind::Pipe => "pipe",
            ObjectKind::Stream => "stream",
            ObjectKind::Task => "task",
            ObjectKind::Tag => "tag",
            ObjectKind::Policy => "policy",
            ObjectKind::User => "user",
            ObjectKind::Group => "group",
            ObjectKind::Role => "role",
            ObjectKind::Warehouse => "warehouse",
            ObjectKind::Integration => "integration",
            ObjectKind::Grant => "grant",
            ObjectKind::Other => "object",
        }
    }
}

/// An object; clones share it.
#[derive(Debug, Clone)]
pub enum Object {
    /// A table with its data.
    Table(Arc<TableEntry>),
    /// A view.
    View(Arc<ViewDef>),
    /// A sequence; its position is in the database's counters.
    Sequence(Arc<SequenceDef>),
    /// A stream: the changes of a table since a version of it.
    Stream(Arc<StreamDef>),
    /// A function or procedure; its key is its name and signature.
    Routine(Arc<Routine>),
    /// Whatever only a dialect understands.
    Other(Arc<OtherObject>),
}

impl Object {
    /// Whether both are the same version.
    pub fn same(&self, other: &Object) -> bool {
        match (self, other) {
            (Object::Table(a), Object::Table(b)) => Arc::ptr_eq(a, b),
            (Object::View(a), Object::View(b)) => Arc::ptr_eq(a, b),
            (Object::Sequence(a), Object::Sequence(b)) => Arc::ptr_eq(a, b),
            (Object::Stream(a), Object::Stream(b)) => Arc::ptr_eq(a, b),
            (Object::Routine(a), Object::Routine(b)) => Arc::ptr_eq(a, b),
            (Object::Other(a), Object::Other(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// The names of a relation's columns; none for what has no columns.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        let (of_table, of_view) = match self {
            Object::Table(t) => (Some(t.def.columns.iter()), None),
            Object::View(v) => (None, Some(v.columns.iter())),
            _ => (None, None),
        };
        let of_table = of_table.into_iter().flatten().map(|c| c.name.as_str());
        let of_view = of_view.into_iter().flatten().map(|c| c.name.as_str());
        of_table.chain(of_view)
    }

    /// Object id.
    pub fn oid(&self) -> u64 {
        match self {
            Object::Table(t) => t.def.oid,
            Object::View(v) => v.oid,
            Object::Sequence(s) => s.oid,
            Object::Stream(s) => s.oid,
            Object::Routine(r) => r.oid,
            Object::Other(o) => o.oid,
        }
    }

    /// Seconds since the epoch when it was made.
    pub fn created(&self) -> i64 {
        match self {
            Object::Table(t) => t.def.created,
            Object::View(v) => v.created,
            Object::Sequence(s) => s.created,
            Object::Stream(s) => s.created,
            Object::Routine(r) => r.created,
            Object::Other(o) => o.created,
        }
    }
}

/// A view: its defining query as text in its dialect, and the columns it had when it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewDef {
    /// Object id.
    pub oid: u64,
    /// The text after AS.
    pub query: String,
    /// The whole CREATE statement as given, for GET_DDL and SHOW VIEW.
    pub ddl: String,
    /// Columns with the names the view gives them.
    pub columns: Vec<ColumnInfo>,
    /// Names resolve when the view is used, not when it is made (Redshift's WITH NO SCHEMA BINDING).
    pub late_binding: bool,
    /// Database and schema in which unqualified names of the query resolve.
    pub context: (Option<String>, Option<String>),
    /// Owner.
    pub owner: String,
    /// COMMENT.
    pub comment: Option<String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// SECURE, MATERIALIZED, RECURSIVE, … as properties.
    pub properties: BTreeMap<String, String>,
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceDef {
    /// Object id, which is also its counter.
    pub oid: u64,
    /// First value.
    pub start: i64,
    /// Step.
    pub step: i64,
    /// Owner.
    pub owner: String,
    /// COMMENT.
    pub comment: Option<String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// ORDER / NOORDER and the like.
    pub properties: BTreeMap<String, String>,
}

/// A stream over a table.
#[derive(Debug, Clone)]
pub struct StreamDef {
    /// Object id.
    pub oid: u64,
    /// The table it follows.
    pub source: ObjectName,
    /// The version of the table up to which changes were consumed.
    pub offset: Arc<TableEntry>,
    /// Milliseconds since the epoch of that version.
    pub offset_time: i64,
    /// Only inserted rows are recorded.
    pub append_only: bool,
    /// The rows that were there when the stream was made count as inserted until it is consumed.
    pub initial_rows: bool,
    /// Owner.
    pub owner: String,
    /// COMMENT.
    pub comment: Option<String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// Further attributes by the dialect's names.
    pub properties: BTreeMap<String, String>,
}

/// An object the engine only keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherObject {
    /// Object id.
    pub oid: u64,
    /// Owner.
    pub owner: String,
    /// COMMENT.
    pub comment: Option<String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// Attributes by the dialect's names.
    pub properties: BTreeMap<String, String>,
    /// Structured definition, as the dialect likes it.
    pub definition: serde_json::Value,
}
