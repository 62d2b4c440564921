//! Tables: rows, columns, keys over several columns, and each warehouse's physical attributes.
//! What a column holds is left to `column` and `generator`.

use crate::diagnostics::Place;
use crate::model::Column;

/// Redshift's distribution style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistStyle {
    /// Redshift decides.
    Auto,
    /// Round robin.
    Even,
    /// By the distribution key.
    Key,
    /// A copy on every node.
    All,
}

impl DistStyle {
    /// SQL word.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Auto => "AUTO",
            Self::Even => "EVEN",
            Self::Key => "KEY",
            Self::All => "ALL",
        }
    }
}

/// Attributes that only Redshift has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RedshiftTable {
    /// DISTSTYLE.
    pub diststyle: Option<DistStyle>,
    /// DISTKEY column.
    pub distkey: Option<String>,
    /// SORTKEY columns.
    pub sortkey: Vec<String>,
    /// Whether the sort key is INTERLEAVED and not compound.
    pub interleaved: bool,
}

/// Attributes that only Snowflake has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnowflakeTable {
    /// CLUSTER BY expressions; column names in them are written as in SQL.
    pub cluster_by: Vec<String>,
    /// Whether the table is TRANSIENT.
    pub transient: bool,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Name as written.
    pub name: String,
    /// Rows to generate at scale 1.
    pub rows: u64,
    /// Columns in the order of the text.
    pub columns: Vec<Column>,
    /// Names of the primary key's columns; empty without one.
    pub primary_key: Vec<String>,
    /// Further keys, each a list of at least two column names.
    pub unique: Vec<Vec<String>>,
    /// COMMENT of the DDL.
    pub comment: Option<String>,
    /// Redshift only.
    pub redshift: RedshiftTable,
    /// Snowflake only.
    pub snowflake: SnowflakeTable,
    /// Where the table's name is written.
    pub place: Place,
    /// Where `rows` is written, or the table's name.
    pub rows_place: Place,
    /// Where `primary_key` of the table is written, or the table's name.
    pub key_place: Place,
}

impl Table {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The position of the column of that name, from 0.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// Keys over two or more columns: the composite primary key first, then the table-level uniques.
    pub fn composite_keys(&self) -> impl Iterator<Item = &[String]> {
        std::iter::once(self.primary_key.as_slice())
            .chain(self.unique.iter().map(Vec::as_slice))
            .filter(|key| key.len() > 1)
    }

    /// Names of the other tables that this one references, without repetition, in column order.
    #[must_use]
    pub fn parents(&self) -> Vec<&str> {
        let mut parents: Vec<&str> = Vec::new();
        for reference in self.columns.iter().filter_map(|c| c.references.as_ref()) {
            if reference.table != self.name && !parents.contains(&reference.table.as_str()) {
                parents.push(&reference.table);
            }
        }
        parents
    }
}
