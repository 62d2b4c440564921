//! Tables: rows, columns, keys over several columns, and each warehouse's physical attributes.
//! What a column holds is left to `column` and `generator`.

use std::collections::BTreeSet;

use crate::diagnostics::Place;
use crate::model::{Column, Generator, Scalar};

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

/// Columns whose values come from the same drawn row: allowed combinations, or one flag out of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows, each with a value per column.
    pub rows: Vec<Vec<Scalar>>,
    /// A weight per row.
    pub weights: Vec<f64>,
    /// Where it is written.
    pub place: Place,
}

/// Two columns that rise and fall together.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// One column.
    pub a: String,
    /// The other.
    pub b: String,
    /// Correlation of the normal variables behind the two (Gaussian copula), between -1 and 1.
    pub r: f64,
    /// Where it is written.
    pub place: Place,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Name as written.
    pub name: String,
    /// Rows to generate at scale 1; for children of a parent ([`Generator::Children`]) their expected number.
    pub rows: u64,
    /// Groups of columns that are drawn together.
    pub groups: Vec<Group>,
    /// Columns in the order of the text.
    pub columns: Vec<Column>,
    /// Columns that rise and fall together.
    pub correlate: Vec<Correlation>,
    /// Names of the primary key's columns; empty without one.
    pub primary_key: Vec<String>,
    /// The file that the rows were read from, relative to dwsim.toml, as written.
    pub file: Option<String>,
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

    /// Whether the rows are given in dwsim.toml and not generated; their number cannot be changed then.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.columns
            .iter()
            .any(|c| matches!(c.generator, Generator::Given(_)))
    }

    /// Whether columns are distinct together by how they are made: one of them is unique, or they hold the parent and
    /// the number of the child.
    #[must_use]
    pub fn is_distinct_by_nature(&self, key: &[String]) -> bool {
        let columns = || {
            key.iter()
                .filter_map(|name| self.column(name))
                .filter(|c| c.when.is_empty())
        };
        columns().any(|c| c.unique)
            || self.given_distinct(key)
            || (columns().any(|c| matches!(c.generator, Generator::Children { .. }))
                && columns().any(|c| c.generator == Generator::ChildNumber))
    }

    /// Whether given rows differ in these columns.
    fn given_distinct(&self, key: &[String]) -> bool {
        let columns: Option<Vec<&Vec<Option<Scalar>>>> = key
            .iter()
            .map(|name| match &self.column(name)?.generator {
                Generator::Given(values) => Some(values),
                _ => None,
            })
            .collect();
        let Some(columns) = columns else { return false };
        let row = |i: usize| -> Vec<String> {
            columns.iter().map(|c| format!("{:?}", c.get(i))).collect()
        };
        let rows = columns.first().map_or(0, |c| c.len());
        let mut seen = BTreeSet::new();
        (0..rows).all(|i| seen.insert(row(i)))
    }

    /// Greatest number of children that a parent has, if the table is one of children.
    #[must_use]
    pub fn most_children(&self) -> Option<u32> {
        match &self.children_key()?.generator {
            Generator::Children { min, weights, .. } => {
                Some(min.saturating_add(u32::try_from(weights.len()).unwrap_or(u32::MAX)) - 1)
            }
            _ => None,
        }
    }

    /// The foreign key that decides how many rows the table has, if one does.
    #[must_use]
    pub fn children_key(&self) -> Option<&Column> {
        self.columns
            .iter()
            .find(|c| matches!(c.generator, Generator::Children { .. }))
    }

    /// Least and greatest value of a column in its units (see [`crate::LogicalType::units`]), where they follow from
    /// the schema.
    #[must_use]
    pub fn value_range(&self, column: &str) -> Option<(i128, i128)> {
        crate::validate::range(self, column, 0)
    }

    /// Names of the other tables that this one references, without repetition, in column order.
    #[must_use]
    pub fn parents(&self) -> Vec<&str> {
        let mut parents: Vec<&str> = Vec::new();
        let references = self.columns.iter().flat_map(|c| {
            let targets = match &c.generator {
                Generator::Polymorphic(p) => p.targets.as_slice(),
                _ => &[],
            };
            c.references.iter().chain(targets.iter().map(|(_, r)| r))
        });
        for reference in references {
            if reference.table != self.name && !parents.contains(&reference.table.as_str()) {
                parents.push(&reference.table);
            }
        }
        parents
    }
}
