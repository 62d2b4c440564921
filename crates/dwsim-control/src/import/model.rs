//! What an import is made of: tables as a warehouse declares them, findings with their places, and a view for people.
//! Reading SQL is left to `read`, TOML to `render` and `merge`.

use dwsim_engine::types::SqlType;
use dwsim_schema::Dialect;
use serde::Serialize;

/// How an import is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Tables with a composite primary key get a column `_row_id` that numbers their rows.
    pub surrogate_keys: bool,
}

/// What a finding means for the import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing is imported.
    Error,
    /// Something is imported otherwise than it is written.
    Warning,
    /// A statement that declares no table was left out.
    Note,
}

/// Something to know about the SQL text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it means.
    pub level: Level,
    /// Line of the text, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was found.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// A place in the SQL text, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl At {
    pub(crate) fn finding(self, level: Level, message: impl Into<String>) -> Finding {
        Finding {
            level,
            line: self.line,
            column: self.column,
            message: message.into(),
            advice: None,
        }
    }
}

impl Finding {
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// A column's DEFAULT.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DefaultValue {
    /// A literal as TOML, and whether it is `text`, `number` or `boolean`.
    Literal(String, &'static str),
    /// An expression as SQL.
    Sql(String),
}

/// A column as declared.
#[derive(Clone, Debug)]
pub(crate) struct ColumnDdl {
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) ty: SqlType,
    /// The type as written.
    pub(crate) written: String,
    pub(crate) not_null: bool,
    pub(crate) default: Option<DefaultValue>,
    /// Start and step.
    pub(crate) identity: Option<(i64, i64)>,
    pub(crate) encode: Option<String>,
    pub(crate) comment: Option<String>,
}

/// A foreign key as declared; no referred columns are the primary key's.
#[derive(Clone, Debug)]
pub(crate) struct ForeignDdl {
    pub(crate) columns: Vec<String>,
    pub(crate) table: String,
    pub(crate) referred: Vec<String>,
    pub(crate) at: At,
}

/// A table as declared, with all later changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableDdl {
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) columns: Vec<ColumnDdl>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) unique: Vec<Vec<String>>,
    pub(crate) foreign: Vec<ForeignDdl>,
    pub(crate) comment: Option<String>,
    pub(crate) diststyle: Option<String>,
    pub(crate) distkey: Option<String>,
    pub(crate) sortkey: Vec<String>,
    pub(crate) interleaved: bool,
    pub(crate) cluster_by: Vec<String>,
    pub(crate) transient: bool,
}

impl TableDdl {
    pub(crate) fn column_mut(&mut self, name: &str) -> Option<&mut ColumnDdl> {
        self.columns
            .iter_mut()
            .find(|c| c.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn column(&self, name: &str) -> Option<&ColumnDdl> {
        self.columns
            .iter()
            .find(|c| c.name.eq_ignore_ascii_case(name))
    }
}

/// The result of reading a file of DDL.
#[derive(Clone, Debug)]
pub struct Import {
    /// The dialect it is written in.
    pub dialect: Dialect,
    /// Statements of the text.
    pub statements: usize,
    /// What was found, in the order of the text.
    pub findings: Vec<Finding>,
    pub(crate) tables: Vec<TableDdl>,
    pub(crate) options: Options,
}

impl Import {
    /// Whether nothing can be imported.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|f| f.level == Level::Error)
    }

    /// Names of the tables, in the order of the text.
    pub fn table_names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|t| t.name.as_str())
    }
}

/// How a table was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableView {
    /// Name in dwsim.toml.
    pub name: String,
    /// Rows that will be generated.
    pub rows: u64,
    /// Line of the SQL text.
    pub line: usize,
    /// Its columns.
    pub columns: Vec<ColumnView>,
}

/// How a column was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnView {
    /// Name in dwsim.toml.
    pub name: String,
    /// The type as the SQL text declares it.
    pub declared: String,
    /// The definition in dwsim.toml.
    pub definition: String,
    /// What its generator was guessed from; nothing where none was guessed.
    pub guess: Option<String>,
}
