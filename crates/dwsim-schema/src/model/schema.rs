//! The whole schema: its tables, their order, and hashes that name it.
//! Reading and checking it are left to `read` and `validate`.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::diagnostics::Source;
use crate::model::Table;
use crate::types::Dialect;

/// Tables in the order of the text; references are checked, without circles.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    pub(crate) tables: Vec<Table>,
    /// Indices of `tables`, parents first.
    pub(crate) order: Vec<usize>,
    /// The merged `[tables]` in one spelling, independent of formatting, comments and the order of keys.
    pub(crate) canonical: String,
    pub(crate) sources: Vec<Arc<Source>>,
}

impl Schema {
    /// Tables in the order of the text.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Tables with every parent before its children, otherwise in the order of the text.
    pub fn in_reference_order(&self) -> impl DoubleEndedIterator<Item = &Table> {
        self.order.iter().map(|i| &self.tables[*i])
    }

    /// The table of that name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.name == name)
    }

    /// The texts it was read from, for showing places.
    #[must_use]
    pub fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    /// SHA-256 in hex over everything that is written about tables, in one spelling: equal for files that differ in
    /// formatting or comments only. Names the loaded template, together with seed, rows and generator version.
    #[must_use]
    pub fn schema_hash(&self) -> String {
        hex(&Sha256::digest(self.canonical.as_bytes()))
    }

    /// SHA-256 in hex over what a reader of rows relies on: names, order, types and nullability of columns, and keys.
    /// Does not change with row counts, generators or distributions, so test binaries may bake it in.
    #[must_use]
    pub fn shape_hash(&self) -> String {
        let mut text = String::new();
        for table in &self.tables {
            text.push_str(&format!(
                "table {:?} key {:?}\n",
                table.name, table.primary_key
            ));
            for c in &table.columns {
                text.push_str(&format!(
                    "column {:?} {} null={} redshift={:?} snowflake={:?}\n",
                    c.name,
                    c.ty,
                    c.nullable,
                    c.sql_type(Dialect::Redshift),
                    c.sql_type(Dialect::Snowflake)
                ));
            }
        }
        hex(&Sha256::digest(text.as_bytes()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
