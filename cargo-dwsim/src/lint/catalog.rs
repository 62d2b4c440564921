//! The tables that a SQL test may name: those of dwsim.toml and those that its own statements make.
//! Names are compared without case: what the warehouses fold differently is not this check's business.

use std::collections::{BTreeMap, BTreeSet};

use dwsim_schema::Schema;

/// A relation as far as it is known without running anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relation {
    /// Its columns in lower case, in order; nothing where they cannot be known.
    pub columns: Option<Vec<String>>,
    /// Sets of columns that no two rows share.
    pub keys: Vec<Vec<String>>,
}

impl Relation {
    /// A relation of which nothing is known.
    pub fn open() -> Self {
        Relation::default()
    }

    /// Columns without a key.
    pub fn of(columns: Option<Vec<String>>) -> Self {
        Relation {
            columns,
            keys: Vec::new(),
        }
    }
}

/// The relations that a statement can see.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    tables: BTreeMap<String, Relation>,
    gone: BTreeSet<String>,
    /// A statement that could have made anything has run.
    anything: bool,
}

impl Catalog {
    /// The tables of dwsim.toml.
    pub fn new(schema: &Schema) -> Self {
        let tables = schema.tables().iter().map(|table| {
            let lower = |names: &[String]| names.iter().map(|n| n.to_lowercase()).collect();
            let mut keys: Vec<Vec<String>> = Vec::new();
            if !table.primary_key.is_empty() {
                keys.push(lower(&table.primary_key));
            }
            keys.extend(table.unique.iter().map(|key| lower(key)));
            // several rows may have NULL in a unique column
            let unique = |c: &&dwsim_schema::Column| {
                (c.unique && c.nulls == 0.0 && c.when.is_empty()) || c.primary_key
            };
            keys.extend(
                table
                    .columns
                    .iter()
                    .filter(unique)
                    .map(|c| vec![c.name.to_lowercase()]),
            );
            let columns = table
                .columns
                .iter()
                .map(|c| c.name.to_lowercase())
                .collect();
            let relation = Relation {
                columns: Some(columns),
                keys,
            };
            (table.name.to_lowercase(), relation)
        });
        Catalog {
            tables: tables.collect(),
            ..Catalog::default()
        }
    }

    /// The relation of a name in lower case.
    pub fn get(&self, name: &str) -> Option<&Relation> {
        self.tables.get(name)
    }

    /// Every name, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// Whether a name that is not here is certainly unknown.
    pub fn is_closed(&self) -> bool {
        !self.anything
    }

    /// Whether the file itself has dropped it.
    pub fn was_dropped(&self, name: &str) -> bool {
        self.gone.contains(name)
    }

    /// CREATE of a relation.
    pub fn create(&mut self, name: &str, relation: Relation) {
        self.gone.remove(name);
        self.tables.insert(name.to_owned(), relation);
    }

    /// DROP of a relation.
    pub fn drop(&mut self, name: &str) {
        if self.tables.remove(name).is_some() {
            self.gone.insert(name.to_owned());
        }
    }

    /// ALTER of a relation: its columns are no longer known.
    pub fn change(&mut self, name: &str) {
        if let Some(relation) = self.tables.get_mut(name) {
            *relation = Relation::open();
        }
    }

    /// A statement that may have made any relation: a procedure, dynamic SQL, USE of another database.
    pub fn open_up(&mut self) {
        self.anything = true;
    }
}
